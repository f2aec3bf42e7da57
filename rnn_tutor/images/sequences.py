"""From a batch of pictures to a batch of sequences, and back.

A recurrent network reads steps. A picture has none until somebody decides in which order it is
read: row by row, column by column, patch by patch, or pixel by pixel along a path. Each function
here is one such decision, and has an inverse. Arrays are `(n, height, width, channels)` of any
dtype, which is kept; an `ImageSet` is taken too. No value is changed, only moved.
"""

import numpy as np

from rnn_tutor._errors import TutorError

ORDERS = ("rows", "columns", "snake", "spiral", "hilbert")


def to_rows(images):
    """Read from top to bottom, a row a step.

    images: (n, h, w, c), any dtype. Returns (n, h, w * c). Raises TutorError for other shapes.
    """
    pixels = _batch(images)
    n, h, w, c = pixels.shape
    return pixels.reshape(n, h, w * c)


def from_rows(sequence, shape):
    """The inverse of `to_rows`: (n, h, w * c) and `shape=(h, w, c)` give (n, h, w, c)."""
    h, w, c = shape
    return _steps(sequence, h, w * c).reshape(-1, h, w, c)


def to_columns(images):
    """Read from left to right, a column a step: (n, h, w, c) gives (n, w, h * c)."""
    return to_rows(_batch(images).swapaxes(1, 2))


def from_columns(sequence, shape):
    """The inverse of `to_columns`: (n, w, h * c) and `shape=(h, w, c)` give (n, h, w, c)."""
    h, w, c = shape
    return from_rows(sequence, (w, h, c)).swapaxes(1, 2)


def to_patches(images, size, pad=False):
    """Read patch by patch, as one reads a page: from left to right, then from top to bottom.

    images: (n, h, w, c), any dtype. size: the patch's side in pixels, or (height, width). pad:
    where the size does not divide the picture's, zeros are added on the right and below; without
    it, that is an error. Returns (n, patches, patch height * patch width * c).
    Raises TutorError when the size does not divide, and names sizes that do.
    """
    pixels = _batch(images)
    n, h, w, c = pixels.shape
    ph, pw = _patch_size(size, h, w, pad)
    pixels = np.pad(pixels, ((0, 0), (0, -h % ph), (0, -w % pw), (0, 0)))
    down, across = pixels.shape[1] // ph, pixels.shape[2] // pw
    blocks = pixels.reshape(n, down, ph, across, pw, c).swapaxes(2, 3)
    return blocks.reshape(n, down * across, ph * pw * c)


def from_patches(sequence, shape, size):
    """The inverse of `to_patches`, for pictures of `shape=(h, w, c)`: gives (n, h, w, c).

    What was added for patches that did not fit is cut off again.
    """
    h, w, c = shape
    ph, pw = _patch_size(size, h, w, pad=True)
    down, across = -(-h // ph), -(-w // pw)
    steps = _steps(sequence, down * across, ph * pw * c)
    blocks = steps.reshape(-1, down, across, ph, pw, c).swapaxes(2, 3)
    return blocks.reshape(-1, down * ph, across * pw, c)[:, :h, :w]


def to_pixels(images, order="rows"):
    """Read pixel by pixel along a path (see `scan`): (n, h, w, c) gives (n, h * w, c)."""
    pixels = _batch(images)
    n, h, w, c = pixels.shape
    return pixels.reshape(n, h * w, c)[:, scan(h, w, order)]


def from_pixels(sequence, shape, order="rows"):
    """The inverse of `to_pixels`: (n, h * w, c) and `shape=(h, w, c)` give (n, h, w, c)."""
    h, w, c = shape
    steps = _steps(sequence, h * w, c)
    return steps[:, np.argsort(scan(h, w, order))].reshape(-1, h, w, c)


def scan(height, width, order):
    """The path along which the pixels of a picture are read, each once.

    order: "rows", as one reads; "columns"; "snake", rows in turn from the left and from the right;
    "spiral", from the upper left corner inwards; "hilbert". Returns (height * width,) int64: at
    each step, the place of a pixel, row * width + column. Raises TutorError for another order.
    """
    if order not in ORDERS:
        raise TutorError(f"There is no order {order!r}. There are: {', '.join(ORDERS)}.")
    if order == "spiral":
        return spiral(height, width)
    if order == "hilbert":
        return hilbert(height, width)
    row, column = np.indices((height, width))
    if order == "columns":
        row, column = row.T, column.T
    elif order == "snake":
        column = np.where(row % 2 == 0, column, width - 1 - column)
    return (row * width + column).ravel()


def spiral(height, width):
    """From the upper left corner clockwise inwards; see `scan`."""
    places = np.arange(height * width).reshape(height, width)
    path = []
    while places.size:
        path.extend(places[0])
        places = np.rot90(places[1:])  # what was the right side is now on top
    return np.array(path)


def hilbert(height, width):
    """Hilbert's curve (1891), whose every quarter is a smaller copy of the whole; see `scan`.

    It fills squares whose side is a power of two. Of the smallest such square that holds the
    picture, the pixels outside it are left out, and there the path jumps.
    """
    side, x, y = 1, np.array([0]), np.array([0])
    while side < max(height, width):
        x, y = (
            np.concatenate([y, x, x + side, 2 * side - 1 - y]),
            np.concatenate([x, y + side, y + side, side - 1 - x]),
        )
        side *= 2
    inside = (y < height) & (x < width)
    return (y * width + x)[inside]


def _batch(images):
    pixels = np.asarray(getattr(images, "pixels", images))
    if pixels.ndim != 4:
        raise TutorError(
            f"Expected a batch of pictures, (n, height, width, channels); this has the shape "
            f"{pixels.shape}. One picture becomes a batch of one with `picture[None]`; grey "
            f"pictures without a channel axis get one with `pixels[..., None]`."
        )
    return pixels


def _steps(sequence, steps, features):
    sequence = np.asarray(sequence)
    if sequence.ndim != 3 or sequence.shape[1:] != (steps, features):
        raise TutorError(
            f"Pictures of that shape come from sequences of (n, {steps}, {features}); this one "
            f"has the shape {sequence.shape}."
        )
    return sequence


def _patch_size(size, height, width, pad):
    ph, pw = (size, size) if np.ndim(size) == 0 else size
    if ph < 1 or pw < 1 or (not pad and (height % ph or width % pw)):
        raise TutorError(
            f"Patches of {ph} x {pw} do not fill a picture of {height} x {width}. Heights that "
            f"do: {_divisors(height)}; widths: {_divisors(width)}. Or add zeros with pad=True, or "
            "resize the pictures first."
        )
    return int(ph), int(pw)


def _divisors(length):
    return ", ".join(str(k) for k in range(1, length + 1) if length % k == 0)
