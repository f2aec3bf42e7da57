"""Images that stay on disk: the same pixels, labels and answers as in memory."""

import gc
import io
import os
import threading
import warnings
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from rnn_tutor import TutorError, _machine, load_images
from rnn_tutor.images import decoding
from rnn_tutor.images.stream import ImageStream, blocks, some_of

RNG = np.random.default_rng(0)


def noise(height, width, channels=3):
    pixels = RNG.integers(0, 256, (height, width, channels), np.uint8)
    return pixels if channels == 3 else pixels[..., 0]


def put(path, pixels, **how):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path, **how)
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """50 images in train and test, of two classes, of several sizes and formats."""
    root = tmp_path_factory.mktemp("set")
    for i in range(50):
        part, ending = ("train", "test")[i % 5 == 0], ("jpg", "png", "webp")[i % 3]
        size = (30 + i % 7, 40 - i % 5)
        put(root / part / ("cat", "dog")[i % 2] / f"{i}.{ending}", noise(*size))
    (root / "train" / "cat" / "broken.jpg").write_bytes(b"no picture")
    return root


@pytest.fixture
def decoded(monkeypatch):
    """The names of the files that were decoded."""
    names, read = [], decoding.read_with_levels
    monkeypatch.setattr(
        decoding, "read_with_levels", lambda e, *a: names.append(e.name) or read(e, *a)
    )
    return names


def pair(source, **settings):
    return load_images(source, **settings), load_images(source, stream=True, **settings)


def assert_equal(images, stream):
    assert isinstance(stream, ImageStream) and not isinstance(images, ImageStream)
    assert np.array_equal(images.pixels, stream.pixels[:])
    assert (images.labels is None) == (stream.labels is None)
    assert images.labels is None or images.labels.tolist() == stream.labels.tolist()
    for name in ("shape", "class_names", "sources", "name", "skipped", "notes", "class_of_each"):
        assert getattr(images, name) == getattr(stream, name), name
    assert (images.is_test is None) == (stream.is_test is None)
    assert repr(stream).replace(", on disk", "") == repr(images)
    assert stream.report() == images.report()


@pytest.mark.parametrize(
    "settings",
    [{}, {"size": 16}, {"size": (20, 9), "channels": 1}, {"channels": 3}, {"limit": 7, "seed": 3}],
    ids=str,
)
def test_a_stream_is_what_the_set_in_memory_is(folder, settings):
    assert_equal(*pair(folder, **settings))


def test_what_chooses_and_changes_images_does_the_same(folder, decoded):
    images, stream = pair(folder, size=24)
    decoded.clear()
    changes = {
        "mask": lambda s: s[s.labels == 1],
        "slice": lambda s: s[10:40:3],
        "list": lambda s: s[[5, 3, 3]],
        "int": lambda s: s[-1],
        "sample": lambda s: s.sample(9, seed=2),
        "train": lambda s: s.split()[0],
        "test": lambda s: s.split()[1],
        "drawn": lambda s: s[~s.is_test].split(seed=4)[1],
        "labelled": lambda s: s[s.is_labelled].require_labels(),
        "unlabelled": lambda s: s.without_labels(),
        "resized": lambda s: s.resized(10, 30),
        "grey": lambda s: s.grey(),
        "grey and back": lambda s: s.grey().colour().resized(8, 8)[3:9],
        "sum": lambda s: s[:3] + s[10:12],
        "loaded again": lambda s: load_images(s, size=12, channels=1, limit=5),
    }
    changed = {name: change(stream) for name, change in changes.items()}
    assert decoded == []  # nothing is read before it is asked for
    for name, change in changes.items():
        expected = change(images)
        assert changed[name].shape == expected.shape, name
        assert_equal(expected, changed[name])


def test_only_what_is_asked_for_is_decoded(folder, decoded):
    stream = load_images(folder, size=8, stream=True)
    decoded.clear()
    assert stream.read([3, 0]).shape == (2, 8, 8, 3)
    assert sorted(decoded) == sorted([stream.sources[3], stream.sources[0]])
    assert stream.pixels[5].shape == (8, 8, 3)
    assert stream.pixels[stream.labels == 7].shape == (0, 8, 8, 3)
    with pytest.raises(IndexError):
        stream.pixels[..., 0]


