"""The drawings of notebook 03: an unrolled SimpleRNN, an LSTM and a GRU with their gates."""

from svg import (
    GREEN,
    INK,
    PALE_BLUE,
    PALE_GREY,
    PALE_ORANGE,
    RED,
    SOFT,
    TIMES,
    WHITE,
    Drawing,
)

MEMORY = GREEN  # the colour of what is kept from step to step


def gate(drawing, x, y, name, words, fill=PALE_ORANGE):
    """Draw a gate, or the candidate, as a box with its name and what it asks."""
    drawing.box(x, y, 74, 34, name, fill=fill, size=16, math=True)
    drawing.text(x + 37, y + 48, words, size=12, fill=SOFT)


def times(drawing, x, y, sign=TIMES):
    drawing.circle(x, y, 14, sign, size=18)


def unrolled():
    drawing = Drawing(
        "On the left a SimpleRNN as one cell whose state goes back into itself. On the right the "
        "same cell drawn once for each of three steps, as a chain: each copy gets a row of the "
        "picture from below and the state of the copy before it from the left.",
        height=250,
    )
    drawing.text(110, 26, "one cell, in a loop", bold=True)
    drawing.box(62, 96, 96, 58, "tanh", fill=PALE_BLUE)
    drawing.arrow(110, 206, 110, 158)
    drawing.text(110, 222, "x_{t}", math=True, size=18)
    drawing.line([(158, 125), (188, 125), (188, 66), (36, 66), (36, 125), (58, 125)],
                 stroke=MEMORY, arrow=True)  # fmt: skip
    drawing.text(188, 146, "h_{t}", math=True, size=18)
    drawing.text(230, 125, "=", size=26)
    drawing.text(500, 26, "the same cell, unrolled over three steps", bold=True)
    drawing.text(276, 104, "h_{0}", math=True, size=18)
    for k in range(3):
        x = 316 + 140 * k
        drawing.box(x, 96, 92, 58, "tanh", fill=PALE_BLUE)
        drawing.arrow(x - 46, 125, x - 4, 125, stroke=MEMORY)
        drawing.arrow(x + 46, 206, x + 46, 158)
        drawing.text(x + 46, 222, f"x_{{{k + 1}}}", math=True, size=18)
        drawing.text(x + 62, 180, "W", math=True, size=15, fill=SOFT)
        if k:
            drawing.text(x - 24, 140, "U", math=True, size=15, fill=SOFT)
        drawing.text(x + 112, 106, f"h_{{{k + 1}}}", math=True, size=18)
    drawing.arrow(688, 125, 738, 125, stroke=MEMORY)
    drawing.text(292, 140, "U", math=True, size=15, fill=SOFT)
    drawing.text(506, 66, "every copy has the same weights W, U and b", size=13)
    return drawing


def lstm():
    drawing = Drawing(
        "One step of an LSTM. A line for the memory c runs from left to right. The memory is first "
        "multiplied by the forget gate f. Then the input gate i times the candidate is added. The "
        "output gate o times the tanh of the memory is the new state h. All gates are computed "
        "from the row x and the old state h.",
        height=330,
    )
    drawing.box(92, 36, 580, 232, fill=PALE_GREY, stroke=PALE_GREY)
    drawing.text(44, 56, "c_{t-1}", math=True, size=18)
    drawing.line([(22, 80), (738, 80)], stroke=MEMORY, width=4, arrow=True)
    drawing.text(716, 56, "c_{t}", math=True, size=18)
    drawing.text(380, 54, "the memory passes through no matrix", size=13, fill="#006B4F")
    for x, name, words, fill in (
        (118, "f", "keep?", PALE_ORANGE),
        (236, "i", "write?", PALE_ORANGE),
        (354, "c̃", "candidate", PALE_BLUE),
        (520, "o", "show?", PALE_ORANGE),
    ):
        gate(drawing, x, 188, name, words, fill)
        drawing.arrow(x + 37, 292, x + 37, 248, width=1.5)
    drawing.line([(22, 292), (557, 292)], stroke=INK, width=2)
    drawing.text(132, 312, "x_{t} and h_{t-1} go into each box", size=14)
    times(drawing, 155, 80)
    drawing.arrow(155, 184, 155, 98)
    times(drawing, 330, 138)
    drawing.line([(273, 184), (273, 138), (312, 138)], arrow=True)
    drawing.line([(391, 184), (391, 138), (348, 138)], arrow=True)
    times(drawing, 330, 80, "+")
    drawing.arrow(330, 122, 330, 98)
    drawing.box(590, 108, 56, 28, "tanh", fill=PALE_BLUE, size=13)
    drawing.arrow(618, 82, 618, 104)
    times(drawing, 618, 170)
    drawing.arrow(618, 138, 618, 152)
    drawing.line([(557, 184), (557, 170), (600, 170)], arrow=True)
    drawing.arrow(634, 170, 738, 170, stroke=RED, width=3)
    drawing.text(716, 192, "h_{t}", math=True, size=18)
    return drawing


def gru():
    drawing = Drawing(
        "One step of a GRU. A line for the state h runs from left to right. The old state is "
        "multiplied by the update gate z, and one minus z times the candidate is added. The reset "
        "gate r decides how much of the old state the candidate sees.",
        height=330,
    )
    drawing.box(92, 36, 580, 232, fill=PALE_GREY, stroke=PALE_GREY)
    drawing.text(44, 56, "h_{t-1}", math=True, size=18)
    drawing.line([(22, 80), (738, 80)], stroke=MEMORY, width=4, arrow=True)
    drawing.text(716, 56, "h_{t}", math=True, size=18)
    drawing.text(330, 54, "a blend of the old state and the candidate", size=13, fill="#006B4F")
    for x, name, words, fill in (
        (150, "z", "keep?", PALE_ORANGE),
        (320, "r", "look back?", PALE_ORANGE),
        (500, "h̃", "candidate", PALE_BLUE),
    ):
        gate(drawing, x, 188, name, words, fill)
        drawing.arrow(x + 37, 292, x + 37, 248, width=1.5)
    drawing.line([(22, 292), (537, 292)], stroke=INK, width=2)
    drawing.text(132, 312, "x_{t} and h_{t-1} go into each box", size=14)
    times(drawing, 187, 80)
    drawing.arrow(187, 184, 187, 98)
    drawing.arrow(394, 205, 496, 205)
    drawing.text(445, 192, f"{TIMES} its view of h_{{t-1}}", size=11.5, fill=SOFT)
    times(drawing, 537, 138)
    drawing.arrow(537, 184, 537, 156)
    times(drawing, 537, 80, "+")
    drawing.arrow(537, 122, 537, 98)
    drawing.line([(187, 138), (519, 138)], arrow=True)
    drawing.add("circle", cx=187, cy=138, r=4, fill=INK)
    drawing.box(320, 122, 74, 32, "1 - z", fill=WHITE, math=True, size=15)
    return drawing


DRAWINGS = {
    "unrolled": ("rnn-text", unrolled),
    "lstm": ("lstm-text", lstm),
    "gru": ("gru-text", gru),
}
