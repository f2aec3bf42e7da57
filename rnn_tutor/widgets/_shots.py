"""Small images as buttons: a click on one is an action with its place."""

import ipywidgets as widgets

from rnn_tutor.images.imageset import resize
from rnn_tutor.widgets import _parts as parts

SIDE = 64  # an image's longer side, in CSS pixels


def button(words, action, **layout):
    """Return a button that the browser reports as `action` to the panel's `Front`."""
    made = widgets.Button(description=words, layout={"width": "auto", **layout})
    return made.add_class("rt-do").add_class(f"rt-do-{action}")


def at_most(pixels, side):
    """Return an image `(h, w, c)` averaged where its longer side has more pixels."""
    scale = min(1, side / max(pixels.shape[:2]))
    return resize(pixels, *(max(1, round(scale * s)) for s in pixels.shape[:2]))


class Shots(widgets.VBox):
    """Show images in a grid, each a button of the action "shot".

    Args:
        pixels: Images, a list of `(h, w, c)` uint8.
        name: A word for the style sheet that no other grid on the page has.
    """

    def __init__(self, pixels, name):
        self.buttons = [
            button("", "shot").add_class("rt-shot").add_class(f"{name}-{k}")
            for k in range(len(pixels))
        ]
        for one in self.buttons:
            one.add_class(name)
        super().__init__(
            [
                parts.text(drawing(pixels, f".rt-panel .{name}"), margin="0", height="0"),
                self._grid(),
            ],
            layout={"width": "100%", "overflow": "visible"},
        )

    def _grid(self):
        return widgets.Box(self.buttons).add_class("rt-shots")

    def caption(self, k, words, tooltip=""):
        """Write under the image in a place."""
        if self.buttons[k].description != words:
            self.buttons[k].description = words
            self.buttons[k].tooltip = tooltip or words

    def mark(self, k, kind, wanted):
        """Give the image in a place a class of the style sheet, or take it away."""
        one = self.buttons[k]
        one.add_class(kind) if wanted else one.remove_class(kind)


def drawing(pixels, selector):
    """Return the style that puts images on their buttons, `selector-0`, `selector-1` and so on."""
    rules = []
    for k, image in enumerate(pixels):
        height, width = image.shape[:2]
        scale = SIDE / max(height, width)
        way = "pixelated" if scale >= 1 else "auto"
        drawn = parts.source(at_most(image, 2 * SIDE))
        rules.append(
            f"{selector}-{k} {{ background-image: url({drawn}); image-rendering: {way}; "
            f"background-size: {width * scale:.1f}px {height * scale:.1f}px; }}"
        )
    return f"<style>{' '.join(rules)}</style>"
