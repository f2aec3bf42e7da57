"""The training panel: settings, start, stop, progress and a live curve, around `Trainer`."""

import threading
import time
from dataclasses import fields

import ipywidgets as widgets

from rnn_tutor import plots
from rnn_tutor._errors import TutorError
from rnn_tutor.augmentation import PRESETS
from rnn_tutor.training import Trainer, TrainingSettings
from rnn_tutor.widgets import _parts as parts

OBJECTIVES = {
    "contrastive": "contrastive",
    "reconstruction": "reconstruction",
    "next row": "next_row",
}
MEANINGS = {
    "contrastive": "Two random views of one picture shall lie close, views of others far away.",
    "reconstruction": "The embedding shall suffice to draw the picture again.",
    "next_row": "Each row shall be predicted from the rows above it.",
}
CELLS = {"GRU": "gru", "LSTM": "lstm", "SimpleRNN": "simple_rnn"}
UNUSED = {  # what an objective leaves out of account
    "contrastive": {"noise"},
    "reconstruction": {"augmentation", "temperature"},
    "next_row": {"augmentation", "temperature", "noise", "bidirectional", "recurrent"},
}
READY = "Ready. <b>Start</b> trains while you go on reading."


class TrainingPanel(parts.Panel):
    """Trains an encoder without labels, from the screen or from code.

    images: an `ImageSet`; labels are not looked at. settings: `TrainingSettings` to begin with.

    `settings` can be read and set; `start` trains on a thread of its own, `run` in the cell that
    calls it; `stop` and `wait` do what they say. After a stop both go on where the run stood,
    unless a setting was changed. `encoder` and `history` are what the run has made, and `code` is
    the plain Python that makes the same, where the pictures are called `name`.
    """

    def __init__(self, images, settings=None, name="images"):
        self._trainer = self._thread = self._trained = None
        self._asked_to_stop, self._lock = threading.Event(), threading.Lock()
        self._busy, self._seconds = False, 0.0
        settings = settings or TrainingSettings()
        controls = _controls(settings)
        super().__init__("training", images, self._layout(controls), name)
        self._fields = parts.Fields(settings, controls, self._settings_changed)
        self._settings_changed()

    @property
    def settings(self):
        """The `TrainingSettings` that the controls show; setting them moves the controls."""
        return self._fields.value

    @settings.setter
    def settings(self, settings):
        if self._busy:
            raise TutorError("A training run is under way: stop it before changing its settings.")
        self._fields.value = settings

    @property
    def code(self):
        """The lines of plain Python that train the same encoder."""
        settings = parts.call("rt.TrainingSettings", self.settings)
        return f"settings = {settings}\nencoder, history = rt.train({self.name}, settings)"

    @property
    def encoder(self):
        """The encoder as trained so far. Raises TutorError when nothing was trained yet."""
        if self._trainer is None:
            raise TutorError("Nothing is trained yet: press Start, or call `.run()`.")
        return self._trainer.encoder

    @property
    def history(self):
        """`{"loss": [...]}`, a number for each finished epoch."""
        return self._trainer.history if self._trainer else {"loss": []}

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
        self._asked_to_stop.set()
        if self._busy:
            self._say("Stopping after this batch ...")

    def wait(self, timeout=None):
        """Block until the run has ended, at most `timeout` seconds; returns whether it has."""
        if self._thread:
            self._thread.join(timeout)
        return not self._busy

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
            self._busy = True
        self._asked_to_stop.clear()
        self._focus_start = False
        self._show_buttons()
        return True

    def _train(self):
        """One run, on whichever thread; an error becomes a sentence and is returned."""
        error = None
        try:
            if not self._can_go_on():
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
            self._busy = False
            self._show_buttons()
            if self._focus_start:
                self._start.focus()
        return error

    def _begin(self):
        self._say("Building the network ...")
        self._bar.value, self._bar.bar_style, self._seconds = 0, "info", 0.0
        self._curve.layout.display, self._curve_due = "none", 0.0
        self._trained, self._stopped = self.settings, False
        trainer = Trainer.from_settings(self.images, self._trained)
        self._bar.max = trainer.epochs * len(trainer.batches)
        self._losses = []
        for event in ("batch", "epoch", "end"):
            trainer.on(event, getattr(self, f"_on_{event}"))
        self._trainer = trainer

    def _can_go_on(self):
        unfinished = self._trainer and len(self._trainer.history["loss"]) < self._trainer.epochs
        return bool(unfinished) and self._trained == self.settings

    def _on_batch(self, progress):
        if self._asked_to_stop.is_set():
            self._trainer.stop()
        self._bar.value = progress.epoch * progress.steps + progress.step
        self._record(progress)
        if not self._asked_to_stop.is_set():
            self._say(_where(progress))
        if time.monotonic() >= self._curve_due:
            self._draw()

    def _record(self, progress):
        """The loss of this batch alone: Keras tells the mean over the epoch so far."""
        del self._losses[progress.epoch * progress.steps + progress.step - 1 :]
        before = self._mean * (progress.step - 1) if progress.step > 1 else 0.0
        self._mean = progress.loss
        self._losses.append(progress.loss * progress.step - before)

    def _on_epoch(self, progress):
        self._draw()

    def _on_end(self, progress):
        self._seconds += progress.seconds
        self._draw()
        finished = progress.epoch == progress.epochs
        self._bar.bar_style = "success" if finished else "warning"
        words = _finished if finished else _stopped
        self._say(words(progress, self.history, self._seconds, self._stopped))
        self._stopped = True

    def _draw(self):
        """Draws the curve; drawing takes at most about a tenth of the time."""
        began = time.monotonic()
        curve = plots.loss_curve(self._losses, x="batch")
        self._curve.value, self._curve.layout.display = curve.html(), ""
        took = time.monotonic() - began
        self._curve_due = began + max(0.5, 10 * took)

    def _say(self, words):
        self._status.value = words

    def _settings_changed(self):
        self._meaning.value = f'<span class="rt-quiet">{MEANINGS[self.settings.objective]}</span>'
        self._code.value = parts.code(self.code)
        self._show_buttons()
        if not self._busy and self._trainer is None:
            self._say(READY)

    def _show_buttons(self):
        every = {field.name for field in fields(TrainingSettings)}
        self._fields.disable(every if self._busy else UNUSED[self.settings.objective])
        self._start.disabled, self._stop.disabled = self._busy, not self._busy
        self._start.description = "Go on" if self._can_go_on() else "Start"

    def _layout(self, controls):
        common = ("objective", "epochs", "units", "cell")
        rest = [control for name, control in controls.items() if name not in common]
        more, row = parts.grid(*rest), {"align_items": "center", "margin": "8px 0 0"}
        self._start = _button("Start", "play", "success", self._start_clicked)
        self._stop = _button("Stop", "stop", "", self._stop_clicked)
        self._bar = widgets.IntProgress(
            0, layout={"flex": "1 1 auto", "margin": "2px 2px 2px 14px"}
        )
        self._meaning, self._status = parts.text(), parts.text(READY)
        self._curve, self._code = (
            parts.text(flex="1 1 410px", display="none"),
            parts.text(flex="1 1 350px"),
        )
        return [
            parts.title("Train an encoder without labels"),
            parts.grid(*(controls[name] for name in common)),
            self._meaning,
            parts.fold("More settings", more),
            more,
            widgets.HBox([self._start, self._stop, self._bar], layout=row),
            self._status,
            parts.wrapped(self._curve, self._code),
        ]


