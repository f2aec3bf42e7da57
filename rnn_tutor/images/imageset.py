"""A set of images of one size, or of one height and any widths, and what is known about them.

`files` finds images, `decoding` reads them, `datasets` has the named sets.
"""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image

from rnn_tutor._cv2 import cv2
from rnn_tutor._errors import NeedsLabels, TutorError, check_whole
from rnn_tutor._text import format_count

PADDING = -1.0  # of float images, right of where a strip ends: no image has a value below 0


@dataclass(frozen=True)
class SkippedFile:
    """A file that was not used, and why.

    Attributes:
        source: The file's name, str.
        reason: Why it was not used, str.
    """

    source: str
    reason: str


@dataclass(frozen=True, eq=False, repr=False)
class ImageSet:
    """Images of one size, or strips of one height and any widths, with labels or without.

    `images[key]` chooses images as NumPy does, `len(images)` counts them, `first + second` joins
    two sets, and `np.asarray(images)` gives the pixels.

    Strips lie in one array: each begins at the left, and past its width there is black up to the
    width of the widest. So all that counts, chooses and joins images serves strips as well.
    `list_of_pixels` gives each at its own width.

    Attributes:
        pixels: `(n, height, width, channels)` uint8, RGB (3 channels) or grey (1 channel).
        labels: `(n,)` int64, indices into `class_names`, -1 for an image without a label; None
            where no image has a label.
        class_names: The name of each class, a tuple of str. Default: "0", "1" and so on.
        sources: Where each image came from, a tuple of n str; or empty.
        name: Name of the set, str.
        is_test: `(n,)` bool, the split that the set came with; or None.
        skipped: A tuple with a `SkippedFile` for each file that was not used.
        notes: Sentences about files that were used, a tuple of str.
        origin: What the files were read from: an absolute path; or, of a list of paths, a dict
            from each name in `sources` to the absolute path. None where the images came from no
            file. `originals` finds the files again.
        strip_widths: `(n,)` int64, the width of each strip in pixels; None where all images are as
            wide as `pixels`.

    Raises:
        TutorError: The parts do not fit together.

    Example:
        >>> pixels = np.zeros((3, 28, 28, 1), np.uint8)
        >>> images = rt.ImageSet(pixels, [0, 1, -1], ("cat", "dog"))
        >>> images
        images: 3 images of 28 x 28 x 1, 2 classes (cat, dog), 1 without a label
        >>> images[images.is_labelled]
        images: 2 images of 28 x 28 x 1, 2 classes (cat, dog)
        >>> rt.ImageSet(pixels, strip_widths=[10, 28, 20])
        images: 3 images of 28 x (10 to 28) x 1, no labels
    """

    pixels: np.ndarray
    labels: np.ndarray | None = None
    class_names: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    name: str = "images"
    is_test: np.ndarray | None = None
    skipped: tuple[SkippedFile, ...] = ()
    notes: tuple[str, ...] = ()
    origin: str | dict[str, str] | None = None
    strip_widths: np.ndarray | None = None

    def __post_init__(self):
        pixels = self._checked_pixels()
        if pixels.ndim != 4 or pixels.shape[-1] not in (1, 3) or pixels.dtype != np.uint8:
            raise TutorError(
                "Expected pixels (n, height, width, channels) as uint8 with 1 or 3 channels, "
                f"received {pixels.shape} as {pixels.dtype}. load_images(array) makes them so."
            )
        if self.strip_widths is not None and len(pixels):
            widths = np.asarray(self.strip_widths, np.int64)
            low, high = widths.min(initial=pixels.shape[2]), widths.max(initial=0)
            if not 1 <= low <= high <= pixels.shape[2]:
                raise TutorError(
                    f"The widths of strips go from 1 to {pixels.shape[2]}, the width of the "
                    f"pixels; received {low} to {high}."
                )
            pixels = pixels[:, :, :high]  # as wide as the widest
            self._set(strip_widths=widths if low < high else None)
        self._set(pixels=pixels, class_names=tuple(self.class_names), sources=tuple(self.sources))
        if self.labels is not None:
            self._set(labels=np.asarray(self.labels, np.int64))
            top = int(self.labels.max(initial=-1)) + 1
            self._set(class_names=self.class_names or tuple(str(i) for i in range(top)))
            if top > len(self.class_names) or self.labels.min(initial=0) < -1:
                raise TutorError(f"The labels do not fit {len(self.class_names)} class names.")
        if self.is_test is not None:
            self._set(is_test=np.asarray(self.is_test, bool))
        for what in ("labels", "is_test", "sources", "strip_widths"):
            part = getattr(self, what)
            if part is not None and len(part) and len(part) != len(pixels):
                raise TutorError(f"{len(pixels)} pictures came with {len(part)} {what}.")
        if len(pixels) and not self.is_labelled.any():
            self._set(labels=None)

    # What a stream does in its own way, without reading: see `stream`.
    def _checked_pixels(self):
        return np.asarray(self.pixels)

    def _chosen_pixels(self, chosen):
        return self.pixels[chosen]

    def _joined_pixels(self, other):
        return np.concatenate(_equally_wide([self.pixels, other.pixels]))

    def _set(self, **parts):
        for key, part in parts.items():
            object.__setattr__(self, key, part)  # the way a frozen dataclass sets its own fields

    def __len__(self):
        return len(self.pixels)

    def __getitem__(self, key):
        """Return the chosen images as an ImageSet; an int gives a set of one."""
        chosen = np.atleast_1d(np.arange(len(self))[key])
        return replace(
            self,
            pixels=self._chosen_pixels(chosen),
            labels=None if self.labels is None else self.labels[chosen],
            sources=tuple(self.sources[i] for i in chosen) if self.sources else (),
            is_test=None if self.is_test is None else self.is_test[chosen],
            strip_widths=None if self.strip_widths is None else self.strip_widths[chosen],
        )

    def __array__(self, dtype=None, copy=None):
        """Return the pixels: `np.asarray(images)` is (n, height, width, channels) uint8.

        Strips have black past their end, up to the width of the widest.
        """
        return np.array(self.pixels, dtype=dtype, copy=copy)

    def __add__(self, other):
        """Return the images of both sets, which have the same classes, and the same shape.

        Strips need the same height only.
        """
        both, ragged = (self, other), self.is_ragged or other.is_ragged
        shapes = [s.pixels.shape[1::2] if ragged else s.shape for s in both]
        if shapes[0] != shapes[1] or self.class_names != other.class_names:
            raise TutorError(
                f"Two sets are joined where shape and classes are the same; here are {self.shape} "
                f"and {other.shape}, {self.class_names} and {other.class_names}."
            )
        parts = {"pixels": self._joined_pixels(other)}
        parts["strip_widths"] = np.concatenate([s.widths for s in both]) if ragged else None
        for what in ("labels", "is_test"):
            has = [getattr(part, what) is not None for part in both]
            parts[what] = np.concatenate([getattr(p, what) for p in both]) if all(has) else None
        both_named = self.sources and other.sources
        parts["sources"] = self.sources + other.sources if both_named else ()
        parts["origin"] = self.origin if self.origin == other.origin else None
        return replace(self, **parts)

    def __repr__(self):
        height, width, channels = self.shape
        width = f"({self.widths.min()} to {self.widths.max()})" if self.is_ragged else width
        text = f"{self.name}: {format_count(len(self), 'image')} of {height} x {width} x {channels}"
        if self.has_labels:
            names = ", ".join(self.class_names[:10]) + (", ..." if self.n_classes > 10 else "")
            text += f", {format_count(self.n_classes, 'class', 'classes')} ({names})"
            if not self.is_labelled.all():
                text += f", {(~self.is_labelled).sum():,} without a label"
        else:
            text += ", no labels"
        if self.skipped:
            text += f"; {format_count(len(self.skipped), 'file')} not used, see .report()"
        return text

    @property
    def shape(self):
        """(height, width, channels) of every image; the width is None where it varies."""
        height, width, channels = self.pixels.shape[1:]
        return height, None if self.is_ragged else width, channels

    @property
    def is_ragged(self):
        """Whether some images are wider than others."""
        return self.strip_widths is not None

    @property
    def widths(self):
        """The width of each image in pixels, (n,) int64."""
        if self.strip_widths is not None:
            return self.strip_widths
        return np.full(len(self), self.pixels.shape[2])

    @property
    def list_of_pixels(self):
        """The pixels of each image at its own width, a list of n `(height, width, channels)`."""
        return [image[:, :width] for image, width in zip(self.pixels, self.widths, strict=True)]

    @property
    def has_labels(self):
        """Whether any image has a label."""
        return self.labels is not None

    @property
    def is_labelled(self):
        """Which images have a label, (n,) bool: `images[images.is_labelled]` are those."""
        return np.zeros(len(self), bool) if self.labels is None else self.labels >= 0

    @property
    def class_of_each(self):
        """The name of each image's class, a list of n; None for an image without a label."""
        labels = [-1] * len(self) if self.labels is None else self.labels
        return [self.class_names[k] if k >= 0 else None for k in labels]

    @property
    def n_classes(self):
        """The number of classes; 0 without labels."""
        return len(self.class_names) if self.has_labels else 0

    def require_labels(self):
        """Return the images that have a label, and print how many are left out.

        Raises:
            NeedsLabels: Fewer than two classes have images.
        """
        known = self.is_labelled
        classes = set(self.labels[known].tolist()) if self.has_labels else set()
        if len(classes) < 2:
            has = f"only {self.class_names[classes.pop()]!r}" if classes else "none"
            raise NeedsLabels(
                f"This lesson is about labels, and {self.name} has {has}. Put the pictures into "
                "one sub-folder for each kind, or load a set that has labels, such as 'fashion5'."
            )
        if known.all():
            return self
        print(f"{format_count(int((~known).sum()), 'picture')} without a label left out.")
        return self[known]

    def without_labels(self):
        """Return the same images without their labels and class names."""
        return replace(self, labels=None, class_names=())

    def as_float(self):
        """Return the pixels as float32 `(n, height, width, channels)` in 0..1.

        Right of where a strip ends they are `PADDING`, -1, which no image has. So a network can
        tell silence from the end.
        """
        unit = np.divide(self.pixels, 255, dtype=np.float32)
        return pad(unit, self.widths) if self.is_ragged else unit

    def resized(self, height, width=None):
        """Return the images at another size in pixels.

        Args:
            height: In pixels, int.
            width: In pixels, int; proportions may change. Default: each image keeps its own.

        Returns:
            An ImageSet.
        """
        height = check_whole("height", height)
        if width is None:
            widths = np.round(self.widths * height / self.shape[0]).astype(int).clip(1)
        else:
            widths = np.full(len(self), check_whole("width", width))
        if height == self.shape[0] and (widths == self.widths).all():
            return self
        widest = widths.max(initial=1 if width is None else width)
        pixels = np.zeros((len(self), height, widest, self.shape[2]), np.uint8)
        for image, resized, own in zip(self.list_of_pixels, pixels, widths, strict=True):
            resized[:, :own] = resize(image, height, own)
        return replace(self, pixels=pixels, strip_widths=widths)

    def grey(self):
        """Return the images with one channel, weighted as `cv2.cvtColor` does."""
        if self.shape[2] == 1:
            return self
        grey = np.empty((*self.pixels.shape[:3], 1), np.uint8)
        for i, image in enumerate(self.pixels):
            grey[i, :, :, 0] = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
        return replace(self, pixels=grey)

    def colour(self):
        """Return the images with three channels."""
        return self if self.shape[2] == 3 else replace(self, pixels=self.pixels.repeat(3, axis=3))

    def sample(self, n, seed=0):
        """Return at most n images, drawn at random without replacement, in their old order.

        Args:
            n: How many images, int from 0.
            seed: Of the draw, int. Default 0.

        Returns:
            An ImageSet.
        """
        n = check_whole("n", n, at_least=0)
        return self if n >= len(self) else self[choose(len(self), n, seed)]

    def split(self, seed=0, test_size=0.2):
        """Return the training and the test part.

        The split that the set came with is used, where there is one. Otherwise `test_size` of each
        class is drawn at random, and at least one image for either part. A class of one image goes
        to the training part.

        Args:
            seed: int, of the random split. Default 0.
            test_size: Fraction of the images, between 0 and 1. Default 0.2.

        Returns:
            (train, test), two ImageSets.

        Raises:
            TutorError: There are fewer than two images.

        Example:
            >>> train, test = rt.load_images("digits", limit=100).split()
            >>> len(train), len(test)
            (80, 20)
        """
        if len(self) < 2 or not 0 < test_size < 1:
            raise TutorError(
                "A split needs two pictures or more and a test_size between 0 and 1; "
                f"received {format_count(len(self), 'picture')} and {test_size}."
            )
        is_test = self.is_test
        if is_test is None or is_test.all() or not is_test.any():
            is_test = self._drawn_split(np.random.default_rng(seed), test_size)
        return self[~is_test], self[is_test]

    def _drawn_split(self, rng, test_size):
        """Return `(n,)` bool; images without a label, -1, are split like a class of their own."""
        labels = np.zeros(len(self), int) if self.labels is None else self.labels
        if np.unique(labels, return_counts=True)[1].max() < 2:
            labels = np.zeros(len(self), int)  # every class has one image: they become one class
        is_test = np.zeros(len(self), bool)
        for label in np.unique(labels):
            members = rng.permutation(np.flatnonzero(labels == label))
            n = np.clip(round(test_size * len(members)), 1, max(1, len(members) - 1))
            is_test[members[:n]] = len(members) > 1
        return is_test

    def write(self, folder, names=None):
        """Write each image as a JPEG file into the sub-folder of its class.

        `load_images` reads the folder again; JPEG changes pixels a little.

        Args:
            folder: Path; made where it is missing. Files of the same names are replaced, others
                stay. Images without a label go into `folder` itself.
            names: The name of each file without `.jpg`, n str. Default: 0000, 0001 and so on.

        Returns:
            The folder, a Path.

        Raises:
            TutorError: A name or a class name would lead out of the folder.

        Example:
            >>> folder = rt.load_images("shapes", limit=5).write("drawn")
            >>> rt.load_images(folder)
            drawn: 5 images of 64 x 64 x 3, 5 classes (circle, cross, square, star, triangle)
        """
        folder = Path(folder)
        names = [f"{i:04d}" for i in range(len(self))] if names is None else list(names)
        if len(names) != len(self):
            raise TutorError(f"{len(self)} pictures came with {len(names)} names.")
        classes = [name or "" for name in self.class_of_each]
        for class_name, name in zip(classes, names, strict=True):
            if class_name in (".", "..") or {"/", "\\"} & {*class_name, *str(name)}:
                raise TutorError(
                    f"{class_name!r} and {str(name)!r} do not make a folder and a file."
                )
        for class_name, name, image in zip(
            classes, names, self.colour().list_of_pixels, strict=True
        ):
            path = folder / class_name / f"{name}.jpg"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(image).save(path, quality=90)
        return folder

    def report(self, at_most=20):
        """Return which files were not used and why, and what else is worth knowing, as text.

        Args:
            at_most: int, so many lines of each kind. Default 20.
        """
        lines = [f"{file.source}: {file.reason}" for file in self.skipped]
        if not lines and not self.notes:
            return "Everything could be read."
        heads = [f"{format_count(len(lines), 'file')} not used:"] if lines else []
        return "\n".join([*heads, *_shortened(lines, at_most), *_shortened(self.notes, at_most)])


