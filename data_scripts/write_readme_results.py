"""Writes the results into README.md: `python data_scripts/write_readme_results.py`.

The numbers in the README are never typed in: this command puts the tables of the stored benchmarks
between their markers, and a test holds the sections equal to what it writes.
"""

import json
import statistics
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "README.md"
BENCHMARK = ROOT / "rnn_tutor" / "data" / "benchmark_fashion5.json"
FULL_SIZE = ROOT / "rnn_tutor" / "data" / "benchmark_clusterer.json"
START, END = "<!-- results:start -->", "<!-- results:end -->"
FULL_START, FULL_END = "<!-- full size:start -->", "<!-- full size:end -->"
SETS = {"mnist": "MNIST", "fashion-mnist": "Fashion-MNIST"}
SCORES = ("accuracy", "nmi", "ari")


def main():
    """Rewrite the section in place."""
    for path in (BENCHMARK, FULL_SIZE):
        if not path.exists():
            raise SystemExit(f"{path} is not there: run the benchmark first.")
    README.write_text(written(README.read_text("utf-8")), encoding="utf-8", newline="\n")


def written(readme: str) -> str:
    """The README with both sections as the stored benchmarks have them."""
    small, full = (json.loads(path.read_text("utf-8")) for path in (BENCHMARK, FULL_SIZE))
    readme = with_results(readme, section(small))
    return with_results(readme, full_size(full), FULL_START, FULL_END)


def with_results(readme: str, results: str, start: str = START, end: str = END) -> str:
    """The README with `results` between two markers. Raises ValueError without them."""
    if readme.count(start) != 1 or readme.count(end) != 1:
        raise ValueError(f"README.md needs one {start} and one {end}.")
    before, rest = readme.split(start)
    return f"{before}{start}\n{results}{end}{rest.split(end)[1]}"


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
    needed = {"contrastive_kmeans", "dense_kmeans", "untrained_kmeans", "pixels_umap"}
    if not needed <= scores.keys():
        return []
    ours, theirs = scores["contrastive_kmeans"], scores["dense_kmeans"]
    untrained, umap = (statistics.mean(scores[key]) for key in ("untrained_kmeans", "pixels_umap"))
    gap = statistics.mean(ours) - statistics.mean(theirs)
    error = sum(statistics.variance(values) / len(values) for values in (ours, theirs)) ** 0.5
    word = "no clear difference" if abs(gap) <= 2 * error else "better" if gap > 0 else "worse"
    return [
        "",
        f"**Is it the recurrence?** With it {statistics.mean(ours):.1f} %, with a dense layer in "
        f"its place {statistics.mean(theirs):.1f} % (k-means): {word}. What counts for k-means is "
        f"the contrastive training: untrained it is {untrained:.1f} %. UMAP and a mixture come to "
        f"{umap:.1f} % on bare pixels, without any network.",
    ]


def row(method: dict) -> str:
    """One method: means and sample standard deviations over the seeds."""
    accuracy = spread([100 * value for value in method["accuracy"]], 1)
    nmi, ari = (spread(method[score], 2) for score in SCORES[1:])
    note = f" ({method['note']})" if method.get("note") else ""
    what = f"{method['name']}{note} | {method['clustering']}"
    return f"| {what} | {accuracy} | {nmi} | {ari} | {method['minutes']:.1f} |"


