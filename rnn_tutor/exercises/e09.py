"""The exercises of notebook 09, from clusters to classes."""

import numpy as np

from rnn_tutor.exercises._judging import exercise

# 09.1: the picture to ask about


def prototypes(embeddings, clusters):
    nearest = []
    for k in range(clusters.max() + 1):
        own = np.flatnonzero(clusters == k)
        steps = embeddings[own] - embeddings[own].mean(axis=0)
        nearest.append(own[(steps**2).sum(axis=1).argmin()])
    return np.array(nearest)


def _prototype_cases(rng):
    line = np.array([[0.0], [1.0], [5.0], [6.0], [6.5], [9.0]])
    yield line, np.array([0, 0, 0, 1, 1, 1])
    yield np.array([[7.0, 1.0]]), np.array([0])
    # The mean of cluster 0 lies at a picture of cluster 1.
    yield np.array([[-3.0, 0.0], [3.0, 0.0], [0.1, 0.0], [0.1, 9.0]]), np.array([0, 0, 1, 1])
    # One picture far away draws the mean off, and not the median.
    yield np.array([[0.0], [1.0], [1.0], [5.0], [18.0]]), np.array([0, 0, 0, 0, 0])
    for sizes, features in [((4, 1), 1), ((2, 2, 4), 2), ((8, 4, 8, 1), 3), ((16, 32, 8), 64)] * 3:
        # Sizes and coordinates for which means and squares have no rounding error: ties are ties.
        clusters = rng.permutation(np.repeat(np.arange(len(sizes)), sizes))
        yield rng.integers(-9, 10, (len(clusters), features)).astype(float), clusters


def _chosen(choose, clusters):
    """`choose` of the indices of each cluster's pictures, as an array."""
    return np.array([choose(np.flatnonzero(clusters == k)) for k in range(clusters.max() + 1)])


def _squares(embeddings, centre):
    return ((embeddings - centre) ** 2).sum(axis=1)


def _farthest_from_mean(embeddings, clusters):
    def choose(own):
        return own[_squares(embeddings[own], embeddings[own].mean(axis=0)).argmax()]

    return _chosen(choose, clusters)


def _nearest_to_median(embeddings, clusters):
    def choose(own):
        return own[_squares(embeddings[own], np.median(embeddings[own], axis=0)).argmin()]

    return _chosen(choose, clusters)


def _nearest_to_the_overall_mean(embeddings, clusters):
    distances = _squares(embeddings, embeddings.mean(axis=0))
    return _chosen(lambda own: own[distances[own].argmin()], clusters)


def _nearest_to_the_mean_number(embeddings, clusters):
    return _chosen(
        lambda own: own[_squares(embeddings[own], embeddings[own].mean()).argmin()], clusters
    )


def _nearest_to_zero(embeddings, clusters):
    distances = _squares(embeddings, 0)
    return _chosen(lambda own: own[distances[own].argmin()], clusters)


def _nearest_by_amounts(embeddings, clusters):
    def choose(own):
        steps = embeddings[own] - embeddings[own].mean(axis=0)
        return own[np.abs(steps).sum(axis=1).argmin()]

    return _chosen(choose, clusters)


def _nearest_to_each_other(embeddings, clusters):
    def choose(own):
        distances = np.linalg.norm(embeddings[own][:, None] - embeddings[own], axis=2)
        return own[distances.sum(axis=1).argmin()]

    return _chosen(choose, clusters)


def _among_all_pictures(embeddings, clusters):
    return _chosen(
        lambda own: _squares(embeddings, embeddings[own].mean(axis=0)).argmin(), clusters
    )


def _place_within(embeddings, clusters):
    def choose(own):
        return _squares(embeddings[own], embeddings[own].mean(axis=0)).argmin()

    return _chosen(choose, clusters)


def _last_of_equally_near(embeddings, clusters):
    def choose(own):
        distances = _squares(embeddings[own], embeddings[own].mean(axis=0))
        return own[np.flatnonzero(distances == distances.min())[-1]]

    return _chosen(choose, clusters)


def _smallest_distances(embeddings, clusters):
    def choose(own):
        return np.sqrt(_squares(embeddings[own], embeddings[own].mean(axis=0)).min())

    return _chosen(choose, clusters)


