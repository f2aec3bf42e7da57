"""Files of every kind, good and bad: read alike, or refused with a reason, never a traceback."""

import io
import os
import re
import struct
import subprocess
import sys
import tarfile
import zipfile
import zlib

import numpy as np
import pillow_heif
import pytest
import tifffile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageFile

from rnn_tutor import TutorError, _machine, load_images
from rnn_tutor._cv2 import cv2
from rnn_tutor._text import natural_key
from rnn_tutor.images import decoding, files
from rnn_tutor.images.imageset import SkippedFile, fit


def photograph(height=60, width=80, seed=0):
    """A smooth colour picture (height, width, 3): its two sides differ, so turning it shows."""
    noise = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
    smooth = cv2.normalize(cv2.GaussianBlur(noise, (0, 0), 4), None, 0, 255, cv2.NORM_MINMAX)
    return np.maximum(smooth, np.linspace(0, 255, width)[None, :, None].astype(np.uint8))


def coded(picture, kind, mode=None, **more):
    image = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
    file = io.BytesIO()
    image.convert(mode or image.mode).save(file, kind, **more)
    return file.getvalue()


def entry(content, name="picture"):
    return files.Entry(name, (), lambda: io.BytesIO(content), len(content))


def with_alpha(picture):
    slope = np.linspace(0, 255, picture.shape[1], dtype=np.uint8)
    return np.dstack([picture, np.broadcast_to(slope, picture.shape[:2])])


def huge_png(width=60_000, height=60_000):
    """A PNG of a few bytes whose header claims a size that nobody could decode."""
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunk = struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header))
    data = b"IDAT" + zlib.compress(b"\0")
    chunk += struct.pack(">I", len(data) - 4) + data + struct.pack(">I", zlib.crc32(data))
    return b"\x89PNG\r\n\x1a\n" + chunk + b"\0\0\0\0IEND\xaeB`\x82"


def zipped(path, members):
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


PHOTO = photograph()
JPEG = coded(photograph(300, 400), "JPEG")
PNG = coded(PHOTO, "PNG")
ANIMATIONS = {"GIF": "gif", "PNG": "png", "WEBP": "webp"}


# What can be read

REFERENCES = {
    "grey": coded(PHOTO, "PNG", "L"),
    "black and white": coded(PHOTO, "PNG", "1"),
    "palette": coded(PHOTO, "PNG", "P"),
    "jpeg": JPEG,
    "progressive jpeg": coded(PHOTO, "JPEG", progressive=True),
    "cmyk jpeg": coded(PHOTO, "JPEG", "CMYK", quality=95),
    "bmp": coded(PHOTO, "BMP"),
    "webp": coded(PHOTO, "WEBP"),
    "tiff": coded(PHOTO, "TIFF"),
    "16 bit colour": cv2.imencode(".png", PHOTO.astype(np.uint16) * 257)[1].tobytes(),
    "16 bit grey": cv2.imencode(".png", PHOTO[..., 0].astype(np.uint16) * 257)[1].tobytes(),
    "16 bit tiff": cv2.imencode(".tiff", PHOTO[..., 0].astype(np.uint16) * 257)[1].tobytes(),
}


@pytest.mark.parametrize("kind", REFERENCES)
def test_pictures_come_as_opencv_reads_them(kind):
    content = np.frombuffer(REFERENCES[kind], np.uint8)
    expected = cv2.cvtColor(cv2.imdecode(content, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)
    picture = decoding.read(entry(REFERENCES[kind]))
    header = decoding.header(entry(REFERENCES[kind]))
    assert picture.dtype == np.uint8 and picture.shape == expected.shape
    assert (header.height, header.width, header.note) == (*expected.shape[:2], None)
    # Between two decoders a level of drift is usual; from CMYK each has its own formula.
    difference = np.abs(picture.astype(int) - expected)
    assert difference.mean() < (4 if "cmyk" in kind else 0.5)


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_what_is_transparent_becomes_white(kind, mode):
    if (kind, mode) == ("WEBP", "LA"):
        mode = "RGBA"  # WebP knows no grey
    alpha = with_alpha(PHOTO)
    image = Image.fromarray(alpha).convert(mode)
    more = {"lossless": True, "exact": True} if kind == "WEBP" else {}
    picture = decoding.read(entry(coded(image, kind, **more)))
    colour = np.asarray(image.convert("RGBA")).astype(float)
    share = colour[..., 3:] / 255
    assert np.abs(picture - (colour[..., :3] * share + 255 * (1 - share))).max() <= 2
    assert (picture[:, 0] == 255).all()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_photographs_stand_upright(kind, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    content = coded(PHOTO, kind, exif=exif)
    turns = [np.asarray, np.fliplr, lambda p: np.rot90(p, 2), np.flipud]
    turns += [lambda p: p.swapaxes(0, 1), lambda p: np.rot90(p, -1)]
    turns += [lambda p: np.rot90(p, 2).swapaxes(0, 1), np.rot90]
    upright = turns[orientation - 1](PHOTO)
    picture, header = decoding.read(entry(content)), decoding.header(entry(content))
    assert picture.shape == upright.shape == (header.height, header.width, 3)
    assert np.abs(picture.astype(int) - upright).mean() < 5
    small = decoding.read(entry(content), (16, 16))
    assert (small.shape[0] > small.shape[1]) == (upright.shape[0] > upright.shape[1])


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "GIF", "BMP"])
def test_a_file_is_decoded_once_and_for_its_size_not_at_all(kind, monkeypatch):
    decoded, load = [], ImageFile.ImageFile.load
    monkeypatch.setattr(ImageFile.ImageFile, "load", lambda self: (
        decoded.append(bool(self.tile)), load(self))[1])  # fmt: skip
    content = coded(PHOTO, kind, **({"progressive": True} if kind == "JPEG" else {}))
    decoding.header(entry(content))
    assert not any(decoded)
    decoding.read(entry(content))
    assert sum(decoded) == 1


