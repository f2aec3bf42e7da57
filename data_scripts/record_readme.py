"""Record the README's animated picture from the running course: needs Chromium and the test extra.

    python data_scripts/record_readme.py

JupyterLab shows notebook 00's live map. Images start in a heap and move to where the ready-trained
encoder places them; then the mouse points at one, and a click pins it.
"""

import importlib.util
import io
import sys
import tempfile
from pathlib import Path

import nbformat
from PIL import Image
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / ".readme" / "map.gif"
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "data_scripts")]
FRAMES, COLOURS, WIDTH = 18, 64, 800
CELL = """
import numpy as np
import rnn_tutor as rt
images = rt.load_images("fashion5").sample(900, seed=0)
embeddings = rt.clustering.l2_normalize(rt.embed(rt.load_encoder("fashion5"), images))
clusters = rt.Clustering(5, seed=0).fit_predict(embeddings)
points = rt.clustering.project(embeddings, "tsne", seed=0)
points = (points - points.mean(axis=0)) / np.abs(points).max()
heap = np.random.default_rng(0).normal(size=points.shape) * 0.25
panel = rt.widgets.MapPanel(images, heap, clusters, embeddings=embeddings)
panel
"""
RUN = """async (code) => {
    const kernel = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
    const future = kernel.requestExecute({code, store_history: false});
    let out = '';
    future.onIOPub = message => {
        if (message.header.msg_type === 'stream') out += message.content.text; };
    await future.done;
    return out.trim(); }"""


def main():
    """Record the frames and write them as one animated picture."""
    found = importlib.util.spec_from_file_location(
        "browser_tests", ROOT / "tests" / "browser" / "conftest.py"
    )
    tools = importlib.util.module_from_spec(found)
    found.loader.exec_module(tools)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        lab = tools.Lab(Path(folder))
        browser = tools.launch(playwright)
        try:
            lab.wait()
            frames = record(tools, lab, browser)
        finally:
            browser.close()
            lab.stop()
    first, *others = [
        frame.convert("P", palette=Image.ADAPTIVE, colors=COLOURS) for frame in frames
    ]
    times = [900, *[70] * FRAMES, 900, 1800, 2600][: len(frames)]
    first.save(TARGET, save_all=True, append_images=others, duration=times, loop=0, optimize=True)
    print(f"{TARGET.name}: {len(frames)} frames, {TARGET.stat().st_size / 1e6:.2f} MB")


def record(tools, lab, browser):
    """Return the frames: the heap, the way, the clusters, an image under the mouse, it pinned."""
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(CELL)], metadata={"kernelspec": tools.KERNELSPEC}
    )
    nbformat.write(notebook, lab.folder / "map.ipynb")
    page = browser.new_page(viewport={"width": 1240, "height": 1100})
    page.set_default_timeout(300_000)
    page.goto(f"{lab.url}/lab/tree/map.ipynb?token={lab.token}&reset")
    page.wait_for_function(tools.READY)
    tools.refuse_errors(page.evaluate(tools.RUN_ALL))
    page.wait_for_timeout(3_000)
    main_part = page.locator(".rt-map-main")
    main_part.scroll_into_view_if_needed()

    def picture():
        image = Image.open(io.BytesIO(main_part.screenshot())).convert("RGB")
        return image.resize((WIDTH, round(WIDTH * image.height / image.width)), Image.LANCZOS)

    frames = [picture()]
    for step in range(1, FRAMES + 1):
        part = step / FRAMES
        share = part * part * (3 - 2 * part)  # slow at both ends
        page.evaluate(
            RUN, f"panel.replace((1 - {share}) * heap + {share} * points, panel.sorting.clusters)"
        )
        page.wait_for_timeout(400)
        frames.append(picture())
    box = page.locator(".rt-map-stage").bounding_box()
    x, y = box["x"] + 0.32 * box["width"], box["y"] + 0.4 * box["height"]
    for dx in range(0, 200, 5):  # to the next image at the right
        page.mouse.move(x + dx, y)
        if page.locator(".rt-map-tip").is_visible():
            x += dx
            break
    page.wait_for_timeout(400)
    frames += [picture()]
    page.mouse.click(x, y)
    page.wait_for_timeout(600)
    page.mouse.move(box["x"] + box["width"] - 4, box["y"] + 4)
    page.wait_for_timeout(400)
    return [*frames, picture()]


if __name__ == "__main__":
    main()
