"""One image file becomes an array, or a reason why it cannot.

Pillow decodes: it tells a file's size before decoding it, notices where one is cut short, and is
quiet. What it would cut down to 8 bits, or does not know, tifffile and OpenCV read: TIFF files of
16 and 32 bits or of floating-point numbers, and PNG files with 16 bits a channel.
"""

import contextlib
import logging
import warnings
from dataclasses import dataclass
from math import ceil, prod

import numpy as np
import tifffile
from PIL import Image, ImageOps, UnidentifiedImageError
from PIL.JpegImagePlugin import JpegImageFile

from rnn_tutor import _machine
from rnn_tutor._cv2 import cv2
from rnn_tutor._quiet import quiet_stderr
from rnn_tutor.images.imageset import count

MAX_PIXELS = 100_000_000  # once decoded
MAX_JPEG_PIXELS = 1_000_000_000  # in the file; it is decoded at a fraction of that
FORMATS = ("JPEG", "PNG", "GIF", "BMP", "WEBP", "TIFF", "AVIF", "JPEG2000", "PPM")
DAMAGED = "truncated or damaged"
# A file's first bytes, from the offset on, and what they say of a file that Pillow does not know.
# The picture formats stand here too: a file that begins like one and is not known is damaged.
_PICTURES = ((0, b"\xff\xd8"), (0, b"\x89PNG"), (0, b"GIF8"), (8, b"WEBP"), (4, b"ftypavi"))
_TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_HEIC = (b"ftyphei", b"ftyphev", b"ftypmif1", b"ftypmsf1")
_NO_HEIC = (
    'a HEIC photograph: install `pip install "rnn-tutor[heic]"` and load again, '
    "or export it as JPEG"
)
_OTHERS = (
    (0, b"%PDF", "a PDF, not a picture: save its pages as PNG"),
    (0, b"%!PS", "a PostScript drawing, not a picture: save it as PNG"),
    (0, b"<svg", "an SVG drawing, not a picture: save it as PNG"),
    (0, b"8BPS", "a Photoshop file: export it as PNG"),
    (0, b"\xff\x0a", "a JPEG XL picture: save it as PNG"),
    (0, b"\0\0\0\x0cJXL ", "a JPEG XL picture: save it as PNG"),
    (0, b"PK\3\4", "a zip, not a picture: unpack it, or load it by itself"),
    (0, b"Rar!", "a RAR archive, not a picture: unpack it and load the folder"),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7z archive, not a picture: unpack it and load the folder"),
    (0, b"\x1f\x8b", "a gzip archive, not a picture: unpack it"),
    (0, b"\x93NUMPY", "a NumPy file: load it with np.load, and pass the array"),
    (0, b"\x89HDF", "an HDF5 file: open it with h5py, and pass the array"),
    (0, b"SIMPLE  =", "a FITS file: open it with astropy, and pass the array"),
    (128, b"DICM", "a DICOM file: open it with pydicom, and pass its pixel_array"),
    (0, b"FUJIFILMCCD-RAW", "a camera's raw file: export it as JPEG"),
    (4, b"ftypcrx", "a camera's raw file: export it as JPEG"),
    (4, b"ftyp", "a film, not a picture"),
    (0, b"\x1aE\xdf\xa3", "a film, not a picture"),
    (8, b"AVI ", "a film, not a picture"),
)
_UNKNOWN = "not a picture in a format that can be read (such as JPEG, PNG, GIF, BMP, WebP, TIFF)"
# Pillow reads sequential and progressive JPEG with Huffman or arithmetic coding.
_JPEG_KINDS = {0xC3: "a lossless JPEG", 0xF7: "a JPEG-LS picture"}
_JPEG_KINDS |= dict.fromkeys((0xC5, 0xC6, 0xC7, 0xCD, 0xCE, 0xCF), "a hierarchical JPEG")
_STEPS = (1, 255, 1023, 4095, 16383, 65535)  # what white is in 8, 10, 12, 14 and 16 bits


class Unreadable(Exception):
    """Why one file cannot be used; it becomes a `SkippedFile`."""


