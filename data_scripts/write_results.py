"""Write the results into README.md and RESULTS.md: `python data_scripts/write_results.py`.

No figure is typed in. The tables come from the stored benchmarks in `rnn_tutor/data`. With
`--check` nothing is written, and the exit status is 1 where a file differs.
"""

import json
import statistics
import sys
from pathlib import Path

from scipy.stats import ttest_rel

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "README.md"
RESULTS = ROOT / "data_scripts" / "benchmarks" / "RESULTS.md"
DATA = ROOT / "rnn_tutor" / "data"
START, END = "<!-- results:start -->", "<!-- results:end -->"
SETS = {"mnist": "MNIST", "fashion-mnist": "Fashion-MNIST"}
SCORES = ("accuracy", "nmi", "ari")
# Methods on strips that stand below the summary, which has seven rows at most.
LESS_ASKED = (
    *("attention", "GRU, one direction", "silences cut, k-means"),
    "silences cut, DTW, spectral",
)


def main(arguments):
    """Write both files, or compare them; return the exit status."""
    small, large, photographs = map(read, ("fashion5", "clusterer", "photographs"))
    wanted = {
        README: between_markers(README.read_text("utf-8"), summary(small, large)),
        RESULTS: all_results(small, large, read("cnn_or_rnn"), photographs),
    }
    if "--check" in arguments:
        stale = [path.name for path, text in wanted.items() if path.read_text("utf-8") != text]
        print(*(f"{name} is not what the stored benchmarks give" for name in stale), sep="\n")
        return int(bool(stale))
    for path, text in wanted.items():
        path.write_text(text, encoding="utf-8", newline="\n")
    return 0


def read(name):
    """Return the stored benchmark of that name, a dict."""
    return json.loads((DATA / f"benchmark_{name}.json").read_text("utf-8"))


def stored(*names):
    """Return the benchmarks of these names that are stored, a list."""
    return [read(name) for name in names if (DATA / f"benchmark_{name}.json").exists()]


def between_markers(text, results):
    """Return `text` with `results` between its two markers; raise ValueError without them."""
    if text.count(START) != 1 or text.count(END) != 1:
        raise ValueError(f"README.md needs one {START} and one {END}.")
    before, rest = text.split(START)
    return f"{before}{START}\n{results}{END}{rest.split(END)[1]}"


def summary(small, large):
    """Return the seven rows of the README."""
    by_key = {method["key"]: method for method in small["methods"]}
    groups = grouped(large["runs"])
    rows = []
    for what, key in (
        ("contrastive recurrent encoder, k-means", "contrastive_kmeans"),
        ("a dense layer in place of the recurrence", "dense_kmeans"),
        ("UMAP and a mixture on pixels, no network", "pixels_umap"),
    ):
        accuracy = [100 * value for value in by_key[key]["accuracy"]]
        rows.append(("`fashion5`, five kinds of clothes", what, accuracy, by_key[key]["minutes"]))
    for name, title in SETS.items():
        for what, method in (
            ('`RecurrentClusterer(preset="full")`', "full"),
            ("UMAP and a mixture on pixels, no network", "UMAP + mixture"),
        ):
            runs = groups[name, method]
            accuracy = [100 * run["accuracy"] for run in runs]
            rows.append((f"{title}, 70,000", what, accuracy, mean_of(runs, "seconds") / 60))
    return "\n".join(
        [
            "| images | sorted without labels by | right, % | minutes |",
            "| --- | --- | --- | --- |",
            *(f"| {s} | {what} | {spread(a, 1)} | {m:.1f} |" for s, what, a, m in rows),
            "",
            "Means and standard deviations over five seeds on two cores. Labels only measure. On "
            "images of one size, the recurrence itself brings little: what counts is training by "
            "contrast. The aim for Fashion-MNIST was 75 %, and it is missed.",
            "",
        ]
    )


