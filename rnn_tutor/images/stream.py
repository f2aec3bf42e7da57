"""Images that stay on disk: names, sizes and labels are known, and pixels are read when needed.

An `ImageStream` is an `ImageSet` whose `pixels` are a `LazyPixels`: it has the shape of an array,
and whoever takes a batch of it gets an array. So the same training, embedding and clustering serve
both, and a folder may be larger than the memory.
"""

import functools
import hashlib
import io
import logging
import math
import threading
import time
import warnings
import weakref
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from rnn_tutor import _machine
from rnn_tutor._cv2 import cv2
from rnn_tutor._errors import TutorError, check_whole
from rnn_tutor._text import format_bytes, format_count, format_duration
from rnn_tutor.images import decoding, files
from rnn_tutor.images.folder_classes import labels_of
from rnn_tutor.images.imageset import ImageSet, SkippedFile, choose, fit, resize, size_of_one

LOOKED_AT = (
    200  # images that are decoded at first, to see whether all are grey, or deeper than 8 bits
)
_BLOCK = 16  # images that a thread decodes at a time
LONG = 2  # seconds of reading, from which a stream says what it needs
ENTRY_BYTES = 1_400  # of memory for each file of a list of files (measured)
_SMALL = 2**24  # bytes that any machine has
_HEADERS = 1024  # files whose headers are read at a time


class Shared:
    """Hold what all parts of one stream share.

    Args:
        archives: An `ExitStack` with the archives that are read; closed when no part is left.
        warns: Whether a file that cannot be decoded is told by a warning, bool. Default True.
        pace: Seconds that a thread takes for an image, float; 0.0 where unknown. Default 0.0.

    Attributes:
        damaged: A dict from the name of a file that could not be decoded to the reason.
    """

    def __init__(self, archives=None, warns=True, pace=0.0):
        self.damaged, self.warns, self.pace = {}, warns, pace
        if archives is not None:
            weakref.finalize(self, archives.close)


