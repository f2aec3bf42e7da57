"""What this machine has, asked of Linux, macOS and Windows without a further package."""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

SECONDS = 120  # the first import after installation compiles everything


def cores() -> int:
    """The processor cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def memory() -> tuple[float | None, float | None]:
    """Bytes in all and free; a container's limit counts as the machine."""
    if sys.platform == "win32":
        return _windows_memory()
    try:
        total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (ValueError, OSError):
        return None, None
    limit = _number("/sys/fs/cgroup/memory.max")
    available = re.search(r"MemAvailable:\s+(\d+)", _text("/proc/meminfo"))
    free = int(available[1]) * 1024 if available else None
    if limit and limit < total:
        total, free = limit, min(free or limit, limit)
    return total, free


def _windows_memory():
    import ctypes

    class Status(ctypes.Structure):
        _fields_ = [("length", ctypes.c_ulong), ("load", ctypes.c_ulong)] + [
            (name, ctypes.c_ulonglong)
            for name in ("total", "free", "page", "free_page", "virtual", "free_virtual", "more")
        ]

    status = Status(length=ctypes.sizeof(Status))
    ctypes.windll.kernel32.GlobalMemoryStatusEx(ctypes.byref(status))
    return status.total, status.free


def _text(path):
    try:
        return Path(path).read_text()
    except OSError:
        return ""


def _number(path):
    text = _text(path).strip()
    return int(text) if text.isdigit() else None


def runtime_folder() -> Path:
    """Where Jupyter keeps its own files while it runs."""
    try:
        from jupyter_core.paths import jupyter_runtime_dir
    except ImportError:  # said under packages
        return Path(tempfile.gettempdir())
    return Path(jupyter_runtime_dir())


def browser() -> str | None:
    """The name of the browser that would open, or None."""
    import webbrowser

    try:
        found = webbrowser.get()
    except webbrowser.Error:
        return None
    return getattr(found, "name", None) or type(found).__name__


def start_python(code: str) -> subprocess.Popen:
    """Run `code` in a Python of its own, which may crash; `finish` waits for it."""
    quiet = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONIOENCODING": "utf-8"}
    return subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", code],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        encoding="utf-8",
        errors="replace",
        env=quiet,
    )


def finish(process: subprocess.Popen) -> tuple[int, str]:
    """The exit status, and all that was written."""
    try:
        output, _ = process.communicate(timeout=SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        return 1, f"no answer within {SECONDS} seconds"
    return process.returncode, output
