"""Sorting by hand: every action, its undoing, its file, and what is suggested from it."""

import csv

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import rnn_tutor as rt

N = 60
TRUE = np.arange(N) % 3
rng = np.random.default_rng(0)
EMBEDDINGS = np.eye(3)[TRUE] * 5 + rng.normal(size=(N, 3)) * 0.3
WRONG = np.where(np.arange(N) < 6, (TRUE + 1) % 3, TRUE)  # the first six lie in a wrong cluster


@pytest.fixture
def images():
    pixels = np.random.default_rng(1).integers(0, 256, (N, 6, 6, 1), dtype=np.uint8)
    return rt.ImageSet(pixels, sources=tuple(f"={i}.png" for i in range(N)), name="sixty")


@pytest.fixture
def sorting(images):
    return rt.Sorting(images, WRONG, EMBEDDINGS)


def test_names_moves_and_merges(sorting):
    sorting.name(0, "  red   things ")
    assert sorting.names == {0: "red things"}
    assert sorting.move([3, 4], "red things") == 0
    assert sorting.clusters[[3, 4]].tolist() == [0, 0]
    assert sorting.placed.sum() == 2
    assert sorting.move(np.arange(N) == 7) == 3  # a cluster of its own
    sorting.merge([1, 3])
    assert set(sorting.sizes) == {0, 1, 2}
    sorting.set_aside(9)
    assert sorting.clusters[9] == -1
    assert sum(sorting.sizes.values()) == N - 1


def test_a_merged_cluster_keeps_the_first_name_there_is(sorting):
    sorting.name(2, "blue")
    sorting.merge([1, 2])
    assert sorting.names == {1: "blue"}


def test_splitting_finds_what_two_clusters_were(images):
    together = np.where(TRUE == 2, 1, TRUE)
    sorting = rt.Sorting(images, together, EMBEDDINGS)
    parts = sorting.split(1)
    assert parts == [1, 2]
    found = sorting.clusters
    for number in (0, 1, 2):
        assert len(set(found[number == TRUE].tolist())) == 1
    assert len(set(found.tolist())) == 3


def test_the_largest_part_keeps_the_number(images):
    sizes = np.array([0] * 50 + [1] * 10)
    places = np.where(sizes == 0, 0.0, 9.0)[:, None]
    sorting = rt.Sorting(images, np.zeros(N, int), places)
    sorting.split(0)
    assert sorting.sizes == {0: 50, 1: 10}


ACTIONS = st.sampled_from(["name", "move", "merge", "split", "aside", "accept"])


@settings(max_examples=25, deadline=None)
@given(st.lists(ACTIONS, min_size=1, max_size=6), st.integers(0, 99))
def test_undo_and_redo_go_back_and_forth_through_every_state(actions, seed):
    chance = np.random.default_rng(seed)
    pixels = np.zeros((N, 2, 2, 1), np.uint8)
    sorting = rt.Sorting(rt.ImageSet(pixels), WRONG, EMBEDDINGS)

    def state():
        return sorting.clusters.tolist(), dict(sorting.names), sorting.placed.tolist()

    states = [state()]
    for action in actions:
        numbers = list(sorting.sizes)
        one = int(chance.choice(numbers))
        if action == "name":
            sorting.name(one, f"n{chance.integers(9)}")
        elif action == "move":
            sorting.move(chance.choice(N, 4, replace=False), one)
        elif action == "merge" and len(numbers) > 1:
            sorting.merge(chance.choice(numbers, 2, replace=False).tolist())
        elif action == "split" and sorting.sizes[one] > 1:
            sorting.split(one)
        elif action == "aside" and sum(sorting.sizes.values()) > 10:
            sorting.set_aside(chance.choice(N, 2, replace=False))
        elif action == "accept" and len(sorting.names.keys() & sorting.sizes.keys()) > 1:
            sorting.accept(sorting.suggest())
        else:
            continue
        states.append(state())
    for known in reversed(states[:-1]):
        assert sorting.undo()
        assert state() == known
    assert not sorting.undo()
    for known in states[1:]:
        assert sorting.redo()
        assert state() == known
    assert not sorting.redo()


def test_the_history_is_python_that_does_the_same(sorting, images):
    sorting.name(0, "it's red")
    sorting.move([3, 4], 0)
    sorting.split(1)
    sorting.set_aside([7])
    sorting.merge([0, 2])
    again = rt.Sorting(images, WRONG, EMBEDDINGS)
    exec("\n".join(sorting.history), {"sorting": again})
    assert again.clusters.tolist() == sorting.clusters.tolist()
    assert again.names == sorting.names


