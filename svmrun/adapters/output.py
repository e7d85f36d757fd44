"""Reading what commands print: lines without noise, and one kind of error for what cannot be read."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from svmrun.adapters.base import Completed, Outcome, failed, plain_outcome

Json = Any
Parser = Callable[[str], dict[str, Json]]

# A cluster node says first that it hands the command to another one; a node without quorum warns between stars.
_NOISE = re.compile(r"Proxy command|\*{4}$|WARNING: Stale state database|NOTICE: |Connection to \S+ closed")
# CMD: [HOST: ][NAME: ]TEXT, as meta_error.c prints it; also the usage, and getopt's own line.
_COMMANDS = "metattach|meta(?:stat|set|db|detach|offline|online|sync|replace)|lockfs|fsck|ufsdump|ufsrestore"
_ERROR = re.compile(rf"(?:/\S*/)?(?:{_COMMANDS}): |usage:")
_NUMBER = re.compile(r"[0-9]{1,18}")


class ParseError(ValueError):
    """The text is not what the command prints. The message is a sentence that says what was looked for."""


def lines(text: str) -> list[str]:
    """The lines without their ends, without empty ones, without notices and error messages of the command."""
    return [line.rstrip() for line in text.splitlines() if line.strip() and not is_noise(line.strip())]


def is_noise(line: str) -> bool:
    return bool(_NOISE.match(line) or _ERROR.match(line))


def complaints(completed: Completed) -> list[str]:
    """The error messages of the command itself, from both streams, in order."""
    both = f"{completed.stderr}\n{completed.stdout}".splitlines()
    return [line.strip() for line in both if _ERROR.match(line.strip())]


def number(text: str) -> int | None:
    """A whole number of bounded length, or None: nothing that a command prints is longer."""
    return int(text) if _NUMBER.fullmatch(text) else None


def percent(text: str) -> int | float:
    """`42` as a whole number, `42.5` as a fraction."""
    return float(text) if "." in text else int(text)


def unreadable(command: str, looked_for: str, rest: list[str]) -> ParseError:
    """The error for a text in which nothing was recognised; shows its first line."""
    first = rest[0].strip()[:80] if rest else ""
    return ParseError(
        f"this is not what {command} prints: no {looked_for} (it begins {first!r}; LC_ALL=C keeps it English)"
    )


def read_json(text: str, shape: Callable[[Json], dict[str, Json]]) -> dict[str, Json]:
    """What `shape` makes of a JSON document, which is given as text. ParseError when it is no such document."""
    try:
        return shape(json.loads(text))
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError) as error:
        raise ParseError(f"its output is not the JSON that was asked for ({error})") from error


def judged(
    completed: Completed, result: Json, problems: Iterable[str], what: str, ok_statuses: tuple[int, ...] = (0,)
) -> Outcome:
    """The outcome of a command whose words count beside its exit status.

    `problems` are all that speak against it, the most telling first; `what` is what they are said of.
    """
    outcome = plain_outcome(completed, result, ok_statuses)
    if outcome.kind == "unknown" or completed.failure:
        return outcome
    for problem in problems:
        return failed(f"{what}: {problem}", result)
    return outcome


def nothing_more(_result: dict[str, Json]) -> Iterator[str]:
    """Whatever could be read is good."""
    return iter(())


def read_outcome(
    completed: Completed,
    parse: Parser,
    must_hold: Callable[[dict[str, Json]], Iterator[str]] = nothing_more,
    reason: str = "",
) -> Outcome:
    """The outcome of a command that only tells: exit 0 is not enough, its words must be understood too.

    `must_hold` yields a sentence for everything that is missing in the result. `reason` is as for `plain_outcome`.
    """
    outcome = plain_outcome(completed, reason=reason)
    if not outcome.ok:
        return outcome
    try:
        result = parse(completed.stdout)
    except ParseError as error:
        return failed(f"{completed.argv[0]} ended well, but {error}")
    for problem in must_hold(result):
        return failed(f"{completed.argv[0]} ended well, but {problem}", result)
    return Outcome("succeeded", "", result, changed=False)
