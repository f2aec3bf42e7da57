"""The clustering panel: how many clusters, by which method, and what becomes of the images."""

import html

import numpy as np
from sklearn.base import clone

from rnn_tutor import plots
from rnn_tutor._errors import TutorError
from rnn_tutor.clusters import evaluation
from rnn_tutor.clusters.clustering import Clustering
from rnn_tutor.clusters.projection import FEWEST_FOR_NEIGHBOURS, project
from rnn_tutor.widgets import _parts as parts
from rnn_tutor.widgets.map import MapPanel

METHODS = {
    "k-means": "kmeans",
    "Gaussian mixture": "gaussian_mixture",
    "mixture, one shape (tied)": "tied_mixture",
}
MAPS = {"PCA": "pca", "t-SNE": "tsne", "UMAP": "umap"}
GIVEN = "given"  # the map that the panel was given
MOST = 20  # clusters on the slider
SHOWN = 4  # images of each cluster on its border, and as many typical ones


class ClusterPanel(parts.Panel):
    """Cluster embeddings anew whenever a setting changes, and show what came of it on a live map.

    Args:
        embeddings: `(n, d)` numbers.
        images: The `ImageSet` of n images they came from; labels only measure.
        clustering: The `Clustering` to begin with; five clusters by k-means where None.
        points: `(n, 2)` numbers, a map of your own; PCA's where None.
        name: The variable that holds the images, for the code that the panel shows; the embeddings
            are called `embeddings`.

    Attributes:
        clustering: The `Clustering` that the controls show; can be set.
        projection: How the map is drawn, "pca", "tsne", "umap" or "given"; can be set.
        fitted: What `Clustering.fit` returned; waits for it.
        clusters: `(n,)` int64; waits for it.
        map: The `MapPanel`.
        code: The lines of Python that give the same.

    Raises:
        TutorError: The parts do not fit together.

    Example:
        >>> import rnn_tutor as rt
        >>> images = rt.load_images("digits", limit=100)
        >>> embeddings = images.as_float().reshape(100, -1)
        >>> panel = rt.widgets.ClusterPanel(embeddings, images, rt.Clustering(3))
        >>> panel.clustering = rt.Clustering(4)
        >>> panel.clusters.max()
        np.int64(3)
    """

    def __init__(self, embeddings, images, clustering=None, points=None, name="images"):
        clustering = clustering or Clustering(min(5, len(images)))
        self.embeddings = embeddings
        self._maps = {} if points is None else {GIVEN: points}
        self._fitted = self._error = self._asked = None
        controls = _controls(clustering, len(images))
        drawn = MAPS if points is None else {"the one given": GIVEN} | MAPS
        self._projection = parts.choice("Map", drawn, next(iter(drawn.values())))
        nowhere = np.zeros((len(images), 2))
        self.map = MapPanel(images, nowhere, embeddings=embeddings, name=name, correct=False)
        super().__init__("cluster", images, self._layout(controls), name)
        self._fields = parts.Fields(clustering, controls, self._changed)
        self._projection.observe(lambda change: self._changed(), "value")
        self._work = parts.DebouncedWorker(self._show)
        self._changed()

    @property
    def clustering(self):
        """The `Clustering` that the controls show; setting it moves the controls."""
        return self._fields.value

    @clustering.setter
    def clustering(self, clustering):
        self._fields.value = clustering

    @property
    def projection(self):
        """How the map is drawn: "pca", "tsne", "umap" or "given"; setting it draws it anew."""
        return self._projection.value

    @projection.setter
    def projection(self, method):
        known = [meant for _, meant in self._projection.options]
        if method not in known:
            raise TutorError(f"Maps are drawn by {', '.join(map(repr, known))}; not {method!r}.")
        self._projection.value = method

    @property
    def fitted(self):
        """What `Clustering.fit` returned; waits for it. Raises what went wrong."""
        self.wait()
        if self._error:
            raise self._error
        return self._fitted

    @property
    def clusters(self):
        """The cluster of each image, `(n,)` int64; waits for it."""
        return self.fitted.labels

    @property
    def code(self):
        """The lines of plain Python that give the same clusters."""
        clustering = parts.call("rt.Clustering", self.clustering)
        lines = f"clustering = {clustering}\nclusters = clustering.fit_predict(embeddings)"
        if self.projection != GIVEN:
            lines += f'\npoints = rt.clustering.project(embeddings, "{self.projection}")'
        if self.images.has_labels:
            lines += f"\nrt.evaluation.scores({self.name}.labels, clusters)"
        return lines

    def wait(self, timeout=None):
        """Block until the newest settings are shown; return whether they are.

        Args:
            timeout: Seconds to wait at most, or None.
        """
        return self._work.wait(timeout)

    def close(self):
        """Close the panel and its map."""
        self.map.close()
        super().close()

    def _changed(self):
        self._code.value = parts.code(self.code)
        slowly = ""
        if self.clustering.umap or self.projection not in (*self._maps, "pca"):
            slowly = " UMAP takes 7 to 15 s for 5,000 pictures, t-SNE about 28 s."
        self._status.value = f'<span class="rt-quiet">working ...{slowly}</span>'
        self._work.submit((self.clustering, self.projection))

    def _show(self, asked):
        """Cluster and show; on a thread of its own."""
        clustering, projection = asked
        try:
            if self._asked != clustering or self._error:
                self._asked, self._error = clustering, None
                self._fitted = clone(clustering).fit(self.embeddings)
                self._show_result(self._fitted)
            points, title = self._drawn(projection)
            self.map.replace(points, self._fitted.labels, title)
            self._say()
        except Exception as error:
            self._error = error
            self._status.value = parts.sentence(error)

    def _drawn(self, projection):
        """The points `(n, 2)` of a map, and what map that is; each is computed once."""
        few = len(np.unique(self.embeddings, axis=0)) < FEWEST_FOR_NEIGHBOURS
        if few and projection != GIVEN:
            projection = "pca"
        if projection not in self._maps:
            self._maps[projection] = project(self.embeddings, projection)
        name = {method: name for name, method in MAPS.items()}.get(projection)
        return self._maps[projection], f"{name}'s map" if name else "The map that was given"

    def _show_result(self, fitted):
        self._examples.value = _examples(self.images, fitted)
        if evaluation.scores(self.images.labels, fitted.labels):
            table = evaluation.contingency(
                self.images.labels, fitted.labels, self.images.n_classes, fitted.n_clusters
            )
            self._table.value = parts.figure(plots.contingency(table, self.images.class_names))

    def _say(self):
        scores = evaluation.scores(self.images.labels, self._fitted.labels)
        self._status.value = f"<b>{_sizes(self._fitted)}</b><br>{html.escape(_sentence(scores))}"

    def _layout(self, controls):
        self._status, self._code = parts.text(), parts.text()
        self._examples, self._table = parts.text(flex="0 1 372px"), parts.text(flex="1 1 400px")
        return [
            parts.title("Cluster the embeddings"),
            parts.grid(*controls.values(), self._projection),
            self._status,
            self.map,
            parts.wrapped(self._examples, self._table),
            self._code,
        ]


