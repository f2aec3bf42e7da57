"""The kernel panel and the occlusion panel without a browser."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import correlate
from support.panels import (
    control,
    drawn,
    html_of,
    lightness,
    parts_of,
    pixels_of,
    plain,
    said,
    slider,
)

import rnn_tutor as rt
from rnn_tutor._cv2 import cv2
from rnn_tutor.widgets import KernelPanel, OcclusionPanel
from rnn_tutor.widgets._front import Front
from rnn_tutor.widgets.kernel import KERNELS

RNG = np.random.default_rng(0)
GREY = rt.ImageSet(RNG.integers(0, 256, (3, 12, 10, 1), np.uint8))
COLOUR = rt.ImageSet(RNG.integers(0, 256, (2, 14, 21, 3), np.uint8))
NOT_SYMMETRIC = np.arange(9.0).reshape(3, 3) - 3
shapes = st.tuples(st.integers(3, 15), st.integers(3, 15), st.sampled_from([1, 3]))


class Linear:
    """A model whose answers can be computed by hand: how bright it is, left and right."""

    def __init__(self, shape):
        import keras

        half = np.zeros((*shape, 2), "float32")
        half[:, : shape[1] // 2, :, 0] = half[:, shape[1] // 2 :, :, 1] = 0.1
        layers = [keras.layers.Flatten(), keras.layers.Dense(2, activation="softmax")]
        self.model = keras.Sequential([keras.Input(shape), *layers])
        self.weights = half.reshape(-1, 2)
        self.model.set_weights([self.weights, np.zeros(2)])

    def says(self, picture):
        z = np.exp(picture.ravel() @ self.weights)
        return z / z.sum()


@pytest.fixture(scope="module")
def linear():
    return Linear(GREY.shape)


def ran(panel, **names):
    """What the panel's plain Python leaves behind."""
    names = {"rt": rt, "np": np, "cv2": cv2, "images": panel.images, **names}
    exec(panel.code, names)
    return names


def shown(panel):
    assert panel.wait(30)
    return said(panel)


def fronts(panel):
    """The picture and the map, which the mouse and the arrow keys work on."""
    assert panel.wait(30)
    return [p for p in parts_of(panel) if isinstance(p, Front) and p.part == "places"]


def weight(panel, row, column):
    """The box with a number of the kernel, counted from 1."""
    words = f"Row {row}, column {column} of the kernel"
    return next(p for p in parts_of(panel) if getattr(p, "description", None) == words)


def nine(panel, head):
    """The table below some words: its numbers as they are written, and the colours below them."""
    (table,) = re.findall(rf'{head}</div><table class="rt-nine">(.*?)</table>', html_of(panel))
    written = [plain(cell) for cell in re.findall(r"<td>(.*?)</td>", table)]
    grounds = [[*bytes.fromhex(six)] for six in re.findall(r"background:#(.{6});", table)]
    return [cell.replace("\N{MINUS SIGN}", "-") for cell in written], np.array(grounds)


def legend(panel):
    """What stands at the dark and at the bright end of the colours."""
    found = re.search(r'rt-legend"><span>(.*?)</span>.*<span>(.*?)</span>', html_of(panel))
    return found.groups()


def press(front, **message):
    """What the browser sends."""
    front._handle_custom_msg(message, [])


@settings(max_examples=10, deadline=None)
@given(shapes, st.data())
def test_the_map_is_a_correlation_and_the_code_gives_it(shape, data):
    images = rt.ImageSet(RNG.integers(0, 256, (2, *shape), np.uint8))
    numbers = st.lists(st.integers(-9, 9), min_size=9, max_size=9)
    kernel = np.reshape(data.draw(numbers), (3, 3)) / 4
    panel = KernelPanel(images, kernel, index=data.draw(st.integers(0, 1)))
    places = (shape[0] - 2) * (shape[1] - 2)
    panel.step = data.draw(st.integers(1, places))
    picture = images[panel.index].grey().as_float()[0, :, :, 0]
    expected = correlate(picture.astype(float), kernel)[1:-1, 1:-1]
    np.testing.assert_allclose(panel.feature_map, expected, atol=1e-4)
    names = ran(panel)
    np.testing.assert_array_equal(names["feature_map"], panel.feature_map)
    np.testing.assert_array_equal(names["products"], panel.products)
    assert names["total"] == pytest.approx(expected.flat[panel.step - 1], abs=1e-4)
    panel.wait(10)


def test_keras_computes_the_same_map():
    import keras

    layer = keras.layers.Conv2D(1, 3, use_bias=False)
    layer.build((None, *GREY.shape))
    layer.set_weights([NOT_SYMMETRIC[:, :, None, None]])
    answers = keras.ops.convert_to_numpy(layer(GREY.as_float()))
    for index in range(3):
        panel = KernelPanel(GREY, NOT_SYMMETRIC, index=index)
        np.testing.assert_allclose(panel.feature_map, answers[index, :, :, 0], atol=1e-4)


