"""The command `rnn-tutor`: laying out the course, opening JupyterLab, and the doctor."""

import asyncio
import contextlib
import functools
import json
import os
import re
import socket
import subprocess
import sys
import time
import types
import urllib.error
import urllib.request
from pathlib import Path

import nbformat
import pytest
from packaging.requirements import Requirement
from support import hostile
from tornado.websocket import websocket_connect

from rnn_tutor import TutorError, cli
from rnn_tutor.course import doctor, lab, notebooks, processes

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
        text, output = (
            nbformat.v4.new_markdown_cell(f"{name} {version} é"),
            nbformat.v4.new_output("stream", text="the answer"),
        )
        code = nbformat.v4.new_code_cell("1 + 1", outputs=[output], execution_count=1)
        nbformat.write(nbformat.v4.new_notebook(cells=[text, code]), where / name)
    return {name: where / name for name in (FIRST, SEVENTH)}


@contextlib.contextmanager
def served(folder, home, port, *words, prefix=(), environment=None):
    """`rnn-tutor lab` for as long as the block runs; gives a function that asks its server."""
    if environment is None:
        environment = os.environ | jupyter_folders(home)
    words = (str(folder), "--no-browser", f"--port={port}", "--IdentityProvider.token=t", *words)
    words += ("--allow-root",) if hasattr(os, "getuid") and os.getuid() == 0 else ()
    with (home / "log").open("w") as log:
        process = subprocess.Popen(
            [*prefix, sys.executable, "-m", "rnn_tutor.cli", "lab", *words],
            env=environment,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=home,
        )
    try:
        yield functools.partial(ask, process, f"http://127.0.0.1:{port}/", home / "log")
    finally:
        process.terminate()
        process.wait(20)


def jupyter_folders(home):
    """Variables by which Jupyter and IPython keep to folders below `home`."""
    places = {"CONFIG": "config", "DATA": "data", "RUNTIME": "runtime"}
    variables = {f"JUPYTER_{name}_DIR": str(home / place) for name, place in places.items()}
    return variables | {"JUPYTER_PREFER_ENV_PATH": "0", "IPYTHONDIR": str(home / "ipython")}


def ask(process, server, log, path, data=None, seconds=600):
    """What the server answers, read as JSON; waits for a server that is still starting."""
    body = None if data is None else json.dumps(data).encode()
    request = urllib.request.Request(server + path, body, {"Authorization": "token t"})
    deadline = time.monotonic() + seconds
    while process.poll() is None and time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(request, timeout=seconds) as answer:
                return json.load(answer)
        except urllib.error.URLError as error:
            if isinstance(error, urllib.error.HTTPError):
                raise
            time.sleep(0.2)
    raise AssertionError(f"no answer from JupyterLab: {log.read_text()}")


def compute(ask, port, code):
    """What a new kernel of the server prints for `code`, over a websocket as the browser has it."""
    kernel = ask("api/kernels", {"name": "python3"})["id"]
    header = {"msg_id": "1", "msg_type": "execute_request", "session": "s", "username": "u"}
    header |= {"version": "5.3", "date": "2026-01-01T00:00:00Z"}
    content = {"code": code, "silent": False, "store_history": False, "user_expressions": {}}
    content |= {"allow_stdin": False, "stop_on_error": True}
    message = {"header": header, "parent_header": {}, "metadata": {}, "content": content}

    async def talk():
        address = f"ws://127.0.0.1:{port}/api/kernels/{kernel}/channels?token=t&session_id=s"
        socket = await websocket_connect(address)
        await socket.write_message(json.dumps(message | {"channel": "shell", "buffers": []}))
        printed, missing = [], {"reply", "idle"}  # two channels, in whichever order they come
        while missing:
            said = json.loads(await asyncio.wait_for(socket.read_message(), 600))
            if said["parent_header"].get("msg_id") != "1":
                continue
            printed.append(said["content"].get("text", ""))
            if said["msg_type"] == "execute_reply":
                assert said["content"]["status"] == "ok", said
                missing.discard("reply")
            elif said["content"].get("execution_state") == "idle":
                missing.discard("idle")
        socket.close()
        return "".join(printed)

    return asyncio.run(talk())


