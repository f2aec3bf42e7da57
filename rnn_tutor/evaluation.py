"""How good are clusters?

With labels, by three scores: accuracy under the best one-to-one matching of clusters to classes,
normalised mutual information (NMI) and the adjusted Rand index (ARI). Without labels, by one:
whether another seed finds the same clusters. Labels measure here and teach nothing.
"""

import json
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np
from scipy.optimize import linear_sum_assignment
from sklearn.metrics import (
    adjusted_rand_score,
    normalized_mutual_info_score,
    silhouette_score,
)

from rnn_tutor._errors import NeedsLabels, TutorError
from rnn_tutor.clustering import on_halves


@dataclass(frozen=True, repr=False)
class Scores:
    """The three scores of a clustering, each at most 1; all None when there are no labels."""

    accuracy: float | None = None
    nmi: float | None = None
    ari: float | None = None

    def __bool__(self):
        return self.accuracy is not None

    def __repr__(self):
        if not self:
            return "No labels, so no accuracy, NMI or ARI; stability can be measured without them."
        return f"matched accuracy {self.accuracy:.3f}, NMI {self.nmi:.3f}, ARI {self.ari:.3f}"


def scores(labels, clusters):
    """All three scores at once.

    labels: (n,) integers from 0, or None. clusters: (n,) integers from 0.
    Returns Scores, which is false and says so in a sentence where labels are None.
    """
    if labels is None:
        return Scores()
    return Scores(matched_accuracy(labels, clusters), nmi(labels, clusters), ari(labels, clusters))


def contingency(labels, clusters, n_classes=None, n_clusters=None):
    """How many pictures of each class lie in each cluster.

    labels, clusters: (n,) integers from 0. n_classes, n_clusters: at least so many rows and
    columns, for classes or clusters that are empty here. Returns (n_classes, n_clusters) int64.
    Raises NeedsLabels when labels are None, TutorError when the two do not belong together.
    """
    labels, clusters = _pair(labels, clusters)
    shape = (
        max(labels.max(initial=-1) + 1, n_classes or 0),
        max(clusters.max(initial=-1) + 1, n_clusters or 0),
    )
    table = np.zeros(shape, np.int64)
    np.add.at(table, (labels, clusters), 1)
    return table


def match(labels, clusters, n_clusters=None):
    """The one-to-one naming of clusters by classes that makes the most pictures right.

    Returns (n_clusters,) int64: the class of each cluster, or -1 for a cluster that is left over
    (more clusters than classes) or shares no picture with the class left for it.
    Source: Kuhn (1955), The Hungarian method for the assignment problem.
    """
    table = contingency(labels, clusters, n_clusters=n_clusters)
    rows, columns = linear_sum_assignment(table, maximize=True)
    classes = np.full(table.shape[1], -1, np.int64)
    classes[columns] = np.where(table[rows, columns] > 0, rows, -1)
    return classes


def matched_accuracy(labels, clusters):
    """The share of pictures whose cluster is matched (see `match`) to their own class, 0 to 1.

    Pictures in clusters that are left over count as errors.
    Source: Xie, Girshick, Farhadi (2016), Unsupervised deep embedding for clustering, equation 10.
    """
    labels, clusters = _pair(labels, clusters)
    return float(np.mean(match(labels, clusters)[clusters] == labels))


def nmi(labels, clusters):
    """Normalised mutual information: what the clusters say about the classes, 0 to 1.

    The mutual information over the arithmetic mean of the two entropies.
    Source: Vinh, Epps, Bailey (2010), Information theoretic measures for clusterings comparison.
    """
    return float(normalized_mutual_info_score(*_pair(labels, clusters)))


def ari(labels, clusters):
    """The adjusted Rand index: pairs kept together or apart as in the classes, 0 by chance, 1 best.

    Source: Hubert, Arabie (1985), Comparing partitions, equation 5.
    """
    return float(adjusted_rand_score(*_pair(labels, clusters)))


def stability(clusterings):
    """The mean ARI over all pairs of clusterings of the same pictures: needs no labels.

    clusterings: two or more arrays (n,) of integers, one for each seed. Returns a float: 1 when all
    seeds agree, about 0 when they agree no more than chance would. Stable need not mean right.
    """
    clusterings = list(clusterings)
    if len(clusterings) < 2:
        raise TutorError(
            f"Stability compares clusterings of the same pictures under several seeds: give at "
            f"least two. Here there was {len(clusterings)}."
        )
    return float(np.mean([ari(a, b) for a, b in combinations(clusterings, 2)]))


@dataclass(frozen=True)
class Proposal:
    """A number of clusters, and what speaks for it.

    n_clusters: the number whose silhouette and stability have the largest sum. numbers: those
    that were tried. silhouettes: how much closer a picture is to its own cluster than to the next.
    stabilities: the mean adjusted Rand index between clusterings found from other halves. Both are
    1 at best. `plots.loss_curve({"silhouette": p.silhouettes, "stability": p.stabilities},
    x="number of clusters", y="score", start=p.numbers[0])` draws them.
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
    """Looks for a number of clusters for embeddings without labels.

    There may be several good answers, a coarse one and finer ones: look at all the scores, which
    are those of notebook 08.

    embeddings: (n, d). numbers: those to try; None for 2 to 15, or fewer for few pictures. seed: of
    the 2,000 embeddings that are looked at where there are more, and of the starts.
    Returns a `Proposal`. Raises TutorError for fewer than two pictures for each cluster.
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
    """0 where there is nothing to tell apart: all in one cluster, or each alone."""
    if not 1 < len(np.unique(labels)) < len(points):
        return 0.0
    return float(silhouette_score(points, labels))


def stored_results(dataset="fashion5"):
    """What a benchmark of the course measured, as a dict.

    dataset: "fashion5", or "five_classes" for the longer run of notebook 10.

    Its "methods" is a list of rows with "name", "clustering", "minutes", and "accuracy", "nmi" and
    "ari", a number a seed. Made by the script of that name in `tests/benchmarks`.
    """
    path = Path(__file__).parent / "data" / f"benchmark_{dataset}.json"
    if not path.exists():
        raise TutorError(f"No benchmark of {dataset!r} ships with the course; fashion5's does.")
    return json.loads(path.read_text(encoding="utf-8"))


def _pair(labels, clusters):
    if labels is None:
        raise NeedsLabels(
            "This score compares clusters with labels, and these pictures have none. "
            "`evaluation.stability` needs no labels."
        )
    labels, clusters = _integers(labels, "labels"), _integers(clusters, "clusters")
    if len(labels) != len(clusters) or len(labels) == 0:
        raise TutorError(
            f"Expected one label and one cluster for each picture; there are {len(labels)} labels "
            f"and {len(clusters)} clusters."
        )
    return labels, clusters


def _integers(values, name):
    values = np.asarray(values)
    if values.ndim != 1 or (values.size and (values.dtype.kind not in "iub" or values.min() < 0)):
        raise TutorError(
            f"Expected {name} as a one-dimensional array of whole numbers from 0, such as "
            f"[0, 2, 1]; got {values.dtype} values of the shape {values.shape}."
        )
    return values.astype(np.int64)
