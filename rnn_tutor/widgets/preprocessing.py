"""The preprocessing panel: steps switched on and put in order, an image before and after."""

import textwrap

import ipywidgets as widgets

from rnn_tutor import plots
from rnn_tutor._errors import TutorError
from rnn_tutor.images import preprocessing
from rnn_tutor.images.imageset import resize
from rnn_tutor.images.preprocessing import AdaptiveThreshold, Grey, Otsu, Preprocessing, Threshold
from rnn_tutor.widgets import _parts as parts
from rnn_tutor.widgets._steps import StepRow, name_of

SMALL, LARGE = 260, 420  # the longer side of an image on the screen, in CSS pixels
SENT = 2 * LARGE  # pixels of a side that the browser is sent; more cannot be seen
LINE = 68  # characters of code beside the histogram
CUTTING = {
    Threshold: "the threshold",
    Otsu: "Otsu's threshold",
    AdaptiveThreshold: "the adaptive threshold",
}


class PreprocessingPanel(parts.Panel):
    """Put steps of preprocessing together, and see what they make of an image.

    The panel holds each kind of step once; a chain in code may hold one twice.

    Args:
        images: An `ImageSet`.
        chain: `Preprocessing` to begin with; no step where None.
        index: Which image is shown.
        name: The variable that holds the images, for the code that the panel shows.

    Attributes:
        chain: The `Preprocessing` that the controls show; can be set.
        index: Which image is shown; can be set.
        after: The image that the chain makes, `(h, w, c)` uint8; waits for it.
        code: The lines of Python that make the same image.

    Raises:
        TutorError: There is no such image, or the panel has no controls for the chain.

    Example:
        >>> import rnn_tutor as rt
        >>> from rnn_tutor.images.preprocessing import Otsu, Resize
        >>> images = rt.load_images("digits", limit=5)
        >>> panel = rt.widgets.PreprocessingPanel(images, rt.Preprocessing((Otsu(),)))
        >>> panel.chain = rt.Preprocessing((Resize(16, 16),))
        >>> panel.after.shape
        (16, 16, 1)
    """

    def __init__(self, images, chain=None, index=0, name="images"):
        self._after = self._error = self._sent = None
        told = self._ticked, self._move, self._changed, self._refuse
        self._steps = {kind: StepRow(kind, *told) for kind in preprocessing.STEPS}
        self._order = list(preprocessing.STEPS)  # those that are off keep their place in it
        last = len(images) - 1
        self._picture = parts.Number("Picture", 0, range(last + 1), 0, last)
        self._picture.layout.display = "" if last else "none"
        super().__init__("preprocessing", images, self._layout(), name)
        self._setting, self._work = True, parts.DebouncedWorker(self._show)
        self._picture.box.observe(lambda change: self._changed(), "value")
        self.index = index
        self.chain = chain or Preprocessing()

    @property
    def chain(self):
        """The `Preprocessing` that the controls show; setting it moves the controls."""
        return Preprocessing(tuple(self._steps[kind].value for kind in self._used()))

    @chain.setter
    def chain(self, chain):
        kinds = [type(step) for step in chain.steps]
        self._check(kinds)
        for step in chain.steps:
            self._steps[type(step)].check(step)
        places = sorted(map(self._order.index, kinds))
        for place, kind in zip(places, kinds, strict=True):
            self._order[place] = kind
        self._setting = True
        for kind, step in self._steps.items():
            step.tick.value = kind in kinds
        for step in chain.steps:
            self._steps[type(step)].value = step
        self._setting = False
        self._arrange()
        self._changed()

    @property
    def index(self):
        """Which image is shown; setting it moves the control."""
        return self._picture.box.value

    @index.setter
    def index(self, index):
        if not 0 <= index < len(self.images):
            raise TutorError(f"Pictures are numbered 0 to {len(self.images) - 1}; not {index}.")
        self._picture.box.value = index

    @property
    def after(self):
        """The image that the chain makes, `(h, w, c)` uint8; waits. Raises what went wrong."""
        self.wait()
        if self._error:
            raise self._error
        return self._after

    @property
    def code(self):
        """The lines of plain Python that make the same image."""
        used = sorted(kind.__name__ for kind in self._used())
        lines = _import(used) if used else ""
        lines += f"chain = {_chain(self.chain)}\n"
        return lines + f"after = chain({self.name}[{self.index}].pixels[0])"

    def wait(self, timeout=None):
        """Block until the newest settings are shown; return whether they are.

        Args:
            timeout: Seconds to wait at most, or None.
        """
        return self._work.wait(timeout)

    def _parts(self):
        return [*self.children, *(step.row for step in self._steps.values())]  # those off, too

    def _ticked(self, step):
        """A step was switched on or off; the keyboard stays with it."""
        if not self._setting:
            self._arrange()
            step.tick.focus()
            self._changed()

    def _move(self, step, by):
        """Change a step's place among those that are on: -1 is earlier, 1 later."""
        used = self._used()
        place = used.index(step.kind)
        if not 0 <= place + by < len(used):  # clicked again before the button was grey
            return
        here, there = (self._order.index(kind) for kind in (step.kind, used[place + by]))
        self._order[here], self._order[there] = self._order[there], self._order[here]
        self._arrange()
        step.focus(by)
        self._changed()

    def _refuse(self, error):
        """A parameter was refused by its step, and went back."""
        self._refusal.value = parts.sentence(error)

    def _used(self):
        return [kind for kind in self._order if self._steps[kind].tick.value]

    def _check(self, kinds):
        for kind in kinds:
            if kind not in self._steps:
                known = ", ".join(known.__name__ for known in self._steps)
                raise TutorError(
                    f"The panel has controls for {known}; not for {kind.__name__}. The chain "
                    "itself works without the panel: chain(picture)."
                )
            if kinds.count(kind) > 1:
                raise TutorError(
                    f"The panel holds each kind of step once; {kind.__name__} stands in the chain "
                    f"{kinds.count(kind)} times. The chain itself works: chain(picture)."
                )

    def _changed(self):
        if self._setting:
            return
        self._code.value, self._refusal.value = parts.code(self.code), ""
        self._status.value = '<span class="rt-quiet">working ...</span>'
        self._work.submit((self.chain, self.index))

    def _show(self, request):
        """Apply the chain and show what comes of it; on a thread of its own."""
        chain, index = request
        try:
            stages = chain.stages(self.images[index].pixels[0])
            self._error, self._after = None, stages[-1][1]
            self._show_pictures(chain, index, stages[0][1])
            self._show_histogram(chain, stages)
        except Exception as error:
            self._error = error
            self._status.value = parts.sentence(error)

    def _show_pictures(self, chain, index, before):
        if self._sent != index:
            self._before.value = _framed("Before", before, f"picture {index} before")
            self._sent = index
        done = ", ".join(name_of(type(step)) for step in chain.steps) or "no step"
        self._after_shown.value = _framed("After", self._after, f"picture {index} after {done}")

    def _show_histogram(self, chain, stages):
        cuts = [k for k, step in enumerate(chain.steps) if type(step) in CUTTING]
        if not cuts:
            drawn = plots.histogram(self._after, title="Grey levels of the result")
            return self._say_done(drawn, len(chain.steps))
        step, grey = chain.steps[cuts[0]], Grey()(stages[cuts[0]][1])
        threshold, between, words = _threshold(step, grey)
        title = f"What goes into {CUTTING[type(step)]}"
        drawn = plots.histogram(grey, threshold, between, title)
        self._say_done(drawn, len(chain.steps), words)

    def _say_done(self, histogram, count, words=""):
        self._histogram.value = parts.figure(histogram)
        done = f"{count} step{'s' * (count > 1)} done." if count else "No step is on."
        self._status.value = f'<div role="status">{done} {words}</div>'

    def _arrange(self):
        """Steps that are on, in their order and numbered, above those that are off."""
        used = self._used()
        for place, kind in enumerate(used):
            self._steps[kind].put(place, len(used))
        self._on.children = [self._steps[kind].row for kind in used]
        off = [kind for kind in preprocessing.STEPS if kind not in used]
        self._off.children = [self._steps[kind].tick for kind in off]
        self._off_head.layout.display = "" if off else "none"

    def _layout(self):
        columns = "repeat(auto-fill, minmax(158px, 1fr))"
        place = {"grid_template_columns": columns, "width": "100%"}
        self._on, self._off = widgets.VBox(), widgets.GridBox(layout=place)
        self._off_head = parts.text('<span class="rt-quiet">Switch on:</span>')
        self._refusal, self._status = parts.text(margin="0 2px"), parts.text()
        self._code = parts.text(flex="1 1 530px", min_width="0")
        self._before, self._after_shown = parts.text(min_width="0"), parts.text(min_width="0")
        self._histogram = parts.text(flex="1 1 300px")
        pair = widgets.HBox([self._before, self._after_shown], layout={"max_width": "100%"})
        return [
            parts.title("Preprocess a picture", "Steps are done from top to bottom"),
            parts.grid(self._picture),
            self._on,
            self._off_head,
            self._off,
            self._refusal,
            self._status,
            parts.wrapped(pair, self._histogram, self._code),
        ]


