"""`RecurrentClusterer`: from pictures to clusters as a scikit-learn estimator.

What it does is what notebooks 07 and 08 teach: a recurrent encoder is trained by the contrastive
objective, k-means looks for clusters among its embeddings, and both become one network that says
the cluster of any picture.
"""

import hashlib
import json
import warnings
from pathlib import Path

import numpy as np
from sklearn.base import BaseEstimator, ClusterMixin, TransformerMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from rnn_tutor import models
from rnn_tutor._errors import TutorError
from rnn_tutor._keras import keras
from rnn_tutor._settings import TrainingSettings
from rnn_tutor.clustering import Clustering, normalised
from rnn_tutor.images import resize
from rnn_tutor.training import Trainer

FEW = 100  # pictures, below which chance decides much
STEPS = 80  # of training, at the least, where `epochs` is None
CHUNK = 4096  # pictures that are resized and embedded at a time


class RecurrentClusterer(TransformerMixin, ClusterMixin, BaseEstimator):
    """Sorts pictures into clusters without labels, by a recurrent network that it trains.

    `X` is everywhere an `ImageSet`, or an array of pictures: `(n, height, width)` or
    `(n, height, width, channels)` with 1 to 4 channels, uint8, or floats in 0..1.

    Args:
        n_clusters: how many clusters.
        augmentation: what may change in a picture without changing its kind, a name from
            `augmentation.PRESETS`: "digits", "clothes", "objects" or "none".
        epochs: passes over the pictures; None for as many as make 80 steps.
        batch_size: pictures a step.
        cell: "simple_rnn", "gru" or "lstm".
        units: state size of a recurrent layer.
        recurrent: False puts a dense layer in place of the recurrence, for comparison.
        size: pixels; pictures whose longer side is longer are shrunk to it.
        random_state: an int, a `numpy.random.RandomState` or None, as in scikit-learn; the same
            int gives the same clusters on the same machine.
        verbose: whether to say how pictures are read and how long the training will take.

    Attributes:
        labels_: `(n,)` int64, the cluster of each picture of `fit`, numbered from the largest that
            k-means found; on a border between two, the network may decide otherwise than it.
        history_: `{"loss": [...]}`, a mean for each epoch; absent after `load`.
        network_: a Keras model, pictures as float32 in 0..1 of the shape it was fitted with ->
            `(n, n_clusters)` probabilities.
        encoder_: the part of it that ends in the embedding, `(n, 64)`, of length 1.

    Sources: Chen et al. 2020 (SimCLR), for the training; Visin et al. 2015 (ReNet), for the
    encoder.
    """

    def __init__(
        self,
        n_clusters=5,
        *,
        augmentation="objects",
        epochs=None,
        batch_size=256,
        cell="gru",
        units=48,
        recurrent=True,
        size=32,
        random_state=None,
        verbose=False,
    ):
        self.n_clusters = n_clusters
        self.augmentation = augmentation
        self.epochs = epochs
        self.batch_size = batch_size
        self.cell = cell
        self.units = units
        self.recurrent = recurrent
        self.size = size
        self.random_state = random_state
        self.verbose = verbose

    def fit(self, X, y=None):
        """Trains the network on the pictures, and finds clusters among them.

        The notebook's interrupt button ends the training early; the clusters are then those of
        what was learnt so far.

        Args:
            X: pictures.
            y: not looked at.

        Returns:
            The estimator.

        Raises:
            TutorError: `X` is no set of pictures, or there are fewer than clusters.
        """
        pixels = _checked(X)
        if len(pixels) < max(2, self.n_clusters):
            raise TutorError(
                f"{self.n_clusters} clusters need at least {max(2, self.n_clusters)} pictures; "
                f"received {len(pixels)}. Give more pictures, or ask for fewer clusters."
            )
        if len(pixels) < FEW:
            warnings.warn(
                f"{len(pixels)} pictures are few: the clusters may follow colour and brightness "
                "rather than kinds, and another random_state may find others.",
                stacklevel=2,
            )
        self._input_shape = pixels.shape[1:]
        self._say_size()
        pixels = self._shrunk(pixels)
        seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        encoder, self.history_ = self._trained(pixels, seed)
        embeddings = normalised(models.embed(encoder, pixels))
        clusters = Clustering(self.n_clusters, seed=seed).fit_predict(embeddings)
        self.encoder_, self.network_ = _with_head(encoder, embeddings, clusters, self.n_clusters)
        self.labels_ = self._run(self.network_, pixels).argmax(axis=1)
        return self

    def _trained(self, pixels, seed):
        steps_an_epoch = max(1, len(pixels) // self.batch_size)
        settings = TrainingSettings(
            augmentation=self.augmentation,
            cell=self.cell,
            units=self.units,
            recurrent=self.recurrent,
            batch_size=self.batch_size,
            epochs=-(-STEPS // steps_an_epoch) if self.epochs is None else self.epochs,
            seed=seed,
        )
        trainer = Trainer(
            settings.make_encoder(pixels.shape[1:]),
            settings.make_objective(),
            pixels,
            epochs=settings.epochs,
            batch_size=settings.batch_size,
            learning_rate=settings.learning_rate,
            seed=seed,
        )
        if self.verbose:
            trainer.on("batch", _sayer_of_time())
        history = trainer.run()
        return trainer.encoder, history

    def predict(self, X):
        """The cluster of each picture, `(n,)` int64; of those of `fit`, the same as `labels_`.

        Raises:
            TutorError: the pictures are of another shape than those of `fit`.
        """
        return self.predict_proba(X).argmax(axis=1)

    def predict_proba(self, X):
        """How likely each cluster is, `(n, n_clusters)` float32; each row sums to 1.

        They fall off with the distance to the centres as a Gaussian of the clusters' mean spread,
        and rank pictures by how clear they are. Where they say 0.9, labels need not agree in nine
        of ten cases: without labels nobody can know.
        """
        return self._apply("network_", X)

    def transform(self, X):
        """The embeddings, `(n, 64)` float32, each of length 1."""
        return self._apply("encoder_", X)

    def _apply(self, name, X):
        check_is_fitted(self, "network_")
        pixels = _checked(X)
        if pixels.shape[1:] != self._input_shape:
            raise TutorError(
                f"Expected pictures of the shape {self._input_shape}, as in `fit`; received "
                f"{pixels.shape[1:]}. `rt.load_images(source, size=..., channels=...)` reads them "
                f"so."
            )
        return self._run(getattr(self, name), pixels)

    def _run(self, model, pixels):
        """Resized and computed chunk by chunk: only what comes in and out is held whole."""
        starts = range(0, len(pixels), CHUNK)
        parts = [models.embed(model, self._shrunk(pixels[i : i + CHUNK])) for i in starts]
        return np.concatenate(parts) if parts else np.empty((0, model.output_shape[1]), "float32")

    def _network_size(self):
        """Height and width that the network reads: the longer side at most `size`."""
        height, width = self._input_shape[:2]
        share = min(1, self.size / max(height, width))
        return max(1, round(height * share)), max(1, round(width * share))

    def _shrunk(self, pixels):
        height, width = self._network_size()
        if pixels.shape[1:3] == (height, width):
            return pixels
        return np.stack([resize(picture, height, width) for picture in pixels])

    def _say_size(self):
        (height, width), (small_height, small_width) = self._input_shape[:2], self._network_size()
        if self.verbose and (height, width) != (small_height, small_width):
            print(
                f"Pictures of {height} x {width} are read as {small_height} x {small_width}; "
                f"`size` changes that."
            )

    def save(self, folder):
        """Writes the estimator into a folder: the network, and what it was made with.

        The settings and labels stand in `clusterer.json`, with the network's sha256; nothing is
        pickled. A `random_state` that is no number is not kept.

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
        seed = self.random_state
        about = {
            "settings": self.get_params() | {"random_state": seed if _is_whole(seed) else None},
            "input_shape": self._input_shape,
            "labels": self.labels_.tolist(),
            "sha256": _sha256(network),
        }
        (folder / "clusterer.json").write_text(json.dumps(about, default=int) + "\n", "utf-8")
        return folder

    @classmethod
    def load(cls, folder):
        """The estimator that was saved into a folder.

        Raises:
            TutorError: there is none, or its network is not the one that was saved.
        """
        network, about = Path(folder) / "network.keras", Path(folder) / "clusterer.json"
        if not (network.exists() and about.exists()):
            raise TutorError(f"There is no saved clusterer in {folder}: `save` makes one.")
        about = json.loads(about.read_text("utf-8"))
        if _sha256(network) != about["sha256"]:
            raise TutorError(f"{network} is not the file that was saved: save the clusterer again.")
        loaded = cls(**about["settings"])
        loaded._input_shape = tuple(about["input_shape"])
        loaded.labels_ = np.array(about["labels"], np.int64)
        loaded.network_ = keras.saving.load_model(network, compile=False, safe_mode=True)
        loaded.encoder_ = keras.Model(loaded.network_.input, loaded.network_.layers[-1].input)
        return loaded

    def export_keras_script(self, path):
        """Writes the network as a script of plain Keras, as `models.export_script` does."""
        check_is_fitted(self, "network_")
        return models.export_script(self.network_, path)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array, tags.input_tags.three_d_array = False, True
        return tags


def _with_head(encoder, embeddings, clusters, n_clusters):
    """The encoder at length one, and behind it a softmax that tells the nearest centre.

    With p(k) in proportion to exp(-|z - c_k|^2 / 2 v), v the mean of |z - c|^2 around the own
    centre, |z|^2 falls out of the softmax, and a dense layer is left: z c_k / v - |c_k|^2 / 2 v.
    """
    centres = np.stack([_centre(embeddings, clusters == k) for k in range(n_clusters)])
    variance = max(((embeddings - centres[clusters]) ** 2).sum(axis=1).mean(), 1e-4)
    unit = keras.layers.UnitNormalization()(encoder.output)
    head = keras.layers.Dense(n_clusters, activation="softmax")
    network = keras.Model(encoder.input, head(unit), name="clusterer")
    head.set_weights([centres.T / variance, -(centres**2).sum(axis=1) / (2 * variance)])
    return keras.Model(encoder.input, unit, name="encoder"), network


def _centre(embeddings, members):
    """Of an empty cluster, which only equal pictures leave, a centre far from everything."""
    width = embeddings.shape[1]
    return embeddings[members].mean(axis=0) if members.any() else np.full(width, 10.0, "float32")


def _checked(X):
    """Pictures as uint8 `(n, height, width, channels)`."""
    pixels = np.asarray(getattr(X, "pixels", X))
    pixels = pixels[..., None] if pixels.ndim == 3 else pixels
    is_float = np.issubdtype(pixels.dtype, np.floating)
    if pixels.ndim != 4 or not 1 <= pixels.shape[-1] <= 4 or 0 in pixels.shape[1:]:
        raise TutorError(
            "Expected pictures (n, height, width) or (n, height, width, channels) with 1 to 4 "
            f"channels; received the shape {np.shape(getattr(X, 'pixels', X))}."
        )
    if pixels.dtype == np.uint8:
        return pixels
    if is_float and (not pixels.size or (pixels.min() >= 0 and pixels.max() <= 1)):
        return np.round(pixels * 255).astype(np.uint8)
    raise TutorError(
        f"Expected uint8 pixels, or floats in 0..1; received {pixels.dtype}"
        + (f" from {pixels.min()} to {pixels.max()}." if pixels.size else ".")
    )


def _sayer_of_time():
    """A listener that says once how long it will take, as soon as two steps have shown it."""
    said = []

    def say(progress):
        if progress.seconds_left is not None and not said:
            said.append(True)
            print(f"Training: about {progress.seconds_left:.0f} s more.")

    return say


def _is_whole(number):
    return number is None or isinstance(number, int | np.integer)


def _sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()
