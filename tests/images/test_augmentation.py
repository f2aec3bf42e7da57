"""The random views: hand-made cases for the affine map, and what must hold for any picture."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnn_tutor._errors import TutorError
from rnn_tutor.images import augmentation
from rnn_tutor.images.augmentation import PRESETS, TURNS, Augmentation
from rnn_tutor.images.imageset import ImageSet

pytestmark = pytest.mark.filterwarnings("error")
SHAPES = [(28, 28, 1), (37, 23, 3), (8, 8, 1), (1, 5, 3)]


class Scripted:
    """A generator whose every draw is the upper end (`uniform`) or a given number (`random`)."""

    def __init__(self, sign=1.0, random=0.0):
        self.sign, self.number = sign, random

    def uniform(self, low, high, size=None):
        return np.full(size, high if self.sign > 0 else low)

    def random(self, size=None):
        return np.full(size, self.number)


def pictures(shape, n=6, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (n, *shape), dtype=np.uint8)


def unit(pixels):
    return pixels.astype("float32") / 255


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", PRESETS)
def test_a_view_is_float32_of_the_same_shape_from_0_to_1(name, shape):
    pixels = pictures(shape)
    views = PRESETS[name](pixels, np.random.default_rng(0))
    assert views.dtype == np.float32
    assert views.shape == pixels.shape
    assert 0 <= views.min() <= views.max() <= 1


@settings(max_examples=25, deadline=None)
@given(
    st.builds(
        Augmentation,
        rotation=st.floats(0, 180),
        zoom=st.floats(0, 2),
        shear=st.floats(0, 1),
        shift=st.floats(0, 1),
        mirror=st.booleans(),
        brightness=st.floats(0, 2),
        contrast=st.floats(0, 2),
        erase=st.floats(0, 1),
        noise=st.floats(0, 1),
    ),
    st.integers(1, 20),
    st.integers(1, 20),
    st.sampled_from([1, 3]),
    st.integers(0, 2**32),
)
def test_any_setting_keeps_shape_and_range_and_follows_the_seed(augment, height, width, c, seed):
    pixels = pictures((height, width, c), n=3, seed=seed)
    before = pixels.copy()
    views = augment(pixels, np.random.default_rng(seed))
    assert views.shape == pixels.shape
    assert views.dtype == np.float32
    assert np.isfinite(views).all()
    assert views.min() >= 0
    assert views.max() <= 1
    np.testing.assert_array_equal(views, augment(pixels, np.random.default_rng(seed)))
    np.testing.assert_array_equal(pixels, before)


def test_another_seed_gives_other_views_and_each_picture_its_own():
    pixels = np.repeat(pictures((28, 28, 1), n=1), 4, axis=0)
    views = PRESETS["clothes"](pixels, np.random.default_rng(0))
    assert not np.array_equal(views, PRESETS["clothes"](pixels, np.random.default_rng(1)))
    assert len(np.unique(views.reshape(4, -1), axis=0)) == 4


@pytest.mark.parametrize("shape", SHAPES)
def test_none_changes_nothing(shape):
    pixels = pictures(shape)
    views = PRESETS["none"](pixels, np.random.default_rng(0))
    np.testing.assert_array_equal(np.round(views * 255), pixels)
    np.testing.assert_allclose(views, unit(pixels), atol=1e-7)
    np.testing.assert_array_equal(PRESETS["none"](views, np.random.default_rng(1)), views)


def test_a_shift_moves_by_whole_pixels_and_repeats_the_border():
    pixels = pictures((10, 20, 3))
    views = Augmentation(shift=0.1)(pixels, Scripted())  # 2 to the right, 1 down
    np.testing.assert_allclose(views[:, 1:, 2:], unit(pixels)[:, :-1, :-2], atol=1e-6)
    np.testing.assert_allclose(views[:, 0, 2:], unit(pixels)[:, 0, :-2], atol=1e-6)
    back = Augmentation(shift=0.1)(pixels, Scripted(sign=-1))
    np.testing.assert_allclose(back[:, :-1, :-2], unit(pixels)[:, 1:, 2:], atol=1e-6)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_mirror_swaps_left_and_right(shape):
    pixels = pictures(shape)
    mirrored = Augmentation(mirror=True)(pixels, Scripted(random=0.0))
    np.testing.assert_allclose(mirrored, unit(pixels)[:, :, ::-1], atol=1e-6)
    kept = Augmentation(mirror=True)(pixels, Scripted(random=0.9))
    np.testing.assert_allclose(kept, unit(pixels), atol=1e-6)


@pytest.mark.parametrize("shape", SHAPES)
def test_half_a_turn_swaps_both(shape):
    pixels = pictures(shape)
    turned = Augmentation(rotation=180)(pixels, Scripted())
    np.testing.assert_allclose(turned, unit(pixels)[:, ::-1, ::-1], atol=1e-6)


def test_a_quarter_turn_and_its_way_round():
    pixels = pictures((9, 9, 1))
    turned = Augmentation(rotation=90)(pixels, Scripted())
    np.testing.assert_allclose(turned, np.rot90(unit(pixels), -1, axes=(1, 2)), atol=1e-6)


def test_a_zoom_doubles_about_the_centre():
    pixels = pictures((9, 9, 1))
    larger = Augmentation(zoom=1.0)(pixels, Scripted())
    np.testing.assert_allclose(larger[:, ::2, ::2], unit(pixels)[:, 2:7, 2:7], atol=1e-6)
    smaller = Augmentation(zoom=1.0)(pixels, Scripted(sign=-1))
    np.testing.assert_allclose(smaller[:, 2:7, 2:7], unit(pixels)[:, ::2, ::2], atol=1e-6)


def test_a_shear_moves_rows_sideways_in_proportion_to_their_height():
    pixels = pictures((9, 9, 1))
    sheared = Augmentation(shear=1.0)(pixels, Scripted())
    for row in range(9):
        by = row - 4  # 1.0: the bottom row by half the height, and the top row back by as much
        expected = unit(pixels)[:, row, np.clip(np.arange(9) - by, 0, 8)]
        np.testing.assert_allclose(sheared[:, row], expected, atol=1e-6)


@pytest.mark.parametrize("shape", [(28, 28, 1), (8, 8, 1), (16, 9, 3)])
def test_tone_is_a_gamma_and_then_a_gain(shape):
    pixels = pictures(shape)
    views = Augmentation(brightness=0.4, contrast=0.3)(pixels, Scripted(sign=-1))
    expected = unit(pixels) ** np.exp(-0.3) * np.exp(-0.4)
    np.testing.assert_allclose(views, expected, atol=1e-6)


@pytest.mark.parametrize("name", PRESETS)
def test_bytes_and_floats_give_the_same_views(name):
    pixels = pictures((28, 28, 1))
    of_bytes = PRESETS[name](pixels, np.random.default_rng(0))
    of_floats = PRESETS[name](unit(pixels).astype("float64"), np.random.default_rng(0))
    np.testing.assert_allclose(of_bytes, of_floats, atol=0.02)  # OpenCV rounds bytes


def test_erasing_overwrites_one_rectangle_with_one_grey():
    pixels = np.zeros((200, 20, 30, 3), np.uint8)
    views = Augmentation(erase=1.0)(pixels, np.random.default_rng(0))
    for view in views:
        rows, columns = np.nonzero(view.any(axis=2))
        box = view[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
        assert (box == box[0, 0, 0]).all()
        assert 0.15 * 20 <= len(box) <= 0.4 * 20 + 1
        assert 0.15 * 30 <= box.shape[1] <= 0.4 * 30 + 1
    some = Augmentation(erase=0.3)(pixels, np.random.default_rng(0)).any(axis=(1, 2, 3)).mean()
    assert 0.2 < some < 0.4


def test_noise_has_the_deviation_asked_for():
    pixels = np.full((10, 40, 40, 1), 128, np.uint8)
    views = Augmentation(noise=0.1)(pixels, np.random.default_rng(0))
    assert abs(views.std() - 0.1) < 0.005
    assert abs(views.mean() - 128 / 255) < 0.005


def test_digits_are_never_mirrored():
    """A mirrored 2 is no digit; shoes and dresses may be mirrored."""
    assert not PRESETS["digits"].mirror
    assert PRESETS["clothes"].mirror
    bright_on_the_left = np.zeros((2000, 28, 28, 1), np.uint8)
    bright_on_the_left[:, :, :14] = 255

    def share_mirrored(preset):
        views = PRESETS[preset](bright_on_the_left, np.random.default_rng(0))
        return (views[:, :, :14].mean((1, 2, 3)) < views[:, :, 14:].mean((1, 2, 3))).mean()

    assert share_mirrored("digits") == 0
    assert 0.4 < share_mirrored("clothes") < 0.6


def test_an_empty_set_has_no_views():
    views = PRESETS["clothes"](np.empty((0, 28, 28, 1), np.uint8), np.random.default_rng(0))
    assert views.shape == (0, 28, 28, 1)


@pytest.mark.parametrize("pixels", [np.ones((2, 8, 8, 1), int), np.zeros((8, 8, 1), np.uint8)])
def test_other_pixels_are_refused(pixels):
    with pytest.raises(TutorError, match=r"received (int64|\(8, 8, 1\))"):
        PRESETS["digits"](pixels, np.random.default_rng(0))


def test_a_preset_is_found_by_its_name():
    assert augmentation.preset("digits") is PRESETS["digits"]
    with pytest.raises(TutorError, match="digits, clothes"):
        augmentation.preset("shoes")


def test_images_with_classes_stay_as_they_are():
    images = ImageSet(pictures((8, 8, 1)), [0, 1] * 3)
    assert augmentation.with_classes(images, limit=2) is images


def test_an_image_without_a_label_is_left_out_where_others_have_one():
    images = ImageSet(pictures((8, 6, 1)), [0, 1, -1, 1, -1, 0])
    kept = augmentation.with_classes(images)
    assert kept.labels.tolist() == [0, 1, 1, 0]
    assert np.array_equal(kept.pixels, images.pixels[[0, 1, 3, 5]])


@pytest.mark.parametrize("labels", [None, [0] * 6])
def test_without_two_classes_the_turn_is_the_class(labels):
    pixels = pictures((8, 8, 3))
    turned = augmentation.with_classes(ImageSet(pixels, labels), limit=4, seed=1)
    assert turned.class_names == TURNS
    assert turned.labels.tolist() == [0] * 4 + [1] * 4 + [2] * 4 + [3] * 4
    upright, left, down, right = np.split(turned.pixels, 4)
    assert {p.tobytes() for p in upright} < {p.tobytes() for p in pixels}
    assert np.array_equal(left, upright.transpose(0, 2, 1, 3)[:, ::-1])  # the right edge is on top
    assert np.array_equal(down, upright[:, ::-1, ::-1])
    assert np.array_equal(right, upright.transpose(0, 2, 1, 3)[:, :, ::-1])


def test_only_square_images_are_turned():
    with pytest.raises(TutorError, match="square"):
        augmentation.with_classes(ImageSet(pictures((8, 6, 1))))
