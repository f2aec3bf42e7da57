"""The exercises of notebook 07, learning without labels."""

import math

import numpy as np

from rnn_tutor.exercises._judging import exercise

# 07.1: how long is the embedding?


def _length(expected, received):
    if received.shape:
        return "One number is asked for, without brackets."
    if received == expected:
        return ""
    return (
        "That is not it. Build this encoder, as the cells above do, and look at its `output_shape`."
    )


# 07.2: who is whose partner?


def partner(view, n):
    return (view + n) % (2 * n)


def _partner_cases(rng):
    for n in [1, 2, 3, 4, 5, 12]:
        yield from ((view, n) for view in range(2 * n))
    for n in rng.integers(20, 300, 6):
        yield int(rng.integers(2 * n)), int(n)


OFF_BY_ONE = "Nearly: this is off by one."

# 07.3: the error of each picture


def error_of_each(pictures, drawn):
    difference = pictures.astype(float) / 255 - drawn.astype(float) / 255
    return (difference**2).mean(axis=(1, 2, 3))


def _error_cases(rng):
    two = np.uint8([[200, 100, 50], [0, 0, 255]]).reshape(2, 1, 3, 1)
    yield two, np.zeros_like(two)
    yield np.zeros_like(two), two  # now every difference is negative
    shapes = [(1, 1, 1, 1), (1, 2, 2, 3), (3, 2, 5, 1), (2, 3, 4, 3), (10, 8, 5, 1), (5, 28, 28, 1)]
    for shape in shapes:
        yield tuple(rng.integers(0, 256, (2, *shape), dtype=np.uint8))


def _as_floats(pictures, drawn):
    return pictures / 255, drawn / 255


def _over_the_pictures_only(pictures, drawn):
    a, b = _as_floats(pictures, drawn)
    return ((a - b) ** 2).mean(axis=0)


def _over_rows_only(pictures, drawn):
    a, b = _as_floats(pictures, drawn)
    return ((a - b) ** 2).mean(axis=1)


def _channels_apart(pictures, drawn):
    a, b = _as_floats(pictures, drawn)
    return ((a - b) ** 2).mean(axis=(1, 2))


def _of_each_pixel(pictures, drawn):
    a, b = _as_floats(pictures, drawn)
    return (a - b) ** 2


def _sum_of_squares(pictures, drawn):
    return _of_each_pixel(pictures, drawn).sum(axis=(1, 2, 3))


def _mean_amount(pictures, drawn):
    a, b = _as_floats(pictures, drawn)
    return np.abs(a - b).mean(axis=(1, 2, 3))


def _square_of_the_mean(pictures, drawn):
    a, b = _as_floats(pictures, drawn)
    return (a - b).mean(axis=(1, 2, 3)) ** 2


def _without_the_last_picture(pictures, drawn):
    errors = error_of_each(pictures, drawn)
    errors[-1] = 0
    return errors


OVERFLOW = (
    "These pixels are `uint8`, which knows only 0 to 255: with them 100 - 200 is 156, and squares "
    "wrap round too. Make floats of them first: `pictures.astype(float)`."
)
ONE_FOR_EACH = "Give one number for each picture; "

# 07.4: has it collapsed?


def likeness(embeddings):
    z = embeddings / np.linalg.norm(embeddings, axis=1, keepdims=True)
    first, second = np.triu_indices(len(z), k=1)
    return (z @ z.T)[first, second].mean()


def _embeddings(rng):
    arrow = np.array([0.6, 0.8])
    yield np.array([arrow, arrow])
    yield np.array([[1.0, 0.0], [0.0, 1.0]])
    yield np.array([[1.0, 0.0], [-1.0, 0.0]])
    yield np.array([[3.0, 0.0], [0.5, 0.5]])
    yield arrow * [[0.3], [1.0], [7.0]]
    yield np.array([[1.0, 0.0], [0.0, 1.0], [-0.8, 0.6]])
    for n, features in [(3, 2), (4, 4), (5, 2), (2, 6), (30, 8), (100, 64)]:
        around = rng.normal(size=(n, features)) * rng.uniform(0.01, 10, (n, 1))
        yield around
        yield rng.normal(size=features) + 0.05 * around


def _cosines(embeddings):
    z = embeddings / np.linalg.norm(embeddings, axis=1, keepdims=True)
    return z @ z.T


def _pairs(table):
    return table[np.triu_indices(len(table), k=1)]


