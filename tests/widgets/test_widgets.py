"""The panels without a browser: code and controls agree, and the Python they show does the same."""

import inspect
import re
import threading
from dataclasses import replace

import numpy as np
import pytest
from support import panels as seen
from support.panels import control, html_of
from support.running import stop_after

import rnn_tutor as rt
from rnn_tutor import plots
from rnn_tutor.widgets import (
    ClusterPanel,
    ScanPanel,
    TrainingPanel,
    _charts,
    _parts,
    _running,
    clusters,
    training,
)

QUICK = rt.TrainingSettings(
    objective="next_row", cell="simple_rnn", units=4, batch_size=50, epochs=3, learning_rate=0.01
)


def some_images(labels=True, n=200):
    rng = np.random.default_rng(0)
    kinds = rng.integers(0, 3, n)
    pixels = rng.integers(0, 60, (n, 12, 12, 1)) + 90 * kinds[:, None, None, None]
    names = ("dark", "<grey> & plain", "bright")
    return rt.ImageSet(pixels.astype(np.uint8), kinds if labels else None, names if labels else ())


def flat(images):
    return images.as_float().reshape(len(images), -1)


def ran(panel, **names):
    """What the panel's plain Python leaves behind."""
    names = {"rt": rt, "images": panel.images, **names}
    exec(panel.code, names)
    return names


@pytest.fixture
def images():
    return some_images()


# What a control sets, code can set, and the other way round


def test_settings_move_the_controls_and_controls_the_settings(images):
    panel = TrainingPanel(images)
    panel.settings = replace(QUICK, temperature=0.07, units=50, recurrent=False)
    assert (control(panel, "temperature").value, control(panel, "units").value) == (0.07, 50)
    assert control(panel, "recurrent").value is False
    control(panel, "cell").value = "lstm"
    control(panel, "seed").value = 3
    expected = replace(QUICK, temperature=0.07, units=50, recurrent=False, cell="lstm", seed=3)
    assert panel.settings == expected == ran_settings(panel)


def ran_settings(panel):
    names = {"rt": rt}
    exec(panel.code.partition("encoder, history")[0], names)
    return names["settings"]


def test_a_number_and_its_slider_follow_each_other():
    number = _parts.Number("Rate", 0.003, [0.001, 0.002, 0.005], 0.0, 1.0, 0.001)
    assert number.box.value == 0.003, "the slider must not round what code has set"
    number.slider.value = 2
    assert number.box.value == 0.005
    number.box.value = 0.7
    assert (number.box.value, number.slider.value) == (0.7, 2)


def test_what_no_control_can_show_is_refused_and_changes_nothing(images):
    panel = TrainingPanel(images, QUICK)
    with pytest.raises(rt.TutorError, match="epochs is from 1 to 10000"):
        panel.settings = replace(QUICK, units=8, epochs=10**6)
    with pytest.raises(rt.TutorError, match="n_clusters is from"):
        ClusterPanel(flat(images), images).clustering = rt.Clustering(10**6)
    assert panel.settings == QUICK


def test_what_an_objective_does_not_use_is_grey(images):
    panel = TrainingPanel(images)
    assert not control(panel, "temperature").disabled and control(panel, "noise").disabled
    control(panel, "objective").value = "reconstruction"
    assert control(panel, "temperature").disabled and not control(panel, "noise").disabled


def test_only_what_differs_from_the_defaults_is_shown(images):
    panel = TrainingPanel(images, rt.TrainingSettings())
    assert panel.code.startswith("settings = rt.TrainingSettings()\n")
    panel.settings = rt.TrainingSettings(cell="lstm")
    assert panel.code.startswith('settings = rt.TrainingSettings(cell="lstm")\n')


# Training


@pytest.fixture(scope="module")
def trained():
    """A panel that has trained in this thread, and all that it said."""
    panel, said = TrainingPanel(some_images(), QUICK), []
    (status,) = seen.texts(panel, "Ready.")
    status.observe(lambda change: said.append(change.new), "value")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_running, "SAY", 0)
        panel.run()
    return panel, said


