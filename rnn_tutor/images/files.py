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
import zlib
from collections import defaultdict
from collections.abc import Callable, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from heapq import heappop, heappush
from itertools import count, takewhile
from pathlib import Path

import numpy as np
from PIL import Image

from rnn_tutor._errors import TutorError
from rnn_tutor._text import natural_key, printable_name
from rnn_tutor.images.imageset import SkippedFile

MAX_BYTES = 400_000_000  # of one file, unpacked
_SYSTEM_FILES = {"thumbs.db", "desktop.ini"}
_SYSTEM_FOLDERS = {
    *("@eadir", "#recycle", "@recycle", "#snapshot", "$recycle.bin", "__macosx", "__pycache__"),
    *("system volume information", "lost+found"),
}
TARS = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz")
_DECOMPRESS = {b"\x1f\x8b": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ\0": lzma.open}
_ZIP_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA}
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
_DOWNLOAD = (
    "nothing is read from the network. Download it first, for instance with "
    '`urllib.request.urlretrieve(address, "pictures.zip")`, and load the file'
)
_ACCEPTED = (
    "a name, a folder, a file, a zip or tar, a pattern such as 'pets/*/*.jpg', a list of paths or "
    "images, an array, bytes, or a dict from path to label"
)


@dataclass(frozen=True, slots=True)
class Entry:
    """A file that may be an image: its name, the folders around it, how to open it.

    Attributes:
        name: Name for the reader, str.
        folders: The folders around it, below the source, a tuple of str.
        open: A function that returns a binary file; or the image itself, an array or one of PIL.
        bytes: Size, int.
        label: The class that a dict gives it, str; or None.
        version: An int that changes with the content: when the file was changed last, in
            nanoseconds; or the checksum of what lies in a zip.
        path: Where the file is, str; None for what stands in an archive or in memory.

    Example:
        >>> entry = rt.files.Entry("cats/1.png", ("cats",), lambda: np.zeros((28, 28), np.uint8))
        >>> entry.open().shape
        (28, 28)
    """

    name: str
    folders: tuple[str, ...]
    open: Callable
    bytes: int = 0
    label: str | None = None
    version: int = 0
    path: str | None = None


def show_progress(things, what, total=None):
    """Go through things; after two seconds a bar shows how far, and the time left.

    Args:
        things: What to go through; None for a bar that is moved by its `update`.
        what: Name of the bar, str.
        total: How many things there are, int. Default: their length.

    Returns:
        A bar of tqdm.

    Example:
        >>> sum(rt.files.show_progress([1, 2, 3], "adding"))
        6
    """
    from tqdm.auto import tqdm

    # The bar for notebooks does not look at this variable by itself.
    hidden = bool(os.environ.get("TQDM_DISABLE"))
    return tqdm(things, desc=what, total=total, delay=2, leave=False, disable=hidden)


@contextmanager
def find_images(source, explain_missing):
    """Find the files of whatever holds images; archives stay open until the block ends.

    Args:
        source: As `load_images` takes it, except for named sets and an ImageSet.
        explain_missing: A function that returns, for a name that leads nowhere, what to say.

    Yields:
        (entries, skipped): lists of `Entry` and `SkippedFile`.

    Raises:
        TutorError: The source can hold no images, or is an archive that cannot be opened.

    Example:
        >>> images = [np.zeros((28, 28), np.uint8), None]
        >>> with rt.files.find_images(images, str) as (entries, skipped):
        ...     print([entry.name for entry in entries], skipped[0].reason)
        ['image 0'] no path (a missing value)
    """
    with ExitStack() as stack:
        if isinstance(source, str | os.PathLike):
            things = _from_path(source, explain_missing, stack)
        elif isinstance(source, Mapping):
            things = _from_dict(source)
        elif isinstance(source, bytes | bytearray | memoryview) or hasattr(source, "read"):
            things = _from_bytes(source, stack)
        elif isinstance(source, Image.Image):
            things = [_from_item(source, "image")]
        else:
            things = _from_list(source)
        entries = [thing for thing in things if isinstance(thing, Entry)]
        yield entries, [thing for thing in things if isinstance(thing, SkippedFile)]


