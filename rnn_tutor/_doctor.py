"""Says whether the course can run here, one line a thing, each problem with its remedy.

What the machine has is asked in `_machine`; here it is judged. What is heavy or may crash is
imported in processes of its own, so that the doctor survives what it looks for.
"""

import importlib.util
import os
import platform
import re
import shutil
import sys
import tempfile
import textwrap
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from rnn_tutor import _machine

PROJECT = "rnn-tutor"
# What stands in `import` where that is not the package's name.
MODULES = {
    "opencv-python": "cv2",
    "scikit-image": "skimage",
    "scikit-learn": "sklearn",
    "umap-learn": "umap",
}
# OpenCV's other builds hold the same module, and serve as well.
OTHER_BUILDS = {
    "opencv-python": [
        f"opencv{extra}-python{screen}"
        for extra in ("", "-contrib")
        for screen in ("", "-headless")
    ]
}
GIGABYTE = 1e9
MEMORY_NEEDED = 1.2 * GIGABYTE  # what a notebook may take at its peak
TITLES = {"tensorflow": "TensorFlow", "torch": "PyTorch", "jax": "JAX"}


@dataclass(frozen=True)
class Finding:
    """One line: `level` is "ok", "warning" (the course runs, less well) or "problem" (it does not).

    A remedy goes with the latter two.
    """

    level: str
    text: str
    remedy: str = ""

    def __str__(self):
        line = f"{self.level:8} {self.text}"
        return f"{line}\n{textwrap.indent(self.remedy, ' ' * 11 + '-> ')}" if self.remedy else line


def doctor() -> int:
    """Print every finding as it is made; returns 0 when the course can run, else 1."""
    problems = 0
    for finding in examine():
        print(finding, flush=True)
        problems += finding.level == "problem"
    if problems:
        print(f"\nThe course cannot run yet: {problems} problem(s), each with its remedy above.")
    else:
        print("\nThe course can run here. Start it with: rnn-tutor lab")
    return 1 if problems else 0


def examine():
    """Yield the findings, cheap ones first; about six seconds in all."""
    probes = [_machine.start_python(_IMPORTS), _machine.start_python(_KERAS)]
    yield check_python(platform.python_version(), sys.prefix != sys.base_prefix)
    yield check_cores(_machine.cores())
    yield check_memory(*_machine.memory())
    yield check_disk(Path.cwd(), shutil.disk_usage(Path.cwd()).free)
    yield check_writing(Path.cwd())
    yield check_browser(_machine.browser())
    yield from check_packages(_requirements(), _installed)
    yield from check_imports(*_machine.finish(probes[0]))
    yield check_keras(*_machine.finish(probes[1]), os.environ.get("KERAS_BACKEND"))


def check_python(version: str, own_environment: bool) -> Finding:
    """`version` as "3.11.7", against the bounds in the project's metadata."""
    from packaging.specifiers import SpecifierSet

    bounds = SpecifierSet(metadata.metadata(PROJECT)["Requires-Python"])
    if version not in bounds:
        return Finding(
            "problem",
            f"Python {version}, and the course needs {bounds}",
            "Install a Python within these bounds and make the virtual environment with it.",
        )
    where = "" if own_environment else ", without a virtual environment of its own"
    return Finding("ok", f"Python {version}{where}")


def check_packages(requirements, installed) -> list[Finding]:
    """`requirements` as `packaging` parses them; `installed(name)` is a version, or None."""
    found = []
    for requirement in requirements:
        version = installed(requirement.name)
        if version is None:
            text = f"{requirement.name} is not installed"
        elif not requirement.specifier.contains(version, prereleases=True):
            text = f"{requirement.name} {version}, and the course needs {requirement.specifier}"
        else:
            continue
        found.append(Finding("problem", text, _pip(f'"{requirement}"')))
    return found or [Finding("ok", f"{len(requirements)} packages, in versions that fit")]


def check_imports(status: int, output: str) -> list[Finding]:
    """What `_IMPORTS` printed: `module<TAB>what went wrong` for each that cannot be imported."""
    broken = [line.split("\t", 1) for line in output.splitlines() if "\t" in line]
    found = [
        Finding("problem", f"{name}: {why}", _import_remedy(name, why)) for name, why in broken
    ]
    if status and not found:
        found = [
            Finding("problem", f"importing the packages ended with status {status}", _pip(PROJECT))
        ]
    return found or [Finding("ok", "the packages can be imported, OpenCV among them")]


def check_keras(status: int, output: str, chosen: str | None) -> Finding:
    """What `_KERAS` printed, and what KERAS_BACKEND says (None where it is not set)."""
    ready = re.search(r"^ready\t(.+)\t(.+)\t(.+)$", output, re.MULTILINE)
    if status == 0 and ready:
        keras, backend, version = ready.groups()
        return Finding("ok", f"Keras {keras} computes, on {TITLES.get(backend, backend)} {version}")
    missing = re.search(r"^missing\t(\w+)$", output, re.MULTILINE)
    if missing and missing[1] != "keras":
        return _no_backend(missing[1], chosen)
    if status in (-4, 0xC000001D):
        return Finding(
            "problem",
            "the processor lacks instructions (AVX) that Keras's backend was built with",
            "Use another machine, or the backend PyTorch: "
            + _pip("torch").removeprefix("Run: ")
            + ", then set KERAS_BACKEND=torch",
        )
    last = (output.strip().splitlines() or [f"it ended with status {status}"])[-1]
    return Finding(
        "problem", f"Keras does not compute: {last}", _pip("--force-reinstall keras tensorflow")
    )


