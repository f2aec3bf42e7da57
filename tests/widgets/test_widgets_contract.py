"""Contract 3 in the notebooks: a panel's code, with the names there, gives the panel's result."""

import ast
from dataclasses import replace

import numpy as np
import pytest
from support import course
from support.panels import control

import rnn_tutor as rt
from rnn_tutor import widgets
from rnn_tutor.widgets import ClassifierPanel, TrainingPanel

# How a panel's code calls what it is given: {panel: {argument: the name that stands in the code}};
# a number is a place among the arguments, a word that starts with = is a fixed name.
CALLED = {
    "ClassifierPanel": {0: "name", "validation": "validation_name"},
    "TrainingPanel": {0: "name"},
    "ComparisonPanel": {0: "name"},
    "ClusterPanel": {0: "=embeddings", 1: "name"},
    "MapPanel": {0: "name", 2: "=clusters", "embeddings": "=embeddings"},
    "PreprocessingPanel": {0: "name"},
    "ScanPanel": {0: "name"},
    "ReadAlongPanel": {0: "name", 1: "=probabilities", 2: "=states"},
    "StripPanel": {0: "name", 1: "=probabilities", 2: "=states"},
    "GatePanel": {0: "name", 1: "=weights"},
    "KernelPanel": {0: "name"},
    "OcclusionPanel": {0: "=model", 1: "name"},
}
DEFAULTS = {
    "ClassifierPanel": {"name": "train", "validation_name": "validation"},
    "TrainingPanel": {"name": "images"},
    "ComparisonPanel": {"name": "scores"},
}


def panel_calls():
    """(notebook, call) wherever a notebook makes a panel."""
    for path in course.NOTEBOOKS:
        for cell in course.code_cells(course.read(path)):
            for node in ast.walk(course.syntax(cell)):
                made = isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2]
                if made in widgets.__all__ and made != "ProgressBar":
                    yield pytest.param(made, node, id=f"{path.stem[:2]} {made}")


def name_of(argument):
    """`train` of the argument `train[:50]`, from whose start the code counts, too."""
    if isinstance(argument, ast.Subscript) and argument.slice.lower is None:
        return ast.unparse(argument.value)
    return ast.unparse(argument)


@pytest.mark.parametrize("panel, call", list(panel_calls()))
def test_the_code_uses_the_notebook_s_names(panel, call):
    given = dict(enumerate(call.args)) | {k.arg: k.value for k in call.keywords}
    for argument, name in CALLED.get(panel, {}).items():
        if argument not in given:
            continue
        if name.startswith("="):
            expected = name[1:]
        elif name in given:
            expected = ast.literal_eval(given[name])
        else:
            expected = DEFAULTS.get(panel, {"name": "images"})[name]
        assert name_of(given[argument]) == expected


def run_cells(notebook, *ids):
    """What these cells of a notebook leave behind."""
    (path,) = [path for path in course.NOTEBOOKS if path.stem.startswith(notebook)]
    cells = {cell.id: cell.source for cell in course.code_cells(course.read(path))}
    names = {}
    for cell in ids:
        exec(cells[cell], names)
    return names, cells


@pytest.mark.full
def test_the_classifier_s_code_gives_what_the_panel_of_notebook_05_gives():
    names, cells = run_cells("05", "setup", "data", "split")
    for part in ("train", "validation", "test"):
        names[part] = names[part].sample(150)
    exec(cells["panel"], names)
    panel = names["panel"]
    torch = names["keras"].backend.backend() == "torch"  # whose dropout the trainer seeds anew
    panel.settings = replace(panel.settings, epochs=2, dropout=0.0 if torch else 0.3)
    panel.run()
    del names["test"]  # nothing is ever chosen by it
    exec(panel.code.replace("shuffle=False,", "shuffle=False, verbose=0,"), names)
    for measure, values in panel.history.items():
        np.testing.assert_allclose(names["history"][measure], values, rtol=1e-4)
    assert {*names["history"]} == {*panel.history}


def test_the_panel_of_notebook_05_starts_as_the_lesson_trains():
    names, cells = run_cells("05", "setup", "data", "split", "panel")
    given = names["panel"].settings
    assert given == ClassifierPanel(names["train"]).settings
    for said in (f"batch_size={given.batch_size},", f"epochs={given.epochs},"):
        assert said in cells["fit"]
    assert f"dropout={given.dropout})" in cells["compile"]
    assert f"Adam({given.learning_rate})" in cells["compile"]


def test_the_panel_of_notebook_06_finds_what_its_figures_show():
    names, _ = run_cells("06", "setup", "models", "rates", "verdict", "pair")
    panel = names["panel"]
    assert list(panel.scores) == list(names["questions"]) and len(panel.scores) == 3
    for ours in ("RNN, LSTM", "CNN+RNN, SimpleRNN"):
        for question in panel.scores:
            panel.pair = replace(panel.pair, ours=ours, theirs="CNN", question=question)
            exec(panel.code, names)
            assert {*names["intervals"]} == {*panel.intervals}
            for value, interval in names["intervals"].items():
                np.testing.assert_allclose(interval, panel.intervals[value], rtol=1e-9)
        panel.pair = replace(panel.pair, question=next(iter(panel.scores)))
        for n, interval in zip(names["numbers"], panel.intervals.values(), strict=True):
            against = names["against_cnn"](names["stored"]["pictures"], n)
            np.testing.assert_allclose(interval, against[ours], rtol=1e-9)
    assert panel.wait(30)


@pytest.mark.full
def test_the_panel_of_notebook_07_trains_the_lesson_s_encoder():
    names, cells = run_cells("07", "setup", "data", "split", "recurrent-layer", "encoder", "views")
    names["pictures"] = names["pictures"].sample(300)
    exec(cells["contrast-fit"], names)
    exec(cells["panel"], names)
    panel, trainer = names["panel"], names["trainer"]
    panel.run()
    np.testing.assert_allclose(panel.history["loss"], trainer.history["loss"], rtol=1e-4)
    embedded = [rt.embed(e, names["pictures"]) for e in (panel.encoder, trainer.encoder)]
    np.testing.assert_allclose(*embedded, rtol=1e-2, atol=1e-3)


def test_each_objective_starts_as_its_lesson_in_notebook_07_trains():
    names, cells = run_cells("07", "setup", "data", "split", "panel")
    panel = TrainingPanel(names["pictures"])
    for objective, cell in (("reconstruction", "autoencoder-fit"), ("next_row", "next-row-fit")):
        control(panel, "objective").value = objective
        settings = panel.settings
        assert settings.objective == objective
        assert f"batch_size={settings.batch_size}, epochs={settings.epochs}," in cells[cell]
        assert f"Adam({settings.learning_rate})" in cells[cell]
    assert "units=128" in cells["row-encoder"] and panel.settings.units == 128
    control(panel, "units").value = 64  # one's own settings stay
    control(panel, "objective").value = "contrastive"
    assert panel.settings.units == 64 and panel.settings.epochs == 3
