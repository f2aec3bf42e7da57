"""Warnings about clusters that need no labels, as traffic lights.

Four lights look for known ways in which sorting photographs goes wrong: the clusters follow colour,
there are few images, the images hold little detail, or the clusters are no more stable than those
of shuffled embeddings.

Green is no promise. On 14 sets, some of them spoilt on purpose, the lights did this
(`rt.stored_results("photographs")`):

- images and detail: amber or red on the 2 and 4 sets that needed it, and on no other;
- colour: on the 1 set that needed it, and wrongly on 2 others;
- stability: on 0 of the 2 sets that needed it, both of noise.

The light for stability compares with shuffled embeddings. It sets no limit to the stability itself,
because none would do. In all runs with photographs the stability lay between 0.3 and 0.8, with 51
to 88 % in the right cluster. For pure noise it was 0.4.
"""

from dataclasses import dataclass

import numpy as np
from sklearn.neighbors import NearestNeighbors

from rnn_tutor._cv2 import cv2
from rnn_tutor._errors import TutorError
from rnn_tutor.clusters.evaluation import on_halves, stability
from rnn_tutor.clusters.projection import check_embeddings, l2_normalize
from rnn_tutor.images.arrays import as_images, as_uint8

COLOURS = ("green", "amber", "red")
MARKS = dict(zip(COLOURS, ("●", "▲", "■"), strict=True))  # for readers who see no colours
LOOKED_AT = 2_000  # images at the most, drawn at random
FEW = 150  # images, below which a reader of maps learns nothing that lasts
FEW_A_CLUSTER = 10
FOLLOWS_COLOUR = 0.6  # share of images whose cluster their colours predict
FINE = 128  # pixels of the longer side, at which detail is looked for
COARSE = 32  # pixels, to which an image of little detail can shrink without loss
LOST = 0.012  # share of an image's variance that is lost where it had more detail
UNSTABLE = 0.25  # how far stability must lie above that of shuffled embeddings


@dataclass(frozen=True)
class Light:
    """One traffic light.

    Attributes:
        name: What was looked at: "colour", "images", "detail" or "stability".
        colour: "green", "amber" or "red".
        value: The number behind it, a float.
        sentence: What it means, str.

    Example:
        >>> Light("images", "amber", 120.0, "120 images are few.").colour
        'amber'
    """

    name: str
    colour: str
    value: float
    sentence: str


@dataclass(frozen=True, repr=False)
class TrustReport:
    """Traffic lights for the clusters of some images.

    `report["colour"]` is the light of that name; `repr` writes one line for each.

    Attributes:
        lights: A tuple of `Light`.

    Example:
        >>> TrustReport((Light("images", "amber", 120.0, "120 images are few."),))
        ▲ amber  images     120 images are few.
    """

    lights: tuple[Light, ...]

    def __getitem__(self, name):
        for light in self.lights:
            if light.name == name:
                return light
        names = ", ".join(light.name for light in self.lights)
        raise TutorError(f"There is no light {name!r}; there are: {names}.")

    @property
    def colour(self):
        """The worst colour of all lights."""
        return max((light.colour for light in self.lights), key=COLOURS.index)

    def __repr__(self):
        return "\n".join(
            f"{MARKS[light.colour]} {light.colour:6} {light.name:10} {light.sentence}"
            for light in self.lights
        )


def trust_report(images, clusters, embeddings, seed=0):
    """Judge clusters without labels.

    Args:
        images: An `ImageSet`, an array or a list of images, of any sizes.
        clusters: `(n,)` int from 0, the cluster of each image.
        embeddings: `(n, d)` numbers in which the clusters were found.
        seed: Of the images that are looked at where there are more than 2,000, and of everything
            random. Default 0.

    Returns:
        A `TrustReport`. Grey images get no light for colour, and fewer than two images for each
        cluster none for stability.

    Raises:
        TutorError: There is not one cluster and one embedding for each image.

    Example:
        >>> images = rt.load_images("shapes", limit=60)
        >>> points = images.as_float().reshape(60, -1)
        >>> found = rt.Clustering(5, seed=0).fit(points)
        >>> rt.trust_report(images, found.labels, points)["images"].colour
        'amber'
    """
    pictures, clusters = as_images(images, lazy=True), np.asarray(clusters)
    points = check_embeddings(embeddings)
    if not (len(pictures) == len(clusters) == len(points)) or clusters.ndim != 1:
        raise TutorError(
            f"Expected one cluster and one embedding for each image; received {len(pictures)} "
            f"images, clusters {clusters.shape} and embeddings {points.shape}."
        )
    chosen = np.random.default_rng(seed).permutation(len(pictures))[:LOOKED_AT]
    n_clusters = len(np.unique(clusters))
    some = [as_uint8(pictures[i]) for i in chosen]
    lights = (
        _of_colour(some, clusters[chosen]),
        _of_number(len(pictures), n_clusters),
        _of_detail(some),
        _of_stability(points[chosen], n_clusters, seed),
    )
    return TrustReport(tuple(light for light in lights if light))


