"""What preprocessing does to the clusters of notebook 08, for notebook 01: five seeds each.

    python data_scripts/benchmarks/preprocessing.py [--seeds 5] [--out FILE]

The pictures of fashion5 are blurred or binarised; then the contrastive recurrent encoder trains on
them, as in `fashion5.py`, and k-means clusters its embeddings, and the pixels. The rows of the grey
pictures as they are come from that benchmark. Labels are used for scoring only.
"""

import argparse
import json
from datetime import date
from pathlib import Path

from fashion5 import surroundings

import rnn_tutor as rt
from rnn_tutor.images.preprocessing import GaussianBlur, Otsu

DATA = Path(rt.__file__).parent / "data"
CHAINS = {
    "blurred": rt.Preprocessing((GaussianBlur(sigma=1.0),)),
    "binarised": rt.Preprocessing((Otsu(),)),
}
SCORES = ("accuracy", "nmi", "ari")
WAYS = {"pixels_kmeans": "pixels", "contrastive_kmeans": "contrastive recurrent encoder"}


def representations(images, seed):
    """`{key: (n, features)}` of the pixels and of a newly trained encoder."""
    encoder, _ = rt.train(images, rt.training.LONG_RUN, seed=seed)
    return {
        "pixels_kmeans": images.as_float().reshape(len(images), -1),
        "contrastive_kmeans": rt.clustering.l2_normalize(rt.embed(encoder, images)),
    }


def new_rows(seeds):
    """Yields `(pictures, key, scores)` for every chain, seed and representation."""
    plain, _ = rt.load_images("fashion5").split()
    for seed in range(seeds):
        for pictures, chain in CHAINS.items():
            images = chain.apply(plain)
            for key, points in representations(images, seed).items():
                found = rt.Clustering(images.n_classes, seed=seed).fit_predict(points)
                scores = rt.evaluation.scores(images.labels, found)
                print(f"seed {seed}  {pictures}, {WAYS[key]}: {scores}", flush=True)
                yield pictures, key, scores


def run(seeds):
    """The benchmark's JSON, as a dict."""
    stored = rt.stored_results("fashion5")
    assert stored["settings"] == repr(rt.training.LONG_RUN), "run fashion5.py again first"
    rows = {("as they are", row["key"]): row for row in stored["methods"]}
    for pictures, key, scores in new_rows(seeds):
        row = rows.setdefault((pictures, key), {score: [] for score in SCORES})
        for score in SCORES:
            row[score].append(round(getattr(scores, score), 4))
    methods = [
        {"pictures": pictures, "key": key, "name": WAYS[key]}
        | {score: rows[pictures, key][score] for score in SCORES}
        for key in WAYS
        for pictures in ("as they are", *CHAINS)
    ]
    kept = ("dataset", "settings", "chosen_on")
    return {key: stored[key] for key in kept} | {
        "seeds": list(range(seeds)),
        **surroundings(),
        "chains": {name: repr(chain) for name, chain in CHAINS.items()},
        "clustering": "k-means",
        "date": date.today().isoformat(),
        "methods": methods,
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--out", type=Path, default=DATA / "benchmark_preprocessing.json")
    arguments = parser.parse_args()
    rt.load_keras()
    arguments.out.write_text(json.dumps(run(arguments.seeds), indent=1) + "\n")
