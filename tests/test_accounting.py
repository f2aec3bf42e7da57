"""What a run leaves out is counted, and where everything is installed nothing may be skipped."""

import os
import sys

import nbformat
import pytest
from store_notebooks import KERNELSPEC
from support.accounting import ELSEWHERE

pytest_plugins = ["pytester"]
SKIPS = {
    "skipped": "pytest.skip('not installed')",
    "missing": "pytest.importorskip('a_package_that_is_nowhere')",
    "elsewhere": f"pytest.skip({ELSEWHERE + 'needs root'!r})",
    "expected": "pytest.xfail('some day')",
    "runs": "pass",
}


@pytest.mark.parametrize(
    ("tests", "counted", "right_in_ci", "right_elsewhere"),
    [
        (["runs"], (0, 0, 0), True, True),
        (["runs", "skipped", "missing"], (2, 0, 0), False, True),
        (["runs", "elsewhere"], (0, 1, 0), True, True),
        (["runs", "expected"], (0, 0, 1), False, False),
    ],
)
def test_a_run_is_judged_by_what_it_leaves_out(
    pytester, monkeypatch, tests, counted, right_in_ci, right_elsewhere
):
    pytester.makeconftest(
        "from support import accounting\n"
        "def pytest_configure(config):\n"
        "    config.pluginmanager.register(accounting.SkipCounter())\n"
    )
    pytester.makepyfile(
        "import pytest\n" + "".join(f"def test_{name}(): {SKIPS[name]}\n" for name in tests)
    )
    line = "accounting: {} skipped, {} left to other machines, {} expected to fail".format(*counted)
    for in_ci, right in (("true", right_in_ci), ("", right_elsewhere)):
        monkeypatch.setenv("CI", in_ci)
        run = pytester.runpytest_inprocess()
        run.stdout.fnmatch_lines([line])
        assert (run.ret == 0) == right


NOTEBOOK = nbformat.v4.new_notebook(
    cells=[nbformat.v4.new_code_cell("x = 1", execution_count=1)],
    metadata={"kernelspec": KERNELSPEC},
)


@pytest.mark.full
def test_two_workers_bring_one_account_to_the_end(pytester, monkeypatch):
    """Of a notebook over its budget, and of what was left out, where the run is judged."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, sys.path)))
    pytester.makeconftest(
        "from support import accounting, budget\n"
        "budget.MAX_SECONDS, budget.MAX_OTHERS, budget.workload = 0.0, 1.0, lambda: 0.05\n"
        "def pytest_configure(config):\n"
        "    config.option.nbval = config.option.nbval_current_env = True\n"
        "    config.pluginmanager.register(budget.NotebookBudget())\n"
        "    if not hasattr(config, 'workerinput'):\n"
        "        config.pluginmanager.register(accounting.SkipCounter())\n"
    )
    nbformat.write(NOTEBOOK, pytester.path / "slow.ipynb")
    pytester.makepyfile(
        test_one="import pytest\npytest.importorskip('a_package_that_is_nowhere')",
        test_two="import pytest\ndef test_skipped(): pytest.skip('not installed')",
        test_three="def test_runs(): pass",
    )
    run = pytester.runpytest_subprocess("-n", "2", "--dist", "loadfile")
    run.assert_outcomes(passed=2, skipped=2, errors=1)
    run.stdout.fnmatch_lines_random(
        ["slow  *1 cells *", "*slow took * s; 0 s is the most", "accounting: 2 skipped, *"]
    )