@dataclass(frozen=True)
class Header:
    """What a file says of itself: height and width in pixels, upright; a note or none."""

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
    """Return the Header of a file without decoding it; raises Unreadable."""
    with _opened(entry) as (picture, file):
        if isinstance(picture, np.ndarray):
            return Header(*picture.shape[:2])
        if picture is None:
            page = _unusual_page(file)
            height, width = _sizes(page)
            turned = _tiff_turn(page) >= 5
        else:
            _check_pixels(picture, MAX_JPEG_PIXELS if _is_jpeg(picture) else MAX_PIXELS)
            width, height = picture.size
            turned = _is_turned(picture)
        note = _note(entry.name, picture, file)
    return Header(width, height, note) if turned else Header(height, width, note)


def read(entry, size=None, levels=None):
    """Return one picture, upright, as (height, width, 3) uint8 RGB; transparent becomes white.

    With size=(height, width) a JPEG may come smaller, but at least twice that size: much faster
    for photographs. Deeper values become 8 bits by `levels`, or by what the picture itself uses.
    Raises Unreadable.
    """
    return read_with_levels(entry, size, levels)[0]


def read_with_levels(entry, size=None, levels=None):
    """Return (picture, levels): as `read`, with the Levels used, or None for 8 bits."""
    with _opened(entry) as (picture, file):
        if isinstance(picture, np.ndarray):
            values, alpha = _split_alpha(picture, has_alpha=picture.shape[2:] == (4,))
        elif picture is None:
            _unusual_page(file)
            values, alpha = _tiff_values(file)
        else:
            stored = _decode(picture, file, size)
            deep = _tiff_values(file) if stored is None else _deep_values(picture, file, stored)
            if deep is None:
                return _rgb(_upright(picture)), None
            values, alpha = deep
        if values.dtype == np.uint8 and alpha is None:
            return _three(values), None
        used = levels or levels_of(values)
        pixels = _three(to_uint8(values, used))
        if alpha is not None:
            share = (to_uint8(alpha, levels_of(alpha)) / np.float32(255))[..., None]
            pixels = np.round(pixels * share + 255 * (1 - share)).astype(np.uint8)
        return pixels, None if values.dtype == np.uint8 else used


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
    steps = _STEPS if kind == "f" or values.dtype == bool else _STEPS[1:]
    step = next((step for step in steps if high <= step), None)
    if low < 0 or step is None:
        return Levels(kind, low, high if high > low else low + 1)
    return Levels(kind, 0, step)


def to_uint8(values, levels):
    """Return an array as uint8, `levels` being black and white; what is no number is black."""
    if values.dtype == np.uint8:
        return values
    scaled = (values.astype(np.float64 if values.itemsize > 4 else np.float32)) - levels.low
    scaled *= 255 / (levels.high - levels.low)
    return np.nan_to_num(scaled, posinf=255, neginf=0).clip(0, 255).round().astype(np.uint8)


@contextlib.contextmanager
def _opened(entry):
    """Give (picture, file), not yet decoded. Whatever a foreign file provokes is Unreadable.

    The picture is of Pillow, or an array, or None for a TIFF that Pillow does not know.
    """
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(warnings.catch_warnings())
            warnings.simplefilter("ignore")  # Pillow's remarks about odd but readable files
            for name in ("tifffile", "PIL.TiffImagePlugin"):
                stack.enter_context(_quiet(name))
            thing = entry.open()
            if isinstance(thing, np.ndarray):
                yield _checked_array(thing), None
            elif isinstance(thing, Image.Image):  # stays open: it is the reader's
                yield thing, None
            else:
                file = stack.enter_context(thing)
                picture = _identified(file)
                if picture is not None:
                    stack.enter_context(picture)
                yield picture, file
        except Unreadable:
            raise
        except Image.DecompressionBombError:
            raise Unreadable(_too_large(MAX_PIXELS)) from None
        except MemoryError:
            raise Unreadable("it needs more memory than there is") from None
        except Exception as problem:  # decoders fail in a dozen ways, none the reader's fault
            reason = getattr(problem, "strerror", None) or DAMAGED
            raise Unreadable(reason) from problem


@contextlib.contextmanager
def _quiet(name):
    logger = logging.getLogger(name)
    before, logger.disabled = logger.disabled, True
    try:
        yield
    finally:
        logger.disabled = before


