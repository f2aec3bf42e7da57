"""One trainer around `fit`: it trains, tells listeners how it goes, stops when asked, and resumes.

It knows nothing of widgets: a panel, a log and a test listen to the same events.
"""

import threading
import time
from dataclasses import dataclass, replace

from rnn_tutor import models, objectives
from rnn_tutor._checkpoints import Checkpoints
from rnn_tutor._errors import TutorError
from rnn_tutor._keras import keras
from rnn_tutor._memory import give_back_memory
from rnn_tutor.augmentation import preset

EVENTS = ("start", "batch", "epoch", "stop", "end")
OBJECTIVES = ("contrastive", "reconstruction", "next_row")
CELLS = ("simple_rnn", "gru", "lstm")


@dataclass(frozen=True)
class TrainingSettings:
    """Everything that decides a training run without labels.

    Attributes:
        objective: "contrastive", "reconstruction" or "next_row".
        cell: "simple_rnn", "gru" or "lstm".
        units: state size of a recurrent layer.
        bidirectional: read every sequence both ways ("next_row" always reads one way).
        recurrent: False puts a dense layer in place of the recurrence, for comparison.
        augmentation: name of a preset: what may change in a picture (contrastive only).
        temperature: of the contrastive loss.
        noise: added to what the autoencoder sees; a standard deviation, where white is 1.
        learning_rate: of Adam.
        batch_size: pictures a step (contrastive training makes two views of each).
        epochs: passes over the pictures.
        seed: of the weights, the order and the views.

    Raises:
        TutorError: a name that does not exist, or a size that is not positive.
    """

    objective: str = "contrastive"
    cell: str = "gru"
    units: int = 48
    bidirectional: bool = True
    recurrent: bool = True
    augmentation: str = "clothes"
    temperature: float = 1.0
    noise: float = 0.2
    learning_rate: float = 0.003
    batch_size: int = 256
    epochs: int = 4
    seed: int = 0

    def __post_init__(self):
        _check_known("objective", self.objective, OBJECTIVES)
        _check_known("recurrent cell", self.cell, CELLS)
        preset(self.augmentation)
        for name in ("units", "temperature", "learning_rate", "batch_size", "epochs"):
            if getattr(self, name) <= 0:
                raise TutorError(f"{name} must be above 0, received {getattr(self, name)}.")

    def make_objective(self):
        """The object from `objectives` that these settings name."""
        if self.objective == "reconstruction":
            return objectives.Reconstruction(self.noise)
        if self.objective == "next_row":
            return objectives.NextRow()
        return objectives.Contrastive(preset(self.augmentation), self.temperature)

    def make_encoder(self, input_shape):
        """A fresh encoder for pictures of `(height, width, channels)`, seeded."""
        keras.utils.set_random_seed(self.seed)
        if self.objective == "next_row":
            return models.row_encoder(input_shape, self.units, self.cell)
        return models.recurrent_encoder(
            input_shape, self.units, self.cell, self.bidirectional, self.recurrent
        )


def _check_known(what, name, names):
    if name not in names:
        raise TutorError(f"There is no {what} {name!r}. There are: {', '.join(names)}.")


# What the stored benchmark and the ready-trained encoder were trained with, chosen on fashion5.
LONG_RUN = TrainingSettings(epochs=30)


@dataclass(frozen=True)
class Progress:
    """Where a run stands when an event is told.

    Attributes:
        event: one of `EVENTS`.
        epoch, epochs: epochs done, and to do in all.
        step, steps: batches done in this epoch, and batches an epoch has.
        loss: mean over this epoch's batches so far; None before the first.
        seconds, seconds_left: since this `run` began, and estimated to its end (None at first).
    """

    event: str
    epoch: int
    epochs: int
    step: int
    steps: int
    loss: float | None
    seconds: float
    seconds_left: float | None


