"""ImageSet: what a set of pictures promises whatever it holds."""

import importlib
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnn_tutor import NeedsLabels, TutorError
from rnn_tutor._cv2 import cv2
from rnn_tutor.images.datasets import load_images
from rnn_tutor.images.imageset import ImageSet, SkippedFile, fit


def some(n=10, height=6, width=4, channels=3, **more):
    pixels = np.random.default_rng(0).integers(0, 256, (n, height, width, channels), np.uint8)
    more.setdefault("sources", tuple(f"{i}.png" for i in range(n)))
    return ImageSet(pixels, **more)


def test_repr_is_one_line_that_says_what_there_is():
    named = some(4, labels=[0, 1, 1, 0], class_names=("cat", "dog"), name="pets")
    assert repr(named) == "pets: 4 images of 6 x 4 x 3, 2 classes (cat, dog)"
    assert repr(some(1)) == "images: 1 image of 6 x 4 x 3, no labels"
    skipped = some(2, skipped=(SkippedFile("a.txt", "not a picture"),))
    assert repr(skipped).endswith("no labels; 1 file not used, see .report()")


def test_report_names_each_file_and_shortens_long_lists():
    assert some().report() == "Everything could be read."
    skipped = tuple(SkippedFile(f"{i}.txt", "empty") for i in range(25))
    lines = some(skipped=skipped, notes=("b.gif: an animation",)).report(at_most=3).splitlines()
    assert lines[:2] == ["25 files not used:", "0.txt: empty"]
    assert lines[4:] == ["... and 22 more", "b.gif: an animation"]


@pytest.mark.parametrize(
    "key", [3, -1, slice(2, 5), [1, 7], np.arange(10) % 2 == 0, np.int64(0), []]
)
def test_indexing_takes_every_part_along(key):
    images = some(labels=np.arange(10) % 3, is_test=np.arange(10) > 6)
    chosen, rows = images[key], np.atleast_1d(np.arange(10)[key])
    assert np.array_equal(chosen.pixels, images.pixels[rows])
    assert np.array_equal(chosen.labels, images.labels[rows])
    assert np.array_equal(chosen.is_test, images.is_test[rows])
    assert chosen.sources == tuple(f"{i}.png" for i in rows)


def test_a_loop_over_a_set_ends():
    assert [len(one) for one in some(3)] == [1, 1, 1]


@given(
    labels=st.none() | st.lists(st.integers(0, 4), min_size=2, max_size=60),
    seed=st.integers(0, 5),
    test_size=st.floats(0.05, 0.95),
)
@settings(max_examples=60, deadline=None)
def test_split_parts_everything_once_and_by_class(labels, seed, test_size):
    n = len(labels) if labels else 17
    images = ImageSet(np.zeros((n, 1, 1, 1), np.uint8), labels, sources=[str(i) for i in range(n)])
    train, test = images.split(seed, test_size)
    assert sorted(train.sources + test.sources, key=int) == list(images.sources)
    assert len(train) and len(test)
    if labels and max(np.bincount(labels)) > 1:
        for label, count in enumerate(np.bincount(labels)):
            drawn = np.sum(test.labels == label)
            assert drawn < max(count, 1)
            assert count < 2 or abs(drawn - test_size * count) <= 1
    again, _ = images.split(seed, test_size)
    assert again.sources == train.sources


def test_split_follows_the_seed_unless_the_set_came_split():
    images = some(40)
    assert images.split(0)[1].sources != images.split(1)[1].sources
    shipped = some(40, is_test=np.arange(40) < 5)
    assert len(shipped.split(3)[1]) == 5
    train, _ = shipped.split()
    assert [len(part) for part in train.split()] == [28, 7]  # again: for validation


def test_split_of_one_picture_is_refused():
    with pytest.raises(TutorError, match="two pictures"):
        some(1).split()
    with pytest.raises(TutorError, match="between 0 and 1"):
        some(5).split(test_size=5)


def test_sample_keeps_order_and_has_no_doubles():
    images = some(30)
    sample = images.sample(12, seed=4)
    assert len(set(sample.sources)) == 12
    assert list(sample.sources) == sorted(sample.sources, key=lambda name: int(name[:-4]))
    assert images.sample(99) is images
    assert sample.sources != images.sample(12, seed=5).sources


def test_as_float_is_float32_between_0_and_1():
    pixels = some(2)
    scaled = pixels.as_float()
    assert scaled.dtype == np.float32
    assert np.allclose(scaled * 255, pixels.pixels, atol=1e-4)


