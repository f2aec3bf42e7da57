"""The exercises of notebook 09, from clusters to classes: what is asked of an answer."""

import numpy as np
from sklearn.metrics.pairwise import cosine_similarity

from rnn_tutor.exercises._judging import Exercise

PLACE = (
    "These are places in a list without the known pictures, and not the indices of pictures: with "
    "picture 0 left out, place 0 is picture 1."
)


def _prototypes(attempt):
    line = np.array([[0.0], [1.0], [5.0], [6.0], [6.5], [9.0]])
    halves = np.array([0, 0, 0, 1, 1, 1])
    farthest = "These are the pictures *farthest* from the means of their clusters."
    first = "These are the first pictures of their clusters, whatever the distances."
    within = (
        "The second number is a place *within* cluster 1. Which index has that picture among all?"
    )
    mean = "You give means, or distances. Asked for are indices: which picture is nearest?"
    attempt.gives(
        np.array([1, 4]),
        line,
        halves,
        mistakes=[
            ([2, 5], farthest),
            ([0, 3], first),
            ([1, 1], within),
            (lambda r: r.dtype.kind == "f", mean),
        ],
    )
    stranger = (
        "You gave a picture of another cluster, which lies nearer to this cluster's mean than "
        "any of its own. Look among the cluster's own pictures only."
    )
    attempt.gives(
        np.array([0, 2]),
        np.array([[-3.0, 0.0], [3.0, 0.0], [0.1, 0.0], [0.1, 9.0]]),
        np.array([0, 0, 1, 1]),
        mistakes=[(lambda r: r.shape == (2,) and r[0] == 2, stranger)],
    )
    rng = np.random.default_rng(9)
    for n, k, d in [(4, 1, 1), (6, 3, 2), (20, 4, 3), (60, 7, 8), (200, 5, 64)]:
        points = rng.integers(-9, 10, (n, d)).astype(float)
        clusters = rng.permutation(np.arange(n) % k)
        attempt.gives(_nearest_to_mean(points, clusters), points, clusters)


def _nearest_to_mean(points, clusters):
    found = []
    for k in range(clusters.max() + 1):
        own = np.flatnonzero(clusters == k)
        steps = points[own] - points[own].mean(axis=0)
        found.append(own[(steps**2).sum(axis=1).argmin()])
    return np.array(found)


