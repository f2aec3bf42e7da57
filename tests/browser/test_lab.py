"""The course's notebooks in JupyterLab, and that these tests notice when a cell fails."""

import pytest
from support import course

SLIDER = """
import ipywidgets
number = ipywidgets.BoundedIntText(value=3, min=0, max=10, description="Clusters")
slider = ipywidgets.IntSlider(value=3, min=0, max=10, readout=False)
said = ipywidgets.HTML("3 clusters")
ipywidgets.jslink((number, "value"), (slider, "value"))
slider.observe(lambda change: said.set_trait("value", f"{change.new} clusters"), "value")
panel = ipywidgets.VBox([slider, number, said]).add_class("test-panel")
panel
"""


def test_a_slider_moves_by_keyboard(open_notebook):
    panel = open_notebook(SLIDER).locator(".test-panel")
    panel.get_by_role("slider").press("ArrowRight")
    panel.get_by_text("4 clusters").wait_for()
    panel.get_by_label("Clusters").fill("7")
    panel.get_by_label("Clusters").press("Enter")
    panel.get_by_text("7 clusters").wait_for()


def test_a_cell_that_raises_is_noticed(open_notebook):
    with pytest.raises(AssertionError, match="cell 1 raised ValueError: no such thing"):
        open_notebook("1 + 1", "raise ValueError('no such thing')", "2 + 2")


@pytest.mark.full
@pytest.mark.parametrize("path", course.NOTEBOOKS, ids=course.NAMES)
def test_notebook_runs_in_the_lab(run_notebook, path):
    run_notebook(course.read(path), seconds=240)
