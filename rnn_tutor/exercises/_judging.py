"""How an answer is examined: solution, usual mistakes and answer run on the same cases.

A mistake is a function, like the solution and the answer. It is named only where the answer gives
the same as it on every case on which the mistake differs from the solution, and where it explains
the smallest case that went wrong. `_shown` decides what a student sees of this.
"""

import copy
import dis
import inspect
import io
import traceback
import warnings
from collections.abc import Callable
from contextlib import redirect_stdout, suppress
from dataclasses import dataclass

import numpy as np

from rnn_tutor._text import shorten
from rnn_tutor.exercises._shown import NOT_TRIED, RIGHT, TRIED, Example, Result, as_array, as_text

IDLE = {"RESUME", "NOP", "CACHE", "COPY_FREE_VARS", "LOAD_CONST", "RETURN_CONST", "RETURN_VALUE"}
CLOSE = {"rtol": 1e-4, "atol": 1e-6, "equal_nan": True}  # an answer may compute in float32
ACCEPTED = {"number": "iuf", "index": "iuf", "bool": "b"}  # kinds of dtype


@dataclass(frozen=True)
class Exercise:
    """One exercise, as `exercise` makes it; what is asked stands in the notebook.

    Attributes:
        inputs: Names of the function's inputs, a tuple of str; () where a value is asked for. See
            `exercise` for the others.
    """

    number: str
    title: str
    solution: object
    cases: object
    mistakes: tuple[tuple[object, str], ...]
    hints: tuple[str, ...]
    returns: str
    equal: Callable | None
    then: str
    inputs: tuple[str, ...]

    @property
    def notebook(self):
        """The number of its notebook: "08" or "03b"."""
        return self.number.split(".")[0]

    @property
    def name(self):
        """The name for a student: "Exercise 8.1"."""
        return f"Exercise {self.number[0].lstrip('0')}{self.number[1:]}"


def exercise(
    number, title, *, solution, cases=(), mistakes=(), hints, returns="number", equal=None, then=""
):
    """Describe an exercise.

    Args:
        number: Notebook and place, such as "08.1".
        title: A few words.
        solution: A correct function, whose inputs are the exercise's; or the value asked for.
        cases: Tuples of inputs, smallest first, or a function of a random generator that yields
            them. None where a value is asked for.
        mistakes: Pairs of a wrong function with the same inputs, or a wrong value, and the words
            said about it. Of several that fit equally well the first is named.
        hints: Sentences, from a nudge to nearly the answer.
        returns: "number" for any numbers, "index" for indices and class numbers, which must be
            whole numbers by type, or "bool".
        equal: A function of (expected, received, *inputs), both arrays, that gives "" where the
            answer is right, else words. Default: same shape, values close to each other.
        then: What to do once the answer is right.

    Returns:
        An Exercise.
    """
    inputs = tuple(inspect.signature(solution).parameters) if callable(solution) else ()
    return Exercise(
        number, title, solution, cases, tuple(mistakes), hints, returns, equal, then, inputs
    )


@dataclass(frozen=True)
class Outcome:
    """What one call came to.

    Attributes:
        value: What it returned.
        error: The exception that it raised, or None.
        printed: What it printed, str.
        changed: Names of the inputs that it changed.
    """

    value: object = None
    error: Exception | None = None
    printed: str = ""
    changed: frozenset = frozenset()


def examine(exercise, answer):
    """Examine an answer, a function or the value asked for, and return a Result; keep nothing."""
    if is_untouched(answer):
        words = "Put your answer in place of `...` and run the cell again."
        return Result(exercise.name, NOT_TRIED, words)
    unfit = _why_it_cannot_be_called(exercise, answer)
    if unfit:
        return Result(exercise.name, TRIED, unfit)
    cases = all_cases(exercise)
    expected = [_expected_value(exercise, inputs) for inputs in cases]
    received = [run(exercise, answer, inputs) for inputs in cases]
    notes = tuple(
        f"Your function changes its input `{name}`, which whoever calls it will not expect. "
        f"Work on a copy: `{name}.copy()`."
        for name in sorted(frozenset().union(*(outcome.changed for outcome in received)))
    )
    found = [difference(exercise, *case) for case in zip(expected, received, cases, strict=True)]
    if exercise.returns == "index" and not any(found):  # values first, then their type
        found = [_why_no_index(outcome) for outcome in received]
    wrong = [k for k, words in enumerate(found) if words]
    if not wrong:
        return Result(exercise.name, RIGHT, exercise.then, None, notes)
    k = min(wrong, key=lambda k: _size(cases[k]))
    words = mistake = _named_mistake(exercise, cases, expected, received, k)
    if received[k].error:
        stop = "" if found[k].endswith((".", "!", "?")) else "."
        where = _failing_line(answer, received[k].error)
        words = f"Your function stopped{where}: {found[k]}{stop} {words}"
    example = _example(answer, cases[k], expected[k], received[k]) if exercise.inputs else None
    return Result(exercise.name, TRIED, words.strip() or found[k], example, notes, mistake)


