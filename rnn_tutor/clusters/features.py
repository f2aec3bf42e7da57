"""Ready-trained features in front of an encoder: who gets them, and the maps they make.

The features stay as they are. Each image is seen as it is and in the mirror, and both maps are
averaged; then each channel is brought to mean 0 and variance 1 over the images of `fit`.
"""

from dataclasses import dataclass

import numpy as np

from rnn_tutor._backend import keras, trim_heap
from rnn_tutor._errors import TutorError
from rnn_tutor.clusters.encoders import copied, input_size
from rnn_tutor.clusters.trust import FEW
from rnn_tutor.images.arrays import ImageReader, as_uint8, sizes_of
from rnn_tutor.images.augmentation import Augmentation
from rnn_tutor.images.files import show_progress
from rnn_tutor.networks import models
from rnn_tutor.networks.photographs import STRIDE, photograph_features
from rnn_tutor.training.objectives import Contrastive

FEATURES = {"photographs": photograph_features}
SIZE = 128  # pixels of the longer side, to which images are brought for these features
SMALLEST = 64  # pixels of the longer side, below which "auto" takes no features
NARROWEST = 32  # pixels of the shorter side, the same
UNTRAINED = ("auto", "pool")  # encoders that train nothing on the maps
VIEWS = 6  # of each image, drawn before training; fewer where they need more than this memory:
MEMORY = 300_000_000  # bytes
CHUNK = 128  # images of which views are drawn at a time
BATCH = 16  # images at a time, for the sake of memory
READ = 16 * BATCH  # images of a stream that are read at a time, by several threads
# Views that leave an outline whole: of clothes, it is what tells most.
SLIGHTLY = Augmentation(
    rotation=10, zoom=0.12, shift=0.06, mirror=True, brightness=0.3, contrast=0.25
)


def choose_features(features, images, encoder, objective, size):
    """Decide which features come before the encoder, and say why.

    Args:
        features: "auto", a name from `FEATURES`, a Keras model, or None or False for none.
        images: From `as_images`.
        encoder, objective, size: The settings of the estimator.

    Returns:
        (features, reason): a name, a Keras model or None; and what the reader should know of that
        choice: which features "auto" takes, or why colour images get none, and that images are few
        for an encoder that is trained. "" where there is nothing to say.

    Raises:
        TutorError: There are no such features, or the objective does not work on their maps.
    """
    if features is None or features is False:
        return None, ""
    if isinstance(features, str) and features == "auto":
        features, reason = _automatic(images, encoder, objective, size)
    else:
        _check_features(features, objective)
        reason = ""
    trained = not (isinstance(encoder, str) and encoder in UNTRAINED)
    if features is not None and trained and len(images) < FEW:
        few = f"{len(images)} pictures are few to train an encoder on"
        reason = f'{reason} {few}: encoder="pool" trains nothing.'.strip()
    return features, reason


def _check_features(features, objective):
    if not (isinstance(features, keras.Model) or features in (*FEATURES,)):
        raise TutorError(
            f"features must be 'auto', {', '.join(map(repr, FEATURES))}, a Keras model from images "
            f"to feature maps, or None; received {features!r}."
        )
    if objective != "contrastive":
        raise TutorError(
            'Features go with objective="contrastive"; received '
            f"{objective!r}. Give features=None to train by it on the images themselves."
        )


def _automatic(images, encoder, objective, size):
    if images[0].shape[2] != 3:
        return None, ""
    shorter, longer = np.median(np.sort(sizes_of(images), axis=1), axis=0)
    asked = '`features="photographs"` takes them all the same'
    if longer < SMALLEST or shorter < NARROWEST:
        too_small = f"under {SMALLEST} pixels, or under {NARROWEST} on the shorter side"
        reason = f"they are {too_small}; {asked}"
    elif size is not None and size < SMALLEST:
        reason = f"`size={size}` shrinks them below {SMALLEST} pixels; leave it out"
    elif objective != "contrastive":
        reason = 'features go with `objective="contrastive"` alone'
    elif not isinstance(encoder, str):
        reason = 'your encoder reads them; with `features="photographs"` it reads feature maps'
    elif all((image == image[..., :1]).all() for image in images):
        reason = f"they are grey; {asked}"
    else:
        return "photographs", (
            f"These are colour pictures of {SMALLEST} pixels or more, so a pretrained network "
            'reads them first: features="photographs". It learned from a million photographs that '
            "other people labelled. `features=None` does without it."
        )
    return None, f"No pretrained network reads these pictures first: {reason}."


def feature_reader(features, images, size):
    """Return the `ImageReader` that brings images to what the features see."""
    fixed = input_size(features)
    if fixed:
        return ImageReader.for_images(images, max(fixed), fixed)
    reader = ImageReader.for_images(images, size or SIZE)
    share = (size or SIZE) / max(reader.height, reader.width)
    height, width = (max(STRIDE, round(side * share)) for side in (reader.height, reader.width))
    return ImageReader(reader.height, reader.width, reader.channels, (height, width))


