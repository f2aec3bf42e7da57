"""Every way to read a picture keeps every value, and is undone by its inverse."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnn_tutor import TutorError, sequences

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
