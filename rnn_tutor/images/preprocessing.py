"""What is done to pictures before a network sees them: small steps over OpenCV, and their chain.

A step is a frozen dataclass that is called on one picture, uint8: RGB `(h, w, 3)` or grey `(h, w)`.
It gives another in the same form. Grey, Gradient, Canny and the thresholds always give grey levels.
`Preprocessing` does one step after the other, to a picture or to a whole `ImageSet`, and always
gives `(h, w, c)`. Notebook 01 explains each of them.
"""

from dataclasses import dataclass, replace

import numpy as np

from rnn_tutor._cv2 import cv2
from rnn_tutor._errors import TutorError

FULL = 255
TOLD = 200  # pictures between two calls of `progress`


def gradient(grey):
    """How fast the grey level changes from left to right, and from top to bottom.

    Args:
        grey: uint8 `(h, w)`.

    Returns:
        `(gx, gy)`, int16 `(h, w)` each, by the 3 x 3 kernels of Sobel.
    """
    return (
        cv2.Sobel(grey, cv2.CV_16S, 1, 0, borderType=cv2.BORDER_REPLICATE),
        cv2.Sobel(grey, cv2.CV_16S, 0, 1, borderType=cv2.BORDER_REPLICATE),
    )


def non_maximum_suppression(gx, gy):
    """Of each edge only the ridge: what is largest along its own gradient (Canny 1986, section VI).

    Args:
        gx, gy: `(h, w)`, a gradient.

    Returns:
        `(h, w)` int32: |gx| + |gy| on the ridges, else 0.
    """
    magnitude = np.abs(gx.astype(np.int32)) + np.abs(gy)
    angle = np.degrees(np.arctan2(gy, gx))
    sector = np.round(angle / 45).astype(int) % 4  # the gradient points to a side or to a corner
    height, width = magnitude.shape
    padded = np.pad(magnitude, 1)  # beyond the border nothing is larger
    ridge = np.zeros_like(magnitude)
    for which, (down, right) in enumerate([(0, 1), (1, 1), (1, 0), (1, -1)]):
        before = padded[1 - down : 1 - down + height, 1 - right : 1 - right + width]
        after = padded[1 + down : 1 + down + height, 1 + right : 1 + right + width]
        largest = (magnitude > before) & (magnitude >= after)  # of equals, the first
        ridge = np.where((sector == which) & largest, magnitude, ridge)
    return ridge


def hysteresis(ridge, low, high):
    """Ridges above `high`, and those above `low` that hang together with them (Canny 1986).

    Args:
        ridge: `(h, w)`, what `non_maximum_suppression` gives.
        low, high: of its magnitude; `high` is not below `low`.

    Returns:
        bool `(h, w)`.
    """
    _, pieces = cv2.connectedComponents((ridge > low).astype(np.uint8), connectivity=8)
    return np.isin(pieces, np.unique(pieces[ridge > high]))


def between_class_variance(grey):
    """How far apart a threshold puts the dark and the bright pixels, for every threshold.

    Otsu 1979, equation 18.

    Args:
        grey: uint8 `(h, w)`.

    Returns:
        float64 `(256,)`; at t, for "up to t" against "above t"; 0 where one side is empty.
    """
    share = np.bincount(grey.ravel(), minlength=256) / grey.size  # (256,), sums to 1
    dark = np.cumsum(share)  # share of pixels up to t
    part = np.cumsum(share * np.arange(256))  # what they add to the mean grey level
    gap = dark * part[-1] - part  # part[-1] is the mean of all
    both = dark * (1 - dark)
    return np.divide(gap**2, both, out=np.zeros(256), where=both > 1e-12)  # neither side empty


def otsu_threshold(grey):
    """The threshold that Otsu's method chooses for a picture; above it is white.

    Args:
        grey: uint8 `(h, w)`.
    """
    return int(between_class_variance(grey).argmax())


