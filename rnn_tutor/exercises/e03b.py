"""Exercises of notebook 03b: the half-life of a memory."""

import math
from functools import partial

import numpy as np

from rnn_tutor.exercises._judging import exercise
from rnn_tutor.networks.cells import sigmoid

# 03b.1 half-life


def half_life(bias):
    f = 1 / (1 + np.exp(-bias))
    return np.log(0.5) / np.log(f)


def _half_life_cases(rng):
    for bias in (2.0, 0.0, 1.0, -2.0, 5.0, 0.5, 8.0):
        yield (bias,)
    for bias in rng.uniform(-3, 6, 10):
        yield (float(bias),)


def _half_life_of(bias, *, gate=sigmoid, log=np.log):
    return log(0.5) / log(gate(bias))


EXERCISES = (
    exercise(
        "03b.1",
        "half-life",
        solution=half_life,
        cases=_half_life_cases,
        mistakes=[
            (lambda bias: -half_life(bias), "So many steps *ago*? The sign is wrong."),
            (
                lambda bias: 1 / half_life(bias),
                "This is how many halvings there are in one step: turn it over.",
            ),
            (
                lambda bias: 1 / (1 - sigmoid(bias)),
                "After so many steps roughly 1/e is left, and not one half.",
            ),
            (
                lambda bias: 0.5 / (1 - sigmoid(bias)),
                "That is as if the same amount were lost at every step. It is the same *share* of "
                "what is left.",
            ),
            (
                lambda bias: np.ceil(half_life(bias) - 1e-9),
                "This is rounded up to a whole step. Give the number itself.",
            ),
            (
                lambda bias: np.floor(half_life(bias) + 1e-9),
                "This is rounded down to a whole step. Give the number itself.",
            ),
            (
                lambda bias: half_life(bias) + 1,
                "One too many: after 0 steps the whole of the memory is left.",
            ),
            (
                lambda bias: np.floor(half_life(bias) + 1e-9) + 1,
                "This counts whole steps until less than half is left. Give the number itself.",
            ),
            *(
                (
                    partial(_half_life_of, gate=np.tanh, log=log),
                    "A gate is the sigmoid of its bias, not tanh.",
                )
                for log in (np.log, math.log)  # one gives NaN, the other raises
            ),
            (
                partial(_half_life_of, gate=lambda bias: sigmoid(-bias)),
                "A large bias should keep the memory for long. Look at the sign in your sigmoid.",
            ),
            *(
                (
                    partial(_half_life_of, gate=lambda bias: bias, log=log),
                    "The gate is the *sigmoid* of the bias, not the bias itself.",
                )
                for log in (np.log, math.log)
            ),
            (
                lambda bias: np.log(2) / bias,
                "This would be so if f were exp(-bias). The gate is the *sigmoid* of the bias.",
            ),
            (
                lambda bias: np.log(0.5) / sigmoid(bias),
                "Both sides of f ** k = 1/2 need a logarithm, and here f has none.",
            ),
        ],
        hints=(
            "Begin with f, the sigmoid of the bias. After k steps the share f ** k is left.",
            "Solve f ** k = 1/2 for k: take the logarithm of both sides.",
        ),
        then="See how steeply it grows: `[half_life(b) for b in range(8)]`.",
    ),
)
