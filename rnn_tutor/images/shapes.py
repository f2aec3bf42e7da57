"""Drawn images of five shapes, for tests and for notebook 10."""

import numpy as np

from rnn_tutor._cv2 import cv2
from rnn_tutor._errors import TutorError, check_whole
from rnn_tutor.images.imageset import ImageSet, check_request


def draw_shapes(
    n=1000,
    size=64,
    channels=3,
    *,
    noise=0.05,
    rotation=180.0,
    scale=(0.4, 0.8),
    position=1.0,
    clutter=2,
    seed=0,
):
    """Draw n images of five classes, in turn: circle, square, triangle, star, cross.

    Image i depends on the seed and i alone.

    Args:
        n: int. Default 1000.
        size: Int or (height, width), in pixels. Default 64.
        channels: 1 (grey) or 3 (RGB). Default 3.
        noise: Standard deviation of Gaussian noise, where white is 1. Default 0.05.
        rotation: Degrees, at most so many either way. Default 180.
        scale: Smallest and largest diameter as fractions of the shorter side. Default (0.4, 0.8).
        position: 0 keeps shapes in the middle, 1 lets them go wherever they fit. Default 1.
        clutter: int, thin lines behind each shape. Default 2.
        seed: int. Default 0.

    Returns:
        An ImageSet with labels.

    Raises:
        TutorError: A setting cannot be drawn.

    Example:
        >>> rt.images.shapes.draw_shapes(5, size=32)
        shapes: 5 images of 32 x 32 x 3, 5 classes (circle, square, triangle, star, cross)
    """
    height, width = check_request(size, channels, n, seed)
    clutter = check_whole("clutter", clutter, at_least=0)
    if not (noise >= 0 and 0 < scale[0] <= scale[1] and rotation >= 0 and 0 <= position <= 1):
        raise TutorError(
            "Shapes need noise and rotation of 0 or more, a scale of two parts of the shorter "
            "side, the smaller first, and a position from 0 to 1; received "
            f"{noise!r}, {rotation!r}, {scale!r}, {position!r}."
        )
    pixels = np.empty((n, height, width, channels), np.uint8)
    for i in range(n):
        rng = np.random.default_rng([seed, i])
        outline = list(_OUTLINES.values())[i % 5]
        outline = _placed(outline, (height, width), rng, rotation, scale, position)
        pixels[i] = _drawn(outline, (height, width, channels), rng, noise, clutter)
    sources = tuple(f"shapes, seed {seed}, image {i}" for i in range(n))
    return ImageSet(pixels, np.arange(n) % 5, tuple(_OUTLINES), sources, "shapes")


def _polar(corners, start, *radii):
    """Return corners (k, 2) at equal angles from `start` degrees on, at these radii in turn."""
    angles = np.deg2rad(start) + np.arange(corners) * 2 * np.pi / corners
    return np.resize(radii, corners)[:, None] * np.stack([np.cos(angles), np.sin(angles)], axis=1)


_ARM = np.array([(-0.3, -0.3), (-0.3, -0.95), (0.3, -0.95)])  # of the cross; the others are turned
_OUTLINES = {  # each in a circle of radius 1, y downwards
    "circle": _polar(64, 0, 1),
    "square": _polar(4, 45, 1),
    "triangle": _polar(3, -90, 1),
    "star": _polar(10, -90, 1, 0.4),
    "cross": np.concatenate([_ARM, _ARM[:, ::-1] * (-1, 1), -_ARM, _ARM[:, ::-1] * (1, -1)]),
}


def _placed(outline, size, rng, rotation, scale, position):
    """Turn, scale and move an outline; return it in pixels (x, y)."""
    turn = np.deg2rad(rng.uniform(-rotation, rotation))
    diameter = rng.uniform(*scale) * min(size)
    matrix = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    room = np.array([size[1] - diameter, size[0] - diameter]) / 2
    centre = np.array([size[1] - 1, size[0] - 1]) / 2 + position * room * rng.uniform(-1, 1, 2)
    return diameter / 2 * outline @ matrix.T + centre


def _drawn(outline, shape, rng, noise, clutter):
    """Draw one image `(height, width, channels)` uint8: ground, lines, shape, noise."""
    height, width, channels = shape
    ground = rng.uniform(0, 255, channels)
    # At least 100 levels lighter or darker in every channel, so that each shape can be seen.
    colour = np.where(ground > 127, ground - rng.uniform(100, 127), ground + rng.uniform(100, 127))
    image = np.empty(shape, np.uint8)
    image[:] = ground.astype(np.uint8)
    for _ in range(clutter):
        ends = rng.uniform(0, 1, (2, 2)) * (width, height)
        tone = tuple((ground + rng.uniform(-60, 60, channels)).clip(0, 255))
        cv2.line(image, *ends.astype(int).tolist(), tone, max(1, min(shape[:2]) // 40), cv2.LINE_AA)
    corners = np.round(outline * 16).astype(np.int32)  # four binary places for smooth edges
    cv2.fillPoly(image, [corners], tuple(colour), cv2.LINE_AA, shift=4)
    noisy = image + rng.normal(0, 255 * noise, shape)
    return noisy.round().clip(0, 255).astype(np.uint8)
