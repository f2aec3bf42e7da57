"""Measure what an instructor wants to know: seconds of each cell, and the memory of kernels.

    python data_scripts/measure_class.py [07 ...] [server]

Without a word, all notebooks and the JupyterLab server. Writes `rnn_tutor/data/class.json`, which
`rnn-tutor teach` reads, after each notebook. Two kernels run notebook 00 and stay open, and two run
notebook 07: what two kernels share need not be counted twice. Time is told twice: by the clock,
which holds on a machine that does nothing else, and as the seconds that the cores worked for the
kernel. The share of the machine that other processes took meanwhile is stored, too: the larger it
is, the more both times exceed those of a quiet machine. Runs on Linux, because it reads /proc.
"""

import json
import os
import platform
import subprocess
import sys
import time
from contextlib import ExitStack
from datetime import date
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil
from nbclient import NotebookClient
from store_notebooks import offline_environment, peak_memory, read

ROOT = Path(__file__).resolve().parent.parent
OUT = ROOT / "rnn_tutor" / "data" / "class.json"
TWICE = ("00", "07")


def main(wanted):
    paths = {path.stem.split("_")[0]: path for path in (ROOT / "notebooks").glob("[0-9]*.ipynb")}
    found = {"notebooks": {}, "kernels": {}}
    if OUT.exists():
        found |= json.loads(OUT.read_text(encoding="utf-8"))
    for word in wanted or [*sorted(paths), "server"]:
        if word == "server":
            found["server"] = memory_of_server()
        else:
            taken, kernels = measure(paths[word])
            found["notebooks"][paths[word].stem] = taken
            found["kernels"] |= {paths[word].stem: kernels} if kernels else {}
            print(paths[word].stem, taken["cpu_seconds"], "core seconds", flush=True)
        found |= {
            "date": date.today().isoformat(),
            "machine": {
                "system": platform.system(),
                "cores": psutil.cpu_count(),
                "memory_gb": round(psutil.virtual_memory().total / 1e9, 1),
            },
            "versions": {name: version(name) for name in ("keras", "tensorflow", "ipykernel")},
        }
        OUT.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


def measure(path):
    """Run a notebook, in two kernels at once where it is one of `TWICE`.

    Returns:
        (taken, kernels): what the first run took; the memory of both kernels, or None.
    """
    with ExitStack() as stack:
        taken, pid = run(path, stack)
        if path.name.split("_")[0] not in TWICE:
            return taken, None
        pids = [pid, run(path, stack)[1]]
        peaks = [round(peak_memory(pid)) for pid in pids]
        return taken, {"peak_mb": peaks, "at_the_end": [memory_of(pid) for pid in pids]}


def run(path, stack):
    """Run a notebook in a kernel that ends with `stack`; return what it took, and its process."""
    notebook = read(path)
    folder = stack.enter_context(TemporaryDirectory())
    client = NotebookClient(
        notebook, timeout=600, kernel_name="python3", resources={"metadata": {"path": folder}}
    )
    client.reset_execution_trackers()
    start, busy, own = time.perf_counter(), cpu_seconds(), sum(os.times()[:2])
    clock, cpu = {}, {}
    stack.enter_context(client.setup_kernel(env=offline_environment(), stderr=subprocess.DEVNULL))
    pid = client.km.provisioner.pid
    for index, cell in enumerate(notebook.cells):
        if cell.cell_type == "code":
            begin, before = time.perf_counter(), kernel_seconds(pid)
            client.execute_cell(cell, index)
            clock[cell.id] = round(time.perf_counter() - begin, 2)
            cpu[cell.id] = round(kernel_seconds(pid) - before, 2)
    seconds = time.perf_counter() - start
    own = sum(os.times()[:2]) - own + kernel_seconds(pid)
    others = (cpu_seconds() - busy - own) / (seconds * psutil.cpu_count())
    taken = {
        "seconds": round(seconds, 1),
        "cpu_seconds": round(kernel_seconds(pid), 1),
        "peak_mb": round(peak_memory(pid)),
        "others": round(max(0.0, others), 2),
    }
    return taken | {"cells": clock, "cpu_cells": cpu}, pid


def kernel_seconds(pid):
    """Return the core seconds that a kernel and the processes it has started took so far."""
    return sum(psutil.Process(pid).cpu_times()[:4])


def memory_of(pid):
    """Return the memory of a process in MB: resident, its share of it, and what is its own."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    kb = {line.split(":")[0]: int(line.split()[1]) for line in lines}
    names = {"rss": ["Rss"], "pss": ["Pss"], "private": ["Private_Clean", "Private_Dirty"]}
    return {name: round(sum(kb[k] for k in keys) * 1024 / 1e6) for name, keys in names.items()}


def memory_of_server():
    """Return the memory of a JupyterLab server that has started and runs no kernel."""
    options = ["--no-browser", "--port=0", "--allow-root", "--ServerApp.log_level=WARN"]
    with TemporaryDirectory() as folder:
        home = {f"JUPYTER_{name}_DIR": folder for name in ("CONFIG", "DATA", "RUNTIME")}
        server = subprocess.Popen(
            [sys.executable, "-m", "jupyter", "lab", *options],
            cwd=folder,
            env=os.environ | home,
            stderr=subprocess.DEVNULL,
        )
        try:
            while not list(Path(folder).glob("jpserver-*.json")):
                time.sleep(0.5)
            time.sleep(10)  # until what it loads after its start is there
            return memory_of(server.pid)
        finally:
            server.terminate()
            server.wait()


def cpu_seconds():
    """Return the core seconds that this machine has worked."""
    times = psutil.cpu_times()
    return sum(times) - times.idle - times.iowait - times.guest - times.guest_nice


if __name__ == "__main__":
    main(sys.argv[1:])
