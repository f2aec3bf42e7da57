"""What the training panels share: start, stop, go on, progress and curves, around `Trainer`."""

import threading
import time
from array import array
from dataclasses import fields

import ipywidgets as widgets

from rnn_tutor._errors import TutorError
from rnn_tutor.widgets import _lines
from rnn_tutor.widgets import _parts as parts

CELLS = {"GRU": "gru", "LSTM": "lstm", "SimpleRNN": "simple_rnn"}
RATES = [float(f"{digit}e{power}") for power in (-4, -3, -2) for digit in (1, 2, 5)]
SAY, DRAW = 0.33, 1.0  # seconds, at least, from one to the next
READY = "Ready. <b>Start</b> trains while you go on reading."


class Seldom:
    """Calling it tells whether it is time: not again for so many seconds."""

    def __init__(self, seconds):
        self._seconds, self._due = seconds, 0.0

    def __call__(self):
        now = time.monotonic()
        if now < self._due:
            return False
        self._due = now + self._seconds
        return True


class RunningPanel(parts.Panel):
    """A panel that trains by a `Trainer`; what is trained, a subclass says.

    It gives `measures`, what is told of each batch, and `_make_trainer(settings)`,
    `_layout(controls, run)` and `code`. Of most batches nothing is sent to the screen.
    """

    measures = ("loss",)

    def __init__(self, kind, images, settings, controls, name):
        self._trainer = self._thread = self._trained = None
        self._asked_to_stop, self._lock = threading.Event(), threading.Lock()
        self._busy, self._seconds, self._done = False, 0.0, 0
        run = self._make_run_parts()
        super().__init__(kind, images, self._layout(controls, run), name)
        self._fields = parts.Fields(settings, controls, self._settings_changed)
        self._settings_changed()

    @property
    def settings(self):
        """The settings that the controls show; setting them moves the controls."""
        return self._fields.value

    @settings.setter
    def settings(self, settings):
        if self._busy:
            raise TutorError("A training run is under way: stop it before changing its settings.")
        self._fields.value = settings

    @property
    def history(self):
        """`{"loss": [...], ...}`, a number for each finished epoch."""
        return self._trainer.history if self._trainer else {name: [] for name in self.measures}

    def start(self):
        """Train on a thread of its own, or go on after a stop; returns at once."""
        if self._take():
            self._thread = threading.Thread(target=self._train, daemon=True)
            self._thread.start()

    def run(self):
        """Train in this cell, or go on after a stop; the notebook's interrupt button stops it.

        Returns `history`. Raises what goes wrong.
        """
        if not self._take():
            raise TutorError("A training run is under way already: stop it first.")
        self._stop.disabled = True  # a button is not heard while a cell runs
        if error := self._train():
            raise error
        return self.history

    def stop(self):
        """Ask the run to end after the batch it is in; returns at once."""
        if self._busy:
            self._say("Stopping after this batch ...")
        self._asked_to_stop.set()
        if self._trainer:
            self._trainer.stop()

    def wait(self, timeout=None):
        """Block until the run has ended, at most `timeout` seconds; returns whether it has."""
        if self._thread:
            self._thread.join(timeout)
        return not self._busy

    def _run_of(self, part):
        """A part of the trainer. Raises TutorError when nothing was trained yet."""
        if self._trainer is None:
            raise TutorError("Nothing is trained yet: press Start, or call `.run()`.")
        return getattr(self._trainer, part)

    def _start_clicked(self, button):
        self.start()
        self._stop.focus()  # a disabled button would lose the keyboard's place

    def _stop_clicked(self, button):
        self._focus_start = True
        self.stop()

    def _take(self):
        """Claims the panel for a run; False when one is under way."""
        with self._lock:
            if self._busy:
                return False
            self._going_on, self._trained = self._can_go_on(), self.settings
            self._busy = True
        self._asked_to_stop.clear()
        self._focus_start = False
        self._show_buttons()
        return True

    def _train(self):
        """One run, on whichever thread; an error becomes a sentence and is returned."""
        error = None
        try:
            if not self._going_on:
                self._begin()
            self._say("Building the network ...")
            if not self._asked_to_stop.is_set():
                self._trainer.run()
            else:
                self._say("Stopped before training began.")
        except KeyboardInterrupt as caught:
            self._trainer, error = None, caught
            self._say("Stopped before training began.")
        except Exception as caught:
            self._trainer, error = None, caught
            self._bar.bar_style = "danger"
            self._say(parts.sentence(caught))
        finally:
            self._busy, self._bar.value = False, self._done
            self._show_buttons()
            if self._focus_start:
                self._start.focus()
        return error

    def _begin(self):
        self._say("Building the network ...")
        self._bar.value, self._bar.bar_style = 0, "info"
        self._seconds, self._done = 0.0, 0
        self._curve.layout.display = "none"
        self._time_to_say, self._time_to_say_epoch = Seldom(SAY), Seldom(SAY)
        self._time_to_draw = Seldom(DRAW)
        trainer = self._make_trainer(self._trained)
        self._bar.max = trainer.epochs * len(trainer.batches)
        self._batches = {name: array("d") for name in self.measures}
        self._totals = dict.fromkeys(self.measures, 0.0)
        for event in ("batch", "epoch", "end"):
            trainer.on(event, getattr(self, f"_on_{event}"))
        self._trainer = trainer

    def _can_go_on(self):
        unfinished = self._trainer and len(self._trainer.history["loss"]) < self._trainer.epochs
        return bool(unfinished) and self._trained == self.settings

    def _on_batch(self, progress):
        if self._asked_to_stop.is_set():
            self._trainer.stop()  # it forgets what was asked before its run began
        self._done = progress.epoch * progress.steps + progress.step
        self._record(progress)
        ends_epoch = progress.step == progress.steps
        if self._time_to_say() or (ends_epoch and self._time_to_say_epoch()):
            self._show_place(progress)
        if not ends_epoch and self._time_to_draw():
            self._draw()

    def _record(self, progress):
        """What is told of this batch alone: Keras tells the means over the epoch so far."""
        for name, values in self._batches.items():
            before = self._totals[name] if progress.step > 1 else 0.0
            self._totals[name] = getattr(progress, name) * progress.step
            values.append(self._totals[name] - before)

    def _show_place(self, progress):
        self._bar.value = self._done
        if not self._asked_to_stop.is_set():
            self._say(_where(progress))

    def _on_epoch(self, progress):
        if self._time_to_draw():
            self._draw()

    def _on_end(self, progress):
        self._seconds += progress.seconds
        self._draw()
        finished = progress.epoch == progress.epochs
        self._bar.bar_style = "success" if finished else "warning"
        if finished:
            self._say(_finished(self.history, self._seconds))
        else:
            self._say(_stopped(self._done, progress, self._seconds))

    def _draw(self):
        steps = len(self._trainer.batches)
        self._curve.value = _lines.training_curves(self.history, self._batches, steps)
        self._curve.layout.display = ""

    def _say(self, words):
        self._status.value = words

    def _settings_changed(self):
        if self._busy and self.settings != self._trained:
            self._fields.value = self._trained  # Start overtook a change made just before it
            return
        self._code.value = parts.code(self.code)
        self._show_buttons()
        if not self._busy and self._trainer is None:
            self._say(READY)

    def _unused(self):
        """The fields that these settings leave out of account."""
        return set()

    def _show_buttons(self):
        every = {field.name for field in fields(self.settings)}
        self._fields.disable(every if self._busy else self._unused())
        self._start.disabled, self._stop.disabled = self._busy, not self._busy
        self._start.description = "Go on" if self._can_go_on() else "Start"

    def _make_run_parts(self):
        """The buttons with the bar, and below them what is said."""
        self._start = _button("Start", "play", "success", self._start_clicked)
        self._stop = _button("Stop", "stop", "", self._stop_clicked)
        margin, row = "2px 2px 2px 14px", {"align_items": "center", "margin": "8px 0 0"}
        self._bar = widgets.IntProgress(0, layout={"flex": "1 1 auto", "margin": margin})
        self._status, self._code = parts.text(READY), parts.text(flex="1 1 350px", min_width="0")
        self._curve = parts.text(flex="1 1 410px", min_width="0", display="none")
        return [widgets.HBox([self._start, self._stop, self._bar], layout=row), self._status]


