"""The books on what a run leaves out: tests skipped, or expected to fail.

A test that this machine cannot run says so in its reason for skipping, which then begins with
`ELSEWHERE`: it needs root, Linux, two cores, ... Those are counted. Every other skip is a mistake
where everything is installed, and so is a test that is expected to fail.
"""

import os
from collections import Counter

import pytest

ELSEWHERE = "not on this machine: "
LEFT_OUT, SKIPPED, EXPECTED = "left to other machines", "skipped", "expected to fail"


def kind_of(report):
    """How a report's test was left out: one of the three kinds, or None where it ran."""
    if hasattr(report, "wasxfail"):
        return EXPECTED
    if not report.skipped:
        return None
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    return LEFT_OUT if ELSEWHERE in reason else SKIPPED


def complaints(seen, in_ci):
    """What is wrong with a run's counts; skips count in CI, where everything is installed."""
    if seen[EXPECTED]:
        yield f"{seen[EXPECTED]} expected to fail: mend them, or take them out"
    if seen[SKIPPED] and in_ci:
        yield f"{seen[SKIPPED]} skipped, and where everything is installed none may be"


class SkipCounter:
    """A pytest plugin: counts what is left out, and judges the run by it."""

    def __init__(self):
        self.seen, self.found = Counter(), []

    def pytest_runtest_logreport(self, report):
        self.seen[kind_of(report)] += 1

    def pytest_collectreport(self, report):
        self.seen[kind_of(report)] += 1

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session):
        self.found = list(complaints(self.seen, bool(os.environ.get("CI"))))
        if self.found and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter):
        kinds = (SKIPPED, LEFT_OUT, EXPECTED)
        terminalreporter.line("accounting: " + ", ".join(f"{self.seen[k]} {k}" for k in kinds))
        for complaint in self.found:
            terminalreporter.line(f"accounting: {complaint}", red=True)
