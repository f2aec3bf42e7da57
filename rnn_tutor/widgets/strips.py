"""The strip panel: a strip arrives column by column, and a reader says what it is."""

import html

import numpy as np
from IPython.display import Audio

from rnn_tutor._errors import TutorError, check_whole
from rnn_tutor.widgets import _parts as parts
from rnn_tutor.widgets import _predictions, _reading
from rnn_tutor.widgets._verdicts import REMEDY, VerdictPanel, check_softmax, check_tanh, held


class StripPanel(VerdictPanel):
    """Play a strip that arrives from the left, and watch the state and the verdict of its reader.

    What has not arrived is hidden, and so is the label until all has. `play` reads on by a timer,
    on a thread of its own, until the end, `pause`, or another strip.

    Args:
        images: An `ImageSet` of n strips of any widths, with labels or without.
        probabilities: A list of n `(steps, classes)` float, what the reader says of each strip
            after each step, from left to right. A strip has as many steps as columns, or fewer,
            which share its columns as evenly as a stride does.
        states: A list of n `(steps, units)` float from -1 to 1, the hidden state after each step,
            or None.
        sounds: A list of n `(rate, samples)`, or a function from the index of a strip to that; or
            None. `rate` is in samples a second, and `samples` are numbers of any scale.
        name: The variable that holds the images, for the code that the panel shows.
        index: Which strip is read; can be set, as `step` and `speed` can. Another one begins anew.
        step: How many steps are read.
        speed: Steps a second, 1 to 1,000,000.

    Attributes:
        probabilities_now: `(classes,)`, what the reader says now; None before the first step.
        state_now: `(units,)`, the hidden state now, or None.
        settled_at: The step, from 1, after which the most probable class does not change.
        playing: Whether the panel reads on by itself.
        code: The lines of Python that give the same.

    Raises:
        TutorError: The lists do not fit the images, or something cannot be shown.

    Example:
        >>> import numpy as np
        >>> import rnn_tutor as rt
        >>> tunes = rt.load_images("tunes", limit=6)
        >>> probabilities = [np.full((width, 6), 1 / 6) for width in tunes.widths]
        >>> panel = rt.widgets.StripPanel(tunes, probabilities, step=2)
        >>> print(panel.code)
        columns = images[0].pixels[0][:, :2]
        now = probabilities[0][1]
    """

    def __init__(
        self,
        images,
        probabilities,
        states=None,
        sounds=None,
        name="images",
        index=0,
        step=0,
        speed=8,
    ):
        probabilities = _checked_probabilities(images, probabilities)
        if states is not None:
            states = _checked_states(states, [len(one) for one in probabilities])
        if sounds is not None and not callable(sounds) and len(sounds) != len(images):
            raise TutorError(
                f"Expected sounds, a (rate, samples) for each of {len(images)} strips; received "
                f"{len(sounds)}. A function of the index will do as well."
            )
        self.sounds, self._heard = sounds, None
        super().__init__("strip", images, probabilities, states, name)
        self._begin(index, step, speed)

    def _read(self):
        strip = self.images[self.index].pixels[0]
        return _reading.by_columns(strip, len(self.probabilities[self.index]))

    def _kept(self, before, steps):
        return 0  # another strip, at its end, would tell its label

    def _tells_label(self, step, steps):
        return step == steps

    def _draw(self, predictions, index, step):
        if self.sounds is not None and self._heard != index:
            self._heard, self._sound.value = index, ""  # what cannot be heard is said once
            self._sound.value = self._audio(index)
        if self.states is not None:
            self._cells.value = _predictions.cells(predictions, step)
        return super()._draw(predictions, index, step)

    def _audio(self, index):
        rate, samples = self.sounds(index) if callable(self.sounds) else self.sounds[index]
        name = f"The sound of picture {index}"
        source = html.escape(_sound(rate, samples))
        return f'<audio controls aria-label="{name}" src="{source}"></audio>'

    def _so_far(self, index, step):
        steps, width = len(self.probabilities[index]), self.images.widths[index]
        read = _reading.column_ends(width, steps)[step - 1] if step else 0
        return f"columns = {self.name}[{index}].pixels[0][:, :{read}]"

    def _layout(self):
        self._sound, self._cells = parts.text(), parts.text()
        hint = "Steps and columns count from 1. The label comes at the end"
        return [
            *self._controls("What the classifier says, column by column", hint),
            *([self._sound] if self.sounds is not None else []),
            self._course,
            *([self._cells] if self.states is not None else []),
            held(self._bars, self._code, kind="rt-halves"),
        ]


def _checked_probabilities(images, given):
    """The arrays, a list; TutorError where they are not what a reader says of these strips."""
    n, classes = len(images), images.n_classes or "classes"
    wanted = f"a list of {n} arrays (steps, {classes}) as float for probabilities"
    said = _arrays(given, n, wanted)
    for i, (one, columns) in enumerate(zip(said, images.widths.tolist(), strict=True)):
        fits = one.ndim == 2 and one.shape[1] == (images.n_classes or said[0].shape[-1])
        if not fits or one.dtype.kind != "f" or one.size == 0:
            raise TutorError(
                f"Expected {wanted}; received {one.shape} as {one.dtype} for picture {i}. {REMEDY}"
            )
        if len(one) > columns:
            raise TutorError(
                f"Expected at most {columns} steps for picture {i}, one for each of its columns; "
                f"received {len(one)}. Leave out the steps past its end."
            )
    steps, widths = {len(one) for one in said}, images.widths
    if steps != {1} and len(steps) == 1 and widths.max() >= 2 * widths.min():
        raise TutorError(
            f"Expected fewer steps for a narrow picture than for a wide one; received {steps.pop()}"
            f" for each, and pictures {widths.min()} to {widths.max()} columns wide. Leave out the "
            "steps past the end of each."
        )
    check_softmax(np.concatenate(said))
    return said


def _checked_states(given, steps):
    wanted = f"a list of {len(steps)} arrays (steps, units) as float for states"
    states = _arrays(given, len(steps), wanted)
    for i, (one, count) in enumerate(zip(states, steps, strict=True)):
        fits = one.ndim == 2 and one.shape == (count, states[0].shape[-1])
        if not fits or one.dtype.kind != "f" or one.size == 0:
            raise TutorError(
                f"Expected {wanted}, with {count} steps for picture {i}; received {one.shape} as "
                f"{one.dtype}. Take them from the model that gave the probabilities."
            )
    check_tanh(np.concatenate(states))
    return states


def _arrays(given, n, wanted):
    """The parts as arrays; TutorError where there is not one for each image."""
    count = len(given) if hasattr(given, "__len__") else type(given).__name__
    if count != n or not n:
        raise TutorError(f"Expected {wanted}, one for each picture; received {count}. {REMEDY}")
    return [np.asarray(one) for one in given]


def _sound(rate, samples):
    """Return a sound as the address of a WAV; TutorError where it cannot be heard."""
    rate, samples = check_whole("rate", rate), np.asarray(samples)
    fits = samples.ndim == 1 and samples.size and samples.dtype.kind in "iuf"
    if not fits or not np.isfinite(samples).all():
        raise TutorError(
            "Expected a sound as (rate, samples), the samples (n,) finite numbers; received "
            f"{samples.shape} as {samples.dtype}. Take one channel, as in samples[:, 0]."
        )
    return Audio(samples, rate=rate, normalize=bool(samples.any())).src_attr()
