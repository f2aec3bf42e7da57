"""The panels in JupyterLab, worked with the keyboard alone."""

import re

import pytest
from playwright.sync_api import expect

SETUP = """
import numpy as np
import rnn_tutor as rt
from rnn_tutor.widgets import ClusterPanel, TrainingPanel

rng = np.random.default_rng(0)
labels = rng.integers(0, 3, 150)
pixels = rng.integers(0, 60, (150, 12, 12, 1)) + 90 * labels[:, None, None, None]
images = rt.ImageSet(pixels.astype(np.uint8), labels, ("dark", "grey", "bright"))
embeddings = images.as_float().reshape(len(images), -1)
"""
TRAINING = """
settings = rt.TrainingSettings("next_row", "simple_rnn", units=4, batch_size=16, epochs=5000)
panel = TrainingPanel(images, settings)
panel
"""
CLASSIFIER = """
from rnn_tutor.training import ClassifierSettings
from rnn_tutor.widgets import ClassifierPanel

settings = ClassifierSettings("simple_rnn", units=4, blocks=1, batch_size=16, epochs=40)
panel = ClassifierPanel(images, settings, validation=images)
panel
"""
PREPROCESSING = """
from rnn_tutor.images.preprocessing import GaussianBlur, Noise, Otsu
from rnn_tutor.widgets import PreprocessingPanel

panel = PreprocessingPanel(images, rt.Preprocessing((GaussianBlur(), Otsu())))
panel
"""
SCAN = """
from rnn_tutor.widgets import ScanPanel

panel = ScanPanel(rt.load_images("fashion5"), "patches", speed=20)
panel
"""
READ_ALONG = """
from rnn_tutor.widgets import ReadAlongPanel

so_far = images.as_float().mean((2, 3)).cumsum(1) / np.arange(1, 13)
probabilities = np.exp(-9 * abs(so_far[..., None] - [0.1, 0.5, 0.8]))
probabilities /= probabilities.sum(2, keepdims=True)
states = np.cos(so_far[..., None] * np.arange(40))
panel = ReadAlongPanel(images, probabilities, states, speed=1)
panel
"""
STRIP = """
from rnn_tutor.widgets import StripPanel

tunes = rt.load_images("tunes", limit=6)
steps = [-(-width // 4) for width in tunes.widths]
said = [np.linspace(0.1, 0.75, count)[:, None] * np.eye(6)[i] for i, count in enumerate(steps)]
probabilities = [one + (1 - one.sum(1, keepdims=True)) / 6 for one in said]
states = [np.sin(np.arange(count)[:, None] / np.arange(5, 25)) for count in steps]
tones = [(8000, np.sin(np.arange(800) * (i + 1) / 9)) for i in range(6)]
panel = StripPanel(tunes, probabilities, states, tones, name="tunes", speed=1)
panel
"""
GATE = """
shapes = ((12, 16), (4, 16), (16,))
weights = [np.random.default_rng(1).normal(0, 0.6, shape) for shape in shapes]
panel = rt.widgets.GatePanel(images, weights)
panel
"""
KERNEL = """
panel = rt.widgets.KernelPanel(images)
panel
"""
OCCLUSION = """
rt.load_keras()
import keras

layers = [keras.layers.Flatten(), keras.layers.Dense(3, activation="softmax")]
model = keras.Sequential([keras.Input(images.shape), *layers])
panel = rt.widgets.OcclusionPanel(model, images)
panel
"""
LABELLING = """
from rnn_tutor.widgets import LabellingPanel

labels = rt.Labels(images, "named.csv", ["dark", "grey"])
panel = LabellingPanel(labels, np.arange(149, 109, -1))
panel
"""
CUT_OFF = """panel => [...panel.querySelectorAll('.widget-label, .widget-button, option')]
    .filter(e => e.clientWidth && e.scrollWidth > e.clientWidth + 1).map(e => e.innerText)"""
HIDE_AND_SHOW = """panel => { panel.style.display = 'none'; panel.offsetWidth;
    panel.style.display = ''; return new Promise(done => setTimeout(done, 200)); }"""
