"""Right answers to the exercises of notebook 10, written in different ways."""

import numpy as np


def largest_by_statistics(mask):
    import cv2

    _, pieces, statistics, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    areas = statistics[1:, cv2.CC_STAT_AREA]
    if not len(areas):
        return mask.copy()
    return np.uint8(pieces == areas.argmax() + 1) * 255


def largest_by_flooding(mask):
    """Pixel by pixel, into floats."""
    height, width = mask.shape
    left = {(i, j) for i in range(height) for j in range(width) if mask[i, j]}
    largest = []
    while left:
        border = [left.pop()]
        piece = []
        while border:
            i, j = border.pop()
            piece.append((i, j))
            for a in (i - 1, i, i + 1):
                for b in (j - 1, j, j + 1):
                    if (a, b) in left:
                        left.remove((a, b))
                        border.append((a, b))
        largest = max(largest, piece, key=len)
    answer = np.zeros(mask.shape)
    for place in largest:
        answer[place] = 255
    return answer


def largest_with_scipy(mask):
    from scipy import ndimage

    pieces, n = ndimage.label(mask, structure=np.ones((3, 3)))
    sizes = [(pieces == k).sum() for k in range(1, n + 1)]
    return mask * (pieces == np.argmax(sizes) + 1) if n else mask


def unsure_by_loop(probabilities, at_least):
    answer = []
    for row in probabilities:
        best = 0
        for k in range(len(row)):
            if row[k] > row[best]:
                best = k
        answer.append(best if row[best] >= at_least else -1)
    return answer


def unsure_by_mask(probabilities, at_least):
    clusters = np.argmax(probabilities, axis=1).astype(np.int8)
    clusters[np.max(probabilities, axis=1) < at_least] = -1
    return clusters


def unsure_looked_up(probabilities, at_least):
    clusters = probabilities.argmax(axis=1)
    sure = probabilities[np.arange(len(clusters)), clusters] >= at_least
    return sure * (clusters + 1) - 1


def accuracy_by_loop(sizes, checked, right):
    expected = np.zeros(len(sizes))
    for k in range(len(sizes)):
        expected[k] = sizes[k] * right[k] / checked[k]
    return expected.sum() / sum(sizes)


def accuracy_by_product(sizes, checked, right):
    return (sizes / sizes.sum()) @ (right / checked)


def accuracy_in_float32(sizes, checked, right):
    shares = right.astype("float32") / checked
    return np.float32((shares * sizes).sum()) / np.float32(sizes.sum())


RIGHT = {
    "10.1": [largest_by_statistics, largest_by_flooding, largest_with_scipy],
    "10.2": [unsure_by_loop, unsure_by_mask, unsure_looked_up],
    "10.3": [accuracy_by_loop, accuracy_by_product, accuracy_in_float32],
}
