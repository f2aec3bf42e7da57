"""The labelling panel without a browser."""

import base64
import json
import re
import time
from pathlib import Path

import cv2
import ipywidgets
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import rnn_tutor as rt
from rnn_tutor.widgets import LabellingPanel, labelling
from rnn_tutor.widgets._orders import Orders

N = 60
IMAGES = rt.ImageSet(np.random.default_rng(0).integers(0, 256, (N, 6, 5, 1), np.uint8))
ORDER = [50, 3, 7, *range(10, 40)]  # 33 pictures, two pages


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def panel():
    return panel_of("Bag", "Dress")


def panel_of(*names, order=ORDER):
    return LabellingPanel(rt.Labels(IMAGES, "labels.csv", names), order)


def ran(panel):
    """What the panel's plain Python leaves behind."""
    names = {"rt": rt, "images": panel.images}
    exec(panel.code, names)
    return names


def buttons(widget):
    """Every button of the panel, by its words."""
    found = {widget.description: widget} if isinstance(widget, ipywidgets.Button) else {}
    for child in getattr(widget, "children", ()):
        found |= buttons(child)
    return found


def turn(panel):
    """The button of the picture whose turn it is."""
    (shot,) = [s for s in panel._shots if "rt-turn" in s._dom_classes]
    return shot


def html_of(widget):
    parts = [widget.value] if isinstance(widget, ipywidgets.HTML) else []
    return "".join([*parts, *map(html_of, getattr(widget, "children", ()))])


# Naming


def test_a_name_lands_in_the_file_at_once(panel, folder):
    panel._classes[1].click()
    assert rt.Labels(IMAGES, "labels.csv")[50] == "Dress" == panel.labels[50]
    assert panel.picture == 3 and turn(panel).description == "3"
    assert panel._shots[0].description == "50\nDress"
    assert "<b>1 of 33 named.</b> Picture 50 is called Dress." in panel._status.value
    assert [b.description for b in panel._classes] == ["1 Bag (0)", "2 Dress (1)"]


def test_there_are_never_two_marks(panel):
    marks = []

    def count(_):
        marks.append(sum("rt-turn" in shot._dom_classes for shot in panel._shots))

    for shot in panel._shots:
        shot.observe(count, "_dom_classes")
    for k in (3, 0, 5):
        panel._shots[k].click()
    assert marks == [0, 1] * 3


def test_all_buttons(panel):
    press = {words: button.click for words, button in buttons(panel).items()}
    press["Next"]()
    assert panel.picture == 3 and "Picture 3: no name yet." in panel._status.value
    press["Page on"]()
    assert panel.picture == ORDER[25] and turn(panel) is panel._shots[1]
    press["Previous"]()
    press["Page back"]()
    assert panel.picture == 50
    panel._shots[2].click()
    assert panel.picture == 7
    press["1 Bag (0)"]()
    panel._shots[2].click()
    press["Next without a name"]()
    assert panel.picture == 10
    panel.picture = 7
    press["Clear"]()
    assert panel.picture == 7 and panel.labels[7] is None
    press["Undo"]()
    assert panel.labels[7] == "Bag" and "Undone: picture 7 is called Bag" in panel._status.value
    press["Undo"]()
    assert panel.labels[7] is None and "Undone: picture 7 has no name" in panel._status.value
    press["Undo"]()
    assert "nothing left to undo" in panel._status.value
    panel._new.value = "Hat, red"
    press["Add"]()
    assert panel.labels.class_names[2] == "Hat, red" and panel._new.value == ""
    assert "There is a class Hat, red, key 3." in panel._status.value
    buttons(panel)["3 Hat, red (0)"].click()
    assert panel.labels[7] == "Hat, red"


