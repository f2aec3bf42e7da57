"""`RecurrentClusterer`: from pictures to clusters as a scikit-learn estimator.

What it does is what notebooks 07 and 08 teach: a recurrent encoder is trained by the contrastive
objective, k-means looks for clusters among its embeddings, where there are many pictures their
neighbours in pixels set right what lies astray, and all of it becomes one network that says the
cluster of any picture. Each part can be exchanged for another that these notebooks teach.
"""

import json
import warnings
from dataclasses import asdict
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

from rnn_tutor._backend import keras
from rnn_tutor._errors import TutorError, check_known, check_whole
from rnn_tutor._text import format_duration, sha256
from rnn_tutor.clusters.clustering import Clustering
from rnn_tutor.clusters.evaluation import Proposal, ari, on_halves, propose_number, stability
from rnn_tutor.clusters.head import embedding_output, linear_borders, with_head
from rnn_tutor.clusters.neighbours import reassign_by_neighbours
from rnn_tutor.clusters.projection import l2_normalize
from rnn_tutor.images.arrays import as_pictures, resized
from rnn_tutor.images.augmentation import Augmentation
from rnn_tutor.networks import models
from rnn_tutor.training.checkpoints import check_folder
from rnn_tutor.training.forecast import training_seconds
from rnn_tutor.training.settings import TrainingSettings
from rnn_tutor.training.trainer import Trainer

PRESETS = {"quick": 160, "medium": 2_000, "full": 12_000}  # steps of training, at the least
FEW = 100  # pictures, below which chance decides much
CHUNK = 4096  # pictures that are resized and embedded at a time


