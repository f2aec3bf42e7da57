"""The figures of `plots` for arrays that are not images: feature maps, kernels, small examples."""

import numpy as np
from matplotlib import colormaps
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from rnn_tutor._errors import TutorError
from rnn_tutor._text import format_count, format_list, shorten
from rnn_tutor.plots.figure import (
    COLOURS,
    DARK_INK,
    LIGHT_INK,
    LINES,
    WIDTH,
    ImageGrid,
    finish,
    rgb_of_one,
)

SIGNED = colormaps["cividis"]  # its lightness rises all the way, so it can be read in grey
SMALL = 100  # numbers of an array that are still written out
CELL = 0.4  # inches


def maps(rows, titles=None, most=None, title=None):
    """Draw rows of small arrays, such as kernels or feature maps, each row with its name.

    A row in which no number is negative is drawn from black, 0, to white; any other from blue,
    negative, over grey, 0, to yellow. NaN is left white.

    Args:
        rows: {name: `(k, h, w)`, or a list of `(h, w)` of any sizes}; `(k, h, w, 1)` and
            `(k, h, w, 3)` are drawn as images.
        titles: One str for each column. Default: none.
        most: The number that is drawn brightest. Default: each array's own largest magnitude.
        title: Title of the figure, str. Default: none.

    Returns:
        A Picture.

    Example:
        >>> rt.plots.maps({"kernels": np.eye(3)[None]})
        Picture: Rows of up to 1 map: kernels
    """
    drawn = {str(name): _coloured(arrays, most) for name, arrays in rows.items()}
    shape = np.max([array.shape[:2] for row in drawn.values() for array in row], axis=0)
    columns = max(map(len, drawn.values()))
    left = min(2.0, max(0.9, 0.09 * max(map(len, drawn))))
    grid = ImageGrid(shape, len(drawn), columns, left, heading=titles is not None, title=title)
    for column, words in enumerate([] if titles is None else titles):
        grid.head(column, shorten(words, int(grid.pitch * 13)))
    for row, (name, arrays) in enumerate(drawn.items()):
        grid.name_row(row, name)
        for column, array in enumerate(arrays):
            grid.put(array, row, column)
    heads = "" if titles is None else f"; above them {format_list(titles)}"
    return grid.picture(f"Rows of up to {format_count(columns, 'map')}: {', '.join(drawn)}{heads}")


def occlusion(pictures, falls, titles=None, step=2, title=None):
    """Draw pictures above their occlusion maps, each number at the middle of its square.

    The brightest yellow stands for a probability that falls by 1, the darkest blue for one that
    rises by 1. Colours grow with the square root, so that small changes can be seen. White is a
    margin that no square's middle reaches.

    Args:
        pictures: `(k, h, w, 1)` or `(k, h, w, 3)`.
        falls: {name of a row: k arrays `(rows, columns)`}, for each picture how far the probability
            falls when the square lies there.
        titles: One str for each picture. Default: none.
        step: By how many pixels the square moves, int. Default 2.
        title: Title of the figure, str. Default: none.

    Returns:
        A Picture.

    Example:
        >>> rt.plots.occlusion(np.zeros((1, 8, 8, 1)), {"grey square": [np.eye(3)]})
        Picture: Rows of up to 1 map: picture, grey square
    """
    size = np.asarray(pictures).shape[1:3]
    rows = {
        name: [_at_the_middle(np.sign(fall) * np.sqrt(np.abs(fall)), size, step) for fall in row]
        for name, row in falls.items()
    }
    return maps({"picture": pictures, **rows}, titles, most=1, title=title)


def _at_the_middle(fall, size, step):
    """Return a map as large as the picture; NaN where no square has its middle."""
    large = np.kron(fall, np.ones((step, step)))
    spare = np.subtract(size, large.shape)
    margins = [(gap // 2, gap - gap // 2) for gap in spare]
    return np.pad(large, margins, constant_values=np.nan)


def numbers(arrays, marked=None, title=None):
    """Draw small arrays side by side, their numbers written out.

    Args:
        arrays: {name: `(h, w)`}, of at most 100 numbers each.
        marked: {name: (top, left, height, width)}, a frame around some numbers. Default: none.
        title: Title of the figure, str. Default: none.

    Returns:
        A Picture.

    Raises:
        TutorError: An array has another shape or too many numbers.

    Example:
        >>> rt.plots.numbers({"kernel": np.eye(3)})
        Picture: Arrays with their numbers: kernel, 3 x 3
    """
    arrays = {str(name): np.asarray(array) for name, array in arrays.items()}
    if any(array.ndim != 2 or array.size > SMALL for array in arrays.values()):
        shapes = format_list([array.shape for array in arrays.values()])
        raise TutorError(f"Expected arrays (h, w) of at most {SMALL} numbers; got {shapes}.")
    widths = [array.shape[1] for array in arrays.values()]
    tallest = max(array.shape[0] for array in arrays.values())
    gap = 1.0
    size = CELL * (sum(widths) + gap * len(widths)), CELL * (tallest + 0.9)
    figure = Figure(size)
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, size[0] / CELL), ylim=(tallest + 0.1, -0.8))
    axes.set_axis_off()
    lefts = np.cumsum([gap / 2, *(width + gap for width in widths[:-1])])
    for left, (name, array) in zip(lefts, arrays.items(), strict=True):
        axes.text(left, -0.15, name, fontsize=9)
        _write_numbers(axes, array, left)
        if name in (marked or {}):
            _frame(axes, marked[name], left, COLOURS[3])
    shapes = (f"{name}, {array.shape[0]} x {array.shape[1]}" for name, array in arrays.items())
    return finish(figure, f"Arrays with their numbers: {'; '.join(shapes)}", title)


