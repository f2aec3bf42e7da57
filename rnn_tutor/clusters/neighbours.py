"""Groups of images, moved to the cluster of their neighbours in pixels."""

import numpy as np
from sklearn.cluster import KMeans, ward_tree
from sklearn.decomposition import PCA
from sklearn.neighbors import NearestNeighbors

from rnn_tutor.clusters.projection import check_embeddings, quiet_and_repeatable

GROUPS = 10  # a cluster, for `reassign_by_neighbours`
FEWEST_A_GROUP = 50  # pictures on average, below which its neighbours say little
LOOKED_AT = 20_000  # pictures, at the most, whose neighbours are looked for
CLEARLY = 2  # times as near as its own cluster must another be to take a bundle


def reassign_by_neighbours(embeddings, labels, pixels, n_clusters, seed=0):
    """Move groups of images to the cluster in which their neighbours among the pixels are.

    What the network sees as a small kind of its own, sevens with a bar say, can come to lie next to
    a wrong cluster; the pixels, poor as they are at finding kinds, then know better. k-means makes
    ten small groups a cluster, and Ward's tree joins those that lie close into bundles, or two
    groups of the same sort would hold each other where they are. For each group and each bundle,
    the 20 nearest neighbours of its images, in 50 principal components of the pixels, are counted
    by cluster, for each image that the cluster has outside the bundle. The one for which another
    cluster leads its own most clearly moves there, and so on, until none is twice as near as its
    own. What is more than half of its cluster stays.

    Args:
        embeddings: `(n, d)` numbers.
        labels: `(n,)` int64, the clusters found in them.
        pixels: `(n, height, width, channels)`.
        n_clusters: How many clusters there are.
        seed: Of the groups, and of the 20,000 images that are looked at of more.

    Returns:
        `(groups, clusters)`: `(n,)` int64, the group of each image, and `(n_groups,)` int64, the
        cluster of each group. With fewer than 50 images a group, each cluster is a group.

    Source: Ward (1963), Hierarchical grouping to optimize an objective function, for the tree.
    """
    points, n_groups = check_embeddings(embeddings), GROUPS * n_clusters
    if len(points) < FEWEST_A_GROUP * n_groups:
        return labels, np.arange(n_clusters)
    with quiet_and_repeatable():
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
