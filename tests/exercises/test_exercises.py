"""Exercises: what is right, what is said of what is not, progress, editions without solutions.

Right answers, each written in several ways, stand in the folder `exercises`; usual mistakes stand
with the exercise, and each must be named when it is handed in.
"""

import ast
import contextlib
import copy
import csv
import functools
import importlib
import io
import json
import pkgutil
import re
import subprocess
import sys
import textwrap

import numpy as np
import pytest
from support import course, hostile

import exercises as right_answers
from rnn_tutor import TutorError, cli, exercises
from rnn_tutor.course import lab, notebooks
from rnn_tutor.exercises import _judging, _progress, _shown

ALL = exercises.everything()
NUMBERS = [e.number for e in ALL]
FUNCTIONS = [e for e in ALL if e.inputs]
MODULES = [
    f"exercises.{m.name}"
    for m in pkgutil.iter_modules(right_answers.__path__)
    if m.name.startswith("right")
]
RIGHT = {n: fs for m in MODULES for n, fs in importlib.import_module(m).RIGHT.items()}


def each(wanted):
    """Parametrize a test by exercises."""
    return pytest.mark.parametrize("exercise", wanted, ids=[e.number for e in wanted])


@pytest.fixture(autouse=True, scope="module")
def elsewhere(tmp_path_factory):
    """A folder in which nothing is looked for, for tests that keep nothing."""
    with contextlib.chdir(tmp_path_factory.mktemp("elsewhere")):
        yield


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A reader's folder, in which the kernel runs."""
    (tmp_path / "own").mkdir()
    monkeypatch.chdir(tmp_path / "own")
    return tmp_path / "own"


def solved(exercise):
    """The answer that the solution's text holds."""
    code = re.search(r"```python\n(.*?)```", exercises.solution_text(exercise.number), re.S)[1]
    names = {"np": np}
    exec(code, names)
    last = ast.parse(code).body[-1]
    return names[last.name if isinstance(last, ast.FunctionDef) else "answer"]


def stubs():
    """{number: the answer as a notebook hands it out}."""
    found = {}
    for path in course.NOTEBOOKS:
        for cell in course.tagged(course.read(path), "exercise"):
            *definitions, check = ast.parse(cell.source).body
            number, answer = check.value.args
            names = {"np": np}
            exec(compile(ast.Module(definitions, []), "stub", "exec"), names)
            found[number.value] = names[answer.id]
    return found


def outcomes(exercise, answer):
    """What an answer gives on every case."""
    cases = _judging.all_cases(exercise)
    return [_judging.run(exercise, answer, inputs) for inputs in cases]


def same(ones, others):
    return all(_judging.same_outcome(*pair) for pair in zip(ones, others, strict=True))


def named(exercise, answer):
    """The mistake that is named when an answer is handed in; None where none is."""
    words = exercises.examine(exercise, answer).words
    return next((mistake for mistake, said in exercise.mistakes if said in words), None)


STUBS = stubs()


# Every exercise of the course


@each(ALL)
def test_the_solution_that_is_shown_is_right_and_the_one_that_is_compared_with(exercise):
    result = exercises.examine(exercise, solved(exercise))
    assert result, result
    assert result.notes == ()
    assert same(outcomes(exercise, exercise.solution), outcomes(exercise, solved(exercise)))


@each(ALL)
def test_a_right_answer_is_right_however_it_is_written(exercise):
    for answer in RIGHT[exercise.number]:
        result = exercises.examine(exercise, answer)
        assert result, (answer, result)
        assert result.notes == ()


def as_student(exercise, answer):
    """`answer`, which takes any inputs, as a function with the exercise's own."""
    names, inputs = {"answer": answer}, ", ".join(exercise.inputs)
    exec(f"def student({inputs}):\n    return answer({inputs})", names)
    return names["student"]


@each(FUNCTIONS)
def test_lists_and_any_type_of_number_will_do(exercise):
    """But where an index, a class or True and False are asked for, a float is told what it is."""

    def converted(kind, *inputs):
        value = np.asarray(exercise.solution(*inputs))
        return value.tolist() if kind is list else value.astype(kind)

    for kind in (np.float64, np.float32, list):
        answer = as_student(exercise, functools.partial(converted, kind))
        result = exercises.examine(exercise, answer)
        if exercise.returns == "number" or kind is list:
            assert result, (kind, result)
        else:
            assert result.state == "not yet right"
            assert exercise.returns == "bool" or "whole number" in result.words


