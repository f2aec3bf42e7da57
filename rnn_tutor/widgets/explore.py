"""The panel to explore: one picture, its place on the map, and its nearest neighbours."""

import html

import ipywidgets as widgets
import numpy as np

from rnn_tutor import plots
from rnn_tutor._errors import TutorError
from rnn_tutor.widgets import _parts as parts

NEIGHBOURS = 8


class ExplorePanel(parts.Panel):
    """Walks through a map of pictures, cluster by cluster, from the most typical picture outwards.

    points: (n, 2), a map. images: the `ImageSet`; labels only caption. embeddings: (n, d) numbers,
    in which neighbours are looked for. clusters: (n,) integers from 0.

    `picture` is the index of the picture that is shown and can be set; `neighbours` are the indices
    of those nearest to it; `code` is the plain Python that finds them, where `embeddings` and
    `images` are the names.
    """

    def __init__(self, points, images, embeddings, clusters, name="images"):
        self.embeddings, self.clusters = np.asarray(embeddings), np.asarray(clusters)
        self._orders = _orders(self.embeddings, self.clusters)
        drawn = plots.embedding_map(points, images, self.clusters)
        self._map = parts.text(drawn.html(), margin="0", width="100%")
        self._places = _places(drawn, np.asarray(points))
        first = next(iter(self._orders))
        options = {_count(c, order): c for c, order in self._orders.items()}
        self._cluster = parts.choice("Cluster", options, first)
        self._rank = parts.Number("Place", 1, range(1, 3))
        super().__init__("explore", images, self._layout(), name)
        self._moving = False
        self._cluster.observe(lambda change: self._show_cluster(change.new), "value")
        self._rank.box.observe(lambda change: self._show_rank(), "value")
        self._show(first, 1)

    @property
    def picture(self):
        """The index of the picture that is shown; setting it moves the controls."""
        return int(self._orders[self._cluster.value][self._rank.box.value - 1])

    @picture.setter
    def picture(self, index):
        if not 0 <= index < len(self.images):
            raise TutorError(f"Pictures are numbered 0 to {len(self.images) - 1}; not {index}.")
        cluster = self.clusters[index].item()
        self._show(cluster, int(np.flatnonzero(self._orders[cluster] == index)[0]) + 1)

    @property
    def neighbours(self):
        """The indices of the pictures nearest to the one that is shown, the nearest first."""
        return neighbours(self.embeddings, self.picture)

    @property
    def code(self):
        """The lines of plain Python that find the same neighbours."""
        return (
            "import numpy as np\n\n"
            f"picture = {self.picture}\n"
            "distances = np.linalg.norm(embeddings - embeddings[picture], axis=1)\n"
            "distances[picture] = np.inf  # not its own neighbour\n"
            f'neighbours = distances.argsort(kind="stable")[:{NEIGHBOURS}]\n'
            f"rt.plots.image_grid({self.name}[[picture, *neighbours]])"
        )

    def _show_cluster(self, cluster):
        if not self._moving:
            self._show(cluster, 1)

    def _show_rank(self):
        if not self._moving:
            self._show(self._cluster.value, self._rank.box.value)

    def _show(self, cluster, rank):
        self._moving = True
        try:
            self._cluster.value = cluster
            self._rank.end(len(self._orders[cluster]))
            self._rank.box.value = rank
        finally:
            self._moving = False
        nearest = self.neighbours
        self._rings.value = _rings(self._places, self.picture, nearest)
        self._shown.value = self._describe(self.picture, nearest)
        self._code.value = parts.code(self.code)

    def _describe(self, picture, nearest):
        alike = int((self.clusters[nearest] == self.clusters[picture]).sum())
        strip = "".join(self._card(index, 58) for index in nearest)
        caption = ""
        if self.images.has_labels:
            caption = '<div class="rt-quiet">Names come from the labels, which took no part.</div>'
        return (
            f'<div class="rt-head">Picture {picture}</div>{self._card(picture, 128)}'
            f'<div class="rt-head">Its nearest neighbours</div>'
            f"{alike} of {len(nearest)} lie in the same cluster."
            f'<div class="rt-strip rt-top">{strip}</div>{caption}'
        )

    def _card(self, index, size):
        """A picture over its cluster's number and, where there is one, its class's name."""
        cluster, name = int(self.clusters[index]), ""
        if self.images.has_labels and self.images.labels[index] >= 0:
            name = html.escape(self.images.class_names[self.images.labels[index]])
        picture = parts.thumbnail(self.images.pixels[index], f"picture {index} {name}", size)
        chip = parts.chip(cluster, plots.style(cluster)[0])
        return f'<div class="rt-card">{picture}{chip}<span>{name}</span></div>'

    def _layout(self):
        self._rings = parts.text(margin="0").add_class("rt-over")
        marked = widgets.Box([self._map, self._rings], layout={"flex": "1 1 420px"})
        marked.add_class("rt-map")
        self._shown, self._code = parts.text(flex="0 0 282px"), parts.text()
        hint = "Place 1 is the most typical picture of a cluster, the last one the farthest out"
        return [
            parts.title("Explore the map", hint),
            parts.grid(self._cluster, self._rank),
            parts.wrapped(marked, self._shown),
            self._code,
        ]


def neighbours(embeddings, picture, n=NEIGHBOURS):
    """The indices (n,) of the embeddings nearest to one, itself left out, the nearest first."""
    distances = np.linalg.norm(embeddings - embeddings[picture], axis=1)
    distances[picture] = np.inf
    return distances.argsort(kind="stable")[:n]


def _orders(embeddings, clusters):
    """{cluster: its pictures' indices, the nearest to their mean first}."""
    orders = {}
    for cluster in np.unique(clusters).tolist():
        members = np.flatnonzero(clusters == cluster)
        centre = embeddings[members].mean(axis=0)
        distances = np.linalg.norm(embeddings[members] - centre, axis=1)
        orders[cluster] = members[distances.argsort(kind="stable")]
    return orders


def _places(drawn, points):
    """Where each point lies in the map's picture: (n, 2), per cent from the left and the top."""
    drawn.png()  # the layout is known once the figure is drawn
    on_screen = drawn.figure.axes[0].transData.transform(points)
    x, y = drawn.figure.transFigure.inverted().transform(on_screen).T
    return 100 * np.stack([x, 1 - y], axis=1)


def _rings(places, picture, nearest):
    """Rings around the neighbours and, larger, around the picture."""
    marks = [*((index, "rt-ring") for index in nearest), (picture, "rt-ring rt-chosen")]
    return (
        '<div aria-hidden="true">'
        + "".join(
            f'<span class="{kind}" style="left:{places[i][0]:.2f}%;top:{places[i][1]:.2f}%"></span>'
            for i, kind in marks
        )
        + "</div>"
    )


def _count(cluster, order):
    return f"{cluster} ({len(order):,} picture{'' if len(order) == 1 else 's'})"
