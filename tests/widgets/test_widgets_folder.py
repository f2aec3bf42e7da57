"""The folder panel and the spot-check panel without a browser."""

import numpy as np
import pytest
from support.panels import buttons, html_of, said

import rnn_tutor as rt
from rnn_tutor.images.imageset import ImageSet
from rnn_tutor.widgets import FolderPanel, SpotCheckPanel


@pytest.fixture
def inspection():
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (20, 40, 40, 3), np.uint8)
    dark = rng.integers(0, 40, (2, 40, 40, 3), np.uint8)
    return rt.Inspection(rt.load_images(np.concatenate([pixels, pixels[:3], dark])))


def after_code(panel, names):
    exec(panel.code, names)
    return names


def test_buttons_set_aside_and_take_back(inspection):
    panel = FolderPanel(inspection, name="images")
    assert said(panel).startswith("0 set aside, 25 kept.")
    panel.press("spoilt")
    assert inspection.aside.tolist() == inspection.spoilt.tolist() == [20, 21, 22, 23, 24]
    assert said(panel).startswith("5 set aside, 20 kept.")
    panel.press("kind", 0)  # the duplicates, all of which are aside
    assert inspection.aside.tolist() == [23, 24]
    panel.press("shot", 1)  # 20, beside 0
    assert inspection.aside.tolist() == [20, 23, 24]
    panel.press("back")
    assert inspection.aside.tolist() == []


def test_the_folder_panel_follows_code_and_its_code_does_the_same(inspection):
    panel = FolderPanel(inspection)
    inspection.set_aside([4, 24])
    assert said(panel).startswith("2 set aside")
    names = after_code(panel, {"rt": rt, "images": inspection.images})
    assert names["inspection"].aside.tolist() == [4, 24]
    assert len(names["kept"]) == 23


def test_an_error_is_said_in_the_panel():
    images = rt.load_images(np.zeros((3, 30, 30, 3), np.uint8))
    panel = FolderPanel(rt.Inspection(images))
    panel.press("spoilt")
    assert "none be left" in said(panel)
    assert len(panel.inspection.aside) == 0


def test_where_nothing_stands_out_there_are_no_buttons():
    pixels = np.random.default_rng(0).integers(0, 256, (12, 40, 40, 3), np.uint8)
    panel = FolderPanel(rt.Inspection(rt.load_images(pixels)))
    assert not [words for words in buttons(panel) if "aside" in words]
    assert "Nothing stands out" in html_of(panel)


@pytest.fixture
def check():
    rng = np.random.default_rng(0)
    images = rt.load_images(rng.integers(0, 256, (60, 12, 12, 1), np.uint8))
    sorting = rt.Sorting(images, np.arange(60) % 3)
    sorting.name(0, "<cats>")
    return rt.SpotCheck(sorting, n=12, seed=1)


def test_keys_lead_through_the_check(check):
    panel = SpotCheckPanel(check)
    order = []
    for key in ["r", "1", "W", "2", "u", "x", "Backspace", "r"]:
        order.append(panel.image)
        panel.press(key)
    assert order[:5] == check.sample[:5].tolist() and order[6] == check.sample[3]
    assert list(check.answers.values()) == [True, True, True]
    while panel.image is not None:
        panel.press("r")
    assert len(check.answers) == 12 and check.estimate.share == 1
    panel.press("r")  # there is nothing left
    panel.press("u")
    assert panel.image == check.sample[-1]


def test_the_question_names_the_cluster_and_escapes_it(check):
    panel = SpotCheckPanel(check)
    for image in check.sample:
        name = "&lt;cats&gt;" if check.cluster_of(image) == 0 else check.name_of(image)
        assert f"Does it belong to: {name}?" in html_of(panel)
        panel.press("w")
    assert "<cats>" not in html_of(panel)


def test_the_check_hides_the_folder_that_would_tell_the_answer(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (12, 12, 12, 1), np.uint8)
    images = ImageSet(pixels, np.arange(12) % 2, ["hats", "shoes"])
    images = rt.load_images(images.write(tmp_path / "mine"))
    panel = SpotCheckPanel(rt.SpotCheck(rt.Sorting(images, np.arange(12) // 6), n=4))
    for image in panel.check.sample:
        assert "hats" not in html_of(panel) and "shoes" not in html_of(panel)
        assert images.sources[image].rsplit("/", 1)[1] in html_of(panel)
        panel.press("r")


def test_the_check_s_code_gives_the_same_estimate(check):
    panel = SpotCheckPanel(check)
    for image in check.sample:
        check.answer(image, bool(image % 4))
    names = after_code(panel, {"rt": rt, "sorting": check.sorting})
    assert names["check"].estimate == check.estimate
    assert f"{check.estimate.share:.0%} right" in said(panel)


def test_after_wrong_ones_the_panel_asks_for_another_check(check):
    panel = SpotCheckPanel(check)
    check.answer(check.sample, True)
    assert "again" not in html_of(panel)
    check.answer(check.sample[:1], False)
    assert "run this cell again" in html_of(panel)


def test_a_panel_shows_images_that_stay_on_disk(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (6, 40, 40, 3), np.uint8)
    folder = rt.load_images(np.concatenate([pixels, pixels[:2] // 8])).write(tmp_path / "mine")
    panel = FolderPanel(rt.Inspection(rt.load_images(folder, stream=True)))
    panel.press("spoilt")
    assert {6, 7} <= set(panel.inspection.aside.tolist())


@pytest.mark.parametrize("make", [FolderPanel, SpotCheckPanel])
def test_something_else_is_refused(make):
    with pytest.raises(rt.TutorError, match="received"):
        make(rt.load_images("digits", limit=3))


@pytest.mark.parametrize("make", ["folder", "check"])
def test_a_closed_panel_no_longer_follows(inspection, check, make):
    panel = FolderPanel(inspection) if make == "folder" else SpotCheckPanel(check)
    panel.close()
    inspection.set_aside([1])
    check.answer(check.sample[0], True)
