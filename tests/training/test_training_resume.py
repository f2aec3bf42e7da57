"""A training that was stopped ends as if it had never been: the same weights, bit for bit."""

import signal
import threading

import numpy as np
import pytest

from rnn_tutor._backend import keras
from rnn_tutor._errors import TutorError
from rnn_tutor.images.imageset import ImageSet
from rnn_tutor.training import objectives
from rnn_tutor.training import trainer as training
from rnn_tutor.training.settings import ClassifierSettings, TrainingSettings
from rnn_tutor.training.trainer import RunCallback, Trainer

pytestmark = pytest.mark.filterwarnings(
    "error",
    "ignore:__array__:DeprecationWarning",
    "ignore::pytest.PytestUnraisableExceptionWarning",  # what an earlier test left unclosed
)
TENSORFLOW = keras.backend.backend() == "tensorflow"

_rng = np.random.default_rng(0)
LABELS = _rng.integers(0, 3, 23)
PIXELS = (_rng.integers(0, 99, (23, 8, 8, 1)) + 70 * LABELS[:, None, None, None]).astype(np.uint8)
IMAGES = ImageSet(PIXELS, LABELS, ("a", "b", "c"))
STEPS, EPOCHS = 3, 3
ALL_STEPS = STEPS * EPOCHS
SIZES = {"units": 3, "batch_size": 7, "epochs": EPOCHS}
EVERY = [
    TrainingSettings(objective, cell, **SIZES)
    for objective in ("contrastive", "reconstruction", "next_row")
    for cell in ("simple_rnn", "gru", "lstm")
] + [
    ClassifierSettings(cell, bidirectional=both, dropout=0.3, **SIZES)
    for cell in ("simple_rnn", "gru", "lstm")
    for both in (False, True)
]


def make_deterministic(yes=True):
    """Lets TensorFlow's operations sum in one order only."""
    if TENSORFLOW:
        from tensorflow.python.framework import config

        (config.enable_op_determinism if yes else config.disable_op_determinism)()


@pytest.fixture(autouse=True, scope="module")
def deterministic():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training, "release_memory", lambda: None)  # would take half the time
        make_deterministic()
        yield
        make_deterministic(False)


def a_trainer(checkpoints=None, dropout=0.3, eager=True, pixels=PIXELS, **changes):
    """The smallest classifier, with dropout; eager: no graph to wait for."""
    keras.utils.set_random_seed(0)
    image = keras.Input((8, 8, 1))
    x = keras.layers.Flatten()(image)
    x = keras.layers.Dropout(dropout)(x) if dropout else x
    model = keras.Model(image, keras.layers.Dense(3, "softmax")(x))
    trainer = Trainer(
        model,
        objectives.Classification(),
        pixels,
        labels=LABELS,
        checkpoints=checkpoints,
        **{"epochs": EPOCHS, "validation": IMAGES[:5], "batch_size": 7, **changes},
    )
    trainer.model.run_eagerly = eager
    return trainer


def place(progress):
    return progress.epoch * progress.steps + progress.step


def stopping(trainer, *places, ask=None):
    """The trainer, which stops after these batches, counted from 1 through all epochs."""
    ask = ask or trainer.stop
    trainer.on("batch", lambda progress: place(progress) in places and ask())
    return trainer


def run_to_the_end(trainer):
    """Runs until all epochs are done; returns in how many runs."""
    runs = 0
    while len(trainer.history["loss"]) < trainer.epochs:
        assert runs <= trainer.epochs * STEPS + 1
        trainer.run()
        runs += 1
    return runs


def everything(trainer):
    """All that a training is: weights, random state, optimizer, history."""
    variables = [*trainer.model.variables, *trainer.model.optimizer.variables]
    arrays = [keras.ops.convert_to_numpy(v) for v in variables]
    return arrays, trainer.history, trainer.batch_losses


def assert_same(one, other):
    (arrays, *numbers), (other_arrays, *other_numbers) = everything(one), everything(other)
    for a, b in zip(arrays, other_arrays, strict=True):
        np.testing.assert_array_equal(a, b)
    assert numbers == other_numbers


def whole(make=a_trainer):
    """A training that was never stopped."""
    trainer = make()
    assert run_to_the_end(trainer) == 1
    assert len(trainer.batch_losses) == ALL_STEPS
    return trainer


@pytest.fixture(scope="module")
def expected():
    return whole()


def name(settings):
    both = "both" if settings.bidirectional else "one"
    return "-".join([getattr(settings, "objective", "classifier"), settings.cell, both])


def check_a_stop_leaves_no_trace(settings, folder):
    """Stopped in an epoch, at its end, and again; taken up by another trainer; in a graph."""
    validation = IMAGES[:5] if isinstance(settings, ClassifierSettings) else None

    def make():
        return Trainer.from_settings(IMAGES, settings, folder, validation)

    expected = whole(make)
    stopped, another = stopping(make(), 1, 3, 5), make()
    while len(stopped.batch_losses) < 5:
        stopped.run()
    assert another.load_checkpoint() == 1
    for trainer in (stopped, another):
        run_to_the_end(trainer)
        assert_same(trainer, expected)


