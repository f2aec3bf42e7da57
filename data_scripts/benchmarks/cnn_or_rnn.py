"""The full grid of notebook 06: CNN, RNN and CNN+RNN on fashion5, with the notebook's own code.

    python data_scripts/benchmarks/cnn_or_rnn.py [--out FILE] [--raw FILE] [--workers 2] [--cost]

Five seeds of every row. A worker is a process with one thread. Each training is written into the
raw FILE when it ends, and is not run again where it stands there. The learning rate of each model
is chosen first, on a validation part of the training pictures; no test picture is looked at for it.
`--cost` measures time and memory instead, one model at a time on all cores: run it on a quiet
machine.
"""

import argparse
import json
import multiprocessing
import os
import resource
import statistics
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from datetime import date
from functools import cache
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
SHIPPED = HERE.parents[1] / "rnn_tutor" / "data" / "benchmark_cnn_or_rnn.json"
NOTEBOOK = HERE.parents[1] / "notebooks" / "06_cnn_or_rnn.ipynb"
SEEDS = range(5)
PARAMETERS = 40_000
UPDATES = {25: 150, 100: 200, 400: 400, 1600: 800, 5000: 1250}
LONGER = {25: 600, 100: 800, 5000: 2500}  # to see whether more updates would change anything
RATES, RATE_SEEDS = (0.0005, 0.001, 0.002, 0.004, 0.008, 0.016), (100, 101)
WIDTHS, WIDTH_MODELS = (4, 16, 64, 256), ("CNN", "RNN, GRU", "CNN+RNN, GRU")
ORDERS = ("fixed", "anew")
NOISE = 0.5
TEST_NOISE = (0.25, 0.5)


@cache
def notebook():
    """The notebook's functions and constants, by name."""
    sys.path.insert(0, str(HERE.parent))
    from support import contract, course

    stored = course.read(NOTEBOOK)
    names = contract.namespace(stored)
    exec(next(cell.source for cell in stored.cells if cell.id == "models"), names)
    return names


@cache
def data():
    """`(pictures, labels)` of the training and of the test part of fashion5."""
    import rnn_tutor as rt

    images = rt.load_images("fashion5")
    return [(part.as_float(), part.labels) for part in images.split(seed=0)], images


def begin_worker():
    os.environ |= {"TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1"}
    import rnn_tutor as rt

    rt.load_keras()
    notebook()["n_classes"] = data()[1].n_classes


@cache
def size_of(model, dense=64):
    _, images = data()
    return notebook()["matched_size"](model, PARAMETERS, images.shape, images.n_classes, dense)


def parameters_of(model, dense=64):
    _, images = data()
    names = notebook()
    made = names["comparison_model"](
        *names["MODELS"][model], size_of(model, dense), images.shape, images.n_classes, dense
    )
    return made.count_params()


def train(model, pictures, labels, n, rate, seed, dense=64, updates=None):
    """The model, trained on n of these pictures."""
    chosen = notebook()["few_of_each"](labels, n, seed)
    few = pictures[chosen], labels[chosen]
    updates = updates or UPDATES[n]
    return notebook()["trained"](model, size_of(model, dense), *few, updates, rate, seed, dense)


def rate_trial(model, rate, seed):
    """Accuracy on 1,000 training pictures that the model has not seen, after 400 others."""
    (pictures, labels), _ = data()[0]
    order = np.random.default_rng(seed).permutation(len(labels))
    rest, validation = order[1000:], order[:1000]
    made = train(model, pictures[rest], labels[rest], 400, rate, seed)
    return {"accuracy": notebook()["accuracy"](made, pictures[validation], labels[validation])}


def by_pictures(model, n, seed, rate):
    (train_part, (pictures, labels)), _ = data()
    made = train(model, *train_part, n, rate, seed)
    said = {"accuracy": notebook()["accuracy"](made, pictures, labels)}
    if n == 1600:
        for strength in TEST_NOISE:
            spoilt = notebook()["noisy"](pictures, strength, seed)
            said[f"noise {strength}"] = notebook()["accuracy"](made, spoilt, labels)
    return said


