"""The live map in JupyterLab: mouse, keyboard, a busy kernel, two maps, themes, re-runs."""

import json
import re
import time

import pytest

pytest.importorskip("playwright.sync_api")
from playwright.sync_api import expect

MAP = """
import secrets
import numpy as np
import rnn_tutor as rt
rng = np.random.default_rng(0)
images = rt.load_images("digits", limit=200)
clusters = np.arange(200) % 5
corners = np.array([(0, 0), (10, 0), (10, 10), (0, 10), (5, 5)])
points = corners[clusters] + rng.normal(size=(200, 2)) * 0.5
path = f"sorting-{secrets.token_hex(4)}.csv"
panel = rt.widgets.MapPanel(images, points, clusters, path=path)
panel
"""
RUN = """async (code) => {
    const kernel = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
    const future = kernel.requestExecute({code, store_history: false});
    let out = '';
    future.onIOPub = message => {
        if (message.header.msg_type === 'stream') out += message.content.text;
        if (message.header.msg_type === 'error') out += message.content.traceback.join('\\n'); };
    await future.done;
    return out.trim(); }"""
COLOURS = """() => { // of the map's ground, then of each marker in the legend
    const read = (g, x, y) => [...g.getImageData(x, y, 1, 1).data].slice(0, 3).map(v => v / 255);
    const paper = document.createElement('canvas').getContext('2d');
    paper.fillStyle = getComputedStyle(document.querySelector('.rt-map-stage')).backgroundColor;
    paper.fillRect(0, 0, 1, 1);
    const swatches = [...document.querySelectorAll('.rt-map-swatch')];
    return [read(paper, 0, 0), ...swatches.map(s => read(s.getContext('2d'), 16, 16))]; }"""
SLEEP = """() => { window.jupyterapp.shell.currentWidget.sessionContext.session.kernel
    .requestExecute({code: 'import time; time.sleep(6)', store_history: false}); }"""


@pytest.fixture
def page(show):
    """A page with a new map, its data there."""
    page = show(MAP)
    expect(page.locator(".rt-map-kind")).to_have_count(5)
    page.wait_for_selector(".rt-map[data-frame]")
    return page


def python(page, code):
    return page.evaluate(RUN, code)


def settles(page, code, expected, seconds=10):
    """Wait until Python prints this: the browser holds changes back while one is on its way."""
    deadline = time.monotonic() + seconds
    while (printed := python(page, code)) != expected:
        assert time.monotonic() < deadline, f"{code} printed {printed}, not {expected}"
        page.wait_for_timeout(50)


def place(page, index):
    """Where an image lies on the page, computed from its place on the map as it was fitted."""
    printed = python(
        page,
        "q = (points - (points.min(0) + points.max(0)) / 2) * (1, -1)\n"
        f"print(*q[{index}], *(points.max(0) - points.min(0)))",
    )
    u, v, wide, high = map(float, printed.split())
    page.locator(".rt-map-stage").scroll_into_view_if_needed()
    box = page.locator(".rt-map-stage > canvas").bounding_box()
    scale = min((box["width"] - 32) / wide, (box["height"] - 32) / high)
    return box["x"] + box["width"] / 2 + u * scale, box["y"] + box["height"] / 2 + v * scale


def pinned(page):
    """The index of the pinned image, once Python knows of it, too."""
    index = page.locator(".rt-map-pinned canvas").get_attribute("data-image")
    settles(page, "print(panel.pinned)", index)
    return int(index)


def hovered(page):
    return page.locator(".rt-map-tip canvas").get_attribute("data-image")


def test_hover_shows_the_picture_also_while_the_kernel_is_busy(page):
    far = python(page, "print(int(np.argmax(points.sum(1))), int(np.argmin(points.sum(1))))")
    places = {index: place(page, index) for index in far.split()}
    page.wait_for_function("document.querySelector('.rt-map-tip') !== null")
    page.evaluate(SLEEP)
    for index, (x, y) in places.items():
        page.mouse.move(x, y)
        expect(page.locator(".rt-map-tip")).to_be_visible()
        assert hovered(page) == index
        ink = page.evaluate(
            "() => { const c = document.querySelector('.rt-map-tip canvas');"
            " return [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data]"
            ".some((v, i) => i % 4 < 3 && v > 60); }"
        )
        assert ink, "the picture is drawn, not an empty canvas"


