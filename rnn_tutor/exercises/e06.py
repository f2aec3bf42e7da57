"""Exercises of notebook 06: how sure a mean is, a paired comparison, the price in pictures."""

from functools import partial

import numpy as np

from rnn_tutor.exercises._judging import exercise

# 06.1 how sure is a mean?


def mean_and_error(scores):
    error = np.std(scores, ddof=1) / np.sqrt(len(scores))
    return np.array([np.mean(scores), error])


def _score_cases(rng):
    yield (np.array([0.8, 0.9]),)
    yield (np.array([0.90, 0.92, 0.97]),)
    for n in (4, 5, 12, 30):
        yield (rng.uniform(0.8, 1, n).round(4),)


def _error(scores):
    return mean_and_error(scores)[1]


def _mean_and(error):
    """A wrong answer whose mean is right."""
    return lambda scores: np.array([np.mean(scores), error(scores)])


# 06.2 seed by seed


def paired_difference(first, second):
    differences = first - second
    error = np.std(differences, ddof=1) / np.sqrt(len(differences))
    return np.array([np.mean(differences), error])


def _pair_cases(rng):
    yield np.array([0.90, 0.96]), np.array([0.92, 0.94])
    yield np.array([0.91, 0.94, 0.98]), np.array([0.90, 0.92, 0.97])
    for n in (4, 5, 12, 30):
        both = rng.uniform(0.8, 1, (2, n)).round(4)
        yield both[0], both[1]


def _difference_and(error):
    """A wrong answer whose mean difference is right."""
    return lambda first, second: np.array([np.mean(first - second), error(first, second)])


# 06.3 the price in pictures


def pictures_needed(numbers, scores, wanted):
    if np.max(scores) < wanted:
        return np.inf
    k = np.argmax(scores >= wanted)
    if k == 0:
        return float(numbers[0])
    logarithm = np.interp(wanted, scores[k - 1 : k + 1], np.log(numbers[k - 1 : k + 1]))
    return np.exp(logarithm)


def _curve_cases(rng):
    numbers, scores = np.array([25, 100, 400]), np.array([0.8, 0.9, 0.94])
    for wanted in (0.85, 0.92, 0.8, 0.5, 0.99, 0.94, 0.9):
        yield numbers, scores, wanted
    yield np.array([10, 40, 160, 640]), np.array([0.5, 0.7, 0.6, 0.9]), 0.65
    yield np.array([10, 40, 160, 640]), np.array([0.5, 0.7, 0.6, 0.9]), 0.7
    yield np.array([10, 40, 160]), np.array([0.7, 0.6, 0.5]), 0.65
    yield np.array([10, 40, 160]), np.array([0.7, 0.6, 0.5]), 0.7
    yield np.array([10, 40, 160, 640]), np.array([0.7, 0.6, 0.5, 0.9]), 0.65
    falling = np.array([0.5, 0.6, 0.7, 0.75, 0.8, 0.9, 0.82, 0.84, 0.86, 0.95])
    yield 25 * 2 ** np.arange(10), falling, 0.88
    for k in (3, 4, 5, 5, 6, 8):
        numbers = np.cumsum(rng.integers(5, 300, k))
        yield numbers, rng.uniform(0.5, 1, k).round(3), round(float(rng.uniform(0.6, 0.95)), 3)


def _needed(numbers, scores, wanted, *, between=np.interp, to=np.log, back=np.exp):
    """The solution with another way to go from one measured number to the next."""
    if np.max(scores) < wanted:
        return np.inf
    k = np.argmax(scores >= wanted)
    if k == 0:
        return float(numbers[0])
    return back(between(wanted, scores[k - 1 : k + 1], to(numbers[k - 1 : k + 1])))


def _interp_over_all(numbers, scores, wanted):
    return np.exp(np.interp(wanted, scores, np.log(numbers)))


def _interp_over_all_or_infinity(numbers, scores, wanted):
    return np.inf if scores.max() < wanted else _interp_over_all(numbers, scores, wanted)


def _interp_over_sorted(numbers, scores, wanted):
    return _interp_over_all_or_infinity(numbers, np.sort(scores), wanted)


