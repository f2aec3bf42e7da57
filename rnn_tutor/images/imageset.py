"""A set of pictures of one size, and what is known about them.

How pictures are read from files stands in `files`; which sets exist, in `datasets`.
"""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image

from rnn_tutor._cv2 import cv2
from rnn_tutor._errors import NeedsLabels, TutorError


@dataclass(frozen=True)
class SkippedFile:
    """A file that was not used, and why."""

    source: str
    reason: str


@dataclass(frozen=True, eq=False, repr=False)
class ImageSet:
    """Pictures of one size, with labels or without.

    pixels: (n, height, width, channels) uint8, RGB (3 channels) or grey (1 channel).
    labels: (n,) int64, places in `class_names`, -1 for an image without a label; or None where
    no image has one.
    sources: where each picture came from. is_test: (n,) bool, the split the set came with; or None.
    refused: a `SkippedFile` for each file not used; notes: sentences about those that were.
    Raises TutorError where the parts do not fit together.
    """

    pixels: np.ndarray
    labels: np.ndarray | None = None
    class_names: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    name: str = "images"
    is_test: np.ndarray | None = None
    refused: tuple[SkippedFile, ...] = ()
    notes: tuple[str, ...] = ()

    def __post_init__(self):
        pixels = np.asarray(self.pixels)
        if pixels.ndim != 4 or pixels.shape[-1] not in (1, 3) or pixels.dtype != np.uint8:
            raise TutorError(
                "Expected pixels (n, height, width, channels) as uint8 with 1 or 3 channels, "
                f"received {pixels.shape} as {pixels.dtype}. load_images(array) makes them so."
            )
        self._set(pixels=pixels, class_names=tuple(self.class_names), sources=tuple(self.sources))
        if self.labels is not None:
            self._set(labels=np.asarray(self.labels, np.int64))
            top = int(self.labels.max(initial=-1)) + 1
            self._set(class_names=self.class_names or tuple(str(i) for i in range(top)))
            if top > len(self.class_names) or self.labels.min(initial=0) < -1:
                raise TutorError(f"The labels do not fit {len(self.class_names)} class names.")
        if self.is_test is not None:
            self._set(is_test=np.asarray(self.is_test, bool))
        for what in ("labels", "is_test", "sources"):
            part = getattr(self, what)
            if part is not None and len(part) and len(part) != len(pixels):
                raise TutorError(f"{len(pixels)} pictures came with {len(part)} {what}.")
        if len(pixels) and not self.is_labelled.any():
            self._set(labels=None)

    def _set(self, **parts):
        for key, part in parts.items():
            object.__setattr__(self, key, part)  # the way a frozen dataclass sets its own fields

    def __len__(self):
        return len(self.pixels)

    def __getitem__(self, key):
        """Return the chosen pictures as an ImageSet; an int gives a set of one."""
        chosen = np.atleast_1d(np.arange(len(self))[key])
        return replace(
            self,
            pixels=self.pixels[chosen],
            labels=None if self.labels is None else self.labels[chosen],
            sources=tuple(self.sources[i] for i in chosen) if self.sources else (),
            is_test=None if self.is_test is None else self.is_test[chosen],
        )

    def __array__(self, dtype=None, copy=None):
        """Return the pixels: `np.asarray(images)` is (n, height, width, channels) uint8."""
        return np.array(self.pixels, dtype=dtype, copy=copy)

    def __add__(self, other):
        """Return the pictures of both sets, those of `other` last; shape and classes are one."""
        if self.shape != other.shape or self.class_names != other.class_names:
            raise TutorError(
                f"Two sets are joined where shape and classes are the same; here are {self.shape} "
                f"and {other.shape}, {self.class_names} and {other.class_names}."
            )
        both, parts = (self, other), {"pixels": np.concatenate([self.pixels, other.pixels])}
        for what in ("labels", "is_test"):
            has = [getattr(part, what) is not None for part in both]
            parts[what] = np.concatenate([getattr(p, what) for p in both]) if all(has) else None
        both_named = self.sources and other.sources
        parts["sources"] = self.sources + other.sources if both_named else ()
        return replace(self, **parts)

    def __repr__(self):
        height, width, channels = self.shape
        names = ", ".join(self.class_names[:10]) + (", ..." if self.n_classes > 10 else "")
        kinds = f"{count(self.n_classes, 'class')} ({names})" if self.has_labels else "no labels"
        if self.has_labels and not self.is_labelled.all():
            kinds += f", {(~self.is_labelled).sum():,} without a label"
        text = (
            f"{self.name}: {count(len(self), 'image')} of {height} x {width} x {channels}, {kinds}"
        )
        if self.refused:
            text += f"; {count(len(self.refused), 'file')} not used, see .report()"
        return text

    @property
    def shape(self):
        """(height, width, channels) of every picture."""
        return self.pixels.shape[1:]

    @property
    def has_labels(self):
        return self.labels is not None

    @property
    def is_labelled(self):
        """Which images have a label, (n,) bool: `images[images.is_labelled]` are those."""
        return np.zeros(len(self), bool) if self.labels is None else self.labels >= 0

    @property
    def kinds(self):
        """The name of each picture's class, a list of n; None for a picture without a label."""
        labels = [-1] * len(self) if self.labels is None else self.labels
        return [self.class_names[k] if k >= 0 else None for k in labels]

    @property
    def n_classes(self):
        """The number of classes; 0 without labels."""
        return len(self.class_names) if self.has_labels else 0

    def require_labels(self):
        """Return the pictures that have a label, and print how many are left out.

        Raises NeedsLabels for fewer than two classes.
        """
        known = np.zeros(len(self), bool) if self.labels is None else self.labels >= 0
        classes = set() if self.labels is None else set(self.labels[known].tolist())
        if len(classes) < 2:
            has = f"only {self.class_names[classes.pop()]!r}" if classes else "none"
            raise NeedsLabels(
                f"This lesson is about labels, and {self.name} has {has}. Put the pictures into "
                "one sub-folder for each kind, or load a set that has labels, such as 'fashion5'."
            )
        if known.all():
            return self
        print(f"{count(int((~known).sum()), 'picture')} without a label left out.")
        return self[known]

    def without_labels(self):
        """Return the same pictures with their labels forgotten."""
        return replace(self, labels=None, class_names=())

    def as_float(self):
        """Return the pixels as float32 (n, height, width, channels) in 0..1."""
        return np.divide(self.pixels, 255, dtype=np.float32)

    def resized(self, height, width):
        """Return the pictures at another size in pixels; proportions may change."""
        height, width = whole(height, "height"), whole(width, "width")
        if (height, width) == self.shape[:2]:
            return self
        pixels = np.empty((len(self), height, width, self.shape[2]), np.uint8)
        for i, picture in enumerate(self.pixels):
            pixels[i] = resize(picture, height, width)
        return replace(self, pixels=pixels)

    def grey(self):
        """Return the pictures with one channel, weighted as `cv2.cvtColor` does."""
        if self.shape[2] == 1:
            return self
        grey = np.empty((*self.pixels.shape[:3], 1), np.uint8)
        for i, picture in enumerate(self.pixels):
            grey[i, :, :, 0] = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
        return replace(self, pixels=grey)

    def colour(self):
        """Return the pictures with three channels."""
        return self if self.shape[2] == 3 else replace(self, pixels=self.pixels.repeat(3, axis=3))

    def sample(self, n, seed=0):
        """Return at most n pictures, drawn without replacement, in their old order."""
        return self if whole(n, "n", least=0) >= len(self) else self[choose(len(self), n, seed)]

    def split(self, seed=0, test_size=0.2):
        """Return (train, test): the split the set came with, or a random one.

        test_size is a fraction. Of each class that fraction is drawn, and at least one picture
        for either part; a class of one picture goes to the training part.
        Raises TutorError for fewer than two pictures.
        """
        if len(self) < 2 or not 0 < test_size < 1:
            raise TutorError(
                "A split needs two pictures or more and a test_size between 0 and 1; "
                f"received {count(len(self), 'picture')} and {test_size}."
            )
        is_test = self.is_test
        if is_test is None or is_test.all() or not is_test.any():
            is_test = self._drawn_split(np.random.default_rng(seed), test_size)
        return self[~is_test], self[is_test]

    def _drawn_split(self, rng, test_size):
        # Images without a label, -1, are split like a class of their own.
        labels = np.zeros(len(self), int) if self.labels is None else self.labels
        if np.unique(labels, return_counts=True)[1].max() < 2:
            # Every class has one picture: treat them as one class.
            labels = np.zeros(len(self), int)
        is_test = np.zeros(len(self), bool)
        for label in np.unique(labels):
            members = rng.permutation(np.flatnonzero(labels == label))
            count = np.clip(round(test_size * len(members)), 1, max(1, len(members) - 1))
            is_test[members[:count]] = len(members) > 1
        return is_test

    def write(self, folder, names=None):
        """Write each picture as a JPEG file into the sub-folder of its class.

        folder: where; made if it is not there. Files of the same names are written over, others
        stay. names: one for each picture, without `.jpg`; None numbers them in their order, 0000
        onwards. Images without a label lie in `folder` itself.
        Returns the folder's path. `load_images` reads it again; JPEG changes pixels a little.
        Raises TutorError where a name or a class's name would lead out of the folder.
        """
        folder = Path(folder)
        names = [f"{i:04d}" for i in range(len(self))] if names is None else list(names)
        if len(names) != len(self):
            raise TutorError(f"{len(self)} pictures came with {len(names)} names.")
        kinds = [kind or "" for kind in self.kinds]
        for kind, name in zip(kinds, names, strict=True):
            if kind in (".", "..") or {"/", "\\"} & {*kind, *str(name)}:
                raise TutorError(f"{kind!r} and {str(name)!r} do not make a folder and a file.")
        for kind, name, picture in zip(kinds, names, self.colour().pixels, strict=True):
            path = folder / kind / f"{name}.jpg"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(picture).save(path, quality=90)
        return folder

    def report(self, at_most=20):
        """Return as text which files were not used and why, and what is worth knowing."""
        lines = [f"{r.source}: {r.reason}" for r in self.refused]
        if not lines and not self.notes:
            return "Everything could be read."
        heads = [f"{count(len(lines), 'file')} not used:"] if lines else []
        return "\n".join([*heads, *_shortened(lines, at_most), *_shortened(self.notes, at_most)])


