"""Strips: image sets of any width, and the sets that are composed or drawn."""

from itertools import pairwise

import numpy as np
import pytest
from PIL import Image

import rnn_tutor as rt
from rnn_tutor import _machine

SETS = ("spoken3", "tunes", "words", "morse")


def some_strips(widths=(5, 12, 9), height=8, seed=0):
    """Strips of random grey levels from 1 on, so that black is only past an end."""
    rng = np.random.default_rng(seed)
    pictures = [rng.integers(1, 256, (height, width, 1), np.uint8) for width in widths]
    pixels = np.zeros((len(widths), height, max(widths), 1), np.uint8)
    for image, picture in zip(pixels, pictures, strict=True):
        image[:, : picture.shape[1]] = picture
    return rt.ImageSet(pixels, list(range(len(widths))), strip_widths=widths), pictures


def test_strips_come_out_as_they_went_in():
    images, pictures = some_strips()
    assert images.shape == (8, None, 1) and images.is_ragged
    assert images.widths.tolist() == [5, 12, 9]
    for found, picture in zip(images.list_of_pixels, pictures, strict=True):
        np.testing.assert_array_equal(found, picture)


def test_images_of_one_size_are_as_they_were():
    images = rt.load_images("digits", limit=4)
    assert not images.is_ragged and images.shape == (8, 8, 1)
    assert images.widths.tolist() == [8] * 4


def test_choosing_and_joining_keep_each_width():
    images, pictures = some_strips()
    back = images[2:] + images[:2]
    assert back.widths.tolist() == [9, 5, 12]
    np.testing.assert_array_equal(back.list_of_pixels[1], pictures[0])
    assert images[0].shape == (8, 5, 1)  # one strip has one size


def test_what_needs_one_size_says_what_to_do():
    images, _ = some_strips()
    network = rt.models.recurrent_encoder((8, 12, 1), units=2)
    for use in (
        lambda: rt.embed(network, images),
        lambda: rt.models.recurrent_encoder(images.shape),
        lambda: rt.objectives.Batches(images, rt.objectives.Reconstruction(), 2, 0),
        lambda: rt.Augmentation(noise=0.1)(images, np.random.default_rng(0)),
    ):
        with pytest.raises(rt.TutorError, match=r"resized\("):
            use()


@pytest.mark.parametrize("widths", [[0, 5, 5], [5, 13, 5], [5, 6]])
def test_widths_that_do_not_fit_are_refused(widths):
    with pytest.raises(rt.TutorError):
        rt.ImageSet(np.zeros((3, 8, 12, 1), np.uint8), strip_widths=widths)


def test_resizing_keeps_proportions_or_squeezes():
    images, _ = some_strips((10, 40, 20), height=16)
    assert images.resized(8).widths.tolist() == [5, 20, 10]
    squeezed = images.resized(16, 20)
    assert squeezed.shape == (16, 20, 1)
    np.testing.assert_array_equal(squeezed.pixels[2], images.list_of_pixels[2])
    # What is squeezed is the strip, not the strip with its padding.
    flat = rt.ImageSet(np.full((2, 4, 9, 1), 200, np.uint8), strip_widths=[3, 9])
    assert (flat.resized(4, 6).pixels == 200).all()


def test_floats_tell_black_from_the_end():
    images, pictures = some_strips()
    floats = images.as_float()
    assert (floats[0, :, 5:] < 0).all() and (floats[1] >= 0).all()
    np.testing.assert_allclose(floats[0, :, :5], pictures[0] / 255, rtol=1e-6)


def test_a_folder_is_read_at_one_height(tmp_path):
    for number, (height, width) in enumerate([(40, 30), (20, 100), (64, 64)]):
        Image.new("L", (width, height), 200).save(tmp_path / f"{number}.png")
    images = rt.load_images(tmp_path, height=32, width=None)
    assert images.widths.tolist() == [24, 160, 32] and images.shape == (32, None, 1)
    assert all((picture == 200).all() for picture in images.list_of_pixels)
    assert rt.load_images(tmp_path, height=32, width=20).shape == (32, 20, 1)
    with pytest.raises(rt.TutorError):
        rt.load_images(tmp_path, width=20)


