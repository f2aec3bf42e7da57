"""`RecurrentClusterer` keeps scikit-learn's conventions; its network says what k-means found."""

import importlib.util
import json
import re
import timeit
import tracemalloc

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.cluster import KMeans
from sklearn.exceptions import NotFittedError
from sklearn.utils import estimator_checks
from sklearn.utils.validation import check_is_fitted, validate_data
from support.plain import outputs_without_package

import rnn_tutor as rt
from rnn_tutor._backend import keras
from rnn_tutor.clusters import estimator, head
from rnn_tutor.clusters.projection import l2_normalize
from rnn_tutor.networks import models

pytestmark = [
    pytest.mark.filterwarnings("ignore:__array__:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:The trained network was saved:UserWarning"),
]


@pytest.fixture(scope="module")
def pictures():
    train, _ = rt.load_images("fashion5").split()
    return train.sample(1_000)


@pytest.fixture(scope="module")
def fitted(pictures):
    settings = {"augmentation": "clothes", "epochs": 4, "batch_size": 50, "random_state": 0}
    return rt.RecurrentClusterer(5, **settings, verbose=False).fit(pictures)


def tiny(input_shape):
    """A dense encoder of a few units."""
    return models.recurrent_encoder(input_shape, units=4, recurrent=False)


def recurrent(input_shape):
    return models.recurrent_encoder(input_shape, units=4)


def small(**changes):
    """Soon trained: nothing here that a recurrent layer would change, unless it is asked for."""
    settings = {"epochs": 1, "batch_size": 32, "encoder": tiny, "random_state": 0}
    return rt.RecurrentClusterer(**{"n_clusters": 3, "verbose": False} | settings | changes)


@pytest.fixture(scope="module")
def made():
    return small().fit(colours())


def colours(n=120, height=12, width=10, seed=0):
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (n, height, width, 3)).astype(np.uint8)


def test_it_sorts_clothes_better_than_k_means_sorts_pixels(pictures, fitted):
    pixels = pictures.as_float().reshape(len(pictures), -1)
    baseline = KMeans(5, n_init=10, random_state=0).fit_predict(pixels)
    ours = rt.evaluation.matched_accuracy(pictures.labels, fitted.labels_)
    assert ours > rt.evaluation.matched_accuracy(pictures.labels, baseline) + 0.05


def test_new_pictures_are_sorted_as_well_as_the_old(pictures, fitted):
    _, new = rt.load_images("fashion5").split()
    names = rt.evaluation.match(pictures.labels, fitted.labels_)
    old = np.mean(names[fitted.labels_] == pictures.labels)
    assert np.mean(names[fitted.predict(new)] == new.labels) > old - 0.06


def test_the_head_is_a_softmax_over_squared_distances():
    rng = np.random.default_rng(0)
    points = l2_normalize(rng.normal(size=(60, 4)))
    clusters = np.repeat([0, 1, 2], [40, 15, 5])
    inputs = keras.Input((4,))
    encoder = keras.Model(inputs, keras.layers.Identity()(inputs))
    network = head.with_head(encoder, points, clusters, np.arange(3), 3)
    centres = np.stack([points[clusters == k].mean(axis=0) for k in range(3)])
    squares = ((points[:, None] - centres) ** 2).sum(axis=2)  # (n, clusters)
    spread = squares[np.arange(60), clusters].mean()
    expected = np.exp(-squares / (2 * spread))
    expected /= expected.sum(axis=1, keepdims=True)
    said = keras.ops.convert_to_numpy(network(3 * points))  # of any length
    np.testing.assert_allclose(said, expected, atol=1e-5)


def test_of_tight_clusters_the_head_still_ranks_pictures():
    centres = l2_normalize(np.random.default_rng(1).normal(size=(4, 8)))
    points = np.concatenate([centres + 0.001 * np.eye(8)[k] for k in range(8)])
    inputs = keras.Input((8,))
    encoder = keras.Model(inputs, keras.layers.Identity()(inputs))
    network = head.with_head(encoder, points, np.tile(range(4), 8), np.arange(4), 4)
    way = np.linspace(0, 0.5, 20)[:, None]  # from a centre half-way to another
    sure = models.run(network, (1 - way) * centres[0] + way * centres[1])[:, 0]
    assert 0.9 < sure[0] < 0.999 and (np.diff(sure) < 0).all()


def test_the_head_adds_up_the_groups_of_a_cluster():
    points = l2_normalize(np.random.default_rng(0).normal(size=(60, 4)))
    groups, clusters = np.repeat([0, 1, 2], 20), np.array([0, 1, 0])
    inputs = keras.Input((4,))
    encoder = keras.Model(inputs, keras.layers.Identity()(inputs))
    by_group, by_cluster = (
        keras.ops.convert_to_numpy(head.with_head(encoder, points, groups, *of)(points))
        for of in ((np.arange(3), 3), (clusters, 2))
    )
    expected = np.stack([by_group[:, 0] + by_group[:, 2], by_group[:, 1]], axis=1)
    np.testing.assert_allclose(by_cluster, expected, atol=1e-6)


