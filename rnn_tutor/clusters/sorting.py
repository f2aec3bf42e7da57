"""What a reader makes of clusters: names, moves, merges and splits, kept in a CSV file.

The map panel is a window on this object: every action of the panel is one call here.
"""

import csv
import io
import re
from collections import defaultdict
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from sklearn.cluster import KMeans
from sklearn.linear_model import LogisticRegression
from sklearn.metrics.pairwise import euclidean_distances

from rnn_tutor._errors import TutorError
from rnn_tutor._text import atomic_write, format_count, printable_name
from rnn_tutor.images import label_file
from rnn_tutor.images.labels import image_key

ASIDE = -1  # the cluster of images that were set aside
COLUMNS = ("source", "cluster", "name", "placed", "sha256")
ENOUGH = 10  # placed images of each name, from which on a linear classifier is trained
CLOSE = 0.9  # a nearest mean this near to the second one, as a ratio of distances, is doubtful
UNSURE = 0.6  # a probability of the linear classifier below which an image is doubtful
KEPT = 200  # states that can be undone


@dataclass(frozen=True, eq=False)
class Suggestion:
    """Where `Sorting.suggest` would put each image.

    Attributes:
        clusters: `(n,)` int64.
        changes: `(k,)` int64, indices of the images that would change their cluster.
        doubtful: Indices of the images whose place is hardly clearer than the next one.
        method: "nearest mean" or "linear classifier".
    """

    clusters: np.ndarray
    changes: np.ndarray
    doubtful: np.ndarray
    method: str

    def __repr__(self):
        return (
            f"Suggestion by {self.method}: {format_count(len(self.changes), 'image')} would "
            f"change, {len(self.doubtful):,} doubtful"
        )


