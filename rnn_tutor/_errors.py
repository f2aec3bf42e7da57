"""The errors that a reader meets, and the checks that raise them: expected, received, remedy."""

import math
import numbers
import textwrap


class TutorError(ValueError):
    """An error written for the reader; a notebook shows it as a paragraph, not as a traceback.

    Example:
        >>> try:
        ...     rt.load_images("no_such_folder")
        ... except rt.TutorError as error:
        ...     print(str(error).split(".")[0])
        There is no set, folder or zip called 'no_such_folder'
    """

    def _render_traceback_(self):
        """Return the lines that IPython shows instead of the stack."""
        return textwrap.fill(str(self), width=100).splitlines()


class NeedsLabels(TutorError):
    """A lesson is about labels, and the images have none.

    Example:
        >>> images = rt.load_images("digits").without_labels()
        >>> try:
        ...     images.require_labels()
        ... except rt.NeedsLabels as error:
        ...     print(str(error).split(".")[0])
        This lesson is about labels, and digits has none
    """


def check_known(what, name, names):
    """Raise TutorError for a name that does not exist.

    Args:
        what: What is named, such as "cell".
        name: The name to check.
        names: The names that exist, a list or a dict of str.
    """
    if not isinstance(name, str) or name not in names:
        raise TutorError(f"There is no {what} {name!r}. There are: {', '.join(names)}.")


def check_whole(name, value, at_least=1):
    """Return a whole number as int; raise TutorError for anything else, such as True or 2.0."""
    whole = isinstance(value, numbers.Integral) and not isinstance(value, bool)
    if not whole or value < at_least:
        raise TutorError(f"{name} must be a whole number from {at_least}; received {value!r}.")
    return int(value)


def check_range(name, value, low, high):
    """Raise TutorError for a value that is not a number from `low` to `high`."""
    if not _is_number(value) or not low <= value <= high:
        raise TutorError(f"{name} must be a number from {low} to {high}; received {value!r}.")


def check_above_0(name, value):
    """Raise TutorError for a value that is not a finite number above 0."""
    if not _is_number(value) or not 0 < value < math.inf:
        raise TutorError(f"{name} must be a number above 0; received {value!r}.")


def _is_number(value):
    return isinstance(value, numbers.Real) and not isinstance(value, bool)
