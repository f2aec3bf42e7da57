"""How far to trust a sorting: look at a few images of each cluster, and reckon with the rest.

Whoever looks says right or wrong; the share that is right among all images follows, with an
interval that says how much a few looks can tell.
"""

from dataclasses import dataclass

import numpy as np
from scipy.stats import beta

from rnn_tutor._errors import TutorError, check_range, check_whole
from rnn_tutor._observable import Observable
from rnn_tutor._text import format_count

FEWEST = 2  # images of each cluster that are looked at
SURE = 0.95  # how often the interval is to hold the truth


@dataclass(frozen=True)
class Estimate:
    """The share of right images, estimated from those that were looked at.

    Attributes:
        share: Estimated share of all images, 0 to 1; NaN before every cluster was looked into.
        low: Lower end of the interval.
        high: Upper end.
        checked: How many images were looked at, int.
        images: How many there are, int.
        unchecked: The clusters none of whose images was looked at, a tuple of int.
        placed: How many of the images you placed yourself, int; they count as right.

    Example:
        >>> Estimate(0.9, 0.8, 0.96, checked=30, images=300).share
        0.9
    """

    share: float
    low: float
    high: float
    checked: int
    images: int
    unchecked: tuple[int, ...] = ()
    placed: int = 0

    def __repr__(self):
        looked = f"{self.checked:,} of {format_count(self.images, 'image')} looked at"
        if self.placed:
            looked += f", {self.placed:,} that you placed count as right"
        if self.unchecked:
            return f"{looked}; none yet of {format_count(len(self.unchecked), 'cluster')}"
        return f"about {self.share:.0%} right, {self.low:.0%} to {self.high:.0%} ({looked})"


class SpotCheck(Observable):
    """Judge a sorting from a small random sample, the same for each share of a cluster.

    Each cluster gives images in proportion to its size, and at least two. So a small cluster is
    looked into, too, and `estimate` weights what was seen by the sizes.

    Images that you placed yourself are not drawn: they count as right, as a part of its own that is
    known without a sample. All others are drawn with equal chances within their cluster, whether an
    earlier check showed them or not. Once more images are placed, the same seed draws afresh. So a
    second check does not lean towards what the first one corrected, and its estimate is unbiased.

    Args:
        sorting: A `Sorting`. Images that were set aside are not drawn. When images are moved after
            the check was made, make another.
        n: How many images to look at, int; more where clusters are many. Default 30.
        seed: int; draws the images, together with which of them are placed. Default 0.

    Attributes:
        sorting: The `Sorting`.
        sample: The images to look at, (k,) int64, in random order.
        answers: `{image: bool}`, whether it is in the right cluster, in the order of the answers.

    Raises:
        TutorError: No image is in a cluster.

    Example:
        >>> images = rt.load_images("digits", limit=200)
        >>> check = rt.SpotCheck(rt.Sorting(images, images.labels), n=20)
        >>> check.answer(check.sample[:18], True)
        >>> check.answer(check.sample[18:], False)
        >>> check.estimate.checked
        20

    Source: Cochran (1977), Sampling techniques, chapter 5, for the share; Korn, Graubard (1998),
    Confidence intervals for proportions with small expected number of positive counts, for the
    interval: Clopper and Pearson's, for as many images of a simple sample as tell the same.
    """

    def __init__(self, sorting, n=30, seed=0):
        super().__init__()
        self.sorting = sorting
        self.n, self.seed = check_whole("n", n), check_whole("seed", seed, at_least=0)
        self._clusters = sorting.clusters
        self._names = dict(sorting.names)
        if not sorting.sizes:
            raise TutorError("No image is in a cluster, so there is nothing to check. Sort first.")
        placed = np.flatnonzero(sorting.placed)
        self._placed = int((self._clusters[placed] >= 0).sum())
        free = np.where(sorting.placed, -1, self._clusters)  # those that are not known
        numbers, counts = np.unique(free[free >= 0], return_counts=True)
        self._sizes = dict(zip(numbers.tolist(), counts.tolist(), strict=True))
        rng, drawn = np.random.default_rng([seed, *placed.tolist()]), [np.zeros(0, np.int64)]
        for cluster, count in allocate(self._sizes, self.n).items():
            members = np.flatnonzero(free == cluster)
            drawn.append(rng.choice(members, count, replace=False))
        self.sample = rng.permutation(np.concatenate(drawn))
        self.answers = {}

    def __repr__(self):
        return f"SpotCheck: {self.estimate!r}"

    def cluster_of(self, image):
        """Return the cluster in which an image was when the check was made, int.

        Args:
            image: Its index.
        """
        return int(self._clusters[image])

    def name_of(self, image):
        """Return what the cluster of an image is called, str.

        Args:
            image: Its index.
        """
        cluster = self.cluster_of(image)
        return self._names.get(cluster, f"cluster {cluster}")

    def answer(self, images, is_right):
        """Say of images whether they are where they belong.

        Args:
            images: An index, or several, out of `sample`.
            is_right: bool; None takes an answer back.

        Raises:
            TutorError: An image is not in the sample. What you choose yourself is no random sample.
        """
        images = np.atleast_1d(images)
        if len(images) and not np.isin(images, self.sample).all():
            raise TutorError(
                f"Expected images out of the sample, such as {self.sample[:1].tolist()}; received "
                f"{images.tolist()}. Images that you choose yourself say nothing about the others."
            )
        for image in images.tolist():
            self.answers.pop(image, None)
            if is_right is not None:
                self.answers[image] = bool(is_right)
        self._emit()

    @property
    def open(self):
        """The images of the sample that have no answer yet, int64."""
        return self.sample[~np.isin(self.sample, list(self.answers))]

    @property
    def wrong(self):
        """The images that are in the wrong cluster, int64."""
        return np.array([i for i, is_right in self.answers.items() if not is_right], np.int64)

    @property
    def estimate(self):
        """The `Estimate` from the answers so far."""
        looked = np.array(list(self.answers), np.int64)
        right = np.array([self.answers[i] for i in looked.tolist()], bool)
        where = self._clusters[looked]
        checked = np.array([(where == k).sum() for k in self._sizes])
        rights = np.array([right[where == k].sum() for k in self._sizes])
        sizes = np.array(list(self._sizes.values()), int)
        free, total = int(sizes.sum()), int(sizes.sum()) + self._placed
        unchecked = tuple(k for k, n in zip(self._sizes, checked, strict=True) if n == 0)
        found = (float("nan"), 0.0, 1.0)
        if not unchecked:
            found = stratified_share(sizes, checked, rights) if free else (1.0, 1.0, 1.0)
        # What was placed is right and has a share of its own; the interval shrinks towards it.
        share, low, high = ((self._placed + free * value) / total for value in found)
        return Estimate(share, low, high, len(looked), total, unchecked, self._placed)


