"""One frame of the live display: the steps, the holds with their clocks, the running action and its last words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from rich.console import Group, RenderableType
from rich.constrain import Constrain
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from svmrun.report.progress import HoldRow, Progress, StepRow
from svmrun.report.words import duration, printable

MARKS: dict[str, tuple[str, str, str]] = {  # sign, sign for a terminal that knows ASCII only, style
    "waiting": ("·", ".", "dim"),
    "running": ("▶", ">", "bold cyan"),
    "succeeded": ("✓", "+", "green"),
    "failed": ("✗", "x", "bold red"),
    "doubtful": ("?", "?", "bold red"),
    "skipped": ("-", "-", "dim"),
    "undoing": ("↩", "<", "bold yellow"),
    "undone": ("↩", "<", "yellow"),
    "not undone": ("!", "!", "bold red"),
}
VERDICT_STYLES = {"succeeded": "bold green", "rolled back": "bold yellow", "stuck": "bold white on red"}
BAR_WIDTH = 24
LONGEST_ID = 24
WIDEST = 110  # columns; a time far away from its step is hard to read
FEWEST_ROWS = 3
ECHO_COLUMNS = 4  # kept free: the terminal's own ^C must not begin a new line, which would be left behind
NARROWEST = 20
WARN_AT = 0.8


@dataclass(frozen=True)
class Running:
    """The action that runs now: its sentence, and what it says of its progress."""

    sentence: str = ""
    percent: float | None = None
    text: str = ""


@dataclass(frozen=True)
class Paper:
    """What there is to draw on, in columns and lines."""

    width: int
    height: int
    ascii_only: bool = False


def draw(progress: Progress, running: Running, tail: Sequence[str], now: float, paper: Paper) -> RenderableType:
    """Less lines than the paper has: of many steps those around the running one are shown."""
    paper = replace(paper, width=max(NARROWEST, paper.width - ECHO_COLUMNS))
    below = [*_holds(progress.holds(), now), *_running(running), *_tail(tail)]
    steps = _steps(progress.steps(), now, paper, max(FEWEST_ROWS, paper.height - len(below) - 2))
    return Constrain(Group(steps, *below), paper.width)


def _steps(rows: Sequence[StepRow], now: float, paper: Paper, room: int) -> Table:
    table = Table(box=None, show_header=False, padding=(0, 1), width=min(paper.width, WIDEST))
    table.add_column(width=1)
    table.add_column(max_width=LONGEST_ID, no_wrap=True, overflow="ellipsis")
    table.add_column(ratio=1, no_wrap=True, overflow="ellipsis")
    table.add_column(width=13, no_wrap=True, justify="right")
    first = _first_shown(rows, room)
    for row in rows[first : first + room]:
        sign, plain_sign, style = MARKS[row.status]
        took = duration(row.span.seconds(now)) if row.span else ""
        table.add_row(
            Text(plain_sign if paper.ascii_only else sign, style),
            Text(printable(row.id), style),
            _what(row, style),
            Text(took),
        )
    return table


def _what(row: StepRow, style: str) -> Text:
    """What became of a step is worth more than its name."""
    plain = row.status in ("waiting", "running", "succeeded")
    text = ": ".join(filter(None, ("" if plain else row.status, row.note or row.name)))
    return Text(printable(text), "" if plain and not row.note else style)


def _first_shown(rows: Sequence[StepRow], room: int) -> int:
    busy = [number for number, row in enumerate(rows) if row.status not in ("waiting", "skipped")]
    current = next((n for n in reversed(busy) if rows[n].status in ("running", "undoing")), busy[-1] if busy else 0)
    return max(0, min(current - room // 2, len(rows) - room))


def _holds(holds: Sequence[HoldRow], now: float) -> list[RenderableType]:
    """The clocks of what is held now."""
    lines: list[RenderableType] = []
    for hold in holds:
        if hold.span.until is None:
            used = hold.span.seconds(now)
            style = "bold red" if used > WARN_AT * hold.limit_seconds else "yellow"
            text = Text(f"held: {hold.step}  {duration(used)} of {duration(hold.limit_seconds)} ", style, no_wrap=True)
            lines.append(_with_bar(text, used / hold.limit_seconds * 100, style))
    return lines


def _running(running: Running) -> list[RenderableType]:
    if not running.sentence:
        return []
    lines: list[RenderableType] = [Text(printable(running.sentence), "cyan", no_wrap=True, overflow="ellipsis")]
    if running.percent is not None:
        percent = f"{running.percent:.0f} %"
        text = f"  {' '.join(filter(None, (percent, running.text.removeprefix(percent))))} "
        lines.append(_with_bar(Text(printable(text), no_wrap=True), running.percent, "green"))
    elif running.text:
        lines.append(Text(f"  {printable(running.text)}", no_wrap=True, overflow="ellipsis"))
    return lines


def _with_bar(text: Text, percent: float, style: str) -> Table:
    line = Table.grid(padding=(0, 1))
    line.add_column(no_wrap=True, overflow="ellipsis")
    line.add_column(width=BAR_WIDTH)
    line.add_row(text, ProgressBar(completed=min(percent, 100.0), width=BAR_WIDTH, complete_style=style))
    return line


def _tail(tail: Sequence[str]) -> list[RenderableType]:
    return [Text(f"  | {line.expandtabs()}", "dim", no_wrap=True, overflow="ellipsis") for line in tail]
