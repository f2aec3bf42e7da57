"""Names of pictures in a CSV file: kept at once, read again, and never half written."""

import csv
import hashlib
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import rnn_tutor as rt
from rnn_tutor._text import printable_name
from rnn_tutor.images import label_file

N = 8
PIXELS = np.random.default_rng(0).integers(0, 256, (N, 4, 5, 1), np.uint8)
SOURCES = tuple(f"bags/{i}.jpg" for i in range(N))
IMAGES = rt.ImageSet(PIXELS, sources=SOURCES)
NAMES = st.text(min_size=1).filter(label_file.tidy)
KEYS = st.integers(0, 2**64 - 1).map(lambda number: f"sha256:{number:016x}")
AWKWARD = [
    "Bag, small",
    '"Bag"',
    "=1+1",
    "'=1+1",
    "-",
    "@x",
    "Mütze",
    "袋",
    "كيس",
    "👜",
    "001",
    "';",
]
HEADER = "source,class,sha256\n"


@pytest.fixture
def path(tmp_path):
    return tmp_path / "labels.csv"


# Names, pictures and arrays


def test_names_of_pictures(path):
    labels = rt.Labels(IMAGES, path, ["Bag", "Dress"])
    labels[3] = "Bag"
    labels[[0, 5]] = "Hat"
    labels[np.arange(N) == 7] = " Dress "
    assert labels[3] == labels[np.int64(3)] == labels[-5] == "Bag"
    assert labels[1] is None and labels[:4] == ["Hat", None, None, "Bag"]
    assert labels.class_names == ("Bag", "Dress", "Hat")
    y = labels.as_array()
    assert y.dtype == np.int64 and y.tolist() == [2, -1, -1, 0, -1, 2, -1, 1]
    assert repr(labels) == f"{path}: 4 of 8 pictures named; Bag 1, Dress 1, Hat 2"
    labels[[3, 0]] = None
    assert labels.as_array().tolist() == [-1, -1, -1, -1, -1, 2, -1, 1]
    rt.ImageSet(PIXELS[y >= 0], y[y >= 0], labels.class_names)


@pytest.mark.parametrize("index", [N, -N - 1, 1.5, "Bag", True, False, None, [0, N], [True]])
def test_pictures_that_are_not_there(path, index):
    labels = rt.Labels(IMAGES, path)
    with pytest.raises(rt.TutorError, match="0 to 7"):
        labels[index] = "Bag"
    with pytest.raises(rt.TutorError, match="0 to 7"):
        labels[index]
    assert not path.exists()


@pytest.mark.parametrize("name", ["", "  ", 3, "a\0b", "\ud800"])
def test_what_is_no_name(path, name):
    labels = rt.Labels(IMAGES, path)
    with pytest.raises(rt.TutorError, match="name of a class"):
        labels[0] = name
    with pytest.raises(rt.TutorError, match="name of a class"):
        rt.Labels(IMAGES, path, [name])
    assert not path.exists() and labels.class_names == ()


def test_usual_mistakes_with_the_arguments(path):
    for wrong in [(path, IMAGES), (PIXELS, path), (IMAGES, path, "Bag")]:
        with pytest.raises(rt.TutorError, match=r"rt\.Labels\(images,"):
            rt.Labels(*wrong)


def test_names_that_look_the_same_are_the_same(path):
    labels = rt.Labels(IMAGES, path, ["M\u00fctze", "Mu\u0308tze", "Hand  bag"])
    labels[0] = "\tHand bag\n"
    assert labels.class_names == ("Mütze", "Hand bag") and labels[0] == "Hand bag"


# The file


