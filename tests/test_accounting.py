"""What a run leaves out is counted, and where everything is installed nothing may be skipped."""

import pytest
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