def all_results(small, large, compared, photographs):
    """Return RESULTS.md."""
    machine, versions = surroundings(large)
    parts = [
        "# Results",
        "",
        "`python data_scripts/write_results.py` writes this page from the benchmarks that are "
        "stored in `rnn_tutor/data`. The scripts in this folder made them. Accuracy is the share "
        "of images in the right cluster under the best one-to-one matching of clusters with "
        "classes. NMI and ARI need no matching. No method sees a label: labels only measure.",
        "",
        "## Five kinds of clothes",
        "",
        *small_table(small),
        "",
        "## Preprocessing",
        "",
        *preprocessing_table(read("preprocessing")),
        "",
        "## At full size",
        "",
        "All 70,000 images of each set on two cores. `full` and `medium` are presets of "
        "`RecurrentClusterer`.",
        "",
        *large_table(large),
        "",
        "- *No neighbours* leaves out the last step, which moves small groups of images to the "
        "cluster of their neighbours in pixels. The networks are the same. Without this step "
        "`full` loses seven points on MNIST and does worse than `medium`. The step needs 500 "
        "images for each cluster. With fewer, take `medium`.",
        "- *Untrained* is k-means on the embeddings of the network before its first step.",
        "- *Inductive* learns from 60,000 images and is scored on the 10,000 others.",
        "- The linear probe is a logistic regression on the frozen embeddings with all 60,000 "
        "labels.",
        "- The augmentation is `digits` for MNIST and `clothes` for Fashion-MNIST. Nothing else "
        "differs between the sets.",
        "- Minutes are those of `fit`. `full` and ClustPy's methods ran alone on the machine, "
        "*full, inductive* two at a time, most others beside other work. MB is the most that a "
        "run held.",
        "- ClustPy's methods got as many of their usual epochs as fit into somewhat more time than "
        "`full` takes. One seed means a single run.",
        "- Settings were chosen on fashion5 and MNIST, with labels for scoring, so the figures for "
        "these are somewhat optimistic. Fashion-MNIST is not quite untouched either: fashion5 "
        "holds five of its classes, and some of its scores had been seen. "
        "[clusterer_tried.md](clusterer_tried.md) is the log.",
        f"- Measured until {max(run['date'] for run in large['runs'])} ({machine}; {versions}).",
        "",
        "Published results for comparison: N2D 97.9 % and 67.2 % (MNIST, Fashion-MNIST); IIC on "
        "MNIST 98.4 % on average and 99.2 % by its best head. We found no published result from "
        "scratch on Fashion-MNIST above about 72 %.",
        "",
        "## What was aimed at",
        "",
        *targets(grouped(large["runs"])),
        "",
        "## With a few labels",
        "",
        *few_labels(large["runs"]),
        "",
        "## Time and memory against size",
        "",
        *sizes(large["sizes"]),
        "",
        "## CNN or RNN",
        "",
        *cnn_or_rnn(compared),
        "",
        *(line for rows in stored("classifier") for line in classifier_table(rows)),
        "## Photographs",
        "",
        *photograph_table(photographs),
        "",
        *warning_table(photographs),
        "",
        *(line for benchmark in stored("strips") for line in strip_table(benchmark)),
        *(line for benchmark in stored("scale") for line in scale_table(benchmark)),
    ]
    return "\n".join(parts)


def small_table(benchmark):
    """Return the table of fashion5 as lines, the best accuracy first, and how it was measured."""
    methods = ranked(benchmark["methods"])
    machine, versions = surroundings(benchmark)
    return [
        "| what is clustered | by | accuracy, % | NMI | ARI | minutes |",
        "| --- | --- | --- | --- | --- | --- |",
        *(small_row(method) for method in methods),
        "",
        f"On the {benchmark['pictures']:,} training images of `{benchmark['dataset']}`, which are "
        "also the ones scored. Means and standard deviations over "
        f"{len(benchmark['seeds'])} seeds. Minutes are those of training one network, the fastest "
        "of the seeds; UMAP's are not counted. Settings were chosen on fashion5 itself, with "
        "labels for scoring, so the contrastive rows are somewhat optimistic. Measured on "
        f"{benchmark['date']} ({machine}; {versions}).",
        "",
        verdict(methods),
    ]


