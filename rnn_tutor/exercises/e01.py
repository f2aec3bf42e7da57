"""Exercises of notebook 01: colour, lighter, black and white, and the peaks of one row."""

import operator

import numpy as np

from rnn_tutor.exercises._judging import exercise


def _colour_pictures(rng):
    for colour in ([255, 0, 0], [0, 0, 0], [255, 255, 255], [200, 100, 50], [0, 0, 90]):
        yield np.array([[colour]], np.uint8)
    yield np.array([[[10, 30, 20], [0, 0, 0], [7, 7, 7]]], np.uint8)
    for k in range(6):
        picture = rng.integers(0, 256, (2 + k, 3, 3), np.uint8)
        picture[0, 0] = 0
        yield picture


def _grey_pictures(rng):
    for k in range(8):
        yield rng.integers(0, 256, (3 + k, 5), np.uint8)


# 01.1


def saturation(rgb):
    largest, smallest = rgb.max(axis=2), rgb.min(axis=2)
    return (largest - smallest) / np.maximum(largest, 1)


def _saturation_cases(rng):
    return [(picture,) for picture in _colour_pictures(rng)]


def _levels(rgb):
    levels = rgb.astype(float)
    return levels.max(axis=2), levels.min(axis=2)


def _nan_for_black(rgb):
    largest, smallest = _levels(rgb)
    return (largest - smallest) / largest


def _one_for_black(rgb):
    largest, smallest = _levels(rgb)
    return 1 - np.where(largest > 0, smallest / largest, 0)


def _not_divided(rgb):
    largest, smallest = _levels(rgb)
    return largest - smallest


def _divided_by_255(rgb):
    largest, smallest = _levels(rgb)
    return (largest - smallest) / 255


def _as_a_byte(rgb):
    return np.rint(255 * saturation(rgb))


def _in_percent(rgb):
    return 100 * saturation(rgb)


def _smallest_by_largest(rgb):
    return 1 - saturation(rgb)


def _of_the_whole_picture(rgb):
    levels = rgb.astype(float)
    return (levels.max() - levels.min()) / max(levels.max(), 1)


def _of_the_whole_picture_in_uint8(rgb):
    return (rgb.max() - rgb.min()) / rgb.max()


def _without_brackets(rgb):
    largest, smallest = _levels(rgb)
    return largest - smallest / np.maximum(largest, 1)


def _without_brackets_nan_for_black(rgb):
    largest, smallest = _levels(rgb)
    return largest - smallest / largest


def _divided_by_the_smallest(rgb):
    largest, smallest = _levels(rgb)
    return (largest - smallest) / smallest


def _divided_by_the_smallest_or_1(rgb):
    largest, smallest = _levels(rgb)
    return (largest - smallest) / np.maximum(smallest, 1)


def _divided_by_the_mean(rgb):
    largest, smallest = _levels(rgb)
    return (largest - smallest) / np.maximum(rgb.mean(axis=2), 1)


def _divided_by_the_sum(rgb):
    largest, smallest = _levels(rgb)
    return (largest - smallest) / np.maximum(largest + smallest, 1)


def _red_and_blue_only(rgb):
    return saturation(rgb[..., [0, 2]])


def _first_two_only(rgb):
    return saturation(rgb[..., :2])


def _red_less_blue(rgb):
    levels = rgb.astype(float)
    return (levels[..., 0] - levels[..., 2]) / np.maximum(levels.max(axis=2), 1)


def _along_the_columns(rgb):
    return saturation(rgb.swapaxes(1, 2))


def _along_the_rows(rgb):
    return saturation(rgb.swapaxes(0, 2))


def _whole_division(rgb):
    largest, smallest = _levels(rgb)
    return (largest - smallest) // np.maximum(largest, 1)


def _largest_plus_one(rgb):
    largest, smallest = _levels(rgb)
    return (largest - smallest) / (largest + 1)


def _wrapping_plus_one(rgb):
    largest, smallest = rgb.max(axis=2), rgb.min(axis=2)
    return (largest - smallest) / (largest + np.uint8(1))


OTHER_AXIS = (
    "You took the largest and smallest along the wrong axis. The three channels of a pixel "
)
OTHER_AXIS += "lie along the last one."
BY_THE_LARGEST = "Divide the difference by the *largest* of the three numbers, and by nothing else."
WHOLE = "This is one number for the whole picture. Every pixel has its own."
BRACKETS = "Python divides before it subtracts. Put the difference in brackets."
TWO_CHANNELS = "You look at two channels. Take the largest and smallest of all *three*."


# 01.2


