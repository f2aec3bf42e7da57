"""Every figure: drawn from awkward input, with alt text, small, and told apart without colour."""

import base64
import io
import re
import threading
from xml.etree import ElementTree

import matplotlib
import numpy as np
import pytest
from matplotlib import image as mpl_image
from matplotlib.colors import to_hex
from matplotlib.text import Text

from rnn_tutor import TutorError, plots
from rnn_tutor.clusters import evaluation
from rnn_tutor.clusters.clustering import Clustering
from rnn_tutor.images.imageset import ImageSet

R = np.random.default_rng(0)
GREY = R.integers(0, 256, (30, 12, 12, 1), np.uint8)
COLOUR = R.random((30, 10, 16, 3)).astype(np.float32)
POINTS = R.normal(size=(30, 2))
LARGER_THAN_DRAWN = R.random((24, 60, 60))
FITTED = Clustering(3).fit(POINTS)

FIGURES = {
    "image_grid": lambda x: plots.image_grid(x[:13], title="Some"),
    "image_grid, titles": lambda x: plots.image_grid(x[:3], titles=["a", "<b>", "$c"]),
    "planes": lambda x: plots.planes(POINTS, {"one": [0, 1, 2] * 10, "<b>": [0] * 30}),
    "image_rows": lambda x: plots.image_rows({"original": x[:4], "noisy": x[:3]}, title="Some"),
    "image_rows, halves": lambda x: plots.image_rows({"a": (x[:4], x[:3])}, halves=("l", "<b>")),
    "photographs": lambda x: plots.photographs([x[0], x[1, :6], x[2, ..., 0]], ["a", "b", "c"]),
    "photographs, one": lambda x: plots.photographs([x[0] > 0.5], title="One alone"),
    "clusters": lambda x: plots.clusters(x, FITTED, n=4, names=["A", "B", "C"]),
    "sequence, rows": lambda x: plots.sequence(x[0]),
    "sequence, columns": lambda x: plots.sequence(x[:1], "columns"),
    "sequence, patches": lambda x: plots.sequence(x[0], "patches", 2),
    "loss_curve": lambda x: plots.loss_curve({"a": [3, 2, 1], "b": [1.0]}, x="step", title="L"),
    "loss_curve, one": lambda x: plots.loss_curve([3, 2, np.nan]),
    "loss_curve, none": lambda x: plots.loss_curve({"a": []}),
    "loss_curve, log": lambda x: plots.loss_curve({"a": [1, 1e-5, 0]}, start=0, log=True),
    "histogram": lambda x: plots.histogram(x[0], title="H"),
    "histogram, all": lambda x: plots.histogram(x[:1], 117, np.arange(256.0)),
    "embedding_map": lambda x: plots.embedding_map(POINTS, x, FITTED.labels, title="M"),
    "embedding_map, plain": lambda x: plots.embedding_map(POINTS),
    "embedding_map, one place": lambda x: plots.embedding_map(np.ones((30, 2)), x),
    "contingency": lambda x: plots.contingency(np.arange(6).reshape(2, 3), ["a", "b"], title="T"),
    "contingency, large": lambda x: plots.contingency(np.ones((30, 40), int)),
    "contingency, one": lambda x: plots.contingency([[0]], ["a"]),
    "reading": lambda x: plots.reading(x[0], np.tanh(POINTS[:12]), title="R"),
    "reading, said": lambda x: plots.reading(
        x[0], POINTS[:6], R.dirichlet([1, 1, 1], 6), ["a", "$b", "c" * 40]
    ),
    "reading, no names": lambda x: plots.reading(x[0], POINTS[:1], np.ones((1, 12)) / 12),
    "scan_paths": lambda x: plots.scan_paths({"a": np.arange(6), "b": [0, 2, 1, 3, 5, 4]}, (2, 3)),
    "scan_paths, four": lambda x: plots.scan_paths(dict.fromkeys("abcd", np.arange(4)), (4, 1)),
    "score_bars": lambda x: plots.score_bars({"a": [0.5, 0.6], "b": 0.9}, highlight="b"),
    "score_curves": lambda x: plots.score_curves({"a": {4: [0.5, 0.6], 64: [0.7]}}, "n", title="S"),
    "unrolled": lambda x: plots.unrolled(x[0, :5, :, 0] / 255, POINTS[:6], first=13, title="U"),
    "circles": lambda x: plots.circles({"$a": POINTS, "<b>": -POINTS}, [0, 1, 2] * 10, title="C"),
    "circles, many": lambda x: plots.circles(dict.fromkeys("abcdefgh", R.random((500, 2)))),
    "forest": lambda x: plots.forest({"P": {"a": (-1, 2), "$b": (1, 3)}}, "points", title="F"),
    "score panels": lambda x: plots.score_panels(
        {"A $": {"b": [0.5, 1]}, "C": {"$d": 0}}, title="S"
    ),
    "forest, five": lambda x: plots.forest(dict.fromkeys("12345", dict.fromkeys("abc", (0, 9)))),
    "score_bars, points": lambda x: plots.score_bars({"a": [0.9, 1.0], "$b": 1}, "a", start=0.8),
    "score_bars, negative": lambda x: plots.score_bars({"a": [-0.1, 0.0]}, x="ARI"),
}


