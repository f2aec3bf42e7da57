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
            (np.mean, "Give two numbers: the mean and its standard error."),
            (_error, "Give two numbers: the mean and its standard error."),
            (
                lambda scores: mean_and_error(scores)[::-1],
                "The numbers are right, but in the wrong order. Give the mean first.",
            ),
            (
                _mean_and(lambda scores: np.std(scores, ddof=1)),
                "This is the standard deviation: it says how far *one* training lies from the "
                "mean. The mean of n trainings varies less. Divide by the root of n.",
            ),
            (
                _mean_and(lambda scores: np.std(scores) / np.sqrt(len(scores))),
                "Nearly. By default `np.std` divides by n. For a sample it must be n - 1, so "
                "set `ddof=1`.",
            ),
            (
                _mean_and(lambda scores: np.std(scores, ddof=1) / np.sqrt(len(scores) - 1)),
                "n - 1 belongs in the standard deviation, where you have it already. Then "
                "divide by the root of n.",
            ),
            (
                _mean_and(lambda scores: np.std(scores, ddof=1) / np.sqrt(5)),
                "There are not always five seeds. n is `len(scores)`.",
            ),
            (
                _mean_and(np.std),
                "This is the plain `np.std`. Set `ddof=1` and divide by the root of n.",
            ),
            (
                _mean_and(lambda scores: np.std(scores, ddof=1) / len(scores)),
                "You divided by n. Divide by the *root* of n.",
            ),
            (
                _mean_and(lambda scores: np.std(scores, ddof=1) * np.sqrt(len(scores))),
                "You multiplied by the root of n. With more seeds the mean is more certain, so "
                "divide.",
            ),
            (
                _mean_and(lambda scores: np.var(scores, ddof=1) / np.sqrt(len(scores))),
                "You used the variance. Take its root.",
            ),
            (
                _mean_and(lambda scores: np.var(scores, ddof=1) / len(scores)),
                "This is the square of the standard error. Take the root.",
            ),
            (
                _mean_and(lambda scores: 1.96 * _error(scores)),
                "This is half of a 95 % interval. Give the standard error without a factor.",
            ),
            (
                lambda scores: np.array([np.median(scores), _error(scores)]),
                "The first number is the median. Give the mean.",
            ),
        ],
        hints=(
            "The standard error of a mean is the standard deviation divided by the root of n.",
            "`np.std(scores, ddof=1)` is the standard deviation, `np.sqrt(len(scores))` the root.",
        ),
        then="With twenty seeds instead of five, the error would be about half as large.",
    ),
    exercise(
        "06.2",
        "seed by seed",
        solution=paired_difference,
        cases=_pair_cases,
        mistakes=[
            (
                lambda first, second: first - second,
                "These are the differences. Now give their mean and its standard error.",
            ),
            (
                lambda first, second: np.mean(first - second),
                "The mean of the differences is right. Its standard error is missing.",
            ),
            (
                lambda first, second: paired_difference(first, second)[::-1],
                "The numbers are right, but in the wrong order. Give the mean difference first.",
            ),
            (
                _difference_and(lambda first, second: np.hypot(_error(first), _error(second))),
                "You combined the errors of the two means. That fits trainings that have "
                "nothing in common. Here, subtract seed by seed first.",
            ),
            (
                _difference_and(lambda first, second: _error(first) + _error(second)),
                "You added the two errors. Subtract the scores seed by seed first. Then take "
                "the error of these differences.",
            ),
            (
                _difference_and(lambda first, second: abs(_error(first) - _error(second))),
                "You subtracted the two errors. Subtract the scores seed by seed first. Then "
                "take the error of these differences.",
            ),
            (
                lambda first, second: mean_and_error(first) - mean_and_error(second),
                "You subtracted the two errors, but an error is never negative. Subtract the "
                "scores seed by seed first. Then take the error of these differences.",
            ),
            (
                lambda first, second: paired_difference(second, first),
                "The sign is wrong. Compute first minus second.",
            ),
            (
                lambda first, second: mean_and_error(abs(first - second)),
                "Keep the signs. A seed where the second model is better gives a negative "
                "difference.",
            ),
            (
                _difference_and(lambda first, second: np.std(first - second, ddof=1)),
                "The differences are right. But this is their standard deviation, not the "
                "standard error of their mean.",
            ),
            (
                _difference_and(lambda first, second: np.std(first - second)),
                "The differences are right. But this is the plain `np.std`. Set `ddof=1` and "
                "divide by the root of n.",
            ),
            (
                _difference_and(lambda first, second: np.std(first - second) / np.sqrt(len(first))),
                "The differences are right. Their standard deviation needs `ddof=1`.",
            ),
            (
                _difference_and(
                    lambda first, second: np.std(first - second, ddof=1) / np.sqrt(len(first) - 1)
                ),
                "The differences are right. Divide their standard deviation by the root of n, "
                "not of n - 1.",
            ),
            (
                _difference_and(lambda first, second: np.std(first - second, ddof=1) / len(first)),
                "The differences are right. You divided by n. Divide by the *root* of n.",
            ),
            (
                _difference_and(
                    lambda first, second: np.std(first - second, ddof=1) * np.sqrt(len(first))
                ),
                "The differences are right. Divide by the root of n instead of multiplying.",
            ),
            (
                _difference_and(
                    lambda first, second: np.std(first - second, ddof=1) / np.sqrt(2 * len(first))
                ),
                "There are n differences, not 2 n. Divide by the root of n.",
            ),
        ],
        hints=(
            "`first - second` subtracts seed by seed. The result is n numbers.",
            "Give the mean of these numbers and its standard error, as in exercise 6.1.",
        ),
        then="Both models saw the same pictures, lucky or unlucky. In the difference this "
        "common luck drops out.",
    ),
    exercise(
        "06.3",
        "the price in pictures",
        solution=pictures_needed,
        cases=_curve_cases,
        mistakes=[
            (
                lambda numbers, scores, wanted: np.interp(wanted, scores, np.log(numbers)),
                "This is the logarithm of the answer. Take `np.exp` of it.",
            ),
            (
                partial(_needed, back=np.asarray),
                "This is the logarithm of the answer. Take `np.exp` of it.",
            ),
            *(
                (
                    wrong,
                    "This is a straight line over the *number* of pictures. On the figure's "
                    "axis each step *multiplies*. Take the logarithm of the numbers, and "
                    "`np.exp` at the end.",
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
                    "This goes from a number to a score. Go from a score to a number: in "
                    "`np.interp` the scores come first, then the logarithms of the numbers.",
                )
                for wrong in (
                    lambda numbers, scores, wanted: np.interp(wanted, np.log(numbers), scores),
                    partial(_needed, between=lambda wanted, s, n: np.interp(wanted, n, s)),
                )
            ),
            (
                lambda numbers, scores, wanted: numbers[np.argmin(abs(scores - wanted))],
                "This is the measured number with the nearest score. The answer lies on the "
                "line between two measured numbers.",
            ),
            *(
                (
                    wrong,
                    "This is the first *measured* number that is enough. The answer lies on "
                    "the line between it and the number before.",
                )
                for wrong in (
                    lambda numbers, scores, wanted: numbers[np.argmax(scores >= wanted)],
                    partial(_needed, between=lambda wanted, scores, numbers: numbers[1]),
                )
            ),
            *(
                (wrong, "With so few pictures `wanted` is not reached yet.")
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
                "This is one interval too far. The curve reaches `wanted` between the first "
                "number that is enough and the one *before* it.",
            ),
            (
                _last_crossing,
                "The curve reaches `wanted` more than once. Give the *first* time.",
            ),
            (
                _interp_over_sorted,
                "Each score belongs to its number. Sorted scores make another curve.",
            ),
            (
                _interp_over_all,
                "A curve may fall again, but `np.interp` expects scores that rise. And if "
                "`wanted` is never reached, the answer is `np.inf`.",
            ),
            (
                _interp_over_all_or_infinity,
                "This curve falls and rises again, but `np.interp` expects scores that rise. "
                "Give the *first* time that the curve reaches `wanted`.",
            ),
            *(
                (
                    _never_is(answer),
                    "The curve never reaches `wanted`. Then the answer is `np.inf`.",
                )
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
                "The smallest number is enough already, so it is the answer. Nothing was "
                "measured before it.",
            ),
            (
                _no_first_number,
                "What if the smallest number is enough already? There is no number before it.",
            ),
            (
                _last_before_first,
                "What if the smallest number is enough already? There is no number before it, "
                "and the index -1 means the last one.",
            ),
            (
                _strictly_above,
                "An accuracy of exactly `wanted` is enough. Use `>=`, not `>`.",
            ),
        ],
        hints=(
            "Find the first place k where `scores[k] >= wanted`. `np.argmax` of True and False "
            "gives it. Two cases are special: k is 0, or there is no such place.",
            "Between k - 1 and k use `np.interp(wanted, scores[k - 1 : k + 1], ...)` with the "
            "logarithms of the two numbers. Then take `np.exp`.",
        ),
        then="Divide the answers of two models. The result says how many times as many "
        "pictures one of them needs.",
    ),
)
