"""Notebook 06: its functions."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
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
