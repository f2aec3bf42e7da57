"""What the figures of `plots` share: `Picture`, colours and markers, a grid of small images."""

import base64
import html
import io
import re
import textwrap
import threading
import warnings
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, lru_cache

import matplotlib
import numpy as np
from matplotlib import font_manager
from matplotlib.collections import PathCollection
from matplotlib.figure import Figure
from matplotlib.image import AxesImage, BboxImage
from matplotlib.text import Text
from PIL import Image

from rnn_tutor._errors import TutorError
from rnn_tutor._text import shorten

WIDTH = 7.0  # inches
DPI = 85
LARGE = 40_000  # bytes
PIXELS = 115  # of a screen, an inch, where there is room; images are drawn with as many
MANY = 300  # points; more are drawn as one image
SMALL = 64  # pixels; larger images are resampled
SVG = {
    "svg.fonttype": "none",  # text stays text
    "svg.hashsalt": "rnn_tutor",  # the same names in each run
    "image.composite_image": False,
}
NO_METADATA = {"Date": None, "Creator": None, "Format": None, "Type": None}
GRID, SHADE = "#dddddd", "#eeeeee"
# What follows the theme of the page, also where a page has no such colours, as in VS Code; the ink
# on coloured ground stays what it is.
THEME = {
    "#000000": "currentColor",
    "#ffffff": "var(--jp-layout-color0, transparent)",
    GRID: "var(--jp-border-color2, rgba(128, 128, 128, .3))",
    SHADE: "var(--jp-layout-color2, rgba(128, 128, 128, .2))",
}
DARK_INK, LIGHT_INK = "#010101", "#fefefe"
_ONE_AT_A_TIME = threading.Lock()  # the settings of matplotlib belong to all threads
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#000000", "#F0E442")
# For more than eight clusters: each lies as far as can be from those before it, also for those who
# see no red or no green (distances in CIELAB; Machado, Oliveira, Fernandes 2009 for their eyes).
MORE_COLOURS = (
    *("#0000FF", "#001188", "#773322", "#AA55FF", "#00EE88", "#660055", "#EECCCC", "#555555"),
    *("#999955", "#2255BB", "#0000BB", "#AA88FF", "#33DDEE", "#BB0000", "#AA0088", "#99DD55"),
)
MARKERS = ("o", "s", "^", "X", "D", "v", "P", "*")
LINES = ("-", "--", "-.", ":")
CHINESE_FONTS = ("Noto Sans CJK SC", "Microsoft YaHei", "PingFang SC", "Hiragino Sans GB", "SimHei")


@dataclass(frozen=True, repr=False)
class Picture:
    """A figure and the sentence that stands for it where it cannot be seen.

    Attributes:
        figure: A matplotlib Figure.
        alt: The sentence, str.

    Example:
        >>> picture = rt.plots.loss_curve([3, 2, 1])
        >>> picture
        Picture: Line chart: loss by epoch
        >>> picture.png()[:4]
        b'\\x89PNG'
    """

    figure: Figure
    alt: str

    def __repr__(self):
        return f"Picture: {self.alt}"

    def _repr_html_(self):
        return self.html()

    def html(self):
        """Return an `<svg>` element with the alt text, as wide as its column.

        Black is the page's text colour, and white its ground: a dark page has a dark figure.
        """
        width, height = self.figure.get_size_inches()
        size = f"width:{min(100, 100 * width / WIDTH):.4g}%;max-width:{width * PIXELS:.0f}px"
        about = (
            f'role="img" aria-label="{html.escape(self.alt)}" '
            f'viewBox="0 0 {72 * width:g} {72 * height:g}" '
            f'style="{size};height:auto;fill:currentColor;stroke-linejoin:round"'
        )
        return f"<svg {about}>{self._elements}</svg>"

    @cached_property
    def _elements(self):
        """What stands inside the `<svg>`."""
        buffer = io.StringIO()
        images = self.figure.findobj(AxesImage) + self.figure.findobj(BboxImage)
        with _ONE_AT_A_TIME, matplotlib.rc_context(SVG), any_names(self.figure), _as_svg(images):
            for axes in self.figure.axes:
                points = [each for each in axes.collections if isinstance(each, PathCollection)]
                many = sum(len(each.get_offsets()) for each in points) > MANY
                for each in points:
                    each.set_rasterized(many)
            self.figure.patch.set_visible(False)
            self.figure.savefig(buffer, format="svg", dpi=PIXELS, metadata=NO_METADATA)
            self.figure.patch.set_visible(True)
        inside = buffer.getvalue().partition("<svg")[2].partition(">")[2].rpartition("</svg>")[0]
        inside = re.sub(r"<metadata>.*?</metadata>|<style .*?</style>", "", inside, flags=re.S)
        inside = re.sub(r"data:image/png;base64,([^\"]+)", _smaller, inside)
        for colour, of_page in THEME.items():
            inside = re.sub(rf": {colour}(?=[;\"])", f": {of_page}", inside)
        inside = re.sub(r' (?:x|y|d|points|transform)="[^"]+"', _rounded, inside)
        return re.sub(r">\s+<", "><", inside).strip()

    def png(self):
        """Return the figure as PNG, in bytes."""
        return _few_colours(self._drawn) if len(self._drawn) > LARGE else self._drawn

    @cached_property
    def _drawn(self):
        buffer = io.BytesIO()
        with any_names(self.figure):
            self.figure.savefig(buffer, dpi=DPI, pil_kwargs={"optimize": True})
        return buffer.getvalue()


