"""The exercises of notebook 07, learning without labels."""

import math

import numpy as np

from rnn_tutor.exercises._judging import exercise

# 07.1: how long is the embedding?


def _length(expected, received):
    if received.shape:
        return "Give one number, without brackets."
    if received == expected:
        return ""
    return (
        "That is not it. Build this encoder, as the cells above do, and look at its `output_shape`."
    )


# 07.2: which view is the partner?


def partner(view, n):
    return (view + n) % (2 * n)


def _partner_cases(rng):
    for n in [1, 2, 3, 4, 5, 12]:
        yield from ((view, n) for view in range(2 * n))
    for n in rng.integers(20, 300, 6):
        yield int(rng.integers(2 * n)), int(n)


def _neighbour_in_the_batch(view, n):
    return view ^ 1


def _reversed(view, n):
    return 2 * n - 1 - view


def _one_too_far(view, n):
    return (view + n + 1) % (2 * n)


def _one_too_near(view, n):
    return (view + n - 1) % (2 * n)


def _modulus_one_too_large(view, n):
    return (view + n) % (2 * n + 1)


def _counted_from_one(view, n):
    return partner(view, n) + 1


def _always_forward(view, n):
    return view + n


def _always_back(view, n):
    return view - n


def _distance_from_n(view, n):
    return abs(view - n)


def _one_first_view_too_many(view, n):
    return view + n if view <= n else view - n


def _number_of_the_image(view, n):
    return view % n


def _itself(view, n):
    return view


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


def _wrapped_before_squaring(pictures, drawn):
    return (((pictures - drawn) / 255) ** 2).mean(axis=(1, 2, 3))


def _wrapped_throughout(pictures, drawn):
    return ((pictures - drawn) ** 2).mean(axis=(1, 2, 3)) / 255**2


def _over_all_pictures(pictures, drawn):
    return error_of_each(pictures, drawn).mean()


def _over_the_pictures_only(pictures, drawn):
    a, b = _as_floats(pictures, drawn)
    return ((a - b) ** 2).mean(axis=0)


def _over_rows_only(pictures, drawn):
    a, b = _as_floats(pictures, drawn)
    return ((a - b) ** 2).mean(axis=1)


def _channels_apart(pictures, drawn):
    a, b = _as_floats(pictures, drawn)
    return ((a - b) ** 2).mean(axis=(1, 2))


def _channels_added_up(pictures, drawn):
    return _channels_apart(pictures, drawn).sum(axis=1)


def _of_each_pixel(pictures, drawn):
    a, b = _as_floats(pictures, drawn)
    return (a - b) ** 2


def _sum_of_squares(pictures, drawn):
    return _of_each_pixel(pictures, drawn).sum(axis=(1, 2, 3))


def _divided_by_784(pictures, drawn):
    return _sum_of_squares(pictures, drawn) / 28 / 28


def _mean_amount(pictures, drawn):
    a, b = _as_floats(pictures, drawn)
    return np.abs(a - b).mean(axis=(1, 2, 3))


def _square_of_the_mean(pictures, drawn):
    a, b = _as_floats(pictures, drawn)
    return (a - b).mean(axis=(1, 2, 3)) ** 2


def _root(pictures, drawn):
    return np.sqrt(error_of_each(pictures, drawn))


def _divided_after_squaring(pictures, drawn):
    return error_of_each(pictures, drawn) * 255


def _never_divided(pictures, drawn):
    return error_of_each(pictures, drawn) * 255**2


def _divided_by_256(pictures, drawn):
    return error_of_each(pictures, drawn) * (255 / 256) ** 2


def _without_the_last_picture(pictures, drawn):
    errors = error_of_each(pictures, drawn)
    errors[-1] = 0
    return errors


