"""The preprocessing panel without a browser, and the progress bar."""

import re
from dataclasses import dataclass, fields
from itertools import pairwise

import ipywidgets
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.panels import alarmed, bar, buttons, html_of, parts_of
from support.panels import control as control_of

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

RNG = np.random.default_rng(0)
GREY = rt.ImageSet(RNG.integers(0, 256, (5, 12, 10, 1), np.uint8))
NAMES = {  # of the steps whose name on the screen is another one
    "Noise": "Noise on purpose",
    "GaussianBlur": "Gaussian blur",
    "MedianBlur": "Median blur",
    "Bilateral": "Bilateral filter",
    "NonLocalMeans": "Non-local means",
    "Canny": "Canny edges",
    "AdaptiveThreshold": "Adaptive threshold",
}
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


def shown_as(kind):
    return NAMES.get(kind.__name__, kind.__name__)


def tick(panel, kind):
    """The box that switches a step on."""
    boxes = [part for part in parts_of(panel) if isinstance(part, ipywidgets.Checkbox)]
    (found,) = [box for box in boxes if box.description == shown_as(kind)]
    return found


def controls(panel, kind):
    """The controls of a step that is on, each by its label."""
    found = [part for part in parts_of(panel) if getattr(part, "tooltip", None)]
    return {
        part.description: part
        for part in found
        if part.tooltip == f"{shown_as(kind)}: {part.description}"
    }


def control(panel, kind, label):
    (found,) = [box for words, box in controls(panel, kind).items() if words.startswith(label)]
    return found


def arrow(panel, kind, way):
    """The button that moves a step earlier or later."""
    return buttons(panel)[f"move {shown_as(kind)} {way}"]


def numbers(panel):
    """What stands before each row, and its name, from top to bottom."""
    shown = [p for p in parts_of(panel) if isinstance(p, ipywidgets.HTML | ipywidgets.Checkbox)]
    return [
        f"{place.value} {box.description}"
        for place, box in pairwise(shown)
        if re.fullmatch(r"\d+\.", str(place.value))
    ]


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
@settings(max_examples=12, deadline=None)
def test_the_code_shown_gives_exactly_the_same_picture(chain, kind, index):
    panel = SHOWING[kind]
    panel.chain, panel.index = chain, index
    names = ran(panel)
    assert panel.chain == names["chain"] == chain
    assert panel.after.dtype == np.uint8 and panel.after.ndim == 3
    np.testing.assert_array_equal(panel.after, names["after"])
    assert max(map(len, panel.code.splitlines())) <= 68


def test_every_parameter_of_every_step_has_a_control():
    panel = panel_of(GREY, *(kind() for kind in preprocessing.STEPS if kind is not Noise), Noise())
    assert panel.wait(30)
    for kind in preprocessing.STEPS:
        assert len(controls(panel, kind)) == len(fields(kind)), kind.__name__


def test_a_chain_set_in_code_moves_the_controls(panel):
    panel.chain = rt.Preprocessing((Otsu(), Noise("salt_and_pepper", 0.3, 7), Grey()))
    assert numbers(panel) == ["1. Otsu", "2. Noise on purpose", "3. Grey"]
    assert control(panel, Noise, "kind").value == "salt_and_pepper"
    assert control(panel, Noise, "amount").value == 0.3
    on = [kind.__name__ for kind in preprocessing.STEPS if tick(panel, kind).value]
    assert on == ["Noise", "Grey", "Otsu"]
    panel.chain = rt.Preprocessing()
    assert numbers(panel) == [] and "rt.Preprocessing()" in panel.code
    np.testing.assert_array_equal(panel.after, GREY.pixels[0])


def test_the_controls_change_the_chain(panel):
    control(panel, GaussianBlur, "sigma").value = 3.0
    control(panel, GaussianBlur, "sigma").value = 2.0
    tick(panel, Stretch).value = True
    assert panel.chain == rt.Preprocessing((GaussianBlur(2.0), Stretch(), Otsu()))
    tick(panel, GaussianBlur).value = False
    assert panel.chain == rt.Preprocessing((Stretch(), Otsu()))
    tick(panel, GaussianBlur).value = True
    assert panel.chain.steps[0] == GaussianBlur(2.0), "a step that was off keeps its parameters"
    control_of(panel, "picture").value = 3
    assert panel.index == 3
    np.testing.assert_array_equal(panel.after, panel.chain(GREY.pixels[3]))