SETTLED = """(panel, width) => new Promise(done => {
    let before = '', same = 0;
    const look = () => {
        const now = JSON.stringify([innerWidth, panel.getBoundingClientRect()]);
        same = innerWidth == width && now == before ? same + 1 : 0;
        before = now;
        if (same == 20) done(); else setTimeout(look, 20);
    };
    look(); })"""
CHART_FITS = """() => {
    const chart = document.querySelector('.rt-chart').getBoundingClientRect();
    const panel = document.querySelector('.rt-training-panel').getBoundingClientRect();
    return chart.width > 100 && chart.right < panel.right; }"""
RESTART = "() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()"
RUN_CELL = """async number => { const notebook = window.jupyterapp.shell.currentWidget.content;
    notebook.activeCellIndex = number;
    await window.jupyterapp.commands.execute('notebook:run-cell'); }"""
GROUND = "part => getComputedStyle(part).backgroundColor"
DARK = "() => document.body.dataset.jpThemeLight === 'false'"
ABOVE = "panel => getComputedStyle(panel, '::before').content"
NUMBER_OF_CELLS = "() => window.jupyterapp.shell.currentWidget.content.widgets.length"


def check(page, panel):
    """What holds for every panel: no name is cut off, pictures are described, keys are its own."""
    assert panel.evaluate(CUT_OFF) == []
    sliders = panel.get_by_role("slider", include_hidden=True).all()
    assert all(slider.get_attribute("aria-label") for slider in sliders)
    pictures = panel.locator("img")
    assert all(picture.get_attribute("alt") for picture in pictures.all())
    cells = page.evaluate(NUMBER_OF_CELLS)
    for role in ("slider", "combobox", "button"):
        if panel.get_by_role(role).count():
            panel.get_by_role(role).first.press("x")  # the lab's key for cutting a cell
    assert page.evaluate(NUMBER_OF_CELLS) == cells
    assert panel.get_by_role("textbox", name="plain Python").count() == 1


def box(panel, label):
    """Return the box with a number; its slider has the same label, and more words."""
    return panel.get_by_role("spinbutton", name=re.compile(rf"^{re.escape(label)}( \(|$)"))


def resize(page, panel, width):
    """Makes the window this wide; the lab lays its page out anew in several steps."""
    page.set_viewport_size({"width": width, "height": 1000})
    panel.evaluate(SETTLED, width)


def focused(page):
    return page.evaluate("() => document.activeElement.innerText.trim()")


def test_training_panel(show):
    page = show(SETUP, TRAINING, seconds=120)
    panel = page.locator(".rt-training-panel")
    check(page, panel)
    code = panel.get_by_role("textbox", name="plain Python")
    box(panel, "Units").press("ArrowUp")
    box(panel, "Units").press("Enter")
    expect(code).to_contain_text("units=5,")
    expect(box(panel, "Learning rate")).to_be_hidden()
    panel.get_by_role("button", name="More settings").press("Enter")
    expect(box(panel, "Learning rate")).to_be_visible()
    panel.get_by_label("Objective").press("ArrowUp")
    expect(code).to_contain_text('objective="reconstruction"')
    panel.get_by_label("Objective").press("ArrowDown")
    expect(code).to_contain_text('objective="next_row"')
    panel.get_by_role("button", name="Start").press("Enter")
    later = re.compile(r"epoch ([3-9]|\d\d+) of 5000")  # a poll may miss any one epoch
    expect(panel.get_by_text(later)).to_be_visible(timeout=60_000)
    expect(panel.get_by_role("img", name="Line chart")).to_be_visible()
    drawn = panel.get_by_role("img", name="Map of 150 embeddings, run 1, epoch")
    expect(drawn).to_be_visible()
    expect(drawn.locator("path")).to_have_count(150)
    assert focused(page) == "Stop"
    page.keyboard.press("Enter")
    expect(panel.get_by_role("button", name="Go on")).to_be_enabled()
    expect(panel.get_by_role("status")).to_contain_text("Stopped in epoch")
    expect(panel.get_by_role("button", name="Go on")).to_be_focused()
    for width in (620, 1280):
        resize(page, panel, width)
        assert page.evaluate(CHART_FITS)
    page.keyboard.press("Enter")
    expect(panel.get_by_text("of 5000, batch")).to_be_visible(timeout=60_000)
    page.keyboard.press("Enter")
    expect(panel.get_by_role("status")).to_contain_text("Stopped in epoch")


