"""The drawings of notebook 00: the whole journey, and how a network learns without labels."""

import numpy as np
from svg import (
    BLUE,
    GREEN,
    ORANGE,
    PALE_BLUE,
    RED,
    SOFT,
    WHITE,
    Drawing,
)

import rnn_tutor as rt

SHOWN = {"Trouser": 0, "Sneaker": 0, "Bag": 3}  # which one of each kind
HEAPS = {"Trouser": (BLUE, (608, 94)), "Sneaker": (ORANGE, (690, 142)), "Bag": (GREEN, (612, 200))}


def clothes():
    """Return {kind: an image of it, (28, 28) from 0 to 1}."""
    images = rt.load_images("fashion5")
    pixels = images.as_float()[..., 0]
    return {
        kind: pixels[images.labels == images.class_names.index(kind)][index]
        for kind, index in SHOWN.items()
    }


def journey():
    drawing = Drawing(
        "The journey from left to right. Pictures are read row by row by a recurrent network, "
        "which turns each into a list of numbers. Similar lists form clusters on a map. "
        "At the end a person names the clusters.",
        height=290,
    )
    pictures = clothes()
    for k, kind in enumerate(SHOWN):
        drawing.pixels(28, 52 + 66 * k, pictures[kind], 2)
        drawing.arrow(92, 80 + 66 * k, 148, 80 + 66 * k)
    drawing.box(156, 52, 150, 188, fill=PALE_BLUE)
    drawing.text(231, 84, "recurrent network", size=13, bold=True)
    for k in range(5):
        drawing.box(176, 108 + 22 * k, 60, 12, fill=WHITE, radius=2)
        drawing.arrow(240, 114 + 22 * k, 262, 114 + 22 * k, width=1.5)
        if k < 4:
            drawing.arrow(274, 118 + 22 * k, 274, 132 + 22 * k, width=1.5)
        drawing.circle(274, 114 + 22 * k, 5, fill=WHITE)
    drawing.text(231, 224, "reads row after row", size=13, fill=SOFT)
    rng = np.random.default_rng(3)
    for k in range(3):
        drawing.arrow(314, 80 + 66 * k, 370, 80 + 66 * k)
        for j, value in enumerate(rng.random(7)):
            fill = BLUE if value < 0.34 else WHITE if value < 0.67 else ORANGE
            drawing.box(380 + 14 * j, 73 + 66 * k, 14, 14, fill=fill, radius=0)
        drawing.arrow(486, 80 + 66 * k, 540, 80 + 66 * k)
    drawing.box(550, 40, 190, 212, fill=WHITE)
    for kind, (colour, (x, y)) in HEAPS.items():
        drawing.add("ellipse", cx=x, cy=y, rx=44, ry=30, fill=colour, fill_opacity=0.15)
        for image in range(5):
            dx, dy = 26 * np.cos(2.4 * image + 1), 17 * np.sin(2.4 * image + 1)
            drawing.circle(float(x + dx), float(y + dy), 5, fill=colour, stroke=WHITE)
        drawing.text(x, y - 40 if kind == "Trouser" else y + 40, f"“{kind.lower()}”", size=13)
    for x, words in ((56, "pictures"), (429, "embeddings"), (645, "clusters, then names")):
        drawing.text(x, 272, words, size=15, bold=True)
    drawing.text(231, 272, "encoder", size=15, bold=True)
    return drawing


def learning():
    drawing = Drawing(
        "A picture of a shoe is changed a little in two ways. The network turns both views into "
        "points. Training pulls these two points together, and pushes the points of other "
        "pictures away.",
        height=250,
    )
    pictures = clothes()
    shoe, bag, trousers = (pictures[kind] for kind in ("Sneaker", "Bag", "Trouser"))
    drawing.pixels(30, 72, shoe, 2.4)
    drawing.text(64, 158, "one picture", size=14)
    moved = np.roll(shoe[:, ::-1], -2, axis=0)
    darker = 0.55 * np.roll(shoe, 3, axis=0)
    for view, y in ((moved, 40), (darker, 138)):
        drawing.arrow(104, 106, 166, y + 34)
        drawing.pixels(174, y, view, 2.4)
        drawing.arrow(248, y + 34, 302, y + (60 if y == 40 else 8))
    drawing.text(208, 222, "two views of it", size=14)
    drawing.box(308, 84, 112, 66, "recurrent\nnetwork", fill=PALE_BLUE, bold=True)
    drawing.arrow(426, 117, 470, 117)
    drawing.box(478, 26, 262, 184, fill=WHITE)
    drawing.circle(560, 112, 8, fill=ORANGE)
    drawing.circle(634, 128, 8, fill=ORANGE)
    drawing.arrow(570, 114, 592, 119, stroke=GREEN, width=3)
    drawing.arrow(624, 126, 602, 121, stroke=GREEN, width=3)
    drawing.text(597, 146, "together", size=13, fill="#006B4F")
    for image, x, y, towards in ((bag, 492, 40, (-1, -1)), (trousers, 690, 38, (1, -1))):
        drawing.pixels(x, y, image, 1.4)
        side = 40 if towards[0] < 0 else 0
        drawing.line(
            [(597 + 22 * towards[0], 98), (x + side - 14 * towards[0], y + 34)],
            stroke=RED,
            dashed=True,
            arrow=True,
        )
    drawing.text(597, 56, "apart", size=13, fill="#A84300")
    drawing.text(609, 226, "the embeddings, as points", size=14)
    return drawing


DRAWINGS = {"journey": ("how-text", journey), "learning": ("learning-text", learning)}