def test_a_damaged_exif_entry_does_no_harm():
    content = coded(PHOTO, "JPEG", exif=b"Exif\0\0nonsense, no entry at all")
    assert decoding.read(entry(content)).shape == PHOTO.shape
    assert decoding.header(entry(content)).height == PHOTO.shape[0]


def test_a_large_photograph_is_decoded_smaller_but_never_too_small():
    whole, small = decoding.read(entry(JPEG)), decoding.read(entry(JPEG), (30, 40))
    assert whole.shape == (300, 400, 3)
    assert 60 <= small.shape[0] < 300 and 80 <= small.shape[1] < 400
    assert np.abs(fit(whole, 30, 40).astype(int) - fit(small, 30, 40)).mean() < 2


@pytest.mark.parametrize("kind", [*ANIMATIONS, "TIFF"])
def test_of_an_animation_the_first_frame_is_used_and_said_so(kind):
    frames = [Image.fromarray(np.roll(PHOTO, shift, axis=1)) for shift in (0, 20, 40)]
    content = coded(frames[0], kind, save_all=True, append_images=frames[1:])
    note = decoding.header(entry(content, "dance.x")).note
    word = "3 pages; its first page" if kind == "TIFF" else "an animation; its first frame"
    assert note == f"dance.x: {word} is used"
    assert np.abs(decoding.read(entry(content)).astype(int) - PHOTO).mean() < 12


@pytest.mark.parametrize("name", ["a b.png", "衣服 照片.png", "naïve ü.PNG", "no_ending"])
def test_names_of_every_kind(tmp_path, name):
    (tmp_path / name).write_bytes(PNG)
    images = load_images(tmp_path)
    assert images.sources == (name,)
    assert np.array_equal(images.resized(60, 80).pixels[0], PHOTO)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has file names that are no text")
def test_a_name_that_is_no_text_can_still_be_printed(tmp_path):
    with open(os.path.join(os.fsencode(tmp_path), b"\xff\xfe.png"), "wb") as file:
        file.write(PNG)
    (source,) = load_images(tmp_path).sources
    assert source.encode() == rb"\udcff\udcfe.png"


# Values of more than 8 bits


def tiff(values, **more):
    file = io.BytesIO()
    tifffile.imwrite(file, values, **more)
    return file.getvalue()


def by_opencv(ending, values):
    values = values[..., [2, 1, 0, 3][: values.shape[2]]] if values.ndim == 3 else values
    return cv2.imencode(ending, values)[1].tobytes()


@pytest.mark.parametrize("ending", [".png", ".tiff", ".ppm", ".jp2"])
@pytest.mark.parametrize("colour", [False, True])
@pytest.mark.parametrize("times, bits", [(1, 8), (4, 10), (16, 12), (64, 14), (257, 16)])
def test_values_of_10_to_16_bits_become_as_bright_as_they_were(ending, colour, times, bits):
    photo = PHOTO if colour else PHOTO[..., 0]
    if ending == ".ppm" and not colour:
        ending = ".pgm"
    content = by_opencv(ending, photo.astype(np.uint16) * times)
    picture, levels = decoding.read_with_levels(entry(content))
    expected = photo if colour else photo[..., None]
    assert (levels.low, levels.high) == (0, 2**bits - 1)
    assert np.abs(picture.astype(int) - expected).max() <= 1


