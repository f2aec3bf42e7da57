"""Random views: the same image as it might also have been.

What may change in an image without changing its class is the user's knowledge, not the network's:
a mirrored shoe is a shoe, a mirrored 2 is no digit. `PRESETS` names the usual cases.
"""

from dataclasses import dataclass

import numpy as np

from rnn_tutor._cv2 import cv2
from rnn_tutor._errors import TutorError, check_range
from rnn_tutor.images.arrays import as_pixels
from rnn_tutor.images.imageset import ImageSet
from rnn_tutor.images.strip_views import StripAugmentation as StripAugmentation


@dataclass(frozen=True)
class Augmentation:
    """Draw random views of images, which stray at most so far from them.

    Each change is drawn uniformly, for each image anew. All defaults are 0: no change.

    Args:
        rotation: Degrees, either way; at most 180.
        zoom: 0.15 means 15 % smaller to 15 % larger (uniform in the logarithm); at most 2.
        stretch: 0.3 means up to 30 % narrower or wider, the height as it was; at most 1.
        shear: 0.25 shifts the bottom row sideways by a quarter of the height; at most 1.
        shift: Fraction of the image's width and height; at most 1.
        mirror: Whether left and right may be swapped, bool.
        brightness: 0.3 means values times exp(-0.3) to exp(0.3); at most 3.
        contrast: Gamma from exp(-0.3) to exp(0.3) for 0.3; at most 3.
        erase: Probability that a rectangle is overwritten with a random grey.
        noise: Standard deviation of Gaussian noise, where white is 1; at most 1.

    Raises:
        TutorError: A value is not a number, below 0 or above its largest value.

    Example:
        >>> images = rt.load_images("digits", limit=5)
        >>> views = rt.Augmentation(rotation=15, noise=0.1)(images, np.random.default_rng(0))
        >>> views.shape, views.dtype
        ((5, 8, 8, 1), dtype('float32'))
    """

    rotation: float = 0.0
    zoom: float = 0.0
    stretch: float = 0.0
    shear: float = 0.0
    shift: float = 0.0
    mirror: bool = False
    brightness: float = 0.0
    contrast: float = 0.0
    erase: float = 0.0
    noise: float = 0.0

    def __post_init__(self):
        for name in ("stretch", "shear", "shift", "erase", "noise"):
            check_range(name, getattr(self, name), 0, 1)
        check_range("zoom", self.zoom, 0, 2)
        check_range("rotation", self.rotation, 0, 180)
        check_range("brightness", self.brightness, 0, 3)
        check_range("contrast", self.contrast, 0, 3)
        if not isinstance(self.mirror, bool | np.bool_):
            raise TutorError(f"mirror must be True or False; received {self.mirror!r}.")

    def __call__(self, pixels, rng):
        """Draw one view of each image.

        Args:
            pixels: An `ImageSet`, or `(n, height, width, channels)`, uint8 or float in 0..1.
            rng: A `numpy.random.Generator`; the same state gives the same views.

        Returns:
            `(n, height, width, channels)` float32 in 0..1.

        Raises:
            TutorError: They are not images of one size.
        """
        pixels = as_pixels(pixels)
        pixels = pixels if pixels.dtype == np.uint8 else pixels.astype("float32")  # as OpenCV reads
        views = self._tone(self._move(pixels, rng), rng)
        self._erase(views, rng)
        if self.noise:
            views += self.noise * rng.standard_normal(views.shape, dtype="float32")
        return np.clip(views, 0, 1, out=views)

    def _move(self, pixels, rng):
        """Rotate, zoom, shear, shift and mirror by one affine map, so that pixels blur only once.

        What comes in from outside the image repeats its border.
        """
        matrices = self._matrices(len(pixels), *pixels.shape[1:3], rng)
        size = pixels.shape[2], pixels.shape[1]  # OpenCV counts width first
        moved = np.empty_like(pixels)
        for view, picture, matrix in zip(moved, pixels, matrices, strict=True):
            warped = cv2.warpAffine(picture, matrix, size, borderMode=cv2.BORDER_REPLICATE)
            view[:] = warped.reshape(view.shape)  # OpenCV drops a single channel's axis
        return moved

    def _matrices(self, n, height, width, rng):
        """Draw `(n, 2, 3)` affine maps about each image's centre."""
        angle, zoom, shear, right, down = rng.uniform(-1, 1, (5, n))
        angle, zoom = np.radians(self.rotation) * angle, np.exp(np.log1p(self.zoom) * zoom)
        flip = np.where(rng.random(n) < 0.5, -1.0, 1.0) if self.mirror else np.ones(n)
        cos, sin = zoom * np.cos(angle), zoom * np.sin(angle)
        linear = np.stack([cos * flip, cos * self.shear * shear - sin, sin * flip, cos], axis=1)
        linear = linear.reshape(n, 2, 2)
        if self.stretch:
            linear[:, :, 0] *= np.exp(np.log1p(self.stretch) * rng.uniform(-1, 1, (n, 1)))
        centre = np.array([(width - 1) / 2, (height - 1) / 2])
        moved = centre + self.shift * np.stack([right * width, down * height], axis=1)
        offset = moved - linear @ centre
        return np.concatenate([linear, offset[:, :, None]], axis=2)

    def _tone(self, pixels, rng):
        """Change contrast and brightness; return float32 of the same shape, not yet clipped."""
        of_bytes, changes = pixels.dtype == np.uint8, self.contrast or self.brightness
        # A byte has 256 values: a power for each of them costs less than one for each pixel.
        if not (of_bytes and changes and pixels[:1].size > 256):
            return self._curves(pixels.astype("float32") * (1 / 255 if of_bytes else 1), rng)
        greys = np.arange(256, dtype="float32") * (1 / 255)
        tables = self._curves(np.tile(greys, (len(pixels), 1, 1, 1)), rng)[:, 0, 0]  # (n, 256)
        views = np.empty(pixels.shape, "float32")
        for view, picture, table in zip(views, pixels, tables, strict=True):
            table.take(picture, out=view, mode="clip")  # mode "raise" would make a copy
        return views

    def _curves(self, values, rng):
        """Change each image's values by its own gamma and gain; `values` has four axes."""
        per_picture = (len(values), 1, 1, 1)
        if self.contrast:
            values = values ** np.exp(rng.uniform(-self.contrast, self.contrast, per_picture))
        if self.brightness:
            values = values * np.exp(rng.uniform(-self.brightness, self.brightness, per_picture))
        return np.asarray(values, "float32")

    def _erase(self, views, rng):
        """Overwrite a rectangle of 15 to 40 % of each side (Zhong et al. 2020, random erasing)."""
        height, width = views.shape[1:3]
        for i in np.flatnonzero(rng.random(len(views)) < self.erase):
            tall, wide = (rng.uniform(0.15, 0.4, 2) * (height, width)).astype(int) + 1
            top, left = rng.integers(0, height - tall + 1), rng.integers(0, width - wide + 1)
            views[i, top : top + tall, left : left + wide] = rng.random()