def test_a_stream_can_be_loaded_and_written(folder, tmp_path):
    images, stream = pair(folder, size=20)
    assert np.array_equal(stream.load().pixels, images.pixels)
    assert not isinstance(stream.load(), ImageStream)
    assert np.array_equal(np.asarray(stream), np.asarray(images))
    assert np.array_equal(stream.as_float(), images.as_float())
    again = load_images(stream[:6].write(tmp_path / "out"), size=20)
    assert np.array_equal(
        again.pixels, load_images(images[:6].write(tmp_path / "o"), size=20).pixels
    )


# Where files come from


def zipped(folder, path):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(folder.rglob("*.*")):
            archive.write(file, file.relative_to(folder))
    return path


def tarred(folder, path):
    import tarfile

    with tarfile.open(path, "w:gz") as archive:
        archive.add(folder, ".")
    return path


@pytest.mark.parametrize("pack", [zipped, tarred])
def test_archives_stay_open_while_a_part_of_the_stream_lives(folder, tmp_path, pack):
    path = pack(folder, tmp_path / ("set.zip" if pack is zipped else "set.tar.gz"))
    images = load_images(path, size=16)
    part = load_images(path, size=16, stream=True)[5:45]
    gc.collect()
    for _ in range(3):  # threads read one archive together
        assert np.array_equal(part.pixels[:], images.pixels[5:45])


def test_lists_dicts_patterns_and_generators(folder):
    paths = sorted(folder.rglob("*.png"))
    for source in (paths, {p: p.parent.name for p in paths}, str(folder / "*/*/*.png")):
        assert_equal(*pair(source, size=12))
    assert len(load_images(iter(paths), stream=True)) == len(paths)


@pytest.mark.parametrize("source", [np.zeros((4, 9, 9)), [Image.new("L", (9, 9))]], ids=["a", "b"])
def test_what_is_in_memory_cannot_be_streamed(source):
    with pytest.raises(TutorError, match="in memory already"):
        load_images(source, stream=True)


# Grey and deep images


def test_grey_files_give_one_channel(tmp_path):
    for i in range(4):
        put(tmp_path / f"{i}.png", noise(9, 9, 1))
    assert_equal(*pair(tmp_path))
    put(tmp_path / "9.png", noise(9, 9))
    assert_equal(*pair(tmp_path))


def test_deep_images_share_black_and_white(tmp_path):
    """A dark one of 16 bits stays dark beside a bright one."""
    for i, white in enumerate((900, 60_000, 3000)):
        values = np.linspace(0, white, 81).reshape(9, 9).astype(np.uint16)
        put(tmp_path / f"{i}.png", values)
    images, stream = pair(tmp_path)
    assert np.array_equal(images.pixels, stream.pixels[:])
    assert stream.pixels[0].max() < 10 < stream.pixels[1].max()


# Memory


def test_what_does_not_fit_into_memory_is_streamed_and_that_is_said(folder, monkeypatch, capsys):
    images = load_images(folder, size=400)
    monkeypatch.setattr(_machine, "memory", lambda: (9e9, 2_000_000))
    stream = load_images(folder, size=400)
    assert isinstance(stream, ImageStream)
    said = capsys.readouterr().out
    assert "stay on disk" in said and "images of 400 x 400" in said
    assert np.array_equal(stream.pixels[7:20], images.pixels[7:20])
    with pytest.raises(TutorError, match="half of what is free"):
        load_images(folder, size=400, stream=False)
    for everything in (stream.load, stream.as_float, lambda: np.asarray(stream)):
        with pytest.raises(TutorError, match="half of what is free"):
            everything()
    with pytest.raises(TutorError, match="half of what is free"):
        load_images(np.zeros((5, 400, 400, 3)), size=400)


def test_a_long_stream_says_what_it_needs_before_it_is_read(folder, monkeypatch, capsys):
    load_images(folder, size=8, stream=True)
    assert capsys.readouterr().out == ""  # a short one says nothing
    monkeypatch.setattr(_machine, "cores", lambda: 2)
    clock = iter(range(0, 10**6, 3))  # each image takes three seconds
    monkeypatch.setattr("rnn_tutor.images.stream.time.perf_counter", lambda: next(clock))
    stream = load_images(folder, size=80, stream=True)
    said = capsys.readouterr().out
    assert len(stream) == 50 and stream.pixels.seconds == 50 * 3 / 2
    assert stream[:10].pixels.seconds == 10 * 3 / 2
    assert "50 images stay on disk" in said and "about 75 s" in said
    assert "would take 1 MB" in said  # 50 x 80 x 80 x 3


# Damage