def all_cases(exercise):
    """Return the tuples of inputs on which an answer is tried; one () where a value is asked."""
    if not exercise.inputs:
        return [()]
    if callable(exercise.cases):
        return list(exercise.cases(np.random.default_rng(0)))
    return list(exercise.cases)


def run(exercise, function, inputs):
    """Call a function silently on copies of the inputs; return the Outcome (of a value, that)."""
    if not exercise.inputs:
        return Outcome(function)
    given, printed = copy.deepcopy(inputs), io.StringIO()
    value = error = None
    try:
        with warnings.catch_warnings(), redirect_stdout(printed):
            warnings.simplefilter("ignore")
            value = function(*given)
            with suppress(Exception):  # the next call may write into the same array
                value = copy.deepcopy(value)
    except Exception as raised:
        error = raised
    pairs = zip(exercise.inputs, inputs, given, strict=True)
    changed = frozenset(name for name, before, after in pairs if not _is_unchanged(before, after))
    return Outcome(value, error, printed.getvalue(), changed)


def _expected_value(exercise, inputs):
    """Return the value of the solution."""
    outcome = run(exercise, exercise.solution, inputs)
    if outcome.error:
        raise outcome.error
    return outcome.value


def difference(exercise, expected, outcome, inputs):
    """Say in words how an Outcome differs from what is expected; "" where it is right."""
    if outcome.error:
        return _describe_error(outcome.error)
    received, wanted = as_array(outcome.value), np.asarray(expected)
    if outcome.value is None and exercise.inputs:
        return "Your function returned None: does it end with a `return`?"
    if outcome.value is ...:
        return "Your function still returns `...` here."
    asked = _describe_kind(exercise, wanted)
    if received is None:
        return (
            f"Expected {asked}; what came, {_with_article(outcome.value)}, cannot be made an array."
        )
    if not received.size:
        received = received.astype(bool if exercise.returns == "bool" else int)  # [] has no type
    if received.dtype.kind not in ACCEPTED[exercise.returns]:
        content = _describe_content(received)
        return f"Expected {asked}; received {_with_article(outcome.value)}{content}."
    if np.isnan(received).any() and not np.isnan(wanted).any():
        return "There is NaN in it, not a number: was 0 divided by 0, or infinity by infinity?"
    if not exercise.equal:
        return _describe_difference(asked, wanted, received)
    try:
        return exercise.equal(wanted, received, *copy.deepcopy(inputs))
    except Exception as error:  # such as a shape that cannot be compared
        return f"What your answer gives could not be compared ({_describe_error(error)})."


def _why_no_index(outcome):
    """Say why right values are no indices: they are floats; "" where they are not."""
    array = as_array(outcome.value)
    if array.dtype.kind != "f" or not array.size:
        return ""
    return (
        f"The values are right, but they are {array.dtype}. An index or a class must be a whole "
        "number by type too: use `dtype=int`, or `int(...)` for a single one."
    )


def same_outcome(one, other):
    """Return whether two Outcomes are the same: errors of one type, or equal values."""
    if one.error or other.error:
        return type(one.error) is type(other.error)
    a, b = as_array(one.value), as_array(other.value)
    if _is_numeric(a) and _is_numeric(b):
        alike = a.shape == b.shape and (a.dtype.kind == "b") == (b.dtype.kind == "b")
        return alike and _close(a, b).all()
    return type(one.value) is type(other.value) and as_text(one.value) == as_text(other.value)


def is_untouched(answer):
    """Return whether an answer is still `...`, or a function with nothing but a docstring."""
    if answer is ...:
        return True
    code = getattr(inspect.unwrap(answer) if callable(answer) else answer, "__code__", None)
    if code is None:
        return False
    steps = list(dis.get_instructions(code))
    returned = [s.argval for s in steps if s.opname in ("LOAD_CONST", "RETURN_CONST")]
    return {s.opname for s in steps} <= IDLE and all(v is None or v is ... for v in returned)


