"""Figures of an image that is read step by step: paths, sequences, states, gates."""

import itertools

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from rnn_tutor._errors import TutorError
from rnn_tutor._text import format_count, format_list, shorten
from rnn_tutor.plots.arrays import SIGNED
from rnn_tutor.plots.figure import (
    COLOURS,
    DARK_INK,
    GRID,
    LIGHT_INK,
    LINES,
    SHADE,
    WIDTH,
    finish,
    name_of,
    plain,
    rgb_of_one,
    style,
)


def sequence(image, order="rows", size=7, title=None):
    """Draw one image, and the steps in which it is read, pulled apart and numbered.

    Args:
        image: `(h, w, c)`, or an ImageSet of one.
        order: "rows", "columns" or "patches". Default "rows".
        size: Side of a patch in pixels, int; it divides height and width. Default 7.
        title: Title of the figure, str. Default: none.

    Returns:
        A Picture.

    Raises:
        TutorError: There is no such order, or the size does not divide the image's.

    Example:
        >>> rt.plots.sequence(np.zeros((28, 28, 1)))
        Picture: A picture of 28 x 28 pixels, and its 28 steps as rows, pulled apart
    """
    picture = rgb_of_one(image)
    height, width = picture.shape[:2]
    sizes = {"rows": (1, width), "columns": (height, 1), "patches": (size, size)}
    if order not in sizes or height % sizes[order][0] or width % sizes[order][1]:
        raise TutorError(
            f"Cannot read a picture of {height} x {width} by {order!r} (patches of {size}): the "
            f"order is 'rows', 'columns' or 'patches', and the patch size divides the picture's."
        )
    figure = Figure((WIDTH, min(WIDTH, 0.55 * WIDTH * height / width)), layout="constrained")
    whole, apart = figure.subplots(1, 2, width_ratios=(1, 1.6 if order == "columns" else 1.25))
    whole.imshow(picture)
    whole.set_axis_off()
    whole.set_title("the picture", fontsize=10)
    steps = _pull_apart(apart, picture, *sizes[order])
    apart.set_title(f"{steps} steps, one after another", fontsize=10)
    alt = f"A picture of {height} x {width} pixels, and its {steps} steps as {order}, pulled apart"
    return finish(figure, alt, title)