class RecurrentClusterer(
    ClassNamePrefixFeaturesOutMixin, TransformerMixin, ClusterMixin, BaseEstimator
):
    """Sorts pictures into clusters without labels, by a recurrent network that it trains.

    `X` is everywhere an `ImageSet`, or an array of pictures: `(n, height, width)` or
    `(n, height, width, channels)` with any number of channels, uint8, bool, or floats in 0..1; or a
    list or a pandas column of pictures, which may have different sizes. `fit` cuts these to the
    proportions of their median size, around the middle, and resizes them to it; `predict` and the
    others do so with any that are not of the size that `fit` had.

    Args:
        n_clusters: how many clusters; "auto" to have k-means among the embeddings propose a number.
        preset: how long to train: "quick", "medium" or "full", for at least 160, 2,000 or 12,000
            steps; but for "quick", the learning rate falls in the second half. How long that
            takes here, `fit` says beforehand. "full" counts on `neighbours`: without them it scored
            lower than "medium" on MNIST. Where they cannot serve, take "medium".
        augmentation: what may change in a picture without changing its kind: a name from
            `augmentation.PRESETS`, "digits", "clothes", "objects" or "none", or an `Augmentation`
            of one's own.
        epochs: passes over the pictures; None for as many as the preset needs.
        batch_size: pictures a step.
        objective: what the encoder is trained by: "contrastive", "reconstruction" or "next_row".
            Only the first makes use of the augmentation.
        cell: "simple_rnn", "gru" or "lstm".
        units: state size of a recurrent layer.
        recurrent: False puts a dense layer in place of the recurrence, for comparison.
        clustering: how clusters are found among the embeddings: "kmeans", "tied_mixture" or
            "gaussian_mixture".
        umap: whether UMAP lays the embeddings out for it first; in `fit` alone. Of clusters other
            than those of k-means, the network learns linear borders, which may cut a corner.
        neighbours: whether small groups may move to the cluster of their neighbours in pixels
            (`clustering.reassign_by_neighbours`); only where there are 500 pictures a cluster.
        size: pixels; pictures whose longer side is longer are shrunk to it.
        restarts: how many networks are trained, one after the other, each from another start; the
            one is kept that agrees best with the others.
        checkpoints: a folder of this `fit` and no other, or None. A `fit` that was stopped, or
            killed, goes on from there when it is called again with the same pictures and settings.
        random_state: an int, a `numpy.random.RandomState`, a `numpy.random.Generator` or None; the
            same int gives the same clusters on the same machine.
        verbose: whether to say how pictures are read and how long it will take, and to show a bar.

    Attributes:
        labels_: `(n,)` int64, the cluster of each picture of `fit`, numbered from the largest that
            was found; on a border between two, the network may decide otherwise than the
            clustering, and neighbours may have moved a group.
        n_clusters_: how many clusters were looked for.
        stability_: how far clusters agree that k-means, whatever `clustering` is, finds again from
            three random halves of the pictures, and with `restarts` in each of the networks: the
            mean adjusted Rand index of all pairs. 1 when they always agree, 0 as by chance; a
            single network agrees with itself better than with another. Labels are not looked at;
            stable need not mean right. NaN where there are fewer than two pictures a cluster.
        proposal_: for "auto", the `evaluation.Proposal`: what each number of clusters scored; else
            None.
        history_: `{"loss": [...]}`, a mean for each epoch; absent after `load`.
        network_: a Keras model, pictures as float32 in 0..1 of the shape it was fitted with ->
            `(n, n_clusters)` probabilities.
        encoder_: the part of it that ends in the embedding, of length 1: `(n, 64)`; with another
            objective than "contrastive" the states of the recurrent layers, as wide as these are.

    It follows scikit-learn's conventions, but for one: pictures are no table. Its tags say so, and
    `sklearn.utils.estimator_checks.check_estimator` then runs a single check, for the others hand
    in tables `(n, features)`. The course's tests run all of them through a subclass that makes each
    row a picture one pixel high. Two do not apply:

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
        augmentation="objects",
        epochs=None,
        batch_size=256,
        objective="contrastive",
        cell="gru",
        units=48,
        recurrent=True,
        clustering="kmeans",
        umap=False,
        neighbours=True,
        size=32,
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
        self.cell = cell
        self.units = units
        self.recurrent = recurrent
        self.clustering = clustering
        self.umap = umap
        self.neighbours = neighbours
        self.size = size
        self.restarts = restarts
        self.checkpoints = checkpoints
        self.random_state = random_state
        self.verbose = verbose

    def fit(self, X, y=None):
        """Trains the network on the pictures, and finds clusters among them.

        The notebook's interrupt button ends the training early; the clusters are then those of
        what was learnt so far. With `checkpoints`, the next `fit` goes on from there.

        Args:
            X: pictures.
            y: not looked at.

        Returns:
            The estimator.

        Raises:
            TutorError: `X` is no set of pictures, there are fewer than clusters, or a setting
                does not exist.
        """
        pictures = self._pictures_to_fit(X)
        height, width = _median_size(pictures)
        shape = height, width, _channels(pictures)
        size = self._network_size(height, width)
        if self.verbose:
            _say_cut(pictures, shape, size)
            _say_size(shape, size)
        pixels = resized(pictures, shape[:2], size)
        seeds = _seeds(self.random_state, self.restarts)
        networks = self._train_all(pixels, seeds)
        embeddings = [l2_normalize(models.embed(encoder, pixels)) for encoder, _ in networks]
        n_clusters, proposal = self._choose_number(embeddings[0], int(seeds[0]))
        each = [(points, int(seed)) for points, seed in zip(embeddings, seeds, strict=False)]
        found = [
            Clustering(n_clusters, self.clustering, self.umap, s).fit_predict(points)
            for points, s in each
        ]
        again = [labels for points, s in each for labels in on_halves(points, n_clusters, s)]
        best = _most_agreeing(found)
        encoder, history = networks[best]
        groups, clusters = found[best], np.arange(n_clusters)
        if self.neighbours:
            points, seed = each[best]
            groups, clusters = reassign_by_neighbours(points, groups, pixels, n_clusters, seed)
        borders = None
        if groups is found[best] and (self.clustering != "kmeans" or self.umap):
            borders = linear_borders(embeddings[best], groups, n_clusters)
        network = with_head(
            encoder, embeddings[best], groups, np.eye(n_clusters)[clusters], borders
        )
        labels = models.run(network, pixels, 255).argmax(axis=1)
        # All at once, so that a fit that breaks off leaves the one before it whole.
        self._fitted_with, self._input_shape = self.get_params(deep=False), shape
        self.n_clusters_, self.proposal_, self.history_ = n_clusters, proposal, history
        self.stability_ = stability(again) if len(again) > 1 else float("nan")
        self.network_, self.labels_ = network, labels
        self.encoder_ = keras.Model(encoder.input, embedding_output(network), name="encoder")
        return self

    def _pictures_to_fit(self, X):
        check_known("preset", self.preset, PRESETS)
        Clustering(method=self.clustering)  # raises
        if self.n_clusters != "auto":
            _check_n_clusters(self.n_clusters)
        for name in ("restarts", "batch_size", "units", "size"):
            check_whole(name, getattr(self, name))
        if self.epochs is not None:
            check_whole("epochs", self.epochs)
        if self.checkpoints is not None:
            check_folder(self.checkpoints)
        pictures = as_pictures(X)
        fewest = 4 if self.n_clusters == "auto" else max(2, self.n_clusters)
        if len(pictures) < fewest:
            raise TutorError(
                f"{self.n_clusters} clusters need at least {fewest} pictures; "
                f"received {len(pictures)}. Give more pictures, or ask for fewer clusters."
            )
        if len(pictures) < FEW:
            warnings.warn(
                f"{len(pictures)} pictures are few: the clusters may follow colour and brightness "
                "rather than kinds, and another random_state may find others.",
                stacklevel=3,
            )
        return pictures

    def _train_all(self, pixels, seeds):
        """`(encoder, history)` of each network; where one is stopped, of those before it."""
        networks = []
        for restart, seed in enumerate(seeds):
            encoder, history, epochs = self._trained(pixels, int(seed), restart)
            stopped = len(history["loss"]) < epochs
            if not (stopped and networks):
                networks.append((encoder, history))
            if stopped:
                warnings.warn(
                    f"Training was stopped after {len(history['loss'])} of {epochs} epochs of "
                    f"network {restart + 1} of {self.restarts}: the clusters are those of what was "
                    "learnt so far. Call `fit` again for all of it; with `checkpoints`, it goes on "
                    "from here.",
                    stacklevel=3,
                )
                break
        return networks

    def _trained(self, pixels, seed, restart):
        """An encoder, its history `{"loss": [...]}`, and how many epochs that should have."""
        steps_an_epoch = max(1, len(pixels) // self.batch_size)
        steps = PRESETS[self.preset]
        settings = TrainingSettings(
            objective=self.objective,
            augmentation=self.augmentation,
            cell=self.cell,
            units=self.units,
            recurrent=self.recurrent,
            batch_size=self.batch_size,
            epochs=-(-steps // steps_an_epoch) if self.epochs is None else self.epochs,
            seed=seed,
        )
        folder = self.checkpoints and Path(self.checkpoints) / f"network-{restart + 1}"
        trainer = Trainer(
            settings.make_encoder(pixels.shape[1:]),
            settings.make_objective(),
            pixels,
            epochs=settings.epochs,
            batch_size=settings.batch_size,
            learning_rate=settings.learning_rate,
            decay=self.preset != "quick",  # in so few steps it learns less than it settles
            seed=seed,
            checkpoints=folder,
        )
        trainer.load_checkpoint()
        if self.verbose:
            self._say_time(trainer, pixels, restart)
        return trainer.encoder, trainer.run(), trainer.epochs

    def _choose_number(self, embeddings, seed):
        """`(n_clusters, proposal)`; the latter is None where the number was given."""
        if self.n_clusters != "auto":
            return self.n_clusters, None
        proposal = propose_number(embeddings, seed=seed)
        if self.verbose:
            print(proposal)
        return proposal.n_clusters, proposal

    def predict(self, X):
        """The cluster of each picture, `(n,)` int64; of those of `fit`, the same as `labels_`.

        Raises:
            TutorError: the pictures have not as many channels as those of `fit`.
        """
        return self.predict_proba(X).argmax(axis=1)

    def predict_proba(self, X):
        """How likely each cluster is, `(n, n_clusters)` float32; each row sums to 1.

        They fall off with the distance to the centres as a Gaussian of their mean spread, or of a
        wider one where clusters are tight, and rank pictures by how clear they are. Summed over a
        cluster's groups, where it has some, most are 0 or 1. Where they say 0.9, labels need not
        agree in nine of ten cases: without labels nobody can know.
        """
        return self._apply("network_", X)

    def transform(self, X):
        """The embeddings, float32 and each of length 1, as wide as `encoder_` makes them.

        That is `(n, 64)` for the contrastive objective.
        """
        return self._apply("encoder_", X)

    @property
    def _n_features_out(self):
        """How many columns `set_output` names."""
        return self.encoder_.output_shape[1]

    def _apply(self, name, X):
        check_is_fitted(self, "network_")
        pictures, size = as_pictures(X), self.network_.input_shape[1:3]
        channels = self._input_shape[2]
        if len(pictures) and _channels(pictures) != channels:
            raise TutorError(
                f"Expected pictures with {channels} channels, as in `fit`; received "
                f"{_channels(pictures)}. `rt.load_images(source, channels=...)` reads them so, "
                "with 1 (grey) or 3 (colour)."
            )
        if self.verbose:
            _say_cut(pictures, self._input_shape, size)
        # Chunk by chunk: only what comes in and out is held whole.
        model, proportions = getattr(self, name), self._input_shape[:2]
        chunks = (pictures[i : i + CHUNK] for i in range(0, len(pictures), CHUNK))
        parts = [models.run(model, resized(chunk, proportions, size), 255) for chunk in chunks]
        return np.concatenate(parts) if parts else np.empty((0, model.output_shape[1]), "float32")

    def _network_size(self, height, width):
        """Height and width that the network reads: the longer side at most `size`."""
        share = min(1, self.size / max(height, width))
        return max(1, round(height * share)), max(1, round(width * share))

    def _say_time(self, trainer, pixels, restart):
        height, width = pixels.shape[1:3]
        steps = trainer.epochs * len(trainer.batches) - len(trainer.batch_losses)
        seconds = training_seconds(steps * min(self.batch_size, len(pixels)), height, width)
        which = f"network {restart + 1} of {self.restarts}" if self.restarts > 1 else "a network"
        print(
            f"Training {which} on {len(pixels):,} pictures: {steps:,} steps, about "
            f"{format_duration(seconds)} on this machine."
        )
        _bar(trainer)

    def save(self, folder):
        """Writes the estimator into a folder: the network, and what it was made with.

        The settings that `fit` had and the labels stand in `clusterer.json`, with the network's
        sha256; nothing is pickled. A `random_state` that is no number and the folder of checkpoints
        are not kept.

        Args:
            folder: where; made if it is not there.

        Returns:
            The folder's path.
        """
        check_is_fitted(self, "network_")
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        network = folder / "network.keras"
        self.network_.save(network)
        settings = self._fitted_with | {"checkpoints": None}
        if not isinstance(settings["random_state"], int | np.integer):
            settings["random_state"] = None
        if isinstance(settings["augmentation"], Augmentation):
            settings["augmentation"] = asdict(settings["augmentation"])
        about = {
            "settings": settings,
            "input_shape": self._input_shape,
            "labels": self.labels_.tolist(),
            "n_clusters": self.n_clusters_,
            "stability": self.stability_,
            "proposal": self.proposal_ and asdict(self.proposal_),
            "sha256": sha256(network.read_bytes()),
        }
        (folder / "clusterer.json").write_text(
            json.dumps(about, default=lambda number: number.item()) + "\n", "utf-8"
        )
        return folder

    @classmethod
    def load(cls, folder):
        """The estimator that was saved into a folder.

        Raises:
            TutorError: there is none, or it is not as it was saved.
        """
        network, about = Path(folder) / "network.keras", Path(folder) / "clusterer.json"
        if not (network.exists() and about.exists()):
            raise TutorError(f"There is no saved clusterer in {folder}: `save` makes one.")
        try:
            loaded, expected = cls._read_about(about)
        except (AttributeError, LookupError, TypeError, ValueError) as problem:
            raise TutorError(
                f"{about} is damaged or incomplete ({type(problem).__name__}: {problem}): save the "
                "clusterer again."
            ) from None
        if sha256(network.read_bytes()) != expected:
            raise TutorError(f"{network} is not the file that was saved: save the clusterer again.")
        loaded.network_ = keras.saving.load_model(network, compile=False, safe_mode=True)
        loaded.encoder_ = keras.Model(loaded.network_.input, embedding_output(loaded.network_))
        return loaded

    @classmethod
    def _read_about(cls, path):
        """`(estimator, sha256)`, the estimator without its network."""
        about = json.loads(path.read_text("utf-8"))
        loaded = cls(**about["settings"])
        if isinstance(loaded.augmentation, dict):
            loaded.augmentation = Augmentation(**loaded.augmentation)
        loaded._fitted_with = loaded.get_params(deep=False)
        height, width, channels = map(int, about["input_shape"])
        loaded._input_shape = height, width, channels
        loaded.labels_ = np.array(about["labels"], np.int64).reshape(-1)
        loaded.n_clusters_, loaded.stability_ = int(about["n_clusters"]), float(about["stability"])
        loaded.proposal_ = about["proposal"] and Proposal(**about["proposal"])
        return loaded, about["sha256"]

    def export_keras_script(self, path):
        """Writes the network as a script of plain Keras, as `models.export_script` does."""
        check_is_fitted(self, "network_")
        return models.export_script(self.network_, path)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array, tags.input_tags.three_d_array = False, True
        return tags


def _check_n_clusters(number):
    try:
        check_whole("n_clusters", number)
    except TutorError as problem:
        raise TutorError(f'{problem} Or give "auto".') from None


def _seeds(random_state, n):
    """A seed for each network, from what scikit-learn or NumPy calls a random state."""
    if isinstance(random_state, np.random.Generator):
        return random_state.integers(2**31 - 1, size=n)
    try:
        if isinstance(random_state, bool):
            raise ValueError
        return check_random_state(random_state).randint(2**31 - 1, size=n)
    except (TypeError, ValueError):
        raise TutorError(
            "random_state must be a whole number from 0 to 2**32 - 1, a numpy.random.Generator, a "
            f"numpy.random.RandomState or None; received {random_state!r}."
        ) from None


def _say_cut(pictures, shape, size):
    height, width = shape[:2]
    if {picture.shape[:2] for picture in pictures} - {(height, width), size}:
        print(
            f"Pictures of other sizes are cut to the proportions of {height} x {width} around "
            "their middle, and resized to it."
        )


def _say_size(shape, size):
    if shape[:2] != size:
        print(
            f"Pictures of {shape[0]} x {shape[1]} are read as {size[0]} x {size[1]}; "
            f"`size` changes that."
        )


def _channels(pictures):
    return pictures[0].shape[2]


def _median_size(pictures):
    """Height and width, as `load_images` has them by default but for its longest side."""
    if isinstance(pictures, np.ndarray):
        return pictures.shape[1:3]
    return tuple(round(s) for s in np.median([p.shape[:2] for p in pictures], axis=0))


def _bar(trainer):
    """Keras's progress bar, with the time left, on the trainer's events."""
    steps = len(trainer.batches)
    bar = keras.utils.Progbar(trainer.epochs * steps, interval=0.5, unit_name="step")
    bar.update(len(trainer.batch_losses))
    trainer.on(
        "batch",
        lambda now: bar.update(now.epoch * steps + now.step, [("loss", now.loss)], finalize=False),
    )
    trainer.on("end", lambda now: bar.update(len(trainer.batch_losses), finalize=True))


def _most_agreeing(clusterings):
    """The index of the one that agrees best with the others, by the adjusted Rand index."""
    return int(np.argmax([sum(ari(a, b) for b in clusterings) for a in clusterings]))
