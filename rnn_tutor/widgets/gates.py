"""The gate panel: the gates and the memory of an LSTM while it reads an image row by row."""

import ipywidgets as widgets
import numpy as np

from rnn_tutor._errors import TutorError
from rnn_tutor.images import sequences
from rnn_tutor.networks.cells import lstm_step, sigmoid, unroll
from rnn_tutor.plots.figure import LINES, style
from rnn_tutor.widgets import _charts, _predictions, _reading
from rnn_tutor.widgets import _parts as parts
from rnn_tutor.widgets._front import Front
from rnn_tutor.widgets._playing import PlayingPanel, _whole
from rnn_tutor.widgets._verdicts import SPEEDS

WIDEST = 8.0  # what the forget bias can be moved by
GATES = {"f": "forget gate f", "i": "input gate i", "o": "output gate o"}


class GatePanel(PlayingPanel):
    """Read an image row by row, watch the gates and the memory of an LSTM, move its forget bias.

    The panel computes with the NumPy cells of notebook 03. It shows no label. `play` reads on by a
    timer, on a thread of its own, until the end, `pause`, or another image.

    Args:
        images: An `ImageSet` of images `(h, w, c)`, with labels or without; a step is a row.
        weights: `(W, U, b)` of a Keras LSTM, as its `get_weights()` gives them:
            `(w * c, 4 * units)`, `(units, 4 * units)`, `(4 * units,)`, with the gates in the order
            i, f, c, o.
        name: The variable that holds the images, for the code that the panel shows.
        index: Which image is read; can be set, as `step`, `unit`, `added` and `speed` can.
        step: How many rows are read.
        unit: The unit that is drawn, from 0.
        added: What is added to the forget bias of all units, from -8 to 8.
        speed: Rows a second, 1 to 1,000,000.

    Attributes:
        so_far: `{"f", "i", "o", "c", "h": (step, units) float}`, the gates and the states after the
            rows that are read; and "left", the share that is left now of what each row wrote.
        playing: Whether the panel reads on by itself.
        code: The lines of Python that give the same.

    Raises:
        TutorError: The weights do not fit the images, or the controls cannot show this.

    Example:
        >>> import numpy as np
        >>> import rnn_tutor as rt
        >>> weights = np.ones((8, 12)), np.ones((3, 12)), np.zeros(12)
        >>> panel = rt.widgets.GatePanel(rt.load_images("digits", limit=5), weights, step=7)
        >>> panel.so_far["f"].shape
        (7, 3)

    Source: Hochreiter, Schmidhuber (1997); Gers, Schmidhuber, Cummins (2000), for the forget gate.
    """

    def __init__(self, images, weights, name="images", index=0, step=0, unit=0, added=0.0, speed=4):
        self.weights = _checked(images, weights)
        self._units = len(self.weights[1])
        self._unit = parts.Number("Unit", 0, range(self._units), 0, self._units - 1)
        amounts = [k / 2 for k in range(int(-2 * WIDEST), int(2 * WIDEST) + 1)]
        self._added = parts.Number("Forget bias +", 0.0, amounts, step=0.5)
        self._charts, self._memory = Front("charts"), parts.text()
        super().__init__("gate", images, name, SPEEDS)
        self.unit, self.added = unit, added
        for number in (self._unit, self._added):
            number.box.observe(lambda change: self._ask(), "value")
        self._begin(index, step, speed)

    @property
    def unit(self):
        """The unit that is drawn; setting it moves the control."""
        return self._unit.box.value

    @unit.setter
    def unit(self, unit):
        self._unit.box.value = _whole("unit", unit, 0, self._units - 1)

    @property
    def added(self):
        """What is added to the forget bias of all units; setting it moves the control."""
        return self._added.box.value

    @added.setter
    def added(self, added):
        parts._refuse("added", self._added.box, added)
        self._added.box.value = added

    @property
    def so_far(self):
        """The gates and states after the rows that are read, and what is left of each row."""
        return self._cut(self._run(self.index, self.added), self.step)

    @property
    def code(self):
        """The lines of plain Python that give the same."""
        return self._lines(self.index, self.added, self.step)

    def _read(self):
        picture = self.images[self.index].pixels[0]
        return _reading.by_rows(picture, len(picture))

    def _now(self):
        return self._current, self.index, self.step, self.unit, self.added

    def _run(self, index, added):
        """The gates and states after every row of an image, `{name: (h, units)}`."""
        W, U, b = self.weights
        units = len(U)
        b = b + added * np.repeat([0, 1, 0, 0], units)
        x = sequences.to_rows(self.images[index].as_float())
        h, c = unroll(lstm_step, x, np.zeros((2, 1, units)), (W, U, b))
        before = np.concatenate([np.zeros((1, units)), h[0, :-1]])
        z_i, z_f, z_c, z_o = np.split(x[0] @ W + before @ U + b, 4, axis=-1)
        gates = {"f": sigmoid(z_f), "i": sigmoid(z_i), "o": sigmoid(z_o)}
        return {**gates, "c": c[0], "h": h[0], "candidate": np.tanh(z_c)}

    @staticmethod
    def _cut(run, step):
        so_far = {name: run[name][:step] for name in (*GATES, "c", "h")}
        f = so_far["f"]
        left = [f[row + 1 :].prod(axis=0) for row in range(step)]
        return {**so_far, "left": np.reshape(left, f.shape)}

    def _draw(self, reading, index, step, unit, added):
        run = self._run(index, added)
        so_far = self._cut(run, step)
        self._seen.value = _reading.picture(reading, index, step)
        self._charts.data = _drawn(run, so_far, unit, step)
        self._memory.value = _memory(run["c"], step, unit)
        return _sentence(run, so_far, unit, step), self._lines(index, added, step)

    def _lines(self, index, added, step):
        n = self._units
        return "\n".join(
            [
                "W, U, b = weights",
                f"b = b + {added} * np.repeat([0, 1, 0, 0], {n})  # the order is i, f, c, o",
                f"x = rt.sequences.to_rows({self.name}[{index}].as_float())",
                f"h, c = unroll(lstm_step, x, np.zeros((2, 1, {n})), (W, U, b))",
                f"before = np.concatenate([np.zeros((1, {n})), h[0, :-1]])",
                "z_i, z_f, z_c, z_o = np.split(x[0] @ W + before @ U + b, 4, axis=-1)",
                f"f, i, o = (sigmoid(z)[:{step}] for z in (z_f, z_i, z_o))",
                f"c, h = c[0, :{step}], h[0, :{step}]",
                f"left = [f[row + 1 :].prod(axis=0) for row in range({step})]",
            ]
        )

    def _layout(self):
        self._seen = parts.text(flex="0 1 324px")
        place = {"flex": "1 1 400px", "min_width": "0"}
        right = widgets.VBox([self._memory, self._code], layout=place)
        hint = "Rows count from 1. The bias is added to what the network learnt"
        return [
            parts.title("Inside an LSTM, row by row", hint),
            parts.grid(self._added, self._step, self._unit, self._speed, self._picture),
            self._bar(),
            parts.wrapped(self._seen, right),
            self._charts,
        ]


