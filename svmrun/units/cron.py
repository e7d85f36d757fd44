"""cron: a line that runs the runbook, and one that recovers. Sources: crontab(1), crontab(5)."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence

from svmrun.units.model import MARK, Job, UnitFile

_DAYS = ("Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat")
_WORDS = {"hourly": "0 * * * *", "daily": "0 0 * * *", "weekly": "0 0 * * 1", "monthly": "0 0 1 * *"}
_SIMPLE = re.compile(
    r"(?:(?P<days>[A-Za-z][A-Za-z,.]*)\s+)?(?:\*-\*-(?P<date>\*|[0-9]{1,2})\s+)?"
    r"(?P<hour>\*|[0-9]{1,2}):(?P<minute>[0-9]{2})(?::00)?"
)
_TEXT = """\
# {mark}: the runbook {name}.
#
# The PATH stands in each command: the cron of Solaris knows no variables of its own, and what cron inherits is little.
# Standard output and error go to the owner of this table by mail.
{cron} {variables} {execute}
#
# What died with the machine or was killed is released within ten minutes. Silent while there is nothing to do.
0,10,20,30,40,50 * * * * {variables} {status} --exit-code >/dev/null || {variables} {recover}
"""


def files(job: Job) -> tuple[UnitFile, ...]:
    variables = " ".join(f"{name}={shlex.quote(value)}" for name, value in job.variables.items())
    text = _TEXT.format(
        mark=MARK,
        name=job.name,
        cron=job.cron,
        variables=_escaped(variables),
        execute=command_line(job.execute),
        status=command_line((*job.program, "status")),
        recover=command_line(job.recover),
    )
    return (UnitFile(f"svmrun-{job.name}.cron", text),)


def command_line(words: Sequence[str]) -> str:
    """Quoted for sh. ValueError when a word has a line in it: a line of cron is one line."""
    line = shlex.join(words)
    if "\n" in line:
        raise ValueError(f"cron knows no line break inside a value: {line!r}; use --params-file")
    return _escaped(line)


def _escaped(text: str) -> str:
    """An unescaped `%` is a line break to cron."""
    return text.replace("%", r"\%")


def from_calendar(calendar: str) -> str | None:
    """The five fields for a simple calendar of systemd.time(7); None when cron cannot say it, or only in pieces."""
    calendar = calendar.strip()
    if calendar in _WORDS:
        return _WORDS[calendar]
    match = _SIMPLE.fullmatch(calendar)
    if match is None:
        return None
    days = _days(match["days"])
    date = match["date"] or "*"
    if days is None or (date != "*" and days != "*"):  # cron takes one OR the other, systemd one AND the other
        return None
    hour = match["hour"] if match["hour"] == "*" else str(int(match["hour"]))
    return f"{int(match['minute'])} {hour} {date.lstrip('0')} * {days}"


def _days(text: str | None) -> str | None:
    """`Mon..Fri` or `Sat,Sun` as numbers, `*` for no text; None for what is no day."""
    if not text:
        return "*"
    numbers: list[int] = []
    for part in text.split(","):
        first, _, last = part.partition("..")
        try:
            begin, end = (_DAYS.index(day[:3].capitalize()) for day in (first, last or first))
        except ValueError:
            return None
        numbers += [(begin + step) % 7 for step in range((end - begin) % 7 + 1)]
    return ",".join(map(str, sorted(set(numbers))))