def test_a_file_that_cannot_be_decoded_is_black_and_named(tmp_path):
    for i in range(3):
        put(tmp_path / f"{i}.jpg", noise(40, 40), quality=95)
    content = (tmp_path / "1.jpg").read_bytes()
    (tmp_path / "1.jpg").write_bytes(content[:-300])
    stream = load_images(tmp_path, stream=True)
    with pytest.warns(UserWarning, match=r"1\.jpg"):
        pixels = stream.pixels[:]
    assert pixels[1].max() == 0 and pixels[0].max() > 200
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        stream.pixels[:]  # said once
    assert "1.jpg" in stream.report() and "1.jpg" in stream.load().report()


def test_a_file_that_has_gone_is_black_and_named(tmp_path):
    paths = [put(tmp_path / f"{i}.png", noise(9, 9)) for i in range(3)]
    stream = load_images(tmp_path, stream=True)
    paths[2].unlink()
    with pytest.warns(UserWarning, match=r"2\.png"):
        assert stream.pixels[2].max() == 0


def test_nothing_readable_is_one_clear_error(tmp_path):
    (tmp_path / "a.jpg").write_text("no picture")
    with pytest.raises(TutorError, match="Not one image"):
        load_images(tmp_path, stream=True)


def test_threads_leave_the_warnings_of_others_alone(folder):
    """Filters belong to the process: a thread that sets them back takes away another's."""
    stream, started = load_images(folder, size=8, stream=True), threading.Event()

    def read():
        started.set()
        for _ in range(5):
            stream.pixels[:]

    before = list(warnings.filters)
    with ThreadPoolExecutor(1) as thread:
        done = thread.submit(read)
        started.wait(10)
        while not done.done():
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                warnings.warn("mine", stacklevel=1)
            assert [str(w.message) for w in caught] == ["mine"]
    assert warnings.filters == before


# Fingerprint


def test_the_fingerprint_follows_the_files(tmp_path):
    paths = [put(tmp_path / f"{i}.png", np.full((9, 9, 3), i, np.uint8)) for i in range(4)]

    def fingerprint(**settings):
        return load_images(tmp_path, stream=True, **settings).pixels.fingerprint()

    first = fingerprint()
    assert fingerprint() == first
    assert fingerprint(size=8) != first and fingerprint(channels=3) != first
    assert fingerprint(limit=3) != first
    os.utime(paths[1], ns=(10**18, 10**18))
    touched = fingerprint()
    assert touched != first
    paths[1].rename(tmp_path / "5.png")
    assert fingerprint() not in (first, touched)


def test_a_zip_with_another_picture_has_another_fingerprint(tmp_path):
    marks = set()
    for grey in (10, 20):
        picture = io.BytesIO()
        Image.new("L", (9, 9), grey).save(picture, "BMP")
        with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
            archive.writestr(zipfile.ZipInfo("1.bmp"), picture.getvalue())
        marks.add(load_images(tmp_path / "a.zip", stream=True).pixels.fingerprint())
    assert len(marks) == 2


# Block by block


def test_blocks_are_the_pixels_in_order(folder):
    images, stream = pair(folder, size=8)
    for n in (7, 25, 1000):
        for pixels in (images.pixels, stream.pixels):
            starts, parts = zip(*blocks(pixels, n), strict=True)
            assert starts == tuple(range(0, 50, n))
            assert np.array_equal(np.concatenate(parts), images.pixels)


def test_some_of_a_stream(folder):
    images, stream = pair(folder, size=8)
    assert some_of(images.pixels, 10, 0) is images.pixels
    assert some_of(stream.pixels, 50, 0) is stream.pixels
    rows = {picture.tobytes(): i for i, picture in enumerate(images.pixels)}
    places = [[rows[p.tobytes()] for p in some_of(stream.pixels, 10, seed)] for seed in (0, 0, 1)]
    assert places[0] == places[1] != places[2] and len(set(places[0])) == 10


def test_a_jpeg_does_not_ask_for_the_memory_of_the_machine(tmp_path, monkeypatch):
    """That takes ten times as long as to decode a small one."""
    put(tmp_path / "1.jpg", noise(64, 64))
    stream = load_images(tmp_path, stream=True)
    monkeypatch.setattr(_machine, "memory", None)
    assert stream.pixels[0].shape == (64, 64, 3)


def test_names_hold_no_more_than_is_needed(tmp_path):
    """A million files should not fill the memory by their names."""
    put(tmp_path / "1.jpg", noise(9, 9))
    entry = load_images(Path(tmp_path), stream=True).pixels.entries[0]
    assert not hasattr(entry, "__dict__")
