"""Objectives: what a training minimises, with labels or without, and the batches it reads."""

from dataclasses import dataclass, fields

import numpy as np

from rnn_tutor._backend import keras
from rnn_tutor._errors import NeedsLabels, TutorError, check_whole
from rnn_tutor.images.arrays import as_images, as_pixels, as_unit
from rnn_tutor.images.augmentation import PRESETS, Augmentation, preset
from rnn_tutor.images.imageset import joined, padded
from rnn_tutor.networks import models
from rnn_tutor.networks.gradients import gradients as gradients
from rnn_tutor.training import processes

ops = keras.ops


def nt_xent(pair_numbers, projections, temperature=0.5):
    """Compute the normalised temperature-scaled cross-entropy of SimCLR.

    Args:
        pair_numbers: `(2n,)` or `(2n, 1)` int; the two views of an image carry the same number.
        projections: `(2n, d)` float32, of any length; only their directions count.
        temperature: Float above 0, default 0.5. The smaller it is, the more the nearest negatives
            count.

    Returns:
        A tensor `(2n,)` float32: for each view the cross-entropy of its partner among all others.

    Example:
        >>> views = np.repeat(np.eye(4, dtype="float32"), 2, axis=0)  # equal partners
        >>> loss = nt_xent(np.repeat(np.arange(4), 2), views)
        >>> [round(float(value), 3) for value in loss[:2]]
        [0.594, 0.594]

    Source: Chen et al. (2020), SimCLR, equation 1.
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
        loss: A loss as `keras.Model.compile` takes it: a name, or a function of targets and
            outputs.
        smallest_batch: Images in a batch at least, int. Default 1.
        uses_labels: Whether `batch` takes labels, bool. Default False.
        reads_any_width: Whether `batch` takes strips, a list of `(height, width, channels)`, bool.
            Default False.
        ignores: Names of the `TrainingSettings` fields that change nothing here, a set of str. The
            fields of other objectives need not be named.

    Example:
        >>> class BrightReconstruction(Reconstruction):
        ...     def batch(self, pixels, rng):
        ...         inputs, images = super().batch(pixels, rng)
        ...         return inputs + 0.1, images
        >>> images = rt.datasets.draw_shapes(20, size=8)
        >>> encoder = rt.models.recurrent_encoder(images.shape, units=4)
        >>> rt.Trainer(encoder, BrightReconstruction(), images, epochs=2)
        Trainer(BrightReconstruction(noise=0.2), 0 of 2 epochs done)
    """

    loss = None
    smallest_batch = 1
    uses_labels = False
    reads_any_width = False
    ignores = frozenset()

    @classmethod
    def from_settings(cls, settings):
        """Make the objective, with the values that its fields have in `TrainingSettings`.

        Args:
            settings: `TrainingSettings`.

        Returns:
            An `Objective` of this class.
        """
        names = {field.name for field in fields(cls)} & vars(settings).keys()
        return cls(**{name: getattr(settings, name) for name in names})

    def make_encoder(self, input_shape, settings):
        """Build the encoder that `TrainingSettings` describe.

        Args:
            input_shape: `(height, width, channels)`.
            settings: `TrainingSettings`.

        Returns:
            A Keras model.
        """
        s = settings
        return models.recurrent_encoder(input_shape, s.units, s.cell, s.bidirectional, s.recurrent)

    def build(self, encoder):
        """Build the Keras model to train on top of an encoder.

        Args:
            encoder: A Keras model.

        Returns:
            A Keras model.

        Raises:
            TutorError: The encoder does not end as this objective needs it.
        """
        raise NotImplementedError

    def embedder(self, encoder, model):
        """Return what embeds images after training.

        Args:
            encoder: The Keras model that `build` was given.
            model: The trained Keras model.

        Returns:
            A Keras model, `encoder` or a part of `model`.
        """
        return encoder

    def metrics(self):
        """Return the Keras metrics to measure beside the loss."""
        return []

    def read(self, images):
        """Return what batches are drawn from.

        Args:
            images: Whatever holds images of one size, such as an `ImageSet`.

        Returns:
            An array `(n, ..., height, width, channels)`.
        """
        return as_pixels(images, lazy=True)

    def batch(self, pixels, rng):
        """Make the inputs and targets of one step; `labels` is a third argument with `uses_labels`.

        Args:
            pixels: `(n, height, width, channels)`, uint8 or float in 0..1.
            rng: A `numpy.random.Generator`, the only source of anything random.
            labels: `(n,)` int, only with `uses_labels`.

        Returns:
            `(inputs, targets)`, as the model and the loss take them.
        """
        raise NotImplementedError

    def number_targets(self, targets, first):
        """Number the targets of a part of a batch through the whole batch, where they are numbers.

        Args:
            targets: As `batch` made them from the part's pixels.
            first: How many images the parts before it have, int.

        Returns:
            `targets`; other objectives than `Contrastive` have nothing to number.
        """
        return targets


