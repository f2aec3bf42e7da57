"""Links in the text of a notebook lead to a notebook that exists, or to a page by https."""

import re

import nbformat
import pytest
from support import course

CODE = re.compile(r"```.*?```|`[^`\n]*`", re.DOTALL)
LINK = re.compile(r"\]\(([^)]*)\)|href=[\"']([^\"']*)[\"']|(?<![(\"'])(\bhttps?://[^\s)>\"']+)")


def links(notebook):
    """Every address that the markdown cells link to."""
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            text = re.sub(r"<img[^>]*>", "", CODE.sub("", cell.source))
            yield from ("".join(found).strip() for found in LINK.findall(text))


def broken(notebook, folder):
    """The links that lead nowhere, or not by https."""
    for target in links(notebook):
        if re.match(r"[a-z]+:", target):
            sound = target.startswith("https://")
        else:
            path = folder / target.partition("#")[0]
            sound = path.suffix == ".ipynb" and path.is_file()
        if not sound:
            yield target


@pytest.mark.parametrize("path", course.NOTEBOOKS, ids=course.NAMES)
def test_links_lead_somewhere(path):
    notebook = course.read(path)
    assert any(links(notebook))
    assert list(broken(notebook, path.parent)) == []


@pytest.mark.parametrize("cell", [0, -1], ids=["top", "bottom"])
def test_the_next_and_the_previous_notebook_are_linked(cell):
    for before, after in zip(course.NOTEBOOKS, course.NOTEBOOKS[1:], strict=False):
        for path, other, word in ((before, after, "Next"), (after, before, "Previous")):
            text = course.read(path).cells[cell].source
            (line,) = [row for row in text.splitlines() if f"**{word}:**" in row]
            assert f"]({other.name})" in line, f"{path.name} does not name {other.name}"


MADE_UP = {
    "there": ("[there](there.ipynb)", True),
    "a part of it": ("[there](there.ipynb#Summary)", True),
    "missing": ("[gone](gone.ipynb)", False),
    "no notebook": ("[a text](there.txt)", False),
    "https": ("[a paper](https://doi.org/10.1000/1)", True),
    "http": ("[a paper](http://doi.org/10.1000/1)", False),
    "bare http": ("A paper: http://doi.org/10.1000/1.", False),
    "in HTML": ('<a href="gone.ipynb">gone</a>', False),
    "empty": ("[nowhere]()", False),
    "code": ("`ways[name](points)`", True),
}


@pytest.mark.parametrize(("text", "sound"), MADE_UP.values(), ids=MADE_UP)
def test_a_broken_link_is_found(text, sound, tmp_path):
    for name in ("there.ipynb", "there.txt"):
        (tmp_path / name).touch()
    cells = [nbformat.v4.new_markdown_cell(text), nbformat.v4.new_code_cell("# [x](gone.ipynb)")]
    assert (list(broken(nbformat.v4.new_notebook(cells=cells), tmp_path)) == []) == sound


HEADING = re.compile(r"^## +(.+?) *$", re.MULTILINE)
TO_GLOSSARY = re.compile(r"\]\(glossary\.ipynb(?:#([^)]*))?\)")
TERMS = {cell.id: cell.source for cell in course.read(course.GLOSSARY).cells[1:]}


def test_the_glossary_has_one_term_in_each_cell_in_order():
    titles = [HEADING.findall(text) for text in TERMS.values()]
    assert all(len(found) == 1 for found in titles)
    terms = [found[0] for found in titles]
    assert terms == sorted(set(terms), key=str.casefold) and len(terms) > 40
    cells = course.read(course.GLOSSARY).cells
    assert {cell.cell_type for cell in cells} == {"markdown"}


@pytest.mark.parametrize("text", TERMS.values(), ids=TERMS)
def test_a_term_says_which_notebook_teaches_it(text):
    assert text.splitlines()[-1].startswith("Taught in [")
    assert set(re.findall(r"\]\(([^)]+)\)", text)) <= {path.name for path in course.NOTEBOOKS}


@pytest.mark.parametrize("path", course.NOTEBOOKS, ids=course.NAMES)
def test_a_notebook_links_terms_to_the_glossary_each_once(path):
    """JupyterLab finds a heading by its text, with hyphens for spaces."""
    anchors = {HEADING.findall(text)[0].replace(" ", "-") for text in TERMS.values()}
    text = "\n".join(c.source for c in course.read(path).cells if c.cell_type == "markdown")
    linked = [term for term in TO_GLOSSARY.findall(text) if term]
    assert linked and set(linked) <= anchors
    assert len(linked) == len(set(linked))


def test_the_first_notebook_names_the_glossary():
    cells = course.read(course.NOTEBOOKS[0]).cells
    assert any("](glossary.ipynb)" in cell.source for cell in cells)
