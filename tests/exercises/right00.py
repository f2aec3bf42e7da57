"""Right answers to the exercises of notebook 00."""

from collections import Counter
from fractions import Fraction

import numpy as np
from sklearn.neighbors import NearestNeighbors


def share_by_counter(labels):
    return Counter(labels.tolist()).most_common(1)[0][1] / len(labels)


def share_by_bincount(labels):
    return (np.bincount(labels) / len(labels)).max().astype(np.float32)


def share_by_loop(labels):
    counts = np.zeros(1000)
    for label in labels:
        counts[label] += 1
    return max(counts) / counts.sum()


def share_by_comparison(labels):
    labels = np.sort(labels)
    return float(max(np.mean(labels == k) for k in set(labels)))


def share_as_fraction(labels):
    return float(Fraction(max(list(labels).count(k) for k in labels), len(labels)))


def similar_by_loop(embeddings, index, n):
    found = []
    for other in range(len(embeddings)):
        if other != index:
            a, b = embeddings[index], embeddings[other]
            product = length_a = length_b = 0
            for k in range(len(a)):
                product += a[k] * b[k]
                length_a += a[k] ** 2
                length_b += b[k] ** 2
            found.append((product / (length_a**0.5 * length_b**0.5), other))
    found.sort(reverse=True)
    return [other for _, other in found[:n]]


def similar_by_library(embeddings, index, n):
    others = np.delete(np.arange(len(embeddings)), index)
    search = NearestNeighbors(metric="cosine", algorithm="brute").fit(embeddings[others])
    return others[search.kneighbors(embeddings[[index]], n, return_distance=False)[0]]


def similar_by_distance(embeddings, index, n):
    """Between embeddings of length one, the nearest is the one with the largest cosine."""
    unit = embeddings / np.sqrt((embeddings**2).sum(axis=1))[:, None]
    distances = ((unit - unit[index]) ** 2).sum(axis=1)
    order = [i for i in distances.argsort() if i != index]
    return np.array(order[:n], dtype=np.int32)


def similar_into_zeros(embeddings, index, n):
    angles = np.zeros(len(embeddings))
    for i, other in enumerate(embeddings):
        scale = np.linalg.norm(other) * np.linalg.norm(embeddings[index])
        angles[i] = other @ embeddings[index] / scale
    result = np.zeros(n, dtype=int)
    for k in range(n):
        angles[index] = -2
        result[k] = angles.argmax()
        angles[result[k]] = -2
    return tuple(result)


RIGHT = {
    "00.1": [
        share_by_counter,
        share_by_bincount,
        share_by_loop,
        share_by_comparison,
        share_as_fraction,
    ],
    "00.2": [similar_by_loop, similar_by_library, similar_by_distance, similar_into_zeros],
}
