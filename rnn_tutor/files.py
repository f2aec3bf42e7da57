"""Finding and reading pictures in folders, zips and lists of paths.

Pillow decodes: it tells a file's size before decoding it, notices where one is cut short, and is
quiet. OpenCV gives the same pixels to a level, but `cv2.imread` fills a cut JPEG with grey, and its
decoders write to stderr.
What the pictures become is in `datasets`.
"""

import os
import re
import warnings
import zipfile
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from math import ceil

import numpy as np
from PIL import Image, UnidentifiedImageError

from rnn_tutor._errors import TutorError
from rnn_tutor.images import Refusal

MAX_PIXELS = 100_000_000
MAX_BYTES = 400_000_000  # of one file, unpacked
_FORMATS = ["JPEG", "PNG", "GIF", "BMP", "WEBP", "TIFF", "AVIF", "JPEG2000", "PPM"]
_BEGINNINGS = (b"\xff\xd8", b"\x89PNG", b"GIF8", b"II*\0", b"MM\0*")
_HEIC = (b"ftyphei", b"ftyphev", b"ftypmif1", b"ftypmsf1")
_TURN = Image.Transpose
_TURNS = {  # what makes each Exif orientation upright
    2: _TURN.FLIP_LEFT_RIGHT,
    3: _TURN.ROTATE_180,
    4: _TURN.FLIP_TOP_BOTTOM,
    5: _TURN.TRANSPOSE,
    6: _TURN.ROTATE_270,
    7: _TURN.TRANSVERSE,
    8: _TURN.ROTATE_90,
}
_SYSTEM_FILES = {"thumbs.db", "desktop.ini"}


class Unreadable(Exception):
    """Why one file cannot be used; it becomes a `Refusal`."""


@dataclass(frozen=True)
class Entry:
    """A file that may be a picture: its name, the folders around it, how to open it."""

    name: str
    folders: tuple[str, ...]
    open: Callable
    bytes: int


@dataclass(frozen=True)
class Header:
    """What a file says of itself: height and width in pixels, upright; a note or none."""

    height: int
    width: int
    note: str | None = None


def natural(name):
    """Return a key that sorts 2.png before 10.png."""
    pieces = re.split(r"0*(\d+)", name.casefold())
    return [(len(p), p) if i % 2 else p for i, p in enumerate(pieces)], name


@contextmanager
def found(source):
    """Give (entries, refusals) of a folder, a zip, one picture or a list of paths.

    Raises TutorError for a zip that cannot be opened. Nothing is ever unpacked or written.
    """
    if isinstance(source, list):
        yield _sorted_out(_listed(source))
    elif os.path.isdir(source):
        yield _sorted_out(_walked(source, (), (os.path.realpath(source),)), by_name=True)
    elif os.path.isfile(source) and (source.lower().endswith(".zip") or zipfile.is_zipfile(source)):
        try:
            archive = zipfile.ZipFile(source)
        except Exception as problem:  # a damaged one fails in a dozen ways
            raise TutorError(f"{source} cannot be opened as a zip: {problem}.") from None
        with archive:
            yield _sorted_out(_members(archive), by_name=True)
    else:
        yield _sorted_out(_listed([source]))


def _sorted_out(things, by_name=False):
    things = list(things)
    if by_name:
        things.sort(key=lambda t: natural(getattr(t, "name", None) or t.source))
    entries = [t for t in things if isinstance(t, Entry)]
    return entries, [t for t in things if isinstance(t, Refusal)]


def printable(name):
    """Return a file name that can be printed even where its bytes are no valid text."""
    return os.fsdecode(name).encode("utf-8", "backslashreplace").decode()


def _listed(paths):
    for path in paths:
        path = os.path.expanduser(path)
        yield _file(path, printable(path), ())


def _walked(folder, folders, above):
    """Yield entries and refusals of a folder and its sub-folders; links may not go round."""
    try:
        names = os.listdir(folder)
    except OSError as problem:
        yield Refusal("/".join(folders), problem.strerror or "cannot be opened")
        return
    for name in names:
        path, shown = os.path.join(folder, name), "/".join([*folders, printable(name)])
        if not os.path.isdir(path):
            yield _file(path, shown, folders)
        elif name.startswith("."):
            yield Refusal(shown, "a hidden folder")
        elif (real := os.path.realpath(path)) in above:
            yield Refusal(shown, "a link back to a folder that holds it")
        else:
            yield from _walked(path, (*folders, printable(name)), (*above, real))


def _file(path, name, folders):
    if os.path.isfile(path):
        return _entry(name, folders, partial(open, path, "rb"), os.path.getsize(path))
    if os.path.isdir(path):
        return Refusal(name, "a folder where a file was expected")
    # What is left, such as a pipe, would never finish reading.
    exists, is_link = os.path.exists(path), os.path.islink(path)
    what = "a link that leads nowhere" if is_link else "does not exist"
    return Refusal(name, "not an ordinary file" if exists else what)


