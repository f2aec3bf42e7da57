"""Load images: named sets, and everything of one's own that holds images.

`load_images` is the one line that changes the data of a whole notebook. `files` finds the files,
`decoding` reads one of them, `folder_classes` says to which class it belongs.
"""

import difflib
import inspect
import json
import os
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from itertools import chain, islice
from math import prod
from pathlib import Path

import numpy as np

from rnn_tutor import _machine
from rnn_tutor._errors import TutorError
from rnn_tutor._text import DATA, format_count, printable_name, sha256
from rnn_tutor.images import decoding, files, full_sets
from rnn_tutor.images.folder_classes import labels_of
from rnn_tutor.images.imageset import (
    ImageSet,
    SkippedFile,
    check_request,
    choose,
    joined,
    size_of_one,
)
from rnn_tutor.images.shapes import draw_shapes
from rnn_tutor.images.stream import LONG, explain_needs, fit_image, open_stream
from rnn_tutor.images.strips import STRIPS

LONGER_SIDE = 128  # pixels: the most that an image of one's own keeps unless `size` says more
_MEMORY = 4_000_000_000  # bytes, where the system does not say what is free
_MEASURED = 50  # files, to estimate the memory that all of them need


def load_images(
    source,
    *,
    size=None,
    height=None,
    width=None,
    channels=None,
    seed=0,
    limit=None,
    stream=None,
    **settings,
):
    """Load a named set, or whatever holds images of your own.

    The source is one of

    - a named set: "fashion5", "digits", "shapes", "photos5"; of strips, which have any width,
      "spoken3", "tunes", "words", "morse"; once `rnn-tutor fetch` has brought them, also "mnist",
      "fashion_mnist", "kmnist", "usps", "cifar10", "flowers";
    - a folder, whose sub-folders are the classes. Sub-folders called train, val, test and the like
      become the split that the set comes with. Images in no class folder have no label;
    - a zip or a tar (.tar, .tar.gz, .tgz, .tar.bz2, .tar.xz) of the same;
    - a pattern, such as "pets/*/*.jpg" or "scans/**/*.png": the files of a folder that match;
    - one image file;
    - a list of paths, of PIL images, of arrays or of bytes, mixed as you like; also what
      `Path.glob` gives, a pandas column or a NumPy array of paths. These have no labels;
    - a dict from path to label; None for an image without one;
    - an array: (n, height, width), (n, height, width, channels), or one image; of uint8, bool,
      other whole numbers, or floats;
    - a PIL image, the bytes of a file, an open file, the value of an `ipywidgets.FileUpload`;
    - an ImageSet.

    Files: JPEG, PNG, GIF, BMP, WebP, TIFF, AVIF, JPEG 2000, PPM; HEIC after
    `pip install "rnn-tutor[heic]"`. Of an animation or of several pages the first is used.
    Transparent becomes white. 16 bits, 32 bits and floats become 8 bits, by the values that the
    files use (0 to 1, 8, 10, 12, 14 or 16 bits); `report()` says how. Files that cannot be read are
    skipped; `report()` names each with the reason.

    Args:
        source: See above.
        size: Height and width in pixels, as (h, w) or one int. Default: a named set and an ImageSet
            keep their own, and other images get their median height and width, the longer side at
            most `LONGER_SIDE`. Each image is cut around its centre to those proportions.
        height: Pixels, int, in place of `size`: every image gets this height, and keeps its
            proportions. Default: see `size`.
        width: Pixels, int, beside `height`: the same as `size=(height, width)`. Default: any width.
        channels: 1 for grey, 3 for RGB. Default: 1 where every image is grey, otherwise 3.
        seed: int; draws the images where there is a limit, and the shapes. Default 0.
        limit: int, at most so many images. Default: all.
        stream: True leaves the images of files on disk: each is decoded when it is needed, in
            threads. Default: only where they would need more than half of the free memory, which
            is then said. False never does. A stream has images of one size. Where reading them
            all takes more than some seconds, a sentence says how long, and what memory they need.
        settings: Of a set that is drawn or composed, as in `rt.datasets.draw_shapes` and in
            `rt.strips`, such as `speakers` and `pauses` of "spoken3".

    Returns:
        An ImageSet; where the images stay on disk, an `ImageStream`, which serves as one.

    Raises:
        TutorError: The source does not exist, nothing in it can be read, the images need more
            than half of the free memory and cannot be streamed, or a setting cannot be.

    Example:
        >>> rt.load_images("digits", limit=100)
        digits: 100 images of 8 x 8 x 1, 10 classes (0, 1, 2, 3, 4, 5, 6, 7, 8, 9)
        >>> rt.load_images(np.zeros((5, 64, 48, 3)), size=28)
        images: 5 images of 28 x 28 x 1, no labels
        >>> rt.load_images([np.zeros((64, 48)), np.zeros((64, 200))], height=32)
        images: 2 images of 32 x (24 to 100) x 1, no labels
        >>> rt.load_images("spoken3", limit=100, digits=(1, 7), pauses=(10, 20)).class_names
        ('17', '71')
    """
    if height is not None or width is not None:
        size = _with_height(size, height, width)
    size = check_request(size, channels, limit, seed)
    if isinstance(source, str) and source in NAMED_SETS:
        source = _named(source, {"n": limit, "size": size, "channels": channels}, seed, settings)
    elif settings:
        raise TutorError(
            f"A source of your own has no settings {', '.join(settings)}. Sets that are drawn have "
            f"some: {', '.join(['shapes', *STRIPS])}."
        )
    if isinstance(source, ImageSet):
        images = source.sample(limit or len(source), seed)
        return _with_channels(images.resized(*size) if size else images, channels)
    if isinstance(source, Iterator) and not hasattr(source, "read"):
        source = list(source)  # it may be gone through twice
    if not stream:
        try:
            return _from_files(source, size, channels, seed, limit)
        except _TooLarge as problem:
            any_width = size is not None and size[1] is None
            if stream is False or any_width or not problem.are_files:
                raise
            print(f"{problem.needed} So the images stay on disk, and are read when needed.")
    return _streamed(source, size, channels, seed, limit)


