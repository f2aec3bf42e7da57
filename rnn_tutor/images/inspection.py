"""What is in a folder of images: duplicates, blurred, dark, bright, enlarged and unusual ones.

Nothing here changes a file. An `Inspection` only remembers which images to leave out.
"""

from dataclasses import dataclass
from pathlib import Path

import imagehash
import numpy as np
from PIL import Image
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from sklearn.neighbors import NearestNeighbors

from rnn_tutor._cv2 import cv2
from rnn_tutor._errors import TutorError
from rnn_tutor._observable import Observable
from rnn_tutor._text import format_count
from rnn_tutor.images import stored_rows
from rnn_tutor.images.files import show_progress
from rnn_tutor.images.imageset import resize
from rnn_tutor.images.labels import image_key
from rnn_tutor.images.originals import original_sizes

NEAR = 6  # bits of 64 in which the perceptual hashes of near-duplicates may differ
BLURRED = 50  # variance of the Laplacian, grey levels squared, below which an image is blurred
DARK, BRIGHT = 60, 200  # grey levels: 95 % of a dark image lie below, of a bright one above
UNUSUAL = 3.5  # modified z-score of the distance to the neighbours
NEIGHBOURS = 5
COLUMNS = ("source", "sha256")
MORE = ("size",)  # of the pixels: at another size, an image is known by its source
SMALL = 32  # pixels: the side to which images are shrunk where no embeddings are given


@dataclass(frozen=True)
class _Kind:
    """A kind of finding: what it is called, what it means, whether it is set aside by default."""

    title: str
    meaning: str
    is_spoilt: bool


KINDS = {
    "duplicates": _Kind("duplicates", "the same pixels as another image", True),
    "near_duplicates": _Kind("near-duplicates", "almost the same as another image", True),
    "blurred": _Kind("blurred", "hardly any fine detail", True),
    "dark": _Kind("very dark", f"nearly all of it below grey level {DARK} of 255", True),
    "bright": _Kind("very bright", f"nearly all of it above grey level {BRIGHT} of 255", True),
    "enlarged": _Kind("enlarged", "the file has fewer pixels than were asked for", False),
    "unusual": _Kind("unusual", "far from all others", False),
}


