"""The exercises of notebook 12, your own pictures."""

import math

import numpy as np

from rnn_tutor.exercises._judging import exercise

# 12.1: which pictures are there twice


def is_repeat(hashes, most):
    differing = (hashes[:, None] != hashes[None]).sum(axis=2)
    return np.tril(differing <= most, -1).any(axis=1)


def _hash_cases(rng):
    yield np.array([[True, False], [True, True]]), 1
    yield np.array([[True, False], [False, True]]), 1
    yield np.array([[True, True, False], [True, True, False], [False, False, True]]), 0
    for n, bits, most in [(4, 4, 1), (6, 6, 2), (5, 8, 1), (8, 8, 2), (20, 12, 3), (30, 64, 24)]:
        hashes = rng.random((n, bits)) < 0.5
        copied = rng.integers(0, n, 2)
        hashes[copied[0]] = hashes[copied[1]]
        hashes[rng.integers(n)] = ~hashes[copied[1]]
        yield hashes, most


def _differing(hashes):
    return (hashes[:, None] != hashes[None]).sum(axis=2)


def _off_diagonal(alike):
    return alike & ~np.eye(len(alike), dtype=bool)


def _like_any_other(hashes, most):
    return _off_diagonal(_differing(hashes) <= most).any(axis=1)


def _like_a_later_one(hashes, most):
    return np.triu(_differing(hashes) <= most, 1).any(axis=1)


def _strictly_fewer(hashes, most):
    return np.tril(_differing(hashes) < most, -1).any(axis=1)


def _like_itself(hashes, most):
    return np.tril(_differing(hashes) <= most).any(axis=1)


def _only_the_one_before(hashes, most):
    before = (hashes[1:] != hashes[:-1]).sum(axis=1) <= most
    return np.concatenate([[False], before])


def _equal_ones_only(hashes, most):
    return np.tril(_differing(hashes) == 0, -1).any(axis=1)


def _bits_that_agree(hashes, most):
    agreeing = hashes.shape[1] - _differing(hashes)
    return np.tril(agreeing <= most, -1).any(axis=1)


def _the_other_way(hashes, most):
    return ~is_repeat(hashes, most)


def _compared_with_the_first(hashes, most):
    alike = (hashes != hashes[0]).sum(axis=1) <= most
    alike[0] = False
    return alike


# 12.2: how sharp


def sharpness(picture):
    p = picture.astype(float)
    inner = p[1:-1, 1:-1]
    laplacian = p[:-2, 1:-1] + p[2:, 1:-1] + p[1:-1, :-2] + p[1:-1, 2:] - 4 * inner
    return laplacian.var()


def _pictures(rng):
    yield (np.array([[0, 0, 0, 0], [0, 9, 1, 0], [0, 0, 0, 0]], np.uint8),)
    yield (np.array([[0, 0, 0, 0], [0, 200, 0, 0], [0, 0, 90, 0], [5, 0, 0, 250]], np.uint8),)
    for height, width in [(4, 3), (5, 4), (4, 7), (12, 9), (24, 16)]:
        yield (rng.integers(0, 256, (height, width)).astype(np.uint8),)
    slope = np.arange(24) * 10 + rng.integers(0, 3, (20, 24))
    yield (slope.astype(np.uint8),)


def _filtered(picture, kernel=((0, 1, 0), (1, -4, 1), (0, 1, 0))):
    p, (height, width) = picture.astype(float), picture.shape
    return sum(
        kernel[i][j] * p[i : height - 2 + i, j : width - 2 + j] for i in range(3) for j in range(3)
    )


def _spread(picture):
    return _filtered(picture).std()


def _mean_amount(picture):
    return np.abs(_filtered(picture)).mean()


def _mean_of_squares(picture):
    return (_filtered(picture) ** 2).mean()


def _mean_only(picture):
    return _filtered(picture).mean()


def _sum_of_squared_differences(picture):
    found = _filtered(picture)
    return ((found - found.mean()) ** 2).sum()


def _one_fewer(picture):
    return _filtered(picture).var(ddof=1)


def _black_around(picture):
    return _filtered(np.pad(picture, 1)).var()


def _mirrored_around(picture):
    return _filtered(np.pad(picture, 1, mode="reflect")).var()


def _corners_too(picture):
    return _filtered(picture, ((1, 1, 1), (1, -8, 1), (1, 1, 1))).var()


def _without_the_middle(picture):
    return _filtered(picture, ((0, 1, 0), (1, 0, 1), (0, 1, 0))).var()


def _in_whole_bytes(picture):
    found = (
        picture[:-2, 1:-1]
        + picture[2:, 1:-1]
        + picture[1:-1, :-2]
        + picture[1:-1, 2:]
        - 4 * picture[1:-1, 1:-1]
    )
    return found.astype(float).var()


def _of_the_picture(picture):
    return picture.astype(float).var()


# 12.3: how many to look at


def checks_needed(share, half_width):
    return math.ceil(1.96**2 * share * (1 - share) / half_width**2)


def _widths(rng):
    yield 0.5, 0.3
    yield 0.9, 0.2
    yield 0.8, 0.1
    yield 0.9, 0.05
    for _ in range(8):
        share, half_width = rng.uniform(0.05, 0.95), rng.uniform(0.01, 0.25)
        exact = 1.96**2 * share * (1 - share) / half_width**2
        if 0.05 < exact % 1 < 0.95:
            yield round(float(share), 3), round(float(half_width), 3)


def _rounded_down(share, half_width):
    return math.floor(1.96**2 * share * (1 - share) / half_width**2)


