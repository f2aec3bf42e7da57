"""Objectives: what a training minimises, with labels or without, and the batches it is fed with."""

from dataclasses import dataclass, fields

import numpy as np

from rnn_tutor._backend import keras
from rnn_tutor._errors import NeedsLabels, TutorError, check_whole
from rnn_tutor.images.arrays import as_pictures, as_pixels, as_unit
from rnn_tutor.images.augmentation import Augmentation, preset
from rnn_tutor.images.imageset import joined, padded
from rnn_tutor.networks import models
from rnn_tutor.networks.gradients import gradients as gradients

ops = keras.ops


def nt_xent(pair_numbers, projections, temperature=0.5):
    """Compute the normalised temperature-scaled cross-entropy of SimCLR.

    Args:
        pair_numbers: `(2n,)` or `(2n, 1)` int; the two views of an image carry the same number.
        projections: `(2n, d)` float32, of any length; only their directions count.
        temperature: float above 0; the smaller it is, the more the nearest negatives count.

    Returns:
        A tensor `(2n,)` float32: for each view, how surprising its partner is among all others.

    Example:
        >>> views = np.repeat(np.eye(4, dtype="float32"), 2, axis=0)  # partners are equal
        >>> loss = nt_xent(np.repeat(np.arange(4), 2), views)
        >>> [round(float(value), 3) for value in loss[:2]]
        [0.594, 0.594]

    Source: Chen et al. 2020 (SimCLR), equation 1.
    """
    z = ops.normalize(projections, axis=1)
    similarity = ops.matmul(z, ops.transpose(z)) / temperature  # (2n, 2n)
    itself = ops.eye(ops.shape(z)[0])
    numbers = ops.reshape(pair_numbers, (-1, 1))
    partner = ops.cast(ops.equal(numbers, ops.transpose(numbers)), "float32") - itself
    return ops.logsumexp(similarity - 1e9 * itself, axis=1) - ops.sum(similarity * partner, axis=1)


class Objective:
    """What a training minimises: the model around an encoder, its loss, and its batches.

    Subclass it for an objective of your own, as a frozen dataclass, and give it to a `Trainer`. An
    entry in `OBJECTIVES` makes it known by name to `TrainingSettings` and to the training panel,
    which shows the first line of its docstring.

    Attributes:
        loss: as `keras.Model.compile` takes it: a name, or a function of targets and outputs.
        smallest_batch: how many images a batch must hold at the least.
        uses_labels: whether `batch` is given labels.
        reads_any_width: whether `batch` takes strips, as a list of `(height, width, channels)`.
        ignores: names of those fields of `TrainingSettings` that change nothing here, beside the
            fields of other objectives.
    """

    loss = None
    smallest_batch = 1
    uses_labels = False
    reads_any_width = False
    ignores = frozenset()

    @classmethod
    def from_settings(cls, settings):
        """Make the objective whose fields have the values of `TrainingSettings` fields."""
        names = {field.name for field in fields(cls)} & vars(settings).keys()
        return cls(**{name: getattr(settings, name) for name in names})

    def make_encoder(self, input_shape, settings):
        """Build the encoder that `TrainingSettings` describe, for `(height, width, channels)`."""
        s = settings
        return models.recurrent_encoder(input_shape, s.units, s.cell, s.bidirectional, s.recurrent)

    def build(self, encoder):
        """Build the Keras model to train on top of `encoder`.

        Raises:
            TutorError: the encoder does not end as this objective needs it.
        """
        raise NotImplementedError

    def embedder(self, encoder, model):
        """Return what embeds images after training: `encoder`, or a part of the trained `model`."""
        return encoder

    def metrics(self):
        """Return the Keras metrics to measure beside the loss."""
        return []

    def read(self, images):
        """Return what batches are drawn from, an array `(n, ..., height, width, channels)`."""
        return as_pixels(images)

    def batch(self, pixels, rng):
        """Make `(inputs, targets)` of images.

        Args:
            pixels: `(n, height, width, channels)`, uint8 or float in 0..1.
            rng: a `numpy.random.Generator`, from which all that is random is drawn.
            labels: `(n,)` int; a third argument where `uses_labels` is true.
        """
        raise NotImplementedError


