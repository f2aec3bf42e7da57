"""The exercises of notebook 00, start here: what is asked of an answer."""

import numpy as np
from sklearn.neighbors import NearestNeighbors

from rnn_tutor.exercises._judging import Exercise


def _largest(attempt):
    count = "This is how *many* pictures lie there. A share is that, divided by the number of all."
    percent = "This is in per cent; a share lies between 0 and 1."
    number = "This is the number of the largest cluster; its share is asked for."
    smallest = "This is the share of the smallest cluster."
    first = (
        "You look at cluster 0, and the largest one need not have that number. Count the pictures "
        "of every cluster first."
    )
    gaps = "No cluster need have the number 0, or 1: here there are only 2 and 7, with 3 pictures."
    attempt.gives(
        0.75,
        np.array([0, 0, 0, 2]),
        mistakes=[
            (3, count),
            (75, percent),
            (0.25, smallest),
            (0, number),
            (lambda r: r.ndim > 0, _one),
        ],
    )
    attempt.gives(2 / 3, np.array([1, 1, 0]), mistakes=[(1 / 3, first)])
    attempt.gives(2 / 3, np.array([7, 2, 7]), words=gaps)
    attempt.gives(1.0, np.array([4]))
    rng = np.random.default_rng(0)
    for n_clusters in [*range(1, 12)] * 2:
        sizes = rng.integers(1, 40, n_clusters)
        numbers = rng.permutation(20)[:n_clusters]
        labels = rng.permutation(np.repeat(numbers, sizes))
        attempt.gives(sizes.max() / sizes.sum(), labels)


_one = "One number is asked for, the share of the largest cluster, and here are several."


def _similar(attempt):
    itself = (
        "The picture itself is among them. It is always most similar to itself, and is not asked "
        "for; take it out before you choose."
    )
    twin = (
        "Pictures 0 and 1 are exact twins, and either may come first when you sort. So leaving "
        "out the *first* does not always leave out the picture itself."
    )
    scaled = (
        "Scale each embedding to length one before you compare. Pictures 0 and 1 point nearly the "
        "same way, and only that counts; picture 1 is merely longer."
    )
    dot = (
        "Scale each embedding to length one before you compare: otherwise long ones, such as that "
        "of picture 2, win every product."
    )
    farthest = "This is the *least* similar picture: do you sort from the wrong end?"
    shape = "Give an array of n indices, even where n is 1."
    points = np.array([[1.0, 0.0], [2.0, 1.0], [-1.0, 1.0]])
    holds = lambda index: lambda r: index in r  # noqa: E731
    attempt.gives(
        np.array([1]),
        points,
        0,
        1,
        mistakes=[([2], farthest), (lambda r: r.ndim == 0, shape), (holds(0), itself)],
    )
    points = np.array([[1.0, 0.0], [10.0, 1.0], [0.5, 0.9]])
    attempt.gives(np.array([1]), points, 0, 1, mistakes=[([2], scaled)])
    points = np.array([[1.0, 0.0], [1.0, 0.1], [5.0, 5.0]])
    attempt.gives(np.array([1]), points, 0, 1, mistakes=[([2], dot)])
    order = "These are the right ones in the wrong order: the most similar comes first."
    points = np.array([[0.0, 1.0], [1.0, 1.0], [1.0, 0.0], [2.0, 1.0]])
    attempt.gives(np.array([3, 1]), points, 2, 2, mistakes=[([1, 3], order), (holds(2), itself)])
    points = np.array([[1.0, 0.0], [2.0, 0.0], [0.0, 1.0]])
    attempt.gives(np.array([0]), points, 1, 1, mistakes=[([1], twin)])
    attempt.gives(np.array([1]), points, 0, 1, mistakes=[([0], twin)])
    rng = np.random.default_rng(0)
    for size, features in [(3, 2), (5, 2), (6, 3), (20, 8), (100, 64)] * 3:
        points = rng.normal(size=(size, features)) * rng.uniform(0.1, 9, (size, 1))
        index, n = int(rng.integers(size)), int(rng.integers(1, size))
        others = np.delete(np.arange(size), index)
        search = NearestNeighbors(metric="cosine", algorithm="brute").fit(points[others])
        nearest = search.kneighbors(points[[index]], n, return_distance=False)[0]
        attempt.gives(others[nearest], points, index, n, mistakes=[(holds(index), itself)])


EXERCISES = (
    Exercise(
        "00.1",
        "the share of the largest cluster",
        _largest,
        (
            "How many pictures has each cluster? `np.unique(labels, return_counts=True)` gives "
            "the numbers that occur, and how often each does.",
            "The largest of these counts, divided by the number of all pictures, `len(labels)`.",
        ),
        ("labels",),
        "On the clusters above: `largest_share(found.labels)`. When nearly everything lies in one "
        "cluster, the network has not told the pictures apart.",
    ),
    Exercise(
        "00.2",
        "the most similar pictures",
        _similar,
        (
            "`rt.clustering.normalised(embeddings)` scales each embedding to length one. The "
            "product of two such embeddings, number by number and added up, is their *cosine*: 1 "
            "where they point the same way.",
            "`unit @ unit[index]` gives the cosine of every picture with this one. `np.argsort` "
            "sorts from the smallest to the largest.",
            "Before you sort, put a number there that can never win in place of the picture's own "
            "cosine, such as `-np.inf`.",
        ),
        ("embeddings", "index", "n"),
        "See them: `rt.plots.image_grid(pictures[most_similar(embeddings, 0, 10)])`. The panel "
        "above finds its neighbours in the same way.",
    ),
)
