"""Checkpoints of a training: each is written atomically, and the newest is kept."""

import json
import math
import os
import shutil
import time
import warnings
from pathlib import Path

from rnn_tutor._errors import TutorError
from rnn_tutor.training import processes

SECONDS_BETWEEN = 5  # checkpoints; a kill loses no more than this and a batch


class Checkpoints:
    """The checkpoints of one training, in a folder of their own.

    Each is a folder `checkpoint-N` with the weights, the optimizer, the random state and the
    trainer's history. A draft gets that name by one rename when it is complete. A checkpoint is
    therefore complete, whenever the program is killed.

    Where several processes train together (see `processes`), each has the same weights, and the
    first one writes them. All of them load.

    Args:
        folder: A folder for this training and no other, str or path. Several processes share it.
        settings: `{name: str}`. A checkpoint that was made with other settings is not loaded.

    Raises:
        TutorError: `folder` cannot be a folder.

    Example:
        >>> Checkpoints("checkpoints", {"seed": "0"}).due()
        False
    """

    def __init__(self, folder, settings):
        check_folder(folder)
        self.folder, self.settings = Path(folder), settings
        self._saved_at, self._saved = time.monotonic(), None

    def due(self):
        """Return True where the last checkpoint is `SECONDS_BETWEEN` seconds old or older."""
        return time.monotonic() - self._saved_at >= SECONDS_BETWEEN

    def save(self, model, state):
        """Save a checkpoint, unless nothing changed since the last one.

        Where it cannot be written, as on a full disk, there is a warning, and the last checkpoint
        stays.

        Args:
            model: A compiled Keras model.
            state: A dict that JSON can hold.
        """
        if processes.shares()[1] > 0:  # the first process saves
            return
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
        # Test first that the disk has room: where h5py runs out of it, the process may crash later.
        numbers = sum(math.prod(v.shape) for v in [*model.variables, *model.optimizer.variables])
        test_file = draft / "test"
        test_file.write_bytes(bytes(8 * numbers + 2**18))
        test_file.unlink()
        with processes.by_itself():
            model.save_weights(draft / "model.weights.h5")
        (draft / "state.json").write_text(text)
        older = self._complete()
        draft.rename(self.folder / f"checkpoint-{_number(older[-1]) + 1 if older else 1}")
        for folder in older:
            shutil.rmtree(folder, ignore_errors=True)

    def load(self, model, names):
        """Load the newest checkpoint into `model`, which must be compiled the same way.

        Args:
            model: A compiled Keras model.
            names: Keys of the saved dict, a list of str.

        Returns:
            A dict with these keys; None when there is no checkpoint.

        Raises:
            TutorError: The checkpoint is damaged, or comes from another model or other settings.
                `model` is unchanged. Or the processes that train together see different ones.
        """
        for draft in self.folder.glob(".draft-*"):  # left by trainings that were killed
            shutil.rmtree(draft, ignore_errors=True)
        saved = self._complete()
        processes.check_equal(
            saved[-1].name if saved else None,
            f"All processes must see the same checkpoints in {self.folder}: choose a folder that "
            "the machines share.",
        )
        if not saved:
            return None
        try:
            text = (saved[-1] / "state.json").read_text()
            state = json.loads(text)
            for name, now in self.settings.items():
                if (then := state["settings"][name]) != now:
                    raise self._load_error(
                        f"was made with {name} {then}, and this training with {now}"
                    )
            parts = {name: state[name] for name in names}
            _load_all_or_nothing(model, saved[-1] / "model.weights.h5", state["random"])
        except TutorError:
            raise
        except (OSError, RuntimeError, LookupError, TypeError, ValueError, UserWarning) as problem:
            raise self._load_error("is damaged, or of another model") from problem
        self._saved = int(model.optimizer.iterations), text
        return parts

    def _load_error(self, what):
        return TutorError(
            f"The checkpoint in {self.folder} {what}. Train with the settings it was made with, or "
            "choose another folder."
        )

    def _complete(self):
        """Return the folders of complete checkpoints, oldest first; a zip or a copy is none."""
        named = self.folder.glob("checkpoint-*")
        return sorted((f for f in named if f.name.split("-", 1)[1].isdecimal()), key=_number)


def check_folder(folder):
    """Check that `folder` can be a folder of checkpoints.

    Args:
        folder: A str or path; None is refused, too.

    Raises:
        TutorError: It is something else, or the path of a file.
    """
    if not isinstance(folder, str | os.PathLike) or Path(folder).is_file():
        raise TutorError(f"checkpoints must be a folder, or None; received {folder!r}.")


def _random_state(model):
    """Return the variables that dropout draws from: Keras does not save them with the weights."""
    weights = {id(variable) for variable in model.weights}
    return [variable for variable in model.variables if id(variable) not in weights]


def _load_all_or_nothing(model, path, random):
    variables = [*model.variables, *model.optimizer.variables]
    before = [variable.numpy() for variable in variables]
    try:
        with warnings.catch_warnings():
            # Keras only warns when it leaves a part unchanged; that must be an error.
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
