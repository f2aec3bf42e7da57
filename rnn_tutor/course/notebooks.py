"""The course's notebooks in a reader's folder, never laid over a reader's work.

The copies carry no outputs: a reader guesses before they see. The sha256 of what was put there is
kept in a small hidden file. A notebook that still has it was not touched, and follows an upgrade;
any other is the reader's own and stays.
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path

from rnn_tutor._errors import TutorError
from rnn_tutor._folders import HIDDEN, NO_SOLUTIONS
from rnn_tutor._text import atomic_write, sha256

FOLDER = "rnn-tutor-course"  # where `lab` lays the course out when no folder is named
FIRST = "00_start_here.ipynb"


@dataclass(frozen=True)
class LaidOut:
    """What `lay_out` did, in file names.

    Attributes:
        copied: Notebooks that were not there.
        updated: Notebooks that the reader had not changed, and that have a new version.
        kept: Notebooks that the reader has changed.
        outdated: Those of `kept` that have a new version.
    """

    copied: tuple[str, ...] = ()
    updated: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    outdated: tuple[str, ...] = ()

    def sentences(self) -> list[str]:
        """Return the same in sentences, one for each thing that happened."""
        said = []
        if self.copied:
            said.append(f"Copied: {', '.join(self.copied)}")
        if self.updated:
            said.append(f"Brought up to date: {', '.join(self.updated)}")
        own = [name for name in self.kept if name not in self.outdated]
        if own:
            said.append(f"Kept as you left them: {', '.join(own)}")
        for name in self.outdated:
            number = name.split("_")[0]
            said.append(
                f"Kept as you left it: {name}. The course now brings another version of it; "
                f"to have that beside yours: rnn-tutor lab --restore {number}"
            )
        return said or ["The notebooks are up to date."]


def shipped_notebooks() -> dict[str, Path]:
    """Return the notebooks that came with this package, {file name: path}.

    An installed wheel has them inside the package, a checkout beside it.

    Raises:
        TutorError: Neither has any.
    """
    package = Path(__file__).resolve().parents[1]
    for folder in (package / "notebooks", package.parent / "notebooks"):
        found = {path.name: path for path in sorted(folder.glob("*.ipynb"))}
        if found:
            return found
    raise TutorError(
        f"No notebooks came with the package in {package}. "
        "Install it again from a complete copy of the project."
    )


def without_outputs(path: Path) -> bytes:
    """Return the content of a notebook file as nobody has run it yet.

    Args:
        path: Path of an `.ipynb` file.

    Example:
        >>> first = rt.course.notebooks.shipped_notebooks()["00_start_here.ipynb"]
        >>> b'"outputs": []' in without_outputs(first)
        True
    """
    notebook = json.loads(Path(path).read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell.update(outputs=[], execution_count=None)
    return (json.dumps(notebook, ensure_ascii=False, indent=1) + "\n").encode()


def lay_out(notebooks: dict[str, Path], folder: Path) -> LaidOut:
    """Copy notebooks into a folder without their outputs; what the reader has edited is kept.

    Args:
        notebooks: {file name: path}.
        folder: Path; made where it is missing.

    Raises:
        TutorError: The folder cannot be made or written to.
    """
    folder = Path(folder)
    try:
        (folder / HIDDEN).mkdir(parents=True, exist_ok=True)
        return _lay_out(notebooks, folder)
    except OSError as error:
        raise _cannot_write(folder, error) from error


def restore(notebooks: dict[str, Path], folder: Path, wanted: str) -> Path:
    """Put a fresh copy of one notebook beside the reader's, never over anything.

    Args:
        notebooks: {file name: path}.
        folder: Path of the reader's folder.
        wanted: Number ("07"), name or file name of the notebook.

    Returns:
        The path of the copy.

    Raises:
        TutorError: There is no such notebook, or the copy cannot be written.
    """
    name = find(notebooks, wanted)
    content = without_outputs(notebooks[name])
    for path in _fresh_names(Path(folder), name):
        try:
            if path.exists() and path.read_bytes() == content:
                return path
            if not path.exists():
                atomic_write(path, content)
                return path
        except OSError as error:
            raise _cannot_write(folder, error) from error
    raise AssertionError("there is always another name")


def show_solutions(folder: Path, wanted: bool | None) -> list[str]:
    """Withhold (False) or show (True) the solutions in a folder; None leaves it as it was.

    Returns:
        A list with a sentence where they are withheld, otherwise an empty one.

    Raises:
        TutorError: The folder cannot be written to.
    """
    marker = Path(folder) / HIDDEN / NO_SOLUTIONS
    try:
        if wanted is False:
            atomic_write(marker, b"")
        elif wanted:
            marker.unlink(missing_ok=True)
    except OSError as error:
        raise _cannot_write(folder, error) from error
    said = "The solutions of the exercises are withheld here (rnn-tutor lab --solutions shows them)"
    return [said] if marker.exists() else []


def find(notebooks: dict[str, Path], wanted: str) -> str:
    """Return the file name that a reader means by "7", "07", "3b", a name or a path.

    Raises:
        TutorError: There is no such notebook.
    """
    said = (
        re.split(r"[\\/]", wanted.strip())[-1].lower().removesuffix(".ipynb").removesuffix(".fresh")
    )
    is_number = re.fullmatch(r"\d+[a-z]?", said)  # "03b" is one as well
    number = said.zfill(3 if said[-1:].isalpha() else 2) if is_number else None
    for name in notebooks:
        stem = name.lower().removesuffix(".ipynb")
        if stem == said or stem.split("_")[0] == number:
            return name
    raise TutorError(
        f"There is no notebook {wanted!r} in this course. There are: {', '.join(notebooks)}. "
        "Its number is enough, for example: rnn-tutor lab --restore 07"
    )


def _lay_out(notebooks, folder):
    """Copy what is new or untouched, and note the sha256 of what was put there."""
    known = _read_manifest(folder)
    done = {"copied": [], "updated": [], "kept": [], "outdated": []}
    for name, source in notebooks.items():
        content = without_outputs(source)
        new, target = sha256(content), folder / name
        present = sha256(target.read_bytes()) if target.exists() else None
        if present is not None and present not in (new, known.get(name)):
            done["kept"].append(name)
            if known.get(name) != new:
                done["outdated"].append(name)
            continue
        if present != new:
            atomic_write(target, content)
            done["copied" if present is None else "updated"].append(name)
        known[name] = new
    atomic_write(folder / HIDDEN / "shipped.json", json.dumps(known, indent=1).encode())
    return LaidOut(**{what: tuple(names) for what, names in done.items()})


def _read_manifest(folder):
    """Return what was put into this folder, {name: sha256}; {} if unknown, and all is kept then."""
    try:
        known = json.loads((folder / HIDDEN / "shipped.json").read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}


def _fresh_names(folder, name):
    """Yield paths for a fresh copy: first `07.fresh`, then `07.fresh-2` and so on."""
    stem = name.removesuffix(".ipynb")
    yield folder / f"{stem}.fresh.ipynb"
    number = 2
    while True:
        yield folder / f"{stem}.fresh-{number}.ipynb"
        number += 1


def _cannot_write(folder, error):
    return TutorError(
        f"The course needs a folder that it may write to, and {folder} is none: "
        f"{error.strerror or error}. "
        "Name another one: rnn-tutor lab FOLDER"
    )
