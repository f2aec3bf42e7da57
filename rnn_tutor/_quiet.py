"""Silence for what writes below `sys.stderr`, which a notebook would show in pink."""

import contextlib
import os
import threading

_LOCK = threading.RLock()  # two threads at once would give back the wrong file


@contextlib.contextmanager
def quiet_stderr():
    """Send file descriptor 2 nowhere: the lines come from C++, below `sys.stderr`."""
    with _LOCK, _nowhere():
        yield


@contextlib.contextmanager
def _nowhere():
    try:
        saved = os.dup(2)
    except OSError:  # a process without one has nothing to keep quiet
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)
        os.close(nowhere)
