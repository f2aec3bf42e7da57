"""Random views of strips: the same strip as it might also have been spoken or written."""

from dataclasses import dataclass

import numpy as np

from rnn_tutor._errors import check_range
from rnn_tutor.images.arrays import as_images, as_unit

KNOT = 16  # columns between two places where the local tempo is drawn


@dataclass(frozen=True)
class StripAugmentation:
    """Draw random views of strips, whose widths change.

    A run of silent columns is stretched or shrunk by itself, so that pauses tell nothing. A column
    is silent where no pixel differs from the emptiest column by more than `silence`. All defaults
    but that are 0: no change.

    Args:
        pauses: 1.0 makes each silent run exp(-1) to exp(1) times as wide; at most 3.
        tempo: 0.3 means the tempo changes within a strip by exp(-0.3) to exp(0.3); at most 1.
        stretch: The same for the whole strip; at most 1.
        shift: Fraction of the height, up or down; at most 1.
        brightness: 0.3 means values times exp(-0.3) to exp(0.3); at most 3.
        contrast: Gamma from exp(-0.3) to exp(0.3) for 0.3; at most 3.
        blank: Largest fraction of the rows, and of the columns, that are overwritten with the
            strip's mean; at most 1.
        noise: Standard deviation of Gaussian noise, where white is 1; at most 1.
        silence: Part of the strip's brightest value. Default 0.25.

    Raises:
        TutorError: A value is not a number, below 0 or above its largest value.

    Example:
        >>> strips = rt.load_images("spoken3", limit=2)
        >>> views = rt.augmentation.preset("strips")(strips, np.random.default_rng(0))
        >>> [view.shape[0] for view in views], views[0].dtype
        ([16, 16], dtype('float32'))

    Source: Park et al. (2019), SpecAugment, for the blanked rows and columns.
    """

    pauses: float = 0.0
    tempo: float = 0.0
    stretch: float = 0.0
    shift: float = 0.0
    brightness: float = 0.0
    contrast: float = 0.0
    blank: float = 0.0
    noise: float = 0.0
    silence: float = 0.25

    reads_any_width = True  # what `objectives.Contrastive` looks at

    def __post_init__(self):
        for name in ("tempo", "stretch", "shift", "blank", "noise", "silence"):
            check_range(name, getattr(self, name), 0, 1)
        for name in ("pauses", "brightness", "contrast"):
            check_range(name, getattr(self, name), 0, 3)

    def __call__(self, pixels, rng):
        """Draw one view of each strip.

        Args:
            pixels: An `ImageSet`, or a list or an array of images, uint8 or float in 0..1.
            rng: A `numpy.random.Generator`; the same state gives the same views.

        Returns:
            A list of `(height, width, channels)` float32 in 0..1, of any widths.
        """
        return [self._view(as_unit(strip), rng) for strip in as_images(pixels)]

    def _view(self, strip, rng):
        gain, gamma = np.exp(rng.uniform(-1, 1, 2) * (self.brightness, self.contrast))
        view = gain * self._retimed(strip, rng).astype("float32") ** np.float32(gamma)
        height, width = view.shape[:2]
        if self.shift:
            rows = round(height * self.shift * rng.uniform(-1, 1))
            view = view[np.clip(np.arange(height) + rows, 0, height - 1)]
        if self.blank:
            mean = view.mean()
            tall, wide = (rng.uniform(0, self.blank, 2) * (height, width)).astype(int)
            top, left = rng.integers(0, height - tall + 1), rng.integers(0, width - wide + 1)
            view[top : top + tall] = view[:, left : left + wide] = mean
        if self.noise:
            view = view + self.noise * rng.standard_normal(view.shape, dtype="float32")
        return np.clip(view, 0, 1, out=np.asarray(view, "float32"))

    def _retimed(self, strip, rng):
        """Read a strip at another tempo, by how long each of its columns lasts now."""
        width = strip.shape[1]
        knots = np.linspace(0, width, 2 + width // KNOT)
        slower = np.interp(np.arange(width), knots, rng.uniform(-1, 1, len(knots)))
        lasts = np.exp(self.tempo * slower + self.stretch * rng.uniform(-1, 1))
        if self.pauses:
            run = np.cumsum(np.diff(self._is_silent(strip), prepend=False))  # odd in silent runs
            factor = np.exp(self.pauses * rng.uniform(-1, 1, run[-1] + 1))
            lasts *= np.where(run % 2, factor[run], 1)
        ends = np.concatenate([[0], np.cumsum(lasts)])
        new = max(4, round(ends[-1]))
        middles = (np.arange(new) + 0.5) * ends[-1] / new
        place = np.interp(middles, ends, np.arange(width + 1)) - 0.5
        place = place.clip(0, width - 1)
        left = place.astype(int)
        share = (place - left).astype("float32")[None, :, None]
        return strip[:, left] * (1 - share) + strip[:, np.minimum(left + 1, width - 1)] * share

    def _is_silent(self, strip):
        """Return which columns hold nothing but what the emptiest column holds, `(width,)` bool."""
        emptiest = strip[:, strip.sum(axis=(0, 2)).argmin()]
        return (np.abs(strip - emptiest[:, None]) <= self.silence * strip.max()).all(axis=(0, 2))
