"""Draw boxes, arrows, labels and pixels as SVG, and put them into the text of a notebook.

A drawing stands in a markdown cell of its own, as an `<img>` with alt text and a `data:` address.
JupyterLab, nbconvert and VS Code show that. JupyterLab refuses an SVG in a cell's attachments, and
removes `<svg>` from the text. A drawing brings its own light card, because an `<img>` cannot know
which theme JupyterLab shows: so the colours are the same on white and on black.
"""

import base64
import html
import re
from dataclasses import dataclass, field

import numpy as np

# Okabe and Ito's colours, which people with any colour vision can tell apart.
BLUE, ORANGE, GREEN, RED = "#0072B2", "#E69F00", "#009E73", "#D55E00"
PINK, SKY, YELLOW = "#CC79A7", "#56B4E9", "#F0E442"
INK, SOFT, LINE, CARD, WHITE = "#1F2328", "#57606A", "#8C959F", "#F6F7F4", "#FFFFFF"
# Light tints of the same colours, for the inside of boxes with dark text.
PALE_BLUE, PALE_ORANGE, PALE_GREEN = "#D6E8F3", "#FBECCB", "#CFEBE2"
PALE_RED, PALE_PINK, PALE_GREY = "#F8DDCB", "#F4E2EC", "#E7E9E6"
WIDTH = 760
TIMES = "\N{MULTIPLICATION SIGN}"
FONT = "system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', Arial, sans-serif"
MATH = "'STIX Two Text', Georgia, 'DejaVu Serif', 'Times New Roman', serif"


@dataclass
class Drawing:
    """A drawing that grows with each call; coordinates in pixels, from the top left corner.

    Attributes:
        alt: What the drawing shows, in one or two sentences.
        height: In pixels.
        width: In pixels; 760 fills the text column of a small window.
    """

    alt: str
    height: float
    width: float = WIDTH
    parts: list = field(default_factory=list)

    def add(self, name, text="", **attributes):
        """Add any SVG element; `stroke_width=2` becomes `stroke-width="2"`."""
        written = " ".join(
            f'{key.rstrip("_").replace("_", "-")}="{_short(value)}"'
            for key, value in attributes.items()
            if value is not None
        )
        self.parts.append(f"<{name} {written}>{text}</{name}>" if text else f"<{name} {written}/>")

    def text(self, x, y, words, size=15, fill=INK, anchor="middle", bold=False, math=False):
        """Write words centred at (x, y); a newline starts a line, `h_{t}` and `h^{2}` go lower, up.

        Args:
            anchor: "middle", "start" or "end": which part of the words stands at x.
            math: Write in slanted letters, as formulas are.
        """
        lines = words.split("\n")
        for k, line in enumerate(lines):
            middle = y + (k - (len(lines) - 1) / 2) * size * 1.3 + size * 0.35
            self.add(
                "text",
                _with_indices(line, size),
                x=x,
                y=middle,
                font_size=size,
                fill=fill,
                text_anchor=anchor,
                font_weight="600" if bold else None,
                font_family=MATH if math else None,
                font_style="italic" if math else None,
            )

    def box(self, x, y, width, height, words="", fill=WHITE, stroke=INK, radius=8, **text):
        """Draw a box with (x, y) as its top left corner, and words in the middle of it."""
        self.add(
            "rect",
            x=x,
            y=y,
            width=width,
            height=height,
            rx=radius,
            fill=fill,
            stroke=stroke,
            stroke_width=1.5,
        )
        if words:
            self.text(x + width / 2, y + height / 2, words, **text)

    def circle(self, x, y, radius, words="", fill=WHITE, stroke=INK, **text):
        """Draw a circle with words in its middle."""
        self.add("circle", cx=x, cy=y, r=radius, fill=fill, stroke=stroke, stroke_width=1.5)
        if words:
            self.text(x, y, words, **text)

    def line(self, points, stroke=INK, width=2, dashed=False, arrow=False):
        """Draw a line through points [(x, y), ...]; `arrow` puts a head at the last one."""
        points = [np.array(point, float) for point in points]
        if arrow:
            tip, before = points[-1], points[-2]
            along = (tip - before) / np.linalg.norm(tip - before)
            across = np.array([-along[1], along[0]])
            length, half = 6 + 2 * width, 2.5 + 1.1 * width
            base = tip - length * along
            corners = (tip, base + half * across, base - half * across)
            points[-1] = tip - 0.7 * length * along
        self.add(
            "polyline",
            points=_places(points),
            fill="none",
            stroke=stroke,
            stroke_width=width,
            stroke_linejoin="round",
            stroke_dasharray="5 5" if dashed else None,
        )
        if arrow:
            self.add("polygon", points=_places(corners), fill=stroke)

    def arrow(self, x1, y1, x2, y2, stroke=INK, width=2, dashed=False):
        """Draw a straight arrow from (x1, y1) to (x2, y2)."""
        self.line([(x1, y1), (x2, y2)], stroke, width, dashed, arrow=True)

    def curve(self, path, stroke=INK, width=2, dashed=False):
        """Draw an SVG path, such as "M0 0C10 0 20 10 20 20"."""
        self.add(
            "path",
            d=path,
            fill="none",
            stroke=stroke,
            stroke_width=width,
            stroke_dasharray="5 5" if dashed else None,
        )

    def pixels(self, x, y, image, size, levels=8, border=LINE):
        """Draw a grey image, (h, w) from 0 to 1, with pixels of `size`, in a few levels of grey."""
        steps = np.rint(np.asarray(image, float) * (levels - 1)).astype(int)
        height, width = steps.shape
        self.add("rect", x=x, y=y, width=width * size, height=height * size, fill="#000000")
        for level in range(1, levels):
            runs = "".join(_runs(steps == level, x, y, size))
            if runs:
                grey = round(255 * level / (levels - 1))
                self.add("path", d=runs, fill=f"#{grey:02x}{grey:02x}{grey:02x}")
        self.add(
            "rect", x=x, y=y, width=width * size, height=height * size, fill="none", stroke=border
        )

    def grid(self, x, y, values, size, fills=None, font=14, fill=INK):
        """Draw a table of squares with a value in each.

        Args:
            values: Rows of texts or numbers; None leaves a square empty.
            fills: A colour for each square, in the same rows; white where it is left out.
        """
        for i, row in enumerate(values):
            for j, value in enumerate(row):
                self.add(
                    "rect",
                    x=x + j * size,
                    y=y + i * size,
                    width=size,
                    height=size,
                    fill=fills[i][j] if fills is not None else WHITE,
                    stroke=LINE,
                )
                if value is not None:
                    middle = (x + (j + 0.5) * size, y + (i + 0.5) * size)
                    self.text(*middle, str(value), size=font, fill=fill)

    def svg(self):
        """Return the drawing as the text of an SVG file, on a light card."""
        size = f'viewBox="0 0 {_short(self.width)} {_short(self.height)}"'
        card = (
            f'<rect x="0.5" y="0.5" width="{_short(self.width - 1)}" '
            f'height="{_short(self.height - 1)}" rx="10" fill="{CARD}" stroke="{LINE}"/>'
        )
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} width="{_short(self.width)}" '
            f'height="{_short(self.height)}" font-family="{FONT}">{card}{"".join(self.parts)}</svg>'
        )

    def markdown(self):
        """Return the line that stands in a markdown cell."""
        content = base64.b64encode(self.svg().encode()).decode()
        alt = html.escape(self.alt)
        return (
            f'<img alt="{alt}" width="{_short(self.width)}" '
            f'src="data:image/svg+xml;base64,{content}">'
        )


