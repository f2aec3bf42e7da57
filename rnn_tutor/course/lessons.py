"""What stands in the course's notebooks: sections, quick questions, and links to them."""

import json
import re
from dataclasses import dataclass
from pathlib import Path

from rnn_tutor._errors import TutorError

HEADING = re.compile(r"^(#{1,3}) +(.+?) *$", re.MULTILINE)
QUESTION = re.compile(
    r"\*\*Quick question (?P<number>\d+)\.\*\* *(?P<asked>.*?)\s*"
    r"<details>\s*<summary>Answer</summary>(?P<answer>.*?)</details>",
    re.DOTALL,
)
# An estimate for a class that reads, guesses and talks.
WORDS_A_MINUTE = 180
MINUTES = {"a question": 0.5, "a code cell": 0.25, "a panel": 2}


@dataclass(frozen=True)
class Section:
    """A part of a notebook from one heading to the next of the same rank.

    Attributes:
        heading: Its words, str.
        level: 1 for the notebook's title, 2 for a section, 3 for what lies inside one, int.
        cells: Ids of the cells that belong to it, a tuple of str. One that holds two headings
            belongs to both.
        code: Ids of its code cells, a tuple of str.
        text: Its Markdown, str.
        panels: How many of its cells show a panel, int.
    """

    heading: str
    level: int
    cells: tuple[str, ...]
    code: tuple[str, ...]
    text: str
    panels: int

    @property
    def minutes(self) -> float:
        """An estimate of how long a class reads, guesses and tries."""
        read = re.sub(r"<[^>]*>|\]\([^)]*\)|\$[^$]*\$", " ", self.text)
        asked = len(re.findall(r"\*\*(?:Guess|Quick question)", self.text))
        words = len(re.findall(r"\w+", read))
        counts = {"a question": asked, "a code cell": len(self.code), "a panel": self.panels}
        return words / WORDS_A_MINUTE + sum(n * MINUTES[what] for what, n in counts.items())


@dataclass(frozen=True)
class Question:
    """A quick question: its number in the notebook, the words, the answer, and its cell."""

    number: int
    asked: str
    answer: str
    cell: str


class Lesson:
    """A notebook of the course, read for what it holds.

    Args:
        path: Path of the `.ipynb` file.

    Example:
        >>> from rnn_tutor.course.lessons import lessons
        >>> lessons()["08"].link("Maps")
        '[08 Clusters: Maps](notebooks/08_clusters.ipynb#Maps)'
    """

    def __init__(self, path: Path):
        self.path = Path(path)
        self.notebook = json.loads(self.path.read_text(encoding="utf-8"))
        self.sections = tuple(_sections(self.notebook["cells"]))
        self.title = self.sections[0].heading

    @property
    def questions(self) -> list[Question]:
        """Its quick questions, in order."""
        return [
            Question(
                int(found["number"]), found["asked"].strip(), found["answer"].strip(), cell["id"]
            )
            for cell in self.notebook["cells"]
            if cell["cell_type"] == "markdown"
            for found in QUESTION.finditer("".join(cell["source"]))
        ]

    def section(self, heading: str) -> Section:
        """Return the section with a heading.

        Raises:
            TutorError: The notebook has no such heading.
        """
        for section in self.sections:
            if section.heading == heading:
                return section
        raise TutorError(
            f"{self.path.name} has no heading {heading!r}. "
            f"It has: {', '.join(section.heading for section in self.sections)}."
        )

    def address(self, heading: str | None = None) -> str:
        """Return where JupyterLab finds a heading, from the folder above the notebooks."""
        name = f"notebooks/{self.path.name}"
        return name if heading is None else f"{name}#{anchor(self.section(heading))}"

    def link(self, heading: str | None = None) -> str:
        """Return a Markdown link to the notebook, or to one of its headings."""
        words = self.title if heading is None else f"{self.title}: {heading}"
        return f"[{words}]({self.address(heading)})"


def lessons() -> dict[str, Lesson]:
    """Return the course's lessons by their number, such as "07" or "03b"; without the glossary."""
    from rnn_tutor.course.notebooks import shipped_notebooks

    paths = shipped_notebooks()
    return {name.split("_")[0]: Lesson(p) for name, p in paths.items() if name[0].isdigit()}


def anchor(section: Section) -> str:
    """Return what follows # in a link: JupyterLab takes a heading's text, hyphens for spaces."""
    text = re.sub(r"[`*]", "", section.heading).replace(" ", "-")
    return text if re.fullmatch(r"[\w:,.?'+-]+", text) else f"cell-id={section.cells[0]}"


def split_at_headings(text: str) -> list[str]:
    """Return the pieces of a Markdown text, each from a heading on; fenced code is no heading."""
    pieces, fenced = [[]], False
    for line in text.splitlines():
        fenced ^= line.startswith("```")
        if not fenced and HEADING.match(line):
            pieces.append([])
        pieces[-1].append(line)
    return ["\n".join(piece) for piece in pieces if "".join(piece).strip()]


def _sections(cells):
    """Yield the sections of a notebook's cells."""
    pieces = []  # (heading or None, level, cell, text)
    for cell in cells:
        source = "".join(cell["source"])
        for text in split_at_headings(source) if cell["cell_type"] == "markdown" else [source]:
            found = cell["cell_type"] == "markdown" and HEADING.match(text)
            pieces.append((found and found[2], len(found[1]) if found else 9, cell, text))
    for start, (heading, level, _, _) in enumerate(pieces):
        if not heading:
            continue
        own = pieces[start : start + 1]
        for piece in pieces[start + 1 :]:
            if piece[0] and (level == 1 or piece[1] <= level):  # the title's part is its own
                break
            own.append(piece)
        code = [cell for _, _, cell, _ in own if cell["cell_type"] == "code"]
        yield Section(
            heading,
            level,
            tuple(dict.fromkeys(cell["id"] for _, _, cell, _ in own)),
            tuple(cell["id"] for cell in code),
            "\n\n".join(text for _, _, cell, text in own if cell["cell_type"] == "markdown"),
            sum("rt.widgets." in "".join(cell["source"]) for cell in code),
        )
