"""`RecurrentClusterer` on strips: images of one height and any widths."""

import numpy as np
import pytest
from support.plain import outputs_without_package

import rnn_tutor as rt
from rnn_tutor._backend import keras
from rnn_tutor.images.augmentation import StripAugmentation


def fitted(images, **settings):
    settings = {"epochs": 1, "batch_size": 16, "random_state": 0, "verbose": False} | settings
    with pytest.warns(UserWarning, match="few"):
        return rt.RecurrentClusterer(4, **settings).fit(images)


@pytest.fixture(scope="module")
def strips():
    return rt.load_images("morse", limit=32)


@pytest.fixture(scope="module")
def clusterer(strips):
    return fitted(strips, augmentation=StripAugmentation(pauses=1.0, noise=0.02))


def test_any_width_is_chosen_where_widths_vary(strips, clusterer):
    assert clusterer.network_.input_shape == (None, 16, None, 1)
    assert clusterer.labels_.shape == (32,)


def test_predict_agrees_with_fit_whatever_comes_along(strips, clusterer):
    np.testing.assert_array_equal(clusterer.predict(strips), clusterer.labels_)
    alone = [clusterer.predict(strips[i])[0] for i in range(3)]
    np.testing.assert_array_equal(alone, clusterer.labels_[:3])
    assert clusterer.transform(strips[:5]).shape == (5, 64)
    assert clusterer.predict_proba(strips[:0]).shape == (0, 4)


def test_strips_of_another_height_are_resized(strips, clusterer):
    found = clusterer.transform(strips.resized(32))
    same = (found * clusterer.transform(strips)).sum(axis=1)  # both of length 1
    assert same.mean() > 0.9


@pytest.mark.full
def test_a_saved_clusterer_reads_strips(strips, clusterer, tmp_path):
    again = rt.RecurrentClusterer.load(clusterer.save(tmp_path / "saved"))
    np.testing.assert_array_equal(again.predict(strips), clusterer.labels_)
    assert again.augmentation == clusterer.augmentation
    path = tmp_path / "saved" / "network.keras"
    [found] = outputs_without_package([path], strips.as_float(), tmp_path)
    np.testing.assert_allclose(found, clusterer.predict_proba(strips), atol=1e-5)


@pytest.mark.full
def test_one_width_and_any_width_can_be_asked_for(strips):
    assert fitted(strips, width="one").network_.input_shape[2] is not None
    square = rt.load_images("digits", limit=20)
    assert fitted(square, width="any").network_.input_shape == (None, 8, None, 1)


@pytest.mark.full
def test_images_of_many_heights_are_cut_to_one_size():
    rng = np.random.default_rng(0)
    images = [rng.integers(0, 256, (h, 16, 1), np.uint8) for h in (8, 16, 24, 40)] * 4
    assert fitted(images).network_.input_shape[2] is not None


def test_the_choice_is_said(strips, capsys, monkeypatch):
    def broken(trainer):
        raise RuntimeError

    monkeypatch.setattr(rt.Trainer, "run", broken)  # it is said before
    with pytest.raises(RuntimeError):
        fitted(strips, verbose=True)
    assert 'width="one"' in capsys.readouterr().out


@pytest.mark.parametrize("encoder", ["dense", pytest.param("pooling", marks=pytest.mark.full)])
def test_other_readers(strips, encoder):
    assert fitted(strips, encoder=encoder).transform(strips[:2]).shape == (2, 64)


def test_an_encoder_of_ones_own(strips):
    image = keras.Input((16, None, 1))
    pooled = keras.layers.GlobalMaxPooling2D()(keras.layers.Conv2D(8, 3)(image))
    assert fitted(strips, encoder=keras.Model(image, pooled)).transform(strips[:2]).shape == (2, 64)


@pytest.mark.filterwarnings("ignore:.*pictures are few")
@pytest.mark.parametrize(
    "settings",
    [
        {"width": "wide"},
        {"width": "any", "features": "photographs"},
        {"width": "any", "objective": "reconstruction"},
        {"width": "any", "encoder": "horizontal"},
        {"width": "any", "augmentation": "digits"},
    ],
)
def test_settings_that_do_not_go_with_strips(strips, settings):
    with pytest.raises(rt.TutorError):
        rt.RecurrentClusterer(4, epochs=1, verbose=False, **settings).fit(strips)


@pytest.mark.filterwarnings("ignore:.*pictures are few")
def test_a_stream_is_sorted_at_one_size_and_read_by_a_network_of_any_width(
    strips, clusterer, tmp_path
):
    folder = strips.write(tmp_path / "morse")
    stream = rt.load_images(folder, height=16, width=32, stream=True)
    assert fitted(stream).network_.input_shape == (None, 16, 32, 1)
    with pytest.raises(rt.TutorError, match="stream"):
        rt.RecurrentClusterer(4, width="any", epochs=1, verbose=False).fit(stream)
    np.testing.assert_allclose(
        clusterer.transform(stream), clusterer.transform(stream.load()), atol=1e-5
    )
