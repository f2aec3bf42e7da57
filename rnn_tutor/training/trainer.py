"""One training loop: it trains, emits events, stops when asked, and resumes where it stood.

A batch is a function of the seed, the epoch and the step, and the optimizer counts the steps: with
the weights, that is all a training needs to go on. The trainer knows nothing of widgets: a panel, a
log and a test listen to the same events. What decides a training stands in `settings`, and what is
kept on disk in `checkpoints`.
"""

import contextlib
import re
import signal
import threading
import time
import zlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np

from rnn_tutor._backend import forget_graph_with_model, keras, release_memory
from rnn_tutor._errors import TutorError, check_above_0, check_known, check_whole
from rnn_tutor.networks import models
from rnn_tutor.training import objectives
from rnn_tutor.training.checkpoints import Checkpoints
from rnn_tutor.training.settings import TrainingSettings

_RUNNING = []  # the trainers that train just now, in the order in which they began


EVENTS = ("start", "batch", "epoch", "stop", "end")


@dataclass(frozen=True)
class Progress:
    """Where a run stands at an event.

    Attributes:
        event: one of `EVENTS`.
        epoch, epochs: epochs done, and to do in all.
        step, steps: batches done in this epoch, and batches an epoch has.
        loss: mean over this epoch's batches so far; None before the first batch of this `run`.
        seconds, seconds_left: since this `run` began, and estimated to its end (None at first).
        accuracy: share of this epoch's images so far that were classified correctly; None where
            `loss` is, and without labels.
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


class Trainer:
    """Train a model by an objective, with labels or without.

    Args:
        encoder: a Keras model from images to embeddings; to classify, one to probabilities.
            `Sequential` and subclasses of `keras.Model` will do.
        objective: one of `objectives`; it puts the rest of the model on top.
        images: an `ImageSet`, or pixels `(n, height, width, channels)`, uint8 or float in 0..1.
        epochs: passes over the images.
        labels: `(n,)` integers from 0, for an objective that uses them; None for those of the
            `ImageSet`. Others do not look at them.
        validation: an `ImageSet` to measure on after each epoch, or None; nothing is learnt
            from it.
        batch_size: images a step, 256 by default.
        learning_rate: of Adam, 0.003 by default.
        decay: whether the learning rate falls to 0 in the second half of all steps, by cosine decay
            (after Loshchilov, Hutter 2017, SGDR).
        seed: of the order of images and of what chance does to them, 0 by default.
        checkpoints: a folder for the checkpoints of this training and no other, or None. One is
            saved every five seconds, at the end of a batch, and when a run ends.

    Attributes:
        model: what is trained.
        encoder: the part of `model` that embeds: the encoder given, or for the contrastive
            objective that with its projection, the space in which the loss compares images. The
            classifier itself, where there are labels.
        history: `{"loss": [...]}`, a mean for each finished epoch; with labels also "accuracy",
            and with `validation` the same measured there, "val_loss" and "val_accuracy".
        batch_losses: a float for each batch trained so far: the mean of its epoch up to there.

    Example:
        >>> import rnn_tutor as rt
        >>> images = rt.datasets.draw_shapes(20, size=8)
        >>> encoder = rt.models.recurrent_encoder(images.shape, units=4)
        >>> trainer = Trainer(encoder, rt.objectives.Reconstruction(), images, epochs=2)
        >>> seen = []
        >>> callback = trainer.on("epoch", lambda progress: seen.append(progress.epoch))
        >>> len(trainer.run()["loss"]), seen
        (2, [1, 2])

    Raises:
        TutorError: there are too few images for the objective, the encoder does not read them or
            does not end as the objective needs it, or a setting is out of its range.
        NeedsLabels: the objective uses labels, and there are none.
    """

    def __init__(
        self,
        encoder,
        objective,
        images,
        *,
        epochs,
        labels=None,
        validation=None,
        batch_size=256,
        learning_rate=0.003,
        decay=False,
        seed=0,
        checkpoints=None,
    ):
        check_whole("epochs", epochs)
        check_above_0("learning_rate", learning_rate)
        self.epochs, self.seed = epochs, seed
        self.batches = objectives.Batches(images, objective, batch_size, seed, labels)
        encoder = models.functional(encoder, self.batches.pixels.shape[-3:])
        self._validation = None
        if validation is not None:
            self._validation = objectives.AllInOrder(validation, objective, batch_size, seed)
            models.functional(encoder, self._validation.pixels.shape[1:])
        self.model = objective.build(encoder)
        for batches in filter(None, (self.batches, self._validation)):
            _check_classes(self.model, batches.labels)
        self.encoder = objective.embedder(encoder, self.model)
        rate = _falling(learning_rate, epochs * len(self.batches)) if decay else learning_rate
        optimizer = keras.optimizers.Adam(rate)
        optimizer.build(self.model.trainable_variables)  # else TensorFlow traces the step twice
        forget_graph_with_model(optimizer)
        metrics = objective.metrics()
        self.model.compile(optimizer, loss=objective.loss, metrics=metrics)
        names = ["loss", *(metric.name for metric in metrics)]
        self._batch_means = {name: [] for name in names}
        names += [f"val_{name}" for name in names] if self._validation else []
        self.history = {name: [] for name in names}
        made_with = self._made_with(f"{learning_rate}, falling" if decay else learning_rate)
        self._checkpoints = checkpoints and Checkpoints(checkpoints, made_with)
        self._listeners = {event: [] for event in EVENTS}
        self._stop = threading.Event()

    @classmethod
    def from_settings(cls, images, settings, checkpoints=None, validation=None):
        """Return a trainer for an `ImageSet`, as the settings say.

        Args:
            images: an `ImageSet`; with `TrainingSettings`, labels are not looked at.
            settings: `TrainingSettings` or `ClassifierSettings`.
            checkpoints, validation: as for the class.
        """
        return cls(
            settings.make_model(images),
            settings.make_objective(),
            images,
            validation=validation,
            epochs=settings.epochs,
            batch_size=settings.batch_size,
            learning_rate=settings.learning_rate,
            seed=settings.seed,
            checkpoints=checkpoints,
        )

    def on(self, event, callback):
        """Call `callback(progress)` at each `event`, on the thread that trains.

        Args:
            event: "start", "batch", "epoch", "stop" (after a run that was stopped) or "end".
            callback: receives a `Progress`; what it raises ends the run.

        Returns:
            `callback`.

        Raises:
            TutorError: no event has that name.
        """
        check_known("event", event, EVENTS)
        self._listeners[event].append(callback)
        return callback

    def stop(self):
        """Ask the run to end after the batch it is in; any thread may ask."""
        self._stop.set()

    def run(self):
        """Train until all epochs are done or `stop` is asked; again, go on from there.

        It goes on with the batch after the last one, and ends as if it had never been stopped: on
        TensorFlow with the same weights bit for bit, where operations are deterministic and the
        machine and its number of threads are the same.

        The notebook's interrupt button (a `KeyboardInterrupt`) stops too, after the batch. Pressed
        again, it breaks in at once; on other backends than TensorFlow that may leave half a step
        in the weights.

        Returns:
            `history`.
        """
        self._stop.clear()
        run, draw, steps = Listener(self), self.batches.draw, len(self.batches)
        last, ahead = self.epochs * steps, None
        with self._under_way(), ThreadPoolExecutor(max_workers=1) as thread:
            release_memory()  # of trainings before this one
            run.emit("start")
            if self.step == steps and len(self.history["loss"]) < self.epochs:
                self._end_epoch(run)  # it was stopped before it was measured
            for number in range(self.steps_done, last):
                if self.stopping:
                    break
                batch = ahead.result() if ahead else draw(*divmod(number, steps))
                if number + 1 < last:  # while this batch is trained on, the next one is prepared
                    ahead = thread.submit(draw, *divmod(number + 1, steps))
                step = self.step
                run.on_train_batch_begin(step)
                self.model.train_on_batch(*batch)
                run.on_train_batch_end(step, self._record_batch())
                if self.step == steps:
                    self._end_epoch(run)
                elif self._checkpoints and self._checkpoints.due():
                    self._save()
        if self.stopping:
            run.emit("stop")
        self._save()
        run.emit("end")
        return self.history

    @contextlib.contextmanager
    def _under_way(self):
        """List this trainer as running; the first interrupt stops it, the second breaks in."""
        before, main = signal.getsignal(signal.SIGINT), threading.main_thread()
        heard = threading.current_thread() is main and callable(before)

        def stop(number, frame):
            signal.signal(signal.SIGINT, before)
            self.stop()

        _RUNNING.append(self)
        try:
            if heard:
                signal.signal(signal.SIGINT, stop)
            yield
        except KeyboardInterrupt:
            self.stop()
        finally:
            if heard:
                signal.signal(signal.SIGINT, before)
            _RUNNING.remove(self)
            self._record_batch()  # an interrupt may have come before it was

    def __repr__(self):
        done = len(self.history["loss"])
        return f"Trainer({self.batches.objective}, {done} of {self.epochs} epochs done)"

    @property
    def stopping(self):
        """Whether the run was asked to stop."""
        return self._stop.is_set()

    @property
    def steps_done(self):
        """Batches trained so far; the optimizer counts them as it changes the weights."""
        return int(self.model.optimizer.iterations)

    @property
    def step(self):
        """Batches trained in the epoch that is under way."""
        return self.steps_done - len(self.history["loss"]) * len(self.batches)

    @property
    def batch_losses(self):
        return self._batch_means["loss"]

    def _record_batch(self):
        """Append the epoch's means up to the last batch, unless it was done; return them."""
        done, step = self.steps_done, self.step
        if any(len(means) < done for means in self._batch_means.values()):
            of_batch = self.model.get_metrics_result()  # `train_on_batch` counts from nothing
            for name, means in self._batch_means.items():
                if len(means) < done:
                    before = means[-1] if step > 1 else 0.0
                    means.append(before + (float(of_batch[name]) - before) / step)
        return {name: means[-1] for name, means in self._batch_means.items() if means}

    def _end_epoch(self, run):
        """Measure and write history, unless a stop was asked: then the next `run` does."""
        means = {name: means[-1] for name, means in self._batch_means.items()}
        if self._validation:
            if self.stopping:
                return
            measured = self.model.evaluate(
                self._validation, verbose=0, callbacks=[run], return_dict=True
            )
            if self.stopping:
                return  # may have been cut short
            means |= {f"val_{name}": mean for name, mean in measured.items()}
        self.history = {name: [*old, means[name]] for name, old in self.history.items()}
        if self._checkpoints and self._checkpoints.due():
            self._save()
        run.on_epoch_end(len(self.history["loss"]) - 1)

    def load_checkpoint(self):
        """Load the newest checkpoint in `checkpoints`; `run` then goes on from it.

        Returns:
            The number of epochs it had finished; 0 when there is none.

        Raises:
            TutorError: it is damaged, or was saved by a trainer of another model, or with other
                settings than `epochs`. The trainer is as it was.
        """
        names = "history", "batch_means"
        if self._checkpoints and (state := self._checkpoints.load(self.model, names)):
            self.history, self._batch_means = state["history"], state["batch_means"]
        return len(self.history["loss"])

    def _save(self):
        if self._checkpoints:
            state = {"history": self.history, "batch_means": self._batch_means}
            self._checkpoints.save(self.model, state)

    def _made_with(self, learning_rate):
        """What a training must go on with; the shapes of its weights tell the rest."""
        batches, layers = self.batches, self.model.layers
        settings = {
            "objective": re.sub(" at 0x[0-9a-fA-F]+", "", repr(batches.objective)),
            "pictures": len(batches.pixels),
            "checksum of the pictures": zlib.crc32(np.ascontiguousarray(batches.pixels)),
            "batch_size": batches.batch_size,
            "learning_rate": learning_rate,
            "seed": self.seed,
            "dropout": [x.rate for x in layers if isinstance(x, keras.layers.Dropout)],
            "history": ", ".join(self.history),
        }
        return {name: str(value) for name, value in settings.items()}


