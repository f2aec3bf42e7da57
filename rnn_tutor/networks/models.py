"""Keras builders: the recurrent encoders, and what is put on top of them for training.

Every model reads float32 images in 0..1, `(n, height, width, channels)`. Notebook 07 builds these
models in its cells; a test holds both equal. All layers are Keras's own, so a saved model can be
loaded by Keras alone.
"""

import functools
import json
from pathlib import Path

import numpy as np

from rnn_tutor._backend import keras, trim_heap
from rnn_tutor._errors import TutorError, check_whole
from rnn_tutor._text import DATA, sha256
from rnn_tutor.images.arrays import as_images, as_pixels
from rnn_tutor.images.imageset import padded
from rnn_tutor.images.stream import blocks
from rnn_tutor.networks.photographs import photograph_features as photograph_features
from rnn_tutor.networks.strip_encoders import CELLS
from rnn_tutor.networks.strip_encoders import strip_encoder as strip_encoder

layers = keras.layers


def of_one_size(build):
    """Wrap a builder so that it refuses the shape of strips, `(height, None, channels)`.

    What it raises is a TutorError. The builders themselves stay as the notebooks have them.

    Args:
        build: A function from `(height, width, channels)`, and more, to a Keras model.

    Example:
        >>> of_one_size(np.zeros)((28, 28, 1)).shape
        (28, 28, 1)
    """

    @functools.wraps(build)
    def checked(input_shape, *arguments, **settings):
        if None in tuple(input_shape):
            raise TutorError(
                f"This network reads images of one size; received the shape {tuple(input_shape)}, "
                "of any width. `resized(height, width)` of an ImageSet gives all images one size; "
                "`rt.models.strip_encoder` reads any width."
            )
        return build(input_shape, *arguments, **settings)

    return checked


def recurrent_layer(units, cell="gru", bidirectional=False, return_sequences=False):
    """Make a recurrent layer, `(n, steps, features)` -> `(n, units)`.

    Args:
        units: Size of the state, int.
        cell: A name from `CELLS`, str: "simple_rnn", "gru" or "lstm". Default "gru".
        bidirectional: Whether to read the sequence both ways, bool. Default False. Both ways
            double the width.
        return_sequences: Whether to return the state at every step, `(n, steps, units)`, bool.
            Default False.

    Returns:
        A Keras layer.

    Example:
        >>> recurrent_layer(8, "lstm", bidirectional=True)(np.zeros((2, 5, 3))).shape[1]
        16
    """
    layer = CELLS[cell](units, return_sequences=return_sequences)
    return layers.Bidirectional(layer) if bidirectional else layer


@of_one_size
def classifier(
    input_shape, n_classes=5, units=64, cell="gru", bidirectional=False, blocks=3, dropout=0.0
):
    """Build the supervised model of the course: convolutions, a recurrent layer over rows, softmax.

    Up to three blocks of convolution and pooling make a small feature map, whose rows the
    recurrent layer reads from top to bottom. The third block pools columns only: that leaves the
    recurrence 7 steps of an image with 28 rows, where pooling both ways would leave 3.

    Args:
        input_shape: `(height, width, channels)`.
        n_classes: Number of classes, int. Default 5.
        units: State size of the recurrent layer, int. Default 64.
        cell: A name from `CELLS`, str: "simple_rnn", "gru" or "lstm". Default "gru".
        bidirectional: Whether to read the rows both ways, bool. Default False.
        blocks: 1, 2 or 3 blocks, of 32, 64 and 64 kernels. Default 3.
        dropout: Share of the dense layer's outputs that are set to 0 in training, float in 0..1.
            Default 0.

    Returns:
        A Keras model, `(n, height, width, channels)` -> probabilities `(n, n_classes)`.

    Example:
        >>> classifier((28, 28, 1), n_classes=3).output_shape
        (None, 3)
    """
    image = keras.Input(input_shape)
    x = image
    for kernels, pool in [(32, (2, 2)), (64, (2, 2)), (64, (1, 2))][:blocks]:
        x = layers.Conv2D(kernels, 3, padding="same", activation="relu")(x)
        x = layers.MaxPooling2D(pool)(x)
    height, width, channels = x.shape[1:]
    rows = layers.Reshape((height, width * channels))(x)  # (n, steps, features)
    x = recurrent_layer(units, cell, bidirectional)(rows)
    x = layers.Dense(64, activation="relu")(x)
    if dropout:
        x = layers.Dropout(dropout)(x)
    return keras.Model(image, layers.Dense(n_classes, activation="softmax")(x), name="classifier")