class Inspection(Observable):
    """Look for images that a sorting may stumble over; set aside those you do not want.

    An image may be found by several kinds. No file is touched: what is set aside is missing from
    `kept`, and that is all.

    Args:
        images: An ImageSet of n images.
        embeddings: `(n, d)` numbers in which unusual images are looked for, such as
            `clusterer.transform(images)`. Default: the images themselves, shrunk to 32 pixels.
        path: A CSV file that keeps which images are set aside, and is taken up again where it
            exists; None to store nothing. Rows of images that are not here stay in it.
            Default None.

    Attributes:
        images: The ImageSet.
        findings: `{kind: (k,) int64}`, the indices of each of `KINDS`; `inspection.blurred` and so
            on read it. Of images that are alike, all but the sharpest are duplicates.
        groups: The images that are alike, a list of int64 arrays, each group in rising order.
        sizes: `(n, 2)` int64, height and width of each file; 0 where there is no file.
        sharpness: `(n,)` float32, the variance of the Laplacian.

    Raises:
        TutorError: There are no images, the embeddings do not fit them, or the file cannot be read
            or written.

    Example:
        >>> pixels = rt.load_images("digits", limit=20).pixels
        >>> images = rt.load_images(np.concatenate([pixels, pixels[3:5]]))
        >>> inspection = rt.Inspection(images)
        >>> inspection.duplicates.tolist()
        [20, 21]
        >>> inspection.set_aside(inspection.duplicates)
        >>> len(inspection.kept)
        20

    Source: Zauner (2010), Implementation and benchmarking of perceptual image hash functions;
    Pech-Pacheco et al. (2000), Diatom autofocusing in brightfield microscopy, for the Laplacian;
    Iglewicz, Hoaglin (1993), How to detect and handle outliers, for 3.5.
    """

    def __init__(self, images, embeddings=None, path=None):
        super().__init__()
        if not len(images):
            raise TutorError("Expected images to look at; received an empty set. Load some first.")
        self.images = images
        points = _points(images, embeddings)
        self.sizes = original_sizes(images)
        self.sharpness, low, high = np.array(
            [(_sharpness(grey), *np.percentile(grey, [5, 95])) for grey in images.grey().pixels],
            np.float32,
        ).T
        self._keys = [image_key(picture) for picture in images.pixels]
        same = np.unique(self._keys, return_inverse=True)[1]
        near = _alike(perceptual_hashes(images))
        self.groups = _groups(near)
        exact = _all_but_one(same, self.sharpness)
        self.findings = {
            "duplicates": exact,
            "near_duplicates": np.setdiff1d(_all_but_one(near, self.sharpness), exact),
            "blurred": np.flatnonzero(self.sharpness < BLURRED),
            "dark": np.flatnonzero(high < DARK),
            "bright": np.flatnonzero(low > BRIGHT),
            "enlarged": np.flatnonzero(_is_enlarged(self.sizes, images.shape)),
            "unusual": _unusual(points),
        }
        self.path = None if path is None else Path(path).expanduser()
        self._others = []  # the rows of the file whose images are not here
        self._aside = self._taken_up()

    def __getattr__(self, name):
        if name in KINDS and "findings" in vars(self):
            return self.findings[name]
        raise AttributeError(f"An Inspection has no {name!r}.")

    def __repr__(self):
        lines = [f"{self.images!r}", *_sizes_in_words(self.sizes)]
        for kind, indices in self.findings.items():
            if len(indices):
                lines.append(f"{len(indices):>7,} {KINDS[kind].title}: {KINDS[kind].meaning}")
        if not any(map(len, self.findings.values())):
            lines.append("        Nothing stands out.")
        if self._aside.any():
            lines.append(f"{self._aside.sum():>7,} set aside")
        return "\n".join(lines)

    @property
    def spoilt(self):
        """The indices of what is best left out: duplicates, blurred, very dark and very bright."""
        found = [indices for kind, indices in self.findings.items() if KINDS[kind].is_spoilt]
        return np.unique(np.concatenate(found))

    @property
    def aside(self):
        """The indices of the images that were set aside, int64 in rising order."""
        return np.flatnonzero(self._aside)

    @property
    def kept(self):
        """The images that were not set aside, an ImageSet."""
        return self.images[~self._aside]

    def set_aside(self, indices):
        """Leave images out of `kept`; their files stay as they are.

        Args:
            indices: Indices, or a mask `(n,)` bool.

        Raises:
            TutorError: An image does not exist, or none would be left.
        """
        self._change(indices, True)

    def take_back(self, indices):
        """Take images up again that were set aside.

        Args:
            indices: Indices, or a mask `(n,)` bool.

        Raises:
            TutorError: An image does not exist.
        """
        self._change(indices, False)

    def alike(self, index):
        """Return the other images of an image's group of duplicates, int64.

        Args:
            index: Index of the image.
        """
        group = next((group for group in self.groups if index in group), np.array([], np.int64))
        return group[group != index]

    def _change(self, indices, value):
        aside = self._aside.copy()
        try:
            aside[np.arange(len(aside))[np.asarray(indices, self._kind(indices))]] = value
        except (IndexError, TypeError, ValueError):
            raise TutorError(
                f"Choose images by their numbers, 0 to {len(aside) - 1}, or by a mask; received "
                f"{indices!r}."
            ) from None
        if aside.all():
            raise TutorError(
                f"All {len(aside):,} images would be set aside, and none be left to sort. Keep "
                "some: inspection.take_back(...)."
            )
        self._aside = aside
        self._emit()
        if self.path is not None:
            self._save()

    def _taken_up(self):
        """Return which images the file says were set aside, `(n,)` bool."""
        aside = np.zeros(len(self.images), bool)
        if self.path is None or not self.path.exists():
            return aside
        try:
            rows = stored_rows.read(self.path, COLUMNS)
        except (OSError, ValueError) as error:
            raise TutorError(
                f"{self.path} cannot be read as a list of images set aside: {error}. Expected is "
                f"a CSV file with the columns {', '.join(COLUMNS)}. Move it away, or name another."
            ) from None
        # The same pixels elsewhere may be the copy that was kept, so pixels alone do not tell.
        found, _ = stored_rows.match(rows, self.images, self._keys, by_pixels=False)
        here = set(found.tolist())
        self._others = [row for place, row in enumerate(rows) if place not in here]
        return found >= 0

    def _save(self):
        """Write the file, with the rows of images that are not here."""
        sources, size = stored_rows.sources_of(self.images), stored_rows.size_of(self.images)
        rows = [(sources[i], self._keys[i], size) for i in self.aside]
        rows += [[row.get(column, "") for column in (*COLUMNS, *MORE)] for row in self._others]
        try:
            stored_rows.write(self.path, (*COLUMNS, *MORE), rows)
        except OSError as error:
            raise TutorError(
                f"{self.path} cannot be written: {error.strerror}. What you set aside is kept in "
                "this session alone. Close the file in other programs, or name another one."
            ) from None

    @staticmethod
    def _kind(indices):
        """Return int for an empty list, which NumPy takes for floats; else None."""
        return np.int64 if np.size(indices) == 0 else None


