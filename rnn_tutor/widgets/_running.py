"""What the training panels share: start, stop, go on, progress and curves, around `Trainer`."""

import html
import threading
import time
from array import array
from dataclasses import dataclass, fields

import ipywidgets as widgets

from rnn_tutor._errors import TutorError
from rnn_tutor.widgets import _charts
from rnn_tutor.widgets import _parts as parts
from rnn_tutor.widgets._front import Front

RATES = [float(f"{digit}e{power}") for power in (-4, -3, -2) for digit in (1, 2, 5)]
SAY, DRAW = 0.33, 1.0  # seconds, at least, from one to the next
READY = "Ready. <b>Start</b> trains while you go on reading."
NOT_BEGUN = "Stopped before training began."
KEPT = 5  # runs that are shown together, the newest among them


@dataclass(frozen=True)
class Run:
    """A run that a panel began.

    Attributes:
        number: From 1, in the order in which the panel began them.
        settings: Those it trained with.
        history: `{"loss": [...], ...}` by epoch, with what the panel measures beside it.
        seconds: How long it has trained.
    """

    number: int
    settings: object
    history: dict
    seconds: float


class RateLimiter:
    """Return True at most once every `seconds`."""

    def __init__(self, seconds):
        self._seconds, self._due = seconds, 0.0

    def __call__(self):
        now = time.monotonic()
        if now < self._due:
            return False
        self._due = now + self._seconds
        return True


