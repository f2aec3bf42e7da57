"""Writes the results into README.md: `python data_scripts/write_readme_results.py`.

The numbers in the README are never typed in: this command puts the table of the stored benchmark
between the two markers, and a test holds the section equal to what it writes.
"""

import json
import statistics
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "README.md"
BENCHMARK = ROOT / "rnn_tutor" / "data" / "benchmark_fashion5.json"
START, END = "<!-- results:start -->", "<!-- results:end -->"
SCORES = ("accuracy", "nmi", "ari")


def main():
    """Rewrite the section in place."""
    if not BENCHMARK.exists():
        raise SystemExit(f"{BENCHMARK} is not there: run the benchmark first.")
    text = README.read_text(encoding="utf-8")
    benchmark = json.loads(BENCHMARK.read_text(encoding="utf-8"))
    README.write_text(with_results(text, section(benchmark)), encoding="utf-8", newline="\n")


def with_results(readme: str, results: str) -> str:
    """The README with `results` between its markers. Raises ValueError without them."""
    if readme.count(START) != 1 or readme.count(END) != 1:
        raise ValueError(f"README.md needs one {START} and one {END}.")
    before, rest = readme.split(START)
    return f"{before}{START}\n{results}{END}{rest.split(END)[1]}"


def section(benchmark: dict) -> str:
    """The table in Markdown, the best accuracy first, with how it was measured."""
    methods = sorted(benchmark["methods"], key=lambda m: -statistics.mean(m["accuracy"]))
    seeds = len(methods[0]["accuracy"])
    rows = [
        "| what is clustered | by | accuracy, % | NMI | ARI | minutes |",
        "| --- | --- | --- | --- | --- | --- |",
        *(row(method) for method in methods),
    ]
    return "\n".join([*rows, "", how(benchmark, seeds), *verdict(methods), ""])


def verdict(methods: list[dict]) -> list[str]:
    """Whether recurrence was worth anything, by the same rule as in notebook 08."""
    scores = {method["key"]: [100 * value for value in method["accuracy"]] for method in methods}
    if not {"contrastive_kmeans", "dense_kmeans"} <= scores.keys():
        return []
    ours, theirs = scores["contrastive_kmeans"], scores["dense_kmeans"]
    gap = statistics.mean(ours) - statistics.mean(theirs)
    error = sum(statistics.variance(values) / len(values) for values in (ours, theirs)) ** 0.5
    word = "no clear difference" if abs(gap) <= 2 * error else "better" if gap > 0 else "worse"
    return [
        "",
        f"**Is it the recurrence?** With it {statistics.mean(ours):.1f} %, with a dense layer in "
        f"its place {statistics.mean(theirs):.1f} % (k-means): {word}. On pictures as small as "
        "these, what counts is the contrastive training.",
    ]


def row(method: dict) -> str:
    """One method: means and sample standard deviations over the seeds."""
    accuracy = spread([100 * value for value in method["accuracy"]], 1)
    nmi, ari = (spread(method[score], 2) for score in SCORES[1:])
    note = f" ({method['note']})" if method.get("note") else ""
    what = f"{method['name']}{note} | {method['clustering']}"
    return f"| {what} | {accuracy} | {nmi} | {ari} | {method['minutes']:.1f} |"


def spread(values: list[float], digits: int) -> str:
    """For example "69.1 ± 0.4"; without a deviation where there is one value only."""
    mean = f"{statistics.mean(values):.{digits}f}"
    return f"{mean} ± {statistics.stdev(values):.{digits}f}" if len(values) > 1 else mean


def how(benchmark: dict, seeds: int) -> str:
    """What was measured, on what, when."""
    machine, versions = (
        ", ".join(f"{name} {value}" for name, value in benchmark[part].items())
        for part in ("machine", "versions")
    )
    return (
        f"On `{benchmark['dataset']}`, means and standard deviations over {seeds} seeds. No method "
        "sees a label: labels only measure. Accuracy is under the best matching of clusters with "
        "kinds; NMI and ARI need no matching. Minutes are of training one network, the fastest "
        "of the seeds. "
        "Settings were chosen on fashion5 itself, with labels for scoring, so its figures are "
        "somewhat optimistic for the contrastive rows. "
        f"Measured on {benchmark['date']} ({machine}; {versions})."
    )


if __name__ == "__main__":
    main()