def test_the_code_shown_gives_the_same_encoder_as_the_panel(trained, images):
    panel, names = trained[0], ran(trained[0])
    assert panel.history == names["history"] and len(panel.history["loss"]) == 3
    same = rt.embed(names["encoder"], images)
    np.testing.assert_allclose(rt.embed(panel.encoder, images), same, rtol=1e-6)


def test_progress_is_told_in_words(trained):
    panel, said = trained
    pattern = r"epoch 2 of 3, batch 3 of 4, loss [\d.]+, \d+ s left"
    assert any(re.fullmatch(pattern, words) for words in said)
    assert "Finished" in said[-1] and seen.bar(panel).value == seen.bar(panel).max == 12


def test_the_curve_shows_single_batches_not_running_means(trained):
    panel = trained[0]
    epochs = np.reshape(seen.single_batches(panel, "loss"), (3, 4))
    np.testing.assert_allclose(epochs.mean(axis=1), panel.history["loss"], rtol=1e-2)
    assert epochs.std(axis=1).min() > 0
    assert "by epoch; after 3 epochs: loss " in seen.drawn(panel, "charts").data["alt"]


def test_start_stop_and_go_on(images):
    panel = TrainingPanel(images, QUICK)
    threads = stop_after(panel, epoch=2, batch=2)
    panel.start()
    assert panel.wait(60) and threads[0] is not threading.main_thread()
    stopped = "Stopped in epoch 2 of 3, after batch 2 of 4"
    assert len(panel.history["loss"]) == 1 and stopped in seen.said(panel)
    assert seen.bar(panel).value == 6
    assert "Go on" in seen.buttons(panel) and seen.buttons(panel)["Stop"].disabled
    encoder = panel.encoder
    panel.start()
    with pytest.raises(rt.TutorError, match="under way"):
        panel.settings = rt.TrainingSettings()
    assert panel.wait(60) and panel.encoder is encoder and seen.bar(panel).value == 12
    assert "Start" in seen.buttons(panel)


@pytest.mark.parametrize("batch", [1, 2, 4])
def test_a_run_that_was_stopped_ends_as_one_that_was_not(trained, batch):
    panel = TrainingPanel(trained[0].images, QUICK)
    stop_after(panel, epoch=2, batch=batch)
    panel.run()
    assert len(seen.single_batches(panel, "loss")) == 4 + batch
    panel.run()
    assert len(seen.single_batches(panel, "loss")) == 12
    both = seen.single_batches(panel, "loss"), seen.single_batches(trained[0], "loss")
    np.testing.assert_allclose(*both, rtol=1e-2)
    np.testing.assert_allclose(panel.history["loss"], trained[0].history["loss"], rtol=1e-5)


def test_a_changed_setting_starts_afresh(images):
    panel = TrainingPanel(images, QUICK)
    stop_after(panel, epoch=1, batch=1)
    panel.run()
    control(panel, "seed").value = 1
    assert "Start" in seen.buttons(panel)
    control(panel, "seed").value = 0
    assert "Go on" in seen.buttons(panel)


def meaning(objective):
    """The first line of what an objective says of itself."""
    return inspect.getdoc(rt.objectives.OBJECTIVES[objective]).partition("\n")[0]


def test_a_change_that_start_has_overtaken_is_put_back(images):
    """The screen sends a click at once, and a change only when the one before it was heard."""
    panel, at_start = TrainingPanel(images, QUICK), threading.Event()
    (status,) = seen.texts(panel, "Ready.")
    status.observe(lambda change: at_start.wait(30), "value")
    panel.start()
    control(panel, "objective").value = "contrastive"
    assert control(panel, "objective").value == QUICK.objective
    assert panel.settings == QUICK == ran_settings(panel)
    assert meaning(QUICK.objective) in html_of(panel)
    at_start.set()
    assert panel.wait(60) and len(panel.history["loss"]) == QUICK.epochs
    control(panel, "objective").value = "contrastive"
    assert panel.settings.objective == "contrastive"
    assert meaning("contrastive") in html_of(panel)


