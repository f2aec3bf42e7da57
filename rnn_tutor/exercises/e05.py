"""Exercises of notebook 05: the loss of a classifier, the recall of each class, a fair split."""

import numpy as np

from rnn_tutor.exercises._judging import Exercise


def _surprise(attempt):
    labels = np.array([0, 1])
    said = np.array([[0.5, 0.5], [0.75, 0.25]])
    known = [
        ([-0.693147, -1.386294], "The sign: a logarithm of a probability is negative."),
        ([0.5, 0.25], "These are the probabilities of the right classes; now the logarithm."),
        ([0.693147, 0.287682], "For each picture take the probability of *its* class, not the "
                               "largest one, nor that of the first class."),
        ([1.0, 2.0], "The right idea in bits: Keras takes the natural logarithm, `np.log`."),
        (
            lambda received: received.shape == (2, 2),
            "For each picture *one* of its numbers: give a place in the rows and one in the "
            "columns, in pairs.",
        ),
        (1.0397208, "A number for each picture: leave out the mean."),
        (2.0794415, "A number for each picture: leave out the sum."),
    ]  # fmt: skip
    attempt.gives(np.array([0.693147, 1.386294]), labels, said, mistakes=known)
    attempt.gives(np.zeros(1), np.array([2]), np.array([[0.0, 0.0, 1.0]]))
    rng = np.random.default_rng(5)
    for n, classes in [(1, 2), (7, 5), (40, 10)]:
        said = rng.dirichlet(np.ones(classes), n)
        labels = rng.integers(0, classes, n)
        expected = np.array([-np.log(said[i][labels[i]]) for i in range(n)])
        attempt.gives(expected, labels, said)


def _recall(attempt):
    matrix = np.array([[3, 1], [0, 2]])
    known = [
        ([1.0, 0.666667], "You divided by the columns: that is *precision*, the share of the "
                          "pictures called so that are so. Rows are the true classes."),
        ([0.5, 0.333333], "You divided by all pictures. Each class has its own number of them."),
        ([0.25, 0.0], "These are the shares of the mistakes; asked for is what went right."),
        (0.833333, "A number is wanted for each class, this is the accuracy."),
        (0.875, "A number is wanted for each class, this is their mean."),
    ]  # fmt: skip
    attempt.gives(np.array([0.75, 1.0]), matrix, mistakes=known)
    attempt.gives(np.array([1.0]), np.array([[4]]))
    rng = np.random.default_rng(5)
    for classes in (2, 3, 5, 12):
        table = rng.integers(0, 30, (classes, classes)) + np.eye(classes, dtype=int)
        expected = [table[k, k] / sum(table[k]) for k in range(classes)]
        attempt.gives(np.array(expected), table)


def _first_of_each(attempt):
    labels = np.array([0, 0, 1, 1, 1, 0])
    every = "This is not the first of each class but one of them; go through the order."
    known = [
        (_is([True, False, False, False, False, False]), "Class 1 has given nothing."),
        (
            lambda received: received.dtype != bool and received.tolist() == [1, 0, 1, 0, 0, 0],
            "The right pictures. As True and False, please: an array of the type `bool`.",
        ),
        ([0, 2], "These are places; asked for is True or False for every picture."),
        (_is([False, True, False, True, True, True]), "True is to mark the *test* part."),
        (_is([False, False, False, False, True, True]), every),
    ]
    attempt.gives(np.array([True, False, True, False, False, False]), labels, 1, mistakes=known)
    attempt.gives(np.array([True, True, True, True, False, False]), labels, 2)
    other = "Labels need not be 0, 1, 2, ...: which there are, says `np.unique(labels)`."
    attempt.gives(np.array([True, True, False]), np.array([7, 3, 7]), 1, words=other)
    few = "A class with fewer than k pictures gives all it has."
    attempt.gives(np.array([True, True, True]), np.array([1, 0, 1]), 2, words=few)
    rng = np.random.default_rng(5)
    for classes, n, k in [(3, 20, 1), (5, 60, 4), (10, 200, 7)]:
        labels, seen, chosen = rng.integers(0, classes, n), {}, []
        for label in labels.tolist():
            seen[label] = seen.get(label, 0) + 1
            chosen.append(seen[label] <= k)
        attempt.gives(np.array(chosen), labels, k)


def _is(values):
    """Whether what was received is these truth values (a list of them would not be compared)."""
    return lambda received: received.tolist() == values


EXERCISES = (
    Exercise(
        "05.1",
        "the surprise",
        _surprise,
        (
            "For picture i you need `probabilities[i, labels[i]]`.",
            "All at once: an array may be indexed by two arrays, `np.arange(len(labels))` for the "
            "rows and `labels` for the columns.",
        ),
        inputs=("labels", "probabilities"),
        then="The mean of these is the loss that `model.evaluate` shows.",
    ),
    Exercise(
        "05.2",
        "one class at a time",
        _recall,
        (
            "What was recognised stands on the diagonal: `np.diag(matrix)`.",
            "All pictures of class k stand in row k. `matrix.sum(axis=1)` adds up each row.",
        ),
        inputs=("matrix",),
        then="Try it on the matrix above: which class has the lowest recall?",
    ),
    Exercise(
        "05.3",
        "a split that leaves nobody out",
        _first_of_each,
        (
            "Begin with `np.zeros(len(labels), bool)`, and go through `np.unique(labels)`.",
            "`np.flatnonzero(labels == label)` are the places of one class, in order; the first k "
            "of a list are `[:k]`.",
        ),
        inputs=("labels", "k"),
        then="`images.split` draws at random instead of taking the first; why is that better?",
    ),
)
