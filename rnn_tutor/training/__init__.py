"""Training: objectives, settings, and one loop with checkpoints."""

from rnn_tutor.training.settings import LONG_RUN, ClassifierSettings, TrainingSettings
from rnn_tutor.training.trainer import EVENTS, Progress, Trainer, running, train

__all__ = [
    "EVENTS",
    "LONG_RUN",
    "ClassifierSettings",
    "Progress",
    "Trainer",
    "TrainingSettings",
    "running",
    "train",
]