def test_strips_survive_a_folder(tmp_path):
    words = rt.load_images("words", limit=6)
    again = rt.load_images(words.write(tmp_path / "words"), height=32)
    assert sorted(again.widths) == sorted(words.widths)


def test_preprocessing_keeps_widths():
    images, pictures = some_strips()
    found = rt.Preprocessing((rt.preprocessing.Threshold(100),)).apply(images)
    assert found.widths.tolist() == [5, 12, 9]
    np.testing.assert_array_equal(found.list_of_pixels[2], 255 * (pictures[2] > 100))


@pytest.mark.parametrize("name", SETS)
def test_named_strips_are_balanced_seeded_and_ragged(name):
    first, again, other = (rt.load_images(name, limit=24, seed=seed) for seed in (3, 3, 4))
    np.testing.assert_array_equal(first.pixels, again.pixels)
    assert first.pixels.shape != other.pixels.shape or (first.pixels != other.pixels).any()
    assert first.is_ragged and np.ptp(np.bincount(first.labels)) == 0
    # Image i depends on the seed and i alone.
    fewer = rt.load_images(name, limit=6, seed=3)
    np.testing.assert_array_equal(fewer.list_of_pixels[5], first.list_of_pixels[5])


@pytest.mark.parametrize("name", SETS)
def test_classes_are_orders_of_the_same_parts(name):
    names = rt.load_images(name, limit=24).class_names
    assert len({"".join(sorted(kind.replace(" ", ""))) for kind in names}) == 1


@pytest.mark.parametrize("name", SETS)
def test_width_does_not_tell_the_class(name):
    images = rt.load_images(name, limit=600)
    means = [images.widths[images.labels == k].mean() for k in range(images.n_classes)]
    assert np.ptp(means) < images.widths.std()


def silent_runs(strip):
    """The lengths of the runs of columns that are all black."""
    silent = np.concatenate([[False], (strip == 0).all(axis=(0, 2)), [False]])
    edges = np.flatnonzero(np.diff(silent.astype(int)))
    return np.diff(edges)[::2]


def test_spoken_strips_have_the_pauses_and_margins_that_were_asked_for():
    strips = rt.load_images("spoken3", limit=18, pauses=(30, 33), margins=(50, 52))
    for strip in strips.list_of_pixels:
        runs = silent_runs(strip)
        assert ((runs >= 30) & (runs <= 33)).sum() == 2 and (runs >= 50).sum() == 2


def test_test_strips_are_made_of_other_recordings():
    train, test = rt.load_images("spoken3", limit=90, speakers="all").split()

    def takes(images):
        return {
            (source.split(":")[0], part.strip())
            for source in images.sources
            for part in source.split(":")[1].split(",")
        }

    assert len(test) and not takes(train) & takes(test)


def test_background_noise_adds_to_the_silence():
    quiet, loud = (
        rt.load_images("spoken3", limit=6, noise=noise, pauses=(20, 20)) for noise in (0.0, 0.4)
    )
    for before, after in zip(quiet.list_of_pixels, loud.list_of_pixels, strict=True):
        silent = (before == 0).all(axis=(0, 2))
        assert 0.25 < after[:, silent].mean() / 255 < 0.55
        assert (after.astype(int) - before >= -1).all()  # sounds add up; rounding takes a level


def test_a_strip_can_be_heard():
    strip, sound, rate = rt.strips.listen("710", "theo", pause=25)
    assert 0.2 < strip.shape[1] / 62.5 < len(sound) / rate + 0.1
    assert 0.1 < np.abs(sound).max() <= 1
    quiet = np.flatnonzero(np.abs(sound) > 0)
    assert max(b - a for a, b in pairwise(quiet)) >= 0.9 * 25 / 62.5 * rate


