"""The map panel from Python: what it computes, what it sends, and that it refuses nonsense."""

import numpy as np
import pytest

import rnn_tutor as rt
from rnn_tutor.widgets import MapPanel

N = 40
EMBEDDINGS = np.random.default_rng(0).normal(size=(N, 5))
CLUSTERS = np.arange(N) % 4


@pytest.fixture
def images():
    return rt.load_images("digits", limit=N)


@pytest.fixture
def panel(images):
    return MapPanel(images, EMBEDDINGS[:, :2], CLUSTERS, embeddings=EMBEDDINGS)


def test_neighbours_are_those_of_the_embedding(panel):
    distances = np.linalg.norm(EMBEDDINGS - EMBEDDINGS[7], axis=1)
    assert panel.neighbours(7).tolist() == np.argsort(distances)[1:9].tolist()


def test_identical_images_are_neighbours_and_never_the_image_itself(images):
    panel = MapPanel(images, np.zeros((N, 2)), CLUSTERS)
    for index in (0, N - 1):
        near = panel.neighbours(index)
        assert len(near) == 8
        assert index not in near


def test_typical_border_and_doubtful_agree_with_distances_to_the_means(panel):
    means = np.array([EMBEDDINGS[k == CLUSTERS].mean(axis=0) for k in range(4)])
    distances = np.linalg.norm(EMBEDDINGS[:, None] - means, axis=2)
    own = distances[np.arange(N), CLUSTERS]
    distances[np.arange(N), CLUSTERS] = np.inf
    doubt = np.minimum(own / distances.min(axis=1), 1)
    np.testing.assert_allclose(panel.doubt, doubt, rtol=1e-4)
    members = np.flatnonzero(CLUSTERS == 2)
    assert panel.typical(2, 3).tolist() == members[np.argsort(own[members])[:3]].tolist()
    assert panel.doubtful(1)[0] == np.argmax(doubt)
    assert set(panel.border(1).tolist()) == set(np.flatnonzero(CLUSTERS == 1).tolist())


def test_the_selection_and_the_sorting_are_ordinary_objects(panel):
    panel.selection = [5, 3]
    assert panel.selection.tolist() == [3, 5]
    panel.selection = CLUSTERS == 1
    panel.sorting.move(panel.selection, 0)
    assert panel.sorting.sizes == {0: 20, 2: 10, 3: 10}
    assert panel.sorting.history[-1] in panel.code


def test_the_code_shown_does_the_same(images, panel):
    panel.sorting.name(1, "ones")
    panel.sorting.move([0, 4], 1)
    panel.sorting.split(1)
    names = {"rt": rt, "images": images, "clusters": CLUSTERS, "embeddings": EMBEDDINGS}
    exec(panel.code, names)
    np.testing.assert_array_equal(names["sorting"].clusters, panel.sorting.clusters)
    assert names["sorting"].names == panel.sorting.names


def test_the_code_does_nothing_twice_that_a_file_holds(images, tmp_path):
    path = tmp_path / "sorting.csv"
    panel = MapPanel(images, EMBEDDINGS[:, :2], CLUSTERS, embeddings=EMBEDDINGS, path=path)
    panel.sorting.split(0)
    names = {"rt": rt, "images": images, "clusters": CLUSTERS, "embeddings": EMBEDDINGS}
    exec(panel.code, names)
    np.testing.assert_array_equal(names["sorting"].clusters, panel.sorting.clusters)


def test_doubt_follows_what_was_moved(panel):
    before = panel.doubt
    panel.sorting.set_aside([3])
    panel.sorting.move(np.flatnonzero(CLUSTERS == 1), 0)
    assert np.isnan(panel.doubt[3])
    assert not np.allclose(panel.doubt, before, equal_nan=True)


def test_other_points_and_clusters_replace_the_first(panel):
    first = panel.sorting
    panel.replace(EMBEDDINGS[:, 2:4], CLUSTERS % 2, "PCA")
    assert panel.title == "PCA" and panel.sorting.sizes == {0: 20, 1: 20}
    assert panel.figure().alt.startswith("PCA. Map of 40")
    first.move([0], 1)
    assert panel.sorting.sizes == {0: 20, 1: 20}
    with pytest.raises(rt.TutorError):
        panel.replace(EMBEDDINGS, CLUSTERS)


def test_the_saved_state_holds_no_images(images):
    many = images[np.arange(3000) % N]
    panel = MapPanel(many, np.random.default_rng(0).normal(size=(3000, 2)))
    state = panel.get_state()
    assert (
        sum(len(str(value)) for key, value in state.items() if key not in ("_esm", "_css", "_code"))
        < 2000
    )


def test_where_no_front_end_runs_there_is_a_figure(panel):
    data = panel._repr_mimebundle_()[0]
    assert data["text/html"] == panel.figure().html()
    assert data["text/plain"] == repr(panel)
    assert "application/vnd.jupyter.widget-view+json" in data


@pytest.mark.parametrize(
    "make",
    [
        lambda images: MapPanel(images, EMBEDDINGS),
        lambda images: MapPanel(images, EMBEDDINGS[:3, :2]),
        lambda images: MapPanel(images, np.full((N, 2), np.nan)),
        lambda images: MapPanel(images, EMBEDDINGS[:, :2], [0]),
        lambda images: MapPanel(images, EMBEDDINGS[:, :2], embeddings=EMBEDDINGS[:3]),
        lambda images: MapPanel(images, EMBEDDINGS[:, :2], embeddings=EMBEDDINGS * np.nan),
        lambda images: MapPanel(images, EMBEDDINGS[:, :2], columns={"size": [1, 2]}),
        lambda images: MapPanel(images, EMBEDDINGS[:, :2]).neighbours(N),
    ],
)
def test_what_does_not_fit_is_refused(images, make):
    with pytest.raises(rt.TutorError):
        make(images)
