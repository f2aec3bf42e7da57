"""Keras's objects and plain values as the Python that makes them."""

import copy
import inspect
import json
from functools import reduce

import numpy as np

from rnn_tutor._backend import keras

SIZES = {"kernel_size", "pool_size", "strides", "dilation_rate", "size"}  # one number if all alike


class Unwritable(Exception):
    """Raised for what is none of Keras's own, or is not rebuilt from what Keras says of it."""


def constructor(spec):
    """`layers.Dense(5, activation="softmax")`, from Keras's description of an object."""
    made, config = own_class(spec), spec["config"]
    first = _required(made)
    given = [_value(name, config[name]) for name in first]
    whole, bare = _plain(config), _rebuilt(made, config, first)
    rest = [name for name in whole if name not in first and whole[name] != bare.get(name)]
    given += [f"{name}={_value(name, config[name])}" for name in rest]
    if _rebuilt(made, config, first + rest) != whole:
        raise Unwritable(spec["class_name"])
    where = "layers" if spec["module"] == "keras.layers" else spec["module"]
    return f"{where}.{spec['class_name']}({', '.join(given)})"


def own_class(spec):
    """The class, when it is one of Keras's own that can be written down."""
    name = spec.get("class_name", "a dictionary").strip("_")
    path = [*(spec.get("module") or "").split("."), name]
    made = reduce(lambda part, word: getattr(part, word, None), path[1:], keras)
    own = path[0] == "keras" and inspect.isclass(made) and not issubclass(made, keras.Model)
    if not own or spec["registered_name"] or made is keras.layers.Lambda:
        raise Unwritable(name)
    return made


def _required(made):
    """The arguments that are written without their names: those that have no default, and sizes."""
    parameters = list(inspect.signature(made.__init__).parameters.values())[1:]
    usual = [p for p in parameters if p.kind == p.POSITIONAL_OR_KEYWORD]
    return [p.name for p in usual if p.default is p.empty or p.name == "pool_size"]


def _rebuilt(made, config, names):
    """The configuration of the object that is made with these of its arguments."""
    given = {name: copy.deepcopy(config[name]) for name in names}  # Keras takes some apart
    given = {name: keras.saving.deserialize_keras_object(value) for name, value in given.items()}
    try:
        return _plain(made(**given).get_config())
    except TypeError:  # what it says of itself are not its arguments
        return {}


def _plain(config):
    """A configuration without the names of layers and without what building them adds."""
    if isinstance(config, dict):
        unsaid = {"build_config", "name" if "trainable" in config else ""}
        return {key: _plain(value) for key, value in config.items() if key not in unsaid}
    return [_plain(part) for part in config] if isinstance(config, (list, tuple)) else config


def _value(name, value):
    if name in SIZES and isinstance(value, (list, tuple)) and len(set(value)) == 1:
        return literal(value[0])
    return literal(value)


def literal(value):
    """A value in a configuration as Python."""
    value = value.item() if isinstance(value, np.generic) else value
    if isinstance(value, dict):
        return _place(value) or constructor(value)
    if isinstance(value, (list, tuple)):
        parts = [literal(part) for part in value]
        if isinstance(value, list) and any(isinstance(part, dict) for part in value):
            return f"[{', '.join(parts)}]"
        return f"({', '.join(parts)}{',' if len(parts) == 1 else ''})"
    return json.dumps(value) if isinstance(value, str) else repr(value)


def _place(value):
    """What stands between the brackets of `x[:, :-1]`; nothing for other values."""
    if value.get("class_name") == "__ellipsis__":
        return "..."
    if value.get("class_name") != "__slice__":
        return ""
    start, stop, step = ("" if v is None else v for v in value["config"].values())
    return f"{start}:{stop}" + (f":{step}" if step else "")