@pytest.mark.parametrize(
    "settings",
    [
        {"speakers": "nobody"},
        {"speakers": ()},
        {"digits": (1, 2)},
        {"digits": (1, 1)},
        {"pauses": (9, 3)},
        {"pauses": 5},
        {"noise": 2},
        {"speaker": "george"},
    ],
)
def test_settings_that_cannot_be_are_refused(settings):
    with pytest.raises(rt.TutorError):
        rt.load_images("spoken3", **settings)


def test_a_set_without_settings_says_so():
    with pytest.raises(rt.TutorError, match="pauses"):
        rt.load_images("fashion5", pauses=(1, 2))
    with pytest.raises(rt.TutorError, match="pauses"):
        rt.load_images(np.zeros((2, 8, 8)), pauses=(1, 2))


def test_words_take_fonts():
    plain = rt.strips.words(12, fonts="DejaVuSans", noise=0)
    other = rt.strips.words(12, fonts="DejaVuSerif-Bold", noise=0)
    assert (plain.widths != other.widths).any()
    with pytest.raises(rt.TutorError, match="NoSuchFont"):
        rt.strips.words(2, fonts="NoSuchFont")


def test_morse_code_is_read_back():
    """A reader of its own: bars against the shortest bar, gaps against the shortest gap."""
    code = {"a": ".-", "e": ".", "t": "-"}
    strips = rt.strips.morse(8, speed=(5, 5), noise=0)
    for strip, kind in zip(strips.list_of_pixels, strips.class_of_each, strict=True):
        on = np.concatenate([[False], strip[8, :, 0] > 0, [False]])
        edges = np.flatnonzero(np.diff(on.astype(int)))
        bars, gaps = np.diff(edges)[::2], np.diff(edges)[1::2]
        signs = "".join("." if bar < 10 else "-" for bar in bars)
        spaced = signs[0] + "".join(
            (" " if gap > 10 else "") + sign for gap, sign in zip(gaps, signs[1:], strict=True)
        )
        assert spaced == " ".join(code[letter] for letter in kind)


def test_a_stream_has_one_size(tmp_path):
    words = rt.load_images("words", limit=6).write(tmp_path / "words")
    with pytest.raises(rt.TutorError, match="width"):
        rt.load_images(words, height=16, stream=True)
    stream = rt.load_images(words, height=16, width=40, stream=True)
    in_memory = rt.load_images(words, height=16, width=40)
    assert stream.shape == (16, 40, 1) and not stream.is_ragged
    np.testing.assert_array_equal(stream.pixels[:], in_memory.pixels)
    with pytest.raises(rt.TutorError, match="width"):
        stream.resized(8)


def test_strips_that_need_too_much_memory_do_not_become_a_stream(tmp_path, monkeypatch, capsys):
    words = rt.load_images("words", limit=6).write(tmp_path / "words")
    monkeypatch.setattr(_machine, "memory", lambda: (6000, 6000))
    with pytest.raises(rt.TutorError, match="limit="):
        rt.load_images(words, height=32)
    assert "on disk" not in capsys.readouterr().out  # it is not said that they stay there
    assert "on disk" in repr(rt.load_images(words, height=32, width=40))


def test_a_stream_joins_streams_and_strips_take_its_images(tmp_path):
    words = rt.load_images("words", limit=6)
    folder, names = words.write(tmp_path / "words"), words.class_names
    stream = rt.load_images(folder, height=32, width=40, stream=True)
    both = stream + stream
    assert len(both) == 12 and both.shape == (32, 40, 1) and "on disk" in repr(both)
    strips = rt.load_images(folder, height=32)
    assert strips.class_names == stream.class_names == tuple(sorted(names))
    mixed = strips + stream
    assert mixed.widths.tolist() == [*strips.widths, *[40] * 6]
    np.testing.assert_array_equal(mixed.list_of_pixels[6], stream.pixels[0])
    with pytest.raises(rt.TutorError):
        stream + strips
