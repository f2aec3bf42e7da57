"""The trainer: what it tells, when it stops, how it resumes, and what survives a crash."""

import dataclasses
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
import types

import numpy as np
import pytest

from rnn_tutor import _checkpoints, _run, objectives, training
from rnn_tutor._checkpoints import Checkpoints
from rnn_tutor._errors import TutorError
from rnn_tutor._keras import keras
from rnn_tutor.images import ImageSet
from rnn_tutor.training import Trainer, TrainingSettings

pytestmark = pytest.mark.filterwarnings("error", "ignore:__array__:DeprecationWarning")
PIXELS = np.random.default_rng(0).integers(0, 256, (20, 4, 4, 1), dtype=np.uint8)


class Copy:
    """The smallest objective: paint the picture again with one dense layer."""

    loss = "mse"

    def build(self, encoder):
        drawn = keras.layers.Reshape((4, 4, 1))(keras.layers.Dense(16)(encoder.output))
        return keras.Model(encoder.input, drawn)

    def embedder(self, encoder, model):
        return encoder

    def batch(self, pixels, rng):
        clean = pixels.astype("float32") / 255
        return clean + 0.1 * rng.standard_normal(clean.shape, dtype="float32"), clean


def small_trainer(epochs=3, batch_size=5, checkpoints=None, width=3, eager=True):
    """Four steps an epoch, each of less than a millisecond's work; eager: no graph to wait for."""
    keras.utils.set_random_seed(0)
    image = keras.Input((4, 4, 1))
    encoder = keras.Model(image, keras.layers.Dense(width)(keras.layers.Flatten()(image)))
    trainer = Trainer(
        encoder, Copy(), PIXELS, epochs=epochs, batch_size=batch_size, checkpoints=checkpoints
    )
    trainer.model.run_eagerly = eager
    return trainer


def eager_trainer(images, settings):
    trainer = Trainer.from_settings(images, settings)
    trainer.model.run_eagerly = True
    return trainer


def recorded(trainer):
    """A list that fills with every `Progress` the trainer tells."""
    told = []
    for event in training.EVENTS:
        trainer.on(event, told.append)
    return told


def weights(trainer):
    return [keras.ops.convert_to_numpy(w) for w in trainer.model.weights]


def optimizer_state(trainer):
    variables = trainer.model.optimizer.variables
    return {v.path: keras.ops.convert_to_numpy(v.value) for v in variables}


def assert_same(a, b):
    for one, other in zip(a, b, strict=True):
        np.testing.assert_array_equal(one, other)


# -- a run ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changes",
    [
        {
            "objective": "contrastive",
            "recurrent": False,
            "augmentation": "none",
            "temperature": 0.2,
        },
        {"objective": "reconstruction", "recurrent": False},
        {"objective": "next_row", "cell": "simple_rnn"},
    ],
    ids=lambda changes: changes["objective"],
)
def test_training_lowers_the_loss(changes):
    rows = np.random.default_rng(0).integers(0, 256, (16, 1, 8, 1), dtype=np.uint8)
    images = ImageSet(np.repeat(rows, 8, axis=1))  # each row is as the row above: predictable
    settings = TrainingSettings(units=8, batch_size=8, epochs=6, learning_rate=0.01, **changes)
    history = eager_trainer(images, settings).run()
    assert len(history["loss"]) == 6
    assert history["loss"][-1] < 0.9 * history["loss"][0]


def test_the_same_seed_gives_the_same_training():
    images = ImageSet(np.repeat(np.repeat(PIXELS, 2, axis=1), 2, axis=2))
    settings = TrainingSettings(units=2, recurrent=False, batch_size=8, epochs=2, seed=3)
    one, again = eager_trainer(images, settings), eager_trainer(images, settings)
    history = one.run()
    assert again.run() == history
    assert_same(weights(one), weights(again))
    other = eager_trainer(images, dataclasses.replace(settings, seed=4, epochs=1)).run()
    assert other["loss"][0] != history["loss"][0]


