"""Right answers to the exercises of notebook 06, written in different ways."""

import math
import statistics

import numpy as np


def error_by_loop(scores):
    n = len(scores)
    mean = 0
    for score in scores:
        mean += score / n
    squares = 0
    for score in scores:
        squares += (score - mean) ** 2
    answer = np.zeros(2)
    answer[0] = mean
    answer[1] = math.sqrt(squares / (n - 1) / n)
    return answer


def error_by_statistics(scores):
    scores = scores.tolist()
    return statistics.mean(scores), statistics.stdev(scores) / len(scores) ** 0.5


def error_by_scipy(scores):
    from scipy.stats import sem

    return [np.mean(scores), sem(scores)]


def error_of_population(scores):
    both = [scores.mean(), scores.std() / np.sqrt(len(scores) - 1)]
    return np.array(both, np.float32)


def difference_by_loop(first, second):
    differences = np.zeros(len(first))
    for i in range(len(first)):
        differences[i] = first[i] - second[i]
    return error_by_loop(differences)


def difference_by_statistics(first, second):
    return error_by_statistics(np.subtract(first, second))


def difference_by_covariance(first, second):
    c = np.cov(first, second)
    error = np.sqrt((c[0, 0] + c[1, 1] - 2 * c[0, 1]) / len(first))
    return [first.mean() - second.mean(), error]


def price_by_loop(numbers, scores, wanted):
    if scores[0] >= wanted:
        return numbers[0]
    for k in range(1, len(scores)):
        if scores[k] >= wanted:
            share = (wanted - scores[k - 1]) / (scores[k] - scores[k - 1])
            return numbers[k - 1] * (numbers[k] / numbers[k - 1]) ** share
    return math.inf


def price_to_the_base_10(numbers, scores, wanted):
    enough = np.flatnonzero(scores >= wanted)
    if len(enough) == 0:
        return float("inf")
    k = max(enough[0], 1)
    answer = 10 ** np.interp(wanted, scores[k - 1 : k + 1], np.log10(numbers[k - 1 : k + 1]))
    return numbers[0] if enough[0] == 0 else np.float32(answer)


def price_piece_by_piece(numbers, scores, wanted):
    reached = [float(numbers[0])] if scores[0] >= wanted else []
    pieces = zip(numbers, numbers[1:], scores, scores[1:], strict=False)
    for left, right, low, high in pieces:
        if low < wanted <= high:
            way = (wanted - low) / (high - low)
            reached.append(2 ** (math.log2(left) * (1 - way) + math.log2(right) * way))
    return min(reached, default=np.inf)


RIGHT = {
    "06.1": [error_by_loop, error_by_statistics, error_by_scipy, error_of_population],
    "06.2": [difference_by_loop, difference_by_statistics, difference_by_covariance],
    "06.3": [price_by_loop, price_to_the_base_10, price_piece_by_piece],
}
