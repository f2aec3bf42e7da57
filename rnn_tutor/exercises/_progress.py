"""What a student has tried, in a small file beside the notebooks, and its collection.

The file is read again before each change, since several notebooks may share it, and written whole
or not at all. Where it cannot be written, this kernel remembers.
"""

import datetime
import json
import os
import re
from pathlib import Path

from rnn_tutor._course import write_whole
from rnn_tutor._errors import TutorError

FILE = "rnn-tutor-progress.json"
COLUMNS = ("folder", "exercise", "state", "tries", "hints", "solution_seen", "first_right")
STATES = ("not tried", "tried", "right")
NEW = {"state": STATES[0], "tries": 0, "hints": 0, "solution_seen": False, "first_right": None}

_unsaved = {}


def change(number, changes):
    """Change one exercise's entry; returns (entry, sentence).

    changes: a function of the entry as it was, which gives what is new in it, a dict. The sentence
    says what went wrong with the file, and is empty where all is well.
    """
    known, sentence = load()
    entry = known.setdefault(number, dict(NEW))
    entry.update(changes(entry))
    content = json.dumps({"exercises": dict(sorted(known.items()))}, indent=1) + "\n"
    try:
        write_whole(Path(FILE), content.encode())
        _unsaved.clear()
    except OSError as error:
        _unsaved.update(known)
        sentence = (
            f"Your progress could not be kept in {FILE}: {error.strerror or error}. It is "
            "remembered until this kernel ends."
        )
    return entry, sentence


def load():
    """What is known of each exercise, {number: entry}, and a sentence where the file is damaged."""
    try:
        known, sentence = read(Path(FILE)), ""
    except FileNotFoundError:
        known, sentence = {}, ""
    except OSError as error:
        known, sentence = {}, f"{FILE} could not be read: {error.strerror or error}."
    except ValueError:
        known, sentence = {}, _set_aside(Path(FILE))
    return known | _unsaved, sentence


def read(path):
    """The entries in a file; raises OSError, and ValueError where it is none of ours."""
    try:
        known = json.loads(path.read_text(encoding="utf-8"))["exercises"]
        assert all(_is_sound(*pair) for pair in known.items())
    except (ValueError, LookupError, TypeError, AttributeError, AssertionError, RecursionError):
        raise ValueError(f"{path.name} is not a file of progress, or is damaged") from None
    return known


def today():
    """The date as it is kept, such as "2026-11-30"."""
    return datetime.date.today().isoformat()


def collected(places):
    """Rows of all progress files in folders and among files: a dict for each exercise tried.

    places: a path or several; folders are searched to the bottom. Raises TutorError for a path that
    is not there. A file that cannot be read gives one row that says so.
    """
    places = [places] if isinstance(places, (str, os.PathLike)) else list(places)
    rows = []
    for place in map(Path, places):
        if not place.exists():
            raise TutorError(f"Expected a folder or a file of progress; there is no {place}.")
        found = sorted(place.rglob(f"*{Path(FILE).stem}*.json")) if place.is_dir() else [place]
        for path in found:
            rows += _rows(_folder_name(path, place), path)
    return rows


def _rows(name, path):
    try:
        known = read(path)
    except (OSError, ValueError) as error:
        state = f"unreadable: {path.name}: {error}"
        return [dict.fromkeys(COLUMNS, "") | {"folder": name, "state": state}]
    return [{"folder": name, "exercise": n} | known[n] for n in sorted(known)]


def _folder_name(path, place):
    """Whose file it is: its folder below `place`, and its own name where that was changed."""
    folder = path.parent.relative_to(place).as_posix() if place.is_dir() else "."
    folder = path.parent.resolve().name if folder == "." else folder
    return folder if path.name == FILE else f"{folder}/{path.name}"


def _is_sound(number, entry):
    return (
        re.fullmatch(r"\d\d\.\d+", number)
        and entry.keys() == NEW.keys()
        and entry["state"] in STATES
        and all(type(entry[name]) is int and entry[name] >= 0 for name in ("tries", "hints"))
        and type(entry["solution_seen"]) is bool
        and (entry["first_right"] is None or datetime.date.fromisoformat(entry["first_right"]))
    )


def _set_aside(path):
    """Rename a damaged file; returns a sentence."""
    for number in range(1, 1000):
        aside = path.with_name(f"{path.name}.damaged-{number}")
        if not aside.exists():
            break
    try:
        path.rename(aside)
    except OSError:
        return f"{path.name} is damaged, and your earlier progress cannot be read from it."
    return f"{path.name} was damaged. It is now called {aside.name}, and a new one was begun."
