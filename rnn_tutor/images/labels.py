"""Classes that a reader gives to images, kept in a small CSV file beside the notebook.

An image is known by its pixels: the file fits whatever the order and the names of the files are,
identical images share a class, and rows of images that are not there are passed over and kept.
The file is read again before each change, since several notebooks may share it, and written whole
or not at all; of two changes within the same milliseconds, one may be lost.
"""

import hashlib
import threading
from collections import Counter
from pathlib import Path

import numpy as np

from rnn_tutor._errors import TutorError
from rnn_tutor._observable import Observable
from rnn_tutor._text import natural_key, printable_name
from rnn_tutor.images import label_file
from rnn_tutor.images.imageset import ImageSet

NO_ROW = ("", None)
_LOCK = threading.RLock()


class Labels(Observable):
    """The classes that a reader gives to the images of an `ImageSet`; each is saved at once.

    `labels[index]` is the class of an image, or None; `labels[index] = name` sets it, and None
    takes it away. The index is chosen as in NumPy: a number, some numbers or a mask. A new name
    becomes a class. Spaces around a name do not count.

    Args:
        images: An ImageSet of n images.
        path: The CSV file; where it exists, its labels are read. Default "labels.csv".
        class_names: Classes to begin with, a list of str. Default: none.

    Raises:
        TutorError: The file does not hold labels, or cannot be read or written; or there is no such
            image or class.

    Example:
        >>> labels = rt.Labels(rt.load_images("digits", limit=20), "labels.csv", ["round"])
        >>> labels[3] = "round"
        >>> labels[[5, 7]] = "straight"
        >>> labels[3], labels[4], labels.class_names
        ('round', None, ('round', 'straight'))
        >>> labels.undo()
        array([5, 7])
        >>> labels
        labels.csv: 1 of 20 pictures named; round 1, straight 0
    """

    def __init__(self, images, path="labels.csv", class_names=()):
        super().__init__()
        if not isinstance(images, ImageSet) or isinstance(class_names, str):
            raise TutorError(
                'Expected pictures, a file and a list of names: rt.Labels(images, "labels.csv", '
                f'["Bag", "Dress"]); received {type(images).__name__}, {path!r}, {class_names!r}.'
            )
        self.images, self.path = images, path
        self._file = Path(path).expanduser().resolve()
        self._keys = [image_key(image) for image in images.pixels]
        self._known, self._class_names = set(self._keys), [*dict.fromkeys(map(_name, class_names))]
        self._changes = []
        self._read()

    @property
    def class_names(self):
        """The names given, then those in the file in their natural order, then those added."""
        return tuple(self._class_names)

    @property
    def note(self):
        """A sentence about rows of the file whose images are not there; "" without any."""
        others = [source for key, (source, _) in self._rows.items() if key not in self._known]
        moved = len(set(others) & set(self.images.sources))
        size = f" {moved} of their sources are, with other pixels: was another size loaded?"
        kept = f"{self.path} also has {len(others)} rows of pictures that are not here; they stay."
        return (kept + size * bool(moved)) if others else ""

    def __repr__(self):
        counts = Counter(map(self._class_of, self._keys))
        named = ", ".join(f"{name} {counts[name]}" for name in self.class_names)
        n = len(self.images)
        line = f"{self.path}: {n - counts[None]:,} of {n:,} pictures named"
        return "; ".join(filter(None, [line, named, self.note]))

    def __getitem__(self, index):
        """Return the class of an image, or None; for several images a list of these."""
        chosen = self._chosen(index)
        names = [self._class_of(self._keys[i]) for i in chosen.ravel()]
        return names if chosen.ndim else names[0]

    def __setitem__(self, index, name):
        chosen, sources = self._chosen(index).ravel(), self.images.sources
        name = None if name is None else self.add_class(name)
        rows = {
            self._keys[i]: (printable_name(sources[i]) if sources else "", name) for i in chosen
        }
        if rows:
            self._changes.append((self._put(rows), None, None))
            self._emit()

    def add_class(self, name):
        """Add a class that no image has yet.

        Args:
            name: A str. A class of that name stays as it is.

        Returns:
            The name as it is kept, str.
        """
        name = _name(name)
        if name not in self._class_names:
            self._class_names.append(name)
            self._emit()
        return name

    def rename_class(self, name, new_name):
        """Give a class another name; the name of another class joins the two.

        Args:
            name: The class, str.
            new_name: Its other name, str.

        Returns:
            The new name as it is kept, str.

        Raises:
            TutorError: There is no class `name`.
        """
        name, new_name = self._known_class(name), _name(new_name)
        names = [new_name if known == name else known for known in self._class_names]
        self._change_class(name, new_name, list(dict.fromkeys(names)))
        return new_name

    def remove_class(self, name):
        """Take a class away; its images have no class then.

        Args:
            name: The class, str.

        Returns:
            How many images lost their class, int.

        Raises:
            TutorError: There is no such class.
        """
        name = self._known_class(name)
        n = self[:].count(name)
        self._change_class(name, None, [known for known in self._class_names if known != name])
        return n

    def undo(self):
        """Take back the last change made here; return the indices of its images, `(k,)` int64."""
        if not self._changes:
            return np.array([], np.int64)
        rows, class_names, new_name = self._changes[-1]
        self._put(rows)
        if class_names is not None:
            since = [n for n in self._class_names if n != new_name or n in self[:]]
            self._class_names = list(dict.fromkeys([*class_names, *since]))
        self._changes.pop()
        self._emit()
        return np.flatnonzero([key in rows for key in self._keys])

    def as_array(self):
        """Return the classes as indices into `class_names`, `(n,)` int64; -1 for no class.

        Example:
            >>> labels = rt.Labels(rt.load_images("digits", limit=4), class_names=["a", "b"])
            >>> labels[2] = "b"
            >>> labels.as_array()
            array([-1, -1,  1, -1])
        """
        numbers = {name: number for number, name in enumerate(self._class_names)}
        return np.array([numbers.get(self._class_of(key), -1) for key in self._keys], np.int64)

    def look_up(self, index):
        """Give images the class that their set came with, as if a reader had been asked.

        An image that has a class keeps it; one without a label stays without a class.

        Args:
            index: As in `labels[index]`.

        Returns:
            How many images were given a class, int.
        """
        classes, found = self.images.class_of_each, {}
        for i in np.unique(self._chosen(index)).tolist():
            if classes[i] is not None and self[i] is None:
                found.setdefault(classes[i], []).append(i)
        for name, indices in found.items():
            self[indices] = name
        return sum(map(len, found.values()))

    def answers(self):
        """Return what is known of each image, `(n,)` int64: indices into `class_names`, or -1.

        The label that the set came with counts, where there is one, otherwise the class given here.
        The set's classes are added to `class_names` where they are missing.
        """
        classes = self.images.class_of_each
        named = {name: self.add_class(name) for name in classes if name is not None}
        numbers = {name: self._class_names.index(kept) for name, kept in named.items()}
        own = np.array([numbers.get(name, -1) for name in classes], np.int64)
        return np.where(own >= 0, own, self.as_array())

    def _known_class(self, name):
        if _name(name) not in self._class_names:
            known = ", ".join(self._class_names) or "none yet"
            raise TutorError(f"There is no class {name!r} to change. There are: {known}.")
        return _name(name)

    def _change_class(self, name, new_name, class_names):
        """Give the images of a class another class or none, and keep these class names."""
        before = list(self._class_names)
        keys = {key for key in self._keys if self._class_of(key) == name}
        rows = self._put({key: (self._rows[key][0], new_name) for key in keys})
        self._changes.append((rows, before, new_name))
        self._class_names = class_names
        self._emit()

    def _class_of(self, key):
        return self._rows.get(key, NO_ROW)[1]

    def _chosen(self, index):
        """Return the images that an index chooses: a number, or `(k,)` numbers."""
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
        """Put rows into the file as it is by now; return those that were in their place."""
        with _LOCK:
            self._read()
            before = {key: self._rows.get(key, NO_ROW) for key in rows}
            after = {key: row for key, row in (self._rows | rows).items() if row[1] is not None}
            if after != self._rows:
                label_file.write(self._file, after)
                self._rows = after
        return before

    def _read(self):
        self._rows = label_file.read(self._file)
        names = {self._class_of(key) for key in self._known & self._rows.keys()}
        self._class_names += sorted(names.difference(self._class_names), key=natural_key)


def image_key(image):
    """Return a short sha256 of the pixels, after a word that no spreadsheet reads as a number.

    Args:
        image: `(height, width, channels)` uint8.

    Example:
        >>> rt.labels.image_key(np.zeros((28, 28, 1), np.uint8))
        'sha256:0c37ddc45244523c'
    """
    return f"sha256:{hashlib.sha256(np.ascontiguousarray(image)).hexdigest()[:16]}"


def _name(name):
    tidied = label_file.tidy(name) if isinstance(name, str) else ""
    if not tidied:
        raise TutorError(f'The name of a class is a text such as "Bag"; received {name!r}.')
    return tidied