def test_the_ends(panel):
    panel._do([("previous", 3)])
    assert panel.picture == ORDER[0]
    panel._do([("page-on", 9)])
    assert panel.picture == ORDER[-1]
    panel._do([("class", 0), ("class", 1)])  # after the last picture comes the first without a name
    assert panel.labels[[ORDER[-1], 50]] == ["Bag", "Dress"] and panel.picture == 3
    panel.picture = ORDER[-1]
    shown = [shot for shot in panel._shots if "rt-gone" not in shot._dom_classes]
    assert len(shown) == len(ORDER) - 24


def test_it_begins_at_the_first_without_a_name_and_again_after_a_restart(panel):
    panel._do([("class", 0), ("next", 1), ("class", 1)])
    again = panel_of()
    assert again.picture == 3 and again.labels.class_names == ("Bag", "Dress")
    assert again._shots[2].description == "7\nDress" and "2 of 33 named" in again._status.value
    again._do([("class", 0), ("previous", 2), ("unnamed", 1)])
    assert again.picture == 10
    again.labels[ORDER] = "Bag"
    again._do([("unnamed", 1)])
    assert "Every picture has a name." in again._status.value
    assert panel_of().picture == 50


def test_the_keys_of_many_classes():
    panel = panel_of(*"abcdefghijkl")
    keys = [button.description.split()[0] for button in panel._classes]
    assert keys == [*"1234567890", "k", "l"]
    panel._do([("add", "m")])
    assert panel._status.value.endswith("There is a class m.</div>")


def test_a_name_that_is_none_is_refused(panel):
    panel._do([("add", " ")])
    assert 'role="alert"' in panel._status.value and panel.labels.class_names == ("Bag", "Dress")
    panel._do([("next", 1)])
    assert 'role="alert"' not in panel._status.value


def test_where_nothing_can_be_written_nothing_moves(panel, folder):
    (folder / "labels.csv").mkdir()
    panel._do([("class", 0), ("next", 1), ("class", 1)])
    assert 'role="alert"' in panel._status.value and "cannot be" in panel._status.value
    assert panel.picture == 50 and panel.labels[[50, 3]] == [None, None]
    (folder / "labels.csv").rmdir()
    panel._do([("class", 0)])
    assert panel.labels[50] == "Bag"


def test_naming_passes_over_what_has_a_name(panel):
    panel.labels[[3, 7]] = "Bag"
    panel._do([("class", 1)])
    assert panel.labels[[50, 3, 7]] == ["Dress", "Bag", "Bag"] and panel.picture == 10
    panel.picture = 3
    panel._do([("class", 1)])  # chosen on purpose
    assert panel.labels[3] == "Dress" and "it was Bag" in panel._status.value
    assert panel.picture == 10


@pytest.mark.parametrize("order", [[4], [4, 2], ORDER])
def test_when_all_have_names_no_key_changes_one(order):
    panel = panel_of("Bag", "Dress", order=order)
    panel._do([("class", 0)] * len(order))
    named = panel.labels[:]
    assert "Every picture has a name." in panel._status.value
    panel._do([("class", 1), ("unused", "x"), ("add", "Hat"), ("class", 2)])
    panel._do([("remove", "Hat"), ("undo", 1), ("class", 2)])
    assert panel.labels[:] == named and "Choose one" in panel._status.value
    assert not any("rt-turn" in shot._dom_classes for shot in panel._shots)
    panel.picture = order[0]
    panel._do([("class", 1), ("class", 0)])
    assert panel.labels[order[0]] == "Dress" and panel.labels[:].count("Dress") == 1
    again = LabellingPanel(panel.labels, order)  # where all have names from the beginning
    again._do([("class", 0)])
    assert panel.labels[:].count("Dress") == 1


def test_a_name_taken_away_elsewhere_is_the_next_turn():
    panel = panel_of("Bag", order=[4, 2, 9])
    panel._do([("class", 0)] * 3)
    panel.labels[2] = None
    assert panel.picture == 2 and turn(panel).description == "2"
    panel._do([("class", 0)])
    assert panel.labels[[4, 2, 9]] == ["Bag"] * 3


