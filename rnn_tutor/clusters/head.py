"""Linear borders between clusters, and the layers that make them part of a network."""

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics.pairwise import euclidean_distances

from rnn_tutor._backend import keras
from rnn_tutor.clusters.projection import check_embeddings, quiet_and_repeatable


def linear_borders(embeddings, labels, n_clusters):
    """A softmax layer that tells the clusters: logistic regression learns it from the embeddings.

    embeddings: (n, d). labels: (n,) from 0 to n_clusters - 1; some may be missing.
    Returns weights, (d, n_clusters), and biases, (n_clusters,), both float64.
    """
    points = check_embeddings(embeddings)
    weights, biases = np.zeros((points.shape[1], n_clusters)), np.full(n_clusters, -100.0)
    there = np.unique(labels)
    biases[there] = 0
    if len(there) > 1:
        with quiet_and_repeatable():
            model = LogisticRegression(C=100, max_iter=1000).fit(points, labels)
        if len(there) == 2:  # scikit-learn tells the second from the first by one border
            model.coef_, model.intercept_ = (
                np.concatenate([-part, part]) / 2 for part in (model.coef_, model.intercept_)
            )
        weights[:, there], biases[there] = model.coef_.T, model.intercept_
    return weights, biases


LONGEST_ODDS = 5  # of one cluster against the next, their logarithm, on average at the centres


def with_head(encoder, embeddings, groups, member, borders=None):
    """The encoder at length one, and behind it a softmax that tells the nearest centre.

    With p(k) in proportion to exp(-|z - c_k|^2 / 2 v), v the mean of |z - c|^2 around the own
    centre, |z|^2 falls out of the softmax, and a dense layer is left: z c_k / v - |c_k|^2 / 2 v.
    Of clusters, v is at least a tenth of the mean squared distance between neighbouring centres,
    so that a picture at its own centre has odds of about e^5 against the next: with tighter ones,
    all probabilities would be 0 or 1, and rank nothing.
    `member` is (groups, clusters), 1 where a group belongs; where there are more groups than
    clusters, a second layer adds up the probabilities of each cluster's. `borders`, weights and
    biases, take the place of the centres'.
    """
    n_groups, n_clusters = member.shape
    centres = np.stack([_centre(embeddings, groups == k) for k in range(n_groups)])
    variance = max(((embeddings - centres[groups]) ** 2).sum(axis=1).mean(), 1e-4)
    filled = centres[np.unique(groups)]
    if n_groups == n_clusters and len(filled) > 1:
        between = euclidean_distances(filled, squared=True)
        between = np.sort(between, axis=1)[:, 1]  # to the next; the nearest is the centre itself
        variance = max(variance, between.mean() / (2 * LONGEST_ODDS))
    head = keras.layers.Dense(n_groups, activation="softmax")
    probabilities = head(keras.layers.UnitNormalization()(encoder.output))
    between_centres = centres.T / variance, -(centres**2).sum(axis=1) / (2 * variance)
    head.set_weights(borders or between_centres)
    if n_groups > n_clusters:
        sums = keras.layers.Dense(n_clusters, use_bias=False)
        probabilities = sums(probabilities)
        sums.set_weights([member])
    return keras.Model(encoder.input, probabilities, name="clusterer")


def embedding_output(network):
    """What comes out of the encoder in a network of `with_head`."""
    unit = keras.layers.UnitNormalization
    return next(layer.output for layer in network.layers if isinstance(layer, unit))


def _centre(embeddings, members):
    """Of an empty cluster, which only equal pictures leave, a centre far from everything."""
    width = embeddings.shape[1]
    return embeddings[members].mean(axis=0) if members.any() else np.full(width, 10.0, "float32")