@of_one_size
def recurrent_encoder(input_shape, units=48, cell="gru", bidirectional=True, recurrent=True):
    """Build a convolutional-recurrent encoder, from an image to an embedding.

    Two strided convolutions make a small feature map; one recurrent layer reads its rows from top
    to bottom, another its columns from left to right; their last states are the embedding.

    Args:
        input_shape: `(height, width, channels)`.
        units: State size of each recurrent layer and direction, int. Default 48.
        cell: A name from `CELLS`, str: "simple_rnn", "gru" or "lstm". Default "gru".
        bidirectional: Whether to read each sequence both ways, bool. Default True.
        recurrent: Whether to read the map by recurrent layers, bool. Default True. False puts one
            dense layer of the same width in their place.

    Returns:
        A Keras model, `(n, height, width, channels)` -> `(n, embedding)`; the embedding has
        `units` x 2 numbers, twice that when bidirectional.

    Example:
        >>> recurrent_encoder((28, 28, 1), units=8).output_shape
        (None, 32)

    Source: Visin et al. (2015), ReNet, here with one sweep in place of stacked ones.
    """
    image = keras.Input(input_shape)
    x = layers.Conv2D(32, 5, strides=2, padding="same", activation="relu")(image)
    x = layers.Conv2D(64, 3, strides=2, padding="same", activation="relu")(x)
    x = layers.Conv2D(16, 1, activation="relu")(x)
    height, width, channels = x.shape[1:]
    rows = layers.Reshape((height, width * channels))(x)  # (n, steps, features)
    columns = layers.Reshape((width, height * channels))(layers.Permute((2, 1, 3))(x))
    if recurrent:
        down = recurrent_layer(units, cell, bidirectional)(rows)
        across = recurrent_layer(units, cell, bidirectional)(columns)
        embedding = layers.Concatenate()([down, across])
    else:
        size = units * (4 if bidirectional else 2)
        embedding = layers.Dense(size, activation="tanh")(layers.Flatten()(x))
    return keras.Model(image, embedding, name="encoder")


def recurrent_autoencoder(encoder, units=64):
    """Build a recurrent decoder on top of the encoder, which draws the image again row by row.

    The decoder receives the embedding at each step.

    Args:
        encoder: A Keras model, `(n, height, width, channels)` -> `(n, embedding)`.
        units: State size of the decoder, int. Default 64.

    Returns:
        A Keras model from images to images of the same shape, float32 in 0..1.

    Example:
        >>> recurrent_autoencoder(recurrent_encoder((12, 8, 1), units=2), units=4).output_shape
        (None, 12, 8, 1)

    Source: Srivastava et al. (2015), section 2.1, unconditioned decoder.
    """
    height, width, channels = encoder.input_shape[1:]
    x = layers.RepeatVector(height)(encoder.output)
    x = layers.GRU(units, return_sequences=True)(x)
    rows = layers.Dense(width * channels, activation="sigmoid")(x)
    return keras.Model(encoder.input, layers.Reshape((height, width, channels))(rows))


@of_one_size
def row_encoder(input_shape, units=128, cell="gru"):
    """Build an encoder that reads rows from top to bottom, and embeds by the mean of its states.

    One direction only: a network that has seen the next row need not predict it.

    Args:
        input_shape: `(height, width, channels)`.
        units: State size, and the width of the embedding, int. Default 128.
        cell: A name from `CELLS`, str: "simple_rnn", "gru" or "lstm". Default "gru".

    Returns:
        A Keras model, `(n, height, width, channels)` -> `(n, units)`.

    Example:
        >>> row_encoder((12, 8, 1), units=4).output_shape
        (None, 4)
    """
    height, width, channels = input_shape
    image = keras.Input(input_shape)
    rows = layers.Reshape((height, width * channels))(image)  # (n, steps, features)
    states = recurrent_layer(units, cell, return_sequences=True)(rows)
    return keras.Model(image, layers.GlobalAveragePooling1D()(states), name="row_encoder")


def next_row_predictor(encoder):
    """Build a layer on top of a `row_encoder` that predicts the next row from each state.

    Args:
        encoder: A `row_encoder`, or a model whose last layer but one gives a state for each row.

    Returns:
        A Keras model, `(n, height, width, channels)` -> `(n, height - 1, width * channels)`: all
        rows but the first, in 0..1.

    Example:
        >>> next_row_predictor(row_encoder((12, 8, 1), units=4)).output_shape
        (None, 11, 8)
    """
    states = encoder.layers[-2].output
    features = encoder.input_shape[2] * encoder.input_shape[3]
    predicted = layers.Dense(features, activation="sigmoid")(states)
    return keras.Model(encoder.input, predicted[:, :-1])


