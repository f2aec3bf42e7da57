"""Measure how long the sentences in the text of each notebook are.

    python data_scripts/sentence_lengths.py [NAME ...] [--long]

A name is a notebook's file name or its beginning ("07"); without names, all. Only markdown cells
count: no headings, no tables, no code, no formulas on lines of their own, no lists of sources.
"""

import argparse
import re
import statistics
from pathlib import Path

import nbformat

NOTEBOOKS = Path(__file__).resolve().parent.parent / "notebooks"
LONG = 25  # words


def sentences(notebook):
    """Yield the sentences of a notebook's text, as lists of words."""
    for cell in notebook.cells:
        if cell.cell_type != "markdown" or cell.source.startswith("## Sources"):
            continue
        text = re.sub(r"```.*?```|\$\$.*?\$\$", "", cell.source, flags=re.DOTALL)
        text = re.sub(r"<[^>]*>", " ", text)  # pictures, folded answers
        lines = [line for line in text.splitlines() if not re.match(r"\s*(#|\|)", line)]
        text = re.sub(r"^\s*([-*]|\d+\.)\s", "\n\n", "\n".join(lines), flags=re.MULTILINE)
        text = re.sub(r"\$[^$]*\$|`[^`]*`", "X", text)  # a formula, or code, counts as a word
        text = re.sub(r"\]\([^)]*\)", "]", text)  # the address of a link
        for paragraph in re.split(r"\n\s*\n", text):
            for sentence in re.split(r"(?<=[.!?])[*_)\]\"']*\s+(?=[*_(\[\"']*[A-Z0-9])", paragraph):
                words = re.findall(r"\w[\w'.,-]*", sentence)
                if words:
                    yield words


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*")
    parser.add_argument("--long", action="store_true", help="print the sentences that are long")
    arguments = parser.parse_args()
    print(f"{'notebook':28}{'sentences':>10}{'median':>8}{f'over {LONG}':>9}{'words':>8}")
    for path in sorted(NOTEBOOKS.glob("*.ipynb")):
        if arguments.names and not path.name.startswith(tuple(arguments.names)):
            continue
        found = list(sentences(nbformat.read(path, as_version=4)))
        lengths = [len(words) for words in found]
        share = sum(length > LONG for length in lengths) / len(lengths)
        print(
            f"{path.stem:28}{len(lengths):10}{statistics.median(lengths):8.0f}"
            f"{share:9.1%}{sum(lengths):8}"
        )
        if arguments.long:
            for words in found:
                if len(words) > LONG:
                    print(f"    {len(words)}: {' '.join(words)}")


if __name__ == "__main__":
    main()
