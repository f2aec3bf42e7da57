"""The comparison table of notebook 08: eight ways to represent fashion5, five seeds each.

    python data_scripts/benchmarks/fashion5.py [--seeds 5] [--only dense contrastive] [--out FILE]

With `--only`, the rows of the other methods stay as they are in FILE.

Labels are used for scoring only. The settings of the contrastive recurrent encoder were chosen on
fashion5 itself; the other networks train with the same settings, or the same number of epochs.
"""

import argparse
import json
import os
import platform
import time
from dataclasses import replace
from datetime import date
from importlib.metadata import version
from pathlib import Path

from joblib import cpu_count
from sklearn.decomposition import PCA

import rnn_tutor as rt
from rnn_tutor.clusters.clustering import Clustering
from rnn_tutor.clusters.projection import l2_normalize

SHIPPED = Path(rt.__file__).parent / "data" / "benchmark_fashion5.json"
LONG = rt.training.LONG_RUN
WAYS = {
    "kmeans": ("k-means", {}),
    "mixture": ("tied mixture", {"method": "tied_mixture"}),
    "umap": ("UMAP + mixture", {"method": "gaussian_mixture", "umap": True}),
}
NETWORKS = {
    "untrained": ("recurrent encoder, untrained", None),
    "next_row": ("next-row predictor", {"objective": "next_row", "units": 128}),
    "autoencoder": ("recurrent autoencoder", {"objective": "reconstruction"}),
    "dense": ("contrastive encoder without recurrence", {"recurrent": False}),
    "contrastive": ("contrastive recurrent encoder", {}),
}


def cluster_rows(images, embeddings, seed):
    """Scores of each way to cluster: `{"kmeans": Scores, ...}`."""
    return {
        key: rt.evaluation.scores(
            images.labels,
            Clustering(images.n_classes, seed=seed, **way).fit_predict(embeddings),
        )
        for key, (_, way) in WAYS.items()
    }


def trained(images, changes, seed):
    """An encoder after the long run with these changes of its settings; None: no run at all."""
    if changes is None:
        return replace(LONG, seed=seed).make_encoder(images.shape)
    return rt.train(images, LONG, seed=seed, **changes)[0]


def representations(images, seed, only):
    """Yields `(key, name, seconds of training, (n, features))` for each way to see a picture."""
    if not only:
        pixels = images.as_float().reshape(len(images), -1)
        yield "pixels", "pixels", 0.0, pixels
        components = PCA(50, random_state=seed).fit_transform(pixels)
        yield "pca", "50 principal components", 0.0, components
    for key, (name, changes) in NETWORKS.items():
        if only and key not in only:
            continue
        began = time.perf_counter()
        encoder = trained(images, changes, seed)
        seconds = time.perf_counter() - began
        yield key, name, seconds, l2_normalize(rt.embed(encoder, images))


def one_seed(images, seed, only):
    """Yields `(key, name, clustering, seconds of training, scores)` for every method."""
    for key, name, seconds, points in representations(images, seed, only):
        for way, scores in cluster_rows(images, points, seed).items():
            yield f"{key}_{way}", name, WAYS[way][0], seconds, scores


def surroundings():
    """The machine and the versions of what runs here, for a benchmark's JSON."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    packages = ("tensorflow", "keras", "scikit-learn", "umap-learn", "numpy")
    return {
        "machine": {"system": platform.system(), "processor": platform.machine()}
        | {"cores": cpu_count(), "memory in GB": round(memory / 1e9)},
        "versions": {package: version(package) for package in packages},
    }


def run(seeds, only=()):
    """The benchmark's JSON, as a dict."""
    images, _ = rt.load_images("fashion5").split()
    rows = {}
    for seed in range(seeds):
        for key, name, clustering, seconds, scores in one_seed(images, seed, only):
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
        row["minutes"] = round(min(row.pop("seconds")) / 60, 2)  # as timeit: the least disturbed
    return {
        "dataset": "fashion5",
        "pictures": len(images),
        "date": date.today().isoformat(),
        "seeds": list(range(seeds)),
        "settings": repr(LONG),
        "chosen_on": "fashion5, with labels for scoring",
        **surroundings(),
        "methods": list(rows.values()),
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--out", type=Path, default=SHIPPED)
    parser.add_argument("--only", nargs="*", default=(), choices=NETWORKS)
    arguments = parser.parse_args()
    rt.load_keras()
    result = run(arguments.seeds, arguments.only)
    if arguments.only:
        new = {row["key"]: row for row in result["methods"]}
        old = json.loads(arguments.out.read_text())["methods"]
        result["methods"] = [new.get(row["key"], row) for row in old]
    arguments.out.write_text(json.dumps(result, indent=1) + "\n")