def two_kinds(n=1_000):
    """Bright above or bright below, in noise."""
    rng = np.random.default_rng(0)
    kinds = rng.integers(2, size=n)
    above = np.arange(8)[:, None] < 4
    bright = np.where((kinds[:, None, None] == 0) == above, 160, 60)
    return np.clip(bright + rng.normal(0, 30, (n, 8, 8)), 0, 255).astype(np.uint8), kinds


def test_neighbours_are_asked_where_there_are_many_pictures(tmp_path):
    X, kinds = two_kinds()
    made = small(n_clusters=2, augmentation="none").fit(X)
    assert made.network_.layers[-2].units == 20 and made.network_.output_shape == (None, 2)
    assert rt.evaluation.matched_accuracy(kinds, made.labels_) > 0.95
    assert (made.predict(X) == made.labels_).all()
    assert np.allclose(made.predict_proba(X).sum(axis=1), 1, atol=1e-5)
    loaded = rt.RecurrentClusterer.load(made.save(tmp_path / "saved"))
    np.testing.assert_allclose(loaded.transform(X[:50]), made.transform(X[:50]), atol=1e-6)
    assert (loaded.predict(X) == made.labels_).all()
    for pictures, neighbours in ((X, False), (X[:999], True)):
        other = small(n_clusters=2, augmentation="none", neighbours=neighbours).fit(pictures)
        assert [type(layer).__name__ for layer in other.network_.layers[-2:]] == [
            "UnitNormalization",
            "Dense",
        ]


@pytest.mark.full
def test_where_neighbours_move_groups_the_same_seed_gives_the_same_clusters():
    X, _ = two_kinds()
    first, again = (small(n_clusters=2, augmentation="none").fit(X) for _ in range(2))
    assert first.network_.layers[-2].units == 20  # groups were made
    assert (first.predict_proba(X) == again.predict_proba(X)).all()


@pytest.mark.parametrize(
    "part",
    [
        {"objective": "reconstruction"},
        {"objective": "next_row"},
        {"clustering": "tied_mixture", "encoder": "dense"},
        {"clustering": "gaussian_mixture", "encoder": "dense"},
        pytest.param({"clustering": "gaussian_mixture", "umap": True}, marks=pytest.mark.full),
    ],
    ids=str,
)
def test_each_part_can_be_exchanged(part, tmp_path):
    X, kinds = two_kinds(400)
    changes = {"n_clusters": 2, "augmentation": "none", "encoder": "recurrent"} | part
    made = small(**changes).fit(X)
    assert (made.predict(X) == made.labels_).all()
    probabilities = made.predict_proba(X)
    assert np.allclose(probabilities.sum(axis=1), 1, atol=1e-5)
    if made.objective != "next_row":  # which learns little in so few steps
        assert rt.evaluation.matched_accuracy(kinds, made.labels_) > 0.95
    width = {"next_row": 48, "reconstruction": 192}.get(made.objective, 64)
    assert made.transform(X).shape == (400, width)
    loaded = rt.RecurrentClusterer.load(made.save(tmp_path / "saved"))
    np.testing.assert_allclose(loaded.predict_proba(X), probabilities, atol=1e-6)
    assert loaded.get_params() == made.get_params()


# -- parts of one's own ---------------------------------------------------------------------


def a_model(height=12, width=10, channels=3):
    keras.utils.set_random_seed(1)
    image = keras.Input((height, width, channels))
    flat = keras.layers.Flatten()(image)
    return keras.Model(image, keras.layers.Dense(6, "tanh")(flat), name="mine")


def brighter(pixels, rng):
    return np.clip(pixels / 255 * rng.uniform(0.8, 1.2, (len(pixels), 1, 1, 1)), 0, 1)


class Unlabelled(rt.objectives.Reconstruction):
    """An objective of one's own."""


OWN = {
    "a function": {"encoder": tiny},
    "a model": {"encoder": a_model()},
    "a sequential model": {
        "encoder": keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(6, "tanh")])
    },
    "an objective": {"encoder": "dense", "objective": rt.objectives.Reconstruction(noise=0.1)},
    "an objective of one's own": {"encoder": a_model(), "objective": Unlabelled()},
    "a callable augmentation": {"encoder": "dense", "augmentation": brighter},
    "all of them": {
        "encoder": a_model(),
        "objective": rt.objectives.Contrastive(brighter, temperature=0.5),
        "augmentation": brighter,
    },
}


FULL = {
    "a function",
    "a sequential model",
    "an objective",
    "a callable augmentation",
}  # much as the others


