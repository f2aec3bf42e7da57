"""Charts: losses, scores, tables of counts, histograms."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from rnn_tutor._cv2 import cv2
from rnn_tutor._text import format_count, format_list, shorten
from rnn_tutor.clusters import evaluation
from rnn_tutor.plots.figure import (
    COLOURS,
    DARK_INK,
    GRID,
    LIGHT_INK,
    LINES,
    WIDTH,
    finish,
    name_of,
    nothing,
    plain,
    rgb_of_one,
    style,
)

RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")  # a `Picture` draws no formulas


def loss_curve(losses, x="epoch", y="loss", title=None, start=1, log=False):
    """Draw curves by epoch or step.

    Args:
        losses: {name: values}, or the values of one curve.
        x: Name of the horizontal axis. Default "epoch".
        y: Name of the vertical axis. Default "loss".
        title: Title of the figure, str. Default: none.
        start: Number of the first value, int. Default 1.
        log: Whether the vertical axis counts in powers of ten. Default False.

    Returns:
        A Picture.

    Example:
        >>> rt.plots.loss_curve({"contrastive": [4.1, 3.2, 2.9]})
        Picture: Line chart: loss by epoch, for contrastive
    """
    curves = losses if isinstance(losses, dict) else {"": losses}
    figure = Figure((0.8 * WIDTH, 0.42 * WIDTH), layout="constrained")
    axes = figure.subplots()
    for k, (name, values) in enumerate(curves.items()):
        colour, marker = style(k)
        marker = marker if len(values) <= 60 else None
        steps = np.arange(start, start + len(values))
        line = LINES[k % len(LINES)]
        axes.plot(steps, values, line, color=colour, marker=marker, markersize=4, label=name)
    axes.set(xlabel=x, ylabel=y)
    if log:
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter(_power_format(curves.values()))
        axes.yaxis.set_minor_formatter("")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    if not any(map(len, curves.values())):
        axes.set(xticks=[], yticks=[])
    plain(axes)
    if any(curves):
        axes.legend(frameon=False)
    names = f", for {', '.join(map(str, curves))}" if any(curves) else ""
    return finish(figure, f"Line chart: {y} by {x}{names}", title)


def _power_format(curves):
    """Return how the powers of ten of an axis are written: all as 0.01, or all as 10⁻²."""
    sizes = np.abs(np.concatenate([np.asarray(curve, np.float64) for curve in curves]))
    sizes = sizes[np.isfinite(sizes) & (sizes > 0)]
    if sizes.min(initial=1) >= 1e-3 and sizes.max(initial=1) <= 1e3:
        return "{x:g}"
    return lambda x, _: "10" + f"{np.log10(x):.0f}".translate(RAISED)


def contingency(table, class_names=None, cluster_names=None, title=None, columns="cluster"):
    """Draw a heat map of how many images of each class (a row) lie in each cluster (a column).

    The shade is the fraction of the class.

    Args:
        table: `(n_classes, n_clusters)` int, counts.
        class_names: n_classes str. Default: numbers.
        cluster_names: n_clusters str. Default: numbers.
        title: Title of the figure, str. Default: none.
        columns: What a column stands for; "predicted class" makes it a confusion matrix. Default
            "cluster".

    Returns:
        A Picture.

    Example:
        >>> rt.plots.contingency([[7, 1], [0, 8]], ["cat", "dog"])
        Picture: Table of 2 classes by 2 clusters; classes: cat, dog
    """
    table = np.asarray(table)
    rows, width = table.shape
    shares = table / np.maximum(table.sum(axis=1, keepdims=True), 1)
    size = (min(WIDTH, 2.2 + 0.6 * width), min(WIDTH, 1.2 + 0.42 * rows))
    figure = Figure(size, layout="constrained")
    axes = figure.subplots()
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    if width <= 28:  # more numbers than that cannot be read; the shades remain
        _write_counts(axes, table, shares, 9 if width <= 12 else 6.5)
    rotation = 0 if width <= 6 and cluster_names is None else 45
    names = [str(k) if cluster_names is None else name_of(cluster_names, k) for k in range(width)]
    axes.set_xticks(range(width), [shorten(n, 16) for n in names], fontsize=9, rotation=rotation)
    labels = [name_of(class_names, k, "class") for k in range(rows)]
    axes.set_yticks(range(rows), [shorten(n, 18) for n in labels], fontsize=9)
    axes.set(xlabel=columns, ylabel="class")
    plural = columns + ("es" if columns.endswith("s") else "s")
    classes = format_count(rows, "class", "classes")
    what = f"Table of {classes} by {format_count(width, columns, plural)}"
    return finish(figure, f"{what}; classes: {format_list(labels)}", title)


def planes(points, clusterings, title=None):
    """Draw the same points in the plane under several clusterings; a + marks each mean.

    Args:
        points: `(n, 2)`.
        clusterings: {title: `(n,)` int from 0}.
        title: Title of the figure, str. Default: none.

    Returns:
        A Picture.

    Example:
        >>> rt.plots.planes([[0, 0], [1, 1], [9, 9]], {"k-means": [0, 0, 1]})
        Picture: 3 points in the plane, in clusters. k-means, 2, 1 points
    """
    points = np.asarray(points, np.float64)
    figure = Figure((WIDTH, WIDTH / len(clusterings) + 0.5), layout="constrained")
    all_axes = figure.subplots(1, len(clusterings), squeeze=False)[0]
    for axes, (name, groups) in zip(all_axes, clusterings.items(), strict=True):
        for group in np.unique(groups):
            colour, marker = style(group)
            own = points[np.asarray(groups) == group]
            axes.scatter(*own.T, 22, colour, marker=marker, linewidths=0)
            axes.plot(*own.mean(axis=0), "+", color="#666666", markersize=12)
        axes.set(xticks=[], yticks=[])
        axes.margins(0.12)
        axes.set_title(name, fontsize=9)
    sizes = [
        f"{name}, {format_list(np.sort(np.bincount(groups))[::-1].tolist())} points"
        for name, groups in clusterings.items()
    ]
    what = f"{format_count(len(points), 'point')} in the plane, in clusters. {'; '.join(sizes)}"
    return finish(figure, what, title)


def circles(frames, groups=None, columns=4, title=None):
    """Draw embeddings of two numbers as points on a circle, one circle for each frame.

    Only the direction of an embedding counts: its length is made 1.

    Args:
        frames: {title of a frame: `(n, 2)`}, such as the embeddings after each epoch.
        groups: `(n,)` int from 0; those of a group share a colour and a marker. Default: one group.
        columns: Circles side by side, int. Default 4.
        title: Title of the figure, str. Default: none.

    Returns:
        A Picture.

    Example:
        >>> rt.plots.circles({"start": [[1, 0], [0, 2]], "end": [[1, 1], [2, 2]]})
        Picture: 2 embeddings on a circle: start, end
    """
    frames = {str(name): np.asarray(points, np.float64) for name, points in frames.items()}
    n = len(next(iter(frames.values())))
    groups = np.zeros(n, int) if groups is None else np.asarray(groups)
    rows = -(-len(frames) // columns)
    figure = Figure((WIDTH, rows * (WIDTH / columns + 0.25)), layout="constrained")
    all_axes = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes in all_axes:
        axes.set_axis_off()
        axes.set(aspect="equal", xlim=(-1.2, 1.2), ylim=(-1.2, 1.2))
    for axes, (name, points) in zip(all_axes, frames.items(), strict=False):
        around = np.linspace(0, 2 * np.pi, 100)
        axes.plot(np.cos(around), np.sin(around), color="#999999", linewidth=0.8, zorder=0)
        points = points / np.maximum(np.linalg.norm(points, axis=1, keepdims=True), 1e-12)
        for group in np.unique(groups):
            colour, marker = style(group)
            look = {"marker": marker, "linewidths": 0, "alpha": 0.8 if n <= 50 else 0.15}
            axes.scatter(*points[groups == group].T, 60 if n <= 50 else 30, colour, **look)
        axes.set_title(name, fontsize=9)
    what = f"{format_count(n, 'embedding')} on a circle: {', '.join(frames)}"
    return finish(figure, what, title)


def confusion(labels, answers, class_names, answer_names=None, columns="cluster", title=None):
    """Count classes against clusters, or against predicted classes, and draw a heat map.

    Without labels the figure says so; with labels for some images, it says how many it counts.

    Args:
        labels: `(n,)` int, -1 for an image without a label; or None.
        answers: `(n,)` int, the cluster of each image or its predicted class; -1, no answer, gets a
            column of its own.
        class_names: Names of the rows, str.
        answer_names: Names of the columns, str. Default: numbers.
        columns: What a column stands for. Default "cluster".
        title: Title of the figure, str. Default: none.

    Returns:
        A Picture.

    Example:
        >>> rt.plots.confusion([0, 0, 1], [0, 1, 1], ["cat", "dog"])
        Picture: Table of 2 classes by 2 clusters; classes: cat, dog
    """
    answers = np.asarray(answers)
    labels = np.full(len(answers), -1) if labels is None else np.asarray(labels)
    known = labels >= 0
    if not known.any():
        return nothing(
            f"Nobody has said what is in these {format_count(len(labels), 'picture')}, so there is "
            f"no table of classes and {columns}s.",
            title,
        )
    width = max(int(answers.max(initial=-1)) + 1, len(answer_names or ()))
    columns_of = np.where(answers < 0, width, answers)
    table = evaluation.contingency(labels, columns_of, len(class_names), width)
    if table.shape[1] > width:  # somebody has no answer
        answer_names = [name_of(answer_names, k, columns) for k in range(width)] + ["no answer"]
    if not known.all() and title is None:
        title = f"The {known.sum():,} of {format_count(len(labels), 'picture')} that have a label"
    return contingency(table, class_names, answer_names, title, columns)


def score_bars(rows, x="matched accuracy", highlight=None, title=None, start=0):
    """Draw a bar for each method: its mean, and its standard deviation over seeds as a whisker.

    On an axis that does not start at 0, points stand for the bars, whose lengths would mislead.

    Args:
        rows: {name: scores}, for each method one number for each seed. The standard deviation is
            that of a sample.
        x: Name of the horizontal axis. Default "matched accuracy".
        highlight: Name of the bar that is drawn in another colour. Default: none.
        title: Title of the figure, str. Default: none.
        start: Where the horizontal axis starts, float. Default 0.

    Returns:
        A Picture.

    Example:
        >>> rt.plots.score_bars({"pixels": [0.69, 0.71]})
        Picture: Bar chart of the matched accuracy, with standard deviations: pixels 0.700 ± 0.014
    """
    rows = {str(name): np.atleast_1d(np.asarray(v, np.float64)) for name, v in rows.items()}
    figure = Figure((WIDTH, 0.9 + 0.36 * len(rows)), layout="constrained")
    axes = figure.subplots()
    notes, ends = [], [1.0]
    for k, (name, values) in enumerate(rows.items()):
        colour, hatch = (COLOURS[1], "//") if name == highlight else (COLOURS[5], None)
        mean, spread = values.mean(), values.std(ddof=1) if len(values) > 1 else None
        if start:
            look = {"marker": "D" if name == highlight else "o", "color": COLOURS[0]}
            axes.errorbar(mean, k, xerr=spread, capsize=5, markersize=4, **look)
        else:
            axes.barh(k, mean, 0.7, color=colour, hatch=hatch, xerr=spread, capsize=4)
        note = f"{mean:.3f}" + ("" if spread is None else f" ± {spread:.3f}")
        place = {"xycoords": ("axes fraction", "data"), "textcoords": "offset points"}
        axes.annotate(note, (1, k), (6, 0), **place, va="center", fontsize=9)
        notes.append(note)
        ends.append(mean + (spread or 0))
    axes.set_yticks(range(len(rows)), [shorten(name, 40) for name in rows])
    axes.set_ylim(len(rows) - 0.4, -0.6)  # the first one stands at the top
    least = start or min(0, *map(np.min, rows.values()))
    axes.set(xlabel=x + (f" (the axis starts at {start:g})" if start else ""))
    axes.set_xlim(least, max(ends))  # a whisker may reach beyond 1
    if start:
        axes.xaxis.set_major_locator(MaxNLocator(5))
        axes.grid(color=GRID, linewidth=0.6)
        axes.set_axisbelow(True)
    plain(axes)
    bars = format_list([f"{name} {note}" for name, note in zip(rows, notes, strict=True)])
    alt = f"{'Points' if start else 'Bar chart'} of the {x}, with standard deviations: {bars}"
    return finish(figure, alt, title)


def _write_counts(axes, table, shares, size):
    """Write the counts into a heat map, white where it is dark."""
    for (row, column), number in np.ndenumerate(table):
        colour = LIGHT_INK if shares[row, column] > 0.55 else DARK_INK
        place = {"ha": "center", "va": "center"}
        axes.text(column, row, f"{number:d}", color=colour, fontsize=size, **place)


SIZE = (4.7, 2.9)  # inches
PAPER = {"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 1}  # behind words


def histogram(picture, threshold=None, between=None, title=None):
    """Draw how many pixels of one image have each grey level; a colour image is turned grey.

    A level that towers over all others is cut off at the top, and its count written beside it.

    Args:
        picture: `(h, w)`, `(h, w, 1)` or `(h, w, 3)`, uint8 or float from 0 to 1.
        threshold: Grey level, drawn as a line; up to it is dark, above it bright. Default: none.
        between: `(256,)`, the between-class variance, drawn as a curve on an axis of its own.
            Default: none.
        title: Title of the figure, str. Default: none.

    Returns:
        A Picture.

    Raises:
        TutorError: More than one image was given.

    Example:
        >>> rt.plots.histogram(np.array([[0, 128], [128, 255]], np.uint8))
        Picture: Histogram of 4 pixels by grey level, from 0 to 255
    """
    grey = cv2.cvtColor(np.ascontiguousarray(rgb_of_one(picture)), cv2.COLOR_RGB2GRAY)
    counts = np.bincount(grey.ravel(), minlength=256)
    figure = Figure(SIZE, layout="constrained")
    axes = figure.subplots()
    axes.stairs(counts, np.arange(257) - 0.5, fill=True, facecolor=COLOURS[5], edgecolor=COLOURS[0])
    axes.set(xlabel="grey level", ylabel="pixels", xlim=(-3, 258), xticks=(0, 64, 128, 192, 255))
    axes.yaxis.set_major_locator(MaxNLocator(4, integer=True))
    axes.yaxis.set_major_formatter("{x:,.0f}")
    alt = f"Histogram of {counts.sum():,} pixels by grey level, from 0 to 255"
    alt += _limit_height(axes, counts)
    plain(axes)
    if between is not None:
        _draw_variance(axes, between)
        alt += "; a curve shows the between-class variance of each threshold"
    if threshold is not None:
        _draw_threshold(figure.axes[-1], threshold)  # over the curve, where there is one
        dark = counts[: int(threshold) + 1].sum() / counts.sum()
        alt += f"; a line marks the threshold {threshold:g}, with {dark:.0%} of the pixels up to it"
    return finish(figure, alt, title)


def _limit_height(axes, counts):
    """End the axis below levels that would press all others flat; return words about them."""
    usual = np.sort(counts)[-3]
    top = 1.25 * (usual if 0 < 4 * usual < counts.max() else counts.max())
    axes.set_ylim(0, top)
    tall = np.flatnonzero(counts > top)
    for half, side, away in ((tall[tall < 128], "left", 4), (tall[tall >= 128], "right", -4)):
        if half.size:
            level = half[counts[half].argmax()]
            words = f"{counts[level]:,} at {level}"
            axes.text(level + away, 0.9 * top, words, ha=side, va="center", fontsize=9, bbox=PAPER)
    tallest = ", ".join(f"{counts[level]:,} pixels at {level}" for level in tall)
    return f"; cut off at the top: {tallest}" if tallest else ""


def _draw_variance(axes, between):
    """Draw the between-class variance of each threshold, on an axis of its own."""
    other = axes.twinx()
    other.plot(np.arange(256), between, "--", color=COLOURS[3])
    other.set_ylabel("between-class variance", color=COLOURS[3])
    other.set(ylim=(0, None), yticks=[])
    other.spines["top"].set_visible(False)


def _draw_threshold(axes, threshold):
    """Draw the threshold just right of its level, which is dark; name it where there is room."""
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
