"""Sequences: from a batch of images to a batch of sequences, and back.

A recurrent network reads steps. An image has none until somebody decides in which order it is read:
a row a step, a column a step, a patch a step, or a pixel a step along a path from `ORDERS`. Each
function here is one such decision, and has an inverse. Arrays are `(n, height, width, channels)` of
any dtype, which is kept; an `ImageSet` will do too. No value is changed, only moved.
"""

import numpy as np

from rnn_tutor._errors import TutorError, check_known


def to_rows(images):
    """Read from top to bottom, a whole row a step.

    Args:
        images: `(n, height, width, channels)`, any dtype.

    Returns:
        An array `(n, height, width * channels)`.

    Raises:
        TutorError: `images` has another number of axes.

    Example:
        >>> to_rows(np.zeros((2, 28, 20, 3))).shape
        (2, 28, 60)
    """
    pixels = _batch(images)
    n, h, w, c = pixels.shape
    return pixels.reshape(n, h, w * c)


def from_rows(sequence, shape):
    """Undo `to_rows`.

    Args:
        sequence: `(n, height, width * channels)`, any dtype.
        shape: `(height, width, channels)` of the images.

    Returns:
        An array `(n, height, width, channels)`.

    Raises:
        TutorError: The sequence does not come from images of that shape.

    Example:
        >>> from_rows(np.zeros((2, 28, 60)), (28, 20, 3)).shape
        (2, 28, 20, 3)
    """
    h, w, c = shape
    return _steps(sequence, h, w * c).reshape(-1, h, w, c)


def to_columns(images):
    """Read from left to right, a whole column a step.

    Args:
        images: `(n, height, width, channels)`, any dtype.

    Returns:
        An array `(n, width, height * channels)`.

    Raises:
        TutorError: `images` has another number of axes.

    Example:
        >>> to_columns(np.zeros((2, 28, 20, 3))).shape
        (2, 20, 84)
    """
    return to_rows(_batch(images).swapaxes(1, 2))


def from_columns(sequence, shape):
    """Undo `to_columns`.

    Args:
        sequence: `(n, width, height * channels)`, any dtype.
        shape: `(height, width, channels)` of the images.

    Returns:
        An array `(n, height, width, channels)`.

    Raises:
        TutorError: The sequence does not come from images of that shape.

    Example:
        >>> from_columns(np.zeros((2, 20, 84)), (28, 20, 3)).shape
        (2, 28, 20, 3)
    """
    h, w, c = shape
    return from_rows(sequence, (w, h, c)).swapaxes(1, 2)


def to_patches(images, size, pad=False):
    """Read patch by patch, as one reads a page: from left to right, then from top to bottom.

    Args:
        images: `(n, height, width, channels)`, any dtype.
        size: A patch's side in pixels, int, or `(height, width)`.
        pad: Whether to add zeros on the right and below where the size does not divide the image's,
            bool. Default False.

    Returns:
        An array `(n, patches, patch height * patch width * channels)`.

    Raises:
        TutorError: The size does not divide the image's, and `pad` is false; it names sizes that
            do.

    Example:
        >>> to_patches(np.zeros((2, 28, 28, 3)), size=7).shape
        (2, 16, 147)

    Source: Dosovitskiy et al. (2021), vision transformers, section 3.1.
    """
    pixels = _batch(images)
    n, h, w, c = pixels.shape
    ph, pw = _patch_size(size, h, w, pad)
    pixels = np.pad(pixels, ((0, 0), (0, -h % ph), (0, -w % pw), (0, 0)))
    down, across = pixels.shape[1] // ph, pixels.shape[2] // pw
    blocks = pixels.reshape(n, down, ph, across, pw, c).swapaxes(2, 3)
    return blocks.reshape(n, down * across, ph * pw * c)


