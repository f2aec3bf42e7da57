"""What is done to images before a network sees them: small steps over OpenCV, and their chain.

A step is a frozen dataclass. Call it on one image, uint8: RGB `(h, w, 3)` or grey `(h, w)`. It
returns another in the same form; Grey, Gradient, Canny and the thresholds always return grey
levels. `Preprocessing` does one step after the other, to an image or to a whole `ImageSet`, and
always returns `(h, w, c)`. Notebook 01 explains each step.
"""

from dataclasses import dataclass, replace

import numpy as np

from rnn_tutor._cv2 import cv2
from rnn_tutor._errors import TutorError, check_range
from rnn_tutor.images.imageset import joined

WHITE = 255
BLOCK = 200  # images between two calls of `progress`


def gradient(grey):
    """Measure how fast the grey level changes from left to right, and from top to bottom.

    Args:
        grey: `(h, w)` uint8.

    Returns:
        `(gx, gy)`, each `(h, w)` int16, by the 3 x 3 kernels of Sobel.

    Example:
        >>> step = np.repeat(np.array([[0, 0, 10, 10]], np.uint8), 3, axis=0)
        >>> gx, gy = rt.preprocessing.gradient(step)
        >>> gx[1], gy[1]
        (array([ 0, 40, 40,  0], dtype=int16), array([0, 0, 0, 0], dtype=int16))
    """
    return (
        cv2.Sobel(grey, cv2.CV_16S, 1, 0, borderType=cv2.BORDER_REPLICATE),
        cv2.Sobel(grey, cv2.CV_16S, 0, 1, borderType=cv2.BORDER_REPLICATE),
    )


