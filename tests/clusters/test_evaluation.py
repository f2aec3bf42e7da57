"""Our scores against scikit-learn's, brute force, and what must hold of every score."""

import re
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import hypergeom
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import (
    adjusted_rand_score,
    homogeneity_score,
    normalized_mutual_info_score,
)
from sklearn.metrics.cluster import contingency_matrix

from rnn_tutor import NeedsLabels, TutorError
from rnn_tutor.clusters import evaluation

quickly = settings(max_examples=50, deadline=None, database=None)
PAIRS = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 5)), min_size=1, max_size=40).map(
    lambda pairs: np.array(pairs).T
)


def best_by_trying_everything(labels, clusters):
    """Over every way to give clusters to different classes, some of which do not exist."""
    k = int(clusters.max()) + 1
    namings = permutations(range(max(k, int(labels.max()) + 1)), k)
    return max(np.mean(np.array(naming)[clusters] == labels) for naming in namings)


@quickly
@given(PAIRS)
def test_matched_accuracy_is_the_best_of_all_namings(pair):
    labels, clusters = pair
    expected = best_by_trying_everything(labels, clusters)
    assert evaluation.matched_accuracy(labels, clusters) == pytest.approx(expected)


@quickly
@given(PAIRS)
def test_nmi_and_ari_are_scikit_learns(pair):
    labels, clusters = pair
    found = evaluation.scores(labels, clusters)
    assert found.nmi == pytest.approx(normalized_mutual_info_score(labels, clusters))
    assert found.ari == pytest.approx(adjusted_rand_score(labels, clusters))


@quickly
@given(PAIRS, st.permutations(range(6)))
def test_scores_do_not_depend_on_the_numbers_of_the_clusters(pair, order):
    labels, clusters = pair
    one = evaluation.scores(labels, clusters)
    other = evaluation.scores(labels, np.array(order)[clusters])
    assert (other.accuracy, other.nmi, other.ari) == pytest.approx((one.accuracy, one.nmi, one.ari))


@quickly
@given(PAIRS)
def test_a_class_is_given_to_one_cluster_only(pair):
    classes = evaluation.match(*pair)
    given_away = classes[classes >= 0]
    assert len(set(given_away)) == len(given_away)
    assert classes.dtype == np.int64


@quickly
@given(PAIRS)
def test_contingency_is_scikit_learns_with_empty_rows_kept(pair):
    labels, clusters = pair
    table = evaluation.contingency(labels, clusters)
    assert table.shape == (labels.max() + 1, clusters.max() + 1)
    full = table[np.unique(labels)][:, np.unique(clusters)]
    np.testing.assert_array_equal(full, contingency_matrix(labels, clusters))


def test_contingency_can_be_made_larger():
    table = evaluation.contingency([0, 1], [0, 0], n_classes=3, n_clusters=4)
    assert table.tolist() == [[1, 0, 0, 0], [1, 0, 0, 0], [0, 0, 0, 0]]


def test_clusters_that_are_left_over_count_as_errors():
    labels, clusters = [0, 0, 0, 1, 1, 1], [0, 0, 2, 1, 1, 3]
    assert evaluation.match(labels, clusters).tolist() == [0, 1, -1, -1]
    assert evaluation.matched_accuracy(labels, clusters) == pytest.approx(4 / 6)
    assert evaluation.matched_accuracy([0, 1, 2], [0, 0, 0]) == pytest.approx(1 / 3)


def test_a_cluster_that_shares_nothing_with_its_class_stays_unnamed():
    assert evaluation.match([0, 0, 0, 1], [0, 0, 1, 0]).tolist() == [-1, 0] or (
        evaluation.match([0, 0, 0, 1], [0, 0, 1, 0]).tolist() == [0, -1]
    )
    assert evaluation.match([0, 1], [0, 1], n_clusters=3).tolist() == [0, 1, -1]


def test_scores_print_as_a_sentence():
    assert repr(evaluation.scores([0, 1, 1], [1, 0, 0])) == (
        "matched accuracy 1.000, NMI 1.000, ARI 1.000"
    )


def test_a_metric_of_ones_own_needs_one_entry(monkeypatch):
    pair = [0, 0, 1, 1], [0, 0, 1, 0]
    before = evaluation.score_table({"a": pair})
    monkeypatch.setitem(evaluation.METRICS, "homogeneity", homogeneity_score)
    found, expected = evaluation.scores(*pair), homogeneity_score(*pair)
    assert found.homogeneity == expected
    for shown in (repr(found), evaluation.score_table({"a": pair})):
        assert "homogeneity" in shown and f"{expected:.3f}" in shown
    monkeypatch.undo()
    assert evaluation.score_table({"a": pair}) == before
    with pytest.raises(AttributeError, match="accuracy, nmi, ari"):
        found.purity  # noqa: B018


