"""Make the shipped set fashion5 from the full Fashion-MNIST.

    python data_scripts/make_fashion5.py --from FOLDER [--to FOLDER]

FOLDER holds the four idx files of Fashion-MNIST, packed with gzip or not. Each is compared with
its published sha256 before it is used. The first 1,000 training and the first 200 test images (in
file order) of each of five kinds of clothing are kept, in file order, training images first.
"""

import argparse
import gzip
import hashlib
import json
from pathlib import Path

import numpy as np

DATA = Path(__file__).resolve().parent.parent / "rnn_tutor" / "data"
CLASSES = {"Trouser": 1, "Pullover": 2, "Dress": 3, "Sneaker": 7, "Bag": 8}
PARTS = {"train": 1000, "t10k": 200}  # images kept of each class
SHA256 = {  # of the unpacked files: mirrors pack them anew
    "train-images-idx3-ubyte": "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
    "train-labels-idx1-ubyte": "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
    "t10k-images-idx3-ubyte": "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
    "t10k-labels-idx1-ubyte": "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
}


def unpacked(folder, name):
    """Return the bytes of the idx file `name`; SystemExit when it is missing or another one."""
    packed, plain = folder / f"{name}.gz", folder / name
    if not (packed.exists() or plain.exists()):
        raise SystemExit(f"{folder} holds neither {name}.gz nor {name}.")
    content = plain.read_bytes() if plain.exists() else gzip.decompress(packed.read_bytes())
    found = hashlib.sha256(content).hexdigest()
    if found != SHA256[name]:
        raise SystemExit(f"{name}: expected sha256 {SHA256[name]}, found {found}.")
    return content


def read_part(folder, part):
    """Return images (n, 28, 28) uint8 and labels (n,) uint8; an idx header is 16 or 8 bytes."""
    images = np.frombuffer(unpacked(folder, f"{part}-images-idx3-ubyte"), np.uint8, offset=16)
    labels = np.frombuffer(unpacked(folder, f"{part}-labels-idx1-ubyte"), np.uint8, offset=8)
    return images.reshape(-1, 28, 28), labels


def first_of_each(labels, count):
    """Return the places of the first `count` images of each kept class, in file order."""
    return np.sort(np.concatenate([np.flatnonzero(labels == k)[:count] for k in CLASSES.values()]))


def build(folder):
    """Return the arrays of fashion5: pixels, labels, is_test and each image's place in its file."""
    kept = {"pixels": [], "labels": [], "is_test": [], "place": []}
    for part, count in PARTS.items():
        images, labels = read_part(Path(folder), part)
        place = first_of_each(labels, count)
        kept["pixels"].append(images[place, :, :, None])
        kept["labels"].append(np.searchsorted(list(CLASSES.values()), labels[place]))
        kept["is_test"].append(np.full(len(place), part == "t10k"))
        kept["place"].append(place)
    types = {"pixels": np.uint8, "labels": np.uint8, "is_test": bool, "place": np.uint16}
    return {name: np.concatenate(kept[name]).astype(types[name]) for name in kept}


def description(arrays):
    """Return what fashion5.json says: the classes, how the arrays were made, their sha256."""
    return {
        "name": "fashion5",
        "class_names": list(CLASSES),
        "made_from": "Fashion-MNIST (Zalando SE, MIT licence), the sha256 of its unpacked files:",
        "sources": SHA256,
        "made_by": "python data_scripts/make_fashion5.py --from FOLDER",
        "kept": "the first 1,000 training and 200 test images of each class, in file order",
        "sha256": {k: hashlib.sha256(a.tobytes()).hexdigest() for k, a in arrays.items()},
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--from", dest="source", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--to", type=Path, default=DATA, metavar="FOLDER")
    options = parser.parse_args()
    arrays = build(options.source)
    options.to.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(options.to / "fashion5.npz", **arrays)
    text = json.dumps(description(arrays), indent=2) + "\n"
    (options.to / "fashion5.json").write_text(text, encoding="utf-8")
    size = (options.to / "fashion5.npz").stat().st_size
    print(f"fashion5.npz: {len(arrays['pixels']):,} images, {size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
