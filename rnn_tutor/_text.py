"""Texts and files: counts, lists and names in words, hashes, files written whole."""

import hashlib
import os
import re
import unicodedata
from pathlib import Path

DATA = Path(__file__).with_name("data")  # shipped images, weights and results

_DIRECTIONS = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}


def natural(name):
    """Return a key that sorts 2.png before 10.png."""
    pieces = re.split(r"0*(\d+)", name.casefold())
    return [(len(p), p) if i % 2 else p for i, p in enumerate(pieces)], name


def printable(name):
    """Return a file name that can be printed, even where its bytes are no valid text.

    What controls a terminal or turns the direction of writing is spelt out, such as \\x1b.
    """
    name = os.fsdecode(name)
    return name if name.isprintable() else "".join(map(_visible, name))


def _visible(character):
    controls = unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp")
    if controls or unicodedata.bidirectional(character) in _DIRECTIONS:
        return character.encode("unicode_escape").decode()
    return character


def format_duration(seconds):
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} minutes"


def short(text, limit):
    """At most `limit` characters, the rest as an ellipsis."""
    text = str(text)
    return text if len(text) <= limit else text[: max(1, limit - 1)] + "…"


def count(n, noun, plural=None):
    """'1 picture', '2 pictures'."""
    return f"{n:,} {noun if n == 1 else plural or noun + 's'}"


def listed(names, limit=20):
    """Names joined by commas; of a long list, how many more there are."""
    more = f" and {len(names) - limit} more" if len(names) > limit else ""
    return ", ".join(map(str, names[:limit])) + more


def atomic_write(path: Path, content: bytes):
    """Write a file whole or not at all: a notebook half written would be a notebook lost."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.part")  # two kernels, two files
    try:
        unfinished.write_bytes(content)
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)


def sha256(content):
    """Return the sha256 of bytes, as 64 hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()
