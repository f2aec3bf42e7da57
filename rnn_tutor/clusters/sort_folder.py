"""A folder of images, sorted from the shell: what `rnn-tutor sort` does.

Look at the folder, set spoilt images aside, sort, write it all into a new folder. What does not fit
into memory is sorted in chunks (see `sort_chunks`), by a network that saw some of it.
"""

import warnings
from pathlib import Path

import numpy as np

from rnn_tutor._errors import TutorError, check_whole
from rnn_tutor.clusters.export import MODEL, check_disk, check_target, export
from rnn_tutor.clusters.sort_chunks import check_start, explain_missing, holds_job, load_model, sort
from rnn_tutor.clusters.sorting import Sorting
from rnn_tutor.clusters.trust import trust_report
from rnn_tutor.images.datasets import load_images
from rnn_tutor.images.inspection import Inspection
from rnn_tutor.images.originals import find_originals
from rnn_tutor.images.stream import ImageStream

MOST_SPOILT = 0.3  # share of the images, above which blurred, dark or bright is what they are
LEARNT_FROM = 20_000  # images, at the most, from which a network learns to sort in chunks


def sort_folder(
    source,
    out,
    *,
    kinds=None,
    model=None,
    files=None,
    keep_spoilt=False,
    seed=0,
    chunk=None,
    workers=None,
):
    """Sort a folder of images and write the result into a new folder; say what is done.

    A folder that does not fit into memory is sorted in chunks by `rt.sort`, and so is any folder
    where `chunk` or `workers` is given, or where `out` holds such a job already. Then nothing is
    set aside, and the result is tables; without a `model`, a network first learns from at most
    20,000 of the images.

    Args:
        source: Path of a folder or a zip; never a named set.
        out: Path of a folder that does not exist yet, or is empty, outside `source`; or of one with
            a job in chunks, which goes on.
        kinds: How many clusters, int from 2; None for as many as are proposed. Default None.
        model: Path of a `RecurrentClusterer` that was saved, such as the folder `model` of an
            earlier run, at whose size and channels the images are loaded; None to train one.
            Default None.
        files: "copy", "link" or "none", as for `export`. Default None: "copy"; in chunks "none".
        keep_spoilt: Whether to sort duplicates, blurred, very dark and very bright images, too.
            Default False: they are set aside; but where more than `MOST_SPOILT` of the images are
            blurred, very dark or very bright, only the duplicates are.
        seed: int. Default 0.
        chunk: Images in a chunk, int; None for no chunks where all fits into memory. Default None.
        workers: The address of a Dask scheduler, or None, as for `rt.sort`. Default None.

    Returns:
        The `Exported`; of a job in chunks, the `Sorted`.

    Raises:
        TutorError: The folder holds no images, `out` is not free, the disk has no room or takes no
            links, or the model cannot be loaded.

    Example:
        >>> import contextlib, io
        >>> folder = rt.load_images("photos5", limit=30).write("mine")
        >>> with contextlib.redirect_stdout(io.StringIO()):
        ...     exported = rt.sort_folder.sort_folder(folder, "sorted", kinds=3)
        >>> exported.copied
        30
    """
    if kinds is not None:
        kinds = check_whole("The number of kinds", kinds, at_least=2)
    path = Path(source).expanduser()  # a text could be the name of a shipped set
    if not path.exists():
        raise TutorError(explain_missing(source))
    in_chunks = chunk is not None or workers is not None or holds_job(out)
    if not in_chunks:
        clusterer, names = (None, {}) if model is None else load_model(Path(model).expanduser())
        images = load_images(path, **_read_as(clusterer)).without_labels()
        in_chunks = isinstance(images, ImageStream)
    if in_chunks:
        model = model or _learnt_from_some(path, Path(out).expanduser(), kinds, seed)
        copies = None if files == "none" else files
        done = sort(path, model, out, chunk=chunk, copies=copies, workers=workers)
        print(done)
        return done
    files = files or "copy"
    check_target(Path(out), images)  # before minutes go by
    with find_originals(images) as entries:
        check_disk(out, entries, files)
    inspection = Inspection(images)
    print(images.report())
    print(inspection)
    if not keep_spoilt:
        inspection.set_aside(_spoilt(inspection))
        if len(inspection.aside):
            aside = f"{len(inspection.aside):,} set aside"
            print(f"{aside}, named in sorted.csv; --keep-spoilt sorts them, too.")
    kept, is_kept = inspection.kept, np.ones(len(images), bool)
    is_kept[inspection.aside] = False
    if clusterer is None:
        clusterer = _trained(kept, kinds, seed)
        clusters = clusterer.labels_
    else:
        clusters = clusterer.predict(kept)
    embeddings = clusterer.transform(kept)
    trust = trust_report(kept, clusters, embeddings)
    if model is not None or clusterer.trust_ is None:  # else `fit` has printed it
        print(trust)
    sorting = Sorting(images, _spread(clusters, is_kept), _spread(embeddings, is_kept))
    if not is_kept.all():
        sorting.set_aside(~is_kept)
    for cluster, name in names.items():
        if int(cluster) in sorting.sizes:
            sorting.name(int(cluster), name)
    notes = [f"{light.name}: {light.colour}. {light.sentence}" for light in trust.lights]
    exported = export(sorting, out, clusterer=clusterer, names=names, files=files, notes=notes)
    print(exported)
    print(f"Look at {exported.folder / 'index.html'} in a browser.")
    return exported


def _spread(rows, is_kept):
    """Return the rows at the places of the images that were kept, and zeros elsewhere."""
    spread = np.zeros((len(is_kept), *rows.shape[1:]), rows.dtype)
    spread[is_kept] = rows
    return spread


def _spoilt(inspection):
    """Return the indices of what is best left out; say so where that is too much to be true.

    Of drawings on white paper, all are very bright.
    """
    kinds = {"blurred": "blurred", "dark": "very dark", "bright": "very bright"}
    found = {kinds[kind]: inspection.findings[kind] for kind in kinds}
    n, some = len(inspection.images), np.unique(np.concatenate(list(found.values())))
    if len(some) <= MOST_SPOILT * n and len(inspection.spoilt) < n:
        return inspection.spoilt
    called = " or ".join(kind for kind, indices in found.items() if len(indices))
    print(f"{len(some):,} of {n:,} images are {called}: so many that they are sorted, too.")
    return np.union1d(inspection.duplicates, inspection.near_duplicates)


def _read_as(clusterer):
    """Return how images are loaded, as settings of `load_images`: as the network saw them."""
    if clusterer is None:
        return {}
    reader = clusterer.reader_
    size = None if reader.width is None else (reader.height, reader.width)
    return {"size": size, "channels": reader.channels}


def _learnt_from_some(path, out, kinds, seed):
    """Return the model in a folder of results, trained on some of the images unless it is there."""
    check_start(out, str(path))  # before minutes go by
    model = out / MODEL
    if not (model / "clusterer.json").exists():
        some = load_images(path, limit=LEARNT_FROM, seed=seed, stream=True).without_labels()
        print(f"The network learns from {len(some):,} images, and then sorts all of them.")
        _trained(some, kinds, seed).save(model)
    return model


def _trained(images, kinds, seed):
    """Return a `RecurrentClusterer` that was fitted on the images."""
    from rnn_tutor._backend import load_keras
    from rnn_tutor.clusters.estimator import RecurrentClusterer

    load_keras()
    clusterer = RecurrentClusterer(kinds or "auto", random_state=seed)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        clusterer.fit(images)
    for warning in caught:
        if warning.category is UserWarning:
            print(warning.message)
    return clusterer