def _spread(embeddings):
    z = embeddings / np.linalg.norm(embeddings, axis=1, keepdims=True)
    return np.sqrt(z.var(axis=0).sum())


def _diagonal_included(embeddings):
    table = _cosines(embeddings)
    return table[np.triu_indices(len(table))].mean()


def _lengths_kept(embeddings):
    return _pairs(embeddings @ embeddings.T).mean()


LENGTHS = (
    "Only directions count: divide each embedding, a row, by its own length first. Then short ones "
    "and long ones are judged alike."
)
EVERY_PAIR = "The mean over *all* pairs of different pictures is meant; "

# 07.5: the loss of one view


def loss_of_view(scores, view, partner):
    from scipy.special import logsumexp

    return logsumexp(np.delete(scores, view)) - scores[partner]


def _loss_cases(rng):
    yield np.array([2.0, 1.0, 0.0, 0.0]), 0, 1
    yield np.array([0.0, 5.0, 0.0, 0.0, 0.0, 0.0]), 1, 3
    yield np.array([1.0, -1.0, 0.5, 3.0]), 3, 0
    for pictures in (2, 2, 3, 4, 5, 30):
        scores = rng.uniform(-4, 4, 2 * pictures).round(1)
        view, partner = rng.permutation(2 * pictures)[:2]
        yield scores, int(view), int(partner)
    yield np.array([1000.0, 1001.0, 999.0, 1000.0]), 0, 1
    yield np.array([2000.0, 1000.0, 999.0, -50.0]), 0, 1
    yield np.array([1000.0, 1000.0, 0.0, -1000.0]), 0, 2


# The same loss, of the partner's score among the candidates' scores, is computed in five ways. All
# but the first break down where scores are large, so each other mistake is listed in all five.


def _by_logsumexp(candidates, score):
    from scipy.special import logsumexp

    return logsumexp(candidates) - score


def _by_log_of_sum(candidates, score):
    return np.log(np.exp(candidates).sum()) - score


def _by_probability(candidates, score):
    return -np.log(np.exp(score) / np.exp(candidates).sum())


def _with_math(candidates, score):
    return math.log(sum(math.exp(candidate) for candidate in candidates)) - score


def _by_probability_shifted(candidates, score):
    largest = candidates.max()
    return -np.log(np.exp(score - largest) / np.exp(candidates - largest).sum())


WAYS = (_by_logsumexp, _by_log_of_sum, _by_probability, _with_math, _by_probability_shifted)


def _chosen(choose, way):
    """The loss of what `choose` takes for the candidates and the partner's score, in one way."""

    def mistake(scores, view, partner):
        return way(*choose(scores, view, partner))

    return mistake


def _right(scores, view, partner):
    return np.delete(scores, view), scores[partner]


def _itself_among_them(scores, view, partner):
    return scores, scores[partner]


def _itself_with_score_0(scores, view, partner):
    scores = scores.copy()
    scores[view] = 0
    return scores, scores[partner]


def _negatives_only(scores, view, partner):
    return np.delete(scores, [view, partner]), scores[partner]


def _without_the_first(scores, view, partner):
    return scores[1:], scores[partner]


def _without_the_last(scores, view, partner):
    return np.delete(scores, [view, -1]), scores[partner]


def _without_the_one_before(scores, view, partner):
    return np.delete(scores, view - 1), scores[partner]


def _shifted_place(scores, view, partner):
    candidates = np.delete(scores, view)
    return candidates, candidates[partner]


def _temperature_again(scores, view, partner):
    return 2 * np.delete(scores, view), 2 * scores[partner]


def _loss_of_every_score(scores, view, partner):
    return np.delete(scores, view), scores


def _softmax_twice(way, with_itself):
    def mistake(scores, view, partner):
        others = scores if with_itself else np.delete(scores, view)
        probabilities = np.array([np.exp(-way(others, score)) for score in scores])
        return way(
            probabilities if with_itself else np.delete(probabilities, view), probabilities[partner]
        )

    return mistake


def _changed(way, change):
    """`change` of the right loss."""

    def mistake(scores, view, partner):
        return change(way(*_right(scores, view, partner)))

    return mistake


def _partner_added(way):
    def mistake(scores, view, partner):
        return way(*_right(scores, view, partner)) + 2 * scores[partner]

    return mistake


def _mean_in_place_of_the_sum(loss):
    def mistake(scores, view, partner):
        return loss(scores, view, partner) - np.log(len(scores) - 1)

    return mistake


