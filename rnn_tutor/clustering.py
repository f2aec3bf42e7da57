"""From embeddings to clusters, and to maps of two dimensions.

`Clustering` holds the settings; `fit` gives a `Fitted`: the cluster of each picture and how clearly
it belongs there. How good the clusters are is asked in `evaluation`.
"""

import sys
import warnings
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np
from sklearn.cluster import KMeans, ward_tree
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.manifold import TSNE
from sklearn.metrics.pairwise import euclidean_distances
from sklearn.mixture import GaussianMixture
from sklearn.neighbors import NearestNeighbors
from threadpoolctl import threadpool_limits

from rnn_tutor._errors import TutorError
from rnn_tutor._folders import replace_folders
from rnn_tutor._memory import give_back_memory

METHODS = ("kmeans", "tied_mixture", "gaussian_mixture")
MAPS = ("pca", "umap", "tsne")
FEWEST_FOR_NEIGHBOURS = 30  # below it, a graph of 20 neighbours joins everything with everything
GROUPS = 10  # a cluster, for `moved_to_neighbours`
FEWEST_A_GROUP = 50  # pictures on average, below which its neighbours say little
LOOKED_AT = 20_000  # pictures, at the most, whose neighbours are looked for
CLEARLY = 2  # times as near as its own cluster must another be to take a bundle


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
        points = _checked(embeddings)
        if len(points) < self.n_clusters:
            raise TutorError(
                f"{self.n_clusters} clusters need at least as many pictures, and there are "
                f"{len(points)}. Give more pictures, or ask for fewer clusters."
            )
        if self.umap:
            points = _umap(points, 10, self.seed, min_dist=0.0).astype(np.float64)
        alone = len(points) == 1  # a covariance needs two
        with _quiet_and_repeatable():
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


def normalised(embeddings):
    """Each embedding at length one (zeros stay zeros): (n, d) float32.

    The contrastive loss compares directions only; so should what clusters its embeddings.
    """
    points = _checked(embeddings)
    lengths = np.linalg.norm(points, axis=1, keepdims=True)
    return (points / np.where(lengths > 0, lengths, 1)).astype(np.float32)


def project(embeddings, method="pca", seed=0):
    """A map: (n, d) numbers become (n, 2) float32, by "pca", "umap" or "tsne".

    With fewer than 30 different embeddings, the map is PCA's whatever was asked for. For 5,000
    pictures PCA takes a blink, UMAP about 7 s (the first time 14), t-SNE about 28 s.
    Raises TutorError for an unknown method, and as `Clustering.fit`.
    Sources: McInnes, Healy, Melville (2018), UMAP; van der Maaten, Hinton (2008), t-SNE.
    """
    if method not in MAPS:
        raise TutorError(f"No map {method!r}; there are {_list(MAPS)}.")
    points = _checked(embeddings)
    if method == "umap":
        points = _umap(points, 2, seed, min_dist=0.1)
    elif method == "tsne":
        points = _tsne(points, seed)
    else:
        points = _pca(points, 2, seed)
    return np.pad(points, ((0, 0), (0, 2 - points.shape[1]))).astype(np.float32)


