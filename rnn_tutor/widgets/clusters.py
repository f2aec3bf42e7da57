"""The clustering panel: how many clusters, by which method, and what becomes of the pictures."""

import html

import numpy as np
from sklearn.base import clone

from rnn_tutor import plots
from rnn_tutor.clusters import evaluation
from rnn_tutor.clusters.clustering import Clustering
from rnn_tutor.clusters.projection import FEWEST_FOR_NEIGHBOURS, project
from rnn_tutor.widgets import _parts as parts

METHODS = {
    "k-means": "kmeans",
    "Gaussian mixture": "gaussian_mixture",
    "mixture, one shape (tied)": "tied_mixture",
}
MOST = 20  # clusters on the slider
SHOWN = 4  # pictures of each cluster on its border, and as many typical ones


class ClusterPanel(parts.Panel):
    """Clusters embeddings anew whenever a setting changes, and shows what came of it.

    embeddings: (n, d) numbers. images: the `ImageSet` they came from; labels, where there are any,
    only measure. clustering: `Clustering` to begin with. points: (n, 2), a map; PCA's if None.
    Where the clustering goes through UMAP, the map is UMAP's, too.

    `clustering` can be read and set; `clusters` and `fitted` are the result (they wait for it);
    `code` is the plain Python that gives the same, where the embeddings are called
    `embeddings` and the pictures `name`.
    """

    def __init__(self, embeddings, images, clustering=None, points=None, name="images"):
        clustering = clustering or Clustering(min(5, len(images)))
        self.embeddings, self._given, self._maps = embeddings, points, {}
        self._fitted = self._error = None
        controls = _controls(clustering, len(images))
        super().__init__("cluster", images, self._layout(controls), name)
        self._fields = parts.Fields(clustering, controls, self._changed)
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
    def fitted(self):
        """What `Clustering.fit` returned; waits for it. Raises what went wrong."""
        self.wait()
        if self._error:
            raise self._error
        return self._fitted

    @property
    def clusters(self):
        """The cluster of each picture, (n,) int64; waits for it."""
        return self.fitted.labels

    @property
    def code(self):
        """The lines of plain Python that give the same clusters."""
        clustering = parts.call("rt.Clustering", self.clustering)
        lines = f"clustering = {clustering}\nclusters = clustering.fit_predict(embeddings)"
        if self.images.has_labels:
            lines += f"\nrt.evaluation.scores({self.name}.labels, clusters)"
        return lines

    def wait(self, timeout=None):
        """Block until the newest settings are shown; returns whether they are."""
        return self._work.wait(timeout)

    def _changed(self):
        self._code.value = parts.code(self.code)
        slowly = ""
        if self.clustering.umap:
            slowly = " UMAP takes 7 to 15 s for 5,000 pictures, and as long again for a new map."
        self._status.value = f'<span class="rt-quiet">working ...{slowly}</span>'
        self._work.submit(self.clustering)

    def _show(self, clustering):
        """Clusters and shows; on a thread of its own."""
        try:
            self._error, self._fitted = None, clone(clustering).fit(self.embeddings)
            self._show_result(self._fitted, *self._map_of(clustering))
        except Exception as error:
            self._error = error
            self._status.value = parts.sentence(error)

    def _map_of(self, clustering):
        """The points (n, 2) of the map on which a clustering is shown, and what map that is."""
        if not clustering.umap and self._given is not None:
            return self._given, "The map that was given"
        different = len(np.unique(self.embeddings, axis=0))
        through_umap = clustering.umap and different >= FEWEST_FOR_NEIGHBOURS
        kind = ("umap", clustering.seed) if through_umap else ("pca", 0)
        if kind not in self._maps:
            self._maps[kind] = project(self.embeddings, *kind)
        return self._maps[kind], {"umap": "UMAP's map", "pca": "PCA's map"}[kind[0]]

    def _show_result(self, fitted, points, title):
        scores = evaluation.scores(self.images.labels, fitted.labels)
        drawn = plots.embedding_map(points, self.images, fitted.labels, title=title)
        self._map.value = drawn.html()
        self._examples.value = _examples(self.images, fitted)
        if scores:
            table = evaluation.contingency(
                self.images.labels, fitted.labels, self.images.n_classes, fitted.n_clusters
            )
            self._table.value = plots.contingency(table, self.images.class_names).html()
        self._status.value = f"<b>{_sizes(fitted)}</b><br>{html.escape(_sentence(scores))}"

    def _layout(self, controls):
        self._status, self._code = parts.text(), parts.text(flex="1 1 350px")
        self._map, self._examples = parts.text(flex="1 1 420px"), parts.text(flex="0 1 372px")
        self._table = parts.text(flex="1 1 400px")
        return [
            parts.title("Cluster the embeddings"),
            parts.grid(*controls.values()),
            self._status,
            parts.wrapped(self._map, self._examples),
            parts.wrapped(self._table, self._code),
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
                parts.thumbnail(images.pixels[i], f"picture {i}, {what} cluster {cluster}", 36)
                for i in chosen
            )
            for what, chosen in found.items()
        ]
        strips = "".join(f'<span class="rt-strip">{strip}</span>' for strip in strips)
        rows.append(parts.chip(cluster, plots.style(cluster)[0]) + strips)
    return f'<div class="rt-examples">{"".join(rows)}</div>'