@each(ALL)
def test_each_usual_mistake_is_named(exercise):
    for mistake, words in exercise.mistakes:
        result = exercises.examine(exercise, mistake)
        assert result.state == "not yet right"
        assert result.words.endswith(words)
        assert "Traceback" not in repr(result)
        if exercise.inputs:
            assert result.example.inputs


@each(ALL)
def test_no_two_mistakes_are_the_same(exercise):
    given = [outcomes(exercise, mistake) for mistake, _ in exercise.mistakes]
    for k, one in enumerate(given):
        assert not [i for i, other in enumerate(given[:k]) if same(one, other)]


@each(ALL)
def test_what_is_needed_is_there(exercise):
    assert len(exercise.hints) >= 2
    assert len(exercise.mistakes) >= 5
    assert len(RIGHT[exercise.number]) >= (3 if exercise.inputs else 2)
    stub = STUBS[exercise.number]
    if exercise.inputs:
        assert tuple(stub.__code__.co_varnames) == exercise.inputs


def test_right_answers_belong_to_exercises():
    assert sorted(RIGHT) == NUMBERS


@each(FUNCTIONS)
def test_knowing_the_first_examples_is_not_enough(exercise):
    """A function that has learnt the first few expected values by heart, and repeats one."""

    def by_heart(learnt, known, *inputs):
        if len(learnt) < known:
            learnt[repr(inputs)] = exercise.solution(*inputs)
        return copy.copy(learnt.get(repr(inputs), [*learnt.values()][-1]))

    for known in (1, 2, 4):
        answer = as_student(exercise, functools.partial(by_heart, {}, known))
        assert exercises.examine(exercise, answer).state == "not yet right", known


@each(FUNCTIONS)
@pytest.mark.parametrize("seed", range(3))
def test_what_is_wrong_in_an_unknown_way_is_not_named(exercise, seed):
    """Right but for one case, on which it gives what no usual mistake does."""
    rng = np.random.default_rng(seed)
    cases = _judging.all_cases(exercise)
    k = int(rng.integers(len(cases)))
    spoilt = repr(cases[k])

    def almost(*inputs):
        value = np.asarray(exercise.solution(*inputs))
        if repr(inputs) == spoilt:
            return value + 137 if value.dtype != bool else np.zeros((5, 4, 3, 2), bool)
        return value

    answer = as_student(exercise, almost)
    result = exercises.examine(exercise, answer)
    assert result.state == "not yet right"
    assert named(exercise, answer) is None
    assert repr(result.example.inputs) == spoilt
    assert {"expected", "received"} <= set(re.findall(r"^ +(\w+) ", repr(result), re.M))


@pytest.mark.parametrize("number", STUBS)
def test_the_untouched_stub_is_not_tried_yet(number, folder):
    result = exercises.check(number, STUBS[number])
    assert result.state == "not tried yet"
    assert not result
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("path", course.NOTEBOOKS, ids=course.NAMES)
def test_a_notebook_has_its_exercises(path):
    number = path.name.split("_")[0]
    own = {n for n in NUMBERS if n.startswith(f"{number}.")}
    assert own == {n for n in STUBS if n.startswith(f"{number}.")}
    assert len(own) >= (2 if path.name.startswith("00") else 3)
    text = "\n".join(c.source for c in course.read(path).cells)
    assert "*Open:*" in text
    assert f"### {exercises.find(f'{number}.1').name}:" in text


def expressions(code):
    """The expressions in Python code that are more than a call or two, whatever is named how."""
    found = set()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.expr) and len(list(ast.walk(node))) > 12:
            words = re.sub(r"Name\(id='(?!np')\w+'", "Name(id='_'", ast.dump(node))
            found.add(words)
    return found


@each(FUNCTIONS)
def test_what_is_asked_for_does_not_stand_in_the_cells_above(exercise):
    (path,) = [
        p for p in course.NOTEBOOKS if p.name.startswith(exercise.number.split(".")[0] + "_")
    ]
    cells = [c.source for c in course.read(path).cells if c.cell_type == "code"]
    above = set().union(*(expressions(cell) for cell in cells if not re.search(r"^%", cell)))
    code = re.search(r"```python\n(.*?)```", exercises.solution_text(exercise.number), re.S)[1]
    returned = [n for n in ast.walk(ast.parse(code)) if isinstance(n, ast.Return)]
    assert not [ast.unparse(n) for n in returned if expressions(ast.unparse(n.value)) & above]


