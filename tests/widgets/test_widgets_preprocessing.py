"""The preprocessing panel without a browser, and the progress bar."""

import re
from dataclasses import dataclass, fields

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import rnn_tutor as rt
from rnn_tutor.images import preprocessing
from rnn_tutor.images.preprocessing import (
    AdaptiveThreshold,
    Canny,
    GaussianBlur,
    Grey,
    MedianBlur,
    Noise,
    Otsu,
    Resize,
    Stretch,
    Threshold,
)
from rnn_tutor.widgets import PreprocessingPanel, ProgressBar
from rnn_tutor.widgets._steps import CONTROLS

RNG = np.random.default_rng(0)
GREY = rt.ImageSet(RNG.integers(0, 256, (5, 12, 10, 1), np.uint8))
COLOUR = rt.ImageSet(RNG.integers(0, 256, (2, 14, 17, 3), np.uint8))


@pytest.fixture
def panel():
    panel = panel_of(GREY, GaussianBlur(sigma=1.5), Otsu())
    yield panel
    panel.wait(10)  # Python must not end while a thread is inside OpenCV


def panel_of(images, *steps, **more):
    return PreprocessingPanel(images, rt.Preprocessing(steps), **more)


def ran(panel):
    """What the panel's plain Python leaves behind."""
    names = {"rt": rt, "images": panel.images}
    exec(panel.code, names)
    return names


def row(panel, kind):
    return panel._steps[kind]


def control(panel, kind, field):
    return row(panel, kind)._fields._controls[field]


def numbers(panel):
    """What stands before each row, and its name, from top to bottom."""
    rows = [r for shown in panel._on.children for r in panel._steps.values() if r.row is shown]
    return [f"{r._place.value} {r.kind.__name__}" for r in rows]


PARAMETERS = {
    "kind": st.sampled_from(["gaussian", "salt_and_pepper"]),
    "amount": st.floats(0, 1),
    "seed": st.integers(0, 2**32 - 1),
    "sigma": st.floats(0.1, 20),
    "size": st.integers(1, 15).map(lambda k: 2 * k + 1),
    "diameter": st.integers(1, 9),
    "sigma_colour": st.floats(0, 300),
    "sigma_space": st.floats(0, 20),
    "strength": st.floats(0, 60),
    "low": st.floats(0, 2040),
    "high": st.floats(0, 2040),
    "value": st.integers(0, 255),
    "offset": st.floats(-255, 255),
    "height": st.integers(1, 40),
    "width": st.integers(1, 40),
    "average": st.booleans(),
}


def step_of(kind):
    return st.builds(kind, **{field.name: PARAMETERS[field.name] for field in fields(kind)})


CHAINS = st.lists(st.sampled_from(preprocessing.STEPS), unique=True, max_size=6).flatmap(
    lambda kinds: st.tuples(*map(step_of, kinds)).map(rt.Preprocessing)
)
SHOWING = {"grey": panel_of(GREY), "colour": panel_of(COLOUR)}


@given(chain=CHAINS, kind=st.sampled_from(sorted(SHOWING)), index=st.integers(0, 1))
@settings(max_examples=25, deadline=None)
def test_the_code_shown_gives_exactly_the_same_picture(chain, kind, index):
    panel = SHOWING[kind]
    panel.chain, panel.index = chain, index
    names = ran(panel)
    assert panel.chain == names["chain"] == chain
    assert panel.after.dtype == np.uint8 and panel.after.ndim == 3
    np.testing.assert_array_equal(panel.after, names["after"])
    assert max(map(len, panel.code.splitlines())) <= 68


def test_every_parameter_of_every_step_has_a_control():
    named = {kind.__name__: {f.name for f in fields(kind)} for kind in preprocessing.STEPS}
    assert {name: set(CONTROLS.get(name, ())) for name in named} == named