def projector(encoder, hidden=256, size=64):
    """Build the projection on top of the encoder, a small head on which the contrastive loss acts.

    Args:
        encoder: A Keras model, `(n, height, width, channels)` -> `(n, embedding)`.
        hidden: Units of the dense layer between, int. Default 256.
        size: Width of the projection, int. Default 64.

    Returns:
        A Keras model, `(n, height, width, channels)` -> `(n, size)`, of any length.

    Example:
        >>> projector(recurrent_encoder((12, 8, 1), units=2)).output_shape
        (None, 64)

    Source: Chen et al. (2020), SimCLR, section 4.2.
    """
    x = layers.Dense(hidden, activation="relu")(encoder.output)
    return keras.Model(encoder.input, layers.Dense(size)(x))


def functional(model, input_shape):
    """Return a model that has an `input` and an `output`, with the same layers and weights.

    Args:
        model: A Keras model; a `Sequential` model or a subclass of `keras.Model` will do.
        input_shape: `(height, width, channels)` of the images.

    Returns:
        `model` itself where it has both already; else another that shares its weights.

    Raises:
        TutorError: `model` is no Keras model, or reads images of another shape.

    Example:
        >>> model = keras.Sequential([layers.Flatten(), layers.Dense(3)])
        >>> functional(model, (12, 8, 1)).output_shape
        (None, 3)
    """
    if not isinstance(model, keras.Model):
        raise TutorError(f"Expected a Keras model; received {type(model).__name__}.")
    if isinstance(model, keras.Sequential):
        if not model.built:
            model.build((None, *input_shape))
        model = keras.Model(model.inputs[0], model.outputs[0], name=model.name)
    try:
        reads, _ = model.input_shape, model.output
    except (AttributeError, ValueError):  # a subclass: what it does is known when it is called
        image = keras.Input(input_shape)
        return keras.Model(image, model(image), name=model.name)
    given = (None, *input_shape)
    known = isinstance(reads, tuple) and len(reads) == len(given)
    if not known or any(a not in (b, None) for a, b in zip(reads, given, strict=True)):
        expected = " x ".join(map(str, reads[1:])) if known else str(reads)
        raise TutorError(
            f"The model {model.name!r} reads pictures of {expected}; received "
            f"{' x '.join(map(str, input_shape))}. `resized(height, width)`, `grey()` and "
            "`colour()` of an ImageSet change that."
        )
    return model


def check_states(encoder):
    """Check that the last layer but one of a model gives a state for each row.

    Args:
        encoder: A Keras model, such as a `row_encoder`.

    Raises:
        TutorError: That layer gives something else.

    Example:
        >>> check_states(row_encoder((12, 8, 1), units=4))
    """
    states = encoder.layers[-2].output if len(encoder.layers) > 1 else encoder.output
    if len(states.shape) != 3 or states.shape[1] != encoder.input_shape[1]:
        raise TutorError(
            "To predict the next row, the last layer but one must give a state for each row, as in "
            f"`rt.models.row_encoder`; that of {encoder.name!r} gives {states.shape}."
        )


def check_vectors(model):
    """Check that a model ends in one vector for each image.

    Args:
        model: A Keras model.

    Raises:
        TutorError: Its output has another number of axes.

    Example:
        >>> check_vectors(recurrent_encoder((12, 8, 1), units=2))
    """
    if len(model.output.shape) != 2:
        raise TutorError(
            f"Expected a model that ends in one vector for each picture; {model.name!r} ends in "
            f"{model.output.shape}. A Flatten or GlobalAveragePooling2D layer at its end makes one."
        )


def embed(encoder, images, batch_size=256):
    """Embed images by a model, batch by batch.

    Args:
        encoder: A Keras model, float32 `(n, height, width, channels)` in 0..1 -> `(n, embedding)`.
        images: An `ImageSet`, an array or a list of images of the encoder's shape: uint8, or float
            in 0..1.
        batch_size: Images at a time, int. Default 256. Only memory and speed depend on it.

    Returns:
        An array `(n, embedding)` float32.

    Raises:
        TutorError: `images` are no images of that shape, or not in that range.

    Example:
        >>> embed(recurrent_encoder((8, 8, 1), units=2), np.zeros((5, 8, 8, 1))).shape
        (5, 8)
    """
    check_whole("batch_size", batch_size)
    pictures = as_images(images, lazy=True)
    if isinstance(pictures, list) and reads_any_width(encoder):
        return run_strips(encoder, pictures, batch_size)
    pixels = as_pixels(pictures, lazy=True)
    encoder = functional(encoder, pixels.shape[1:])
    check_vectors(encoder)
    return run(encoder, pixels, 255 if pixels.dtype == np.uint8 else 1, batch_size)