OVERFLOW = (
    "These pixels are `uint8`, which holds only 0 to 255. There 100 - 200 gives 156, and "
    "squares overflow too. Convert to floats first: `pictures.astype(float)`."
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


def _mean_of_the_whole_table(embeddings):
    return _cosines(embeddings).mean()


def _diagonal_included(embeddings):
    table = _cosines(embeddings)
    return table[np.triu_indices(len(table))].mean()


def _divided_by_all_places(embeddings):
    return 2 * _pairs(_cosines(embeddings)).sum() / len(embeddings) ** 2


def _divided_by_ordered_pairs(embeddings):
    return _pairs(_cosines(embeddings)).mean() / 2


def _sum_over_pairs(embeddings):
    return _pairs(_cosines(embeddings)).sum()


def _of_each_pair(embeddings):
    return _pairs(_cosines(embeddings))


def _of_each_picture(embeddings):
    return (_cosines(embeddings).sum(axis=1) - 1) / (len(embeddings) - 1)


def _lengths_kept(embeddings):
    return _pairs(embeddings @ embeddings.T).mean()


def _scaled_by_the_largest(embeddings):
    return _lengths_kept(embeddings / np.abs(embeddings).max())


def _scaled_all_together(embeddings):
    return _lengths_kept(embeddings / np.linalg.norm(embeddings))


def _features_scaled(embeddings):
    return _lengths_kept(embeddings / np.linalg.norm(embeddings, axis=0))


def _features_compared(embeddings):
    return likeness(embeddings.T)


def _correlations(embeddings):
    return likeness(embeddings - embeddings.mean(axis=1, keepdims=True))


def _most_alike(embeddings):
    return _pairs(_cosines(embeddings)).max()


def _least_alike(embeddings):
    return _pairs(_cosines(embeddings)).min()


def _median(embeddings):
    return np.median(_pairs(_cosines(embeddings)))


def _next_one_only(embeddings):
    return np.diag(_cosines(embeddings), k=1).mean()


def _first_one_only(embeddings):
    return _cosines(embeddings)[0, 1:].mean()


def _amounts(embeddings):
    return np.abs(_pairs(_cosines(embeddings))).mean()


def _squares(embeddings):
    return (_pairs(_cosines(embeddings)) ** 2).mean()


LENGTHS = (
    "Only directions count. First divide each embedding, a row, by its own length. Then short "
    "and long embeddings count alike."
)
EVERY_PAIR = "Take the mean over *all* pairs of different pictures; "

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
    "exp(1000) is more than a float can hold. Subtract the largest candidate's score from all "
    "scores, which does not change the loss. Or use `scipy.special.logsumexp`."
)
TINY = (
    "The partner's probability is too small for a float here, but its logarithm is not. Take "
    "the logarithm of the sum and subtract the partner's score. Do not compute the probability."
)
TWICE = "You took the softmax twice: of the scores, then of the probabilities. Take it once."
ITSELF = "The view itself is among your candidates. It is none of them: leave out scores[view]."


