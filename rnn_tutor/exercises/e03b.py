"""Exercises of notebook 03b: half-life, clipping each gradient, how far back a gradient reaches."""

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


# 03b.2 clipping


def clipped(gradients, limit):
    lengths = np.linalg.norm(gradients, axis=1, keepdims=True)
    return gradients * np.minimum(1, limit / np.maximum(lengths, 1e-12))


def _gradient_cases(rng):
    yield np.array([[3.0, 4.0]]), 1.0
    yield np.array([[0.3, 0.4], [6.0, 8.0]]), 1.0
    yield np.array([[0.0, 0.0], [0.0, -2.0]]), 1.0
    for n, weights, limit in [(2, 3, 2.0), (3, 2, 0.5), (5, 5, 3.0), (20, 8, 4.0)]:
        scale = rng.uniform(0.1, 3, (n, 1))
        yield (scale * rng.normal(size=(n, weights))).round(2), limit


def _lengths(gradients):
    return np.linalg.norm(gradients, axis=1, keepdims=True)


def _all_made_as_long(gradients, limit):
    return gradients * limit / np.maximum(_lengths(gradients), 1e-12)


def _shorter_left_out(gradients, limit):
    return np.where(_lengths(gradients) > limit, limit, gradients)


def _by_the_whole_length(gradients, limit):
    return gradients * min(1, limit / max(np.linalg.norm(gradients), 1e-12))


def _by_the_squared_length(gradients, limit):
    return gradients * np.minimum(1, limit / np.maximum(_lengths(gradients) ** 2, 1e-12))


def _down_the_columns(gradients, limit):
    return clipped(gradients.T, limit).T


def _by_the_sum(gradients, limit):
    lengths = np.abs(gradients).sum(axis=1, keepdims=True)
    return gradients * np.minimum(1, limit / np.maximum(lengths, 1e-12))


def _nan_for_zero(gradients, limit):
    lengths = _lengths(gradients)
    return np.where(lengths == 0, np.nan, clipped(gradients, limit))


def _long_ones_zero(gradients, limit):
    return np.where(_lengths(gradients) > limit, 0, gradients)


def _not_to_the_limit(gradients, limit):
    lengths = _lengths(gradients)
    return np.where(lengths > limit, gradients / np.maximum(lengths, 1e-12), gradients)


# 03b.3 how far back?


def reach(curve, share):
    below = np.flatnonzero(np.asarray(curve) < share)
    return int(below[0]) - 1 if len(below) else len(curve) - 1


def _curve_cases(rng):
    yield np.array([1.0, 0.5, 0.25]), 0.5
    yield np.array([1.0, 0.1]), 0.5
    yield np.array([1.0, 0.4, 0.6, 0.1]), 0.5
    yield np.array([1.0, 0.9, 0.8]), 0.5
    for steps, share in [(4, 0.5), (6, 0.1), (10, 0.25), (28, 0.01), (28, 0.5)] * 3:
        factors = rng.uniform(0.5, 1.2, steps - 1)
        yield np.concatenate([[1.0], np.cumprod(factors)]).round(4), share


def _number_of_steps(curve, share):
    return reach(curve, share) + 1


def _last_that_is_above(curve, share):
    return int(np.flatnonzero(curve >= share)[-1])


def _all_that_are_above(curve, share):
    return int(np.sum(curve >= share)) - 1


def _strictly_above(curve, share):
    below = np.flatnonzero(curve <= share)
    return int(below[0]) - 1 if len(below) else len(curve) - 1


def _zero_if_it_never_falls(curve, share):
    return int((curve < share).argmax()) - 1


def _share_there(curve, share):
    return curve[reach(curve, share)]


def _half_of_the_step_before(curve, share):
    below = np.flatnonzero(curve[1:] < share * curve[:-1])
    return int(below[0]) if len(below) else len(curve) - 1


