"""The instructor's folder: links that lead somewhere, answers to everything, slides offline."""

import re
from functools import cache
from html.parser import HTMLParser

import pytest
from support import course

from rnn_tutor import TutorError, cli, exercises
from rnn_tutor.course import lessons, slides, teach

LINK = re.compile(r"\]\(([^)\s]+)\)")
CODE = re.compile(r"```.*?```", re.DOTALL)
LESSONS = lessons.lessons()


@pytest.fixture(scope="module")
def pages():
    return teach.pages()


@pytest.fixture
def quick_slides(monkeypatch):
    """Slides take a second for each notebook; where they do not matter, a word stands for them."""
    monkeypatch.setattr(slides, "slides", lambda lesson: f"slides of {lesson.title}")


@cache
def anchors(path):
    """Where a link can lead in a notebook: JupyterLab writes headings with hyphens for spaces."""
    found = set()
    for cell in course.read(path).cells:
        found.add(f"cell-id={cell.id}")
        if cell.cell_type == "markdown":
            text = CODE.sub("", cell.source)
            for words in re.findall(r"^#+ +(.+?) *$", text, re.MULTILINE):
                found.add(re.sub(r"[`*]", "", words).replace(" ", "-"))
    return found


# The folder


def test_the_command_writes_the_folder(tmp_path, quick_slides, capsys):
    assert cli.main(["teach", str(tmp_path / "mine é")]) == 0
    folder = tmp_path / "mine é"
    written = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    names = [path.name for path in course.NOTEBOOKS]
    assert written == {
        *teach.PAGES,
        *(f"slides/{stem}.slides.html" for stem in course.NAMES),
        *(f"notebooks/{name}" for name in [*names, "glossary.ipynb"]),
    }
    assert (folder / "notebooks" / names[0]).read_bytes() == course.NOTEBOOKS[0].read_bytes()
    assert str(folder) in capsys.readouterr().out


def test_a_folder_that_holds_something_is_refused_and_left_alone(tmp_path, quick_slides, capsys):
    (tmp_path / "mine.txt").write_text("mine")
    assert cli.main(["teach", str(tmp_path)]) == 1
    assert "Name a new folder" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_the_second_time_the_first_folder_is_kept(tmp_path, quick_slides, capsys):
    (tmp_path / "new").mkdir()
    assert cli.main(["teach", str(tmp_path / "new")]) == 0
    (tmp_path / "new" / "routes.md").write_text("my own route")
    assert cli.main(["teach", str(tmp_path / "new")]) == 1
    assert (tmp_path / "new" / "routes.md").read_text() == "my own route"


def test_a_file_in_place_of_the_folder_is_an_error(tmp_path, quick_slides, capsys):
    (tmp_path / "file").write_text("")
    assert cli.main(["teach", str(tmp_path / "file")]) == 1
    assert "Name another one" in capsys.readouterr().err


# The pages


@pytest.mark.parametrize("page", teach.PAGES)
def test_links_lead_to_pages_and_cells_that_exist(pages, page):
    found = LINK.findall(CODE.sub("", pages[page]))
    assert found
    for target in found:
        name, _, part = target.partition("#")
        if not name.startswith("notebooks/"):
            assert name in {*teach.PAGES, "notebooks", "slides"} or name.startswith("https://"), (
                name
            )
            continue
        path = course.ROOT / name
        assert path in course.NOTEBOOKS, name
        assert not part or part in anchors(path), target


def test_every_quick_question_is_answered(pages):
    asked = 0
    for path, lesson in zip(course.NOTEBOOKS, LESSONS.values(), strict=True):
        text = "\n".join(c.source for c in course.read(path).cells if c.cell_type == "markdown")
        numbers = [int(number) for number in re.findall(r"\*\*Quick question (\d+)", text)]
        assert [question.number for question in lesson.questions] == numbers
        for question in lesson.questions:
            assert len(question.asked) > 20 and len(question.answer) > 3
            assert f"{question.asked}\n\n**Answer.** {question.answer}" in pages["answers.md"]
        asked += len(numbers)
    assert asked >= 3 * len(LESSONS)


