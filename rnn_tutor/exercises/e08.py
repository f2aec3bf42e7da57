"""The exercises of notebook 08, clusters."""

import numpy as np

from rnn_tutor.exercises._judging import exercise

# 08.1: who comes second?


def second_nearest(points, centres):
    squares = ((points[:, None] - centres) ** 2).sum(axis=2)  # (n, k)
    return squares.argsort(axis=1, kind="stable")[:, 1]


def _second_cases(rng):
    here = np.array([[0.0, 0.0]])
    yield here, np.array([[4.0, 0.0], [0.0, 1.0]])
    yield here, np.array([[0.0, 1.0], [4.0, 0.0], [0.0, 9.0]])
    yield here, np.array([[0.0, 1.0], [-5.0, 5.0], [2.0, 2.0]])  # where signs cancel
    yield here, np.array([[0.0, 1.0], [0.0, 5.0], [3.0, 3.0]])  # where amounts mislead
    yield here, np.array([[0.0, 2.0], [2.0, 0.0]])  # equally near
    yield here, np.array([[3.0, 0.0], [0.0, 1.0], [0.0, 3.0]])
    yield here, np.array([[2.0, 0.0], [0.0, 2.0], [0.0, -2.0], [-2.0, 0.0]])
    for n, k, features in [(2, 3, 1), (3, 2, 2), (4, 4, 3), (2, 5, 2), (30, 6, 8), (200, 9, 64)]:
        # Whole numbers, so that equally near is equally near in floats too.
        yield tuple(rng.integers(-9, 10, (m, features)).astype(float) for m in (n, k))


def _squares(points, centres):
    return ((points[:, None] - centres) ** 2).sum(axis=2)


def _place(table, place):
    """The place-th smallest of each row, of equal ones the first."""
    return table.argsort(axis=1, kind="stable")[:, place]


def _larger_number_first(points, centres):
    return len(centres) - 1 - _place(_squares(points, centres)[:, ::-1], 1)


def _sorted_along_points(points, centres):
    return _squares(points, centres).argsort(axis=0, kind="stable")[:, 1]


def _one_for_each_centre(points, centres):
    return _squares(points, centres).argsort(axis=0, kind="stable")[1]


def _both_of_them(points, centres):
    return _squares(points, centres).argsort(axis=1, kind="stable")[:, :2]


def _place_without_the_nearest(points, centres):
    return np.array([np.delete(row, row.argmin()).argmin() for row in _squares(points, centres)])


def _squared_distance(points, centres):
    return np.sort(_squares(points, centres), axis=1)[:, 1]


SIGNS = "Positive and negative differences cancel each other. Square them before you add them up."
FOR_EACH_CENTRE = (
    "You gave a number for each centre. Give one for each point: look along the "
    "centres, `axis=1` of (points, centres)."
)
NUMBER = "This is a distance. Give the *number* of the second nearest centre."

# 08.2: which classes are found?


def share_of_each_class(table):
    from scipy.optimize import linear_sum_assignment

    classes, clusters = linear_sum_assignment(table, maximize=True)
    shares = np.zeros(len(table))
    shares[classes] = table[classes, clusters] / table[classes].sum(axis=1)
    return shares


def _tables_to_name(rng):
    yield np.array([[0, 4], [6, 0]])
    yield np.array([[8, 7], [6, 0]])  # the largest number first is not the best
    yield np.array([[5, 4, 0], [0, 3, 6]])
    yield np.array([[5, 0], [0, 6], [7, 2]])
    yield np.array([[1, 2, 3, 6]])
    yield np.array([[1], [2], [6]])
    shapes = [(2, 2), (2, 3), (3, 2), (3, 3), (4, 4), (4, 6), (6, 4), (5, 5)]
    for classes, clusters in shapes * 2:
        table = rng.integers(1, 30, (classes, clusters))
        while not _has_one_best_naming(table):
            table = rng.integers(1, 30, (classes, clusters))
        yield table


def _has_one_best_naming(table):
    """Whether every other naming, which lacks one of the best one's pairs, has a smaller sum."""
    from scipy.optimize import linear_sum_assignment

    best = linear_sum_assignment(table, maximize=True)
    for pair in zip(*best, strict=True):
        without = table.astype(float)
        without[pair] = -table.sum()
        if without[linear_sum_assignment(without, maximize=True)].sum() == table[best].sum():
            return False
    return True


