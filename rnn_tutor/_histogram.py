"""The histogram of `plots`: how many pixels have which grey level, and where a threshold cuts."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from rnn_tutor._cv2 import cv2
from rnn_tutor._errors import TutorError
from rnn_tutor._figures import COLOURS, finish, plain, rgb

SIZE = (4.7, 2.9)  # inches
PAPER = {"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 1}  # behind words


def histogram(picture, threshold=None, between=None, title=None):
    """How many pixels of one picture have each grey level; of a colour picture, its grey.

    A level that towers over all others is cut off at the top, and its count written beside it.

    Args:
        picture: (h, w), (h, w, 1) or (h, w, 3), uint8 or float from 0 to 1.
        threshold: a grey level, drawn as a line; up to it is dark, above it bright.
        between: (256,), drawn as a curve on an axis of its own: the between-class variance.
    """
    counts = np.bincount(_grey(picture).ravel(), minlength=256)
    figure = Figure(SIZE, layout="constrained")
    axes = figure.subplots()
    axes.stairs(counts, np.arange(257) - 0.5, fill=True, facecolor=COLOURS[5], edgecolor=COLOURS[0])
    axes.set(xlabel="grey level", ylabel="pixels", xlim=(-3, 258), xticks=(0, 64, 128, 192, 255))
    axes.yaxis.set_major_locator(MaxNLocator(4, integer=True))
    axes.yaxis.set_major_formatter("{x:,.0f}")
    alt = f"Histogram of {counts.sum():,} pixels by grey level, from 0 to 255"
    alt += _cut(axes, counts)
    plain(axes)
    if between is not None:
        _curve(axes, between)
        alt += "; a curve shows the between-class variance of each threshold"
    if threshold is not None:
        _line(figure.axes[-1], threshold)  # over the curve, where there is one
        dark = counts[: int(threshold) + 1].sum() / counts.sum()
        alt += f"; a line marks the threshold {threshold:g}, with {dark:.0%} of the pixels up to it"
    return finish(figure, alt, title)


def _grey(picture):
    """(h, w) uint8 of one picture."""
    pixels = np.asarray(getattr(picture, "pixels", picture))
    pixels = rgb(pixels if pixels.ndim == 4 else pixels[None])
    if len(pixels) != 1:
        raise TutorError(f"Expected one picture, received {len(pixels)}: choose one of them.")
    return cv2.cvtColor(np.ascontiguousarray(pixels[0]), cv2.COLOR_RGB2GRAY)


def _cut(axes, counts):
    """Ends the axis below levels that would press all others flat; returns a sentence on them."""
    usual = np.sort(counts)[-3]
    top = 1.25 * (usual if 0 < 4 * usual < counts.max() else counts.max())
    axes.set_ylim(0, top)
    tall = np.flatnonzero(counts > top)
    for half, side, away in ((tall[tall < 128], "left", 4), (tall[tall >= 128], "right", -4)):
        if half.size:
            level = half[counts[half].argmax()]
            words = f"{counts[level]:,} at {level}"
            axes.text(level + away, 0.9 * top, words, ha=side, va="center", fontsize=9, bbox=PAPER)
    told = ", ".join(f"{counts[level]:,} pixels at {level}" for level in tall)
    return f"; cut off at the top: {told}" if told else ""


def _curve(axes, between):
    other = axes.twinx()
    other.plot(np.arange(256), between, "--", color=COLOURS[3])
    other.set_ylabel("between-class variance", color=COLOURS[3])
    other.set(ylim=(0, None), yticks=[])
    other.spines["top"].set_visible(False)


def _line(axes, threshold):
    """The threshold, just right of its level, which is still dark; its name where there is room."""
    axes.axvline(threshold + 0.5, color="black", linewidth=1.5)
    left = threshold > 128
    axes.annotate(
        f"threshold {threshold:g}",
        (threshold + 0.5, 0.74),
        xycoords=("data", "axes fraction"),
        xytext=(-5 if left else 5, 0),
        textcoords="offset points",
        ha="right" if left else "left",
        va="center",
        fontsize=9,
        bbox=PAPER,
    )