def _identified(file):
    """Return Pillow's picture of a file, not yet decoded; None for a TIFF that it does not know."""
    start = file.read(160)
    file.seek(0)
    formats = [*FORMATS, "HEIF"] if start[4:].startswith(_HEIC) and _heic() else list(FORMATS)
    try:
        # Directly, because `Image.open` refuses by the size in the file, not by what is decoded.
        if start.startswith(b"\xff\xd8"):
            return JpegImageFile(file)
        return Image.open(file, formats=formats)
    except (UnidentifiedImageError, SyntaxError):
        if start.startswith(_TIFF):
            return None
        raise Unreadable(_what_is_it(start, file)) from None


def _heic():
    """Teach Pillow to read HEIC, where pillow-heif is installed; return whether it is."""
    if "HEIF" not in Image.OPEN:
        try:
            import pillow_heif
        except ImportError:
            return False
        pillow_heif.register_heif_opener()
    return True


def _what_is_it(start, file):
    if start.startswith(b"\xff\xd8"):
        return _jpeg_kind(file) or DAMAGED
    if start[4:].startswith(_HEIC):
        return DAMAGED if "HEIF" in Image.OPEN else _NO_HEIC
    if any(start[offset:].startswith(begins) for offset, begins in _PICTURES):
        return DAMAGED
    text = start.lstrip(b"\xef\xbb\xbf \r\n\t")
    if text.startswith((b"<?xml", b"<!--")) and b"<svg" in file.read(5000):
        start = b"<svg"
    for offset, begins, what in _OTHERS:
        if start[offset:].startswith(begins):
            return what
    return _UNKNOWN


def _jpeg_kind(file):
    """Return why a whole JPEG cannot be read, by its frame header; None where that is ordinary."""
    file.seek(2)
    while len(marker := file.read(4)) == 4 and marker[0] == 0xFF:
        if marker[1] in _JPEG_KINDS:
            return f"{_JPEG_KINDS[marker[1]]}, which cannot be read: save it as PNG"
        if marker[1] in (0xC0, 0xC1, 0xC2, 0xC9, 0xCA):
            bits = int.from_bytes(file.read(1))
            return (
                f"a JPEG of {bits} bits a channel; only 8 can be read: save it as PNG or TIFF"
                if bits in (12, 16)
                else None
            )
        file.seek(int.from_bytes(marker[2:]) - 2, 1)
    return None


def _is_jpeg(picture):
    return picture.format in ("JPEG", "MPO")


def _too_large(limit):
    return f"too large: its header claims more than {limit:,} pixels"


def _check_pixels(picture, limit):
    if picture.width * picture.height > limit:
        raise Unreadable(_too_large(limit))


def _decode(picture, file, size):
    """Decode a picture of Pillow, a JPEG at a fraction of its size where `size` allows it.

    Returns how its pixels are stored, as Pillow calls it: a mode, and for PPM what white is; None
    for a TIFF whose header is consistent, but whose arrangement Pillow does not know.
    """
    if _is_jpeg(picture) and file is not None:
        if b"\xff\xd9" not in file.read():
            raise Unreadable(DAMAGED)  # the end marker is missing
        _check_pixels(picture, MAX_JPEG_PIXELS)
        needed, free = 6 * prod(picture.size), _machine.memory()[1]
        if picture.info.get("progressive") and free is not None and needed > free / 2:
            raise Unreadable(f"a progressive JPEG that needs {needed / 1e9:.1f} GB of memory")
        if size is not None:
            shrink = 2 * max(size) / min(picture.size)
            picture.draft(None, (ceil(shrink * picture.width), ceil(shrink * picture.height)))
    _check_pixels(picture, MAX_PIXELS)
    stored = picture.tile[0].args if getattr(picture, "tile", None) else ()
    try:
        with quiet_stderr() if picture.format == "TIFF" else contextlib.nullcontext():
            picture.load()
    except (OSError, RuntimeError, ValueError, NotImplementedError):
        if picture.format == "TIFF" and file is not None:
            _unusual_page(file)  # names what cannot be read
            return None
        if _is_jpeg(picture) and file is not None and (kind := _jpeg_kind(file)):
            raise Unreadable(kind) from None
        raise
    return stored if isinstance(stored, tuple) else (stored,)


