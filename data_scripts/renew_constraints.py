"""Renews the pins for a class: `python data_scripts/renew_constraints.py`.

Installs the project with its tests in a fresh virtual environment, within the ranges of
pyproject.toml, and writes down which versions came. It uses the network and a few minutes. The file
names no addresses: pip takes the packages from wherever it is set up to look.
"""

import argparse
import datetime
import platform
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CONSTRAINTS = Path(__file__).with_name("constraints.txt")
HEADER = """\
# Pins for a class: everyone gets the same versions, those that the course was last tested with.
#   .venv/bin/pip install -c data_scripts/constraints.txt -e .
# Made on {date} with Python {python} on {system}, by data_scripts/renew_constraints.py.
# Other systems may need packages that are not named here; pip then takes the newest.
"""


def main():
    """Write the file, or say what is wrong with what pip reports."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, default=CONSTRAINTS)
    output = parser.parse_args().output
    with tempfile.TemporaryDirectory() as folder:
        pins = freeze(fresh_environment(Path(folder)))
    output.write_text(header() + "".join(f"{pin}\n" for pin in pins), encoding="utf-8")
    print(f"{output}: {len(pins)} pins")


def fresh_environment(folder: Path) -> Path:
    """Make a virtual environment with the project and its tests; returns its Python."""
    venv.create(folder, with_pip=True)
    python = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    subprocess.run([python, "-m", "pip", "install", "--quiet", f"{ROOT}[test]"], check=True)
    return python


def freeze(python: Path) -> list[str]:
    """What is installed, as "name==version". Raises SystemExit for anything that is not that."""
    left_out = ["--exclude=rnn-tutor", "--exclude=pip", "--exclude=setuptools"]
    command = [python, "-m", "pip", "freeze", *left_out]
    pins = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split("\n")
    pins = [pin for pin in pins if pin]
    odd = [pin for pin in pins if "==" not in pin or "@" in pin or "/" in pin]
    if odd:
        raise SystemExit(f"These are no pins, and may hold addresses: {odd}")
    return pins


def header() -> str:
    """The lines that say what the file is, and where its versions were put together."""
    return HEADER.format(
        date=datetime.date.today().isoformat(),
        python=platform.python_version(),
        system=f"{platform.system()} {platform.machine()}",
    )


if __name__ == "__main__":
    main()
