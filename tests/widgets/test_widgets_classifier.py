"""The training panel for classifiers: it and the plain Keras that it shows do the same."""

import random
import re
from dataclasses import fields, replace

import numpy as np
import pytest
from support import panels as seen
from support.contract import nameless
from support.panels import control
from support.running import stop_after

import rnn_tutor as rt
from rnn_tutor import plots
from rnn_tutor._backend import keras
from rnn_tutor.training.settings import ClassifierSettings
from rnn_tutor.widgets import ClassifierPanel, _running

QUICK = ClassifierSettings(units=8, blocks=1, learning_rate=0.02, batch_size=20, epochs=3)


def some_images(n=120, seed=0, shape=(8, 8, 1)):
    rng = np.random.default_rng(seed)
    kinds = rng.integers(0, 3, n)
    pixels = rng.integers(0, 60, (n, *shape)) + 90 * kinds[:, None, None, None]
    return rt.ImageSet(pixels.astype(np.uint8), kinds, ("dark", "<grey> & plain", "bright"))


@pytest.fixture(scope="module")
def images():
    return some_images()


@pytest.fixture(scope="module")
def test_images():
    return some_images(50, seed=1)


@pytest.fixture(scope="module")
def trained(images, test_images):
    """A panel that has trained in this thread, and all that it said."""
    panel, said = ClassifierPanel(images, QUICK, test_images), []
    (status,) = seen.texts(panel, "Ready.")
    status.observe(lambda change: said.append(change.new), "value")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_running, "SAY", 0)
        panel.run()
    return panel, said


def building(panel):
    """What is left behind by the lines up to the one that compiles the model."""
    names = {}
    exec(panel.code.partition("model.compile")[0], names)
    return names


# The code


def drawn_settings(rng):
    """Settings at random, from all that the controls take."""
    return ClassifierSettings(
        cell=rng.choice(["gru", "lstm", "simple_rnn"]),
        units=rng.randint(1, 40),
        bidirectional=rng.random() < 0.5,
        blocks=rng.randint(1, 3),
        dropout=rng.choice([0.0, 0.05, 0.5, 0.99]),
        learning_rate=rng.choice([1e-5, 0.0003, 0.001, 0.02, 1.0]),
        batch_size=rng.randint(1, 300),
        epochs=rng.randint(1, 50),
        seed=rng.choice([0, 1, 2**32 - 1]),
    )


@pytest.mark.parametrize(
    "part", [0, *(pytest.param(part, marks=pytest.mark.full) for part in range(1, 4))]
)
def test_the_code_of_any_settings_builds_the_same_model(part):
    rng = random.Random(part)
    images = some_images(3, shape=[(28, 28, 1), (8, 13, 3), (9, 8, 1), (28, 28, 3)][part])
    panel = ClassifierPanel(images)
    for _ in range(12):
        panel.settings = settings = drawn_settings(rng)
        expected, names = settings.make_model(images), building(panel)
        assert nameless(names["model"].get_config()) == nameless(expected.get_config())
        pairs = zip(names["model"].get_weights(), expected.get_weights(), strict=True)
        assert all(np.array_equal(ours, theirs) for ours, theirs in pairs), settings


def ran(panel, **names):
    """What the panel's plain Keras leaves behind, where these names are known."""
    exec(panel.code.replace("shuffle=False,", "shuffle=False, verbose=0,"), names)
    return names


def assert_same_result(panel, names):
    """The code has made the same weights, after as many steps, and the same history."""
    model, ours = names["model"], panel.model
    optimizers = model.optimizer.get_config(), ours.optimizer.get_config()
    assert nameless(optimizers[0]) == nameless(optimizers[1])
    assert int(model.optimizer.iterations) == int(ours.optimizer.iterations)
    assert {*names["history"]} == {*panel.history}
    for measure, values in panel.history.items():
        np.testing.assert_allclose(names["history"][measure], values, rtol=1e-5)
    for one, other in zip(model.get_weights(), ours.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)


def test_the_code_gives_the_panel_s_result(trained, images, test_images):
    panel = trained[0]
    assert int(panel.model.optimizer.iterations) == 3 * 6
    assert_same_result(panel, ran(panel, train=images, validation=test_images))


@pytest.mark.full
def test_the_code_drops_out_as_the_panel_does(images):
    dropout = 0.0 if keras.backend.backend() == "torch" else 0.4  # the trainer seeds torch's anew
    settings = replace(QUICK, dropout=dropout, cell="lstm", bidirectional=True, seed=3)
    panel = ClassifierPanel(images, settings)
    panel.run()
    assert_same_result(panel, ran(panel, train=images))


