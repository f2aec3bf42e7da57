"""One image file becomes an array, or a reason why it cannot.

Pillow decodes: it tells a file's size before decoding it, notices where one is cut short, and is
quiet. What it would cut down to 8 bits, or does not know, tifffile and OpenCV read (see `tiff`).
What a file is by its first bytes stands in `formats`. Small JPEGs of the plainest kind, which
need nothing of Pillow, are decoded by OpenCV: their pixels are the same, in a third of the time.
Where a smaller image will do, both decode a JPEG at a half, a fourth or an eighth of its size.
"""

import contextlib
import logging
import re
import threading
import warnings
from dataclasses import dataclass
from math import ceil, prod

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError
from PIL.JpegImagePlugin import JpegImageFile

from rnn_tutor import _machine
from rnn_tutor._cv2 import cv2
from rnn_tutor._quiet import quiet_stderr
from rnn_tutor._text import format_count
from rnn_tutor.images import formats, tiff
from rnn_tutor.images.formats import DAMAGED, MAX_PIXELS, Unreadable, check_pixels

MAX_JPEG_PIXELS = 1_000_000_000  # in the file; it is decoded at a fraction of that
SMALL_FILE = 200_000  # bytes of a JPEG of which Pillow's part would be more than decoding
# Segments without a word on how pixels are meant: quantisation, JFIF, a colour profile and so on.
# Exif and XMP (E1) say how the camera was held, and Adobe's (EE) which colours these are.
_PLAIN_SEGMENTS = frozenset({0xC4, 0xDB, 0xDD, 0xE0, *range(0xE2, 0xEE), 0xEF, 0xFE})
# What ends the data of a scan: a marker other than those that restart it.
_END_OF_SCAN = re.compile(rb"\xff[^\x00\xd0-\xd7]")
_REDUCED = {
    1: cv2.IMREAD_COLOR,
    2: cv2.IMREAD_REDUCED_COLOR_2,
    4: cv2.IMREAD_REDUCED_COLOR_4,
    8: cv2.IMREAD_REDUCED_COLOR_8,
}
_HERE = threading.local()  # what a thread knows of itself
_WHITES = (1, 255, 1023, 4095, 16383, 65535)  # what white is in 8, 10, 12, 14 and 16 bits


@dataclass(frozen=True)
class Header:
    """What a file says of itself: height and width in pixels, upright; a note or None."""

    height: int
    width: int
    note: str | None = None


@dataclass(frozen=True)
class Levels:
    """The values that become black and white, of whole numbers ("i") or floats ("f")."""

    kind: str
    low: float
    high: float

    def joined(self, other):
        """Return the levels that hold both."""
        return Levels(self.kind, min(self.low, other.low), max(self.high, other.high))

    def __str__(self):
        return f"{self.low:,.5g} became black and {self.high:,.5g} white"


def header(entry):
    """Return the Header of a file without decoding it.

    Args:
        entry: A `files.Entry`.

    Raises:
        Unreadable: The file cannot be used.
    """
    with _open_image(entry) as (image, file):
        if isinstance(image, np.ndarray):
            return Header(*image.shape[:2])
        if image is None:
            page = tiff.unusual_page(file)
            (height, width), turned = tiff.size(page), tiff.orientation(page) >= 5
        else:
            check_pixels(prod(image.size), MAX_JPEG_PIXELS if _is_jpeg(image) else MAX_PIXELS)
            width, height = image.size
            # Pillow turns a TIFF by itself.
            turned = image.format != "TIFF" and _orientation(image) >= 5
        note = _note(entry.name, image, file)
    return Header(width, height, note) if turned else Header(height, width, note)


def read(entry, size=None, levels=None):
    """Read one image, upright; transparent becomes white.

    Args:
        entry: A `files.Entry`.
        size: (height, width) in pixels that is wanted, or None. With it a JPEG may come smaller,
            but at least twice that size: much faster for photographs.
        levels: The `Levels` by which deeper values become 8 bits. Default: what the image uses.

    Returns:
        `(height, width, 3)` uint8, RGB.

    Raises:
        Unreadable: The file cannot be used.
    """
    return read_with_levels(entry, size, levels)[0]


