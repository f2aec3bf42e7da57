"""Embeddings at length one, and laid out as a map: PCA, UMAP, t-SNE."""

import importlib.util
import os
import subprocess
import sys
import warnings
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE
from sklearn.neighbors import NearestNeighbors
from sklearn.preprocessing import normalize
from sklearn.utils import check_array
from threadpoolctl import threadpool_limits

from rnn_tutor._backend import release_memory
from rnn_tutor._errors import TutorError, check_known
from rnn_tutor._folders import replace_folders
from rnn_tutor._text import format_list

# Without TensorFlow, which the package loads for a class that is unused here.
COMPILE_UMAP = "import sys; sys.modules['umap.parametric_umap'] = None; import umap"
FEWEST_FOR_NEIGHBOURS = 30  # with fewer points, a graph of 20 neighbours joins almost every pair


def l2_normalize(embeddings):
    """Scale each embedding to length one.

    The contrastive loss compares directions only; so should what clusters its embeddings.

    Args:
        embeddings: `(n, d)` numbers.

    Returns:
        `(n, d)` float32; a row of zeros stays zeros.

    Raises:
        TutorError: `embeddings` has another shape, or holds NaN or infinity.

    Example:
        >>> l2_normalize([[3, 4], [0, 0]])
        array([[0.6, 0.8],
               [0. , 0. ]], dtype=float32)
    """
    return normalize(check_embeddings(embeddings)).astype(np.float32)


def project(embeddings, method="pca", seed=0):
    """Lay embeddings out as a map.

    With fewer than 30 different embeddings, PCA draws every map. For 5,000 images PCA takes well
    under a second, UMAP about 7 s (the first time 14), t-SNE about 28 s.

    Args:
        embeddings: `(n, d)` numbers.
        method: A name from `MAPS`, str: "pca", "umap" or "tsne". Default "pca".
        seed: Decides everything random, int. Default 0.

    Returns:
        `(n, 2)` float32.

    Raises:
        TutorError: No map has that name, or `embeddings` has another shape, or holds NaN or
            infinity.

    Example:
        >>> project([[0, 0, 0], [0, 3, 4]]).shape
        (2, 2)

    Sources: McInnes, Healy, Melville (2018), UMAP; van der Maaten, Hinton (2008), t-SNE.
    """
    check_known("map", method, MAPS)
    points = MAPS[method](check_embeddings(embeddings), 2, seed)
    return np.pad(points, ((0, 0), (0, 2 - points.shape[1]))).astype(np.float32)


def pca(points, dimensions, seed):
    """Reduce points to their first principal components.

    Args:
        points: `(n, d)` float64.
        dimensions: Components to keep, int.
        seed: Decides everything random, int.

    Returns:
        `(n, dimensions)` float64, or fewer columns where `d` or `n` is smaller.
    """
    dimensions = min(dimensions, *points.shape)
    centred = points - points.mean(axis=0)
    if dimensions == points.shape[1] and dimensions > 2:
        return centred
    with quiet_and_repeatable():
        return PCA(dimensions, random_state=seed).fit_transform(centred)


def umap_layout(points, dimensions, seed, min_dist=0.1):
    """Lay points out by UMAP, by their 20 nearest neighbours; by `pca` where they are too few.

    Args:
        points: `(n, d)` float64.
        dimensions: Dimensions of the layout, int.
        seed: Decides everything random, int.
        min_dist: How close points may lie, float. Default 0.1.

    Returns:
        `(n, dimensions)` float32.
    """
    if _too_few(points):
        return pca(points, dimensions, seed)
    umap = import_umap()
    with quiet_and_repeatable():
        layout = umap(
            n_components=min(dimensions, max(2, points.shape[1])),
            n_neighbors=20,
            min_dist=min_dist,
            random_state=seed,
            n_jobs=1,
            precomputed_knn=_neighbours(points, 20),
        ).fit_transform(points)
    release_memory()  # of UMAP's compilation
    return layout


