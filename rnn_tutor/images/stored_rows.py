"""Rows of a CSV file about images: which row is whose, when the file is taken up another day.

The pixels tell, by their sha256. At another size the pixels are others, and the source tells.
"""

import csv
import io
import re
from collections import Counter, defaultdict, deque

import numpy as np

from rnn_tutor._text import atomic_write, printable_name
from rnn_tutor.images import label_file


def read(path, columns):
    """Read the rows of a file.

    Args:
        path: A Path.
        columns: The names of columns that must be there, where there is anything.

    Returns:
        A list of dicts from column to text.

    Raises:
        ValueError: It is no such file.
        OSError: It cannot be read.
    """
    table = csv.DictReader(io.StringIO(path.read_bytes().decode("utf-8-sig"), ""))
    if missing := set(columns) - set(table.fieldnames or columns):
        raise ValueError(f"it has no column {', '.join(sorted(missing))}")
    try:
        rows = list(table)
    except csv.Error as error:
        raise ValueError(str(error)) from None
    if any(None in row.values() or None in row for row in rows):
        raise ValueError("it has lines that are too short or too long")
    return rows


def write(path, columns, rows):
    """Write a file whole or not at all, with nothing in it that a spreadsheet would calculate.

    Args:
        path: A Path.
        columns: The names of the columns.
        rows: Sequences of values; texts that were read are safe already, and stay as they are.

    Raises:
        OSError: It cannot be written.
    """
    text = io.StringIO()
    table = csv.writer(text)
    table.writerow(columns)
    table.writerows(rows)
    atomic_write(path, text.getvalue().encode("utf-8-sig"))  # the mark Excel looks for


def safe(text):
    """Return a text that no spreadsheet takes for a formula."""
    return re.sub(f"^{label_file.FORMULA}", "'", text)


def unsafe(text):
    """Return the text of which `safe` made this one."""
    return re.sub(f"^'{label_file.FORMULA}", "", text)


def sources_of(images):
    """Return the sources of n images as they stand in a file, a list of n texts."""
    names = images.sources or [f"image {i}" for i in range(len(images))]
    return [safe(printable_name(name)) for name in names]


def size_of(images):
    """Return height, width and channels as they stand in a file, such as "64x64x3"."""
    return "x".join(map(str, images.pixels.shape[1:]))


def match(rows, images, keys, by_pixels=True):
    """Find the row of each image.

    A row belongs to the image that has its source and its pixels. What is left is matched by the
    pixels alone, and then by the source alone: where no row has the pixels of the image, nothing
    else has its source, and the row was written for another size. Other pixels of the same size
    are another image, whatever its file is called.

    Args:
        rows: Dicts with "source", "sha256" and perhaps "size".
        images: An ImageSet of n images.
        keys: The `labels.image_key` of each.
        by_pixels: Whether the pixels alone tell, as when a file was renamed. Default True.

    Returns:
        (n,) int64, the index of the row, -1 where an image has none; (n,) bool, whether only the
        source told.
    """
    sources, size = sources_of(images), size_of(images)
    found, taken = np.full(len(images), -1), set()

    def give(of_rows, of_images):
        """Give each image the first free row that has the same; None is nobody's."""
        waiting = defaultdict(deque)
        for place, what in enumerate(of_rows):
            if place not in taken:
                waiting[what].append(place)
        for index, what in enumerate(of_images):
            if found[index] < 0 and what is not None and waiting[what]:
                found[index] = waiting[what].popleft()
                taken.add(int(found[index]))

    row_keys, row_sources = [row["sha256"] for row in rows], [row["source"] for row in rows]
    give(zip(row_sources, row_keys, strict=True), zip(sources, keys, strict=True))
    if by_pixels:
        give(row_keys, keys)
    told_by_pixels = found >= 0
    if images.sources:
        known, here, stored = set(row_keys), Counter(sources), Counter(row_sources)
        resized = [
            row["source"] if row.get("size") != size and stored[row["source"]] == 1 else ""
            for row in rows
        ]
        give(
            resized,
            [
                source if source and key not in known and here[source] == 1 else None
                for source, key in zip(sources, keys, strict=True)
            ],
        )
    return found, (found >= 0) & ~told_by_pixels