def put(notebook, name, after, drawing):
    """Put a drawing into a notebook, in the markdown cell `drawing-NAME`; again and again the same.

    Args:
        notebook: A notebook of nbformat.
        name: Name of the drawing, such as "lstm".
        after: Id of the cell that a new cell follows; a cell that is there stays where it is.
        drawing: The `Drawing`.
    """
    ids = [cell.id for cell in notebook.cells]
    wanted = f"drawing-{name}"
    if wanted not in ids:
        from nbformat.v4 import new_markdown_cell

        notebook.cells.insert(ids.index(after) + 1, new_markdown_cell(id=wanted))
    next(cell for cell in notebook.cells if cell.id == wanted).source = drawing.markdown()


def _short(value):
    """Write a number without needless digits."""
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)


def _places(points):
    return " ".join(f"{_short(float(x))},{_short(float(y))}" for x, y in points)


def _with_indices(line, size):
    """Turn `h_{t}` and `x^{2}` into smaller, shifted letters."""
    written, shift = "", 0
    for text, kind, index in re.findall(r"([^_^]+)|([_^])\{([^}]*)\}", line):
        if text:
            back = f' dy="{_short(-shift * 1.0)}"' if shift else ""
            written += f"<tspan{back}>{html.escape(text)}</tspan>"
            shift = 0
        else:
            move = (0.25 if kind == "_" else -0.4) * size
            written += (
                f'<tspan dy="{_short(move - shift)}" font-size="{_short(size * 0.72)}">'
                f"{html.escape(index)}</tspan>"
            )
            shift = move
    return written


def _runs(mask, x, y, size):
    """Yield the path of each run of True in the rows of a mask."""
    for i, row in enumerate(mask):
        edges = np.flatnonzero(np.diff(np.concatenate([[0], row.astype(int), [0]])))
        for start, end in edges.reshape(-1, 2):
            left, top = _short(float(x + start * size)), _short(float(y + i * size))
            width, height = _short(float((end - start) * size)), _short(float(size))
            yield f"M{left} {top}h{width}v{height}h-{width}z"