def _pull_apart(axes, picture, height, width):
    """Draw the blocks of a picture with gaps between them, numbered; return how many there are."""
    rows, columns = picture.shape[0] // height, picture.shape[1] // width
    gap_y, gap_x = 0.6 if height == 1 else 0.25 * height, 0.6 if width == 1 else 0.25 * width
    tops, lefts = np.arange(rows) * (height + gap_y), np.arange(columns) * (width + gap_x)
    for k in range(rows * columns):
        y, x = tops[k // columns], lefts[k % columns]
        block = picture[k // columns * height :, k % columns * width :][:height, :width]
        axes.imshow(block, extent=(x, x + width, y + height, y))
    axes.set(xlim=(-1, lefts[-1] + width + 1), ylim=(tops[-1] + height + 1, -1))
    axes.set(aspect="equal", xticks=[], yticks=[], facecolor=GRID)
    _number_steps(axes, tops + height / 2, lefts + width / 2)
    return rows * columns


def _number_steps(axes, ys, xs):
    """Number the steps where the eye looks: beside rows, below columns, in the patches."""
    if len(xs) == 1:
        every = max(1, len(ys) // 7)
        axes.set_yticks(ys[::every], range(1, len(ys) + 1, every))
        axes.set_ylabel("step")
    elif len(ys) == 1:
        every = max(1, len(xs) // 7)
        axes.set_xticks(xs[::every], range(1, len(xs) + 1, every))
        axes.set_xlabel("step")
    else:
        ground = {"boxstyle": "round,pad=0.15", "facecolor": LIGHT_INK, "edgecolor": "none"}
        on_pixels = {"color": DARK_INK, "bbox": ground, "ha": "center", "va": "center"}
        shown = 1 if len(ys) * len(xs) <= 64 else len(xs)  # of many, the first of each row
        places = list(enumerate(itertools.product(ys, xs), 1))
        for k, (y, x) in places[::shown]:
            axes.text(x, y, k, fontsize=8, **on_pixels)


STATE = {"cmap": SIGNED, "vmin": -1, "vmax": 1, "interpolation": "nearest"}
DIGITS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


def reading(picture, states, probabilities=None, class_names=None, title=None):
    """Draw an image, and beside each row the state after that row, and the prediction.

    Args:
        picture: `(h, w)`, `(h, w, 1)` or `(h, w, 3)`, read from top to bottom.
        states: `(steps, units)`, from -1 to 1.
        probabilities: `(steps, classes)`, from 0 to 1, or None. Default None.
        class_names: One str for each class. Default: numbers.
        title: Title of the figure, str. Default: none.

    Returns:
        A Picture.

    Example:
        >>> rt.plots.reading(np.zeros((28, 28)), np.zeros((28, 16)))
        Picture: A picture read in 28 steps; beside each, a state of 16 numbers
    """
    drawn, states = rgb_of_one(picture), np.asarray(states)
    steps, units = states.shape
    parts = 2 if probabilities is None else 3
    figure = Figure((WIDTH, 2.9) if parts == 3 else (0.7 * WIDTH, 2.5), layout="constrained")
    axes = figure.subplots(1, parts, sharey=True, width_ratios=(1, 1.5, 1.2)[:parts])
    axes[0].imshow(drawn, extent=(0, 1, steps + 0.5, 0.5), aspect="auto", interpolation="nearest")
    axes[0].set(ylabel="step", xticks=[], title="read")
    axes[1].imshow(states, extent=(0, units, steps + 0.5, 0.5), aspect="auto", **STATE)
    axes[1].set(xlabel="unit (blue: -1, yellow: 1)", xticks=[], title="state after each step")
    count = format_count(steps, "step")
    alt = f"A picture read in {count}; beside each, a state of {units} numbers"
    if parts == 3:
        names = _draw_probabilities(axes[2], np.asarray(probabilities), class_names)
        alt += f", and the probability of each class: {format_list(names)}"
    for part in axes:
        part.title.set_fontsize(10)
    return finish(figure, alt, title)


def unrolled(steps, states, first=1, title=None):
    """Draw one cell once for every step: a row comes in from below, a state from the left.

    Args:
        steps: `(k, features)`, what is read, from 0 to 1.
        states: `(k + 1, units)`, from -1 to 1: the state before, then after each step.
        first: Number of the first step, int. Default 1.
        title: Title of the figure, str. Default: none.

    Returns:
        A Picture.

    Raises:
        TutorError: There is not one state more than there are steps.

    Example:
        >>> picture = rt.plots.unrolled(np.zeros((3, 28)), np.zeros((4, 16)))
        >>> picture.alt[:20]
        'A cell drawn 3 times'
    """
    steps, states = np.asarray(steps), np.asarray(states)
    if len(states) != len(steps) + 1:
        raise TutorError(
            f"Expected a state before the first of the {len(steps)} steps and one after each, "
            f"{len(steps) + 1} in all; got {len(states)}."
        )
    figure = Figure((WIDTH, 2.3))
    axes = figure.add_axes((0, 0, 1, 1), xlim=(-0.4, len(steps) + 0.4), ylim=(-0.75, 1.35))
    axes.set_axis_off()
    for k, state in enumerate(states):
        axes.imshow(state[:, None], extent=(k - 0.06, k + 0.06, 0, 1), aspect="auto", **STATE)
        axes.text(k, 1.08, _with_subscript("h", first + k - 1), ha="center")
    for k, step in enumerate(steps):
        axes.add_patch(FancyBboxPatch((k + 0.29, 0.3), 0.42, 0.4, "round,pad=0.02", fc=SHADE))
        axes.text(k + 0.5, 0.5, "W, U, b", ha="center", va="center", fontsize=9)
        box = (k + 0.18, k + 0.82, -0.42, -0.3)
        axes.imshow(step[None], extent=box, cmap="gray", vmin=0, vmax=1, aspect="auto")
        axes.text(k + 0.5, -0.62, _with_subscript("x", first + k), ha="center")
        for start, end in [((k + 0.07, 0.5), (k + 0.28, 0.5)), ((k + 0.72, 0.5), (k + 0.93, 0.5))]:
            _arrow(axes, start, end)
        _arrow(axes, (k + 0.5, -0.27), (k + 0.5, 0.27))
    return finish(
        figure,
        f"A cell drawn {len(steps)} times, each time with the same weights W, U, b; from below "
        f"comes a row of the picture, from the left a state of {states.shape[1]} numbers",
        title,
    )


def _draw_probabilities(axes, probabilities, class_names):
    """Draw a curve for each class from top to bottom; return the names of the classes."""
    steps, classes = probabilities.shape
    names = [name_of(class_names, k, "class") for k in range(classes)]
    for k, name in enumerate(names):
        colour, marker = style(k)
        looks = {"color": colour, "marker": marker, "markersize": 3.5, "markevery": (k % 4, 4)}
        line = LINES[k % len(LINES)]
        axes.plot(probabilities[:, k], np.arange(steps) + 1, line, label=shorten(name, 16), **looks)
    axes.set(xlim=(-0.02, 1.02), xlabel="probability", title="what it would say")
    looks = {"ncols": min(classes, 5), "frameon": False, "fontsize": 9}
    axes.figure.legend(loc="outside lower center", **looks)
    plain(axes)
    return names


def _with_subscript(letter, number):
    return letter + str(number).translate(DIGITS)


def _arrow(axes, start, end):
    axes.annotate("", end, start, arrowprops={"arrowstyle": "->"})


def scan_paths(paths, shape, title=None):
    """Draw each path over the pixels as a line, from a dot at its first to a square at its last.

    Args:
        paths: {name: `(h * w,)` int, the indices of pixels, row * w + column}.
        shape: (h, w) in pixels.
        title: Title of the figure, str. Default: none.

    Returns:
        A Picture.

    Example:
        >>> picture = rt.plots.scan_paths({"rows": rt.sequences.scan(4, 4, "row_major")}, (4, 4))
        >>> picture.alt[:25]
        '1 path over 4 x 4 pixels,'
    """
    height, width = shape
    columns = min(3, len(paths))
    rows = -(-len(paths) // columns)
    side = min(1.9, WIDTH / columns)
    size = (columns * side, rows * (side * min(1.5, height / width) + 0.15))
    figure = Figure(size, layout="constrained")
    for axes in figure.subplots(rows, columns, squeeze=False).flat:
        axes.set(xlim=(-0.7, width - 0.3), ylim=(height - 0.3, -0.7), aspect="equal")
        axes.set_axis_off()
    for axes, (name, path) in zip(figure.axes, paths.items(), strict=False):
        down, across = np.divmod(np.asarray(path), width)
        axes.plot(across, down, color=COLOURS[0], linewidth=1.2)
        axes.plot(across[0], down[0], "o", across[-1], down[-1], "s", color=COLOURS[3])
        axes.set_title(name, fontsize=10)
    alt = (
        f"{format_count(len(paths), 'path')} over {height} x {width} pixels, from a dot at the "
        f"first to a square at the last: {', '.join(paths)}"
    )
    return finish(figure, alt, title)
