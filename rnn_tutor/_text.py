"""Text and files: counts, lists, durations and names in words; hashes; atomic writes."""

import hashlib
import os
import re
import unicodedata
from math import ceil
from pathlib import Path

DATA = Path(__file__).with_name("data")  # shipped images, weights and results

_DIRECTIONS = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}


def natural_key(name):
    """Return a key that sorts 2.png before 10.png.

    Example:
        >>> sorted(["10.png", "2.png"], key=natural_key)
        ['2.png', '10.png']
    """
    pieces = re.split(r"0*(\d+)", name.casefold())
    return [(len(p), p) if i % 2 else p for i, p in enumerate(pieces)], name


def printable_name(name):
    """Return a file name that can be printed, even where its bytes are not valid text.

    What controls a terminal or turns the direction of writing is spelt out, such as \\x1b.

    Args:
        name: str, bytes or a path.
    """
    name = os.fsdecode(name)
    return name if name.isprintable() else "".join(map(_visible, name))


def _visible(character):
    controls = unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp")
    if controls or unicodedata.bidirectional(character) in _DIRECTIONS:
        return character.encode("unicode_escape").decode()
    return character


def format_duration(seconds):
    """Return a duration in seconds as text, such as "40 s" or "2 minutes"."""
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} minutes"


def format_bytes(n):
    """Return an amount of memory or disk as text, rounded up.

    Example:
        >>> format_bytes(1_200_000), format_bytes(13_640_000_000)
        ('2 MB', '13.7 GB')
    """
    if n <= 999_000_000:
        return f"{ceil(n / 1e6)} MB"
    return f"{ceil(n / 1e8) / 10:.1f} GB"


def shorten(text, limit):
    """Return at most `limit` characters of a text, the rest as an ellipsis."""
    text = str(text)
    return text if len(text) <= limit else text[: max(1, limit - 1)] + "…"


def format_count(n, noun, plural=None):
    """Return a number with its noun.

    Example:
        >>> format_count(1, "image"), format_count(2000, "class", "classes")
        ('1 image', '2,000 classes')
    """
    return f"{n:,} {noun if n == 1 else plural or noun + 's'}"


def format_list(names, limit=20):
    """Return names joined by commas; of a long list, how many more there are.

    Example:
        >>> format_list(["a", "b", "c"], limit=2)
        'a, b and 1 more'
    """
    more = f" and {len(names) - limit} more" if len(names) > limit else ""
    return ", ".join(map(str, names[:limit])) + more


def atomic_write(path: Path, content: bytes):
    """Write a file whole or not at all: a notebook half written would be a notebook lost.

    Raises:
        OSError: The file cannot be written.
    """
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.part")  # two kernels, two files
    try:
        unfinished.write_bytes(content)
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)


def sha256(content):
    """Return the sha256 of bytes as 64 hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()
