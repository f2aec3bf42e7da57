"""The doctor says whether the course can run here, one line for each check, with remedies.

`_machine` measures what the machine has; here it is judged. What is heavy or may crash is tried in
processes of its own (see `probes`), so that the doctor survives what it looks for.
"""

import contextlib
import importlib.util
import json
import os
import platform
import shutil
import site
import sys
import tempfile
import textwrap
from dataclasses import dataclass, replace
from importlib import metadata
from pathlib import Path

from rnn_tutor import _machine
from rnn_tutor._backend import TITLES
from rnn_tutor._errors import TutorError
from rnn_tutor._folders import cannot_write, replace_folders, temporary_folder
from rnn_tutor.course import processes
from rnn_tutor.course.notebooks import FOLDER, HIDDEN

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
WIDGETS_MAJOR = 5  # of the extension that goes with ipywidgets 8
MEMORY_NEEDED = 1.2 * GIGABYTE  # what a notebook may take at its peak


@dataclass(frozen=True)
class Finding:
    """What one check has found.

    Attributes:
        level: "ok", "warning" (the course runs, less well) or "problem" (it does not run).
        text: What was found, str.
        remedy: What to do about a warning or a problem, str.
    """

    level: str
    text: str
    remedy: str = ""

    def __str__(self):
        line = f"{self.level:8} {self.text}"
        return f"{line}\n{textwrap.indent(self.remedy, ' ' * 11 + '-> ')}" if self.remedy else line


def doctor() -> int:
    """Print every finding as it is made; return 0 when the course can run, otherwise 1."""
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
    """Yield the findings, cheap ones first.

    Takes about eight seconds in all, and half a minute the first time, when UMAP is compiled.
    """
    yield from check_folders()
    # Where `lab` has laid the course out below, its notebooks run there.
    course = Path.cwd() / FOLDER
    course = course if (course / HIDDEN).is_dir() else Path.cwd()
    probes = [processes.start_probe(name, course) for name in ("imports", "keras", "widgets")]
    yield check_python(platform.python_version(), sys.prefix != sys.base_prefix)
    yield check_cores(_machine.cores())
    yield check_memory(*_machine.memory())
    yield check_disk(course, shutil.disk_usage(course).free)
    yield check_writing(course)
    yield check_browser(processes.browser())
    yield from check_packages(required_packages(), installed_version, remedy_elsewhere)
    imports, keras, widgets = map(processes.finish, probes)
    found = [*check_imports(*imports), *check_keras(*keras, os.environ.get("KERAS_BACKEND"))]
    yield from explain_shadows(found, imports[1] + keras[1])
    yield check_widgets(*widgets)


def check_folders() -> list[Finding]:
    """Check whether the libraries can write in their folders; from here on, elsewhere if not."""
    try:
        replaced = replace_folders()
        elsewhere = temporary_folder() if replaced else None
    except TutorError as error:
        return [Finding("problem", "no folder takes a file", str(error))]
    reasons = {}
    for folder, why in replaced.items():
        reasons.setdefault(why, []).append(str(folder))
    return [
        Finding(
            "warning",
            f"no file can be kept in {', '.join(folders)}: {why}",
            f"The course keeps these files in {elsewhere}, until the system clears it. To have "
            "them kept: make room in your home folder, correct its permissions, or let the "
            "variable HOME name another folder.",
        )
        for why, folders in reasons.items()
    ]


def check_python(version: str, own_environment: bool) -> Finding:
    """Check the version of Python, such as "3.11.7", against the project's metadata."""
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


def check_packages(requirements, installed, elsewhere=lambda name: "") -> list[Finding]:
    """Check the versions of the packages.

    Args:
        requirements: What is needed, as `packaging` parses it.
        installed: A function from a package's name to its version, str, or None.
        elsewhere: A function from a package's name to the remedy where the version that wins is out
            of reach for pip, otherwise "".
    """
    found = []
    for requirement in requirements:
        version = installed(requirement.name)
        if version is None:
            text = f"{requirement.name} is not installed"
        elif not requirement.specifier.contains(version, prereleases=True):
            text = f"{requirement.name} {version}, and the course needs {requirement.specifier}"
        else:
            continue
        remedy = elsewhere(requirement.name) or _pip(f'"{requirement}"')
        found.append(Finding("problem", text, remedy))
    return found or [Finding("ok", f"{len(requirements)} packages, in versions that fit")]


def check_imports(status: int, output: str) -> list[Finding]:
    """Judge the exit status and the output of the probe `imports`."""
    found = [
        Finding("problem", f"{name} cannot be imported: {why}", _import_remedy(name, why))
        for name, why in _lines("failed", output)
    ]
    if status and not found:
        why = (output.strip().splitlines() or [f"it ended with status {status}"])[-1]
        text = f"the packages cannot be imported: {why}"
        found = [Finding("problem", text, _pip(f"--force-reinstall {PROJECT}"))]
    return found or [Finding("ok", "the packages can be imported, OpenCV among them")]


