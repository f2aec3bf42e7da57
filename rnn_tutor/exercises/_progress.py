"""What a student has tried, kept in a small file beside the notebooks; and its collection.

The file has JSON lines: each try, hint and solution adds one that says how its exercise stands, so
several notebooks can write into it, and the last line of an exercise counts. Of a wrong answer it
keeps what the check said, where a usual mistake was recognised, and never the student's code. Where
the file cannot be written, this kernel remembers.
"""

import datetime
import errno
import json
import os
import re
from collections import Counter
from pathlib import Path
from statistics import median

from rnn_tutor._errors import TutorError
from rnn_tutor._text import atomic_write, format_count, printable_name, shorten

FILE = "rnn-tutor-progress.json"
COLUMNS = ("folder", "exercise", "state", "tries", "hints", "solution_seen", "first_right")
STATES = ("not tried", "tried", "right")
NEW = {"state": STATES[0], "tries": 0, "hints": 0, "solution_seen": False, "first_right": None}
NEW |= {"mistakes": {}}  # {what the check says of a usual mistake: how often it was made}

MOST = 15  # wrong answers in a summary

OLD, LINES = "one object", "lines"

_unsaved = {}


def change(number, changes):
    """Change the entry of one exercise.

    Args:
        number: Number of the exercise, such as "08.1".
        changes: A function from the entry as it was to a dict of what is new in it.

    Returns:
        (entry, sentence); the sentence says what went wrong with the file, "" where all is well.
    """
    known, sentence = load()
    entry = known.setdefault(number, dict(NEW))
    entry.update(changes(entry))
    _unsaved[number] = entry
    try:
        _append(Path(FILE), _unsaved)
        _unsaved.clear()
    except OSError as error:
        sentence = (
            f"Your progress could not be kept in {FILE}: {error.strerror or error}. It is "
            "remembered until this kernel ends."
        )
    return entry, sentence


def load():
    """Return what is known of each exercise, {number: entry}, and a sentence on a damaged file."""
    known, sentence = {}, ""
    try:
        known, damage, form = read(Path(FILE))
        if damage:
            sentence = _set_aside(Path(FILE), known)
        elif form == OLD:
            atomic_write(Path(FILE), _lines(known))
    except FileNotFoundError:
        pass
    except OSError as error:
        sentence = f"{FILE} could not be read: {error.strerror or error}."
    return known | _unsaved, sentence


def read(path):
    """Read a file of progress; lines that are cut or altered are passed over.

    Returns:
        (known, damage, form): {number: entry}, what is wrong with the file or "", OLD or LINES.

    Raises:
        OSError: The file cannot be read.
    """
    content = path.read_bytes()
    try:
        old = json.loads(content)["exercises"]  # one object, as versions before JSON lines wrote
        old = {number: _completed(entry) for number, entry in old.items()}
        if all(_is_valid(*pair) for pair in old.items()):
            return old, "", OLD
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        pass
    known, bad = {}, 0
    for line in content.splitlines():
        try:
            entry = json.loads(line)
            number, entry = entry.pop("exercise"), _completed(entry)
            if not _is_valid(number, entry):
                raise ValueError
            known[number] = entry
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
            bad += 1
    if bad or not content.strip():
        return known, f"{path.name} is not a file of progress, or is damaged", LINES
    return known, "", LINES


def _append(path, entries):
    """Add a line for each entry, all of them or none."""
    with path.open("ab+", buffering=0) as file:
        end = file.tell()
        file.seek(max(0, end - 1))
        begin = b"" if file.read(1) in (b"", b"\n") else b"\n"  # an editor may leave it out
        lines = begin + _lines(entries)
        try:
            if file.write(lines) < len(lines):  # what a disk does that has room for a part
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError:
            file.truncate(end)
            raise


def _lines(entries):
    """Return entries as JSON lines, in bytes."""
    rows = ({"exercise": number} | entry for number, entry in sorted(entries.items()))
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def today():
    """Return the date as it is kept, such as "2026-11-30"."""
    return datetime.date.today().isoformat()


