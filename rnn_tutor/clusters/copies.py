"""Copies of originals: in which folder they go, under which name, and whole or not at all."""

import os
import re
import shutil
import unicodedata
import uuid
from itertools import chain, count

LONGEST = 200  # bytes of a name: file systems take 255, and a number may follow
# What Windows refuses in the name of a folder, and the names it keeps for itself.
_FORBIDDEN = re.compile(r'[<>:"/\\|?*\x00-\x1f]')
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?")


def folder_names(names, taken):
    """Return a folder for each cluster, fit for every system; clusters of one name share one.

    Args:
        names: `{cluster: name}`.
        taken: Names that no folder may have, because files and folders of ours have them.

    Returns:
        `{cluster: folder}`.

    Example:
        >>> rt.copies.folder_names({0: "cats/dogs", 1: "model", 2: "model"}, {"model"})
        {0: 'cats_dogs', 1: 'model 2', 2: 'model 2'}
    """
    folders, taken = {}, {*taken}
    for cluster, name in names.items():
        if name in folders:
            continue
        plain = _shorten(_FORBIDDEN.sub("_", name).strip(". ")[:80]).rstrip(". ")
        plain = plain or f"cluster {cluster}"
        base = plain = f"_{plain}" if _RESERVED.fullmatch(plain) else plain
        number = 2
        while _key(plain) in taken:
            plain, number = f"{base} {number}", number + 1
        taken.add(_key(plain))
        folders[name] = plain
    return {cluster: folders[name] for cluster, name in names.items()}


def place_of(entry, folder, by_path=False):
    """Return where the copy of a file goes, below the sub-folders that it came from.

    So each file has a place of its own, whoever copies it and in whatever order.

    Args:
        entry: A `files.Entry`.
        folder: The folder of its cluster, str.
        by_path: Whether all folders above the file count, as of files from anywhere. Default False.

    Returns:
        Where, below the folder of results, str.

    Example:
        >>> rt.copies.place_of(rt.files.Entry("2024/a.png", ("2024",), open), "cats")
        'cats/2024/a.png'
    """
    whole = (entry.path or entry.name) if by_path else entry.name
    pieces = [_FORBIDDEN.sub("_", piece) for piece in whole.replace(os.sep, "/").split("/")]
    return "/".join([folder, *(piece for piece in pieces if piece not in ("", ".", ".."))])


def put_file(entry, target, how):
    """Copy or link a file to its place, whole or not at all; what is there already stays.

    Args:
        entry: A `files.Entry`.
        target: A Path.
        how: "copy" or "link"; what stands in an archive is copied.

    Raises:
        OSError: It cannot be written, or something else is there.

    Example:
        >>> from pathlib import Path
        >>> folder = rt.load_images("digits", limit=1).write("mine")
        >>> with rt.files.find_images(folder, str) as (entries, _):
        ...     rt.copies.put_file(entries[0], Path("copies/one.png"), "copy")
        >>> len(rt.load_images("copies"))
        1
    """
    if os.path.lexists(target):
        if target.is_symlink() or target.stat().st_size == entry.bytes:
            return
        raise FileExistsError(None, f"another file is in its place, {target}")
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_name(f".{uuid.uuid4().hex}.part")
    try:
        put(entry, unfinished, how)
        os.replace(unfinished, target)
    finally:
        unfinished.unlink(missing_ok=True)


def put(entry, target, how):
    """Copy or link a file to a place that is free.

    Args:
        entry: A `files.Entry`.
        target: A Path.
        how: "copy" or "link"; what stands in an archive is copied.

    Example:
        >>> from pathlib import Path
        >>> folder = rt.load_images("digits", limit=1).write("mine")
        >>> with rt.files.find_images(folder, str) as (entries, _):
        ...     rt.copies.put(entries[0], Path("one.png"), "link")
        >>> Path("one.png").is_symlink()
        True
    """
    if how == "link" and entry.path is not None:
        target.symlink_to(entry.path)
    elif entry.path is not None:
        shutil.copy2(entry.path, target)
    else:
        with entry.open() as opened, target.open("wb") as copy:
            shutil.copyfileobj(opened, copy)


def free_place(folder, name, taken):
    """Return where a file goes: under its own name, or with its folders' where two share one.

    Args:
        folder: Of its cluster, str.
        name: Of the file below the source, str.
        taken: The places that are taken, a set, to which this one is added.

    Example:
        >>> taken = set()
        >>> [rt.copies.free_place("cats", name, taken) for name in ("a/1.png", "b/1.png")]
        ['cats/1.png', 'cats/b_1.png']
    """
    plain = [_FORBIDDEN.sub("_", piece) for piece in name.split("/")]
    short, long = _shorten(plain[-1]), _shorten("_".join(plain))
    stem, ending = os.path.splitext(long)
    choices = chain([short, long], (f"{stem} ({k}){ending}" for k in count(2)))
    place = next(f"{folder}/{n}" for n in choices if _key(f"{folder}/{n}") not in taken)
    taken.add(_key(place))
    return place


def _shorten(name):
    """Return a file name of at most `LONGEST` bytes in UTF-8, with its ending and whole letters."""
    stem, ending = os.path.splitext(name)
    if len(ending) > 10:  # what stands behind a dot, and is no ending
        stem, ending = name, ""
    room = LONGEST - len(ending.encode())
    return stem.encode()[:room].decode(errors="ignore") + ending


def _key(place):
    """Return what a file system that ignores case, or accents' spelling, takes for one name."""
    return unicodedata.normalize("NFC", place).casefold()
