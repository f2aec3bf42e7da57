"""Exercises that check themselves: `check`, `hint`, `solution`, `progress`; `collect` for a class.

Each notebook's exercises stand in a module of their own, `e08` for notebook 08, as a tuple
`EXERCISES`; it is imported when first needed. `solution` shows text from `solutions/`: the same
code as in the module, with an explanation.
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
    """Check an answer; where it is wrong, say what to look at.

    What was tried is kept in the reader's folder (see `progress`).

    Args:
        number: Number of the exercise, such as "08.1".
        answer: The function, without brackets, or the value asked for.

    Returns:
        A `Result`, true where the answer is right.

    Raises:
        TutorError: There is no such exercise.

    Example:
        >>> rt.exercises.check("01.1", ...)
        ○ Exercise 1.1: not tried yet. Put your answer in place of `...` and run the cell again.
    """
    exercise = find(number)
    result = examine(exercise, answer)
    if result.state == NOT_TRIED:
        return result  # and no file is written: nothing was tried
    _, sentence = _progress.change(exercise.number, lambda entry: _after(entry, result))
    return replace(result, notes=(*result.notes, *filter(None, [sentence])))


def hint(number):
    """Show the next hint, below those already taken.

    Args:
        number: Number of the exercise, such as "08.1".

    Returns:
        Text in Markdown.

    Raises:
        TutorError: There is no such exercise.

    Example:
        >>> rt.exercises.hint("01.1")  # doctest: +ELLIPSIS
        **Hint 1 of ...
    """
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
    """Show the code of a solution, and explain it.

    Args:
        number: Number of the exercise, such as "08.1".

    Returns:
        Text in Markdown.

    Raises:
        TutorError: There is no such exercise.

    Example:
        >>> rt.exercises.solution("01.1")  # doctest: +ELLIPSIS
        **Exercise 1.1, a solution**
        ...
    """
    exercise = find(number)
    if _is_withheld():
        return Text(WITHHELD.format(hint=f'rt.exercises.hint("{exercise.number}")'))
    words = solution_text(exercise.number)
    _, sentence = _progress.change(exercise.number, lambda _: {"solution_seen": True})
    title = f"**{exercise.name}, a solution**"
    return Text("\n\n".join([title, words, *filter(None, [sentence])]))


def progress():
    """Show all exercises by notebook, and what was tried in this folder.

    Returns:
        A table.

    Example:
        >>> rt.exercises.progress()  # doctest: +ELLIPSIS
        exercise  about ...
    """
    known, sentence = _progress.load()
    columns = ("exercise", "about", "state", "tries", "hints", "solution seen", "first right")
    sections = {}
    for exercise in everything():
        rows = sections.setdefault(f"Notebook {exercise.notebook}", [])
        rows.append(dict(zip(columns, _row(exercise, known.get(exercise.number)), strict=True)))
    return Table(sections, columns, sentence)


def collect(places):
    """Collect the progress of a whole class.

    `rnn-tutor progress FOLDER` prints the same as CSV, without the mistakes, and with `--summary`
    which exercises were hardest.

    Args:
        places: A folder, searched to the bottom, a progress file, or a list of these.

    Returns:
        A list with a dict for each exercise that was tried: "folder", "exercise", "state" ("not
        tried", "tried" or "right"), "tries" (until first right), "hints", "solution_seen",
        "first_right" (a date or None), "mistakes" (a dict: what the check says of a usual mistake,
        and how often it was made). A file that cannot be read has one dict that says so.

    Raises:
        TutorError: A path does not exist.

    Example:
        >>> _ = rt.exercises.hint("01.1")
        >>> [(row["exercise"], row["hints"]) for row in rt.exercises.collect(".")]
        [('01.1', 1)]
    """
    return _progress.collect(places)


def find(number):
    """Return the exercise "08.1", also called "8.1".

    Raises:
        TutorError: There is no such exercise.
    """
    said = re.fullmatch(r"(\d{1,2})([a-z]?)\.(\d+)", str(number).strip().lower())
    if said:
        notebook = f"{int(said[1]):02}{said[2]}"
        wanted = f"{notebook}.{int(said[3])}"
        known = {e.number: e for e in _of_notebook(notebook)}
        if wanted in known:
            return known[wanted]
    numbers = ", ".join(e.number for e in everything())
    raise TutorError(f"There is no exercise {number!r}. There are: {numbers}.")


def everything():
    """Return all exercises of the course, in order."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    return [
        e for name in names if re.fullmatch(r"e\d\d[a-z]?", name) for e in _of_notebook(name[1:])
    ]


def solution_text(number):
    """Return the solution of an exercise as Markdown.

    Raises:
        TutorError: The package does not hold it.
    """
    notebook = number.split(".")[0]
    try:
        text = (SOLUTIONS / f"{notebook}.md").read_text(encoding="utf-8")
    except OSError as error:
        raise TutorError(
            f"The solutions of notebook {notebook} should have come with the package, and cannot "
            f"be read: {error.strerror or error}. Install the course again."
        ) from error
    parts = re.split(r"^## +(\d\d[a-z]?\.\d+) *$", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], map(str.strip, parts[2::2]), strict=True)).get(number)


def _of_notebook(number):
    """Return the exercises of notebook "08" or "03b"; none where there is no such notebook."""
    try:
        return import_module(f"{__name__}.e{number}").EXERCISES
    except ModuleNotFoundError as error:
        if error.name != f"{__name__}.e{number}":
            raise
        return ()


def _after(entry, result):
    """Return what an answer changes; what was right once stays so, and tries end with it."""
    if entry["state"] == RIGHT:
        return {}
    now = {"state": RIGHT, "first_right": _progress.today()} if result else {"state": "tried"}
    if result.mistake:
        times = entry["mistakes"].get(result.mistake, 0) + 1
        now["mistakes"] = entry["mistakes"] | {result.mistake: times}
    return {"tries": entry["tries"] + 1, **now}


def _is_withheld():
    """Return whether this kernel's notebook lies in a folder laid out without solutions."""
    here = Path.cwd()
    return any((folder / HIDDEN / NO_SOLUTIONS).exists() for folder in (here, *here.parents))


def _row(exercise, entry):
    """Return the cells of the table of progress; `entry` is None where nothing was tried."""
    number = exercise.name.split()[1]
    if entry is None:
        return number, exercise.title, NOT_TRIED, "", "", "", ""
    state = {"right": RIGHT, "tried": TRIED}.get(entry["state"], NOT_TRIED)
    seen = "yes" if entry["solution_seen"] else ""
    counts = (entry["tries"], entry["hints"])
    return number, exercise.title, state, *counts, seen, entry["first_right"] or ""
