"""Reassign groups of images to the cluster of their neighbours in pixels."""

import numpy as np
from sklearn.cluster import KMeans, ward_tree
from sklearn.decomposition import PCA
from sklearn.neighbors import NearestNeighbors

from rnn_tutor.clusters.projection import check_embeddings, quiet_and_repeatable

GROUPS_PER_CLUSTER = 10
MIN_PER_GROUP = 50  # images on average; with fewer, the neighbours of a group say little
MAX_SEARCHED = 20_000  # images whose neighbours are searched
MIN_LEAD = 2  # another cluster must be so many times as dense as the own one to take a bundle


def reassign_by_neighbours(embeddings, labels, pixels, n_clusters, seed=0):
    """Reassign groups of images to the cluster in which most of their neighbours in pixels are.

    The network can see a small class of its own, such as sevens with a bar, next to a wrong
    cluster. Pixels alone are poor at finding classes, but they can correct this.

    1. k-means makes ten small groups a cluster. Ward's tree joins groups that lie close into
       bundles. Otherwise two similar groups would keep each other in place.
    2. For each bundle, the 20 nearest neighbours of its images are found in 50 principal components
       of the pixels. They are counted by cluster, and divided by the number of images that the
       cluster has outside the bundle.
    3. The bundle for which another cluster leads its own most clearly moves there. This repeats
       until no other cluster is twice as dense as the own one. A bundle that is more than half of
       its cluster stays.

    Args:
        embeddings: `(n, d)` numbers.
        labels: `(n,)` int64, the clusters found in them.
        pixels: `(n, height, width, channels)`.
        n_clusters: Number of clusters, int.
        seed: Decides the groups, and a sample of 20,000 images where there are more, int. Default
            0.

    Returns:
        `(groups, clusters)`: `(n,)` int64, the group of each image, and `(n_groups,)` int64, the
        cluster of each group. With fewer than 50 images a group, each cluster is a group.

    Example:
        >>> points, labels = np.array([[0.0], [0.1], [9.0]]), np.array([0, 0, 1])
        >>> reassign_by_neighbours(points, labels, np.zeros((3, 8, 8, 1)), n_clusters=2)
        (array([0, 0, 1]), array([0, 1]))

    Source: Ward (1963), Hierarchical grouping to optimize an objective function, for the tree.
    """
    points, n_groups = check_embeddings(embeddings), GROUPS_PER_CLUSTER * n_clusters
    if len(points) < MIN_PER_GROUP * n_groups:
        return labels, np.arange(n_clusters)
    with quiet_and_repeatable():
        found = KMeans(n_groups, n_init=1, random_state=seed).fit(points)
        groups = found.labels_.astype(np.int64)
        edges = edges_between(groups, pixels, n_groups, seed)
        bundles = ward_bundles(found.cluster_centers_)
    counts = np.zeros((n_groups, n_clusters), np.int64)
    np.add.at(counts, (groups, labels), 1)
    sizes, before = counts.sum(axis=1), counts.argmax(axis=1)
    return groups, move_bundles(edges, bundles, sizes, before, n_clusters)


def ward_bundles(centres):
    """List each group alone, and the groups below each node of Ward's tree.

    Args:
        centres: `(n_groups, d)`, the centre of each group.

    Returns:
        `(n_bundles, n_groups)` float64, 1 for the groups that a bundle holds, else 0.

    Example:
        >>> ward_bundles(np.array([[0.0], [1.0], [9.0]]))[3:]
        array([[1., 1., 0.],
               [1., 1., 1.]])
    """
    bundles = list(np.eye(len(centres)))
    for one, other in ward_tree(centres)[0]:
        bundles.append(bundles[one] + bundles[other])
    return np.array(bundles)


def edges_between(groups, pixels, n_groups, seed):
    """Count the pairs of neighbours that two groups share.

    Args:
        groups: `(n,)` int, the group of each image.
        pixels: `(n, height, width, channels)`.
        n_groups: Number of groups, int.
        seed: Decides which images are searched where there are more than 20,000, int.

    Returns:
        `(n_groups, n_groups)` float64, symmetric, 0 on the diagonal.
    """
    rng = np.random.default_rng(seed)
    chosen = rng.permutation(len(pixels))[:MAX_SEARCHED]
    flat = pixels[chosen].reshape(len(chosen), -1).astype(np.float32)
    components = PCA(min(50, flat.shape[1]), random_state=seed).fit_transform(flat)
    search = NearestNeighbors(n_neighbors=20, algorithm="brute").fit(components)
    of = groups[chosen]
    edges = np.zeros((n_groups, n_groups))
    np.add.at(edges, (np.repeat(of, 20), of[search.kneighbors(return_distance=False)].ravel()), 1)
    edges += edges.T
    np.fill_diagonal(edges, 0)
    return edges


def move_bundles(edges, bundles, sizes, clusters, n_clusters):
    """Move bundles of groups, one after another, to the cluster with which they share most edges.

    Args:
        edges: `(n_groups, n_groups)`, from `edges_between`.
        bundles: `(n_bundles, n_groups)`, from `ward_bundles`.
        sizes: `(n_groups,)`, the number of images in each group.
        clusters: `(n_groups,)` int, the cluster of each group before.
        n_clusters: Number of clusters, int.

    Returns:
        `(n_groups,)` int, the cluster of each group after.

    Example:
        >>> edges = np.array([[0, 1, 9], [1, 0, 1], [9, 1, 0]])  # groups 0 and 2 are neighbours
        >>> move_bundles(edges, np.eye(3), np.ones(3), np.array([0, 0, 1]), n_clusters=2)
        array([1, 0, 1])
    """
    clusters, rows = clusters.copy(), np.arange(len(bundles))
    inside = (bundles @ edges * bundles).sum(axis=1)
    for _ in range(10 * len(clusters)):  # a limit, in case a bundle moves to and fro
        member = np.eye(n_clusters)[clusters]  # (groups, clusters)
        held = bundles * sizes @ member  # images of each bundle in each cluster
        own = held.argmax(axis=1)
        near = bundles @ edges @ member
        near[rows, own] -= inside
        cluster_sizes = sizes @ member
        density = near / np.maximum(cluster_sizes - held, 1)
        lead = density.max(axis=1) / np.maximum(density[rows, own], 1e-12)
        lead[(held > 0).sum(axis=1) > 1] = 0  # lies in several clusters
        lead[2 * held[rows, own] > cluster_sizes[own]] = 0  # most of a cluster stays
        first = lead.argmax()
        if lead[first] < MIN_LEAD:
            break
        clusters[bundles[first] > 0] = density[first].argmax()
    return clusters
