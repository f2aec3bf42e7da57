"""The occlusion panel: a square covers a part of an image, and a model is asked again."""

import html
from dataclasses import dataclass
from functools import cached_property

import ipywidgets as widgets
import numpy as np

from rnn_tutor.networks.models import embed
from rnn_tutor.plots.figure import name_of
from rnn_tutor.widgets import _parts as parts
from rnn_tutor.widgets import _predictions
from rnn_tutor.widgets._front import Front
from rnn_tutor.widgets._predictions import percent
from rnn_tutor.widgets._sliding import Sliding, SlidingPanel, spans
from rnn_tutor.widgets._verdicts import check_softmax

PLACES = 14  # along the shorter side, about
SIZE = 8 / 28  # of the square, as a share of the shorter side


class OcclusionPanel(SlidingPanel):
    """Cover a part of an image with a square, and see what a model says now.

    `play` moves the square on by a timer, on a thread of its own, until the end, `pause`, or
    another image, size or grey. A label is not shown.

    Args:
        model: A Keras model that ends with a softmax: float `(n, h, w, c)` from 0 to 1 ->
            `(n, classes)`.
        images: An `ImageSet` of images of the model's shape, with labels or without.
        size: The side of the square, in pixels; about two sevenths of the shorter side if None.
        grey: How bright the square is, from 0 to 1.
        index: Which image; can be set, as `size`, `grey`, `step` and `speed` can.
        step: The place of the square, in reading order, from 1; 0 leaves the image whole.
        speed: Places a second, 1 to 1,000,000.
        name: The variable that holds the images, for the code that the panel shows.

    Attributes:
        answer: The class that the model says of the whole image, int.
        falls: `(rows, columns)` float32, how far the probability of that class falls when the
            square lies at each place.
        probabilities_now: `(classes,)`, what the model says now.
        playing: Whether the panel moves on by itself.
        code: The lines of Python that give the same.

    Raises:
        TutorError: The controls cannot show this, or the model gives no probabilities.

    Example:
        >>> import keras
        >>> import rnn_tutor as rt
        >>> images = rt.load_images("digits", limit=5)
        >>> layers = [keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")]
        >>> model = keras.Sequential([keras.Input(images.shape), *layers])
        >>> panel = rt.widgets.OcclusionPanel(model, images, step=1)
        >>> panel.falls.shape, panel.probabilities_now.shape
        ((7, 7), (10,))

    Source: Zeiler, Fergus (2014), Visualizing and understanding convolutional networks.
    """

    WINDOW = "square"

    def __init__(
        self, model, images, size=None, grey=0.5, index=0, step=0, speed=10, name="images"
    ):
        check_softmax(embed(model, images[:1]))
        shortest = int(min(images.shape[0], images.widths.min()))
        size = max(1, round(SIZE * shortest)) if size is None else size
        self.model, self._bars = model, Front("bars")
        self._size = parts.Number("Side (pixels)", 1, range(1, shortest + 1))
        self._brightness = parts.Number(
            "Grey (0 to 1)", 0.5, [k / 20 for k in range(21)], step=0.05
        )
        super().__init__("occlusion", images, name)
        self.size, self.grey = size, grey
        for number in (self._size, self._brightness):
            number.box.observe(self._other, "value")
        self._begin(index, step, speed)

    @property
    def size(self):
        """The side of the square, in pixels; setting it moves the control."""
        return self._size.box.value

    @size.setter
    def size(self, size):
        self._set("size", self._size.box, size)

    @property
    def grey(self):
        """How bright the square is, from 0 to 1; setting it moves the control."""
        return self._brightness.box.value

    @grey.setter
    def grey(self, grey):
        self._set("grey", self._brightness.box, grey)

    @property
    def answer(self):
        """The class that the model says of the whole image."""
        return self._current.answer

    @property
    def falls(self):
        """How far the probability of the answer falls at each place, `(rows, columns)`."""
        return self._current.falls

    @property
    def probabilities_now(self):
        """What the model says now, `(classes,)`."""
        return self._current.probabilities[self.step]

    @property
    def code(self):
        """The lines of plain Python that give the same."""
        return self._lines(self._current, self.index, self.step)

    def _read(self):
        image, size = self.images[self.index].pixels[0], self.size
        stride = max(1, min(image.shape[:2]) // PLACES)
        return Occlusion(image, (size, size), stride, self.model, self.grey)

    def _now(self):
        return self._current, self.index, self.step

    def _draw(self, occlusion, index, step):
        said = occlusion.probabilities
        predictions = _predictions.Predictions(None, said, self.images.class_names)
        head = "What the model says " + ("now" if step else "of the whole picture")
        self._bars.data = _predictions.bars(predictions, step + 1, head)
        drawn = np.sign(occlusion.falls) * np.sqrt(np.abs(occlusion.falls))
        picture = (255 * occlusion.covered(step)).round().astype(np.uint8)
        ends = "rises by 1", "falls by 1"
        self._show_places(occlusion, step, picture, drawn, "Where it falls", ends)
        return self._words(occlusion, step), self._lines(occlusion, index, step)

    def _words(self, occlusion, step):
        before, now = occlusion.probabilities[[0, step]]
        name, share = self._name(occlusion.answer), percent(before[occlusion.answer])
        if not step:
            said, share = map(html.escape, (name, share))
            return f"Nothing is covered. It says <b>{said}</b> with {share}."
        changes = f"{name} goes from {share} to {percent(now[occlusion.answer])}"
        words = f"The square is on {spans(occlusion, step)}. " + html.escape(changes)
        if now.argmax() == occlusion.answer:
            return f"{words}."
        other = html.escape(self._name(now.argmax()))
        return f"{words}. Now it says <b>{other}</b>."

    def _name(self, k):
        return name_of(self.images.class_names, k, "class")

    def _lines(self, occlusion, index, step):
        lines = [
            f"covered = {self.name}[{index}].as_float()",
            "before = rt.embed(model, covered)[0]",
        ]
        if step:
            top, left, below, right = occlusion.box(step)
            lines.append(f"covered[0, {top}:{below}, {left}:{right}] = {occlusion.grey}")
        lines += [
            "now = rt.embed(model, covered)[0]",
            "answer = before.argmax()",
            "fall = before[answer] - now[answer]",
        ]
        return "\n".join(lines)

    def _set(self, field, box, value):
        parts._refuse(field, box, value)
        box.value = value

    def _layout(self):
        hint = "Drag the square, or use the arrow keys on the picture"
        said = widgets.VBox([self._bars], layout={"flex": "1 1 240px", "min_width": "0"})
        maps = widgets.VBox([self._map, self._legend])
        return [
            parts.title("Cover a part of a picture", hint),
            parts.grid(self._size, self._step, self._brightness, self._speed, self._picture),
            self._bar(),
            parts.wrapped(self._seen, maps, said),
            self._code,
        ]


@dataclass(frozen=True)
class Occlusion(Sliding):
    """An image that a square covers at each of its places.

    Attributes:
        image, window, stride: As for `Sliding`.
        model: What is asked.
        grey: How bright the square is, from 0 to 1.
    """

    model: object = None
    grey: float = 0.5

    @cached_property
    def probabilities(self):
        """What the model says, `(1 + places, classes)`; first of the whole image."""
        return embed(self.model, np.stack([self.covered(k) for k in range(len(self.sequence) + 1)]))

    @property
    def answer(self):
        return int(self.probabilities[0].argmax())

    @property
    def falls(self):
        said = self.probabilities[:, self.answer]
        return (said[0] - said[1:]).reshape(self.grid)

    def covered(self, step):
        """Return the image with the square, `(h, w, c)` float32 from 0 to 1; whole at step 0."""
        pixels = self.image.astype(np.float32) / 255
        if step:
            top, left, below, right = self.box(step)
            pixels[top:below, left:right] = self.grey
        return pixels
