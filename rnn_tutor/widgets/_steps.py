"""The rows of the preprocessing panel: for each kind of step a tick, its parameters, its place."""

from functools import partial

import ipywidgets as widgets

from rnn_tutor.widgets import _parts as parts

NAMES = {
    "Noise": "Noise on purpose",
    "GaussianBlur": "Gaussian blur",
    "MedianBlur": "Median blur",
    "Bilateral": "Bilateral filter",
    "NonLocalMeans": "Non-local means",
    "Canny": "Canny edges",
    "AdaptiveThreshold": "Adaptive threshold",
}
NOISES = {"Gaussian": "gaussian", "salt and pepper": "salt_and_pepper"}
ODD = range(3, 32, 2)
SIGMAS = [round(0.25 * k, 2) for k in range(1, 41)]  # 0.25 to 10
TENS = [10.0 * k for k in range(51)]
STRENGTHS = [float(k) for k in range(61)]
OFFSETS = [float(k) for k in range(-50, 51)]


def _number(label, slider, low=None, high=None, step=1):
    return partial(parts.Number, label, slider=slider, low=low, high=high, step=step)


# A control for each parameter; a box takes more than its slider offers.
CONTROLS = {
    "Noise": {
        "kind": partial(parts.choice, "kind", NOISES),
        "amount": _number("amount (0 to 1)", [k / 100 for k in range(101)], step=0.01),
        "seed": _number("seed", range(21), 0, 2**32 - 1),
    },
    "GaussianBlur": {"sigma": _number("sigma (pixels)", SIGMAS, 0.1, 100.0, 0.05)},
    "MedianBlur": {"size": _number("size (pixels)", ODD, 1, 255, 2)},
    "Bilateral": {
        "diameter": _number("diameter (pixels)", range(1, 26), 1, 51),
        "sigma_colour": _number("sigma (levels)", TENS[1:26], 0.0, 1000.0),
        "sigma_space": _number("sigma (pixels)", SIGMAS, 0.0, 1000.0, 0.25),
    },
    "NonLocalMeans": {"strength": _number("strength (levels)", STRENGTHS, 0.0, 255.0)},
    "Canny": {"low": _number("low", TENS, 0.0, 2040.0), "high": _number("high", TENS, 0.0, 2040.0)},
    "Resize": {
        "height": _number("height (pixels)", range(1, 257), 1, 10_000),
        "width": _number("width (pixels)", range(1, 257), 1, 10_000),
        "average": partial(parts.tick, "average"),
    },
    "Threshold": {"value": _number("value (level)", range(256))},
    "AdaptiveThreshold": {
        "size": _number("size (pixels)", ODD, 3, 255, 2),
        "offset": _number("offset (levels)", OFFSETS, -255.0, 255.0),
    },
}


def name_of(kind):
    """Return what the panel calls a kind of step."""
    return NAMES.get(kind.__name__, kind.__name__)


class StepRow:
    """A kind of step: its tick, its parameters, the buttons that move it, and its row.

    Args:
        kind: A class from `preprocessing.STEPS`.
        ticked: Called as `ticked(row)` when the step was switched on or off.
        moved: Called as `moved(row, by)` when a button was pressed.
        changed: Called without arguments when a parameter was changed.
        refused: Called with the error when a step refused a parameter.
    """

    def __init__(self, kind, ticked, moved, changed, refused):
        self.kind, name = kind, name_of(kind)
        self.tick = parts.tick(name, False)
        self.tick.layout.width, self.tick.layout.margin = "154px", "2px"
        self.tick.observe(lambda change: ticked(self), "value")
        self._place = parts.text(width="20px")
        self._place.add_class("rt-place")
        self._earlier = _arrow(f"move {name} earlier", "up", lambda button: moved(self, -1))
        self._later = _arrow(f"move {name} later", "down", lambda button: moved(self, 1))
        default, made = kind(), CONTROLS.get(kind.__name__, {})
        controls = {field: make(value=getattr(default, field)) for field, make in made.items()}
        for control in controls.values():
            _fit(control, name)
        self._fields = parts.Fields(default, controls, changed, refused)
        self.row = _row([self._place, self.tick, self._earlier, self._later], controls)

    @property
    def value(self):
        """The step as its controls show it."""
        return self._fields.value

    @value.setter
    def value(self, step):
        self._fields.value = step

    def check(self, step):
        """Raise TutorError when the controls cannot show `step`."""
        self._fields.check(step)

    def put(self, place, count):
        """Show its place among the steps that are on, from 0."""
        self._place.value = f"{place + 1}."
        self._earlier.disabled, self._later.disabled = place == 0, place == count - 1

    def focus(self, by):
        """Keep the keyboard on the button that moved it, or the other one at the end of the way."""
        here, other = (self._earlier, self._later)[::-by]
        (other if here.disabled else here).focus()


def _arrow(words, direction, clicked):
    """A small button; the style sheet hides its words, which are its accessible name."""
    button = widgets.Button(description=words, tooltip=words, layout={"width": "28px"})
    button.add_class("rt-move")
    button.add_class(f"rt-{direction}")
    button.on_click(clicked)
    return button


def _fit(control, step):
    """Room for the longest label; of two labels alike, whose each is."""
    box = getattr(control, "box", control)
    box.tooltip = f"{step}: {box.description}"
    if isinstance(control, widgets.Checkbox):
        box.layout.margin = "2px 2px 2px 128px"
        return
    box.style.description_width = "120px"
    if box is not control:
        box.layout.width = "216px"


def _row(head, controls):
    head = widgets.HBox(head, layout={"flex_flow": "row wrap", "align_items": "center"})
    columns = "repeat(auto-fit, minmax(min(282px, 100%), 1fr))"
    layout = {"grid_template_columns": columns, "grid_gap": "0 16px", "flex": "1 1 280px"}
    layout["margin"] = "0 0 0 14px"
    return parts.wrapped(head, widgets.GridBox(list(controls.values()), layout=layout))
