"""Where pictures come from: named sets, folders, zips and lists of paths.

`load_images` is the one line that changes the data of a whole notebook. How one file is read, and
why it may be refused, stands in `files`.
"""

import difflib
import hashlib
import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np

from rnn_tutor import files
from rnn_tutor._cv2 import cv2
from rnn_tutor._errors import TutorError
from rnn_tutor.images import ImageSet, Refusal, choose, fit

NAMES = ("fashion5", "digits", "shapes")
LONGER_SIDE = 128  # pixels: the most that a picture of one's own keeps unless `size` says more
MAX_MEMORY = 4_000_000_000  # bytes
_DATA = Path(__file__).with_name("data")
_TRAIN, _TEST = {"train", "training"}, {"test", "testing", "val", "valid", "validation"}


def load_images(source, *, size=None, channels=None, seed=0, limit=None):
    """Return an ImageSet from a named set, a folder, a zip, or a list of paths.

    source: one of `NAMES`; a folder, whose sub-folders are the classes (without sub-folders there
    are no labels, and pictures beside sub-folders have none); a zip of the same; one picture; or a
    list of paths to pictures (no labels).
    Sub-folders called train and test become the split that the set comes with.
    size: height and width in pixels, as (h, w) or one int. By default a named set keeps its own,
    and files get their median height and width, the longer side at most `LONGER_SIDE`; each
    picture is cut around its centre to those proportions.
    channels: 1 for grey, 3 for RGB; by default 1 where every picture is grey.
    limit: at most this many pictures, drawn at random with `seed`, which also draws the shapes.
    Raises TutorError when the source does not exist or nothing in it can be read. Files that cannot
    be read are passed over; the set's `report()` names each with the reason.
    """
    size = _checked(size, channels, limit)
    if isinstance(source, str) and source in NAMES:
        return _named(source, size, channels, seed, limit)
    return _from_files(_checked_source(source), size, channels, seed, limit)


def _from_files(source, size, channels, seed, limit):
    with files.found(source) as (entries, refused):
        entries = [entries[i] for i in choose(len(entries), limit or len(entries), seed)]
        readable, unreadable = _tried(files.header, entries)
        size = size or _common_size([header for _, header in readable])
        pixels, used, failed = _pixels([entry for entry, _ in readable], size)
    refused = (*refused, *unreadable, *failed)
    if not used:
        raise TutorError(_nothing_left(source, refused))
    notes = tuple(header.note for entry, header in readable if header.note and entry in used)
    labels, class_names, is_test = _classes([entry.folders for entry in used])
    sources = tuple(entry.name for entry in used)
    images = ImageSet(pixels, labels, class_names, sources, _name(source), is_test, refused, notes)
    is_grey = all((picture == picture[:, :, :1]).all() for picture in pixels)
    return _with_channels(images, channels or (1 if is_grey else 3))


def _name(source):
    path = Path("images" if isinstance(source, list) else os.path.abspath(source))
    return files.printable(path.name if path.is_dir() else path.stem)


def _checked(size, channels, limit):
    """Return size as (height, width) or None; raise TutorError for settings that cannot be."""
    size = (size, size) if isinstance(size, int | np.integer) else size
    whole = (int, np.integer)
    if size is not None and (
        np.shape(size) != (2,) or not all(isinstance(s, whole) and s > 0 for s in size)
    ):
        raise TutorError(f"size is one whole number of pixels or (height, width), not {size!r}.")
    if channels not in (None, 1, 3):
        raise TutorError(f"channels is 1 (grey) or 3 (colour), not {channels!r}.")
    if limit is not None and not (isinstance(limit, whole) and limit > 0):
        raise TutorError(f"limit is a whole number above 0, not {limit!r}.")
    return size


def _checked_source(source):
    """Return a path that exists as str, or a list of paths; raise TutorError otherwise."""
    if isinstance(source, str | os.PathLike):
        path = os.path.expanduser(os.fspath(source))
        if isinstance(path, str) and path.strip() and os.path.exists(path):
            return path
        raise TutorError(_unknown(source))
    try:
        paths = [os.fspath(path) for path in source]
    except TypeError:
        raise TutorError(
            "load_images takes a name, a folder, a zip or a list of paths; "
            f"it received an object of type {type(source).__name__}."
        ) from None
    if not paths:
        raise TutorError("The list of paths is empty.")
    return paths