def test_what_was_undone_is_not_in_the_history(sorting):
    sorting.name(0, "a")
    sorting.name(1, "b")
    sorting.undo()
    assert len(sorting.history) == 1


def corrected(images, path):
    """Return a sorting with one action of each kind, which is stored."""
    sorting = rt.Sorting(images, WRONG, EMBEDDINGS, path)
    sorting.name(2, "=cmd|' /C calc'!A0")
    sorting.move([0, 5], 2)
    sorting.set_aside([9])
    sorting.split(0)
    sorting.merge([1, 2])
    sorting.move([20, 21])
    return sorting


def state_of(sorting):
    return sorting.clusters.tolist(), sorting.placed.tolist(), sorting.names


@pytest.mark.parametrize("numbers", [[0, 1, 2], [2, 0, 1]], ids=["as they were", "permuted"])
def test_a_sorting_is_taken_up_again_in_any_order(images, tmp_path, numbers, capsys):
    first = corrected(images, tmp_path / "sorting.csv")
    order = np.random.default_rng(3).permutation(N)
    second = rt.Sorting(
        images[order], np.array(numbers)[WRONG[order]], EMBEDDINGS[order], first.path
    )
    assert second.clusters.tolist() == first.clusters[order].tolist()
    assert second.placed.tolist() == first.placed[order].tolist()
    assert second.names == first.names
    assert len(capsys.readouterr().out.splitlines()) == 1
    second.move([3], 1)
    third = rt.Sorting(images[order], WRONG[order], EMBEDDINGS[order], first.path)
    assert state_of(third) == state_of(second)


def test_new_images_go_where_the_others_of_their_cluster_went(images, tmp_path):
    old = np.arange(N) < 40
    first = rt.Sorting(images[old], TRUE[old], EMBEDDINGS[old], tmp_path / "sorting.csv")
    first.name(0, "zero")
    first.merge([0, 1])
    first.split(2)  # makes a cluster 3
    now = np.where(np.arange(N) < 50, TRUE, 3)  # and so do the new images, another
    second = rt.Sorting(images, now, EMBEDDINGS, first.path)
    assert second.clusters[old].tolist() == first.clusters.tolist()
    assert second.names == {0: "zero"}
    assert set(second.clusters[40:50][TRUE[40:50] < 2]) == {0}
    large = max((2, 3), key=first.sizes.get)
    assert set(second.clusters[40:50][TRUE[40:50] == 2]) == {large}
    assert len(set(second.clusters[50:])) == 1
    assert not set(second.clusters[50:]) & set(second.clusters[:50])


def test_after_another_clustering_names_find_their_images(images, tmp_path):
    """Of three named clusters, one was divided, one grew by new images, and one is gone."""
    old = np.arange(N) < 45
    first = rt.Sorting(images[old], TRUE[old], EMBEDDINGS[old], tmp_path / "sorting.csv")
    for number, name in enumerate(["zero", "one", "two"]):
        first.name(number, name)
    first.move([3], "one")
    first.set_aside([4])
    first.move([1, 7], "two")
    now = np.select([(TRUE == 0) & (np.arange(N) < 9), TRUE == 0, TRUE == 1], [4, 2, 0], 1)
    now[TRUE == 2] = np.arange(20) % 3 + 5  # all over the place
    second = rt.Sorting(images, now, EMBEDDINGS, first.path)
    names = [second.names.get(cluster) for cluster in second.clusters.tolist()]
    assert names[3] == "one" and names[1] == names[7] == "two"
    assert second.clusters[4] == -1
    free = np.flatnonzero(~second.placed)
    assert second.clusters[free].tolist() == now[free].tolist()  # each where the new fit has it
    assert {names[i] for i in free if now[i] == 2} == {"zero"}
    assert {names[i] for i in free if now[i] == 0} == {"one"}
    assert {names[i] for i in free if now[i] == 4} == {None}
    assert np.flatnonzero(second.placed).tolist() == np.flatnonzero(first.placed).tolist()


def test_a_name_without_a_like_cluster_stays_with_the_images_placed(images, tmp_path, capsys):
    first = rt.Sorting(images, TRUE, EMBEDDINGS, tmp_path / "sorting.csv")
    first.name(0, "placed")
    first.name(1, "only named")
    first.move([1, 2], 0)
    second = rt.Sorting(images, np.zeros(N, int), EMBEDDINGS, first.path)
    assert list(second.names.values()) == ["placed"]
    (own,) = second.names
    assert np.flatnonzero(second.clusters == own).tolist() == [1, 2]
    assert set(second.clusters[~second.placed]) == {0} != {own}
    assert "only named" in capsys.readouterr().out


