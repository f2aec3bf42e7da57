"""Test accuracy of notebook 05's model: as the notebook trains it, and at full size.

    python data_scripts/benchmarks/classifier.py "fashion5, 7 steps" [--seeds 5] [--out FILE]
    python data_scripts/benchmarks/classifier.py "photos5, 7 steps"
    python data_scripts/benchmarks/classifier.py "mnist, 7 steps" --folder FOLDER
    python data_scripts/benchmarks/classifier.py "fashion_mnist, 7 steps" --folder FOLDER

FOLDER holds the four idx files of the set. The architecture is `rt.models.classifier` at its
defaults, with dropout. What else differs by data set stands in `RECIPES`. No test picture is looked
at before the last epoch is over. Each seed is written when it ends; seeds that stand in FILE are
not run again.
"""

import argparse
import gzip
import json
import time
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
from fashion5 import surroundings

import rnn_tutor as rt
from rnn_tutor._backend import keras

SHIPPED = Path(rt.__file__).parent / "data" / "benchmark_classifier.json"
Augmentation = rt.Augmentation


@dataclass(frozen=True)
class Recipe:
    """How a data set is trained on: epochs, pictures a step, the first learning rate, and views.

    The learning rate falls to 0 along a cosine (Loshchilov and Hutter 2017); dropout is of the
    dense layer.
    """

    epochs: int
    batch_size: int = 128
    learning_rate: float = 0.002
    dropout: float = 0.3
    augmentation: Augmentation = Augmentation()  # noqa: RUF009, it is frozen
    three_steps: bool = False
    one_layer: bool = False

    def make_model(self, input_shape, n_classes):
        """The course's classifier; with `three_steps`, the third pooling halves rows, too.

        With `one_layer`, a single dense layer over the pixels.
        """
        if self.one_layer:
            layers = keras.layers
            answer = layers.Dense(n_classes, activation="softmax")
            return keras.Sequential([keras.Input(input_shape), layers.Flatten(), answer])
        model = rt.models.classifier(input_shape, n_classes, dropout=self.dropout)
        if not self.three_steps:
            return model
        return keras.models.clone_model(model, clone_function=halving_rows)


def halving_rows(layer):
    """A fresh copy of a layer, which pools rows where the classifier's third pooling does not."""
    if isinstance(layer, keras.layers.MaxPooling2D):
        return keras.layers.MaxPooling2D(2)
    if isinstance(layer, keras.layers.Reshape):
        return keras.layers.Reshape((3, layer.target_shape[1]))
    return type(layer).from_config(layer.get_config())


RECIPES = {
    "fashion5, 7 steps": Recipe(epochs=8, batch_size=64, learning_rate=0.001),
    "fashion5, 3 steps": Recipe(epochs=8, batch_size=64, learning_rate=0.001, three_steps=True),
    "fashion5, one dense layer": Recipe(
        epochs=8, batch_size=64, learning_rate=0.001, one_layer=True
    ),
    "photos5, one dense layer": Recipe(
        epochs=40, batch_size=16, learning_rate=0.003, one_layer=True
    ),
    "photos5, 7 steps": Recipe(epochs=40, batch_size=16),
    "fashion_mnist, one dense layer": Recipe(epochs=24, batch_size=64, one_layer=True),
    "mnist, 7 steps": Recipe(
        epochs=8, augmentation=Augmentation(rotation=10, zoom=0.1, shear=0.15, shift=0.07)
    ),
    "fashion_mnist, 7 steps": Recipe(
        epochs=24, batch_size=64, augmentation=Augmentation(shift=0.036, mirror=True)
    ),
}


class Views(keras.utils.PyDataset):
    """Batches of random views with their labels; the order and the views follow the seed."""

    def __init__(self, pixels, labels, recipe, seed):
        super().__init__()
        self.pixels, self.labels, self.recipe, self.seed = pixels, labels, recipe, seed
        self.epoch = -1
        self.on_epoch_end()

    def on_epoch_end(self):
        self.epoch += 1
        order = np.random.default_rng([self.seed, self.epoch])
        self.order = order.permutation(len(self.pixels))

    def __len__(self):
        return len(self.pixels) // self.recipe.batch_size

    def __getitem__(self, step):
        size = self.recipe.batch_size
        chosen = self.order[step * size : (step + 1) * size]
        rng = np.random.default_rng([self.seed, self.epoch, step])
        return self.recipe.augmentation(self.pixels[chosen], rng), self.labels[chosen]


def one_seed(train, test, recipe, seed):
    """Trains once. Returns `(test accuracy, seconds of training)`."""
    keras.utils.set_random_seed(seed)
    n_classes = int(train[1].max()) + 1
    model = recipe.make_model(train[0].shape[1:], n_classes)
    batches = Views(*train, recipe, seed)
    rate = keras.optimizers.schedules.CosineDecay(
        recipe.learning_rate, recipe.epochs * len(batches)
    )
    optimizer = keras.optimizers.Adam(rate)
    optimizer.build(model.trainable_variables)
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    began = time.perf_counter()
    model.fit(batches, epochs=recipe.epochs, shuffle=False, verbose=2)
    seconds = time.perf_counter() - began
    probabilities = model.predict(test[0].astype("float32") / 255, batch_size=256, verbose=0)
    return float(np.mean(probabilities.argmax(axis=1) == test[1])), seconds


def read_idx(folder, name):
    """An idx file, packed or not, as uint8."""
    path = next(p for p in sorted(Path(folder).iterdir()) if p.name.startswith(name))
    content = path.read_bytes()
    content = gzip.decompress(content) if path.suffix == ".gz" else content
    header = 16 if "images" in name else 8
    values = np.frombuffer(content, np.uint8, offset=header)
    return values.reshape(-1, 28, 28, 1) if "images" in name else values


def load(name, folder):
    """`(train, test)`, each `(uint8 pixels, labels)`."""
    if name.startswith(("fashion5", "photos5")):
        images = rt.load_images(name.split(",")[0])
        parts = images.grey().resized(28, 28).split(seed=0)
        return [(part.pixels, part.labels) for part in parts]
    return [
        (read_idx(folder, f"{part}-images"), read_idx(folder, f"{part}-labels"))
        for part in ("train", "t10k")
    ]


def run(name, folder, seeds, out):
    """Runs the seeds that are missing, and writes the JSON after each."""
    train, test = load(name, folder)
    results = json.loads(out.read_text()) if out.exists() else {}
    recipe = RECIPES[name]
    result = results.setdefault(name, {"accuracy": [], "minutes": []})
    for seed in range(len(result["accuracy"]), seeds):
        accuracy, seconds = one_seed(train, test, recipe, seed)
        print(f"{name}, seed {seed}: {accuracy:.2%} in {seconds / 60:.1f} min", flush=True)
        result["accuracy"].append(round(accuracy, 4))
        result["minutes"].append(round(seconds / 60, 2))
        result |= {"training": len(train[0]), "test": len(test[0]), "recipe": repr(recipe)}
        result |= {"date": date.today().isoformat(), **surroundings()}
        results[name] = result
        out.write_text(json.dumps(results, indent=1) + "\n")
    values = result["accuracy"]
    print(f"{name}: {np.mean(values):.2%} +- {np.std(values, ddof=1) if seeds > 1 else 0:.2%}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", choices=RECIPES)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--out", type=Path, default=SHIPPED)
    arguments = parser.parse_args()
    rt.load_keras()
    run(arguments.name, arguments.folder, arguments.seeds, arguments.out)
