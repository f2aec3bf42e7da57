"""`RecurrentClusterer` on 70,000 pictures, its ablations, and what a user would pick instead.

    python data_scripts/benchmarks/clusterer.py --from FOLDER [--sets mnist fashion-mnist]
        [--methods full ...] [--seeds 0 1 2 3 4] [--out FILE]
    python data_scripts/benchmarks/clusterer.py --from FOLDER --sizes

FOLDER holds `mnist` and `fashion-mnist`, each with its four idx files, packed with gzip. Runs are
added to FILE as they end, in place of the same run of before; none is left out. Each run has a
process of its own, so that its peak memory is its own.

Methods learn from all 70,000 and are scored on them; `inductive` ones learn from the 60,000 of the
training part and are scored on the 10,000 others, which only `predict` sees. The probes are
logistic regressions with all labels of the training part: on the embeddings, and for `full` on the
states of the recurrent layers, two dense layers before. Few labels, also for `full`, are one for
each cluster, that of the picture nearest to its centre, or 50 or 100 at random (mean of ten draws),
which name clusters by their majority, or train a logistic regression; the other pictures are
scored. `full` and `medium` give a second row each, "no neighbours": k-means on the embeddings of
the same network. `--sizes` measures how time and memory grow with the number of pictures (MNIST,
two passes in batches of 64). Labels score, and nothing else; for what settings were chosen on, see
CHOSEN_ON.
"""

import argparse
import gzip
import json
import resource
import subprocess
import sys
import time
from datetime import date
from importlib.metadata import version
from pathlib import Path

import numpy as np
from sklearn.utils import check_random_state

HERE = Path(__file__).resolve().parent
RESULT = HERE.parents[1] / "rnn_tutor" / "data" / "benchmark_clusterer.json"
AUGMENTATION = {"mnist": "digits", "fashion-mnist": "clothes"}
CHOSEN_ON = (
    "fashion5 and MNIST, with labels for scoring; how the last step came to its rule, and what had "
    "been seen of Fashion-MNIST's scores before, stands in "
    "data_scripts/benchmarks/clusterer_tried.md"
)
MINUTES = 14  # for ClustPy's methods; `full` takes 11 to 12 here, and up to 22 when not alone
SIZES = (1_250, 5_000, 20_000, 70_000)
NETWORKS = {
    "full": {"preset": "full"},
    "medium": {"preset": "medium"},
    "medium, inductive": {"preset": "medium"},
    "full, inductive": {"preset": "full"},
    "medium, no recurrence": {"preset": "medium", "encoder": "dense"},
    "medium, no augmentation": {"preset": "medium", "augmentation": "none"},
}
OTHERS = (
    "k-means",
    "PCA + k-means",
    "UMAP + mixture",
    "untrained",
    "ClustPy DEC",
    "ClustPy IDEC",
    "ClustPy N2D",
)


def load(folder, name):
    """Pixels (70000, 28, 28) uint8 and labels, the 60,000 of the training part first."""
    parts = [[], []]
    for part in ("train", "t10k"):
        for place, (kind, header) in enumerate((("images-idx3", 16), ("labels-idx1", 8))):
            content = gzip.decompress((folder / name / f"{part}-{kind}-ubyte.gz").read_bytes())
            parts[place].append(np.frombuffer(content, np.uint8, offset=header))
    pixels, labels = (np.concatenate(part) for part in parts)
    return pixels.reshape(-1, 28, 28), labels.astype(np.int64)


def by_network(method, pixels, labels, seed, name):
    """Seconds of `fit`, what is scored, the clusters, and other findings by their names."""
    import rnn_tutor as rt

    rt.load_keras()
    sorter = rt.RecurrentClusterer(
        10,
        **{"augmentation": AUGMENTATION[name], "random_state": seed, "verbose": False}
        | NETWORKS[method],
    )
    learnt = slice(60_000) if method.endswith("inductive") else slice(None)
    scored = slice(60_000, None) if method.endswith("inductive") else slice(None)
    began = time.perf_counter()
    sorter.fit(pixels[learnt])
    seconds = time.perf_counter() - began
    found = sorter.predict(pixels[scored])
    points = sorter.transform(pixels)
    more = {"linear_probe": probe(points, labels)}
    if method == "full":
        states = rt.embed(before_projection(sorter), pixels[..., None])
        more["linear_probe_states"] = probe(states, labels)
        more["few_labels"] = few_labels(points, labels, found, seed)
    if method in ("full", "medium"):
        start = int(check_random_state(seed).randint(2**31 - 1))  # that of `fit`
        alone = rt.Clustering(10, seed=start).fit_predict(points)
        more["no neighbours"] = scores(labels, alone)
    return seconds, scored, found, more


