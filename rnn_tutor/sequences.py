"""From a batch of pictures to a batch of sequences, and back.

A recurrent network reads steps. A picture has none until somebody decides in which order it is
read: row by row, column by column or patch by patch. Each function here is one such decision, and
has an inverse. Arrays are `(n, height, width, channels)` of any dtype, which is kept; an `ImageSet`
is taken too. No value is changed, only moved.
"""

import numpy as np

from rnn_tutor._errors import TutorError


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


def to_patches(images, size):
    """Read patch by patch, as one reads a page: from left to right, then from top to bottom.

    images: (n, h, w, c), any dtype. size: the patch's side in pixels, or (height, width); it must
    divide the picture's. Returns (n, patches, patch height * patch width * c).
    Raises TutorError when the size does not divide, and names sizes that do.
    """
    pixels = _batch(images)
    n, h, w, c = pixels.shape
    ph, pw = _patch_size(size, h, w)
    blocks = pixels.reshape(n, h // ph, ph, w // pw, pw, c).swapaxes(2, 3)
    return blocks.reshape(n, (h // ph) * (w // pw), ph * pw * c)


def from_patches(sequence, shape, size):
    """The inverse of `to_patches`, for pictures of `shape=(h, w, c)`: gives (n, h, w, c)."""
    h, w, c = shape
    ph, pw = _patch_size(size, h, w)
    steps = _steps(sequence, (h // ph) * (w // pw), ph * pw * c)
    blocks = steps.reshape(-1, h // ph, w // pw, ph, pw, c).swapaxes(2, 3)
    return blocks.reshape(-1, h, w, c)


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


def _patch_size(size, height, width):
    ph, pw = (size, size) if np.ndim(size) == 0 else size
    if ph < 1 or pw < 1 or height % ph or width % pw:
        raise TutorError(
            f"Patches of {ph} x {pw} do not fill a picture of {height} x {width}. Heights that "
            f"do: {_divisors(height)}; widths: {_divisors(width)}. Or resize the pictures first."
        )
    return int(ph), int(pw)


def _divisors(length):
    return ", ".join(str(k) for k in range(1, length + 1) if length % k == 0)