def on_halves(embeddings, n_clusters, seed=0, halves=3):
    """Clusterings that other pictures would have given.

    k-means is fitted on a random half of the embeddings, and tells the cluster of each of all.

    embeddings: (n, d). halves: how many. Returns a list of (n,) int64; from fewer pictures than
    two for each cluster, an empty one.
    Source: Lange, Roth, Braun, Buhmann (2004), Stability-based validation of clustering solutions.
    """
    points = _checked(embeddings)
    if len(points) < 2 * n_clusters:
        return []
    found = []
    with _quiet_and_repeatable():
        for number in range(halves):
            rng = np.random.default_rng([seed, number])
            half = rng.permutation(len(points))[: len(points) // 2]
            start = int(rng.integers(2**31))
            centres = KMeans(n_clusters, n_init=2, random_state=start).fit(points[half])
            found.append(centres.predict(points).astype(np.int64))
    return found


def linear_borders(embeddings, labels, n_clusters):
    """A softmax layer that tells the clusters: logistic regression learns it from the embeddings.

    embeddings: (n, d). labels: (n,) from 0 to n_clusters - 1; some may be missing.
    Returns weights, (d, n_clusters), and biases, (n_clusters,), both float64.
    """
    points = _checked(embeddings)
    weights, biases = np.zeros((points.shape[1], n_clusters)), np.full(n_clusters, -100.0)
    there = np.unique(labels)
    biases[there] = 0
    if len(there) > 1:
        with _quiet_and_repeatable():
            model = LogisticRegression(C=100, max_iter=1000).fit(points, labels)
        if len(there) == 2:  # scikit-learn tells the second from the first by one border
            model.coef_, model.intercept_ = (
                np.concatenate([-part, part]) / 2 for part in (model.coef_, model.intercept_)
            )
        weights[:, there], biases[there] = model.coef_.T, model.intercept_
    return weights, biases


def moved_to_neighbours(embeddings, labels, pixels, n_clusters, seed=0):
    """Moves groups of pictures to the cluster in which their neighbours among the pixels are.

    What the network sees as a small kind of its own, sevens with a bar say, can come to lie next to
    a wrong cluster; the pixels, poor as they are at finding kinds, then know better. k-means makes
    ten small groups a cluster, and Ward's tree joins those that lie close into bundles, or two
    groups of the same sort would hold each other where they are. For each group and each bundle,
    the 20 nearest neighbours of its pictures, in 50 principal components of the pixels, are counted
    by cluster, for each picture that the cluster has outside the bundle. The one for which another
    cluster leads its own most clearly moves there, and so on, until none is twice as near as its
    own. What is more than half of its cluster stays.

    embeddings: (n, d). labels: (n,) int64, the n_clusters clusters found in them. pixels: (n,
    height, width, channels). seed: of the groups, and of the 20,000 pictures that are looked at of
    more.
    Returns (groups, clusters): (n,) int64, the group of each picture, and (groups,) int64, the
    cluster of each group. With fewer than 50 pictures a group, each cluster is a group.
    Source: Ward (1963), Hierarchical grouping to optimize an objective function, for the tree.
    """
    points, n_groups = _checked(embeddings), GROUPS * n_clusters
    if len(points) < FEWEST_A_GROUP * n_groups:
        return labels, np.arange(n_clusters)
    with _quiet_and_repeatable():
        found = KMeans(n_groups, n_init=1, random_state=seed).fit(points)
        groups = found.labels_.astype(np.int64)
        edges = _edges_between(groups, pixels, n_groups, seed)
        bundles = _bundles(found.cluster_centers_)
    counts = np.zeros((n_groups, n_clusters), np.int64)
    np.add.at(counts, (groups, labels), 1)
    return groups, _moved(edges, bundles, counts.sum(axis=1), counts.argmax(axis=1), n_clusters)


def _bundles(centres):
    """Each group alone, and each node of Ward's tree: (bundles, groups), 1 for those it holds."""
    bundles = list(np.eye(len(centres)))
    for one, other in ward_tree(centres)[0]:
        bundles.append(bundles[one] + bundles[other])
    return np.array(bundles)


def _edges_between(groups, pixels, n_groups, seed):
    """How many pairs of neighbours two groups share: (groups, groups), symmetric."""
    rng = np.random.default_rng(seed)
    chosen = rng.permutation(len(pixels))[:LOOKED_AT]
    flat = pixels[chosen].reshape(len(chosen), -1).astype(np.float32)
    components = PCA(min(50, flat.shape[1]), random_state=seed).fit_transform(flat)
    search = NearestNeighbors(n_neighbors=20, algorithm="brute").fit(components)
    of = groups[chosen]
    edges = np.zeros((n_groups, n_groups))
    np.add.at(edges, (np.repeat(of, 20), of[search.kneighbors(return_distance=False)].ravel()), 1)
    edges += edges.T
    np.fill_diagonal(edges, 0)
    return edges


def _moved(edges, bundles, sizes, clusters, n_clusters):
    """The cluster of each group, (groups,), after bundles have moved to where they have more edges.

    edges: (groups, groups), symmetric. bundles: (bundles, groups) of 0 and 1. sizes: (groups,),
    pictures. clusters: (groups,), where they begin.
    """
    clusters, rows = clusters.copy(), np.arange(len(bundles))
    inside = (bundles @ edges * bundles).sum(axis=1)
    for _ in range(10 * len(clusters)):  # enough; what swings to and fro must end, too
        member = np.eye(n_clusters)[clusters]  # (groups, clusters)
        held = bundles * sizes @ member  # pictures of each bundle in each cluster
        own = held.argmax(axis=1)
        near = bundles @ edges @ member
        near[rows, own] -= inside
        all_pictures = sizes @ member
        density = near / np.maximum(all_pictures - held, 1)
        lead = density.max(axis=1) / np.maximum(density[rows, own], 1e-12)
        lead[(held > 0).sum(axis=1) > 1] = 0  # lies in several clusters
        lead[2 * held[rows, own] > all_pictures[own]] = 0  # most of a cluster stays
        first = lead.argmax()
        if lead[first] < CLEARLY:
            break
        clusters[bundles[first] > 0] = density[first].argmax()
    return clusters


def _kmeans(points, n_clusters, seed):
    """Distances to the centres and how close each is, relative to the others: both (n, k)."""
    model = KMeans(n_clusters, n_init=10, random_state=seed).fit(points)
    distances = euclidean_distances(points, model.cluster_centers_)
    nearest = distances.min(axis=1, keepdims=True)
    return distances, _ratio(nearest, distances)


def _mixture(points, n_clusters, seed, covariance):
    """Mahalanobis distances to the components and their posteriors: both (n, k)."""
    points = _pca(points, max(2, min(20, len(points) // (2 * n_clusters))), seed)
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


def _pca(points, dimensions, seed):
    dimensions = min(dimensions, *points.shape)
    centred = points - points.mean(axis=0)
    if dimensions == points.shape[1] and dimensions > 2:
        return centred
    with _quiet_and_repeatable():
        return PCA(dimensions, random_state=seed).fit_transform(centred)


def _umap(points, dimensions, seed, min_dist):
    if _too_few(points):
        return _pca(points, dimensions, seed)
    umap = _import_umap()
    with _quiet_and_repeatable():
        layout = umap(
            n_components=min(dimensions, max(2, points.shape[1])),
            n_neighbors=20,
            min_dist=min_dist,
            random_state=seed,
            n_jobs=1,
            precomputed_knn=_neighbours(points, 20),
        ).fit_transform(points)
    give_back_memory()  # what UMAP's compilation took
    return layout


def _neighbours(points, n):
    """Exact neighbours, indices and distances: UMAP's own search takes longer to compile."""
    distances, indices = NearestNeighbors(n_neighbors=n, algorithm="brute").fit(points).kneighbors()
    own = np.arange(len(points))[:, None]  # UMAP counts a picture as its own first neighbour
    return (
        np.hstack([own, indices[:, :-1]]),
        np.hstack([np.zeros(own.shape), distances[:, :-1]]).astype(np.float32),
    )


def _import_umap():
    """Import UMAP alone: its package would load TensorFlow too, loudly, for a class unused here."""
    replace_folders(["NUMBA_CACHE_DIR"])  # without a cache that can be written, it fails
    unused = "umap.parametric_umap"
    if "tensorflow" not in sys.modules:
        sys.modules.setdefault(unused, None)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from umap import UMAP
    finally:
        if sys.modules.get(unused, ...) is None:
            del sys.modules[unused]
    return UMAP


def _tsne(points, seed):
    if _too_few(points):
        return _pca(points, 2, seed)
    points = _pca(points, 50, seed)
    perplexity = min(30.0, (len(points) - 1) / 3)
    with _quiet_and_repeatable():
        return TSNE(
            perplexity=perplexity,
            init="pca" if points.shape[1] > 1 else "random",
            random_state=seed,
        ).fit_transform(points)


def _too_few(points):
    return len(np.unique(points, axis=0)) < FEWEST_FOR_NEIGHBOURS


@contextmanager
def _quiet_and_repeatable():
    """Without warnings that ask nothing of the reader; one thread, so that sums keep their order.

    What is silenced: fewer different points than clusters, UMAP on graphs in several pieces.
    """
    with warnings.catch_warnings(), threadpool_limits(1):
        warnings.simplefilter("ignore")
        yield


def _checked(embeddings):
    points = np.asarray(embeddings)
    if points.ndim != 2 or points.dtype.kind not in "fiub" or 0 in points.shape:
        raise TutorError(
            f"Expected embeddings as numbers of the shape (n, d), a row a picture; got "
            f"{points.dtype} of the shape {points.shape}. Pixels are brought to that shape by "
            f"`pixels.reshape(len(pixels), -1)`."
        )
    points = points.astype(np.float64)
    _refuse_not_finite(points)
    return points


def _refuse_not_finite(points):
    bad = np.flatnonzero(~np.isfinite(points).all(axis=1))
    if len(bad):
        rows = ", ".join(map(str, bad[:10])) + (", ..." if len(bad) > 10 else "")
        raise TutorError(
            f"{len(bad)} of {len(points)} embeddings hold NaN or infinity (rows {rows}). This is "
            f"what a network gives whose training diverged: lower the learning rate, or leave "
            f"these rows out."
        )


def _list(names):
    return " and ".join([", ".join(repr(n) for n in names[:-1]), repr(names[-1])])