def test_exercises_load_nothing_heavy():
    code = (
        "import sys; from rnn_tutor import exercises; exercises.everything(); print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    heavy = {"cv2", "keras", "matplotlib", "scipy", "sklearn", "tensorflow", "torch", "umap"}
    assert heavy & set(done.stdout.split()) == set()


# The examiner


def doubled(x):
    return 2 * x


def exercise(solution, cases, *mistakes, **more):
    return _judging.exercise(
        "99.1", "one", solution=solution, cases=cases, mistakes=mistakes, hints=(), **more
    )


PAIRS = [(np.array([1, 2]),), (np.array([0, 0, 5]),), (np.array([-3, 4, 7, 1]),)]
DOUBLE = exercise(doubled, PAIRS)


def written(body):
    """The function of DOUBLE with `body` in it."""
    names = {"np": np}
    exec("def student(x):\n" + textwrap.indent(body, "    "), names)
    return names["student"]


def test_an_exception_is_told_with_its_line_and_input(tmp_path):
    source = tmp_path / "cell.py"
    source.write_text("def double(x):\n    print('so far')\n    return x + nothing\n")
    names = {}
    exec(compile(source.read_text(), str(source), "exec"), names)
    result = exercises.examine(DOUBLE, names["double"])
    assert "`return x + nothing`: NameError: name 'nothing' is not defined" in result.words
    assert "    double(np.array([1, 2]))\n    printed   so far" in repr(result)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("y = 2 * x", "does it end with a `return`?"),
        ("return ... if x.any() else 1", "still returns `...`"),
        ("return 'four'", "received a str"),
        ("return [[1], [1, 2]]", "cannot be made an array"),
        ("return {1: 2}", "received a dict"),
        ("return 2", "Expected an array of the shape (2,); received a single value"),
        ("return np.append(2 * x, 1)", "received an array of the shape (3,)"),
        ("return 2 * x + np.where(x > 4, np.nan, 0)", "not a number"),
        ("return 2 * x + (x > 4)", "index [2]: expected 10, received 11"),
        ("return 2 * x > 0", "received an array of bool"),
        ("return [2, None, 'x'][: len(x)]", "received a list of 2 that holds a NoneType"),
        ("return ['2', '4']", "that holds a str"),
        ("return 2j * x", "of complex128"),
        ("return x, [1]", "a tuple of 2, cannot be made an array"),
        ("raise SystemError('odd\\n' * 900)", "SystemError: odd odd"),
        ("return student(x)", "RecursionError"),
    ],
)
def test_other_ways_to_be_wrong(body, words):
    result = exercises.examine(DOUBLE, written(body))
    assert result.state == "not yet right"
    assert words in result.words
    assert len(result.words) < 500


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (3, "the function itself"),
        (None, "the function itself"),
        (lambda: 3, "called with (x)"),
        (lambda x, y: 3, "called with (x)"),
    ],
)
def test_what_is_no_such_function(answer, words):
    assert words in exercises.examine(DOUBLE, answer).words


def test_an_answer_that_breaks_comparisons_is_no_traceback():
    class Odd:
        def __array__(self, *_, **__):
            return np.array([self, self], object)

        def __repr__(self):
            raise ValueError("no words")

    picky = exercise(doubled, PAIRS, (lambda x: None, "None"), (lambda x: {1: 2}, "a dict"))
    result = exercises.examine(picky, lambda x: Odd())
    assert result.state == "not yet right"
    assert "type Odd" in repr(result)


@pytest.mark.parametrize(
    "answer",
    [
        lambda x: x * 2.0,
        lambda x: [float(k + k) for k in x],
        lambda x: tuple(np.int8(2) * k for k in x.tolist()),
        lambda x: (2 * x).astype(np.float32) + 1e-7,
        lambda x: np.add(x, x, out=np.zeros(len(x))),
    ],
)
def test_numbers_are_right_whatever_their_type(answer):
    assert exercises.examine(DOUBLE, answer)


INDEX = exercise(lambda x: x.argmax(), PAIRS, returns="index")
SIGNS = exercise(lambda x: x > 0, PAIRS, returns="bool")


def test_an_index_is_a_whole_number_by_type_and_the_words_say_so():
    assert exercises.examine(INDEX, lambda x: int(x.argmax()))
    assert exercises.examine(INDEX, lambda x: np.uint8(x.argmax()))
    result = exercises.examine(INDEX, lambda x: float(x.argmax()))
    assert "float64" in result.words
    assert "whole number" in result.words
    wrong = exercises.examine(INDEX, lambda x: float(x.argmin()))
    assert "float64" not in wrong.words


