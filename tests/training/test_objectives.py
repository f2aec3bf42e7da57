"""The objectives: the contrastive loss against its equation, and the batches they are fed with."""

import math
from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnn_tutor._backend import keras
from rnn_tutor._errors import NeedsLabels, TutorError
from rnn_tutor.images.augmentation import PRESETS
from rnn_tutor.images.imageset import ImageSet
from rnn_tutor.networks import models
from rnn_tutor.networks.gradients import gradients
from rnn_tutor.training import TrainingSettings, objectives, train
from rnn_tutor.widgets import TrainingPanel

# Keras asks NumPy in an old way for a tensor's numbers.
pytestmark = pytest.mark.filterwarnings(
    "error",
    "ignore:__array__:DeprecationWarning",
    "ignore::pytest.PytestUnraisableExceptionWarning",  # what an earlier test left unclosed
)


def slow_nt_xent(pair_numbers, z, temperature):
    """Chen et al. 2020, equation 1, term by term in double precision."""
    z = [row / math.sqrt(sum(v * v for v in row)) for row in z.astype("float64")]
    losses = []
    for i, a in enumerate(z):
        (j,) = (k for k in range(len(z)) if k != i and pair_numbers[k] == pair_numbers[i])
        others = sum(math.exp(a @ z[k] / temperature) for k in range(len(z)) if k != i)
        losses.append(-math.log(math.exp(a @ z[j] / temperature) / others))
    return losses


@settings(max_examples=30, deadline=None)
@given(
    st.integers(1, 6), st.integers(1, 5), st.floats(0.1, 2), st.booleans(), st.integers(0, 2**32)
)
def test_nt_xent_is_its_equation(n, d, temperature, column, seed):
    rng = np.random.default_rng(seed)
    z = rng.uniform(0.1, 2, (2 * n, d)) * rng.choice([-1, 1], (2 * n, d))
    numbers = rng.permutation(np.tile(np.arange(n), 2))  # partners may stand anywhere
    fast = objectives.nt_xent(
        keras.ops.convert_to_tensor(numbers[:, None] if column else numbers),
        keras.ops.convert_to_tensor(z.astype("float32")),
        temperature,
    )
    assert fast.shape == (2 * n,)
    slow = slow_nt_xent(numbers, z, temperature)
    np.testing.assert_allclose(keras.ops.convert_to_numpy(fast), slow, rtol=1e-3, atol=1e-4)


def test_nt_xent_counts_directions_only_and_is_least_for_true_partners():
    rng = np.random.default_rng(0)
    numbers = np.tile(np.arange(4), 2)
    z = np.tile(np.eye(4, dtype="float32"), (2, 1))

    def mean_loss(z):
        return float(keras.ops.mean(objectives.nt_xent(numbers, z.astype("float32"))))

    lengths = rng.uniform(0.1, 10, (8, 1))
    assert mean_loss(z * lengths) == pytest.approx(mean_loss(z), abs=1e-5)
    assert mean_loss(z) < mean_loss(rng.standard_normal((8, 4)))
    assert mean_loss(np.ones((8, 4))) == pytest.approx(math.log(7), abs=1e-4)  # a blind guess


def test_a_black_picture_does_not_break_training():
    """A new encoder has no biases yet, and makes zeros of a black picture."""
    z = keras.Variable(np.array([[0, 0], [1, 0], [0, 0], [0.5, 0.5]], "float32"))
    loss, numbers = objectives.Contrastive(PRESETS["none"]).loss, np.tile(np.arange(2), 2)
    (slope,) = gradients(lambda: keras.ops.sum(loss(numbers, z * 1.0)), [z])
    assert np.isfinite(slope).all()


def test_contrastive_uses_its_temperature():
    z = keras.ops.convert_to_tensor(np.random.default_rng(0).standard_normal((6, 3), "float32"))
    numbers = keras.ops.convert_to_tensor(np.tile(np.arange(3), 2))
    loss = objectives.Contrastive(PRESETS["none"], temperature=0.1).loss(numbers, z)
    expected = objectives.nt_xent(numbers, z, 0.1)
    np.testing.assert_array_equal(
        keras.ops.convert_to_numpy(loss), keras.ops.convert_to_numpy(expected)
    )


def pixels(n=10, shape=(8, 6, 3)):
    return np.random.default_rng(1).integers(0, 256, (n, *shape), dtype=np.uint8)


def test_a_contrastive_batch_holds_two_views_of_each_picture():
    some = pixels()
    views, numbers = objectives.Contrastive(PRESETS["clothes"]).batch(
        some, np.random.default_rng(0)
    )
    assert views.shape == (20, 8, 6, 3)
    assert views.dtype == np.float32
    assert sorted(numbers) == sorted([*range(10)] * 2)
    assert not np.array_equal(views[:10], views[10:])
    same, numbers = objectives.Contrastive(PRESETS["none"]).batch(some, np.random.default_rng(0))
    np.testing.assert_allclose(same, some[numbers] / 255, atol=1e-6)


def test_a_reconstruction_batch_is_a_spoilt_copy_and_the_clean_one():
    some = pixels(50)
    seen, wanted = objectives.Reconstruction(noise=0.2).batch(some, np.random.default_rng(0))
    assert seen.dtype == wanted.dtype == np.float32
    np.testing.assert_allclose(wanted, some / 255, atol=1e-6)
    assert (seen - wanted).std() == pytest.approx(0.2, rel=0.05)
    clean, wanted = objectives.Reconstruction(noise=0).batch(some, np.random.default_rng(0))
    np.testing.assert_array_equal(clean, wanted)


