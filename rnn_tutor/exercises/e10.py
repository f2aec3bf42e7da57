"""The exercises of notebook 10, five classes."""

import numpy as np

from rnn_tutor.exercises._judging import exercise

WHITE = 255

# 10.1: the largest piece


def largest_piece(mask):
    n, pieces = _numbered(mask)
    if n == 1:
        return mask
    sizes = np.bincount(pieces.ravel())
    sizes[0] = 0
    return np.where(pieces == sizes.argmax(), WHITE, 0).astype(np.uint8)


def _numbered(mask, connectivity=8):
    """How many pieces there are, and the number of each pixel's; 0 is everything black."""
    from rnn_tutor._cv2 import cv2

    return cv2.connectedComponents(mask, connectivity=connectivity)


def _drawn(*rows):
    return np.array([[WHITE if c == "#" else 0 for c in row] for row in rows], np.uint8)


def _masks(rng):
    yield _drawn("#")
    yield _drawn("..#.")  # one pixel, so few that it must not be counted for black
    yield _drawn("#.##")
    yield _drawn("....", "....")
    yield _drawn("#...", ".#..", "..#.", "#..#", "#...")  # a diagonal of four
    yield _drawn("#.....", "...##.", "...##.", ".#....")
    yield _drawn("#####", "#####", "#####", ".....", "....#")  # more white than black
    yield _drawn("###..", "#.#..", "###..", ".....", "..###", "..###")  # a ring of 8, a block of 6
    yield _drawn("#####.", "......", "..##..", "..##..", "......", "##....")
    for height, width in [(5, 7), (12, 12), (40, 30), (64, 64)] * 2:
        mask = np.where(rng.random((height, width)) < 0.3, WHITE, 0).astype(np.uint8)
        while _is_a_draw(mask):
            mask = np.where(rng.random((height, width)) < 0.3, WHITE, 0).astype(np.uint8)
        yield mask


def _is_a_draw(mask):
    _, pieces = _numbered(mask)
    sizes = np.sort(np.bincount(pieces.ravel())[1:])
    return len(sizes) > 1 and sizes[-1] == sizes[-2]


def _white_where(condition):
    return np.where(condition, WHITE, 0).astype(np.uint8)


def _ground(mask):
    _, pieces = _numbered(mask)
    return _white_where(pieces == np.bincount(pieces.ravel()).argmax())


def _first_piece(mask):
    return _white_where(_numbered(mask)[1] == 1)


def _last_piece(mask):
    n, pieces = _numbered(mask)
    return _white_where(pieces == n - 1)


def _smallest_piece(mask):
    _, pieces = _numbered(mask)
    sizes = np.bincount(pieces.ravel())
    return _white_where(pieces == sizes[1:].argmin() + 1)


def _swapped(mask):
    return WHITE - largest_piece(mask)


def _as_bool_and_nothing_becomes_everything(mask):
    return _nothing_becomes_everything(mask) > 0


def _as_0_and_1_and_nothing_becomes_everything(mask):
    return _nothing_becomes_everything(mask) // WHITE


def _numbers_kept(mask):
    _, pieces = _numbered(mask)
    return np.where(largest_piece(mask) > 0, pieces, 0)


def _number_of_the_piece(mask):
    sizes = np.bincount(_numbered(mask)[1].ravel())
    sizes[0] = 0
    return sizes.argmax()


def _corners_apart(mask):
    _, pieces = _numbered(mask, connectivity=4)
    sizes = np.bincount(pieces.ravel())
    sizes[0] = 0
    return _white_where(pieces == sizes.argmax())


def _one_number_too_low(mask):
    _, pieces = _numbered(mask)
    return _white_where(pieces == np.bincount(pieces.ravel())[1:].argmax())


def _second_of_all(mask):
    _, pieces = _numbered(mask)
    return _white_where(pieces == np.bincount(pieces.ravel()).argsort(kind="stable")[-2])


def _nothing_becomes_everything(mask):
    _, pieces = _numbered(mask)
    sizes = np.bincount(pieces.ravel())
    sizes[0] = 0
    return _white_where(pieces == sizes.argmax())


def _outline_filled(mask):
    from rnn_tutor._cv2 import cv2

    outlines, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    largest = max(outlines, key=cv2.contourArea)
    return cv2.drawContours(np.zeros_like(mask), [largest], -1, WHITE, -1)


def _square_around_it(mask):
    rows, columns = np.nonzero(largest_piece(mask))
    answer = np.zeros_like(mask)
    answer[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1] = WHITE
    return answer


