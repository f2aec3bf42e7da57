"""`RecurrentClusterer`: from images to clusters as a scikit-learn estimator.

What it does is what notebooks 07 and 08 teach: a recurrent encoder is trained by the contrastive
objective, k-means looks for clusters among its embeddings, where there are many images their
neighbours in pixels set right what lies astray, and all of it becomes one network that tells the
cluster of any image. Photographs are first seen by ready-trained features, and an encoder reads the
maps that these make. Each part can be exchanged for another, or for one's own.
"""

import warnings
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from sklearn.base import (
    BaseEstimator,
    ClassNamePrefixFeaturesOutMixin,
    ClusterMixin,
    TransformerMixin,
)
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from rnn_tutor._errors import TutorError, check_known, check_whole
from rnn_tutor.clusters import saving
from rnn_tutor.clusters.clustering import METHODS, Clustering
from rnn_tutor.clusters.encoders import input_size, make_encoder, make_objective
from rnn_tutor.clusters.evaluation import ari, on_halves, propose_number, stability
from rnn_tutor.clusters.features import (
    SLIGHTLY,
    FeatureMaps,
    MapViews,
    choose_features,
    feature_reader,
    run_in_batches,
)
from rnn_tutor.clusters.head import with_head, without_head
from rnn_tutor.clusters.neighbours import reassign_by_neighbours
from rnn_tutor.clusters.projection import l2_normalize
from rnn_tutor.clusters.streams import in_chunks, look_at_some, say_needs
from rnn_tutor.clusters.strips import (
    BATCH,
    STRIP_PRESETS,
    StripReader,
    choose_width,
    strip_objective,
)
from rnn_tutor.clusters.trust import trust_report
from rnn_tutor.images.arrays import ImageReader, as_images
from rnn_tutor.images.stream import blocks
from rnn_tutor.networks import models
from rnn_tutor.training.checkpoints import check_folder
from rnn_tutor.training.forecast import show_progress
from rnn_tutor.training.trainer import Trainer

PRESETS = {"quick": 160, "medium": 2_000, "full": 12_000}  # steps of training, at the least
FEW = 100  # images, below which chance decides much
CHUNK = 4096  # images that are resized and embedded at a time
SIZE = 32  # pixels of the longer side, without features
DEFAULT_READER = "pool"  # of feature maps: it scores best on the whole


@dataclass(frozen=True)
class _Recipe:
    """How an encoder of images, feature maps or strips is trained, unless settings say more.

    Attributes:
        steps: For each preset, at the least.
        batch_size: Images a step.
        learning_rate: Of Adam.
        of_maps: Whether the encoder reads feature maps.
        any_width: Whether it reads strips, each at its own width.
    """

    steps: dict
    batch_size: int
    learning_rate: float
    of_maps: bool = False
    any_width: bool = False


ON_IMAGES = _Recipe(PRESETS, 256, 0.003)
ON_MAPS = _Recipe({"quick": 100, "medium": 200, "full": 300}, 128, 0.001, of_maps=True)
ON_STRIPS = _Recipe(STRIP_PRESETS, BATCH, 0.003, any_width=True)


