"""Measures what streaming costs: `python data_scripts/benchmarks/streaming.py [--images 20000]`.

It writes n and 4 n JPEGs of 64 x 64 into a temporary folder and fits a `RecurrentClusterer` with a
small network on either, each in a process of its own, whose peak memory is noted. Then it decodes
n of them, and fewer photographs of 640 x 480, in the stream's threads, in these with Pillow alone,
and by bare `cv2.imdecode` in as many, in one process, turn by turn. It prints one line of JSON.
`--decode FOLDER` measures that alone, of the JPEGs in a folder.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]


def main():
    """Run all of it and print what was measured."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=int, default=20_000)
    parser.add_argument(
        "--sample", type=int, default=20_000, help="images among which clusters are looked for"
    )
    parser.add_argument("--fit", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--decode", type=Path, metavar="FOLDER", help="only decode these JPEGs")
    options = parser.parse_args()
    if options.fit:
        print(json.dumps(fit(options.fit, options.sample)))
    elif options.decode:
        print(json.dumps(decode(options.decode)))
    else:
        print(json.dumps(measure(options.images, options.sample)))


def measure(images, sample):
    """Return peaks, seconds and rates for n and 4 n images.

    Args:
        images: n, int.
        sample: Images among which clusters are looked for, int. Below n, both fits hold as many.
    """
    results = {"images": [images, 4 * images], "cores": os.cpu_count(), "fit": []}
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        for n in (images, 4 * images):
            draw(folder / "set", n, 64, begin=0 if n == images else images)
            results["fit"].append(in_own_process("--fit", folder / "set", sample))
        few = max(50, images // 100)
        draw(folder / "photographs", few, 640)
        for name in ("set", "photographs"):
            results[f"decode {name}"] = in_own_process("--decode", folder / name)
    peaks = [part["peak_mb"] for part in results["fit"]]
    return results | {"growth": round(peaks[1] / peaks[0] - 1, 4)}


def in_own_process(what, folder, sample=1):
    """Run one part of this script alone, so that its peak is its own."""
    command = [sys.executable, __file__, what, folder, "--sample", sample]
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    done = subprocess.run(
        list(map(str, command)),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        env=os.environ | {"PYTHONPATH": path},
    )
    return json.loads(done.stdout.splitlines()[-1])


def draw(folder, n, size, begin=0):
    """Write the JPEGs from `begin` to n: drawn shapes, 64 different ones again and again."""
    from PIL import Image

    import rnn_tutor as rt

    pixels = rt.load_images("shapes", limit=64, size=size).pixels
    if size != 64:
        pixels = pixels[:, : size * 3 // 4]
    folder.mkdir(exist_ok=True)
    contents = []
    for picture in pixels:
        path = folder / "picture.jpg"
        Image.fromarray(picture).save(path, quality=90)
        contents.append(path.read_bytes())
        path.unlink()
    for i in range(begin, n):
        part = folder / f"{i // 1000:04d}"
        part.mkdir(exist_ok=True)
        (part / f"{i:07d}.jpg").write_bytes(contents[i % 64])


def fit(folder, sample):
    """Fit a clusterer on the stream of a folder; return seconds and the peak of this process."""
    import rnn_tutor as rt
    from rnn_tutor.clusters import streams

    streams.LOOKED_AT = sample
    begun = time.perf_counter()
    images = rt.load_images(folder, size=64, stream=True)
    opened = time.perf_counter()
    clusterer = rt.RecurrentClusterer(
        5, epochs=1, augmentation="none", encoder=small, random_state=0, verbose=False
    )
    clusterer.fit(images)
    return {
        "images": len(images),
        "opened_s": round(opened - begun, 1),
        "fitted_s": round(time.perf_counter() - opened, 1),
        "peak_mb": peak_mb(),
    }


def small(shape):
    """Make a small network: it is the images whose memory is measured, and they cost more so."""
    import keras

    image = keras.Input(shape)
    x = keras.layers.AveragePooling2D(4)(image)
    return keras.Model(image, keras.layers.Dense(32, "relu")(keras.layers.Flatten()(x)))


def peak_mb():
    """Return the largest memory that this process has had, in MB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (1e6 if sys.platform == "darwin" else 1e3), 1)


def decode(folder):
    """Compare the stream with bare `cv2.imdecode`; return images a second, best of five turns."""
    import cv2

    import rnn_tutor as rt
    from rnn_tutor import _machine
    from rnn_tutor.images import decoding

    images = rt.load_images(folder, size=64, stream=True)
    paths = [str(path) for path in sorted(Path(folder).rglob("*.jpg"))][:4096]
    images, threads = images[: len(paths)], max(1, round(_machine.cores()))
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
        rates = dict.fromkeys(ways, 0)
        for _ in range(5):
            for name, way in ways.items():
                begun = time.perf_counter()
                way()
                rate = len(paths) / (time.perf_counter() - begun)
                rates[name] = max(rates[name], round(rate))
    ratios = {
        f"{name}_ratio": round(rates[name] / rates["cv2"], 3) for name in ("stream", "pillow")
    }
    return rates | ratios | {"threads": threads}


if __name__ == "__main__":
    main()