@pytest.mark.parametrize("numbers", [[0, 1, 2], [1, 2, 0]], ids=["same", "permuted"])
def test_rows_of_images_that_are_not_here_stay(images, tmp_path, numbers):
    first = corrected(images, tmp_path / "sorting.csv")
    few = rt.Sorting(images[:30], np.array(numbers)[WRONG[:30]], EMBEDDINGS[:30], first.path)
    few.name(few.clusters[10], "another")
    few.undo()
    again = rt.Sorting(images, WRONG, EMBEDDINGS, first.path)
    assert again.clusters[30:].tolist() == first.clusters[30:].tolist()
    assert state_of(few) == (again.clusters[:30].tolist(), again.placed[:30].tolist(), again.names)


def test_another_folder_does_not_erase_the_first(images, tmp_path):
    first = corrected(images, tmp_path / "sorting.csv")
    other = rt.ImageSet(255 - images.pixels, sources=images.sources)  # the same file names
    second = rt.Sorting(other, TRUE, EMBEDDINGS, first.path)
    assert not second.placed.any() and second.names == {}
    second.name(1, "mine")
    second.merge([0, 2])
    again = rt.Sorting(images, WRONG, EMBEDDINGS, first.path)
    assert state_of(again)[1] == state_of(first)[1]
    kinds = set(zip(again.clusters.tolist(), first.clusters.tolist(), strict=True))
    assert len(kinds) == len(set(first.clusters.tolist()))  # the same but for the numbers
    assert set(again.names.values()) == set(first.names.values())
    mine = rt.Sorting(other, TRUE, EMBEDDINGS, first.path)
    assert set(mine.names.values()) == {"mine"}


def test_merging_takes_images_along_that_are_not_here(images, tmp_path):
    first = rt.Sorting(images, TRUE, EMBEDDINGS, tmp_path / "sorting.csv")
    first.name(0, "zero")
    few = rt.Sorting(images[:30], TRUE[:30], EMBEDDINGS[:30], first.path)
    few.merge([0, 1])
    again = rt.Sorting(images, TRUE, EMBEDDINGS, first.path)
    assert again.clusters.tolist() == np.where(TRUE == 1, 0, TRUE).tolist()
    assert again.names == {0: "zero"}


def test_at_another_size_the_source_tells(images, tmp_path):
    first = corrected(images, tmp_path / "sorting.csv")
    small = images.resized(4, 4)
    second = rt.Sorting(small, WRONG, EMBEDDINGS, first.path)
    assert state_of(second) == state_of(first)
    second.move([2], "new")
    third = rt.Sorting(images, WRONG, EMBEDDINGS, first.path)
    assert state_of(third) == state_of(second)
    rows = list(csv.DictReader(first.path.read_text("utf-8-sig").splitlines()))
    assert len(rows) == N


@pytest.mark.parametrize("stored, here", [(N, 1), (1, N), (N, N)])
def test_a_source_that_is_there_twice_tells_nothing(images, tmp_path, stored, here):
    twice = rt.ImageSet(images.pixels, sources=("a.png",) * N)
    path = tmp_path / "sorting.csv"
    rt.Sorting(twice[:stored], WRONG[:stored], path=path).move([0], "new")
    second = rt.Sorting(twice[:here].resized(4, 4), WRONG[:here], path=path)
    assert not second.placed.any()


def test_a_new_cluster_is_none_of_images_that_are_not_here(images, tmp_path):
    first = rt.Sorting(images, TRUE, EMBEDDINGS, tmp_path / "sorting.csv")
    first.move([40], "new")
    few = rt.Sorting(images[:30], TRUE[:30], EMBEDDINGS[:30], first.path)
    few.move([5], "new")
    again = rt.Sorting(images, TRUE, EMBEDDINGS, first.path)
    assert again.clusters[40] != again.clusters[5] == few.clusters[5]


def test_a_file_of_an_earlier_version_is_taken_up(images, tmp_path):
    path = tmp_path / "sorting.csv"
    first = rt.Sorting(images, WRONG, EMBEDDINGS, path)
    first.name(2, "two")
    first.move([0, 5], 2)
    rows = list(csv.reader(path.read_text("utf-8-sig").splitlines()))
    path.write_text("\n".join(",".join(row[:5]) for row in rows))
    assert state_of(rt.Sorting(images, WRONG, EMBEDDINGS, path)) == state_of(first)


def test_the_file_is_safe_in_a_spreadsheet(images, tmp_path):
    path = tmp_path / "sorting.csv"
    rt.Sorting(images, WRONG, path=path).name(0, "=1+1")
    rows = list(csv.DictReader(path.read_text("utf-8-sig").splitlines()))
    assert len(rows) == N
    assert not any(field.startswith(("=", "+", "@")) for row in rows for field in row.values())


