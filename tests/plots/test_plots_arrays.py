"""Figures of maps, numbers and frames: what is drawn says what the array says, in grey too."""

import io
import re

import numpy as np
import pytest
from matplotlib import image as mpl_image
from matplotlib.colors import to_rgb
from matplotlib.image import AxesImage
from matplotlib.patches import Rectangle
from matplotlib.text import Text

from rnn_tutor import TutorError, plots

R = np.random.default_rng(0)
PICTURES = R.random((4, 12, 10, 1))
SIGNED, POSITIVE = R.normal(size=(4, 3, 3)), [R.random((7, k)) for k in (3, 7, 14)]
SMALL = np.array([[1.0, -2.5], [0.25, 1000]])

FIGURES = {
    "maps": lambda: plots.maps({"picture": PICTURES, "kernels": SIGNED}, title="M"),
    "maps, titles": lambda: plots.maps({"a": POSITIVE}, titles=["x", "<y>", "$z"], most=1),
    "maps, colour": lambda: plots.maps({"a": R.random((2, 9, 9, 3))}),
    "maps, all zero": lambda: plots.maps({"dead": np.zeros((2, 5, 5))}),
    "occlusion": lambda: plots.occlusion(PICTURES, {"grey": R.random((4, 3, 4))}, titles="abcd"),
    "numbers": lambda: plots.numbers({"a": SMALL, "b": [[1, 2, 3]]}, {"a": (0, 1, 1, 1)}),
    "arrows": lambda: plots.arrows(np.eye(6, dtype=np.uint8), np.eye(6), np.ones((6, 6))),
    "boxes": lambda: plots.boxes(PICTURES[0], {"one": (-2, 3, 4, 4), "two": (0, 0, 5, 9)}),
}


def texts(picture):
    return [t.get_text() for t in picture.figure.findobj(Text)]


def drawn_maps(arrays, most=None):
    """The pixels `(h, w, 3)` that `maps` draws for the arrays of a row."""
    found = plots.maps({"row": arrays}, most=most).figure.findobj(AxesImage)
    return [np.asarray(image.get_array()) for image in found]


def lightness(pixels):
    """What is left of colours in grey."""
    return pixels.reshape(-1, 3) @ [0.299, 0.587, 0.114]


@pytest.mark.parametrize("name", FIGURES)
def test_every_figure_is_drawn_small_and_has_alt_text(name):
    picture = FIGURES[name]()
    assert len(picture.alt) > 15
    assert not re.search(r"0x[0-9a-f]{6}", picture.alt)
    assert len(picture.png()) < 60_000
    height, width = mpl_image.imread(io.BytesIO(picture.png())).shape[:2]
    assert 50 < width <= 600
    assert 20 < height <= 620


def test_signed_maps_rise_from_dark_over_grey_to_bright():
    (drawn,) = drawn_maps([np.linspace(-3, 3, 7)[None]])
    shades = lightness(drawn)
    assert (np.diff(shades) > 10).all()
    assert np.ptp(drawn[0, 3].astype(int)) < 15  # 0 is grey


def test_maps_without_negative_numbers_begin_at_black():
    first, second = drawn_maps([np.array([[0, 4]]), np.array([[0, 1]])])
    assert first[0, :, 0].tolist() == second[0, :, 0].tolist() == [0, 255]
    shared = drawn_maps([np.array([[0, 4]]), np.array([[0, 1]])], most=4)
    assert [array[0, 1, 0] for array in shared] == [255, 64]


@pytest.mark.parametrize("least", [0.0, -1.0])
def test_what_is_no_number_stays_white(least):
    (drawn,) = drawn_maps([np.array([[np.nan, least, 4]])])
    assert drawn.dtype == np.uint8
    assert drawn[0, 0].tolist() == [255, 255, 255] != drawn[0, 1].tolist()


def test_a_row_is_signed_as_a_whole():
    without, _ = drawn_maps([np.ones((1, 1)), -np.ones((1, 1))])
    assert without[0, 0].tolist() != [255, 255, 255]


def test_pictures_are_drawn_as_they_are():
    drawn = drawn_maps(np.full((1, 2, 2, 1), 0.5))
    assert (drawn[0] == 128).all()


def test_names_and_titles_can_be_read_in_full():
    name = "brighter to the right"
    words = texts(plots.maps({name: PICTURES}, titles=["a", "b", "c", "d"]))
    assert {name, "a", "d"} <= set(words)