def preprocessing_table(benchmark):
    """Return the table of notebook 01: k-means on versions of the images, as lines."""
    return [
        "k-means on the 5,000 training images of fashion5, means and standard deviations over "
        f"{len(benchmark['seeds'])} seeds. Notebook 01 draws the accuracies.",
        "",
        "| embedding | images | accuracy, % | NMI | ARI |",
        "| --- | --- | --- | --- | --- |",
        *(
            f"| {row['name']} | {row['pictures']} | "
            f"{spread([100 * value for value in row['accuracy']], 1)} | "
            f"{spread(row['nmi'], 2)} | {spread(row['ari'], 2)} |"
            for row in benchmark["methods"]
        ),
    ]


def ranked(methods):
    """Return the methods, the best mean accuracy first."""
    return sorted(methods, key=lambda method: -statistics.mean(method["accuracy"]))


def small_row(method):
    """Return one method's row: means and sample standard deviations over the seeds."""
    accuracy = spread([100 * value for value in method["accuracy"]], 1)
    nmi, ari = (spread(method[score], 2) for score in SCORES[1:])
    note = f" ({method['note']})" if method.get("note") else ""
    what = f"{method['name']}{note} | {method['clustering']}"
    return f"| {what} | {accuracy} | {nmi} | {ari} | {method['minutes']:.1f} |"


def verdict(methods):
    """Return what recurrence was worth, by the rule of notebook 08: two standard errors."""
    scores = {method["key"]: [100 * value for value in method["accuracy"]] for method in methods}
    ours, theirs = scores["contrastive_kmeans"], scores["dense_kmeans"]
    untrained, umap = (statistics.mean(scores[key]) for key in ("untrained_kmeans", "pixels_umap"))
    gap = statistics.mean(ours) - statistics.mean(theirs)
    error = sum(statistics.variance(values) / len(values) for values in (ours, theirs)) ** 0.5
    word = "no clear difference" if abs(gap) <= 2 * error else "better" if gap > 0 else "worse"
    return (
        f"**Is it the recurrence?** With it k-means gets {statistics.mean(ours):.1f} %, with a "
        f"dense layer in its place {statistics.mean(theirs):.1f} %: {word}. The contrastive "
        f"training counts: untrained, the same network gets {untrained:.1f} %. UMAP and a mixture "
        f"get {umap:.1f} % on bare pixels, without any network."
    )


def large_table(benchmark):
    """Return the table of the full sets as lines, the best accuracy of each set first."""
    groups = grouped(benchmark["runs"])
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
    return lines


def targets(groups):
    """Return, as lines, what `full` was meant to reach, what it reaches, by how much it misses."""
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
            rows.append((name, "the worst seed beats UMAP and a mixture's best", best, min(ours)))
        if new:
            what = "new images at most 0.5 points lower"
            rows.append((name, what, statistics.mean(ours) - 0.5, 100 * mean_of(new, "accuracy")))
        probes = {"linear_probe": "embeddings", "linear_probe_states": "recurrent states"}
        best = max((k for k in probes if k in runs[0]), key=lambda key: mean_of(runs, key))
        rows.append((name, f"linear probe on the {probes[best]}", probe, 100 * mean_of(runs, best)))
        known = [run["few_labels"] for run in runs if "few_labels" in run and name == "mnist"]
        for n, at_least in (("one a cluster", 98.5), ("100 at random", 99.0)):
            ways = [what for what in (known[0] if known else ()) if what.startswith(n)]
            if ways:
                best = max(100 * mean_of(known, what) for what in ways)
                rows.append((name, f"labels known: {n}", at_least, best))
    return [
        "| set | `full` | aim, % | reached, % | |",
        "| --- | --- | --- | --- | --- |",
        *(f"| {SETS[name]} | {what} | {outcome(aim, got)} |" for name, what, aim, got in rows),
    ]


def outcome(aim, got):
    """Return three columns: aim, result, verdict. No miss is rounded away."""
    digits = 1
    while got < aim and f"{got:.{digits}f}" == f"{aim:.{digits}f}":
        digits += 1
    verdict = "met" if got >= aim else f"missed by {aim - got:.{digits}f}"
    return f"{aim:.{digits}f} | {got:.{digits}f} | {verdict}"