def test_a_kernel_by_its_name_by_its_numbers_and_from_code():
    panel = KernelPanel(GREY)
    named = control(panel, "Kernel")
    for words, kernel in KERNELS.items():
        named.value = words
        np.testing.assert_array_equal(panel.kernel, kernel)
        np.testing.assert_array_equal(ran(panel)["kernel"], kernel)
    assert {abs(kernel.sum()).round(6) for kernel in KERNELS.values()} == {0, 1}
    weight(panel, 1, 3).value = 7
    assert named.value == "your own" and panel.kernel[0, 2] == 7
    panel.kernel = KERNELS["Sobel y"].tolist()
    assert named.value == "Sobel y"
    assert weight(panel, 3, 2).value == 2


def test_it_says_the_place_and_the_sum():
    panel = KernelPanel(GREY, "the picture itself")
    assert "Nothing is computed yet. The map has 80 places." in shown(panel)
    panel.step = 12
    level = GREY.pixels[0, 2, 4, 0] / 255
    words = f"Place 12 of 80, rows 2 to 4 and columns 4 to 6: the sum is {round(level, 2):g}."
    assert words in shown(panel)
    assert slider(panel, "Step").value == 12
    panel.kernel = "mean"
    mean = GREY.pixels[0, 1:4, 3:6].mean() / 255
    assert f"the sum is {round(mean, 2):g}." in shown(panel)


def test_each_kernel_answers_to_what_its_name_says():
    rise = np.tile(40 * np.arange(5, dtype=np.uint8)[:, None], (5, 1, 1))  # to the right
    dot = np.zeros((5, 5, 1), np.uint8)
    dot[2, 2] = 255
    panel = KernelPanel(rt.ImageSet(np.stack([rise, rise.transpose(1, 0, 2), dot])))

    def middle(kernel):
        """What it says of brighter to the right, of brighter below, and of a dot."""
        panel.kernel, found = kernel, []
        for panel.index in range(3):
            found.append(panel.feature_map[1, 1])
        return found

    for kernel in ("brighter to the right", "Sobel x"):
        right, below, _ = middle(kernel)
        assert right > 0.5 and abs(below) < 1e-6
    for kernel in ("brighter below", "Sobel y"):
        right, below, _ = middle(kernel)
        assert below > 0.5 and abs(right) < 1e-6
    assert middle("Laplacian") == pytest.approx([0, 0, -4], abs=1e-5)
    level = 80 / 255
    for kernel, of_dot in (("sharpen", 5), ("mean", 1 / 9), ("blur", 1 / 4)):
        assert middle(kernel) == pytest.approx([level, level, of_dot], abs=1e-5)
    assert middle("the picture itself") == pytest.approx([level, level, 1], abs=1e-5)


def test_the_pixels_the_products_and_their_sum_stand_side_by_side():
    panel = KernelPanel(GREY, NOT_SYMMETRIC, index=1, step=20)
    assert panel.wait(30)
    pixels = GREY.pixels[1, 2:5, 3:6, 0] / 255
    for head, numbers in (("Pixels", pixels), ("Products", pixels * NOT_SYMMETRIC)):
        written, grounds = nine(panel, head)
        assert [float(cell) for cell in written] == pytest.approx(numbers.ravel(), abs=0.006)
        assert (np.diff(lightness(grounds)[np.argsort(numbers, axis=None)]) > -2).all()
    total = re.search(r'rt-sum">= (.*?)<', html_of(panel))[1].replace("\N{MINUS SIGN}", "-")
    assert float(total) == pytest.approx((pixels * NOT_SYMMETRIC).sum(), abs=0.006)
    panel.step = 0
    assert panel.wait(30)
    assert nine(panel, "Products")[0] == ["\N{EN DASH}"] * 9 and "rt-sum" not in html_of(panel)


@pytest.mark.parametrize("kernel", ["Sobel y", "mean"])
@pytest.mark.parametrize("step", [0, 33, 80])
def test_the_map_fills_from_dark_to_bright_below_its_picture(kernel, step):
    panel = KernelPanel(GREY, kernel)
    panel.index, panel.step = 2, step
    picture, filled = (pixels_of(front.data["source"]) for front in fronts(panel))
    np.testing.assert_array_equal(picture, GREY.pixels[2, :, :, 0])
    assert filled.shape == (10, 8, 4)
    filled, values = filled.reshape(80, 4), panel.feature_map.ravel()[:step]
    assert (filled[:step, 3] == 255).all() and (filled[step:, 3] < 64).all()
    assert (np.diff(lightness(filled[:step])[np.argsort(values)]) > -2).all()
    most = np.abs(panel.feature_map).max()
    ends = [float(end.replace("\N{MINUS SIGN}", "-")) for end in legend(panel)]
    assert ends == pytest.approx([-most if kernel == "Sobel y" else 0, most], rel=0.05)


