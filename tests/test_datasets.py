"""load_images from every source, the shipped set, the drawn shapes."""

import hashlib
import importlib.util
import json
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy.optimize import linear_sum_assignment
from sklearn.cluster import KMeans

import rnn_tutor
from rnn_tutor import TutorError, datasets, files, load_images
from rnn_tutor._cv2 import cv2

ROOT = Path(__file__).resolve().parent.parent
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
    monkeypatch.setattr(datasets, "_DATA", tmp_path)
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


def test_pictures_beside_the_folders_are_kept_apart(tmp_path):
    images = load_images(folders(tmp_path, "a.png", "cats/1.png", "dogs/1.png"))
    assert images.class_names == ("cats", "dogs") and images.labels.tolist() == [-1, 0, 1]


@pytest.mark.parametrize("test", ["test", "Validation"])
def test_folders_called_train_and_test_are_a_split_and_no_classes(tmp_path, test):
    names = ("train/cats/1.png", "train/cats/2.png", "train/dogs/1.png", f"{test}/dogs/9.png")
    images = load_images(folders(tmp_path / "pets", *names))
    assert images.class_names == ("cats", "dogs")
    assert images.split()[1].sources == (f"{test}/dogs/9.png",)


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


def test_a_list_of_paths_keeps_its_order(tmp_path):
    folders(tmp_path, "b/2.png", "a/1.png")
    paths = [tmp_path / "b/2.png", str(tmp_path / "a/1.png"), tmp_path / "gone.png", tmp_path / "a"]
    images = load_images(paths)
    assert images.sources == tuple(map(str, paths[:2])) and images.labels is None
    assert [r.reason for r in images.refused] == [
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
    assert list(first) == sorted(first, key=files.natural)


# What cannot be loaded


def test_an_unknown_name_is_answered_with_the_names_there_are():
    with pytest.raises(TutorError) as error:
        load_images("fashon5")
    assert "Did you mean 'fashion5'?" in str(error.value)
    for name in datasets.NAMES:
        assert name in str(error.value)
        assert len(load_images(name, limit=3)) == 3


@pytest.mark.parametrize("source", ["", " ", "no/such/folder", Path("gone"), "x\0y", "a" * 5000])
def test_a_missing_folder_is_one_clear_error(source):
    with pytest.raises(TutorError, match="There is no set, folder or zip called"):
        load_images(source)


@pytest.mark.parametrize(
    "source, says", [(5, "int"), (None, "NoneType"), ([5], "list"), ([], "empty")]
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


@pytest.mark.parametrize("setting", [{"size": 0}, {"size": "x"}, {"size": (3, 4, 5)}, {"size": 2.5},
                                     {"channels": 4}, {"limit": 0}, {"limit": "x"}])  # fmt: skip
def test_settings_that_cannot_be(setting):
    with pytest.raises(TutorError, match=next(iter(setting))):
        load_images("digits", **setting)


def test_what_would_not_fit_into_memory_is_refused(tmp_path):
    with pytest.raises(TutorError, match=r"need 7\.5 GB of memory"):
        load_images(folders(tmp_path, "1.png"), size=50_000)
