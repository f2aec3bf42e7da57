"""How long a training will take on this machine."""

import timeit

import numpy as np

# What training on one picture costs for each of its pixels, in products of two 512 x 512 matrices:
# a rough figure. For 171 steps of 256 it foretold 18 s, and all of `fit` took 14; busy, 69 and 96.
# It is TensorFlow's; on PyTorch a step takes longer.
PRODUCTS_A_PIXEL = 5e-4


def training_seconds(pictures, height, width):
    """About how long this machine trains on so many pictures, told from a product of matrices."""
    matrix = np.ones((512, 512), "float32")
    product = min(timeit.repeat(lambda: matrix @ matrix, number=4, repeat=5)) / 4
    return PRODUCTS_A_PIXEL * product * pictures * height * width
