"""Fetching full data sets from a server that cuts, lies, stalls and refuses."""

import bz2
import gzip
import hashlib
import http.server
import io
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from rnn_tutor import TutorError, cli, load_images
from rnn_tutor.images import fetching, full_sets
from rnn_tutor.images.full_sets import FULL_SETS, RemoteFile

CONTENT = np.random.default_rng(0).bytes(1_000_000)
SHA256 = "sha256:" + hashlib.sha256(CONTENT).hexdigest()


class Server(http.server.ThreadingHTTPServer):
    """Serves `files`; the first answers are what `tricks` say, in this order."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Answer)
        self.files, self.tricks, self.asked, self.released = {}, [], [], threading.Event()
        self.waited_in_vain = 0
        self.address = f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request, client_address):
        """A client that goes away is part of these tests."""


class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        server, path = self.server, self.path.lstrip("/")
        server.asked.append((path, self.headers.get("Range")))
        trick = server.tricks.pop(0) if server.tricks else None
        content = server.files.get(path)
        if isinstance(trick, int):
            return self.send_error(trick)
        if content is None:
            return self.send_error(404)
        if trick == "redirect":
            self.send_response(302)
            self.send_header("Location", f"/elsewhere/{path}")
            server.files[f"elsewhere/{path}"] = content
            return self.end_headers()
        if trick == "lie":
            content = b"<html>Please log in</html>"
        start = int((self.headers.get("Range") or "bytes=0-")[6:-1])
        if start and trick != "no ranges":
            if start >= len(content):
                return self.send_error(416)
            self.send_response(206)
            begin = 0 if trick == "another part" else start
            self.send_header("Content-Range", f"bytes {begin}-{len(content) - 1}/{len(content)}")
            content = content[begin:]
        else:
            self.send_response(200)
        if trick != "no length":
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        sent = len(content) // 3 if trick in ("cut", "stall", "no length") else len(content)
        self.wfile.write(content[:sent])
        self.wfile.flush()
        if trick == "stall":
            server.waited_in_vain += not server.released.wait(30)

    def log_message(self, *_):
        """Say nothing."""


@pytest.fixture
def server():
    server = Server()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield server
    server.released.set()
    server.shutdown()
    server.server_close()
    thread.join(10)


@pytest.fixture
def data(tmp_path, monkeypatch):
    """The folder of full sets; "flowers" is a made-up file there, and has no mirror yet."""
    monkeypatch.setenv(full_sets.FOLDER, str(tmp_path / "data"))
    made_up = replace(
        FULL_SETS["flowers"], files=(RemoteFile("a.bin", SHA256),), mirrors=(), megabytes=1
    )
    monkeypatch.setitem(FULL_SETS, "flowers", made_up)
    return tmp_path / "data" / "flowers"


def fetch(source, **settings):
    return fetching.fetch("flowers", source, **{"timeout": 5, "wait": 0, **settings})


def visible(folder):
    return sorted(p.name for p in folder.glob("[!.]*")) if folder.exists() else []


@pytest.mark.parametrize(
    "tricks",
    [
        [],
        ["cut"],
        ["cut", "cut", "cut", "cut", "cut"],
        ["cut", "no ranges"],
        ["cut", "another part"],
        ["cut", "lie"],
        ["no length"],
        [429, 500, "redirect"],
        ["cut", 503, "cut"],
    ],
    ids=str,
)
def test_a_file_arrives_whole_whatever_happens_on_the_way(server, data, tricks):
    server.files["a.bin"] = server.files["flowers/a.bin"] = CONTENT
    server.tricks = list(tricks)
    assert fetch(server.address) == data
    assert (data / "a.bin").read_bytes() == CONTENT
    assert os.listdir(data) == ["a.bin"]


def test_a_cut_download_goes_on_where_it_stood(server, data):
    server.files["flowers/a.bin"] = CONTENT
    server.tricks = ["cut"]
    fetch(server.address)
    (_, first), (_, second) = server.asked
    assert first is None
    assert 0 < int(second[6:-1]) <= len(CONTENT) // 3


def test_a_server_that_stalls_is_left_and_asked_again(server, data):
    server.files["flowers/a.bin"] = CONTENT
    server.tricks = ["stall"]
    fetch(server.address, timeout=0.3)
    assert (data / "a.bin").read_bytes() == CONTENT
    assert not server.waited_in_vain


def test_a_server_that_knows_no_parts_is_asked_twice(server, data):
    server.files["flowers/a.bin"] = CONTENT
    server.tricks = ["cut", "no ranges"]
    fetch(server.address)
    assert (data / "a.bin").read_bytes() == CONTENT
    assert len(server.asked) == 2


@pytest.mark.parametrize(
    "tricks, says",
    [([404] * 9, "404"), ([429] * 9, "429"), ([500] * 9, "500"), (["lie"] * 9, "differs")],
    ids=str,
)
def test_a_server_that_never_gives_it_leaves_no_file(server, data, tricks, says):
    server.files["flowers/a.bin"] = server.files["a.bin"] = CONTENT
    server.tricks = tricks
    with pytest.raises(TutorError, match=says):
        fetch(server.address)
    assert visible(data) == []
    with pytest.raises(TutorError, match="rnn-tutor fetch flowers"):
        load_images("flowers")
    server.tricks = []
    fetch(server.address)
    assert visible(data) == ["a.bin"]


def test_a_server_that_is_down(data, server):
    address = server.address
    server.shutdown()
    server.server_close()
    with pytest.raises(TutorError, match="connection"):
        fetch(address)


def test_the_next_mirror_has_it(server, data, monkeypatch):
    mirrors = tuple(f"{server.address}/{place}/" for place in ("gone", "lying", "good"))
    monkeypatch.setitem(FULL_SETS, "flowers", replace(FULL_SETS["flowers"], mirrors=mirrors))
    server.files |= {"lying/a.bin": CONTENT[::-1], "good/a.bin": CONTENT}
    fetch(None)
    assert (data / "a.bin").read_bytes() == CONTENT and os.listdir(data) == ["a.bin"]
    assert [path for path, _ in server.asked] == ["gone/a.bin", "lying/a.bin", "good/a.bin"]


def test_halves_of_two_mirrors_are_not_put_together(server, data, monkeypatch):
    mirrors = tuple(f"{server.address}/{place}/" for place in ("one", "two"))
    monkeypatch.setitem(FULL_SETS, "flowers", replace(FULL_SETS["flowers"], mirrors=mirrors))
    server.files |= {"one/a.bin": CONTENT, "two/a.bin": CONTENT}
    server.tricks = ["cut", 404]
    fetch(None)
    assert server.asked[-1] == ("two/a.bin", None)


def test_what_is_there_is_not_fetched_again_unless_it_is_damaged(server, data, capsys):
    server.files["flowers/a.bin"] = CONTENT
    fetch(server.address)
    fetch(server.address)
    assert len(server.asked) == 1
    (data / "a.bin").write_bytes(CONTENT[:-1] + b"?")
    with pytest.raises(TutorError, match="damaged"):
        load_images("flowers")
    fetch(server.address)
    assert (data / "a.bin").read_bytes() == CONTENT


def test_size_and_licence_are_shown_before_anything_is_asked(data, server, capsys):
    server.tricks = [404] * 9
    with pytest.raises(TutorError):
        fetch(server.address)
    said = capsys.readouterr().out
    assert FULL_SETS["flowers"].licence in said and "1.0 MB" in said and str(data) in said


def test_a_killed_download_goes_on(server, data):
    """The process is killed while the server holds back the rest."""
    server.files["flowers/a.bin"] = CONTENT
    server.tricks = ["stall"]
    program = f"""
