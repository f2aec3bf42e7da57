"""Checkpoints of a training: each is written whole or not at all, and the newest is kept."""

import json
import math
import os
import shutil
import time
import warnings
from pathlib import Path

from rnn_tutor._errors import TutorError

# With a batch of less than five seconds between, at most ten are lost; longer batches are saved
# one by one.
SECONDS_BETWEEN = 5


class Checkpoints:
    """The checkpoints of one training, in a folder of their own.

    Each is a folder `checkpoint-N` with weights, optimizer, random state and what the trainer
    knows. It gets that name by one rename when all of it is written: what has it is whole, whenever
    the program is killed.

    Args:
        folder: of this training and no other.
        settings: `{name: string}`; a checkpoint made with other settings is not loaded.

    Raises:
        TutorError: there can be no such folder.
    """

    def __init__(self, folder, settings):
        check_folder(folder)
        self.folder, self.settings = Path(folder), settings
        self._saved_at, self._saved = time.monotonic(), None

    def due(self):
        """Return whether the last one was saved long enough ago."""
        return time.monotonic() - self._saved_at >= SECONDS_BETWEEN

    def save(self, model, state):
        """Save a compiled Keras model and a dict; where both are as saved, nothing is written.

        Where it cannot be written, as on a full disk, there is a warning, and the last checkpoint
        stays.
        """
        random = [variable.numpy().tolist() for variable in _random_state(model)]
        text = json.dumps({**state, "settings": self.settings, "random": random})
        news = int(model.optimizer.iterations), text
        if news == self._saved:
            return
        draft = self.folder / f".draft-{os.getpid()}"
        self._saved_at = time.monotonic()
        try:
            self._write(draft, model, text)
        except (OSError, RuntimeError) as problem:  # h5py raises either
            shutil.rmtree(draft, ignore_errors=True)
            warnings.warn(
                f"No checkpoint could be saved in {self.folder}: {problem}. Training goes on, but "
                "what follows the last checkpoint is lost if it is killed. Make room on the disk, "
                "or choose another folder.",
                stacklevel=2,
            )
        else:
            self._saved = news

    def _write(self, draft, model, text):
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(parents=True)
        # Room is tried out first: where h5py runs out of it, the process may crash later.
        numbers = sum(math.prod(v.shape) for v in [*model.variables, *model.optimizer.variables])
        trial = draft / "trial"
        trial.write_bytes(bytes(8 * numbers + 2**18))
        trial.unlink()
        model.save_weights(draft / "model.weights.h5")
        (draft / "state.json").write_text(text)
        older = self._whole()
        draft.rename(self.folder / f"checkpoint-{_number(older[-1]) + 1 if older else 1}")
        for folder in older:
            shutil.rmtree(folder, ignore_errors=True)

    def load(self, model, names):
        """Load the newest checkpoint into `model`, which must be compiled the same way.

        Args:
            model: a compiled Keras model.
            names: of the parts of the dict saved with it that are asked for.

        Returns:
            `{name: part}`; None when there is no checkpoint.

        Raises:
            TutorError: it is damaged, or of another model or other settings; `model` is unchanged.
        """
        for draft in self.folder.glob(".draft-*"):  # of trainings that were killed
            shutil.rmtree(draft, ignore_errors=True)
        saved = self._whole()
        if not saved:
            return None
        try:
            text = (saved[-1] / "state.json").read_text()
            state = json.loads(text)
            for name, now in self.settings.items():
                if (then := state["settings"][name]) != now:
                    raise self._refusal(
                        f"was made with {name} {then}, and this training with {now}"
                    )
            parts = {name: state[name] for name in names}
            _load_all_or_nothing(model, saved[-1] / "model.weights.h5", state["random"])
        except TutorError:
            raise
        except (OSError, RuntimeError, LookupError, TypeError, ValueError, UserWarning) as problem:
            raise self._refusal("is damaged, or of another model") from problem
        self._saved = int(model.optimizer.iterations), text
        return parts

    def _refusal(self, what):
        return TutorError(
            f"The checkpoint in {self.folder} {what}. Train with the settings it was made with, or "
            "choose another folder."
        )

    def _whole(self):
        """The folders of whole checkpoints, oldest first; a zip or copy of one is none."""
        named = self.folder.glob("checkpoint-*")
        return sorted((f for f in named if f.name.split("-", 1)[1].isdecimal()), key=_number)


def check_folder(folder):
    """Raise TutorError for what can be no folder of checkpoints."""
    if not isinstance(folder, str | os.PathLike) or Path(folder).is_file():
        raise TutorError(f"checkpoints must be a folder, or None; received {folder!r}.")


def _random_state(model):
    """The variables from which dropout is drawn: Keras does not save them with the weights."""
    weights = {id(variable) for variable in model.weights}
    return [variable for variable in model.variables if id(variable) not in weights]


def _load_all_or_nothing(model, path, random):
    variables = [*model.variables, *model.optimizer.variables]
    before = [variable.numpy() for variable in variables]
    try:
        with warnings.catch_warnings():
            # Keras only warns when it leaves a part as it was; half a checkpoint is none.
            warnings.simplefilter("error", UserWarning)
            model.load_weights(path)
        for variable, numbers in zip(_random_state(model), random, strict=True):
            variable.assign(numbers)
    except BaseException:
        for variable, value in zip(variables, before, strict=True):
            variable.assign(value)
        raise


def _number(folder):
    return int(folder.name.removeprefix("checkpoint-"))