def test_click_pins_and_neighbours_lead_on(page):
    index = python(page, "print(int(np.argmax(points.sum(1))))")
    page.mouse.click(*place(page, index))
    expect(page.locator(".rt-map-pinned")).to_be_visible()
    settles(page, "print(panel.pinned)", index)
    nearest = python(page, f"print(panel.neighbours({index})[0])")
    page.locator(".rt-map-strip button").first.click()
    expect(page.locator(".rt-map-pinned canvas")).to_have_attribute("data-image", nearest)


def test_a_lasso_reaches_python_and_a_selection_from_python_the_map(page):
    page.get_by_role("button", name="Lasso", exact=True).click()
    box = page.locator(".rt-map-stage > canvas").bounding_box()
    x, y, half = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, 70
    page.mouse.move(x - half, y - half)
    page.mouse.down()
    for dx, dy in [(half, -half), (half, half), (-half, half), (-half, -half + 2)]:
        page.mouse.move(x + dx, y + dy, steps=5)
    page.mouse.up()
    expect(page.locator(".rt-map-count").first).to_contain_text("selected")
    chosen = "set(clusters[panel.selection].tolist()), len(panel.selection) > 20"
    settles(page, f"print({chosen})", "{4} True")
    python(page, "panel.selection = [1, 2, 3]")
    expect(page.locator(".rt-map-count").first).to_have_text("3 selected")
    expect(page.locator(".rt-map-cell")).to_have_count(3)


def test_name_move_merge_split_undo(page):
    page.get_by_label("Name of cluster 2").fill("twos")
    page.get_by_label("Name of cluster 2").press("Enter")
    expect(page.locator(".rt-map-said")).to_contain_text("twos")
    settles(page, "print(panel.sorting.history)", "(\"sorting.name(2, 'twos')\",)")
    python(page, "panel.selection = [0, 5]")
    expect(page.locator(".rt-map-count").first).to_have_text("2 selected")
    page.get_by_label("Move the selected images to").select_option("2")
    expect(page.get_by_label("Select all of 2: twos")).to_have_text("42")
    page.get_by_label("Select all of cluster 0").click()
    page.get_by_label("Merge the chosen cluster into").select_option("2")
    expect(page.get_by_label("Select all of 2: twos")).to_have_text("80")
    page.get_by_label("Select all of 2: twos").click()
    page.get_by_role("button", name="Split in two").click()
    expect(page.locator(".rt-map-kind")).to_have_count(5)
    for _ in range(4):
        page.get_by_role("button", name="Undo").click()
    expect(page.get_by_label("Select all of cluster 2")).to_have_text("40")
    settles(page, "print(panel.sorting.history)", "()")
    page.get_by_role("button", name="Redo").click()
    settles(page, "print('twos' in open(path).read())", "True")


def test_a_pinned_image_is_told_why_and_moved_alone(page):
    index = python(page, "print(int(np.argmax(points.sum(1))))")
    python(page, f"panel.sorting.move([{index}], 0); panel.selection = [1, 2, 3]")
    page.mouse.click(*place(page, index))
    card = page.locator(".rt-map-card")
    expect(card).to_contain_text("0 of 8 are in the same cluster, 8 in cluster 2")
    card.get_by_role("button", name="Move it to cluster 2").click()
    expect(page.locator(".rt-map-said")).to_contain_text("1 image moved to cluster 2.")
    settles(page, f"print(panel.sorting.clusters[[{index}, 1, 2, 3]])", "[2 1 2 3]")
    card.get_by_label("Move the pinned image to").select_option("new")
    settles(page, f"print(panel.sorting.clusters[[{index}, 1, 2, 3]])", "[5 1 2 3]")


def test_the_list_holds_what_is_in_sight(page):
    page.get_by_role("button", name="List", exact=True).click()
    page.get_by_role("button", name="Show only cluster 3").click()
    listed = page.get_by_role("listbox")
    expect(listed).to_have_accessible_name("Images on the map: 40")
    expect(listed.get_by_role("option").first).to_have_accessible_name(re.compile("cluster 3"))
    listed.focus()
    listed.press("ArrowRight")
    listed.press("Space")
    settles(page, "print(panel.selection.tolist())", "[8]")
    expect(listed.locator("[aria-selected=true]")).to_have_count(1)


