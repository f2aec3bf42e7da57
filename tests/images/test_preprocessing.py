"""The steps against OpenCV and scikit-image on many random pictures, and their chain."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from skimage.filters import threshold_otsu

import rnn_tutor as rt
from rnn_tutor._errors import TutorError
from rnn_tutor.images import preprocessing as pre


@st.composite
def grey_pictures(draw, least=3, most=40):
    """Noise, few levels, or smooth: what random pictures of one kind would not meet."""
    shape = draw(st.tuples(*[st.integers(least, most)] * 2))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    levels = draw(st.sampled_from([2, 3, 7, 40, 256]))
    picture = (rng.integers(0, levels, shape) * (255 // (levels - 1))).astype(np.uint8)
    if draw(st.booleans()):
        picture = cv2.GaussianBlur(picture, (0, 0), draw(st.floats(0.5, 4)))
    return picture


@pytest.fixture(scope="module")
def photograph():
    from sklearn.datasets import load_sample_image

    return load_sample_image("china.jpg")


@pytest.fixture(scope="module")
def grey(photograph):
    return cv2.cvtColor(photograph, cv2.COLOR_RGB2GRAY)


@settings(max_examples=200, deadline=None)
@given(grey_pictures())
def test_gradient_equals_the_kernels_of_sobel(picture):
    """Exact: whole numbers, written out with slices."""
    p = np.pad(picture.astype(int), 1, mode="edge")
    right, left = p[:, 2:], p[:, :-2]
    gx = (right - left)[:-2] + 2 * (right - left)[1:-1] + (right - left)[2:]
    down = p[2:] - p[:-2]
    gy = down[:, :-2] + 2 * down[:, 1:-1] + down[:, 2:]
    ours = pre.gradient(picture)
    assert ours[0].dtype == ours[1].dtype == np.int16
    np.testing.assert_array_equal(ours, [gx, gy])


def diagonal_ties(gx, gy):
    """Where the gradient points to a corner and a neighbour there, or opposite, is as large."""
    size = np.abs(gx.astype(int)) + np.abs(gy)
    height, width = size.shape
    p = np.pad(size, 1, constant_values=-1)
    main = (p[:height, :width] == size) | (p[2:, 2:] == size)
    other = (p[:height, 2:] == size) | (p[2:, :width] == size)
    corner = np.round(np.degrees(np.arctan2(gy, gx)) / 45).astype(int) % 2 == 1
    return corner & np.where(np.sign(gx) == np.sign(gy), main, other)


@settings(max_examples=300, deadline=None)
@given(grey_pictures(), st.integers(0, 300), st.integers(0, 500))
def test_edges_equal_canny_but_for_ties_on_diagonals(picture, low, more):
    """Of two equals along a side, Canny in OpenCV keeps the first, as we do; along a diagonal it
    keeps neither. So ours holds all of its edges, and more only where such a tie begins a piece.
    """
    gx, gy = pre.gradient(picture)
    ridge = pre.non_maximum_suppression(gx, gy)
    theirs = cv2.Canny(gx, gy, low, low + more) > 0
    ours = pre.hysteresis(ridge, low, low + more)
    assert not (theirs & ~ours).any()
    without_ties = np.where(diagonal_ties(gx, gy), 0, ridge)
    np.testing.assert_array_equal(pre.hysteresis(without_ties, low, low + more), theirs)


def test_edges_of_a_photograph_agree_with_canny(grey):
    gx, gy = pre.gradient(grey)
    ours = pre.hysteresis(pre.non_maximum_suppression(gx, gy), 100, 200)
    theirs = cv2.Canny(grey, 100, 200) > 0
    assert (ours & theirs).sum() / (ours | theirs).sum() > 0.99


def test_a_ridge_is_one_pixel_wide():
    picture = np.zeros((9, 12), np.uint8)
    picture[:, 6:] = 200
    ridge = pre.non_maximum_suppression(*pre.gradient(picture))
    assert (ridge > 0).sum(axis=1).tolist() == [1] * 9
    ridge = pre.non_maximum_suppression(*pre.gradient(picture.T))
    assert (ridge > 0).sum(axis=0).tolist() == [1] * 9


def test_hysteresis_keeps_what_hangs_together():
    ridge = np.array([[5, 0, 2, 0, 0], [0, 2, 0, 0, 2], [0, 0, 0, 0, 2]])
    expected = [[1, 0, 1, 0, 0], [0, 1, 0, 0, 0], [0, 0, 0, 0, 0]]
    np.testing.assert_array_equal(pre.hysteresis(ridge, 1, 4), np.array(expected, bool))


@settings(max_examples=300, deadline=None)
@given(grey_pictures(least=1))
def test_otsu_separates_as_opencv_and_scikit_image_do(picture):
    """Between two grey levels that occur, every threshold is equally good, and rounding decides
    which is reported: so what must be equal is which pixels are white.
    """
    ours = picture > pre.otsu_threshold(picture)
    theirs = cv2.threshold(picture, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)[1] > 0
    if picture.min() == picture.max():  # nothing to separate
        return
    best = pre.between_class_variance(picture).max()
    for other in (theirs, picture > threshold_otsu(picture)):
        if (other != ours).any():  # two thresholds that are equally good to the last digits
            value = pre.between_class_variance(picture)[picture[~other].max()]
            assert value == pytest.approx(best, rel=1e-9)


@settings(max_examples=50, deadline=None)
@given(grey_pictures(least=2, most=12))
def test_between_class_variance_equals_its_definition(picture):
    for t in (0, 50, 127, 254):
        dark, bright = picture[picture <= t], picture[picture > t]
        share = len(dark) / picture.size
        expected = 0.0
        if len(dark) and len(bright):
            expected = share * (1 - share) * (dark.mean() - bright.mean()) ** 2
        got = pre.between_class_variance(picture)[t]
        assert got == pytest.approx(expected, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("step", pre.STEPS, ids=lambda s: s.__name__)
@settings(max_examples=10, deadline=None)
@given(data=st.data())
def test_each_step_takes_and_gives_pictures(step, data):
    shape = data.draw(st.tuples(st.integers(1, 20), st.integers(1, 20)))
    channels = data.draw(st.sampled_from([(), (1,), (3,)]))
    picture = data.draw(arrays(np.uint8, (*shape, *channels)))
    before = picture.copy()
    after = rt.Preprocessing((step(),))(picture)
    assert after.dtype == np.uint8
    assert after.ndim == 3
    assert after.shape[2] in (1, 3)
    if step is not pre.Resize:
        assert after.shape[:2] == shape
    np.testing.assert_array_equal(picture, before)


def test_the_filters_are_those_of_opencv(photograph):
    """With noise added they bring the picture nearer to what it was."""
    small = cv2.resize(photograph, (160, 107), interpolation=cv2.INTER_AREA)
    noisy = pre.Noise(amount=0.1)(small)
    for step in (pre.GaussianBlur(1.0), pre.MedianBlur(3), pre.Bilateral(7), pre.NonLocalMeans(30)):
        assert cv2.PSNR(step(noisy), small) > cv2.PSNR(noisy, small) + 1, step


def test_noise_is_what_it_says():
    grey = np.full((200, 200, 3), 128, np.uint8)
    gaussian = pre.Noise("gaussian", 0.1)(grey).astype(float)
    assert gaussian.mean() == pytest.approx(128, abs=0.5)
    assert gaussian.std() == pytest.approx(25.5, rel=0.02)
    salt = pre.Noise("salt_and_pepper", 0.2)(grey)
    assert np.mean(salt == 255) == pytest.approx(0.1, abs=0.01)
    assert np.mean(salt == 0) == pytest.approx(0.1, abs=0.01)
    assert np.all(salt == salt[..., :1])  # a pixel turns black, not one of its colours
    np.testing.assert_array_equal(gaussian, pre.Noise("gaussian", 0.1)(grey))


def test_thresholds_are_white_above():
    picture = np.array([[10, 128, 129, 200]], np.uint8)
    assert pre.Threshold(128)(picture).tolist() == [[0, 0, 255, 255]]
    assert set(np.unique(pre.Otsu()(picture))) == {0, 255}


def test_gradient_uses_the_whole_range():
    picture = np.zeros((8, 8), np.uint8)
    picture[:, 4:] = 255
    assert pre.Gradient()(picture).max() == 128  # straight: 4 x 255 of 8 x 255
    # A corner is the steepest there is.
    steepest = max(
        pre.Gradient()(np.random.default_rng(k).choice([0, 255], (20, 20)).astype(np.uint8)).max()
        for k in range(50)
    )
    assert 128 < steepest <= 255


def test_grey_weighs_red_green_and_blue():
    red_green_blue = np.eye(3, dtype=np.uint8)[None] * 255
    assert pre.Grey()(red_green_blue).tolist() == [[76, 150, 29]]  # 0.299, 0.587, 0.114 of 255
    assert pre.Otsu()(red_green_blue).tolist() == [[0, 255, 0]]


def test_averaging_prevents_aliasing():
    picture = np.random.default_rng(0).integers(0, 256, (40, 40), np.uint8)
    means = picture.reshape(10, 4, 10, 4).mean(axis=(1, 3))
    np.testing.assert_allclose(pre.Resize(10, 10)(picture), means, atol=0.51)
    stripes = np.tile(np.array([0, 255], np.uint8), (40, 20))
    assert np.ptp(pre.Resize(10, 10)(stripes)) == 0
    assert np.mean(pre.Resize(10, 10)(stripes)) == pytest.approx(127.5, abs=0.6)
    assert pre.Resize(10, 10, average=False)(stripes).mean() in (0, 255)


def test_a_chain_is_its_steps_in_their_order(photograph):
    first, second = pre.MedianBlur(5), pre.Otsu()
    chain = rt.Preprocessing((first, second))
    np.testing.assert_array_equal(chain(photograph)[..., 0], second(first(photograph)))
    other = rt.Preprocessing((second, first))
    assert (chain(photograph) != other(photograph)).any()
    stages = chain.stages(photograph)
    assert [name for name, _ in stages] == ["as it came", "MedianBlur", "Otsu"]
    np.testing.assert_array_equal(stages[-1][1], chain(photograph))
    assert rt.Preprocessing()(photograph) is photograph

    def mirrored(picture):
        assert picture.ndim == 2  # as in the chain: a single channel has no axis
        return picture[:, ::-1]

    own = rt.Preprocessing((second, mirrored)).stages(photograph)
    assert [name for name, _ in own] == ["as it came", "Otsu", "mirrored"]
    np.testing.assert_array_equal(own[2][1], own[1][1][:, ::-1])


@pytest.mark.parametrize("channels", [1, 3])
def test_a_set_is_done_picture_by_picture(channels):
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (450, 12, 9, channels), np.uint8)
    images = rt.ImageSet(pixels, rng.integers(0, 2, 450), ("a", "b"))
    chain = rt.Preprocessing((pre.GaussianBlur(0.8), pre.Resize(8, 6), pre.Otsu()))
    reports = []
    done = chain.apply(images, progress=lambda *numbers: reports.append(numbers))
    assert done.shape == (8, 6, 1)
    assert reports == [(200, 450), (400, 450), (450, 450)]
    np.testing.assert_array_equal(done.labels, images.labels)
    for i in (0, 7, 449):
        np.testing.assert_array_equal(done.pixels[i], chain(pixels[i]))
    np.testing.assert_array_equal(rt.Preprocessing().apply(images).pixels, pixels)


def test_each_picture_of_a_set_is_spoilt_in_its_own_way():
    images = rt.ImageSet(np.full((3, 10, 10, 1), 100, np.uint8))
    chain = rt.Preprocessing((pre.Noise(),))
    one, two, three = chain.apply(images).pixels
    assert (one != two).any()
    assert (two != three).any()
    np.testing.assert_array_equal(chain.apply(images).pixels[1], two)
    np.testing.assert_array_equal(chain(images.pixels[0]), one)
    other = rt.Preprocessing((pre.Noise(seed=1),)).apply(images)
    assert (other.pixels[0] != one).any()


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: pre.MedianBlur(4), "odd"),
        (lambda: pre.AdaptiveThreshold(1), "at least 3"),
        (lambda: pre.GaussianBlur(0), "sigma must be a number from"),
        (lambda: pre.Noise("blue"), "salt_and_pepper"),
        (lambda: pre.Threshold(300), "from 0 to 255; received 300"),
        (lambda: rt.Preprocessing((pre.Grey,)), r"Grey\(\)"),
    ],
)
def test_a_wrong_setting_is_refused_with_what_is_right(make, words):
    with pytest.raises(TutorError, match=words):
        make()
