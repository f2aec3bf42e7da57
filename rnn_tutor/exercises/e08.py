"""The exercises of notebook 08, clusters: what is asked of an answer."""

import numpy as np
from sklearn.metrics import pairwise_distances_argmin, rand_score
from sklearn.tree import DecisionTreeClassifier

from rnn_tutor import evaluation
from rnn_tutor.exercises._judging import Exercise

COUNT = "This is a number of pictures, and a share is asked for: divide by the number of all."


def _nearest(attempt):
    here = np.array([[0.0, 0.0]])
    farthest = (
        "Your point joins the centre that is farther away: do you compare distances, and take the "
        "smallest (`argmin`)?"
    )
    attempt.gives(
        np.array([1]),
        here,
        np.array([[4.0, 0.0], [0.0, 1.0]]),
        mistakes=[
            ([0], farthest),
            (_is_float, "A distance came back, and the *number* of the nearest centre is asked."),
            (lambda r: r.ndim == 0, "Give an array, one number for each point, even for one."),
            (
                lambda r: r.shape == (2,),
                "There are 2 centres and 1 point, and you gave a number for each centre. The "
                "smallest distance is looked for along the centres, `axis=1` of (points, centres).",
            ),
        ],
    )
    signs = "Differences of both signs cancel each other: square them before you add them up."
    attempt.gives(np.array([0]), here, np.array([[1.0, -1.0], [2.0, 2.0]]), mistakes=[([1], signs)])
    attempt.gives(
        np.array([0]), here, np.array([[-1.0, 1.0], [-2.0, -2.0]]), mistakes=[([1], signs)]
    )
    manhattan = "Add up the *squares* of the differences, not their amounts: distances are "
    attempt.gives(
        np.array([0]),
        here,
        np.array([[3.0, 3.0], [0.0, 5.0]]),
        mistakes=[([1], manhattan + "measured as the crow flies, here 4.2 and 5.")],
    )
    tie = "Where two centres are equally near, the one with the smaller number is to win."
    attempt.gives(np.array([0]), here, np.array([[0.0, 2.0], [2.0, 0.0]]), mistakes=[([1], tie)])
    rng = np.random.default_rng(8)
    for n, k, d in [(3, 2, 1), (2, 3, 2), (4, 4, 3), (5, 1, 2), (30, 6, 8), (200, 9, 64)]:
        points = rng.integers(-9, 10, (n, d)).astype(float)
        centres = rng.integers(-9, 10, (k, d)).astype(float)
        attempt.gives(
            pairwise_distances_argmin(points, centres),
            points,
            centres,
        )


def _is_float(received):
    return received.dtype.kind == "f"


def _matched(attempt):
    order = (
        "Every picture is right here, once cluster 0 is named after class 1 and cluster 1 after "
        "class 0. Do you look at the diagonal, or for the *smallest* sum (`maximize=True`)?"
    )
    attempt.gives(1.0, np.array([[0, 4], [6, 0]]), mistakes=[(0.0, order), (10, COUNT)])
    twice = "Two clusters have got the name of the same class; no name may be given twice."
    greedy = (
        "The largest number was taken first, and what was left over is poor: 8 + 0. The best "
        "naming gives 7 + 6; the Hungarian method finds it."
    )
    rows = "Two classes have claimed the same cluster: a cluster has one name only."
    table = np.array([[8, 7], [6, 0]])
    mistakes = [(8 / 21, greedy), (15 / 21, twice), (14 / 21, rows), (13, COUNT)]
    attempt.gives(13 / 21, table, mistakes=mistakes)
    left_over = "The pictures in the cluster without a name are wrong, and count among all 18."
    table = np.array([[5, 4, 0], [0, 3, 6]])
    attempt.gives(11 / 18, table, mistakes=[(15 / 18, twice), (1.0, left_over)])
    no_cluster = "The pictures of the class without a cluster are wrong, and count among all 20."
    table = np.array([[5, 0], [0, 6], [7, 2]])
    attempt.gives(13 / 20, table, mistakes=[(1.0, no_cluster), (18 / 20, rows)])
    rng = np.random.default_rng(8)
    for shape in [(2, 2), (2, 3), (3, 2), (3, 3), (4, 4), (5, 5), (5, 8), (8, 5), (10, 10)] * 3:
        table = rng.integers(0, 10, shape) * (rng.random(shape) < 0.8)
        table[0, 0] += 1  # never empty
        attempt.gives(evaluation.matched_accuracy(*_pictures(table)), table)


def _pictures(table):
    """Labels and clusters, (n,) int64 each, that have this contingency table."""
    labels, clusters = np.indices(table.shape).reshape(2, -1)
    return np.repeat(labels, table.ravel()), np.repeat(clusters, table.ravel())