def _means(embeddings, clusters):
    return _chosen(lambda own: embeddings[own].mean(axis=0), clusters)


SHORT = "One cluster has no picture in your answer. Does your loop over the clusters {}?"

# 09.2: the smallest margin


def smallest_margin(probabilities, known, n):
    ranked = np.sort(probabilities, axis=1)
    margins = ranked[:, -1] - ranked[:, -2]
    margins[known] = np.inf
    return np.argsort(margins, kind="stable")[:n]


def _margin_cases(rng):
    nobody = np.array([], int)
    three = np.array([[0.50, 0.30, 0.20], [0.52, 0.47, 0.01], [0.225, 0.55, 0.225]])
    yield three, nobody, 2
    yield three, np.array([0]), 2
    yield three, np.array([1]), 1
    for n in (6, 40):  # all equal, so that only the order of equal ones can be wrong here
        yield np.tile([0.5, 0.25, 0.25], (n, 1)), nobody, n
    for pictures, classes, n in [(4, 2, 1), (6, 4, 3), (8, 3, 2), (40, 5, 7), (300, 10, 20)] * 2:
        probabilities = rng.dirichlet(np.full(classes, 0.7), pictures)
        yield probabilities, rng.permutation(pictures)[: pictures // 3], n


# What is to be small, and which pictures are asked about: wrong ways of the one are listed with
# right and wrong ways of the other.


def _margins(probabilities):
    ranked = np.sort(probabilities, axis=1)
    return ranked[:, -1] - ranked[:, -2]


def _largest_probability(probabilities):
    return probabilities.max(axis=1)


def _largest_minus_smallest(probabilities):
    return probabilities.max(axis=1) - probabilities.min(axis=1)


def _first_two_columns(probabilities):
    return probabilities[:, 0] - probabilities[:, 1]


def _first_two_columns_amount(probabilities):
    return np.abs(_first_two_columns(probabilities))


def _minus_margins(probabilities):
    return -_margins(probabilities)


def _second_largest(probabilities):
    return np.sort(probabilities, axis=1)[:, -2]


def _sorted_along_the_pictures(probabilities):
    ranked = np.sort(probabilities, axis=0)
    return ranked[:, -1] - ranked[:, -2]


def _minus_entropy(probabilities):
    return (probabilities * np.log(np.maximum(probabilities, 1e-300))).sum(axis=1)


def _by_place(margins, known, n):
    """Right: the known ones last, the smallest of the others first, of equal ones the first."""
    margins[known] = np.inf
    return margins.argsort(kind="stable")[:n]


def _known_ones_too(margins, known, n):
    return margins.argsort(kind="stable")[:n]


def _known_ones_first(margins, known, n):
    margins[known] = 0
    return margins.argsort(kind="stable")[:n]


def _places_without_the_known(margins, known, n):
    return np.delete(margins, known).argsort(kind="stable")[:n]


def _last_of_equal_ones(margins, known, n):
    margins[known] = np.inf
    return (len(margins) - 1 - margins[::-1].argsort(kind="stable"))[:n]


def _known_ones_too_last_of_equal(margins, known, n):
    return (len(margins) - 1 - margins[::-1].argsort(kind="stable"))[:n]


def _without_the_very_smallest(margins, known, n):
    margins[known] = np.inf
    return margins.argsort(kind="stable")[1 : n + 1]


def _one_too_many(margins, known, n):
    margins[known] = np.inf
    return margins.argsort(kind="stable")[: n + 1]


def _all_of_them(margins, known, n):
    margins[known] = np.inf
    return margins.argsort(kind="stable")


def _all_of_them_known_ones_too(margins, known, n):
    return margins.argsort(kind="stable")


def _in_order_of_index(margins, known, n):
    return np.sort(_by_place(margins, known, n))


def _largest_first(margins, known, n):
    return _by_place(margins, known, n)[::-1]


def _from_the_wrong_end(margins, known, n):
    margins[known] = np.inf
    return margins.argsort(kind="stable")[::-1][:n]


def _largest_and_known_ones_first(margins, known, n):
    margins[known] = np.inf
    return (-margins).argsort(kind="stable")[:n]


def _margins_themselves(margins, known, n):
    margins[known] = np.inf
    return np.sort(margins)[:n]


def _margins_themselves_known_ones_too(margins, known, n):
    return np.sort(margins)[:n]


def _asked(measure, choose):
    """A function that asks where `measure` is smallest, in the way of `choose`."""

    def mistake(probabilities, known, n):
        return choose(measure(probabilities), known, n)

    return mistake


AGAIN = "You ask again for a picture that already has a label. Leave out the known ones."
PLACE = (
    "These are places in a list without the known pictures, not the indices of "
    "pictures. If picture 0 is left out, place 0 is picture 1."
)
TIES = "If margins are equal, the smaller index comes first."
COLUMNS = "The two largest may be in any column. Sort each row first."
ALL = "You give all pictures. Give only n of them."
MARGINS = "These are margins. Give indices."


def _margin_mistakes():
    measures = {
        _largest_probability: "This is where the *largest* probability is smallest. Subtract the "
        "second largest from it.",
        _largest_minus_smallest: "You subtract the *smallest*. The margin is the largest minus "
        "the second largest.",
        _first_two_columns: COLUMNS,
        _first_two_columns_amount: COLUMNS,
        _sorted_along_the_pictures: "You sorted the pictures for each class. Sort the classes "
        "for each picture, `axis=1`.",
        _minus_margins: "These are the largest margins. Give the smallest.",
        _second_largest: "This is where the second largest probability is smallest. Subtract it "
        "from the largest.",
        _minus_entropy: "This is the entropy, a different measure. Use the margin here.",
    }
    choices = {
        _known_ones_too: AGAIN,
        _known_ones_first: "You give the known pictures the margin 0, so they come first. Put "
        "them last.",
        _places_without_the_known: PLACE,
        _last_of_equal_ones: TIES,
        _known_ones_too_last_of_equal: f"{AGAIN} And: {TIES}",
        _without_the_very_smallest: "Off by one. The very smallest margin is missing.",
        _one_too_many: "Off by one. You give one picture more than n.",
        _all_of_them: ALL,
        _all_of_them_known_ones_too: ALL,
        _in_order_of_index: "These are the right pictures, but the smallest margin must come "
        "first.",
        _largest_first: "These are the right pictures, but the smallest margin must come first.",
        _from_the_wrong_end: "You begin at the wrong end. Give the smallest.",
        _largest_and_known_ones_first: "You begin with the largest. Give the smallest.",
        _margins_themselves: MARGINS,
        _margins_themselves_known_ones_too: MARGINS,
    }
    for measure, words in measures.items():
        for choose in (_by_place, _known_ones_too, _places_without_the_known):
            yield _asked(measure, choose), words
    yield from ((_asked(_margins, choose), words) for choose, words in choices.items())


# 09.3: ask the nearest neighbour


def nearest_label(embeddings, known, classes):
    unit = embeddings / np.linalg.norm(embeddings, axis=1, keepdims=True)
    similarity = unit @ unit[known].T  # (n, m)
    return classes[similarity.argmax(axis=1)]


def _neighbour_cases(rng):
    points = np.array([[1.0, 0.0], [0.0, 1.0], [9.0, 1.0], [0.1, 0.2]])
    yield points, np.array([0, 1]), np.array([4, 7])
    lengths = np.array([[1.0, 0.0], [0.0, 10.0], [0.1, 0.2], [9.0, 8.0]])
    yield lengths, np.array([0, 1]), np.array([3, 5])
    yield np.array([[0.0, 3.0], [1.0, 0.0], [2.0, 2.1]]), np.array([1, 0]), np.array([3, 5])
    yield np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, -0.5]]), np.array([1]), np.array([2])
    yield np.array([[1.0, 0.1], [0.0, 1.0], [-1.0, 0.3]]), np.array([0, 1]), np.array([0, 1])
    for n, m, features in [(3, 1, 2), (6, 3, 2), (8, 4, 3), (40, 8, 5), (300, 20, 64)] * 2:
        points = rng.normal(size=(n, features)) * rng.uniform(0.1, 9, (n, 1))
        yield points, rng.permutation(n)[:m], rng.integers(0, 5, m)


