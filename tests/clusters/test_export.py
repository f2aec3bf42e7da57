"""Taking a sorting away: original files, a table, a page, the model; nothing is ever replaced."""

import csv
import html
import io
import json
import os
import re
import shutil
import zipfile
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pytest
from PIL import Image

import rnn_tutor as rt
from rnn_tutor import cli
from rnn_tutor.clusters.export import export, free_folder, membership

N = 24


@pytest.fixture
def folder(tmp_path):
    """Twenty-four files in two sub-folders with names that meet, each larger than it is read."""
    rng, root = np.random.default_rng(0), tmp_path / "my pictures 照片"
    for k in range(N):
        colour = np.array([200, 40, 40] if k % 2 else [40, 40, 200])
        pixels = np.clip(colour + rng.normal(0, 20, (80, 80, 3)), 0, 255).astype(np.uint8)
        path = root / ("2024" if k < N // 2 else "2025") / f"IMG_{k % (N // 2)}.PNG"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(path, "PNG")
    (root / "notes.txt").write_text("no picture")
    return root


def sorting_of(source, size=16):
    images = rt.load_images(source, size=size).without_labels()
    red = images.pixels[..., 0].mean(axis=(1, 2)) > 120
    points = images.pixels.mean(axis=(1, 2)) / 255
    return rt.Sorting(images, red.astype(int), points.astype(np.float32))


def contents(folder):
    """{path below the folder: bytes} of all files."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in Path(folder).rglob("*")
        if path.is_file()
    }


def table_of(folder):
    with (folder / "sorted.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("packed", [False, True], ids=["folder", "zip"])
def test_the_original_files_are_copied_byte_by_byte(folder, tmp_path, packed):
    before = contents(folder)
    source = shutil.make_archive(tmp_path / "packed", "zip", folder) if packed else folder
    sorting = sorting_of(source)
    sorting.name(1, "rot & röt")
    sorting.set_aside([0, 1])
    exported = export(sorting, tmp_path / "out")
    assert exported.copied == N - 2 and exported.missing == ()
    rows = table_of(exported.folder)
    assert [row["file"] for row in rows] == list(sorting.images.sources)
    for row, cluster in zip(rows, sorting.clusters, strict=True):
        if cluster < 0:
            assert row["name"] == "set aside" and not row["copied_to"]
            continue
        copied = exported.folder / row["copied_to"]
        assert copied.read_bytes() == before[row["file"]]
        assert copied.parent.name == ("rot & röt" if cluster == 1 else "cluster 0")
    copies = {p for p in contents(exported.folder) if "/" in p}
    assert copies == {row["copied_to"] for row in rows if row["copied_to"]}
    assert contents(folder) == before


def test_copies_keep_their_date(folder, tmp_path):
    for path in folder.rglob("*.PNG"):
        os.utime(path, (1_000_000_000, 1_000_000_000))
    exported = export(sorting_of(folder), tmp_path / "out")
    dates = {path.stat().st_mtime for path in exported.folder.rglob("*.PNG")}
    assert dates == {1_000_000_000}


def test_links_lead_to_the_originals(folder, tmp_path):
    try:
        (tmp_path / "link").symlink_to(folder)
    except OSError:
        pytest.skip("no links on this system")
    exported = export(sorting_of(folder), tmp_path / "out", files="link")
    links = list(exported.folder.rglob("*.PNG"))
    assert len(links) == N and all(path.is_symlink() for path in links)
    assert {path.resolve() for path in links} == set(folder.resolve().rglob("*.PNG"))


def test_nothing_that_exists_is_replaced(folder, tmp_path):
    sorting = sorting_of(folder)
    out = export(sorting, tmp_path / "out").folder
    before = contents(tmp_path)
    for taken in (out, out / "sorted.csv"):
        with pytest.raises(rt.TutorError, match="another folder"):
            export(sorting, taken)
    assert contents(tmp_path) == before
    assert free_folder(out) == tmp_path / "out-2"
    (tmp_path / "out-2").mkdir()
    export(sorting, tmp_path / "out-2")  # an empty one is free
    assert free_folder(out) == tmp_path / "out-3"


@pytest.mark.parametrize("where", [".", "sorted", "2024/deep/sorted"])
def test_a_folder_among_the_originals_is_refused(folder, where):
    before = contents(folder)
    with pytest.raises(rt.TutorError, match=r"lies inside|holds something"):
        export(sorting_of(folder), folder / where)
    assert contents(folder) == before


def test_what_breaks_off_leaves_nothing(folder, tmp_path, monkeypatch):
    sorting = sorting_of(folder)

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(shutil, "copy2", full)
    with pytest.raises(rt.TutorError, match="No space left"):
        export(sorting, tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == [folder.name]


def test_too_little_room_is_told_before(folder, tmp_path, monkeypatch):
    packed = shutil.make_archive(tmp_path / "packed", "zip", folder)
    before = contents(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: type("Usage", (), {"free": 10})())
    # A zip holds no files to link to: its files are copied.
    for source, files in ((folder, "copy"), (packed, "copy"), (packed, "link")):
        with pytest.raises(rt.TutorError, match="MB are free"):
            export(sorting_of(source), tmp_path / "out", files=files)
    assert contents(tmp_path) == before and not (tmp_path / "out").exists()
    assert export(sorting_of(folder), tmp_path / "out", files="link").copied == N


@pytest.mark.skipif(os.name == "nt", reason="Windows has no umask")
@pytest.mark.parametrize("mask", [0o022, 0o027, 0o077])
def test_the_new_folder_is_as_open_as_any_other(tmp_path, mask):
    before = os.umask(mask)
    try:
        (tmp_path / "other").mkdir()
        images = rt.load_images("digits", limit=4)
        out = export(rt.Sorting(images, [0, 0, 1, 1]), tmp_path / "out").folder
    finally:
        os.umask(before)
    assert out.stat().st_mode == (tmp_path / "other").stat().st_mode


def test_links_that_cannot_be_made_are_told_before_sorting(folder, tmp_path, monkeypatch, capsys):
    def no_links(*_, **__):
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(Path, "symlink_to", no_links)
    before = contents(tmp_path)
    assert cli.main(["sort", str(folder), "--out", str(tmp_path / "out"), "--link"]) == 1
    told = capsys.readouterr()
    assert "Operation not supported" in told.err and not told.out
    assert contents(tmp_path) == before and not (tmp_path / "out").exists()


def test_a_file_that_is_gone_is_named(folder, tmp_path):
    sorting = sorting_of(folder)
    (folder / "2024" / "IMG_3.PNG").unlink()
    exported = export(sorting, tmp_path / "out")
    assert exported.missing == ("2024/IMG_3.PNG",) and exported.copied == N - 1
    assert len(table_of(exported.folder)) == N


def test_images_without_files_become_png(tmp_path):
    sorting = rt.Sorting(rt.load_images("digits", limit=10), [0, 1] * 5)
    exported = export(sorting, tmp_path / "out")
    assert exported.rewritten == 10
    first = next(iter(sorted((exported.folder / "cluster 0").iterdir())))
    assert np.array(Image.open(first)).shape == (8, 8, 3)


def test_one_image_at_a_time_becomes_colour(tmp_path, monkeypatch):
    converted, colour = [], rt.ImageSet.colour
    monkeypatch.setattr(
        rt.ImageSet, "colour", lambda images: converted.append(len(images)) or colour(images)
    )
    images = rt.load_images("digits", limit=10)
    out = export(rt.Sorting(images, [0, 1] * 5), tmp_path / "out").folder
    assert set(converted) == {1}
    for row, pixels in zip(table_of(out), images.pixels, strict=True):
        assert (np.array(Image.open(out / row["copied_to"])) == pixels).all()


def test_names_that_are_too_long_are_shortened(tmp_path):
    deep = "a" * 140 + "/" + "b" * 140 + "/"
    names = ["1.png", deep + "1.png", deep + "1.PNG", "文" * 84 + ".png", "c." + "d" * 250]
    rng = np.random.default_rng(0)
    with zipfile.ZipFile(tmp_path / "packed.zip", "w") as archive:
        originals = {}
        for name in names:
            content = io.BytesIO()
            Image.fromarray(rng.integers(0, 256, (16, 16, 3), np.uint8)).save(content, "PNG")
            originals[name] = content.getvalue()
            archive.writestr(name, originals[name])
    exported = export(sorting_of(tmp_path / "packed.zip"), tmp_path / "out")
    assert exported.copied == len(names)
    for row in table_of(exported.folder):
        copied = exported.folder / row["copied_to"]
        assert copied.read_bytes() == originals[row["file"]]
        assert len(copied.name.encode()) <= 210
        if row["file"].lower().endswith(".png"):
            assert copied.suffix == Path(row["file"]).suffix


NAMES = [
    "../up",
    "a/b\\c",
    "CON",
    "con.txt",
    "a:b?",
    "...",
    "x" * 300,
    "😀" * 80,
    "=1+1",
    "index.html",
    "model",
]


@pytest.mark.parametrize("name", NAMES)
def test_any_name_makes_a_folder_inside(tmp_path, name):
    images = rt.load_images("digits", limit=6)
    sorting = rt.Sorting(images, [0, 0, 1, 1, 2, 2])
    sorting.name(0, name)
    sorting.name(1, name.swapcase())
    exported = export(sorting, tmp_path / "out")
    folders = [path for path in exported.folder.iterdir() if path.is_dir()]
    names = {path.name.casefold() for path in folders}
    assert len(folders) == len(names) == (2 if name == name.swapcase() else 3)
    assert not names & {"con", "con.txt", "model"}
    assert sum(len(list(path.iterdir())) for path in folders) == 6
    assert {path.name for path in tmp_path.iterdir()} == {"out"}
    rows = table_of(exported.folder)
    assert not any(row["name"].startswith("=") for row in rows)


def test_two_clusters_of_one_name_share_a_folder(tmp_path):
    sorting = rt.Sorting(rt.load_images("digits", limit=6), [0, 0, 1, 1, 2, 2])
    sorting.name(0, "even")
    sorting.name(2, "even")
    exported = export(sorting, tmp_path / "out")
    assert len(list((exported.folder / "even").iterdir())) == 4


def test_a_misplaced_image_has_a_low_probability():
    rng = np.random.default_rng(0)
    points = np.eye(3)[np.repeat(np.arange(3), 20)] + rng.normal(0, 0.1, (60, 3))
    images = rt.ImageSet(np.zeros((60, 4, 4, 1), np.uint8))
    clusters = np.repeat(np.arange(3), 20)
    clusters[5] = 2
    found = membership(rt.Sorting(images, clusters, points.astype(np.float32)))
    own = found[np.arange(60), clusters]
    assert own.argmin() == 5 and own[5] < 0.2 and np.delete(own, 5).min() > 0.5
    assert found.sum(axis=1) == pytest.approx(np.ones(60))
    assert found[5].argmax() == 0


def test_no_image_is_judged_by_itself():
    """In so many dimensions, a classifier would know any clusters of its own images by heart."""
    rng = np.random.default_rng(0)
    points = rng.normal(size=(60, 300)).astype(np.float32)
    clusters = np.arange(60) % 3
    images = rt.ImageSet(np.zeros((60, 4, 4, 1), np.uint8))
    found = membership(rt.Sorting(images, clusters, points))
    assert found[np.arange(60), clusters].mean() < 0.5


@pytest.mark.parametrize("clusters", [[0] * 6, [0, 1, 2, 3, 4, 5], [0, 0, 0, 0, 0, 1], [0, 1] * 3])
def test_tiny_clusters_will_do(tmp_path, clusters):
    sorting = rt.Sorting(rt.load_images("digits", limit=6), clusters)
    found = membership(sorting)
    assert found.shape == (6, len(set(clusters)))
    assert found.sum(axis=1) == pytest.approx(np.ones(6))
    export(sorting, tmp_path / "out")


def test_the_page_needs_no_other_file(folder, tmp_path):
    sorting = sorting_of(folder)
    sorting.name(0, "<b>blue</b>")
    out = export(sorting, tmp_path / "out", notes=["colour: amber & so on"]).folder
    page = (out / "index.html").read_text("utf-8")
    assert "<b>" not in page and "amber &amp; so on" in page
    sources = re.findall(r'src="([^"]*)"', page)
    assert len(sources) == N and all(s.startswith("data:image/jpeg;base64,") for s in sources)
    assert not re.search(r"https?://|<script|<link", page)
    assert all(map(str.strip, re.findall(r'alt="([^"]*)"', page)))
    links = [out / unquote(html.unescape(link)) for link in re.findall(r'href="([^"]*)"', page)]
    assert len(links) == N and all(path.is_file() for path in links)


def test_sort_from_the_shell(folder, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shutil.copy(folder / "2024" / "IMG_0.PNG", folder / "copy.PNG")
    before = contents(folder)
    assert cli.main(["sort", str(folder), "--out", "sorted", "--kinds", "2"]) == 0
    said = capsys.readouterr().out
    assert "notes.txt" in said and "1 duplicates" in said and "index.html" in said
    *rows, aside = sorted(table_of(Path("sorted")), key=lambda row: row["name"])
    assert len(rows) == N and {row["cluster"] for row in rows} == {"0", "1"}
    assert aside["name"] == "set aside" and not aside["copied_to"]
    assert contents(folder) == before

    # The network that was kept sorts them again in the same way, with the names it was given.
    Path("sorted/model/names.json").write_text('{"0": "warm"}', "utf-8")
    words = ["sort", str(folder), "--out", "again", "--model", "sorted/model", "--keep-spoilt"]
    assert cli.main(words) == 0
    again = {row["file"]: row for row in table_of(Path("again"))}
    assert len(again) == N + 1
    for row in rows:
        assert again[row["file"]]["cluster"] == row["cluster"]
        assert again[row["file"]]["name"] == ("warm" if row["cluster"] == "0" else "cluster 1")
    assert json.loads(Path("again/model/names.json").read_text("utf-8")) == {"0": "warm"}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nowhere", "--out", "sorted"], "no folder and no zip 'nowhere'"),
        (["digits", "--out", "sorted"], "no folder and no zip 'digits'"),
        (["mine", "--out", "mine/sorted"], "lies inside"),
        (["mine", "--out", "taken"], "holds something"),
        (["mine", "--out", "sorted", "--kinds", "1"], "whole number from 2"),
        (["mine", "--out", "sorted", "--model", "mine"], "no saved clusterer in mine"),
        (["empty", "--out", "sorted"], "no images"),
    ],
)
def test_sort_refuses_in_a_sentence(tmp_path, monkeypatch, capsys, words, said):
    monkeypatch.chdir(tmp_path)
    rt.load_images("digits", limit=5).write("mine")
    Path("empty").mkdir()
    Path("taken").mkdir()
    Path("taken/file").write_text("mine")
    before = contents(tmp_path)
    assert cli.main(["sort", *words]) == 1
    assert said in capsys.readouterr().err
    assert contents(tmp_path) == before


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """A saved network, hardly trained, that reads colour images of 24 x 32."""
    images = rt.load_images("shapes", limit=100, size=(24, 32))
    clusterer = rt.RecurrentClusterer(2, epochs=1, random_state=0, verbose=False).fit(images)
    return clusterer.save(tmp_path_factory.mktemp("saved") / "model")


def noise(seed, height=48, width=64):
    return np.random.default_rng(seed).integers(0, 256, (height, width), np.uint8)


def inked_page(seed, height=48, width=64):
    page = np.full((height, width), 255, np.uint8)
    page.flat[np.random.default_rng(seed).choice(page.size, 24, replace=False)] = 0
    return page


def write(folder, pictures):
    folder.mkdir()
    for number, picture in enumerate(pictures):
        Image.fromarray(picture).save(folder / f"{number:02d}.png")
    return folder


@pytest.mark.full
def test_a_folder_that_is_called_like_a_shipped_set(tmp_path, model, monkeypatch):
    monkeypatch.chdir(tmp_path)
    before = contents(write(Path("digits"), map(noise, range(12))))
    assert cli.main(["sort", "digits", "--out", "sorted", "--model", str(model)]) == 0
    assert [row["file"] for row in table_of(Path("sorted"))] == sorted(before)


@pytest.mark.parametrize(("pages", "left_out"), [(6, 6), (7, 0), (19, 0)])
def test_what_most_images_are_is_not_spoilt(tmp_path, model, capsys, pages, left_out):
    pictures = [(inked_page if seed < pages else noise)(seed) for seed in range(20)]
    folder = write(tmp_path / "mine", [*pictures, pictures[-1]])
    words = ["sort", str(folder), "--out", str(tmp_path / "sorted"), "--model", str(model)]
    assert cli.main(words) == 0
    aside = [row["file"] for row in table_of(tmp_path / "sorted") if row["name"] == "set aside"]
    duplicate = ["20.png"]
    assert aside == [f"{k:02d}.png" for k in range(left_out)] + duplicate
    said = capsys.readouterr().out
    assert (f"{pages} of 21 images are very bright" in said) == (not left_out)


def test_images_are_loaded_as_the_saved_network_saw_them(tmp_path, model, monkeypatch):
    """Portraits among landscapes are cut once, and grey ones get three channels."""
    pictures = [noise(k, *((64, 48) if k < 4 else (48, 80))) for k in range(12)]
    folder = write(tmp_path / "mine", pictures)
    expected = rt.load_images(folder, size=(24, 32), channels=3)
    seen, predict = [], rt.RecurrentClusterer.predict
    monkeypatch.setattr(
        rt.RecurrentClusterer, "predict", lambda own, X: seen.append(X) or predict(own, X)
    )
    out = tmp_path / "sorted"
    words = ["sort", str(folder), "--out", str(out), "--model", str(model), "--keep-spoilt"]
    assert cli.main(words) == 0
    assert len(table_of(out)) == 12
    assert np.array_equal(seen[0].pixels, expected.pixels)


@pytest.mark.parametrize("names", [b"{", b"[]", b'{"first": "cats"}', b'{"0": 5}', b"\xff"])
def test_names_that_cannot_be_read_are_refused(tmp_path, model, capsys, names):
    mine = shutil.copytree(model, tmp_path / "model")
    (mine / "names.json").write_bytes(names)
    folder = write(tmp_path / "mine", map(noise, range(5)))
    before = contents(tmp_path)
    words = ["sort", str(folder), "--out", str(tmp_path / "sorted"), "--model", str(mine)]
    assert cli.main(words) == 1
    assert "names.json cannot be read" in capsys.readouterr().err
    assert contents(tmp_path) == before


@pytest.mark.full
def test_a_zip_is_sorted_too(folder, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    packed = shutil.make_archive("packed", "zip", folder)
    assert cli.main(["sort", packed, "--out", "sorted", "--kinds", "2", "--link"]) == 0
    copied = {path.read_bytes() for path in Path("sorted").rglob("*.PNG")}
    with zipfile.ZipFile(packed) as archive:
        assert copied == {archive.read(n) for n in archive.namelist() if n.endswith(".PNG")}
