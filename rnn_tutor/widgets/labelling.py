"""The labelling panel: images in a grid, which get their names by one key each."""

import html
import threading

import ipywidgets as widgets
import numpy as np

from rnn_tutor._errors import TutorError
from rnn_tutor.images.imageset import ImageSet
from rnn_tutor.images.labels import Labels
from rnn_tutor.widgets import _parts as parts
from rnn_tutor.widgets._front import Front
from rnn_tutor.widgets._shots import at_most, drawing

PER_PAGE = 24
LARGE = 176  # the longer side of the picture whose turn it is, in CSS pixels
SHORT = 24  # characters under a picture
NO_NAME = "no name yet"
IN_CODE = 200  # named pictures; the code leaves more of them to the file
MOVES = {"previous": -1, "next": 1, "page-back": -PER_PAGE, "page-on": PER_PAGE}
KEYS = {
    "ArrowLeft": "previous",
    "ArrowRight": "next",
    "ArrowUp": "previous",  # by a row
    "ArrowDown": "next",
    "PageUp": "page-back",
    "PageDown": "page-on",
    "u": "undo",
    "Backspace": "undo",
    "Delete": "clear",
}
HINT = "Click a picture, then: 1 to 9 and 0 name, arrows move, U or Backspace undoes, Delete clears"
ALL_NAMED = "Every picture has a name. Choose one by a click or the arrows to change its name."