def test_keys_without_use_are_answered(panel):
    panel._do([("unused", "7")])
    assert "No class is on key 7. Classes have keys 1 to 2." in panel._status.value
    panel._do([("class", 4)])  # of a class that is gone by now
    assert "No class is on key 5." in panel._status.value
    panel._do([("unused", "<")])
    assert "Key &lt; does nothing here." in panel._status.value
    assert panel.labels[:] == [None] * N
    assert "none yet" in LabellingPanel(rt.Labels(IMAGES, "b.csv"))._unused("1")


def test_a_class_gets_another_name(panel):
    panel._do([("class", 0), ("class", 1), ("rename", ["Bag", "Satchel"])])
    assert panel.labels[[50, 3]] == ["Satchel", "Dress"]
    assert panel.labels.class_names == ("Satchel", "Dress")
    assert rt.Labels(IMAGES, "labels.csv")[50] == "Satchel"
    assert [b.description for b in panel._names.children] == ["1 Satchel (1)", "2 Dress (1)"]
    panel._do([("rename", ["Satchel", "Dress"])])  # two become one
    assert panel.labels[[50, 3]] == ["Dress", "Dress"] and len(panel._names.children) == 1
    panel._do([("undo", 1), ("undo", 1)])
    assert panel.labels[[50, 3]] == ["Bag", "Dress"]
    assert panel.labels.class_names == ("Bag", "Dress")


def test_a_class_goes_and_comes_back(panel):
    panel._do([("class", 0), ("class", 1), ("class", 0), ("remove", "Bag")])
    assert panel.labels[[50, 3, 7]] == [None, "Dress", None]
    assert "2 pictures lost that name" in panel._status.value
    assert [b.description for b in panel._names.children] == ["1 Dress (1)"]
    panel._do([("class", 0)])  # its key has moved
    assert "Dress (2)" in panel._names.children[0].description
    panel._do([("undo", 1), ("undo", 1)])
    assert panel.labels[[50, 3, 7]] == ["Bag", "Dress", "Bag"]
    panel._do([("add", "empty"), ("remove", "empty"), ("undo", 1)])
    assert panel.labels.class_names == ("Bag", "Dress", "empty")
    assert "Undone: the classes are Bag, Dress, empty again." in panel._status.value


@pytest.mark.parametrize("order", [("rename", ["Hat", "Cap"]), ("rename", ["Bag", " "])])
def test_a_class_that_is_none_cannot_be_changed(panel, order):
    panel._do([order])
    assert 'role="alert"' in panel._status.value and panel.labels.class_names == ("Bag", "Dress")
    nothing = LabellingPanel(rt.Labels(IMAGES, "none.csv"))
    nothing._do([("remove", None)])
    assert 'role="alert"' in nothing._status.value


def test_buttons_rename_and_remove(panel):
    panel._changed.value, panel._new_name.value = "Dress", "Skirt"
    press = {words: button.click for words, button in buttons(panel).items()}
    press["Rename"]()
    assert panel.labels.class_names == ("Bag", "Skirt") and panel._changed.options[1] == "Skirt"
    panel._changed.value = "Bag"
    press["Remove"]()
    assert panel.labels.class_names == ("Skirt",) == tuple(panel._changed.options)


def test_the_originals_are_shown():
    big = rt.ImageSet(np.random.default_rng(1).integers(0, 256, (N, 128, 100, 3), np.uint8))
    panel = LabellingPanel(rt.Labels(IMAGES, "labels.csv"), ORDER, originals=big)
    (source,) = re.findall(r"base64,([^\"]+)", panel._seen.value)
    seen = cv2.imdecode(np.frombuffer(base64.b64decode(source), np.uint8), cv2.IMREAD_COLOR)
    np.testing.assert_array_equal(seen[..., ::-1], big.pixels[50])
    assert panel.images is IMAGES
    for wrong in (big[:3], big.pixels):
        with pytest.raises(rt.TutorError, match="Expected the 60 pictures"):
            LabellingPanel(panel.labels, originals=wrong)