def _named_mistake(exercise, cases, expected, received, shown):
    """Return the words about the mistake that an answer makes, "" where none is known.

    An answer may be wrong in more than one way; but where it fails, the mistake must fail too. Of
    several that fit, the one that gives the same as the answer on the most cases.
    """
    best, most = "", 0
    for mistake, words in exercise.mistakes:
        outcome = run(exercise, mistake, cases[shown])
        if not same_outcome(outcome, received[shown]):
            continue
        outcomes = [run(exercise, mistake, inputs) for inputs in cases]
        same = [same_outcome(*pair) for pair in zip(outcomes, received, strict=True)]
        triples = zip(expected, outcomes, cases, strict=True)
        differs = [bool(difference(exercise, *triple)) for triple in triples]
        failed = [answered.error is not None for answered in received]
        explained = (s or not (d or f) for s, d, f in zip(same, differs, failed, strict=True))
        if all(explained) and sum(same) > most:
            best, most = words, sum(same)
    return best


def _why_it_cannot_be_called(exercise, answer):
    """Return words about an answer of the wrong kind; "" where it can be tried."""
    if not exercise.inputs:
        return "Here a value is asked for, not a function." if callable(answer) else ""
    if not callable(answer):
        return (
            "Give `check` the function itself: its name without brackets. "
            f"It received {_with_article(answer)}."
        )
    try:
        inspect.signature(answer).bind(*exercise.inputs)
    except TypeError:
        return (
            f"Your function is called with ({', '.join(exercise.inputs)}), and does not take "
            "that. Leave its first line as it was."
        )
    except ValueError:  # a function that does not tell its inputs
        pass
    return ""


def _example(answer, inputs, expected, outcome):
    """Return the Example of a case that went wrong."""
    compared = {"expected": expected, "received": outcome.value}
    if outcome.error or outcome.value is None or outcome.value is ...:
        compared = {}
    name = getattr(answer, "__name__", "your_function")
    return Example(name, copy.deepcopy(inputs), **compared, printed=outcome.printed)


def _describe_difference(asked, wanted, received):
    """Say how numbers differ, in shape or at which index first; "" where they are equal."""
    if received.shape != wanted.shape:
        shape = f"an array of the shape {received.shape}" if received.ndim else "a single value"
        return f"Expected {asked}; received {shape}."
    right = _close(received, wanted)
    if right.all():
        return ""
    if received.ndim == 0:
        return "The value is not right."
    place = tuple(map(int, np.argwhere(~right)[0]))
    index = ", ".join(map(str, place))
    return (
        f"The first difference is at index [{index}]: expected {as_text(wanted[place])}, "
        f"received {as_text(received[place])}."
    )


def _close(one, other):
    return np.isclose(one.astype(float), other.astype(float), **CLOSE)


def _describe_kind(exercise, wanted):
    """Say what kind of value is asked for."""
    if wanted.ndim:
        of_what = {"number": "", "index": " of whole numbers", "bool": " of True and False"}
        return f"an array of the shape {wanted.shape}{of_what[exercise.returns]}"
    return {"number": "a number", "index": "a whole number", "bool": "True or False"}[
        exercise.returns
    ]


def _describe_content(array):
    """Say what an array of the wrong kind holds: its type, or the first that is not a number."""
    if array.ndim == 0 or not array.size:
        return ""
    if array.dtype.kind in "biufc":
        return f" of {array.dtype}"
    odd = [v for v in array.ravel().tolist() if not isinstance(v, (bool, int, float))]
    return f" that holds {_with_article(odd[0])}" if odd else ""


def _is_numeric(array):
    return array is not None and array.dtype.kind in "biuf"


def _size(inputs):
    """Return how large a case is: the smallest one is shown."""
    arrays = [as_array(value) for value in inputs]
    return sum(1 if array is None else array.size for array in arrays)


def _failing_line(function, error):
    """Say where in the student's code an error arose; IPython keeps the text of cells."""
    own = getattr(getattr(function, "__code__", None), "co_filename", None)
    frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename == own]
    return f" in its line `{frames[-1].line}`" if frames and frames[-1].line else ""


def _with_article(value):
    name = "array" if isinstance(value, np.ndarray) else type(value).__name__
    if isinstance(value, (tuple, list)):
        name += f" of {len(value)}"
    return f"an {name}" if name[0].lower() in "aeiou" else f"a {name}"


def _is_unchanged(before, after):
    if isinstance(before, np.ndarray):
        return np.array_equal(before, after, equal_nan=before.dtype.kind == "f")
    return before == after


def _describe_error(error):
    """Return an error in one line."""
    return shorten(" ".join(f"{type(error).__name__}: {error}".split()), 300)