def test_true_and_false_are_no_numbers_nor_numbers_true_and_false():
    assert exercises.examine(SIGNS, lambda x: [bool(k > 0) for k in x])
    assert "True and False" in exercises.examine(SIGNS, lambda x: (x > 0).astype(int)).words
    assert "bool" in exercises.examine(DOUBLE, lambda x: x > 0).words


def test_a_mistake_is_named_only_where_it_explains_every_case_on_which_it_is_wrong():
    def no_sign(x):
        return abs(2 * x)

    def last_missing(x):
        return 2 * x[:-1]

    both = exercise(doubled, PAIRS, (no_sign, "the sign"), (last_missing, "the last"))
    assert exercises.examine(both, no_sign).words == "the sign"
    assert exercises.examine(both, lambda x: [2.0 * abs(k) for k in x]).words == "the sign"
    assert exercises.examine(both, lambda x: 2 * x[:-1]).words == "the last"
    assert named(both, lambda x: 2 * abs(x) + (x == 7)) is None
    assert named(both, lambda x: 2 * abs(x) + (x == 2)) is None, "the case shown has no sign"
    assert named(both, lambda x: 2 * abs(x[:-1])) is None


def test_of_several_mistakes_the_one_that_explains_most_is_named_and_else_the_first():
    def zero_start(x):
        return max(0, *x)

    def always_zero(x):
        return 0

    cases = [(np.array([-3, -2]),), (np.array([1, 4]),), (np.array([-1, 2, 3]),)]
    pairs = [(zero_start, "start"), (always_zero, "zero"), (lambda x: zero_start(x), "again")]
    for mistakes in (pairs[:2], pairs[1::-1]):
        largest = exercise(lambda x: x.max(), cases, *mistakes)
        assert exercises.examine(largest, zero_start).words == "start"
        assert exercises.examine(largest, always_zero).words == "zero"
    assert (
        exercises.examine(exercise(lambda x: x.max(), cases, *pairs), zero_start).words == "start"
    )


def test_a_mistake_that_fails_is_named_where_the_answer_fails_the_same_way():
    def three(x):
        return 2 * x[[0, 1, 2]]

    picky = exercise(doubled, PAIRS, (three, "three numbers"))
    result = exercises.examine(picky, lambda x: x[[0, 1, 2]] * 2)
    assert "IndexError" in result.words
    assert result.words.endswith("three numbers")
    assert named(picky, lambda x: x[[0, 1, 2]] if len(x) > 2 else 1 / 0) is None
    assert named(picky, lambda x: x[9]) is None


def test_what_always_fails_is_not_a_mistake_that_fails_sometimes():
    def in_pairs(x):
        return 2 * x.reshape(-1, 2).ravel()  # a ValueError for an odd number

    cases = [(np.arange(n),) for n in (1, 2, 3, 4)]
    picky = exercise(doubled, cases, (in_pairs, "odd"))
    assert exercises.examine(picky, in_pairs).words.endswith("odd")
    assert named(picky, lambda x: int("two") * x) is None
    assert named(picky, lambda x: 2 * x if len(x) % 2 == 0 else int("two")) is in_pairs


def test_a_mistake_may_give_nothing_or_no_number():
    picky = exercise(doubled, PAIRS, (lambda x: None, "gives None"), (lambda x: x * np.nan, "NaN!"))
    assert exercises.examine(picky, lambda x: print(2 * x)).words == "gives None"
    assert exercises.examine(picky, lambda x: np.full(len(x), np.nan)).words == "NaN!"


def test_the_smallest_case_that_is_wrong_is_shown_and_where_it_differs_first():
    cases = [(np.arange(9.0),), (np.array([4.0, 5, 6]),), (np.array([1.0]),)]
    result = exercises.examine(exercise(doubled, cases), lambda x: 2 * x + (x > 4))
    assert result.example.inputs[0].tolist() == [4, 5, 6]
    assert "index [1]: expected 10.0, received 11.0" in result.words
    assert "expected  [8.0, 10.0, 12.0]\n    received  [8.0, 11.0, 13.0]" in repr(result)


def test_what_is_large_is_shown_shortened():
    def last_is_wrong(x):
        return np.append(2 * x[:-1], 7)

    result = exercises.examine(exercise(doubled, [(np.arange(5000),)]), last_is_wrong)
    assert "index [4999]" in result.words
    assert len(repr(result)) < 1000


