"""The exercises of notebook 07, learning without labels: what is asked of an answer."""

import hashlib
import random

import numpy as np
from sklearn.metrics import mean_squared_error

from rnn_tutor.exercises._judging import Exercise, Wrong, difference

# The answer and usual mistakes as fingerprints: here they cannot be read.
SIZE = "7b8731f86f73"
OTHER_SIZES = {
    "c11ab33f9240": "So much comes from *one* layer that reads *one* way. How many layers, and how "
    "many ways?",
    "da49579636bb": "That is what the encoders trained above have, which read one way; now "
    "there are two.",
    "42c4d8bf1005": "That is twice too much: leave `units` at 96.",
}


def fingerprint(value):
    """Twelve letters that stand for a whole number."""
    return hashlib.sha256(f"07.1 {value}".encode()).hexdigest()[:12]


def _size(answer):
    if isinstance(answer, (tuple, list)) and len(answer) == 2 and answer[0] is None:
        raise Wrong("This is the whole shape; how many numbers are that for each picture?")
    if isinstance(answer, (bool, str)) or np.ndim(answer) or answer != round(answer):
        raise Wrong(f"A whole number is asked for; this is {answer!r}.")
    if fingerprint(round(answer)) != SIZE:
        raise Wrong(
            OTHER_SIZES.get(
                fingerprint(round(answer)),
                "That is not it. Build this encoder, as the cells above do, and look at its "
                "`output_shape`.",
            )
        )


def _partner(attempt):
    for n in [3, 1, 2, *range(4, 13), 100]:
        numbers = np.tile(np.arange(n), 2)  # as `Contrastive.batch` makes them
        for view in range(2 * n):
            (both,) = np.nonzero(numbers == numbers[view])
            (expected,) = both[both != view]
            attempt.gives(int(expected), view, n, mistakes=_not_partners(view, n))


def _not_partners(view, n):
    side_by_side = (
        "You pair views that stand side by side. A batch holds the first views of all pictures, "
        "then their second views in the same order."
    )
    none = f"With {n} pictures there are {2 * n} views, and since Python counts from 0, "
    none += f"the last one is {2 * n - 1}."
    return [
        (view, "This is the view itself."),
        (lambda r: r < 0 or r >= 2 * n, none),
        (view ^ 1, side_by_side),
        (2 * n - 1 - view, "The second views stand in the same order as the first, not reversed."),
        (lambda r: r.dtype.kind == "f" and r == round(float(r)), "This is a float: use `//`."),
        (lambda r: abs((view - r) % (2 * n) - n) == 1, "Nearly: this is off by one."),
    ]


def _error(attempt):
    rng = np.random.default_rng(7)
    two = np.uint8([[200, 100, 50], [0, 0, 255]]).reshape(2, 1, 3, 1)  # of three pixels each
    _compare(attempt, two, np.zeros_like(two))
    _compare(attempt, np.zeros_like(two), two)
    for shape in [(1, 2, 2, 1), (3, 2, 2, 1), (2, 3, 4, 3), (10, 8, 5, 1), (40, 28, 28, 1)]:
        _compare(attempt, *rng.integers(0, 256, (2, *shape), dtype=np.uint8))


def _compare(attempt, pictures, drawn):
    """scikit-learn's error of each picture, against the student's."""
    n = len(pictures)
    a, b = (x.reshape(n, -1).T.astype(float) / 255 for x in (pictures, drawn))
    expected = mean_squared_error(a, b, multioutput="raw_values")
    size, amount = a.shape[0], np.abs(a - b).mean(axis=0)
    each = f"Expected one number for each picture, {n} here; "
    mistakes = [
        (lambda r: _is_overflow(attempt, pictures, drawn, r), OVERFLOW),
        (lambda r: r.ndim == 0, each + "you took the mean over the pictures too."),
        (
            lambda r: r.ndim > 0 and r.shape == pictures.shape[1:],
            each + "you took the mean over the pictures, and kept the pixels.",
        ),
        (lambda r: r.shape == pictures.shape, each + "you gave one for each pixel."),
        (lambda r: r.ndim > 1, each + "take the mean over *all* axes but the first."),
        (expected * 255**2, "White is to count as 1: divide the pixels by 255 first."),
        (expected * 255, "Divide the pixels by 255 *before* you square, not after."),
        (expected * size, "This is the sum over the pixels; take their mean."),
        (amount, "This is the mean of the differences' amounts: square them."),
        ((a - b).mean(axis=0) ** 2, "Square each difference first, then take the mean."),
        (np.sqrt(expected), "This is the root of the error: leave it squared."),
    ]
    attempt.gives(expected, pictures, drawn, mistakes=mistakes)


