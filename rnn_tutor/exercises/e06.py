"""Exercises of notebook 06: how sure a mean is, a paired comparison, the price in pictures."""

import numpy as np

from rnn_tutor.exercises._judging import Exercise


def _mean_and_error(attempt):
    known = [
        ([0.93, 0.0360555], "This is the standard deviation, how far *one* training lies from the "
                            "mean. The mean of n trainings varies less: divide by the root of n."),
        ([0.93, 0.0169967], "Nearly: `np.std` divides by n unless it is told otherwise; for a "
                            "sample it must be n - 1 (`ddof=1`)."),
        ([0.93, 0.0294392], "This is `np.std` as it comes. It lacks `ddof=1`, and the root of n."),
        ([0.93, 0.0120185], "You divided by n; it is the *root* of n."),
        ([0.93, 0.0007506], "This is with the variance: its root is missing."),
        ([0.0208167, 0.93], "The right numbers, in the other order: first the mean."),
        (0.93, "Two numbers are asked for: the mean and its standard error."),
        (0.0208167, "Two numbers are asked for: the mean and its standard error."),
    ]  # fmt: skip
    attempt.gives(np.array([0.93, 0.0208167]), np.array([0.90, 0.92, 0.97]), mistakes=known)
    rng = np.random.default_rng(6)
    for n in (2, 5, 12, 30):
        scores = rng.uniform(0.8, 1, n)
        variance = sum((score - sum(scores) / n) ** 2 for score in scores) / (n - 1)
        attempt.gives(np.array([sum(scores) / n, (variance / n) ** 0.5]), scores)


def _paired_difference(attempt):
    first, second = np.array([0.91, 0.94, 0.98]), np.array([0.90, 0.92, 0.97])
    known = [
        ([0.0133333, 0.029059], "You added up the errors of the two means, as for trainings that "
                                "have nothing to do with each other. Subtract seed by seed first."),
        ([0.0133333, 0.0005404], "You subtracted the two errors. Subtract the scores seed by seed "
                                 "first; then take the error of these differences."),
        ([-0.0133333, 0.0033333], "The sign: first minus second."),
        ([0.0133333, 0.0057735], "The differences are right; this is their standard deviation, not "
                                 "the standard error of their mean."),
        ([0.0133333, 0.0027217], "The differences are right; their deviation lacks `ddof=1`."),
        (0.0133333, "The mean of the differences is right; its standard error is missing."),
        ([0.01, 0.02, 0.01], "These are the differences; now their mean and its standard error."),
    ]  # fmt: skip
    attempt.gives(np.array([0.0133333, 0.0033333]), first, second, mistakes=known)
    mixed = np.array([0.90, 0.96]), np.array([0.92, 0.94])
    sizes = [([0.02, 0.0], "Leave the signs: a seed where the second is better counts against.")]
    attempt.gives(np.array([0.0, 0.02]), *mixed, mistakes=sizes)
    rng = np.random.default_rng(6)
    for n in (2, 5, 12, 30):
        first, second = rng.uniform(0.8, 1, (2, n))
        gaps = [a - b for a, b in zip(first, second, strict=True)]
        variance = sum((gap - sum(gaps) / n) ** 2 for gap in gaps) / (n - 1)
        attempt.gives(np.array([sum(gaps) / n, (variance / n) ** 0.5]), first, second)


def _pictures_needed(attempt):
    numbers, scores = np.array([25, 100, 400]), np.array([0.8, 0.9, 0.94])
    known = [
        (62.5, "Halfway between 25 and 100, counted in pictures. On the figure's axis each step "
               "*multiplies*: take the logarithm of the numbers, and `np.exp` at the end."),
        (100, "This is the first number that was *measured* and is enough; what is asked for lies "
              "on the line between it and the one before."),
        (25, "With so few it is not reached yet."),
        (3.912023, "This is the logarithm: `np.exp` brings it back."),
    ]  # fmt: skip
    attempt.gives(50.0, numbers, scores, 0.85, mistakes=known)
    attempt.gives(200.0, numbers, scores, 0.92)
    early = "The smallest number is enough already, so that is the answer."
    attempt.gives(25.0, numbers, scores, 0.8, words=early)
    attempt.gives(25.0, numbers, scores, 0.5, words=early)
    never = "It is never reached: then the answer is infinity, `np.inf`."
    mistakes = [(lambda received: np.isnan(received) or received != np.inf, never)]
    attempt.gives(np.inf, numbers, scores, 0.99, mistakes=mistakes)
    attempt.gives(400.0, numbers, scores, 0.94, words="The last number is just enough.")
    falling = np.array([0.5, 0.6, 0.7, 0.75, 0.8, 0.9, 0.82, 0.84, 0.86, 0.95])
    again = (
        "After 0.9 this curve falls to 0.82 and rises again. Asked for is the *first* time that it "
        "comes so high. (`np.interp` over all scores expects them to rise.)"
    )
    attempt.gives(696.440451, 25 * 2 ** np.arange(10), falling, 0.88, words=again)


EXERCISES = (
    Exercise(
        "06.1",
        "how sure is a mean?",
        _mean_and_error,
        (
            "The standard error of a mean is the standard deviation over the root of n.",
            "`np.std(scores, ddof=1)` is the standard deviation, `np.sqrt(len(scores))` the root.",
        ),
        inputs=("scores",),
        then="Of twenty seeds instead of five the error would be half as large: so slowly it pays.",
    ),
    Exercise(
        "06.2",
        "seed by seed",
        _paired_difference,
        (
            "`first - second` subtracts seed by seed. What is left are n numbers.",
            "Of these, the mean and its standard error: as in exercise 6.1.",
        ),
        inputs=("first", "second"),
        then="What both had in common, lucky or unlucky pictures, has dropped out.",
    ),
    Exercise(
        "06.3",
        "the price in pictures",
        _pictures_needed,
        (
            "Find the first place k where `scores[k] >= wanted`: `np.argmax` of truth values gives "
            "it. Two cases are special: k is 0, or there is no such place.",
            "Between k - 1 and k, `np.interp(wanted, scores[k - 1 : k + 1], ...)` of the "
            "logarithms of the two numbers; then `np.exp`.",
        ),
        inputs=("numbers", "scores", "wanted"),
        then="Divide the answers of two models: so many times as many pictures does one need.",
    ),
)
