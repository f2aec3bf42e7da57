"""The scan panel: in which order a picture is read, and the sequence that comes of it."""

import threading
import time
from numbers import Integral

import ipywidgets as widgets

from rnn_tutor import sequences
from rnn_tutor._errors import TutorError
from rnn_tutor.widgets import _parts as parts
from rnn_tutor.widgets import _reading

WHOLE = {"whole_rows": "rows, one a step", "whole_columns": "columns, one a step"}
PATHS = {"rows": "row by row", "columns": "column by column", "hilbert": "Hilbert curve"}
SPEEDS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000]  # steps a second
FASTEST = 1_000_000
TICK = 1 / 12  # seconds between two drawings
SPEAK = 0.5  # seconds between two sentences while playing


class ScanPanel(parts.Panel):
    """Reads a picture step by step, and draws the sequence as it grows.

    images: an `ImageSet`. order: the way to read, one of `sequences.ORDERS` (a pixel a step) or
    "whole_rows", "whole_columns", "patches". index: which picture. step: how many steps are read.
    speed: steps a second, 1 to 1,000,000.

    All four can be read and set; a new order keeps about the share that is read. `play` reads on
    by a timer, on a thread of its own, until the end, `pause`, or another picture or order.
    `sequence` is what is read so far; `code` is the plain Python that gives the same, where the
    pictures are called `name`. Raises TutorError for what the controls cannot show.
    """

    def __init__(self, images, order="spiral", index=0, step=0, speed=50, name="images"):
        self._lock, self._stop, self._thread = threading.RLock(), threading.Event(), None
        self._stop.set()
        self._work, self._speak_at = parts.Latest(self._show, pause=TICK), 0.0
        self._patch = tuple(_near_seven(side) for side in images.shape[:2])
        ways, last = _ways(self._patch), len(images) - 1
        _check_order(order, ways.values())
        self._way = parts.choice("Way to read", ways, order)
        self._picture = parts.Number("Picture", 0, range(last + 1), 0, last)
        self._picture.layout.display = "" if last else "none"
        self._step = parts.Number("Step", 0, range(2))
        self._speed = parts.Number("Steps a second", SPEEDS[0], SPEEDS, 1, FASTEST)
        super().__init__("scan", images, self._layout(), name)
        self._load()
        self._way.observe(self._other, "value")
        self._picture.box.observe(self._other, "value")
        self._step.box.observe(lambda change: self._ask(), "value")
        self.index, self.step, self.speed = index, step, speed
        self._ask()

    @property
    def order(self):
        """The way to read; setting it moves the control."""
        return self._way.value

    @order.setter
    def order(self, order):
        _check_order(order, [meant for _, meant in self._way.options])
        self._way.value = order

    @property
    def index(self):
        """Which picture is read; setting it moves the control."""
        return self._picture.box.value

    @index.setter
    def index(self, index):
        self._picture.box.value = _whole("index", index, 0, len(self.images) - 1)

    @property
    def step(self):
        """How many steps are read; setting it moves the control."""
        return self._step.box.value

    @step.setter
    def step(self, step):
        self._step.box.value = _whole("step", step, 0, len(self._current.sequence))

    @property
    def speed(self):
        """Steps a second while playing; setting it moves the control."""
        return self._speed.box.value

    @speed.setter
    def speed(self, speed):
        self._speed.box.value = _whole("speed", speed, 1, FASTEST)

    @property
    def sequence(self):
        """What is read so far: (steps so far, features) uint8."""
        return self._current.sequence[: self.step]

    @property
    def code(self):
        """The lines of plain Python that give the same sequence."""
        return self._lines(self.index, self.order, self.step)

    @property
    def playing(self):
        """Whether the panel reads on by itself."""
        return not self._stop.is_set()

    def play(self):
        """Read on by a timer, from the start if all is read; returns at once."""
        with self._lock:
            if self.playing:
                return
            if self.step == len(self._current.sequence):
                self.step = 0
            self._stop = threading.Event()
            self._thread = threading.Thread(target=self._play, args=[self._stop], daemon=True)
            self._show_button()
            self._thread.start()

    def pause(self):
        """Stop reading on; when this returns, the step stands still."""
        with self._lock:
            if self.playing:
                self._stop.set()
                self._show_button()
                self._ask()

    def wait(self, timeout=None):
        """Block until nothing plays and the newest step is shown; returns whether that is so."""
        until = None if timeout is None else time.monotonic() + timeout
        if self._thread:
            self._thread.join(timeout)
        left = None if until is None else max(0.0, until - time.monotonic())
        return self._work.wait(left) and not self.playing

    def _play(self, stop):
        """Moves the step as the time passes; on a thread of its own, which `stop` ends."""
        place, before = float(self.step), time.monotonic()
        while not stop.wait(TICK):
            with self._lock:
                if stop.is_set():
                    return
                now, end = time.monotonic(), len(self._current.sequence)
                if self.step != int(place):  # moved by hand: go on from there
                    place = float(self.step)
                place, before = min(place + (now - before) * self.speed, end), now
                self.step = int(place)
                if place == end:
                    return self.pause()

    def _toggle(self, button):
        self.pause() if self.playing else self.play()

    def _back(self, button):
        self.pause()
        self.step = 0

    def _other(self, change):
        """Another picture or way to read was chosen."""
        self.pause()
        self._load()
        self._ask()

    def _load(self):
        before = len(self._current.sequence) if hasattr(self, "_current") else 1
        self._current = _reading.read(self.images.pixels[self.index], self.order, self._patch)
        steps = len(self._current.sequence)
        step = self.step * steps // before
        self._step.end(steps)
        self.step = step

    def _ask(self):
        self._work.ask((self._current, self.index, self.order, self.step))

    def _show(self, request):
        """Draws a step; on a thread of its own, at most twelve times a second."""
        reading, index, order, step = request
        self._seen.value = _reading.picture(reading, index, step)
        self._drawn.value = _reading.sequence(reading, step)
        now = time.monotonic()
        if not self.playing or now >= self._speak_at:  # a screen reader needs time to speak
            self._speak_at = now + SPEAK
            self._status.value = f'<div role="status">{_reading.sentence(reading, step)}</div>'
            self._code.value = parts.code(self._lines(index, order, step))

    def _show_button(self):
        words = ("Pause", "pause") if self.playing else ("Play", "play")
        self._button.description, self._button.icon = words

    def _lines(self, index, order, step):
        function, *more = _reading.call(order, self._patch)
        pictures = ", ".join([f"{self.name}[{index}]", *map(parts._literal, more)])
        read = f"rt.sequences.{function}({pictures})[0]"
        return f"sequence = {read}\nso_far = sequence[:{step}]"

    def _layout(self):
        self._button, back = _button(self._toggle), _button(self._back)
        back.description, back.icon = "Back to the start", "step-backward"
        self._show_button()
        self._status = parts.text(flex="1 1 260px", margin="2px 2px 2px 12px")
        self._seen, self._drawn = parts.text(flex="0 1 324px"), parts.text()
        self._code = parts.text(margin="8px 6px 2px")
        right = widgets.VBox([self._drawn, self._code])
        right.layout = {"flex": "1 1 400px", "min_width": "0"}
        row = parts.wrapped(self._button, back, self._status)
        row.layout.align_items, row.layout.margin = "center", "8px 0 0"
        return [
            parts.title("Read a picture as a sequence", "Steps, rows and columns count from 1"),
            parts.grid(self._way, self._step, self._picture, self._speed),
            row,
            parts.wrapped(self._seen, right),
        ]


def _ways(patch):
    """{what the reader is offered: the order}."""
    ways = {words: order for order, words in WHOLE.items()}
    ways[f"patches of {patch[0]} x {patch[1]}"] = "patches"
    return ways | {f"pixels, {PATHS.get(o, o)}": o for o in sequences.ORDERS}


def _near_seven(side):
    return min((k for k in range(1, side + 1) if side % k == 0), key=lambda k: abs(k - 7))


def _check_order(order, orders):
    if order not in orders:
        raise TutorError(f"order is one of {', '.join(map(repr, orders))}; not {order!r}.")


def _whole(name, value, low, high):
    if not isinstance(value, Integral) or not low <= value <= high:
        raise TutorError(f"{name} is a whole number from {low} to {high}; not {value!r}.")
    return int(value)


def _button(clicked):
    button = widgets.Button(layout={"width": "auto", "min_width": "96px"})
    button.on_click(clicked)
    return button