@pytest.mark.parametrize("which", [0, 1])
def test_the_mouse_and_the_arrow_keys_move_the_kernel(which):
    panel = KernelPanel(GREY)
    front = fronts(panel)[which]
    for message, step in (
        ({"by": [0, 1]}, 2),
        ({"by": [1, 0]}, 10),
        ({"by": [0, -1]}, 9),
        ({"by": [0, -1]}, 9),
        ({"at": [9, 7]}, 80),
        ({"by": [1, 1]}, 80),
        ({"at": [-3, 99]}, 8),
    ):
        press(front, **message)
        assert panel.step == step, message
    panel.play()
    press(front, at=[0, 0])
    assert panel.step == 1 and not panel.playing


def test_the_frame_lies_on_the_window_and_on_its_number():
    panel = KernelPanel(COLOUR, step=2 * 19 + 5)
    picture, drawn = (front.data for front in fronts(panel))
    assert picture["at"] == drawn["at"] == [2, 4]
    np.testing.assert_allclose(picture["size"], [3 / 14, 3 / 21])
    np.testing.assert_allclose(picture["pitch"], [1 / 14, 1 / 21])
    np.testing.assert_allclose([drawn["size"], drawn["pitch"]], [[1 / 12, 1 / 19]] * 2)
    assert "43 of 228 places" in drawn["alt"] and "rows 3 to 5" in picture["alt"]


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"kernel": "Prewitt"}, "'Sobel x', .*not 'Prewitt'"),
        ({"kernel": np.eye(2)}, "3 x 3 numbers"),
        ({"kernel": np.full((3, 3), np.nan)}, "3 x 3 numbers"),
        ({"step": 81}, "from 0 to 80"),
    ],
)
def test_what_no_kernel_panel_can_show_is_refused(settings, words):
    with pytest.raises(rt.TutorError, match=words):
        KernelPanel(GREY, **settings)
    panel = KernelPanel(GREY, step=3)
    before = panel.code
    ((field, value),) = settings.items()
    with pytest.raises(rt.TutorError, match=words):
        setattr(panel, field, value)
    assert panel.code == before


def test_an_image_smaller_than_the_kernel_is_refused():
    with pytest.raises(rt.TutorError, match="a side of 2"):
        KernelPanel(rt.ImageSet(np.zeros((1, 2, 9, 1), np.uint8)))


def test_strips_of_any_width_have_maps_of_any_width():
    tunes = rt.load_images("tunes", limit=6)
    panel = KernelPanel(tunes, "Sobel x")
    for index, width in enumerate(tunes.widths):
        panel.index = index
        assert panel.feature_map.shape == (30, width - 2)


# Occlusion


def test_the_falls_are_those_of_a_covered_image(linear):
    assert_falls(linear, GREY, stride=1, grid=(9, 7))


def test_on_a_large_image_the_square_moves_by_more_than_a_pixel():
    images = rt.ImageSet(RNG.integers(0, 256, (2, 28, 31, 1), np.uint8))
    panel = assert_falls(Linear(images.shape), images, stride=2, grid=(13, 14))
    panel.step = 14 + 3
    assert "rows 3 to 6 and columns 5 to 8" in shown(panel)
    picture, places = (front.data for front in fronts(panel))
    corner = np.multiply(picture["at"], picture["pitch"])
    np.testing.assert_allclose([corner, picture["size"]], [[2 / 28, 4 / 31], [4 / 28, 4 / 31]])
    np.testing.assert_allclose([places["size"], places["pitch"]], [[1 / 13, 1 / 14]] * 2)
    assert picture["width"] / 31 * 2 * 14 == pytest.approx(places["width"], abs=1)


def assert_falls(linear, images, stride, grid):
    """Compare a panel with what the model says of each covered image; return the panel."""
    panel = OcclusionPanel(linear.model, images, size=4, grey=0.25, index=1)
    picture = images.pixels[1] / 255
    whole = linear.says(picture)
    assert panel.answer == whole.argmax() and panel.falls.shape == grid
    np.testing.assert_allclose(panel.probabilities_now, whole, atol=1e-5)
    for row, column in np.ndindex(grid):
        covered, top, left = picture.copy(), stride * row, stride * column
        covered[top : top + 4, left : left + 4] = 0.25
        expected = whole[panel.answer] - linear.says(covered)[panel.answer]
        assert panel.falls[row, column] == pytest.approx(expected, abs=1e-5)
    return panel


