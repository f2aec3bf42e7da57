"""The parts of the panels that run in the browser: keys, clicks and charts."""

from pathlib import Path

import anywidget
import traitlets

FOLDER = Path(__file__).parent


class Front(anywidget.AnyWidget):
    """A part of a panel that the browser works or draws, a function of `panels.js`.

    Args:
        part: the name of that function. "keys" keeps the keys pressed in a panel from JupyterLab.
        receive: called with each message of the browser, a dict, in the order they were sent; or
            None.
        data: what is drawn, as JSON can hold it. Setting it draws anew.
        layout: the properties of the place on the page, as for any widget.
    """

    # As text: anywidget watches files, and would keep every part ever made to tell it of changes.
    _esm = (FOLDER / "panels.js").read_text(encoding="utf-8")
    _css = (FOLDER / "panels.css").read_text(encoding="utf-8")
    part = traitlets.Unicode("keys").tag(sync=True)
    data = traitlets.Dict().tag(sync=True)

    def __init__(self, part="keys", receive=None, data=None, **layout):
        super().__init__(part=part, data=data or {}, layout=layout)
        if receive:
            self.on_msg(lambda widget, message, buffers: receive(message))
