"""A folder of images, sorted from the shell: what `rnn-tutor sort` does.

Look at the folder, set spoilt images aside, sort, write it all into a new folder.
"""

import json
import os
import warnings
from pathlib import Path

import numpy as np

from rnn_tutor._errors import TutorError, check_whole
from rnn_tutor.clusters.export import NAMES, check_disk, check_target, export
from rnn_tutor.clusters.sorting import Sorting
from rnn_tutor.clusters.trust import trust_report
from rnn_tutor.images.datasets import load_images
from rnn_tutor.images.inspection import Inspection
from rnn_tutor.images.originals import find_originals

MOST_SPOILT = 0.3  # share of the images, above which blurred, dark or bright is what they are


def sort_folder(source, out, *, kinds=None, model=None, files="copy", keep_spoilt=False, seed=0):
    """Sort a folder of images and write the result into a new folder; say what is done.

    Args:
        source: Path of a folder or a zip; never a named set.
        out: Path of a folder that does not exist yet, or is empty, outside `source`.
        kinds: How many clusters, int from 2; None for as many as are proposed. Default None.
        model: Path of a `RecurrentClusterer` that was saved, such as the folder `model` of an
            earlier run, at whose size and channels the images are loaded; None to train one.
            Default None.
        files: As for `export`. Default "copy".
        keep_spoilt: Whether to sort duplicates, blurred, very dark and very bright images, too.
            Default False: they are set aside; but where more than `MOST_SPOILT` of the images are
            blurred, very dark or very bright, only the duplicates are.
        seed: int. Default 0.

    Returns:
        The `Exported`.

    Raises:
        TutorError: The folder holds no images, `out` is not free, the disk has no room or takes no
            links, or the model cannot be loaded.

    Example:
        >>> import contextlib, io
        >>> folder = rt.load_images("shapes", limit=60, size=32).write("mine")
        >>> with contextlib.redirect_stdout(io.StringIO()):
        ...     exported = rt.sort_folder.sort_folder(folder, "sorted", kinds=3)
        >>> exported.copied
        60
    """
    if kinds is not None:
        kinds = check_whole("The number of kinds", kinds, at_least=2)
    path = Path(source).expanduser()  # a text could be the name of a shipped set
    if not path.exists():
        raise TutorError(
            f"There is no folder and no zip {str(source)!r}, looked for in {os.getcwd()}. Write "
            "its path, between quotation marks where it has spaces."
        )
    clusterer, names = (None, {}) if model is None else _loaded(Path(model).expanduser())
    images = load_images(path, **_read_as(clusterer)).without_labels()
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


def _loaded(folder):
    """Return (clusterer, {cluster: name}) of a model that was saved."""
    from rnn_tutor._backend import load_keras
    from rnn_tutor.clusters.estimator import RecurrentClusterer

    load_keras()
    clusterer, path = RecurrentClusterer.load(folder), folder / NAMES
    if not path.exists():
        return clusterer, {}
    try:
        names = json.loads(path.read_text("utf-8-sig"))
        if not all(isinstance(name, str) for name in names.values()):
            raise ValueError("a name is no text")
        return clusterer, {str(int(cluster)): name for cluster, name in names.items()}
    except (OSError, ValueError, AttributeError) as error:
        raise TutorError(
            f"{path} cannot be read as names of clusters: {error}. Expected is a text such as "
            '{"0": "cats", "1": "dogs"}. Mend it, or move it away to do without names.'
        ) from None


def _read_as(clusterer):
    """Return how images are loaded, as settings of `load_images`: as the network saw them."""
    if clusterer is None:
        return {}
    reader = clusterer.reader_
    size = None if reader.width is None else (reader.height, reader.width)
    return {"size": size, "channels": reader.channels}


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