def _last_crossing(numbers, scores, wanted):
    if scores.max() < wanted:
        return np.inf
    below = np.flatnonzero(scores < wanted)
    k = below[-1] + 1 if len(below) else 0
    if k == len(scores):  # it ends below: from the last one that is enough on
        k = np.flatnonzero(scores >= wanted)[-1]
    if k == 0:
        return float(numbers[0])
    return pictures_needed(numbers[k - 1 : k + 1], scores[k - 1 : k + 1], wanted)


def _strictly_above(numbers, scores, wanted):
    if np.max(scores) <= wanted:
        return np.inf
    k = np.argmax(scores > wanted)
    if k == 0:
        return float(numbers[0])
    return np.exp(np.interp(wanted, scores[k - 1 : k + 1], np.log(numbers[k - 1 : k + 1])))


def _one_interval_late(numbers, scores, wanted):
    if np.max(scores) < wanted:
        return np.inf
    k = np.argmax(scores >= wanted)
    if k == 0:
        return float(numbers[0])
    return np.exp(np.interp(wanted, scores[k : k + 2], np.log(numbers[k : k + 2])))


def _never_is(answer):
    """The solution, but with another answer where the curve never comes so high."""

    def wrong(numbers, scores, wanted):
        needed = pictures_needed(numbers, scores, wanted)
        return answer(numbers) if needed == np.inf else needed

    return wrong


def _no_first_number(numbers, scores, wanted):
    if np.max(scores) < wanted:
        return np.inf
    k = np.argmax(scores >= wanted)
    return np.exp(np.interp(wanted, scores[k - 1 : k + 1], np.log(numbers[k - 1 : k + 1])))


def _last_before_first(numbers, scores, wanted):
    """Where the first number is enough, index -1 takes the last as the one before it."""
    if np.max(scores) < wanted:
        return np.inf
    k = np.argmax(scores >= wanted)
    share = (wanted - scores[k - 1]) / (scores[k] - scores[k - 1])
    return numbers[k - 1] * (numbers[k] / numbers[k - 1]) ** share


def _extrapolated(numbers, scores, wanted):
    """Before the first number, too, the line goes on."""
    if scores[0] < wanted or len(scores) < 2:
        return pictures_needed(numbers, scores, wanted)
    slope = np.log(numbers[1] / numbers[0]) / (scores[1] - scores[0])
    return numbers[0] * np.exp((wanted - scores[0]) * slope)


