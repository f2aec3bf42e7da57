"""Loads Keras quietly, and says which backend runs.

TensorFlow writes a few lines to file descriptor 2 while it starts, which a notebook shows in pink
under the student's first cell. They are dropped here, once; later messages are shown as usual.
"""

import contextlib
import importlib.util
import logging
import os
import sys

from rnn_tutor._errors import TutorError
from rnn_tutor._memory import share_heap

_PACKAGES = {"tensorflow": "tensorflow", "torch": "torch", "jax": "jax"}
_TITLES = {"tensorflow": "TensorFlow", "torch": "PyTorch", "jax": "JAX"}


@contextlib.contextmanager
def _quiet_stderr():
    """Sends file descriptor 2 nowhere: the lines come from C++, below `sys.stderr`."""
    saved = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)
        os.close(nowhere)


def _check_backend():
    backend = os.environ.get("KERAS_BACKEND", "tensorflow")
    package = _PACKAGES.get(backend, backend)
    if "keras" not in sys.modules and importlib.util.find_spec(package) is None:
        raise TutorError(
            f"Keras needs a backend and was to use {backend!r}, which is not installed. Install it "
            f"with `pip install {package}`, or choose another with the environment variable "
            "KERAS_BACKEND (tensorflow, torch or jax) before Python starts."
        )


def _load():
    _check_backend()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    share_heap()
    with _quiet_stderr():
        import keras

        keras.ops.zeros(1)  # the first tensor is what wakes the backend, messages and all
    # A course builds many small models, and TensorFlow would warn that it builds many.
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    return keras


keras = _load()


def load_keras():
    """Loads Keras without noise and prints which backend runs it.

    After it, `import keras` works as everywhere.

    Raises:
        TutorError: the backend that KERAS_BACKEND names is not installed.
    """
    print(f"Keras is ready, on {_TITLES.get(keras.backend.backend(), keras.backend.backend())}.")
