"""Clusters of images that are read from disk: found among some, and given to all."""

from rnn_tutor.images.stream import LazyPixels, some_of

LOOKED_AT = 20_000  # images of a stream, at the most, among which clusters are looked for


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
