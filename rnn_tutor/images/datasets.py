"""Where images come from: named sets, and everything of one's own that holds images.

`load_images` is the one line that changes the data of a whole notebook. Where images are found
stands in `files`, how one of them is read in `decoding`.
"""

import difflib
import json
import os
import re
from dataclasses import replace
from itertools import chain, islice
from math import prod
from pathlib import Path

import numpy as np

from rnn_tutor import _machine
from rnn_tutor._cv2 import cv2
from rnn_tutor._errors import TutorError
from rnn_tutor._text import DATA, sha256
from rnn_tutor.images import decoding, files
from rnn_tutor.images.imageset import ImageSet, SkippedFile, check_request, choose, count, fit
from rnn_tutor.images.shapes import draw_shapes

NAMES = ("fashion5", "digits", "shapes")
LONGER_SIDE = 128  # pixels: the most that an image of one's own keeps unless `size` says more
_MEMORY = 4_000_000_000  # bytes, where the system does not say what is free
_LOOKED_AT = 50  # files, to foretell the memory that all of them need
# Folders that part a set and are no classes, such as train, test2017, training_set, seg_train.
_PARTS = r"(?:seg[-_ ]?)?({})[-_ ]?(?:set|split|data|images|imgs|img|photos|pictures)?[-_ ]?\d*"
_TRAIN = re.compile(_PARTS.format("train|training|unlabell?ed|unsup"), re.IGNORECASE)
_TEST = re.compile(
    _PARTS.format("test|testing|val|valid|validation|validate|dev|eval|evaluation|holdout"),
    re.IGNORECASE,
)
_UNLABELLED = re.compile(r"unlabell?ed|unsup|no[-_ ]?labels?", re.IGNORECASE)
# Folders that say nothing about what is in them.
_ANY = re.compile(r"images|imgs?|pictures|photos|files|all|unknown", re.IGNORECASE)


def load_images(source, *, size=None, channels=None, seed=0, limit=None):
    """Return an ImageSet from a named set, or from whatever holds images of your own.

    source: one of

    - a named set: "fashion5", "digits", "shapes";
    - a folder, whose sub-folders are the classes. Sub-folders called train, val, test and the like
      become the split that the set comes with. Images in no class folder have no label;
    - a zip or a tar (.tar, .tar.gz, .tgz, .tar.bz2, .tar.xz) of the same;
    - a pattern, such as "pets/*/*.jpg" or "scans/**/*.png": the files of a folder that match;
    - one image file;
    - a list of paths, of PIL images, of arrays or of bytes, mixed as you like; so is what
      `Path.glob` gives, a pandas column or a NumPy array of paths. These have no labels;
    - a dict from path to label; None for an image without one;
    - an array: (n, height, width), (n, height, width, channels), or one image; of uint8, bool,
      other whole numbers, or floats;
    - a PIL image, the bytes of a file, an open file, the value of an `ipywidgets.FileUpload`;
    - an ImageSet.

    Files: JPEG, PNG, GIF, BMP, WebP, TIFF, AVIF, JPEG 2000, PPM; HEIC after
    `pip install "rnn-tutor[heic]"`. Of an animation or of several pages the first is used.
    Transparent becomes white. 16 bits, 32 bits and floats become 8 bits, by the values that the
    files use (0 to 1, 8, 10, 12, 14 or 16 bits); `report()` says how.
    size: height and width in pixels, as (h, w) or one int. By default a named set and an ImageSet
    keep their own, and other images get their median height and width, the longer side at most
    `LONGER_SIDE`; each image is cut around its centre to those proportions.
    channels: 1 for grey, 3 for RGB; by default 1 where every image is grey.
    limit: at most this many images, drawn at random with `seed`, which also draws the shapes.
    Raises TutorError when the source does not exist, when nothing in it can be read, and when the
    images need more than half of the free memory. Files that cannot be read are passed over; the
    set's `report()` names each with the reason.

        images = rt.load_images("my_photos", size=64, limit=1000)
        images = rt.load_images({"1.jpg": "cat", "2.jpg": "dog", "3.jpg": None})
    """
    size = check_request(size, channels, limit, seed)
    if isinstance(source, str) and source in NAMES:
        return _named(source, size, channels, seed, limit)
    if isinstance(source, ImageSet):
        images = source.sample(limit or len(source), seed)
        return _with_channels(images.resized(*(size or images.shape[:2])), channels)
    return _from_files(source, size, channels, seed, limit)


