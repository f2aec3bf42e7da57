"""What is in a folder: made-up images of which it is known what is wrong with them."""

import io
import shutil
import tarfile
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_sample_image

import rnn_tutor as rt

SIDE = 96


def crops(n, seed=0):
    """Sharp photographs, no two alike: pieces of the two that come with scikit-learn."""
    rng = np.random.default_rng(seed)
    photographs = [load_sample_image(name) for name in ("china.jpg", "flower.jpg")]
    found = []
    for k in range(n):
        photograph = photographs[k % 2]
        top, left = (rng.integers(0, side - 200) for side in photograph.shape[:2])
        found.append(cv2.resize(photograph[top : top + 200, left : left + 200], (SIDE, SIDE)))
    return np.array([picture for picture in found if has_contrast(picture)])


def has_contrast(picture):
    """Whether it is more than sky."""
    low, high = np.percentile(picture, [5, 95])
    return high - low > 100 and cv2.Laplacian(picture.mean(axis=2), cv2.CV_64F).var() > 200


@pytest.fixture(scope="module")
def sharp():
    return crops(60)[:20]


def again(picture, quality=50):
    """A photograph, compressed anew."""
    content = io.BytesIO()
    Image.fromarray(picture).save(content, "JPEG", quality=quality)
    return np.array(Image.open(content))


def inspected(*parts):
    return rt.Inspection(rt.load_images(np.concatenate(parts)))


def test_of_good_photographs_nothing_stands_out(sharp):
    inspection = inspected(sharp)
    found = {kind: n for kind, n in inspection.findings.items() if len(n) and kind != "unusual"}
    assert found == {}
    assert len(inspection.spoilt) == 0 and len(inspection.kept) == len(sharp)


def test_each_kind_is_found_where_it_was_put(sharp):
    n = len(sharp)
    blurred = np.array([cv2.GaussianBlur(p, (0, 0), 4) for p in crops(80, seed=5)[-3:]])
    dark, bright = crops(80, seed=6)[-2:] // 8, 224 + crops(80, seed=7)[-2:] // 8
    inspection = inspected(sharp, sharp[3:5], blurred, dark, bright)
    assert inspection.duplicates.tolist() == [n, n + 1]
    assert {n + 2, n + 3, n + 4} <= set(inspection.blurred.tolist())
    assert inspection.dark.tolist() == [n + 5, n + 6]
    assert inspection.bright.tolist() == [n + 7, n + 8]
    assert inspection.spoilt.tolist() == list(range(n, n + 9))
    assert not set(inspection.blurred.tolist()) & set(range(n))


@pytest.mark.parametrize(
    "change",
    [
        again,
        lambda p: cv2.resize(cv2.resize(p, (60, 60)), (SIDE, SIDE)),
        lambda p: np.clip(p * 1.1 + 5, 0, 255).astype(np.uint8),
    ],
    ids=["compressed", "resized", "brighter"],
)
def test_near_duplicates_are_found_and_the_sharpest_is_kept(sharp, change):
    changed = np.array([change(picture) for picture in sharp])
    inspection = inspected(sharp, changed)
    pairs = {tuple(group.tolist()) for group in inspection.groups}
    n = len(sharp)
    assert len(pairs & {(i, i + n) for i in range(n)}) >= 0.9 * n
    assert all(b == a + n for a, b in pairs)
    for group in inspection.groups:
        kept = np.setdiff1d(group, inspection.near_duplicates)
        assert kept.tolist() == [group[inspection.sharpness[group].argmax()]]
        assert inspection.alike(group[0]).tolist() == [group[1]]


def test_sharpness_is_the_variance_of_the_laplacian(sharp):
    inspection = inspected(sharp)
    for picture, value in zip(sharp, inspection.sharpness, strict=True):
        grey = np.pad(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(float), 1, mode="reflect")
        around = grey[:-2, 1:-1] + grey[2:, 1:-1] + grey[1:-1, :-2] + grey[1:-1, 2:]
        assert value == pytest.approx((around - 4 * grey[1:-1, 1:-1]).var(), rel=1e-4)


def test_one_far_from_all_others_is_unusual():
    rng = np.random.default_rng(0)
    points = rng.normal(size=(60, 5))
    points[17] = 40
    images = rt.load_images(rng.integers(0, 256, (60, 20, 20, 3), np.uint8))
    assert rt.Inspection(images, points).unusual[0] == 17
    assert len(rt.Inspection(images, points[np.r_[:17, 18:60, 0]]).unusual) <= 3


def test_small_files_are_enlarged(tmp_path, sharp):
    for k, picture in enumerate(sharp[:6]):
        small = cv2.resize(picture, (30, 40)) if k == 2 else picture
        Image.fromarray(small).save(tmp_path / f"{k}.png")
    inspection = rt.Inspection(rt.load_images(tmp_path, size=90))
    assert inspection.enlarged.tolist() == [2]
    assert inspection.sizes[2].tolist() == [40, 30]
    assert 2 not in inspection.spoilt


