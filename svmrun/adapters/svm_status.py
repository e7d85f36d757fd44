"""metaset and metastat: who owns a disk set, and what its volumes are and do. They change nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from svmrun import names
from svmrun.adapters import fields, svm_fields
from svmrun.adapters.base import Adapter, Arguments, Command, Completed, Outcome
from svmrun.adapters.output import ParseError, Parser, read_outcome
from svmrun.adapters.svm_parse_concise import parse_metastat_c
from svmrun.adapters.svm_parse_md_tab import parse_metastat_p
from svmrun.adapters.svm_parse_metaset import parse_metaset
from svmrun.adapters.svm_parse_report import parse_metastat

Json = Any

_FORMATS: dict[str, tuple[tuple[str, ...], Parser]] = {
    "report": ((), parse_metastat),
    "md.tab": (("-p",), parse_metastat_p),
    "concise": (("-c",), parse_metastat_c),
}

_EXPECTS = {
    "report": "Every submirror with its state: Okay is good. A line `Resync in progress` says that a copy still runs.",
    "md.tab": "One line for each volume; the line of a mirror (-m) names the submirrors that are attached to it.",
    "concise": "One line for each volume; behind its name stands what is not in order: maint, offline, resync.",
}


class Metaset(Adapter):
    """metaset(1M), the displaying form. Result: `{"sets": [...]}` as `parse_metaset` reads it.

    Ownership is asked of this host only: no owner in the result means that this host does not own the set.
    """

    name = "metaset"
    summary = "Read disk sets: their hosts, which of them owns the set, drives and mediators (metaset)"
    schema = fields.arguments(
        {
            "diskset": fields.text(
                "Disk set", "Only this disk set, which must exist; empty for all of them.", ["schost-1"], default=""
            )
        }
    )

    def read_only(self, arguments: Arguments) -> bool:
        return True

    def command_line(self, arguments: Arguments) -> Command:
        diskset = arguments["diskset"]
        return Command(("metaset", *(("-s", names.set_name(diskset)) if diskset else ())))

    def expects(self, arguments: Arguments) -> str:
        return "The table of hosts: the one that owns the disk set has Yes in the column Owner."

    def interpret(self, arguments: Arguments, completed: Completed) -> Outcome:
        def must_hold(result: dict[str, Json]) -> Iterator[str]:
            diskset = arguments["diskset"]
            if diskset and diskset not in [one["name"] for one in result["sets"]]:
                yield f"it does not show the disk set {diskset}"
            yield from (f"it names no host of {one['name']}" for one in result["sets"] if not one["hosts"])

        return _advised(completed, read_outcome(completed, parse_metaset, must_hold))


class Metastat(Adapter):
    """metastat(1M). Result: `{"volumes": {NAME: {...}}}` by format, with canonical names (`SET/dN`, `dN`)."""

    name = "metastat"
    summary = "Read volumes: mirrors, their submirrors, states and resyncs (metastat)"
    schema = fields.arguments(
        {
            "diskset": svm_fields.DISKSET,
            "volume": fields.text(
                "Volume", "Only this volume and its parts, which must exist; empty for all of them.", ["d0"], default=""
            ),
            "format": fields.choice(
                "Format",
                "`report` tells states and resyncs, `md.tab` (-p) the layout, `concise` (-c) both in a line each; "
                "only `concise` tells an offline submirror from one that needs maintenance.",
                list(_FORMATS),
                default="report",
            ),
        }
    )

    def read_only(self, arguments: Arguments) -> bool:
        return True

    def command_line(self, arguments: Arguments) -> Command:
        diskset, volume = arguments["diskset"], arguments["volume"]
        option = _FORMATS[arguments["format"]][0]
        if not volume:
            return Command(("metastat", *(("-s", names.set_name(diskset)) if diskset else ()), *option))
        name = svm_fields.volume(arguments, "volume")
        return Command(("metastat", *svm_fields.set_option(name), *option, names.base_name(name)))

    def expects(self, arguments: Arguments) -> str:
        return _EXPECTS[arguments["format"]]

    def interpret(self, arguments: Arguments, completed: Completed) -> Outcome:
        def must_hold(result: dict[str, Json]) -> Iterator[str]:
            volumes = result["volumes"]
            if arguments["volume"] and (name := svm_fields.volume(arguments, "volume")) not in volumes:
                yield f"it does not show the volume {name}"
            if not volumes and completed.stdout.strip():
                yield "it shows no volume whole"
            yield from (f"what it tells of {name} is cut" for name, one in volumes.items() if _is_cut(one))

        return _advised(completed, read_outcome(completed, _FORMATS[arguments["format"]][1], must_hold))

    def progress(self, arguments: Arguments, output: str) -> float | None:
        """Percent of the resync; of several, the one that has furthest to go."""
        try:
            volumes = parse_metastat(output)["volumes"].values()
        except ParseError:
            return None
        running = [float(one["resync_percent"]) for one in volumes if one["resync_percent"] is not None]
        return min(running, default=None)


def _is_cut(volume: dict[str, Json]) -> bool:
    """True for a mirror of which the output cannot have told all: a decision on it would be a guess."""
    if volume["type"] != "mirror":
        return False
    if "pass" in volume:
        return volume["pass"] is None or not volume["submirrors"]
    if "members" in volume:
        return not volume["members"]
    return volume["size_blocks"] is None or not all(side["state"] for side in volume["submirrors"] or [{"state": None}])


def _advised(completed: Completed, outcome: Outcome) -> Outcome:
    return replace(outcome, message=svm_fields.advised(completed, outcome.message)) if outcome.message else outcome
