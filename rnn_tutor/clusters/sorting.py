"""What a reader makes of clusters: names, moves, merges and splits, kept in a CSV file.

The map panel is a window on this object: every action of the panel is one call here.
"""

from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path

import numpy as np
from scipy.optimize import linear_sum_assignment
from sklearn.cluster import KMeans
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import confusion_matrix
from sklearn.metrics.pairwise import euclidean_distances

from rnn_tutor._errors import TutorError
from rnn_tutor._observable import Observable
from rnn_tutor._text import format_count, format_list
from rnn_tutor.images import label_file, stored_rows
from rnn_tutor.images.labels import image_key

ASIDE = -1  # the cluster of images that were set aside
COLUMNS = ("source", "cluster", "name", "placed", "sha256")
MORE = ("start", "size")  # the cluster where sorting began, and the size of the pixels
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


class Sorting(Observable):
    """Sort images into clusters by hand; every action can be undone and is stored at once.

    A file is taken up again, and one sentence says so. Where `clusters` group its images as they
    did when it was written, all is as you left it, and new images go where the others of their
    cluster went. Numbers do not matter here. Where `clusters` are others, the names and the images
    that you placed are taken up. A name goes to the cluster that shares most images with the named
    one, if they are more than half of it. Where there is no such cluster, the images that you
    placed under that name are a cluster of their own.

    Args:
        images: An `ImageSet` of n images.
        clusters: `(n,)` integers from 0, where sorting begins.
        embeddings: `(n, d)` numbers, in which clusters are split and similar images looked for;
            the pixels where None.
        path: A CSV file, or None to store nothing. Where the file exists, what it says of these
            images is taken up again. Rows of images that are not here stay in the file.

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
        super().__init__()
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
        self._keys = None
        self._start = self._clusters  # of the images
        self._others = []  # the rows of the file whose images are not here
        self._elsewhere = np.zeros(0, np.int64)  # and their clusters, which may be merged, too
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

        Args:
            cluster: Its number or name.
            name: The new name, str.

        Raises:
            TutorError: There is no such cluster, or the name has nothing to see.
        """
        cluster, tidied = self._known(cluster), label_file.tidy(str(name))
        names = {k: v for k, v in self.names.items() if k != cluster}
        if tidied:
            names[cluster] = tidied
        elif str(name).strip():
            raise TutorError(f'The name of a cluster is a text such as "Bag"; received {name!r}.')
        self._act(f"sorting.name({cluster}, {tidied!r})", names=names)

    def move(self, indices, cluster="new"):
        """Put images into a cluster.

        Args:
            indices: Indices, or a mask `(n,)` bool.
            cluster: Its number or name; "new", the default, for one of their own.

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
        merged, elsewhere = (
            np.where(np.isin(numbers, others), first, numbers)
            for numbers in (self._clusters, self._elsewhere)
        )
        line = f"sorting.merge({known})"
        self._act(line, clusters=merged, names=names, elsewhere=elsewhere)

    def split(self, cluster, parts=2, seed=0):
        """Split a cluster by k-means on its embeddings; the largest part keeps number and name.

        Args:
            cluster: Its number or name.
            parts: How many, int from 2. Default 2.
            seed: Of k-means, int. Default 0.

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
        """Take images out of all clusters; their files are not touched.

        Args:
            indices: Indices, or a mask `(n,)` bool.
        """
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
        """Put the images where a `Suggestion` says; those that you placed stay.

        Args:
            suggestion: From `suggest`.
        """
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
        """Write the CSV file: source, cluster, name, placed, the sha256 of the pixels, and more.

        Args:
            path: The file. Default: the `path` of this object.
        """
        path = Path(path or self.path).expanduser()
        size, sizes = stored_rows.size_of(self.images), self.sizes
        rows = [
            (source, cluster, self._stored_name(cluster), "yes" if placed else "", key, start, size)
            for source, cluster, placed, key, start in zip(
                stored_rows.sources_of(self.images),
                self._clusters.tolist(),
                self.placed.tolist(),
                self.keys,
                self._start.tolist(),
                strict=True,
            )
        ]
        for row, cluster in zip(self._others, self._elsewhere.tolist(), strict=True):
            is_here = cluster in sizes or cluster in self.names
            name = self._stored_name(cluster) if is_here else row["name"]
            kept = [row.get(column, "") for column in ("placed", "sha256", *MORE)]
            rows.append((row["source"], cluster, name, *kept))
        try:
            stored_rows.write(path, (*COLUMNS, *MORE), rows)
        except OSError as error:
            raise TutorError(
                f"{path} cannot be written: {error.strerror}. What you did is kept in this session "
                "alone. Close the file in other programs, or name another one: "
                'rt.Sorting(images, clusters, path="other.csv").'
            ) from None

    def _stored_name(self, cluster):
        return stored_rows.safe(self.names.get(cluster, ""))

    @property
    def keys(self):
        """The sha256 of each image's pixels, shortened: by it a file finds its images again."""
        if self._keys is None:
            self._keys = [image_key(image) for image in self.images.pixels]
        return self._keys

    def _act(self, line, clusters=None, names=None, placed=None, elsewhere=None):
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
                before[3] if elsewhere is None else elsewhere,
            )
        )

    def _state(self):
        return self._clusters, self.names, self.placed, self._elsewhere

    def _restore(self, state):
        self._clusters, self.names, self.placed, self._elsewhere = state
        self._emit()
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
        return max([*self.sizes, *self.names, *self._elsewhere.tolist(), ASIDE]) + 1

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
        """Take up from the file what it says of images that are here; see the class."""
        try:
            rows = stored_rows.read(self.path, COLUMNS)
            stored = np.array([int(row["cluster"]) for row in rows], np.int64)
            starts = np.array([int(row.get("start") or row["cluster"]) for row in rows], np.int64)
        except (OSError, ValueError) as error:
            raise TutorError(
                f"{self.path} cannot be read as a sorting: {error}. Expected is a CSV file with "
                f"the columns {', '.join(COLUMNS)}. Move it away, or name another file."
            ) from None
        if not rows:
            return
        found, by_source = stored_rows.match(rows, self.images, self.keys)
        known = np.flatnonzero(found >= 0)
        mine = found[known]  # the rows of the known images
        elsewhere = np.setdiff1d(np.arange(len(rows)), mine)
        placed = np.array([bool(row["placed"]) for row in rows])
        # Files of earlier versions do not say where sorting began; what was not placed began there.
        tells = np.array([bool(row.get("start")) for row in rows]) | ~placed
        names = {
            int(row["cluster"]): stored_rows.unsafe(row["name"])
            for row in rows
            if row["name"] and int(row["cluster"]) >= 0
        }
        self.placed[known] = placed[mine]
        if _are_alike(starts[mine][tells[mine]], self._start[known][tells[mine]]):
            begun = known[tells[mine]]
            # Numbers as in the file: the rows of other images keep where their sorting began.
            self._start = _renumbered(self._start, begun, starts[found[begun]], starts)
            self._clusters = _go_on(self._start, known, stored[mine], placed[mine], stored)
            numbers = {cluster: cluster for cluster in np.unique(stored).tolist()}
            words = f"{format_count(len(known), 'image')} as you left them"
        else:
            fixed = known[self.placed[known]]
            numbers = _partners(stored[mine], self._start[known])
            own = {*stored[found[fixed]].tolist(), *stored[elsewhere].tolist()}
            fresh = _fresh(self._start, stored)
            numbers |= {c: next(fresh) for c in sorted(own - {ASIDE} - set(numbers))}
            self._clusters = self._start.copy()
            self._clusters[fixed] = [numbers.get(c, ASIDE) for c in stored[found[fixed]].tolist()]
            words = (
                "the clusters are others now, so only names and the images that you placed are "
                f"taken up, {len(fixed):,} of them"
            )
        here = set(self._clusters[known].tolist())
        self.names = {numbers[c]: name for c, name in names.items() if numbers.get(c) in here}
        self._others = [rows[place] for place in elsewhere]
        self._elsewhere = np.array(
            [numbers.get(cluster, ASIDE) for cluster in stored[elsewhere].tolist()], np.int64
        )
        lost = [n for c, n in names.items() if c in stored[mine] and n not in self.names.values()]
        self._say(words, len(known), int(by_source.sum()), lost)

    def _say(self, words, known, by_source, lost):
        """Print one sentence about what was taken up."""
        parts = [words if known else "none of its images is here"]
        if lost:
            parts.append(f"no cluster is like {format_list(lost)}")
        if known and known < len(self.images):
            parts.append(f"new images: {len(self.images) - known:,}")
        if by_source:
            parts.append(f"at another size, found by their names alone: {by_source:,}")
        if self._others:
            parts.append(f"rows of other images, which stay in it: {len(self._others):,}")
        print(f"{self.path}: {'; '.join(parts)}.")