def test_an_error_in_the_thread_is_a_sentence(images, monkeypatch):
    def fail(*_):
        raise ValueError("<b>no memory</b>")

    monkeypatch.setattr(training.Trainer, "from_settings", fail)
    panel = TrainingPanel(images, QUICK)
    panel.start()
    assert panel.wait(10)
    assert seen.alarmed(panel) and "ValueError: <b>no memory" in seen.said(panel)
    assert not seen.buttons(panel)["Start"].disabled
    with pytest.raises(ValueError, match="no memory"):
        panel.run()
    with pytest.raises(rt.TutorError, match="Nothing is trained yet"):
        panel.encoder  # noqa: B018


# No run without a button


def running_panel(images, settings=QUICK, **more):
    """A panel that has just begun a long run."""
    panel, began = TrainingPanel(images, replace(settings, epochs=9999), **more), threading.Event()
    panel.on("batch", lambda progress: began.set())
    panel.start()
    assert began.wait(60)
    return panel


def test_a_new_panel_for_the_same_images_ends_the_old_run(images):
    old = running_panel(images)
    (trainer,) = rt.training.running()
    assert trainer.encoder is old.encoder and "epochs done" in repr(trainer)
    new = TrainingPanel(images, QUICK)  # the cell runs again
    assert old.wait(30) and rt.training.running() == []
    assert "A newer panel was made for images" in seen.said(old)
    assert "Start" in seen.buttons(new)
    old.start()  # it is still a panel
    old.stop()
    assert old.wait(30)


def test_a_panel_for_other_images_or_of_another_kind_ends_nothing(images):
    old = running_panel(images)
    TrainingPanel(images, QUICK, name="others")
    ClusterPanel(flat(images), images, rt.Clustering(3))
    assert not old.wait(0.2) and len(rt.training.running()) == 1
    old.stop()
    assert old.wait(30)


def test_a_closed_panel_ends_its_run(images):
    panel = running_panel(images)
    panel.close()
    assert panel.wait(30) and rt.training.running() == []


def test_what_runs_can_be_stopped_without_any_panel(images):
    panels = [running_panel(images, name=name) for name in ("one", "two")]
    assert len(rt.training.running()) == 2
    for trainer in rt.training.running():
        trainer.stop()
    assert all(panel.wait(30) for panel in panels) and rt.training.running() == []
    assert all("Stopped in epoch" in seen.said(panel) for panel in panels)


def test_a_run_that_fails_is_no_longer_listed(images):
    def fail(progress):
        raise ValueError("a listener failed")

    panel = TrainingPanel(images, QUICK)
    panel.on("batch", fail)
    with pytest.raises(ValueError, match="a listener failed"):
        panel.run()
    assert rt.training.running() == []


def test_a_player_stops_when_its_cell_runs_again(images):
    old = ScanPanel(images, speed=1)
    old.play()
    ScanPanel(images, speed=1)
    assert not old.playing
    old.play()
    old.close()
    assert not old.playing


# Words and buttons agree; runs are kept


def test_after_a_stop_the_words_say_what_the_buttons_do(images):
    panel = TrainingPanel(images, QUICK)
    stop_after(panel, epoch=2, batch=2)
    panel.run()
    for field, value in (("seed", 1), ("epochs", 9), ("objective", "reconstruction")):
        before = control(panel, field).value
        assert "Go on continues" in seen.said(panel)
        assert not seen.buttons(panel)["Begin again"].disabled
        control(panel, field).value = value
        assert "Start" in seen.buttons(panel) and seen.buttons(panel)["Begin again"].disabled
        assert "Go on continues" not in seen.said(panel)
        assert "Start trains afresh" in seen.said(panel)
        control(panel, field).value = before
    assert "Go on" in seen.buttons(panel)


