"""What stands at the top, what travels in the wheel, and what must stand in no file."""

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from importlib import metadata
from pathlib import Path

import pytest
import write_results as results
from benchmarks import scale
from packaging.requirements import Requirement
from support import course

ROOT = Path(__file__).resolve().parents[2]
TOP = {"pyproject.toml", "README.md", "LICENSE", "notebooks", "rnn_tutor", "tests", "data_scripts"}
MADE_HERE = {"build", "dist", "rnn-tutor-course", "uv.lock", "__pycache__"}
README = (ROOT / "README.md").read_text(encoding="utf-8")
BENCHMARK = {
    "machine": {"cores": 2, "memory": "8 GB"},
    "versions": {"keras": "3.15.1"},
    "dataset": "fashion5",
    "seeds": [0, 1, 2],
    "pictures": 5000,
    "date": "2026-11-30",
    "methods": [
        {
            "name": "pixels",
            "clustering": "UMAP",
            "key": "pixels",
            "note": "",
            "minutes": 0.04,
            "accuracy": [0.5, 0.6, 0.7],
            "nmi": [0.5, 0.5, 0.5],
            "ari": [0.25, 0.5, 0.75],
        },
        {
            "name": "contrastive",
            "clustering": "k-means",
            "key": "contrastive",
            "note": "recurrent",
            "minutes": 1.26,
            "accuracy": [0.9, 0.9, 0.9],
            "nmi": [0.8, 0.8, 0.8],
            "ari": [0.7, 0.7, 0.7],
        },
    ],
}


def text_files():
    """Every file of the project that is text, with what it says."""
    for top in [*TOP, ".ci", ".gitignore"]:
        paths = [ROOT / top] if (ROOT / top).is_file() else (ROOT / top).rglob("*")
        for path in paths:
            if path.is_file() and path.suffix not in {".npz", ".png", ".pyc", ".keras", ".h5"}:
                yield path, path.read_text(encoding="utf-8", errors="replace")


def test_nothing_else_stands_at_the_top():
    there = {path.name for path in ROOT.iterdir() if not path.name.startswith(".")}
    assert there - MADE_HERE == TOP


def test_the_readme_names_the_notebooks_there_are():
    named = re.findall(r"^\| `(\d\d[a-z]?_\w+)` \|", README, re.MULTILINE)
    assert named == course.NAMES


def test_the_readmes_links_lead_somewhere():
    for target in re.findall(r"\]\(([^)]+)\)", README):
        assert target.startswith("https://") or (ROOT / target).exists(), target


def copy_of_the_project(folder):
    for name in ("pyproject.toml", "README.md", "LICENSE", ".gitignore"):
        shutil.copy(ROOT / name, folder)
    unwanted = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints")
    shutil.copytree(ROOT / "rnn_tutor", folder / "rnn_tutor", ignore=unwanted)
    (folder / "notebooks").mkdir()
    for path in (*course.NOTEBOOKS, course.GLOSSARY):
        shutil.copy(path, folder / "notebooks")


