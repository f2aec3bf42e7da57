"""The files that an ImageSet was read from: found again, to be looked at or copied, never changed.

An ImageSet holds pixels of one size. What its files held besides stands where it was: in a folder,
in a zip, in a list of paths.
"""

from contextlib import contextmanager

import numpy as np

from rnn_tutor.images import decoding, files


@contextmanager
def find_originals(images):
    """Find the file of each image; archives stay open until the block ends.

    Args:
        images: An ImageSet.

    Yields:
        A list with the `files.Entry` of each image; None where an image came from no file, or its
        file is gone.

    Raises:
        TutorError: The folder or the archive is gone.

    Example:
        >>> folder = rt.load_images("digits", limit=2).write("two")
        >>> with rt.originals.find_originals(rt.load_images(folder)) as entries:
        ...     print([entry.name for entry in entries])
        ['5/0000.jpg', '7/0001.jpg']
    """
    if images.origin is None or not images.sources:
        yield [None] * len(images)
        return
    origin, is_path = images.origin, isinstance(images.origin, str)
    with files.find_images(origin if is_path else [*origin.values()], _explain_gone) as found:
        entries = {entry.name if is_path else entry.path: entry for entry in found[0]}
        yield [entries.get(name if is_path else origin.get(name)) for name in images.sources]


def original_sizes(images):
    """Return the height and width of each image's file, without decoding it.

    Args:
        images: An ImageSet.

    Returns:
        `(n, 2)` int64, pixels; 0 where there is no file.

    Raises:
        TutorError: The folder or the archive is gone.

    Example:
        >>> folder = rt.load_images("shapes", limit=2, size=80).write("drawn")
        >>> rt.originals.original_sizes(rt.load_images(folder, size=28)).tolist()
        [[80, 80], [80, 80]]
    """
    sizes = np.zeros((len(images), 2), np.int64)
    with find_originals(images) as entries:
        for place, entry in enumerate(files.show_progress(entries, "looking at files")):
            if entry is not None:
                try:
                    found = decoding.header(entry)
                except decoding.Unreadable:
                    continue  # it was read when the images were loaded, and has changed since
                sizes[place] = found.height, found.width
    return sizes


def _explain_gone(origin):
    return (
        f"The pictures were read from {origin}, and it is not there any more. Put it back, or load "
        "the pictures again from where they are now."
    )
