"""From embeddings to clusters, and to maps of two dimensions.

`Clustering` is a scikit-learn estimator: `fit` finds the cluster of each image and how clearly it
belongs there. How good the clusters are is asked in `evaluation`.
"""

from dataclasses import dataclass

import numpy as np
from sklearn.base import BaseEstimator, ClusterMixin
from sklearn.cluster import KMeans
from sklearn.metrics.pairwise import euclidean_distances
from sklearn.mixture import GaussianMixture
from sklearn.utils.validation import check_is_fitted, validate_data

from rnn_tutor._errors import TutorError, check_known, check_whole
from rnn_tutor.clusters.projection import (
    check_embeddings,
    pca,
    quiet_and_repeatable,
    umap_layout,
)
from rnn_tutor.clusters.projection import l2_normalize as l2_normalize
from rnn_tutor.clusters.projection import project as project


@dataclass
class Clustering(ClusterMixin, BaseEstimator):
    """Put embeddings into clusters.

    A covariance needs more images than dimensions: for the mixtures, PCA first keeps 20 dimensions,
    or fewer, so that a cluster has on average twice as many images as dimensions. With fewer than
    30 different images there are no neighbourhoods to speak of, and PCA takes UMAP's place. For
    5,000 images on two cores UMAP takes about 7 s, the first time 14.

    Args:
        n_clusters: How many clusters; 5 by default.
        method: A name from `METHODS`: "kmeans" (of ten starts, that of least inertia),
            "gaussian_mixture" (a full covariance for each cluster) or "tied_mixture" (one
            covariance for all).
        umap: Whether UMAP first lays the embeddings out in ten dimensions by their 20 nearest
            neighbours.
        seed: Of everything random; 0 by default.

    Attributes:
        labels_: `(n,)` int64, the cluster of each image, numbered from the largest, which is 0.
        confidence_: `(n,)` float64 from 1, deep inside its cluster, to 0, on the border with the
            next: for k-means 1 - (distance to the own centre / to the next centre), for a mixture
            the posterior of the own component minus that of the next.
        distances_: `(n,)` float64, to the own centre; for a mixture Mahalanobis's.
        n_features_in_: D of the embeddings.

    Example:
        >>> found = Clustering(n_clusters=2).fit([[0.0], [0.1], [0.2], [9.0], [9.1]])
        >>> found.labels_
        array([0, 0, 0, 1, 1])
        >>> found.sizes
        array([3, 2])

    Sources: Arthur, Vassilvitskii (2007), k-means++; McInnes, Healy, Melville (2018), UMAP;
    McConville et al. (2021), N2D, for UMAP followed by a mixture.
    """

    n_clusters: int = 5
    method: str = "kmeans"
    umap: bool = False
    seed: int = 0

    def fit(self, embeddings, y=None):
        """Find the clusters.

        Args:
            embeddings: `(n, d)` numbers, a row an image.
            y: Not looked at.

        Returns:
            The estimator. Where there are fewer different embeddings than clusters, the last
            clusters are empty.

        Raises:
            TutorError: They have another shape, hold NaN, or are fewer than clusters; or a setting
                does not exist.
        """
        check_known("clustering method", self.method, METHODS)
        check_whole("n_clusters", self.n_clusters)
        points = check_embeddings(embeddings)
        validate_data(self, embeddings, skip_check_array=True)  # notes the features and their names
        if len(points) < self.n_clusters:
            raise TutorError(
                f"{self.n_clusters} clusters need at least as many pictures, and there are "
                f"{len(points)}. Give more pictures, or ask for fewer clusters."
            )
        if self.umap:
            points = umap_layout(points, 10, self.seed, min_dist=0.0).astype(np.float64)
        # A covariance needs two points.
        cluster = METHODS[self.method] if len(points) > 1 else kmeans
        with quiet_and_repeatable():
            distances, closeness = cluster(points, self.n_clusters, self.seed)
        # Clusters are numbered from the largest; an image belongs to the closest.
        labels = closeness.argmax(axis=1)
        order = np.argsort(-np.bincount(labels, minlength=self.n_clusters), kind="stable")
        ranked = np.sort(np.pad(closeness, ((0, 0), (1, 0))), axis=1)  # one cluster: next is 0
        self.labels_ = np.argsort(order)[labels].astype(np.int64)
        self.confidence_ = np.clip(ranked[:, -1] - ranked[:, -2], 0, 1)
        self.distances_ = distances[np.arange(len(labels)), labels]
        return self

    @property
    def labels(self):
        """The same as `labels_`."""
        check_is_fitted(self)
        return self.labels_

    @property
    def sizes(self):
        """How many images each cluster holds: `(n_clusters,)` int64."""
        return np.bincount(self.labels, minlength=self.n_clusters)

    def typical(self, cluster, n=8):
        """Return the images nearest to the centre of a cluster.

        Args:
            cluster: Its number.
            n: How many; all there are where these are fewer.

        Returns:
            Their indices, the nearest first.

        Raises:
            TutorError: No cluster has that number.
        """
        members = self._members(cluster)
        return members[np.argsort(self.distances_[members], kind="stable")[:n]]

    def borderline(self, cluster, n=8):
        """Return the images of a cluster that most nearly belong elsewhere.

        Args:
            cluster: Its number.
            n: How many; all there are where these are fewer.

        Returns:
            Their indices, the least confident first; of equally confident ones, as a mixture's
            often are, the outermost first.

        Raises:
            TutorError: No cluster has that number.
        """
        members = self._members(cluster)
        return members[np.lexsort((-self.distances_[members], self.confidence_[members]))[:n]]

    def _members(self, cluster):
        members = np.flatnonzero(self.labels == cluster)
        if not 0 <= cluster < self.n_clusters:
            raise TutorError(f"No cluster {cluster}; they are numbered 0 to {self.n_clusters - 1}.")
        return members