def _from_files(source, size, channels, seed, limit):
    refused = []
    with files.found(source, _unknown) as (entries, not_used):
        places = _drawing_order(len(entries), limit, seed)
        _foretell_memory([entries[i] for i in places], size, channels, limit)
        readable = _readable(entries, places, refused, limit)
        first = sorted(islice(readable, limit), key=lambda pair: pair[0])
        size = size or _common_size([header for _, header in first])
        _check_memory(len(first), size, channels)
        pixels, used, notes = _pixels(entries, first, readable, size, channels, refused)
    refused = (*not_used, *refused)
    if not used:
        raise TutorError(_nothing_left(source, refused))
    entries = [entries[i] for i in used]
    labels, class_names, is_test = _labels(entries)
    sources = tuple(entry.name for entry in entries)
    images = ImageSet(pixels, labels, class_names, sources, _name(source), is_test, refused, notes)
    if channels is None and all((picture == picture[:, :, :1]).all() for picture in pixels):
        channels = 1
    return _with_channels(images, channels)


def _name(source):
    if not isinstance(source, str | os.PathLike) or not os.path.exists(os.path.expanduser(source)):
        return "images"
    path = Path(os.path.abspath(os.path.expanduser(source)))
    ending = next((e for e in files.TARS if path.name.lower().endswith(e)), path.suffix)
    return files.printable(path.name if path.is_dir() else path.name.removesuffix(ending))


def _unknown(source):
    close = difflib.get_close_matches(str(source).lower(), NAMES, n=1)
    hint = f" Did you mean {close[0]!r}?" if close else ""
    return (
        f"There is no set, folder or zip called {str(source)!r}.{hint} The named sets are "
        f"{', '.join(NAMES)}; a folder or zip is looked for in {os.getcwd()}."
    )


def _nothing_left(source, refused):
    is_path = isinstance(source, str | os.PathLike)
    what = files.printable(source) if is_path else "what was passed"
    if not refused:
        return f"There are no images in {what}: it is empty."
    first = "; ".join(f"{r.source}: {r.reason}" for r in refused[:5])
    more = f"; ... and {len(refused) - 5:,} more" if len(refused) > 5 else ""
    return f"Not one image in {what} could be used. {first}{more}."


def _drawing_order(n, limit, seed):
    """Return the places of n files in the order in which they are tried, until `limit` are read."""
    if limit is None or limit >= n:
        return np.arange(n)
    drawn = choose(n, limit, seed)
    others = np.setdiff1d(np.arange(n), drawn)
    return np.concatenate([drawn, np.random.default_rng([seed, 1]).permutation(others)])


def _readable(entries, places, refused, limit):
    """Yield (place, header) of the files that can be read; the others go to `refused`."""
    for place in files.progress(places, "looking at files", None if limit else len(places)):
        try:
            header = decoding.header(entries[place])
        except decoding.Unreadable as problem:
            refused.append(SkippedFile(entries[place].name, str(problem)))
        else:
            yield int(place), header


def _common_size(headers):
    """Return the median height and width, shrunk until the longer side is `LONGER_SIDE`."""
    if not headers:
        return 1, 1
    size = np.median([(h.height, h.width) for h in headers], axis=0)
    return tuple(max(1, round(s * min(1, LONGER_SIDE / size.max()))) for s in size)


def _foretell_memory(entries, size, channels, limit):
    """Raise TutorError before all files are looked at, where a few of them show that it is futile.

    With a limit, or with few files, the count itself is soon known.
    """
    n = min(len(entries), limit or len(entries))
    if n * prod(size or (LONGER_SIDE, LONGER_SIDE)) * (channels or 3) <= _usable_memory():
        return
    some = choose(len(entries), _LOOKED_AT, seed=0)
    headers = [
        header for _, header in _readable([entries[i] for i in some], range(len(some)), [], None)
    ]
    if limit is None:
        n = round(n * len(headers) / len(some))
    _check_memory(n, size or _common_size(headers), channels)


