"""Keras loads quietly, says which backend runs, and says what to do where there is none."""

import importlib.util
import os
import subprocess
import sys

import pytest

from rnn_tutor import _keras
from rnn_tutor._errors import TutorError
from rnn_tutor._keras import keras

TITLES = {"tensorflow": "TensorFlow", "torch": "PyTorch", "jax": "JAX"}


def test_the_first_cell_prints_one_line_and_nothing_pink():
    program = "import rnn_tutor as rt; rt.load_keras(); import keras; keras.ops.ones(2)"
    done = subprocess.run(
        [sys.executable, "-W", "error::UserWarning", "-c", program],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert done.stdout == f"Keras is ready, on {TITLES[keras.backend.backend()]}.\n"
    assert done.stderr == ""


def test_loading_again_says_the_same(capsys):
    assert _keras.load_keras() is None
    _keras.load_keras()
    lines = capsys.readouterr().out.splitlines()
    assert lines == [f"Keras is ready, on {TITLES[keras.backend.backend()]}."] * 2


def test_later_messages_are_shown_again(capfd):
    with _keras._quiet_stderr():
        os.write(2, b"noise")
    os.write(2, b"news")
    assert capfd.readouterr().err == "news"


@pytest.mark.parametrize(
    ("backend", "package"), [(None, "tensorflow"), ("torch", "torch"), ("jax", "jax")]
)
def test_without_a_backend_the_error_says_what_to_install(monkeypatch, backend, package):
    asked = []

    def find_nothing(name):
        asked.append(name)

    monkeypatch.setattr(importlib.util, "find_spec", find_nothing)
    monkeypatch.delitem(sys.modules, "keras")
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    if backend:
        monkeypatch.setenv("KERAS_BACKEND", backend)
    with pytest.raises(TutorError, match=f"pip install {package}`.*KERAS_BACKEND"):
        _keras._load()
    assert asked == [package]
