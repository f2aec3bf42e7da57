"""The scan panel without a browser."""

import base64
import re
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.panels import buttons, control, html_of, said, slider, texts

import rnn_tutor as rt
from rnn_tutor._cv2 import cv2
from rnn_tutor.widgets import ScanPanel, _reading

RNG = np.random.default_rng(0)
GREY = rt.ImageSet(RNG.integers(0, 256, (3, 12, 10, 1), np.uint8))
COLOUR = rt.ImageSet(RNG.integers(0, 256, (2, 14, 21, 3), np.uint8))
ORDERS = ("rows", "columns", "patches", *rt.sequences.ORDERS)
shapes = st.tuples(st.integers(1, 20), st.integers(1, 20), st.sampled_from([1, 3]))


def ran(panel):
    """What the panel's plain Python leaves behind."""
    names = {"rt": rt, "images": panel.images}
    exec(panel.code, names)
    return names


def shown(panel):
    """What the panel says of how far it is."""
    assert panel.wait(10)
    return said(panel)


def drawings_of(panel):
    """A list that grows with each drawing of the sequence from now on."""
    assert panel.wait(10)
    drawings, (sequence,) = [], texts(panel, "rt-sequence")
    sequence.observe(drawings.append, "value")
    return drawings


def moved_from(panel, step):
    """Returns when the panel has read on; fails when it does not."""
    deadline = time.monotonic() + 10
    while panel.step == step:
        assert time.monotonic() < deadline
        time.sleep(0.01)


@settings(max_examples=15, deadline=None)
@given(shapes, st.sampled_from(ORDERS), st.data())
def test_the_code_gives_the_sequence(shape, order, data):
    images = rt.ImageSet(RNG.integers(0, 256, (2, *shape), np.uint8))
    panel = ScanPanel(images, order, index=data.draw(st.integers(0, 1)))
    steps = len(ran(panel)["sequence"])
    panel.step = data.draw(st.integers(0, steps))
    so_far = ran(panel)["so_far"]
    assert so_far.dtype == panel.sequence.dtype == np.uint8
    np.testing.assert_array_equal(panel.sequence, so_far)
    assert len(so_far) == panel.step
    panel.step = steps
    pixels = images.pixels[panel.index]
    np.testing.assert_array_equal(np.sort(panel.sequence, None), np.sort(pixels, None))
    panel.wait(10)


@pytest.mark.parametrize("order", ORDERS)
def test_setting_from_code_moves_the_controls(order):
    panel = ScanPanel(GREY)
    panel.order, panel.index = order, 2
    panel.step, panel.speed = 3, 7
    labels = "way_to_read", "picture", "step", "steps_a_second"
    assert [control(panel, label).value for label in labels] == [order, 2, 3, 7]
    steps = slider(panel, "Step")
    assert steps.value == 3
    assert steps.max == control(panel, "step").max == len(ran(panel)["sequence"])
    assert "Step 3 of" in shown(panel)
    assert f"[:{panel.step}]" in html_of(panel)


def test_moving_the_controls_sets_what_code_reads():
    panel = ScanPanel(COLOUR)
    control(panel, "way_to_read").value, control(panel, "picture").value = "patches", 1
    slider(panel, "Step").value, slider(panel, "Steps a second").value = 4, 0
    assert (panel.order, panel.index, panel.step, panel.speed) == ("patches", 1, 4, 1)
    np.testing.assert_array_equal(panel.sequence[3], COLOUR.pixels[1, 7:, :7].ravel())
    assert "Step 4 of 6: rows 8 to 14, columns 1 to 7." in shown(panel)


def test_an_order_of_ones_own_needs_one_entry(monkeypatch):
    backwards = {"backwards": lambda height, width: np.arange(height * width)[::-1]}
    monkeypatch.setattr(rt.sequences, "ORDERS", rt.sequences.ORDERS | backwards)
    panel = ScanPanel(GREY, "backwards", step=120)
    np.testing.assert_array_equal(panel.sequence, GREY.pixels[0].reshape(120, 1)[::-1])
    np.testing.assert_array_equal(panel.sequence, ran(panel)["so_far"])


def test_another_order_keeps_the_share_that_is_read():
    panel = ScanPanel(GREY, "spiral", step=60)
    panel.order = "rows"
    assert panel.step == 6
    panel.order = "hilbert"
    assert panel.step == 60


@pytest.mark.parametrize(
    ("order", "step", "words"),
    [
        ("spiral", 0, "Nothing is read yet. It will take 120 steps of 1 feature."),
        ("spiral", 11, "Step 11 of 120: row 2, column 10."),
        ("row_major", 120, "Step 120 of 120: row 12, column 10. All is read."),
        ("rows", 5, "Step 5 of 12: row 5."),
        ("columns", 5, "Step 5 of 10: column 5."),
        ("patches", 2, "Step 2 of 4: rows 1 to 6, columns 6 to 10."),
    ],
)
def test_the_sentence(order, step, words):
    assert words in shown(ScanPanel(GREY, order, step=step))


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("order", "zigzag", "'rows', .*'hilbert'; not 'zigzag'"),
        ("index", 3, "from 0 to 2; not 3"),
        ("step", 121, "from 0 to 120; not 121"),
        ("step", 1.5, "whole number"),
        ("speed", 0, "from 1 to"),
    ],
)
def test_what_cannot_be_shown_is_refused(field, value, words):
    with pytest.raises(rt.TutorError, match=words):
        ScanPanel(GREY, **{field: value})
    panel = ScanPanel(GREY, step=2)
    before = panel.code
    with pytest.raises(rt.TutorError, match=words):
        setattr(panel, field, value)
    assert panel.code == before


