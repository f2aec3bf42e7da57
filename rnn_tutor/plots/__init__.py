"""Every figure of the course: small, labelled, with alt text, readable in grey.

Each function returns a `Picture`. Figures are made without pyplot, so that a thread may draw them.
Images may be an `ImageSet` or an array `(n, h, w)` or `(n, h, w, c)`, uint8 or float from 0 to 1.
"""

from rnn_tutor.plots.arrays import arrows, boxes, maps, numbers, occlusion
from rnn_tutor.plots.charts import (
    circles,
    confusion,
    contingency,
    histogram,
    loss_curve,
    planes,
    score_bars,
)
from rnn_tutor.plots.curves import forest, score_curves, score_panels, training_curves
from rnn_tutor.plots.figure import Picture, style
from rnn_tutor.plots.findings import findings
from rnn_tutor.plots.pictures import clusters, embedding_map, image_grid, image_rows, photographs
from rnn_tutor.plots.reading import reading, scan_paths, sequence, unrolled

__all__ = [
    "Picture",
    "arrows",
    "boxes",
    "circles",
    "clusters",
    "confusion",
    "contingency",
    "embedding_map",
    "findings",
    "forest",
    "histogram",
    "image_grid",
    "image_rows",
    "loss_curve",
    "maps",
    "numbers",
    "occlusion",
    "photographs",
    "planes",
    "reading",
    "scan_paths",
    "score_bars",
    "score_curves",
    "score_panels",
    "sequence",
    "style",
    "training_curves",
    "unrolled",
]
