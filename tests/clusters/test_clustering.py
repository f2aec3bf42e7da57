"""Clusters that are there are found, each time; awkward data ends in clusters or a sentence."""

import os
import subprocess
import sys

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.cluster import KMeans
from sklearn.datasets import make_blobs
from sklearn.decomposition import PCA
from sklearn.exceptions import NotFittedError
from sklearn.utils import estimator_checks

from rnn_tutor import TutorError
from rnn_tutor.clusters import clustering, evaluation, head, neighbours, projection
from rnn_tutor.clusters.clustering import Clustering
from rnn_tutor.clusters.projection import l2_normalize, project

BLOBS, KINDS = make_blobs([60, 30, 45], 40, random_state=1)
BOTH = pytest.mark.parametrize("method", clustering.METHODS)
# UMAP compiles itself for a quarter of a minute; in the usual run, notebook 08 does that.
WITH_AND_WITHOUT_UMAP = pytest.mark.parametrize(
    "umap", [False, pytest.param(True, marks=pytest.mark.full)]
)
EACH_MAP = pytest.mark.parametrize(
    "method",
    [pytest.param(m, marks=pytest.mark.full if m == "umap" else ()) for m in projection.MAPS],
)


@BOTH
@WITH_AND_WITHOUT_UMAP
def test_blobs_are_found_twice_the_same_and_numbered_by_size(method, umap):
    fitted = Clustering(3, method, umap).fit(BLOBS)
    assert evaluation.matched_accuracy(KINDS, fitted.labels) == 1
    assert fitted.sizes.tolist() == [60, 45, 30]
    assert fitted.labels.dtype == np.int64
    assert 0 <= fitted.confidence_.min() <= fitted.confidence_.max() <= 1
    again = Clustering(3, method, umap).fit(BLOBS)
    np.testing.assert_array_equal(again.labels, fitted.labels)
    np.testing.assert_array_equal(again.confidence_, fitted.confidence_)


@BOTH
def test_the_seed_alone_decides_where_there_are_no_clusters(method):
    noise = np.random.default_rng(0).random((150, 2))
    runs = [Clustering(9, method, seed=seed).fit_predict(noise) for seed in (0, 0, 1)]
    np.testing.assert_array_equal(runs[0], runs[1])
    assert evaluation.ari(runs[0], runs[2]) < 1


def test_fit_predict_gives_the_labels():
    settings = Clustering(3, seed=4)
    np.testing.assert_array_equal(settings.fit_predict(BLOBS), settings.fit(BLOBS).labels)


@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::FutureWarning")
def test_it_is_a_clusterer_of_scikit_learn():
    results = estimator_checks.check_estimator(Clustering(3), on_fail=None)
    failed = {r["check_name"]: repr(r["exception"]) for r in results if r["status"] == "failed"}
    assert not failed
    assert sum(r["status"] == "passed" for r in results) > 40


def test_a_copy_has_the_settings_and_nothing_that_was_found():
    fitted = Clustering(3, seed=4).fit(BLOBS)
    copy = clone(fitted)
    assert copy == fitted and copy.get_params() == fitted.get_params()
    with pytest.raises(NotFittedError):
        copy.typical(0)
    assert copy.set_params(n_clusters=2).fit(BLOBS).sizes.shape == (2,)
    assert fitted.sizes.shape == (3,)


def test_settings_print_as_python():
    settings = Clustering(7, "gaussian_mixture", umap=True, seed=3)
    assert eval(repr(settings), {"Clustering": Clustering}) == settings


def test_kmeans_confidence_falls_from_the_centre_to_the_border():
    line = np.array([[0.0], [1], [2], [3.9], [8], [9], [10]])
    fitted = Clustering(2).fit(line)
    left = fitted.labels[0]
    centres = line[fitted.labels == left].mean(), line[fitted.labels != left].mean()
    near, far = abs(line[3, 0] - centres[0]), abs(line[3, 0] - centres[1])
    assert fitted.confidence_[3] == pytest.approx(1 - near / far)
    assert fitted.borderline(left, 1).tolist() == [3]


def test_typical_pictures_are_nearest_to_the_centre():
    fitted = Clustering(3).fit(BLOBS)
    members = BLOBS[fitted.labels == 2]
    steps = np.linalg.norm(BLOBS - members.mean(axis=0), axis=1)
    steps[fitted.labels != 2] = np.inf
    assert fitted.typical(2, 5).tolist() == np.argsort(steps)[:5].tolist()
    assert len(fitted.typical(2, 99)) == len(fitted.borderline(2, 99)) == 30


