"""Right answers to the exercise of notebook 03b, written in different ways."""

import math

import numpy as np


def half_life_of_math(bias):
    return math.log(2) / math.log1p(math.exp(-bias))


def half_life_by_halving(bias):
    f = 1 / (1 + np.exp(-bias))
    low, high = 0.0, 1e6
    for _ in range(100):
        middle = (low + high) / 2
        if f**middle > 0.5:
            low = middle
        else:
            high = middle
    return low


def half_life_to_another_base(bias):
    f = 1 / (1 + np.exp(-np.array([bias])))
    return float((-1 / np.log2(f))[0])


def half_life_in_an_array(bias):
    return np.array(np.log(0.5) / np.log(1 / (1 + np.exp(-bias))))


RIGHT = {
    "03b.1": [
        half_life_of_math,
        half_life_by_halving,
        half_life_to_another_base,
        half_life_in_an_array,
    ],
}
