"""Finding images: in folders, zips, tars, patterns and lists, and among arrays.

Nothing is decoded here (`decoding` does that), and nothing is unpacked or written, except that a
compressed tar is unpacked into one temporary file without a name.
"""

import bz2
import glob
import gzip
import io
import lzma
import os
import re
import shutil
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from heapq import heappop, heappush
from itertools import takewhile
from pathlib import Path

import numpy as np
from PIL import Image

from rnn_tutor._errors import TutorError
from rnn_tutor._text import natural, printable
from rnn_tutor.images.imageset import SkippedFile

MAX_BYTES = 400_000_000  # of one file, unpacked
_SYSTEM_FILES = {"thumbs.db", "desktop.ini"}
_SYSTEM_FOLDERS = {
    *("@eadir", "#recycle", "@recycle", "#snapshot", "$recycle.bin", "__macosx", "__pycache__"),
    *("system volume information", "lost+found"),
}
TARS = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz")
_PACKED = {b"\x1f\x8b": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ\0": lzma.open}
_UNPACKED = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA}
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
_DOWNLOAD = (
    "nothing is read from the network. Download it first, for instance with "
    '`urllib.request.urlretrieve(address, "pictures.zip")`, and load the file'
)
_TAKEN = (
    "a name, a folder, a file, a zip or tar, a pattern such as 'pets/*/*.jpg', a list of paths or "
    "images, an array, bytes, or a dict from path to label"
)


@dataclass(frozen=True)
class Entry:
    """A file that may be an image: its name, the folders around it, how to open it.

    open() returns a binary file; or the image itself, an array or one of Pillow.
    label: what a dict says of it, or None.
    """

    name: str
    folders: tuple[str, ...]
    open: Callable
    bytes: int = 0
    label: str | None = None


def progress(things, what, total=None):
    """Go through things; after two seconds a bar shows how far, and the time left."""
    from tqdm.auto import tqdm

    return tqdm(things, desc=what, total=total, delay=2, leave=False)


@contextmanager
def found(source, unknown):
    """Give (entries, refusals) of whatever holds images.

    unknown(source) is the sentence for a name that leads nowhere.
    Raises TutorError for what holds none, and for an archive that cannot be opened.
    """
    if isinstance(source, str | os.PathLike):
        with _path(source, unknown) as things:
            yield _sorted_out(things)
    elif isinstance(source, Mapping):
        yield _sorted_out(_labelled(source))
    elif isinstance(source, bytes | bytearray | memoryview) or hasattr(source, "read"):
        with _content(source) as things:
            yield _sorted_out(things)
    elif isinstance(source, Image.Image):
        yield _sorted_out([_item(source, "image")])
    else:
        yield _sorted_out(_items(source))


def _sorted_out(things):
    things = list(things)
    entries = [t for t in things if isinstance(t, Entry)]
    return entries, [t for t in things if isinstance(t, SkippedFile)]


def _by_name(things):
    return sorted(things, key=lambda t: natural(getattr(t, "name", None) or t.source))


@contextmanager
def _path(source, unknown):
    """Give the entries and refusals of a path or a pattern."""
    if not isinstance(path := os.fspath(source), str):
        raise TutorError(f"Expected a path as text, received bytes: {path!r}.")
    if _ADDRESS.match(path):
        raise TutorError(f"{printable(path)} is an address, and {_DOWNLOAD}.")
    path = os.path.expanduser(path)
    if not path.strip() or not os.path.exists(path):
        if not glob.has_magic(path) or "\0" in path:
            raise TutorError(unknown(source))
        yield _by_name(_matching(path))
    elif os.path.isdir(path):
        yield _by_name(_walked(path))
    else:
        with _opened_archive(path, path.lower()) as members:
            name = printable(path)
            yield [_file(path, name, ())] if members is None else _by_name(members)