def _rounded(share, half_width):
    return round(1.96**2 * share * (1 - share) / half_width**2)


def _standard_error_alone(share, half_width):
    return math.ceil(share * (1 - share) / half_width**2)


def _not_squared(share, half_width):
    return math.ceil(1.96 * share * (1 - share) / half_width**2)


def _root_left_out(share, half_width):
    return math.ceil(1.96 * share * (1 - share) / half_width)


def _whole_width(share, half_width):
    return math.ceil(1.96**2 * share * (1 - share) / (half_width / 2) ** 2)


def _at_a_half(share, half_width):
    return math.ceil(1.96**2 * 0.25 / half_width**2)


def _share_alone(share, half_width):
    return math.ceil(1.96**2 * share / half_width**2)


EXERCISES = (
    exercise(
        "12.1",
        "which pictures are there twice",
        solution=is_repeat,
        cases=_hash_cases,
        returns="bool",
        mistakes=[
            (
                _like_any_other,
                "You compare with all other pictures, so the first of a pair is marked, too, and "
                "nothing of it would be left. Compare with *earlier* ones.",
            ),
            (
                _like_a_later_one,
                "You mark pictures that have a copy *later* on. Mark the later ones themselves.",
            ),
            (
                _strictly_fewer,
                "You ask for fewer than `most` bits. So many may differ as well: `<=`.",
            ),
            (
                _like_itself,
                "Every picture is like itself. Leave it out of its own comparison.",
            ),
            (
                _only_the_one_before,
                "You compare with the picture just before. The other of a pair may stand anywhere "
                "before.",
            ),
            (
                _equal_ones_only,
                "You find equal hashes only. Up to `most` bits may differ.",
            ),
            (
                _bits_that_agree,
                "You count the bits that *agree*; count those that differ.",
            ),
            (_the_other_way, "This is the other way round: True where there is no earlier one."),
            (
                _compared_with_the_first,
                "You compare all pictures with the first one. Compare each with all before it.",
            ),
        ],
        hints=(
            "For two pictures, `(hashes[i] != hashes[j]).sum()` bits differ.",
            "`hashes[:, None] != hashes[None]` compares all pairs at once; sum over the last axis.",
            "`np.tril(alike, -1)` keeps, for each row, the columns before it. Then `any(axis=1)`.",
        ),
        then="Which number does your folder need? Try `rt.inspection.perceptual_hashes(images)` "
        "with `most` from 0 to 12, and look at what each adds.",
    ),
    exercise(
        "12.2",
        "how sharp",
        solution=sharpness,
        cases=_pictures,
        mistakes=[
            (_spread, "This is the standard deviation. The variance is its square: `var()`."),
            (_mean_amount, "This is the mean of the amounts. Take the variance."),
            (
                _mean_of_squares,
                "You take the mean of the squares. The variance subtracts the mean first.",
            ),
            (_mean_only, "This is the mean of the Laplacian. Take its variance."),
            (
                _sum_of_squared_differences,
                "You add up the squared differences. Divide by how many there are.",
            ),
            (
                _one_fewer,
                "You divide by one fewer than there are places, as for a sample. Take `var()` as "
                "NumPy does by default.",
            ),
            (
                _black_around,
                "You put black around the picture, and its border looks like an edge. Take the "
                "places only where the kernel fits.",
            ),
            (
                _mirrored_around,
                "You continue the picture beyond its border. Take the places only where the "
                "kernel fits.",
            ),
            (
                _corners_too,
                "You take all eight neighbours. The kernel here has four, and -4 in the middle.",
            ),
            (_without_the_middle, "The middle is missing: subtract four times the pixel itself."),
            (
                _in_whole_bytes,
                "The levels are uint8, and what goes below 0 or above 255 starts again at the "
                "other end. Make floats of them first.",
            ),
            (
                _of_the_picture,
                "This is the variance of the picture itself, its contrast. Take that of its "
                "Laplacian.",
            ),
        ],
        hints=(
            "Make floats first: `p = picture.astype(float)`.",
            "`p[:-2, 1:-1]` are the neighbours above, `p[1:-1, 1:-1]` the pixels themselves.",
            "Four neighbours minus four times the pixel, for all places at once; then `.var()`.",
        ),
        then="Blur a picture with `cv2.GaussianBlur` and look how fast the number falls. Now add "
        "noise. Is a noisy picture sharp?",
    ),
    exercise(
        "12.3",
        "how many to look at",
        solution=checks_needed,
        cases=_widths,
        returns="index",
        mistakes=[
            (_rounded_down, "You round down, and the interval is a little too wide. Round up."),
            (_rounded, "You round to the nearest number; round *up*, or it may be too few."),
            (
                _standard_error_alone,
                "The interval reaches 1.96 standard errors to either side, not one.",
            ),
            (_not_squared, "When you solve for n, 1.96 is squared, too."),
            (_root_left_out, "You left the square root out. n stands below the root."),
            (
                _whole_width,
                "`half_width` is how far the interval reaches to *one* side. Do not halve it.",
            ),
            (
                _at_a_half,
                "You reckon with a share of one half, the worst case. Here you are told the share.",
            ),
            (_share_alone, "The variance is share * (1 - share), not the share alone."),
        ],
        hints=(
            "Write down: 1.96 * sqrt(share * (1 - share) / n) <= half_width, and solve for n.",
            "n >= 1.96**2 * share * (1 - share) / half_width**2.",
            "`math.ceil` rounds up.",
        ),
        then="How many must you look at to tell 90 % from 95 %? And how much does it help to ask "
        "for twice the accuracy?",
    ),
)