def contents(folder):
    return {path.name: path.read_text("utf-8") for path in sorted(folder.glob("*.ipynb"))}


def test_the_course_is_copied_without_its_answers(shipped, folder):
    done = notebooks.lay_out(shipped, folder)
    assert done.copied == (FIRST, SEVENTH)
    ours, theirs = (nbformat.read(path, 4) for path in (shipped[FIRST], folder / FIRST))
    assert ours.cells[1].pop("outputs") and theirs.cells[1].pop("outputs") == []
    assert ours.cells[1].pop("execution_count") and theirs.cells[1].pop("execution_count") is None
    assert theirs == ours
    assert notebooks.lay_out(shipped, folder) == notebooks.LaidOut()


def test_a_restored_notebook_has_no_answers_either(shipped, folder):
    notebooks.lay_out(shipped, folder)
    assert b"the answer" in shipped[SEVENTH].read_bytes()
    assert b"the answer" not in notebooks.restore(shipped, folder, "07").read_bytes()


def test_no_notebook_of_the_course_is_laid_out_with_an_answer(folder):
    notebooks.lay_out(notebooks.shipped_notebooks(), folder)
    for path in folder.glob("*.ipynb"):
        cells = nbformat.read(path, 4).cells
        assert not [c.id for c in cells if c.get("outputs") or c.get("execution_count")], path.name


def test_the_course_is_laid_out_without_a_server(folder, capsys):
    assert cli.main(["notebooks", str(folder)]) == 0
    assert set(contents(folder)) == set(notebooks.shipped_notebooks())
    assert str(folder.resolve()) in capsys.readouterr().out


def test_the_glossary_lies_beside_the_lessons_and_is_restored_by_its_name(
    folder, monkeypatch, capsys
):
    opened = []
    monkeypatch.setattr(lab, "open_lab", lambda *given: opened.append(given[1]) or 0)
    assert cli.main(["lab", str(folder)]) == 0
    (folder / "glossary.ipynb").write_text("mine")
    assert cli.main(["lab", str(folder), "--restore", "glossary"]) == 0
    assert opened == [FIRST, "glossary.fresh.ipynb"]
    assert "## Embedding" in (folder / "glossary.fresh.ipynb").read_text()
    assert (folder / "glossary.ipynb").read_text() == "mine"


def test_the_kernel_is_registered_where_asked(folder, tmp_path, monkeypatch):
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "data"))
    assert cli.main(["notebooks", str(folder), "--kernel"]) == 0
    (written,) = (tmp_path / "data").rglob("kernel.json")
    kernel = json.loads(written.read_text())
    assert kernel["argv"][0] == sys.executable and kernel["display_name"] == "RNN Tutor"
    assert written.parent.name == "rnn-tutor"


def test_an_untouched_notebook_follows_an_upgrade(shipped, folder):
    notebooks.lay_out(shipped, folder)
    done = notebooks.lay_out(ship(shipped[FIRST].parent, "second"), folder)
    assert done.updated == (FIRST, SEVENTH)
    assert "second" in (folder / FIRST).read_text()


def test_an_edited_notebook_is_kept_and_said(shipped, folder):
    notebooks.lay_out(shipped, folder)
    (folder / SEVENTH).write_text("mine")
    assert notebooks.lay_out(shipped, folder) == notebooks.LaidOut(kept=(SEVENTH,))
    done = notebooks.lay_out(ship(shipped[FIRST].parent, "second"), folder)
    assert done == notebooks.LaidOut(updated=(FIRST,), kept=(SEVENTH,), outdated=(SEVENTH,))
    assert (folder / SEVENTH).read_text() == "mine"
    assert "rnn-tutor lab --restore 07" in " ".join(done.sentences())


