"""Random views of strips: what may change, and what stays."""

from dataclasses import replace

import numpy as np
import pytest

import rnn_tutor as rt
from rnn_tutor.images.augmentation import StripAugmentation

STRIPS = rt.augmentation.preset("strips")


def bars(gaps, height=8):
    """A strip of white bars, 12 columns each, with black gaps of these widths between them."""
    bar = np.full((height, 12, 1), 255, np.uint8)
    parts = [bar]
    for gap in gaps:
        parts += [np.zeros((height, gap, 1), np.uint8), bar]
    return np.concatenate(parts, axis=1)


def runs(strip):
    """Widths of the (bars, gaps) of a strip."""
    on = np.concatenate([[False], strip.mean(axis=(0, 2)) > 0.5, [False]])
    edges = np.flatnonzero(np.diff(on.astype(int)))
    widths = np.diff(edges)
    return widths[::2], widths[1::2]


def test_no_change_is_no_change():
    strip = rt.load_images("spoken3", limit=1)
    [view] = StripAugmentation()(strip, np.random.default_rng(0))
    np.testing.assert_allclose(view, strip.pixels[0] / 255, atol=1e-6)


def test_pauses_are_redrawn_each_by_itself_and_bars_stay():
    rng, strip = np.random.default_rng(0), bars([20, 20])
    views = [StripAugmentation(pauses=1.0)([strip], rng)[0] for _ in range(200)]
    found = [runs(view) for view in views]
    gaps = np.array([gap for _, gap in found])
    assert all(abs(bar - 12).max() <= 1 for bar, _ in found)
    assert gaps.min() < 10 and gaps.max() > 45  # exp(-1) to exp(1) times 20
    assert abs(np.corrcoef(gaps.T)[0, 1]) < 0.25


def test_tempo_and_stretch_keep_the_order():
    rng, strip = np.random.default_rng(1), bars([10, 30])
    views = [StripAugmentation(tempo=0.3, stretch=0.3)([strip], rng)[0] for _ in range(50)]
    assert len({view.shape[1] for view in views}) > 10
    for view in views:
        found, gaps = runs(view)
        assert len(found) == 3 and gaps[0] < gaps[1]


def test_silence_is_found_above_staff_lines():
    staff = bars([20, 20])
    staff[3] = 80  # a line through everything
    rng = np.random.default_rng(0)
    widths = {StripAugmentation(pauses=1.0)([staff], rng)[0].shape[1] for _ in range(20)}
    assert max(widths) - min(widths) > 20


@pytest.mark.parametrize("name", ["spoken3", "tunes", "words", "morse"])
def test_views_are_images_and_seeded(name):
    images = rt.load_images(name, limit=12)
    first, again = (STRIPS(images, np.random.default_rng(5)) for _ in range(2))
    assert len(first) == 12
    for view, same in zip(first, again, strict=True):
        assert view.dtype == np.float32 and view.shape[0] == images.shape[0]
        assert view.min() >= 0 and view.max() <= 1
        np.testing.assert_array_equal(view, same)
    other = STRIPS(images, np.random.default_rng(6))
    assert [view.shape for view in first] != [view.shape for view in other]


def test_rows_shift_by_whole_pixels():
    strip = np.zeros((8, 10, 1), np.uint8)
    strip[4] = 255
    shift = StripAugmentation(shift=0.25)
    places = {int(shift([strip], np.random.default_rng(s))[0][:, 0, 0].argmax()) for s in range(40)}
    assert places == {2, 3, 4, 5, 6}


@pytest.mark.parametrize("wrong", [{"pauses": -1}, {"tempo": 2}, {"noise": "loud"}])
def test_settings_out_of_range_are_refused(wrong):
    with pytest.raises(rt.TutorError):
        replace(STRIPS, **wrong)
