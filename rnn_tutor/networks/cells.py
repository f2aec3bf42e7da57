"""The recurrent cells in NumPy, as notebook 03 writes them: a step, a sequence, both ways, back.

Weights come as a Keras layer's `get_weights()` gives them: kernel W, recurrent kernel U, bias b,
with the gates side by side in Keras's order. Inputs are rows: `x @ W`, where papers write `W x`.
"""

import numpy as np


def sigmoid(z):
    """From 0 to 1, for any numbers: 1 / (1 + exp(-z))."""
    return 1 / (1 + np.exp(-z))


def simple_rnn_step(x, h, W, U, b):
    """One step of Elman's network (1990): `keras.layers.SimpleRNN`.

    x: (n, features). h: (n, units), the state before. W: (features, units). U: (units, units).
    b: (units,). Returns the state after, (n, units).
    """
    return np.tanh(x @ W + h @ U + b)


def lstm_step(x, state, W, U, b):
    """One step of `keras.layers.LSTM`: Hochreiter and Schmidhuber 1997, with Gers's forget gate.

    x: (n, features). state: h and c, (n, units) each. W: (features, 4 * units), gates in the order
    i, f, c, o; U: (units, 4 * units); b: (4 * units,). Returns h and c after.
    """
    h, c = state
    z_i, z_f, z_c, z_o = np.split(x @ W + h @ U + b, 4, axis=-1)
    i, f, o = sigmoid(z_i), sigmoid(z_f), sigmoid(z_o)
    c = f * c + i * np.tanh(z_c)
    return o * np.tanh(c), c


def gru_step(x, h, W, U, b):
    """One step of `keras.layers.GRU` (Cho et al. 2014), reset after the matrix product.

    x: (n, features). h: (n, units). W: (features, 3 * units), gates in the order z, r, h;
    U: (units, 3 * units); b: (2, 3 * units), for the input and for the state.
    Returns the state after, (n, units).
    """
    x_z, x_r, x_h = np.split(x @ W + b[0], 3, axis=-1)
    h_z, h_r, h_h = np.split(h @ U + b[1], 3, axis=-1)
    z, r = sigmoid(x_z + h_z), sigmoid(x_r + h_r)
    candidate = np.tanh(x_h + r * h_h)
    return z * h + (1 - z) * candidate


def unroll(step, x, state, weights):
    """The state after every step of a batch of sequences.

    step: one of the above. x: (n, steps, features). state: the one before the first step,
    (n, units); for the LSTM (2, n, units), h and c. Returns (n, steps, units), the LSTM's with a 2
    in front.
    """
    states = []
    for t in range(x.shape[1]):
        state = step(x[:, t], state, *weights)
        states.append(state)
    return np.stack(states, axis=-2)


def unroll_both_ways(step, x, state, weights):
    """The states of two layers, one that reads from the end: `keras.layers.Bidirectional`.

    weights: of the forward layer, then of the backward layer. Returns (n, steps, 2 * units), at
    each step the states of both after they have read it.
    """
    half = len(weights) // 2
    forward = unroll(step, x, state, weights[:half])
    backward = unroll(step, x[:, ::-1], state, weights[half:])
    return np.concatenate([forward, backward[..., ::-1, :]], axis=-1)


def simple_rnn_gradients(x, states, d_states, W, U):
    """Backpropagation through time (Werbos 1990) for `simple_rnn_step` from a state of zeros.

    x: (n, steps, features). states: (n, steps, units), from `unroll`. d_states: how the loss
    changes with each state directly, (n, steps, units). Returns the loss's gradients with respect
    to x, W, U and b, each of its shape.
    """
    d_x, d_W, d_U, d_b, d_h = np.zeros_like(x), 0, 0, 0, 0
    for t in reversed(range(x.shape[1])):
        h_before = states[:, t - 1] if t > 0 else np.zeros_like(states[:, 0])
        d_z = (d_states[:, t] + d_h) * (1 - states[:, t] ** 2)  # tanh' = 1 - tanh ** 2
        d_x[:, t] = d_z @ W.T
        d_W += x[:, t].T @ d_z
        d_U += h_before.T @ d_z
        d_b += d_z.sum(axis=0)
        d_h = d_z @ U.T  # what flows back into the step before
    return d_x, d_W, d_U, d_b