@pytest.mark.full
def test_a_run_ends_when_its_cell_runs_again(open_notebook):
    page = open_notebook(SETUP, TRAINING, "print(rt.training.running())", seconds=120)
    panel = page.locator(".rt-training-panel")
    panel.get_by_role("button", name="Start").press("Enter")
    expect(panel.get_by_text("of 5000, batch")).to_be_visible(timeout=60_000)
    page.evaluate(RUN_CELL, 2)
    printed = page.locator(".jp-Cell").nth(2).locator(".jp-OutputArea-output")
    expect(printed).to_contain_text("epochs done")
    page.evaluate(RUN_CELL, 1)
    expect(panel.get_by_role("button", name="Start")).to_be_enabled()
    for _ in range(20):  # the batch that is under way goes to its end
        page.evaluate(RUN_CELL, 2)
        if printed.inner_text().strip() == "[]":
            break
        page.wait_for_timeout(500)
    expect(printed).to_have_text("[]")


@pytest.mark.full
def test_settings_after_a_stop_and_numbers_out_of_range(show):
    page = show(SETUP, TRAINING, seconds=120)
    panel, key = page.locator(".rt-training-panel"), page.keyboard.press
    status, units = panel.get_by_role("status"), box(panel, "Units")
    for typed in ("5000", "9999"):
        units.fill(typed)
        key("Enter")
        expect(panel.get_by_role("alert")).to_contain_text(f"{int(typed):,} became 4,096")
        expect(units).to_have_value("4096")
    units.fill("4")
    key("Enter")
    expect(panel.get_by_role("alert")).to_have_count(0)
    panel.get_by_role("button", name="Start").press("Enter")
    later = re.compile(r"epoch ([2-9]|\d\d+) of 5000")  # a poll may miss any one epoch
    expect(panel.get_by_text(later)).to_be_visible(timeout=60_000)
    key("Enter")
    expect(status).to_contain_text("Go on continues")
    units.press("ArrowUp")
    units.press("Enter")
    expect(status).to_contain_text("Start trains afresh")
    expect(panel.get_by_role("button", name="Start")).to_be_enabled()
    units.press("ArrowDown")
    units.press("Enter")
    expect(status).to_contain_text("Go on continues")
    panel.get_by_role("button", name="Begin again").press("Enter")
    expect(panel.get_by_text(re.compile(r"epoch \d+ of 5000"))).to_be_visible(timeout=60_000)
    table = panel.get_by_role("table", name="The last runs")  # once an epoch is done
    expect(table).to_be_visible(timeout=60_000)
    expect(panel.get_by_role("img", name="thin lines: run 1")).to_be_visible()
    key("Enter")
    expect(status).to_contain_text("Stopped")


@pytest.mark.full
def test_after_a_restart_of_the_kernel_panels_say_what_to_do(open_notebook):
    page = open_notebook(SETUP, SCAN, READ_ALONG, LABELLING)
    panels = page.locator(".rt-panel").all()
    assert len(panels) == 3
    assert not any("run this cell again" in panel.evaluate(ABOVE) for panel in panels)
    page.evaluate(RESTART)
    for panel in panels:
        expect(panel).to_have_class(re.compile("jupyter-widgets-disconnected"))
        assert "run this cell again" in panel.evaluate(ABOVE)
    page.evaluate(RUN_CELL, 0)
    page.evaluate(RUN_CELL, 1)
    alive = page.locator(".rt-scan-panel")
    expect(alive).not_to_have_class(re.compile("jupyter-widgets-disconnected"))
    assert "run this cell again" not in alive.evaluate(ABOVE)


