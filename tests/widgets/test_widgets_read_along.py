"""The read-along panel without a browser."""

import base64
import json

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.panels import control, drawn, html_of, plain, said, slider

import rnn_tutor as rt
from rnn_tutor.widgets import ReadAlongPanel, _predictions, _reading

RNG = np.random.default_rng(0)
NAMES = ("bag", "boot", "coat")
PIXELS = RNG.integers(0, 256, (2, 12, 10, 1), np.uint8)
GREY = rt.ImageSet(PIXELS, [2, 0], NAMES)
# Of picture 0 the label is coat: said of it is boot, then more and more coat.
RISE = np.linspace(0.2, 0.9, 12)
SAID = np.stack([np.stack([0.1 - RISE / 10, 0.9 - 0.9 * RISE, RISE], -1)] * 2)
STATES = RNG.uniform(-1, 1, (2, 12, 7))
SETTLED = "It settled after row 6 of 12."


def at_random(n, steps, classes):
    return RNG.dirichlet(np.ones(classes), (n, steps))


def predictions(step_count=12, true=2, **more):
    given = {"probabilities": SAID[0, :step_count], "names": NAMES, "true": true, **more}
    return _predictions.Predictions(
        _reading.by_rows(PIXELS[0], len(given["probabilities"])), **given
    )


def ran(panel):
    """What the panel's plain Python leaves behind."""
    names = {"images": panel.images, "probabilities": panel.probabilities, "states": panel.states}
    names["np"] = np
    exec(panel.code, names)
    return names


def shown(panel):
    """What the panel says of how far it is."""
    assert panel.wait(10)
    return said(panel)


def bars_of(sent):
    """[(name, width in percent, what is written beside it)]"""
    rows = json.loads(json.dumps(sent))["bars"]
    return [(bar["name"], 100 * bar["share"], plain(bar["words"])) for bar in rows]


@settings(max_examples=15, deadline=None)
@given(st.integers(1, 6), st.integers(1, 4), st.sampled_from([1, 3]), st.booleans(), st.data())
def test_the_code_gives_what_is_shown(steps, each, channels, labelled, data):
    pixels = RNG.integers(0, 256, (2, steps * each, 5, channels), np.uint8)
    images = rt.ImageSet(pixels, [1, 0] if labelled else None)
    states = RNG.uniform(-1, 1, (2, steps, 3)) if data.draw(st.booleans()) else None
    panel = ReadAlongPanel(images, at_random(2, steps, 2), states)
    panel.index, panel.step = data.draw(st.integers(0, 1)), data.draw(st.integers(0, steps))
    made = ran(panel)
    np.testing.assert_array_equal(made["rows"], pixels[panel.index, : panel.step * each])
    np.testing.assert_array_equal(made["now"], panel.probabilities_now)
    np.testing.assert_array_equal(made.get("state"), panel.state_now)
    if panel.step == steps:
        assert made["settled_at"] == panel.settled_at
    assert panel.wait(10)


def test_setting_from_code_moves_the_controls():
    panel = ReadAlongPanel(GREY, SAID, STATES, name="pictures", index=1, step=2, speed=8)
    assert (panel.index, panel.step, panel.speed) == (1, 2, 8)
    panel.index, panel.step, panel.speed = 0, 5, 3
    boxes = [control(panel, label) for label in ("picture", "step", "steps_a_second")]
    assert [box.value for box in boxes] == [0, 5, 3]
    assert slider(panel, "Step").max == 12
    assert panel.code == (
        "rows = pictures[0].pixels[0, :5]\nnow = probabilities[0, 4]\nstate = states[0, 4]"
    )
    assert "Row 5 of 12" in shown(panel)
    assert "states[0, 4]" in html_of(panel)
    assert "after row 5" in drawn(panel, "bars").data["head"]
    assert "5 of 12 steps, 7 units" in drawn(panel, "course").data["state"]["alt"]


def test_moving_the_controls_sets_what_code_reads():
    panel = ReadAlongPanel(GREY, SAID, STATES)
    assert panel.probabilities_now is panel.state_now is None
    slider(panel, "Picture").value, slider(panel, "Step").value = 1, 12
    np.testing.assert_array_equal(panel.probabilities_now, SAID[1, 11])
    np.testing.assert_array_equal(panel.state_now, STATES[1, 11])
    assert "Row 12 of 12" in shown(panel)