def check_request(size, channels, limit, seed):
    """Return `size` as (height, width), or None; raise TutorError for settings that cannot be."""
    if size is not None:
        sides = tuple(size) if np.shape(size) == (2,) else (size, size)
        try:
            height, width = sides
            width = None if width is None else check_whole("size", width)  # None: any width
            size = check_whole("size", height), width
        except TutorError:
            raise TutorError(
                "size is a whole number of pixels, 1 or more, or two of them, (height, width); "
                f"received {size!r}."
            ) from None
    if isinstance(channels, bool) or channels not in (None, 1, 3):
        raise TutorError(f"channels is 1 (grey) or 3 (colour), not {channels!r}.")
    if limit is not None:
        check_whole("limit", limit)
    check_whole("seed", seed, at_least=0)
    return size


def choose(n, at_most, seed):
    """Return the sorted indices of `at_most` of n things, drawn without replacement."""
    return np.sort(np.random.default_rng(seed).choice(n, min(n, at_most), replace=False))


def resize(image, height, width):
    """Resize one image `(h, w, channels)`: averaged when shrunk, linear when enlarged."""
    shrinks = height <= image.shape[0] and width <= image.shape[1]
    how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    fours = np.split(image, range(4, image.shape[2], 4), axis=2)  # more OpenCV does not take
    return np.dstack([cv2.resize(four, (width, height), interpolation=how) for four in fours])


