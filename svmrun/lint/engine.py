"""All rules over one runbook."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from svmrun.adapters.base import Adapter
from svmrun.lint import allow, devices, prechecks, programs, sides, text, undoing
from svmrun.lint.book import Book
from svmrun.lint.rule import Edit, Finding, Found, Rule
from svmrun.runbook.files import Files
from svmrun.runbook.load import checked_reading
from svmrun.runbook.text import decode
from svmrun.runbook.written import spelled

RULES: tuple[Rule, ...] = (
    *allow.RULES,
    *text.RULES,
    *sides.RULES,
    *prechecks.RULES,
    *undoing.RULES,
    *devices.RULES,
    *programs.RULES,
)


def chosen(select: Collection[str], ignore: Collection[str]) -> tuple[Rule, ...]:
    """The rules with these ids, names or beginnings of ids (`SR01`); all when none is selected.

    Raises ValueError with a sentence for a word that means no rule.
    """
    for word in (*select, *ignore):
        if not any(_means(word, rule) for rule in RULES):
            raise ValueError(f"there is no rule {word!r}")
    wanted = [rule for rule in RULES if not select or any(_means(word, rule) for word in select)]
    return tuple(rule for rule in wanted if not any(_means(word, rule) for word in ignore))


def _means(word: str, rule: Rule) -> bool:
    return rule.id.startswith(word) or rule.name == word


def lint(
    file: str,
    data: bytes,
    registry: Mapping[str, Adapter],
    rules: Sequence[Rule] = RULES,
    files: Files | None = None,
) -> list[Finding]:
    """What the rules find in a runbook, in the order of the file, then in what it brings in from `files`.

    In a list of steps only what can be judged without the runbook around it. Raises InvalidInput when it is broken.
    """
    reading = checked_reading(file, data, registry, files)
    if reading.runbook.is_part:
        rules = [rule for rule in rules if rule.of_parts]
    book = Book(reading.subject, spelled(file, decode(file, data)))
    findings = [_finding(book, rule, found) for rule in rules for found in rule.check(book)]
    silenced = allow.allowances(book)
    left = [finding for finding in findings if not any(one.covers(finding) for one in silenced)]
    if allow.UNUSED in rules:
        unused = [*allow.unused(book, allow.UNUSED, findings, rules), *allow.unknown(book, [rule.id for rule in RULES])]
        left += [_finding(book, allow.UNUSED, found) for found in unused]
    return sorted(dict.fromkeys(left), key=lambda one: (one.file != file, one.file, one.line, one.rule.id))


def _finding(book: Book, rule: Rule, found: Found) -> Finding:
    source = book.runbook.source
    position = found.position or source.position(found.path, of_key=found.of_key)
    return Finding(rule, source.problem_at(found.message, position, hint=found.hint), found.edit)


def mended(data: bytes, findings: Sequence[Finding]) -> bytes:
    """The text with every edit of the findings made, the last one first so that the places of the others hold."""
    lines = data.decode().split("\n")
    edits = {finding.edit for finding in findings if finding.edit}
    for edit in sorted(edits, key=lambda edit: (edit.line, edit.start), reverse=True):
        _apply(lines, edit)
    return "\n".join(lines).encode()


def _apply(lines: list[str], edit: Edit) -> None:
    line = lines[edit.line - 1]
    new = (
        (line[: edit.start] + edit.text + line[edit.end :]).rstrip(" \t")
        if not edit.text
        else (line[: edit.start] + edit.text + line[edit.end :])
    )
    if new.strip():
        lines[edit.line - 1] = new
    else:
        del lines[edit.line - 1]