@pytest.mark.parametrize("manifest", [None, b"", b"not json", b"[]", b"\xff"])
def test_what_is_not_known_to_be_untouched_is_kept(shipped, folder, manifest):
    notebooks.lay_out(shipped, folder)
    (folder / SEVENTH).write_text("mine")
    known = folder / notebooks.HIDDEN / "shipped.json"
    known.unlink() if manifest is None else known.write_bytes(manifest)
    assert SEVENTH in notebooks.lay_out(shipped, folder).kept
    assert (folder / SEVENTH).read_text() == "mine"


def test_a_deleted_notebook_comes_back(shipped, folder):
    notebooks.lay_out(shipped, folder)
    (folder / FIRST).unlink()
    assert notebooks.lay_out(shipped, folder).copied == (FIRST,)


def test_an_interrupted_copy_leaves_the_old_notebook(shipped, folder, monkeypatch):
    notebooks.lay_out(shipped, folder)
    before = contents(folder)

    def full_disk(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full_disk)
    with pytest.raises(TutorError, match="No space left on device"):
        notebooks.lay_out(ship(shipped[FIRST].parent, "second"), folder)
    assert contents(folder) == before
    assert not list(folder.glob(".*.part"))


def test_restoring_never_overwrites(shipped, folder):
    notebooks.lay_out(shipped, folder)
    (folder / SEVENTH).write_text("mine")
    fresh = notebooks.restore(shipped, folder, "07")
    assert fresh.name == "07_unsupervised_training.fresh.ipynb"
    assert notebooks.restore(shipped, folder, "07") == fresh
    fresh.write_text("also mine")
    assert notebooks.restore(shipped, folder, "07").name == "07_unsupervised_training.fresh-2.ipynb"
    assert ((folder / SEVENTH).read_text(), fresh.read_text()) == ("mine", "also mine")


@pytest.mark.parametrize(
    "wanted", ["7", "07", SEVENTH, SEVENTH.removesuffix(".ipynb"), f"a\\b/{SEVENTH.upper()}"]
)
def test_a_notebook_has_several_names(shipped, wanted):
    assert notebooks.find(shipped, wanted) == SEVENTH


@pytest.mark.parametrize("wanted", ["3b", "03b", "03B.ipynb", "03b_gradients_through_time"])
def test_a_notebook_may_have_a_letter_after_its_number(wanted):
    known = notebooks.shipped_notebooks()
    assert notebooks.find(known, wanted).startswith("03b_")
    assert notebooks.find(known, "3").startswith("03_")


@pytest.mark.parametrize("wanted", ["9", "", "unsupervised"])
def test_an_unknown_notebook_is_an_error_that_names_those_there_are(shipped, wanted):
    with pytest.raises(TutorError, match=f"no notebook .*{SEVENTH}"):
        notebooks.find(shipped, wanted)


def test_the_package_has_its_notebooks():
    assert FIRST in notebooks.shipped_notebooks()


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
    assert cli.split_arguments(words) == (folder, passed_on)


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
    monkeypatch.setattr(lab, "open_lab", lambda *given: opened.append(given) or 0)
    assert cli.main(["lab", str(folder), "--no-browser", "--port", "9000"]) == 0
    assert opened == [(folder.resolve(), FIRST, ["--no-browser", "--port", "9000"])]
    assert "To stop it: Ctrl+C" in capsys.readouterr().out


def test_a_restored_notebook_is_what_opens(folder, monkeypatch):
    opened = []
    monkeypatch.setattr(lab, "open_lab", lambda *given: opened.append(given[1]) or 0)
    assert cli.main(["lab", str(folder), "--restore", "00"]) == 0
    assert opened == ["00_start_here.fresh.ipynb"]