EXERCISES = (
    exercise(
        "06.1",
        "how sure is a mean?",
        solution=mean_and_error,
        cases=_score_cases,
        mistakes=[
            (np.mean, "Two numbers are asked for: the mean and its standard error."),
            (_error, "Two numbers are asked for: the mean and its standard error."),
            (
                lambda scores: mean_and_error(scores)[::-1],
                "The right numbers, in the other order: first the mean.",
            ),
            (
                _mean_and(lambda scores: np.std(scores, ddof=1)),
                "This is the standard deviation, how far *one* training lies from the mean. The "
                "mean of n trainings varies less: divide by the root of n.",
            ),
            (
                _mean_and(lambda scores: np.std(scores) / np.sqrt(len(scores))),
                "Nearly: `np.std` divides by n unless it is told otherwise; for a sample it must "
                "be n - 1 (`ddof=1`).",
            ),
            (
                _mean_and(lambda scores: np.std(scores, ddof=1) / np.sqrt(len(scores) - 1)),
                "n - 1 belongs into the standard deviation, and there it is already; then divide "
                "by the root of n.",
            ),
            (
                _mean_and(lambda scores: np.std(scores, ddof=1) / np.sqrt(5)),
                "There are not always five seeds: n is `len(scores)`.",
            ),
            (
                _mean_and(np.std),
                "This is `np.std` as it comes. It lacks `ddof=1`, and the root of n.",
            ),
            (
                _mean_and(lambda scores: np.std(scores, ddof=1) / len(scores)),
                "You divided by n; it is the *root* of n.",
            ),
            (
                _mean_and(lambda scores: np.std(scores, ddof=1) * np.sqrt(len(scores))),
                "You multiplied by the root of n. The more seeds, the surer the mean: divide.",
            ),
            (
                _mean_and(lambda scores: np.var(scores, ddof=1) / np.sqrt(len(scores))),
                "This is with the variance: its root is missing.",
            ),
            (
                _mean_and(lambda scores: np.var(scores, ddof=1) / len(scores)),
                "This is the square of the standard error: take the root.",
            ),
            (
                _mean_and(lambda scores: 1.96 * _error(scores)),
                "This is half of a 95 % interval; the standard error is asked for, without a "
                "factor.",
            ),
            (
                lambda scores: np.array([np.median(scores), _error(scores)]),
                "The first number is the median; the mean is asked for.",
            ),
        ],
        hints=(
            "The standard error of a mean is the standard deviation over the root of n.",
            "`np.std(scores, ddof=1)` is the standard deviation, `np.sqrt(len(scores))` the root.",
        ),
        then="With twenty seeds instead of five the error would be about half as large.",
    ),
    exercise(
        "06.2",
        "seed by seed",
        solution=paired_difference,
        cases=_pair_cases,
        mistakes=[
            (
                lambda first, second: first - second,
                "These are the differences; now their mean and its standard error.",
            ),
            (
                lambda first, second: np.mean(first - second),
                "The mean of the differences is right; its standard error is missing.",
            ),
            (
                lambda first, second: paired_difference(first, second)[::-1],
                "The right numbers, in the other order: first the mean difference.",
            ),
            (
                _difference_and(lambda first, second: np.hypot(_error(first), _error(second))),
                "You added up the errors of the two means, as for trainings that have nothing to "
                "do with each other. Subtract seed by seed first.",
            ),
            (
                _difference_and(lambda first, second: _error(first) + _error(second)),
                "You added the two errors. Subtract the scores seed by seed first; then take the "
                "error of these differences.",
            ),
            (
                _difference_and(lambda first, second: abs(_error(first) - _error(second))),
                "You subtracted the two errors. Subtract the scores seed by seed first; then take "
                "the error of these differences.",
            ),
            (
                lambda first, second: mean_and_error(first) - mean_and_error(second),
                "You subtracted the two errors, and an error is never negative. Subtract the "
                "scores seed by seed first; then take the error of these differences.",
            ),
            (
                lambda first, second: paired_difference(second, first),
                "The sign: first minus second.",
            ),
            (
                lambda first, second: mean_and_error(abs(first - second)),
                "Leave the signs: a seed where the second is better counts against.",
            ),
            (
                _difference_and(lambda first, second: np.std(first - second, ddof=1)),
                "The differences are right; this is their standard deviation, not the standard "
                "error of their mean.",
            ),
            (
                _difference_and(lambda first, second: np.std(first - second)),
                "The differences are right; this is `np.std` as it comes. It lacks `ddof=1`, and "
                "the root of n.",
            ),
            (
                _difference_and(lambda first, second: np.std(first - second) / np.sqrt(len(first))),
                "The differences are right; their deviation lacks `ddof=1`.",
            ),
            (
                _difference_and(
                    lambda first, second: np.std(first - second, ddof=1) / np.sqrt(len(first) - 1)
                ),
                "The differences are right; divide their deviation by the root of n, not of n - 1.",
            ),
            (
                _difference_and(lambda first, second: np.std(first - second, ddof=1) / len(first)),
                "The differences are right; you divided by n, and it is the *root* of n.",
            ),
            (
                _difference_and(
                    lambda first, second: np.std(first - second, ddof=1) * np.sqrt(len(first))
                ),
                "The differences are right; divide by the root of n in place of multiplying.",
            ),
            (
                _difference_and(
                    lambda first, second: np.std(first - second, ddof=1) / np.sqrt(2 * len(first))
                ),
                "There are n differences, not 2 n: divide by the root of n.",
            ),
        ],
        hints=(
            "`first - second` subtracts seed by seed. What is left are n numbers.",
            "Of these, the mean and its standard error: as in exercise 6.1.",
        ),
        then="What both had in common, lucky or unlucky pictures, has dropped out.",
    ),
    exercise(
        "06.3",
        "the price in pictures",
        solution=pictures_needed,
        cases=_curve_cases,
        mistakes=[
            (
                lambda numbers, scores, wanted: np.interp(wanted, scores, np.log(numbers)),
                "This is the logarithm: `np.exp` brings it back.",
            ),
            (
                partial(_needed, back=np.asarray),
                "This is the logarithm: `np.exp` brings it back.",
            ),
            *(
                (
                    wrong,
                    "This is a straight line over the *number* of pictures. On the figure's axis "
                    "each step *multiplies*: take the logarithm of the numbers, and `np.exp` at "
                    "the end.",
                )
                for wrong in (
                    lambda numbers, scores, wanted: np.interp(wanted, scores, numbers),
                    partial(_needed, to=np.asarray, back=np.asarray),
                )
            ),
            (
                partial(_needed, to=np.log10),
                "`np.log10` goes with `10 ** ...`, and `np.log` with `np.exp`.",
            ),
            (
                partial(_needed, to=np.log2),
                "`np.log2` goes with `2 ** ...`, and `np.log` with `np.exp`.",
            ),
            *(
                (
                    wrong,
                    "This goes from a number to a score. Asked for is the way back: the scores "
                    "come first in `np.interp`, then the logarithms of the numbers.",
                )
                for wrong in (
                    lambda numbers, scores, wanted: np.interp(wanted, np.log(numbers), scores),
                    partial(_needed, between=lambda wanted, s, n: np.interp(wanted, n, s)),
                )
            ),
            (
                lambda numbers, scores, wanted: numbers[np.argmin(abs(scores - wanted))],
                "This is the measured number whose score is nearest; what is asked for lies on the "
                "line between two of them.",
            ),
            *(
                (
                    wrong,
                    "This is the first number that was *measured* and is enough; what is asked for "
                    "lies on the line between it and the one before.",
                )
                for wrong in (
                    lambda numbers, scores, wanted: numbers[np.argmax(scores >= wanted)],
                    partial(_needed, between=lambda wanted, scores, numbers: numbers[1]),
                )
            ),
            *(
                (wrong, "With so few it is not reached yet.")
                for wrong in (
                    lambda numbers, scores, wanted: numbers[np.argmax(scores >= wanted) - 1],
                    partial(_needed, between=lambda wanted, scores, numbers: numbers[0]),
                )
            ),
            (
                partial(_needed, between=lambda wanted, scores, numbers: np.mean(numbers)),
                "This is the middle between two measured numbers. Where on the line between them "
                "does the curve reach `wanted`?",
            ),
            (
                _one_interval_late,
                "One interval too far: the curve reaches `wanted` between the first number that is "
                "enough and the one *before* it.",
            ),
            (
                _last_crossing,
                "The curve comes so high more than once; asked for is the *first* time.",
            ),
            (
                _interp_over_sorted,
                "The scores belong to their numbers: sorted by size they are another curve.",
            ),
            (
                _interp_over_all,
                "A curve may fall again, and `np.interp` over all scores expects them to rise. And "
                "if `wanted` is never reached, the answer is infinity, `np.inf`.",
            ),
            (
                _interp_over_all_or_infinity,
                "This curve falls and rises again, and `np.interp` over all scores expects them to "
                "rise. Asked for is the *first* time that it comes so high.",
            ),
            *(
                (_never_is(answer), "It is never reached: then the answer is infinity, `np.inf`.")
                for answer in (
                    lambda numbers: numbers[0],
                    lambda numbers: numbers[-1],
                    lambda numbers: np.nan,
                    lambda numbers: None,
                    lambda numbers: -1,
                )
            ),
            (
                _extrapolated,
                "The smallest number is enough already, so that is the answer: before it nothing "
                "was measured.",
            ),
            (
                _no_first_number,
                "What if the smallest number is enough already? There is none before it.",
            ),
            (
                _last_before_first,
                "What if the smallest number is enough already? There is none before it, and the "
                "index -1 is the last of all.",
            ),
            (
                _strictly_above,
                "An accuracy of exactly `wanted` is enough: `>=`, not `>`.",
            ),
        ],
        hints=(
            "Find the first place k where `scores[k] >= wanted`: `np.argmax` of truth values gives "
            "it. Two cases are special: k is 0, or there is no such place.",
            "Between k - 1 and k, `np.interp(wanted, scores[k - 1 : k + 1], ...)` of the "
            "logarithms of the two numbers; then `np.exp`.",
        ),
        then="Divide the answers of two models: so many times as many pictures does one need.",
    ),
)
