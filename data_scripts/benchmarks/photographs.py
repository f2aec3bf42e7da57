"""Photographs without labels: who should read the feature map? Five seeds on five sets.

    python data_scripts/benchmarks/photographs.py --photos FOLDER [--seeds 5] [--out FILE]

FOLDER holds clothing.zip and grocery.zip: parts of clothing-dataset-small (CC0) and of the Grocery
Store Dataset (MIT), the longer side 256 pixels. Of the 18 kinds of grocery, the first ten in
alphabetical order are taken. Drawn shapes and enlarged images of fashion5 are no photographs: they
show whether the features do harm where they are not at home.

Every run is a whole `fit` of `RecurrentClusterer`, with the number of clusters given and nothing
else. Only the feature maps, and those of the views, are made once for each set. Labels are used for
scoring only. Settings were tried on clothing and grocery with seed 7, with labels for scoring.

The warnings of `rt.trust_report` are judged on the runs with "pool" and seed 0, and on sets that
were spoilt on purpose. A warning of little detail or of few images is right where the images were
made so. That clusters follow colour is right where they agree better, by the adjusted Rand index,
with clusters of colour histograms than with the labels. That they are not stable is right where
less than half of the images are in the right cluster.

Each run is written as it ends, and a run that stands in FILE is not made again.
"""

import argparse
import contextlib
import io
import json
import time
from dataclasses import replace
from datetime import date
from pathlib import Path

import cv2
import numpy as np
from fashion5 import surroundings
from sklearn.cluster import KMeans

import rnn_tutor as rt
from rnn_tutor.clusters import estimator, features
from rnn_tutor.clusters.trust import colour_histogram

SHIPPED = Path(rt.__file__).parent / "data" / "benchmark_photographs.json"
READERS = {
    "pool": "the mean of the map",
    "recurrent": "GRUs over the rows and columns of the map",
    "attention": "self-attention among the places of the map",
    "dense": "a dense layer over the map",
}
NAMES = {"pixels": "k-means on the pixels"} | READERS


def grocery(folder):
    """The first ten kinds of the Grocery Store Dataset."""
    images = rt.load_images(folder / "grocery.zip", size=128)
    return images[images.labels < 10]


SETS = {
    "photos5": lambda folder: rt.load_images("photos5"),
    "clothing": lambda folder: rt.load_images(folder / "clothing.zip", size=128),
    "grocery": grocery,
    "shapes": lambda folder: rt.load_images("shapes", limit=400, size=128, seed=3),
    "fashion5": lambda folder: (
        rt.load_images("fashion5", limit=500, seed=5).resized(128, 128).colour()
    ),
}


def changed(load, change):
    """Return how to load a set with each of its images changed."""

    def load_changed(folder):
        images = load(folder)
        rng = np.random.default_rng(0)
        return replace(images, pixels=np.stack([change(image, rng) for image in images.pixels]))

    return load_changed


def blurred(image, rng):
    """A photograph out of focus."""
    return cv2.GaussianBlur(image, (0, 0), 4)


def enlarged(image, rng):
    """A photograph that was a thumbnail of 28 pixels."""
    small = cv2.resize(image, (28, 28), interpolation=cv2.INTER_AREA)
    return cv2.resize(small, image.shape[1::-1], interpolation=cv2.INTER_CUBIC)


def lit(image, rng):
    """A photograph under red, green or blue light, or under white."""
    light = np.eye(3)[rng.integers(3)] * 0.9 + 0.1 if rng.random() < 0.6 else np.ones(3)
    return (image * light).astype(np.uint8)


def noise(image, rng):
    """An image of noise, of the same size."""
    return rng.integers(0, 256, image.shape).astype(np.uint8)


SPOILT = {  # how to load it, and the warnings that it must get
    "photos5, blurred": (changed(SETS["photos5"], blurred), {"detail"}),
    "photos5, enlarged": (changed(SETS["photos5"], enlarged), {"detail"}),
    "photos5, coloured light": (changed(SETS["photos5"], lit), set()),
    "photos5, 100 of them": (lambda folder: SETS["photos5"](folder)[::3], {"images"}),
    "photos5, 40 of them": (lambda folder: SETS["photos5"](folder)[::8], {"images"}),
    "grocery, blurred": (changed(grocery, blurred), {"detail"}),
    "grocery, coloured light": (changed(grocery, lit), set()),
    "noise": (changed(SETS["photos5"], noise), set()),
}
MADE_SO = {"fashion5": {"detail"}} | {name: made for name, (_, made) in SPOILT.items()}