def _unit(embeddings):
    return embeddings / np.linalg.norm(embeddings, axis=1, keepdims=True)


def _similarity(embeddings, known):
    return _unit(embeddings) @ _unit(embeddings)[known].T


def _indices_of_neighbours(embeddings, known, classes):
    return known[_similarity(embeddings, known).argmax(axis=1)]


def _least_similar(embeddings, known, classes):
    return classes[_similarity(embeddings, known).argmin(axis=1)]


def _largest_amount(embeddings, known, classes):
    return classes[np.abs(_similarity(embeddings, known)).argmax(axis=1)]


def _unknown_ones_only(embeddings, known, classes):
    return np.delete(nearest_label(embeddings, known, classes), known)


def _as_many_as_known(embeddings, known, classes):
    return nearest_label(embeddings, known, classes)[: len(known)]


def _for_each_known_one(embeddings, known, classes):
    return classes[_similarity(embeddings, known).argmax(axis=0) % len(classes)]


def _products(embeddings, known, classes):
    return classes[(embeddings @ embeddings[known].T).argmax(axis=1)]


def _distances(embeddings, known, classes):
    return classes[((embeddings[:, None] - embeddings[known]) ** 2).sum(axis=2).argmin(axis=1)]


def _features_scaled(embeddings, known, classes):
    z = embeddings / np.linalg.norm(embeddings, axis=0)
    return classes[(z @ z[known].T).argmax(axis=1)]