def _with_height(size, height, width):
    """Return (height, width), the width None for any; raise TutorError for what cannot be."""
    if size is not None or height is None:
        raise TutorError(
            "Give size=(height, width) for one size, or height=... for one height and any width; "
            f"received size={size!r}, height={height!r}, width={width!r}."
        )
    return height, width


def _named(name, asked, seed, settings):
    """Make a named set; a set that is drawn takes the size and so on as it is drawn."""
    make = NAMED_SETS[name]
    takes = inspect.signature(make).parameters
    if unknown := settings.keys() - takes.keys():
        known = [setting for setting in takes if setting not in ("n", "size", "channels", "seed")]
        has = f"has the settings {', '.join(known)}" if known else "has no settings"
        raise TutorError(f"{name!r} {has}; received {', '.join(sorted(unknown))}.")
    if asked["size"] and None in asked["size"]:
        asked = asked | {"size": None}
    asked = {key: value for key, value in asked.items() if key in takes and value is not None}
    seeded = {"seed": seed} if "seed" in takes else {}
    return make(**asked, **seeded, **settings)


def _from_files(source, size, channels, seed, limit):
    """Return the ImageSet of what `files` finds in the source."""
    skipped = []
    with files.find_images(source, _explain_missing) as (entries, not_used):
        places = _drawing_order(len(entries), limit, seed)
        _estimate_memory([entries[i] for i in places], size, channels, limit)
        readable = _readable(entries, places, skipped, limit)
        first = sorted(islice(readable, limit), key=lambda pair: pair[0])
        headers = [header for _, header in first]
        size = size or _common_size(headers)
        widest = max((size_of_one(size, h.height, h.width)[1] for h in headers), default=1)
        _check_memory(len(first), (size[0], widest), channels, entries)
        pixels, widths, used, notes = _pixels(entries, first, readable, size, channels, skipped)
    skipped = (*not_used, *skipped)
    if not used:
        raise TutorError(_explain_nothing(source, skipped))
    entries = [entries[i] for i in used]
    labels, class_names, is_test = labels_of(entries)
    sources = tuple(entry.name for entry in entries)
    images = ImageSet(
        *(pixels, labels, class_names, sources, _name(source), is_test, skipped, notes),
        origin=_origin(source),
        strip_widths=widths,
    )
    if channels is None and all((picture == picture[:, :, :1]).all() for picture in pixels):
        channels = 1
    return _with_channels(images, channels)


def _streamed(source, size, channels, seed, limit):
    """Return the ImageStream of what `files` finds in the source."""
    with ExitStack() as stack:
        found = files.find_images(source, _explain_missing)
        entries, not_used = stack.enter_context(found)
        images = open_stream(
            entries,
            not_used,
            _name(source),
            _drawing_order(len(entries), limit, seed),
            stack.pop_all(),
            size=size,
            channels=channels,
            limit=limit,
            common_size=_common_size,
        )
    if not len(images):
        raise TutorError(_explain_nothing(source, images.skipped))
    if images.pixels.seconds > LONG:
        print(explain_needs(images.pixels))
    return replace(images, origin=_origin(source))