def few_labels(points, labels, found, seed):
    """Accuracy of all other pictures when only some labels are known."""
    known = np.array([nearest_to_centre(points, found == k) for k in range(found.max() + 1)])
    results = {"one a cluster, named": others_right(named(found, labels, known), labels, known)}
    for n in (50, 100):
        draws = [
            np.random.default_rng([seed, draw]).permutation(len(labels))[:n] for draw in range(10)
        ]
        for name, way in (("named", named), ("logistic", logistic)):
            given = found if way is named else points
            right = [others_right(way(given, labels, draw), labels, draw) for draw in draws]
            results[f"{n} at random, {name}"] = round(float(np.mean(right)), 4)
    return results


def nearest_to_centre(points, members):
    members = np.flatnonzero(members)
    return members[(points[members] @ points[members].mean(axis=0)).argmax()]


def named(found, labels, known):
    """Each cluster by the majority of its known labels; one without any by that of all."""
    counts = np.zeros((found.max() + 1, labels.max() + 1), np.int64)
    np.add.at(counts, (found[known], labels[known]), 1)
    counts[counts.sum(axis=1) == 0] = counts.sum(axis=0)
    return counts.argmax(axis=1)[found]


def logistic(points, labels, known):
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=10, max_iter=500).fit(points[known], labels[known]).predict(points)


def others_right(answers, labels, known):
    others = np.setdiff1d(np.arange(len(labels)), known)
    return round(float(np.mean(answers[others] == labels[others])), 4)


def before_projection(sorter):
    """The part of the network that ends in the states of the recurrent layers."""
    from rnn_tutor._backend import keras

    return keras.Model(sorter.encoder_.input, sorter.encoder_.layers[-4].output)


def probe(points, labels):
    """Accuracy on the test part of a logistic regression on the points of the others."""
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=100, max_iter=300)
    model.fit(points[:60_000], labels[:60_000])
    return round(model.score(points[60_000:], labels[60_000:]), 4)


def by_others(method, pixels, seed):
    """Seconds, the clusters of all pictures, and what else the row tells."""
    flat = pixels.reshape(len(pixels), -1).astype("float32") / 255
    if method.startswith("ClustPy"):
        return clustpy(method.split()[1], flat, seed)
    way = {"k-means": k_means, "PCA": pca, "UMAP": umap, "untrained": untrained}[method.split()[0]]
    began = time.perf_counter()
    found = way(flat, seed)
    return time.perf_counter() - began, found, {}


def k_means(flat, seed):
    from sklearn.cluster import KMeans

    return KMeans(10, n_init=10, random_state=seed).fit_predict(flat)


def pca(flat, seed):
    from sklearn.decomposition import PCA

    return k_means(PCA(50, random_state=seed).fit_transform(flat), seed)


def umap(flat, seed):
    from sklearn.mixture import GaussianMixture
    from umap import UMAP

    layout = UMAP(n_components=10, n_neighbors=20, min_dist=0.0, random_state=seed, n_jobs=1)
    mixture = GaussianMixture(10, n_init=5, random_state=seed)
    return mixture.fit_predict(layout.fit_transform(flat).astype(np.float64))


def untrained(flat, seed):
    """k-means on the embeddings of the encoder as it begins, before the first step."""
    import rnn_tutor as rt
    from rnn_tutor.training.settings import TrainingSettings

    rt.load_keras()
    encoder = TrainingSettings(seed=seed).make_encoder((28, 28, 1))
    points = rt.clustering.l2_normalize(rt.embed(encoder, flat.reshape(-1, 28, 28, 1)))
    return rt.Clustering(10, seed=seed).fit_predict(points)


def clustpy(name, flat, seed):
    """DEC, IDEC or N2D, with as many of their usual epochs as fit into MINUTES.

    What the trial for that takes is not counted. Needs `pip install clustpy` beside the course,
    which brings PyTorch; no dependency of the course.
    """
    from clustpy import deep

    settings, trial, minutes = {}, getattr(deep, name), MINUTES
    usual = {"pretrain_epochs": 100, "clustering_epochs": 150}
    if name == "N2D":
        settings, trial = as_published(seed), deep.DEC  # the same autoencoder
        minutes -= 2  # that UMAP and the mixture take
        del usual["clustering_epochs"]
    an_epoch = seconds_an_epoch(trial, flat)
    share = min(1, 60 * minutes / sum(usual[what] * an_epoch[what] for what in usual))
    epochs = {what: round(share * number) for what, number in usual.items()}
    print(an_epoch, epochs, file=sys.stderr, flush=True)
    algorithm = getattr(deep, name)(10, random_state=seed, **epochs, **settings)
    began = time.perf_counter()
    found = algorithm.fit_predict(flat)
    seconds = time.perf_counter() - began
    return seconds, found, {**epochs, "versions": {p: version(p) for p in ("clustpy", "torch")}}