def controls_of_runs(settings, epochs, batches):
    """The controls of the fields that all settings have; a box takes more than its slider offers.

    epochs, batches: the numbers on the sliders.
    """
    s, number = settings, parts.Number
    return {
        "epochs": number("Epochs", s.epochs, epochs, 1, 10_000),
        "learning_rate": number("Learning rate", s.learning_rate, RATES, 1e-5, 10.0, 1e-5),
        "batch_size": number("Batch size", s.batch_size, batches, 1, 100_000),
        "seed": number("Seed", s.seed, range(21), 0, 2**32 - 1),
    }


def _button(label, icon, style, clicked):
    button = widgets.Button(description=label, icon=icon, button_style=style)
    button.layout = {"flex": "0 0 112px"}
    button.on_click(clicked)
    return button


def _where(progress):
    accuracy = "" if progress.accuracy is None else f", accuracy {_number(progress.accuracy)}"
    left = "" if progress.seconds_left is None else f", {_duration(progress.seconds_left)} left"
    return (
        f"epoch {progress.epoch + 1} of {progress.epochs}, batch {progress.step} of "
        f"{progress.steps}, loss {_number(progress.loss)}{accuracy}{left}"
    )


def _finished(history, seconds):
    last = {name: f"{name} {_number(values[-1])}" for name, values in history.items()}
    trained = ", ".join(words for name, words in last.items() if not name.startswith("val_"))
    measured = ", ".join(words[4:] for name, words in last.items() if name.startswith("val_"))
    epochs = len(history["loss"])
    return (
        f'<div role="status"><b>Finished.</b> {trained.capitalize()} after {epochs} '
        f"epoch{'s' * (epochs > 1)}, {seconds:.1f} s."
        f"{' Validation: ' + measured + '.' if measured else ''}</div>"
    )


def _stopped(batches, progress, seconds):
    epoch, step = divmod(max(0, batches - 1), progress.steps)
    return (
        f'<div role="status"><b>Stopped</b> in epoch {epoch + 1} of {progress.epochs}, after batch '
        f"{step + 1} of {progress.steps} and {seconds:.1f} s. <b>Go on</b> continues with the next "
        f"batch; after a change of settings, training starts afresh.</div>"
    )


def _duration(seconds):
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"


def _number(value):
    return f"{value:.2f}" if value >= 1 else f"{value:#.3g}"
