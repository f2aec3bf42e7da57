"""Exercises of notebook 02: steps and features, the snake, both ways."""

import numpy as np

from rnn_tutor.exercises._judging import exercise

# 02.1


def steps_and_features(height, width, channels, size):
    down, across = -(-height // size), -(-width // size)
    return down * across, size * size * channels


def _patch_cases(rng):
    yield 1, 1, 1, 1
    yield 6, 4, 3, 2
    yield 28, 28, 1, 7
    yield 5, 5, 1, 4
    yield 3, 9, 2, 3
    yield 4, 10, 1, 4
    for _ in range(20):
        yield tuple(int(k) for k in rng.integers(1, [40, 40, 5, 9]))


def _other_way_round(height, width, channels, size):
    return steps_and_features(height, width, channels, size)[::-1]


def _channels_as_steps(height, width, channels, size):
    steps, features = steps_and_features(height, width, 1, size)
    return steps * channels, features


def _rounded_down(height, width, channels, size):
    return (height // size) * (width // size), size * size * channels


def _only_down_rounded_up(height, width, channels, size):
    return -(-height // size) * (width // size), size * size * channels


def _only_across_rounded_up(height, width, channels, size):
    return (height // size) * -(-width // size), size * size * channels


def _rounded_down_without_channels(height, width, channels, size):
    return (height // size) * (width // size), size * size


def _rounded(height, width, channels, size):
    return round(height / size) * round(width / size), size * size * channels


def _not_rounded(height, width, channels, size):
    return height * width / size**2, size * size * channels


def _area_rounded_up(height, width, channels, size):
    return -(-height * width // size**2), size * size * channels


def _area_rounded_down(height, width, channels, size):
    return height * width // size**2, size * size * channels


def _always_one_more(height, width, channels, size):
    return (height // size + 1) * (width // size + 1), size * size * channels


def _added(height, width, channels, size):
    return -(-height // size) + -(-width // size), size * size * channels


def _side_of_a_patch(height, width, channels, size):
    return steps_and_features(height, width, channels, size)[0], size * channels


def _every_place(height, width, channels, size):
    return (height - size + 1) * (width - size + 1), size * size * channels


FITS_NOT = "What does not fit is padded: a row of 5 pixels holds 2 patches of 4, not 1."
SIDES = "Patches may not be cut in pieces to fill the rest: count them along each side."
ONE_SIDE = "Patches stand side by side *and* one below the other: multiply."


# 02.2


def snake_path(height, width):
    places = np.arange(height * width).reshape(height, width)
    places[1::2] = places[1::2, ::-1].copy()
    return places.ravel()


def _sizes(rng):
    yield from [(1, 1), (1, 5), (5, 1), (2, 3), (3, 2), (4, 4), (7, 3), (6, 9), (28, 28)]
    for _ in range(6):
        yield tuple(int(k) for k in rng.integers(1, 12, 2))


def _places(height, width):
    return np.arange(height * width).reshape(height, width)


def _first_row_back(height, width):
    places = _places(height, width)
    places[::2] = places[::2, ::-1].copy()
    return places.ravel()


def _all_but_the_first_back(height, width):
    places = _places(height, width)
    places[1:] = places[1:, ::-1].copy()
    return places.ravel()


def _only_the_second_back(height, width):
    places = _places(height, width)
    places[1:2] = places[1:2, ::-1].copy()
    return places.ravel()


def _rows_exchanged(height, width):
    places = _places(height, width)
    places[1::2] = places[1::2][::-1].copy()
    return places.ravel()


def _along_the_columns(height, width):
    places = _places(height, width).T.copy()
    places[1::2] = places[1::2, ::-1].copy()
    return places.ravel()


def _upwards(height, width):
    return (_places(height, width)[::-1].ravel())[snake_path(height, width)]


def _times_the_height(height, width):
    row, column = np.divmod(snake_path(height, width), width)
    return row * height + column


def _rows_and_columns(height, width):
    return np.stack(np.divmod(snake_path(height, width), width), axis=1)


def _column_0_left_out(height, width):
    return np.array(
        [
            row * width + column
            for row in range(height)
            for column in (range(width - 1, 0, -1) if row % 2 else range(width))
        ]
    )


def _last_column_left_out(height, width):
    return np.array(
        [
            row * width + column
            for row in range(height)
            for column in (range(width - 2, -1, -1) if row % 2 else range(width))
        ]
    )


def _one_to_the_right(height, width):
    row, column = np.divmod(np.arange(height * width), width)
    return np.where(row % 2, row * width + width - column, row * width + column)


ROW_BACK = "On the way back a pixel is missing in every row: mind where `range` ends."


# 02.3


def both_ways(sequences):
    return np.concatenate([sequences, sequences[:, ::-1]], axis=2)


def _sequence_cases(rng):
    yield (np.array([[[1, 2], [3, 4], [5, 6]], [[7, 8], [9, 0], [2, 5]]]),)
    for shape in [(1, 1, 1), (1, 4, 1), (3, 1, 2), (2, 5, 3), (3, 3, 3), (6, 28, 28)]:
        yield (rng.normal(size=shape).round(2),)


def _joined(sequences, other, axis=2):
    return np.concatenate([sequences, other], axis=axis)


def _on_a_new_axis(sequences):
    return np.stack([sequences, sequences[:, ::-1]], axis=-1)


AFTER = "Here the second reading follows *after* the first, as further steps. It should stand "
AFTER += "beside it, as further features."


EXERCISES = (
    exercise(
        "02.1",
        "how many steps, how many features?",
        solution=steps_and_features,
        cases=_patch_cases,
        mistakes=(
            (
                _other_way_round,
                "These are the right numbers the other way round: (steps, features).",
            ),
            (
                _channels_as_steps,
                "Each pixel of a patch has a number for every channel: channels "
                "add features, and no steps.",
            ),
            (
                lambda height, width, channels, size: steps_and_features(height, width, 1, size),
                "Each pixel of a patch has a number for every channel.",
            ),
            (_side_of_a_patch, "A patch is a square: it has size x size pixels."),
            (_rounded_down, FITS_NOT),
            (_only_down_rounded_up, FITS_NOT + " So it is along both sides."),
            (_only_across_rounded_up, FITS_NOT + " So it is along both sides."),
            (
                _rounded_down_without_channels,
                FITS_NOT + " And each pixel of a patch has a number for every channel.",
            ),
            (_rounded, FITS_NOT + " Always round up."),
            (_not_rounded, "There are no parts of patches: count whole ones along each side."),
            (_area_rounded_up, SIDES),
            (_area_rounded_down, SIDES),
            (
                _always_one_more,
                "One more patch is needed only where they do not fit. Where they "
                "do, this is one too many.",
            ),
            (
                lambda height, width, channels, size: (-(-height // size), size * size * channels),
                ONE_SIDE,
            ),
            (
                lambda height, width, channels, size: (-(-width // size), size * size * channels),
                ONE_SIDE,
            ),
            (_added, ONE_SIDE),
            (_every_place, "The patches lie side by side and do not overlap."),
        ),
        hints=(
            "How many patches stand side by side, how many one below the other? The product is "
            "the number of steps.",
            "Where patches do not fit, one more is needed: round up. `-(-a // b)` does that, or "
            "`math.ceil(a / b)`.",
            "A patch has size x size pixels, and each pixel `channels` numbers.",
        ),
    ),
    exercise(
        "02.2",
        "the snake",
        solution=snake_path,
        cases=_sizes,
        returns="index",
        mistakes=(
            (
                lambda height, width: _places(height, width).ravel(),
                "Every second row has to be read from right to left.",
            ),
            (_first_row_back, "The first row is read from left to right, the second one back."),
            (
                lambda height, width: _places(height, width)[:, ::-1].ravel(),
                "Every row is read from right to left; only every second one is to be.",
            ),
            (
                _all_but_the_first_back,
                "From the third row on something else happens: rows 0, 2, 4, ... go to the right.",
            ),
            (
                _only_the_second_back,
                "From the fourth row on something else happens: rows 1, 3, 5, ... go to the left.",
            ),
            (
                _rows_exchanged,
                "You turned round the order of the *rows*. The pixels within every "
                "second row are to be turned round.",
            ),
            (_along_the_columns, "This goes down and up the columns; the snake follows the rows."),
            (
                lambda height, width: _places(height, width).T.ravel(),
                "This reads the columns; the snake follows the rows.",
            ),
            (
                lambda height, width: snake_path(height, width).reshape(height, width),
                "The path is one long list: `.ravel()`.",
            ),
            (
                lambda height, width: snake_path(height, width) + 1,
                "You count from 1: the first pixel is at place 0.",
            ),
            (
                lambda height, width: snake_path(height, width)[::-1],
                "The path begins at the end: the first pixel is the upper left one.",
            ),
            (_upwards, "The path begins at the bottom: the first row is the upper one."),
            (_times_the_height, "A row has `width` pixels: the place is row * width + column."),
            (_rows_and_columns, "A place is a single number, row * width + column."),
            (
                lambda height, width: snake_path(height, width) % width,
                "These are the columns. A place is row * width + column.",
            ),
            (_column_0_left_out, ROW_BACK),
            (_last_column_left_out, ROW_BACK + " The last column is `width - 1`."),
            (
                _one_to_the_right,
                "On the way back everything is one too far: the last column is `width - 1`.",
            ),
        ),
        hints=(
            "`np.arange(height * width).reshape(height, width)` numbers the pixels.",
            "`places[1::2]` is every second row, from row 1 on.",
            "A row backwards is `row[::-1]`; of several rows, `rows[:, ::-1]`.",
        ),
        then="See it: `rt.plots.scan_paths({'snake': snake_path(8, 8)}, (8, 8))`.",
    ),
    exercise(
        "02.3",
        "both ways",
        solution=both_ways,
        cases=_sequence_cases,
        mistakes=(
            (
                lambda sequences: _joined(sequences, sequences[::-1]),
                "You turned round the *batch*: another picture is read now.",
            ),
            (
                lambda sequences: _joined(sequences, sequences[..., ::-1]),
                "You turned round the *features* of each step, not the steps.",
            ),
            (
                lambda sequences: _joined(sequences, sequences),
                "The second half reads forwards too.",
            ),
            (
                lambda sequences: _joined(sequences, sequences[:, ::-1, ::-1]),
                "The steps are turned round, but so are the features of each.",
            ),
            (
                lambda sequences: _joined(sequences, sequences[::-1, ::-1]),
                "You turned round the *batch* and the steps.",
            ),
            (
                lambda sequences: _joined(sequences, np.flip(sequences)),
                "You turned round everything; only the steps are to be.",
            ),
            (
                lambda sequences: _joined(sequences[:, ::-1], sequences),
                "First the sequence as it is, then the one from its end.",
            ),
            (lambda sequences: _joined(sequences, sequences[:, ::-1], axis=1), AFTER),
            (
                lambda sequences: _joined(sequences, sequences[:, ::-1], axis=0),
                "Here the second reading is a further *sequence* of the "
                "batch. It should stand beside the first, as further features.",
            ),
            (
                lambda sequences: _joined(sequences, np.roll(sequences[:, ::-1], 1, axis=1)),
                "The second reading has moved by one step: beside the first step "
                "stands the last one.",
            ),
            (_on_a_new_axis, "There is a fourth axis now. The features of both lie along one."),
            (
                lambda sequences: _on_a_new_axis(sequences).reshape(*sequences.shape[:2], -1),
                "The features of both are mixed, one by one. First come all of the "
                "one, then all of the other.",
            ),
            (
                lambda sequences: sequences + sequences[:, ::-1],
                "The two readings are added up; they are to stand side by side.",
            ),
            (
                lambda sequences: sequences[:, ::-1],
                "Only the second half is here: the sequence as it is comes first.",
            ),
        ),
        hints=(
            "Which of the three axes holds the steps?",
            "`[:, ::-1]` turns the second axis round and leaves the others.",
            "`np.concatenate` joins along an axis; features are the last one.",
        ),
        then="Keras's `Bidirectional` reads so, with a layer of its own for each half.",
    ),
)