@dataclass(frozen=True)
class Contrastive(Objective):
    """Pull two random views of an image together, and push views of other images away.

    Attributes:
        augmentation: how a view is drawn: a name from `augmentation.PRESETS`, an `Augmentation`, or
            another function of pixels and a random generator.
        temperature: of `nt_xent`.

    Source: Chen et al. 2020 (SimCLR).
    """

    augmentation: str | Augmentation
    temperature: float = 1.0
    smallest_batch = 2  # an image alone has no negatives

    def __post_init__(self):
        if isinstance(self.augmentation, str):
            object.__setattr__(self, "augmentation", preset(self.augmentation))

    def build(self, encoder):
        """Build the encoder with its projection, `(n, height, width, channels)` -> `(n, 64)`."""
        models.check_vectors(encoder)
        return models.projector(encoder)

    def embedder(self, encoder, model):
        """Return the encoder with its projection, the space in which the loss compares images.

        A model of its own, so that it can be saved without the loss.
        """
        return keras.Model(model.input, model.output, name="encoder")

    def loss(self, pair_numbers, projections):
        """Compute `nt_xent` at this temperature.

        A new encoder makes zeros of a black image, which have no direction, and on PyTorch a slope
        of NaN; what is added here is lost in any other number's rounding.
        """
        return nt_xent(pair_numbers, projections + 1e-12, self.temperature)

    def batch(self, pixels, rng):
        """Make `(views, pair_numbers)`: `(2n, height, width, channels)` float32, `(2n,)` int64.

        Views of strips are padded to one width.
        """
        first, second = self.augmentation(pixels, rng), self.augmentation(pixels, rng)
        is_list = isinstance(first, list)
        views = padded(first + second) if is_list else np.concatenate([first, second])
        return views, np.tile(np.arange(len(pixels)), 2)

    @property
    def reads_any_width(self):
        """Whether the augmentation draws views of strips."""
        return getattr(self.augmentation, "reads_any_width", False)


@dataclass(frozen=True)
class Reconstruction(Objective):
    """Draw the image again from its embedding.

    Attributes:
        noise: what is added to the image that the encoder sees; a standard deviation, where white
            is 1.

    Source: Vincent et al. 2008 (denoising autoencoders), for the noise.
    """

    noise: float = 0.2
    loss = "mse"

    def build(self, encoder):
        """Build the encoder with a recurrent decoder on top, from images to images."""
        models.check_vectors(encoder)
        return models.recurrent_autoencoder(encoder)

    def batch(self, pixels, rng):
        """Make `(noisy images, clean images)`, both float32 in the shape of `pixels`."""
        clean = as_unit(pixels)
        return clean + self.noise * rng.standard_normal(clean.shape, dtype="float32"), clean


@dataclass(frozen=True)
class NextRow(Objective):
    """Predict each row of an image from the rows above it."""

    loss = "mse"
    ignores = frozenset({"bidirectional", "recurrent"})

    def make_encoder(self, input_shape, settings):
        """Build a `models.row_encoder`, which reads one way: it must not see what it predicts."""
        return models.row_encoder(input_shape, settings.units, settings.cell)

    def build(self, encoder):
        """Build the predictor on top of `encoder`, which must be like a `models.row_encoder`.

        Raises:
            TutorError: the images have a single row, or `encoder` keeps no state for each.
        """
        if encoder.input_shape[1] < 2:
            raise TutorError("Pictures of a single row have no next row to predict.")
        models.check_states(encoder)
        return models.next_row_predictor(encoder)

    def batch(self, pixels, rng):
        """Make `(images, rows 1 to the last)`, float32."""
        images = as_unit(pixels)
        n, height, width, channels = images.shape
        return images, images.reshape(n, height, width * channels)[:, 1:]


@dataclass(frozen=True)
class Classification(Objective):
    """Name the class of each image: sparse categorical cross-entropy, and the accuracy."""

    loss = "sparse_categorical_crossentropy"
    uses_labels = True

    def metrics(self):
        """Return the accuracy, the share of images that are named rightly."""
        return [keras.metrics.SparseCategoricalAccuracy(name="accuracy")]

    def build(self, encoder):
        """Return `encoder` itself, here a classifier from images to probabilities."""
        models.check_vectors(encoder)
        return encoder

    def batch(self, pixels, rng, labels):
        """Make `(images, labels)`, float32 and int64."""
        return as_unit(pixels), labels


# The objectives that need no labels, by the names that `TrainingSettings` take.
OBJECTIVES = {
    "contrastive": Contrastive,
    "reconstruction": Reconstruction,
    "next_row": NextRow,
}