def _neighbours(points, n):
    """Find the exact neighbours; UMAP's own search takes longer to compile.

    Returns:
        `(indices, distances)`, both `(n, neighbours)`.
    """
    distances, indices = NearestNeighbors(n_neighbors=n, algorithm="brute").fit(points).kneighbors()
    own = np.arange(len(points))[:, None]  # UMAP counts an image as its own first neighbour
    return (
        np.hstack([own, indices[:, :-1]]),
        np.hstack([np.zeros(own.shape), distances[:, :-1]]).astype(np.float32),
    )


def import_umap():
    """Import UMAP without TensorFlow, which its package loads for a class that is unused here.

    The first import on a machine compiles for 15 s. It happens in a process of its own, which takes
    the 100 MB that a compiler leaves behind with it.
    """
    replace_folders(["NUMBA_CACHE_DIR"])  # without a writable cache, the import fails
    if "umap" not in sys.modules and not _umap_is_compiled():
        with suppress(OSError):  # then it compiles here
            subprocess.run([sys.executable, "-c", COMPILE_UMAP], capture_output=True)
    unused = "umap.parametric_umap"
    if "tensorflow" not in sys.modules:
        sys.modules.setdefault(unused, None)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from umap import UMAP
    finally:
        if sys.modules.get(unused, ...) is None:
            del sys.modules[unused]
    return UMAP


def _umap_is_compiled():
    """Whether Numba's cache holds the search for neighbours, which UMAP compiles on import."""
    if folder := os.environ.get("NUMBA_CACHE_DIR"):
        return any(Path(folder).rglob("pynndescent*/*.nbi"))
    search = importlib.util.find_spec("pynndescent")
    beside = Path(search.origin).parent if search else Path()
    return any(beside.glob("__pycache__/*.nbi"))


def tsne_layout(points, dimensions, seed):
    """Lay points out by t-SNE; by `pca` where they are too few.

    Args:
        points: `(n, d)` float64.
        dimensions: Dimensions of the layout, int.
        seed: Decides everything random, int.

    Returns:
        `(n, dimensions)` float32.
    """
    if _too_few(points):
        return pca(points, dimensions, seed)
    points = pca(points, 50, seed)
    perplexity = min(30.0, (len(points) - 1) / 3)
    start = "pca" if points.shape[1] > 1 else "random"
    tsne = TSNE(dimensions, perplexity=perplexity, init=start, random_state=seed)
    with quiet_and_repeatable():
        return tsne.fit_transform(points)


MAPS = {"pca": pca, "umap": umap_layout, "tsne": tsne_layout}


def _too_few(points):
    return len(np.unique(points, axis=0)) < FEWEST_FOR_NEIGHBOURS


@contextmanager
def quiet_and_repeatable():
    """Silence warnings that need no action, and use one thread, so that sums keep their order.

    The warnings are about fewer different points than clusters, and graphs in several pieces.
    """
    with warnings.catch_warnings(), threadpool_limits(1):
        warnings.simplefilter("ignore")
        yield


def check_embeddings(embeddings):
    """Check embeddings, and return them as float64.

    Args:
        embeddings: `(n, d)` numbers.

    Returns:
        `(n, d)` float64.

    Raises:
        TutorError: They are no numbers of that shape, or hold NaN or infinity.
    """
    try:
        points = check_array(embeddings, dtype=np.float64, ensure_all_finite=False)
    except ValueError as problem:
        shape = getattr(embeddings, "shape", None)
        raise TutorError(
            f"Expected embeddings as numbers of the shape (n, d), a row an image"
            f"{f'; received the shape {shape}' if shape else ''}. {str(problem).splitlines()[0]} "
            "`pixels.reshape(len(pixels), -1)` brings pixels to that shape."
        ) from None
    bad = np.flatnonzero(~np.isfinite(points).all(axis=1))
    if len(bad):
        raise TutorError(
            f"{len(bad)} of {len(points)} embeddings hold NaN or infinity (rows "
            f"{format_list(bad, 10)}). This is what a network gives whose training diverged: lower "
            "the learning rate, or leave these rows out."
        )
    return points
