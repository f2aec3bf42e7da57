"""What the panels that read show: an image read up to a step, and the sequence so far.

Small arrays that the browser enlarges; quick enough for twelve drawings a second.
"""

from dataclasses import dataclass

import numpy as np

from rnn_tutor._cv2 import cv2
from rnn_tutor.images import sequences
from rnn_tutor.widgets import _parts as parts

SIDE = 300  # the image's longer side, in CSS pixels
SENT = 2 * SIDE  # pixels of a side that the browser is sent; more cannot be seen
WIDE, TALL = 1200, 200  # of a strip: pixels that the browser is sent; CSS pixels it is high
UNREAD, EMPTY = (112, 124, 140), (128, 128, 128, 40)  # in the image; in the sequence: a veil
STRIP, GAP, LANES = 22, 6, 132  # heights in the drawing of a path, in pixels
INKS = {1: [(118, 118, 118)], 3: [(213, 94, 0), (0, 158, 115), (0, 114, 178)]}


@dataclass(frozen=True)
class Reading:
    """An image as a sequence.

    Attributes:
        image: `(h, w, c)` uint8.
        sequence: `(steps, features)` uint8.
        places: `(steps, pixels)`, where in the flat image the pixels of each step stand.
        unit: What a step reads, "row" or "column".
    """

    image: np.ndarray
    sequence: np.ndarray
    places: np.ndarray
    unit: str = "row"

    @property
    def pixelwise(self):
        return self.places.shape[1] == 1

    def box(self, step):
        """Return (top, left, below, right) of the pixels read at a step, which counts from 1."""
        rows, columns = np.divmod(self.places[step - 1], self.image.shape[1])
        return rows.min(), columns.min(), rows.max() + 1, columns.max() + 1

    @property
    def length(self):
        """How many rows or columns are read in all."""
        return self.image.shape[0 if self.unit == "row" else 1]

    @property
    def ends(self):
        """The last row or column of each step, counted from 1, `(steps,)`."""
        rows, columns = np.divmod(self.places, self.image.shape[1])
        return (rows if self.unit == "row" else columns).max(axis=1) + 1

    def share(self, step):
        """Return where a step begins and ends, from 0 to 1 of all rows or columns."""
        box = self.box(step)
        first, last = box[::2] if self.unit == "row" else box[1::2]
        return first / self.length, last / self.length


def read(image, order, patch):
    """Read an image `(h, w, c)` in an order; `patch` (height, width) is used for "patches"."""
    places = np.arange(image[..., 0].size).reshape(1, *image.shape[:2], 1)
    function, *more = call(order, patch)
    read = getattr(sequences, function)
    return Reading(image, read(image[None], *more)[0], read(places, *more)[0])


def by_rows(image, steps):
    """Read an image `(h, w, c)` from top to bottom, h / steps rows a step."""
    places = np.arange(image[..., 0].size).reshape(steps, -1)
    return Reading(image, image.reshape(steps, -1), places)


def by_columns(image, steps):
    """Read an image `(h, w, c)` from left to right, in the steps of `column_ends`."""
    height, width, channels = image.shape
    ends = column_ends(width, steps)[:, None]
    starts = np.concatenate([[[0]], ends[:-1]])
    columns = np.minimum(starts + np.arange((ends - starts).max()), ends - 1)  # the last one twice
    places = np.arange(height)[:, None] * width + columns[:, None]
    places = places.reshape(steps, -1)
    return Reading(image, image.reshape(-1, channels)[places].reshape(steps, -1), places, "column")


