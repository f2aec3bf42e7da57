"""What the read-along panel shows: what a classifier says after each row, and its hidden state.

HTML, inline SVG and a small picture; quick enough for twelve drawings a second.
"""

import html
from dataclasses import dataclass

import numpy as np

from rnn_tutor._text import shorten
from rnn_tutor.plots.figure import COLOURS, LINES, name_of, style
from rnn_tutor.widgets import _parts as parts
from rnn_tutor.widgets import _reading

MOST = 10  # classes that are drawn
NAMED, WORTH_A_NAME = 5, 0.05  # lines with a name at their end: so many, from so much on
HEIGHT, APART = 132, 15  # of the lines, from name to name, in CSS pixels
TALL = 128  # of the hidden state, in CSS pixels
# From -1 over 0 to 1: dark blue, grey, light yellow; without colour still from dark to light.
SCALE = (0, 34, 92), (128, 126, 122), (255, 233, 112)
EDGE = "#444"  # around lines and markers, some of which are pale
LARGEST = ' class="rt-largest"'
DASHES = dict(zip(LINES, ("none", "7 4", "9 3 2 3", "2 3"), strict=True))
SHAPES = {  # paths around (0, 0)
    "o": "M-4 0a4 4 0 1 0 8 0a4 4 0 1 0-8 0z",
    "s": "M-3.6-3.6h7.2v7.2h-7.2z",
    "^": "M0-4.6L4.6 3.6H-4.6z",
    "X": "M-2-4.2L0-2.2 2-4.2 4.2-2 2.2 0 4.2 2 2 4.2 0 2.2-2 4.2-4.2 2-2.2 0-4.2-2z",
    "D": "M0-5L5 0 0 5-5 0z",
    "v": "M0 4.6L4.6-3.6H-4.6z",
    "P": "M-1.5-4.5h3v3h3v3h-3v3h-3v-3h-3v-3h3z",
    "*": "M0-5L1.2-1.7 4.8-1.5 2 .6 2.9 4 0 2.1-2.9 4-2 .6-4.8-1.5-1.2-1.7z",
}


@dataclass(frozen=True)
class Saying:
    """What is said of one picture: probabilities (steps, classes) after each step.

    names: of the classes. true: the class that is the picture's label, or None. states: the hidden
    state (steps, units) after each step, -1 to 1, or None.
    """

    reading: _reading.Reading
    probabilities: np.ndarray
    names: tuple[str, ...]
    true: int | None = None
    states: np.ndarray | None = None

    def name(self, k, limit=40):
        return html.escape(shorten(name_of(self.names, k, "class"), limit))

    def top(self, step):
        """What it says after so many steps: the most probable class."""
        return self.probabilities[step - 1].argmax()

    def drawn(self, step):
        """The classes there is room for, rising: what it says now, the label, the most probable."""
        worth = np.array(self.probabilities.max(0), float)
        if step:
            worth[self.top(step)] += 2
        if self.true is not None:
            worth[self.true] += 2
        return np.sort(np.argsort(-worth, kind="stable")[:MOST])


def percent(probability):
    """A probability in words; nothing is 0 % or 100 % that is only near it."""
    if 0 < probability < 0.005:
        return "&lt;1&nbsp;%"
    return "&gt;99&nbsp;%" if 0.995 <= probability < 1 else f"{100 * probability:.0f}&nbsp;%"


def sentence(saying, step):
    """How far it is read, what is said, and whether that is right."""
    if not step:
        return "Nothing is read yet."
    top, (steps, _) = saying.top(step), saying.probabilities.shape
    where = f"{_reading.rows(saying.reading, step)} of {len(saying.reading.picture)}".capitalize()
    said = f"it says <b>{saying.name(top)}</b> with {percent(saying.probabilities[step - 1, top])}"
    end = ""
    if saying.true is not None:
        right = "right" if top == saying.true else f"wrong, the label is {saying.name(saying.true)}"
        end = f"; {'so far' if step < steps else 'in the end'} {right}"
    return f"{where}: {said}{end}."