def _threshold(step, grey):
    """`(level, curve, sentence)`: at which grey level a step cuts this image, and why there."""
    if isinstance(step, Threshold):
        return step.value, None, ""
    if isinstance(step, AdaptiveThreshold):
        words = "The adaptive threshold differs from pixel to pixel: no line can show it."
        return None, None, words
    between = preprocessing.between_class_variance(grey)
    threshold = int(between.argmax())
    return threshold, between, f"Otsu chose {threshold}, where the dashed curve is highest."


def _framed(head, picture, alt):
    """Return an image under a word and over its size, as HTML."""
    height, width, channels = picture.shape
    side = max(height, width)
    sent = picture
    if side > SENT:
        sent = resize(picture, max(1, height * SENT // side), max(1, width * SENT // side))
    shown = parts.thumbnail(sent, alt, min(LARGE, max(SMALL, side)))
    kind = "grey" if channels == 1 else "colour"
    return (
        f'<div class="rt-picture"><div class="rt-head">{head}</div>{shown}'
        f'<div class="rt-quiet">{height} x {width}, {kind}</div></div>'
    )


def _import(names):
    line = f"from rnn_tutor.images.preprocessing import {', '.join(names)}"
    if len(line) > LINE:
        inside = "".join(f"    {name},\n" for name in names)
        line = f"from rnn_tutor.images.preprocessing import (\n{inside})"
    return f"{line}\n\n"


def _chain(chain):
    steps = [parts.call(type(step).__name__, step, width=LINE - 5) for step in chain.steps]
    if not steps:
        return "rt.Preprocessing()"
    line = f"rt.Preprocessing(({', '.join(steps)}{',' * (len(steps) == 1)}))"
    if "\n" not in line and len("chain = " + line) <= LINE:
        return line
    inside = "".join(textwrap.indent(step, "    ") + ",\n" for step in steps)
    return f"rt.Preprocessing((\n{inside}))"