@settings(max_examples=100, deadline=None)
@example({"sha256:0123456789abcdef": ("\r", "Bag")})
@given(st.dictionaries(KEYS, st.tuples(st.text(), NAMES.map(label_file.tidy)), max_size=5))
def test_what_is_written_is_read(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("file") / "labels.csv"
    rows = {key: (printable_name(source), name) for key, (source, name) in rows.items()}
    label_file.write(path, rows)
    assert label_file.read(path) == rows


@pytest.mark.parametrize("name", AWKWARD)
def test_awkward_names_survive_a_restart(path, name):
    rt.Labels(IMAGES, path)[3] = name
    again = rt.Labels(IMAGES, path)
    assert again[3] == name and again.class_names == (name,)


@pytest.mark.parametrize("name", ["=1+1", "-1", "+1", "@SUM(A1)", "'=1+1"])
def test_nothing_in_the_file_is_a_formula(path, name):
    images = rt.ImageSet(PIXELS, sources=(f"{name}.jpg", *SOURCES[1:]))
    rt.Labels(images, path)[0] = name
    (row,) = [*csv.reader(path.read_text("utf-8-sig").splitlines())][1:]
    assert row[:2] == [f"'{name}.jpg", f"'{name}"] and row[2].startswith("sha256:")


def test_the_file_can_be_read(path):
    labels = rt.Labels(IMAGES, path)
    for index in (5, 0, 7):
        labels[index] = "Mütze"
    assert path.read_bytes().startswith(
        b"\xef\xbb\xbfsource,class,sha256\r\nbags/0.jpg,M\xc3\xbctze"
    )
    assert [line.split(",")[0] for line in path.read_text("utf-8-sig").splitlines()[1:]] == [
        "bags/0.jpg",
        "bags/5.jpg",
        "bags/7.jpg",
    ]


@pytest.mark.parametrize("comma", [";", "\t"])
def test_a_file_that_a_spreadsheet_saved(path, comma):
    rt.Labels(IMAGES, path)[[1, 2]] = "Bag, small"
    rows = [*csv.reader(path.read_text("utf-8-sig").splitlines())]
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter=comma, lineterminator="\r\n").writerows([*rows, ["", "", ""]])
    labels = rt.Labels(IMAGES, path)
    assert labels[:4] == [None, "Bag, small", "Bag, small", None]
    labels[0] = "Hat"
    assert rt.Labels(IMAGES, path)[:3] == ["Hat", "Bag, small", "Bag, small"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"name,age\nAda,36\n", "begins with 'name,age'"),
        (b"\xff\xfe\x00binary", "not UTF-8"),
        ("source,class,sha256\na,M\u00fctze,sha256:0123456789abcdef\n".encode("cp1252"), "UTF-8"),
        ((HEADER + "a,Bag\n").encode(), "line 2, 'a,Bag'"),
        ((HEADER + "a,Bag,1.2E+15\n").encode(), r"line 2, 'a,Bag,1\.2E\+15'"),
        ((HEADER + "a, ,sha256:0123456789abcdef\n").encode(), "no class"),
        ((HEADER + "a,B\0,sha256:0123456789abcdef\n").encode(), "no class"),
        ((HEADER + '"a,Bag,sha256:0123456789abcdef\n').encode(), "damaged"),
        ((HEADER + "<<<<<<< HEAD\n").encode(), "HEAD"),
        (
            (HEADER + "a,X,sha256:0123456789abcdef\na,Y,sha256:0123456789abcdef\n").encode(),
            "line 3.*another class",
        ),
    ],
)
def test_a_foreign_or_damaged_file(path, content, words):
    path.write_bytes(content)
    with pytest.raises(rt.TutorError, match=f"(?s){words}") as error:
        rt.Labels(IMAGES, path)
    assert str(path) in str(error.value) and "rt.Labels(images," in str(error.value)
    assert path.read_bytes() == content


def test_an_empty_file_has_no_names(path):
    path.touch()
    assert (rt.Labels(IMAGES, path).as_array() == -1).all()


def test_where_nothing_can_be_read_or_written(tmp_path):
    with pytest.raises(rt.TutorError, match="cannot be read"):
        rt.Labels(IMAGES, tmp_path)
    labels = rt.Labels(IMAGES, tmp_path / "no such folder" / "labels.csv")
    with pytest.raises(rt.TutorError, match=r"cannot be written.*Nothing was changed"):
        labels[0] = "Bag"
    assert labels[0] is None and not len(labels.undo())