def fit(image, height, width):
    """Cut one image around its centre to the proportions asked for, then resize it."""
    h, w = image.shape[:2]
    tall, wide = min(h, round(w * height / width) or 1), min(w, round(h * width / height) or 1)
    top, left = (h - tall) // 2, (w - wide) // 2
    return resize(image[top : top + tall, left : left + wide], height, width)


def size_of_one(size, height, width):
    """Return (height, width) of one image at a size.

    Args:
        size: (height, width); with a width of None the image keeps its proportions.
        height, width: Of the image as it is, in pixels.
    """
    return size[0], size[1] or max(1, round(width * size[0] / height))


def pad(images, widths, padding=PADDING):
    """Overwrite what lies right of the end of each strip; return the same array.

    Args:
        images: `(n, height, width, channels)` float.
        widths: `(n,)` int, in pixels.
        padding: The value to write. Default `PADDING`, -1.
    """
    images[np.broadcast_to(past_end(widths, images.shape[2])[:, None, :], images.shape[:3])] = (
        padding
    )
    return images


def past_end(widths, width):
    """Return which of `width` columns lie past the end of each strip, `(n, width)` bool."""
    return np.arange(width) >= np.asarray(widths)[:, None]


def joined(pictures, dtype=np.uint8):
    """Put pictures of one height and any widths into one array, black past the end of each.

    Args:
        pictures: A list of n `(height, width, channels)`.
        dtype: Of the array. Default uint8.

    Returns:
        `(pixels, widths)`: `(n, height, widest, channels)` and `(n,)` int64.

    Example:
        >>> pixels, widths = joined([np.ones((8, 5, 1)), np.ones((8, 9, 1))])
        >>> pixels.shape, widths.tolist()
        ((2, 8, 9, 1), [5, 9])
    """
    widths = np.array([picture.shape[1] for picture in pictures])
    height, _, channels = pictures[0].shape
    pixels = np.zeros((len(pictures), height, widths.max(), channels), dtype)
    for strip, picture, width in zip(pixels, pictures, widths, strict=True):
        strip[:, :width] = picture
    return pixels, widths


