"""RNN Tutor: unsupervised image classification with recurrent neural networks.

Importing this package is light: each name below loads its module when it is first used.
"""

from importlib import import_module

__version__ = "0.1.0"

_HOMES = {
    "ImageSet": "images",
    "load_images": "datasets",
    "Labels": "labels",
    "Augmentation": "augmentation",
    "load_encoder": "models",
    "embed": "models",
    "Preprocessing": "preprocessing",
    "TrainingSettings": "_settings",
    "ClassifierSettings": "_settings",
    "Trainer": "training",
    "train": "training",
    "Clustering": "clustering",
    "RecurrentClusterer": "estimator",
    "load_keras": "_keras",
    "TutorError": "_errors",
    "NeedsLabels": "_errors",
}
_MODULES = (
    "preprocessing",
    "images",
    "files",
    "datasets",
    "labels",
    "sequences",
    "augmentation",
    "models",
    "objectives",
    "training",
    "clustering",
    "evaluation",
    "estimator",
    "plots",
    "widgets",
    "exercises",
    "cli",
)

__all__ = [*_HOMES, *_MODULES]


def __getattr__(name):
    if name in _HOMES:
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    if name in _MODULES:
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    return sorted([*globals(), *__all__])
