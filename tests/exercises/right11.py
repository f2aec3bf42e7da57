"""Right answers to the exercises of notebook 11, written in different ways."""

import functools
import math

import numpy as np


def mask_strip_by_strip(widths, steps, stride):
    mask = np.zeros((len(widths), steps), bool)
    for i in range(len(widths)):
        for k in range(steps):
            mask[i, k] = k * stride < widths[i]
    return mask


def mask_in_lists(widths, steps, stride):
    return [[k < math.ceil(width / stride) for k in range(steps)] for width in widths]


def mask_of_columns(widths, steps, stride):
    columns = np.arange(steps * stride) < widths[:, None]
    return columns[:, ::stride]


def padding_batch_by_batch(widths, size):
    ordered, padded, everything = sorted(widths.tolist()), 0, 0
    while ordered:
        batch, ordered = ordered[:size], ordered[size:]
        for width in batch:
            padded += batch[-1] - width
            everything += batch[-1]
    return padded / everything


def padding_from_the_widest(widths, size):
    widths = np.sort(widths)
    widest = np.minimum(np.arange(len(widths)) // size * size + size, len(widths)) - 1
    return np.float32(1 - widths.sum() / widths[widest].sum())


def padding_in_a_table(widths, size):
    n = -(-len(widths) // size)
    table = np.full(n * size, np.nan)
    table[: len(widths)] = np.sort(widths)
    table = table.reshape(n, size)
    return np.nansum(np.nanmax(table, axis=1)[:, None] - table) / np.nansum(
        np.nanmax(table, axis=1) * np.isfinite(table).sum(axis=1)
    )


def dtw_recursive(a, b):
    @functools.cache
    def cost(i, j):
        if i < 0 and j < 0:
            return 0.0
        if i < 0 or j < 0:
            return math.inf
        return abs(a[i] - b[j]) + min(cost(i - 1, j), cost(i, j - 1), cost(i - 1, j - 1))

    return cost(len(a) - 1, len(b) - 1)


def dtw_row_by_row(a, b):
    row = np.abs(a[0] - b).cumsum()
    for x in a[1:]:
        new = np.zeros(len(b))
        new[0] = row[0] + abs(x - b[0])
        for j in range(1, len(b)):
            new[j] = abs(x - b[j]) + min(row[j], row[j - 1], new[j - 1])
        row = new
    return float(row[-1])


def dtw_in_a_dict(a, b):
    cost = {(-1, -1): 0}
    for i in range(len(a)):
        for j in range(len(b)):
            ways = [(i - 1, j), (i, j - 1), (i - 1, j - 1)]
            step = float(max(a[i], b[j]) - min(a[i], b[j]))
            cost[i, j] = step + min(cost.get(way, math.inf) for way in ways)
    return cost[len(a) - 1, len(b) - 1]


def settled_from_the_end(probabilities):
    best = [int(np.argmax(row)) for row in probabilities]
    step = len(best) - 1
    while step > 0 and best[step - 1] == best[-1]:
        step -= 1
    return step


def settled_by_all(probabilities):
    best = np.argmax(probabilities, axis=1)
    for step in range(len(best)):
        if (best[step:] == best[-1]).all():
            return np.int64(step)


def settled_by_accumulating(probabilities):
    best = probabilities.argmax(axis=1)
    stays = np.logical_and.accumulate((best == best[-1])[::-1])[::-1]
    return stays.argmax()


RIGHT = {
    "11.1": [38, 38.0, np.int64(38), math.ceil(math.ceil(150 / 2) / 2)],
    "11.2": [mask_strip_by_strip, mask_in_lists, mask_of_columns],
    "11.3": [padding_batch_by_batch, padding_from_the_widest, padding_in_a_table],
    "11.4": [dtw_recursive, dtw_row_by_row, dtw_in_a_dict],
    "11.5": [settled_from_the_end, settled_by_all, settled_by_accumulating],
}