def test_setting_aside_leaves_files_and_images_as_they_are(tmp_path, sharp):
    folder = rt.load_images(np.concatenate([sharp[:5], sharp[:2]])).write(tmp_path / "mine")
    before = {path: path.read_bytes() for path in folder.iterdir()}
    images = rt.load_images(folder)
    inspection, told = rt.Inspection(images), []
    inspection.on_change(lambda: told.append(len(inspection.aside)))
    inspection.set_aside(inspection.duplicates)
    assert len(inspection.kept) == 5 and len(images) == 7
    inspection.set_aside([0])
    inspection.take_back(np.arange(7) == 0)
    inspection.take_back([])
    assert told == [2, 3, 2, 2]
    assert inspection.kept.sources == images.sources[:5]
    assert {path: path.read_bytes() for path in folder.iterdir()} == before


@pytest.mark.parametrize("indices", [[99], "all", [0.5], [True, False]])
def test_what_is_no_image_is_refused(sharp, indices):
    inspection = inspected(sharp[:4])
    with pytest.raises(rt.TutorError, match="0 to 3"):
        inspection.set_aside(indices)
    assert len(inspection.aside) == 0


def test_not_all_can_be_set_aside(sharp):
    inspection = inspected(sharp[:4])
    with pytest.raises(rt.TutorError, match="take_back"):
        inspection.set_aside(range(4))
    assert len(inspection.kept) == 4


@pytest.mark.parametrize("n", [1, 2])
def test_one_or_two_images_will_do(sharp, n):
    assert len(rt.Inspection(rt.load_images(sharp[:n])).unusual) == 0


def test_grey_and_flat_images_will_do():
    grey = np.full((3, 28, 28, 1), 128, np.uint8)
    inspection = rt.Inspection(rt.load_images(grey))
    assert inspection.duplicates.tolist() == [1, 2]
    assert inspection.blurred.tolist() == [0, 1, 2]


def test_no_images_and_wrong_embeddings_are_refused(sharp):
    images = rt.load_images(sharp)
    with pytest.raises(rt.TutorError, match="empty"):
        rt.Inspection(images[:0])
    with pytest.raises(rt.TutorError, match=r"\(20, d\)"):
        rt.Inspection(images, np.zeros((3, 2)))


@pytest.mark.parametrize("kind", ["folder", "zip", "list", "pattern"])
def test_originals_are_found_again(tmp_path, sharp, kind, monkeypatch):
    folder = rt.load_images(sharp[:4]).write(tmp_path / "mine")
    source = {
        "folder": folder,
        "zip": shutil.make_archive(tmp_path / "packed", "zip", folder),
        "list": sorted(folder.iterdir()),
        "pattern": f"{folder}/*.jpg",
    }[kind]
    images = rt.load_images(source)[[3, 1]]
    monkeypatch.chdir(tmp_path)
    with rt.originals.find_originals(images) as entries:
        read = [entry.open().read() for entry in entries]
    assert read == [(folder / f"000{k}.jpg").read_bytes() for k in (3, 1)]
    assert rt.originals.original_sizes(images).tolist() == [[SIDE, SIDE]] * 2


def test_relative_paths_lead_to_their_files_from_another_folder(tmp_path, sharp, monkeypatch):
    folder = rt.load_images(sharp[:3]).write(tmp_path / "mine")
    monkeypatch.chdir(folder)
    paths = ["0002.jpg", "../mine/0000.jpg", Path("0001.jpg")]
    loaded = [rt.load_images(paths)[[1, 0]], rt.load_images(dict.fromkeys(paths, "shirt"))[[1, 0]]]
    monkeypatch.chdir(tmp_path)
    for images in loaded:
        with rt.originals.find_originals(images) as entries:
            read = [entry.open().read() for entry in entries]
        assert read == [(folder / f"000{k}.jpg").read_bytes() for k in (0, 2)]


def test_files_of_one_name_in_an_archive_are_told_apart(tmp_path, sharp):
    folder = rt.load_images(sharp[:4]).write(tmp_path / "mine")
    contents = [path.read_bytes() for path in sorted(folder.iterdir())]
    names = ["a/1.jpg", "a/1.jpg", "a/1 (2).jpg", "a/1.jpg"]
    with tarfile.open(tmp_path / "packed.tar", "w") as archive:
        for name, content in zip(names, contents, strict=True):
            about = tarfile.TarInfo(name)
            about.size = len(content)
            archive.addfile(about, io.BytesIO(content))
    images = rt.load_images(tmp_path / "packed.tar")
    assert sorted(images.sources) == ["a/1 (2).jpg", "a/1 (3).jpg", "a/1 (4).jpg", "a/1.jpg"]
    for part in (images, images[[3, 1]]):  # all of them, or some: each has its own file
        with rt.originals.find_originals(part) as entries:
            for entry, source, pixels in zip(entries, part.sources, part.pixels, strict=True):
                assert entry.name == source
                assert (np.array(Image.open(entry.open())) == pixels).all()
        assert len({entry.name for entry in entries}) == len(part)


