"""Contract 1: what a notebook teaches in its cells equals what the package holds."""

import ast
import copy
import inspect
from collections import defaultdict

import numpy as np

from support import course

DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
IMPORTS = (ast.Import, ast.ImportFrom)

# What builders get where they have no default: a shape, a size, an encoder of the right kind.
INPUT_SHAPE, UNITS = (28, 28, 1), 8
ENCODERS = {"next_row_predictor": "row_encoder"}
NOT_BUILDERS = {"embed", "load_encoder"}


def package_definitions():
    """name -> the definitions of this name at the top of the package's modules, exercises apart."""
    found = defaultdict(list)
    for path in sorted((course.ROOT / "rnn_tutor").rglob("*.py")):
        if path.parent.name == "exercises":
            continue  # what stands there are answers to the stubs of the notebooks
        for statement in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(statement, DEFINITIONS):
                found[statement.name].append(statement)
    return found


def definitions(cell):
    """The functions and classes that a cell defines."""
    return [s for s in course.syntax(cell).body if isinstance(s, DEFINITIONS)]


def meaning(definition):
    """A definition's syntax tree as text, docstrings and decorators (which check shapes) aside."""
    tree = copy.deepcopy(definition)
    for node in ast.walk(tree):
        if isinstance(node, DEFINITIONS) and ast.get_docstring(node) is not None:
            node.body = node.body[1:] or [ast.Pass()]
        if isinstance(node, DEFINITIONS):
            node.decorator_list = []
    return ast.dump(tree)


def complaints(notebook, package):
    """Where a notebook's functions and the package's of the same name differ.

    A function that only the notebook has is its own affair, unless its cell is tagged `taught`.
    """
    for cell in course.code_cells(notebook):
        taught = "taught" in course.tags(cell)
        if taught and not definitions(cell):
            yield f"cell {cell.id} is tagged `taught` and defines no function"
        for definition in definitions(cell):
            twins = [meaning(twin) for twin in package.get(definition.name, [])]
            if taught and not twins:
                yield f"{definition.name} is taught, and the package has no function of that name"
            if twins and meaning(definition) not in twins:
                yield f"{definition.name} is not what the package has under that name"


def taught_builders(notebook, models):
    """The taught functions that `networks.models` has too and that build a layer or a model."""
    defined = [d.name for cell in course.tagged(notebook, "taught") for d in definitions(cell)]
    return [
        n for n in defined if n not in NOT_BUILDERS and _is_from(getattr(models, n, None), models)
    ]


def _is_from(function, module):
    return inspect.isfunction(function) and function.__module__ == module.__name__


def namespace(notebook):
    """A notebook's imports, definitions and short names (`layers = keras.layers`); no data."""
    names = {}
    for cell in course.code_cells(notebook):
        for statement in course.syntax(cell).body:
            if isinstance(statement, (*IMPORTS, *DEFINITIONS)) or _is_short_name(statement, names):
                module = ast.Module([statement], type_ignores=[])
                exec(compile(module, f"cell {cell.id}", "exec"), names)
    return names


def _is_short_name(statement, names):
    """Whether a statement names a constant, a part of something imported, or a dict of these."""
    return isinstance(statement, ast.Assign) and _is_known(statement.value, names)


def _is_known(value, names):
    if isinstance(value, ast.Dict):
        return all(_is_known(part, names) for part in [*value.keys, *value.values])
    while isinstance(value, ast.Attribute):
        value = value.value
    return isinstance(value, ast.Constant) or (isinstance(value, ast.Name) and value.id in names)


def built(function, models):
    """What a builder gives at its defaults; what has no default is filled in by its name."""
    given = {}
    for name, parameter in inspect.signature(function).parameters.items():
        if parameter.default is not inspect.Parameter.empty:
            continue
        if name == "input_shape":
            given[name] = INPUT_SHAPE
        elif name == "units":
            given[name] = UNITS
        elif name == "encoder":
            encoder = ENCODERS.get(function.__name__, "recurrent_encoder")
            given[name] = getattr(models, encoder)(INPUT_SHAPE)
        else:
            raise LookupError(f"say in support/contract.py what {function.__name__} gets as {name}")
    return function(**given)


def model_difference(ours, theirs, seed=0):
    """How two models differ in configuration or, with copied weights, in output; None: not."""
    if nameless(ours.get_config()) != nameless(theirs.get_config()):
        return "their configurations differ"
    if not hasattr(ours, "predict_on_batch"):
        return None  # a layer: it has no weights before it meets its input
    theirs.set_weights(ours.get_weights())
    pixels = np.random.default_rng(seed).random((3, *ours.input_shape[1:]), dtype=np.float32)
    if not np.allclose(ours.predict_on_batch(pixels), theirs.predict_on_batch(pixels), atol=1e-6):
        return "their outputs with copied weights differ"
    return None


def nameless(config):
    """A configuration in which each layer's name is replaced by the order of its appearance."""
    names = {}
    _collect_names(config, names)
    return _replace(config, names)


def _collect_names(config, names):
    if isinstance(config, dict):
        if isinstance(config.get("name"), str):
            names.setdefault(config["name"], f"layer {len(names)}")
        config = list(config.values())
    if isinstance(config, (list, tuple)):
        for part in config:
            _collect_names(part, names)


def _replace(config, names):
    if isinstance(config, dict):
        return {key: _replace(value, names) for key, value in config.items()}
    if isinstance(config, (list, tuple)):
        return [_replace(value, names) for value in config]
    return names.get(config, config) if isinstance(config, str) else config
