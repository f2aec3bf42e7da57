"""The exercises of notebook 11, pictures of any width."""

import numpy as np

from rnn_tutor.exercises._judging import exercise

# 11.1: how many steps?


def _steps(expected, received):
    if received.shape:
        return "Give one number, without brackets."
    if received == expected:
        return ""
    return "That is not it. Count the places of the window in the first convolution on paper."


# 11.2: a mask from widths


def mask_of(widths, steps, stride):
    return np.arange(steps) * stride < np.asarray(widths)[:, None]


def _mask_cases(rng):
    yield np.array([4]), 3, 2
    yield np.array([5, 12]), 3, 4
    yield np.array([1, 3]), 3, 1
    for n, stride in [(2, 3), (3, 4), (4, 2), (5, 5), (6, 4)]:
        widths = rng.integers(1, 12 * stride, n)
        yield widths, int(-(-widths.max() // stride)) + int(rng.integers(3)), stride


def _one_step_too_many(widths, steps, stride):
    return np.arange(steps) * stride <= widths[:, None]


def _whole_steps_only(widths, steps, stride):
    return np.arange(steps) < (widths // stride)[:, None]


def _columns_in_place_of_steps(widths, steps, stride):
    return np.arange(steps) < widths[:, None]


def _what_is_padded(widths, steps, stride):
    return ~mask_of(widths, steps, stride)


def _read_at_the_right(widths, steps, stride):
    return mask_of(widths, steps, stride)[:, ::-1]


def _on_its_side(widths, steps, stride):
    return mask_of(widths, steps, stride).T


def _counted_from_one(widths, steps, stride):
    return (np.arange(steps) + 1) * stride < widths[:, None]


def _stride_on_the_widths(widths, steps, stride):
    return np.arange(steps) < (widths * stride)[:, None]


# 11.3: how much is padding?


def padding_share(widths, size):
    widths = np.sort(widths)
    batches = [widths[start : start + size] for start in range(0, len(widths), size)]
    read = sum(batch.max() * len(batch) for batch in batches)
    return 1 - widths.sum() / read


def _width_cases(rng):
    yield np.array([10, 20]), 2
    yield np.array([30, 10, 30, 10]), 2
    yield np.array([20, 10, 40]), 2
    yield np.array([7]), 3
    for n, size in [(5, 2), (7, 3), (8, 4), (40, 16), (100, 32)]:
        yield rng.integers(20, 200, n), size


def _padding(batches):
    return 1 - sum(map(sum, batches)) / sum(max(batch) * len(batch) for batch in batches)


def _cut(widths, size):
    return [widths[start : start + size] for start in range(0, len(widths), size)]


def _as_they_come(widths, size):
    return _padding(_cut(widths, size))


def _all_as_wide_as_the_widest(widths, size):
    return 1 - widths.sum() / (widths.max() * len(widths))


def _rest_left_out(widths, size):
    batches = [batch for batch in _cut(np.sort(widths), size) if len(batch) == size]
    return _padding(batches)


def _rest_counted_full(widths, size):
    return 1 - widths.sum() / sum(max(batch) * size for batch in _cut(np.sort(widths), size))


def _what_is_read(widths, size):
    return 1 - padding_share(widths, size)


def _padded_columns(widths, size):
    return sum((max(b) - b).sum() for b in _cut(np.sort(widths), size))


def _per_column_of_a_strip(widths, size):
    return _padded_columns(widths, size) / widths.sum()


def _mean_over_batches(widths, size):
    return np.mean([_padding([batch]) for batch in _cut(np.sort(widths), size)])


def _percent(widths, size):
    return 100 * padding_share(widths, size)


# 11.4: dynamic time warping


def dtw(a, b):
    cost = np.full((len(a) + 1, len(b) + 1), np.inf)
    cost[0, 0] = 0
    for i in range(len(a)):
        for j in range(len(b)):
            before = min(cost[i, j], cost[i, j + 1], cost[i + 1, j])
            cost[i + 1, j + 1] = abs(a[i] - b[j]) + before
    return cost[-1, -1]


def _sequence_cases(rng):
    yield np.array([0.0, 1.0]), np.array([0.0, 0.0, 1.0])
    yield np.array([0.0, 1.0]), np.array([1.0, 0.0])
    yield np.array([2.0, 3.0]), np.array([0.0, 3.0])
    yield np.array([1.0]), np.array([2.0, 4.0])
    yield np.array([0.0, 3.0, 0.0]), np.array([0.0, 0.0, 3.0, 3.0])
    for first, second in [(3, 3), (2, 5), (6, 4), (9, 9), (30, 24)]:
        yield rng.integers(0, 9, first).astype(float), rng.integers(0, 9, second).astype(float)


def _warped(a, b, step=lambda x, y: abs(x - y), moves=((0, 0), (0, 1), (1, 0)), free=False):
    """Return the table of costs; `moves` are the places before (i + 1, j + 1), from (i, j)."""
    cost = np.full((len(a) + 1, len(b) + 1), np.inf)
    cost[0, 0] = 0
    if free:
        cost[0], cost[:, 0] = 0, 0
    for i in range(len(a)):
        for j in range(len(b)):
            before = min(cost[i + down, j + right] for down, right in moves)
            cost[i + 1, j + 1] = step(a[i], b[j]) + before
    return cost


def _squares(a, b):
    return _warped(a, b, lambda x, y: (x - y) ** 2)[-1, -1]


def _root_of_squares(a, b):
    return np.sqrt(_squares(a, b))


def _without_diagonal(a, b):
    return _warped(a, b, moves=((0, 1), (1, 0)), free=True)[-1, -1]


def _edges_of_zeros(a, b):
    return _warped(a, b, free=True)[-1, -1]


def _second_may_not_wait(a, b):
    return _warped(a, b, moves=((0, 0), (1, 0)))[-1, -1]


def _first_may_not_wait(a, b):
    return _warped(a, b, moves=((0, 0), (0, 1)))[-1, -1]


def _whole_table(a, b):
    return _warped(a, b)[1:, 1:]


def _mean_step(a, b):
    return dtw(a, b) / (len(a) + len(b))


def _column_by_column(a, b):
    n = min(len(a), len(b))
    return np.abs(a[:n] - b[:n]).sum()


def _nearest_values(a, b):
    return sum(np.abs(b - x).min() for x in a)


# 11.5: when did the reader settle?


def settling_step(probabilities):
    best = probabilities.argmax(axis=1)
    changes = np.flatnonzero(best != best[-1])
    return int(changes[-1]) + 1 if len(changes) else 0


def _course_cases(rng):
    yield (np.array([[0.9, 0.1], [0.2, 0.8]]),)
    yield (np.array([[0.2, 0.8], [0.6, 0.4], [0.1, 0.9], [0.3, 0.7]]),)
    yield (np.array([[0.6, 0.4], [0.7, 0.3]]),)
    yield (np.array([[0.5, 0.3, 0.2], [0.1, 0.7, 0.2], [0.3, 0.6, 0.1], [0.1, 0.2, 0.7]]),)
    for steps, classes in [(5, 2), (8, 3), (12, 6), (40, 6)]:
        drift = np.linspace(0, 2, steps)[:, None] * rng.normal(size=classes)
        scores = np.exp(drift + rng.normal(size=(steps, classes)))
        yield (scores / scores.sum(axis=1, keepdims=True),)


def _first_met(probabilities):
    best = probabilities.argmax(axis=1)
    return int((best == best[-1]).argmax())


def _last_change_itself(probabilities):
    return max(settling_step(probabilities) - 1, 0)


def _columns_left(probabilities):
    return len(probabilities) - settling_step(probabilities)


def _from_one(probabilities):
    return settling_step(probabilities) + 1


def _surest_step(probabilities):
    return int(probabilities.max(axis=1).argmax())


def _above_one_half(probabilities):
    sure = probabilities.max(axis=1) > 0.5
    return int(sure.argmax())


def _verdict_itself(probabilities):
    return int(probabilities[-1].argmax())


def _changes_counted(probabilities):
    return int(np.count_nonzero(np.diff(probabilities.argmax(axis=1))))


SORT = "Put strips of similar widths into one batch: sort the widths first. "
WAIT = "Both sequences may wait: take the smallest of *three* costs, "

EXERCISES = (
    exercise(
        "11.1",
        "how many steps?",
        solution=38,
        equal=_steps,
        mistakes=[
            (
                37,
                "Nearly. The padding at both ends lets the window stand on the last columns too: "
                "75 columns give 38 places, not 37.",
            ),
            (75, "This is the width after the first convolution. There are two."),
            (150, "This is the width of the strip. Each convolution moves in steps of two."),
            (
                40,
                "This is the width of the map when the strip stands in a batch that is padded to "
                "160 columns. How many of these steps are read?",
            ),
            (
                37.5,
                "There is no half step. Does the window stand on the last column, or not?",
            ),
            (2400, "This is the number of pixels. A step reads a whole column of the map."),
        ],
        hints=(
            "With padding at both ends, a window that moves in steps of two stands on columns 0, "
            "2, 4 and so on, as long as there are columns.",
            "150 columns give 75. Now do the same with 75: columns 0, 2, ..., 74.",
        ),
        then="Half of the width, rounded up, twice: 150, 75, 38.",
    ),
    exercise(
        "11.2",
        "a mask from widths",
        solution=mask_of,
        cases=_mask_cases,
        returns="bool",
        mistakes=[
            (
                _one_step_too_many,
                "One step too many. Columns count from 0, so the last column of a strip of 8 "
                "is column 7, and a step that begins at column 8 is past the end.",
            ),
            (
                _whole_steps_only,
                "A step counts when it *begins* on the strip, even if it reaches past the end. "
                "You cut the last columns off.",
            ),
            (
                _columns_in_place_of_steps,
                "You compare steps with columns. Step k begins at column k times the stride.",
            ),
            (_what_is_padded, "The mask is True where the strip is read. Yours is True past it."),
            (_read_at_the_right, "Strips begin at the left. Your mask reads from the right end."),
            (_on_its_side, "Give a row for each strip, and a column for each step."),
            (_counted_from_one, "Step 0 begins at column 0. You began to count at 1."),
            (
                _stride_on_the_widths,
                "Multiply the number of the step by the stride, not the width.",
            ),
        ],
        hints=(
            "Step k begins at column k * stride. When is that column on the strip?",
            "`np.arange(steps)` numbers the steps. `np.asarray(widths)[:, None]` stands the widths "
            "up as a column, so that each meets all steps.",
        ),
        then="Give such a mask to any recurrent layer of Keras, as `mask=`.",
    ),
    exercise(
        "11.3",
        "how much is padding?",
        solution=padding_share,
        cases=_width_cases,
        mistakes=[
            (_as_they_come, SORT + "You cut them into batches in the order in which they came."),
            (
                _all_as_wide_as_the_widest,
                "A batch is as wide as *its own* widest strip, not as the widest of all.",
            ),
            (_rest_left_out, "The last batch may hold fewer strips. It counts, too."),
            (_rest_counted_full, "The last batch may hold fewer strips than `size`."),
            (_what_is_read, "This is the share that is read. Give the share that is padding."),
            (_padded_columns, "This is the number of padded columns. Divide it by all columns."),
            (
                _per_column_of_a_strip,
                "Divide by *all* columns that are computed, the padded ones among them.",
            ),
            (
                _mean_over_batches,
                "You took the mean of the batches' shares. Count the columns of all batches first, "
                "because wide batches cost more.",
            ),
            (_percent, "Give a share from 0 to 1, not a percentage."),
        ],
        hints=(
            "Sort the widths, then cut them into pieces of `size`.",
            "A batch of strips costs its largest width times the number of its strips.",
            "The share is 1 minus the columns of the strips, divided by the columns of all "
            "batches.",
        ),
        then="The trainer does the same: it puts strips of similar widths into one batch.",
    ),
    exercise(
        "11.4",
        "dynamic time warping",
        solution=dtw,
        cases=_sequence_cases,
        mistakes=[
            (_squares, "Here a step costs the absolute difference, not its square."),
            (_root_of_squares, "Add up absolute differences. Take no squares, and no root."),
            (
                _without_diagonal,
                WAIT + "the diagonal one, where both go on, among them. Yours lets only one go on.",
            ),
            (
                _edges_of_zeros,
                "Your table begins with zeros along both edges. Then one sequence may skip its "
                "beginning for nothing. Only the corner is 0, and the edges are infinite.",
            ),
            (_second_may_not_wait, WAIT + "the one where the first sequence goes on alone."),
            (_first_may_not_wait, WAIT + "the one where the second sequence goes on alone."),
            (_whole_table, "This is the whole table. Give its last number."),
            (_mean_step, "Give the sum of the differences. Do not divide it by the lengths."),
            (
                _column_by_column,
                "You compare number by number at one pace. Either sequence may wait while the "
                "other goes on.",
            ),
            (
                _nearest_values,
                "You look for the nearest number anywhere. The order must be kept: neither "
                "sequence goes back.",
            ),
        ],
        hints=(
            "Fill a table: `cost[i + 1, j + 1]` is the cheapest way to read a up to place i and b "
            "up to place j.",
            "The last step was one of three: both went on, or only a, or only b. Take the "
            "smallest of the three costs before it, and add `abs(a[i] - b[j])`.",
            "`np.full((len(a) + 1, len(b) + 1), np.inf)` with a 0 in its corner makes the edges "
            "forbidden.",
        ),
        then="Each pair of strips needs such a table. So twice the strips cost four times as much.",
    ),
    exercise(
        "11.5",
        "when did the reader settle?",
        solution=settling_step,
        cases=_course_cases,
        returns="index",
        mistakes=[
            (
                _first_met,
                "This is the first step with the final verdict. It may change its mind again. From "
                "which step on does it *stay*?",
            ),
            (_last_change_itself, "This is the last step with another verdict. Give the next one."),
            (_columns_left, "This is how many steps are left. Give the number of the step."),
            (_from_one, "Nearly. The first step has the number 0."),
            (_surest_step, "This is the step with the largest probability of all."),
            (
                _above_one_half,
                "This is the first step with a probability above one half. Which class it is "
                "matters, and whether it stays.",
            ),
            (_verdict_itself, "This is the class. Give the step."),
            (_changes_counted, "This is how often the verdict changed."),
        ],
        hints=(
            "`probabilities.argmax(axis=1)` is the verdict after each step. The last one is the "
            "final verdict.",
            "Look for the *last* step whose verdict is another one. The answer is the step after "
            "it; or 0, where there is none.",
        ),
        then="You can only know it afterwards. While it reads, the network cannot tell that it has "
        "settled.",
    ),
)
