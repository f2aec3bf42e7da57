"""The read-along panel: what a classifier would say after each row of an image."""

import ipywidgets as widgets
import numpy as np

from rnn_tutor._errors import TutorError
from rnn_tutor.widgets import _parts as parts
from rnn_tutor.widgets import _reading
from rnn_tutor.widgets._verdicts import REMEDY, VerdictPanel, check_softmax, check_tanh, held


class ReadAlongPanel(VerdictPanel):
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
        settled_at: The step, from 1, after which the most probable class does not change.
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

    AT = "[{index}, {step}]"

    def __init__(self, images, probabilities, states=None, name="images", index=0, step=0, speed=4):
        probabilities = _checked_probabilities(images, np.asarray(probabilities))
        if states is not None:
            states = np.asarray(states)
            _check_states(states, *probabilities.shape[:2])
        super().__init__("read-along", images, probabilities, states, name)
        self._begin(index, step, speed)

    def _read(self):
        picture = self.images[self.index].pixels[0]
        return _reading.by_rows(picture, self.probabilities.shape[1])

    def _tells_label(self, step, steps):
        return step > 0

    def _draw(self, predictions, index, step):
        self._seen.value = _reading.picture(predictions.reading, index, step)
        return super()._draw(predictions, index, step)

    def _so_far(self, index, step):
        rows = step * self.images.shape[0] // self.probabilities.shape[1]
        return f"rows = {self.name}[{index}].pixels[0, :{rows}]"

    def _layout(self):
        self._seen = parts.text()
        said = widgets.VBox([self._bars, self._course], layout={"overflow": "visible"})
        said.add_class("rt-said")
        return [
            *self._controls("What the classifier says, row by row", "Steps and rows count from 1"),
            held(self._seen, said, self._code, kind="rt-read"),
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
    check_softmax(given)
    return given


def _check_states(given, n, steps):
    wanted = f"states (n, steps, units) = ({n}, {steps}, units) as float"
    if given.shape[:-1] != (n, steps) or given.dtype.kind != "f" or given.size == 0:
        raise TutorError(f"Expected {wanted}; received {given.shape} as {given.dtype}. {REMEDY}")
    check_tanh(given)