def _deep_values(picture, file, stored):
    """Return (values, alpha) of a decoded picture of more than 8 bits; None where it has 8."""
    if picture.format == "TIFF" and file is not None:
        bits, formats = picture.tag_v2.get(258, (1,)), picture.tag_v2.get(339, (1,))
        if (max(bits) > 8 or set(formats) != {1}) and picture.tag_v2.get(262) in (0, 1, 2):
            return _tiff_values(file)
    elif picture.format == "PPM" and picture.mode == "I" and len(stored) > 1:
        # Pillow has stretched the values already, by what the file says white is.
        return np.round(np.asarray(picture) / 257).astype(np.uint8), None
    elif file is not None and _is_cut_down(picture, file, stored):
        values = _by_opencv(file)
        if values is None:
            raise Unreadable(DAMAGED)
        return _split_alpha(_turned(values, _orientation(picture)), values.ndim == 3)
    if picture.mode.startswith(("I", "F")):
        return np.asarray(_upright(picture)), None
    return None


def _is_cut_down(picture, file, stored):
    """Return whether Pillow made 8 bits of a colour picture's 16."""
    if picture.mode not in ("RGB", "RGBA", "LA") or "transparency" in picture.info:
        return False
    if picture.format == "JPEG2000":
        file.seek(0)
        content = file.read(4000)
        start = content.find(b"\xff\x4f\xff\x51")  # the codestream and its sizes
        return start >= 0 and content[start + 42 : start + 43] == b"\x0f"  # 16 bits, less one
    if picture.format == "PPM":
        return stored[-1:] == (65535,)
    return picture.format == "PNG" and ";16" in stored[0]


def _orientation(picture):
    """Return how a camera was held, 1 to 8 as in Exif; a damaged entry counts as upright."""
    try:
        # Not the PNG's own `getexif`: that decodes the picture, and swallows what fails.
        return int(Image.Image.getexif(picture).get(0x0112, 1))
    except Exception:
        return 1


def _is_turned(picture):
    return picture.format != "TIFF" and _orientation(picture) >= 5  # Pillow turns a TIFF by itself


def _upright(picture):
    """Return a decoded picture as the camera was held; a damaged Exif entry does no harm."""
    if picture.format != "TIFF":
        with contextlib.suppress(Exception):
            return ImageOps.exif_transpose(picture)
    return picture


def _note(name, picture, file):
    """Return what is worth saying about a file that can be read, or None."""
    if picture is None or picture.format == "TIFF":
        if picture is None:
            channels = _tiff_page(file).samplesperpixel
        else:
            channels = picture.tag_v2.get(277, 1)
            if picture.tag_v2.get(254, 0) & 1:
                return f"{name}: a small preview is used; the file may be a camera's raw file"
        if channels == 2 and (picture is None or not picture.has_transparency_data):
            return f"{name}: the first of its 2 channels is used, as grey"
        if channels > 4:
            return f"{name}: the first 3 of its {channels} channels are used, as red, green, blue"
    frames = len(_tiff_page(file).parent.pages) if picture is None else _frames(picture)
    if frames == 1:
        return None
    if picture is None or picture.format == "TIFF":
        return f"{name}: {frames} pages; its first page is used"
    return f"{name}: an animation; its first frame is used"


def _frames(picture):
    # A JPEG or HEIC file of several pictures is a photograph with its own thumbnails.
    is_photograph = picture.format in ("JPEG", "MPO", "HEIF")
    return 1 if is_photograph else getattr(picture, "n_frames", 1)