def test_dark_pictures_stay_dark_beside_bright_ones(tmp_path):
    for name, share in (("bright", 1.0), ("dark", 0.1), ("darker", 0.01)):
        values = (PHOTO[..., 0] * (257.0 * share)).astype(np.uint16)
        (tmp_path / f"{name}.png").write_bytes(by_opencv(".png", values))
    means = load_images(tmp_path).pixels.mean(axis=(1, 2, 3))
    np.testing.assert_allclose(means, PHOTO[..., 0].mean() * np.array([1, 0.1, 0.01]), atol=1)


def test_what_became_white_is_said_once(tmp_path):
    for i in range(3):
        values = np.roll(PHOTO, i, axis=1).astype(np.uint16) * 16
        (tmp_path / f"{i}.tif").write_bytes(tiff(values, photometric="rgb"))
    images = load_images(tmp_path)
    assert len(images.notes) == 1 and "4,095" in images.report() and "3 images" in images.report()
    assert np.abs(images.pixels[0].astype(int) - PHOTO).max() <= 1
    full = load_images([PHOTO.astype(np.uint16) * 257])
    assert full.notes == () and np.array_equal(full.pixels[0], PHOTO)


ONE = {"photometric": "minisblack", "planarconfig": "contig"}
APART = {"photometric": "minisblack", "planarconfig": "separate"}


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", "i2", "u4", "i4", "u8"])
@pytest.mark.parametrize("compression", [None, "zlib"])
def test_tiff_files_of_other_numbers_are_read(dtype, compression):
    grey = PHOTO[..., 0]
    picture = decoding.read(entry(tiff(grey.astype(dtype), compression=compression)))
    assert np.array_equal(picture, np.dstack([grey] * 3))
    content = tiff(PHOTO.astype(dtype), photometric="rgb", compression=compression)
    assert np.array_equal(decoding.read(entry(content)), PHOTO)
    assert decoding.header(entry(content)) == decoding.Header(60, 80)


@pytest.mark.parametrize("dtype", ["u1", "u2", "f4"])
@pytest.mark.parametrize("channels", [2, 3, 5])
@pytest.mark.parametrize("layout", [ONE, APART], ids=["together", "apart"])
def test_tiff_files_of_any_number_of_channels_are_read_and_it_is_said(dtype, channels, layout):
    values = np.dstack([PHOTO, PHOTO[..., :2]])[..., :channels].astype(dtype)
    stored = values if layout is ONE else np.moveaxis(values, -1, 0).copy()
    content = tiff(stored, **layout)
    expected = np.dstack([PHOTO[..., 0]] * 3) if channels == 2 else PHOTO
    assert np.array_equal(decoding.read(entry(content)), expected)
    note = decoding.header(entry(content, "cells.tif")).note
    said = {2: "the first of its 2 channels is used, as grey", 3: "None"}
    assert said.get(channels, "the first 3 of its 5 channels are used") in str(note)


def test_floats_from_0_to_1_and_below_0(tmp_path):
    grey = PHOTO[..., 0].astype(np.float32)
    assert np.array_equal(decoding.read(entry(tiff(grey / 255)))[..., 0], PHOTO[..., 0])
    below = grey - 100
    below[0, 0] = np.nan
    (tmp_path / "below.tif").write_bytes(tiff(below))
    images = load_images(tmp_path)
    stretched = (below - np.nanmin(below)) * (255 / (np.nanmax(below) - np.nanmin(below)))
    difference = images.pixels[0, ..., 0] - np.nan_to_num(stretched)
    assert np.abs(difference).max() <= 1 and images.pixels[0, 0, 0, 0] == 0
    assert "floats" in images.report() and "became black" in images.report()


@pytest.mark.parametrize("kind", ["png", "tiff"])
def test_16_bits_with_transparency_and_turned(kind):
    alpha = with_alpha(PHOTO)
    share = alpha[..., 3:] / 255
    expected = PHOTO * share + 255 * (1 - share)
    deep = alpha.astype(np.uint16) * 257
    if kind == "png":
        content = by_opencv(".png", deep)
    else:
        content = tiff(deep, photometric="rgb", extrasamples=["unassalpha"])
    assert np.abs(decoding.read(entry(content)) - expected).max() <= 1
    turns = [np.asarray, np.fliplr, lambda p: np.rot90(p, 2), np.flipud]
    turns += [lambda p: p.swapaxes(0, 1), lambda p: np.rot90(p, -1)]
    turns += [lambda p: np.rot90(p, 2).swapaxes(0, 1), np.rot90]
    for orientation, turn in enumerate(turns, start=1):
        tag = (274, "H", 1, orientation, True)
        content = tiff(PHOTO.astype(np.float64), photometric="rgb", extratags=[tag])
        picture, header = decoding.read(entry(content)), decoding.header(entry(content))
        assert np.array_equal(picture, turn(PHOTO))
        assert (header.height, header.width) == picture.shape[:2]