def test_the_readers_options_win(tmp_path):
    given = lab.options(tmp_path, FIRST, ["--LabApp.default_url=/lab", "--debug"])
    assert [word for word in given if "default_url" in word] == ["--LabApp.default_url=/lab"]
    assert f"--ServerApp.root_dir={tmp_path}" in given


def test_lab_opens_quietly_with_this_python_and_leaves_the_readers_settings(folder, free_port):
    """A real JupyterLab, whose owner has a setting, and another kernel of the same name.

    The token is the reader's own, so that Jupyter itself prints no address.
    """
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
        assert compute(ask, free_port, "print(6 * 7)") == "42\n"
    said = (home / "log").read_text()
    assert f"http://localhost:{free_port}/lab/tree/{FIRST}\n" in said
    assert "WARN" not in said and "[W " not in said, said
    assert set((home / "config").rglob("*")) - before <= {
        home / "config/migrated",
        home / "config/lab",
    }


def test_a_second_lab_says_where_the_first_one_runs(folder, free_port, tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    (link := tmp_path / "link").symlink_to(folder)
    command = [sys.executable, "-m", "rnn_tutor.cli", "lab", "--restore", "07", link]
    environment = os.environ | jupyter_folders(home)
    with served(folder, home, free_port) as ask:
        ask("api/status")
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=600)
        assert done.returncode == 0, done.stderr
        where = f"http://localhost:{free_port}/lab/tree/{SEVENTH.removesuffix('.ipynb')}"
        assert f"{where}.fresh.ipynb?token=t" in done.stdout
        assert len(list((home / "runtime").glob("jpserver-*.json"))) == 1


@pytest.mark.parametrize(
    "change",
    [{"pid": 2**22 + 1}, {"root_dir": "/"}, {"root_dir": None}, "", "{"],
    ids=["ended", "elsewhere", "nowhere", "empty", "cut"],
)
def test_what_a_server_left_behind_is_no_server(tmp_path, monkeypatch, change):
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        about = {"pid": os.getpid(), "root_dir": str(tmp_path), "url": f"http://127.0.0.1:{port}/"}
        about |= {"port": port, "hostname": "127.0.0.1", "token": "t", "sock": ""}
        file = tmp_path / "jpserver-1.json"
        file.write_text(json.dumps(about))
        found = lab.running_server(tmp_path)
        assert lab.address(found, "a b.ipynb") == f"{about['url']}lab/tree/a%20b.ipynb?token=t"
        file.write_text(json.dumps(about | change) if isinstance(change, dict) else change)
        assert lab.running_server(tmp_path) is None
    file.write_text(json.dumps(about))  # its process number is another one's by now
    assert lab.running_server(tmp_path) is None


@pytest.mark.parametrize(
    "home",
    ["unknown", *(pytest.param(home, marks=pytest.mark.full) for home in ("locked", "full"))],
)
def test_lab_serves_whatever_the_home_folder_is(tmp_path, free_port, home):
    prefix = hostile.as_stranger()
    place = hostile.give_away(tmp_path / "place")
    names = ("JUPYTER", "HOME", "IPYTHON", "XDG")
    environment = {k: v for k, v in os.environ.items() if not k.startswith(names)}
    with contextlib.ExitStack() as stack:
        if home == "locked":
            (tmp_path / "home").mkdir()
        if home == "full":
            stack.enter_context(hostile.full_disk(tmp_path / "home"))
        if home != "unknown":
            environment["HOME"] = str(tmp_path / "home")
        words = {"prefix": prefix, "environment": environment}
        ask = stack.enter_context(served(place / "course", place, free_port, **words))
        assert FIRST in {entry["name"] for entry in ask("api/contents")["content"]}
        assert compute(ask, free_port, "import matplotlib.pyplot; print(2)") == "2\n"


HUB = {"JUPYTERHUB_SERVICE_PREFIX": "/user/ann/"}


