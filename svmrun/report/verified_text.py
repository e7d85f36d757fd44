"""What verify found, for a person: violations with their stories, a matrix, what was not tried; and for a CI server."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from xml.sax.saxutils import escape, quoteattr

from svmrun.report.columns import columns
from svmrun.report.verified import Cell, Row, StoryLine, Verified, Violation
from svmrun.report.words import count, duration, printable

# The columns of the matrix, and the kinds that each one adds up.
COLUMNS = {
    "FAIL": ("fail", "fail-after"),
    "LIE": ("lie", "false"),
    "TIMEOUT": ("timeout", "timeout-after"),
    "LATE": ("late",),
    "GARBAGE": ("garbage", "prompt"),
    "CTRL-C": ("cancelled", "cancelled-after", "interrupt"),
    "KILLED": ("killed", "both-killed", "guard-killed"),
    "STOPPED": ("stopped", "stalled"),
    "LOST": ("disconnected", "disconnected-after"),
    "JOURNAL": ("journal",),
    "REBOOT": ("reboot",),
    "FAILOVER": ("failover",),
    "DISKS": ("other-fails", "taken-fails", "resync"),
    "STRANGER": ("stranger",),
    "TAPE": ("tape-end", "tape-error", "no-tape"),
}


def verified_text(result: Verified) -> str:
    head = f"{result.runbook} ({result.file}) in the world {result.world}"
    if result.prevented:
        return f"{head}: the run would not start there, so nothing was tried:\n{result.prevented}"
    parts = [head, *(_violation(v) for v in result.violations)]
    if result.matrix:
        parts.append("\n".join(_matrix(result.matrix)))
    if result.handlers:
        rows = [(h.step, str(h.releases), str(h.rollbacks), str(h.guard)) for h in result.handlers]
        parts.append("\n".join(columns(("HANDLER OF", "RELEASES", "ROLLBACKS", "BY GUARD"), rows)))
    parts += ["\n".join(_mutants(result))] if result.mutants else []
    parts.append("\n".join([*_said_aloud(result), _verdict(result)]))
    return "\n\n".join(parts)


def _violation(violation: Violation) -> str:
    place = f"{violation.position}: " if violation.position else ""
    lines = [
        f"{place}VIOLATED: {violation.meaning} [{violation.invariant}]",
        f"  {printable(violation.message)}",
        f"  in {count(violation.stories, 'story').replace('storys', 'stories')}, the shortest is {violation.story}:",
        *(f"  {line}" for line in story_lines(violation.lines)),
        f"  to mend it: {violation.mend}",
    ]
    return "\n".join(lines)


def story_lines(lines: Sequence[StoryLine]) -> list[str]:
    """The timeline: the lock and the mirror are told when they change."""
    told, locks, mirror = [], "", ""
    for line in lines:
        told.append(f"  {_clock(line.seconds)}  {printable(line.what)}")
        if line.injected and line.injected != line.what:
            told.append(f"  {'':>11}!! {line.injected}")
        if (line.locks, line.mirror) != (locks, mirror):
            told.append(f"  {'':>11}-> {line.locks}; {line.mirror}")
        locks, mirror = line.locks, line.mirror
    return told


def _clock(seconds: float) -> str:
    whole = int(seconds)
    return f"{whole // 3600:3}:{whole // 60 % 60:02}:{whole % 60:02}"


def _matrix(rows: Sequence[Row]) -> Iterator[str]:
    """A number is the stories in which it was tried; `n!m`: m of them go wrong; a dot: it cannot happen there."""
    shown = [title for title, kinds in COLUMNS.items() if any(c.kind in kinds for row in rows for c in row.cells)]
    yield "stories by place and by what goes wrong there (n!m: m of n end wrong)"
    table = [(row.where, *(_sum(row.cells, COLUMNS[title]) for title in shown)) for row in rows]
    yield from columns(("", *shown), table)


def _sum(cells: Sequence[Cell], kinds: Sequence[str]) -> str:
    chosen = [cell for cell in cells if cell.kind in kinds]
    stories, wrong = sum(c.stories for c in chosen), sum(c.violations for c in chosen)
    if not stories:
        return "."
    return f"{stories}!{wrong}" if wrong else str(stories)


def _mutants(result: Verified) -> Iterator[str]:
    survived = [m for m in result.mutants if not m.noticed]
    yield f"broken on purpose: {len(result.mutants)} times, noticed {len(result.mutants) - len(survived)} times"
    for mutant in result.mutants:
        yield f"  {mutant.position}: {mutant.what}: {mutant.noticed or mutant.meaning.upper()}"


def _said_aloud(result: Verified) -> Iterator[str]:
    for line in result.not_modelled:
        yield f"not modelled: {line}"
    for line in result.not_tried:
        yield f"not tried: {line}"
    for allowance in result.judged_with:
        yield f"judged with: {allowance.words}"


def _verdict(result: Verified) -> str:
    stories = "1 story" if result.stories == 1 else f"{result.stories} stories"
    seconds = f", {result.stories / result.seconds:.0f} a second" if result.seconds > 0 else ""
    size = f"{stories} with up to {count(result.depth, 'failure')} ({result.states} different states)"
    took = f"in {duration(result.seconds)}{seconds}"
    if result.ok:
        return f"VERIFIED: {size} {took}: all end well"
    return f"{count(len(result.violations), 'violation').upper()}: {result.violating} of {size} {took} end wrong"


def verified_junit(results: Sequence[Verified]) -> str:
    """JUnit's XML, as CI servers read it: a suite for each runbook, in it a test case for each place."""
    suites = [line for result in results for line in _suite(result)]
    return "\n".join(('<?xml version="1.0" encoding="UTF-8"?>', "<testsuites>", *suites, "</testsuites>"))


def _suite(result: Verified) -> Iterator[str]:
    failures = {row.where: [v for v in result.violations if v.step == row.where] for row in result.matrix}
    known = {id(v) for found in failures.values() for v in found}
    rest = [v for v in result.violations if id(v) not in known]
    cases = [_case(row.where, found) for row, found in zip(result.matrix, failures.values(), strict=True)]
    if rest or result.prevented:
        cases.append(_case("run", rest, result.prevented))
    wrong = sum(bool(found) for found in failures.values()) + bool(rest or result.prevented)
    name = quoteattr(f"svmrun verify {result.runbook}")
    yield f'<testsuite name={name} tests="{len(cases)}" failures="{wrong}" time="{result.seconds:.3f}">'
    yield from cases
    yield "</testsuite>"


def _case(where: str, violations: Sequence[Violation], prevented: str = "") -> str:
    head = f"  <testcase classname={quoteattr('svmrun.verify')} name={quoteattr(where)}"
    texts = [(v.meaning, _violation(v)) for v in violations]
    texts += [("the run would not start", prevented)] if prevented else []
    if not texts:
        return f"{head}/>"
    failures = (f"    <failure message={quoteattr(m)}>{escape(_xml(text))}</failure>" for m, text in texts)
    return "\n".join((f"{head}>", *failures, "  </testcase>"))


def _xml(text: str) -> str:
    """Without the control characters that no XML may hold."""
    return "".join(c if c in "\n\t" or c >= " " else "?" for c in text)