def with_frame(marker, bits=8):
    """A JPEG whose frame header says another kind than it is."""
    content = bytearray(JPEG)
    place = content.index(b"\xff\xc0")
    content[place + 1], content[place + 4] = marker, bits
    return bytes(content)


def with_compression(number):
    content = bytearray(tiff(PHOTO, photometric="rgb"))
    place = content.index(struct.pack("<HHI", 259, 3, 1))
    content[place + 8 : place + 10] = struct.pack("<H", number)
    return bytes(content)


@pytest.mark.parametrize(
    "content, says",
    [
        (with_frame(0xC1, bits=12), "12 bits a channel"),
        (with_frame(0xC0, bits=12), "12 bits a channel"),
        (with_frame(0xC3), "lossless JPEG"),
        (with_frame(0xF7), "JPEG-LS"),
        (with_compression(50002), "JPEGXL"),
        (with_compression(34887), "LERC"),
        (with_compression(9999), "number 9999"),
        (tiff(PHOTO.astype(np.complex64), photometric="minisblack"), "not a picture|not known"),
    ],
)
def test_whole_files_that_cannot_be_read_are_named_and_not_called_damaged(content, says):
    for read in (decoding.header, decoding.read):
        if read is decoding.header and "TIFF" in says:
            continue
        try:
            read(entry(content))
        except decoding.Unreadable as problem:
            reason = str(problem)
    assert "damaged" not in reason
    assert re.search(says, reason)


# HEIC, and JPEG files of hundreds of megapixels


def heic(**more):
    file = io.BytesIO()
    pillow_heif.from_pillow(Image.fromarray(PHOTO)).save(file, quality=95, **more)
    return file.getvalue()


def test_heic_is_read_upright(tmp_path, monkeypatch):
    monkeypatch.delitem(Image.OPEN, "HEIF", raising=False)  # as in a fresh kernel
    exif = Image.Exif()
    exif[0x0112] = 6
    (tmp_path / "1.heic").write_bytes(heic())
    (tmp_path / "2.heic").write_bytes(heic(exif=exif.tobytes()))
    (tmp_path / "3.heic").write_bytes(heic()[:-900])
    images = load_images(tmp_path, size=(60, 80))
    assert images.sources == ("1.heic", "2.heic") and images.notes == ()
    assert [file.reason for file in images.skipped] == ["truncated or damaged"]
    assert np.abs(images.pixels[0].astype(int) - PHOTO).mean() < 8
    turned = decoding.read(entry(heic(exif=exif.tobytes())))
    assert turned.shape == (80, 60, 3)
    assert np.abs(turned.astype(int) - np.rot90(PHOTO, -1)).mean() < 8


def test_without_pillow_heif_the_refusal_names_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    monkeypatch.delitem(Image.OPEN, "HEIF", raising=False)
    with pytest.raises(decoding.Unreadable, match=r"pip install .*rnn-tutor\[heic\]"):
        decoding.read(entry(heic()))


def test_a_jpeg_of_192_megapixels_is_read_at_a_fraction_of_its_size():
    halves = Image.new("L", (16_000, 12_000), 20)
    halves.paste(220, (8_000, 0, 16_000, 12_000))
    content = coded(halves, "JPEG")
    assert decoding.header(entry(content)) == decoding.Header(12_000, 16_000)
    picture = fit(decoding.read(entry(content), (30, 40)), 30, 40)
    assert np.abs(picture[:, :19].astype(int) - 20).max() < 3
    assert np.abs(picture[:, 21:].astype(int) - 220).max() < 3
    with pytest.raises(decoding.Unreadable, match="too large"):
        decoding.read(entry(content))


def test_a_progressive_jpeg_that_needs_more_memory_than_there_is(monkeypatch):
    content = coded(PHOTO, "JPEG", progressive=True)
    assert decoding.read(entry(content)).shape == PHOTO.shape
    monkeypatch.setattr(_machine, "memory", lambda: (8e9, 1000))
    with pytest.raises(decoding.Unreadable, match="GB of memory"):
        decoding.read(entry(content))
    assert decoding.read(entry(coded(PHOTO, "JPEG"))).shape == PHOTO.shape


