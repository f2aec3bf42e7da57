"""Processes in which the doctor tries things (see `probes`), which may crash without it."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

SECONDS = 600  # for the first import after installation, which compiles everything


def runtime_folder() -> Path:
    """Return the folder in which Jupyter keeps its own files while it runs."""
    try:
        from jupyter_core.paths import jupyter_runtime_dir
    except ImportError:  # said under packages
        return Path(tempfile.gettempdir())
    return Path(jupyter_runtime_dir())


def browser() -> str | None:
    """Return the name of the browser that would open, or None."""
    import webbrowser

    try:
        found = webbrowser.get()
    except webbrowser.Error:
        return None
    return getattr(found, "name", None) or type(found).__name__


def start_probe(name: str, folder: Path) -> subprocess.Popen:
    """Start a function of `probes` in a Python of its own, in a folder; `finish` waits for it."""
    quiet = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONIOENCODING": "utf-8"}
    code = f"from rnn_tutor.course import probes; probes.{name}()"
    return subprocess.Popen(
        [sys.executable, "-W", "ignore", "-P", "-c", code],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        encoding="utf-8",
        errors="replace",
        env=quiet,
    )


def finish(process: subprocess.Popen) -> tuple[int, str]:
    """Return the exit status of a process, and all that it wrote."""
    try:
        output, _ = process.communicate(timeout=SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        return 1, f"no answer within {SECONDS} seconds"
    return process.returncode, output