class LabellingPanel(parts.Panel):
    """Name images one after the other, by keys or buttons; `rt.Labels` keeps each name at once.

    It begins at the first image without a name, and each name leads to the next one without.
    After the last, no key changes a name before an image is chosen. What is named elsewhere in
    this kernel, as by `labels[17] = "Bag"`, is shown at once.

    Args:
        labels: The `rt.Labels`, which has the images.
        order: `(k,)` indices of the images to be named, in this order; all of them where None.
        name: The variable that holds the images, for the code that the panel shows.
        originals: The same images as they were before they were made small, an `ImageSet`, to be
            shown in their place.

    Attributes:
        picture: The index of the image whose turn it is; can be set.
        code: The plain Python that gives the same names.

    Raises:
        TutorError: What was given are no labels, or images that are not there.

    Example:
        >>> import tempfile
        >>> import rnn_tutor as rt
        >>> images, folder = rt.load_images("digits", limit=30), tempfile.mkdtemp()
        >>> labels = rt.Labels(images, f"{folder}/labels.csv", ["even", "odd"])
        >>> panel = rt.widgets.LabellingPanel(labels)
        >>> panel.press("2")
        >>> panel.labels[0], panel.picture
        ('odd', 1)
    """

    def __init__(self, labels, order=None, name="images", originals=None):
        if not isinstance(labels, Labels):
            raise TutorError(
                f"Expected labels, as in LabellingPanel(rt.Labels(images)); received {labels!r}."
            )
        self.labels, self.order = labels, _checked(order, len(labels.images))
        self._drawn_from = _originals(labels.images, originals)
        self._place, self._page, self._classes = -1, None, []
        self._resting = False  # no picture's turn: all have names
        self._lock, self._acting = threading.RLock(), False
        keys = Front("labelling", self._receive)
        super().__init__("labelling", labels.images, self._layout(), name, keys)
        self.add_class(self._own)
        self._to_unnamed()
        self._go(self._place)
        self._show()
        labels.on_change(lambda: self._acting or self.comm is None or self._show())

    @property
    def picture(self):
        """The index of the image whose turn it is; setting it turns to its page."""
        return int(self.order[self._place])

    @picture.setter
    def picture(self, index):
        places = np.flatnonzero(self.order == index)
        if not len(places):
            raise TutorError(f"Picture {index!r} is none of the {len(self.order):,} to name here.")
        self._resting = False
        self._go(places[0])
        self._show()

    @property
    def code(self):
        """The lines of plain Python that give the same names."""
        names, path = self.labels.class_names, parts._literal(str(self.labels.path))
        classes = ", ".join(map(parts._literal, names))
        lines, given = [f"labels = rt.Labels({self.name}, {path}, [{classes}])"], self._given()
        if np.count_nonzero(given >= 0) <= IN_CODE:
            for k in np.unique(given[given >= 0]):
                chosen = self.order[given == k].tolist()
                lines.append(f"labels[{chosen}] = {parts._literal(names[k])}")
        return "\n".join([*lines, "y = labels.as_array()  # -1 for pictures without a name"])

    def press(self, key, columns=1):
        """Do what a key does.

        Args:
            key: "1" to "9" and "0" name the image whose turn it is, "u" and "Backspace" undo,
                "Delete" takes its name away, and "ArrowRight", "PageDown" and the like move. Any
                other does nothing, and the panel says so.
            columns: Images in a row, by which "ArrowUp" and "ArrowDown" move.
        """
        if key.isdecimal():
            k = (int(key) + 9) % 10
            self._do(*(("class", k) if k < len(self.labels.class_names) else ("unused", key)))
        else:
            action = KEYS.get(key.lower() if len(key) == 1 else key)
            by = columns if key in ("ArrowUp", "ArrowDown") else 1
            self._do(*((action, by) if action else ("unused", key)))

    def _parts(self):
        return [*self.children, *self._classes]  # those of classes that are gone, too

    def _receive(self, message):
        """Do what the browser heard."""
        if "key" in message:
            self.press(message["key"], message["columns"])
        else:
            self._do(message["action"], message["argument"])

    # What keys and buttons do; each may return a sentence.

    def _name(self, k):
        if k >= len(self.labels.class_names):
            return self._unused(_key(k))
        if self._resting:
            return ALL_NAMED
        picture, name = self.picture, self.labels.class_names[k]
        before = self.labels[picture]
        self.labels[picture] = name
        was = f"; it was {before}" if before not in (None, name) else ""
        return f"Picture {picture} is called {name}{was}. {self._to_unnamed() or ''}".strip()

    def _unused(self, key):
        """The answer to a key that does nothing."""
        if not key.isdigit():
            return f"Key {key} does nothing here."
        n = min(len(self.labels.class_names), 10)
        there = f"keys 1 to {n % 10}" if n > 1 else "key 1" if n else "none yet"
        return f"No class is on key {key}. Classes have {there}."

    def _clear(self, _):
        self.labels[self.picture] = None
        return f"Picture {self.picture} has no name."

    def _undo(self, _):
        before = self.labels.class_names
        pictures = self.labels.undo()
        if before != self.labels.class_names:
            return f"Undone: the classes are {', '.join(self.labels.class_names)} again."
        if not len(pictures):
            return "There is nothing left to undo."
        here = np.flatnonzero(np.isin(self.order, pictures))
        if len(here):
            self._resting = False
            self._go(here[0])
        name = self.labels[int(pictures[0])]
        return f"Undone: picture {pictures[0]} {f'is called {name}' if name else 'has no name'}."

    def _add(self, name):
        name = self.labels.add_class(self._new.value if name is None else name)
        self._new.value = ""
        key = _key(self.labels.class_names.index(name))
        return f"There is a class {name}{f', key {key}' if key else ''}."

    def _rename(self, names):
        """Another name for a class; names: (the old, the new), those in the boxes if None."""
        old, new = names or (self._changed.value, self._new_name.value)
        joins = new.strip() in self.labels.class_names
        new = self.labels.rename_class(old, new)
        self._new_name.value = ""
        return f"The class {old} {'is a part of' if joins else 'is called'} {new} now."

    def _remove(self, name):
        name = self._changed.value if name is None else name
        count = self.labels.remove_class(name)
        lost = f"{count:,} picture{'s' * (count != 1)} lost that name"
        return f"There is no class {name} any more; {lost}. Undo brings it back."

    def _to_unnamed(self, _=None):
        """To the next picture without a name; after the last, from the start again."""
        unnamed = np.flatnonzero(self._given() < 0)
        self._resting = not len(unnamed)
        if self._resting:
            return ALL_NAMED
        later = unnamed[unnamed > self._place]
        self._go([*later, *unnamed][0])

    def _turn_to(self, k):
        self._go(self._place // PER_PAGE * PER_PAGE + k)

    def _go(self, place):
        self._place = int(np.clip(place, 0, len(self.order) - 1))

    def _act(self, action, argument):
        self._resting = self._resting and action in STAY
        if action in MOVES:
            return self._go(self._place + MOVES[action] * argument)
        return ACTIONS[action](self, argument)

    def _here(self):
        return f"Picture {self.picture}: {self.labels[self.picture] or NO_NAME}."

    def _do(self, action, argument):
        """Carry out one action, and show what came of it."""
        with self._lock:
            self._acting = True
            try:
                said = self._act(action, argument) or self._here()
            except TutorError as error:
                said = error
            finally:
                self._acting = False
            self._show(said)

    # What is shown

    def _given(self):
        """The place of each picture's class in the names, in the panel's order; -1 without."""
        return self.labels.as_array()[self.order]

    def _of(self, given):
        return self.labels.class_names[given] if given >= 0 else ""

    def _show(self, said=""):
        given = self._given()
        if self._resting and (given < 0).any():  # a name was taken away elsewhere
            self._to_unnamed()
        self._show_page(given)
        self._show_classes(given)
        self._seen.value = self._large(self._of(given[self._place]) or NO_NAME)
        self._status.value = _status(np.count_nonzero(given >= 0), len(given), said)
        self._note.value = f'<div class="rt-quiet">{html.escape(self.labels.note)}</div>'
        self._code.value = parts.code(self.code)

    def _show_page(self, given):
        page, here = divmod(self._place, PER_PAGE)
        pictures = self.order[page * PER_PAGE :][:PER_PAGE]
        if page != self._page:
            self._page, self._drawn.value = page, self._drawing(pictures)
        # The mark goes where it was before it comes where it is: never are there two.
        for k in sorted(range(len(self._shots)), key=lambda k: k == here):
            shot = self._shots[k]
            _mark(shot, "rt-turn", k == here and not self._resting)
            _mark(shot, "rt-gone", k >= len(pictures))
            if k < len(pictures):
                name = self._of(given[page * PER_PAGE + k])
                shot.description = f"{pictures[k]}\n{_short(name)}".strip()
                shot.tooltip = f"picture {pictures[k]} {name}".strip()

    def _drawing(self, pictures):
        """The style that puts a page's pictures on their buttons."""
        shown = [self._drawn_from[int(picture)].pixels[0] for picture in pictures]
        return drawing(shown, f".{self._own} .rt-shot")

    def _show_classes(self, given):
        names = self.labels.class_names
        for k in range(len(self._classes), len(names)):
            self._classes.append(self._button("", "class", k).add_class("rt-class"))
        self._names.children = self._classes[: len(names)]
        if self._changed.options != names:
            kept = self._changed.value
            self._changed.options = names
            self._changed.value = kept if kept in names else next(iter(names), None)
        for k, button in enumerate(self._names.children):
            count = np.count_nonzero(given == k)
            button.description = f"{_key(k)} {names[k]} ({count:,})".strip()

    def _large(self, name):
        picture = self.picture
        alt = f"picture {picture}: {name}"
        pixels = at_most(self._drawn_from[picture].pixels[0], 2 * LARGE)
        return (
            f'<div class="rt-head">Picture {picture}</div>'
            f'<div class="rt-quiet">{self._place + 1:,} of {len(self.order):,}</div>'
            f'<div class="rt-picture">{parts.thumbnail(pixels, alt, LARGE)}</div>'
            f'<div class="rt-given">{html.escape(name)}</div>'
        )

    @property
    def _own(self):
        """A class of this panel alone, whatever notebooks are open."""
        return f"rt-labelling-{self.model_id}"

    def _shot(self, k):
        shot = self._button("", "shot", k).add_class("rt-shot").add_class(f"rt-shot-{k}")
        shot.tabbable = False  # a click or the arrows lead there
        return shot

    def _button(self, words, action, argument):
        button = widgets.Button(description=words, layout={"width": "auto"})
        button.on_click(lambda button: self._do(action, argument))
        return button.add_class("rt-do").add_class(f"rt-do-{action}")

    def _layout(self):
        self._shots = [self._shot(k) for k in range(PER_PAGE)]
        self._seen, self._drawn = parts.text(flex="0 1 190px"), parts.text(margin="0", height="0")
        self._status, self._note, self._code = parts.text(), parts.text(), parts.text()
        self._names = parts.wrapped()
        change = self._change()
        fold = parts.fold("Change a class", change)
        side = [self._names, self._entry(), fold, change, self._moves(), self._status]
        side = widgets.VBox(side, layout={"flex": "1 1 400px", "min_width": "0"})
        return [
            parts.title("Name pictures", HINT),
            parts.wrapped(self._seen, side),
            self._drawn,
            widgets.Box(self._shots).add_class("rt-shots"),
            self._note,
            self._code,
        ]

    def _entry(self):
        self._new = _text_box("New class").add_class("rt-new")
        return parts.wrapped(self._new, self._button("Add", "add", None))

    def _change(self):
        """The boxes that rename or remove a class."""
        look = {"style": {"description_width": "74px"}, "layout": {"width": "200px"}}
        self._changed = widgets.Dropdown(options=(), description="Class", **look)
        self._changed.add_class("rt-changed")
        self._new_name = _text_box("New name").add_class("rt-new-name").add_class("rt-new")
        buttons = self._button("Rename", "rename", None), self._button("Remove", "remove", None)
        return parts.wrapped(self._changed, self._new_name, *buttons)

    def _moves(self):
        buttons = {
            "Previous": "previous",
            "Next": "next",
            "Page back": "page-back",
            "Page on": "page-on",
            "Next without a name": "unnamed",
            "Undo": "undo",
            "Clear": "clear",
        }
        return parts.wrapped(*(self._button(words, action, 1) for words, action in buttons.items()))


ACTIONS = {
    "class": LabellingPanel._name,
    "shot": LabellingPanel._turn_to,
    "unnamed": LabellingPanel._to_unnamed,
    "undo": LabellingPanel._undo,
    "clear": LabellingPanel._clear,
    "add": LabellingPanel._add,
    "rename": LabellingPanel._rename,
    "remove": LabellingPanel._remove,
    "unused": LabellingPanel._unused,
}
STAY = {"class", "undo", "add", "rename", "remove", "unused"}  # these choose no picture


def _text_box(label):
    look = {"style": {"description_width": "74px"}, "layout": {"width": "250px"}}
    return widgets.Text(description=label, continuous_update=False, **look)


def _originals(images, originals):
    """The pictures to show; raises TutorError where the originals are others."""
    if originals is None:
        return images
    if not isinstance(originals, ImageSet) or len(originals) != len(images):
        raise TutorError(
            f"Expected the {len(images):,} pictures as they were before they were made small, an "
            f"ImageSet in the same order, for originals; received {originals!r}."
        )
    return originals


def _checked(order, n):
    """The order as (k,) int64, each picture once."""
    order = np.arange(n) if order is None else np.asarray(order)
    fits = order.ndim == 1 and order.dtype.kind in "iu" and len(order)
    if not fits or order.min() < 0 or order.max() >= n:
        raise TutorError(
            f"Expected order as (k,) whole numbers from 0 to {n - 1}, the pictures to be named; "
            f"received {order!r}."
        )
    return np.array([*dict.fromkeys(order.tolist())])


def _status(named, n, said):
    if isinstance(said, TutorError):
        return parts.sentence(said)
    counted = f"<b>{named:,} of {n:,} named.</b>"
    return f'<div role="status">{counted} {html.escape(said)}</div>'


def _key(k):
    """The key for the class in place k; the eleventh and later have none."""
    return str((k + 1) % 10) if k < 10 else ""


def _short(name):
    """What there is room for under a picture."""
    return name if len(name) <= SHORT else f"{name[: SHORT - 1].rstrip()}\N{HORIZONTAL ELLIPSIS}"


def _mark(widget, kind, wanted):
    widget.add_class(kind) if wanted else widget.remove_class(kind)