def full_size(benchmark: dict) -> str:
    """The table of 70,000 pictures in Markdown, and that of cost against size."""
    groups = {}
    for run in benchmark["runs"]:
        groups.setdefault((run["set"], run["method"]), []).append(run)
    best = sorted(groups, key=lambda g: (list(SETS).index(g[0]), -mean_of(groups[g], "accuracy")))
    lines = [
        "| set | method | seeds | accuracy, % | NMI | ARI | linear probe, % | minutes | MB |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for which in best:
        runs = groups[which]
        accuracy = spread([100 * run["accuracy"] for run in runs], 1)
        nmi, ari = (spread([run[score] for run in runs], 2) for score in SCORES[1:])
        probes = [100 * run["linear_probe"] for run in runs if "linear_probe" in run]
        lines.append(
            f"| {SETS[which[0]]} | {which[1]} | {len(runs)} | {accuracy} | {nmi} | {ari} | "
            f"{spread(probes, 1) if probes else ''} | {mean_of(runs, 'seconds') / 60:.1f} | "
            f"{max(run['peak_mb'] for run in runs):,} |"
        )
    for part in (targets(groups), few_labels(benchmark["runs"]), sizes(benchmark["sizes"])):
        lines += ["", *part] if part else []
    machine, versions = surroundings(benchmark)
    return "\n".join(
        [
            *lines,
            "",
            "`full`, `class`: presets of `RecurrentClusterer`. Its settings were chosen on "
            f"{benchmark['chosen_on']}. The linear probe is a logistic regression on the frozen "
            "embeddings, with all 60,000 labels. What is called no neighbours leaves out the last "
            "step, and is of the same networks; untrained is k-means on the embeddings of the "
            "network before its first step; inductive learns from 60,000 pictures and is scored on "
            "the 10,000 others. Views are those named `digits` for MNIST and `clothes` for "
            "Fashion-MNIST; nothing else differs between the sets. Minutes are of `fit`; those of "
            "`full` and of ClustPy with nothing beside it, most others with other work on the same "
            "cores, `full, inductive` two at a time; MB are the most that a run held, "
            "probes included. ClustPy's methods have as many of their usual epochs as fit into "
            "somewhat more time than `full` takes, on the same machine. "
            f"Measured until {max(run['date'] for run in benchmark['runs'])} "
            f"({machine}; {versions}).",
            "",
        ]
    )


def targets(groups: dict) -> list[str]:
    """What `full` was meant to reach, what it reaches, and by how much it misses."""
    rows = []
    for name, accuracy, probe in (("mnist", 99.0, 99.3), ("fashion-mnist", 75.0, 91.0)):
        runs, umap, new = (
            groups.get((name, method), [])
            for method in ("full", "UMAP + mixture", "full, inductive")
        )
        if not runs:
            continue
        ours = [100 * run["accuracy"] for run in runs]
        rows.append((name, "accuracy, mean", accuracy, statistics.mean(ours)))
        if len(umap) > 1:
            best = max(100 * run["accuracy"] for run in umap)
            what = "accuracy, least of the seeds, against UMAP's and a mixture's greatest"
            rows.append((name, what, best, min(ours)))
        if new:
            what = f"inductive (seeds: {len(new)}), no more than 0.5 points lower"
            rows.append((name, what, statistics.mean(ours) - 0.5, 100 * mean_of(new, "accuracy")))
        probes = {"linear_probe": "embeddings", "linear_probe_states": "recurrent layers' states"}
        best = max((k for k in probes if k in runs[0]), key=lambda key: mean_of(runs, key))
        what = f"linear probe, all labels, on the {probes[best]}"
        rows.append((name, what, probe, 100 * mean_of(runs, best)))
        known = [run["few_labels"] for run in runs if "few_labels" in run and name == "mnist"]
        for n, at_least in (("one a cluster", 98.5), ("100 at random", 99.0)):
            ways = [what for what in (known[0] if known else ()) if what.startswith(n)]
            if ways:
                best = max(100 * mean_of(known, what) for what in ways)
                rows.append((name, f"labels known: {n}", at_least, best))
    if not rows:
        return []
    return [
        "| set | `full` | aim | reached | |",
        "| --- | --- | --- | --- | --- |",
        *(f"| {SETS[name]} | {what} | {outcome(aim, got)} |" for name, what, aim, got in rows),
        "",
        "What the course set itself as its aims, in %. The linear probe is the better one of two, "
        "on the embeddings, as in the table above, and on the states two dense layers before.",
    ]


def outcome(aim: float, got: float) -> str:
    """Three columns: the aim, what is reached, and the verdict; no miss is rounded away."""
    digits = 1
    while got < aim and f"{got:.{digits}f}" == f"{aim:.{digits}f}":
        digits += 1
    verdict = "met" if got >= aim else f"missed by {aim - got:.{digits}f}"
    return f"{aim:.{digits}f} | {got:.{digits}f} | {verdict}"


def few_labels(runs: list[dict]) -> list[str]:
    """What the preset `full` gives once a few labels are known, in Markdown."""
    known = {}
    for run in runs:
        if run["method"] == "full":
            for what, accuracy in run.get("few_labels", {}).items():
                known.setdefault((run["set"], what), []).append(100 * accuracy)
    if not known:
        return []
    return [
        "| set | labels known, and what they do | seeds | accuracy of the others, % |",
        "| --- | --- | --- | --- |",
        *(
            f"| {SETS[name]} | {what} | {len(values)} | {spread(values, 1)} |"
            for (name, what), values in known.items()
        ),
        "",
        "`full`, with the labels of a few pictures: they name the clusters, or train a logistic "
        "regression on the embeddings. One a cluster is that of the picture nearest to its centre.",
    ]


def sizes(rows: list[dict]) -> list[str]:
    """Cost against size, in Markdown."""
    if not rows:
        return []
    return [
        "| pictures | `fit`, s | `fit`, MB at most | of these, pixels | `predict`, s |",
        "| --- | --- | --- | --- | --- |",
        *(
            f"| {row['pictures']:,} | {row['fit_seconds']:.0f} | {row['fit_peak_mb']:,} | "
            f"{row['pixels_mb']} | {row['predict_seconds']:.1f} |"
            for row in sorted(rows, key=lambda row: row["pictures"])
        ),
        "",
        "Two passes over the pictures of MNIST in batches of 64, each size in a process of its "
        "own.",
    ]


def mean_of(runs: list[dict], what: str) -> float:
    """Of one number of several runs."""
    return statistics.mean(run[what] for run in runs)


def surroundings(benchmark: dict) -> list[str]:
    """The machine, and the versions of what ran on it."""
    return [
        ", ".join(f"{name} {value}" for name, value in benchmark[part].items())
        for part in ("machine", "versions")
    ]


def spread(values: list[float], digits: int) -> str:
    """For example "69.1 ± 0.4"; without a deviation where there is one value only."""
    mean = f"{statistics.mean(values):.{digits}f}"
    return f"{mean} ± {statistics.stdev(values):.{digits}f}" if len(values) > 1 else mean


def how(benchmark: dict, seeds: int) -> str:
    """What was measured, on what, when."""
    machine, versions = surroundings(benchmark)
    return (
        f"On the {benchmark['pictures']:,} training pictures of `{benchmark['dataset']}`, which "
        f"are also the ones scored; means and standard deviations over {seeds} seeds. No method "
        "sees a label: labels only measure. Accuracy is under the best matching of clusters with "
        "kinds; NMI and ARI need no matching. Minutes are of training one network, the fastest "
        "of the seeds; UMAP's are not counted. "
        "Settings were chosen on fashion5 itself, with labels for scoring, so its figures are "
        "somewhat optimistic for the contrastive rows. "
        f"Measured on {benchmark['date']} ({machine}; {versions})."
    )


if __name__ == "__main__":
    main()
