"""Right answers to the exercises of notebook 03b, written in different ways."""

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


def clipped_by_loop(gradients, limit):
    rows = []
    for gradient in gradients:
        length = math.sqrt(sum(number**2 for number in gradient))
        factor = limit / length if length > limit else 1.0
        rows.append([number * factor for number in gradient])
    return rows


def clipped_where_too_long(gradients, limit):
    result = np.array(gradients, float)
    lengths = np.sqrt(np.einsum("ij,ij->i", result, result))
    long = lengths > limit
    result[long] *= (limit / lengths[long])[:, None]
    return result


def clipped_by_division(gradients, limit):
    lengths = (gradients**2).sum(axis=1) ** 0.5
    return (gradients.T / np.maximum(1, lengths / limit)).T


def reach_by_loop(curve, share):
    k = 0
    while k + 1 < len(curve) and curve[k + 1] >= share:
        k += 1
    return k


def reach_by_running_product(curve, share):
    return np.cumprod(np.asarray(curve) >= share).sum() - 1


def reach_by_running_minimum(curve, share):
    return len(np.flatnonzero(np.minimum.accumulate(curve) >= share)) - 1


RIGHT = {
    "03b.1": [
        half_life_of_math,
        half_life_by_halving,
        half_life_to_another_base,
        half_life_in_an_array,
    ],
    "03b.2": [clipped_by_loop, clipped_where_too_long, clipped_by_division],
    "03b.3": [reach_by_loop, reach_by_running_product, reach_by_running_minimum],
}
