"""RNN Tutor: unsupervised image classification with recurrent neural networks.

Importing this package is light: each name below loads its module when it is first used.
"""

from importlib import import_module

__version__ = "0.1.0"

# Where each public name lives, in the order of the course.
NAMES = {
    "ImageSet": "images.imageset",
    "load_images": "images.datasets",
    "Labels": "images.labels",
    "Inspection": "images.inspection",
    "Preprocessing": "images.preprocessing",
    "Augmentation": "images.augmentation",
    "load_keras": "_backend",
    "load_encoder": "networks.models",
    "embed": "networks.models",
    "TrainingSettings": "training.settings",
    "ClassifierSettings": "training.settings",
    "Trainer": "training.trainer",
    "train": "training.trainer",
    "Clustering": "clusters.clustering",
    "Sorting": "clusters.sorting",
    "RecurrentClusterer": "clusters.estimator",
    "SpotCheck": "clusters.spot_check",
    "export": "clusters.export",
    "sort": "clusters.sort_chunks",
    "trust_report": "clusters.trust",
    "stored_results": "course.results",
    "TutorError": "_errors",
    "NeedsLabels": "_errors",
}
MODULES = {
    "images": "images",
    "files": "images.files",
    "originals": "images.originals",
    "inspection": "images.inspection",
    "datasets": "images.datasets",
    "strips": "images.strips",
    "labels": "images.labels",
    "preprocessing": "images.preprocessing",
    "sequences": "images.sequences",
    "augmentation": "images.augmentation",
    "networks": "networks",
    "models": "networks.models",
    "training": "training",
    "objectives": "training.objectives",
    "clusters": "clusters",
    "clustering": "clusters.clustering",
    "evaluation": "clusters.evaluation",
    "estimator": "clusters.estimator",
    "spot_check": "clusters.spot_check",
    "copies": "clusters.copies",
    "exporting": "clusters.export",
    "sort_folder": "clusters.sort_folder",
    "trust": "clusters.trust",
    "plots": "plots",
    "widgets": "widgets",
    "exercises": "exercises",
    "course": "course",
    "cli": "cli",
}

__all__ = [*NAMES, *MODULES]


def __getattr__(name):
    if name in NAMES:
        return getattr(import_module(f"{__name__}.{NAMES[name]}"), name)
    if name in MODULES:
        return import_module(f"{__name__}.{MODULES[name]}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    return sorted([*globals(), *__all__])
