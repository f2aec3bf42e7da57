"""What a training panel sends to the screen: seldom, exact at the end, and its line charts."""

import json
import types
from dataclasses import replace

import numpy as np
import pytest
from support.panels import bar, buttons, control, drawn, said, single_batches, texts
from support.running import stop_after

import rnn_tutor as rt
from rnn_tutor.training.settings import ClassifierSettings
from rnn_tutor.widgets import ClassifierPanel, _charts, _running

STEPS, EPOCHS = 40, 3
SETTINGS = ClassifierSettings(
    "simple_rnn", 2, blocks=1, batch_size=3, epochs=EPOCHS, learning_rate=0.01
)


@pytest.fixture(scope="module")
def images():
    labels = np.arange(3 * STEPS) % 3
    return rt.ImageSet(np.repeat(80 * labels, 64).reshape(-1, 8, 8, 1).astype(np.uint8), labels)


@pytest.fixture
def clock(monkeypatch):
    """What the panel takes for the time, in seconds; it stands still unless it is moved."""
    clock = types.SimpleNamespace(now=0.0)
    monkeypatch.setattr(_running, "time", types.SimpleNamespace(monotonic=lambda: clock.now))
    return clock


def passing(panel, clock, seconds):
    """Lets a batch take so long, on the clock."""

    def tick(progress):
        clock.now += seconds

    panel.on("batch", tick)


def messages(panel):
    """Counts what the panel sends from now on, as (name of the part, name of what changed)."""
    sent = []
    parts = [("bar", bar(panel)), ("charts", drawn(panel, "charts")), *enumerate(texts(panel))]
    for name, part in parts:
        name = name if isinstance(name, str) else "text"
        part.observe(lambda change, name=name: sent.append((name, change.name)))
    return sent


# Messages


def test_most_batches_send_nothing(images, clock):
    """120 batches of 20 milliseconds: states and drawings now and then, few more at the ends."""
    panel = ClassifierPanel(images, SETTINGS, validation=images)
    passing(panel, clock, 0.02)
    sent = messages(panel)
    panel.run()
    seconds = 0.02 * STEPS * EPOCHS
    assert abs(sent.count(("charts", "data")) - seconds / _running.DRAW) <= 2
    for part in ("bar", "text"):
        assert (
            seconds / _running.SAY - 2
            < sent.count((part, "value"))
            <= seconds / _running.SAY + EPOCHS + 4
        )
    assert len(sent) < 12 * seconds + 20 < STEPS * EPOCHS


def test_short_epochs_send_no_more(images, clock):
    panel = ClassifierPanel(images[:6], replace(SETTINGS, epochs=60))
    passing(panel, clock, 0.001)
    sent = messages(panel)
    panel.run()
    assert len(single_batches(panel, "loss")) == 120 and len(sent) < 20


def test_slow_batches_are_all_told(images, clock):
    panel, told = ClassifierPanel(images, SETTINGS), []
    passing(panel, clock, 10.0)
    panel.on("batch", lambda progress: told.append(bar(panel).value))
    panel.run()
    assert told == [*range(STEPS * EPOCHS)]  # heard before the panel hears of the batch


# The last state is exact, though the clock stands still


@pytest.mark.parametrize("batch", [7, pytest.param(STEPS, marks=pytest.mark.full)])
def test_after_a_stop(images, clock, batch):
    panel = ClassifierPanel(images, SETTINGS, validation=images)
    stop_after(panel, epoch=2, batch=batch)
    panel.run()
    assert bar(panel).value == STEPS + batch == len(single_batches(panel, "loss"))
    assert f"in epoch 2 of 3, after batch {batch} of {STEPS}" in said(panel)
    assert "after 1 epoch:" in drawn(panel, "charts").data["alt"]
    panel.run()
    assert bar(panel).value == bar(panel).max == STEPS * EPOCHS
    assert "Finished" in said(panel) and "after 3 epochs:" in drawn(panel, "charts").data["alt"]


def test_after_an_error(images, clock):
    def fail(progress):
        if progress.step == 9:
            raise ValueError("a listener failed")

    panel = ClassifierPanel(images, SETTINGS)
    panel.on("batch", fail)
    with pytest.raises(ValueError, match="a listener failed"):
        panel.run()
    assert bar(panel).value == 8 and bar(panel).bar_style == "danger"


@pytest.mark.parametrize(
    ("end", "words"), [("stop", "Go on"), ("finish", "Finished"), ("error", "listener failed")]
)
def test_what_a_panel_says_at_its_end_can_be_acted_upon_at_once(images, end, words):
    """Who reads "Go on continues" may change a setting; the panel must take it."""
    panel, taken = ClassifierPanel(images, replace(SETTINGS, epochs=1)), []
    (status,) = texts(panel, "Ready.")

    def fail(progress):
        raise ValueError("a listener failed")

    def change_a_setting(change):
        if words in change.new and not taken:
            free = [button.description for button in buttons(panel).values() if not button.disabled]
            taken.append(free)
            control(panel, "units").value += 1

    if end == "error":
        panel.on("batch", fail)
    elif end == "stop":
        stop_after(panel, epoch=1, batch=3)
    status.observe(change_a_setting, "value")
    panel.start()
    assert panel.wait(60)
    assert "Stop" not in taken[0] and {"Start", "Go on"} & {*taken[0]}
    assert panel.settings.units == SETTINGS.units + 1


def test_after_an_error_the_stop_before_it_is_forgotten(images):
    """What the stopped run had learnt is lost then, so no words may offer to go on."""

    def fail(progress):
        if progress.step == 5:
            raise ValueError("a listener failed")

    panel = ClassifierPanel(images, SETTINGS)
    stop_after(panel, epoch=1, batch=3)
    panel.on("batch", fail)
    panel.run()
    assert "Go on continues" in said(panel)
    with pytest.raises(ValueError, match="a listener failed"):
        panel.run()
    control(panel, "units").value += 1
    assert not texts(panel, "can go on") and texts(panel, "Ready.")