def collect(places):
    """Collect all progress files in folders and among files (see `exercises.collect`)."""
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
    """Return the rows of one file; `name` says whose it is."""
    known, damage = {}, ""
    try:
        known, damage, _ = read(path)
    except OSError as error:
        damage = f"{path.name}: {error.strerror or error}"
    rows = [{"folder": name, "exercise": n} | known[n] for n in sorted(known)]
    if damage:
        state = f"unreadable: {damage}"
        rows.append(dict.fromkeys(COLUMNS, "") | {"folder": name, "state": state, "mistakes": {}})
    return rows


def _folder_name(path, place):
    """Return whose file it is: its folder below `place`, and its own name where it was changed."""
    folder = path.parent.relative_to(place).as_posix() if place.is_dir() else "."
    folder = path.parent.resolve().name if folder == "." else folder
    return folder if path.name == FILE else f"{folder}/{path.name}"


def summarise(rows):
    """Return, as lines of text, which exercises were hardest and the commonest wrong answers.

    Args:
        rows: List of dict, as `collect` returns them.
    """
    rows = [row for row in rows if row["exercise"]]
    by_exercise = {}
    for row in rows:
        if row["state"] != STATES[0]:
            by_exercise.setdefault(row["exercise"], []).append(row)
    if not by_exercise:
        return ["Nobody has tried an exercise yet."]
    measured = {number: _difficulty(tried) for number, tried in by_exercise.items()}
    hardest = sorted(measured, key=lambda n: (measured[n]["right"], -measured[n]["tries"], n))
    students = format_count(len({row["folder"] for row in rows}), "student")
    lines = [
        f"Exercises of {students}, the hardest first. Tries are counted until the first",
        "right answer.",
        "",
        "exercise  students   right  median tries  mean hints  saw the solution",
    ]
    for number in hardest:
        one = measured[number]
        lines.append(
            f"{number:8}{one['students']:10}{one['right']:8.0%}{one['tries']:14g}"
            f"{one['hints']:12.1f}{one['seen']:18.0%}"
        )
    mistakes = Counter()
    for row in rows:
        mistakes.update({(row["exercise"], words): n for words, n in row["mistakes"].items()})
    lines += ["", "The commonest wrong answers, and what the check says of them:", ""]
    lines += [
        f"{times:4} x  {number:6} {shorten(printable_name(words), 300)}"
        for (number, words), times in sorted(mistakes.items(), key=lambda m: (-m[1], m[0]))[:MOST]
    ]
    return lines if mistakes else [*lines[:-3], "", "No usual mistake was recognised."]


def _difficulty(rows):
    """Return how hard an exercise was for those who tried it."""
    n = len(rows)
    return {
        "students": n,
        "right": sum(row["state"] == STATES[2] for row in rows) / n,
        "tries": median(row["tries"] for row in rows),
        "hints": sum(row["hints"] for row in rows) / n,
        "seen": sum(row["solution_seen"] for row in rows) / n,
    }


def _completed(entry):
    """Return an entry as it is written now: earlier versions kept no mistakes."""
    return entry | {"mistakes": entry.get("mistakes", {})}


def _is_valid(number, entry):
    """Return whether an entry has the form of those that are written here."""
    return (
        re.fullmatch(r"\d\d[a-z]?\.\d+", number)
        and entry.keys() == NEW.keys()
        and entry["state"] in STATES
        and all(type(entry[name]) is int and entry[name] >= 0 for name in ("tries", "hints"))
        and type(entry["solution_seen"]) is bool
        and all(type(n) is int and n > 0 for n in entry["mistakes"].values())
        and (entry["first_right"] is None or datetime.date.fromisoformat(entry["first_right"]))
    )


def _set_aside(path, known):
    """Rename a damaged file, and begin a new one with what is known; return a sentence."""
    for number in range(1, 1000):
        aside = path.with_name(f"{path.name}.damaged-{number}")
        if not aside.exists():
            break
    try:
        path.rename(aside)
        if known:
            atomic_write(path, _lines(known))
    except OSError:
        return f"{path.name} is damaged, and your earlier progress may not be complete."
    kept = " What could be read is in it." if known else ""
    return f"{path.name} was damaged. It is now called {aside.name}, and a new one was begun.{kept}"
