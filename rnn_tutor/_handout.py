"""Builds what an instructor hands out: the notebooks, and the package as a wheel without solutions.

The wheel is made from the installed package, whether that was installed from a wheel or from a
checkout; nothing is downloaded and no build tool is needed.
"""

import base64
import hashlib
import re
import zipfile
from importlib import metadata
from pathlib import Path

from rnn_tutor._course import shipped_notebooks, write_whole
from rnn_tutor._errors import TutorError

PACKAGE = Path(__file__).resolve().parent
SOLUTIONS = PACKAGE / "exercises" / "solutions"
LEFT_OUT = ("__pycache__", ".ipynb_checkpoints", ".DS_Store")
# Of the installation's notes only these: the others say where and how it was installed.
NOTES = re.compile(r"[^/]+\.dist-info/(METADATA|WHEEL|entry_points\.txt|licenses/.+)")
README = """\
RNN Tutor
=========

The notebooks are in the folder "notebooks". You need Python 3.11, 3.12 or 3.13. Open a terminal in
this folder. The first line installs the course and needs the network (0.9 GB), the second opens it.

Linux and macOS:

    python3 -m venv .venv && .venv/bin/pip install {wheel}
    .venv/bin/rnn-tutor lab notebooks

Windows (Command Prompt):

    py -m venv .venv && .venv\\Scripts\\pip install {wheel}
    .venv\\Scripts\\rnn-tutor lab notebooks

The exercises check themselves and give hints; this edition holds no solutions. What you have tried
is kept in notebooks/rnn-tutor-progress.json.
"""


def hand_out(folder) -> list[str]:
    """Write the edition without solutions into a new or empty folder; returns the names written.

    Raises TutorError where the folder holds something, cannot be written to, or the package was
    not installed.
    """
    folder = Path(folder).expanduser()
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise TutorError(
            f"Expected a folder that is new or empty, and {folder} is not. Nothing was written. "
            "Name another one: rnn-tutor hand-out FOLDER"
        )
    wheel = _wheel_name()
    try:
        (folder / "notebooks").mkdir(parents=True, exist_ok=True)
        for name, path in shipped_notebooks().items():
            write_whole(folder / "notebooks" / name, path.read_bytes())
        write_whole(folder / "README.txt", README.format(wheel=wheel).encode())
        build_wheel(folder / wheel)
    except OSError as error:
        raise TutorError(
            f"{folder} could not be written: {error.strerror or error}. Name another folder."
        ) from error
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.*"))


def build_wheel(path: Path):
    """Zip the installed package, without solutions, into a wheel at `path`."""
    files = {**_modules(), **_notes()}
    record = f"{_dist_info()}/RECORD"
    lines = [f"{name},sha256={_digest(data)},{len(data)}" for name, data in files.items()]
    files[record] = "\n".join([*lines, f"{record},,", ""]).encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as wheel:
        for name, data in files.items():
            entry = zipfile.ZipInfo(name)  # its date is 1980: equal packages give equal wheels
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            wheel.writestr(entry, data)


def _modules():
    """What stands in the package, and the notebooks, which a checkout keeps beside it."""
    paths = {path.relative_to(PACKAGE.parent).as_posix(): path for path in _package_files()}
    for name, path in shipped_notebooks().items():
        paths[f"{PACKAGE.name}/notebooks/{name}"] = path
    return {name: path.read_bytes() for name, path in sorted(paths.items())}


def _package_files():
    for path in PACKAGE.rglob("*"):
        inside = path.relative_to(PACKAGE)
        wanted = path.is_file() and not set(inside.parts) & set(LEFT_OUT)
        if wanted and SOLUTIONS not in path.parents and inside.parts[0] != "notebooks":
            yield path


def _notes():
    """The distribution's description, entry points and licences."""
    found = {}
    for path in _distribution().files or ():
        name = path.as_posix()
        if NOTES.fullmatch(name):
            found[name] = path.locate().read_bytes()
    return found


def _dist_info():
    return next(iter(_notes())).split("/")[0]


def _wheel_name():
    """Such as "rnn_tutor-0.1.0-py3-none-any.whl"."""
    return f"{_dist_info().removesuffix('.dist-info')}-py3-none-any.whl"


def _distribution():
    try:
        found = metadata.distribution("rnn-tutor")
    except metadata.PackageNotFoundError:
        found = None
    if found is None or not any(NOTES.fullmatch(p.as_posix()) for p in found.files or ()):
        raise TutorError(
            "A hand-out is made from the installed course, and it is not installed here. Install "
            "it first: pip install -e ."
        )
    return found


def _digest(data):
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