def _checked(images, weights):
    """(W, U, b) as arrays; TutorError where they are no LSTM that reads rows of these images."""
    weights = [np.asarray(weight, float) for weight in weights]
    features = (images.shape[1] or 0) * images.shape[2]  # no LSTM reads rows of any width
    shapes = [weight.shape for weight in weights]
    units = shapes[-1][0] // 4 if shapes and shapes[-1] else 0
    wanted = [(features, 4 * units), (units, 4 * units), (4 * units,)]
    if not units or shapes != wanted:
        raise TutorError(
            f"Expected weights (W, U, b) of an LSTM that reads rows of {features} numbers: "
            f"({features}, 4 * units), (units, 4 * units), (4 * units,); received "
            f"{', '.join(map(str, shapes))}. Take them from a layers.LSTM by get_weights()."
        )
    return weights


def _sentence(run, so_far, unit, step):
    """What the newest row did to the memory of a unit, in numbers."""
    if not step:
        return "Nothing is read yet."
    f, i, o, c, h, written = (
        f"{run[name][step - 1, unit]:.2f}".replace("-", "\N{MINUS SIGN}")
        for name in ("f", "i", "o", "c", "h", "candidate")
    )
    old = f"{run['c'][step - 2, unit] if step > 1 else 0:.2f}".replace("-", "\N{MINUS SIGN}")
    times, about = "\N{MULTIPLICATION SIGN}", "\N{ALMOST EQUAL TO}"
    return (
        f"Row {step}, unit {unit}: c = {f} {times} {old} + {i} {times} {written} {about} "
        f"<b>{c}</b>; h = {o} {times} tanh({c}) {about} <b>{h}</b>."
    )


