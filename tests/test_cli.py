"""The command `rnn-tutor`: laying out the course, opening JupyterLab, and the doctor."""

import contextlib
import functools
import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from rnn_tutor import TutorError, _course, _doctor, _lab, cli

FIRST, SEVENTH = "00_start_here.ipynb", "07_unsupervised_training.ipynb"


@pytest.fixture
def shipped(tmp_path):
    """A package's notebooks, in their first version."""
    (tmp_path / "shipped").mkdir()
    return ship(tmp_path / "shipped", "first")


@pytest.fixture
def free_port():
    """A port of this machine that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


@pytest.fixture
def folder(tmp_path):
    """A reader's folder that is not there yet, with a name that has a space and an accent."""
    return tmp_path / "my course é"


def ship(where, version):
    for name in (FIRST, SEVENTH):
        (where / name).write_bytes(f"{name} {version}\r\n".encode())
    return {name: where / name for name in (FIRST, SEVENTH)}


@contextlib.contextmanager
def served(folder, home, port):
    """`rnn-tutor lab` for as long as the block runs; gives a function that asks its server."""
    places = {"CONFIG": "config", "DATA": "data", "RUNTIME": "runtime"}
    variables = {f"JUPYTER_{name}_DIR": str(home / place) for name, place in places.items()}
    variables |= {"JUPYTER_PREFER_ENV_PATH": "0", "IPYTHONDIR": str(home / "ipython")}
    words = [str(folder), "--no-browser", f"--port={port}", "--IdentityProvider.token=t"]
    words += ["--allow-root"] if hasattr(os, "getuid") and os.getuid() == 0 else []
    with (home / "log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "rnn_tutor.cli", "lab", *words],
            env={**os.environ, **variables},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        yield functools.partial(ask, process, f"http://127.0.0.1:{port}/", home / "log")
    finally:
        process.terminate()
        process.wait(20)


def ask(process, server, log, path, seconds=60):
    """What the server answers, read as JSON; waits for a server that is still starting."""
    request = urllib.request.Request(server + path, headers={"Authorization": "token t"})
    deadline = time.monotonic() + seconds
    while process.poll() is None and time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return json.load(answer)
        except urllib.error.URLError as error:
            if isinstance(error, urllib.error.HTTPError):
                raise
            time.sleep(0.2)
    raise AssertionError(f"no answer from JupyterLab: {log.read_text()}")


def contents(folder):
    return {path.name: path.read_text() for path in sorted(folder.glob("*.ipynb"))}


def test_the_course_is_copied_byte_for_byte(shipped, folder):
    done = _course.lay_out(shipped, folder)
    assert done.copied == (FIRST, SEVENTH)
    assert (folder / FIRST).read_bytes() == shipped[FIRST].read_bytes()
    assert _course.lay_out(shipped, folder) == _course.LaidOut()


def test_an_untouched_notebook_follows_an_upgrade(shipped, folder):
    _course.lay_out(shipped, folder)
    done = _course.lay_out(ship(shipped[FIRST].parent, "second"), folder)
    assert done.updated == (FIRST, SEVENTH)
    assert "second" in (folder / FIRST).read_text()


def test_an_edited_notebook_is_kept_and_said(shipped, folder):
    _course.lay_out(shipped, folder)
    (folder / SEVENTH).write_text("mine")
    assert _course.lay_out(shipped, folder) == _course.LaidOut(kept=(SEVENTH,))
    done = _course.lay_out(ship(shipped[FIRST].parent, "second"), folder)
    assert done == _course.LaidOut(updated=(FIRST,), kept=(SEVENTH,), outdated=(SEVENTH,))
    assert (folder / SEVENTH).read_text() == "mine"
    assert "rnn-tutor lab --restore 07" in " ".join(done.sentences())


@pytest.mark.parametrize("manifest", [None, b"", b"not json", b"[]", b"\xff"])
def test_what_is_not_known_to_be_untouched_is_kept(shipped, folder, manifest):
    _course.lay_out(shipped, folder)
    (folder / SEVENTH).write_text("mine")
    known = folder / _course.HIDDEN / "shipped.json"
    known.unlink() if manifest is None else known.write_bytes(manifest)
    assert SEVENTH in _course.lay_out(shipped, folder).kept
    assert (folder / SEVENTH).read_text() == "mine"


def test_a_deleted_notebook_comes_back(shipped, folder):
    _course.lay_out(shipped, folder)
    (folder / FIRST).unlink()
    assert _course.lay_out(shipped, folder).copied == (FIRST,)


def test_an_interrupted_copy_leaves_the_old_notebook(shipped, folder, monkeypatch):
    _course.lay_out(shipped, folder)
    before = contents(folder)

    def full_disk(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(_course.os, "replace", full_disk)
    with pytest.raises(TutorError, match="No space left on device"):
        _course.lay_out(ship(shipped[FIRST].parent, "second"), folder)
    assert contents(folder) == before
    assert not list(folder.glob(".*.part"))


def test_restoring_never_overwrites(shipped, folder):
    _course.lay_out(shipped, folder)
    (folder / SEVENTH).write_text("mine")
    fresh = _course.restore(shipped, folder, "07")
    assert fresh.name == "07_unsupervised_training.fresh.ipynb"
    assert _course.restore(shipped, folder, "07") == fresh
    fresh.write_text("also mine")
    assert _course.restore(shipped, folder, "07").name == "07_unsupervised_training.fresh-2.ipynb"
    assert ((folder / SEVENTH).read_text(), fresh.read_text()) == ("mine", "also mine")


@pytest.mark.parametrize(
    "wanted", ["7", "07", SEVENTH, SEVENTH.removesuffix(".ipynb"), f"a\\b/{SEVENTH.upper()}"]
)
def test_a_notebook_has_several_names(shipped, wanted):
    assert _course.find(shipped, wanted) == SEVENTH


@pytest.mark.parametrize("wanted", ["9", "", "unsupervised"])
def test_an_unknown_notebook_is_an_error_that_names_those_there_are(shipped, wanted):
    with pytest.raises(TutorError, match=f"no notebook .*{SEVENTH}"):
        _course.find(shipped, wanted)


def test_the_package_has_its_notebooks():
    assert FIRST in _course.shipped_notebooks()


@pytest.mark.parametrize(
    ("words", "folder", "passed_on"),
    [
        ([], None, []),
        (["course"], "course", []),
        (["course", "--port", "9000"], "course", ["--port", "9000"]),
        (["--port", "9000", "course"], "course", ["--port", "9000"]),
        (["--no-browser", "course"], "course", ["--no-browser"]),
        (["--port=9000", "course"], "course", ["--port=9000"]),
    ],
)
def test_the_folder_is_told_from_jupyters_options(words, folder, passed_on):
    assert cli.split(words) == (folder, passed_on)


def test_two_folders_are_an_error(capsys):
    assert cli.main(["lab", "my", "course"]) == 1
    assert "two came: 'my' and 'course'" in capsys.readouterr().err


def test_a_file_in_place_of_the_folder_is_an_error(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert cli.main(["lab", str(tmp_path / "file")]) == 1
    said = capsys.readouterr().err
    assert "rnn-tutor lab FOLDER" in said
    assert "Traceback" not in said


def test_lab_hands_over_to_jupyterlab(folder, monkeypatch, capsys):
    opened = []
    monkeypatch.setattr(_lab, "open_lab", lambda *given: opened.append(given) or 0)
    assert cli.main(["lab", str(folder), "--no-browser", "--port", "9000"]) == 0
    assert opened == [(folder.resolve(), FIRST, ["--no-browser", "--port", "9000"])]
    assert "To stop it: Ctrl+C" in capsys.readouterr().out


def test_a_restored_notebook_is_what_opens(folder, monkeypatch):
    opened = []
    monkeypatch.setattr(_lab, "is_served", lambda folder: False)
    monkeypatch.setattr(_lab, "open_lab", lambda *given: opened.append(given[1]) or 0)
    assert cli.main(["lab", str(folder), "--restore", "00"]) == 0
    assert opened == ["00_start_here.fresh.ipynb"]


def test_the_readers_options_win(tmp_path):
    given = _lab.options(tmp_path, FIRST, ["--LabApp.default_url=/lab", "--debug"])
    assert [word for word in given if "default_url" in word] == ["--LabApp.default_url=/lab"]
    assert f"--ServerApp.root_dir={tmp_path}" in given


def test_lab_opens_quietly_with_this_python_and_leaves_the_readers_settings(folder, free_port):
    """A real JupyterLab, whose owner has a setting, and another kernel of the same name."""
    home = folder.parent / "home"
    theme = home / "config/lab/user-settings/@jupyterlab/apputils-extension"
    theme.mkdir(parents=True)
    (theme / "themes.jupyterlab-settings").write_text('{"theme": "JupyterLab Dark"}')
    other = home / "data/kernels/python3"
    other.mkdir(parents=True)
    (other / "kernel.json").write_text('{"argv": ["no"], "display_name": "x", "language": "x"}')
    before = set((home / "config").rglob("*"))
    with served(folder, home, free_port) as ask:
        setting = "lab/api/settings/@jupyterlab/apputils-extension:"
        news = ask(setting + "notification")
        assert news["schema"]["properties"]["fetchNews"]["default"] == "false"
        assert news["schema"]["properties"]["checkForUpdates"]["default"] is False
        assert ask(setting + "themes")["settings"] == {"theme": "JupyterLab Dark"}
        kernel = ask("api/kernelspecs")["kernelspecs"]["python3"]["spec"]
        assert kernel["argv"][0] == sys.executable
        assert FIRST in {entry["name"] for entry in ask("api/contents")["content"]}
    assert set((home / "config").rglob("*")) - before <= {
        home / "config/migrated",
        home / "config/lab",
    }


def test_the_doctor_finds_no_problem_here(capsys):
    assert cli.main(["doctor"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert any("Keras" in line and line.startswith("ok") for line in lines)
    assert lines[-1] == "The course can run here. Start it with: rnn-tutor lab"


def test_the_doctors_verdict_is_its_exit_status(monkeypatch, capsys):
    found = [_doctor.Finding("ok", "a"), _doctor.Finding("warning", "b", "do c")]
    monkeypatch.setattr(_doctor, "examine", lambda: found)
    assert _doctor.doctor() == 0
    found.append(_doctor.Finding("problem", "d", "do e"))
    assert _doctor.doctor() == 1
    assert "problem  d\n           -> do e" in capsys.readouterr().out


def test_keras_without_its_backend_says_what_to_install(tmp_path):
    """The real probe, in a Python where TensorFlow is not to be found."""
    (tmp_path / "sitecustomize.py").write_text(
        "import sys\n"
        "class Hide:\n"
        "    def find_spec(self, name, *_):\n"
        "        if name == 'tensorflow':\n"
        "            raise ModuleNotFoundError(f'No module named {name!r}', name=name)\n"
        "sys.meta_path.insert(0, Hide())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", _doctor._KERAS],
        env={**os.environ, "PYTHONPATH": str(tmp_path), "KERAS_BACKEND": "tensorflow"},
        capture_output=True,
        text=True,
    )
    finding = _doctor.check_keras(done.returncode, done.stdout, None)
    assert finding.level == "problem"
    assert "tensorflow, the backend that it computes with, is not" in finding.text
    assert "pip install tensorflow" in finding.remedy


@pytest.mark.parametrize(
    ("status", "output", "chosen", "said"),
    [
        (1, "missing\ttorch\n", "torch", "KERAS_BACKEND says 'torch'"),
        (1, "missing\tkeras\n", None, "does not compute: missing"),
        (-4, "", None, "AVX"),
        (1, "Traceback\nValueError: odd\n", None, "ValueError: odd"),
        (1, "", None, "status 1"),
    ],
)
def test_other_ways_in_which_keras_fails(status, output, chosen, said):
    finding = _doctor.check_keras(status, output, chosen)
    assert (finding.level, said in finding.text) == ("problem", True)
    assert finding.remedy


def test_packages_are_held_against_the_ranges_of_the_project():
    wanted = [Requirement("keras>=3.15"), Requirement("numpy>=2.0")]
    versions = {"keras": "3.9", "numpy": "2.4"}
    (finding,) = _doctor.check_packages(wanted, versions.get)
    assert "keras 3.9, and the course needs >=3.15" in finding.text
    (finding,) = _doctor.check_packages(wanted, {"keras": "3.15"}.get)
    assert finding.text == "numpy is not installed"
    (finding,) = _doctor.check_packages(wanted, {"keras": "3.15", "numpy": "2.4"}.get)
    assert finding.level == "ok"
    assert {"keras", "tensorflow"} <= {r.name for r in _doctor._requirements()}
    assert "torch" not in {r.name for r in _doctor._requirements()}


def test_opencv_without_its_system_library_says_what_to_install():
    why = "libGL.so.1: cannot open shared object file: No such file or directory"
    (finding,) = _doctor.check_imports(0, f"cv2\t{why}\n")
    assert finding.level == "problem"
    assert "libgl1" in finding.remedy
    assert "opencv-python-headless" in finding.remedy


def test_opencv_without_windows_serves_as_well(monkeypatch):
    def version(name):
        if name != "opencv-python-headless":
            raise _doctor.metadata.PackageNotFoundError(name)
        return "5.0"

    monkeypatch.setattr(_doctor.metadata, "version", version)
    assert _doctor._installed("opencv-python") == "5.0"
    assert _doctor._installed("numpy") is None


@pytest.mark.parametrize(
    ("finding", "level"),
    [
        (_doctor.check_python("3.9.1", True), "problem"),
        (_doctor.check_python("3.14.0", True), "problem"),
        (_doctor.check_python("3.12.4", False), "ok"),
        (_doctor.check_cores(1), "warning"),
        (_doctor.check_memory(1e9, 1e9), "problem"),
        (_doctor.check_memory(4e9, 1e9), "warning"),
        (_doctor.check_memory(4e9, None), "ok"),
        (_doctor.check_memory(None, None), "ok"),
        (_doctor.check_disk(Path("x"), 5e7), "problem"),
        (_doctor.check_disk(Path("x"), 5e9), "ok"),
        (_doctor.check_browser(None), "warning"),
        (_doctor.check_browser("firefox"), "ok"),
    ],
)
def test_what_the_machine_has_is_judged(finding, level):
    assert finding.level == level
    assert bool(finding.remedy) == (level != "ok")


def test_a_folder_that_cannot_be_written_to_is_a_problem(tmp_path, monkeypatch):
    assert _doctor.check_writing(tmp_path / "not" / "there").level == "ok"

    def refuse(**_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(_doctor.tempfile, "TemporaryFile", refuse)
    assert "Permission denied" in _doctor.check_writing(tmp_path).text