@pytest.mark.parametrize(
    "own",
    [pytest.param(OWN[n], id=n, marks=pytest.mark.full if n in FULL else ()) for n in OWN],
)
def test_parts_of_ones_own_train_predict_transform_and_are_saved(own, tmp_path):
    X = colours()
    made = clone(small(**own)).fit(X)
    assert (made.predict(X) == made.labels_).all()
    points = made.transform(X)
    assert np.allclose(np.linalg.norm(points, axis=1), 1, atol=1e-5)
    again = clone(made).fit(X)
    assert (again.predict_proba(X) == made.predict_proba(X)).all()
    with pytest.warns(UserWarning, match="these settings were not") as warned:
        loaded = rt.RecurrentClusterer.load(made.save(tmp_path))
    parts = {name for name, value in own.items() if not isinstance(value, str)}
    said = " ".join(str(warning.message) for warning in warned)
    assert all((f"{name} (" in said) == (name in parts) for name in made.get_params())
    assert all(loaded.get_params()[name] is None for name in parts)
    np.testing.assert_allclose(loaded.predict_proba(X), made.predict_proba(X), atol=1e-6)
    np.testing.assert_allclose(loaded.transform(X), points, atol=1e-6)
    with pytest.raises(
        rt.TutorError, match=r"received None|augmentation preset None|objective None"
    ):
        loaded.fit(X)
    loaded.set_params(**own).fit(X)
    assert (loaded.labels_ == made.labels_).all()


@pytest.mark.full
def test_an_encoder_of_ones_own_is_what_is_trained():
    made = small(encoder=recurrent, objective="reconstruction").fit(colours())
    assert made.transform(colours(2)).shape == (2, 16)
    assert "Bidirectional" in {type(layer).__name__ for layer in made.network_.layers}


def test_a_model_is_copied_and_training_begins_with_its_weights():
    model, X = a_model(), colours()
    before = model.get_weights()
    first = small(encoder=model, objective="reconstruction").fit(X)
    assert all((a == b).all() for a, b in zip(model.get_weights(), before, strict=True))
    model.set_weights([weight + 0.5 for weight in before])
    other = small(encoder=model, objective="reconstruction").fit(X)
    assert not np.allclose(first.transform(X), other.transform(X))
    frozen = a_model()
    frozen.trainable = False
    kept = small(encoder=frozen, objective="reconstruction").fit(X)
    expected = l2_normalize(rt.embed(frozen, X))
    np.testing.assert_allclose(kept.transform(X), expected, atol=1e-5)


def test_pictures_are_brought_to_the_size_that_a_model_reads(capsys):
    X = colours(120, 24, 20)
    made = small(encoder=a_model(), verbose=True).fit(X)
    assert made.network_.input_shape == (None, 12, 10, 3)
    assert "cut to the proportions of 12 x 10" in capsys.readouterr().out
    assert (made.predict(X) == made.labels_).all()
    with pytest.raises(rt.TutorError, match="reads pictures of 12 x 10 x 3; received 12 x 10 x 1"):
        small(encoder=a_model()).fit(X[..., 0])


@pytest.mark.full
def test_a_callable_decides_on_the_views():
    X = colours()
    plain, changed = (small(augmentation=a).fit(X) for a in ("none", brighter))
    assert plain.history_ != changed.history_
    same = small(augmentation=lambda pixels, rng: rt.Augmentation()(pixels, rng)).fit(X)
    assert same.history_ == plain.history_


@pytest.mark.parametrize(
    ("views", "words"),
    [
        (lambda pixels, rng: pixels, "received uint8"),
        (lambda pixels, rng: pixels[:1] / 255, r"of the shape \(1, 12, 10, 3\)"),
        (lambda pixels, rng: pixels * 1.0, "floats in 0..1"),
    ],
)
def test_a_callable_that_returns_no_views_is_refused(views, words):
    with pytest.raises(rt.TutorError, match=words):
        small(augmentation=views).fit(colours())


def test_an_objective_that_needs_labels_is_refused():
    with pytest.raises(rt.NeedsLabels):
        small(objective=rt.objectives.Classification()).fit(colours())


def test_the_next_row_cannot_be_told_by_an_encoder_without_states():
    with pytest.raises(rt.TutorError, match="row_encoder"):
        small(objective="next_row", encoder="dense").fit(colours())


@pytest.mark.parametrize("part", ["objective", "clustering", "encoder"])
def test_a_part_that_does_not_exist_is_named(part):
    with pytest.raises(rt.TutorError, match="'magic'"):
        small(**{part: "magic"}).fit(colours())


def test_the_network_learns_the_borders_of_a_mixture():
    X, _ = two_kinds(400)
    made = small(augmentation="none", clustering="tied_mixture", n_clusters=2).fit(X)
    start = int(np.random.RandomState(0).randint(2**31 - 1))  # that of `fit`
    found = rt.Clustering(2, "tied_mixture", seed=start).fit_predict(made.transform(X))
    assert np.mean(found == made.labels_) > 0.95
    weights, _ = head.linear_borders(made.transform(X), found, 2)
    kept = made.network_.layers[-1].get_weights()[0]
    assert np.corrcoef(kept.ravel(), weights.ravel())[0, 1] > 0.999