LARGE = (
    "exp(1000) is more than a float can hold. Take the largest candidate's score off all, "
    "which changes nothing else; or use `scipy.special.logsumexp`."
)
TINY = (
    "The partner's probability is too small for a float here, but its logarithm is not: take "
    "the logarithm of the sum, and the partner's score off that, without the probability."
)
TWICE = "Softmax has been taken twice: of the scores, then of the probabilities. Once is enough."
ITSELF = "The view itself stands among the candidates. It is no candidate: leave scores[view] out."


def _loss_mistakes():
    choices = {
        _itself_among_them: ITSELF,
        _itself_with_score_0: "scores[view] is now a candidate with the score 0. Leave it out "
        "altogether.",
        _negatives_only: "The partner is a candidate too; you added up the negatives only.",
        _without_the_first: "You leave out the first score, whichever view it is. Leave out "
        "scores[view].",
        _without_the_last: "The last score is left out: does your loop end one too early?",
        _without_the_one_before: "Off by one: you leave out the score before scores[view].",
        _shifted_place: "Once scores[view] is taken out, what comes after it moves up by one "
        "place.",
        _temperature_again: "The scores are divided by the temperature already. Take them as they "
        "come.",
        _loss_of_every_score: "One number is asked for, the loss of this one view.",
    }
    changes = {
        lambda loss: -loss: "The sign is wrong: a loss is never negative, minus a logarithm.",
        lambda loss: loss / np.log(10): "The natural logarithm is meant, `np.log`.",
        lambda loss: loss / np.log(2): "The natural logarithm is meant, `np.log`, not that to "
        "the base 2.",
    }
    added = "The partner's score is taken off the logarithm of the sum, not added to it."
    for way in (_by_logsumexp, _by_log_of_sum, _with_math):
        yield _partner_added(way), added
    for way in WAYS:
        yield from ((_chosen(choose, way), words) for choose, words in choices.items())
        yield from ((_changed(way, change), words) for change, words in changes.items())
        mean = "Add the exponentials of all candidates up; you took their mean."
        yield _mean_in_place_of_the_sum(_chosen(_right, way)), mean
    for way in WAYS[:4]:  # probabilities are the same by the fifth way as by the first
        probability = "This is the probability of the partner. The loss is minus its logarithm."
        yield _changed(way, lambda loss: np.exp(-loss)), probability
        yield _softmax_twice(way, with_itself=False), TWICE
        yield _softmax_twice(way, with_itself=True), f"{TWICE} And: {ITSELF}"
    yield _chosen(_right, _by_log_of_sum), LARGE
    yield _chosen(_right, _by_probability), LARGE
    yield _chosen(_right, _with_math), LARGE
    yield _chosen(_right, _by_probability_shifted), TINY