def decoded(picture):
    return mpl_image.imread(io.BytesIO(picture.png()))


def images_in(page):
    """The images in the SVG of a page, `(h, w)` or `(h, w, 3 or 4)`, from 0 to 1."""
    return [
        mpl_image.imread(io.BytesIO(base64.b64decode(found)))
        for found in re.findall(r"data:image/png;base64,([^\"]+)", page)
    ]


def texts(picture):
    return [t.get_text() for t in picture.figure.findobj(Text)]


IN_COLOUR = [name for name in FIGURES if name.startswith(("image", "seq", "clus", "embedding_map"))]


@pytest.mark.parametrize(
    ("name", "pixels"),
    [(name, GREY) for name in FIGURES] + [(name, COLOUR) for name in IN_COLOUR],
)
def test_every_figure_is_drawn_small_and_has_alt_text(name, pixels):
    picture = FIGURES[name](pixels)
    assert len(picture.alt) > 15
    assert repr(picture) == f"Picture: {picture.alt}"
    assert picture.alt == FIGURES[name](pixels).alt
    assert not re.search(r"0x[0-9a-f]{6}", picture.alt)
    assert len(picture.png()) < 60_000
    height, width = decoded(picture).shape[:2]
    assert 50 < width <= 820
    assert 20 < height <= 620


@pytest.mark.parametrize(
    ("values", "written"),
    [
        ([20, 1, 0.05, 0, np.nan], {"10", "1", "0.1"}),
        ([1, 1e-5], {"10⁰", "10⁻¹", "10⁻⁵"}),
        ([1e-2, 1e12], {"10⁰", "10¹²"}),
    ],
)
def test_powers_of_ten_are_written_in_one_way(values, written):
    picture = plots.loss_curve(values, log=True)
    assert picture.png()
    assert written <= set(texts(picture))
    assert not any("$" in text or "e-" in text for text in texts(picture))
    axis = picture.figure.axes[0].yaxis
    powers = [tick.label1.get_text() for tick in axis.get_major_ticks()]
    assert len({"10⁰" in written, *(any(c in "⁰¹²³⁴⁵⁶⁷⁸⁹" for c in text) for text in powers)}) == 1


def test_a_chain_has_one_state_more_than_steps():
    picture = plots.unrolled(GREY[0, :3, :, 0] / 255, POINTS[:4], first=9)
    assert {"h₈", "x₉", "h₉", "x₁₁", "h₁₁"} <= set(texts(picture))
    with pytest.raises(TutorError, match="4 in all; got 3"):
        plots.unrolled(GREY[0, :3, :, 0] / 255, POINTS[:3])


