"""What the comparison of notebook 06 is made of: models of one size, draws, shuffled rows.

Notebook 06 has these functions in its cells; a test holds both equal.
"""

from bisect import bisect

import numpy as np

from rnn_tutor._keras import keras

layers = keras.layers


def comparison_model(input_shape, n_classes=5, kind="CNN+GRU", size=64, width=64):
    """A classifier with or without convolutions, and with or without a recurrent layer.

    At its defaults it is `classifier`. What differs between the kinds is who sums up the picture in
    `size` numbers; the dense part behind it is the same.

    Args:
        input_shape: `(height, width, channels)`.
        n_classes: how many classes there are.
        kind: "CNN", a dense layer on the feature map; "GRU", a recurrent layer over the rows of
            pixels; "CNN+SimpleRNN", "CNN+GRU" or "CNN+LSTM", one over the rows of the feature map.
        size: units of that layer.
        width: units of the dense layer before the softmax.

    Returns:
        A Keras model, `(n, height, width, channels)` -> probabilities `(n, n_classes)`.
    """
    image = keras.Input(input_shape)
    x = image
    if "CNN" in kind:
        for kernels, pool in [(32, (2, 2)), (64, (2, 2)), (64, (1, 2))]:
            x = layers.Conv2D(kernels, 3, padding="same", activation="relu")(x)
            x = layers.MaxPooling2D(pool)(x)
    if kind == "CNN":
        x = layers.Dense(size, activation="tanh")(layers.Flatten()(x))
    else:
        cells = {"SimpleRNN": layers.SimpleRNN, "GRU": layers.GRU, "LSTM": layers.LSTM}
        height, columns, channels = x.shape[1:]
        rows = layers.Reshape((height, columns * channels))(x)  # (n, steps, features)
        x = cells[kind.removeprefix("CNN+")](size)(rows)
    x = layers.Dense(width, activation="relu")(x)
    return keras.Model(image, layers.Dense(n_classes, activation="softmax")(x))


def matched_size(parameters, target):
    """The largest size, from 1 to 999, with at most `target` parameters.

    parameters: a function, size -> number of parameters, that never falls.
    """
    return bisect(range(1, 1000), target, key=parameters)


def few_of_each(labels, n, seed):
    """The places of n pictures: drawn at random, and of every class equally many, if it has them.

    labels: (n_all,) integers. With the same seed, a smaller draw is part of a larger one. Returns
    (n,) integers; (n_all,) where there are fewer.
    """
    rng = np.random.default_rng(seed)
    turn = np.empty(len(labels), int)
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        turn[members] = rng.permutation(len(members))  # when a picture is drawn from its class
    return np.argsort(turn, kind="stable")[:n]


def rows_shuffled(pictures, rng, own=False):
    """Pictures (n, height, width, channels) with their rows in another order.

    rng: a NumPy generator. own: each picture gets an order of its own, else all get the same.
    """
    n, height = pictures.shape[:2]
    orders = np.tile(np.arange(height), (n if own else 1, 1))  # (n or 1, height)
    orders = rng.permuted(orders, axis=1)
    return np.take_along_axis(pictures, orders[:, :, None, None], axis=1)