def test_a_closed_panel_hears_no_more(panel):
    before = panel._status.value
    panel.close()
    panel.labels[50] = "Bag"
    assert panel._status.value == before


# A window on the labels


def test_what_is_named_in_code_is_shown_at_once(panel):
    panel.labels[[3, 5]] = "Hat"
    assert panel._shots[1].description == "3\nHat" and "1 of 33 named" in panel._status.value
    assert panel._classes[2].description == "3 Hat (1)"
    panel.picture = 3
    assert 'alt="picture 3: Hat"' in panel._seen.value
    panel.labels.undo()
    assert (
        panel._shots[1].description == "3" and 'alt="picture 3: no name yet"' in panel._seen.value
    )


def test_undo_takes_back_what_was_named_in_code(panel):
    panel.labels[[11, 12, 0]] = "Hat"
    panel._do([("undo", 1)])
    assert panel.picture == 11 and (panel.labels.as_array() == -1).all()


ORDERS = st.lists(
    st.one_of(
        st.tuples(st.just("class"), st.integers(0, 1)),
        st.tuples(st.sampled_from(["clear", "undo", "unnamed", "previous", "next"]), st.just(1)),
        st.tuples(st.just("add"), st.sampled_from(['"Bag", red', "袋 👜", "=1", "back\\slash"])),
        st.tuples(st.just("remove"), st.sampled_from(["Bag", "Dress"])),
        st.tuples(st.just("rename"), st.sampled_from([["Bag", "Dress"], ["Dress", "=1"]])),
    ),
    max_size=12,
)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(orders=ORDERS, last=st.integers(0, 2))
def test_the_code_gives_the_same_names(folder, orders, last):
    (folder / "labels.csv").unlink(missing_ok=True)
    panel = panel_of("Bag", "Dress")
    panel._do(orders)
    panel._do([("add", "Bag"), ("class", min(last, len(panel._names.children) - 1))])
    for _ in ("beside the file", "without it"):
        names = ran(panel)
        assert names["labels"][:] == panel.labels[:]
        assert names["labels"].class_names == panel.labels.class_names
        np.testing.assert_array_equal(names["y"], panel.labels.as_array())
        (folder / "labels.csv").unlink()


def test_many_names_are_left_to_the_file(panel, monkeypatch):
    monkeypatch.setattr(labelling, "IN_CODE", 2)
    panel._do([("class", 0), ("class", 0), ("class", 1)])
    assert panel.code.count("\n") == 1 and ran(panel)["labels"][:] == panel.labels[:]


@pytest.mark.parametrize("order", [[], [N], [-1], [[1, 2]], [0.5], "ab", [True]])
def test_an_order_that_is_none(order):
    with pytest.raises(rt.TutorError, match="whole numbers from 0 to 59"):
        panel_of(order=order)


def test_what_are_no_labels():
    with pytest.raises(rt.TutorError, match=r"LabellingPanel\(rt\.Labels\(images\)\)"):
        LabellingPanel(IMAGES)


def test_the_order(panel):
    assert panel_of(order=None).order.tolist() == list(range(N))
    assert panel_of(order=np.array([4, 2, 4, 9])).order.tolist() == [4, 2, 9]
    with pytest.raises(rt.TutorError, match="Picture 0 is none of the 33"):
        panel.picture = 0
    assert repr(panel) == "LabellingPanel(images: 60 images)"


# What the script sends


def sent(orders, *numbered, sender="a"):
    orders._field.value = json.dumps([sender, numbered])