from dataclasses import replace
from rnn_tutor.images import fetching
from rnn_tutor.images.full_sets import FULL_SETS, RemoteFile
FULL_SETS["flowers"] = replace(
    FULL_SETS["flowers"], files=(RemoteFile("a.bin", {SHA256!r}),), megabytes=1)
fetching.fetch("flowers", {server.address!r})
"""
    process = subprocess.Popen([sys.executable, "-c", program])
    until = time.monotonic() + 60
    while sum(p.stat().st_size for p in data.glob(".*.part")) < 200_000:
        assert process.poll() is None and time.monotonic() < until
        time.sleep(0.01)
    process.send_signal(signal.SIGTERM if os.name == "nt" else signal.SIGKILL)
    process.wait(10)
    assert visible(data) == []
    fetch(server.address)
    assert server.asked[-1][1] is not None  # it did not begin anew
    assert (data / "a.bin").read_bytes() == CONTENT and os.listdir(data) == ["a.bin"]


def test_of_two_at_once_the_second_waits_and_finds_it_there(server, data):
    server.files["flowers/a.bin"] = CONTENT
    server.tricks = ["stall"]
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(fetch, server.address, timeout=30)
        while not server.asked:
            time.sleep(0.01)
        second = pool.submit(fetch, server.address, timeout=30)
        until = time.monotonic() + 0.5
        while len(server.asked) < 2 and time.monotonic() < until:
            time.sleep(0.01)
        during = len(server.asked)
        server.released.set()
        assert first.result(30) == second.result(30) == data
    assert during == 1 and len(server.asked) == 2  # the first asked again for the rest
    assert (data / "a.bin").read_bytes() == CONTENT and os.listdir(data) == ["a.bin"]


def test_a_disk_that_is_too_full_is_told_before(server, data, monkeypatch):
    full = shutil.disk_usage("/")._replace(free=1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: full)
    with pytest.raises(TutorError, match="RNN_TUTOR_DATA"):
        fetch(server.address)
    assert server.asked == []


# From a folder


@pytest.mark.parametrize("place", ["a.bin", "flowers/a.bin"])
def test_from_a_folder_or_the_one_above_it(tmp_path, data, place):
    path = tmp_path / "by hand" / place
    path.parent.mkdir(parents=True)
    path.write_bytes(CONTENT)
    assert cli.main(["fetch", "flowers", "--from", str(tmp_path / "by hand")]) == 0
    assert (data / "a.bin").read_bytes() == CONTENT and path.exists()


def test_a_folder_with_another_file_of_that_name(tmp_path, data):
    (tmp_path / "a.bin").write_bytes(CONTENT[:1000])
    with pytest.raises(TutorError, match="differs"):
        fetch(tmp_path)
    assert visible(data) == []


@pytest.mark.parametrize("words", [["nothing"], ["flowers", "--from", "no/such/folder"]])
def test_what_cannot_be_fetched_is_one_clear_error(data, words, capsys):
    assert cli.main(["fetch", *words]) == 1
    assert words[-1] in capsys.readouterr().err


# What the files hold


def idx(array):
    """An array in MNIST's format."""
    head = bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">i4").tobytes()
    return head + array.astype(np.uint8).tobytes()


