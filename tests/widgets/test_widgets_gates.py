"""The gate panel without a browser."""

import numpy as np
import pytest
from support.panels import (
    buttons,
    control,
    drawn,
    html_of,
    lightness,
    lines,
    picture_of,
    said,
    slider,
)

import rnn_tutor as rt
from rnn_tutor.networks.cells import lstm_step, sigmoid, unroll
from rnn_tutor.widgets import GatePanel

RNG = np.random.default_rng(0)
UNITS = 5
IMAGES = rt.ImageSet(
    RNG.integers(0, 256, (3, 12, 10, 1), np.uint8), np.array([0, 1, 0]), ("secret", "hidden")
)
WEIGHTS = tuple(RNG.normal(0, 0.4, shape) for shape in ((10, 20), (UNITS, 20), (20,)))


def ran(panel):
    """What the panel's plain Python leaves behind, with the functions of notebook 03."""
    names = {"rt": rt, "np": np, "images": panel.images, "weights": panel.weights}
    names |= {"unroll": unroll, "lstm_step": lstm_step, "sigmoid": sigmoid}
    exec(panel.code, names)
    return names


def shown(panel):
    assert panel.wait(10)
    return said(panel)


@pytest.mark.parametrize("step", [0, 1, 12])
@pytest.mark.parametrize("added", [-8.0, 0.0, 2.5])
def test_the_code_gives_the_gates_and_the_states(step, added):
    panel = GatePanel(IMAGES, WEIGHTS, index=2, step=step, added=added)
    names = ran(panel)
    for name, values in panel.so_far.items():
        np.testing.assert_array_equal(np.reshape(names[name], (step, UNITS)), values)


def test_keras_comes_to_the_same_states():
    import keras

    W, U, b = WEIGHTS
    layer = keras.layers.LSTM(UNITS, return_sequences=True)
    layer.build((None, 12, 10))
    layer.set_weights([W, U, b + np.repeat([0, 1.5, 0, 0], UNITS)])
    rows = rt.sequences.to_rows(IMAGES.as_float())
    states = keras.ops.convert_to_numpy(layer(rows))
    for index in range(3):
        panel = GatePanel(IMAGES, WEIGHTS, index=index, step=12, added=1.5)
        np.testing.assert_allclose(panel.so_far["h"], states[index], atol=1e-5)


def test_the_memory_is_the_sum_of_what_is_left_of_each_row():
    panel = GatePanel(IMAGES, WEIGHTS, step=9, added=0.5)
    so_far = panel.so_far
    before = np.vstack([np.zeros(UNITS), so_far["c"][:-1]])
    written = so_far["c"] - so_far["f"] * before
    np.testing.assert_allclose((so_far["left"] * written).sum(axis=0), so_far["c"][-1])


def test_a_high_forget_bias_holds_and_a_low_one_lets_fade():
    left = {}
    for added in (-8.0, 0.0, 8.0):
        left[added] = GatePanel(IMAGES, WEIGHTS, step=12, added=added).so_far["left"][0]
    assert (left[-8.0] < 1e-6).all() and (left[8.0] > 0.9).all()
    assert (left[-8.0] < left[0.0]).all() and (left[0.0] < left[8.0]).all()


def test_controls_and_code_set_the_same():
    panel = GatePanel(IMAGES, WEIGHTS)
    panel.added, panel.unit, panel.step = 2.5, 3, 4
    assert control(panel, "Forget bias +").value == 2.5
    assert (control(panel, "Unit").value, control(panel, "Step").value) == (3, 4)
    slider(panel, "Forget bias +").value = 0
    control(panel, "Unit").value = 1
    assert (panel.added, panel.unit) == (-8.0, 1)
    assert "b + -8.0 * np.repeat([0, 1, 0, 0], 5)" in panel.code


def test_the_sentence_computes_the_newest_step():
    panel = GatePanel(IMAGES, WEIGHTS, unit=3)
    assert "Nothing is read yet." in shown(panel)
    panel.step = 6
    so_far = {name: values[:, 3] for name, values in panel.so_far.items()}
    words = shown(panel)
    for sign, plain in ("\N{MINUS SIGN}-", "\N{MULTIPLICATION SIGN}x", "\N{ALMOST EQUAL TO}="):
        words = words.replace(sign, plain)
    assert words.startswith(f"Row 6, unit 3: c = {so_far['f'][5]:.2f} x {so_far['c'][4]:.2f} + ")
    old = so_far["f"][5] * so_far["c"][4]
    written = (so_far["c"][5] - old) / so_far["i"][5]
    assert f" + {so_far['i'][5]:.2f} x {written:.2f} = " in words
    assert f"= {so_far['c'][5]:.2f}; h = {so_far['o'][5]:.2f} x tanh" in words
    assert words.endswith(f"= {so_far['h'][5]:.2f}.")


