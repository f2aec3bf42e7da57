"""Exercises of notebook 03: weights, own last states, a cell with a single gate."""

from functools import partial

import numpy as np

from rnn_tutor.exercises._judging import exercise
from rnn_tutor.networks.cells import sigmoid

# 03.1 how many weights?

PARTS = {"simple_rnn": 1, "gru": 3, "lstm": 4}
BIASES = {"simple_rnn": 1, "gru": 2, "lstm": 1}  # rows


def how_many_weights(cell, features, units):
    parts = {"simple_rnn": 1, "gru": 3, "lstm": 4}[cell]
    biases = 2 if cell == "gru" else 1
    return parts * units * (features + units + biases)


def _weight_cases(rng):
    for cell in ("simple_rnn", "lstm", "gru"):
        yield cell, 3, 2
    for cell in tuple(PARTS) * 5:
        yield cell, int(rng.integers(1, 130)), int(rng.integers(1, 130))


def _other_count(cell, features, units, *, parts=PARTS, biases=BIASES):
    return parts[cell] * units * (features + units + biases[cell])


def _no_bias(cell, features, units):
    return PARTS[cell] * units * (features + units)


def _no_recurrent_kernel(cell, features, units):
    return PARTS[cell] * units * (features + BIASES[cell])


def _recurrent_kernel_of_features(cell, features, units):
    return PARTS[cell] * (units * features + features**2 + BIASES[cell] * units)


def _one_number_of_bias(cell, features, units):
    return PARTS[cell] * (units * features + units**2 + 1)


def _one_bias_for_all_parts(cell, features, units):
    return PARTS[cell] * units * (features + units) + BIASES[cell] * units


def _sides_added(cell, features, units):
    return PARTS[cell] * (features + units + units + units + BIASES[cell] * units)


# 03.2 sequences of different lengths


def own_last_states(states, lengths):
    return states[np.arange(len(states)), lengths - 1]


def _sequence_cases(rng):
    yield np.arange(6.0).reshape(2, 3, 1), np.array([1, 2])
    yield np.array([[[1.5, -2.0]]]), np.array([1])
    for n, steps, units in [(1, 4, 2), (2, 3, 2), (3, 5, 2), (4, 4, 4), (10, 28, 16)]:
        states = rng.normal(size=(n, steps, units)).round(2)
        yield states, rng.integers(1, steps + 1, n)


def _longest_ones_last(states, lengths):
    return states[:, lengths.max() - 1]


def _first_ones_last(states, lengths):
    return states[:, lengths[0] - 1]


def _mean_of_own_steps(states, lengths):
    return np.array([row[:k].mean(axis=0) for row, k in zip(states, lengths, strict=True)])


# 03.3 a cell with a single gate


def minimal_gated_step(x, h, W, U, b):
    W_f, W_h = np.split(W, 2, axis=-1)
    U_f, U_h = np.split(U, 2, axis=-1)
    b_f, b_h = np.split(b, 2, axis=-1)
    f = 1 / (1 + np.exp(-(x @ W_f + h @ U_f + b_f)))
    candidate = np.tanh(x @ W_h + (f * h) @ U_h + b_h)
    return (1 - f) * h + f * candidate


def _step_cases(rng):
    small = np.array([[1.0]]), np.array([[0.5]])
    yield *small, np.array([[1.0, 2.0]]), np.array([[0.5, -1.0]]), np.array([0.25, -0.5])
    for n, features, units in [(1, 1, 2), (2, 3, 2), (1, 2, 4), (5, 4, 3), (32, 28, 8)]:
        shapes = [(n, features), (n, units), (features, 2 * units), (units, 2 * units)]
        yield tuple(rng.uniform(-2, 2, shape).round(1) for shape in (*shapes, (2 * units,)))


def _halves(array):
    return np.split(array, 2, axis=-1)


def _every_second(array):
    return array[..., ::2], array[..., 1::2]


def _other_step(
    x, h, W, U, b, *, halves=_halves, gate=sigmoid, squash=np.tanh,
    seen=lambda f, h, U_h: (f * h) @ U_h, mix=lambda f, h, candidate: (1 - f) * h + f * candidate,
):  # fmt: skip
    """The minimal gated unit with something else in place of one of its pieces."""
    (W_f, W_h), (U_f, U_h), (b_f, b_h) = halves(W), halves(U), halves(b)
    f = gate(x @ W_f + h @ U_f + b_f)
    return mix(f, h, squash(x @ W_h + seen(f, h, U_h) + b_h))


