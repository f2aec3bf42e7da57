"""One of the processes that train together: `one_of_them.py FOLDER TASK`.

The variables that `keras.distribution.initialize` reads say which one it is. Without them, this
process trains alone, on the same batches.
"""

import os
import signal
import sys

sys.modules["tensorflow"] = None  # Keras would load it beside JAX, which takes seconds

import keras  # noqa: E402
import numpy as np  # noqa: E402

TOGETHER = "KERAS_DISTRIBUTION_NUM_PROCESSES" in os.environ
if TOGETHER:
    keras.distribution.initialize()
if TOGETHER or "XLA_FLAGS" in os.environ:
    keras.distribution.set_distribution(keras.distribution.DataParallel(auto_shard_dataset=False))

import rnn_tutor as rt  # noqa: E402
from rnn_tutor.training import checkpoints  # noqa: E402

FOLDER, TASK = sys.argv[1:]
RANK = int(os.environ.get("KERAS_DISTRIBUTION_PROCESS_ID", 0))
IMAGES = rt.datasets.draw_shapes(40, size=8)
OBJECTIVES = {
    "contrastive": rt.objectives.Contrastive("objects"),
    "classifier": rt.objectives.Classification(),
}


def dense(shape, units=6, activation="tanh", dropout=0.0):
    """A network whose graph is built at once."""
    keras.utils.set_random_seed(0)
    image = keras.Input(shape)
    x = keras.layers.Dropout(dropout)(keras.layers.Flatten()(image))
    return keras.Model(image, keras.layers.Dense(units, activation)(x))


def a_trainer(name, folder=None):
    keras.utils.set_random_seed(0)
    settings = {"epochs": 4, "batch_size": 12, "checkpoints": folder}
    if name == "classifier":
        encoder = dense(IMAGES.shape, IMAGES.n_classes, "softmax", dropout=0.3)
        settings["validation"] = IMAGES[:20]
    else:
        encoder = rt.models.row_encoder(IMAGES.shape, units=3)
    trainer = rt.Trainer(encoder, OBJECTIVES[name], IMAGES, **settings)
    if not TOGETHER:
        trainer.batches.parts, trainer.batches.here = 2, [0, 1]
    return trainer


def keep(trainer, name):
    variables = [*trainer.model.variables, *trainer.model.optimizer.variables]
    history = {key: np.array(values) for key, values in trainer.history.items()}
    arrays = {f"variable {i}": variable.numpy() for i, variable in enumerate(variables)}
    path = os.path.join(FOLDER, f"{name}-{RANK}.npz")
    np.savez(path, losses=trainer.batch_losses, **history, **arrays)


def whole():
    """Each training from start to end, and a clustering."""
    for name in OBJECTIVES:
        trainer = a_trainer(name)
        trainer.run()
        keep(trainer, name)
    settings = {"epochs": 2, "batch_size": 12, "augmentation": "none", "encoder": dense}
    fitted = rt.RecurrentClusterer(3, **settings, random_state=0, verbose=False).fit(IMAGES)
    path = os.path.join(FOLDER, f"clusters-{RANK}.npz")
    np.savez(path, labels=fitted.labels_, embeddings=fitted.transform(IMAGES))


def at_batch(trainer, number, send):
    """Process 1 gets a signal after so many batches."""

    def callback(progress):
        if RANK == 1 and len(trainer.batch_losses) == number:
            os.kill(os.getpid(), send)

    trainer.on("batch", callback)


def killed():
    """A training of which process 1 is killed."""
    trainer = a_trainer("classifier", os.path.join(FOLDER, "checkpoints"))
    at_batch(trainer, 5, signal.SIGKILL)
    trainer.run()


def resumed():
    """The same from the last checkpoint; then without end, until process 1 is told to end."""
    trainer = a_trainer("classifier", os.path.join(FOLDER, "checkpoints"))
    trainer.load_checkpoint()
    begun = len(trainer.batch_losses)
    trainer.run()
    keep(trainer, "resumed")
    trainer.epochs = 100_000
    at_batch(trainer, len(trainer.batch_losses) + 1, signal.SIGTERM)
    trainer.run()
    stopped = len(trainer.batch_losses)
    np.savez(os.path.join(FOLDER, f"places-{RANK}.npz"), begun=begun, stopped=stopped)


checkpoints.SECONDS_BETWEEN = 0
{"whole": whole, "killed": killed, "resumed": resumed}[TASK]()
