"""Any number of images in chunks: each once, whatever breaks off, and no two jobs mixed."""

import os
import shutil
import signal
import subprocess
import sys
import textwrap
import zipfile
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

import rnn_tutor as rt
from rnn_tutor import TutorError, _machine, cli
from rnn_tutor.clusters import sort_chunks, sort_folder

pq = pytest.importorskip("pyarrow.parquet")
N, CHUNK = 46, 4  # 12 chunks, the last one not full
NAMES = {"0": "dark", "2": "bright"}


class ByBrightness:
    """Sort images by how bright they are, in the place of a network."""

    reader_ = SimpleNamespace(height=8, width=8, channels=3)
    n_clusters_ = 3
    seen = 0

    def predict_proba(self, pixels):
        ByBrightness.seen += len(pixels)
        level = np.asarray(pixels, float).sum(axis=(1, 2, 3))[:, None] / 192
        near = np.exp(-np.abs(level - [40, 128, 215]) / 30)
        return (near / near.sum(axis=1, keepdims=True)).astype("float32")


@pytest.fixture
def model(tmp_path, monkeypatch):
    """A folder that passes for a saved model."""
    for module in (sort_chunks, sort_folder):
        monkeypatch.setattr(module, "load_model", lambda folder: (ByBrightness(), NAMES))
    monkeypatch.setattr(ByBrightness, "seen", 0)
    return fake_model(tmp_path / "model")


def fake_model(folder):
    folder.mkdir()
    (folder / "network.keras").write_text(str(folder))
    return folder


@pytest.fixture
def folder(tmp_path):
    """46 files in sub-folders, three of which cannot be read."""
    root = tmp_path / "mine"
    for i in range(N - 3):
        path = root / ("a", "b/deep")[i % 2] / f"{i // 2}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (12 + i % 3, 10), (i * 5, i * 6, i * 6)).save(path)
    whole = (root / "a" / "3.png").read_bytes()
    (root / "a" / "cut.png").write_bytes(whole[:45])
    (root / "empty.png").write_bytes(b"")
    (root / "notes.txt").write_text("no picture")
    return root


@pytest.fixture
def few(tmp_path):
    """Six files, for what is refused before much is done."""
    root = tmp_path / "few"
    for i in range(6):
        path = root / "a" / f"{i}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (8, 8), (40 * i,) * 3).save(path)
    return root


def rows_of(out):
    return pq.read_table(Path(out, "chunks")).to_pylist()


def files_below(folder):
    return {p.relative_to(folder).as_posix() for p in Path(folder).rglob("*") if not p.is_dir()}


def contents(folder):
    return {name: Path(folder, name).read_bytes() for name in files_below(folder)}


def test_every_file_has_one_row(folder, model, tmp_path, capsys):
    before = contents(folder)
    found = rt.sort(folder, model, tmp_path / "out", chunk=CHUNK)
    rows = {row["path"]: row for row in rows_of(tmp_path / "out")}
    assert len(rows) == N == len(rows_of(tmp_path / "out"))
    assert rows.keys() == files_below(folder)
    assert contents(folder) == before

    images = rt.load_images(folder, size=8, channels=3)
    shares = ByBrightness().predict_proba(images.pixels)
    called = ["dark", "cluster 1", "bright"]
    for name, expected in zip(images.sources, shares, strict=True):
        _, second, first = expected.argsort().tolist()
        row = rows.pop(name)
        assert (row["cluster"], row["name"]) == (first, called[first])
        assert row["second_best"] == called[second] and row["problem"] is None
        assert row["probability"] == pytest.approx(expected[first])
        assert row["second_probability"] == pytest.approx(expected[second])
    assert rows.keys() == {"a/cut.png", "empty.png", "notes.txt"} == found.problems.keys()
    assert {row["cluster"] for row in rows.values()} == {-1}
    for name, row in rows.items():
        assert row["problem"] and row["problem"] == found.problems[name] and row["name"] is None

    assert found.images == N - 3 == sum(found.sizes.values())
    assert list(found.sizes.values()) == sorted(found.sizes.values(), reverse=True)
    said = capsys.readouterr().out
    assert "46 files in 12 chunks of 4" in said and "of disk" in said and "of memory" in said
    assert ByBrightness.seen == N - 1 + len(images)  # for so few, none is tried beforehand


