"""`RecurrentClusterer(features=...)`: who gets features, and what is made of their maps."""

import json

import numpy as np
import pytest
from support.plain import outputs_without_package

import rnn_tutor as rt
from rnn_tutor._backend import keras
from rnn_tutor.clusters.features import choose_features

layers = keras.layers


def brightness_map(channels=3):
    """Features that are easily foretold: the mean of each of 2 x 2 quarters, for each channel."""
    image = keras.Input((64, 64, channels))
    return keras.Model(image, layers.AveragePooling2D(32)(image), name="quarters")


def halves(n=40, seed=0):
    """Colour images whose left or right half is bright, or whose upper or lower half is."""
    rng = np.random.default_rng(seed)
    kinds = rng.integers(0, 2, n)
    pixels = rng.integers(0, 60, (n, 64, 64, 3)).astype(np.uint8)
    pixels[kinds == 0, :32] += 150
    pixels[kinds == 1, 32:] += 150
    return pixels, kinds


def clusterer(**settings):
    defaults = {"features": brightness_map(), "encoder": "dense", "epochs": 20, "batch_size": 16}
    defaults |= {"augmentation": "none", "random_state": 0, "verbose": False, "n_clusters": 2}
    return rt.RecurrentClusterer(**defaults | settings)


@pytest.fixture(scope="module")
def photographs():
    images = rt.load_images("photos5")
    return images[np.flatnonzero(np.isin(images.labels, [1, 3]))[::3]]  # 20 hats, 20 pants


@pytest.fixture(scope="module")
def sorted_photographs(photographs):
    with pytest.warns(UserWarning, match="few"):
        return rt.RecurrentClusterer(2, size=64, random_state=0, verbose=False).fit(photographs)


def test_photographs_are_sorted_without_training(photographs, sorted_photographs):
    assert sorted_photographs.features_ == "photographs"
    found = sorted_photographs.labels_
    assert rt.evaluation.matched_accuracy(photographs.labels, found) > 0.85


def test_new_photographs_go_where_the_old_ones_went(photographs, sorted_photographs):
    assert np.array_equal(sorted_photographs.predict(photographs), sorted_photographs.labels_)
    mirrored = photographs.pixels[:, :, ::-1]
    there, back = map(sorted_photographs.transform, (photographs, mirrored))
    np.testing.assert_allclose(there, back, atol=1e-4)  # an image and its mirror image are one


@pytest.mark.full
def test_the_network_is_plain_keras_and_comes_back(photographs, sorted_photographs, tmp_path):
    folder = sorted_photographs.save(tmp_path / "saved")
    some = photographs[:5]
    expected = sorted_photographs.predict_proba(some)
    loaded = rt.RecurrentClusterer.load(folder)
    np.testing.assert_array_equal(loaded.predict_proba(some), expected)
    assert loaded.features_ == "photographs"
    assert loaded.trust_ == sorted_photographs.trust_
    pixels = some.resized(64, 64).as_float()
    [plain] = outputs_without_package([folder / "network.keras"], pixels, tmp_path)
    np.testing.assert_allclose(plain, expected, atol=1e-4)


def test_a_folder_without_features_is_still_read(photographs, sorted_photographs, tmp_path):
    folder = sorted_photographs.save(tmp_path / "saved")
    about = json.loads((folder / "clusterer.json").read_text())
    del about["features"], about["trust"]
    (folder / "clusterer.json").write_text(json.dumps(about))
    assert rt.RecurrentClusterer.load(folder).trust_ is None


@pytest.mark.parametrize(
    "encoder", ["pool", "recurrent", pytest.param("attention", marks=pytest.mark.full), "dense"]
)
@pytest.mark.filterwarnings("ignore:40 pictures are few")
def test_each_reader_reads_the_map(encoder, tmp_path):
    pixels, _ = halves()
    found = clusterer(encoder=encoder).fit(pixels)
    assert np.array_equal(found.predict(pixels), found.labels_)
    loaded = rt.RecurrentClusterer.load(found.save(tmp_path))
    np.testing.assert_allclose(loaded.transform(pixels[:3]), found.transform(pixels[:3]), atol=1e-5)


@pytest.mark.filterwarnings("ignore:40 pictures are few")
@pytest.mark.full
def test_a_reader_knows_what_is_above_and_the_mean_does_not():
    pixels, kinds = halves()
    right = {
        encoder: rt.evaluation.matched_accuracy(
            kinds, clusterer(encoder=encoder).fit(pixels).labels_
        )
        for encoder in ("recurrent", "pool")
    }
    assert right["recurrent"] > 0.95
    assert right["pool"] < 0.9


@pytest.mark.filterwarnings("ignore:40 pictures are few")
def test_the_pooled_map_is_scaled_and_of_length_one():
    """Against NumPy: the mean of each channel, z-scored over the images, at length one."""
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (40, 64, 64, 3)).astype(np.uint8)
    found = clusterer(encoder="pool").fit(pixels)
    means = pixels.mean(axis=(1, 2)) / 255
    scaled = (means - means.mean(axis=0)) / means.std(axis=0)
    expected = scaled / np.linalg.norm(scaled, axis=1, keepdims=True)
    np.testing.assert_allclose(found.transform(pixels), expected, atol=1e-3)


