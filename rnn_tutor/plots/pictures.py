"""Figures made of pictures: grids, rows, clusters, the map."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.offsetbox import AnnotationBbox, OffsetImage

from rnn_tutor._text import format_count, format_list
from rnn_tutor.images.imageset import ImageSet
from rnn_tutor.plots.figure import (
    WIDTH,
    ImageGrid,
    any_names,
    box_of,
    finish,
    fitting,
    name_of,
    nothing,
    plain,
    rgb,
    rgb_of_one,
    style,
)

MAP_WIDTH = 9.5  # inches, the column of text in JupyterLab
THUMBNAIL = 0.38  # inches, the longer side
MAX_PLACED = 600  # images for which a place beside their point is looked for
ANGLES = np.arange(8) * np.pi / 4
DIRECTIONS = np.stack([np.cos(ANGLES), np.sin(ANGLES)], axis=1)


def image_grid(images, titles=None, columns=10, title=None):
    """Draw images side by side, each under its own title where titles are given.

    For an empty `ImageSet` the figure says that there are no such pictures.

    Args:
        images: `(n, height, width, channels)`, uint8 or float in 0..1, or an `ImageSet`.
        titles: A title for each image, n str. Default: no titles. None, as
            `ImageSet.class_of_each` has it for an image without a label, is drawn as "no label"
            beside others.
        columns: Images side by side at most, int. Default 10.
        title: A line above the figure, str. Default: no line.

    Returns:
        A `Picture`.

    Example:
        >>> rt.plots.image_grid(np.zeros((3, 8, 8, 1), np.uint8), titles=["cat", "dog", "cat"])
        Picture: 3 pictures in 1 row: cat, dog
    """
    if _is_empty(images):
        return nothing("There are no such pictures.", title)
    if titles is not None:
        known = any(kind is not None for kind in titles)
        titles = ["no label" if kind is None else kind for kind in titles] if known else None
    pictures = rgb(images)
    columns = min(fitting(columns, box_of(pictures)), len(pictures))
    rows = -(-len(pictures) // columns)
    grid = ImageGrid(box_of(pictures), rows, columns, caption=titles is not None, title=title)
    for k, picture in enumerate(pictures):
        grid.put(picture, k // columns, k % columns, None if titles is None else titles[k])
    what = f"{format_count(len(pictures), 'picture')} in {format_count(rows, 'row')}"
    kinds = "" if titles is None else ": " + format_list(list(dict.fromkeys(titles)))
    return grid.picture(what + kinds)


def image_rows(named, title=None, halves=None):
    """Draw rows of images, each row with its name at the left.

    An `ImageSet` may be empty; when all are, the figure says that there are no such pictures.

    Args:
        named: `{name: images}`, such as `{"original": images, "noisy": noisy}`; the images as for
            `image_grid`. With `halves`, each row holds two of them, `{name: (left, right)}`.
        title: A line above the figure, str. Default: no line.
        halves: Headings of the left and of the right half, two str. Default: no halves.

    Returns:
        A `Picture`.

    Example:
        >>> black = np.zeros((3, 8, 8, 1), np.uint8)
        >>> rt.plots.image_rows({"original": black, "inverted": 255 - black})
        Picture: Rows of up to 3 pictures: original, inverted
    """
    rows = {
        str(name): [() if _is_empty(p) else rgb(p) for p in (sets if halves else (sets,))]
        for name, sets in named.items()
    }
    parts = [part for row in rows.values() for part in row if len(part)]
    if not parts:
        return nothing("There are no such pictures.", title)
    columns = max(map(len, parts))
    shape = np.max([box_of(part) for part in parts], axis=0)
    middle = {"middle": 0.2, "heading": True} if halves else {}
    grid = ImageGrid(shape, len(rows), columns * len(halves or "-"), 1.2, **middle, title=title)
    for k, heading in enumerate(halves or ()):
        grid.head(k * columns, heading)
    for row, (name, sets) in enumerate(rows.items()):
        grid.name_row(row, name)
        for k, pictures in enumerate(sets):
            for column, picture in enumerate(pictures, k * columns):
                grid.put(picture, row, column)
    what = f"Rows of up to {format_count(columns, 'picture')}"
    what += f" {' and as many '.join(halves)}" if halves else ""
    return grid.picture(f"{what}: {', '.join(rows)}")


def photographs(pictures, titles=None, columns=3, title=None):
    """Draw a few large images of any sizes, each under its own title where titles are given.

    Args:
        pictures: A list of images `(height, width)`, `(height, width, 1)` or `(height, width, 3)`,
            uint8, float in 0..1 or bool.
        titles: A title for each image, a list of str. Default: no titles.
        columns: Images side by side at most, int. Default 3.
        title: A line above the figure, str. Default: no line.

    Returns:
        A `Picture`.

    Example:
        >>> rt.plots.photographs([np.zeros((20, 30)), np.ones((40, 20))], ["dark", "bright"])
        Picture: 2 pictures: dark, bright
    """
    drawn = [rgb_of_one(picture) for picture in pictures]
    columns = min(columns, len(drawn))
    rows = -(-len(drawn) // columns)
    tallest = max(picture.shape[0] / picture.shape[1] for picture in drawn)
    caption, top = (0.2 if titles is not None else 0.0), (0.3 if title else 0.0)
    width = min(WIDTH / columns, 4.5)
    height = (width - 0.08) * min(tallest, 1.5) + caption + 0.06
    figure = Figure((columns * width, rows * height + top))
    for k, picture in enumerate(drawn):
        left, above = (k % columns) * width + 0.04, top + (k // columns) * height + caption
        _place_image(figure, picture, left, above, width - 0.08, height - caption - 0.06)
        if titles is not None:
            x, y = left + width / 2 - 0.04, above - 0.04
            size = figure.get_size_inches()
            figure.text(x / size[0], 1 - y / size[1], titles[k], ha="center", fontsize=9)
    what = format_count(len(drawn), "picture")
    if titles is not None:
        what += ": " + format_list(list(dict.fromkeys(titles)))
    return finish(figure, what, title)


def _place_image(figure, picture, left, above, width, height):
    """Put a picture into a box whose upper left corner and size are given in inches."""
    across, down = figure.get_size_inches()
    box = (left / across, 1 - (above + height) / down, width / across, height / down)
    axes = figure.add_axes(box, anchor="N")
    axes.imshow(picture, interpolation="nearest" if picture.shape[1] < 200 else "antialiased")
    axes.set_axis_off()


def clusters(images, fitted, n=8, names=None, title=None):
    """Draw the most typical images of each cluster and, to their right, those on its border.

    Args:
        images: `(n, height, width, channels)`, uint8 or float in 0..1, or an `ImageSet`.
        fitted: A `Clustering` that was fitted to the embeddings of these images.
        n: Images of each sort and cluster at most, int. Default 8.
        names: A name for each cluster, a list of str. Default: "cluster 0" and so on.
        title: A line above the figure, str. Default: no line.

    Returns:
        A `Picture`.

    Example:
        >>> images = rt.datasets.draw_shapes(20, size=8)
        >>> fitted = rt.Clustering(n_clusters=2).fit(images.as_float().reshape(20, -1))
        >>> rt.plots.clusters(images, fitted, n=3).alt[:29]
        'For each of 2 clusters a row:'
    """
    pictures = rgb(images)
    k, n = fitted.n_clusters, min(n, fitted.sizes.max())
    n = fitting(n, box_of(pictures), (WIDTH - 1.2) / 2)
    grid = ImageGrid(box_of(pictures), k, 2 * n, left=1.0, middle=0.2, heading=True, title=title)
    grid.head(0, "most typical")
    grid.head(n, "on the border")
    for cluster in range(k):
        grid.name_row(cluster, name_of(names, cluster))
        for column, index in enumerate(fitted.typical(cluster, n)):
            grid.put(pictures[index], cluster, column)
        for column, index in enumerate(fitted.borderline(cluster, n)):
            grid.put(pictures[index], cluster, n + column)
    return grid.picture(
        f"For each of {format_count(k, 'cluster')} a row: up to {n} most typical pictures, then up "
        f"to {n} on the border to other clusters"
    )


def embedding_map(
    points, images=None, clusters=None, names=None, thumbnails=60, title=None, seed=0
):
    """Draw a map of embeddings: a point an image, coloured by cluster, some with a thumbnail.

    Args:
        points: `(n, 2)` numbers, from `clustering.project`.
        images: An `ImageSet` of n images, for the thumbnails. Default: no thumbnails.
        clusters: `(n,)` int, clusters or labels. Default: one colour for all.
        names: A name for each cluster, a list of str. Default: "cluster 0" and so on.
        thumbnails: How many at most, int. Default 60. They stand beside points, and never over a
            point or over each other.
        title: A line above the map, str. Default: no line.
        seed: Int from 0, default 0. It chooses the images with a thumbnail, and 2,000 points to
            draw where there are more.

    Returns:
        A `Picture`.

    Example:
        >>> points = [[0, 0], [1, 0], [9, 9]]
        >>> rt.plots.embedding_map(points, clusters=[0, 0, 1], names=["cats", "dogs"])
        Picture: Map of 3 pictures: similar ones lie close together; coloured as cats, dogs

    """
    points = np.asarray(points, np.float64)
    groups = np.zeros(len(points), int) if clusters is None else np.asarray(clusters)
    figure = Figure((MAP_WIDTH, 0.66 * MAP_WIDTH), layout="constrained")
    axes = figure.subplots()
    shown = np.random.default_rng(seed).permutation(len(points))[:2000]
    for group in np.unique(groups):
        x, y = points[shown[groups[shown] == group]].T
        colour, marker = _style_of(group)
        name = name_of(names, group)
        axes.scatter(x, y, 16, colour, marker=marker, alpha=0.7, linewidths=0, label=name)
    axes.set(xticks=[], yticks=[])  # the axes of t-SNE and UMAP mean nothing
    axes.margins(0.08)  # room for thumbnails around the outermost points
    plain(axes)
    alt = f"Map of {format_count(len(points), 'picture')}: similar ones lie close together"
    if clusters is not None:
        place = {"loc": "outside lower center", "ncols": 6, "frameon": False}
        figure.legend(**place, markerscale=2, fontsize=9)
        alt += "; coloured as " + format_list([name_of(names, g) for g in np.unique(groups)])
    picture = finish(figure, alt, title)
    if images is not None:
        with any_names(figure):
            figure.draw_without_rendering()  # only now is known where the points lie
        _put_thumbnails(axes, points, rgb(images), groups, shown, thumbnails)
    return picture


def _style_of(group):
    return style(group) if group >= 0 else ("#999999", ".")


def _put_thumbnails(axes, points, pictures, groups, shown, most):
    """Put images beside their points, where no other point and no other thumbnail lies."""
    inches = axes.transData.transform(points[shown]) / axes.figure.dpi
    low, high = axes.get_window_extent().get_points() / axes.figure.dpi
    largest = box_of(pictures)
    half = 0.5 * THUMBNAIL * np.array(largest[::-1]) / max(largest)
    zoom, taken = THUMBNAIL * 72 / max(largest), np.empty((0, 2))
    for index, place in zip(shown[:MAX_PLACED], inches, strict=False):
        around = place + np.concatenate([step * THUMBNAIL * DIRECTIONS for step in (0.8, 1.4, 2)])
        room = half + 0.06
        free = ((around > low + room) & (around < high - room)).all(axis=1)
        free &= ~(abs(inches - around[:, None]) < room).all(axis=2).any(axis=1)
        free &= ~(abs(taken - around[:, None]) < 2 * room).all(axis=2).any(axis=1)
        if len(taken) >= most or not free.any():
            continue
        centre = around[free.argmax()]
        taken = np.vstack([taken, centre])
        colour = _style_of(groups[index])[0]
        box = AnnotationBbox(
            OffsetImage(pictures[index], zoom=zoom),
            points[index],
            tuple((centre - place) * 72),
            boxcoords="offset points",
            pad=0.1,
            bboxprops={"edgecolor": colour, "linewidth": 1.5},
            arrowprops={"arrowstyle": "-", "color": colour, "linewidth": 0.8},
        )
        box.set_in_layout(False)
        axes.add_artist(box)


def _is_empty(images):
    return isinstance(images, ImageSet) and len(images) == 0
