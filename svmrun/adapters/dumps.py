"""What ufsdump(1M) and dump(8) have in common: their volumes, what they end with, and how a dump is judged."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from svmrun.adapters import fields
from svmrun.adapters.base import Arguments, Completed, Outcome, failed, plain_outcome
from svmrun.adapters.output import ParseError, Parser, judged

Json = Any

VOLUMES = fields.texts(
    "Volumes",
    "The volumes that may be used, in this order; the first one is in the drive. Without the list one "
    "volume must do, and a request for another ends the dump.",
    [["monday-1", "monday-2"]],
    default=[],
)
DONE = "DUMP: DUMP IS DONE, exit status 0, and about as many blocks written as it estimated."


def least_size(command: str) -> Mapping[str, Json]:
    """Guards against a dump that ended well after a part of its work."""
    return fields.count(
        "Least size",
        f"A dump smaller than this share of what {command} estimated is not called good.",
        [90],
        default=90,
        minimum=0,
        maximum=100,
    )


def judged_dump(
    completed: Completed, parse: Parser, problems: Callable[[dict[str, Json], str], Iterator[str]], command: str
) -> Outcome:
    """The outcome of a dump: its words count beside its exit status. `problems` are told of the result and the text."""
    text = f"{completed.stderr}\n{completed.stdout}"
    try:
        result = parse(text)
    except ParseError as error:
        outcome = plain_outcome(completed)
        return failed(f"{command} ended well, but {error}") if outcome.ok else outcome
    return judged(completed, result, problems(result, text), "the dump is not good")


def not_held(arguments: Arguments, result: dict[str, Json]) -> Iterator[str]:
    """What is missing in a dump's table of contents: everything, or some of the `paths` that were asked for."""
    if not result["files"]:
        yield "the dump holds no file"
    missing = {_plain(path) for path in arguments["paths"]} - {_plain(path) for path in result["paths"]}
    yield from (f"the dump does not hold ./{path}" for path in sorted(missing))


def _plain(path: str) -> str:
    return path.strip().removeprefix("./").strip("/")
