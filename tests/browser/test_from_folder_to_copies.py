"""The whole of notebook 12 in JupyterLab: a folder, its report, names, moves, copies, a restart."""

import csv
import re
import shutil

import nbformat
import numpy as np
import pytest
from support import course

pytest.importorskip("playwright.sync_api")
from playwright.sync_api import expect

import rnn_tutor as rt

RUN = """async (code) => {
    const kernel = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
    const future = kernel.requestExecute({code, store_history: false});
    let out = '';
    future.onIOPub = message => {
        if (message.header.msg_type === 'stream') out += message.content.text;
        if (message.header.msg_type === 'error') out += message.content.traceback.join('\\n'); };
    await future.done;
    return out.trim(); }"""
RUN_FROM = """async (id) => {
    const panel = window.jupyterapp.shell.currentWidget.content;
    panel.activeCellIndex = panel.widgets.findIndex(cell => cell.model.id === id);
    await window.jupyterapp.commands.execute('notebook:run-all-below'); }"""
RUN_ALL = "async () => { await window.jupyterapp.commands.execute('notebook:run-all-cells'); }"
RESTART = """async () => {
    await window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart(); }"""
ERRORS = """() => window.jupyterapp.shell.currentWidget.content.widgets
    .filter(cell => cell.model.type === 'code')
    .flatMap(cell => cell.model.outputs.toJSON())
    .filter(output => output.output_type === 'error').map(output => output.evalue)"""


@pytest.fixture
def folder(tmp_path):
    """A hundred photographs, flat, with two copies, a blurred one and a broken file."""
    images = rt.load_images("photos5")
    some = images[np.concatenate([np.flatnonzero(images.labels == k)[:20] for k in range(5)])]
    folder = some.without_labels().write(tmp_path / "my clothes")
    for k in (3, 50):
        shutil.copy(folder / f"{k:04d}.jpg", folder / f"{k:04d} copy.jpg")
    (folder / "broken.jpg").write_bytes((folder / "0009.jpg").read_bytes()[:500])
    return folder


def run(page, *script):
    page.evaluate(*script)
    assert page.evaluate(ERRORS) == []


@pytest.mark.full
def test_from_a_folder_to_corrected_copies(run_notebook, lab, folder):
    (path,) = [path for path in course.NOTEBOOKS if path.stem.startswith("12")]
    notebook = course.read(path)
    (cell,) = course.tagged(notebook, "data")
    cell.source = cell.source.replace(course.PHOTOS_LINE, f"load_images({folder.as_posix()!r})")
    for cell in course.code_cells(notebook):
        cell.source, cell.outputs = cell.source.replace('files = "none"', 'files = "copy"'), []
    before = {path: path.read_bytes() for path in folder.iterdir()}
    page = run_notebook(nbformat.from_dict(notebook), seconds=400)
    page.set_default_timeout(240_000)
    python = lambda code: page.evaluate(RUN, code)  # noqa: E731

    # The folder: duplicates go with one press.
    panel = page.locator(".rt-folder-panel")
    panel.scroll_into_view_if_needed()
    panel.get_by_role("button", name="Set 2 spoilt images aside").click()
    expect(panel.get_by_role("status")).to_contain_text("2 set aside, 100 kept.")
    run(page, RUN_FROM, "kept")
    assert python("print(len(kept), len(sorting.sizes))") == "100 5"

    # The map: two names, three moves, a suggestion.
    board = page.locator(".rt-map")
    board.scroll_into_view_if_needed()
    page.wait_for_selector(".rt-map[data-frame]")
    for cluster, name in ((0, "first"), (1, "second")):
        box = page.get_by_label(f"Name of cluster {cluster}")
        box.fill(name)
        box.press("Enter")
        expect(page.locator(".rt-map-said")).to_contain_text(name)
    python("panel.selection = np.flatnonzero(sorting.clusters == 2)[:3]")
    expect(page.locator(".rt-map-count").first).to_have_text("3 selected")
    page.get_by_label("Move the selected images to").select_option("0")
    expect(page.locator(".rt-map-said")).to_contain_text("3 images moved")
    page.get_by_role("button", name="Suggest").click()
    expect(page.locator(".rt-map-said")).to_contain_text("would change")
    page.get_by_role("button", name="Keep as it is").click()
    expect(page.get_by_role("button", name="Suggest")).to_be_visible()

    # The check, by the keyboard; then take it away.
    run(page, RUN_FROM, "suggest")
    check = page.locator(".rt-spot-check-panel")
    check.scroll_into_view_if_needed()
    check.focus()
    for k in range(int(python("print(len(check.sample))"))):
        check.press("w" if k % 10 == 9 else "r")
    expect(check.get_by_role("status")).to_contain_text("% right")
    expect(check).to_contain_text("What you found wrong")
    run(page, RUN_FROM, "estimate")
    assert re.match(r"about \d+% right, \d+% to \d+%", python("print(check.estimate)"))
    written = lab.folder / python("print(exported.folder)")
    with (written / "sorted.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 100 and {"first", "second"} <= {row["name"] for row in rows}
    for row in rows:
        assert (written / row["copied_to"]).read_bytes() == before[folder / row["file"]]
    moved = python("print(sorting.clusters.tolist(), sorting.names)")

    # After a restart, everything is as it was left.
    run(page, RESTART)
    run(page, RUN_ALL)
    assert python("print(len(kept))") == "100"
    assert python("print(sorting.clusters.tolist(), sorting.names)") == moved
    page.locator(".rt-map").scroll_into_view_if_needed()
    expect(page.get_by_label("Name of cluster 0")).to_have_value("first")
    assert {path: path.read_bytes() for path in folder.iterdir()} == before
