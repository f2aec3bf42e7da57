"""Keras, loaded quietly when first needed, and the memory of this process.

`from rnn_tutor._backend import keras` loads Keras; the memory functions do not need it.
TensorFlow writes a few lines to file descriptor 2 while it starts, which a notebook shows in pink
under the student's first cell. They are dropped here, once; later messages are shown as usual.
"""

import contextlib
import ctypes
import functools
import gc
import logging
import os

from rnn_tutor._errors import TutorError
from rnn_tutor._quiet import quiet_stderr

TITLES = {"tensorflow": "TensorFlow", "torch": "PyTorch", "jax": "JAX"}
M_ARENA_MAX = -8  # malloc.h
NOT_GLIBC = (OSError, AttributeError, TypeError)


def __getattr__(name):
    if name == "keras":
        return _load()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def load_keras():
    """Load Keras without noise and print which backend runs it.

    After it, `import keras` works as everywhere.

    Raises:
        TutorError: Keras, or the backend that it was to use, is not installed.

    Example:
        >>> rt.load_keras()  # doctest: +ELLIPSIS
        Keras is ready, on ...
    """
    backend = _load().backend.backend()
    print(f"Keras is ready, on {TITLES.get(backend, backend)}.")


def share_heap():
    """Let all threads share one heap instead of sixteen that are never quite empty."""
    with contextlib.suppress(*NOT_GLIBC):
        ctypes.CDLL(None).mallopt(M_ARENA_MAX, 1)


def release_memory():
    """Return memory to the system that a training or a compilation has left behind."""
    gc.collect()
    trim_heap()


def trim_heap():
    """Return memory to the system that is free already; this takes milliseconds."""
    with contextlib.suppress(*NOT_GLIBC):
        ctypes.CDLL(None).malloc_trim(0)


def forget_graph_with_model(optimizer):
    """Let the graph of a training be freed together with its model.

    On TensorFlow, Keras sums the gradients over all replicas, with a gradient function of its own
    that TensorFlow registers for good, and with it the whole graph: 20 to 30 MB for each training.
    On one replica there is nothing to sum.
    """
    strategy = getattr(optimizer, "_distribution_strategy", None)
    if strategy is not None and strategy.num_replicas_in_sync == 1:
        optimizer._all_reduce_sum_gradients = lambda gradients_and_variables: (
            gradients_and_variables
        )


@functools.cache
def _load():
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    share_heap()
    try:
        with quiet_stderr():
            import keras

            keras.ops.zeros(1)  # the first tensor is what wakes the backend, messages and all
    except ModuleNotFoundError as error:
        missing = error.name.split(".")[0]
        raise TutorError(
            f"Keras cannot start, because {missing} is not installed. Install it with `pip install "
            f"{missing}`. Keras computes with a backend: tensorflow, torch or jax; which of them, "
            "you choose with the environment variable KERAS_BACKEND (or in the file "
            "~/.keras/keras.json) before Python starts."
        ) from None
    # A course builds many small models, and TensorFlow would warn that it builds many.
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    gc.freeze()  # 400,000 objects that stay: each collection would look through them, 0.2 s long
    return keras
