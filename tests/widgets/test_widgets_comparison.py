"""The comparison panel without a browser: its intervals, its words, its controls."""

import numpy as np
import pytest
from scipy.stats import t, ttest_rel
from support.panels import control, html_of, said

import rnn_tutor as rt
from rnn_tutor.widgets import ComparisonPanel
from rnn_tutor.widgets.comparison import Pair

RNG = np.random.default_rng(0)
LUCK = RNG.normal(0, 0.05, 6)  # of the seeds, the same for all models

TURNS = 0.1 * np.array([1, -1, 1, -1, 1, -1])  # as often ahead as behind


def scores(ahead):
    """Scores of six seeds, so far ahead of the others' 0.8."""
    return (0.8 + ahead + LUCK + RNG.normal(0, 0.001, 6)).tolist()


TABLES = {
    "size": {
        "A": {"small": scores(0.02), "middle": scores(0.02), "large": scores(0)},
        "B, too": {"small": scores(0), "middle": scores(0), "large": scores(0.05)},
        "C": dict.fromkeys(("small", "middle", "large"), (0.8 + LUCK + TURNS).tolist()),
    },
    "noise": {name: {"0.5": scores(ahead)} for name, ahead in (("A", 0), ("B, too", 0), ("C", 1))},
}


@pytest.fixture
def panel():
    return ComparisonPanel(TABLES, name="tables")


def shown(panel):
    assert panel.wait(30)
    return html_of(panel)


def test_the_intervals_are_those_of_paired_differences(panel):
    for value, (low, high) in panel.intervals.items():
        differences = 100 * (np.array(TABLES["size"]["A"][value]) - TABLES["size"]["B, too"][value])
        half = t.ppf(0.975, 5) * differences.std(ddof=1) / np.sqrt(6)
        np.testing.assert_allclose([low, high], differences.mean() + np.array([-half, half]))
        np.testing.assert_allclose(panel.differences[value], differences)


@pytest.mark.parametrize("pair", [Pair("C", "A", "noise"), Pair("B, too", "C", "size")])
def test_the_code_gives_the_intervals(panel, pair):
    panel.pair = pair
    names = {"rt": rt, "np": np, "tables": TABLES, "ttest_rel": ttest_rel}
    exec(panel.code, names)
    assert names["intervals"].keys() == panel.intervals.keys()
    for value, interval in panel.intervals.items():
        np.testing.assert_allclose(names["intervals"][value], interval)


def test_the_verdict_names_who_is_ahead_and_where(panel):
    words = "A is clearly ahead (small; middle), B, too is clearly ahead (large)."
    assert said(panel) == panel.verdict == words
    panel.pair = Pair("B, too", "A", "size")
    assert panel.verdict == "B, too is clearly ahead (large), A is clearly ahead (small; middle)."
    panel.pair = Pair("C", "A", "noise")
    assert said(panel) == "C is clearly ahead (0.5)."
    control(panel, "The other").value = "B, too"
    control(panel, "Question").value = "size"
    assert said(panel) == "These seeds cannot tell C from B, too."


def test_a_lone_clear_difference_is_not_to_be_trusted():
    level = {name: [0.7, 0.8, 0.9] for name in "wxy"}
    other = {"w": [0.8, 0.7, 0.9], "x": [0.7, 0.9, 0.8], "y": [0.801, 0.902, 0.999]}
    panel = ComparisonPanel({"q": {"A": level, "B": other}})
    assert panel.verdict.startswith("B is clearly ahead (y), elsewhere these seeds cannot tell (w")
    assert panel.verdict.endswith("A lone clear difference may be luck.")
    panel = ComparisonPanel({"q": {"A": level, "B": dict(level)}})  # no spread at all
    assert panel.verdict == "These seeds cannot tell A from B."


def test_a_model_that_is_chosen_twice_changes_places(panel):
    control(panel, "The other").value = "A"
    assert panel.pair == Pair("B, too", "A", "size")
    assert control(panel, "One model").value == "B, too"
    control(panel, "One model").value = "A"
    assert panel.pair == Pair("A", "B, too", "size")
    assert 'table["A"], table["B, too"]' in panel.code


def test_the_figure_has_a_dot_for_each_seed_and_words(panel):
    assert "Forest plot" in shown(panel) and "size: below 0 large, above 0 small" in shown(panel)
    with pytest.raises(rt.TutorError, match="ours is one of"):
        panel.pair = Pair("D", "A", "size")
    picture = rt.plots.forest({"P": {"a": (1, 2)}}, dots={"P": {"a": [1, 1.5, 2]}})
    dots = picture.figure.axes[0].lines[-1]
    assert list(dots.get_xdata()) == [1, 1.5, 2] and set(dots.get_ydata()) == {0.3}


@pytest.mark.parametrize(
    "tables", [{}, {"q": {"A": {"1": [0.1, 0.2]}}}, {"q": TABLES["size"], "r": {"A": {}, "B": {}}}]
)
def test_tables_that_cannot_be_paired_are_refused(tables):
    with pytest.raises(rt.TutorError, match="two models or more"):
        ComparisonPanel(tables)