class Batches(keras.utils.PyDataset):
    """The batches of an objective: which images they hold, and how these are changed at random.

    A batch is a function of (seed, epoch, step) alone, so a run can be repeated from anywhere.

    Args:
        images: an `ImageSet`, or pixels `(n, height, width, channels)`, uint8 or float in 0..1.
        objective: an `Objective`.
        batch_size: images a batch, int; all of them when there are fewer.
        seed: int from 0, of the order and of all that is random.
        labels: `(n,)` int from 0, for an objective with `uses_labels`; None for those of the
            `ImageSet`. Others do not look at them.

    Attributes:
        pixels, labels: as arrays.
        widths: of strips, `(n,)` int64; None where all images have one size.
        epoch: whose batches `batches[step]` are, from 0, where Keras's `fit` asks for them.

    Raises:
        TutorError: a batch would hold too few images for the objective; what came are no images
            of one size, or the labels do not fit them.
        NeedsLabels: the objective uses labels, and there are none.
    """

    def __init__(self, images, objective, batch_size, seed, labels=None):
        super().__init__()
        check_whole("batch_size", batch_size)
        check_whole("seed", seed, at_least=0)
        if not isinstance(objective, Objective):
            raise TutorError(
                f"Expected an objective, such as `rt.objectives.Reconstruction()`; received "
                f"{objective!r}. One of your own is a subclass of `rt.objectives.Objective`."
            )
        self.objective, self.seed, self.widths = objective, seed, None
        if objective.reads_any_width and isinstance(pictures := as_pictures(images), list):
            self.pixels, self.widths = joined(pictures)
        else:
            self.pixels = objective.read(images)
        self.batch_size = min(batch_size, len(self.pixels))
        if self.batch_size < objective.smallest_batch:
            noun = "picture" if objective.smallest_batch == 1 else "pictures"
            raise TutorError(
                f"Training of this kind needs {objective.smallest_batch} {noun} or more in a "
                f"batch; received {self.batch_size}. Give more pictures, or a larger batch_size."
            )
        self.labels = None
        if objective.uses_labels:
            given = getattr(images, "labels", None) if labels is None else labels
            self.labels = _checked_labels(given, len(self.pixels))
        self.epoch = 0

    def __len__(self):
        """Count whole batches only; which images are left out changes with the epoch."""
        return len(self.pixels) // self.batch_size

    def __getitem__(self, step):
        return self.draw(self.epoch, step)

    def draw(self, epoch, step):
        """Make the batch of this step of this epoch, both from 0: `(inputs, targets)`."""
        chosen = self._order(epoch)[step * self.batch_size : (step + 1) * self.batch_size]
        rng = np.random.default_rng([self.seed, epoch, step])
        labels = () if self.labels is None else (self.labels[chosen],)
        pixels = self.pixels[chosen]
        if self.widths is not None:
            pixels = [p[:, :w] for p, w in zip(pixels, self.widths[chosen], strict=True)]
        return self.objective.batch(pixels, rng, *labels)

    def _order(self, epoch):
        rng = np.random.default_rng([self.seed, epoch])
        if self.widths is None:
            return rng.permutation(len(self.pixels))
        # Strips of like width share a batch, so that little is padded. Chance has a say, so that
        # an epoch's batches are not those of the one before.
        nearly = self.widths * np.exp(rng.uniform(-0.2, 0.2, len(self.widths)))
        order, whole = nearly.argsort(), len(self) * self.batch_size
        order = np.roll(order, rng.integers(len(order)))  # which are left out changes
        groups = order[:whole].reshape(len(self), self.batch_size)
        return rng.permutation(groups).ravel()


class AllInOrder(Batches):
    """The batches to measure with: every image once, in order; the last batch may be smaller."""

    def __len__(self):
        return -(-len(self.pixels) // self.batch_size)

    def _order(self, epoch):
        return np.arange(len(self.pixels))


def _checked_labels(labels, n):
    """Return labels as an array, or raise for what are no labels of `n` images."""
    if labels is None:
        raise NeedsLabels("Training of this kind needs a label for each picture; there are none.")
    labels = np.asarray(labels)
    if labels.ndim != 1 or len(labels) < n or labels.dtype.kind not in "iu":
        raise TutorError(
            f"Expected a whole number as label for each of {n} pictures; received {labels.dtype} "
            f"of the shape {labels.shape}."
        )
    return labels
