"""What surrounds the training loop: batches prepared ahead, events, and interrupts."""

import contextlib
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
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


def prepared_ahead(batches, first, last):
    """Yield batch after batch; while one is trained on, a thread prepares the next.

    Args:
        batches: an `objectives.Batches`.
        first, last: steps, counted through all epochs; `last` is left out.
    """
    with ThreadPoolExecutor(max_workers=1) as thread:
        coming = None
        for number in range(first, last):
            batch = coming.result() if coming else batches.draw(*divmod(number, len(batches)))
            if number + 1 < last:
                coming = thread.submit(batches.draw, *divmod(number + 1, len(batches)))
            yield batch


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
    """Emits the events of one run. The loop calls it around batches, and Keras while it measures.

    Args:
        trainer: the `Trainer` that runs.
    """

    def __init__(self, trainer):
        super().__init__()
        self.trainer = trainer
        self.began, self.first_batch_done = time.monotonic(), None
        self.steps_before, self.step, self.means = trainer.steps_done, trainer.step, {}

    def emit(self, event):
        trainer = self.trainer
        trainer.emit(
            Progress(
                event,
                len(trainer.history["loss"]),
                trainer.epochs,
                self.step,
                len(trainer.batches),
                self.means.get("loss"),
                time.monotonic() - self.began,
                self.seconds_left(),
                self.means.get("accuracy"),
            )
        )

    def seconds_left(self):
        """From the steps after the first, which also builds the graph."""
        trainer = self.trainer
        timed = trainer.steps_done - self.steps_before - 1
        if self.first_batch_done is None or timed < 1:
            return None
        left = trainer.epochs * len(trainer.batches) - trainer.steps_done
        return max(0, left) * (time.monotonic() - self.first_batch_done) / timed

    def on_train_batch_begin(self, step, logs=None):
        if keras.backend.backend() == "torch":  # its dropout is drawn from one state for all
            seed = 1_000_003 * self.trainer.seed + self.trainer.steps_done
            keras.utils.set_random_seed(seed % 2**32)

    def on_train_batch_end(self, step, logs=None):
        """`logs` are the means over the epoch up to this batch."""
        self.first_batch_done = self.first_batch_done or time.monotonic()
        self.step, self.means = step + 1, logs
        self.emit("batch")

    def on_epoch_end(self, epoch, logs=None):
        self.emit("epoch")

    def on_test_batch_end(self, step, logs=None):
        if self.trainer.stopping:
            self.model.stop_evaluating = True
