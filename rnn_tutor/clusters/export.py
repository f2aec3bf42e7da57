"""Take a sorting away: the original files by cluster, a table, a page to look at, the model.

The originals are copied or linked, never moved or changed, and nothing that exists is replaced:
everything goes into a new folder, which is there whole or not at all.
"""

import base64
import csv
import html
import io
import json
import os
import re
import shutil
import tempfile
import warnings
from collections import Counter
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from urllib.parse import quote

import numpy as np
from PIL import Image
from sklearn.linear_model import LogisticRegression
from sklearn.metrics.pairwise import euclidean_distances
from sklearn.model_selection import StratifiedKFold

from rnn_tutor._errors import TutorError, check_known
from rnn_tutor._text import format_count, printable_name
from rnn_tutor.clusters.copies import folder_names, free_place, put
from rnn_tutor.clusters.projection import pca, quiet_and_repeatable
from rnn_tutor.images import label_file
from rnn_tutor.images.files import show_progress
from rnn_tutor.images.originals import find_originals

TABLE, PAGE, MODEL, NAMES = "sorted.csv", "index.html", "model", "names.json"
COLUMNS = ("file", "cluster", "name", "probability", "second_best", "copied_to")
FOLDS = 5
WIDEST = 320  # numbers of an embedding
THUMBNAIL = 112  # pixels, the longer side on the page
SHOWN = 120  # images of each cluster on the page
SPARE = 50_000_000  # bytes that stay free, for the page and the network


@dataclass(frozen=True)
class Exported:
    """What `export` wrote.

    Attributes:
        folder: The new folder, a Path.
        copied: How many files went into the folders of the clusters, int.
        rewritten: How many images had no file, and were written as PNG from their pixels, int.
        missing: Names of the files that are not there any more, a tuple of str.
        has_model: Whether the network is there, too.

    Example:
        >>> Exported(Path("sorted"), 20, 0, (), False)
        sorted: 20 files by cluster; with sorted.csv, index.html
    """

    folder: Path
    copied: int
    rewritten: int
    missing: tuple[str, ...]
    has_model: bool

    def __repr__(self):
        lines = [f"{self.folder}: {format_count(self.copied, 'file')} by cluster"]
        if self.rewritten:
            lines.append(f"{format_count(self.rewritten, 'image')} came from no file: now PNG")
        if self.missing:
            first = f"{format_count(len(self.missing), 'file')} gone, such as {self.missing[0]}"
            lines.append(f"{first}: these are in the table alone")
        parts = [TABLE, PAGE, *([f"{MODEL}/"] if self.has_model else [])]
        return "; ".join(lines) + f"; with {', '.join(parts)}"


def export(sorting, folder, *, clusterer=None, names=None, files="copy", notes=()):
    """Write a sorting into a new folder.

    The folder has a sub-folder for each name with the original files in it; `sorted.csv` with the
    columns file, cluster, name, probability, second_best and copied_to; `index.html`, a page that
    shows the clusters and needs nothing else; and `model`, where a clusterer is given. Images that
    were set aside are in the table alone.

    Args:
        sorting: A `Sorting`.
        folder: Path of a folder that does not exist yet, or is empty.
        clusterer: A fitted `RecurrentClusterer` to save beside it, or None. Default None.
        names: `{cluster of the network: name}` to keep with the clusterer. Default: each gets the
            name that most of its images have.
        files: "copy" (default), "link" for symbolic links to the originals, or "none".
        notes: Sentences for the top of the page, such as warnings. Default: none.

    Returns:
        An `Exported`.

    Raises:
        TutorError: The folder holds something, lies among the originals, or cannot be written;
            or the disk is too full, or takes no links.

    Example:
        >>> images = rt.load_images(rt.load_images("digits", limit=20).write("mine"))
        >>> sorting = rt.Sorting(images, images.labels)
        >>> sorting.name(3, "threes")
        >>> rt.export(sorting, "sorted")
        sorted: 20 files by cluster; with sorted.csv, index.html
        >>> rt.load_images("sorted/threes")
        threes: 3 images of 8 x 8 x 1, no labels
    """
    check_known("way to write files", files, ("copy", "link", "none"))
    folder = Path(folder).expanduser()
    check_target(folder, sorting.images)
    probabilities = membership(sorting)
    closed = None
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        closed = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
        part = closed / "part"  # a temporary folder is closed to others; this one is as any other
        part.mkdir()
        with find_originals(sorting.images) as entries:
            check_disk(part, entries, files)
            places, missing, rewritten = _put_files(sorting, entries, part, files)
        _write_table(sorting, probabilities, places, part / TABLE)
        _write_page(sorting, places, part / PAGE, folder.name, notes)
        if clusterer is not None:
            clusterer.save(part / MODEL)
            names = network_names(clusterer, sorting) if names is None else names
            text = json.dumps(names, ensure_ascii=False)
            (part / MODEL / NAMES).write_text(text + "\n", "utf-8")
        if folder.exists():
            folder.rmdir()  # empty, or it raises
        os.replace(part, folder)
    except OSError as error:
        raise TutorError(
            f"{folder} cannot be written: {error.strerror or error}. Nothing was written. Name "
            "another folder, on a disk with room."
        ) from None
    finally:
        if closed is not None:
            shutil.rmtree(closed, ignore_errors=True)
    copied = sum(place is not None for place in places)
    return Exported(folder, copied, rewritten, tuple(missing), clusterer is not None)


