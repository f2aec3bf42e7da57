"""Names that a reader gives to pictures, kept in a small CSV file beside the notebook.

A picture is known by its pixels: the file fits whatever the order and the names of the files are,
identical pictures share a name, and rows of pictures that are not there are passed over and kept.
The file is read again before each change, since several notebooks may share it, and written whole
or not at all; of two changes within the same milliseconds, one may be lost.
"""

import hashlib
import threading
from collections import Counter
from pathlib import Path

import numpy as np

from rnn_tutor._errors import TutorError
from rnn_tutor._text import natural, printable
from rnn_tutor.images import label_file as _label_file
from rnn_tutor.images.imageset import ImageSet

NO_ROW = ("", None)
_LOCK = threading.RLock()


class Labels:
    """The classes of an `ImageSet`'s pictures as a reader names them; each name is kept at once.

        labels = rt.Labels(images, "labels.csv", ["Bag", "Dress"])
        labels[17] = "Bag"               # any name; a new one becomes a class
        labels[clusters == 2] = "Dress"  # many at once, chosen as in NumPy
        labels[17], labels[18]           # "Bag", None
        labels[17] = None                # takes the name away
        labels.rename_class("Dress", "Skirt")
        labels.remove_class("Bag")       # its pictures have no name any more
        labels.undo()                    # takes the last change back
        labels.look_up([3, 4])           # named after the labels that the set came with, if any
        y = labels.as_array()            # (n,) int64: places in labels.class_names, -1 for no name

    path: the CSV file; where there is one, its names are read. class_names: classes to begin with.
    Spaces around a name do not count. Raises TutorError for a file that is none of labels or cannot
    be read or written, and for names and pictures that cannot be.
    """

    def __init__(self, images, path="labels.csv", class_names=()):
        if not isinstance(images, ImageSet) or isinstance(class_names, str):
            raise TutorError(
                'Expected pictures, a file and a list of names: rt.Labels(images, "labels.csv", '
                f'["Bag", "Dress"]); received {type(images).__name__}, {path!r}, {class_names!r}.'
            )
        self.images, self.path = images, path
        self._file = Path(path).expanduser().resolve()
        self._keys = [image_key(picture) for picture in images.pixels]
        self._known, self._class_names = set(self._keys), [*dict.fromkeys(map(_name, class_names))]
        self._changes, self._listeners = [], []
        self._read()

    @property
    def class_names(self):
        """The names given, then those in the file in their natural order, then those added."""
        return tuple(self._class_names)

    @property
    def note(self):
        """A sentence on the file's rows of pictures that are not there; empty without any."""
        others = [source for key, (source, _) in self._rows.items() if key not in self._known]
        moved = len(set(others) & set(self.images.sources))
        size = f" {moved} of their sources are, with other pixels: was another size loaded?"
        kept = f"{self.path} also has {len(others)} rows of pictures that are not here; they stay."
        return (kept + size * bool(moved)) if others else ""

    def __repr__(self):
        counts = Counter(map(self._of, self._keys))
        named = ", ".join(f"{name} {counts[name]}" for name in self.class_names)
        n = len(self.images)
        line = f"{self.path}: {n - counts[None]:,} of {n:,} pictures named"
        return "; ".join(filter(None, [line, named, self.note]))

    def __getitem__(self, index):
        """The name of a picture, or None; a list of such for several."""
        chosen = self._chosen(index)
        names = [self._of(self._keys[i]) for i in chosen.ravel()]
        return names if chosen.ndim else names[0]

    def __setitem__(self, index, name):
        chosen, sources = self._chosen(index).ravel(), self.images.sources
        name = None if name is None else self.add_class(name)
        rows = {self._keys[i]: (printable(sources[i]) if sources else "", name) for i in chosen}
        if rows:
            self._changes.append((self._put(rows), None, None))
            self._tell()

    def add_class(self, name):
        """Offer a class that no picture has yet; returns its name as it is kept."""
        name = _name(name)
        if name not in self._class_names:
            self._class_names.append(name)
            self._tell()
        return name

    def rename_class(self, name, new_name):
        """Give a class another name; that of another class joins the two.

        Returns the new name as it is kept. Raises TutorError where there is no class `name`.
        """
        name, new_name = self._known_class(name), _name(new_name)
        names = [new_name if known == name else known for known in self._class_names]
        self._change_class(name, new_name, list(dict.fromkeys(names)))
        return new_name

    def remove_class(self, name):
        """Take a class away; its pictures have no name then. Raises TutorError where there is none.

        Returns how many pictures lost their name.
        """
        name = self._known_class(name)
        count = self[:].count(name)
        self._change_class(name, None, [known for known in self._class_names if known != name])
        return count

    def _place(self, name):
        return self._class_names.index(self.add_class(name))

    def undo(self):
        """Take back the last change made here; returns the pictures it was about, (k,) int64."""
        if not self._changes:
            return np.array([], np.int64)
        rows, class_names, new_name = self._changes[-1]
        self._put(rows)
        if class_names is not None:
            since = [n for n in self._class_names if n != new_name or n in self[:]]
            self._class_names = list(dict.fromkeys([*class_names, *since]))
        self._changes.pop()
        self._tell()
        return np.flatnonzero([key in rows for key in self._keys])

    def as_array(self):
        """The classes as places in `class_names`, (n,) int64; -1 for pictures without a name."""
        places = {name: place for place, name in enumerate(self._class_names)}
        return np.array([places.get(self._of(key), -1) for key in self._keys], np.int64)

    def look_up(self, index):
        """Name pictures after the label that their set came with, as if a reader had been asked.

        index: as in `labels[index]`. A picture that has a name keeps it; one without a label stays
        without a name. Returns how many names were given.
        """
        kinds, asked = self.images.kinds, {}
        for i in np.unique(self._chosen(index)).tolist():
            if kinds[i] is not None and self[i] is None:
                asked.setdefault(kinds[i], []).append(i)
        for kind, pictures in asked.items():
            self[pictures] = kind
        return sum(map(len, asked.values()))

    def answers(self):
        """What is known of each picture, (n,) int64: places in `class_names`, -1 for nothing.

        The label that the set came with counts, where it has one, and else the name given here.
        The set's classes are added to `class_names` where they are missing.
        """
        kinds = self.images.kinds
        place = {kind: self._place(kind) for kind in dict.fromkeys(kinds) if kind is not None}
        own = np.array([place.get(kind, -1) for kind in kinds], np.int64)
        return np.where(own >= 0, own, self.as_array())

    def on_change(self, function):
        """Have `function()` called after each change made here."""
        self._listeners.append(function)

    def _known_class(self, name):
        if _name(name) not in self._class_names:
            known = ", ".join(self._class_names) or "none yet"
            raise TutorError(f"There is no class {name!r} to change. There are: {known}.")
        return _name(name)

    def _change_class(self, name, new_name, class_names):
        """Give a class's pictures that are here another name or none, and keep these classes."""
        before = list(self._class_names)
        keys = {key for key in self._keys if self._of(key) == name}
        rows = self._put({key: (self._rows[key][0], new_name) for key in keys})
        self._changes.append((rows, before, new_name))
        self._class_names = class_names
        self._tell()

    def _of(self, key):
        return self._rows.get(key, NO_ROW)[1]

    def _chosen(self, index):
        """Which pictures: a number, or (k,) numbers."""
        try:
            chosen = np.arange(len(self.images))[index]
        except IndexError:
            chosen = None
        if chosen is None or chosen.ndim > 1:  # True, False and None would choose all or nothing
            raise TutorError(
                f"Pictures have the numbers 0 to {len(self.images) - 1} and are chosen as in NumPy "
                f"by a number, some numbers or a mask; received {index!r}."
            )
        return chosen

    def _put(self, rows):
        """Put rows into the file as it is by now; returns those that were in their place."""
        with _LOCK:
            self._read()
            before = {key: self._rows.get(key, NO_ROW) for key in rows}
            after = {key: row for key, row in (self._rows | rows).items() if row[1] is not None}
            if after != self._rows:
                _label_file.write(self._file, after)
                self._rows = after
        return before

    def _read(self):
        self._rows = _label_file.read(self._file)
        names = {self._of(key) for key in self._known & self._rows.keys()}
        self._class_names += sorted(names.difference(self._class_names), key=natural)

    def _tell(self):
        for function in self._listeners:
            function()


def image_key(picture):
    """Return a short sha256 of the pixels, after a word that no spreadsheet reads as a number."""
    return f"sha256:{hashlib.sha256(np.ascontiguousarray(picture)).hexdigest()[:16]}"


def _name(name):
    tidied = _label_file.tidy(name) if isinstance(name, str) else ""
    if not tidied:
        raise TutorError(f'The name of a class is a text such as "Bag"; received {name!r}.')
    return tidied
