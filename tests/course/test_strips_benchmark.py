"""The benchmark of strips: what it runs, in which order, and at which learning rate."""

import importlib
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "data_scripts" / "benchmarks"


@pytest.fixture
def strips(monkeypatch):
    monkeypatch.syspath_prepend(FOLDER)
    for name in ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS"):
        monkeypatch.setenv(name, "1")  # the script sets them; other tests keep theirs
    return importlib.import_module("strips")


def test_a_file_that_is_not_whole_is_balanced(strips):
    """One seed after the other; every network reads trimmed and untrimmed strips."""
    runs = list(strips.plan([0, 1, 2], list(strips.TASKS), list(strips.NETWORKS)))
    assert len(set(runs)) == len(runs)
    of_seed_2 = [run for run in runs if run[2] == 2]
    assert len(of_seed_2) == 2 * 7 + 3 * 3
    before = runs[: runs.index(of_seed_2[0])]
    assert {seed for _, _, seed in before} == {0, 1} and len(before) == 2 * len(of_seed_2)
    everything = {(m, t, s) for m in strips.NETWORKS for t in strips.TASKS for s in (0, 1)}
    assert set(runs) - set(of_seed_2) == everything


def test_a_collapsed_training_is_done_again_at_a_lower_rate(strips, monkeypatch):
    losses = {0.01: 4.14, 0.003: 4.1, 0.001: 2.8}

    def by_network(method, task, seed, rate):
        return {"loss": losses[rate], "learning_rate": rate}

    monkeypatch.setattr(strips, "by_network", by_network)
    found = strips.without_collapse("pooling", "trimmed", 0, 0.01)
    assert found["learning_rate"] == 0.001 and found["collapsed_at"] == [0.01, 0.003]
    losses[0.01] = 3.5
    assert "collapsed_at" not in strips.without_collapse("pooling", "trimmed", 0, 0.01)
    losses[0.001] = 4.14  # no lower rate is left: the last one counts
    assert strips.without_collapse("pooling", "trimmed", 0, 0.003)["loss"] == 4.14


def test_the_rate_is_that_of_strips_with_or_without_margins(strips, tmp_path):
    def run(task, rate, accuracy, loss=3.0):
        what = {"task": task, "method": strips.TUNED[0], "seed": strips.TUNING_SEED}
        return what | {"learning_rate": rate, "accuracy": accuracy, "loss": loss}

    results = strips.Results(tmp_path / "none.json")
    results.content["runs"] = [
        *(run("trimmed", rate, 1.0, rate) for rate in strips.RATES),
        *(run("untrimmed", rate, rate) for rate in strips.RATES),
    ]
    low, high = min(strips.RATES), max(strips.RATES)
    for method in ("GRU, both ways, masked", "GRU, one direction"):
        assert strips.best_rate(results, method, "six speakers") == low  # equal: the lower loss
        assert strips.best_rate(results, method, "background noise") == high
    with pytest.raises(SystemExit, match="not tuned"):
        strips.best_rate(results, "pooling", "trimmed")


def test_half_a_tempo_is_twice_as_wide(strips):
    usual, labels = strips.new_strips(3, {}, 1)
    slow, same = strips.new_strips(3, {}, 0.5)
    assert (labels == same).all() and len(slow) == len(usual)
    for one, other in zip(usual, slow, strict=True):
        assert other.shape == (one.shape[0], 2 * one.shape[1], 1) and other.dtype == one.dtype
    assert (strips.at_one_width(usual[0][..., 0], usual[0].shape[1]) == usual[0][..., 0]).all()
