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


def _how_many(labels):
    return _counts(labels).max()


def _in_percent(labels):
    return 100 * largest_share(labels)


def _whole_division(labels):
    return _counts(labels).max() // len(labels)


def _number_of_the_largest(labels):
    return np.bincount(labels).argmax()


def _smallest_share(labels):
    return _counts(labels).min() / len(labels)


def _cluster_0(labels):
    return np.mean(labels == 0)


def _cluster_1(labels):
    return np.mean(labels == 1)


def _cluster_of_the_first(labels):
    return np.mean(labels == labels[0])


def _cluster_of_the_largest_number(labels):
    return np.mean(labels == labels.max())


def _shares_of_all(labels):
    return _counts(labels) / len(labels)


def _shares_of_all_numbers(labels):
    return np.bincount(labels) / len(labels)


def _by_the_clusters(labels):
    counts = _counts(labels)
    return counts.max() / len(counts)


def _by_the_other_clusters(labels):
    counts = _counts(labels)
    return counts.max() / (counts.sum() - counts.max()) if len(counts) > 1 else np.inf


def _by_one_less(labels):
    return _counts(labels).max() / (len(labels) - 1)


def _largest_number_by_all(labels):
    return labels.max() / len(labels)


def _number_of_clusters_by_all(labels):
    return len(_counts(labels)) / len(labels)


def _rounded(labels):
    return largest_share(labels).round(2)


def _cluster_0_left_out(labels):
    return max(np.bincount(labels)[1:], default=0) / len(labels)


def _last_cluster_left_out(labels):
    sizes = [np.sum(labels == k) for k in range(labels.max())]
    return max(sizes, default=0) / len(labels)


SEVERAL = "These are several numbers. Return one: the share of the largest cluster."
ONE_CLUSTER = "You look at one fixed cluster, and another may be larger. Count the "
ONE_CLUSTER += "pictures in each cluster first."

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


def _in_the_wrong_order(embeddings, index, n):
    return most_similar(embeddings, index, n)[::-1]


def _only_one(embeddings, index, n):
    return most_similar(embeddings, index, n)[0]


def _one_too_few(embeddings, index, n):
    return most_similar(embeddings, index, n)[: n - 1]


def _all_others(embeddings, index, n):
    return most_similar(embeddings, index, len(embeddings) - 1)


def _places_among_the_others(embeddings, index, n):
    return np.argsort(-np.delete(_cosines(embeddings, index), index))[:n]


def _zero_for_itself(embeddings, index, n):
    cosines = _cosines(embeddings, index)
    cosines[index] = 0
    return np.argsort(-cosines)[:n]


def _the_cosines(embeddings, index, n):
    return np.sort(np.delete(_cosines(embeddings, index), index))[::-1][:n]


def _the_first_cosines(embeddings, index, n):
    return _cosines(embeddings, index)[:n]


def _scaled_by_features(embeddings, index, n):
    scaled = embeddings / np.linalg.norm(embeddings, axis=0)
    return _largest_product(scaled, index, n)


ITSELF = "Your answer contains the picture itself. Every picture is most similar to itself, so "
ITSELF += "take it out before you choose."
TWINS = "Two embeddings here point in exactly the same direction, and either may come first. "
TWINS += "So dropping the *first* does not always drop the picture itself."


EXERCISES = (
    exercise(
        "00.1",
        "the share of the largest cluster",
        solution=largest_share,
        cases=_label_cases,
        mistakes=(
            (_how_many, "This is the *number* of pictures. Divide it by the number of all "
                        "pictures to get a share."),
            (_in_percent, "This is a percentage. A share lies between 0 and 1."),
            (_whole_division, "`//` divides and rounds down. Use `/`."),
            (_number_of_the_largest, "This is the number of the largest cluster. Return its "
                                     "share."),
            (_smallest_share, "This is the share of the smallest cluster."),
            (_cluster_0, ONE_CLUSTER),
            (_cluster_1, ONE_CLUSTER),
            (_cluster_of_the_first, ONE_CLUSTER),
            (_cluster_of_the_largest_number, "This is the share of the cluster with the largest "
                                             "*number*. Another cluster may hold more pictures."),
            (_shares_of_all, SEVERAL),
            (_shares_of_all_numbers, SEVERAL),
            (_by_the_clusters, "You divide by the number of clusters. Divide by the number of "
                               "pictures."),
            (_by_the_other_clusters, "You divide by the pictures in the *other* clusters. "
                                     "Divide by the number of all pictures."),
            (_by_one_less, "You divide by one picture too few."),
            (_largest_number_by_all, "This is the largest cluster *number*, divided by the "
                                     "number of pictures. Count the pictures in each cluster "
                                     "first."),
            (_number_of_clusters_by_all, "This is the number of *clusters*, divided by the "
                                         "number of pictures. Count the pictures in each "
                                         "cluster first."),
            (_rounded, "This is rounded. Return the exact number."),
            (_cluster_0_left_out, "You leave out cluster 0. It may be the largest."),
            (_last_cluster_left_out, "You leave out the cluster with the largest number: "
                                     "`range(k)` ends at k - 1."),
        ),
        hints=(
            "How many pictures has each cluster? `np.unique(labels, return_counts=True)` gives "
            "the cluster numbers, and how often each occurs.",
            "Divide the largest of these counts by the number of all pictures, `len(labels)`.",
        ),
        then="Try it on the clusters above: `largest_share(found.labels)`. If nearly all "
             "pictures lie in one cluster, the network cannot tell them apart.",
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
            (_nearest, "Scale each embedding to length one before you compare. Only the "
                       "direction counts, not the length."),
            (_largest_product, "Scale each embedding to length one before you compare. "
                               "Otherwise long embeddings win every product."),
            (_scaled_by_features, "You scaled each *feature*, which is a column. Scale each "
                                  "embedding, which is a row."),
            (_least_similar, "This is the *least* similar picture. Do you sort in the wrong "
                             "direction?"),
            (_in_the_wrong_order, "These are the right pictures in the wrong order. The most "
                                  "similar comes first."),
            (_only_one, "Return an array of n indices, even if n is 1."),
            (_one_too_few, "One index is missing. Return n indices."),
            (_all_others, "These are all other pictures. Return only the first n."),
            (_places_among_the_others, "These are indices in a list *without* the picture "
                                       "itself. All pictures after it have moved by one."),
            (_zero_for_itself, "A cosine may be negative. So a 0 in place of the picture's own "
                               "cosine can still win."),
            (_the_cosines, "These are the cosines. Return the *indices* of the pictures."),
            (_the_first_cosines, "These are the unsorted cosines of the first pictures. Return "
                                 "the *indices* of the most similar pictures."),
        ),
        hints=(
            "`rt.clustering.l2_normalize(embeddings)` scales each embedding to length one. "
            "Multiply two of them number by number and add up: this is their *cosine*. It is 1 "
            "if they point in the same direction.",
            "`unit @ unit[index]` gives the cosine of every picture with this one. `np.argsort` "
            "sorts from smallest to largest.",
            "Before you sort, replace the picture's own cosine with a number that can never "
            "win, such as `-np.inf`.",
        ),
        then="Look at them: `rt.plots.image_grid(pictures[most_similar(embeddings, 0, 10)])`. "
             "The map finds neighbours in the same way.",
    ),
)  # fmt: skip