class _TooLarge(TutorError):
    """Images that need too much memory.

    Attributes:
        needed: The sentence that says how much, str.
        are_files: Whether they could stay on disk, bool.
    """

    def __init__(self, needed, remedy, are_files):
        super().__init__(f"{needed} {remedy}")
        self.needed, self.are_files = needed, are_files


def _name(source):
    """Return the name of a set, after its file or folder."""
    if not isinstance(source, str | os.PathLike) or not os.path.exists(os.path.expanduser(source)):
        return "images"
    path = Path(os.path.abspath(os.path.expanduser(source)))
    ending = next((e for e in files.TARS if path.name.lower().endswith(e)), path.suffix)
    return printable_name(path.name if path.is_dir() else path.name.removesuffix(ending))


def _origin(source):
    """Return the absolute path of a source; of paths, a dict from name to absolute path; or None.

    The working folder may be another one when the files are looked for again.
    """
    if isinstance(source, str | os.PathLike):
        return os.path.abspath(os.path.expanduser(source))
    is_paths = isinstance(source, list | tuple | dict) and all(
        isinstance(item, str | os.PathLike) for item in source
    )
    if not is_paths:
        return None
    paths = map(os.path.expanduser, source)
    return {printable_name(path): os.path.abspath(path) for path in paths}


def _explain_missing(source):
    """Return what to say of a name that leads nowhere."""
    close = difflib.get_close_matches(str(source).lower(), NAMED_SETS, n=1)
    hint = f" Did you mean {close[0]!r}?" if close else ""
    return (
        f"There is no set, folder or zip called {str(source)!r}.{hint} The named sets are "
        f"{', '.join(NAMED_SETS)}; a folder or zip is looked for in {os.getcwd()}."
    )


def _explain_nothing(source, skipped):
    """Return why no image is left."""
    is_path = isinstance(source, str | os.PathLike)
    what = printable_name(source) if is_path else "what was passed"
    if not skipped:
        return f"There are no images in {what}: it is empty."
    first = "; ".join(f"{file.source}: {file.reason}" for file in skipped[:5])
    more = f"; ... and {len(skipped) - 5:,} more" if len(skipped) > 5 else ""
    return f"Not one image in {what} could be used. {first}{more}."


def _drawing_order(n, limit, seed):
    """Return the places of n files in the order in which they are tried, until `limit` are read."""
    if limit is None or limit >= n:
        return np.arange(n)
    drawn = choose(n, limit, seed)
    others = np.setdiff1d(np.arange(n), drawn)
    return np.concatenate([drawn, np.random.default_rng([seed, 1]).permutation(others)])


def _readable(entries, places, skipped, limit):
    """Yield (place, header) of the files that can be read; the others go to `skipped`."""
    for place in files.show_progress(places, "looking at files", None if limit else len(places)):
        try:
            header = decoding.header(entries[place])
        except decoding.Unreadable as problem:
            skipped.append(SkippedFile(entries[place].name, str(problem)))
        else:
            yield int(place), header


def _common_size(headers):
    """Return the median height and width, shrunk until the longer side is `LONGER_SIDE`."""
    if not headers:
        return 1, 1
    size = np.median([(h.height, h.width) for h in headers], axis=0)
    return tuple(max(1, round(s * min(1, LONGER_SIDE / size.max()))) for s in size)


def _estimate_memory(entries, size, channels, limit):
    """Raise TutorError before all files are looked at, where a few show that they are too many.

    With a limit, or with few files, the count itself is soon known.
    """
    n = min(len(entries), limit or len(entries))
    if size and size[1] is None:
        size = size[0], 4 * size[0]  # a guess, until the widths are known
    if n * prod(size or (LONGER_SIDE, LONGER_SIDE)) * (channels or 3) <= _usable_memory():
        return
    some = choose(len(entries), _MEASURED, seed=0)
    headers = [
        header for _, header in _readable([entries[i] for i in some], range(len(some)), [], None)
    ]
    if limit is None:
        n = round(n * len(headers) / len(some))
    _check_memory(n, size or _common_size(headers), channels, entries)


