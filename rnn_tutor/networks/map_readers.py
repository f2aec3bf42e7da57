"""Readers of a feature map: Keras models from a map to one vector for each image.

A map `(height, width, channels)` is a sequence of rows, and of columns. A recurrent layer reads
them in order, attention weighs the places, a dense layer knows each place by its position, and the
mean knows no places at all.
"""

from rnn_tutor._backend import keras

layers = keras.layers


def pooling_reader(map_shape):
    """Build the mean of a map over its places, which has nothing to train.

    Args:
        map_shape: `(height, width, channels)`.

    Returns:
        A Keras model, `(n, height, width, channels)` -> `(n, channels)`.

    Example:
        >>> pooling_reader((4, 4, 320)).output_shape
        (None, 320)
    """
    places = keras.Input(map_shape)
    return keras.Model(places, layers.GlobalAveragePooling2D()(places), name="encoder")


def recurrent_reader(map_shape, units=48):
    """Build a reader with one recurrent layer over the rows of a map, another over its columns.

    A dense layer, the same for every place, first narrows the channels. Both recurrent layers are
    GRUs that read both ways; their last states are the embedding.

    Args:
        map_shape: `(height, width, channels)`.
        units: State size of each recurrent layer and direction, int. Default 48.

    Returns:
        A Keras model, `(n, height, width, channels)` -> `(n, 4 * units)`.

    Example:
        >>> recurrent_reader((4, 4, 320), units=8).output_shape
        (None, 32)

    Source: Visin et al. (2015), ReNet.
    """
    places = keras.Input(map_shape)
    x = layers.Dense(NARROW)(places)
    height, width, channels = x.shape[1:]
    rows = layers.Reshape((height, width * channels))(x)  # (n, steps, features)
    columns = layers.Reshape((width, height * channels))(layers.Permute((2, 1, 3))(x))
    states = [layers.Bidirectional(layers.GRU(units))(sequence) for sequence in (rows, columns)]
    return keras.Model(places, layers.Concatenate()(states), name="encoder")


def attention_reader(map_shape, heads=4, size=48):
    """Build a reader with self-attention among the places of a map, and the mean of what it gives.

    Args:
        map_shape: `(height, width, channels)`.
        heads: How many heads, int. Default 4.
        size: Width of each head, int. Default 48.

    Returns:
        A Keras model, `(n, height, width, channels)` -> `(n, heads * size)`.

    Example:
        >>> attention_reader((4, 4, 320), heads=2, size=8).output_shape
        (None, 16)

    Source: Vaswani et al. (2017), Attention is all you need.
    """
    places = keras.Input(map_shape)
    x = layers.Dense(heads * size)(places)
    x = layers.Reshape((-1, heads * size))(x)  # (n, places, features)
    x = layers.Add()([x, layers.MultiHeadAttention(heads, size)(x, x)])
    return keras.Model(places, layers.GlobalAveragePooling1D()(x), name="encoder")


def dense_reader(map_shape, units=192):
    """Build a reader with one dense layer over all places of a map.

    Args:
        map_shape: `(height, width, channels)`.
        units: Width of the embedding, int. Default 192.

    Returns:
        A Keras model, `(n, height, width, channels)` -> `(n, units)`.

    Example:
        >>> dense_reader((4, 4, 320), units=8).output_shape
        (None, 8)
    """
    places = keras.Input(map_shape)
    x = layers.Flatten()(layers.Dense(NARROW)(places))
    return keras.Model(places, layers.Dense(units, activation="tanh")(x), name="encoder")


NARROW = 64  # channels of each place, to which a reader narrows the map
READERS = {
    "pool": pooling_reader,
    "recurrent": recurrent_reader,
    "attention": attention_reader,
    "dense": dense_reader,
}
