"""What the panels share: controls bound to a dataclass, work in the background, code as text.

Callbacks of widgets stay tiny (on which thread they run depends on the version of ipykernel), and
threads set nothing but the values of widgets.
"""

import base64
import html
import json
import re
import threading
import weakref
from dataclasses import fields, replace

import ipywidgets as widgets
import numpy as np
import traitlets

from rnn_tutor._cv2 import cv2
from rnn_tutor._errors import TutorError
from rnn_tutor.widgets._front import Front

LABEL = {"description_width": "110px"}


_NEWEST = {}  # (kind of panel, name of the images): the panel that was made last
_OPEN = {}  # cell of a notebook: [(number of its run, panel), ...]


class Panel(widgets.VBox):
    """A box with a border, the panels' style and a short, stable `repr`.

    What a panel does in the background ends when it is closed, and when a panel of the same kind is
    made for images of the same name. A panel whose cell runs again is closed.

    Args:
        kind: A word for the style sheet.
        images: The `ImageSet` it is about.
        children: Its parts, from top to bottom.
        name: The variable that holds the images, for the code that the panel shows.
        keys: The `Front` that keeps the panel's keys; one that does nothing more if None.
    """

    def __init__(self, kind, images, children, name, keys=None):
        keys = keys or Front()
        keys.layout.height = keys.layout.margin = "0"
        super().__init__([keys, *children])
        self.images, self.name = images, name
        self.add_class("rt-panel")
        self.add_class(f"rt-{kind}-panel")
        before = _NEWEST.get((type(self), name), lambda: None)()
        _NEWEST[type(self), name] = weakref.ref(self)
        if before is not None:
            before.end_background()
        close_earlier(self)

    def end_background(self):
        """End what goes on without the reader: a run, a timer; returns at once."""

    def close(self):
        """Close the panel with all its parts; what it does in the background ends."""
        if getattr(self, "name", None):  # else it was refused, and is without parts
            self.end_background()
            for part in self._parts():
                close(part)
            self.layout.close()
        super().close()

    def _parts(self):
        """Return the widgets that the panel is made of, each with those inside it."""
        return self.children

    def __repr__(self):
        noun = "image" if len(self.images) == 1 else "images"
        return f"{type(self).__name__}({self.images.name}: {len(self.images):,} {noun})"


def close(widget):
    """Close a widget and all in it; else the page would keep each for ever."""
    for child in getattr(widget, "children", ()):
        close(child)
    for own in (widget.layout, getattr(widget, "style", None)):
        if own is not None:
            own.close()
    widget.close()


def close_earlier(panel):
    """Close the panels that this cell of a notebook made when it ran before."""
    try:
        shell = get_ipython()
        cell, run = shell.get_parent()["metadata"]["cellId"], shell.execution_count
    except (NameError, AttributeError, KeyError, TypeError):
        return  # not in a notebook
    for number, earlier in _OPEN.get(cell, []):
        if number != run:
            earlier.close()
            _forget_output(shell, earlier)
    _OPEN[cell] = [entry for entry in _OPEN.get(cell, []) if entry[0] == run] + [(run, panel)]


def _forget_output(shell, panel):
    """Take a closed panel out of IPython's outputs, which would keep it and its images for ever."""
    outputs, hook = shell.user_ns["Out"], shell.displayhook
    for number in [number for number, output in outputs.items() if output is panel]:
        del outputs[number]
    for last in ("_", "__", "___"):
        if getattr(hook, last, None) is panel:
            setattr(hook, last, "")
    for names in (shell.user_ns, shell.user_ns_hidden):
        for name in [name for name, value in names.items() if value is panel]:
            if re.fullmatch(r"_+\d*", name):  # `_`, `__`, `_12`; variables of the reader stay
                del names[name]


class _Bounded:
    """Let a box with a number take the nearest in range for one that is not, and say so."""

    def __init__(self, value, low, high, refused, **settings):
        self.min, self.max, self._refused = low, high, refused
        super().__init__(value, **settings)

    @traitlets.validate("value")
    def _in_range(self, proposal):
        asked = proposal["value"]
        value = min(max(asked, self.min), self.max)
        self._refused(None if value == asked else asked, value)
        return value


class _Whole(_Bounded, widgets.IntText):
    pass


class _Decimal(_Bounded, widgets.FloatText):
    pass


