"""Exercises of notebook 01: grey, lighter, black and white, and the ridge of one row."""

import numpy as np

from rnn_tutor._cv2 import cv2
from rnn_tutor.exercises._judging import Exercise
from rnn_tutor.preprocessing import non_maximum_suppression


def _pictures(answer, expected, inputs, mistakes=(), within=0):
    """A uint8 picture is compared, `within` grey levels. mistakes: pairs (picture, words)."""
    received = answer(*inputs)
    if isinstance(received, tuple):
        told = f"Your function returns {len(received)} things; a picture alone is asked for."
        answer.fail(told, inputs)
    received = np.asarray(received)
    compared = inputs, expected, received
    if received.shape != expected.shape:
        told = f"The shape is {received.shape}; it should be {expected.shape}."
        answer.fail(told, *compared)
    if received.dtype.kind not in "biuf":
        answer.fail("Expected a picture as numbers; this is something else.", *compared)
    for picture, words in mistakes:
        if _near(received, picture, within) and not _near(expected, picture, within):
            answer.fail(words, *compared)
    if not _near(received, expected, within):
        answer.fail("Some grey levels are not right.", *compared)
    if received.dtype != np.uint8:
        told = f"The values are right, but as {received.dtype}. Pictures are uint8: `.astype`."
        answer.fail(told, *compared)


def _near(one, other, within):
    return np.abs(np.asarray(one, float) - other).max() <= within


def _luminance(answer):
    rng = np.random.default_rng(1)
    pure = [[[255, 0, 0]], [[0, 255, 0]], [[0, 0, 255]], [[255, 255, 255]]]
    small = [np.array(colour, np.uint8)[None] for colour in pure]
    for rgb in [*small, *(rng.integers(0, 256, (2 + k, 3, 3), np.uint8) for k in range(6))]:
        channels = rgb.astype(int)
        mistakes = [
            (cv2.cvtColor(rgb, cv2.COLOR_BGR2GRAY), "Red and blue are exchanged: is this BGR?"),
            (channels.mean(axis=2), "This is the plain mean; green should count most."),
            (channels.sum(axis=2) % 256 // 3, "The sum wrapped around: uint8 ends at 255."),
            ((rgb // 3).sum(axis=2), "This is the plain mean; green should count most."),
        ]
        _pictures(answer, cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), (rgb,), mistakes, within=1)


WRAPS = (
    "Where the sum leaves 0 to 255 it wrapped around, as 250 + 30 does to 24; to clip afterwards "
    "is too late."
)
LEFT_IN = "Grey levels outside 0 to 255 are left in: they have to stop there."
LOWER_END = "The upper end is right. What falls below 0 has to stop there, too."


def _lighter(answer):
    rng = np.random.default_rng(2)
    row = np.array([[10, 250]], np.uint8)
    _pictures(answer, np.array([[40, 230]]), (np.array([[10, 200]], np.uint8), 30))
    known = [([[40, 24]], WRAPS), ([[40, 280]], LEFT_IN)]
    _pictures(answer, np.array([[40, 255]]), (row, 30), known)
    known = [([[236, 220]], LOWER_END), ([[-20, 220]], LOWER_END)]
    _pictures(answer, np.array([[0, 220]]), (row, -30), known)
    for k in range(8):
        picture, by = rng.integers(0, 256, (4, 3 + k), np.uint8), int(rng.integers(-255, 256))
        expected = cv2.subtract(picture, -by) if by < 0 else cv2.add(picture, by)
        _pictures(answer, expected, (picture, by))


def _binarised(answer):
    rng = np.random.default_rng(3)
    small = np.array([[99, 100, 101]], np.uint8)
    known = [
        ([[0, 255, 255]], "A pixel that equals the threshold is to be black; white begins above."),
        ([[0, 0, 1]], "True and False, or 0 and 1: white should be 255."),
        ([[0, 1, 1]], "White should be 255; and a pixel that equals the threshold stays black."),
        ([[255, 255, 0]], "Black and white are exchanged."),
    ]
    _pictures(answer, np.array([[0, 0, 255]]), (small, 100), known)
    for k in range(8):
        picture, threshold = rng.integers(0, 256, (3 + k, 5), np.uint8), int(rng.integers(0, 255))
        picture[0, 0] = threshold
        expected = cv2.threshold(picture, threshold, 255, cv2.THRESH_BINARY)[1]
        _pictures(answer, expected, (picture, threshold))


def _is_true_or_false(received):
    return received.dtype == bool


AS_IT_CAME = "A neighbour counts as it came, even where it does not stay itself."
ROWS = [
    ([0, 2, 5, 3, 0], []),
    (
        [1, 4, 4, 2],
        [
            ([0, 4, 4, 0], "Of two equal neighbours only the first should stay."),
            ([0, 0, 0, 0], "Two equal neighbours have thrown each other out: keep the first."),
            ([0, 0, 4, 0], "Of two equal neighbours the last one stayed; keep the first."),
            ([0, 4, 0, 2], AS_IT_CAME),
        ],
    ),
    (
        [7, 3, 0, 6],
        [
            ([0, 0, 0, 0], "The two ends count too: outside the row take 0."),
            ([7, 0, 0, 0], "The last number was compared with the first, as `np.roll` does."),
        ],
    ),
    ([5], []),
    ([6, 5, 4, 3], [([6, 0, 4, 0], AS_IT_CAME)]),
]


def _ridge_of(answer):
    rng = np.random.default_rng(4)
    rows = [*ROWS, *((rng.integers(0, 6, 4 + k), []) for k in range(20))]
    for row, known in ((np.array(row), known) for row, known in rows):
        expected = non_maximum_suppression(row[None], np.zeros_like(row)[None])[0]
        truth = (_is_true_or_false, "This says where the ridge is; its magnitude is asked for.")
        answer.gives(expected, row, mistakes=[truth, *known])


EXERCISES = (
    Exercise(
        "01.1",
        "grey by hand",
        _luminance,
        (
            "Three numbers a pixel become one: the last axis goes. Which operation sums over it?",
            "`rgb @ weights` multiplies each channel by its weight and sums; it gives floats.",
            "Round before you turn floats into uint8: `astype` alone cuts off what is behind the "
            "point.",
        ),
        inputs=("rgb",),
    ),
    Exercise(
        "01.2",
        "lighter, without wrapping around",
        _lighter,
        (
            "What is np.uint8(250) + np.uint8(30)? Try it.",
            "Compute in a wider type first: `picture.astype(int) + by`.",
            "`np.clip` stops values at both ends.",
        ),
        inputs=("picture", "by"),
    ),
    Exercise(
        "01.3",
        "black and white",
        _binarised,
        (
            "`picture > threshold` gives True and False, in the shape of the picture.",
            "`np.where(condition, a, b)` takes `a` where it is true, else `b`.",
        ),
        inputs=("picture", "threshold"),
    ),
    Exercise(
        "01.4",
        "the ridge of one row",
        _ridge_of,
        (
            "Make two more rows: what stands before each number, and what stands after it.",
            "`np.append(0, row[:-1])` is what stands before; outside the row nothing is larger.",
            "Larger than the one before, and at least as large as the one after: then of two equal "
            "neighbours the first stays.",
        ),
        inputs=("row",),
        then="With a direction for each pixel, this is all that non-maximum suppression does.",
    ),
)