@pytest.mark.parametrize(
    ("step", "steps", "true", "words"),
    [
        (0, 12, 2, "Nothing is read yet."),
        (1, 12, 2, "Row 1 of 12: it says boot with 72 %; so far wrong, the label is coat."),
        (11, 12, 2, "Row 11 of 12: it says coat with 84 %; so far right."),
        (12, 12, 2, f"Row 12 of 12: it says coat with 90 %; in the end right. {SETTLED}"),
        (
            *(12, 12, 0),
            "Row 12 of 12: it says coat with 90 %; in the end wrong, the label is bag. " + SETTLED,
        ),
        (12, 12, None, f"Row 12 of 12: it says coat with 90 %. {SETTLED}"),
        (2, 4, None, "Rows 4 to 6 of 12: it says boot with 66 %."),
    ],
)
def test_the_sentence(step, steps, true, words):
    sentence = _predictions.sentence(predictions(steps, true), step)
    assert plain(sentence) == words


def test_it_reads_to_the_end():
    panel = ReadAlongPanel(GREY, SAID, STATES, speed=8)
    drawings = []
    drawn(panel, "course").observe(drawings.append, "data")
    panel.play()
    assert panel.playing
    assert "in the end right" in shown(panel)
    assert (panel.step, panel.playing) == (12, False)
    assert len(drawings) > 1


def test_what_goes_wrong_while_drawing_is_said(monkeypatch):
    panel = ReadAlongPanel(GREY, SAID, STATES)
    assert panel.wait(10)
    with monkeypatch.context() as broken:
        broken.setattr(_predictions, "bars", lambda *_: 1 / 0)
        panel.step = 1
        assert "ended with an error, ZeroDivisionError" in shown(panel)
    panel.step = 2
    assert "Row 2 of 12" in shown(panel)


def test_another_picture_is_shown_after_as_many_rows():
    panel = ReadAlongPanel(GREY, SAID, STATES, step=5)
    panel.index = 1
    assert panel.step == 5
    assert "the label is bag" in shown(panel)
    assert _reading.picture(_reading.by_rows(PIXELS[1], 12), 1, 5) in html_of(panel)


def test_a_step_may_be_several_rows():
    panel = ReadAlongPanel(GREY, SAID[:, 3::4], STATES[:, 3::4], step=2)
    assert "Rows 5 to 8 of 12" in shown(panel)
    assert "top:33.333%;width:100.000%;height:33.333%" in html_of(panel)
    sent = drawn(panel, "course").data
    assert [plain(end) for end in sent["ends"]] == ["row 1", "row 12"]
    np.testing.assert_allclose(sent["now"], [1 / 3, 2 / 3])
    assert "after each step" in sent["head"]
    np.testing.assert_array_equal(ran(panel)["rows"], PIXELS[0, :8])


@pytest.mark.parametrize(
    ("probabilities", "states", "words"),
    [
        (SAID[:1], None, r"\(2, steps, 3\) as float; received \(1, 12, 3\) .* return_sequences"),
        (SAID[:, -1], None, r"received \(2, 3\) as float64"),
        (SAID[..., :2], None, r"received \(2, 12, 2\)"),
        (SAID.round().astype(int), None, "as int64"),
        (at_random(2, 5, 3), None, "divide the 12 rows of a picture; received 5 steps"),
        (SAID * 2, None, "received values from 0.02 to 1.8. End the model with a softmax"),
        (SAID + np.array([-1, 1, 0]), None, "0 or more"),
        (SAID * np.nan, None, "0 or more"),
        (SAID, STATES[:, :6], r"\(2, 12, units\) as float; received \(2, 6, 7\)"),
        (SAID, STATES[..., :0], r"received \(2, 12, 0\)"),
        (SAID, np.full_like(STATES, 3), "from -1 to 1, .* from 3 to 3. Divide"),
    ],
)
def test_what_does_not_fit_is_refused(probabilities, states, words):
    with pytest.raises(rt.TutorError, match=words):
        ReadAlongPanel(GREY, probabilities, states)


@pytest.mark.parametrize(("field", "value"), [("index", 2), ("step", 13), ("speed", 0)])
def test_what_cannot_be_shown_is_refused(field, value):
    panel = ReadAlongPanel(GREY, SAID, step=2)
    with pytest.raises(rt.TutorError, match=f"{field} is a whole number .* not {value}"):
        setattr(panel, field, value)
    assert panel.step == 2


def test_no_label_is_told_before_the_first_row():
    panel = ReadAlongPanel(GREY, SAID)
    assert panel.wait(10)
    assert not any(bar["label"] for bar in drawn(panel, "bars").data["bars"])
    panel.step = 1
    assert panel.wait(10)
    assert [bar["name"] for bar in drawn(panel, "bars").data["bars"] if bar["label"]] == ["coat"]


