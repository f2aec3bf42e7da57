"""The folder panel: what an `Inspection` found, and what to set aside."""

import html

import ipywidgets as widgets
import numpy as np

from rnn_tutor._errors import TutorError
from rnn_tutor._text import format_count, shorten
from rnn_tutor.images.inspection import KINDS, Inspection
from rnn_tutor.widgets import _parts as parts
from rnn_tutor.widgets._front import Front
from rnn_tutor.widgets._shots import Shots, button

SHOWN = 16  # images of each kind
HINT = "A click on an image sets it aside, another takes it back. Your files stay as they are."


class FolderPanel(parts.Panel):
    """Show the images that an `Inspection` found, and set them aside by a click.

    Args:
        inspection: The `Inspection`.
        name: The variable that holds its images, for the code that the panel shows.

    Attributes:
        inspection: The `Inspection`; what code sets aside is shown at once.
        code: The plain Python that sets the same images aside.

    Raises:
        TutorError: What was given is no `Inspection`.

    Example:
        >>> images = rt.load_images("digits", limit=30)
        >>> panel = rt.widgets.FolderPanel(rt.Inspection(images))
        >>> panel.inspection.set_aside([3])
        >>> print(panel.code)
        inspection = rt.Inspection(images)
        inspection.set_aside([3])
        kept = inspection.kept
    """

    def __init__(self, inspection, name="images"):
        if not isinstance(inspection, Inspection):
            raise TutorError(
                "Expected an inspection, as in FolderPanel(rt.Inspection(images)); received "
                f"{inspection!r}."
            )
        self.inspection = inspection
        self._kinds = [kind for kind, found in inspection.findings.items() if len(found)]
        self._places, self._shots, self._buttons = [], {}, {}
        keys = Front("labelling", self._receive, {"label": "What is in the folder"})
        super().__init__("folder", inspection.images, [], name, keys)
        self.children = [*self.children, *self._layout()]
        self._show()
        inspection.on_change(lambda: self.comm is None or self._show())

    @property
    def code(self):
        """The lines of Python that set the same images aside."""
        path, aside = self.inspection.path, self.inspection.aside.tolist()
        where = "" if path is None else f", path={parts._literal(str(path))}"
        lines = [f"inspection = rt.Inspection({self.name}{where})"]
        if aside:
            lines.append(f"inspection.set_aside({aside})")
        return "\n".join([*lines, "kept = inspection.kept"])

    def press(self, action, place=0):
        """Do what a button does.

        Args:
            action: "spoilt" sets all spoilt images aside, "back" takes all back, "kind" sets the
                images of a kind aside, or takes them back when all are; "shot" does so with one.
            place: Which of the panel's kinds, or images, in their order; int.
        """
        inspection = self.inspection
        try:
            if action == "spoilt":
                inspection.set_aside(inspection.spoilt)
            elif action == "back":
                inspection.take_back(inspection.aside)
            elif action == "kind":
                self._toggle(inspection.findings[self._kinds[place]])
            elif action == "shot":
                self._toggle([self._places[place]])
        except TutorError as error:
            self._said.value = parts.sentence(error)

    def _toggle(self, indices):
        is_aside = np.isin(indices, self.inspection.aside).all()
        (self.inspection.take_back if is_aside else self.inspection.set_aside)(indices)

    def _receive(self, message):
        """Do what the browser heard; of keys, the panel knows none."""
        action = message.get("action", "")
        if action:
            self.press(action, message["argument"])

    def _show(self):
        aside = set(self.inspection.aside.tolist())
        for kind, shots in self._shots.items():
            for k, index in enumerate(self._shown(kind)):
                out = index in aside
                shots.mark(k, "rt-aside", out)
                source = self.images.sources[index] if self.images.sources else f"image {index}"
                words = f"{index}\n{'set aside' if out else shorten(source.split('/')[-1], 14)}"
                shots.caption(k, words, source + (", set aside" if out else ""))
            found = self.inspection.findings[kind].tolist()
            n = len(set(found) & aside)
            verb = f"Take {n:,} back" if n == len(found) else f"Set {len(found) - n:,} aside"
            self._buttons[kind].description = verb
        kept = len(self.images) - len(aside)
        words = f"<b>{len(aside):,} set aside, {kept:,} kept.</b>"
        self._said.value = f'<div role="status">{words} {HINT}</div>'
        self._code.value = parts.code(self.code)

    def _shown(self, kind):
        """Return the images of a kind that are shown; duplicates beside what they are alike to."""
        found = self.inspection.findings[kind]
        if kind in ("duplicates", "near_duplicates"):
            groups = [g for g in self.inspection.groups if np.isin(g, found).any()]
            found = np.concatenate(groups) if groups else found
        return found[:SHOWN].tolist()

    def _layout(self):
        self._said, self._code = parts.text(), parts.text()
        report = parts.text(f"<pre>{html.escape(repr(self.inspection))}</pre>")
        skipped = self.images.report()
        rows = []
        for number, kind in enumerate(self._kinds):
            rows += self._row(kind, number)
        spoilt = format_count(len(self.inspection.spoilt), "spoilt image")
        buttons = [button(f"Set {spoilt} aside", "spoilt"), button("Take all back", "back")]
        if not len(self.inspection.spoilt):
            buttons = buttons[1:]
        notes = parts.text(f"<pre>{html.escape(skipped)}</pre>")
        fold = parts.fold("Files that were not used, and notes", notes)
        return [
            parts.title("What is in the folder"),
            report,
            *([fold, notes] if self.images.skipped or self.images.notes else []),
            *rows,
            *([parts.wrapped(*buttons)] if self._kinds else []),
            self._said,
            self._code,
        ]

    def _row(self, kind, number):
        about, shown = KINDS[kind], self._shown(kind)
        found = len(self.inspection.findings[kind])
        self._buttons[kind] = button("", "kind")
        more = f", {found - SHOWN:,} more are not shown" if found > SHOWN else ""
        beside = (
            ", each beside the one it is like" if kind in ("duplicates", "near_duplicates") else ""
        )
        words = f"{html.escape(about.meaning)}{beside}{more}"
        head = parts.title(f"{about.title.capitalize()} ({found:,})", words)
        name = f"rt-folder-{self.model_id}-{number}"
        shots = Shots([self.images[i].pixels[0] for i in shown], name)
        self._shots[kind] = shots
        self._places += shown
        return [widgets.HBox([head, self._buttons[kind]], layout={"flex_flow": "row wrap"}), shots]