def _named_classes(table, chosen):
    """The share of each class that `chosen`, pairs of class and cluster, gets right."""
    shares = np.zeros(len(table))
    for c, k in chosen:
        shares[c] += table[c, k] / table[c].sum()
    return shares


def _best_pairs(table):
    from scipy.optimize import linear_sum_assignment

    return list(zip(*linear_sum_assignment(table, maximize=True), strict=True))


def _largest_first(table):
    left, chosen = table.astype(float), []
    for _ in range(min(table.shape)):
        c, k = np.unravel_index(left.argmax(), left.shape)
        chosen.append((c, k))
        left[c], left[:, k] = -1, -1
    return _named_classes(table, chosen)


def _names_given_twice(table):
    return _named_classes(table, [(c, k) for k, c in enumerate(table.argmax(axis=0))])


def _matched_accuracy(table):
    return sum(table[pair] for pair in _best_pairs(table)) / table.sum()


def _counts(table):
    return share_of_each_class(table) * table.sum(axis=1)


def _shares_of_the_right_ones(table):
    counts = _counts(table)
    return counts / counts.sum()


def _shares_of_the_clusters(table):
    shares = np.zeros(len(table))
    for c, k in _best_pairs(table):
        shares[c] = table[c, k] / table[:, k].sum()
    return shares


def _in_the_order_of_clusters(table):
    shares = np.zeros(table.shape[1])
    for c, k in _best_pairs(table):
        shares[k] = table[c, k] / table[c].sum()
    return shares


def _named_classes_only(table):
    return np.array([table[c, k] / table[c].sum() for c, k in _best_pairs(table)])


def _divided_by_all_classes(table):
    shares = np.array([table[pair] for pair in _best_pairs(table)])
    return shares / table.sum(axis=1)  # fails where some class has no cluster


def _whole_numbers(table):
    shares = np.zeros_like(table)
    for c, k in _best_pairs(table):
        shares[c] = table[c, k] / table[c].sum()
    return shares


def _without_the_last_class(table):
    shares = share_of_each_class(table)
    shares[-1] = 0
    return shares


def _clusters_named(table):
    names = np.full(len(table), -1)
    for c, k in _best_pairs(table):
        names[c] = k
    return names


WITHOUT_CLUSTER = (
    "A class without a cluster has the share 0. It still needs a place in your answer."
)

# 08.3: purity, and why to distrust it


def purity(table):
    return table.max(axis=0).sum() / table.sum()


def _tables_to_score(rng):
    yield np.array([[3, 1], [1, 5]])
    yield np.array([[2, 0], [1, 0]])
    yield np.array([[4, 3], [3, 0], [0, 2]])
    yield np.array([[1, 0, 2, 1]])
    for shape in [(2, 2), (2, 3), (3, 2), (3, 3), (5, 5), (5, 9), (9, 5), (2, 30)] * 2:
        table = rng.integers(0, 10, shape) * (rng.random(shape) < 0.8)
        table[0, 0] += 1  # never empty
        yield table
    yield np.array([[4, 0, 3, 1], [2, 0, 5, 0]])


def _sizes(table):
    return table.sum(axis=0)


def _largest(table):
    return table.max(axis=0)


def _mean_of_shares_without_empty(table):
    used = _sizes(table) > 0
    return (_largest(table)[used] / _sizes(table)[used]).mean()


SHARES_FIRST = (
    "Large clusters must count more than small ones. Add up the pictures, then divide once."
)

# 08.4: do two clusterings agree?


def agreement(first, second):
    pairs = np.triu_indices(len(first), k=1)
    together = (first[:, None] == first)[pairs]
    also_together = (second[:, None] == second)[pairs]
    return np.mean(together == also_together)


def _clusterings(rng):
    yield np.array([0, 0]), np.array([3, 5])
    yield np.array([2, 2]), np.array([1, 1])
    yield np.array([0, 0, 1]), np.array([0, 0, 1])
    yield np.array([0, 0, 1]), np.array([1, 1, 0])
    yield np.array([0, 0, 1]), np.array([0, 1, 1])
    for n, k in [(2, 2), (3, 3), (4, 2), (5, 4), (6, 3), (20, 4), (50, 9), (120, 5)] * 2:
        yield rng.integers(0, k, n), rng.integers(0, k + 1, n)


