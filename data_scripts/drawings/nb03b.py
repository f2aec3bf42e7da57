"""The drawing of notebook 03b: the chain rule on three steps, with real numbers."""

import numpy as np
from svg import GREEN, PALE_BLUE, RED, SOFT, TIMES, Drawing

W, U, X = 1.0, 0.5, (1.0, 0.0, 0.0)  # one unit, as in the notebook


def chain():
    drawing = Drawing(
        "Three copies of a cell with one unit. Green arrows lead forwards: the states are 0.76, "
        "0.36 and 0.18. Red arrows lead backwards: each step back multiplies by u and by the slope "
        "of tanh, so that of a change in the last state 0.48 and then 0.21 is left.",
        height=300,
    )
    states = [0.0]
    for x in X:
        states.append(np.tanh(W * x + U * states[-1]))
    drawing.text(380, 26, "forwards: the states", bold=True, fill="#006B4F")
    drawing.text(380, 278, "backwards: how much the last state changes with each state",
                 bold=True, fill="#A84300")  # fmt: skip
    factors = [U * (1 - state**2) for state in states[1:]]
    shares = [factors[1] * factors[2], factors[2], 1.0]
    for k in range(3):
        x = 110 + 224 * k
        drawing.box(x, 96, 92, 58, "tanh", fill=PALE_BLUE)
        drawing.text(x + 46, 78, f"h_{{{k + 1}}} = {states[k + 1]:.2f}", math=True, size=17)
        drawing.arrow(x - 60 if not k else x - 128, 112, x - 4, 112, stroke=GREEN, width=2.5)
        drawing.text(x + 46, 176, f"x_{{{k + 1}}} = {X[k]:.0f}", math=True, size=14, fill=SOFT)
        drawing.text(x + 46, 232, f"{shares[k]:.2f}", size=17, bold=True, fill="#A84300")
        if k:
            drawing.text(x - 66, 98, f"{TIMES} u = {U}", size=12.5, math=True, fill="#006B4F")
            drawing.arrow(x + 8, 232, x - 144, 232, stroke=RED, width=2.5)
            slope = 1 - states[k + 1] ** 2
            drawing.text(
                x - 66, 214, f"{TIMES} u {TIMES} slope = {U} {TIMES} {slope:.2f}", size=12.5
            )
    drawing.text(44, 98, "h_{0} = 0", math=True, size=15, fill=SOFT)
    drawing.arrow(656, 112, 716, 112, stroke=GREEN, width=2.5)
    drawing.text(700, 94, "loss", size=14)
    return drawing


DRAWINGS = {"chain": ("three-text", chain)}
