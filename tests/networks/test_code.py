"""Models as plain Keras: the text runs, gives the same layers, and with the weights the same."""

import importlib
import re

import numpy as np
import pytest
from support.contract import nameless

import rnn_tutor as rt
from rnn_tutor._backend import keras
from rnn_tutor.networks import models

# Keras asks NumPy in an old way for a tensor's numbers.
pytestmark = pytest.mark.filterwarnings("error", "ignore:__array__:DeprecationWarning")
layers = keras.layers
SHAPE = (8, 6, 3)


def run(code):
    """The model that the code builds, with nothing but Keras at hand."""
    names = {}
    exec(code, names)
    return names["model"]


def outputs(model, seed=0):
    """What the model makes of random numbers."""
    rng = np.random.default_rng(seed)
    given = [rng.random((2, *x.shape[1:]), dtype="float32") for x in model.inputs]
    made = model(given if len(given) > 1 else given[0], training=False)
    return [keras.ops.convert_to_numpy(part) for part in keras.tree.flatten(made)]


def assert_same(model, again):
    """Their layers are the same, and with copied weights what they say."""
    assert nameless(again.get_config()) == nameless(model.get_config())
    again.set_weights(model.get_weights())
    for part, expected in zip(outputs(again), outputs(model), strict=True):
        np.testing.assert_allclose(part, expected, atol=1e-6)


def encoder():
    return models.recurrent_encoder(SHAPE, units=3)


BUILDERS = {
    "classifier": lambda: models.classifier(SHAPE, 4, 5, "lstm", True, 2, 0.3),
    "recurrent encoder": encoder,
    "dense encoder": lambda: models.recurrent_encoder(SHAPE, 3, recurrent=False),
    "autoencoder": lambda: models.recurrent_autoencoder(encoder()),
    "projector": lambda: models.projector(encoder()),
    "row encoder": lambda: models.row_encoder(SHAPE, 3, "simple_rnn"),
    "predictor": lambda: models.next_row_predictor(models.row_encoder(SHAPE, 3)),
}


@pytest.mark.parametrize("build", BUILDERS.values(), ids=BUILDERS)
def test_the_code_of_every_builder_gives_the_same_model(build):
    model = build()
    assert_same(model, run(rt.models.keras_code(model)))


def test_every_builder_is_among_them():
    public = {n for n, f in vars(models).items() if getattr(f, "__module__", "") == models.__name__}
    no_models = {"recurrent_layer", "embed", "load_encoder", "_eagerly"}
    assert {name for name in public if name not in no_models} == {
        "classifier",
        "recurrent_encoder",
        "recurrent_autoencoder",
        "projector",
        "row_encoder",
        "next_row_predictor",
    }


def test_the_code_is_as_one_writes_it():
    model = models.classifier((28, 28, 1), dropout=0.2, bidirectional=True)
    assert rt.models.keras_code(model) == (
        "import keras\n"
        "from keras import layers\n"
        "\n"
        "image = keras.Input((28, 28, 1))\n"
        'x = layers.Conv2D(32, 3, padding="same", activation="relu")(image)\n'
        "x = layers.MaxPooling2D(2)(x)\n"
        'x = layers.Conv2D(64, 3, padding="same", activation="relu")(x)\n'
        "x = layers.MaxPooling2D(2)(x)\n"
        'x = layers.Conv2D(64, 3, padding="same", activation="relu")(x)\n'
        "x = layers.MaxPooling2D((1, 2))(x)\n"
        "x = layers.Reshape((7, 192))(x)\n"
        "x = layers.Bidirectional(layers.GRU(64))(x)\n"
        'x = layers.Dense(64, activation="relu")(x)\n'
        "x = layers.Dropout(0.2)(x)\n"
        'x = layers.Dense(5, activation="softmax")(x)\n'
        "model = keras.Model(image, x)\n"
    )


def test_branches_have_names_of_their_own():
    code = rt.models.keras_code(models.recurrent_encoder((28, 28, 1)))
    assert "rows = layers.Bidirectional(layers.GRU(48))(rows)\ncolumns = layers.Permute" in code
    assert "x = layers.Concatenate()([rows, columns])" in code