PRESETS = {
    "none": Augmentation(),
    "digits": Augmentation(rotation=15, zoom=0.2, shear=0.3, shift=0.07, erase=0.3),
    "clothes": Augmentation(
        rotation=15,
        zoom=0.15,
        stretch=0.35,
        shear=0.2,
        shift=0.06,
        mirror=True,
        brightness=0.4,
        contrast=0.3,
        erase=0.5,
    ),
    "objects": Augmentation(
        rotation=15,
        zoom=0.25,
        shear=0.1,
        shift=0.1,
        mirror=True,
        brightness=0.4,
        contrast=0.3,
        erase=0.3,
    ),
}

# Views of another width than the image: only for networks that read any width.
PRESETS_OF_STRIPS = {
    "strips": StripAugmentation(
        pauses=0.8,
        tempo=0.3,
        stretch=0.2,
        shift=0.07,
        brightness=0.25,
        contrast=0.25,
        blank=0.1,
        noise=0.05,
    ),
}


TURNS = ("upright", "quarter turn left", "upside down", "quarter turn right")


def with_classes(images, limit=1000, seed=0):
    """Return the labelled images of two classes or more; else turned copies, classed by the turn.

    So a network can learn a task from images that nobody has labelled.

    Args:
        images: An ImageSet, square where it has fewer than two classes.
        limit: The most images that are turned, int. Each gives four copies. Default 1000.
        seed: Which images are turned, int. Default 0.

    Returns:
        Those of `images` that have a label, or an ImageSet with the classes of `TURNS`.

    Raises:
        TutorError: The images have fewer than two classes and are not square.

    Example:
        >>> images = rt.load_images("digits", limit=10).without_labels()
        >>> rt.augmentation.with_classes(images, limit=5).class_names
        ('upright', 'quarter turn left', 'upside down', 'quarter turn right')

    Source:
        Gidaris, Singh, Komodakis (2018), section 2.
    """
    if images.n_classes > 1:
        return images if images.is_labelled.all() else images[images.is_labelled]
    height, width = images.shape[:2]
    if height != width:
        raise TutorError(
            f"Expected square images to turn; got {height} x {width} pixels. Make them square "
            f"first: images.resized({height}, {height})."
        )
    pixels = images.sample(limit, seed=seed).pixels
    turned = [np.rot90(pixels, quarter, axes=(1, 2)) for quarter in range(4)]
    return ImageSet(np.concatenate(turned), np.repeat(range(4), len(pixels)), TURNS)


def preset(name):
    """Return the `Augmentation` of a name.

    Args:
        name: A key of `PRESETS`: "none", "digits", "clothes" or "objects"; or of
            `PRESETS_OF_STRIPS`: "strips"; or an `Augmentation`, a `StripAugmentation`, or any
            function of pixels and a random generator, which is returned as it is.

    Raises:
        TutorError: No preset has that name.

    Example:
        >>> rt.augmentation.preset("digits").rotation
        15
    """
    if callable(name):
        return name
    presets = PRESETS | PRESETS_OF_STRIPS
    if not isinstance(name, str) or name not in presets:
        names = ", ".join(presets)
        raise TutorError(
            f"There is no augmentation preset {name!r}. There are: {names}; an Augmentation will do"
            " too, or a function of pixels and a random generator."
        )
    return presets[name]