def check_keras(status: int, output: str, chosen: str | None) -> list[Finding]:
    """Judge the probe `keras`; `chosen` is the value of KERAS_BACKEND, None where it is not set."""
    file, said_there = keras_settings()
    named = chosen or (said_there.get("backend") if isinstance(said_there, dict) else None)
    if chosen:
        where, change = f"the variable KERAS_BACKEND says {chosen!r}", "unset KERAS_BACKEND"
    else:
        where = f'the file {file} says "backend": {json.dumps(named)}'
        change = f'write "tensorflow" in its place in {file}'
    if named and named not in list(TITLES):  # it may be anything
        text = f"{where}, and the course needs one of {', '.join(TITLES)}"
        return [Finding("problem", text, f"{change[0].upper()}{change[1:]}.")]
    for version, backend, backend_version in _lines("ready", output):
        found = [
            Finding("problem", f'the file {file} says "{key}": "{said}"', f'Write "{wanted}".')
            for key, said, wanted in _lines("setting", output)
            if said != wanted
        ]
        devices = ", ".join(name for names in _lines("devices", output) for name in names)
        text = f"Keras {version} computes, on {TITLES[backend]} {backend_version}"
        text += f" and {devices}" if devices else ""
        return found or [Finding("ok", text)]
    for (missing,) in _lines("missing", output):
        if missing == "keras":
            continue
        if missing == named and missing != "tensorflow":
            text = f"{where}, and {missing} is not installed"
            return [Finding("problem", text, f"{_pip(missing)}, or {change}")]
        text = f"Keras is installed, but {missing}, the backend that it computes with, is not"
        return [Finding("problem", text, _pip(missing))]
    if status in (-4, 0xC000001D):
        return [
            Finding(
                "problem",
                "the processor lacks instructions (AVX) that Keras's backend was built with",
                "Use another machine, or the backend PyTorch: "
                + _pip("torch").removeprefix("Run: ")
                + ", then set KERAS_BACKEND=torch",
            )
        ]
    said = [why for _, why in _lines("failed", output)] or output.strip().splitlines()
    text = f"Keras does not compute: {said[-1] if said else f'it ended with status {status}'}"
    if "configuration" in text or not isinstance(said_there, dict):
        return [Finding("problem", text, f"Correct the file {file}, or delete it.")]
    return [Finding("problem", text, _pip("--force-reinstall keras tensorflow"))]


def keras_settings() -> tuple[Path, object]:
    """Return the file of Keras's settings, and its content: a dict, if it is sound."""
    home = os.environ.get("KERAS_HOME")
    if home is None:
        home = Path.home() if os.access(Path.home(), os.W_OK) else "/tmp"  # as Keras does
        home = Path(home) / ".keras"
    file = (Path(home).expanduser() / "keras.json").absolute()
    try:
        said = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):  # Keras passes over a file that is no JSON
        said = {}
    return file, said


def explain_shadows(found: list[Finding], output: str) -> list[Finding]:
    """Put in front each file that is imported in place of an installed module.

    Where something fails, that file is the cause, and its remedy comes first.

    Args:
        found: The findings of the probes.
        output: What the probes printed.
    """
    shadows = dict.fromkeys((name, Path(file)) for name, file in _lines("shadow", output))
    if not shadows:
        return found
    fails = any(finding.level == "problem" for finding in found)
    blamed = []
    for name, file in shadows:
        # What stands in for a module of Python itself may do no harm.
        harmless = not fails and name in sys.stdlib_module_names
        text = f"{file} is imported in place of the module {name}"
        remedy = _python_path_remedy(file.parent)
        remedy = remedy or f"Give {file} another name, or move it to another folder."
        blamed.append(Finding("warning" if harmless else "problem", text, remedy))
    first = "First do what is said of the files that are imported in place of others."
    return blamed + [
        replace(finding, remedy=first) if finding.level == "problem" else finding
        for finding in found
    ]


def check_widgets(status: int, output: str) -> Finding:
    """Judge the exit status and the output of the probe `widgets`."""
    package = "@jupyter-widgets/jupyterlab-manager"
    off = [name for (name,) in _lines("off", output)]
    found = _lines("found", output)
    if status:
        text = f"JupyterLab's extensions could not be read: {output.strip().splitlines()[-1:]}"
        return Finding("problem", text, _pip("--force-reinstall jupyterlab jupyterlab_widgets"))
    if off:
        files = ", ".join(file for (file,) in _lines("file", output))
        return Finding(
            "problem",
            f"the extension that shows widgets is switched off in {files or 'JupyterLab'}",
            "Run: " + " && ".join(f"jupyter labextension enable {name}" for name in off) + ". "
            "Where that does not help, take its line out of the file.",
        )
    if not found:
        text = f"JupyterLab has no extension that shows widgets ({package})"
        return Finding("problem", text, _pip("--force-reinstall jupyterlab_widgets"))
    version, folder = found[0]
    if int(version.split(".")[0]) < WIDGETS_MAJOR:
        text = f"an old extension for widgets, {version}, is found first, in {folder}"
        return Finding("problem", text, "Delete that folder.")
    return Finding("ok", "JupyterLab shows widgets")


