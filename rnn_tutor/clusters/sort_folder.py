"""A folder of images, sorted from the shell: what `rnn-tutor sort` does.

Look at the folder, set spoilt images aside, sort, write it all into a new folder.
"""

import json
import os
import warnings
from pathlib import Path

import numpy as np

from rnn_tutor._errors import TutorError, check_whole
from rnn_tutor.clusters.export import NAMES, check_target, export
from rnn_tutor.clusters.sorting import Sorting
from rnn_tutor.clusters.trust import trust_report
from rnn_tutor.images.datasets import load_images
from rnn_tutor.images.inspection import Inspection


def sort_folder(source, out, *, kinds=None, model=None, files="copy", keep_spoilt=False, seed=0):
    """Sort a folder of images and write the result into a new folder; say what is done.

    Args:
        source: Path of a folder or a zip.
        out: Path of a folder that does not exist yet, or is empty, outside `source`.
        kinds: How many clusters, int from 2; None for as many as are proposed. Default None.
        model: Path of a `RecurrentClusterer` that was saved, such as the folder `model` of an
            earlier run; None to train one. Default None.
        files: As for `export`. Default "copy".
        keep_spoilt: Whether to sort duplicates, blurred, very dark and very bright images, too.
            Default False: they are set aside.
        seed: int. Default 0.

    Returns:
        The `Exported`.

    Raises:
        TutorError: The folder holds no images, `out` is not free, or the model cannot be loaded.

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
    if not os.path.exists(Path(source).expanduser()):
        raise TutorError(
            f"There is no folder and no zip {str(source)!r}, looked for in {os.getcwd()}. Write "
            "its path, between quotation marks where it has spaces."
        )
    images = load_images(os.fspath(Path(source).expanduser())).without_labels()
    check_target(Path(out), images)  # before minutes go by
    inspection = Inspection(images)
    print(images.report())
    print(inspection)
    if not keep_spoilt and len(inspection.spoilt) < len(images):
        inspection.set_aside(inspection.spoilt)
        if len(inspection.aside):
            aside = f"{len(inspection.aside):,} set aside"
            print(f"{aside}, named in sorted.csv; --keep-spoilt sorts them, too.")
    kept, is_kept = inspection.kept, np.ones(len(images), bool)
    is_kept[inspection.aside] = False
    clusterer, clusters, names = _sorted(kept, kinds, model, seed)
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


def _sorted(images, kinds, model, seed):
    """Return (clusterer, cluster of each image, {cluster: name})."""
    from rnn_tutor._backend import load_keras
    from rnn_tutor.clusters.estimator import RecurrentClusterer

    load_keras()
    if model is not None:
        clusterer = RecurrentClusterer.load(model)
        path = Path(model) / NAMES
        names = json.loads(path.read_text("utf-8")) if path.exists() else {}
        return clusterer, clusterer.predict(images), names
    clusterer = RecurrentClusterer(kinds or "auto", random_state=seed)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        clusterer.fit(images)
    for warning in caught:
        if warning.category is UserWarning:
            print(warning.message)
    return clusterer, clusterer.labels_, {}
