"""The builders: shapes for any pictures, causality, ranges, and a file that can be read again."""

import numpy as np
import pytest
from support.plain import outputs_without_package

from rnn_tutor._backend import keras
from rnn_tutor._errors import TutorError
from rnn_tutor.images.imageset import ImageSet
from rnn_tutor.networks import models
from rnn_tutor.training import TrainingSettings

# Keras asks NumPy in an old way for a tensor's numbers.
pytestmark = pytest.mark.filterwarnings(
    "error",
    "ignore:__array__:DeprecationWarning",
    "ignore::pytest.PytestUnraisableExceptionWarning",  # what an earlier test left unclosed
)
SHAPES = [(28, 28, 1), (37, 23, 3), (8, 8, 1)]


def pictures(shape, n=3, seed=0):
    return np.random.default_rng(seed).random((n, *shape), dtype="float32")


def outputs(model, some):
    """What the model makes of some pictures, without compiling it first."""
    return keras.tree.map_structure(keras.ops.convert_to_numpy, model(some))


@pytest.mark.parametrize("shape", SHAPES)
def test_the_encoder_reads_any_pictures(shape):
    encoder = models.recurrent_encoder(shape, units=4)
    embeddings = outputs(encoder, pictures(shape))
    assert embeddings.shape == (3, 16)  # rows and columns, both ways
    assert embeddings.dtype == np.float32
    assert np.isfinite(embeddings).all()


@pytest.mark.parametrize("cell", ["simple_rnn", "gru", "lstm"])
@pytest.mark.parametrize("bidirectional", [False, True])
def test_recurrent_and_dense_encoders_are_equally_wide(cell, bidirectional):
    widths = [
        models.recurrent_encoder((8, 8, 1), 5, cell, bidirectional, recurrent).output_shape
        for recurrent in (True, False)
    ]
    assert widths == [(None, 20 if bidirectional else 10)] * 2


def layer_kinds(model):
    """Class names of all layers, those inside `Bidirectional` too."""
    inside = [getattr(layer, "forward_layer", layer) for layer in model.layers]
    return {type(layer).__name__ for layer in [*model.layers, *inside]}


def test_the_dense_encoder_has_no_recurrence_and_the_other_has_the_cell_asked_for():
    cells = {"GRU", "LSTM", "SimpleRNN"}
    dense = models.recurrent_encoder((8, 8, 1), 2, recurrent=False)
    assert not layer_kinds(dense) & cells
    lstm = models.recurrent_encoder((8, 8, 1), 2, "lstm")
    assert layer_kinds(lstm) & cells == {"LSTM"}


def test_rows_are_read_down_and_columns_across():
    """The one layer is fed with the rows of the feature map, the other with its columns."""
    encoder = models.recurrent_encoder((8, 12, 1), units=3, bidirectional=False)
    inside = [layer for layer in encoder.layers if isinstance(layer, keras.layers.GRU)]
    convolved = next(layer for layer in encoder.layers if layer.output.shape[1:] == (2, 3, 16))
    feature_map = [x for x in encoder.layers if x.output.shape[1:] == convolved.output.shape[1:]]
    probe = keras.Model(encoder.input, [feature_map[-1].output, *(x.input for x in inside)])
    features, rows, columns = outputs(probe, pictures((8, 12, 1)))
    np.testing.assert_array_equal(rows, features.reshape(3, 2, 48))
    np.testing.assert_array_equal(columns, features.transpose(0, 2, 1, 3).reshape(3, 3, 32))


@pytest.mark.parametrize("shape", SHAPES)
def test_the_autoencoder_draws_a_picture(shape):
    encoder = models.recurrent_encoder(shape, units=3)
    drawn = outputs(models.recurrent_autoencoder(encoder, units=4), pictures(shape))
    assert drawn.shape == (3, *shape)
    assert 0 <= drawn.min() <= drawn.max() <= 1


def test_the_autoencoder_draws_from_the_embedding_alone():
    """Another picture with the same embedding would be drawn alike: nothing goes around it."""
    encoder = models.recurrent_encoder((8, 8, 1), units=3)
    decoder_inputs = models.recurrent_autoencoder(encoder).layers[len(encoder.layers)]
    assert decoder_inputs.input is encoder.output


