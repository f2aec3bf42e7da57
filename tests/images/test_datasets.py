"""load_images from every source, the shipped set, the drawn shapes."""

import hashlib
import importlib.util
import io
import itertools
import json
import os
import re
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy.optimize import linear_sum_assignment
from sklearn.cluster import KMeans

import rnn_tutor
from rnn_tutor import TutorError, _machine, load_images
from rnn_tutor._cv2 import cv2
from rnn_tutor._text import natural_key
from rnn_tutor.images import datasets, decoding

ROOT = Path(__file__).resolve().parents[2]
DATA = Path(rnn_tutor.__file__).with_name("data")
FULL_DATA = os.environ.get("RNN_TUTOR_FULL_DATA")


def put(path, height=12, width=16, colour=(200, 40, 90)):
    """Write one plain PNG, its folders too."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (width, height), colour).save(path)
    return path


def folders(root, *names):
    for name in names:
        put(root / name)
    return root


# The shipped set


def test_fashion5_is_what_it_says():
    images = load_images("fashion5")
    assert repr(images) == (
        "fashion5: 6,000 images of 28 x 28 x 1, 5 classes (Trouser, Pullover, Dress, Sneaker, Bag)"
    )
    train, test = images.split()
    assert np.bincount(train.labels).tolist() == [1000] * 5
    assert np.bincount(test.labels).tolist() == [200] * 5
    assert len(set(images.sources)) == 6000
    assert images.report() == "Everything could be read."
    assert load_images("fashion5", limit=50, size=32, channels=3).pixels.shape == (50, 32, 32, 3)


def test_fashion5_is_small_and_carries_its_licence():
    assert (DATA / "fashion5.npz").stat().st_size < 3_000_000
    licence = (DATA / "FASHION-MNIST-LICENSE.txt").read_text(encoding="utf-8")
    assert "MIT" in licence and "Zalando SE" in licence


def test_a_damaged_fashion5_is_noticed(tmp_path, monkeypatch):
    monkeypatch.setattr(datasets, "DATA", tmp_path)
    (tmp_path / "fashion5.json").write_bytes((DATA / "fashion5.json").read_bytes())
    with np.load(DATA / "fashion5.npz") as file:
        arrays = dict(file)
    arrays["pixels"] = arrays["pixels"].copy()
    arrays["pixels"][7, 3, 3] ^= 1
    np.savez(tmp_path / "fashion5.npz", **arrays)
    with pytest.raises(TutorError, match="its pixels differ"):
        load_images("fashion5")
    (tmp_path / "fashion5.npz").write_bytes(b"PK")
    with pytest.raises(TutorError, match="install again"):
        load_images("fashion5")


def test_photos5_is_what_it_says_and_carries_its_licence():
    images = load_images("photos5")
    assert images.shape == (128, 128, 3) and images.report() == "Everything could be read."
    assert np.bincount(images.labels).tolist() == [60] * 5
    assert len(set(images.sources)) == 300
    assert (DATA / "photos5.zip").stat().st_size < 3_000_000
    assert "CC0" in (DATA / "photos5-LICENSE.txt").read_text(encoding="utf-8")
    assert load_images("photos5", limit=9, size=64, channels=1).pixels.shape == (9, 64, 64, 1)


@pytest.mark.parametrize("content", [b"PK", None])
def test_a_damaged_photos5_is_noticed(tmp_path, monkeypatch, content):
    monkeypatch.setattr(datasets, "DATA", tmp_path)
    (tmp_path / "photos5.json").write_bytes((DATA / "photos5.json").read_bytes())
    if content:
        (tmp_path / "photos5.zip").write_bytes(content)
    with pytest.raises(TutorError, match="install again"):
        load_images("photos5")


def script():
    spec = importlib.util.spec_from_file_location("make", ROOT / "data_scripts/make_fashion5.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_script_keeps_the_first_of_each_class_and_refuses_other_files(tmp_path, monkeypatch):
    make = script()
    labels = np.random.default_rng(0).integers(0, 10, 400).astype(np.uint8)
    for part in make.PARTS:
        pixels = np.repeat(labels, 784).tobytes()
        contents = {
            "images-idx3-ubyte": bytes(16) + pixels,
            "labels-idx1-ubyte": bytes(8) + labels.tobytes(),
        }
        for name, content in contents.items():
            (tmp_path / f"{part}-{name}").write_bytes(content)
            digest = hashlib.sha256(content).hexdigest()
            monkeypatch.setitem(make.SHA256, f"{part}-{name}", digest)
    monkeypatch.setattr(make, "PARTS", {"train": 6, "t10k": 2})
    arrays = make.build(tmp_path)
    kinds = np.array(list(make.CLASSES.values()))
    assert np.array_equal(arrays["pixels"][:, 0, 0, 0], kinds[arrays["labels"]])
    for kind, code in enumerate(kinds):
        of_kind = (arrays["labels"] == kind) & ~arrays["is_test"]
        assert arrays["place"][of_kind].tolist() == np.flatnonzero(labels == code)[:6].tolist()
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(b"other")
    with pytest.raises(SystemExit, match="expected sha256"):
        make.build(tmp_path)


def test_the_scripts_arrays_equal_the_shipped_ones():
    """From the full set where RNN_TUTOR_FULL_DATA names its folder; else from what was noted."""
    with np.load(DATA / "fashion5.npz") as file:
        shipped = {name: file[name] for name in file}
    about = json.loads((DATA / "fashion5.json").read_text(encoding="utf-8"))
    made = script().build(FULL_DATA) if FULL_DATA else shipped
    assert script().description(made) == about
    for name, array in made.items():
        assert array.dtype == shipped[name].dtype and np.array_equal(array, shipped[name])


def test_kmeans_on_pixels_is_a_fair_start():
    images = load_images("fashion5")
    pixels = images.as_float().reshape(len(images), -1)
    clusters = KMeans(5, n_init=3, random_state=0).fit_predict(pixels)
    table = np.zeros((5, 5), int)
    np.add.at(table, (images.labels, clusters), 1)
    matched = table[linear_sum_assignment(table, maximize=True)].sum() / len(images)
    assert 0.64 < matched < 0.74


# The other named sets


def test_digits_fill_the_range():
    digits = load_images("digits")
    assert digits.pixels.shape == (1797, 8, 8, 1) and digits.class_names == tuple("0123456789")
    assert digits.pixels.min() == 0 and digits.pixels.max() == 255
    assert (
        load_images("digits", limit=20, seed=1).sources != load_images("digits", limit=20).sources
    )


@pytest.mark.parametrize("size, channels", [(24, 1), ((20, 50), 3), (1, 1), (9, 3)])
def test_shapes_come_at_any_size(size, channels):
    shapes = datasets.draw_shapes(10, size, channels)
    height, width = (size, size) if isinstance(size, int) else size
    assert shapes.pixels.shape == (10, height, width, channels)
    assert np.bincount(shapes.labels).tolist() == [2] * 5


def test_shapes_follow_their_seed_and_settings():
    shapes = load_images("shapes", limit=20, seed=3)
    assert np.array_equal(shapes.pixels, datasets.draw_shapes(20, seed=3).pixels)
    assert np.array_equal(shapes.pixels[:5], datasets.draw_shapes(5, seed=3).pixels)
    assert not np.array_equal(shapes.pixels[:5], datasets.draw_shapes(5, seed=4).pixels)
    for setting in (
        {"noise": 0},
        {"rotation": 0},
        {"scale": (0.2, 0.3)},
        {"position": 0},
        {"clutter": 0},
    ):
        assert not np.array_equal(
            shapes.pixels[:5], datasets.draw_shapes(5, seed=3, **setting).pixels
        )


@pytest.mark.parametrize("setting", [{"noise": -1}, {"scale": (0.5, 0.1)}, {"scale": (0, 1)},
                                     {"position": 2}, {"rotation": -5}, {"clutter": -1},
                                     {"clutter": 1.5}])  # fmt: skip
def test_shapes_that_cannot_be_drawn(setting):
    with pytest.raises(TutorError, match=next(iter(setting))):
        datasets.draw_shapes(2, **setting)


def test_shapes_are_the_shapes_they_are_called():
    """Found again by their outlines: how much of its smallest circle each shape fills."""
    plain = datasets.draw_shapes(50, 200, 1, noise=0, clutter=0, seed=1)
    for picture, label in zip(plain.pixels, plain.labels, strict=True):
        ground = picture[[0, 0, -1, -1], [0, -1, 0, -1], 0]
        mask = (np.abs(picture[..., 0] - np.median(ground)) > 50).astype(np.uint8)
        (outline,), _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
        _, radius = cv2.minEnclosingCircle(outline)
        filled = mask.sum() / (np.pi * radius**2)
        solid = cv2.contourArea(outline) / cv2.contourArea(cv2.convexHull(outline))
        expected = {"circle": 1, "square": 0.637, "triangle": 0.413, "star": 0.374, "cross": 0.616}
        name = plain.class_names[label]
        assert abs(filled - expected[name]) < 0.05, name
        assert (solid > 0.9) == (name in ("circle", "square", "triangle")), name


# Folders, zips, lists


def test_sub_folders_are_the_classes(tmp_path):
    folders(tmp_path, "dogs/1.png", "cats/10.png", "cats/2.png", "cats/deep/down/3.png")
    images = load_images(str(tmp_path))
    assert images.class_names == ("cats", "dogs")
    assert images.sources == ("cats/2.png", "cats/10.png", "cats/deep/down/3.png", "dogs/1.png")
    assert images.labels.tolist() == [0, 0, 0, 1]
    assert images.name == tmp_path.name and images.shape == (12, 16, 3)


def test_without_sub_folders_there_are_no_labels(tmp_path):
    images = load_images(folders(tmp_path, "a.png", "b.png"))
    assert images.labels is None and images.class_names == () and len(images) == 2
    assert [len(part) for part in images.split()] == [1, 1]


def classes_of(images):
    """Return {source: class or None}."""
    labels = [-1] * len(images) if images.labels is None else images.labels
    kinds = [images.class_names[k] if k >= 0 else None for k in labels]
    return dict(zip(images.sources, kinds, strict=True))


@pytest.mark.parametrize("beside", ["a.png", "unlabeled/a.png", "Unlabelled/deep/a.png"])
def test_images_in_no_class_folder_have_no_label(tmp_path, beside):
    images = load_images(folders(tmp_path, beside, "cats/1.png", "dogs/1.png"))
    assert images.class_names == ("cats", "dogs")
    assert classes_of(images) == {beside: None, "cats/1.png": "cats", "dogs/1.png": "dogs"}
    assert "1 without a label" in repr(images)


SPLITS = {"train": "test", "training": "Validation", "Train": "val", "training_set": "test_set"}
SPLITS |= {"seg_train": "seg_test", "train2017": "val2017", "TRAIN": "test1", "trainset": "holdout"}
SPLITS |= {"train-images": "valid", "train_data": "dev"}


@pytest.mark.parametrize("train, test", SPLITS.items())
def test_folders_called_train_and_test_are_a_split_and_no_classes(tmp_path, train, test):
    names = (f"{train}/cats/1.png", f"{train}/cats/2.png", f"{train}/dogs/1.png")
    images = load_images(folders(tmp_path / "pets", *names, f"{test}/dogs/9.png"))
    assert images.class_names == ("cats", "dogs")
    assert images.split()[1].sources == (f"{test}/dogs/9.png",)


@pytest.mark.parametrize("test", ["test/9.png", "test/test/9.png", "test/images/9.png",
                                  "test/unlabelled/9.png"])  # fmt: skip
def test_a_test_folder_without_classes_has_no_labels(tmp_path, test):
    images = load_images(folders(tmp_path, "train/cat/1.png", "train/dog/1.png", test))
    assert images.class_names == ("cat", "dog")
    train, test_part = images.split()
    assert train.labels.tolist() == [0, 1]
    assert test_part.sources == (test,) and test_part.labels is None


@pytest.mark.parametrize(
    "names, kinds, tested",
    [
        (("train/1.png", "test/2.png"), [None, None], [False, True]),  # sorted: test first
        (("train/1.png", "train/2.png"), [None, None], None),
        (("cat/train/1.png", "cat/test/2.png", "dog/train/3.png"), ["cat", "cat", "dog"], 1),
        (("images/train/1.png", "images/val/2.png"), [None, None], 1),
        (("train/images/cat/1.png", "val/images/dog/2.png"), ["cat", "dog"], 1),
        (("training_set/training_set/cat/1.png", "test_set/test_set/dog/2.png"), ["cat", "dog"], 1),
        (("train/cat/1.png", "test/cat/2.png", "3.png"), ["cat", "cat", None], 1),
        (("train/1.png", "bus/2.png", "car/3.png"), ["train", "bus", "car"], None),
        (("train/cat/1.png", "unlabeled/2.png", "test/cat/3.png"), ["cat", None, "cat"], 1),
    ],
)
def test_where_the_split_may_stand(tmp_path, names, kinds, tested):
    images = load_images(folders(tmp_path, *names))
    assert classes_of(images) == dict(zip(names, kinds, strict=True))
    if tested is None:
        assert images.is_test is None
    else:
        assert images.is_test.sum() == 1


def test_one_folder_that_holds_all_is_no_class(tmp_path):
    assert load_images(folders(tmp_path, "pets/cats/1.png", "pets/dogs/1.png")).n_classes == 2
    assert load_images(folders(tmp_path / "b", "cats/1.png", "cats/2.png")).class_names == ("cats",)


def test_a_zip_gives_what_its_folder_gives(tmp_path):
    folder = folders(tmp_path / "pets", "cats/1.png", "dogs/2.png", "dogs/10.png")
    with zipfile.ZipFile(tmp_path / "pets.zip", "w") as archive:
        for path in folder.rglob("*.png"):
            archive.write(path, path.relative_to(tmp_path))
    unpacked, zipped = load_images(folder), load_images(tmp_path / "pets.zip")
    assert np.array_equal(unpacked.pixels, zipped.pixels)
    assert np.array_equal(unpacked.labels, zipped.labels)
    assert repr(unpacked) == repr(zipped)


# Patterns, lists, arrays, bytes, dicts


def test_a_pattern_gives_the_files_of_a_folder_that_match(tmp_path, monkeypatch):
    folder = folders(tmp_path / "pets", "cats/2.png", "cats/10.png", "dogs/1.png", ".git/1.png")
    (folder / "dogs" / "note.txt").write_text("text")
    for pattern in (f"{folder}/*/*.png", f"{folder}/**/*.png"):
        images = load_images(pattern)
        assert images.sources == ("cats/2.png", "cats/10.png", "dogs/1.png")
        assert images.labels.tolist() == [0, 0, 1] and images.skipped == ()
    monkeypatch.chdir(tmp_path)
    assert load_images("pets/cats/*.png").labels is None
    assert len(load_images(Path("pets/*/1*.png"))) == 2
    put(tmp_path / "[x].png")
    assert load_images("[x].png").sources == ("[x].png",)
    with pytest.raises(TutorError, match=r"No file matches 'pets/\*\.bmp'"):
        load_images("pets/*.bmp")


class Column:
    """What load_images sees of a column of pandas: an array of objects, with an index."""

    def __init__(self, values):
        self.values = np.array(values, object)

    def __array__(self, dtype=None, copy=None):
        return self.values

    def __iter__(self):
        return iter(self.values)

    def keys(self):
        return range(len(self.values))


def test_paths_come_in_many_ways(tmp_path):
    paths = [put(tmp_path / "b/2.png"), put(tmp_path / "a/1.png")]
    names = tuple(map(str, paths))
    sources = [paths, tuple(names), iter(paths), np.array(names), np.array(paths, object)]
    sources += [Column(names), Column(paths), dict.fromkeys(names).keys()]
    for source in sources:
        images = load_images(source)
        assert images.sources == names and images.labels is None
    assert len(load_images(tmp_path.glob("*/*.png"))) == 2
    assert len(load_images(tmp_path.rglob("*"))) == 2
    assert len(load_images(os.scandir(tmp_path / "a"))) == 1
    missing = load_images(Column([names[0], None, float("nan")]))
    assert [r.source for r in missing.skipped] == ["image 1", "image 2"]


def pictures(n=3, height=12, width=16):
    return np.random.default_rng(0).integers(0, 256, (n, height, width, 3), np.uint8)


def test_arrays_and_images_of_pillow_are_taken_as_they_are(tmp_path):
    colour = pictures()
    grey = colour[..., :1]
    lists = [list(colour), [Image.fromarray(p) for p in colour], tuple(colour)]
    for source in [
        colour,
        *lists,
        iter(colour),
        [colour[0], Image.fromarray(colour[1]), colour[2]],
    ]:
        assert np.array_equal(load_images(source).pixels, colour)
    for source in [grey, grey[..., 0], list(grey), list(grey[..., 0])]:
        assert np.array_equal(load_images(source).pixels, grey)
    for one in (colour[0], Image.fromarray(colour[0])):
        assert np.array_equal(load_images(one).pixels, colour[:1])
    assert np.array_equal(load_images(grey[0, ..., 0]).pixels, grey[:1])
    transparent = np.dstack([colour[0], np.zeros((12, 16), np.uint8)])
    assert (load_images([transparent]).pixels == 255).all()
    assert load_images(colour, size=6, channels=1, limit=2).pixels.shape == (2, 6, 6, 1)
    assert load_images([colour[0], np.zeros((30, 4))], size=8).pixels.shape == (2, 8, 8, 3)
    Image.fromarray(colour[0]).save(tmp_path / "1.png")
    with Image.open(tmp_path / "1.png") as opened:
        assert load_images([opened]).sources == (str(tmp_path / "1.png"),)
        assert opened.getpixel((0, 0)) == tuple(colour[0, 0, 0])  # still open


@pytest.mark.parametrize(
    "change, note",
    [
        (lambda p: p / 255, None),
        (lambda p: (p / 255).astype(np.float16), None),
        (lambda p: p.astype(np.float32), "255 white"),
        (lambda p: p.astype(np.int64), "255 white"),
        (lambda p: p.astype(np.uint16) * 257, None),
        (lambda p: p.astype(np.uint16) * 16, "4,095 white"),
    ],
)
def test_arrays_of_other_numbers_become_8_bits_and_it_is_said(change, note):
    colour = pictures()
    images = load_images(change(colour))
    assert np.abs(images.pixels.astype(int) - colour).max() <= 1
    assert (note in images.report()) if note else (images.notes == ())


def test_an_array_of_bool_is_black_and_white():
    masks = pictures()[..., 0] > 99
    assert np.array_equal(load_images(masks).pixels[..., 0], masks * 255)


@pytest.mark.parametrize(
    "array, says",
    [
        (np.zeros(5), r"received \(5,\)"),
        (np.zeros((2, 3, 20, 20)), "np.moveaxis"),
        (np.zeros((2, 20, 20, 7)), r"\(2, 20, 20, 7\)"),
        (np.zeros((2, 9, 9), complex), "complex128"),
        (np.full((2, 9, 9), np.nan), "no finite number"),
        ([np.zeros((9, 9, 5))], r"received \(9, 9, 5\)"),
        ([[1, 2], [3, 4]], "image 0 is of type list"),
    ],
)
def test_arrays_that_are_no_images(array, says):
    with pytest.raises(TutorError, match=says):
        load_images(array)


def test_bytes_and_open_files(tmp_path):
    path = put(tmp_path / "1.png")
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        for name in ("cats/1.png", "dogs/1.png"):
            archive.write(path, name)
    content = path.read_bytes()
    expected = load_images(path).pixels
    uploaded = {"name": "1.png", "type": "image/png", "content": memoryview(content)}
    for source in [content, bytearray(content), memoryview(content), io.BytesIO(content),
                   [content], [io.BytesIO(content)], (uploaded,)]:  # fmt: skip
        assert np.array_equal(load_images(source).pixels, expected)
    assert load_images((uploaded,)).sources == ("1.png",)
    with open(path, "rb") as file:
        assert load_images(file).sources == (str(path),)
    assert load_images((tmp_path / "x.zip").read_bytes()).class_names == ("cats", "dogs")
    with pytest.raises(TutorError, match="bytes: truncated or damaged"):
        load_images(content[:45])
    (tmp_path / "1.txt").write_text("text")
    with open(tmp_path / "1.txt") as file, pytest.raises(TutorError, match="opened as text"):
        load_images(file)


def test_a_dict_from_path_to_label(tmp_path):
    paths = [put(tmp_path / f"{i}.png") for i in range(5)]
    labels = ["dog", "cat", None, float("nan"), "dog"]
    images = load_images(dict(zip(paths, labels, strict=True)))
    assert images.class_names == ("cat", "dog") and images.labels.tolist() == [1, 0, -1, -1, 1]
    numbered = load_images({str(path): np.int64(10 - i) for i, path in enumerate(paths)})
    assert numbered.class_names == ("6", "7", "8", "9", "10")
    assert load_images(dict.fromkeys(paths)).labels is None
    short = load_images({tmp_path / "gone.png": "bird", paths[0]: "cat"})
    assert short.class_names == ("cat",) and len(short.skipped) == 1
    with pytest.raises(TutorError, match="from path to label"):
        load_images({"cat": paths})
    with pytest.raises(TutorError, match="empty"):
        load_images({})


def test_a_set_may_be_loaded_again():
    images = load_images("digits", limit=30)
    assert load_images(images).pixels.shape == (30, 8, 8, 1)
    again = load_images(images, size=(4, 6), channels=3, limit=7)
    assert again.pixels.shape == (7, 4, 6, 3) and again.class_names == images.class_names


@pytest.mark.parametrize("address", ["https://example.org/pets.zip", "http://x.org/1.png",
                                     "s3://bucket/pets", "ftp://x.org/1.png"])  # fmt: skip
def test_addresses_are_answered_with_what_to_do(address):
    for source in (address, [address]):
        with pytest.raises(TutorError, match="urlretrieve"):
            load_images(source)


def test_a_list_of_paths_keeps_its_order(tmp_path):
    folders(tmp_path, "b/2.png", "a/1.png")
    paths = [tmp_path / "b/2.png", str(tmp_path / "a/1.png"), tmp_path / "gone.png", tmp_path / "a"]
    images = load_images(paths)
    assert images.sources == tuple(map(str, paths[:2])) and images.labels is None
    assert [r.reason for r in images.skipped] == [
        "does not exist",
        "a folder where a file was expected",
    ]
    assert len(load_images(path for path in paths[:2])) == 2
    assert len(load_images(paths[0])) == 1


def test_mixed_sizes_come_to_the_median(tmp_path):
    for i, (height, width) in enumerate([(300, 400), (300, 400), (90, 900), (800, 30), (310, 420)]):
        put(tmp_path / f"{i}.png", height, width)
    assert load_images(tmp_path).shape == (96, 128, 3)
    assert load_images(tmp_path, size=32).shape == (32, 32, 3)
    assert load_images(tmp_path, size=(20, 40), channels=1).shape == (20, 40, 1)


def test_colour_only_where_a_picture_has_colour(tmp_path):
    put(tmp_path / "1.png", colour=(9, 9, 9))
    Image.new("L", (16, 12), 200).save(tmp_path / "2.png")
    assert load_images(tmp_path).shape == (12, 16, 1)
    assert load_images(tmp_path, channels=3).shape == (12, 16, 3)
    put(tmp_path / "3.png", colour=(9, 9, 10))
    assert load_images(tmp_path).shape == (12, 16, 3)


def test_limit_draws_by_seed(tmp_path):
    folders(tmp_path, *[f"{i}.png" for i in range(40)])
    first, second = (load_images(tmp_path, limit=10, seed=seed).sources for seed in (0, 1))
    assert len(first) == len(second) == 10 and first != second
    assert list(first) == sorted(first, key=natural_key)


def test_limit_counts_images_and_not_other_files(tmp_path):
    for i in range(10):
        put(tmp_path / f"{i}.png")
    for i in range(90):
        (tmp_path / f"{i}.txt").write_text("text")
    for seed in range(5):
        assert len(load_images(tmp_path, limit=5, seed=seed)) == 5
    assert len(load_images(tmp_path, limit=50)) == 10


def test_limit_is_reached_where_files_turn_out_to_be_damaged(tmp_path):
    whole = put(tmp_path / "0.png", 200, 300, colour=(9, 80, 200)).read_bytes()
    for i in range(60):
        damaged = whole[:-40] if i % 3 == 0 else whole
        (tmp_path / f"{i}.png").write_bytes(damaged)
        (tmp_path / f"{i}.png.json").write_text("{}")
    images = load_images(tmp_path, limit=30, seed=2)
    assert len(images) == 30 and not any(int(name[:-4]) % 3 == 0 for name in images.sources)
    assert list(images.sources) == sorted(images.sources, key=natural_key)
    every = load_images(tmp_path, limit=55)
    assert len(every) == 40 and len(set(every.sources)) == 40


def test_the_pixels_are_those_of_their_sources_whatever_was_passed_over(tmp_path):
    for i in range(40):
        path = put(tmp_path / f"{i}.png", 200, 300, colour=(i, i, i))
        if i % 2:  # its size can be read, its pixels cannot
            path.write_bytes(path.read_bytes()[:-40])
    for seed in range(3):
        images = load_images(tmp_path, limit=9, seed=seed)
        assert images.pixels[:, 0, 0, 0].tolist() == [int(name[:-4]) for name in images.sources]
        assert len(images) == 9 and images.skipped


# Time and memory


def loaded_under_a_clock(folder, seconds, monkeypatch, capsys):
    """Load with a clock that moves on by so many seconds each time it is read."""
    ticks = itertools.count()
    monkeypatch.setattr("tqdm.std.time", lambda: next(ticks) * seconds)
    load_images(folder)
    return capsys.readouterr()


def test_after_two_seconds_a_bar_says_how_far_and_how_long(tmp_path, monkeypatch, capsys):
    monkeypatch.delenv("TQDM_DISABLE", raising=False)
    folders(tmp_path, *[f"{i}.png" for i in range(40)])
    written = loaded_under_a_clock(tmp_path, 0.5, monkeypatch, capsys)
    assert "reading images" in written.err and "/40" in written.err
    assert re.search(r"\d+:\d+<\d+:\d+", written.err)  # time spent and time left
    assert loaded_under_a_clock(tmp_path, 0.001, monkeypatch, capsys) == ("", "")
    monkeypatch.setenv("TQDM_DISABLE", "1")  # as where notebooks are stored and compared
    assert loaded_under_a_clock(tmp_path, 0.5, monkeypatch, capsys) == ("", "")


@pytest.mark.parametrize("channels", [None, 1, 3])
@pytest.mark.parametrize("size", [(400, 300), 1000])
def test_what_fits_into_half_of_the_free_memory_is_said_at_once(
    tmp_path, monkeypatch, channels, size
):
    folders(tmp_path, *[f"{i}.png" for i in range(60)])
    monkeypatch.setattr(_machine, "memory", lambda: (9e9, 8_000_000))
    monkeypatch.setattr(decoding, "read_with_levels", None)  # nothing is decoded before
    with pytest.raises(TutorError, match="half of what is free") as error:
        load_images(tmp_path, size=size, channels=channels, stream=False)
    monkeypatch.undo()
    monkeypatch.setattr(_machine, "memory", lambda: (9e9, 8_000_000))
    height, width, limit = map(
        int, re.search(r"size=\((\d+), (\d+)\), or limit=(\d+)", str(error.value)).groups()
    )
    assert 3_600_000 < height * width * 60 * (channels or 3) <= 4_000_000
    assert len(load_images(tmp_path, size=(height, width), channels=channels)) == 60
    assert len(load_images(tmp_path, size=size, channels=channels, limit=limit)) == limit


def test_few_files_are_looked_at_before_a_folder_is_found_too_large(tmp_path, monkeypatch):
    folders(tmp_path, *[f"{i}.png" for i in range(300)])
    looked_at = []
    header = decoding.header
    monkeypatch.setattr(decoding, "header", lambda e: looked_at.append(e.name) or header(e))
    monkeypatch.setattr(_machine, "memory", lambda: (9e9, 1000))
    with pytest.raises(TutorError, match="300 images of 12 x 16"):
        load_images(tmp_path, stream=False)
    assert len(looked_at) < 100


def test_files_that_are_no_images_need_no_memory(tmp_path, monkeypatch):
    folders(tmp_path, "1.png", "2.png")
    for i in range(100):
        (tmp_path / f"{i}.txt").write_text("text")
    monkeypatch.setattr(_machine, "memory", lambda: (9e9, 80 * 80 * 3 * 2 * 20))
    assert len(load_images(tmp_path, size=80)) == 2


def test_grey_needs_a_third_of_the_memory(tmp_path, monkeypatch):
    put(tmp_path / "1.png")
    monkeypatch.setattr(_machine, "memory", lambda: (9e9, 2 * 1_000_000))
    assert load_images(tmp_path, size=1000, channels=1).shape == (1000, 1000, 1)
    with pytest.raises(TutorError, match="or channels=1 for grey"):
        load_images(tmp_path, size=1000, stream=False)
    monkeypatch.setattr(_machine, "memory", lambda: (None, None))
    assert load_images(tmp_path, size=1000).shape == (1000, 1000, 3)


# What cannot be loaded


def test_an_unknown_name_is_answered_with_the_names_there_are():
    with pytest.raises(TutorError) as error:
        load_images("fashon5")
    assert "Did you mean 'fashion5'?" in str(error.value)
    for name in datasets.NAMED_SETS:
        assert name in str(error.value)
    for name in ("fashion5", "digits", "shapes"):
        assert len(load_images(name, limit=3)) == 3


@pytest.mark.parametrize("source", ["", " ", "no/such/folder", Path("gone"), "x\0y", "a" * 5000])
def test_a_missing_folder_is_one_clear_error(source):
    with pytest.raises(TutorError, match="named sets"):
        load_images(source)


@pytest.mark.parametrize(
    "source, says",
    [(5, "int"), (None, "NoneType"), ([5], "int"), ([], "empty"), (object(), "a pattern such as")],
)
def test_what_is_no_source(source, says):
    with pytest.raises(TutorError, match=says):
        load_images(source)


def test_an_empty_folder_and_one_of_text_files(tmp_path):
    with pytest.raises(TutorError, match="it is empty"):
        load_images(tmp_path)
    for i in range(7):
        (tmp_path / f"{i}.txt").write_text("hello")
    with pytest.raises(TutorError, match=r"0\.txt: not a picture .* and 2 more"):
        load_images(tmp_path)


@pytest.mark.parametrize("size", [np.array([20, 30]), [20, 30], (np.int64(20), np.uint8(30))])
def test_a_size_may_be_any_pair_of_whole_numbers(size):
    assert load_images("digits", size=size, limit=2).shape == (20, 30, 1)
    assert load_images("digits", size=np.int32(9), limit=2).shape == (9, 9, 1)


@pytest.mark.parametrize("setting", [{"size": 0}, {"size": True}, {"size": np.array([3.5, 2])},
                                     {"size": [[1, 2]]}, {"size": np.nan}, {"channels": True},
                                     {"limit": True}, {"seed": -1}, {"seed": "x"}, {"seed": None},
                                     {"size": (3, 0)}, {"size": "x"}, {"size": (3, 4, 5)},
                                     {"size": 2.5},
                                     {"channels": 4}, {"limit": 0}, {"limit": "x"}])  # fmt: skip
def test_settings_that_cannot_be(setting):
    with pytest.raises(TutorError, match=next(iter(setting))):
        load_images("digits", **setting)
