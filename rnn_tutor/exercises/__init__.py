"""Exercises that check themselves: `check`, `hint`, `solution`, `progress`; `collect` for a class.

Each notebook's exercises stand in a module of their own, `e08` for notebook 08, as a tuple
`EXERCISES`; it is imported when first needed. What `solution` shows is text in `solutions/`, the
same code as in the module, and why it is so.
"""

import pkgutil
import re
from dataclasses import replace
from importlib import import_module
from importlib.resources import files
from pathlib import Path

from rnn_tutor._errors import TutorError
from rnn_tutor._folders import HIDDEN, NO_SOLUTIONS
from rnn_tutor.exercises import _progress
from rnn_tutor.exercises._judging import examine
from rnn_tutor.exercises._shown import NOT_TRIED, RIGHT, TRIED, Table, Text

__all__ = ["check", "collect", "hint", "progress", "solution"]

SOLUTIONS = files(__name__) / "solutions"  # which may stand in a zip
WITHHELD = (
    "Solutions are withheld in this folder; `rnn-tutor lab --solutions` shows them again. "
    "Hints still work: `{hint}`"
)


def check(number, answer):
    """Whether an answer is right, and if not, what to look at.

    number: such as "08.1". answer: the function, without brackets, or the value asked for. Returns
    a `Result`, true where the answer is right; what was tried is kept (see `progress`). Raises
    TutorError for an exercise that does not exist.
    """
    exercise = find(number)
    result = examine(exercise, answer)
    if result.state == NOT_TRIED:
        return result  # and no file is written: nothing was tried
    _, sentence = _progress.change(exercise.number, lambda entry: _after(entry, bool(result)))
    return replace(result, notes=(*result.notes, *filter(None, [sentence])))


def hint(number):
    """The next hint, under those already taken. Returns text; raises TutorError as `check`."""
    exercise = find(number)
    most = len(exercise.hints)
    entry, sentence = _progress.change(
        exercise.number, lambda entry: {"hints": min(entry["hints"] + 1, most)}
    )
    taken = entry["hints"]
    lines = [
        f"**Hint {k} of {most}**: {words}" for k, words in enumerate(exercise.hints[:taken], 1)
    ]
    if taken == most and most > 1:
        lines.append(f"There are no more hints for {exercise.name.lower()}.")
    return Text("\n\n".join([*lines, *filter(None, [sentence])]))


def solution(number):
    """The code of a solution and why it is so. Returns text; raises TutorError as `check`."""
    exercise = find(number)
    if _is_withheld():
        return Text(WITHHELD.format(hint=f'rt.exercises.hint("{exercise.number}")'))
    words = solution_text(exercise.number)
    _, sentence = _progress.change(exercise.number, lambda _: {"solution_seen": True})
    title = f"**{exercise.name}, a solution**"
    return Text("\n\n".join([title, words, *filter(None, [sentence])]))


def progress():
    """A table of all exercises, by notebook, and what was tried in this folder."""
    known, sentence = _progress.load()
    columns = ("exercise", "about", "state", "tries", "hints", "solution seen", "first right")
    sections = {}
    for exercise in everything():
        rows = sections.setdefault(f"Notebook {exercise.number[:2]}", [])
        rows.append(dict(zip(columns, _row(exercise, known.get(exercise.number)), strict=True)))
    return Table(sections, columns, sentence)


def collect(places):
    """The progress of a whole class, as a list of dicts, one for each exercise that was tried.

    places: a folder, searched to the bottom, a progress file, or a list of these. The keys are
    folder, exercise, state ("not tried", "tried" or "right"), tries (until first right), hints,
    solution_seen, first_right (a date or None). `rnn-tutor progress FOLDER` prints the same as CSV.
    """
    return _progress.collected(places)


def find(number):
    """The exercise "08.1", also called "8.1"; raises TutorError where there is none."""
    said = re.fullmatch(r"(\d{1,2})\.(\d+)", str(number).strip())
    if said:
        wanted = f"{int(said[1]):02}.{int(said[2])}"
        known = {e.number: e for e in _of_notebook(wanted[:2])}
        if wanted in known:
            return known[wanted]
    numbers = ", ".join(e.number for e in everything())
    raise TutorError(f"There is no exercise {number!r}. There are: {numbers}.")


def everything():
    """All exercises of the course, in order."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    return [e for name in names if re.fullmatch(r"e\d\d", name) for e in _of_notebook(name[1:])]


def solution_text(number):
    """The solution of an exercise as Markdown; raises TutorError where the package lacks it."""
    try:
        text = (SOLUTIONS / f"{number[:2]}.md").read_text(encoding="utf-8")
    except OSError as error:
        raise TutorError(
            f"The solutions of notebook {number[:2]} should have come with the package, and cannot "
            f"be read: {error.strerror or error}. Install the course again."
        ) from error
    parts = re.split(r"^## +(\d\d\.\d+) *$", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], map(str.strip, parts[2::2]), strict=True)).get(number)


def _of_notebook(two_digits):
    try:
        return import_module(f"{__name__}.e{two_digits}").EXERCISES
    except ModuleNotFoundError as error:
        if error.name != f"{__name__}.e{two_digits}":
            raise
        return ()


def _after(entry, right):
    """How an entry changes by an answer; what was right once stays so, and tries end with it."""
    if entry["state"] == RIGHT:
        return {}
    now = {"state": RIGHT, "first_right": _progress.today()} if right else {"state": "tried"}
    return {"tries": entry["tries"] + 1, **now}


def _is_withheld():
    """Whether a folder that was laid out without solutions holds this kernel's notebook."""
    here = Path.cwd()
    return any((folder / HIDDEN / NO_SOLUTIONS).exists() for folder in (here, *here.parents))


def _row(exercise, entry):
    number = exercise.name.split()[1]
    if entry is None:
        return number, exercise.title, NOT_TRIED, "", "", "", ""
    state = {"right": RIGHT, "tried": TRIED}.get(entry["state"], NOT_TRIED)
    seen = "yes" if entry["solution_seen"] else ""
    counts = (entry["tries"], entry["hints"])
    return number, exercise.title, state, *counts, seen, entry["first_right"] or ""
