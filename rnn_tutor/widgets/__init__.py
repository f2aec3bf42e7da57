"""The panels: windows on ordinary objects, each showing the plain Python that does the same."""

from importlib import import_module

_HOMES = {
    "TrainingPanel": "training",
    "ClassifierPanel": "classifier",
    "ComparisonPanel": "comparison",
    "ClusterPanel": "clusters",
    "PreprocessingPanel": "preprocessing",
    "ScanPanel": "scan",
    "ReadAlongPanel": "read_along",
    "GatePanel": "gates",
    "KernelPanel": "kernel",
    "OcclusionPanel": "occlusion",
    "StripPanel": "strips",
    "LabellingPanel": "labelling",
    "MapPanel": "map",
    "FolderPanel": "folder",
    "SpotCheckPanel": "spot_check",
    "ProgressBar": "progress",
}

__all__ = [*_HOMES]


def __getattr__(name):
    if name in _HOMES:
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    return sorted([*globals(), *__all__])
