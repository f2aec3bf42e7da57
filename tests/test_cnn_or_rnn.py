"""The comparison of notebook 06: equal sizes, fair draws, the figure, and the stored grid."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import rnn_tutor as rt
from rnn_tutor._comparison import comparison_model, few_of_each, matched_size, rows_shuffled
from rnn_tutor._keras import keras
from rnn_tutor.exercises import e06

SHAPE = (28, 28, 1)


@pytest.fixture(scope="module")
def benchmark():
    """The benchmark as a module; it imports a neighbour of its own folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(Path(__file__).parent / "benchmarks"))
        import cnn_or_rnn

        yield cnn_or_rnn


def kinds_of(model):
    return [type(layer).__name__ for layer in model.layers]


def test_its_default_is_the_classifier_of_the_course():
    ours, theirs = comparison_model(SHAPE), rt.models.classifier(SHAPE)
    assert rt.models.keras_code(ours) == rt.models.keras_code(theirs).replace(
        ', name="classifier"', ""
    ).replace(", name='classifier'", "")


@pytest.mark.parametrize(
    ("kind", "reader"),
    [
        ("CNN", "Dense"),
        ("GRU", "GRU"),
        ("CNN+SimpleRNN", "SimpleRNN"),
        ("CNN+GRU", "GRU"),
        ("CNN+LSTM", "LSTM"),
    ],
)
def test_each_kind_is_what_its_name_says(kind, reader):
    model = comparison_model((20, 24, 3), 4, kind, 7, 9)
    layers = kinds_of(model)
    assert layers.count("Conv2D") == (3 if "CNN" in kind else 0)
    assert [k for k in layers if k in ("SimpleRNN", "GRU", "LSTM")] == [reader] * (kind != "CNN")
    assert [layer.output.shape[-1] for layer in model.layers[-3:]] == [7, 9, 4]


def test_all_have_nearly_the_same_number_of_parameters(benchmark):
    target = rt.models.classifier(SHAPE, 3).count_params()
    for kind, size in benchmark.sizes(SHAPE, 3, width=256).items():
        parameters = comparison_model(SHAPE, 3, kind, size, width=256).count_params()
        assert 0.97 * target < parameters <= target


@given(st.integers(1, 999), st.integers(1, 5))
def test_the_matched_size_is_the_largest_that_fits(size, slope):
    def parameters(units):
        return slope * units + units**2

    assert matched_size(parameters, parameters(size)) == size
    assert matched_size(parameters, parameters(size) - 1) == size - 1