def _pure(attempt):
    mean = "Large clusters count more than small ones: add up the pictures, then divide once."
    table = np.array([[3, 1], [1, 5]])
    attempt.gives(0.8, table, mistakes=[(8, COUNT), ((3 / 4 + 5 / 6) / 2, mean)])
    rows = (
        "You look along the classes. Each *cluster*, a column of the table, is asked which class "
        "is most frequent in it; two clusters may well be named after the same class."
    )
    matched = "This is matched accuracy. Here two clusters may be named after the same class."
    table = np.array([[4, 3], [3, 0], [0, 2]])
    attempt.gives(7 / 12, table, mistakes=[(9 / 12, rows), (6 / 12, matched)])
    empty = "A cluster without pictures adds nothing; you divide by its size, 0."
    table = np.array([[2, 0], [1, 0]])
    attempt.gives(2 / 3, table, mistakes=[(lambda r: ~np.isfinite(r), empty), (1 / 3, mean)])
    rng = np.random.default_rng(8)
    for shape in [(2, 2), (2, 3), (3, 2), (3, 3), (5, 5), (5, 9), (9, 5), (2, 30)] * 2:
        table = rng.integers(0, 10, shape) * (rng.random(shape) < 0.8)
        table[0, 0] += 1
        labels, clusters = _pictures(table)
        guess = DecisionTreeClassifier(random_state=0).fit(clusters[:, None], labels)
        attempt.gives(guess.score(clusters[:, None], labels), table)


def _agreeing(attempt):
    same = np.array([0, 0, 1])
    with_itself = "A picture and itself are no pair: with 3 pictures there are 3 pairs."
    counted = "This is a number of pairs, and their share is asked for."
    apart = "Pairs that both put *apart* agree too; and there are 3 pairs to divide by."
    attempt.gives(
        1.0,
        same,
        same,
        mistakes=[
            (3, counted),
            (6, counted),
            (2 / 3, with_itself),
            (0.5, with_itself),
            (1 / 3, apart),
        ],
    )
    names = (
        "The two put the same pictures together and only number their clusters differently. Do "
        "not compare the numbers of one with the numbers of the other."
    )
    attempt.gives(1.0, same, np.array([1, 1, 0]), mistakes=[(lambda r: r < 1, names)])
    together = "Pairs that both put *apart* agree too, as pictures 0 and 2 do here."
    chance = "This is the *adjusted* index, which takes off what chance would give. Not here."
    attempt.gives(
        1 / 3,
        same,
        np.array([0, 1, 1]),
        mistakes=[
            (0.0, together),
            (5 / 9, with_itself),
            (2 / 3, names),
            (-0.5, chance),
        ],
    )
    attempt.gives(0.0, np.array([0, 0]), np.array([3, 5]), mistakes=[(0.5, with_itself)])
    rng = np.random.default_rng(8)
    for n, k in [(2, 2), (3, 3), (4, 2), (5, 4), (6, 3), (20, 4), (50, 9), (120, 5)] * 3:
        first, second = rng.integers(0, k, n), rng.integers(0, k + 1, n)
        attempt.gives(rand_score(first, second), first, second)


EXERCISES = (
    Exercise(
        "08.1",
        "who joins which centre",
        _nearest,
        (
            "`points[:, None] - centres` has the shape (n, k, features): every point minus every "
            "centre. The cell of k-means above uses it.",
            "Make distances of it, (n, k), by adding up squares over the last axis.",
            "`argmin` along the centres gives the number of the nearest, and of several equally "
            "near ones the first.",
        ),
        ("points", "centres"),
        "This is half of k-means; the other half moves the centres.",
    ),
    Exercise(
        "08.2",
        "matched accuracy from a table",
        _matched,
        (
            "The small table above is taken through all the steps. What is missing is a division.",
            "Use `linear_sum_assignment(table, maximize=True)`: it gives rows and columns, and "
            "copes with tables that are not square.",
            "Add up what stands at these rows and columns, and divide by the sum of the table.",
        ),
        ("table",),
        "With your clusters: `matched_share(table)`, where your pictures have labels.",
    ),
    Exercise(
        "08.3",
        "purity, and why to distrust it",
        _pure,
        (
            "A cluster is a column of the table. How many of its pictures belong to the class that "
            "is most frequent in it?",
            "`table.max(axis=...)` gives one number for each cluster, if the axis is the right "
            "one: the one that disappears.",
            "Add these up, and divide by the sum of the table, once.",
        ),
        ("table",),
        "Now try `purity(np.eye(100))`: a hundred pictures, each in a cluster of its own. Purity "
        "can only grow when clusters are split, so it cannot tell you how many there are.",
    ),
    Exercise(
        "08.4",
        "do two clusterings agree?",
        _agreeing,
        (
            "`first[:, None] == first` is a table (n, n): do these two pictures lie in one "
            "cluster? Make it for both clusterings.",
            "The two agree on a pair where their tables say the same, be it True or False.",
            "Count each pair once, and no picture with itself: "
            "`np.triu_indices(len(first), k=1)` gives the places above the diagonal.",
        ),
        ("first", "second"),
        "This is Rand's index. Chance alone makes it rather high; the *adjusted* one, ARI, is "
        "corrected for that.",
    ),
)