def lighter(picture, by):
    return np.clip(picture.astype(int) + by, 0, 255).astype(np.uint8)


def _lighter_cases(rng):
    ends = [([0, 255], 1), ([0, 255], -1), ([0, 128], 255), ([255, 128], -255), ([9, 8], 0)]
    for levels, by in [([10, 200], 30), ([10, 250], 30), ([10, 250], -30), *ends]:
        yield np.array([levels], np.uint8), by
    for picture in _grey_pictures(rng):
        yield picture, int(rng.integers(-255, 256))


def _wraps(picture, by):
    return (picture.astype(int) + by) % 256


def _wraps_in_uint8(picture, by):
    return picture + by  # fails for what uint8 cannot hold


def _does_not_stop(picture, by):
    return picture.astype(int) + by


def _stops_above(picture, by):
    return np.minimum(picture.astype(int) + by, 255)


def _stops_below(picture, by):
    return np.maximum(picture.astype(int) + by, 0)


def _stops_above_and_wraps_below(picture, by):
    return np.minimum(picture.astype(int) + by, 255) % 256


def _stops_below_and_wraps_above(picture, by):
    return np.maximum(picture.astype(int) + by, 0) % 256


def _stops_at_256(picture, by):
    return np.clip(picture.astype(int) + by, 0, 256)


def _stops_at_256_and_wraps(picture, by):
    return np.clip(picture.astype(int) + by, 0, 256) % 256


def _stops_at_254(picture, by):
    return np.clip(picture.astype(int) + by, 0, 254)


def _stops_at_1(picture, by):
    return np.clip(picture.astype(int) + by, 1, 255)


def _only_where_there_is_room(picture, by):
    total = picture.astype(int) + by
    return np.where((total >= 0) & (total <= 255), total, picture)


def _subtracts(picture, by):
    return lighter(picture, -by)


def _never_darker(picture, by):
    return lighter(picture, abs(by))


def _multiplies(picture, by):
    return np.clip(picture * (1 + by / 255), 0, 255).astype(np.uint8)


def _divided_by_255_after(picture, by):
    return lighter(picture, by) / 255


def _fits_the_range(picture, by):
    total = picture.astype(float) + by
    return np.rint(255 * (total - total.min()) / max(np.ptp(total), 1)).astype(np.uint8)


WRAPS = "A sum outside 0 to 255 wrapped around: 250 + 30 became 24. Clipping "
WRAPS += "afterwards is too late."


# 01.3


def binarised(picture, threshold):
    return np.where(picture > threshold, 255, 0).astype(np.uint8)


def _binarised_cases(rng):
    yield np.array([[99, 100, 101]], np.uint8), 100
    yield np.array([[0, 1, 255]], np.uint8), 0
    yield np.array([[0, 255, 254]], np.uint8), 254
    yield np.array([[126, 127], [128, 129]], np.uint8), 128
    for picture in _grey_pictures(rng):
        threshold = int(rng.integers(0, 255))
        picture[0, :3] = threshold, threshold + 1, max(threshold - 1, 0)
        yield picture, threshold


def _white_from_the_threshold(picture, threshold):
    return np.where(picture >= threshold, 255, 0)


def _white_above_the_next(picture, threshold):
    return np.where(picture > threshold + 1, 255, 0)


def _true_and_false(picture, threshold):
    return picture > threshold


def _one_for_white(picture, threshold):
    return (picture > threshold).astype(np.uint8)


def _true_from_the_threshold(picture, threshold):
    return picture >= threshold


def _one_from_the_threshold(picture, threshold):
    return (picture >= threshold).astype(np.uint8)


def _exchanged(picture, threshold):
    return np.where(picture > threshold, 0, 255)


def _exchanged_below(picture, threshold):
    return np.where(picture < threshold, 255, 0)


def _one_and_exchanged(picture, threshold):
    return np.where(picture > threshold, 0, 1)


def _bright_kept(picture, threshold):
    return np.where(picture > threshold, picture, 0)


def _dark_kept(picture, threshold):
    return np.where(picture > threshold, 255, picture)


def _above_the_mean(picture, threshold):
    return np.where(picture > picture.mean(), 255, 0)


def _above_the_middle(picture, threshold):
    return np.where(picture > 127, 255, 0)


def _two_things(picture, threshold):
    return float(threshold), binarised(picture, threshold)


def _white_is_256(picture, threshold):
    return np.where(picture > threshold, 256, 0)


def _white_is_254(picture, threshold):
    return np.where(picture > threshold, 254, 0)


