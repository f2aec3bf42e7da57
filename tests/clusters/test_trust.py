"""Traffic lights: each is tried on images made for it, with labels that nobody looks at."""

import re

import cv2
import numpy as np
import pytest

import rnn_tutor as rt

N = 200


@pytest.fixture(scope="module")
def noise():
    """Fine grey noise: no colour, no structure, much detail."""
    grey = np.random.default_rng(0).integers(0, 256, (N, 64, 64, 1))
    return grey.repeat(3, axis=3).astype(np.uint8)


@pytest.fixture(scope="module")
def blobs():
    """(embeddings, clusters): four groups that lie far apart."""
    rng = np.random.default_rng(0)
    clusters = np.arange(N) % 4
    return np.eye(4)[clusters] @ rng.normal(size=(4, 20)) * 5 + rng.normal(size=(N, 20)), clusters


def test_all_is_green_where_nothing_is_wrong(noise, blobs):
    report = rt.trust_report(noise, blobs[1], blobs[0])
    assert [light.colour for light in report.lights] == ["green"] * 4
    assert report.colour == "green"


def test_clusters_that_follow_colour(noise, blobs):
    tinted = noise.copy()
    tints = np.array([[1, 0.2, 0.2], [0.2, 1, 0.2], [0.2, 0.2, 1], [1, 1, 0.2]])
    tinted = (tinted * tints[blobs[1]][:, None, None]).astype(np.uint8)
    light = rt.trust_report(tinted, blobs[1], blobs[0])["colour"]
    assert light.colour == "amber" and light.value > 0.95
    by_chance = rt.trust_report(tinted, np.random.default_rng(1).permutation(blobs[1]), blobs[0])
    assert by_chance["colour"].colour == "green"


def test_two_clusters_by_chance_do_not_follow_colour():
    """A blind guess is right more than six times in ten where one cluster holds nearly all."""
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (N, 16, 16, 3)).astype(np.uint8)
    report = rt.trust_report(pixels, (np.arange(N) < 20).astype(int), rng.normal(size=(N, 5)))
    assert report["colour"].value > 0.8 and report["colour"].colour == "green"


def test_grey_images_have_no_light_for_colour(noise, blobs):
    with pytest.raises(rt.TutorError, match="stability"):
        rt.trust_report(noise[..., :1], *blobs[::-1])["colour"]


@pytest.mark.parametrize(("n", "colour"), [(N, "green"), (149, "amber"), (39, "red")])
def test_few_images(noise, blobs, n, colour):
    report = rt.trust_report(noise[:n], blobs[1][:n], blobs[0][:n])
    assert report["images"].colour == colour
    assert report.colour == colour


@pytest.mark.parametrize(
    ("spoil", "colour"),
    [
        (lambda image: image, "green"),
        (lambda image: cv2.GaussianBlur(image, (0, 0), 4), "amber"),
        (lambda image: cv2.resize(cv2.resize(image, (28, 28)), (128, 128)), "amber"),
        (lambda image: cv2.resize(image, (28, 28), interpolation=cv2.INTER_AREA), "amber"),
    ],
)
def test_blurred_and_enlarged_photographs(spoil, colour):
    photographs = rt.load_images("photos5")[::5]
    points, clusters = np.random.default_rng(0).normal(size=(60, 8)), np.arange(60) % 5
    spoilt = [spoil(image) for image in photographs.pixels]
    assert rt.trust_report(spoilt, clusters, points)["detail"].colour == colour


def test_clusters_of_noise_are_red_and_half_mixed_ones_are_not_green(noise):
    rng = np.random.default_rng(0)
    points = rng.normal(size=(N, 50))
    clusters = rt.Clustering(4, seed=0).fit(points).labels
    assert rt.trust_report(noise, clusters, points)["stability"].colour == "red"


def test_the_light_for_stability_names_what_it_compares(noise, blobs):
    light = rt.trust_report(noise, blobs[1], blobs[0])["stability"]
    ours, shuffled = map(float, re.findall(r"\d\.\d\d", light.sentence))
    assert 0.9 < ours <= 1 and shuffled < 0.5
    assert ours - shuffled == pytest.approx(light.value, abs=0.011)


def test_it_reads_as_one_line_for_each_light(noise, blobs):
    report = rt.trust_report(noise, blobs[1], blobs[0])
    lines = repr(report).splitlines()
    assert len(lines) == len(report.lights)
    for line, light in zip(lines, report.lights, strict=True):
        assert light.name in line and light.sentence in line and light.colour in line


def test_one_cluster_and_one_embedding_for_each_image(noise, blobs):
    with pytest.raises(rt.TutorError, match="one cluster and one embedding"):
        rt.trust_report(noise, blobs[1][:-1], blobs[0])