def _by_name(things):
    return sorted(things, key=lambda t: natural_key(getattr(t, "name", None) or t.source))


def _from_path(source, explain_missing, stack):
    """Return the entries and skipped files of a path or a pattern."""
    if not isinstance(path := os.fspath(source), str):
        raise TutorError(f"Expected a path as text, received bytes: {path!r}.")
    if _ADDRESS.match(path):
        raise TutorError(f"{printable_name(path)} is an address, and {_DOWNLOAD}.")
    path = os.path.expanduser(path)
    if not path.strip() or not os.path.exists(path):
        if not glob.has_magic(path) or "\0" in path:
            raise TutorError(explain_missing(source))
        return _by_name(_match_pattern(path))
    if os.path.isdir(path):
        return _by_name(_walk_folder(path))
    name = printable_name(path)
    members = _from_archive(path, path.lower(), stack)
    return [_file(path, name, ())] if members is None else members


def _from_bytes(source, stack):
    """Return the entries and skipped files of bytes, or of what an open file holds."""
    content = source.read() if hasattr(source, "read") else source
    if isinstance(content, str):
        raise TutorError('The file was opened as text: use open(path, "rb").')
    name = getattr(source, "name", None)
    name = printable_name(name) if isinstance(name, str) else "bytes"
    members = _from_archive(io.BytesIO(content), name.lower(), stack)
    return [_from_item(bytes(content), name)] if members is None else members


def _from_archive(file, name, stack):
    """Return the members of a zip or tar; None for any other file.

    Args:
        file: A path or a BytesIO.
        name: Its name in lower case, which may say what it is.
        stack: An ExitStack that keeps the archive open.
    """
    if isinstance(file, str) and not os.path.isfile(file):
        return None  # such as a pipe, which would never finish reading
    kind = None
    try:
        if name.endswith(".zip") or zipfile.is_zipfile(file):
            kind = "zip"
            rows = _zip_rows(stack.enter_context(zipfile.ZipFile(file)))
        elif name.endswith(TARS) or _is_tar(file):
            kind = "tar"
            rows = _tar_rows(_open_tar(file, stack))
        else:
            return None
        things = [thing for row in rows if (thing := _member(kind, *row))]
    except Exception as problem:  # a damaged one fails in a dozen ways
        shown = printable_name(file) if isinstance(file, str) else name
        raise TutorError(f"{shown} cannot be opened as a {kind}: {problem}.") from None
    return _told_apart(_by_name(things))


def _told_apart(things):
    """Number the entries whose name an entry before them has, as an archive may hold them.

    The second `a.png` becomes `a (2).png`: by its name a file is found again.
    """
    taken = {thing.name for thing in things if isinstance(thing, Entry)}
    seen, numbers, apart = set(), defaultdict(lambda: count(2)), []
    for thing in things:
        if isinstance(thing, Entry) and thing.name in seen:
            stem, ending = os.path.splitext(thing.name)
            numbered = (f"{stem} ({k}){ending}" for k in numbers[thing.name])
            name = next(name for name in numbered if name not in taken)
            taken.add(name)
            thing = replace(thing, name=name)
        elif isinstance(thing, Entry):
            seen.add(thing.name)
        apart.append(thing)
    return apart


def _zip_rows(archive):
    """Yield (name, how to open it, bytes, version, why it cannot be read or "") for each file."""
    for info in archive.infolist():
        problem = ""
        if info.flag_bits & 1:
            problem = "locked with a password"
        elif info.compress_type not in _ZIP_METHODS:
            problem = "packed in a way that Python cannot unpack: pack the zip anew"
        if not info.is_dir():
            yield info.filename, partial(archive.open, info), info.file_size, info.CRC, problem


def _tar_rows(archive):
    """Yield (name, how to open it, bytes, version, why it cannot be read or "") for each file."""
    for info in archive.getmembers():
        problem = "" if info.isreg() else "a link or a device, not an ordinary file"
        if not info.isdir():
            opener = partial(archive.extractfile, info)
            yield info.name, opener, info.size, int(info.mtime), problem


