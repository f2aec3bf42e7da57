"""Answers as students write them: each wrong one is told what it does, and no two the same.

The usual mistakes that stand with an exercise are functions of ours. Here the same mistakes are
made in a student's way: with plain loops, arrays of zeros, `math`, and a mistake or two at once.
"""

import contextlib
import math

import numpy as np
import pytest

import rnn_tutor as rt


@pytest.fixture(autouse=True, scope="module")
def own_folder(tmp_path_factory):
    with contextlib.chdir(tmp_path_factory.mktemp("answers")):
        yield


def count_of_the_largest(labels):
    counts = {}
    for label in labels:
        counts[label] = counts.get(label, 0) + 1
    return max(counts.values())


def share_of_the_first(labels):
    return sum(1 for label in labels if label == labels[0]) / len(labels)


def share_but_for_the_last(labels):
    largest = 0
    for k in range(max(labels)):
        largest = max(largest, list(labels).count(k))
    return largest / len(labels)


def similar_with_itself(embeddings, index, n):
    cosines = []
    for other in embeddings:
        length = math.hypot(*other) * math.hypot(*embeddings[index])
        cosines.append(round(float(other @ embeddings[index]) / length, 9))
    return sorted(range(len(cosines)), key=lambda i: -cosines[i])[:n]


def similar_by_distance(embeddings, index, n):
    distances = [math.dist(embeddings[index], other) for other in embeddings]
    distances[index] = math.inf
    return sorted(range(len(distances)), key=lambda i: distances[i])[:n]


def similar_in_a_shortened_list(embeddings, index, n):
    unit = [e / math.hypot(*e) for e in embeddings]
    cosines = [float(u @ unit[index]) for i, u in enumerate(unit) if i != index]
    return sorted(range(len(cosines)), key=lambda i: -cosines[i])[:n]


def sum_in_uint8(picture, by):
    lighter = picture.copy()
    for y in range(picture.shape[0]):
        for x in range(picture.shape[1]):
            lighter[y, x] = (int(picture[y, x]) + by) % 256
    return np.clip(lighter, 0, 255)


def stopped_above_alone(picture, by):
    lighter = np.zeros(picture.shape)
    for y, row in enumerate(picture):
        for x, level in enumerate(row):
            lighter[y, x] = 255 if level + float(by) > 255 else level + float(by)
    return lighter


def white_at_the_threshold(picture, threshold):
    white = np.zeros(picture.shape)
    for y, row in enumerate(picture):
        for x, level in enumerate(row):
            white[y, x] = 0 if level < threshold else 255
    return white


def levels_above_the_threshold(picture, threshold):
    return [[int(level) if level > threshold else 0 for level in row] for row in picture]


def peaks_with(row, reach, *, larger=lambda value, before: value > before):
    peaks = np.zeros(len(row))
    for i in range(len(row)):
        stays = True
        for k in range(1, reach + 1):
            if i - k >= 0 and not larger(row[i], row[i - k]):
                stays = False
            if i + k < len(row) and row[i + k] > row[i]:
                stays = False
        if stays:
            peaks[i] = row[i]
    return peaks


def peaks(row, reach):
    return peaks_with(row, reach)


def peaks_one_step_short(row, reach):
    return peaks_with(row, reach - 1)


def peaks_with_all_equals(row, reach):
    return peaks_with(row, reach, larger=lambda value, before: value >= before)


def peaks_without_the_ends(row, reach):
    found = peaks_with(row, reach)
    for i in range(len(row)):
        if i < reach or i >= len(row) - reach:
            found[i] = 0
    return found


def peaks_into_the_row(row, reach):
    for i in range(len(row)):
        for k in range(1, reach + 1):
            before = row[i - k] if i >= k else -1
            after = row[i + k] if i + k < len(row) else -1
            if before >= row[i] or after > row[i]:
                row[i] = 0
    return row


def steps_rounded_down(height, width, channels, size):
    steps = 0
    for _ in range(size, height + 1, size):
        for _ in range(size, width + 1, size):
            steps += 1
    return [steps, size * size * channels]


def steps_in_grey(height, width, channels, size):
    return [len(range(0, height, size)) * len(range(0, width, size)), size**2]


def both_as_further_steps(sequences):
    return [one + one[::-1] for one in sequences.tolist()]


def both_with_features_turned(sequences):
    return [[step + step[::-1] for step in one] for one in sequences.tolist()]


