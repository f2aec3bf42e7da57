"""The drawings of notebook 07: the two views of contrastive learning, and collapse."""

import numpy as np
import svg
from svg import Drawing

TROUSERS = np.zeros((9, 9))
TROUSERS[1:8, 2:7] = 0.8
TROUSERS[3:8, 4] = 0
SHOE = np.zeros((9, 9))
SHOE[4:7, 1:8] = 0.8
SHOE[2:5, 1:4] = 0.8


def changed(picture, across, down, brightness):
    """Return a view: the picture shifted, and darker or brighter."""
    return np.clip(np.roll(picture, (down, across), (0, 1)) * brightness, 0, 1)


def views():
    """Draw two pictures, two views of each, and their embeddings on a circle."""
    drawing = Drawing(
        "Two pictures, trousers and a shoe, have two views each. The encoder turns the four views "
        "into four points on a circle. Arrows pull the two views of one picture together. Dashed "
        "arrows push the views of different pictures apart.",
        352,
    )
    for words, x in (("pictures", 59), ("views", 197), ("embeddings", 560)):
        drawing.text(x, 24, words, bold=True, fill=svg.SOFT)
    colours = (svg.BLUE, svg.RED)
    for k, picture in enumerate((TROUSERS, SHOE)):
        y = 84 + 152 * k
        drawing.pixels(28, y, picture, 7)
        for j, how in enumerate(((1, -1, 0.7), (-1, 1, 1.25))):
            top = y - 36 + 72 * j
            drawing.arrow(96, y + 31, 160, top + 31, stroke=svg.SOFT)
            drawing.pixels(166, top, changed(picture, *how), 7, border=colours[k])
    drawing.box(270, 150, 110, 80, "encoder and\nprojection", svg.PALE_ORANGE)
    drawing.arrow(238, 190, 266, 190)
    drawing.arrow(384, 190, 418, 190)
    centre, radius = np.array([562.0, 190.0]), 118
    drawing.circle(*centre, radius, stroke=svg.LINE)

    def place(degrees, r=radius):
        angle = np.radians(degrees)
        return centre + r * np.array([np.cos(angle), -np.sin(angle)])

    ends = ((160, 100), (-20, -80))
    for colour, (first, second) in zip(colours, ends, strict=True):
        for start in (first, second):
            middle = (first + second) / 2
            way = [
                place(a, radius - 16)
                for a in np.linspace(start, middle + np.sign(start - middle) * 6, 12)
            ]
            drawing.line(way, stroke=colour, width=3, arrow=True)
        for degrees in (first, second):
            drawing.circle(*place(degrees), 9, fill=colour)
    for inner, outer in ((place(100), place(-20)), (place(160), place(-80))):
        middle, along = (inner + outer) / 2, (outer - inner) / np.linalg.norm(outer - inner)
        for sign in (-1, 1):
            drawing.line(
                [middle + sign * 6 * along, middle + sign * 52 * along],
                stroke=svg.SOFT,
                dashed=True,
                arrow=True,
            )
    drawing.text(*place(130, 150), "pull", bold=True, fill=colours[0])
    drawing.text(*place(-50, 150), "pull", bold=True, fill=colours[1])
    drawing.text(*centre, "push", bold=True, fill=svg.SOFT)
    return drawing


def collapse():
    """Draw the embeddings of several pictures: spread over a circle, and all in one point."""
    drawing = Drawing(
        "Two circles with the embeddings of many pictures. On the left pull and push: pairs meet, "
        "and different pictures spread over the circle. On the right the pull alone: all pictures "
        "lie in the same point, the loss is 0 and the spread is 0.",
        300,
    )
    colours = (svg.BLUE, svg.ORANGE, svg.GREEN, svg.RED, svg.PINK, svg.SKY)
    for x, title, note in (
        (200, "pull and push", "partners meet, pictures spread:\nspread near 1"),
        (560, "the pull alone: collapse", "every picture in the same point:\nloss 0, spread 0"),
    ):
        drawing.text(x, 26, title, bold=True)
        drawing.circle(x, 142, 88, stroke=svg.LINE)
        drawing.text(x, 268, note, fill=svg.SOFT)
    for k, colour in enumerate(colours):
        for step in (-4, 4):
            angle = np.radians(60 * k + 30 + step)
            drawing.circle(200 + 88 * np.cos(angle), 142 - 88 * np.sin(angle), 8, fill=colour)
    for k, colour in enumerate(colours):
        angle = np.radians(40 + 2.4 * k)
        drawing.circle(560 + 88 * np.cos(angle), 142 - 88 * np.sin(angle), 8, fill=colour)
    return drawing


DRAWINGS = {
    "views": ("contrast-text", views),
    "collapse": ("collapse-read", collapse),
}