def test_embeddings_have_length_one(pictures, fitted):
    assert np.allclose(np.linalg.norm(fitted.transform(pictures), axis=1), 1, atol=1e-5)


def test_what_it_says_fits_together(pictures, fitted):
    probabilities = fitted.predict_proba(pictures)
    assert probabilities.shape == (len(pictures), 5) and probabilities.dtype == np.float32
    assert np.allclose(probabilities.sum(axis=1), 1, atol=1e-5)
    assert 0.6 < probabilities.max(axis=1).mean() < 0.98  # neither even nor blindly sure
    assert (fitted.predict(pictures) == fitted.labels_).all()
    assert fitted.labels_.dtype == np.int64
    sizes = np.bincount(fitted.labels_, minlength=5)
    assert sizes.min() > 0 and sizes.argmax() == 0


@pytest.mark.parametrize("encoder", [tiny, pytest.param(recurrent, marks=pytest.mark.full)])
def test_the_same_seed_gives_the_same_clusters_and_another_does_not(encoder):
    X = colours()
    first, again, other = (small(encoder=encoder, random_state=s).fit(X) for s in (0, 0, 1))
    assert (first.labels_ == again.labels_).all()
    assert (first.predict_proba(X) == again.predict_proba(X)).all()
    assert (first.labels_ != other.labels_).any()


def test_labels_are_not_looked_at(pictures):
    few = pictures[:150]
    with_labels = small().fit(few, few.labels)
    assert (with_labels.labels_ == small().fit(few.without_labels()).labels_).all()


def test_scikit_learn_can_clone_it_and_read_its_settings():
    made = small(encoder="dense", objective="reconstruction")
    assert clone(made).get_params() == made.get_params()
    assert made.set_params(n_clusters=7).n_clusters == 7
    assert "n_clusters=7" in repr(made)
    with pytest.raises(NotFittedError):
        made.predict(colours())


@pytest.mark.parametrize(
    "check",
    [
        estimator_checks.check_estimator_cloneable,
        estimator_checks.check_estimator_repr,
        estimator_checks.check_estimator_tags_renamed,
        estimator_checks.check_get_params_invariance,
        estimator_checks.check_mixin_order,
        estimator_checks.check_no_attributes_set_in_init,
        estimator_checks.check_parameters_default_constructible,
        estimator_checks.check_set_params,
        estimator_checks.check_valid_tag_types,
    ],
    ids=lambda check: check.__name__,
)
def test_scikit_learns_own_checks_that_need_no_table(check):
    check("RecurrentClusterer", small())


class Rows(rt.RecurrentClusterer):
    """Takes the tables of scikit-learn's checks: each row becomes a picture one pixel high."""

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array, tags.input_tags.three_d_array = True, False
        return tags

    def fit(self, X, y=None):
        table = validate_data(self, X, ensure_min_samples=2).astype(float)
        self.lowest_, self.highest_ = table.min(axis=0), table.max(axis=0)
        return super().fit(self.as_images(table))

    def predict_proba(self, X):
        return super().predict_proba(self.as_images(self.checked(X)))

    def transform(self, X):
        return super().transform(self.as_images(self.checked(X)))

    def checked(self, X):
        check_is_fitted(self)
        return validate_data(self, X, reset=False).astype(float)

    def as_images(self, table):
        span = np.where(self.highest_ > self.lowest_, self.highest_ - self.lowest_, 1)
        return np.clip((table - self.lowest_) / span, 0, 1)[:, None, :, None]


FLOAT32 = {  # embeddings are float32, whatever comes in, and equal to its precision only
    "check_transformer_preserve_dtypes",
    "check_methods_sample_order_invariance",
}


@pytest.mark.full
@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::FutureWarning")
def test_scikit_learns_own_checks_where_pictures_are_rows_of_a_table():
    rows = Rows(**small(n_clusters=2, batch_size=16).get_params())
    results = estimator_checks.check_estimator(rows, on_fail=None)
    failed = {r["check_name"]: repr(r["exception"]) for r in results if r["status"] == "failed"}
    assert failed.keys() <= FLOAT32, failed
    assert sum(r["status"] == "passed" for r in results) > 40


@pytest.mark.parametrize("channels", [1, 2, 7])
def test_any_number_of_channels(channels):
    X = np.tile(colours(120, 9, 14), 3)[..., :channels]
    assert small(size=12).fit(X).predict(X[:4]).shape == (4,)  # resized, and with views


def test_grey_pictures_need_no_channel_and_floats_are_pixels():
    grey = colours()[..., 0]
    labels = small().fit_predict(grey)
    assert (small().fit_predict(grey[..., None]) == labels).all()
    assert (small().fit_predict(grey / 255) == labels).all()


