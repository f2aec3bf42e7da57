"""The strip panel without a browser, and strips in the other panels."""

import base64
import io
import re
import warnings
import wave

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.panels import control, drawn, html_of, said, slider

import rnn_tutor as rt
from rnn_tutor.widgets import StripPanel

RNG = np.random.default_rng(0)
TUNES = rt.load_images("tunes", limit=6)
WIDTHS = TUNES.widths.tolist()


def at_random(steps, classes=6):
    return [RNG.dirichlet(np.ones(classes), count) for count in steps]


SAID = at_random([-(-width // 4) for width in WIDTHS])  # as an encoder of stride 4 says
STATES = [RNG.uniform(-1, 1, (len(one), 5)) for one in SAID]


def verdicts(*places):
    """Probabilities (steps, 3) whose largest are at these places."""
    return np.eye(3)[list(places)] * 0.7 + 0.1


def of_widths(*widths, labels=None):
    pixels = RNG.integers(0, 256, (len(widths), 8, max(widths), 1), np.uint8)
    return rt.ImageSet(pixels, labels, ("a", "b", "c") if labels else (), strip_widths=widths)


def ran(panel):
    """What the panel's plain Python leaves behind."""
    names = {"np": np, "images": panel.images, "states": panel.states}
    names["probabilities"] = panel.probabilities
    exec(panel.code, names)
    return names


def shown(panel):
    """What the panel says of how far it is."""
    assert panel.wait(10)
    return said(panel)


def image_of(source):
    """The pixels (h, w, channels) of an image's address, RGB."""
    png = np.frombuffer(base64.b64decode(source.partition(",")[2]), np.uint8)
    return cv2.imdecode(png, cv2.IMREAD_COLOR)[..., ::-1]


def labels_told(panel):
    return [bar["name"] for bar in drawn(panel, "bars").data["bars"] if bar["label"]]


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(1, 40), min_size=2, max_size=4), st.booleans(), st.data())
def test_the_code_gives_what_is_shown(widths, stateful, data):
    steps = [data.draw(st.integers(1, width)) for width in widths]
    images = of_widths(*widths)
    if len(set(steps)) == 1:
        steps = widths
    states = [RNG.uniform(-1, 1, (count, 3)) for count in steps] if stateful else None
    if len(set(steps)) == 1 and max(widths) >= 2 * min(widths):
        return
    panel = StripPanel(images, at_random(steps, 4), states)
    panel.index = data.draw(st.integers(0, len(widths) - 1))
    panel.step = data.draw(st.integers(0, steps[panel.index]))
    made, strip = ran(panel), images[panel.index].pixels[0]
    read = made["columns"].shape[1]
    np.testing.assert_array_equal(made["columns"], strip[:, :read])
    assert (read == strip.shape[1]) == (panel.step == steps[panel.index])
    assert read >= panel.step
    np.testing.assert_array_equal(made["now"], panel.probabilities_now)
    np.testing.assert_array_equal(made.get("state"), panel.state_now)
    if panel.step == steps[panel.index]:
        assert made["settled_at"] == panel.settled_at
    assert panel.wait(10)


def test_each_step_reads_a_stride_and_the_last_one_the_rest():
    images, (said_here,) = of_widths(137), at_random([35])  # 35 steps of 4 columns would be 140
    panel = StripPanel(images, [said_here])
    read = []
    for step in (0, 1, 34, 35):
        panel.step = step
        read.append(ran(panel)["columns"].shape[1])
    assert read == [0, 4, 136, 137]
    assert "Column 137 of 137" in shown(panel)
    panel.step = 2
    assert "Columns 5 to 8 of 137" in shown(panel)


def test_steps_that_no_stride_gives_are_as_even_as_can_be():
    panel = StripPanel(of_widths(10), at_random([7]))
    read = []
    for step in range(8):
        panel.step = step
        read.append(ran(panel)["columns"].shape[1])
    assert (read[0], read[-1]) == (0, 10) and {*np.diff(read)} == {1, 2}


@pytest.mark.parametrize(
    ("places", "settled"),
    [([1, 1, 1], 1), ([0, 1, 1], 2), ([1, 0, 1], 3), ([2, 1, 2, 2, 0, 1, 1], 6), ([2], 1)],
)
def test_where_it_settled(places, settled):
    panel = StripPanel(of_widths(2 * len(places)), [verdicts(*places)], step=len(places))
    assert panel.settled_at == ran(panel)["settled_at"] == settled
    assert f"It settled after column {2 * settled} of {2 * len(places)}." in shown(panel)
    assert drawn(panel, "course").data["chart"]["settled"]["at"] == 2 * settled
    panel.step -= 1
    assert "settled" not in shown(panel)
    assert not drawn(panel, "course").data["chart"]["settled"]


def test_what_has_not_arrived_is_hidden():
    panel = StripPanel(TUNES, SAID, step=5)
    assert panel.wait(10)
    picture = drawn(panel, "course").data["picture"]
    seen = image_of(picture["source"])
    assert seen.shape[:2] == (32, WIDTHS[0])
    np.testing.assert_array_equal(seen[:, :20, 0], TUNES.pixels[0, :, :20, 0])
    assert (seen[:, 20:] == seen[0, -1]).all()
    assert picture["alt"] == f"the picture: 20 of {WIDTHS[0]} columns have arrived"


def test_the_label_is_told_at_the_end_and_not_before():
    panel = StripPanel(TUNES, SAID, STATES)
    for step in (0, len(SAID[0]) - 1):
        panel.step = step
        assert "label" not in shown(panel) + panel.code and "so far" not in shown(panel)
        assert labels_told(panel) == []
    panel.step = len(SAID[0])
    assert re.search("in the end (right|wrong, the label is do mi so)", shown(panel))
    assert labels_told(panel) == ["do mi so"]
    panel.index = 1  # begins anew: its end would tell its label
    assert (panel.step, shown(panel), labels_told(panel)) == (0, "Nothing is read yet.", [])


def test_strips_of_other_widths_have_other_steps():
    panel = StripPanel(TUNES, SAID, STATES, index=2, step=3)
    for i in (5, 0, 3):
        panel.index = i
        assert panel.step == 0
        assert slider(panel, "Step").max == control(panel, "step").max == len(SAID[i])
        panel.step = len(SAID[i])
        assert f"Column{'s' if WIDTHS[i] % 4 != 1 else ''} " in shown(panel)
        assert drawn(panel, "course").data["ends"][1].endswith(str(WIDTHS[i]))
        np.testing.assert_array_equal(panel.state_now, STATES[i][-1])
    control(panel, "step").value = 10_000  # a box takes the nearest
    assert panel.step == len(SAID[3])
    with pytest.raises(rt.TutorError, match=f"from 0 to {len(SAID[3])}; not 10000"):
        panel.step = 10_000


def test_it_plays_to_the_end():
    panel = StripPanel(TUNES, SAID, STATES, step=len(SAID[0]) - 3, speed=60)
    panel.play()
    assert panel.playing
    assert "settled after column" in shown(panel)
    assert (panel.step, panel.playing) == (len(SAID[0]), False)
    panel.play()
    panel.pause()
    assert panel.step < len(SAID[0]) and panel.wait(10)


def test_the_state_is_a_row_of_cells():
    panel = StripPanel(TUNES, SAID, STATES, step=4)
    assert panel.wait(10)
    state = STATES[0][3]
    words = f"the state as 5 cells, from {state.min():.2f} to {state.max():.2f}"
    cells = image_of(re.search(f'alt="{words}" src="([^"]+)"', html_of(panel))[1])
    assert cells.shape == (1, 5, 3)
    brightness = cells[0] @ (0.299, 0.587, 0.114)
    assert (np.argsort(brightness) == np.argsort(state)).all()  # dark is -1, light is 1
    panel.step = 0
    assert panel.wait(10) and "the state as 5 cells, nothing is read yet" in html_of(panel)


def heard(panel):
    """The rate and the samples of the sound in the panel, from -1 to 1."""
    assert panel.wait(10)
    (found,) = re.findall(r'<audio controls aria-label="[^"]+" src="(.+?)">', html_of(panel))
    with wave.open(io.BytesIO(base64.b64decode(found.partition(",")[2]))) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2")
        return file.getframerate(), samples / 32767


TONES = [(4000 + i, np.sin(np.arange(50) * (i + 1))) for i in range(6)]


@pytest.mark.parametrize("sounds", [TONES, lambda i: TONES[i]])
def test_a_strip_can_be_heard(sounds):
    panel = StripPanel(TUNES, SAID, sounds=sounds)
    for i in (0, 4):
        panel.index = i
        rate, samples = heard(panel)
        assert rate == TONES[i][0] and f"The sound of picture {i}" in html_of(panel)
        np.testing.assert_allclose(samples, TONES[i][1] / abs(TONES[i][1]).max(), atol=1e-3)


def test_silence_is_a_sound_and_without_sounds_there_is_none():
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # no division by a loudness of 0
        panel = StripPanel(TUNES, SAID, sounds=lambda i: (8000, np.zeros(9, np.int16)))
        np.testing.assert_array_equal(heard(panel)[1], np.zeros(9))
    panel = StripPanel(TUNES, SAID)
    assert panel.wait(10) and "<audio" not in html_of(panel)


@pytest.mark.parametrize(
    ("sound", "words"),
    [
        ((8000, np.zeros((9, 2))), r"received \(9, 2\) as float64. Take one channel"),
        ((8000, [np.nan]), "finite numbers"),
        ((0.5, [1.0]), "rate must be a whole number"),
    ],
)
def test_what_is_no_sound_is_said(sound, words):
    panel = StripPanel(TUNES, SAID, sounds=[sound] * 6)
    assert re.search(words, shown(panel))
    panel.step = 1
    assert "Columns 1 to 4" in shown(panel)


ODD_ONE = [*SAID[:5], SAID[5][:, :5]]
TOO_MANY = [*SAID[:5], *at_random([WIDTHS[5] + 1])]


@pytest.mark.parametrize(
    ("probabilities", "states", "words"),
    [
        (SAID[:5], None, "a list of 6 arrays .* received 5. Predict these very pictures"),
        (None, None, "a list of 6 arrays .* received NoneType"),
        (ODD_ONE, None, r"\(steps, 6\) as float .* \(\d+, 5\) as float64 for picture 5"),
        ([one[-1] for one in SAID], None, r"received \(6,\) as float64 for picture 0"),
        ([one.round().astype(int) for one in SAID], None, "as int64"),
        (TOO_MANY, None, f"at most {WIDTHS[5]} steps for picture 5.* received {WIDTHS[5] + 1}"),
        ([2 * one for one in SAID], None, "End the model with a softmax"),
        (SAID, STATES[:2], "a list of 6 arrays .* received 2"),
        (SAID, [*STATES[:5], STATES[5][1:]], r"with \d+ steps for picture 5; received"),
        (SAID, [3 + one for one in STATES], "Divide them by"),
    ],
)
def test_what_does_not_fit_is_refused(probabilities, states, words):
    with pytest.raises(rt.TutorError, match=words):
        StripPanel(TUNES, probabilities, states)


def test_what_was_said_of_padding_is_refused():
    with pytest.raises(rt.TutorError, match=r"received 10 for each, .* Leave out the steps past"):
        StripPanel(of_widths(10, 40), at_random([10, 10]))
    StripPanel(of_widths(38, 40), at_random([10, 10]))


def test_sounds_that_are_not_one_for_each_are_refused():
    with pytest.raises(rt.TutorError, match="for each of 6 strips; received 2"):
        StripPanel(TUNES, SAID, sounds=TONES[:2])


def test_images_of_one_size_and_without_labels():
    images = rt.load_images("digits", limit=3).without_labels()
    width = images.shape[1]
    panel = StripPanel(images, np.stack(at_random([width] * 3, 10)), step=width)
    assert f"Column {width} of {width}: it says class" in shown(panel)
    np.testing.assert_array_equal(ran(panel)["columns"], images.pixels[0])


# Strips in the other panels


def sizes_shown(panel):
    """[(width, height), ...] of the images in a panel's HTML, in CSS pixels."""
    sizes = re.findall(r'<img [^>]*width="(\d+)" height="(\d+)"', html_of(panel))
    return [(int(width), int(height)) for width, height in sizes]


def test_the_cluster_panel_shows_strips_at_their_width():
    embeddings = np.repeat(np.eye(2), 3, axis=0)
    panel = rt.widgets.ClusterPanel(embeddings, TUNES, rt.Clustering(2))
    fitted = panel.fitted
    chosen = [
        i
        for cluster in range(2)
        for which in (fitted.borderline, fitted.typical)
        for i in which(cluster, 4)
    ]
    heights = [round(36 * 32 / WIDTHS[i]) for i in chosen]
    assert len(set(heights)) > 1
    assert [height for _, height in sizes_shown(panel)][: len(chosen)] == heights


def test_the_preprocessing_panel_takes_a_strip_at_its_width():
    panel = rt.widgets.PreprocessingPanel(TUNES)
    panel.index = narrow = int(np.argmin(WIDTHS))
    assert panel.after.shape == (32, min(WIDTHS), 1)
    names = {"rt": rt, "images": TUNES}
    exec(panel.code, names)
    np.testing.assert_array_equal(names["after"], TUNES[narrow].pixels[0])


def test_the_map_sends_strips_at_their_width():
    panel, sent = rt.widgets.MapPanel(TUNES, np.eye(6)[:, :2]), {}
    panel.send = lambda content, buffers=None: sent.update({content["type"]: (content, buffers)})
    panel._handle_custom_msg({"type": "ready"}, [])
    panel._handle_custom_msg({"type": "sheet", "number": 0}, [])
    data, buffers = sent["data"]
    shares = np.frombuffer(buffers[-1], np.float32)
    np.testing.assert_allclose(shares * data["cell"][0], WIDTHS)
    sheet = cv2.imdecode(np.frombuffer(sent["sheet"][1][0], np.uint8), cv2.IMREAD_GRAYSCALE)
    for i, width in enumerate(WIDTHS):
        row, column = divmod(i, sent["sheet"][0]["columns"])
        y, x = 32 * row, data["cell"][0] * column
        np.testing.assert_array_equal(sheet[y : y + 32, x : x + width], TUNES[i].pixels[0, ..., 0])


def test_plots_draw_strips_at_their_width():
    picture = rt.plots.image_grid(TUNES, columns=2)
    (axes,) = picture.figure.axes
    drawn_sizes = [np.ptp(np.reshape(image.get_extent(), (2, 2)), axis=1) for image in axes.images]
    np.testing.assert_allclose([abs(w / h) * 32 for w, h in drawn_sizes], WIDTHS)
