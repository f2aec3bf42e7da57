"""The spot-check panel: a few images of each cluster, one at a time, right or wrong."""

import html
from pathlib import Path

import ipywidgets as widgets
import numpy as np
from sklearn.metrics.pairwise import euclidean_distances

from rnn_tutor._errors import TutorError
from rnn_tutor.clusters.spot_check import SpotCheck
from rnn_tutor.widgets import _parts as parts
from rnn_tutor.widgets._front import Front
from rnn_tutor.widgets._shots import at_most, button

LARGE, SMALL, TYPICAL = 224, 64, 6
DONE = "That was all. Thank you."
AGAIN = "When you have corrected what was wrong, run this cell again. It draws other images."
KEYS = {"1": "right", "r": "right", "2": "wrong", "w": "wrong", "u": "undo", "Backspace": "undo"}
HINT = "Click into the panel, then: R or 1 is right, W or 2 is wrong, U or Backspace goes back"


class SpotCheckPanel(parts.Panel):
    """Lead through a `SpotCheck`: an image, the name of its cluster, right or wrong.

    Args:
        check: The `SpotCheck`.
        name: The variable that holds the images, for the code that the panel shows.

    Attributes:
        check: The `SpotCheck`; answers that code gives are shown at once.
        image: The image whose turn it is, int; None when all have an answer.
        code: The plain Python that gives the same answers.

    Raises:
        TutorError: What was given is no `SpotCheck`.

    Example:
        >>> images = rt.load_images("digits", limit=60)
        >>> sorting = rt.Sorting(images, images.labels)
        >>> panel = rt.widgets.SpotCheckPanel(rt.SpotCheck(sorting, n=20))
        >>> panel.press("r")
        >>> panel.check.estimate.checked
        1
    """

    def __init__(self, check, name="images"):
        if not isinstance(check, SpotCheck):
            raise TutorError(
                "Expected a check, as in SpotCheckPanel(rt.SpotCheck(sorting)); received "
                f"{check!r}."
            )
        self.check, self._examples = check, {}
        keys = Front("labelling", self._receive, {"label": "A small random check"})
        super().__init__("spot-check", check.sorting.images, [], name, keys)
        self.children = [*self.children, *self._layout()]
        self._show()
        check.on_change(lambda: self.comm is None or self._show())

    @property
    def image(self):
        """The image whose turn it is, int; None when all have an answer."""
        return next(iter(self.check.open.tolist()), None)

    @property
    def code(self):
        """The lines of Python that give the same answers."""
        check = self.check
        lines = [f"check = rt.SpotCheck(sorting, n={check.n}, seed={check.seed})"]
        for is_right in (True, False):
            if chosen := [image for image, said in check.answers.items() if said == is_right]:
                lines.append(f"check.answer({chosen}, {is_right})")
        return "\n".join([*lines, "check.estimate"])

    def press(self, key):
        """Do what a key does.

        Args:
            key: "r" or "1" says that the image is right, "w" or "2" that it is wrong, "u" and
                "Backspace" take the last answer back. Any other does nothing.
        """
        action = KEYS.get(key.lower() if len(key) == 1 else key)
        if action:
            self._do(action)

    def _receive(self, message):
        """Do what the browser heard."""
        if "key" in message:
            self.press(message["key"])
        else:
            self._do(message["action"])

    def _do(self, action):
        if action == "undo" and self.check.answers:
            self.check.answer([*self.check.answers][-1], None)
        elif action in ("right", "wrong") and self.image is not None:
            self.check.answer(self.image, action == "right")

    def _show(self):
        check, image = self.check, self.image
        for one in self._answers.children[:2]:
            one.disabled = image is None
        if image is None:
            self._seen.value = self._strip(
                check.wrong, "What you found wrong", "Nothing was wrong."
            )
            after = f'<div class="rt-quiet">{AGAIN}</div>' if len(check.wrong) else ""
            self._asked.value = f'<div class="rt-question">{DONE}</div>{after}'
        else:
            self._seen.value = self._large(image)
            self._asked.value = self._question(image)
        self._said.value = (
            f'<div role="status"><b>{len(check.answers)} of {len(check.sample)}.</b> '
            f"{html.escape(repr(check.estimate))}.</div>"
        )
        self._code.value = parts.code(self.code)

    def _large(self, image):
        # Without its folder, whose name may say what it is.
        name = Path(self.images.sources[image]).name if self.images.sources else f"image {image}"
        drawn = parts.thumbnail(at_most(self.images[image].pixels[0], 2 * LARGE), name, LARGE)
        return (
            f'<div class="rt-picture">{drawn}</div><div class="rt-quiet">{html.escape(name)}</div>'
        )

    def _question(self, image):
        cluster, name = self.check.cluster_of(image), html.escape(self.check.name_of(image))
        typical = self._typical(cluster)
        return (
            f'<div class="rt-question">Does it belong to: {name}?</div>'
            f"{self._strip(typical[typical != image][:TYPICAL], 'Typical of it', '')}"
        )

    def _typical(self, cluster):
        """Return the images nearest to the mean of their cluster, as it was for the check."""
        if cluster not in self._examples:
            members = np.flatnonzero(self.check.sorting.clusters == cluster)
            if not len(members):
                members = np.array(
                    [i for i in self.check.sample if self.check.cluster_of(i) == cluster]
                )
            points = self.check.sorting.embeddings[members]
            distances = euclidean_distances(points, points.mean(axis=0, keepdims=True))[:, 0]
            self._examples[cluster] = members[distances.argsort()[: TYPICAL + 1]]
        return self._examples[cluster]

    def _strip(self, indices, words, otherwise):
        drawn = [
            parts.thumbnail(at_most(self.images[i].pixels[0], 2 * SMALL), f"image {i}", SMALL)
            for i in indices
        ]
        shown = "".join(drawn) or html.escape(otherwise)
        return f'<div class="rt-quiet">{words}</div><div class="rt-strip">{shown}</div>'

    def _layout(self):
        self._seen, self._asked = parts.text(flex="0 1 250px"), parts.text()
        self._said, self._code = parts.text(), parts.text()
        self._answers = parts.wrapped(
            button("Right (R)", "right"), button("Wrong (W)", "wrong"), button("Back (U)", "undo")
        ).add_class("rt-answers")
        side = widgets.VBox(
            [self._asked, self._answers, self._said],
            layout={"flex": "1 1 360px", "min_width": "0"},
        )
        return [
            parts.title("A small random check", HINT),
            parts.wrapped(self._seen, side),
            self._code,
        ]