def _unknown(source):
    close = difflib.get_close_matches(str(source).lower(), NAMES, n=1)
    hint = f" Did you mean {close[0]!r}?" if close else ""
    return (
        f"There is no set, folder or zip called {str(source)!r}.{hint} The named sets are "
        f"{', '.join(NAMES)}; a folder or zip is looked for in {os.getcwd()}."
    )


def _nothing_left(source, refused):
    what = "the list" if isinstance(source, list) else str(source)
    if not refused:
        return f"There are no pictures in {what}: it is empty."
    first = "; ".join(f"{r.source}: {r.reason}" for r in refused[:5])
    more = f"; ... and {len(refused) - 5:,} more" if len(refused) > 5 else ""
    return f"Not one picture in {what} could be used. {first}{more}."


def _tried(action, entries):
    """Return (entry, result) where the action worked, and a Refusal where it did not."""
    done, refused = [], []
    for entry in entries:
        try:
            done.append((entry, action(entry)))
        except files.Unreadable as problem:
            refused.append(Refusal(entry.name, str(problem)))
    return done, refused


def _common_size(headers):
    """Return the median height and width, shrunk until the longer side is `LONGER_SIDE`."""
    if not headers:
        return 1, 1
    size = np.median([(h.height, h.width) for h in headers], axis=0)
    return tuple(max(1, round(s * min(1, LONGER_SIDE / size.max()))) for s in size)


def _pixels(entries, size):
    """Return pixels (n, height, width, 3), their entries, and refusals; one picture at a time."""
    needed = len(entries) * size[0] * size[1] * 3
    if needed > MAX_MEMORY:
        raise TutorError(
            f"{len(entries):,} pictures of {size[0]} x {size[1]} need {needed / 1e9:.1f} GB of "
            "memory: choose a smaller `size`, or a `limit`."
        )
    pixels = np.empty((len(entries), *size, 3), np.uint8)
    rows = iter(pixels)

    def keep(entry):
        picture = fit(files.read(entry, size), *size)
        next(rows)[:] = picture

    done, refused = _tried(keep, entries)
    return pixels[: len(done)], [entry for entry, _ in done], refused


def _classes(folders):
    """Return (labels, class_names, is_test) from the folders that each picture lies in."""
    while all(len(f) > 1 for f in folders) and len({f[0] for f in folders}) == 1:
        folders = [f[1:] for f in folders]  # a zip often holds one folder that holds everything
    is_test, tops = None, {f[0].lower() if f else "" for f in folders}
    if tops & _TRAIN and tops & _TEST and tops <= _TRAIN | _TEST:
        is_test = np.array([f[0].lower() in _TEST for f in folders])
        folders = [f[1:] for f in folders]
    if not any(folders):
        return None, (), is_test
    kinds = [f[0] if f else None for f in folders]  # beside the folders of the classes: no label
    class_names = tuple(sorted(set(kinds) - {None}, key=files.natural))
    places = {kind: place for place, kind in enumerate(class_names)}
    return np.array([places.get(kind, -1) for kind in kinds]), class_names, is_test


def _named(name, size, channels, seed, limit):
    if name == "shapes":
        return draw_shapes(limit or 1000, size=size or 64, channels=channels or 3, seed=seed)
    images = _fashion5() if name == "fashion5" else _digits()
    images = images.sample(limit or len(images), seed).resized(*(size or images.shape[:2]))
    return _with_channels(images, channels or 1)


def _with_channels(images, channels):
    return images.grey() if channels == 1 else images.colour()


def _fashion5():
    """The shipped part of Fashion-MNIST (see data/fashion5.json), compared with its sha256."""
    about = json.loads((_DATA / "fashion5.json").read_text(encoding="utf-8"))
    try:
        with np.load(_DATA / "fashion5.npz", allow_pickle=False) as file:
            arrays = {name: file[name] for name in about["sha256"]}
    except Exception as problem:  # a damaged file fails in a dozen ways
        raise TutorError(f"fashion5.npz cannot be read ({problem}): install again.") from problem
    for name, expected in about["sha256"].items():
        if hashlib.sha256(arrays[name].tobytes()).hexdigest() != expected:
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