def keep(monkeypatch, folder, name, contents, of_content=False):
    """Put files into the folder of a set, and let their checksums be the published ones."""
    files = []
    (folder / name).mkdir(parents=True)
    for file, content in contents.items():
        (folder / name / file).write_bytes(content)
        summed = gzip.decompress(content) if of_content else content
        files.append(RemoteFile(file, f"md5:{hashlib.md5(summed).hexdigest()}", of_content))
    monkeypatch.setitem(FULL_SETS, name, replace(FULL_SETS[name], files=tuple(files)))
    monkeypatch.setenv(full_sets.FOLDER, str(folder))


PIXELS = np.random.default_rng(1).integers(0, 256, (5, 28, 28), np.uint8)
LABELS = np.array([3, 0, 9, 1, 1])


@pytest.mark.parametrize("name", ["mnist", "fashion_mnist", "kmnist"])
def test_the_format_of_mnist(tmp_path, monkeypatch, name):
    names = [file.name for file in FULL_SETS[name].files]
    parts = PIXELS[:3], LABELS[:3], PIXELS[3:], LABELS[3:]
    contents = {file: gzip.compress(idx(part)) for file, part in zip(names, parts, strict=True)}
    keep(monkeypatch, tmp_path, name, contents, FULL_SETS[name].files[0].of_content)
    images = load_images(name)
    assert np.array_equal(images.pixels[..., 0], PIXELS)
    assert images.labels.tolist() == LABELS.tolist() and images.n_classes == 10
    assert images.is_test.tolist() == [False] * 3 + [True] * 2
    assert load_images(name, limit=2, size=14).pixels.shape == (2, 14, 14, 1)


