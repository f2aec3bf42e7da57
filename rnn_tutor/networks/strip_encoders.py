"""Encoders for strips: images of one height and any widths, `(n, height, None, channels)`.

A batch of strips is padded on the right: past its end, a strip is below 0 (`ImageSet.as_float`).
The networks here find out from that which columns to read. What is padded changes nothing. All
layers and operations are Keras's own.
"""

import numpy as np

from rnn_tutor._backend import keras
from rnn_tutor._errors import TutorError, check_known, check_whole

layers, ops = keras.layers, keras.ops
# The recurrent layers of Keras, by the names that builders and settings take.
CELLS = {"simple_rnn": layers.SimpleRNN, "gru": layers.GRU, "lstm": layers.LSTM}


def strip_encoder(
    input_shape, reader="recurrent", units=48, cell="gru", bidirectional=True, masked=True
):
    """Build an encoder from a strip of any width to an embedding.

    Two strided convolutions make a feature map, a quarter as high and an eighth as wide. Its
    columns are normalized and read from left to right. Keras's convolutions drop a mask. So it is
    carried past them by hand, and what lies past the end of a strip is set to 0 after each
    convolution.

    Args:
        input_shape: `(height, None, channels)`; a width in place of None is not looked at.
        reader: A name from `READERS`, str: how the columns become an embedding. Default
            "recurrent".
        units: State size of the recurrent layer in each direction, int. Default 48.
        cell: A name from `CELLS`, str: "simple_rnn", "gru" or "lstm". Default "gru".
        bidirectional: Whether to read the columns both ways, bool. Default True.
        masked: Whether the recurrent layer skips the columns past the end, bool. Default True.
            False shows what padding does to a network that reads it.

    Returns:
        A Keras model, `(n, height, width, channels)` -> `(n, embedding)`.

    Raises:
        TutorError: There is no such reader or cell, or the strips are below 4 pixels high.

    Example:
        >>> encoder = rt.models.strip_encoder((16, None, 1), units=8)
        >>> encoder.input_shape, encoder.output_shape
        ((None, 16, None, 1), (None, 16))
    """
    check_known("reader", reader, READERS)
    check_known("recurrent cell", cell, CELLS)
    height, _, channels = input_shape
    if check_whole("height", height) < 4:
        raise TutorError(f"Strips are read from a height of 4 pixels on; received {height}.")
    image = keras.Input((height, None, channels))
    read = ops.any(ops.greater_equal(image, 0), axis=(1, 3))  # (n, width) bool
    x = layers.ReLU()(image)
    if reader == "squeezed":
        x, read = squeeze(x, read, SQUEEZED)
    for kernels, size, strides in ((16, 5, (2, 4)), (32, 3, (2, 2))):
        # Padded here: with padding="same", it would depend on whether a strip is even or odd.
        x = layers.ZeroPadding2D(size // 2)(x)
        x = layers.Conv2D(kernels, size, strides=strides, activation="relu")(x)
        read = read[:, :: strides[1]]
        x = x * ops.cast(read, x.dtype)[:, None, :, None]
    x = layers.Conv2D(16, 1, activation="relu")(x)
    columns = layers.Reshape((-1, x.shape[1] * 16))(layers.Permute((2, 1, 3))(x))
    columns = layers.LayerNormalization()(columns)
    if reader == "recurrent":
        layer = CELLS[cell](units)
        layer = layers.Bidirectional(layer) if bidirectional else layer
        embedding = layer(columns, mask=read) if masked else layer(columns)
    else:
        embedding = READERS[reader](columns, read)
    return keras.Model(image, embedding, name="strip_encoder")


SQUEEZED = 128  # columns to which the reader "squeezed" brings every strip


def squeeze(image, read, width):
    """Bring strips to one width, each from its own.

    Args:
        image: `(n, height, any, channels)` float, at least 0.
        read: `(n, any)` bool, which columns belong to the strip.
        width: Columns that come out, int.

    Returns:
        `(image, read)`: `(n, height, width, channels)`, and `(n, width)` bool, all True.

    Example:
        >>> image, read = squeeze(np.ones((1, 2, 5, 1), "float32"), np.ones((1, 5), bool), 3)
        >>> tuple(image.shape), tuple(read.shape)
        ((1, 2, 3, 1), (1, 3))
    """
    kept = ops.cast(read, image.dtype)
    column = ops.cumsum(kept, axis=1) - 1  # 0 to last
    last = ops.sum(kept, axis=1, keepdims=True) - 1
    step = ops.maximum(last / (width - 1), 1)  # what is shrunk is averaged, by a triangle
    # Where each new column lies in the old strip, and how much of each old column it takes.
    centre = last * np.linspace(0, 1, width, dtype="float32")[None]  # (n, width)
    away = ops.abs(ops.expand_dims(centre, 2) - ops.expand_dims(column, 1))
    share = ops.relu(1 - away / ops.expand_dims(step, 2)) * ops.expand_dims(kept, 1)
    share = share / (ops.sum(share, axis=2, keepdims=True) + 1e-7)  # (n, width, any)
    image = ops.einsum("nhwc,ntw->nhtc", image, share)
    return image, ops.any(ops.greater_equal(image, 0), axis=(1, 3))


def _squeezed(columns, read):
    """Read the flat feature map of a squeezed strip by dense layers."""
    steps = SQUEEZED // 8
    x = layers.Flatten()(layers.Reshape((steps, columns.shape[2]))(columns))
    x = layers.Dense(30, activation="relu")(x)
    return layers.Dense(96, activation="tanh")(x)


def _pooled(columns, read):
    """Forget the order: the mean and the largest of each feature."""
    # No wider: what sees two parts at once knows which comes first, and needs no reader.
    x = layers.Conv1D(86, 3, padding="same", activation="relu")(_zeroed(columns, read))
    return layers.Dense(96, activation="tanh")(_mean_and_max(x, read))


def _dilated(columns, read):
    """Look further and further around by dilated convolutions, then pool."""
    x = layers.Dense(44)(columns)
    for rate in (1, 2, 4, 8, 16):
        around = layers.Conv1D(44, 3, padding="same", dilation_rate=rate)(_zeroed(x, read))
        x = x + layers.ReLU()(layers.LayerNormalization()(around))
    return _mean_and_max(x, read)


def _attending(columns, read):
    """Let each column attend to all others, with sines for positions, then pool."""
    position = ops.cumsum(ops.cast(read, "float32"), axis=1)[:, :, None]
    angle = position * (0.01 ** np.linspace(0, 1, 24)).astype("float32")[None, None]
    x = layers.Dense(48)(columns) + ops.concatenate([ops.sin(angle), ops.cos(angle)], axis=-1)
    seen = read[:, None, :]
    for _ in range(2):
        y = layers.LayerNormalization()(x)
        x = x + layers.MultiHeadAttention(4, 12)(y, y, attention_mask=seen)
        y = layers.Dense(64, activation="relu")(layers.LayerNormalization()(x))
        x = x + layers.Dense(48)(y)
    return _mean_and_max(layers.LayerNormalization()(x), read)


def _zeroed(x, read):
    return x * ops.cast(read, x.dtype)[:, :, None]


def _mean_and_max(x, read):
    """Pool `(n, steps, d)` over the steps that are read: `(n, 2 d)`."""
    kept = ops.cast(read, x.dtype)[:, :, None]
    mean = ops.sum(x * kept, axis=1) / (ops.sum(kept, axis=1) + 1e-7)
    return ops.concatenate([mean, ops.max(x * kept - 1e4 * (1 - kept), axis=1)], axis=1)


# How the columns of a feature map become an embedding. The recurrent one stands in the builder.
READERS = {
    "recurrent": None,
    "pooling": _pooled,
    "squeezed": _squeezed,
    "dilated": _dilated,
    "attention": _attending,
}