def test_every_exercise_is_answered_below_its_own_heading(pages):
    parts = re.split(r"^### ", pages["answers.md"], flags=re.MULTILINE)
    for exercise in exercises.everything():
        (part,) = [part for part in parts if part.startswith(f"{exercise.name}:")]
        assert exercises.solution_text(exercise.number) in part


def test_there_are_ten_misconceptions_each_with_a_cure_and_a_question(pages):
    parts = re.split(r"^## \d+\. ", pages["misconceptions.md"], flags=re.MULTILINE)[1:]
    assert len(parts) == 10
    for part in parts:
        cure = part.split("**Cure:**")[1].split("**Ask:**")[0]
        assert "](notebooks/" in cure
        assert "?" in part.split("**Ask:**")[1]


def rows(table):
    return [[cell.strip(" *") for cell in line.split("|")[1:-1]] for line in table.splitlines()
            if line.startswith("|")][2:]  # fmt: skip


def all_times():
    return {
        lesson.path.stem: {
            "cpu_cells": {
                c["id"]: 2.0 for c in lesson.notebook["cells"] if c["cell_type"] == "code"
            }
        }
        for lesson in LESSONS.values()
    }


def test_a_route_runs_every_cell_up_to_its_last_section_once():
    parts = [("07", ["The encoder", "Collapse"]), ("08", ["The pictures"])]
    *body, total = rows(teach.route(LESSONS, 60, parts, all_times()))
    cells = [cell for cell in course.read(LESSONS["07"].path).cells if cell.cell_type == "code"]
    last = [cell.id for cell in cells].index(LESSONS["07"].section("Collapse").code[-1])
    before_08 = 1 + len(LESSONS["08"].section("The pictures").code)  # the first cell sets up
    assert int(total[2]) == 2 * (last + 1 + before_08)
    assert sum(int(row[2]) for row in body) == int(total[2])
    assert [bool(row[3]) for row in body] == [False, True, False, True, False, True]
    assert "(?)" not in str(body)


def test_what_was_not_measured_is_marked():
    times = all_times()
    changed = LESSONS["07"].section("Collapse").code[0]
    del times[LESSONS["07"].path.stem]["cpu_cells"][changed]
    text = teach.route(LESSONS, 60, [("07", ["Collapse"])], times)
    assert ["(?)" in row[2] for row in rows(text)] == [False, True, False]
    assert "changed since" in text and "at least" in rows(text)[-1][2]
    nothing = rows(teach.route(LESSONS, 60, [("07", ["Collapse"])], {}))
    assert [row[2] for row in nothing[:-1]] == ["?", "?"]


def test_a_heading_or_cell_that_is_gone_is_an_error():
    with pytest.raises(TutorError, match="no heading 'Colapse'"):
        teach.route(LESSONS, 60, [("07", ["Colapse"])], {})
    with pytest.raises(TutorError, match="no cell 'gone'"):
        teach.cell_link(LESSONS["07"], "gone")


@pytest.mark.parametrize("shared", [0, 300])
def test_the_memory_of_a_class_counts_what_is_shared_once(shared):
    """Two kernels hold their two proportional shares, which Linux computes itself."""
    own, rss = 1000 - shared, 1000
    one = {"rss": rss, "pss": own + shared / 2, "private": own}
    kernels = {"peak_mb": [rss, rss], "at_the_end": [one, one]}
    assert teach.class_memory(kernels, 2) == pytest.approx(2 * one["pss"] / 1000)
    assert teach.class_memory(kernels, 30) == pytest.approx((30 * own + shared) / 1000)


# The slides


class Page(HTMLParser):
    """What a page loads, its slides and its formulas."""

    def __init__(self, text):
        super().__init__()
        self.loads, self.slides, self.formulas, self.text = [], [], 0, ""
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag in ("script", "link", "img", "iframe", "video", "source", "object"):
            self.loads += [attributes.get("src"), attributes.get("href"), attributes.get("data")]
        if attributes.get("class") == "slide":
            self.slides.append(attributes["aria-label"])
        self.formulas += tag == "math"

    def handle_data(self, data):
        self.text += data