@contextmanager
def _content(source):
    """Give the entries and refusals of bytes, or of what an open file holds: an archive or not."""
    content = source.read() if hasattr(source, "read") else source
    if isinstance(content, str):
        raise TutorError('The file was opened as text: use open(path, "rb").')
    name = getattr(source, "name", None)
    name = printable(name) if isinstance(name, str) else "bytes"
    with _opened_archive(io.BytesIO(content), name.lower()) as members:
        yield [_item(bytes(content), name)] if members is None else _by_name(members)


@contextmanager
def _opened_archive(file, name):
    """Give the members of a zip or tar, or None; file: a path or a BytesIO, name: lower case."""
    if isinstance(file, str) and not os.path.isfile(file):
        yield None  # such as a pipe, which would never finish reading
        return
    with ExitStack() as stack:
        kind = None
        try:
            if name.endswith(".zip") or zipfile.is_zipfile(file):
                kind = "zip"
                members = _zipped(stack.enter_context(zipfile.ZipFile(file)))
            elif name.endswith(TARS) or _is_tar(file):
                kind = "tar"
                members = _tarred(_untarred(file, stack))
            else:
                members = None
        except Exception as problem:  # a damaged one fails in a dozen ways
            shown = printable(file) if isinstance(file, str) else name
            raise TutorError(f"{shown} cannot be opened as a {kind}: {problem}.") from None
        yield members


def _is_tar(file):
    with open(file, "rb") if isinstance(file, str) else io.BytesIO(file.getvalue()) as opened:
        start = opened.read(262)
        opened.seek(0)
        is_packed = start.startswith(tuple(_PACKED))
        return start[257:] == b"ustar" or (is_packed and tarfile.is_tarfile(opened))


def _untarred(file, stack):
    """Return an open tar; a compressed one by way of a temporary file, which can be read anywhere.

    Reading a member of a compressed tar would unpack all that stand before it, each time.
    """
    opened = file
    if isinstance(file, str):
        opened = stack.enter_context(open(file, "rb"))  # noqa: SIM115
    opened.seek(0)
    start = opened.read(6)
    opened.seek(0)
    unpack = next((how for magic, how in _PACKED.items() if start.startswith(magic)), None)
    if unpack is not None:
        plain = stack.enter_context(tempfile.TemporaryFile())  # noqa: SIM115
        room = shutil.disk_usage(tempfile.gettempdir()).free // 2
        with unpack(opened) as packed:
            while block := packed.read(1 << 22):
                room -= len(block)
                if room < 0:
                    raise OSError(f"to unpack it, {tempfile.gettempdir()} has too little room")
                plain.write(block)
        plain.seek(0)
        opened = plain
    return stack.enter_context(tarfile.open(fileobj=opened, mode="r:"))


def _zipped(archive):
    """Return entries and refusals of a zip; names that would lead out of it are refused."""
    things = []
    for info in archive.infolist():
        if info.is_dir():
            continue
        problem = None
        if info.flag_bits & 1:
            problem = "locked with a password"
        elif info.compress_type not in _UNPACKED:
            problem = "packed in a way that Python cannot unpack: pack the zip anew"
        opener = partial(archive.open, info)
        things.append(_member(info.filename, opener, info.file_size, problem, "zip"))
    return [thing for thing in things if thing]


def _tarred(archive):
    """Return entries and refusals of a tar; links and names that lead out of it are refused."""
    things = []
    for info in archive.getmembers():
        if info.isdir():
            continue
        problem = None if info.isreg() else "a link or a device, not an ordinary file"
        opener = partial(archive.extractfile, info)
        things.append(_member(info.name, opener, info.size, problem, "tar"))
    return [thing for thing in things if thing]


def _member(name, opener, size, problem, kind):
    name = name.replace("\\", "/")
    *folders, last = [part for part in name.split("/") if part != "."]
    if not last or folders[:1] == ["__MACOSX"]:
        return None  # a folder; what macOS adds to every zip
    if name.startswith("/") or ".." in folders or re.match(r"[A-Za-z]:", name):
        return SkippedFile(printable(name), f"its name leads out of the {kind}")
    for folder in folders:
        if reason := _passed_over(folder):
            return SkippedFile(printable(name), f"in {reason}")
    if problem:
        return SkippedFile(printable(name), problem)
    return _entry(printable(name), tuple(map(printable, folders)), opener, size)