@pytest.mark.full
def test_classifier_panel(show):
    page = show(SETUP, CLASSIFIER, seconds=120)
    panel, key = page.locator(".rt-classifier-panel"), page.keyboard.press
    check(page, panel)
    code = panel.get_by_role("textbox", name="plain Python")
    box(panel, "Units").press("ArrowUp")
    box(panel, "Units").press("Enter")
    expect(code).to_contain_text("x = layers.SimpleRNN(5)(rows)")
    panel.get_by_label("Recurrent cell").press("ArrowDown")
    expect(code).to_contain_text("x = layers.GRU(5)(rows)")
    panel.get_by_label("Recurrent cell").press("ArrowUp")
    panel.get_by_label("read the rows both ways").press("Space")
    expect(code).to_contain_text("layers.Bidirectional(layers.SimpleRNN(5))(rows)")
    code.press("End")  # the code is longer than its place: keys scroll it
    page.wait_for_function("() => document.querySelector('.rt-code').scrollTop > 0")
    for width in (700, 1280):
        resize(page, panel, width)
        assert panel.evaluate(CUT_OFF) == []
    panel.get_by_role("button", name="Start").press("Enter")
    expect(panel.get_by_text(re.compile("epoch [2-9] of 40"))).to_be_visible(timeout=60_000)
    assert focused(page) == "Stop"
    key("Enter")
    go_on = panel.get_by_role("button", name="Go on")
    expect(go_on).to_be_focused()
    expect(panel.get_by_role("status")).to_contain_text(re.compile(r"Stopped in epoch \d+ of 40"))
    expect(panel.get_by_role("img", name="in validation")).to_be_visible()
    key("Enter")
    finished = re.compile(r"Finished. Loss [\d.]+, accuracy [\d.]+ after 40 epochs, .+ Validation:")
    expect(panel.get_by_role("status")).to_contain_text(finished, timeout=120_000)
    expect(panel.get_by_role("img", name="after 40 epochs")).to_be_visible()
    expect(panel.get_by_role("button", name="Start")).to_be_enabled()


def test_cluster_panel(show):
    source = "panel = ClusterPanel(embeddings, images, rt.Clustering(3))\npanel"
    page = show(SETUP, source)
    panel = page.locator(".rt-cluster-panel")
    expect(panel.get_by_text("3 clusters of")).to_be_visible()
    check(page, panel)
    panel.get_by_role("slider").first.press("ArrowRight")
    expect(panel.get_by_text("4 clusters of")).to_be_visible()
    expect(box(panel, "Clusters")).to_have_value("4")
    panel.get_by_label("Method").press("ArrowDown")
    code = panel.get_by_role("textbox", name="plain Python")
    expect(code).to_contain_text('n_clusters=4,\n    method="gaussian_mixture"')
    expect(panel.get_by_text("4 clusters of")).to_be_visible()
    expect(panel.locator(".rt-map-title")).to_have_text("PCA's map")
    expect(panel.locator(".rt-map-kind")).to_have_count(4)
    panel.get_by_label("Map", exact=True).select_option("t-SNE")
    expect(panel.locator(".rt-map-title")).to_have_text("t-SNE's map")
    expect(panel.get_by_role("img", name="Table of")).to_be_visible()
    expect(panel.get_by_role("img", name="typical of cluster 3")).to_have_count(4)
    expect(panel.get_by_role("img", name="on the border of cluster 3")).to_have_count(4)


