"""Exercises of notebook 04: length of a map, strongest place, pooling, the field looking back."""

import numpy as np

from rnn_tutor.exercises._judging import Exercise, Wrong


def _length(attempt):
    stepped = "Only every `strides`-th place gets an answer."
    fits = "Without padding the kernel has to fit in: it begins at fewer places than there are "
    fits += "pixels."
    attempt.gives(3, 5, 3, 1, "valid", mistakes=[(5, fits), (2, "One place is missing.")])
    attempt.gives(5, 5, 3, 1, "same", mistakes=[(3, 'With "same" every pixel is a place.')])
    first = "The first place always gets an answer, and then every `strides`-th: round up."
    attempt.gives(2, 6, 3, 2, "valid", mistakes=[(4, stepped), (3, fits), (1, first)])
    attempt.gives(4, 7, 3, 2, "same", mistakes=[(7, stepped), (3, first)])
    for length in range(1, 12):
        for size in range(1, length + 1):
            for strides in range(1, 5):
                last = {"valid": length - size, "same": length - 1}
                for padding in last:
                    places = len(range(0, last[padding] + 1, strides))
                    rounded = [(round((last[padding] + 1) / strides), first)]
                    attempt.gives(places, length, size, strides, padding, mistakes=rounded)


def _answers(picture, kernel):
    """The map without padding, {(row, column): answer}."""
    tall, wide = kernel.shape
    rows, columns = picture.shape[0] - tall + 1, picture.shape[1] - wide + 1
    return {
        (y, x): np.vdot(picture[y : y + tall, x : x + wide], kernel)
        for y in range(rows)
        for x in range(columns)
    }


def _strongest(attempt):
    rng = np.random.default_rng(4)
    dot = np.zeros((4, 6))
    dot[1, 4] = 1
    _compare_places(attempt, dot, np.array([[3.0, 1], [1, 1]]))
    _compare_places(attempt, np.array([[0.0, 1, 0, 1]]), np.array([[1.0]]))
    _compare_places(attempt, np.array([[0.0, 1, 1, 0, 3, 0]]), np.array([[1.0, -2]]))
    for tall, wide in [(1, 1), (3, 3), (2, 3), (3, 1), (4, 4)] * 4:
        sizes = [(7, 9), (tall, wide)]
        _compare_places(attempt, *(rng.integers(-5, 6, size).astype(float) for size in sizes))


def _compare_places(attempt, picture, kernel):
    """Among places that answer alike, `max` takes the first."""
    answers = _answers(picture, kernel)
    half = np.array(kernel.shape) // 2
    place = np.array(max(answers, key=answers.get))
    turned = _answers(picture, np.rot90(kernel, 2))
    columns = picture.shape[1] - kernel.shape[1] + 1
    last = max(reversed(answers), key=answers.get)
    corner = "This is the middle of the window; its upper left corner is asked for."
    square = "This treats the kernel as a square: its height and its width may differ."
    over = "There the kernel looks over the edge; without padding it has to fit into the picture."
    padded = [_padded_place(picture, kernel, mode) for mode in ("reflect", "constant")]
    mistakes = [
        (place[::-1], "This is (column, row); the row comes first."),
        (place[0] * columns + place[1], "This numbers the places from 0 on; give (row, column)."),
        (max(answers, key=lambda p: abs(answers[p])), "A large *negative* answer is a strong no."),
        (max(turned, key=turned.get), "You turned the kernel round; lay it on as it is."),
        (min(answers, key=answers.get), "This is where the answer is smallest."),
        (last, "Several answers are equally large; take the first of them, as one reads."),
        (place + half, corner),
        *((_squared_place(picture, kernel), square) for _ in range(min(kernel.shape) == 1)),
        *((wrong, over) for found in padded for wrong in (found, found - half)),
    ]
    attempt.gives(place, picture, kernel, mistakes=mistakes)


def _squared_place(picture, kernel):
    """The largest answer of a `correlate` that takes the kernel's height for its width, too."""
    size = len(kernel)
    windows = np.lib.stride_tricks.sliding_window_view(picture, (size, size))
    answers = (windows * kernel).sum(axis=(2, 3))
    return np.array(np.unravel_index(answers.argmax(), answers.shape))