def _loss_mistakes():
    choices = {
        _itself_among_them: ITSELF,
        _itself_with_score_0: "scores[view] is now a candidate with the score 0. Leave it out "
        "completely.",
        _negatives_only: "The partner is a candidate too. You added up the negatives only.",
        _without_the_first: "You leave out the first score, whichever view it is. Leave out "
        "scores[view].",
        _without_the_last: "The last score is missing. Does your loop end one too early?",
        _without_the_one_before: "Off by one: you leave out the score before scores[view].",
        _shifted_place: "Without scores[view], everything after it moves up by one place.",
        _temperature_again: "The scores are already divided by the temperature. Use them as "
        "they are.",
        _loss_of_every_score: "Give one number, the loss of this one view.",
    }
    changes = {
        lambda loss: -loss: "The sign is wrong. The loss is minus a logarithm and never negative.",
        lambda loss: loss / np.log(10): "Use the natural logarithm, `np.log`.",
        lambda loss: loss / np.log(2): "Use the natural logarithm, `np.log`, not the one to "
        "the base 2.",
    }
    added = "Subtract the partner's score from the logarithm of the sum. Do not add it."
    for way in (_by_logsumexp, _by_log_of_sum, _with_math):
        yield _partner_added(way), added
    for way in WAYS:
        yield from ((_chosen(choose, way), words) for choose, words in choices.items())
        yield from ((_changed(way, change), words) for change, words in changes.items())
        mean = "Add up the exponentials of all candidates. You took their mean."
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
                "This is the output of *one* layer that reads *one* way. How many layers are "
                "there, and how many ways?",
            ),
            (
                192,
                "This is the output of the encoders trained above, which read one way. Now "
                "there are two ways.",
            ),
            (768, "This is twice too much. Keep `units` at 96."),
            (
                64,
                "This is the length of the projection. Give the output of the encoder, which "
                "comes before it.",
            ),
            (
                48,
                "48 units are the default, but here `units` is 96. How many layers are there, "
                "and how many ways?",
            ),
            (4, "This is the number of states side by side. Each of them is 96 numbers long."),
            ((None, 384), "This is the whole shape. How many numbers does each picture get?"),
        ],
        hints=(
            "A bidirectional layer gives one state for each way it reads, side by side.",
            "`recurrent_encoder(pictures.shape, units=..., bidirectional=...).output_shape` "
            "shows it. You need the last number.",
        ),
        then="Two layers, two ways and 96 units make 384 numbers.",
    ),
    exercise(
        "07.2",
        "which view is the partner?",
        solution=partner,
        cases=_partner_cases,
        returns="index",
        mistakes=[
            (_itself, "This is the view itself."),
            (
                _neighbour_in_the_batch,
                "You pair views that stand side by side. A batch holds the "
                "first views of all pictures, then their second views in the same order.",
            ),
            (_reversed, "The second views stand in the same order as the first, not reversed."),
            (_one_too_far, OFF_BY_ONE),
            (
                _one_first_view_too_many,
                "Nearly. View n is already a second view, because the first views are 0 to n - 1.",
            ),
            (_one_too_near, OFF_BY_ONE),
            (_counted_from_one, "Nearly. The first view has the number 0, not 1."),
            (
                _modulus_one_too_large,
                "After the last view, 2n - 1, comes view 0. By which number must you divide to "
                "get the remainder?",
            ),
            (
                _always_forward,
                "With n pictures there are 2n views. Python counts from 0, so the last one is "
                "2n - 1. Where is the partner of a *second* view?",
            ),
            (
                _always_back,
                "There is no view with a negative number. Where is the partner of a *first* view?",
            ),
            (
                _distance_from_n,
                "Nearly. The partner of a first view is n places further on. What does your "
                "function give for view 1 of three pictures?",
            ),
            (
                _number_of_the_image,
                "This is the number of the picture, from 0 to n - 1. Give the number of its "
                "other view.",
            ),
        ],
        hints=(
            "Write down a batch of three pictures: views 0, 1, 2 are the first ones, and 3, 4, "
            "5 are the second ones. Which view is the partner of 0, and which of 5?",
            "From a first view go n places forward. From a second view go n places back.",
            "The remainder `%` turns a step past the end into a step from the beginning.",
        ),
        then="NT-Xent asks the network exactly this question, and shows it only the pictures.",
    ),
    exercise(
        "07.3",
        "the error of each picture",
        solution=error_of_each,
        cases=_error_cases,
        mistakes=[
            (_wrapped_before_squaring, OVERFLOW),
            (_wrapped_throughout, OVERFLOW),
            (_over_all_pictures, ONE_FOR_EACH + "you took the mean over the pictures too."),
            (
                _over_the_pictures_only,
                ONE_FOR_EACH + "you took the mean over the pictures, and kept the pixels.",
            ),
            (_over_rows_only, ONE_FOR_EACH + "take the mean over *all* axes but the first."),
            (
                _channels_apart,
                ONE_FOR_EACH + "the mean goes over the channels, the last axis, too.",
            ),
            (_channels_added_up, "You added up the channels. Take the mean over them too."),
            (_of_each_pixel, ONE_FOR_EACH + "you gave one for each pixel."),
            (_sum_of_squares, "This is the sum over the pixels. Take their mean."),
            (
                _divided_by_784,
                "Not all pictures are 28 x 28 with one channel. Divide by the size of these "
                "pictures.",
            ),
            (_mean_amount, "This is the mean of the absolute differences. Square them instead."),
            (_square_of_the_mean, "Square each difference first, then take the mean."),
            (_root, "This is the root of the error. Leave it squared."),
            (_divided_after_squaring, "Divide the pixels by 255 *before* you square, not after."),
            (_never_divided, "White must count as 1. Divide the pixels by 255 first."),
            (_divided_by_256, "Nearly. White is 255, not 256, and must count as 1."),
            (
                _without_the_last_picture,
                "The last picture has no error. Does your loop end one too early?",
            ),
        ],
        hints=(
            "Bring both to floats from 0 to 1 first, as `pictures.as_float()` does.",
            "Square the differences. Then take the mean over all axes but the first, which "
            "counts the pictures.",
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
                "This is the spread from the cell above. Give the mean similarity of *pairs*.",
            ),
            (
                _mean_of_the_whole_table,
                "Your mean counts each picture with itself, which is always 1. Take pairs of "
                "*different* pictures.",
            ),
            (
                _diagonal_included,
                "Your pairs include each picture with itself, which is always 1. "
                "`np.triu_indices` leaves them out with `k=1`.",
            ),
            (
                _divided_by_all_places,
                "You divided by too many: n pictures make n (n - 1) / 2 pairs.",
            ),
            (
                _divided_by_ordered_pairs,
                "This is half of the answer. Does the sum count each pair once, and the number "
                "of pairs count it twice?",
            ),
            (_sum_over_pairs, "This is the sum over the pairs. Take their mean."),
            (_of_each_pair, "Give one number, the mean over these pairs."),
            (_of_each_picture, "You give one number for each picture. Give a single number."),
            (_lengths_kept, LENGTHS),
            (_scaled_by_the_largest, LENGTHS),
            (_scaled_all_together, LENGTHS + " (`axis=1` takes a length for each row.)"),
            (_features_scaled, LENGTHS + " (Along which axis is a length taken?)"),
            (
                _features_compared,
                "You compared the features, the columns. Compare the pictures, the rows.",
            ),
            (
                _correlations,
                "This is the correlation, which first subtracts each embedding's mean. The "
                "cosine does not.",
            ),
            (_most_alike, EVERY_PAIR + "you give the most similar pair."),
            (_least_alike, EVERY_PAIR + "you give the least similar pair."),
            (_median, EVERY_PAIR + "you took the median."),
            (_next_one_only, EVERY_PAIR + "you compared each with the next one only."),
            (_first_one_only, EVERY_PAIR + "you compared with the first one only."),
            (_amounts, "Opposite directions have the similarity -1, not 1. Keep the sign."),
            (_squares, "Do not square the similarities. Opposite directions count -1."),
        ],
        hints=(
            "Divide each embedding by its length: `rt.clustering.l2_normalize` does it. Then the "
            "product of two is their cosine similarity.",
            "`z @ z.T` holds all n x n similarities. On its diagonal each picture meets itself.",
            "`np.triu_indices(n, k=1)` gives the places above the diagonal, each pair once. Take "
            "the mean there.",
        ),
        then="The spread says nearly the same. Its square is 1 minus the mean of *all* n x n "
        "similarities.",
    ),
    exercise(
        "07.5",
        "the loss of one view",
        solution=loss_of_view,
        cases=_loss_cases,
        mistakes=_loss_mistakes(),
        hints=(
            "The loss is minus the logarithm of the partner's probability. This probability is "
            "a softmax: exp of the partner's score, divided by the sum of exp over all "
            "candidates.",
            "Which views are candidates? All but the view itself. The partner is one of them.",
            "The logarithm of a fraction is a difference. So the loss is the logarithm of the "
            "sum minus the partner's score. `scipy.special.logsumexp` computes the first term "
            "safely.",
        ),
        then="`nt_xent` does this for all views at once.",
    ),
)
