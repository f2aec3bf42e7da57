"""Exercises of notebook 02: steps and features, the snake, both ways."""

import numpy as np

from rnn_tutor import sequences
from rnn_tutor.exercises._judging import Exercise


def _steps(attempt):
    swapped = "These are the right numbers the other way round: (steps, features)."
    channels = "Each pixel of a patch has a number for every channel."
    known = [([12, 6], swapped), ([6, 4], channels), ([18, 4], channels + " No step is added.")]
    attempt.gives(np.array([6, 12]), 6, 4, 3, 2, mistakes=known)
    attempt.gives(np.array([16, 49]), 28, 28, 1, 7)
    left = "What does not fit is padded: a row of 5 pixels holds 2 patches of 4, not 1."
    area = "Patches may not be cut in pieces to fill the rest: count them along each side."
    attempt.gives(np.array([4, 16]), 5, 5, 1, 4, mistakes=[([1, 16], left), ([2, 16], area)])
    rng = np.random.default_rng(2)
    for _ in range(20):
        height, width, channels, size = (int(k) for k in rng.integers(1, [40, 40, 5, 9]))
        patches = sequences.to_patches(np.zeros((1, height, width, channels)), size, pad=True)
        attempt.gives(np.array(patches.shape[1:]), height, width, channels, size)


def _snake(attempt):
    known = [
        ([0, 1, 2, 3, 4, 5], "Every second row has to be read from right to left."),
        ([2, 1, 0, 3, 4, 5], "The first row is read from left to right, the second one back."),
        ([0, 3, 4, 1, 2, 5], "This goes down and up the columns; the snake follows the rows."),
        ([[0, 1, 2], [5, 4, 3]], "The path is one long list: `.ravel()`."),
    ]
    attempt.gives(np.array([0, 1, 2, 5, 4, 3]), 2, 3, mistakes=known)
    other = "From the third row on something else happens: rows 0, 2, 4, ... go to the right."
    attempt.gives(np.array([0, 1, 3, 2, 4, 5]), 3, 2, words=other)
    for height, width in [(1, 1), (1, 5), (5, 1), (4, 4), (7, 3), (6, 9), (28, 28)]:
        attempt.gives(sequences.scan(height, width, "snake"), height, width)


def _both(attempt):
    small = np.array([[[1, 2], [3, 4], [5, 6]], [[7, 8], [9, 0], [2, 5]]])
    expected = np.array(
        [[[1, 2, 5, 6], [3, 4, 3, 4], [5, 6, 1, 2]], [[7, 8, 2, 5], [9, 0, 9, 0], [2, 5, 7, 8]]]
    )
    known = [
        (_starts([1, 2, 7, 8]), "You turned round the *batch*: another picture is read now."),
        (_starts([1, 2, 2, 1]), "You turned round the *features* of each step, not the steps."),
        (_starts([1, 2, 1, 2]), "The second half reads forwards too."),
        (_starts([1, 2, 6, 5]), "The steps are turned round, but so are the features of each."),
        (_starts([1, 2, 2, 5]), "You turned round the *batch* and the steps."),
        (_starts([1, 2, 5, 2]), "You turned round everything; only the steps are to be."),
        (_starts([5, 6, 1, 2]), "First the sequence as it is, then the one from its end."),
        (
            lambda r: r.shape == (2, 6, 2),
            "Here the second reading follows *after* the first, as "
            "further steps. It should stand beside it, as further features.",
        ),
    ]
    attempt.gives(expected, small, mistakes=known)
    rng = np.random.default_rng(2)
    for shape in [(1, 1, 1), (1, 4, 1), (3, 1, 2), (2, 5, 3), (6, 28, 28)]:
        given = rng.normal(size=shape)
        backwards = np.stack([given[:, -k] for k in range(1, shape[1] + 1)], axis=1)
        attempt.gives(np.dstack([given, backwards]), given)


def _starts(features):
    return lambda received: received.shape[2] == 4 and received[0, 0].tolist() == features


EXERCISES = (
    Exercise(
        "02.1",
        "how many steps, how many features?",
        _steps,
        (
            "How many patches stand side by side, how many one below the other? The product is "
            "the number of steps.",
            "Where patches do not fit, one more is needed: round up. `-(-a // b)` does that, or "
            "`math.ceil(a / b)`.",
            "A patch has size x size pixels, and each pixel `channels` numbers.",
        ),
        inputs=("height", "width", "channels", "size"),
    ),
    Exercise(
        "02.2",
        "the snake",
        _snake,
        (
            "`np.arange(height * width).reshape(height, width)` numbers the pixels.",
            "`places[1::2]` is every second row, from row 1 on.",
            "A row backwards is `row[::-1]`; of several rows, `rows[:, ::-1]`.",
        ),
        inputs=("height", "width"),
        then="See it: `rt.plots.scan_paths({'snake': snake_path(8, 8)}, (8, 8))`.",
    ),
    Exercise(
        "02.3",
        "both ways",
        _both,
        (
            "Which of the three axes holds the steps?",
            "`[:, ::-1]` turns the second axis round and leaves the others.",
            "`np.concatenate` joins along an axis; features are the last one.",
        ),
        inputs=("sequences",),
        then="Keras's `Bidirectional` reads so, with a layer of its own for each half.",
    ),
)