def few_labels(runs):
    """Return, as lines, what the preset `full` gives once a few labels are known."""
    known = {}
    for run in runs:
        if run["method"] == "full":
            for what, accuracy in run.get("few_labels", {}).items():
                known.setdefault((run["set"], what), []).append(100 * accuracy)
    return [
        "| set | labels known, and what they do | seeds | accuracy of the others, % |",
        "| --- | --- | --- | --- |",
        *(
            f"| {SETS[name]} | {what} | {len(values)} | {spread(values, 1)} |"
            for (name, what), values in known.items()
        ),
        "",
        "The labels of a few images name the clusters of `full`, or train a logistic regression on "
        "its embeddings. *One a cluster* is the image nearest to each centre.",
    ]


def sizes(rows):
    """Return time and memory against the number of images, as lines."""
    return [
        "| images | `fit`, s | `fit`, MB at most | of these, pixels | `predict`, s |",
        "| --- | --- | --- | --- | --- |",
        *(
            f"| {row['pictures']:,} | {row['fit_seconds']:.0f} | {row['fit_peak_mb']:,} | "
            f"{row['pixels_mb']} | {row['predict_seconds']:.1f} |"
            for row in sorted(rows, key=lambda row: row["pictures"])
        ),
        "",
        "Two passes over images of MNIST in batches of 64, each size in a process of its own.",
    ]


def photograph_table(benchmark):
    """Return a column for each set of photographs and a row for each reader, as lines."""
    rows = {(row["set"], row["method"]): row for row in benchmark["methods"]}
    sets = list(dict.fromkeys(name for name, _ in rows))
    methods = list(dict.fromkeys(row["method"] for row in benchmark["methods"]))
    titles = {row["method"]: row["name"] for row in benchmark["methods"]}
    about = {run["set"]: run for run in benchmark["runs"]}
    heads = [f"{s}: {about[s]['images']:,}, {about[s]['classes']} kinds" for s in sets]
    machine, versions = surroundings(benchmark)
    seeds = max(len(row["seeds"]) for row in benchmark["methods"])
    lines = ["| read by | " + " | ".join(heads) + " |", "| --- |" + " --- |" * len(sets)]
    for method in methods:
        cells = [photograph_cell(rows.get((s, method)), seeds) for s in sets]
        lines.append(f"| {titles[method]} | " + " | ".join(cells) + " |")
    return [
        *lines,
        "",
        "Accuracy in %, means and standard deviations over "
        f"{seeds} seeds, the number of clusters given. All but the pixels are read from "
        'the maps of `features="photographs"`, which others trained on more than a million '
        "labelled photographs. photos5 is a part of clothing. The shapes are drawn and fashion5 is "
        "enlarged: they show whether the features do harm. Settings were tried on clothing, "
        f"grocery and photos5 with another seed. Measured on {benchmark['date']} "
        f"({machine}; {versions}).",
    ]


def photograph_cell(row, seeds):
    """Return the accuracy in %, with the number of seeds where some are missing; "" for no row."""
    if row is None:
        return ""
    text = spread([100 * value for value in row["accuracy"]], 1)
    return text if len(row["seeds"]) == seeds else f"{text} (seeds: {len(row['seeds'])})"


