"""Contract 2: with the reader's own folder in its one data line, a notebook runs to its end.

And nothing that it prints claims what cannot be known. The pictures are colour photographs of mixed
sizes and drawn shapes; `SETS` says how many there are of each kind, and which of them are labelled.
"""

import csv
import html
import json
import re
from concurrent.futures import ThreadPoolExecutor

import cv2
import nbformat
import numpy as np
import pytest
from sklearn.datasets import load_sample_image
from store_notebooks import execute
from support import course

import rnn_tutor as rt

UNLABELLED = ""  # the folder of pictures that nobody labelled: the set's own
SETS = {
    "three classes": {"寺庙": 20, "a flower": 20, "shapes": 20},
    "no labels": {UNLABELLED: 24},
    "labels for some": {"寺庙": 12, "shapes": 12, UNLABELLED: 16},
    "two classes": {"a flower": 12, "shapes": 12},
    "one class": {"shapes": 20},
    "12 pictures": {"寺庙": 4, "a flower": 4, "shapes": 4},
    "strips": {"thin to thick": 14, "thick to thin": 14},
}
STRIPS_ONLY = "11_pictures_of_any_width"  # the notebook that reads "strips" at their own width
ALWAYS = {("00_start_here", "no labels")}  # in the usual run
CHOSEN = {  # with `full` in CI, those that say most about the images; by hand, `full` runs all
    ("05_cnn_rnn_classifier", "labels for some"),
    ("08_clusters", "no labels"),
    ("09_clusters_to_classes", "labels for some"),
    ("10_five_classes", "no labels"),
    (STRIPS_ONLY, "no labels"),
    (STRIPS_ONLY, "strips"),
    ("12_your_own_pictures", "labels for some"),
}
WARN_OF_FEW = {"09_clusters_to_classes", "10_five_classes", "12_your_own_pictures"}  # and go on
ABOUT_LABELS = {"05_cnn_rnn_classifier", "06_cnn_or_rnn"}  # these may end with NeedsLabels


def crop(photograph, rng):
    """A piece of a photograph, at least 40 and at most 200 pixels high and wide."""
    height, width = rng.integers(40, 200, 2)
    top, left = (
        rng.integers(0, full - part)
        for full, part in zip(photograph.shape, (height, width), strict=False)
    )
    return photograph[top : top + height, left : left + width]


