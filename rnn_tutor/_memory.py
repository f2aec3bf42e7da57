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
    """One heap for all threads, and one that serves step after step of a training.

    Otherwise there are sixteen heaps that are never quite empty, and large arrays go back to the
    system at once: each step then asks for new pages, which where those are dear takes as long as
    the training itself. What is kept goes back with `give_back_memory`.
    """
    with contextlib.suppress(*_NOT_GLIBC):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(M_ARENA_MAX, 1)
        mallopt(M_MMAP_THRESHOLD, 32 << 20)  # the most that there can be
        mallopt(M_TRIM_THRESHOLD, 1 << 30)
        mallopt(M_TOP_PAD, 256 << 20)  # without it the other two do nothing here


def give_back_memory():
    """Returns to the system what a training or a compilation has left behind."""
    gc.collect()
    trim_heap()


def trim_heap():
    """Returns to the system what is free already; takes milliseconds."""
    with contextlib.suppress(*_NOT_GLIBC):
        ctypes.CDLL(None).malloc_trim(0)