def free_folder(name):
    """Return a folder name that is not taken: `sorted`, or else `sorted-2` and so on.

    Args:
        name: Path of the folder that is wanted.

    Returns:
        A Path.

    Example:
        >>> rt.exporting.free_folder("nowhere").name
        'nowhere'
    """
    wanted = Path(name).expanduser()
    names = (wanted.with_name(f"{wanted.name}-{k}") for k in count(2))
    return wanted if not wanted.exists() else next(path for path in names if not path.exists())


def check_target(folder, images):
    """Raise TutorError unless a folder is new or empty and does not lie among the originals.

    Args:
        folder: Path.
        images: The ImageSet to be sorted.

    Example:
        >>> check_target("a new folder", rt.load_images("digits", limit=5))
    """
    folder = Path(folder).expanduser()
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise TutorError(
            f"Expected a new or empty folder; {folder} holds something, and nothing of it is "
            "replaced. Name another folder, or move that one away."
        )
    check_outside(folder, images.origin)


def check_outside(folder, origin):
    """Raise TutorError where a folder lies among the originals.

    Args:
        folder: Path.
        origin: Path of the folder where the originals are, str; anything else is no folder.

    Example:
        >>> check_outside("a new folder", None)
    """
    if isinstance(origin, str) and os.path.isdir(origin):
        origin, inside = Path(origin).resolve(), Path(folder).expanduser().resolve()
        if origin == inside or origin in inside.parents:
            raise TutorError(
                f"{folder} lies inside {origin}, where the originals are: the next run would sort "
                f"the copies, too. Name a folder outside, such as {origin.with_name('sorted')}."
            )


def check_disk(folder, entries, files):
    """Raise TutorError unless the disk has room for the copies, and takes the links.

    What stands in an archive cannot be linked to, and is copied.

    Args:
        folder: Path, which need not exist.
        entries: A list with the `files.Entry` of each image, from `find_originals`; or None.
        files: As for `export`.

    Example:
        >>> images = rt.load_images(rt.load_images("digits", limit=20).write("mine"))
        >>> with find_originals(images) as entries:
        ...     check_disk("a new folder", entries, "copy")
    """
    if files == "none":
        return
    folder = Path(os.path.abspath(Path(folder).expanduser()))
    disk = next(path for path in (folder, *folder.parents) if path.exists())
    linked = [entry for entry in entries if entry and entry.path and files == "link"]
    copied = [entry for entry in entries if entry and not (entry.path and files == "link")]
    needed, free = sum(entry.bytes for entry in copied), shutil.disk_usage(disk).free
    if copied and needed > free - SPARE:
        remedy = "Make room, or choose a folder on another disk."
        if all(entry.path for entry in copied):
            remedy += ' "link" in the place of "copy" needs none; in the shell it is --link.'
        raise TutorError(
            f"The copies need {needed / 1e6:,.0f} MB, and {free / 1e6:,.0f} MB are free. {remedy}"
        )
    if linked:
        try:
            with tempfile.TemporaryDirectory(prefix=".", dir=disk) as trial:
                Path(trial, "link").symlink_to(linked[0].path)
        except OSError as error:
            raise TutorError(
                f"No links can be made in {disk}: {error.strerror or error}. Choose a folder on "
                'another disk, or have the files copied: files="copy", in the shell without --link.'
            ) from None