def test_of_many_files_some_are_tried_to_say_how_long_all_take(
    folder, model, tmp_path, monkeypatch, capsys
):
    for name, value in {"MANY": 40, "WARM": 4, "TRIED": 8, "WORKING": 0}.items():
        monkeypatch.setattr(sort_chunks, name, value)
    monkeypatch.setattr(_machine, "held", lambda: 123_000_000)
    clock = iter(range(0, 10**6, 100))
    monkeypatch.setattr(sort_chunks.time, "perf_counter", lambda: next(clock))
    rt.sort(folder, model, tmp_path / "out", chunk=CHUNK)
    said = capsys.readouterr().out
    assert ByBrightness.seen == N - 1 + 12
    assert "up to 123 MB of memory" in said
    assert "about 10 minutes" in said  # 46 files, 8 of which took 100 s
    rt.sort(folder, model, tmp_path / "out")
    assert "about" not in capsys.readouterr().out  # nothing is left to do


def test_what_is_sorted_is_not_sorted_again(folder, model, tmp_path):
    first = rt.sort(folder, model, tmp_path / "out", chunk=CHUNK)
    chunks = sorted((tmp_path / "out" / "chunks").iterdir())
    times = [path.stat().st_mtime_ns for path in chunks]
    whole = contents(tmp_path / "out")
    chunks[3].unlink()
    chunks[5].write_bytes(chunks[5].read_bytes()[:50])  # as when the power failed
    ByBrightness.seen = 0
    assert rt.sort(folder, model, tmp_path / "out") == first
    assert ByBrightness.seen == 2 * CHUNK
    assert contents(tmp_path / "out") == whole
    kept = [k for k in range(12) if k not in (3, 5)]
    assert [chunks[k].stat().st_mtime_ns for k in kept] == [times[k] for k in kept]


class Gone(BaseException):
    """In the place of SIGKILL: nothing in the package catches it."""


def break_off(how, folder, model, out, monkeypatch):
    """Sort until the fifth table is half written, in this process or in one that is killed."""
    write, written = sort_chunks.atomic_write, []

    def breaking(path, content):
        if len(written) == 5:  # the job, and four chunks
            path.with_name(f".{path.name}.part").write_bytes(content[:99])
            if how == "killed":
                os.kill(os.getpid(), signal.SIGKILL)
            raise Gone
        written.append(path)
        write(path, content)

    with monkeypatch.context() as patches:
        patches.setattr(sort_chunks, "atomic_write", breaking)
        rt.sort(folder, model, out, chunk=CHUNK)


@pytest.mark.parametrize("how", ["broken off", pytest.param("killed", marks=pytest.mark.full)])
def test_whole_chunks_are_left_and_the_next_goes_on(folder, model, tmp_path, monkeypatch, how):
    undisturbed = rt.sort(folder, model, tmp_path / "undisturbed", chunk=CHUNK)
    out = tmp_path / "out"
    if how == "broken off":
        with pytest.raises(Gone):
            break_off(how, folder, model, out, monkeypatch)
    else:
        script = f"""
            import sys
            sys.path.insert(0, {str(Path(__file__).parent)!r})
            import pytest, test_sort_chunks as own
            own.sort_chunks.load_model = lambda folder: (own.ByBrightness(), own.NAMES)
            own.break_off("killed", {str(folder)!r}, {str(model)!r}, "out", pytest.MonkeyPatch)
        """
        done = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], cwd=tmp_path)
        assert done.returncode == -signal.SIGKILL
    final = list((out / "chunks").glob("*.parquet"))
    assert len(final) == 4 and len(files_below(out)) == 6
    assert sum(len(pq.read_table(path)) for path in final) == 4 * CHUNK
    ByBrightness.seen = 0
    found = rt.sort(folder, model, out)
    assert ByBrightness.seen == N - 1 - 4 * CHUNK  # an empty file is not looked at
    assert (found.sizes, found.problems) == (undisturbed.sizes, undisturbed.problems)
    assert rows_of(out) == rows_of(tmp_path / "undisturbed")
    assert files_below(out) == files_below(tmp_path / "undisturbed")  # no half file


