"""The ready-trained features for photographs: weights as shipped; photographs are told apart."""

import json

import numpy as np
import pytest
from scipy.signal import correlate
from sklearn.datasets import load_sample_images

import rnn_tutor as rt
from rnn_tutor._backend import keras
from rnn_tutor.networks import photographs


@pytest.fixture(scope="module")
def features():
    return photographs.photograph_features(96)


@pytest.mark.parametrize(
    ("size", "shape"), [(64, (2, 2)), ((96, 70), (3, 3)), (np.int64(33), (2, 2))]
)
def test_one_place_of_the_map_stands_for_32_pixels(size, shape):
    assert photographs.photograph_features(size).output_shape == (None, *shape, 320)


@pytest.mark.parametrize("size", [31, 0, (64, 8), 64.5, "64", True])
def test_sizes_that_cannot_be_are_refused(size):
    with pytest.raises(rt.TutorError):
        photographs.photograph_features(size)


def test_the_first_layer_is_a_convolution_of_the_scaled_photograph(features):
    """Against SciPy: even sizes and a stride of 2 pad one pixel at the right and the bottom."""
    photograph = np.random.default_rng(0).random((96, 96, 3), dtype="float32")
    stem = keras.Model(features.input, features.get_layer("stem").output)
    found = keras.ops.convert_to_numpy(stem(photograph[None]))[0]
    padded = np.pad((photograph * 255 - 127) / 128, ((0, 1), (0, 1), (0, 0)))
    kernel, bias = features.get_layer("stem").get_weights()
    for channel in (0, 17, 31):
        expected = correlate(padded, kernel[..., channel], "valid")[::2, ::2, 0] + bias[channel]
        np.testing.assert_allclose(found[..., channel], expected, atol=1e-4)


def test_parts_of_one_photograph_lie_closer_than_parts_of_two(features):
    rng = np.random.default_rng(0)
    parts, source = [], []
    for number, photograph in enumerate(load_sample_images().images):
        for _ in range(8):
            top, left = rng.integers(0, 200), rng.integers(0, 400)
            parts.append(photograph[top : top + 192 : 2, left : left + 192 : 2])
            source.append(number)
    maps = features.predict(np.array(parts, "float32") / 255, verbose=0)
    points = rt.clustering.l2_normalize(maps.mean(axis=(1, 2)))
    same = np.equal.outer(source, source)
    likeness = points @ points.T
    np.fill_diagonal(likeness, -1)
    assert same[np.arange(16), likeness.argmax(axis=1)].mean() > 0.9
    found = rt.Clustering(2, seed=0).fit(points).labels
    assert rt.evaluation.matched_accuracy(source, found) > 0.9


def test_the_whole_licence_and_whose_it_is_lie_beside_the_weights():
    licence, notice = (
        (photographs.DATA / f"{photographs.FILE}-{name}.txt").read_text("utf-8")
        for name in ("LICENSE", "NOTICE")
    )
    parts = [f"\n   {number}. " in licence for number in range(1, 10)]
    assert all(parts) and "END OF TERMS AND CONDITIONS" in licence
    assert "Copyright (c) 2020 ML Illustrated" in notice


def test_changed_weights_are_not_used(tmp_path, monkeypatch):
    for ending in ("npz", "json"):
        name = f"{photographs.FILE}.{ending}"
        (tmp_path / name).write_bytes((photographs.DATA / name).read_bytes())
    about = json.loads((tmp_path / f"{photographs.FILE}.json").read_text("utf-8"))
    assert about["made_from"]
    with (tmp_path / f"{photographs.FILE}.npz").open("ab") as file:
        file.write(b"x")
    monkeypatch.setattr(photographs, "DATA", tmp_path)
    with pytest.raises(rt.TutorError, match="shipped"):
        photographs.photograph_features(64)