BOTH = "White should be 255, and a pixel equal to the threshold is black."
ONES = "White should be 255. You return True or 1."
LAST_LEVEL = "White is 255. There are 256 levels, and they start at 0."


# 01.4


def peaks_of(row, reach):
    peaks = np.zeros(len(row), int)
    for i, value in enumerate(row):
        before, after = row[max(i - reach, 0) : i], row[i + 1 : i + 1 + reach]
        if all(value > other for other in before) and all(value >= other for other in after):
            peaks[i] = value
    return peaks


def _peak_cases(rng):
    for row, reach in [([5], 1), ([0, 0], 1), ([4, 4], 1), ([7, 3], 1), ([0, 6], 1),
                       ([0, 2, 5, 3, 0], 1), ([1, 4, 4, 2], 1), ([7, 3, 0, 6], 1),
                       ([6, 5, 4, 3], 1), ([6, 0, 5], 2), ([5, 0, 6], 2), ([5, 0, 5], 2),
                       ([6, 0, 0, 5], 2), ([5, 0, 0, 6], 2), ([3, 0, 2, 0, 3], 2),
                       ([9, 5, 4, 1], 2), ([4, 5, 9], 3), ([0, 3, 3, 3, 0], 2)]:  # fmt: skip
        yield np.array(row), reach
    for k in range(20):
        yield rng.integers(0, 6, 4 + k), int(rng.integers(1, 5))


def _peaks(row, reach, first=operator.gt, second=operator.ge, ends=True, nearer=(0, 0)):
    """Peaks by other comparisons, without the ends, or with fewer neighbours on a side."""
    kept = np.zeros(len(row), int)
    for i, value in enumerate(row):
        before = row[max(i - reach + nearer[0], 0) : i]
        after = row[i + 1 : i + 1 + reach - nearer[1]]
        inside = ends or (i >= reach and i + reach < len(row))
        if inside and all(first(value, b) for b in before) and all(second(value, a) for a in after):
            kept[i] = value
    return kept


def _one_neighbour(row, reach):
    return _peaks(row, 1)


def _one_too_near(row, reach):
    return _peaks(row, reach - 1)


def _one_too_near_before(row, reach):
    return _peaks(row, reach, nearer=(1, 0))


def _one_too_near_after(row, reach):
    return _peaks(row, reach, nearer=(0, 1))


def _past_the_ends(row, reach):
    return _unguarded(row, reach, [-1, 1])


def _past_the_ends_after_first(row, reach):
    return _unguarded(row, reach, [1, -1])


def _unguarded(row, reach, sides):
    """Peaks, with places below 0 taken from the end, and an error above it."""
    kept = np.zeros(len(row), int)
    for i, value in enumerate(row):
        near = ((row[i + side * k], side) for k in range(1, reach + 1) for side in sides)
        if all(value > other if side < 0 else value >= other for other, side in near):
            kept[i] = value
    return kept


def _one_too_far(row, reach):
    return _peaks(row, reach + 1)


def _far_ones_only(row, reach):
    padded = np.pad(row, reach)
    before, after = padded[: len(row)], padded[2 * reach :]
    return np.where((row > before) & (row >= after), row, 0)


def _all_equals_stay(row, reach):
    return _peaks(row, reach, first=operator.ge)


def _no_equals_stay(row, reach):
    return _peaks(row, reach, second=operator.gt)


def _last_equal_stays(row, reach):
    return _peaks(row[::-1], reach)[::-1]


def _ends_dropped(row, reach):
    return _peaks(row, reach, ends=False)


def _round_the_end(row, reach):
    stays = np.ones(len(row), bool)
    for k in range(1, reach + 1):
        stays &= (row > np.roll(row, k)) & (row >= np.roll(row, -k))
    return np.where(stays, row, 0)


def _start_cut_off(row, reach):
    peaks = np.zeros(len(row), int)
    for i, value in enumerate(row):
        before, after = row[i - reach : i], row[i + 1 : i + 1 + reach]  # i - reach is negative
        if all(value > other for other in before) and all(value >= other for other in after):
            peaks[i] = value
    return peaks


def _before_only(row, reach):
    return _peaks(row, reach, second=lambda a, b: True)


def _after_only(row, reach):
    return _peaks(row, reach, first=lambda a, b: True)


def _written_over(row, reach):
    row = row.copy()
    for i in range(len(row)):
        before, after = row[max(i - reach, 0) : i], row[i + 1 : i + 1 + reach]
        if not (all(row[i] > b for b in before) and all(row[i] >= a for a in after)):
            row[i] = 0
    return row


def _where(row, reach):
    return _peaks(row, reach) > 0


