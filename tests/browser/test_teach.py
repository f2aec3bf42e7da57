"""What an instructor opens: slides without a network."""

import nbformat
import pytest

from rnn_tutor.course import lessons, slides

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