class LazyPixels:
    """Stand for an array of pixels that is read from files, part by part, in threads.

    `pixels[key]` reads images and gives an array, as NumPy does; `len`, `shape` and `dtype` are
    known without reading. `np.asarray(pixels)` reads all of them, where memory allows it.

    Args:
        entries: n `files.Entry`.
        shape: (height, width, channels) to which an image is cut and resized.
        levels: A dict from "i" and "f" to the `decoding.Levels` that deeper images share.
        steps: Functions of one image, which follow.
        final: (height, width, channels) after these; None where there are none.
        shared: What all parts of one stream share, `Shared`.

    Example:
        >>> folder = rt.load_images("shapes", limit=5).write("drawn")
        >>> pixels = rt.load_images(folder, stream=True).pixels
        >>> pixels.shape, pixels[[0, 3]].shape
        ((5, 64, 64, 3), (2, 64, 64, 3))
    """

    dtype = np.dtype(np.uint8)
    ndim = 4

    def __init__(self, entries, shape, levels=None, steps=(), final=None, shared=None):
        self.entries, self.levels, self.steps = entries, levels or {}, tuple(steps)
        self.read_as, self.shape = tuple(shape), (len(entries), *(final or shape))
        self.shared = shared or Shared()

    def __len__(self):
        return len(self.entries)

    def __repr__(self):
        return f"LazyPixels{self.shape}"

    @property
    def nbytes(self):
        """How many bytes all pixels have."""
        return math.prod(self.shape)

    @property
    def seconds(self):
        """About how long reading all of them takes, by the time of those looked at first."""
        return len(self) * self.shared.pace / max(1.0, _machine.cores())

    def __getitem__(self, key):
        if isinstance(key, tuple):
            raise IndexError("A stream takes one index, of its images: pixels[3][:, :, 0].")
        chosen = np.arange(len(self))[key]
        return self._read(np.atleast_1d(chosen)).reshape(*chosen.shape, *self.shape[1:])

    def __iter__(self):
        """Yield image after image; few are in memory at a time."""
        for start in range(0, len(self), 4 * _BLOCK):
            yield from self[start : start + 4 * _BLOCK]

    def __array__(self, dtype=None, copy=None):
        if copy is False:
            raise ValueError("Pixels that are read from files are always a copy.")
        return self[:].astype(dtype or self.dtype, copy=False)

    def __add__(self, other):
        """Return the pixels of both; other files may have been read in another way."""
        same = isinstance(other, LazyPixels) and all(
            getattr(self, what) == getattr(other, what) for what in ("read_as", "levels", "steps")
        )
        if not same:
            raise TutorError(
                "A stream is joined with a stream whose images are read in the same way. Load both "
                "with the same `size` and `channels`, or load one folder that holds both."
            )
        return self._like(self.entries + other.entries)

    def reshape(self, *shape):
        """Read all pixels, where memory allows it, and return them as an array of this shape."""
        return self[:].reshape(*shape)

    def take(self, chosen):
        """Return the pixels of some images, none of which is read yet.

        Args:
            chosen: (m,) int, indices.
        """
        return self._like([self.entries[i] for i in chosen])

    def then(self, step, shape):
        """Return the pixels after one step more, which is done when they are read.

        Args:
            step: A function of one image, `(height, width, channels)` uint8, that returns another.
            shape: (height, width, channels) of what it returns.
        """
        return self._like(self.entries, (*self.steps, step), tuple(shape))

    def _like(self, entries, steps=None, final=None):
        return LazyPixels(
            entries,
            self.read_as,
            self.levels,
            self.steps if steps is None else steps,
            final or self.shape[1:],
            self.shared,
        )

    def fingerprint(self):
        """Return 64 hexadecimal digits that change when a file, or how it is read, does.

        A file counts by its name, its size, and the time of its last change.
        """
        digest = hashlib.sha256(repr((self.read_as, self.shape, self.levels)).encode())
        for entry in self.entries:
            known = f"{entry.name}\n{entry.bytes} {entry.version}\n"
            digest.update(known.encode("utf-8", "surrogateescape"))
        return digest.hexdigest()

    def _read(self, chosen):
        """Return `(m, height, width, channels)` uint8."""
        _check_room(len(chosen), self.shape[1:])
        pixels = np.empty((len(chosen), *self.shape[1:]), np.uint8)

        def read_block(start):
            for row in range(start, min(start + _BLOCK, len(chosen))):
                pixels[row] = self._read_one(self.entries[chosen[row]])

        blocks = range(0, len(chosen), _BLOCK)
        for _ in _threads().map(read_block, blocks) if len(chosen) > 1 else map(read_block, blocks):
            pass
        return pixels

    def _read_one(self, entry):
        """Return one image; a black one, and a warning, where its file is damaged."""
        height, width, channels = self.read_as
        try:
            picture, used = decoding.read_with_levels(entry, (height, width))
            if used is not None and self.levels.get(used.kind, used) != used:
                picture = decoding.read(entry, (height, width), self.levels[used.kind])
        except decoding.Unreadable as problem:
            picture = np.zeros((*self.shape[1:3], 3), np.uint8)
            if entry.name not in self.shared.damaged:
                self.shared.damaged[entry.name] = str(problem)
                if self.shared.warns:
                    warnings.warn(
                        f"{entry.name}: {problem}. A black image takes its place. `report()` lists "
                        "such files; move them away, and load the folder again.",
                        stacklevel=2,
                    )
        picture = fit_image(picture, (height, width), channels)
        for step in self.steps:
            picture = step(picture)
        return picture