def test_while_validation_is_measured(images, clock):
    panel, told = ClassifierPanel(images, SETTINGS, validation=images), []
    (status,), shown = texts(panel, "Ready."), bar(panel)
    passing(panel, clock, 0.03)
    panel.on("epoch", lambda progress: told.append((shown.value, status.value)))
    panel.run()
    assert [value for value, _ in told] == [STEPS, 2 * STEPS, 3 * STEPS]
    for number, (_, words) in enumerate(told, 1):
        assert words.startswith(f"epoch {number} of 3, batch {STEPS} of {STEPS}, loss")


# Line charts

HISTORY = {
    "loss": [2.0, 1.0, 0.5],
    "accuracy": [0.2, 0.6, 0.8],
    "val_loss": [2.1, 1.2, 0.9],
    "val_accuracy": [0.1, 0.5, 0.7],
}
BATCHES = {"loss": [3.0, 1.0, 1.5, 0.5, 0.6, 0.4], "accuracy": [0.1, 0.3, 0.5, 0.7, 0.8, 0.8]}


def charts(*arguments):
    """Of each measure its chart, and its lines with their points as (n, 2)."""
    sent = json.loads(json.dumps(_charts.training_charts(*arguments), allow_nan=False))
    found = {}
    for chart in sent["charts"]:
        lines = [(np.reshape(line["points"], (-1, 2)), line) for line in chart["lines"]]
        found[chart["title"]] = chart, lines
    return found


def test_a_chart_shows_both_parts_and_each_batch():
    found = charts(HISTORY, BATCHES, 2)
    assert [*found] == ["loss", "accuracy"]
    for name, (chart, lines) in found.items():
        (pale, look), (training, solid), (measured, dashed) = lines
        assert look["kind"] == "pale" and (solid["dash"], dashed["dash"]) == ("-", "--")
        assert solid["marker"] != dashed["marker"] and solid["marks"] == [0, 1, 2]
        np.testing.assert_allclose(pale[:, 0], [0.5, 1, 1.5, 2, 2.5, 3], atol=0.01)
        np.testing.assert_allclose(pale[:, 1], BATCHES[name], atol=0.01)
        for line, part in ((training, ""), (measured, "val_")):
            np.testing.assert_allclose(line.T, [[1, 2, 3], HISTORY[part + name]], atol=0.01)
        (low, high), (start, end) = chart["y"], chart["x"]
        assert low < min(HISTORY[name]) and max(HISTORY["val_" + name]) < high
        assert start == 0 and 3 < end < 3.2
        for axis in "xy":
            assert len(chart["ticks"][axis]) > 2
            for value, words in chart["ticks"][axis]:
                assert chart[axis][0] <= value <= chart[axis][1] and float(words) == value


def test_the_curves_are_told_in_words_and_named():
    sent = _charts.training_charts(HISTORY, BATCHES, 2)
    assert sent["alt"].startswith("Line charts by epoch; after 3 epochs: loss 0.5 (0.9 in valid")
    assert [key["name"] for key in sent["keys"]] == ["training", "validation", "each batch"]
    alone = _charts.training_charts({"loss": [1.0]}, BATCHES, 2)
    assert [key["name"] for key in alone["keys"]] == ["training", "each batch"]


def test_of_the_batches_only_so_much_is_seen_as_lies_near_the_epochs():
    batches = {"loss": [50.0, 1.4, 0.6, 0.4]}
    for history, inside in [({"loss": [1.0, 0.5]}, False), ({"loss": [1.0]}, True)]:
        chart, _ = charts(history, batches, 2)["loss"]
        assert (chart["y"][1] > 50) == inside


@pytest.mark.parametrize("n", [0, 1, 299, 300, 301, 20_000])
def test_a_line_has_no_more_points_than_there_is_room_for(n):
    y = np.random.default_rng(n).standard_normal(n)
    points = np.column_stack([np.arange(n), y])
    kept = _charts.thinned(points)
    assert len(kept) == n if n <= 300 else 200 < len(kept) <= 300
    assert np.isin(kept[:, 0], points[:, 0]).all() and (np.diff(kept[:, 0]) > 0).all()
    np.testing.assert_array_equal(kept[:, 1], y[kept[:, 0].astype(int)])
    if n:
        assert (kept[-1, 0], kept[:, 1].min(), kept[:, 1].max()) == (n - 1, y.min(), y.max())


def test_a_long_training_is_a_short_message():
    values = np.random.default_rng(0).random(50_000)
    history = {"loss": values[:5000].tolist(), "accuracy": values[:5000].tolist()}
    sent = _charts.training_charts(history, {"loss": values, "accuracy": values}, 10)
    assert len(json.dumps(sent)) < 32_000


@pytest.mark.parametrize(
    "values",
    [[], [0.0], [1.0, 1.0], [np.nan], [np.nan, np.inf, 2.0], [1e300, 1.0], [1e-12, 2e-12], [-3.0]],
)
def test_any_numbers_can_be_drawn(values):
    for epochs in (values, [1.0, 0.5]):
        history, batches = {"loss": epochs, "val_loss": epochs}, {"loss": values}
        chart, lines = charts(history, batches, 1)["loss"]  # as JSON, which knows no NaN
        low, high = chart["y"]
        assert np.isfinite([low, high]).all() and low < high
        for place, _ in lines:
            assert len(place) == np.isfinite(values if place is lines[0][0] else epochs).sum()
