"""One `pytest` runs the package's tests and, by nbval, every notebook, all without a network."""

import os
import sys
from pathlib import Path

TESTS = Path(__file__).resolve().parent
sys.path[:0] = [str(TESTS), str(TESTS.parent / "data_scripts")]

from support import accounting, budget, course  # noqa: E402

# The notebooks say on which backend they run: they are executed and compared on TensorFlow.
RUNS_NOTEBOOKS = os.environ.get("KERAS_BACKEND", "tensorflow") == "tensorflow"
collect_ignore = [] if RUNS_NOTEBOOKS else ["notebooks", "browser"]


def pytest_configure(config):
    """Switch nbval on, and keep every process that the tests start away from the network."""
    path = [str(course.OFFLINE), *filter(None, [os.environ.get("PYTHONPATH")])]
    os.environ["PYTHONPATH"] = os.pathsep.join(path)
    if not hasattr(config, "workerinput"):  # a worker of pytest-xdist sends its reports
        config.pluginmanager.register(accounting.SkipCounter(), "skip-counter")
    if config.pluginmanager.hasplugin("nbval") and RUNS_NOTEBOOKS:
        config.option.nbval = True
        config.option.nbval_current_env = True
        config.option.nbval_sanitize_with = str(course.SANITIZER)
        config.option.nbval_cell_timeout = 180.0
        config.pluginmanager.register(budget.NotebookBudget(), "notebook-budget")