def _passed_over(folder):
    """Return why a folder of this name is not searched, or None."""
    if folder.startswith("."):
        return "a hidden folder"
    return "a system folder" if folder.lower() in _SYSTEM_FOLDERS else None


def _matching(pattern):
    """Return entries and refusals of the files that match; folders are those below its fixed part.

    `pets/*/*.jpg` gives what the folder `pets` would, of its `.jpg` files.
    """
    fixed = list(takewhile(lambda part: not glob.has_magic(part), Path(pattern).parts[:-1]))
    things, depth = [], len(fixed)
    for path in glob.glob(pattern, recursive=True):
        folders = Path(path).parts[depth:-1]
        if not os.path.isdir(path) and not any(map(_passed_over, folders)):
            shown = tuple(map(printable, folders))
            things.append(_file(path, "/".join([*shown, printable(os.path.basename(path))]), shown))
    if not things:
        raise TutorError(f"No file matches {printable(pattern)!r}, looked for in {os.getcwd()}.")
    return things


def _walked(root):
    """Return entries and refusals of a folder and all below it; nothing is read twice.

    Links to folders and files come last: where they lead may have been read by then.
    """
    things, seen, links = [], set(), []
    todo = [(os.fspath(root), (), os.path.realpath(root))]
    bar = progress(None, "finding files")
    while todo or links:
        if not todo:
            _, path, name, folders, real = heappop(links)
            if real in seen or (os.path.dirname(real) in seen and os.path.isfile(real)):
                what = "folder" if os.path.isdir(path) else "file"
                things.append(SkippedFile(name, f"a link to a {what} that is read already"))
            elif os.path.isdir(path):
                todo.append((path, tuple(name.split("/")), real))
            else:
                seen.add(real)
                things.append(_file(path, name, folders))
            continue
        path, folders, real = todo.pop()
        seen.add(real)
        try:
            inside = list(os.scandir(path))
        except OSError as problem:
            name = "/".join(folders) or printable(root)
            things.append(SkippedFile(name, problem.strerror or "cannot be opened"))
            continue
        bar.update(len(inside))
        for item in inside:
            shown, here = printable(item.name), os.path.join(real, item.name)
            is_link = _is_link(item, here)
            is_folder = os.path.isdir(item.path) if is_link else item.is_dir()
            if is_folder and (reason := _passed_over(item.name)):
                things.append(SkippedFile("/".join([*folders, shown]), reason))
            elif is_link and os.path.exists(item.path):
                name = "/".join([*folders, shown])
                real_path = os.path.realpath(item.path)
                heappush(links, (natural(name), item.path, name, folders, real_path))
            elif is_folder:
                todo.append((item.path, (*folders, shown), here))
            else:
                things.append(_file(item.path, "/".join([*folders, shown]), folders))
    bar.close()
    return things


def _is_link(item, real):
    # Windows has junctions too, which `is_symlink` does not know.
    return item.is_symlink() or (os.name == "nt" and os.path.realpath(item.path) != real)


def _file(path, name, folders):
    if os.path.isfile(path):
        return _entry(name, folders, partial(open, path, "rb"), os.path.getsize(path))
    if os.path.isdir(path):
        return SkippedFile(name, "a folder where a file was expected")
    # What is left, such as a pipe, would never finish reading.
    exists, is_link = os.path.exists(path), os.path.islink(path)
    what = "a link that leads nowhere" if is_link else "does not exist"
    return SkippedFile(name, "not an ordinary file" if exists else what)