def test_every_event_is_told_in_order_with_its_numbers():
    trainer = small_trainer(epochs=2)
    told = recorded(trainer)
    history = trainer.run()
    events = [p.event for p in told]
    assert events == ["start", *(["batch"] * 4 + ["epoch"]) * 2, "end"]
    places = [(p.epoch, p.step) for p in told]
    first, second = [(0, s) for s in (1, 2, 3, 4)], [(1, s) for s in (1, 2, 3, 4)]
    assert places == [(0, 0), *first, (1, 4), *second, (2, 4), (2, 4)]
    assert {(p.epochs, p.steps) for p in told} == {(2, 4)}
    assert told[0].loss is None
    assert [p.loss for p in told if p.event == "epoch"] == pytest.approx(history["loss"])
    assert trainer.batch_losses == [p.loss for p in told if p.event == "batch"]
    assert [p.seconds for p in told] == sorted(p.seconds for p in told)


def test_seconds_left_follow_the_clock(monkeypatch):
    """Two seconds a step, and one that builds the graph and takes a hundred."""
    now = types.SimpleNamespace(value=0.0)
    monkeypatch.setattr(_run, "time", types.SimpleNamespace(monotonic=lambda: now.value))
    trainer = small_trainer(epochs=3)
    told = recorded(trainer)
    listener = _run.Listener(trainer)
    listener.set_model(trainer.model)
    listener.on_train_begin()
    for epoch in range(3):
        listener.on_epoch_begin(epoch)
        for step in range(4):
            now.value += 2.0 if (epoch or step) else 100.0
            listener.on_train_batch_end(step, {"loss": 1.0})
        listener.on_epoch_end(epoch, {"loss": 1.0})
    left = [p.seconds_left for p in told if p.event == "batch"]
    assert left == [None, *(2.0 * steps for steps in range(10, -1, -1))]
    assert told[-1].seconds == 100.0 + 11 * 2.0


def test_each_epoch_trains_on_its_own_batches(monkeypatch):
    """What the network was fed, with whatever the backend draws ahead, is what the seed says."""
    fed, drawn = [], []
    trainer = small_trainer(epochs=3, eager=False)
    draw = objectives.Batches.__getitem__

    def recording_draw(self, step):
        batch = draw(self, step)
        drawn.append((self.epoch, batch[0].sum()))
        return batch

    monkeypatch.setattr(objectives.Batches, "__getitem__", recording_draw)

    def sum_of_targets(y, z):
        return keras.ops.sum(y + 0 * z, (1, 2, 3))

    trainer.model.compile(trainer.model.optimizer, loss=sum_of_targets)
    trainer.on("epoch", lambda progress: fed.append(progress.loss))
    trainer.run()
    expected = objectives.Batches(PIXELS, Copy(), 5, seed=0)
    for epoch, mean in enumerate(fed):
        expected.epoch = epoch
        mine = [draw(expected, step) for step in range(4)]
        sums = np.concatenate([targets.sum((1, 2, 3)) for _, targets in mine])
        assert mean == pytest.approx(sums.mean(), rel=1e-5)
        seen = [total for of_epoch, total in drawn if of_epoch == epoch]
        assert seen[-4:] == [inputs.sum() for inputs, _ in mine]


def test_settings_that_make_no_sense_are_refused():
    for changes in (
        {"objective": "labels"},
        {"cell": "rnn"},
        {"augmentation": "shoes"},
        {"units": 0},
        {"batch_size": 0},
        {"epochs": 0},
    ):
        with pytest.raises(TutorError, match=r"There (is|are)|above 0"):
            TrainingSettings(**changes)


@pytest.mark.parametrize("n", [0, 1])
def test_too_few_pictures_are_refused_in_a_sentence(n):
    with pytest.raises(TutorError, match="2 pictures or more"):
        training.train(ImageSet(PIXELS[:n]), recurrent=False, units=2)


def test_two_pictures_can_be_told_apart():
    images = ImageSet(np.repeat(PIXELS[:2], 2, axis=1))
    settings = TrainingSettings(recurrent=False, units=2, epochs=7)
    encoder, history = training.train(images, settings, epochs=1)
    assert encoder.output_shape == (None, 64)  # the projection
    same = eager_trainer(images, dataclasses.replace(settings, epochs=1)).run()
    assert history["loss"] == pytest.approx(same["loss"], rel=1e-4)


def test_an_unknown_event_is_refused_with_the_names_of_the_others():
    with pytest.raises(TutorError, match="start, batch, epoch, stop, end"):
        small_trainer().on("epochs", print)


# -- stopping and going on ------------------------------------------------------------------