@dataclass(frozen=True)
class Noise:
    """Spoils a picture on purpose. amount: a standard deviation, where white is 1, or for
    "salt_and_pepper" the share of pixels that turn black or white. Each picture of a set is
    spoilt in its own way, decided by `seed` and its place; a picture alone like the first of a set.
    """

    kind: str = "gaussian"
    amount: float = 0.1
    seed: int = 0

    def __post_init__(self):
        if self.kind not in ("gaussian", "salt_and_pepper"):
            raise TutorError(f'Noise is "gaussian" or "salt_and_pepper"; not {self.kind!r}.')
        _check("amount", self.amount, 0, 1)

    def __call__(self, picture, index=0):
        rng = np.random.default_rng([self.seed, index])
        if self.kind == "gaussian":
            noise = FULL * self.amount * rng.standard_normal(picture.shape, np.float32)
            return np.clip(np.rint(picture + noise), 0, FULL).astype(np.uint8)
        chance = rng.random(picture.shape[:2])
        spoilt = picture.copy()
        spoilt[chance < self.amount] = 0
        spoilt[chance < self.amount / 2] = FULL
        return spoilt


@dataclass(frozen=True)
class Grey:
    """One channel, weighted as the eye weighs colours (ITU-R BT.601)."""

    def __call__(self, picture):
        return cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY) if _is_colour(picture) else picture


@dataclass(frozen=True)
class GaussianBlur:
    """A mean of the neighbours, the near ones counting more. sigma: its width in pixels."""

    sigma: float = 1.0

    def __post_init__(self):
        _check("sigma", self.sigma, 0.1, 100)

    def __call__(self, picture):
        return cv2.GaussianBlur(picture, (0, 0), self.sigma)


@dataclass(frozen=True)
class MedianBlur:
    """The median of a square. size: its side in pixels, odd."""

    size: int = 3

    def __post_init__(self):
        _check_odd("size", self.size, 1)

    def __call__(self, picture):
        return cv2.medianBlur(picture, self.size)


@dataclass(frozen=True)
class Bilateral:
    """A mean of those neighbours that look alike (Tomasi, Manduchi 1998): edges stay.

    diameter: of the neighbourhood, in pixels. sigma_colour: in grey levels. sigma_space: in pixels.
    """

    diameter: int = 5
    sigma_colour: float = 50.0
    sigma_space: float = 3.0

    def __post_init__(self):
        _check("diameter", self.diameter, 1, 51)

    def __call__(self, picture):
        return cv2.bilateralFilter(picture, self.diameter, self.sigma_colour, self.sigma_space)


@dataclass(frozen=True)
class NonLocalMeans:
    """A mean over places whose surroundings look alike (Buades, Coll, Morel 2005).

    strength: how different they may be, in grey levels. The most thorough filter here, and the
    slowest by far.
    """

    strength: float = 10.0

    def __post_init__(self):
        _check("strength", self.strength, 0, FULL)

    def __call__(self, picture):
        if _is_colour(picture):
            return cv2.fastNlMeansDenoisingColored(picture, None, self.strength, self.strength)
        return cv2.fastNlMeansDenoising(picture, None, self.strength)


@dataclass(frozen=True)
class Gradient:
    """The length of the gradient, |gx| + |gy|, such that the steepest possible edge is white."""

    def __call__(self, picture):
        gx, gy = gradient(_grey(picture))
        steepness = np.abs(gx).astype(np.float32) + np.abs(gy)
        return np.rint(steepness / 8).astype(np.uint8)  # no 3 x 3 Sobel pair exceeds 8 x 255


@dataclass(frozen=True)
class Canny:
    """Edges one pixel wide (Canny 1986). low, high: thresholds for |gx| + |gy|."""

    low: float = 50.0
    high: float = 150.0

    def __call__(self, picture):
        return cv2.Canny(_grey(picture), self.low, self.high)


@dataclass(frozen=True)
class Threshold:
    """White above `value`, a grey level; black up to it."""

    value: int = 128

    def __post_init__(self):
        _check("value", self.value, 0, FULL)

    def __call__(self, picture):
        return cv2.threshold(_grey(picture), self.value, FULL, cv2.THRESH_BINARY)[1]


@dataclass(frozen=True)
class Otsu:
    """White above the threshold that separates dark from bright best (Otsu 1979)."""

    def __call__(self, picture):
        return cv2.threshold(_grey(picture), 0, FULL, cv2.THRESH_BINARY | cv2.THRESH_OTSU)[1]


