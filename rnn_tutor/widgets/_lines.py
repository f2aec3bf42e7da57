"""The training panels' line charts: inline SVG, drawn in milliseconds, legible at any width."""

from dataclasses import dataclass, replace

import numpy as np
from matplotlib.ticker import MaxNLocator

from rnn_tutor._text import format_list
from rnn_tutor.plots.curves import PARTS, described
from rnn_tutor.plots.figure import LINES, style
from rnn_tutor.widgets._saying import DASHES, EDGE, apart

HEIGHT, WIDE = 150, 1000  # of a chart: CSS pixels, and what its width is counted in
MOST = 300  # points a line
WHOLE = {"spread": (0.0, 1.0)}  # measures that are drawn on their whole scale
MARKED = 60  # epochs; a line of more has no markers
CAPS = "round", "square"  # markers are the ends of lines without length: these are not stretched


def training_curves(history, batches, steps, earlier=None):
    """The loss and, where it was measured, the accuracy by epoch, as HTML.

    history: as for `plots.training_curves`. batches: the same of every single batch, of which an
    epoch has `steps`, for the measures that have it; drawn pale. earlier: {number of a run: its
    history}, drawn thin with the number at the end: the validation where it was measured.
    """
    earlier = {n: run for n, run in (earlier or {}).items() if any(run.values())}
    measures = [name for name in history if not name.startswith("val_")]
    charts = "".join(
        _chart(history, name, batches.get(name, ()), steps, earlier) for name in measures
    )
    alt = described(history, measures)
    if earlier:
        alt += f"; thin lines: {format_list([f'run {number}' for number in earlier])}"
    return (
        f'<div class="rt-charts" role="img" aria-label="{alt}">'
        f'<div class="rt-keys">{_keys(history, earlier)}</div>{charts}</div>'
    )


