"""Exercises: what is right, what is said of what is not, progress, editions without solutions.

Usual wrong answers stand in `exercises_wrong`.
"""

import ast
import copy
import csv
import io
import json
import re
import subprocess
import sys
import textwrap
import time

import numpy as np
import pytest
from exercises_wrong import WRONG
from support import course, hostile

from rnn_tutor import TutorError, _course, _lab, cli, exercises
from rnn_tutor.exercises import _judging, _progress, _shown

ALL = exercises.everything()
NUMBERS = [e.number for e in ALL]
FUNCTIONS = [e for e in ALL if e.inputs]


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """A reader's folder, in which the kernel runs."""
    _progress._unsaved.clear()
    (tmp_path / "own").mkdir()
    monkeypatch.chdir(tmp_path / "own")
    return tmp_path / "own"


def written(exercise, body):
    """The answer with `body` in place of `...`."""
    names = {"np": np}
    if not exercise.inputs:
        return eval(body, names)
    head = f"def student({', '.join(exercise.inputs)}):\n"
    exec(head + textwrap.indent(body, "    "), names)
    return names["student"]


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


STUBS = stubs()


@pytest.mark.parametrize("exercise", ALL, ids=NUMBERS)
def test_the_solution_is_right_and_quickly_so(exercise):
    start = time.perf_counter()
    result = exercises.examined(exercise, solved(exercise))
    assert result, result
    assert result.notes == ()
    assert time.perf_counter() - start < 1


@pytest.mark.parametrize("number", STUBS)
def test_the_untouched_stub_is_not_tried_yet(number, folder):
    result = exercises.check(number, STUBS[number])
    assert result.state == "not tried yet"
    assert not result
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("path", course.NOTEBOOKS, ids=course.NAMES)
def test_a_notebook_has_its_exercises(path):
    own = {n for n in NUMBERS if n.startswith(path.name[:2])}
    assert own == {n for n in STUBS if n.startswith(path.name[:2])}
    assert len(own) >= (2 if path.name.startswith("00") else 3)
    text = "\n".join(c.source for c in course.read(path).cells)
    assert "*Open:*" in text
    assert f"### Exercise {int(path.name[:2])}.1" in text


@pytest.mark.parametrize("exercise", ALL, ids=NUMBERS)
def test_what_is_needed_is_there(exercise):
    assert len(exercise.hints) >= 2
    assert len(WRONG[exercise.number]) >= 2
    stub = STUBS.get(exercise.number)
    if exercise.inputs and stub:
        assert tuple(stub.__code__.co_varnames) == exercise.inputs


@pytest.mark.parametrize(
    ("exercise", "body", "words"),
    [(e, *wrong) for e in ALL for wrong in WRONG[e.number]],
    ids=[f"{n}-{k}" for n in NUMBERS for k in range(len(WRONG[n]))],
)
def test_a_usual_mistake_is_named(exercise, body, words):
    result = exercises.examined(exercise, written(exercise, body))
    assert result.state == "not yet right"
    assert words in result.words
    assert "Traceback" not in repr(result)
    if exercise.inputs:
        assert result.example.inputs


@pytest.mark.parametrize("exercise", FUNCTIONS, ids=[e.number for e in FUNCTIONS])
@pytest.mark.parametrize("known", [1, 2, 4])
def test_knowing_the_first_examples_is_not_enough(exercise, known):
    """A function that has learnt the first few expected values by heart, and repeats one."""
    solution, learnt = solved(exercise), []

    def by_heart(*inputs):
        if len(learnt) < known:
            learnt.append((repr(inputs), solution(*inputs)))
        return copy.copy(dict(learnt).get(repr(inputs), learnt[-1][1]))

    assert exercises.examined(exercise, by_heart).state == "not yet right"


CALLED = _judging.Exercise(
    "99.1", "double", lambda attempt: attempt.gives(np.array([2, 4]), np.array([1, 2])), (), ("x",)
)