def _check_memory(n, size, channels):
    """Raise TutorError, with a size and a limit that fit, where n images need too much memory."""
    needed, usable = n * prod(size) * (channels or 3), _usable_memory()
    if needed <= usable:
        return
    smaller = tuple(max(1, int(side * (usable / needed) ** 0.5)) for side in size)
    raise TutorError(
        f"{count(n, 'image')} of {size[0]} x {size[1]} with {count(channels or 3, 'channel')} need "
        f"{needed / 1e9:.1f} GB of memory; {usable / 1e9:.1f} GB, half of what is free, may be "
        f"used. Pass size={smaller}, or limit={max(1, int(n * usable / needed))}"
        f"{'' if channels == 1 else ', or channels=1 for grey'}."
    )


def _usable_memory():
    free = _machine.memory()[1]
    return _MEMORY if free is None else free // 2


def _pixels(entries, first, readable, size, channels, refused):
    """Return (pixels, places, notes); where a file fails, the next of `readable` takes its turn."""
    pixels = np.empty((len(first), *size, channels or 3), np.uint8)
    places, levels, notes = [], [], {}
    queue = chain(first, readable)
    with files.progress(None, "reading images", len(first)) as bar:
        while len(places) < len(first) and (found := next(queue, None)):
            place, header = found
            try:
                picture, used = decoding.read_with_levels(entries[place], size)
            except decoding.Unreadable as problem:
                refused.append(SkippedFile(entries[place].name, str(problem)))
                continue
            finally:
                bar.update()
            pixels[len(places)] = _fitted(picture, size, channels)
            places.append(place)
            levels.append(used)
            notes[place] = header.note
    pixels = pixels[: len(places)]
    deep = _on_common_levels(entries, places, levels, size, channels, pixels)
    order = np.argsort(places)
    if (np.diff(order) < 0).any():
        pixels = pixels[order]
    places = [places[i] for i in order]
    return pixels, places, (*(notes[i] for i in places if notes[i]), *deep)


def _fitted(picture, size, channels):
    picture = fit(picture, *size)
    return cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)[..., None] if channels == 1 else picture


def _on_common_levels(entries, places, levels, size, channels, pixels):
    """Read files again whose values were stretched further than the others'; return the notes.

    A dark image in a set of 16 bits stays dark.
    """
    notes = []
    for kind, values in (("i", "whole numbers"), ("f", "floats")):
        rows = [row for row, used in enumerate(levels) if used and used.kind == kind]
        if not rows:
            continue
        common = levels[rows[0]]
        for row in rows:
            common = common.joined(levels[row])
        for row in rows:
            if levels[row] != common:
                picture = decoding.read(entries[places[row]], size, common)
                pixels[row] = _fitted(picture, size, channels)
        if (common.low, common.high) not in ((0, 1), (0, 65535)):
            notes.append(f"{count(len(rows), 'image')} of {values} became 8 bits: {common}")
    return notes


def _labels(entries):
    """Return (labels, class_names, is_test): what a dict says, or the folders of each image."""
    if any(entry.label is not None for entry in entries):
        kinds, is_test = [entry.label for entry in entries], None
    else:
        folders, is_test = _without_parts([entry.folders for entry in entries])
        kinds = [f[0] if f and not _UNLABELLED.fullmatch(f[0]) else None for f in folders]
    class_names = tuple(sorted({kind for kind in kinds if kind is not None}, key=files.natural))
    if not class_names:
        return None, (), is_test
    numbers = {name: number for number, name in enumerate(class_names)}
    return np.array([numbers.get(kind, -1) for kind in kinds]), class_names, is_test