def test_a_stop_leaves_no_trace(tmp_path):
    settings = ClassifierSettings("gru", blocks=2, dropout=0.3, **SIZES)
    check_a_stop_leaves_no_trace(settings, tmp_path)


def test_a_decaying_rate_decays_on_after_a_stop(tmp_path):
    expected = whole(lambda: a_trainer(decay=True))
    stopping(a_trainer(tmp_path, decay=True), ALL_STEPS - 2).run()
    resumed = a_trainer(tmp_path, decay=True)
    resumed.load_checkpoint()
    run_to_the_end(resumed)
    assert_same(resumed, expected)


def test_the_rate_is_held_for_half_the_steps_and_falls_to_nothing():
    trainer, rates = a_trainer(decay=True, epochs=4, learning_rate=0.01), []

    def note(progress):
        rates.append(float(trainer.model.optimizer.learning_rate))

    for event in ("start", "batch"):
        trainer.on(event, note)
    trainer.run()
    steps = np.arange(4 * STEPS + 1) / (4 * STEPS)
    falling = (1 + np.cos(np.pi * (2 * steps - 1))) / 2
    expected = 0.01 * np.where(steps < 0.5, 1, falling)
    assert rates == pytest.approx(expected.tolist(), abs=1e-8)


def test_a_decaying_rate_does_not_waste_a_single_step():
    trainer = a_trainer(decay=True, epochs=1, batch_size=len(PIXELS), validation=None)
    before = trainer.model.get_weights()[0]
    assert len(trainer.run()["loss"]) == len(trainer.batch_losses) == 1
    assert not np.array_equal(trainer.model.get_weights()[0], before)


@pytest.mark.full
@pytest.mark.parametrize("settings", EVERY, ids=name)
def test_a_stop_leaves_no_trace_whatever_is_trained(settings, tmp_path):
    check_a_stop_leaves_no_trace(settings, tmp_path)


def test_a_training_can_be_stopped_at_every_batch(expected):
    stopped, places = stopping(a_trainer(), *range(1, ALL_STEPS + 1)), []
    stopped.on("batch", lambda progress: places.append(place(progress)))
    assert run_to_the_end(stopped) == ALL_STEPS + 1  # the last measures what was trained
    assert places == [*range(1, ALL_STEPS + 1)]
    assert_same(stopped, expected)


def test_what_dropout_is_drawn_from_is_saved(tmp_path):
    stopped = stopping(a_trainer(tmp_path, dropout=0.3), 2)
    stopped.run()
    loaded = a_trainer(tmp_path, dropout=0.3)
    loaded.load_checkpoint()
    now, then = (
        [v.numpy().tolist() for v in t.model.variables if "seed" in v.path]
        for t in (stopped, loaded)
    )
    assert now == then
    assert len(then) == 1


