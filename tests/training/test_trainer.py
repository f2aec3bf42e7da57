"""The trainer: what it tells, when it stops, and the checkpoints it leaves.

That nothing is lost at a stop stands in test_training_resume.py, and that nothing is at a kill in
test_checkpoints_killed.py.
"""

import dataclasses
import gc
import json
import subprocess
import sys
import threading
import time
import types
from pathlib import Path

import numpy as np
import pytest

from rnn_tutor._backend import keras
from rnn_tutor._errors import NeedsLabels, TutorError
from rnn_tutor.images.augmentation import PRESETS
from rnn_tutor.images.imageset import ImageSet
from rnn_tutor.networks import models
from rnn_tutor.training import checkpoints, objectives
from rnn_tutor.training import trainer as training
from rnn_tutor.training.settings import ClassifierSettings, TrainingSettings
from rnn_tutor.training.trainer import Trainer

try:
    import resource
except ImportError:  # Windows
    resource = None

pytestmark = pytest.mark.filterwarnings(
    "error",
    "ignore:__array__:DeprecationWarning",
    "ignore::pytest.PytestUnraisableExceptionWarning",  # what an earlier test left unclosed
)
PIXELS = np.random.default_rng(0).integers(0, 256, (20, 4, 4, 1), dtype=np.uint8)


class Copy(objectives.Objective):
    """The smallest objective: paint the picture again with one dense layer."""

    loss = "mse"

    def build(self, encoder):
        drawn = keras.layers.Reshape((4, 4, 1))(keras.layers.Dense(16)(encoder.output))
        return keras.Model(encoder.input, drawn)

    def batch(self, pixels, rng):
        clean = pixels.astype("float32") / 255
        return clean + 0.1 * rng.standard_normal(clean.shape, dtype="float32"), clean


def small_trainer(epochs=3, batch_size=5, checkpoints=None, width=3, eager=True, trainable=True):
    """Four steps an epoch, each of less than a millisecond's work; eager: no graph to wait for."""
    keras.utils.set_random_seed(0)
    image = keras.Input((4, 4, 1))
    encoder = keras.Model(image, keras.layers.Dense(width)(keras.layers.Flatten()(image)))
    encoder.trainable = trainable
    trainer = Trainer(
        encoder, Copy(), PIXELS, epochs=epochs, batch_size=batch_size, checkpoints=checkpoints
    )
    trainer.model.run_eagerly = eager
    return trainer


def eager_trainer(images, settings, **how):
    trainer = Trainer.from_settings(images, settings, **how)
    trainer.model.run_eagerly = True
    return trainer


def recorded(trainer):
    """A list that fills with every `Progress` the trainer tells."""
    reports = []
    for event in training.EVENTS:
        trainer.on(event, reports.append)
    return reports


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