def test_the_buttons_change_the_order_and_end_at_the_ends(panel):
    panel.chain = rt.Preprocessing((Grey(), GaussianBlur(), Otsu()))
    arrow(panel, Otsu, "earlier").click()
    assert numbers(panel) == ["1. Grey", "2. Otsu", "3. Gaussian blur"]
    arrow(panel, Otsu, "earlier").click()
    arrow(panel, Grey, "later").click()
    arrow(panel, Otsu, "earlier").click()  # as a second click may, before the first has greyed it
    assert panel.chain == rt.Preprocessing((Otsu(), GaussianBlur(), Grey()))
    assert arrow(panel, Otsu, "earlier").disabled and not arrow(panel, Otsu, "later").disabled
    assert arrow(panel, Grey, "later").disabled and not arrow(panel, Grey, "earlier").disabled
    np.testing.assert_array_equal(panel.after, ran(panel)["after"])


def test_a_step_that_is_off_keeps_its_place(panel):
    panel.chain = rt.Preprocessing((Otsu(), GaussianBlur(), Grey()))
    tick(panel, GaussianBlur).value = False
    tick(panel, GaussianBlur).value = True
    assert numbers(panel) == ["1. Otsu", "2. Gaussian blur", "3. Grey"]


def test_every_button_says_which_step_it_moves(panel):
    panel.chain = rt.Preprocessing((Otsu(), Noise()))
    words = {"move Otsu earlier", "move Otsu later"}
    assert words | {"move Noise on purpose earlier", "move Noise on purpose later"} == set(
        buttons(panel)
    )


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
    tick(panel, MedianBlur).value = True
    control(panel, MedianBlur, "size").value = 4
    panel.wait(10)
    assert alarmed(panel) and "size is odd" in html_of(panel)
    assert control(panel, MedianBlur, "size").value == 3 and MedianBlur(3) in panel.chain.steps
    control(panel, MedianBlur, "size").value = 5
    assert not alarmed(panel) and MedianBlur(5) in panel.chain.steps


def test_a_step_that_fails_says_so(panel, monkeypatch):
    def fail(step, picture):
        raise ValueError("<b>no memory</b>")

    with monkeypatch.context() as patch:
        patch.setattr(Stretch, "__call__", fail)
        tick(panel, Stretch).value = True
        assert panel.wait(10)
        assert "ValueError: &lt;b&gt;no memory" in html_of(panel)
        with pytest.raises(ValueError, match="no memory"):
            panel.after  # noqa: B018
    tick(panel, Stretch).value = False
    assert panel.after.shape == (12, 10, 1) and "2 steps done" in html_of(panel)


# What is shown


def test_the_histogram_is_of_what_goes_into_the_threshold(panel):
    blurred = GaussianBlur(1.5)(GREY.pixels[0])
    threshold = preprocessing.otsu_threshold(blurred)
    panel.wait(10)
    assert f"line marks the threshold {threshold}," in html_of(panel)
    assert "between-class variance" in html_of(panel)
    assert f"Otsu chose {threshold}," in html_of(panel)
    panel.chain = rt.Preprocessing((Threshold(77), Resize(3, 3)))
    panel.wait(10)
    assert "line marks the threshold 77," in html_of(panel)
    assert "of 120 pixels" in html_of(panel)
    panel.chain = rt.Preprocessing((AdaptiveThreshold(),))
    panel.wait(10)
    assert "marks" not in html_of(panel) and "pixel to pixel" in html_of(panel)
    panel.chain = rt.Preprocessing((Resize(3, 3),))
    panel.wait(10)
    assert "Grey levels of the result" in html_of(panel)
    assert "of 9 pixels" in html_of(panel)


def test_pictures_say_what_they_are():
    panel = panel_of(COLOUR, Canny(), Resize(30, 700), index=1)
    panel.wait(10)
    assert 'alt="picture 1 before" width="260"' in html_of(panel)
    assert "14 x 17, colour" in html_of(panel)
    assert 'alt="picture 1 after Canny edges, Resize" width="420"' in html_of(panel)
    assert "rt-smaller" in html_of(panel) and "30 x 700, grey" in html_of(panel)


def test_what_is_shown_in_text_is_short(panel):
    assert repr(panel) == "PreprocessingPanel(images: 5 images)"


# Progress


def test_a_progress_bar_tells_how_far_it_is():
    progress = ProgressBar("Noise & <blur>")
    assert repr(progress) == "ProgressBar(Noise & <blur>)"
    assert "Noise &amp; &lt;blur&gt;: not begun" in html_of(progress)
    progress(3000, 6000)
    assert (bar(progress).value, bar(progress).max, bar(progress).bar_style) == (3000, 6000, "info")
    assert ": 3,000 of 6,000 (50%)<" in html_of(progress)
    progress(0, 0)
    assert "0 of 0 (100%)" in html_of(progress)


def test_a_chain_moves_the_bar_to_its_end():
    progress = ProgressBar("Preprocessing")
    rt.Preprocessing((GaussianBlur(),)).apply(GREY, progress=progress)
    assert bar(progress).bar_style == "success"
    assert re.search(r'aria-valuenow="5" .*>Preprocessing: 5 of 5 \(100%\)<', html_of(progress))
