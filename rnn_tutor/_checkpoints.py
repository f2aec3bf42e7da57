"""Checkpoints of a training: each is written whole or not at all, and the newest is kept."""

import json
import os
import shutil
import time
import warnings
from pathlib import Path

from rnn_tutor._errors import TutorError

SECONDS_BETWEEN = 10


class Checkpoints:
    """The checkpoints of one training, in a folder of their own.

    Each is a folder `checkpoint-N` with weights, optimizer state and history. It gets that name by
    one rename when all of it is written: what has it is whole, whenever the program is killed.
    """

    def __init__(self, folder):
        self.folder = Path(folder)
        self._saved_at, self._saved_steps = -float("inf"), 0

    def due(self):
        """Whether the last one was saved long enough ago."""
        return time.monotonic() - self._saved_at >= SECONDS_BETWEEN

    def save(self, model, history):
        """Saves a compiled Keras model and a dict; without a new step, nothing is written."""
        steps = int(model.optimizer.iterations)
        if steps == self._saved_steps:
            return
        draft = self.folder / f".draft-{os.getpid()}"
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(parents=True)
        model.save_weights(draft / "model.weights.h5")
        (draft / "history.json").write_text(json.dumps(history))
        older = self._whole()
        draft.rename(self.folder / f"checkpoint-{_number(older[-1]) + 1 if older else 1}")
        self._saved_at, self._saved_steps = time.monotonic(), steps
        for folder in older:
            shutil.rmtree(folder, ignore_errors=True)

    def load(self, model):
        """Takes the newest checkpoint up into `model`, which is compiled.

        Returns:
            The dict saved with it; None when there is no checkpoint.

        Raises:
            TutorError: it was saved from another model.
        """
        saved = self._whole()
        if not saved:
            return None
        model.optimizer.build(model.trainable_variables)  # else its state would not be read
        try:
            _load_weights(model, saved[-1] / "model.weights.h5")
        except (ValueError, UserWarning) as problem:
            raise TutorError(
                f"The checkpoint in {self.folder} is of another model. Train with the settings it "
                "was made with, or choose another folder."
            ) from problem
        self._saved_steps = int(model.optimizer.iterations)
        return json.loads((saved[-1] / "history.json").read_text())

    def _whole(self):
        """The folders of whole checkpoints, oldest first."""
        return sorted(self.folder.glob("checkpoint-*"), key=_number)


def _load_weights(model, path):
    with warnings.catch_warnings():
        # Keras only warns when it leaves a part as it was; half a checkpoint is none.
        warnings.simplefilter("error", UserWarning)
        model.load_weights(path)


def _number(folder):
    return int(folder.name.removeprefix("checkpoint-"))