def _ones(row, reach):
    return (_peaks(row, reach) > 0).astype(int)


def _places(row, reach):
    return np.flatnonzero(_peaks(row, reach))


def _left_out(row, reach):
    kept = _peaks(row, reach)
    return kept[kept > 0]


def _valleys(row, reach):
    return _peaks(row, reach, first=operator.lt, second=operator.le)


TOO_NEAR = (
    "The farthest neighbour is left out on one side or both: `reach` of them count. Mind where "
)
TOO_NEAR += "a slice or a `range` ends."
PAST = (
    "Near the start, `row[i - k]` counts from the end. Near the end, `row[i + k]` does not exist. "
)
PAST += "Compare only with neighbours that exist."
WHICH = "This tells where the peaks are. Return their magnitudes."


EXERCISES = (
    exercise(
        "01.1",
        "how strong is the colour?",
        solution=saturation,
        cases=_saturation_cases,
        mistakes=(
            (_nan_for_black, "Your answer contains NaN. At a black pixel you divide 0 by 0. The "
                             "saturation there is 0."),
            (_one_for_black, "A black pixel has no colour: its saturation is 0, not 1."),
            (_not_divided, "This is the difference. Divide it by the largest of the three "
                           "numbers."),
            (_divided_by_255, "Divide by the largest of the *pixel's* three numbers, not by "
                              "255. A dark colour can be as strong as a bright one."),
            (_divided_by_the_sum, BY_THE_LARGEST),
            (_largest_plus_one, "Dividing by the largest *plus one* avoids 0 / 0, but all other "
                                "pixels become a little too weak."),
            (_wrapping_plus_one, "In uint8, 255 + 1 wraps around to 0. Also, dividing by the "
                                 "largest *plus one* makes all other pixels a little too weak."),
            (_as_a_byte, "This runs from 0 to 255. Return numbers from 0 to 1."),
            (_in_percent, "This is a percentage. Return numbers from 0 to 1."),
            (_whole_division, "`//` divides and rounds down. Use `/`."),
            (_smallest_by_largest, "This is 0 for the strongest colour and 1 for grey. It "
                                   "should be the other way round."),
            (_of_the_whole_picture, WHOLE),
            (_of_the_whole_picture_in_uint8, WHOLE),
            (_without_brackets, BRACKETS),
            (_without_brackets_nan_for_black, BRACKETS),
            (_divided_by_the_smallest, BY_THE_LARGEST),
            (_divided_by_the_smallest_or_1, BY_THE_LARGEST),
            (_divided_by_the_mean, BY_THE_LARGEST),
            (_red_less_blue, "You take red as the largest and blue as the smallest. That is not "
                             "always so."),
            (_red_and_blue_only, TWO_CHANNELS),
            (_first_two_only, TWO_CHANNELS),
            (_along_the_columns, OTHER_AXIS),
            (_along_the_rows, OTHER_AXIS),
        ),
        hints=(
            "The three numbers of each pixel become one, so the last axis disappears. "
            "`rgb.max(axis=2)` is the largest of the three, for every pixel at once.",
            "If the largest is 0, the difference is 0 too. By what can you divide there, so "
            "that the result is 0?",
            "`np.maximum(largest, 1)` is the largest number, but at least 1.",
        ),
        then="Look at it: `rt.plots.photographs([photo, saturation(photo)])`. OpenCV computes "
             "it too, as the second channel of `cv2.COLOR_RGB2HSV`.",
    ),
    exercise(
        "01.2",
        "lighter, without wrapping around",
        solution=lighter,
        cases=_lighter_cases,
        mistakes=(
            (_wraps, WRAPS),
            (_wraps_in_uint8, WRAPS + " And a negative number does not fit into uint8 at all."),
            (_does_not_stop, "Some grey levels lie outside 0 to 255. They must stop at these "
                             "ends."),
            (_stops_above, "The upper end is right. Values below 0 must become 0."),
            (_stops_above_and_wraps_below, "The upper end is right. Values below 0 must become "
                                           "0."),
            (_stops_below, "The lower end is right. Values above 255 must become 255."),
            (_stops_below_and_wraps_above, "The lower end is right. Values above 255 must "
                                           "become 255."),
            (_stops_at_256, "The largest grey level is 255, not 256."),
            (_stops_at_256_and_wraps, "The largest grey level is 255: 256 wraps around to 0."),
            (_stops_at_254, "A pixel may become fully white: 255."),
            (_stops_at_1, "A pixel may become fully black: 0."),
            (_only_where_there_is_room, "You leave a pixel unchanged if it would pass the end. "
                                        "It should move as far as the end."),
            (_subtracts, "The sign is wrong. A positive number makes the picture lighter."),
            (_never_darker, "A negative number makes the picture darker."),
            (_multiplies, "*Add* `by` to every grey level. Black becomes lighter too."),
            (_divided_by_255_after, "White is 255 here. Do not divide the grey levels."),
            (_fits_the_range, "You stretched the picture over all grey levels. Move each level "
                              "by the same number, and stop only at the ends."),
        ),
        hints=(
            "What is np.uint8(250) + np.uint8(30)? Try it.",
            "First convert to a wider type: `picture.astype(int) + by`.",
            "`np.clip` stops values at both ends.",
        ),
    ),
    exercise(
        "01.3",
        "black and white",
        solution=binarised,
        cases=_binarised_cases,
        mistakes=(
            (_white_from_the_threshold, "A pixel equal to the threshold must be black. White "
                                        "begins above it."),
            (_white_above_the_next, "White begins too late. The level just above the threshold "
                                    "is white."),
            (_true_and_false, ONES),
            (_one_for_white, ONES),
            (_true_from_the_threshold, BOTH),
            (_one_from_the_threshold, BOTH),
            (_exchanged, "Black and white are exchanged."),
            (_exchanged_below, "Black and white are exchanged."),
            (_one_and_exchanged, "Black and white are exchanged, and white should be 255."),
            (_bright_kept, "Pixels above the threshold keep their grey level. They should be "
                           "white."),
            (_dark_kept, "Pixels up to the threshold keep their grey level. They should be "
                         "black."),
            (_above_the_mean, "You compare with the mean of the picture. Compare with the "
                              "threshold."),
            (_above_the_middle, "You compare with the middle of all grey levels. Compare with "
                                "the threshold."),
            (_two_things, "Your function returns two things, as `cv2.threshold` does. Return "
                          "only the picture."),
            (_white_is_256, LAST_LEVEL),
            (_white_is_254, LAST_LEVEL),
        ),
        hints=(
            "`picture > threshold` gives True and False, in the shape of the picture.",
            "`np.where(condition, a, b)` takes `a` where the condition is true, and `b` "
            "elsewhere.",
        ),
    ),
    exercise(
        "01.4",
        "the peaks of one row",
        solution=peaks_of,
        cases=_peak_cases,
        mistakes=(
            (_one_neighbour, "You compare with one neighbour on each side. Compare with `reach` "
                             "of them."),
            (_one_too_near, TOO_NEAR),
            (_one_too_near_before, TOO_NEAR),
            (_one_too_near_after, TOO_NEAR),
            (_one_too_far, "You compare with one neighbour too many on each side."),
            (_far_ones_only, "You compare only with the neighbour at distance `reach`. Those in "
                             "between count too."),
            (_all_equals_stay, "Of equal neighbours only the first should stay."),
            (_no_equals_stay, "Two equal neighbours removed each other. Keep the first."),
            (_last_equal_stays, "Of two equal neighbours the last one stayed; keep the first."),
            (_ends_dropped, "The numbers near the two ends count too. They only have fewer "
                            "neighbours."),
            (_round_the_end, "The first numbers were compared with the last ones, as `np.roll` "
             "does."),
            (_past_the_ends, PAST),
            (_past_the_ends_after_first, PAST),
            (_start_cut_off, "Near the start, `row[i - reach:i]` begins at a negative index, "
                             "which Python counts from the end. What is left of the slice?"),
            (_before_only, "You compare only with the numbers before. Those after count too."),
            (_after_only, "You compare only with the numbers after. Those before count too."),
            (_written_over, "Compare with the neighbours' original values, even if those "
                            "neighbours become 0."),
            (_where, WHICH),
            (_ones, WHICH),
            (_places, "These are the indices of the peaks. Return a row of the same length, "
                      "with the magnitudes at the peaks and 0 elsewhere."),
            (_left_out, "Do not leave out the other numbers. Set them to 0."),
            (_valleys, "These are the valleys. A peak is *larger* than its neighbours."),
        ),
        hints=(
            "With `reach` 1 you did this above: a number stays if it is larger than the one "
            "before, and at least as large as the one after.",
            "For the number at index i, the neighbours before it are `row[max(i - reach, "
            "0):i]`. Which slice holds those after it?",
            "`all(value > other for other in before)` is also true if there are no neighbours.",
        ),
        then="People look for peaks in histograms, sounds and heartbeats too. "
             "`scipy.signal.find_peaks` has more settings.",
    ),
)  # fmt: skip