def test_preprocessing_panel(show):
    page = show(SETUP, PREPROCESSING)
    panel, key = page.locator(".rt-preprocessing-panel"), page.keyboard.press
    code, after = panel.get_by_role("textbox", name="plain Python"), panel.get_by_alt_text("after")
    expect(panel.get_by_role("status")).to_contain_text("Otsu chose")
    expect(panel.get_by_role("img", name="a line marks the threshold")).to_be_visible()
    check(page, panel)
    otsu = after.get_attribute("src")
    noise = panel.get_by_label("Noise on purpose", exact=True)
    noise.press("Space")
    expect(code).to_contain_text("((Noise(), GaussianBlur(), Otsu()))")
    expect(noise).to_be_focused()
    later = panel.get_by_role("button", name="move Noise on purpose later")
    earlier = panel.get_by_role("button", name="move Noise on purpose earlier")
    key("Tab")
    expect(later).to_be_focused()
    key("Enter")
    expect(code).to_contain_text("((GaussianBlur(), Noise(), Otsu()))")
    expect(later).to_be_focused()
    key("Space")
    expect(code).to_contain_text("((GaussianBlur(), Otsu(), Noise()))")
    expect(earlier).to_be_focused()  # there is no later place, and a grey button takes no keys
    for _ in ("kind", "amount", "its slider"):
        key("Tab")
    key("ArrowRight")
    expect(box(panel, "amount")).to_have_value("0.11")
    expect(code).to_contain_text("GaussianBlur(), Otsu(), Noise(amount=0.11)")
    expect(panel.get_by_alt_text("after Gaussian blur, Otsu, Noise on purpose")).to_be_visible()
    noisy = after.get_attribute("src")
    box(panel, "Picture").press("ArrowUp")
    box(panel, "Picture").press("Enter")
    expect(panel.get_by_alt_text("picture 1 after")).to_be_visible()
    assert len({otsu, noisy, after.get_attribute("src")}) == 3
    panel.get_by_label("Median blur").press("Space")
    box(panel, "size (pixels)").fill("4")
    key("Enter")
    expect(panel.get_by_role("alert")).to_contain_text("size is odd")
    expect(box(panel, "size (pixels)")).to_have_value("3")
    for name in ("Bilateral filter", "Non-local means", "Canny edges", "Resize", "Threshold"):
        panel.get_by_label(name, exact=True).press("Space")
        expect(panel.get_by_role("button", name=f"move {name} earlier")).to_be_visible()
    for width in (1280, 700):
        resize(page, panel, width)
        assert panel.evaluate(CUT_OFF) == []


def test_scan_panel(show):
    page = show(SETUP, SCAN)
    panel, key = page.locator(".rt-scan-panel"), page.keyboard.press
    code, status = panel.get_by_role("textbox", name="plain Python"), panel.get_by_role("status")
    expect(status).to_contain_text("Nothing is read yet.")
    check(page, panel)
    step, read = box(panel, "Step"), panel.get_by_alt_text("the sequence")
    expect(code).to_contain_text("to_patches(images[0], 7)[0]")
    way = panel.get_by_label("Way to read")
    for _ in ("columns", "rows"):
        way.press("ArrowUp")
    expect(code).to_contain_text("to_rows(images[0])[0]")
    panel.get_by_role("slider").first.press("ArrowRight")
    expect(step).to_have_value("1")
    expect(status).to_have_text("Step 1 of 28: row 1.")
    expect(code).to_contain_text("so_far = sequence[:1]")
    for width in (700, 1280):
        resize(page, panel, width)
        assert panel.evaluate(CUT_OFF) == []
    for _ in ("columns", "patches", "pixels, row by row", "column by column", "snake", "spiral"):
        way.press("ArrowDown")
    expect(code).to_contain_text('"spiral")[0]')
    panel.get_by_role("button", name="Back to the start").press("Enter")
    expect(status).to_contain_text("Nothing is read yet.")
    drawn = read.get_attribute("src")
    play = panel.get_by_role("button", name="Play")
    play.press("Space")
    pause = panel.get_by_role("button", name="Pause")
    expect(pause).to_be_focused()
    expect(status).to_contain_text(re.compile(r"Step \d+ of 784"))
    key("Space")
    expect(play).to_be_focused()
    stopped = step.input_value()
    assert read.get_attribute("src") != drawn
    expect(code).to_contain_text(f"sequence[:{stopped}]")
    expect(status).to_contain_text(f"Step {stopped} of 784")


