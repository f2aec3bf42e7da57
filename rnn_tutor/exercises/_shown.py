"""What a student sees of a check, a hint, a solution and the progress: text and HTML.

Colour never stands alone: a symbol and a word say the same. Text takes the page's own colour, so
that it can be read on light and on dark.
"""

import html
import inspect
import re
import warnings
from dataclasses import dataclass

import numpy as np

from rnn_tutor._text import shorten

RIGHT, TRIED, NOT_TRIED = "right", "not yet right", "not tried yet"
SYMBOLS = {RIGHT: "✓", TRIED: "✗", NOT_TRIED: "○"}
COLOURS = {RIGHT: "#009E73", TRIED: "#D55E00", NOT_TRIED: "#808080"}
MOST = 100  # numbers that are shown of an array
MISSING = inspect.Parameter.empty
BOX = "border-left:5px solid {colour};padding:2px 12px;margin:4px 0;max-width:900px;line-height:1.5"
# The page may be light or dark: no colour, no background of its own.
CODE = (
    "margin:6px 0;padding:0;background:none;color:inherit;border:0;white-space:pre-wrap;"
    "overflow-wrap:anywhere;font-size:0.95em;line-height:1.45;"
    "font-family:var(--jp-code-font-family,monospace)"
)


@dataclass(frozen=True)
class Example:
    """One call that shows what is wrong; MISSING stands for what was not expected or received.

    Attributes:
        function: Its name, str.
        inputs: A tuple.
        expected: What the solution returns.
        received: What the answer returned.
        printed: What the answer printed, str.
    """

    function: str
    inputs: tuple
    expected: object = MISSING
    received: object = MISSING
    printed: str = ""


@dataclass(frozen=True, repr=False)
class Result:
    """What `check` found; true where the answer is right.

    Attributes:
        name: Name of the exercise, such as "Exercise 8.1".
        state: "right", "not yet right" or "not tried yet".
        words: What is to be said about it, str.
        example: An `Example`, or None.
        notes: Further sentences, a tuple of str.
        mistake: What is said about the usual mistake that was recognised, str; "" where none was.
    """

    name: str
    state: str
    words: str = ""
    example: object = None
    notes: tuple[str, ...] = ()
    mistake: str = ""

    def __bool__(self):
        return self.state == RIGHT

    def __repr__(self):
        said = f"{SYMBOLS[self.state]} {self.name}: {self.state}. {self.words}".rstrip()
        shown = [f"    {line}" for line in example_lines(self.example)]
        return "\n".join([said, *shown, *self.notes])

    def _repr_html_(self):
        head = (
            f'<strong><span aria-hidden="true">{SYMBOLS[self.state]}</span> '
            f"{html.escape(self.name)}: {self.state}.</strong> {in_html(self.words)}"
        )
        lines = html.escape("\n".join(example_lines(self.example)))
        shown = f'<pre style="{CODE}">{lines}</pre>' if lines else ""
        notes = "".join(f"<div>{in_html(note)}</div>" for note in self.notes)
        style = BOX.format(colour=COLOURS[self.state])
        return f'<div role="status" style="{style}"><div>{head}</div>{shown}{notes}</div>'


@dataclass(frozen=True, repr=False)
class Text:
    """Markdown that reads well as plain text too."""

    markdown: str

    def __repr__(self):
        return self.markdown

    def _repr_markdown_(self):
        return self.markdown


