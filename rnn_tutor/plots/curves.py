"""The figures of `plots` that hold lines: how a training went, and scores against a number."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from rnn_tutor._text import format_count, format_list
from rnn_tutor.plots.figure import LINES, WIDTH, finish, nothing, plain, style

PARTS = {"": "training", "val_": "validation"}


def training_curves(history, title=None):
    """Draw the loss and, where it was measured, the accuracy by epoch, side by side.

    Args:
        history: {"loss": [...], "accuracy": [...], "val_loss": ...}, as `Trainer` and Keras's `fit`
            return it; what begins with "val_" is drawn dashed.
        title: Title of the figure, str. Default: none.

    Returns:
        A Picture.

    Example:
        >>> rt.plots.training_curves({"loss": [2.1, 1.5], "val_loss": [2.2, 1.9]})
        Picture: Line charts by epoch; after 2 epochs: loss 1.5 (1.9 in validation)
    """
    measures = [name for name in history if not name.startswith("val_")]
    figure = Figure((WIDTH, 0.38 * WIDTH), layout="constrained")
    all_axes = figure.subplots(1, len(measures), squeeze=False)[0]
    for axes, name in zip(all_axes, measures, strict=True):
        _draw_by_epoch(axes, history, name)
        axes.set(xlabel="epoch", ylabel=name)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        plain(axes)
    if len(history) > len(measures):
        figure.axes[0].legend(frameon=False)
    return finish(figure, described(history, measures), title)


def _draw_by_epoch(axes, history, name):
    """Draw a measure in training and, where there is one, in validation."""
    for k, (prefix, part) in enumerate(PARTS.items()):
        if prefix + name not in history:
            continue
        values, (colour, marker) = history[prefix + name], style(k)
        marker = marker if len(values) <= 60 else None
        line = {"color": colour, "marker": marker, "markersize": 4, "label": part}
        axes.plot(np.arange(1, len(values) + 1), values, LINES[k], **line)


def described(history, measures):
    """Return the sentence that stands for the curves where they cannot be seen."""
    epochs = len(history["loss"])
    if not epochs:
        return f"Line charts: {' and '.join(measures)}, before the end of the first epoch"
    last = [
        f"{name} {history[name][-1]:.3g}"
        + (f" ({history['val_' + name][-1]:.3g} in validation)" if "val_" + name in history else "")
        for name in measures
    ]
    return f"Line charts by epoch; after {format_count(epochs, 'epoch')}: {', '.join(last)}"


def score_curves(table, x, y="test accuracy", title=None):
    """Draw scores against a number, on a logarithmic axis: the mean over seeds, and whiskers.

    A whisker is one (sample) standard deviation long each way; the lines stand a little apart, so
    that their whiskers can be told from each other. Scores that are NaN, because there are no
    labels to measure with, are left out; if there are no others, the figure says so.

    Args:
        table: {name: {number: scores}}, for each line the scores at each number, one for each seed.
        x: Name of the horizontal axis.
        y: Name of the vertical axis. Default "test accuracy".
        title: Title of the figure, str. Default: none.

    Returns:
        A Picture.

    Example:
        >>> rt.plots.score_curves({"GRU": {25: [0.7], 100: [0.8, 0.9]}}, "labels")
        Picture: Line chart of the test accuracy by labels: GRU from 0.700 at 25 to 0.850 at 100
    """
    table = {name: _finite(points) for name, points in table.items()}
    table = {name: points for name, points in table.items() if points}
    if not table:
        return nothing("Nothing to draw: there are no labels, or too few, to measure with.", title)
    figure = Figure((WIDTH, 0.5 * WIDTH), layout="constrained")
    axes = figure.subplots()
    numbers = sorted({number for points in table.values() for number in points})
    for k, (name, points) in enumerate(table.items()):
        colour, marker = style(k)
        apart = 1 + 0.04 * (k - (len(table) - 1) / 2)
        means = [np.mean(scores) for scores in points.values()]
        spreads = [np.std(s, ddof=1) if len(s) > 1 else 0.0 for s in points.values()]
        look = {"color": colour, "marker": marker, "linestyle": LINES[k % len(LINES)]}
        axes.errorbar(apart * np.array([*points]), means, spreads, capsize=2, label=name, **look)
    axes.set(xlabel=x, ylabel=y, xscale="log")
    axes.set_xticks(numbers, [f"{number:,}" for number in numbers], minor=False)
    axes.minorticks_off()
    axes.legend(frameon=False, fontsize=9)
    plain(axes)
    return finish(figure, f"Line chart of the {y} by {x}: {_describe_ends(table)}", title)


def _finite(points):
    """Return the points whose scores are all numbers."""
    return {n: scores for n, scores in points.items() if np.isfinite(scores).all() and len(scores)}


def _describe_ends(table):
    """Return each line's first and last mean in words."""
    return format_list(
        [
            f"{name} from {np.mean(points[min(points)]):.3f} at {min(points):,} "
            f"to {np.mean(points[max(points)]):.3f} at {max(points):,}"
            for name, points in table.items()
        ]
    )
