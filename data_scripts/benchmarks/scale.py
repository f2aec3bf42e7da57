"""Measures what many images cost: `python data_scripts/benchmarks/scale.py`.

It writes up to 200,000 JPEGs of 64 x 64 into a folder, and measures each step at three sizes in a
process of its own: reading, one epoch of training from disk, `rt.sort`, and `rt.sort` with one and
two worker processes of Dask on 127.0.0.1. What is measured is stored at once, and a run that is
stored is not done again: stop it when you like. `--folder` keeps the JPEGs, about 1 GB of disk.

Other work on the machine makes seconds longer. So the seconds of the processor are noted as well,
and what is compared (one worker with two, the stream with bare `cv2.imdecode`) is measured turn by
turn in one process.

`--growth N` only fits N and 4 N images and prints by how much the peak of memory grew.
"""

import argparse
import contextlib
import io
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from functools import partial
from importlib.metadata import version
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
OUTPUT = ROOT / "rnn_tutor" / "data" / "benchmark_scale.json"
SIZES = (1_250, 20_000, 200_000)
MODEL, SET, PHOTOGRAPHS = "model", "set", "photographs"  # in the folder
PIXELS = 32  # the side at which a network reads the images


def main():
    """Run what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    folder = Path(tempfile.gettempdir(), "rnn_tutor_scale")
    parser.add_argument("--folder", type=Path, default=folder, help="for the JPEGs")
    parser.add_argument("--output", type=Path, default=OUTPUT)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--growth", type=int, metavar="N")
    parser.add_argument("--sample", type=int, default=20_000, help=argparse.SUPPRESS)
    parser.add_argument("--part", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.part:
        name, n = options.part
        print(json.dumps(PARTS[name](options.folder, int(n))))
    elif options.growth:
        print(json.dumps(growth(options.growth, options.sample)))
    else:
        measure(options.folder, options.output, sorted(options.sizes))


def measure(folder, output, sizes):
    """Do the runs that are not stored yet, the shortest first, and store each."""
    stored = json.loads(output.read_text("utf-8")) if output.exists() else {"runs": []}
    stored |= surroundings() | {"sizes": sizes, "read_at": PIXELS}
    known = {(run["what"], run["images"]) for run in stored["runs"]}
    plan = [(what, n) for n in sizes[:-1] for what in ("decode", "sort")]
    plan += [("compare", 640), ("kmeans", 50_000), ("compare", 64)]
    plan += [(what, n) for n in sizes[:-1] for what in ("train", "workers")] + [("fit", 50_000)]
    plan += [(what, sizes[-1]) for what in ("decode", "sort", "train", "workers")]
    for what, n in plan:
        if {(what, n), (f"{what} 1", n)} & known:
            continue
        draw(folder / f"{SET} {n}", n) if what not in ("compare", "kmeans") else None
        found = in_own_process("--part", what, n, "--folder", folder)
        for run in found if isinstance(found, list) else [found]:
            run = {"what": what, "images": n} | run
            stored["runs"].append(run | {"load": load(), "date": str(date.today())})
            print(run, flush=True)
        stored["summary"] = summary(stored["runs"])
        text = json.dumps(stored, indent=1)
        output.write_text(text + "\n", encoding="utf-8", newline="\n")


def surroundings():
    """Return the machine and the versions of what runs here, without loading any of it."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    packages = ("tensorflow", "keras", "scikit-learn", "opencv-python", "pyarrow", "distributed")
    return {
        "machine": {"system": platform.system(), "processor": platform.machine()}
        | {"cores": os.cpu_count(), "memory in GB": round(memory / 1e9)},
        "versions": {package: version(package) for package in packages},
    }


def load():
    """Return how many processes waited for the processor in the last minute."""
    return round(os.getloadavg()[0], 1)


STEPS = {
    "decode": "read from disk",
    "train": "train for one epoch",
    "sort": "rt.sort",
    "workers 1": "rt.sort, 1 worker",
    "workers 2": "rt.sort, 2 workers",
}


def summary(runs):
    """Return a row for each step, of the largest number of images at which it was measured."""
    rows = []
    for what, name in STEPS.items():
        found = [run for run in runs if run["what"] == what]
        if found:
            run = max(found, key=lambda run: run["images"])
            cpu = round(1000 * run["cpu_seconds"] / run["images"], 2)
            memory = round(run.get("worker_peak_mb", run["peak_mb"]))
            row = {"images": run["images"], "step": name, "images_a_second": round(run["rate"])}
            rows.append(row | {"cpu_ms": cpu, "peak_mb": memory})
    return rows


def in_own_process(*words):
    """Run one part of this script alone, so that its peak is its own; return what it printed."""
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    settings = {"PYTHONPATH": path, "TQDM_DISABLE": "1", "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run(
        [sys.executable, __file__, *map(str, words)],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        env=os.environ | settings,
    )
    return json.loads(done.stdout.splitlines()[-1])