def test_several_answers_may_be_right():
    def in_any_order(expected, received, x):
        return "" if sorted(received) == sorted(expected) else "These are other numbers."

    free = exercise(lambda x: np.sort(x), [(np.array([3, 1, 2]),)], equal=in_any_order)
    assert exercises.examine(free, lambda x: x)
    assert exercises.examine(free, lambda x: x + 1).words == "These are other numbers."
    assert "compared" in exercises.examine(free, lambda x: 5).words


def test_a_value_may_be_asked_for():
    value = _judging.exercise("99.2", "", solution=384, mistakes=[(192, "two ways")], hints=())
    assert exercises.examine(value, np.float64(384))
    assert exercises.examine(value, 192.0).words == "two ways"
    for wrong in (100, "384", (None, 384), lambda: 384, None, [384]):
        result = exercises.examine(value, wrong)
        assert result.state == "not yet right"
        assert result.example is None, "it would show what is expected"
    assert exercises.examine(value, ...).state == "not tried yet"


def test_lists_and_inputs_changed_in_place_count_and_are_mentioned():
    def double(x):
        x *= 2
        return list(x)

    result = exercises.examine(DOUBLE, double)
    assert result
    assert "changes its input `x`" in result.notes[0]


def test_an_answer_may_return_the_same_array_each_time():
    kept = np.zeros(9)

    def double(x):
        kept[: len(x)] = 2 * x
        return kept[: len(x)]

    assert exercises.examine(DOUBLE, double)


def test_an_index_of_a_float_that_happens_to_fit_once_is_told_its_value():
    """[1.0] is right by value in the first case alone; there is nothing to say of its type yet."""
    result = exercises.examine(INDEX, lambda x: float(x[0]))
    assert "float64" not in result.words
    assert result.example.received != result.example.expected


def test_what_a_right_function_prints_and_warns_is_kept_away(capsys):
    def double(x):
        print("noise")
        return x * 2 + 0 * (x / 0 > 0)

    assert exercises.examine(DOUBLE, double)
    assert capsys.readouterr() == ("", "")


def test_interrupting_is_the_students():
    def endless(x):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        exercises.examine(DOUBLE, endless)


def one(*inputs):
    return 1


def nothing(x):
    """Only words."""


def early(x):
    if x:
        ...


@pytest.mark.parametrize(
    ("answer", "untouched"),
    [(nothing, True), (lambda x: ..., True), (..., True)]
    + [(answer, False) for answer in (one, early, lambda x: x, len, print, 3, None)],
)
def test_untouched(answer, untouched):
    assert _judging.is_untouched(answer) == untouched


@pytest.mark.parametrize("number", ["08.1", "8.1", 8.1])
def test_an_exercise_has_several_spellings(number):
    assert exercises.find(number).number == "08.1"


@pytest.mark.parametrize("number", ["08.99", "88.1", "eight", "", None])
def test_an_unknown_exercise_is_an_error_that_names_those_there_are(number):
    with pytest.raises(TutorError, match=r"There are: .*08\.1"):
        exercises.check(number, one)


def test_a_result_reads_as_text_and_as_html():
    near = exercise(lambda x: x.argmin(), PAIRS, (lambda x: x.argmax(), "Look at `argmin`."))
    result = exercises.examine(near, lambda x: x.argmax())
    assert repr(result).startswith("✗ Exercise 99.1: ") and "Look at `argmin`." in repr(result)
    assert "expected  0\n    received  1" in repr(result)
    page = result._repr_html_()
    assert "<code>argmin</code>" in page
    assert not re.search(r"[^-]color:#", page), "text keeps the page's own colour"
    assert "0x" not in page


def test_what_is_shown_of_inputs_can_be_run_again():
    values = [np.array([[1.0, 0.5]]), np.array([[200]], np.uint8), 3, np.arange(60) * 1.5]
    for value in values:
        again = eval(_shown.as_python(value), {"np": np})
        assert np.array_equal(again, value)
        assert getattr(again, "dtype", int) == getattr(value, "dtype", int)
    assert _shown.as_text(np.float64(0.5)) == "0.5"
    assert _shown.as_text(np.int64(5)) == "5"


def test_markup_in_what_a_student_writes_is_shown_as_it_is():
    def double(x):
        raise ValueError("<img src=x>")

    page = exercises.examine(DOUBLE, double)._repr_html_()
    assert "<img" not in page


# Hints, solutions, progress


def kept(folder):
    lines = (folder / _progress.FILE).read_text().splitlines()
    return {entry.pop("exercise"): entry for entry in map(json.loads, lines)}


