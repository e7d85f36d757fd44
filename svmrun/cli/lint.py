"""`svmrun lint FILE...`: rules of meaning over runbooks that are valid."""

from __future__ import annotations

import argparse
import gc
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from svmrun import __version__
from svmrun.adapters.registry import adapters
from svmrun.cli.files import named_files
from svmrun.cli.parser import add_command
from svmrun.effects import runbook_files
from svmrun.effects.rewrite import rewrite
from svmrun.errors import InvalidInput, Position, Problem, UsageError
from svmrun.lint.engine import chosen, lint, mended
from svmrun.lint.rule import Finding, Rule
from svmrun.lint.sarif import sarif
from svmrun.report.document import as_json
from svmrun.report.shapes import Linted, LintFinding

if TYPE_CHECKING:
    from svmrun.cli.parser import Subparsers

FOUND = 1
EXAMPLES = [
    ("svmrun lint runbooks/", "everything that is found, each with its line, its rule and what to do"),
    ("svmrun lint --fix mirror-backup.yaml", "mend what can be mended without changing what is run"),
    ("svmrun lint --list", "all rules with their severities"),
    ("svmrun lint --explain SR012", "why a rule is there, and what to do"),
    ("svmrun lint --ignore SR005,generous-limit runbooks/", "without these rules"),
    ("svmrun lint --output sarif runbooks/ > lint.sarif", "for code hosts that show findings beside the lines"),
]
NOTES = """\
A finding that was looked at is silenced in its line, or above it, with a reason:
  # svmrun: allow SR034 because the vendor's resume takes minutes

exit codes: 0 nothing but notes; 1 a warning or an error; 3 a runbook is invalid."""


@dataclass(frozen=True)
class Result:
    """What the rules found in all files, and the problems of those that are invalid."""

    rules: tuple[Rule, ...]
    findings: tuple[Finding, ...]
    problems: tuple[Problem, ...]


def add_parser(subparsers: Subparsers) -> None:
    parser = add_command(
        subparsers,
        "lint",
        "Look for what is valid in a runbook, and yet dangerous or misleading. No host is touched.",
        examples=EXAMPLES,
        notes=NOTES,
    )
    parser.add_argument("runbooks", nargs="*", metavar="RUNBOOK", help="a file, the name of a runbook, or a folder")
    parser.add_argument(
        "--output", choices=("text", "json", "sarif", "github"), default="text", help="how to print it (default: text)"
    )
    parser.add_argument("--fix", action="store_true", help="mend what can be mended without changing what is run")
    parser.add_argument("--select", action="append", default=[], metavar="RULES", help="only these (SR012,SR03)")
    parser.add_argument("--ignore", action="append", default=[], metavar="RULES", help="all but these")
    parser.add_argument("--list", action="store_true", help="print the rules")
    parser.add_argument("--explain", metavar="RULES", help="print the pages of these rules")


def run(options: argparse.Namespace) -> int:
    if options.explain:
        print("\n".join(_page(rule) for rule in _named(options.explain.split(","), ())), end="")
        return 0
    rules = _chosen(options)
    if options.list:
        print("\n".join(f"{rule.id}  {rule.severity:<7}  {rule.name:<22}  {rule.summary}" for rule in rules))
        return 0
    if not options.runbooks:
        raise UsageError("lint: name a runbook or a folder (or --list)\ntry: svmrun lint --help")
    gc.disable()  # runbooks hold no circles: looking for them in hundreds takes a tenth of the time
    result = _lint([*named_files(options.runbooks, to_write=options.fix)], rules, fix=options.fix)
    PRINTERS[options.output](result)
    if result.problems:
        return InvalidInput.exit_code
    return FOUND if any(finding.rule.severity != "note" for finding in result.findings) else 0


def _chosen(options: argparse.Namespace) -> tuple[Rule, ...]:
    select, ignore = (
        [word for text in texts for word in text.split(",")] for texts in (options.select, options.ignore)
    )
    return _named(select, ignore)


