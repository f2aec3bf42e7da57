"""The figures of `plots` that hold lines: a training, scores against a number, intervals."""

import textwrap

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from rnn_tutor._errors import TutorError
from rnn_tutor._text import format_count, format_list, shorten
from rnn_tutor.plots.figure import COLOURS, GRID, LINES, WIDTH, finish, nothing, plain, style

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


def forest(panels, x="difference", title=None, dots=None):
    """Draw intervals around differences, with a line at 0: a forest plot.

    An interval that leaves out 0 is drawn with a filled diamond, in colour; one that holds 0 with
    a hollow circle, in grey. The panels stand side by side, each with a scale of its own.

    Args:
        panels: {title of a panel: {name: (low, high)}}. Every panel has the same names.
        x: Name of the horizontal axis. Default "difference".
        title: Title of the figure, str. Default: none.
        dots: {title of a panel: {name: numbers}}, drawn below each interval, such as the difference
            of each seed. Default: none.

    Returns:
        A Picture.

    Raises:
        TutorError: The panels have different names, or there is nothing to draw.

    Example:
        >>> rt.plots.forest({"25 images": {"GRU": (-0.1, 0.2), "LSTM": (-0.4, -0.1)}})
        Picture: Forest plot of the difference. 25 images: below 0 LSTM, 0 inside GRU
    """
    panels = {
        str(panel): {str(name): tuple(map(float, ends)) for name, ends in intervals.items()}
        for panel, intervals in panels.items()
    }
    names = list(next(iter(panels.values()), ()))
    if not names or any(list(intervals) != names for intervals in panels.values()):
        raise TutorError(
            "Expected panels with intervals of the same names in the same order; got "
            f"{[list(intervals) for intervals in panels.values()]}. Give each panel each name."
        )
    figure = Figure((WIDTH, 1.0 + 0.28 * len(names)), layout="constrained")
    all_axes = figure.subplots(1, len(panels), squeeze=False, sharey=True)[0]
    for axes, (panel, intervals) in zip(all_axes, panels.items(), strict=True):
        _intervals(axes, list(intervals.values()))
        for place, numbers in enumerate((dots or {}).get(panel, {}).values()):
            below = [place + 0.3] * len(numbers)
            axes.plot(numbers, below, "o", color=COLOURS[5], markersize=4, markeredgewidth=0)
        axes.set_title(panel, fontsize=9)
        axes.xaxis.set_major_locator(MaxNLocator(3))
        axes.tick_params(labelsize=8)
        plain(axes)
    all_axes[0].set_yticks(range(len(names)), [shorten(name, 30) for name in names], fontsize=9)
    all_axes[0].invert_yaxis()
    figure.supxlabel(x, fontsize=9)
    found = "; ".join(f"{panel}: {_sides(intervals)}" for panel, intervals in panels.items())
    return finish(figure, f"Forest plot of the {x}. {found}", title)


def score_panels(panels, x="matched accuracy", title=None):
    """Draw scores side by side: a panel for each task, a row for each method, a dot for each seed.

    A diamond marks the mean, and the dots stand one below the other. A row stays empty where a
    method has no score in a panel. If there are no scores at all, the figure says so.

    Args:
        panels: {title of a panel: {name: scores}}, for each method one number for each seed.
        x: Name of the horizontal axis, which goes from 0 to 1. Default "matched accuracy".
        title: Title of the figure, str. Default: none.

    Returns:
        A Picture.

    Example:
        >>> rt.plots.score_panels({"easy": {"GRU": [0.9, 1.0]}, "hard": {"GRU": 0.5}})
        Picture: Dots for each matched accuracy. easy: GRU 0.95; hard: GRU 0.50
    """
    panels = {
        str(panel): {str(name): np.atleast_1d(np.asarray(v, float)) for name, v in rows.items()}
        for panel, rows in panels.items()
    }
    names = list(dict.fromkeys(name for rows in panels.values() for name in rows))
    if not names:
        return nothing("Nothing to draw: no score has been measured yet.", title)
    figure = Figure((WIDTH, 1.0 + 0.26 * len(names)), layout="constrained")
    all_axes = figure.subplots(1, len(panels), squeeze=False, sharey=True)[0]
    for axes, (panel, rows) in zip(all_axes, panels.items(), strict=True):
        for name, scores in rows.items():
            place = names.index(name)
            beside = np.linspace(-0.24, 0.24, len(scores)) if len(scores) > 1 else 0
            axes.plot(scores, place + beside, "o", color=COLOURS[5], markersize=3, clip_on=False)
            mean = {"color": COLOURS[0], "marker": "D", "markersize": 6, "clip_on": False}
            axes.plot(scores.mean(), place, markerfacecolor="none", **mean)
        # All titles together have room for 72 characters a line; lines are about equally long.
        lines = max(1, -(-len(panel) * len(panels) // 72))
        axes.set_title(textwrap.fill(panel, len(panel) // lines + 3), fontsize=8)
        axes.set(xlim=(0, 1), xticks=(0, 0.5, 1), ylim=(len(names) - 0.4, -0.6))
        axes.set_xticklabels(("0", "0.5", "1"), fontsize=8)
        axes.grid(color=GRID, linewidth=0.6)
        axes.set_axisbelow(True)
        plain(axes)
    all_axes[0].set_yticks(range(len(names)), [shorten(n, 30) for n in names], fontsize=9)
    figure.supxlabel(x, fontsize=9)
    found = (
        f"{panel}: " + ", ".join(f"{name} {scores.mean():.2f}" for name, scores in rows.items())
        for panel, rows in panels.items()
    )
    return finish(figure, f"Dots for each {x}. {'; '.join(found)}", title)


def _intervals(axes, intervals):
    """Draw intervals one below the other; whether 0 lies inside decides how they look."""
    axes.axvline(0, color="#888888", linewidth=1)
    for place, (low, high) in enumerate(intervals):
        clear = low > 0 or high < 0
        colour = COLOURS[0] if clear else "#767676"
        # Round or square ends would reach beyond the interval, and over 0.
        line = {"linewidth": 2 if clear else 1.2, "solid_capstyle": "butt"}
        axes.plot([low, high], [place] * 2, color=colour, **line)
        marker = {"marker": "D" if clear else "o", "markersize": 6 if clear else 5}
        face = colour if clear else "white"
        axes.plot((low + high) / 2, place, color=colour, markerfacecolor=face, **marker)
    axes.set_ylim(-0.6, len(intervals) - 0.4)
    axes.grid(axis="x", color=GRID, linewidth=0.6)
    axes.set_axisbelow(True)


def _sides(intervals):
    """Return in words which intervals lie on which side of 0."""
    found = {"below 0": [], "above 0": [], "0 inside": []}
    for name, (low, high) in intervals.items():
        found["above 0" if low > 0 else "below 0" if high < 0 else "0 inside"].append(name)
    return ", ".join(f"{side} {' and '.join(names)}" for side, names in found.items() if names)