def _step_without_bias(x, h, W, U, b):
    return minimal_gated_step(x, h, W, U, 0 * b)


def _gate_that_sees_no_state(x, h, W, U, b):
    units = h.shape[1]
    return minimal_gated_step(x, h, W, np.hstack([0 * U[:, :units], U[:, units:]]), b)


EXERCISES = (
    exercise(
        "03.1",
        "how many weights?",
        solution=how_many_weights,
        cases=_weight_cases,
        mistakes=[
            (_sides_added, "An array of shape (a, b) holds a times b numbers, not a plus b."),
            (_no_bias, "Every part has a bias too."),
            (
                _one_number_of_bias,
                "A bias is more than a single number. Every unit of every part has its own.",
            ),
            (
                _one_bias_for_all_parts,
                "Every part has a bias of its own, not only the cell as a whole.",
            ),
            (_no_recurrent_kernel, "The recurrent kernel is missing: (units, units)."),
            (_recurrent_kernel_of_features, "The recurrent kernel is (units, units)."),
            (
                partial(_other_count, biases=dict.fromkeys(PARTS, 2)),
                "Every cell with two rows of bias? Look at the shapes printed above.",
            ),
            (
                partial(_other_count, parts=dict.fromkeys(PARTS, 1)),
                "How many parts stand side by side in a GRU, and how many in an LSTM?",
            ),
            (
                partial(_other_count, parts={"simple_rnn": 1, "gru": 4, "lstm": 3}),
                "The parts of the GRU and of the LSTM are exchanged.",
            ),
            (
                partial(_other_count, parts={"simple_rnn": 1, "gru": 2, "lstm": 3}),
                "You counted the gates. A GRU and an LSTM have one part more: the candidate.",
            ),
            (
                partial(_other_count, biases=dict.fromkeys(PARTS, 1)),
                "Keras's GRU resets after the matrix product, and needs a second row of bias "
                "for it.",
            ),
            (
                partial(_other_count, parts=PARTS | {"lstm": 3}),
                "An LSTM has three gates, and a fourth part: what would be written.",
            ),
            (
                partial(_other_count, parts=PARTS | {"gru": 4}),
                "A GRU has two gates, and a third part: the candidate.",
            ),
            (
                partial(_other_count, parts=PARTS | {"gru": 2}),
                "A GRU has two gates, and a third part: what would replace the state.",
            ),
        ],
        hints=(
            "Add up the sizes of three arrays: kernel, recurrent kernel and bias. The notebook "
            "prints their shapes for 28 features and 8 units.",
            "For each part, the kernel has features x units numbers, and the recurrent kernel "
            "has units x units. A SimpleRNN has one part, a GRU three, an LSTM four.",
            "A GRU's bias has two rows.",
        ),
        then="Compare with Keras: a built `layers.GRU(64)` has a method `count_params()`.",
    ),
    exercise(
        "03.2",
        "sequences of different lengths",
        solution=own_last_states,
        cases=_sequence_cases,
        mistakes=[
            (
                lambda states, lengths: states[:, -1],
                "This is the state after the last step of the *batch*, so it includes "
                "meaningless steps.",
            ),
            (
                lambda states, lengths: states,
                "These are the states after *every* step. Take one for each sequence.",
            ),
            (
                lambda states, lengths: states[lengths - 1, np.arange(len(states))],
                "The axes are in another order: sequences first, steps second.",
            ),
            (
                _longest_ones_last,
                "You use the longest sequence's last step for all. Each sequence has its own.",
            ),
            (
                _first_ones_last,
                "You use the first sequence's last step for all. Each sequence has its own.",
            ),
            (
                lambda states, lengths: states[:, lengths - 1],
                "`states[:, lengths - 1]` takes every length for every sequence. Give two lists "
                "of indices of the same length: one for the sequences, one for their last "
                "steps.",
            ),
            (
                lambda states, lengths: states[np.arange(len(states)), lengths],
                "This is one step too far. The first step has index 0, and the last has length "
                "- 1.",
            ),
            (
                lambda states, lengths: states[np.arange(len(states)), lengths - 2],
                "This is one step too early. A sequence of length 1 ends at index 0.",
            ),
            (
                lambda states, lengths: states[np.arange(len(states)), lengths - 1, 0],
                "The axis of the units is lost. Return shape (n, units).",
            ),
            (
                lambda states, lengths: states[np.arange(len(states)), -lengths],
                "You count the lengths from the end. The filled-up steps come *after* a sequence.",
            ),
            (
                lambda states, lengths: own_last_states(states, lengths)[::-1],
                "These are the right states, but the sequences are in reverse order.",
            ),
            (
                _mean_of_own_steps,
                "This is the mean over a sequence's own steps. Return the state after the last "
                "of them.",
            ),
            (
                lambda states, lengths: states[:, 0],
                "This is the state after the first step. Where does each sequence end?",
            ),
        ],
        hints=(
            "A sequence of length 1 ends at index 0.",
            "With a loop: for sequence k, take `states[k, lengths[k] - 1]`. Then use `np.stack`.",
            "Without a loop: NumPy combines two arrays of indices pair by pair. One of them is "
            "`np.arange(len(states))`.",
        ),
        then="Keras does this for you if an earlier layer, such as `Masking`, marks the "
        "meaningless steps.",
    ),
    exercise(
        "03.3",
        "a cell with a single gate",
        solution=minimal_gated_step,
        cases=_step_cases,
        mistakes=[
            (
                partial(_other_step, mix=lambda f, h, candidate: f * h + (1 - f) * candidate),
                "You swapped what is kept and what is replaced. Here f = 1 means that "
                "everything is replaced.",
            ),
            (
                partial(_other_step, mix=lambda f, h, candidate: (1 - f) * h + candidate),
                "The gate decides how much of the candidate enters. Multiply the candidate by f.",
            ),
            (
                partial(_other_step, mix=lambda f, h, candidate: h + f * candidate),
                "The gate decides how much of the old state is kept. Multiply the old state by "
                "1 - f.",
            ),
            (
                partial(_other_step, mix=lambda f, h, candidate: candidate),
                "This is the candidate. The new state is a blend of it and the old state.",
            ),
            (
                partial(_other_step, halves=lambda w: _halves(w)[::-1]),
                "The parts are in the order f, h, not h, f.",
            ),
            (
                partial(_other_step, halves=_every_second),
                "The parts stand side by side. The first half of the columns belongs to f, not "
                "every second column.",
            ),
            (partial(_other_step, gate=np.tanh), "A gate is a sigmoid, from 0 to 1."),
            (partial(_other_step, squash=np.asarray), "The candidate goes through tanh."),
            (
                partial(_other_step, squash=sigmoid),
                "The candidate goes through tanh. The sigmoid is for the gate.",
            ),
            (
                partial(_other_step, seen=lambda f, h, U_h: f * (h @ U_h)),
                "The reset comes *before* the matrix product here: multiply h by f first, then by "
                "U_h.",
            ),
            (
                partial(_other_step, seen=lambda f, h, U_h: h @ U_h),
                "The candidate should see `f * h`, not `h`.",
            ),
            (
                partial(_other_step, seen=lambda f, h, U_h: ((1 - f) * h) @ U_h),
                "The candidate should see `f * h`, not `(1 - f) * h`.",
            ),
            (
                partial(_other_step, seen=lambda f, h, U_h: f * h * U_h),
                "`f * h * U_h` multiplies number by number. The matrix product is `@`.",
            ),
            (
                partial(_other_step, halves=lambda w: np.split(w, 2)),
                "`np.split` cuts along the first axis unless you say `axis=-1`. The parts stand "
                "side by side.",
            ),
            (
                _step_without_bias,
                "The bias is missing. Add b_f in the gate and b_h in the candidate.",
            ),
            (_gate_that_sees_no_state, "The gate needs the old state too: add h @ U_f."),
        ],
        hints=(
            "Split W, U and b with `np.split(..., 2, axis=-1)`. The first half belongs to f.",
            "Compute f first, from the whole of h. Then compute the candidate, with f * h in "
            "place of h.",
            "In NumPy, `f * h @ U_h` means `(f * h) @ U_h`, because both operators have the "
            "same rank and the left one goes first. Brackets make it clear.",
        ),
        then="Give it to `unroll`. Your own cell reads sequences like any other.",
    ),
)
