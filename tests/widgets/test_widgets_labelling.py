"""The labelling panel without a browser."""

import base64
import json
import re

import cv2
import ipywidgets
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.panels import alarmed, buttons, html_of, parts_of, said, texts

import rnn_tutor as rt
from rnn_tutor.widgets import LabellingPanel, labelling
from rnn_tutor.widgets._shots import SIDE

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


def click(panel, *words):
    for each in words:
        buttons(panel)[each].click()


def press(panel, *keys):
    for key in keys:
        panel.press(key)


def pictures(panel):
    """The buttons of the pictures on this page."""
    found = [part for part in parts_of(panel) if "rt-shot" in getattr(part, "_dom_classes", ())]
    return [button for button in found if "rt-gone" not in button._dom_classes]


def turns(panel):
    """The buttons of the picture whose turn it is: one, or none when all have names."""
    return [button for button in pictures(panel) if "rt-turn" in button._dom_classes]


def classes(panel):
    """The words on the buttons of the classes."""
    return [words for words in buttons(panel) if re.search(r" \([\d,]+\)$", words)]


def box(panel, label):
    """A text box or a list of the panel, by its label."""
    kinds = ipywidgets.Text, ipywidgets.Dropdown
    (found,) = [p for p in parts_of(panel) if isinstance(p, kinds) and p.description == label]
    return found


def add(panel, name):
    box(panel, "New class").value = name
    click(panel, "Add")


def rename(panel, old, new):
    box(panel, "Class").value, box(panel, "New name").value = old, new
    click(panel, "Rename")


def remove(panel, name):
    box(panel, "Class").value = name
    click(panel, "Remove")


# Naming


def test_a_name_lands_in_the_file_at_once(panel, folder):
    click(panel, "2 Dress (0)")
    assert rt.Labels(IMAGES, "labels.csv")[50] == "Dress" == panel.labels[50]
    assert panel.picture == 3 and turns(panel)[0].description == "3"
    assert pictures(panel)[0].description == "50\nDress"
    assert said(panel) == "1 of 33 named. Picture 50 is called Dress."
    assert classes(panel) == ["1 Bag (0)", "2 Dress (1)"]


def test_there_are_never_two_marks(panel):
    marks, shown = [], pictures(panel)
    for button in shown:
        button.observe(lambda _: marks.append(len(turns(panel))), "_dom_classes")
    for k in (3, 0, 5):
        shown[k].click()
    assert marks == [0, 1] * 3


def test_all_buttons(panel):
    click(panel, "Next")
    assert panel.picture == 3 and "Picture 3: no name yet." in said(panel)
    click(panel, "Page on")
    assert panel.picture == ORDER[25] and turns(panel) == [pictures(panel)[1]]
    click(panel, "Previous", "Page back")
    assert panel.picture == 50
    click(panel, "7")
    assert panel.picture == 7
    click(panel, "1 Bag (0)", "7\nBag", "Next without a name")
    assert panel.picture == 10
    click(panel, "7\nBag", "Clear")
    assert panel.picture == 7 and panel.labels[7] is None
    click(panel, "Undo")
    assert panel.labels[7] == "Bag" and "Undone: picture 7 is called Bag" in said(panel)
    click(panel, "Undo")
    assert panel.labels[7] is None and "Undone: picture 7 has no name" in said(panel)
    click(panel, "Undo")
    assert "nothing left to undo" in said(panel)
    add(panel, "Hat, red")
    assert panel.labels.class_names[2] == "Hat, red" and box(panel, "New class").value == ""
    assert "There is a class Hat, red, key 3." in said(panel)
    click(panel, "3 Hat, red (0)")
    assert panel.labels[7] == "Hat, red"


def test_all_keys(panel):
    for key, picture in {
        "ArrowRight": 3,
        "PageDown": ORDER[25],
        "ArrowLeft": ORDER[24],
        "PageUp": 50,
        "1": 3,
        "U": 50,
    }.items():
        press(panel, key)
        assert panel.picture == picture
    assert panel.labels[50] is None
    press(panel, "2", "Backspace", "2", "ArrowLeft", "Delete")
    assert panel.picture == 50 and panel.labels[50] is None
    press(panel, "u")
    assert panel.labels[50] == "Dress"
    panel.press("ArrowDown", columns=9)
    assert panel.picture == ORDER[9]
    panel.press("ArrowUp", columns=8)
    assert panel.picture == ORDER[1]