def test_each_call_gives_one_more_hint_and_a_restart_does_not_forget(folder):
    first = repr(exercises.hint("08.1"))
    assert "Hint 1 of 3" in first
    assert "Hint 2" not in first
    code = "import rnn_tutor as rt; print(rt.exercises.hint('08.1'))"  # another kernel
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "Hint 2 of 3" in done.stdout
    exercises.hint("08.1")
    last = exercises.hint("08.1")._repr_markdown_()
    assert last.endswith("There are no more hints for exercise 8.1.")
    assert kept(folder)["08.1"] == _progress.NEW | {"hints": 3}


def test_a_solution_has_code_and_words_and_is_remembered(folder):
    shown = repr(exercises.solution("08.2"))
    assert shown.endswith(exercises.solution_text("08.2")) and "```python" in shown
    assert exercises.solution_text("08.3") not in shown
    assert kept(folder)["08.2"]["solution_seen"] is True


def test_progress_survives_and_right_stays_right(folder):
    right = solved(exercises.find("08.3"))
    for answer in (one, right, one):
        exercises.check("08.3", answer)
    assert kept(folder)["08.3"] == _progress.NEW | {
        "state": "right",
        "tries": 2,
        "first_right": _progress.today(),
        "mistakes": kept(folder)["08.3"]["mistakes"],
    }
    table = exercises.progress()
    (line,) = [line for line in repr(table).splitlines() if line.startswith("8.3")]
    assert re.search(r"right +2 +0 +\d{4}-\d\d-\d\d$", line)
    assert _progress.today() in table._repr_html_()
    assert '<th scope="col"' in table._repr_html_()
    assert [row["exercise"] for rows in table.sections.values() for row in rows] == [
        e.name.split()[1] for e in ALL
    ]


DAMAGED = [
    b"",
    b"{",
    b"[]",
    b"\xff",
    b'{"exercises": 5}',
    b'{"exercises": {"08.1": 5}}',
    b'{"exercises": {"08.1": {"state": "right"}}}',
    json.dumps({"exercises": {"=1+1": _progress.NEW}}).encode(),
    json.dumps({"exercises": {"08.1": _progress.NEW | {"state": "<b>"}}}).encode(),
    json.dumps({"exercises": {"08.1": _progress.NEW | {"first_right": "=A1"}}}).encode(),
    b"[" * 100_000,
]


@pytest.mark.parametrize("content", DAMAGED, ids=range(len(DAMAGED)))
def test_a_damaged_file_is_set_aside_with_a_sentence(content, folder):
    (folder / _progress.FILE).write_bytes(content)
    result = exercises.check("08.1", lambda points, centres: 5)
    (aside,) = folder.glob("*.damaged-1")
    assert aside.name in " ".join(result.notes)
    assert aside.read_bytes() == content
    assert kept(folder)["08.1"]["tries"] == 1
    assert exercises.check("08.1", lambda points, centres: 5).notes == ()


def test_where_nothing_can_be_written_the_check_works_and_says_so(folder):
    (folder / _progress.FILE).mkdir()  # stands in for a folder that may only be read
    result = exercises.check("08.3", solved(exercises.find("08.3")))
    assert result.state == "right"
    assert "could not be kept" in result.notes[0]
    exercises.hint("08.3")
    assert "Hint 2" in repr(exercises.hint("08.3"))
    (folder / _progress.FILE).rmdir()
    exercises.hint("08.3")
    assert kept(folder)["08.3"]["first_right"] == _progress.today()


