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


def _without_channels(height, width, channels, size):
    return steps_and_features(height, width, 1, size)


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


def _along_one_side(height, width, channels, size):
    return -(-height // size), size * size * channels


def _along_the_other_side(height, width, channels, size):
    return -(-width // size), size * size * channels


def _added(height, width, channels, size):
    return -(-height // size) + -(-width // size), size * size * channels


def _side_of_a_patch(height, width, channels, size):
    return steps_and_features(height, width, channels, size)[0], size * channels


def _every_place(height, width, channels, size):
    return (height - size + 1) * (width - size + 1), size * size * channels


FITS_NOT = "A picture that does not fit is padded. A row of 5 pixels holds 2 patches of 4, not 1."
SIDES = "You cannot cut patches to fill the rest. Count them along each side."
ONE_SIDE = "Patches lie side by side *and* one below the other. Multiply."


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


def _always_to_the_right(height, width):
    return _places(height, width).ravel()


def _first_row_back(height, width):
    places = _places(height, width)
    places[::2] = places[::2, ::-1].copy()
    return places.ravel()


def _all_rows_back(height, width):
    return _places(height, width)[:, ::-1].ravel()


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


def _columns(height, width):
    return _places(height, width).T.ravel()


def _as_a_picture(height, width):
    return snake_path(height, width).reshape(height, width)


def _counted_from_1(height, width):
    return snake_path(height, width) + 1


def _from_the_end(height, width):
    return snake_path(height, width)[::-1]


def _upwards(height, width):
    return (_places(height, width)[::-1].ravel())[snake_path(height, width)]


def _times_the_height(height, width):
    row, column = np.divmod(snake_path(height, width), width)
    return row * height + column


def _rows_and_columns(height, width):
    return np.stack(np.divmod(snake_path(height, width), width), axis=1)


def _columns_of_each_step(height, width):
    return snake_path(height, width) % width


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


ROW_BACK = "On the way back, one pixel of each row is missing. Check where `range` ends."


# 02.3


def both_ways(sequences):
    return np.concatenate([sequences, sequences[:, ::-1]], axis=2)


def _sequence_cases(rng):
    yield (np.array([[[1, 2], [3, 4], [5, 6]], [[7, 8], [9, 0], [2, 5]]]),)
    for shape in [(1, 1, 1), (1, 4, 1), (3, 1, 2), (2, 5, 3), (3, 3, 3), (6, 28, 28)]:
        yield (rng.normal(size=shape).round(2),)


def _joined(sequences, other, axis=2):
    return np.concatenate([sequences, other], axis=axis)


def _batch_turned(sequences):
    return _joined(sequences, sequences[::-1])


def _features_turned(sequences):
    return _joined(sequences, sequences[..., ::-1])


def _nothing_turned(sequences):
    return _joined(sequences, sequences)


def _steps_and_features_turned(sequences):
    return _joined(sequences, sequences[:, ::-1, ::-1])


def _batch_and_steps_turned(sequences):
    return _joined(sequences, sequences[::-1, ::-1])


def _everything_turned(sequences):
    return _joined(sequences, np.flip(sequences))


def _backwards_first(sequences):
    return _joined(sequences[:, ::-1], sequences)


def _one_after_the_other(sequences):
    return _joined(sequences, sequences[:, ::-1], axis=1)


def _as_further_sequences(sequences):
    return _joined(sequences, sequences[:, ::-1], axis=0)


def _moved_by_one(sequences):
    return _joined(sequences, np.roll(sequences[:, ::-1], 1, axis=1))


def _on_a_new_axis(sequences):
    return np.stack([sequences, sequences[:, ::-1]], axis=-1)


def _interleaved(sequences):
    return _on_a_new_axis(sequences).reshape(*sequences.shape[:2], -1)


def _added_up(sequences):
    return sequences + sequences[:, ::-1]


def _backwards_only(sequences):
    return sequences[:, ::-1]


AFTER = "Here the second reading comes *after* the first, as more steps. It should stand "
AFTER += "beside it, as more features."


EXERCISES = (
    exercise(
        "02.1",
        "how many steps, how many features?",
        solution=steps_and_features,
        cases=_patch_cases,
        mistakes=(
            (_other_way_round, "The two numbers are right, but in the wrong order: return "
                               "(steps, features)."),
            (_channels_as_steps, "Each pixel of a patch has one number for every channel. "
                                 "Channels add features, not steps."),
            (_without_channels, "Each pixel of a patch has one number for every channel."),
            (_side_of_a_patch, "A patch is a square of size x size pixels."),
            (_rounded_down, FITS_NOT),
            (_only_down_rounded_up, FITS_NOT + " So it is along both sides."),
            (_only_across_rounded_up, FITS_NOT + " So it is along both sides."),
            (_rounded_down_without_channels, FITS_NOT + " And each pixel of a patch has a number "
             "for every channel."),
            (_rounded, FITS_NOT + " Always round up."),
            (_not_rounded, "There are only whole patches. Count them along each side."),
            (_area_rounded_up, SIDES),
            (_area_rounded_down, SIDES),
            (_always_one_more, "You need one more patch only if they do not fit. If they fit, "
                               "this is one too many."),
            (_along_one_side, ONE_SIDE),
            (_along_the_other_side, ONE_SIDE),
            (_added, ONE_SIDE),
            (_every_place, "The patches lie side by side and do not overlap."),
        ),
        hints=(
            "How many patches lie side by side, and how many one below the other? The number of "
            "steps is the product.",
            "If the patches do not fit, you need one more: round up. `-(-a // b)` or "
            "`math.ceil(a / b)` does that.",
            "A patch has size x size pixels, and each pixel has `channels` numbers.",
        ),
    ),
    exercise(
        "02.2",
        "the snake",
        solution=snake_path,
        cases=_sizes,
        returns="index",
        mistakes=(
            (_always_to_the_right, "Read every second row from right to left."),
            (_first_row_back, "Read the first row from left to right, and the second one back."),
            (_all_rows_back, "You read every row from right to left. Do that with every second "
                             "row only."),
            (_all_but_the_first_back, "It goes wrong from the third row on. Rows 0, 2, 4, ... "
                                      "go to the right."),
            (_only_the_second_back, "It goes wrong from the fourth row on. Rows 1, 3, 5, ... go "
                                    "to the left."),
            (_rows_exchanged, "You reversed the order of the *rows*. Reverse the pixels within "
                              "every second row."),
            (_along_the_columns, "This goes down and up the columns. The snake follows the "
                                 "rows."),
            (_columns, "This reads the columns. The snake follows the rows."),
            (_as_a_picture, "The path is one long list. Use `.ravel()`."),
            (_counted_from_1, "You count from 1. The first pixel has the number 0."),
            (_from_the_end, "Your path starts at the end. The first pixel is the upper left "
                            "one."),
            (_upwards, "Your path starts at the bottom. The first row is the top one."),
            (_times_the_height, "A row has `width` pixels, so a pixel has the number row * "
                                "width + column."),
            (_rows_and_columns, "A pixel is a single number, row * width + column."),
            (_columns_of_each_step, "These are the columns. A pixel is row * width + column."),
            (_column_0_left_out, ROW_BACK),
            (_last_column_left_out, ROW_BACK + " The last column is `width - 1`."),
            (_one_to_the_right, "On the way back every number is one too large. The last column "
                                "is `width - 1`."),
        ),
        hints=(
            "`np.arange(height * width).reshape(height, width)` numbers the pixels.",
            "`places[1::2]` is every second row, from row 1 on.",
            "`row[::-1]` reverses a row, and `rows[:, ::-1]` reverses several rows.",
        ),
        then="Look at it: `rt.plots.scan_paths({'snake': snake_path(8, 8)}, (8, 8))`.",
    ),
    exercise(
        "02.3",
        "both ways",
        solution=both_ways,
        cases=_sequence_cases,
        mistakes=(
            (_batch_turned, "You reversed the *batch*, so another picture is read now."),
            (_features_turned, "You reversed the *features* of each step. Reverse the steps."),
            (_nothing_turned, "The second half reads forwards too."),
            (_steps_and_features_turned, "You reversed the steps, and the features of each step "
                                         "too. Reverse only the steps."),
            (_batch_and_steps_turned, "You reversed the *batch* and the steps. Reverse only the "
                                      "steps."),
            (_everything_turned, "You reversed everything. Reverse only the steps."),
            (_backwards_first, "The sequence as it is comes first, and the reversed one second."),
            (_one_after_the_other, AFTER),
            (_as_further_sequences, "Here the second reading is another *sequence* of the "
                                    "batch. It should stand beside the first, as more features."),
            (_moved_by_one, "The second reading has moved by one step. The last step should "
                            "stand beside the first."),
            (_on_a_new_axis, "There is a fourth axis now. Both readings share the axis of the "
                             "features."),
            (_interleaved, "The features of both readings alternate. First come all of the "
                           "first, then all of the second."),
            (_added_up, "You added the two readings. Put them side by side."),
            (_backwards_only, "Only the second half is here. The sequence as it is comes first."),
        ),
        hints=(
            "Which of the three axes holds the steps?",
            "`[:, ::-1]` reverses the second axis and leaves the others.",
            "`np.concatenate` joins arrays along an axis. The features are the last axis.",
        ),
        then="Keras's `Bidirectional` does this, with a separate layer for each half.",
    ),
)  # fmt: skip
