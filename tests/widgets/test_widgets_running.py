"""What a training panel sends to the screen: seldom, exact at the end, and its line charts."""

import re
import types
from dataclasses import replace

import numpy as np
import pytest
from support.running import on, stop_after

import rnn_tutor as rt
from rnn_tutor.training.settings import ClassifierSettings
from rnn_tutor.widgets import ClassifierPanel, _lines, _running

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

    on(panel, "batch", tick)


def messages(panel):
    """Counts what the panel sends from now on, as (name of the part, name of what changed)."""
    sent = []
    for part in ("_bar", "_status", "_curve"):
        getattr(panel, part).observe(lambda change, part=part: sent.append((part, change.name)))
    return sent


# Messages


def test_most_batches_send_nothing(images, clock):
    """120 batches of 20 milliseconds: states and drawings now and then, few more at the ends."""
    panel = ClassifierPanel(images, SETTINGS, validation=images)
    passing(panel, clock, 0.02)
    sent = messages(panel)
    panel.run()
    seconds = 0.02 * STEPS * EPOCHS
    assert (
        seconds / _running.DRAW - 2 < sent.count(("_curve", "value")) <= seconds / _running.DRAW + 2
    )
    for part in ("_bar", "_status"):
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
    assert len(panel._batches["loss"]) == 120 and len(sent) < 20


def test_slow_batches_are_all_told(images, clock):
    panel, told = ClassifierPanel(images, SETTINGS), []
    passing(panel, clock, 10.0)
    on(panel, "batch", lambda progress: told.append(panel._bar.value))
    panel.run()
    assert told == [*range(STEPS * EPOCHS)]  # heard before the panel hears of the batch


# The last state is exact, though the clock stands still


@pytest.mark.parametrize("batch", [7, STEPS])
def test_after_a_stop(images, clock, batch):
    panel = ClassifierPanel(images, SETTINGS, validation=images)
    stop_after(panel, epoch=2, batch=batch)
    panel.run()
    assert panel._bar.value == STEPS + batch == len(panel._batches["loss"])
    assert f"in epoch 2 of 3, after batch {batch} of {STEPS}" in panel._status.value
    assert "after 1 epoch:" in panel._curve.value
    panel.run()
    assert panel._bar.value == panel._bar.max == STEPS * EPOCHS
    assert "Finished" in panel._status.value and "after 3 epochs:" in panel._curve.value


def test_after_an_error(images, clock):
    def fail(progress):
        if progress.step == 9:
            raise ValueError("a listener failed")

    panel = ClassifierPanel(images, SETTINGS)
    on(panel, "batch", fail)
    with pytest.raises(ValueError, match="a listener failed"):
        panel.run()
    assert panel._bar.value == 8 and panel._bar.bar_style == "danger"


def test_while_validation_is_measured(images, clock):
    panel, told = ClassifierPanel(images, SETTINGS, validation=images), []
    passing(panel, clock, 0.03)
    on(panel, "epoch", lambda progress: told.append((panel._bar.value, panel._status.value)))
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


def lines(chart):
    """The points (n, 2) of each line in an SVG, and how it looks."""
    found = re.findall(r'<polyline points="([^"]*)" ([^>]*)/>', chart)
    return [
        (np.array([pair.split(",") for pair in points.split()], float).reshape(-1, 2), look)
        for points, look in found
    ]


def charts(*arguments):
    """The SVG of each measure."""
    drawn = _lines.training_curves(*arguments)
    return dict(re.findall(r'<text y="-10" text-anchor="start">(\w+)</text>(.*?</svg>)', drawn))


def test_a_chart_shows_both_parts_and_each_batch():
    drawn = charts(HISTORY, BATCHES, 2)
    assert [*drawn] == ["loss", "accuracy"]
    for name, chart in drawn.items():
        (pale, _), (training, solid), _, (measured, dashed), _ = lines(chart)
        assert 'stroke-dasharray="none"' in solid and 'stroke-dasharray="7 4"' in dashed
        x, y = training.T
        np.testing.assert_allclose(x / x[0], [1, 2, 3], rtol=0.01)
        np.testing.assert_array_equal(pale[1::2, 0], x)  # a batch that ends an epoch
        scale = np.polyfit(HISTORY[name], y, 1)  # of values to places
        assert scale[0] < 0 < y.min() < y.max() < _lines.HEIGHT
        for places, values in ((y, HISTORY[name]), (measured[:, 1], HISTORY["val_" + name])):
            np.testing.assert_allclose(places, np.polyval(scale, values), atol=0.1)
        ticks = np.array(re.findall(r'<text y="([\d.]+)"[^>]*>([\d.]+)</text>', chart), float)
        assert len(ticks) > 2
        np.testing.assert_allclose(ticks[:, 0], np.polyval(scale, ticks[:, 1]), atol=0.2)


def test_the_curves_are_told_in_words_and_named():
    drawn = _lines.training_curves(HISTORY, BATCHES, 2)
    assert (
        'role="img" aria-label="Line charts by epoch; after 3 epochs: loss 0.5 (0.9 in validation)'
    ) in drawn
    assert drawn.count(">epoch</text>") == 2
    assert re.findall("</svg> ([a-z ]+)</span>", drawn) == ["training", "validation", "each batch"]
    alone = _lines.training_curves({"loss": [1.0]}, BATCHES, 2)
    assert re.findall("</svg> ([a-z ]+)</span>", alone) == ["training", "each batch"]


def test_of_the_batches_only_so_much_is_seen_as_lies_near_the_epochs():
    batches = {"loss": [50.0, 1.4, 0.6, 0.4]}
    for history, inside in [({"loss": [1.0, 0.5]}, False), ({"loss": [1.0]}, True)]:
        highest = lines(charts(history, batches, 2)["loss"])[0][0][0, 1]
        assert (0 < highest < _lines.HEIGHT) == inside


@pytest.mark.parametrize("n", [0, 1, 299, 300, 301, 20_000])
def test_a_line_has_no_more_points_than_there_is_room_for(n):
    y = np.random.default_rng(n).standard_normal(n)
    points = np.column_stack([np.arange(n), y])
    kept = _lines.thinned(points)
    assert len(kept) == n if n <= 300 else 200 < len(kept) <= 300
    assert np.isin(kept[:, 0], points[:, 0]).all() and (np.diff(kept[:, 0]) > 0).all()
    np.testing.assert_array_equal(kept[:, 1], y[kept[:, 0].astype(int)])
    if n:
        assert (kept[-1, 0], kept[:, 1].min(), kept[:, 1].max()) == (n - 1, y.min(), y.max())


def test_a_long_training_is_a_short_message():
    values = np.random.default_rng(0).random(50_000)
    history = {"loss": values[:5000].tolist(), "accuracy": values[:5000].tolist()}
    drawn = _lines.training_curves(history, {"loss": values, "accuracy": values}, 10)
    assert len(drawn) < 32_000


@pytest.mark.parametrize(
    "values",
    [[], [0.0], [1.0, 1.0], [np.nan], [np.nan, np.inf, 2.0], [1e300, 1.0], [1e-12, 2e-12], [-3.0]],
)
def test_any_numbers_can_be_drawn(values):
    for epochs in (values, [1.0, 0.5]):
        history, batches = {"loss": epochs, "val_loss": epochs}, {"loss": values}
        drawn = _lines.training_curves(history, batches, 1).partition(">")[2]
        assert "nan" not in drawn and "inf" not in drawn and len(drawn) < 6000
        for points, _ in lines(charts(history, batches, 1)["loss"]):
            assert ((points[:, 1] >= -150) & (points[:, 1] <= 300)).all()
