"""A comparison of runbooks for a person: text for a terminal, Markdown for a merge request."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from svmrun.errors import Position
from svmrun.report.columns import columns
from svmrun.report.markdown import code, plain
from svmrun.report.words import count, duration, listing, printable
from svmrun.review.model import Change, Compared, Diff, HoldTime, Level, Tried

LEVELS: tuple[Level, ...] = ("danger", "caution", "note")
STYLES = {"danger": "1;31", "caution": "33", "note": "36", "none": "2", "before": "31", "after": "32", "head": "1"}
NOTHING = "no change in what runs"
Paint = Callable[[str, str], str]


def colours(text: str, style: str) -> str:
    return f"\x1b[{STYLES[style]}m{text}\x1b[0m" if text else text


def no_colours(text: str, _style: str) -> str:
    return text


def diff_text(diff: Diff, paint: Paint = no_colours) -> str:
    """Everything that was found, the worst of each runbook first, and one last line that sums it up."""
    if not diff.runbooks:
        return "no runbook changed"
    blocks = ["\n".join(compared_text(compared, paint)) for compared in diff.runbooks]
    return "\n\n".join([*blocks, summary(diff)] if len(blocks) > 1 else blocks)


def compared_text(compared: Compared, paint: Paint = no_colours) -> list[str]:
    lines = [paint(printable(_title(compared)), "head")]
    if compared.problems:
        return [*lines, *(str(problem) for problem in compared.problems)]
    if compared.runs_the_same:
        lines.append(f"  {NOTHING}")
    lines += [line for change in compared.changes for line in _change(change, paint)]
    tried = [f"  {printable(line)}" for line in _tried(compared)]
    return [*lines, *_holds(compared), *tried] if not compared.runs_the_same else [*lines, *tried]


def _tried(compared: Compared) -> list[str]:
    sides = [one for one in (compared.tried_before, compared.tried_after) if one]
    texts = list(dict.fromkeys(_endings(one) for one in sides))
    return [f"verify: {' -> '.join(texts)}"] if texts else []


def _endings(tried: Tried) -> str:
    if tried.prevented:
        return f"would not start ({tried.prevented})"
    return f"{tried.violating} of {tried.stories} stories end wrong"


def _title(compared: Compared) -> str:
    if not compared.before:
        return f"{compared.after}: a new runbook"
    if not compared.after:
        return f"{compared.before}: the runbook is gone"
    return f"{compared.before} -> {compared.after}" if compared.before != compared.after else compared.before


def _change(change: Change, paint: Paint) -> list[str]:
    label = paint(f"{change.level.upper() if change.level == 'danger' else change.level:<8}", change.level)
    if change.level == "none":
        label = paint(" " * 8, "none")
    lines = [f"  {label}{change.danger}  {printable(f'{change.where}: {change.text}')}"]
    lines.append(paint(f"          {printable(_places(change))}", "none"))
    if change.before != change.after:
        lines += [paint(f"          - {printable(change.before)}", "before")] if change.before else []
        lines += [paint(f"          + {printable(change.after)}", "after")] if change.after else []
    return lines


def _places(change: Change) -> str:
    return " -> ".join(_place(place) for place in (change.before_at, change.after_at) if place)


def _place(place: Position) -> str:
    return f"{place.file}:{place.line}"


def _holds(compared: Compared) -> list[str]:
    if not compared.holds:
        return []
    head = ("hold", "limit", "worst case", "")
    return columns(head, [_hold(hold) for hold in compared.holds], "  ")


def _hold(hold: HoldTime) -> tuple[str, ...]:
    limits = _both(hold.limit_before, hold.limit_after, "none")
    worst = _both(hold.worst_before, hold.worst_after, "-" if None in (hold.limit_before, hold.limit_after) else "?")
    return (printable(hold.step), limits, worst, "writers wait" if hold.blocks_writers else "")


def _both(before: float | None, after: float | None, missing: str) -> str:
    was, now = (missing if seconds is None else duration(seconds) for seconds in (before, after))
    return was if was == now else f"{was} -> {now}"


def summary(diff: Diff) -> str:
    """One line: how many runbooks, and how many changes of each level."""
    broken = [compared for compared in diff.runbooks if compared.problems]
    ending = f"; {count(len(broken), 'runbook')} cannot be read" if broken else ""
    return f"{count(len(diff.runbooks), 'runbook')}: {_counts(diff.runbooks) or NOTHING}{ending}"


def _counts(compared: Sequence[Compared]) -> str:
    levels = [change.level for one in compared for change in one.changes]
    return listing([f"{levels.count(level)} {level}" for level in LEVELS if level in levels])


def diff_markdown(diff: Diff) -> str:
    """For a comment on a merge request."""
    lines = ["## What changes for the machine", "", plain(summary(diff)) if diff.runbooks else "No runbook changed."]
    for compared in diff.runbooks:
        lines += ["", f"### {code(_title(compared))}", "", *_markdown(compared)]
    return "\n".join(lines)


def _markdown(compared: Compared) -> list[str]:
    if compared.problems:
        text = "\n".join(str(problem) for problem in compared.problems)
        return ["It cannot be read, so nothing was compared:", "", *_block(text, "text")]
    lines = [f"{NOTHING.capitalize()}.", ""] if compared.runs_the_same else []
    lines += [line for change in compared.changes for line in _markdown_change(change)]
    tried = ["", *(plain(line) for line in _tried(compared))] if compared.tried_after or compared.tried_before else []
    return [*lines, *_markdown_holds(compared), *tried] if not compared.runs_the_same else [*lines, *tried]


def _markdown_change(change: Change) -> list[str]:
    label = {"danger": "**DANGER** ", "caution": "**caution** ", "note": "note ", "none": ""}[change.level]
    places = " → ".join(code(_place(place)) for place in (change.before_at, change.after_at) if place)
    lines = [f"- {label}{code(change.danger)} {plain(f'{change.where}: {change.text}')} ({places})"]
    if change.before == change.after:
        return lines
    diff = [f"- {printable(change.before)}"] if change.before else []
    diff += [f"+ {printable(change.after)}"] if change.after else []
    return [*lines, *(f"  {line}" for line in _block("\n".join(diff), "diff"))]


def _block(text: str, language: str) -> list[str]:
    fence = "```" if "```" not in text else "`" * 12
    return [f"{fence}{language}", *text.splitlines(), fence]


def _markdown_holds(compared: Compared) -> list[str]:
    if not compared.holds:
        return []
    rows = [f"| {' | '.join(plain(cell) for cell in _hold(hold))} |" for hold in compared.holds]
    return ["", "| hold | limit | worst case | |", "|---|---|---|---|", *rows]
