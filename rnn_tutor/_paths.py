"""The figure of `plots` that shows in which order pixels are read."""

import numpy as np
from matplotlib.figure import Figure

from rnn_tutor._figures import COLOURS, WIDTH, count, finish


def scan_paths(paths, shape, title=None):
    """Each path over the pixels as a line, from a dot at its first to a square at its last.

    paths: {name: (h * w,) places of pixels, row * w + column}. shape: (h, w).
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
        f"{count(len(paths), 'path')} over {height} x {width} pixels, from a dot at the first to a "
        f"square at the last: {', '.join(paths)}"
    )
    return finish(figure, alt, title)
