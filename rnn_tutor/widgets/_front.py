"""The parts of the panels that run in the browser: keys, clicks and charts."""

from pathlib import Path

import anywidget
import traitlets

from rnn_tutor._text import sha256

FOLDER = Path(__file__).parent
# The page keeps every module that it has loaded; so the script, which is long, is loaded once.
LOADER = """
const key = "rnn-tutor-HASH";
function load(code) {
  const address = URL.createObjectURL(new Blob([code], { type: "text/javascript" }));
  return import(address).finally(() => URL.revokeObjectURL(address));
}
export default {
  async render(context) {
    globalThis[key] ??= load(context.model.get("_code"));
    return (await globalThis[key]).default.render(context);
  },
};
"""


class Scripted(anywidget.AnyWidget):
    """A widget with a script that the page loads once, however many such widgets there are.

    A subclass names its files: `class Map(Scripted, script="map.js", style="map.css")`.
    """

    _code = traitlets.Unicode("").tag(sync=True)

    def __init_subclass__(cls, script=None, style=None, **options):
        if script:
            # As text: anywidget watches files, and would keep every widget to tell it of changes.
            cls._script = (FOLDER / script).read_text(encoding="utf-8")
            cls._esm = LOADER.replace("HASH", sha256(cls._script.encode())[:16])
            cls._css = (FOLDER / style).read_text(encoding="utf-8")
        super().__init_subclass__(**options)

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, _code=self._script, **options)


class Front(Scripted, script="panels.js", style="panels.css"):
    """A part of a panel that the browser works or draws, a function of `panels.js`.

    Args:
        part: The name of that function. "keys" keeps the keys pressed in a panel from JupyterLab.
        receive: Called with each message of the browser, a dict, in the order they were sent; or
            None.
        data: What is drawn, as JSON can hold it. Setting it draws anew.
        layout: The properties of the place on the page, as for any widget.
    """

    part = traitlets.Unicode("keys").tag(sync=True)
    data = traitlets.Dict().tag(sync=True)

    def __init__(self, part="keys", receive=None, data=None, **layout):
        super().__init__(part=part, data=data or {}, layout=layout)
        if receive:
            self.on_msg(lambda widget, message, buffers: receive(message))
