"""Right answers to the exercises of notebook 02."""

import math

import numpy as np

from rnn_tutor.images import sequences as package


def steps_by_ceil(height, width, channels, size):
    return np.array([math.ceil(height / size) * math.ceil(width / size), channels * size**2])


def steps_by_numpy(height, width, channels, size):
    return np.ceil(height / size) * np.ceil(width / size), size * size * channels


def steps_by_counting(height, width, channels, size):
    steps = 0
    for _ in range(0, height, size):
        for _ in range(0, width, size):
            steps += 1
    return [steps, size * size * channels]


def steps_by_package(height, width, channels, size):
    return package.to_patches(np.zeros((1, height, width, channels)), size, pad=True).shape[1:]


def snake_by_loop(height, width):
    path = []
    for row in range(height):
        columns = range(width) if row % 2 == 0 else range(width - 1, -1, -1)
        for column in columns:
            path.append(row * width + column)
    return path


def snake_into_zeros(height, width):
    path = np.zeros(height * width, dtype=int)
    step = 0
    for row in range(height):
        for k in range(width):
            path[step] = row * width + (width - 1 - k if row % 2 else k)
            step += 1
    return path


def snake_by_where(height, width):
    row, column = np.divmod(np.arange(height * width, dtype=np.int32), width)
    return row * width + np.where(row % 2 == 1, width - 1 - column, column)


def snake_by_package(height, width):
    return package.scan(height, width, "snake")


def both_into_zeros(sequences):
    n, steps, features = sequences.shape
    result = np.zeros((n, steps, 2 * features))
    for i in range(n):
        for t in range(steps):
            for k in range(features):
                result[i, t, k] = sequences[i, t, k]
                result[i, t, features + k] = sequences[i, steps - 1 - t, k]
    return result


def both_as_lists(sequences):
    return [
        [list(a) + list(b) for a, b in zip(one, one[::-1], strict=True)]
        for one in sequences.tolist()
    ]


def both_by_flip(sequences):
    return np.dstack((sequences, np.flip(sequences, axis=1))).astype(np.float32)


def both_by_index(sequences):
    backwards = np.arange(sequences.shape[1])[::-1]
    return np.concatenate((sequences, sequences[:, backwards, :]), axis=-1)


RIGHT = {
    "02.1": [steps_by_ceil, steps_by_numpy, steps_by_counting, steps_by_package],
    "02.2": [snake_by_loop, snake_into_zeros, snake_by_where, snake_by_package],
    "02.3": [both_into_zeros, both_as_lists, both_by_flip, both_by_index],
}
