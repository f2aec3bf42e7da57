"""Damaged files: never a crash, never without an end, and nothing read that Pillow refuses."""

import io
import multiprocessing
import zlib
from concurrent.futures import ProcessPoolExecutor
from math import ceil

import cv2
import numpy as np
import pillow_heif
import pytest
import tifffile
from PIL import Image

from rnn_tutor.images import decoding, files

EDITS = ("bits", "cut", "header", "zeros")
SECONDS = 1200  # for all files of a format: only what never ends takes so long


def photograph():
    noise = np.random.default_rng(0).integers(0, 256, (60, 80, 3), np.uint8)
    return cv2.normalize(cv2.GaussianBlur(noise, (0, 0), 3), None, 0, 255, cv2.NORM_MINMAX)


def coded(kind, picture=None, mode="RGB", **more):
    file = io.BytesIO()
    image = Image.fromarray(photograph() if picture is None else picture)
    image.convert(mode).save(file, kind, **more)
    return file.getvalue()


def tiff(values, **more):
    file = io.BytesIO()
    tifffile.imwrite(file, values, **more)
    return file.getvalue()


def heic():
    pillow_heif.register_heif_opener()
    file = io.BytesIO()
    pillow_heif.from_pillow(Image.fromarray(photograph())).save(file, quality=80)
    return file.getvalue()


def wholes():
    """Whole files of each format, several to a format where it has several kinds."""
    photo = photograph()
    exif = Image.Exif()
    exif[0x0112] = 6
    frames = [Image.fromarray(np.roll(photo, 9 * i, axis=1)) for i in range(1, 3)]
    deep = cv2.imencode(".png", photo.astype(np.uint16) * 16)[1].tobytes()
    return {
        "JPEG": [coded("JPEG", exif=exif), coded("JPEG", mode="L"), coded("JPEG", quality=95)],
        "progressive JPEG": [
            coded("JPEG", progressive=True),
            coded("JPEG", progressive=True, exif=exif),
        ],
        "PNG": [coded("PNG"), coded("PNG", mode="P"), coded("PNG", mode="RGBA", exif=exif), deep],
        "WebP": [
            coded("WEBP"),
            coded("WEBP", lossless=True),
            coded("WEBP", mode="RGBA", exif=exif),
        ],
        "TIFF": [
            coded("TIFF"),
            coded("TIFF", compression="tiff_lzw"),
            coded("TIFF", compression="tiff_adobe_deflate", exif=exif),
            tiff(photo[..., 0].astype(np.float32)),
            tiff(photo.astype(np.uint16) * 16, photometric="rgb"),
        ],
        "BMP": [coded("BMP"), coded("BMP", mode="P"), coded("BMP", mode="L")],
        "GIF": [coded("GIF"), coded("GIF", save_all=True, append_images=frames)],
        "HEIC": [heic()],
        "AVIF": [coded("AVIF"), coded("AVIF", quality=40, exif=exif)],
    }


def damaged(content, edit, rng):
    """Return a file with one kind of damage, drawn by rng."""
    content = bytearray(content)
    if edit == "cut":
        return bytes(content[: rng.integers(1, len(content))])
    if edit == "zeros":
        start = rng.integers(len(content))
        stop = min(len(content), start + rng.integers(1, 200))
        content[start:stop] = bytes(int(stop - start))
        return bytes(content)
    reach = min(len(content), 120) if edit == "header" else len(content)
    for place in rng.integers(0, reach, rng.integers(1, 5)):
        content[place] = (
            rng.integers(256) if edit == "header" else content[place] ^ 1 << rng.integers(8)
        )
    return bytes(content)


def pillow_reads(content):
    try:
        with Image.open(io.BytesIO(content)) as image:
            image.load()
    except Exception:
        return False
    return True


def read(content):
    """Return whether the file is read, whole and for a small size; raises what should not be."""
    entry = files.Entry("x", (), lambda: io.BytesIO(content), len(content))
    answers = []
    for size in (None, (8, 8)):
        try:
            decoding.header(entry)
            picture = decoding.read(entry, size)
            assert picture.dtype == np.uint8 and picture.ndim == 3 and picture.shape[2] == 3
            answers.append(True)
        except decoding.Unreadable as problem:
            assert str(problem)
            answers.append(False)
    return answers


