"""Execute the course's notebooks and store their outputs, as the tests will compare them.

    python data_scripts/store_notebooks.py [NAME ...]

A name is a notebook's file name or its beginning ("07"); without names, all. A notebook is written
only when every cell ran without an error, without a line on stderr, and without outputs that could
not be compared later.
"""

import argparse
import asyncio
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = ROOT / "notebooks"
OFFLINE = ROOT / "tests" / "support" / "offline"
KERNELSPEC = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
CHANGES_OUTPUT = {"clear_output", "update_display_data"}


@dataclass
class Execution:
    """How a notebook ran: seconds from the kernel's start, peak MB (None: unknown), complaints."""

    seconds: float
    peak_mb: float | None
    complaints: list[str]


class _Client(NotebookClient):
    """Notes what nbval could not repeat: outputs that a cell takes back or changes."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.complaints = []

    def process_message(self, message, cell, cell_index):
        if message["msg_type"] in CHANGES_OUTPUT:
            self.complaints.append(
                f"cell {cell_index}: {message['msg_type']}; nbval cannot repeat it"
            )
        return super().process_message(message, cell, cell_index)


def peak_memory(pid):
    """The most resident memory a process has held, in MB (10^6 bytes); None outside Linux."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return None
    peak = next((line for line in status.splitlines() if line.startswith("VmHWM")), None)
    return int(peak.split()[1]) * 1024 / 1e6 if peak else None


def offline_environment():
    """This process's environment, and the hook that keeps kernels on their own machine."""
    path = [str(OFFLINE), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(path)}


def execute(notebook, folder, timeout=180):
    """Run a notebook's cells in a new kernel and put their outputs into it.

    Args:
        notebook: an `nbformat.NotebookNode`; its cells are changed.
        folder: where the kernel runs.
        timeout: seconds that one cell may take.

    Returns:
        An `Execution`; it ends at the first cell that raises.
    """
    client = _Client(
        notebook,
        timeout=timeout,
        kernel_name="python3",
        record_timing=False,
        store_widget_state=False,
        resources={"metadata": {"path": str(folder)}},
    )
    return asyncio.run(_run(client))  # in an event loop of its own, which is closed at the end


async def _run(client):
    client.reset_execution_trackers()
    complaints, start, notebook = client.complaints, time.perf_counter(), client.nb
    async with client.async_setup_kernel(env=offline_environment(), stderr=subprocess.DEVNULL):
        for index, cell in enumerate(notebook.cells):
            try:
                await client.async_execute_cell(cell, index)
            except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
                complaints.append(f"cell {index}: {error}")
                break
        seconds = time.perf_counter() - start
        peak = peak_memory(client.km.provisioner.pid)
    return Execution(seconds, peak, complaints + stored_surprises(notebook))


def stored_surprises(notebook):
    """Outputs that nobody should meet: lines on stderr, or rewritten by carriage returns."""
    found = []
    for index, cell in enumerate(notebook.cells):
        for output in cell.get("outputs", []):
            if output.output_type != "stream":
                continue
            if output.name == "stderr":
                found.append(f"cell {index} wrote to stderr: {output.text.strip()[:300]}")
            elif set("\r\b") & set(output.text):
                found.append(f"cell {index} rewrites a line it has printed (a progress bar?)")
    return found


def merge_streams(outputs):
    """Join what a cell printed in pieces, as nbval does before it compares."""
    merged = []
    for output in outputs:
        if merged and output.output_type == merged[-1].output_type == "stream":
            merged[-1].text += output.text
        else:
            merged.append(output)
    return merged


def normalise(notebook):
    """Keep cells, tags, outputs and the kernel's name; no timings, no state of widgets."""
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    notebook.metadata = nbformat.from_dict(
        {"kernelspec": KERNELSPEC, "language_info": {"name": "python"}}
    )
    for cell in notebook.cells:
        tags = cell.metadata.get("tags")
        cell.metadata = nbformat.from_dict({"tags": tags} if tags else {})
        if cell.cell_type == "code":
            cell.outputs = merge_streams(cell.outputs)
            for output in cell.outputs:  # without its state a view shows "model not found"
                output.get("data", {}).pop(WIDGET_VIEW, None)
    give_ids(notebook)


def give_ids(notebook):
    """Cells keep their id; one without, or with an earlier cell's (a copy), gets its own."""
    known = set()
    for cell in notebook.cells:
        if not cell.get("id") or cell.id in known:
            cell.id = nbformat.v4.new_code_cell().id
        known.add(cell.id)


def read(path):
    """A notebook, brought to format 4.5 without nbformat's warnings on missing ids."""
    notebook = nbformat.from_dict(nbformat.reader.reads(path.read_text(encoding="utf-8")))
    give_ids(notebook)
    notebook.nbformat_minor = 5
    return notebook


def store(path):
    """Execute a notebook; write it when nothing is wrong. Returns whether it was written."""
    notebook = read(path)
    done = execute(notebook, path.parent)
    memory = "unknown" if done.peak_mb is None else f"{done.peak_mb:,.0f} MB"
    print(f"{path.name}: {done.seconds:.1f} s, peak memory {memory}", flush=True)
    for complaint in done.complaints:
        print(f"  {complaint}")
    if not done.complaints:
        normalise(notebook)
        nbformat.validate(notebook)
        nbformat.write(notebook, path)
    return not done.complaints


def chosen(names):
    """The notebooks that the names begin; all without names. Exits when a name fits none."""
    everything = sorted(NOTEBOOKS.glob("*.ipynb"))
    for name in names:
        if not any(path.name.startswith(Path(name).name) for path in everything):
            sys.exit(f"No notebook begins with {name!r}; there are {[p.name for p in everything]}.")
    starts = tuple(Path(name).name for name in names) or ("",)
    return [path for path in everything if path.name.startswith(starts)]


def main():
    parser = argparse.ArgumentParser(description="Execute notebooks and store their outputs.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="e.g. 07; without: all")
    written = [store(path) for path in chosen(parser.parse_args().names)]
    sys.exit(0 if written and all(written) else 1)


if __name__ == "__main__":
    main()