def _together(first, second):
    """For each pair of pictures whether both clusterings put it together, (pairs,) bool each."""
    pairs = np.triu_indices(len(first), k=1)
    return (first[:, None] == first)[pairs], (second[:, None] == second)[pairs]


def _agreeing_places(first, second):
    return (first[:, None] == first) == (second[:, None] == second)


def _each_with_itself(first, second):
    return _agreeing_places(first, second)[np.triu_indices(len(first))].mean()


def _itself_counted_as_agreeing(first, second):
    n = len(first)
    return _agreeing_places(first, second).sum() / (n * (n - 1))


def _divided_by_half_the_table(first, second):
    a, b = _together(first, second)
    return 2 * np.sum(a == b) / len(first) ** 2


def _number_of_pairs(first, second):
    a, b = _together(first, second)
    return np.sum(a == b)


def _together_of_all(first, second):
    a, b = _together(first, second)
    return (a & b).mean()


def _together_of_the_first(first, second):
    a, b = _together(first, second)
    return (a & b).sum() / a.sum()


def _together_of_either(first, second):
    a, b = _together(first, second)
    return (a & b).sum() / (a | b).sum()


def _apart_of_all(first, second):
    a, b = _together(first, second)
    return (~a & ~b).mean()


def _next_ones_only(first, second):
    return np.mean((first[1:] == first[:-1]) == (second[1:] == second[:-1]))


def _first_picture_only(first, second):
    return np.mean((first[1:] == first[0]) == (second[1:] == second[0]))


def _adjusted(first, second):
    """Hubert and Arabie (1985), from the numbers of pairs."""
    a, b = _together(first, second)
    both, neither, one, other = (x.sum() for x in (a & b, ~a & ~b, a & ~b, ~a & b))
    if one == other == 0:
        return 1.0
    chance = (both + one) * (one + neither) + (both + other) * (other + neither)
    return 2 * (both * neither - one * other) / chance


WITH_ITSELF = (
    "A picture and itself are no pair, because they are always together. 3 pictures make 3 pairs."
)
PAIRS = "n pictures make n (n - 1) / 2 pairs. You divide by another number."
COUNTED = "This is a number of pairs. Give their share."
APART = "Pairs that both put *apart* agree too. Divide by the number of all pairs."

