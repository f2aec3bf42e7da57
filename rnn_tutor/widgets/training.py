"""The training panel: settings, start, stop, progress and a live curve, without labels."""

import inspect
from dataclasses import fields, replace

import ipywidgets as widgets
import numpy as np
from scipy.linalg import orthogonal_procrustes

from rnn_tutor.clusters import clustering
from rnn_tutor.images.augmentation import PRESETS
from rnn_tutor.networks import models
from rnn_tutor.training.objectives import OBJECTIVES
from rnn_tutor.training.settings import TrainingSettings
from rnn_tutor.training.trainer import Trainer
from rnn_tutor.widgets import _charts
from rnn_tutor.widgets import _parts as parts
from rnn_tutor.widgets._front import Front
from rnn_tutor.widgets._running import RunningPanel, controls_of_runs

OF_OBJECTIVES = {field.name for objective in OBJECTIVES.values() for field in fields(objective)}
LESSONS = {  # what notebook 07 trains with in its cells
    "contrastive": TrainingSettings(
        units=96, bidirectional=False, temperature=0.5, learning_rate=0.005, batch_size=64
    ),
    "reconstruction": TrainingSettings("reconstruction", "gru", 96, False, batch_size=64),
    "next_row": TrainingSettings("next_row", "gru", 128, False, batch_size=64, epochs=3),
}
MEASURED = 300  # images whose embeddings are measured and drawn


def embedding_spread(embeddings):
    """Measure how far embeddings, each scaled to length one, scatter around their mean.

    Args:
        embeddings: `(n, d)` float.

    Returns:
        A float from 0, where all of them point the same way (collapse), to 1, where they point in
        all directions alike.

    Example:
        >>> embedding_spread([[1.0, 0.0], [2.0, 0.0]])
        0.0
    """
    z = clustering.l2_normalize(embeddings)
    return float(np.sqrt(np.sum(z.var(axis=0))))


def embedding_plane(embeddings, before=None):
    """Lay embeddings, each scaled to length one, out in the plane of their largest spread.

    Their mean is at (0, 0), and lengths keep their scale. The axes of principal components may
    turn or be mirrored from one epoch to the next. So the plane is turned, and mirrored if need be,
    until its points lie as near as can be to where they lay before.

    Args:
        embeddings: `(n, d)` float.
        before: `(n, 2)` float, the plane of the same images earlier. Default: none.

    Returns:
        `(n, 2)` float32.

    Example:
        >>> before = embedding_plane([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]])
        >>> after = embedding_plane([[0.0, 1.0], [-1.0, 0.0], [0.0, -1.0]], before)
        >>> bool(np.allclose(before, after, atol=1e-6))
        True

    Source: Schönemann (1966), the orthogonal Procrustes problem.
    """
    points = clustering.project(clustering.l2_normalize(embeddings))
    if before is None:
        return points
    return points @ orthogonal_procrustes(points, before)[0]


