"""The drawings of notebook 02: a picture read as a sequence, Hilbert's curve in three stages."""

import numpy as np
from svg import BLUE, GREEN, LINE, ORANGE, PALE_BLUE, RED, SOFT, WHITE, Drawing

import rnn_tutor as rt


def reading():
    drawing = Drawing(
        "A picture of a shirt is cut into rows. The rows enter a recurrent network one after "
        "another, from the top row to the bottom row. The network hands its state on from each "
        "step to the next.",
        height=238,
    )
    images = rt.load_images("fashion5")
    shirts = images.as_float()[images.labels == images.class_names.index("Pullover")]
    shirt = shirts[0, ..., 0].reshape(7, 4, 28).mean(axis=1)  # seven thick rows
    drawing.pixels(24, 46, shirts[0, ..., 0], 4.5)
    drawing.text(87, 22, "a picture", bold=True)
    for k in range(7):
        drawing.line([(24, 46 + 18 * k), (150, 46 + 18 * k)], stroke=ORANGE, width=1)
    drawing.arrow(160, 109, 196, 109)
    drawing.text(480, 22, "its rows, one step after another", bold=True)
    for k in range(7):
        x = 218 + 76 * k
        drawing.pixels(x, 190, np.repeat(shirt[k : k + 1], 4, axis=0), 2.2, levels=12)
        drawing.arrow(x + 31, 184, x + 31, 148)
        drawing.box(x + 5, 86, 52, 58, "network", fill=PALE_BLUE, size=11)
        if k:
            drawing.arrow(x - 17, 115, x + 3, 115, stroke=RED)
        drawing.text(x + 31, 216, f"step {k + 1}", size=12, fill=SOFT)
    drawing.text(480, 62, "the same network at every step; the red arrow is its state", size=13)
    return drawing


def curve(side):
    """Return the places (row, column) of Hilbert's curve through a square, in order."""
    return np.stack(np.divmod(rt.sequences.scan(side, side, "hilbert"), side), axis=1)


def hilbert():
    drawing = Drawing(
        "Hilbert's curve in three stages. Through 2 by 2 pixels it is a U. Through 4 by 4 pixels "
        "it is four such curves, one in each quarter, joined end to end. Through 8 by 8 pixels it "
        "is again four copies of the stage before.",
        height=292,
    )
    size = 208
    for stage, side in enumerate((2, 4, 8)):
        left, top, cell = 28 + 248 * stage, 52, size / side
        drawing.text(left + size / 2, 26, f"{side} x {side} pixels", bold=True)
        drawing.grid(left, top, [[None] * side] * side, cell)
        places = (curve(side)[:, ::-1] + 0.5) * cell + (left, top)
        quarter = max(1, side * side // 4)
        for part, colour in enumerate((BLUE, ORANGE, GREEN, RED)):
            own = places[part * quarter : (part + 1) * quarter]
            if len(own) > 1:
                drawing.line(list(own), stroke=colour, width=4)
            if part < 3:
                joint = places[(part + 1) * quarter - 1 : (part + 1) * quarter + 1]
                drawing.line(list(joint), stroke=LINE, width=3)
            if len(own) == 1:
                drawing.circle(*map(float, own[0]), 9, fill=colour, stroke=WHITE)
        drawing.circle(*map(float, places[0]), 6, fill=WHITE)
    drawing.text(
        380, 275, "One colour is one quarter. Grey lines join them. The white dot is the start.", 13
    )
    return drawing


DRAWINGS = {"reading": ("rows-text", reading), "hilbert": ("hilbert-text", hilbert)}