def perceptual_hashes(images):
    """Return the perceptual hash of each image: alike images differ in few bits.

    Args:
        images: An ImageSet of n images.

    Returns:
        `(n, 64)` bool.

    Example:
        >>> images = rt.load_images("shapes", limit=2)
        >>> rt.inspection.perceptual_hashes(images).shape
        (2, 64)

    Source: Zauner (2010); the hash is `phash` of the library ImageHash.
    """
    pictures = show_progress(images.pixels, "comparing images")
    return np.array(
        [imagehash.phash(Image.fromarray(p.squeeze(axis=2) if p.shape[2] == 1 else p)).hash.ravel()
         for p in pictures]
    )  # fmt: skip


def _alike(hashes):
    """Return the group of each image, (n,) int: near-duplicates of near-duplicates are one."""
    n, bits = len(hashes), hashes.astype(np.float32)
    ones = bits.sum(axis=1)
    rows, columns = [], []
    for start in range(0, n, 2048):
        part = slice(start, start + 2048)
        differing = ones[part, None] + ones - 2 * bits[part] @ bits.T
        found = np.nonzero(differing <= NEAR)
        rows.append(found[0] + start)
        columns.append(found[1])
    rows, columns = np.concatenate(rows), np.concatenate(columns)
    graph = coo_matrix((np.ones(len(rows), bool), (rows, columns)), (n, n))
    return connected_components(graph, directed=False)[1]


def _groups(numbers):
    """Return the groups of two images or more, each in rising order."""
    counts = np.bincount(numbers)
    return [np.flatnonzero(numbers == k) for k in np.flatnonzero(counts > 1)]


def _all_but_one(numbers, sharpness):
    """Return the indices of all images but the sharpest of each group, the first of equal ones."""
    order = np.lexsort((np.arange(len(numbers)), -sharpness))
    best = order[np.unique(numbers[order], return_index=True)[1]]
    return np.setdiff1d(np.arange(len(numbers)), best)


def _sharpness(grey):
    """Return the variance of the Laplacian of one grey image."""
    return cv2.Laplacian(grey, cv2.CV_32F).var()


def _is_enlarged(sizes, shape):
    """Return which files have fewer pixels, along either side, than the images; (n,) bool."""
    return (sizes > 0).all(axis=1) & (sizes < shape[:2]).any(axis=1)


def _points(images, embeddings):
    if embeddings is None:
        sides = [min(SMALL, side) for side in images.shape[:2]]
        small = np.array([resize(image, *sides) for image in images.pixels])
        return small.reshape(len(images), -1).astype(np.float32)
    points = np.asarray(embeddings, np.float32)
    if points.ndim != 2 or len(points) != len(images) or not np.isfinite(points).all():
        raise TutorError(
            f"Expected embeddings ({len(images)}, d), finite, a row for each image; received the "
            f"shape {points.shape}. `clusterer.transform(images)` makes them."
        )
    return points


def _unusual(points):
    """Return the indices of the images that lie far from their neighbours, the farthest first."""
    near = min(NEIGHBOURS, len(points) - 1)
    if near < 1:
        return np.array([], np.int64)
    found = NearestNeighbors(n_neighbors=near).fit(points)
    distances = found.kneighbors()[0].mean(axis=1)  # without arguments, an image is not its own
    middle = np.median(distances)
    spread = np.median(np.abs(distances - middle))
    z = 0.6745 * (distances - middle) / (spread or np.inf)
    order = np.argsort(-z, kind="stable")
    return order[z[order] > UNUSUAL]


def _sizes_in_words(sizes):
    known = sizes[(sizes > 0).all(axis=1)]
    if not len(known):
        return []
    (low, high), (left, right) = np.transpose([known.min(axis=0), known.max(axis=0)])
    one = (low, left) == (high, right)
    words = f"{low} x {left}" if one else f"{low} x {left} to {high} x {right}"
    return [f"        files of {words} pixels, {format_count(len(known), 'file')}"]
