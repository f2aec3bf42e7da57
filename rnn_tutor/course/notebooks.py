"""Lays the course's notebooks out in a reader's folder, and never over a reader's work.

The sha256 of what was put there is kept in a small hidden file. A notebook that still has it was
not touched, and follows an upgrade; any other is the reader's own and stays.
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
    """What `lay_out` did, in file names; `outdated` are those of `kept` with another version."""

    copied: tuple[str, ...] = ()
    updated: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    outdated: tuple[str, ...] = ()

    def sentences(self) -> list[str]:
        """The same in sentences, one for each thing that happened."""
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
    """The notebooks that came with this package, by file name.

    An installed wheel has them inside the package, a checkout beside it. Raises TutorError when
    neither has any.
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


def lay_out(notebooks: dict[str, Path], folder: Path) -> LaidOut:
    """Copy `notebooks` into `folder`, made where it is missing; what the reader edited is kept.

    Raises TutorError when the folder cannot be made or written to.
    """
    folder = Path(folder)
    try:
        (folder / HIDDEN).mkdir(parents=True, exist_ok=True)
        return _lay_out(notebooks, folder)
    except OSError as error:
        raise _cannot_write(folder, error) from error


def restore(notebooks: dict[str, Path], folder: Path, wanted: str) -> Path:
    """Put a fresh copy of one notebook beside the reader's, never over anything; returns its path.

    `wanted` is its number ("07"), its name, or its file name. Raises TutorError when there is no
    such notebook, or the copy cannot be written.
    """
    name = find(notebooks, wanted)
    content = notebooks[name].read_bytes()
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

    Returns a sentence where they are withheld. Raises TutorError when it cannot be written.
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
    """The file name that a reader means by "7", "07", "07_unsupervised_training" or a path."""
    said = (
        re.split(r"[\\/]", wanted.strip())[-1].lower().removesuffix(".ipynb").removesuffix(".fresh")
    )
    number = said.zfill(2) if said.isdigit() else None
    for name in notebooks:
        stem = name.lower().removesuffix(".ipynb")
        if stem == said or stem.split("_")[0] == number:
            return name
    raise TutorError(
        f"There is no notebook {wanted!r} in this course. There are: {', '.join(notebooks)}. "
        "Its number is enough, for example: rnn-tutor lab --restore 07"
    )


def _lay_out(notebooks, folder):
    known = _read_manifest(folder)
    done = {"copied": [], "updated": [], "kept": [], "outdated": []}
    for name, source in notebooks.items():
        content = source.read_bytes()
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
    """What was shipped into this folder, {name: sha256}; empty when not known: all is kept then."""
    try:
        known = json.loads((folder / HIDDEN / "shipped.json").read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}


def _fresh_names(folder, name):
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
