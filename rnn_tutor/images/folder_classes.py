"""Which class a file belongs to, by what a dict says of it or by the folders it lies in."""

import re

import numpy as np

from rnn_tutor._text import natural_key

# Folders that divide a set and are no classes, such as train, test2017, training_set, seg_train.
_PARTS = r"(?:seg[-_ ]?)?({})[-_ ]?(?:set|split|data|images|imgs|img|photos|pictures)?[-_ ]?\d*"
_TRAIN = re.compile(_PARTS.format("train|training|unlabell?ed|unsup"), re.IGNORECASE)
_TEST = re.compile(
    _PARTS.format("test|testing|val|valid|validation|validate|dev|eval|evaluation|holdout"),
    re.IGNORECASE,
)
_UNLABELLED = re.compile(r"unlabell?ed|unsup|no[-_ ]?labels?", re.IGNORECASE)
# Folders that say nothing about what is in them.
_ANY = re.compile(r"images|imgs?|pictures|photos|files|all|unknown", re.IGNORECASE)


def labels_of(entries):
    """Return the labels of files, by what a dict says or by their folders.

    Args:
        entries: n `files.Entry`.

    Returns:
        (labels, class_names, is_test): `(n,)` int64 or None, a tuple of str, `(n,)` bool or None.

    Example:
        >>> from rnn_tutor.images.files import Entry
        >>> labels_of([Entry("a/1.png", ("a",), open), Entry("b/1.png", ("b",), open)])
        (array([0, 1]), ('a', 'b'), None)
    """
    if any(entry.label is not None for entry in entries):
        classes, is_test = [entry.label for entry in entries], None
    else:
        folders, is_test = _without_parts([entry.folders for entry in entries])
        classes = [f[0] if f and not _UNLABELLED.fullmatch(f[0]) else None for f in folders]
    class_names = tuple(sorted(set(classes) - {None}, key=natural_key))
    if not class_names:
        return None, (), is_test
    numbers = {name: number for number, name in enumerate(class_names)}
    return np.array([numbers.get(name, -1) for name in classes]), class_names, is_test


def _without_parts(folders):
    """Return (folders, is_test): the folders of each image without those that are no classes.

    These are one that holds everything, and train, test and the like: above the classes, or below
    each of them.
    """
    is_test = None
    while True:
        tops = {f[0] for f in folders if f}
        parts = [_part(name) for name in tops]
        if len(tops) == 1 and all(len(f) > 1 for f in folders):
            folders = [f[1:] for f in folders]  # a zip often holds one folder that holds everything
        elif is_test is None and tops and None not in parts:
            is_test = np.array([bool(f) and _part(f[0]) == "test" for f in folders])
            folders = [_below_part(f) for f in folders]
        elif is_test is None and all(len(f) > 1 and _part(f[1]) for f in folders):
            is_test = np.array([_part(f[1]) == "test" for f in folders])
            folders = [(f[0], *f[2:]) for f in folders]
        else:
            break
    if is_test is None or is_test.all() or not is_test.any():
        return folders, None
    # Test images without a label often lie in one folder more: test/images/1.jpg.
    known = {f[0] for f, test in zip(folders, is_test, strict=True) if f and not test}
    others = {f[0] for f in folders if f and f[0] not in known and _ANY.fullmatch(f[0])}
    return [() if f and f[0] in others else f for f in folders], is_test


def _part(folder):
    """Return "train" or "test" for a folder that is a part of a set, None for another."""
    if _TRAIN.fullmatch(folder):
        return "train"
    return "test" if _TEST.fullmatch(folder) else None


def _below_part(folders):
    """Return the folders below train/ or test/, also where it is doubled: test/test/1.jpg."""
    while folders and _part(folders[0]) and not _UNLABELLED.fullmatch(folders[0]):
        folders = folders[1:]
    return folders