class MapsOnce(features.FeatureMaps):
    """The feature maps, which remember the views that were drawn first."""

    views = None

    def with_views(self, pixels, augmentation, seed):
        if self.views is None:
            self.views = super().with_views(pixels, augmentation, seed=0)
        return self.views


def labels_of(method, images, seed):
    """The clusters, the light of each warning, and the seconds that it took."""
    began = time.perf_counter()
    if method == "pixels":
        flat = images.resized(32, 32).as_float().reshape(len(images), -1)
        found = KMeans(images_classes(images), n_init=10, random_state=seed).fit_predict(flat)
        return found, None, time.perf_counter() - began
    sorter = rt.RecurrentClusterer(
        images_classes(images),
        features="photographs",
        encoder=method,
        random_state=seed,
        verbose=False,
    ).fit(images)
    return sorter.labels_, sorter, time.perf_counter() - began


def images_classes(images):
    """How many classes have images."""
    return len(np.unique(images.labels))


def one_run(name, method, images, seed):
    """One row of the stored results."""
    found, sorter, seconds = labels_of(method, images, seed)
    scores = rt.evaluation.scores(images.labels, found)
    row = {"set": name, "method": method, "seed": seed, "images": len(images)}
    row |= {"classes": images_classes(images), "seconds": round(seconds, 1)}
    row |= {score: round(getattr(scores, score), 4) for score in ("accuracy", "nmi", "ari")}
    if sorter:
        colours = np.array([colour_histogram(image) for image in images.pixels])
        by_colour = KMeans(row["classes"], n_init=10, random_state=seed).fit_predict(colours)
        row["ari_colour"] = round(rt.evaluation.ari(by_colour, found), 4)
        row["stability"] = round(sorter.stability_, 3)
        row["lights"] = {light.name: light.colour for light in sorter.trust_.lights}
        row["values"] = {light.name: round(light.value, 3) for light in sorter.trust_.lights}
    return row


def judged(runs):
    """Return for each warning on how many sets it was given, and whether that was right."""
    rows = []
    for run in runs:
        if run["method"] != "pool" or run["seed"] != 0:
            continue
        due = {
            "colour": run["ari_colour"] > run["ari"],
            "images": "images" in MADE_SO.get(run["set"], ()),
            "detail": "detail" in MADE_SO.get(run["set"], ()),
            "stability": run["accuracy"] < 0.5,
        }
        rows += [
            {"warning": name, "set": run["set"], "due": due[name], "given": colour != "green"}
            for name, colour in run["lights"].items()
        ]
    return rows


def results(runs):
    """What is stored: every run, and for `rt.stored_results` a row for each set and method."""
    methods = []
    for name in SETS:
        for method, title in NAMES.items():
            some = [run for run in runs if (run["set"], run["method"]) == (name, method)]
            if some:
                row = {"key": f"{name}_{method}", "set": name, "method": method, "name": title}
                row |= {"clustering": "k-means", "seeds": [run["seed"] for run in some]}
                row |= {s: [run[s] for run in some] for s in ("accuracy", "nmi", "ari")}
                row["minutes"] = round(min(run["seconds"] for run in some) / 60, 2)
                methods.append(row)
    about = {"dataset": "photographs", "date": date.today().isoformat(), **surroundings()}
    return about | {"methods": methods, "warnings": judged(runs), "runs": runs}


def main():
    """Make the runs that are missing, and store each as it ends."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photos", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--out", type=Path, default=SHIPPED)
    options = parser.parse_args()
    rt.load_keras()
    stored = json.loads(options.out.read_text()) if options.out.exists() else {}
    runs = stored.get("runs", [])
    done = {(run["set"], run["method"], run["seed"]) for run in runs}
    spoilt = {name: load for name, (load, _) in SPOILT.items()}
    for name, load in (SETS | spoilt).items():
        methods, seeds = (NAMES, options.seeds) if name in SETS else (["pool"], 1)
        every = [(method, seed) for seed in range(seeds) for method in methods]
        wanted = [which for which in every if (name, *which) not in done]
        if not wanted:
            continue
        with contextlib.redirect_stderr(io.StringIO()):
            images = load(options.photos)
        maps = MapsOnce("photographs", images.pixels)
        estimator.FeatureMaps = lambda *_, maps=maps: maps  # the same for every fit
        for method, seed in wanted:
            runs.append(row := one_run(name, method, images, seed))
            options.out.write_text(json.dumps(results(runs), indent=1) + "\n")
            print(name, method, seed, row["accuracy"], f"{row['seconds']} s", flush=True)


if __name__ == "__main__":
    main()