def test_the_mixture_knows_where_it_is_unsure():
    r = np.random.default_rng(0)
    points = np.r_[r.normal(0, 1, (200, 2)), r.normal((4, 0), 1, (200, 2))]
    fitted = Clustering(2, "gaussian_mixture").fit(points)
    unsure = points[[fitted.borderline(0, 1)[0], fitted.borderline(1, 1)[0]], 0]
    assert np.all((unsure > 1) & (unsure < 3))
    assert fitted.confidence_[fitted.typical(0, 1)] > 0.9
    assert fitted.confidence_.min() < 0.3


def test_the_tied_mixture_finds_long_thin_clusters_side_by_side():
    # Two parallel cigars: k-means cuts them across, since their ends lie far apart.
    r = np.random.default_rng(0)
    kinds = np.repeat([0, 1], 300)
    points = r.normal(0, (2.5, 0.5), (600, 2)) + np.c_[np.zeros(600), 3.5 * kinds]
    tied, kmeans = (Clustering(2, m).fit(points) for m in ("tied_mixture", "kmeans"))
    assert evaluation.matched_accuracy(kinds, tied.labels) > 0.98
    assert evaluation.matched_accuracy(kinds, kmeans.labels) < 0.7
    from sklearn.mixture import GaussianMixture

    reference = GaussianMixture(2, covariance_type="tied", n_init=5, random_state=0).fit(points)
    steps = points - reference.means_[reference.predict(points)]
    expected = np.sqrt(np.einsum("nd,de,ne->n", steps, reference.precisions_, steps))
    np.testing.assert_allclose(tied.distances_, expected, rtol=0.02)


def test_equally_confident_pictures_come_from_the_outermost_inwards():
    fitted = Clustering(1).fit([[1.0], [-3.0], [2.0]])  # around 0; one cluster, so all are sure
    assert (fitted.confidence_ == 1).all()
    assert fitted.borderline(0).tolist() == [1, 2, 0]


@pytest.mark.parametrize(("n", "kept"), [(300, 20), (80, 10), (12, 2)])
def test_the_mixture_sees_no_more_dimensions_than_pictures_allow(n, kept, monkeypatch):
    points, kinds = make_blobs(n, 100, centers=4, random_state=0)
    seen = []
    pca = projection.pca
    monkeypatch.setattr(clustering, "pca", lambda *a: seen.append(pca(*a)) or seen[-1])
    found = Clustering(4, "gaussian_mixture").fit_predict(points.astype(np.float32))
    assert [part.shape for part in seen] == [(n, kept)]
    assert evaluation.matched_accuracy(kinds, found) > 0.9 or n == 12


@BOTH
def test_embeddings_may_be_tiny_numbers(method):
    fitted = Clustering(3, method).fit(BLOBS * 1e-6)
    assert evaluation.matched_accuracy(KINDS, fitted.labels) == 1


@BOTH
@WITH_AND_WITHOUT_UMAP
@pytest.mark.parametrize(
    "points",
    [
        np.ones((40, 8)),
        np.ones((1, 3)),
        np.eye(2, 5),
        np.random.default_rng(0).normal(size=(12, 64)),
        np.arange(20)[:, None],
        np.repeat(np.eye(3), 20, axis=0),
    ],
    ids=["constant", "one", "two", "a dozen", "one dimension", "three different ones"],
)
def test_awkward_data_is_clustered(points, method, umap):
    k = min(5, len(points))
    fitted = Clustering(k, method, umap).fit(points)
    assert fitted.sizes.shape == (k,)
    assert fitted.sizes.sum() == len(points)
    assert np.isfinite(fitted.confidence_).all()
    assert np.isfinite(fitted.distances_).all()
    assert all(len(fitted.typical(c)) == min(8, fitted.sizes[c]) for c in range(k))


@EACH_MAP
@pytest.mark.parametrize("shape", [(1, 3), (2, 5), (12, 64), (40, 1), (60, 60)])
def test_maps_have_two_finite_directions_and_repeat(shape, method):
    points = np.random.default_rng(0).normal(size=shape)
    first, second = project(points, method), project(points, method)
    assert first.shape == (shape[0], 2)
    assert first.dtype == np.float32
    assert np.isfinite(first).all()
    np.testing.assert_array_equal(first, second)


@EACH_MAP
def test_maps_keep_clusters_apart(method):
    flat = project(BLOBS, method)
    assert evaluation.matched_accuracy(KINDS, Clustering(3).fit_predict(flat)) == 1