def padded(pictures):
    """Put strips into one batch for a network, `PADDING` past the end of each.

    The width is a multiple of 16: few widths mean few graphs to build.

    Args:
        pictures: A list of n `(height, width, channels)`, uint8 or float in 0..1.

    Returns:
        `(n, height, width, channels)` float32.

    Example:
        >>> padded([np.ones((8, 5, 1)), np.ones((8, 19, 1))]).shape
        (2, 8, 32, 1)
    """
    widest = max(picture.shape[1] for picture in pictures)
    height, _, channels = pictures[0].shape
    batch = np.full((len(pictures), height, -(-widest // 16) * 16, channels), PADDING, np.float32)
    for strip, picture in zip(batch, pictures, strict=True):
        scale = 255 if picture.dtype == np.uint8 else 1
        np.divide(picture, scale, out=strip[:, : picture.shape[1]], casting="unsafe")
    return batch


def _equally_wide(arrays):
    missing = [max(other.shape[2] for other in arrays) - array.shape[2] for array in arrays]
    return [
        np.pad(array, ((0, 0), (0, 0), (0, n), (0, 0))) if n else array
        for array, n in zip(arrays, missing, strict=True)
    ]


def _shortened(lines, at_most):
    more = len(lines) - at_most
    return [*lines[:at_most], *([f"... and {more:,} more"] if more > 0 else [])]
