"""The comparison table of notebook 08: eight ways to represent fashion5, five seeds each.

    python tests/benchmarks/fashion5.py [--seeds 5] [--out rnn_tutor/data/benchmark_fashion5.json]

Labels are used for scoring only. The settings of the contrastive recurrent encoder were chosen on
fashion5 itself; the other networks train with the same settings, or the same number of epochs.
"""

import argparse
import json
import os
import platform
import time
from datetime import date
from importlib.metadata import version
from pathlib import Path

from sklearn.decomposition import PCA

import rnn_tutor as rt
from rnn_tutor.clustering import Clustering, normalised

SHIPPED = Path(rt.__file__).parent / "data" / "benchmark_fashion5.json"
LONG = rt.training.LONG_RUN
UMAP_MIXTURE = {"method": "gaussian_mixture", "umap": True}
NETWORKS = {
    "untrained": ("recurrent encoder, untrained", {"epochs": 0}),
    "next_row": ("next-row predictor", {"objective": "next_row", "units": 128}),
    "autoencoder": ("recurrent autoencoder", {"objective": "reconstruction"}),
    "dense": ("contrastive encoder without recurrence", {"recurrent": False}),
    "contrastive": ("contrastive recurrent encoder", {}),
}


def cluster_rows(images, embeddings, seed):
    """Scores of both clusterings: `{"kmeans": Scores, "umap": Scores}`."""
    ways = {"kmeans": {}, "umap": UMAP_MIXTURE}
    return {
        key: rt.evaluation.scores(
            images.labels,
            Clustering(images.n_classes, seed=seed, **way).fit_predict(embeddings),
        )
        for key, way in ways.items()
    }


def one_seed(images, seed):
    """Yields `(key, name, clustering, seconds, scores)` for every method."""
    pixels = images.as_float().reshape(len(images), -1)
    found = cluster_rows(images, pixels, seed)
    yield "pixels", "pixels", "k-means", 0.0, found["kmeans"]
    yield "pixels_umap", "pixels", "UMAP + mixture", 0.0, found["umap"]
    found = cluster_rows(images, PCA(50, random_state=seed).fit_transform(pixels), seed)
    yield "pca", "50 principal components", "k-means", 0.0, found["kmeans"]
    for key, (name, changes) in NETWORKS.items():
        began = time.perf_counter()
        encoder, _ = rt.train(images, LONG, seed=seed, **changes)
        seconds = time.perf_counter() - began
        found = cluster_rows(images, normalised(rt.embed(encoder, images)), seed)
        yield key, name, "k-means", seconds, found["kmeans"]
        yield f"{key}_umap", name, "UMAP + mixture", seconds, found["umap"]


def run(seeds):
    """The benchmark's JSON, as a dict."""
    images, _ = rt.load_images("fashion5").split()
    rows = {}
    for seed in range(seeds):
        for key, name, clustering, seconds, scores in one_seed(images, seed):
            row = rows.setdefault(
                key,
                {"key": key, "name": name, "clustering": clustering, "seconds": []}
                | {"accuracy": [], "nmi": [], "ari": []},
            )
            row["seconds"].append(round(seconds, 1))
            for score in ("accuracy", "nmi", "ari"):
                row[score].append(round(getattr(scores, score), 4))
            print(f"seed {seed}  {name}, {clustering}: {scores}  ({seconds:.0f} s)", flush=True)
    for row in rows.values():
        row["minutes"] = round(sum(row["seconds"]) / len(row.pop("seconds")) / 60, 2)
    return {
        "dataset": "fashion5",
        "pictures": len(images),
        "date": date.today().isoformat(),
        "seeds": list(range(seeds)),
        "settings": repr(LONG),
        "chosen_on": "fashion5, with labels for scoring",
        "machine": {"system": platform.system(), "processor": platform.machine()}
        | {"cores": os.cpu_count()},
        "versions": {
            p: version(p) for p in ("tensorflow", "keras", "scikit-learn", "umap-learn", "numpy")
        },
        "methods": list(rows.values()),
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--out", type=Path, default=SHIPPED)
    arguments = parser.parse_args()
    rt.load_keras()
    result = run(arguments.seeds)
    arguments.out.write_text(json.dumps(result, indent=1) + "\n")