def test_without_labels_classes_have_numbers():
    panel = ReadAlongPanel(GREY.without_labels(), SAID, step=12)
    assert "it says class 2 with 90 %. It" in shown(panel)
    assert not any(bar["label"] for bar in drawn(panel, "bars").data["bars"])


def test_the_bars():
    sent = _predictions.bars(predictions(), 12)
    assert bars_of(sent) == [("bag", 1, "1 %"), ("boot", 9, "9 %"), ("coat", 90, "90 %")]
    for mark in ("largest", "label"):
        assert [bar["name"] for bar in sent["bars"] if bar[mark]] == ["coat"]


def test_before_the_first_row_the_bars_are_empty():
    sent = _predictions.bars(predictions(), 0)
    assert "nothing yet" in sent["head"]
    assert not any(bar["largest"] for bar in sent["bars"])
    assert bars_of(sent) == [(name, 0.0, "\N{EN DASH}") for name in NAMES]


def test_of_many_classes_those_that_matter_are_drawn():
    many = np.full((12, 40), 0.02)
    many[:, :20] = 0.03
    many[5] = 0.02
    many[5, 30] = 0.022  # what it says then, though others are once more probable
    many /= many.sum(1, keepdims=True)
    given = predictions(probabilities=many, names=(), true=37)
    bars = bars_of(_predictions.bars(given, 6))
    assert len(bars) == _predictions.MOST + 1
    assert {"class 30", "class 37"} < {name for name, *_ in bars}
    assert bars[-1][0] == "30 more"
    assert sum(width for _, width, _ in bars) == pytest.approx(100, abs=0.1)


def test_the_lines_lie_where_the_probabilities_are():
    sent = json.loads(json.dumps(_predictions.course(predictions(), 6)))
    assert sent["chart"]["x"] == [0, 12] and sent["chart"]["y"] == [0, 1]
    lines = sent["chart"]["lines"]
    for line, k in zip(lines, np.argsort(SAID[0, 5]), strict=True):  # the largest over all
        expected = np.transpose([np.arange(6) + 0.5, SAID[0, :6, k]])
        np.testing.assert_allclose(line["points"], expected, atol=1e-4)
        assert line["marks"][-1] == 5
    assert "steps 1 to 6; now coat 52 %, boot 43 %" in plain(sent["alt"])
    assert [line.get("name") for line in lines] == [None, "boot", "coat"]  # bag is too small
    assert [line["bold"] for line in lines] == [False, False, True]


def test_no_two_classes_look_alike():
    n = _predictions.MOST
    bars = _predictions.bars(predictions(probabilities=np.full((12, n), 1 / n), names=()), 1)[
        "bars"
    ]
    for looks in (("colour", "dash"), ("colour", "marker")):
        assert len({tuple(bar["line"][look] for look in looks) for bar in bars}) == n


def test_the_state_grows_to_the_right():
    state = _predictions.course(predictions(states=STATES[0]), 5)["state"]
    png = np.frombuffer(base64.b64decode(state["source"].partition(",")[2]), np.uint8)
    seen = cv2.imdecode(png, cv2.IMREAD_UNCHANGED)
    np.testing.assert_array_equal(seen[:, :5, 2::-1], _predictions.colours(STATES[0, :5].T))
    assert (seen[:, :5, 3] == 255).all() and (seen[:, 5:, 3] < 64).all()


def test_the_colours_are_readable_in_grey():
    grey = _predictions.colours(np.linspace(-1, 1, 41)) @ (0.299, 0.587, 0.114)
    assert (np.diff(grey) > 0).all()
    assert np.ptp(_predictions.colours(0.0)) < 10  # zero has no hue
    assert grey[20] == pytest.approx((grey[0] + grey[-1]) / 2, abs=15)


def test_many_units_are_sent_small():
    states = RNG.uniform(-1, 1, (12, 5000))
    assert len(json.dumps(_predictions.course(predictions(states=states), 12))) < 60_000


@pytest.mark.parametrize(
    ("probability", "words"),
    [(0, "0 %"), (0.004, "<1 %"), (0.006, "1 %"), (0.814, "81 %"), (0.999, ">99 %"), (1, "100 %")],
)
def test_percent(probability, words):
    assert _predictions.percent(probability).replace("\N{NO-BREAK SPACE}", " ") == words


def test_names_are_text_and_not_html():
    names = ("<b>&", '"x"', "<script>")
    given = predictions(names=names)
    assert tuple(bar["name"] for bar in _predictions.bars(given, 3)["bars"]) == names  # as text
    wrong = predictions(names=names, true=2)
    sentence = _predictions.sentence(wrong, 3)
    assert "<script>" not in sentence and "&lt;script&gt;" in sentence
