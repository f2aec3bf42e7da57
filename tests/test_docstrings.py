"""Docstrings: each says in its first line what is done, and the examples in them run.

What a reader meets as `rt.something` also has an example. `UNFINISHED` counts, for a folder or a
module, the names that do not keep to this yet: the numbers may only become smaller.
"""

import ast
import doctest
import importlib
import inspect
import re
from pathlib import Path

import pytest

import rnn_tutor as rt

PACKAGE = Path(rt.__file__).parent
UNFINISHED = {
    "clusters": 47,
    "networks": 32,
    "training": 45,
    "widgets": 50,
    "images/sequences": 16,
    "plots/pictures": 9,
}
# A first line that begins so names a thing; it should say what to do.
NO_VERBS = {"a", "all", "an", "and", "as", "each", "every", "how", "if", "in", "no", "of", "one"}
NO_VERBS |= {"the", "what", "when", "where", "whether", "why"}
ENDS_IN_S = {"process", "pass", "press", "focus", "address"}


def unfinished(path):
    """Return the key of `UNFINISHED` to which a module belongs, or None."""
    name = path.relative_to(PACKAGE).with_suffix("").as_posix()
    return next((key for key in UNFINISHED if key in (name, name.split("/")[0])), None)


def is_imperative(docstring):
    word = re.match(r"[\w-]*", docstring.strip())[0].lower()
    third_person = word.endswith("s") and word not in ENDS_IN_S
    return bool(word) and word not in NO_VERBS and not third_person


def complaints(source):
    """Yield what is wrong with the docstrings of the public functions and classes of a source."""
    for node, name in public_definitions(ast.parse(source)):
        docstring = ast.get_docstring(node)
        if docstring is None:
            yield f"{name} has no docstring"
        elif not docstring.partition("\n")[0].rstrip().endswith((".", ":")):
            yield f"{name}: the first line of its docstring is no sentence of its own"
        elif isinstance(node, ast.FunctionDef) and not is_imperative(docstring):
            yield f"{name}: its docstring does not begin with what to do"


def public_definitions(tree, inside=""):
    """Yield (node, name) of the public functions, methods and classes, without properties."""
    for node in tree.body:
        is_class = isinstance(node, ast.ClassDef)
        if not (is_class or isinstance(node, ast.FunctionDef)) or node.name.startswith("_"):
            continue
        if is_class or not is_property(node):
            yield node, inside + node.name
        if is_class:
            yield from public_definitions(node, f"{node.name}.")


def is_property(node):
    names = [getattr(d, "attr", getattr(d, "id", "")) for d in node.decorator_list]
    return any("property" in name or name == "setter" for name in names)


# The modules of the exercises hold answers, right ones and wrong ones, that nobody calls by name.
HOLDS_ANSWERS = re.compile(r"e\d\d[a-z]?")
MODULES = sorted(p for p in PACKAGE.rglob("*.py") if not HOLDS_ANSWERS.fullmatch(p.stem))


FINISHED = [path for path in MODULES if unfinished(path) is None]


@pytest.mark.parametrize("path", FINISHED, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_docstrings_say_what_is_done(path):
    found = list(complaints(path.read_text(encoding="utf-8")))
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    "docstring",
    ["", "The mean.", "Returns the mean.", "Whether it rains.", "Draw it\nand rest.", None],
)
def test_a_docstring_of_another_form_is_found(docstring):
    body = "pass" if docstring is None else repr(docstring)
    assert list(complaints(f"def mean():\n    {body}"))


def reachable():
    """{name: object} of the public functions and classes that `rt` leads to, each once."""
    found = {getattr(rt, name): name for name in rt.NAMES}
    for face, module in rt.MODULES.items():
        module = importlib.import_module(f"rnn_tutor.{module}")
        for name in getattr(module, "__all__", vars(module)):
            thing = getattr(module, name)
            own = inspect.isclass(thing) or inspect.isfunction(thing)
            if own and thing.__module__.startswith(module.__name__) and not name.startswith("_"):
                found.setdefault(thing, f"{face}.{name}")
    return {name: thing for thing, name in found.items()}


REACHABLE = reachable()


def home(thing):
    """The file of the module in which a thing is defined."""
    return Path(inspect.getmodule(thing).__file__)


def wrong_examples(thing):
    """Run the examples of a function or a class with its methods; return what is wrong, or ""."""
    said, finder = [], doctest.DocTestFinder(exclude_empty=True)
    found = [test for test in finder.find(thing, thing.__name__) if test.examples]
    for test in found:
        test.globs = {**vars(inspect.getmodule(thing)), "rt": rt}
        doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE).run(test, out=said.append)
    return "".join(said) if found else f"{thing.__qualname__} has no example"


TO_RUN = sorted(name for name, thing in REACHABLE.items() if unfinished(home(thing)) is None)


@pytest.mark.parametrize("name", TO_RUN)
def test_examples_run(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert not (wrong := wrong_examples(REACHABLE[name])), wrong


@pytest.mark.parametrize("key", UNFINISHED)
def test_what_is_unfinished_becomes_less(key, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    things = {thing for thing in REACHABLE.values() if unfinished(home(thing)) == key}
    found = [wrong for thing in things if (wrong := wrong_examples(thing))]
    for path in MODULES:
        if unfinished(path) == key:
            found += complaints(path.read_text(encoding="utf-8"))
    assert found, f"take {key} out of UNFINISHED: it is finished"
    assert len(found) <= UNFINISHED[key], "\n".join(sorted(found))
