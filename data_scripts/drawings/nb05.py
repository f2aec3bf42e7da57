"""The drawing of notebook 05: from a picture to a feature map, to rows, to a recurrent layer."""

import numpy as np
import svg
from svg import Drawing

ROWS, TOP, STEP = 7, 62, 36


def trousers():
    """Return trousers of 28 x 28 pixels, from 0 to 1."""
    picture = np.zeros((28, 28))
    picture[2:26, 8:20] = 0.75
    picture[9:26, 13:15] = 0
    picture[2:4, 8:20] = 1
    return picture


def model():
    """Draw the whole model; the last row is read last, and its state goes to the dense layer."""
    drawing = Drawing(
        "The CNN+RNN model. Three convolutions with pooling turn a picture of 28 x 28 pixels into "
        "a feature map with 7 rows, 3 columns and 64 channels. Each row becomes one step of 192 "
        "numbers. A GRU reads the 7 steps from top to bottom and hands its state on. A dense "
        "layer turns the last state into a probability for each class.",
        352,
    )
    middle = TOP + ROWS * STEP / 2
    for words, x in (
        ("picture", 72),
        ("feature map", 262),
        ("7 steps", 412),
        ("GRU", 556),
        ("classes", 702),
    ):
        drawing.text(x, 26, words, bold=True, fill=svg.SOFT)
    drawing.pixels(16, middle - 56, trousers(), 4)
    drawing.text(72, middle + 74, "28 x 28", size=13, fill=svg.SOFT)
    drawing.arrow(134, middle, 206, middle)
    drawing.text(172, middle - 34, "three times\nconvolution\nand pooling", size=11, fill=svg.SOFT)
    for k in (2, 1, 0):
        drawing.grid(
            220 + 8 * k,
            middle - 70 - 8 * k,
            [[None] * 3] * ROWS,
            20,
            [[svg.PALE_BLUE] * 3] * ROWS,
        )
    drawing.text(262, middle + 90, "7 x 3 places,\n64 channels", size=13, fill=svg.SOFT)
    for k in range(ROWS):
        y = TOP + (k + 0.5) * STEP
        drawing.arrow(306, middle - 60 + 20 * k, 362, y, stroke=svg.LINE, width=1.5)
        drawing.box(366, y - 10, 92, 20, "192 numbers", svg.PALE_BLUE, radius=3, size=12)
        drawing.arrow(460, y, 512, y, width=1.5)
        drawing.box(516, y - 12, 80, 24, f"step {k + 1}", svg.PALE_ORANGE, size=13)
        if k:
            drawing.arrow(556, y - STEP + 13, 556, y - 13, stroke=svg.RED)
    drawing.text(564, TOP - 8, "state", size=12, fill=svg.RED, anchor="start")
    drawing.line([(556, TOP - 12), (556, TOP + 5)], stroke=svg.RED, arrow=True)
    last = TOP + (ROWS - 0.5) * STEP
    drawing.line([(598, last), (622, last), (622, middle), (642, middle)], svg.RED, arrow=True)
    drawing.text(702, middle - 66, "dense layer,\nsoftmax", size=13)
    for k, share in enumerate((0.9, 0.05, 0.35, 0.05, 0.05)):
        y = middle - 36 + 16 * k
        drawing.box(650, y, 100 * share, 11, fill=svg.BLUE, stroke=svg.BLUE, radius=0)
    drawing.text(
        440,
        332,
        "a row of the map is a step; the last state has seen all rows",
        size=13,
        fill=svg.SOFT,
    )
    return drawing


DRAWINGS = {"model": ("look-text", model)}
