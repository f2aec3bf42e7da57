"""How good are clusters?

With labels there are three scores: accuracy under the best one-to-one matching of clusters to
classes, normalised mutual information (NMI) and the adjusted Rand index (ARI). Without labels there
is one: whether another seed finds the same clusters. Labels measure here; nothing is trained on
them.

A label of -1 means no label, as in an `ImageSet`. Such an image enters no score, and what is
printed says how many images have a label.
"""

from dataclasses import dataclass, field
from itertools import combinations

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.stats import random_table
from sklearn.cluster import KMeans
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score, silhouette_score

from rnn_tutor._errors import NeedsLabels, TutorError
from rnn_tutor.clusters.projection import check_embeddings, quiet_and_repeatable


def on_halves(embeddings, n_clusters, seed=0, halves=3):
    """Find the clusters of all images from random halves of them.

    k-means is fitted to one half of the embeddings, and predicts the cluster of every image.

    Args:
        embeddings: `(n, d)` numbers.
        n_clusters: Number of clusters, int.
        seed: Decides the halves and the starts, int. Default 0.
        halves: Number of halves, int. Default 3.

    Returns:
        A list of `(n,)` int64, one for each half; an empty list where there are fewer than two
        images for each cluster.

    Example:
        >>> [labels.shape for labels in on_halves([[0.0], [0.1], [9.0], [9.1]], 2, halves=2)]
        [(4,), (4,)]

    Source: Lange, Roth, Braun, Buhmann (2004), Stability-based validation of clustering solutions.
    """
    points = check_embeddings(embeddings)
    if len(points) < 2 * n_clusters:
        return []
    found = []
    with quiet_and_repeatable():
        for number in range(halves):
            rng = np.random.default_rng([seed, number])
            half = rng.permutation(len(points))[: len(points) // 2]
            start = int(rng.integers(2**31))
            centres = KMeans(n_clusters, n_init=2, random_state=start).fit(points[half])
            found.append(centres.predict(points).astype(np.int64))
    return found


NOTHING_MEASURED = (
    "Nothing to compare yet: it takes five pictures or more with a known class to learn from, and "
    "others to measure with."
)


@dataclass(frozen=True, repr=False)
class Scores:
    """The scores of a clustering, each at most 1; all None without labels.

    Attributes:
        values: `{name: float}`, a value for each of `METRICS`. `scores.accuracy` and so on read it.
        labelled: Number of images with a label, int.
        pictures: Number of images, int.
        classes: Number of classes among the labels, int. With fewer than two the scores say
            nothing, and `bool(scores)` is False.

    Example:
        >>> found = rt.evaluation.scores([0, 0, 1, -1], [1, 1, 0, 0])
        >>> found.accuracy, found.labelled, bool(found)
        (1.0, 3, True)
    """

    values: dict = field(default_factory=dict)
    labelled: int = 0
    pictures: int = 0
    classes: int = 0

    def __getattr__(self, name):
        if name in METRICS:
            return self.values.get(name)
        raise AttributeError(f"Scores have no {name!r}; they have {', '.join(METRICS)}.")

    def __bool__(self):
        return self.classes > 1

    def __repr__(self):
        if not self.labelled:
            return "No labels, so no accuracy, NMI or ARI; stability can be measured without them."
        if not self:
            return "All labels are of one class: there is nothing to tell apart, so no score."
        some = f" (of the {self.labelled:,} of {self.pictures:,} pictures that have a label)"
        titles = {"accuracy": "matched accuracy"}
        words = [f"{titles.get(k, _title(k))} {value:.3f}" for k, value in self.values.items()]
        text = ", ".join(words)
        return text + some * (self.labelled < self.pictures)


def scores(labels, clusters):
    """Measure clusters by all of `METRICS` at once.

    Args:
        labels: `(n,)` int from 0, -1 for an image without a label; or None.
        clusters: `(n,)` int from 0.

    Returns:
        `Scores`, which are false with fewer than two classes among the labels, and then say so.

    Raises:
        TutorError: The two do not belong together.

    Example:
        >>> scores([0, 0, 1, 1], [1, 1, 0, 2])
        matched accuracy 0.750, NMI 0.800, ARI 0.571
    """
    labels, clusters = _pair(np.full(len(clusters), -1) if labels is None else labels, clusters)
    known = labels >= 0
    counts = int(known.sum()), len(labels), len(np.unique(labels[known]))
    if not known.any():
        return Scores({}, *counts)
    pair = labels[known], clusters[known]
    return Scores({name: metric(*pair) for name, metric in METRICS.items()}, *counts)


def chance(labels, clusters, draws=1000, seed=0):
    """Estimate the matched accuracy that clusters of these sizes reach by chance.

    The images are assigned to the clusters at random, many times. The best matching makes chance
    look better where there are few images: five equal classes reach about 0.38 with 30 images, 0.27
    with 200, and 0.2 only in the limit.

    Args:
        labels: `(n,)` int from 0, -1 for an image without a label.
        clusters: `(n,)` int from 0.
        draws: Number of random assignments, int. Default 1000.
        seed: Decides the assignments, int. Default 0.

    Returns:
        A float in 0..1, the mean over the draws; or None where the scores would say nothing.

    Example:
        >>> round(chance([0, 0, 1, 1], [0, 1, 0, 1]), 1)  # half or all of them right
        0.7

    Source: Hubert, Arabie (1985), Comparing partitions: the same model of chance as in ARI.
    """
    if not scores(labels, clusters):
        return None
    table = contingency(labels, clusters)
    random_tables = random_table(table.sum(axis=1), table.sum(axis=0), seed=seed).rvs(draws)
    return float(np.mean([_matched(t) for t in random_tables]) / table.sum())


def score_table(rows):
    """Write scores beside what chance reaches, a line for each clustering.

    Args:
        rows: `{name: (labels, clusters)}`, each pair as for `scores`.

    Returns:
        A str. A row without scores says why. When no row has scores, the reason is given once.

    Example:
        >>> print(score_table({"two images": ([0, 1], [1, 0])}))  # too few for any conclusion
                    accuracy  by chance    NMI    ARI  pictures
        two images     1.000      1.000  1.000  1.000         2
    """
    reasons = {str(found) for pair in rows.values() if not (found := scores(*pair))}
    if len(reasons) == 1 and not any(scores(*pair) for pair in rows.values()):
        return reasons.pop()
    width = max(map(len, rows))
    # Accuracy stands first, before its chance.
    columns = {name: max(7, len(name) + 2) for name in METRICS if name != "accuracy"}
    titles = "".join(f"{_title(name):>{space}}" for name, space in columns.items())
    lines = [f"{'':{width}}  accuracy  by chance{titles}  pictures"]
    for name, pair in rows.items():
        found = scores(*pair)
        values = str(found)
        if found:
            values = f"{found.accuracy:8.3f}  {chance(*pair):9.3f}"
            values += "".join(f"{found.values[k]:{space}.3f}" for k, space in columns.items())
            values += f"  {found.labelled:8,}"
        lines.append(f"{name:{width}}  {values}")
    return "\n".join(lines)


@dataclass(frozen=True, repr=False)
class Accuracy:
    """How many answers are right, among the images whose class is known.

    `float(accuracy)` is the share of right answers. Without labels, without answers, or with one
    class alone there is nothing to say: then it is NaN, and `bool(accuracy)` is False.

    Attributes:
        right: Number of right answers, int.
        answered: Number of answers for images whose class is known, int.
        labelled: Number of images whose class is known, int.
        pictures: Number of images, int.
        classes: Number of classes among these answers and labels, int.

    Example:
        >>> float(Accuracy(right=3, answered=4, labelled=4, pictures=10, classes=2))
        0.75
    """

    right: int
    answered: int
    labelled: int
    pictures: int
    classes: int

    def __bool__(self):
        return min(self.answered, self.labelled) > 0 and self.classes > 1

    def __float__(self):
        return self.right / self.labelled if self else float("nan")

    def __repr__(self):
        if not self.labelled:
            return f"nobody has said what is in these {self.pictures:,} pictures yet"
        if not self.answered:
            return "no answers yet, so none is right and none is wrong"
        if not self:
            return f"one class alone in {self.labelled:,} pictures: there is nothing to tell apart"
        of = f"{self.labelled:,}"
        if self.labelled < self.pictures:
            of = f"the {of} named ones among {self.pictures:,}"
        return f"{float(self):.1%} of {of} pictures right"


def count_right(answers, labels):
    """Count the answers that are right.

    Args:
        answers: `(n,)` int, the class that was answered, -1 for no answer, which is not right.
        labels: `(n,)` int, the class, -1 where it is unknown; or None.

    Returns:
        An `Accuracy`, which is false where there are no labels, no answers, or one class alone.

    Raises:
        TutorError: There are not as many answers as labels.

    Example:
        >>> count_right([0, 1, 1, -1], [0, 1, 0, -1])
        66.7% of the 3 named ones among 4 pictures right
    """
    answers = np.asarray(answers)
    labels = np.full(len(answers), -1) if labels is None else np.asarray(labels)
    if answers.shape != labels.shape or answers.ndim != 1:
        raise TutorError(
            f"Expected one answer and one label a picture; there are answers {answers.shape} and "
            f"labels {labels.shape}."
        )
    known = labels >= 0
    answered = known & (answers >= 0)
    classes = {*answers[answered].tolist(), *labels[known].tolist()}
    counts = [int(part.sum()) for part in (known & (answers == labels), answered, known)]
    return Accuracy(*counts, len(labels), len(classes))


def mean_table(table):
    """Write the mean accuracy at each number of labels, a line for each method.

    Args:
        table: `{"probe": {5: [0.6, 0.7], 10: ...}, ...}`, as `plots.score_curves` draws it; NaN
            where nothing could be measured.

    Returns:
        A str; a sentence where nothing could be measured at all.

    Example:
        >>> print(mean_table({"probe": {5: [0.6, 0.7], 10: [0.8, 0.9]}}))
        probe                  5: 65.0%  10: 85.0%
    """
    lines = []
    for name, points in table.items():
        means = {n: np.mean(values) for n, values in points.items() if np.isfinite(values).all()}
        if means:
            lines.append(f"{name:22}" + "".join(f" {n}: {m:.1%} " for n, m in means.items()))
    return "\n".join(lines) or NOTHING_MEASURED


def linear_probe(points, labels, C=10):
    """Fit logistic regression to the images that have a label.

    With one class alone, it always predicts that class. Without labels it predicts -1, no class.

    Args:
        points: `(n, features)` float, such as embeddings.
        labels: `(n,)` int from 0, -1 for an image without a label.
        C: Inverse strength of the regularisation, float. Default 10.

    Returns:
        A fitted scikit-learn classifier.

    Example:
        >>> linear_probe([[0.0], [1.0], [8.0], [9.0]], [0, -1, -1, 1]).predict([[2.0], [7.0]])
        array([0, 1])

    Source: Alain, Bengio (2016), Understanding intermediate layers using linear classifier probes.
    """
    labels = np.asarray(labels)
    known = labels >= 0
    classes = np.unique(labels[known])
    if len(classes) < 2:
        only = classes if len(classes) else [-1]
        return DummyClassifier(strategy="most_frequent").fit([[0.0]], only)
    return LogisticRegression(C=C, max_iter=1000).fit(np.asarray(points)[known], labels[known])


def contingency(labels, clusters, n_classes=None, n_clusters=None):
    """Count how many images of each class lie in each cluster.

    Args:
        labels: `(n,)` int from 0; a label of -1 is not counted.
        clusters: `(n,)` int from 0.
        n_classes, n_clusters: Number of rows and columns at least, int, for classes or clusters
            that are empty here. Default: as many as there are.

    Returns:
        `(n_classes, n_clusters)` int64.

    Raises:
        NeedsLabels: `labels` is None.
        TutorError: The two do not belong together.

    Example:
        >>> contingency([0, 0, 1, -1], [1, 1, 0, 0])
        array([[0, 2],
               [1, 0]])
    """
    labels, clusters = _pair(labels, clusters)
    shape = (
        max(labels.max(initial=-1) + 1, n_classes or 0),
        max(clusters.max(initial=-1) + 1, n_clusters or 0),
    )
    table = np.zeros(shape, np.int64)
    known = labels >= 0
    np.add.at(table, (labels[known], clusters[known]), 1)
    return table


def match(labels, clusters, n_clusters=None):
    """Match clusters to classes, one to one, so that the most images are right.

    Args:
        labels, clusters: As for `contingency`.
        n_clusters: Number of clusters at least, int. Default: as many as there are.

    Returns:
        `(n_clusters,)` int64: the class of each cluster. It is -1 for a cluster that is left over,
        because there are more clusters than classes, or that shares no image with the class left
        for it.

    Example:
        >>> match([0, 0, 1, 1], [1, 1, 0, 2])
        array([ 1,  0, -1])

    Source: Kuhn (1955), The Hungarian method for the assignment problem.
    """
    table = contingency(labels, clusters, n_clusters=n_clusters)
    rows, columns = linear_sum_assignment(table, maximize=True)
    classes = np.full(table.shape[1], -1, np.int64)
    classes[columns] = np.where(table[rows, columns] > 0, rows, -1)
    return classes


def matched_accuracy(labels, clusters):
    """Compute the share of images whose cluster `match` gives their class.

    Images in clusters that are left over count as errors. Images without a label do not count.

    Args:
        labels, clusters: As for `contingency`.

    Returns:
        A float in 0..1.

    Raises:
        NeedsLabels: No image has a label.

    Example:
        >>> matched_accuracy([0, 0, 1, 1], [1, 1, 0, 2])
        0.75

    Source: Xie, Girshick, Farhadi (2016), Unsupervised deep embedding for clustering, equation 10.
    """
    table = contingency(*_known_pair(labels, clusters))
    return _matched(table) / int(table.sum())


def nmi(labels, clusters):
    """Compute the normalised mutual information: how much the clusters say about the classes.

    It is the mutual information divided by the arithmetic mean of the two entropies.

    Args:
        labels, clusters: As for `contingency`.

    Returns:
        A float in 0..1.

    Raises:
        NeedsLabels: No image has a label.

    Example:
        >>> nmi([0, 0, 1, 1], [1, 1, 0, 0])
        1.0

    Source: Vinh, Epps, Bailey (2010), Information theoretic measures for clusterings comparison.
    """
    return float(normalized_mutual_info_score(*_known_pair(labels, clusters)))


def ari(labels, clusters):
    """Compute the adjusted Rand index: how many pairs are together or apart as in the classes.

    Args:
        labels, clusters: As for `contingency`.

    Returns:
        A float, about 0 by chance and 1 at best.

    Raises:
        NeedsLabels: No image has a label.

    Example:
        >>> ari([0, 0, 1, 1], [1, 1, 0, 0])
        1.0

    Source: Hubert, Arabie (1985), Comparing partitions, equation 5.
    """
    return float(adjusted_rand_score(*_known_pair(labels, clusters)))


# What `scores` measures: functions of labels and clusters, by name.
METRICS = {"accuracy": matched_accuracy, "nmi": nmi, "ari": ari}


def _title(name):
    """Write an abbreviation in capitals, and a word as it is."""
    return name.upper() if len(name) <= 3 else name


def stability(clusterings):
    """Compute the mean ARI over all pairs of clusterings of the same images. It needs no labels.

    Args:
        clusterings: Two or more arrays `(n,)` int, one for each seed.

    Returns:
        A float: 1 when all seeds agree, about 0 when they agree no more than by chance. Stable does
        not mean right.

    Raises:
        TutorError: There are fewer than two clusterings.

    Example:
        >>> stability([[0, 0, 1], [1, 1, 0]])
        1.0
    """
    clusterings = list(clusterings)
    if len(clusterings) < 2:
        raise TutorError(
            f"Stability compares clusterings of the same pictures under several seeds: give at "
            f"least two. Here there was {len(clusterings)}."
        )
    clusterings = [_integers(clusters, "clusters") for clusters in clusterings]
    return float(np.mean([ari(a, b) for a, b in combinations(clusterings, 2)]))


@dataclass(frozen=True)
class Proposal:
    """A number of clusters, and the scores that speak for it.

    `plots.loss_curve({"silhouette": p.silhouettes, "stability": p.stabilities},
    x="number of clusters", y="score", start=p.numbers[0])` draws the scores.

    Attributes:
        n_clusters: The number whose silhouette and stability have the largest sum, int.
        numbers: The numbers that were tried, a list of int.
        silhouettes: For each number, how much closer an image is to its own cluster than to the
            next, a list of float, 1 at best.
        stabilities: For each number, the mean adjusted Rand index between the clusterings from
            different halves, a list of float, 1 at best.

    Example:
        >>> print(Proposal(2, [2, 3], [0.8, 0.5], [1.0, 0.6]))
        clusters  silhouette  stability
               2        0.80       1.00
               3        0.50       0.60
    """

    n_clusters: int
    numbers: list
    silhouettes: list
    stabilities: list

    def __str__(self):
        rows = zip(self.numbers, self.silhouettes, self.stabilities, strict=True)
        lines = [f"{number:8} {s:11.2f} {t:10.2f}" for number, s, t in rows]
        return "\n".join(["clusters  silhouette  stability", *lines])


def propose_number(embeddings, numbers=None, seed=0):
    """Propose a number of clusters for embeddings without labels.

    There may be several good answers, a coarse one and finer ones. Look at all the scores, which
    are those of notebook 08.

    Args:
        embeddings: `(n, d)` numbers.
        numbers: The numbers to try, a list of int. Default: 2 to 15, or fewer for few images.
        seed: Decides the starts, and a sample of 2,000 embeddings where there are more, int.
            Default 0.

    Returns:
        A `Proposal`.

    Raises:
        TutorError: There are fewer than two images for each cluster.

    Example:
        >>> propose_number([[0.0], [0.1], [0.2], [9.0], [9.1], [9.2]], numbers=[2, 3]).n_clusters
        2

    Sources: Rousseeuw (1987), silhouettes; Lange, Roth, Braun, Buhmann (2004), stability.
    """
    points = np.asarray(embeddings)
    points = points[np.random.default_rng(seed).permutation(len(points))[:2_000]]
    numbers = list(numbers or range(2, min(15, len(points) // 2) + 1))
    largest = max(numbers, default=2)
    if len(points) < 2 * largest:
        raise TutorError(
            f"To judge {largest} clusters takes at least {2 * largest} pictures; here were "
            f"{len(points)}."
        )
    silhouettes, stabilities = [], []
    for number in numbers:
        runs = on_halves(points, number, seed, halves=5)
        silhouettes.append(_silhouette(points, runs[0]))
        stabilities.append(stability(runs))
    best = numbers[int(np.argmax(np.add(silhouettes, stabilities)))]
    return Proposal(best, numbers, silhouettes, stabilities)


def _silhouette(points, labels):
    """Return the mean silhouette; 0 where all points are in one cluster, or each is alone."""
    if not 1 < len(np.unique(labels)) < len(points):
        return 0.0
    return float(silhouette_score(points, labels))


def _matched(table):
    """Count the images that are right under the best one-to-one matching."""
    return int(table[linear_sum_assignment(table, maximize=True)].sum())


def _known_pair(labels, clusters):
    """Return labels and clusters of the images that have a label."""
    labels, clusters = _pair(labels, clusters)
    if not (labels >= 0).any():
        _pair(None, clusters)
    return labels[labels >= 0], clusters[labels >= 0]


def _pair(labels, clusters):
    if labels is None:
        raise NeedsLabels(
            "This score compares clusters with labels, and these pictures have none. "
            "`evaluation.stability` needs no labels."
        )
    labels, clusters = _integers(labels, "labels", -1), _integers(clusters, "clusters")
    if len(labels) != len(clusters) or len(labels) == 0:
        raise TutorError(
            f"Expected one label and one cluster for each picture; there are {len(labels)} labels "
            f"and {len(clusters)} clusters."
        )
    return labels, clusters


def _integers(values, name, lowest=0):
    values = np.asarray(values)
    if values.ndim != 1 or (
        values.size and (values.dtype.kind not in "iub" or values.min() < lowest)
    ):
        none = ", and -1 for a picture without one" * (lowest < 0)
        raise TutorError(
            f"Expected {name} as a one-dimensional array of whole numbers from 0{none}, such as "
            f"[0, 2, 1]; got {values.dtype} values of the shape {values.shape}."
        )
    return values.astype(np.int64)
