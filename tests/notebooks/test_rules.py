"""Every notebook keeps to the rules, and every rule can tell when one does not."""

import copy

import nbformat
import pytest
from support import course, rules

PICTURE = '<img alt="two trousers" src="data:image/png;base64,AAAA/tmp/AAAA">'
VIEW = "application/vnd.jupyter.widget-view+json"
FIRST = "# A stub\nYou will be able to: read.\nYou need to know: nothing. 2 minutes, 300 MB."


def code(source, output, *tags):
    cell = nbformat.v4.new_code_cell(source, execution_count=1, metadata={"tags": list(tags)})
    cell.outputs = [output]
    return cell


def shown(data):
    return nbformat.v4.new_output("display_data", data)


@pytest.fixture
def stub():
    """A small notebook that keeps to every rule."""
    text = nbformat.v4.new_markdown_cell
    cells = [
        text(FIRST),
        code(f"images = rt.{course.DATA_LINE}\nimages", shown({"text/plain": "images"}), "data"),
        code("print(1)", nbformat.v4.new_output("stream", name="stdout", text="1\n")),
        code("picture", shown({"text/html": PICTURE, "text/plain": "Picture: two trousers"})),
        text("## Summary\nShort."),
        text("## Exercises\nTry."),
        text("## Sources\nNone. ![a tree](tree.png)"),
    ]  # fmt: skip
    kernel = {"name": "python3", "display_name": "Python 3"}
    return nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})


def test_there_are_notebooks():
    assert course.NOTEBOOKS


@pytest.mark.parametrize("path", course.NOTEBOOKS, ids=course.NAMES)
def test_notebook_keeps_to_the_rules(path):
    assert path.stat().st_size < rules.MAX_BYTES
    found = rules.complaints(course.read(path))
    assert not found, "\n".join(found)


def test_stub_keeps_to_the_rules(stub):
    nbformat.validate(stub)
    assert rules.complaints(stub) == []


def set_output(index, **changes):
    return lambda nb: nb.cells[index].outputs[0].update(nbformat.from_dict(changes))


def set_source(index, old, new):
    def change(nb):
        assert old in nb.cells[index].source
        nb.cells[index].source = nb.cells[index].source.replace(old, new)

    return change


def set_tags(index, *tags):
    return lambda nb: nb.cells[index].metadata.update(tags=list(tags))


def both(first, second):
    return lambda nb: (first(nb), second(nb))


SPOILT = {
    "no data tag": (set_tags(1), "data_cell"),
    "two data tags": (set_tags(2, "data"), "data_cell"),
    "other data": (set_source(1, "fashion5", "digits"), "data_cell"),
    "data line twice": (set_source(2, "print(1)", f"print(rt.{course.DATA_LINE})"), "data_cell"),
    "widget state": (lambda nb: nb.metadata.update(widgets={}), "metadata"),
    "no kernelspec": (lambda nb: nb.metadata.pop("kernelspec"), "metadata"),
    "timings": (lambda nb: nb.cells[1].metadata.update(execution={}), "metadata"),
    "no id": (lambda nb: nb.cells[0].pop("id"), "ids"),
    "same id": (lambda nb: nb.cells[0].update(id=nb.cells[1].id), "ids"),
    "misspelt tag": (set_tags(2, "nbval-ignore-outputs"), "known_tags"),
    "comment for nbval": (set_source(2, "print", "# NBVAL_SKIP\nprint"), "known_tags"),
    "no execution count": (lambda nb: nb.cells[2].update(execution_count=None), "executed"),
    "print without output": (lambda nb: nb.cells[2].outputs.clear(), "executed"),
    "empty cell": (set_source(3, "picture", " "), "executed"),
    "one of three compared": (
        both(set_tags(2, "nbval-skip"), set_tags(3, "nbval-ignore-output")),
        "compared_share",
    ),
    "only widgets": (
        both(set_output(1, data={VIEW: {}}), set_output(3, data={VIEW: {}})),
        "compared_share",
    ),
    "stderr": (set_output(2, name="stderr"), "outputs"),
    "error": (set_output(2, output_type="error"), "outputs"),
    "bare picture": (set_output(3, data={"image/png": "AAAA"}), "outputs"),
    "picture without alt": (set_output(3, data={"text/html": '<img src="x">'}), "outputs"),
    "empty alt": (set_output(3, data={"text/html": '<img alt="" src="x">'}), "outputs"),
    "drawing without a label": (set_output(3, data={"text/html": "<svg></svg>"}), "outputs"),
    "no title": (set_source(0, "# A", "A"), "opening"),
    "no objectives": (set_source(0, "will be able", "want"), "opening"),
    "no prerequisites": (set_source(0, "need to know", "like"), "opening"),
    "no minutes": (set_source(0, "2 minutes", "short"), "opening"),
    "no memory": (set_source(0, "300 MB", "small"), "opening"),
    "no summary": (set_source(4, "## Summary", "## Sumary"), "closing"),
    "no sources": (set_source(6, "## Sources", "Sources"), "closing"),
    "path in text": (set_source(4, "Short", "See /home/anna/x"), "texts"),
    "Windows path": (set_source(4, "Short", r"See C:\Users"), "texts"),
    "path in an output": (set_output(2, text="/tmp/x/y.py:3: a warning"), "texts"),
    "picture in text without alt": (set_source(6, "[a tree]", "[]"), "texts"),
}  # fmt: skip


@pytest.mark.parametrize(("spoil", "rule"), SPOILT.values(), ids=SPOILT)
def test_each_rule_can_fail(stub, spoil, rule):
    spoilt = copy.deepcopy(stub)
    spoil(spoilt)
    broken = {text.partition(":")[0] for text in rules.complaints(spoilt)}
    assert rule in broken
