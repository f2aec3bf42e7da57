"""What happens during one `run` of the trainer: around batches and epochs, and at an interrupt."""

import contextlib
import signal
import threading
import time
from dataclasses import dataclass

from rnn_tutor._keras import keras

EVENTS = ("start", "batch", "epoch", "stop", "end")


@dataclass(frozen=True)
class Progress:
    """Where a run stands when an event is told.

    Attributes:
        event: one of `EVENTS`.
        epoch, epochs: epochs done, and to do in all.
        step, steps: batches done in this epoch, and batches an epoch has.
        loss: mean over this epoch's batches so far; None before the first batch of this `run`.
        seconds, seconds_left: since this `run` began, and estimated to its end (None at first).
        accuracy: share of this epoch's pictures so far that were named rightly; None where `loss`
            is, and without labels.
    """

    event: str
    epoch: int
    epochs: int
    step: int
    steps: int
    loss: float | None
    seconds: float
    seconds_left: float | None
    accuracy: float | None = None


class Rest(keras.utils.PyDataset):
    """The batches of an epoch from a step on."""

    def __init__(self, batches, first_step):
        super().__init__()
        self.batches, self.first_step = batches, first_step

    def __len__(self):
        return len(self.batches) - self.first_step

    def __getitem__(self, step):
        return self.batches[self.first_step + step]


@contextlib.contextmanager
def interrupts_to(stop):
    """The first interrupt calls `stop`; the next is a KeyboardInterrupt, wherever it lands."""
    before = signal.getsignal(signal.SIGINT)
    in_main_thread = threading.current_thread() is threading.main_thread()
    if not in_main_thread or not callable(before):
        yield  # none will come
        return

    def ask(number, frame):
        signal.signal(signal.SIGINT, before)
        stop()

    signal.signal(signal.SIGINT, ask)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


class Listener(keras.callbacks.Callback):
    """Turns Keras's callbacks into the trainer's events, for one `run`."""

    def __init__(self, trainer):
        super().__init__()
        self.trainer = trainer
        self.began, self.first_batch_done = time.monotonic(), None
        self.steps_before, self.steps_done = trainer._steps_done(), 0
        self.step, self.loss, self.accuracy = trainer._step(), None, None

    def tell(self, event):
        trainer = self.trainer
        progress = Progress(
            event,
            len(trainer.history["loss"]),
            trainer.epochs,
            self.step,
            len(trainer.batches),
            self.loss,
            time.monotonic() - self.began,
            self.seconds_left(),
            self.accuracy,
        )
        for listener in trainer._listeners[event]:
            listener(progress)

    def seconds_left(self):
        """From the steps after the first, which also builds the graph."""
        if self.steps_done < 2:
            return None
        left = self.trainer.epochs * len(self.trainer.batches) - self.steps_before - self.steps_done
        return max(0, left) * (time.monotonic() - self.first_batch_done) / (self.steps_done - 1)

    def stop_if_asked(self):
        if self.trainer._stop.is_set():
            self.model.stop_training = self.model.stop_evaluating = True

    def on_epoch_begin(self, epoch, logs=None):
        self.trainer.batches.epoch = epoch
        self.step = self.trainer._step()
        if self.step:
            self.trainer._write_sums()

    def on_train_batch_begin(self, batch, logs=None):
        if keras.backend.backend() == "torch":  # its dropout is drawn from one state for all
            steps = self.steps_before + self.steps_done
            keras.utils.set_random_seed((1_000_003 * self.trainer.seed + steps) % 2**32)

    def on_train_batch_end(self, batch, logs=None):
        trainer = self.trainer
        self.step, self.steps_done = self.step + 1, self.steps_done + 1
        self.first_batch_done = self.first_batch_done or time.monotonic()
        self.loss, self.accuracy = logs["loss"], logs.get("accuracy")
        trainer.batch_losses.append(self.loss)
        self.tell("batch")
        self.stop_if_asked()
        if self.step < len(trainer.batches):
            self.save_if_due()

    def on_epoch_end(self, epoch, logs=None):
        if self.step == len(self.trainer.batches):
            self.end_epoch()
        self.stop_if_asked()

    def end_epoch(self):
        """Measures and writes history, unless that is left for the next `run`."""
        trainer = self.trainer
        means = trainer._means()
        if trainer._validation:
            if trainer._stop.is_set():
                return
            means |= self.measure()
            if trainer._stop.is_set():
                return  # may have been cut short
        trainer.history = {name: [*old, means[name]] for name, old in trainer.history.items()}
        self.save_if_due()
        self.tell("epoch")

    def measure(self):
        """The means over the validation set; those of the epoch are put back afterwards."""
        trainer = self.trainer
        trainer._sums = trainer._read_sums()
        try:
            means = trainer.model.evaluate(
                trainer._validation, verbose=0, callbacks=[self], return_dict=True
            )
        finally:
            trainer._write_sums()
        return {f"val_{name}": mean for name, mean in means.items()}

    def on_test_batch_end(self, batch, logs=None):
        self.stop_if_asked()

    def save_if_due(self):
        trainer = self.trainer
        if trainer._checkpoints and trainer._checkpoints.due():
            _ = self.model  # asked for it, Keras on JAX brings the model's variables up to date
            trainer._sums = trainer._read_sums()
            trainer._save()