def test_the_row_encoder_averages_its_states():
    encoder = models.row_encoder((6, 5, 3), units=4)
    some = pictures((6, 5, 3))
    states = outputs(keras.Model(encoder.input, encoder.layers[-2].output), some)
    assert states.shape == (3, 6, 4)
    np.testing.assert_allclose(outputs(encoder, some), states.mean(axis=1), atol=1e-6)


@pytest.mark.parametrize("cell", ["simple_rnn", "gru", "lstm"])
def test_the_predictor_has_not_seen_what_it_predicts(cell):
    """Changing a row changes no prediction of that row or an earlier one, and the next one does."""
    model = models.next_row_predictor(models.row_encoder((6, 5, 3), units=8, cell=cell))
    some = pictures((6, 5, 3))
    before = outputs(model, some)
    assert before.shape == (3, 5, 15)
    assert 0 <= before.min() <= before.max() <= 1
    for row in range(1, 6):
        changed = some.copy()
        changed[:, row:] = 1 - changed[:, row:]
        after = outputs(model, changed)
        np.testing.assert_allclose(after[:, :row], before[:, :row], atol=1e-6)
        assert row == 5 or np.abs(after[:, row] - before[:, row]).max() > 1e-4


def test_a_cell_of_ones_own_needs_one_entry(monkeypatch):
    monkeypatch.setitem(models.CELLS, "sru", lambda *a, **k: keras.layers.GRU(*a, **k))
    settings = TrainingSettings("next_row", cell="sru", units=3)
    assert settings.make_encoder((4, 4, 1)).output_shape == (None, 3)
    with pytest.raises(TutorError, match="sru"):
        TrainingSettings(cell="srn")


def test_the_projector_stands_on_the_encoder():
    encoder = models.recurrent_encoder((8, 8, 1), units=3)
    model = models.projector(encoder, hidden=7, size=5)
    assert outputs(model, pictures((8, 8, 1))).shape == (3, 5)
    assert {id(layer) for layer in encoder.layers} < {id(layer) for layer in model.layers}


def every_model():
    encoder = models.recurrent_encoder((8, 6, 3), units=3)
    reader = models.row_encoder((8, 6, 3), units=3, cell="lstm")
    yield encoder
    yield models.recurrent_encoder((8, 6, 3), units=3, recurrent=False)
    yield models.classifier((8, 6, 3), 4, 5, "lstm", bidirectional=True, blocks=2, dropout=0.3)
    yield models.recurrent_autoencoder(encoder)
    yield models.projector(encoder)
    yield reader
    yield models.next_row_predictor(reader)


def test_saved_models_need_neither_the_package_nor_trust_in_their_code(tmp_path):
    some, saved = pictures((8, 6, 3)), list(every_model())
    files = [tmp_path / f"{number}.keras" for number in range(len(saved))]
    for file, model in zip(files, saved, strict=True):
        model.save(file)
    again = outputs_without_package(files, some, tmp_path)
    for found, model in zip(again, saved, strict=True):
        np.testing.assert_allclose(found, outputs(model, some), atol=1e-5)


def test_embed_works_in_batches_on_bytes_floats_and_image_sets():
    encoder = models.recurrent_encoder((8, 8, 1), units=3, recurrent=False)
    pixels = np.random.default_rng(0).integers(0, 256, (10, 8, 8, 1), dtype=np.uint8)
    whole = outputs(encoder, pixels.astype("float32") / 255)
    for images in (pixels, pixels / 255, ImageSet(pixels)):
        embeddings = models.embed(encoder, images, batch_size=4)
        assert embeddings.dtype == np.float32
        np.testing.assert_allclose(embeddings, whole, atol=1e-5)
    assert models.embed(encoder, pixels[:0]).shape == (0, 12)


def test_the_file_of_an_encoder_can_be_loaded_by_its_path(tmp_path):
    encoder = models.recurrent_encoder((8, 8, 1), units=2)
    encoder.save(tmp_path / "mine.keras")
    again = models.load_encoder(tmp_path / "mine.keras")
    some = pictures((8, 8, 1))
    np.testing.assert_allclose(outputs(again, some), outputs(encoder, some), atol=1e-6)
