"""On a graphics card: the panel keeps it nearly as busy as Keras's `fit` does."""

import statistics

import numpy as np
import pytest
from benchmarks import trainer_overhead
from support.accounting import ELSEWHERE

import rnn_tutor as rt
from rnn_tutor._backend import keras


def device():
    """The first device that Keras computes on, such as "gpu:0"."""
    if keras.backend.backend() == "torch":
        return str(keras.ops.ones(1).device).replace("cuda", "gpu")
    return keras.distribution.list_devices()[0]


@pytest.mark.full
def test_an_epoch_in_the_panel_costs_little_more_than_fit():
    if not device().startswith("gpu"):
        pytest.skip(ELSEWHERE + "needs a GPU")
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (60_000, 28, 28, 1), dtype=np.uint8)
    images = rt.ImageSet(pixels, rng.integers(0, 3, len(pixels)), ("a", "b", "c"))
    settings, ratios = rt.training.ClassifierSettings(epochs=1, batch_size=256), []
    for way in ("fit", "panel"):  # what only the first training waits for
        trainer_overhead.seconds(way, images[:1024], settings)
    for _ in range(3):
        by_fit, by_panel = (
            trainer_overhead.seconds(way, images, settings)[0] for way in ("fit", "panel")
        )
        ratios.append(by_panel / by_fit)
    assert statistics.median(ratios) <= 1.2, ratios
