"""The recurrent cells in NumPy, as notebooks 03 and 03b write them: a step, a sequence, back.

Weights come as a Keras layer's `get_weights()` gives them: kernel W, recurrent kernel U, bias b,
with the gates side by side in Keras's order. Inputs are rows: `x @ W`, where papers write `W x`.
All arrays are float.
"""

import numpy as np


def sigmoid(z):
    """Squash numbers into 0..1: 1 / (1 + exp(-z)).

    Args:
        z: Numbers of any shape.

    Returns:
        An array of the same shape.

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
        W: `(features, units)`, the kernel.
        U: `(units, units)`, the recurrent kernel.
        b: `(units,)`, the bias.

    Returns:
        `(n, units)`, the state after the step.

    Example:
        >>> simple_rnn_step(np.ones((2, 3)), np.zeros((2, 4)), np.zeros((3, 4)), np.eye(4), 0).shape
        (2, 4)

    Source: Elman (1990), Finding structure in time.
    """
    return np.tanh(x @ W + h @ U + b)


def lstm_step(x, state, W, U, b):
    """Take one step of `keras.layers.LSTM`.

    Args:
        x: `(n, features)`, the inputs of this step.
        state: `(h, c)`, the state before it, `(n, units)` each.
        W: `(features, 4 * units)`, the kernel, with the gates in the order i, f, c, o.
        U: `(units, 4 * units)`, the recurrent kernel.
        b: `(4 * units,)`, the bias.

    Returns:
        `(h, c)`, the state after the step, `(n, units)` each.

    Example:
        >>> state = np.zeros((2, 4)), np.zeros((2, 4))
        >>> weights = np.zeros((3, 16)), np.zeros((4, 16)), np.zeros(16)
        >>> h, c = lstm_step(np.ones((2, 3)), state, *weights)
        >>> h.shape, c.shape
        ((2, 4), (2, 4))

    Source: Hochreiter, Schmidhuber (1997); Gers, Schmidhuber, Cummins (2000), for the forget gate.
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
        W: `(features, 3 * units)`, the kernel, with the gates in the order z, r, h.
        U: `(units, 3 * units)`, the recurrent kernel.
        b: `(2, 3 * units)`, the biases, of the input and of the state.

    Returns:
        `(n, units)`, the state after the step.

    Example:
        >>> weights = np.zeros((3, 12)), np.zeros((4, 12)), np.zeros((2, 12))
        >>> gru_step(np.ones((2, 3)), np.ones((2, 4)), *weights)[0]
        array([0.5, 0.5, 0.5, 0.5])

    Source: Cho et al. (2014), section 2.3.
    """
    x_z, x_r, x_h = np.split(x @ W + b[0], 3, axis=-1)
    h_z, h_r, h_h = np.split(h @ U + b[1], 3, axis=-1)
    z, r = sigmoid(x_z + h_z), sigmoid(x_r + h_r)
    candidate = np.tanh(x_h + r * h_h)
    return z * h + (1 - z) * candidate


def unroll(step, x, state, weights):
    """Compute the state after every step of a batch of sequences.

    Args:
        step: `simple_rnn_step`, `lstm_step` or `gru_step`.
        x: `(n, steps, features)`, the inputs.
        state: `(n, units)`, the state before the first step; for the LSTM `(2, n, units)`, h and c.
        weights: `(W, U, b)`, as the step takes them.

    Returns:
        `(n, steps, units)`, the states; for the LSTM `(2, n, steps, units)`, h and c.

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
        step, x, state: As for `unroll`.
        weights: `(W, U, b)` of the forward layer, then those of the backward layer.

    Returns:
        `(n, steps, 2 * units)`: at each step the states of both layers after they have read it.

    Example:
        >>> weights = 2 * [np.zeros((3, 4)), np.zeros((4, 4)), np.zeros(4)]
        >>> x, state = np.ones((2, 5, 3)), np.zeros((2, 4))
        >>> unroll_both_ways(simple_rnn_step, x, state, weights).shape
        (2, 5, 8)

    Source: Schuster, Paliwal (1997), Bidirectional recurrent neural networks.
    """
    half = len(weights) // 2
    forward = unroll(step, x, state, weights[:half])
    backward = unroll(step, x[:, ::-1], state, weights[half:])
    return np.concatenate([forward, backward[..., ::-1, :]], axis=-1)


def simple_rnn_gradients(x, states, d_states, W, U):
    """Backpropagate through time for `simple_rnn_step`, from a state of zeros.

    Args:
        x: `(n, steps, features)`, the inputs.
        states: `(n, steps, units)`, from `unroll`.
        d_states: `(n, steps, units)`, the loss's gradients with respect to each state, without the
            way through later states.
        W, U: As for `simple_rnn_step`.

    Returns:
        `(d_x, d_W, d_U, d_b)`, the loss's gradients with respect to x, W, U and b.

    Example:
        >>> x, W, U = np.ones((2, 5, 3)), np.zeros((3, 4)), np.eye(4)
        >>> states = unroll(simple_rnn_step, x, np.zeros((2, 4)), (W, U, np.zeros(4)))
        >>> [d.shape for d in simple_rnn_gradients(x, states, np.ones_like(states), W, U)]
        [(2, 5, 3), (3, 4), (4, 4), (4,)]


    Source: Werbos (1990), Backpropagation through time.
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
