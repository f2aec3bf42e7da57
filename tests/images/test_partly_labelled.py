"""Sets of which some pictures have a label: what an `ImageSet` and the lessons make of them."""

import numpy as np
import pytest

from rnn_tutor import NeedsLabels, TutorError
from rnn_tutor.clusters import clustering
from rnn_tutor.images import datasets
from rnn_tutor.images.imageset import ImageSet

SOME = [0, -1, 1, 1, -1, 0]


def partly(labels=SOME):
    pixels = np.arange(len(labels) * 20, dtype=np.uint8).reshape(len(labels), 4, 5, 1)
    return ImageSet(pixels, labels, ("cat", "dog"), tuple(f"{i}.png" for i in range(len(labels))))


def test_a_picture_may_be_without_a_label(tmp_path):
    images = partly()
    assert images.labels.tolist() == SOME and images.n_classes == 2
    assert images.class_of_each == ["cat", None, "dog", "dog", None, "cat"]
    assert images.without_labels().class_of_each == [None] * 6
    assert "2 without a label" in repr(images) and "without" not in repr(images[[0, 2]])
    images.write(tmp_path)
    where = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.jpg")}
    assert where == {"cat/0000.jpg", "0001.jpg", "dog/0002.jpg", "dog/0003.jpg", "0004.jpg"} | {
        "cat/0005.jpg"
    }
    with pytest.raises(TutorError, match="labels do not fit"):
        partly([0, -2])


def test_lessons_about_labels_take_the_labelled_pictures(capsys):
    assert partly().require_labels().sources == ("0.png", "2.png", "3.png", "5.png")
    assert "2 pictures" in capsys.readouterr().out
    whole = partly([0, 1, 1])
    assert whole.require_labels() is whole and not capsys.readouterr().out
    for labels in ([-1, -1], [0, 0], [1, -1]):
        with pytest.raises(NeedsLabels):
            partly(labels).require_labels()


def test_a_split_draws_of_the_unlabelled_as_of_a_class():
    images = partly([0] * 10 + [-1] * 10)
    for part, n in zip(images.split(seed=1), (8, 2), strict=True):
        assert (part.labels == 0).sum() == (part.labels == -1).sum() == n


def test_sets_are_joined():
    images = partly()
    both = images[:2] + images[2:]
    np.testing.assert_array_equal(both.pixels, images.pixels)
    assert both.labels.tolist() == SOME and both.sources == images.sources
    assert (images.without_labels() + images.without_labels()).labels is None
    with pytest.raises(TutorError, match="joined"):
        images + images.without_labels()
    with pytest.raises(TutorError, match="joined"):
        images + images.resized(8, 8)


@pytest.mark.parametrize("labels", [SOME, [0] * 6, [-1] * 6, None])
def test_a_question_for_pictures_without_labels_is_one_that_pixels_answer(labels, capsys):
    images = partly(labels) if labels else partly().without_labels()
    train, test = datasets.answerable(images[[5, 0, 3, 1]], images[[2, 4]])
    assert "brighter" in capsys.readouterr().out
    assert train.class_of_each == ["brighter", "darker", "brighter", "darker"]
    assert test.class_of_each == ["darker", "brighter"]
    np.testing.assert_array_equal(train.pixels, images.pixels[[5, 0, 3, 1]])


def test_labelled_pictures_need_no_other_question(capsys):
    train, test = partly([0, 1, 1]), partly([1, 0])
    assert datasets.answerable(train, test) == (train, test)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("labels", "guess"), [(SOME, 2), ([0, 1, 1], 2), ([0, 0, 0], 3), ([0] * 9, 5), (None, 5)]
)
def test_the_first_guess_is_the_number_of_classes_where_there_are_two(labels, guess):
    images = partly(labels) if labels else partly().without_labels()
    images = ImageSet(
        images.pixels, images.labels, images.class_names[: len(set(labels or ()) - {-1})]
    )
    assert clustering.first_guess(images) == guess
