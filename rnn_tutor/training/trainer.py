"""One training loop: it trains, emits events, stops when asked, and resumes where it stood.

A batch is a function of the seed, the epoch and the step, and the optimizer counts the steps: with
the weights, that is all a training needs to go on. The trainer knows nothing of widgets: a panel, a
log and a test listen to the same events. `settings` holds what decides a training, and
`checkpoints` what is kept on disk.
"""

import contextlib
import re
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from rnn_tutor._backend import forget_graph_with_model, keras, release_memory
from rnn_tutor._errors import TutorError, check_above_0, check_known, check_whole
from rnn_tutor.images.arrays import fingerprint
from rnn_tutor.networks import models
from rnn_tutor.training import objectives, processes
from rnn_tutor.training.checkpoints import Checkpoints
from rnn_tutor.training.settings import TrainingSettings

_RUNNING = []  # the trainers that train just now, in the order in which they began


EVENTS = ("start", "batch", "epoch", "stop", "end")
STOPPED_APART = (
    "The processes must stop at the same batch. Train on from the last checkpoint, in all of them."
)


@dataclass(frozen=True)
class Progress:
    """Where a run stands at an event.

    Attributes:
        event: One of `EVENTS`, str.
        epoch, epochs: Epochs done, and to do in all, int.
        step, steps: Batches done in this epoch, and batches an epoch has, int.
        loss: Mean over this epoch's batches so far, float; None before the first batch of this
            `run`.
        seconds, seconds_left: Time since this `run` began, and an estimate of the time to its end,
            float. The estimate is None at first.
        accuracy: Share of this epoch's images so far that were classified correctly, float; None
            where `loss` is None, and without labels.

    Example:
        >>> progress = rt.training.Progress("batch", 0, 4, 3, 10, 0.7, 1.5, 18.5)
        >>> f"{progress.step} of {progress.steps} batches, loss {progress.loss}"
        '3 of 10 batches, loss 0.7'
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
        encoder: A Keras model from images to embeddings; to classify, one to probabilities. A
            `Sequential` model or a subclass of `keras.Model` will do.
        objective: An `Objective`, which puts the rest of the model on top.
        images: An `ImageSet`, or pixels `(n, height, width, channels)`, uint8 or float in 0..1.
        epochs: Passes over the images, int.
        labels: `(n,)` int from 0, for an objective that uses labels. Default: those of the
            `ImageSet`. Other objectives ignore them.
        validation: An `ImageSet` to measure on after each epoch; nothing is learnt from it.
            Default: none.
        batch_size: Images a step, int. Default 256.
        learning_rate: Learning rate of Adam, float. Default 0.003.
        decay: Whether the learning rate falls to 0 in the second half of all steps, by cosine
            decay, bool. Default False.
        seed: Decides the order of the images and everything random in a batch, int. Default 0.
        checkpoints: A folder for the checkpoints of this training and no other. Default: none are
            saved. One is saved every five seconds, at the end of a batch, and when a run ends.

    Attributes:
        model: The Keras model that is trained.
        encoder: The part of `model` that embeds: the encoder given; for the contrastive objective
            the encoder with its projection, the space in which the loss compares images; the
            classifier itself, where there are labels.
        history: `{"loss": [...]}`, a mean for each finished epoch; with labels also "accuracy",
            and with `validation` the same measured there, "val_loss" and "val_accuracy".
        batch_means: `{"loss": [...]}`, and with labels "accuracy": a number for each batch trained
            so far, the mean of its epoch up to that batch. A checkpoint holds it with `history`.
        batch_losses: Its losses, a list of float.

    Raises:
        TutorError: There are too few images for the objective, the encoder does not read them or
            does not end as the objective needs it, or a setting is out of its range.
        NeedsLabels: The objective uses labels, and there are none.

    Example:
        >>> images = rt.datasets.draw_shapes(20, size=8)
        >>> encoder = rt.models.recurrent_encoder(images.shape, units=4)
        >>> trainer = Trainer(encoder, rt.objectives.Reconstruction(), images, epochs=2)
        >>> seen = []
        >>> callback = trainer.on("epoch", lambda progress: seen.append(progress.epoch))
        >>> len(trainer.run()["loss"]), seen
        (2, [1, 2])

    Source: Loshchilov, Hutter (2017), SGDR, for the cosine decay.
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
        rate = cosine_decay(learning_rate, epochs * len(self.batches)) if decay else learning_rate
        optimizer = keras.optimizers.Adam(rate)
        optimizer.build(self.model.trainable_variables)  # else TensorFlow traces the step twice
        forget_graph_with_model(optimizer)
        metrics = objective.metrics()
        self.model.compile(optimizer, loss=objective.loss, metrics=metrics)
        names = ["loss", *(metric.name for metric in metrics)]
        self.batch_means = {name: [] for name in names}
        names += [f"val_{name}" for name in names] if self._validation else []
        self.history = {name: [] for name in names}
        made_with = self._made_with(f"{learning_rate}, falling" if decay else learning_rate)
        processes.check_equal(
            made_with, "All processes must train on the same images by the same settings."
        )
        self._checkpoints = checkpoints and Checkpoints(checkpoints, made_with)
        self._callbacks = {event: [] for event in EVENTS}
        self._stop = threading.Event()

    @classmethod
    def from_settings(cls, images, settings, checkpoints=None, validation=None):
        """Make a trainer for an `ImageSet`, as the settings say.

        Args:
            images: An `ImageSet`. `TrainingSettings` ignore its labels.
            settings: `TrainingSettings` or `ClassifierSettings`.
            checkpoints, validation: As for the class. Default: none.

        Returns:
            A `Trainer`.
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
            callback: A function of a `Progress`. An exception that it raises ends the run.

        Returns:
            `callback`.

        Raises:
            TutorError: No event has that name.
        """
        check_known("event", event, EVENTS)
        self._callbacks[event].append(callback)
        return callback

    def emit(self, progress):
        """Call the callbacks of the event that a `Progress` names.

        Args:
            progress: A `Progress`.
        """
        for callback in self._callbacks[progress.event]:
            callback(progress)

    def stop(self):
        """End the run after the batch it is in. Any thread may call this."""
        self._stop.set()

    def run(self):
        """Train until all epochs are done or `stop` is called.

        Another `run` resumes with the batch after the last one, and ends as if training had never
        been stopped. On TensorFlow the weights are then the same bit for bit, where operations are
        deterministic and the machine and its number of threads are the same.

        The notebook's interrupt button (a `KeyboardInterrupt`) stops too, after the batch. Pressed
        again, it stops at once. On backends other than TensorFlow that may leave half a step in the
        weights.

        Several processes can run the same training together; `training.processes` says how.

        Returns:
            `history`.
        """
        self._stop.clear()
        run, draw, steps = RunCallback(self), self.batches.draw, len(self.batches)
        last, ahead = self.epochs * steps, None
        with self._under_way(), ThreadPoolExecutor(max_workers=1) as thread:
            release_memory()  # of trainings before this one
            run.emit("start")
            if self.step == steps and len(self.history["loss"]) < self.epochs:
                self._end_epoch(run)  # it was stopped before it was measured
            for number in range(self.steps_done, last):
                if processes.told_to_end(number):
                    self.stop()
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
        processes.check_equal(self.steps_done, STOPPED_APART)
        run.emit("end")
        return self.history

    @contextlib.contextmanager
    def _under_way(self):
        """List this trainer as running; the first interrupt stops it, the second one at once."""
        before, main = signal.getsignal(signal.SIGINT), threading.main_thread()
        handled = threading.current_thread() is main and callable(before)

        def stop(number, frame):
            signal.signal(signal.SIGINT, before)
            self.stop()

        _RUNNING.append(self)
        try:
            if handled:
                signal.signal(signal.SIGINT, stop)
            yield
        except KeyboardInterrupt:
            self.stop()
        finally:
            if handled:
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
        return self.batch_means["loss"]

    def _record_batch(self):
        """Append the epoch's means up to the last batch, unless it was done; return them."""
        done, step = self.steps_done, self.step
        if any(len(means) < done for means in self.batch_means.values()):
            of_batch = self.model.get_metrics_result()  # `train_on_batch` counts from nothing
            for name, means in self.batch_means.items():
                if len(means) < done:
                    before = means[-1] if step > 1 else 0.0
                    means.append(before + (float(of_batch[name]) - before) / step)
        return {name: means[-1] for name, means in self.batch_means.items() if means}

    def _end_epoch(self, run):
        """Measure and write history, unless a stop was asked: then the next `run` does."""
        means = {name: means[-1] for name, means in self.batch_means.items()}
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
        """Load the newest checkpoint in `checkpoints`; `run` then resumes from it.

        Returns:
            The number of epochs it had finished, int; 0 when there is none.

        Raises:
            TutorError: The checkpoint is damaged, or comes from another model or from settings that
                differ in more than `epochs`. The trainer is unchanged.
        """
        names = "history", "batch_means"
        if self._checkpoints and (state := self._checkpoints.load(self.model, names)):
            self.history, self.batch_means = state["history"], state["batch_means"]
        return len(self.history["loss"])

    def _save(self):
        if self._checkpoints:
            state = {"history": self.history, "batch_means": self.batch_means}
            self._checkpoints.save(self.model, state)

    def _made_with(self, learning_rate):
        """Return what must be the same to resume; the shapes of the weights are checked anyway."""
        batches, layers = self.batches, self.model.layers
        in_parts = f" in {batches.parts} parts" if batches.parts > 1 else ""
        settings = {
            "objective": re.sub(" at 0x[0-9a-fA-F]+", "", repr(batches.objective)),
            "pictures": len(batches.pixels),
            "checksum of the pictures": fingerprint(batches.pixels),
            "batch_size": f"{batches.batch_size}{in_parts}",
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
            f"The model distinguishes {n_classes} classes, numbered from 0; the labels go from "
            f"{labels.min()} to {labels.max()}."
        )