def test_large_pictures_are_shrunk_and_it_says_so(capsys):
    X = np.repeat(np.repeat(colours(), 8, axis=1), 8, axis=2)  # 96 x 80
    made = small(size=12, verbose=True).fit(X)
    assert made.network_.input_shape == (None, 12, 10, 3)
    said = capsys.readouterr().out
    assert "Pictures of 96 x 80 are read as 12 x 10" in said and "3 steps, about" in said
    assert (made.predict(X) == made.labels_).all()
    assert (small().fit_predict(colours()) == made.labels_).all()  # averaging undoes repeating
    one_by_one = [X[0], colours()[1], X[2]]  # among them one that has the network's size already
    np.testing.assert_allclose(made.transform(one_by_one), made.transform(X[:3]), atol=1e-5)


def test_pictures_of_any_size_are_sorted_and_it_says_so(capsys):
    X = colours()
    made = small(verbose=True).fit(X)
    assert "other sizes" not in capsys.readouterr().out
    twice = X.repeat(2, axis=1).repeat(2, axis=2)
    wider = np.pad(twice, [(0, 0), (0, 0), (7, 7), (0, 0)])  # what is cut off again
    assert (made.predict(wider) == made.labels_).all()
    assert "cut to the proportions of 12 x 10 around" in capsys.readouterr().out
    mixed = [X[0], twice[1], wider[2] / 255]
    np.testing.assert_allclose(made.transform(mixed), made.transform(X[:3]), atol=1e-5)


def test_pictures_of_different_sizes_can_be_learnt_from(capsys):
    X = colours()
    sizes = [*X[:80], *X[80:].repeat(2, axis=1).repeat(2, axis=2)]
    made = small(verbose=True).fit(sizes)
    assert "cut to the proportions of 12 x 10 around" in capsys.readouterr().out
    assert (made.labels_ == small().fit_predict(X)).all()
    assert (made.predict(sizes) == made.labels_).all()


def test_prediction_goes_chunk_by_chunk(monkeypatch, made):
    X = colours()
    whole, sizes = made.predict_proba(X), []
    run = models.run
    monkeypatch.setattr(estimator, "CHUNK", 50)
    monkeypatch.setattr(
        models,
        "run",
        lambda model, part, *how: [sizes.append(len(part)), run(model, part, *how)][1],
    )
    np.testing.assert_allclose(made.predict_proba(X), whole, atol=1e-5)
    assert sizes == [50, 50, 20]
    assert made.predict(X[:0]).shape == (0,)


def test_predicting_more_pictures_takes_no_more_memory(monkeypatch, made):
    monkeypatch.setattr(estimator, "CHUNK", 100)
    X = np.random.default_rng(0).random((1_600, 12, 10, 3))  # floats, which become uint8
    made.predict(X[:100])  # what is kept from the first time
    peaks = []
    for n in (400, 1_600):
        tracemalloc.start()
        made.predict(X[:n])
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] - peaks[0] < X[:100].nbytes  # holding all 1,200 more would take ten times that


def test_a_dozen_pictures_get_a_warning_and_clusters():
    with pytest.warns(UserWarning, match="12 pictures are few"):
        made = small(epochs=None).fit(colours(12))
    assert made.labels_.shape == (12,)
    assert len(made.history_["loss"]) == estimator.PRESETS["quick"]  # a step an epoch


def test_a_preset_says_how_many_steps(monkeypatch):
    monkeypatch.setitem(estimator.PRESETS, "medium", 9)
    made = small(preset="medium", epochs=None).fit(colours())  # 120 pictures: 3 batches of 32
    assert len(made.history_["loss"]) == 3


def broken(trainer):
    raise RuntimeError


def predicted_duration(capsys, monkeypatch, product, **settings):
    """The steps and seconds that `fit` foretells where a product of matrices takes `product` s."""
    monkeypatch.setattr(timeit, "repeat", lambda *args, number=1, **kwargs: 5 * [number * product])
    monkeypatch.setattr(rt.Trainer, "run", broken)  # it is said before
    X = colours(128, **settings.pop("shape", {}))
    with pytest.raises(RuntimeError):
        small(verbose=True, **settings).fit(X)
    said = re.search(r"([\d,]+) steps, about (\d+) (s|minutes)", capsys.readouterr().out)
    return int(said[1]), int(said[2]) * {"s": 1, "minutes": 60}[said[3]]


def test_it_says_beforehand_how_long_it_takes(capsys, monkeypatch):
    """In proportion to the work and to the machine, whose speed is made up here."""
    steps, seconds = predicted_duration(capsys, monkeypatch, 10_000)
    assert steps == 4 and seconds > 0
    for factor, changes in {
        "three epochs": (3, {"epochs": 3}),
        "four times the pixels": (4, {"shape": {"height": 24, "width": 20}}),
        "a machine ten times as slow": (10, {"product": 100_000}),
    }.values():
        _, longer = predicted_duration(capsys, monkeypatch, **{"product": 10_000} | changes)
        assert longer == pytest.approx(factor * seconds, rel=0.01)
    assert predicted_duration(capsys, monkeypatch, 1)[1] < 60  # a quick one is told in seconds