def test_a_mirror_may_pack_anew_or_not_at_all(tmp_path, monkeypatch):
    path, content = tmp_path / "x.gz", idx(PIXELS)
    file = RemoteFile("x.gz", f"md5:{hashlib.md5(content).hexdigest()}", of_content=True)
    for packed in (gzip.compress(content, 1), gzip.compress(content, 9), content):
        path.write_bytes(packed)
        assert file.is_whole(path)
    for damaged in (packed[:-1], gzip.compress(content)[:-20], b"\x1f\x8bxxxxxxx", b""):
        path.write_bytes(damaged)
        assert not file.is_whole(path)


def test_the_format_of_usps(tmp_path, monkeypatch):
    values = np.linspace(-1, 1, 256)

    def lines(*labels):
        row = " ".join(f"{i}:{value:.7g}" for i, value in enumerate(values, 1))
        return bz2.compress("".join(f"{label} {row}\n" for label in labels).encode())

    keep(monkeypatch, tmp_path, "usps", {"usps.bz2": lines(1, 10), "usps.t.bz2": lines(4)})
    images = load_images("usps")
    assert images.pixels.shape == (3, 16, 16, 1) and images.labels.tolist() == [0, 9, 3]
    assert [images.class_names[i] for i in images.labels] == ["0", "9", "3"]
    assert images.pixels[0].ravel().tolist() == list(range(256))
    assert images.is_test.tolist() == [False, False, True]


def test_the_format_of_cifar10(tmp_path, monkeypatch):
    pixels = np.random.default_rng(2).integers(0, 256, (6, 32, 32, 3), np.uint8)
    labels = np.array([0, 9, 5, 3, 2, 7], np.uint8)
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as archive:
        batches = ["test_batch", *(f"data_batch_{i}" for i in (5, 4, 3, 2, 1))]
        for name, row in zip(batches, reversed(range(6)), strict=True):
            content = labels[row : row + 1].tobytes() + pixels[row].transpose(2, 0, 1).tobytes()
            member = tarfile.TarInfo(f"cifar-10-batches-bin/{name}.bin")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    keep(monkeypatch, tmp_path, "cifar10", {"cifar-10-binary.tar.gz": file.getvalue()})
    images = load_images("cifar10")
    assert np.array_equal(images.pixels, pixels) and images.labels.tolist() == labels.tolist()
    assert images.is_test.tolist() == [False] * 5 + [True]
    assert images.class_names[5] == "dog"


def test_flowers_are_an_archive_of_folders(tmp_path, monkeypatch):
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as archive:
        for name in ("daisy/1.jpg", "roses/1.jpg", "roses/2.jpg"):
            picture = io.BytesIO()
            Image.new("RGB", (40, 30), (200, 40, 90)).save(picture, "JPEG")
            member = tarfile.TarInfo(f"flower_photos/{name}")
            member.size = len(picture.getvalue())
            archive.addfile(member, io.BytesIO(picture.getvalue()))
    keep(monkeypatch, tmp_path, "flowers", {"flower_photos.tgz": file.getvalue()})
    images = load_images("flowers", size=20)
    assert images.class_names == ("daisy", "roses") and images.labels.tolist() == [0, 1, 1]
