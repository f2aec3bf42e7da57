"""The scan panel: in which order an image is read, and the sequence that comes of it."""

import ipywidgets as widgets

from rnn_tutor._errors import TutorError
from rnn_tutor.images import sequences
from rnn_tutor.widgets import _parts as parts
from rnn_tutor.widgets import _reading
from rnn_tutor.widgets._playing import PlayingPanel

WHOLE = {"rows": "rows, one a step", "columns": "columns, one a step"}
PATHS = {
    "row_major": "row by row",
    "column_major": "column by column",
    "hilbert": "Hilbert curve",
}
SPEEDS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000]  # steps a second


class ScanPanel(PlayingPanel):
    """Read an image step by step, and watch the sequence grow.

    `play` reads on by a timer, on a thread of its own, until the end, `pause`, or another image or
    order. A new order keeps about the share that is read.

    Args:
        images: An `ImageSet`.
        order: The way to read: "rows", "columns" or "patches", a whole one a step, or a name from
            `sequences.ORDERS`, a pixel a step.
        index: Which image is read.
        step: How many steps are read.
        speed: Steps a second, 1 to 1,000,000.
        name: The variable that holds the images, for the code that the panel shows.

    Attributes:
        order: The way to read; can be set, as `index`, `step` and `speed` can.
        sequence: What is read so far, `(steps so far, features)` uint8.
        playing: Whether the panel reads on by itself.
        code: The lines of Python that give the same sequence.

    Raises:
        TutorError: The controls cannot show this.

    Example:
        >>> import rnn_tutor as rt
        >>> panel = rt.widgets.ScanPanel(rt.load_images("digits", limit=5), "rows", step=3)
        >>> panel.sequence.shape == (3, panel.images.shape[1])
        True
        >>> panel.code.splitlines()[0]
        'sequence = rt.sequences.to_rows(images[0])[0]'
    """

    def __init__(self, images, order="spiral", index=0, step=0, speed=50, name="images"):
        ways = _ways(None if images.is_ragged else _patch(images))
        _check_order(order, ways.values())
        self._way = parts.choice("Way to read", ways, order)
        super().__init__("scan", images, name, SPEEDS)
        self._way.observe(self._other, "value")
        self._begin(index, step, speed)

    @property
    def order(self):
        """The way to read; setting it moves the control."""
        return self._way.value

    @order.setter
    def order(self, order):
        _check_order(order, [meant for _, meant in self._way.options])
        self._way.value = order

    @property
    def sequence(self):
        """What is read so far, `(steps so far, features)` uint8."""
        return self._current.sequence[: self.step]

    @property
    def code(self):
        """The lines of plain Python that give the same sequence."""
        return self._lines(self.index, self.order, self.step)

    def _read(self):
        image = self.images[self.index]
        return _reading.read(image.pixels[0], self.order, _patch(image))

    def _now(self):
        return self._current, self.index, self.order, self.step

    def _draw(self, reading, index, order, step):
        self._seen.value = _reading.picture(reading, index, step)
        self._drawn.value = _reading.sequence(reading, step)
        return _reading.sentence(reading, step), self._lines(index, order, step)

    def _lines(self, index, order, step):
        function, *more = _reading.call(order, _patch(self.images[index]))
        pictures = ", ".join([f"{self.name}[{index}]", *map(parts._literal, more)])
        read = f"rt.sequences.{function}({pictures})[0]"
        return f"sequence = {read}\nso_far = sequence[:{step}]"

    def _layout(self):
        self._seen, self._drawn = parts.text(flex="0 1 324px"), parts.text()
        place = {"flex": "1 1 400px", "min_width": "0"}
        right = widgets.VBox([self._drawn, self._code], layout=place)
        return [
            parts.title("Read a picture as a sequence", "Steps, rows and columns count from 1"),
            parts.grid(self._way, self._step, self._picture, self._speed),
            self._bar(),
            parts.wrapped(self._seen, right),
        ]


def _ways(patch):
    """{what the reader is offered: the order}; the size of a patch is None where it varies."""
    ways = {words: order for order, words in WHOLE.items()}
    ways[f"patches of {patch[0]} x {patch[1]}" if patch else "patches"] = "patches"
    return ways | {f"pixels, {PATHS.get(o, o)}": o for o in sequences.ORDERS}


def _patch(images):
    """The height and width of a patch: near seven pixels, and no rest."""
    return tuple(_near_seven(side) for side in images.shape[:2])


def _near_seven(side):
    return min((k for k in range(1, side + 1) if side % k == 0), key=lambda k: abs(k - 7))


def _check_order(order, orders):
    if order not in orders:
        raise TutorError(f"order is one of {', '.join(map(repr, orders))}; not {order!r}.")
