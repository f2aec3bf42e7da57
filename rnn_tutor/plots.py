"""Every figure of the course: small, labelled, with alt text, readable in grey.

Each function returns a `Picture`. Figures are made without pyplot, so that a thread may draw them.
Pictures may be an `ImageSet` or an array (n, h, w) or (n, h, w, c), uint8 or float from 0 to 1.
"""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.offsetbox import AnnotationBbox, OffsetImage
from matplotlib.ticker import MaxNLocator

from rnn_tutor import evaluation
from rnn_tutor._curves import score_curves, training_curves
from rnn_tutor._errors import TutorError
from rnn_tutor._figures import (
    COLOURS,
    LINES,
    WIDTH,
    Picture,
    Sheet,
    count,
    finish,
    listed,
    name_of,
    nothing,
    plain,
    rgb,
    short,
    style,
)
from rnn_tutor._histogram import histogram
from rnn_tutor._maps import boxes, maps, numbers
from rnn_tutor._paths import scan_paths
from rnn_tutor._states import reading, unrolled
from rnn_tutor.images import ImageSet

THUMBNAIL = 0.32  # inches, the longer side

__all__ = [
    "Picture",
    "boxes",
    "clusters",
    "confusion",
    "contingency",
    "embedding_map",
    "histogram",
    "image_grid",
    "image_rows",
    "loss_curve",
    "maps",
    "numbers",
    "photographs",
    "planes",
    "reading",
    "scan_paths",
    "score_bars",
    "score_curves",
    "sequence",
    "style",
    "training_curves",
    "unrolled",
]