def test_each_order_is_carried_out_once_and_in_turn():
    done = []
    orders = Orders(done.append)
    sent(orders, [1, "next", 1])
    sent(orders, [1, "next", 1], [2, "class", 0], [3, "undo", 1])
    sent(orders, [2, "class", 0])  # late
    sent(orders, [3, "undo", 1], [4, "add", "Hat"])
    assert done == [[("next", 1)], [("class", 0), ("undo", 1)], [("add", "Hat")]]
    assert 'data-done="a 4"' in orders._confirmed.value
    sent(orders, [1, "next", 1], sender="b")  # the page was loaded again
    assert done[3:] == [[("next", 1)]] and 'data-done="b 1"' in orders._confirmed.value


def test_script_and_panel_know_the_same_actions():
    source = Path(labelling.__file__).with_name("labelling.js").read_text(encoding="utf-8")
    asked = set(re.findall(r"ask\('([a-z-]+)'", source))
    assert asked and asked <= {*labelling.MOVES, *labelling.ACTIONS}
    of_buttons = {
        kind.removeprefix("rt-do-")
        for button in buttons(panel_of("Bag")).values()
        for kind in button._dom_classes
        if kind.startswith("rt-do-")
    }
    assert of_buttons | {"unused"} == {*labelling.MOVES, *labelling.ACTIONS}


# What is shown


@pytest.mark.parametrize("shape", [(6, 5, 1), (40, 30, 3), (300, 100, 3), (1, 500, 1)])
def test_the_buttons_have_the_pictures(shape):
    pixels = np.random.default_rng(0).integers(0, 256, (3, *shape), np.uint8)
    panel = LabellingPanel(rt.Labels(rt.ImageSet(pixels)), [2, 0])
    drawn = re.findall(
        r"rt-shot-(\d) \{ background-image: url\(data:image/png;base64,(.+?)\)", panel._drawn.value
    )
    assert [k for k, _ in drawn] == ["0", "1"]
    for picture, (_, source) in zip([2, 0], drawn, strict=True):
        seen = cv2.imdecode(np.frombuffer(base64.b64decode(source), np.uint8), cv2.IMREAD_COLOR)
        assert max(seen.shape) <= 2 * labelling.SMALL
        if max(shape) <= 2 * labelling.SMALL:
            np.testing.assert_array_equal(
                seen[..., ::-1], np.broadcast_to(pixels[picture], seen.shape)
            )
    assert panel._own in panel._drawn.value and panel._own in panel._dom_classes


def test_names_are_escaped_and_cut_where_there_is_no_room():
    name = "<b>a very long name of a class</b> & more"
    panel = panel_of(name)
    panel._do([("class", 0), ("previous", 1)])
    panel._do([("class", 0), ("previous", 1)])
    assert "<b>a very" not in html_of(panel) and "&lt;b&gt;a very" in panel._seen.value
    assert turn(panel).description == "50\n<b>a very long name of…"
    assert turn(panel).tooltip == f"picture 50 {name}"


def test_rows_of_other_pictures_are_told():
    rt.Labels(rt.ImageSet(255 - IMAGES.pixels), "labels.csv")[:3] = "Bag"
    assert "also has 3 rows" in panel_of()._note.value


def test_pictures_are_no_stops_of_the_tab_key(panel):
    assert all(shot.tabbable is False for shot in panel._shots)
    assert all(b.tabbable is None for b in buttons(panel).values() if b not in panel._shots)


def test_a_press_is_quick_and_sends_little(monkeypatch):
    """With 10,000 pictures, a thousand of them named."""
    pixels = np.random.default_rng(0).integers(0, 256, (10_000, 28, 28, 1), np.uint8)
    labels = rt.Labels(rt.ImageSet(pixels), "labels.csv", ["Bag"])
    labels[5000:6000] = "Dress"
    panel, messages = LabellingPanel(labels), []
    monkeypatch.setattr(
        ipywidgets.Widget, "_send", lambda self, m, buffers=None: messages.append(m)
    )
    monkeypatch.setattr(panel, "_drawing", None)  # not needed on the same page
    start = time.perf_counter()
    panel._do([("class", 0)])
    assert time.perf_counter() - start < 0.1
    assert 0 < len(json.dumps(messages, default=str)) < 6_000
