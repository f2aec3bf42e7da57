"""What is not tested is counted, printed, and does not grow unnoticed."""

import json
from collections import Counter

import pytest
from support import accounting

REMEDY = "if that is meant, run `python tests/support/accounting.py` and say why in the commit"


def test_what_is_not_compared_or_skipped_is_what_was_agreed_on(capsys):
    now = {"cells": accounting.uncompared_cells(), "skip_markers": accounting.skip_markers()}
    with capsys.disabled():
        print("\nnot compared, by notebook:", json.dumps(now["cells"]))
        print("places that skip or expect a failure:", json.dumps(now["skip_markers"]))
    agreed = accounting.recorded()
    assert now == {part: agreed[part] for part in now}, REMEDY


@pytest.mark.parametrize(
    ("source", "count"),
    [
        ("pytest.skip('x')", 1),
        ("@pytest.mark.skipif(True, reason='x')\n@pytest.mark.xfail\ndef test_x(): pass", 2),
        ("keras = pytest.importorskip('keras')", 1),
        ("pytest.param(1, marks=pytest.mark.xfail(strict=True))", 1),
        ("# pytest.skip('x')\nrows.skip(3)", 0),
    ],
)
def test_skips_are_found(source, count):
    assert accounting.count_skips(source) == count


def test_a_run_over_the_limits_is_told():
    limits = {"skipped": 1, "expected to fail": 0}
    assert not list(accounting.over_limit(Counter(skipped=1), limits, in_ci=True))
    assert len(list(accounting.over_limit(Counter(skipped=2), limits, in_ci=True))) == 1
    assert not list(accounting.over_limit(Counter(skipped=2), limits, in_ci=False))
    assert (
        len(list(accounting.over_limit({"skipped": 0, "expected to fail": 1}, limits, False))) == 1
    )