def membership(sorting):
    """Return how well each image fits into each cluster, judged by the other images.

    A logistic regression on the embeddings learns the clusters from four fifths of the images, and
    tells them of the last fifth; five times. So an image that was put into a wrong cluster gets a
    low probability there. Images that were set aside teach nothing.

    Args:
        sorting: A `Sorting` of n images.

    Returns:
        `(n, k)` float32, a column for each cluster of `sorting.sizes`; rows sum to 1, and those of
        images set aside are NaN.

    Example:
        >>> images = rt.load_images("digits", limit=100)
        >>> rt.exporting.membership(rt.Sorting(images, images.labels)).shape
        (100, 10)
    """
    clusters, numbers = sorting.clusters, np.array(list(sorting.sizes), np.int64)
    found = np.full((len(clusters), len(numbers)), np.nan, np.float32)
    kept = clusters >= 0
    if len(numbers) < 2:
        found[kept] = 1
        return found
    most = max(sorting.sizes.values())
    folds = StratifiedKFold(max(2, min(FOLDS, most)), shuffle=True, random_state=0)
    model = LogisticRegression(C=10, max_iter=300)
    points, own = np.asarray(sorting.embeddings, np.float64)[kept], clusters[kept]
    if most < 2:
        found[kept] = 1 / len(numbers)
        return found
    if points.shape[1] > WIDEST:  # such as bare pixels, from which learning would take minutes
        points = pca(points, WIDEST, seed=0)
        points /= np.linalg.norm(points, axis=1).mean() or 1
    rows = np.zeros((len(own), len(numbers)), np.float32)
    with warnings.catch_warnings(), quiet_and_repeatable():
        warnings.simplefilter("ignore")  # of clusters with fewer images than folds
        for known, asked in folds.split(points, own):
            present = np.unique(own[known])
            columns = np.searchsorted(numbers, present)
            if len(present) == 1:
                rows[asked, columns] = 1
            else:
                model.fit(points[known], own[known])
                rows[np.ix_(asked, columns)] = model.predict_proba(points[asked])
    found[kept] = rows
    return found


def network_names(clusterer, sorting):
    """Return what the clusters of a network are called after a sorting was corrected.

    Each gets the name that most of its images have now.

    Args:
        clusterer: A fitted `RecurrentClusterer`.
        sorting: The `Sorting` of the same images.

    Returns:
        `{"0": name}`; clusters without a name are missing.

    Example:
        >>> from types import SimpleNamespace
        >>> sorting = rt.Sorting(rt.load_images("digits", limit=4), [0, 0, 1, 1])
        >>> sorting.name(1, "ones")
        >>> fitted = SimpleNamespace(labels_=np.array([1, 1, 0, 0]), n_clusters_=2)
        >>> network_names(fitted, sorting)
        {'0': 'ones'}
    """
    if len(clusterer.labels_) != len(sorting.clusters):
        return {}  # it was fitted on other images
    given, names = sorting.labelled().class_of_each, {}
    for cluster in range(clusterer.n_clusters_):
        called = Counter(given[i] for i in np.flatnonzero(clusterer.labels_ == cluster) if given[i])
        if called:
            names[str(cluster)] = called.most_common(1)[0][0]
    return names


def _called(sorting, cluster):
    return sorting.names.get(cluster, f"cluster {cluster}")


def _put_files(sorting, entries, part, files):
    """Copy or link; return (place of each image below the folder or None, missing, rewritten)."""
    clusters = sorting.clusters
    names = {cluster: _called(sorting, cluster) for cluster in sorting.sizes}
    folders = folder_names(names, {MODEL, TABLE, PAGE})
    sources = sorting.images.sources or [f"image {i}.png" for i in range(len(clusters))]
    places, missing, taken, rewritten = [None] * len(clusters), [], set(), 0
    if files == "none":
        return places, missing, rewritten
    has_files = sorting.images.origin is not None
    chosen = np.flatnonzero(clusters >= 0)
    for i in show_progress(chosen.tolist(), "copying files"):
        entry, name = entries[i], sources[i]
        if entry is None and has_files:
            missing.append(name)
            continue
        if entry is None and not name.lower().endswith(".png"):
            name += ".png"
        place = free_place(folders[int(clusters[i])], name, taken)
        target = part / place
        target.parent.mkdir(exist_ok=True)
        if entry is None:
            Image.fromarray(sorting.images[i].colour().pixels[0]).save(target)
            rewritten += 1
        else:
            put(entry, target, files)
        places[i] = place
    return places, missing, rewritten


