"""What the doctor tries in processes of their own, which may crash; each prints lines with tabs.

They do what the kernel of a notebook does: load IPython, then put the notebook's folder in front of
the places in which Python looks for modules.
"""

import importlib
import os
import sys
import traceback
from importlib.machinery import PathFinder

# What is imported from these wins over what is installed.
IN_FRONT = [os.getcwd(), *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
MEANT_TO_WIN = {"rnn_tutor", "sitecustomize", "usercustomize"}
PACKAGES = "numpy cv2 matplotlib skimage sklearn numba umap ipywidgets ipykernel jupyterlab"
WIDGETS = "@jupyter-widgets/jupyterlab-manager"


def imports():
    """Print `failed`, module and reason for each package that cannot be imported."""
    errors = [_begin_like_a_kernel()]
    sys.modules["umap.parametric_umap"] = None  # would load TensorFlow
    for name in PACKAGES.split():
        errors.append(_try_import(name))
    _print_shadows(errors)


def keras():
    """Print `ready` with what Keras computes on, each `setting` with the one needed, or why not.

    Print `devices`, too, with those that Keras sees.
    """
    error = _begin_like_a_kernel()
    try:
        keras = importlib.import_module("keras")
        ones = keras.ops.ones((2, 2))
        assert float(keras.ops.sum(ones)) == 4
        backend = keras.backend.backend()
        # Keras lists the devices of TensorFlow and JAX; on PyTorch it takes one.
        listed = backend != "torch" and keras.distribution.list_devices()
        print("devices", *(listed or [ones.device]), sep="\t")
        version = getattr(importlib.import_module(backend), "__version__", "")
        print("ready", keras.__version__, backend, version, sep="\t")
        order = keras.config.image_data_format()
        print("setting", "image_data_format", order, "channels_last", sep="\t")
        print("setting", "floatx", keras.config.floatx(), "float32", sep="\t")
    except Exception as caught:
        error = caught
        if isinstance(error, ModuleNotFoundError):
            print("missing", (error.name or "keras").split(".")[0], sep="\t")
        print("failed", "keras", _describe_error(error), sep="\t")
    _print_shadows([error])


def widgets():
    """Print what JupyterLab knows of the extension that shows widgets."""
    from jupyter_core.paths import jupyter_config_path, jupyter_path
    from jupyterlab.commands import get_app_dir
    from jupyterlab_server.config import get_federated_extensions, get_page_config

    settings = os.path.join(get_app_dir(), "settings")
    found = get_federated_extensions(jupyter_path("labextensions")).get(WIDGETS)
    if found:
        print("found", found["version"], found["ext_path"], sep="\t")
    for name in get_page_config(jupyter_path("labextensions"), settings)["disabledExtensions"]:
        if name.split(":")[0] == WIDGETS and not name.endswith(":saveWidgetState"):
            print("off", name, sep="\t")
    for folder in (settings, *(os.path.join(p, "labconfig") for p in jupyter_config_path())):
        for place, _, files in os.walk(folder):
            for path in (
                os.path.join(place, file) for file in files if "page_config" in place + file
            ):
                with open(path, encoding="utf-8") as file:
                    if WIDGETS in file.read():
                        print("file", path, sep="\t")


def _begin_like_a_kernel():
    """Load IPython and put the notebook's folder in front; return what failed, or None."""
    error = _try_import("ipykernel.kernelapp")
    sys.path.insert(0, "")
    return error


def _try_import(name):
    """Import a module; print and return what failed, or return None."""
    try:
        importlib.import_module(name)
    except Exception as error:
        print("failed", name.split(".")[0], _describe_error(error), sep="\t", flush=True)
        return error
    return None


def _describe_error(error):
    """Return an error as one line: "AttributeError: module 'keras' has no attribute 'ops'"."""
    return f"{type(error).__name__}: {' '.join(str(error).split())}"


def _print_shadows(errors):
    """Print `shadow`, module and file for what was imported in place of what is installed."""
    files = [getattr(module, "__file__", None) for module in list(sys.modules.values())]
    for error in filter(None, errors):
        files += [frame.f_code.co_filename for frame, _ in traceback.walk_tb(error.__traceback__)]
        files += [getattr(error, "filename", None), getattr(error, "path", None)]
    front = sorted({os.path.abspath(path) for path in IN_FRONT}, key=len, reverse=True)
    behind = [path for path in sys.path if os.path.abspath(path) not in front]
    found = {}
    for file in files:
        if not isinstance(file, str) or not os.path.exists(file):
            continue  # compiled modules name the source that they were built from
        folder = next((folder for folder in front if _is_in(file, folder)), None)
        if folder is None or any(_is_in(file, path) for path in behind):
            continue
        top = os.path.relpath(file, folder).split(os.sep)[0]
        name = top.split(".")[0]
        if name not in MEANT_TO_WIN and PathFinder.find_spec(name, behind):
            found[name] = os.path.join(folder, top)
    for name, file in found.items():
        print("shadow", name, file, sep="\t")


def _is_in(file, folder):
    return os.path.abspath(file).startswith(os.path.join(os.path.abspath(folder), ""))