@pytest.mark.parametrize(
    "number", [pytest.param(n, marks=() if n == "05" else pytest.mark.full) for n in LESSONS]
)
def test_slides_need_no_network_and_hold_what_the_notebook_holds(number):
    lesson = LESSONS[number]
    html = slides.slides(lesson)
    page = Page(html)
    assert {load for load in page.loads if load and not load.startswith("data:")} == set()
    assert not re.search(r"@import|url\(\s*['\"]?(?!data:|#)|fetch\(|import\(", html)
    wanted = [s.heading for s in lesson.sections if s.heading != "Sources"]
    assert list(dict.fromkeys(page.slides)) == [re.sub(r"[`*]", "", words) for words in wanted]
    assert len(page.slides) > len(wanted)
    assert html.count("<details") >= len(lesson.questions)
    text = CODE.sub("", "".join("".join(c["source"]) for c in lesson.notebook["cells"]
                                if c["cell_type"] == "markdown"))  # fmt: skip
    assert bool(page.formulas) == ("$" in re.sub(r"`[^`]*`", "", text))
    assert ".ipynb" not in " ".join(re.findall(r'href="([^"]*)"', html))


def cell(source, kind="markdown", slide_type=None, **more):
    metadata = {"slideshow": {"slide_type": slide_type}} if slide_type else {}
    return {"id": source[:9], "cell_type": kind, "metadata": metadata, "source": source} | more


def begins(cells):
    """The beginnings of the slides, each with whether its outputs come later."""
    parts = slides.arranged(cells)
    assert [p["metadata"]["slide_end"] for p in parts] == [
        p["metadata"]["slide_start"] for p in parts[1:]
    ] + [True]
    return [
        (p["source"].split("\n")[0], p["metadata"]["slide_guess"])
        for p in parts
        if p["metadata"]["slide_start"]
    ]


def test_headings_drawings_guesses_and_questions_begin_a_slide():
    cells = [
        cell("# Title\n\nWords.\n\n```\n# no heading\n```"),
        cell("More words.\n\n## Second\n\nIts words.\n\n**Guess:** which?"),
        cell("### Third\n\n**Guess:** when?"),
        cell("1 + 1", "code", outputs=[]),
        cell('Words.\n\n<img alt="a" src="data:">'),
        cell("**Quick question 1.** What?\n\n<details></details>"),
        cell("## Sources\n\nA book."),
    ]
    assert begins(cells) == [
        ("# Title", False),
        ("## Second", False),
        ("**Guess:** which?", True),
        ("### Third", True),
        ('<img alt="a" src="data:">', False),
        ("**Quick question 1.** What?", False),
    ]


def test_the_slideshow_metadata_of_a_cell_wins_over_the_rule():
    cells = [
        cell("# Title"),
        cell("## Second", slide_type="-"),
        cell("Words.", slide_type="slide"),
        cell("## Left out", slide_type="skip"),
        cell("2 + 2", "code", slide_type="subslide", outputs=[]),
        cell("Later.", slide_type="fragment"),
    ]
    assert begins(cells) == [("# Title", False), ("Words.", False), ("2 + 2", False)]
    parts = slides.arranged(cells)
    assert [p["source"] for p in parts if p["metadata"]["slide_fragment"]] == ["Later."]


def test_formulas_outside_of_code_become_mathml():
    (part,) = slides.arranged([cell("$x_1 * y$ and $$a|b$$ and `$PATH` and `$HOME`, 5 $ each.")])
    assert part["source"].count("<math") == 2
    assert "`$PATH`" in part["source"] and "5 $ each" in part["source"]
    markdown = re.sub(r"<[^>]*>", "", part["source"].split("and `")[0])
    assert not set("*_|") & set(markdown)


@pytest.mark.full
def test_the_whole_folder_for_real(tmp_path):
    folder = teach.write_folder(tmp_path / "all")
    assert len(list(folder.glob("slides/*.html"))) == len(course.NOTEBOOKS)
    assert sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) < 20_000_000