def test_what_is_read_and_what_is_said_stand_side_by_side():
    said = np.array([[0.9, 0.1], [0.2, 0.8]])
    picture = plots.reading(GREY[0], np.zeros((2, 5)), said, ["cat", "dog"])
    seen, states, curves = picture.figure.axes
    assert states.images[0].get_array().shape == (2, 5)
    assert [line.get_xdata().tolist() for line in curves.lines] == said.T.tolist()
    assert seen.get_ylim() == states.get_ylim() == curves.get_ylim()
    assert {"cat", "dog"} <= set(texts(picture))
    assert "cat, dog" in picture.alt


def test_alt_text_is_escaped_in_html():
    picture = plots.image_grid(GREY[:2], titles=['"><script>', "b"], title="Cats & dogs")
    page = picture._repr_html_()
    alt = "Cats &amp; dogs. 2 pictures in 1 row: &quot;&gt;&lt;script&gt;, b"
    assert page.startswith(f'<svg role="img" aria-label="{alt}"')
    assert "<script" not in page
    assert ElementTree.fromstring(as_file(page)).get("aria-label") == picture.alt


def as_file(page):
    """An SVG as it stands in a page, and as it can stand by itself."""
    spaces = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
    return page.replace("<svg", f"<svg {spaces}", 1)


@pytest.mark.parametrize("name", FIGURES)
def test_every_figure_on_a_page_is_small_and_no_wider_than_its_column(name):
    picture = FIGURES[name](GREY)
    page, (inches_wide, inches_high) = picture.html(), picture.figure.get_size_inches()
    root = ElementTree.fromstring(as_file(page))
    assert len(page) < 60_000
    width = re.search(r"width:([\d.]+)%", root.get("style"))
    assert 0 < float(width[1]) <= 100
    assert float(width[1]) == pytest.approx(min(100, 100 * inches_wide / plots.figure.WIDTH), 1e-3)
    *corner, right, below = map(float, root.get("viewBox").split())
    assert corner == [0, 0] and right / below == pytest.approx(inches_wide / inches_high, 1e-3)
    assert not list(root.iter("{http://www.w3.org/2000/svg}style"))  # it would be the whole page's
    written = "".join(root.itertext())
    for text in texts(FIGURES[name](GREY)):
        assert text.split("\n")[0] in written


def test_a_figure_takes_the_colours_of_its_page():
    page = plots.loss_curve({"0.123456": [3, 2], "b": [2, 1]}, title="L").html()
    assert "#000000" not in page and "currentColor" in page
    assert ">0.123456<" in page  # coordinates are rounded, texts are not
    assert ">#dddddd<" in plots.loss_curve([2, 1], title="#dddddd").html()  # nor is this a colour
    hollow = plots.forest({"P": {"a": (-1, 2)}}).html()
    assert "#ffffff" not in hollow and "var(--jp-layout-color0" in hollow
    inks = plots.contingency([[0, 9], [9, 0]]).html()
    assert "#010101" in inks and "#fefefe" in inks  # on blue ground


@pytest.mark.parametrize("name", FIGURES)
def test_what_is_written_on_an_image_keeps_its_colours_on_every_page(name):
    """The pixels stay as they are on a dark page; what stands on them may not turn."""
    figure = FIGURES[name](COLOUR if name in IN_COLOUR else GREY).figure
    figure.draw_without_rendering()
    places = [image.get_window_extent() for image in figure.findobj(mpl_image.AxesImage)]
    for text in figure.findobj(Text):
        x, y = text.get_window_extent().get_points().mean(axis=0)
        if text.get_visible() and text.get_text() and any(p.contains(x, y) for p in places):
            ground = text.get_bbox_patch()
            inks = [text.get_color(), *([ground.get_facecolor()] if ground else [])]
            assert not {to_hex(ink) for ink in inks} & {*plots.figure.THEME}, text.get_text()


@pytest.mark.parametrize(
    "draw",
    [lambda: plots.clusters(GREY, FITTED, n=4), lambda: plots.image_grid(LARGER_THAN_DRAWN)],
)
def test_a_page_changes_nothing_in_the_figure(draw):
    picture, before = draw(), draw().png()
    with matplotlib.rc_context({"svg.fonttype": "path"}):
        first = picture.html()
        assert matplotlib.rcParams["svg.fonttype"] == "path"
    assert first == draw().html()
    assert picture.png() == before