def _of_colour(images, clusters):
    """Whether the colours of an image predict its cluster, by the vote of five neighbours."""
    if images[0].shape[2] != 3 or len(images) <= 6:
        return None
    histograms = np.sqrt([colour_histogram(image) for image in images])
    search = NearestNeighbors(n_neighbors=5).fit(histograms)
    voters = np.unique(clusters, return_inverse=True)[1]
    votes = np.eye(voters.max() + 1)[voters[search.kneighbors(return_distance=False)]]
    share = float((votes.sum(axis=1).argmax(axis=1) == voters).mean())
    largest = np.bincount(voters).max() / len(voters)
    # Of two clusters, a blind guess is right half the time: colour must do clearly better.
    follows = share > max(FOLLOWS_COLOUR, (1 + largest) / 2)
    sentence = f"Colour alone predicts the cluster of {share:.0%} of the images"
    if follows:
        sentence += ": look whether you want them sorted by colour."
        return Light("colour", "amber", share, sentence)
    return Light("colour", "green", share, f"{sentence}; the clusters follow more than that.")


def colour_histogram(image):
    """Count the colours of an image: 64 bins, four levels of each of three channels.

    Args:
        image: `(height, width, 3)` uint8.

    Returns:
        `(64,)` float64, shares of the pixels, which sum to 1.

    Example:
        >>> colour_histogram(np.zeros((2, 2, 3), np.uint8))[0]
        np.float64(1.0)
    """
    levels = image.reshape(-1, 3) >> 6
    counts = np.bincount(levels @ (16, 4, 1), minlength=64)
    return counts / counts.sum()


def _of_number(n, n_clusters):
    if n < FEW_A_CLUSTER * n_clusters:
        sentence = f"{n} images are too few for {n_clusters} clusters: chance decides much."
        return Light("images", "red", float(n), sentence)
    if n < FEW:
        sentence = (
            f"{n} images are few: chance decides much. Any reader of maps but "
            'encoder="pool" is trained on them, and soon overfits.'
        )
        return Light("images", "amber", float(n), sentence)
    return Light("images", "green", float(n), f"{n:,} images are enough.")


def _of_detail(images):
    """Whether images shrink to `COARSE` pixels without loss: they are blurred, or enlarged."""
    share = float(np.mean([_detail(image) < LOST for image in images]))
    if share > 0.5:
        colour = "amber"
        sentence = (
            f"{share:.0%} of the images hold little detail, no more than {COARSE} pixels would: "
            "they are blurred, or were enlarged. Give sharper originals."
        )
    else:
        colour = "green"
        sentence = f"{1 - share:.0%} of the images are sharp enough."
    return Light("detail", colour, share, sentence)


def _detail(image):
    """Return the share of an image's variance that is lost where it shrinks to `COARSE` pixels."""
    share = FINE / max(image.shape[:2])
    height, width = (max(1, round(side * share)) for side in image.shape[:2])
    how = cv2.INTER_AREA if share < 1 else cv2.INTER_LINEAR
    grey = cv2.resize(image.mean(axis=2).astype("float32"), (width, height), interpolation=how)
    coarse = max(1, height * COARSE // FINE), max(1, width * COARSE // FINE)
    small = cv2.resize(grey, coarse[::-1], interpolation=cv2.INTER_AREA)
    again = cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)
    return float(((grey - again) ** 2).mean() / max(grey.var(), 1.0))


def _of_stability(points, n_clusters, seed):
    """Whether clusters of halves agree better than those of embeddings that lost their structure.

    Each column is shuffled by itself: every number stays, and what belongs together is lost.
    """
    if len(points) < 2 * n_clusters or n_clusters < 2:
        return None
    rng = np.random.default_rng(seed)
    shuffled = l2_normalize(rng.permuted(points, axis=0))
    ours, noise = (
        stability(on_halves(some, n_clusters, seed)) for some in (l2_normalize(points), shuffled)
    )
    gap = ours - noise
    colour = "green" if gap > UNSTABLE else "red" if gap < UNSTABLE / 3 else "amber"
    end = {
        "green": "; stable need not mean right.",
        "amber": ": try fewer or more clusters.",
        "red": ": do not rely on them.",
    }[colour]
    sentence = (
        f"Clusters of other halves of the images agree by {ours:.2f}, those of shuffled numbers "
        f"by {noise:.2f}{end}"
    )
    return Light("stability", colour, gap, sentence)
