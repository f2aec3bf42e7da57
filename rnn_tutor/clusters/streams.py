"""Clusters of images that are read from disk: found among some, and given to all.

A sample of 20,000 is enough: of 50,000 views of clothes, k-means put as many into the right cluster
as when it saw all, and `MiniBatchKMeans` in one pass put ten in a hundred fewer there
(`data_scripts/benchmarks/RESULTS.md`). Neighbours in pixels, and the maps of ready-trained
features, need a sample in any case, for they take more memory than the embeddings.
"""

import math
import time

from rnn_tutor import _machine
from rnn_tutor._text import format_bytes, format_duration
from rnn_tutor.images.stream import LazyPixels, some_of

LOOKED_AT = 20_000  # images of a stream, at the most, among which clusters are looked for
TRAINING = 300_000_000  # bytes that a network holds while it learns from small images (measured)
COPIES = 3  # of the sample's numbers, float32, that are held at a time
TRIED = 256  # images, to see how long ready-trained features take


def look_at_some(pixels, seed, verbose=True):
    """Return the images among which clusters are looked for: of a long stream, a random sample.

    The network that is made of these clusters then tells the cluster of every image.

    Args:
        pixels: An array of images, or a `LazyPixels`.
        seed: Of the sample, int.
        verbose: Whether a sentence says so, bool. Default True.

    Returns:
        `pixels`, or a `LazyPixels` of 20,000.

    Example:
        >>> look_at_some(np.zeros((5, 8, 8, 1)), seed=0).shape
        (5, 8, 8, 1)
    """
    looked_at = some_of(pixels, LOOKED_AT, seed)
    if verbose and len(looked_at) < len(pixels):
        print(
            f"Clusters, their stability and neighbours are looked for among {len(looked_at):,} of "
            f"{len(pixels):,} images, drawn at random; the network sorts all of them."
        )
    return looked_at


def in_chunks(images, n):
    """Go through images chunk by chunk; a stream is one chunk, for it reads itself in batches.

    Args:
        images: What `as_images` gives.
        n: Images a chunk, int.

    Returns:
        An iterable.

    Example:
        >>> [len(chunk) for chunk in in_chunks([1, 2, 3], 2)]
        [2, 1]
    """
    if isinstance(images, LazyPixels):
        return [images] if len(images) else []
    return (images[i : i + n] for i in range(0, len(images), n))


def say_needs(pixels, looked_at, passes, features=None):
    """Print how long a fit of a stream reads, and the memory that it holds, before it begins.

    Args:
        pixels: A `LazyPixels`; of an array nothing is said.
        looked_at: What `look_at_some` gave.
        passes: How often a network that learns reads all images, int.
        features: A Keras model that sees the images first, which is run over a few; None for none.
    """
    if not isinstance(pixels, LazyPixels):
        return
    share = len(looked_at) / len(pixels)
    seconds, numbers = (passes + share + 1) * pixels.seconds, math.prod(pixels.shape[1:])
    if features is not None:
        from rnn_tutor.clusters.features import BATCH, run_in_batches

        run_in_batches(features, looked_at[:BATCH])  # its graph is built
        begun, tried = time.perf_counter(), min(TRIED, len(looked_at))
        run_in_batches(features, looked_at[:tried])
        seconds = (share + 1) * len(pixels) * (time.perf_counter() - begun) / tried
        numbers = math.prod(features.output_shape[1:])
    held = _machine.held() + TRAINING + COPIES * 4 * numbers * len(looked_at)
    print(
        f"Reading the images takes about {format_duration(seconds)} in all, beside what is learnt. "
        f"This process will hold up to {format_bytes(held)} of memory. Nothing is written."
    )