def test_the_pca_map_is_scikit_learns():
    expected = PCA(2).fit_transform(BLOBS)
    np.testing.assert_allclose(project(BLOBS), expected, rtol=1e-4, atol=1e-4)


def test_normalized_embeddings_have_length_one():
    points = l2_normalize([[3, 4], [0, 0]])
    assert points.dtype == np.float32
    np.testing.assert_allclose(points, [[0.6, 0.8], [0, 0]], rtol=1e-6)


def with_nan(rows):
    points = np.zeros((20, 3))
    points[rows, 1] = np.nan
    return points


@pytest.mark.parametrize(
    ("points", "said"),
    [
        (np.zeros((3, 4)), "5 clusters .* there are 3"),
        (np.zeros(9), r"\(9,\)"),
        (np.zeros((9, 4, 4, 1)), "reshape"),
        (np.zeros((0, 4)), r"\(0, 4\)"),
        (with_nan([2, 17]), "2 of 20 .*rows 2, 17"),
        (with_nan(range(15)), "15 of 20 .*8, 9 and 5 more"),
        (np.full((9, 2), np.inf), "infinity"),
        (np.array([["a", "b"]]), "Expected embeddings"),
    ],
)
def test_what_cannot_be_clustered_is_refused(points, said):
    with pytest.raises(TutorError, match=said):
        Clustering().fit(points)


def test_wrong_settings_are_refused():
    with pytest.raises(TutorError, match="kmeans, tied_mixture, gaussian_mixture"):
        Clustering(method="dbscan").fit(BLOBS)
    with pytest.raises(TutorError, match="whole number from 1; received 0"):
        Clustering(0).fit(BLOBS)
    with pytest.raises(TutorError, match="pca, umap, tsne"):
        project(BLOBS, "mds")
    with pytest.raises(TutorError, match="0 to 2"):
        Clustering(3).fit(BLOBS).typical(3)


