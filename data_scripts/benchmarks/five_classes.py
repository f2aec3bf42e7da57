"""The longer run of notebook 10: a thousand drawn pictures at 224 x 224, five seeds.

    python data_scripts/benchmarks/five_classes.py [--seeds 5] [--out FILE]

The preparation is the notebook's own: its cells `preprocessing` and `silhouettes` are executed, and
for the first row the solution of exercise 10.1. 800 pictures are learnt from, 200 measure; labels
are used for scoring only. Settings were chosen on 300 other pictures, with their labels for
scoring.
"""

import argparse
import json
import time
from datetime import date
from pathlib import Path

import nbformat
import numpy as np
from fashion5 import surroundings
from sklearn.cluster import KMeans

import rnn_tutor as rt

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = Path(rt.__file__).parent / "data" / "benchmark_five_classes.json"
STEPS = 400
ROWS = {
    "largest": ("silhouettes, largest piece only", "recurrent encoder, k-means"),
    "recurrent": ("silhouettes", "recurrent encoder, k-means"),
    "dense": ("silhouettes", "the same without recurrence, k-means"),
    "silhouettes": ("silhouettes", "k-means on the pixels"),
    "colour": ("as they come", "recurrent encoder, k-means"),
    "pixels": ("as they come", "k-means on the pixels"),
}


def of_notebook(*cells):
    """What stands in these cells of notebook 10, as a dict of names."""
    notebook = nbformat.read(ROOT / "notebooks" / "10_five_classes.ipynb", as_version=4)
    names = {"np": np, "rt": rt}
    for cell in notebook.cells:
        if cell.id in cells:
            exec(cell.source, names)
    return names


def largest_piece():
    """The function that stands in the solution of exercise 10.1."""
    names = {}
    text = (rt.exercises.SOLUTIONS / "10.md").read_text(encoding="utf-8")
    exec(text.split("```python\n")[1].split("```")[0], names)
    return names["largest_piece"]


def predicted(key, train, new, seed, augmentation):
    """The clusters of the new pictures."""
    if key in ("silhouettes", "pixels"):
        flat = [p.resized(28, 28).as_float().reshape(len(p), -1) for p in (train, new)]
        return KMeans(5, n_init=10, random_state=seed).fit(flat[0]).predict(flat[1])
    sorter = rt.RecurrentClusterer(
        5,
        augmentation=augmentation,
        epochs=STEPS // (len(train) // 80),
        batch_size=80,
        encoder="dense" if key == "dense" else "recurrent",
        size=28,
        random_state=seed,
        verbose=False,
    )
    return sorter.fit(train).predict(new)


def run(seeds):
    """The benchmark's JSON, as a dict."""
    named = of_notebook("preprocessing", "silhouettes")
    plain, methods = named["preprocessing"], []
    *first, cut_out, shrink = plain.steps
    prepared = {
        "silhouettes": plain,
        "silhouettes, largest piece only": rt.Preprocessing(
            (*first, largest_piece(), cut_out, shrink)
        ),
        "as they come": rt.Preprocessing(),
    }
    for key, (what, how) in ROWS.items():
        row = {"key": key, "name": what, "clustering": how, "seconds": []}
        row |= {"accuracy": [], "nmi": [], "ari": []}
        for seed in range(seeds):
            shapes = rt.datasets.draw_shapes(1000, size=224, seed=100 + seed)
            began = time.perf_counter()
            shapes = prepared[what].apply(shapes)
            found = predicted(key, shapes[:800], shapes[800:], seed, named["any_angle"])
            row["seconds"].append(time.perf_counter() - began)
            scores = rt.evaluation.scores(shapes.labels[800:], found)
            for score in ("accuracy", "nmi", "ari"):
                row[score].append(round(getattr(scores, score), 4))
            print(f"seed {seed}  {what}, {how}: {scores}  ({row['seconds'][-1]:.0f} s)", flush=True)
        row["minutes"] = round(min(row.pop("seconds")) / 60, 2)
        methods.append(row)
    return {
        "dataset": "shapes, 224 x 224 x 3",
        "pictures": 800,
        "new_pictures": 200,
        "steps": STEPS,
        "date": date.today().isoformat(),
        "seeds": list(range(seeds)),
        "chosen_on": "300 other pictures, with labels for scoring",
        **surroundings(),
        "methods": methods,
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--out", type=Path, default=SHIPPED)
    arguments = parser.parse_args()
    rt.load_keras()
    arguments.out.write_text(json.dumps(run(arguments.seeds), indent=1) + "\n")