EXERCISES = (
    exercise(
        "07.1",
        "how long is the embedding?",
        solution=2 * 2 * 96,
        equal=_length,
        mistakes=[
            (
                96,
                "So much comes from *one* layer that reads *one* way. How many layers, and how "
                "many ways?",
            ),
            (
                192,
                "That is what the encoders trained above have, which read one way; now there "
                "are two.",
            ),
            (768, "That is twice too much: leave `units` at 96."),
            (
                64,
                "That is the length of the projection. Asked for is the output of the encoder, "
                "before it.",
            ),
            (
                48,
                "48 units are the default; here `units` stays at 96. And how many layers, how "
                "many ways?",
            ),
            (4, "So many states are put side by side. Each of them is 96 numbers long."),
            ((None, 384), "This is the whole shape; how many numbers are that for each picture?"),
        ],
        hints=(
            "A bidirectional layer gives one state for each way it reads, side by side.",
            "`recurrent_encoder(pictures.shape, units=..., bidirectional=...).output_shape` says "
            "it; the last number is meant.",
        ),
        then="As many numbers as two layers, two ways and 96 units make.",
    ),
    exercise(
        "07.2",
        "who is whose partner?",
        solution=partner,
        cases=_partner_cases,
        returns="index",
        mistakes=[
            (lambda view, n: view, "This is the view itself."),
            (
                lambda view, n: view ^ 1,
                "You pair views that stand side by side. A batch holds the "
                "first views of all pictures, then their second views in the same order.",
            ),
            (
                lambda view, n: 2 * n - 1 - view,
                "The second views stand in the same order as the first, not reversed.",
            ),
            (lambda view, n: (view + n + 1) % (2 * n), OFF_BY_ONE),
            (
                lambda view, n: view + n if view <= n else view - n,
                "Nearly: view n is a second view already, since the first ones are 0 to n - 1.",
            ),
            (lambda view, n: (view + n - 1) % (2 * n), OFF_BY_ONE),
            (
                lambda view, n: partner(view, n) + 1,
                "Nearly: the first view has the number 0, not 1.",
            ),
            (
                lambda view, n: (view + n) % (2 * n + 1),
                "After the last view, 2n - 1, comes view 0. Of what is the remainder to be taken?",
            ),
            (
                lambda view, n: view + n,
                "With n pictures there are 2n views, and since Python counts from "
                "0, the last one is 2n - 1. Where is the partner of a *second* view?",
            ),
            (
                lambda view, n: view - n,
                "There is no view with a negative number. Where is the partner of a *first* view?",
            ),
            (
                lambda view, n: abs(view - n),
                "Nearly: a first view has its partner n places further on. What "
                "does your function give for view 1 of three pictures?",
            ),
            (
                lambda view, n: view % n,
                "This is the number of the picture, from 0 to n - 1. Asked for "
                "is the other view of it.",
            ),
        ],
        hints=(
            "Write a batch of three pictures down: views 0, 1, 2 are the first ones, 3, 4, 5 the "
            "second ones. Who is the partner of 0, and of 5?",
            "From a first view one goes n places forward, from a second one n places back.",
            "The remainder `%` turns a step past the end into a step from the beginning.",
        ),
        then="NT-Xent asks the network for just this, and shows it nothing but the pictures.",
    ),
    exercise(
        "07.3",
        "the error of each picture",
        solution=error_of_each,
        cases=_error_cases,
        mistakes=[
            (
                lambda pictures, drawn: (((pictures - drawn) / 255) ** 2).mean(axis=(1, 2, 3)),
                OVERFLOW,
            ),
            (
                lambda pictures, drawn: ((pictures - drawn) ** 2).mean(axis=(1, 2, 3)) / 255**2,
                OVERFLOW,
            ),
            (
                lambda pictures, drawn: error_of_each(pictures, drawn).mean(),
                ONE_FOR_EACH + "you took the mean over the pictures too.",
            ),
            (
                _over_the_pictures_only,
                ONE_FOR_EACH + "you took the mean over the pictures, and kept the pixels.",
            ),
            (_over_rows_only, ONE_FOR_EACH + "take the mean over *all* axes but the first."),
            (
                _channels_apart,
                ONE_FOR_EACH + "the mean goes over the channels, the last axis, too.",
            ),
            (
                lambda pictures, drawn: _channels_apart(pictures, drawn).sum(axis=1),
                "You added the channels up; take the mean over them too.",
            ),
            (_of_each_pixel, ONE_FOR_EACH + "you gave one for each pixel."),
            (_sum_of_squares, "This is the sum over the pixels; take their mean."),
            (
                lambda pictures, drawn: _sum_of_squares(pictures, drawn) / 28 / 28,
                "Not all pictures are 28 x 28 with one channel: divide by the size that these "
                "have.",
            ),
            (_mean_amount, "This is the mean of the differences' amounts: square them."),
            (_square_of_the_mean, "Square each difference first, then take the mean."),
            (
                lambda pictures, drawn: np.sqrt(error_of_each(pictures, drawn)),
                "This is the root of the error: leave it squared.",
            ),
            (
                lambda pictures, drawn: error_of_each(pictures, drawn) * 255,
                "Divide the pixels by 255 *before* you square, not after.",
            ),
            (
                lambda pictures, drawn: error_of_each(pictures, drawn) * 255**2,
                "White is to count as 1: divide the pixels by 255 first.",
            ),
            (
                lambda pictures, drawn: error_of_each(pictures, drawn) * (255 / 256) ** 2,
                "Nearly: white is 255, not 256, and is to count as 1.",
            ),
            (
                _without_the_last_picture,
                "The last picture has no error: does your loop end one too early?",
            ),
        ],
        hints=(
            "Bring both to floats from 0 to 1 first, as `pictures.as_float()` does.",
            "Square the differences, then take the mean over all axes but the first, which is "
            "that of the pictures.",
            "`mean(axis=(1, 2, 3))` takes the mean over three axes at once.",
        ),
        then="The pictures with the largest error are those that the autoencoder finds strangest.",
    ),
    exercise(
        "07.4",
        "has it collapsed?",
        solution=likeness,
        cases=lambda rng: [(embeddings,) for embeddings in _embeddings(rng)],
        mistakes=[
            (
                _spread,
                "This is the spread of the cell above. Here the similarity of *pairs* is asked "
                "for.",
            ),
            (
                lambda embeddings: _cosines(embeddings).mean(),
                "Your mean counts each picture with itself, which is always 1. Take pairs of "
                "*different* pictures.",
            ),
            (
                _diagonal_included,
                "Your pairs include each picture with itself, which is always 1: "
                "`np.triu_indices` leaves them out with `k=1`.",
            ),
            (
                lambda embeddings: 2 * _pairs(_cosines(embeddings)).sum() / len(embeddings) ** 2,
                "Divided by too many: n pictures make n (n - 1) / 2 pairs.",
            ),
            (
                lambda embeddings: _pairs(_cosines(embeddings)).mean() / 2,
                "This is half of it. Is each pair in the sum once, and in the number of pairs "
                "twice?",
            ),
            (
                lambda embeddings: _pairs(_cosines(embeddings)).sum(),
                "This is the sum over the pairs; take their mean.",
            ),
            (
                lambda embeddings: _pairs(_cosines(embeddings)),
                "One number is asked for, the mean over these pairs.",
            ),
            (
                lambda embeddings: (_cosines(embeddings).sum(axis=1) - 1) / (len(embeddings) - 1),
                "One number is asked for, and you give one for each picture.",
            ),
            (_lengths_kept, LENGTHS),
            (lambda embeddings: _lengths_kept(embeddings / np.abs(embeddings).max()), LENGTHS),
            (
                lambda embeddings: _lengths_kept(embeddings / np.linalg.norm(embeddings)),
                LENGTHS + " (`axis=1` takes a length for each row.)",
            ),
            (
                lambda embeddings: _lengths_kept(embeddings / np.linalg.norm(embeddings, axis=0)),
                LENGTHS + " (Along which axis is a length taken?)",
            ),
            (
                lambda embeddings: likeness(embeddings.T),
                "You compared the features, the columns. Compare the pictures, the rows.",
            ),
            (
                lambda embeddings: likeness(embeddings - embeddings.mean(axis=1, keepdims=True)),
                "This is the correlation, which takes each embedding's mean off first. The cosine "
                "does not.",
            ),
            (
                lambda embeddings: _pairs(_cosines(embeddings)).max(),
                EVERY_PAIR + "you give the most similar pair.",
            ),
            (
                lambda embeddings: _pairs(_cosines(embeddings)).min(),
                EVERY_PAIR + "you give the least similar pair.",
            ),
            (
                lambda embeddings: np.median(_pairs(_cosines(embeddings))),
                EVERY_PAIR + "you took the median.",
            ),
            (
                lambda embeddings: np.diag(_cosines(embeddings), k=1).mean(),
                EVERY_PAIR + "you compared each with the next one only.",
            ),
            (
                lambda embeddings: _cosines(embeddings)[0, 1:].mean(),
                EVERY_PAIR + "you compared with the first one only.",
            ),
            (
                lambda embeddings: np.abs(_pairs(_cosines(embeddings))).mean(),
                "Opposite directions have the similarity -1, not 1: leave the sign.",
            ),
            (
                lambda embeddings: (_pairs(_cosines(embeddings)) ** 2).mean(),
                "Do not square the similarities: opposite directions count -1.",
            ),
        ],
        hints=(
            "Divide each embedding by its length: `rt.clustering.l2_normalize` does it. Then the "
            "product of two is their cosine similarity.",
            "`z @ z.T` has all n x n of them. On its diagonal stands each picture with itself.",
            "`np.triu_indices(n, k=1)` gives the places above the diagonal, each pair once. Take "
            "the mean there.",
        ),
        then="The spread says nearly the same: its square is 1 minus the mean of *all* n x n "
        "similarities.",
    ),
    exercise(
        "07.5",
        "the loss of one view",
        solution=loss_of_view,
        cases=_loss_cases,
        mistakes=_loss_mistakes(),
        hints=(
            "The loss is minus the logarithm of the partner's probability, and that is a softmax "
            "over the candidates: exp of its score, divided by the sum over all candidates.",
            "Who is a candidate? All views but one, the partner included.",
            "A logarithm of a fraction is a difference: the logarithm of the sum, minus the "
            "partner's score. `scipy.special.logsumexp` computes the first one safely.",
        ),
        then="`nt_xent` does this for all views at once.",
    ),
)