@pytest.mark.filterwarnings("ignore:40 pictures are few")
def test_an_encoder_of_ones_own_reads_the_map():
    seen = []

    def flat(map_shape):
        seen.append(map_shape)
        places = keras.Input(map_shape)
        return keras.Model(places, layers.Flatten()(places))

    found = clusterer(encoder=flat, epochs=1).fit(halves()[0])
    assert seen == [(2, 2, 3)] and found.encoder_.output_shape == (None, 12)


@pytest.mark.filterwarnings("ignore:40 pictures are few")
def test_the_number_of_clusters_is_found():
    pixels, _ = halves()
    assert clusterer(n_clusters="auto").fit(pixels).n_clusters_ == 2


@pytest.mark.filterwarnings("ignore:40 pictures are few", "ignore:Training was stopped")
def test_a_training_that_was_stopped_goes_on(tmp_path, monkeypatch):
    pixels, _ = halves()
    whole = clusterer(checkpoints=tmp_path / "a", epochs=4).fit(pixels)
    clusterer(checkpoints=tmp_path / "b", epochs=2).fit(pixels)
    again = clusterer(checkpoints=tmp_path / "b", epochs=4).fit(pixels)
    assert again.history_ == whole.history_
    np.testing.assert_array_equal(again.transform(pixels), whole.transform(pixels))


@pytest.mark.filterwarnings("ignore:40 pictures are few")
def test_grey_images_become_as_many_channels_as_the_features_read():
    grey = halves()[0][..., :1]
    found = clusterer(encoder="pool", epochs=1).fit(grey)
    colour = clusterer(encoder="pool", epochs=1).fit(grey.repeat(3, axis=3))
    np.testing.assert_allclose(
        found.transform(grey), colour.transform(grey.repeat(3, 3)), atol=1e-5
    )
    with pytest.raises(rt.TutorError, match="channels"):
        found.predict(grey.repeat(3, axis=3))


@pytest.mark.filterwarnings("ignore:40 pictures are few")
def test_a_channel_that_never_changes_says_nothing():
    pixels, _ = halves()
    pixels[..., 1] = 7
    found = clusterer(encoder="pool").fit(pixels).transform(pixels)
    assert np.abs(found[:, 1]).max() < 1e-3 and np.abs(found[:, [0, 2]]).max() > 0.5


@pytest.mark.parametrize(
    ("images", "settings", "gets"),
    [
        ((3, 64, 64, 3), {}, True),
        ((3, 63, 63, 3), {}, False),
        ((3, 128, 58, 3), {}, True),
        ((3, 32, 64, 3), {}, True),
        ((3, 31, 200, 3), {}, False),
        ((3, 64, 64, 1), {}, False),
        ((3, 64, 64, 4), {}, False),
        ((3, 64, 64, 3), {"features": None}, False),
        ((3, 64, 64, 3), {"features": False}, False),
        ((3, 28, 28, 1), {"features": "photographs"}, True),
        ((3, 64, 64, 3), {"size": 32}, False),
        ((3, 64, 64, 3), {"objective": "reconstruction"}, False),
        ((3, 64, 64, 3), {"encoder": lambda shape: None}, False),
        ((3, 64, 64, 3), {"encoder": "recurrent"}, True),
    ],
)
def test_large_colour_images_get_the_features(images, settings, gets):
    pixels = np.random.default_rng(0).integers(0, 256, images).astype(np.uint8)
    asked = {"features": "auto", "encoder": "auto", "objective": "contrastive", "size": None}
    features, why = choose_features(images=pixels, **asked | settings)
    assert (features == "photographs") == gets
    # Which features, and why not, is said of colour images where "auto" decides.
    assert bool(why) == (images[3] == 3 and "features" not in settings)


def test_tall_and_wide_images_together_get_the_features():
    tall = np.random.default_rng(0).integers(0, 256, (128, 40, 3)).astype(np.uint8)
    images = [tall, tall.transpose(1, 0, 2)] * 2
    assert choose_features("auto", images, "auto", "contrastive", None)[0] == "photographs"


def test_grey_images_in_three_channels_do_not():
    grey = np.random.default_rng(0).integers(0, 256, (3, 64, 64, 1)).astype(np.uint8)
    features, why = choose_features("auto", grey.repeat(3, 3), "auto", "contrastive", None)
    assert features is None and "grey" in why


@pytest.mark.parametrize(
    ("n", "encoder", "warned"),
    [
        (149, "recurrent", True),
        (150, "recurrent", False),
        (149, lambda shape: None, True),
        (149, "pool", False),
        (149, "auto", False),
    ],
)
def test_it_says_that_images_are_few_for_an_encoder_that_trains(n, encoder, warned):
    pixels = np.zeros((n, 8, 8, 3), np.uint8)
    _, why = choose_features("photographs", pixels, encoder, "contrastive", None)
    assert (f"{n} pictures" in why) == warned


def to_vectors():
    image = keras.Input((64, 64, 3))
    return keras.Model(image, layers.GlobalAveragePooling2D()(image))


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"features": "birds"}, "photographs"),
        ({"features": 3}, "Keras model"),
        ({"features": to_vectors()}, "map"),
        ({"features": brightness_map(5)}, "5 channels"),
        ({"objective": "reconstruction"}, "contrastive"),
        ({"encoder": "lstm"}, "'recurrent'"),
    ],
)
@pytest.mark.filterwarnings("ignore:40 pictures are few")
def test_what_cannot_be_is_refused(settings, words):
    with pytest.raises(rt.TutorError, match=words):
        clusterer(**settings).fit(halves()[0])
