"""TIFF files that Pillow does not know or would cut down to 8 bits, read by tifffile and OpenCV."""

from math import prod

import numpy as np
import tifffile

from rnn_tutor._cv2 import cv2
from rnn_tutor._quiet import quiet_stderr
from rnn_tutor.images.formats import DAMAGED, Unreadable, check_pixels

COMPRESSIONS = (1, 5, 8, 32773, 32946, 50000, 34925)  # that can be read, as TIFF numbers them


def first_page(file):
    """Return the first page of a TIFF, checked by its header.

    Raises:
        Unreadable: The page cannot be read; the words say of what kind it is.
    """
    file.seek(0)
    page = tifffile.TiffFile(file).pages[0]
    if page.dtype is None or page.dtype.kind not in "uif" or page.dtype.itemsize > 8:
        raise Unreadable(f"a TIFF of {page.bitspersample} bits a value, in a form not known")
    if page.axes not in ("YX", "YXS", "SYX"):
        raise Unreadable(f"a TIFF of {' x '.join(map(str, page.shape))} values, not a picture")
    if page.photometric not in (0, 1, 2):
        colours = getattr(page.photometric, "name", page.photometric)
        raise Unreadable(f"a TIFF in colours that cannot be read ({colours}): save it as RGB")
    if page.compression not in COMPRESSIONS:
        name = getattr(page.compression, "name", f"number {page.compression}")
        raise Unreadable(f"a TIFF with a compression that cannot be read ({name}): save it without")
    check_pixels(max(prod(size(page)), page.nbytes / 16))
    end = max(np.add(page.dataoffsets, page.databytecounts), default=0)
    whole = sum(page.databytecounts) >= page.nbytes or page.compression != 1
    if not page.nbytes or not whole or end > file.seek(0, 2):
        raise Unreadable(DAMAGED)
    return page


def unusual_page(file):
    """Return the first page of a TIFF that Pillow does not know, where its header is consistent.

    What Pillow does know in general, and not in this file, has a damaged header.

    Raises:
        Unreadable: As `first_page`, or the header is damaged.
    """
    page = first_page(file)
    extra = page.samplesperpixel - (3 if page.photometric == 2 else 1)
    common = ("uint8", "uint16") if page.photometric == 2 else ("uint8", "uint16", "int16", "int32")
    if page.photometric == 0:
        raise Unreadable(f"a TIFF of {page.dtype} values in which 0 is white: save it anew")
    is_known = page.dtype in (*common, "uint32", "float32") and extra == 0
    if is_known and not (page.photometric == 2 and page.dtype in ("uint32", "float32")):
        raise Unreadable(DAMAGED)
    if extra < 0 or len(page.extrasamples) != extra:
        raise Unreadable(DAMAGED)
    return page


def size(page):
    """Return the stored (height, width) of a page."""
    return page.shape[1:] if page.axes == "SYX" else page.shape[:2]


def orientation(page):
    """Return how the camera was held, 1 to 8 as in Exif."""
    tag = page.tags.get(274)
    return int(tag.value) if tag is not None else 1


def stored_values(file):
    """Return the values of a TIFF's first page as they are stored, upright, and their alpha.

    Returns:
        (values, alpha): `(h, w)` or `(h, w, 3)`, and `(h, w)` or None.

    Raises:
        Unreadable: As `first_page`, or neither tifffile nor OpenCV can unpack it.
    """
    page = first_page(file)
    try:
        values = page.asarray()
        if page.axes == "SYX":
            values = np.moveaxis(values, 0, -1)
    except ValueError:  # a compression that tifffile leaves to a further package
        values = read_by_opencv(file)
        if values is None:
            compression = getattr(page.compression, "name", page.compression)
            raise Unreadable(
                f"a TIFF of {page.dtype} values that are compressed ({compression}): "
                "save it without compression"
            ) from None
    if page.photometric == 0:  # white is 0
        values = values.max() - values
    return split_alpha(turn_upright(values, orientation(page)), any(page.extrasamples))


def read_by_opencv(file):
    """Return the values of a file as RGB, RGBA or grey, as they are stored; None if it fails."""
    file.seek(0)
    with quiet_stderr():
        values = cv2.imdecode(np.frombuffer(file.read(), np.uint8), cv2.IMREAD_UNCHANGED)
    if values is None or values.ndim == 2:
        return values
    return values[..., [2, 1, 0, *range(3, values.shape[2])]]


def turn_upright(values, orientation):
    """Return an array upright, by its Exif orientation from 1 to 8."""
    if orientation in (5, 6, 7, 8):
        values = values.swapaxes(0, 1)
    if orientation in (2, 3, 6, 7):
        values = values[:, ::-1]
    if orientation in (3, 4, 7, 8):
        values = values[::-1]
    return values


def split_alpha(values, has_alpha):
    """Return (values, alpha or None): values `(h, w)` grey or `(h, w, 3)`."""
    if values.dtype.kind == "b":
        values = values.astype(np.uint8) * np.uint8(255)
    if values.ndim == 2:
        return values, None
    channels = values.shape[2]
    alpha = values[..., channels - 1] if has_alpha and channels in (2, 4) else None
    return (values[..., :3] if channels > 2 else values[..., 0]), alpha