def _write_table(sorting, probabilities, places, path):
    numbers, images = list(sorting.sizes), sorting.images
    sources = images.sources or [f"image {i}" for i in range(len(images))]
    text = io.StringIO()
    table = csv.writer(text)
    table.writerow(COLUMNS)
    for i, cluster in enumerate(sorting.clusters.tolist()):
        if cluster < 0:
            fields = [sources[i], "", "set aside", "", "", ""]
        else:
            own, row = numbers.index(cluster), probabilities[i].copy()
            probability, row[own] = row[own], -1
            second = _called(sorting, numbers[int(row.argmax())]) if len(numbers) > 1 else ""
            name, place = _called(sorting, cluster), places[i] or ""
            fields = [sources[i], cluster, name, f"{probability:.3f}", second, place]
        fields = [printable_name(str(field)) for field in fields]
        table.writerow([re.sub(f"^{label_file.FORMULA}", "'", field) for field in fields])
    path.write_bytes(text.getvalue().encode("utf-8-sig"))  # the mark by which Excel knows it


def _write_page(sorting, places, path, title, notes):
    """Write one page of HTML that holds its images and needs no other file."""
    clusters, points = sorting.clusters, np.asarray(sorting.embeddings)
    sections = []
    for cluster, size in sorted(sorting.sizes.items(), key=lambda pair: -pair[1]):
        members = np.flatnonzero(clusters == cluster)
        middle = points[members].mean(axis=0, keepdims=True)
        near = euclidean_distances(points[members], middle)[:, 0].argsort(kind="stable")
        shots = "".join(_shot(sorting.images, i, places[i]) for i in members[near[:SHOWN]])
        more = f"<p>... and {size - SHOWN:,} more</p>" if size > SHOWN else ""
        name = html.escape(_called(sorting, cluster))
        many = format_count(size, "image")
        sections.append(f"<h2>{name} <small>{many}</small></h2><div>{shots}</div>{more}")
    said = "".join(f"<li>{html.escape(note)}</li>" for note in notes)
    aside = int((clusters < 0).sum())
    head = f"{format_count(len(clusters), 'image')} in {format_count(len(sections), 'cluster')}"
    head += f", {aside:,} set aside" if aside else ""
    page = _PAGE.format(
        title=html.escape(title),
        head=f"{head}. The most typical of each cluster come first.",
        notes=f"<ul>{said}</ul>" if said else "",
        sections="\n".join(sections),
    )
    path.write_text(page, "utf-8")


def _shot(images, index, place):
    """Return one image as HTML: a small JPEG inside the page, a link to the file beside it."""
    pixels = images.pixels[index]
    picture = Image.fromarray(pixels if pixels.shape[2] == 3 else pixels[..., 0])
    picture.thumbnail((THUMBNAIL, THUMBNAIL))
    content = io.BytesIO()
    picture.save(content, "JPEG", quality=80)
    source = images.sources[index] if images.sources else f"image {index}"
    name = html.escape(source, quote=True)
    code = base64.b64encode(content.getvalue()).decode()
    shot = f'<img alt="{name}" title="{name}" src="data:image/jpeg;base64,{code}">'
    return f'<a href="{quote(place)}">{shot}</a>' if place else shot


_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
:root {{ color-scheme: light dark; }}
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 1100px; margin: 2em auto;
        padding: 0 1em; }}
h2 {{ margin: 1.5em 0 .4em; }} small {{ font-weight: normal; opacity: .7; }}
div {{ display: flex; flex-wrap: wrap; gap: 4px; }}
img {{ height: 84px; min-width: 28px; display: block; border-radius: 3px; }}
</style></head><body>
<h1>{title}</h1><p>{head}</p>{notes}
{sections}
</body></html>
"""