@given(st.integers(1, 9), st.integers(0, 90), st.integers(0, 5))
def test_a_draw_takes_equally_many_of_each_class(classes, n, seed):
    labels = np.random.default_rng(1).permutation(np.repeat(np.arange(classes), 10))
    drawn = few_of_each(labels, n, seed)
    assert len(set(drawn)) == len(drawn) == min(n, len(labels))
    counts = np.bincount(labels[drawn], minlength=classes)
    assert np.ptp(counts) <= 1
    assert set(few_of_each(labels, n // 2, seed)) <= set(drawn)


def test_a_draw_follows_its_seed_and_makes_do_with_small_classes():
    labels = np.repeat([0, 1], [50, 3])
    assert not np.array_equal(few_of_each(labels, 10, 0), few_of_each(labels, 10, 1))
    assert np.bincount(labels[few_of_each(labels, 10, 0)]).tolist() == [7, 3]


def test_rows_are_shuffled_alike_or_each_on_its_own():
    pictures = np.random.default_rng(0).random((40, 9, 3, 2))
    one = rows_shuffled(pictures, np.random.default_rng(1))
    own = rows_shuffled(pictures, np.random.default_rng(1), own=True)
    (order,) = {tuple(orders(b, a)) for a, b in zip(pictures, one, strict=True)}
    assert order != tuple(range(9))
    assert len({tuple(orders(b, a)) for a, b in zip(pictures, own, strict=True)}) > 30


def orders(shuffled, picture):
    """Which row of the picture each row of the shuffled one is; fails where it is none."""
    rows = picture.tolist()
    return [rows.index(row) for row in shuffled.tolist()]


def test_the_exercise_counts_as_keras_does():
    layer = keras.layers.GRU(3)
    layer.build((None, 5, 2))
    assert layer.count_params() == 63  # the first example of exercise 06.1
    assert "63, 2, 3" in Path(e06.__file__).read_text()


def test_training_again_is_the_same_as_training_anew(benchmark):
    train, test = rt.load_images("fashion5").split()
    train, test = train.sample(100), test.sample(100)
    make = {"input_shape": train.shape, "n_classes": 5, "kind": "CNN", "size": 8}
    cell = benchmark.DEFAULTS | {"pictures": 50, "steps": 6}
    used = benchmark.Again(**make)
    used.train(train.as_float(), train.labels, 4, seed=1)
    benchmark.one_seed(used, train, test, cell, seed=3)
    anew = benchmark.Again(**make)
    benchmark.one_seed(anew, train, test, cell, seed=3)
    for a, b in zip(used.model.get_weights(), anew.model.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-6)


def test_changes_are_drawn_for_training_and_test_at_once(benchmark):
    """One order for both; noise of the level asked for, other in every picture."""
    pictures = np.random.default_rng(0).random((4, 6, 5, 1)).astype("float32")
    for change, make in benchmark.CHANGES.items():
        changed = make(pictures, np.random.default_rng(0))
        assert changed.shape == pictures.shape and changed.dtype == np.float32
        assert (change == "none") == np.array_equal(changed, pictures)
        if change.startswith("columns"):
            np.testing.assert_allclose(changed.sum(axis=2), pictures.sum(axis=2), rtol=1e-5)
    noise = benchmark.CHANGES["noise 0.5"](np.zeros((9, 28, 28, 1)), np.random.default_rng(0))
    assert noise.std() == pytest.approx(0.5, rel=0.05)


def test_the_stored_grid_is_whole(benchmark):
    stored = rt.evaluation.stored_results("cnn_or_rnn")
    wanted = {
        (kind, *(benchmark.DEFAULTS | cell).items())
        for kind in benchmark.KINDS
        for cell in benchmark.CELLS
    }
    found = {(r["model"], *((k, r[k]) for k in benchmark.DEFAULTS)) for r in stored["rows"]}
    assert found == wanted
    assert len(stored["rows"]) == len(wanted)
    for row in stored["rows"]:
        assert len(row["accuracy"]) == len(stored["seeds"]) == 5
        assert all(0.2 < value <= 1 for value in row["accuracy"])
        assert 0.9 * 109_765 <= row["parameters"] <= 109_765
    assert set(stored["cost"]) == set(benchmark.KINDS)
    assert all(len(row["seconds_an_epoch"]) >= 3 for row in stored["cost"].values())


SCORES = {
    25: {"a": [0.5, 0.7], "b": [0.4, 0.6]},
    1000: {"a": [0.8, 0.9], "b": [0.7, 0.7]},
}


def test_the_curves_show_means_and_standard_deviations():
    picture = rt.plots.score_curves(SCORES, x="pictures", title="T")
    (axes,) = picture.figure.axes
    first, second = axes.containers
    assert (first.get_label(), second.get_label()) == ("a", "b")
    np.testing.assert_allclose(first.lines[0].get_ydata(orig=False), [0.6, 0.85])
    np.testing.assert_allclose(second.lines[0].get_ydata(orig=False), [0.5, 0.7])
    whiskers = np.array(first.lines[2][0].get_segments())  # (setting, end, x and y)
    deviations = [np.std(column["a"], ddof=1) for column in SCORES.values()]
    np.testing.assert_allclose(np.ptp(whiskers[:, :, 1], axis=1), 2 * np.array(deviations))
    np.testing.assert_allclose(axes.get_xticks(), [np.log10(25), 3])
    assert [t.get_text() for t in axes.get_xticklabels()] == ["25", "1,000"]
    assert "accuracy by pictures (25, 1,000), for a, b" in picture.alt
    assert picture.alt.startswith("T. Line chart")


def test_words_stand_side_by_side_and_no_line_joins_them():
    words = {f"noise {k}": column for k, column in SCORES.items()}
    picture = rt.plots.score_curves(words | {"none": {"c": [0.9]}})
    lines = [container.lines[0] for container in picture.figure.axes[0].containers]
    assert {line.get_linestyle() for line in lines} == {"None"}
    assert len({line.get_marker() for line in lines}) == 3
    places = np.concatenate([line.get_xdata(orig=False) for line in lines])
    assert len(set(places)) == len(places)
    assert "by setting (noise 25, noise 1000, none), for a, b, c" in picture.alt
    assert len(picture.png()) < 60_000
