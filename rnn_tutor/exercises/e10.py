"""The exercises of notebook 10, five classes: what is asked of an answer."""

import numpy as np

from rnn_tutor._cv2 import cv2
from rnn_tutor.exercises._judging import Exercise

WHITE = 255


def _largest_piece(attempt):
    mask = _drawn("#.....", "...##.", "...##.", ".#....")
    block = _drawn("......", "...##.", "...##.", "......")
    attempt.gives(
        block,
        mask,
        mistakes=[
            (
                WHITE - mask,
                "That is the ground: OpenCV's piece 0 is everything black, and often larger than "
                "any figure. Look among the pieces from 1 on.",
            ),
            (mask, "All pieces are still there; only the largest is asked for."),
            (_drawn("#.....", *["......"] * 3), "That is the first piece, not the largest."),
            (WHITE - block, "Black and white are swapped."),
            (
                lambda r: r.shape == mask.shape and (r.astype(bool) == block.astype(bool)).all(),
                "The right pixels, but white is 255 and black 0, as uint8.",
            ),
        ],
    )
    diagonal = _drawn("#...", ".#..", "..#.", "#..#", "#...")
    corner = (
        "Pixels that touch at a corner hang together, too: the diagonal is one piece of four. "
        "`connectivity=8` says so."
    )
    attempt.gives(
        _drawn("#...", ".#..", "..#.", "...#", "...."),
        diagonal,
        mistakes=[(_drawn("....", "....", "....", "#...", "#..."), corner)],
    )
    attempt.gives(
        np.zeros((3, 4), np.uint8),
        np.zeros((3, 4), np.uint8),
        words="A mask without any white stays as it is.",
    )
    rng = np.random.default_rng(10)
    for height, width in [(5, 7), (12, 12), (40, 30), (64, 64)] * 2:
        mask = np.where(rng.random((height, width)) < 0.3, WHITE, 0).astype(np.uint8)
        pieces = _pieces(mask)
        if len(pieces) < 2 or pieces[0].sum() > pieces[1].sum():  # without a draw
            attempt.gives(pieces[0].astype(np.uint8) * WHITE, mask)


def _drawn(*rows):
    return np.array([[WHITE if c == "#" else 0 for c in row] for row in rows], np.uint8)


def _pieces(mask):
    """bool `(h, w)` for each piece of white, the largest first."""
    n, numbers = cv2.connectedComponents(mask, connectivity=8)
    return sorted((numbers == piece for piece in range(1, n)), key=lambda p: -p.sum())


def _or_unsure(attempt):
    three = np.array([[0.75, 0.25, 0.0], [0.375, 0.125, 0.5], [0.25, 0.5, 0.25]])
    attempt.gives(
        np.array([0, -1, -1]),
        three,
        0.75,
        mistakes=[
            (
                [-1, -1, -1],
                "0.75 is at least 0.75: where the probability equals the limit, it is sure enough.",
            ),
            ([0, 2, 1], "Every picture got a cluster: nobody was unsure."),
            ([0, 0, 0], "Unsure is -1; 0 is a cluster like the others."),
            (lambda r: r.dtype == bool, "You say who is sure; asked for are clusters, or -1."),
            (lambda r: r.shape == (1,), "One number a picture is asked for, unsure ones included."),
            (
                lambda r: r.dtype.kind == "f" and ((r > 0) & (r < 1)).any(),
                "These are probabilities; asked for are the clusters that have them.",
            ),
        ],
    )
    attempt.gives(
        np.array([0, 2, 1]),
        three,
        0.5,
        mistakes=[([0, -1, -1], "0.5 is at least 0.5: it is sure enough.")],
    )
    rng = np.random.default_rng(10)
    for n, k, at_least in [(1, 2, 0.6), (6, 3, 0.5), (50, 5, 0.4), (300, 10, 0.9)] * 2:
        probabilities = rng.dirichlet(np.full(k, 0.3), n)
        sure = probabilities.max(axis=1) >= at_least
        attempt.gives(np.where(sure, probabilities.argmax(axis=1), -1), probabilities, at_least)


def _estimated(attempt):
    sizes, checked, right = np.array([90, 10]), np.array([5, 5]), np.array([5, 0])
    attempt.gives(
        0.9,
        sizes,
        checked,
        right,
        mistakes=[
            (
                0.5,
                "Both clusters counted the same, but the first has nine times as many pictures. "
                "Weigh the clusters by their sizes.",
            ),
            (90.0, "That is per cent, or a number of pictures; a share from 0 to 1 is asked for."),
            (0.1, "That is the share of *wrong* pictures."),
            (lambda r: np.shape(r) == (2,), "One number for all clusters together is asked for."),
        ],
    )
    attempt.gives(
        0.7,
        np.array([10, 10]),
        np.array([2, 10]),
        np.array([2, 4]),
        mistakes=[
            (
                0.5,
                "Sum over the checks, and the cluster that was checked more often counts more. "
                "Take the share that is right in each cluster first.",
            ),
        ],
    )
    rng = np.random.default_rng(10)
    for k in [1, 2, 5, 9, 20]:
        sizes, checked = rng.integers(20, 400, k), rng.integers(1, 20, k)
        right = rng.integers(0, checked + 1)
        attempt.gives(float(np.average(right / checked, weights=sizes)), sizes, checked, right)


EXERCISES = (
    Exercise(
        "10.1",
        "the largest piece",
        _largest_piece,
        (
            "`n, pieces = cv2.connectedComponents(mask, connectivity=8)` numbers the pieces: "
            "`pieces` has the number of each pixel's piece, 0 for black.",
            "`np.bincount(pieces.ravel())` is how many pixels each piece has. Piece 0 must not "
            "win: set its count to 0.",
            "`np.where(pieces == largest, 255, 0).astype(np.uint8)`; where there is no white, "
            "return the mask.",
        ),
        ("mask",),
        "Put `largest_piece` behind `rt.preprocessing.Otsu()` in the chain, and run the cells "
        "from there on: a line that is left over no longer decides where the picture is cut.",
    ),
    Exercise(
        "10.2",
        "or unsure",
        _or_unsure,
        (
            "`probabilities.max(axis=1)` is how sure the network is of each picture.",
            "`np.where(condition, a, b)` takes a where the condition holds, else b.",
            "`np.where(sure, probabilities.argmax(axis=1), -1)`.",
        ),
        ("probabilities", "at_least"),
        "`sure` and `wrong` above are of the new pictures. How many are unsure at 0.9, at 0.98? "
        "Are the wrong ones among them? A network can be sure and wrong.",
    ),
    Exercise(
        "10.3",
        "how good, from a few checks",
        _estimated,
        (
            "`right / checked` is the share that was right in each cluster.",
            "A cluster of 90 pictures counts nine times as much as one of 10.",
            "`np.average(right / checked, weights=sizes)`.",
        ),
        ("sizes", "checked", "right"),
        "Draw five of the new pictures in each cluster, look, count, and compare with the row of "
        "the network under *How good is it?*",
    ),
)