def test_without_labels_scores_say_so():
    found = evaluation.scores(None, [0, 1])
    assert not found
    assert "No labels" in repr(found)
    assert found.accuracy is found.nmi is found.ari is None
    for score in (evaluation.matched_accuracy, evaluation.nmi, evaluation.contingency):
        with pytest.raises(NeedsLabels, match="stability"):
            score(None, [0, 1])


def test_pictures_without_a_label_enter_no_score():
    labels, clusters = np.array([0, 0, 1, 1, 2, 2]), np.array([0, 1, 1, 1, 2, 0])
    some, where = np.full(9, -1), [0, 2, 3, 5, 6, 8]
    some[where] = labels
    all_clusters = np.full(9, 2)
    all_clusters[where] = clusters
    found, whole = evaluation.scores(some, all_clusters), evaluation.scores(labels, clusters)
    assert (found.accuracy, found.nmi, found.ari) == (whole.accuracy, whole.nmi, whole.ari)
    assert (found.labelled, found.pictures, found.classes) == (6, 9, 3)
    assert "6 of 9" in repr(found) and "label" not in repr(whole)
    for score in (evaluation.matched_accuracy, evaluation.nmi, evaluation.ari):
        assert score(some, all_clusters) == score(labels, clusters)
    table = evaluation.contingency(some, all_clusters)
    np.testing.assert_array_equal(table, contingency_matrix(labels, clusters))
    np.testing.assert_array_equal(
        evaluation.match(some, all_clusters), evaluation.match(labels, clusters)
    )


@pytest.mark.parametrize("labels", [[-1, -1, -1], [0, 0, 0], [-1, 3, 3], None])
def test_scores_of_fewer_than_two_classes_say_nothing(labels):
    found = evaluation.scores(labels, [0, 1, 0])
    assert not found and not re.search(r"\d", repr(found))
    assert evaluation.chance(labels, [0, 1, 0]) is None
    assert evaluation.score_table({"a": (labels, [0, 1, 0])}) == repr(found)


def test_nobody_agrees_with_nobody():
    with pytest.raises(TutorError, match="from 0"):
        evaluation.stability([[0, -1], [0, 1]])  # clusterings have no pictures without a cluster


# Chance


@pytest.mark.parametrize(
    ("labels", "clusters"),
    [
        ([0, 0, 1, 1, 2], [0, 1, 1, 2, 2]),
        ([0, 0, 0, 1], [0, 1, 2, 3]),
        ([0, 1, 1, 1, 1, 2], [0] * 6),
    ],
)
def test_chance_is_the_mean_over_all_ways_to_deal(labels, clusters):
    every = [
        best_by_trying_everything(np.array(dealt), np.array(clusters))
        for dealt in permutations(labels)
    ]
    found = evaluation.chance(labels, clusters, draws=4_000)
    assert found == pytest.approx(np.mean(every), abs=4 * np.std(every) / np.sqrt(4_000) + 1e-12)


@pytest.mark.parametrize(("n", "first", "large"), [(12, 6, 4), (30, 10, 15), (101, 30, 80)])
def test_chance_of_two_classes_is_hypergeometric(n, first, large):
    labels, clusters = np.arange(n) >= first, np.arange(n) >= large
    both = hypergeom(n, first, large)  # of the first class in the first cluster
    right = [k + n - first - large + k for k in range(n + 1)]
    expected = sum(both.pmf(k) * max(r, n - r) for k, r in enumerate(right)) / n
    found = evaluation.chance(labels.astype(int), clusters.astype(int), draws=20_000)
    assert found == pytest.approx(expected, abs=0.005)


@pytest.mark.parametrize(("n", "expected"), [(30, 0.379), (60, 0.325), (200, 0.271)])
def test_chance_of_five_classes_depends_on_the_number_of_pictures(n, expected):
    """As simulated before, with labels and clusters drawn at random: on average it is the same."""
    rng = np.random.default_rng(1)
    pairs = rng.integers(5, size=(100, 2, n))
    found = np.mean([evaluation.chance(*pair, draws=50, seed=rng) for pair in pairs])
    simulated = np.mean(
        [evaluation.matched_accuracy(*pair) for pair in rng.integers(5, size=(2_000, 2, n))]
    )
    assert found == pytest.approx(simulated, abs=0.006)
    assert found == pytest.approx(expected, abs=0.01)


def test_a_score_table_has_the_chance_of_each_row():
    a, b = ([0, 0, 1, 1, -1], [0, 0, 1, 1, 0]), (np.arange(40) % 2, np.arange(40) % 4)
    lines = evaluation.score_table({"few": a, "many": b, "none": (None, [0])}).splitlines()
    for line, pair, n in zip(lines[1:], (a, b), (4, 40), strict=False):
        numbers = [float(number) for number in line.split()[1:]]
        scores = evaluation.scores(*pair)
        expected = (scores.accuracy, evaluation.chance(*pair), scores.nmi, scores.ari, n)
        assert numbers == pytest.approx(expected, abs=6e-4)
    assert not re.search(r"\d", lines[3])


# Answers


