"""The errors that a reader meets, and the checks that raise them: expected, received, remedy."""

import math
import numbers
import textwrap


class TutorError(ValueError):
    """An error written for the reader; a notebook shows it as a paragraph, not as a traceback."""

    def _render_traceback_(self):
        """IPython calls this instead of printing the stack."""
        return textwrap.fill(str(self), width=100).splitlines()


class NeedsLabels(TutorError):
    """Raised where a lesson is about labels and the pictures have none."""


def check_known(what, name, names):
    """Raise TutorError, with the names there are, for one that does not exist."""
    if not isinstance(name, str) or name not in names:
        raise TutorError(f"There is no {what} {name!r}. There are: {', '.join(names)}.")


def check_whole(name, value, at_least=1):
    """Raise TutorError for what is no whole number from `at_least`; True and 2.0 are none."""
    whole = isinstance(value, numbers.Integral) and not isinstance(value, bool)
    if not whole or value < at_least:
        raise TutorError(f"{name} must be a whole number from {at_least}; received {value!r}.")


def check_range(name, value, low, high):
    """Raise TutorError for what is no number from `low` to `high`."""
    if not _is_number(value) or not low <= value <= high:
        raise TutorError(f"{name} must be a number from {low} to {high}; received {value!r}.")


def check_above_0(name, value):
    """Raise TutorError for what is no finite number above 0."""
    if not _is_number(value) or not 0 < value < math.inf:
        raise TutorError(f"{name} must be a number above 0; received {value!r}.")


def _is_number(value):
    return isinstance(value, numbers.Real) and not isinstance(value, bool)
