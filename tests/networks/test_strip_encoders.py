"""Encoders that read strips of any width: what is padded changes nothing."""

import numpy as np
import pytest

import rnn_tutor as rt
from rnn_tutor._backend import keras
from rnn_tutor.networks.strip_encoders import READERS

SHAPE = (12, None, 1)
# Seven networks of about as many parameters, as the benchmark compares them.
NETWORKS = {
    **{reader: {"reader": reader} for reader in READERS},
    "lstm": {"cell": "lstm"},
    "simple_rnn": {"cell": "simple_rnn"},
    "one direction": {"bidirectional": False},
}


def strips(widths=(31, 8, 50, 17, 24, 5), height=12, seed=0):
    rng = np.random.default_rng(seed)
    return [rng.integers(0, 256, (height, width, 1), np.uint8) for width in widths]


def encoder(**settings):
    """A network whose biases are no zeros: with zeros, padding might change nothing by luck."""
    keras.utils.set_random_seed(1)
    network = rt.models.strip_encoder(SHAPE, units=8, **settings)
    rng = np.random.default_rng(2)
    network.set_weights([w + 0.1 * rng.standard_normal(w.shape) for w in network.get_weights()])
    return network


def alone(network, pictures):
    """Read each strip by itself, nothing padded."""
    outputs = [network(picture[None].astype("float32") / 255) for picture in pictures]
    return np.concatenate([keras.ops.convert_to_numpy(output) for output in outputs])


def together(network, pictures, extra=0):
    """Read all strips in one batch, each padded to the widest and `extra` more."""
    widest = max(picture.shape[1] for picture in pictures) + extra
    batch = np.full((len(pictures), 12, widest, 1), -1, "float32")
    for strip, picture in zip(batch, pictures, strict=True):
        strip[:, : picture.shape[1]] = picture / 255
    return keras.ops.convert_to_numpy(network(batch))


@pytest.mark.parametrize("name", NETWORKS)
def test_padding_changes_nothing(name):
    network, pictures = encoder(**NETWORKS[name]), strips()
    expected = alone(network, pictures)
    for extra in (0, 1, 14):  # an odd number, too: strides of 2 must not shift
        found = together(network, pictures, extra)
        assert np.abs(found - expected).max() < 5e-6 * max(1, np.abs(expected).max())


def test_without_a_mask_padding_counts():
    network, pictures = encoder(masked=False), strips()
    assert np.abs(together(network, pictures, 14) - alone(network, pictures)).max() > 1e-3


@pytest.mark.parametrize("name", ["recurrent", "squeezed", "dilated", "attention"])
def test_order_changes_the_embedding(name):
    network = encoder(**NETWORKS[name])
    first, last = strips((20, 20))
    gap = np.zeros((12, 40, 1), np.uint8)
    there = alone(network, [np.concatenate([first, gap, last], axis=1)])
    back = alone(network, [np.concatenate([last, gap, first], axis=1)])
    assert np.abs(there - back).max() > 1e-3


def test_pooling_cannot_tell_orders():
    """Parts that lie far enough apart, on the same grid of strides, give the same features."""
    network = encoder(reader="pooling")
    gap = np.zeros((12, 64, 1), np.uint8)
    first, last = strips((24, 24))
    there = alone(network, [np.concatenate([gap, first, gap, last, gap], axis=1)])
    back = alone(network, [np.concatenate([gap, last, gap, first, gap], axis=1)])
    np.testing.assert_allclose(there, back, atol=1e-5)


def test_squeezing_looks_at_the_whole_strip_whatever_its_width():
    network = encoder(reader="squeezed")
    flat = [np.full((12, width, 1), 150, np.uint8) for width in (20, 64, 200)]
    found = alone(network, flat)
    np.testing.assert_allclose(found[1:], found[:1].repeat(2, axis=0), atol=1e-4)


def test_embed_keeps_the_order_of_strips():
    network, pictures = encoder(), strips()
    found = rt.embed(network, pictures, batch_size=2)
    np.testing.assert_allclose(found, alone(network, pictures), atol=1e-6)
    images = rt.load_images(pictures, height=12)
    np.testing.assert_allclose(rt.embed(network, images), found, atol=1e-6)


def test_a_saved_encoder_is_plain_keras(tmp_path):
    network, pictures = encoder(), strips()
    network.save(tmp_path / "encoder.keras")
    loaded = keras.saving.load_model(tmp_path / "encoder.keras", safe_mode=True)
    np.testing.assert_allclose(together(loaded, pictures), together(network, pictures), atol=1e-6)


def test_strips_of_another_height_are_refused():
    with pytest.raises(rt.TutorError, match="height=12"):
        rt.embed(encoder(), strips((5, 9), height=10))


@pytest.mark.parametrize("wrong", [{"reader": "horizontal"}, {"cell": "transistor"}])
def test_names_that_do_not_exist_are_refused(wrong):
    with pytest.raises(rt.TutorError):
        rt.models.strip_encoder(SHAPE, **wrong)


@pytest.mark.full
def test_contrastive_training_reads_strips():
    images = rt.load_images("morse", limit=24)
    network = rt.models.strip_encoder(images.shape, units=4)
    objective = rt.objectives.Contrastive("strips")
    trainer = rt.Trainer(network, objective, images, epochs=3, batch_size=8)
    history = trainer.run()
    assert len(history["loss"]) == 3 and np.isfinite(history["loss"]).all()
    assert rt.embed(trainer.encoder, images).shape == (24, 64)


def test_batches_pad_little():
    """Narrow and wide strips, half and half: at random, nearly half of a batch is padding."""
    pictures = strips([20, 200] * 40)
    batches = rt.objectives.Batches(pictures, rt.objectives.Contrastive("strips"), 10, seed=0)
    read = []
    for step in range(len(batches)):
        views, numbers = batches.draw(0, step)
        assert views.shape[0] == 20 and numbers.tolist() == [*range(10)] * 2
        read.append((views[:, 0, :, 0] >= 0).mean())
    assert np.mean(read) > 0.55
    first, again = (batches.draw(0, 0)[0] for _ in range(2))
    np.testing.assert_array_equal(first, again)  # a function of seed, epoch and step


def test_views_of_strips_need_an_encoder_of_any_width():
    encoder = rt.models.recurrent_encoder((16, 16, 1), units=2)
    with pytest.raises(rt.TutorError, match="strip_encoder"):
        rt.objectives.Contrastive("strips").build(encoder)