def _check_memory(n, size, channels, entries):
    """Raise TutorError, with a size and a limit that fit, where n images need too much memory."""
    needed, usable = n * prod(size) * (channels or 3), _usable_memory()
    if needed <= usable:
        return
    smaller = tuple(max(1, int(side * (usable / needed) ** 0.5)) for side in size)
    raise _TooLarge(
        f"{format_count(n, 'image')} of {size[0]} x {size[1]} with "
        f"{format_count(channels or 3, 'channel')} need {needed / 1e9:.1f} GB of memory; "
        f"{usable / 1e9:.1f} GB, half of what is free, may be used.",
        f"Pass size={smaller}, or limit={max(1, int(n * usable / needed))}"
        f"{'' if channels == 1 else ', or channels=1 for grey'}.",
        are_files=all(entry.bytes for entry in entries),
    )


def _usable_memory():
    """Return half of the free memory, in bytes."""
    free = _machine.memory()[1]
    return _MEMORY if free is None else free // 2


def _pixels(entries, first, readable, size, channels, skipped):
    """Read files, the next of `readable` for one that fails.

    Returns:
        (pixels, widths, places, notes); widths are None where all images have one width.
    """
    any_width = size[1] is None
    pixels = [None] * len(first)
    if not any_width:
        pixels = np.empty((len(first), *size, channels or 3), np.uint8)
    places, levels, notes = [], [], {}
    queue = chain(first, readable)
    with files.show_progress(None, "reading images", len(first)) as bar:
        while len(places) < len(first) and (found := next(queue, None)):
            place, header = found
            try:
                own = size_of_one(size, header.height, header.width)
                picture, used = decoding.read_with_levels(entries[place], own)
            except decoding.Unreadable as problem:
                skipped.append(SkippedFile(entries[place].name, str(problem)))
                continue
            finally:
                bar.update()
            pixels[len(places)] = fit_image(picture, size, channels)
            places.append(place)
            levels.append(used)
            notes[place] = header.note
    pixels = pixels[: len(places)]
    deep = _on_common_levels(entries, places, levels, size, channels, pixels)
    order = np.argsort(places)
    widths = None
    if any_width and pixels:
        pixels, widths = joined([pixels[i] for i in order])
    elif (np.diff(order) < 0).any():
        pixels = pixels[order]
    places = [places[i] for i in order]
    return pixels, widths, places, (*(notes[i] for i in places if notes[i]), *deep)


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
                own = size_of_one(size, *pixels[row].shape[:2])
                picture = decoding.read(entries[places[row]], own, common)
                pixels[row] = fit_image(picture, size, channels)
        if (common.low, common.high) not in ((0, 1), (0, 65535)):
            notes.append(f"{format_count(len(rows), 'image')} of {values} became 8 bits: {common}")
    return notes


def _with_channels(images, channels):
    """Return the images with so many channels; None leaves them."""
    return {1: images.grey, 3: images.colour, None: lambda: images}[channels]()


def _fashion5():
    """Return the shipped part of Fashion-MNIST (see data/fashion5.json), checked by its sha256."""
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


def _photos5():
    """Return 300 photographs of five kinds of clothes (see data/photos5.json), cut to squares."""
    path = DATA / "photos5.zip"
    expected = json.loads((DATA / "photos5.json").read_text(encoding="utf-8"))["sha256"]
    if not path.exists() or sha256(path.read_bytes()) != expected:
        raise TutorError("photos5.zip is not the file that was shipped: install again.")
    return _from_files(path, (128, 128), 3, 0, None)


def _digits():
    """Return the 1,797 digits of 8 x 8 that come with scikit-learn; 0..16 becomes 0..255."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    pixels = np.round(digits.images * (255 / 16)).astype(np.uint8)[..., None]
    sources = tuple(f"scikit-learn digits, image {i}" for i in range(len(pixels)))
    return ImageSet(pixels, digits.target, tuple("0123456789"), sources, "digits")


NAMED_SETS = {"fashion5": _fashion5, "digits": _digits, "shapes": draw_shapes, "photos5": _photos5}
NAMED_SETS |= STRIPS
NAMED_SETS |= {name: partial(full_sets.load, name) for name in full_sets.FULL_SETS}


def answerable(train, test):
    """Return both sets with a label for each image.

    These are their own labels, where every image has one and there are two classes or more.
    Otherwise the label is whether an image is brighter than the median of `train`, so that a
    network has something to learn whose answer is known. A printed sentence says so.

    Args:
        train: An ImageSet.
        test: Another ImageSet.

    Returns:
        (train, test), ImageSets of the same images in the same order.

    Example:
        >>> train, test = rt.load_images("digits", limit=50).without_labels().split()
        >>> train, test = rt.datasets.answerable(train, test)  # doctest: +ELLIPSIS
        These pictures have no labels, not all of them, or only one class. ...
        >>> train.class_names
        ('darker', 'brighter')
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