def test_a_bar_shows_how_far_it_is(capsys):
    small(epochs=1, verbose=True).fit(colours(128))
    assert "4/4" in capsys.readouterr().out


def test_the_clusters_of_blobs_are_stable_and_their_number_is_found(tmp_path):
    rng = np.random.default_rng(0)
    X = np.repeat([[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 0]], 40, axis=0)
    X = np.clip(X[:, None, None] + rng.normal(0, 20, (160, 12, 10, 3)), 0, 255).astype(np.uint8)
    made = small(n_clusters="auto", augmentation="none", epochs=4).fit(X)
    assert made.n_clusters_ == made.proposal_.n_clusters == made.predict_proba(X).shape[1] == 4
    assert made.stability_ == pytest.approx(1)
    assert rt.RecurrentClusterer.load(made.save(tmp_path)).proposal_ == made.proposal_
    assert rt.evaluation.matched_accuracy(np.repeat(range(4), 40), made.labels_) == 1


def test_the_clusters_of_noise_are_not_stable(made):
    assert -0.1 < made.stability_ < 0.7


@pytest.mark.filterwarnings("ignore:.*are few:UserWarning")
def test_of_five_pictures_nobody_knows_whether_their_clusters_are_stable(tmp_path):
    made = small().fit(colours(5))
    loaded = rt.RecurrentClusterer.load(made.save(tmp_path))
    assert np.isnan(made.stability_) and np.isnan(loaded.stability_)


def test_of_several_networks_the_one_is_kept_that_agrees_best():
    X, a, b = colours(), [0, 0, 1, 1, 2, 2], [0, 0, 1, 1, 1, 2]
    made = small(restarts=2).fit(X)
    alone = small().fit(X)
    assert (made.labels_ == alone.labels_).all()  # of two that agree equally, the first
    assert made.stability_ != alone.stability_
    assert estimator.most_agreeing([[2, 0, 1, 0, 1, 2], a, b, a]) == 1


def test_a_fit_that_was_stopped_goes_on_from_there(tmp_path, monkeypatch):
    X = colours()
    whole = small(epochs=3).fit(X)
    stopping = small(epochs=3, checkpoints=tmp_path)

    class Stopped(estimator.Trainer):
        def run(self):
            self.on("batch", lambda now: len(self.batch_losses) == 5 and self.stop())
            return super().run()

    with monkeypatch.context() as context:
        context.setattr(estimator, "Trainer", Stopped)
        stopping.fit(X)
    assert len(stopping.history_["loss"]) == 1 and stopping.predict(X).shape == (120,)
    stopping.fit(X)
    assert stopping.history_["loss"] == pytest.approx(whole.history_["loss"])
    np.testing.assert_allclose(stopping.transform(X), whole.transform(X), atol=1e-5)
    again = clone(stopping).set_params(random_state=1)
    with pytest.raises(rt.TutorError, match="seed"):
        again.fit(X)


def test_a_stop_leaves_out_the_networks_that_were_not_finished(monkeypatch):
    class Stopped(estimator.Trainer):
        started = 0

        def run(self):
            Stopped.started += 1
            if Stopped.started == 2:
                self.on("batch", lambda now: self.stop())
            return super().run()

    monkeypatch.setattr(estimator, "Trainer", Stopped)
    made = small(restarts=3, epochs=2).fit(colours())
    assert Stopped.started == 2 and len(made.history_["loss"]) == 2


@pytest.mark.filterwarnings("ignore:.*are few:UserWarning")
def test_equal_pictures_leave_clusters_empty_without_nan():
    made = small(augmentation="none").fit(np.repeat(colours(1), 8, axis=0))
    assert (made.labels_ == 0).all()
    assert np.isfinite(made.predict_proba(colours(2))).all()


@pytest.mark.parametrize(
    ("X", "words"),
    [
        (colours(2), "3 clusters need at least 3 pictures"),
        (np.zeros((5, 4), np.uint8), "received the shape"),
        (np.zeros((5, 3, 8, 9), np.uint8), "the channels last"),
        (np.full((5, 4, 4), 7.0), "from 7.0 to 7.0"),
        (np.full((5, 4, 4), np.nan), "floats in 0..1"),
        (np.ones((5, 4, 4), int), "received int64"),
    ],
)
def test_what_is_no_set_of_pictures_is_refused(X, words):
    with pytest.raises(rt.TutorError, match=words):
        small().fit(X)


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ({"epochs": 0}, "epochs must be a whole number from 1"),
        ({"preset": "fast"}, "no preset 'fast'. There are: quick, medium, full"),
        ({"n_clusters": 0}, "whole number from 1.*Or give"),
        ({"n_clusters": "many"}, "received 'many'"),
        ({"restarts": 0}, "restarts must be a whole number from 1"),
    ],
)
def test_settings_that_do_not_exist_are_refused(setting, words):
    with pytest.raises(rt.TutorError, match=words):
        small(**setting).fit(colours())


