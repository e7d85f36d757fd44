"""wait_for: repeat a read-only action until its result is as wanted.

- wait_for:
    metastat: {diskset: schost-1, volume: d0}
    until: result.volumes['schost-1/d0'].resync_percent is none
    every: 30s
"""

from __future__ import annotations

from collections.abc import Collection

from svmrun import duration
from svmrun.adapters import fields
from svmrun.adapters.base import Adapter, Arguments, Parts


class WaitFor(Adapter):
    """Result: that of the polled action, the last time. The expressions see it as `result`."""

    name = "wait_for"
    summary = "Repeat a read-only action until a condition holds"
    performer = "poll"
    nests = True
    expressions = ("until", "progress", "fails_when")
    timeout_seconds = 3600.0
    schema = fields.arguments(
        {
            "until": fields.text(
                "Until",
                "A bare expression over `result`; the waiting ends when it is true.",
                ["result.json.state == 'idle'"],
            ),
            "progress": fields.text(
                "Progress", "A bare expression over `result`: percent done, or null.", ["result.json.percent"]
            ),
            "fails_when": fields.text(
                "Fails when",
                "A bare expression over `result`; the step fails as soon as it is true.",
                ["result.json.state == 'broken'"],
            ),
            "every": fields.duration("Every", "The pause between two looks.", ["30s"], default="10s"),
        },
        required=["until"],
    )

    def read_only(self, arguments: Arguments) -> bool:
        return True

    def check(self, arguments: Arguments) -> None:
        every_seconds(arguments)


def every_seconds(arguments: Arguments) -> float:
    """The pause between two looks. ValueError with a sentence when it is no duration."""
    return duration.seconds(arguments["every"])


def polled(arguments: Arguments, registry_names: Collection[str]) -> Parts:
    """The one action that is polled. ValueError with a sentence when there is none, or more than one."""
    found = [key for key in arguments if key in registry_names]
    if len(found) != 1:
        several = f", not {' and '.join(f'`{key}`' for key in found)}" if found else ""
        raise ValueError(f"wait_for: write exactly one read-only action to repeat{several}")
    return Parts(found[0], arguments[found[0]] or {})
