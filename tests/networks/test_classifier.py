"""The classifier: its steps, and that it learns what notebook 05 says it learns."""

import numpy as np
import pytest

import rnn_tutor as rt
from rnn_tutor._backend import keras


def steps(model):
    """(steps, features) of the sequence that the recurrent layer reads."""
    (reshape,) = [layer for layer in model.layers if isinstance(layer, keras.layers.Reshape)]
    return reshape.output.shape[1:]


@pytest.mark.parametrize(
    ("shape", "blocks", "expected"),
    [
        ((28, 28, 1), 1, (14, 14 * 32)),
        ((28, 28, 1), 2, (7, 7 * 64)),
        ((28, 28, 1), 3, (7, 3 * 64)),
        ((224, 224, 3), 3, (56, 28 * 64)),
        ((20, 36, 3), 3, (5, 4 * 64)),
    ],
)
def test_the_third_pooling_keeps_the_rows(shape, blocks, expected):
    assert steps(rt.models.classifier(shape, blocks=blocks)) == expected


def test_every_setting_arrives():
    model = rt.models.classifier((28, 28, 1), 7, 10, "lstm", bidirectional=True, dropout=0.4)
    kinds = {type(layer).__name__: layer for layer in model.layers}
    assert model.output_shape == (None, 7)
    assert isinstance(kinds["Bidirectional"].forward_layer, keras.layers.LSTM)
    assert kinds["Bidirectional"].forward_layer.units == 10
    assert kinds["Dropout"].rate == 0.4
    assert "Dropout" not in {type(k).__name__ for k in rt.models.classifier((28, 28, 1)).layers}


@pytest.mark.full
def test_three_epochs_on_fashion5():
    train, test = rt.load_images("fashion5").split()
    keras.utils.set_random_seed(0)
    model = rt.models.classifier(train.shape, train.n_classes, dropout=0.3)
    optimizer = keras.optimizers.Adam(0.001)
    optimizer.build(model.trainable_variables)
    model.compile(optimizer, "sparse_categorical_crossentropy")
    model.fit(train.as_float(), train.labels, batch_size=64, epochs=3, verbose=0)
    said = model.predict(test.as_float(), verbose=0)
    assert np.allclose(said.sum(axis=1), 1, atol=1e-4)
    accuracy = np.mean(said.argmax(axis=1) == test.labels)
    assert 0.93 < accuracy < 0.995  # 0.97 after eight epochs; more than that would be a leak