def test_the_ends(panel):
    press(panel, "ArrowLeft", "ArrowLeft")
    assert panel.picture == ORDER[0]
    press(panel, "PageDown", "PageDown", "PageDown")
    assert panel.picture == ORDER[-1]
    press(panel, "1", "2")  # after the last picture comes the first without a name
    assert panel.labels[[ORDER[-1], 50]] == ["Bag", "Dress"] and panel.picture == 3
    panel.picture = ORDER[-1]
    assert len(pictures(panel)) == len(ORDER) - 24


def test_it_begins_at_the_first_without_a_name_and_again_after_a_restart(panel):
    press(panel, "1", "ArrowRight", "2")
    again = panel_of()
    assert again.picture == 3 and again.labels.class_names == ("Bag", "Dress")
    assert pictures(again)[2].description == "7\nDress" and "2 of 33 named" in said(again)
    press(again, "1", "ArrowLeft", "ArrowLeft")
    click(again, "Next without a name")
    assert again.picture == 10
    again.labels[ORDER] = "Bag"
    click(again, "Next without a name")
    assert "Every picture has a name." in said(again)
    assert panel_of().picture == 50


def test_the_keys_of_many_classes():
    panel = panel_of(*"abcdefghijkl")
    assert [words.split()[0] for words in classes(panel)] == [*"1234567890", "k", "l"]
    add(panel, "m")
    assert said(panel).endswith("There is a class m.")
    press(panel, "0")
    assert panel.labels[50] == "j"


def test_a_name_that_is_none_is_refused(panel):
    add(panel, " ")
    assert alarmed(panel) and panel.labels.class_names == ("Bag", "Dress")
    press(panel, "ArrowRight")
    assert not alarmed(panel)


def test_where_nothing_can_be_written_nothing_moves(panel, folder):
    (folder / "labels.csv").mkdir()
    press(panel, "1", "2")
    assert alarmed(panel) and "cannot be" in said(panel)
    assert panel.picture == 50 and panel.labels[[50, 3]] == [None, None]
    (folder / "labels.csv").rmdir()
    press(panel, "1")
    assert panel.labels[50] == "Bag"


def test_naming_passes_over_what_has_a_name(panel):
    panel.labels[[3, 7]] = "Bag"
    press(panel, "2")
    assert panel.labels[[50, 3, 7]] == ["Dress", "Bag", "Bag"] and panel.picture == 10
    panel.picture = 3
    press(panel, "2")  # chosen on purpose
    assert panel.labels[3] == "Dress" and "it was Bag" in said(panel)
    assert panel.picture == 10


@pytest.mark.parametrize("order", [[4], [4, 2], ORDER])
def test_when_all_have_names_no_key_changes_one(order):
    panel = panel_of("Bag", "Dress", order=order)
    press(panel, *"1" * len(order))
    named = panel.labels[:]
    assert "Every picture has a name." in said(panel)
    press(panel, "2", "x")
    add(panel, "Hat")
    press(panel, "3")
    remove(panel, "Hat")
    press(panel, "u", "3")
    assert panel.labels[:] == named and "Choose one" in said(panel) and not turns(panel)
    panel.picture = order[0]
    press(panel, "2", "1")
    assert panel.labels[order[0]] == "Dress" and panel.labels[:].count("Dress") == 1
    again = LabellingPanel(panel.labels, order)  # where all have names from the beginning
    press(again, "1")
    assert panel.labels[:].count("Dress") == 1


def test_a_name_taken_away_elsewhere_is_the_next_turn():
    panel = panel_of("Bag", order=[4, 2, 9])
    press(panel, *"111")
    panel.labels[2] = None
    assert panel.picture == 2 and turns(panel)[0].description == "2"
    press(panel, "1")
    assert panel.labels[[4, 2, 9]] == ["Bag"] * 3


def test_keys_without_use_are_answered(panel):
    press(panel, "7")
    assert "No class is on key 7. Classes have keys 1 to 2." in said(panel)
    press(panel, "<")
    assert "Key < does nothing here." in said(panel)
    assert panel.labels[:] == [None] * N
    nothing = LabellingPanel(rt.Labels(IMAGES, "b.csv"))
    press(nothing, "1")
    assert "none yet" in said(nothing)


def test_a_class_gets_another_name(panel):
    press(panel, "1", "2")
    rename(panel, "Bag", "Satchel")
    assert panel.labels[[50, 3]] == ["Satchel", "Dress"]
    assert panel.labels.class_names == ("Satchel", "Dress") == tuple(box(panel, "Class").options)
    assert rt.Labels(IMAGES, "labels.csv")[50] == "Satchel"
    assert classes(panel) == ["1 Satchel (1)", "2 Dress (1)"]
    rename(panel, "Satchel", "Dress")  # two become one
    assert panel.labels[[50, 3]] == ["Dress", "Dress"] and classes(panel) == ["1 Dress (2)"]
    press(panel, "u", "u")
    assert panel.labels[[50, 3]] == ["Bag", "Dress"]
    assert panel.labels.class_names == ("Bag", "Dress")


