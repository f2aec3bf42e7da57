"""What the panels that read an image share: image, step, speed, and a timer that reads on."""

import threading
import time
from numbers import Integral

import ipywidgets as widgets

from rnn_tutor._errors import TutorError
from rnn_tutor.widgets import _parts as parts

FASTEST = 1_000_000  # steps a second
TICK = 1 / 12  # seconds between two drawings
SPEAK = 0.5  # seconds between two sentences while playing


class PlayingPanel(parts.Panel):
    """Read an image step by step, by hand or by a timer.

    A panel of this kind lays itself out in `_layout`, reads an image in `_read` (a
    `_reading.Reading`), says in `_now` what is to be drawn, and in `_draw(*now)` draws it, on a
    thread of its own, and returns the sentence and the code that go with it. Its `__init__` ends
    with `_begin`.
    """

    def __init__(self, kind, images, name, speeds):
        self._lock, self._stop, self._thread = threading.RLock(), threading.Event(), None
        self._stop.set()
        self._work, self._speak_at = parts.DebouncedWorker(self._show, pause=TICK), 0.0
        self._current, last = None, len(images) - 1
        self._picture = parts.Number("Picture", 0, range(last + 1), 0, last)
        self._picture.layout.display = "" if last else "none"
        self._step = parts.Number("Step", 0, range(2))
        self._speed = parts.Number("Steps a second", speeds[0], speeds, 1, FASTEST)
        self._button, self._again = _button(self._toggle), _button(self._back)
        self._again.description, self._again.icon = "Back to the start", "step-backward"
        self._status = parts.text(flex="1 1 260px", margin="2px 2px 2px 12px")
        self._code = parts.text(margin="8px 6px 2px")
        self._show_button()
        super().__init__(kind, images, self._layout(), name)

    @property
    def index(self):
        """Which image is read; setting it moves the control."""
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
    def playing(self):
        """Whether the panel reads on by itself."""
        return not self._stop.is_set()

    def play(self):
        """Read on by a timer, from the start if all is read; return at once."""
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
        """Block until nothing plays and the newest step is shown; return whether that is so.

        Args:
            timeout: Seconds to wait at most, or None.
        """
        until = None if timeout is None else time.monotonic() + timeout
        if self._thread:
            self._thread.join(timeout)
        left = None if until is None else max(0.0, until - time.monotonic())
        return self._work.wait(left) and not self.playing

    def end_background(self):
        """Stop reading on, as the panel was closed or its cell ran again."""
        if getattr(self, "_button", None):
            self.pause()

    def _begin(self, index, step, speed):
        self._load()
        self._picture.box.observe(self._other, "value")
        self._step.box.observe(lambda change: self._ask(), "value")
        self.index, self.step, self.speed = index, step, speed
        self._ask()

    def _play(self, stop):
        """Move the step as the time passes; on a thread of its own, which `stop` ends."""
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
        """Another image or way to read was chosen."""
        self.pause()
        self._load()
        self._ask()

    def _load(self):
        before = len(self._current.sequence) if self._current else 1
        self._current = self._read()
        steps = len(self._current.sequence)
        step = self._kept(before, steps)
        self._step.end(steps)
        self.step = step

    def _kept(self, before, steps):
        """Return how far another image is read: about the share that was read of the last one."""
        return self.step * steps // before

    def _ask(self):
        self._work.submit(self._now())

    def _show(self, now):
        """Draw a step; on a thread of its own, at most twelve times a second."""
        try:
            sentence, lines = self._draw(*now)
        except Exception as error:  # would end the thread unseen
            self._status.value = parts.sentence(error)
            return
        if not self.playing or time.monotonic() >= self._speak_at:  # speaking takes time
            self._speak_at = time.monotonic() + SPEAK
            self._status.value = f'<div role="status">{sentence}</div>'
            self._code.value = parts.code(lines)

    def _show_button(self):
        words = ("Pause", "pause") if self.playing else ("Play", "play")
        self._button.description, self._button.icon = words

    def _bar(self):
        """The buttons, and the sentence that says how far it is."""
        bar = parts.wrapped(self._button, self._again, self._status)
        bar.layout.align_items, bar.layout.margin = "center", "8px 0 0"
        return bar


def _whole(name, value, low, high):
    if not isinstance(value, Integral) or not low <= value <= high:
        raise TutorError(f"{name} is a whole number from {low} to {high}; not {value!r}.")
    return int(value)


def _button(clicked):
    button = widgets.Button(layout={"width": "auto", "min_width": "96px"})
    button.on_click(clicked)
    return button