def for_longer(model, n, seed, rate):
    """With more updates."""
    (train_part, test), _ = data()
    made = train(model, *train_part, n, rate, seed, updates=LONGER[n])
    return {"accuracy": notebook()["accuracy"](made, *test)}


def by_width(model, width, seed, rate):
    (train_part, test), _ = data()
    made = train(model, *train_part, 400, rate, seed, width)
    return {"accuracy": notebook()["accuracy"](made, *test)}


def by_order(model, order, seed, rate):
    """Rows in another order, in training and test; `anew`: another one for each picture."""
    parts, _ = data()
    shuffled = notebook()["rows_shuffled"]
    seeds = (seed, seed) if order == "fixed" else (seed, seed + 1000)
    (pictures, labels), (test, truth) = (
        (shuffled(x, s, order == "anew"), y) for (x, y), s in zip(parts, seeds, strict=True)
    )
    made = train(model, pictures, labels, 1600, rate, seed)
    return {"accuracy": notebook()["accuracy"](made, test, truth)}


def with_noise(model, strength, seed, rate):
    """Noise in training and test."""
    ((pictures, labels), (test, truth)), _ = data()
    noisy = notebook()["noisy"]
    made = train(model, noisy(pictures, strength, seed), labels, 1600, rate, seed)
    return {"accuracy": notebook()["accuracy"](made, noisy(test, strength, seed + 1000), truth)}


WAYS = {"pictures": by_pictures, "longer": for_longer, "width": by_width}
WAYS |= {"order": by_order, "noise": with_noise}


def timed(way, *arguments):
    began = time.perf_counter()
    result = way(*arguments)
    return result | {"seconds": round(time.perf_counter() - began, 1)}


def jobs(models):
    """`(experiment, model, value)` of every row of the grid, quick answers first."""
    yield from (("pictures", model, n) for n in UPDATES for model in models)
    yield from (("order", model, order) for order in ORDERS for model in models)
    yield from (("width", m, width) for width in WIDTHS for m in WIDTH_MODELS if width != 64)
    yield from (("noise", model, NOISE) for model in models)
    yield from (("longer", model, n) for n in LONGER for model in models)


def _key(*parts):
    return "|".join(map(str, parts))


def run_all(pool, todo, results, out):
    """Runs `{key: (way, *arguments)}`, those that are missing, and writes each as it ends."""
    waiting = {pool.submit(timed, *call): key for key, call in todo.items() if key not in results}
    for done in as_completed(waiting):
        results[waiting[done]] = done.result()
        print(waiting[done], done.result(), flush=True)
        out.write_text(json.dumps(results, indent=0, sort_keys=True))


def best_rates(results, models):
    """Of each model, the rate with the best mean accuracy on validation."""

    def mean(model, rate):
        return np.mean([results[_key("rate", model, rate, s)]["accuracy"] for s in RATE_SEEDS])

    return {model: max(RATES, key=lambda rate: mean(model, rate)) for model in models}


def cost(model):
    """Seconds an epoch of 5,000 pictures; MB by which training and predicting raise the peak."""
    names = notebook()
    import keras

    import rnn_tutor as rt

    ((pictures, labels), _), images = data()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    keras.utils.set_random_seed(0)
    made = names["comparison_model"](
        *names["MODELS"][model], size_of(model), images.shape, images.n_classes
    )
    made.compile("adam", "sparse_categorical_crossentropy")
    seconds = []
    for _ in range(6):
        began = time.perf_counter()
        made.fit(pictures, labels, batch_size=32, verbose=0)
        seconds.append(time.perf_counter() - began)
    rt.embed(made, pictures)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {
        "parameters": made.count_params(),
        "seconds": round(statistics.median(seconds[1:]), 2),
        "first_seconds": round(seconds[0], 2),
        "mb": round(peak - before),
    }