def test_stop_ends_within_a_batch_and_run_goes_on_to_all_epochs():
    trainer = small_trainer(epochs=3)
    told = recorded(trainer)
    asked = trainer.on("batch", lambda p: p.epoch == 1 and p.step == 2 and trainer.stop())
    trainer.run()
    assert [p.event for p in told][-2:] == ["stop", "end"]
    assert len(trainer.batch_losses) == 6  # four of the first epoch, two of the second
    assert len(trainer.history["loss"]) == 1
    trainer._listeners["batch"].remove(asked)
    told.clear()
    history = trainer.run()
    assert len(history["loss"]) == 3
    assert [p.event for p in told] == ["start", *(["batch"] * 4 + ["epoch"]) * 2, "end"]
    assert [p.epoch for p in told if p.event == "epoch"] == [2, 3]


def test_stop_from_another_thread_lets_at_most_one_more_batch_pass():
    trainer = small_trainer(epochs=10_000)
    begun, at_stop = threading.Event(), []
    trainer.on("batch", lambda progress: begun.set())
    thread = threading.Thread(target=trainer.run)
    thread.start()
    assert begun.wait(60)
    trainer.stop()
    at_stop.append(len(trainer.batch_losses))
    thread.join(60)
    assert not thread.is_alive()
    assert len(trainer.batch_losses) - at_stop[0] <= 1


def test_stop_between_two_epochs_trains_no_further_batch():
    trainer = small_trainer(epochs=3)
    trainer.on("epoch", lambda progress: trainer.stop())
    trainer.run()
    assert len(trainer.batch_losses) == 4
    assert len(trainer.history["loss"]) == 1


def test_an_interrupt_stops_and_is_no_error():
    trainer = small_trainer(epochs=3)
    told = recorded(trainer)

    def interrupt(progress):
        if progress.epoch == 1:
            raise KeyboardInterrupt

    trainer.on("batch", interrupt)
    history = trainer.run()
    assert [p.event for p in told][-2:] == ["stop", "end"]
    assert len(history["loss"]) == 1
    trainer._listeners["batch"].remove(interrupt)
    assert len(trainer.run()["loss"]) == 3


def test_a_finished_training_has_nothing_left_to_do():
    trainer = small_trainer(epochs=1)
    trainer.run()
    before, told = weights(trainer), recorded(trainer)
    assert len(trainer.run()["loss"]) == 1
    assert [p.event for p in told] == ["start", "end"]
    assert_same(weights(trainer), before)


# -- checkpoints ----------------------------------------------------------------------------


def test_a_training_that_was_taken_up_again_ends_as_if_it_had_never_ended(tmp_path):
    whole = small_trainer(epochs=4)
    whole.run()
    small_trainer(epochs=2, checkpoints=tmp_path).run()
    resumed = small_trainer(epochs=4, checkpoints=tmp_path)
    assert resumed.load_checkpoint() == 2
    resumed.run()
    assert resumed.history == whole.history
    assert_same(weights(resumed), weights(whole))


def test_the_optimizer_is_restored_with_its_moments(tmp_path):
    trainer = small_trainer(epochs=1, checkpoints=tmp_path)
    trainer.run()
    loaded = small_trainer(checkpoints=tmp_path)
    loaded.load_checkpoint()
    before, after = optimizer_state(trainer), optimizer_state(loaded)
    assert int(loaded.model.optimizer.iterations) == 4
    assert len(before) == len(after) > len(trainer.model.trainable_variables)
    assert_same(before.values(), after.values())
    assert any("velocity" in path and moment.any() for path, moment in after.items())


def test_without_a_checkpoint_training_starts_at_the_beginning(tmp_path):
    for folder in (None, tmp_path / "none yet"):
        trainer = small_trainer(checkpoints=folder)
        assert trainer.load_checkpoint() == 0
        assert trainer.history == {"loss": []}


def test_a_checkpoint_of_another_model_is_refused(tmp_path):
    small_trainer(epochs=1, checkpoints=tmp_path).run()
    with pytest.raises(TutorError, match="another model"):
        small_trainer(checkpoints=tmp_path, width=4).load_checkpoint()


def test_a_new_training_in_a_used_folder_is_the_one_that_is_loaded(tmp_path):
    small_trainer(epochs=2, checkpoints=tmp_path).run()
    small_trainer(epochs=1, checkpoints=tmp_path).run()
    assert small_trainer(checkpoints=tmp_path).load_checkpoint() == 1


