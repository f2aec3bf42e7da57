"""Is augmentation what training waits for? Views a second, against what a training step uses up.

    python data_scripts/benchmarks/augmentation_speed.py

Both are timed in turn in the same run, so a busy machine slows both; the medians are compared.
"""

import statistics
import time

import numpy as np

from rnn_tutor.training.settings import TrainingSettings
from rnn_tutor.training.trainer import Trainer

PAIRS, ROUNDS = 256, 7


def seconds(work):
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def measure(shape):
    """Views a second that augmentation makes, and that a step trains on when they are ready."""
    pixels = np.random.default_rng(0).integers(0, 256, (PAIRS, *shape), dtype=np.uint8)
    settings = TrainingSettings(batch_size=PAIRS)
    objective = settings.make_objective()
    model = Trainer(settings.make_encoder(shape), objective, pixels, epochs=1).model
    views, numbers = objective.batch(pixels, np.random.default_rng(0))
    model.train_on_batch(views, numbers)  # builds the graph
    making, training = [], []
    for seed in range(ROUNDS):
        making.append(seconds(lambda s=seed: objective.batch(pixels, np.random.default_rng(s))))
        training.append(seconds(lambda: model.train_on_batch(views, numbers)))
    return [2 * PAIRS / statistics.median(times) for times in (making, training)]


def main():
    print(f"{'pictures':12} {'views/s made':>14} {'views/s trained':>16} {'ratio':>7}")
    for shape in [(28, 28, 1), (64, 64, 3)]:
        made, trained = measure(shape)
        size = " x ".join(map(str, shape))
        print(f"{size:12} {made:14,.0f} {trained:16,.0f} {made / trained:7.1f}")


if __name__ == "__main__":
    main()