@pytest.mark.parametrize("channels", [1, 3])
def test_resized_keeps_the_channel_axis_and_the_mean(channels):
    images = some(3, 40, 60, channels)
    smaller = images.resized(20, 30)
    assert smaller.shape == (20, 30, channels)
    assert abs(smaller.pixels.mean() - images.pixels.mean()) < 1
    assert images.resized(90, 70).shape == (90, 70, channels)
    assert images.resized(40, 60) is images


def test_grey_has_the_weights_of_opencv_and_colour_repeats():
    images = some(3)
    grey = images.grey()
    weighted = images.pixels @ np.array([0.299, 0.587, 0.114])
    assert grey.shape == (6, 4, 1)
    assert np.abs(grey.pixels[..., 0] - weighted).max() <= 1
    assert np.array_equal(
        grey.pixels[0, ..., 0], cv2.cvtColor(images.pixels[0], cv2.COLOR_RGB2GRAY)
    )
    assert np.array_equal(grey.colour().pixels, np.repeat(grey.pixels, 3, axis=3))
    assert images.colour() is images and grey.grey() is grey


def test_labels_are_asked_for_in_a_sentence():
    images = some(3, labels=[0, 0, 1])
    assert images.n_classes == 2 and images.class_names == ("0", "1")
    assert images.require_labels() is images
    bare = images.without_labels()
    assert (bare.has_labels, bare.n_classes, bare.class_names) == (False, 0, ())
    with pytest.raises(NeedsLabels, match="sub-folder"):
        bare.require_labels()


# Labels for some


def partly(**more):
    labels = [0, -1, 1, -1, 0, 1, 1, -1, 0, 1]
    return some(labels=labels, class_names=("cat", "dog"), name="pets", **more)


def test_an_image_without_a_label_is_of_no_class():
    images = partly()
    assert repr(images) == ("pets: 10 images of 6 x 4 x 3, 2 classes (cat, dog), 3 without a label")
    assert images.has_labels and images.n_classes == 2
    assert np.flatnonzero(~images.is_labelled).tolist() == [1, 3, 7]
    labelled = images.require_labels()
    assert labelled.labels.tolist() == [0, 1, 0, 1, 1, 0, 1] and "1.png" not in labelled.sources
    assert images.without_labels().is_labelled.tolist() == [False] * 10
    assert "3.png" in images.sample(9, seed=1).sources + images[[3]].sources


@pytest.mark.parametrize("key", [1, [1, 3, 7], np.arange(10) % 4 == 3])
def test_where_no_image_has_a_label_there_are_no_labels(key):
    bare = partly()[key]
    assert bare.labels is None and not bare.has_labels and bare.n_classes == 0
    assert repr(bare).endswith("no labels")
    with pytest.raises(NeedsLabels):
        bare.require_labels()
    assert partly()[[]].labels.tolist() == []


@given(labels=st.lists(st.integers(-1, 3), min_size=2, max_size=60), seed=st.integers(0, 5))
@settings(max_examples=60, deadline=None)
def test_split_divides_the_images_without_a_label_too(labels, seed):
    n = len(labels)
    images = ImageSet(np.zeros((n, 1, 1, 1), np.uint8), labels, sources=[str(i) for i in range(n)])
    train, test = images.split(seed)
    assert sorted(train.sources + test.sources, key=int) == list(images.sources)
    assert len(train) and len(test)
    unlabelled = [source for source in test.sources if labels[int(source)] == -1]
    if labels.count(-1) > 1:
        assert 0 < len(unlabelled) < labels.count(-1)


def test_what_is_written_without_a_label_is_read_without_one(tmp_path):
    again = load_images(partly().write(tmp_path))
    assert again.class_names == ("cat", "dog")
    assert np.bincount(again.labels + 1).tolist() == [3, 3, 4]


@pytest.mark.parametrize("labels", [[0, -2], [0, 5], [0]])
def test_labels_that_do_not_fit(labels):
    with pytest.raises(TutorError):
        ImageSet(np.zeros((2, 4, 4, 1), np.uint8), labels, ("a", "b"))


# As an array


def test_a_set_is_an_array_of_its_pixels():
    images = some(labels=[0] * 10)
    array = np.asarray(images)
    assert array.dtype == np.uint8 and np.shares_memory(array, images.pixels)
    assert np.array_equal(array, images.pixels)
    assert np.asarray(images[3]).shape == (1, 6, 4, 3)
    assert not np.shares_memory(np.array(images), images.pixels)
    assert np.asarray(images, dtype=np.float32).dtype == np.float32
    with pytest.raises(ValueError, match="copy"):
        np.array(images, dtype=np.float32, copy=False)
    assert np.concatenate([images, images[:2]]).shape == (12, 6, 4, 3)
    assert np.mean(images) == pytest.approx(images.pixels.mean())


