"""Keeps a kernel small, where the C library is glibc; elsewhere it does nothing.

Thirty kernels may share one server, and each that trains would otherwise hold on to 100 to 200 MB
that it no longer uses.
"""

import contextlib
import ctypes
import gc

M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_THRESHOLD, M_ARENA_MAX = -1, -2, -3, -8  # malloc.h
_NOT_GLIBC = (OSError, AttributeError, TypeError)


def share_heap():
    """Lets all threads share one heap, instead of sixteen that are never quite empty."""
    with contextlib.suppress(*_NOT_GLIBC):
        ctypes.CDLL(None).mallopt(M_ARENA_MAX, 1)


def reuse_heap():
    """Keeps what a step of training frees for the next step, until memory is given back.

    By default large arrays go back to the system at once, and each step asks for new pages: half
    the time of a training, where those are dear. TensorFlow sets this, too, as it loads: call
    after it.
    """
    with contextlib.suppress(*_NOT_GLIBC):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(M_MMAP_THRESHOLD, 32 << 20)  # the most that there can be
        mallopt(M_TRIM_THRESHOLD, 1 << 30)
        mallopt(M_TOP_PAD, 256 << 20)


def give_back_memory():
    """Returns to the system what a training or a compilation has left behind."""
    gc.collect()
    trim_heap()


def trim_heap():
    """Returns to the system what is free already; takes milliseconds."""
    with contextlib.suppress(*_NOT_GLIBC):
        ctypes.CDLL(None).malloc_trim(0)
