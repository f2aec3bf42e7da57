"""Right answers to the exercises of notebook 12, written in different ways."""

import math

import numpy as np


def repeats_by_loop(hashes, most):
    answer = []
    for i in range(len(hashes)):
        found = False
        for j in range(i):
            if sum(a != b for a, b in zip(hashes[i], hashes[j], strict=True)) <= most:
                found = True
        answer.append(found)
    return answer


def repeats_by_products(hashes, most):
    bits = hashes.astype(int)
    differing = bits @ (1 - bits).T + (1 - bits) @ bits.T
    answer = np.zeros(len(bits), bool)
    for i in range(1, len(bits)):
        answer[i] = differing[i, :i].min() <= most
    return answer


def repeats_among_kept(hashes, most):
    return [bool(((hashes[:i] ^ hashes[i]).sum(axis=1) <= most).any()) for i in range(len(hashes))]


def sharpness_by_loop(picture):
    height, width = picture.shape
    found = []
    for y in range(1, height - 1):
        for x in range(1, width - 1):
            around = [picture[y - 1, x], picture[y + 1, x], picture[y, x - 1], picture[y, x + 1]]
            found.append(sum(map(int, around)) - 4 * int(picture[y, x]))
    mean = sum(found) / len(found)
    return sum((value - mean) ** 2 for value in found) / len(found)


def sharpness_with_opencv(picture):
    import cv2

    return cv2.Laplacian(picture, cv2.CV_64F)[1:-1, 1:-1].var()


def sharpness_with_scipy(picture):
    from scipy.signal import convolve2d

    kernel = np.array([[0, -1, 0], [-1, 4, -1], [0, -1, 0]], np.float32)
    return np.var(convolve2d(picture.astype(np.float32), kernel, mode="valid"))


def checks_by_counting(share, half_width):
    n = 1
    while 1.96 * math.sqrt(share * (1 - share) / n) > half_width:
        n += 1
    return n


def checks_with_numpy(share, half_width):
    return np.ceil(share * (1 - share) * (1.96 / half_width) ** 2).astype(int)


def checks_by_division(share, half_width):
    return -int(-share * (1 - share) / (half_width / 1.96) ** 2 // 1)


RIGHT = {
    "12.1": [repeats_by_loop, repeats_by_products, repeats_among_kept],
    "12.2": [sharpness_by_loop, sharpness_with_opencv, sharpness_with_scipy],
    "12.3": [checks_by_counting, checks_with_numpy, checks_by_division],
}