def test_read_along_panel(show):
    page = show(SETUP, READ_ALONG)
    panel, key = page.locator(".rt-read-along-panel"), page.keyboard.press
    code, status = panel.get_by_role("textbox", name="plain Python"), panel.get_by_role("status")
    bars, lines = panel.get_by_role("listitem"), panel.get_by_role("img", name="the probabilities")
    expect(status).to_have_text("Nothing is read yet.")
    check(page, panel)
    expect(bars).to_have_count(3)
    expect(panel.locator(".rt-percent").first).to_have_text("\u2013")
    step = box(panel, "Step")
    panel.get_by_role("slider").first.press("ArrowRight")
    expect(step).to_have_value("1")
    expect(status).to_contain_text("Row 1 of 12: it says")
    expect(code).to_contain_text("now = probabilities[0, 0]\nstate = states[0, 0]")
    box(panel, "Picture").press("ArrowUp")
    box(panel, "Picture").press("Enter")
    expect(code).to_contain_text("rows = images[1].pixels[0, :1]")
    play = panel.get_by_role("button", name="Play")
    play.press("Space")
    pause = panel.get_by_role("button", name="Pause")
    expect(pause).to_be_focused()
    expect(panel.get_by_text(re.compile(r"says after row [2-9]"))).to_be_visible()
    key("Space")
    expect(play).to_be_focused()
    stopped = step.input_value()
    expect(code).to_contain_text(f"probabilities[1, {int(stopped) - 1}]")
    expect(panel.get_by_alt_text(f"hidden state: {stopped} of 12 steps, 40 units")).to_be_visible()
    box(panel, "Steps a second").fill("60")
    key("Enter")
    play.press("Space")
    expect(status).to_contain_text(re.compile("Row 12 of 12: it says .*in the end (right|wrong)"))
    expect(panel.get_by_text("label", exact=True)).to_have_count(1)
    for width in (1280, 700):
        resize(page, panel, width)
        assert panel.evaluate(CUT_OFF) == []
        frame = panel.locator(".rt-now .rt-frame").bounding_box()
        newest = lines.locator(":scope > path").last.bounding_box()
        assert frame["x"] < newest["x"] + newest["width"] / 2 < frame["x"] + frame["width"]
    below = code.bounding_box()["y"]
    assert below > frame["y"] + frame["height"]  # in a narrow window the code comes last
    panel.get_by_role("button", name="Back to the start").press("Enter")
    expect(status).to_have_text("Nothing is read yet.")


def test_strip_panel(show):
    page = show(SETUP, STRIP)
    panel, key = page.locator(".rt-strip-panel"), page.keyboard.press
    code, status = panel.get_by_role("textbox", name="plain Python"), panel.get_by_role("status")
    expect(status).to_have_text("Nothing is read yet.")
    check(page, panel)
    step, picture = box(panel, "Step"), panel.get_by_alt_text("the picture")
    hidden = picture.get_attribute("src")
    panel.get_by_role("slider").first.press("ArrowRight")
    expect(step).to_have_value("1")
    expect(status).to_contain_text("Columns 1 to 4 of")
    expect(code).to_contain_text("columns = tunes[0].pixels[0][:, :4]\nnow = probabilities[0][0]")
    expect(panel.get_by_alt_text("the state as 20 cells, from")).to_be_visible()
    assert picture.get_attribute("src") != hidden
    sound = panel.locator("audio")
    expect(sound).to_have_attribute("aria-label", "The sound of picture 0")
    page.wait_for_function("() => document.querySelector('audio').duration === 0.1")
    box(panel, "Picture").press("ArrowUp")
    box(panel, "Picture").press("Enter")
    expect(sound).to_have_attribute("aria-label", "The sound of picture 1")
    expect(step).to_have_value("0")
    play = panel.get_by_role("button", name="Play")
    play.press("Space")
    expect(panel.get_by_role("button", name="Pause")).to_be_focused()
    expect(panel.get_by_text(re.compile(r"says after column [48]$"))).to_be_visible()
    expect(panel.get_by_text("label", exact=True)).to_have_count(0)
    box(panel, "Steps a second").fill("60")
    key("Enter")
    expect(status).to_contain_text(re.compile("in the end .*It settled after column"))
    expect(panel.get_by_text("label", exact=True)).to_have_count(1)
    expect(panel.locator(".rt-settled")).to_have_count(1)
    for width in (1280, 700):
        resize(page, panel, width)
        assert panel.evaluate(CUT_OFF) == []
        frame = panel.locator(".rt-now .rt-frame").bounding_box()
        for drawn in (picture, panel.get_by_alt_text("the hidden state")):  # all end in one column
            place = drawn.bounding_box()
            assert abs(place["x"] + place["width"] - frame["x"] - frame["width"]) < 2
        assert frame["y"] <= picture.bounding_box()["y"]


