"""Docstrings: each says in its first line what is done, and the examples in them run.

What a reader meets as `rt.something` also has an example.
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
# A first line that begins so names a thing; it should say what to do.
NO_VERBS = {"a", "all", "an", "and", "as", "each", "every", "how", "if", "in", "no", "of", "one"}
NO_VERBS |= {"the", "what", "when", "where", "whether", "why"}
ENDS_IN_S = {"process", "pass", "press", "focus", "address"}


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


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
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


def wrong_examples(thing):
    """Run the examples of a function or a class with its methods; return what is wrong, or ""."""
    said, finder = [], doctest.DocTestFinder(exclude_empty=True)
    found = [test for test in finder.find(thing, thing.__name__) if test.examples]
    for test in found:
        test.globs = {**vars(inspect.getmodule(thing)), "rt": rt}
        doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE).run(test, out=said.append)
    return "".join(said) if found else f"{thing.__qualname__} has no example"


@pytest.mark.parametrize("name", sorted(REACHABLE))
def test_examples_run(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert not (wrong := wrong_examples(REACHABLE[name])), wrong


def without_args(cls, package="rnn_tutor."):
    """The methods of a class that take arguments and name none, here or in a base of the class."""
    bases = [base for base in cls.__mro__ if base.__module__.startswith(package)]
    for name in sorted({name for base in bases for name in vars(base) if name[0] != "_"}):
        found = [vars(base)[name] for base in bases if name in vars(base)]
        methods = [m for m in (getattr(f, "__func__", f) for f in found) if inspect.isfunction(m)]
        takes = {p for m in methods for p in inspect.signature(m).parameters} - {"self", "cls"}
        if takes and not any("Args:" in (m.__doc__ or "") for m in methods):
            yield name


@pytest.mark.parametrize("name", sorted(n for n in REACHABLE if inspect.isclass(REACHABLE[n])))
def test_methods_name_their_arguments(name):
    assert not [*without_args(REACHABLE[name])]


def test_a_method_that_names_no_argument_is_found():
    class Base:
        def named(self, x):
            """Return x.

            Args:
                x: Anything.
            """

        def nameless(self, x):
            """Return x."""

    class Sub(Base):
        def named(self, x):
            """Return it."""

    assert [*without_args(Base, "test")] == [*without_args(Sub, "test")] == ["nameless"]
