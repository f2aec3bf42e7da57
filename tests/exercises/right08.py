"""Right answers to the exercises of notebook 08, written in different ways."""

import itertools
import math

import numpy as np


def second_by_leaving_the_nearest_out(points, centres):
    distances = np.linalg.norm(points[:, None] - centres, axis=2)
    distances[np.arange(len(points)), distances.argmin(axis=1)] = np.inf
    return distances.argmin(axis=1)


def second_by_loops(points, centres):
    answer = []
    for point in points:
        distances = [math.dist(point, centre) for centre in centres]
        answer.append(sorted(range(len(centres)), key=distances.__getitem__)[1])
    return answer


def second_in_int32(points, centres):
    answer = np.zeros(len(points), dtype=np.int32)
    for i, point in enumerate(points):
        best = second = np.inf
        nearest = 0
        for k, centre in enumerate(centres):
            distance = ((point - centre) ** 2).sum()
            if distance < best:
                best, second, nearest, answer[i] = distance, best, k, nearest
            elif distance < second:
                second, answer[i] = distance, k
    return answer


def shares_by_matching_the_columns(table):
    from scipy.optimize import linear_sum_assignment

    clusters, classes = linear_sum_assignment(-table.T)
    shares = [0] * len(table)
    for k, c in zip(clusters, classes, strict=True):
        shares[c] = int(table[c, k]) / int(table[c].sum())
    return shares


def shares_by_squaring_the_table(table):
    from scipy.optimize import linear_sum_assignment

    side = max(table.shape)
    padded = np.zeros((side, side))
    padded[: table.shape[0], : table.shape[1]] = table
    rows, columns = linear_sum_assignment(padded, maximize=True)
    return (padded[rows, columns][: len(table)] / table.sum(axis=1)).astype("float32")


def shares_by_trying_all_namings(table):
    n_classes, n_clusters = table.shape
    best, shares = -1, np.zeros(n_classes)
    side = max(n_classes, n_clusters)
    for clusters in itertools.permutations(range(side), n_classes):
        counts = [table[c, k] if k < n_clusters else 0 for c, k in enumerate(clusters)]
        if sum(counts) > best:
            best = sum(counts)
            for c in range(n_classes):
                shares[c] = counts[c] / table[c].sum()
    return shares


def purity_by_loops(table):
    right = np.zeros(table.shape[1])
    for k in range(table.shape[1]):
        for c in range(table.shape[0]):
            right[k] = max(right[k], table[c, k])
    return right.sum() / np.sum(table)


def purity_by_names(table):
    names = table.argmax(axis=0)
    return float(table[names, np.arange(len(names))].sum()) / float(table.sum())


def purity_of_the_transposed(table):
    return sum(max(column) for column in table.T.tolist()) / table.sum()


def purity_in_float32(table):
    shares = table.astype("float32") / table.sum()
    return np.max(shares, axis=0).sum()


def agreement_by_combinations(first, second):
    alike = [
        (first[i] == first[j]) == (second[i] == second[j])
        for i, j in itertools.combinations(range(len(first)), 2)
    ]
    return sum(alike) / len(alike)


def agreement_by_double_loop(first, second):
    n = len(first)
    same = np.zeros((n, n))
    for i in range(n):
        for j in range(n):
            if i != j and (first[i] == first[j]) == (second[i] == second[j]):
                same[i, j] = 1
    return same.sum() / (n * (n - 1))


def agreement_from_the_whole_table(first, second):
    n = len(first)
    alike = ((first[:, None] == first) == (second[:, None] == second)).sum()
    return np.float32((alike - n) / (n * n - n))


def agreement_from_counts(first, second):
    table = np.zeros((first.max() + 1, second.max() + 1))
    np.add.at(table, (first, second), 1)
    pairs = math.comb(len(first), 2)
    both, one, other = (
        sum(math.comb(int(count), 2) for count in counts)
        for counts in (table.ravel(), table.sum(axis=1), table.sum(axis=0))
    )
    return (pairs + 2 * both - one - other) / pairs


RIGHT = {
    "08.1": [second_by_leaving_the_nearest_out, second_by_loops, second_in_int32],
    "08.2": [
        shares_by_matching_the_columns,
        shares_by_squaring_the_table,
        shares_by_trying_all_namings,
    ],
    "08.3": [purity_by_loops, purity_by_names, purity_of_the_transposed, purity_in_float32],
    "08.4": [
        agreement_by_combinations,
        agreement_by_double_loop,
        agreement_from_the_whole_table,
        agreement_from_counts,
    ],
}