def running():
    """Return the trainers that are running now, on any thread, the oldest first.

    A panel trains on a thread of its own. When its buttons are gone, this still finds its trainer.

    Returns:
        A list of `Trainer`; empty when nothing trains.

    Example:
        >>> for trainer in rt.training.running():
        ...     trainer.stop()
    """
    return list(_RUNNING)


def cosine_decay(learning_rate, steps):
    """Make a Keras schedule: the rate is constant for half of the steps, then decays to 0.

    Args:
        learning_rate: The rate to begin with, float.
        steps: Steps in all, int.

    Returns:
        A Keras learning rate schedule.
    """
    constant = max(1, steps // 2)  # Keras "warms up" from the rate to the same rate
    return keras.optimizers.schedules.CosineDecay(
        learning_rate, max(1, steps - constant), warmup_target=learning_rate, warmup_steps=constant
    )


def train(images, settings=None, validation=None, **changes):
    """Train a model on an `ImageSet`, in this cell.

    Args:
        images: An `ImageSet`. `TrainingSettings` ignore its labels.
        settings: `TrainingSettings` or `ClassifierSettings`. Default: `TrainingSettings()`.
        validation: An `ImageSet` to measure on after each epoch. Default: none.
        **changes: Settings by name, which replace those in `settings`.

    Returns:
        `(encoder, history)`: a Keras model, which for `ClassifierSettings` is the classifier, and
        `{"loss": [...], ...}` by epoch, as in `Trainer`.

    Example:
        >>> images = rt.datasets.draw_shapes(20, size=8)
        >>> encoder, history = rt.training.train(images, epochs=2, units=4)
        >>> len(history["loss"])
        2
    """
    settings = replace(settings or TrainingSettings(), **changes)
    trainer = Trainer.from_settings(images, settings, validation=validation)
    encoder, history = trainer.encoder, trainer.run()
    del trainer
    release_memory()
    return encoder, history


class RunCallback(keras.callbacks.Callback):
    """The events and the clock of one run.

    `Trainer.run` calls it around batches and epochs. Keras calls it during validation.

    Args:
        trainer: The `Trainer` that runs.
    """

    def __init__(self, trainer):
        super().__init__()
        self.trainer = trainer
        self.began, self.first_batch_done = time.monotonic(), None
        self.steps_before, self.step, self.means = trainer.steps_done, trainer.step, {}

    def emit(self, event):
        """Call every callback of an event.

        Args:
            event: A name from `EVENTS`.
        """
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
        trainer.emit(progress)

    def seconds_left(self):
        """Estimate the time left from the steps after the first, which also builds the graph.

        Returns:
            Seconds, float; None where fewer than two steps were timed.
        """
        trainer = self.trainer
        timed = trainer.steps_done - self.steps_before - 1
        if self.first_batch_done is None or timed < 1:
            return None
        left = trainer.epochs * len(trainer.batches) - trainer.steps_done
        return max(0, left) * (time.monotonic() - self.first_batch_done) / timed

    def on_train_batch_begin(self, step, logs=None):
        """Seed PyTorch's dropout, so that a batch depends on the seed and the step alone."""
        if keras.backend.backend() == "torch":  # all its dropout layers draw from one state
            seed = 1_000_003 * self.trainer.seed + self.trainer.steps_done
            keras.utils.set_random_seed(seed % 2**32)

    def on_train_batch_end(self, step, logs=None):
        """Emit "batch"; `logs` holds the means over the epoch up to this batch."""
        self.first_batch_done = self.first_batch_done or time.monotonic()
        self.step, self.means = step + 1, logs
        self.emit("batch")

    def on_epoch_end(self, epoch, logs=None):
        """Emit "epoch"."""
        self.emit("epoch")

    def on_test_batch_end(self, step, logs=None):
        """Stop the validation where the run was asked to stop."""
        if self.trainer.stopping:
            self.model.stop_evaluating = True