def whole(value, name, least=1):
    """Return a whole number of at least `least` as int; raise TutorError for anything else."""
    is_whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if not is_whole or value < least:
        raise TutorError(f"{name} is a whole number, {least} or more, not {value!r}.")
    return int(value)


def check_request(size, channels, limit, seed):
    """Return size as (height, width) or None; raise TutorError for settings that cannot be."""
    if size is not None:
        sides = tuple(size) if np.shape(size) == (2,) else (size, size)
        try:
            size = tuple(whole(side, "size") for side in sides)
        except TutorError:
            raise TutorError(
                "size is a whole number of pixels, 1 or more, or two of them, (height, width); "
                f"received {size!r}."
            ) from None
    if isinstance(channels, bool) or channels not in (None, 1, 3):
        raise TutorError(f"channels is 1 (grey) or 3 (colour), not {channels!r}.")
    if limit is not None:
        whole(limit, "limit")
    whole(seed, "seed", least=0)
    return size


def choose(n, at_most, seed):
    """Return the sorted places of `at_most` of n things, drawn without replacement."""
    return np.sort(np.random.default_rng(seed).choice(n, min(n, at_most), replace=False))


def resize(picture, height, width):
    """Return one picture (height, width, channels): averaged when shrunk, linear when enlarged."""
    shrinks = height <= picture.shape[0] and width <= picture.shape[1]
    how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    fours = np.split(picture, range(4, picture.shape[2], 4), axis=2)  # more OpenCV does not take
    return np.dstack([cv2.resize(four, (width, height), interpolation=how) for four in fours])


def fit(picture, height, width):
    """Return one picture cut around its centre to the proportions asked for, then resized."""
    h, w = picture.shape[:2]
    tall, wide = min(h, round(w * height / width) or 1), min(w, round(h * width / height) or 1)
    top, left = (h - tall) // 2, (w - wide) // 2
    return resize(picture[top : top + tall, left : left + wide], height, width)


def count(n, noun):
    """Return how many there are, in words: 1 class, 2,000 classes."""
    plural = noun + ("es" if noun.endswith("s") else "s")
    return f"{n:,} {noun if n == 1 else plural}"


def _shortened(lines, at_most):
    more = len(lines) - at_most
    return [*lines[:at_most], *([f"... and {more:,} more"] if more > 0 else [])]