def test_it_stands_still_until_play():
    panel = ScanPanel(GREY, speed=1000)
    time.sleep(0.2)
    assert (panel.step, panel.playing) == (0, False)
    assert "Play" in buttons(panel)


def test_play_reaches_the_end_and_stops():
    panel = ScanPanel(GREY, speed=400)
    drawings = drawings_of(panel)
    buttons(panel)["Play"].click()
    assert panel.playing and "Pause" in buttons(panel)
    assert panel.wait(10)
    assert (panel.step, panel.playing) == (120, False) and "Play" in buttons(panel)
    assert "All is read." in said(panel)
    assert 0 < len(drawings) < 20  # steps are skipped
    buttons(panel)["Play"].click()  # again, from the start
    assert panel.step < 120
    panel.pause()


def test_pause_stops():
    panel = ScanPanel(GREY, speed=50)
    panel.play()
    moved_from(panel, 0)
    buttons(panel)["Pause"].click()
    step = panel.step
    assert not panel.playing
    assert f"Step {step} of 120" in shown(panel)
    time.sleep(0.2)
    assert panel.step == step


@pytest.mark.parametrize("change", ["order", "index", "back"])
def test_another_picture_or_order_stops(change):
    panel = ScanPanel(GREY, speed=50, step=50)
    panel.play()
    if change == "order":
        control(panel, "way_to_read").value = "snake"
    elif change == "index":
        slider(panel, "Picture").value = 1
    else:
        buttons(panel)["Back to the start"].click()
    assert not panel.playing
    assert panel.wait(10)
    assert panel.step == (0 if change == "back" else 50)


def test_a_step_set_while_playing_is_where_it_goes_on():
    panel = ScanPanel(GREY, speed=20)
    panel.play()
    panel.step = 90
    moved_from(panel, 90)
    panel.pause()
    assert 90 < panel.step < 110
    assert panel.wait(10)


def test_the_sentence_changes_twice_a_second_at_most():
    panel = ScanPanel(GREY, speed=120)
    assert panel.wait(10)
    sentences, drawings = [], drawings_of(panel)
    (status,) = texts(panel, 'role="status"')
    status.observe(sentences.append, "value")
    panel.play()
    assert panel.wait(10)
    assert len(sentences) <= 4 < len(drawings)


def drawn(reading, step):
    """The pixels of the sequence's drawing, RGB, and which of them are more than a veil."""
    source = re.search(r'base64,([^"]+)', _reading.sequence(reading, step))[1]
    encoded = np.frombuffer(base64.b64decode(source), np.uint8)
    pixels = cv2.imdecode(encoded, cv2.IMREAD_UNCHANGED)
    return pixels[..., 2::-1], pixels[..., 3] == 255


@pytest.mark.parametrize("images", [GREY, COLOUR])
@pytest.mark.parametrize("order", ORDERS)
def test_the_drawings(images, order):
    reading = _reading.read(images.pixels[0], order, (2, 2) if images is GREY else (7, 7))
    steps, features = reading.sequence.shape
    half = steps // 2
    empty, begun, full = (drawn(reading, k) for k in (0, half, steps))
    assert not empty[1].any() and not begun[1][:, half:].any()  # a veil
    for of_begun, of_full in zip(begun, full, strict=True):
        np.testing.assert_array_equal(of_begun[:, :half], of_full[:, :half])
    full, seen = full
    assert seen[0].all()
    if reading.pixelwise:
        expected = np.broadcast_to(reading.sequence, (steps, 3))
        np.testing.assert_array_equal(full[0], expected)
        return
    assert full.shape == (features, steps, 3)
    np.testing.assert_array_equal(full[..., 0], reading.sequence.T)


def test_the_height_of_a_bar_is_the_level():
    picture = np.array([0, 128, 255], np.uint8).reshape(1, 3, 1)
    _, seen = drawn(_reading.read(picture, "row_major", (1, 1)), 3)
    heights = seen[_reading.STRIP + _reading.GAP :].sum(0) / _reading.LANES
    np.testing.assert_allclose(heights, [0, 0.5, 1], atol=0.03)


def test_strips_are_read_at_their_width():
    tunes = rt.load_images("tunes", limit=6)
    widest, narrowest = tunes.widths.argmax(), tunes.widths.argmin()
    panel = ScanPanel(tunes, "columns", index=int(widest), step=int(tunes.widths.max()))
    panel.index = int(narrowest)
    assert panel.step == len(panel.sequence) == tunes.widths.min()
    np.testing.assert_array_equal(panel.sequence, ran(panel)["so_far"])
    for order in ("patches", "snake"):
        panel.order = order
        panel.step = len(ran(panel)["sequence"])
        assert panel.sequence.size == 32 * tunes.widths.min()
        np.testing.assert_array_equal(panel.sequence, ran(panel)["so_far"])


def test_what_is_not_read_is_dimmed(monkeypatch):
    sent = []
    monkeypatch.setattr(_reading.parts, "thumbnail", lambda pixels, *_: sent.append(pixels) or "")
    reading = _reading.read(COLOUR.pixels[0], "rows", (7, 7))
    html = _reading.picture(reading, 0, 4)
    np.testing.assert_array_equal(sent[0][:4], COLOUR.pixels[0, :4])
    assert (sent[0][4:] != COLOUR.pixels[0, 4:]).mean() > 0.9
    assert "left:0.000%;top:21.429%;width:100.000%;height:7.143%" in html


def test_a_long_path_is_sent_small():
    picture = RNG.integers(0, 256, (150, 900, 3), np.uint8)
    reading = _reading.read(picture, "snake", (1, 1))
    began = len(_reading.picture(reading, 0, 70_000)), len(_reading.sequence(reading, 70_000))
    assert max(began) < 400_000
    assert 'width="300" height="50"' in _reading.picture(reading, 0, 1)
