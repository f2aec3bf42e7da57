"""The drawing of notebook 06: what is compared."""

import svg
from svg import Drawing

TOP, STEP, HIGH = 52, 84, 52
COLUMNS = {"look": (158, 190), "read": (374, 214), "answer": (614, 132)}
ROWS = {
    "CNN": (
        "two convolutions,\neach with pooling",
        "a third convolution,\nall its places side by side",
    ),
    "RNN": (None, "a recurrent layer,\n28 rows of pixels"),
    "CNN+RNN": ("two convolutions,\neach with pooling", "a recurrent layer,\n7 rows of the map"),
}


def families():
    """Draw the three families as rows of boxes; what they share has the same colour."""
    drawing = Drawing(
        "Three families of networks. CNN: a picture, two convolutions with pooling, a third "
        "convolution. RNN: a picture, then a recurrent layer over 28 rows of pixels. CNN+RNN: a "
        "picture, the same two convolutions, then a recurrent layer over 7 rows of their map. All "
        "end in the same dense layer and softmax.",
        TOP + 3 * STEP,
    )
    for name, words in (("look", "look"), ("read", "read"), ("answer", "answer")):
        left, wide = COLUMNS[name]
        drawing.text(left + wide / 2, 26, words, bold=True, fill=svg.SOFT)
    for k, (name, (look, read)) in enumerate(ROWS.items()):
        top, middle = TOP + k * STEP, TOP + k * STEP + HIGH / 2
        drawing.text(16, middle, name, bold=True, anchor="start")
        drawing.box(108, middle - 14, 28, 28, fill=svg.INK, radius=2)
        drawing.text(122, middle, "28²", size=12, fill=svg.WHITE)
        if look:
            drawing.arrow(138, middle, COLUMNS["look"][0] - 2, middle)
            drawing.box(COLUMNS["look"][0], top, COLUMNS["look"][1], HIGH, look, svg.PALE_BLUE)
            drawing.arrow(350, middle, COLUMNS["read"][0] - 2, middle)
        else:
            drawing.arrow(138, middle, COLUMNS["read"][0] - 2, middle)
        fill = svg.PALE_BLUE if name == "CNN" else svg.PALE_ORANGE
        drawing.box(COLUMNS["read"][0], top, COLUMNS["read"][1], HIGH, read, fill)
        drawing.arrow(590, middle, COLUMNS["answer"][0] - 2, middle)
        drawing.box(COLUMNS["answer"][0], top, COLUMNS["answer"][1], HIGH, "dense layer,\nsoftmax")
    return drawing


DRAWINGS = {"families": ("question-text", families)}
