"""Trains the encoder that notebook 00 shows, and stores it with its sha256.

    python data_scripts/train_encoder.py [--seed 0] [--out rnn_tutor/data]

The contrastive recurrent encoder with the settings of the long run, on the 5,000 training pictures
of fashion5, without labels. Takes two to four minutes on two cores.
"""

import argparse
import hashlib
import json
from dataclasses import replace
from datetime import date
from importlib.metadata import version
from pathlib import Path

import rnn_tutor as rt

DATA = Path(rt.__file__).parent / "data"
NAME = "encoder_fashion5"


def train(seed):
    """The encoder and how it does on the 1,000 test pictures: `(model, Scores)`."""
    training, test = rt.load_images("fashion5").split()
    encoder, _ = rt.train(training, replace(rt.training.LONG_RUN, seed=seed))
    return encoder, quality(encoder, test)


def quality(encoder, images):
    """Scores of k-means on the embeddings; labels serve for this only."""
    embeddings = rt.clustering.l2_normalize(rt.embed(encoder, images))
    clusters = rt.Clustering(images.n_classes, "kmeans", seed=0).fit_predict(embeddings)
    return rt.evaluation.scores(images.labels, clusters)


def store(encoder, scores, seed, folder):
    """Writes the model and, beside it, what it is and its sha256."""
    path = folder / f"{NAME}.keras"
    encoder.save(path)
    facts = {
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "made_by": "data_scripts/train_encoder.py",
        "settings": repr(replace(rt.training.LONG_RUN, seed=seed)),
        "trained_on": "the 5,000 training pictures of fashion5, without labels",
        "licence": "MIT, as the pictures (see FASHION-MNIST-LICENSE.txt)",
        "test_accuracy": round(scores.accuracy, 4),
        "date": date.today().isoformat(),
        "versions": {p: version(p) for p in ("tensorflow", "keras")},
    }
    path.with_suffix(".json").write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=DATA)
    arguments = parser.parse_args()
    rt.load_keras()
    encoder, scores = train(arguments.seed)
    print(f"on the test pictures: {scores}")
    store(encoder, scores, arguments.seed, arguments.out)
