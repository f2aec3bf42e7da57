"""What a `RecurrentClusterer` trains: its encoder and its objective, by name or of one's own."""

import numpy as np

from rnn_tutor._backend import keras
from rnn_tutor._errors import TutorError
from rnn_tutor.clusters.strips import make_strip_encoder
from rnn_tutor.images.augmentation import Augmentation
from rnn_tutor.networks import models
from rnn_tutor.networks.map_readers import READERS
from rnn_tutor.training.objectives import NextRow
from rnn_tutor.training.settings import TrainingSettings


def recurrent(input_shape, objective):
    """Return the encoder of notebook 07 that suits the objective."""
    if isinstance(objective, NextRow):
        return models.row_encoder(input_shape, units=48)
    return models.recurrent_encoder(input_shape)


def dense(input_shape, objective):
    """Return the same with a dense layer in place of the recurrence."""
    return models.recurrent_encoder(input_shape, recurrent=False)


ENCODERS = {"recurrent": recurrent, "dense": dense}


def make_encoder(encoder, input_shape, objective, seed, of_maps=False):
    """Return a fresh encoder.

    Args:
        encoder: A name from `ENCODERS`; a function from `input_shape` to a Keras model; or a Keras
            model, which is copied with its weights.
        input_shape: `(height, width, channels)` of the images; for strips the width is None, and
            the name is one from `strips.ENCODERS`.
        objective: What it will be trained by.
        seed: Of new weights.
        of_maps: Whether it reads feature maps, and has its name from `READERS`.

    Raises:
        TutorError: It is none of these, or does not read such images.
    """
    keras.utils.set_random_seed(seed)
    if isinstance(encoder, keras.Model):
        return copied(encoder, input_shape)
    if None in input_shape and isinstance(encoder, str):
        return make_strip_encoder(encoder, input_shape)
    if of_maps and isinstance(encoder, str) and encoder in READERS:
        return READERS[encoder](input_shape)
    if not of_maps and isinstance(encoder, str) and encoder in ENCODERS:
        return ENCODERS[encoder](input_shape, objective)
    if callable(encoder):
        return models.functional(encoder(input_shape), input_shape)
    names = " or ".join(map(repr, READERS if of_maps else ENCODERS))
    raise TutorError(
        f"encoder must be {names}, a Keras model, or a function from "
        f"the shape (height, width, channels) to a Keras model; received {encoder!r}."
    )


def copied(model, input_shape):
    """Return a copy of a Keras model with its weights, which reads images of that shape."""
    try:
        copy = models.functional(keras.models.clone_model(model), input_shape)
        if model.weights:  # one that was not built yet has none
            copy.set_weights(model.get_weights())
    except TutorError:
        raise
    except (NotImplementedError, TypeError, ValueError) as problem:
        why = " ".join(str(problem).split())[:120]
        raise TutorError(
            f"The model {model.name!r} cannot be copied ({why}). Give a function that makes it "
            "from the shape of the pictures: encoder=lambda shape: ..."
        ) from None
    return copy


def input_size(encoder):
    """Return `(height, width)` where a Keras model reads images of one size only; else None."""
    try:
        _, height, width, _ = encoder.input_shape
    except (AttributeError, TypeError, ValueError):  # no model, or one that reads anything
        return None
    return (height, width) if height and width else None


def make_objective(objective, augmentation, pixels):
    """Return an objective.

    Args:
        objective: The name of one, as in `TrainingSettings`, or an objective, which stays as it is.
        augmentation: For "contrastive": the name of a preset, an `Augmentation`, or a callable that
            takes pixels and a `numpy.random.Generator`.
        pixels: uint8 `(n, height, width, channels)`, on which a callable is tried out.

    Raises:
        TutorError: There is no such objective or augmentation, or the callable returns no views.
    """
    if hasattr(objective, "build"):
        return objective
    made = TrainingSettings(objective=objective, augmentation=augmentation).make_objective()
    if callable(augmentation) and not isinstance(augmentation, Augmentation):
        views = np.asarray(augmentation(pixels[:2], np.random.default_rng(0)))
        low, high = (views.min(), views.max()) if views.size else (0, 0)
        if views.shape != pixels[:2].shape or views.dtype.kind != "f" or low < 0 or high > 1:
            raise TutorError(
                "augmentation must return a view of each picture, as floats in 0..1 of the shape "
                f"{pixels[:2].shape}; received {views.dtype} from {low} to {high} of the shape "
                f"{views.shape}. What it takes is uint8: `pixels / 255` makes floats of it."
            )
    return made
