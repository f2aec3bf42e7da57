"""The drawings of notebook 11: pooling and reading, padding and mask, reading as it comes."""

import numpy as np
import svg
from svg import Drawing

FILLS = {"1": svg.PALE_BLUE, "7": svg.PALE_ORANGE, "0": svg.PALE_GREEN, "": svg.WHITE}
SIDE = 34


def parts(drawing, x, y, digits, side=SIDE):
    """Draw columns side by side: a square for each digit, and an empty one for a pause."""
    for k, digit in enumerate(digits):
        drawing.box(x + k * side, y, side, side, digit, FILLS[digit], svg.LINE, radius=0, size=16)


def order():
    """Draw two orders: pooled they are the same heap, read they end in different states."""
    drawing = Drawing(
        "Two strips hold the digits 1, 7 and 0 in different orders. Pooling puts the digits of "
        "each strip into one heap, and both heaps are the same. A recurrent network reads each "
        "strip from left to right and ends in two different states.",
        292,
    )
    for x, words in ((110, "two strips"), (372, "pooling: a heap"), (626, "reading: a state")):
        drawing.text(x, 26, words, bold=True, fill=svg.SOFT)
    for y, digits, fill in ((66, "1 7 0", svg.SKY), (186, "0 7 1", svg.PINK)):
        parts(drawing, 24, y + 10, [d.strip() for d in digits])
        drawing.arrow(204, y + 27, 296, y + 27)
        drawing.circle(372, y + 27, 43, fill=svg.WHITE, stroke=svg.LINE)
        for digit, dx, dy in (("0", -20, 14), ("1", 2, -18), ("7", 20, 12)):
            drawing.circle(372 + dx, y + 27 + dy, 14, digit, FILLS[digit], svg.LINE, size=14)
        for k, digit in enumerate(digits.split()):
            left = 476 + 76 * k
            drawing.box(left, y + 10, SIDE, SIDE, digit, FILLS[digit], svg.LINE, radius=0, size=16)
            drawing.arrow(left + SIDE + 2, y + 27, left + 74, y + 27)
        drawing.box(706, y + 5, 34, 44, "h", fill, math=True, size=18)
    drawing.text(372, 147, "the same", bold=True, fill=svg.RED)
    drawing.text(722, 147, "different", bold=True, fill=svg.GREEN, anchor="end")
    return drawing


def mask():
    """Draw a batch of three strips, padded on the right, and the mask below each of them."""
    drawing = Drawing(
        "A batch of three strips of different widths. Each is padded on the right until all are "
        "as wide as the widest. Below each strip stands its mask: 1 where the strip is read, 0 "
        "where the padding is skipped.",
        262,
    )
    side, left, steps = 40, 176, 12
    drawing.text(left + steps * side / 2, 24, "a batch is as wide as its widest strip", bold=True)
    strips = ("1  7  0", "7 0 1", "0   1    7  ")
    for k, digits in enumerate(strips):
        top = 46 + 72 * k
        drawing.text(160, top + 16, ("first", "second", "third")[k] + " strip", anchor="end")
        drawing.text(160, top + 45, "mask", anchor="end", fill=svg.SOFT)
        for step in range(steps):
            x, on = left + step * side, step < len(digits)
            digit = digits[step].strip() if on else ""
            fill = FILLS[digit] if on else svg.PALE_GREY
            drawing.add(
                "rect", x=x, y=top, width=side, height=32, fill=fill, stroke=svg.LINE,
                stroke_dasharray=None if on else "3 3",
            )  # fmt: skip
            drawing.text(x + side / 2, top + 16, digit or ("" if on else "-1"),
                         size=16 if on else 12, fill=svg.INK if on else svg.SOFT)  # fmt: skip
            drawing.text(x + side / 2, top + 45, "1" if on else "0", size=14,
                         bold=on, fill=svg.GREEN if on else svg.RED)  # fmt: skip
    return drawing


def arriving():
    """Draw a strip that arrives in four stages, and what the reader says at each of them."""
    drawing = Drawing(
        "The strip 1, 7, 0 arrives in four stages. At first six orders are equally likely. After "
        "the 1 two are left, 170 and 107. After the 7 the answer is 170, before the 0 has come. "
        "The last digit changes nothing.",
        266,
    )
    orders = ("170", "107", "710", "701", "017", "071")
    stages = (
        ("nothing yet", 0, np.full(6, 1 / 6)),
        ("after the 1", 2, np.array([0.46, 0.42, 0.03, 0.03, 0.03, 0.03])),
        ("after the 7", 4, np.array([0.9, 0.02, 0.02, 0.02, 0.02, 0.02])),
        ("at the end", 5, np.array([0.96, 0.01, 0.01, 0.01, 0.01, 0.01])),
    )
    for k, (words, here, says) in enumerate(stages):
        left = 22 + 186 * k
        drawing.text(left + 80, 24, words, bold=True, fill=svg.SOFT)
        for step, digit in enumerate(("1", "", "7", "", "0")):
            fill = FILLS[digit] if step < here else svg.PALE_GREY
            drawing.box(left + 32 * step, 44, 32, 32, digit if step < here else "", fill, svg.LINE,
                        radius=0, size=15)  # fmt: skip
        drawing.arrow(left + 32 * here, 96, left + 32 * here, 78, stroke=svg.RED, width=2.5)
        for row, (name, p) in enumerate(zip(orders, says, strict=True)):
            y = 118 + 24 * row
            drawing.text(left + 28, y, name, size=14, anchor="end")
            fill = svg.BLUE if row == 0 else svg.SKY
            drawing.add("rect", x=left + 36, y=y - 8, width=float(2 + 122 * p), height=16,
                        fill=fill)  # fmt: skip
    return drawing


DRAWINGS = {
    "order": ("pooling-text", order),
    "mask": ("mask-text", mask),
    "arriving": ("comes-text", arriving),
}