def as_published(seed):
    """N2D's embedding by UMAP; ClustPy takes t-SNE."""
    from umap import UMAP

    layout = {"n_components": 10, "n_neighbors": 20, "min_dist": 0.0, "random_state": seed}
    return {"manifold_class": UMAP, "manifold_params": layout}


def seconds_an_epoch(trial, flat):
    """Of the autoencoder and of clustering, with all pictures; from trials on a tenth of them."""

    def seconds(pretrain, clustering):
        began = time.perf_counter()
        trial(10, pretrain_epochs=pretrain, clustering_epochs=clustering).fit(flat[::10])
        return time.perf_counter() - began

    seconds(1, 1)  # the first is slow
    least = seconds(1, 1)
    return {
        "pretrain_epochs": 10 * (seconds(4, 1) - least) / 3,
        "clustering_epochs": 10 * (seconds(1, 4) - least) / 3,
    }


def one_run(folder, name, method, seed):
    """A run's rows: what it was, seconds, peak memory, scores."""
    pixels, labels = load(folder, name)
    more, scored = {}, slice(None)
    if method in NETWORKS:
        seconds, scored, found, more = by_network(method, pixels, labels, seed, name)
    else:
        seconds, found, more = by_others(method, pixels, seed)
    alone = more.pop("no neighbours", None)
    cost = {"seed": seed, "seconds": round(seconds, 1), **peak()}
    row = {"set": name, "method": method, **cost, **scores(labels[scored], found), **more}
    if alone is None:
        return [row]
    return [row, {"set": name, "method": f"{method}, no neighbours", **cost, **alone}]


def one_size(folder, n):
    """Seconds and peak memory of `fit` on n pictures, in two passes; and of `predict`."""
    import rnn_tutor as rt

    rt.load_keras()
    pixels, labels = load(folder, "mnist")
    chosen = np.random.default_rng(0).permutation(len(pixels))[:n]
    pixels, labels = pixels[chosen], labels[chosen]
    sorter = rt.RecurrentClusterer(
        10, augmentation="digits", epochs=2, batch_size=64, random_state=0, verbose=False
    )
    began = time.perf_counter()
    sorter.fit(pixels)
    seconds, fitted = time.perf_counter() - began, peak()["peak_mb"]
    began = time.perf_counter()
    sorter.predict(pixels)
    return {
        "pictures": n,
        "fit_seconds": round(seconds, 1),
        "predict_seconds": round(time.perf_counter() - began, 2),
        "fit_peak_mb": fitted,
        "pixels_mb": round(pixels.nbytes / 1e6),
        **scores(labels, sorter.labels_),
    }


def peak():
    return {"peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)}


def scores(labels, found):
    import rnn_tutor as rt

    found = rt.evaluation.scores(labels, found)
    return {key: round(getattr(found, key), 4) for key in ("accuracy", "nmi", "ari")}


def alone(*arguments):
    """What this script prints last with these arguments, in a process of its own."""
    command = [sys.executable, __file__, *map(str, arguments)]
    said = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    return json.loads(said.splitlines()[-1])


def keep(out, part, row, same):
    """Adds a row to a part of the JSON, in place of the row with the same values of `same`."""
    from fashion5 import surroundings

    stored = json.loads(out.read_text()) if out.exists() else {"runs": [], "sizes": []}
    stored |= {"chosen_on": CHOSEN_ON, **surroundings()}
    others = [old for old in stored[part] if any(old[key] != row[key] for key in same)]
    stored[part] = [*others, row | {"date": date.today().isoformat()}]
    out.write_text(json.dumps(stored, indent=1) + "\n")
    print(row, flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--from", dest="folder", type=Path, required=True)
    parser.add_argument("--sets", nargs="+", default=list(AUGMENTATION), choices=AUGMENTATION)
    parser.add_argument("--methods", nargs="+", default=["full"], choices=(*NETWORKS, *OTHERS))
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2, 3, 4])
    parser.add_argument("--sizes", action="store_true")
    parser.add_argument("--out", type=Path, default=RESULT)
    parser.add_argument("--one", nargs="+", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        what, *rest = arguments.one
        if what == "size":
            print(json.dumps(one_size(arguments.folder, int(rest[0]))))
        else:
            print(json.dumps(one_run(arguments.folder, what, rest[0], int(rest[1]))))
    elif arguments.sizes:
        for n in SIZES:
            row = alone("--from", arguments.folder, "--one", "size", n)
            keep(arguments.out, "sizes", row, ["pictures"])
    else:
        for seed in arguments.seeds:
            for name in arguments.sets:
                for method in arguments.methods:
                    for row in alone("--from", arguments.folder, "--one", name, method, seed):
                        keep(arguments.out, "runs", row, ["set", "method", "seed"])
