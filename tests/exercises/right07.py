"""Right answers to the exercises of notebook 07, written in different ways."""

import itertools
import math

import numpy as np


def partner_by_cases(view, n):
    if view < n:
        return view + n
    return view - n


def partner_looked_up(view, n):
    first, second = list(range(n)), list(range(n, 2 * n))
    return (second + first)[view]


def partner_rolled(view, n):
    return np.roll(np.arange(2 * n, dtype=np.int32), n)[view]


def errors_pixel_by_pixel(pictures, drawn):
    errors = np.zeros(len(pictures))
    _, height, width, channels = pictures.shape
    for k in range(len(pictures)):
        for i in range(height):
            for j in range(width):
                for c in range(channels):
                    step = int(pictures[k, i, j, c]) - int(drawn[k, i, j, c])
                    errors[k] += (step / 255) ** 2
        errors[k] /= height * width * channels
    return errors


def errors_in_a_list(pictures, drawn):
    return [float(np.mean((a / 255 - b / 255) ** 2)) for a, b in zip(pictures, drawn, strict=True)]


def errors_in_float32(pictures, drawn):
    a, b = (x.reshape(len(x), -1).astype("float32") for x in (pictures, drawn))
    return np.square(a - b).mean(axis=1) / 255**2


def errors_in_int32(pictures, drawn):
    step = pictures.astype(np.int32) - drawn
    return (step**2).mean(axis=(1, 2, 3)) / 65025


def likeness_pair_by_pair(embeddings):
    total = count = 0
    for a, b in itertools.combinations(embeddings, 2):
        total += (a * b).sum() / (np.sqrt((a * a).sum()) * np.sqrt((b * b).sum()))
        count += 1
    return total / count


def likeness_by_indices(embeddings):
    n, total = len(embeddings), 0.0
    for i in range(n):
        for j in range(n):
            if i != j:
                a, b = embeddings[i], embeddings[j]
                total += np.dot(a, b) / (math.hypot(*a) * math.hypot(*b))
    return total / (n * (n - 1))


def likeness_from_the_sum(embeddings):
    n = len(embeddings)
    total = (embeddings / np.linalg.norm(embeddings, axis=1)[:, None]).sum(axis=0)
    return ((total**2).sum() - n) / (n * n - n)


def likeness_in_float32(embeddings):
    z = embeddings.astype("float32")
    z = z / np.sqrt((z**2).sum(axis=1, keepdims=True))
    table = z @ z.T
    np.fill_diagonal(table, 0)
    return table.sum() / (len(z) * (len(z) - 1))


def loss_with_the_largest_taken_off(scores, view, partner):
    largest, total = max(np.delete(scores, view)), 0.0
    for k in range(len(scores)):
        if k != view:
            total += math.exp(scores[k] - largest)
    return largest + math.log(total) - scores[partner]


def loss_by_logaddexp(scores, view, partner):
    candidates = [score for k, score in enumerate(scores) if k != view]
    return np.array(np.logaddexp.reduce(candidates) - scores[partner])


def loss_by_log_softmax(scores, view, partner):
    from scipy.special import log_softmax

    masked = scores.astype(float)
    masked[view] = -np.inf
    return float(-log_softmax(masked)[partner])


RIGHT = {
    "07.1": [384, 384.0, np.int64(384), 4 * np.float32(96)],
    "07.2": [partner_by_cases, partner_looked_up, partner_rolled],
    "07.3": [errors_pixel_by_pixel, errors_in_a_list, errors_in_float32, errors_in_int32],
    "07.4": [
        likeness_pair_by_pair,
        likeness_by_indices,
        likeness_from_the_sum,
        likeness_in_float32,
    ],
    "07.5": [loss_with_the_largest_taken_off, loss_by_logaddexp, loss_by_log_softmax],
}