def drawing(rng):
    """A coloured disc or square on grey, of any size."""
    height, width = (int(side) for side in rng.integers(40, 200, 2))
    picture = np.full((height, width, 3), 200, np.uint8)
    colour = rng.integers(0, 255, 3).tolist()
    centre, radius = (width // 2, height // 2), min(height, width) // 3
    if rng.random() < 0.5:
        cv2.circle(picture, centre, radius, colour, -1)
    else:
        corner = (centre[0] + radius, centre[1] + radius)
        cv2.rectangle(picture, (centre[0] - radius, centre[1] - radius), corner, colour, -1)
    return picture


def strip(rng, widths):
    """Bars from left to right, as wide as `widths` say, with gaps of any width around them."""
    parts = []
    for width in (*widths, 0):
        parts += [np.full((40, int(rng.integers(5, 90)), 3), 20, np.uint8)]
        parts += [np.full((40, width, 3), 220, np.uint8)]
    return np.concatenate(parts, axis=1)


def write(picture, path):
    """Write RGB pixels under any name, Windows and Chinese characters included."""
    path.parent.mkdir(parents=True, exist_ok=True)
    done, encoded = cv2.imencode(path.suffix, cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
    assert done
    path.write_bytes(encoded.tobytes())


def made(folder, pictures, seed=0):
    """A folder of such pictures, `{name of a sub-folder: how many}`, and a file that is none."""
    rng = np.random.default_rng(seed)
    china, flower = (load_sample_image(name) for name in ("china.jpg", "flower.jpg"))
    makers = {
        "寺庙": lambda: crop(china, rng),
        "a flower": lambda: crop(flower, rng),
        "shapes": lambda: drawing(rng),
        "thin to thick": lambda: strip(rng, (6, 14, 30)),
        "thick to thin": lambda: strip(rng, (30, 14, 6)),
    }
    for name, count in pictures.items():
        for index in range(count):
            make = makers.get(name) or [*makers.values()][index % 3]
            write(make(), folder / name / f"picture {index} 图{'.png' if index % 2 else '.jpg'}")
    (folder / "notes.txt").write_text("These are not pixels.")
    return folder


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """The folders of `SETS`, by name."""
    return {
        name: made(tmp_path_factory.mktemp("own") / "my pictures 照片", pictures)
        for name, pictures in SETS.items()
    }


def run_on(path, pictures, folder, more=""):
    """A notebook run with a folder in its data line, and what went wrong: errors, lines on stderr.

    more: code for a cell at the end.
    """
    notebook = course.read(path)
    (cell,) = course.tagged(notebook, "data")
    line = course.data_line(cell)
    assert line
    own = re.sub(r'"\w+"', lambda _: repr(pictures.as_posix()), line)  # its settings stay
    cell.source = cell.source.replace(line, own)
    if more:
        notebook.cells.append(nbformat.v4.new_code_cell(more))
    complaints = execute(notebook, folder).complaints
    return notebook, complaints


def combinations():
    """Each notebook with each set; most of them with `full` only."""
    for name in SETS:
        for path in course.NOTEBOOKS:
            if name == "strips" and path.stem != STRIPS_ONLY:
                continue
            marks = () if (path.stem, name) in ALWAYS else pytest.mark.full
            chosen = "chosen-" if (path.stem, name) in CHOSEN else ""
            yield pytest.param(name, path, id=f"{chosen}{name}-{path.stem}", marks=marks)


@pytest.fixture(scope="module")
def runs(request, folders, tmp_path_factory):
    """All the runs that this session wants, two at a time: a function that waits for one."""
    items = [
        item
        for item in request.session.items
        if getattr(item, "originalname", "") == "test_own_pictures"
    ]
    started = {}
    with ThreadPoolExecutor(2) as pool:
        for params in (item.callspec.params for item in items):
            name, path = params["name"], params["path"]
            folder = tmp_path_factory.mktemp("run")
            started[name, path] = folder, pool.submit(run_on, path, folders[name], folder)
        yield lambda *which: (started[which][0], *started[which][1].result())
        pool.shutdown(cancel_futures=True)


@pytest.mark.parametrize(("name", "path"), [*combinations()])
def test_own_pictures(name, path, runs):
    folder, notebook, complaints = runs(name, path)
    if name in ("no labels", "one class") and path.stem in ABOUT_LABELS:
        assert len(complaints) == 1 and errors(notebook) == ["NeedsLabels"]
    elif path.stem in WARN_OF_FEW:
        assert complaints  # one for each cell that sorts them
        assert all("pictures are few" in words and len(words) < 300 for words in complaints)
    else:
        assert complaints == []
    pictures = dict(SETS[name])
    if path.stem in ABOUT_LABELS and (left_out := pictures.pop(UNLABELLED, 0)) and complaints == []:
        assert f"{left_out} pictures without a label left out" in "\n".join(all_said(notebook))
    assert [*claims(notebook, course.read(path), pictures)] == []
    assert names_in(folder) <= {kind for kind in SETS[name] if kind != UNLABELLED}


# What cannot be known

SHARE = r"\d(?:\.\d+)? ?%[^.\n]*\bright\b|\baccuracy:? \d|\bNMI \d|\d +\d\.\d{3} +\d\.\d{3}"
CHART = r"Line chart of the [^\n]*\bright\b"
TABLE = rf"Table of (?!1 class )[\d,]+ class|{CHART}|accuracy on test"
STAND_INS = r"\b(?:kind|class|label) \d"
# Lines about sets that have labels, whatever the reader's have:
OTHERS = r"shapes,|fashion5|photos5|MNIST"
COUNTED = r"that have a label|named ones among"
ANSWER_IS_MEASURED = "brighter than most"  # notebook 03 asks what the pixels themselves answer


def said(cell):
    """What a cell printed or displayed, as lines of text, with the alt text of its pictures."""
    for output in cell.get("outputs", []):
        text = output.get("text", "") + output.get("data", {}).get("text/plain", "")
        for alt in re.findall(r'alt="([^"]*)"', output.get("data", {}).get("text/html", "")):
            text += "\n" + html.unescape(alt)
        yield from text.splitlines()


def errors(notebook):
    """The names of the errors that a notebook ended with."""
    outputs = (output for cell in course.code_cells(notebook) for output in cell.outputs)
    return [output.ename for output in outputs if output.output_type == "error"]


def all_said(notebook):
    return (line for cell in course.code_cells(notebook) for line in said(cell))


def claims(notebook, stored, pictures):
    """Lines that a notebook cannot know to be true of these pictures, `{folder: how many}`.

    What it says of `fashion5` word for word, in the same cell, is not about them: stored results.
    """
    labelled = sum(n for name, n in pictures.items() if name != UNLABELLED)
    n_classes = len(pictures.keys() - {UNLABELLED})
    always = {cell.id: set(said(cell)) for cell in course.code_cells(stored)}
    cells = course.code_cells(notebook)
    first = next(k for k, cell in enumerate(cells) if "data" in course.tags(cell))
    if any(ANSWER_IS_MEASURED in line for line in all_said(notebook)):
        return
    for cell in cells[first:]:
        if "exercise" in course.tags(cell):
            continue
        for line in said(cell):
            if line in always.get(cell.id, ()) or re.search(OTHERS, line):
                continue
            if re.search(STAND_INS, line):
                yield f"{cell.id}: a class that nobody named: {line[:200]}"
            if n_classes < 2 and re.search(f"{SHARE}|{TABLE}", line) and not trivial(line):
                yield f"{cell.id}: nothing can be right or wrong here: {line[:200]}"
            elif labelled < sum(pictures.values()) and re.search(f"{SHARE}|{CHART}", line):
                yield from uncounted(cell.id, line, labelled)


def trivial(line):
    """Whether a line of one class says so itself."""
    return "Table of 1 class" in line


def uncounted(cell, line, labelled):
    """A score of labels for some must say of how many; these are at most those that there are."""
    counts = [int(n or m) for n, m in re.findall(r"the (\d+) (?:of|named)|of (\d+) new", line)]
    if not counts and not re.search(CHART, line):
        counts = [int(n) for n in re.findall(r" (\d+)$", line)]  # the column of a table
    if not counts or max(counts) > labelled:
        yield f"{cell}: does not say of how many pictures: {line[:200]}"


def names_in(folder):
    """The names in the reader's files of labels."""
    found = set()
    for path in folder.glob("*.csv"):
        with path.open(encoding="utf-8-sig", newline="") as file:
            found |= {row["class"] for row in csv.DictReader(file)}
    return found


@pytest.mark.parametrize(
    ("line", "pictures"),
    [
        ("5 labels: 100.0% of 30 new pictures right", {UNLABELLED: 30}),
        ("through clusters 5: 59.6%  of them right", {UNLABELLED: 30}),
        ("matched accuracy 0.933, NMI 0.820, ARI 0.839", {UNLABELLED: 24}),
        ("Table of 5 classes by 5 answers; classes: a, b", {UNLABELLED: 24}),
        ("pixels   0.657      0.224  0.603  0.510     1,500", {UNLABELLED: 24}),
        ("my_names.csv: 15 of 24 pictures named; kind 0 3, kind 1 3", {UNLABELLED: 24}),
        ("matched accuracy 1.000, NMI 1.000, ARI 1.000", {"shapes": 20}),
        ("matched accuracy 0.933, NMI 0.820, ARI 0.839", {"a": 4, "b": 4, UNLABELLED: 8}),
        ("93.5% of 24 pictures right", {"a": 4, "b": 4, UNLABELLED: 8}),
        ("Line chart of the share right: probe from 0.6 at 5", {"a": 4, "b": 4, UNLABELLED: 8}),
        ("Line chart of the share right, of 9 new pictures", {"a": 4, "b": 4, UNLABELLED: 8}),
    ],
)
def test_each_kind_of_claim_is_found(line, pictures):
    data = nbformat.v4.new_code_cell("images", metadata={"tags": ["data"]})
    cell = nbformat.v4.new_code_cell("x", outputs=[nbformat.v4.new_output("stream", text=line)])
    notebook = nbformat.v4.new_notebook(cells=[data, cell])
    assert [*claims(notebook, nbformat.v4.new_notebook(), pictures)]
    assert not [*claims(notebook, notebook, pictures)]  # word for word what it says of fashion5


@pytest.mark.full
def test_scores_are_against_the_names_that_were_given(tmp_path):
    """Thirty photographs without labels, of which a reader names 15, and the new ones: no other."""
    path = next(p for p in course.NOTEBOOKS if p.stem == "09_clusters_to_classes")
    folder = made(tmp_path / "photographs", {UNLABELLED: 30}, seed=2)
    images = rt.load_images(folder)
    kind = {source: "abc"[int(source.split()[1]) % 3] for source in images.sources}
    old, new = (part.resized(28, 28) for part in images.split(seed=0))
    for part, count in ((old, 15), (new, len(new))):
        labels = rt.Labels(part, tmp_path / "my_names.csv")
        for i in range(count):
            labels[i] = kind[part.sources[i]]
    before = (tmp_path / "my_names.csv").read_bytes()
    look = "import json\nprint('SAID', json.dumps([said.tolist(), kinds, pictures.sources]))"
    notebook, complaints = run_on(path, folder, tmp_path, look)
    assert len(complaints) == 1 and "pictures are few" in complaints[0]
    lines = [*all_said(notebook)]
    (answers, kinds, sources) = json.loads(
        next(line for line in lines if line.startswith("SAID"))[4:]
    )
    true = [kind[source] for source in sources[len(old) :]]
    right = sum(k >= 0 and kinds[k] == t for k, t in zip(answers, true, strict=True))
    last = [line for line in lines if re.match(r" *\d+ names: ", line)][1]
    if any(k >= 0 for k in answers):
        assert f"{right / len(new):.1%} of {len(new)} pictures right" in last
    else:
        assert "no answers yet" in last
    assert (tmp_path / "my_names.csv").read_bytes() == before


def test_a_cell_that_raises_is_found(folders, tmp_path):
    source = f"load_images = str.upper\nimages = {course.DATA_LINE}\nassert images == 'FASHION5'"
    cell = nbformat.v4.new_code_cell(source, metadata={"tags": ["data"]})
    spoilt = tmp_path / "spoilt.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), spoilt)
    (complaint,) = run_on(spoilt, folders["two classes"], tmp_path)[1]
    assert "AssertionError" in complaint
