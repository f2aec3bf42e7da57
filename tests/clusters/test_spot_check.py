"""The spot check: known answers, properties, and intervals that hold the truth."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

import rnn_tutor as rt
from rnn_tutor.clusters.spot_check import allocate, stratified_share


def sorting_of(sizes):
    clusters = np.repeat(np.arange(len(sizes)), sizes)
    images = rt.ImageSet(np.zeros((len(clusters), 4, 4, 1), np.uint8))
    return rt.Sorting(images, clusters)


@given(st.lists(st.integers(1, 400), min_size=1, max_size=12), st.integers(1, 200))
def test_a_sample_is_shared_out_fairly(sizes, n):
    shares = allocate(dict(enumerate(sizes)), n)
    looked = [*shares.values()]
    assert all(min(2, size) <= k <= size for k, size in zip(looked, sizes, strict=True))
    least = sum(min(2, size) for size in sizes)
    assert sum(looked) == max(least, min(n, sum(sizes)))
    if n >= least and min(sizes) / sum(sizes) * n >= 3:
        exact = np.array(sizes) / sum(sizes) * min(n, sum(sizes))
        assert np.abs(looked - exact).max() < len(sizes) + 1


def test_one_cluster_is_a_plain_sample():
    """The reference is Clopper and Pearson's interval as SciPy computes it."""
    for right, checked in [(30, 30), (27, 30), (1, 20), (0, 10)]:
        share, low, high = stratified_share([1000], [checked], [right])
        interval = binomtest(right, checked).proportion_ci(0.95, "exact")
        assert share == right / checked
        # The variance of a sample divides by n - 1, so the interval is a little wider.
        assert low == pytest.approx(interval.low, abs=0.01)
        assert high == pytest.approx(interval.high, abs=0.01)


def test_clusters_are_weighted_by_their_sizes():
    share, low, high = stratified_share([900, 100], [5, 5], [5, 0])
    assert share == pytest.approx(0.9)
    assert low < 0.9 < high
    assert stratified_share([900, 100], [900, 100], [900, 0]) == pytest.approx((0.9, 0.9, 0.9))


ACCURACIES = [
    (0.9, 0.8, 0.95, 0.6, 0.7),
    (0.98, 0.98, 0.98, 0.98, 0.98),
    (1, 1, 1, 1, 0.5),
    (0.5, 0.4, 0.3, 0.2, 0.6),
]


@pytest.mark.parametrize("accuracies", ACCURACIES)
def test_the_interval_holds_the_truth(accuracies):
    rng, sizes = np.random.default_rng(0), np.array([100, 80, 60, 40, 20])
    populations = [
        np.arange(size) < round(a * size) for a, size in zip(accuracies, sizes, strict=True)
    ]
    true = sum(p.sum() for p in populations) / sizes.sum()
    checked = np.array([*allocate(dict(enumerate(sizes.tolist())), 30).values()])
    shares, held = [], 0
    for _ in range(300):
        right = [
            rng.choice(p, n, replace=False).sum() for p, n in zip(populations, checked, strict=True)
        ]
        share, low, high = stratified_share(sizes, checked, right)
        shares.append(share)
        held += low <= true <= high
    assert held >= 0.95 * 300
    assert np.mean(shares) == pytest.approx(true, abs=0.02)


def test_a_check_leads_to_an_estimate():
    sorting = sorting_of([60, 30, 10])
    sorting.name(0, "cats")
    sorting.set_aside([0, 1])
    check = rt.SpotCheck(sorting, n=20, seed=3)
    assert len(check.sample) == len(set(check.sample.tolist())) == 20
    assert not {0, 1} & set(check.sample.tolist())
    assert check.name_of(5) == "cats" and check.name_of(95) == "cluster 2"
    assert np.isnan(check.estimate.share) and set(check.estimate.unchecked) == {0, 1, 2}
    for image in check.sample:
        check.answer(image, check.cluster_of(image) != 2)
    assert check.estimate.share == pytest.approx(88 / 98)
    assert check.estimate.low < 88 / 98 < check.estimate.high
    assert {check.cluster_of(i) for i in check.wrong} == {2}
    assert len(check.open) == 0
    check.answer(check.sample[:4], None)
    assert check.open.tolist() == check.sample[:4].tolist()


