"""Files of every kind, good and bad: read alike, or refused with a reason, never a traceback."""

import io
import os
import struct
import sys
import zipfile
import zlib

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from rnn_tutor import TutorError, decoding, files, load_images
from rnn_tutor._cv2 import cv2
from rnn_tutor.images import Refusal, fit


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
    "film.mp4": (b"\0\0\0\x20ftypisom" + bytes(200), "not a picture"),
    "figure.eps": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "not a picture"),
    "phone.heic": (b"\0\0\0\x24ftypheic" + bytes(200), "export it as JPEG"),
    "huge.png": (huge_png(), "too large: its header claims more than 100,000,000 pixels"),
    "large.png": (huge_png(12_000, 9_000), "too large: its header"),
    "float.tif": (coded(PHOTO[..., 0].astype(np.float32), "TIFF"), "32 bits"),
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
    reasons = {refusal.source: refusal.reason for refusal in images.refused}
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


def test_links_that_go_round_or_nowhere(tmp_path):
    (tmp_path / "cats").mkdir()
    (tmp_path / "cats" / "1.png").write_bytes(PNG)
    try:
        (tmp_path / "cats" / "again").symlink_to(tmp_path)
        (tmp_path / "cats" / "gone.png").symlink_to(tmp_path / "nothing")
    except OSError:
        pytest.skip("this system makes no links")
    images = load_images(tmp_path)
    assert images.sources == ("cats/1.png",)
    reasons = {refusal.source: refusal.reason for refusal in images.refused}
    assert reasons == {
        "cats/again": "a link back to a folder that holds it",
        "cats/gone.png": "a link that leads nowhere",
    }


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes in folders")
def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.png")
    (tmp_path / "good.png").write_bytes(PNG)
    (refusal,) = load_images(tmp_path).refused
    assert refusal == Refusal("pipe.png", "not an ordinary file")


def test_hidden_folders_are_named_but_not_searched(tmp_path):
    for folder in ("cats", "dogs", ".ipynb_checkpoints"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "1.png").write_bytes(PNG)
    images = load_images(tmp_path)
    assert images.class_names == ("cats", "dogs")
    assert images.refused == (Refusal(".ipynb_checkpoints", "a hidden folder"),)


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
    assert [refusal.reason for refusal in images.refused] == ["its name leads out of the zip"]
    with pytest.raises(TutorError, match="leads out of the zip"):
        load_images(zipped(tmp_path / "y.zip", {name: PNG}))


def test_locked_overlarge_and_broken_members_are_refused(tmp_path, monkeypatch):
    path = zipped(tmp_path / "x.zip", {"good.png": PNG, "locked.png": PNG, "broken.png": PNG})
    content = bytearray(path.read_bytes())
    entry_of = content.rindex(b"PK\1\2", 0, content.rindex(b"locked.png"))
    content[entry_of + 8] |= 1  # the flag that says encrypted
    content[content.index(b"broken.png") + 200] ^= 255
    path.write_bytes(content)
    reasons = {refusal.source: refusal.reason for refusal in load_images(path).refused}
    assert reasons == {"locked.png": "locked with a password", "broken.png": "truncated or damaged"}
    monkeypatch.setattr(files, "MAX_BYTES", 100_000)
    bomb = zipped(tmp_path / "y.zip", {"good.png": PNG, "bomb.bmp": bytes(200_000)})
    (refusal,) = load_images(bomb).refused
    assert refusal.source == "bomb.bmp" and refusal.reason.startswith("too large: ")


@pytest.mark.parametrize("content", [b"", b"PK\3\4 cut short", b"text"])
def test_a_zip_that_is_none(tmp_path, content):
    (tmp_path / "x.zip").write_bytes(content)
    with pytest.raises(TutorError, match="cannot be opened as a zip"):
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
    assert images.refused == (Refusal(".git/1.png", "in a hidden folder"),)
    assert images.sources[0] == "./cats/1.png" and images.class_names == ("cats",)


def test_an_empty_zip(tmp_path):
    with pytest.raises(TutorError, match="it is empty"):
        load_images(zipped(tmp_path / "x.zip", {}))


def test_files_sort_by_their_numbers():
    names = ["b10.png", "b9.png", "a.png", "B1.png", "10.png", "9.png", "é.png"]
    expected = ["9.png", "10.png", "a.png", "B1.png", "b9.png", "b10.png", "é.png"]
    assert sorted(names, key=files.natural) == expected


@given(st.lists(st.text(max_size=4), max_size=6), st.randoms())
@settings(max_examples=50, deadline=None)
def test_any_names_can_be_sorted_in_one_way(names, random):
    shuffled = random.sample(names, len(names))
    assert sorted(shuffled, key=files.natural) == sorted(names, key=files.natural)