def test_behind_jupyterhub_the_address_is_the_hubs(tmp_path):
    course = tmp_path / "my course"
    said = lab.hub_advice(course, FIRST, HUB | {"JUPYTER_SERVER_ROOT": str(tmp_path)})
    assert f" /user/ann/lab/tree/my%20course/{FIRST}\n" in said
    assert "127.0.0.1" not in said and "localhost" not in said
    public = HUB | {"JUPYTERHUB_PUBLIC_URL": "https://hub.example.org/user/ann/"}
    said = lab.hub_advice(course, FIRST, public | {"JUPYTERHUB_ROOT_DIR": str(tmp_path)})
    assert f" https://hub.example.org/user/ann/lab/tree/my%20course/{FIRST}\n" in said
    assert lab.hub_advice(course, FIRST, {}) == ""


def test_the_hub_shows_only_what_lies_below_its_root(tmp_path):
    root = {"JUPYTERHUB_ROOT_DIR": str(tmp_path / "home")}
    said = lab.hub_advice(tmp_path / "course", FIRST, HUB | root)
    assert "rnn-tutor lab FOLDER" in said and "/user/ann/" not in said


def test_behind_jupyterhub_no_second_server_starts_unasked(folder, monkeypatch, capsys):
    opened = []
    monkeypatch.setattr(lab, "open_lab", lambda *given: opened.append(given) or 0)
    monkeypatch.setenv("JUPYTERHUB_SERVICE_PREFIX", "/user/ann/")
    monkeypatch.setenv("JUPYTERHUB_ROOT_DIR", str(folder.parent))
    assert cli.main(["lab", str(folder)]) == 0
    assert f"/user/ann/lab/tree/{folder.name.split()[0]}%20" in capsys.readouterr().out
    assert (folder / FIRST).exists() and not opened
    assert cli.main(["lab", str(folder), "--ServerApp.base_url=/user/ann/proxy/absolute/9/"]) == 0
    assert len(opened) == 1


def test_by_ssh_the_way_to_the_port_is_said():
    said = lab.tunnel_advice(9000, {"SSH_CONNECTION": "10.0.0.1 5 10.0.0.2 22", "USER": "ann"})
    assert "ssh -N -L 9000:localhost:9000 ann@10.0.0.2" in said
    assert lab.tunnel_advice(9000, {}) == ""