def test_numbers_are_written_out_where_they_belong():
    picture = plots.numbers({"a": SMALL, "b": [[7]]}, {"a": (0, 1, 1, 1)})
    places = {t.get_text(): t.get_position() for t in picture.figure.findobj(Text)}
    assert {"1", "-2.5", "0.25", "1e+03", "7", "a", "b"} <= set(places)
    (x, y), (below, _) = places["1"], places["0.25"]
    assert (places["-2.5"], below, places["7"][1]) == ((x + 1, y), x, y)
    frames = picture.figure.findobj(lambda a: isinstance(a, Rectangle) and a.get_linewidth() == 2.5)
    assert [frame.get_xy() for frame in frames] == [(x + 0.5, 0)]


def test_numbers_can_be_read_on_their_ground():
    picture = plots.numbers({"a": [[-9, -1, 0, 1, 9]]})
    inks = {t.get_text(): t.get_color() for t in picture.figure.findobj(Text)}
    dark, light = (np.mean(to_rgb(inks[number])) for number in ("9", "-9"))
    assert dark < 0.05 and light > 0.95
    assert dark != 0 and light != 1  # black and white change places on a dark page


@pytest.mark.parametrize("array", [np.zeros(3), np.zeros((11, 10)), np.zeros((2, 2, 1))])
def test_numbers_refuse_what_would_not_be_readable(array):
    with pytest.raises(TutorError, match="at most 100 numbers"):
        plots.numbers({"a": array})


def test_arrows_point_where_they_are_told_from_the_middle_of_their_pixel():
    image, across, down = np.zeros((2, 3), np.uint8), np.zeros((2, 3)), np.zeros((2, 3))
    across[1, 2], down[0, 1] = 5, -2
    (drawn,) = plots.arrows(image, across, down).figure.axes[0].collections
    found = {(x, y): (u, v) for x, y, u, v in zip(drawn.X, drawn.Y, drawn.U, drawn.V, strict=True)}
    assert found == {(1.5, 0.5): (0, -2), (2.5, 1.5): (5, 0)}
    assert drawn.axes.get_ylim() == (2, 0)  # down is down


@pytest.mark.parametrize("shape", [(3,), (2, 2), (11, 10)])
def test_arrows_refuse_arrays_that_differ_or_are_large(shape):
    with pytest.raises(TutorError, match="one shape"):
        plots.arrows(np.zeros(shape, np.uint8), np.zeros(shape), np.zeros((3, 3)))


def test_boxes_lie_where_they_are_said_to_and_differ_without_colour():
    picture = FIGURES["boxes"]()
    frames = [p for p in picture.figure.axes[0].patches if p.get_label() in ("one", "two")]
    found = [(*p.get_xy(), p.get_width(), p.get_height()) for p in frames]
    assert found == [(3, -2, 4, 4), (0, 0, 9, 5)]
    assert len({p.get_linestyle() for p in frames}) == 2
    assert picture.figure.axes[0].get_ylim()[1] <= -2  # nothing is cut off
    assert {"one", "two"} <= set(texts(picture))


def test_an_occlusion_map_lies_where_the_middles_of_the_squares_were():
    def drawn(fall):
        picture = plots.occlusion(np.zeros((1, 12, 10, 1)), {"grey": [fall]})
        return picture.figure.axes[0].images[1].get_array()

    changed = np.zeros((3, 2))
    none = drawn(changed)
    changed[0, 1] = 1
    (rows, columns) = np.nonzero((drawn(changed) != none).any(axis=-1))
    # A square of 8 x 8 at (0, 2) has its middle between the pixels 3 and 4, and 5 and 6.
    assert sorted({*rows}) == [3, 4]
    assert sorted({*columns}) == [5, 6]
    assert (none[:3] == 255).all()
    assert (none[:, :3] == 255).all()
    assert not (none[3:9, 3:7] == 255).any()


def test_a_small_rise_on_an_occlusion_map_can_be_told_from_no_change():
    fall = [[-0.05, 0.0, 0.05, 1.0]]
    picture = plots.occlusion(np.zeros((1, 8, 14, 1)), {"grey": [fall]})
    rise, none, drop, most = picture.figure.axes[0].images[1].get_array()[4, 3:11:2].astype(int)
    assert rise[2] - rise[0] > none[2] - none[0] + 10  # bluer
    assert drop[0] - drop[2] > none[0] - none[2] + 10  # yellower
    assert most[0] - most[2] > drop[0] - drop[2] + 50
