"""The training panel for classifiers: every setting, live curves, and the plain Keras of it."""

from rnn_tutor.networks import models
from rnn_tutor.training.settings import ClassifierSettings
from rnn_tutor.training.trainer import Trainer
from rnn_tutor.widgets import _parts as parts
from rnn_tutor.widgets._running import RunningPanel, controls_of_runs

LESSON = ClassifierSettings(dropout=0.3, epochs=8)  # what notebook 05 trains with in its cells
CONVOLUTIONS = """x = layers.Conv2D(32, 3, padding="same", activation="relu")(image)
x = layers.MaxPooling2D(2)(x)
x = layers.Conv2D(64, 3, padding="same", activation="relu")(x)
x = layers.MaxPooling2D(2)(x)
x = layers.Conv2D(64, 3, padding="same", activation="relu")(x)
x = layers.MaxPooling2D((1, 2))(x)
"""
CODE = """import keras
import numpy as np
from keras import layers

keras.utils.set_random_seed({seed})
image = keras.Input({shape})
{convolutions}height, width, channels = x.shape[1:]
rows = layers.Reshape((height, width * channels))(x)  # (n, steps, features)
x = {recurrent}(rows)
x = layers.Dense(64, activation="relu")(x)
{dropping}x = layers.Dense({n_classes}, activation="softmax")(x)
model = keras.Model(image, x)
model.compile(
    optimizer=keras.optimizers.Adam({learning_rate}),
    loss="sparse_categorical_crossentropy",
    metrics=["accuracy"],
)
x, y = {name}.as_float(), {name}.labels
history = {{}}
for epoch in range({epochs}):
    order = np.random.default_rng([{seed}, epoch]).permutation(len(x))
    order = order[:{whole}]  # whole batches: {steps} of {size}
    done = model.fit(
        x[order],
        y[order],
        batch_size={size},
        initial_epoch=epoch,
        epochs=epoch + 1,
        shuffle=False,
{validation}    )
    for measure, values in done.history.items():
        history.setdefault(measure, []).extend(values)
"""


class ClassifierPanel(RunningPanel):
    """Train a classifier with labels, from the screen or from code.

    `start` trains on a thread of its own, `run` in the cell that calls it. After a `stop` both go
    on with the next batch, unless a setting was changed.

    Args:
        images: An `ImageSet` with labels.
        settings: `ClassifierSettings` to begin with; those of notebook 05 where None.
        validation: An `ImageSet` with labels to measure on after each epoch, or None.
        name: The variable that holds the images, for the code that the panel shows.
        validation_name: The variable that holds the validation images.

    Attributes:
        settings: The `ClassifierSettings` that the controls show; can be set.
        model: The Keras model as trained so far.
        history: `{"loss": [...], "accuracy": [...], ...}`, a number for each finished epoch.
        runs: The last runs, each with its settings and its history.
        code: The plain Keras that builds the same model and trains it with the same batches.

    Raises:
        NeedsLabels: One of the two sets of images has none.

    Example:
        >>> import rnn_tutor as rt
        >>> settings = rt.training.ClassifierSettings("gru", units=4, blocks=1, epochs=1)
        >>> panel = rt.widgets.ClassifierPanel(rt.load_images("digits", limit=64), settings)
        >>> sorted(panel.run())
        ['accuracy', 'loss']
        >>> panel.model.output_shape
        (None, 10)
    """

    measures = ("loss", "accuracy")

    def __init__(
        self, images, settings=None, validation=None, name="train", validation_name="validation"
    ):
        self.images = images.require_labels()
        self.validation = validation and validation.require_labels()
        self.name, self.validation_name = name, validation_name
        settings = settings or LESSON
        super().__init__("classifier", images, settings, _controls(settings), name)

    @property
    def code(self):
        """The plain Keras that builds the same model and trains it on the same images."""
        s = self.settings
        size = min(s.batch_size, len(self.images))
        steps, measured = len(self.images) // size, self.validation_name
        layer = f"layers.{models.CELLS[s.cell].__name__}({s.units})"
        validation = f"        validation_data=({measured}.as_float(), {measured}.labels),\n"
        return CODE.format(
            **vars(s),
            shape=self.images.shape,
            n_classes=self.images.n_classes,
            convolutions="".join(CONVOLUTIONS.splitlines(keepends=True)[: 2 * s.blocks]),
            recurrent=f"layers.Bidirectional({layer})" if s.bidirectional else layer,
            dropping=f"x = layers.Dropout({s.dropout})(x)\n" if s.dropout else "",
            name=self.name,
            size=size,
            steps=f"{steps:,}",
            whole=steps * size,
            validation=validation if self.validation else "",
        )

    @property
    def model(self):
        """The model as trained so far. Raises TutorError when nothing was trained yet."""
        return self._run_of("model")

    def _make_trainer(self, settings):
        return Trainer.from_settings(self.images, settings, validation=self.validation)

    def _layout(self, controls, run):
        self._code.add_class("rt-long")
        self._curve.layout.flex = self._code.layout.flex = "none"
        return [
            parts.title("Train a classifier"),
            parts.grid(*controls.values()),
            *run,
            self._curve,
            parts.text('<div class="rt-head">The same in plain Keras</div>'),
            self._code,
        ]


def _controls(settings):
    """Make a control for each field of `ClassifierSettings`."""
    s, number = settings, parts.Number
    shares = [round(0.05 * k, 2) for k in range(19)]  # 0 to 0.9
    cells = {layer.__name__: name for name, layer in models.CELLS.items()}
    return {
        "cell": parts.choice("Recurrent cell", cells, s.cell),
        "units": number("Units", s.units, range(8, 129, 8), 1, 1024),
        "bidirectional": parts.tick("read the rows both ways", s.bidirectional),
        "blocks": number("Blocks", s.blocks, range(1, 4)),
        "dropout": number("Dropout", s.dropout, shares, 0.0, 0.99, 0.01),
        **controls_of_runs(s, range(1, 31), range(16, 257, 16)),
    }
