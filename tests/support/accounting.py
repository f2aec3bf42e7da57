"""The books on what is not tested: cells not compared, tests skipped or expected to fail.

The numbers stand in tests/accounting.json. `python tests/support/accounting.py` writes them anew,
for a change to be seen and discussed; the tests never do.
"""

import ast
import json
import os
import sys
from collections import Counter
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parent.parent
BOOKS = TESTS / "accounting.json"
SKIPS = {"skip", "skipif", "xfail", "importorskip", "skipTest"}


def recorded():
    """The numbers that were agreed on."""
    return json.loads(BOOKS.read_text())


def uncompared_cells():
    """For each notebook, how many cells carry each tag that keeps nbval from comparing."""
    from support import course

    return {
        path.stem: {
            tag: len(course.tagged(course.read(path), tag))
            for tag in sorted(course.UNCOMPARED_TAGS)
        }
        for path in course.NOTEBOOKS
    }


def skip_markers():
    """For each test file, how many places there are that skip a test or expect it to fail."""
    counts = {}
    for path in sorted(TESTS.rglob("*.py")):
        if count := count_skips(path.read_text(encoding="utf-8")):
            counts[path.relative_to(TESTS).as_posix()] = count
    return counts


def count_skips(source):
    """How often a source names pytest.skip, pytest.xfail, pytest.importorskip or their marks."""
    attributes = (n for n in ast.walk(ast.parse(source)) if isinstance(n, ast.Attribute))
    return sum(n.attr in SKIPS and ast.unparse(n.value).startswith("pytest") for n in attributes)


class SkipCounter:
    """A pytest plugin: counts what is skipped or expected to fail, and judges the run by it."""

    def __init__(self):
        self.seen, self.over = Counter(), []

    def pytest_runtest_logreport(self, report):
        if hasattr(report, "wasxfail"):
            self.seen["expected to fail"] += 1
        elif report.skipped:
            self.seen["skipped"] += 1

    def pytest_collectreport(self, report):
        self.seen["skipped"] += bool(report.skipped)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session):
        self.over = list(over_limit(self.seen, recorded()["in_a_run"], bool(os.environ.get("CI"))))
        if self.over and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter):
        line = ", ".join(f"{self.seen[what]} {what}" for what in ("skipped", "expected to fail"))
        terminalreporter.line(f"accounting: {line}")
        for complaint in self.over:
            terminalreporter.line(f"accounting: {complaint}", red=True)


def over_limit(seen, limits, in_ci):
    """Complaints about a run's counts; skips count in CI, where everything is installed."""
    for what, limit in limits.items():
        if seen[what] > limit and (in_ci or what != "skipped"):
            yield f"{seen[what]} {what}, and {limit} at most were agreed on (tests/accounting.json)"


def write():
    """Write the numbers as they are now; the limits of a run stay."""
    limits = recorded()["in_a_run"] if BOOKS.exists() else {"skipped": 0, "expected to fail": 0}
    books = {"cells": uncompared_cells(), "skip_markers": skip_markers(), "in_a_run": limits}
    BOOKS.write_text(json.dumps(books, indent=2) + "\n")


if __name__ == "__main__":
    sys.path.insert(0, str(TESTS))
    write()
