"""Settings: everything that decides a training run, in one frozen dataclass."""

from dataclasses import dataclass

from rnn_tutor._backend import keras
from rnn_tutor._errors import TutorError, check_above_0, check_known, check_range, check_whole
from rnn_tutor.images.augmentation import Augmentation, preset
from rnn_tutor.networks import models
from rnn_tutor.training.objectives import OBJECTIVES, Classification, Objective


@dataclass(frozen=True)
class TrainingSettings:
    """Everything that decides a training run without labels.

    Attributes:
        objective: A name from `objectives.OBJECTIVES`, "contrastive", "reconstruction" or
            "next_row"; or an `Objective`, which then holds its own augmentation, temperature or
            noise. Default "contrastive".
        cell: A name from `models.CELLS`, "simple_rnn", "gru" or "lstm". Default "gru".
        units: State size of a recurrent layer, int. Default 48.
        bidirectional: Whether to read every sequence both ways, bool. Default True. "next_row"
            always reads one way.
        recurrent: Whether to read by recurrent layers, bool. Default True. False puts a dense layer
            in their place, for comparison.
        augmentation: A name from `augmentation.PRESETS`, or an `Augmentation`: what may change in
            an image, for "contrastive" only. Default "clothes".
        temperature: Temperature of the contrastive loss, float above 0. Default 1.
        noise: Standard deviation of the noise on what the autoencoder sees, float in 0..1, where
            white is 1. Default 0.2.
        learning_rate: Learning rate of Adam, float above 0. Default 0.003.
        batch_size: Images a step, int. Default 256. Contrastive training makes two views of each.
        epochs: Passes over the images, int. Default 4.
        seed: Decides the weights, the order and the views, int from 0. Default 0.

    Raises:
        TutorError: A name does not exist, or a number is out of its range.

    Example:
        >>> settings = TrainingSettings(cell="lstm", units=8)
        >>> settings.make_encoder((28, 28, 1)).output_shape
        (None, 32)
    """

    objective: str | Objective = "contrastive"
    cell: str = "gru"
    units: int = 48
    bidirectional: bool = True
    recurrent: bool = True
    augmentation: str | Augmentation = "clothes"
    temperature: float = 1.0
    noise: float = 0.2
    learning_rate: float = 0.003
    batch_size: int = 256
    epochs: int = 4
    seed: int = 0

    def __post_init__(self):
        if not isinstance(self.objective, Objective):
            check_known("objective", self.objective, OBJECTIVES)
        check_known("recurrent cell", self.cell, models.CELLS)
        preset(self.augmentation)
        _check(self, ("units", "batch_size", "epochs"), ("temperature", "learning_rate"))
        check_range("noise", self.noise, 0, 1)

    def make_objective(self):
        """Return the `Objective` that these settings name or hold."""
        if isinstance(self.objective, Objective):
            return self.objective
        return OBJECTIVES[self.objective].from_settings(self)

    def make_encoder(self, input_shape):
        """Build a fresh encoder, seeded.

        Args:
            input_shape: `(height, width, channels)` of the images.

        Returns:
            A Keras model.
        """
        keras.utils.set_random_seed(self.seed)
        return self.make_objective().make_encoder(input_shape, self)

    def make_model(self, images):
        """Build a fresh encoder for a set of images, seeded.

        Args:
            images: An `ImageSet`.

        Returns:
            A Keras model.
        """
        return self.make_encoder(images.shape)


@dataclass(frozen=True)
class ClassifierSettings:
    """Everything that decides a training run of `models.classifier`, with labels.

    Attributes:
        cell: A name from `models.CELLS`, "simple_rnn", "gru" or "lstm". Default "gru".
        units: State size of the recurrent layer, int. Default 64.
        bidirectional: Whether to read the rows both ways, bool. Default False.
        blocks: 1, 2 or 3 blocks of convolution and pooling. Default 3.
        dropout: Share of the dense layer's outputs that are set to 0 in training, float from 0 to
            below 1. Default 0.
        learning_rate: Learning rate of Adam, float above 0. Default 0.001.
        batch_size: Images a step, int. Default 64.
        epochs: Passes over the images, int. Default 6.
        seed: Decides the weights, the order and the dropout, int from 0. Default 0.

    Raises:
        TutorError: A name does not exist, or a number is out of its range.

    Example:
        >>> settings = ClassifierSettings(blocks=2, units=8)
        >>> settings.make_model(rt.datasets.draw_shapes(20, size=8)).output_shape
        (None, 5)
    """

    cell: str = "gru"
    units: int = 64
    bidirectional: bool = False
    blocks: int = 3
    dropout: float = 0.0
    learning_rate: float = 0.001
    batch_size: int = 64
    epochs: int = 6
    seed: int = 0

    def __post_init__(self):
        check_known("recurrent cell", self.cell, models.CELLS)
        _check(self, ("units", "batch_size", "epochs"), ("learning_rate",))
        if self.blocks not in (1, 2, 3):
            raise TutorError(f"blocks must be 1, 2 or 3, received {self.blocks}.")
        check_range("dropout", self.dropout, 0, 1)
        if self.dropout == 1:
            raise TutorError("dropout must be below 1; with 1, nothing comes through.")

    def make_objective(self):
        """Return the objective, `objectives.Classification`."""
        return Classification()

    def make_model(self, images):
        """Build a fresh classifier for the images and classes of a set, seeded.

        Args:
            images: An `ImageSet` with labels.

        Returns:
            A Keras model.

        Raises:
            NeedsLabels: The images have no labels.
        """
        n_classes = images.require_labels().n_classes
        keras.utils.set_random_seed(self.seed)
        return models.classifier(
            images.shape,
            n_classes,
            self.units,
            self.cell,
            self.bidirectional,
            self.blocks,
            self.dropout,
        )


def _check(settings, whole, above_0):
    for name in whole:
        check_whole(name, getattr(settings, name))
    for name in above_0:
        check_above_0(name, getattr(settings, name))
    check_whole("seed", settings.seed, at_least=0)


# What the stored benchmark and the ready-trained encoder were trained with, chosen on fashion5.
LONG_RUN = TrainingSettings(epochs=30)
