"""The figure of `plots` for experiments: means with their spread over seeds, by setting."""

from textwrap import fill

import numpy as np
from matplotlib.figure import Figure

from rnn_tutor._figures import LINES, WIDTH, finish, listed, plain, style


def score_curves(scores, x="", y="accuracy", title=None):
    """The mean of each method under each setting, and its (sample) standard deviation as a whisker.

    Settings that are numbers stand on a logarithmic axis, their means joined by a line; settings
    that are words stand side by side.

    Args:
        scores: {25: {"CNN": [0.81, 0.79, ...], "GRU": [...]}, 50: {...}}, setting -> method -> a
            number for each seed.
        x, y: what the settings and the scores are.
    """
    are_numbers = all(isinstance(setting, (int, float)) for setting in scores)
    places = np.log10(list(scores)) if are_numbers else np.arange(len(scores), dtype=float)
    names = list(dict.fromkeys(name for column in scores.values() for name in column))
    figure = Figure((WIDTH, 0.5 * WIDTH), layout="constrained")
    axes = figure.subplots()
    for k, name in enumerate(names):
        values = [column.get(name, [np.nan]) for column in scores.values()]
        # A little beside each other, so that no whisker hides another.
        beside = (k - (len(names) - 1) / 2) * (0.012 * np.ptp(places) if are_numbers else 0.13)
        colour, marker = style(k)
        axes.errorbar(
            places + beside,
            [np.mean(v) for v in values],
            [np.std(v, ddof=1) if len(v) > 1 else 0 for v in values],
            linestyle=LINES[k % len(LINES)] if are_numbers else "",
            color=colour,
            marker=marker,
            capsize=3,
            label=name,
        )
    settings = [f"{setting:,}" if are_numbers else str(setting) for setting in scores]
    axes.set_xticks(places, [fill(setting, 60 // len(settings)) for setting in settings])
    axes.set(xlabel=x, ylabel=y)
    axes.grid(axis="y", alpha=0.3)
    plain(axes)
    figure.legend(loc="outside right upper", frameon=False, fontsize=9)
    kind = "Line chart" if are_numbers else "Points"
    what = f"{kind}: {y} by {x or 'setting'} ({listed(settings)}), for {listed(names)}"
    return finish(figure, f"{what}; whiskers are standard deviations over seeds", title)