@pytest.mark.parametrize(
    ("changes", "difference"),
    [
        ({"batch_size": 6}, "batch_size 7, and this training with 6"),  # as many batches
        ({"pixels": PIXELS[:22]}, "pictures 23, and this training with 22"),
        ({"pixels": PIXELS[::-1]}, "checksum of the pictures"),
        ({"learning_rate": 0.01}, "learning_rate 0.003, and this training with 0.01"),
        ({"decay": True}, "learning_rate 0.003, and this training with 0.003, falling"),
        ({"seed": 1}, "seed 0, and this training with 1"),
        ({"dropout": 0.5}, r"dropout \[0.3\], and this training with \[0.5\]"),
        ({"dropout": 0}, r"dropout \[0.3\], and this training with \[\]"),
        ({"validation": None}, "history loss, accuracy, val_loss, val_accuracy, and"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_a_checkpoint_of_another_training_is_refused_with_the_difference(
    tmp_path, changes, difference
):
    stopping(a_trainer(tmp_path), 1).run()
    with pytest.raises(TutorError, match=f"was made with {difference}"):
        a_trainer(tmp_path, **changes).load_checkpoint()


@pytest.mark.parametrize("file", ["state.json", "model.weights.h5"])
@pytest.mark.parametrize("share", [None, 0, 0.5], ids=["gone", "empty", "half"])
def test_a_damaged_checkpoint_is_refused_in_a_sentence(tmp_path, file, share):
    stopping(a_trainer(tmp_path), 1).run()
    path = tmp_path / "checkpoint-1" / file
    content = path.read_bytes()
    path.unlink()
    if share is not None:
        path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(TutorError, match="is damaged"):
        a_trainer(tmp_path).load_checkpoint()


def test_a_checkpoint_beyond_the_last_epoch_is_trained_no_further(tmp_path):
    stopping(a_trainer(tmp_path), 5).run()
    shorter = a_trainer(tmp_path)
    shorter.epochs = shorter.load_checkpoint()
    assert len(shorter.run()["loss"]) == 1
    assert len(shorter.batch_losses) == 5


def test_nothing_is_measured_once_a_stop_is_asked(expected, monkeypatch):
    measured = []
    measure = keras.Model.evaluate
    monkeypatch.setattr(
        keras.Model, "evaluate", lambda *a, **k: measured.append(1) or measure(*a, **k)
    )
    stopped = stopping(a_trainer(), 3)
    stopped.run()
    assert not measured
    assert stopped.history["loss"] == []
    stopped.run()
    assert len(measured) == 3
    assert_same(stopped, expected)


def test_a_stop_is_heard_while_the_epoch_is_measured(expected):
    stopped, seen = a_trainer(validation=IMAGES), []
    end_batch = RunCallback.on_test_batch_end

    def count(listener, batch, logs=None):
        seen.append(batch)
        if len(seen) == 2:
            stopped.stop()
        end_batch(listener, batch, logs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(RunCallback, "on_test_batch_end", count)
        stopped.run()
    assert seen == [0, 1]
    assert len(stopped.batch_losses) == 3
    assert stopped.history["loss"] == []
    stopped.run()
    for name in ("loss", "accuracy"):
        assert stopped.history[name] == expected.history[name]
    assert len(stopped.history["val_loss"]) == 3


def test_what_is_measured_outside_is_in_nobodys_way(expected):
    stopped = stopping(a_trainer(), 2)
    stopped.run()
    stopped.model.evaluate(PIXELS / 255.0, LABELS, verbose=0)
    starts = []
    stopped.on("start", lambda progress: starts.append(1) or len(starts) > 1 or stopped.stop())
    stopped.run()
    stopped.run()
    assert_same(stopped, expected)


def test_progress_goes_on_too():
    stopped, reports = stopping(a_trainer(), 2), []
    stopped.run()
    for event in training.EVENTS:
        stopped.on(event, reports.append)
    stopped.run()
    assert [p.event for p in reports][:4] == ["start", "batch", "epoch", "batch"]
    assert [(p.epoch, p.step) for p in reports][:4] == [(0, 2), (0, 3), (1, 3), (1, 1)]
    assert reports[0].loss is None
    assert reports[1].loss == stopped.history["loss"][0]
    assert reports[1].accuracy == stopped.history["accuracy"][0]
    assert reports[1].seconds_left is None
    assert reports[3].seconds_left > reports[-1].seconds_left == 0


# -- interrupts -----------------------------------------------------------------------------


def interrupt():
    signal.raise_signal(signal.SIGINT)


@pytest.fixture
def heard():
    """Interrupts are heard, also where a shell has started the tests in the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_an_interrupt_lets_the_batch_finish(expected, heard):
    before = signal.getsignal(signal.SIGINT)
    stopped, events = stopping(a_trainer(), 2, ask=interrupt), []
    for event in training.EVENTS:
        stopped.on(event, lambda progress: events.append(progress.event))
    stopped.run()
    assert events == ["start", "batch", "batch", "stop", "end"]
    assert signal.getsignal(signal.SIGINT) is before
    stopped.run()
    assert_same(stopped, expected)


@pytest.mark.parametrize(
    ("moment", "at"),
    [
        ("on_train_batch_begin", 2),
        ("on_train_batch_end", 1),
        ("on_train_batch_end", 3),
        ("on_epoch_end", 1),
    ],
)
def test_a_second_interrupt_breaks_in_and_loses_nothing(expected, moment, at):
    """Before a batch, between its weights and the report on it, and at the end of an epoch."""
    stopped, calls = a_trainer(), []
    callback = getattr(RunCallback, moment)

    def breaking(*arguments, **named):
        calls.append(1)
        if len(calls) == at:
            interrupt()
            interrupt()
        callback(*arguments, **named)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(RunCallback, moment, breaking)
        stopped.run()
    assert len(stopped.batch_losses) == int(stopped.model.optimizer.iterations) <= ALL_STEPS
    run_to_the_end(stopped)
    assert_same(stopped, expected)


def test_an_error_of_a_listener_loses_nothing(expected):
    stopped = a_trainer()

    def fail(progress):
        if place(progress) == 4 and not failed:
            failed.append(1)
            raise OSError("no space left")

    failed = []
    stopped.on("batch", fail)
    with pytest.raises(OSError, match="no space"):
        stopped.run()
    stopped.run()
    assert_same(stopped, expected)


# -- within one batch -----------------------------------------------------------------------


def test_a_stop_is_heard_within_a_batch_once_the_graph_is_built():
    trainer, begun = a_trainer(eager=False), threading.Event()
    trainer.epochs = 100_000
    trainer.on("batch", lambda progress: begun.set())
    for _ in range(3):  # again, after it went on
        begun.clear()
        thread = threading.Thread(target=trainer.run)
        thread.start()
        assert begun.wait(60)
        trainer.stop()
        trained = len(trainer.batch_losses)
        thread.join(60)
        assert not thread.is_alive()
        assert len(trainer.batch_losses) - trained <= 1
