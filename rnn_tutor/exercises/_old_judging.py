"""How an answer is examined: the student's function is called, and what it gives is compared.

An exercise's `examine` gets an `Attempt` (or, where a value is asked for, the value) and raises
`Wrong` at the first thing that is not right; so cases come smallest first. What is shown of it is
decided in `_shown`.
"""

import copy
import dis
import inspect
import io
import traceback
import warnings
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import dataclass, field

import numpy as np

from rnn_tutor.exercises._shown import NOT_TRIED, RIGHT, TRIED, Example, Result

IDLE = {"RESUME", "NOP", "CACHE", "COPY_FREE_VARS", "LOAD_CONST", "RETURN_CONST", "RETURN_VALUE"}
WRONG_VALUE = "The value"
CLOSE = {"rtol": 1e-4, "atol": 1e-6}  # an answer may compute in float32


@dataclass(frozen=True)
class Exercise:
    """One exercise: what is asked stands in the notebook, what is examined here.

    number: notebook and place, such as "08.1". title: a few words. examine: raises Wrong for an
    answer that is not right. hints: from a nudge to nearly the answer. inputs: the names of the
    function's inputs; none where a value is asked for. then: what to do with an answer that is
    right.
    """

    number: str
    title: str
    examine: Callable
    hints: tuple[str, ...]
    inputs: tuple[str, ...] = ()
    then: str = ""

    @property
    def name(self):
        """As a student reads it."""
        notebook, place = self.number.split(".")
        return f"Exercise {int(notebook)}.{place}"


class Wrong(Exception):
    """What is not right about an answer, in words for the student, and the example that shows it.

    example: an Example, or None.
    """

    def __init__(self, words, example=None):
        super().__init__(words)
        self.words, self.example = words, example


@dataclass
class Attempt:
    """A student's function as the examination calls it: on copies, silently, errors caught."""

    function: Callable
    names: tuple[str, ...]
    changed: set = field(default_factory=set)
    printed: str = ""

    def __call__(self, *inputs):
        """What the function returns for `inputs`; raises Wrong where it fails or returns None."""
        given, printed = copy.deepcopy(inputs), io.StringIO()
        try:
            with warnings.catch_warnings(), redirect_stdout(printed):
                warnings.simplefilter("ignore")
                received = self.function(*given)
        except Exception as error:
            self.printed = printed.getvalue()
            words = f"Your function stopped{self._line(error)}: {_described(error)}"
            raise Wrong(words, self.example(inputs)) from error
        self.printed = printed.getvalue()
        changes = zip(self.names, inputs, given, strict=True)
        self.changed |= {name for name, before, after in changes if not _same(before, after)}
        if received is None:
            self.fail("Your function returned None: does it end with a `return`?", inputs)
        if received is ...:
            self.fail("Your function still returns `...` here.", inputs)
        return received

    def gives(self, expected, *inputs, mistakes=(), words=""):
        """Call the function and compare.

        expected: a bool, an int, a float or an array. mistakes: pairs of what a usual mistake gives
        (a value, or a function of what was received) and the words about it. words: said where it
        is none of these, and only the value is wrong. Returns what was received; raises Wrong where
        that is not `expected`.
        """
        received = self(*inputs)
        found = difference(expected, received)
        if found:
            known = (said for mistake, said in mistakes if _is_mistake(mistake, received))
            generic = words if words and found.startswith(WRONG_VALUE) else found
            self.fail(next(known, generic), inputs, expected, received)
        return received

    def fail(self, words, inputs, *compared):
        """Raises Wrong; compared: what was expected, what was received."""
        raise Wrong(words, self.example(inputs, *compared))

    def _line(self, error):
        """Where in the student's code an error arose; IPython keeps the text of cells."""
        own = getattr(getattr(self.function, "__code__", None), "co_filename", None)
        frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename == own]
        return f" in its line `{frames[-1].line}`" if frames and frames[-1].line else ""

    def example(self, inputs, *compared):
        """The Example of a call."""
        name = getattr(self.function, "__name__", "your_function")
        known = dict(zip(("expected", "received"), compared, strict=False))
        return Example(name, copy.deepcopy(inputs), **known, printed=self.printed)