def warning_table(benchmark):
    """Return how often each warning of `rt.trust_report` was right, as lines."""
    lines = [
        "| warning | sets | given, rightly | given, wrongly | missing | silent, rightly |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for name in dict.fromkeys(row["warning"] for row in benchmark["warnings"]):
        some = [row for row in benchmark["warnings"] if row["warning"] == name]
        kinds = [(True, True), (False, True), (True, False), (False, False)]
        counts = [
            [row["set"] for row in some if (row["due"], row["given"]) == kind] for kind in kinds
        ]
        wrong = [f"{len(c)} ({', '.join(c)})" if c else "0" for c in counts[1:3]]
        lines.append(
            f"| {name} | {len(some)} | {len(counts[0])} | {' | '.join(wrong)} | {len(counts[3])} |"
        )
    return [
        *lines,
        "",
        "The sets are those above and some that were spoilt on purpose. The script says when a "
        "warning counts as right.",
    ]


def cnn_or_rnn(benchmark):
    """Return the tables of notebook 06 as lines."""
    machine, versions = surroundings(benchmark)
    scores, base = benchmark["pictures"], "CNN"
    longer, width = benchmark["longer"], benchmark["width"]
    numbers = list(scores[base])
    shuffled = {
        name: {"none": row["1600"]} | benchmark["order"][name] for name, row in scores.items()
    }
    noisy = {
        name: {"none": row["1600"]}
        | {f"test only, {s}": v for s, v in benchmark["noise in the test only"][name].items()}
        | {f"training and test, {s}": v for s, v in benchmark["noise"][name].items()}
        for name, row in scores.items()
    }
    return [
        f"The numbers behind the plots of notebook 06. Test accuracy in % on "
        f"`{benchmark['dataset']}`: means and standard deviations over "
        f"{len(benchmark['seeds'])} seeds, about 40,000 parameters each. A difference is that of "
        "two models with the same seed, in points, with its 95 % interval from a paired t-test. A "
        "star marks an interval without 0. Of twenty intervals one gets its star by luck alone.",
        "",
        "### By the number of training images",
        "",
        *score_table(scores, "{:,} images", int),
        "",
        "Less the CNN's:",
        "",
        *difference_table({n: less_the_cnns(scores, n) for n in numbers}, "{:,} images", int),
        "",
        "Recurrent layers against each other:",
        "",
        *difference_table({n: between_cells(scores, n) for n in numbers}, "{:,} images", int),
        "",
        "With more updates, less those with the usual number:",
        "",
        *difference_table(
            {
                f"{int(n):,} images, {updates:,} in place of {benchmark['updates'][n]:,}": {
                    name: (row[n], scores[name][n]) for name, row in longer.items()
                }
                for n, updates in benchmark["updates, longer"].items()
            }
        ),
        "",
        "### With rows in another order, 1,600 images",
        "",
        *score_table(shuffled),
        "",
        "Points lost, less those that the CNN loses:",
        "",
        *difference_table({o: loses_more(scores, shuffled, o) for o in ("fixed", "anew")}),
        "",
        "### With noise, 1,600 images",
        "",
        *score_table(noisy),
        "",
        "Less the CNN's:",
        "",
        *difference_table({n: less_the_cnns(noisy, n) for n in noisy[base]}),
        "",
        "### By the width of the dense layer, 400 images",
        "",
        *score_table(width),
        "",
        "The seeds of width 4: "
        + "; ".join(
            f"{n} {', '.join(f'{100 * v:.1f}' for v in row['4'])}" for n, row in width.items()
        )
        + ".",
        "",
        "### By the learning rate, 400 images, two seeds, on validation images",
        "",
        *score_table(benchmark["learning_rate trials (validation)"]),
        "",
        "Chosen: "
        + ", ".join(f"{name} {rate}" for name, rate in benchmark["learning_rate"].items())
        + ".",
        "",
        "### Time and memory",
        "",
        "| model | seconds for an epoch of 5,000 images | MB |",
        "| --- | --- | --- |",
        *(f"| {n} | {row['seconds']:.2f} | {row['mb']} |" for n, row in benchmark["cost"].items()),
        "",
        f"Measured on {benchmark['date']} ({machine}; {versions}).",
    ]


def less_the_cnns(scores, n):
    """Return {model: (its scores, the CNN's)} at one number."""
    return {name: (row[n], scores["CNN"][n]) for name, row in scores.items() if name != "CNN"}


def between_cells(scores, n):
    """Return {pair: (scores, scores)} of the recurrent layers at one number."""
    return {
        f"{family}, {ours} less {theirs}": (
            scores[f"{family}, {ours}"][n],
            scores[f"{family}, {theirs}"][n],
        )
        for family in ("RNN", "CNN+RNN")
        for ours, theirs in (("SimpleRNN", "GRU"), ("SimpleRNN", "LSTM"), ("GRU", "LSTM"))
    }


def loses_more(scores, shuffled, order):
    """Return {model: (points that it loses, points that the CNN loses)} in another order."""
    lost = {
        name: [a - b for a, b in zip(row["1600"], shuffled[name][order], strict=True)]
        for name, row in scores.items()
    }
    return {name: (values, lost["CNN"]) for name, values in lost.items() if name != "CNN"}


def score_table(scores, heading="{}", convert=str):
    """Return a table of {model: {value: scores of the seeds}} as lines, in per cent."""
    columns = list(next(iter(scores.values())))
    return [
        f"| model | {' | '.join(heading.format(convert(c)) for c in columns)} |",
        f"| --- |{' --- |' * len(columns)}",
        *(
            f"| {name} | {' | '.join(spread([100 * v for v in row[c]], 1) for c in columns)} |"
            for name, row in scores.items()
        ),
    ]


def difference_table(columns, heading="{}", convert=str):
    """Return a table of {value: {model: (scores, scores)}} as lines, seed by seed, in points."""
    titles = " | ".join(heading.format(convert(column)) for column in columns)
    rows = {}
    for pairs in columns.values():
        for name, pair in pairs.items():
            rows.setdefault(name, []).append(in_points(*pair))
    return [
        f"| model | {titles} |",
        f"| --- |{' --- |' * len(columns)}",
        *(f"| {name} | {' | '.join(cells)} |" for name, cells in rows.items()),
    ]


def in_points(ours, theirs):
    """Return a mean difference, its 95 % interval, and a star where that leaves out 0."""
    low, high = (100 * end for end in ttest_rel(ours, theirs).confidence_interval())
    star = "" if low <= 0 <= high else "*"
    return f"{(low + high) / 2:+.1f}{star} ({low:+.1f} to {high:+.1f})"


def classifier_table(rows):
    """Return the section of notebook 05's classifier as lines."""
    lines = [
        "## The classifier of notebook 05",
        "",
        "| set and model | training images | test images | accuracy, % | seeds | minutes |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for name, row in rows.items():
        accuracy = spread([100 * value for value in row["accuracy"]], 1)
        minutes, seeds = statistics.mean(row["minutes"]), len(row["accuracy"])
        sizes = f"{row['training']:,} | {row['test']:,}"
        lines.append(f"| {name} | {sizes} | {accuracy} | {seeds} | {minutes:.1f} |")
    return [
        *lines,
        "",
        "Trained with labels, scored on the test part. *7 steps*: convolutions, and a GRU over the "
        "7 rows of their map. The photographs are grey, 28 x 28. Minutes are of one training, on a "
        f"machine that did other work too. Measured until {max(r['date'] for r in rows.values())}.",
        "",
    ]


def strip_table(benchmark):
    """Return the section of strips as lines: the summary, the other methods, harder strips."""
    runs = [run for run in benchmark["runs"] if run["seed"] in benchmark["seeds"]]
    machine, versions = surroundings(benchmark)
    methods = list(dict.fromkeys(run["method"] for run in runs))
    steps = benchmark["steps"]
    about_networks = "None of these rows needs a network; networks are not measured yet."
    if any(run["parameters"] for run in runs):
        about_networks = (
            "Rows with parameters are networks, trained by contrast with equal views and steps: "
            f"{', '.join(f'{steps[task]} for {task}' for task in benchmark['tasks'])}. "
            f"Their {benchmark['chosen_on'].replace('rates ', 'rates were chosen ')}. Rows without "
            "parameters need no network."
        )
    return [
        "## Strips that must be read in order",
        "",
        *strip_rows(benchmark["tasks"], runs, [m for m in methods if m not in LESS_ASKED]),
        "",
        f"Accuracy in %, and NMI in brackets, over {in_words(runs)}; a cell with fewer says so. "
        f"{benchmark['images']} strips of three spoken digits in six orders; chance is near 20 %. "
        f"The strips of each seed are composed anew. {about_networks} CPU seconds are means over "
        "the tasks, one thread, on a machine that did other work too. "
        "[strips_tried.md](strips_tried.md) is the log. Measured until "
        f"{max(run['date'] for run in runs)} ({machine}; {versions}).",
        "",
        *harder_strips(runs),
        "### Other ways to sort strips",
        "",
        *strip_rows(benchmark["tasks"], runs, [m for m in methods if m in LESS_ASKED]),
        "",
        "### Asked later",
        "",
        *strip_rows(benchmark["later_tasks"], runs, methods),
        "",
        "As above. *120 strips* are trimmed ones of one speaker, with as many steps as there. "
        "These tasks were written down when the others were done, and before they ran themselves.",
        "",
    ]


def strip_rows(tasks, runs, methods):
    """Return a table as lines: a row for each method and a column for each task."""
    runs = [run for run in runs if run["task"] in tasks]
    most = len({run["seed"] for run in runs})
    lines = [
        f"| method | {' | '.join(tasks)} | parameters | CPU seconds |",
        "| --- |" + " --- |" * (len(tasks) + 2),
    ]
    for method in methods:
        own = [run for run in runs if run["method"] == method]
        if not own:
            continue
        cells = []
        for task in tasks:
            found = [run for run in own if run["task"] == task]
            cell = f"{in_percent(found, 'accuracy')} ({mean_of(found, 'nmi'):.2f})" if found else ""
            fewer = 0 < len(found) < most
            cells.append(f"{cell}, {in_words(found)}" if fewer else cell)
        size, seconds = (round(mean_of(own, what)) for what in ("parameters", "cpu_seconds"))
        size = f"{size:,}" if size else ""
        lines.append(f"| {method} | {' | '.join(cells)} | {size} | {seconds} |")
    return lines


def harder_strips(runs):
    """Return as lines how networks that were taught on trimmed strips read harder ones."""
    taught = [run for run in runs if run["task"] == "trimmed" and "accuracy_new" in run]
    if not taught:
        return []
    prefix = "accuracy_"
    columns = [key for key in taught[0] if key.startswith(prefix)]
    lines = [
        "### Taught on trimmed strips, tried on harder ones",
        "",
        f"| network | {' | '.join(key.removeprefix(prefix) for key in columns)} |",
        "| --- |" + " --- |" * len(columns),
    ]
    for method in dict.fromkeys(run["method"] for run in taught):
        own = [run for run in taught if run["method"] == method]
        lines.append(f"| {method} | {' | '.join(in_percent(own, key) for key in columns)} |")
    return [
        *lines,
        "",
        f"Accuracy in % on 120 new strips of other recordings, over {in_words(taught)}. Nothing is "
        "learnt from these strips. *Margins* are 1 to 59 silent columns at each end. *Longer "
        "pauses* are 40 to 120 columns wide; those that were learnt are 5 to 40. At half tempo "
        "a strip is twice as wide.",
        "",
    ]


STEPS = {
    "decode": "read from disk",
    "train": "one epoch of training",
    "sort": "`rt.sort`",
    "workers 1": "`rt.sort`, one worker process",
    "workers 2": "`rt.sort`, two worker processes",
}


def scale_table(benchmark):
    """Return the section of many images as lines: speed and memory, and what was compared."""
    runs = {(run["what"], run["images"]): run for run in benchmark["runs"]}
    sizes = benchmark["sizes"]
    machine, versions = surroundings(benchmark)
    lines = [
        "## Many images",
        "",
        f"| images a second | {' | '.join(f'{n:,} images' for n in sizes)} | CPU ms an image | "
        "MB at most | MB of a worker |",
        "| --- |" + " --- |" * (len(sizes) + 3),
    ]
    for step, name in STEPS.items():
        found = [runs.get((step, n)) for n in sizes]
        if not any(found):
            continue
        largest = [run for run in found if run][-1]
        cells = [f"{run['rate']:,.0f}" if run else "not measured" for run in found]
        cpu = 1000 * largest["cpu_seconds"] / largest["images"]
        worker = largest.get("worker_peak_mb")
        cells += [f"{cpu:.2f}", f"{largest['peak_mb']:,.0f}", f"{worker:,.0f}" if worker else ""]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    side = benchmark["read_at"]
    lines += [
        "",
        f"JPEGs of 64 x 64, which a network reads at {side} x {side}. Each step ran in a process "
        "of its own. `rt.sort` includes starting TensorFlow, in each worker too: most of the time "
        "where images are few. CPU and MB are those of the largest number. Other work ran on "
        "the machine, so the CPU time says more than the images a second: "
        f"{load_of(runs.values())}. Measured until "
        f"{max(run['date'] for run in benchmark['runs'])} ({machine}; {versions}).",
        "",
    ]
    pairs = [(runs.get(("workers 1", n)), runs.get(("workers 2", n)), n) for n in sizes]
    ratios = [f"{one['seconds'] / two['seconds']:.2f} at {n:,}" for one, two, n in pairs if two]
    if ratios:
        lines += [
            "How many times as fast two workers are as one, in turn in one run: "
            f"{', '.join(ratios)}. On this machine two share the cores that one has alone.",
            "",
        ]
    for pixels, what in ((64, "JPEGs of 64 x 64"), (640, "JPEGs of 640 x 480, wanted at 64 x 64")):
        if run := runs.get(("compare", pixels)):
            lines += [
                f"{what}: the stream reads {run['stream_ratio']:.2f} times as many images a second "
                f"as bare `cv2.imdecode` in {run['threads']} threads, which decodes them whole, "
                f"and Pillow {run['pillow_ratio']:.2f} times as many; by CPU time "
                f"{run['stream_cpu_ratio']:.2f} and {run['pillow_cpu_ratio']:.2f}. The aim is 0.9.",
                "",
            ]
    for run in benchmark["runs"]:
        if run["what"] == "kmeans":
            lines += kmeans_table(run)
    for (what, n), run in runs.items():
        if "said" in run and what in ("sort", "fit") and n == max(m for w, m in runs if w == what):
            said = " ".join(run["said"].split())
            lines += [
                f"Before `{what}` of {n:,} images it said: *{said}* It took "
                f"{run['seconds']:.0f} s, {run['cpu_seconds']:.0f} s of the processor, and held "
                f"{run['peak_mb']:,.0f} MB at most.",
                "",
            ]
    return lines


def load_of(runs):
    """Return as text how many processes wanted the cores while runs were measured."""
    loads = [run["load"] for run in runs]
    return f"{min(loads)} to {max(loads)} processes wanted the cores after a run"


def kmeans_table(run):
    """Return as lines how k-means on a sample does beside k-means on all."""
    lines = [
        f"Clusters among {run['images']:,} embeddings, views of the 5,000 images of fashion5:",
        "",
        "| k-means sees | accuracy, % | ARI with that of all | CPU seconds |",
        "| --- | --- | --- | --- |",
    ]
    for name, row in run["ways"].items():
        accuracy = spread([100 * value for value in row["accuracy"]], 1)
        cells = (
            accuracy,
            spread(row["agrees_with_all"], 3),
            f"{statistics.mean(row['cpu_seconds']):.1f}",
        )
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return [*lines, ""]


def in_percent(runs, what):
    """Return mean and standard deviation of a share over runs, in percent."""
    return spread([100 * run[what] for run in runs], 1)


def in_words(runs):
    """Return how many seeds runs have, as a text."""
    seeds = len({run["seed"] for run in runs})
    return f"{seeds} {'seed' if seeds == 1 else 'seeds'}"


def grouped(runs):
    """Return the runs by (set, method)."""
    groups = {}
    for run in runs:
        groups.setdefault((run["set"], run["method"]), []).append(run)
    return groups


def mean_of(runs, what):
    """Return the mean of one number of several runs."""
    return statistics.mean(run[what] for run in runs)


def surroundings(benchmark):
    """Return the machine, and the versions of what ran on it, as two texts."""
    return [
        ", ".join(f"{name} {value}" for name, value in benchmark[part].items())
        for part in ("machine", "versions")
    ]


def spread(values, digits):
    """Return for example "69.1 ± 0.4"; without a deviation where there is one value only."""
    mean = f"{statistics.mean(values):.{digits}f}"
    return f"{mean} ± {statistics.stdev(values):.{digits}f}" if len(values) > 1 else mean


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