def test_the_charts_show_a_unit_as_far_as_it_is_read():
    panel = GatePanel(IMAGES, WEIGHTS, unit=4, step=7)
    assert panel.wait(10)
    so_far = panel.so_far
    for title, names in (
        ("the gates", "fio"),
        ("memory c and state h", "ch"),
        ("left now of what each row wrote", ["left"]),
    ):
        for (points, line), name in zip(lines(panel, title), names, strict=True):
            np.testing.assert_array_equal(points[:, 0], np.arange(1, 8))
            np.testing.assert_allclose(points[:, 1], so_far[name][:, 4], atol=1e-4)
            assert line["marks"] == [6]
    alt = drawn(panel, "charts").data["alt"]
    assert f"memory c {so_far['c'][-1, 4]:.2f}" in alt
    assert f"left of row 1: {so_far['left'][0, 4]:.0%}" in alt
    assert [chart["unread"] for chart in drawn(panel, "charts").data["charts"]] == [7.5] * 3
    panel.step = 0
    assert panel.wait(10)
    assert all(len(points) == 0 for points, _ in lines(panel, "the gates"))


@pytest.mark.parametrize("added", [-8.0, 0.0, 8.0])
def test_another_bias_is_drawn_at_once_and_fits_its_chart(added):
    panel = GatePanel(IMAGES, WEIGHTS, step=12, unit=1, added=1.0)
    assert panel.wait(10)
    panel.added = added
    assert panel.wait(10)
    ((forget, _), *_) = lines(panel, "the gates")
    np.testing.assert_allclose(forget[:, 1], panel.so_far["f"][:, 1], atol=1e-4)
    for chart in drawn(panel, "charts").data["charts"]:
        values = [y for line in chart["lines"] for _, y in line["points"]]
        assert chart["y"][0] <= min(values) and max(values) <= chart["y"][1]


def test_the_legend_names_the_lines_as_they_look():
    panel = GatePanel(IMAGES, WEIGHTS, step=3)
    assert panel.wait(10)

    def look(line):
        return line["colour"], line["marker"], line["dash"]

    legend = {key["name"].split()[-1]: look(key) for key in drawn(panel, "charts").data["keys"]}
    gates, memory = lines(panel, "the gates"), lines(panel, "memory c and state h")
    assert legend == {line["name"]: look(line) for _, line in gates + memory}
    assert len({*legend.values()}) == 5


def test_the_memory_of_all_units_is_drawn_from_dark_to_bright_as_far_as_it_is_read():
    panel = GatePanel(IMAGES, WEIGHTS, index=1, unit=4, step=7, added=4.0)
    assert panel.wait(10)
    memory = picture_of(panel, "the memory c of all 5 units: 7 of 12 rows")
    assert memory.shape == (UNITS, 12, 4)
    assert (memory[:, :7, 3] == 255).all() and (memory[:, 7:, 3] < 64).all()
    order = np.argsort(panel.so_far["c"].T, axis=None)
    assert (np.diff(lightness(memory[:, :7]).ravel()[order]) > -2).all()
    assert "top:80.000%;width:100.000%;height:20.000%" in html_of(panel)  # unit 4


def test_the_picture_is_the_one_that_is_read_framed_at_the_newest_row():
    panel = GatePanel(IMAGES, WEIGHTS, step=12)
    for index in (0, 2):
        panel.index = index
        assert panel.wait(10)
        pixels = picture_of(panel, f"picture {index}, 12 of 12")
        np.testing.assert_array_equal(pixels[..., :1], IMAGES.pixels[index])
    panel.step = 7
    assert panel.wait(10)
    assert "top:50.000%;width:100.000%;height:8.333%" in html_of(panel)


def test_it_plays_to_the_end_and_tells_no_label():
    panel = GatePanel(IMAGES, WEIGHTS, speed=200)
    buttons(panel)["Play"].click()
    assert panel.wait(10) and panel.step == 12
    assert "secret" not in html_of(panel) and "hidden" not in html_of(panel)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"unit": 5}, "from 0 to 4"),
        ({"added": 9.0}, "added is from -8.0 to 8.0"),
        ({"step": 13}, "from 0 to 12"),
        ({"weights": WEIGHTS[:2]}, "get_weights"),
        ({"weights": [np.zeros((9, 20)), *WEIGHTS[1:]]}, "rows of 10 numbers"),
    ],
)
def test_what_it_cannot_show_is_refused(settings, words):
    with pytest.raises(rt.TutorError, match=words):
        GatePanel(IMAGES, **{"weights": WEIGHTS, **settings})


def test_strips_of_any_width_are_refused():
    with pytest.raises(rt.TutorError, match="rows of 0 numbers"):
        GatePanel(rt.load_images("tunes", limit=4), WEIGHTS)
