"""The ready-trained encoder: it is what was shipped, it is good, and training gives it again."""

from pathlib import Path

import pytest

import rnn_tutor as rt
from rnn_tutor.clusters.clustering import Clustering
from rnn_tutor.clusters.projection import l2_normalize
from rnn_tutor.networks import models

DATA = Path(rt.__file__).parent / "data"
SCRIPTS = Path(__file__).parents[2] / "data_scripts"


def accuracy(encoder):
    _, test = rt.load_images("fashion5").split()
    embeddings = l2_normalize(models.embed(encoder, test))
    clusters = Clustering(5, "kmeans", seed=0).fit_predict(embeddings)
    return rt.evaluation.matched_accuracy(test.labels, clusters)


def test_the_shipped_encoder_sorts_pictures_it_never_saw():
    assert accuracy(models.load_encoder("fashion5")) > 0.95


def test_the_shipped_encoder_is_small():
    assert (DATA / "encoder_fashion5.keras").stat().st_size < 2e6


def test_a_changed_file_is_not_opened(tmp_path, monkeypatch):
    data = tmp_path / "data"
    data.mkdir()
    for name in ("encoder_fashion5.keras", "encoder_fashion5.json"):
        (data / name).write_bytes((DATA / name).read_bytes())
    with (data / "encoder_fashion5.keras").open("ab") as file:
        file.write(b"x")
    monkeypatch.setattr(models, "DATA", data)
    with pytest.raises(rt.TutorError, match=r"encoder_fashion5\.keras"):
        models.load_encoder("fashion5")


def test_an_unknown_encoder_names_the_one_there_is():
    with pytest.raises(rt.TutorError, match="fashion5"):
        models.load_encoder("nonesuch")


@pytest.mark.full
def test_training_again_reaches_the_same_quality(monkeypatch):
    monkeypatch.syspath_prepend(SCRIPTS)
    import train_encoder

    _, scores = train_encoder.train(seed=1)
    assert scores.accuracy > 0.94