def test_a_full_disk_leaves_the_file_as_it_was(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with hostile.full_disk(tmp_path / "full", first=lambda: exercises.hint("08.1")) as full:
        before = (full / _progress.FILE).read_bytes()
        assert before
        monkeypatch.chdir(full)
        while "could not be kept" not in repr(said := exercises.hint("08.1")):
            pass  # until the last block that the file has is full
        assert "No space left on device" in repr(said)
        after = (full / _progress.FILE).read_bytes()
        assert after.startswith(before) and after.endswith(b"\n")
    monkeypatch.chdir(tmp_path)
    exercises.hint("08.1")  # where there is room, what could not be kept is


def test_each_try_adds_a_line(folder):
    exercises.hint("08.1")
    first = (folder / _progress.FILE).read_bytes()
    exercises.check("08.3", lambda *_: 5)
    exercises.hint("08.1")
    second = (folder / _progress.FILE).read_bytes()
    assert second.startswith(first) and second.count(b"\n") == 3
    assert kept(folder)["08.1"]["hints"] == 2


ENTRY = _progress.NEW | {"state": "right", "tries": 2, "first_right": "2026-11-30"}


def test_a_file_of_an_earlier_version_is_read_and_goes_on(folder):
    old = {"exercises": {"08.1": ENTRY, "00.1": _progress.NEW | {"hints": 1}}}
    (folder / _progress.FILE).write_text(json.dumps(old, indent=1) + "\n")
    exercises.hint("00.1")
    assert kept(folder) == {"08.1": ENTRY, "00.1": _progress.NEW | {"hints": 2}}
    assert [path.name for path in folder.iterdir()] == [_progress.FILE]


@pytest.mark.parametrize("damage", [b'{"exercise": "08.3", "sta', b"\xff\n", b"\0\0\0", b"5\n"])
def test_a_line_that_was_cut_costs_no_other(damage, folder):
    line = json.dumps({"exercise": "08.1"} | ENTRY).encode() + b"\n"
    (folder / _progress.FILE).write_bytes(line + damage)
    assert "damaged" in repr(exercises.hint("00.1"))
    assert "damaged" not in repr(exercises.hint("00.1"))
    assert kept(folder) == {"08.1": ENTRY, "00.1": _progress.NEW | {"hints": 2}}


def test_a_file_whose_last_line_does_not_end_goes_on(folder):
    (folder / _progress.FILE).write_text(json.dumps({"exercise": "08.1"} | ENTRY))
    assert "damaged" not in repr(exercises.hint("00.1")) + repr(exercises.hint("00.1"))
    assert kept(folder) == {"08.1": ENTRY, "00.1": _progress.NEW | {"hints": 2}}


def test_two_kernels_write_into_one_file(folder):
    exercises.hint("08.1")
    code = "import rnn_tutor as rt; rt.exercises.hint('08.3'); rt.exercises.hint('08.1')"
    subprocess.run([sys.executable, "-c", code], check=True)
    exercises.hint("08.3")
    assert {number: entry["hints"] for number, entry in kept(folder).items()} == {
        "08.1": 2,
        "08.3": 2,
    }


@pytest.fixture
def handed_in(tmp_path):
    """Three students' files: in folders of their own, one renamed, one damaged."""
    entry = _progress.NEW | {"state": "right", "tries": 2, "first_right": "2026-11-30"}
    new = _progress.NEW
    good = json.dumps({"exercises": {"08.1": entry, "00.1": new}})  # as earlier versions wrote
    files = {"Anna/x": _progress.FILE, "Ben": f"1234_{_progress.FILE}", "Cleo": _progress.FILE}
    for where, name in files.items():
        place = tmp_path / "handed in" / where
        place.mkdir(parents=True)
        (place / name).write_text("{" if where == "Cleo" else good)
    lines = [{"exercise": n} | e for n, e in (("00.1", entry), ("08.1", entry), ("00.1", new))]
    (tmp_path / "handed in/Anna/x" / _progress.FILE).write_text("\n".join(map(json.dumps, lines)))
    return tmp_path / "handed in"


def test_a_class_is_collected(handed_in):
    rows = exercises.collect(handed_in)
    names = ["Anna/x", "Anna/x", f"Ben/1234_{_progress.FILE}", f"Ben/1234_{_progress.FILE}", "Cleo"]
    assert [row["folder"] for row in rows] == names
    assert rows[1] == {
        "folder": "Anna/x",
        "exercise": "08.1",
        "state": "right",
        "tries": 2,
        "hints": 0,
        "solution_seen": False,
        "first_right": "2026-11-30",
        "mistakes": {},
    }
    assert rows[-1]["state"].startswith("unreadable")
    assert {tuple(row) for row in rows} == {(*_progress.COLUMNS, "mistakes")}
    (handed_in / "Cleo" / _progress.FILE).unlink()
    assert len(exercises.collect([handed_in / "Anna", *handed_in.glob("Ben/*.json")])) == 4
    with pytest.raises(TutorError, match="there is no"):
        exercises.collect(handed_in / "Dora")


def test_the_command_prints_what_was_collected_as_csv(handed_in, capsys):
    assert cli.main(["progress", str(handed_in / "Anna"), str(handed_in / "Ben")]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [(row["exercise"], row["tries"]) for row in rows] == [("00.1", "0"), ("08.1", "2")] * 2
    assert cli.main(["progress", str(handed_in / "Dora")]) == 1


def test_a_recognised_mistake_is_kept_by_its_name_until_the_answer_is_right(folder):
    def secret_of_a_student(states, lengths):
        secret = states[:, -1]
        return secret

    exercise = exercises.find("03.2")
    said = exercise.mistakes[0][1]
    for answer in (secret_of_a_student, secret_of_a_student, lambda states, lengths: states / 7):
        assert not exercises.check("03.2", answer)
    assert kept(folder)["03.2"]["mistakes"] == {said: 2}
    assert "secret" not in (folder / _progress.FILE).read_text()
    for answer in (exercise.solution, secret_of_a_student):
        exercises.check("03.2", answer)
    assert kept(folder)["03.2"]["mistakes"] == {said: 2}


def test_what_a_version_without_mistakes_kept_is_read_and_added_to(folder):
    entry = {name: value for name, value in ENTRY.items() if name != "mistakes"}
    (folder / _progress.FILE).write_text(json.dumps({"exercise": "08.1"} | entry) + "\n")
    exercises.hint("08.1")
    assert kept(folder) == {"08.1": ENTRY | {"hints": 1}}


def test_a_summary_tells_the_hardest_exercise_and_the_commonest_mistake(tmp_path, capsys):
    tried = _progress.NEW | {"state": "tried"}
    right = _progress.NEW | {"state": "right", "tries": 1, "first_right": "2026-11-30"}
    class_ = {
        "Anna": {"08.1": right, "03.2": right | {"tries": 5, "mistakes": {"One step.": 2}}},
        "Ben": {"08.1": right | {"tries": 3}, "03.2": tried | {"tries": 2, "hints": 3}},
        "Cleo": {"08.1": right, "03.2": tried | {"tries": 3, "mistakes": {"One step.": 1}}},
        "Dora": {"08.1": tried | {"tries": 2, "mistakes": {"A \x1b sign.": 1}}, "00.1": tried},
        "Emil": {"00.2": _progress.NEW | {"hints": 1}},
    }
    for name, entries in class_.items():
        lines = [json.dumps({"exercise": n} | entry) for n, entry in entries.items()]
        (tmp_path / name).mkdir()
        (tmp_path / name / _progress.FILE).write_text("\n".join(lines))
    (tmp_path / "Ben" / _progress.FILE).open("a").write("\n{")  # damaged: the rest still counts
    assert cli.main(["progress", str(tmp_path), "--summary"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "5 students" in lines[0]
    rows = [line.split() for line in lines if re.match(r"\d\d\.", line)]
    assert [row[:4] for row in rows] == [
        ["00.1", "1", "0%", "0"],
        ["03.2", "3", "33%", "3"],
        ["08.1", "4", "75%", "1.5"],
    ]
    mistakes = [line.split(maxsplit=3) for line in lines if " x " in line]
    assert mistakes == [["3", "x", "03.2", "One step."], ["1", "x", "08.1", "A \\x1b sign."]]


@pytest.mark.parametrize("entry", [None, _progress.NEW | {"hints": 1}])
def test_a_class_that_tried_nothing_has_a_summary(entry, tmp_path, capsys):
    if entry:
        (tmp_path / _progress.FILE).write_text(json.dumps({"exercise": "08.1"} | entry))
    assert cli.main(["progress", str(tmp_path), "--summary"]) == 0
    assert "Nobody" in capsys.readouterr().out


# Editions without solutions


def test_the_switch_of_lab_withholds_solutions_until_they_are_asked_back(
    tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr(lab, "open_lab", lambda *_: 0)
    course_folder = tmp_path / "course"

    def shown_after(*words):
        assert cli.main(["lab", str(course_folder), *words]) == 0
        (course_folder / "mine").mkdir(exist_ok=True)
        monkeypatch.chdir(course_folder / "mine")  # a kernel below the folder
        return "```python" in repr(exercises.solution("08.1"))

    assert shown_after()
    capsys.readouterr()
    assert not shown_after("--no-solutions")
    assert "withheld here" in capsys.readouterr().out
    assert "withheld" in repr(exercises.solution("08.1"))
    assert "Hint 1" in repr(exercises.hint("08.1"))
    assert not shown_after()
    assert not shown_after("--no-browser")
    assert shown_after("--solutions")


def test_what_is_withheld_does_not_count_as_seen(folder):
    (folder / notebooks.HIDDEN).mkdir()
    (folder / notebooks.HIDDEN / notebooks.NO_SOLUTIONS).touch()
    exercises.solution("08.1")
    assert not (folder / _progress.FILE).exists()