def thinned(points):
    """At most `MOST` of the finite points (n, 2): of each few the lowest and highest; the last."""
    points = points[np.isfinite(points[:, 1])]
    n = len(points)
    if n <= MOST:
        return points
    few = -(-n // (MOST // 2 - 1))
    y = np.pad(points[:, 1], (0, -n % few), "edge").reshape(-1, few)
    ends = np.stack([y.argmin(1), y.argmax(1)]) + few * np.arange(len(y))
    return points[np.unique([*ends.ravel(), n - 1])]


@dataclass(frozen=True)
class Frame:
    """The axes of a chart: y from `low` to `high`, x from 0 to `end`."""

    low: float
    high: float
    end: float

    @classmethod
    def around(cls, lines, end):
        """Axes that show all of these lines, with a margin."""
        y = np.concatenate([points[:, 1] for points in lines])
        low, high = (y.min(), y.max()) if len(y) else (0.0, 1.0)
        margin = 0.06 * (high - low) or 0.05 * abs(high) or 0.5
        return cls(low - margin, high + margin, 1.02 * end)

    def place(self, points):
        """Where points lie in the SVG; what is far outside, a little less far."""
        x, y = np.transpose(points)
        y = np.clip(self.height(y), -HEIGHT, 2 * HEIGHT)
        return np.transpose([WIDE * x / self.end, y]).tolist()

    def height(self, y):
        return HEIGHT * (self.high - y) / (self.high - self.low)

    def drawn(self, name, lines, over=""):
        """The lines, with the axes, numbers and names around them; over: text upon them."""
        ups = {tick: self.height(tick) for tick in _ticks(self.low, self.high)}
        grid = "".join(f'<path d="M0 {y:.1f}H{WIDE}" class="rt-grid"/>' for y in ups.values())
        return (
            f'<svg class="rt-chart" height="{HEIGHT}" text-anchor="middle">'
            f'<text y="-10" text-anchor="start">{name}</text>{self._numbers(ups)}'
            f'<text x="50%" y="{HEIGHT + 33}">epoch</text>'
            f'<svg width="100%" height="{HEIGHT}" viewBox="0 0 {WIDE} {HEIGHT}" '
            f'preserveAspectRatio="none">{grid}{lines}'
            f'<path d="M0 0V{HEIGHT}H{WIDE}" class="rt-line" stroke="{EDGE}"/></svg>{over}</svg>'
        )

    def _numbers(self, ups):
        return "".join(
            f'<text y="{y:.1f}" dx="-7" dy="4" text-anchor="end">{tick:g}</text>'
            for tick, y in ups.items()
        ) + "".join(
            f'<text x="{tick / self.end:.2%}" y="{HEIGHT + 17}">{tick:g}</text>'
            for tick in _ticks(0, self.end, integer=True)
        )


def _chart(history, name, values, steps, earlier):
    """A measure by epoch; the y axis is for whole epochs, once there are two."""
    lines = [_points(history[part + name]) for part in PARTS if part + name in history]
    pale, alone = _points(values, steps), len(history[name]) < 2
    old = {n: _points(run.get(f"val_{name}") or run.get(name, ())) for n, run in earlier.items()}
    old = {n: points for n, points in old.items() if len(points)}
    shown = [*lines, pale] if alone else lines
    ends = [points[-1, 0] for points in old.values()]
    end = max(1, len(values) / steps, len(history[name]), *ends)
    frame = Frame.around([*shown, *old.values()], end)
    if name in WHOLE:
        frame = replace(frame, **dict(zip(("low", "high"), WHOLE[name], strict=True)))
    drawn = "".join(_thin(frame.place(points)) for points in old.values())
    drawn += _pale(frame.place(pale))
    for k, points in enumerate(map(frame.place, lines)):
        drawn += _curve(points, k) + (_marks(points, k) if len(points) <= MARKED else "")
    return frame.drawn(name, drawn, _numbers(frame, old))


def _numbers(frame, old):
    """The numbers of earlier runs, above the ends of their lines, moved where they overlap."""
    ends = {n: frame.place(points[-1:])[0] for n, points in old.items()}
    order = sorted(ends, key=lambda n: ends[n][1])
    heights = apart(np.array([ends[n][1] for n in order]), 11, 9, HEIGHT)
    return "".join(
        f'<text x="{ends[n][0] / WIDE:.2%}" y="{y:.1f}" dx="3" dy="-4" text-anchor="start" '
        f'class="rt-old">{n}</text>'
        for n, y in zip(order, heights, strict=True)
    )


def _points(values, steps=1):
    """(n, 2): the values at 1, 2, 3, ... steps, counted in epochs; those there is room for."""
    y = np.array(values, float)
    return thinned(np.column_stack([np.arange(1, len(y) + 1) / steps, y]))


def _ticks(low, high, integer=False):
    ticks = MaxNLocator(5, steps=[1, 2, 5, 10], integer=integer).tick_values(low, high)
    return [tick for tick in ticks if low <= tick <= high]


def _curve(points, k):
    """A line in two inks, of which one is dark."""
    dashes = f'class="rt-line" stroke-dasharray="{DASHES[LINES[k]]}"'
    inks = (f"{EDGE}8", 3), (style(k)[0], 2)
    places = _written(points)
    return "".join(
        f'<polyline points="{places}" {dashes} stroke="{ink}" stroke-width="{width}"/>'
        for ink, width in inks
    )


def _marks(points, k):
    dots = "".join(f"M{x:.0f} {y:.1f}h0" for x, y in points)
    return "".join(
        f'<path d="{dots}" class="rt-line" stroke="{ink}" stroke-width="{width}" '
        f'stroke-linecap="{CAPS[k]}"/>'
        for ink, width in ((EDGE, 7.5), (style(k)[0], 6))
    )


def _thin(points):
    return f'<polyline points="{_written(points)}" class="rt-line rt-old"/>'


def _pale(points):
    return f'<polyline points="{_written(points)}" class="rt-line rt-pale"/>'


def _written(points):
    return " ".join(f"{x:.0f},{y:.1f}" for x, y in points)


def _keys(history, earlier=()):
    """The legend."""
    parts = [name for part, name in PARTS.items() if f"{part}loss" in history]
    across, keys = [(1, 7), (33, 7)], {}
    for k, name in enumerate(parts):
        keys[name] = _curve(across, k) + _marks([(17, 7)], k)
    keys["each batch"] = _pale(across)
    if earlier:
        part = "validation" if "val_loss" in history else "training"
        keys[f"earlier runs, by number ({part})"] = _thin(across)
    return "".join(
        f'<span><svg width="34" height="14">{key}</svg> {name}</span>' for name, key in keys.items()
    )
