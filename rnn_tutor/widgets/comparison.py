"""The comparison panel: any two models, seed by seed, from scores that were measured before."""

import html
from dataclasses import dataclass, replace

import numpy as np
from scipy.stats import ttest_rel

from rnn_tutor import plots
from rnn_tutor._errors import TutorError
from rnn_tutor.widgets import _parts as parts


@dataclass(frozen=True)
class Pair:
    """Two models and the question on which they are compared; all three are names.

    Example:
        >>> Pair("GRU", "LSTM", "noise").ours
        'GRU'
    """

    ours: str
    theirs: str
    question: str


class ComparisonPanel(parts.Panel):
    """Compare any two models seed by seed: their differences, 95 % intervals, and a verdict.

    Args:
        scores: `{question: {model: {value: scores}}}`. The scores are shares from 0 to 1, one for
            each seed, in the same order of seeds for every model. Each question has the same
            models, and each model of a question the same values.
        pair: The `Pair` to begin with. Default: the first two models and the first question.
        name: The variable that holds the scores, for the code that the panel shows.

    Attributes:
        pair: The `Pair` that the controls show; can be set.
        differences: `{value: (seeds,) float}`, by how many points ours is ahead with each seed.
        intervals: `{value: (low, high)}`, a 95 % interval of the mean difference, in points.
        verdict: What the intervals say, in words.
        code: The lines of Python that give the same intervals; they need `ttest_rel` of SciPy.

    Raises:
        TutorError: The questions have different models, or there are fewer than two.

    Example:
        >>> import rnn_tutor as rt
        >>> accuracy = {"GRU": {"25": [0.8, 0.7, 0.9]}, "CNN": {"25": [0.9, 0.8, 1.0]}}
        >>> panel = rt.widgets.ComparisonPanel({"pictures": accuracy})
        >>> panel.pair
        Pair(ours='GRU', theirs='CNN', question='pictures')
        >>> print(panel.verdict)
        CNN is clearly ahead (25).
    """

    def __init__(self, scores, pair=None, name="scores"):
        models = self._models = _checked_models(scores)
        self.scores, self._before = scores, pair or Pair(*models[:2], next(iter(scores)))
        named, questions = ({name: name for name in names} for names in (models, scores))
        controls = {
            "ours": parts.choice("One model", named, models[0]),
            "theirs": parts.choice("The other", named, models[1]),
            "question": parts.choice("Question", questions, next(iter(scores))),
        }
        self._figure, self._status, self._code = parts.text(), parts.text(), parts.text()
        children = [
            parts.title("Compare any two models", "Choose them and a question"),
            parts.grid(*controls.values()),
            self._status,
            self._figure,
            self._code,
        ]
        super().__init__("comparison", None, children, name)
        self._work = parts.DebouncedWorker(self._draw)
        self._fields = parts.Fields(self._before, controls, self._changed)
        self._changed()

    @property
    def pair(self):
        """The `Pair` that the controls show; setting it moves the controls."""
        return self._fields.value

    @pair.setter
    def pair(self, pair):
        self._fields.value = pair

    @property
    def differences(self):
        """`{value: (seeds,) float}`, by how many points ours is ahead with each seed."""
        table = self.scores[self.pair.question]
        ours, theirs = table[self.pair.ours], table[self.pair.theirs]
        return {value: 100 * np.subtract(ours[value], theirs[value]) for value in ours}

    @property
    def intervals(self):
        """`{value: (low, high)}`, a 95 % interval of the mean difference, in points."""
        return {value: _interval(points) for value, points in self.differences.items()}

    @property
    def verdict(self):
        """What the intervals say, in words."""
        ours, theirs = self.pair.ours, self.pair.theirs
        ahead, behind, unclear = [], [], []
        for value, (low, high) in self.intervals.items():
            (ahead if low > 0 else behind if high < 0 else unclear).append(value)
        if not ahead + behind:
            return f"These seeds cannot tell {ours} from {theirs}."
        parts_of_it = {
            f"{ours} is clearly ahead": ahead,
            f"{theirs} is clearly ahead": behind,
            "elsewhere these seeds cannot tell": unclear,
        }
        said = [f"{words} ({'; '.join(found)})" for words, found in parts_of_it.items() if found]
        lone = " A lone clear difference may be luck."
        return f"{', '.join(said)}.{lone if len(ahead + behind) == 1 < len(unclear) else ''}"

    @property
    def code(self):
        """The lines of plain Python that give the same intervals."""
        pair = self.pair
        return (
            f'table = {self.name}["{pair.question}"]\n'
            f'ours, theirs = table["{pair.ours}"], table["{pair.theirs}"]\n'
            "tests = {value: ttest_rel(ours[value], theirs[value]) for value in ours}\n"
            "intervals = {\n"
            "    value: 100 * np.array(test.confidence_interval())\n"
            "    for value, test in tests.items()\n"
            "}\n"
            f'rt.plots.forest({{"{pair.question}": intervals}}, "points ahead")'
        )

    def wait(self, timeout=None):
        """Block until the newest choice is drawn; return whether it is.

        Args:
            timeout: Seconds to wait at most, or None.
        """
        return self._work.wait(timeout)

    def __repr__(self):
        return f"ComparisonPanel({len(self._models)} models, {len(self.scores)} questions)"

    def _changed(self):
        pair, before = self.pair, self._before
        if pair.ours == pair.theirs:  # a model that is chosen twice: the two change places
            if pair.ours == before.theirs:
                self._before = replace(pair, theirs=before.ours)
            else:
                self._before = replace(pair, ours=before.theirs)
            self._fields.value = self._before  # which comes back here
            return
        self._before = pair
        self._code.value = parts.code(self.code)
        self._status.value = f'<div role="status">{html.escape(self.verdict)}</div>'
        self._work.submit((self.pair, self.differences, self.intervals))

    def _draw(self, asked):
        """Draw a forest plot; on a thread of its own."""
        pair, differences, intervals = asked
        x = f"points by which {pair.ours} is ahead of {pair.theirs}; dots are seeds"
        picture = plots.forest({pair.question: intervals}, x, dots={pair.question: differences})
        self._figure.value = parts.figure(picture)


def _interval(points):
    """Return the 95 % interval of a mean difference; without any spread it has no length."""
    if np.ptp(points) == 0:
        return float(points[0]), float(points[0])
    return tuple(map(float, ttest_rel(points, np.zeros(len(points))).confidence_interval()))


def _checked_models(scores):
    """Return the models of all questions; TutorError where they differ or are fewer than two."""
    models = [list(table) for table in scores.values()]
    if not models or len(models[0]) < 2 or any(found != models[0] for found in models):
        raise TutorError(
            "Expected {question: {model: {value: scores}}} with the same two models or more for "
            f"each question; received {models}."
        )
    return models[0]
