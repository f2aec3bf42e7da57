"""The live map: look at images where a network placed them, select, name and correct them.

The browser draws; what it needs comes in messages and not in the widget's state, so that a saved
notebook stays small. Every correction is a call of the panel's `Sorting`.
"""

import numpy as np
import traitlets
from sklearn.metrics.pairwise import euclidean_distances
from sklearn.neighbors import NearestNeighbors

from rnn_tutor import plots
from rnn_tutor._cv2 import cv2
from rnn_tutor._errors import TutorError
from rnn_tutor._text import format_count
from rnn_tutor.clusters.projection import check_embeddings
from rnn_tutor.clusters.sorting import Sorting
from rnn_tutor.plots.figure import COLOURS, MORE_COLOURS
from rnn_tutor.widgets._front import Scripted
from rnn_tutor.widgets._parts import close_earlier

NEIGHBOURS = 8
PRECOMPUTED = 10_000  # images up to which neighbours are sent along, for a busy kernel
SHEET_SIDE = 2048  # pixels, of one sheet of images
SHEET_PIXELS = 60_000_000  # of all sheets together; beyond, images are sent smaller
PICKED = 60  # images that "most typical" and the like select


class MapPanel(Scripted, script="map.js", style="map.css"):
    """Show images on a map that can be zoomed, searched, selected from and corrected.

    The map was tried in JupyterLab, Notebook 7 and Voila. VS Code and Colab should show it, too,
    once they have loaded anywidget's script from the network: in VS Code the setting
    `jupyter.widgetScriptSources` allows that, and in Colab anywidget asks for it. Colab shows
    nothing that a thread sends. The map answers without threads; the panels that work on one, such
    as `ClusterPanel`, stand still there. Where no front end runs, a still figure takes its place.

    Args:
        images: An `ImageSet` of n images. Labels, where there are any, only caption and colour.
        points: `(n, 2)` numbers, a place for each image, as from `clustering.project`.
        clusters: `(n,)` integers from 0, or a `Sorting` to go on with; one cluster where None.
        embeddings: `(n, d)` numbers in which neighbours are looked for; the points where None.
        doubt: `(n,)` numbers from 0, sure, to 1; where None, how nearly the second-nearest
            cluster's mean is as close as the own one.
        columns: More to colour by: `{name: (n,) numbers or texts}`.
        path: A CSV file that keeps what you do with the map, or None. Where it exists, it is taken
            up again.
        name: The variable that holds the images, for the code that the panel shows.
        title: A line above the map, such as how it was drawn.
        correct: Whether the panel offers to name, move, merge and split.

    Attributes:
        sorting: The `Sorting` that the panel works on.
        selection: `(k,)` int64, the images that are selected; can be set.
        pinned: The image that is pinned, or -1; can be set.
        colour: What the points are coloured by: "cluster", "name", "label", "doubt" or a column.

    Raises:
        TutorError: The parts do not fit together.

    Example:
        >>> import numpy as np
        >>> import rnn_tutor as rt
        >>> images = rt.load_images("digits", limit=30)
        >>> panel = rt.widgets.MapPanel(images, np.random.default_rng(0).normal(size=(30, 2)))
        >>> panel.sorting.move([3, 5])
        1
    """

    # A view of bytes written in the browser arrives as a memoryview, which Bytes would refuse.
    _selection = traitlets.Bytes(b"").tag(sync=True, from_json=lambda value, _: bytes(value))
    pinned = traitlets.Int(-1).tag(sync=True)
    colour = traitlets.Unicode("cluster").tag(sync=True)
    title = traitlets.Unicode("").tag(sync=True)
    correct = traitlets.Bool(True).tag(sync=True)

    def __init__(
        self,
        images,
        points,
        clusters=None,
        *,
        embeddings=None,
        doubt=None,
        columns=None,
        path=None,
        name="images",
        title="",
        correct=True,
    ):
        super().__init__(title=title, correct=correct)
        self.images, self.name = images, name
        n = len(images)
        self._points = _checked_points(points, n)
        if embeddings is not None and len(check_embeddings(embeddings)) != n:
            raise TutorError(
                f"Expected an embedding for each of {n} images; not {len(embeddings)}."
            )
        self._first_line = "sorting = panel.sorting"
        if not isinstance(clusters, Sorting):
            start = np.zeros(n, np.int64) if clusters is None else clusters
            where = self._points if embeddings is None else embeddings
            called = f"np.zeros({n}, int)" if clusters is None else "clusters"
            called += ", points" if embeddings is None else ", embeddings"
            called += f", {str(path)!r}" if path else ""
            self._first_line = f"sorting = rt.Sorting({name}, {called})"
            clusters = Sorting(images, start, where, path)
        self.sorting = clusters
        self._doubt = None if doubt is None else _checked_column("doubt", doubt, n)
        self._columns = {k: _checked_column(k, v, n) for k, v in (columns or {}).items()}
        self._search, self._suggestion, self._nearest_to_all = None, None, None
        self._acting = False
        self.sorting.on_change(self._changed)
        self.on_msg(self._receive)
        close_earlier(self)

    @property
    def selection(self):
        """The selected images, `(k,)` int64 in rising order; setting it selects them."""
        return np.sort(np.frombuffer(self._selection, np.int32).astype(np.int64))

    @selection.setter
    def selection(self, indices):
        chosen = np.arange(len(self.images))[indices]
        self._selection = np.atleast_1d(chosen).astype(np.int32).tobytes()

    @property
    def doubt(self):
        """`(n,)` float32 from 0, sure, to 1, on the border; NaN for images set aside."""
        return self._doubt if self._doubt is not None else self._distances()[1]

    @property
    def code(self):
        """The lines of Python that do what was done with the map."""
        lines = [self._first_line, *(self.sorting.history or ("# nothing was changed yet",))]
        if self.sorting.path is not None:  # a second time, splitting would split again
            lines[1:] = ["# the file holds what was done:", *("# " + line for line in lines[1:])]
        return "\n".join(lines)

    def neighbours(self, index, n=NEIGHBOURS):
        """Return the indices of the n images nearest to one in the embedding, nearest first."""
        if not 0 <= index < len(self.images):
            raise TutorError(f"Images are numbered 0 to {len(self.images) - 1}; not {index}.")
        return self._nearest(self.sorting.embeddings[index : index + 1], n + 1, [index])[0]

    def typical(self, cluster=None, n=PICKED):
        """Return the n images nearest to the mean of their cluster, of one cluster or of all."""
        return self._ranked(self._distances()[0], cluster, n)

    def border(self, cluster, n=PICKED):
        """Return the n images of a cluster that most nearly belong to another."""
        return self._ranked(-self.doubt, cluster, n)

    def doubtful(self, n=PICKED):
        """Return the n images of all clusters whose place is least clear."""
        return self._ranked(-self.doubt, None, n)

    def replace(self, points, clusters, title=""):
        """Show other points and clusters of the same images; corrections made so far are dropped.

        Args:
            points: `(n, 2)` numbers.
            clusters: `(n,)` integers from 0.
            title: The line above the map.
        """
        self._points = _checked_points(points, len(self.images))
        self.sorting.forget(self._changed)
        self.sorting = Sorting(self.images, clusters, self.sorting.embeddings)
        self.sorting.on_change(self._changed)
        self.title, self._suggestion = title, None
        self._send_data()
        self._send_state()

    def figure(self):
        """Return the map as a still `Picture`, coloured by cluster."""
        sizes = self.sorting.sizes
        names = [
            self.sorting.names.get(k, f"cluster {k}") for k in range(max(sizes, default=0) + 1)
        ]
        clusters, title = self.sorting.clusters, self.title or None
        return plots.embedding_map(self._points, self.images, clusters, names, title=title)

    def __repr__(self):
        return f"MapPanel({self.images.name}: {format_count(len(self.images), 'image')})"

    def _repr_mimebundle_(self, **options):
        """Return the live widget and, for where none can run, the still figure."""
        bundle = super()._repr_mimebundle_(**options)
        data, metadata = bundle if isinstance(bundle, tuple) else (bundle, {})
        return {"text/plain": repr(self), "text/html": self.figure().html()} | {
            kind: content for kind, content in data.items() if kind != "text/plain"
        }, metadata

    def close(self):
        """Take the map off the page and let go of what it held."""
        self.sorting.forget(self._changed)
        if self.layout is not None:
            self.layout.close()
        super().close()

    # What the browser asks for

    def _receive(self, _, message, buffers):
        try:
            if message["type"] == "ready":
                self._send_data()
                self._send_state()
            elif message["type"] == "sheet":
                self._send_sheet(int(message["number"]))
            elif message["type"] == "neighbours":
                index = int(message["index"])
                found = self.neighbours(index).astype(np.int32)
                self.send({"type": "neighbours", "index": index}, [found.tobytes()])
            elif message["type"] == "pick":
                self._pick(message["what"], message.get("cluster"))
            elif message["type"] == "act":
                self._act(message["action"], message["values"])
        except TutorError as error:
            self.send({"type": "say", "words": str(error), "alarm": True})

    def _changed(self):
        if not self._acting:
            self._send_state()

    def _act(self, action, values):
        """Do what a button asks for, and say what was done."""
        if action == "suggest":
            self._suggestion = self.sorting.suggest()
            self.selection = self._suggestion.changes
            words = f"{self._suggestion}. Dashed rings mark the doubtful ones."
            if len(self._suggestion.changes):
                words += " Those that would change are selected."
            return self._send_state(words)
        if action == "drop":
            self._suggestion = None
            return self._send_state("Nothing was changed.")
        accepted, self._suggestion, words = self._suggestion, None, ""
        self._acting = True
        try:
            if action == "accept" and accepted is not None:
                self.sorting.accept(accepted)
                words = f"{format_count(len(accepted.changes), 'image')} went where the names say."
            elif action in ACTIONS:
                words = ACTIONS[action](self.sorting, *values)
        finally:  # a file that cannot be written comes after the change
            self._acting = False
            self._send_state(words)

    def _pick(self, what, cluster):
        if what == "typical":
            chosen, words = self.typical(cluster), "The most typical images"
        elif what == "border":
            chosen, words = self.border(cluster), "Images on the border"
        else:
            chosen, words = self.doubtful(), "The most doubtful images of all clusters"
        if what != "doubtful" and cluster is not None:
            words += f" of cluster {cluster}"
        words = f"{words}: {len(chosen)} are selected. Click one to see why it lies there."
        self.send({"type": "pick", "words": words}, [chosen.astype(np.int32).tobytes()])

    def _send_data(self):
        n = len(self.images)
        columns, values = [], []
        if self.images.has_labels:
            columns.append(
                {"name": "label", "kind": "category", "categories": list(self.images.class_names)}
            )
            values.append(self.images.labels.astype(np.int32).tobytes())
        for name, column in self._columns.items():
            if column.dtype.kind == "f":
                columns.append({"name": name, "kind": "number"})
                values.append(column.astype(np.float32).tobytes())
            else:
                categories, places = np.unique(column, return_inverse=True)
                known = [str(category) for category in categories]
                columns.append({"name": name, "kind": "category", "categories": known})
                values.append(places.astype(np.int32).tobytes())
        near = min(NEIGHBOURS, n - 1) if n <= PRECOMPUTED else 0
        if near and self._nearest_to_all is None:
            found = self._nearest(self.sorting.embeddings, near + 1, np.arange(n))
            self._nearest_to_all = found.astype(np.int32)
        nearest = self._nearest_to_all.tobytes() if near else b""
        height, width = self._cell()
        shares = [(self._own_widths() / width).astype(np.float32).tobytes()]
        self.send(
            {
                "type": "data",
                "n": n,
                "ragged": self.images.is_ragged,
                "near": near,
                "cell": [width, height],
                "sheet_size": self._sheet_size(),
                "columns": columns,
                "palette": [*COLOURS, *MORE_COLOURS],
            },
            [
                _unit_square(self._points).tobytes(),
                nearest,
                *values,
                *(shares if self.images.is_ragged else []),
            ],
        )

    def _send_state(self, words=""):
        sorting, suggestion = self.sorting, self._suggestion
        own, doubt, other = self._distances()
        doubt = doubt if self._doubt is None else self._doubt
        typical = {cluster: int(self._ranked(own, cluster, 1)[0]) for cluster in sorting.sizes}
        images = format_count(len(self.images), "image")
        clusters = f"{images} in {format_count(len(sorting.sizes), 'cluster')}."
        self.send(
            {
                "type": "state",
                "names": sorting.names,
                "sizes": sorting.sizes,
                "typical": typical,
                "code": self.code,
                "can_undo": sorting.can_undo,
                "can_redo": sorting.can_redo,
                "suggestion": suggestion is not None,
                "words": words or clusters,
            },
            [
                sorting.clusters.astype(np.int32).tobytes(),
                doubt.astype(np.float32).tobytes(),
                other.astype(np.int32).tobytes(),
                *([suggestion.doubtful.astype(np.int32).tobytes()] if suggestion else []),
            ],
        )

    def _send_sheet(self, number):
        size, (height, width) = self._sheet_size(), self._cell()
        chosen = range(number * size, min((number + 1) * size, len(self.images)))
        columns = max(1, SHEET_SIDE // width)
        rows = -(-len(chosen) // columns)
        channels = self.images.shape[2]
        sheet = np.zeros((rows * height, min(columns, len(chosen)) * width, channels), np.uint8)
        shown = self.images[chosen.start : chosen.stop].list_of_pixels
        own_widths = self._own_widths()[chosen.start : chosen.stop].tolist()
        for place, (image, own) in enumerate(zip(shown, own_widths, strict=True)):
            if image.shape[:2] != (height, own):
                image = cv2.resize(image, (own, height), interpolation=cv2.INTER_AREA)
            y, x = place // columns * height, place % columns * width
            sheet[y : y + height, x : x + own] = image.reshape(height, own, channels)
        if channels == 3:
            kind, options = ".jpg", [cv2.IMWRITE_JPEG_QUALITY, 92]
            sheet = cv2.cvtColor(sheet, cv2.COLOR_RGB2BGR)
        else:
            kind, options = ".png", [cv2.IMWRITE_PNG_COMPRESSION, 3]
        encoded = cv2.imencode(kind, sheet, options)[1].tobytes()
        sources = self.images.sources
        self.send(
            {
                "type": "sheet",
                "number": number,
                "first": chosen.start,
                "columns": columns,
                "sources": [sources[i] if sources else f"image {i}" for i in chosen],
            },
            [encoded],
        )

    def _cell(self):
        """The height and width at which images are sent: their own unless all would be too much."""
        height, width = self.images.pixels.shape[1:3]  # of strips, the width of the widest
        scale = min(1.0, (SHEET_PIXELS / (len(self.images) * height * width)) ** 0.5)
        scale = min(scale, SHEET_SIDE / max(height, width))
        return max(1, int(height * scale)), max(1, int(width * scale))

    def _own_widths(self):
        """The width at which each image is sent, `(n,)` int: of strips each has its own."""
        _, width = self._cell()
        own = self.images.widths * width / self.images.pixels.shape[2]
        return own.round().astype(int).clip(1)

    def _sheet_size(self):
        height, width = self._cell()
        return max(1, SHEET_SIDE // height) * max(1, SHEET_SIDE // width)

    # Distances

    def _nearest(self, queries, n, own):
        """Indices `(q, n - 1)` of the nearest images, the queries themselves left out."""
        if self._search is None:
            self._search = NearestNeighbors(algorithm="brute").fit(self.sorting.embeddings)
        n = min(n, len(self.images))
        found = self._search.kneighbors(queries, n, return_distance=False)
        is_own = found == np.asarray(own)[:, None]
        is_own[~is_own.any(axis=1), -1] = True  # hidden behind identical images: drop the farthest
        return found[~is_own].reshape(len(found), n - 1)

    def _distances(self):
        """Distance `(n,)` to the own cluster's mean, doubt, and the cluster next nearest."""
        points, clusters = self.sorting.embeddings, self.sorting.clusters
        numbers = np.array(list(self.sorting.sizes), np.int64)
        own, doubt = np.full((2, len(points)), np.nan, np.float32)
        other = np.full(len(points), -1)
        kept = np.flatnonzero(clusters >= 0)
        if not len(kept):
            return own, doubt, other
        means = np.array([points[clusters == number].mean(axis=0) for number in numbers])
        distances = euclidean_distances(points[kept], means)
        place = np.searchsorted(numbers, clusters[kept])
        own[kept] = distances[np.arange(len(kept)), place]
        doubt[kept] = 0
        if len(numbers) > 1:
            distances[np.arange(len(kept)), place] = np.inf
            other[kept] = numbers[distances.argmin(axis=1)]
            next_one = distances.min(axis=1)
            doubt[kept] = np.minimum(own[kept] / np.where(next_one > 0, next_one, np.inf), 1)
        return own, doubt, other

    def _ranked(self, values, cluster, n):
        members = np.flatnonzero(np.isfinite(values))
        if cluster is not None:
            members = members[self.sorting.clusters[members] == cluster]
        return members[np.argsort(values[members], kind="stable")[:n]]


def _called(sorting, cluster):
    """What a cluster is called in a sentence, by its number, or by its name."""
    cluster = next((k for k, name in sorting.names.items() if name == cluster), cluster)
    return f"{cluster}: {sorting.names[cluster]}" if cluster in sorting.names else str(cluster)


def _name(sorting, cluster, name):
    sorting.name(cluster, name)
    named = f"is called {sorting.names[cluster]}" if cluster in sorting.names else "has no name"
    return f"Cluster {cluster} {named}."


def _move(sorting, indices, cluster):
    target = sorting.move(indices, cluster)
    return f"{format_count(len(indices), 'image')} moved to cluster {_called(sorting, target)}."


def _merge(sorting, clusters):
    sorting.merge(clusters)
    return f"Clusters {' and '.join(map(str, clusters))} are one, {_called(sorting, clusters[0])}."


def _split(sorting, cluster):
    parts = (f"{k} with {sorting.sizes[k]:,}" for k in sorting.split(cluster))
    return f"Cluster {cluster} is split: {', '.join(parts)}."


def _set_aside(sorting, indices):
    sorting.set_aside(indices)
    return f"{format_count(len(indices), 'image')} set aside."


def _undo(sorting):
    line = sorting.history[-1:]
    return f"Undone: {line[0]}" if sorting.undo() else "There is nothing to undo."


def _redo(sorting):
    return f"Done again: {sorting.history[-1]}" if sorting.redo() else "There is nothing to redo."


ACTIONS = {
    "name": _name,
    "move": _move,
    "merge": _merge,
    "split": _split,
    "set_aside": _set_aside,
    "undo": _undo,
    "redo": _redo,
}


def _checked_points(points, n):
    points = np.asarray(points, np.float32)
    if points.shape != (n, 2) or not np.isfinite(points).all():
        raise TutorError(
            f"Expected a map: a place (x, y) for each of {n} images, finite; received the shape "
            f"{points.shape}. `rt.clustering.project(embeddings)` makes one."
        )
    return points


def _checked_column(name, values, n):
    values = np.asarray(values)
    if values.shape != (n,):
        raise TutorError(
            f"Column {name!r} takes a value for each of {n} images; it has the shape "
            f"{values.shape}."
        )
    return values.astype(np.float32) if values.dtype.kind in "fc" else values


def _unit_square(points):
    """The points moved and scaled into the unit square, y upwards, both axes by the same factor."""
    low, high = points.min(axis=0), points.max(axis=0)
    scaled = (points - (low + high) / 2) / max(float((high - low).max()), 1e-9)
    return np.ascontiguousarray(scaled * (1, -1) + 0.5, np.float32)
