"""When does reading in order pay? Strips of spoken digits, sorted without labels.

    python data_scripts/benchmarks/strips.py [--seeds 0 1 2 3 4] [--tasks ...] [--methods ...]
        [--out FILE]

Seven networks of about as many parameters are trained by contrast, each with the same views, steps
and batches; k-means clusters their embeddings. Four ways need no network. A run learns from 480
strips and is scored on them; its network also sorts 120 new strips, of other recordings. What was
learnt on trimmed strips also sorts the new strips of HARDER. The tasks, the steps and the order of
the runs were written down before the first network ran on seeds 0 to 4.

The learning rate of each network is chosen first, on the strips of seed 100, with labels for
scoring, in half the steps: one for trimmed strips and one for strips with margins. The three
recurrent networks share theirs. Seeds 0 to 4 are not looked at for that. A training that ends in a
collapse, as its loss tells without labels, is done again at the next lower rate; seconds are those
of the last one.

Runs are added to FILE as they end; a run that stands there is not done again. So the script can be
stopped and started at any time. One seed after the other: all networks on FIRST, then those in
ORDERED on the other tasks. What is left comes last, with two seeds. One thread; seconds are those
of the CPU, of training and clustering.

DTW needs `pip install dtaidistance`. Without it, its rows are left out and said to be.
"""

import argparse
import json
import os
import time
from dataclasses import replace
from datetime import date
from itertools import product
from pathlib import Path

for name in ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS"):
    os.environ.setdefault(name, "1")

import numpy as np  # noqa: E402
from fashion5 import surroundings  # noqa: E402
from sklearn.cluster import KMeans, SpectralClustering  # noqa: E402

import rnn_tutor as rt  # noqa: E402
from rnn_tutor._text import atomic_write  # noqa: E402
from rnn_tutor.clusters.projection import l2_normalize  # noqa: E402

SHIPPED = Path(rt.__file__).parent / "data" / "benchmark_strips.json"
STRIPS, BATCH, TEMPERATURE = 600, 32, 0.5
VIEWS = rt.augmentation.preset("strips")
RATES, TUNED_ON, TUNING_SEED = (0.001, 0.003, 0.01), ("trimmed", "untrimmed"), 100
# All embeddings are alike: the loss is that of a guess among 2 * BATCH - 1 views.
COLLAPSED = np.log(2 * BATCH - 1) - 0.1
# What the strips are, how the views differ from the preset, and steps of training.
TASKS = {
    "trimmed": ({}, {}, 300),
    "pauses not redrawn": ({}, {"pauses": 0.0}, 300),
    "untrimmed": ({"margins": (1, 59)}, {}, 450),
    "six speakers": ({"speakers": "all"}, {}, 450),
    "background noise": ({"margins": (1, 59), "noise": 0.4}, {}, 450),
}
# Asked after the five were done; the plan stands in strips_tried.md.
LATER = {
    "six speakers, 900 steps": ({"speakers": "all"}, {}, 900),
    "120 strips": ({"limit": 150}, {}, 300),
    "background noise, 1800 steps": ({"margins": (1, 59), "noise": 0.4}, {}, 1800),
}
ALL_TASKS = TASKS | LATER
# New strips for what was learnt on trimmed ones: how they are composed, and their tempo.
HARDER = {
    "margins": ({"margins": (1, 59)}, 1),
    "longer pauses": ({"pauses": (40, 120)}, 1),
    "noise": ({"noise": 0.4}, 1),
    "half tempo": ({}, 0.5),
    "double tempo": ({}, 2),
}
NETWORKS = {
    "GRU, both ways, masked": {},
    "squeezed, dense": {"reader": "squeezed"},
    "dilated convolutions": {"reader": "dilated"},
    "attention": {"reader": "attention"},
    "pooling": {"reader": "pooling"},
    "GRU without a mask": {"masked": False},
    "GRU, one direction": {"bidirectional": False, "units": 77},
}
TUNED = [method for method, settings in NETWORKS.items() if "reader" in settings]
TUNED.insert(0, "GRU, both ways, masked")
FIRST, LAST_SEEDS = TUNED_ON, (0, 1)
ORDERED = ("GRU, both ways, masked", "squeezed, dense", "dilated convolutions")


