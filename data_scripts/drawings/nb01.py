"""The drawing of notebook 01: from the gradient's arrows to a thin edge."""

import numpy as np
from svg import INK, PALE_GREEN, PALE_GREY, PALE_ORANGE, RED, WHITE, Drawing

from rnn_tutor import preprocessing as pre

SMALL = np.array(  # the small picture of the notebook
    [
        [10, 10, 10, 10, 90, 90, 90],
        [10, 10, 10, 40, 90, 90, 90],
        [10, 10, 10, 60, 90, 90, 90],
        [10, 10, 20, 90, 90, 90, 90],
        [10, 10, 70, 90, 90, 90, 90],
    ],
    np.uint8,
)
ONE = (4, 2)  # the pixel that is compared with its two neighbours


def suppression():
    drawing = Drawing(
        "Three small pictures. In the first, arrows show the gradient: it points across the edge, "
        "from dark to bright. In the second, the magnitudes form a broad band, and the pixel 420 "
        "is compared with its neighbours 240 and 180 along its arrow. In the third, only the "
        "largest pixel across the edge is left.",
        height=262,
    )
    gx, gy = pre.gradient(SMALL)
    magnitude = np.abs(gx.astype(int)) + np.abs(gy)
    ridge = pre.non_maximum_suppression(gx, gy)
    size, top = 32, 56
    lefts = (20, 268, 516)
    titles = ("1. The gradient points\nacross the edge", "2. The magnitude\nis a broad band")
    for left, title in zip(lefts, (*titles, "3. Only the ridge\nstays"), strict=True):
        drawing.text(left + 3.5 * size, 28, title, bold=True, size=14)
    drawing.pixels(lefts[0], top, SMALL / 255 * 2.4, size)
    for (i, j), length in np.ndenumerate(np.hypot(gx.astype(float), gy)):
        if length > 20:
            reach = 0.42 * size * np.sqrt(length / 340)
            along = np.array([gx[i, j], gy[i, j]]) / length * reach
            middle = np.array([lefts[0] + (j + 0.5) * size, top + (i + 0.5) * size])
            drawing.arrow(*(middle - along), *(middle + along), stroke=RED, width=2)
    ground = np.where(magnitude > 0, PALE_ORANGE, WHITE)
    drawing.grid(lefts[1], top, magnitude, size, ground, font=12)
    drawing.grid(
        lefts[2],
        top,
        [[value or None for value in row] for row in ridge],
        size,
        np.where(ridge > 0, PALE_GREEN, np.where(magnitude > 0, PALE_GREY, WHITE)),
        font=12,
    )
    for left in lefts[1:]:
        x, y = left + ONE[1] * size, top + ONE[0] * size
        drawing.add(
            "rect", x=x, y=y, width=size, height=size, fill="none", stroke=RED, stroke_width=3
        )
    x, y = lefts[1] + (ONE[1] + 0.5) * size, top + 5 * size
    drawing.line([(x, y + 6), (x - size, y + 6), (x - size, y + 1)], stroke=RED, arrow=True)
    drawing.line([(x, y + 6), (x + size, y + 6), (x + size, y + 1)], stroke=RED, arrow=True)
    drawing.text(x + 36, y + 26, "420 is larger than 240 and 180: it stays", size=12.5)
    for left in lefts[:2]:
        drawing.arrow(left + 7 * size + 4, 136, left + 7 * size + 20, 136, stroke=INK)
    return drawing


DRAWINGS = {"suppression": ("nms-text", suppression)}