def _margin(attempt):
    three = np.array([[0.50, 0.30, 0.20], [0.52, 0.47, 0.01], [0.225, 0.55, 0.225]])
    nobody, one = np.array([], int), np.array([1])
    attempt.gives(
        np.array([1, 0]),
        three,
        nobody,
        2,
        mistakes=[
            (
                [0, 1],
                "This is where the *largest* probability is smallest. Take the second off it.",
            ),
            ([2, 1], "The two largest may stand in any column: sort each row first."),
            ([2, 0], "These are the largest margins; the smallest are asked for."),
            ([0, 2], "Largest minus *smallest*? The margin is largest minus second largest."),
            (lambda r: r.dtype.kind == "f", "Margins came back; asked for are indices."),
            (lambda r: r.shape == (3,), "Two pictures are asked for, and here are all three."),
        ],
    )
    again = "You ask once more for a picture that has a label already: leave out the known ones."
    attempt.gives(
        np.array([1, 2]), three, np.array([0]), 2, mistakes=[([0, 1], PLACE), ([1, 0], again)]
    )
    attempt.gives(np.array([0, 2]), three, one, 2, mistakes=[(lambda r: 1 in r, again)])
    attempt.gives(
        np.array([2, 3]),
        np.array([[0.9, 0.1], [0.8, 0.2], [0.6, 0.4], [0.6, 0.4], [0.4, 0.6]]),
        nobody,
        2,
        mistakes=[
            ([4, 3], "Where margins are equal, the smaller index comes first."),
        ],
    )
    rng = np.random.default_rng(9)
    for pictures, classes, n in [(3, 2, 1), (6, 4, 3), (40, 5, 7), (300, 10, 20)] * 2:
        shares = rng.permuted(np.arange(1, 1 + pictures * classes)).reshape(pictures, classes)
        probabilities = shares / shares.sum(axis=1, keepdims=True)
        known = rng.permutation(pictures)[: pictures // 3]
        attempt.gives(_smallest(probabilities, known, n), probabilities, known, n)


def _smallest(probabilities, known, n):
    ranked = np.sort(probabilities, axis=1)
    margins = ranked[:, -1] - ranked[:, -2]
    order = np.argsort(margins, kind="stable")
    return order[~np.isin(order, known)][:n]


def _nearest_label(attempt):
    points = np.array([[1.0, 0.0], [0.0, 1.0], [9.0, 1.0], [0.1, 0.2]])
    straight = (
        "You measured distances as the crow flies, or products without dividing by the norms. "
        "Here only the *direction* counts: (0.1, 0.2) points more to (0, 1) than to (1, 0)."
    )
    known, classes = np.array([0, 1]), np.array([4, 7])
    attempt.gives(
        np.array([4, 7, 4, 7]),
        points,
        known,
        classes,
        mistakes=[
            ([0, 1, 0, 1], "These are places in `known`; look up their `classes`."),
            ([7, 4, 7, 4], "These are the *least* similar ones."),
            (lambda r: r.shape == (2,), "Every picture gets a class, the known ones, too."),
            (lambda r: r.dtype.kind == "f", "Similarities came back; classes are asked for."),
        ],
    )
    lengths = np.array([[1.0, 0.0], [0.0, 10.0], [0.1, 0.2], [9.0, 8.0]])
    attempt.gives(
        np.array([3, 5, 5, 3]),
        lengths,
        np.array([0, 1]),
        np.array([3, 5]),
        mistakes=[(lambda r: r[2] == 3, straight), (lambda r: r[3] == 5, straight)],
    )
    attempt.gives(
        np.array([5, 3, 5]),
        np.array([[1.0, 0.0], [0.0, 3.0], [2.0, 2.1]])[[1, 0, 2]],
        np.array([1, 0]),
        np.array([3, 5]),
        mistakes=[([3, 5, 3], "Class 3 belongs to picture 1, the first in `known`.")],
    )
    rng = np.random.default_rng(9)
    for n, m, d in [(3, 1, 2), (6, 3, 2), (40, 8, 5), (300, 20, 64)] * 2:
        points, known = (
            rng.normal(size=(n, d)) * rng.uniform(0.1, 9, (n, 1)),
            rng.permutation(n)[:m],
        )
        classes = rng.integers(0, 5, m)
        nearest = cosine_similarity(points, points[known]).argmax(axis=1)
        attempt.gives(classes[nearest], points, known, classes)


EXERCISES = (
    Exercise(
        "09.1",
        "the picture to ask about",
        _prototypes,
        (
            "One cluster at a time: `np.flatnonzero(clusters == k)` gives the indices of its "
            "pictures.",
            "From each of them to their mean is a distance; `argmin` gives the place of the "
            "smallest *among them*.",
            "That place, looked up in the indices of the first step, is the picture's index.",
        ),
        ("embeddings", "clusters"),
        "Compare `prototypes(embeddings, clusters)` with `typical[0]` above.",
    ),
    Exercise(
        "09.2",
        "the smallest margin",
        _margin,
        (
            "`np.sort(probabilities, axis=1)` puts the largest last and the second largest before "
            "it.",
            "Set the margins of known pictures to `np.inf`: then they come last.",
            '`np.argsort(margins, kind="stable")` keeps the smaller index first where margins are '
            "equal; take the first n.",
        ),
        ("probabilities", "known", "n"),
        "Where `least_certain(model, known, 5)` stands above, put "
        "`smallest_margin(model.predict_proba(embeddings), known, 5)`. Does it do better?",
    ),
    Exercise(
        "09.3",
        "ask the nearest neighbour",
        _nearest_label,
        (
            "Divide each embedding by its length. Then a product of two is their cosine.",
            "`unit @ unit[known].T` has the shape (n, m): every picture against every known one.",
            "`argmax` along the known ones gives a place in `known`, and `classes` at that place "
            "the class.",
        ),
        ("embeddings", "known", "classes"),
        "Of the pictures beyond the first 50 of a draw, how many does it name rightly? The probe, "
        "scored on the same pictures, is a fair opponent.",
    ),
)