class TrainingPanel(RunningPanel):
    """Train an encoder without labels, from the screen or from code.

    `start` trains on a thread of its own, `run` in the cell that calls it. After a `stop` both go
    on where the run stood, unless a setting was changed. After each epoch the spread of 300
    embeddings is measured, and they are drawn in the plane. While the settings are those of a
    lesson, choosing another objective brings the settings of its lesson.

    Args:
        images: An `ImageSet`; its labels only colour the points that are drawn.
        settings: `TrainingSettings` to begin with; those of notebook 07 where None.
        name: The variable that holds the images, for the code that the panel shows.

    Attributes:
        settings: The `TrainingSettings` that the controls show; can be set.
        encoder: The Keras model as trained so far.
        history: `{"loss": [...]}`, a number for each finished epoch.
        runs: The last runs, each with its settings and its history.
        plane: `(n, 2)` float, the embeddings as they are drawn; None before the first epoch's end.
        code: The lines of Python that train the same encoder.

    Example:
        >>> import rnn_tutor as rt
        >>> settings = rt.TrainingSettings("next_row", units=8, epochs=1)
        >>> panel = rt.widgets.TrainingPanel(rt.load_images("digits", limit=64), settings)
        >>> len(panel.run()["loss"])
        1
        >>> panel.encoder.output_shape
        (None, 8)
    """

    def __init__(self, images, settings=None, name="images"):
        settings, self.plane = settings or _lesson("contrastive"), None
        self._sample, self._objective = images.sample(MEASURED), settings.objective
        super().__init__("training", images, settings, _controls(settings), name)

    @property
    def code(self):
        """The lines of plain Python that train the same encoder."""
        settings = parts.call("rt.TrainingSettings", self.settings)
        return f"settings = {settings}\nencoder, history = rt.train({self.name}, settings)"

    @property
    def encoder(self):
        """The encoder as trained so far. Raises TutorError when nothing was trained yet."""
        return self._run_of("encoder")

    def _make_trainer(self, settings):
        return Trainer.from_settings(self.images, settings)

    def _unused(self):
        objective = OBJECTIVES[self.settings.objective]
        return OF_OBJECTIVES - {field.name for field in fields(objective)} | objective.ignores

    def _watch(self):
        embeddings = models.embed(self.encoder, self._sample, MEASURED)
        self.plane = embedding_plane(embeddings, self.plane)
        return {"spread": embedding_spread(embeddings)}

    def _draw(self):
        super()._draw()
        if spreads := self._watched.get("spread"):
            when = f"run {self._number}, epoch {len(spreads)}"
            self._map.data = _charts.cloud(self.plane, self._sample, spreads[-1], when)

    def _comparable(self, run):
        """Losses of different tasks cannot be compared; the spread can."""
        task = {"objective", "batch_size", *OF_OBJECTIVES} - self._unused()
        same = all(getattr(run.settings, name) == getattr(self._trained, name) for name in task)
        return run.history if same else {"spread": run.history.get("spread", [])}

    def _settings_changed(self):
        before, self._objective = self._objective, self.settings.objective
        as_taught = replace(self.settings, objective=before) == _lesson(before)
        if before != self._objective and as_taught:
            self._fields.value = _lesson(self._objective)  # which comes back here
            return
        meaning = inspect.getdoc(OBJECTIVES[self._objective]).partition("\n")[0]
        self._meaning.value = f'<span class="rt-quiet">{meaning}</span>'
        super()._settings_changed()

    def _layout(self, controls, run):
        common = ("objective", "epochs", "units", "cell")
        more = parts.grid(*(control for name, control in controls.items() if name not in common))
        self._meaning, self._map = parts.text(), Front("cloud")
        self._code.layout.flex = "0 0 auto"  # below the map, a basis in pixels would be its height
        place = {"flex": "1 1 350px", "min_width": "0"}
        side = widgets.VBox([self._map, self._code], layout=place)
        return [
            parts.title("Train an encoder without labels"),
            parts.grid(*(controls[name] for name in common)),
            self._meaning,
            parts.fold("More settings", more),
            more,
            *run,
            parts.wrapped(self._curve, side),
        ]


def _lesson(objective):
    """Return the settings of an objective's lesson, or the usual ones where it has none."""
    return LESSONS.get(objective, TrainingSettings(objective))


def _controls(settings):
    """Make a control for each field of `TrainingSettings`."""
    s, number = settings, parts.Number
    objectives = {name.replace("_", " "): name for name in OBJECTIVES}
    cells = {layer.__name__: name for name, layer in models.CELLS.items()}
    tenths = [round(0.05 * k, 2) for k in range(41)]  # 0 to 2
    return {
        "objective": parts.choice("Objective", objectives, s.objective),
        "cell": parts.choice("Recurrent cell", cells, s.cell),
        "units": number("Units", s.units, range(8, 129, 8), 1, 4096),
        "augmentation": parts.choice("Augmentation", {n: n for n in PRESETS}, s.augmentation),
        "bidirectional": parts.tick("read each sequence both ways", s.bidirectional),
        "temperature": number("Temperature", s.temperature, tenths[1:], 0.01, 100.0, 0.01),
        "recurrent": parts.tick("recurrent (off: a dense layer)", s.recurrent),
        "noise": number("Noise", s.noise, tenths[:21], 0.0, 10.0, 0.01),
        **controls_of_runs(s, range(1, 21), range(16, 513, 16)),
    }