def _check_classes(model, labels):
    n_classes = model.output_shape[-1]
    if labels is not None and len(labels) and not 0 <= labels.min() <= labels.max() < n_classes:
        raise TutorError(
            f"The model tells {n_classes} classes apart, numbered from 0; the labels go from "
            f"{labels.min()} to {labels.max()}."
        )


def running():
    """Return the trainers that train just now, on whichever thread, the oldest first.

    A panel trains on a thread of its own: where its buttons are gone, this still reaches it.

        for trainer in rt.training.running():
            trainer.stop()

    Returns:
        A list of `Trainer`; empty when nothing trains.
    """
    return list(_RUNNING)


def _falling(learning_rate, steps):
    """A Keras schedule: Keras warms up from the rate to itself, which holds it."""
    held = max(1, steps // 2)
    return keras.optimizers.schedules.CosineDecay(
        learning_rate, max(1, steps - held), warmup_target=learning_rate, warmup_steps=held
    )


def train(images, settings=None, validation=None, **changes):
    """Train a model on an `ImageSet`, in this cell.

    Args:
        images: an `ImageSet`; with `TrainingSettings`, labels are not looked at.
        settings: `TrainingSettings` or `ClassifierSettings`; `changes` replace some of them.
        validation: an `ImageSet` to measure on after each epoch, or None.

    Returns:
        `(encoder, history)`: a Keras model, which for `ClassifierSettings` is the classifier, and
        `{"loss": [...], ...}` by epoch, as in `Trainer`.
    """
    settings = replace(settings or TrainingSettings(), **changes)
    trainer = Trainer.from_settings(images, settings, validation=validation)
    encoder, history = trainer.encoder, trainer.run()
    del trainer
    release_memory()
    return encoder, history


class Listener(keras.callbacks.Callback):
    """The events and the clock of one run.

    `Trainer.run` calls it around batches and epochs, and Keras while it measures.

    Args:
        trainer: the `Trainer` that runs.
    """

    def __init__(self, trainer):
        super().__init__()
        self.trainer = trainer
        self.began, self.first_batch_done = time.monotonic(), None
        self.steps_before, self.step, self.means = trainer.steps_done, trainer.step, {}

    def emit(self, event):
        """Call every callback of this event."""
        trainer = self.trainer
        progress = Progress(
            event=event,
            epoch=len(trainer.history["loss"]),
            epochs=trainer.epochs,
            step=self.step,
            steps=len(trainer.batches),
            loss=self.means.get("loss"),
            seconds=time.monotonic() - self.began,
            seconds_left=self.seconds_left(),
            accuracy=self.means.get("accuracy"),
        )
        for callback in trainer._listeners[event]:
            callback(progress)

    def seconds_left(self):
        """Estimate them from the steps after the first, which also builds the graph."""
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
        """Emit "batch"; `logs` are the means over the epoch up to this batch."""
        self.first_batch_done = self.first_batch_done or time.monotonic()
        self.step, self.means = step + 1, logs
        self.emit("batch")

    def on_epoch_end(self, epoch, logs=None):
        self.emit("epoch")

    def on_test_batch_end(self, step, logs=None):
        if self.trainer.stopping:
            self.model.stop_evaluating = True