EXERCISES = (
    exercise(
        "03b.1",
        "half-life",
        solution=half_life,
        cases=_half_life_cases,
        mistakes=[
            (
                lambda bias: -half_life(bias),
                "The sign is wrong. The number of steps must be positive.",
            ),
            (
                lambda bias: 1 / half_life(bias),
                "This is the number of halvings in one step. Take its inverse.",
            ),
            (
                lambda bias: 1 / (1 - sigmoid(bias)),
                "After this many steps about 1/e is left, not one half.",
            ),
            (
                lambda bias: 0.5 / (1 - sigmoid(bias)),
                "You assume that each step loses the same amount. Each step loses the same "
                "*share* of what is left.",
            ),
            (
                lambda bias: np.ceil(half_life(bias) - 1e-9),
                "This is rounded up to a whole step. Return the exact number.",
            ),
            (
                lambda bias: np.floor(half_life(bias) + 1e-9),
                "This is rounded down to a whole step. Return the exact number.",
            ),
            (
                lambda bias: half_life(bias) + 1,
                "This is one too many. After 0 steps, all of the memory is left.",
            ),
            (
                lambda bias: np.floor(half_life(bias) + 1e-9) + 1,
                "This counts whole steps until less than half is left. Return the exact number.",
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
                "This would be right if f were exp(-bias). The gate is the *sigmoid* of the bias.",
            ),
            (
                lambda bias: np.log(0.5) / sigmoid(bias),
                "Take the logarithm of both sides of f ** k = 1/2. Here f has none.",
            ),
        ],
        hints=(
            "Start with f, the sigmoid of the bias. After k steps, the share f ** k is left.",
            "Solve f ** k = 1/2 for k. Take the logarithm of both sides.",
        ),
        then="See how fast it grows: `[half_life(b) for b in range(8)]`.",
    ),
    exercise(
        "03b.2",
        "clip each gradient",
        solution=clipped,
        cases=_gradient_cases,
        mistakes=[
            (
                lambda gradients, limit: np.clip(gradients, -limit, limit),
                "You clip each *number*, and that changes the direction. Scale the whole row.",
            ),
            (
                _all_made_as_long,
                "Now every row has the length `limit`. Leave rows alone that are shorter.",
            ),
            (
                _by_the_whole_length,
                "You use the length of all rows together. Each row has its own length.",
            ),
            (
                _by_the_squared_length,
                "You divide by the *squared* length. Take the root of the sum of squares.",
            ),
            (
                _down_the_columns,
                "You clip the columns. Each *row* is the gradient of one picture.",
            ),
            (
                _by_the_sum,
                "You add up the absolute values. The length is the root of the sum of squares.",
            ),
            (
                _nan_for_zero,
                "Your answer contains NaN: the length of a row of zeros is 0. That row stays zero.",
            ),
            (
                _long_ones_zero,
                "You set long rows to zero. Shorten them to the length `limit`.",
            ),
            (
                _not_to_the_limit,
                "Long rows now have length 1. They should have the length `limit`.",
            ),
            (
                _shorter_left_out,
                "You put the limit in place of each number. Scale the row to that length.",
            ),
        ],
        hints=(
            "The length of a row is the root of the sum of its squares. "
            "`np.linalg.norm(gradients, axis=1, keepdims=True)` gives all of them.",
            "Multiply each row by a factor: `limit / length` if the row is too long, else 1.",
            "`np.minimum(1, ...)` makes the factor at most 1. Take care of a length of 0.",
        ),
        then="Keras clips each weight's gradient by its own length with the setting `clipnorm`.",
    ),
    exercise(
        "03b.3",
        "how far back does it reach?",
        solution=reach,
        cases=_curve_cases,
        returns="index",
        mistakes=[
            (
                _number_of_steps,
                "This is one too many. The first value belongs to 0 steps back.",
            ),
            (
                _last_that_is_above,
                "The curve fell below the share before that. Stop where it falls for the first "
                "time.",
            ),
            (
                _all_that_are_above,
                "You count values after the first fall too. Stop where it falls for the first "
                "time.",
            ),
            (
                _strictly_above,
                "A value equal to the share still counts.",
            ),
            (
                _zero_if_it_never_falls,
                "If the curve never falls below the share, it reaches back to its last step.",
            ),
            (
                _share_there,
                "This is the value there. Return how many steps back it is.",
            ),
            (
                _half_of_the_step_before,
                "You compare with the step before. Compare each value with the share.",
            ),
        ],
        hints=(
            "Look for the first value that is smaller than the share.",
            "`np.flatnonzero(curve < share)` lists the steps at which the curve is below it.",
            "The answer is the step before the first of these. What if there are none?",
        ),
        then="Try it before and after training: `{name: reach(curve, 0.1) for name, curve in "
        "curves.items()}`.",
    ),
)
