"""Findings as SARIF 2.1.0 (docs.oasis-open.org/sarif/sarif/v2.1.0), which code hosts show beside the lines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from svmrun.lint.rule import Finding, Rule

Json = Any
SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def sarif(findings: Sequence[Finding], rules: Sequence[Rule], version: str) -> dict[str, Json]:
    """One log with one run. Columns count UTF-16 units unless said otherwise: ours count characters."""
    driver = {
        "name": "svmrun",
        "version": version,
        "rules": [_rule(rule) for rule in rules],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(finding, [rule.id for rule in rules]) for finding in findings],
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(rule: Rule) -> dict[str, Json]:
    return {
        "id": rule.id,
        "name": rule.name,
        "shortDescription": {"text": rule.summary},
        "defaultConfiguration": {"level": rule.severity},
    }


def _result(finding: Finding, ids: Sequence[str]) -> dict[str, Json]:
    problem, position = finding.problem, finding.problem.position
    message = problem.message + (f" ({problem.hint})" if problem.hint else "")
    result: dict[str, Json] = {
        "ruleId": finding.rule.id,
        "ruleIndex": ids.index(finding.rule.id),
        "level": finding.rule.severity,
        "message": {"text": message},
    }
    if position:
        region = {"startLine": position.line, "startColumn": position.column}
        artifact = {"uri": quote(position.file)}
        result["locations"] = [{"physicalLocation": {"artifactLocation": artifact, "region": region}}]
    return result
