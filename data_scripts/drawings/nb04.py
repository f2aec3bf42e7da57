"""The drawing of notebook 04: a convolution, step by step."""

import numpy as np
import svg
from svg import Drawing

PICTURE = np.ones((5, 7), int)
PICTURE[:3, 3:6] = 6
KERNEL = np.array([[-1, 0, 1]] * 3)
SIZE, TOP, BELOW = 26, 62, 226
NEXT = 2  # the place whose sum the reader is asked for


def colours(values):
    """Return a fill for each number: the larger, the more yellow; negative ones are blue."""
    return [
        [svg.PALE_BLUE if v < 0 else svg.PALE_ORANGE if v > 1 else svg.WHITE for v in row]
        for row in values
    ]


def convolution():
    """Draw three places of the kernel: the picture, the products, their sum."""
    drawing = Drawing(
        "A convolution step by step. A kernel of 3 x 3 with -1, 0 and 1 in each row is laid on a "
        "picture at three neighbouring places. Each number is multiplied by the one under it, and "
        "the nine products are added. The first place gives 0, the second 15. The sum of the third "
        "is left open.",
        352,
    )
    drawing.text(60, 30, "kernel", bold=True, fill=svg.SOFT)
    drawing.grid(21, TOP, KERNEL, SIZE, colours(KERNEL))
    drawing.text(18, BELOW + 24, "multiply", anchor="start", bold=True, fill=svg.SOFT)
    drawing.text(18, BELOW + 96, "and add", anchor="start", bold=True, fill=svg.SOFT)
    for place in range(3):
        x = 138 + 210 * place
        drawing.text(x + 91, 30, f"place {place + 1}", bold=True, fill=svg.SOFT)
        drawing.grid(x, TOP, PICTURE, SIZE, colours(PICTURE))
        drawing.add(
            "rect",
            x=x + place * SIZE,
            y=TOP,
            width=3 * SIZE,
            height=3 * SIZE,
            fill="none",
            stroke=svg.RED,
            stroke_width=4,
        )
        window = PICTURE[:3, place : place + 3]
        left = x + place * SIZE
        drawing.arrow(left + 39, TOP + 5 * SIZE + 4, left + 39, BELOW - 6, stroke=svg.RED)
        products = window * KERNEL
        fills = colours(products) if place != NEXT else None
        drawing.grid(left, BELOW, products if place != NEXT else [[None] * 3] * 3, SIZE, fills)
        total = "?" if place == NEXT else str(products.sum())
        drawing.text(left + 39, BELOW + 99, total, size=22, bold=True, fill=svg.RED)
    return drawing


DRAWINGS = {"convolution": ("window-text", convolution)}