def non_maximum_suppression(gx, gy):
    """Keep only the ridge of each edge: what is largest along its own gradient.

    Source: Canny (1986), section VI.

    Args:
        gx: `(h, w)`, the gradient from left to right.
        gy: `(h, w)`, the gradient from top to bottom.

    Returns:
        `(h, w)` int32: |gx| + |gy| on the ridges, else 0.

    Example:
        >>> gx = np.array([[0, 1, 3, 1]])
        >>> rt.preprocessing.non_maximum_suppression(gx, 0 * gx).tolist()
        [[0, 0, 3, 0]]
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
    """Keep ridges above `high`, and those above `low` that are connected with them.

    Source: Canny (1986), section VI.

    Args:
        ridge: `(h, w)`, as `non_maximum_suppression` returns it.
        low: Threshold for the magnitude.
        high: Threshold for the magnitude, not below `low`.

    Returns:
        `(h, w)` bool.

    Example:
        >>> rt.preprocessing.hysteresis(np.array([[9, 4, 0, 4]]), low=3, high=8).tolist()
        [[True, True, False, False]]
    """
    _, pieces = cv2.connectedComponents((ridge > low).astype(np.uint8), connectivity=8)
    return np.isin(pieces, np.unique(pieces[ridge > high]))


def between_class_variance(grey):
    """Measure, for every threshold, how far apart it puts the dark and the bright pixels.

    Source: Otsu (1979), equation 18.

    Args:
        grey: `(h, w)` uint8.

    Returns:
        `(256,)` float64; at t, for "up to t" against "above t"; 0 where one side is empty.

    Example:
        >>> variance = rt.preprocessing.between_class_variance(np.array([[0, 2]], np.uint8))
        >>> variance[:3].tolist()
        [1.0, 1.0, 0.0]
    """
    share = np.bincount(grey.ravel(), minlength=256) / grey.size  # (256,), sums to 1
    dark = np.cumsum(share)  # share of pixels up to t
    part = np.cumsum(share * np.arange(256))  # what they add to the mean grey level
    gap = dark * part[-1] - part  # part[-1] is the mean of all
    both = dark * (1 - dark)
    return np.divide(gap**2, both, out=np.zeros(256), where=both > 1e-12)  # neither side empty


def otsu_threshold(grey):
    """Choose the threshold of an image by Otsu's method (1979).

    Args:
        grey: `(h, w)` uint8.

    Returns:
        The threshold, int; above it is white.

    Example:
        >>> rt.preprocessing.otsu_threshold(np.array([[10, 20, 200, 210]], np.uint8))
        20
    """
    return int(between_class_variance(grey).argmax())


@dataclass(frozen=True)
class Noise:
    """Spoil an image on purpose.

    Each image of a set has its own noise, decided by `seed` and its place; an image alone has that
    of the first of a set.

    Args:
        kind: "gaussian" or "salt_and_pepper". Default "gaussian".
        amount: Standard deviation, where white is 1; or for "salt_and_pepper" the fraction of
            pixels that turn black or white. From 0 to 1. Default 0.1.
        seed: int. Default 0.

    Raises:
        TutorError: There is no such kind, or the amount is out of its range.

    Example:
        >>> rt.preprocessing.Noise("salt_and_pepper", 1)(np.full((1, 6), 128, np.uint8)).tolist()
        [[0, 255, 255, 255, 0, 0]]
    """

    kind: str = "gaussian"
    amount: float = 0.1
    seed: int = 0

    def __post_init__(self):
        if self.kind not in ("gaussian", "salt_and_pepper"):
            raise TutorError(f'Noise is "gaussian" or "salt_and_pepper"; not {self.kind!r}.')
        check_range("amount", self.amount, 0, 1)

    def __call__(self, picture, index=0):
        rng = np.random.default_rng([self.seed, index])
        if self.kind == "gaussian":
            noise = WHITE * self.amount * rng.standard_normal(picture.shape, np.float32)
            return np.clip(np.rint(picture + noise), 0, WHITE).astype(np.uint8)
        chance = rng.random(picture.shape[:2])
        spoilt = picture.copy()
        spoilt[chance < self.amount] = 0
        spoilt[chance < self.amount / 2] = WHITE
        return spoilt


@dataclass(frozen=True)
class Grey:
    """Keep one channel, weighted as the eye weighs colours (ITU-R BT.601).

    Example:
        >>> rt.preprocessing.Grey()(np.array([[[255, 0, 0], [0, 255, 0]]], np.uint8)).tolist()
        [[76, 150]]
    """

    def __call__(self, picture):
        return cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY) if _is_colour(picture) else picture


@dataclass(frozen=True)
class GaussianBlur:
    """Take a mean of the neighbours, in which near ones count more.

    Args:
        sigma: Width in pixels, from 0.1 to 100. Default 1.

    Example:
        >>> rt.preprocessing.GaussianBlur(0.5)(np.array([[0, 0, 255, 0, 0]], np.uint8)).tolist()
        [[0, 27, 201, 27, 0]]
    """

    sigma: float = 1.0

    def __post_init__(self):
        check_range("sigma", self.sigma, 0.1, 100)

    def __call__(self, picture):
        return cv2.GaussianBlur(picture, (0, 0), self.sigma)


@dataclass(frozen=True)
class MedianBlur:
    """Take the median of a square.

    Args:
        size: Side in pixels, odd. Default 3.

    Example:
        >>> rt.preprocessing.MedianBlur()(np.array([[7, 7, 255, 7, 7]], np.uint8)).tolist()
        [[7, 7, 7, 7, 7]]
    """

    size: int = 3

    def __post_init__(self):
        _check_odd("size", self.size, 1)

    def __call__(self, picture):
        return cv2.medianBlur(picture, self.size)


@dataclass(frozen=True)
class Bilateral:
    """Take a mean of those neighbours that look alike: edges stay (Tomasi, Manduchi 1998).

    Args:
        diameter: Of the neighbourhood, in pixels, from 1 to 51. Default 5.
        sigma_colour: How different a neighbour may be, in grey levels. Default 50.
        sigma_space: How far away it may be, in pixels. Default 3.

    Example:
        >>> edge = np.array([[0, 0, 0, 255, 255, 255]], np.uint8)
        >>> rt.preprocessing.Bilateral()(edge).tolist()
        [[0, 0, 0, 255, 255, 255]]
    """

    diameter: int = 5
    sigma_colour: float = 50.0
    sigma_space: float = 3.0

    def __post_init__(self):
        check_range("diameter", self.diameter, 1, 51)

    def __call__(self, picture):
        return cv2.bilateralFilter(picture, self.diameter, self.sigma_colour, self.sigma_space)


@dataclass(frozen=True)
class NonLocalMeans:
    """Take a mean over places whose surroundings look alike (Buades, Coll, Morel 2005).

    This is the most thorough filter here, and the slowest by far.

    Args:
        strength: How different the surroundings may be, in grey levels, from 0 to 255. Default 10.

    Example:
        >>> rt.preprocessing.NonLocalMeans()(np.full((8, 8), 9, np.uint8)).mean()
        np.float64(9.0)
    """

    strength: float = 10.0

    def __post_init__(self):
        check_range("strength", self.strength, 0, WHITE)

    def __call__(self, picture):
        if _is_colour(picture):
            return cv2.fastNlMeansDenoisingColored(picture, None, self.strength, self.strength)
        return cv2.fastNlMeansDenoising(picture, None, self.strength)


@dataclass(frozen=True)
class Gradient:
    """Draw the length of the gradient, |gx| + |gy|; the steepest possible edge is white.

    Example:
        >>> step = np.repeat(np.array([[0, 0, 255, 255]], np.uint8), 3, axis=0)
        >>> rt.preprocessing.Gradient()(step)[1].tolist()
        [0, 128, 128, 0]
    """

    def __call__(self, picture):
        gx, gy = gradient(_grey(picture))
        steepness = np.abs(gx).astype(np.float32) + np.abs(gy)
        return np.rint(steepness / 8).astype(np.uint8)  # no 3 x 3 Sobel pair exceeds 8 x 255


@dataclass(frozen=True)
class Canny:
    """Draw edges one pixel wide (Canny (1986)).

    Args:
        low: Threshold for |gx| + |gy| of a weak edge. Default 50.
        high: Threshold of a strong edge; weak ones count where they touch it. Default 150.

    Example:
        >>> step = np.repeat(np.array([[0, 0, 255, 255]], np.uint8), 4, axis=0)
        >>> rt.preprocessing.Canny()(step)[1].tolist()
        [0, 255, 0, 0]
    """

    low: float = 50.0
    high: float = 150.0

    def __call__(self, picture):
        return cv2.Canny(_grey(picture), self.low, self.high)


@dataclass(frozen=True)
class Threshold:
    """Make pixels white above a grey level, and black up to it.

    Args:
        value: Grey level from 0 to 255. Default 128.

    Example:
        >>> rt.preprocessing.Threshold(100)(np.array([[100, 101]], np.uint8)).tolist()
        [[0, 255]]
    """

    value: int = 128

    def __post_init__(self):
        check_range("value", self.value, 0, WHITE)

    def __call__(self, picture):
        return cv2.threshold(_grey(picture), self.value, WHITE, cv2.THRESH_BINARY)[1]


@dataclass(frozen=True)
class Otsu:
    """Make pixels white above the threshold that separates dark from bright best (Otsu (1979)).

    Example:
        >>> rt.preprocessing.Otsu()(np.array([[10, 20, 200, 210]], np.uint8)).tolist()
        [[0, 0, 255, 255]]
    """

    def __call__(self, picture):
        return cv2.threshold(_grey(picture), 0, WHITE, cv2.THRESH_BINARY | cv2.THRESH_OTSU)[1]


@dataclass(frozen=True)
class AdaptiveThreshold:
    """Make pixels white above the mean of a square around each, less `offset`.

    Args:
        size: Side of the square in pixels, odd, 3 or more. Default 11.
        offset: Grey levels. Default 2.

    Example:
        >>> rt.preprocessing.AdaptiveThreshold(3)(np.array([[9, 9, 0, 9]], np.uint8)).tolist()
        [[255, 255, 0, 255]]
    """

    size: int = 11
    offset: float = 2.0

    def __post_init__(self):
        _check_odd("size", self.size, 3)

    def __call__(self, picture):
        how = cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY
        return cv2.adaptiveThreshold(_grey(picture), WHITE, *how, self.size, self.offset)


@dataclass(frozen=True)
class Resize:
    """Change the size; proportions may change.

    Args:
        height: Pixels, from 1 to 10,000. Default 28.
        width: Pixels, from 1 to 10,000. Default 28.
        average: True makes each new pixel the mean of those that it replaces. False takes the
            nearest pixel, and fine patterns turn into false ones (aliasing). Default True.

    Example:
        >>> rt.preprocessing.Resize(1, 2)(np.array([[0, 2, 5, 7]], np.uint8)).tolist()
        [[1, 6]]
    """

    height: int = 28
    width: int = 28
    average: bool = True

    def __post_init__(self):
        check_range("height", self.height, 1, 10_000)
        check_range("width", self.width, 1, 10_000)

    def __call__(self, picture):
        how = cv2.INTER_AREA if self.average else cv2.INTER_NEAREST
        return cv2.resize(picture, (self.width, self.height), interpolation=how)


@dataclass(frozen=True)
class Stretch:
    """Make the darkest pixel black and the brightest white; an image of one level stays.

    Example:
        >>> rt.preprocessing.Stretch()(np.array([[50, 70, 100]], np.uint8)).tolist()
        [[0, 102, 255]]
    """

    def __call__(self, picture):
        if picture.min() == picture.max():
            return picture
        return cv2.normalize(picture, None, 0, WHITE, cv2.NORM_MINMAX)


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
    """Do one step after the other.

    Args:
        steps: The steps in their order. Default: none, which leaves images as they are.

    Raises:
        TutorError: Something in `steps` cannot be called, such as a class without its brackets.

    Example:
        >>> steps = rt.Preprocessing([rt.preprocessing.Grey(), rt.preprocessing.Otsu()])
        >>> steps(np.zeros((28, 28, 3), np.uint8)).shape
        (28, 28, 1)
        >>> steps.apply(rt.load_images("shapes", limit=10))
        shapes: 10 images of 64 x 64 x 1, 5 classes (circle, square, triangle, star, cross)
    """

    steps: tuple = ()

    def __post_init__(self):
        object.__setattr__(self, "steps", tuple(self.steps))
        for step in self.steps:
            if isinstance(step, type) or not callable(step):
                raise TutorError(f"A step is an object such as Grey() or Otsu(); not {step!r}.")

    def __call__(self, picture):
        """Return one image preprocessed, `(h, w, c)` uint8, from `(h, w)` or `(h, w, c)` uint8."""
        for step in self.steps:
            picture = step(picture)
        return _with_channels(picture)

    def stages(self, picture):
        """Return an image as it came and after each step.

        Args:
            picture: `(h, w)` or `(h, w, c)` uint8.

        Returns:
            `[(name, (h, w, c) uint8), ...]`, a pair for each step and one before them.
        """
        pictures = [("as it came", _with_channels(picture))]
        for step in self.steps:
            name = getattr(step, "__name__", type(step).__name__)  # a function has its own
            picture = step(picture)
            pictures.append((name, _with_channels(picture)))
        return pictures

    def apply(self, images, progress=None):
        """Do the steps on every image of a set.

        Args:
            images: An `ImageSet`.
            progress: Called as `progress(done, total)` now and then, and at the end; or None.

        Returns:
            Another `ImageSet`.
        """
        flat = images.shape[2] == 1  # OpenCV's images of one channel have no axis for it
        pictures = images.pixels[..., 0] if flat else images.pixels
        if images.is_ragged:
            pictures = [picture[..., 0] if flat else picture for picture in images.list_of_pixels]
            changed = [None] * len(images)
        else:
            changed = np.empty((len(images), *self(pictures[0]).shape), np.uint8)
        for i, picture in enumerate(pictures):
            for step in self.steps:
                picture = step(picture, i) if type(step) is Noise else step(picture)
            changed[i] = _with_channels(picture)
            if progress and ((i + 1) % BLOCK == 0 or i + 1 == len(images)):
                progress(i + 1, len(images))
        pixels, widths = joined(changed) if images.is_ragged else (changed, None)
        return replace(images, pixels=pixels, strip_widths=widths)


def _is_colour(picture):
    return picture.ndim == 3 and picture.shape[2] == 3


def _grey(picture):
    if _is_colour(picture):
        return cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    return picture


def _with_channels(picture):
    return picture if picture.ndim == 3 else picture[:, :, None]


def _check_odd(name, value, low):
    if value < low or value % 2 == 0:
        raise TutorError(f"{name} is odd and at least {low}, to have a middle; received {value}.")