def test_the_folder_is_the_one_of_the_beginning(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    labels = rt.Labels(IMAGES)
    (tmp_path / "other").mkdir()
    monkeypatch.chdir(tmp_path / "other")
    labels[0] = "Bag"
    assert (tmp_path / "labels.csv").exists()


def test_the_classes_of_a_file_come_in_their_natural_order(path):
    labels = rt.Labels(IMAGES, path)
    labels[0], labels[1], labels[2] = "kind 10", "kind 2", "a"
    assert labels.class_names == ("kind 10", "kind 2", "a")
    assert rt.Labels(IMAGES, path, ["z"]).class_names == ("z", "a", "kind 2", "kind 10")


# Other pictures, other kernels


def test_another_order_and_other_names_of_files(path):
    rt.Labels(IMAGES, path)[[1, 6]] = "Bag"
    order = np.random.default_rng(1).permutation(N)
    turned = rt.Labels(rt.ImageSet(PIXELS[order]), path)
    assert turned.as_array().tolist() == np.where(np.isin(order, [1, 6]), 0, -1).tolist()
    assert not turned.note


def test_rows_of_other_pictures_are_kept_and_told(path):
    rt.Labels(IMAGES, path)[[1, 6]] = "Bag"
    some = rt.Labels(IMAGES[:4], path)
    assert some.class_names == ("Bag",) and "also has 1 rows" in some.note
    assert some.note in repr(some) and "size" not in some.note
    some[0] = "Hat"
    some[1] = None
    assert rt.Labels(IMAGES, path)[:] == ["Hat", *[None] * 5, "Bag", None]
    other = rt.Labels(rt.ImageSet(255 - PIXELS), path)
    assert other.class_names == () and "also has 2 rows" in other.note


def test_pictures_of_another_size_are_others_and_it_is_told(path):
    rt.Labels(IMAGES, path)[[1, 6]] = "Bag"
    larger = rt.Labels(IMAGES.resized(8, 10), path)
    assert (larger.as_array() == -1).all() and "2 of their sources" in larger.note


def test_identical_pictures_share_a_name(path):
    labels = rt.Labels(IMAGES[[0, 1, 0]], path)
    labels[2] = "Bag"
    assert labels[:] == ["Bag", None, "Bag"] and labels.undo().tolist() == [0, 2]


def test_two_kernels_add_to_the_same_file(path):
    one, two = rt.Labels(IMAGES, path), rt.Labels(IMAGES, path)
    one[0] = "Bag"
    two[1] = "Hat"
    one[2] = "Bag"
    assert rt.Labels(IMAGES, path)[:3] == one[:3] == ["Bag", "Hat", "Bag"]
    two.undo()
    assert rt.Labels(IMAGES, path)[:3] == ["Bag", None, "Bag"]


NAMING = """
import sys, time
from pathlib import Path
import numpy as np
import rnn_tutor as rt

def slowly(path, content):  # so that it is mostly killed while it writes
    with open(path, "wb") as file:
        for k in range(0, len(content), 50):
            file.write(content[k : k + 50])
            file.flush()
            time.sleep(0.001)

Path.write_bytes = slowly
pixels = np.arange(256, dtype=np.uint8).reshape(256, 1, 1, 1)
labels = rt.Labels(rt.ImageSet(pixels), sys.argv[1])
print("ready", flush=True)
for index in range(256):
    labels[index] = f"name {index}"
    print(index, flush=True)
"""


@pytest.mark.parametrize("seconds", [0.05, 0.12, 0.23])
def test_whenever_it_is_killed_the_file_is_whole(path, seconds):
    """And no name is lost that was said to be kept."""
    environment = {**os.environ, "PYTHONPATH": str(Path(rt.__file__).parents[1])}
    process = subprocess.Popen(
        [sys.executable, "-c", NAMING, path], stdout=subprocess.PIPE, env=environment, text=True
    )
    assert process.stdout.readline() == "ready\n"
    assert process.stdout.readline() == "0\n"
    time.sleep(seconds)
    process.kill()
    said = 1 + len(process.communicate()[0].split())
    pixels = np.arange(256, dtype=np.uint8).reshape(256, 1, 1, 1)
    kept = rt.Labels(rt.ImageSet(pixels), path)[:]
    assert kept[:said] == [f"name {index}" for index in range(said)]
    assert said <= 256 - kept.count(None) <= said + 1


# Undo


CHANGES = st.lists(
    st.tuples(st.sets(st.integers(0, N - 1)).map(sorted), st.none() | st.sampled_from(AWKWARD)),
    max_size=6,
)


@settings(max_examples=60, deadline=None)
@given(before=CHANGES, changes=CHANGES)
def test_undo_gives_the_file_back(tmp_path_factory, before, changes):
    path = tmp_path_factory.mktemp("undo") / "labels.csv"
    for index, name in before:
        rt.Labels(IMAGES, path)[index] = name
    labels, states = rt.Labels(IMAGES, path), []
    for index, name in changes:
        states.append((path.read_bytes() if path.exists() else None, index))
        labels[index] = name
    for content, index in reversed([state for state in states if state[1]]):
        assert labels.undo().tolist() == index
        assert content is None or path.read_bytes() == content
    assert not len(labels.undo())
    assert rt.Labels(IMAGES, path)[:] == labels[:]


def test_changes_are_told(path):
    labels, seen = rt.Labels(IMAGES, path), []
    labels.on_change(lambda: seen.append(labels[0]))
    labels[0] = "Bag"
    labels.undo()
    assert seen == [None, "Bag", None]  # the new class, the name, the undoing


def test_a_change_looks_at_no_picture_again(path, monkeypatch):
    """Among many pictures a name costs a look at the file, not one at each picture."""
    labels, looked = rt.Labels(IMAGES, path), []
    digest = hashlib.sha256
    monkeypatch.setattr(hashlib, "sha256", lambda *args: looked.append(1) or digest(*args))
    labels[:] = "Bag"
    labels[5] = "Hat"
    labels.undo()
    assert labels.as_array().tolist() == [0] * N and not looked
    rt.Labels(IMAGES, path)
    assert len(looked) == N  # what is counted


# Labels that the set came with

KINDS = ("Bag", "Dress", "Hat")
SOME = rt.ImageSet(PIXELS, [0, 1, -1, -1, 1, 0, 2, -1], KINDS, SOURCES)


def test_a_look_up_names_after_the_labels_and_invents_none(path):
    labels = rt.Labels(SOME, path, KINDS)
    labels[1] = "Shoe"
    assert labels.look_up([0, 1, 2, 3, 4]) == 2  # two had neither a name nor a missing label
    assert labels[:] == ["Bag", "Shoe", None, None, "Dress", None, None, None]
    assert labels.look_up([0, 4]) == 0  # again
    assert rt.Labels(SOME, path)[:] == labels[:]


@pytest.mark.parametrize("images", [IMAGES, SOME[[2, 3, 7]]], ids=["no labels", "none of these"])
def test_a_look_up_without_labels_writes_nothing(path, images):
    labels = rt.Labels(images, path)
    assert labels.look_up(slice(None)) == 0
    assert not path.exists() and labels.class_names == ()
    assert labels.answers().tolist() == [-1] * len(images)


def test_answers_are_the_label_or_else_the_name(path):
    labels = rt.Labels(SOME, path, KINDS)
    labels[[0, 2]] = "Shoe"  # of the first the label counts
    answers = [labels.class_names[k] if k >= 0 else None for k in labels.answers()]
    assert answers == ["Bag", "Dress", "Shoe", None, "Dress", "Bag", "Hat", None]
    assert labels.answers().dtype == np.int64
    bare = rt.Labels(SOME, path.with_name("other.csv"))  # offered no classes
    assert [bare.class_names[k] for k in bare.answers()[[0, 1, 6]]] == ["Bag", "Dress", "Hat"]
    assert not path.with_name("other.csv").exists()
