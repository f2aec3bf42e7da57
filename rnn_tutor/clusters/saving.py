"""A fitted `RecurrentClusterer` in a folder: its network as a `.keras` file, the rest as JSON."""

import json
import warnings
from dataclasses import asdict
from pathlib import Path

import numpy as np

from rnn_tutor._backend import keras
from rnn_tutor._errors import TutorError
from rnn_tutor._text import sha256
from rnn_tutor.clusters.evaluation import Proposal
from rnn_tutor.clusters.head import without_head
from rnn_tutor.clusters.strips import StripReader
from rnn_tutor.clusters.trust import Light, TrustReport
from rnn_tutor.images.arrays import ImageReader
from rnn_tutor.images.augmentation import Augmentation, StripAugmentation


def save(clusterer, folder):
    """Write a fitted clusterer into a folder; see `RecurrentClusterer.save`."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    network = folder / "network.keras"
    clusterer.network_.save(network)
    kept, left_out = _as_json(clusterer.fitted_with_)
    reader = clusterer.reader_
    about = {
        "settings": kept,
        "left_out": left_out,
        "input_shape": (reader.height, reader.width, reader.channels),
        "labels": clusterer.labels_.tolist(),
        "n_clusters": clusterer.n_clusters_,
        "stability": clusterer.stability_,
        "looked_at": clusterer.looked_at_,
        "proposal": clusterer.proposal_ and asdict(clusterer.proposal_),
        "features": clusterer.features_,
        "trust": clusterer.trust_ and [asdict(light) for light in clusterer.trust_.lights],
        "sha256": sha256(network.read_bytes()),
    }
    text = json.dumps(about, default=lambda number: number.item())
    (folder / "clusterer.json").write_text(text + "\n", "utf-8")
    return folder


def _as_json(settings):
    """The settings, None for what JSON cannot hold; and `{name: what it was}` of the latter."""
    kept, left_out = settings | {"checkpoints": None}, {}
    if not isinstance(kept["random_state"], int | np.integer):
        kept["random_state"] = None
    for name, value in kept.items():
        if isinstance(value, Augmentation | StripAugmentation):
            kept[name] = asdict(value)
        elif value is not None and not isinstance(value, str | int | float | bool | np.generic):
            # What is kept is read by people: a name, and no address in memory.
            left_out[name] = getattr(value, "__name__", type(value).__name__)
            kept[name] = None
    return kept, left_out


def load(cls, folder):
    """Return the clusterer, of the class `cls`, that was saved into a folder."""
    path, about = Path(folder) / "network.keras", Path(folder) / "clusterer.json"
    if not (path.exists() and about.exists()):
        raise TutorError(f"There is no saved clusterer in {folder}: `save` makes one.")
    try:
        about_it = json.loads(about.read_text("utf-8"))
        loaded, left_out = cls(**about_it["settings"]), dict(about_it["left_out"])
        if isinstance(loaded.augmentation, dict):
            views = StripAugmentation if "pauses" in loaded.augmentation else Augmentation
            loaded.augmentation = views(**loaded.augmentation)
        loaded.fitted_with_ = loaded.get_params(deep=False)
        height, width, channels = about_it["input_shape"]  # the width of strips is None
        height, width, channels = int(height), width and int(width), int(channels)
        loaded.labels_ = np.array(about_it["labels"], np.int64).reshape(-1)
        loaded.n_clusters_ = int(about_it["n_clusters"])
        loaded.stability_ = float(about_it["stability"])
        loaded.proposal_ = about_it["proposal"] and Proposal(**about_it["proposal"])
        # Folders of older versions have none of these.
        loaded.looked_at_ = about_it.get("looked_at")
        loaded.features_, lights = about_it.get("features"), about_it.get("trust")
        loaded.trust_ = lights and TrustReport(tuple(Light(**light) for light in lights))
        expected = about_it["sha256"]
    except (AttributeError, LookupError, TypeError, ValueError) as problem:
        raise TutorError(
            f"{about} is damaged or incomplete ({type(problem).__name__}: {problem}): save the "
            "clusterer again."
        ) from None
    if sha256(path.read_bytes()) != expected:
        raise TutorError(f"{path} is not the file that was saved: save the clusterer again.")
    loaded.network_ = keras.saving.load_model(path, compile=False, safe_mode=True)
    loaded.encoder_ = without_head(loaded.network_)
    if width is None:
        loaded.reader_ = StripReader(height, channels)
    else:
        loaded.reader_ = ImageReader(height, width, channels, loaded.network_.input_shape[1:3])
    if left_out:
        parts = ", ".join(f"{name} ({what})" for name, what in left_out.items())
        warnings.warn(
            f"The trained network was saved, and these settings were not: {parts}. `predict` and "
            "`transform` do as before. To `fit` again, give them anew: "
            f"`set_params({next(iter(left_out))}=...)`.",
            stacklevel=3,
        )
    return loaded
