"""How long a training will take on this machine, and how far it is."""

import timeit

import numpy as np

from rnn_tutor._backend import keras
from rnn_tutor._text import format_duration

# What training on one image costs for each of its pixels, in products of two 512 x 512 matrices: a
# rough figure. For 171 steps of 256 it foretold 18 s, and all of `fit` took 14; busy, 69 and 96.
# It is TensorFlow's, and the recurrent encoder's; on PyTorch a step takes longer.
PRODUCTS_A_PIXEL = 5e-4


def training_seconds(images, height, width):
    """Return about how long this machine trains, told from a product of matrices.

    Args:
        images: how many are trained on, counted again in each epoch.
        height, width: of an image, in pixels.
    """
    matrix = np.ones((512, 512), "float32")
    product = min(timeit.repeat(lambda: matrix @ matrix, number=4, repeat=5)) / 4
    return PRODUCTS_A_PIXEL * product * images * height * width


def show_progress(trainer, name="a network"):
    """Print how long a training will take, and show Keras's progress bar while it runs.

    Args:
        trainer: a `Trainer` that is about to run.
        name: what is trained, in words.
    """
    batches = trainer.batches
    n, *_, height, width, _ = batches.pixels.shape
    steps = len(batches)
    left = trainer.epochs * steps - trainer.steps_done
    seconds = training_seconds(left * batches.batch_size, height, width)
    print(
        f"Training {name} on {n:,} pictures: {left:,} steps, about {format_duration(seconds)} on "
        "this machine."
    )
    bar = keras.utils.Progbar(trainer.epochs * steps, interval=0.5, unit_name="step")
    bar.update(trainer.steps_done)
    trainer.on(
        "batch",
        lambda now: bar.update(now.epoch * steps + now.step, [("loss", now.loss)], finalize=False),
    )
    trainer.on("end", lambda now: bar.update(trainer.steps_done, finalize=True))