def arrows(image, across, down, title=None):
    """Draw a small grey image with its numbers, and an arrow on each pixel that has a direction.

    Args:
        image: `(h, w)`, uint8, of at most 100 pixels.
        across: `(h, w)`, how far each arrow points to the right; negative: to the left.
        down: `(h, w)`, how far it points down. The longest arrow is one pixel long.
        title: Title of the figure, str. Default: none.

    Returns:
        A Picture.

    Raises:
        TutorError: The arrays differ in shape or have too many numbers.

    Example:
        >>> rt.plots.arrows(np.eye(3, dtype=np.uint8), np.ones((3, 3)), np.zeros((3, 3)))
        Picture: An image of 3 x 3 pixels, 9 of them with an arrow
    """
    image, across, down = np.asarray(image), np.asarray(across, float), np.asarray(down, float)
    if image.ndim != 2 or image.size > SMALL or not image.shape == across.shape == down.shape:
        shapes = format_list([image.shape, across.shape, down.shape])
        raise TutorError(
            f"Expected three arrays of one shape (h, w), of at most {SMALL} numbers; got {shapes}."
        )
    height, width = image.shape
    figure = Figure((2 * CELL * width, 2 * CELL * height))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.imshow(rgb_of_one(image), extent=(0, width, height, 0), aspect="auto")
    axes.set_axis_off()
    for (i, j), value in np.ndenumerate(image):
        colour = LIGHT_INK if value < 128 else DARK_INK
        axes.text(j + 0.08, i + 0.1, value, color=colour, fontsize=8, va="top")
    lengths = np.hypot(across, down)
    i, j = np.nonzero(lengths)
    longest = max(lengths.max(initial=0), 1e-9)
    axes.quiver(
        *(j + 0.5, i + 0.5, across[i, j], down[i, j]),
        color=COLOURS[3],
        pivot="mid",
        angles="xy",
        scale_units="xy",
        scale=longest,
        width=0.012,
    )
    pixels = f"An image of {height} x {width} pixels, {len(i)} of them with an arrow"
    return finish(figure, pixels, title)


def boxes(picture, boxes, title=None):
    """Draw one image with frames on it, each with its name.

    Args:
        picture: `(h, w)`, `(h, w, 1)` or `(h, w, 3)`, uint8 or float from 0 to 1.
        boxes: {name: (top, left, height, width)} in pixels; they may reach beyond the image.
        title: Title of the figure, str. Default: none.

    Returns:
        A Picture.

    Example:
        >>> rt.plots.boxes(np.zeros((28, 28)), {"window": (3, 4, 5, 5)})
        Picture: A picture with frames on it: window
    """
    drawn = rgb_of_one(picture)
    height, width = drawn.shape[:2]
    figure = Figure((0.8 * WIDTH, 0.5 * WIDTH), layout="constrained")
    axes = figure.subplots()
    axes.imshow(drawn, extent=(0, width, height, 0), interpolation="nearest")
    for k, (name, box) in enumerate(boxes.items()):
        _frame(axes, box, 0, COLOURS[(3, 1, 5, 4)[k % 4]], LINES[k % len(LINES)], name)
    axes.autoscale_view()
    axes.set_axis_off()
    figure.legend(loc="outside right center", frameon=False, handlelength=3)
    return finish(figure, f"A picture with frames on it: {format_list(list(boxes))}", title)


def _coloured(arrays, most):
    """Return `(h, w, 3)` uint8 for each array of a row."""
    arrays = [np.asarray(array) for array in arrays]
    if arrays[0].ndim == 3:
        return [rgb_of_one(array) for array in arrays]
    signed = any(np.nanmin(array) < 0 for array in arrays)
    return [_colour(array, most or np.nanmax(np.abs(array)) or 1, signed) for array in arrays]


def _colour(array, most, signed):
    """Return `(h, w, 3)` uint8 for an array; `most` is drawn brightest."""
    share = np.clip(array / most, -1, 1)
    drawn = SIGNED(0.5 + share / 2, bytes=True)[..., :3] if signed else rgb_of_one(share * 1.0)
    return np.where(np.isnan(array)[..., None], np.uint8(255), drawn)


def _write_numbers(axes, array, left):
    """Draw an array's cells, coloured, with their numbers, from `left` on."""
    (colours,) = _coloured([array], None)
    height, width = array.shape
    axes.imshow(colours, extent=(left, left + width, height, 0), aspect="auto")
    _frame(axes, (0, 0, height, width), left, "#999999", width=1)
    for (row, column), number in np.ndenumerate(array):
        ink = LIGHT_INK if colours[row, column].mean() < 128 else DARK_INK
        place = {"ha": "center", "va": "center", "fontsize": 9}
        axes.text(left + column + 0.5, row + 0.5, f"{number:.3g}", color=ink, **place)


def _frame(axes, box, left, colour, line="-", name=None, width=2.5):
    """Draw a frame around (top, left, height, width), `left` further to the right."""
    top, start, height, across = box
    looks = {"edgecolor": colour, "linewidth": width, "linestyle": line, "label": name}
    axes.add_patch(Rectangle((left + start, top), across, height, fill=False, **looks))