class Trainer:
    """Trains an encoder by an objective, without labels.

    Args:
        encoder: a Keras model from pictures to embeddings.
        objective: one of `objectives`; it puts the rest of the model on top.
        pixels: uint8 `(n, height, width, channels)`.
        epochs, batch_size, learning_rate, seed: as in `TrainingSettings`.
        checkpoints: a folder for the checkpoints of this training and no other, or None. One is
            saved after an epoch, at most every ten seconds, and when a run ends.

    Attributes:
        model: what is trained.
        encoder: the part of `model` that embeds: the encoder given, or for the contrastive
            objective that with its projection, the space in which the loss compares pictures.
        history: `{"loss": [...]}`, a mean for each finished epoch.
        batch_losses: a float for each batch trained so far: the mean of its epoch up to there.

    Raises:
        TutorError: there are too few pictures for the objective.
    """

    def __init__(
        self,
        encoder,
        objective,
        pixels,
        *,
        epochs,
        batch_size=256,
        learning_rate=0.003,
        seed=0,
        checkpoints=None,
    ):
        self.epochs, self.seed = epochs, seed
        self.batches = objectives.Batches(pixels, objective, batch_size, seed)
        self.model = objective.build(encoder)
        self.encoder = objective.embedder(encoder, self.model)
        optimizer = keras.optimizers.Adam(learning_rate)
        optimizer.build(self.model.trainable_variables)  # else TensorFlow traces the step twice
        self.model.compile(optimizer, loss=objective.loss)
        self._checkpoints = Checkpoints(checkpoints) if checkpoints else None
        self.history = {"loss": []}
        self.batch_losses = []
        self._listeners = {event: [] for event in EVENTS}
        self._stop = threading.Event()

    @classmethod
    def from_settings(cls, images, settings, checkpoints=None):
        """A trainer for an `ImageSet`, as the settings say; labels are not looked at."""
        return cls(
            settings.make_encoder(images.shape),
            settings.make_objective(),
            images.pixels,
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
        _check_known("event", event, EVENTS)
        self._listeners[event].append(listener)
        return listener

    def stop(self):
        """Asks the run to end after the batch it is in; any thread may ask."""
        self._stop.set()

    def run(self):
        """Trains until all epochs are done or `stop` is asked; again, it goes on from there.

        An epoch that was stopped half-way is begun again. The notebook's interrupt button (a
        `KeyboardInterrupt`) stops too.

        Returns:
            `history`.
        """
        self._stop.clear()
        give_back_memory()  # of trainings before this one
        # Keras keeps its random state by thread, so it is seeded on the thread that trains.
        keras.utils.set_random_seed(self.seed + len(self.history["loss"]))
        listener = _Listener(self)
        try:
            self.model.fit(
                self.batches,
                initial_epoch=len(self.history["loss"]),
                epochs=self.epochs,
                shuffle=False,
                verbose=0,
                callbacks=[listener],
            )
        except KeyboardInterrupt:
            self._stop.set()
        if self._stop.is_set():
            listener.tell("stop")
        if self._checkpoints:
            self._checkpoints.save(self.model, self.history)
        listener.tell("end")
        return self.history

    def load_checkpoint(self):
        """Takes up the newest checkpoint in `checkpoints`; `run` then goes on from it.

        Returns:
            The number of epochs it had finished; 0 when there is none.

        Raises:
            TutorError: it was saved by a trainer of another model.
        """
        if self._checkpoints:
            self.history = self._checkpoints.load(self.model) or self.history
        return len(self.history["loss"])


class _Listener(keras.callbacks.Callback):
    """Turns Keras's callbacks into the trainer's events, for one `run`."""

    def __init__(self, trainer):
        super().__init__()
        self.trainer = trainer
        self.began = time.monotonic()
        self.first_epoch = len(trainer.history["loss"])
        self.first_batch_done = None
        self.step, self.loss, self.steps_done = 0, None, 0

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
        )
        for listener in trainer._listeners[event]:
            listener(progress)

    def seconds_left(self):
        """From the steps after the first, which also builds the graph."""
        if self.steps_done < 2:
            return None
        all_steps = (self.trainer.epochs - self.first_epoch) * len(self.trainer.batches)
        per_step = (time.monotonic() - self.first_batch_done) / (self.steps_done - 1)
        return max(0.0, all_steps - self.steps_done) * per_step

    def stop_if_asked(self):
        if self.trainer._stop.is_set():
            self.model.stop_training = True

    def on_train_begin(self, logs=None):
        self.tell("start")

    def on_epoch_begin(self, epoch, logs=None):
        self.trainer.batches.epoch = epoch
        self.step = 0

    def on_train_batch_end(self, batch, logs=None):
        self.step, self.steps_done = batch + 1, self.steps_done + 1
        self.first_batch_done = self.first_batch_done or time.monotonic()
        self.loss = float(logs["loss"])
        self.trainer.batch_losses.append(self.loss)
        self.tell("batch")
        self.stop_if_asked()

    def on_epoch_end(self, epoch, logs=None):
        trainer = self.trainer
        if self.step < len(trainer.batches):
            return  # stopped half-way
        trainer.history["loss"].append(float(logs["loss"]))
        if trainer._checkpoints and trainer._checkpoints.due():
            trainer._checkpoints.save(trainer.model, trainer.history)
        self.tell("epoch")
        self.stop_if_asked()


def train(images, settings=None, **changes):
    """Trains an encoder on an `ImageSet`, in this cell.

    Args:
        images: an `ImageSet`; labels are not looked at.
        settings: `TrainingSettings`; `changes` replace some of them.

    Returns:
        `(encoder, history)`: a Keras model, and `{"loss": [...]}` by epoch.
    """
    settings = replace(settings or TrainingSettings(), **changes)
    trainer = Trainer.from_settings(images, settings)
    encoder, history = trainer.encoder, trainer.run()
    del trainer
    give_back_memory()
    return encoder, history