@pytest.mark.parametrize("version", ["standard", "editable"])
def test_the_wheel_holds_the_package_and_its_notebooks(tmp_path, version):
    """Built for real, from a checkout that was worked in."""
    pytest.importorskip("hatchling")
    copy_of_the_project(tmp_path)
    used = [
        "Untitled.ipynb",
        "07_unsupervised_training.fresh.ipynb",
        "my_pictures.zip",
        "kinds.npz",
    ]
    for name in used:
        (tmp_path / "notebooks" / name).write_text("")
    command = [sys.executable, "-m", "hatchling", "build", "-d", "out", "-t", f"wheel:{version}"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    (wheel,) = (tmp_path / "out").glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
        paths = [archive.read(name).decode().strip() for name in names if name.endswith(".pth")]
    if version == "editable":
        assert [Path(path) for path in paths] == [tmp_path]
        return
    package = [path for path in (tmp_path / "rnn_tutor").rglob("*") if path.is_file()]
    expected = {path.relative_to(tmp_path).as_posix() for path in package}
    shipped = (*course.NOTEBOOKS, course.GLOSSARY)
    expected |= {f"rnn_tutor/notebooks/{path.name}" for path in shipped}
    assert names == expected


ASKS_FOR_A_SOLUTION = """
import pathlib, sys
import rnn_tutor as rt
print(rt.__file__)
print(rt.exercises.solution("08.1"))
print(rt.exercises.hint("08.1"))
"""


def zipped_package(path, without=()):
    with zipfile.ZipFile(path, "w") as archive:
        for file in (ROOT / "rnn_tutor").rglob("*"):
            name = file.relative_to(ROOT)
            if file.is_file() and not {"__pycache__", "data", *without} & set(name.parts):
                archive.write(file, name)
    return path


def test_run_from_a_zip_a_solution_is_shown(tmp_path):
    archive = zipped_package(tmp_path / "course.zip")
    done = run_from(archive, ASKS_FOR_A_SOLUTION, tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(str(archive))
    assert "```python" in done.stdout and "withheld" not in done.stdout
    assert "Hint 1" in done.stdout


def test_run_from_a_zip_solutions_can_be_kept_out_of_sight(tmp_path):
    (tmp_path / ".rnn-tutor").mkdir()
    (tmp_path / ".rnn-tutor" / "no-solutions").touch()
    archive = zipped_package(tmp_path / "course.zip")
    said = run_from(archive, ASKS_FOR_A_SOLUTION, tmp_path).stdout
    assert "```python" not in said and "withheld" in said


def test_a_package_that_lost_its_solutions_says_so(tmp_path):
    archive = zipped_package(tmp_path / "course.zip", without=["solutions"])
    done = run_from(archive, ASKS_FOR_A_SOLUTION, tmp_path)
    assert "TutorError" in done.stderr and "Install the course again" in done.stderr
    assert "withheld" not in done.stderr + done.stdout


def run_from(archive, code, folder):
    path = os.pathsep.join([str(archive), os.environ.get("PYTHONPATH", "")])
    return subprocess.run(
        [sys.executable, "-P", "-c", code],
        env=os.environ | {"PYTHONPATH": path},
        cwd=folder,
        capture_output=True,
        text=True,
    )


def test_no_shipped_file_is_large():
    sizes = {path.name: path.stat().st_size for path in (ROOT / "rnn_tutor").rglob("*.*")}
    assert max(sizes.values()) < 3_000_000, sizes


def test_the_constraints_hold_pins_only():
    lines = (ROOT / "data_scripts" / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [line for line in lines if not line.startswith("#")]
    assert [pin for pin in pins if not re.fullmatch(r"[A-Za-z0-9._-]+==[\w.+!]+", pin)] == []
    names = {re.sub(r"[-_.]+", "-", pin.split("==")[0]).lower() for pin in pins}
    stated = map(Requirement, metadata.requires("rnn-tutor"))
    assert {one.name for one in stated if one.marker is None} <= names


def test_no_file_holds_a_registry_or_a_path_of_this_machine():
    """Such addresses tie a clone to one machine."""
    words = ["py" + "pi.org", f"{Path.home()}/", f"{ROOT.parent}/"]
    words = [word for word in words if len(word) > 4]
    found = [(path.name, word) for path, text in text_files() for word in words if word in text]
    assert not found


def test_results_are_means_and_spreads_of_the_runs(tmp_path):
    table = "\n".join(map(results.small_row, results.ranked(BENCHMARK["methods"])))
    scores = "90.0 ± 0.0 | 0.80 ± 0.00 | 0.70 ± 0.00 | 1.3"
    assert f"| contrastive (recurrent) | k-means | {scores} |" in table
    assert "| pixels | UMAP | 60.0 ± 10.0 | 0.50 ± 0.00 | 0.50 ± 0.25 | 0.0 |" in table
    assert table.index("contrastive") < table.index("pixels")


def test_results_of_full_size_are_grouped_by_method():
    run = {"set": "mnist", "method": "full", "seconds": 600, "peak_mb": 1000, "nmi": 0.9}
    run |= {"ari": 0.9, "date": "2026-01-01", "linear_probe": 0.99}
    other = {**run, "method": "k-means", "accuracy": 0.5, "seconds": 30}
    del other["linear_probe"]
    runs = [run | {"accuracy": accuracy} for accuracy in (0.9, 0.94)]
    rows = results.large_table({"runs": [other | {"set": "fashion-mnist"}, other, *runs]})[2:]
    scores = "92.0 ± 2.8 | 0.90 ± 0.00 | 0.90 ± 0.00 | 99.0 ± 0.0"
    assert rows[0] == f"| MNIST | full | 2 | {scores} | 10.0 | 1,000 |"
    assert [row.split(" | ")[:2] for row in rows[1:]] == [
        ["| MNIST", "k-means"],
        ["| Fashion-MNIST", "k-means"],
    ]
    aims = "\n".join(results.targets(results.grouped(runs)))
    assert "| MNIST | accuracy, mean | 99.0 | 92.0 | missed by 7.0 |" in aims


def test_strips_stand_in_the_results_once_they_are_measured(tmp_path, monkeypatch):
    monkeypatch.setattr(results, "DATA", tmp_path)
    assert results.stored("strips") == []
    run = {"task": "trimmed", "nmi": 0.5, "cpu_seconds": 9.6, "date": "2026-01-01"}
    network = run | {"method": "pooling", "parameters": 900, "accuracy_noise": 0.25}
    runs = [
        network | {"seed": 0, "accuracy": 0.7, "accuracy_new": 0.5},
        network | {"seed": 1, "accuracy": 0.8, "accuracy_new": 0.6},
        network | {"seed": 100, "accuracy": 0.1, "accuracy_new": 0.1},
        run | {"method": "DTW", "seed": 0, "accuracy": 1.0, "parameters": 0},
    ]
    about = {"tasks": {"trimmed": {}, "noise": {}}, "later_tasks": {"more": {}}}
    about |= {"seeds": [0, 1], "images": 480}
    about |= {
        "chosen_on": "learning rates on seed 100",
        "runs": runs,
        "steps": {"trimmed": 300, "noise": 450},
    }
    about |= {key: BENCHMARK[key] for key in ("machine", "versions")}
    (tmp_path / "benchmark_strips.json").write_text(json.dumps(about), encoding="utf-8")
    [found] = results.stored("strips")
    lines = results.strip_table(found)
    assert "| pooling | 75.0 ± 7.1 (0.50) |  | 900 | 10 |" in lines
    assert "| DTW | 100.0 (0.50), 1 seed |  |  | 10 |" in lines
    assert "| network | noise | new |" in lines
    assert "| pooling | 25.0 ± 0.0 | 55.0 ± 7.1 |" in lines
    # Without a network that was taught on trimmed strips, that table is left out.
    assert not any(
        "| network |" in line for line in results.strip_table(found | {"runs": runs[3:]})
    )


def test_the_summary_of_strips_has_at_most_seven_rows():
    [benchmark] = results.stored("strips")
    methods = {run["method"] for run in benchmark["runs"]}
    assert len(methods - set(results.LESS_ASKED)) <= 7


def test_many_images_stand_in_the_results():
    run = {"cpu_seconds": 4.0, "peak_mb": 700.4, "load": 3.0, "date": "2026-01-01"}
    shown = {"seconds": 8, "rate": 1250.0, "said": "It takes 9 s.\nNothing more."}
    runs = [
        run | {"what": "sort", "images": 100, "seconds": 5.0, "rate": 20.0},
        run | shown | {"what": "sort", "images": 10_000},
        run | {"what": "workers 1", "images": 100, "seconds": 6.0, "rate": 17, "worker_peak_mb": 1},
        run | {"what": "workers 2", "images": 100, "seconds": 4.0, "rate": 25, "worker_peak_mb": 2},
    ]
    about = {key: BENCHMARK[key] for key in ("machine", "versions")}
    about |= {"runs": runs, "sizes": [100, 10_000, 20_000], "read_at": 32}
    lines = results.scale_table(about)
    assert "| `rt.sort` | 20 | 1,250 | not measured | 0.40 | 700 |  |" in lines
    assert not any("one epoch of training" in line for line in lines)  # was not measured at all
    text = "\n".join(lines)
    assert "1.50 at 100." in text
    assert "sort` of 10,000 images it said: *It takes 9 s. Nothing more.* It took 8 s" in text
    assert [row["images_a_second"] for row in scale.summary(runs)] == [1250, 17, 25]
    assert [row["peak_mb"] for row in scale.summary(runs)] == [700, 1, 2]


def test_no_miss_is_rounded_away():
    assert results.outcome(99.0, 98.994) == "99.00 | 98.99 | missed by 0.01"
    assert results.outcome(99.0, 98.9969) == "99.000 | 98.997 | missed by 0.003"
    assert results.outcome(99.0, 99.0) == "99.0 | 99.0 | met"


def test_results_need_their_markers():
    with pytest.raises(ValueError, match="needs one"):
        results.between_markers("no markers", "")
    once = results.between_markers(README, "a table\n")
    assert results.between_markers(once, "a table\n") == once
    assert once.split(results.END)[1] == README.split(results.END)[1]


def test_readme_and_results_are_what_the_stored_benchmarks_give():
    assert results.main(["--check"]) == 0


def test_the_readme_shows_at_most_seven_rows_of_results_and_is_short():
    table = README.split(results.START)[1].split(results.END)[0]
    assert sum(line.startswith("| ") for line in table.splitlines()) - 2 <= 7
    assert len(README.splitlines()) < 120