# Two jobs are not mixed


def add_a_file(folder, model):
    Image.new("RGB", (9, 9)).save(folder / "new.png")
    return {}


def touch_a_file(folder, model):
    os.utime(folder / "a" / "3.png", ns=(10**18, 10**18))
    return {}


def rename_a_cluster(folder, model):
    (model / "names.json").write_text('{"0": "black"}')
    return {}


CHANGES = {
    add_a_file: "other images",
    touch_a_file: "other images",
    rename_a_cluster: "another model, or with other names",
    lambda folder, model: {"chunk": 5}: "in chunks of 4",
    lambda folder, model: {"model": fake_model(folder.parent / "m2")}: "another model",
    lambda folder, model: {"source": [folder / "a" / "0.png"]}: "other images",
}


@pytest.mark.parametrize(("change", "said"), CHANGES.items())
def test_another_job_is_refused(few, model, tmp_path, change, said):
    rt.sort(few, model, tmp_path / "out", chunk=CHUNK)
    before = contents(tmp_path / "out")
    job = {"source": few, "model": model, "out": tmp_path / "out"} | change(few, model)
    with pytest.raises(TutorError, match=said):
        rt.sort(**job)
    assert contents(tmp_path / "out") == before


def test_a_folder_that_holds_something_else_is_refused(few, model, tmp_path):
    for out, said in ((few.parent, "no job of this kind"), (few / "out", "lies inside")):
        with pytest.raises(TutorError, match=said):
            rt.sort(few, model, out)
    (tmp_path / "file").write_text("mine")
    with pytest.raises(TutorError, match="no job of this kind"):
        rt.sort(few, model, tmp_path / "file")


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"chunk": "four"}'])
def test_a_damaged_job_is_refused(few, model, tmp_path, text):
    rt.sort(few, model, tmp_path / "out", chunk=CHUNK)
    (tmp_path / "out" / "job.json").write_text(text)
    with pytest.raises(TutorError, match="damaged"):
        rt.sort(few, model, tmp_path / "out")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"source": np.zeros((3, 8, 8))}, "in memory already"),
        ({"source": "nowhere"}, "no folder and no zip 'nowhere'"),
        ({"chunk": 0}, "whole number from 1"),
        ({"copies": "move"}, "way to copy"),
        ({"workers": 2}, "address of a Dask scheduler"),
        ({"workers": "tcp://127.0.0.1:1", "client": "one"}, "not both"),
    ],
)
def test_what_cannot_be_is_told_in_a_sentence(few, model, tmp_path, wrong, said):
    with pytest.raises(TutorError, match=said):
        rt.sort(**{"source": few, "model": model, "out": tmp_path / "out"} | wrong)
    assert not (tmp_path / "out").exists()


def test_a_model_of_strips_is_refused(few, model, tmp_path, monkeypatch):
    strips = SimpleNamespace(height=8, width=None, channels=3)
    monkeypatch.setattr(ByBrightness, "reader_", strips)
    with pytest.raises(TutorError, match="strips of any width"):
        rt.sort(few, model, tmp_path / "out")


@pytest.mark.parametrize(
    ("package", "extra", "more"),
    [("pyarrow", "sort", {}), ("distributed", "dask", {"workers": "tcp://127.0.0.1:1"})],
)
def test_a_missing_package_is_named(few, model, tmp_path, monkeypatch, package, extra, more):
    for name in [package, *(name for name in sys.modules if name.startswith(f"{package}."))]:
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(TutorError, match=rf"rnn-tutor\[{extra}\]"):
        rt.sort(few, model, tmp_path / "out", **more)