def test_accuracy_counts_what_is_known():
    found = evaluation.count_right([0, 1, 2, -1, 0], [0, 2, 2, 0, -1])
    assert (found.right, found.answered, found.labelled, found.pictures) == (2, 3, 4, 5)
    assert float(found) == 0.5 and "50.0%" in repr(found) and "4" in repr(found)
    assert float(evaluation.count_right([1, 0], [1, 0])) == 1
    assert float(evaluation.count_right([-1, 1], [1, 0])) == 0
    assert evaluation.count_right([0, 1, -1], [0, 1, -1]).right == 2  # no answer to no label


@pytest.mark.parametrize(
    ("answers", "labels"),
    [([0, 1], [-1, -1]), ([0, 1], None), ([-1, -1], [0, 1]), ([], []), ([2, 2, -1], [2, 2, 2])],
)
def test_accuracy_of_nothing_to_tell_apart_is_no_number(answers, labels):
    found = evaluation.count_right(answers, labels)
    assert not found and np.isnan(float(found)) and "%" not in repr(found)
    assert "right of" not in repr(found)


def test_accuracy_refuses_what_does_not_belong_together():
    with pytest.raises(TutorError, match="one label a picture"):
        evaluation.count_right([0, 1], [0])


def test_a_probe_learns_from_the_labelled_alone():
    points = np.array([[0.0], [0.2], [1.0], [1.2], [9.0]])
    model = evaluation.linear_probe(points, [3, 3, 5, 5, -1], C=100)
    reference = LogisticRegression(C=100, max_iter=1000).fit(points[:4], [3, 3, 5, 5])
    np.testing.assert_allclose(model.predict_proba(points), reference.predict_proba(points))
    assert evaluation.linear_probe(points, [-1, 4, 4, -1, -1]).predict(points).tolist() == [4] * 5
    assert evaluation.linear_probe(points, [-1] * 5).predict(points).tolist() == [-1] * 5
    assert (
        evaluation.linear_probe(points[:0], np.array([], int)).predict(points).tolist() == [-1] * 5
    )


def test_a_table_of_means_leaves_out_what_was_not_measured():
    text = evaluation.mean_table({"a": {5: [0.5, 0.7], 10: [np.nan]}, "b": {5: [np.nan]}})
    assert "5: 60.0%" in text and "10:" not in text and len(text.splitlines()) == 1
    assert "%" not in evaluation.mean_table({"a": {5: [np.nan]}, "b": {}})


def test_stability_is_the_mean_over_pairs():
    a, b, c = [0, 0, 1, 1], [1, 1, 0, 0], [0, 1, 0, 1]
    assert evaluation.stability([a, b]) == 1
    pairs = [(a, b), (a, c), (b, c)]
    expected = np.mean([adjusted_rand_score(*pair) for pair in pairs])
    assert evaluation.stability(iter([a, b, c])) == pytest.approx(expected)
    with pytest.raises(TutorError, match="at least two"):
        evaluation.stability([a])


def blobs(k, n=60, spread=0.1, seed=0):
    """Points around the corners of a simplex, (k n, k)."""
    return np.repeat(np.eye(k), n, axis=0) + spread * np.random.default_rng(seed).normal(
        size=(k * n, k)
    )


@pytest.mark.parametrize("k", [2, 3, 6])
def test_the_number_of_clear_clusters_is_proposed(k):
    proposal = evaluation.propose_number(blobs(k), seed=1)
    assert proposal.n_clusters == k
    assert proposal.numbers == list(range(2, 16))
    best = proposal.numbers.index(k)
    assert proposal.stabilities[best] == pytest.approx(1) and proposal.silhouettes[best] > 0.5
    assert f"{k:8}" in str(proposal) and len(str(proposal).splitlines()) == 15


def test_a_number_is_proposed_among_those_that_were_asked_for():
    proposal = evaluation.propose_number(blobs(3), numbers=[2, 5], seed=0)
    assert proposal.n_clusters in (2, 5) and len(proposal.silhouettes) == 2
    assert evaluation.propose_number(np.ones((4, 3))).numbers == [2]
    for n, numbers, fewest in [(3, None, 4), (0, None, 4), (9, [2, 5], 10)]:
        with pytest.raises(TutorError, match=f"at least {fewest} pictures; here were {n}"):
            evaluation.propose_number(np.ones((n, 2)), numbers)


@pytest.mark.parametrize(
    ("labels", "clusters", "said"),
    [
        ([0, 1], [0, 1, 1], "2 labels and 3 clusters"),
        ([], [], "0 labels"),
        ([0.5, 1], [0, 1], "Expected labels"),
        ([0, 1], [0, -1], "Expected clusters"),
        (["a", "b"], [0, 1], "Expected labels"),
        ([[0, 1]], [0, 1], "Expected labels"),
    ],
)
def test_what_cannot_be_scored_is_refused(labels, clusters, said):
    with pytest.raises(TutorError, match=said):
        evaluation.scores(labels, clusters)