def _are_alike(first, second):
    """Return whether two clusterings group the same images together, whatever the numbers."""
    pairs = set(zip(first.tolist(), second.tolist(), strict=True))
    return 0 < len(pairs) == len(set(first.tolist())) == len(set(second.tolist()))


def _fresh(start, stored):
    """Return numbers of clusters that neither clustering has, one after the other."""
    return count(int(max(start.max(initial=ASIDE), stored.max())) + 1)


def _renumbered(start, known, stored, used):
    """Return a clustering with the numbers of a file, which has all of `used`, where it knows."""
    numbers = dict(zip(start[known].tolist(), stored.tolist(), strict=True))
    numbers[ASIDE], fresh = ASIDE, _fresh(start, used)
    for cluster in np.setdiff1d(start, [ASIDE, *start[known]]).tolist():
        numbers[cluster] = next(fresh) if cluster in used else cluster
    return np.array([numbers[cluster] for cluster in start.tolist()], np.int64)


def _go_on(start, known, stored, placed, used):
    """Return the stored cluster of known images; of new ones, where most of their cluster went."""
    clusters = start.copy()
    clusters[known] = stored
    fresh = _fresh(start, used)
    for cluster in np.setdiff1d(start, [ASIDE]).tolist():
        fellows = (start[known] == cluster) & (stored >= 0)
        if (fellows & ~placed).any():
            fellows &= ~placed
        new = np.setdiff1d(np.flatnonzero(start == cluster), known)
        if fellows.any():
            clusters[new] = np.bincount(stored[fellows]).argmax()
        elif cluster in used:  # by another cluster of the file
            clusters[new] = next(fresh)
    return clusters


def _partners(stored, start):
    """Return `{stored cluster: present one}` of those that share most of the present one."""
    in_both = (stored >= 0) & (start >= 0)
    stored, start = stored[in_both], start[in_both]
    if not len(stored):
        return {}
    numbers = np.union1d(stored, start)
    shared = confusion_matrix(stored, start, labels=numbers)
    pairs = zip(*linear_sum_assignment(shared, maximize=True), strict=True)
    return {
        int(numbers[i]): int(numbers[j]) for i, j in pairs if 2 * shared[i, j] > shared[:, j].sum()
    }