def test_a_class_goes_and_comes_back(panel):
    press(panel, "1", "2", "1")
    remove(panel, "Bag")
    assert panel.labels[[50, 3, 7]] == [None, "Dress", None]
    assert "2 pictures lost that name" in said(panel)
    assert classes(panel) == ["1 Dress (1)"]
    press(panel, "1")  # its key has moved
    assert classes(panel) == ["1 Dress (2)"]
    press(panel, "u", "u")
    assert panel.labels[[50, 3, 7]] == ["Bag", "Dress", "Bag"]
    add(panel, "empty")
    remove(panel, "empty")
    press(panel, "u")
    assert panel.labels.class_names == ("Bag", "Dress", "empty")
    assert "Undone: the classes are Bag, Dress, empty again." in said(panel)


def test_a_class_that_is_none_cannot_be_changed(panel):
    rename(panel, "Bag", " ")
    assert alarmed(panel) and panel.labels.class_names == ("Bag", "Dress")
    nothing = LabellingPanel(rt.Labels(IMAGES, "none.csv"))
    click(nothing, "Remove")
    assert alarmed(nothing)


def test_the_originals_are_shown():
    big = rt.ImageSet(np.random.default_rng(1).integers(0, 256, (N, 128, 100, 3), np.uint8))
    panel = LabellingPanel(rt.Labels(IMAGES, "labels.csv"), ORDER, originals=big)
    (source,) = re.findall(r'<img[^>]*base64,([^"]+)', html_of(panel))
    seen = cv2.imdecode(np.frombuffer(base64.b64decode(source), np.uint8), cv2.IMREAD_COLOR)
    np.testing.assert_array_equal(seen[..., ::-1], big.pixels[50])
    assert panel.images is IMAGES
    for wrong in (big[:3], big.pixels):
        with pytest.raises(rt.TutorError, match="Expected the 60 pictures"):
            LabellingPanel(panel.labels, originals=wrong)


def test_a_closed_panel_hears_no_more(panel):
    (status,) = texts(panel, 'role="status"')
    before = status.value
    panel.close()
    panel.labels[50] = "Bag"
    assert status.value == before


# A window on the labels


def test_what_is_named_in_code_is_shown_at_once(panel):
    panel.labels[[3, 5]] = "Hat"
    assert pictures(panel)[1].description == "3\nHat" and "1 of 33 named" in said(panel)
    assert classes(panel)[2] == "3 Hat (1)"
    panel.picture = 3
    assert 'alt="picture 3: Hat"' in html_of(panel)
    panel.labels.undo()
    assert pictures(panel)[1].description == "3"
    assert 'alt="picture 3: no name yet"' in html_of(panel)


def test_undo_takes_back_what_was_named_in_code(panel):
    panel.labels[[11, 12, 0]] = "Hat"
    press(panel, "u")
    assert panel.picture == 11 and (panel.labels.as_array() == -1).all()


ACTIONS = st.lists(
    st.one_of(
        st.tuples(
            st.just(press),
            st.sampled_from([*"12u", "Delete", "ArrowLeft", "ArrowRight"]),
        ),
        st.tuples(st.just(click), st.just("Next without a name")),
        st.tuples(st.just(add), st.sampled_from(['"Bag", red', "袋 👜", "=1", "back\\slash"])),
        st.tuples(st.just(remove), st.sampled_from(["Bag", "Dress"])),
        st.tuples(st.just(rename), st.just("Bag"), st.just("Dress")),
        st.tuples(st.just(rename), st.just("Dress"), st.just("=1")),
    ),
    max_size=12,
)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(actions=ACTIONS, last=st.integers(0, 2))
def test_the_code_gives_the_same_names(folder, actions, last):
    (folder / "labels.csv").unlink(missing_ok=True)
    panel = panel_of("Bag", "Dress")
    for do, *arguments in actions:
        if do not in (rename, remove) or arguments[0] in panel.labels.class_names:
            do(panel, *arguments)
    add(panel, "Bag")
    press(panel, str(min(last, len(classes(panel)) - 1) + 1))
    for _ in ("beside the file", "without it"):
        names = ran(panel)
        assert names["labels"][:] == panel.labels[:]
        assert names["labels"].class_names == panel.labels.class_names
        np.testing.assert_array_equal(names["y"], panel.labels.as_array())
        (folder / "labels.csv").unlink()


