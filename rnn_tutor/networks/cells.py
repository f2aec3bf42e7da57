"""The recurrent cells in NumPy, as notebooks 03 and 03b write them: a step, a sequence, back.

Weights come as a Keras layer's `get_weights()` gives them: kernel W, recurrent kernel U, bias b,
with the gates side by side in Keras's order. Inputs are rows: `x @ W`, where papers write `W x`.
All arrays are float.
"""

import numpy as np


def sigmoid(z):
    """Squash numbers of any shape into 0..1: 1 / (1 + exp(-z)).

    Example:
        >>> float(sigmoid(0))
        0.5
    """
    return 1 / (1 + np.exp(-z))


def simple_rnn_step(x, h, W, U, b):
    """Take one step of `keras.layers.SimpleRNN`.

    Args:
        x: `(n, features)`, the inputs of this step.
        h: `(n, units)`, the state before it.
        W: `(features, units)`.
        U: `(units, units)`.
        b: `(units,)`.

    Returns:
        The state after it, `(n, units)`.

    Source: Elman 1990.
    """
    return np.tanh(x @ W + h @ U + b)


def lstm_step(x, state, W, U, b):
    """Take one step of `keras.layers.LSTM`.

    Args:
        x: `(n, features)`, the inputs of this step.
        state: `(h, c)`, the state before it, `(n, units)` each.
        W: `(features, 4 * units)`, gates in the order i, f, c, o.
        U: `(units, 4 * units)`.
        b: `(4 * units,)`.

    Returns:
        `(h, c)` after it.

    Source: Hochreiter, Schmidhuber 1997; Gers, Schmidhuber, Cummins 2000, for the forget gate.
    """
    h, c = state
    z_i, z_f, z_c, z_o = np.split(x @ W + h @ U + b, 4, axis=-1)
    i, f, o = sigmoid(z_i), sigmoid(z_f), sigmoid(z_o)
    c = f * c + i * np.tanh(z_c)
    return o * np.tanh(c), c


def gru_step(x, h, W, U, b):
    """Take one step of `keras.layers.GRU`, which resets after the matrix product.

    Args:
        x: `(n, features)`, the inputs of this step.
        h: `(n, units)`, the state before it.
        W: `(features, 3 * units)`, gates in the order z, r, h.
        U: `(units, 3 * units)`.
        b: `(2, 3 * units)`, for the input and for the state.

    Returns:
        The state after it, `(n, units)`.

    Source: Cho et al. 2014.
    """
    x_z, x_r, x_h = np.split(x @ W + b[0], 3, axis=-1)
    h_z, h_r, h_h = np.split(h @ U + b[1], 3, axis=-1)
    z, r = sigmoid(x_z + h_z), sigmoid(x_r + h_r)
    candidate = np.tanh(x_h + r * h_h)
    return z * h + (1 - z) * candidate


def unroll(step, x, state, weights):
    """Compute the state after every step of a batch of sequences.

    Args:
        step: one of the functions above.
        x: `(n, steps, features)`.
        state: the one before the first step, `(n, units)`; for the LSTM `(2, n, units)`, h and c.
        weights: W, U and b.

    Returns:
        An array `(n, steps, units)`, the LSTM's with a 2 in front.

    Example:
        >>> weights = np.zeros((3, 4)), np.zeros((4, 4)), np.zeros(4)
        >>> unroll(simple_rnn_step, np.ones((2, 5, 3)), np.zeros((2, 4)), weights).shape
        (2, 5, 4)
    """
    states = []
    for t in range(x.shape[1]):
        state = step(x[:, t], state, *weights)
        states.append(state)
    return np.stack(states, axis=-2)


def unroll_both_ways(step, x, state, weights):
    """Compute the states of two layers, one of which reads from the end.

    The same as `keras.layers.Bidirectional`.

    Args:
        step, x, state: as for `unroll`.
        weights: W, U and b of the forward layer, then those of the backward layer.

    Returns:
        An array `(n, steps, 2 * units)`: at each step the states of both after they have read it.

    Source: Schuster, Paliwal 1997.
    """
    half = len(weights) // 2
    forward = unroll(step, x, state, weights[:half])
    backward = unroll(step, x[:, ::-1], state, weights[half:])
    return np.concatenate([forward, backward[..., ::-1, :]], axis=-1)


def simple_rnn_gradients(x, states, d_states, W, U):
    """Backpropagate through time for `simple_rnn_step`, from a state of zeros.

    Args:
        x: `(n, steps, features)`.
        states: `(n, steps, units)`, from `unroll`.
        d_states: `(n, steps, units)`, how the loss changes with each state directly.
        W, U: as for `simple_rnn_step`.

    Returns:
        The loss's gradients with respect to x, W, U and b, each of its shape.

    Source: Werbos 1990.
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