def test_identical_images_keep_their_own_places(tmp_path):
    twins = rt.ImageSet(np.zeros((4, 2, 2, 1), np.uint8))
    path = tmp_path / "twins.csv"
    rt.Sorting(twins, [0, 0, 1, 1], path=path).move([1], 1)
    assert rt.Sorting(twins, [0, 0, 1, 1], path=path).clusters.tolist() == [0, 1, 1, 1]


@pytest.mark.parametrize("content", ["", "a,b\n1,2\n", "source,cluster,name,placed,sha256\nx,y\n"])
def test_a_file_that_is_no_sorting_is_refused_and_left(images, tmp_path, content):
    path = tmp_path / "sorting.csv"
    path.write_text(content)
    if not content:  # nothing stored yet
        rt.Sorting(images, WRONG, path=path)
        return
    with pytest.raises(rt.TutorError, match=r"sorting\.csv"):
        rt.Sorting(images, WRONG, path=path)
    assert path.read_text() == content


def test_a_file_that_cannot_be_written_says_so_and_loses_nothing(images, tmp_path):
    sorting = rt.Sorting(images, WRONG, path=tmp_path / "no" / "folder.csv")
    with pytest.raises(rt.TutorError, match="cannot be written"):
        sorting.name(0, "a")
    assert sorting.names == {0: "a"}


def test_the_nearest_mean_mends_what_lies_astray(sorting):
    sorting.name(0, "a")
    sorting.name(1, "b")
    suggestion = sorting.suggest()
    assert suggestion.method == "nearest mean"
    assert set(suggestion.changes.tolist()) == set(range(6))
    sorting.accept(suggestion)
    assert sorting.clusters.tolist() == TRUE.tolist()


def test_what_was_placed_by_hand_stays(sorting):
    sorting.name(0, "a")
    sorting.name(1, "b")
    sorting.move([0], int(WRONG[0]))
    assert 0 not in sorting.suggest().changes
    sorting.accept(sorting.suggest())
    assert sorting.clusters[0] == WRONG[0]


def test_with_enough_names_a_classifier_learns_what_means_cannot(images):
    """Two rings: their means are the same, and only a classifier on the radius tells them apart."""
    inner = np.arange(N) % 2 == 0
    radius = np.where(inner, 1.0, 3.0)
    angle = np.linspace(0, 40, N)
    places = np.stack([radius * np.cos(angle), radius * np.sin(angle), radius**2 / 50], axis=1)
    sorting = rt.Sorting(images, np.where(np.arange(N) < 30, 0, 1), places * (1, 1, 40))
    sorting.name(0, "inner")
    sorting.name(1, "outer")
    for number, members in enumerate([np.flatnonzero(inner)[:12], np.flatnonzero(~inner)[:12]]):
        sorting.move(members, number)
    suggestion = sorting.suggest()
    assert suggestion.method == "linear classifier"
    assert (suggestion.clusters == np.where(inner, 0, 1)).all()


def test_images_between_two_clusters_are_doubtful(images):
    places = np.where(np.arange(N) < 30, 0.0, 10.0)[:, None]
    places[0] = 4.9
    sorting = rt.Sorting(images, (places[:, 0] > 5).astype(int), places)
    sorting.name(0, "low")
    sorting.name(1, "high")
    assert sorting.suggest().doubtful.tolist() == [0]


def test_names_become_labels(sorting):
    sorting.name(0, "a")
    sorting.name(2, "b")
    sorting.set_aside([0])
    named = sorting.labelled()
    assert named.class_names == ("a", "b")
    expected = {0: 0, 1: -1, 2: 1, -1: -1}
    assert named.labels.tolist() == [expected[c] for c in sorting.clusters.tolist()]


@pytest.mark.parametrize(
    "action",
    [
        lambda s: s.name(9, "x"),
        lambda s: s.name(0, "\x00"),
        lambda s: s.move([N], 0),
        lambda s: s.move([], 0),
        lambda s: s.move([1], "nobody"),
        lambda s: s.merge([1]),
        lambda s: s.merge([1, 1]),
        lambda s: s.split(0, 1),
        lambda s: s.split(0, 10_000),
        lambda s: s.set_aside([-N - 1]),
        lambda s: s.suggest(),
        lambda s: rt.Sorting(s.images, [0]),
        lambda s: rt.Sorting(s.images, np.zeros(N)),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(sorting, action):
    with pytest.raises(rt.TutorError):
        action(sorting)
    assert sorting.history == ()
    assert sorting.clusters.tolist() == WRONG.tolist()
