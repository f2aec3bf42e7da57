"""Notebook 06: its functions, and that the stored grid is whole and fair."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ttest_rel
from support import contract, course

import rnn_tutor as rt

SHAPE, CLASSES = (28, 28, 1), 5


@pytest.fixture(scope="module")
def names():
    """The notebook's functions and its models."""
    (path,) = (path for path in course.NOTEBOOKS if path.stem == "06_cnn_or_rnn")
    notebook = course.read(path)
    found = contract.namespace(notebook)
    exec(next(cell.source for cell in notebook.cells if cell.id == "models"), found)
    found["n_classes"] = CLASSES
    return found


@pytest.fixture(scope="module")
def stored():
    return rt.stored_results("cnn_or_rnn")


def test_the_sizes_of_the_stored_models_are_matched(names, stored):
    assert list(stored["parameters"]) == list(names["MODELS"])
    widths = [n for row in stored["parameters by width"].values() for n in row.values()]
    for parameters in (*stored["parameters"].values(), *widths):
        assert abs(parameters / 40_000 - 1) < 0.1


@pytest.mark.parametrize("name", ["CNN", "RNN, LSTM", "CNN+RNN, GRU"])
def test_no_other_size_is_nearer(names, name):
    def distance(size):
        model = names["comparison_model"](*names["MODELS"][name], size, SHAPE, CLASSES)
        return abs(model.count_params() - 40_000)

    size = names["matched_size"](name, 40_000, SHAPE, CLASSES)
    assert distance(size) == min(distance(size + step) for step in (-1, 0, 1))


def test_a_cnn_and_a_cnn_rnn_differ_in_the_middle_only(names):
    def kinds(name):
        model = names["comparison_model"](*names["MODELS"][name], 8, SHAPE, CLASSES)
        return [type(layer).__name__ for layer in model.layers]

    cnn, both = kinds("CNN"), kinds("CNN+RNN, GRU")
    assert cnn[:5] == both[:5] and cnn[-2:] == both[-2:]
    assert both[5:-2] == ["Reshape", "GRU"]
    assert kinds("RNN, LSTM") == ["InputLayer", "Reshape", "LSTM", "Dense", "Dense"]


@given(labels=st.lists(st.integers(0, 4), min_size=1, max_size=60), seed=st.integers(0, 99))
def test_few_of_each_draws_in_turn(names, labels, seed):
    labels = np.array(labels)
    n = 1 + seed % len(labels)
    chosen = names["few_of_each"](labels, n, seed)
    assert len(set(chosen.tolist())) == n
    drawn, there = Counter(labels[chosen].tolist()), Counter(labels.tolist())
    most = max(drawn.values())
    assert all(drawn[k] >= min(there[k], most - 1) for k in there)
    more = names["few_of_each"](labels, len(labels), seed)
    assert more[:n].tolist() == chosen.tolist()  # whoever draws more keeps what was there


@pytest.mark.parametrize("anew", [False, True])
def test_shuffled_rows_are_the_same_rows(names, anew):
    pictures = np.random.default_rng(0).random((6, 9, 4, 1))
    shuffled = names["rows_shuffled"](pictures, 3, anew)
    assert np.allclose(np.sort(pictures.sum((2, 3))), np.sort(shuffled.sum((2, 3))))
    rows = [{row.tobytes(): k for k, row in enumerate(picture)} for picture in pictures]
    orders = {tuple(rows[i][row.tobytes()] for row in shuffled[i]) for i in range(6)}
    assert len(orders) == (6 if anew else 1)
    assert tuple(range(9)) not in orders


def test_training_is_repeatable_and_learns(names):
    train, test = rt.load_images("fashion5").split()
    few = train[names["few_of_each"](train.labels, 25, 0)]

    def trained(seed):
        return names["trained"]("CNN", 8, few.as_float(), few.labels, 40, 0.004, seed)

    first, again = trained(0), trained(0)
    assert all(map(np.array_equal, first.get_weights(), again.get_weights()))
    assert names["accuracy"](first, few.as_float(), few.labels) > 0.9
    assert 0.6 < names["accuracy"](first, test.as_float(), test.labels) < 0.96


def test_the_stored_grid_is_whole(names, stored):
    numbers = ["25", "100", "400", "1600", "5000"]
    expected = {
        "pictures": (list(names["MODELS"]), numbers),
        "width": (["CNN", "RNN, GRU", "CNN+RNN, GRU"], ["4", "16", "64", "256"]),
        "order": (list(names["MODELS"]), ["fixed", "anew"]),
        "noise": (list(names["MODELS"]), ["0.5"]),
        "noise in the test only": (list(names["MODELS"]), ["0.25", "0.5"]),
        "longer": (list(names["MODELS"]), ["25", "100", "5000"]),
    }
    for experiment, (models, values) in expected.items():
        assert list(stored[experiment]) == models
        for row in stored[experiment].values():
            assert list(row) == values
            assert all(len(scores) == 5 for scores in row.values())
            assert all(0.1 < score <= 1 for scores in row.values() for score in scores)
    assert all(row["seconds"] > 0 and row["mb"] > 0 for row in stored["cost"].values())


