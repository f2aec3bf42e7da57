"""What the panels share that slide a window over an image and fill a map, a number for each place.

The window moves with the step, with the mouse on the image or on the map, and with the arrow keys
there.
"""

from dataclasses import dataclass

import numpy as np

from rnn_tutor.widgets import _parts as parts
from rnn_tutor.widgets import _predictions, _reading
from rnn_tutor.widgets._front import Front
from rnn_tutor.widgets._playing import PlayingPanel

SPEEDS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000]  # places a second


@dataclass(frozen=True)
class Sliding:
    """An image with all places of a window, in reading order.

    Attributes:
        image: `(h, w, c)` uint8.
        window: The height and width of the window, in pixels.
        stride: By how many pixels it moves.
    """

    image: np.ndarray
    window: tuple[int, int]
    stride: int = 1

    @property
    def grid(self):
        """How many places there are below each other and side by side."""
        sides = zip(self.image.shape[:2], self.window, strict=True)
        return tuple((side - size) // self.stride + 1 for side, size in sides)

    @property
    def sequence(self):
        """The places, which the steps count."""
        return range(self.grid[0] * self.grid[1])

    def box(self, step):
        """Return (top, left, below, right) of the pixels in the window at a step, from 1."""
        top, left = (self.stride * place for place in divmod(step - 1, self.grid[1]))
        return top, left, top + self.window[0], left + self.window[1]


def spans(sliding, step):
    """Name the rows and the columns of the window, counted from 1."""
    top, left, below, right = sliding.box(step)
    named = ("row", top, below), ("column", left, right)
    return " and ".join(
        f"{unit} {last:,}" if last - first == 1 else f"{unit}s {first + 1:,} to {last:,}"
        for unit, first, last in named
    )


class SlidingPanel(PlayingPanel):
    """Slide a window over an image, step by step, and watch a map fill.

    A panel of this kind draws with `_show_places`, and returns the sentence and the code from
    `_draw`.
    """

    WINDOW = "window"  # what the reader calls it

    def __init__(self, kind, images, name):
        self._seen, self._map = (
            Front("places", self._place, flex="0 0 auto", margin="0 18px 0 0") for _ in range(2)
        )
        self._legend = parts.text()
        super().__init__(kind, images, name, SPEEDS)

    def _place(self, message):
        """Move the window to where the browser says: to a row and column of the map, or by some."""
        rows, columns = self._current.grid
        at = divmod(max(self.step - 1, 0), columns) if "by" in message else (0, 0)
        asked = message.get("by") or message["at"]
        row, column = (
            min(max(0, place + int(more)), most - 1)
            for place, more, most in zip(at, asked, (rows, columns), strict=True)
        )
        self.pause()
        self.step = row * columns + column + 1

    def _show_places(self, sliding, step, picture, values, words, ends=None):
        """Draw an image `(h, w, c)` uint8 and a map `(rows, columns)`, filled up to the step.

        Args:
            sliding: The `Sliding`.
            step: How many places are filled.
            picture: What is drawn below the window.
            values: Float, what the map holds.
            words: What the map holds, in words.
            ends: Words for -1 and 1, where the colours go from there to there whatever the
                values are; from the largest magnitude's negative, or from 0, if None.
        """
        (rows, columns), (height, width) = sliding.grid, picture.shape[:2]
        side = _reading.SIDE / max(height, width)  # of a pixel, in CSS pixels
        sent = (max(1, length * _reading.SENT // max(height, width)) for length in (height, width))
        shared = {"at": list(divmod(step - 1, columns)) if step else None}
        self._seen.data = {
            **shared,
            "head": "The picture",
            "source": parts.source(_reading.at_most(picture, *sent)),
            "alt": f"the picture; the {self.WINDOW} is on {spans(sliding, step)}"
            if step
            else "the picture",
            "label": f"Arrow keys move the {self.WINDOW} on the picture",
            "width": round(width * side),
            "size": [sliding.window[0] / height, sliding.window[1] / width],
            "pitch": [sliding.stride / height, sliding.stride / width],
        }
        signed = ends is not None or (values < 0).any()
        most = 1.0 if ends else float(np.abs(values).max()) or 1.0
        drawn = np.full((rows * columns, 4), _reading.EMPTY, np.uint8)
        filled = np.clip(values.ravel()[:step] / most, -1, 1)
        inks = _predictions.colours(filled) if signed else np.uint8(255 * filled + 0.5)[:, None]
        drawn[:step, :3], drawn[:step, 3] = inks, 255
        self._map.data = {
            **shared,
            "head": words,
            "source": parts.source(
                _reading.at_most(drawn.reshape(rows, columns, 4), _reading.SENT, _reading.SENT)
            ),
            "alt": f"{words.lower()}: {step:,} of {rows * columns:,} places are filled",
            "label": f"Arrow keys move the {self.WINDOW} on the map",
            "width": round(columns * sliding.stride * side),
            "size": [1 / rows, 1 / columns],
            "pitch": [1 / rows, 1 / columns],
        }
        inks = _predictions.SCALE if signed else ((0, 0, 0), (255, 255, 255))
        low = f"{-most:.2g}".replace("-", "\N{MINUS SIGN}") if signed else "0"
        low, high = ends or (low, f"{most:.2g}")
        self._legend.value = (
            f'<div class="rt-legend"><span>{low}</span><i style="background:linear-gradient('
            f'90deg,{",".join(f"rgb{ink}" for ink in inks)})"></i><span>{high}</span></div>'
        )