@dataclass(frozen=True)
class AdaptiveThreshold:
    """White above the mean of a square around each pixel, less `offset` grey levels.

    size: the square's side in pixels, odd, 3 or more.
    """

    size: int = 11
    offset: float = 2.0

    def __post_init__(self):
        _check_odd("size", self.size, 3)

    def __call__(self, picture):
        how = cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY
        return cv2.adaptiveThreshold(_grey(picture), FULL, *how, self.size, self.offset)


@dataclass(frozen=True)
class Resize:
    """Another size, in pixels; proportions may change.

    average: each new pixel is the mean of those that it replaces. Without it the nearest one is
    taken, and fine patterns turn into false ones (aliasing).
    """

    height: int = 28
    width: int = 28
    average: bool = True

    def __post_init__(self):
        _check("height", self.height, 1, 10_000)
        _check("width", self.width, 1, 10_000)

    def __call__(self, picture):
        how = cv2.INTER_AREA if self.average else cv2.INTER_NEAREST
        return cv2.resize(picture, (self.width, self.height), interpolation=how)


@dataclass(frozen=True)
class Stretch:
    """The darkest pixel becomes black, the brightest white; a picture of one level stays."""

    def __call__(self, picture):
        if picture.min() == picture.max():
            return picture
        return cv2.normalize(picture, None, 0, FULL, cv2.NORM_MINMAX)


STEPS = (
    Noise,
    Grey,
    GaussianBlur,
    MedianBlur,
    Bilateral,
    NonLocalMeans,
    Gradient,
    Canny,
    Stretch,
    Resize,
    Threshold,
    Otsu,
    AdaptiveThreshold,
)


@dataclass(frozen=True)
class Preprocessing:
    """One step after the other.

    Attributes:
        steps: the steps, in their order; none leaves pictures as they are.

    Raises:
        TutorError: something in `steps` cannot be called, such as a class without its brackets.
    """

    steps: tuple = ()

    def __post_init__(self):
        object.__setattr__(self, "steps", tuple(self.steps))
        for step in self.steps:
            if isinstance(step, type) or not callable(step):
                raise TutorError(f"A step is an object such as Grey() or Otsu(); not {step!r}.")

    def __call__(self, picture):
        """One picture, uint8 `(h, w)` or `(h, w, c)`; gives uint8 `(h, w, c)`."""
        for step in self.steps:
            picture = step(picture)
        return _with_channels(picture)

    def stages(self, picture):
        """`[(name, picture), ...]`: as it came, and after each step."""
        pictures = [("as it came", _with_channels(picture))]
        for step in self.steps:
            name = getattr(step, "__name__", type(step).__name__)  # a function has its own
            picture = step(picture)
            pictures.append((name, _with_channels(picture)))
        return pictures

    def apply(self, images, progress=None):
        """The same `ImageSet` with every picture preprocessed.

        Args:
            images: an `ImageSet`.
            progress: called as `progress(done, total)` now and then, and at the end; or None.
        """
        flat = images.shape[2] == 1  # what OpenCV gives for one channel has no axis for it
        pictures = images.pixels[..., 0] if flat else images.pixels
        changed = np.empty((len(images), *self(pictures[0]).shape), np.uint8)
        slots = changed[..., 0] if changed.shape[3] == 1 else changed
        for start in range(0, len(images), TOLD):
            end = min(start + TOLD, len(images))
            self._fill(slots, pictures, start, end)
            if progress:
                progress(end, len(images))
        return replace(images, pixels=changed)

    def _fill(self, slots, pictures, start, end):
        for i in range(start, end):
            picture = pictures[i]
            for step in self.steps:
                picture = step(picture, i) if type(step) is Noise else step(picture)
            slots[i] = picture


def _is_colour(picture):
    return picture.ndim == 3 and picture.shape[2] == 3


def _grey(picture):
    if _is_colour(picture):
        return cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    return picture


def _with_channels(picture):
    return picture if picture.ndim == 3 else picture[:, :, None]


def _check(name, value, low, high):
    if not low <= value <= high:
        raise TutorError(f"{name} is from {low} to {high}; received {value}.")


def _check_odd(name, value, low):
    if value < low or value % 2 == 0:
        raise TutorError(f"{name} is odd and at least {low}, to have a middle; received {value}.")
