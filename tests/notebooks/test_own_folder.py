"""Contract 2: with the reader's own folder in its one data line, a notebook runs to its end.

The pictures are colour photographs of mixed sizes and drawn shapes, sixty in all, in three
sub-folders (classes); a second folder holds 24 without classes.
"""

import cv2
import nbformat
import numpy as np
import pytest
from sklearn.datasets import load_sample_image
from store_notebooks import execute
from support import course

WITHOUT_LABELS_ALWAYS = {"00_start_here", "08_clusters", "05_cnn_rnn_classifier"}
WITHOUT_LABELS_ALWAYS |= {"09_clusters_to_classes", "10_five_classes"}
WARN_OF_FEW = {"09_clusters_to_classes", "10_five_classes"}  # and go on
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


def write(picture, path):
    """Write RGB pixels under any name, Windows and Chinese characters included."""
    path.parent.mkdir(parents=True, exist_ok=True)
    done, encoded = cv2.imencode(path.suffix, cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
    assert done
    path.write_bytes(encoded.tobytes())


@pytest.fixture(scope="module")
def kinds():
    """Three makers of pictures."""
    china, flower = (load_sample_image(name) for name in ("china.jpg", "flower.jpg"))
    return {
        "寺庙": lambda r: crop(china, r),
        "a flower": lambda r: crop(flower, r),
        "shapes": drawing,
    }


@pytest.fixture(scope="module")
def with_classes(kinds, tmp_path_factory):
    """Sixty pictures in three sub-folders, and a file that is none."""
    folder, rng = tmp_path_factory.mktemp("own") / "my pictures 照片", np.random.default_rng(0)
    for name, make in kinds.items():
        for index in range(20):
            suffix = ".png" if index % 2 else ".jpg"
            write(make(rng), folder / name / f"picture {index} 图{suffix}")
    (folder / "shapes" / "notes.txt").write_text("These are not pixels.")
    return folder


@pytest.fixture(scope="module")
def without_classes(kinds, tmp_path_factory):
    """24 pictures in one folder."""
    folder, rng = tmp_path_factory.mktemp("flat") / "无标签", np.random.default_rng(1)
    for index, make in enumerate([*kinds.values()] * 8):
        write(make(rng), folder / f"{index}.jpg")
    return folder


def run_on(path, pictures, folder):
    """What goes wrong when a notebook's data line names a folder: errors, lines on stderr."""
    notebook = course.read(path)
    (cell,) = course.tagged(notebook, "data")
    assert course.DATA_LINE in cell.source
    cell.source = cell.source.replace(course.DATA_LINE, f"load_images({pictures.as_posix()!r})")
    return execute(notebook, folder).complaints


@pytest.mark.parametrize("path", course.NOTEBOOKS, ids=course.NAMES)
def test_own_pictures_in_classes(path, with_classes, tmp_path):
    assert_nothing_wrong(path, run_on(path, with_classes, tmp_path))


def assert_nothing_wrong(path, complaints):
    """Nothing is said, but that these pictures are few."""
    if path.stem in WARN_OF_FEW:
        (complaint,) = complaints
        assert "pictures are few" in complaint and len(complaint) < 300
    else:
        assert complaints == []


def unlabelled_cases():
    """Each notebook; those that must judge clusters without labels always, others with `full`."""
    for path in course.NOTEBOOKS:
        always = path.stem in WITHOUT_LABELS_ALWAYS
        yield pytest.param(path, id=path.stem, marks=() if always else pytest.mark.full)


@pytest.mark.parametrize("path", list(unlabelled_cases()))
def test_own_pictures_without_labels(path, without_classes, tmp_path):
    complaints = run_on(path, without_classes, tmp_path)
    if path.stem in ABOUT_LABELS:
        (complaint,) = complaints
        assert "This lesson is about labels" in complaint
    else:
        assert_nothing_wrong(path, complaints)


def test_a_cell_that_raises_is_found(with_classes, tmp_path):
    source = f"load_images = str.upper\nimages = {course.DATA_LINE}\nassert images == 'FASHION5'"
    cell = nbformat.v4.new_code_cell(source, metadata={"tags": ["data"]})
    spoilt = tmp_path / "spoilt.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), spoilt)
    (complaint,) = run_on(spoilt, with_classes, tmp_path)
    assert "AssertionError" in complaint
