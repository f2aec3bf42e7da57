"""A training that is killed at any moment leaves a checkpoint that loads, and goes on from it."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from test_training_resume import STEPS, a_trainer, assert_same, everything, make_deterministic

pytestmark = [
    pytest.mark.filterwarnings(
        "error",
        "ignore:__array__:DeprecationWarning",
        "ignore::pytest.PytestUnraisableExceptionWarning",  # what an earlier test left unclosed
    ),
    pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="needs Unix signals"),
]


@pytest.fixture(autouse=True, scope="module")
def deterministic():
    make_deterministic()
    yield
    make_deterministic(False)


ROOT = os.path.dirname(__file__)

# Trains on from the newest checkpoint, and saves one after each batch.
TRAINING = """
import sys
sys.path[:0] = sys.argv[3:]
from test_training_resume import a_trainer, make_deterministic
from rnn_tutor.training import checkpoints
checkpoints.SECONDS_BETWEEN = 0
make_deterministic()
trainer = a_trainer(sys.argv[1])
trainer.epochs = int(sys.argv[2])
trainer.load_checkpoint()
trainer.run()
"""


def training(folder, epochs):
    """A process that trains."""
    return subprocess.Popen(
        [sys.executable, "-c", TRAINING, folder, str(epochs), ROOT, os.path.dirname(ROOT)],
        stderr=subprocess.DEVNULL,
    )


def wait_for_checkpoint(process, folder, number):
    """Until there is a checkpoint of this number or a higher one."""
    deadline = time.monotonic() + 900
    while newest(folder) < number and process.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def newest(folder):
    return max((int(f.name.split("-")[1]) for f in folder.glob("checkpoint-*")), default=0)


def moments_of(process, folder, copies):
    """Copies the folder at ten moments, at three of them at least while it is written to.

    A paused process has written what a killed one would have: one process, many moments.
    """
    at_writing, chance = 0, random.Random(0)
    deadline = time.monotonic() + 900
    while len(list(copies.glob("*"))) < 10 or at_writing < 3:
        assert time.monotonic() < deadline
        time.sleep(chance.uniform(0, 0.08))
        process.send_signal(signal.SIGSTOP)
        os.waitpid(process.pid, os.WUNTRACED)
        copy = shutil.copytree(folder, copies / str(len(list(copies.glob("*")))))
        at_writing += len(list(copy.glob(".draft-*")))
        process.send_signal(signal.SIGCONT)
    return sorted(copies.iterdir())


@pytest.mark.full
def test_whenever_a_training_is_killed_its_checkpoint_is_whole(tmp_path):
    """Each holds what a training that was never killed had after as many steps."""
    folder, copies = tmp_path / "run", tmp_path / "copies"
    copies.mkdir()
    process = training(folder, 100_000)
    try:
        wait_for_checkpoint(process, folder, 1)
        moments = [*moments_of(process, folder, copies), folder]
    finally:
        process.kill()
        process.wait()
    loaded = {}
    for moment in moments:
        trainer = a_trainer(moment)
        epochs = trainer.load_checkpoint()
        assert not list(moment.glob(".draft-*")), "what was half written is cleared away"
        arrays, _, losses = everything(trainer)
        assert 0 <= len(losses) - epochs * STEPS <= STEPS
        loaded[len(losses)] = arrays
    expected = a_trainer()
    expected.epochs = max(loaded) // STEPS + 1
    expected.on("batch", lambda progress: compare(expected, loaded))
    expected.run()
    assert not loaded, "a step that no training takes"


def compare(trainer, loaded):
    if arrays := loaded.pop(len(trainer.batch_losses), None):
        for a, b in zip(arrays, everything(trainer)[0], strict=True):
            np.testing.assert_array_equal(a, b)


@pytest.mark.full
def test_a_training_that_is_killed_again_and_again_ends_as_another(tmp_path):
    chance, expected = random.Random(0), a_trainer()
    expected.epochs = 60
    expected.run()
    for _ in range(20):
        process = training(tmp_path, expected.epochs)
        wait_for_checkpoint(process, tmp_path, newest(tmp_path) + chance.randint(1, 4))
        time.sleep(chance.uniform(0, 0.03))
        process.kill()
        process.wait()
    last = a_trainer(tmp_path)
    last.epochs = expected.epochs
    last.load_checkpoint()
    assert len(last.batch_losses) > 0
    last.run()
    assert_same(last, expected)
