"""What is minimised, without labels or with: each objective makes its inputs, targets and loss."""

from dataclasses import dataclass

import numpy as np

from rnn_tutor._backend import keras
from rnn_tutor._errors import NeedsLabels, TutorError, check_whole
from rnn_tutor.images.arrays import as_pixels, as_unit
from rnn_tutor.images.augmentation import Augmentation
from rnn_tutor.networks import models
from rnn_tutor.networks.gradients import gradients as gradients

ops = keras.ops


def nt_xent(pair_numbers, projections, temperature=0.5):
    """The normalised temperature-scaled cross-entropy of SimCLR (Chen et al. 2020, equation 1).

    Args:
        pair_numbers: `(2n,)` or `(2n, 1)`; the two views of a picture carry the same number.
        projections: `(2n, d)` float32, of any length; only their directions count.
        temperature: smaller is stricter with the nearest strangers.

    Returns:
        `(2n,)`: for each view, how surprising its partner is among all other views.
    """
    z = ops.normalize(projections, axis=1)
    similarity = ops.matmul(z, ops.transpose(z)) / temperature  # (2n, 2n)
    itself = ops.eye(ops.shape(z)[0])
    numbers = ops.reshape(pair_numbers, (-1, 1))
    partner = ops.cast(ops.equal(numbers, ops.transpose(numbers)), "float32") - itself
    return ops.logsumexp(similarity - 1e9 * itself, axis=1) - ops.sum(similarity * partner, axis=1)


@dataclass(frozen=True)
class Reconstruction:
    """Draw the picture again from its embedding; with `noise`, from a spoilt copy.

    Vincent et al. 2008 (denoising); `noise` is a standard deviation, where white is 1.
    """

    noise: float = 0.2
    loss = "mse"

    def build(self, encoder):
        """The model to train on top of `encoder`."""
        models.check_vectors(encoder)
        return models.recurrent_autoencoder(encoder)

    def embedder(self, encoder, model):
        """Whichever of the two embeds pictures after training."""
        return encoder

    def batch(self, pixels, rng):
        """`(inputs, targets)`, both float32 in the shape of `pixels`, uint8 or float in 0..1."""
        clean = as_unit(pixels)
        return clean + self.noise * rng.standard_normal(clean.shape, dtype="float32"), clean


@dataclass(frozen=True)
class NextRow:
    """Predict each row of a picture from the rows above it."""

    loss = "mse"

    def build(self, encoder):
        """The model to train on top of `encoder`, which must be a `models.row_encoder`.

        Raises:
            TutorError: the pictures have a single row, or `encoder` keeps no state for each.
        """
        if encoder.input_shape[1] < 2:
            raise TutorError("Pictures of a single row have no next row to predict.")
        models.check_states(encoder)
        return models.next_row_predictor(encoder)

    def embedder(self, encoder, model):
        """Whichever of the two embeds pictures after training."""
        return encoder

    def batch(self, pixels, rng):
        """`(pictures, rows 1 to the last)`, float32."""
        pictures = as_unit(pixels)
        n, height, width, channels = pictures.shape
        return pictures, pictures.reshape(n, height, width * channels)[:, 1:]


@dataclass(frozen=True)
class Contrastive:
    """Two random views of one picture should lie close, views of others far (Chen et al. 2020)."""

    augmentation: Augmentation
    temperature: float = 1.0
    smallest_batch = 2  # a picture alone has no stranger to keep away from

    def build(self, encoder):
        """The model to train on top of `encoder`."""
        models.check_vectors(encoder)
        return models.projector(encoder)

    def embedder(self, encoder, model):
        """What embeds pictures after training: here the encoder with its projection.

        A model of its own, so that it can be saved without the loss.
        """
        return keras.Model(model.input, model.output, name="encoder")

    def loss(self, pair_numbers, projections):
        """`nt_xent` at this temperature.

        A new encoder makes zeros of a black picture, which have no direction, and on PyTorch a
        slope of NaN; what is added here is lost in any other number's rounding.
        """
        return nt_xent(pair_numbers, projections + 1e-12, self.temperature)

    def batch(self, pixels, rng):
        """`(views, pair_numbers)`: `(2n, height, width, channels)` float32 and `(2n,)` int64."""
        views = [self.augmentation(pixels, rng), self.augmentation(pixels, rng)]
        return np.concatenate(views), np.tile(np.arange(len(pixels)), 2)


