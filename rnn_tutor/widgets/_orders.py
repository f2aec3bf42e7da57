"""How the labelling panel hears keys and clicks: each once, and in the order they were made."""

import html
import json
import threading
from pathlib import Path

import ipywidgets as widgets

from rnn_tutor.widgets import _parts as parts

SCRIPT = Path(__file__).with_name("labelling.js").read_text(encoding="utf-8")
HEARS = f'<div class="rt-own-keys" onanimationstart="{html.escape(SCRIPT)}"></div>'


class Orders(widgets.Box):
    """The script and the hidden field by which it sends [number, action, argument].

    The kernel may work on messages of two widgets at once, on two threads, and of two changes of
    one widget it may get the last alone. So the script sends through this field whatever was not
    confirmed yet, and what comes twice is passed over. do: a function of [(action, argument), ...].
    """

    def __init__(self, do):
        self._do, self._lock, self._done = do, threading.Lock(), ("", 0)
        self._field = widgets.Text(continuous_update=False, layout={"display": "none"})
        self._field.add_class("rt-orders").observe(self._hear, "value")
        self._confirmed = parts.text(margin="0", height="0")
        self._confirm()
        super().__init__([parts.text(HEARS, margin="0", height="0"), self._field, self._confirmed])
        self.layout.height = "0"

    def _hear(self, change):
        sender, orders = json.loads(change.new)
        with self._lock:
            done = self._done[1] if self._done[0] == sender else 0
            if new := [tuple(order) for number, *order in orders if number > done]:
                self._done = sender, orders[-1][0]
                self._do(new)
                self._confirm()

    def _confirm(self):
        self._confirmed.value = f'<i data-done="{self._done[0]} {self._done[1]}"></i>'
