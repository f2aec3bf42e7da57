"""Temporary folders for the libraries where their own folders cannot hold a file.

Jupyter, IPython, matplotlib and numba keep files below the home folder. Where that is locked, full
or unknown, each fails in its own way; an environment variable of each names another place.
"""

import functools
import importlib.util
import os
import shutil
import stat
import sys
import tempfile
from pathlib import Path

from rnn_tutor._errors import TutorError

HIDDEN = ".rnn-tutor"  # in the course's folder: what it remembers there
NO_SOLUTIONS = "no-solutions"  # a file in the hidden folder: `solution` then shows none
# On a full disk a file can still be made, and then holds nothing: some bytes must go into it.
TRIED, NEEDED = 2**16, 2**24


def cannot_write(folder) -> str:
    """Return why no file can be kept in `folder`, or "" where one can.

    A folder that does not exist yet is judged by the one in which it would be made.
    """
    place = next(p for p in (Path(folder), *Path(folder).parents) if os.path.exists(p))
    try:
        with tempfile.TemporaryFile(dir=place) as file:
            file.write(os.urandom(TRIED))
            file.flush()
            os.fsync(file.fileno())
        free = shutil.disk_usage(place).free
    except OSError as error:
        return error.strerror or str(error)
    return "" if free >= NEEDED else f"only {free / 1e6:.1f} MB are free"


@functools.cache
def temporary_folder() -> Path:
    """Return a folder of this user alone that outlives this process, as a cache must.

    Raises:
        TutorError: There is no folder for temporary files either.
    """
    user = os.getuid() if hasattr(os, "getuid") else "user"
    try:
        folder = Path(tempfile.gettempdir()) / f"rnn-tutor-{user}"
        folder.mkdir(mode=0o700, exist_ok=True)
        # What numba finds in its cache is run. Anybody may have made a folder of this name.
        about = folder.lstat()
        mine = stat.S_ISDIR(about.st_mode) and about.st_uid == user
        if sys.platform != "win32" and not (mine and about.st_mode & 0o077 == 0):
            folder = Path(tempfile.mkdtemp(prefix="rnn-tutor-"))
        why = cannot_write(folder)
    except OSError as error:
        folder, why = Path(os.environ.get("TMPDIR", "/tmp")), error.strerror or str(error)
    if why:
        raise TutorError(
            f"Expected a folder in which files can be kept. Neither the home folder nor {folder} "
            f"takes any: {why}. Make room there, or let the variable TMPDIR name another folder."
        )
    return folder


def replace_folders(variables=None) -> dict[Path, str]:
    """Let the libraries write elsewhere, from now on, where their folders cannot be written.

    Sets environment variables of this process, which those that it starts inherit.

    Args:
        variables: Names out of `PLACES`; None for all of them, and for HOME where the system does
            not know a home folder.

    Returns:
        The folders that were replaced, each with the reason.

    Raises:
        TutorError: No other folder can be written either.
    """
    replaced = {}
    if variables is None:
        try:
            Path.home()
        except RuntimeError:
            os.environ["HOME"] = str(temporary_folder() / "home")
            Path(os.environ["HOME"]).mkdir(exist_ok=True)
            replaced[Path("~")] = "the system knows no home folder for this user"
    for variable in PLACES if variables is None else variables:
        try:
            folder = Path(os.environ.get(variable) or PLACES[variable]())
        except ImportError:  # the doctor says what is not installed
            continue
        except RuntimeError:  # the system knows no home folder, below which it would be
            folder, why = Path("~"), "the system knows no home folder for this user"
        else:
            why = cannot_write(folder)
        if why:
            replaced[folder] = why
            _set(variable, temporary_folder() / variable.lower(), folder)
    return replaced


def _set(variable, new, old):
    new.mkdir(exist_ok=True)
    os.environ[variable] = str(new)
    if variable in _READ_TOO:  # what the reader has there can still be read
        name = _READ_TOO[variable]
        os.environ[name] = os.pathsep.join(filter(None, [os.environ.get(name), str(old)]))
    if variable == "NUMBA_CACHE_DIR" and "numba" in sys.modules:
        sys.modules["numba"].config.CACHE_DIR = str(new)


def _jupyter(kind):
    from jupyter_core import paths

    return getattr(paths, f"jupyter_{kind}_dir")()


def _cache(name):
    from platformdirs import user_cache_dir

    return user_cache_dir(name, appauthor=False)


def _matplotlib():
    on_linux = sys.platform.startswith(("linux", "freebsd"))
    return _cache("matplotlib") if on_linux else Path.home() / ".matplotlib"


def _numba():
    """Beside the source, where numba may make a file, or else in the reader's cache."""
    umap = importlib.util.find_spec("umap")
    if umap is None or umap.origin is None:
        raise ImportError("umap is not installed")
    beside = Path(umap.origin).parent
    return beside if os.access(beside, os.W_OK) else _cache("numba")


PLACES = {
    "JUPYTER_CONFIG_DIR": lambda: _jupyter("config"),
    "JUPYTER_DATA_DIR": lambda: _jupyter("data"),
    "JUPYTER_RUNTIME_DIR": lambda: _jupyter("runtime"),
    "IPYTHONDIR": lambda: Path.home() / ".ipython",
    "MPLCONFIGDIR": _matplotlib,
    "NUMBA_CACHE_DIR": _numba,
}
_READ_TOO = {"JUPYTER_CONFIG_DIR": "JUPYTER_CONFIG_PATH", "JUPYTER_DATA_DIR": "JUPYTER_PATH"}