def read_with_levels(entry, size=None, levels=None):
    """Read one image as `read` does; return (image, Levels that were used, or None for 8 bits)."""
    if 0 < entry.bytes <= SMALL_FILE and (pixels := _read_plain_jpeg(entry, size)) is not None:
        return pixels, None
    with _open_image(entry) as (image, file):
        if isinstance(image, np.ndarray):
            values, alpha = tiff.split_alpha(image, has_alpha=image.shape[2:] == (4,))
        elif image is None:
            tiff.unusual_page(file)
            values, alpha = tiff.stored_values(file)
        else:
            stored = _decode(image, file, size)
            deep = tiff.stored_values(file) if stored is None else _deep_values(image, file, stored)
            if deep is None:
                return _rgb(_upright(image)), None
            values, alpha = deep
        if values.dtype == np.uint8 and alpha is None:
            return _as_three_channels(values), None
        used = levels or levels_of(values)
        pixels = _as_three_channels(to_uint8(values, used))
        if alpha is not None:
            share = (to_uint8(alpha, levels_of(alpha)) / np.float32(255))[..., None]
            pixels = np.round(pixels * share + 255 * (1 - share)).astype(np.uint8)
        return pixels, None if values.dtype == np.uint8 else used


def _read_plain_jpeg(entry, size):
    """Return the pixels of a whole, plain JPEG, as `_decode` would; None for any other file.

    Plain is baseline, of 8 bits, grey or in colour, upright, in one scan that ends with the file.
    """
    try:
        with entry.open() as file:
            content = file.read(2)
            if content != b"\xff\xd8":
                return None
            content += file.read()
        shape = _plain_shape(content)
    except (AttributeError, IndexError, OSError):
        return None  # no file, or a damaged one, of which Pillow tells the reason
    if shape is None:
        return None
    reduced = _reduction(shape, size)
    picture = cv2.imdecode(np.frombuffer(content, np.uint8), _REDUCED[reduced])
    if picture is None or picture.shape[:2] != tuple(ceil(side / reduced) for side in shape):
        return None
    return cv2.cvtColor(picture, cv2.COLOR_BGR2RGB, dst=picture)


def _plain_shape(content):
    """Return (height, width) of a JPEG of the plainest kind, by its segments; None for another."""
    at, shape = 2, None
    while content[at] == 0xFF:
        marker, length = content[at + 1], content[at + 2] << 8 | content[at + 3]
        if marker == 0xDA:  # the scan, and then nothing but the end
            end = _END_OF_SCAN.search(content, at + 2 + length)
            whole = end and end.group() == b"\xff\xd9" and end.end() == len(content)
            return shape if whole else None
        if marker == 0xC0 and shape is None and content[at + 4] == 8 and content[at + 9] in (1, 3):
            height, width = content[at + 5] << 8 | content[at + 6], content[at + 7] << 8
            shape = height, width | content[at + 8]
            if not 0 < prod(shape) <= MAX_PIXELS:
                return None
        elif marker not in _PLAIN_SEGMENTS:
            return None
        at += 2 + length
    return None


def _draft_size(width, height, size):
    """Return (width, height) that `draft` is asked for: at least twice the size that is wanted."""
    shrink = 2 * max(size) / min(width, height)
    return ceil(shrink * width), ceil(shrink * height)