def snake_from_one(height, width):
    path = []
    for row in range(1, height + 1):
        columns = range(1, width + 1) if row % 2 else range(width, 0, -1)
        for column in columns:
            path.append((row - 1) * width + column)
    return path


def snake_without_turns(height, width):
    path = []
    for row in range(height):
        for column in range(width):
            path.append(row * width + column)
    return path


def half_life_with_tanh(bias):
    return math.log(0.5) / math.log(math.tanh(bias))


def half_life_of_the_bias(bias):
    return math.log(0.5) / math.log(bias)


def half_life_in_whole_steps(bias):
    f = 1 / (1 + math.exp(-bias))
    k, left = 0, 1
    while left > 0.5:
        left *= f
        k += 1
    return k


def step(x, h, W, U, b, candidate_sees=lambda f, h: f * h, with_bias=1):
    units = h.shape[1]
    b = with_bias * b
    f = 1 / (1 + np.exp(-(x @ W[:, :units] + h @ U[:, :units] + b[:units])))
    seen = candidate_sees(f, h)
    candidate = np.tanh(x @ W[:, units:] + seen @ U[:, units:] + b[units:])
    return (1 - f) * h + f * candidate


def step_without_bias(x, h, W, U, b):
    return step(x, h, W, U, b, with_bias=0)


def step_without_reset(x, h, W, U, b):
    return step(x, h, W, U, b, candidate_sees=lambda f, h: h)


def answers_of(picture, kernel, one_short):
    """(y, x, answer), as the two loops of notebook 04 come by."""
    height, width = kernel.shape
    for y in range(picture.shape[0] - height + 1 - one_short):
        for x in range(picture.shape[1] - width + 1 - one_short):
            yield y, x, (picture[y : y + height, x : x + width] * kernel).sum()


def place_never_tried(picture, kernel):
    best, place = -np.inf, (0, 0)
    for y, x, answer in answers_of(picture, kernel, one_short=1):
        if answer > best:
            best, place = answer, (y, x)
    return place


def place_from_zero(picture, kernel):
    best = 0
    for y, x, answer in answers_of(picture, kernel, one_short=0):
        if answer > best:
            best = answer
            place = (y, x)
    return place


def place_of_the_last(picture, kernel):
    best = -np.inf
    for y, x, answer in answers_of(picture, kernel, one_short=0):
        if answer >= best:
            best = answer
            place = [y, x]
    return place


def place_of_a_turned_kernel(picture, kernel):
    best = -np.inf
    for y, x, answer in answers_of(picture, kernel[::-1, ::-1], one_short=0):
        if answer > best:
            best, place = answer, np.array([y, x])
    return place


