"""The notebooks' budget is measured while nbval runs them (support/budget.py); it can fail."""

import os
import subprocess
import sys
import time

import psutil
import pytest
from store_notebooks import peak_memory
from support import budget
from support.accounting import ELSEWHERE


@pytest.mark.parametrize(
    ("seconds", "peak_mb", "slowness", "others", "complaints"),
    [
        (59.9, 1199.0, 1.0, 0.0, 0),
        (60.1, 1199.0, 1.0, 0.05, 1),
        (60.1, 1199.0, 1.0, 0.5, 0),
        (60.1, 1199.0, 1.1, 0.0, 0),
        (59.9, 1251.0, 2.0, 0.5, 1),
        (61.0, 1251.0, 1.0, 0.0, 2),
        (10.0, None, 1.0, 0.0, 0),
    ],
)
def test_budget(seconds, peak_mb, slowness, others, complaints):
    row = budget.Row("08_clusters", seconds, peak_mb, slowness, others, 20)
    assert len(list(row.complaints())) == complaints


def slowness_of(monkeypatch, seconds):
    """The slowness where the workload takes `seconds` in turn, each twice."""
    speed, twice = budget.Speed(), iter([s for second in seconds for s in (second, second)])
    monkeypatch.setattr(budget, "workload", lambda: next(twice))
    for _ in seconds:
        speed.sample()
        speed.last -= 2 * budget.EVERY_SECONDS
    return speed.slowness


def test_slowness_is_the_mean_of_the_workload(monkeypatch):
    nominal = budget.NOMINAL_SECONDS
    assert slowness_of(monkeypatch, [3 * nominal]) == pytest.approx(3)
    assert slowness_of(monkeypatch, [nominal, 3 * nominal, 5 * nominal]) == pytest.approx(3)
    assert slowness_of(monkeypatch, [nominal / 3, nominal]) == 1


SPIN = "import time; end = time.process_time() + 0.5\nwhile time.process_time() < end: pass"


def test_only_the_work_outside_the_run_counts_as_others():
    """A child that has ended and one that has not are of this run, and not of an idle process's."""
    wait = SPIN.replace("0.5", "0") + "\ninput()"
    idle = subprocess.Popen([sys.executable, "-c", wait], stdin=subprocess.PIPE)
    ours, of_idle = budget.Others(os.getpid()), budget.Others(idle.pid)
    subprocess.run([sys.executable, "-c", SPIN], check=True)
    child = subprocess.Popen([sys.executable, "-c", SPIN + "\ninput()"], stdin=subprocess.PIPE)
    try:
        while sum(psutil.Process(child.pid).cpu_times()[:2]) < 0.45:
            time.sleep(0.01)
        with_both, without = of_idle.share(), ours.share()
    finally:
        child.communicate(b"\n")
        idle.communicate(b"\n")
    could = (time.perf_counter() - ours.start) * psutil.cpu_count()
    assert with_both * could >= without * could + 0.9
    assert 0 <= without < with_both <= 1.1


def test_the_workload_runs_seldom_and_its_time_is_counted():
    speed = budget.Speed()
    speed.sample()
    spent = speed.spent
    speed.sample()
    assert len(speed.samples) == 1
    assert speed.spent == spent > 0


def test_peak_memory_counts_what_was_given_back():
    if (before := peak_memory(os.getpid())) is None:
        pytest.skip(f"{ELSEWHERE}the peak memory of a process is read from /proc")
    held = bytearray(b"x" * 400_000_000)
    del held
    assert peak_memory(os.getpid()) > max(400, before - 1)