class Sorting:
    """Sort images into clusters by hand; every action can be undone and is stored at once.

    Args:
        images: An `ImageSet` of n images.
        clusters: `(n,)` integers from 0, where sorting begins.
        embeddings: `(n, d)` numbers, in which clusters are split and similar images looked for;
            the pixels where None.
        path: A CSV file, or None to store nothing. Where the file exists, what it says of these
            images is taken up again.

    Attributes:
        names: `{cluster: name}`.
        placed: `(n,)` bool, the images that you put where they are, which `suggest` leaves there.
        history: The actions so far, as lines of Python.

    Raises:
        TutorError: The parts do not fit together, or the file cannot be read or written.

    Example:
        >>> import rnn_tutor as rt
        >>> images = rt.load_images("digits", limit=20)
        >>> sorting = rt.Sorting(images, [0, 1] * 10)
        >>> sorting.name(0, "even places")
        >>> sorting.move([3, 5], 0)
        0
        >>> sorting.sizes
        {0: 12, 1: 8}
        >>> sorting.undo()
        True
        >>> sorting.history
        ("sorting.name(0, 'even places')",)
    """

    def __init__(self, images, clusters, embeddings=None, path=None):
        clusters = np.asarray(clusters)
        if clusters.shape != (len(images),) or clusters.dtype.kind not in "iu":
            raise TutorError(
                f"Expected a cluster, a whole number from 0, for each of {len(images)} images; "
                f"received {clusters.dtype} of the shape {clusters.shape}."
            )
        self.images = images
        self.path = None if path is None else Path(path).expanduser()
        self._embeddings = embeddings
        self._clusters = clusters.astype(np.int64)
        self.names, self.placed = {}, np.zeros(len(images), bool)
        self._lines, self._past, self._future = [], [], []
        self._listeners = []
        self._keys = None
        if self.path is not None and self.path.exists():
            self._take_up()

    @property
    def clusters(self):
        """The cluster of each image now, `(n,)` int64; -1 where an image was set aside."""
        return self._clusters.copy()

    @property
    def sizes(self):
        """`{cluster: how many images}` of the clusters that hold any, set-aside ones left out."""
        numbers, counts = np.unique(self._clusters[self._clusters >= 0], return_counts=True)
        return dict(zip(numbers.tolist(), counts.tolist(), strict=True))

    @property
    def history(self):
        """The actions so far, as lines of Python; what was undone is not among them."""
        return tuple(self._lines)

    @property
    def embeddings(self):
        """`(n, d)` float32, where distances are measured."""
        if self._embeddings is None:
            self._embeddings = self.images.pixels.reshape(len(self.images), -1) / np.float32(255)
        return np.asarray(self._embeddings)

    def __repr__(self):
        named = ", ".join(f"{self.names.get(c, c)} {n:,}" for c, n in self.sizes.items())
        aside = int((self._clusters < 0).sum())
        return f"Sorting: {named}" + (f"; {aside:,} set aside" if aside else "")

    def on_change(self, function):
        """Call `function()` after each action."""
        self._listeners.append(function)

    def forget(self, function):
        """Call a function of `on_change` no longer."""
        self._listeners = [known for known in self._listeners if known != function]

    @property
    def can_undo(self):
        """Whether there is an action to take back."""
        return bool(self._past)

    @property
    def can_redo(self):
        """Whether there is an action to do again."""
        return bool(self._future)

    def name(self, cluster, name):
        """Give a cluster a name; an empty one takes the name away.

        A name that another cluster has already stays with both, until you merge them.
        """
        cluster, tidied = self._known(cluster), label_file.tidy(str(name))
        names = {k: v for k, v in self.names.items() if k != cluster}
        if tidied:
            names[cluster] = tidied
        elif str(name).strip():
            raise TutorError(f'The name of a cluster is a text such as "Bag"; received {name!r}.')
        self._act(f"sorting.name({cluster}, {tidied!r})", names=names)

    def move(self, indices, cluster="new"):
        """Put images into a cluster: its number, its name, or "new" for one of their own.

        Returns:
            The number of the cluster.
        """
        chosen = self._chosen(indices)
        target = self._new() if cluster == "new" else self._known(cluster)
        clusters, placed = self._clusters.copy(), self.placed.copy()
        clusters[chosen], placed[chosen] = target, True
        self._act(f"sorting.move({chosen.tolist()}, {cluster!r})", clusters=clusters, placed=placed)
        return target

    def merge(self, clusters):
        """Make one cluster of several; it keeps the first one's number, and its name if it has one.

        Args:
            clusters: Two or more numbers or names.
        """
        known = list(dict.fromkeys(map(self._known, clusters)))
        if len(known) < 2:
            raise TutorError(f"Merging takes two or more clusters; received {clusters!r}.")
        first, *others = known
        named = [self.names[cluster] for cluster in known if cluster in self.names]
        names = {k: v for k, v in self.names.items() if k not in known} | (
            {first: named[0]} if named else {}
        )
        merged = np.where(np.isin(self._clusters, others), first, self._clusters)
        self._act(f"sorting.merge({known})", clusters=merged, names=names)

    def split(self, cluster, parts=2, seed=0):
        """Split a cluster by k-means on its embeddings; the largest part keeps number and name.

        Returns:
            The numbers of the parts, the largest first.
        """
        cluster = self._known(cluster)
        members = np.flatnonzero(self._clusters == cluster)
        if not 2 <= parts <= len(members):
            raise TutorError(
                f"Cluster {cluster} holds {format_count(len(members), 'image')}; it can be split "
                f"into 2 to {len(members)} parts, not {parts!r}."
            )
        found = KMeans(parts, n_init=4, random_state=seed).fit_predict(self.embeddings[members])
        order = np.argsort(-np.bincount(found, minlength=parts), kind="stable")
        numbers = [cluster, *range(self._new(), self._new() + parts - 1)]
        clusters = self._clusters.copy()
        clusters[members] = np.array(numbers)[np.argsort(order)[found]]
        self._act(f"sorting.split({cluster}, {parts}, seed={seed})", clusters=clusters)
        return numbers

    def set_aside(self, indices):
        """Take images out of all clusters; their files are not touched."""
        chosen = self._chosen(indices)
        clusters, placed = self._clusters.copy(), self.placed.copy()
        clusters[chosen], placed[chosen] = ASIDE, True
        self._act(f"sorting.set_aside({chosen.tolist()})", clusters=clusters, placed=placed)

    def undo(self):
        """Take back the last action; return whether there was one."""
        if not self._past:
            return False
        self._future.append((self._state(), self._lines[-1]))
        self._lines.pop()
        self._restore(self._past.pop())
        return True

    def redo(self):
        """Do again what was undone last; return whether there was anything."""
        if not self._future:
            return False
        state, line = self._future.pop()
        self._past.append(self._state())
        self._lines.append(line)
        self._restore(state)
        return True

    def suggest(self):
        """Predict where the images belong that you have not placed.

        Each goes to the cluster with the nearest mean: that of the images you placed in it, or of
        all its images where you placed none. Where every cluster has a name and at least ten placed
        images, a logistic regression on these takes the place of the means.

        Returns:
            A `Suggestion`; nothing changes until `accept`.

        Raises:
            TutorError: Fewer than two clusters have a name.
        """
        numbers = np.array(list(self.sizes))
        if sum(number in self.names for number in numbers.tolist()) < 2:
            raise TutorError("Suggestions need two named clusters or more: name some first.")
        free = np.flatnonzero(~self.placed & (self._clusters >= 0))
        clusters = self._clusters.copy()
        taught = np.flatnonzero(self.placed & (self._clusters >= 0))
        counts = [np.sum(self._clusters[taught] == number) for number in numbers]
        if min(counts) >= ENOUGH and all(number in self.names for number in numbers.tolist()):
            method = "linear classifier"
            model = LogisticRegression(max_iter=1000)
            model.fit(self.embeddings[taught], self._clusters[taught])
            closeness = model.predict_proba(self.embeddings[free])
            unsure = closeness.max(axis=1) < UNSURE
        else:
            method = "nearest mean"
            means = [
                self.embeddings[
                    (self._clusters == number) & (self.placed if placed else True)
                ].mean(axis=0)
                for number, placed in zip(numbers, counts, strict=True)
            ]
            distances = euclidean_distances(self.embeddings[free], np.array(means))
            ranked = np.sort(distances, axis=1)
            closeness, unsure = -distances, ranked[:, 0] > CLOSE * ranked[:, 1]
        best = closeness.argmax(axis=1)
        clusters[free] = numbers[best]
        changes = np.flatnonzero(clusters != self._clusters)
        return Suggestion(clusters, changes, free[unsure], method)

    def accept(self, suggestion):
        """Put the images where a `Suggestion` says; those that you placed stay."""
        clusters = np.where(self.placed, self._clusters, suggestion.clusters)
        self._act("sorting.accept(sorting.suggest())", clusters=clusters)

    def labelled(self):
        """Return the images as an `ImageSet` whose labels are the names given.

        Images in clusters without a name, and those set aside, have the label -1.
        """
        class_names = tuple(dict.fromkeys(self.names[c] for c in sorted(self.names)))
        places = {c: class_names.index(name) for c, name in self.names.items()}
        labels = np.array([places.get(c, -1) for c in self._clusters.tolist()], np.int64)
        return replace(self.images, labels=labels, class_names=class_names)

    def save(self, path=None):
        """Write the CSV file: source, cluster, name, placed, and the sha256 of the pixels."""
        path = Path(path or self.path).expanduser()
        sources = self.images.sources or [""] * len(self.images)
        text = io.StringIO()
        table = csv.writer(text)
        table.writerow(COLUMNS)
        rows = zip(sources, self._clusters.tolist(), self.placed.tolist(), self.keys, strict=True)
        for source, cluster, placed, key in rows:
            fields = (printable_name(source), self.names.get(cluster, ""))
            source, name = (re.sub(f"^{label_file.FORMULA}", "'", field) for field in fields)
            table.writerow([source, cluster, name, "yes" if placed else "", key])
        try:
            atomic_write(path, text.getvalue().encode("utf-8-sig"))  # the mark Excel looks for
        except OSError as error:
            raise TutorError(
                f"{path} cannot be written: {error.strerror}. What you did is kept in this session "
                "alone. Close the file in other programs, or name another one: "
                'rt.Sorting(images, clusters, path="other.csv").'
            ) from None

    @property
    def keys(self):
        """The sha256 of each image's pixels, shortened: by it a file finds its images again."""
        if self._keys is None:
            self._keys = [image_key(image) for image in self.images.pixels]
        return self._keys

    def _act(self, line, clusters=None, names=None, placed=None):
        """Change the state, remember the one before, and store it."""
        self._past = [*self._past[-KEPT + 1 :], self._state()]
        self._future.clear()
        self._lines.append(line)
        before = self._state()
        self._restore(
            (
                before[0] if clusters is None else clusters,
                before[1] if names is None else names,
                before[2] if placed is None else placed,
            )
        )

    def _state(self):
        return self._clusters, self.names, self.placed

    def _restore(self, state):
        self._clusters, self.names, self.placed = state
        for function in self._listeners:
            function()
        if self.path is not None:
            self.save()

    def _known(self, cluster):
        """The number of a cluster, given by its number or its name."""
        numbers = set(self.sizes) | set(self.names)
        if isinstance(cluster, str):
            found = [number for number, name in self.names.items() if name == cluster]
            if found:
                return found[0]
        elif not isinstance(cluster, bool) and int(cluster) in numbers:
            return int(cluster)
        known = ", ".join(str(self.names.get(c, c)) for c in sorted(numbers))
        raise TutorError(f"There is no cluster {cluster!r}. There are: {known}.")

    def _new(self):
        return max([*self.sizes, *self.names, ASIDE]) + 1

    def _chosen(self, indices):
        try:
            chosen = np.unique(np.atleast_1d(np.arange(len(self.images))[indices]))
        except IndexError:
            chosen = np.array([], np.int64)
        if chosen.size == 0:
            raise TutorError(
                f"Choose images by their numbers, 0 to {len(self.images) - 1}, or by a mask; "
                f"received {indices!r}."
            )
        return chosen

    def _take_up(self):
        """Take up from the file what it says of images that are here."""
        try:
            text = self.path.read_bytes().decode("utf-8-sig")
            rows = list(csv.DictReader(io.StringIO(text, "")))
            stored = defaultdict(list)
            for row in rows:
                stored[row["sha256"]].append((int(row["cluster"]), row["name"], row["placed"]))
        except (OSError, ValueError, KeyError, TypeError, csv.Error) as error:
            raise TutorError(
                f"{self.path} cannot be read as a sorting: {error}. Expected is a CSV file with "
                f"the columns {', '.join(COLUMNS)}. Move it away, or name another file."
            ) from None
        for index, key in enumerate(self.keys):
            if stored[key]:  # the same image twice has two rows
                cluster, name, placed = stored[key].pop(0)
                self._clusters[index], self.placed[index] = cluster, bool(placed)
                if name and cluster >= 0:
                    self.names[cluster] = re.sub(f"^'{label_file.FORMULA}", "", name)