@dataclass(frozen=True, repr=False)
class Table:
    """Rows under headings.

    Attributes:
        sections: {heading: rows}; a row is a dict with the columns as keys.
        columns: A tuple of str.
        note: A sentence above the table, str.
    """

    sections: dict
    columns: tuple[str, ...]
    note: str = ""

    def __repr__(self):
        rows = [row for rows in self.sections.values() for row in rows]
        widths = [max(len(c), *(len(str(row[c])) for row in rows)) for c in self.columns]
        lines = [self.note] if self.note else []
        lines.append(_padded(self.columns, widths))
        for heading, rows in self.sections.items():
            lines += [heading, *(_padded([row[c] for c in self.columns], widths) for row in rows)]
        return "\n".join(lines)

    def _repr_html_(self):
        cell = "text-align:left;padding:2px 14px 2px 0"
        head = "".join(f'<th scope="col" style="{cell}">{c}</th>' for c in self.columns)
        body = ""
        for heading, rows in self.sections.items():
            across = f'colspan="{len(self.columns)}" scope="colgroup"'
            body += f'<tr><th {across} style="{cell}">{html.escape(heading)}</th></tr>'
            for row in rows:
                cells = (html.escape(str(row[c])) for c in self.columns)
                body += "<tr>" + "".join(f'<td style="{cell}">{c}</td>' for c in cells) + "</tr>"
        note = f"<p>{html.escape(self.note)}</p>" if self.note else ""
        return f"{note}<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def example_lines(example):
    """Return an Example as lines: a call that can be copied, expected, received, printed."""
    if example is None:
        return []
    lines = _call(example.function, [as_python(value) for value in example.inputs])
    compared = {"expected": example.expected, "received": example.received}
    shapes = {getattr(as_array(value), "shape", None) for value in compared.values()}
    for label, value in compared.items():
        if value is not MISSING:
            shape = f"  (shape {np.shape(value)})" if len(shapes) > 1 and _is_array(value) else ""
            first, *more = (as_text(value) + shape).splitlines()
            lines += [f"{label:10}{first}", *(f"{'':10}{line}" for line in more)]
    printed = example.printed.strip()[:300].splitlines()
    return lines + [f"{'printed' if k == 0 else '':10}{line}" for k, line in enumerate(printed)]


def as_python(value):
    """Return a value as Python that makes it again; of a large array, type and shape."""
    if not isinstance(value, np.ndarray):
        return as_text(value)
    if value.size > MOST:
        return f"<{value.dtype} array of the shape {value.shape}>"
    usual = value.dtype in (np.int64, np.float64, np.bool_)
    kind = "" if usual else f', dtype="{value.dtype}"'
    return f"np.array({_array(value, 'np.array(')}{kind})"


def as_text(value):
    """Return a value as a student reads it: 0.5 rather than np.float64(0.5)."""
    if _is_array(value) or isinstance(value, (float, np.generic)):
        return _array(np.asarray(value))
    try:
        words = repr(value)
    except Exception:
        words = f"an object of the type {type(value).__name__}"
    return shorten(words, 300)


def in_html(words):
    """Return a sentence as HTML: `code` between backticks, *emphasis* between asterisks."""
    parts = html.escape(words, quote=False).split("`")
    parts[::2] = [re.sub(r"\*([^*]+)\*", r"<em>\1</em>", part) for part in parts[::2]]
    return "".join(f"<code>{part}</code>" if k % 2 else part for k, part in enumerate(parts))


def _call(name, inputs):
    """Return the lines of a call; where one would be too long, a line for each input."""
    line = f"{name}({', '.join(inputs)})"
    if len(line) <= 88 and "\n" not in line:
        return [line]
    indented = [f"    {value},".replace("\n", "\n    ") for value in inputs]
    return "\n".join([f"{name}(", *indented, ")"]).splitlines()


def _is_array(value):
    array = as_array(value)
    return array is not None and array.ndim > 0 and array.dtype.kind in "biuf"


def as_array(value):
    """Return a value as an array; None where it cannot be one."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return np.asarray(value)
    except Exception:
        return None


def _array(array, prefix=""):
    """Return an array as Python writes it, in one line where it fits."""
    words = np.array2string(
        array,
        separator=", ",
        prefix=prefix,
        threshold=MOST,
        edgeitems=3,
        max_line_width=84,
        formatter={"float_kind": _number},
    )
    line = re.sub(r"\[ +", "[", re.sub(r"\s+", " ", words))
    return line if len(line) <= 84 else re.sub(r"\n\s*\n", "\n", words)


def _number(value):
    """Return a float with at most six digits, and a point even where it is whole."""
    words = f"{value:.6g}"
    return words if set(words) & set(".einf") else f"{words}.0"


def _padded(cells, widths):
    pairs = zip(cells, widths, strict=True)
    return "  ".join(str(cell).ljust(width) for cell, width in pairs).rstrip()