def is_untouched(answer):
    """Whether an answer is still the stub: `...`, or a function with nothing but a docstring."""
    if answer is ...:
        return True
    code = getattr(inspect.unwrap(answer) if callable(answer) else answer, "__code__", None)
    if code is None:
        return False
    steps = list(dis.get_instructions(code))
    returned = [s.argval for s in steps if s.opname in ("LOAD_CONST", "RETURN_CONST")]
    return {s.opname for s in steps} <= IDLE and all(v is None or v is ... for v in returned)


def attempt(exercise, answer):
    """The answer as `exercise.examine` takes it; raises Wrong where it is of the wrong kind."""
    if not exercise.inputs:
        if callable(answer):
            raise Wrong("Here a value is asked for, not a function.")
        return answer
    if not callable(answer):
        raise Wrong(
            "Give `check` the function itself: its name without brackets. "
            f"It received {_article(answer)}."
        )
    try:
        inspect.signature(answer).bind(*exercise.inputs)
    except TypeError:
        raise Wrong(
            f"Your function is called with ({', '.join(exercise.inputs)}), and does not take "
            "that. Leave its first line as it was."
        ) from None
    except ValueError:  # a function that does not tell its inputs
        pass
    return Attempt(answer, exercise.inputs)


def difference(expected, received):
    """How `received` differs from `expected`, a bool, an int, a float or an array; "": not."""
    try:
        array = np.asarray(received)
    except Exception:
        return f"Expected {_kind(expected)}; what came cannot be made an array."
    wanted = np.asarray(expected)
    if array.dtype.kind not in "biuf":
        return f"Expected {_kind(expected)}; received {_article(received)}."
    if array.shape != wanted.shape:
        return f"Expected {_kind(expected)}; received {_kind(array)}."
    if np.isnan(array).any():
        return "There is NaN in it, not a number: was 0 divided by 0, or infinity by infinity?"
    if wanted.dtype.kind == "b" and array.dtype.kind != "b":
        return f"Expected {_kind(expected)}; received {_article(received)}."
    if wanted.dtype.kind in "iu" and array.dtype.kind not in "iu":
        return f"Expected whole numbers that can serve as an index; received {array.dtype}."
    if wanted.dtype.kind == "f" and array.dtype.kind == "b":
        return f"Expected {_kind(expected)}; received {_article(received)}."
    if np.allclose(array, wanted, **CLOSE):
        return ""
    return f"{WRONG_VALUE} is not right." if array.ndim == 0 else _first_place(wanted, array)


def _first_place(wanted, array):
    place = np.argwhere(~np.isclose(array, wanted, **CLOSE))[0]
    index = ", ".join(map(str, place))
    return f"{WRONG_VALUE} at index {index} is not right."


def _is_mistake(mistake, received):
    if not callable(mistake):
        return not difference(np.asarray(mistake, float), received)
    try:
        return bool(mistake(np.asarray(received)))
    except Exception:
        return False


def _kind(value):
    array = np.asarray(value)
    if array.ndim:
        return f"an array of the shape {array.shape}"
    names = {"b": "True or False", "i": "a whole number", "u": "a whole number", "f": "a number"}
    return names[array.dtype.kind]


def _article(value):
    name = type(value).__name__
    return f"an {name}" if name[0].lower() in "aeiou" else f"a {name}"


def _same(before, after):
    if isinstance(before, np.ndarray):
        return np.array_equal(before, after, equal_nan=before.dtype.kind == "f")
    return before == after


def _described(error):
    words = " ".join(f"{type(error).__name__}: {error}".split())
    return words if len(words) <= 300 else words[:299] + "…"


def examine(exercise, answer):
    """The Result of an answer; nothing is kept."""
    if is_untouched(answer):
        words = "Put your answer in place of `...` and run the cell again."
        return Result(exercise.name, NOT_TRIED, words)
    given = answer
    try:
        given = attempt(exercise, answer)
        exercise.examine(given)
    except Wrong as wrong:
        return Result(exercise.name, TRIED, wrong.words, wrong.example)
    return Result(exercise.name, RIGHT, exercise.then)
