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