@contextmanager
def _as_svg(images):
    """Keep the pixels of small images as they are; a browser enlarges them."""
    before = [image.get_interpolation() for image in images]
    for image in images:
        if max(image.get_array().shape[:2]) <= SMALL:
            image.set_interpolation("none")
    try:
        yield
    finally:
        for image, interpolation in zip(images, before, strict=True):
            image.set_interpolation(interpolation)


def _rounded(found):
    """Return an attribute with at most two decimals; a point has a hundred of them."""
    return re.sub(r"(\.\d\d)\d+", r"\1", found[0])


def _smaller(found):
    """Return an image of an SVG in few bytes: in 64 colours where it has holes; as PNG or JPEG."""
    image = Image.open(io.BytesIO(base64.b64decode(found[1]))).convert("RGBA")
    if image.getextrema()[3][0] < 255:
        kind, content = "png", _encoded(image.quantize(64, Image.Quantize.FASTOCTREE), "PNG")
    else:
        image = image.convert("RGB")
        red, green, blue = image.split()
        image = red if red.tobytes() == green.tobytes() == blue.tobytes() else image
        png, jpeg = _encoded(image, "PNG"), _encoded(image, "JPEG", quality=85)
        kind, content = ("jpeg", jpeg) if 3 * len(jpeg) < 2 * len(png) else ("png", png)
    return f"data:image/{kind};base64,{base64.b64encode(content).decode()}"


def _encoded(image, kind, **settings):
    buffer = io.BytesIO()
    image.save(buffer, kind, optimize=True, **settings)
    return buffer.getvalue()


@contextmanager
def any_names(figure):
    """Draw the texts of a figure as they are: a folder may be called "$5" or be in Chinese."""
    for text in figure.findobj(Text):
        text.set(fontfamily=_fonts(), parse_math=False)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing")
        yield