EXERCISES = (
    exercise(
        "08.1",
        "who comes second?",
        solution=second_nearest,
        cases=_second_cases,
        returns="index",
        mistakes=[
            (
                lambda points, centres: _squares(points, centres).argmin(axis=1),
                "This is the nearest centre, the one that your points joined. Give the next one.",
            ),
            (
                lambda points, centres: _place(_squares(points, centres), 2),
                "Off by one. This is the third nearest. Counting from 0, the nearest is in place "
                "0.",
            ),
            (
                lambda points, centres: _squares(points, centres).argmax(axis=1),
                "This is the centre that is farthest away.",
            ),
            (
                lambda points, centres: _place(-_squares(points, centres), 1),
                "Your order begins with the farthest centre. Do you take the second *smallest* "
                "distance?",
            ),
            (
                lambda points, centres: second_nearest(points, centres) + 1,
                "Nearly. The first centre has the number 0, not 1.",
            ),
            (
                lambda points, centres: _place(np.abs(points[:, None] - centres).sum(axis=2), 1),
                "Add up the *squares* of the differences, not their absolute values. The distances "
                "here are Euclidean.",
            ),
            (lambda points, centres: _place((points[:, None] - centres).sum(axis=2), 1), SIGNS),
            (lambda points, centres: _place((centres - points[:, None]).sum(axis=2), 1), SIGNS),
            (
                _larger_number_first,
                "If two centres are equally near, the one with the smaller number comes first.",
            ),
            (
                _sorted_along_points,
                "You sorted the points for each centre. Sort the centres for each point, along "
                "`axis=1` of (points, centres).",
            ),
            (_one_for_each_centre, FOR_EACH_CENTRE),
            (lambda points, centres: _squares(points, centres).argmin(axis=0), FOR_EACH_CENTRE),
            (_both_of_them, "You give the nearest centre as well. Give only the second."),
            (
                _place_without_the_nearest,
                "This is a place in a list from which you removed the nearest centre. Everything "
                "behind it has moved up by one.",
            ),
            (_squared_distance, NUMBER),
            (lambda points, centres: np.sqrt(_squared_distance(points, centres)), NUMBER),
            (
                lambda points, centres: centres[second_nearest(points, centres)],
                "This is the centre itself. Give its *number*.",
            ),
            (
                lambda points, centres: second_nearest(points, centres)[0],
                "Give an array with one number for each point, even if there is only one point.",
            ),
        ],
        hints=(
            "`points[:, None] - centres` has the shape (n, k, features): every point minus "
            "every centre. Turn it into distances of shape (n, k).",
            "`argsort` along the centres puts their numbers in order, the nearest first.",
            '`argsort(axis=1, kind="stable")` keeps the order of equally near centres. Which of'
            " its columns do you need?",
        ),
        then="If the two smallest distances of a point hardly differ, it lies on the border. "
        "Which pictures in `embeddings` do?",
    ),
    exercise(
        "08.2",
        "which classes are found?",
        solution=share_of_each_class,
        cases=lambda rng: [(table,) for table in _tables_to_name(rng)],
        mistakes=[
            (
                lambda table: _named_classes(table, [(k, k) for k in range(min(table.shape))]),
                "You look at the diagonal. But cluster 0 need not belong to class 0. Find the best "
                "naming first.",
            ),
            (
                lambda table: _named_classes(table, _best_pairs(-table)),
                "This is the naming with the *smallest* sum. Use `maximize=True`.",
            ),
            (
                _largest_first,
                "You took the largest number first, and a poor one was left over. The best naming "
                "has the largest *sum*. The Hungarian method finds it.",
            ),
            (
                lambda table: table.max(axis=1) / table.sum(axis=1),
                "Two classes have the same cluster. A cluster can have only one name.",
            ),
            (
                _names_given_twice,
                "Two clusters have the name of the same class. Each name may be given only once.",
            ),
            (
                _matched_accuracy,
                "This is matched accuracy, one number for all classes. Give one number for each "
                "class.",
            ),
            (
                _counts,
                "These are numbers of pictures. For shares, divide by the number of pictures of "
                "each class.",
            ),
            (
                lambda table: _counts(table) / table.sum(),
                "You divide by the number of all pictures. Divide by the number of pictures of "
                "each class.",
            ),
            (
                _shares_of_the_right_ones,
                "You divide by the number of all right pictures. Divide by the number of pictures "
                "of each class.",
            ),
            (
                _shares_of_the_clusters,
                "You divide by the size of the cluster, a column. Divide by the size of the "
                "class, a row.",
            ),
            (
                _in_the_order_of_clusters,
                "These are in the order of the clusters. Give them in the order of the classes.",
            ),
            (_named_classes_only, WITHOUT_CLUSTER),
            (_divided_by_all_classes, WITHOUT_CLUSTER),
            (
                _whole_numbers,
                "`np.zeros_like(table)` holds integers. It cuts every share down to 0 or 1. Use "
                "`np.zeros(len(table))`.",
            ),
            (
                _without_the_last_class,
                "The last class gets nothing. Does your loop end one too early?",
            ),
            (
                lambda table: 100 * share_of_each_class(table),
                "These are per cent. Give shares from 0 to 1.",
            ),
            (
                _clusters_named,
                "These are the numbers of the clusters. What share of each class do they hold?",
            ),
        ],
        hints=(
            "`linear_sum_assignment(table, maximize=True)` gives classes and their clusters. "
            "The table need not be square.",
            "`table[classes, clusters]` is how many are right. `table.sum(axis=1)` is how many "
            "pictures each class has.",
            "Begin with `np.zeros(len(table))` and fill in the classes that have a cluster.",
        ),
        then="If all classes have the same number of pictures, matched accuracy is the mean of "
        "these shares. A good mean can hide a class that is not found at all.",
    ),
    exercise(
        "08.3",
        "purity, and why to distrust it",
        solution=purity,
        cases=lambda rng: [(table,) for table in _tables_to_score(rng)],
        mistakes=[
            (
                lambda table: table.max(axis=1).sum() / table.sum(),
                "You look along the classes. A *cluster* is a column of the table: which class is "
                "most frequent in it?",
            ),
            (
                lambda table: _matched_accuracy(table),
                "This is matched accuracy. Here two clusters may be named after the same class.",
            ),
            (lambda table: (_largest(table) / _sizes(table)).mean(), SHARES_FIRST),
            (_mean_of_shares_without_empty, SHARES_FIRST),
            (lambda table: (_largest(table) / np.maximum(_sizes(table), 1)).mean(), SHARES_FIRST),
            (
                lambda table: np.average(_largest(table) / _sizes(table), weights=_sizes(table)),
                "A cluster without pictures adds nothing, but you divide by its size, 0.",
            ),
            (
                lambda table: _largest(table) / np.maximum(_sizes(table), 1),
                "Give one number for all clusters together.",
            ),
            (
                lambda table: _largest(table).sum(),
                "This is a number of pictures. For a share, divide by the number of all pictures.",
            ),
            (
                lambda table: table.max() / table.sum(),
                "This is the largest number of the whole table. Take the largest of each cluster.",
            ),
            (
                lambda table: _largest(table).mean(),
                "You divide by the number of clusters. Divide by the number of pictures.",
            ),
            (
                lambda table: table.trace() / table.sum(),
                "You look at the diagonal. But the most frequent class of cluster 0 need not be "
                "class 0.",
            ),
            (lambda table: 1 - purity(table), "This is the share that is *wrong*."),
            (
                lambda table: purity(table) / table.shape[1],
                "You also divide by the number of clusters. Take the `sum` over the clusters, not "
                "the `mean`.",
            ),
            (
                lambda table: table.min(axis=0).sum() / table.sum(),
                "These are the *least* frequent classes. Use `max`, not `min`.",
            ),
            (
                lambda table: 100 * purity(table),
                "This is per cent. Give a share from 0 to 1.",
            ),
            (
                lambda table: table.max(axis=0).sum() // table.sum(),
                "`//` drops the decimals. Divide with `/`.",
            ),
            (
                lambda table: _largest(table)[:-1].sum() / table.sum(),
                "The last cluster is missing. Does your loop end one too early?",
            ),
        ],
        hints=(
            "A cluster is a column of the table. How many of its pictures belong to the class "
            "that is most frequent in it?",
            "`table.max(axis=...)` gives one number for each cluster if you choose the right "
            "axis: the one that disappears.",
            "Add these up and divide once by the sum of the table.",
        ),
        then="Now try `purity(np.eye(100))`: a hundred pictures, each in a cluster of its own. "
        "Splitting clusters never lowers the purity. So it cannot tell you how many there "
        "are.",
    ),
    exercise(
        "08.4",
        "do two clusterings agree?",
        solution=agreement,
        cases=_clusterings,
        mistakes=[
            (
                lambda first, second: np.mean(first == second),
                "The two clusterings number their clusters differently. So do not compare the "
                "numbers of one with those of the other. Compare pairs of pictures.",
            ),
            (lambda first, second: np.mean(_agreeing_places(first, second)), WITH_ITSELF),
            (_itself_counted_as_agreeing, WITH_ITSELF),
            (_each_with_itself, WITH_ITSELF + " `np.triu_indices` leaves these out with `k=1`."),
            (
                lambda first, second: agreement(first, second) / 2,
                "This is half of it. You count each pair once and divide by twice as many.",
            ),
            (_divided_by_half_the_table, PAIRS),
            (lambda first, second: _divided_by_half_the_table(first, second) / 2, PAIRS),
            (_number_of_pairs, COUNTED),
            (lambda first, second: 2 * _number_of_pairs(first, second), COUNTED),
            (lambda first, second: np.sum(_agreeing_places(first, second)), COUNTED),
            (_together_of_all, APART),
            (_together_of_the_first, APART),
            (_together_of_either, APART),
            (_apart_of_all, "Pairs that both put *together* agree too."),
            (
                lambda first, second: 1 - agreement(first, second),
                "This is the share on which they *disagree*.",
            ),
            (
                _next_ones_only,
                "You compare each picture only with the next one. Compare all pairs.",
            ),
            (
                _first_picture_only,
                "You compare each picture only with the first one. Compare all pairs.",
            ),
            (
                _adjusted,
                "This is the *adjusted* index, which subtracts what chance would give. Give the "
                "plain share.",
            ),
        ],
        hints=(
            "`first[:, None] == first` is a table (n, n): are these two pictures in the same "
            "cluster? Make it for both clusterings.",
            "The two agree on a pair if their tables hold the same value there, True or False.",
            "Count each pair once, and no picture with itself. `np.triu_indices(len(first), "
            "k=1)` gives the places above the diagonal.",
        ),
        then="This is the Rand index. Chance alone makes it rather high. ARI, the *adjusted* "
        "Rand index, corrects for that.",
    ),
)
