"""Contract 1: functions in cells equal the package's, and so do the models that they build."""

import inspect

import nbformat
import numpy as np
import pytest
from support import contract, course

import rnn_tutor as rt

PACKAGE = contract.package_definitions()


@pytest.fixture(scope="module")
def models():
    from rnn_tutor.networks import models

    return models


@pytest.mark.parametrize("path", course.NOTEBOOKS, ids=course.NAMES)
def test_functions_equal_the_package(path):
    assert list(contract.complaints(course.read(path), PACKAGE)) == []


@pytest.mark.parametrize("path", course.NOTEBOOKS, ids=course.NAMES)
def test_taught_models_equal_the_package(path, models):
    notebook = course.read(path)
    builders = contract.taught_builders(notebook, models)
    names = contract.namespace(notebook) if builders else {}
    for name in builders:
        ours, theirs = (contract.built(f, models) for f in (names[name], getattr(models, name)))
        assert contract.model_difference(ours, theirs) is None, name


def notebook_with(source, *tags):
    cell = nbformat.v4.new_code_cell(source, metadata={"tags": list(tags)})
    return nbformat.v4.new_notebook(cells=[cell])


def test_docstrings_and_comments_may_differ(models):
    source = inspect.getsource(models.row_encoder).replace(models.row_encoder.__doc__, "Short.")
    notebook = notebook_with("%matplotlib inline\n" + source + "  # the end", "taught")
    assert list(contract.complaints(notebook, PACKAGE)) == []
    assert contract.taught_builders(notebook, models) == ["row_encoder"]


@pytest.mark.parametrize("tags", [(), ("taught",)])
def test_a_changed_default_is_found(models, tags):
    source = inspect.getsource(models.row_encoder)
    assert "units=128" in source
    notebook = notebook_with(source.replace("units=128", "units=127"), *tags)
    assert "row_encoder is not" in " ".join(contract.complaints(notebook, PACKAGE))


def test_what_is_taught_must_be_in_the_package():
    assert not list(contract.complaints(notebook_with("def only_here(): pass"), PACKAGE))
    assert list(contract.complaints(notebook_with("def only_here(): pass", "taught"), PACKAGE))
    assert list(contract.complaints(notebook_with("x = 1", "taught"), PACKAGE))


def test_short_names_reach_the_taught_functions():
    source = "import math\npi = math.pi\nsize = 3\nrest = images.pixels\ndef area(r): return pi * r"
    names = contract.namespace(notebook_with(source))
    assert names["area"](2) == pytest.approx(6.2832, abs=1e-4)
    assert names["size"] == 3
    assert "rest" not in names


@pytest.mark.full
def test_different_models_are_told_apart(models):
    def encoder(**settings):
        return models.recurrent_encoder(contract.INPUT_SHAPE, units=4, **settings)

    assert contract.model_difference(encoder(), encoder()) is None
    assert "config" in contract.model_difference(encoder(), encoder(cell="lstm"))
    assert "config" in contract.model_difference(encoder(), encoder(recurrent=False))
    ours, theirs = encoder(), encoder()
    theirs.set_weights = lambda weights: None
    assert "outputs" in contract.model_difference(ours, theirs)


def test_the_reader_of_notebook_11_is_the_packages(models):
    """`strip_encoder` builds others, too: so the code differs, and the model may not."""
    (path,) = [p for p in course.NOTEBOOKS if p.name.startswith("11_")]
    ours = contract.namespace(course.read(path))["masked_reader"]((16, None, 1))
    theirs = models.strip_encoder((16, None, 1))
    assert contract.nameless(ours.get_config()) == contract.nameless(theirs.get_config())
    theirs.set_weights(ours.get_weights())
    strips = rt.load_images("tunes", height=16, limit=4).as_float()
    difference = ours.predict_on_batch(strips) - theirs.predict_on_batch(strips)
    assert np.abs(difference).max() < 1e-6