def _guarded(function):
    """The same, with a mask without white returned as it is."""

    def mistake(mask):
        return function(mask) if mask.any() else mask

    return mistake


def _piece_mistakes():
    words = {
        _ground: "This is the background. OpenCV's piece 0 is everything black, and it is often "
        "larger than any figure. Look among the pieces from 1 on.",
        _first_piece: "This is the first piece, not the largest.",
        _last_piece: "This is the last piece, not the largest.",
        _smallest_piece: "This is the smallest piece.",
        _swapped: "Black and white are swapped.",
        _corners_apart: "Pixels that touch at a corner belong together, too. A diagonal is one "
        "piece. Use `connectivity=8`.",
        _one_number_too_low: "Off by one. After you cut off the count of piece 0, place 0 holds "
        "piece 1.",
        _second_of_all: "You take the second largest, as if black were always the largest. Look "
        "among the pieces from 1 on.",
        _outline_filled: "You filled the inside of the outline. A hole stays black and does not "
        "count for the size.",
        _square_around_it: "This is the rectangle around the largest piece. Give only its own "
        "pixels.",
    }
    never_guarded = (_first_piece, _outline_filled)  # the same, or an error, without white
    for function, said in words.items():
        yield _guarded(function), said
        if function not in never_guarded:
            yield function, said
    yield lambda mask: mask.copy(), "All pieces are still there. Keep only the largest."
    yield (
        lambda mask: mask - largest_piece(mask),
        "You removed the largest piece. Keep it and remove all others.",
    )
    for function in (lambda mask: largest_piece(mask) > 0, _as_bool_and_nothing_becomes_everything):
        yield (
            function,
            "These are the right pixels, but as True and False. White must be 255 and black 0.",
        )
    for function in (
        lambda mask: (largest_piece(mask) > 0).astype(np.uint8),
        _as_0_and_1_and_nothing_becomes_everything,
    ):
        yield function, "These are the right pixels, but white must be 255, not 1."
    yield (
        _numbers_kept,
        "These are the right pixels, but with the number of their piece. White must be 255.",
    )
    yield _number_of_the_piece, "This is the number of the piece. Give the mask."
    yield _nothing_becomes_everything, "A mask without any white stays as it is."


# 10.2: or unsure


def or_unsure(probabilities, at_least):
    sure = probabilities.max(axis=1) >= at_least
    return np.where(sure, probabilities.argmax(axis=1), -1)


def _unsure_cases(rng):
    three = np.array([[0.75, 0.25, 0.0], [0.375, 0.125, 0.5], [0.25, 0.5, 0.25]])
    yield three, 0.75
    yield three, 0.5
    yield np.array([[0.125, 0.875]]), 0.5
    yield np.array([[0.5, 0.25, 0.25], [0.0625, 0.4375, 0.5]]), 0.625
    for n, k, at_least in [
        (1, 2, 0.6),
        (4, 4, 0.55),
        (6, 3, 0.5),
        (50, 5, 0.4),
        (300, 10, 0.9),
    ] * 2:
        yield rng.dirichlet(np.full(k, 0.3), n), at_least


def _only_more(probabilities, at_least):
    return np.where(probabilities.max(axis=1) > at_least, probabilities.argmax(axis=1), -1)


def _unsure_is_0(probabilities, at_least):
    return np.where(probabilities.max(axis=1) >= at_least, probabilities.argmax(axis=1), 0)


def _unsure_is_one_more(probabilities, at_least):
    answer = or_unsure(probabilities, at_least)
    return np.where(answer < 0, probabilities.shape[1], answer)


def _the_sure_ones_unsure(probabilities, at_least):
    return np.where(probabilities.max(axis=1) >= at_least, -1, probabilities.argmax(axis=1))


def _who_is_sure_as_a_number(probabilities, at_least):
    return np.where(probabilities.max(axis=1) >= at_least, 1, -1)


def _sure_ones_only(probabilities, at_least):
    sure = probabilities.max(axis=1) >= at_least
    return probabilities.argmax(axis=1)[sure]


def _indices_of_the_sure(probabilities, at_least):
    return np.flatnonzero(probabilities.max(axis=1) >= at_least)


def _probabilities_kept(probabilities, at_least):
    largest = probabilities.max(axis=1)
    return np.where(largest >= at_least, largest, -1)


