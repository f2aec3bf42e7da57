"""What an instructor opens: slides without a network, and links that JupyterLab follows."""

import shutil

import nbformat
import pytest
from store_notebooks import KERNELSPEC
from support import course

from rnn_tutor.course import lessons, slides

from .conftest import READY, SHUT_DOWN, open_page

MADE_UP = [
    "# Title\n\nProse to be said.\n\nA **term** to be seen, $x_1$.",
    "## Second\n\n**Guess:** which?",
    ("6 * 7", "42"),
    "**Quick question 1.** Why?\n\n<details><summary>Answer</summary>Because.</details>",
]


@pytest.fixture
def deck(browser, tmp_path):
    """The slides of a small notebook in a browser that is offline; no address may be asked for."""
    cells = []
    for made in MADE_UP:
        if isinstance(made, str):
            cells.append(nbformat.v4.new_markdown_cell(made))
            continue
        source, shown = made
        output = nbformat.v4.new_output("stream", text=shown)
        cells.append(nbformat.v4.new_code_cell(source, outputs=[output], execution_count=1))
    nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "99_made_up.ipynb")
    page_of = slides.slides(lessons.Lesson(tmp_path / "99_made_up.ipynb"))
    (tmp_path / "made_up.slides.html").write_text(page_of, encoding="utf-8")
    context = browser.new_context(offline=True)
    page, asked = context.new_page(), []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: asked.append(str(error)))
    page.goto((tmp_path / "made_up.slides.html").as_uri())
    yield page
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    context.close()


def test_slides_are_turned_with_the_arrow_keys_and_show_answers_last(deck):
    place, answer = deck.locator("#place"), deck.locator("details")
    output = deck.locator("section .fragment")
    assert place.text_content() == "1 of 3"
    deck.keyboard.press("ArrowRight")
    assert place.text_content() == "2 of 3"
    assert not output.is_visible()  # the guess comes first
    deck.keyboard.press("ArrowRight")
    assert place.text_content() == "2 of 3" and output.is_visible()
    deck.keyboard.press(" ")
    assert place.text_content() == "3 of 3" and answer.get_attribute("open") is None
    deck.get_by_role("button", name="→").click()
    assert answer.get_attribute("open") is not None
    for _ in range(2):
        deck.keyboard.press("ArrowLeft")
    assert place.text_content() == "2 of 3"
    deck.reload()
    assert place.text_content() == "2 of 3"  # the address says where one was


def test_prose_is_shown_when_asked_for_and_on_paper(deck):
    prose = deck.get_by_text("Prose to be said.")
    assert deck.get_by_text("to be seen").is_visible() and not prose.is_visible()
    deck.keyboard.press("t")
    assert prose.is_visible()
    deck.keyboard.press("t")
    deck.emulate_media(media="print")
    assert prose.is_visible() and deck.locator("section .fragment").is_visible()


@pytest.fixture
def links(browser, lab):
    """A page of JupyterLab with links into the glossary and into a lesson."""
    lesson = lessons.lessons()["08"]
    for path in (course.GLOSSARY, lesson.path):
        shutil.copy(path, lab.folder)
    targets = {
        "term": "glossary.ipynb#Matched-accuracy",
        "heading": lesson.address("With labels: right or wrong?").removeprefix("notebooks/"),
        "cell": f"{lesson.path.name}#cell-id=number-read",
    }
    text = "\n\n".join(f"[{name}]({target})" for name, target in targets.items())
    cells = [nbformat.v4.new_markdown_cell(text), nbformat.v4.new_code_cell("1")]
    metadata = {"kernelspec": KERNELSPEC}
    notebook = nbformat.v4.new_notebook(cells=cells, metadata=metadata)
    page = open_page(browser, lab, notebook, "links")
    yield page
    page.evaluate(SHUT_DOWN)
    page.close()


def test_jupyterlab_follows_links_to_terms_headings_and_cells(links):
    """JupyterLab jumps in a notebook that is open; a link that opens one may show its top."""
    for name, words in {
        "heading": "With labels: right or wrong?",
        "cell": "Here is a recipe:",
        "term": "Matched accuracy",
    }.items():
        for click in range(2):
            links.get_by_role("tab", name="links.ipynb").click()
            links.get_by_role("link", name=name, exact=True).click()
            if click == 0:  # it may have opened the notebook
                links.wait_for_function(READY)
        links.wait_for_function(
            """words => [...document.querySelectorAll(".jp-RenderedMarkdown")].some(node => {
                const { top, bottom, height } = node.getBoundingClientRect();
                const isSeen = height && bottom > 0 && top < innerHeight;
                return isSeen && node.textContent.includes(words);
            })""",
            arg=words,
        )