@dataclass(frozen=True, eq=False, repr=False)
class ImageStream(ImageSet):
    """Images of one size that are read from disk when they are needed.

    It is an `ImageSet`, and serves wherever one does. What chooses images (`sample`, `split`,
    `images[key]`) or changes all of them (`resized`, `grey`, `colour`) reads nothing yet.
    `Trainer`, `embed` and `RecurrentClusterer` read batch by batch.

    Attributes:
        pixels: A `LazyPixels`, `(n, height, width, channels)`; `pixels[:10]` is an array.

    Example:
        >>> folder = rt.load_images("shapes", limit=20).write("drawn")
        >>> images = rt.load_images(folder, size=32, stream=True)
        >>> images
        drawn: 20 images of 32 x 32 x 3, 5 classes (circle, cross, square, star, triangle), on disk
        >>> images[images.labels == 0].read([0, 1]).shape
        (2, 32, 32, 3)
    """

    pixels: LazyPixels

    def _checked_pixels(self):
        return self.pixels

    def _chosen_pixels(self, chosen):
        return self.pixels.take(chosen)

    def _joined_pixels(self, other):
        return self.pixels + other.pixels

    def __repr__(self):
        text, comma, rest = super().__repr__().partition("; ")
        return f"{text}, on disk{comma}{rest}"

    def read(self, indices):
        """Read some images.

        Args:
            indices: As NumPy takes them: a list, a slice, a mask.

        Returns:
            `(m, height, width, channels)` uint8.

        Raises:
            TutorError: They need more than half of the free memory.
        """
        return self.pixels[indices]

    def load(self):
        """Return all images as an ImageSet in memory.

        Raises:
            TutorError: They need more than half of the free memory.
        """
        names = ("labels", "class_names", "sources", "name", "is_test", "skipped")
        parts = {name: getattr(self, name) for name in names}
        return ImageSet(self.pixels[:], notes=self._all_notes(), **parts)

    def resized(self, height, width=None):
        """Return the images at another size in pixels; proportions may change.

        Args:
            height: In pixels, int.
            width: In pixels, int. A stream needs it, for all its images have one size.

        Returns:
            An ImageStream.

        Raises:
            TutorError: There is no width.
        """
        if width is None:
            raise TutorError(_one_size(height))
        height, width = check_whole("height", height), check_whole("width", width)
        if (height, width) == self.shape[:2]:
            return self
        step = partial(resize, height=height, width=width)
        return replace(self, pixels=self.pixels.then(step, (height, width, self.shape[2])))

    def grey(self):
        """Return the images with one channel, weighted as `cv2.cvtColor` does."""
        if self.shape[2] == 1:
            return self
        return replace(self, pixels=self.pixels.then(_grey, (*self.shape[:2], 1)))

    def colour(self):
        """Return the images with three channels."""
        if self.shape[2] == 3:
            return self
        step = partial(np.repeat, repeats=3, axis=2)
        return replace(self, pixels=self.pixels.then(step, (*self.shape[:2], 3)))

    def report(self, at_most=20):
        """Return which files were not used and why, and what else is worth knowing, as text.

        Args:
            at_most: int, so many lines of each kind. Default 20.
        """
        return ImageSet.report(replace(self, notes=self._all_notes()), at_most)

    def _all_notes(self):
        damaged = self.pixels.shared.damaged.items()
        return (*self.notes, *(f"{name}: black, because {reason}" for name, reason in damaged))