def first_guess(images):
    """Return how many clusters to begin with: as many as there are classes, else five.

    Args:
        images: An `ImageSet`.

    Returns:
        An int. Where there are no labels or only one class, five, or one for each image if these
        are fewer.
    """
    return images.n_classes if images.n_classes > 1 else min(5, len(images))


def kmeans(points, n_clusters, seed):
    """Return distances to the centres and how close each is, relative to the others: `(n, k)`."""
    model = KMeans(n_clusters, n_init=10, random_state=seed).fit(points)
    distances = euclidean_distances(points, model.cluster_centers_)
    nearest = distances.min(axis=1, keepdims=True)
    ratio = np.divide(nearest, distances, out=np.ones_like(distances), where=distances > 0)
    return distances, ratio


def tied_mixture(points, n_clusters, seed, covariance="tied"):
    """Return Mahalanobis distances to the components and their posteriors: both `(n, k)`."""
    points = pca(points, max(2, min(20, len(points) // (2 * n_clusters))), seed)
    scale = np.sqrt(points.var(axis=0).mean())
    points = points / (scale if scale > 0 else 1)  # so that reg_covar means the same everywhere
    model = GaussianMixture(n_clusters, covariance_type=covariance, reg_covar=1e-3, n_init=5)
    model.set_params(random_state=seed).fit(points)
    steps = points[:, None] - model.means_  # (n, k, d)
    whitening = np.broadcast_to(model.precisions_cholesky_, (n_clusters, *[points.shape[1]] * 2))
    whitened = np.einsum("nkd,kde->nke", steps, whitening)
    return np.linalg.norm(whitened, axis=2), model.predict_proba(points)


def gaussian_mixture(points, n_clusters, seed):
    """Return the same as `tied_mixture`, of components that have a covariance each."""
    return tied_mixture(points, n_clusters, seed, "full")


METHODS = {
    "kmeans": kmeans,
    "tied_mixture": tied_mixture,
    "gaussian_mixture": gaussian_mixture,
}