@pytest.mark.parametrize("theme", ["Light", "Dark"])
def test_charts_stand_on_the_ground_of_the_page(show, theme):
    page = show(SETUP, STRIP, "panel.step = 3; panel")
    panel = page.locator(".rt-strip-panel")
    name = {"theme": f"JupyterLab {theme}"}
    page.evaluate("name => window.jupyterapp.commands.execute('apputils:change-theme', name)", name)
    page.wait_for_function(DARK if theme == "Dark" else f"() => !({DARK})()")
    for part in (".rt-course", ".rt-bars svg", ".rt-lines"):
        assert panel.locator(part).first.evaluate(GROUND) == "rgba(0, 0, 0, 0)"
    ink = panel.locator(".rt-lines text").first.evaluate("text => getComputedStyle(text).fill")
    levels = [int(level) for level in re.findall(r"\d+", ink)[:3]]
    assert min(levels) > 180 if theme == "Dark" else max(levels) < 80


def test_labelling_panel(show, lab):
    (lab.folder / "named.csv").unlink(missing_ok=True)
    page = show(SETUP, LABELLING)
    panel, key = page.locator(".rt-labelling-panel"), page.keyboard.press
    code, status = panel.get_by_role("textbox", name="plain Python"), panel.get_by_role("status")
    turn, field = panel.locator(".rt-turn"), panel.get_by_label("New class")
    check(page, panel)
    cells = page.evaluate(NUMBER_OF_CELLS)
    expect(status).to_contain_text("0 of 40 named.")
    grey = panel.get_by_role("button", name="2 grey")
    grey.press("Enter")
    expect(status).to_have_text("1 of 40 named. Picture 149 is called grey.")
    expect(grey).to_be_focused()
    key("Tab")
    expect(field).to_be_focused()
    page.keyboard.type("tr\u00e8s clair, 1u")
    key("Enter")
    expect(status).to_contain_text("There is a class tr\u00e8s clair, 1u, key 3.")
    expect(field).to_have_value("")
    for name in ("Add", "Change a class", "Previous", "Next"):
        key("Tab")
        expect(panel.get_by_role("button", name=re.compile(f"{name}$"))).to_be_focused()
    key("Space")
    expect(turn).to_have_text("147")
    key("3")
    expect(panel.get_by_role("button", name="147 tr\u00e8s clair, 1u")).to_be_visible()
    expect(turn).to_have_text("146")
    key("ArrowUp")
    expect(turn).to_have_text("149 grey")
    key("ArrowDown")
    expect(turn).not_to_contain_text("149")
    assert 149 - int(turn.inner_text().split()[0]) in range(5, 15)  # a row
    for k in (*"x00ddab1", "Backspace", "u", "Escape"):  # the lab's shortcuts among them
        key(k)
    expect(status).to_contain_text("Undone: picture 147 has no name.")
    assert page.evaluate(NUMBER_OF_CELLS) == cells
    key("PageDown")
    expect(turn).to_have_text("123")
    expect(status).to_contain_text("Picture 123: no name yet.")
    expect(panel.get_by_alt_text("picture 123: no name yet")).to_be_visible()
    key("PageUp")
    panel.evaluate(HIDE_AND_SHOW)  # as the lab does with what is scrolled away
    panel.evaluate("panel => panel.focus()")
    for k in "12121212":  # quicker than the kernel
        key(k)
        key("ArrowRight")
    expect(status).to_contain_text("9 of 40 named.")
    expect(code).to_contain_text('labels[[147, 143, 139, 135]] = "dark"')
    expect(code).to_contain_text('labels[[149, 145, 141, 137, 133]] = "grey"')
    key("Delete")
    key("9")
    expect(status).to_contain_text("No class is on key 9.")
    panel.get_by_role("button", name="Change a class").press("Enter")
    for width in (700, 1280):
        resize(page, panel, width)
        assert panel.evaluate(CUT_OFF) == []
    panel.get_by_label("Class", exact=True).select_option("grey")
    panel.get_by_label("Class", exact=True).press("ArrowUp")  # in the list, not to a picture
    expect(panel.get_by_label("Class", exact=True)).to_have_value("dark")
    panel.get_by_label("New name").fill("night")
    key("Enter")
    expect(status).to_contain_text("The class dark is called night now.")
    expect(panel.get_by_role("button", name="1 night (4)")).to_be_visible()
    panel.get_by_role("button", name="Remove").press("Enter")
    expect(status).to_contain_text("There is no class night any more; 4 pictures lost that name.")
    for _ in "uu":
        panel.get_by_role("button", name="Undo").press("Enter")
    expect(panel.get_by_role("button", name="1 dark (4)")).to_be_visible()
    again = show(SETUP, LABELLING).locator(".rt-labelling-panel")
    expect(again.get_by_role("status")).to_have_text("9 of 40 named.")
    expect(again.locator(".rt-turn")).to_have_text("148")
    expect(again.get_by_role("button", name="149 grey")).to_be_visible()
    again.get_by_role("button", name="1 dark").press("1")
    expect(again.get_by_role("button", name="148 dark")).to_be_visible()