def open_stream(entries, not_used, name, order, archives, *, size, channels, limit, common_size):
    """Open files as a stream: read their headers, and decode a few.

    Args:
        entries: A list of `files.Entry`.
        not_used: A list of `SkippedFile`.
        name: Of the set, str.
        order: The places of the entries in the order in which they are tried.
        archives: An `ExitStack` with what must stay open.
        size: (height, width), or None.
        channels: 1, 3 or None, as in `load_images`.
        limit: So many images at the most, or None.
        common_size: A function from a list of headers to (height, width), used without `size`.

    Returns:
        An ImageStream; of no images where none can be read.

    Raises:
        TutorError: An entry is no file, or the size has no width.
    """
    if size and size[1] is None:
        raise TutorError(_one_size(size[0]))
    if any(entry.bytes == 0 for entry in entries):
        raise TutorError(
            "Only files can be streamed; received images that are in memory already. Load these "
            "without stream=True."
        )
    _quiet_for_good()
    entries = _safe_in_threads(entries)
    places, headers, skipped, notes = [], [], list(not_used), {}
    for place, header in _headers(entries, order):
        if isinstance(header, str):
            skipped.append(SkippedFile(entries[place].name, header))
            continue
        places.append(place)
        headers.append(replace(header, note=None))
        if header.note:
            notes[place] = header.note
        if len(places) == limit:
            break
    places = sorted(places)
    size, entries = size or common_size(headers), [entries[i] for i in places]
    notes = [notes[place] for place in places if place in notes]
    levels, all_grey, pace = _look_at_some(entries, size, notes)
    if channels is None:
        channels = 1 if all_grey else 3
        if all_grey and len(entries) > LOOKED_AT:
            notes.append(f"{LOOKED_AT} images were looked at, and are grey: all are read as grey")
    pixels = LazyPixels(entries, (*size, channels), levels, shared=Shared(archives, pace=pace))
    labels, class_names, is_test = labels_of(entries)
    sources = tuple(entry.name for entry in entries)
    return ImageStream(
        pixels, labels, class_names, sources, name, is_test, tuple(skipped), tuple(notes)
    )


def explain_needs(pixels):
    """Return what a stream needs, as sentences.

    Args:
        pixels: A `LazyPixels`.

    Example:
        >>> folder = rt.load_images("shapes", limit=5).write("drawn")
        >>> explain_needs(rt.load_images(folder, stream=True).pixels).partition(".")[0]
        '5 images stay on disk'
    """
    return (
        f"{format_count(len(pixels), 'image')} stay on disk. Their list takes "
        f"{format_bytes(ENTRY_BYTES * len(pixels))} of memory, all of them would take "
        f"{format_bytes(pixels.nbytes)}. Reading them once takes about "
        f"{format_duration(pixels.seconds)}."
    )


def open_entries(entries, shape, levels=None):
    """Return the pixels of files of which nothing was read yet, not even the headers.

    A file that cannot be decoded is black, without a warning; `shared.damaged` names it.

    Args:
        entries: A list of `files.Entry`.
        shape: (height, width, channels) to which an image is cut and resized.
        levels: From `common_levels`; None where no image has more than 8 bits. Default None.

    Returns:
        A `LazyPixels`.
    """
    _quiet_for_good()
    return LazyPixels(_safe_in_threads(entries), shape, levels, shared=Shared(warns=False))


def common_levels(entries, size):
    """Return the levels that images of more than 8 bits share, from a sample of 200.

    Args:
        entries: A list of `files.Entry`.
        size: (height, width).

    Returns:
        A dict from "i" and "f", whole numbers and floats, to `decoding.Levels`.
    """
    _quiet_for_good()
    return _look_at_some(_safe_in_threads(entries), size, [])[0]


def fit_image(picture, size, channels):
    """Return one image at the size and with the channels that are wanted.

    Args:
        picture: `(height, width, 3)` uint8.
        size: (height, width); with a width of None it keeps its proportions.
        channels: 1 for grey; anything else leaves it in colour.
    """
    bring, own = (fit, size) if size[1] else (resize, size_of_one(size, *picture.shape[:2]))
    if picture.shape[:2] != own:
        picture = bring(picture, *own)
    return _grey(picture) if channels == 1 else picture


def blocks(pixels, n):
    """Go through pixels block by block; of a stream, the next is read meanwhile.

    Args:
        pixels: An array of images, or a `LazyPixels`.
        n: How many at a time.

    Yields:
        (start, block): the index of the first, and an array.

    Example:
        >>> [start for start, block in blocks(np.zeros((5, 2, 2, 1)), 2)]
        [0, 2, 4]
    """
    starts = range(0, len(pixels), n)
    if not isinstance(pixels, LazyPixels):
        yield from ((start, pixels[start : start + n]) for start in starts)
        return
    with ThreadPoolExecutor(1) as thread:
        ahead = []
        for start in starts:
            ahead.append((start, thread.submit(pixels.__getitem__, slice(start, start + n))))
            if len(ahead) > 1:
                begun, block = ahead.pop(0)
                yield begun, block.result()
        for begun, block in ahead:
            yield begun, block.result()