def test_a_stopped_run_can_begin_again(trained, images):
    panel = TrainingPanel(images, QUICK)
    stop_after(panel, epoch=2, batch=2)
    panel.run()
    stopped = panel.encoder
    seen.buttons(panel)["Begin again"].click()
    assert panel.wait(60) and panel.encoder is not stopped
    assert panel.history == trained[0].history and seen.bar(panel).value == 12
    assert [len(run.history["loss"]) for run in panel.runs] == [1, 3]


def earlier(panel, measure):
    """The numbers of the earlier runs in a chart."""
    lines = [look for _, look in seen.lines(panel, measure)]
    return [look["name"] for look in lines if look.get("kind") == "old"]


@pytest.mark.full
def test_the_last_runs_are_kept_and_compared(images):
    panel = TrainingPanel(images, replace(QUICK, epochs=2))
    panel.run()
    assert "<table" not in html_of(panel) and len(panel.runs) == 1
    for units in range(5, 11):
        panel.settings = replace(panel.settings, units=units)
        panel.run()
    assert [run.number for run in panel.runs] == [3, 4, 5, 6, 7]
    assert [run.settings.units for run in panel.runs] == [6, 7, 8, 9, 10]
    rows = re.findall(r"<tr>(.*?)</tr>", html_of(panel))[1:]
    assert len(rows) == 5
    for row, run in zip(rows, panel.runs, strict=True):
        assert f">{run.number}</th>" in row and f">units {run.settings.units}</td>" in row
        assert f">{run.history['loss'][-1]:#.3g}</td>" in row
    for measure in ("loss", "spread"):
        assert earlier(panel, measure) == ["3", "4", "5", "6"]
    alt = seen.drawn(panel, "charts").data["alt"]
    assert "thin lines: run 3, run 4, run 5, run 6" in alt
    with pytest.raises(rt.TutorError, match="units must be"):
        panel.settings = replace(panel.settings, units=0)
    assert len(panel.runs) == 5


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"objective": "reconstruction"}, marks=pytest.mark.full),
        pytest.param({"objective": "reconstruction", "noise": 0.5}, marks=pytest.mark.full),
    ],
)
def test_losses_of_other_tasks_are_not_drawn_together(images, change):
    panel = TrainingPanel(images, replace(QUICK, epochs=2))
    for changes in ({}, {"objective": "reconstruction"} if len(change) > 1 else {}, change):
        panel.settings = replace(panel.settings, **changes)
        panel.run()
    assert earlier(panel, "loss") == [] and earlier(panel, "spread") == ["1", "2"]


def test_the_spread_of_the_embeddings_is_measured(trained, images):
    panel = trained[0]
    z = rt.embed(panel.encoder, images)
    z = z / np.linalg.norm(z, axis=1, keepdims=True)
    expected = np.linalg.norm(z - z.mean(axis=0), axis=1) ** 2
    (run,) = panel.runs
    assert len(run.history["spread"]) == 3
    np.testing.assert_allclose(run.history["spread"][-1], np.sqrt(expected.mean()), rtol=1e-4)
    assert training.embedding_spread(np.tile([[3.0, 4.0]], (9, 1))) < 1e-6
    np.testing.assert_allclose(training.embedding_spread([[2.0, 0], [-1, 0], [0, 5], [0, -1]]), 1)


def test_the_embeddings_are_drawn_where_they_lie(trained, images):
    panel = trained[0]
    z = rt.embed(panel.encoder, images)
    z = z / np.linalg.norm(z, axis=1, keepdims=True)
    _, _, axes = np.linalg.svd(z - z.mean(axis=0), full_matrices=False)
    flat = (z - z.mean(axis=0)) @ axes[:2].T
    expected = np.linalg.norm(flat[:, None] - flat, axis=2)  # which no turning changes
    drawn = seen.drawn(panel, "cloud").data
    for points in (panel.plane, np.array(drawn["points"])):
        distances = np.linalg.norm(points[:, None] - points, axis=2)
        np.testing.assert_allclose(distances, expected, atol=3e-3)
    assert f"epoch 3. Spread {panel.runs[0].history['spread'][-1]:.3f}" in drawn["alt"]
    looks = [drawn["looks"][kind]["name"] for kind in drawn["kinds"]]
    assert looks == images.class_of_each