def test_gate_panel(show):
    page = show(SETUP, GATE)
    panel = page.locator(".rt-gate-panel")
    code, status = panel.get_by_role("textbox", name="plain Python"), panel.get_by_role("status")
    expect(status).to_contain_text("Nothing is read yet.")
    check(page, panel)
    box(panel, "Step").fill("5")
    box(panel, "Step").press("Enter")
    expect(status).to_contain_text("Row 5, unit 0: c = ")
    bias = panel.get_by_role("slider", name="Forget bias +")
    bias.press("ArrowRight")
    expect(code).to_contain_text("b + 0.5 * np.repeat")
    box(panel, "Unit").press("ArrowUp")
    expect(status).to_contain_text("Row 5, unit 1: c = ")
    charts = panel.get_by_role("img", name=re.compile("unit 1 after row 5: forget gate f 0"))
    expect(charts).to_be_visible()
    for width in (700, 1280):
        resize(page, panel, width)
        assert panel.evaluate(CUT_OFF) == []


def test_kernel_panel(show):
    page = show(SETUP, KERNEL)
    panel = page.locator(".rt-kernel-panel")
    code, status = panel.get_by_role("textbox", name="plain Python"), panel.get_by_role("status")
    expect(status).to_contain_text("Nothing is computed yet.")
    check(page, panel)
    picture = panel.get_by_role("application", name="on the picture")
    for key in ("ArrowRight", "ArrowDown"):
        picture.press(key)
    expect(status).to_contain_text("Place 12 of 100, rows 2 to 4 and columns 2 to 4")
    expect(code).to_contain_text("picture[1:4, 1:4]")
    kernel = panel.get_by_label("Kernel", exact=True)
    kernel.press("ArrowDown")
    expect(code).to_contain_text("[[-1.0, -1.0, -1.0]")
    weight = panel.get_by_role("spinbutton", name="row 1, column 1 of the kernel")
    weight.fill("7")
    weight.press("Enter")
    expect(code).to_contain_text("[[7.0, -1.0, -1.0]")
    assert kernel.evaluate("list => list.selectedOptions[0].label").split() == ["your", "own"]
    place = panel.get_by_alt_text("the feature map").bounding_box()
    corner = place["x"] + place["width"] - 2, place["y"] + place["height"] - 2
    page.mouse.move(place["x"] + 2, place["y"] + 2)
    page.mouse.down()
    expect(status).to_contain_text("Place 1 of 100")
    page.mouse.move(*corner)
    page.mouse.up()
    expect(status).to_contain_text("Place 100 of 100")
    for width in (700, 1280):
        resize(page, panel, width)
        assert panel.evaluate(CUT_OFF) == []


@pytest.mark.full
def test_occlusion_panel(show):
    page = show(SETUP, OCCLUSION, seconds=120)
    panel = page.locator(".rt-occlusion-panel")
    code, status = panel.get_by_role("textbox", name="plain Python"), panel.get_by_role("status")
    expect(status).to_contain_text("Nothing is covered. It says")
    check(page, panel)
    panel.get_by_role("application", name="on the picture").press("ArrowDown")
    expect(status).to_contain_text("The square is on rows 2 to 4 and columns 1 to 3.")
    expect(code).to_contain_text("covered[0, 1:4, 0:3] = 0.5")
    place = panel.get_by_alt_text("the picture; the square").bounding_box()
    page.mouse.click(place["x"] + place["width"] - 2, place["y"] + place["height"] - 2)
    expect(status).to_contain_text("The square is on rows 10 to 12 and columns 10 to 12.")
    expect(panel.locator(".rt-bars [role=listitem]")).to_have_count(3)