def _padded_place(picture, kernel, mode):
    """Where `filter2D` answers most, whose map is as large as the picture."""
    around = [(size // 2, size - 1 - size // 2) for size in kernel.shape]
    answers = _answers(np.pad(picture, around, mode=mode), kernel)
    return np.array(max(answers, key=answers.get))


def _pooled(attempt):
    rng = np.random.default_rng(5)
    small = np.arange(1, 25).reshape(4, 6, 1)
    _compare_pooled(attempt, small[:2, :4], 2)
    _compare_pooled(attempt, small[:3, :2], 2)
    _compare_pooled(attempt, small, 2)
    _compare_pooled(attempt, small, 3)
    _compare_pooled(attempt, -small[:, :, [0, 0]] * [1, 2], 2)
    for height, width, channels, size in [(1, 1, 1, 1), (7, 5, 3, 2), (9, 9, 2, 4), (6, 8, 4, 5)]:
        _compare_pooled(attempt, rng.normal(size=(height, width, channels)).round(2), size)


def _compare_pooled(attempt, maps, size):
    down, across = maps.shape[0] // size, maps.shape[1] // size
    whole = maps[: down * size, : across * size]
    parts = [[np.split(row, across, axis=1)] for row in np.split(whole, down)]
    expected = np.array([[part.max((0, 1)) for part in row] for (row,) in parts])
    means = np.array([[part.mean((0, 1)) for part in row] for (row,) in parts])
    folded = whole.reshape(size, down, size, across, -1)
    crossed = whole.reshape(down, across, size, size, -1)
    more = (-(-maps.shape[0] // size), -(-maps.shape[1] // size))
    mixed = "Each channel is pooled by itself: the last axis stays, a maximum for each."
    fixed = "These are windows of 2 x 2; they should be `size` x `size`."
    rest = "What fills no window is left out: there is a row or a column too many."
    far = "These are maxima of numbers that lie apart: in the `reshape`, which of the two parts "
    far += "of an axis says *which window*, and which *where in the window*?"
    mistakes = [
        (means, "This is the mean of each window; the largest is asked for."),
        (whole[::size, ::size], "This is the first of each window; the largest is asked for."),
        (lambda r: r.shape == expected.shape[:2], mixed),
        (np.broadcast_to(expected.max(axis=2, keepdims=True), expected.shape), mixed),
        (lambda r: r.shape[:2] == more != expected.shape[:2], rest),
        (lambda r: r.shape == (size, size, maps.shape[2]), far),
        (lambda r: r.shape[:2] == tuple(n // 2 for n in maps.shape[:2]) and size != 2, fixed),
        (lambda r: r.shape[:2] > more, "The windows lie side by side and do not overlap."),
        (folded.max(axis=(0, 2)), far),
        (crossed.max(axis=(2, 3)), far),
    ]
    try:
        attempt.gives(expected, maps, size, mistakes=mistakes)
    except Wrong as wrong:
        if "reshape" not in wrong.words or more == expected.shape[:2] or wrong.words == far:
            raise
        raise Wrong(f"{wrong.words}. What becomes of the rest?", wrong.example) from wrong


def _seen(attempt):
    more = "The last one is one too far: a kernel of 3 that begins at pixel 2 ends at pixel 4."
    padded = "There is no padding here: place 0 begins at pixel 0."
    attempt.gives(np.array([2, 4]), 2, [(3, 1)], mistakes=[([2, 5], more), ([1, 3], padded)])
    moved = "With strides of 2, place 3 begins at pixel 6."
    early = "From pixel 6 on, a kernel of 3 reads pixels that lie side by side: its strides say "
    early += "where the *next* place begins."
    attempt.gives(np.array([6, 8]), 3, [(3, 2)], mistakes=[([3, 5], moved), ([6, 10], early)])
    order = "The stack begins at the picture, and you come from the other end."
    attempt.gives(np.array([2, 5]), 1, [(3, 1), (2, 2)], mistakes=[([2, 7], order)])
    rng = np.random.default_rng(6)
    for layers in [0, 1, 2, 3, 4, 5, 6, 3, 4]:
        stack = [tuple(map(int, rng.integers(1, [6, 4]))) for _ in range(layers)]
        place = int(rng.integers(0, 9))
        attempt.gives(np.array(_ends(place, stack)), place, stack)


def _ends(place, stack):
    """Place by place: the pixels that any layer below has read."""
    read = {place}
    for size, strides in stack[::-1]:
        read = {start * strides + k for start in read for k in range(size)}
    return min(read), max(read)


EXERCISES = (
    Exercise(
        "04.1",
        "how long is the map?",
        _length,
        (
            "How many places are there with strides of 1? Treat the two kinds of padding apart.",
            "Of these places the first gets an answer, and then every `strides`-th. Of 4 places "
            "with strides of 3 these are the first and the last.",
            "So divide by `strides` and round up: `-(-a // b)` does that, or `math.ceil(a / b)`.",
        ),
        inputs=("length", "size", "strides", "padding"),
    ),
    Exercise(
        "04.2",
        "where does a kernel answer most?",
        _strongest,
        (
            "Compute the whole map first, as `correlate` does above; a kernel may have another "
            "height than width.",
            "`argmax` counts through the map as one reads, and gives the first of several.",
            "`np.unravel_index(number, shape)` turns such a number into (row, column).",
        ),
        inputs=("picture", "kernel"),
        then="With a piece of a picture as kernel this is *template matching*; but mind that a "
        "bright place answers much to any kernel of positive numbers.",
    ),
    Exercise(
        "04.3",
        "pooling of any size",
        _pooled,
        (
            "Cut off what fills no window first: how many rows are left?",
            "Split each of the first two axes in two, (which window, where in the window): a "
            "`reshape` to five axes.",
            "`.max(axis=(1, 3))` takes the maximum over two axes at once.",
        ),
        inputs=("feature_map", "size"),
    ),
    Exercise(
        "04.4",
        "looking back",
        _seen,
        (
            "Begin with one layer: which pixels has place 2 seen with a kernel of 3, strides 1? "
            "And with strides of 2?",
            "Place p of a layer begins at p * strides and sees `size` places of what lies below.",
            "Go through the stack from its end, `reversed(stack)`, with two numbers: the first "
            "place seen and the last.",
        ),
        inputs=("place", "stack"),
        then="Compare with `receptive_field`: last - first + 1 is what it calls `seen`.",
    ),
)
