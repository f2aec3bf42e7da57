"""What may stand for pictures, and what is refused, is the same wherever pictures are taken."""

import numpy as np
import pytest

import rnn_tutor as rt
from rnn_tutor._backend import keras

GREY = np.random.default_rng(0).integers(0, 256, (6, 8, 7)).astype(np.uint8)
GREY[0, 0, :2] = 0, 255


class Column:
    """A pandas column, as NumPy sees it."""

    def __init__(self, pictures):
        self.pictures = pictures

    def __len__(self):
        return len(self.pictures)

    def __array__(self, dtype=None, copy=None):
        column = np.empty(len(self.pictures), object)
        column[:] = self.pictures
        return column


def flat(*shape):
    """Gives the pixels themselves."""
    return keras.Sequential([keras.Input(shape), keras.layers.Flatten()])


SAME = {
    "image set": rt.ImageSet(GREY[..., None]),
    "channels": GREY[..., None],
    "floats": GREY / 255,
    "float16": (GREY / 255).astype("float16"),
    "int64": GREY.astype(int),
    "uint16 in 0..255": GREY.astype("uint16"),
    "list": list(GREY),
    "list of lists": GREY.tolist(),
    "list of kinds": [GREY[0], GREY[1] / 255, *GREY[2:, ..., None]],
    "column": Column(list(GREY)),
}


@pytest.mark.parametrize("images", SAME.values(), ids=SAME)
def test_whatever_holds_pictures_is_read_alike(images):
    expected = GREY.reshape(6, -1) / 255
    np.testing.assert_allclose(rt.embed(flat(8, 7, 1), images), expected, atol=1e-3)
    views = rt.Augmentation()(images, np.random.default_rng(0))
    np.testing.assert_allclose(views.reshape(6, -1), expected, atol=1e-3)


def test_true_is_white():
    np.testing.assert_array_equal(rt.embed(flat(8, 7, 1), GREY > 99), (GREY > 99).reshape(6, -1))


REFUSED = {
    "floats to 255": (GREY.astype(float), "give `pixels / 255`"),
    "below 0": (GREY / 255 - 0.5, "Move them to 0..1"),
    "nan": (np.full((3, 8, 7), np.nan), "np.isfinite"),
    "uint16": (GREY.astype("uint16") * 257, "pixels / 65535"),
    "negative ints": (GREY.astype(int) - 128, "from -128 to 127"),
    "ints 0 and 1": ((GREY > 99).astype(int), r"astype\(bool\)"),
    "complex": (GREY * 1j, "received complex128"),
    "one picture": (np.zeros((8, 7, 3), np.uint8), "put it into a list"),
    "one grey picture": (GREY[0][..., None], "put it into a list"),
    "table": (GREY.reshape(6, -1), r"received the shape \(6, 56\)"),
    "name": ("photos", "load_images"),
    "names": (["a.png", "b.png"], "load_images"),
    "nothing": ([], "received the shape"),
    "None": (None, "received"),
    "generator": ((picture for picture in GREY), "received"),
    "ragged": ([[[1, 2], [3]], [[1, 2], [3]]], "differ in length"),
}


@pytest.mark.parametrize(("images", "words"), REFUSED.values(), ids=REFUSED)
@pytest.mark.parametrize("take", ["embed", "augmentation", "trainer", "clusterer"])
def test_what_may_mean_two_things_is_refused_with_the_remedy(take, images, words):
    taking = {
        "embed": lambda: rt.embed(flat(8, 7, 1), images),
        "augmentation": lambda: rt.Augmentation()(images, np.random.default_rng(0)),
        "trainer": lambda: rt.training.Trainer(
            flat(8, 7, 1), rt.objectives.Reconstruction(), images, epochs=1
        ),
        "clusterer": lambda: rt.RecurrentClusterer(2, verbose=False).fit(images),
    }
    with pytest.raises(rt.TutorError, match=words):
        taking[take]()


def test_sizes_that_differ_are_refused_where_one_is_needed():
    with pytest.raises(rt.TutorError, match="pictures of one size"):
        rt.embed(flat(8, 7, 1), [GREY[0], GREY[1, :5]])


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ({"rotation": -5}, "rotation must be a number from 0 to 180; received -5"),
        ({"rotation": 400}, "rotation must be"),
        ({"zoom": 5}, "zoom must be a number from 0 to 2; received 5"),
        ({"noise": -1}, "noise must be a number from 0 to 1"),
        ({"erase": 2}, "erase must be"),
        ({"shift": "a little"}, "shift must be a number"),
        ({"contrast": float("nan")}, "contrast must be"),
        ({"brightness": True}, "brightness must be a number"),
        ({"mirror": "yes"}, "mirror must be True or False"),
    ],
    ids=str,
)
def test_views_that_make_no_sense_are_refused(setting, words):
    with pytest.raises(rt.TutorError, match=words):
        rt.Augmentation(**setting)