def _named(select: Sequence[str], ignore: Sequence[str]) -> tuple[Rule, ...]:
    try:
        return chosen(select, ignore)
    except ValueError as error:
        raise UsageError(f"lint: {error}\nall rules: svmrun lint --list") from error


def _page(rule: Rule) -> str:
    """The page of documentation, without its links to files that are not installed."""
    lines = (runbook_files.shipped("docs/rules") / f"{rule.id}.md").read_text(encoding="utf-8").splitlines()
    return "\n".join(line for line in lines if not line.startswith("Cases: ")).rstrip("\n") + "\n"


def _lint(paths: Sequence[Path], rules: tuple[Rule, ...], *, fix: bool) -> Result:
    findings: dict[tuple[str, Position | None], Finding] = {}  # some share a file
    problems: list[Problem] = []
    for path in paths:
        try:
            for finding in _file(path, rules, fix=fix):
                findings.setdefault((finding.rule.id, finding.problem.position), finding)
        except InvalidInput as error:
            problems += error.problems
    return Result(rules, tuple(findings.values()), tuple(dict.fromkeys(problems)))


def _file(path: Path, rules: Sequence[Rule], *, fix: bool) -> list[Finding]:
    data = runbook_files.read(path)
    findings = lint(str(path), data, adapters(), rules, runbook_files.Beside(path))
    if not fix or not any(finding.edit for finding in findings):
        return findings
    better = mended(data, findings)
    left = lint(str(path), better, adapters(), rules, runbook_files.Beside(path))
    rewrite(path, better, was=data)
    print(f"{path}: {sum(1 for finding in findings if finding.edit)} mended", file=sys.stderr)
    return left


def _print_text(result: Result) -> None:
    for problem in result.problems:
        print(problem)
    for finding in result.findings:
        _first, *more = str(finding.problem).split("\n")
        rule = finding.rule
        print(f"{finding.problem.position}: {rule.severity}: {finding.problem.message} [{rule.id} {rule.name}]")
        print("\n".join(more))
    counts = {
        kind: sum(finding.rule.severity == kind for finding in result.findings) for kind in ("error", "warning", "note")
    }
    told = [f"{count} {kind}{'s' if count > 1 else ''}" for kind, count in counts.items() if count]
    print(", ".join(told) or ("nothing found" if not result.problems else "invalid"))


def _print_json(result: Result) -> None:
    shown = tuple(
        LintFinding(f.rule.id, f.rule.name, f.rule.severity, f.problem, f.edit is not None) for f in result.findings
    )
    print(as_json(Linted(not shown and not result.problems, shown, result.problems)))


def _print_sarif(result: Result) -> None:
    for problem in result.problems:
        print(problem, file=sys.stderr)
    print(json.dumps(sarif(result.findings, result.rules, __version__), indent=2))


def _print_github(result: Result) -> None:
    """Workflow commands (docs.github.com, "Workflow commands for GitHub Actions")."""
    for problem in result.problems:
        print(_annotation("error", problem, "invalid"))
    for finding in result.findings:
        kind = "notice" if finding.rule.severity == "note" else finding.rule.severity
        print(_annotation(kind, finding.problem, f"{finding.rule.id} {finding.rule.name}"))


def _annotation(kind: str, problem: Problem, title: str) -> str:
    place = problem.position or Position("")
    hint = f"\n{problem.hint}" if problem.hint else ""
    values = {"file": place.file, "line": place.line, "col": place.column, "title": title}
    told = ",".join(f"{name}={_escaped(str(value), for_property=True)}" for name, value in values.items())
    return f"::{kind} {told}::{_escaped(problem.message + hint)}"


def _escaped(text: str, *, for_property: bool = False) -> str:
    text = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return text.replace(":", "%3A").replace(",", "%2C") if for_property else text


PRINTERS = {"text": _print_text, "json": _print_json, "sarif": _print_sarif, "github": _print_github}
