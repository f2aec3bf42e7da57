"""A functional Keras model as the plain Keras that builds it: `keras_code` and `export_script`."""

import contextlib
import inspect
import random
from collections import Counter
from pathlib import Path

from rnn_tutor._backend import keras
from rnn_tutor._errors import TutorError
from rnn_tutor.networks.literals import Unwritable, constructor, literal, own_class

IMPORTS = "import keras\nfrom keras import layers\n"
SCRIPT = '''"""{name}: a Keras model, written as a script. Its weights lie beside it."""

from pathlib import Path

{code}
model.load_weights(Path(__file__).with_name("{weights}"))
'''


def keras_code(model):
    """The plain Keras that builds a model: the same layers, joined in the same way.

    Arguments that have their default value are left out, and so are the names of the layers. The
    weights are fresh ones.

    Args:
        model: a functional Keras model, `keras.Model(inputs, outputs)`, of Keras's own layers.

    Returns:
        Python text that ends with `model = keras.Model(...)`.

    Raises:
        TutorError: the model holds something else, such as a Lambda or a layer of your own, or is
            not functional.
    """
    with chance_untouched():
        return IMPORTS + "\n" + _Script(model).text()


@contextlib.contextmanager
def chance_untouched():
    """Layers that are made inside, to be looked at, change no random number outside."""
    state = random.getstate()  # from which Keras draws a seed for each layer
    try:
        yield
    finally:
        random.setstate(state)


def export_script(model, path):
    """Writes a model as a script of plain Keras, `path.py`, and its weights beside it.

    The script needs Keras only; its variable `model` is the model with its weights.

    Args:
        model: as for `keras_code`.
        path: where, without an ending; both files stay together.

    Returns:
        The paths of the script and of `path.weights.h5`.

    Raises:
        TutorError: as `keras_code`, or a script of another kind has that name.
    """
    path = Path(path)
    script, weights = (path.with_name(path.name + end) for end in (".py", ".weights.h5"))
    text = SCRIPT.format(name=path.name, code=keras_code(model), weights=weights.name)
    if script.exists() and "model.load_weights(Path(__file__)" not in script.read_text("utf-8"):
        raise TutorError(
            f"{script} is there already, and this function did not write it: choose another name."
        )
    script.parent.mkdir(parents=True, exist_ok=True)
    script.write_text(text, encoding="utf-8")
    model.save_weights(weights)
    return script, weights


