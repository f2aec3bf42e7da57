"""The command `rnn-tutor`: `lab` opens the course, `doctor` says whether it can run here.

`notebooks` lays the course out without opening it, `fetch` brings a full data set, and `sort` sorts
a folder of images without a notebook. For instructors, `teach` writes a folder with routes, slides
and answers, and `progress` collects what a class has done.
This module only reads the command line.
"""

import argparse
import csv
import sys

from rnn_tutor._errors import TutorError
from rnn_tutor.course.notebooks import FOLDER

# JupyterLab's options that stand alone: what follows any other option is taken for its value.
STAND_ALONE = {"--no-browser", "--allow-root", "--debug", "-y", "--autoreload", "--core-mode"}


def main(arguments: list[str] | None = None) -> int:
    """Run one command.

    Args:
        arguments: The words of the command line. Default: those of this process.

    Returns:
        The exit status: 0 when all is well, 1 for a problem, 130 when the reader stopped it.

    Example:
        >>> _ = rt.load_images("digits", limit=3).write("ann")
        >>> rt.cli.main(["progress", "ann"])
        folder,exercise,state,tries,hints,solution_seen,first_right
        0
    """
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a console may not know a folder's letters
            stream.reconfigure(errors="backslashreplace")
    parser = _parser()
    options, further = parser.parse_known_args(arguments)
    try:
        return options.run(parser, options, further)
    except TutorError as error:
        print(f"rnn-tutor: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:  # before JupyterLab listens for it
        return 130


def split_arguments(words: list[str]) -> tuple[str | None, list[str]]:
    """Separate the working folder from the options that go to JupyterLab.

    Args:
        words: What follows `rnn-tutor lab`, without its own options.

    Returns:
        (folder, options): a str or None, and a list of str.

    Raises:
        TutorError: There is a second folder.

    Example:
        >>> rt.cli.split_arguments(["course", "--port", "9000"])
        ('course', ['--port', '9000'])
    """
    folder, passed_on, takes_value = None, [], False
    for word in words:
        if word.startswith("-") or takes_value:
            passed_on.append(word)
        elif folder is None:
            folder = word
        else:
            raise TutorError(
                f"One working folder was expected, and two came: {folder!r} and {word!r}. "
                "Put a name that has spaces between quotation marks."
            )
        takes_value = word.startswith("-") and "=" not in word and word not in STAND_ALONE
    return folder, passed_on


def _lab(parser, options, further):
    from rnn_tutor.course.lab import lab

    folder, passed_on = split_arguments(further)
    return lab(
        folder or FOLDER,
        restore_name=options.restore,
        arguments=passed_on,
        solutions=options.solutions,
    )


def _notebooks(parser, options, further):
    from rnn_tutor.course import lab

    _refuse(parser, "notebooks", further)
    folder = lab.prepare(options.folder, options.solutions)
    if options.kernel:
        print(f"  The kernel RNN Tutor is registered in {lab.register_kernel()}")
    print(f"Open {folder} in Jupyter, VS Code or another program that runs notebooks.")
    return 0


def _doctor(parser, options, further):
    from rnn_tutor.course.doctor import doctor

    _refuse(parser, "doctor", further)
    return doctor()


def _sort(parser, options, further):
    from rnn_tutor.clusters.sort_folder import sort_folder

    _refuse(parser, "sort", further)
    sort_folder(
        options.folder,
        options.out,
        kinds=options.kinds,
        model=options.model,
        files=options.copies,
        keep_spoilt=options.keep_spoilt,
        seed=options.seed,
        chunk=options.chunk,
        workers=options.workers,
    )
    return 0


def _progress(parser, options, further):
    from rnn_tutor.exercises._progress import COLUMNS, collect, summarise

    _refuse(parser, "progress", further)
    rows = collect(options.folders)
    if options.summary:
        print(*summarise(rows), sep="\n")
        return 0
    table = csv.DictWriter(sys.stdout, COLUMNS, extrasaction="ignore", lineterminator="\n")
    table.writeheader()
    table.writerows(rows)
    return 0


def _teach(parser, options, further):
    from rnn_tutor.course.teach import write_folder

    _refuse(parser, "teach", further)
    print("Writing routes, slides and answers. This takes about half a minute.", flush=True)
    folder = write_folder(options.folder)
    print(f"All is in {folder}. Begin with README.md. It holds every answer: keep it to yourself.")
    return 0


def _fetch(parser, options, further):
    from rnn_tutor.images.fetching import fetch

    _refuse(parser, "fetch", further)
    for name in options.names:
        fetch(name, options.source)
    return 0


def _refuse(parser, command, further):
    if further:
        parser.error(f"{command} takes no further words: {' '.join(further)}")


def _parser():
    parser = argparse.ArgumentParser(
        prog="rnn-tutor",
        description="A course of notebooks: sorting images without labels, with a recurrent net.",
        allow_abbrev=False,
    )
    commands = parser.add_subparsers(
        title="commands",
        required=True,
        metavar="lab | notebooks | doctor | fetch | sort | teach | progress",
    )
    lab = commands.add_parser(
        "lab",
        help="open the course in JupyterLab",
        usage="rnn-tutor lab [FOLDER] [--restore NOTEBOOK] [--no-solutions | --solutions] "
        "[options of jupyter lab]",
        description=f"Copies the notebooks into FOLDER (./{FOLDER} when none is named), never over "
        "what you edited, and opens JupyterLab there. Further options go to JupyterLab, for "
        "example --no-browser or --port=9000.",
        allow_abbrev=False,
    )
    lab.add_argument(
        "--restore",
        metavar="NOTEBOOK",
        help="put a fresh copy of a notebook (07, or its name) beside yours, and open that",
    )
    _add_solutions(lab)
    lab.set_defaults(run=_lab)
    notebooks = commands.add_parser(
        "notebooks",
        help="lay the course out in a folder, without opening it",
        description=f"Copies the notebooks into FOLDER (./{FOLDER} when none is named), never over "
        "what you edited. For JupyterHub, VS Code and other programs that run notebooks.",
        allow_abbrev=False,
    )
    notebooks.add_argument("folder", metavar="FOLDER", nargs="?", default=FOLDER)
    notebooks.add_argument(
        "--kernel",
        action="store_true",
        help="also register this Python as the kernel RNN Tutor, for you alone",
    )
    _add_solutions(notebooks)
    notebooks.set_defaults(run=_notebooks)
    doctor = commands.add_parser(
        "doctor",
        help="say whether the course can run on this machine, and what to do where it cannot",
        description="Checks Python, packages, Keras's backend, cores, memory, disk, write access "
        "and browser. The exit status is 0 when the course can run.",
        allow_abbrev=False,
    )
    doctor.set_defaults(run=_doctor)
    fetch = commands.add_parser(
        "fetch",
        help="bring full data sets, such as MNIST, for rt.load_images",
        usage="rnn-tutor fetch NAME [NAME ...] [--from FOLDER_OR_ADDRESS]",
        description="NAME is mnist, fashion_mnist, kmnist, usps, cifar10 or flowers. Size and "
        "licence are shown before. A download that broke off goes on where it stood. The variable "
        "RNN_TUTOR_DATA names another folder to keep the files in.",
        allow_abbrev=False,
    )
    fetch.add_argument("names", metavar="NAME", nargs="+")
    fetch.add_argument(
        "--from",
        dest="source",
        metavar="FOLDER_OR_ADDRESS",
        help="take the files from there. For a class: fetch once, run `python -m http.server` in "
        "the folder above the files, and give every student --from http://your-address:8000",
    )
    fetch.set_defaults(run=_fetch)
    sort = commands.add_parser(
        "sort",
        help="sort a folder of images without labels into a new folder",
        description="Looks at the images of FOLDER (or a zip), says what is in it, sorts them, and "
        "writes copies by cluster, a table sorted.csv, a page index.html and the network into a "
        "new folder. Nothing in FOLDER is changed. More images than fit into memory are sorted in "
        "chunks: without a look at each, into tables alone unless --copies is given. The same "
        "command goes on where such a job was stopped.",
        allow_abbrev=False,
    )
    sort.add_argument("folder", metavar="FOLDER", help="a folder or a zip of images")
    sort.add_argument("--out", metavar="SORTED", required=True, help="a new folder, outside FOLDER")
    how = sort.add_mutually_exclusive_group()
    how.add_argument(
        "--kinds", metavar="N", type=int, help="how many clusters; proposed where it is missing"
    )
    how.add_argument(
        "--model", metavar="MODEL", help="the folder `model` of an earlier run, to sort alike"
    )
    copies = sort.add_mutually_exclusive_group()
    copies.add_argument(
        "--copies",
        choices=("copy", "link", "none"),
        help="copy the originals by cluster (the default, but in chunks), link to them, or neither",
    )
    copies.add_argument(
        "--link",
        dest="copies",
        action="store_const",
        const="link",
        help="the same as --copies link",
    )
    sort.add_argument(
        "--keep-spoilt",
        action="store_true",
        help="sort duplicates, blurred, very dark and very bright images, too",
    )
    sort.add_argument("--seed", metavar="N", type=int, default=0, help="another seed, default 0")
    sort.add_argument(
        "--chunk",
        metavar="N",
        type=int,
        help="sort in chunks of N images, whatever the memory; without --model, a network first "
        "learns from at most 20,000 of them",
    )
    sort.add_argument(
        "--workers",
        metavar="ADDRESS",
        help="sort in chunks on the workers of a Dask scheduler, such as tcp://10.0.0.5:8786",
    )
    sort.set_defaults(run=_sort)
    teach = commands.add_parser(
        "teach",
        help="for instructors: write routes, slides, answers and how to run a class",
        description="Writes into FOLDER, which must be new or empty: routes for 45, 90 and 180 "
        "minutes, slides of each notebook that need no network, the answers to all questions and "
        "exercises, ten misconceptions with the cell that cures each, and how to run a class on "
        "JupyterHub.",
        allow_abbrev=False,
    )
    teach.add_argument("folder", metavar="FOLDER", help="a new or an empty folder")
    teach.set_defaults(run=_teach)
    progress = commands.add_parser(
        "progress",
        help="for instructors: collect what students have tried, as CSV",
        description="Prints one line for each exercise that was tried, from every "
        "rnn-tutor-progress.json below the folders. Tries are counted until the first right one.",
        allow_abbrev=False,
    )
    progress.add_argument(
        "folders", metavar="FOLDER", nargs="+", help="searched to the bottom; a file does as well"
    )
    progress.add_argument(
        "--summary",
        action="store_true",
        help="print which exercises were hardest and the commonest wrong answers, not CSV",
    )
    progress.set_defaults(run=_progress)
    return parser


def _add_solutions(command):
    """Add the two options that withhold and show the solutions."""
    solutions = command.add_mutually_exclusive_group()
    solutions.add_argument(
        "--no-solutions",
        dest="solutions",
        action="store_false",
        default=None,
        help="keep the solutions of the exercises in FOLDER out of sight, from now on; checks and "
        "hints work. A switch, not a lock: whoever opens the package's source can read them",
    )
    solutions.add_argument(
        "--solutions", action="store_true", default=None, help="show them again in FOLDER"
    )


if __name__ == "__main__":
    sys.exit(main())