def test_a_chain_set_in_code_moves_the_controls(panel):
    panel.chain = rt.Preprocessing((Otsu(), Noise("salt_and_pepper", 0.3, 7), Grey()))
    assert numbers(panel) == ["1. Otsu", "2. Noise", "3. Grey"]
    assert control(panel, Noise, "kind").value == "salt_and_pepper"
    assert control(panel, Noise, "amount").value == 0.3
    on = [kind.__name__ for kind in preprocessing.STEPS if row(panel, kind).tick.value]
    assert on == ["Noise", "Grey", "Otsu"]
    panel.chain = rt.Preprocessing()
    assert numbers(panel) == [] and "rt.Preprocessing()" in panel.code
    np.testing.assert_array_equal(panel.after, GREY.pixels[0])


def test_the_controls_change_the_chain(panel):
    control(panel, GaussianBlur, "sigma").value = 3.0
    control(panel, GaussianBlur, "sigma").value = 2.0
    row(panel, Stretch).tick.value = True
    assert panel.chain == rt.Preprocessing((GaussianBlur(2.0), Stretch(), Otsu()))
    row(panel, GaussianBlur).tick.value = False
    assert panel.chain == rt.Preprocessing((Stretch(), Otsu()))
    row(panel, GaussianBlur).tick.value = True
    assert panel.chain.steps[0] == GaussianBlur(2.0), "a step that was off keeps its parameters"
    panel._picture.box.value = 3
    assert panel.index == 3
    np.testing.assert_array_equal(panel.after, panel.chain(GREY.pixels[3]))


def test_the_buttons_change_the_order_and_end_at_the_ends(panel):
    panel.chain = rt.Preprocessing((Grey(), GaussianBlur(), Otsu()))
    row(panel, Otsu)._earlier.click()
    assert numbers(panel) == ["1. Grey", "2. Otsu", "3. GaussianBlur"]
    row(panel, Otsu)._earlier.click()
    row(panel, Grey)._later.click()
    row(panel, Otsu)._earlier.click()  # as a second click may, before the first has greyed it
    assert panel.chain == rt.Preprocessing((Otsu(), GaussianBlur(), Grey()))
    assert row(panel, Otsu)._earlier.disabled and not row(panel, Otsu)._later.disabled
    assert row(panel, Grey)._later.disabled and not row(panel, Grey)._earlier.disabled
    np.testing.assert_array_equal(panel.after, ran(panel)["after"])


def test_a_step_that_is_off_keeps_its_place(panel):
    panel.chain = rt.Preprocessing((Otsu(), GaussianBlur(), Grey()))
    row(panel, GaussianBlur).tick.value = False
    row(panel, GaussianBlur).tick.value = True
    assert numbers(panel) == ["1. Otsu", "2. GaussianBlur", "3. Grey"]


def test_every_button_says_which_step_it_moves(panel):
    assert row(panel, Otsu)._earlier.description == "move Otsu earlier"
    words = [b.description for r in panel._steps.values() for b in (r._earlier, r._later)]
    assert len(set(words)) == 2 * len(preprocessing.STEPS)


# What the panel cannot show, and what goes wrong


@dataclass(frozen=True)
class Negative:
    def __call__(self, picture):
        return 255 - picture


@pytest.mark.parametrize(
    ("steps", "words"),
    [
        ((Negative(),), "not for Negative"),
        ((MedianBlur(), Otsu(), MedianBlur(5)), "MedianBlur stands in the chain 2 times"),
        ((Noise(), GaussianBlur(), MedianBlur(999)), "size is from 1 to 255; not 999"),
    ],
)
def test_a_chain_without_controls_is_refused_and_changes_nothing(panel, steps, words):
    before = panel.chain
    with pytest.raises(rt.TutorError, match=words):
        panel.chain = rt.Preprocessing(steps)
    assert panel.chain == before == ran(panel)["chain"] and len(numbers(panel)) == 2


def test_there_is_no_picture_beyond_the_last(panel):
    with pytest.raises(rt.TutorError, match="0 to 4; not 5"):
        panel.index = 5
    assert panel.index == 0
    with pytest.raises(rt.TutorError, match="0 to 4; not -1"):
        panel_of(GREY, index=-1)


