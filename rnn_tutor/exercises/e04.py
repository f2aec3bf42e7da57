"""Exercises of notebook 04: length of a map, strongest place, pooling, the field looking back."""

from functools import partial

import numpy as np

from rnn_tutor.exercises._judging import exercise

# 04.1 how long is the map?


def places_along(length, size, strides, padding):
    if padding == "valid":
        length = length - size + 1
    return -(-length // strides)


def _length_cases(rng):
    yield 5, 3, 1, "valid"
    yield 5, 3, 1, "same"
    yield 6, 3, 2, "valid"
    yield 7, 3, 2, "same"
    yield 1, 1, 1, "valid"
    yield 6, 2, 1, "same"
    for _ in range(40):
        length, strides = int(rng.integers(1, 30)), int(rng.integers(1, 6))
        size = int(rng.integers(1, min(length, 6) + 1))
        yield length, size, strides, str(rng.choice(["valid", "same"]))


def _places(length, size, padding):
    return length - size + 1 if padding == "valid" else length


def _one_place_missing(length, size, strides, padding):
    return -(-(length - size) // strides) if padding == "valid" else -(-length // strides)


def _one_place_missing_rounded_down(length, size, strides, padding):
    return (length - size) // strides if padding == "valid" else length // strides


def _one_place_added(length, size, strides, padding):
    return _places(length, size, padding) // strides + 1


def _padded_by_half_on_both_sides(length, size, strides, padding):
    padded = 0 if padding == "valid" else size // 2
    return (length + 2 * padded - size) // strides + 1


# 04.2 where does a kernel answer most?


def strongest_place(picture, kernel):
    windows = np.lib.stride_tricks.sliding_window_view(picture, kernel.shape)
    answers = np.sum(windows * kernel, axis=(2, 3))
    return np.unravel_index(answers.argmax(), answers.shape)


def _place_cases(rng):
    yield np.array([[3.0, 1, 2]]), np.array([[-1.0]])
    yield np.array([[0.0, 1, 0, 1]]), np.array([[1.0]])
    yield np.array([[-3e6, -1e6, -2e6]]), np.array([[1.0]])
    yield np.array([[0.0, 1, 1, 0, 3, 0]]), np.array([[1.0, -2]])
    dot = np.zeros((4, 6))
    dot[1, 4] = 1
    yield dot, np.array([[3.0, 1], [1, 1]])
    yield np.arange(12.0).reshape(3, 4), np.array([[1.0, 1], [1, 1]])  # the last place of all
    yield 1 + np.arange(12.0).reshape(4, 3), np.array([[-1.0, -1]])  # no answer is positive
    for tall, wide in [(1, 1), (3, 3), (2, 3), (3, 1), (4, 4)] * 2:
        height, width = tall + int(rng.integers(0, 5)), wide + int(rng.integers(0, 6))
        picture = rng.integers(-5, 6, (height, width)).astype(float)
        yield picture, rng.integers(-4, 5, (tall, wide)).astype(float)


def _map(picture, kernel):
    windows = np.lib.stride_tricks.sliding_window_view(picture, kernel.shape)
    return np.sum(windows * kernel, axis=(2, 3))


def _first_largest(answers):
    return np.unravel_index(answers.argmax(), answers.shape)


def _all_largest(picture, kernel):
    return np.argwhere(_map(picture, kernel) == _map(picture, kernel).max())


def _row_by_true_division(picture, kernel):
    answers = _map(picture, kernel)
    return answers.argmax() / answers.shape[1], answers.argmax() % answers.shape[1]


def _last_largest(picture, kernel):
    return np.argwhere(_map(picture, kernel) == _map(picture, kernel).max())[-1]


def _loop(picture, kernel, *, best=-np.inf, start=..., short=(0, 0)):
    """A plain loop: with another start, none for the place, or with ranges that end too early."""
    if start is not ...:
        place = start
    answers = _map(picture, kernel)
    for y in range(answers.shape[0] - short[0]):
        for x in range(answers.shape[1] - short[1]):
            if answers[y, x] > best:
                best, place = answers[y, x], (y, x)
    return place


def _map_as_large_as_the_picture(picture, kernel):
    answers = np.zeros(picture.shape)
    inside = _map(picture, kernel)
    answers[: inside.shape[0], : inside.shape[1]] = inside
    return _first_largest(answers)


def _square_kernel(picture, kernel):
    windows = np.lib.stride_tricks.sliding_window_view(picture, (len(kernel), len(kernel)))
    return _first_largest(np.sum(windows * kernel, axis=(2, 3)))


def _filtered(picture, kernel, *, border=None, corner=False):
    """The largest answer of OpenCV's `filter2D`, whose map is as large as the picture."""
    import cv2

    place = _first_largest(cv2.filter2D(picture, -1, kernel, borderType=_border(cv2, border)))
    return np.subtract(place, np.array(kernel.shape) // 2) if corner else place


def _border(cv2, name):
    return cv2.BORDER_CONSTANT if name == "zeros" else cv2.BORDER_DEFAULT


def _middle(picture, kernel):
    return np.add(strongest_place(picture, kernel), np.array(kernel.shape) // 2)


# 04.3 pooling of any size


def pooled_by(feature_map, size):
    height, width, channels = feature_map.shape
    down, across = height // size, width // size
    whole = feature_map[: down * size, : across * size]
    return whole.reshape(down, size, across, size, channels).max(axis=(1, 3))


def _pooling_cases(rng):
    small = np.arange(1.0, 25).reshape(4, 6, 1)
    yield small[:2, :4], 2
    yield -small[:2, :2], 2
    yield small[:3, :2], 2
    yield small[:2, :2] / 8, 1
    yield np.array([[[1.0, 5], [2, 4]], [[3, 0], [0, -6]]]), 2
    yield -small[:, :, [0, 0]] * [1, 2], 2
    yield small, 3
    yield np.arange(1, 9).reshape(2, 4, 1), 2  # whole numbers
    shapes = [(7, 5, 3, 2), (9, 9, 2, 4), (6, 8, 4, 5), (5, 8, 1, 3), (8, 4, 2, 2), (3, 7, 2, 1)]
    for height, width, channels, size in shapes:
        yield rng.normal(size=(height, width, channels)).round(2), size


def _windows(feature_map, size):
    """(down, size, across, size, channels), as in the solution."""
    down, across = feature_map.shape[0] // size, feature_map.shape[1] // size
    whole = feature_map[: down * size, : across * size]
    return whole.reshape(down, size, across, size, -1)


def _over_channels(feature_map, size):
    return _windows(feature_map, size).max(axis=(1, 3, 4))


def _over_channels_repeated(feature_map, size):
    return _over_channels(feature_map, size)[:, :, None].repeat(feature_map.shape[2], axis=2)


def _split_the_wrong_way(feature_map, size):
    windows = _windows(feature_map, size)
    return windows.reshape(size, len(windows), size, windows.shape[2], -1).max(axis=(0, 2))


def _split_in_the_wrong_order(feature_map, size):
    windows = _windows(feature_map, size)
    return windows.reshape(len(windows), windows.shape[2], size, size, -1).max(axis=(2, 3))


def _rest_not_cut_off(feature_map, size):
    height, width, channels = feature_map.shape
    parts = feature_map.reshape(height // size, size, width // size, size, channels)
    return parts.max(axis=(1, 3))


def _rest_kept(feature_map, size):
    height, width = feature_map.shape[:2]
    rest = ((0, -height % size), (0, -width % size), (0, 0))
    return pooled_by(np.pad(feature_map, rest, constant_values=feature_map.min()), size)


def _overlapping(feature_map, size):
    sliding = np.lib.stride_tricks.sliding_window_view(feature_map, (size, size), axis=(0, 1))
    return sliding.max(axis=(3, 4))


def _windows_one_pixel_apart(feature_map, size):
    down, across = feature_map.shape[0] // size, feature_map.shape[1] // size
    return _overlapping(feature_map, size)[:down, :across]


def _last_window_left_out(feature_map, size):
    pooled = np.array(pooled_by(feature_map, size), float)
    pooled[-1:], pooled[:, -1:] = 0, 0
    return pooled


def _loop_over_pixels(feature_map, size, *, short=0, as_list=False):
    """A loop in steps of `size`: ending one window early, or going on into the rest."""
    height, width, channels = feature_map.shape
    rows, columns = range(0, height - short * size, size), range(0, width - short * size, size)
    pooled = np.zeros((height // size, width // size, channels))
    found = [
        [feature_map[y : y + size, x : x + size].max(axis=(0, 1)) for x in columns] for y in rows
    ]
    if as_list:
        return np.array(found)
    for y, row in enumerate(found):
        for x, largest in enumerate(row):
            pooled[y, x] = largest
    return pooled


def _windows_one_too_small(feature_map, size):
    return _windows(feature_map, size)[:, : size - 1, :, : size - 1].max(axis=(1, 3))


def _as_many_across_as_down(feature_map, size):
    height, _, channels = feature_map.shape
    down = height // size
    pooled = np.zeros((down, down, channels))
    for y in range(down):
        for x in range(down):
            window = feature_map[y * size : (y + 1) * size, x * size : (x + 1) * size]
            pooled[y, x] = window.max(axis=(0, 1))
    return pooled


# 04.4 looking back


def pixels_seen(place, stack):
    first = last = place
    for size, strides in reversed(stack):
        first, last = first * strides, last * strides + size - 1
    return first, last


def _looking_back_cases(rng):
    yield 2, [(3, 1)]
    yield 3, [(3, 2)]
    yield 1, [(3, 1), (2, 2)]
    yield 0, [(2, 1)]
    yield 4, []
    for layers in (1, 2, 2, 3, 4, 5, 6, 3):
        yield (
            int(rng.integers(0, 9)),
            [(int(rng.integers(1, 6)), int(rng.integers(1, 4))) for _ in range(layers)],
        )


def _back(place, stack, *, first=lambda p, size, strides: p * strides,
          last=lambda p, size, strides: p * strides + size - 1, order=reversed):  # fmt: skip
    """The solution with another step for the first pixel or for the last, or in another order."""
    low = high = place
    for size, strides in order(stack):
        low, high = first(low, size, strides), last(high, size, strides)
    return low, high


def _last_from_the_first(place, stack):
    first = last = place
    for size, strides in reversed(stack):
        first = first * strides
        last = first + size - 1
    return first, last


def _first_and_how_many(place, stack):
    first, last = pixels_seen(place, stack)
    return first, last - first + 1


EXERCISES = (
    exercise(
        "04.1",
        "how long is the map?",
        solution=places_along,
        cases=_length_cases,
        mistakes=[
            (
                lambda length, size, strides, padding: _places(length, size, padding),
                "Only every `strides`-th place gets an answer.",
            ),
            (
                lambda length, size, strides, padding: _places(length, size, padding) / strides,
                "A number of places is a whole number. The first place always gets an answer, "
                "so round up.",
            ),
            (
                lambda length, size, strides, padding: -(-length // strides),
                "Without padding the kernel must fit into the picture. So it has fewer places "
                "than there are pixels.",
            ),
            (
                lambda length, size, strides, padding: -(-(length - size + 1) // strides),
                'With "same" every pixel is a place.',
            ),
            (
                lambda length, size, strides, padding: (
                    -(-(length + (size - 1) * (padding == "same")) // strides)
                ),
                'With "same" there are as many places as pixels, and without padding fewer.',
            ),
            (
                _one_place_missing_rounded_down,
                "Count the places: a kernel of 3 fits 3 times along 5 pixels. The first place "
                "always gets an answer, so round up.",
            ),
            (
                _one_place_missing,
                "One place is missing. How often does a kernel of 3 fit along 3 pixels?",
            ),
            (
                lambda length, size, strides, padding: _places(length, size, padding) // strides,
                "The first place always gets an answer, and then every `strides`-th. So round up.",
            ),
            (
                _one_place_added,
                "This is one too many if `strides` divides the number of places. Rounding up "
                "is not the same as rounding down and adding 1.",
            ),
            (
                lambda length, size, strides, padding: round(
                    _places(length, size, padding) / strides
                ),
                "`round` goes to the nearest whole number. The first place always gets an "
                "answer, so round up.",
            ),
            (
                _padded_by_half_on_both_sides,
                'With "same" and a kernel of even size this is one place too many. Half a '
                "kernel on both sides is more padding than is needed.",
            ),
        ],
        hints=(
            "How many places are there with strides of 1? Treat the two kinds of padding "
            "separately.",
            "The first of these places gets an answer, and then every `strides`-th. Of 4 "
            "places with strides of 3, the first and the last get one.",
            "So divide by `strides` and round up: `-(-a // b)` does that, or `math.ceil(a / b)`.",
        ),
    ),
    exercise(
        "04.2",
        "where does a kernel answer most?",
        solution=strongest_place,
        cases=_place_cases,
        returns="index",
        mistakes=[
            (
                lambda picture, kernel: _map(picture, kernel).max(),
                "This is the largest answer itself. Give its place, (row, column).",
            ),
            (
                lambda picture, kernel: _map(picture, kernel).argmax(),
                "This is one number that counts through the places. Give (row, column).",
            ),
            (
                _all_largest,
                "This is a list of places. Give the first of them, as (row, column).",
            ),
            (
                _row_by_true_division,
                "A row is a whole number: divide with `//`.",
            ),
            (
                lambda picture, kernel: strongest_place(picture, kernel)[::-1],
                "This is (column, row); the row comes first.",
            ),
            (
                lambda picture, kernel: np.add(strongest_place(picture, kernel), 1),
                "This counts rows and columns from 1. Python counts from 0.",
            ),
            (
                _middle,
                "This is the middle of the window. Give its upper left corner.",
            ),
            (
                lambda picture, kernel: _first_largest(-_map(picture, kernel)),
                "This is where the answer is smallest.",
            ),
            (
                lambda picture, kernel: _first_largest(abs(_map(picture, kernel))),
                "A large *negative* answer is not a large answer. Keep the signs.",
            ),
            (
                lambda picture, kernel: strongest_place(picture, np.rot90(kernel, 2)),
                "You turned the kernel by half a turn. Use it as it is.",
            ),
            (
                lambda picture, kernel: strongest_place(picture, np.ones_like(kernel)),
                "This is where the picture is brightest. Multiply by the kernel before you add up.",
            ),
            (
                _square_kernel,
                "This treats the kernel as a square. Its height and its width may differ.",
            ),
            *(
                (
                    partial(_filtered, border=border, corner=corner),
                    "At this place the kernel reaches over the edge. Without padding it must "
                    "fit into the picture.",
                )
                for border in ("mirrored", "zeros")
                for corner in (False, True)
            ),
            *(
                (
                    partial(_loop, start=start, short=(1, 1)),
                    "The last row and the last column of places are never tried. How often does a "
                    "kernel of 2 fit along 3 pixels?",
                )
                for start in ((0, 0), None, ...)
            ),
            (
                lambda picture, kernel: _first_largest(_map(picture, kernel)[:-1, :-1]),
                "The last row and the last column of places are missing in your map. How often "
                "does a kernel of 2 fit along 3 pixels?",
            ),
            *(
                (
                    partial(_loop, start=start, short=(1, 0)),
                    "The last row of places is never tried. How often does a kernel of 2 fit along "
                    "3 pixels?",
                )
                for start in ((0, 0), None, ...)
            ),
            *(
                (
                    partial(_loop, start=start, short=(0, 1)),
                    "The last column of places is never tried. How often does a kernel of 2 fit "
                    "along 3 pixels?",
                )
                for start in ((0, 0), None, ...)
            ),
            (
                _map_as_large_as_the_picture,
                "Your map is as large as the picture. If all answers are negative, the zeros "
                "at its end are the largest numbers.",
            ),
            *(
                (
                    partial(_loop, best=0, start=start),
                    "All answers may be negative. Then none is larger than the value you start "
                    "from.",
                )
                for start in ((0, 0), None, ...)
            ),
            (
                _last_largest,
                "Several answers are equally large. Give the first in reading order.",
            ),
        ],
        hints=(
            "Compute the whole map first, as `correlate` does above. The height and the width "
            "of the kernel may differ.",
            "`argmax` counts through the map in reading order. Of several equal answers it "
            "gives the first.",
            "`np.unravel_index(number, shape)` turns this count into (row, column).",
        ),
        then="With a piece of a picture as the kernel, this is *template matching*. But a "
        "bright place gives a large answer to any kernel of positive numbers.",
    ),
    exercise(
        "04.3",
        "pooling of any size",
        solution=pooled_by,
        cases=_pooling_cases,
        mistakes=[
            (
                lambda feature_map, size: _windows(feature_map, size).mean(axis=(1, 3)),
                "This is the mean of each window. Give its largest number.",
            ),
            (
                lambda feature_map, size: _windows(feature_map, size).min(axis=(1, 3)),
                "This is the smallest number of each window. Give the largest.",
            ),
            (
                lambda feature_map, size: _windows(feature_map, size)[:, 0, :, 0],
                "This is the first number of each window. Give the largest.",
            ),
            (
                lambda feature_map, size: feature_map.max(),
                "This is the largest number of the whole map. Give one for every window and "
                "every channel.",
            ),
            (_over_channels, "Each channel is pooled by itself: the last axis stays."),
            (
                _over_channels_repeated,
                "Each channel is pooled by itself: the last axis holds a maximum for each.",
            ),
            (
                lambda feature_map, size: pooled_by(feature_map, 2),
                "These are windows of 2 x 2. They should be `size` x `size`.",
            ),
            *(
                (
                    wrong,
                    "These are maxima of numbers from different windows. In the `reshape`, "
                    "which part of an axis says *which window*, and which says *where in the "
                    "window*?",
                )
                for wrong in (
                    lambda feature_map, size: _windows(feature_map, size).max(axis=(0, 2)),
                    lambda feature_map, size: _windows(feature_map, size).max(axis=(2, 3)),
                    lambda feature_map, size: _windows(feature_map, size).max(axis=(0, 1)),
                    _split_the_wrong_way,
                    _split_in_the_wrong_order,
                )
            ),
            (
                _overlapping,
                "The windows lie side by side and do not overlap.",
            ),
            (
                _windows_one_pixel_apart,
                "Window number k begins at pixel `k * size`, not at pixel `k`.",
            ),
            (
                _as_many_across_as_down,
                "The height and the width of a map may differ. Count the windows along both sides.",
            ),
            (
                lambda feature_map, size: pooled_by(feature_map, size)[:-1, :-1],
                "The last row and the last column of windows are missing.",
            ),
            (
                _last_window_left_out,
                "The last row and the last column of windows stay 0: do your loops end too early?",
            ),
            *(
                (
                    partial(_loop_over_pixels, short=1, as_list=as_list),
                    "The last window that fits is missing. `range(0, height - size, size)` "
                    "ends before `height - size`.",
                )
                for as_list in (False, True)
            ),
            (
                _loop_over_pixels,
                "Your loops go one window too far. Leave out rows and columns that fill no window.",
            ),
            (
                _windows_one_too_small,
                "Your windows are one pixel too small: a slice `a : b` ends before b.",
            ),
            (
                lambda feature_map, size: np.maximum(pooled_by(feature_map, size), 0),
                "Numbers may be negative. Then a maximum that starts from 0 is too large.",
            ),
            (
                lambda feature_map, size: pooled_by(feature_map, size).astype(int),
                "The decimals are lost: your array holds whole numbers only.",
            ),
            (
                _rest_kept,
                "There is a row or a column too many. Leave out rows and columns that "
                "fill no window.",
            ),
            (
                _rest_not_cut_off,
                "What do you do with the rows and columns that fill no window? Cut them off first.",
            ),
        ],
        hints=(
            "First cut off the rows and columns that fill no window. How many rows are left?",
            "Split each of the first two axes into two: which window, and where in the window. "
            "A `reshape` to five axes does this.",
            "`.max(axis=(1, 3))` takes the maximum over two axes at once.",
        ),
    ),
    exercise(
        "04.4",
        "looking back",
        solution=pixels_seen,
        cases=_looking_back_cases,
        mistakes=[
            (
                lambda place, stack: list(
                    range(pixels_seen(place, stack)[0], pixels_seen(place, stack)[1] + 1)
                ),
                "These are all the pixels. Give the first and the last.",
            ),
            (
                lambda place, stack: pixels_seen(place, stack)[::-1],
                "The two numbers are swapped. The first pixel comes first.",
            ),
            (
                _first_and_how_many,
                "The second number is how *many* pixels there are. Give the last of them.",
            ),
            (
                partial(_back, order=list),
                "The stack begins at the picture. You come from the other end, so go through "
                "it backwards.",
            ),
            (
                partial(_back, last=lambda p, size, strides: p * strides + size),
                "The last pixel is one too far. A kernel of 3 that begins at pixel 2 ends at "
                "pixel 4.",
            ),
            (
                partial(_back, last=lambda p, size, strides: (p + size - 1) * strides),
                "A kernel of 3 that begins at pixel 6 reads pixels 6, 7 and 8. The strides "
                "only say where the *next* place begins.",
            ),
            (
                partial(
                    _back,
                    first=lambda p, size, strides: p,
                    last=lambda p, size, strides: p + size - 1,
                ),
                "With strides of 2, place 3 begins at pixel 6.",
            ),
            (
                partial(
                    _back,
                    first=lambda p, size, strides: p * strides - (size - 1) // 2,
                    last=lambda p, size, strides: p * strides + size // 2,
                ),
                "There is no padding here: place 0 begins at pixel 0.",
            ),
            (
                partial(_back, last=lambda p, size, strides: p + size - 1),
                "The last place, too, begins at `place * strides` one layer below.",
            ),
            (
                partial(_back, first=lambda p, size, strides: p),
                "The first place, too, begins at `place * strides` one layer below.",
            ),
            (
                partial(_back, last=lambda p, size, strides: p * strides),
                "A place sees `size` places below. The last of them is not the one where it "
                "begins.",
            ),
            (
                _last_from_the_first,
                "The last place seen has a window of its own. Go on from `last`, not from `first`.",
            ),
            (
                lambda place, stack: _back(place, stack[:1]),
                "This goes back through one layer only. What has that layer's place seen?",
            ),
        ],
        hints=(
            "Begin with one layer and a kernel of 3. Which pixels has place 2 seen with "
            "strides of 1? And with strides of 2?",
            "Place p of a layer begins at p * strides. It sees `size` places of the layer below.",
            "Go through the stack from its end with `reversed(stack)`. Keep two numbers: the "
            "first place seen and the last.",
        ),
        then="Compare with `receptive_field`: its `seen` is last - first + 1.",
    ),
)