def style(index):
    """Return the colour and marker of a class, cluster or curve: no two alike below 64.

    The first 24 have colours of their own.

    Args:
        index: Its number, int from 0.

    Returns:
        (colour, marker), as matplotlib takes them.

    Example:
        >>> rt.plots.style(0)
        ('#0072B2', 'o')
    """
    colours = COLOURS + MORE_COLOURS
    k = len(colours)
    return colours[index % k], MARKERS[(index + index // k) % len(MARKERS)]


class ImageGrid:
    """A figure that holds images in rows and columns; all lengths in inches.

    Args:
        shape: (height, width) of the images, of which the proportions count.
        rows: int.
        columns: int.
        left: Room for the names of the rows. Default 0.
        middle: Room between the left and the right half. Default 0.
        caption: Whether there is room above each image. Default False.
        heading: Whether there is room above the columns. Default False.
        title: Title of the figure, str. Default: none.
    """

    def __init__(
        self, shape, rows, columns, left=0.0, middle=0.0, caption=False, heading=False, title=None
    ):
        self.left, self.middle, self.columns, self.title = left, middle, columns, title
        self.caption = 0.2 if caption else 0.0
        self.top = (0.3 if title else 0.0) + (0.25 if heading else 0.0)
        height, width = shape
        widest = max(1.3, 0.5 * width / height)  # inches; strips are half an inch high
        self.pitch = min(widest, (WIDTH - left - middle) / columns)
        self.box = 0.94 * self.pitch, 0.94 * min(1.3, 2 * self.pitch, self.pitch * height / width)
        self.step = self.box[1] + 0.06 * min(1.3, self.pitch) + self.caption
        size = max(left + middle + columns * self.pitch, 2.5), self.top + rows * self.step
        self.figure = Figure(size)
        self.axes = self.figure.add_axes((0, 0, 1, 1), xlim=(0, size[0]), ylim=(size[1], 0))
        self.axes.set_axis_off()
        if title:
            self.axes.text(size[0] / 2, 0.15, title, ha="center", va="center")

    def put(self, picture, row, column, caption=None):
        """Fit one image `(h, w, 3)` into its place, centred."""
        x, y = self._corner(row, column)
        (width, height), (h, w) = self.box, picture.shape[:2]
        scale = min(width / w, height / h)
        left, top = x + (width - scale * w) / 2, y + (height - scale * h) / 2
        extent = (left, left + scale * w, top + scale * h, top)
        self.axes.imshow(picture, extent=extent, aspect="auto", origin="upper")
        if caption is not None:
            text = shorten(caption, int(self.pitch * 13))
            self.axes.text(x + width / 2, y - 0.03, text, ha="center", va="bottom", fontsize=8)

    def name_row(self, row, name):
        """Write a name to the left of a row."""
        y = self._corner(row, 0)[1] + self.box[1] / 2
        text = shorten(name, int(self.left * 12))
        self.axes.text(self.left - 0.1, y, text, ha="right", va="center", fontsize=9)

    def head(self, column, text):
        """Write a text above a column."""
        x = self._corner(0, column)[0]
        self.axes.text(x, self.top - 0.06, text, va="bottom", fontsize=9)

    def _corner(self, row, column):
        """Return the upper left corner of a place, (x, y)."""
        gap = self.middle if 2 * column >= self.columns else 0
        x = self.left + gap + (column + 0.03) * self.pitch
        return x, self.top + row * self.step + self.caption

    def picture(self, what):
        """Return the Picture; `what` says what it shows."""
        return Picture(self.figure, f"{self.title}. {what}" if self.title else what)


def rgb(images):
    """Return what is drawn: `(n, h, w, 3)` uint8; of strips a list of n `(h, w, 3)`.

    Args:
        images: An ImageSet, `(n, h, w)`, `(n, h, w, 1)` or `(n, h, w, 3)`, uint8, bool or float
            from 0 to 1.

    Raises:
        TutorError: They have another shape.
    """
    if getattr(images, "is_ragged", False):
        return [rgb(strip[None])[0] for strip in images.list_of_pixels]
    pixels = np.asarray(getattr(images, "pixels", images))
    pixels = pixels[..., None] if pixels.ndim == 3 else pixels
    if pixels.ndim != 4 or len(pixels) == 0 or pixels.shape[3] not in (1, 3):
        raise TutorError(
            f"Expected pictures to draw, (n, height, width, 1 or 3); got the shape {pixels.shape}."
        )
    if pixels.dtype.kind in "bf":
        pixels = (np.clip(np.nan_to_num(pixels), 0, 1) * 255.0).round()
    return np.broadcast_to(pixels.astype(np.uint8), (*pixels.shape[:3], 3))


def rgb_of_one(image):
    """Return what is drawn of one image: `(h, w, 3)` uint8.

    Args:
        image: `(h, w)`, `(h, w, 1)`, `(h, w, 3)` or a set of one, as `rgb` takes them.

    Raises:
        TutorError: More than one image was given, or it has another shape.
    """
    pixels = np.asarray(getattr(image, "pixels", image))
    pixels = rgb(pixels if pixels.ndim == 4 else pixels[None])
    if len(pixels) != 1:
        raise TutorError(f"Expected one picture, received {len(pixels)}: choose one of them.")
    return pixels[0]


def box_of(pictures):
    """Return (height, width) of the box that holds each picture.

    Args:
        pictures: What `rgb` returns.
    """
    return tuple(max(picture.shape[side] for picture in pictures) for side in (0, 1))


def fitting(columns, shape, room=WIDTH):
    """Return how many columns of strips fit, each a third of an inch high; of others `columns`.

    Args:
        columns: As many at most, int.
        shape: (height, width) of the widest. Strips are more than three times as wide as high.
        room: In inches. Default: the width of a figure.
    """
    height, width = shape
    return columns if width <= 3 * height else max(1, min(columns, int(3 * room * height / width)))


def finish(figure, alt, title=None):
    """Return the Picture of a figure, with its title above it and before its alt text."""
    if title:
        figure.suptitle(title, fontsize=11)
        alt = f"{title}. {alt}"
    return Picture(figure, alt)


def nothing(sentence, title=None):
    """Draw a sentence that says why there is nothing to draw."""
    figure = Figure((WIDTH, 0.5 if title is None else 0.8), layout="constrained")
    axes = figure.add_subplot()
    axes.set_axis_off()
    axes.text(0, 0.5, textwrap.fill(sentence, 100), va="center", fontsize=9)
    return finish(figure, sentence, title)


def plain(axes):
    """Keep only the two spines that carry an axis."""
    axes.spines[["top", "right"]].set_visible(False)


def name_of(names, index, kind="cluster"):
    """Return the name of a cluster (or class), which is its number where none was given."""
    if index < 0:
        return f"no {kind}"
    given = names is not None and index < len(names)
    return str(names[index]) if given else f"{kind} {index}"


def _few_colours(png):
    """Return a PNG in 256 colours."""
    small = io.BytesIO()
    Image.open(io.BytesIO(png)).convert("RGB").quantize(256).save(small, "PNG", optimize=True)
    return small.getvalue()


@lru_cache
def _fonts():
    """Return matplotlib's own font, then those of this machine that can write Chinese."""
    here = set(font_manager.get_font_names())
    return ["DejaVu Sans", *(name for name in CHINESE_FONTS if name in here)]