def draw(folder, n, size=64):
    """Write n JPEGs, drawn shapes, 64 different ones again and again; those that are there stay."""
    from PIL import Image

    import rnn_tutor as rt

    pixels = rt.load_images("shapes", limit=64, size=size).pixels
    if size != 64:
        pixels = pixels[:, : size * 3 // 4]
    contents = []
    for picture in pixels:
        written = io.BytesIO()
        Image.fromarray(picture).save(written, "JPEG", quality=90)
        contents.append(written.getvalue())
    for i in range(n):
        path = folder / f"{i // 1000:04d}" / f"{i:07d}.jpg"
        if i % 1000 == 0:
            path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            path.write_bytes(contents[i % 64])


def small(shape):
    """Make a small network: it is the images whose memory is measured, and they cost more so."""
    import keras

    image = keras.Input(shape)
    x = keras.layers.AveragePooling2D(4)(image)
    return keras.Model(image, keras.layers.Dense(32, "relu")(keras.layers.Flatten()(x)))


def peak_mb():
    """Return the largest memory that this process has had, in MB, on Linux.

    Not by `getrusage`: what the process had that started this one would count.
    """
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    return round(int(found[1]) * 1024 / 1e6, 1)


@contextlib.contextmanager
def clocked(result, n):
    """Note in `result` seconds, seconds of the processor, images a second, and the peak."""
    begun, before = time.perf_counter(), time.process_time()
    yield
    seconds = time.perf_counter() - begun
    result |= {"seconds": round(seconds, 2), "rate": round(n / seconds, 1)}
    result |= {"cpu_seconds": round(time.process_time() - before, 2), "peak_mb": peak_mb()}


# The parts, each in a process of its own


def decode(folder, n):
    """Read all images of a folder once, at their own size."""
    import rnn_tutor as rt

    result, opening = {}, {}
    with clocked(opening, n):
        images = rt.load_images(folder / f"{SET} {n}", stream=True)
    with clocked(result, n):
        for start in range(0, n, 256):
            images.read(slice(start, start + 256))
    return result | {"opened_s": opening["seconds"]}


def train(folder, n):
    """Train the recurrent encoder by contrast for one epoch, read from disk."""
    import rnn_tutor as rt

    rt.load_keras()
    images = rt.load_images(folder / f"{SET} {n}", size=PIXELS, stream=True)
    encoder = rt.models.recurrent_encoder(images.shape)
    objective = rt.objectives.Contrastive("objects")
    trainer = rt.Trainer(encoder, objective, images, epochs=1, batch_size=256, seed=0)
    result = {}
    with clocked(result, n):
        trainer.run()
    return result


def saved_model(folder):
    """Return the path of a `RecurrentClusterer` of the images' size, trained unless it is there."""
    import rnn_tutor as rt

    if not (folder / MODEL / "clusterer.json").exists():
        images = rt.load_images("shapes", limit=600, size=PIXELS)
        settings = {"epochs": 2, "random_state": 0, "verbose": False}
        rt.RecurrentClusterer(5, **settings).fit(images).save(folder / MODEL)
    return folder / MODEL


def sort(folder, n, **settings):
    """Sort all images of a folder; note what `rt.sort` said before it began."""
    import rnn_tutor as rt

    model = subprocess_model(folder)
    result, said = {}, io.StringIO()
    chunk = min(4_000, n // 2)
    with (
        tempfile.TemporaryDirectory(dir=folder) as out,
        contextlib.redirect_stdout(said),
        clocked(result, n),
    ):
        found = rt.sort(folder / f"{SET} {n}", model, out, chunk=chunk, **settings)
    assert found.images == n
    return result | {"said": said.getvalue()}


def subprocess_model(folder):
    """Return the path of the model; a process of its own trains it, whose memory is not ours."""
    return Path(in_own_process("--part", "model", 0, "--folder", folder))


def workers(folder, n):
    """Sort by one and then by two worker processes of Dask; what they need to start counts."""
    import psutil
    from distributed import Client, LocalCluster

    def cpu():
        return sum(psutil.Process().cpu_times()[:2])

    runs = []
    for number in (1, 2):
        where = {"host": "127.0.0.1", "dashboard_address": None, "threads_per_worker": 1}
        with LocalCluster(number, processes=True, **where) as cluster, Client(cluster) as client:
            client.wait_for_workers(number)
            before = sum(client.run(cpu).values())
            run = sort(folder, n, client=client)
            after, peaks = sum(client.run(cpu).values()), client.run(peak_mb)
        run["cpu_seconds"] = round(run["cpu_seconds"] + after - before, 2)
        runs.append(run | {"what": f"workers {number}", "worker_peak_mb": max(peaks.values())})
    return runs


def compare(folder, pixels):
    """Compare the stream with bare `cv2.imdecode` in as many threads; best of five turns each."""
    import cv2

    import rnn_tutor as rt
    from rnn_tutor import _machine
    from rnn_tutor.images import decoding

    n, folder = (4096 if pixels == 64 else 200), folder / f"{PHOTOGRAPHS} {pixels}"
    draw(folder, n, pixels)
    images = rt.load_images(folder, size=64, stream=True)
    paths = [entry.path for entry in images.pixels.entries]
    threads = max(1, round(_machine.cores()))
    cv2.setNumThreads(1)

    def bare(path):
        return cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_COLOR).shape

    def stream(small_file):
        decoding.SMALL_FILE = small_file
        for start in range(0, len(paths), 256):
            images.read(slice(start, start + 256))

    with ThreadPoolExecutor(threads) as pool:
        ways = {
            "stream": partial(stream, decoding.SMALL_FILE),
            "pillow": partial(stream, 0),
            "cv2": lambda: list(pool.map(bare, paths, chunksize=16)),
        }
        rates, cpu = dict.fromkeys(ways, 0), {}
        for _ in range(5):
            for name, way in ways.items():
                begun, before = time.perf_counter(), time.process_time()
                way()
                rate = len(paths) / (time.perf_counter() - begun)
                rates[name] = max(rates[name], round(rate))
                cpu[name] = min(cpu.get(name, np.inf), time.process_time() - before)
    ratios = {f"{name}_ratio": round(rates[name] / rates["cv2"], 3) for name in ways}
    ratios |= {f"{name}_cpu_ratio": round(cpu["cv2"] / cpu[name], 3) for name in ways}
    return {"rates": rates, "threads": threads} | ratios


def kmeans(folder, n):
    """Find clusters among n embeddings: by k-means on all, on 20,000, and by MiniBatchKMeans.

    The images are views of the 5,000 of fashion5, seen by the encoder that comes with the course.
    """
    from sklearn.cluster import KMeans, MiniBatchKMeans
    from sklearn.metrics import adjusted_rand_score

    import rnn_tutor as rt

    images, _ = rt.load_images("fashion5").split()
    encoder, rng = rt.load_encoder(), np.random.default_rng(0)
    views = rt.augmentation.PRESETS["clothes"]
    points = np.concatenate(
        [rt.embed(encoder, views(images.pixels, rng)) for _ in range(n // len(images))]
    )
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    labels = np.tile(images.labels, n // len(images))

    def on_all(seed):
        return KMeans(5, n_init=10, random_state=seed).fit(points).labels_

    def on_sample(seed):
        some = np.random.default_rng(seed).choice(len(points), 20_000, replace=False)
        return KMeans(5, n_init=10, random_state=seed).fit(points[some]).predict(points)

    def in_parts(seed):
        model, order = MiniBatchKMeans(5, random_state=seed), np.random.default_rng(seed)
        for part in np.array_split(order.permutation(len(points)), len(points) // 4096):
            model.partial_fit(points[part])
        return model.predict(points)

    ways, rows, first = {"all": on_all, "20,000": on_sample, "MiniBatchKMeans": in_parts}, {}, {}
    for seed in range(2):
        for name, way in ways.items():
            begun = time.process_time()
            found = way(seed)
            took = time.process_time() - begun
            first.setdefault(seed, found)
            row = rows.setdefault(name, {"accuracy": [], "agrees_with_all": [], "cpu_seconds": []})
            row["accuracy"].append(round(rt.evaluation.scores(labels, found).accuracy, 4))
            row["agrees_with_all"].append(round(adjusted_rand_score(first[seed], found), 4))
            row["cpu_seconds"].append(round(took, 2))
    return {"ways": rows}


def fit(folder, n):
    """Fit a `RecurrentClusterer` as it comes; note what it said before it began."""
    import rnn_tutor as rt

    result, said = {}, io.StringIO()
    with contextlib.redirect_stdout(said), clocked(result, n):
        images = rt.load_images(folder / f"{SET} {n}", size=PIXELS, stream=True)
        found = rt.RecurrentClusterer(5, random_state=0).fit(images)
    lines = [line for line in said.getvalue().splitlines() if "\b" not in line]
    assert found.looked_at_ == min(n, 20_000)
    return result | {"said": "\n".join(line for line in lines if "step" not in line)}


PARTS = {
    "decode": decode,
    "train": train,
    "sort": sort,
    "workers": workers,
    "compare": compare,
    "kmeans": kmeans,
    "fit": fit,
    "model": lambda folder, _: str(saved_model(folder)),
    "lean": lambda folder, n: lean(folder, n),
}


def growth(n, sample):
    """Return the peaks of fits of n and 4 n images with a small network, and how they compare.

    Args:
        n: int.
        sample: Images among which clusters are looked for, int. Below n, both fits hold as many.
    """
    peaks = []
    with tempfile.TemporaryDirectory() as folder:
        for images in (n, 4 * n):
            draw(Path(folder, SET), images)
            words = ("--part", "lean", sample, "--folder", folder)
            peaks.append(in_own_process(*words))
    return {"peaks_mb": peaks, "growth": round(peaks[1] / peaks[0] - 1, 4)}


def lean(folder, sample):
    """Fit a clusterer with a small network on the stream of a folder; return the peak."""
    import rnn_tutor as rt
    from rnn_tutor.clusters import streams

    streams.LOOKED_AT = sample
    images = rt.load_images(folder / SET, size=64, stream=True)
    settings = {"epochs": 1, "augmentation": "none", "encoder": small, "random_state": 0}
    rt.RecurrentClusterer(5, verbose=False, **settings).fit(images)
    return peak_mb()


if __name__ == "__main__":
    main()
