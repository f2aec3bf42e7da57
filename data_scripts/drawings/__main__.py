"""Draw the drawings of notebooks again, and write them into the notebooks.

    python data_scripts/drawings NUMBER ...

A number is that of a notebook, such as 03 or 03b. Its drawings are made by `nb03.py`, whose
`DRAWINGS` says {name: (id of the cell before it, function that makes the `Drawing`)}.
"""

import sys
from importlib import import_module
from pathlib import Path

import nbformat
from svg import put

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"


def main(numbers):
    for number in numbers:
        (path,) = NOTEBOOKS.glob(f"{number}_*.ipynb")
        notebook = nbformat.read(path, as_version=4)
        for name, (after, draw) in import_module(f"nb{number}").DRAWINGS.items():
            put(notebook, name, after, draw())
        nbformat.write(notebook, path)
        print(f"{path.name}: {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main(sys.argv[1:])
