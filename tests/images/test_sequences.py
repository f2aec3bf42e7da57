"""Every way to read a picture keeps every value, and is undone by its inverse."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnn_tutor import TutorError
from rnn_tutor.images import sequences

quickly = settings(max_examples=50, deadline=None, database=None)
SHAPES = st.tuples(*[st.integers(1, 4)] * 4)


def counting(shape, dtype=np.int64):
    return np.arange(np.prod(shape)).reshape(shape).astype(dtype)


@quickly
@given(SHAPES, st.sampled_from([np.uint8, np.float32]))
def test_rows_and_columns_have_inverses(shape, dtype):
    pixels = counting(shape, dtype)
    for there, back in (
        (sequences.to_rows, sequences.from_rows),
        (sequences.to_columns, sequences.from_columns),
    ):
        again = back(there(pixels), shape[1:])
        np.testing.assert_array_equal(again, pixels)
        assert again.dtype == dtype


@quickly
@given(SHAPES, st.integers(1, 3), st.integers(1, 3))
def test_patches_have_an_inverse(shape, height, width):
    n, rows, columns, c = shape
    pixels = counting((n, rows * height, columns * width, c))
    patches = sequences.to_patches(pixels, (height, width))
    assert patches.shape == (n, rows * columns, height * width * c)
    np.testing.assert_array_equal(
        sequences.from_patches(patches, pixels.shape[1:], (height, width)), pixels
    )


@quickly
@given(SHAPES, st.integers(1, 5), st.integers(1, 5))
def test_patches_that_do_not_fit_are_filled_up_and_cut_off_again(shape, height, width):
    pixels = counting(shape) + 1
    patches = sequences.to_patches(pixels, (height, width), pad=True)
    again = sequences.from_patches(patches, shape[1:], (height, width))
    np.testing.assert_array_equal(again, pixels)
    assert patches.sum() == pixels.sum()  # nothing but zeros was added
    assert patches.size == shape[0] * shape[3] * (
        -(-shape[1] // height) * height * -(-shape[2] // width) * width
    )


@quickly
@given(
    SHAPES.map(lambda s: (s[0], 2 * s[1], 3 * s[2] - 1, s[3])), st.sampled_from([*sequences.ORDERS])
)
def test_every_path_reads_each_pixel_once_and_has_an_inverse(shape, order):
    n, h, w, c = shape
    path = sequences.scan(h, w, order)
    assert path.dtype == np.int64
    assert sorted(path) == list(range(h * w))
    pixels = counting(shape)
    steps = sequences.to_pixels(pixels, order)
    assert steps.shape == (n, h * w, c)
    np.testing.assert_array_equal(steps[0, 0], pixels[0, 0, 0])  # all begin in the corner
    np.testing.assert_array_equal(sequences.from_pixels(steps, shape[1:], order), pixels)


def test_paths_on_a_small_picture():
    assert sequences.scan(2, 3, "row_major").tolist() == [0, 1, 2, 3, 4, 5]
    assert sequences.scan(2, 3, "column_major").tolist() == [0, 3, 1, 4, 2, 5]
    assert sequences.scan(2, 3, "snake").tolist() == [0, 1, 2, 5, 4, 3]
    assert sequences.scan(3, 3, "spiral").tolist() == [0, 1, 2, 5, 8, 7, 6, 3, 4]
    assert sequences.scan(2, 2, "hilbert").tolist() == [0, 2, 3, 1]
    with pytest.raises(TutorError, match="snake"):
        sequences.scan(2, 2, "zigzag")


@pytest.mark.parametrize("order", ["snake", "spiral", "hilbert"])
@pytest.mark.parametrize("side", [1, 2, 4, 8, 16, 32])
def test_paths_without_jumps(order, side):
    """Each step goes to a pixel beside the last; Hilbert's where the side is a power of two."""
    row, column = np.divmod(sequences.scan(side, side, order), side)
    assert np.all(np.abs(np.diff(row)) + np.abs(np.diff(column)) == 1)


def test_hilberts_curve_stays_near():
    """Of pixels less than k steps apart none is farther away than 3 sqrt(k): no other does this."""
    row, column = np.divmod(sequences.scan(32, 32, "hilbert"), 32)
    for k in (4, 16, 64, 256):
        away = np.hypot(row[k:] - row[:-k], column[k:] - column[:-k])
        assert away.max() <= 3 * np.sqrt(k)
    row, column = np.divmod(sequences.scan(32, 32, "snake"), 32)
    assert np.hypot(row[16:] - row[:-16], column[16:] - column[:-16]).max() > 3 * np.sqrt(16)


def test_each_step_is_the_slice_it_names():
    pixels = counting((2, 6, 4, 3))
    np.testing.assert_array_equal(sequences.to_rows(pixels)[1, 2], pixels[1, 2].ravel())
    np.testing.assert_array_equal(sequences.to_columns(pixels)[1, 2], pixels[1, :, 2].ravel())
    second_row_first = sequences.to_patches(pixels, 2)[1, 2]
    np.testing.assert_array_equal(second_row_first, pixels[1, 2:4, :2].ravel())


def test_an_image_set_is_taken_too():
    class Images:
        pixels = counting((2, 3, 4, 1), np.uint8)

    np.testing.assert_array_equal(sequences.to_rows(Images()), Images.pixels[..., 0])


def test_a_patch_that_does_not_fit_is_refused_with_those_that_do():
    with pytest.raises(TutorError, match=r"5 x 5 .* 28 x 12.*1, 2, 4, 7, 14, 28.*1, 2, 3, 4, 6"):
        sequences.to_patches(np.zeros((1, 28, 12, 1)), 5)
    with pytest.raises(TutorError, match="7 x 5"):
        sequences.to_patches(np.zeros((1, 28, 12, 1)), (7, 5))
    with pytest.raises(TutorError, match="0 x 0"):
        sequences.to_patches(np.zeros((1, 28, 12, 1)), 0)


def test_wrong_shapes_are_named():
    with pytest.raises(TutorError, match=r"\(28, 28\)"):
        sequences.to_rows(np.zeros((28, 28)))
    with pytest.raises(TutorError, match=r"\(n, 28, 28\).*\(2, 28, 27\)"):
        sequences.from_rows(np.zeros((2, 28, 27)), (28, 28, 1))