def by_network(method, task, seed, rate, steps=None):
    """Train one network; return what is known of the run as a dict."""
    settings, changes, usual = ALL_TASKS[task]
    learnt, new = composed(settings, seed).split()
    began = time.process_time()
    rt.models.keras.utils.set_random_seed(seed)
    encoder = rt.models.strip_encoder(learnt.shape, **NETWORKS[method])
    trainer = rt.Trainer(
        encoder,
        rt.objectives.Contrastive(replace(VIEWS, **changes), TEMPERATURE),
        learnt,
        epochs=(steps or usual) // (len(learnt) // BATCH),
        batch_size=BATCH,
        learning_rate=rate,
        decay=True,
        seed=seed,
    )
    loss = trainer.run()["loss"][-1]
    means = KMeans(learnt.n_classes, n_init=10, random_state=seed)
    means.fit(l2_normalize(rt.embed(trainer.encoder, learnt)))
    seconds = time.process_time() - began

    def accuracy(images, labels):
        found = means.predict(l2_normalize(rt.embed(trainer.encoder, images)))
        return scored(labels, found)["accuracy"]

    harder = HARDER if task == "trimmed" and not steps else {}
    return {
        **scored(learnt.labels, means.labels_),
        "accuracy_new": accuracy(new, new.labels),
        **{f"accuracy_{name}": accuracy(*new_strips(seed, *how)) for name, how in harder.items()},
        "cpu_seconds": round(seconds, 1),
        "parameters": encoder.count_params(),
        "learning_rate": rate,
        "steps": len(trainer.batch_losses),
        "loss": round(loss, 4),
    }


def composed(settings, seed):
    return rt.load_images("spoken3", seed=seed, **{"limit": STRIPS, **settings})


def without_collapse(method, task, seed, rate):
    """Train one network, again at the next lower rate where it collapsed; labels have no say."""
    collapsed = []
    for lower in sorted((r for r in RATES if r <= rate), reverse=True):
        found = by_network(method, task, seed, lower)
        if found["loss"] < COLLAPSED:
            break
        collapsed.append(lower)
    return found | ({"collapsed_at": collapsed} if collapsed else {})


def new_strips(seed, settings, tempo):
    """Return (strips, labels): the new strips of a seed; half a tempo is twice the width."""
    new = composed(settings, seed).split()[1]
    pictures = [
        at_one_width(p[..., 0], round(p.shape[1] / tempo)).round().astype(np.uint8)[..., None]
        for p in new.list_of_pixels
    ]
    return pictures, new.labels


def without_silence(strip):
    """Return a strip without its silent columns, as floats; a whole strip where all are."""
    strip = strip[..., 0] / 255
    loud = strip.max(axis=0) > 0.25 * strip.max()
    return strip[:, loud]


def at_one_width(strip, width=64):
    """Squeeze or stretch a strip, (height, any), to one width."""
    old = np.arange(strip.shape[1])
    new = np.linspace(0, strip.shape[1] - 1, width)
    return np.stack([np.interp(new, old, row) for row in strip])


def cut(images):
    """Return (n, features): silences cut out, then all strips at one width."""
    return np.stack([at_one_width(without_silence(p)).ravel() for p in images.list_of_pixels])


def by_k_means(images, seed):
    return KMeans(images.n_classes, n_init=10, random_state=seed).fit_predict(cut(images))


def by_umap(images, seed):
    way = rt.Clustering(images.n_classes, "gaussian_mixture", umap=True, seed=seed)
    return way.fit_predict(cut(images))


def by_dtw(images, seed, prepared=lambda picture: picture[..., 0] / 255):
    """Cluster by dynamic time warping: every second column, all pairs, spectral clustering."""
    from dtaidistance import dtw_ndim

    sequences = [np.ascontiguousarray(prepared(p)[:, ::2].T) for p in images.list_of_pixels]
    far = dtw_ndim.distance_matrix_fast(sequences, parallel=False)
    near = np.exp(-((far / np.median(far)) ** 2) * 4)
    way = SpectralClustering(images.n_classes, affinity="precomputed", random_state=seed)
    return way.fit_predict(near)


def by_dtw_of_cut(images, seed):
    return by_dtw(images, seed, without_silence)


OTHERS = {
    "silences cut, k-means": by_k_means,
    "silences cut, UMAP, mixture": by_umap,
    "DTW, spectral": by_dtw,
    "silences cut, DTW, spectral": by_dtw_of_cut,
}


def without_network(method, task, seed):
    """Do one of OTHERS; return what is known of the run as a dict."""
    images, _ = composed(ALL_TASKS[task][0], seed).split()
    began = time.process_time()
    found = OTHERS[method](images, seed)
    seconds = time.process_time() - began
    return {**scored(images.labels, found), "cpu_seconds": round(seconds, 1), "parameters": 0}


