"""A saved model in a process that has Keras, and no `rnn_tutor`."""

import subprocess
import sys

import numpy as np

PROGRAM = """import sys
sys.modules["rnn_tutor"] = None  # an import of it, or of any of its modules, is an error

import keras
import numpy as np

images, *files = sys.argv[1:]
for file in files:
    model = keras.saving.load_model(file, safe_mode=True)
    outputs = model(np.load(images), training=False)
    np.save(file + ".npy", keras.ops.convert_to_numpy(outputs))
"""


def outputs_without_package(files, images, folder):
    """What each of the `.keras` files makes of the images, float32 (n, height, width, channels)."""
    np.save(folder / "images.npy", images)
    command = [sys.executable, "-c", PROGRAM, str(folder / "images.npy"), *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return [np.load(f"{file}.npy") for file in files]