@pytest.mark.parametrize("mirror", [1, -1])
def test_the_plane_of_the_embeddings_does_not_turn(mirror):
    rng = np.random.default_rng(0)
    z = rng.normal(size=(60, 5)) * [4, 2, 0.3, 0.2, 0.1]
    before = training.embedding_plane(z)
    turned = np.linalg.qr(rng.normal(size=(5, 5)))[0]
    turned[0] *= mirror
    after = training.embedding_plane(z @ turned + 1e-3 * rng.normal(size=z.shape), before)
    np.testing.assert_allclose(after, before, atol=0.02)


@pytest.mark.parametrize(
    "labels, names, looks",
    [
        (None, (), [""]),
        ([-1, 1, 0, 1], ("a", "b"), ["no label", "a", "b"]),
        ([1, 1, 1, 1], ("a", "b"), ["b"]),
    ],
)
def test_the_map_of_the_embeddings_names_what_has_a_label(labels, names, looks):
    images = rt.ImageSet(np.zeros((4, 8, 8, 1), np.uint8), labels, names)
    drawn = _charts.cloud(np.zeros((4, 2)), images, 0.004, "run 1, epoch 2")
    assert [look["name"] for look in drawn["looks"]] == looks
    assert "Nearly all point the same way" in drawn["head"]
    assert ("label" in drawn["alt"]) == (labels is not None)
    assert "Nearly" not in _charts.cloud(np.zeros((4, 2)), images, 0.4, "now")["head"]


# Numbers out of range


@pytest.mark.parametrize(
    "field, typed, taken",
    [
        ("units", 5000, 4096),
        ("units", -3, 1),
        ("learning_rate", 0.0, 1e-5),
        ("epochs", 10**9, 10**4),
    ],
)
def test_a_number_out_of_range_is_said(images, field, typed, taken):
    panel = TrainingPanel(images, QUICK)
    box = control(panel, field)
    for _ in range(2):  # the second time the value does not change
        box.set_state({"value": typed})  # as the screen sends it
        assert box.value == getattr(panel.settings, field) == taken
        assert f"{typed:,} became {taken:,}" in html_of(panel)
    box.value = getattr(QUICK, field)
    assert "became" not in html_of(panel)


def test_a_step_beyond_the_last_is_said(images):
    panel = ScanPanel(images, "column_major")
    control(panel, "step").set_state({"value": 500})
    assert panel.step == 144 and "Step: from 0 to 144; 500 became 144." in html_of(panel)


# Clusters


def colours(source):
    """The colour of each cluster's number, in their order."""
    return re.findall(r'rt-chip" style="background:(#\w+)', source)


def test_no_two_clusters_have_one_colour(images):
    panel = ClusterPanel(flat(images), images, rt.Clustering(20))
    assert panel.wait(60) and len(set(colours(html_of(panel)))) == 20
    assert len({plots.style(k)[0] for k in range(24)}) == 24


def test_the_border_comes_before_what_is_typical(images):
    panel = ClusterPanel(flat(images), images, rt.Clustering(3))
    assert panel.wait(60)
    for cluster in range(3):
        for what, chosen in (
            ("on the border of", panel.fitted.borderline(cluster, 4)),
            ("typical of", panel.fitted.typical(cluster, 4)),
        ):
            found = re.findall(rf"picture (\d+), {what} cluster {cluster}", html_of(panel))
            assert list(map(int, found)) == chosen.tolist()
    assert html_of(panel).index("border") < html_of(panel).index("typical")