def _without_parts(folders):
    """Return (folders, is_test): the folders of each image without those that are no classes.

    These are one that holds everything, and train, test and the like: above the classes, or below
    each of them.
    """
    is_test = None
    while True:
        tops = {f[0] for f in folders if f}
        parts = [_part(name) for name in tops]
        if len(tops) == 1 and all(len(f) > 1 for f in folders):
            folders = [f[1:] for f in folders]  # a zip often holds one folder that holds everything
        elif is_test is None and tops and None not in parts:
            is_test = np.array([bool(f) and _part(f[0]) == "test" for f in folders])
            folders = [_below_part(f) for f in folders]
        elif is_test is None and all(len(f) > 1 and _part(f[1]) for f in folders):
            is_test = np.array([_part(f[1]) == "test" for f in folders])
            folders = [(f[0], *f[2:]) for f in folders]
        else:
            break
    if is_test is None or is_test.all() or not is_test.any():
        return folders, None
    # Test images without a label often lie in one folder more: test/images/1.jpg.
    known = {f[0] for f, test in zip(folders, is_test, strict=True) if f and not test}
    others = {f[0] for f in folders if f and f[0] not in known and _ANY.fullmatch(f[0])}
    return [() if f and f[0] in others else f for f in folders], is_test


def _part(folder):
    """Return "train" or "test" for a folder that is a part of a set, None for another."""
    if _TRAIN.fullmatch(folder):
        return "train"
    return "test" if _TEST.fullmatch(folder) else None


def _below_part(folders):
    """Return the folders below train/ or test/, also where it is doubled: test/test/1.jpg."""
    while folders and _part(folders[0]) and not _UNLABELLED.fullmatch(folders[0]):
        folders = folders[1:]
    return folders


def _named(name, size, channels, seed, limit):
    if name == "shapes":
        return draw_shapes(limit or 1000, size=size or 64, channels=channels or 3, seed=seed)
    images = _fashion5() if name == "fashion5" else _digits()
    images = images.sample(limit or len(images), seed).resized(*(size or images.shape[:2]))
    return _with_channels(images, channels)


def _with_channels(images, channels):
    """Return the images with so many channels; None leaves them."""
    return {1: images.grey, 3: images.colour, None: lambda: images}[channels]()


def _fashion5():
    """The shipped part of Fashion-MNIST (see data/fashion5.json), compared with its sha256."""
    about = json.loads((DATA / "fashion5.json").read_text(encoding="utf-8"))
    try:
        with np.load(DATA / "fashion5.npz", allow_pickle=False) as file:
            arrays = {name: file[name] for name in about["sha256"]}
    except Exception as problem:  # a damaged file fails in a dozen ways
        raise TutorError(f"fashion5.npz cannot be read ({problem}): install again.") from problem
    for name, expected in about["sha256"].items():
        if sha256(arrays[name].tobytes()) != expected:
            raise TutorError(f"fashion5.npz is damaged (its {name} differ): install again.")
    sources = tuple(
        f"Fashion-MNIST, {'test' if test else 'training'} image {place}"
        for test, place in zip(arrays["is_test"], arrays["place"], strict=True)
    )
    names = tuple(about["class_names"])
    return ImageSet(
        arrays["pixels"], arrays["labels"], names, sources, "fashion5", arrays["is_test"]
    )


def _digits():
    """The 1,797 handwritten digits of 8 x 8 that come with scikit-learn; 0..16 becomes 0..255."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    pixels = np.round(digits.images * (255 / 16)).astype(np.uint8)[..., None]
    sources = tuple(f"scikit-learn digits, image {i}" for i in range(len(pixels)))
    return ImageSet(pixels, digits.target, tuple("0123456789"), sources, "digits")


def answerable(train, test):
    """Return both sets with a label for each picture.

    Their own, where every picture has one and there are two classes or more. Else, so that a
    network has something to learn whose answer is known: whether a picture is brighter than the
    median of `train`. Then it says so, and the classes are called darker and brighter.

    Args:
        train: an ImageSet.
        test: another.

    Returns:
        (train, test), ImageSets of the same pictures in the same order.
    """
    known = [np.full(len(s), -1) if s.labels is None else s.labels for s in (train, test)]
    if min(map(np.min, known)) >= 0 and len(set(known[0].tolist())) > 1:
        return train, test
    print(
        "These pictures have no labels, not all of them, or only one class. So the network learns "
        "a question\nthat the pixels answer: is a picture brighter than most? What is right here "
        "is about that alone."
    )
    levels = [s.pixels.mean(axis=(1, 2, 3)) for s in (train, test)]
    names, middle = ("darker", "brighter"), np.median(levels[0])
    return tuple(
        replace(s, labels=level > middle, class_names=names)
        for s, level in zip((train, test), levels, strict=True)
    )