def test_a_next_row_batch_asks_for_the_rows_below():
    some = pixels()
    seen, wanted = objectives.NextRow().batch(some, np.random.default_rng(0))
    np.testing.assert_allclose(seen, some / 255, atol=1e-6)
    assert wanted.shape == (10, 7, 18)
    for row in range(7):
        np.testing.assert_array_equal(wanted[:, row], seen[:, row + 1].reshape(10, -1))


def test_a_picture_of_one_row_has_no_next_row():
    with pytest.raises(TutorError, match="single row"):
        objectives.NextRow().build(models.row_encoder((1, 8, 1), units=2))


class Chosen(objectives.Objective):
    """An objective whose batch is the pixels and a random number: shows what was drawn."""

    def batch(self, pixels, rng):
        return pixels, rng.random(4)


def numbered(n):
    return np.arange(n, dtype=np.uint8).reshape(n, 1, 1, 1)


def batches(n=10, size=3, seed=0, objective=None):
    return objectives.Batches(numbered(n), objective or Chosen(), size, seed)


def test_a_batch_is_a_function_of_seed_epoch_and_step():
    seen = {}
    for seed in (0, 1):
        for epoch in (0, 1, 2):
            some = batches(seed=seed)
            some.epoch = epoch
            for step in (2, 0, 1, 0):  # in whatever order, and again
                chosen, drawn = some[step]
                key = tuple(chosen.ravel()), tuple(drawn)
                assert seen.setdefault((seed, epoch, step), key) == key
    assert len({drawn for _, drawn in seen.values()}) == len(seen) == 18
    assert len({chosen for chosen, _ in seen.values()}) > 12


def test_an_epoch_shows_no_picture_twice_and_leaves_others_out_each_time():
    some, left_out = batches(), set()
    assert len(some) == 3
    for epoch in range(20):
        some.epoch = epoch
        shown = np.concatenate([some[step][0].ravel() for step in range(len(some))])
        assert len(shown) == len(set(shown)) == 9
        left_out |= set(range(10)) - set(shown)
    assert len(left_out) > 5


def test_few_pictures_make_one_small_batch():
    some = batches(n=2, size=256)
    assert len(some) == 1
    assert len(some[0][0]) == 2


@pytest.mark.parametrize(("n", "size"), [(0, 256), (1, 256), (10, 1)])
def test_an_image_alone_has_no_negatives(n, size):
    with pytest.raises(TutorError, match="2 pictures or more"):
        batches(n, size, objective=objectives.Contrastive(PRESETS["none"]))


@pytest.mark.parametrize("objective", [objectives.Reconstruction(), objectives.NextRow()])
def test_the_others_need_one_picture(objective):
    assert len(batches(1, objective=objective)) == 1
    with pytest.raises(TutorError, match="1 picture or more"):
        batches(0, objective=objective)


def test_a_label_stays_with_its_picture():
    objective, labels = objectives.Classification(), np.arange(10) * 7
    some = objectives.Batches(numbered(10), objective, 3, seed=0, labels=labels)
    for epoch in (0, 1):
        some.epoch = epoch
        for step in range(3):
            pictures, given = some[step]
            assert pictures.dtype == np.float32
            np.testing.assert_array_equal(given, 7 * np.round(pictures * 255).ravel())


def test_labels_are_not_shown_to_an_objective_without_them():
    some = objectives.Batches(numbered(4), Chosen(), 2, seed=0, labels=np.arange(4))
    assert some.labels is None
    assert len(some[0]) == 2


def test_classification_without_labels_is_refused():
    with pytest.raises(NeedsLabels, match="label"):
        batches(objective=objectives.Classification())


def test_to_measure_every_picture_is_shown_once_in_order():
    every = objectives.AllInOrder(numbered(10), Chosen(), 4, seed=0)
    shown = [every[step] for step in range(len(every))]
    assert [len(chosen) for chosen, _ in shown] == [4, 4, 2]
    np.testing.assert_array_equal(np.concatenate([c.ravel() for c, _ in shown]), np.arange(10))
    np.testing.assert_array_equal(every[1][1], shown[1][1])


@dataclass(frozen=True)
class Blurred(objectives.Objective):
    """Draw the image again, as dark as `noise` says."""

    noise: float = 0.0
    loss = "mse"

    def build(self, encoder):
        return models.recurrent_autoencoder(encoder)

    def batch(self, pixels, rng):
        return pixels / np.float32(255), pixels * np.float32(self.noise / 255)


def test_an_objective_of_ones_own_trains_and_needs_one_entry_to_have_a_name(monkeypatch):
    images = ImageSet(pixels(6))
    small = TrainingSettings(units=2, recurrent=False, epochs=1, batch_size=3, noise=0.5)
    _, expected = train(images, replace(small, objective=Blurred(0.5)))
    monkeypatch.setitem(objectives.OBJECTIVES, "blurred", Blurred)
    _, history = train(images, replace(small, objective="blurred"))
    assert history == expected
    panel = TrainingPanel(images, replace(small, objective="blurred"))
    panel.run()
    assert panel.history["loss"] == history["loss"]


def test_a_name_of_an_augmentation_is_enough():
    assert objectives.Contrastive("clothes") == objectives.Contrastive(PRESETS["clothes"])
    with pytest.raises(TutorError, match="clothes"):
        objectives.Contrastive("shoes")


def test_what_is_no_objective_is_refused():
    with pytest.raises(TutorError, match="Objective"):
        batches(objective=object())
