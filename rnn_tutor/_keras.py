"""Loads Keras quietly, and says which backend runs.

TensorFlow writes a few lines to file descriptor 2 while it starts, which a notebook shows in pink
under the student's first cell. They are dropped here, once; later messages are shown as usual.
"""

import gc
import logging
import os

from rnn_tutor._errors import TutorError
from rnn_tutor._memory import share_heap
from rnn_tutor._quiet import quiet_stderr

_TITLES = {"tensorflow": "TensorFlow", "torch": "PyTorch", "jax": "JAX"}


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


keras = _load()


def load_keras():
    """Loads Keras without noise and prints which backend runs it.

    After it, `import keras` works as everywhere.

    Raises:
        TutorError: Keras, or the backend that it was to use, is not installed.
    """
    print(f"Keras is ready, on {_TITLES.get(keras.backend.backend(), keras.backend.backend())}.")
