"""Several processes train one network together: the same weights as one process has."""

import importlib.util
import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from support.accounting import ELSEWHERE

from rnn_tutor._backend import keras
from rnn_tutor.training import objectives

PIXELS = np.random.default_rng(0).integers(0, 256, (16, 6, 6, 1), dtype=np.uint8)


def batches(objective, parts, labels=None):
    made = objectives.Batches(PIXELS, objective, 8, seed=3, labels=labels)
    made.parts, made.here = parts, list(range(parts))
    return made


def contrastive_loss(views, numbers):
    """With the pixels of a view as its projection."""
    objective = objectives.Contrastive("none", temperature=0.3)
    losses = objective.loss(numbers, keras.ops.reshape(views, (len(views), -1)) - 0.5)
    return float(keras.ops.mean(losses))


@pytest.mark.parametrize("parts", [2, 4])
def test_a_batch_in_parts_has_the_loss_of_the_whole(parts):
    """What each process makes, put side by side, as Keras does with a distributed batch."""
    objective = objectives.Contrastive("none")
    whole = batches(objective, 1).draw(1, 1)
    divided = [batches(objective, parts).draw_part(1, 1, part) for part in range(parts)]
    assert all(len(views) == 16 // parts for views, _ in divided)
    views, numbers = map(np.concatenate, zip(*divided, strict=True))
    assert contrastive_loss(views, numbers) == pytest.approx(contrastive_loss(*whole), abs=1e-5)
    np.testing.assert_array_equal(numbers, batches(objective, parts).draw(1, 1)[1])


def test_the_parts_of_a_batch_hold_its_images_each_once():
    objective, labels = objectives.Classification(), np.arange(16)
    whole = batches(objective, 1, labels).draw(1, 1)
    divided = batches(objective, 2, labels).draw(1, 1)
    for a, b in zip(whole, divided, strict=True):
        np.testing.assert_array_equal(a, b)


def test_each_part_of_a_batch_has_random_numbers_of_its_own():
    objective, made = objectives.Reconstruction(noise=0.5), []
    for part in (0, 1, 0):
        noisy, clean = batches(objective, 2).draw_part(1, 1, part)
        made.append(noisy - clean)
    np.testing.assert_array_equal(made[0], made[2])
    assert not np.allclose(made[0], made[1])


# -- two processes on this machine ----------------------------------------------------------

needs_jax = pytest.mark.skipif(
    importlib.util.find_spec("jax") is None, reason=ELSEWHERE + "needs JAX"
)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def start(folder, task, **variables):
    """A process that trains on JAX."""
    known = {"KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu"}
    folder.mkdir(exist_ok=True)
    with (folder / f"{task}.log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, Path(__file__).with_name("one_of_them.py"), folder, task],
            env=os.environ | known | variables,
            stdout=log,
            stderr=log,
        )


def start_two(folder, task):
    """Two processes that train together, and listen on this machine alone."""
    address = f"127.0.0.1:{free_port()}"
    variables = {
        "JAX_COORDINATOR_BIND_ADDRESS": address,
        "KERAS_DISTRIBUTION_JOB_ADDRESSES": address,
        "KERAS_DISTRIBUTION_NUM_PROCESSES": "2",
    }
    return [
        start(folder, task, KERAS_DISTRIBUTION_PROCESS_ID=str(rank), **variables)
        for rank in range(2)
    ]


def finish(started, folder):
    try:
        for process in started:
            assert process.wait(600) == 0, "\n".join(p.read_text() for p in folder.glob("*.log"))
    finally:
        for process in started:
            process.kill()
            process.wait()


def assert_close(path, expected):
    found, wanted = np.load(path), np.load(expected)
    assert found.files == wanted.files
    for name in found.files:
        np.testing.assert_allclose(found[name], wanted[name], atol=1e-5, err_msg=name)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """What is trained alone, alone on two devices, and by two processes."""
    folders = [tmp_path_factory.mktemp(name) for name in ("alone", "devices", "two")]
    two_devices = {"XLA_FLAGS": "--xla_force_host_platform_device_count=2"}
    finish([start(folders[0], "whole"), start(folders[1], "whole", **two_devices)], folders[0])
    finish(start_two(folders[2], "whole"), folders[2])
    return folders


@needs_jax
@pytest.mark.full
@pytest.mark.parametrize("task", ["contrastive", "classifier", "clusters"])
def test_two_devices_or_processes_train_as_one(trained, task):
    alone, devices, two = trained
    expected = alone / f"{task}-0.npz"
    for path in (devices / f"{task}-0.npz", two / f"{task}-0.npz", two / f"{task}-1.npz"):
        assert_close(path, expected)


@needs_jax
@pytest.mark.full
def test_two_processes_that_are_killed_go_on_as_if_they_had_not_been(trained, tmp_path):
    first, second = start_two(tmp_path, "killed")
    try:
        assert second.wait(600) == -9
    finally:
        for process in (first, second):
            process.kill()
            process.wait()
    finish(start_two(tmp_path, "resumed"), tmp_path)
    places = [np.load(tmp_path / f"places-{rank}.npz") for rank in range(2)]
    assert {int(place["begun"]) for place in places} <= {4, 5}
    assert 12 < int(places[0]["stopped"]) == int(places[1]["stopped"])
    for rank in range(2):
        assert_close(tmp_path / f"resumed-{rank}.npz", trained[0] / "classifier-0.npz")