def pooled(feature_map, size, *, kind=float, largest=lambda window: window.max(axis=(0, 1)), end=0):
    height, width, channels = feature_map.shape
    out = np.zeros((height // size, width // size, channels), kind)
    for y in range(height // size - end):
        for x in range(width // size - end):
            out[y, x] = largest(feature_map[y * size : y * size + size, x * size : x * size + size])
    return out


def pooled_into_whole_numbers(feature_map, size):
    return pooled(feature_map, size, kind=int)


def pooled_over_all_channels(feature_map, size):
    return pooled(feature_map, size, largest=np.max)


def pooled_one_window_short(feature_map, size):
    return pooled(feature_map, size, end=1)


def pooled_from_zero(feature_map, size):
    return pooled(feature_map, size, largest=lambda w: np.maximum(0, w.max(axis=(0, 1))))


def surprise_at_the_opposite(labels, probabilities):
    return [-math.log(1 - row[label]) for label, row in zip(labels, probabilities, strict=True)]


def surprise_of_the_surest(labels, probabilities):
    return [-math.log(max(row)) for row in probabilities]


def surprise_without_logarithm(labels, probabilities):
    return [row[label] for label, row in zip(labels, probabilities, strict=True)]


def one_more_of_each(labels, k):
    seen, test_part = [], []
    for label in labels:
        test_part.append(seen.count(label) <= k)
        seen.append(label)
    return test_part


def right_ones_as_floats(labels, k):
    test_part = np.zeros(len(labels))
    for label in np.unique(labels):
        test_part[np.flatnonzero(labels == label)[:k]] = True
    return test_part


def price(numbers, scores, wanted, *, never=np.inf, to=np.log, back=np.exp):
    for k in range(len(scores)):
        if scores[k] >= wanted:
            if k == 0:
                return numbers[0]
            share = (wanted - scores[k - 1]) / (scores[k] - scores[k - 1])
            return back(to(numbers[k - 1]) + share * (to(numbers[k]) - to(numbers[k - 1])))
    return never


def price_that_is_never_paid(numbers, scores, wanted):
    return price(numbers, scores, wanted, never=None)


def price_on_a_straight_axis(numbers, scores, wanted):
    return price(numbers, scores, wanted, to=float, back=float)


def price_as_measured(numbers, scores, wanted):
    for number, score in zip(numbers, scores, strict=True):
        if score >= wanted:
            return number
    return np.inf


def prototypes(embeddings, clusters, centre):
    found = []
    for k in range(clusters.max() + 1):
        own = np.flatnonzero(clusters == k)
        middle = centre(embeddings[own], axis=0)
        found.append(own[np.argmin([math.dist(embeddings[i], middle) for i in own])])
    return found


def prototypes_by_the_median(embeddings, clusters):
    return prototypes(embeddings, clusters, np.median)


def first_of_each_cluster(embeddings, clusters):
    return [clusters.tolist().index(k) for k in range(clusters.max() + 1)]


def errors_of_uint8(pictures, drawn):
    errors = np.zeros(len(pictures))
    for k in range(len(pictures)):
        one, other = pictures[k].ravel(), drawn[k].ravel()
        with np.errstate(over="ignore"):
            for a, b in zip(one, other, strict=True):
                errors[k] += ((a - b) / 255) ** 2
        errors[k] /= len(one)
    return errors


def roots_of_errors(pictures, drawn):
    one, other = pictures.astype(float), drawn.astype(float)
    return [np.sqrt(np.mean((a - b) ** 2)) / 255 for a, b in zip(one, other, strict=True)]


def loss(scores, view, partner, leave_out=lambda k, view, partner: k == view):
    total = 0
    for k in range(len(scores)):
        if not leave_out(k, view, partner):
            total += math.exp(scores[k])
    return -math.log(math.exp(scores[partner]) / total)


def loss_among_all(scores, view, partner):
    return loss(scores, view, partner, leave_out=lambda k, view, partner: False)


def loss_among_strangers(scores, view, partner):
    return loss(scores, view, partner, leave_out=lambda k, view, partner: k in (view, partner))


def second_in_a_shortened_list(points, centres):
    found = []
    for point in points:
        distances = [math.dist(point, centre) for centre in centres]
        distances.remove(min(distances))
        found.append(distances.index(min(distances)))
    return found


def second_smallest_distance(points, centres):
    return [sorted(math.dist(point, centre) for centre in centres)[1] for point in points]


def agreement_together(first, second):
    count = pairs = 0
    for i in range(len(first)):
        for j in range(i + 1, len(first)):
            pairs += 1
            if first[i] == first[j] and second[i] == second[j]:
                count += 1
    return count / pairs


def agreement_of_everything(first, second):
    n, count = len(first), 0
    for i in range(n):
        for j in range(n):
            count += (first[i] == first[j]) == (second[i] == second[j])
    return count / n**2


def margin_of_places(probabilities, known, n):
    margins = []
    for i, row in enumerate(probabilities):
        if i not in known:
            *_, second, first = sorted(row)
            margins.append(first - second)
    return sorted(range(len(margins)), key=margins.__getitem__)[:n]


def margin_of_the_surest_alone(probabilities, known, n):
    unknown = [i for i in range(len(probabilities)) if i not in known]
    return sorted(unknown, key=lambda i: max(probabilities[i]))[:n]


def ground(mask):
    import cv2

    _, pieces, statistics, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    return np.where(pieces == statistics[:, cv2.CC_STAT_AREA].argmax(), 255, 0)


def piece_before(mask):
    import cv2

    n, pieces, statistics, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    if n == 1:
        return mask
    return 255 * (pieces == statistics[1:, cv2.CC_STAT_AREA].argmax())


def last_that_reaches_the_limit(probabilities, at_least):
    found = []
    for row in probabilities:
        found.append(-1)
        for k, probability in enumerate(row):
            if probability >= at_least:
                found[-1] = k
    return found


def unsure_left_at_zero(probabilities, at_least):
    found = np.zeros(len(probabilities), int)
    for i, row in enumerate(probabilities):
        if max(row) >= at_least:
            found[i] = row.argmax()
    return found


def accuracy_of_checks(sizes, checked, right):
    return sum(right) / sum(checked)


def accuracy_of_clusters(sizes, checked, right):
    shares = np.zeros(len(sizes))
    for k in range(len(sizes)):
        shares[k] = right[k] / checked[k]
    return sum(shares) / len(shares)


WRONG = {
    "00.1": [count_of_the_largest, share_of_the_first, share_but_for_the_last],
    "00.2": [similar_with_itself, similar_by_distance, similar_in_a_shortened_list],
    "01.2": [sum_in_uint8, stopped_above_alone],
    "01.3": [white_at_the_threshold, levels_above_the_threshold],
    "01.4": [
        peaks_one_step_short,
        peaks_with_all_equals,
        peaks_without_the_ends,
        peaks_into_the_row,
    ],
    "02.1": [steps_rounded_down, steps_in_grey],
    "02.3": [both_as_further_steps, both_with_features_turned],
    "02.2": [snake_from_one, snake_without_turns],
    "03b.1": [half_life_with_tanh, half_life_of_the_bias, half_life_in_whole_steps],
    "03.3": [step_without_bias, step_without_reset],
    "04.2": [place_never_tried, place_from_zero, place_of_the_last, place_of_a_turned_kernel],
    "04.3": [
        pooled_into_whole_numbers,
        pooled_over_all_channels,
        pooled_one_window_short,
        pooled_from_zero,
    ],
    "05.1": [surprise_at_the_opposite, surprise_of_the_surest, surprise_without_logarithm],
    "05.3": [one_more_of_each, right_ones_as_floats],
    "06.3": [price_that_is_never_paid, price_on_a_straight_axis, price_as_measured],
    "07.3": [errors_of_uint8, roots_of_errors],
    "07.5": [loss, loss_among_all, loss_among_strangers],
    "08.1": [second_in_a_shortened_list, second_smallest_distance],
    "08.4": [agreement_together, agreement_of_everything],
    "09.1": [prototypes_by_the_median, first_of_each_cluster],
    "09.2": [margin_of_places, margin_of_the_surest_alone],
    "10.1": [ground, piece_before],
    "10.2": [last_that_reaches_the_limit, unsure_left_at_zero],
    "10.3": [accuracy_of_checks, accuracy_of_clusters],
}


def mistake_named(number, answer):
    """Which of an exercise's mistakes is named when an answer is handed in."""
    result = rt.exercises.check(number, answer)
    assert not result
    known = [said for _, said in rt.exercises.find(number).mistakes if result.words.endswith(said)]
    assert known, result
    return max(known, key=len)


@pytest.mark.parametrize("number", WRONG)
def test_a_students_mistake_is_named_and_not_taken_for_another(number):
    named = [mistake_named(number, answer) for answer in WRONG[number]]
    assert len(set(named)) == len(named), named


@pytest.mark.parametrize(
    ("number", "answer"),
    [
        ("01.4", peaks),
        ("03.3", step),
        ("04.3", pooled),
        ("06.3", price),
        ("09.1", lambda embeddings, clusters: prototypes(embeddings, clusters, np.mean)),
    ],
    ids=["01.4", "03.3", "04.3", "06.3", "09.1"],
)
def test_without_the_mistake_the_same_answer_is_right(number, answer):
    result = rt.exercises.check(number, answer)
    assert result, result


@pytest.mark.parametrize(
    ("picture", "kernel", "place"),
    [
        ([[3, 1, 2]], [[-1]], (0, 1)),
        ([[2, 1], [1, 3]], [[-1, -1]], (0, 0)),
        ([[0, -5], [-4, 0]], [[1], [2]], (0, 1)),
    ],
)
def test_where_every_answer_is_negative_there_is_a_largest_all_the_same(picture, kernel, place):
    solution = rt.exercises.find("04.2").solution
    assert tuple(solution(np.array(picture), np.array(kernel))) == place


def test_a_place_made_of_floats_is_told_that_it_must_be_whole():
    def place_in_zeros(picture, kernel):
        best, place = -np.inf, np.zeros(2)
        for y, x, answer in answers_of(picture, kernel, one_short=0):
            if answer > best:
                best, place[0], place[1] = answer, y, x
        return place

    def place_in_whole_zeros(picture, kernel):
        return place_in_zeros(picture, kernel).astype(int)

    result = rt.exercises.check("04.2", place_in_zeros)
    assert not result
    assert "whole number" in result.words
    assert rt.exercises.check("04.2", place_in_whole_zeros)
