"""JupyterLab on this machine and a Chromium to look at it: what every test of a widget needs.

    def test_slider(open_notebook):
        page = open_notebook("import ipywidgets", "box = ...; box.add_class('my-panel'); box")
        panel = page.locator(".my-panel")
        panel.get_by_role("slider").press("ArrowRight")
        expect(panel.locator(".widget-html")).to_contain_text("...")

`open_notebook` writes the cells into a notebook of its own, opens it in the lab, runs all cells,
and returns Playwright's page when they have run without an error. `show` runs its cell in a
notebook that the tests of a file share, which is much quicker: the page and its kernel stay. With
RNN_TUTOR_SCREENSHOTS=FOLDER, a picture of each page at the end of its test is kept there.
"""

import itertools
import json
import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import nbformat
import pytest
from store_notebooks import KERNELSPEC, offline_environment

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome", "msedge")
BROWSER_OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]
JUPYTER_FOLDERS = {
    "JUPYTER_CONFIG_DIR": "config",
    "JUPYTER_DATA_DIR": "data",
    "JUPYTER_RUNTIME_DIR": "runtime",
    "JUPYTERLAB_SETTINGS_DIR": "settings",
    "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
    "IPYTHONDIR": "ipython",
}
NO_NEWS = {
    "@jupyterlab/apputils-extension:notification": {"checkForUpdates": False, "fetchNews": "false"}
}
READY = """() => { const panel = window.jupyterapp?.shell.currentWidget;
    const session = panel?.sessionContext?.session;
    return panel?.sessionContext?.isReady && session?.kernel?.connectionStatus === 'connected'
        && session.kernel.status === 'idle'; }"""
CELLS = """window.jupyterapp.shell.currentWidget.content.widgets
        .filter(cell => cell.model.type === 'code')
        .map(cell => ({
            count: cell.model.executionCount, outputs: cell.model.outputs.toJSON()}))"""
RUN_ALL = f"""async () => {{ await window.jupyterapp.commands.execute('notebook:run-all-cells');
    return {CELLS}; }}"""
RUN_SOURCE = f"""async source => {{ const app = window.jupyterapp;
    const notebook = app.shell.currentWidget.content, cell = notebook.widgets[0];
    cell.model.sharedModel.setSource(source);
    notebook.activeCellIndex = 0;
    await app.commands.execute('apputils:change-theme', {{theme: 'JupyterLab Light'}});
    await app.commands.execute('notebook:run-cell');
    return {CELLS}; }}"""
SHUT_DOWN = "() => window.jupyterapp.shell.currentWidget?.sessionContext?.shutdown()"
WINDOW = {"width": 1280, "height": 900}
SECOND = 1000  # Playwright counts milliseconds


def missing(what):
    """Without a browser there is nothing to test; in CI there must be one."""
    if os.environ.get("CI"):
        pytest.fail(what)
    pytest.skip(what)


@pytest.fixture(scope="package")
def browser():
    """One headless Chromium for all tests."""
    sync_api = pytest.importorskip("playwright.sync_api")
    if find_browser() is None:
        missing(f"no browser: none of {', '.join(BROWSERS)} is on the PATH")
    with sync_api.sync_playwright() as playwright:
        chromium = launch(playwright)
        yield chromium
        chromium.close()


def find_browser():
    """The path of a browser that Playwright can drive, or None."""
    return next(filter(None, map(shutil.which, BROWSERS)), None)


def launch(playwright):
    """A headless browser."""
    return playwright.chromium.launch(executable_path=find_browser(), args=BROWSER_OPTIONS)