def _tiff_page(file):
    """Return the first page of a TIFF, checked by its header; raises Unreadable with its kind."""
    file.seek(0)
    page = tifffile.TiffFile(file).pages[0]
    if page.dtype is None or page.dtype.kind not in "uif" or page.dtype.itemsize > 8:
        raise Unreadable(f"a TIFF of {page.bitspersample} bits a value, in a form not known")
    if page.axes not in ("YX", "YXS", "SYX"):
        raise Unreadable(f"a TIFF of {' x '.join(map(str, page.shape))} values, not a picture")
    if page.photometric not in (0, 1, 2):
        colours = getattr(page.photometric, "name", page.photometric)
        raise Unreadable(f"a TIFF in colours that cannot be read ({colours}): save it as RGB")
    compression = getattr(page.compression, "name", f"number {page.compression}")
    if page.compression not in (1, 5, 8, 32773, 32946, 50000, 34925):
        raise Unreadable(
            f"a TIFF with a compression that cannot be read ({compression}): save it without"
        )
    if prod(_sizes(page)) > MAX_PIXELS or page.nbytes > 16 * MAX_PIXELS:
        raise Unreadable(_too_large(MAX_PIXELS))
    end = max(np.add(page.dataoffsets, page.databytecounts), default=0)
    whole = sum(page.databytecounts) >= page.nbytes or page.compression != 1
    if not page.nbytes or not whole or end > file.seek(0, 2):
        raise Unreadable(DAMAGED)
    return page


def _unusual_page(file):
    """Return the first page of a TIFF that Pillow does not know, where its header is consistent.

    What Pillow does know in general, and not in this file, has a damaged header.
    """
    page = _tiff_page(file)
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


def _sizes(page):
    return page.shape[1:] if page.axes == "SYX" else page.shape[:2]


def _tiff_turn(page):
    tag = page.tags.get(274)
    return int(tag.value) if tag is not None else 1


def _tiff_values(file):
    """Return (values, alpha) of a TIFF's first page as they are stored, upright."""
    page = _tiff_page(file)
    try:
        values = page.asarray()
        if page.axes == "SYX":
            values = np.moveaxis(values, 0, -1)
    except ValueError:  # a compression that tifffile leaves to a further package
        values = _by_opencv(file)
        if values is None:
            compression = getattr(page.compression, "name", page.compression)
            raise Unreadable(
                f"a TIFF of {page.dtype} values that are compressed ({compression}): "
                "save it without compression"
            ) from None
    if page.photometric == 0:  # white is 0
        values = values.max() - values
    return _split_alpha(_turned(values, _tiff_turn(page)), any(page.extrasamples))


def _by_opencv(file):
    """Return the values of a file as RGB, RGBA or grey, as they are stored; None if it fails."""
    file.seek(0)
    with quiet_stderr():
        values = cv2.imdecode(np.frombuffer(file.read(), np.uint8), cv2.IMREAD_UNCHANGED)
    if values is None or values.ndim == 2:
        return values
    return values[..., [2, 1, 0, *range(3, values.shape[2])]]


def _turned(values, orientation):
    """Return an array upright, by its Exif orientation from 1 to 8."""
    if orientation in (5, 6, 7, 8):
        values = values.swapaxes(0, 1)
    if orientation in (2, 3, 6, 7):
        values = values[:, ::-1]
    if orientation in (3, 4, 7, 8):
        values = values[::-1]
    return values


def _split_alpha(values, has_alpha):
    """Return (values, alpha or None): values (h, w) grey or (h, w, 3)."""
    if values.dtype.kind == "b":
        values = values.astype(np.uint8) * np.uint8(255)
    if values.ndim == 2:
        return values, None
    channels = values.shape[2]
    alpha = values[..., channels - 1] if has_alpha and channels in (2, 4) else None
    return (values[..., :3] if channels > 2 else values[..., 0]), alpha


def _checked_array(array):
    """Return one picture that came as an array; raises Unreadable with what was expected."""
    colours = array.ndim == 3 and array.shape[2] in (1, 3, 4)
    if not (array.ndim == 2 or colours) or array.dtype.kind not in "buif" or not array.size:
        raise Unreadable(
            "expected numbers of shape (height, width) or (height, width, 1, 3 or 4), "
            f"received {array.shape} as {array.dtype}"
        )
    if prod(array.shape[:2]) > MAX_PIXELS:
        raise Unreadable(f"too large: {count(prod(array.shape[:2]), 'pixel')}")
    return array


def _three(values):
    return np.repeat(values[..., None], 3, axis=2) if values.ndim == 2 else values


def _rgb(picture):
    """Return a decoded picture of 8 bits as (height, width, 3) uint8."""
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        picture = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture)
    return np.array(picture.convert("RGB"))
