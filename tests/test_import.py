"""`import rnn_tutor` costs next to nothing: a reader may import it anywhere."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import rnn_tutor

HEAVY = {"tensorflow", "keras", "torch", "jax", "cv2", "sklearn", "matplotlib", "numpy", "umap"}
CODE = """
import json, sys
before = set(sys.modules)
import rnn_tutor as rt
print(json.dumps(sorted({m.split(".")[0] for m in set(sys.modules) - before})))
"""


def loaded():
    """The modules that one import loads in a Python of its own."""
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def test_import_is_light():
    assert set(loaded()) - set(sys.stdlib_module_names) == {"rnn_tutor"}


def test_the_command_is_light_too():
    code = "import sys, rnn_tutor.cli; print(*sys.modules, sep='\\n')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not HEAVY & set(done.stdout.split())


def test_every_public_name_is_there():
    package = Path(rnn_tutor.__file__).parent
    for name, module in rnn_tutor.MODULES.items():
        path = package.joinpath(*module.split("."))
        assert path.with_suffix(".py").exists() or (path / "__init__.py").exists(), name
    for name, module in rnn_tutor.NAMES.items():
        path = package.joinpath(*module.split(".")).with_suffix(".py")
        assert name in defined(path), f"{module}.{name}"


def defined(path):
    """The functions and classes that a module defines."""
    body = ast.parse(path.read_text(encoding="utf-8")).body
    return {node.name for node in body if isinstance(node, (ast.FunctionDef, ast.ClassDef))}