def bars(saying, step):
    """A bar for each class, as long as its probability; the largest in bold, the label in words."""
    head = "What the classifier says: nothing yet"
    now = np.zeros(saying.probabilities.shape[1])
    if step:
        row = saying.reading.box(step)[2]
        head, now = f"What the classifier says after row {row:,}", saying.probabilities[step - 1]
    classes = saying.drawn(step)
    rows = [_bar(saying, i, k, now, step) for i, k in enumerate(classes)]
    if others := len(now) - len(classes):
        rest = max(0.0, now.sum() - now[classes].sum())
        rows.append(_row("", f"{others:,} more", rest if step else None, "#999"))
    rows = "".join(rows)
    return f'<div class="rt-head">{head}</div><div class="rt-bars" role="list">{rows}</div>'


def _bar(saying, i, k, now, step):
    colour, marker, dash = _style(i)
    key = (
        f'<svg width="34" height="14" viewBox="-17 -7 34 14" aria-hidden="true">'
        f'<path d="M-16 0H16" stroke="{colour}" stroke-width="2.4" stroke-dasharray="{dash}"/>'
        f"{_marker(marker, colour)}</svg>"
    )
    tag = '<span class="rt-tag">label</span>' if k == saying.true else ""
    largest = bool(step) and k == now.argmax()
    return _row(key, saying.name(k), now[k] if step else None, colour, tag, largest)


def _row(key, name, probability, colour, tag="", largest=False):
    width = 0 if probability is None else probability
    words = "&ndash;" if probability is None else percent(probability)
    return (
        f'<div role="listitem"{LARGEST if largest else ""}>{key or "<i></i>"}'
        f'<span class="rt-name" title="{name}">{name}</span>'
        f'<div class="rt-track"><div style="width:{width:.2%};background:{colour}"></div></div>'
        f'<span class="rt-percent">{words}</span><span>{tag}</span></div>'
    )


def course(saying, step):
    """The probabilities so far as lines; under them, each in its column, the hidden states."""
    steps = len(saying.probabilities)
    unit = "row" if steps == len(saying.reading.picture) else "step"
    head, drawn = f"The probabilities after each {unit}", _lines(saying, step)
    if saying.states is not None:
        head, drawn = f"{head}; below, the hidden state", drawn + _state(saying.states, step)
    across = f"left:{(step - 1) / steps:.3%};width:{1 / steps:.3%};top:0;height:100%"
    frame = f'<div class="rt-frame" style="{across}"></div>' if step else ""
    return (
        f'<div class="rt-head">{head}</div><div class="rt-course">{drawn}'
        f'<div class="rt-now">{frame}</div><div class="rt-ends"><span>{unit}&nbsp;1</span>'
        f"<span>{unit}&nbsp;{steps:,}</span></div></div>"
    )


def _lines(saying, step):
    """An SVG as wide as its place: x in percent, y in pixels."""
    so_far, steps = saying.probabilities[:step], len(saying.probabilities)
    places = {k: i for i, k in enumerate(saying.drawn(step))}
    classes = sorted(places, key=lambda k: so_far[-1, k]) if step else []  # the largest over all
    curves = "".join(_curve(so_far[:, k], places[k], k == classes[-1]) for k in classes)
    marks = "".join(_marks(so_far[:, k], places[k], steps) for k in classes)
    names = _names(saying, step, classes) if step else ""
    grid = "".join(f'<path d="M0 {_y(p):.1f}H{steps}" class="rt-grid"/>' for p in (0, 0.5, 1))
    unread = f'<path d="M{step} 0H{steps}V{HEIGHT}H{step}z" class="rt-unread"/>'
    return (
        '<div class="rt-levels"><span>100&nbsp;%</span><span>50&nbsp;%</span><span>0&nbsp;%</span>'
        f'</div><svg class="rt-lines" height="{HEIGHT}" role="img" '
        f'aria-label="{_told(saying, step)}">'
        f'<svg width="100%" height="{HEIGHT}" viewBox="0 0 {steps} {HEIGHT}" '
        f'preserveAspectRatio="none">{unread}{grid}{curves}</svg>{marks}{names}</svg>'
    )


