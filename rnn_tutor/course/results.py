"""Results of long runs that ship with the course, each with the script that made it."""

import json

from rnn_tutor._errors import TutorError
from rnn_tutor._text import DATA


def stored_results(dataset="fashion5"):
    """What a benchmark of the course measured, as a dict.

    dataset: "fashion5", or "five_classes" for the longer run of notebook 10.

    Its "methods" is a list of rows with "name", "clustering", "minutes", and "accuracy", "nmi" and
    "ari", a number a seed. Made by the script of that name in `data_scripts/benchmarks`.
    """
    path = DATA / f"benchmark_{dataset}.json"
    if not path.exists():
        raise TutorError(f"No benchmark of {dataset!r} ships with the course; fashion5's does.")
    return json.loads(path.read_text(encoding="utf-8"))