def test_the_rate_of_each_model_is_the_best_of_those_tried(stored):
    for name, trials in stored["learning_rate trials (validation)"].items():
        means = {rate: np.mean(scores) for rate, scores in trials.items()}
        assert means[str(stored["learning_rate"][name])] >= max(means.values()) - 0.001


def test_more_pictures_help_every_model(stored):
    for row in stored["pictures"].values():
        means = [np.mean(scores) for scores in row.values()]
        assert means == sorted(means)


def means(stored, experiment, value):
    """{model: mean accuracy over the seeds}."""
    return {name: np.mean(row[value]) for name, row in stored[experiment].items()}


def clear(ours, theirs):
    """-1, 0 or 1: clearly worse, no clear difference, clearly better, seed by seed."""
    low, high = ttest_rel(ours, theirs).confidence_interval()
    return int(low > 0) - int(high < 0)


def against_cnn(stored, name):
    """`clear` at each number of pictures."""
    cnn = stored["pictures"]["CNN"]
    return [clear(scores, cnn[n]) for n, scores in stored["pictures"][name].items()]


def test_what_the_text_says_of_data_is_so(stored):
    pixels = [name for name in stored["pictures"] if name.startswith("RNN, ")]
    for name in pixels:
        assert against_cnn(stored, name) == [-1] * 5
        behind = {n: means(stored, "pictures", n) for n in ("25", "5000")}
        assert 0.085 < behind["25"]["CNN"] - behind["25"][name] < 0.135
        assert 0.007 < behind["5000"]["CNN"] - behind["5000"][name] < 0.013
    assert against_cnn(stored, "CNN+RNN, GRU") == [-1] * 5
    assert against_cnn(stored, "CNN+RNN, LSTM").count(-1) == 2
    assert against_cnn(stored, "CNN+RNN, SimpleRNN") == [0, 1, 0, 0, 0]


def test_what_the_text_says_of_more_updates_is_so(stored):
    for name, row in stored["longer"].items():
        before = stored["pictures"][name]
        assert not clear(row["25"], before["25"]) and not clear(row["100"], before["100"])
        gained = clear(row["5000"], before["5000"])
        assert gained == (name == "CNN+RNN, GRU")


def test_what_the_text_says_of_units_and_width_is_so(stored):
    def compared(kind, ours, theirs):
        ours, theirs = (stored["pictures"][f"{kind}, {cell}"] for cell in (ours, theirs))
        return [clear(ours[n], theirs[n]) for n in ours]

    pairs = (("SimpleRNN", "GRU"), ("SimpleRNN", "LSTM"), ("GRU", "LSTM"))
    assert sum(abs(k) for pair in pairs for k in compared("RNN", *pair)) == 1
    assert compared("CNN+RNN", "SimpleRNN", "GRU") == [1, 1, 1, 0, 1]
    assert compared("CNN+RNN", "SimpleRNN", "LSTM") == [1, 0, 1, 0, 1]
    assert compared("CNN+RNN", "GRU", "LSTM")[:4] == [0] * 4
    for row in stored["width"].values():
        wide = [np.mean(row[width]) for width in ("16", "64", "256")]
        assert max(wide) - min(wide) < 0.008
    narrow = {name: sorted(row["4"]) for name, row in stored["width"].items()}
    assert narrow["CNN"][0] == 0.2 and narrow["CNN"][-1] < 0.91
    assert narrow["CNN+RNN, GRU"][0] < 0.8 < 0.93 < narrow["CNN+RNN, GRU"][1]
    assert narrow["RNN, GRU"][0] > 0.93


def test_what_the_text_says_of_order_is_so(stored):
    def lost(name, order):
        return np.array(stored["pictures"][name]["1600"]) - stored["order"][name][order]

    names = list(stored["order"])
    assert all(lost(name, "fixed").mean() < 0.0105 for name in names)
    for name in names:
        before, after = stored["pictures"][name]["1600"], stored["order"][name]["anew"]
        assert clear(after, before) == -1
        assert 1.4 < (1 - np.mean(after)) / (1 - np.mean(before)) < 2.2
    more = {name: clear(lost(name, "anew"), lost("CNN", "anew")) for name in names[1:]}
    assert [name for name, k in more.items() if k == 1] == ["RNN, SimpleRNN"]
    assert [name for name, k in more.items() if k == -1] == ["RNN, GRU", "CNN+RNN, GRU"]


def test_what_the_text_says_of_noise_is_so(stored):
    def clearly_behind(experiment, strength):
        rows = stored[experiment]
        return [k for k in rows if clear(rows[k][strength], rows["CNN"][strength]) == -1]

    gated = [name for name in stored["noise"] if name.endswith(("GRU", "LSTM"))]
    assert clearly_behind("noise in the test only", "0.25") == gated
    assert clearly_behind("noise in the test only", "0.5") == gated
    assert clearly_behind("noise", "0.5") == ["RNN, SimpleRNN", "RNN, GRU"]


def test_what_the_text_says_of_time_is_so(stored):
    seconds = {name: row["seconds"] for name, row in stored["cost"].items()}
    assert seconds.pop("RNN, GRU") > 1.9 * max(seconds.values())
