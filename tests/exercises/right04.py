"""Right answers to the exercises of notebook 04, written in different ways."""

import math

import numpy as np


def places_by_ceil(length, size, strides, padding):
    places = length if padding == "same" else length - size + 1
    return np.ceil(places / strides)


def places_counted(length, size, strides, padding):
    count = 0
    place = 0
    while place < length and (padding == "same" or place + size <= length):
        count += 1
        place += strides
    return count


def places_by_range(length, size, strides, padding):
    end = length if padding == "same" else length - (size - 1)
    return len(range(0, end, strides))


def places_as_int64(length, size, strides, padding):
    last = length - 1 if padding == "same" else length - size
    return np.int64(last // strides + 1)


def place_by_loops(picture, kernel):
    height, width = kernel.shape
    best = -math.inf
    for y in range(picture.shape[0] - height + 1):
        for x in range(picture.shape[1] - width + 1):
            answer = 0
            for i in range(height):
                for j in range(width):
                    answer += picture[y + i, x + j] * kernel[i, j]
            if answer > best:
                best = answer
                place = (y, x)
    return place


def place_of_zeros_map(picture, kernel):
    height, width = kernel.shape
    answers = np.zeros((picture.shape[0] - height + 1, picture.shape[1] - width + 1))
    for y in range(answers.shape[0]):
        for x in range(answers.shape[1]):
            answers[y, x] = np.sum(picture[y : y + height, x : x + width] * kernel)
    number = np.argmax(answers)
    return [number // answers.shape[1], number % answers.shape[1]]


def place_by_scipy(picture, kernel):
    from scipy.signal import correlate2d

    answers = np.round(correlate2d(picture, kernel, mode="valid"))  # of whole numbers
    return np.argwhere(answers == answers.max())[0]


def place_by_opencv(picture, kernel):
    import cv2

    answers = cv2.filter2D(picture, -1, kernel, anchor=(0, 0), borderType=cv2.BORDER_CONSTANT)
    inside = answers[
        : len(picture) - len(kernel) + 1, : picture.shape[1] - kernel.shape[1] + 1
    ].round()
    rows, columns = np.nonzero(inside == inside.max())
    return np.array([rows[0], columns[0]], np.uint8)


def place_in_a_dict(picture, kernel):
    answers = {}
    for y in range(picture.shape[0] - kernel.shape[0] + 1):
        for x in range(picture.shape[1] - kernel.shape[1] + 1):
            window = picture[y : y + kernel.shape[0], x : x + kernel.shape[1]]
            answers[y, x] = float((window * kernel).sum())
    return max(answers, key=answers.get)


def pooled_over_zeros(feature_map, size):
    height, width, channels = feature_map.shape
    out = np.zeros((height // size, width // size, channels))
    for y in range(height // size):
        for x in range(width // size):
            for channel in range(channels):
                window = feature_map[y * size : (y + 1) * size, x * size : (x + 1) * size, channel]
                out[y, x, channel] = window.max()
    return out


def pooled_as_list(feature_map, size):
    rows = []
    for y in range(0, feature_map.shape[0] - size + 1, size):
        row = []
        for x in range(0, feature_map.shape[1] - size + 1, size):
            row.append(list(feature_map[y : y + size, x : x + size].max(axis=(0, 1))))
        rows.append(row)
    return rows


def pooled_by_shifts(feature_map, size):
    height, width, _ = feature_map.shape
    whole = feature_map[: height - height % size, : width - width % size]
    shifted = [whole[i::size, j::size] for i in range(size) for j in range(size)]
    return np.maximum.reduce(shifted).astype(np.float32)


def pooled_by_sliding(feature_map, size):
    windows = np.lib.stride_tricks.sliding_window_view(feature_map, (size, size), axis=(0, 1))
    return windows[::size, ::size].max(axis=(-2, -1))


def seen_place_by_place(place, stack):
    seen = {place}
    for size, strides in stack[::-1]:
        seen = {start * strides + k for start in seen for k in range(size)}
    return min(seen), max(seen)


def seen_in_an_array(place, stack):
    ends = np.zeros(2)
    ends[:] = place
    for size, strides in reversed(stack):
        ends = ends * strides
        ends[1] += size - 1
    return ends


def seen_recursively(place, stack):
    if not stack:
        return [place, place]
    size, strides = stack[-1]
    first, _ = seen_recursively(place * strides, stack[:-1])
    _, last = seen_recursively(place * strides + size - 1, stack[:-1])
    return [first, last]


def seen_by_the_recurrence(place, stack):
    steps, field = 1, 1
    for size, strides in stack:
        field += (size - 1) * steps
        steps *= strides
    return np.array([place * steps, place * steps + field - 1], np.int64)


RIGHT = {
    "04.1": [places_by_ceil, places_counted, places_by_range, places_as_int64],
    "04.2": [
        place_by_loops,
        place_of_zeros_map,
        place_by_scipy,
        place_by_opencv,
        place_in_a_dict,
    ],
    "04.3": [pooled_over_zeros, pooled_as_list, pooled_by_shifts, pooled_by_sliding],
    "04.4": [seen_place_by_place, seen_in_an_array, seen_recursively, seen_by_the_recurrence],
}