def test_the_same_seed_draws_the_same_images():
    sorting = sorting_of([60, 40])
    first, same, other = (rt.SpotCheck(sorting, seed=seed).sample for seed in (1, 1, 2))
    assert first.tolist() == same.tolist() != other.tolist()


def test_the_check_keeps_to_the_clusters_as_they_were():
    sorting = sorting_of([60, 40])
    check = rt.SpotCheck(sorting)
    sorting.merge([0, 1])
    check.answer(check.sample, True)
    assert check.estimate.share == 1 and check.estimate.unchecked == ()


def test_a_second_check_draws_afresh_and_leaves_out_what_was_placed():
    sorting = sorting_of([200, 100])
    first = rt.SpotCheck(sorting, n=40)
    corrected = first.sample[:5]
    sorting.move(corrected[:3], 0)
    sorting.move(corrected[3:], 1)
    second = rt.SpotCheck(sorting, n=40)
    assert len(second.sample) == 40 and not set(second.sample) & set(corrected)
    assert len(set(second.sample) & set(first.sample)) < 20  # 5 by chance
    assert rt.SpotCheck(sorting, n=40).sample.tolist() == second.sample.tolist()
    second.answer(second.sample, False)
    assert second.estimate.share == pytest.approx(5 / 300)
    assert second.estimate.placed == 5 and second.estimate.images == 300


def test_after_correcting_what_a_check_found_the_next_one_is_unbiased():
    """A quarter is wrong; what the first check finds is mended, and the second tells what is left.

    Had it drawn the same images again, it would have found next to nothing wrong.
    """
    n, errors = 240, []
    for seed in range(150):
        wrong = np.random.default_rng(1000 + seed).random(n) < 0.25
        sorting = sorting_of([160, 80])
        first = rt.SpotCheck(sorting, n=60, seed=seed)
        for image in first.sample[wrong[first.sample]]:
            sorting.move([image], 1 - first.cluster_of(image))
            wrong[image] = False
        second = rt.SpotCheck(sorting, n=60, seed=seed)
        for image in second.sample:
            second.answer(image, not wrong[image])
        errors.append(second.estimate.share - (1 - wrong.mean()))
        assert 0 < second.estimate.low < second.estimate.share < second.estimate.high <= 1
    assert abs(np.mean(errors)) < 4 * np.std(errors) / np.sqrt(len(errors))


def test_where_all_was_placed_all_is_right():
    sorting = sorting_of([6, 4])
    sorting.move(range(10), 0)
    check = rt.SpotCheck(sorting)
    assert len(check.sample) == len(check.open) == 0
    assert (check.estimate.share, check.estimate.low, check.estimate.high) == (1, 1, 1)
    with pytest.raises(rt.TutorError, match="out of the sample"):
        check.answer([1], True)


def test_images_of_ones_own_choice_are_refused():
    check = rt.SpotCheck(sorting_of([60, 40]), n=10)
    other = next(i for i in range(100) if i not in check.sample)
    with pytest.raises(rt.TutorError, match="out of the sample"):
        check.answer([check.sample[0], other], True)
    assert check.answers == {}


def test_nothing_to_check_is_said():
    sorting = sorting_of([3])
    sorting.set_aside(range(3))
    with pytest.raises(rt.TutorError, match="Sort first"):
        rt.SpotCheck(sorting)
    with pytest.raises(rt.TutorError, match="whole number"):
        rt.SpotCheck(sorting_of([3]), n=0)


@pytest.mark.parametrize("numbers", [([5], [0], [0]), ([5], [2], [3]), ([5], [6], [1])])
def test_numbers_that_do_not_fit_are_refused(numbers):
    with pytest.raises(rt.TutorError, match="right <= checked <= size"):
        stratified_share(*numbers)