OVERFLOW = (
    "These pixels are `uint8`, which knows only 0 to 255: with them 100 - 200 is 156, and squares "
    "wrap round too. Make floats of them first: `pictures.astype(float)`."
)


def _is_overflow(attempt, pictures, drawn, received):
    """Whether the same function gives something else for the same numbers as floats."""
    with_floats = np.asarray(attempt(pictures.astype(float), drawn.astype(float)), float)
    return bool(difference(with_floats, received))


def _collapsed(attempt):
    arrow = np.array([0.6, 0.8])
    four = np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0]])
    pictures = (
        "All pictures have the same embedding here, and that is collapse. Is your comparison the "
        "right way round? If so: take the variance over the *pictures*, `axis=0`."
    )
    spread = "Answer with True or False: is the spread below 0.1?"
    attempt.gives(
        True,
        np.array([arrow] * 3),
        mistakes=[(lambda r: r.dtype.kind != "b", spread), (lambda r: not r, pictures)],
    )
    attempt.gives(False, four, words="These four point all ways: that is the opposite of collapse.")
    scale = "Only directions count: scale each embedding to length one first. These "
    short = scale + "point all ways, and are merely short."
    attempt.gives(False, 0.01 * four, mistakes=[(lambda r: r, short)])
    long = scale + "all point the same way, and differ in length only."
    attempt.gives(True, arrow * [[1.0], [10.0], [50.0]], mistakes=[(lambda r: not r, long)])
    many = np.eye(110)  # the mean over so many features is below the threshold
    every = (
        "These 110 pictures have nothing in common. Add the variances of all features up: their "
    )
    every += "mean is small wherever there are many."
    attempt.gives(False, many, mistakes=[(lambda r: r, every)])
    root = "The spread is the *root* of the sum of the variances. Here it is {spread}."
    for spread in (0.09, 0.11, 0.2, 0.05):
        up = np.array([[np.sqrt(1 - spread**2), spread]] * 3)
        pair = np.concatenate([up, up * [1, -1]])  # half a little up, half a little down
        attempt.gives(spread < 0.1, pair, words=root.format(spread=spread))
    one = "It is {spread} here, the root of the mean *squared* distance from the mean: one picture "
    one += "far away counts for more than its share, and for less than everything."
    opposite, aside = np.tile(arrow, (200, 1)), np.tile(arrow, (1000, 1))
    opposite[7] *= -1
    aside[7] = -0.8, 0.6
    attempt.gives(False, opposite, words=one.format(spread="0.14"))
    attempt.gives(True, aside, words=one.format(spread="0.04"))
    rng = np.random.default_rng(7)
    for features in (2, 8, 64, 256):
        around = rng.normal(size=(50, features))
        lengths = rng.uniform(0.01, 100, (50, 1))
        attempt.gives(False, around * lengths)
        towards = around[0] / np.linalg.norm(around[0])
        near = towards + 0.01 / np.sqrt(features) * rng.normal(size=(50, features))
        attempt.gives(True, near * lengths)