def test_what_a_stopped_epoch_learnt_is_kept(tmp_path):
    trainer = small_trainer(checkpoints=tmp_path)
    trainer.on("batch", lambda p: p.epoch == 1 and p.step == 2 and trainer.stop())
    trainer.run()
    loaded = small_trainer(checkpoints=tmp_path)
    assert loaded.load_checkpoint() == 1
    assert int(loaded.model.optimizer.iterations) == 6
    assert_same(weights(loaded), weights(trainer))


def test_checkpoints_are_at_least_ten_seconds_apart_and_the_last_state_is_saved(
    tmp_path, monkeypatch
):
    now = types.SimpleNamespace(value=0.0)
    monkeypatch.setattr(_checkpoints, "time", types.SimpleNamespace(monotonic=lambda: now.value))
    trainer, saved = small_trainer(epochs=8, checkpoints=tmp_path), []
    save = trainer.model.save_weights

    def recording_save(path):
        saved.append((now.value, int(trainer.model.optimizer.iterations) // 4))
        save(path)

    def three_seconds_later(progress):
        now.value += 3

    trainer.model.save_weights = recording_save
    trainer.on("epoch", three_seconds_later)
    trainer.run()
    assert saved == [(0.0, 1), (12.0, 5), (24.0, 8)]
    assert len(list(tmp_path.iterdir())) == 1  # older ones are gone


@pytest.mark.parametrize("moment", ["during the weights", "before the history", "at the rename"])
def test_a_failure_while_saving_leaves_the_older_checkpoint(tmp_path, monkeypatch, moment):
    first = small_trainer(epochs=1, checkpoints=tmp_path)
    first.run()
    trainer = small_trainer(epochs=2, checkpoints=tmp_path)
    trainer.load_checkpoint()

    def fail(*args, **kwargs):
        raise OSError("no space left")

    def half_a_file(path):
        path.write_bytes(b"half")
        fail()

    if moment == "during the weights":
        monkeypatch.setattr(trainer.model, "save_weights", half_a_file)
    elif moment == "before the history":
        monkeypatch.setattr(_checkpoints.json, "dumps", fail)
    else:
        monkeypatch.setattr(_checkpoints.Path, "rename", fail)
    with pytest.raises(OSError, match="no space"):
        trainer.run()
    monkeypatch.undo()
    loaded = small_trainer(checkpoints=tmp_path)
    assert loaded.load_checkpoint() == 1
    assert_same(weights(loaded), weights(first))
    loaded.run()  # what the failure left behind is in nobody's way
    assert small_trainer(checkpoints=tmp_path).load_checkpoint() == 3


ENDLESS = """
import sys
sys.path[:0] = sys.argv[2:]
from test_training import small_trainer
from rnn_tutor import _checkpoints
_checkpoints.SECONDS_BETWEEN = 0
small_trainer(epochs=100_000, batch_size=20, checkpoints=sys.argv[1]).run()
"""


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="needs Unix signals")
def test_a_training_that_is_killed_leaves_a_whole_checkpoint(tmp_path):
    """A paused process has written what a killed one would have: one process, many moments."""
    folder, root = tmp_path / "run", os.path.dirname(__file__)
    process = subprocess.Popen(
        [sys.executable, "-c", ENDLESS, folder, root, os.path.dirname(root)],
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + 120
        while not list(folder.glob("checkpoint-*")):
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.02)
        caught = 0  # at writing
        while caught < 3 and time.monotonic() < deadline:
            time.sleep(random.uniform(0.01, 0.06))
            process.send_signal(signal.SIGSTOP)
            os.waitpid(process.pid, os.WUNTRACED)
            moment = shutil.copytree(folder, tmp_path / f"moment-{len(list(tmp_path.iterdir()))}")
            caught += len(list(moment.glob(".draft-*")))
            process.send_signal(signal.SIGCONT)
    finally:
        process.kill()
        process.wait()
    assert caught == 3
    loaded = small_trainer(batch_size=20)
    for moment in [*tmp_path.glob("moment-*"), folder]:
        history = Checkpoints(moment).load(loaded.model)
        assert int(loaded.model.optimizer.iterations) == len(history["loss"])
        assert all(np.isfinite(w).all() for w in weights(loaded))
