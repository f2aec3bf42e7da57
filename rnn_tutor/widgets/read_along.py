"""The read-along panel: what a classifier would say after each row of an image."""

import ipywidgets as widgets
import numpy as np

from rnn_tutor._errors import TutorError
from rnn_tutor.widgets import _parts as parts
from rnn_tutor.widgets import _predictions, _reading
from rnn_tutor.widgets._front import Front
from rnn_tutor.widgets._playing import PlayingPanel

SPEEDS = [1, 2, 4, 8, 12, 20, 30, 60]  # steps a second
REMEDY = (
    "Predict these very pictures with a model whose recurrent layer has return_sequences=True, so "
    "that it answers after each step."
)


class ReadAlongPanel(PlayingPanel):
    """Read an image row by row, and see what a classifier says after each row.

    `play` reads on by a timer, on a thread of its own, until the end, `pause`, or another image.

    Args:
        images: An `ImageSet` of n images, with labels or without.
        probabilities: `(n, steps, classes)` float, what the classifier says of each image after
            each step, from top to bottom. The steps divide the height: each reads height / steps
            rows.
        states: `(n, steps, units)` float from -1 to 1, the hidden state after each step, or None.
        name: The variable that holds the images, for the code that the panel shows.
        index: Which image is read; can be set, as `step` and `speed` can.
        step: How many steps are read.
        speed: Steps a second, 1 to 1,000,000.

    Attributes:
        probabilities_now: `(classes,)`, what the classifier says now; None before the first row.
        state_now: `(units,)`, the hidden state now, or None.
        playing: Whether the panel reads on by itself.
        code: The lines of Python that give the same.

    Raises:
        TutorError: The arrays do not fit the images, or something cannot be shown.

    Example:
        >>> import numpy as np
        >>> import rnn_tutor as rt
        >>> images = rt.load_images("digits", limit=5)
        >>> probabilities = np.full((5, images.shape[0], 10), 0.1)
        >>> panel = rt.widgets.ReadAlongPanel(images, probabilities, step=2)
        >>> panel.probabilities_now.shape
        (10,)
    """

    def __init__(self, images, probabilities, states=None, name="images", index=0, step=0, speed=4):
        self.probabilities = _checked_probabilities(images, np.asarray(probabilities))
        self.states = None if states is None else np.asarray(states)
        if states is not None:
            _check_states(self.states, *self.probabilities.shape[:2])
        super().__init__("read-along", images, name, SPEEDS)
        self._begin(index, step, speed)

    @property
    def probabilities_now(self):
        """What the classifier says after the rows that are read, `(classes,)`; None before them."""
        return self.probabilities[self.index, self.step - 1] if self.step else None

    @property
    def state_now(self):
        """The hidden state after the rows that are read, `(units,)`, or None."""
        if self.states is None or not self.step:
            return None
        return self.states[self.index, self.step - 1]

    @property
    def code(self):
        """The lines of plain Python that give the same rows, probabilities and state."""
        return self._lines(self.index, self.step)

    def _read(self):
        picture = self.images.pixels[self.index]
        return _reading.by_rows(picture, self.probabilities.shape[1])

    def _now(self):
        i, images = self.index, self.images
        labelled = images.has_labels and images.labels[i] >= 0
        true = int(images.labels[i]) if labelled else None
        states = None if self.states is None else self.states[i]
        predictions = _predictions.Predictions(
            self._current, self.probabilities[i], images.class_names, true, states
        )
        return predictions, i, self.step

    def _draw(self, predictions, index, step):
        self._seen.value = _reading.picture(predictions.reading, index, step)
        self._bars.data = _predictions.bars(predictions, step)
        self._course.data = _predictions.course(predictions, step)
        return _predictions.sentence(predictions, step), self._lines(index, step)

    def _lines(self, index, step):
        height, steps = self.images.shape[0], self.probabilities.shape[1]
        lines = [f"rows = {self.name}.pixels[{index}, :{step * height // steps}]"]
        at = f"[{index}, {step - 1}]"
        lines.append("now = " + (f"probabilities{at}" if step else "None"))
        if self.states is not None:
            lines.append("state = " + (f"states{at}" if step else "None"))
        return "\n".join(lines)

    def _layout(self):
        self._seen, self._bars, self._course = parts.text(), Front("bars"), Front("course")
        place = {"overflow": "visible"}
        said = widgets.VBox([self._bars, self._course], layout=place)
        said.add_class("rt-said")
        body = widgets.GridBox([self._seen, said, self._code])
        body.add_class("rt-read")
        holder = widgets.Box([body])
        holder.add_class("rt-holder")
        return [
            parts.title("What the classifier says, row by row", "Steps and rows count from 1"),
            parts.grid(self._step, self._picture, self._speed),
            self._bar(),
            holder,
        ]


def _checked_probabilities(images, given):
    """The array; TutorError where it is not what a classifier says of these images."""
    height, n, classes = images.shape[0], len(images), images.n_classes or "classes"
    wanted = f"probabilities (n, steps, classes) = ({n}, steps, {classes}) as float"
    known = given.ndim == 3 and (not images.has_labels or given.shape[2] == classes)
    if not known or len(given) != n or given.dtype.kind != "f" or given.size == 0:
        raise TutorError(f"Expected {wanted}; received {given.shape} as {given.dtype}. {REMEDY}")
    if height % given.shape[1]:
        raise TutorError(
            f"Expected steps that divide the {height} rows of a picture; received {given.shape[1]} "
            "steps. Let each step read the same number of rows, such as one."
        )
    if not (given >= 0).all() or not np.allclose(given.sum(2), 1, atol=0.01):
        raise TutorError(
            "Expected probabilities of 0 or more, 1 in sum over the classes; received values from "
            f"{given.min():.3g} to {given.max():.3g}. End the model with a softmax."
        )
    return given


def _check_states(given, n, steps):
    wanted = f"states (n, steps, units) = ({n}, {steps}, units) as float"
    if given.shape[:-1] != (n, steps) or given.dtype.kind != "f" or given.size == 0:
        raise TutorError(f"Expected {wanted}; received {given.shape} as {given.dtype}. {REMEDY}")
    if not (np.abs(given) <= 1.001).all():
        raise TutorError(
            "Expected states from -1 to 1, as a tanh leaves them; received values from "
            f"{given.min():.3g} to {given.max():.3g}. Divide them by np.abs(states).max()."
        )
