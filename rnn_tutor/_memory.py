"""Keeps a kernel small, where the C library is glibc; elsewhere it does nothing.

Thirty kernels may share one server, and each that trains would otherwise hold on to 100 to 200 MB
that it no longer uses.
"""

import contextlib
import ctypes
import gc

M_ARENA_MAX = -8  # malloc.h
_NOT_GLIBC = (OSError, AttributeError, TypeError)


def share_heap():
    """Lets all threads share one heap, instead of sixteen that are never quite empty."""
    with contextlib.suppress(*_NOT_GLIBC):
        ctypes.CDLL(None).mallopt(M_ARENA_MAX, 1)


def give_back_memory():
    """Returns to the system what a training or a compilation has left behind."""
    gc.collect()
    trim_heap()


def trim_heap():
    """Returns to the system what is free already; takes milliseconds."""
    with contextlib.suppress(*_NOT_GLIBC):
        ctypes.CDLL(None).malloc_trim(0)


def forget_graph_with_model(optimizer):
    """Let a training's graph go when its model goes.

    On TensorFlow, Keras sums the gradients over all replicas, with a gradient function of its own
    that TensorFlow registers for good, and with it the whole graph: 20 to 30 MB for each training.
    On one replica there is nothing to sum.
    """
    strategy = getattr(optimizer, "_distribution_strategy", None)
    if strategy is not None and strategy.num_replicas_in_sync == 1:
        optimizer._all_reduce_sum_gradients = lambda gradients_and_variables: (
            gradients_and_variables
        )
