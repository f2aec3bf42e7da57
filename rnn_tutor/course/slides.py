"""Slides of a notebook: one HTML file that needs no network and no server.

nbconvert writes the HTML, with the template in `data/teach/slides`. Its own slides take reveal.js,
MathJax and more from the network. Here a few lines of CSS and JavaScript turn the pages, and the
formulas are MathML, which every browser draws by itself.
"""

import re

from rnn_tutor._text import DATA
from rnn_tutor.course.lessons import HEADING, Lesson, split_at_headings

BASE = DATA / "teach"
LEFT_OUT = {"skip", "notes"}
BEGINS = {"slide", "subslide"}
GLOSSARY = re.compile(r"\[([^\]]*)\]\(glossary\.ipynb[^)]*\)")
CODE = re.compile(r"(```.*?```|`[^`\n]*`)", re.DOTALL)
FORMULA = re.compile(r"\$\$(.+?)\$\$|\$(?=\S)([^$\n]+?)(?<=\S)\$", re.DOTALL)
# What begins a slide inside a section: a guess, a quick question, a drawing.
PART = re.compile(r"\n\n(?=\*\*Guess|\*\*Quick question|<img )")


def slides(lesson: Lesson) -> str:
    """Return the slides of a notebook as an HTML page.

    A heading begins a slide. So does a drawing, a quick question, and a guess with the cells that
    answer it, whose outputs and answers come one at a time. Sources are left out. Where a cell has
    `slideshow` metadata, as JupyterLab's property inspector writes it, that decides.

    Args:
        lesson: The notebook.

    Example:
        >>> from rnn_tutor.course.lessons import lessons
        >>> page = slides(lessons()["03"])
        >>> page.count('class="slide"') > 20, "<math" in page
        (True, True)
    """
    import nbformat
    from nbconvert import HTMLExporter
    from pygments.formatters import HtmlFormatter

    light, dark = (
        HtmlFormatter(style=style).get_style_defs(".highlight") for style in ("default", "monokai")
    )
    styles = f"{light}\n@media (prefers-color-scheme: dark) {{\n{dark}\n}}"
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.from_dict(cell) for cell in arranged(lesson.notebook["cells"])]
    )
    exporter = HTMLExporter(
        template_name="slides", extra_template_basedirs=[str(BASE)], anchor_link_text=""
    )
    resources = {"title": lesson.title, "code_styles": styles}
    page, _ = exporter.from_notebook_node(notebook, resources=resources)
    return re.sub(r'href="(\d\w+)\.ipynb(?:#[^"]*)?"', r'href="\1.slides.html"', page)


def arranged(cells: list[dict]) -> list[dict]:
    """Return a notebook's cells as parts of slides, with where a slide begins in their metadata.

    Args:
        cells: Cells as they stand in the file, with "source" as str or list of str.
    """
    shown, heading, guess, skipped = [], "", False, False
    for cell in cells:
        chosen = cell["metadata"].get("slideshow", {}).get("slide_type")
        for k, (kind, text) in enumerate(_pieces(cell)):
            found = HEADING.match(text) if kind == "markdown" else None
            if found:
                heading = _plain(found[2])
                skipped = heading == "Sources"
            if chosen in LEFT_OUT or (skipped and chosen is None):
                continue
            begins = bool(found) or (kind == "markdown" and bool(PART.match("\n\n" + text)))
            begins = chosen in BEGINS if chosen else begins
            if begins or not shown:
                guess = "**Guess" in text
                if shown:
                    shown[-1]["metadata"]["slide_end"] = True
            elif kind == "markdown":
                guess = guess or "**Guess" in text
            about = {
                "slide_start": begins or not shown,
                "slide_goes_on": not found,
                "slide_heading": heading,
                "slide_guess": guess,
                "slide_fragment": chosen == "fragment",
                "slide_end": False,
            }
            source = _with_formulas(GLOSSARY.sub(r"\1", text)) if kind == "markdown" else text
            own = {"id": f"{cell['id']}-{k}"} if k else {}
            shown.append(cell | own | {"source": source, "metadata": cell["metadata"] | about})
    if shown:
        shown[-1]["metadata"]["slide_end"] = True
    return shown


def _pieces(cell):
    """Yield the parts of a cell that may begin a slide: (type, text)."""
    source = "".join(cell["source"])
    if cell["cell_type"] != "markdown":
        yield cell["cell_type"], source
        return
    for section in split_at_headings(source):
        first, *others = PART.split(section)
        if others and HEADING.fullmatch(first.strip()):  # a heading does not stand alone
            first = f"{first}\n\n{others.pop(0)}"
        for part in (first, *others):
            yield "markdown", part


def _with_formulas(text):
    """Return Markdown whose formulas are MathML, which Markdown leaves as it is."""
    pieces = CODE.split(text)
    pieces[::2] = [FORMULA.sub(_mathml, piece) for piece in pieces[::2]]
    return "".join(pieces)


def _mathml(found):
    from latex2mathml.converter import convert

    block, inline = found.groups()
    formula = convert(block or inline, display="block" if block else "inline")
    for sign in "*_|\\":  # Markdown would read these
        formula = formula.replace(sign, f"&#{ord(sign)};")
    return formula.replace("\n", " ")


def _plain(heading):
    return re.sub(r"[`*]", "", heading)