def scored(labels, found):
    scores = rt.evaluation.scores(labels, found)
    return {name: round(float(getattr(scores, name)), 4) for name in ("accuracy", "nmi", "ari")}


class Results:
    """What is known so far, in a file that is written anew after each run."""

    def __init__(self, path):
        self.path = path
        self.content = json.loads(path.read_text("utf-8")) if path.exists() else {"runs": []}

    def find(self, **what):
        return [r for r in self.content["runs"] if all(r.get(k) == v for k, v in what.items())]

    def add(self, what, found):
        self.content["runs"].append({**what, **found, "date": date.today().isoformat()})
        about = {
            "dataset": "spoken3",
            "images": STRIPS * 4 // 5,
            "new_images": STRIPS // 5,
            "seeds": [0, 1, 2, 3, 4],
            "batch_size": BATCH,
            "temperature": TEMPERATURE,
            "views": repr(VIEWS),
            "tasks": {task: {"strips": s, "views": v} for task, (s, v, _) in TASKS.items()},
            "later_tasks": {task: {"strips": s, "views": v} for task, (s, v, _) in LATER.items()},
            "steps": {task: steps for task, (_, _, steps) in ALL_TASKS.items()},
            "chosen_on": "learning rates on the strips of seed 100, with labels for scoring",
            **surroundings(),
        }
        runs = self.content["runs"]
        listed = ",\n".join("  " + json.dumps(run) for run in runs)
        head = json.dumps(about, indent=1)[:-2]
        atomic_write(self.path, f'{head},\n "runs": [\n{listed}\n ]\n}}\n'.encode())
        scores = f"{found['accuracy']:.3f}, NMI {found['nmi']:.2f}, {found['cpu_seconds']:.0f} s"
        print(f"{', '.join(map(str, what.values()))}: {scores}", flush=True)


def tune(results, methods):
    """Train each network at each rate on the strips that are kept for it, in half the steps."""
    for task, method, rate in product(TUNED_ON, filter(methods.__contains__, TUNED), RATES):
        what = {"task": task, "method": method, "seed": TUNING_SEED, "learning_rate": rate}
        if not results.find(**what):
            found = by_network(method, task, TUNING_SEED, rate, TASKS[task][2] // 2)
            results.add(what, found)


def best_rate(results, method, task):
    """Return the learning rate with the best accuracy; at equal accuracy, the lower loss.

    Tasks with margins take that of the untrimmed strips, all others that of the trimmed ones.
    """
    method = method if method in TUNED else TUNED[0]
    task = TUNED_ON["margins" in ALL_TASKS[task][0]]
    tried = results.find(task=task, method=method, seed=TUNING_SEED)
    if len(tried) < len(RATES):
        raise SystemExit(f"{method} is not tuned yet: its runs of seed 100 are missing.")
    return max(tried, key=lambda run: (run["accuracy"], -run["loss"]))["learning_rate"]


def plan(seeds, tasks, methods):
    """Yield the runs of networks as `(method, task, seed)`, in the order in which they are done."""
    first = [task for task in tasks if task in FIRST]
    rest = [task for task in tasks if task not in FIRST]
    for seed in seeds:
        yield from ((method, task, seed) for task in first for method in methods)
        yield from ((m, task, seed) for task in rest for m in methods if m in ORDERED)
    for seed in filter(LAST_SEEDS.__contains__, seeds):
        yield from ((m, task, seed) for task in rest for m in methods if m not in ORDERED)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, nargs="*", default=[0, 1, 2, 3, 4])
    parser.add_argument("--tasks", nargs="*", default=list(ALL_TASKS), choices=ALL_TASKS)
    methods = [*OTHERS, *NETWORKS]
    parser.add_argument("--methods", nargs="*", default=methods, choices=methods)
    parser.add_argument("--out", type=Path, default=SHIPPED)
    options = parser.parse_args()
    rt.load_keras()
    results, networks = Results(options.out), [m for m in options.methods if m in NETWORKS]
    for seed, task, method in product(options.seeds, options.tasks, options.methods):
        what = {"task": task, "method": method, "seed": seed}
        if method in OTHERS and not results.find(**what):
            try:
                results.add(what, without_network(**what))
            except ModuleNotFoundError as problem:
                print(f"{method} is left out: {problem}", flush=True)
    tune(results, networks)
    for method, task, seed in plan(options.seeds, options.tasks, networks):
        what = {"task": task, "method": method, "seed": seed}
        if not results.find(**what):
            results.add(what, without_collapse(**what, rate=best_rate(results, method, task)))


if __name__ == "__main__":
    main()