def _controls(settings):
    """A control for each field of `TrainingSettings`; a box takes more than its slider offers."""
    s, number = settings, parts.Number
    rates = [float(f"{digit}e{power}") for power in (-4, -3, -2) for digit in (1, 2, 5)]
    tenths = [round(0.05 * k, 2) for k in range(41)]  # 0 to 2
    return {
        "objective": parts.choice("Objective", OBJECTIVES, s.objective),
        "epochs": number("Epochs", s.epochs, range(1, 21), 1, 10_000),
        "cell": parts.choice("Recurrent cell", CELLS, s.cell),
        "units": number("Units", s.units, range(8, 129, 8), 1, 4096),
        "augmentation": parts.choice("Augmentation", {n: n for n in PRESETS}, s.augmentation),
        "bidirectional": parts.tick("read each sequence both ways", s.bidirectional),
        "temperature": number("Temperature", s.temperature, tenths[1:], 0.01, 100.0, 0.01),
        "recurrent": parts.tick("recurrent (off: a dense layer)", s.recurrent),
        "noise": number("Noise", s.noise, tenths[:21], 0.0, 10.0, 0.01),
        "learning_rate": number("Learning rate", s.learning_rate, rates, 1e-5, 10.0, 1e-5),
        "batch_size": number("Batch size", s.batch_size, range(16, 513, 16), 1, 100_000),
        "seed": number("Seed", s.seed, range(21), 0, 2**32 - 1),
    }


def _button(label, icon, style, clicked):
    button = widgets.Button(description=label, icon=icon, button_style=style)
    button.layout = {"width": "112px"}
    button.on_click(clicked)
    return button


def _where(progress):
    left = "" if progress.seconds_left is None else f", {_duration(progress.seconds_left)} left"
    return (
        f"epoch {progress.epoch + 1} of {progress.epochs}, batch {progress.step} of "
        f"{progress.steps}, loss {_loss(progress.loss)}{left}"
    )


def _finished(progress, history, seconds, stopped):
    note = (
        " The batches before a stop were trained on twice, so the lines of code give numbers that "
        "differ a little."
    )
    return (
        f'<div role="status"><b>Finished.</b> Loss {_loss(history["loss"][-1])} after '
        f"{_count(progress.epochs, 'epoch')}, {seconds:.1f} s.{note if stopped else ''}</div>"
    )


def _stopped(progress, history, seconds, stopped):
    return (
        f'<div role="status"><b>Stopped</b> in epoch {progress.epoch + 1} of {progress.epochs} '
        f"after {seconds:.1f} s. <b>Go on</b> begins this epoch again; after a change of settings, "
        f"training starts afresh.</div>"
    )


def _duration(seconds):
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"


def _loss(loss):
    return f"{loss:.2f}" if loss >= 1 else f"{loss:#.3g}"


def _count(n, noun):
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"
