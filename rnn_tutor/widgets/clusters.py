"""The clustering panel: how many clusters, by which method, and what becomes of the pictures."""

import html

from rnn_tutor import evaluation, plots
from rnn_tutor.clustering import Clustering, project
from rnn_tutor.widgets import _parts as parts

METHODS = {
    "k-means": "kmeans",
    "Gaussian mixture": "gaussian_mixture",
    "mixture, one shape (tied)": "tied_mixture",
}
MOST = 20  # clusters on the slider
SHOWN = 6  # typical pictures of each cluster


class ClusterPanel(parts.Panel):
    """Clusters embeddings anew whenever a setting changes, and shows what came of it.

    embeddings: (n, d) numbers. images: the `ImageSet` they came from; labels, where there are any,
    only measure. clustering: `Clustering` to begin with. points: (n, 2), a map; PCA's if None.

    `clustering` can be read and set; `clusters` and `fitted` are the result (they wait for it);
    `code` is the plain Python that gives the same, where the embeddings are called
    `embeddings` and the pictures `name`.
    """

    def __init__(self, embeddings, images, clustering=None, points=None, name="images"):
        clustering = clustering or Clustering(min(5, len(images)))
        self.embeddings, self._points = embeddings, points
        self._fitted = self._error = None
        controls = _controls(clustering, len(images))
        super().__init__("cluster", images, self._layout(controls), name)
        self._fields = parts.Fields(clustering, controls, self._changed)
        self._work = parts.Latest(self._show)
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
        slowly = " UMAP takes 7 to 15 s for 5,000 pictures." if self.clustering.umap else ""
        self._status.value = f'<span class="rt-quiet">working ...{slowly}</span>'
        self._work.ask(self.clustering)

    def _show(self, clustering):
        """Clusters and shows; on a thread of its own."""
        try:
            self._error, self._fitted = None, clustering.fit(self.embeddings)
            if self._points is None:
                self._points = project(self.embeddings)
            self._show_result(self._fitted)
        except Exception as error:
            self._error = error
            self._status.value = parts.sentence(error)

    def _show_result(self, fitted):
        scores = evaluation.scores(self.images.labels, fitted.labels)
        drawn = plots.embedding_map(self._points, self.images, fitted.labels)
        self._map.value = drawn.html()
        self._typical.value = _typical(self.images, fitted)
        if scores:
            table = evaluation.contingency(
                self.images.labels, fitted.labels, self.images.n_classes, fitted.n_clusters
            )
            self._table.value = plots.contingency(table, self.images.class_names).html()
        self._status.value = f"<b>{_sizes(fitted)}</b><br>{html.escape(_sentence(scores))}"

    def _layout(self, controls):
        self._status, self._code = parts.text(), parts.text(flex="1 1 350px")
        self._map, self._typical = parts.text(flex="1 1 420px"), parts.text(flex="0 1 300px")
        self._table = parts.text(flex="1 1 400px")
        return [
            parts.title("Cluster the embeddings"),
            parts.grid(*controls.values()),
            self._status,
            parts.wrapped(self._map, self._typical),
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


def _typical(images, fitted):
    """A strip for each cluster: its number in its colour, then its most typical pictures."""
    rows = ['<div class="rt-head">Most typical</div>']
    for cluster in range(fitted.n_clusters):
        pictures = [
            parts.thumbnail(images.pixels[i], f"picture {i}, typical of cluster {cluster}", 36)
            for i in fitted.typical(cluster, SHOWN)
        ]
        name = parts.chip(cluster, plots.style(cluster)[0])
        rows.append(f'<div class="rt-strip">{name}{"".join(pictures)}</div>')
    return "".join(rows)
