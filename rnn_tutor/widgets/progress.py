"""A bar that long work calls as `bar(done, total)`."""

import html

import ipywidgets as widgets

from rnn_tutor.widgets import _parts as parts


class ProgressBar(widgets.HBox):
    """Show how far some work is, as a bar and in words.

    Args:
        label: What is being done. `bar(done, total)` moves the bar.

    Example:
        >>> import rnn_tutor as rt
        >>> bar = rt.widgets.ProgressBar("Preprocessing")
        >>> chain = rt.Preprocessing((rt.images.preprocessing.Otsu(),))
        >>> len(chain.apply(rt.load_images("digits", limit=5), progress=bar))
        5
    """

    def __init__(self, label):
        self.label = label
        self._bar = widgets.IntProgress(0, max=1, bar_style="info", layout={"width": "220px"})
        self._words = parts.text()
        super().__init__([self._bar, self._words])
        self._say("not begun", 0, 1)

    def __call__(self, done, total):
        self._bar.max, self._bar.value = max(total, 1), done
        self._bar.bar_style = "success" if done >= total else "info"
        share = done / total if total else 1
        self._say(f"{done:,} of {total:,} ({share:.0%})", done, total)

    def __repr__(self):
        return f"ProgressBar({self.label})"

    def _say(self, words, done, total):
        label = html.escape(self.label)
        self._words.value = (
            f'<span role="progressbar" aria-label="{label}" aria-valuemin="0" '
            f'aria-valuemax="{total}" aria-valuenow="{done}" aria-valuetext="{words}">'
            f"{label}: {words}</span>"
        )
