"""The notebooks' budget is measured while nbval runs them (support/budget.py); it can fail."""

import os

import pytest
from store_notebooks import peak_memory
from support import budget


@pytest.mark.parametrize(
    ("seconds", "peak_mb", "slowness", "complaints"),
    [
        (59.9, 1199.0, 1.0, 0),
        (60.1, 1199.0, 1.0, 1),
        (60.1, 1199.0, 1.1, 0),
        (59.9, 1251.0, 2.0, 1),
        (61.0, 1251.0, 1.0, 2),
        (10.0, None, 1.0, 0),
    ],
)
def test_budget(seconds, peak_mb, slowness, complaints):
    row = budget.Row("08_clusters", seconds, peak_mb, slowness, 20)
    assert len(list(row.complaints())) == complaints


def test_slowness_follows_the_workload(monkeypatch):
    monkeypatch.setattr(budget, "workload", lambda: 3 * budget.NOMINAL_SECONDS)
    assert budget.slowness() == pytest.approx(3)
    monkeypatch.setattr(budget, "workload", lambda: budget.NOMINAL_SECONDS / 3)
    assert budget.slowness() == 1


def test_peak_memory_counts_what_was_given_back():
    if (before := peak_memory(os.getpid())) is None:
        pytest.skip("the peak memory of a process is read from /proc")
    held = bytearray(b"x" * 400_000_000)
    del held
    assert peak_memory(os.getpid()) > max(400, before - 1)