def costs(models):
    """Of each model in a process of its own."""
    found = {}
    for model in models:
        call = [sys.executable, __file__, "--cost-of", model]
        found[model] = json.loads(subprocess.check_output(call, text=True).splitlines()[-1])
        print(model, found[model], flush=True)
    return found


def tables(results, models, rates):
    """`{experiment: {model: {value: [accuracy of each seed]}}}`; noise on clean training too."""
    found = {}
    for experiment, model, value in jobs(models):
        rows = [results[_key(experiment, model, value, seed, rates[model])] for seed in SEEDS]
        table = found.setdefault(experiment, {}).setdefault(model, {})
        table[str(value)] = [round(row["accuracy"], 4) for row in rows]
        if (experiment, value) == ("pictures", 1600):
            for strength in TEST_NOISE:
                clean = found.setdefault("noise in the test only", {}).setdefault(model, {})
                clean[str(strength)] = [round(row[f"noise {strength}"], 4) for row in rows]
    for model, table in found["width"].items():
        table["64"] = found["pictures"][model]["400"]
        found["width"][model] = {str(width): table[str(width)] for width in WIDTHS}
    return found


def shipped(results, models):
    """The JSON that the notebook reads."""
    sys.path.insert(0, str(HERE))
    from fashion5 import surroundings

    rates = best_rates(results, models)
    trials = {
        model: {
            str(rate): [
                round(results[_key("rate", model, rate, s)]["accuracy"], 3) for s in RATE_SEEDS
            ]
            for rate in RATES
        }
        for model in models
    }
    return {
        "dataset": "fashion5",
        "date": date.today().isoformat(),
        "seeds": list(SEEDS),
        "updates": {str(n): updates for n, updates in UPDATES.items()},
        "updates, longer": {str(n): updates for n, updates in LONGER.items()},
        "parameters": {model: parameters_of(model) for model in models},
        "parameters by width": {
            model: {str(width): parameters_of(model, width) for width in WIDTHS}
            for model in WIDTH_MODELS
        },
        "learning_rate": rates,
        "learning_rate trials (validation)": trials,
        "minutes": round(sum(row["seconds"] for row in results.values()) / 60, 1),
        **surroundings(),
        **tables(results, models, rates),
    }


def run(raw, out, workers):
    """The whole grid; `raw` keeps what is done."""
    results = json.loads(raw.read_text()) if raw.exists() else {}
    begin_worker()
    models = list(notebook()["MODELS"])
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, spawn, initializer=begin_worker) as pool:
        trials = {
            _key("rate", model, rate, seed): (rate_trial, model, rate, seed)
            for model in models
            for rate in RATES
            for seed in RATE_SEEDS
        }
        run_all(pool, trials, results, raw)
        rates = best_rates(results, models)
        print(rates, flush=True)
        grid = {
            _key(experiment, *row): (WAYS[experiment], *row)
            for experiment, model, value in jobs(models)
            for row in ((model, value, seed, rates[model]) for seed in SEEDS)
        }
        run_all(pool, grid, results, raw)
    results = {key: results[key] for key in (*trials, *grid)}  # no rate that did not win
    old = json.loads(out.read_text()) if out.exists() else {}
    out.write_text(
        json.dumps(shipped(results, models) | {"cost": old.get("cost")}, indent=1) + "\n"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=SHIPPED)
    parser.add_argument("--raw", type=Path, default=Path("cnn_or_rnn_raw.json"))
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--cost", action="store_true")
    parser.add_argument("--cost-of")
    arguments = parser.parse_args()
    if arguments.cost_of:
        import rnn_tutor

        rnn_tutor.load_keras()
        print(json.dumps(cost(arguments.cost_of)))
    elif arguments.cost:
        stored = json.loads(arguments.out.read_text())
        stored["cost"] = costs(stored["learning_rate"])
        arguments.out.write_text(json.dumps(stored, indent=1) + "\n")
    else:
        run(arguments.raw, arguments.out, arguments.workers)
