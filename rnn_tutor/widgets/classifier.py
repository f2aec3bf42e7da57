"""The training panel for classifiers: every setting, live curves, and the plain Keras of it."""

from functools import lru_cache

from rnn_tutor.networks import models
from rnn_tutor.networks.code import chance_untouched
from rnn_tutor.training.settings import ClassifierSettings
from rnn_tutor.training.trainer import Trainer
from rnn_tutor.widgets import _parts as parts
from rnn_tutor.widgets._running import CELLS, RunningPanel, controls_of_runs

MODEL_FIELDS = ("units", "cell", "bidirectional", "blocks", "dropout")
LESSON = ClassifierSettings(dropout=0.3, epochs=8)  # what notebook 05 trains with in its cells
TRAINING = """model.compile(
    optimizer=keras.optimizers.Adam({learning_rate!r}),
    loss="sparse_categorical_crossentropy",
    metrics=["accuracy"],
)
x, y = {name}.as_float(), {name}.labels
history = {{}}
for epoch in range({epochs!r}):
    order = np.random.default_rng([{seed!r}, epoch]).permutation(len(x))
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
    """Trains a classifier with labels, from the screen or from code.

    images: an `ImageSet` with labels. settings: `ClassifierSettings` to begin with; those of
    notebook 05 if None. validation: an `ImageSet` with labels to measure on after each epoch, or
    None. Raises NeedsLabels.

    `settings` can be read and set; `start` trains on a thread of its own, `run` in the cell that
    calls it; `stop` and `wait` do what they say. After a stop both go on with the next batch,
    unless a setting was changed. `model` and `history` are what the run has made, and `code` is
    the plain Keras that builds the same model and trains it with the same batches, where the images
    are called `name` and `validation_name`.
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
        """The plain Keras that builds the same model and trains it on the same pictures."""
        s = self.settings
        imports, model = _model_code(
            self.images.shape, self.images.n_classes, *(getattr(s, field) for field in MODEL_FIELDS)
        )
        size = min(s.batch_size, len(self.images))
        steps, measured = len(self.images) // size, self.validation_name
        validation = f"        validation_data=({measured}.as_float(), {measured}.labels),\n"
        training = TRAINING.format(
            **vars(s),
            name=self.name,
            size=size,
            steps=f"{steps:,}",
            whole=steps * size,
            validation=validation if self.validation else "",
        )
        imports = imports.replace("import keras\n", "import keras\nimport numpy as np\n")
        return f"{imports}\n\nkeras.utils.set_random_seed({s.seed})\n{model}{training}"

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


@lru_cache
def _model_code(shape, n_classes, *values):
    """The imports, and the lines that build the model."""
    with chance_untouched():
        model = models.classifier(shape, n_classes, **dict(zip(MODEL_FIELDS, values, strict=True)))
    return models.keras_code(model).split("\n\n")


def _controls(settings):
    """A control for each field of `ClassifierSettings`."""
    s, number = settings, parts.Number
    shares = [round(0.05 * k, 2) for k in range(19)]  # 0 to 0.9
    return {
        "cell": parts.choice("Recurrent cell", CELLS, s.cell),
        "units": number("Units", s.units, range(8, 129, 8), 1, 1024),
        "bidirectional": parts.tick("read the rows both ways", s.bidirectional),
        "blocks": number("Blocks", s.blocks, range(1, 4)),
        "dropout": number("Dropout", s.dropout, shares, 0.0, 0.99, 0.01),
        **controls_of_runs(s, range(1, 31), range(16, 257, 16)),
    }