def _member(kind, name, opener, size, version, problem):
    """Return the Entry or SkippedFile of a file in an archive; None for what macOS adds."""
    name = name.replace("\\", "/")
    *folders, last = [part for part in name.split("/") if part != "."]
    if not last or folders[:1] == ["__MACOSX"]:
        return None
    shown = printable_name(name)
    if name.startswith("/") or ".." in folders or re.match(r"[A-Za-z]:", name):
        return SkippedFile(shown, f"its name leads out of the {kind}")
    for folder in folders:
        if reason := _skip_reason(folder):
            return SkippedFile(shown, f"in {reason}")
    if problem:
        return SkippedFile(shown, problem)
    return _entry(shown, tuple(map(printable_name, folders)), opener, size, version)


def _is_tar(file):
    with open(file, "rb") if isinstance(file, str) else io.BytesIO(file.getvalue()) as opened:
        start = opened.read(262)
        opened.seek(0)
        is_packed = start.startswith(tuple(_DECOMPRESS))
        return start[257:] == b"ustar" or (is_packed and tarfile.is_tarfile(opened))


def _open_tar(file, stack):
    """Return an open tar; a compressed one by way of a temporary file, which can be read anywhere.

    Reading a member of a compressed tar would unpack all that stand before it, each time.
    """
    opened = file
    if isinstance(file, str):
        opened = stack.enter_context(open(file, "rb"))  # noqa: SIM115
    opened.seek(0)
    start = opened.read(6)
    opened.seek(0)
    unpack = next((how for magic, how in _DECOMPRESS.items() if start.startswith(magic)), None)
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


def _skip_reason(folder):
    """Return why a folder of this name is not searched, or None."""
    if folder.startswith("."):
        return "a hidden folder"
    return "a system folder" if folder.lower() in _SYSTEM_FOLDERS else None


def _match_pattern(pattern):
    """Return the entries and skipped files that match; folders are those below the fixed part.

    `pets/*/*.jpg` gives what the folder `pets` would, of its `.jpg` files.
    """
    fixed = list(takewhile(lambda part: not glob.has_magic(part), Path(pattern).parts[:-1]))
    things, depth = [], len(fixed)
    for path in glob.glob(pattern, recursive=True):
        folders = Path(path).parts[depth:-1]
        if not os.path.isdir(path) and not any(map(_skip_reason, folders)):
            shown = tuple(map(printable_name, folders))
            things.append(
                _file(path, "/".join([*shown, printable_name(os.path.basename(path))]), shown)
            )
    if not things:
        raise TutorError(
            f"No file matches {printable_name(pattern)!r}, looked for in {os.getcwd()}."
        )
    return things


def _walk_folder(root):
    """Return the entries and skipped files of a folder and all below it; none is read twice.

    Links to folders and files come last: where they lead may have been read by then.
    """
    things, seen, links = [], set(), []
    todo = [(os.fspath(root), (), os.path.realpath(root))]
    bar = show_progress(None, "finding files")
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
            name = "/".join(folders) or printable_name(root)
            things.append(SkippedFile(name, problem.strerror or "cannot be opened"))
            continue
        bar.update(len(inside))
        for item in inside:
            shown, here = printable_name(item.name), os.path.join(real, item.name)
            # Windows has junctions too, which `is_symlink` does not know.
            is_junction = os.name == "nt" and os.path.realpath(item.path) != here
            is_link = item.is_symlink() or is_junction
            is_folder = os.path.isdir(item.path) if is_link else item.is_dir()
            if is_folder and (reason := _skip_reason(item.name)):
                things.append(SkippedFile("/".join([*folders, shown]), reason))
            elif is_link and os.path.exists(item.path):
                name = "/".join([*folders, shown])
                real_path = os.path.realpath(item.path)
                heappush(links, (natural_key(name), item.path, name, folders, real_path))
            elif is_folder:
                todo.append((item.path, (*folders, shown), here))
            else:
                things.append(_file(item.path, "/".join([*folders, shown]), folders))
    bar.close()
    return things