# What cannot be read

BAD = {
    "cut.jpg": (JPEG[: len(JPEG) // 2], "truncated or damaged"),
    "cut_at_the_end.jpg": (JPEG[:-2], "truncated or damaged"),
    "cut_in_the_header.jpg": (JPEG[:100], "truncated or damaged"),
    "download_padded_with_zeros.jpg": (JPEG[:9000] + bytes(100_000), "truncated or damaged"),
    "cut.png": (PNG[: len(PNG) // 2], "truncated or damaged"),
    "cut_in_the_header.png": (PNG[:20], "truncated or damaged"),
    "cut.gif": (coded(PHOTO, "GIF")[:900], "truncated or damaged"),
    "cut.webp": (coded(PHOTO, "WEBP")[:300], "truncated or damaged"),
    "cut.tif": (coded(PHOTO, "TIFF")[:5000], "truncated or damaged"),
    "cut.bmp": (coded(PHOTO, "BMP")[:5000], "truncated or damaged"),
    "empty.png": (b"", "empty (0 bytes)"),
    "text.jpg": (b"Dear reader, this is no photograph. " * 20, "not a picture"),
    "notes.txt": (b"hello", "not a picture"),
    "sheet.svg": (b"<svg xmlns='x'></svg>", "not a picture"),
    "film.mp4": (b"\0\0\0\x20ftypisom" + bytes(200), "a film, not a picture"),
    "pages.pdf": (b"%PDF-1.7 " + bytes(99), "a PDF, not a picture: save its pages as PNG"),
    "layers.psd": (b"8BPS" + bytes(99), "a Photoshop file"),
    "scan.dcm": (bytes(128) + b"DICM" + bytes(99), "a DICOM file"),
    "array.npy": (b"\x93NUMPY" + bytes(99), "pass the array"),
    "new.jxl": (b"\xff\x0a" + bytes(99), "a JPEG XL picture"),
    "figure.eps": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "not a picture"),
    "phone.heic": (b"\0\0\0\x24ftypheic" + bytes(200), "truncated or damaged"),
    "huge.png": (huge_png(), "too large: its header claims more than 100,000,000 pixels"),
    "large.png": (huge_png(12_000, 9_000), "too large: its header"),
    ".DS_Store": (b"\0\0\0\1Bud1", "hidden or system file"),
    "._photo.jpg": (b"\0\5\x16\7", "hidden or system file"),
    "Thumbs.db": (b"\xd0\xcf\x11\xe0", "hidden or system file"),
}


@pytest.fixture(scope="module")
def bad_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bad")
    for name, (content, _) in BAD.items():
        (folder / name).write_bytes(content)
    return folder


@pytest.mark.parametrize("as_zip", [False, True])
def test_each_bad_file_is_refused_with_its_reason_and_the_rest_is_used(
    bad_folder, as_zip, tmp_path
):
    (bad_folder / "good.png").write_bytes(PNG)
    members = {path.name: path.read_bytes() for path in bad_folder.iterdir()}
    images = load_images(zipped(tmp_path / "bad.zip", members) if as_zip else bad_folder)
    assert images.sources == ("good.png",)
    reasons = {file.source: file.reason for file in images.skipped}
    assert reasons.keys() == BAD.keys()
    for name, (_, reason) in BAD.items():
        assert reason in reasons[name], name
        assert f"{name}: " in images.report(at_most=99)


@pytest.mark.parametrize("name", BAD)
def test_one_clear_error_when_nothing_is_left(bad_folder, name, capfd):
    with pytest.raises(TutorError) as error:
        load_images(bad_folder / name)
    assert name in str(error.value) and BAD[name][1] in str(error.value)
    assert capfd.readouterr() == ("", "")  # the decoders keep quiet


@given(cut=st.integers(0, len(JPEG) - 1))
@settings(max_examples=40, deadline=None)
def test_a_jpeg_cut_anywhere_is_found(cut):
    with pytest.raises(decoding.Unreadable):
        decoding.read(entry(JPEG[:cut]))
    with pytest.raises(decoding.Unreadable):
        decoding.read(entry(JPEG[:cut]), (16, 16))


@given(cut=st.integers(0, len(PNG) - 24))  # what follows is no longer the picture
@settings(max_examples=30, deadline=None)
def test_a_png_cut_anywhere_is_found(cut):
    with pytest.raises(decoding.Unreadable):
        decoding.read(entry(PNG[:cut]))


@given(
    content=st.sampled_from([JPEG[:3000], PNG[:3000], coded(PHOTO, "GIF"), coded(PHOTO, "TIFF")]),
    places=st.lists(st.tuples(st.integers(0, 2999), st.integers(0, 255)), max_size=12),
)
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_damage_never_becomes_another_error(content, places):
    damaged = bytearray(content)
    for place, byte in places:
        damaged[place % len(damaged)] = byte
    try:
        decoding.header(entry(bytes(damaged)))
        assert decoding.read(entry(bytes(damaged)), (16, 16)).dtype == np.uint8
    except decoding.Unreadable as problem:
        assert str(problem)


# Folders


def link(path, target):
    try:
        path.symlink_to(target)
    except OSError:
        pytest.skip("this system makes no links")


def test_links_that_go_round_or_nowhere(tmp_path):
    (tmp_path / "cats").mkdir()
    (tmp_path / "cats" / "1.png").write_bytes(PNG)
    link(tmp_path / "cats" / "again", tmp_path)
    link(tmp_path / "cats" / "gone.png", tmp_path / "nothing")
    images = load_images(tmp_path)
    assert images.sources == ("cats/1.png",)
    reasons = {file.source: file.reason for file in images.skipped}
    assert reasons == {
        "cats/again": "a link to a folder that is read already",
        "cats/gone.png": "a link that leads nowhere",
    }


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes in folders")
def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.png")
    (tmp_path / "good.png").write_bytes(PNG)
    (file,) = load_images(tmp_path).skipped
    assert file == SkippedFile("pipe.png", "not an ordinary file")


def test_hidden_folders_are_named_but_not_searched(tmp_path):
    for folder in ("cats", "dogs", ".ipynb_checkpoints"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "1.png").write_bytes(PNG)
    images = load_images(tmp_path)
    assert images.class_names == ("cats", "dogs")
    assert images.skipped == (SkippedFile(".ipynb_checkpoints", "a hidden folder"),)


@pytest.mark.parametrize("kind", ["@eaDir", "#recycle", "$RECYCLE.BIN", "lost+found"])
def test_folders_that_a_system_makes_are_no_classes(tmp_path, kind):
    for folder in ("cats", "dogs", f"cats/{kind}", kind):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "1.png").write_bytes(PNG)
    images = load_images(tmp_path)
    assert images.class_names == ("cats", "dogs") and len(images) == 2
    assert {file.reason for file in images.skipped} == {"a system folder"}
    inside = {"cats/1.png": PNG, f"cats/{kind}/1.png": PNG, f"{kind}/1.png": PNG}
    zipped_set = load_images(zipped(tmp_path / "x.zip", inside))
    assert zipped_set.sources == ("cats/1.png",)


def test_links_to_what_is_read_already_make_no_duplicates(tmp_path):
    root, outside = tmp_path / "set", tmp_path / "outside"
    for folder in (root / "cats", root / "dogs", outside):
        folder.mkdir(parents=True)
        (folder / "1.png").write_bytes(PNG)
    link(root / "a sister", root / "cats")
    link(root / "dogs" / "best.png", root / "cats" / "1.png")
    link(root / "birds", outside)
    link(root / "dogs" / "bird.png", outside / "1.png")
    images = load_images(root)
    assert images.sources == ("birds/1.png", "cats/1.png", "dogs/1.png")
    assert {file.source: file.reason for file in images.skipped} == {
        "a sister": "a link to a folder that is read already",
        "dogs/best.png": "a link to a file that is read already",
        "dogs/bird.png": "a link to a file that is read already",
    }


def test_links_to_files_elsewhere_are_read(tmp_path):
    (tmp_path / "1.png").write_bytes(PNG)
    for kind in ("cats", "dogs"):
        (tmp_path / "set" / kind).mkdir(parents=True)
    link(tmp_path / "set" / "cats" / "a.png", tmp_path / "1.png")
    link(tmp_path / "set" / "dogs" / "b.png", tmp_path / "1.png")
    images = load_images(tmp_path / "set")
    assert images.sources == ("cats/a.png",) and len(images.skipped) == 1


@pytest.mark.parametrize("depth", [10, pytest.param(1500, marks=pytest.mark.full)])
def test_a_folder_may_be_deep(tmp_path, depth):
    if os.name == "nt":
        depth = min(depth, 50)  # Windows allows paths of 260 characters
    path = str(tmp_path)
    for _ in range(depth):
        path += "/a"
        os.mkdir(path)
    with open(path + "/1.png", "wb") as file:
        file.write(PNG)
    try:
        images = load_images(tmp_path)
        assert images.sources == ("a/" * depth + "1.png",) and images.class_names == ("a",)
    finally:  # pytest itself cannot remove so deep a folder
        if os.name == "posix":
            subprocess.run(["rm", "-r", str(tmp_path / "a")], check=True)
    deep = zipped(tmp_path / "x.zip", {"a/" * depth + "1.png": PNG})
    assert load_images(deep).class_names == ("a",)


def test_no_name_reaches_the_terminal_raw(tmp_path):
    if os.name == "nt":  # where a folder cannot have such a name, a zip can
        content = {"cats\x1b[31m/1.png": PNG, "dogs\u202egnp/1\n.png": PNG}
        images = load_images(zipped(tmp_path / "x.zip", content))
        assert images.class_names == ("cats\\x1b[31m", "dogs\\u202egnp")
        return
    folder = tmp_path / "set\x1b]0;title\x07"
    for kind in ("cats\x1b[31m", "dogs\u202egnp"):
        (folder / kind).mkdir(parents=True)
        (folder / kind / "1\n.png").write_bytes(PNG)
        (folder / kind / "2\r\x9b.txt").write_text("text")
    images = load_images(folder)
    said = [repr(images), images.report(), *images.class_names, *images.sources, images.name]
    with pytest.raises(TutorError) as error:
        load_images(folder / "dogs\u202egnp" / "2\r\x9b.txt")
    said.append(str(error.value))
    for text in said:
        assert not set(text.replace("\n", "")) & set("\x1b\x07\r\x9b\u202e"), text
    assert images.sources == ("cats\\x1b[31m/1\\n.png", "dogs\\u202egnp/1\\n.png")
    assert "\n" not in "".join(images.sources)


# Zips


def test_a_zip_is_read_like_a_folder_and_nothing_is_written(tmp_path):
    inside = {f"pets/{kind}/{i}.png": PNG for kind in ("cats", "dogs") for i in (2, 10)}
    inside |= {"pets/": b"", "__MACOSX/pets/cats/._2.png": b"\0\5\x16\7"}
    before = zipped(tmp_path / "pets.zip", inside).read_bytes()
    images = load_images(tmp_path / "pets.zip")
    assert repr(images) == "pets: 4 images of 60 x 80 x 3, 2 classes (cats, dogs)"
    assert images.sources[:2] == ("pets/cats/2.png", "pets/cats/10.png")
    assert [path.name for path in tmp_path.iterdir()] == ["pets.zip"]
    assert (tmp_path / "pets.zip").read_bytes() == before


@pytest.mark.parametrize("name", ["../out.png", "/etc/out.png", "a/../../out.png", "C:\\out.png",
                                  "..\\out.png"])  # fmt: skip
def test_names_that_lead_out_of_a_zip_are_refused(tmp_path, name):
    images = load_images(zipped(tmp_path / "x.zip", {name: PNG, "good.png": PNG}))
    assert images.sources == ("good.png",)
    assert [file.reason for file in images.skipped] == ["its name leads out of the zip"]
    with pytest.raises(TutorError, match="leads out of the zip"):
        load_images(zipped(tmp_path / "y.zip", {name: PNG}))


def test_locked_overlarge_and_broken_members_are_refused(tmp_path, monkeypatch):
    path = zipped(tmp_path / "x.zip", {"good.png": PNG, "locked.png": PNG, "broken.png": PNG})
    content = bytearray(path.read_bytes())
    entry_of = content.rindex(b"PK\1\2", 0, content.rindex(b"locked.png"))
    content[entry_of + 8] |= 1  # the flag that says encrypted
    content[content.index(b"broken.png") + 200] ^= 255
    path.write_bytes(content)
    reasons = {file.source: file.reason for file in load_images(path).skipped}
    assert reasons == {"locked.png": "locked with a password", "broken.png": "truncated or damaged"}
    monkeypatch.setattr(files, "MAX_BYTES", 100_000)
    bomb = zipped(tmp_path / "y.zip", {"good.png": PNG, "bomb.bmp": bytes(200_000)})
    (file,) = load_images(bomb).skipped
    assert file.source == "bomb.bmp" and file.reason.startswith("too large: ")


@pytest.mark.parametrize("content", [b"", b"PK\3\4 cut short", b"text"])
def test_a_zip_that_is_none(tmp_path, content):
    (tmp_path / "x.zip").write_bytes(content)
    with pytest.raises(TutorError, match=r"x\.zip.*zip"):
        load_images(tmp_path / "x.zip")


@given(places=st.lists(st.tuples(st.integers(0, 9999), st.integers(0, 255)), max_size=9))
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_a_damaged_zip_never_becomes_another_error(tmp_path, places):
    path = zipped(tmp_path / "x.zip", {"1.gif": coded(PHOTO, "GIF")[:900], "2.txt": b"text" * 9})
    content = bytearray(path.read_bytes())
    for place, byte in places:
        content[-1 - place % len(content)] = byte
    path.write_bytes(content)
    with pytest.raises(TutorError):
        load_images(path)


def test_hidden_folders_of_a_zip_and_long_numbers(tmp_path):
    members = {".git/1.png": PNG, "./cats/1.png": PNG, f"cats/{'1' * 5000}.png": PNG}
    images = load_images(zipped(tmp_path / "x.zip", members))
    assert images.skipped == (SkippedFile(".git/1.png", "in a hidden folder"),)
    assert images.sources[0] == "./cats/1.png" and images.class_names == ("cats",)


def test_an_empty_zip(tmp_path):
    with pytest.raises(TutorError, match="it is empty"):
        load_images(zipped(tmp_path / "x.zip", {}))


def test_a_member_packed_in_an_unknown_way_is_named(tmp_path):
    path = zipped(tmp_path / "x.zip", {"good.png": PNG, "other.png": PNG})
    content = bytearray(path.read_bytes())
    start = content.rindex(b"PK\1\2", 0, content.rindex(b"other.png"))
    content[start + 10] = 9  # Deflate64, what Windows takes for large files
    path.write_bytes(content)
    (file,) = load_images(path).skipped
    assert "pack the zip anew" in file.reason


# Tars


def tarred(path, members, mode="w"):
    with tarfile.open(path, mode) as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


TARS = {".tar": "w", ".tar.gz": "w:gz", ".tgz": "w:gz", ".tar.bz2": "w:bz2", ".tar.xz": "w:xz"}


@pytest.mark.parametrize("ending, mode", [*TARS.items(), ("", "w:gz")])
def test_a_tar_is_read_like_a_folder(tmp_path, ending, mode):
    inside = {f"pets/{kind}/{i}.png": PNG for kind in ("dogs", "cats") for i in (10, 2)}
    path = tarred(tmp_path / f"my.pets{ending}", inside, mode)
    images = load_images(path)
    assert images.class_names == ("cats", "dogs") and images.labels.tolist() == [0, 0, 1, 1]
    assert images.sources[:2] == ("pets/cats/2.png", "pets/cats/10.png")
    assert images.name == ("my.pets" if ending else "my")
    assert [file.name for file in tmp_path.iterdir()] == [path.name]
    assert len(load_images(path.read_bytes())) == 4


def test_an_archive_in_a_folder_is_named(tmp_path):
    zipped(tmp_path / "a.zip", {"1.png": PNG})
    tarred(tmp_path / "b.tgz", {"1.png": PNG}, "w:gz")
    (tmp_path / "1.png").write_bytes(PNG)
    reasons = [file.reason for file in load_images(tmp_path).skipped]
    assert "a zip, not a picture" in reasons[0] and "a gzip archive, not a" in reasons[1]


def test_what_leads_out_of_a_tar_is_refused(tmp_path):
    path = tarred(tmp_path / "x.tar", {"../out.png": PNG, "/etc/out.png": PNG, "good.png": PNG})
    with tarfile.open(path, "a") as archive:
        link = tarfile.TarInfo("link.png")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    images = load_images(path)
    assert images.sources == ("good.png",)
    assert {file.source for file in images.skipped} == {*("../out.png", "/etc/out.png", "link.png")}


@pytest.mark.parametrize("cut", [0, 10, 300, 2000])
def test_a_tar_that_is_cut_is_one_clear_error(tmp_path, cut):
    whole = tarred(tmp_path / "x.tar.gz", {"1.png": PNG, "2.jpg": JPEG}, "w:gz").read_bytes()
    (tmp_path / "x.tar.gz").write_bytes(whole[:cut])
    with pytest.raises(TutorError, match="tar"):
        load_images(tmp_path / "x.tar.gz")


def test_files_sort_by_their_numbers():
    names = ["b10.png", "b9.png", "a.png", "B1.png", "10.png", "9.png", "é.png"]
    expected = ["9.png", "10.png", "a.png", "B1.png", "b9.png", "b10.png", "é.png"]
    assert sorted(names, key=natural_key) == expected


@given(st.lists(st.text(max_size=4), max_size=6), st.randoms())
@settings(max_examples=50, deadline=None)
def test_any_names_can_be_sorted_in_one_way(names, random):
    shuffled = random.sample(names, len(names))
    assert sorted(shuffled, key=natural_key) == sorted(names, key=natural_key)