def _classes_put_in_order(embeddings, known, classes):
    return classes[_similarity(embeddings, np.sort(known)).argmax(axis=1)]


def _both_put_in_order(embeddings, known, classes):
    return np.sort(classes)[_similarity(embeddings, np.sort(known)).argmax(axis=1)]


def _known_from_one(embeddings, known, classes):
    return classes[_similarity(embeddings, known - 1).argmax(axis=1)]


def _first_ones_as_known(embeddings, known, classes):
    return classes[_similarity(embeddings, np.arange(len(known))).argmax(axis=1)]


def _mean_of_each_class(embeddings, known, classes):
    names = np.unique(classes)
    means = np.array([_unit(embeddings)[known[classes == c]].mean(axis=0) for c in names])
    return names[(_unit(embeddings) @ _unit(means).T).argmax(axis=1)]


STRAIGHT = (
    "You measured Euclidean distances. Here only the *direction* counts: (0.1, 0.2) "
    "points more towards (0, 1) than towards (1, 0)."
)
ORDER = (
    "The classes belong to the pictures in `known`, in the same order: classes[0] is "
    "that of picture known[0]. Sort neither."
)

EXERCISES = (
    exercise(
        "09.1",
        "the picture to ask about",
        solution=prototypes,
        cases=_prototype_cases,
        returns="index",
        mistakes=[
            (
                _farthest_from_mean,
                "These are the pictures *farthest* from the means of their clusters.",
            ),
            (
                _nearest_to_median,
                "These are nearest to the *median* of their cluster. Use the mean.",
            ),
            (
                _nearest_to_the_overall_mean,
                "You took one mean for all pictures. Each cluster has a mean of its own.",
            ),
            (
                _nearest_to_the_mean_number,
                "You took the mean of all numbers of a cluster. Its centre has a mean for each "
                "feature: `mean(axis=0)`.",
            ),
            (
                _nearest_to_zero,
                "These have the shortest embeddings. Subtract each cluster's mean first.",
            ),
            (
                _nearest_by_amounts,
                "Add up the *squares* of the differences, not their absolute values. The distance "
                "is Euclidean.",
            ),
            (
                _nearest_to_each_other,
                "You compared the pictures with each other. Compare each with the *mean* of its "
                "cluster.",
            ),
            (
                _among_all_pictures,
                "You gave a picture of another cluster. It lies nearer to this cluster's mean than "
                "any of its own. Search only among the cluster's own pictures.",
            ),
            (
                _place_within,
                "This is a place *within* the cluster. Which index does that picture have among all"
                " pictures?",
            ),
            (
                _last_of_equally_near,
                "If several pictures are equally near, give the smallest index.",
            ),
            (
                lambda embeddings, clusters: _chosen(lambda own: own[0], clusters),
                "These are the first pictures of their clusters. The distances played no part.",
            ),
            (
                lambda embeddings, clusters: prototypes(embeddings, clusters)[:-1],
                SHORT.format("end one too early"),
            ),
            (
                lambda embeddings, clusters: prototypes(embeddings, clusters)[1:],
                SHORT.format("begin with cluster 1"),
            ),
            (
                _smallest_distances,
                "These are distances. Give indices: which picture is nearest?",
            ),
            (_means, "These are the means. Give indices: which picture is nearest?"),
            (
                lambda embeddings, clusters: _chosen(lambda own: embeddings[own].mean(), clusters),
                "These are means over all numbers of a cluster. `mean(axis=0)` gives its centre. "
                "Then find the picture nearest to it.",
            ),
            (
                lambda embeddings, clusters: embeddings[prototypes(embeddings, clusters)],
                "These are the embeddings of the right pictures. Give their indices.",
            ),
        ],
        hints=(
            "Take one cluster at a time. `np.flatnonzero(clusters == k)` gives the indices of "
            "its pictures.",
            "Compute the distance of each of them to their mean. `argmin` gives the place of "
            "the smallest *among them*.",
            "Look up that place in the indices of the first step. That is the picture's index.",
        ),
        then="Compare `prototypes(embeddings, clusters)` with `typical[0]` above.",
    ),
    exercise(
        "09.2",
        "the smallest margin",
        solution=smallest_margin,
        cases=_margin_cases,
        returns="index",
        mistakes=_margin_mistakes(),
        hints=(
            "`np.sort(probabilities, axis=1)` puts the largest last, and the second largest "
            "before it.",
            "Set the margins of known pictures to `np.inf`. Then they come last.",
            "`np.argsort(margins, kind='stable')` keeps the smaller index first if margins are "
            "equal. Take the first n.",
        ),
        then="In the cell that asks, put `smallest_margin(model.predict_proba(embeddings), known, "
        "5)` in place of `least_certain(model, unknown, 5)`. Does it do better?",
    ),
    exercise(
        "09.3",
        "ask the nearest neighbour",
        solution=nearest_label,
        cases=_neighbour_cases,
        returns="index",
        mistakes=[
            (
                lambda embeddings, known, classes: _similarity(embeddings, known).argmax(axis=1),
                "These are places in `known`. Look up their `classes`.",
            ),
            (
                _indices_of_neighbours,
                "These are the most similar pictures. Look up their `classes`.",
            ),
            (_least_similar, "These are the *least* similar ones."),
            (
                _largest_amount,
                "Opposite directions have the similarity -1 and are the least alike. Do not use "
                "`abs`.",
            ),
            (_unknown_ones_only, "Every picture gets a class, the known ones as well."),
            (_as_many_as_known, "Every picture gets a class. You give only as many as are known."),
            (
                _for_each_known_one,
                "You give one class for each known picture. Look along the known ones, `axis=1` "
                "of (n, m).",
            ),
            (
                lambda embeddings, known, classes: _similarity(embeddings, known).max(axis=1),
                "These are similarities. Give classes.",
            ),
            (
                _products,
                "These are products of the embeddings as they come, so long ones win. Divide each "
                "by its length first.",
            ),
            (_distances, STRAIGHT),
            (
                _features_scaled,
                "You divided each feature, a column, by its length. Divide each picture's "
                "embedding, a row.",
            ),
            (_classes_put_in_order, ORDER),
            (_both_put_in_order, ORDER),
            (_known_from_one, "Off by one. `known` holds indices that already count from 0."),
            (
                _first_ones_as_known,
                "The known pictures need not be the first ones. `known` says which they are.",
            ),
            (
                _mean_of_each_class,
                "You compare with the mean of each class. Compare with each known picture.",
            ),
        ],
        hints=(
            "Divide each embedding by its length. Then the product of two embeddings is their "
            "cosine similarity.",
            "`unit @ unit[known].T` has the shape (n, m): every picture against every known one.",
            "`argmax` along the known ones gives a place in `known`. `classes` at that place is"
            " the class.",
        ),
        then="How many pictures beyond the first 50 of a draw does it name correctly? Score the "
        "probe on the same pictures and compare.",
    ),
)
