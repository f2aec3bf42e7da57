"""Exercises of notebook 03: weights, half-life, own last states, a cell with a single gate."""

import math

import numpy as np

from rnn_tutor.exercises._judging import Exercise
from rnn_tutor.exercises.cells import sigmoid

PARTS = {"simple_rnn": 1, "gru": 3, "lstm": 4}
BIASES = {"simple_rnn": 1, "gru": 2, "lstm": 1}  # rows


def _weights(attempt):
    for cell, features, units in [("simple_rnn", 3, 2), ("lstm", 3, 2), ("gru", 3, 2)]:
        _count(attempt, cell, features, units)
    rng = np.random.default_rng(3)
    for _ in range(20):
        for cell in PARTS:
            _count(attempt, cell, *(int(k) for k in rng.integers(1, 130, 2)))


def _count(attempt, cell, features, units):
    kernel, recurrent, bias = units * features, units**2, units
    parts, rows = PARTS[cell], BIASES[cell]
    with_two = f"The {cell} with two rows of bias? Look at the shapes printed above."
    mistakes = [
        (parts * (kernel + recurrent), "Every part has a bias too."),
        (parts * (kernel + rows * bias), "The recurrent kernel is missing: (units, units)."),
        (parts * (kernel + features**2 + rows * bias), "The recurrent kernel is (units, units)."),
        (parts * (kernel + recurrent + (3 - rows) * bias), with_two),
        (kernel + recurrent + rows * bias, f"How many parts stand side by side in a {cell}?"),
    ]
    if cell == "gru":
        one = "Keras's GRU resets after the matrix product, and needs a second row of bias for it."
        mistakes[3] = (parts * (kernel + recurrent + bias), one)
        four = "A GRU has two gates, and a third part: the candidate."
        mistakes.append((4 * (kernel + recurrent + 2 * bias), four))
    if cell == "lstm":
        three = "An LSTM has three gates, and a fourth part: what would be written."
        mistakes.append((3 * (kernel + recurrent + bias), three))
    attempt.gives(parts * (kernel + recurrent + rows * bias), cell, features, units,
                  mistakes=mistakes)  # fmt: skip


def _half_life(attempt):
    for bias in [2.0, 0.0, 1.0, 3.0, -2.0, 5.0, 0.5, -0.3, 8.0]:
        f = 1 / (1 + math.exp(-bias))
        expected = math.log(2) / math.log1p(math.exp(-bias))
        mistakes = [
            (-expected, "So many steps *ago*? The sign is wrong."),
            (1 / expected, "This is how many halvings there are in one step: turn it over."),
            (1 / (1 - f), "After so many steps there is 1/e left, roughly, and not one half."),
            (0.5 / (1 - f), "That is as if the same amount were lost at every step. It is the "
             "same *share* of what is left."),
            (math.ceil(expected), "This is rounded to a whole step; give the number itself."),
        ]  # fmt: skip
        if bias > 0 and bias != 1:
            for raw in (math.log(0.5) / math.log(bias), math.log(2) / bias):
                mistakes.append((raw, "The gate is the *sigmoid* of the bias."))
        attempt.gives(expected, bias, mistakes=mistakes)


def _own_last(attempt):
    small = np.arange(6.0).reshape(2, 3, 1)
    words = "This is the state after the last step of the *batch*, rubbish included."
    shape = "`states[:, lengths - 1]` takes every length for every sequence. Take for each "
    shape += "sequence its own: two lists of places, of the same length."
    after = "One step too far: the first step has the index 0, the last one length - 1."
    mistakes = [
        (small[:, -1], words),
        (lambda r: r.shape == (2, 2, 1), shape),
        ([[1], [5]], after),
        (lambda r: r.shape == (2,), "The axis of the units is lost: expected (n, units)."),
    ]
    attempt.gives(np.array([[0.0], [4.0]]), small, np.array([1, 2]), mistakes=mistakes)
    rng = np.random.default_rng(3)
    for n, steps, units in [(1, 1, 1), (1, 4, 2), (3, 5, 2), (4, 4, 4), (10, 28, 16)]:
        states = rng.normal(size=(n, steps, units)).round(2)
        lengths = rng.integers(1, steps + 1, n)
        expected = np.array([row[k - 1] for row, k in zip(states, lengths, strict=True)])
        attempt.gives(expected, states, lengths)