def _loss(attempt):
    itself = (
        "The view itself stands among the candidates, with the highest score of all. It is no "
        "candidate: leave scores[view] out."
    )
    twice = (
        "Softmax has been taken twice: of the scores, then of the probabilities. Once is enough."
    )
    mistakes = [
        (1.493812, itself),
        (0.871100, twice),
        (1.436546, twice + " And " + itself),
        (0.576117, "This is the probability of the partner. The loss is minus its logarithm."),
        (-0.551445, "The sign is wrong: a loss is never negative, minus a logarithm."),
        (-0.306853, "The partner is a candidate too; you added up the strangers only."),
        (1.551445, "Once scores[view] is taken out, what comes after it moves up by one place."),
        (
            0.743668,
            "scores[view] is now a candidate with the score 0. Leave it out altogether.",
        ),
        (0.239489, "The natural logarithm is meant, `np.log`."),
        (lambda r: r.ndim > 0, "One number is asked for, the loss of this one view."),
    ]
    attempt.gives(0.551445, np.array([2.0, 1.0, 0.0, 0.0]), 0, 1, mistakes=mistakes)
    attempt.gives(1.386294, np.array([0.0, 5.0, 0.0, 0.0, 0.0]), 1, 3)
    _adds_up(attempt)
    large = (
        "exp(1000) is more than a float can hold. Take the largest candidate's score off all, "
        "which changes nothing else; or use `scipy.special.logsumexp`."
    )
    attempt.gives(
        0.313262,
        np.array([2000.0, 1000.0, 999.0, -50.0]),
        0,
        1,
        mistakes=[(lambda r: not np.isfinite(r), large)],
    )
    tiny = (
        "The partner's probability is too small for a float here, but its logarithm is not: take "
        "the logarithm of the sum, and the partner's score off that, without the probability."
    )
    scores = np.array([1000.0, 1000.0, 0.0, -1000.0])
    attempt.gives(1000.0, scores, 0, 2, words=tiny)


def _adds_up(attempt):
    """What holds of every softmax: it is a probability, and differences of scores stay."""
    rng = random.Random(7)
    for size in (4, 4, 6, 10, 60):
        scores = np.array([round(rng.uniform(-4, 4), 1) for _ in range(size)])
        view = rng.randrange(size)
        others = [k for k in range(size) if k != view]
        losses = np.array([float(attempt(scores, view, k)) for k in others])
        total = np.exp(-losses).sum()
        steps = losses - losses[0] + scores[others] - scores[others[0]]
        if not abs(total - 1) < 1e-4:
            words = "exp(-loss) is the probability of a candidate. Over all candidates that a view "
            words += f"has, these should add up to 1; yours add up to {total:.3f}."
            attempt.fail(words, (scores, view, others[0]))
        if not np.abs(steps).max() < 1e-4:
            words = "Where one candidate's score is higher by 1, its loss should be lower by 1."
            attempt.fail(words, (scores, view, others[0]))


EXERCISES = (
    Exercise(
        "07.1",
        "how long is the embedding?",
        _size,
        (
            "A bidirectional layer gives one state for each way it reads, side by side.",
            "`recurrent_encoder(pictures.shape, units=..., bidirectional=...).output_shape` says "
            "it; the last number is meant.",
        ),
        then="As many numbers as two layers, two ways and 96 units make.",
    ),
    Exercise(
        "07.2",
        "who is whose partner?",
        _partner,
        (
            "Write a batch of three pictures down: views 0, 1, 2 are the first ones, 3, 4, 5 the "
            "second ones. Who is the partner of 0, and of 5?",
            "From a first view one goes n places forward, from a second one n places back.",
            "The remainder `%` turns a step past the end into a step from the beginning.",
        ),
        ("view", "n"),
        "NT-Xent asks the network for just this, and shows it nothing but the pictures.",
    ),
    Exercise(
        "07.3",
        "the error of each picture",
        _error,
        (
            "Bring both to floats from 0 to 1 first, as `pictures.as_float()` does.",
            "Square the differences, then take the mean over all axes but the first, which is "
            "that of the pictures.",
            "`mean(axis=(1, 2, 3))` takes the mean over three axes at once.",
        ),
        ("pictures", "drawn"),
        "The pictures with the largest error are those that the autoencoder finds strangest.",
    ),
    Exercise(
        "07.4",
        "has it collapsed?",
        _collapsed,
        (
            "Scale each embedding to length one: `rt.clustering.normalised` does it.",
            "How far does each feature vary over the pictures? `z.var(axis=0)` says so.",
            "The spread is the root of the sum of these. The cell under *Collapse* computes it.",
        ),
        ("embeddings",),
        "Two lines to put under every training without labels.",
    ),
    Exercise(
        "07.5",
        "the loss of one view",
        _loss,
        (
            "The loss is minus the logarithm of the partner's probability, and that is a softmax "
            "over the candidates: exp of its score, divided by the sum over all candidates.",
            "Who is a candidate? All views but one, the partner included.",
            "A logarithm of a fraction is a difference: the logarithm of the sum, minus the "
            "partner's score. `scipy.special.logsumexp` computes the first one safely.",
        ),
        ("scores", "view", "partner"),
        "`nt_xent` does this for all views at once.",
    ),
)