def _y(probability):
    return HEIGHT - 6 - (HEIGHT - 12) * np.asarray(probability, float)


def _curve(values, place, thick):
    colour, _, dash = _style(place)
    points = " ".join(f"{k + 0.5},{y:.1f}" for k, y in enumerate(_y(values)))
    width = 3 if thick else 1.8
    return "".join(
        f'<polyline points="{points}" class="rt-line" stroke="{ink}" stroke-width="{wide}" '
        f'stroke-dasharray="{dash}"/>'
        for ink, wide in ((f"{EDGE}8", width + 1), (colour, width))
    )


def _marks(values, place, steps):
    """Markers on the newest point and on about six others, of each class elsewhere."""
    colour, marker, _ = _style(place)
    every, last = -(-steps // 6), len(values) - 1
    marked = [k for k in range(last) if k % every == place * every // 5 % every]
    return "".join(
        f'<svg x="{(k + 0.5) / steps:.3%}" y="{_y(values[k]):.1f}">{_marker(marker, colour)}</svg>'
        for k in (*marked, last)
    )


def _names(saying, step, classes):
    """Names right of the newest points, moved up or down where they would overlap."""
    now, x = saying.probabilities[step - 1], step / len(saying.probabilities)
    named = [k for k in classes[-NAMED:] if now[k] >= WORTH_A_NAME or k == classes[-1]][::-1]
    heights = apart(_y(now[named]), APART, APART / 2, HEIGHT - APART / 2)
    return "".join(
        f'<text x="{x:.3%}" y="{y:.1f}" dx="6" dy="4"{LARGEST if k == classes[-1] else ""}>'
        f"{saying.name(k, 14)}</text>"
        for k, y in zip(named, heights, strict=True)
    )


def apart(places, gap, low, high):
    """Rising places, moved so that they are at least `gap` apart between low and high."""
    moved = np.maximum(places, low)
    for i in range(1, len(moved)):
        moved[i] = max(moved[i], moved[i - 1] + gap)
    return np.minimum(moved, high - gap * np.arange(len(moved))[::-1])


def _state(states, step):
    """A column a step, a row a unit, on a scale from -1 to 1."""
    steps, units = states.shape
    drawn = np.full((units, steps, 3), _reading.EMPTY, np.uint8)
    drawn[:, :step] = colours(states[:step].T)
    scale = ",".join(f"rgb{colour}" for colour in SCALE[::-1])
    alt = f"the hidden state: {step} of {steps} steps, {units} units"
    return (
        f'<div class="rt-units">{units:,}<br>unit{"s" * (units > 1)}</div>'
        f"{parts.thumbnail(_reading.at_most(drawn, TALL, _reading.SENT), alt, TALL)}"
        f'<div class="rt-scale"><i style="background:linear-gradient({scale})"></i>'
        "<div><span>1</span><span>0</span><span>&minus;1</span></div></div>"
    )


def colours(values):
    """Values from -1 to 1, of any shape, as colours (..., 3) uint8."""
    ends = [np.interp(values, (-1, 0, 1), channel) for channel in zip(*SCALE, strict=True)]
    return np.stack(ends, -1).round().astype(np.uint8)


def _told(saying, step):
    """The lines in words."""
    if not step:
        return "the probabilities: nothing is read yet"
    now = saying.probabilities[step - 1]
    first = np.argsort(-now, kind="stable")[:NAMED]
    words = ", ".join(f"{saying.name(k)} {percent(now[k])}" for k in first)
    return f"the probabilities after steps 1 to {step}; now {words}"


def _style(i):
    """(colour, marker, dashes) of the class drawn in place i."""
    k = len(COLOURS)
    return *style(i), DASHES[LINES[(i + i // k) % len(LINES)]]


def _marker(marker, colour):
    return f'<path d="{SHAPES[marker]}" fill="{colour}" stroke="{EDGE}" stroke-width=".8"/>'
