"""Linear borders between clusters, and the layers that make them part of a network."""

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics.pairwise import euclidean_distances

from rnn_tutor._backend import keras
from rnn_tutor.clusters.projection import check_embeddings, quiet_and_repeatable

EMBEDDING = "embedding_of_length_one"  # the layer behind the encoder
MAX_LOG_ODDS = 5  # of one cluster against the next, on average at the centres


def linear_borders(embeddings, labels, n_clusters):
    """Learn a softmax layer that predicts the clusters, by logistic regression.

    Args:
        embeddings: `(n, d)` numbers.
        labels: `(n,)` int, the cluster of each, from 0 to n_clusters - 1. Clusters may be empty.
        n_clusters: Number of clusters, int.

    Returns:
        `(weights, biases)`, `(d, n_clusters)` and `(n_clusters,)` float64.

    Example:
        >>> weights, biases = linear_borders([[0.0], [1.0], [8.0], [9.0]], [0, 0, 1, 1], 2)
        >>> (np.array([[0.5], [8.5]]) @ weights + biases).argmax(axis=1)
        array([0, 1])
    """
    points = check_embeddings(embeddings)
    weights, biases = np.zeros((points.shape[1], n_clusters)), np.full(n_clusters, -100.0)
    filled = np.unique(labels)
    biases[filled] = 0
    if len(filled) > 1:
        with quiet_and_repeatable():
            model = LogisticRegression(C=100, max_iter=1000).fit(points, labels)
        if len(filled) == 2:  # for two classes, scikit-learn has one border
            model.coef_, model.intercept_ = (
                np.concatenate([-part, part]) / 2 for part in (model.coef_, model.intercept_)
            )
        weights[:, filled], biases[filled] = model.coef_.T, model.intercept_
    return weights, biases


def with_head(encoder, embeddings, groups, clusters, n_clusters, linear=False):
    """Put a softmax behind an encoder that predicts the cluster with the nearest centre.

    With p(k) in proportion to exp(-|z - c_k|^2 / 2 v), where v is the mean of |z - c|^2 around the
    own centre, |z|^2 cancels in the softmax, and a dense layer is left: z c_k / v - |c_k|^2 / 2 v.
    For clusters, v is at least a tenth of the mean squared distance between neighbouring centres.
    An image at its own centre then has odds of about e^5 against the next. A smaller v would make
    all probabilities 0 or 1, and they would rank nothing.

    Args:
        encoder: A Keras model, images -> `(n, d)`.
        embeddings: `(n, d)` float32, its embeddings of some images, each of length one.
        groups: `(n,)` int, the group of each of these images.
        clusters: `(n_groups,)` int, the cluster of each group. Where there are more groups than
            clusters, a second layer adds up the probabilities of each cluster's groups.
        n_clusters: Number of clusters, int.
        linear: Whether the layer learns linear borders between groups in place of their centres,
            bool. Default False.

    Returns:
        A Keras model, images -> `(n, n_clusters)` probabilities.
    """
    n_groups, member = len(clusters), np.eye(n_clusters)[clusters]  # (groups, clusters)
    if linear:
        weights = linear_borders(embeddings, groups, n_groups)
    else:
        centres = np.stack([_centre(embeddings, groups == k) for k in range(n_groups)])
        variance = max(((embeddings - centres[groups]) ** 2).sum(axis=1).mean(), 1e-4)
        filled = centres[np.unique(groups)]
        if n_groups == n_clusters and len(filled) > 1:
            between = euclidean_distances(filled, squared=True)
            between = np.sort(between, axis=1)[:, 1]  # the nearest is the centre itself
            variance = max(variance, between.mean() / (2 * MAX_LOG_ODDS))
        weights = centres.T / variance, -(centres**2).sum(axis=1) / (2 * variance)
    head = keras.layers.Dense(n_groups, activation="softmax")
    probabilities = head(keras.layers.UnitNormalization(name=EMBEDDING)(encoder.output))
    head.set_weights(weights)
    if n_groups > n_clusters:
        sums = keras.layers.Dense(n_clusters, use_bias=False)
        probabilities = sums(probabilities)
        sums.set_weights([member])
    return keras.Model(encoder.input, probabilities, name="clusterer")


def without_head(network):
    """Return the part of a network that ends in embeddings of length one.

    Args:
        network: A Keras model from `with_head`.

    Returns:
        A Keras model, images -> `(n, d)`.
    """
    return keras.Model(network.input, network.get_layer(EMBEDDING).output, name="encoder")


def _centre(embeddings, members):
    """Return the mean of the members, or a far point for an empty cluster.

    Clusters are empty only where images are equal.
    """
    width = embeddings.shape[1]
    return embeddings[members].mean(axis=0) if members.any() else np.full(width, 10.0, "float32")