def feature_models(features, shape):
    """Build the features of an image, alone and averaged with those of its mirror image.

    Args:
        features: A name from `FEATURES`, or a Keras model.
        shape: `(height, width, channels)` of the images; one channel becomes as many as needed.

    Returns:
        (alone, averaged): Keras models, images float32 in 0..1 -> maps
        `(n, rows, columns, channels)`.

    Raises:
        TutorError: The features do not read such images, or do not end in a map.
    """
    height, width, channels = shape
    if isinstance(features, str):
        extractor, reads = FEATURES[features]((height, width)), 3
    else:
        reads = features.input_shape[-1] or channels
        extractor = copied(features, (height, width, reads)) if reads in (1, 3, channels) else None
    if channels not in (1, reads) or extractor is None:
        raise TutorError(
            f"These features read images with {reads} channels; received {channels}. "
            f"`rt.load_images(source, channels=3)` gives colour, and features=None goes without."
        )
    if len(extractor.output.shape) != 4:
        raise TutorError(
            "features must end in a map (n, height, width, channels); this model ends in "
            f"{extractor.output.shape}. Leave out its last layers, the pooling among them."
        )
    image = keras.Input(shape)
    seen = image if channels == reads else keras.layers.Concatenate()([image] * reads)
    alone, mirrored = extractor(seen), extractor(keras.ops.flip(seen, axis=2))
    averaged = keras.layers.Average()([alone, keras.ops.flip(mirrored, axis=2)])
    return keras.Model(image, alone), keras.Model(image, averaged)


def run_in_batches(model, pixels, name=None):
    """Run a model over images in a compiled graph, which for features is several times faster.

    Args:
        model: A Keras model, images float32 in 0..1 -> anything.
        pixels: uint8 `(n, height, width, channels)`.
        name: Of a progress bar, str; None for no bar.

    Returns:
        A float32 array of what the model makes of each image.
    """
    parts = []
    starts = range(0, len(pixels), BATCH)
    batch = np.zeros((BATCH, *pixels.shape[1:]), "float32")
    for start in show_progress(starts, name) if name else starts:
        if start % READ == 0:
            block = pixels[start : start + READ]
        part = block[start % READ : start % READ + BATCH]
        # The last batch is filled up: one of another size would build another graph.
        np.divide(part, 255, out=batch[: len(part)])
        parts.append(np.asarray(model.predict_on_batch(batch))[: len(part)])
    trim_heap()
    return np.concatenate(parts) if parts else np.empty((0, *model.output_shape[1:]), "float32")


class FeatureMaps:
    """The feature maps of images, each channel scaled, and the models around them.

    Args:
        features: A name from `FEATURES`, or a Keras model.
        pixels: uint8 `(n, height, width, channels)`, of which the maps are made.
        verbose: Whether a bar shows how far it is, bool. Default False.
        before: A function of the model that sees the images, called before it does; or None.

    Attributes:
        values: The maps, `(n, rows, columns, channels)` float32.
        shape: `(rows, columns, channels)`.
        name: What made them, str.
    """

    def __init__(self, features, pixels, verbose=False, before=None):
        self.name = features if isinstance(features, str) else features.name
        self._alone, self._model = feature_models(features, pixels.shape[1:])
        self._bar = "seeing images" if verbose else None
        if before is not None:
            before(self._model)
        maps = run_in_batches(self._model, pixels, self._bar)
        self._scaling = channel_scaling(maps)
        self._scaled = self._scaling(self._model.output)
        self.values = keras.ops.convert_to_numpy(self._scaling(maps))
        self.shape = self.values.shape[1:]

    def with_views(self, pixels, augmentation, seed):
        """Return the maps of images and of random views, `(n, 1 + views, *shape)` float16.

        The features are dear, so a few views of each image are drawn beforehand. Averaged with
        their mirror images, views would differ less, so each is seen alone.
        """
        rng = np.random.default_rng(seed)
        fit_in = MEMORY // (2 * max(1, self.values.size))
        n_views = int(np.clip(fit_in - 1, 1, VIEWS))
        maps = np.empty((len(pixels), 1 + n_views, *self.shape), np.float16)
        starts = range(0, len(pixels), CHUNK)
        for start in show_progress(starts, "drawing views") if self._bar else starts:
            chunk = pixels[start : start + CHUNK]
            for number in range(1 + n_views):
                views = as_uint8(augmentation(chunk, rng)) if number else chunk
                scaled = self._scaling(run_in_batches(self._alone, views))
                maps[start : start + CHUNK, number] = keras.ops.convert_to_numpy(scaled)
        return maps

    def scaled(self, encoder):
        """Return an encoder of maps, with each number that it makes scaled as the channels are."""
        scaling = channel_scaling(models.run(encoder, self.values))
        return keras.Model(encoder.input, scaling(encoder.output), name="encoder")

    def in_front_of(self, encoder):
        """Return the model from images to what an encoder of maps makes of them."""
        return keras.Model(self._model.input, encoder(self._scaled), name="encoder")

    def behind(self, network):
        """Return the part of a network, made from `in_front_of`, that begins with scaled maps."""
        return keras.Model(self._scaled, network.output)


@dataclass(frozen=True)
class MapViews(Contrastive):
    """Pull the maps of two views of an image together, views that were drawn beforehand."""

    temperature: float = 0.5

    def read(self, images):
        """Return the maps, from `FeatureMaps.with_views`."""
        return images

    def embedder(self, encoder, model):
        """Return the encoder without its projection, which overfits where images are few."""
        return encoder

    def batch(self, pixels, rng):
        """Make `(maps of two views, pair_numbers)` from `(n, views, rows, columns, channels)`."""
        n, views = pixels.shape[:2]
        first = rng.integers(0, views, n)
        second = (first + rng.integers(1, views, n)) % views
        everyone = np.arange(n)
        pairs = np.concatenate([pixels[everyone, first], pixels[everyone, second]])
        return pairs.astype("float32"), np.tile(everyone, 2)


def channel_scaling(maps):
    """Return the layer that brings each channel of maps to mean 0 and variance 1.

    A channel that never changes says nothing, and becomes 0.
    """
    flat = maps.reshape(-1, maps.shape[-1]).astype("float32")
    mean, variance = flat.mean(axis=0), flat.var(axis=0)
    variance = np.where(variance > 1e-6 * max(variance.max(), 1e-12), variance, 1e12)
    return keras.layers.Normalization(mean=mean.tolist(), variance=variance.tolist())
