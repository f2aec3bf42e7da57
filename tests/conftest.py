"""One `pytest` runs the package's tests and, by nbval, every notebook, all without a network."""

import os
import sys
from pathlib import Path

TESTS = Path(__file__).resolve().parent
sys.path[:0] = [str(TESTS), str(TESTS.parent / "data_scripts")]

import pytest  # noqa: E402
from support import accounting, budget, course  # noqa: E402

# Two processes with a thread each do more than two that fight for the same cores.
ONE_THREAD = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "NUMBA_NUM_THREADS",
    "OPENCV_FOR_THREADS_NUM",
    "TF_NUM_INTRAOP_THREADS",
    "TF_NUM_INTEROP_THREADS",
)
# The notebooks say on which backend they run: they are executed and compared on TensorFlow.
RUNS_NOTEBOOKS = os.environ.get("KERAS_BACKEND", "tensorflow") == "tensorflow"
# Those that train for longest.
LONG_NOTEBOOKS = {
    "05_cnn_rnn_classifier",
    "07_unsupervised_training",
    "09_clusters_to_classes",
    "10_five_classes",
}
collect_ignore = [] if RUNS_NOTEBOOKS else ["notebooks", "browser"]


def pytest_configure(config):
    """Switch nbval on, and keep every process that the tests start away from the network."""
    path = [str(course.OFFLINE), *filter(None, [os.environ.get("PYTHONPATH")])]
    os.environ["PYTHONPATH"] = os.pathsep.join(path)
    if getattr(config.option, "numprocesses", None):  # the workers and their kernels inherit it
        for variable in ONE_THREAD:
            os.environ.setdefault(variable, "1")
    if not hasattr(config, "workerinput"):  # a worker of pytest-xdist sends its reports
        config.pluginmanager.register(accounting.SkipCounter(), "skip-counter")
    if config.pluginmanager.hasplugin("nbval") and RUNS_NOTEBOOKS:
        config.option.nbval = True
        config.option.nbval_current_env = True
        config.option.nbval_sanitize_with = str(course.SANITIZER)
        config.option.nbval_cell_timeout = 180.0
        config.pluginmanager.register(budget.NotebookBudget(), "notebook-budget")


@pytest.hookimpl(tryfirst=True)  # before `-m` chooses
def pytest_collection_modifyitems(items):
    """Leave the longest notebooks to `full`."""
    for item in items:
        if item.path.suffix == ".ipynb" and item.path.stem in LONG_NOTEBOOKS:
            item.add_marker(pytest.mark.full)