def image_grid(images, titles=None, columns=10, title=None):
    """Pictures side by side, each under its own title where titles (n,) are given.

    A title of None, as `ImageSet.kinds` has it for a picture without a label, is "no label" beside
    others. Of an empty ImageSet the figure says that it has no pictures.
    """
    if _is_empty(images):
        return nothing("There are no such pictures.", title)
    if titles is not None:
        known = any(kind is not None for kind in titles)
        titles = ["no label" if kind is None else kind for kind in titles] if known else None
    pictures = rgb(images)
    columns = min(columns, len(pictures))
    rows = -(-len(pictures) // columns)
    sheet = Sheet(pictures.shape[1:3], rows, columns, caption=titles is not None, title=title)
    for k, picture in enumerate(pictures):
        sheet.put(picture, k // columns, k % columns, None if titles is None else titles[k])
    what = f"{count(len(pictures), 'picture')} in {count(rows, 'row')}"
    kinds = "" if titles is None else ": " + listed(list(dict.fromkeys(titles)))
    return sheet.picture(what + kinds)


def image_rows(named, title=None):
    """Rows of pictures, each with its name at the left: {"original": images, "noisy": images}.

    An ImageSet may be empty; when all are, the figure says that there are no pictures.
    """
    rows = {str(name): () if _is_empty(p) else rgb(p) for name, p in named.items()}
    if not any(map(len, rows.values())):
        return nothing("There are no such pictures.", title)
    shape = np.max([pictures.shape[1:3] for pictures in rows.values() if len(pictures)], axis=0)
    columns = max(map(len, rows.values()))
    sheet = Sheet(shape, len(rows), columns, left=1.2, title=title)
    for row, (name, pictures) in enumerate(rows.items()):
        sheet.name_row(row, name)
        for column, picture in enumerate(pictures):
            sheet.put(picture, row, column)
    return sheet.picture(f"Rows of up to {count(columns, 'picture')}: {', '.join(rows)}")


def photographs(pictures, titles=None, columns=3, title=None):
    """A few pictures, large, of any sizes, each under its own title where titles are given.

    pictures: a list of (h, w), (h, w, 1) or (h, w, 3), uint8, float from 0 to 1 or bool.
    """
    drawn = [rgb(_as_number(picture)[None])[0] for picture in pictures]
    columns = min(columns, len(drawn))
    rows = -(-len(drawn) // columns)
    tallest = max(picture.shape[0] / picture.shape[1] for picture in drawn)
    caption, top = (0.2 if titles is not None else 0.0), (0.3 if title else 0.0)
    width = min(WIDTH / columns, 4.5)
    height = (width - 0.08) * min(tallest, 1.5) + caption + 0.06
    figure = Figure((columns * width, rows * height + top))
    for k, picture in enumerate(drawn):
        left, above = (k % columns) * width + 0.04, top + (k // columns) * height + caption
        _large(figure, picture, left, above, width - 0.08, height - caption - 0.06)
        if titles is not None:
            x, y = left + width / 2 - 0.04, above - 0.04
            size = figure.get_size_inches()
            figure.text(x / size[0], 1 - y / size[1], titles[k], ha="center", fontsize=9)
    what = count(len(drawn), "picture")
    if titles is not None:
        what += ": " + listed(list(dict.fromkeys(titles)))
    return finish(figure, what, title)


def _large(figure, picture, left, above, width, height):
    """Put a picture into a box whose upper left corner and size are given in inches."""
    across, down = figure.get_size_inches()
    box = (left / across, 1 - (above + height) / down, width / across, height / down)
    axes = figure.add_axes(box, anchor="N")
    axes.imshow(picture, interpolation="nearest" if picture.shape[1] < 200 else "antialiased")
    axes.set_axis_off()


def _as_number(picture):
    picture = np.asarray(picture)
    return picture.astype(np.float32) if picture.dtype == bool else picture


def clusters(images, fitted, n=8, names=None, title=None):
    """For each cluster its n most typical pictures and, to their right, n on its border.

    fitted: what `Clustering.fit` returned for these images. names: one for each cluster.
    """
    pictures = rgb(images)
    k, n = fitted.n_clusters, min(n, fitted.sizes.max())
    sheet = Sheet(pictures.shape[1:3], k, 2 * n, left=1.0, middle=0.2, heading=True, title=title)
    sheet.head(0, "most typical")
    sheet.head(n, "on the border")
    for cluster in range(k):
        sheet.name_row(cluster, name_of(names, cluster))
        for column, index in enumerate(fitted.typical(cluster, n)):
            sheet.put(pictures[index], cluster, column)
        for column, index in enumerate(fitted.borderline(cluster, n)):
            sheet.put(pictures[index], cluster, n + column)
    return sheet.picture(
        f"For each of {count(k, 'cluster')} a row: up to {n} most typical pictures, then up to "
        f"{n} on the border to other clusters"
    )


def sequence(image, order="rows", size=7, title=None):
    """One picture, and the steps it is read in, pulled apart and numbered.

    order: "rows", "columns" or "patches" of `size` pixels a side (see `sequences.to_patches`).
    """
    picture = rgb(_single(image))[0]
    height, width = picture.shape[:2]
    sizes = {"rows": (1, width), "columns": (height, 1), "patches": (size, size)}
    if order not in sizes or height % sizes[order][0] or width % sizes[order][1]:
        raise TutorError(
            f"Cannot read a picture of {height} x {width} by {order!r} (patches of {size}): the "
            f"order is 'rows', 'columns' or 'patches', and the patch size divides the picture's."
        )
    figure = Figure((WIDTH, min(WIDTH, 0.55 * WIDTH * height / width)), layout="constrained")
    whole, apart = figure.subplots(1, 2, width_ratios=(1, 1.6 if order == "columns" else 1.25))
    whole.imshow(picture)
    whole.set_axis_off()
    whole.set_title("the picture", fontsize=10)
    steps = _pull_apart(apart, picture, *sizes[order])
    apart.set_title(f"{steps} steps, one after another", fontsize=10)
    alt = f"A picture of {height} x {width} pixels, and its {steps} steps as {order}, pulled apart"
    return finish(figure, alt, title)


def loss_curve(losses, x="epoch", y="loss", title=None, start=1, log=False):
    """Curves by epoch or step, counted from `start`: {"contrastive": [...], ...} or one list.

    log: whether the upright axis counts in powers of ten.
    """
    curves = losses if isinstance(losses, dict) else {"": losses}
    figure = Figure((0.8 * WIDTH, 0.42 * WIDTH), layout="constrained")
    axes = figure.subplots()
    for k, (name, values) in enumerate(curves.items()):
        colour, marker = style(k)
        marker = marker if len(values) <= 60 else None
        steps = np.arange(start, start + len(values))
        line = LINES[k % len(LINES)]
        axes.plot(steps, values, line, color=colour, marker=marker, markersize=4, label=name)
    axes.set(xlabel=x, ylabel=y)
    if log:
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter("{x:g}")  # a `Picture` draws no formulas
        axes.yaxis.set_minor_formatter("")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    if not any(map(len, curves.values())):
        axes.set(xticks=[], yticks=[])
    plain(axes)
    if any(curves):
        axes.legend(frameon=False)
    names = f", for {', '.join(map(str, curves))}" if any(curves) else ""
    return finish(figure, f"Line chart: {y} by {x}{names}", title)


def embedding_map(
    points, images=None, clusters=None, names=None, thumbnails=80, title=None, seed=0
):
    """A map of embeddings: a point a picture, coloured by cluster, some with their thumbnail.

    points: (n, 2) from `clustering.project`. clusters: (n,) integers (or labels), or None.
    names: one for each cluster. thumbnails: at most so many, none over another. seed: of which
    pictures get one, and of the 2,000 points that are drawn where there are more.
    """
    points = np.asarray(points, np.float64)
    groups = np.zeros(len(points), int) if clusters is None else np.asarray(clusters)
    figure = Figure((WIDTH, 0.72 * WIDTH), layout="constrained")
    axes = figure.subplots()
    shown = np.random.default_rng(seed).permutation(len(points))[:2000]
    for group in np.unique(groups):
        x, y = points[shown[groups[shown] == group]].T
        colour, marker = style(group) if group >= 0 else ("#999999", ".")
        name = name_of(names, group)
        axes.scatter(x, y, 14, colour, marker=marker, alpha=0.7, linewidths=0, label=name)
    if images is not None:
        _thumbnails(axes, points, images, groups, thumbnails, seed)
    axes.set(xlabel="first direction of the map", ylabel="second direction", xticks=[], yticks=[])
    plain(axes)
    alt = f"Map of {count(len(points), 'picture')}: similar ones lie close together"
    if clusters is not None:
        figure.legend(loc="outside right upper", frameon=False, markerscale=2, fontsize=9)
        alt += "; coloured as " + listed([name_of(names, g) for g in np.unique(groups)])
    return finish(figure, alt, title)


def contingency(table, class_names=None, cluster_names=None, title=None, columns="cluster"):
    """A heat map of how many pictures of each class (a row) lie in each cluster (a column).

    table: (n_classes, n_clusters) counts. The shade is the share of the class. columns: what a
    column stands for; "predicted class" makes it a confusion matrix.
    """
    table = np.asarray(table)
    rows, width = table.shape
    shares = table / np.maximum(table.sum(axis=1, keepdims=True), 1)
    size = (min(WIDTH, 2.2 + 0.6 * width), min(WIDTH, 1.2 + 0.42 * rows))
    figure = Figure(size, layout="constrained")
    axes = figure.subplots()
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    if width <= 28:  # more numbers than that cannot be read; the shades remain
        _write_counts(axes, table, shares, 9 if width <= 12 else 6.5)
    rotation = 0 if width <= 6 and cluster_names is None else 45
    names = [str(k) if cluster_names is None else name_of(cluster_names, k) for k in range(width)]
    axes.set_xticks(range(width), [short(n, 16) for n in names], fontsize=9, rotation=rotation)
    labels = [name_of(class_names, k, "class") for k in range(rows)]
    axes.set_yticks(range(rows), [short(n, 18) for n in labels], fontsize=9)
    axes.set(xlabel=columns, ylabel="class")
    plural = columns + ("es" if columns.endswith("s") else "s")
    what = f"Table of {count(rows, 'class', 'classes')} by {count(width, columns, plural)}"
    return finish(figure, f"{what}; classes: {listed(labels)}", title)


def planes(points, clusterings, title=None):
    """The same points in the plane under several clusterings, side by side; a + marks each mean.

    points: (n, 2). clusterings: {title: (n,) int from 0}.
    """
    points = np.asarray(points, np.float64)
    figure = Figure((WIDTH, WIDTH / len(clusterings) + 0.5), layout="constrained")
    all_axes = figure.subplots(1, len(clusterings), squeeze=False)[0]
    for axes, (name, groups) in zip(all_axes, clusterings.items(), strict=True):
        for group in np.unique(groups):
            colour, marker = style(group)
            own = points[np.asarray(groups) == group]
            axes.scatter(*own.T, 22, colour, marker=marker, linewidths=0)
            axes.plot(*own.mean(axis=0), "+", color="#666666", markersize=12)
        axes.set(xticks=[], yticks=[])
        axes.margins(0.12)
        axes.set_title(name, fontsize=9)
    sizes = [
        f"{name}, {listed(np.sort(np.bincount(groups))[::-1].tolist())} points"
        for name, groups in clusterings.items()
    ]
    what = f"{count(len(points), 'point')} in the plane, in clusters. {'; '.join(sizes)}"
    return finish(figure, what, title)


def confusion(labels, answers, class_names, answer_names=None, columns="cluster", title=None):
    """The contingency table of classes and clusters, or of classes and answers, as a heat map.

    labels: (n,) int, -1 for a picture without a label, or None. answers: (n,) int, the cluster of
    each picture or the class that was answered; -1, no answer, gets a column of its own.
    class_names, answer_names: of the rows, and of the columns where they have names.
    Without labels the figure says so; with labels for some pictures, it says how many it counts.
    """
    answers = np.asarray(answers)
    labels = np.full(len(answers), -1) if labels is None else np.asarray(labels)
    known = labels >= 0
    if not known.any():
        return nothing(
            f"Nobody has said what is in these {count(len(labels), 'picture')}, so there is no "
            f"table of classes and {columns}s.",
            title,
        )
    width = max(int(answers.max(initial=-1)) + 1, len(answer_names or ()))
    columns_of = np.where(answers < 0, width, answers)
    table = evaluation.contingency(labels, columns_of, len(class_names), width)
    if table.shape[1] > width:  # somebody has no answer
        answer_names = [name_of(answer_names, k, columns) for k in range(width)] + ["no answer"]
    if not known.all() and title is None:
        title = f"The {known.sum():,} of {count(len(labels), 'picture')} that have a label"
    return contingency(table, class_names, answer_names, title, columns)


def score_bars(rows, x="matched accuracy", highlight=None, title=None):
    """A bar a method: its mean, and its (sample) standard deviation over seeds as a whisker.

    rows: {"pixels": [0.69, 0.70, ...], ...}, the scores of each method, a number a seed.
    highlight: the name of the bar that is drawn in another colour.
    """
    rows = {str(name): np.atleast_1d(np.asarray(v, np.float64)) for name, v in rows.items()}
    figure = Figure((WIDTH, 0.9 + 0.36 * len(rows)), layout="constrained")
    axes = figure.subplots()
    notes = []
    for k, (name, values) in enumerate(rows.items()):
        colour, hatch = (COLOURS[1], "//") if name == highlight else (COLOURS[5], None)
        spread = values.std(ddof=1) if len(values) > 1 else None
        axes.barh(k, values.mean(), 0.7, color=colour, hatch=hatch, xerr=spread, capsize=4)
        note = f"{values.mean():.3f}" + ("" if spread is None else f" ± {spread:.3f}")
        axes.annotate(note, (1, k), xycoords=("axes fraction", "data"), va="center", fontsize=9)
        notes.append(note)
    axes.set_yticks(range(len(rows)), [short(name, 40) for name in rows])
    axes.invert_yaxis()
    axes.set(xlabel=x, xlim=(min(0, *map(np.min, rows.values())), 1))
    plain(axes)
    bars = listed([f"{name} {note}" for name, note in zip(rows, notes, strict=True)])
    alt = f"Bar chart of the {x}, with standard deviations: {bars}"
    return finish(figure, alt, title)


def _is_empty(images):
    return isinstance(images, ImageSet) and len(images) == 0


def _write_counts(axes, table, shares, size):
    for (row, column), number in np.ndenumerate(table):
        colour = "white" if shares[row, column] > 0.55 else "black"
        place = {"ha": "center", "va": "center"}
        axes.text(column, row, f"{number:d}", color=colour, fontsize=size, **place)


def _single(image):
    pixels = np.asarray(getattr(image, "pixels", image))
    return pixels if pixels.ndim == 4 else pixels[None]


def _pull_apart(axes, picture, height, width):
    """Draw the blocks of a picture with gaps between them, numbered; return how many there are."""
    rows, columns = picture.shape[0] // height, picture.shape[1] // width
    gap_y, gap_x = 0.6 if height == 1 else 0.25 * height, 0.6 if width == 1 else 0.25 * width
    tops, lefts = np.arange(rows) * (height + gap_y), np.arange(columns) * (width + gap_x)
    for k in range(rows * columns):
        y, x = tops[k // columns], lefts[k % columns]
        block = picture[k // columns * height :, k % columns * width :][:height, :width]
        axes.imshow(block, extent=(x, x + width, y + height, y))
    axes.set(xlim=(-1, lefts[-1] + width + 1), ylim=(tops[-1] + height + 1, -1))
    axes.set(aspect="equal", xticks=[], yticks=[], facecolor="#DDDDDD")
    _number(axes, tops + height / 2, lefts + width / 2)
    return rows * columns


def _number(axes, ys, xs):
    """Step numbers where the eye looks for them: beside rows, below columns, rows of patches."""
    if len(xs) == 1:
        every = max(1, len(ys) // 7)
        axes.set_yticks(ys[::every], range(1, len(ys) + 1, every))
        axes.set_ylabel("step")
    elif len(ys) == 1:
        every = max(1, len(xs) // 7)
        axes.set_xticks(xs[::every], range(1, len(xs) + 1, every))
        axes.set_xlabel("step")
    else:
        starts = range(1, len(ys) * len(xs) + 1, len(xs))
        axes.set_yticks(ys, [f"{k} to {k + len(xs) - 1}" for k in starts])
        axes.set_ylabel("steps")


def _thumbnails(axes, points, images, groups, most, seed):
    """Pictures on the map, framed in their cluster's colour, none over another."""
    pictures = rgb(images)
    zoom = THUMBNAIL * 72 / max(pictures.shape[1:3])
    for index in _spread(points, most, seed):
        edge = {"edgecolor": style(max(groups[index], 0))[0], "linewidth": 1.5}
        picture = OffsetImage(pictures[index], zoom=zoom)
        box = AnnotationBbox(picture, points[index], pad=0.1, bboxprops=edge)
        box.set_in_layout(False)
        axes.add_artist(box)


def _spread(points, most, seed):
    """Indices of at most `most` points, at random, that leave a thumbnail's room between them."""
    room = 1.2 * THUMBNAIL / (0.78 * WIDTH), 1.2 * THUMBNAIL / (0.66 * WIDTH)
    scaled = (points - points.min(axis=0)) / np.maximum(np.ptp(points, axis=0), 1e-9) / room
    chosen = []
    for index in np.random.default_rng(seed).permutation(len(points)):
        if len(chosen) < most and (np.abs(scaled[chosen] - scaled[index]).max(axis=1) > 1).all():
            chosen.append(index)
    return chosen