def test_many_names_are_left_to_the_file(panel, monkeypatch):
    monkeypatch.setattr(labelling, "IN_CODE", 2)
    press(panel, "1", "1", "2")
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


# What is shown


@pytest.mark.parametrize("shape", [(6, 5, 1), (40, 30, 3), (300, 100, 3), (1, 500, 1)])
def test_the_buttons_have_the_pictures(shape):
    pixels = np.random.default_rng(0).integers(0, 256, (3, *shape), np.uint8)
    panel = LabellingPanel(rt.Labels(rt.ImageSet(pixels)), [2, 0])
    drawn = re.findall(
        r"rt-shot-(\d) \{ background-image: url\(data:image/png;base64,(.+?)\)", html_of(panel)
    )
    assert [k for k, _ in drawn] == ["0", "1"]
    for picture, (_, source) in zip([2, 0], drawn, strict=True):
        seen = cv2.imdecode(np.frombuffer(base64.b64decode(source), np.uint8), cv2.IMREAD_COLOR)
        assert max(seen.shape) <= 2 * SIDE
        if max(shape) <= 2 * SIDE:
            np.testing.assert_array_equal(
                seen[..., ::-1], np.broadcast_to(pixels[picture], seen.shape)
            )
    (own,) = [kind for kind in panel._dom_classes if panel.model_id in kind]
    assert f".{own} .rt-shot-0 {{" in html_of(panel)  # of no other panel


def test_strips_are_shown_at_their_width():
    tunes = rt.load_images("tunes", limit=6)
    panel = LabellingPanel(rt.Labels(tunes, "tunes.csv"), originals=tunes)
    shown = html_of(panel)
    sources = re.findall(
        r"rt-shot-\d \{ background-image: url\(data:image/png;base64,(.+?)\)", shown
    )
    for source, width in zip(sources, tunes.widths, strict=True):
        seen = cv2.imdecode(np.frombuffer(base64.b64decode(source), np.uint8), cv2.IMREAD_COLOR)
        assert seen.shape[1] == min(width, 2 * SIDE)
    panel.picture = 1
    height = int(re.search(r'width="176" height="(\d+)"', html_of(panel))[1])
    assert height == round(176 * 32 / tunes.widths[1])


def test_names_are_escaped_and_cut_where_there_is_no_room():
    name = "<b>a very long name of a class</b> & more"
    panel = panel_of(name)
    press(panel, "1", "ArrowLeft", "1", "ArrowLeft")
    assert "<b>a very" not in html_of(panel) and "&lt;b&gt;a very" in html_of(panel)
    (button,) = turns(panel)
    assert button.description == "50\n<b>a very long name of…"
    assert button.tooltip == f"picture 50 {name}"


def test_rows_of_other_pictures_are_told():
    rt.Labels(rt.ImageSet(255 - IMAGES.pixels), "labels.csv")[:3] = "Bag"
    assert "also has 3 rows" in html_of(panel_of())


def test_pictures_are_no_stops_of_the_tab_key(panel):
    shown = pictures(panel)
    assert all(button.tabbable is False for button in shown)
    others = [b for b in buttons(panel).values() if b not in shown and b.description]
    assert others and all(button.tabbable is None for button in others)


def test_a_press_sends_little(monkeypatch):
    """With 10,000 pictures, a thousand of them named."""
    pixels = np.random.default_rng(0).integers(0, 256, (10_000, 28, 28, 1), np.uint8)
    labels = rt.Labels(rt.ImageSet(pixels), "labels.csv", ["Bag"])
    labels[5000:6000] = "Dress"
    panel, messages = LabellingPanel(labels), []
    monkeypatch.setattr(
        ipywidgets.Widget, "_send", lambda self, m, buffers=None: messages.append(m)
    )
    (sheet,) = texts(panel, "<style>")
    panel.press("1")
    assert 0 < len(json.dumps(messages, default=str)) < 6_000
    assert sheet.value not in str(messages)  # the same page


def test_a_closed_panel_leaves_nothing_behind(panel):
    add(panel, "Hat")
    gone = buttons(panel)["3 Hat (0)"]
    remove(panel, "Hat")
    parts = [*parts_of(panel), gone]
    panel.close()
    assert len(parts) > 50
    for part in parts:
        owned = (part, part.layout, getattr(part, "style", part))
        assert all(widget.comm is None for widget in owned)
