"""What the panels show that read and predict: what is said after each step, and the hidden state.

A few numbers, words and a small image for `panels.js`; quick enough for twelve drawings a second.
"""

import html
from dataclasses import dataclass

import numpy as np

from rnn_tutor._text import format_count, shorten
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

    def settled(self, step):
        """Return after how many steps it said what it says in the end; None before the end."""
        return settled_at(self.probabilities) if step == len(self.probabilities) else None

    def drawn(self, step):
        """Return the classes there is room for, rising: the top, the label, the most probable."""
        worth = np.array(self.probabilities.max(0), float)
        if step:
            worth[self.top(step)] += 2
        if self.true is not None:
            worth[self.true] += 2
        return np.sort(np.argsort(-worth, kind="stable")[:MOST])


def settled_at(probabilities):
    """Return the step, from 1, after which the most probable class of `(steps, classes)` stays."""
    top = probabilities.argmax(axis=1)
    return int(max(np.flatnonzero(top != top[-1]), default=-1)) + 2


def percent(probability):
    """Write a probability in words; nothing is 0 % or 100 % that is only near it."""
    if 0 < probability < 0.005:
        return f"<1{SPACE}%"
    return f">99{SPACE}%" if 0.995 <= probability < 1 else f"{100 * probability:.0f}{SPACE}%"


def sentence(predictions, step):
    """Return as HTML how far it is read, what is said, whether that is right, and since when."""
    if not step:
        return "Nothing is read yet."
    top, steps, reading = predictions.top(step), len(predictions.probabilities), predictions.reading
    where = f"{_reading.spans(reading, step)[reading.unit]} of {reading.length:,}".capitalize()
    share = html.escape(percent(predictions.probabilities[step - 1, top]))
    end = ""
    if predictions.true is not None:
        right = "right"
        if top != predictions.true:
            right = f"wrong, the label is {html.escape(predictions.name(predictions.true))}"
        end = f"; {'so far' if step < steps else 'in the end'} {right}"
    if settled := predictions.settled(step):
        end += (
            f". It settled after {reading.unit} {reading.ends[settled - 1]:,} of {reading.length:,}"
        )
    return f"{where}: it says <b>{html.escape(predictions.name(top))}</b> with {share}{end}."


def bars(predictions, step, head=None):
    """Return a bar for each class, as long as its probability, for a `Front` of "bars".

    Args:
        predictions: A `Predictions`.
        step: After how many steps, from 1; 0 for nothing yet.
        head: The title; says after which row or column if None.

    Returns:
        `{"head": a title, "bars": [...]}`. A bar has a `name`, a `share` from 0 to 1, its `words`,
        whether it is the `largest` and the `label`, and how its line looks.
    """
    now = np.zeros(predictions.probabilities.shape[1])
    if step:
        now, reading = predictions.probabilities[step - 1], predictions.reading
        if head is None:
            head = f"What the classifier says after {reading.unit} {reading.ends[step - 1]:,}"
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
    return {"head": head or "What the classifier says: nothing yet", "bars": rows}


def course(predictions, step):
    """Return the probabilities so far as lines, and the hidden states, for a `Front` of "course".

    Returns:
        `{"head": a title, "ends": the words below the first and the last column, "now": where the
        newest step begins and ends, from 0 to 1, or None, "alt": the lines in words, "chart": as
        in `training_charts`, "picture": None or the strip, "state": None or its drawing}`.
    """
    reading, state = predictions.reading, None
    unit = reading.unit if len(predictions.probabilities) == reading.length else "step"
    heads = [f"the probabilities after each {unit}"]
    picture = _reading.strip(reading, step) if reading.unit == "column" else None
    if picture:
        heads.insert(0, "the picture")
    if predictions.states is not None:
        heads.append("the hidden state")
        state = _state(predictions, step)
    return {
        "head": "; below, ".join(heads).capitalize(),
        "ends": [f"{reading.unit}{SPACE}{k:,}" for k in (1, reading.length)],
        "now": [float(end) for end in reading.share(step)] if step else None,
        "alt": _described(predictions, step),
        "chart": _chart(predictions, step),
        "picture": picture,
        "state": state,
    }


def cells(predictions, step):
    """Return the hidden state after a step as HTML: a row of cells, one for each unit."""
    units = predictions.states.shape[1]
    drawn, words = np.full((1, units, 4), _reading.EMPTY, np.uint8), "nothing is read yet"
    if step:
        now = predictions.states[step - 1]
        drawn[0, :, :3], drawn[..., 3] = colours(now), 255
        words = f"from {now.min():.2f} to {now.max():.2f}"
    source = parts.source(_reading.at_most(drawn, 1, _reading.WIDE))
    alt = f"the state as {units:,} cells, {words}"
    return (
        f'<div class="rt-head">The state now: {format_count(units, "unit")}</div>'
        f'<img class="rt-thumb rt-cells" alt="{alt}" src="{source}">'
    )


def _chart(predictions, step):
    so_far, steps = predictions.probabilities[:step], len(predictions.probabilities)
    ends = predictions.reading.ends
    middles = (ends + np.concatenate([[0], ends[:-1]])) / 2
    places = {k: i for i, k in enumerate(predictions.drawn(step))}
    classes = sorted(places, key=lambda k: so_far[-1, k]) if step else []  # the largest over all
    lines, every = [], -(-steps // 6)
    for k in classes:
        largest = bool(k == classes[-1])
        line = {**_look(places[k]), "size": 1, "width": 3 if largest else 1.8, "bold": largest}
        line["points"] = [
            [float(x), round(float(p), 4)] for x, p in zip(middles, so_far[:, k], strict=False)
        ]
        # Markers on the newest point and on about six others, of each class elsewhere.
        marked = [i for i in range(step - 1) if i % every == places[k] * every // 5 % every]
        line["marks"] = [*marked, step - 1]
        if k in classes[-NAMED:] and (so_far[-1, k] >= WORTH_A_NAME or largest):
            line["name"] = predictions.name(k, 14)
        lines.append(line)
    ticks = {"x": [], "y": [[p, f"{100 * p:.0f}{SPACE}%"] for p in (1, 0.5, 0)]}
    read = int(ends[step - 1]) if step else 0
    place = {"x": [0, predictions.reading.length], "y": [0, 1], "ticks": ticks, "unread": read}
    settled = predictions.settled(step)
    settled = settled and {"at": int(ends[settled - 1]), "name": "settled"}
    return {**place, "lines": lines, "gap": 15, "lift": 4, "settled": settled}


def _state(predictions, step):
    """A column a step, as wide as what it reads; a row a unit; on a scale from -1 to 1."""
    states, each = predictions.states, np.diff(predictions.reading.ends, prepend=0)
    steps, units = states.shape
    drawn = np.full((units, steps, 4), _reading.EMPTY, np.uint8)
    drawn[:, :step, :3], drawn[:, :step, 3] = colours(states[:step].T), 255
    drawn = drawn.repeat(each // np.gcd.reduce(each), axis=1)
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