def residual():
    """Sums with what was before, two layers that are called twice, and two inputs."""
    image, more = keras.Input((8, 8, 3)), keras.Input((4,))
    weigh = layers.Conv2D(3, 1, strides=1, use_bias=False)
    convolve = layers.Conv2D(3, (3, 1), padding="same", kernel_initializer="he_normal")
    x = layers.Rescaling(0.5)(image)
    x = layers.Add()([x, weigh(convolve(x))])
    x = layers.Add()([x, layers.LeakyReLU()(convolve(weigh(x)))])
    x = layers.LayerNormalization()(layers.BatchNormalization()(x))
    x = layers.GlobalAveragePooling2D()(layers.AveragePooling2D((2, 1))(x))
    return keras.Model([image, more], [layers.Concatenate()([x, more]), more])


def with_states():
    """A state handed on, nested cells, and every way to take a part of a tensor."""
    sequence = keras.Input((6, 3), batch_size=2)
    x, state = layers.GRU(4, return_sequences=True, return_state=True)(sequence)
    again = layers.GRU(4, kernel_regularizer=keras.regularizers.L2(0.1), go_backwards=True)
    y = again(x[:, ::2], initial_state=[state])
    cells = layers.RNN([layers.GRUCell(3), layers.LSTMCell(2)], trainable=False)(x[..., 1:3])
    z = layers.MultiHeadAttention(2, 3)(x, x[:, None, 0])
    z = layers.TimeDistributed(layers.Dense(2, "relu", dtype="float64"))(z)
    return keras.Model(sequence, [x, layers.Concatenate()([y, cells]), z])


@pytest.mark.parametrize("build", [residual, with_states])
def test_what_others_build_with_keras_can_be_written_too(build):
    model = build()
    assert_same(model, run(rt.models.keras_code(model)))


def test_a_dropout_that_always_drops_still_does():
    image = keras.Input((5,))
    model = keras.Model(image, layers.Dropout(0.5)(image, training=True))
    assert "layers.Dropout(0.5)(inputs, training=True)" in rt.models.keras_code(model)


class Mine(layers.Dense):
    pass


def mine(x):
    return x


REFUSED = {
    "Lambda": lambda: layers.Lambda(mine, name="refused"),
    "Mine": lambda: Mine(2, name="refused"),
    "function": lambda: layers.Dense(2, activation=mine, name="refused"),
    "Functional": lambda: keras.Model(x := keras.Input((4,)), layers.Dense(2)(x), name="refused"),
    "Add": lambda: lambda x: keras.src.ops.numpy.Add(name="refused")(x, 1.0),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_cannot_be_written_is_named(kind):
    inputs = keras.Input((4,))
    model = keras.Model(inputs, layers.Dense(1)(REFUSED[kind]()(layers.Dense(4)(inputs))))
    with pytest.raises(rt.TutorError, match=rf"'refused' cannot be .* because of {kind}\."):
        rt.models.keras_code(model)


def test_models_that_are_not_functional_are_refused():
    with pytest.raises(rt.TutorError, match="Only a functional model"):
        rt.models.keras_code(keras.Sequential([keras.Input((3,)), layers.Dense(2)]))


def test_an_exported_model_is_a_module_of_plain_keras(tmp_path, monkeypatch):
    model = BUILDERS["classifier"]()
    script, weights = rt.models.export_script(model, tmp_path / "taken" / "my_model")
    assert [p.name for p in (script, weights)] == ["my_model.py", "my_model.weights.h5"]
    assert "rnn_tutor" not in script.read_text("utf-8")
    script.parent.rename(tmp_path / "moved")
    monkeypatch.syspath_prepend(tmp_path / "moved")
    taken = importlib.import_module("my_model").model
    np.testing.assert_allclose(outputs(taken), outputs(model), atol=1e-6)


def test_only_its_own_scripts_are_written_over(tmp_path):
    model = BUILDERS["dense encoder"]()
    assert rt.models.export_script(model, tmp_path / "m") == rt.models.export_script(
        model, tmp_path / "m"
    )
    (tmp_path / "work.py").write_text("hours = 'of work'\n")
    with pytest.raises(rt.TutorError, match=re.escape("work.py is there already")):
        rt.models.export_script(model, tmp_path / "work")
    assert (tmp_path / "work.py").read_text() == "hours = 'of work'\n"