def allocate(sizes, n):
    """Share a sample out among clusters, in proportion to their sizes and at least two each.

    Args:
        sizes: `{cluster: how many images}`.
        n: How many images in all, int; more where that many are needed for two of each.

    Returns:
        `{cluster: how many to look at}`, never more than there are.

    Example:
        >>> rt.spot_check.allocate({0: 80, 1: 19, 2: 1}, 20)
        {0: 16, 1: 3, 2: 1}
    """
    counts = np.array(list(sizes.values()))
    shares = np.minimum(counts, FEWEST)
    wanted = min(n, counts.sum())
    while shares.sum() < wanted:  # each goes where the share is farthest below its due
        due = np.where(shares < counts, counts / counts.sum() - shares / wanted, -np.inf)
        shares[due.argmax()] += 1
    return dict(zip(sizes, shares.tolist(), strict=True))


def stratified_share(sizes, checked, right, sure=SURE):
    """Estimate a share of all from a random sample of each part.

    Args:
        sizes: How many images each cluster holds, (k,) int.
        checked: How many of them were looked at, (k,) int from 1.
        right: How many of these were right, (k,) int.
        sure: How often the interval is to hold the truth, 0 to 1. Default 0.95.

    Returns:
        (share, low, high), three floats.

    Raises:
        TutorError: The numbers do not fit together.

    Example:
        >>> found = rt.spot_check.stratified_share([90, 10], [10, 10], [10, 9])
        >>> [round(value, 2) for value in found]
        [0.99, 0.72, 1.0]

    Source: as for `SpotCheck`. Korn and Graubard's effective number of images is kept below that of
    Kish (1965), which no lucky sample can exceed.
    """
    sizes, checked, right = (np.asarray(values, float) for values in (sizes, checked, right))
    check_range("sure", sure, 0, 1)
    if (checked < 1).any() or (right > checked).any() or (checked > sizes).any():
        raise TutorError(
            "Expected, for each cluster, right <= checked <= size and one checked at least; "
            f"received right {right.tolist()}, checked {checked.tolist()}, sizes {sizes.tolist()}."
        )
    weights, shares = sizes / sizes.sum(), right / checked
    share = float(weights @ shares)
    if (checked == sizes).all():
        return share, share, share  # nothing is left to chance
    among = np.maximum(checked - 1, 1)
    variance = float((weights**2 * shares * (1 - shares) / among).sum())
    effective = 1 / (weights**2 / checked).sum()
    if variance > 0:
        effective = min(effective, share * (1 - share) / variance)
    tail, hits = (1 - sure) / 2, share * effective
    low = beta.ppf(tail, hits, effective - hits + 1) if share > 0 else 0.0
    high = beta.ppf(1 - tail, hits + 1, effective - hits) if share < 1 else 1.0
    return share, float(low), float(high)