def _controls(clustering, n):
    counts = range(2, max(3, min(MOST, n)) + 1)
    return {
        "n_clusters": parts.Number("Clusters", clustering.n_clusters, counts, 1, 10_000),
        "method": parts.choice("Method", METHODS, clustering.method),
        "seed": parts.Number("Seed", clustering.seed, range(21), 0, 2**32 - 1),
        "umap": parts.tick("through UMAP first (slower)", clustering.umap),
    }


def _sentence(scores):
    if not scores:
        return str(scores)
    return f"Measured with the labels, which took no part: {scores}."


def _sizes(fitted):
    smallest, largest = fitted.sizes.min(), fitted.sizes.max()
    return f"{fitted.n_clusters} clusters of {smallest:,} to {largest:,} pictures."


def _examples(images, fitted):
    """A row for each cluster: its number in its colour, its border, its most typical images."""
    rows = ["<span></span><b>on the border</b><b>most typical</b>"]
    for cluster in range(fitted.n_clusters):
        found = {
            "on the border of": fitted.borderline(cluster, SHOWN),
            "typical of": fitted.typical(cluster, SHOWN),
        }
        strips = [
            "".join(
                parts.thumbnail(images[i].pixels[0], f"picture {i}, {what} cluster {cluster}", 36)
                for i in chosen
            )
            for what, chosen in found.items()
        ]
        strips = "".join(f'<span class="rt-strip">{strip}</span>' for strip in strips)
        rows.append(parts.chip(cluster, plots.style(cluster)[0]) + strips)
    return f'<div class="rt-examples">{"".join(rows)}</div>'
