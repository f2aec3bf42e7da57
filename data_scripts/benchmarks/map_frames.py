"""Measure how fast the live map draws in JupyterLab, without a GPU.

    python data_scripts/benchmarks/map_frames.py [--sizes 5000 70000] [--out FILE]

Needs Chromium and the test extra. For each size: seconds from the end of the cell to the first
drawn frame; the median and the 90th percentile of the time between frames while the wheel zooms in
and out; the median time of the drawing itself; and the browser's heap.
"""

import argparse
import importlib.util
import json
import os
import platform
import sys
import tempfile
from pathlib import Path

import nbformat
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "data_scripts")]
CELL = """
import numpy as np
import rnn_tutor as rt
n = {n}
rng = np.random.default_rng(0)
source = rt.load_images("fashion5")
images = source[rng.integers(0, len(source), n)]
clusters = rng.integers(0, 10, n)
points = rng.normal(size=(10, 2))[clusters] * 4 + rng.normal(size=(n, 2))
panel = rt.widgets.MapPanel(images, points, clusters)
panel
"""
FIRST = """async () => { const began = performance.now();
    while (performance.now() - began < 60000) {
        if (document.querySelector('.rt-map')?.dataset.frame) return performance.now() - began;
        await new Promise(resolve => setTimeout(resolve, 5)); }
    return null; }"""
ZOOM = """async () => { const panel = document.querySelector('.rt-map');
    const canvas = panel.querySelector('canvas'), box = canvas.getBoundingClientRect();
    const frames = [], drawing = []; let last = performance.now();
    for (let i = 0; i < 120; i++) {
        canvas.dispatchEvent(new WheelEvent('wheel', {deltaY: i % 40 < 20 ? -60 : 60,
            clientX: box.left + box.width / 2, clientY: box.top + box.height / 2,
            bubbles: true, cancelable: true}));
        await new Promise(resolve => requestAnimationFrame(resolve));
        const now = performance.now(); frames.push(now - last); last = now;
        drawing.push(parseFloat(panel.dataset.frame)); }
    frames.sort((a, b) => a - b); drawing.sort((a, b) => a - b);
    return {frame: frames[60], frame_90: frames[108], drawing: drawing[60],
        heap_mb: performance.memory.usedJSHeapSize / 1e6}; }"""


def main():
    """Measure every size and print, or store, the figures."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[5_000, 70_000])
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
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
            rows = [measured(tools, lab, browser, n) for n in options.sizes]
        finally:
            browser.close()
            lab.stop()
    result = {
        "machine": {"processor": platform.machine(), "cores": os.cpu_count()},
        "milliseconds": rows,
    }
    text = json.dumps(result, indent=1) + "\n"
    if options.out:
        options.out.write_text(text, encoding="utf-8")
    print(text)


def measured(tools, lab, browser, n):
    """Open a notebook with a map of n images; return its figures."""
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(CELL.format(n=n))],
        metadata={"kernelspec": tools.KERNELSPEC},
    )
    nbformat.write(notebook, lab.folder / f"map-{n}.ipynb")
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.set_default_timeout(180_000)
    page.goto(f"{lab.url}/lab/tree/map-{n}.ipynb?token={lab.token}&reset")
    page.wait_for_function(tools.READY)
    tools.refuse_errors(page.evaluate(tools.RUN_ALL))
    first = page.evaluate(FIRST)
    page.wait_for_timeout(5_000)  # until the sheets of images are there
    figures = {key: round(value, 1) for key, value in page.evaluate(ZOOM).items()}
    page.evaluate(tools.SHUT_DOWN)
    page.close()
    return {"images": n, "first": round(first, 1), **figures}


if __name__ == "__main__":
    main()
