"""The course's notebooks, as the tests look at them."""

import ast
import re
from pathlib import Path

import nbformat
from IPython.core.inputtransformer2 import TransformerManager

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("[0-9]*.ipynb"))  # the lessons
GLOSSARY = ROOT / "notebooks" / "glossary.ipynb"
NAMES = [path.stem for path in NOTEBOOKS]
OFFLINE = Path(__file__).with_name("offline")
SANITIZER = ROOT / "tests" / "notebooks" / "sanitize.cfg"
DATA_LINE = 'load_images("fashion5")'
PHOTOS_LINE = 'load_images("photos5")'  # where the lesson is about photographs
STRIPS_LINE = 'load_images("spoken3", height=16)'  # where it is about pictures of any width
UNCOMPARED_TAGS = {"nbval-ignore-output", "nbval-skip"}
NEVER_COMPARED = {"image/png", "image/jpeg", "application/vnd.jupyter.widget-view+json"}


def read(path):
    """The notebook in a file, as it stands there."""
    return nbformat.read(path, as_version=4)


def data_line(cell):
    """The line that names the pictures, as it stands in a cell; "" where it does not."""
    return next((line for line in (DATA_LINE, PHOTOS_LINE, STRIPS_LINE) if line in cell.source), "")


def code_cells(notebook):
    """The code cells that hold something, in order."""
    return [c for c in notebook.cells if c.cell_type == "code" and c.source.strip()]


def tags(cell):
    """A cell's tags."""
    return set(cell.metadata.get("tags", []))


def tagged(notebook, tag):
    """The code cells with a tag."""
    return [cell for cell in code_cells(notebook) if tag in tags(cell)]


def syntax(cell):
    """A code cell's syntax tree, IPython's magics and shell lines translated first."""
    return ast.parse(TransformerManager().transform_cell(cell.source))


def compared_text(cell):
    """What nbval compares of a cell's stored outputs: text, but no pictures and no widgets."""
    for output in cell.outputs:
        if output.output_type == "stream":
            yield output.text
        for kind, data in output.get("data", {}).items():
            if kind not in NEVER_COMPARED:
                yield data


def is_compared(cell):
    """Whether nbval has something of this cell to compare, and compares it."""
    return not tags(cell) & UNCOMPARED_TAGS and any(compared_text(cell))


def without_pictures(text):
    """A text without the base64 pictures in it."""
    return re.sub(r"data:image/[a-z+]+;base64,[A-Za-z0-9+/=\s]*", "PICTURE", str(text))