def _clusters_from_one(probabilities, at_least):
    answer = or_unsure(probabilities, at_least)
    return np.where(answer < 0, -1, answer + 1)


def _all_or_nobody(probabilities, at_least):
    sure = probabilities.max() >= at_least
    return probabilities.argmax(axis=1) if sure else np.full(len(probabilities), -1)


def _sure_by_the_mean(probabilities, at_least):
    sure = probabilities.max(axis=1).mean() >= at_least
    return probabilities.argmax(axis=1) if sure else np.full(len(probabilities), -1)


def _first_cluster_that_reaches_it(probabilities, at_least):
    reached = probabilities >= at_least
    return np.where(reached.any(axis=1), reached.argmax(axis=1), -1)


def _last_cluster_that_reaches_it(probabilities, at_least):
    reached = probabilities[:, ::-1] >= at_least
    last = probabilities.shape[1] - 1 - reached.argmax(axis=1)
    return np.where(reached.any(axis=1), last, -1)


def _by_the_margin(probabilities, at_least):
    ranked = np.sort(probabilities, axis=1)
    sure = ranked[:, -1] - ranked[:, -2] >= at_least
    return np.where(sure, probabilities.argmax(axis=1), -1)


def _least_likely(probabilities, at_least):
    return np.where(probabilities.max(axis=1) >= at_least, probabilities.argmin(axis=1), -1)


# 10.3: how good, from a few checks


def estimated_accuracy(sizes, checked, right):
    return np.average(right / checked, weights=sizes)


def _check_cases(rng):
    yield np.array([90, 10]), np.array([5, 5]), np.array([5, 0])
    yield np.array([30, 10]), np.array([2, 10]), np.array([2, 4])
    yield np.array([10]), np.array([4]), np.array([3])
    for k in [2, 3, 5, 9, 20] * 2:
        sizes, checked = rng.integers(20, 400, k), rng.integers(1, 20, k)
        yield sizes, checked, rng.integers(0, checked + 1)


def _smoothed(sizes, checked, right):
    return np.average((right + 1) / (checked + 2), weights=sizes)


ALIKE = (
    "You counted every cluster the same. A cluster of 90 pictures must count nine times"
    " as much as one of 10. Weight the clusters by their sizes."
)
POOLED = (
    "If you add up the checks, a cluster that was checked more often counts more. First"
    " take the share that is right in each cluster. Then weight the clusters by their "
    "sizes."
)