def test_small_images_stand_on_a_page_with_the_pixels_that_they_have():
    drawn = images_in(plots.image_grid(GREY[:3]).html())
    for pixels, image in zip(GREY[:3], drawn, strict=True):
        np.testing.assert_allclose(255 * image.reshape(12, 12, -1)[..., :1], pixels, atol=0.5)


def test_few_points_stay_shapes_and_many_become_one_image_with_holes():
    def page(n):
        return plots.planes(R.normal(size=(n, 2)), {"P": [0] * n}).html()

    assert not images_in(page(40)) and page(40).count("<use") > page(5).count("<use") + 30
    (points,) = images_in(page(900))
    assert points[0, 0, 3] == 0 and points[..., 3].max() > 0.9  # the page shows through
    assert page(900).count("<use") < page(40).count("<use")


def test_lines_keep_their_shape_on_a_page():
    zigzag = plots.loss_curve(np.tile([1.0, 2.0], 29)).html()
    longest = max(re.findall(r' d="([^"]+)"', zigzag), key=lambda path: path.count("L"))
    x, y = np.array(re.findall(r"[ML] (\S+) (\S+)", longest), float).T
    assert len(x) == 58 and np.ptp(np.diff(x)) < 0.03 and len({*y}) == 2


@pytest.mark.parametrize("title", [r"a $\frac$ b", "运动鞋", "x" * 200])
def test_any_folder_name_can_be_a_title(title):
    picture = plots.image_grid(GREY[:2], titles=[title, "b"], title=title)
    assert decoded(picture).size
    assert title in picture.alt


def test_many_photographs_stay_small():
    assert len(plots.image_grid(R.random((12, 90, 90, 3)), columns=6).png()) < 150_000