def run(model, inputs, scale=1, batch_size=256):
    """Run a model over `inputs / scale`, an array of any shape, batch by batch.

    Args:
        model: A Keras model that gives a vector for each input.
        inputs: `(n, ...)`, of the shape that the model reads; or `LazyPixels`.
        scale: What the inputs are divided by, such as 255 for uint8. Default 1.
        batch_size: Inputs at a time, int. Default 256.

    Returns:
        An array `(n, features)` float32.

    Example:
        >>> encoder, inputs = row_encoder((12, 8, 1), units=8), np.zeros((5, 12, 8, 1), np.uint8)
        >>> run(encoder, inputs, scale=255).shape
        (5, 8)
    """
    outputs = np.empty((len(inputs), model.output_shape[-1]), "float32")
    batch = np.zeros((min(batch_size, len(inputs)), *inputs.shape[1:]), "float32")

    def without_graph(batch):
        return keras.ops.convert_to_numpy(model(batch, training=False))

    # For a few batches, building a graph takes longer than going without one, and more memory.
    forward = model.predict_on_batch if len(inputs) > 8 * batch_size else without_graph
    for start, part in blocks(inputs, batch_size):
        # The last batch is filled up: a batch of another size would build another graph.
        np.divide(part, scale, out=batch[: len(part)])
        outputs[start : start + len(part)] = forward(batch)[: len(part)]
    trim_heap()
    return outputs


def reads_any_width(model):
    """Return whether a Keras model reads images of one height and any width.

    Args:
        model: A Keras model, or anything else, which does not.

    Example:
        >>> reads_any_width(strip_encoder((16, None, 1))), reads_any_width(row_encoder((9, 9, 1)))
        (True, False)
    """
    try:
        _, height, width, _ = model.input_shape
    except (AttributeError, TypeError, ValueError):
        return False
    return height is not None and width is None


def run_strips(model, pictures, batch_size=256):
    """Run a model over strips, those of like width together, so that little is padded.

    Args:
        model: A Keras model that reads any width and gives a vector for each strip.
        pictures: A list of `(height, width, channels)`, uint8 or float in 0..1.
        batch_size: Strips at a time, int. Default 256.

    Returns:
        `(n, features)` float32, in the order of the pictures.

    Raises:
        TutorError: The strips have another height or other channels than the model reads.

    Example:
        >>> encoder = strip_encoder((16, None, 1), units=4)
        >>> run_strips(encoder, [np.zeros((16, 20, 1)), np.zeros((16, 35, 1))]).shape
        (2, 8)
    """
    _, height, _, channels = model.input_shape
    if wrong := [p.shape for p in pictures if p.shape[::2] != (height, channels)]:
        raise TutorError(
            f"The model {model.name!r} reads strips of {height} x any width x {channels}; received "
            f"{' x '.join(map(str, wrong[0]))}. `rt.load_images(source, height={height}, "
            f"channels={channels})` reads them so."
        )
    outputs = np.empty((len(pictures), model.output_shape[-1]), "float32")
    order = np.argsort([picture.shape[1] for picture in pictures], kind="stable")
    for start in range(0, len(order), batch_size):
        chosen = order[start : start + batch_size]
        batch = padded([pictures[i] for i in chosen])
        outputs[chosen] = keras.ops.convert_to_numpy(model(batch, training=False))
    trim_heap()
    return outputs


def load_encoder(path="fashion5"):
    """Load a ready-trained encoder.

    The shipped file is checked against its sha256 before it is opened. Keras's `safe_mode` refuses
    every file that brings code along.

    Args:
        path: "fashion5", the encoder that ships with the course, or the path of a `.keras` file.
            Default "fashion5".

    Returns:
        A Keras model, `(n, height, width, channels)` -> `(n, embedding)`.

    Raises:
        TutorError: There is no such encoder, or the shipped file was changed.

    Example:
        >>> load_encoder().input_shape
        (None, 28, 28, 1)
    """
    shipped = DATA / f"encoder_{path}.keras"
    if not shipped.exists() and not Path(path).exists():
        raise TutorError(
            f"There is no encoder {str(path)!r}: give 'fashion5', which ships with the course, or "
            "the path of a .keras file."
        )
    if shipped.exists():
        expected = json.loads(shipped.with_suffix(".json").read_text())["sha256"]
        if sha256(shipped.read_bytes()) != expected:
            raise TutorError(
                f"{shipped.name} is not the file that was shipped. Install the course anew: "
                "`pip install --force-reinstall --no-deps rnn-tutor`, or `-e .` in a clone."
            )
    return keras.saving.load_model(
        shipped if shipped.exists() else path, compile=False, safe_mode=True
    )
