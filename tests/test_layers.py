"""The folders of the package are layers: a module imports from its own folder or from one below."""

import ast
from pathlib import Path

import pytest

import rnn_tutor

PACKAGE = Path(rnn_tutor.__file__).parent
LAYERS = (
    "ground",
    "images",
    "networks",
    "training",
    "clusters",
    "plots",
    "widgets",
    "exercises",
    "course",
    "cli",
)


def layer(parts):
    """The layer of a module, given as the parts of its name below the package."""
    if parts[0].startswith("_"):
        return 0
    return LAYERS.index(parts[0])


def imported(source):
    """The modules below `rnn_tutor` that a source imports anywhere, as parts of their names."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            package, *parts = name.split(".")
            if package == "rnn_tutor" and parts:
                yield parts


def upward(path, source):
    """The imports of a module that lead to a higher layer."""
    own = path.relative_to(PACKAGE).with_suffix("").parts
    if own == ("__init__",):
        return []  # the door to all of it, which opens nothing by itself
    return [".".join(parts) for parts in imported(source) if layer(parts) > layer(own)]


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=str)
def test_imports_run_down_the_folders(path):
    assert upward(path, path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "source",
    [
        "from rnn_tutor.clusters import evaluation",
        "from rnn_tutor import widgets",
        "def f():\n    import rnn_tutor.cli",
    ],
)
def test_an_import_that_runs_up_is_found(source):
    assert upward(PACKAGE / "images" / "files.py", source)


def test_every_folder_is_a_layer():
    folders = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    assert folders - {"data"} <= set(LAYERS)
