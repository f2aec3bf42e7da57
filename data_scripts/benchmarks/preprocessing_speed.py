"""How fast `Preprocessing.apply` is, against a bare loop over OpenCV.

    python data_scripts/benchmarks/preprocessing_speed.py

Both run in one process with OpenCV's own number of threads, in turns; the median of the ratios is
printed for 10,000 pictures of 28 x 28, grey and in colour. At least 0.9 is asked for.
"""

import statistics
import time

import cv2
import numpy as np

import rnn_tutor as rt
from rnn_tutor.images.preprocessing import GaussianBlur, Grey, MedianBlur, Otsu, Resize

N, TURNS = 10_000, 9
OTSU = cv2.THRESH_BINARY | cv2.THRESH_OTSU


def bare_grey(pixels):
    """Blur, Otsu."""
    out = np.empty((len(pixels), 28, 28, 1), np.uint8)
    for i in range(len(pixels)):
        blurred = cv2.GaussianBlur(pixels[i], (0, 0), 1.0)
        out[i, :, :, 0] = cv2.threshold(blurred, 0, 255, OTSU)[1]
    return out


def bare_colour(pixels):
    """Median, grey, halve."""
    out = np.empty((len(pixels), 14, 14, 1), np.uint8)
    for i in range(len(pixels)):
        grey = cv2.cvtColor(cv2.medianBlur(pixels[i], 3), cv2.COLOR_RGB2GRAY)
        out[i, :, :, 0] = cv2.resize(grey, (14, 14), interpolation=cv2.INTER_AREA)
    return out


CASES = {
    "blur and Otsu, 28 x 28 x 1": (1, (GaussianBlur(1.0), Otsu()), bare_grey),
    "median, grey, halved, 28 x 28 x 3": (3, (MedianBlur(3), Grey(), Resize(14, 14)), bare_colour),
}


def seconds(work, *arguments):
    """How long it takes, and what it gives."""
    start = time.perf_counter()
    result = work(*arguments)
    return time.perf_counter() - start, result


def ratio(channels, steps, bare):
    """Median over the turns of bare seconds / our seconds; 1 is as fast."""
    pixels = np.random.default_rng(0).integers(0, 256, (N, 28, 28, channels), np.uint8)
    images, chain, ratios = rt.ImageSet(pixels), rt.Preprocessing(steps), []
    for _ in range(TURNS):
        ours, ours_result = seconds(chain.apply, images)
        theirs, theirs_result = seconds(bare, pixels)
        ratios.append(theirs / ours)
    np.testing.assert_array_equal(ours_result.pixels, theirs_result)
    return statistics.median(ratios), ours


if __name__ == "__main__":
    for name, case in CASES.items():
        speed, took = ratio(*case)
        print(f"{name}: {speed:.2f} of a bare loop, {N / took:,.0f} pictures a second")
