"""Exercises of notebook 05: the loss of a classifier, the recall of each class, a fair split."""

from functools import partial

import numpy as np

from rnn_tutor.exercises._judging import exercise

# 05.1 the surprise


def surprise(labels, probabilities):
    right = probabilities[np.arange(len(labels)), labels]
    return -np.log(right)


def _surprise_cases(rng):
    yield np.array([1]), np.array([[0.75, 0.25]])
    yield np.array([2]), np.array([[0.0625, 0.0625, 0.875]])
    yield np.array([0, 1]), np.array([[0.5, 0.5], [0.75, 0.25]])
    for n, classes in [(1, 3), (3, 3), (7, 5), (40, 10)]:
        yield rng.integers(0, classes, n), rng.dirichlet(np.ones(classes), n)


def _of_its_class(labels, probabilities):
    return probabilities[np.arange(len(labels)), labels]


def _every_class_counted(labels, probabilities):
    """The binary cross-entropy, summed over the classes."""
    is_right = np.arange(probabilities.shape[1]) == labels[:, None]
    return -np.log(np.where(is_right, probabilities, 1 - probabilities)).sum(axis=1)


def _summed_over_pictures(labels, probabilities):
    one_hot = np.eye(probabilities.shape[1])[labels]
    return -np.log((one_hot * probabilities).sum(axis=0))


def _entropy(labels, probabilities):
    return -(probabilities * np.log(probabilities)).sum(axis=1)


# 05.2 one class at a time


def recall_of_each(matrix):
    return np.diag(matrix) / matrix.sum(axis=1)


def _matrix_cases(rng):
    yield (np.array([[4]]),)
    yield (np.array([[3, 1], [0, 2]]),)
    yield (np.array([[0, 2], [1, 3]]),)
    for classes in (2, 3, 3, 5, 12):
        yield (rng.integers(0, 30, (classes, classes)) + np.eye(classes, dtype=int),)


def _f1(matrix):
    return 2 * np.diag(matrix) / (matrix.sum(axis=0) + matrix.sum(axis=1))


# 05.3 a split with every class


def first_of_each(labels, k):
    test_part = np.zeros(len(labels), bool)
    for label in np.unique(labels):
        test_part[np.flatnonzero(labels == label)[:k]] = True
    return test_part


def _label_cases(rng):
    yield np.array([0, 1, 1]), 1
    yield np.array([0, 0, 1, 1, 1, 0]), 1
    yield np.array([7, 3, 7]), 1
    yield np.array([1, 0, 1]), 2
    yield np.array([0, 0, 1, 1, 1, 0]), 2
    yield np.array([2, 2, 2, 2]), 3
    for classes, n, k in [(3, 9, 1), (3, 20, 2), (5, 60, 4), (10, 200, 7)]:
        yield rng.integers(0, classes, n), k


def _chosen(labels, k, *, classes=np.unique, places=lambda places, k: places[:k]):
    """The solution, going through other classes, or taking others of a class's pictures."""
    test_part = np.zeros(len(labels), bool)
    for label in classes(labels):
        test_part[places(np.flatnonzero(labels == label), k)] = True
    return test_part


def _only_full_classes(places, k):
    return places[:k] if len(places) >= k else places[:0]


def _each_of_k(places, k):
    return [places[i] for i in range(k)]


