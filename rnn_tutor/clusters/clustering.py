"""From embeddings to clusters, and to maps of two dimensions.

`Clustering` holds the settings; `fit` gives a `Fitted`: the cluster of each picture and how clearly
it belongs there. How good the clusters are is asked in `evaluation`.
"""

from dataclasses import dataclass, field

import numpy as np
from sklearn.cluster import KMeans
from sklearn.metrics.pairwise import euclidean_distances
from sklearn.mixture import GaussianMixture

from rnn_tutor._errors import TutorError
from rnn_tutor.clusters.projection import (
    _list,
    check_embeddings,
    pca,
    quiet_and_repeatable,
    umap_layout,
)
from rnn_tutor.clusters.projection import l2_normalize as l2_normalize
from rnn_tutor.clusters.projection import project as project

METHODS = ("kmeans", "tied_mixture", "gaussian_mixture")


@dataclass(frozen=True)
class Clustering:
    """How embeddings are put into clusters.

    n_clusters: how many clusters. method: "kmeans" (of ten starts, that of least inertia),
    "gaussian_mixture" (a full covariance for each cluster) or "tied_mixture" (one covariance for
    all). umap: whether UMAP first lays the embeddings out in ten dimensions by their 20 nearest
    neighbours. seed: of everything random.

    A covariance needs more pictures than dimensions: for the mixtures, PCA first keeps 20
    dimensions, or fewer, so that a cluster has on average twice as many pictures as dimensions.
    With fewer than 30 different pictures there are no neighbourhoods to speak of, and PCA takes
    UMAP's place. For 5,000 pictures on two cores UMAP takes about 7 s, the first time 14.

    Sources: Arthur, Vassilvitskii (2007), k-means++; McInnes, Healy, Melville (2018), UMAP;
    McConville et al. (2021), N2D, for UMAP followed by a mixture.
    """

    n_clusters: int = 5
    method: str = "kmeans"
    umap: bool = False
    seed: int = 0

    def __post_init__(self):
        if self.method not in METHODS:
            raise TutorError(f"No clustering method {self.method!r}; there are {_list(METHODS)}.")
        if self.n_clusters < 1:
            raise TutorError(f"Expected at least one cluster, not {self.n_clusters}.")

    def fit(self, embeddings):
        """Cluster embeddings, (n, d) of numbers, and return a `Fitted`.

        Raises TutorError for other shapes, NaN, or fewer embeddings than clusters.
        """
        points = check_embeddings(embeddings)
        if len(points) < self.n_clusters:
            raise TutorError(
                f"{self.n_clusters} clusters need at least as many pictures, and there are "
                f"{len(points)}. Give more pictures, or ask for fewer clusters."
            )
        if self.umap:
            points = umap_layout(points, 10, self.seed, min_dist=0.0).astype(np.float64)
        alone = len(points) == 1  # a covariance needs two
        with quiet_and_repeatable():
            if self.method == "kmeans" or alone:
                distances, closeness = _kmeans(points, self.n_clusters, self.seed)
            else:
                covariance = "tied" if self.method == "tied_mixture" else "full"
                distances, closeness = _mixture(points, self.n_clusters, self.seed, covariance)
        return _fitted(distances, closeness)

    def fit_predict(self, embeddings):
        """As `fit`, but returns only the labels, (n,) int64."""
        return self.fit(embeddings).labels


@dataclass(frozen=True, eq=False)
class Fitted:
    """The clusters that were found, numbered from the largest, which is 0.

    labels: (n,) int64. confidence: (n,) float64 from 1, deep inside its cluster, to 0, on the
    border with the next; for k-means 1 - (distance to the own centre / to the next centre), for
    the mixture the posterior of the own component minus that of the next.
    distances: (n,) float64, to the own centre; for the mixture Mahalanobis's. n_clusters: as asked
    for; where there are fewer different embeddings, the last clusters are empty.
    """

    labels: np.ndarray = field(repr=False)
    confidence: np.ndarray = field(repr=False)
    distances: np.ndarray = field(repr=False)
    n_clusters: int

    @property
    def sizes(self):
        """How many pictures each cluster holds: (n_clusters,) int64."""
        return np.bincount(self.labels, minlength=self.n_clusters)

    def typical(self, cluster, n=8):
        """Indices of the n pictures (or all, if fewer) nearest to the cluster's centre."""
        members = self._members(cluster)
        return members[np.argsort(self.distances[members], kind="stable")[:n]]

    def borderline(self, cluster, n=8):
        """Indices of the n pictures (or all, if fewer) that most nearly belong elsewhere.

        Equally confident ones, as a mixture's often are, come from the outermost inwards.
        """
        members = self._members(cluster)
        return members[np.lexsort((-self.distances[members], self.confidence[members]))[:n]]

    def _members(self, cluster):
        if not 0 <= cluster < self.n_clusters:
            raise TutorError(f"No cluster {cluster}; they are numbered 0 to {self.n_clusters - 1}.")
        return np.flatnonzero(self.labels == cluster)


def first_guess(images):
    """How many clusters to begin with: as many as there are classes, else five.

    Five, or one for each picture if these are fewer, where there are no labels or only one class.
    images: an `ImageSet`. Returns an int.
    """
    return images.n_classes if images.n_classes > 1 else min(5, len(images))


def _kmeans(points, n_clusters, seed):
    """Distances to the centres and how close each is, relative to the others: both (n, k)."""
    model = KMeans(n_clusters, n_init=10, random_state=seed).fit(points)
    distances = euclidean_distances(points, model.cluster_centers_)
    nearest = distances.min(axis=1, keepdims=True)
    return distances, _ratio(nearest, distances)


def _mixture(points, n_clusters, seed, covariance):
    """Mahalanobis distances to the components and their posteriors: both (n, k)."""
    points = pca(points, max(2, min(20, len(points) // (2 * n_clusters))), seed)
    scale = np.sqrt(points.var(axis=0).mean())
    points = points / (scale if scale > 0 else 1)  # so that reg_covar means the same everywhere
    model = GaussianMixture(n_clusters, covariance_type=covariance, reg_covar=1e-3, n_init=5)
    model.set_params(random_state=seed).fit(points)
    steps = points[:, None] - model.means_  # (n, k, d)
    whitening = np.broadcast_to(model.precisions_cholesky_, (n_clusters, *[points.shape[1]] * 2))
    whitened = np.einsum("nkd,kde->nke", steps, whitening)
    return np.linalg.norm(whitened, axis=2), model.predict_proba(points)


def _fitted(distances, closeness):
    """Name each picture's closest centre, the largest cluster first, and how clear that is."""
    n, n_clusters = closeness.shape
    labels = closeness.argmax(axis=1)
    order = np.argsort(-np.bincount(labels, minlength=n_clusters), kind="stable")
    ranked = np.sort(np.pad(closeness, ((0, 0), (1, 0))), axis=1)  # one cluster: next is 0
    confidence = np.clip(ranked[:, -1] - ranked[:, -2], 0, 1)
    own = distances[np.arange(n), labels]
    return Fitted(np.argsort(order)[labels].astype(np.int64), confidence, own, n_clusters)


def _ratio(nearest, distances):
    return np.divide(nearest, distances, out=np.ones_like(distances), where=distances > 0)
