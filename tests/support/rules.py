"""What every notebook must keep to, as functions that yield complaints."""

import ast
import re
from html.parser import HTMLParser

from support import course

KNOWN_TAGS = {"data", "taught", "exercise", *course.UNCOMPARED_TAGS}
COMPARED_SHARE = 0.6
MAX_BYTES = 700_000
OPENING = {
    "what the reader will be able to do": r"will be able to|objectives?\b",
    "what the reader needs to know": r"need to know|prerequisites?\b",
    "the minutes": r"\b(\d+\s*(minutes?|seconds|s)|a minute)\b",
    "the memory in MB or GB": r"\d\s*(MB|GB)\b",
}
ABSOLUTE_PATH = r"(?<![\w.:/~-])/(home|Users|root|tmp|var|usr|opt|mnt|srv|work)/|\b[A-Z]:\\\w"


def data_cell(notebook):
    """Contract 2: one cell, tagged `data`, holds the one line that names the pictures."""
    tagged = course.tagged(notebook, "data")
    if len(tagged) != 1:
        yield f"{len(tagged)} cells are tagged `data`; one must be"
    lines = set(map(course.data_line, tagged))
    holding = [c for c in course.code_cells(notebook) if course.data_line(c) in lines]
    if "" in lines or tagged != holding:
        yield "the cell tagged `data` must load fashion5, photos5 or spoken3, and no other the same"


def metadata(notebook):
    """No widget state, no timings; a kernelspec, without which the lab opens a dialog."""
    if "widgets" in notebook.metadata:
        yield "the notebook stores the state of widgets (metadata.widgets)"
    if notebook.metadata.get("kernelspec", {}).get("name") != "python3":
        yield "metadata.kernelspec must name python3"
    for cell in notebook.cells:
        if "execution" in cell.metadata:
            yield f"cell {cell.get('id')} stores the times of its execution"


def ids(notebook):
    """Every cell has its own id: a difference between two versions is then found cell by cell."""
    found = [cell.get("id", "") for cell in notebook.cells]
    if (
        not all(re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", i) for i in found)
        or notebook.nbformat_minor < 5
    ):
        yield "a cell has no id (run data_scripts/store_notebooks.py)"
    if len(set(found)) < len(found):
        yield "two cells share an id"


def known_tags(notebook):
    """A misspelt tag would silently do nothing; nbval's comments would be read by the reader."""
    for cell in notebook.cells:
        for tag in sorted(course.tags(cell) - KNOWN_TAGS):
            yield f"cell {cell.get('id')} has the tag {tag!r}, none of {sorted(KNOWN_TAGS)}"
        if re.search(r"#\s*(NBVAL|PYTEST_VALIDATE)_", cell.source):
            yield f"cell {cell.get('id')} has a comment for nbval: use a tag"


def executed(notebook):
    """nbval runs a cell without an execution count, and compares nothing."""
    cells = course.code_cells(notebook)
    if unrun := [cell.get("id") for cell in cells if cell.execution_count is None]:
        yield f"no execution count, so not compared: {', '.join(unrun)}"
    for cell in cells:
        expected = _shows(cell) and not course.tags(cell) & course.UNCOMPARED_TAGS
        if expected and not cell.outputs:
            yield f"cell {cell.get('id')} prints or displays, and has no stored output"
    if any(c.cell_type == "code" and not c.source.strip() for c in notebook.cells):
        yield "there is an empty code cell"


def _shows(cell):
    """Whether a cell calls `print` or `display` outside of functions, loops and conditions."""
    calls = [s.value for s in course.syntax(cell).body if isinstance(s, ast.Expr)]
    names = [c.func.id for c in calls if isinstance(c, ast.Call) and isinstance(c.func, ast.Name)]
    return {"print", "display"} & set(names)


def compared_share(notebook):
    """At least six in ten code cells have outputs that nbval compares."""
    cells = course.code_cells(notebook)
    compared = sum(map(course.is_compared, cells))
    if compared < COMPARED_SHARE * len(cells):
        yield f"{compared} of {len(cells)} code cells are compared; {COMPARED_SHARE:.0%} must be"


def outputs(notebook):
    """No errors, nothing on stderr, no picture without a text that says what it shows."""
    for cell in course.code_cells(notebook):
        for output in cell.outputs:
            if output.output_type == "error" or output.get("name") == "stderr":
                yield f"cell {cell.get('id')} stores an error or a line on stderr"
            data = output.get("data", {})
            for kind in sorted(k for k in data if k.startswith("image/")):
                yield f"cell {cell.get('id')} stores a bare {kind}, which has no alt text"
            if not all(_alt_texts(data.get("text/html", ""))):
                yield f"cell {cell.get('id')} stores a picture without alt text"


def _alt_texts(html):
    """The alt text of every <img>, the label of every <svg>; an empty one where there is none."""
    found, named = [], {"img": "alt", "svg": "aria-label"}
    parser = HTMLParser()
    parser.handle_starttag = lambda tag, attributes: (
        found.append((dict(attributes).get(named[tag]) or "").strip()) if tag in named else None
    )
    parser.feed(html)
    return found


def opening(notebook):
    """The first cell: title, objectives, prerequisites, minutes, memory."""
    first = notebook.cells[0]
    if first.cell_type != "markdown" or not first.source.startswith("# "):
        yield "the first cell must be text and start with the title ('# ...')"
    for what, pattern in OPENING.items():
        if not re.search(pattern, first.source, re.IGNORECASE):
            yield f"the first cell does not say {what} (looked for {pattern!r})"


def closing(notebook):
    """The last sections: Summary, Exercises where there are any, Sources."""
    text = "\n".join(c.source for c in notebook.cells if c.cell_type == "markdown")
    sections = re.findall(r"^## +(.+?) *$", text, re.MULTILINE)
    without_exercises = [name for name in sections if name != "Exercises"]
    if without_exercises[-2:] != ["Summary", "Sources"] or sections[-1] != "Sources":
        yield f"the last sections must be Summary, (Exercises,) Sources, and are {sections[-3:]}"


def texts(notebook):
    """No path of somebody's machine anywhere; no picture in the text without alt text."""
    for cell in notebook.cells:
        stored = course.compared_text(cell) if cell.cell_type == "code" else ()
        for text in map(course.without_pictures, [cell.source, *stored]):
            if found := re.search(ABSOLUTE_PATH, text):
                yield f"cell {cell.get('id')} has an absolute path: {text[found.start() :][:40]!r}"
        if cell.cell_type == "markdown" and (
            re.search(r"!\[\s*\]\(", cell.source) or not all(_alt_texts(cell.source))
        ):
            yield f"cell {cell.get('id')} has a picture without alt text"


RULES = [data_cell, metadata, ids, known_tags, executed]
RULES += [compared_share, outputs, opening, closing, texts]


def complaints(notebook):
    """Everything that is wrong with a notebook, a sentence each."""
    return [f"{rule.__name__}: {text}" for rule in RULES for text in rule(notebook)]