def test_other_channels_are_refused_later(made):
    with pytest.raises(rt.TutorError, match=r"with 3 channels, as in `fit`; received 1"):
        made.predict(colours(5)[..., :1])
    with pytest.raises(rt.TutorError, match="channels"):
        made.predict([colours(1)[0], colours(1)[0, :9, :, 0]])


@pytest.mark.parametrize("encoder", ["dense", pytest.param("recurrent", marks=pytest.mark.full)])
def test_what_is_saved_is_what_is_loaded(tmp_path, encoder):
    X = colours()
    made = small(encoder=encoder).fit(X)
    loaded = rt.RecurrentClusterer.load(made.save(tmp_path / "kinds"))
    assert loaded.get_params() == made.get_params()
    assert (loaded.n_clusters_, loaded.stability_) == (3, made.stability_)
    assert loaded.proposal_ is made.proposal_ is None
    assert (loaded.labels_ == made.labels_).all()
    np.testing.assert_allclose(loaded.predict_proba(X), made.predict_proba(X), atol=1e-6)
    np.testing.assert_allclose(loaded.transform(X), made.transform(X), atol=1e-6)
    names = sorted(path.name for path in (tmp_path / "kinds").iterdir())
    assert names == ["clusterer.json", "network.keras"]


def test_an_augmentation_of_ones_own(tmp_path):
    X, turned = colours(), rt.Augmentation(rotation=180, mirror=True)
    made, preset, named = (
        small(augmentation=views).fit(X)
        for views in (turned, rt.augmentation.PRESETS["digits"], "digits")
    )
    assert made.history_["loss"] != preset.history_["loss"] == named.history_["loss"]
    assert clone(made).augmentation == turned
    assert rt.RecurrentClusterer.load(made.save(tmp_path)).augmentation == turned


def test_a_network_that_was_changed_is_not_opened(tmp_path, made):
    folder = made.save(tmp_path)
    (folder / "network.keras").write_bytes(b"something else")
    with pytest.raises(rt.TutorError, match=r"network\.keras"):
        rt.RecurrentClusterer.load(folder)
    with pytest.raises(rt.TutorError, match="no saved clusterer"):
        rt.RecurrentClusterer.load(folder / "nowhere")
    assert json.loads((folder / "clusterer.json").read_text())["settings"]["n_clusters"] == 3


def test_what_it_saves_is_plain_keras(tmp_path, made):
    X, file = colours(), made.save(tmp_path) / "network.keras"
    (found,) = outputs_without_package([file], X.astype("float32") / 255, tmp_path)
    np.testing.assert_allclose(found, made.predict_proba(X), atol=1e-5)


def test_the_recurrence_can_be_switched_off(fitted):
    plain = small(encoder="dense").fit(colours())
    kinds = [{type(layer).__name__ for layer in x.network_.layers} for x in (fitted, plain)]
    assert ["Bidirectional" in names for names in kinds] == [True, False]


def test_the_embeddings_are_those_of_the_trainer(pictures):
    """What the estimator does is what `rt.train`, `rt.embed` and `l2_normalize` do in the cells."""
    few = pictures[:96]
    start = np.random.RandomState(5)
    made = small(augmentation="clothes", encoder="recurrent", random_state=start).fit(few)
    seed = int(np.random.RandomState(5).randint(2**31 - 1, size=1)[0])
    encoder, history = rt.train(few, augmentation="clothes", epochs=1, batch_size=32, seed=seed)
    expected = l2_normalize(rt.embed(encoder, few))
    np.testing.assert_allclose(made.transform(few), expected, atol=1e-5)
    assert made.history_["loss"] == pytest.approx(history["loss"])


# -- settings, states and what breaks off ---------------------------------------------------


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ({"batch_size": 0}, "batch_size must be a whole number from 1; received 0"),
        ({"batch_size": 2.5}, "batch_size must be a whole number from 1; received 2.5"),
        ({"epochs": 1.5}, "epochs must be a whole number"),
        ({"size": 0}, "size must be a whole number from 1; received 0"),
        ({"size": "large"}, "size must be a whole number"),
        ({"n_clusters": True}, "n_clusters must be a whole number from 1; received True"),
        ({"n_clusters": 2.0}, "n_clusters must be"),
        ({"restarts": True}, "restarts must be"),
        ({"encoder": 3}, "encoder must be 'recurrent' or 'dense', a Keras model, or a function"),
        ({"encoder": None}, "received None"),
        ({"encoder": lambda shape: "a model"}, "Expected a Keras model; received str"),
        ({"random_state": "zero"}, "random_state must be.*received 'zero'"),
        ({"random_state": -1}, "random_state must be"),
        ({"random_state": 1.5}, "random_state must be"),
        ({"augmentation": None}, "no augmentation preset None"),
        ({"checkpoints": 7}, "checkpoints must be a folder"),
        ({"objective": 3}, "no objective 3"),
    ],
    ids=lambda part: ", ".join(part) if isinstance(part, dict) else None,
)
def test_settings_out_of_range_are_refused(setting, words):
    with pytest.raises(rt.TutorError, match=words):
        small(**setting).fit(colours(100))