EXERCISES = (
    exercise(
        "10.1",
        "the largest piece",
        solution=largest_piece,
        cases=lambda rng: [(mask,) for mask in _masks(rng)],
        mistakes=_piece_mistakes(),
        hints=(
            "`n, pieces = cv2.connectedComponents(mask, connectivity=8)` numbers the pieces. "
            "`pieces` holds the number of each pixel's piece, and 0 is black.",
            "`np.bincount(pieces.ravel())` counts the pixels of each piece. Piece 0 must not "
            "win, so set its count to 0.",
            "`np.where(pieces == largest, 255, 0).astype(np.uint8)` makes the mask. If there is"
            " no white, return the mask as it is.",
        ),
        then="Put `largest_piece` behind `rt.preprocessing.Otsu()` in the chain, and run the "
        "cells from there on. Now a leftover line no longer decides where the picture is "
        "cut. The chain needs `uint8`. If your function returns floats, end it with "
        "`.astype(np.uint8)`.",
    ),
    exercise(
        "10.2",
        "or unsure",
        solution=or_unsure,
        cases=_unsure_cases,
        returns="index",
        mistakes=[
            (
                _only_more,
                "If the probability equals the limit, it is sure enough: 0.75 is at least 0.75.",
            ),
            (
                lambda probabilities, at_least: probabilities.argmax(axis=1),
                "Every picture got a cluster. None was unsure.",
            ),
            (_unsure_is_0, "Unsure is -1. 0 is a cluster like the others."),
            (_unsure_is_one_more, "Unsure is -1, not one more than the last cluster."),
            (_the_sure_ones_unsure, "It is the wrong way round. The *sure* ones got -1."),
            (
                lambda probabilities, at_least: probabilities.max(axis=1) >= at_least,
                "This says which pictures are sure. Give clusters, or -1.",
            ),
            (_who_is_sure_as_a_number, "You give 1 for every sure picture. Give its cluster."),
            (_sure_ones_only, "Give one number for each picture, unsure ones included."),
            (
                _indices_of_the_sure,
                "These are the indices of the sure pictures. Give one cluster, or -1, for each "
                "picture.",
            ),
            (
                _probabilities_kept,
                "These are probabilities. Give the clusters that have them.",
            ),
            (_clusters_from_one, "Nearly. The first cluster has the number 0, not 1."),
            (
                _all_or_nobody,
                "You look at the largest probability of all pictures. Each picture has one of its "
                "own: `max(axis=1)`.",
            ),
            (
                _sure_by_the_mean,
                "You look at the mean of all pictures. Each picture is sure or unsure by itself.",
            ),
            (
                _first_cluster_that_reaches_it,
                "You take the first cluster that reaches the limit. If several do, give the most "
                "likely one.",
            ),
            (
                _last_cluster_that_reaches_it,
                "You take the last cluster that reaches the limit. If several do, give the most "
                "likely one.",
            ),
            (
                _by_the_margin,
                "You compare the margin with the limit. Compare the largest probability itself.",
            ),
            (_least_likely, "This is the *least* likely cluster. Use `argmax`, not `argmin`."),
            (
                lambda probabilities, at_least: or_unsure(probabilities.T, at_least),
                "You give one number for each cluster. Look along the clusters, `axis=1`, for each "
                "picture.",
            ),
        ],
        hints=(
            "`probabilities.max(axis=1)` is how sure the network is of each picture.",
            "`np.where(condition, a, b)` takes a where the condition is true, and b elsewhere.",
            "`np.where(sure, probabilities.argmax(axis=1), -1)`.",
        ),
        then="`sure` and `wrong` above belong to the new pictures. How many are unsure at 0.9, "
        "and at 0.98? Are the wrong ones among them? A network can be sure and wrong.",
    ),
    exercise(
        "10.3",
        "how good, from a few checks",
        solution=estimated_accuracy,
        cases=_check_cases,
        mistakes=[
            (lambda sizes, checked, right: np.mean(right / checked), ALIKE),
            (lambda sizes, checked, right: right.sum() / checked.sum(), POOLED),
            (
                lambda sizes, checked, right: np.average(right / checked, weights=sizes * checked),
                POOLED,
            ),
            (
                lambda sizes, checked, right: np.sum(sizes * right / checked),
                "This is a number of pictures. Give a share of all, from 0 to 1.",
            ),
            (
                lambda sizes, checked, right: np.mean(sizes * right / checked),
                "You divide by the number of clusters. Divide by the number of all pictures.",
            ),
            (
                lambda sizes, checked, right: 100 * estimated_accuracy(sizes, checked, right),
                "This is per cent. Give a share from 0 to 1.",
            ),
            (
                lambda sizes, checked, right: 1 - estimated_accuracy(sizes, checked, right),
                "This is the share of *wrong* pictures.",
            ),
            (
                lambda sizes, checked, right: right / checked,
                "Give one number for all clusters together.",
            ),
            (
                lambda sizes, checked, right: right / checked * sizes / sizes.sum(),
                "Give one number for all clusters together. Add these up.",
            ),
            (
                lambda sizes, checked, right: right.sum() / sizes.sum(),
                "You divide by all pictures, but nobody looked at most of them. In each cluster, "
                "divide by those that were checked.",
            ),
            (
                lambda sizes, checked, right: checked.sum() / sizes.sum(),
                "This is the share that was *checked*.",
            ),
            (
                lambda sizes, checked, right: np.mean(sizes * right / checked) / sizes.sum(),
                "You also divide by the number of clusters. Add up what each cluster gives, and "
                "divide once by the number of all pictures.",
            ),
            (
                lambda sizes, checked, right: np.sum(sizes * (right // checked)) / sizes.sum(),
                "`//` drops the decimals. Divide with `/`. An array of integers drops them, too.",
            ),
            (_smoothed, "You added checks that nobody made. Take the plain share."),
            (
                lambda sizes, checked, right: np.sum((sizes * right / checked)[:-1]) / sizes.sum(),
                "The last cluster is missing. Does your loop end one too early?",
            ),
            (
                lambda sizes, checked, right: (right / checked)[sizes.argmax()],
                "This is the share of the largest cluster only.",
            ),
        ],
        hints=(
            "`right / checked` is the share that was right in each cluster.",
            "A cluster of 90 pictures counts nine times as much as one of 10.",
            "`np.average(right / checked, weights=sizes)`.",
        ),
        then="Draw five of the new pictures in each cluster, look, count, and compare with the "
        "row of the network under *How good is it?*",
    ),
)