@dataclass(frozen=True)
class Contrastive(Objective):
    """Pull two random views of an image together, and push views of other images away.

    Attributes:
        augmentation: What draws a view: a name from `augmentation.PRESETS`, an `Augmentation`, or
            another function of pixels and a random generator.
        temperature: Temperature of `nt_xent`, float above 0. Default 1.

    Example:
        >>> images = rt.datasets.draw_shapes(20, size=8)
        >>> objective = Contrastive("clothes")
        >>> views, pair_numbers = objective.batch(images.pixels, np.random.default_rng(0))
        >>> views.shape, pair_numbers.shape
        ((40, 8, 8, 3), (40,))

    Source: Chen et al. (2020), SimCLR.
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
        if self.reads_any_width and encoder.input_shape[2] is not None:
            raise TutorError(
                "Views of strips have any width, and need an encoder that reads any, such as "
                f"`rt.models.strip_encoder`; {encoder.name!r} reads {encoder.input_shape[1:]}. Or "
                f"choose another augmentation: {', '.join(PRESETS)}."
            )
        return models.projector(encoder)

    def embedder(self, encoder, model):
        """Return the encoder with its projection, the space in which the loss compares images.

        A model of its own, so that it can be saved without the loss.
        """
        return keras.Model(model.input, model.output, name="encoder")

    def loss(self, pair_numbers, projections):
        """Compute `nt_xent` at this temperature.

        An untrained encoder maps a black image to zeros, which have no direction; on PyTorch their
        gradient is NaN. The 1e-12 added here gives them one, and changes no other projection.

        Args:
            pair_numbers: `(2n,)` int, the same for the two views of an image.
            projections: `(2n, d)`.

        Returns:
            The loss, a scalar tensor.
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

    def number_targets(self, targets, first):
        """Return pair numbers that no other part of the batch has.

        The loss compares all views of the whole batch. Where two parts used the same numbers, it
        would take views of different images for partners, and nothing would tell.
        """
        return targets + first

    @property
    def reads_any_width(self):
        """Whether the augmentation draws views of strips."""
        return getattr(self.augmentation, "reads_any_width", False)


