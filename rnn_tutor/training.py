"""One trainer around `fit`: it trains, tells listeners how it goes, stops when asked, and resumes.

It knows nothing of widgets: a panel, a log and a test listen to the same events. What decides a
training stands in `_settings`, what happens around a batch in `_run`, and what is kept on disk in
`_checkpoints`.
"""

import re
import threading
import zlib
from dataclasses import replace

import numpy as np

from rnn_tutor import objectives
from rnn_tutor._checkpoints import Checkpoints
from rnn_tutor._keras import keras
from rnn_tutor._memory import give_back_memory
from rnn_tutor._run import EVENTS, Listener, Progress, Rest, interrupts_to
from rnn_tutor._settings import LONG_RUN, ClassifierSettings, TrainingSettings, check_known

__all__ = [
    "EVENTS",
    "LONG_RUN",
    "ClassifierSettings",
    "Progress",
    "Trainer",
    "TrainingSettings",
    "running",
    "train",
]
_RUNNING = []  # the trainers that train just now, in the order in which they began


class Trainer:
    """Trains a model by an objective, with labels or without.

    Args:
        encoder: a Keras model from pictures to embeddings; to classify, one to probabilities.
        objective: one of `objectives`; it puts the rest of the model on top.
        pixels: uint8 `(n, height, width, channels)`.
        labels: `(n,)` int64, for an objective that uses them; others do not look at them.
        validation: an `ImageSet` to measure on after each epoch, or None; nothing is learnt
            from it.
        epochs, batch_size, learning_rate, seed: as in `TrainingSettings`.
        decay: whether the learning rate falls to 0 in the second half of all steps, along half a
            cosine (after Loshchilov, Hutter 2017, SGDR).
        checkpoints: a folder for the checkpoints of this training and no other, or None. One is
            saved every five seconds, at the end of a batch, and when a run ends.

    Attributes:
        model: what is trained.
        encoder: the part of `model` that embeds: the encoder given, or for the contrastive
            objective that with its projection, the space in which the loss compares pictures. The
            classifier itself, where there are labels.
        history: `{"loss": [...]}`, a mean for each finished epoch; with labels also "accuracy",
            and with `validation` the same measured there, "val_loss" and "val_accuracy".
        batch_losses: a float for each batch trained so far: the mean of its epoch up to there.

    Raises:
        TutorError: there are too few pictures for the objective.
        NeedsLabels: the objective uses labels, and there are none.
    """

    def __init__(
        self,
        encoder,
        objective,
        pixels,
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
        self.epochs, self.seed = epochs, seed
        self.batches = objectives.Batches(pixels, objective, batch_size, seed, labels)
        self._validation = validation and objectives.AllInOrder(
            validation.pixels, objective, batch_size, seed, validation.labels
        )
        self.model = objective.build(encoder)
        self.encoder = objective.embedder(encoder, self.model)
        rate = _falling(learning_rate, epochs * len(self.batches)) if decay else learning_rate
        optimizer = keras.optimizers.Adam(rate)
        optimizer.build(self.model.trainable_variables)  # else TensorFlow traces the step twice
        metrics = objective.metrics() if hasattr(objective, "metrics") else []
        self.model.compile(optimizer, loss=objective.loss, metrics=metrics)
        self._metrics = [self.model.metrics[0], *metrics]  # the first is the mean loss
        names = [metric.name for metric in self._metrics]
        names += [f"val_{name}" for name in names] if validation else []
        self.history = {name: [] for name in names}
        made_with = self._made_with(f"{learning_rate}, falling" if decay else learning_rate)
        self._checkpoints = checkpoints and Checkpoints(checkpoints, made_with)
        self.batch_losses = []
        self._sums = self._read_sums()
        self._listeners = {event: [] for event in EVENTS}
        self._stop = threading.Event()

    @classmethod
    def from_settings(cls, images, settings, checkpoints=None, validation=None):
        """A trainer for an `ImageSet`, as the settings say.

        Args:
            images: an `ImageSet`; with `TrainingSettings`, labels are not looked at.
            settings: `TrainingSettings` or `ClassifierSettings`.
            checkpoints, validation: as for the class.
        """
        return cls(
            settings.make_model(images),
            settings.make_objective(),
            images.pixels,
            labels=images.labels,
            validation=validation,
            epochs=settings.epochs,
            batch_size=settings.batch_size,
            learning_rate=settings.learning_rate,
            seed=settings.seed,
            checkpoints=checkpoints,
        )

    def on(self, event, listener):
        """Calls `listener(progress)` at each `event`, on the thread that trains.

        Args:
            event: "start", "batch", "epoch", "stop" (after a run that was stopped) or "end".
            listener: receives a `Progress`; what it raises ends the run.

        Returns:
            `listener`.

        Raises:
            TutorError: no event has that name.
        """
        check_known("event", event, EVENTS)
        self._listeners[event].append(listener)
        return listener

    def stop(self):
        """Asks the run to end after the batch it is in; any thread may ask."""
        self._stop.set()

    def run(self):
        """Trains until all epochs are done or `stop` is asked; again, it goes on from there.

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
        listener = Listener(self)
        _RUNNING.append(self)
        try:
            with interrupts_to(self.stop):
                give_back_memory()  # of trainings before this one
                listener.tell("start")
                self._fit(listener)
        except KeyboardInterrupt:
            self._stop.set()
        finally:
            _RUNNING.remove(self)
            self._keep_place(listener)
        if self._stop.is_set():
            listener.tell("stop")
        self._save()
        listener.tell("end")
        return self.history

    def __repr__(self):
        done = len(self.history["loss"])
        return f"Trainer({self.batches.objective}, {done} of {self.epochs} epochs done)"

    def _fit(self, listener):
        """The rest of an epoch that was stopped, then the other epochs."""
        epoch, step = len(self.history["loss"]), self._step()
        if epoch >= self.epochs:
            return
        if step == len(self.batches):
            self._write_sums()
            listener.end_epoch()
        elif step:
            self._fit_to(epoch + 1, Rest(self.batches, step), listener)
        self._fit_to(self.epochs, self.batches, listener)

    def _fit_to(self, epochs, batches, listener):
        if self._stop.is_set():
            return
        self.model.fit(
            batches,
            initial_epoch=len(self.history["loss"]),
            epochs=epochs,
            shuffle=False,
            verbose=0,
            callbacks=[listener],
        )

    def _keep_place(self, listener):
        """Keeps what the next `fit` would forget, wherever this one broke off."""
        if self._steps_done() > listener.steps_before:
            self._sums = self._read_sums()
        if len(self.batch_losses) < self._steps_done():  # an interrupt came between the two
            self.batch_losses.append(self._means()["loss"])

    def load_checkpoint(self):
        """Takes up the newest checkpoint in `checkpoints`; `run` then goes on from it.

        Returns:
            The number of epochs it had finished; 0 when there is none.

        Raises:
            TutorError: it is damaged, or was saved by a trainer of another model, or with other
                settings than `epochs`. The trainer is as it was.
        """
        if self._checkpoints and (state := self._checkpoints.load(self.model)):
            self.history, self.batch_losses = state["history"], state["batch_losses"]
            self._sums = state["sums"]
        return len(self.history["loss"])

    def _save(self):
        if self._checkpoints:
            state = {"history": self.history, "batch_losses": self.batch_losses}
            self._checkpoints.save(self.model, {**state, "sums": self._sums})

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

    def _steps_done(self):
        """Counted by the optimizer, together with the weights: no interrupt comes between."""
        return int(self.model.optimizer.iterations)

    def _step(self):
        """Batches done in the epoch that is under way."""
        return self._steps_done() - len(self.history["loss"]) * len(self.batches)

    def _read_sums(self):
        """What Keras makes an epoch's means of so far; it forgets them when `fit` begins."""
        return [float(v) for metric in self._metrics for v in metric.variables]

    def _write_sums(self):
        variables = [v for metric in self._metrics for v in metric.variables]
        for variable, number in zip(variables, self._sums, strict=True):
            variable.assign(number)

    def _means(self):
        return {metric.name: float(metric.result()) for metric in self._metrics}


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
    """Trains a model on an `ImageSet`, in this cell.

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
    give_back_memory()
    return encoder, history
