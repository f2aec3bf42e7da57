"""Our scores against scikit-learn's, brute force, and what must hold of every score."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score
from sklearn.metrics.cluster import contingency_matrix

from rnn_tutor import NeedsLabels, TutorError, evaluation

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


def test_without_labels_scores_say_so():
    found = evaluation.scores(None, [0, 1])
    assert not found
    assert "No labels" in repr(found)
    assert found.accuracy is found.nmi is found.ari is None
    for score in (evaluation.matched_accuracy, evaluation.nmi, evaluation.contingency):
        with pytest.raises(NeedsLabels, match="stability"):
            score(None, [0, 1])


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
