"""Keras loads quietly, says which backend runs, and says what to do where there is none."""

import gc
import json
import os
import subprocess
import sys

import pytest

from rnn_tutor import _backend
from rnn_tutor._backend import keras
from rnn_tutor._quiet import quiet_stderr

TITLES = {"tensorflow": "TensorFlow", "torch": "PyTorch", "jax": "JAX"}


def test_the_first_cell_prints_one_line_and_nothing_pink():
    program = "import rnn_tutor as rt; rt.load_keras(); import keras; keras.ops.ones(2)"
    done = subprocess.run(
        [sys.executable, "-W", "error::UserWarning", "-c", program],
        capture_output=True,
        text=True,
        timeout=600,
        check=True,
    )
    assert done.stdout == f"Keras is ready, on {TITLES[keras.backend.backend()]}.\n"
    assert done.stderr == ""


def test_loading_again_says_the_same(capsys):
    assert _backend.load_keras() is None
    _backend.load_keras()
    lines = capsys.readouterr().out.splitlines()
    assert lines == [f"Keras is ready, on {TITLES[keras.backend.backend()]}."] * 2


def test_what_keras_brings_is_not_collected_again_and_again():
    assert gc.get_freeze_count() > 10_000


def test_later_messages_are_shown_again(capfd):
    with quiet_stderr():
        os.write(2, b"noise")
    os.write(2, b"news")
    assert capfd.readouterr().err == "news"


@pytest.mark.parametrize("missing", ["tensorflow", "torch", "jax", "keras"])
def test_without_a_backend_the_error_says_what_to_install(tmp_path, missing):
    """Also where the backend is named in Keras's own file of settings."""
    if missing != "keras":
        (tmp_path / "keras.json").write_text(json.dumps({"backend": missing}))
    program = (
        f"import sys; sys.modules[{missing!r}] = None\n"
        "import rnn_tutor as rt\n"
        "try: rt.load_keras()\n"
        "except rt.TutorError as error: print(error)"
    )
    environment = {k: v for k, v in os.environ.items() if k != "KERAS_BACKEND"}
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**environment, "KERAS_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=600,
        check=True,
    )
    assert f"`pip install {missing}`" in done.stdout
    assert "KERAS_BACKEND" in done.stdout