def check_cores(cores: float) -> Finding:
    """Judge the cores that this process may use, such as 2, or 0.5 in a container."""
    said = f"{round(cores, 2):g} core" + "s" * (cores > 1)
    if cores < 2:
        times = f"{2 / cores:.2g} times" if cores != 1 else "twice"
        remedy = f"Training takes about {times} the minutes that are stated."
        return Finding("warning", said, remedy)
    return Finding("ok", said)


def check_memory(total: float | None, free: float | None) -> Finding:
    """Judge the bytes of memory of the machine or its container, and those free; None: unknown."""
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
    """Judge the bytes that are free in a folder."""
    text = f"disk: {free / GIGABYTE:.1f} GB free in {folder}"
    if free < 0.1 * GIGABYTE:
        return Finding("problem", text, "The notebooks and what they save need 0.1 GB: make room.")
    return Finding("ok", text)


def check_writing(folder: Path) -> Finding:
    """Check whether files can be kept in a folder, where Jupyter runs, and as temporary files."""
    for place in (folder, processes.runtime_folder(), Path(tempfile.gettempdir())):
        if why := cannot_write(place):
            return Finding(
                "problem",
                f"cannot write in {place}: {why}",
                "Make room there, correct its permissions, or go to a folder of your own, such as "
                "your home folder.",
            )
    return Finding("ok", f"files can be written in {folder}")


def check_browser(name: str | None) -> Finding:
    """Judge the name of the browser that would open, or None."""
    if name is None:
        return Finding(
            "warning",
            "no browser was found to open",
            "Run: rnn-tutor lab --no-browser, and open the address that it prints in any browser.",
        )
    return Finding("ok", f"browser: {name}")


def _lines(first, output):
    """Return what follows `first` in the lines of a probe, as lists of words."""
    rows = (line.split("\t") for line in output.splitlines())
    return [row[1:] for row in rows if row[0] == first and len(row) > 1]


def _python_path_remedy(folder):
    """Return what to do where PYTHONPATH names a folder; "" where it does not."""
    named = filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))
    if folder.resolve() not in [Path(entry).resolve() for entry in named]:
        return ""
    command = "set PYTHONPATH=" if sys.platform == "win32" else "unset PYTHONPATH"
    return f"The variable PYTHONPATH names {folder}, and what is there wins. Run: {command}"


def _import_remedy(name, why):
    """Return what to do about a package that cannot be imported."""
    if name == "cv2" and ".so" in why:
        return (
            "Run: sudo apt install libgl1 libglib2.0-0 (Debian, Ubuntu), or take OpenCV without "
            "windows: uninstall opencv-python with pip, then install opencv-python-headless"
        )
    package = next((package for package, module in MODULES.items() if module == name), name)
    return _pip(f"--force-reinstall {package}")


def _pip(what):
    """Return the command that installs a package with this Python."""
    if importlib.util.find_spec("pip") is None:  # an environment that uv made
        return f"Run: uv pip install {what}"
    python = f'"{sys.executable}"' if " " in sys.executable else sys.executable
    return f"Run: {python} -m pip install {what}"


def required_packages():
    """Return what the project needs, as `packaging` parses it, without the extras."""
    from packaging.requirements import Requirement

    stated = [Requirement(line) for line in metadata.requires(PROJECT) or ()]
    return [r for r in stated if r.marker is None or r.marker.evaluate({"extra": ""})]


def installed_version(name):
    """Return the version of a package, str, or None; another build of OpenCV counts as well."""
    distribution = _distribution(name)
    return distribution and distribution.version


def remedy_elsewhere(name):
    """Return what to do about a package that pip cannot replace, since another folder wins."""
    if (distribution := _distribution(name)) is None:
        return ""
    folder = Path(distribution.locate_file("")).resolve()
    if remedy := _python_path_remedy(folder):
        return remedy
    if sys.prefix != sys.base_prefix and folder == Path(site.getusersitepackages()).resolve():
        return f"The one in {folder} wins. Set the variable PYTHONNOUSERSITE to 1."
    return ""


def _distribution(name):
    """Return the metadata of an installed package, or None."""
    for build in OTHER_BUILDS.get(name, (name,)):
        with contextlib.suppress(metadata.PackageNotFoundError):
            return metadata.distribution(build)
    return None