def test_a_file_that_is_gone_is_told_from_one_that_never_was(tmp_path, sharp):
    folder = rt.load_images(sharp[:3]).write(tmp_path / "mine")
    images = rt.load_images(folder)
    (folder / "0001.jpg").unlink()
    with rt.originals.find_originals(images) as entries:
        assert [entry is None for entry in entries] == [False, True, False]
    with rt.originals.find_originals(rt.load_images(sharp[:2])) as entries:
        assert entries == [None, None]
    folder.rename(tmp_path / "elsewhere")
    with pytest.raises(rt.TutorError, match="not there any more"):
        rt.originals.original_sizes(images)


def test_sets_of_two_folders_have_no_origin(tmp_path, sharp):
    first, second = (
        rt.load_images(rt.load_images(sharp[:2]).write(tmp_path / name)) for name in "ab"
    )
    assert (first + second).origin is None
    assert (first + first).origin == first.origin is not None


def test_what_was_set_aside_is_taken_up_again(tmp_path, sharp):
    folder = rt.load_images(np.concatenate([sharp[:6], sharp[:2]])).write(tmp_path / "mine")
    (folder / "0005.jpg").rename(folder / "=5.jpg")
    images, path = rt.load_images(folder), tmp_path / "aside.csv"
    inspection = rt.Inspection(images, path=path)
    assert not path.exists()
    inspection.set_aside(images.sources.index("=5.jpg"))
    inspection.set_aside(inspection.duplicates)
    again = rt.Inspection(rt.load_images(folder), path=path)
    assert again.aside.tolist() == inspection.aside.tolist() and len(again.aside) == 3
    assert "\n=5" not in path.read_text("utf-8")
    fewer = rt.Inspection(images[inspection.aside[:1]], path=path)
    assert len(fewer.aside) == 1
    path.write_text("something else")
    with pytest.raises(rt.TutorError, match="source, sha256"):
        rt.Inspection(images, path=path)
    assert path.read_text() == "something else"


def test_rows_of_images_that_are_not_here_stay(tmp_path, sharp):
    images = rt.load_images(rt.load_images(sharp[:8]).write(tmp_path / "mine"))
    path = tmp_path / "aside.csv"
    rt.Inspection(images, path=path).set_aside([2, 6])
    few = rt.Inspection(images[:5], path=path)
    assert few.aside.tolist() == [2]
    few.set_aside([1])
    few.take_back([2])
    other = rt.load_images(255 - sharp[:8]).write(tmp_path / "other" / "mine")
    inverted = rt.Inspection(rt.load_images(other), path=path)  # with the same file names
    assert inverted.aside.tolist() == []
    inverted.set_aside([0])
    assert rt.Inspection(images, path=path).aside.tolist() == [1, 6]


def test_at_another_size_the_source_tells_what_was_set_aside(tmp_path, sharp):
    folder = rt.load_images(sharp[:6]).write(tmp_path / "mine")
    path = tmp_path / "aside.csv"
    rt.Inspection(rt.load_images(folder), path=path).set_aside([1, 4])
    smaller = rt.Inspection(rt.load_images(folder, size=64), path=path)
    assert smaller.aside.tolist() == [1, 4]
    smaller.take_back([1])
    assert rt.Inspection(rt.load_images(folder), path=path).aside.tolist() == [4]
    assert rt.Inspection(rt.load_images(folder, size=64), path=path).aside.tolist() == [4]


def test_the_copy_that_was_kept_stays_when_the_other_is_gone(tmp_path, sharp):
    folder = rt.load_images(np.concatenate([sharp[:4], sharp[:1]])).write(tmp_path / "mine")
    path = tmp_path / "aside.csv"
    rt.Inspection(rt.load_images(folder), path=path).set_aside([4])
    (folder / "0004.jpg").unlink()
    assert rt.Inspection(rt.load_images(folder), path=path).aside.tolist() == []


def test_a_stream_is_looked_at_as_what_is_in_memory(tmp_path, sharp):
    dark = np.concatenate([sharp[:8], sharp[:2] // 8])
    folder = rt.load_images(dark).write(tmp_path / "mine")
    plain, stream = (rt.Inspection(rt.load_images(folder, stream=s)) for s in (False, True))
    assert plain.dark.tolist() == [8, 9]
    for kind, found in plain.findings.items():
        assert stream.findings[kind].tolist() == found.tolist()
    stream.set_aside(stream.dark)
    assert len(stream.kept) == 8