def draw_shapes(
    n=1000,
    size=64,
    channels=3,
    *,
    noise=0.05,
    rotation=180.0,
    scale=(0.4, 0.8),
    position=1.0,
    clutter=2,
    seed=0,
):
    """Return n drawn pictures of five kinds, in turn: circle, square, triangle, star, cross.

    size: pixels, one int or (height, width). channels: 1 or 3. noise: standard deviation of
    Gaussian noise, white being 1. rotation: at most this many degrees either way. scale: smallest
    and largest diameter as a part of the shorter side. position: 0 keeps shapes in the middle, 1
    lets them go wherever they fit. clutter: how many thin lines are drawn behind each.
    Picture i depends on the seed and i alone. Raises TutorError for sizes that cannot be drawn.
    """
    height, width = _checked(size, channels, n)
    pixels = np.empty((n, height, width, channels), np.uint8)
    for i in range(n):
        rng = np.random.default_rng([seed, i])
        outline = list(_OUTLINES.values())[i % 5]
        outline = _placed(outline, (height, width), rng, rotation, scale, position)
        pixels[i] = _drawn(outline, (height, width, channels), rng, noise, clutter)
    sources = tuple(f"shapes, seed {seed}, image {i}" for i in range(n))
    return ImageSet(pixels, np.arange(n) % 5, tuple(_OUTLINES), sources, "shapes")


def _polar(corners, start, *radii):
    """Return corners (k, 2) at equal angles from `start` degrees on, at these radii in turn."""
    angles = np.deg2rad(start) + np.arange(corners) * 2 * np.pi / corners
    return np.resize(radii, corners)[:, None] * np.stack([np.cos(angles), np.sin(angles)], axis=1)


_ARM = np.array([(-0.3, -0.3), (-0.3, -0.95), (0.3, -0.95)])  # of the cross; the others are turned
_OUTLINES = {  # each in a circle of radius 1, y downwards
    "circle": _polar(64, 0, 1),
    "square": _polar(4, 45, 1),
    "triangle": _polar(3, -90, 1),
    "star": _polar(10, -90, 1, 0.4),
    "cross": np.concatenate([_ARM, _ARM[:, ::-1] * (-1, 1), -_ARM, _ARM[:, ::-1] * (1, -1)]),
}


def _placed(outline, size, rng, rotation, scale, position):
    """Return the outline turned, scaled and moved, in pixels (x, y)."""
    turn = np.deg2rad(rng.uniform(-rotation, rotation))
    diameter = rng.uniform(*scale) * min(size)
    matrix = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    room = np.array([size[1] - diameter, size[0] - diameter]) / 2
    centre = np.array([size[1] - 1, size[0] - 1]) / 2 + position * room * rng.uniform(-1, 1, 2)
    return diameter / 2 * outline @ matrix.T + centre


def _drawn(outline, shape, rng, noise, clutter):
    """Return one picture (height, width, channels) uint8: ground, lines, shape, noise."""
    height, width, channels = shape
    ground = rng.uniform(0, 255, channels)
    # At least 100 levels lighter or darker in every channel, so that each shape can be seen.
    colour = np.where(ground > 127, ground - rng.uniform(100, 127), ground + rng.uniform(100, 127))
    picture = np.empty(shape, np.uint8)
    picture[:] = ground.astype(np.uint8)
    for _ in range(clutter):
        ends = rng.uniform(0, 1, (2, 2)) * (width, height)
        tone = tuple((ground + rng.uniform(-60, 60, channels)).clip(0, 255))
        cv2.line(
            picture, *ends.astype(int).tolist(), tone, max(1, min(shape[:2]) // 40), cv2.LINE_AA
        )
    corners = np.round(outline * 16).astype(np.int32)  # four binary places for smooth edges
    cv2.fillPoly(picture, [corners], tuple(colour), cv2.LINE_AA, shift=4)
    noisy = picture + rng.normal(0, 255 * noise, shape)
    return noisy.round().clip(0, 255).astype(np.uint8)