@pytest.mark.full
def test_umap_is_loaded_late_and_alone():
    code = (
        "import sys; from rnn_tutor.clusters import projection; assert 'umap' not in sys.modules; "
        "projection.import_umap(); assert 'tensorflow' not in sys.modules; "
        "assert 'umap.parametric_umap' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.full
@pytest.mark.skipif(sys.platform != "linux", reason="reads the peak of memory from Linux")
def test_the_first_import_of_umap_holds_no_more_than_the_next(tmp_path, monkeypatch):
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    code = (
        "from rnn_tutor.clusters import projection; projection.import_umap(); "
        "import os, store_notebooks; print(store_notebooks.peak_memory(os.getpid()))"
    )
    path = os.pathsep.join(sys.path)
    run = [sys.executable, "-c", code]
    first, second = (
        float(subprocess.check_output(run, env={**os.environ, "PYTHONPATH": path}))
        for _ in range(2)
    )
    assert first < second + 30  # MB; compiling takes 100


def test_halves_give_clusters_to_all():
    found = evaluation.on_halves(BLOBS, 3, seed=5, halves=4)
    assert [labels.shape for labels in found] == [(135,)] * 4
    assert all(evaluation.matched_accuracy(KINDS, labels) == 1 for labels in found)
    again = evaluation.on_halves(BLOBS, 3, seed=5, halves=4)
    assert all((a == b).all() for a, b in zip(found, again, strict=True))
    noise = np.random.default_rng(0).normal(size=(200, 5))
    first, second = evaluation.on_halves(noise, 4, halves=2)
    assert evaluation.ari(first, second) < 0.9  # other pictures, other clusters
    assert evaluation.on_halves(BLOBS[:5], 3) == []


def misplaced_group(seed=0, pictures=True):
    """Three kinds; some of the first lie by themselves next to the second, but look like theirs."""
    rng = np.random.default_rng(seed)
    kinds = np.repeat([0, 1, 2, 0], [500, 500, 500, 100])
    places = np.array([[0, 0], [4, 0], [0, 5], [4, 1.5]])
    points = np.repeat(places, [500, 500, 500, 100], axis=0) + rng.normal(0, 0.2, (1600, 2))
    looks = rng.integers(0, 256, (3, 6, 6, 1))[kinds] if pictures else 0
    pixels = np.clip(looks + rng.normal(0, 40, (1600, 6, 6, 1)), 0, 255).astype(np.uint8)
    return points, Clustering(3).fit_predict(points), pixels, kinds


def test_a_misplaced_group_moves_to_its_neighbours():
    points, labels, pixels, kinds = misplaced_group()
    assert evaluation.matched_accuracy(kinds, labels) == 1500 / 1600
    groups, clusters = neighbours.reassign_by_neighbours(points, labels, pixels, 3)
    assert groups.shape == (1600,) and groups.dtype == clusters.dtype == np.int64
    assert clusters.shape == (30,) and set(clusters) == {0, 1, 2}
    assert evaluation.matched_accuracy(kinds, clusters[groups]) == 1
    again = neighbours.reassign_by_neighbours(points, labels, pixels, 3)
    assert (again[0] == groups).all() and (again[1] == clusters).all()


def test_no_group_moves_where_pixels_tell_nothing():
    points, labels, pixels, _ = misplaced_group(pictures=False)
    groups, clusters = neighbours.reassign_by_neighbours(points, labels, pixels, 3)
    assert (clusters[groups] == labels).mean() > 0.99


def test_of_few_pictures_no_group_moves():
    points, labels, pixels, _ = misplaced_group()
    groups, clusters = neighbours.reassign_by_neighbours(points[:1499], labels[:1499], pixels, 3)
    assert (groups == labels[:1499]).all() and (clusters == np.arange(3)).all()


def test_no_cluster_is_emptied_nor_large_ones_preferred_and_moving_ends():
    edges = np.array([[0, 9, 9, 9], [9, 0, 9, 9], [9, 9, 0, 9], [9, 9, 9, 0]])
    edges[0, 1] = edges[1, 0] = 1  # the first two would both rather be elsewhere
    moved = neighbours.move_bundles(edges, np.eye(4), np.ones(4), np.array([0, 0, 1, 1]), 2)
    assert set(moved) == {0, 1}
    drawn = np.array([[0, 10, 8, 8], [10, 0, 8, 8], [8, 8, 0, 200], [8, 8, 200, 0]])
    sizes, held = np.array([10, 10, 80, 80]), np.array([0, 0, 1, 1])  # large, but no nearer
    assert (neighbours.move_bundles(drawn, np.eye(4), sizes, held, 2) == held).all()
    for seed in range(20):
        rng = np.random.default_rng(seed)
        edges, bundles = rng.random((12, 12)) ** 4, neighbours.ward_bundles(rng.random((12, 2)))
        held = np.arange(12) % 3
        moved = neighbours.move_bundles(edges + edges.T, bundles, np.ones(12), held, 3)
        assert set(moved) == {0, 1, 2}


def test_groups_of_the_same_sort_move_together():
    edges = np.zeros((6, 6))  # 0 and 1 are of one sort, 2 and 3 of the same cluster, 4 and 5 not
    edges[0, 1], edges[:2, 2:4], edges[:2, 4:], edges[2, 3], edges[4, 5] = 90, 1, 10, 90, 90
    edges += edges.T
    sizes, held = np.ones(6), np.array([0, 0, 0, 0, 1, 1])
    alone = neighbours.move_bundles(edges, np.eye(6), sizes, held, 2)
    assert (alone == held).all()
    bundles = neighbours.ward_bundles(np.array([[0], [1], [4], [5], [20], [21]]))
    assert bundles.shape == (11, 6) and bundles[-1].all()
    moved = neighbours.move_bundles(edges, bundles, sizes, held, 2)
    assert moved.tolist() == [1, 1, 0, 0, 1, 1]
    large = np.array([5, 5, 1, 1, 1, 1])  # now they are most of their cluster
    assert (neighbours.move_bundles(edges, bundles, large, held, 2)[:2] == 0).all()


def test_of_ten_starts_the_one_of_least_inertia_is_taken():
    points = np.random.default_rng(0).random((400, 5))  # nothing there: starts differ
    for seed in range(3):
        starts = np.random.RandomState(seed)
        every = [KMeans(6, n_init=1, random_state=starts).fit(points) for _ in range(10)]
        best = min(every, key=lambda start: start.inertia_)
        ours = clustering.Clustering(6, seed=seed).fit(points)
        assert evaluation.ari(ours.labels, best.labels_) == 1
        assert (ours.distances_**2).sum() == pytest.approx(best.inertia_)


@pytest.mark.parametrize("there", [(0, 1, 2), (0, 2), (1,)])
def test_a_softmax_learns_clusters_whose_borders_are_lines(there):
    points = np.random.default_rng(0).normal(size=(300, 2))
    centres = np.array([[-1, 0], [1, 0], [0, 2]])[list(there)]
    labels = np.array(there)[((points[:, None] - centres) ** 2).sum(axis=2).argmin(axis=1)]
    weights, biases = head.linear_borders(points, labels, 3)
    assert weights.shape == (2, 3) and biases.shape == (3,)
    assert np.mean((points @ weights + biases).argmax(axis=1) == labels) > 0.98