@pytest.mark.full
def test_the_doctor_survives_an_unknown_user(tmp_path):
    names = ("JUPYTER", "HOME", "IPYTHON", "XDG", "KERAS")
    environment = {k: v for k, v in os.environ.items() if not k.startswith(names)}
    command = [*hostile.as_stranger(), sys.executable, "-m", "rnn_tutor.cli", "doctor"]
    place = hostile.give_away(tmp_path / "place")
    done = subprocess.run(command, env=environment, cwd=place, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "warning  no file can be kept in ~" in done.stdout
    assert "problem" not in done.stdout


@pytest.mark.full
def test_the_doctor_finds_no_problem_here(capsys):
    assert cli.main(["doctor"]) == 0
    lines = capsys.readouterr().out.splitlines()
    (line,) = (line for line in lines if "Keras" in line and line.startswith("ok"))
    assert re.search(r" and (cpu|gpu|cuda|mps)", line), "it names the devices"
    assert "rnn-tutor lab" in lines[-1]


def test_the_doctors_verdict_is_its_exit_status(monkeypatch, capsys):
    found = [doctor.Finding("ok", "a"), doctor.Finding("warning", "b", "do c")]
    monkeypatch.setattr(doctor, "examine", lambda: found)
    assert doctor.doctor() == 0
    found.append(doctor.Finding("problem", "d", "do e"))
    assert doctor.doctor() == 1
    assert "problem  d\n           -> do e" in capsys.readouterr().out


def probed(name, folder, **variables):
    """The status and the output of a real probe, run in `folder`."""
    with pytest.MonkeyPatch.context() as patch:
        for variable, value in variables.items():
            patch.setenv(variable, value)
        return processes.finish(processes.start_probe(name, folder))


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
    path = os.pathsep.join([str(tmp_path), os.environ["PYTHONPATH"]])
    output = probed("keras", tmp_path, PYTHONPATH=path, KERAS_BACKEND="tensorflow")
    (finding,) = doctor.check_keras(*output, None)
    assert finding.level == "problem"
    assert "tensorflow, the backend that it computes with, is not" in finding.text
    assert "pip install tensorflow" in finding.remedy


@pytest.mark.parametrize(
    ("status", "output", "chosen", "said"),
    [
        (1, "missing\ttorch\n", "torch", "KERAS_BACKEND says 'torch'"),
        (1, "missing\tkeras\nfailed\tkeras\tNo keras\n", None, "does not compute: No keras"),
        (-4, "", None, "AVX"),
        (1, "Traceback\nValueError: odd\n", None, "ValueError: odd"),
        (1, "", None, "status 1"),
    ],
)
def test_other_ways_in_which_keras_fails(status, output, chosen, said):
    (finding,) = doctor.check_keras(status, output, chosen)
    assert (finding.level, said in finding.text) == ("problem", True)
    assert finding.remedy


def settings(folder, text, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(folder))
    (folder / "keras.json").write_text(text)
    return str(folder / "keras.json")


@pytest.mark.parametrize(
    ("text", "output"),
    [
        ('{"backend": "torch"}', "missing\ttorch\n"),
        ('{"backend": "jax"}', "missing\tjax\n"),
        ('{"backend": "theano"}', "failed\tkeras\tUnable to import backend\n"),
        ('{"backend": ["jax"]}', "failed\tkeras\tno\n"),
        ('{"backend": "numpy"}', "ready\t3.15\tnumpy\t2.4\n"),
    ],
)
def test_a_settings_file_that_names_a_backend_is_named(text, output, tmp_path, monkeypatch):
    file = settings(tmp_path, text, monkeypatch)
    (finding,) = doctor.check_keras(1, output, None)
    assert finding.level == "problem"
    assert file in finding.text and file in finding.remedy
    named = json.loads(text)["backend"]
    assert json.dumps(named) in finding.text
    (finding,) = doctor.check_keras(1, output, str(named))  # both say it
    assert "unset KERAS_BACKEND" in finding.remedy.replace("Unset", "unset")


@pytest.mark.parametrize(
    "text",
    [
        '{"image_data_format": "channels_first"}',
        pytest.param('{"floatx": "float16", "backend": "tensorflow"}', marks=pytest.mark.full),
        pytest.param('{"epsilon": 1}', marks=pytest.mark.full),
        "[1]",
    ],
)
def test_a_settings_file_that_the_course_cannot_run_with_is_named(text, tmp_path, monkeypatch):
    """By the real probe: with two of these Keras starts, and the course's networks do not."""
    file = settings(tmp_path, text, monkeypatch)
    (finding,) = doctor.check_keras(*probed("keras", tmp_path), None)
    assert finding.level == "problem"
    assert file in finding.text + finding.remedy
    assert "pip" not in finding.remedy


def test_settings_as_they_should_be_are_no_finding(tmp_path, monkeypatch):
    settings(tmp_path, '{"backend": "tensorflow", "floatx": "float32"}', monkeypatch)
    (finding,) = doctor.check_keras(0, "ready\t3.15\ttensorflow\t2.20\n", None)
    assert finding.level == "ok"


def test_the_devices_that_keras_sees_are_named():
    (finding,) = doctor.check_keras(0, "devices\tgpu:0\tgpu:1\nready\t3.15\tjax\t0.10\n", None)
    assert finding.text == "Keras 3.15 computes, on JAX 0.10 and gpu:0, gpu:1"


@pytest.mark.parametrize(
    ("probe", "file", "text"),
    [
        ("keras", "keras.py", "x = 1"),
        ("keras", "tensorflow/__init__.py", "raise RuntimeError('mine')"),
        pytest.param("imports", "cv2.py", "x = 1", marks=pytest.mark.full),
        pytest.param("imports", "secrets.py", "x =", marks=pytest.mark.full),
    ],
)
def test_a_file_in_the_folder_that_wins_over_a_module_is_named(
    tmp_path, monkeypatch, probe, file, text
):
    monkeypatch.setenv("KERAS_BACKEND", "tensorflow")  # another backend's folder is in no way
    path = tmp_path / file
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    status, output = probed(probe, tmp_path)
    if probe == "keras":
        found = doctor.check_keras(status, output, None)
    else:
        found = doctor.check_imports(status, output)
    first, *others = doctor.explain_shadows(found, output)
    assert first.level == "problem"
    assert str(tmp_path / file.split("/")[0]) in first.text
    assert str(tmp_path / file.split("/")[0]) in first.remedy
    assert not [other for other in others if "pip" in other.remedy]


@pytest.mark.full
def test_a_file_that_is_in_nobodys_way_is_no_finding(tmp_path):
    for name in ("statistics.py", "mine.py", "cats_and_dogs.py"):
        (tmp_path / name).write_text("")
    (tmp_path / "numpy").mkdir()  # a folder of arrays is no module
    status, output = probed("imports", tmp_path)
    found = doctor.check_imports(status, output)
    assert [finding.level for finding in doctor.explain_shadows(found, output)] == ["ok"]


def test_another_keras_on_the_python_path_is_named(tmp_path, monkeypatch):
    (tmp_path / "keras").mkdir()
    (tmp_path / "keras/__init__.py").write_text("__version__ = '2.1'")
    (tmp_path / "keras-2.1.dist-info").mkdir()
    (tmp_path / "keras-2.1.dist-info/METADATA").write_text("Name: keras\nVersion: 2.1\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.syspath_prepend(tmp_path)
    wanted = [Requirement("keras>=3.15"), Requirement("numpy>=99")]
    keras, numpy = doctor.check_packages(wanted, doctor.installed_version, doctor.remedy_elsewhere)
    assert "keras 2.1" in keras.text
    assert "PYTHONPATH" in keras.remedy and str(tmp_path) in keras.remedy
    assert "pip" not in keras.remedy and "pip install" in numpy.remedy
    status, output = probed("keras", tmp_path.parent)
    first, _ = doctor.explain_shadows(doctor.check_keras(status, output, None), output)
    assert "PYTHONPATH" in first.remedy and str(tmp_path) in first.remedy


MANAGER = "@jupyter-widgets/jupyterlab-manager"


@pytest.mark.parametrize(
    "off",
    [
        MANAGER,
        pytest.param(f"{MANAGER}:plugin", marks=pytest.mark.full),
        pytest.param(f"{MANAGER}:controls-2.0.0", marks=pytest.mark.full),
    ],
)
def test_a_widget_manager_that_is_switched_off_is_a_problem(tmp_path, off):
    file = tmp_path / "config/labconfig/page_config.json"
    file.parent.mkdir(parents=True)
    variables = jupyter_folders(tmp_path)
    file.write_text(json.dumps({"disabledExtensions": {off: False}}))
    assert doctor.check_widgets(*probed("widgets", tmp_path, **variables)).level == "ok"
    file.write_text(json.dumps({"disabledExtensions": {off: True}}))
    finding = doctor.check_widgets(*probed("widgets", tmp_path, **variables))
    assert finding.level == "problem"
    assert str(file) in finding.text
    assert f"enable {off}" in finding.remedy


@pytest.mark.full
def test_an_old_widget_manager_that_is_found_first_is_a_problem(tmp_path):
    place = tmp_path / "data/labextensions" / MANAGER
    place.mkdir(parents=True)
    about = {"name": MANAGER, "version": "3.1.1", "jupyterlab": {"_build": {"load": "x.js"}}}
    (place / "package.json").write_text(json.dumps(about))
    finding = doctor.check_widgets(*probed("widgets", tmp_path, **jupyter_folders(tmp_path)))
    assert finding.level == "problem"
    assert str(place) in finding.text and "3.1.1" in finding.text


def test_jupyterlab_without_a_widget_manager_is_a_problem():
    finding = doctor.check_widgets(0, "")
    assert (finding.level, "jupyterlab_widgets" in finding.remedy) == ("problem", True)
    assert doctor.check_widgets(1, "Traceback\nValueError: x").level == "problem"


def test_packages_are_held_against_the_ranges_of_the_project():
    wanted = [Requirement("keras>=3.15"), Requirement("numpy>=2.0")]
    versions = {"keras": "3.9", "numpy": "2.4"}
    (finding,) = doctor.check_packages(wanted, versions.get)
    assert "keras 3.9, and the course needs >=3.15" in finding.text
    (finding,) = doctor.check_packages(wanted, {"keras": "3.15"}.get)
    assert finding.text == "numpy is not installed"
    (finding,) = doctor.check_packages(wanted, {"keras": "3.15", "numpy": "2.4"}.get)
    assert finding.level == "ok"
    assert {"keras", "tensorflow"} <= {r.name for r in doctor.required_packages()}
    assert "torch" not in {r.name for r in doctor.required_packages()}


def test_opencv_without_its_system_library_says_what_to_install():
    why = "libGL.so.1: cannot open shared object file: No such file or directory"
    (finding,) = doctor.check_imports(0, f"failed\tcv2\tImportError: {why}\n")
    assert finding.level == "problem"
    assert "libgl1" in finding.remedy
    assert "opencv-python-headless" in finding.remedy


def test_opencv_without_windows_serves_as_well(monkeypatch):
    def version(name):
        if name != "opencv-python-headless":
            raise doctor.metadata.PackageNotFoundError(name)
        return types.SimpleNamespace(version="5.0")

    monkeypatch.setattr(doctor.metadata, "distribution", version)
    assert doctor.installed_version("opencv-python") == "5.0"
    assert doctor.installed_version("numpy") is None


@pytest.mark.parametrize(
    ("finding", "level"),
    [
        (doctor.check_python("3.9.1", True), "problem"),
        (doctor.check_python("3.14.0", True), "problem"),
        (doctor.check_python("3.12.4", False), "ok"),
        (doctor.check_cores(1), "warning"),
        (doctor.check_memory(1e9, 1e9), "problem"),
        (doctor.check_memory(4e9, 1e9), "warning"),
        (doctor.check_memory(4e9, None), "ok"),
        (doctor.check_memory(None, None), "ok"),
        (doctor.check_disk(Path("x"), 5e7), "problem"),
        (doctor.check_disk(Path("x"), 5e9), "ok"),
        (doctor.check_browser(None), "warning"),
        (doctor.check_browser("firefox"), "ok"),
    ],
)
def test_what_the_machine_has_is_judged(finding, level):
    assert finding.level == level
    assert bool(finding.remedy) == (level != "ok")


def test_a_folder_that_cannot_be_written_to_is_a_problem(tmp_path):
    assert doctor.check_writing(tmp_path / "not" / "there").level == "ok"
    (tmp_path / "file").write_text("")
    assert doctor.check_writing(tmp_path / "file").level == "problem"
    with hostile.full_disk(tmp_path / "full") as full:
        finding = doctor.check_writing(full)
    assert (finding.level, str(full) in finding.text) == ("problem", True)


@pytest.mark.parametrize(("cores", "said"), [(0.5, "0.5 core"), (1, "1 core"), (128, "128 cores")])
def test_cores_are_said_as_they_are(cores, said):
    assert doctor.check_cores(cores).text == said