@dataclass(frozen=True)
class Reconstruction(Objective):
    """Draw the image again from its embedding.

    Attributes:
        noise: Standard deviation of the noise on the image that the encoder sees, float, where
            white is 1. Default 0.2.

    Example:
        >>> clean = np.zeros((20, 8, 8, 1), "float32")
        >>> noisy, target = Reconstruction(noise=0.5).batch(clean, np.random.default_rng(0))
        >>> bool(noisy.any()), bool(target.any())
        (True, False)

    Source: Vincent et al. (2008), denoising autoencoders, for the noise.
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
    """Predict each row of an image from the rows above it.

    Example:
        >>> images = np.zeros((20, 12, 8, 1), "float32")
        >>> inputs, targets = NextRow().batch(images, np.random.default_rng(0))
        >>> inputs.shape, targets.shape
        ((20, 12, 8, 1), (20, 11, 8))
    """

    loss = "mse"
    ignores = frozenset({"bidirectional", "recurrent"})

    def make_encoder(self, input_shape, settings):
        """Build a `models.row_encoder`, which reads one way: it must not see what it predicts."""
        return models.row_encoder(input_shape, settings.units, settings.cell)

    def build(self, encoder):
        """Build the predictor on top of `encoder`, which must be like a `models.row_encoder`.

        Raises:
            TutorError: The images have a single row, or `encoder` keeps no state for each.
        """
        if encoder.input_shape[1] < 2:
            raise TutorError("Pictures of a single row have no next row to predict.")
        models.check_states(encoder)
        return models.next_row_predictor(encoder)

    def batch(self, pixels, rng):
        """Make `(images, all rows but the first)`, float32."""
        images = as_unit(pixels)
        n, height, width, channels = images.shape
        return images, images.reshape(n, height, width * channels)[:, 1:]


@dataclass(frozen=True)
class Classification(Objective):
    """Predict the class of each image: sparse categorical cross-entropy, and the accuracy.

    Example:
        >>> [metric.name for metric in Classification().metrics()]
        ['accuracy']
    """

    loss = "sparse_categorical_crossentropy"
    uses_labels = True

    def metrics(self):
        """Return the accuracy, the share of images whose class is predicted correctly."""
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
    """The batches of an objective: which images they hold, and how these change at random.

    A batch is a function of (seed, epoch, step) alone, so a run can resume anywhere. Where several
    processes train together, each makes its part of every batch, with random numbers of that part.
    See `training.processes`.

    Args:
        images: An `ImageSet`, or pixels `(n, height, width, channels)`, uint8 or float in 0..1. A
            batch of an `ImageStream` is read when it is made.
        objective: An `Objective`.
        batch_size: Images a batch, int; all of them when there are fewer. With several devices,
            a few less where they could not be divided evenly.
        seed: Decides the order of the images and everything random in a batch, int from 0.
        labels: `(n,)` int from 0, for an objective with `uses_labels`. Default: those of the
            `ImageSet`. Other objectives ignore them.

    Attributes:
        pixels: `(n, height, width, channels)`; those of an `ImageStream` as `LazyPixels`.
        labels: `(n,)` int; None without `uses_labels`.
        widths: Of strips, `(n,)` int64; None where all images have one size.
        epoch: The epoch of `batches[step]`, int from 0, for Keras's `fit`.
        parts: In how many parts a batch is made, int: one for each process.
        here: The parts that are made in this process, a list of int. In one process, `parts` 2 and
            `here` [0, 1] give the batches of two processes.

    Raises:
        TutorError: A batch would hold too few images for the objective, `images` are no images of
            one size, or the labels do not fit them.
        NeedsLabels: The objective uses labels, and there are none.

    Example:
        >>> images = rt.datasets.draw_shapes(20, size=8)
        >>> batches = Batches(images, Reconstruction(), batch_size=8, seed=0)
        >>> len(batches), batches[0][0].shape
        (2, (8, 8, 8, 3))
    """

    def __init__(self, images, objective, batch_size, seed, labels=None):
        check_whole("batch_size", batch_size)
        check_whole("seed", seed, at_least=0)
        if not isinstance(objective, Objective):
            raise TutorError(
                f"Expected an objective, such as `rt.objectives.Reconstruction()`; received "
                f"{objective!r}. One of your own is a subclass of `rt.objectives.Objective`."
            )
        self.objective, self.seed, self.widths = objective, seed, None
        pictures = as_images(images, lazy=True) if objective.reads_any_width else None
        if isinstance(pictures, list):
            self.pixels, self.widths = joined(pictures)
        else:
            self.pixels = objective.read(images)
        # Of a stream, Keras has the next batch read while it works on one.
        super().__init__(workers=1 if isinstance(self.pixels, np.ndarray) else 2)
        self.parts, part, self._devices = processes.shares()
        self.here = [part]
        if self.widths is not None and self.parts > 1:
            raise TutorError(
                "Strips of any width are trained on by one process: their padding would differ "
                "between processes. Train on one machine, and sort on many by `rt.sort`."
            )
        batch_size = min(batch_size, len(self.pixels))
        self.batch_size = batch_size - batch_size % self._devices
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
        self.epoch, self._ordered = 0, (None, None)

    def __len__(self):
        """Count whole batches only; which images are left out changes with the epoch."""
        return len(self.pixels) // self.batch_size

    def __getitem__(self, step):
        return self.draw(self.epoch, step)

    def draw(self, epoch, step):
        """Make the batch of a step of an epoch.

        Args:
            epoch, step: Int from 0.

        Returns:
            `(inputs, targets)`; those of one part where the other processes make the others.
        """
        made = [self.draw_part(epoch, step, part) for part in self.here]
        return made[0] if len(made) == 1 else tuple(map(np.concatenate, zip(*made, strict=True)))

    def draw_part(self, epoch, step, part):
        """Make one of the `parts` of a batch.

        Args:
            epoch, step, part: Int from 0.

        Returns:
            `(inputs, targets)`.
        """
        if self._ordered[0] != epoch:
            self._ordered = epoch, self._order(epoch)
        batch = self._ordered[1][step * self.batch_size : (step + 1) * self.batch_size]
        chosen = np.split(batch, self.parts)[part]
        of_its_own = [part] if self.parts > 1 else []
        rng = np.random.default_rng([self.seed, epoch, step, *of_its_own])
        labels = () if self.labels is None else (self.labels[chosen],)
        pixels = self.pixels[chosen]
        if self.widths is not None:
            pixels = [p[:, :w] for p, w in zip(pixels, self.widths[chosen], strict=True)]
        inputs, targets = self.objective.batch(pixels, rng, *labels)
        return inputs, self.objective.number_targets(targets, part * len(chosen))

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
    """The batches of a validation: every image once, in order; the last batch may be smaller.

    With several devices, the last few images are left out that cannot be divided evenly.

    Example:
        >>> images = rt.datasets.draw_shapes(20, size=8)
        >>> len(AllInOrder(images, Reconstruction(), batch_size=8, seed=0))
        3
    """

    def __len__(self):
        return -(-len(self._order(0)) // self.batch_size)

    def _order(self, epoch):
        return np.arange(len(self.pixels) // self._devices * self._devices)


def _checked_labels(labels, n):
    """Return the labels of `n` images as an array, or raise an error."""
    if labels is None:
        raise NeedsLabels("Training of this kind needs a label for each picture; there are none.")
    labels = np.asarray(labels)
    if labels.ndim != 1 or len(labels) < n or labels.dtype.kind not in "iu":
        raise TutorError(
            f"Expected a whole number as label for each of {n} pictures; received {labels.dtype} "
            f"of the shape {labels.shape}."
        )
    return labels
