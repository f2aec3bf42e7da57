"""Figures made of pictures: grids, rows, clusters, the map."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.offsetbox import AnnotationBbox, OffsetImage

from rnn_tutor._text import format_count, format_list
from rnn_tutor.images.imageset import ImageSet
from rnn_tutor.plots.figure import WIDTH, ImageGrid, finish, name_of, nothing, plain, rgb, style

THUMBNAIL = 0.32  # inches, the longer side


def image_grid(images, titles=None, columns=10, title=None):
    """Pictures side by side, each under its own title where titles (n,) are given.

    A title of None, as `ImageSet.class_of_each` has it for a picture without a label, is "no label"
    beside others. Of an empty ImageSet the figure says that it has no pictures.
    """
    if _is_empty(images):
        return nothing("There are no such pictures.", title)
    if titles is not None:
        known = any(kind is not None for kind in titles)
        titles = ["no label" if kind is None else kind for kind in titles] if known else None
    pictures = rgb(images)
    columns = min(columns, len(pictures))
    rows = -(-len(pictures) // columns)
    sheet = ImageGrid(pictures.shape[1:3], rows, columns, caption=titles is not None, title=title)
    for k, picture in enumerate(pictures):
        sheet.put(picture, k // columns, k % columns, None if titles is None else titles[k])
    what = f"{format_count(len(pictures), 'picture')} in {format_count(rows, 'row')}"
    kinds = "" if titles is None else ": " + format_list(list(dict.fromkeys(titles)))
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
    sheet = ImageGrid(shape, len(rows), columns, left=1.2, title=title)
    for row, (name, pictures) in enumerate(rows.items()):
        sheet.name_row(row, name)
        for column, picture in enumerate(pictures):
            sheet.put(picture, row, column)
    return sheet.picture(f"Rows of up to {format_count(columns, 'picture')}: {', '.join(rows)}")


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
    what = format_count(len(drawn), "picture")
    if titles is not None:
        what += ": " + format_list(list(dict.fromkeys(titles)))
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
    sheet = ImageGrid(
        pictures.shape[1:3], k, 2 * n, left=1.0, middle=0.2, heading=True, title=title
    )
    sheet.head(0, "most typical")
    sheet.head(n, "on the border")
    for cluster in range(k):
        sheet.name_row(cluster, name_of(names, cluster))
        for column, index in enumerate(fitted.typical(cluster, n)):
            sheet.put(pictures[index], cluster, column)
        for column, index in enumerate(fitted.borderline(cluster, n)):
            sheet.put(pictures[index], cluster, n + column)
    return sheet.picture(
        f"For each of {format_count(k, 'cluster')} a row: up to {n} most typical pictures, then up "
        f"to {n} on the border to other clusters"
    )


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
    alt = f"Map of {format_count(len(points), 'picture')}: similar ones lie close together"
    if clusters is not None:
        figure.legend(loc="outside right upper", frameon=False, markerscale=2, fontsize=9)
        alt += "; coloured as " + format_list([name_of(names, g) for g in np.unique(groups)])
    return finish(figure, alt, title)


def _is_empty(images):
    return isinstance(images, ImageSet) and len(images) == 0


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
