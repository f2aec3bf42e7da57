"""A pytest plugin: the time and the memory of each notebook, measured while nbval runs it.

A notebook may take 60 s from its kernel's start to its last cell, more only where the machine is
slower than the one on which the reference workload was timed, and 1,200 MB of resident memory.
A second worker of the same run makes the machine slower, and the workload measures by how much.
Where processes outside the run took a share of the machine meanwhile, the time is not judged.
"""

import contextlib
import os
import time
from dataclasses import dataclass

import numpy as np
import psutil
import pytest
from store_notebooks import peak_memory

MAX_SECONDS, AIM_SECONDS, MAX_MB = 60.0, 40.0, 1200.0
MAX_OTHERS = 0.1  # share of the machine's cores
NOMINAL_SECONDS = 0.05  # of `workload`, on two idle cores (November 2026)
EVERY_SECONDS = 3.0
PROPERTY = "time and memory"  # of the report of a notebook's last cell


def workload():
    """Seconds for a fixed piece of work, half matrices, half plain Python."""
    matrix = np.random.default_rng(0).random((512, 512), dtype=np.float32)
    start = time.perf_counter()
    for _ in range(20):
        matrix @ matrix
    sum(i * i for i in range(500_000))
    return time.perf_counter() - start


class Speed:
    """How many times slower than the reference this machine is while something runs; at least 1."""

    def __init__(self):
        self.samples, self.spent, self.last = [], 0.0, float("-inf")

    def sample(self):
        """Time the workload, if the last time is long enough ago; the better of two tries."""
        start = time.perf_counter()
        if start - self.last < EVERY_SECONDS:
            return
        self.samples.append(min(workload(), workload()))
        self.last = time.perf_counter()
        self.spent += self.last - start

    @property
    def slowness(self):
        return max(1.0, float(np.mean(self.samples)) / NOMINAL_SECONDS)


class Others:
    """Which share of the machine's cores processes outside the run take while something runs.

    run: the id of the process whose descendants are the run; this process, or the one above it
    where this is a worker of pytest-xdist.
    """

    def __init__(self, run=None):
        worker = "PYTEST_XDIST_WORKER" in os.environ
        self.run = psutil.Process(run or (os.getppid() if worker else os.getpid()))
        self.start, self.busy = time.perf_counter(), machine_seconds()
        self.own = seconds_of(self.run)

    def share(self):
        """The share since the start."""
        own = seconds_of(self.run) - self.own
        could = (time.perf_counter() - self.start) * psutil.cpu_count()
        return max(0.0, (machine_seconds() - self.busy - own) / could)


def machine_seconds():
    """Core seconds that this machine has worked since it started, for whomever."""
    times = psutil.cpu_times()
    guests = getattr(times, "guest", 0) + getattr(times, "guest_nice", 0)  # in `user` already
    return sum(times) - times.idle - getattr(times, "iowait", 0) - guests


def seconds_of(process):
    """Core seconds of a process and of its descendants, those that have ended included."""
    total = 0.0
    for one in [process, *process.children(recursive=True)]:
        with contextlib.suppress(psutil.Error):  # it has just ended
            spent = one.cpu_times()
            total += spent.user + spent.system + spent.children_user + spent.children_system
    return total


@dataclass
class Row:
    """What a notebook took: seconds, peak MB (None: unknown), cells run; and on what machine.

    slowness: of the machine, 1 where it is the reference; others: the share of its cores that
    processes outside the run took.
    """

    name: str
    seconds: float
    peak_mb: float | None
    slowness: float
    others: float
    cells: int

    @property
    def limit(self):
        return MAX_SECONDS * self.slowness

    @property
    def was_alone(self):
        return self.others <= MAX_OTHERS

    def complaints(self):
        """What is over the budget, a sentence each."""
        if self.was_alone and self.seconds > self.limit:
            yield f"{self.name} took {self.seconds:.0f} s; {self.limit:.0f} s is the most"
        if self.peak_mb is not None and self.peak_mb > MAX_MB:
            yield f"{self.name} held {self.peak_mb:.0f} MB; {MAX_MB:.0f} MB is the most"

    def __str__(self):
        memory = "unknown" if self.peak_mb is None else f"{self.peak_mb:.0f} MB"
        note = f"  (aim: {AIM_SECONDS:.0f} s)"
        if self.seconds <= AIM_SECONDS * self.slowness:
            note = ""
        if not self.was_alone:
            note = f"  (not judged: others took {self.others:.0%} of the machine)"
        return (f"{self.name:28} {self.cells:5} cells {self.seconds:7.1f} s of {self.limit:.0f} s  "
                f"{memory:>9}  machine x {self.slowness:.2f}{note}")  # fmt: skip


class NotebookBudget:
    """The clock starts before a notebook's kernel does and stops after its last cell.

    A row travels with the report of the last cell: from a worker to where all are shown.
    """

    def __init__(self):
        self.lines, self.notebook, self.cells = [], None, 0

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_setup(self, item):
        if _is_cell(item) and item.parent is not self.notebook:
            self.notebook, self.cells = item.parent, 0
            self.speed, self.others = Speed(), Others()
            self.start = time.perf_counter()
        if _is_cell(item):
            self.speed.sample()
        return (yield)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_teardown(self, item, nextitem):
        if not _is_cell(item):
            return (yield)
        self.cells += 1
        last = nextitem is None or nextitem.parent is not item.parent
        row = self.measured(item.parent) if last else None
        if row:
            item.user_properties.append((PROPERTY, str(row)))
        result = yield  # ends the kernel after the last cell
        if row and (found := list(row.complaints())):
            pytest.fail("; ".join(found), pytrace=False)
        return result

    def measured(self, notebook):
        """The row of a notebook whose last cell has run and whose kernel still stands."""
        self.speed.sample()
        seconds = time.perf_counter() - self.start - self.speed.spent
        manager = getattr(notebook.kernel, "km", None)  # nbval drops it when a kernel hangs
        kernel = manager.provisioner.pid if manager and manager.is_alive() else None
        peak = peak_memory(kernel) if kernel else None
        name, slow = notebook.path.stem, self.speed.slowness
        return Row(name, seconds, peak, slow, self.others.share(), self.cells)

    def pytest_runtest_logreport(self, report):
        self.lines += [value for name, value in report.user_properties if name == PROPERTY]

    def pytest_terminal_summary(self, terminalreporter):
        if self.lines:
            terminalreporter.section("time and memory of the notebooks")
            for line in sorted(self.lines):
                terminalreporter.line(line)


def _is_cell(item):
    return type(item).__name__ == "IPyNbCell"
