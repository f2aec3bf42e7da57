"""The charts of a training run: what the browser is sent to draw them, a few numbers a line."""

import numpy as np
from matplotlib.ticker import MaxNLocator

from rnn_tutor._text import format_list
from rnn_tutor.plots.curves import PARTS, described
from rnn_tutor.plots.figure import LINES, style

MOST = 300  # points a line
WHOLE = {"spread": (0.0, 1.0)}  # measures that are drawn on their whole scale
MARKED = 60  # epochs; a line of more has no markers
LOOKS = [dict(zip(("colour", "marker"), style(k), strict=True), dash=LINES[k]) for k in (0, 1)]
PALE, OLD = {"kind": "pale"}, {"kind": "old"}  # single batches; earlier runs


def training_charts(history, batches, steps, earlier=None):
    """Return the loss and whatever else was measured by epoch, for a `Front` of "charts".

    Args:
        history: `{"loss": [...], "val_loss": [...], ...}`, a number an epoch.
        batches: The same of every single batch, for the measures that have it; drawn pale.
        steps: Batches in an epoch.
        earlier: `{number of a run: its history}`, drawn thin with the number at the end: the
            validation where it was measured.

    Returns:
        `{"alt": the charts in words, "keys": [a line of the legend, ...], "charts": [...]}`. A
        chart has the ends of its axes `x` and `y`, their `ticks`, and its `lines`, each with its
        `points` and how it looks.
    """
    earlier = {n: run for n, run in (earlier or {}).items() if any(run.values())}
    measures = [name for name in history if not name.startswith("val_")]
    alt = described(history, measures)
    if earlier:
        alt += f"; thin lines: {format_list([f'run {number}' for number in earlier])}"
    parts = [name for part, name in PARTS.items() if f"{part}loss" in history]
    keys = [{"name": name, **look} for name, look in zip(parts, LOOKS, strict=False)]
    keys.append({"name": "each batch", **PALE})
    if earlier:
        keys.append({"name": f"earlier runs, by number ({parts[-1]})", **OLD})
    charts = [_chart(history, name, batches.get(name, ()), steps, earlier) for name in measures]
    return {"alt": alt, "keys": keys, "charts": charts}


def cloud(points, images, spread, when):
    """Return embeddings in the plane, for a `Front` of "cloud".

    Args:
        points: `(n, 2)` float, around their mean.
        images: The `ImageSet` of n images; labels give the points their colours and markers.
        spread: How far the embeddings scatter around their mean, from 0 to 1.
        when: The moment, in words.

    Returns:
        `{"head": words, "alt": the drawing in words, "points": [[x, y], ...], "kinds": [the number
        of each point's look], "looks": [a line of the legend, ...]}`.
    """
    labels = np.full(len(images), -1) if images.labels is None else images.labels
    kinds, of_each = np.unique(labels, return_inverse=True)
    looks = [_look(kind, images.class_names) for kind in kinds.tolist()]
    nearly = " Nearly all point the same way." if spread < 0.05 else ""
    what = f"Map of {len(points)} embeddings, {when}. Spread {spread:.3f}.{nearly}"
    alt = what + " The ring is a spread of 1."
    if images.labels is not None:
        alt += f" Coloured by label: {format_list([look['name'] for look in looks])}."
    return {
        "head": what,
        "alt": alt,
        "points": [[round(float(value), 3) for value in point] for point in points],
        "kinds": of_each.tolist(),
        "looks": looks if images.labels is not None else [looks[0] | {"name": ""}],
    }


def _look(kind, names):
    if kind < 0:
        return {"name": "no label", "colour": "#888888", "marker": "o"}
    colour, marker = style(kind)
    return {"name": str(names[kind]), "colour": colour, "marker": marker}


def thinned(points):
    """Return at most `MOST` of the finite points `(n, 2)`: of each few the lowest and highest."""
    points = points[np.isfinite(points[:, 1])]
    n = len(points)
    if n <= MOST:
        return points
    few = -(-n // (MOST // 2 - 1))
    y = np.pad(points[:, 1], (0, -n % few), "edge").reshape(-1, few)
    ends = np.stack([y.argmin(1), y.argmax(1)]) + few * np.arange(len(y))
    return points[np.unique([*ends.ravel(), n - 1])]


def _chart(history, name, values, steps, earlier):
    """A measure by epoch; the y axis is for whole epochs, once there are two."""
    lines = [_points(history[part + name]) for part in PARTS if part + name in history]
    pale = _points(values, steps)
    old = {n: _points(run.get(f"val_{name}") or run.get(name, ())) for n, run in earlier.items()}
    old = {n: points for n, points in old.items() if len(points)}
    shown = [*lines, *old.values(), *([pale] if len(history[name]) < 2 else [])]
    ends = [points[-1, 0] for points in old.values()]
    end = max(1, len(values) / steps, len(history[name]), *ends)
    low, high = WHOLE.get(name) or _around(np.concatenate(shown)[:, 1])

    def rounded(points):
        """As lists, to a thousandth of the axes: it is read in a message."""
        x, y = (3 - int(np.floor(np.log10(length))) for length in (end, high - low))
        return [[round(float(a), x), round(float(b), y)] for a, b in points]

    drawn = [{**OLD, "points": rounded(points), "name": str(n)} for n, points in old.items()]
    drawn.append({**PALE, "points": rounded(pale)})
    for points, look in zip(lines, LOOKS, strict=False):
        marks = list(range(len(points))) if len(points) <= MARKED else []
        drawn.append({**look, "points": rounded(points), "marks": marks})
    return {
        "title": name,
        "label": "epoch",
        "x": [0, 1.02 * end],
        "y": [low, high],
        "ticks": {"x": _ticks(0, 1.02 * end, integer=True), "y": _ticks(low, high)},
        "lines": drawn,
    }


def _points(values, steps=1):
    """(n, 2): the values at 1, 2, 3, ... steps, counted in epochs; those there is room for."""
    y = np.array(values, float)
    return thinned(np.column_stack([np.arange(1, len(y) + 1) / steps, y]))


def _around(y):
    """The ends of an axis that shows all of these values, with a margin."""
    low, high = (float(y.min()), float(y.max())) if len(y) else (0.0, 1.0)
    margin = 0.06 * (high - low) or 0.05 * abs(high) or 0.5
    return low - margin, high + margin


def _ticks(low, high, integer=False):
    ticks = MaxNLocator(5, steps=[1, 2, 5, 10], integer=integer).tick_values(low, high)
    return [[float(f"{tick:g}"), f"{tick:g}"] for tick in ticks if low <= tick <= high]