def test_the_list_follows_the_keys(page):
    page.get_by_role("button", name="List", exact=True).click()
    listed = page.get_by_role("listbox")
    listed.focus()
    for _ in range(15):
        listed.press("ArrowDown")
    assert listed.evaluate(
        """grid => { const name = grid.getAttribute("aria-activedescendant");
            const option = document.getElementById(name)?.getBoundingClientRect();
            const frame = grid.getBoundingClientRect();
            return Boolean(option) && option.top >= frame.top - 1
                && option.bottom <= frame.bottom + 1; }"""
    )


def test_other_points_and_clusters_take_the_place_of_the_first(page):
    page.set_viewport_size({"width": 1900, "height": 900})
    python(
        page,
        "points = points[:, ::-1] * (2, 1)\n"  # wide, as the stage is now
        "panel.replace(points, np.arange(200) % 7, 'turned')",
    )
    expect(page.locator(".rt-map-title")).to_have_text("turned")
    expect(page.locator(".rt-map-kind")).to_have_count(7)
    index = python(page, "print(int(np.argmax(points.sum(1))))")
    page.mouse.move(*place(page, index))
    expect(page.locator(".rt-map-tip")).to_be_visible()
    assert hovered(page) == index


def test_a_saved_notebook_holds_no_pictures(page, lab):
    commands = "window.jupyterapp.commands.execute"
    page.evaluate(f"async () => {{ await {commands}('docmanager:save'); }}")
    name = page.evaluate("window.jupyterapp.shell.currentWidget.context.path")
    saved = json.loads((lab.folder / name).read_text())
    outputs = [output for cell in saved["cells"] for output in cell["outputs"]]
    assert "<svg role=" in json.dumps(outputs)  # the still figure
    assert len(json.dumps(saved.get("metadata"))) < 120_000  # the code of the map, no pictures


def test_suggest_marks_counts_and_can_be_dropped(page):
    python(
        page,
        "wrong = clusters.copy(); wrong[0] = 1; panel.replace(points, wrong)\n"
        "panel.sorting.name(0, 'a'); panel.sorting.name(1, 'b')",
    )
    page.get_by_role("button", name="Suggest").click()
    expect(page.locator(".rt-map-said")).to_contain_text("1 image would change")
    page.get_by_role("button", name="Keep as it is").click()
    expect(page.get_by_role("button", name="Suggest")).to_be_visible()
    page.get_by_role("button", name="Suggest").click()
    page.get_by_role("button", name="Accept").click()
    expect(page.get_by_role("button", name="Suggest")).to_be_visible()
    settles(page, "print(panel.sorting.clusters[0], panel.selection)", "0 [0]")


def test_the_keyboard_alone_does_it(page):
    canvas = page.locator(".rt-map-stage > canvas")
    canvas.focus()
    for key in ("ArrowRight", "ArrowUp", "ArrowLeft", "Enter"):
        canvas.press(key)
    expect(page.locator(".rt-map-pinned")).to_be_visible()
    index = pinned(page)
    canvas.press("Space")
    settles(page, "print(panel.selection.tolist())", f"[{index}]")
    canvas.press("b")
    page.keyboard.type("ag")
    page.keyboard.press("Enter")
    expect(page.locator(".rt-map-said")).to_contain_text("bag")
    settles(page, "print(list(panel.sorting.names.values()))", "['bag']")
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    settles(page, "print(panel.pinned, len(panel.selection))", "-1 0")


def test_arrows_go_the_way_they_say(page):
    canvas = page.locator(".rt-map-stage > canvas")
    canvas.focus()
    canvas.press("ArrowRight")
    for key, axis, sign in [("ArrowLeft", 0, -1), ("ArrowUp", 1, 1)]:
        canvas.press("Enter")
        before = pinned(page)
        canvas.press(key)
        canvas.press("Enter")
        after = pinned(page)
        step = python(page, f"print(points[{after}][{axis}] - points[{before}][{axis}])")
        assert float(step) * sign > 0 or after == before