def _reduction(shape, size):
    """Return by how much a JPEG is decoded smaller: 1, 2, 4 or 8, as `draft` does."""
    if size is None:
        return 1
    height, width = shape
    wide, tall = _draft_size(width, height, size)
    return max(by for by in _REDUCED if by == 1 or by <= min(width // wide, height // tall))


def levels_of(values):
    """Return the Levels that an array uses: 0 to 1 (floats), 8, 10, 12, 14 or 16 bits.

    Other values, negative ones among them, reach from their smallest to their largest.
    """
    if values.dtype == np.uint8:
        return Levels("i", 0, 255)
    kind = "f" if values.dtype.kind == "f" else "i"
    finite = values[np.isfinite(values)] if kind == "f" else values
    if not finite.size:
        raise Unreadable("it holds no finite number")
    low, high = float(finite.min()), float(finite.max())
    whites = _WHITES if kind == "f" or values.dtype == bool else _WHITES[1:]
    white = next((white for white in whites if high <= white), None)
    if low < 0 or white is None:
        return Levels(kind, low, high if high > low else low + 1)
    return Levels(kind, 0, white)


def to_uint8(values, levels):
    """Return an array as uint8, `levels` being black and white; what is no number is black."""
    if values.dtype == np.uint8:
        return values
    scaled = (values.astype(np.float64 if values.itemsize > 4 else np.float32)) - levels.low
    scaled *= 255 / (levels.high - levels.low)
    return np.nan_to_num(scaled, posinf=255, neginf=0).clip(0, 255).round().astype(np.uint8)


def leave_warnings_alone():
    """Let this thread decode beside others: warnings are silenced for all threads or for none."""
    _HERE.leaves_warnings_alone = True


@contextlib.contextmanager
def _open_image(entry):
    """Give (image, file), not yet decoded. Whatever a foreign file provokes is Unreadable.

    The image is of Pillow, or an array, or None for a TIFF that Pillow does not know.
    """
    with contextlib.ExitStack() as stack:
        if not getattr(_HERE, "leaves_warnings_alone", False):
            stack.enter_context(warnings.catch_warnings())
            warnings.simplefilter("ignore")  # Pillow's remarks about odd but readable files
            for logger in map(logging.getLogger, ("tifffile", "PIL.TiffImagePlugin")):
                stack.callback(setattr, logger, "disabled", logger.disabled)
                logger.disabled = True
        try:
            thing = entry.open()
            if isinstance(thing, np.ndarray):
                yield _check_array(thing), None
            elif isinstance(thing, Image.Image):  # stays open: it is the reader's
                yield thing, None
            else:
                file = stack.enter_context(thing)
                image = _identify(file)
                if image is not None:
                    stack.enter_context(image)
                yield image, file
        except Unreadable:
            raise
        except Image.DecompressionBombError:
            raise Unreadable(
                f"too large: its header claims more than {MAX_PIXELS:,} pixels"
            ) from None
        except MemoryError:
            raise Unreadable("it needs more memory than there is") from None
        except Exception as problem:  # decoders fail in a dozen ways, none the reader's fault
            reason = getattr(problem, "strerror", None) or DAMAGED
            raise Unreadable(reason) from problem


def _identify(file):
    """Return Pillow's image of a file, not yet decoded; None for a TIFF that it does not know."""
    start = file.read(160)
    file.seek(0)
    known = [*formats.FORMATS, "HEIF"] if formats.is_heic(start) and _heic() else formats.FORMATS
    try:
        # Directly, because `Image.open` refuses by the size in the file, not by what is decoded.
        if start.startswith(b"\xff\xd8"):
            return JpegImageFile(file)
        return Image.open(file, formats=list(known))
    except (UnidentifiedImageError, SyntaxError):
        if formats.is_tiff(start):
            return None
        raise Unreadable(formats.explain_unknown(file)) from None


def _heic():
    """Teach Pillow to read HEIC, where pillow-heif is installed; return whether it is."""
    if "HEIF" not in Image.OPEN:
        try:
            import pillow_heif
        except ImportError:
            return False
        pillow_heif.register_heif_opener()
    return True


def _is_jpeg(image):
    return image.format in ("JPEG", "MPO")


def _decode(image, file, size):
    """Decode a image of Pillow, a JPEG at a fraction of its size where `size` allows it.

    Returns how its pixels are stored, as Pillow calls it: a mode, and for PPM what white is; None
    for a TIFF whose header is consistent, but whose arrangement Pillow does not know.
    """
    if _is_jpeg(image) and file is not None:
        if b"\xff\xd9" not in file.read():
            raise Unreadable(DAMAGED)  # the end marker is missing
        check_pixels(prod(image.size), MAX_JPEG_PIXELS)
        if image.info.get("progressive"):
            needed, free = 6 * prod(image.size), _machine.memory()[1]
            if free is not None and needed > free / 2:
                raise Unreadable(f"a progressive JPEG that needs {needed / 1e9:.1f} GB of memory")
        if size is not None:
            image.draft(None, _draft_size(*image.size, size))
    check_pixels(prod(image.size))
    stored = image.tile[0].args if getattr(image, "tile", None) else ()
    try:
        with quiet_stderr() if image.format == "TIFF" else contextlib.nullcontext():
            image.load()
    except (OSError, RuntimeError, ValueError, NotImplementedError):
        if image.format == "TIFF" and file is not None:
            tiff.unusual_page(file)  # names what cannot be read
            return None
        if _is_jpeg(image) and file is not None and (reason := formats.explain_jpeg(file)):
            raise Unreadable(reason) from None
        raise
    return stored if isinstance(stored, tuple) else (stored,)


def _deep_values(image, file, stored):
    """Return (values, alpha) of a decoded image of more than 8 bits; None where it has 8."""
    if image.format == "TIFF" and file is not None:
        bits, signs = image.tag_v2.get(258, (1,)), image.tag_v2.get(339, (1,))
        if (max(bits) > 8 or set(signs) != {1}) and image.tag_v2.get(262) in (0, 1, 2):
            return tiff.stored_values(file)
    elif image.format == "PPM" and image.mode == "I" and len(stored) > 1:
        # Pillow has stretched the values already, by what the file says white is.
        return np.round(np.asarray(image) / 257).astype(np.uint8), None
    elif file is not None and _lost_depth(image, file, stored):
        values = tiff.read_by_opencv(file)
        if values is None:
            raise Unreadable(DAMAGED)
        values = tiff.turn_upright(values, _orientation(image))
        return tiff.split_alpha(values, has_alpha=values.ndim == 3)
    if image.mode.startswith(("I", "F")):
        return np.asarray(_upright(image)), None
    return None


def _lost_depth(image, file, stored):
    """Return whether Pillow made 8 bits of a colour image's 16."""
    if image.mode not in ("RGB", "RGBA", "LA") or "transparency" in image.info:
        return False
    if image.format == "JPEG2000":
        file.seek(0)
        content = file.read(4000)
        start = content.find(b"\xff\x4f\xff\x51")  # the codestream and its sizes
        return start >= 0 and content[start + 42 : start + 43] == b"\x0f"  # 16 bits, less one
    if image.format == "PPM":
        return stored[-1:] == (65535,)
    return image.format == "PNG" and ";16" in stored[0]


def _orientation(image):
    """Return how a camera was held, 1 to 8 as in Exif; a damaged entry counts as upright."""
    try:
        # Not the PNG's own `getexif`: that decodes the image, and swallows what fails.
        return int(Image.Image.getexif(image).get(0x0112, 1))
    except Exception:
        return 1


def _upright(image):
    """Return a decoded image as the camera was held; a damaged Exif entry does no harm."""
    if image.format != "TIFF" and _orientation(image) != 1:  # else it would only be copied
        with contextlib.suppress(Exception):
            return ImageOps.exif_transpose(image)
    return image


def _note(name, image, file):
    """Return what is worth saying about a file that can be read, or None."""
    if image is None or image.format == "TIFF":
        if image is None:
            channels = tiff.first_page(file).samplesperpixel
        else:
            channels = image.tag_v2.get(277, 1)
            if image.tag_v2.get(254, 0) & 1:
                return f"{name}: a small preview is used; the file may be a camera's raw file"
        if channels == 2 and (image is None or not image.has_transparency_data):
            return f"{name}: the first of its 2 channels is used, as grey"
        if channels > 4:
            return f"{name}: the first 3 of its {channels} channels are used, as red, green, blue"
        pages = len(tiff.first_page(file).parent.pages) if image is None else image.n_frames
        return None if pages == 1 else f"{name}: {pages} pages; its first page is used"
    # A JPEG or HEIC file of several pictures is a photograph with its own thumbnails.
    if image.format in ("JPEG", "MPO", "HEIF") or getattr(image, "n_frames", 1) == 1:
        return None
    return f"{name}: an animation; its first frame is used"


def _check_array(array):
    """Return one image that came as an array; raises Unreadable with what was expected."""
    colours = array.ndim == 3 and array.shape[2] in (1, 3, 4)
    if not (array.ndim == 2 or colours) or array.dtype.kind not in "buif" or not array.size:
        raise Unreadable(
            "expected numbers of shape (height, width) or (height, width, 1, 3 or 4), "
            f"received {array.shape} as {array.dtype}"
        )
    if prod(array.shape[:2]) > MAX_PIXELS:
        raise Unreadable(f"too large: {format_count(prod(array.shape[:2]), 'pixel')}")
    return array


def _as_three_channels(values):
    return np.repeat(values[..., None], 3, axis=2) if values.ndim == 2 else values


def _rgb(image):
    """Return a decoded image of 8 bits as (height, width, 3) uint8."""
    if image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return np.array(image if image.mode == "RGB" else image.convert("RGB"))