def _members(archive):
    """Yield entries and refusals of a zip; names that would lead out of it are refused."""
    for info in archive.infolist():
        name = info.filename.replace("\\", "/")
        *folders, last = [part for part in name.split("/") if part != "."]
        if not last or folders[:1] == ["__MACOSX"]:
            continue  # a folder; what macOS adds to every zip
        if name.startswith("/") or ".." in folders or re.match(r"[A-Za-z]:", name):
            yield Refusal(printable(name), "its name leads out of the zip")
        elif any(folder.startswith(".") for folder in folders):
            yield Refusal(printable(name), "in a hidden folder")
        elif info.flag_bits & 1:
            yield Refusal(printable(name), "locked with a password")
        else:
            opener = partial(archive.open, info)
            yield _entry(printable(name), tuple(folders), opener, info.file_size)


def _entry(name, folders, opener, size):
    last = name.rsplit("/", 1)[-1]
    if last.startswith(".") or last.lower() in _SYSTEM_FILES:
        return Refusal(name, "a hidden or system file, not a picture")
    if size == 0:
        return Refusal(name, "empty (0 bytes)")
    if size > MAX_BYTES:
        return Refusal(name, f"too large: {size / 1e6:,.0f} MB, the limit is {MAX_BYTES / 1e6:.0f}")
    return Entry(name, folders, opener, size)


@contextmanager
def _opened(entry):
    """Give (picture, file), not yet decoded. Whatever a foreign file provokes is Unreadable."""
    too_large = f"too large: its header claims more than {MAX_PIXELS:,} pixels"
    try:
        with entry.open() as file, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's remarks about odd but readable files
            start = file.read(16)
            file.seek(0)
            with Image.open(file, formats=_FORMATS) as picture:
                if picture.width * picture.height > MAX_PIXELS:
                    raise Unreadable(too_large)
                yield picture, file
    except Unreadable:
        raise
    except Image.DecompressionBombError:
        raise Unreadable(too_large) from None
    except UnidentifiedImageError:
        raise Unreadable(_what_is_it(start)) from None
    except Exception as problem:  # decoders fail in a dozen ways, none of them the reader's fault
        reason = getattr(problem, "strerror", None) or "truncated or damaged"
        raise Unreadable(reason) from problem


def _what_is_it(start):
    if start[4:].startswith(_HEIC):
        return "a HEIC photograph, which cannot be read here; export it as JPEG"
    if start.startswith(_BEGINNINGS) or start[8:12] in (b"WEBP", b"avif"):
        return "truncated or damaged"
    return "not a picture in a format that can be read (such as JPEG, PNG, GIF, BMP, WebP, TIFF)"


def header(entry):
    """Return the Header of a file without decoding it; raises Unreadable."""
    with _opened(entry) as (picture, _):
        width, height = picture.size
        turned = _orientation(picture) >= 5
        note = _note(entry.name, picture)
    return Header(width, height, note) if turned else Header(height, width, note)


def _orientation(picture):
    """Return how a camera was held, 1 to 8 as in Exif; a damaged entry counts as upright."""
    try:
        # Pillow turns a TIFF by itself.
        return 1 if picture.format == "TIFF" else int(picture.getexif().get(0x0112, 1))
    except Exception:
        return 1


def _note(name, picture):
    frames = getattr(picture, "n_frames", 1)
    if frames == 1 or picture.format == "MPO":  # a photograph with its own thumbnails
        return None
    if picture.format == "TIFF":
        return f"{name}: {frames} pages; its first page is used"
    return f"{name}: an animation; its first frame is used"


def read(entry, size=None):
    """Return one picture, upright, as (height, width, 3) uint8 RGB; transparent becomes white.

    With size=(height, width) a JPEG may come smaller, but at least twice that size: much faster
    for photographs. 16 bits become 8. Raises Unreadable.
    """
    with _opened(entry) as (picture, file):
        if picture.format in ("JPEG", "MPO") and b"\xff\xd9" not in file.read():
            raise Unreadable("truncated or damaged")  # the end marker is missing after the start
        if picture.mode == "F" or (picture.mode == "I" and picture.format == "TIFF"):
            raise Unreadable("its pixels have 32 bits; 8 or 16 are expected")
        if size is not None:
            shrink = 2 * max(size) / min(picture.size)
            picture.draft(None, (ceil(shrink * picture.width), ceil(shrink * picture.height)))
        turn = _TURNS.get(_orientation(picture))
        return _rgb(picture if turn is None else picture.transpose(turn))


def _rgb(picture):
    """Return a decoded picture as (height, width, 3) uint8."""
    if picture.mode.startswith("I"):
        grey = (np.asarray(picture) >> 8).astype(np.uint8)  # 16 bits
        return np.repeat(grey[:, :, None], 3, axis=2)
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        picture = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture)
    return np.array(picture.convert("RGB"))