def survey(kind, n):
    """Return (read, refused, places of files read that Pillow refuses) of n damaged files."""
    contents = wholes()[kind]
    counts, wrong = [0, 0], []
    for i in range(n):
        rng = np.random.default_rng([n, i])
        content = damaged(contents[i % len(contents)], EDITS[i // len(contents) % len(EDITS)], rng)
        answers = read(content)
        counts[any(answers)] += 1
        if any(answers) and not pillow_reads(content):
            wrong.append(i)
    return counts[1], counts[0], wrong


@pytest.mark.parametrize("kind", wholes())
def test_whole_files_are_read(kind):
    for content in wholes()[kind]:
        assert read(content) == [True, True]


@pytest.mark.parametrize("kind", wholes())
def test_nothing_damaged_is_read_that_pillow_refuses(kind):
    _, refused, wrong = survey(kind, 40)
    assert wrong == [] and refused


@pytest.mark.full
@pytest.mark.parametrize("kind", wholes())
def test_a_thousand_damaged_files(kind, capsys):
    """In a process of its own: a decoder that crashes would take the tests with it."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        accepted, refused, wrong = pool.submit(survey, kind, 1000).result(timeout=SECONDS)
    with capsys.disabled():
        print(f"\n{kind}: {accepted} of 1,000 damaged files read, {refused} refused")
    assert wrong == [] and refused > 100


@pytest.mark.parametrize("place", [1000, 1500, 2000, 3000])
def test_one_flipped_bit_in_a_png_is_found(place):
    content = bytearray(coded("PNG"))
    content[place] ^= 4
    assert read(bytes(content)) == [False, False]


def test_a_png_with_a_wrong_check_sum_is_found():
    content = bytearray(coded("PNG"))
    start = content.index(b"IDAT")
    length = int.from_bytes(content[start - 4 : start])
    packed = zlib.compress(bytes(length * 2))
    content[start + 4 : start + 4 + len(packed)] = packed
    assert read(bytes(content)) == [False, False]


# Small JPEGs that OpenCV decodes


def grown(*before):
    """Return a JPEG with more bytes between its start and the rest."""
    whole = coded("JPEG", quality=90)
    return whole[:2] + b"".join(before) + whole[2:]


def segment(marker, content):
    return bytes([0xFF, marker]) + (len(content) + 2).to_bytes(2) + content


def with_exif(value):
    exif = Image.Exif()
    exif[0x0112] = value
    return coded("JPEG", exif=exif)


PLAIN = {
    "4:4:4": coded("JPEG", quality=95, subsampling=0),
    "4:2:2": coded("JPEG", subsampling=1),
    "4:2:0": coded("JPEG", subsampling=2),
    "grey": coded("JPEG", mode="L"),
    "own tables": coded("JPEG", optimize=True),
    "restarts": coded("JPEG", restart_marker_blocks=2),
    "odd sizes": coded("JPEG", photograph()[:37, :51]),
    "a profile and a comment": coded("JPEG", icc_profile=bytes(500), comment=b"hello"),
}
OTHERS = {
    "progressive": coded("JPEG", progressive=True),
    "CMYK": coded("JPEG", mode="CMYK"),
    "kept as RGB": coded("JPEG", keep_rgb=True),
    "turned": with_exif(6),
    "upright by Exif": with_exif(1),
    "bytes behind the end": PLAIN["4:2:0"] + b"more",
    "filled markers": grown(b"\xff\xff\xff"),
    "Adobe's": grown(segment(0xEE, b"Adobe\0\x64\0\0\0\0\x00")),
}


def by_pillow(content, size=None):
    """Read a JPEG, at a fraction of its size where that is twice as large as wanted or more."""
    from PIL import ImageOps

    with Image.open(io.BytesIO(content)) as image:
        if size is not None:
            share = 2 * max(size) / min(image.size)
            image.draft(None, tuple(ceil(share * side) for side in image.size))
        return np.asarray(ImageOps.exif_transpose(image).convert("RGB"))


def pixels_of(content, size=None):
    return decoding.read(files.Entry("x", (), lambda: io.BytesIO(content), len(content)), size)


@pytest.mark.parametrize("kind", [*PLAIN, *OTHERS])
def test_small_jpegs_have_the_pixels_that_pillow_reads(kind):
    content = (PLAIN | OTHERS)[kind]
    heights = set()
    for size in (None, (60, 80), (12, 12), (5, 5), (2, 2)):
        pixels = pixels_of(content, size)
        assert np.array_equal(pixels, by_pillow(content, size)), size
        heights.add(len(pixels))
    assert len(heights) > 2  # whole, and at several fractions


@pytest.mark.parametrize("kind", [*PLAIN, *OTHERS])
def test_pillow_is_asked_about_what_is_not_plain_alone(kind, monkeypatch):
    """It costs a small JPEG three times what decoding does."""
    asked, real = [], decoding.JpegImageFile
    monkeypatch.setattr(decoding, "JpegImageFile", lambda file: asked.append(file) or real(file))
    for size in ((60, 80), (5, 5)):  # whole, and at a fraction
        asked.clear()
        pixels_of((PLAIN | OTHERS)[kind], size)
        assert bool(asked) == (kind in OTHERS)


def test_a_damaged_small_jpeg_is_what_pillow_makes_of_it():
    contents, same = list(PLAIN.values()), 0
    for i in range(400):
        rng = np.random.default_rng([7, i])
        content = damaged(contents[i % len(contents)], EDITS[i // len(contents) % len(EDITS)], rng)
        size = (5, 5) if i % 3 == 0 else None
        try:
            pixels = pixels_of(content, size)
        except decoding.Unreadable:
            continue
        assert np.array_equal(pixels, by_pillow(content, size)), i
        same += 1
    assert same > 100
