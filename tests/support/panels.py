"""Panels as a reader meets them: their buttons, boxes, words and charts, found by what they say."""

import base64
import html
import re

import cv2
import ipywidgets
import numpy as np

from rnn_tutor.widgets._front import Front

LABELS = {  # of the controls whose label is not the name of their field
    "cell": "Recurrent cell",
    "bidirectional": "both ways",
    "recurrent": "recurrent (off",
    "n_clusters": "Clusters",
}


def parts_of(widget):
    """A widget and all in it."""
    yield widget
    for child in getattr(widget, "children", ()):
        yield from parts_of(child)


def buttons(panel):
    """Every button of the panel, by its words."""
    found = [part for part in parts_of(panel) if isinstance(part, ipywidgets.Button)]
    return {button.description: button for button in found}


def control(panel, field):
    """The box, list or tick for a field of a panel's settings, or with a label."""
    label = LABELS.get(field, field.replace("_", " ").capitalize())
    kinds = ipywidgets.IntText, ipywidgets.FloatText, ipywidgets.Dropdown, ipywidgets.Checkbox
    found = [p for p in parts_of(panel) if isinstance(p, kinds) and label in p.description]
    return min(found, key=lambda box: len(box.description))  # "Step" rather than "Steps a second"


def slider(panel, label):
    """The slider beside the box with a label."""
    rows = [p for p in parts_of(panel) if isinstance(p, ipywidgets.HBox)]
    (found,) = [
        row.children[1]
        for row in rows
        if len(row.children) > 1
        and getattr(row.children[0], "description", None) == label
        and isinstance(row.children[1], ipywidgets.IntSlider)
    ]
    return found


def bar(panel):
    """The progress bar."""
    (found,) = [part for part in parts_of(panel) if isinstance(part, ipywidgets.IntProgress)]
    return found


def texts(panel, words=""):
    """The parts with text that holds these words."""
    found = [part for part in parts_of(panel) if isinstance(part, ipywidgets.HTML)]
    return [part for part in found if words in part.value]


def html_of(panel):
    return "".join(part.value for part in texts(panel))


def said(panel):
    """What a screen reader hears: the state or the error, as text."""
    (words,) = re.findall(r'<div role="(?:status|alert)".*?>(.*?)</div>', html_of(panel))
    return plain(words)


def plain(source):
    """HTML as it is read."""
    return html.unescape(re.sub("<.*?>", "", source)).replace("\N{NO-BREAK SPACE}", " ")


def alarmed(panel):
    return 'role="alert"' in html_of(panel)


def drawn(panel, part):
    """The widget that draws a part of the panel, such as its "charts"; its `data` says what."""
    (found,) = [p for p in parts_of(panel) if isinstance(p, Front) and p.part == part]
    return found


def lines(panel, title):
    """The lines of a chart: [(points (n, 2), how it looks), ...]."""
    (chart,) = [c for c in drawn(panel, "charts").data["charts"] if c["title"] == title]
    return [(np.reshape(line["points"], (-1, 2)), line) for line in chart["lines"]]


def picture_of(panel, alt):
    """The pixels of the picture whose alt text begins with these words."""
    (source,) = re.findall(rf'<img [^>]*alt="{re.escape(alt)}[^>]*src="(.*?)"', html_of(panel))
    return pixels_of(source)


def pixels_of(source):
    """The pixels behind an image's address: `(h, w)` if it is grey, or `(h, w, 3 or 4)` in RGB."""
    png = np.frombuffer(base64.b64decode(source.partition(",")[2]), np.uint8)
    pixels = cv2.imdecode(png, cv2.IMREAD_UNCHANGED)
    return pixels if pixels.ndim == 2 else np.dstack([pixels[..., 2::-1], pixels[..., 3:]])


def lightness(pixels):
    """What is left of colours `(..., 3 or 4)` without colour."""
    return pixels[..., :3] @ [0.299, 0.587, 0.114]


def single_batches(panel, title):
    """(n,): the values of the pale line."""
    ((points, _),) = [line for line in lines(panel, title) if line[1].get("kind") == "pale"]
    return points[:, 1]
