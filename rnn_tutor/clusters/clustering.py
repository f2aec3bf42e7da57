"""From embeddings to clusters, and to maps of two dimensions.

`Clustering` is a scikit-learn estimator: `fit` finds the cluster of each image, and how clearly the
image belongs there. `evaluation` measures how good the clusters are.
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

    A covariance needs more images than dimensions. For the mixtures, PCA therefore first keeps at
    most 20 dimensions, so that a cluster has on average twice as many images as dimensions. With
    fewer than 30 different images, PCA takes UMAP's place. For 5,000 images on two cores UMAP takes
    about 7 s, the first time 14.

    Args:
        n_clusters: Number of clusters, int. Default 5.
        method: A name from `METHODS`, str: "kmeans" (of ten starts, the one with the least
            inertia), "gaussian_mixture" (a full covariance for each cluster) or "tied_mixture" (one
            covariance for all). Default "kmeans".
        umap: Whether UMAP first lays the embeddings out in ten dimensions by their 20 nearest
            neighbours, bool. Default False.
        seed: Decides everything random, int. Default 0.

    Attributes:
        labels_: `(n,)` int64, the cluster of each image, numbered from the largest, which is 0.
        confidence_: `(n,)` float64, from 1 for an image deep inside its cluster to 0 on the border
            with the next. For k-means it is 1 - (distance to the own centre / distance to the next
            centre); for a mixture, the posterior of the own component minus that of the next.
        distances_: `(n,)` float64, the distance to the own centre; for a mixture the Mahalanobis
            distance.
        n_features_in_: Numbers in an embedding, int.

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
            y: Ignored.

        Returns:
            The estimator. Where there are fewer different embeddings than clusters, the last
            clusters are empty.

        Raises:
            TutorError: The embeddings have another shape, hold NaN, or are fewer than clusters; or
                a setting does not exist.
        """
        check_known("clustering method", self.method, METHODS)
        check_whole("n_clusters", self.n_clusters)
        points = check_embeddings(embeddings)
        validate_data(self, embeddings, skip_check_array=True)  # stores the names of the features
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
            cluster: Number of the cluster, int from 0.
            n: How many images at most, int. Default 8.

        Returns:
            Indices of images, an int array, the nearest first.

        Raises:
            TutorError: No cluster has that number.
        """
        members = self._members(cluster)
        return members[np.argsort(self.distances_[members], kind="stable")[:n]]

    def borderline(self, cluster, n=8):
        """Return the images of a cluster that most nearly belong elsewhere.

        Args:
            cluster: Number of the cluster, int from 0.
            n: How many images at most, int. Default 8.

        Returns:
            Indices of images, an int array, the least confident first. Of equally confident ones,
            which a mixture often has, the outermost come first.

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
    """Return how many clusters to begin with: the number of classes, or else five.

    Args:
        images: An `ImageSet`.

    Returns:
        An int. Without labels, or with only one class, it is five, or the number of images if that
        is smaller.

    Example:
        >>> first_guess(rt.datasets.draw_shapes(20, size=8).without_labels())
        5
    """
    return images.n_classes if images.n_classes > 1 else min(5, len(images))


def kmeans(points, n_clusters, seed):
    """Cluster points by k-means.

    Args:
        points: `(n, d)` float64.
        n_clusters: Number of clusters, int.
        seed: Decides the starts, int.

    Returns:
        `(distances, closeness)`, both `(n, n_clusters)` float64: the distance to each centre, and
        the distance to the nearest centre divided by the distance to this one.

    Example:
        >>> distances, closeness = kmeans(np.array([[0.0], [2.0], [9.0], [11.0]]), 2, seed=0)
        >>> np.sort(distances[0])
        array([ 1., 10.])
    """
    model = KMeans(n_clusters, n_init=10, random_state=seed).fit(points)
    distances = euclidean_distances(points, model.cluster_centers_)
    nearest = distances.min(axis=1, keepdims=True)
    ratio = np.divide(nearest, distances, out=np.ones_like(distances), where=distances > 0)
    return distances, ratio


def tied_mixture(points, n_clusters, seed, covariance="tied"):
    """Cluster points by a Gaussian mixture with one covariance for all components.

    Args:
        points: `(n, d)` float64.
        n_clusters: Number of components, int.
        seed: Decides the starts, int.
        covariance: Type of covariance, str, as scikit-learn's `GaussianMixture` takes it. Default
            "tied".

    Returns:
        `(distances, posteriors)`, both `(n, n_clusters)` float64; the distances are Mahalanobis
        distances.

    Example:
        >>> points = np.array([[0.0], [0.2], [0.4], [9.0], [9.2], [9.4]])
        >>> distances, posteriors = tied_mixture(points, 2, seed=0)
        >>> posteriors.max(axis=1).round(2)
        array([1., 1., 1., 1., 1., 1.])
    """
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
    """Cluster points by a Gaussian mixture with a covariance for each component.

    Args:
        points, n_clusters, seed: As for `tied_mixture`.

    Returns:
        As `tied_mixture`.

    Example:
        >>> points = np.array([[0.0], [0.2], [0.4], [9.0], [9.2], [9.4]])
        >>> distances, posteriors = gaussian_mixture(points, 2, seed=0)
        >>> posteriors.max(axis=1).round(2)
        array([1., 1., 1., 1., 1., 1.])
    """
    return tied_mixture(points, n_clusters, seed, "full")


# The clustering methods: functions of points, a number of clusters and a seed, by name.
METHODS = {
    "kmeans": kmeans,
    "tied_mixture": tied_mixture,
    "gaussian_mixture": gaussian_mixture,
}
