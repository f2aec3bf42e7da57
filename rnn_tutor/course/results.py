"""Results of long runs that ship with the course, each with the script that made it."""

import json

from rnn_tutor._errors import TutorError
from rnn_tutor._text import DATA


def stored_results(dataset="fashion5"):
    """Return what a benchmark of the course measured.

    The script of the same name in `data_scripts/benchmarks` made it.

    Args:
        dataset: "fashion5"; "five_classes" for the longer run of notebook 10; or "photographs" for
            the readers of feature maps, whose "warnings" tell how often each warning of
            `rt.trust_report` was right; or "strips" for the readers of strips, which has "runs" in
            place of "methods": a dict for each task, method and seed; or "scale" for the speed and
            memory of many images, whose "summary" has a dict for each step. Default "fashion5".

    Returns:
        A dict. Its "methods" is a list of dicts with "name", "clustering", "minutes", and
        "accuracy", "nmi" and "ari", one number for each seed.

    Raises:
        TutorError: No such benchmark ships with the course.

    Example:
        >>> [row["name"] for row in rt.stored_results()["methods"]][0]
        'pixels'
    """
    path = DATA / f"benchmark_{dataset}.json"
    if not path.exists():
        raise TutorError(f"No benchmark of {dataset!r} ships with the course; fashion5's does.")
    return json.loads(path.read_text(encoding="utf-8"))
