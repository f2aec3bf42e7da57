"""The drawing of notebook 09: a few names propagate to all pictures."""

import numpy as np
import svg
from svg import Drawing

COLOURS = (svg.BLUE, svg.ORANGE, svg.GREEN)
NAMES = ("bag", "dress", "shoe")
MIDDLES = np.array([[0.24, 0.68], [0.72, 0.68], [0.63, 0.22]])


def propagate():
    """Draw clusters of embeddings, three names in each, and the same names on all of them."""
    drawing = Drawing(
        "Three frames with the same points in three clusters. First all points are grey. Then "
        "three points near the middle of each cluster have a name: bag, dress or shoe. At last "
        "every point has the name of its cluster. One dress lies among the bags and is wrong.",
        300,
    )
    rng = np.random.default_rng(3)
    points, clusters = [], np.repeat(np.arange(3), 12)
    for middle in MIDDLES:
        radius = np.linspace(0.03, 0.17, 12)
        angle = np.arange(12) * 2.4 + rng.uniform(0, 6)
        points += list(middle + np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1))
    odd = np.argmin([y for _, y in points[:12]])  # a dress among the bags
    near = np.tile(np.arange(12) < 3, 3)
    frames = (
        ("1 clusters", "the network has\nseen no label", np.zeros(36, bool)),
        ("2 nine names", "you name three pictures\nof each cluster", near),
        (
            "3 all have a name",
            "the majority of each\ncluster names all of it",
            near | True,
        ),
    )
    side, top = 200, 44
    for k, (title, note, named) in enumerate(frames):
        left = 26 + 254 * k
        drawing.text(left + side / 2, 22, title, bold=True)
        drawing.add(
            "rect", x=left, y=top, width=side, height=side, rx=6, fill=svg.WHITE, stroke=svg.LINE
        )
        for i, (x, y) in enumerate(points):
            fill = COLOURS[clusters[i]] if named[i] else svg.LINE
            place = left + side * x, top + side * (1 - y)
            if k == 2 and i == odd:
                drawing.circle(*place, 10, fill=svg.WHITE, stroke=svg.INK)
                drawing.text(place[0], place[1] + 28, "a dress:\nwrong", size=13)
            drawing.circle(*place, 6, fill=fill, stroke=svg.WHITE)
        if k:
            for name, colour, (x, y) in zip(NAMES, COLOURS, MIDDLES, strict=True):
                across, down = left + side * x, top + side * (1 - y)
                drawing.text(across, down - 48, name, bold=True, fill=colour, size=14)
        drawing.text(left + side / 2, top + side + 30, note, fill=svg.SOFT, size=14)
    return drawing


DRAWINGS = {"propagate": ("propagate-text", propagate)}