def check_cores(cores: float) -> Finding:
    """`cores` that this process may use, such as 2, or 0.5 in a container."""
    said = f"{cores:.2g} cores" if cores > 1 else f"{cores:.2g} core"
    if cores < 2:
        times = f"{2 / cores:.2g} times" if cores != 1 else "twice"
        remedy = f"Training takes about {times} the minutes that are stated."
        return Finding("warning", said, remedy)
    return Finding("ok", said)


def check_memory(total: float | None, free: float | None) -> Finding:
    """Bytes of the machine (or of its container), and of what is free now; None where unknown."""
    if total is None:
        return Finding("ok", "memory: this system does not say how much there is")
    text = f"memory: {total / GIGABYTE:.1f} GB"
    if total < MEMORY_NEEDED:
        return Finding(
            "problem", text, "A notebook takes up to 1.2 GB: use a machine with 4 GB or more."
        )
    if free is None:
        return Finding("ok", text)
    text += f", {free / GIGABYTE:.1f} GB of it free"
    if free < MEMORY_NEEDED:
        return Finding(
            "warning",
            text,
            "A notebook takes up to 1.2 GB: close other programs, and notebooks that still run.",
        )
    return Finding("ok", text)


def check_disk(folder: Path, free: int) -> Finding:
    """Bytes free where the reader stands."""
    text = f"disk: {free / GIGABYTE:.1f} GB free in {folder}"
    if free < 0.1 * GIGABYTE:
        return Finding("problem", text, "The notebooks and what they save need 0.1 GB: make room.")
    return Finding("ok", text)


def check_writing(folder: Path) -> Finding:
    """Whether a file can be made in `folder`, and where Jupyter keeps its own while it runs."""
    for place in (folder, _machine.runtime_folder()):
        try:
            with tempfile.TemporaryFile(dir=_nearest(place)):
                pass
        except OSError as error:
            return Finding(
                "problem",
                f"cannot write in {place}: {error.strerror}",
                "Go to a folder of your own, such as your home folder, or correct its permissions.",
            )
    return Finding("ok", f"files can be written in {folder}")


def check_browser(name: str | None) -> Finding:
    """`name` of the browser that would open, or None."""
    if name is None:
        return Finding(
            "warning",
            "no browser was found to open",
            "Run: rnn-tutor lab --no-browser, and open the address that it prints in any browser.",
        )
    return Finding("ok", f"browser: {name}")


def _no_backend(missing, chosen):
    if chosen:
        return Finding(
            "problem",
            f"KERAS_BACKEND says {chosen!r}, and {missing} is not installed",
            f"{_pip(missing)}, or unset KERAS_BACKEND",
        )
    return Finding(
        "problem",
        f"Keras is installed, but {missing}, the backend that it computes with, is not",
        _pip(missing),
    )


def _import_remedy(name, why):
    if name == "cv2" and ".so" in why:
        return (
            "Run: sudo apt install libgl1 libglib2.0-0 (Debian, Ubuntu), or take OpenCV without "
            "windows: uninstall opencv-python with pip, then install opencv-python-headless"
        )
    package = next((package for package, module in MODULES.items() if module == name), name)
    return _pip(f"--force-reinstall {package}")


def _pip(what):
    if importlib.util.find_spec("pip") is None:  # an environment that uv made
        return f"Run: uv pip install {what}"
    python = f'"{sys.executable}"' if " " in sys.executable else sys.executable
    return f"Run: {python} -m pip install {what}"


def _requirements():
    from packaging.requirements import Requirement

    stated = [Requirement(line) for line in metadata.requires(PROJECT) or ()]
    return [r for r in stated if r.marker is None or r.marker.evaluate({"extra": ""})]


def _installed(name):
    """The version, or None."""
    for build in OTHER_BUILDS.get(name, (name,)):
        try:
            return metadata.version(build)
        except metadata.PackageNotFoundError:
            continue
    return None


# umap itself takes seconds to import; what fails in it is numba.
_IMPORTS = """
import importlib, sys
for name in "cv2 numpy matplotlib skimage sklearn numba ipywidgets ipykernel jupyterlab".split():
    try:
        importlib.import_module(name)
    except Exception as error:
        print(name, " ".join(str(error).split()), sep="\\t", flush=True)
"""

_KERAS = """
import importlib, sys
try:
    import keras
    assert float(keras.ops.sum(keras.ops.ones((2, 2)))) == 4
except ModuleNotFoundError as error:
    print("missing", error.name.split(".")[0], sep="\\t")
    sys.exit(1)
backend = keras.backend.backend()
print("ready", keras.__version__, backend, importlib.import_module(backend).__version__, sep="\\t")
"""


def _nearest(folder):
    return next(place for place in (folder, *folder.parents) if place.is_dir())