class Number(widgets.HBox):
    """Let a number be typed into a box, or chosen on a slider through the usual ones.

    Args:
        label: The words before the box.
        value: The number to begin with.
        slider: The numbers that the slider steps through, rising.
        low: The least number that the box takes; the slider's where None.
        high: The largest that it takes; the slider's where None.
        step: What an arrow key in the box adds.

    The box takes any number from `low` to `high`; beyond them, it takes the nearest and says so
    below. The slider has no name of its own: `panels.js` gives it the label of the box.
    """

    def __init__(self, label, value, slider, low=None, high=None, step=1):
        steps = self._steps = list(slider)
        box = _Whole if isinstance(steps[0], int) else _Decimal
        low, high = (steps[0] if low is None else low), (high or steps[-1])
        self._label, self._note = label, text(flex="1 0 100%", margin="0", display="none")
        look = {"style": LABEL, "layout": {"width": "206px"}}
        self.box = box(value, low, high, self._say_refused, step=step, description=label, **look)
        place = {"flex": "1 1 60px", "min_width": "60px"}
        self.slider = widgets.IntSlider(max=len(steps) - 1, readout=False, layout=place)
        self._following = False
        self.box.observe(self._follow, "value")
        self.box.observe(lambda change: setattr(self.slider, "disabled", change.new), "disabled")
        self.slider.observe(self._lead, "value")
        self._follow()
        place = {"align_items": "center", "overflow": "hidden", "flex_flow": "row wrap"}
        super().__init__([self.box, self.slider, self._note], layout=place)
        self.add_class("rt-number")  # by which the browser finds the slider's name

    def end(self, high):
        """Let the numbers, which are whole and one apart, end at `high`."""
        self._steps = range(self._steps[0], high + 1)
        self._following = True
        self.slider.max, self.box.max = len(self._steps) - 1, high
        self._following = False
        if self.box.value > high:
            self.box.value = high
        self._follow()

    def _follow(self, change=None):
        self._following = True
        self.slider.value = int(np.abs(np.subtract(self._steps, self.box.value)).argmin())
        self._following = False

    def _lead(self, change):
        if not self._following:
            self.box.value = self._steps[change.new]

    def _say_refused(self, asked, value):
        """Say under the box what was asked for and not taken; nothing where `asked` is None."""
        words = ""
        if asked is not None:
            low, high = self.box.min, self.box.max
            words = f"{self._label}: from {low:,} to {high:,}; {asked:,} became {value:,}."
        self._note.value = words and f'<div role="alert" class="rt-error">{words}</div>'
        self._note.layout.display = "" if words else "none"


class Fields:
    """Bind a frozen dataclass to controls, one for each field: `value` can be set from either side.

    Args:
        value: The dataclass to begin with.
        controls: `{field: widget}`; each has a `value`, which a `Number` has in its box.
        changed: Called without arguments after every change.
        refused: Called with the error where the dataclass refuses what a control was set to; the
            control goes back. Where None, the error is raised.
    """

    def __init__(self, value, controls, changed, refused=None):
        self._controls = {name: getattr(c, "box", c) for name, c in controls.items()}
        self._changed, self._refused, self._setting = changed, refused, False
        self._value = value
        self._show(value)
        for name, control in self._controls.items():
            control.observe(lambda change, name=name: self._moved(name, change.new), "value")

    @property
    def value(self):
        """The dataclass as it stands; setting it moves the controls."""
        return self._value

    @value.setter
    def value(self, value):
        self._show(value)
        self._changed()

    def check(self, value):
        """Raise TutorError when the controls cannot show `value`."""
        for name, control in self._controls.items():
            _refuse(name, control, getattr(value, name))

    def _show(self, value):
        self.check(value)
        self._value, self._setting = value, True
        try:
            for name, control in self._controls.items():
                control.value = getattr(value, name)
        finally:
            self._setting = False

    def _moved(self, name, new):
        if self._setting:
            return
        try:
            self._value = replace(self._value, **{name: new})
        except TutorError as error:
            self._show(self._value)
            if not self._refused:
                raise
            return self._refused(error)
        self._changed()

    def disable(self, disabled):
        """Grey out the controls of the fields named, and no others."""
        for name, control in self._controls.items():
            control.disabled = name in disabled


class DebouncedWorker:
    """Work on the newest request, on a thread of its own; older ones that wait are dropped.

    Args:
        work: A function of one request.
        pause: Seconds to wait for a newer request before working.
    """

    def __init__(self, work, pause=0.1):
        self._work, self._pause = work, pause
        self._lock, self._idle, self._request = threading.Lock(), threading.Event(), None
        self._idle.set()

    def submit(self, request):
        """Ask for work and return at once."""
        with self._lock:
            self._request = (request,)
            if not self._idle.is_set():
                return
            self._idle.clear()
        threading.Thread(target=self._run, daemon=True).start()

    def wait(self, timeout=None):
        """Block until nothing is left, at most `timeout` seconds; return whether that is so."""
        return self._idle.wait(timeout)

    def _run(self):
        pause = threading.Event()
        while True:
            pause.wait(self._pause)
            with self._lock:
                if self._request is None:
                    self._idle.set()
                    return
                (request,), self._request = self._request, None
            self._work(request)


def text(content="", **layout):
    """Make an HTML widget."""
    return widgets.HTML(content, layout=layout)


def title(words, hint=""):
    """Make a panel's first line."""
    return text(f'<span class="rt-title">{words}</span> <span class="rt-quiet">{hint}</span>')


