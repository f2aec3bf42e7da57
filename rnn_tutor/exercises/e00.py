"""Exercises of notebook 00: the share of the largest cluster, the most similar pictures."""

import numpy as np

from rnn_tutor.exercises._judging import exercise

# 00.1


def largest_share(labels):
    _, counts = np.unique(labels, return_counts=True)
    return counts.max() / len(labels)


def _label_cases(rng):
    yield (np.array([4]),)
    yield (np.array([1, 1, 0]),)
    yield (np.array([7, 2, 7]),)
    yield (np.array([0, 0, 0, 2]),)
    for n_clusters in [*range(1, 12)] * 2:
        sizes = rng.integers(1, 40, n_clusters)
        numbers = rng.permutation(20)[:n_clusters]
        yield (rng.permutation(np.repeat(numbers, sizes)),)


def _counts(labels):
    return np.unique(labels, return_counts=True)[1]


def _by_the_clusters(labels):
    counts = _counts(labels)
    return counts.max() / len(counts)


def _by_the_other_clusters(labels):
    counts = _counts(labels)
    return counts.max() / (counts.sum() - counts.max()) if len(counts) > 1 else np.inf


def _last_cluster_left_out(labels):
    sizes = [np.sum(labels == k) for k in range(labels.max())]
    return max(sizes, default=0) / len(labels)


SEVERAL = "One number is asked for, the share of the largest cluster, and here are several."
ONE_CLUSTER = "You look at a single cluster, and the largest one need not be that one. Count the "
ONE_CLUSTER += "pictures of every cluster first."

# 00.2


def most_similar(embeddings, index, n):
    unit = embeddings / np.linalg.norm(embeddings, axis=1, keepdims=True)
    cosines = unit @ unit[index]
    cosines[index] = -np.inf
    return np.argsort(-cosines)[:n]


def _embedding_cases(rng):
    yield np.array([[1.0, 0.0], [2.0, 1.0], [-1.0, 1.0]]), 0, 1
    yield np.array([[1.0, 0.0], [10.0, 1.0], [0.5, 0.9]]), 0, 1  # merely longer
    yield np.array([[1.0, 0.0], [1.0, 0.1], [5.0, 5.0]]), 0, 1  # a long one
    yield np.array([[0.0, 1.0], [1.0, 1.0], [1.0, 0.0], [2.0, 1.0]]), 2, 2
    yield np.array([[1.0, 0.0], [2.0, 0.0], [0.0, 1.0]]), 1, 1  # twins
    yield np.array([[1.0, 0.0], [2.0, 0.0], [0.0, 1.0]]), 0, 1
    yield np.array([[-1.0, 0.0], [1.0, 0.1], [0.1, 1.0]]), 0, 1  # nothing points this way
    for size, features in [(3, 2), (5, 2), (6, 3), (20, 8), (100, 64)] * 3:
        points = rng.normal(size=(size, features)) * rng.uniform(0.1, 9, (size, 1))
        yield points, int(rng.integers(size)), int(rng.integers(1, size))


def _cosines(embeddings, index):
    unit = embeddings / np.linalg.norm(embeddings, axis=1, keepdims=True)
    return unit @ unit[index]


def _itself_too(embeddings, index, n):
    return np.argsort(-_cosines(embeddings, index).round(12), kind="stable")[:n]


def _itself_too_from_the_end(embeddings, index, n):
    return np.argsort(_cosines(embeddings, index).round(12), kind="stable")[::-1][:n]


def _without_the_first(embeddings, index, n):
    return np.argsort(-_cosines(embeddings, index).round(12), kind="stable")[1 : n + 1]


def _without_the_last(embeddings, index, n):
    order = np.argsort(_cosines(embeddings, index).round(12), kind="stable")
    return order[::-1][1 : n + 1]


def _nearest(embeddings, index, n):
    distances = np.linalg.norm(embeddings - embeddings[index], axis=1)
    distances[index] = np.inf
    return np.argsort(distances)[:n]


def _largest_product(embeddings, index, n):
    products = embeddings @ embeddings[index]
    products[index] = -np.inf
    return np.argsort(-products)[:n]


def _least_similar(embeddings, index, n):
    cosines = _cosines(embeddings, index)
    cosines[index] = np.inf
    return np.argsort(cosines)[:n]


def _places_among_the_others(embeddings, index, n):
    return np.argsort(-np.delete(_cosines(embeddings, index), index))[:n]


def _zero_for_itself(embeddings, index, n):
    cosines = _cosines(embeddings, index)
    cosines[index] = 0
    return np.argsort(-cosines)[:n]


def _the_cosines(embeddings, index, n):
    return np.sort(np.delete(_cosines(embeddings, index), index))[::-1][:n]


def _scaled_by_features(embeddings, index, n):
    scaled = embeddings / np.linalg.norm(embeddings, axis=0)
    return _largest_product(scaled, index, n)


ITSELF = "The picture itself is among them. It is always most similar to itself, and is not asked "
ITSELF += "for; take it out before you choose."
TWINS = "Two embeddings here point exactly the same way, and either may come first when you sort. "
TWINS += "So leaving out the *first* does not always leave out the picture itself."


