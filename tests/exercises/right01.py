"""Right answers to the exercises of notebook 01."""

import colorsys

import cv2
import numpy as np


def saturation_by_loop(rgb):
    result = np.zeros((rgb.shape[0], rgb.shape[1]))
    for y in range(rgb.shape[0]):
        for x in range(rgb.shape[1]):
            red, green, blue = (int(level) for level in rgb[y, x])
            largest = max(red, green, blue)
            if largest > 0:
                result[y, x] = (largest - min(red, green, blue)) / largest
    return result


def saturation_by_library(rgb):
    return [[colorsys.rgb_to_hsv(*(pixel / 255))[1] for pixel in row] for row in rgb]


def saturation_by_opencv(rgb):
    return cv2.cvtColor(rgb.astype(np.float32) / 255, cv2.COLOR_RGB2HSV)[..., 1]


def saturation_by_division(rgb):
    levels = np.sort(rgb, axis=2).astype(float)
    top = levels[..., 2]
    share = np.divide(levels[..., 0], top, out=np.ones_like(top), where=top > 0)
    return 1 - share


def saturation_without_nan(rgb):
    largest, smallest = rgb.max(axis=-1).astype(float), rgb.min(axis=-1).astype(float)
    return np.nan_to_num((largest - smallest) / largest)


def lighter_by_loop(picture, by):
    result = np.zeros(picture.shape)
    for y, row in enumerate(picture):
        for x, level in enumerate(row):
            result[y, x] = max(0, min(255, int(level) + by))
    return result


def lighter_by_opencv(picture, by):
    return cv2.subtract(picture, -by) if by < 0 else cv2.add(picture, by)


def lighter_as_lists(picture, by):
    return [[min(max(level + by, 0), 255) for level in row] for row in picture.tolist()]


def lighter_by_masks(picture, by):
    total = picture.astype(np.int16) + by
    total[total > 255] = 255
    total[total < 0] = 0
    return total


def binarised_by_loop(picture, threshold):
    result = np.zeros(picture.shape)
    for y in range(picture.shape[0]):
        for x in range(picture.shape[1]):
            if picture[y, x] > threshold:
                result[y, x] = 255
    return result


def binarised_by_opencv(picture, threshold):
    return cv2.threshold(picture, threshold, 255, cv2.THRESH_BINARY)[1]


def binarised_by_product(picture, threshold):
    return 255 * (picture > threshold)


def binarised_as_lists(picture, threshold):
    return [[255 if level > threshold else 0 for level in row] for row in picture]


def peaks_into_zeros(row, reach):
    result = np.zeros(len(row))
    for i in range(len(row)):
        is_peak = True
        for k in range(1, reach + 1):
            if i - k >= 0 and row[i - k] >= row[i]:
                is_peak = False
            if i + k < len(row) and row[i + k] > row[i]:
                is_peak = False
        if is_peak:
            result[i] = row[i]
    return result


def peaks_of_windows(row, reach):
    padded = np.pad(row, reach)
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1)
    return np.where((windows.argmax(axis=1) == reach), row, 0)


def peaks_as_list(row, reach):
    row = row.tolist()
    peaks = []
    for i, value in enumerate(row):
        before = [*row[max(0, i - reach) : i], -1]
        after = [*row[i + 1 : i + reach + 1], -1]
        peaks.append(value if value > max(before) and value >= max(after) else 0)
    return peaks


def peaks_by_shifts(row, reach):
    stays = np.ones(len(row), bool)
    for k in range(1, reach + 1):
        before = np.append(np.zeros(k, int), row)[: len(row)]
        after = np.append(row[k:], np.zeros(k, int))[: len(row)]
        stays &= (row > before) & (row >= after)
    return row.astype(np.float32) * stays


RIGHT = {
    "01.1": [
        saturation_by_loop,
        saturation_by_library,
        saturation_by_opencv,
        saturation_by_division,
        saturation_without_nan,
    ],
    "01.2": [lighter_by_loop, lighter_by_opencv, lighter_as_lists, lighter_by_masks],
    "01.3": [binarised_by_loop, binarised_by_opencv, binarised_by_product, binarised_as_lists],
    "01.4": [peaks_into_zeros, peaks_of_windows, peaks_as_list, peaks_by_shifts],
}