KINDS = np.arange(20) % 3
LABELLED = ImageSet((PIXELS // 4 + 80 * KINDS[:, None, None, None]).astype(np.uint8), KINDS)
QUICK = ClassifierSettings(
    "simple_rnn", 8, blocks=1, learning_rate=0.01, batch_size=5, epochs=6, dropout=0.2
)


def test_training_with_labels_names_pictures_and_measures_on_others():
    trainer, reports = eager_trainer(LABELLED[:15], QUICK, validation=LABELLED[15:]), []
    trainer.on("epoch", reports.append)
    history = trainer.run()
    assert list(history) == ["loss", "accuracy", "val_loss", "val_accuracy"]
    assert {len(numbers) for numbers in history.values()} == {6}
    assert history["accuracy"][-1] > 0.7 > history["accuracy"][0]
    assert [p.accuracy for p in reports] == pytest.approx(history["accuracy"])
    probabilities = models.embed(trainer.encoder, LABELLED[15:])
    named, labels = probabilities.argmax(axis=1), LABELLED.labels[15:]
    assert history["val_accuracy"][-1] == pytest.approx((named == labels).mean())
    surprise = -np.log(probabilities[np.arange(5), labels]).mean()
    assert history["val_loss"][-1] == pytest.approx(surprise, rel=1e-4)


def test_measuring_changes_nothing_of_the_training():
    quick = dataclasses.replace(QUICK, epochs=2)
    with_others, alone = (eager_trainer(LABELLED, quick, validation=v) for v in (LABELLED, None))
    with_others.run()
    alone.run()
    assert list(alone.history) == ["loss", "accuracy"]
    assert all(with_others.history[name] == alone.history[name] for name in alone.history)
    assert_same(weights(with_others), weights(alone))


def test_a_classifier_needs_labels_in_either_set():
    with pytest.raises(NeedsLabels, match="label"):
        Trainer.from_settings(LABELLED.without_labels(), QUICK)
    with pytest.raises(NeedsLabels, match="label"):
        Trainer.from_settings(LABELLED, QUICK, validation=LABELLED.without_labels())


def test_the_one_line_trains_a_classifier_too():
    classifier, history = training.train(LABELLED, QUICK, validation=LABELLED, epochs=1)
    assert classifier.output_shape == (None, 3)
    assert len(history["val_accuracy"]) == 1


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
    reports = recorded(trainer)
    history = trainer.run()
    events = [p.event for p in reports]
    assert events == ["start", *(["batch"] * 4 + ["epoch"]) * 2, "end"]
    places = [(p.epoch, p.step) for p in reports]
    first, second = [(0, s) for s in (1, 2, 3, 4)], [(1, s) for s in (1, 2, 3, 4)]
    assert places == [(0, 0), *first, (1, 4), *second, (2, 4), (2, 4)]
    assert {(p.epochs, p.steps) for p in reports} == {(2, 4)}
    assert reports[0].loss is None
    assert [p.loss for p in reports if p.event == "epoch"] == pytest.approx(history["loss"])
    assert trainer.batch_losses == [p.loss for p in reports if p.event == "batch"]
    assert [p.seconds for p in reports] == sorted(p.seconds for p in reports)


def test_seconds_left_follow_the_clock(monkeypatch):
    """Two seconds a step, and one that builds the graph and takes a hundred."""
    now = types.SimpleNamespace(value=0.0)
    monkeypatch.setattr(training, "time", types.SimpleNamespace(monotonic=lambda: now.value))
    trainer, train = small_trainer(epochs=3), keras.Model.train_on_batch

    def train_slowly(self, *batch):
        now.value += 2.0 if trainer.batch_losses else 100.0
        return train(self, *batch)

    monkeypatch.setattr(keras.Model, "train_on_batch", train_slowly)
    reports = recorded(trainer)
    trainer.run()
    left = [p.seconds_left for p in reports if p.event == "batch"]
    assert left == [None, *(2.0 * steps for steps in range(10, -1, -1))]
    assert reports[-1].seconds == 100.0 + 11 * 2.0


def test_each_epoch_trains_on_its_own_batches():
    """What the network was fed, with whatever is prepared ahead, is what the seed says."""
    fed = []
    trainer = small_trainer(epochs=3, eager=False)

    def sum_of_targets(y, z):
        return keras.ops.sum(y + 0 * z, (1, 2, 3))

    trainer.model.compile(trainer.model.optimizer, loss=sum_of_targets)
    trainer.on("batch", lambda progress: fed.append(progress.loss * progress.step))
    trainer.run()
    expected = objectives.Batches(PIXELS, Copy(), 5, seed=0)
    for number, total in enumerate(fed):
        epoch, step = divmod(number, 4)
        _, targets = expected.draw(epoch, step)
        before = fed[number - 1] if step else 0.0
        assert total - before == pytest.approx(targets.sum((1, 2, 3)).mean(), rel=1e-4)


def test_the_next_batch_is_prepared_while_one_is_trained_on():
    """One batch ahead and no more, on another thread; none is drawn in vain at the end."""
    drawn, threads = [], set()

    class Watched(Copy):
        def batch(self, pixels, rng):
            drawn.append(len(trainer.batch_losses))
            threads.add(threading.current_thread())
            return super().batch(pixels, rng)

    keras.utils.set_random_seed(0)
    image = keras.Input((4, 4, 1))
    encoder = keras.Model(image, keras.layers.Dense(3)(keras.layers.Flatten()(image)))
    trainer = Trainer(encoder, Watched(), PIXELS, epochs=2, batch_size=5)
    trainer.model.run_eagerly = True
    trainer.on("batch", lambda progress: time.sleep(0.02))
    trainer.run()
    assert len(drawn) == 8
    assert all(number - 1 <= trained <= number for number, trained in enumerate(drawn))
    assert len(threads) == 2


def test_settings_that_make_no_sense_are_refused():
    for kind, changes in (
        (TrainingSettings, {"objective": "labels"}),
        (TrainingSettings, {"cell": "rnn"}),
        (TrainingSettings, {"augmentation": "shoes"}),
        (TrainingSettings, {"units": 0}),
        (TrainingSettings, {"batch_size": 0}),
        (TrainingSettings, {"epochs": 0}),
        (ClassifierSettings, {"cell": "rnn"}),
        (ClassifierSettings, {"learning_rate": 0}),
        (ClassifierSettings, {"blocks": 4}),
        (ClassifierSettings, {"dropout": 1.0}),
    ):
        with pytest.raises(TutorError, match=r"There (is|are)|from 1|above 0|1, 2 or 3|below 1"):
            kind(**changes)


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
    reports = recorded(trainer)
    asked = []

    def stop_once(progress):
        if (progress.epoch, progress.step) == (1, 2) and not asked:
            asked.append(progress)
            trainer.stop()

    trainer.on("batch", stop_once)
    trainer.run()
    assert [p.event for p in reports][-2:] == ["stop", "end"]
    assert len(trainer.batch_losses) == 6  # four of the first epoch, two of the second
    assert len(trainer.history["loss"]) == 1
    reports.clear()
    history = trainer.run()
    assert len(history["loss"]) == 3
    rest = ["batch"] * 2 + ["epoch"] + ["batch"] * 4 + ["epoch"]
    assert [p.event for p in reports] == ["start", *rest, "end"]
    assert [p.epoch for p in reports if p.event == "epoch"] == [2, 3]


def test_stop_between_two_epochs_trains_no_further_batch():
    trainer = small_trainer(epochs=3)
    trainer.on("epoch", lambda progress: trainer.stop())
    trainer.run()
    assert len(trainer.batch_losses) == 4
    assert len(trainer.history["loss"]) == 1


def test_an_interrupt_stops_and_is_no_error():
    trainer = small_trainer(epochs=3)
    reports, interrupted = recorded(trainer), []

    def interrupt(progress):
        if progress.epoch == 1 and not interrupted:
            interrupted.append(progress)
            raise KeyboardInterrupt

    trainer.on("batch", interrupt)
    history = trainer.run()
    assert [p.event for p in reports][-2:] == ["stop", "end"]
    assert len(history["loss"]) == 1
    assert len(trainer.run()["loss"]) == 3


def test_a_finished_training_has_nothing_left_to_do():
    trainer = small_trainer(epochs=1)
    trainer.run()
    before, reports = weights(trainer), recorded(trainer)
    assert len(trainer.run()["loss"]) == 1
    assert [p.event for p in reports] == ["start", "end"]
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


@pytest.mark.parametrize("changes", [{"width": 4}, {"trainable": False}])
def test_a_checkpoint_of_another_model_is_refused_and_changes_nothing(tmp_path, changes):
    small_trainer(epochs=1, checkpoints=tmp_path).run()
    other = small_trainer(checkpoints=tmp_path, **changes)
    before = [*weights(other), *optimizer_state(other).values()]
    with pytest.raises(TutorError, match="another model"):
        other.load_checkpoint()
    assert_same(before, [*weights(other), *optimizer_state(other).values()])


def test_a_checkpoint_of_another_objective_is_refused(tmp_path):
    images = ImageSet(np.repeat(PIXELS, 2, axis=1))
    settings = TrainingSettings("reconstruction", recurrent=False, units=2, epochs=1)
    Trainer.from_settings(images, settings, tmp_path).run()
    other = dataclasses.replace(settings, noise=0.3)
    with pytest.raises(TutorError, match=r"Reconstruction\(noise=0.2\), and this training with"):
        Trainer.from_settings(images, other, tmp_path).load_checkpoint()


def test_what_else_lies_in_the_folder_is_left_alone(tmp_path):
    others = {"checkpoint-1.zip", "checkpoint-1 - Copy", "notes"}
    for name in others:
        (tmp_path / name).mkdir()
    small_trainer(epochs=1, checkpoints=tmp_path).run()
    assert small_trainer(checkpoints=tmp_path).load_checkpoint() == 1
    (ours,) = {path.name for path in tmp_path.iterdir()} - others  # the newest; a slow machine
    assert ours.removeprefix("checkpoint-").isdecimal()  # saves within the epoch, too
    assert others < {path.name for path in tmp_path.iterdir()}


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


def trained_by_the_clock(folder, monkeypatch, seconds):
    """A training whose batches take these seconds: when it was saved, and after how many steps."""
    now, saved = types.SimpleNamespace(value=0.0), []
    monkeypatch.setattr(checkpoints, "time", types.SimpleNamespace(monotonic=lambda: now.value))
    trainer = small_trainer(epochs=len(seconds) // 4, checkpoints=folder)
    save, took = trainer.model.save_weights, iter(seconds)

    def recording_save(path):
        saved.append((now.value, int(trainer.model.optimizer.iterations)))
        save(path)

    def later(progress):
        now.value += next(took)

    monkeypatch.setattr(trainer.model, "save_weights", recording_save)
    trainer.on("batch", later)
    trainer.run()
    return saved


def test_a_checkpoint_is_saved_every_five_seconds_and_at_the_end(tmp_path, monkeypatch):
    saved = trained_by_the_clock(tmp_path, monkeypatch, [1.0] * 12)
    assert saved == [(5.0, 5), (10.0, 10), (12.0, 12)]
    assert len(list(tmp_path.iterdir())) == 1  # older ones are gone


@pytest.mark.parametrize("batch", [0.7, 4.9, 6.0, 20.0])
def test_at_most_ten_seconds_or_an_epoch_can_be_lost(tmp_path, monkeypatch, batch):
    saved = trained_by_the_clock(tmp_path, monkeypatch, [batch] * 24)
    moments = [0.0, *(moment for moment, _ in saved)]
    assert max(np.diff(moments)) <= max(10, 4 * batch)
    assert saved[-1] == (pytest.approx(24 * batch), 24)
    assert len(set(saved)) == len(saved)  # none twice


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
        monkeypatch.setattr(checkpoints.Path, "write_text", fail)
    else:
        monkeypatch.setattr(checkpoints.Path, "rename", fail)
    with pytest.warns(UserWarning, match="No checkpoint could be saved.*no space"):
        trainer.run()
    assert len(trainer.history["loss"]) == 2  # it trained on
    monkeypatch.undo()
    loaded = small_trainer(checkpoints=tmp_path)
    assert loaded.load_checkpoint() == 1
    assert_same(weights(loaded), weights(first))
    loaded.run()  # what the failure left behind is in nobody's way
    assert small_trainer(checkpoints=tmp_path).load_checkpoint() == 3


FULL_DISK = """
import resource, sys, warnings
sys.path[:0] = sys.argv[2:]
from test_trainer import checkpoints, small_trainer
checkpoints.SECONDS_BETWEEN = 0
trainer = small_trainer(epochs=2, checkpoints=sys.argv[1])
limits = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (2_000, limits[1]))
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    trainer.run()
resource.setrlimit(resource.RLIMIT_FSIZE, limits)
assert not list(checkpoints.Path(sys.argv[1]).glob("*")), "half written"
assert len(trainer.history["loss"]) == 2
assert any("No checkpoint could be saved" in str(warning.message) for warning in caught)
trainer.epochs = 3
trainer.run()
assert small_trainer(checkpoints=sys.argv[1]).load_checkpoint() == 3, "there was room again"
"""


@pytest.mark.full
@pytest.mark.skipif(resource is None, reason="needs Unix limits")
def test_a_full_disk_ends_no_training(tmp_path):
    """No file may grow beyond 2 kB; h5py itself would crash the process."""
    here = Path(__file__).parent
    command = [sys.executable, "-c", FULL_DISK, tmp_path, here, here.parent]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "h5py" not in done.stderr


def test_checkpoints_go_into_a_folder(tmp_path):
    (tmp_path / "file").write_text("")
    for wrong in (tmp_path / "file", True, 3):
        with pytest.raises(TutorError, match="must be a folder"):
            small_trainer(checkpoints=wrong)


@pytest.mark.parametrize("gone", ["history", "batch_means", "random", "settings"])
def test_a_checkpoint_with_a_part_missing_is_refused_and_changes_nothing(tmp_path, gone):
    small_trainer(epochs=1, checkpoints=tmp_path).run()
    path = tmp_path / "checkpoint-1" / "state.json"
    path.write_text(
        json.dumps({k: v for k, v in json.loads(path.read_text()).items() if k != gone})
    )
    trainer = small_trainer(checkpoints=tmp_path)
    before = weights(trainer)
    with pytest.raises(TutorError, match="is damaged"):
        trainer.load_checkpoint()
    assert_same(weights(trainer), before)


# -- what a trainer takes -------------------------------------------------------------------


class Subclassed(keras.Model):
    def __init__(self, units):
        super().__init__()
        self.flat, self.dense = keras.layers.Flatten(), keras.layers.Dense(units, "softmax")

    def call(self, images):
        return self.dense(self.flat(images))


def sequential(units, *first):
    flat, dense = keras.layers.Flatten(), keras.layers.Dense(units, "softmax")
    return keras.Sequential([*first, flat, dense])


@pytest.mark.parametrize(
    "make",
    [sequential, lambda units: sequential(units, keras.Input((4, 4, 1))), Subclassed],
    ids=["sequential", "sequential with input", "subclass"],
)
@pytest.mark.parametrize(
    "objective",
    [
        objectives.Classification(),
        objectives.Reconstruction(),
        objectives.Contrastive(PRESETS["none"]),
    ],
    ids=lambda objective: type(objective).__name__,
)
def test_any_keras_model_can_be_trained(make, objective):
    model = make(3)
    trainer = Trainer(model, objective, LABELLED, epochs=1, batch_size=10)
    trainer.model.run_eagerly = True
    assert len(trainer.run()["loss"]) == 1
    width = 64 if isinstance(objective, objectives.Contrastive) else 3
    assert models.embed(trainer.encoder, LABELLED).shape == (20, width)
    assert models.embed(model, LABELLED).shape == (20, 3)  # its weights are those that were trained


def test_an_image_set_brings_its_labels_and_floats_are_pixels():
    made = []
    for images, labels in (
        (LABELLED, None),
        (LABELLED.pixels, KINDS),
        (LABELLED.as_float(), KINDS),
    ):
        keras.utils.set_random_seed(0)
        trainer = Trainer(
            sequential(3),
            objectives.Classification(),
            images,
            labels=labels,
            epochs=1,
            batch_size=10,
        )
        trainer.model.run_eagerly = True
        trainer.run()
        made.append(weights(trainer))
    assert_same(made[0], made[1])
    for a, b in zip(made[0], made[2], strict=True):
        np.testing.assert_allclose(a, b, atol=1e-6)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"epochs": 1.5}, "epochs must be a whole number from 1; received 1.5"),
        ({"epochs": True}, "epochs must be a whole number"),
        ({"batch_size": 0}, "batch_size must be a whole number from 1; received 0"),
        ({"batch_size": 2.5}, "batch_size must be a whole number"),
        ({"learning_rate": -1}, "learning_rate must be a number above 0"),
        ({"learning_rate": float("nan")}, "learning_rate must be a number above 0"),
        ({"seed": -1}, "seed must be a whole number from 0"),
        ({"labels": KINDS[:5]}, "label for each of 20 pictures"),
        ({"labels": KINDS / 1}, "received float64"),
        ({"labels": KINDS + 1}, "distinguishes 3 classes.*from 1 to 3"),
        ({"images": LABELLED.pixels * 1.0}, "give `pixels / 255`"),
        (
            {"images": LABELLED.resized(8, 4)},
            "reads pictures of 4 x 4 x 1; received 8 x 4 x 1",
        ),
        ({"validation": LABELLED.resized(5, 4)}, "reads pictures of 4 x 4 x 1; received 5 x 4 x 1"),
        ({"encoder": print}, "Expected a Keras model"),
        (
            {"encoder": keras.Sequential([keras.Input((4, 4, 1)), keras.layers.Conv2D(2, 3)])},
            "one vector",
        ),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_what_a_trainer_cannot_use_is_refused_in_a_sentence(changes, words):
    usual = {"encoder": sequential(3, keras.Input((4, 4, 1))), "images": LABELLED, "epochs": 1}
    how = usual | changes
    with pytest.raises(TutorError, match=words):
        Trainer(how.pop("encoder"), objectives.Classification(), how.pop("images"), **how)


def test_the_next_row_needs_an_encoder_that_keeps_a_state_for_each_row():
    with pytest.raises(TutorError, match="a state for each row"):
        Trainer(sequential(3), objectives.NextRow(), PIXELS, epochs=1)


def test_the_graph_of_a_training_goes_with_its_model():
    """TensorFlow's, that is: other backends keep none."""

    def graphs():
        gc.collect()
        return sum(type(o).__name__ == "FuncGraph" for o in gc.get_objects())

    def train():
        small_trainer(epochs=1, eager=False).run()

    train()
    before = graphs()
    for _ in range(3):
        train()
    assert graphs() <= before