EXERCISES = (
    exercise(
        "00.1",
        "the share of the largest cluster",
        solution=largest_share,
        cases=_label_cases,
        mistakes=(
            (
                lambda labels: _counts(labels).max(),
                "This is how *many* pictures lie there. A share is that, divided by the "
                "number of all.",
            ),
            (
                lambda labels: 100 * largest_share(labels),
                "This is in per cent; a share lies between 0 and 1.",
            ),
            (
                lambda labels: _counts(labels).max() // len(labels),
                "`//` divides and rounds down; a share needs `/`.",
            ),
            (
                lambda labels: np.bincount(labels).argmax(),
                "This is the number of the largest cluster; its share is asked for.",
            ),
            (
                lambda labels: _counts(labels).min() / len(labels),
                "This is the share of the smallest cluster.",
            ),
            (lambda labels: np.mean(labels == 0), ONE_CLUSTER),
            (lambda labels: np.mean(labels == 1), ONE_CLUSTER),
            (lambda labels: np.mean(labels == labels[0]), ONE_CLUSTER),
            (
                lambda labels: np.mean(labels == labels.max()),
                "This is the share of the cluster with the largest "
                "*number*, which need not hold the most pictures.",
            ),
            (lambda labels: _counts(labels) / len(labels), SEVERAL),
            (lambda labels: np.bincount(labels) / len(labels), SEVERAL),
            (
                _by_the_clusters,
                "You divide by the number of clusters. A share of the pictures "
                "needs the number of pictures.",
            ),
            (
                _by_the_other_clusters,
                "You divide by the pictures in the *other* clusters. A share "
                "needs the number of all.",
            ),
            (
                lambda labels: _counts(labels).max() / (len(labels) - 1),
                "You divide by one picture too few.",
            ),
            (
                lambda labels: labels.max() / len(labels),
                "This is the largest *number* of a cluster, divided by the "
                "number of all pictures. Count the pictures of every cluster.",
            ),
            (
                lambda labels: len(_counts(labels)) / len(labels),
                "This is the number of *clusters*, divided by the number "
                "of pictures. Count the pictures of every cluster.",
            ),
            (
                lambda labels: largest_share(labels).round(2),
                "This is rounded; give the number itself.",
            ),
            (
                lambda labels: max(np.bincount(labels)[1:], default=0) / len(labels),
                "Cluster 0 is not looked at. It may be the largest.",
            ),
            (
                _last_cluster_left_out,
                "The cluster with the largest number is not looked at: `range(k)` ends at k - 1.",
            ),
        ),
        hints=(
            "How many pictures has each cluster? `np.unique(labels, return_counts=True)` gives "
            "the numbers that occur, and how often each does.",
            "The largest of these counts, divided by the number of all pictures, `len(labels)`.",
        ),
        then="On the clusters above: `largest_share(found.labels)`. When nearly everything lies "
        "in one cluster, the network has not told the pictures apart.",
    ),
    exercise(
        "00.2",
        "the most similar pictures",
        solution=most_similar,
        cases=_embedding_cases,
        returns="index",
        mistakes=(
            (_itself_too, ITSELF),
            (_itself_too_from_the_end, ITSELF),
            (_without_the_first, TWINS),
            (_without_the_last, TWINS),
            (
                _nearest,
                "Scale each embedding to length one before you compare: a picture that "
                "points the same way is not less similar because it is longer.",
            ),
            (
                _largest_product,
                "Scale each embedding to length one before you compare: otherwise "
                "long ones win every product.",
            ),
            (
                _scaled_by_features,
                "You scaled each *feature*, down the columns. Scale each "
                "embedding, along its row, to length one.",
            ),
            (
                _least_similar,
                "This is the *least* similar picture: do you sort from the wrong end?",
            ),
            (
                lambda embeddings, index, n: most_similar(embeddings, index, n)[::-1],
                "These are the right ones in the wrong order: the most similar comes first.",
            ),
            (
                lambda embeddings, index, n: most_similar(embeddings, index, n)[0],
                "Give an array of n indices, even where n is 1.",
            ),
            (
                lambda embeddings, index, n: most_similar(embeddings, index, n)[: n - 1],
                "There is one too few: n indices are asked for.",
            ),
            (
                lambda embeddings, index, n: most_similar(embeddings, index, len(embeddings) - 1),
                "These are all other pictures; only the first n are asked for.",
            ),
            (
                _places_among_the_others,
                "These are places in a list *without* the picture itself: "
                "after it, everything has moved up by one.",
            ),
            (
                _zero_for_itself,
                "A cosine may be negative. So 0 in place of the picture's own "
                "cosine can still win.",
            ),
            (_the_cosines, "These are the cosines; the *indices* of the pictures are asked for."),
            (
                lambda embeddings, index, n: _cosines(embeddings, index)[:n],
                "These are the cosines of the first pictures, unsorted; the "
                "*indices* of the most similar ones are asked for.",
            ),
        ),
        hints=(
            "`rt.clustering.l2_normalize(embeddings)` scales each embedding to length one. The "
            "product of two such embeddings, number by number and added up, is their *cosine*: 1 "
            "where they point the same way.",
            "`unit @ unit[index]` gives the cosine of every picture with this one. `np.argsort` "
            "sorts from the smallest to the largest.",
            "Before you sort, put a number there that can never win in place of the picture's own "
            "cosine, such as `-np.inf`.",
        ),
        then="See them: `rt.plots.image_grid(pictures[most_similar(embeddings, 0, 10)])`. The "
        "panel above finds its neighbours in the same way.",
    ),
)
