"""Right answers to the exercises of notebook 09, written in different ways."""

import math

import numpy as np


def prototypes_by_loops(embeddings, clusters):
    n_clusters = len(set(clusters.tolist()))
    answer = []
    for k in range(n_clusters):
        own = [i for i in range(len(clusters)) if clusters[i] == k]
        mean = np.zeros(embeddings.shape[1])
        for i in own:
            mean += embeddings[i]
        mean /= len(own)
        best = own[0]
        for i in own:
            if math.dist(embeddings[i], mean) < math.dist(embeddings[best], mean):
                best = i
        answer.append(best)
    return answer


def prototypes_masked(embeddings, clusters):
    n_clusters = clusters.max() + 1
    centres = np.array([embeddings[clusters == k].mean(axis=0) for k in range(n_clusters)])
    distances = np.linalg.norm(embeddings[:, None] - centres, axis=2)
    distances[clusters[:, None] != np.arange(n_clusters)] = np.inf
    return distances.argmin(axis=0)


def prototypes_in_int32(embeddings, clusters):
    answer = np.zeros(clusters.max() + 1, dtype=np.int32)
    for k in range(len(answer)):
        mine = clusters == k
        own = embeddings[mine].astype("float32")
        distances = np.sqrt(np.square(own - own.mean(axis=0)).sum(axis=1))
        answer[k] = np.where(mine)[0][np.argmin(distances)]
    return answer


def margin_by_sorting_a_list(probabilities, known, n):
    margins = []
    for i, row in enumerate(probabilities.tolist()):
        if i not in known:
            *_, second, first = sorted(row)
            margins.append((first - second, i))
    return [i for _, i in sorted(margins)[:n]]


def margin_one_at_a_time(probabilities, known, n):
    margins = np.zeros(len(probabilities))
    for i in range(len(probabilities)):
        row = list(probabilities[i])
        largest = max(row)
        row.remove(largest)
        margins[i] = largest - max(row)
    for i in known:
        margins[i] = 9
    chosen = np.zeros(n, int)
    for place in range(n):
        chosen[place] = margins.argmin()
        margins[chosen[place]] = 9
    return chosen


def margin_of_the_unknown(probabilities, known, n):
    unknown = np.setdiff1d(np.arange(len(probabilities)), known)
    two = np.partition(probabilities[unknown], -2, axis=1)[:, -2:]
    return unknown[np.argsort(two[:, 1] - two[:, 0], kind="stable")[:n]].astype(np.uint16)


def label_by_loops(embeddings, known, classes):
    answer = []
    for a in embeddings:
        best, label = -2.0, None
        for index, c in zip(known, classes, strict=True):
            b = embeddings[index]
            cosine = (a @ b) / (np.linalg.norm(a) * np.linalg.norm(b))
            if cosine > best:
                best, label = cosine, int(c)
        answer.append(label)
    return answer


def label_by_distances_of_directions(embeddings, known, classes):
    unit = embeddings / np.sqrt((embeddings**2).sum(axis=1))[:, None]
    squares = ((unit[:, None] - unit[known]) ** 2).sum(axis=2)
    return np.take(classes, np.argmin(squares, axis=1)).astype(np.int16)


def label_in_float32(embeddings, known, classes):
    e = embeddings.astype("float32")
    lengths = np.linalg.norm(e[known], axis=1)
    answer = np.zeros(len(e), dtype=int)
    for i in range(len(e)):
        answer[i] = classes[np.argmax(e[known] @ e[i] / lengths)]
    return answer


RIGHT = {
    "09.1": [prototypes_by_loops, prototypes_masked, prototypes_in_int32],
    "09.2": [margin_by_sorting_a_list, margin_one_at_a_time, margin_of_the_unknown],
    "09.3": [label_by_loops, label_by_distances_of_directions, label_in_float32],
}