def test_a_generator_is_a_random_state(tmp_path):
    X = colours(100)
    first, again, other = (
        small(random_state=np.random.default_rng(seed)).fit(X) for seed in (5, 5, 6)
    )
    assert (first.predict_proba(X) == again.predict_proba(X)).all()
    assert (first.predict_proba(X) != other.predict_proba(X)).any()
    assert rt.RecurrentClusterer.load(first.save(tmp_path)).random_state is None


def test_settings_changed_after_fit_change_nothing_that_was_fitted(tmp_path):
    X = colours(100)
    made = small(size=8).fit(X)
    before = made.predict_proba(X)
    made.set_params(n_clusters=7, size=4, random_state=3, augmentation="digits")
    assert (made.predict_proba(X) == before).all()
    loaded = rt.RecurrentClusterer.load(made.save(tmp_path))
    kept = loaded.get_params()
    assert [kept[n] for n in ("n_clusters", "size", "random_state", "augmentation")] == [
        3,
        8,
        0,
        "auto",
    ]
    loaded.set_params(size=2)
    np.testing.assert_allclose(loaded.predict_proba(X), before, atol=1e-6)


@pytest.mark.parametrize(
    "step",
    [
        "with_head",
        *(pytest.param(s, marks=pytest.mark.full) for s in ("on_halves", "most_agreeing")),
    ],
)
def test_a_fit_that_breaks_off_leaves_the_last_one_whole(monkeypatch, step):
    X, others = colours(100), colours(60, 9, 9, seed=1)
    made = small().fit(X)
    before, labels = made.predict_proba(X), made.labels_

    def interrupted(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(estimator, step, interrupted)
    with pytest.raises(KeyboardInterrupt):
        made.set_params(n_clusters=2).fit(others)
    assert (made.predict_proba(X) == before).all() and made.labels_ is labels
    assert made.n_clusters_ == 3


@pytest.mark.parametrize("batches", [0, 1])
def test_a_training_that_was_stopped_says_so(monkeypatch, batches):
    class Stopped(estimator.Trainer):
        def run(self):
            self.on("batch" if batches else "start", lambda now: self.stop())
            return super().run()

    monkeypatch.setattr(estimator, "Trainer", Stopped)
    with pytest.warns(UserWarning, match="stopped after 0 of 2 epochs"):
        small(epochs=2).fit(colours(100))


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    return small().fit(colours(100)).save(tmp_path_factory.mktemp("saved"))


ABOUT = [
    "settings",
    "left_out",
    "input_shape",
    "labels",
    "n_clusters",
    "stability",
    "proposal",
    "sha256",
]


@pytest.mark.parametrize("gone", ABOUT)
def test_an_incomplete_description_is_refused(saved, tmp_path, gone):
    about = json.loads((saved / "clusterer.json").read_text())
    del about[gone]
    refuse(saved, tmp_path, json.dumps(about))


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", '"text"', "\udcff", '{"settings": {"unknown": 1}}', '{"settings": 3}'],
)
def test_a_damaged_description_is_refused(saved, tmp_path, text):
    refuse(saved, tmp_path, text)


@pytest.mark.parametrize("part", ["labels", "input_shape", "n_clusters", "stability"])
def test_a_description_of_another_form_is_refused(saved, tmp_path, part):
    about = json.loads((saved / "clusterer.json").read_text())
    refuse(saved, tmp_path, json.dumps(about | {part: {"a": 1}}))


def refuse(saved, folder, text):
    (folder / "network.keras").write_bytes((saved / "network.keras").read_bytes())
    (folder / "clusterer.json").write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(rt.TutorError, match=r"clusterer\.json"):
        rt.RecurrentClusterer.load(folder)


def test_a_table_of_embeddings_has_a_name_for_each_column(made):
    names = made.get_feature_names_out()
    assert len(names) == len(set(names)) == made.transform(colours(3)).shape[1]
    with pytest.raises(NotFittedError):
        small().get_feature_names_out()


TABLES = [name for name in ("pandas", "polars") if importlib.util.find_spec(name)]


@pytest.mark.parametrize("kind", ["default", *TABLES])
def test_set_output_gives_a_table(kind):
    made = small(objective="reconstruction", encoder="dense").fit(colours(100))
    made.set_output(transform=kind)
    table = made.transform(colours(3))
    np.testing.assert_allclose(
        np.asarray(table), models.embed(made.encoder_, colours(3)), atol=1e-5
    )
    if kind != "default":
        assert list(table.columns) == list(made.get_feature_names_out())