class RunningPanel(parts.Panel):
    """Train by a `Trainer`, watched and stopped from the screen; what is trained, a subclass says.

    It gives `measures`, what is told of each batch, and `_make_trainer(settings)`,
    `_layout(controls, run)` and `code`. Of most batches nothing is sent to the screen.
    """

    measures = ("loss",)
    _busy = False

    def __init__(self, kind, images, settings, controls, name):
        self._trainer = self._thread = self._trained = None
        self._asked_to_stop, self._lock = threading.Event(), threading.Lock()
        self._busy, self._seconds, self._done = False, 0.0, 0
        self._number, self._earlier, self._watched = 0, [], {}
        self._callbacks = []
        self._stopped_at, self._replaced = "", False
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

    @property
    def runs(self):
        """The last runs of this panel, `Run`, the newest last; those without a whole epoch aside.

        They are drawn together, so that what a setting changes can be seen.
        """
        return [*self._earlier, *self._this_run()][-KEPT:]

    def _this_run(self):
        """The run there is now, as a list; empty before the end of its first epoch."""
        if not (self._trainer and self.history["loss"]):
            return []
        history = {**self.history, **self._watched}
        return [Run(self._number, self._trained, history, self._seconds)]

    def start(self, over=False):
        """Train on a thread of its own, or go on after a stop; return at once.

        Args:
            over: Whether to begin again where a stopped run could go on.
        """
        if self._take(over):
            self._thread = threading.Thread(target=self._train, daemon=True)
            self._thread.start()

    def run(self, over=False):
        """Train in this cell, or go on after a stop; the notebook's interrupt button stops it.

        Args:
            over: Whether to begin again where a stopped run could go on.

        Returns:
            `history`.

        Raises:
            TutorError: A run is under way. What goes wrong in training is raised, too.
        """
        if not self._take(over):
            raise TutorError("A training run is under way already: stop it first.")
        self._stop.disabled = True  # a button is not heard while a cell runs
        if error := self._train():
            raise error
        return self.history

    def stop(self):
        """Ask the run to end after the batch it is in; return at once."""
        if self._busy:
            self._say("Stopping after this batch ...")
        self._asked_to_stop.set()
        if self._trainer:
            self._trainer.stop()

    def wait(self, timeout=None):
        """Block until the run has ended; return whether it has.

        Args:
            timeout: Seconds to wait at the most, float. Default: as long as it takes.
        """
        if self._thread:
            self._thread.join(timeout)
        return not self._busy

    def end_background(self):
        """End the run of a panel that was closed, or whose cell ran again; return at once."""
        if self._busy:
            self._replaced = True
            self.stop()

    def on(self, event, callback):
        """Call `callback(progress)` at an event of each run to come, as `Trainer.on` does.

        Args:
            event: "batch", "epoch" or "end".
            callback: A function of a `Progress`; it runs on the thread that trains, and before the
                panel shows what happened.
        """
        self._callbacks.append((event, callback))

    def _run_of(self, part):
        """A part of the trainer. Raises TutorError when nothing was trained yet."""
        if self._trainer is None:
            raise TutorError("Nothing is trained yet: press Start, or call `.run()`.")
        return getattr(self._trainer, part)

    def _start_clicked(self, button):
        self.start(over=button is self._over)
        self._stop.focus()  # a disabled button would lose the keyboard's place

    def _stop_clicked(self, button):
        self._focus_start = True
        self.stop()

    def _take(self, over):
        """Claims the panel for a run; False when one is under way."""
        with self._lock:
            if self._busy:
                return False
            self._going_on = self._can_go_on() and not over
            if not self._going_on:
                self._earlier = self.runs
            self._trained, self._busy = self.settings, True
            self._asked_to_stop.clear()
        self._focus_start = self._replaced = False
        self._show_buttons()
        return True

    def _train(self):
        """One run, on whichever thread; an error becomes a sentence and is returned.

        How it ended is told once the controls are free again: who reads it may act at once.
        """
        error, self._last_words = None, NOT_BEGUN
        try:
            if not self._going_on:
                self._begin()
            self._say("Building the network ...")
            if not self._asked_to_stop.is_set():
                self._trainer.run()
        except KeyboardInterrupt as caught:
            error, self._last_words = caught, NOT_BEGUN
        except Exception as caught:
            error, self._last_words = caught, parts.sentence(caught)
            self._bar.bar_style = "danger"
        finally:
            if error:
                self._trainer, self._stopped_at = None, ""  # there is nothing to go on with
            self._busy, self._bar.value = False, self._done
            self._show_buttons()
            if self._stopped_at:
                self._say_stopped()
            else:
                self._say(self._last_words)
            if self._focus_start:
                self._start.focus()
        return error

    def _begin(self):
        self._say("Building the network ...")
        self._bar.value, self._bar.bar_style = 0, "info"
        self._seconds, self._done, self._stopped_at = 0.0, 0, ""
        self._trainer, self._watched, self._number = None, {}, self._number + 1
        if not self._earlier:
            self._curve.layout.display = "none"
        self._time_to_say, self._time_to_say_epoch = RateLimiter(SAY), RateLimiter(SAY)
        self._time_to_draw = RateLimiter(DRAW)
        trainer = self._make_trainer(self._trained)
        self._bar.max = trainer.epochs * len(trainer.batches)
        self._batches = {name: array("d") for name in self.measures}
        self._totals = dict.fromkeys(self.measures, 0.0)
        own = [(event, getattr(self, f"_on_{event}")) for event in ("batch", "epoch", "end")]
        for event, callback in [*self._callbacks, *own]:
            trainer.on(event, callback)
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

    def _watch(self):
        """What is measured beside the history after each epoch: `{"name": a number}`."""
        return {}

    def _on_epoch(self, progress):
        for name, value in self._watch().items():
            self._watched.setdefault(name, []).append(value)
        if self._time_to_draw():
            self._draw()

    def _on_end(self, progress):
        self._seconds += progress.seconds
        self._stopped_at = ""
        self._draw()
        finished = progress.epoch == progress.epochs
        self._bar.bar_style = "success" if finished else "warning"
        if finished:
            self._last_words = _finished({**self.history, **self._watched}, self._seconds)
        else:
            self._stopped_at = _stopped(self._done, progress, self._seconds)

    def _say_stopped(self):
        """Where the run stands, and what the buttons would do now."""
        if self._can_go_on():
            words = (
                "<b>Go on</b> continues with the next batch, <b>Begin again</b> trains afresh "
                "with the same settings."
            )
        else:
            words = (
                "The settings have changed: <b>Start</b> trains afresh with them. With the old "
                "ones the run can go on."
            )
        why = f" A newer panel was made for {html.escape(self.name)}." if self._replaced else ""
        self._say(f'<div role="status">{self._stopped_at}{why} {words}</div>')

    def _draw(self):
        steps, earlier = len(self._trainer.batches), self._earlier[1 - KEPT :]
        self._charts.data = _charts.training_charts(
            {**self.history, **self._watched},
            self._batches,
            steps,
            {run.number: self._comparable(run) for run in earlier},
        )
        self._table.value = _table([*earlier, *self._this_run()])
        self._curve.layout.display = ""

    def _comparable(self, run):
        """Of an earlier run's history what can be drawn beside that of the run there is now."""
        return run.history

    def _say(self, words):
        self._status.value = words

    def _settings_changed(self):
        if self._busy and self.settings != self._trained:
            self._fields.value = self._trained  # Start overtook a change made just before it
            return
        self._code.value = parts.code(self.code)
        self._show_buttons()
        if not self._busy and self._stopped_at:
            self._say_stopped()
        elif not self._busy and self._trainer is None:
            self._say(READY)

    def _unused(self):
        """The fields that these settings leave out of account."""
        return set()

    def _show_buttons(self):
        every = {field.name for field in fields(self.settings)}
        self._fields.disable(every if self._busy else self._unused())
        self._start.disabled, self._stop.disabled = self._busy, not self._busy
        self._start.description = "Go on" if self._can_go_on() else "Start"
        self._over.disabled = self._busy or not self._can_go_on()

    def _make_run_parts(self):
        """The buttons with the bar, and below them what is said."""
        self._start = _button("Start", "play", "success", self._start_clicked)
        self._stop = _button("Stop", "stop", "", self._stop_clicked)
        self._over = _button("Begin again", "undo", "", self._start_clicked)
        margin, row = "2px 2px 2px 14px", {"align_items": "center", "margin": "8px 0 0"}
        self._bar = widgets.IntProgress(0, layout={"flex": "1 1 auto", "margin": margin})
        self._status, self._code = parts.text(READY), parts.text(flex="1 1 350px", min_width="0")
        self._charts, self._table = Front("charts", min_width="0"), parts.text()
        place = {"flex": "1 1 410px", "min_width": "0", "display": "none", "overflow": "visible"}
        self._curve = widgets.VBox([self._charts, self._table], layout=place)
        buttons = [self._start, self._stop, self._over, self._bar]
        return [widgets.HBox(buttons, layout=row | {"flex_flow": "row wrap"}), self._status]


