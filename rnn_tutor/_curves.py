"""The figure of `plots` that shows how a training went."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from rnn_tutor._figures import LINES, WIDTH, count, finish, plain, style

PARTS = {"": "training", "val_": "validation"}


def training_curves(history, batches=None, steps=1, title=None):
    """The loss and, where it was measured, the accuracy by epoch, side by side.

    history: {"loss": [...], "accuracy": [...], "val_loss": ...}, as `Trainer` and Keras's `fit`
    give it; what begins with "val_" is drawn dashed. batches: the same of every single batch, of
    which an epoch has `steps`, drawn pale.
    """
    measures = [name for name in history if not name.startswith("val_")]
    figure = Figure((WIDTH, 0.38 * WIDTH), layout="constrained")
    all_axes = figure.subplots(1, len(measures), squeeze=False)[0]
    for axes, name in zip(all_axes, measures, strict=True):
        _by_epoch(axes, history, name)
        if batches:
            _by_batch(axes, batches[name], steps, alone=len(history[name]) < 2)
        axes.set(xlabel="epoch", ylabel=name)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        plain(axes)
    if batches or len(history) > len(measures):
        figure.axes[0].legend(frameon=False)
    return finish(figure, _said(history, measures), title)


def _by_batch(axes, values, steps, alone):
    """A pale line; the y axis is for the others, unless it is `alone`."""
    if not alone:
        axes.set_ylim(axes.get_ylim())
    epochs, line = np.arange(1, len(values) + 1) / steps, {"linewidth": 0.8, "zorder": 1}
    axes.plot(epochs, values, color=style(0)[0], alpha=0.3, label="each batch", **line)


def _by_epoch(axes, history, name):
    for k, (prefix, part) in enumerate(PARTS.items()):
        if prefix + name not in history:
            continue
        values, (colour, marker) = history[prefix + name], style(k)
        marker = marker if len(values) <= 60 else None
        line = {"color": colour, "marker": marker, "markersize": 4, "label": part}
        axes.plot(np.arange(1, len(values) + 1), values, LINES[k], **line)


def _said(history, measures):
    epochs = len(history["loss"])
    if not epochs:
        return f"Line charts: {' and '.join(measures)}, before the end of the first epoch"
    last = [
        f"{name} {history[name][-1]:.3g}"
        + (f" ({history['val_' + name][-1]:.3g} in validation)" if "val_" + name in history else "")
        for name in measures
    ]
    return f"Line charts by epoch; after {count(epochs, 'epoch')}: {', '.join(last)}"