EXERCISES = (
    exercise(
        "05.1",
        "the surprise",
        solution=surprise,
        cases=_surprise_cases,
        mistakes=[
            (
                lambda labels, probabilities: -np.log(probabilities[:, labels]),
                "Take *one* number for each picture. Index with pairs: a row and a column for "
                "each picture.",
            ),
            (
                lambda labels, probabilities: -np.log(probabilities),
                "These are the surprises of all classes. For each picture take that of its own "
                "class.",
            ),
            (
                lambda labels, probabilities: surprise(labels, probabilities).mean(),
                "This is the mean. Give a number for each picture.",
            ),
            (
                lambda labels, probabilities: surprise(labels, probabilities).sum(),
                "This is the sum. Give a number for each picture.",
            ),
            (
                lambda labels, probabilities: -surprise(labels, probabilities),
                "The sign is wrong. The logarithm of a probability is negative, and the loss "
                "is minus that.",
            ),
            (
                _of_its_class,
                "These are the probabilities of the right classes. Now take minus the logarithm.",
            ),
            (
                lambda labels, probabilities: -_of_its_class(labels, probabilities),
                "These are minus the probabilities of the right classes. The logarithm is missing.",
            ),
            (
                lambda labels, probabilities: 1 / _of_its_class(labels, probabilities),
                "This is one over the probability of the right class. Now take its logarithm.",
            ),
            (
                lambda labels, probabilities: surprise(labels, probabilities)[:, None],
                "The numbers are right, but there is one axis too many: expected (n,), "
                "received (n, 1).",
            ),
            (
                _summed_over_pictures,
                "You added up over the pictures. Along which axis do the classes stand?",
            ),
            (
                lambda labels, probabilities: 1 - _of_its_class(labels, probabilities),
                "This is one minus the probability of the right class. Give minus its logarithm.",
            ),
            (
                lambda labels, probabilities: -np.log(1 - _of_its_class(labels, probabilities)),
                "This is the surprise if the right class were *wrong*. Take the logarithm of "
                "the probability itself, not of one minus it.",
            ),
            (
                lambda labels, probabilities: -np.log2(_of_its_class(labels, probabilities)),
                "The idea is right, but the unit is bits. Keras takes the natural logarithm, "
                "`np.log`.",
            ),
            (
                lambda labels, probabilities: -np.log10(_of_its_class(labels, probabilities)),
                "This is the logarithm to the base 10. Keras takes the natural one, `np.log`.",
            ),
            (
                lambda labels, probabilities: surprise(labels - 1, probabilities),
                "Labels count from 0. Class 0 stands in column 0.",
            ),
            (
                lambda labels, probabilities: -np.log(probabilities.max(axis=1)),
                "For each picture take the probability of *its* class, not the largest one.",
            ),
            (
                lambda labels, probabilities: -np.log(probabilities[:, 0]),
                "For each picture take the probability of *its* class, not that of the first.",
            ),
            (
                _every_class_counted,
                "You count the wrong classes too. Only the probability of the right one matters "
                "here.",
            ),
            (
                _entropy,
                "This is the entropy of the prediction. The label must come in.",
            ),
        ],
        hints=(
            "For picture i you need `probabilities[i, labels[i]]`.",
            "You can index an array with two arrays at once: `np.arange(len(labels))` for the "
            "rows and `labels` for the columns.",
        ),
        then="The mean of these is the loss that `model.evaluate` shows.",
    ),
    exercise(
        "05.2",
        "one class at a time",
        solution=recall_of_each,
        cases=_matrix_cases,
        mistakes=[
            (
                lambda matrix: np.trace(matrix) / matrix.sum(),
                "This is the accuracy. Give a number for each class.",
            ),
            (
                lambda matrix: recall_of_each(matrix).mean(),
                "This is the mean over the classes. Give a number for each class.",
            ),
            (
                lambda matrix: matrix / matrix.sum(axis=1, keepdims=True),
                "These are the shares of all answers that a class got. Which of them were right?",
            ),
            (
                lambda matrix: matrix.sum(axis=1),
                "These are the numbers of pictures of each class. How many of them were right?",
            ),
            (np.diag, "These are the numbers of right answers of each class. Give their share."),
            (
                lambda matrix: 100 * recall_of_each(matrix),
                "This is in per cent. Give a number from 0 to 1.",
            ),
            (
                lambda matrix: np.diag(matrix) / matrix.sum(axis=0),
                "You divided by the columns. That is *precision*: of the pictures predicted as "
                "a class, the share that belongs to it. Rows are the true classes.",
            ),
            (
                lambda matrix: np.diag(matrix) / matrix.sum(),
                "You divided by all pictures. Each class has its own number of them.",
            ),
            (
                lambda matrix: 1 - recall_of_each(matrix),
                "These are the shares of the mistakes. Give the shares of the right answers.",
            ),
            (
                lambda matrix: np.diag(matrix) // matrix.sum(axis=1),
                "`//` rounds down to a whole number. Divide with `/`.",
            ),
            (
                lambda matrix: np.diag(matrix) / (matrix.sum(axis=1) - np.diag(matrix)),
                "You divided by the mistakes of a class. Divide by all of its pictures.",
            ),
            (
                _f1,
                "This is the F1 score, which mixes recall and precision. Recall looks at the rows "
                "only.",
            ),
            (
                lambda matrix: matrix.max(axis=1) / matrix.sum(axis=1),
                "The most frequent answer need not be the right one. Take the diagonal.",
            ),
            (
                lambda matrix: np.diag(matrix) / matrix.max(axis=1),
                "You divided by the largest number of a row. Divide by all pictures of the class.",
            ),
            (
                lambda matrix: np.diag(matrix) / matrix[:, :-1].sum(axis=1),
                "The last column is missing in your sums. A slice `: -1` leaves it out.",
            ),
        ],
        hints=(
            "The right answers stand on the diagonal: `np.diag(matrix)`.",
            "All pictures of class k stand in row k. `matrix.sum(axis=1)` adds up each row.",
        ),
        then="Try it on the matrix above: which class has the lowest recall?",
    ),
    exercise(
        "05.3",
        "a split with every class",
        solution=first_of_each,
        cases=_label_cases,
        returns="bool",
        mistakes=[
            (
                lambda labels, k: first_of_each(labels, k).astype(int),
                "The pictures are right. Give them as True and False, in an array of the type "
                "`bool`.",
            ),
            (
                lambda labels, k: np.flatnonzero(first_of_each(labels, k)),
                "These are places. Give True or False for every picture.",
            ),
            (
                lambda labels, k: labels[first_of_each(labels, k)],
                "These are the labels of the test part. Give True or False for every picture.",
            ),
            (lambda labels, k: ~first_of_each(labels, k), "True must mark the *test* part."),
            (
                lambda labels, k: np.ones(len(labels), bool),
                "All pictures are in the test part. Each class gives only its first `k`.",
            ),
            (
                lambda labels, k: np.arange(len(labels)) < k,
                "These are the first k pictures of all, so some classes give nothing. Count "
                "anew in each class.",
            ),
            (
                partial(_chosen, places=lambda places, k: places[-k:]),
                "These are the last pictures of each class. Take the first ones, in the order "
                "in which they come.",
            ),
            (
                lambda labels, k: first_of_each(labels, k + 1),
                "This is one too many of each class. `[:k]` takes the first k of a list.",
            ),
            (
                lambda labels, k: first_of_each(labels, k - 1),
                "This is one too few of each class. `[:k]` takes the first k of a list.",
            ),
            (
                partial(_chosen, places=lambda places, k: places[k - 1 : k]),
                "Only number k of each class is marked, not the ones before it.",
            ),
            (
                lambda labels, k: first_of_each(labels, 1),
                "Every class gives `k` pictures, not only one.",
            ),
            (
                partial(_chosen, classes=lambda labels: labels[:1]),
                "Only one class has given anything: does your loop return too early?",
            ),
            (
                partial(_chosen, classes=lambda labels: range(2)),
                "There may be more than two classes, and labels need not be 0, 1, 2. "
                "`np.unique(labels)` lists them.",
            ),
            (
                partial(_chosen, classes=lambda labels: range(labels.max())),
                "The largest label is missing: `range(n)` ends before n.",
            ),
            (
                partial(_chosen, classes=lambda labels: range(len(np.unique(labels)))),
                "Labels need not be 0, 1, 2. `np.unique(labels)` lists them.",
            ),
            (
                partial(_chosen, places=_only_full_classes),
                "A class with fewer than k pictures gives all it has.",
            ),
            (
                partial(_chosen, places=_each_of_k),
                "A class with fewer than k pictures gives all it has.",
            ),
        ],
        hints=(
            "Begin with `np.zeros(len(labels), bool)`, and go through `np.unique(labels)`.",
            "`np.flatnonzero(labels == label)` gives the places of one class, in order. `[:k]` "
            "takes the first k.",
        ),
        then="`images.split` draws at random instead of taking the first. Why is that better?",
    ),
)
