"""The backend's automatic gradient, the same call on TensorFlow, PyTorch and JAX."""

import importlib

import numpy as np

from rnn_tutor._backend import keras
from rnn_tutor._errors import TutorError


def gradients(loss, variables):
    """Compute how a loss changes with each variable, by automatic differentiation.

    Args:
        loss: A function without arguments that computes a scalar tensor by Keras layers and
            `keras.ops`.
        variables: A list of `keras.Variable`, such as a layer's `trainable_weights`.

    Returns:
        A list of arrays, each of its variable's shape; zeros where the loss does not depend on it.

    Raises:
        TutorError: Keras runs on a backend other than TensorFlow, PyTorch and JAX.

    Example:
        >>> x = keras.Variable([1.0, 3.0])
        >>> gradients(lambda: keras.ops.sum(x * x), [x])
        [array([2., 6.], dtype=float32)]
    """
    backend = keras.backend.backend()
    if backend not in BACKENDS:
        raise TutorError(
            f"Gradients are computed by TensorFlow, PyTorch or JAX; Keras runs on {backend}. Set "
            "the environment variable KERAS_BACKEND to one of them before Python starts."
        )
    found = BACKENDS[backend](loss, variables, importlib.import_module(backend))
    pairs = zip(found, variables, strict=True)
    to_numpy = keras.ops.convert_to_numpy
    return [np.zeros(v.shape, v.dtype) if g is None else to_numpy(g) for g, v in pairs]


def _by_tensorflow(loss, variables, tensorflow):
    with tensorflow.GradientTape() as tape:
        value = loss()
    return tape.gradient(value, [v.value for v in variables])


def _by_torch(loss, variables, torch):
    return torch.autograd.grad(loss(), [v.value for v in variables], allow_unused=True)


def _by_jax(loss, variables, jax):
    def of_values(values):
        with keras.StatelessScope(state_mapping=list(zip(variables, values, strict=True))):
            return loss()

    return jax.grad(of_values)([v.value for v in variables])


BACKENDS = {"tensorflow": _by_tensorflow, "torch": _by_torch, "jax": _by_jax}