def test_the_map_is_drawn_as_chosen_and_says_how(images, monkeypatch):
    asked, found = [], rt.Clustering(3).fit(flat(images))

    def project(embeddings, method="pca", seed=0):
        asked.append(method)
        return np.random.default_rng(len(asked)).random((len(embeddings), 2))

    monkeypatch.setattr(clusters, "project", project)
    monkeypatch.setattr(rt.Clustering, "fit", lambda self, embeddings: found)
    panel = ClusterPanel(flat(images), images, rt.Clustering(3))
    assert panel.wait(30) and panel.map.title == "PCA's map"
    for method, title in (("tsne", "t-SNE"), ("umap", "UMAP"), ("pca", "PCA"), ("tsne", "t-SNE")):
        panel.projection = method
        assert panel.wait(30) and panel.map.title == f"{title}'s map"
        assert f'project(embeddings, "{method}")' in panel.code
    assert asked == ["pca", "tsne", "umap"]  # each once
    np.testing.assert_array_equal(panel.map.sorting.clusters, panel.clusters)
    with pytest.raises(rt.TutorError, match="'tsne'"):
        panel.projection = "isomap"
    given = ClusterPanel(flat(images), images, points=np.zeros((200, 2)), name="others")
    assert given.wait(30) and given.map.title == "The map that was given"
    repeated = np.repeat(flat(images)[:10], 20, axis=0)  # too few for neighbours: PCA's
    few = ClusterPanel(repeated, images, rt.Clustering(3), name="few")
    few.projection = "umap"
    assert few.wait(30) and few.map.title == "PCA's map" and len(asked) == 4


def test_the_code_shown_gives_the_same_clusters(images):
    panel = ClusterPanel(flat(images), images, rt.Clustering(3))
    panel.clustering = rt.Clustering(4, "gaussian_mixture", seed=2)
    assert control(panel, "n_clusters").value == 4
    np.testing.assert_array_equal(panel.clusters, ran(panel, embeddings=flat(images))["clusters"])
    control(panel, "n_clusters").value = 6
    names = ran(panel, embeddings=flat(images))
    assert names["clustering"] == panel.clustering == rt.Clustering(6, "gaussian_mixture", seed=2)
    np.testing.assert_array_equal(panel.clusters, names["clusters"])
    assert "6 clusters of" in html_of(panel) and "NMI" in html_of(panel)


def test_without_labels_a_sentence_takes_the_scores_place():
    images = some_images(labels=False)
    panel = ClusterPanel(flat(images), images, rt.Clustering(3))
    assert panel.clusters.max() == 2
    assert "No labels" in html_of(panel) and "Table of" not in html_of(panel)
    assert "labels" not in panel.code


def test_too_many_clusters_is_a_sentence():
    images = some_images(n=6)
    panel = ClusterPanel(flat(images), images)
    panel.clustering = rt.Clustering(9)
    with pytest.raises(rt.TutorError, match="fewer clusters"):
        panel.clusters  # noqa: B018
    assert 'role="alert"' in html_of(panel)
    panel.clustering = rt.Clustering(2)
    assert panel.clusters.max() == 1


def test_of_many_requests_the_last_is_served():
    served, first = [], threading.Event()

    def work(request):
        first.wait(5)
        served.append(request)

    latest = _parts.DebouncedWorker(work, pause=0.01)
    for request in range(20):
        latest.submit(request)
    first.set()
    assert latest.wait(5) and served[-1] == 19 and len(served) <= 2


# All of them


@pytest.fixture(params=["training", "cluster"])
def panel(request, images):
    if request.param == "training":
        return TrainingPanel(images, QUICK)
    panel = ClusterPanel(flat(images), images)
    panel.wait(20)
    return panel


def test_a_panel_is_a_short_line_in_text(panel):
    assert repr(panel) == f"{type(panel).__name__}(images: 200 images)"


def test_every_picture_has_alt_text_and_names_are_escaped(panel):
    source = html_of(panel)
    assert all('alt="' in img for img in re.findall(r"<img[^>]*>", source))
    assert "<grey>" not in source