class Lab:
    """A running JupyterLab: its address, its token, the folder it serves."""

    def __init__(self, folder):
        self.folder, self.token = folder / "served", secrets.token_hex(16)
        self.folder.mkdir()
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self.log = (folder / "jupyterlab.log").open("w+")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", *self.options(port)],
            env={**offline_environment(), **self.own_folders(folder)},
            stdout=self.log,
            stderr=subprocess.STDOUT,
        )

    def options(self, port):
        options = {
            "ServerApp.ip": "127.0.0.1",
            "ServerApp.port": port,
            "ServerApp.port_retries": 0,
            "IdentityProvider.token": self.token,
            "ServerApp.root_dir": self.folder,
            "LabApp.expose_app_in_browser": True,
        }
        as_root = ["--allow-root"] if getattr(os, "geteuid", lambda: 1)() == 0 else []
        return ["--no-browser", *as_root, *(f"--{name}={value}" for name, value in options.items())]

    @staticmethod
    def own_folders(folder):
        """Jupyter's folders, all inside `folder`, with settings that keep the news toast away."""
        folders = {variable: str(folder / name) for variable, name in JUPYTER_FOLDERS.items()}
        labconfig = folder / "config" / "labconfig"
        labconfig.mkdir(parents=True)
        (labconfig / "default_setting_overrides.json").write_text(json.dumps(NO_NEWS))
        return folders

    def wait(self, seconds=60):
        """Return when the server answers; RuntimeError with its log when it does not."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                urllib.request.urlopen(f"{self.url}/api?token={self.token}", timeout=5).close()
                return
            except OSError:
                time.sleep(0.1)
        self.log.seek(0)
        raise RuntimeError(f"JupyterLab did not start:\n{self.log.read()[-3000:]}")

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()


@pytest.fixture(scope="package")
def lab(browser, tmp_path_factory):
    """One JupyterLab for all tests, away from the user's settings and from the network."""
    server = Lab(tmp_path_factory.mktemp("lab"))
    try:
        server.wait()
        yield server
    finally:
        server.stop()


@pytest.fixture
def run_notebook(browser, lab, request):
    """A function `(notebook, seconds=90) -> page`: opens a notebook and runs all its cells."""
    opened, numbers = [], itertools.count(1)

    def run(notebook, seconds=90):
        page = open_page(browser, lab, notebook, f"{plain_name(request)}-{next(numbers)}", seconds)
        opened.append(page)
        refuse_errors(page.evaluate(RUN_ALL))
        page.set_default_timeout(15 * SECOND)
        return page

    yield run
    for number, page in enumerate(opened, 1):
        keep_screenshot(page, f"{plain_name(request)}-{number}.png")
        page.evaluate(SHUT_DOWN)
        page.close()


def open_page(browser, lab, notebook, name, seconds=90):
    """Open a notebook in the lab; return its page when the kernel is ready."""
    nbformat.write(notebook, lab.folder / f"{name}.ipynb")
    page = browser.new_page(viewport=WINDOW)
    page.set_default_timeout(seconds * SECOND)
    page.goto(f"{lab.url}/lab/tree/{name}.ipynb?token={lab.token}&reset")
    page.wait_for_function(READY)
    return page


@pytest.fixture(scope="module")
def shared_page(browser, lab, request):
    """A page with a notebook of one empty cell, for the tests of a file."""
    page = open_page(browser, lab, notebook_of(""), plain_name(request))
    yield page
    page.evaluate(SHUT_DOWN)
    page.close()


@pytest.fixture
def show(shared_page, request):
    """A function `(*sources, seconds=90) -> page`: runs them as the one cell of a shared notebook.

    What the cell showed before is closed; the names of earlier tests are still there.
    """

    def run(*sources, seconds=90):
        shared_page.set_viewport_size(WINDOW)
        shared_page.set_default_timeout(seconds * SECOND)
        refuse_errors(shared_page.evaluate(RUN_SOURCE, "\n".join(sources)))
        shared_page.set_default_timeout(15 * SECOND)
        return shared_page

    yield run
    keep_screenshot(shared_page, f"{plain_name(request)}.png")


@pytest.fixture
def open_notebook(run_notebook):
    """A function `(*sources, seconds=90) -> page`: puts code into a notebook and runs it."""

    def open_cells(*sources, seconds=90):
        return run_notebook(notebook_of(*sources), seconds)

    return open_cells


def notebook_of(*sources):
    """A notebook with these code cells."""
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    return nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": KERNELSPEC})


def plain_name(request):
    """The test's name, fit for a file."""
    return re.sub(r"\W+", "-", request.node.name).strip("-")


def refuse_errors(cells):
    """AssertionError when a cell has not run or has raised; the traceback is in the message."""
    for number, cell in enumerate(cells):
        errors = [out for out in cell["outputs"] if out["output_type"] == "error"]
        assert not errors, f"cell {number} raised {errors[0]['ename']}: {errors[0]['evalue']}"
        assert cell["count"] is not None, f"cell {number} did not run"


def keep_screenshot(page, name):
    """Save a page's picture where RNN_TUTOR_SCREENSHOTS says; nothing without it."""
    if folder := os.environ.get("RNN_TUTOR_SCREENSHOTS"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=Path(folder) / name)
