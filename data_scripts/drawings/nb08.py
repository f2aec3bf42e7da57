"""The drawings of notebook 08: k-means in four frames; a tied mixture against k-means."""

import numpy as np
import svg
from svg import Drawing

COLOURS = (svg.BLUE, svg.ORANGE, svg.GREEN)
MARKS = 11, 5  # radius of a centre, of a point


def heaps():
    """Return twenty-four points in the plane, (24, 2) from 0 to 1, in three heaps of eight."""
    rng = np.random.default_rng(4)
    middles = np.array([[0.22, 0.7], [0.75, 0.75], [0.55, 0.2]])
    return np.concatenate([m + rng.uniform(-0.14, 0.14, (8, 2)) for m in middles])


def nearest(points, centres):
    """Return the number of the nearest centre for each point."""
    return np.linalg.norm(points[:, None] - centres, axis=2).argmin(axis=1)


def frame(drawing, left, title, note, points, clusters, centres, before=None):
    """Draw one frame: points in the colour of their cluster, and the centres as diamonds."""
    top, side = 44, 172

    def place(point):
        return np.array([left + side * point[0], top + side * (1 - point[1])])

    drawing.text(left + side / 2, 22, title, bold=True)
    drawing.add(
        "rect", x=left, y=top, width=side, height=side, rx=6, fill=svg.WHITE, stroke=svg.LINE
    )
    for k, point in enumerate(points):
        fill = svg.LINE if clusters is None else COLOURS[clusters[k]]
        drawing.circle(*place(point), MARKS[1], fill=fill, stroke=svg.WHITE)
    if before is not None:
        for colour, start, end in zip(COLOURS, before, centres, strict=True):
            drawing.line([place(start), place(end)], stroke=colour, width=2, dashed=True)
    for colour, centre in zip(COLOURS, centres, strict=True):
        x, y = place(centre)
        r = MARKS[0]
        corners = f"{x:.1f},{y - r:.1f} {x + r:.1f},{y:.1f} {x:.1f},{y + r:.1f} {x - r:.1f},{y:.1f}"
        drawing.add("polygon", points=corners, fill=colour, stroke=svg.INK, stroke_width=2)
    drawing.text(left + side / 2, top + side + 32, note, fill=svg.SOFT, size=14)


def k_means():
    """Draw k-means in four frames: start, join, move, and the end."""
    drawing = Drawing(
        "k-means in four frames, on three heaps of points. First three centres start at random "
        "places. Then each point takes the colour of the nearest centre. Then each centre moves to "
        "the mean of its points. At the end each heap has one centre and one colour.",
        276,
    )
    points = heaps()
    start = np.array([[0.3, 0.42], [0.5, 0.58], [0.82, 0.4]])
    clusters = nearest(points, start)
    moved = np.array([points[clusters == k].mean(axis=0) for k in range(3)])
    end = moved
    for _ in range(20):
        last = nearest(points, end)
        end = np.array([points[last == k].mean(axis=0) for k in range(3)])
    frames = (
        ("1 start", "three centres,\nat random", None, start, None),
        ("2 join", "each point joins\nthe nearest centre", clusters, start, None),
        ("3 move", "each centre moves to\nthe mean of its points", clusters, moved, start),
        ("4 end", "2 and 3 again, until\nnothing changes", last, end, None),
    )
    for k, (title, note, colours, centres, before) in enumerate(frames):
        frame(drawing, 14 + 187 * k, title, note, points, colours, centres, before)
    return drawing


def thin():
    """Return 120 points in three long, thin clusters one above the other, (120, 2)."""
    rng = np.random.default_rng(2)
    along = np.linspace(-0.55, 0.55, 40)
    rows = [
        np.stack(
            [along + rng.normal(0, 0.03, 40) + 0.5 * k, rng.normal(0, 0.045, 40) + 0.22 * k], axis=1
        )
        for k in (-1, 0, 1)
    ]
    return np.concatenate(rows)


def shapes():
    """Draw three long, thin clusters, coloured by k-means and by a tied mixture."""
    from sklearn.cluster import KMeans
    from sklearn.mixture import GaussianMixture

    drawing = Drawing(
        "Three long, thin clusters of points lie one above the other, drawn twice. On the left "
        "k-means has cut across them, so that a colour holds pieces of several clusters. On the "
        "right the tied mixture gives each long cluster one colour; its three ellipses have the "
        "same shape.",
        242,
    )
    points = thin()
    tied = GaussianMixture(3, covariance_type="tied", n_init=5, random_state=0).fit(points)
    found = {
        "k-means": KMeans(3, n_init=10, random_state=0).fit_predict(points),
        "tied mixture": tied.predict(points),
    }
    notes = ("It cuts the clusters into pieces.", "All clusters share one long shape.")
    for (name, clusters), left, note in zip(found.items(), (24, 394), notes, strict=True):
        width, height, top = 342, 150, 44
        scale = width / 2.5
        centre = np.array([left + width / 2, top + height / 2])
        drawing.text(centre[0], 22, name, bold=True)
        drawing.add(
            "rect", x=left, y=top, width=width, height=height, rx=6, fill=svg.WHITE, stroke=svg.LINE
        )
        first = [int(np.flatnonzero(clusters == k)[0]) for k in range(3)]
        order = np.argsort(np.argsort(first))  # colours in the order of the points
        for point, cluster in zip(points, clusters, strict=True):
            x, y = centre + scale * point * (1, -1)
            drawing.circle(x, y, 4, fill=COLOURS[order[cluster]], stroke=svg.WHITE)
        if name == "tied mixture":
            values, vectors = np.linalg.eigh(tied.covariances_)
            long, short = 2 * scale * np.sqrt(values[::-1])
            tilt = -np.degrees(np.arctan(vectors[1, 1] / vectors[0, 1]))
            for mean in tied.means_:
                x, y = centre + scale * mean * (1, -1)
                drawing.add(
                    "ellipse",
                    cx=x,
                    cy=y,
                    rx=long,
                    ry=short,
                    fill="none",
                    stroke=svg.INK,
                    stroke_width=1.5,
                    transform=f"rotate({tilt:.1f} {x:.1f} {y:.1f})",
                )
        drawing.text(centre[0], 218, note, fill=svg.SOFT)
    return drawing


DRAWINGS = {
    "k-means": ("kmeans-text", k_means),
    "mixture": ("mixture-text", shapes),
}