def test_images_that_are_gone_altogether_are_no_problem_of_theirs(folder, model, tmp_path):
    """As when the disk that holds them is pulled out: nothing of that is written down."""
    images = rt.load_images(folder, size=8, channels=3, stream=True)
    folder.rename(tmp_path / "elsewhere")
    with pytest.raises(TutorError, match="is there any more"):
        rt.sort(images, model, tmp_path / "out", chunk=CHUNK)
    assert rows_of_all(tmp_path / "out") == []
    (tmp_path / "elsewhere").rename(folder)
    (folder / "a" / "0.png").unlink()  # a single one
    found = rt.sort(images, model, tmp_path / "out", chunk=CHUNK)
    assert found.images == N - 4 and "a/0.png" in found.problems


def rows_of_all(out):
    return sorted(Path(out, "chunks").glob("*.parquet"))


def test_deep_images_share_black_and_white(model, tmp_path):
    """A dark one of 16 bits is dark in any chunk."""
    (tmp_path / "deep").mkdir()
    for i in range(6):
        level = 60_000 if i == 5 else 9_000
        values = np.linspace(0, level, 64).reshape(8, 8).astype(np.uint16)
        Image.fromarray(values).save(tmp_path / "deep" / f"{i}.png")
    rt.sort(tmp_path / "deep", model, tmp_path / "out", chunk=1)
    assert [row["name"] for row in rows_of(tmp_path / "out")] == ["dark"] * 5 + ["cluster 1"]


# Copies


@pytest.mark.parametrize("how", ["copy", "link"])
def test_copies_lie_by_name_below_their_folders(folder, model, tmp_path, how):
    out = tmp_path / "out"
    rt.sort(folder, model, out, chunk=CHUNK)
    assert files_below(out) == {"job.json", *(f"chunks/{k:06d}.parquet" for k in range(12))}
    ByBrightness.seen = 0
    rt.sort(folder, model, out, copies=how)  # copies of what is sorted already
    assert ByBrightness.seen == 0
    rows = [row for row in rows_of(out) if row["cluster"] >= 0]
    for row in rows:
        copy, original = out / row["name"] / row["path"], folder / row["path"]
        assert copy.read_bytes() == original.read_bytes()
        assert copy.is_symlink() == (how == "link")
        assert copy.stat().st_mtime_ns == original.stat().st_mtime_ns
    assert len(files_below(out)) == 13 + len(rows)

    some = [out / row["name"] / row["path"] for row in rows[:3]]
    some[0].unlink()
    kept = os.lstat(some[1]).st_ino
    rt.sort(folder, model, out, copies=how)
    assert some[0].exists() and os.lstat(some[1]).st_ino == kept


def test_what_is_in_the_place_of_a_copy_stays_and_is_told(folder, model, tmp_path):
    out = tmp_path / "out"
    rt.sort(folder, model, out, copies="copy")
    mine = next((out / "dark").rglob("*.png"))
    mine.write_text("something of mine")
    found = rt.sort(folder, model, out, copies="copy")
    assert mine.read_text() == "something of mine"
    assert found.not_copied.keys() == {mine.relative_to(out / "dark").as_posix()}
    assert "could not be copied" in repr(found)


def test_files_from_anywhere_do_not_meet(folder, model, tmp_path, monkeypatch):
    twins = [tmp_path / side / "same.png" for side in ("left", "right")]
    for path in twins:
        path.parent.mkdir()
        Image.new("RGB", (8, 8)).save(path)
    monkeypatch.chdir(tmp_path)
    rt.sort([twins[0], "right/same.png"], model, "out", copies="copy")
    assert len(list(Path("out/dark").rglob("same.png"))) == 2


def test_a_zip_is_sorted_too(folder, model, tmp_path):
    packed = shutil.make_archive(str(tmp_path / "packed"), "zip", folder)
    rt.sort(packed, model, tmp_path / "out", chunk=CHUNK, copies="link")
    rt.sort(folder, model, tmp_path / "plain", chunk=CHUNK)
    rows = rows_of(tmp_path / "out")
    assert rows == rows_of(tmp_path / "plain")
    with zipfile.ZipFile(packed) as archive:
        for row in rows:
            if row["cluster"] >= 0:
                copy = tmp_path / "out" / row["name"] / row["path"]
                assert copy.read_bytes() == archive.read(row["path"])