@pytest.mark.parametrize(
    "batch_size", [119, *(pytest.param(size, marks=pytest.mark.full) for size in (7, 120, 500))]
)  # of 120 images
def test_the_code_has_as_many_batches_as_the_panel(images, batch_size):
    panel = ClassifierPanel(images, replace(QUICK, batch_size=batch_size, epochs=2), name="mine")
    panel.run()
    assert int(panel.model.optimizer.iterations) == 2 * max(1, 120 // batch_size)
    assert_same_result(panel, ran(panel, mine=images))


def test_every_setting_has_a_control_and_a_place_in_the_code(images, test_images):
    panel = ClassifierPanel(
        images, ClassifierSettings(), test_images, name="mine", validation_name="yours"
    )
    for field in fields(ClassifierSettings):
        assert control(panel, field.name).value == getattr(panel.settings, field.name)
    assert "validation_data=(yours.as_float(), yours.labels)" in panel.code
    assert "mine.as_float(), mine.labels" in panel.code
    changes = {"units": 8, "cell": "lstm", "bidirectional": True, "blocks": 2, "dropout": 0.5}
    for field, value in {**changes, "batch_size": 7, "epochs": 9, "seed": 3}.items():
        before = panel.code
        control(panel, field).value = value
        assert panel.settings == replace(panel.settings, **{field: value}) and panel.code != before
    before = panel.code
    control(panel, "learning_rate").value = 0.02
    assert panel.code == before.replace("Adam(0.001)", "Adam(0.02)")


def test_without_validation_the_code_has_none(images):
    assert "validation" not in ClassifierPanel(images).code


def test_showing_the_code_leaves_chance_as_it_was(images):
    def drawn():
        return random.random(), keras.initializers.RandomNormal()((3,))

    keras.utils.set_random_seed(5)
    expected = drawn()
    keras.utils.set_random_seed(5)
    ClassifierPanel(images, replace(QUICK, units=17))
    number, weights = drawn()
    assert number == expected[0]
    np.testing.assert_array_equal(*map(keras.ops.convert_to_numpy, (weights, expected[1])))


# Training


def test_labels_are_needed(images):
    with pytest.raises(rt.NeedsLabels):
        ClassifierPanel(images.without_labels())
    with pytest.raises(rt.NeedsLabels):
        ClassifierPanel(images, validation=images.without_labels())


def test_progress_is_told_in_words(trained):
    panel, said = trained
    pattern = r"epoch 2 of 3, batch 2 of 6, loss [\d.]+, accuracy [\d.]+, \d+ s left"
    assert any(re.fullmatch(pattern, words) for words in said)
    assert re.search(r"Finished\.</b> Loss [\d.]+, accuracy [\d.]+ after 3 epochs, ", said[-1])
    assert re.search(r"Validation: loss [\d.]+, accuracy [\d.]+\.", said[-1])
    assert seen.bar(panel).value == seen.bar(panel).max == 18


def test_the_curves_show_single_batches(trained):
    panel = trained[0]
    for name in ("loss", "accuracy"):
        epochs = np.reshape(seen.single_batches(panel, name), (3, 6))
        np.testing.assert_allclose(epochs.mean(axis=1), panel.history[name], rtol=1e-2)
    assert "by epoch; after 3 epochs: loss " in seen.drawn(panel, "charts").data["alt"]


def test_start_stop_and_go_on(trained, images, test_images):
    panel = ClassifierPanel(images, QUICK, test_images)
    with pytest.raises(rt.TutorError, match="Nothing is trained yet"):
        panel.model  # noqa: B018
    assert panel.history == {"loss": [], "accuracy": []}
    stop_after(panel, epoch=2, batch=1)
    panel.start()
    assert panel.wait(60) and seen.bar(panel).value == 7
    assert "Stopped in epoch 2 of 3, after batch 1 of 6" in seen.said(panel)
    assert "Go on" in seen.buttons(panel)
    model = panel.model
    panel.start()
    assert panel.wait(60) and panel.model is model and seen.bar(panel).value == 18
    for name, values in trained[0].history.items():
        np.testing.assert_allclose(panel.history[name], values, rtol=1e-4)
    for name in ("loss", "accuracy"):
        both = seen.single_batches(panel, name), seen.single_batches(trained[0], name)
        np.testing.assert_allclose(*both, rtol=1e-2)


def test_what_the_panel_shows_is_described(trained):
    panel = trained[0]
    assert repr(panel) == "ClassifierPanel(images: 120 images)"
    assert 'aria-label="The plain Python of these settings"' in seen.html_of(panel)


# Its figure

HISTORY = {"loss": [1.0, 0.5], "accuracy": [0.5, 0.75]}


def test_training_curves_show_both_parts():
    validation = {"val_loss": [1.1, 0.6], "val_accuracy": [0.4, 0.7]}
    drawn = plots.training_curves(HISTORY | validation)
    assert drawn.alt == (
        "Line charts by epoch; after 2 epochs: loss 0.5 (0.6 in validation), "
        "accuracy 0.75 (0.7 in validation)"
    )
    for axes, name in zip(drawn.figure.axes, HISTORY, strict=True):
        training, measured = axes.get_lines()
        assert (training.get_linestyle(), measured.get_linestyle()) == ("-", "--")
        assert measured.get_marker() not in ("None", None, training.get_marker())
        np.testing.assert_array_equal(training.get_xydata(), np.transpose([(1, 2), HISTORY[name]]))
        np.testing.assert_array_equal(measured.get_ydata(), validation[f"val_{name}"])


def test_training_curves_do_without_what_there_is_not():
    assert len(plots.training_curves({"loss": [1.0]}).figure.axes) == 1