def from_patches(sequence, shape, size):
    """Undo `to_patches`; what was added for patches that did not fit is cut off again.

    Args:
        sequence: `(n, patches, patch height * patch width * channels)`, any dtype.
        shape: `(height, width, channels)` of the images.
        size: A patch's side in pixels, int, or `(height, width)`.

    Returns:
        An array `(n, height, width, channels)`.

    Raises:
        TutorError: The sequence does not come from images of that shape.

    Example:
        >>> from_patches(np.zeros((2, 16, 147)), (28, 28, 3), size=7).shape
        (2, 28, 28, 3)
    """
    h, w, c = shape
    ph, pw = _patch_size(size, h, w, pad=True)
    down, across = -(-h // ph), -(-w // pw)
    steps = _steps(sequence, down * across, ph * pw * c)
    blocks = steps.reshape(-1, down, across, ph, pw, c).swapaxes(2, 3)
    return blocks.reshape(-1, down * ph, across * pw, c)[:, :h, :w]


def to_pixels(images, order="row_major"):
    """Read along a path, a pixel a step.

    Args:
        images: `(n, height, width, channels)`, any dtype.
        order: A name from `ORDERS`, str. Default "row_major".

    Returns:
        An array `(n, height * width, channels)`.

    Raises:
        TutorError: No order has that name, or `images` has another number of axes.

    Example:
        >>> to_pixels(np.zeros((2, 28, 20, 3)), "spiral").shape
        (2, 560, 3)
    """
    pixels = _batch(images)
    n, h, w, c = pixels.shape
    return pixels.reshape(n, h * w, c)[:, scan(h, w, order)]


def from_pixels(sequence, shape, order="row_major"):
    """Undo `to_pixels`.

    Args:
        sequence: `(n, height * width, channels)`, any dtype.
        shape: `(height, width, channels)` of the images.
        order: The name from `ORDERS` by which they were read, str. Default "row_major".

    Returns:
        An array `(n, height, width, channels)`.

    Raises:
        TutorError: No order has that name, or the sequence does not come from images of that shape.

    Example:
        >>> images = np.arange(12).reshape(1, 2, 3, 2)
        >>> steps = to_pixels(images, "spiral")
        >>> bool((from_pixels(steps, (2, 3, 2), "spiral") == images).all())
        True
    """
    h, w, c = shape
    steps = _steps(sequence, h * w, c)
    return steps[:, np.argsort(scan(h, w, order))].reshape(-1, h, w, c)


def scan(height, width, order):
    """Return the path along which an order reads the pixels of an image, each once.

    Args:
        height, width: Size of the image in pixels, int.
        order: A name from `ORDERS`, str: "row_major", "column_major", "snake", "spiral" or
            "hilbert".

    Returns:
        An array `(height * width,)` int64: for each step the number of a pixel,
        row * width + column.

    Raises:
        TutorError: No order has that name.

    Example:
        >>> scan(2, 3, "snake")
        array([0, 1, 2, 5, 4, 3])
    """
    check_known("order", order, ORDERS)
    return ORDERS[order](height, width)


def row_major(height, width):
    """Read pixel by pixel as one reads a page; see `scan`.

    Example:
        >>> row_major(2, 3)
        array([0, 1, 2, 3, 4, 5])
    """
    return np.arange(height * width)


def column_major(height, width):
    """Read pixel by pixel from top to bottom, then from left to right; see `scan`.

    Example:
        >>> column_major(2, 3)
        array([0, 3, 1, 4, 2, 5])
    """
    return np.arange(height * width).reshape(height, width).T.ravel()


def snake(height, width):
    """Read pixel by pixel, rows in turn from the left and from the right; see `scan`.

    Example:
        >>> snake(2, 3)
        array([0, 1, 2, 5, 4, 3])
    """
    places = np.arange(height * width).reshape(height, width)
    places[1::2] = places[1::2, ::-1].copy()
    return places.ravel()


def spiral(height, width):
    """Read pixel by pixel from the upper left corner clockwise inwards; see `scan`.

    Example:
        >>> spiral(3, 3)
        array([0, 1, 2, 5, 8, 7, 6, 3, 4])
    """
    places = np.arange(height * width).reshape(height, width)
    path = []
    while places.size:
        path.extend(places[0])
        places = np.rot90(places[1:])  # what was the right side is now on top
    return np.array(path)


def hilbert(height, width):
    """Read pixel by pixel along Hilbert's curve, each quarter a smaller copy of it; see `scan`.

    It fills squares whose side is a power of two. Of the smallest such square that holds the image,
    the pixels outside the image are left out, and there the path jumps.

    Example:
        >>> hilbert(2, 2)
        array([0, 2, 3, 1])

    Source: Hilbert (1891), on the continuous mapping of a line onto a square.
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


# The paths that read a pixel a step: functions of height and width, by name.
ORDERS = {
    "row_major": row_major,
    "column_major": column_major,
    "snake": snake,
    "spiral": spiral,
    "hilbert": hilbert,
}


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