def test_the_legend_hides_and_isolates(page):
    expect(page.locator(".rt-map-kind")).to_have_count(5)
    index = python(page, "print(int(np.argmax(points.sum(1))))")
    x, y = place(page, index)
    cluster = python(page, f"print(clusters[{index}])")
    page.get_by_role("button", name=f"Show cluster {cluster}", exact=True).click()
    page.mouse.move(x, y)
    expect(page.locator(".rt-map-tip")).to_be_hidden()
    page.get_by_role("button", name=f"Show only cluster {cluster}").click()
    page.mouse.move(x + 1, y)
    expect(page.locator(".rt-map-tip")).to_be_visible()


def test_colours_follow_a_column_and_python(page):
    page.get_by_label("Colour by").select_option("label")
    expect(page.locator(".rt-map-kind")).to_have_count(10)
    settles(page, "print(panel.colour)", "label")
    python(page, "panel.colour = 'doubt'")
    expect(page.locator(".rt-map-scale")).to_be_visible()


def test_the_legend_shows_the_most_typical_image_of_each_cluster(page):
    for cluster in (0, 4):
        typical = python(page, f"print(panel.typical({cluster}, 1)[0])")
        row = page.locator(".rt-map-kind").nth(cluster)
        expect(row.locator(".rt-map-typical canvas")).to_have_attribute("data-image", typical)


def test_a_cell_that_runs_again_leaves_no_earlier_map_in_memory(show):
    for _ in range(3):
        page = show(MAP)
    count = "print(len([o for o in gc.get_objects() if isinstance(o, MapPanel)]))"
    assert python(page, f"import gc; gc.collect(); MapPanel = rt.widgets.MapPanel; {count}") == "1"


@pytest.mark.full
def test_two_maps_and_fifteen_runs_stay_apart_and_small(open_notebook):
    second = "other = rt.widgets.MapPanel(images[:50], points[:50], clusters[:50])\nother"
    page = open_notebook(MAP, second)
    expect(page.locator(".rt-map")).to_have_count(2)
    count = "from ipywidgets.widgets import widget; print(len(widget._instances))"
    before = int(python(page, count))
    again = """async () => { for (let i = 0; i < 15; i++)
        await window.jupyterapp.commands.execute('notebook:run-all-cells'); }"""
    page.evaluate(again)
    expect(page.locator(".rt-map")).to_have_count(2)
    assert int(python(page, count)) <= before


@pytest.mark.full
def test_after_a_restart_the_map_says_what_to_do(open_notebook):
    page = open_notebook(MAP)
    page.evaluate(
        "async () => { await window.jupyterapp.shell.currentWidget.sessionContext"
        ".session.kernel.restart(); }"
    )
    page.get_by_role("button", name="Most doubtful").click()
    expect(page.locator(".rt-map-said")).to_contain_text("run this cell again", timeout=15000)


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_the_map_follows_the_theme(page, theme):
    page.evaluate(
        "theme => window.jupyterapp.commands.execute('apputils:change-theme', {theme})", theme
    )
    dark = theme.endswith("Dark")
    page.wait_for_function(
        "dark => document.querySelector('.rt-map').classList.contains('rt-map-dark') === dark",
        arg=dark,
    )


@pytest.mark.parametrize(("theme", "least"), [("Light", 1.5), ("Dark", 3)])
def test_every_colour_stands_out_from_the_ground(page, theme, least):
    python(page, "panel.replace(points, np.arange(200) % 24)")
    expect(page.locator(".rt-map-kind")).to_have_count(24)
    page.evaluate(
        "theme => window.jupyterapp.commands.execute('apputils:change-theme', {theme})",
        f"JupyterLab {theme}",
    )
    dark = "document.querySelector('.rt-map').classList.contains('rt-map-dark')"
    page.wait_for_function(f"{dark} === {str(theme == 'Dark').lower()}")
    ground, *inks = map(luminance, page.evaluate(COLOURS))
    assert len(inks) == 24
    for ink in inks:
        assert (max(ink, ground) + 0.05) / (min(ink, ground) + 0.05) > least


def luminance(rgb):
    """The relative luminance of WCAG 2, from 0 to 1."""
    linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in rgb]
    return sum(w * v for w, v in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def test_narrow_windows_keep_every_control(page):
    page.set_viewport_size({"width": 900, "height": 900})
    root = page.locator(".rt-map")
    inside = root.bounding_box()
    for control in root.get_by_role("button").all():
        if control.is_visible():
            box = control.bounding_box()
            assert box["x"] + box["width"] <= inside["x"] + inside["width"] + 1