def test_a_parameter_that_its_step_refuses_goes_back_with_a_sentence(panel):
    row(panel, MedianBlur).tick.value = True
    control(panel, MedianBlur, "size").value = 4
    panel.wait(10)
    assert 'role="alert"' in panel._refusal.value and "size is odd" in panel._refusal.value
    assert control(panel, MedianBlur, "size").value == 3 and MedianBlur(3) in panel.chain.steps
    control(panel, MedianBlur, "size").value = 5
    assert not panel._refusal.value and MedianBlur(5) in panel.chain.steps


def test_a_step_that_fails_says_so(panel, monkeypatch):
    def fail(step, picture):
        raise ValueError("<b>no memory</b>")

    with monkeypatch.context() as patch:
        patch.setattr(Stretch, "__call__", fail)
        row(panel, Stretch).tick.value = True
        assert panel.wait(10)
        assert "ValueError: &lt;b&gt;no memory" in panel._status.value
        with pytest.raises(ValueError, match="no memory"):
            panel.after  # noqa: B018
    row(panel, Stretch).tick.value = False
    assert panel.after.shape == (12, 10, 1) and "2 steps done" in panel._status.value


# What is shown


def test_the_histogram_is_of_what_goes_into_the_threshold(panel):
    blurred = GaussianBlur(1.5)(GREY.pixels[0])
    threshold = preprocessing.otsu_threshold(blurred)
    panel.wait(10)
    assert f"line marks the threshold {threshold}," in panel._histogram.value
    assert "between-class variance" in panel._histogram.value
    assert f"Otsu chose {threshold}," in panel._status.value
    panel.chain = rt.Preprocessing((Threshold(77), Resize(3, 3)))
    panel.wait(10)
    assert "line marks the threshold 77," in panel._histogram.value
    assert "of 120 pixels" in panel._histogram.value
    panel.chain = rt.Preprocessing((AdaptiveThreshold(),))
    panel.wait(10)
    assert "marks" not in panel._histogram.value and "pixel to pixel" in panel._status.value
    panel.chain = rt.Preprocessing((Resize(3, 3),))
    panel.wait(10)
    assert "Grey levels of the result" in panel._histogram.value
    assert "of 9 pixels" in panel._histogram.value


def test_pictures_say_what_they_are():
    panel = panel_of(COLOUR, Canny(), Resize(30, 700), index=1)
    panel.wait(10)
    assert 'alt="picture 1 before" width="260"' in panel._before.value
    assert "14 x 17, colour" in panel._before.value
    assert 'alt="picture 1 after Canny edges, Resize" width="420"' in panel._after_shown.value
    assert "rt-smaller" in panel._after_shown.value and "30 x 700, grey" in panel._after_shown.value


def test_what_is_shown_in_text_is_short(panel):
    assert repr(panel) == "PreprocessingPanel(images: 5 images)"


# Progress


def test_a_progress_bar_tells_how_far_it_is():
    bar = ProgressBar("Noise & <blur>")
    assert repr(bar) == "ProgressBar(Noise & <blur>)"
    assert "Noise &amp; &lt;blur&gt;: not begun" in bar._words.value
    bar(3000, 6000)
    assert (bar._bar.value, bar._bar.max, bar._bar.bar_style) == (3000, 6000, "info")
    assert ": 3,000 of 6,000 (50%)<" in bar._words.value
    bar(0, 0)
    assert "0 of 0 (100%)" in bar._words.value


def test_a_chain_moves_the_bar_to_its_end():
    bar = ProgressBar("Preprocessing")
    rt.Preprocessing((GaussianBlur(),)).apply(GREY, progress=bar)
    assert bar._bar.bar_style == "success"
    assert re.search(r'aria-valuenow="5" .*>Preprocessing: 5 of 5 \(100%\)<', bar._words.value)