def _drawn(run, so_far, unit, step):
    """The charts of a unit: its gates, its memory and state, and what is left of each row."""
    rows, most = len(run["c"]), max(1.0, 1.05 * float(np.abs(run["c"][:, unit]).max()))
    charts = [
        _chart("the gates", ["f", "i", "o"], so_far, unit, rows, (0.0, 1.04), 0),
        _chart("memory c and state h", ["c", "h"], so_far, unit, rows, (-most, most), 3),
        _chart("left now of what each row wrote", ["left"], so_far, unit, rows, (0.0, 1.04), 5),
    ]
    words = {**GATES, "c": "memory c", "h": "state h"}
    keys = [{"name": words[k], **_look(n)} for n, k in enumerate(words)]
    alt = f"unit {unit}: nothing is read yet"
    if step:
        now = ", ".join(f"{words[k]} {so_far[k][-1, unit]:.2f}" for k in words)
        alt = f"unit {unit} after row {step}: {now}; left of row 1: {so_far['left'][0, unit]:.0%}"
    return {"alt": alt, "keys": keys, "charts": charts}


def _chart(title, names, so_far, unit, rows, ends, look):
    lines = []
    for n, name in enumerate(names):
        values = so_far[name][:, unit]
        points = [[row + 1, round(float(v), 4)] for row, v in enumerate(values)]
        line = {**_look(look + n), "points": points, "marks": [len(points) - 1] if points else []}
        lines.append(line | ({"name": name} if points and len(names) > 1 else {}))
    return {
        "title": title,
        "label": "row",
        "x": [0, rows + 1],
        "y": list(ends),
        "ticks": {"x": _charts._ticks(1, rows, integer=True), "y": _charts._ticks(*ends)},
        "lines": lines,
        "unread": len(so_far["c"]) + 0.5,
    }


def _look(k):
    colour, marker = style(k)
    return {"colour": colour, "marker": marker, "dash": LINES[k % len(LINES)]}


def _memory(c, step, unit):
    """The memory of all units as an image: a column a row of the picture, a line a unit."""
    most, units = max(1.0, float(np.abs(c).max())), c.shape[1]
    drawn = np.full((units, len(c), 4), _reading.EMPTY, np.uint8)
    drawn[:, :step, :3], drawn[:, :step, 3] = _predictions.colours(c[:step].T / most), 255
    source = parts.source(_reading.at_most(drawn, _predictions.TALL, _reading.SENT))
    alt = f"the memory c of all {units} units: {step} of {len(c)} rows are read"
    return (
        f'<div class="rt-head">The memory c of all {units} units, from top to bottom</div>'
        f'<div class="rt-framed rt-sequence rt-memory">'
        f'<img class="rt-thumb" alt="{alt}" src="{source}">'
        f"{_reading._frame(0, unit / units, 1, (unit + 1) / units)}</div>"
        f'<div class="rt-ends rt-quiet"><span>row&nbsp;1</span><span>dark blue is '
        f"\N{MINUS SIGN}{most:.1f}, grey is 0, yellow is {most:.1f}</span>"
        f"<span>row&nbsp;{len(c)}</span></div>"
    )