@dataclass(frozen=True)
class Classification:
    """Name the kind of each picture: sparse categorical cross-entropy, and how many were right."""

    loss = "sparse_categorical_crossentropy"
    uses_labels = True

    def metrics(self):
        """What is measured beside the loss: `accuracy`."""
        return [keras.metrics.SparseCategoricalAccuracy(name="accuracy")]

    def build(self, classifier):
        """The model to train: `classifier` itself, from pictures to probabilities."""
        models.check_vectors(classifier)
        return classifier

    def embedder(self, classifier, model):
        """The classifier: here what comes out is no embedding, but a probability for each class."""
        return classifier

    def batch(self, pixels, rng, labels):
        """`(pictures, labels)`, float32 and int64."""
        return as_unit(pixels), labels


class Batches(keras.utils.PyDataset):
    """An objective's batches of an epoch: which pictures, and what chance does to them.

    A batch is a function of (seed, epoch, step) alone, so a run can be repeated from anywhere.

    Args:
        images: an `ImageSet`, or pixels `(n, height, width, channels)`, uint8 or float in 0..1.
        objective: one of the classes above, or another with `build`, `embedder`, `loss` and
            `batch`.
        batch_size: pictures a batch; all of them when there are fewer.
        seed: of the order and of what chance does.
        labels: `(n,)` integers from 0, for an objective with `uses_labels`; None for those of the
            `ImageSet`. Others do not look at them.

    Attributes:
        pixels, labels: as arrays.
        epoch: whose batches `batches[step]` are, from 0, where Keras's `fit` asks for them.

    Raises:
        TutorError: a batch would hold too few pictures for the objective; what came are no pictures
            of one size, or the labels do not fit them.
        NeedsLabels: the objective uses labels, and there are none.
    """

    def __init__(self, images, objective, batch_size, seed, labels=None):
        super().__init__()
        check_whole("batch_size", batch_size)
        check_whole("seed", seed, at_least=0)
        self.pixels, self.objective, self.seed = as_pixels(images), objective, seed
        labels = getattr(images, "labels", None) if labels is None else labels
        self.labels = labels if getattr(objective, "uses_labels", False) else None
        self.batch_size = min(batch_size, len(self.pixels))
        self._check_size(getattr(objective, "smallest_batch", 1))
        self._check_labels()
        self.epoch = 0

    def _check_size(self, smallest):
        noun = "picture" if smallest == 1 else "pictures"
        if self.batch_size < smallest:
            raise TutorError(
                f"Training of this kind needs {smallest} {noun} or more in a batch; received "
                f"{self.batch_size}. Give more pictures, or a larger batch_size."
            )

    def _check_labels(self):
        if not getattr(self.objective, "uses_labels", False):
            return
        if self.labels is None:
            raise NeedsLabels(
                "Training of this kind needs a label for each picture; there are none."
            )
        self.labels = np.asarray(self.labels)
        few = self.labels.ndim != 1 or len(self.labels) < len(self.pixels)
        if few or self.labels.dtype.kind not in "iu":
            raise TutorError(
                f"Expected a whole number as label for each of {len(self.pixels)} pictures; "
                f"received {self.labels.dtype} of the shape {self.labels.shape}."
            )

    def __len__(self):
        """Whole batches only; who is left out changes with the epoch."""
        return len(self.pixels) // self.batch_size

    def __getitem__(self, step):
        return self.draw(self.epoch, step)

    def draw(self, epoch, step):
        """The batch of this step of this epoch, both from 0: `(inputs, targets)`."""
        chosen = self._order(epoch)[step * self.batch_size : (step + 1) * self.batch_size]
        rng = np.random.default_rng([self.seed, epoch, step])
        labels = () if self.labels is None else (self.labels[chosen],)
        return self.objective.batch(self.pixels[chosen], rng, *labels)

    def _order(self, epoch):
        return np.random.default_rng([self.seed, epoch]).permutation(len(self.pixels))


class AllInOrder(Batches):
    """The batches to measure with: every picture once, in order; the last batch may be smaller."""

    def __len__(self):
        return -(-len(self.pixels) // self.batch_size)

    def _order(self, epoch):
        return np.arange(len(self.pixels))
