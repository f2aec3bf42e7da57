"""The drawings in the notebooks are those that the scripts draw, and can be shown anywhere."""

import base64
import re
import sys
from importlib import import_module
from xml.etree import ElementTree

import numpy as np
import pytest
from support import course

FOLDER = course.ROOT / "data_scripts" / "drawings"
sys.path.append(str(FOLDER))
svg = import_module("svg")

DRAWINGS = {
    (path.stem[2:], name): draw
    for path in sorted(FOLDER.glob("nb*.py"))
    for name, (_, draw) in import_module(path.stem).DRAWINGS.items()
}
SPACE = "{http://www.w3.org/2000/svg}"


def elements(drawing, name):
    return list(ElementTree.fromstring(drawing.svg()).iter(SPACE + name))


@pytest.mark.parametrize(("number", "name"), DRAWINGS)
def test_a_notebook_holds_what_its_script_draws(number, name):
    (path,) = [p for p in course.NOTEBOOKS if p.name.startswith(f"{number}_")]
    cells = {cell.id: cell.source for cell in course.read(path).cells}
    drawing = DRAWINGS[number, name]()
    assert cells[f"drawing-{name}"] == drawing.markdown()
    assert len(drawing.alt) > 40
    words = elements(drawing, "text")
    assert all(0 <= float(node.get("y")) <= drawing.height for node in words)


def test_a_drawing_is_an_image_that_needs_nothing_else():
    drawing = svg.Drawing('A "box" & a line', 80)
    drawing.box(10, 10, 60, 30, "a < b")
    line = drawing.markdown()
    assert "A &quot;box&quot; &amp; a line" in line
    (content,) = re.findall(r'src="data:image/svg\+xml;base64,([^"]+)"', line)
    assert base64.b64decode(content).decode() == drawing.svg()
    assert "http" not in drawing.svg().replace(SPACE[1:-1], "")
    assert [node.text for node in elements(drawing, "tspan")] == ["a < b"]


def test_indices_stand_lower_and_the_rest_on_the_line_again():
    drawing = svg.Drawing("", 80)
    drawing.text(0, 0, "h_{t-1} and", size=20)
    moves = [float(node.get("dy", 0)) for node in elements(drawing, "tspan")]
    assert [node.text for node in elements(drawing, "tspan")] == ["h", "t-1", " and"]
    assert moves[1] > 0 and sum(moves) == 0


def test_an_arrow_ends_where_it_is_told():
    drawing = svg.Drawing("", 80)
    drawing.arrow(10, 20, 70, 20)
    (head,) = elements(drawing, "polygon")
    tip = head.get("points").split()[0]
    assert tip == "70,20"


def test_pixels_are_painted_where_they_are_bright():
    drawing = svg.Drawing("", 80)
    drawing.pixels(5, 7, np.array([[0, 1, 1], [1, 0, 0]]), 10, levels=2)
    (bright,) = elements(drawing, "path")
    assert bright.get("d") == "M15 7h20v10h-20zM5 17h10v10h-10z"


def test_a_drawing_is_put_in_once_and_stays_where_it_is():
    notebook = course.read(course.NOTEBOOKS[0])
    first, second = notebook.cells[0].id, notebook.cells[1].id
    for height in (80, 90):
        svg.put(notebook, "test", first, svg.Drawing("A drawing", height))
    ids = [cell.id for cell in notebook.cells]
    assert ids[:3] == [first, "drawing-test", second]
    assert ids.count("drawing-test") == 1
    assert 'height="90"' in svg.Drawing("A drawing", 90).svg()
    assert notebook.cells[1].source == svg.Drawing("A drawing", 90).markdown()
