"""What the panels share that read an image step by step and show what a classifier says."""

import ipywidgets as widgets
import numpy as np

from rnn_tutor._errors import TutorError
from rnn_tutor.widgets import _parts as parts
from rnn_tutor.widgets import _predictions
from rnn_tutor.widgets._front import Front
from rnn_tutor.widgets._playing import PlayingPanel

SPEEDS = [1, 2, 4, 8, 12, 20, 30, 60]  # steps a second
REMEDY = (
    "Predict these very pictures with a model whose recurrent layer has return_sequences=True, so "
    "that it answers after each step."
)


class VerdictPanel(PlayingPanel):
    """Read an image step by step, and see what a classifier says after each step.

    A panel of this kind reads in `_read`, says in `_so_far` which plain Python gives what is read,
    and in `_tells_label` when its reader may know the label. `AT` says how the code takes a step of
    an image from what was given.
    """

    AT = "[{index}][{step}]"

    def __init__(self, kind, images, probabilities, states, name):
        self.probabilities, self.states = probabilities, states
        self._bars, self._course = Front("bars"), Front("course")
        super().__init__(kind, images, name, SPEEDS)

    @property
    def probabilities_now(self):
        """What the classifier says after the steps that are read, `(classes,)`; None before."""
        return self.probabilities[self.index][self.step - 1] if self.step else None

    @property
    def state_now(self):
        """The hidden state after the steps that are read, `(units,)`, or None."""
        if self.states is None or not self.step:
            return None
        return self.states[self.index][self.step - 1]

    @property
    def settled_at(self):
        """The step, counted from 1, after which the most probable class does not change."""
        return _predictions.settled_at(self.probabilities[self.index])

    @property
    def code(self):
        """The lines of plain Python that give the same part, probabilities and state."""
        return self._lines(self.index, self.step)

    def _now(self):
        i, step, images = self.index, self.step, self.images
        known = images.has_labels and images.labels[i] >= 0
        known = known and self._tells_label(step, len(self.probabilities[i]))
        predictions = _predictions.Predictions(
            self._current,
            self.probabilities[i],
            images.class_names,
            int(images.labels[i]) if known else None,
            None if self.states is None else self.states[i],
        )
        return predictions, i, step

    def _draw(self, predictions, index, step):
        self._bars.data = _predictions.bars(predictions, step)
        self._course.data = _predictions.course(predictions, step)
        return _predictions.sentence(predictions, step), self._lines(index, step)

    def _lines(self, index, step):
        lines, at = [self._so_far(index, step)], self.AT.format(index=index, step=step - 1)
        lines.append("now = " + (f"probabilities{at}" if step else "None"))
        if self.states is not None:
            lines.append("state = " + (f"states{at}" if step else "None"))
        if step == len(self.probabilities[index]):
            lines.append(f"top = probabilities[{index}].argmax(axis=1)")
            lines.append("others = np.flatnonzero(top != top[-1])")
            lines.append("settled_at = max(others, default=-1) + 2")
        return "\n".join(lines)

    def _controls(self, words, hint):
        return [
            parts.title(words, hint),
            parts.grid(self._step, self._picture, self._speed),
            self._bar(),
        ]


def held(*children, kind):
    """Put parts into a grid whose columns depend on the width of the panel; `kind` names it."""
    body = widgets.GridBox(children).add_class(kind)
    return widgets.Box([body]).add_class("rt-holder")


def check_softmax(values):
    """Raise TutorError where values `(..., classes)` are no probabilities."""
    if not (values >= 0).all() or not np.allclose(values.sum(-1), 1, atol=0.01):
        raise TutorError(
            "Expected probabilities of 0 or more, 1 in sum over the classes; received values from "
            f"{values.min():.3g} to {values.max():.3g}. End the model with a softmax."
        )


def check_tanh(values):
    """Raise TutorError where the values of a hidden state go beyond -1 and 1."""
    if not (np.abs(values) <= 1.001).all():
        raise TutorError(
            "Expected states from -1 to 1, as a tanh leaves them; received values from "
            f"{values.min():.3g} to {values.max():.3g}. Divide them by np.abs(states).max()."
        )