def choice(label, options, value):
    """Make a dropdown of `{what is read: what is meant}`."""
    look = {"style": LABEL, "layout": {"width": "auto"}}
    return widgets.Dropdown(options=list(options.items()), value=value, description=label, **look)


def tick(label, value):
    """Make a checkbox in line with the other controls."""
    place = {"width": "auto", "margin": "2px 2px 2px 118px"}
    return widgets.Checkbox(value, description=label, indent=False, layout=place)


def fold(label, content):
    """Make a button that shows and hides `content`; keys cannot reach an accordion's title."""
    place = {"width": "auto", "align_self": "flex-start"}
    button = widgets.ToggleButton(False, description=label, icon="caret-right", layout=place)
    button.add_class("rt-fold")

    def show(change=None):
        content.layout.display = "" if button.value else "none"
        button.icon = "caret-down" if button.value else "caret-right"

    button.observe(show, "value")
    show()
    return button


def grid(*controls):
    """Put controls into two columns, or into one where the window is narrow."""
    columns = "repeat(auto-fit, minmax(min(340px, 100%), 1fr))"
    layout = {"grid_template_columns": columns, "grid_gap": "2px 28px", "width": "100%"}
    return widgets.GridBox(controls, layout=layout)


def wrapped(*parts):
    """Put parts side by side where there is room, else one below the other."""
    layout = {"flex_flow": "row wrap", "width": "100%", "align_items": "flex-start"}
    return widgets.HBox(parts, layout=layout)


def code(lines):
    """Return plain Python as HTML that takes the focus; a click selects all of it."""
    label = "The plain Python of these settings"
    return (
        f'<pre class="rt-code" tabindex="0" role="textbox" aria-readonly="true" '
        f'aria-multiline="true" aria-label="{label}">'
        f"{html.escape(lines)}</pre>"
    )


def call(name, settings, width=40):
    """Write `name(field=value, ...)` with the fields that differ from the defaults.

    Args:
        name: What is called.
        settings: A dataclass with defaults.
        width: Characters beyond which each field has a line of its own.

    Returns:
        Python text.
    """
    changed = {f.name: getattr(settings, f.name) for f in fields(settings)}
    changed = {f.name: changed[f.name] for f in fields(settings) if changed[f.name] != f.default}
    arguments = [f"{field}={_literal(value)}" for field, value in changed.items()]
    line = f"{name}({', '.join(arguments)})"
    if len(line) <= width:
        return line
    return f"{name}(\n" + "".join(f"    {argument},\n" for argument in arguments) + ")"


def sentence(error):
    """Return an error as the panel shows it."""
    words = str(error)
    if not isinstance(error, TutorError):
        words = f"This ended with an error, {type(error).__name__}: {words[:300]}"
    return f'<div role="alert" class="rt-error">{html.escape(words)}</div>'


def thumbnail(pixels, alt, size):
    """Return an image `(h, w, c)` uint8 as an `<img>`, its longer side `size` CSS pixels.

    Enlarged, it shows its pixels as squares; made smaller, it is averaged.
    """
    height, width, _ = pixels.shape
    scale = size / max(height, width)
    kind = "rt-thumb" if scale >= 1 else "rt-thumb rt-smaller"
    return (
        f'<img class="{kind}" alt="{html.escape(alt)}" width="{round(width * scale)}" '
        f'height="{round(height * scale)}" src="{source(pixels)}">'
    )


def figure(picture):
    """Return a `Picture` of `plots` as HTML."""
    return f'<div class="rt-figure">{picture.html()}</div>'


def source(pixels):
    """Return an image `(h, w, c)` uint8, grey, RGB or RGBA, as an address that holds it."""
    turn = {3: cv2.COLOR_RGB2BGR, 4: cv2.COLOR_RGBA2BGRA}.get(pixels.shape[2])
    bgr = pixels if turn is None else cv2.cvtColor(pixels, turn)
    return f"data:image/png;base64,{base64.b64encode(cv2.imencode('.png', bgr)[1]).decode()}"


def chip(words, colour):
    """Put a short word on a colour `#rrggbb`, in black or white, whichever reads better."""
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    ink = "#000" if 0.3 * red + 0.59 * green + 0.11 * blue > 115 else "#fff"
    return f'<span class="rt-chip" style="background:{colour};color:{ink}">{words}</span>'


def _refuse(name, control, value):
    """Raise TutorError for what a control could not show."""
    if hasattr(control, "options"):
        allowed = [meant for _, meant in control.options]
        if value not in allowed:
            raise TutorError(f"{name} is one of {', '.join(map(repr, allowed))}; not {value!r}.")
    elif hasattr(control, "min") and not control.min <= value <= control.max:
        raise TutorError(f"{name} is from {control.min} to {control.max}; not {value!r}.")


def _literal(value):
    value = value.item() if isinstance(value, np.generic) else value
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)