def _single_gate(attempt):
    rng = np.random.default_rng(3)
    for n, features, units in [(1, 1, 1), (1, 1, 2), (2, 3, 2), (5, 4, 3), (32, 28, 8)]:
        shapes = [(n, features), (n, units), (features, 2 * units), (units, 2 * units)]
        given = [rng.uniform(-2, 2, shape).round(1) for shape in (*shapes, (2 * units,))]
        attempt.gives(_minimal(*given), *given, mistakes=_not_minimal(*given))


def _minimal(x, h, W, U, b, gate=sigmoid, reset="before", swapped=False, turned=False,
             squash=np.tanh):  # fmt: skip
    """The minimal gated unit, and what usual mistakes make of it."""
    W, U, b = (np.roll(w, len(h[0]) if swapped else 0, axis=-1) for w in (W, U, b))
    (W_f, W_h), (U_f, U_h), (b_f, b_h) = (np.array_split(w, 2, axis=-1) for w in (W, U, b))
    f = gate(x @ W_f + h @ U_f + b_f)
    seen = {"before": (f * h) @ U_h, "after": f * (h @ U_h), "never": h @ U_h}[reset]
    candidate = squash(x @ W_h + seen + b_h)
    return candidate + f * (h - candidate) if turned else h + f * (candidate - h)


def _not_minimal(*given):
    return [
        (_minimal(*given, turned=True), "Kept and replaced are exchanged: here f = 1 means that "
         "everything is replaced."),
        (_minimal(*given, swapped=True), "The parts stand in the order f, h, not h, f."),
        (_minimal(*given, gate=np.tanh), "A gate is a sigmoid, from 0 to 1."),
        (_minimal(*given, squash=np.asarray), "The candidate goes through tanh."),
        (_minimal(*given, reset="after"), "The reset comes *before* the matrix product here: "
         "multiply h by f first, then by U_h."),
        (_minimal(*given, reset="never"), "The candidate should see f * h, not h."),
    ]  # fmt: skip


EXERCISES = (
    Exercise(
        "03.1",
        "how many weights?",
        _weights,
        (
            "Add up the sizes of the three arrays: kernel, recurrent kernel, bias. The cells above "
            "print their shapes, for 28 features and 8 units.",
            "The kernel has features x units numbers for every part, the recurrent kernel units x "
            "units. A SimpleRNN has one part, a GRU three, an LSTM four.",
            "A GRU's bias has two rows.",
        ),
        inputs=("cell", "features", "units"),
        then="Compare with Keras: `layers.GRU(64)`, built, has a method `count_params()`.",
    ),
    Exercise(
        "03.2",
        "half-life",
        _half_life,
        (
            "Begin with f, the sigmoid of the bias. After k steps the share f ** k is left.",
            "Solve f ** k = 1/2 for k: take the logarithm of both sides.",
        ),
        inputs=("bias",),
        then="See how steeply it grows: `[half_life(b) for b in range(8)]`.",
    ),
    Exercise(
        "03.3",
        "sequences of different lengths",
        _own_last,
        (
            "A sequence of length 1 ends at index 0.",
            "With a loop: for the k-th sequence, `states[k, lengths[k] - 1]`. Then `np.stack`.",
            "Without: NumPy takes two arrays of indices together, pair by pair. One is "
            "`np.arange(len(states))`.",
        ),
        inputs=("states", "lengths"),
        then="Keras does this for you where a layer before, such as `Masking`, marks the rubbish.",
    ),
    Exercise(
        "03.4",
        "a cell with a single gate",
        _single_gate,
        (
            "Take W, U and b apart with `np.split(..., 2, axis=-1)`; the first half is f's.",
            "First f, with the whole of h. Then the candidate, with f * h in place of h.",
            "In NumPy, `f * h @ U_h` means `(f * h) @ U_h`: the two operators rank alike, and the "
            "left one goes first. Brackets say it aloud.",
        ),
        inputs=("x", "h", "W", "U", "b"),
        then="Give it to `unroll`: a cell of your own reads sequences like any other.",
    ),
)