def test_too_little_room_is_told_before(few, model, tmp_path, monkeypatch):
    full = SimpleNamespace(total=10**9, used=10**9, free=100)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: full)
    with pytest.raises(TutorError, match="copies need"):
        rt.sort(few, model, tmp_path / "out", copies="copy")
    assert not (tmp_path / "out").exists()


# The command


def test_the_command_sorts_in_chunks_and_goes_on(folder, model, tmp_path, capsys):
    words = ["sort", str(folder), "--out", str(tmp_path / "out"), "--model", str(model)]
    assert cli.main([*words, "--chunk", str(CHUNK)]) == 0
    assert "12 chunks" in capsys.readouterr().out
    assert not list((tmp_path / "out").rglob("*.png"))
    assert cli.main([*words, "--copies", "link"]) == 0
    said = capsys.readouterr().out
    assert "12 are sorted already" in said and "43 images in 3 clusters" in said
    assert len(list((tmp_path / "out").rglob("*.png"))) == N - 3
    assert cli.main([*words, "--chunk", "7"]) == 1
    assert "in chunks of 4" in capsys.readouterr().err


def test_what_does_not_fit_into_memory_is_sorted_in_chunks(
    folder, model, tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr(_machine, "memory", lambda: (9e9, 10_000))
    words = ["sort", str(folder), "--out", str(tmp_path / "out"), "--model", str(model)]
    assert cli.main(words) == 0
    assert "stay on disk" in capsys.readouterr().out
    assert len(rows_of(tmp_path / "out")) == N


@pytest.mark.full
def test_without_a_model_a_network_learns_first(tmp_path, capsys):
    images = rt.load_images("shapes", limit=110, size=16)
    folder = images.write(tmp_path / "mine")
    words = ["sort", str(folder), "--out", str(tmp_path / "out"), "--chunk", "60"]
    assert cli.main([*words, "--kinds", "2"]) == 0
    assert "learns from 110 images" in capsys.readouterr().out
    clusterer = rt.RecurrentClusterer.load(tmp_path / "out" / "model")
    expected = clusterer.predict(rt.load_images(folder))
    assert [row["cluster"] for row in rows_of(tmp_path / "out")] == expected.tolist()
    assert cli.main(words) == 0  # goes on with the model that it made
    said = capsys.readouterr().out
    assert "learns" not in said and "2 are sorted already" in said


# Dask


@pytest.fixture
def cluster():
    """Two workers in threads of this process, reached by an address."""
    distributed = pytest.importorskip("distributed")
    settings = {"host": "127.0.0.1", "protocol": "tcp://", "dashboard_address": None}
    with distributed.LocalCluster(2, processes=False, threads_per_worker=1, **settings) as running:
        yield running


def test_workers_give_the_same(folder, model, tmp_path, cluster, capsys):
    words = ["sort", str(folder), "--model", str(model), "--chunk", str(CHUNK), "--copies", "copy"]
    assert cli.main([*words, "--out", str(tmp_path / "here")]) == 0
    workers = ["--workers", cluster.scheduler_address]
    assert cli.main([*words, "--out", str(tmp_path / "there"), *workers]) == 0
    here, there = contents(tmp_path / "here"), contents(tmp_path / "there")
    assert here.pop("job.json") == there.pop("job.json")
    assert here == there and len(here) == 12 + N - 3
    packed = shutil.make_archive(str(tmp_path / "packed"), "zip", folder)
    with pytest.raises(TutorError, match="unpack the archive"):
        rt.sort(packed, model, tmp_path / "zip", workers=cluster.scheduler_address)


def test_a_worker_that_cannot_do_its_part_is_named(folder, model, tmp_path, cluster, monkeypatch):
    from distributed import Client

    with Client(cluster) as client:
        monkeypatch.setattr(sort_chunks, "check_worker", lambda job: f"it has no {job.model}.")
        with pytest.raises(TutorError, match=r"tcp://.* cannot take part: it has no"):
            rt.sort(folder, model, tmp_path / "out", client=client)
