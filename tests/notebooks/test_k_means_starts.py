"""Notebook 08 shows that starts of k-means differ: they must, on every machine."""

import numpy as np
import pytest
from sklearn.cluster import KMeans
from support import course

PATH = next(path for path in course.NOTEBOOKS if path.stem == "08_clusters")


@pytest.fixture(scope="module")
def shown():
    """The names that the notebook's cell defines: points, starts, k_means."""
    (cell,) = (c for c in course.code_cells(course.read(PATH)) if c.id == "kmeans")
    names = {"np": np}
    for statement in cell.source.split("\n\n\n"):
        if "rt." not in statement:  # all but the figure
            exec(statement, names)
    return names


def ends(shown, points):
    return [shown["k_means"](points, points[start])[1] for start in shown["starts"]]


def test_each_start_ends_where_lloyd_ends(shown):
    points = shown["points"]
    for start, inertia in zip(shown["starts"], ends(shown, points), strict=True):
        reference = KMeans(4, init=points[start], n_init=1, algorithm="lloyd", tol=0).fit(points)
        assert inertia == pytest.approx(reference.inertia_)


def test_the_best_is_the_four_heaps_and_others_are_far_worse(shown):
    found = ends(shown, shown["points"])
    heaps = shown["points"].reshape(4, 5, 2)
    best = ((heaps - heaps.mean(axis=1, keepdims=True)) ** 2).sum()
    assert found[0] == pytest.approx(best) and found[-1] == pytest.approx(best)
    assert min(found[1:3]) > 5 * best and abs(found[1] - found[2]) > 5 * best


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_rounding_does_not_change_what_is_shown(shown, dtype):
    exact = ends(shown, shown["points"])
    for seed in range(20):
        noise = np.random.default_rng(seed).normal(0, 1e-6, shown["points"].shape)
        found = ends(shown, (shown["points"] + noise).astype(dtype))
        np.testing.assert_allclose(found, exact, rtol=1e-4)