@pytest.mark.parametrize("step", [0, 1, 40, 63])
def test_the_code_gives_what_the_model_says_now(linear, step):
    panel = OcclusionPanel(linear.model, GREY, size=4, step=step)
    names = ran(panel, model=linear.model)
    np.testing.assert_allclose(names["now"], panel.probabilities_now, atol=1e-6)
    assert names["answer"] == panel.answer
    expected = panel.falls.flat[step - 1] if step else 0
    assert names["fall"] == pytest.approx(expected, abs=1e-6)


def test_the_controls_of_the_square_and_code_set_the_same(linear):
    panel = OcclusionPanel(linear.model, GREY)
    panel.size, panel.grey = 5, 0.0
    assert control(panel, "Side (pixels)").value == 5
    assert control(panel, "Grey (0 to 1)").value == 0
    assert panel.falls.shape == (8, 6)
    control(panel, "Side (pixels)").value = 10
    slider(panel, "Grey (0 to 1)").value = 20
    assert (panel.size, panel.grey, panel.falls.shape) == (10, 1.0, (3, 1))
    panel.step = 3
    assert "covered[0, 2:12, 0:10] = 1.0" in panel.code
    for field, value in (("size", 11), ("size", 0), ("grey", 1.5)):
        with pytest.raises(rt.TutorError, match=field):
            setattr(panel, field, value)


def test_it_says_what_becomes_of_the_answer_and_tells_no_label(linear):
    half = np.zeros((1, *GREY.shape), np.uint8)
    half[:, :, :3] = 255
    images = rt.ImageSet(half, np.array([1]), ("<left>", "right"))
    panel = OcclusionPanel(linear.model, images, size=10, grey=0.0)
    assert "Nothing is covered. It says <left> with" in shown(panel)
    panel.step = 1
    assert "rows 1 to 10 and columns 1 to 10. <left> goes from" in shown(panel)
    assert "to 65 %." in shown(panel)  # two rows of three bright pixels are left
    panel.grey = 1.0
    assert panel.wait(30)
    bars = drawn(panel, "bars").data["bars"]
    assert [bar["name"] for bar in bars] == ["<left>", "right"]
    assert not any(bar["label"] for bar in bars)
    assert "<left> with" not in html_of(panel)


def test_the_square_its_map_and_the_bars_show_the_same_place(linear):
    half = np.zeros((1, *GREY.shape), np.uint8)
    half[:, :, 5:] = 40
    panel = OcclusionPanel(linear.model, rt.ImageSet(half), size=5, grey=1.0, step=5)
    picture = pixels_of(fronts(panel)[0].data["source"])
    expected = half[0, :, :, 0].copy()
    expected[0:5, 4:9] = 255
    np.testing.assert_array_equal(picture, expected)
    bars = drawn(panel, "bars").data["bars"]
    assert "whole" not in drawn(panel, "bars").data["head"]
    shares = linear.says(expected / 255)
    assert [bar["share"] for bar in bars] == pytest.approx(shares.tolist(), abs=1e-3)
    assert [bar["largest"] for bar in bars] == (shares == shares.max()).tolist()
    # White on the left speaks for the other class: the answer falls, and rises on the right.
    assert panel.answer == 1 and panel.falls[0, 0] > 0.1 and panel.falls[0, 5] < -0.1
    panel.step = 0
    np.testing.assert_array_equal(pixels_of(fronts(panel)[0].data["source"]), half[0, :, :, 0])
    assert "whole" in drawn(panel, "bars").data["head"]
    panel.step = panel.falls.size
    filled = pixels_of(fronts(panel)[1].data["source"])
    assert (filled[..., 3] == 255).all() and filled.shape[:2] == panel.falls.shape
    order = np.argsort(panel.falls, axis=None)
    assert (np.diff(lightness(filled).ravel()[order]) > -2).all()
    blue, yellow = filled[0, 5].astype(int), filled[0, 0].astype(int)
    assert blue[2] > blue[0] and yellow[0] > yellow[2]
    assert legend(panel) == ("rises by 1", "falls by 1")


def test_another_answer_is_named(linear):
    bright = np.zeros((1, *GREY.shape), np.uint8)
    bright[:, 0, 0] = 255
    panel = OcclusionPanel(linear.model, rt.ImageSet(bright, None, ("left", "right")), size=5)
    panel.grey, panel.step = 0.5, 6
    assert "left goes from" in shown(panel) and said(panel).endswith("Now it says right.")


def test_a_model_without_a_softmax_is_refused():
    import keras

    layers = [keras.layers.Flatten(), keras.layers.Dense(2)]
    model = keras.Sequential([keras.Input(GREY.shape), *layers])
    with pytest.raises(rt.TutorError, match="softmax"):
        OcclusionPanel(model, GREY)
