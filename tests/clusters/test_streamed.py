"""Training, embedding and clustering of images on disk: the same as in memory."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import rnn_tutor as rt
from rnn_tutor import _machine
from rnn_tutor.clusters import streams


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """The same 110 images in memory and on disk."""
    folder = rt.load_images("shapes", limit=110, size=24).write(tmp_path_factory.mktemp("set"))
    return rt.load_images(folder, size=20), rt.load_images(folder, size=20, stream=True)


def small(shape, units=6, activation="tanh"):
    """A network whose graph is built at once."""
    rt.load_keras()
    import keras

    keras.utils.set_random_seed(0)
    image = keras.Input(shape)
    x = keras.layers.Dense(units, activation)(keras.layers.Flatten()(image))
    return keras.Model(image, x)


def trainer_of(images, objective, **settings):
    model = small(images.shape)
    if objective.uses_labels:
        model = small(images.shape, images.n_classes, "softmax")
    return rt.Trainer(model, objective, images, epochs=2, batch_size=30, **settings)


@pytest.mark.parametrize(
    "objective",
    [rt.objectives.Contrastive("objects"), rt.objectives.Classification()],
    ids=lambda o: type(o).__name__,
)
def test_a_training_on_disk_is_the_one_in_memory(both, objective):
    settings = [{"validation": images[:25]} if objective.uses_labels else {} for images in both]
    memory, disk = (
        trainer_of(images, objective, **more) for images, more in zip(both, settings, strict=True)
    )
    memory.run()
    disk.run()
    assert memory.batch_losses == pytest.approx(disk.batch_losses, rel=1e-5)
    for name, values in memory.history.items():
        assert values == pytest.approx(disk.history[name], rel=1e-5), name
    embedded = [rt.embed(memory.encoder, images, batch_size=16) for images in both]
    assert np.allclose(*embedded, atol=1e-6)


def test_clusters_of_images_on_disk_are_those_in_memory(both):
    fits = [
        rt.RecurrentClusterer(5, epochs=2, batch_size=30, random_state=0, encoder=small).fit(images)
        for images in both
    ]
    memory, disk = fits
    assert memory.history_["loss"] == pytest.approx(disk.history_["loss"], rel=1e-5)
    assert memory.labels_.tolist() == disk.labels_.tolist()
    assert memory.stability_ == pytest.approx(disk.stability_)
    assert memory.looked_at_ == disk.looked_at_ == 110
    for images in both:
        assert disk.predict(images).tolist() == memory.labels_.tolist()
        assert np.allclose(disk.transform(images), memory.transform(both[0]), atol=1e-6)
    assert disk.predict(both[1][:0]).shape == (0,)


def test_of_a_long_stream_clusters_are_looked_for_among_some(both, monkeypatch, capsys):
    monkeypatch.setattr(streams, "LOOKED_AT", 60)
    _, disk = both
    fitted = rt.RecurrentClusterer(5, epochs=1, batch_size=30, random_state=0, encoder=small).fit(
        disk
    )
    assert "60 of 110" in capsys.readouterr().out
    assert len(fitted.labels_) == 110 and fitted.looked_at_ == 60
    assert fitted.predict(disk).tolist() == fitted.labels_.tolist()


def test_what_is_found_in_a_stream_is_found_in_the_sample_alone(both, monkeypatch):
    """What is not drawn changes nothing but what the network learns, here nothing."""
    monkeypatch.setattr(streams, "LOOKED_AT", 60)
    settings = {"features": edges(), "encoder": "pool", "random_state": 0, "verbose": False}
    whole = rt.RecurrentClusterer(5, **settings).fit(both[1])
    seed = np.random.RandomState(0).randint(2**31 - 1)
    drawn = streams.look_at_some(both[1].pixels, seed, verbose=False)
    alone = rt.RecurrentClusterer(5, **settings).fit(drawn[:])
    assert whole.looked_at_ == alone.looked_at_ == 60
    assert whole.stability_ == pytest.approx(alone.stability_)
    assert whole.predict(both[0]).tolist() == alone.predict(both[0]).tolist()


@pytest.mark.parametrize("features", [None, "edges"])
def test_what_a_fit_needs_is_told_before_it_begins(both, monkeypatch, capsys, features):
    """Each pass over the images counts, and each copy of what is held of the sample."""
    monkeypatch.setattr(_machine, "held", lambda: 5_000_000)
    monkeypatch.setattr(_machine, "cores", lambda: 2)
    monkeypatch.setattr(streams, "TRAINING", 0)
    monkeypatch.setattr(both[1].pixels.shared, "pace", 10.0)  # seconds an image: 550 a pass
    settings = {"epochs": 4, "batch_size": 55, "encoder": small, "neighbours": False}
    if features:
        settings = {"features": edges(), "encoder": "pool"}
    rt.RecurrentClusterer(5, random_state=0, **settings).fit(both[1])
    said = capsys.readouterr().out
    # 110 images of 20 x 20 x 3 or maps of 4 x 4 x 8, three times as float32
    assert f"up to {6 if features else 7} MB of memory" in said
    assert ("about 55 minutes" in said) == (features is None)  # 6 passes
    rt.RecurrentClusterer(5, random_state=0, verbose=False, **settings).fit(both[1])
    assert "of memory" not in capsys.readouterr().out


def edges(shape=(20, 20, 3)):
    """Features whose map is known at once."""
    rt.load_keras()
    import keras

    keras.utils.set_random_seed(0)
    image = keras.Input(shape)
    return keras.Model(image, keras.layers.Conv2D(8, 5, strides=5)(image))


def test_features_of_images_on_disk_are_those_in_memory(both, monkeypatch):
    settings = {"features": edges(), "encoder": "pool", "random_state": 0}
    memory, disk = (rt.RecurrentClusterer(5, **settings).fit(images) for images in both)
    assert memory.labels_.tolist() == disk.labels_.tolist()
    assert disk.predict(both[1]).tolist() == memory.labels_.tolist()
    assert memory.trust_["images"] == disk.trust_["images"]
    monkeypatch.setattr(streams, "LOOKED_AT", 60)
    some = rt.RecurrentClusterer(5, **settings).fit(both[1])
    assert len(some.labels_) == 110
    assert some.predict(both[0]).tolist() == some.labels_.tolist()


def test_a_checkpoint_knows_the_files_it_was_made_with(tmp_path):
    folder = rt.load_images("shapes", limit=60, size=12).write(tmp_path / "set")

    def trainer():
        images = rt.load_images(folder, stream=True)
        checkpoints = tmp_path / "checkpoints"
        return trainer_of(images, rt.objectives.Classification(), checkpoints=checkpoints)

    first = trainer()
    first.on("epoch", lambda progress: first.stop())
    first.run()
    second = trainer()
    assert second.load_checkpoint() == 1
    second.run()
    path = next(folder.rglob("*.jpg"))
    os.utime(path, ns=(10**18, 10**18))
    with pytest.raises(rt.TutorError, match="checksum of the pictures"):
        trainer().load_checkpoint()


@pytest.mark.full
def test_four_times_as_many_images_need_no_more_memory():
    """A small network on 4,000 JPEGs against 16,000."""
    script = Path(__file__).parents[2] / "data_scripts" / "benchmarks" / "scale.py"
    done = subprocess.run(
        [sys.executable, script, "--growth", "4000", "--sample", "3000"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout.splitlines()[-1])["growth"] < 0.1
