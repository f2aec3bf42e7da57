"""The NumPy cells of notebook 03 against Keras's layers, and their gradients against the backend's.

Run with KERAS_BACKEND to compare with another backend.
"""

import subprocess
import sys

import numpy as np
import pytest

from rnn_tutor import TutorError
from rnn_tutor._backend import keras
from rnn_tutor.networks import cells
from rnn_tutor.training import objectives

# Keras asks NumPy in an old way for a tensor's numbers.
pytestmark = pytest.mark.filterwarnings(
    "error",
    "ignore:__array__:DeprecationWarning",
    "ignore::pytest.PytestUnraisableExceptionWarning",  # what an earlier test left unclosed
)
layers, ops = keras.layers, keras.ops
KINDS = {
    "simple_rnn": (layers.SimpleRNN, cells.simple_rnn_step),
    "gru": (layers.GRU, cells.gru_step),
    "lstm": (layers.LSTM, cells.lstm_step),
}
SHAPES = [(1, 1, 1, 1), (2, 1, 3, 2), (3, 7, 2, 5), (4, 28, 28, 16)]  # n, steps, features, units


def numbers(tensor):
    return ops.convert_to_numpy(tensor)


def random_weights(layer, x, seed=0):
    """Gives the layer random weights, biases too, and returns them.

    Not large ones: where the state explodes, so do the differences of rounding.
    """
    layer(x)
    rng = np.random.default_rng(seed)
    weights = [rng.normal(0, w.shape[0] ** -0.5, w.shape).astype("float32") for w in layer.weights]
    layer.set_weights(weights)
    return weights


def inputs(shape, seed=0):
    n, steps, features, _ = shape
    return np.random.default_rng(seed).uniform(-1, 1, (n, steps, features)).astype("float32")


def zeros(kind, shape):
    n, _, _, units = shape
    return np.zeros((2, n, units) if kind == "lstm" else (n, units))


def h_of(kind, states):
    return states[0] if kind == "lstm" else states


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("kind", KINDS)
def test_forwards_as_keras(kind, shape):
    layer, step = KINDS[kind]
    x, layer = inputs(shape), layer(shape[3], return_sequences=True)
    weights = random_weights(layer, x)
    ours = h_of(kind, cells.unroll(step, x, zeros(kind, shape), weights))
    assert ours.shape == (shape[0], shape[1], shape[3])
    np.testing.assert_allclose(ours, numbers(layer(x)), rtol=0, atol=1e-5)


@pytest.mark.parametrize("shape", SHAPES[1:3], ids=str)
@pytest.mark.parametrize("kind", KINDS)
def test_backwards_as_keras(kind, shape):
    layer, step = KINDS[kind]
    x, layer = inputs(shape), layer(shape[3], return_sequences=True, go_backwards=True)
    weights = random_weights(layer, x)
    ours = h_of(kind, cells.unroll(step, x[:, ::-1], zeros(kind, shape), weights))
    np.testing.assert_allclose(ours, numbers(layer(x)), rtol=0, atol=1e-5)


@pytest.mark.parametrize("shape", SHAPES[2:], ids=str)
@pytest.mark.parametrize("kind", KINDS)
def test_both_ways_as_keras(kind, shape):
    layer, step = KINDS[kind]
    x = inputs(shape)
    layer = layers.Bidirectional(layer(shape[3], return_sequences=True))
    weights = random_weights(layer, x)
    assert len(weights) == 6
    ours = h_of(kind, cells.unroll_both_ways(step, x, zeros(kind, shape), weights))
    np.testing.assert_allclose(ours, numbers(layer(x)), rtol=0, atol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_any_state_before_the_first_step(kind):
    layer, step = KINDS[kind]
    shape = (4, 6, 3, 5)
    x, layer = inputs(shape), layer(5, return_sequences=True, return_state=True)
    weights = random_weights(layer, x)
    before = np.random.default_rng(1).uniform(-1, 1, zeros(kind, shape).shape).astype("float32")
    theirs = layer(x, initial_state=list(before) if kind == "lstm" else [before])
    ours = cells.unroll(step, x, before, weights)
    np.testing.assert_allclose(h_of(kind, ours), numbers(theirs[0]), rtol=0, atol=1e-5)
    if kind == "lstm":
        np.testing.assert_allclose(ours[1][:, -1], numbers(theirs[2]), rtol=0, atol=1e-5)


def bptt_case():
    """x, weights, and how the loss, sum(d_states * states), changes with each state."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(3, 6, 4))
    weights = [rng.normal(0, 0.5, shape) for shape in [(4, 5), (5, 5), (5,)]]
    return x, weights, rng.normal(size=(3, 6, 5))


def loss_of(x, weights, d_states):
    states = cells.unroll(cells.simple_rnn_step, x, np.zeros((len(x), 5)), weights)
    return states, np.sum(d_states * states)


def test_backpropagation_through_time_as_differences():
    x, weights, d_states = bptt_case()
    states, _ = loss_of(x, weights, d_states)
    ours = cells.simple_rnn_gradients(x, states, d_states, *weights[:2])
    given = [x, *weights]
    for k, gradient in enumerate(ours):
        assert gradient.shape == given[k].shape
        for place in np.ndindex(gradient.shape):
            ends = []
            for nudge in (1e-5, -1e-5):
                nudged = [array.copy() for array in given]
                nudged[k][place] += nudge
                ends.append(loss_of(nudged[0], nudged[1:], d_states)[1])
            assert gradient[place] == pytest.approx((ends[0] - ends[1]) / 2e-5, abs=1e-6)


def test_backpropagation_through_time_as_the_backend():
    x, weights, d_states = bptt_case()
    layer, variable = layers.SimpleRNN(5, return_sequences=True), keras.Variable(x, dtype="float32")
    layer.build(x.shape)
    layer.set_weights(weights)
    theirs = objectives.gradients(
        lambda: ops.sum(ops.multiply(layer(variable), d_states)),
        [variable, *layer.trainable_weights],
    )
    states, _ = loss_of(x, weights, d_states)
    ours = cells.simple_rnn_gradients(x, states, d_states, *weights[:2])
    for mine, automatic in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(mine, automatic, rtol=0, atol=1e-5)


def test_gradients_are_arrays_and_zero_where_nothing_depends():
    used, unused = keras.Variable([1.0, 2.0]), keras.Variable([[3.0]])
    first, second = objectives.gradients(lambda: ops.sum(used * used), [used, unused])
    assert type(first) is np.ndarray
    np.testing.assert_allclose(first, [2, 4])
    np.testing.assert_array_equal(second, [[0]])


def test_an_unknown_backend_is_told(monkeypatch):
    monkeypatch.setattr(keras.backend, "backend", lambda: "openvino")
    with pytest.raises(TutorError, match="openvino"):
        objectives.gradients(lambda: 0, [])


def test_the_cells_need_numpy_only():
    code = "import sys, rnn_tutor.networks.cells; print(*sys.modules, sep='\\n')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    heavy = {"keras", "tensorflow", "torch", "jax", "matplotlib", "sklearn", "cv2"}
    assert not heavy & set(done.stdout.split())
