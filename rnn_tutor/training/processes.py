"""Several processes that train one network together, each on a part of every batch.

Keras does this on JAX, by `keras.distribution`. Start the same script on each machine, with its
own `process_id`, and begin it with these lines, before anything computes:

    import keras
    keras.distribution.initialize("10.0.0.1:1234", num_processes=2, process_id=0)
    data_parallel = keras.distribution.DataParallel(auto_shard_dataset=False)
    keras.distribution.set_distribution(data_parallel)

The address is that of process 0. All processes need the same images, settings and folder of
checkpoints. Process 0 alone writes checkpoints. Whoever stops a training must stop it in all
processes at the same batch. A callback that counts batches does so, and so does SIGTERM to any of
them. When a process is killed, the others end with an error, after minutes at times. Start all of
them again, and they go on from the last checkpoint. Strips of any width are trained on by one
process.

There is no such way on TensorFlow and PyTorch here. On these, train on one machine, and sort on
many by `rt.sort`.
"""

import contextlib
import zlib

import numpy as np

from rnn_tutor._backend import keras
from rnn_tutor._errors import TutorError


def shares():
    """Return how a batch is divided among the processes that train together.

    Returns:
        `(parts, part, devices)`: how many parts a batch has, one for each process; the number of
        the part that this process prepares, from 0; and how many devices there are in all.

    Example:
        >>> shares()
        (1, 0, 1)
    """
    distribution = keras.distribution.distribution()
    if distribution is None:
        return 1, 0, 1
    return distribution.num_processes, distribution.data_shard_id, distribution.num_model_replicas


def check_equal(value, problem):
    """Check that all processes have the same value, and wait until each has told its own.

    Args:
        value: Anything whose `repr` tells it.
        problem: What to say otherwise, str.

    Raises:
        TutorError: Some process has another value.

    Example:
        >>> check_equal(7, "The processes read different images.")
    """
    if shares()[0] > 1:
        from jax.experimental import multihost_utils

        # JAX holds 32 bits.
        here = np.uint32(zlib.crc32(repr(value).encode("utf-8", "surrogateescape")))
        if len(set(multihost_utils.process_allgather(here).tolist())) > 1:
            raise TutorError(f"{problem} This one has {value!r}.")


def told_to_end(step):
    """Return whether to stop before a step since a process was told to end by SIGTERM.

    JAX tells all processes, and finds the step before which all of them can stop.

    Args:
        step: Steps done so far, int. Every process must ask at each step.

    Returns:
        True in all processes before the same step, otherwise False.

    Example:
        >>> told_to_end(step=0)
        False
    """
    if shares()[0] == 1:
        return False
    from jax.experimental import multihost_utils

    return multihost_utils.reached_preemption_sync_point(step)


@contextlib.contextmanager
def by_itself():
    """Let this process make variables that the others have no part in.

    Keras makes some while it saves a model. Under `keras.distribution` it would wait for the other
    processes to make them, too.

    Example:
        >>> with by_itself():
        ...     keras.distribution.distribution() is None
        True
    """
    distribution = keras.distribution.distribution()
    keras.distribution.set_distribution(None)
    try:
        yield
    finally:
        keras.distribution.set_distribution(distribution)
