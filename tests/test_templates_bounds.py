"""No expression computes for ever or fills the memory."""

from __future__ import annotations

import resource
import time

import pytest

from svmrun.runbook.pieces import TemplateError
from svmrun.runbook.template import render

NAMES = {"big": "x" * 100_000, "many": list(range(2000)), "n": 10**9}
MEGABYTES = 1024 * 1024


@pytest.mark.parametrize(
    "expression",
    [
        "9**9999999",
        "9**9**9**9",
        "(-9)**9999999",
        "9.0**9999999",
        "2**n",
        "'a' * 10**9",
        "10**9 * 'a'",
        "[1] * n",
        "[[1] * 1000] * 100000",
        "'a'.center(10**9)",
        "'a'.ljust(10**9)",
        "'a'.zfill(10**9)",
        "'a' | center(10**9)",
        "'a' | indent(10**9)",
        "'%1000000000d' | format(1)",
        "'%*d' | format(n, 1)",
        "'%.1000000000f' | format(1.0)",
        "'%1000000000d' % 1",
        "'{:1000000000}'.format(1)",
        "range(10**9) | list",
        "range(10**9) | map('string') | join(',')",
        "range(10**30) | length",
        "range(100000) | map('replace', '1', big) | list",
        "big | replace('x', big)",
        "big.replace('x', big)",
        "many | join(big)",
        "big.join(many | map('string'))",
        "many | map('default', many) | list",
        "range(3000) | select('in', range(3000)) | list",
        " ~ ".join(["big"] * 40),
        "[" + "big, " * 40 + "]",
        "[many, many] | sum(start=[])",
        "1.5 | round(10**9)",
        "5 | round(10**9, 'ceil')",
        "lipsum(n=10**9)",
        "(" * 3000 + "1" + ")" * 3000,
        "not " * 900 + "1",
        "-" * 3900 + "1",
        "1" + "+1" * 1999,
        "[" * 900 + "]" * 900,
        "a" + ".b" * 1900,
        "1" * 5000,
        "'a' * 1000 * 1000 * 1000 * 1000",
    ],
)
def test_an_expression_is_refused_within_a_second(expression: str) -> None:
    before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    with pytest.raises(TemplateError) as caught:
        render(f"{{{{ {expression} }}}}", NAMES)
    assert len(str(caught.value)) < 5000
    assert time.process_time() - began < 1.0
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown * 1024 < 100 * MEGABYTES


def test_one_evaluation_does_not_pay_for_another() -> None:
    for _ in range(60):
        assert render("{{ big | length }}", NAMES) == 100_000
