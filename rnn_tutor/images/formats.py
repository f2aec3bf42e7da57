"""What a file is by its first bytes, and the words for one that cannot be read."""

from PIL import Image

MAX_PIXELS = 100_000_000  # once decoded
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


class Unreadable(Exception):
    """Why one file cannot be used; it becomes a `SkippedFile`."""


def is_tiff(start):
    """Return whether a file with these first bytes is a TIFF."""
    return start.startswith(_TIFF)


def is_heic(start):
    """Return whether a file with these first bytes is a HEIC photograph."""
    return start[4:].startswith(_HEIC)


def explain_unknown(file):
    """Return why Pillow does not know a file: what it is instead, or that it is damaged."""
    file.seek(0)
    start = file.read(160)
    if start.startswith(b"\xff\xd8"):
        return explain_jpeg(file) or DAMAGED
    if is_heic(start):
        return DAMAGED if "HEIF" in Image.OPEN else _NO_HEIC
    if any(start[offset:].startswith(begins) for offset, begins in _PICTURES):
        return DAMAGED
    text = start.lstrip(b"\xef\xbb\xbf \r\n\t")
    if text.startswith((b"<?xml", b"<!--")) and b"<svg" in start + file.read(5000):
        start = b"<svg"
    for offset, begins, what in _OTHERS:
        if start[offset:].startswith(begins):
            return what
    return _UNKNOWN


def explain_jpeg(file):
    """Return why a whole JPEG cannot be read, by its frame header; None where that is ordinary."""
    file.seek(2)
    while len(marker := file.read(4)) == 4 and marker[0] == 0xFF:
        if marker[1] in _JPEG_KINDS:
            return f"{_JPEG_KINDS[marker[1]]}, which cannot be read: save it as PNG"
        if marker[1] in (0xC0, 0xC1, 0xC2, 0xC9, 0xCA):
            bits = int.from_bytes(file.read(1))
            deep = f"a JPEG of {bits} bits a channel; only 8 can be read: save it as PNG or TIFF"
            return deep if bits in (12, 16) else None
        file.seek(int.from_bytes(marker[2:]) - 2, 1)
    return None


def check_pixels(n, limit=MAX_PIXELS):
    """Raise Unreadable for an image of more than `limit` pixels."""
    if n > limit:
        raise Unreadable(f"too large: its header claims more than {limit:,} pixels")
