"""What the read-along panel shows: what a classifier says after each row, and its hidden state.

A few numbers, words and a small image for `panels.js`; quick enough for twelve drawings a second.
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
TALL = 128  # of the hidden state, in CSS pixels
SPACE = "\N{NO-BREAK SPACE}"
# From -1 over 0 to 1: dark blue, grey, light yellow; without colour still from dark to light.
SCALE = (0, 34, 92), (128, 126, 122), (255, 233, 112)


@dataclass(frozen=True)
class Predictions:
    """What is said of one image after each step.

    Attributes:
        reading: The `Reading` of the image.
        probabilities: `(steps, classes)` float.
        names: Of the classes.
        true: The class that is the image's label, or None.
        states: `(steps, units)` float from -1 to 1, the hidden state; or None.
    """

    reading: _reading.Reading
    probabilities: np.ndarray
    names: tuple[str, ...]
    true: int | None = None
    states: np.ndarray | None = None

    def name(self, k, limit=40):
        """Return the name of class k, cut to `limit` characters."""
        return shorten(name_of(self.names, k, "class"), limit)

    def top(self, step):
        """Return what it says after so many steps: the most probable class."""
        return self.probabilities[step - 1].argmax()

    def drawn(self, step):
        """Return the classes there is room for, rising: the top, the label, the most probable."""
        worth = np.array(self.probabilities.max(0), float)
        if step:
            worth[self.top(step)] += 2
        if self.true is not None:
            worth[self.true] += 2
        return np.sort(np.argsort(-worth, kind="stable")[:MOST])


def percent(probability):
    """Write a probability in words; nothing is 0 % or 100 % that is only near it."""
    if 0 < probability < 0.005:
        return f"<1{SPACE}%"
    return f">99{SPACE}%" if 0.995 <= probability < 1 else f"{100 * probability:.0f}{SPACE}%"


def sentence(predictions, step):
    """Return as HTML how far it is read, what is said, and whether that is right."""
    if not step:
        return "Nothing is read yet."
    top, steps = predictions.top(step), len(predictions.probabilities)
    of = f"of {len(predictions.reading.image)}"
    where = f"{_reading.rows(predictions.reading, step)} {of}".capitalize()
    share = html.escape(percent(predictions.probabilities[step - 1, top]))
    end = ""
    if predictions.true is not None:
        right = "right"
        if top != predictions.true:
            right = f"wrong, the label is {html.escape(predictions.name(predictions.true))}"
        end = f"; {'so far' if step < steps else 'in the end'} {right}"
    return f"{where}: it says <b>{html.escape(predictions.name(top))}</b> with {share}{end}."


def bars(predictions, step):
    """Return a bar for each class, as long as its probability, for a `Front` of "bars".

    Returns:
        `{"head": a title, "bars": [...]}`. A bar has a `name`, a `share` from 0 to 1, its `words`,
        whether it is the `largest` and the `label`, and how its line looks.
    """
    head = "What the classifier says: nothing yet"
    now = np.zeros(predictions.probabilities.shape[1])
    if step:
        row = predictions.reading.box(step)[2]
        head = f"What the classifier says after row {row:,}"
        now = predictions.probabilities[step - 1]
    classes = predictions.drawn(step)

    def bar(name, share, **more):
        words = percent(share) if step else "\N{EN DASH}"
        return {"name": name, "share": round(float(share), 4), "words": words, **more}

    rows = []
    for i, k in enumerate(classes):
        marks = {"largest": bool(step and k == now.argmax()), "label": bool(k == predictions.true)}
        rows.append(bar(predictions.name(k), now[k], line=_look(i), **marks))
    if others := len(now) - len(classes):
        rest = max(0.0, now.sum() - now[classes].sum())
        rows.append(bar(f"{others:,} more", rest))
    return {"head": head, "bars": rows}


def course(predictions, step):
    """Return the probabilities so far as lines, and the hidden states, for a `Front` of "course".

    Returns:
        `{"head": a title, "unit": "row" or "step", "step": ..., "steps": ..., "alt": the lines in
        words, "chart": as in `training_charts`, "state": None or its drawing}`.
    """
    steps = len(predictions.probabilities)
    unit = "row" if steps == len(predictions.reading.image) else "step"
    head, state = f"The probabilities after each {unit}", None
    if predictions.states is not None:
        head, state = f"{head}; below, the hidden state", _state(predictions.states, step)
    return {
        "head": head,
        "unit": unit,
        "step": step,
        "steps": steps,
        "alt": _described(predictions, step),
        "chart": _chart(predictions, step),
        "state": state,
    }


def _chart(predictions, step):
    so_far, steps = predictions.probabilities[:step], len(predictions.probabilities)
    places = {k: i for i, k in enumerate(predictions.drawn(step))}
    classes = sorted(places, key=lambda k: so_far[-1, k]) if step else []  # the largest over all
    lines, every = [], -(-steps // 6)
    for k in classes:
        largest = bool(k == classes[-1])
        line = {**_look(places[k]), "size": 1, "width": 3 if largest else 1.8, "bold": largest}
        line["points"] = [[i + 0.5, round(float(p), 4)] for i, p in enumerate(so_far[:, k])]
        # Markers on the newest point and on about six others, of each class elsewhere.
        marked = [i for i in range(step - 1) if i % every == places[k] * every // 5 % every]
        line["marks"] = [*marked, step - 1]
        if k in classes[-NAMED:] and (so_far[-1, k] >= WORTH_A_NAME or largest):
            line["name"] = predictions.name(k, 14)
        lines.append(line)
    ticks = {"x": [], "y": [[p, f"{100 * p:.0f}{SPACE}%"] for p in (1, 0.5, 0)]}
    place = {"x": [0, steps], "y": [0, 1], "ticks": ticks, "unread": step}
    return {**place, "lines": lines, "gap": 15, "lift": 4}


def _state(states, step):
    """A column a step, a row a unit, on a scale from -1 to 1."""
    steps, units = states.shape
    drawn = np.full((units, steps, 3), _reading.EMPTY, np.uint8)
    drawn[:, :step] = colours(states[:step].T)
    scale = ",".join(f"rgb{colour}" for colour in SCALE[::-1])
    alt = f"the hidden state: {step} of {steps} steps, {units} units"
    source = parts.source(_reading.at_most(drawn, TALL, _reading.SENT))
    return {"alt": alt, "source": source, "units": units, "scale": scale}


def colours(values):
    """Turn values from -1 to 1, of any shape, into colours `(..., 3)` uint8."""
    ends = [np.interp(values, (-1, 0, 1), channel) for channel in zip(*SCALE, strict=True)]
    return np.stack(ends, -1).round().astype(np.uint8)


def _described(predictions, step):
    """The lines in words."""
    if not step:
        return "the probabilities: nothing is read yet"
    now = predictions.probabilities[step - 1]
    first = np.argsort(-now, kind="stable")[:NAMED]
    words = ", ".join(f"{predictions.name(k)} {percent(now[k])}" for k in first)
    return f"the probabilities after steps 1 to {step}; now {words}"


def _look(i):
    """How the line of the class drawn in place i looks."""
    k, (colour, marker) = len(COLOURS), style(i)
    return {"colour": colour, "marker": marker, "dash": LINES[(i + i // k) % len(LINES)]}