def column_ends(width, steps):
    """Return the column, from 1, at which each step ends, `(steps,)` int.

    Each step reads as many columns as the others, and the last one what is left, as the stride of a
    convolution leaves it. Where that does not come out, the steps are as even as can be.
    """
    stride, counted = -(-width // steps), np.arange(1, steps + 1)
    if stride * (steps - 1) < width:
        return np.minimum(stride * counted, width)
    return counted * width // steps


def call(order, patch):
    """Return the function of `sequences` and what it is given after the images."""
    if order == "patches":
        return "to_patches", patch[0] if patch[0] == patch[1] else patch
    return ("to_pixels", order) if order in sequences.ORDERS else (f"to_{order}",)


def sentence(reading, step):
    """Say how far the image is read, and where."""
    steps, features = reading.sequence.shape
    if not step:
        each = f"{features} feature{'s' * (features > 1)}"
        return f"Nothing is read yet. It will take {steps:,} step{'s' * (steps > 1)} of {each}."
    end = " All is read." if step == steps else ""
    return f"Step {step:,} of {steps:,}: {_where(reading, step)}.{end}"


def spans(reading, step):
    """Name the rows of a step and its columns, counted from 1, as steps are."""
    top, left, below, right = reading.box(step)
    return {
        unit: f"{unit} {last:,}" if last - first == 1 else f"{unit}s {first + 1:,} to {last:,}"
        for unit, first, last in (("row", top, below), ("column", left, right))
    }


def _where(reading, step):
    """The pixels of a step in words."""
    top, left, below, right = reading.box(step)
    height, width = reading.image.shape[:2]
    said = spans(reading, step)
    if not reading.pixelwise and (right - left == width or below - top == height):
        return said["row" if right - left == width else "column"]
    return f"{said['row']}, {said['column']}"


def picture(reading, index, step):
    """Return the image as HTML: dimmed where it is not read yet, framed where it is read now."""
    height, width = reading.image.shape[:2]
    lit = np.zeros(height * width, bool)
    lit[reading.places[:step].ravel()] = True
    full = np.broadcast_to(reading.image, (height, width, 3))
    dimmed = (0.3 * full + 0.7 * np.array(UNREAD)).astype(np.uint8)
    shown = np.where(lit.reshape(height, width, 1), full, dimmed)
    alt = f"picture {index}, {step} of {len(reading.sequence)} steps read"
    most = (max(1, side * SENT // max(height, width)) for side in (height, width))
    image = parts.thumbnail(at_most(shown, *most), alt, SIDE)
    frame = ""
    if step:
        top, left, below, right = reading.box(step)
        frame = _frame(left / width, top / height, right / width, below / height)
    return f'<div class="rt-head">The picture</div><div class="rt-framed">{image}{frame}</div>'


def strip(reading, step):
    """Return an image that arrives from the left, for a `Front` of "course".

    Returns:
        `{"alt": in words, "source": its address, "widest": its width in CSS pixels at most}`. What
        has not arrived is hidden.
    """
    height, width = reading.image.shape[:2]
    arrived = int(reading.ends[step - 1]) if step else 0
    shown = np.broadcast_to(reading.image, (height, width, 3)).copy()
    shown[:, arrived:] = UNREAD
    return {
        "alt": f"the picture: {arrived:,} of {width:,} columns have arrived",
        "source": parts.source(at_most(shown, SENT, WIDE)),
        "widest": round(TALL * max(1, width / height)),
    }


def sequence(reading, step):
    """Return the sequence as HTML: what is read so far from the left, of the width of all steps."""
    steps, features = reading.sequence.shape
    draw, words = (_path, _levels) if reading.pixelwise else (_matrix, _features)
    alt = f"the sequence: {step} of {steps} steps, {features} features each"
    image = parts.thumbnail(draw(reading.sequence, step), alt, SIDE)
    frame = _frame((step - 1) / steps, 0, step / steps, 1) if step else ""
    return (
        f'<div class="rt-head">The sequence</div>'
        f'<div class="rt-framed rt-sequence">{image}{frame}</div>'
        f'<div class="rt-ends rt-quiet"><span>step&nbsp;1</span><span>{words(features)}</span>'
        f"<span>step&nbsp;{steps:,}</span></div>"
    )


def _matrix(sequence, step):
    """(features, steps, 4): each step is a column."""
    drawn = np.full((*sequence.T.shape, 4), EMPTY, np.uint8)
    drawn[:, :step, :3], drawn[:, :step, 3] = sequence[:step].T[..., None], 255
    return at_most(drawn, SENT, SENT)


def _path(sequence, step):
    """A strip of the pixels; under it, for each channel, a bar as high as its level."""
    steps, channels = sequence.shape
    levels = at_most(sequence[None], 1, SENT)  # of a long path, means over several steps
    columns = levels.shape[1]
    drawn = np.zeros((STRIP + GAP + LANES, columns, 4), np.uint8)
    drawn[:STRIP, :, :3], drawn[:STRIP, :, 3] = levels, 255
    height = LANES // channels
    up = np.arange(height, 0, -1)[:, None] - 0.5
    for lane, ink in enumerate(INKS[channels]):
        top = STRIP + GAP + lane * height
        bar = levels[0, :, lane] * ((height - 3) / 255)
        drawn[top : top + height][up < bar] = (*ink, 255)
    drawn[:, -(-step * columns // steps) :] = EMPTY
    return drawn


def _levels(channels):
    what = "grey level" if channels == 1 else "red, green, blue"
    return f"the pixels; below, {what} from 0 to 255"


def _features(features):
    return f"a column a step, {features} features from top to bottom"


def at_most(pixels, height, width):
    """Average pixels where they are more than can be seen."""
    h, w, channels = pixels.shape
    small = cv2.resize(pixels, (min(w, width), min(h, height)), interpolation=cv2.INTER_AREA)
    return small.reshape(*small.shape[:2], channels)


def _frame(left, top, right, below):
    return (
        f'<div class="rt-frame" style="left:{left:.3%};top:{top:.3%};'
        f'width:{right - left:.3%};height:{below - top:.3%}"></div>'
    )