def test_photographs_are_large_and_shown_as_they_are():
    picture = plots.photographs([np.full((40, 60), True), np.full((40, 60), 0.5)], ["w", "g"])
    seen = decoded(picture)
    height, width = seen.shape[:2]
    assert width > 500
    centres = [seen[height // 2, width // 4, 0], seen[height // 2, 3 * width // 4, 0]]
    np.testing.assert_allclose(centres, [1, 0.5], atol=0.01)


def test_what_jpeg_makes_much_smaller_is_shown_as_jpeg():
    ramp = np.linspace(0, 1, 300 * 400).reshape(300, 400)
    noisy = np.clip(ramp + R.normal(0, 0.2, ramp.shape), 0, 1)
    assert 'href="data:image/jpeg;base64,' in plots.photographs([noisy]).html()
    assert 'href="data:image/png;base64,' in plots.photographs([ramp > 0.5]).html()


def test_an_image_set_is_taken_too():
    class Images:
        pixels = GREY

    np.testing.assert_array_equal(
        decoded(plots.image_grid(Images())), decoded(plots.image_grid(GREY))
    )


def test_a_mask_is_drawn_in_black_and_white():
    mask = np.arange(64).reshape(8, 8) % 3 == 0
    for picture in (plots.image_grid(mask[None]), plots.photographs([mask])):
        (drawn,) = (image for axes in picture.figure.axes for image in axes.images)
        np.testing.assert_array_equal(drawn.get_array()[..., 0], 255 * mask)


def test_pictures_keep_their_values_and_their_order():
    shades = np.array([0, 90, 180], np.uint8)
    pixels = np.broadcast_to(shades[:, None, None, None], (3, 8, 8, 1))
    for same in (pixels, pixels / 255, pixels[..., 0]):
        seen = decoded(plots.image_grid(same))
        h, w = seen.shape[:2]
        centres = [seen[h // 2, int(w * (k + 0.5) / 3), 0] * 255 for k in range(3)]
        np.testing.assert_allclose(centres, shades, atol=1.5)


def test_colours_and_markers_differ_and_are_not_told_by_colour_alone():
    styles = [plots.style(k) for k in range(64)]
    assert len(set(styles)) == 64
    assert len({colour for colour, _ in styles[:8]}) == 8
    assert len({marker for _, marker in styles[:8]}) == 8


def test_the_map_has_a_group_for_each_cluster_and_thumbnails_apart():
    picture = plots.embedding_map(POINTS, GREY, FITTED.labels, names=["A", "B", "C"], thumbnails=9)
    axes = picture.figure.axes[0]
    legend = [t.get_text() for t in picture.figure.legends[0].get_texts()]
    assert legend == ["A", "B", "C"]
    assert [len(c.get_offsets()) for c in axes.collections] == FITTED.sizes.tolist()
    picture.figure.draw_without_rendering()
    boxes = [artist.offsetbox.get_window_extent() for artist in axes.artists]
    assert 3 <= len(boxes) <= 9
    places = axes.transData.transform(POINTS)
    for k, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[:k])
        assert not box.count_contains(places)  # beside points, never over one


def test_any_name_may_stand_on_a_map(recwarn):
    names = ["寺庙", "$5", "$\\frac"]
    assert plots.embedding_map(POINTS, GREY, FITTED.labels, names=names).png()
    assert not [str(warning.message) for warning in recwarn if "Glyph" in str(warning.message)]


def test_the_map_names_pictures_without_a_cluster():
    picture = plots.embedding_map(POINTS[:2], None, [-1, 0])
    assert picture.alt.endswith("no cluster, cluster 0")


def test_the_table_shows_every_count():
    table = np.array([[12, 0, 7], [3, 45, 6]])
    shown = texts(plots.contingency(table, ["Bag", "Dress"]))
    assert {"12", "0", "7", "3", "45", "6", "Bag", "Dress", "class", "cluster"} <= set(shown)


def test_bars_show_mean_and_sample_deviation():
    picture = plots.score_bars({"pixels": [0.6, 0.7, 0.8], "once": 0.5})
    assert {"0.700 ± 0.100", "0.500"} <= set(texts(picture))
    assert picture.alt.endswith("pixels 0.700 ± 0.100, once 0.500")


def test_a_whisker_beyond_one_is_drawn_whole():
    (axes,) = plots.score_bars({"a": [0.7, 1.0, 1.0], "b": 0.5}).figure.axes
    _, _, (whisker,) = axes.containers[0]
    assert axes.get_xlim()[1] >= whisker.get_segments()[0][:, 0].max() > 1
    assert plots.score_bars({"b": 0.5}).figure.axes[0].get_xlim() == (0, 1)


def test_scores_on_an_axis_from_elsewhere_are_points_and_no_bars():
    picture = plots.score_bars({"a": [0.94, 0.96], "b": 0.9}, x="share", start=0.8)
    (axes,) = picture.figure.axes
    assert not axes.patches and axes.get_xlim()[0] == 0.8
    assert [float(line.get_xdata()[0]) for line, _, _ in axes.containers] == [0.95, 0.9]
    assert axes.get_ylim()[0] > axes.get_ylim()[1]  # the first one stands at the top
    assert "0.8" in axes.get_xlabel() and picture.alt.startswith("Points of the share")
    assert len(plots.score_bars({"a": 0.9}).figure.axes[0].patches) == 1


def test_score_curves_show_mean_and_sample_deviation():
    table = {"a": {10: [0.6, 0.7, 0.8], 1000: [0.9, 0.9]}, "b": {10: [0.5], 1000: [0.8]}}
    picture = plots.score_curves(table, "pictures")
    axes = picture.figure.axes[0]
    (line, _, (whiskers,)), other = axes.containers
    assert line.get_ydata() == pytest.approx([0.7, 0.9])
    assert whiskers.get_segments()[0][:, 1] == pytest.approx([0.6, 0.8])
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["10", "1,000"]
    assert line.get_linestyle() != other[0].get_linestyle()
    assert "a from 0.700 at 10 to 0.900 at 1,000, b from 0.500" in picture.alt


def test_points_lie_on_the_circle_in_the_direction_that_they_had():
    points = np.array([[3.0, 0], [0, -0.1], [1, 1], [0, 0]])
    picture = plots.circles({"start": points, "end": -points}, [0, 0, 1, 1], columns=3)
    start, end, empty = picture.figure.axes
    first, second = start.collections
    assert first.get_offsets().tolist() == [[1, 0], [0, -1]]
    assert second.get_offsets().tolist()[0] == pytest.approx([0.5**0.5] * 2)
    assert first.get_facecolor().tolist() != second.get_facecolor().tolist()
    assert end.collections[0].get_offsets().tolist() == [[-1, 0], [0, 1]]
    assert not empty.collections
    assert picture.alt == "4 embeddings on a circle: start, end"


def test_a_forest_plot_tells_intervals_with_zero_from_those_without():
    intervals = {"below": (-3, -1), "above": (0.5, 2.5), "both": (-1, 3), "edge": (0, 1)}
    picture = plots.forest({"P": intervals, "Q": dict.fromkeys(intervals, (-4, 4))}, "points")
    left, right = picture.figure.axes
    zero, *drawn = left.lines
    assert list(zero.get_xdata()) == [0, 0]
    ends, middles = drawn[::2], drawn[1::2]
    assert [tuple(line.get_xdata()) for line in ends] == list(intervals.values())
    assert [float(line.get_xdata()[0]) for line in middles] == [-2, 1.5, 1, 0.5]
    looks = [(line.get_marker(), line.get_markerfacecolor()) for line in middles]
    assert looks[0] == looks[1] != looks[2] == looks[3]
    assert left.get_ylim()[0] > left.get_ylim()[1]  # the first name stands at the top
    assert {line.get_solid_capstyle() for line in ends} == {"butt"}  # none reaches beyond its ends
    assert len({line.get_color() for line in right.lines[1:]}) == 1
    assert "P: below 0 below, above 0 above, 0 inside both and edge; Q: 0 inside" in picture.alt


def test_a_forest_plot_needs_the_same_names_in_every_panel():
    with pytest.raises(TutorError, match="same names"):
        plots.forest({"P": {"a": (0, 1)}, "Q": {"b": (0, 1)}})
    with pytest.raises(TutorError, match="same names"):
        plots.forest({})


def test_score_panels_have_a_dot_for_each_seed_and_a_row_for_each_method():
    panels = {"one task": {"a": [0.2, 0.3, 0.7], "b": [1, 1, 1]}, "other": {"c": [0.5], "b": 0.25}}
    picture = plots.score_panels(panels)
    left, right = picture.figure.axes
    assert [t.get_text() for t in left.get_yticklabels()] == ["a", "b", "c"]
    drawn = [(list(line.get_xdata()), set(line.get_ydata())) for line in right.lines]
    assert drawn == [([0.5], {2}), ([0.5], {2}), ([0.25], {1}), ([0.25], {1})]
    seeds, mean = left.lines[:2]
    assert list(seeds.get_xdata()) == [0.2, 0.3, 0.7]
    assert list(mean.get_xdata()) == [pytest.approx(0.4)]
    assert np.abs(seeds.get_ydata()).max() < 0.5  # nearer to their own row than to the next
    assert [axes.get_title().split() for axes in (left, right)] == [["one", "task"], ["other"]]
    assert left.get_xlim() == right.get_xlim() == (0, 1)
    assert not any(line.get_clip_on() for line in left.lines)  # a dot at 1 is drawn whole
    assert len(set(left.lines[2].get_ydata())) == 3  # equal seeds do not hide one another
    assert left.get_ylim()[0] > left.get_ylim()[1]  # the first name stands at the top
    assert "one task: a 0.40, b 1.00; other: c 0.50, b 0.25" in picture.alt
    assert "Nothing to draw" in plots.score_panels({"empty": {}}).alt


def test_curves_start_at_one_and_name_their_axes():
    axes = plots.loss_curve({"a": [3, 2], "b": [2, 1]}, x="step", y="cost").figure.axes[0]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("step", "cost")
    assert [line.get_xdata().tolist() for line in axes.lines] == [[1, 2], [1, 2]]
    assert len({line.get_linestyle() for line in axes.lines}) == 2


def test_the_histogram_counts_grey_levels():
    weighted = 255 * COLOUR[0] @ [0.299, 0.587, 0.114]  # of red, green and blue
    for picture, grey in ((COLOUR[0], weighted), (GREY[0], GREY[0]), (GREY[0, ..., 0], GREY[0])):
        stairs = plots.histogram(picture).figure.axes[0].patches[0]
        counted = np.repeat(np.arange(256), stairs.get_data().values)
        assert np.abs(counted - np.sort(grey.ravel())).max() <= 1
    with pytest.raises(TutorError, match="received 30"):
        plots.histogram(GREY)


def test_the_threshold_and_the_curve_are_named_and_the_tallest_level_cut():
    picture = np.r_[np.zeros(5000, int), np.arange(256).repeat(4)].astype(np.uint8)[None]
    drawn = plots.histogram(picture, 117, between=np.arange(256.0))
    assert {"threshold 117", "5,004 at 0", "between-class variance"} <= set(texts(drawn))
    assert "cut off at the top: 5,004 pixels at 0" in drawn.alt and "threshold 117" in drawn.alt
    axes, other = drawn.figure.axes
    assert 4 < axes.get_ylim()[1] < 10 and other.lines[1].get_xdata()[0] == 117.5
    assert other.lines[0].get_ydata().tolist() == list(range(256))
    even = plots.histogram(np.arange(256, dtype=np.uint8)[None])
    assert "cut" not in even.alt and "threshold" not in even.alt


def test_clusters_show_the_typical_on_the_left_and_the_border_on_the_right():
    picture = plots.clusters(GREY, FITTED, n=2)
    drawn = [im.get_array()[..., :1] for im in picture.figure.axes[0].images]
    expected = [
        GREY[i] for c in range(3) for i in (*FITTED.typical(c, 2), *FITTED.borderline(c, 2))
    ]
    np.testing.assert_array_equal(drawn, expected)


def test_rows_in_two_halves_have_headings_and_a_gap():
    rows = {"a": (GREY[:3], GREY[3:5]), "b": (GREY[5:6], GREY[6:9])}
    picture = plots.image_rows(rows, halves=("near", "far"))
    axes = picture.figure.axes[0]
    drawn = [im.get_array()[..., :1] for im in axes.images]
    np.testing.assert_array_equal(drawn, GREY[:9])
    lefts = np.array([im.get_extent()[0] for im in axes.images])
    places = {t.get_text(): t.get_position()[0] for t in axes.texts}
    assert lefts[[0, 3]].tolist() == lefts[[5, 6]].tolist() == [places["near"], places["far"]]
    assert lefts[3] - lefts[2] > 1.2 * (lefts[2] - lefts[1])
    assert "near" in picture.alt and "far" in picture.alt


def test_steps_are_drawn_in_the_order_of_sequences():
    picture = plots.sequence(GREY[0], "patches", 6)
    steps = [im.get_array()[..., 0] for im in picture.figure.axes[1].images]
    blocks = [GREY[0, y : y + 6, x : x + 6, 0] for y in (0, 6) for x in (0, 6)]
    np.testing.assert_array_equal(steps, blocks)
    middles = [
        np.mean(np.reshape(im.get_extent(), (2, 2)), 1) for im in picture.figure.axes[1].images
    ]
    numbers = {t.get_text(): t.get_position() for t in picture.figure.axes[1].texts}
    assert numbers == {str(k): tuple(middle) for k, middle in enumerate(middles, 1)}


def test_what_cannot_be_drawn_is_refused():
    with pytest.raises(TutorError, match=r"\(0, 8, 8, 1\)"):
        plots.image_grid(np.zeros((0, 8, 8, 1)))
    with pytest.raises(TutorError, match=r"\(2, 8, 8, 4\)"):
        plots.image_grid(np.zeros((2, 8, 8, 4)))
    with pytest.raises(TutorError, match="'spiral'"):
        plots.sequence(GREY[0], "spiral")
    with pytest.raises(TutorError, match="patches of 5"):
        plots.sequence(GREY[0], "patches", 5)


def test_a_confusion_counts_the_labelled_alone():
    labels, answers = [0, 1, 1, -1, 0], [0, 1, -1, 1, 0]
    drawn = plots.confusion(labels, answers, ("a", "b"), ("a", "b"), columns="answer")
    axes = drawn.figure.axes[0]
    written = [text.get_text() for text in axes.texts]
    assert written == ["2", "0", "0", "0", "1", "1"]  # the last column has no answer
    assert [t.get_text() for t in axes.get_xticklabels()] == ["a", "b", "no answer"]
    assert "4 of 5 pictures" in drawn.alt and "2 classes by 3 answers" in drawn.alt
    whole = plots.confusion([0, 1, 1], [2, 0, 0], ("a", "b"))
    table = evaluation.contingency([0, 1, 1], [2, 0, 0])
    assert whole.alt == plots.contingency(table, ("a", "b")).alt


@pytest.mark.parametrize("labels", [None, [-1, -1, -1]])
def test_without_labels_there_is_no_confusion_and_no_curve(labels):
    drawn = plots.confusion(labels, [0, 1, 0], ("a", "b"))
    assert "Table" not in drawn.alt and not drawn.figure.axes[0].images
    curve = plots.score_curves({"a": {5: [np.nan]}, "b": {}}, "number of labels")
    assert "Line chart" not in curve.alt and not curve.figure.axes[0].lines
    assert drawn.html() and curve.png()


def test_scores_that_could_not_be_measured_are_left_out():
    table = {"a": {5: [np.nan, np.nan], 10: [0.5, 0.7]}, "b": {5: [np.nan]}}
    drawn = plots.score_curves(table, "number of labels")
    assert drawn.alt.endswith("a from 0.600 at 10 to 0.600 at 10")


def test_no_pictures_are_said_to_be_none():
    some = ImageSet(GREY, None)
    none = some[[]]
    assert plots.image_grid(none).alt == plots.image_rows({"a": none, "b": none}).alt
    mixed = plots.image_rows({"a": none, "b": some[:2]})
    assert len(mixed.figure.axes[0].images) == 2 and "a, b" in mixed.alt


def test_titles_of_pictures_without_a_label():
    images = ImageSet(GREY[:3], [0, -1, 1], ("a", "b"))
    assert plots.image_grid(images, images.class_of_each).alt.endswith("a, no label, b")
    unlabelled = images.without_labels()
    untitled = plots.image_grid(images)
    assert plots.image_grid(unlabelled, unlabelled.class_of_each).alt == untitled.alt


def test_planes_show_each_clustering_of_the_points():
    points = np.array([[0, 0], [1, 0], [9, 9]])
    drawn = plots.planes(points, {"one": [0, 0, 0], "two": [0, 0, 1]})
    assert [axes.get_title() for axes in drawn.figure.axes] == ["one", "two"]
    seen = [
        np.concatenate([c.get_offsets() for c in axes.collections]) for axes in drawn.figure.axes
    ]
    for offsets in seen:
        np.testing.assert_array_equal(offsets, points)
    means = [line.get_xydata()[0].tolist() for line in drawn.figure.axes[1].lines]
    assert means == [[0.5, 0], [9, 9]] and "two, 2, 1 points" in drawn.alt


def test_threads_may_draw():
    drawn, settings = [], dict(matplotlib.rcParams)
    draw = lambda: drawn.append(plots.loss_curve([2, 1]).html())  # noqa: E731
    threads = [threading.Thread(target=draw) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert drawn == [plots.loss_curve([2, 1]).html()] * 4
    assert dict(matplotlib.rcParams) == settings


def test_strips_are_drawn_at_their_own_widths():
    strips = ImageSet(np.full((2, 8, 40, 1), 200, np.uint8), strip_widths=[20, 40])
    for picture in (plots.image_grid(strips), plots.image_rows({"strips": strips})):
        narrow, wide = (image.get_extent() for image in picture.figure.axes[0].images)
        assert wide[1] - wide[0] == pytest.approx(2 * (narrow[1] - narrow[0]))
        assert wide[2] - wide[3] == pytest.approx(narrow[2] - narrow[3])