def _file(path, name, folders):
    """Return the Entry or SkippedFile of a path."""
    if os.path.isfile(path):
        opener, about = partial(open, path, "rb"), os.stat(path)
        whole = os.path.abspath(path)
        return _entry(name, folders, opener, about.st_size, about.st_mtime_ns, whole)
    if os.path.isdir(path):
        return SkippedFile(name, "a folder where a file was expected")
    # What is left, such as a pipe, would never finish reading.
    exists, is_link = os.path.exists(path), os.path.islink(path)
    what = "a link that leads nowhere" if is_link else "does not exist"
    return SkippedFile(name, "not an ordinary file" if exists else what)


def _entry(name, folders, opener, size, version, path=None):
    """Return the Entry of a file; a SkippedFile where its name or its size rules it out."""
    last = name.rsplit("/", 1)[-1]
    if last.startswith(".") or last.lower() in _SYSTEM_FILES:
        return SkippedFile(name, "a hidden or system file, not a picture")
    if size == 0:
        return SkippedFile(name, "empty (0 bytes)")
    if size > MAX_BYTES:
        return SkippedFile(
            name, f"too large: {size / 1e6:,.0f} MB, the limit is {MAX_BYTES / 1e6:.0f}"
        )
    return Entry(name, folders, opener, size, version=version, path=path)


def _from_dict(source):
    """Return the entries and skipped files of a dict from path to label; None or NaN is none."""
    things = []
    for i, (key, label) in enumerate(source.items()):
        if not (_is_missing(label) or isinstance(label, str | int | float | np.generic)):
            raise TutorError(
                "The dict goes from path to label, such as {'1.jpg': 'cat'}; received "
                f"{type(label).__name__} as the label of {key!r}."
            )
        thing = _from_item(key, f"image {i}")
        if isinstance(thing, Entry) and not _is_missing(label):
            thing = replace(thing, label=printable_name(str(label)))
        things.append(thing)
    if not things:
        raise TutorError("The dict of paths is empty.")
    return things


def _from_list(source):
    """Return the entries and skipped files of a list, an array, or another iterable."""
    if hasattr(source, "columns"):
        raise TutorError("A table was passed: pass one column, such as table['path'].")
    if hasattr(source, "__array__") and not isinstance(source, np.ndarray):
        source = np.asarray(source)
    if isinstance(source, np.ndarray) and source.dtype.kind not in "OUS":
        source = _from_array(source)
    try:
        things = [_from_item(item, f"image {i}") for i, item in enumerate(source)]
    except TypeError:
        raise TutorError(
            f"load_images takes {_ACCEPTED}; it received an object of type {type(source).__name__}."
        ) from None
    if not things:
        raise TutorError("The list of paths is empty.")
    return things


def _from_array(array):
    """Return one array for each image; raise TutorError with the shapes there may be."""
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


def _from_item(item, name):
    """Return the Entry or SkippedFile of one thing in a list: a path, an image, or bytes."""
    if isinstance(item, str | os.PathLike):
        path = os.path.expanduser(os.fspath(item))
        shown = printable_name(path)
        if isinstance(path, str) and _ADDRESS.match(path):
            return SkippedFile(shown, f"an address, and {_DOWNLOAD}")
        return _file(path, shown, ())
    if _is_missing(item):
        return SkippedFile(name, "no path (a missing value)")
    if isinstance(item, Image.Image):
        file = getattr(item, "filename", "")
        return Entry(printable_name(file) if file else name, (), lambda: item)
    if isinstance(item, Mapping) and {"name", "content"} <= item.keys():
        name, item = item["name"], item["content"]  # of ipywidgets.FileUpload
    elif hasattr(item, "read"):
        name, item = str(getattr(item, "name", name)), item.read()
    if isinstance(item, bytes | bytearray | memoryview):
        content = bytes(item)
        opener, version = partial(io.BytesIO, content), zlib.crc32(content)
        return _entry(printable_name(name), (), opener, len(content), version)
    if hasattr(item, "__array__") and np.ndim(array := np.asarray(item)):
        return Entry(name, (), lambda: array)
    raise TutorError(f"load_images takes {_ACCEPTED}; {name} is of type {type(item).__name__}.")


def _is_missing(value):
    """Return whether a value is None, NaN or the like: what pandas has for an empty cell."""
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return True
    return isinstance(value, float | np.floating) and bool(np.isnan(value))