class _Script:
    """The statements of a model, and a variable for what each of them makes.

    A chain of layers keeps its variable, a branch gets one of its own; a call is
    `(layer's name, which of the layer's calls)`.
    """

    def __init__(self, model):
        config = _config(model)
        self.layers = {spec["name"]: spec for spec in config["layers"]}
        for spec in self.layers.values():
            if "layers" in spec["config"]:  # a model inside the model
                _layer(spec)
        self.several = {made.name for made in model.operations if _gives_several(made)}
        self.inputs, self.outputs = (_histories(config[f"{k}_layers"]) for k in ("input", "output"))
        self.calls = self._in_order()
        ends = [*self.outputs, *(h for call in self.calls for h in _tensors(self._node(call)))]
        self.uses = Counter(history[:2] for history in ends)
        self.left, self.variables = Counter(self.uses), {}

    def text(self):
        lines = [self._input(history[:2]) for history in self.inputs]
        for call in self.calls:
            lines += self._statements(call)
        ends = [self._list(self.inputs), self._list(self.outputs)]
        return "\n".join([*lines, f"model = keras.Model({', '.join(ends)})"]) + "\n"

    def _in_order(self):
        """All calls, each after those it needs, a branch after the other."""
        done = dict.fromkeys(history[:2] for history in self.inputs)

        def visit(call):
            if call not in done:
                for history in _tensors(self._node(call)):
                    visit(history[:2])
                done[call] = None

        for history in self.outputs:
            visit(history[:2])
        return list(done)[len(self.inputs) :]

    def _node(self, call):
        name, number = call
        return self.layers[name]["inbound_nodes"][number]

    def _input(self, call):
        config = self.layers[call[0]]["config"]
        batch, *shape = config["batch_shape"]
        given = {"batch_size": batch, "dtype": config["dtype"]}
        usual = {"batch_size": None, "dtype": keras.config.floatx()}
        more = "".join(f", {k}={literal(v)}" for k, v in given.items() if v != usual[k])
        name = "image" if len(shape) == 3 else "inputs"
        self.variables[call] = self._free(name)
        return f"{self.variables[call]} = keras.Input({literal(tuple(shape))}{more})"

    def _statements(self, call):
        """The lines of one call; a layer that is called more than once has a line of its own."""
        spec, node, before = self.layers[call[0]], self._node(call), []
        given = [self._argument(value) for value in node["args"]]
        if spec["class_name"] == "GetItem":
            made = f"{given[0]}[{given[1].strip('()')}]"
        else:
            layer = _layer(spec)
            if len(spec["inbound_nodes"]) > 1:
                layer, before = self._shared(call[0], layer)
            made = f"{layer}({', '.join(given + self._keywords(spec, node))})"
        self.left.subtract(history[:2] for history in _tensors(node))
        self.variables[call] = self._name(call)
        return [*before, f"{self.variables[call]} = {made}"]

    def _shared(self, name, layer):
        """The variable of a layer, and the line that makes it before its first call."""
        if name in self.variables:
            return self.variables[name], []
        self.left[name] = 1  # no other takes its variable
        self.variables[name] = self._free(f"shared_{self.layers[name]['class_name'].lower()}")
        return self.variables[name], [f"{self.variables[name]} = {layer}"]

    def _keywords(self, spec, node):
        """The keyword arguments of a call, but for what Keras has noted of itself."""
        noted = inspect.signature(own_class(spec).call).parameters
        noted = {name: parameter.default for name, parameter in noted.items()}
        given = {k: v for k, v in node["kwargs"].items() if v is not None and v != noted.get(k)}
        return [f"{name}={self._argument(value)}" for name, value in given.items()]

    def _argument(self, value):
        if _is_tensor(value):
            return self._tensor(value["config"]["keras_history"])
        if isinstance(value, list):
            return f"[{', '.join(map(self._argument, value))}]"
        return literal(value)

    def _tensor(self, history):
        name, number, place = history
        return self.variables[name, number] + (f"[{place}]" if name in self.several else "")

    def _list(self, histories):
        """Variables as `keras.Model` takes them: one, or a list of several."""
        names = [self._tensor(history) for history in histories]
        return names[0] if len(names) == 1 else f"[{', '.join(names)}]"

    def _name(self, call):
        """A chain goes on under its name, a branch begins under its own, what joins is `x`."""
        before = list(dict.fromkeys(history[:2] for history in _tensors(self._node(call))))
        inputs = {history[:2] for history in self.inputs}
        if len(before) == 1 and before[0] not in inputs and self.uses[before[0]] == 1:
            return self._free(self.variables[before[0]])
        if len(before) == 1 and self.uses[before[0]] > 1:
            return self._free(_branch(self.layers[call[0]]))
        return self._free("x")

    def _free(self, wanted):
        """`wanted`, with a number where a variable of that name is still needed."""
        taken = {name for key, name in self.variables.items() if self.left[key] > 0}
        names = [wanted, *(f"{wanted}_{k}" for k in range(2, len(taken) + 3))]
        return next(name for name in names if name not in taken)


def _config(model):
    """What Keras says of a functional model."""
    config = model.get_config() if type(model).__module__.startswith("keras.") else {}
    if "output_layers" not in config:
        raise TutorError(
            "Only a functional model, keras.Model(inputs, outputs), can be written as code; "
            f"received a {type(model).__name__}. `model.save('my_model.keras')` keeps any model."
        )
    return config


def _histories(ends):
    """`[(layer, call, place), ...]` of a model's inputs or outputs; Keras gives one bare."""
    return [tuple(end) for end in ([ends] if isinstance(ends[0], str) else ends)]


def _is_tensor(value):
    return isinstance(value, dict) and value.get("class_name") == "__keras_tensor__"


def _tensors(value):
    """The tensors in the arguments of a call, as `(layer, call, place)`."""
    if _is_tensor(value):
        return [tuple(value["config"]["keras_history"])]
    parts = value.values() if isinstance(value, dict) else value
    return [t for part in parts if isinstance(part, (dict, list, tuple)) for t in _tensors(part)]


def _gives_several(operation):
    called_once = len(operation._inbound_nodes) == 1
    return called_once and isinstance(operation.output, (list, tuple))


def _layer(spec):
    """The expression that makes a layer."""
    try:
        return constructor(spec)
    except Unwritable as what:
        raise TutorError(
            f"The layer {spec['name']!r} cannot be written as code, because of {what}. Use Keras's "
            "own layers in its place, or keep the whole model with `model.save('my_model.keras')`."
        ) from None


def _branch(spec):
    """What a branch is called that begins with this layer."""
    shape = spec["config"].get("target_shape", ())
    turned = list(spec["config"].get("dims", ())) == [2, 1, 3]
    return "columns" if turned else "rows" if len(shape) == 2 else "branch"