def test_keras_takes_a_set_as_its_pixels():
    from rnn_tutor._backend import keras

    images = some()
    tensor = keras.ops.convert_to_tensor(images)
    assert np.array_equal(keras.ops.convert_to_numpy(tensor), images.pixels)


@pytest.mark.parametrize(
    "call, says",
    [
        (lambda images: images.sample(2.5), "n must be a whole number"),
        (lambda images: images.sample(-1), "n must be a whole number"),
        (lambda images: images.resized(0, 4), "height must be a whole number"),
        (lambda images: images.resized(4, 2.5), "width must be a whole number"),
        (lambda images: images.resized(True, 4), "height must be a whole number"),
    ],
)
def test_numbers_that_cannot_be_are_refused_in_a_sentence(call, says):
    with pytest.raises(TutorError, match=says):
        call(some())
    assert some().resized(np.int64(3), np.uint8(5)).shape == (3, 5, 3)


@pytest.mark.parametrize(
    "parts, says",
    [
        ({"pixels": np.zeros((2, 4, 4, 3))}, "float64"),
        ({"pixels": np.zeros((2, 4, 4), np.uint8)}, r"\(2, 4, 4\)"),
        (
            {"pixels": np.zeros((2, 4, 4, 1), np.uint8), "labels": [0]},
            "2 pictures came with 1 labels",
        ),
        (
            {"pixels": np.zeros((1, 4, 4, 1), np.uint8), "labels": [3], "class_names": ("a",)},
            "do not fit",
        ),
    ],
)
def test_parts_that_do_not_fit_are_refused(parts, says):
    with pytest.raises(TutorError, match=says):
        ImageSet(**parts)


@given(st.integers(1, 40), st.integers(1, 40), st.integers(1, 20), st.integers(1, 20))
@settings(max_examples=60, deadline=None)
def test_fit_gives_any_size_from_any_size(h, w, height, width):
    assert fit(np.zeros((h, w, 3), np.uint8), height, width).shape == (height, width, 3)


def test_fit_cuts_around_the_centre():
    wide = np.zeros((10, 30, 3), np.uint8)
    wide[:, 10:20] = 200
    assert (fit(wide, 5, 5) == 200).all()
    assert (fit(wide.transpose(1, 0, 2), 5, 5) == 200).all()


@pytest.mark.parametrize(
    "problem, says",
    [
        (
            ImportError("libGL.so.1: cannot open shared object file"),
            "libgl1.*opencv-python-headless",
        ),
        (ModuleNotFoundError("No module named 'cv2'", name="cv2"), "pip install opencv-python"),
    ],
)
def test_an_opencv_that_cannot_be_loaded_names_the_remedy(monkeypatch, problem, says):
    class Broken:
        def find_spec(self, name, path=None, target=None):
            if name == "cv2":
                raise problem

    for module in ("cv2", "rnn_tutor._cv2"):
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setattr(sys, "meta_path", [Broken(), *sys.meta_path])
    with pytest.raises(TutorError, match=says):
        importlib.import_module("rnn_tutor._cv2")


def test_what_is_written_is_what_load_images_reads(tmp_path):
    smooth = np.full((3, 40, 30, 3), [[[[200, 40, 90]]]], np.uint8)
    kept = ImageSet(smooth, labels=[1, 0, 1], class_names=("a cat", "狗"))
    folder = kept.write(tmp_path / "new" / "pets")
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.jpg"))
    assert names == ["a cat/0001.jpg", "狗/0000.jpg", "狗/0002.jpg"]
    again = load_images(folder)
    assert again.class_names == kept.class_names and again.shape == kept.shape
    assert (again.labels == [0, 1, 1]).all()
    np.testing.assert_allclose(again.pixels, smooth, atol=4)
    grey = some(2, channels=1).write(tmp_path / "grey", names=["one", "two"])
    assert load_images(grey).shape == (6, 4, 1)
    assert sorted(path.name for path in grey.iterdir()) == ["one.jpg", "two.jpg"]


@pytest.mark.parametrize("kind", ["..", "a/b", "a\\b"])
def test_nothing_is_written_outside_the_folder(tmp_path, kind):
    outside = some(2, labels=[0, 0], class_names=(kind,))
    with pytest.raises(TutorError, match="do not make a folder"):
        outside.write(tmp_path / "in" / "deep")
    with pytest.raises(TutorError, match="do not make a folder"):
        some(1).write(tmp_path / "in" / "deep", names=["../out"])
    with pytest.raises(TutorError, match="2 pictures came with 1 names"):
        some(2).write(tmp_path, names=["one"])
    assert not any(tmp_path.rglob("*.jpg"))
