"""The script that executes and stores notebooks: what it refuses, what it keeps, what it drops."""

import nbformat
import pytest
import store_notebooks
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

SURPRISES = {
    "import warnings\nwarnings.warn('look here')": "wrote to stderr",
    "print('1 %', end='\\r')\nprint('2 %')": "rewrites a line",
    "from IPython.display import clear_output\nclear_output()": "clear_output",
    "shown = display('a', display_id=True)\nshown.update('b')": "update_display_data",
    "1 / 0": "ZeroDivisionError",
}


@pytest.fixture(scope="module")
def complaints(tmp_path_factory):
    notebook = new_notebook(cells=[new_code_cell(source) for source in SURPRISES])
    return store_notebooks.execute(notebook, tmp_path_factory.mktemp("store")).complaints


@pytest.mark.parametrize("word", SURPRISES.values())
def test_surprises_are_refused(complaints, word):
    assert any(word in complaint for complaint in complaints)


def test_a_spoilt_notebook_is_not_written(tmp_path):
    path = tmp_path / "x.ipynb"
    nbformat.write(new_notebook(cells=[new_code_cell("1 / 0")]), path)
    before = path.read_bytes()
    assert not store_notebooks.store(path)
    assert path.read_bytes() == before


def test_outputs_are_stored_and_ids_kept(tmp_path, capsys):
    path = tmp_path / "x.ipynb"
    cells = [
        new_code_cell("print(1)\nprint(2)", id="printed"),
        new_markdown_cell("Text.", id="text"),
    ]
    nbformat.write(new_notebook(cells=cells), path)
    assert store_notebooks.store(path)
    stored = nbformat.read(path, as_version=4)
    assert [cell.id for cell in stored.cells] == ["printed", "text"]
    assert stored.cells[0].outputs[0].text == "1\n2\n"
    assert stored.cells[0].metadata == {}
    assert stored.metadata.kernelspec.name == "python3"
    assert " s, peak memory " in capsys.readouterr().out


def test_normalised():
    view = {store_notebooks.WIDGET_VIEW: {"model_id": "1"}, "text/plain": "IntSlider()"}
    pieces = [new_output("stream", text=text) for text in ("a\n", "b\n")]
    cell = new_code_cell(
        "f()", execution_count=1, outputs=[*pieces, new_output("display_data", view)]
    )
    cell.metadata.update(execution={"iopub.status.busy": "2026"}, tags=["data"], collapsed=False)
    notebook = new_notebook(cells=[cell], metadata={"widgets": {}})
    notebook.cells.append(new_markdown_cell("A copy.", id=cell.id))
    store_notebooks.normalise(notebook)
    stream, shown = notebook.cells[0].outputs
    assert stream.text == "a\nb\n"
    assert shown.data == {"text/plain": "IntSlider()"}
    assert notebook.cells[0].metadata == {"tags": ["data"]}
    assert "widgets" not in notebook.metadata
    assert notebook.cells[0].id != notebook.cells[1].id
    nbformat.validate(notebook)


def test_an_unknown_name_is_told():
    with pytest.raises(SystemExit, match="No notebook begins with"):
        store_notebooks.chosen(["99_nothing"])