def test_an_exception_is_told_with_its_line_and_input(tmp_path):
    source = tmp_path / "cell.py"
    source.write_text("def double(x):\n    print('so far')\n    return x + nothing\n")
    names = {}
    exec(compile(source.read_text(), str(source), "exec"), names)
    result = exercises.examined(CALLED, names["double"])
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
        ("return 2", "Expected an array of the shape (2,); received a whole number"),
        ("return np.append(2 * x, 1)", "received an array of the shape (3,)"),
        ("return 2.0 * x", "whole numbers"),
        ("return x * np.nan", "not a number"),
        ("return x + [1, 0]", "The value at index 1 is not right"),
        ("raise SystemError('odd\\n' * 900)", "SystemError: odd odd"),
        ("return student(x)", "RecursionError"),
    ],
)
def test_other_ways_to_be_wrong(body, words):
    result = exercises.examined(CALLED, written(CALLED, body))
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
    assert words in exercises.examined(CALLED, answer).words


def test_an_answer_that_breaks_comparisons_is_no_traceback():
    class Odd:
        def __array__(self, *_, **__):
            return np.array([self, self], object)

        def __repr__(self):
            raise ValueError("no words")

    result = exercises.examined(CALLED, lambda x: Odd())
    assert result.state == "not yet right"
    assert "type Odd" in repr(result)


def test_lists_and_inputs_changed_in_place_count_and_are_mentioned():
    def double(x):
        x *= 2
        return list(x)

    result = exercises.examined(CALLED, double)
    assert result
    assert "changes its input `x`" in result.notes[0]


def test_what_a_right_function_prints_and_warns_is_kept_away(capsys):
    def double(x):
        print("noise")
        return x * 2 + 0 * (x / 0 > 0)

    assert exercises.examined(CALLED, double)
    assert capsys.readouterr() == ("", "")


def test_interrupting_is_the_students(monkeypatch):
    def endless(x):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        exercises.examined(CALLED, endless)


def one(x):
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
    result = exercises.examined(exercises.find("08.1"), lambda points, centres: [0])
    assert repr(result).startswith("✗ Exercise 8.1: not yet right. Your point joins")
    assert "expected  [1]\n    received  [0]" in repr(result)
    page = result._repr_html_()
    assert "not yet right" in page
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

    page = exercises.examined(CALLED, double)._repr_html_()
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
    assert "```python" in shown
    assert "Hungarian" in shown
    assert "08.3" not in shown
    assert kept(folder)["08.2"]["solution_seen"] is True


def test_progress_survives_and_right_stays_right(folder):
    right = solved(exercises.find("08.3"))
    for answer in (one, right, one):
        exercises.check("08.3", answer)
    assert kept(folder)["08.3"] == _progress.NEW | {
        "state": "right",
        "tries": 2,
        "first_right": _progress.today(),
    }
    table = exercises.progress()
    (line,) = [line for line in repr(table).splitlines() if line.startswith("8.3")]
    assert re.search(r"right +2 +0 +\d{4}-\d\d-\d\d$", line)
    assert _progress.today() in table._repr_html_()
    assert '<th scope="col"' in table._repr_html_()
    assert [row["exercise"] for rows in table.sections.values() for row in rows] == [
        f"{int(n[:2])}.{n[3:]}" for n in NUMBERS
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
    assert "was damaged. It is now called" in " ".join(result.notes)
    (aside,) = folder.glob("*.damaged-1")
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
    }
    assert rows[-1]["state"].startswith("unreadable")
    assert {tuple(row) for row in rows} == {_progress.COLUMNS}
    (handed_in / "Cleo" / _progress.FILE).unlink()
    assert len(exercises.collect([handed_in / "Anna", *handed_in.glob("Ben/*.json")])) == 4
    with pytest.raises(TutorError, match="there is no"):
        exercises.collect(handed_in / "Dora")


def test_the_command_prints_what_was_collected_as_csv(handed_in, capsys):
    assert cli.main(["progress", str(handed_in / "Anna"), str(handed_in / "Ben")]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [(row["exercise"], row["tries"]) for row in rows] == [("00.1", "0"), ("08.1", "2")] * 2
    assert cli.main(["progress", str(handed_in / "Dora")]) == 1


# Editions without solutions


def test_the_switch_of_lab_withholds_solutions_until_they_are_asked_back(
    tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr(_lab, "open_lab", lambda *_: 0)
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
    (folder / _course.HIDDEN).mkdir()
    (folder / _course.HIDDEN / _course.NO_SOLUTIONS).touch()
    exercises.solution("08.1")
    assert not (folder / _progress.FILE).exists()
