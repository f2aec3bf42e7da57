"""The errors that a reader meets: what was expected, what came, what to do."""

import textwrap


class TutorError(Exception):
    """An error written for the reader; a notebook shows it as a paragraph, not as a traceback."""

    def _render_traceback_(self):
        """IPython calls this instead of printing the stack."""
        return textwrap.fill(str(self), width=100).splitlines()


class NeedsLabels(TutorError):
    """Raised where a lesson is about labels and the pictures have none."""