def _entry(name, folders, opener, size):
    last = name.rsplit("/", 1)[-1]
    if last.startswith(".") or last.lower() in _SYSTEM_FILES:
        return SkippedFile(name, "a hidden or system file, not a picture")
    if size == 0:
        return SkippedFile(name, "empty (0 bytes)")
    if size > MAX_BYTES:
        return SkippedFile(
            name, f"too large: {size / 1e6:,.0f} MB, the limit is {MAX_BYTES / 1e6:.0f}"
        )
    return Entry(name, folders, opener, size)


def _labelled(source):
    """Return entries and refusals of a dict from path to label; None or NaN is no label."""
    things = []
    for i, (key, label) in enumerate(source.items()):
        if not (_is_missing(label) or isinstance(label, str | int | float | np.generic)):
            raise TutorError(
                "The dict goes from path to label, such as {'1.jpg': 'cat'}; received "
                f"{type(label).__name__} as the label of {key!r}."
            )
        thing = _item(key, f"image {i}")
        if isinstance(thing, Entry) and not _is_missing(label):
            thing = replace(thing, label=printable(str(label)))
        things.append(thing)
    if not things:
        raise TutorError("The dict of paths is empty.")
    return things


def _items(source):
    """Return entries and refusals of a list, an array, or whatever can be gone through."""
    if hasattr(source, "columns"):
        raise TutorError("A table was passed: pass one column, such as table['path'].")
    if hasattr(source, "__array__") and not isinstance(source, np.ndarray):
        source = np.asarray(source)
    if isinstance(source, np.ndarray) and source.dtype.kind not in "OUS":
        source = _pictures_of(source)
    try:
        things = [_item(item, f"image {i}") for i, item in enumerate(source)]
    except TypeError:
        raise TutorError(
            f"load_images takes {_TAKEN}; it received an object of type {type(source).__name__}."
        ) from None
    if not things:
        raise TutorError("The list of paths is empty.")
    return things


def _pictures_of(array):
    """Return one array for each picture; raises TutorError with the shapes there may be."""
    is_one = array.ndim == 2 or (array.ndim == 3 and array.shape[2] in (1, 3, 4))
    colours = array.ndim == 4 and array.shape[3] in (1, 3, 4)
    if array.dtype.kind in "buif" and (is_one or colours or array.ndim == 3):
        return [array] if is_one else list(array)
    first = array.ndim == 4 and array.shape[1] in (1, 3, 4)
    remedy = " Put the channels last: np.moveaxis(images, 1, -1)." if first else ""
    raise TutorError(
        "An array of images is (n, height, width) or (n, height, width, channels) with 1, 3 or 4 "
        f"channels, of numbers; received {array.shape} as {array.dtype}.{remedy}"
    )


def _item(item, name):
    """Return the entry or refusal of one thing in a list: a path, an image, or bytes."""
    if isinstance(item, str | os.PathLike):
        path = os.path.expanduser(os.fspath(item))
        shown = printable(path)
        if isinstance(path, str) and _ADDRESS.match(path):
            return SkippedFile(shown, f"an address, and {_DOWNLOAD}")
        return _file(path, shown, ())
    if _is_missing(item):
        return SkippedFile(name, "no path (a missing value)")
    if isinstance(item, Image.Image):
        file = getattr(item, "filename", "")
        return Entry(printable(file) if file else name, (), lambda: item)
    if isinstance(item, Mapping) and {"name", "content"} <= item.keys():
        name, item = item["name"], item["content"]  # of ipywidgets.FileUpload
    elif hasattr(item, "read"):
        name, item = str(getattr(item, "name", name)), item.read()
    if isinstance(item, bytes | bytearray | memoryview):
        content = bytes(item)
        return _entry(printable(name), (), partial(io.BytesIO, content), len(content))
    if hasattr(item, "__array__") and np.ndim(array := np.asarray(item)):
        return Entry(name, (), lambda: array)
    raise TutorError(f"load_images takes {_TAKEN}; {name} is of type {type(item).__name__}.")


def _is_missing(value):
    """Return whether a value is None, NaN or the like: what pandas has for an empty cell."""
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return True
    return isinstance(value, float | np.floating) and bool(np.isnan(value))
