"""What an instructor needs, written into one folder: routes, slides, answers, how to run a class.

The texts lie in `data/teach` as Jinja templates. Links, times and answers are filled in from the
notebooks, the exercises and `data/class.json`, which `data_scripts/measure_class.py` measured.
"""

import json
from pathlib import Path

from rnn_tutor._errors import TutorError
from rnn_tutor._text import DATA
from rnn_tutor.course import notebooks, slides
from rnn_tutor.course.lessons import MINUTES, WORDS_A_MINUTE, Lesson, lessons

PAGES = ("README.md", "routes.md", "answers.md", "misconceptions.md", "class.md")
CLASS = 30  # students


def write_folder(folder) -> Path:
    """Write the instructor's folder, and return its full path.

    Args:
        folder: Path of a folder that is new or empty.

    Raises:
        TutorError: The folder holds something, or cannot be written to.
    """
    folder = Path(folder).expanduser().resolve()
    try:
        if folder.is_dir() and any(folder.iterdir()):
            raise TutorError(
                f"{folder} holds files already, and yours might be among them. Name a new folder, "
                "or empty this one: rnn-tutor teach FOLDER"
            )
        for name in ("notebooks", "slides"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        for name, text in pages().items():
            (folder / name).write_text(text, encoding="utf-8")
        for name, path in notebooks.shipped_notebooks().items():
            (folder / "notebooks" / name).write_bytes(path.read_bytes())
        for lesson in lessons().values():
            page = folder / "slides" / f"{lesson.path.stem}.slides.html"
            page.write_text(slides.slides(lesson), encoding="utf-8")
    except OSError as error:
        raise TutorError(
            f"The folder {folder} cannot be written: {error.strerror or error}. "
            "Name another one: rnn-tutor teach FOLDER"
        ) from error
    return folder


def pages() -> dict[str, str]:
    """Return the Markdown pages of the instructor's folder, {file name: text}.

    Example:
        >>> sorted(pages())
        ['README.md', 'answers.md', 'class.md', 'misconceptions.md', 'routes.md']
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    from rnn_tutor import exercises

    templates = Environment(
        loader=FileSystemLoader(slides.BASE),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    known = lessons()
    measured = json.loads((DATA / "class.json").read_text(encoding="utf-8"))
    templates.globals |= {
        "lessons": known,
        "exercises": exercises.everything(),
        "solution": exercises.solution_text,
        "link": lambda number, heading=None: known[number].link(heading),
        "cell": lambda number, cell: cell_link(known[number], cell),
        "route": lambda minutes, parts: route(known, minutes, parts, measured["notebooks"]),
        "estimate": {"words": WORDS_A_MINUTE} | MINUTES,
        "measured": measured,
        "students": CLASS,
        "memory_gb": class_memory,
    }
    return {name: templates.get_template(name).render() for name in PAGES}


def cell_link(lesson: Lesson, cell: str) -> str:
    """Return a Markdown link to one cell of a notebook, as JupyterLab finds it.

    Raises:
        TutorError: The notebook has no such cell.
    """
    if cell not in {one["id"] for one in lesson.notebook["cells"]}:
        raise TutorError(f"{lesson.path.name} has no cell {cell!r}.")
    return f"[`{cell}`]({lesson.address()}#cell-id={cell})"


def route(known: dict[str, Lesson], minutes: int, parts: list, times: dict) -> str:
    """Return a route through the course as a Markdown table.

    Args:
        known: The lessons by number.
        minutes: How long the class lasts, int.
        parts: Pairs of a lesson's number and the headings that are read there, in order. What
            stands before and between them is run without being read.
        times: {stem of a notebook: {"cpu_cells": {id: seconds}}}. Where a cell is missing, the sum
            is marked.

    Raises:
        TutorError: A heading does not exist.
    """
    steps = [step for number, headings in parts for step in _steps(known[number], headings)]
    cells = {
        (stem, cell): seconds
        for stem, measured in times.items()
        for cell, seconds in measured["cpu_cells"].items()
    }
    lines, running, reading, lacking = [], 0.0, 0.0, False
    for words, section, code in steps:
        known_cells = cells.keys() & set(code)
        seconds, missing = sum(cells[cell] for cell in known_cells), len(known_cells) < len(code)
        ends = [f"`{section.cells[0]}`", f"`{section.cells[-1]}`"] if section else []
        read = f"{section.minutes:.0f}" if section else ""
        place = " … ".join(dict.fromkeys(ends))
        taken = f"{seconds:.0f}{' (?)' if missing else ''}" if known_cells or not code else "?"
        lines.append(f"| {words} | {place} | {taken} | {read} |")
        running, lacking = running + seconds, lacking or missing
        reading += section.minutes if section else 0
    spare = minutes - reading - running / 60
    least = "at least " if lacking else ""
    note = " Where a ? stands, cells were not measured, or have changed since." if lacking else ""
    return "\n".join(
        [
            "| read | from cell to cell | runs, s (measured) | reading, min (estimated) |",
            "| --- | --- | ---: | ---: |",
            *lines,
            f"| **in all** | | **{least}{running:.0f}** | **{reading:.0f}** |",
            "",
            f"That leaves about {spare:.0f} of the {minutes} minutes for exercises, questions and "
            f"a break.{note}",
        ]
    )


def _steps(lesson, headings):
    """Yield what a class does in a notebook: (words, section or None, keys of the code cells)."""
    skipped, last = [], lesson.section(headings[-1])
    for heading in headings:
        lesson.section(heading)
    for section in lesson.sections[: lesson.sections.index(last) + 1]:
        code = [(lesson.path.stem, cell) for cell in section.code]
        if section.heading in headings:
            if skipped:
                yield f"*{lesson.title}: run without reading*", None, skipped
            yield lesson.link(section.heading), section, code
            skipped = []
        elif section.level < 3:  # what lies inside a section was counted with it
            skipped += code


def class_memory(kernels: dict, students: int = CLASS) -> float:
    """Return the memory of a whole class in GB, extrapolated from two kernels.

    Each kernel holds its peak, less what it was measured to share with the other, mostly code of
    libraries; that counts once.

    Args:
        kernels: A dict with "peak_mb" and "at_the_end" of two kernels, as `data/class.json` has it.
        students: How many kernels. Default 30.

    Example:
        >>> one = {"rss": 900, "private": 500}
        >>> class_memory({"peak_mb": [1000, 1000], "at_the_end": [one, one]}, students=2)
        1.6
    """
    first = kernels["at_the_end"][0]
    shared = first["rss"] - first["private"]
    return (students * (max(kernels["peak_mb"]) - shared) + shared) / 1000