class RecurrentClusterer(
    ClassNamePrefixFeaturesOutMixin, TransformerMixin, ClusterMixin, BaseEstimator
):
    """Sort images into clusters without labels, by a recurrent network that it trains.

    `X` is everywhere an `ImageSet`, or an array of images: `(n, height, width)` or `(n, height,
    width, channels)` with any number of channels, uint8, bool, or floats in 0..1; or a list or a
    pandas column of images, which may have different sizes; or an `ImageStream`, which is read
    batch by batch. Of a stream the network learns from all images, but k-means, stability, the
    neighbours and `trust_` see a random sample of 20,000; `looked_at_` says how many it was. `fit`
    cuts images of different sizes to the proportions of their median size, around the middle, and
    resizes them to it. `predict` and the others do so with any that are not of the size that `fit`
    had. Strips, images of one height and any widths, are read from left to right, each at its own
    width; `width` says when.

    Colour photographs are sorted by what ready-trained features see in them; `features` says when.
    These features come from more than a million photographs that other people labelled
    (ImageNet). Your labels are not used, but theirs are. Where your kinds differ in what they did
    not care about, the clusters follow something else; `trust_` warns of some such cases.

    Args:
        n_clusters: How many clusters, 5 by default; "auto" to have k-means among the embeddings
            propose a number.
        preset: How long to train: "quick" (the default), "medium" or "full", for at least 160,
            2,000 or 12,000 steps, with features 100, 200 or 300, since their maps are soon
            overfitted; but for "quick", the learning rate falls in the second half. How
            long that takes here, `fit` says beforehand. "full" counts on `neighbours`: without them
            it scored lower than "medium" on MNIST. Where they cannot serve, take "medium".
        augmentation: What may change in an image without changing its class, for the contrastive
            objective: a name from `augmentation.PRESETS` ("objects", "digits", "clothes" or
            "none"), an `Augmentation`, or any callable that takes uint8 pixels
            `(n, height, width, channels)` and a `numpy.random.Generator`, and returns a view of
            each as floats in 0..1. "auto", the default, is "objects"; with features, slighter
            changes that leave an outline whole. With features a few views of each image are drawn
            beforehand.
        epochs: Passes over the images; None, the default, for as many as the preset needs.
        batch_size: Images a step; None, the default, for 256, and with features 128.
        objective: What the encoder is trained by: "contrastive" (the default), "reconstruction" or
            "next_row"; or one from `objectives`, with settings of your own. An objective brings its
            own augmentation.
        encoder: "recurrent"; "dense", the same with a dense layer in place of the recurrence, for
            comparison; with features also "pool", the mean of the map, which trains nothing, and
            "attention". Or a function from the shape `(height, width, channels)` to a
            Keras model that ends in a vector for each image; or such a model. A copy of it is
            trained, from the weights it has, on images of the size that it reads; with features,
            on their maps. "auto", the default, is "recurrent" without features and "pool" with
            them. On fewer than 150 images, another reader of maps is trained all the same, and
            `fit` says that they are few.
        features: What sees the images before the encoder: "photographs"
            (`models.photograph_features`), a Keras model from images to feature maps
            `(n, rows, columns, channels)`, or None (or False) for none. "auto", the default, takes
            "photographs" for colour images whose longer side has 64 pixels or more and the shorter
            32, and none for others, or where `size`, `objective` or an encoder of your own asks for
            the images themselves. `fit` says so where it takes them, and for colour images why it
            does not. They need `objective="contrastive"`, and make no use of `neighbours`.
        clustering: How clusters are found among the embeddings: "kmeans" (the default),
            "tied_mixture" or "gaussian_mixture".
        umap: Whether UMAP lays the embeddings out for it first; in `fit` alone. Of clusters other
            than those of k-means, the network learns linear borders, which may cut a corner.
        neighbours: Whether small groups may move to the cluster of their neighbours in pixels
            (`neighbours.reassign_by_neighbours`); only where there are 500 images a cluster.
        size: pixels; images whose longer side is longer are shrunk to it. None, the default, is 32.
            With features it is 128, and smaller images are enlarged to it. Strips that are
            higher are shrunk to it.
        width: "any" reads strips, each at its own width, by `models.strip_encoder`; `encoder` is
            then one of its readers or a model that reads any width, `augmentation` "strips" by
            default, `batch_size` 32, the presets have 300, 900 and 3,000 steps, and there is no
            use of `neighbours`. "one" cuts images to one size. "auto", the default, is "any" where
            widths vary by more than half and heights do not.
        restarts: How many networks are trained, one after the other, each from another start; the
            one is kept that agrees best with the others. 1 by default.
        checkpoints: A folder of this `fit` and no other, or None. A `fit` that was stopped, or
            killed, goes on from there when it is called again with the same images and settings.
        random_state: An int, a `numpy.random.RandomState`, a `numpy.random.Generator` or None; the
            same int gives the same clusters on the same machine.
        verbose: Whether to say how images are read and how long it will take, of a stream also how
            much memory, and to show a bar.

    Attributes:
        labels_: `(n,)` int64, the cluster of each image of `fit`, numbered from the largest that
            was found; on a border between two, the network may decide otherwise than the
            clustering, and neighbours may have moved a group.
        n_clusters_: How many clusters were looked for.
        stability_: How far clusters agree that k-means, whatever `clustering` is, finds again from
            three random halves of the images, and with `restarts` in each of the networks: the
            mean adjusted Rand index of all pairs. 1 when they always agree, 0 as by chance; a
            single network agrees with itself better than with another. Labels are not looked at;
            stable need not mean right. NaN where there are fewer than two images a cluster.
        proposal_: For "auto", the `evaluation.Proposal`: what each number of clusters scored; else
            None.
        looked_at_: Among how many images clusters were looked for: all, or the sample of a stream;
            for `stability_`, `trust_` and the neighbours it is the same. None where a folder of an
            older version does not tell.
        history_: `{"loss": [...]}`, a mean for each epoch; absent after `load`.
        network_: A Keras model, images as float32 in 0..1 of the shape it was fitted with ->
            `(n, n_clusters)` probabilities. It is plain Keras, and needs no `rnn_tutor`.
        encoder_: The part of it that ends in the embedding, of length 1: `(n, 64)`; with
            features, or another objective than "contrastive", as wide as the encoder makes it.
        features_: The name of the features that see the images, or None.
        trust_: With features a `trust.TrustReport`: traffic lights that need no labels. Else None.
        reader_: The `ImageReader` that brings images to that shape; for strips a `StripReader`.
        fitted_with_: The settings that `fit` had, `{name: value}`.

    **Does reading in order sort photographs?** It does not: what sorts them is the features. The
    mean of the map knows no order and trains nothing. Over five seeds the encoders that read the
    map, the recurrent one among them, are worse or no better, but for the dense one on groceries.
    `"pool"` is therefore the default with features. `rt.stored_results("photographs")` has the
    figures. The mean cannot see how an image is arranged; none of these sets needed that.

    Example:
        >>> import rnn_tutor as rt
        >>> images = rt.datasets.draw_shapes(100, size=16)
        >>> clusterer = RecurrentClusterer(5, epochs=1, random_state=0, verbose=False)
        >>> clusterer.fit(images).predict(images[:3]).shape
        (3,)
        >>> clusterer.transform(images[:3]).shape
        (3, 64)

    It follows scikit-learn's conventions, but for one: images are no table. Its tags say so, and
    `sklearn.utils.estimator_checks.check_estimator` then runs a single check, for the others hand
    in tables `(n, features)`. The course's tests run all of them through a subclass that makes each
    row an image one pixel high. Two do not apply:

    - `check_transformer_preserve_dtypes`: embeddings are float32, whatever comes in.
    - `check_methods_sample_order_invariance`: in another order, they are equal to the precision of
      float32, and not to the 1e-9 asked for.

    `set_output` works; a table of embeddings has a column for each number.

    Sources: Chen et al. 2020 (SimCLR), for the training; Visin et al. 2015 (ReNet), for the
    encoder.
    """

    def __init__(
        self,
        n_clusters=5,
        *,
        preset="quick",
        augmentation="auto",
        epochs=None,
        batch_size=None,
        objective="contrastive",
        encoder="auto",
        features="auto",
        clustering="kmeans",
        umap=False,
        neighbours=True,
        size=None,
        width="auto",
        restarts=1,
        checkpoints=None,
        random_state=None,
        verbose=True,
    ):
        self.n_clusters = n_clusters
        self.preset = preset
        self.augmentation = augmentation
        self.epochs = epochs
        self.batch_size = batch_size
        self.objective = objective
        self.encoder = encoder
        self.features = features
        self.clustering = clustering
        self.umap = umap
        self.neighbours = neighbours
        self.size = size
        self.width = width
        self.restarts = restarts
        self.checkpoints = checkpoints
        self.random_state = random_state
        self.verbose = verbose

    def fit(self, X, y=None):
        """Train the network on images, and find clusters among them.

        The notebook's interrupt button ends the training early; the clusters are then those of
        what was learnt so far. With `checkpoints`, the next `fit` goes on from there.

        Args:
            X: images.
            y: Not looked at.

        Returns:
            The estimator.

        Raises:
            TutorError: `X` is no set of images, there are fewer than clusters, or a setting does
                not exist.
        """
        self._check_settings()
        images = as_images(X, lazy=True)
        self._check_enough(images)
        reader, features = self._choose_reader(images)
        pixels, any_width = reader(images), reader.width is None
        seeds = _seeds(self.random_state, self.restarts)
        looked_at = look_at_some(pixels, seeds[0], self.verbose)
        needs = partial(say_needs, pixels, looked_at) if self.verbose else lambda *_: None
        if features is None:
            maps = None
            needs(self.restarts * self._epochs(ON_IMAGES, len(pixels)))
        else:
            maps = FeatureMaps(features, looked_at, self.verbose, partial(needs, 0))
        encoders, histories, embeddings = self._learn(pixels, looked_at, maps, any_width, seeds)
        n_clusters, proposal = self._choose_number(embeddings[0], seeds[0])
        found, again = [], []
        for points, seed in zip(embeddings, seeds, strict=False):
            clustering = Clustering(n_clusters, self.clustering, self.umap, seed)
            found.append(clustering.fit_predict(points))
            again += on_halves(points, n_clusters, seed)
        best = most_agreeing(found)
        points, labels = embeddings[best], found[best]
        groups, clusters = labels, np.arange(n_clusters)
        # Pixels know little of photographs, and of strips they are no table.
        if self.neighbours and maps is None and not any_width:
            groups, clusters = reassign_by_neighbours(
                points, labels, looked_at, n_clusters, seeds[best]
            )
        linear = groups is labels and (self.clustering != "kmeans" or self.umap)
        encoder = encoders[best] if maps is None else maps.in_front_of(encoders[best])
        network = with_head(encoder, points, groups, clusters, n_clusters, linear)
        trust = None
        if any_width:
            labels = models.run_strips(network, pixels.list_of_pixels).argmax(axis=1)
        elif maps is None:
            labels = models.run(network, pixels, 255).argmax(axis=1)
        else:
            labels = models.run(maps.behind(network), maps.values).argmax(axis=1)
            whole = looked_at is pixels
            trust = trust_report(images if whole else looked_at, labels, points, seeds[best])
            if self.verbose:
                print(trust)
            if not whole:
                labels = run_in_batches(network, pixels).argmax(axis=1)

        # All at once, so that a fit that breaks off leaves the one before it whole.
        self.fitted_with_, self.reader_ = self.get_params(deep=False), reader
        self.features_, self.trust_ = (maps.name, trust) if maps else (None, None)
        self.n_clusters_, self.proposal_, self.history_ = n_clusters, proposal, histories[best]
        self.looked_at_ = len(looked_at)
        self.stability_ = stability(again) if len(again) > 1 else float("nan")
        self.network_, self.encoder_, self.labels_ = network, without_head(network), labels
        return self

    def _choose_reader(self, images):
        """What brings images to the network, and the features that see them first, or None."""
        features = None
        any_width, why = choose_width(self.width, images, self)
        if any_width:
            reader = StripReader.for_images(images, self.size or SIZE)
        else:
            features, why = choose_features(
                self.features, images, self.encoder, self.objective, self.size
            )
            if features is None:
                fixed = input_size(self.encoder)
                reader = ImageReader.for_images(images, self.size or SIZE, fixed)
            else:
                reader = feature_reader(features, images, self.size)
        if self.verbose:
            if why:
                print(why)
            reader.print_changes(images)
            reader.print_size()
        return reader, features

    def _learn(self, pixels, looked_at, maps, any_width, seeds):
        """The encoder, the history and the embeddings of each network."""
        default = "recurrent" if maps is None else DEFAULT_READER
        reads = default if self.encoder == "auto" else self.encoder
        if maps is not None and reads == "pool":  # there is nothing to train
            encoders = [make_encoder(reads, maps.shape, None, seed, of_maps=True) for seed in seeds]
            histories = [{"loss": []} for _ in seeds]
        else:
            inputs, objective, recipe = self._task(pixels, looked_at, maps, any_width, seeds[0])
            encoders, histories = self._train(inputs, reads, objective, recipe, seeds)
        if maps is None:
            embeddings = [models.embed(encoder, looked_at) for encoder in encoders]
        else:
            encoders = [maps.scaled(encoder) for encoder in encoders]
            embeddings = [models.run(encoder, maps.values) for encoder in encoders]
        return encoders, histories, [l2_normalize(points) for points in embeddings]

    def _task(self, pixels, looked_at, maps, any_width, seed):
        """What an encoder is trained on, by which objective and how."""
        if any_width:
            objective = strip_objective(self.objective, self._augmentation("strips"))
            return pixels, objective, ON_STRIPS
        if maps is None:
            objective = make_objective(self.objective, self._augmentation("objects"), pixels)
            return pixels, objective, ON_IMAGES
        views = make_objective(self.objective, self._augmentation(SLIGHTLY), looked_at).augmentation
        return maps.with_views(looked_at, views, seed), MapViews(views), ON_MAPS

    def _choose_number(self, points, seed):
        """How many clusters to look for; the `Proposal` where that was asked for, or None."""
        if self.n_clusters != "auto":
            return self.n_clusters, None
        proposal = propose_number(points, seed=seed)
        if self.verbose:
            print(proposal)
        return proposal.n_clusters, proposal

    def _train(self, inputs, encoder, objective, recipe, seeds):
        """The encoder and the history of each network; where one is stopped, of those before it."""
        encoders, histories = [], []
        batch_size = self.batch_size or recipe.batch_size
        height, width, channels = inputs.shape[-3:]
        shape = height, None if recipe.any_width else width, channels
        for number, seed in enumerate(seeds, 1):
            epochs = self._epochs(recipe, len(inputs))
            trainer = Trainer(
                make_encoder(encoder, shape, objective, seed, recipe.of_maps),
                objective,
                inputs,
                epochs=epochs,
                batch_size=batch_size,
                learning_rate=recipe.learning_rate,
                decay=self.preset != "quick",  # in so few steps it learns less than it settles
                seed=seed,
                checkpoints=self.checkpoints and Path(self.checkpoints) / f"network-{number}",
            )
            trainer.load_checkpoint()
            if self.verbose:
                several = f"network {number} of {self.restarts}"
                show_progress(trainer, several if self.restarts > 1 else "a network")
            history = trainer.run()
            done = len(history["loss"])
            if done == epochs or not encoders:
                encoders.append(trainer.encoder)
                histories.append(history)
            if done < epochs:
                warnings.warn(
                    f"Training was stopped after {done} of {epochs} epochs of network {number} of "
                    f"{self.restarts}: the clusters are those of what was learnt so far. Call "
                    "`fit` again for all of it; with `checkpoints`, it goes on from here.",
                    stacklevel=4,
                )
                break
        return encoders, histories

    def _epochs(self, recipe, n):
        """How often n images are gone through."""
        steps = max(1, n // (self.batch_size or recipe.batch_size))  # an epoch
        return self.epochs or -(-recipe.steps[self.preset] // steps)

    def _augmentation(self, default):
        automatic = isinstance(self.augmentation, str) and self.augmentation == "auto"
        return default if automatic else self.augmentation

    def _check_settings(self):
        check_known("preset", self.preset, PRESETS)
        check_known("clustering method", self.clustering, METHODS)
        check_whole("restarts", self.restarts)
        for name in ("batch_size", "size", "epochs"):
            if getattr(self, name) is not None:
                check_whole(name, getattr(self, name))
        if self.checkpoints is not None:
            check_folder(self.checkpoints)
        if self.n_clusters != "auto":
            try:
                check_whole("n_clusters", self.n_clusters)
            except TutorError as problem:
                raise TutorError(f'{problem} Or give "auto".') from None

    def _check_enough(self, images):
        fewest = 4 if self.n_clusters == "auto" else max(2, self.n_clusters)
        if len(images) < fewest:
            raise TutorError(
                f"{self.n_clusters} clusters need at least {fewest} pictures; "
                f"received {len(images)}. Give more pictures, or ask for fewer clusters."
            )
        if len(images) < FEW:
            warnings.warn(
                f"{len(images)} pictures are few: the clusters may follow colour and brightness "
                "rather than kinds, and another random_state may find others.",
                stacklevel=3,
            )

    def predict(self, X):
        """Return the cluster of each image; of those of `fit`, `labels_`.

        Args:
            X: images, as for `fit`.

        Returns:
            `(n,)` int64.

        Raises:
            TutorError: The images have not as many channels as those of `fit`.
        """
        return self.predict_proba(X).argmax(axis=1)

    def predict_proba(self, X):
        """Return how likely each cluster is.

        They fall off with the distance to the centres as a Gaussian of their mean spread, or of a
        wider one where clusters are tight, and rank images by how clear they are. Summed over a
        cluster's groups, where it has some, most are 0 or 1. Where they say 0.9, labels need not
        agree in nine of ten cases: without labels nobody can know.

        Args:
            X: images, as for `fit`.

        Returns:
            `(n, n_clusters)` float32; each row sums to 1.
        """
        return self._run("network_", X)

    def transform(self, X):
        """Return the embeddings, each of length 1.

        Args:
            X: images, as for `fit`.

        Returns:
            `(n, d)` float32, as wide as `encoder_` makes them: 64 for the contrastive objective
            without features.
        """
        return self._run("encoder_", X)

    def _run(self, name, X):
        check_is_fitted(self, "network_")
        images, model = as_images(X, lazy=True), getattr(self, name)
        self.reader_.check_channels(images)
        if self.verbose:
            self.reader_.print_changes(images)
        # Chunk by chunk: only what comes in and out is held whole.
        chunks = in_chunks(images, CHUNK)
        if self.reader_.width is None:
            chunks = (chunk for _, chunk in blocks(images, CHUNK))  # a stream, too, in parts
            parts = [
                models.run_strips(model, self.reader_(chunk).list_of_pixels) for chunk in chunks
            ]
        elif self.features_:
            parts = [run_in_batches(model, self.reader_(chunk)) for chunk in chunks]
        else:
            parts = [models.run(model, self.reader_(chunk), 255) for chunk in chunks]
        return np.concatenate(parts) if parts else np.empty((0, model.output_shape[1]), "float32")

    def save(self, folder):
        """Write the estimator into a folder: the network, and what it was made with.

        `network.keras` is plain Keras, which any program can load without `rnn_tutor`. The settings
        that `fit` had and the labels stand in `clusterer.json`, with the network's sha256; nothing
        is pickled. Settings that are no numbers or names are not kept, but for an `Augmentation`: a
        model, function or objective of your own, a `random_state` that is no int, the folder of
        checkpoints. What the encoder has learnt is kept in any case, in the network.

        Args:
            folder: where; made if it is not there.

        Returns:
            The folder's path.
        """
        check_is_fitted(self, "network_")
        return saving.save(self, folder)

    @classmethod
    def load(cls, folder):
        """Return the estimator that was saved into a folder.

        It predicts and transforms as the one that was saved. A model, function or objective of
        your own is None in it, and a warning names it: give it anew before you `fit` again.

        Args:
            folder: Where `save` wrote it, str or path.

        Returns:
            A `RecurrentClusterer`.

        Raises:
            TutorError: There is none, or it is not as it was saved.
        """
        return saving.load(cls, folder)

    @property
    def _n_features_out(self):
        """How many columns `set_output` names."""
        return self.encoder_.output_shape[1]

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array, tags.input_tags.three_d_array = False, True
        return tags


def _seeds(random_state, n):
    """A seed for each network, from what scikit-learn or NumPy calls a random state."""
    if isinstance(random_state, np.random.Generator):
        return random_state.integers(2**31 - 1, size=n).tolist()
    try:
        if isinstance(random_state, bool):
            raise ValueError
        return check_random_state(random_state).randint(2**31 - 1, size=n).tolist()
    except (TypeError, ValueError):
        raise TutorError(
            "random_state must be a whole number from 0 to 2**32 - 1, a numpy.random.Generator, a "
            f"numpy.random.RandomState or None; received {random_state!r}."
        ) from None


def most_agreeing(clusterings):
    """Return the index of the clustering that agrees best with the others.

    Agreement is measured by the adjusted Rand index.

    Args:
        clusterings: A list of `(n,)` int, the cluster of each image.

    Example:
        >>> most_agreeing([[0, 1, 0, 1], [0, 0, 1, 1], [0, 0, 1, 1]])
        1
    """
    return int(np.argmax([sum(ari(a, b) for b in clusterings) for a in clusterings]))