def controls_of_runs(settings, epochs, batches):
    """Make the controls of the fields that all settings have.

    Args:
        settings: The settings to begin with.
        epochs: The numbers on the slider; the box takes more.
        batches: The batch sizes on the slider.

    Returns:
        `{field: control}`.
    """
    s, number = settings, parts.Number
    return {
        "epochs": number("Epochs", s.epochs, epochs, 1, 10_000),
        "learning_rate": number("Learning rate", s.learning_rate, RATES, 1e-5, 10.0, 1e-5),
        "batch_size": number("Batch size", s.batch_size, batches, 1, 100_000),
        "seed": number("Seed", s.seed, range(21), 0, 2**32 - 1),
    }


def _button(label, icon, style, clicked):
    place = {"flex": "0 0 auto", "width": "auto", "min_width": "112px"}
    button = widgets.Button(description=label, icon=icon, button_style=style, layout=place)
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
    history = {name: values for name, values in history.items() if values}
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
        f"<b>Stopped</b> in epoch {epoch + 1} of {progress.epochs}, after batch {step + 1} of "
        f"{progress.steps} and {seconds:.1f} s."
    )


def _table(runs):
    """The runs in rows: what differs in their settings, and the last numbers of each."""
    if len(runs) < 2:
        return ""
    names = [f.name for f in fields(runs[0].settings)]
    differ = [n for n in names if len({repr(getattr(run.settings, n)) for run in runs}) > 1]
    measures = list(dict.fromkeys(name for run in runs for name in run.history))
    heads = ["run", "what differs", "epochs", *map(_words, measures), "seconds"]
    rows = []
    for run in runs:
        of = [f"{n.replace('_', ' ')} {getattr(run.settings, n)}" for n in differ if n != "epochs"]
        last = [_number(run.history[m][-1]) if run.history.get(m) else "" for m in measures]
        epochs = f"{len(run.history['loss'])} of {run.settings.epochs}"
        cells = [run.number, html.escape(", ".join(of)) or "nothing", epochs, *last]
        rows.append([*cells, f"{run.seconds:.0f}"])
    head = "".join(f'<th scope="col">{name}</th>' for name in heads)
    body = "".join(
        f'<tr><th scope="row">{first}</th>{"".join(f"<td>{cell}</td>" for cell in rest)}</tr>'
        for first, *rest in rows
    )
    return (
        '<div class="rt-wide"><table class="rt-runs"><caption>The last runs</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _words(measure):
    return measure.replace("val_", "validation ")


def _duration(seconds):
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"


def _number(value):
    return f"{value:.2f}" if value >= 1 else f"{value:#.3g}"
