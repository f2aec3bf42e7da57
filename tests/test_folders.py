"""Home folders that are locked, full or unknown, and caches that go elsewhere then."""

import errno
import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from support import hostile

from rnn_tutor import TutorError, _folders

HERE = Path(_folders.__file__).resolve().parents[1]
CACHED = "import numba\n\n\n@numba.njit(cache=True)\ndef double(x):\n    return 2 * x\n"


@pytest.fixture
def clean(monkeypatch, tmp_path):
    """A home folder of its own, and no variable of any library set; undone at the end."""
    for name in (*_folders.PLACES, "JUPYTER_PATH", "JUPYTER_CONFIG_PATH", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "home").mkdir()
    _folders.temporary_folder.cache_clear()
    monkeypatch.setattr(_folders.tempfile, "tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    yield tmp_path / "home"
    _folders.temporary_folder.cache_clear()


def run(code, home, prefix=(), **variables):
    """What `code` prints as JSON, in a Python whose home folder is this (None: unknown)."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("JUPYTER", "HOME"))}
    path = os.pathsep.join([str(HERE), os.environ.get("PYTHONPATH", "")])
    environment |= {"PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1", **variables}
    if home is not None:
        environment["HOME"] = str(home)
    done = subprocess.run(
        [*prefix, sys.executable, "-c", textwrap.dedent(code)],
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


REPLACE = """
    import json, os
    from rnn_tutor import _folders
    replaced = {str(k): v for k, v in _folders.replace_folders().items()}
    names = ["HOME", "JUPYTER_PATH", "JUPYTER_CONFIG_PATH", *_folders.PLACES]
    again = list(_folders.replace_folders())
    print(json.dumps([replaced, {k: os.environ[k] for k in names if k in os.environ}, again]))
"""


def test_nothing_changes_where_all_can_be_written(clean):
    before = dict(os.environ)
    assert _folders.replace_folders() == {}
    assert dict(os.environ) == before
    assert list(clean.iterdir()) == []


def test_a_locked_home(tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    replaced, variables, again = run(REPLACE, home, hostile.as_stranger())
    assert set(replaced.values()) == {os.strerror(errno.EACCES)}
    for name in _folders.PLACES:
        if name != "JUPYTER_RUNTIME_DIR":  # it lies in the data folder
            assert Path(variables[name]).stat().st_uid == hostile.STRANGER, name
    assert variables["JUPYTER_PATH"] == str(home / ".local/share/jupyter")
    assert variables["JUPYTER_CONFIG_PATH"] == str(home / ".jupyter")
    assert again == []


def test_a_full_home(tmp_path):
    with hostile.full_disk(tmp_path / "home") as home:
        replaced, variables, again = run(REPLACE, home)
    assert str(home / ".ipython") in replaced
    assert set(replaced.values()) == {os.strerror(errno.ENOSPC)}
    assert not variables["JUPYTER_DATA_DIR"].startswith(str(home))
    assert again == []


def test_an_unknown_home(tmp_path):
    replaced, variables, again = run(REPLACE, None, hostile.as_stranger())
    assert "~" in replaced
    assert Path(variables["HOME"]).stat().st_uid == hostile.STRANGER
    assert again == []


def test_one_folder_that_another_user_made(tmp_path):
    """What `sudo pip` leaves behind: the home folder is fine, and its cache is root's."""
    home = hostile.give_away(tmp_path / "home")
    (home / ".cache").mkdir()
    replaced, variables, _ = run(REPLACE, home, hostile.as_stranger())
    assert set(replaced) == {str(home / ".cache/matplotlib"), str(home / ".cache/numba")}
    assert not {"JUPYTER_DATA_DIR", "IPYTHONDIR"} & set(variables)


@pytest.mark.full
@pytest.mark.parametrize("how", ["locked", "full"])
def test_numba_can_cache_again(tmp_path, how):
    """It cannot beside the source, nor in the home folder, and then fails at import."""
    (tmp_path / "library").mkdir()
    (tmp_path / "library" / "cached.py").write_text(CACHED)
    code = """
        import json, sys
        sys.path.append({library!r})
        from rnn_tutor import _folders
        _folders.replace_folders(["NUMBA_CACHE_DIR"])
        import cached
        print(json.dumps([cached.double(4), cached.double.stats.cache_path]))
    """
    code = code.format(library=str(tmp_path / "library"))
    home, prefix = tmp_path / "home", hostile.as_stranger()
    if how == "full":
        with hostile.full_disk(home):
            value, place = run(code, home, prefix)
    else:
        home.mkdir()
        value, place = run(code, home, prefix)
    assert value == 8
    assert list(Path(place).glob("cached.double*.nbi"))


@pytest.mark.full
def test_umap_runs_for_an_unknown_user(tmp_path):
    code = """
        import json
        import numpy as np
        from rnn_tutor import clustering
        points = np.random.default_rng(0).normal(size=(60, 4)).astype("float32")
        print(json.dumps(np.isfinite(clustering.project(points, "umap")).all().item()))
    """
    assert run(code, None, hostile.as_stranger())


@pytest.mark.parametrize("why", [errno.ENOSPC, errno.EDQUOT, errno.EROFS])
def test_a_disk_that_takes_no_bytes(clean, monkeypatch, why):
    """Simulated: a file can be made, and writing into it fails, as with a full disk or quota."""
    sync = os.fsync

    def refuse(number):
        if os.fstat(number).st_dev == clean.stat().st_dev and refused:
            raise OSError(why, os.strerror(why))
        sync(number)

    monkeypatch.setattr(_folders.os, "fsync", refuse)
    refused = True
    assert _folders.cannot_write(clean) == os.strerror(why)
    with pytest.raises(TutorError, match="TMPDIR"):
        _folders.replace_folders()
    refused = False
    assert _folders.cannot_write(clean) == ""


def test_a_file_in_place_of_a_folder(clean):
    (clean / ".cache").write_text("")
    replaced = _folders.replace_folders(["MPLCONFIGDIR"])
    assert replaced == {clean / ".cache/matplotlib": os.strerror(errno.ENOTDIR)}


def test_what_the_reader_set_is_judged_too(clean, monkeypatch):
    (clean / "file").write_text("")
    monkeypatch.setenv("IPYTHONDIR", str(clean / "file" / "x"))
    assert list(_folders.replace_folders(["IPYTHONDIR"])) == [clean / "file" / "x"]
    assert Path(os.environ["IPYTHONDIR"]).is_dir()


def test_a_folder_that_somebody_prepared_is_not_used(clean, tmp_path):
    """numba runs what it finds in its cache."""
    trap = tmp_path / "temporary" / f"rnn-tutor-{os.getuid()}"
    trap.mkdir()
    trap.chmod(0o777)
    assert _folders.temporary_folder() != trap
    trap.rmdir()
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    trap.symlink_to(tmp_path / "elsewhere")
    _folders.temporary_folder.cache_clear()
    assert _folders.temporary_folder() != trap
    trap.unlink()
    _folders.temporary_folder.cache_clear()
    assert _folders.temporary_folder() == trap
    assert trap.stat().st_mode & 0o077 == 0