def some_of(pixels, n, seed):
    """Return at most n images of a stream, drawn at random; an array, and fewer, as they are.

    Args:
        pixels: An array of images, or a `LazyPixels`.
        n: How many at the most.
        seed: Of what is drawn.
    """
    if not isinstance(pixels, LazyPixels) or len(pixels) <= n:
        return pixels
    return pixels.take(choose(len(pixels), n, seed))


def _one_size(height):
    return (
        "The images of a stream have one size, (height, width); received a height of "
        f"{height} and no width. Give a width as well, or load strips of any width into memory: "
        f"`rt.load_images(source, height={height}, limit=1000, stream=False)`."
    )


def _grey(picture):
    return cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)[..., None]


def _headers(entries, order):
    """Yield (place, Header, or why the file cannot be used) in this order, read by threads."""

    def look(place):
        try:
            return decoding.header(entries[place])
        except decoding.Unreadable as problem:
            return str(problem)

    with files.show_progress(None, "looking at files", len(order)) as bar:
        for start in range(0, len(order), _HEADERS):
            part = [int(place) for place in order[start : start + _HEADERS]]
            yield from zip(part, _threads().map(look, part), strict=True)
            bar.update(len(part))


def _look_at_some(entries, size, notes):
    """Decode a few: return (levels that deep ones share, whether all are grey, seconds for one)."""
    levels, all_grey, took = {}, bool(entries), []
    for i in choose(len(entries), LOOKED_AT, seed=0):
        begun = time.perf_counter()
        try:
            picture, used = decoding.read_with_levels(entries[i], size)
        except decoding.Unreadable:
            continue  # told when it is its turn
        took.append(time.perf_counter() - begun)
        all_grey = all_grey and bool((picture == picture[:, :, :1]).all())
        if used is not None:
            levels[used.kind] = levels.get(used.kind, used).joined(used)
    for common in levels.values():
        if (common.low, common.high) not in ((0, 1), (0, 65535)):
            notes.append(f"images of more than 8 bits became 8 bits: {common}")
    return levels, all_grey, float(np.median(took)) if took else 0.0


def _safe_in_threads(entries):
    """Return the entries; members of one archive are read one after the other."""
    lock = threading.Lock()
    return [
        entry if _is_file(entry) else replace(entry, open=partial(_open_locked, lock, entry.open))
        for entry in entries
    ]


def _is_file(entry):
    return isinstance(entry.open, partial) and entry.open.func is open


def _open_locked(lock, opener):
    with lock, opener() as file:
        return io.BytesIO(file.read())


def _check_room(n, shape):
    """Raise TutorError where n images of this shape need more than half of the free memory."""
    needed = n * math.prod(shape)
    free = _machine.memory()[1] if needed > _SMALL else None  # asking takes milliseconds
    if free is not None and needed > free // 2:
        height, width, channels = shape
        raise TutorError(
            f"{format_count(n, 'image')} of {height} x {width} x {channels} at once need "
            f"{needed / 1e9:.1f} GB of memory; {free / 2e9:.1f} GB, half of what is free, may be "
            f"used. Read fewer, such as `pixels[:1000]`, or choose some: `images.sample(1000)`."
        )


@functools.cache
def _threads():
    """Return the threads that decode, one for each core."""
    n = max(1, math.ceil(_machine.cores()))
    return ThreadPoolExecutor(n, "decoding", initializer=decoding.leave_warnings_alone)


def _quiet_for_good():
    """Silence the decoders for this process: a thread cannot do it for a while, as others run.

    The filter comes last, so that any other decides before it.
    """
    warnings.filterwarnings("ignore", module=r"(PIL|tifffile)\b", append=True)
    for name in ("tifffile", "PIL.TiffImagePlugin"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
