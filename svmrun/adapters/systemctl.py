"""systemctl: services of systemd, to be stopped for a while.

    facts:
      found: {systemctl: {action: show, units: "{{ units }}"}}                  # with `when: units`
    steps:
      - id: quiet
        when: units
        systemctl: {action: stop, units: "{{ found.active }}"}
        rollback: {systemctl: {action: start, units: "{{ found.active }}"}}

`found.active` holds only what ran before: what was off stays off, on every path.
"""

from __future__ import annotations

from typing import Any

from svmrun.adapters import fields
from svmrun.adapters.base import Adapter, Arguments, Command, Completed, Outcome, Parts, Probe, plain_outcome
from svmrun.adapters.output import read_outcome, unreadable
from svmrun.adapters.services import all_are

Json = Any

_SHOWN = ("Id", "LoadState", "ActiveState")
# No patterns: they mean the units that are loaded, so that what `*` has stopped `*` does not start again.
_UNIT = r"^[^-\s*?\[][^\s*?\[]*$"
_RUNNING, _STOPPED = ("active", "reloading"), ("inactive", "failed")


def parse_systemctl(text: str) -> dict[str, Json]:
    """`{"units": {UNIT: state}, "active": [...], "in_transition": [...], "missing": [...], "masked": [...]}` of
    `systemctl show`, units by their names.

    A unit that systemd does not know is told as inactive; it stands in `missing`. One that is `masked` may run, and
    could not be started again once it is stopped. ParseError when there is no unit.
    """
    blocks = [_properties(block) for block in text.strip().split("\n\n")]
    if not all(set(_SHOWN) <= block.keys() for block in blocks):
        raise unreadable("systemctl show", "block with Id, LoadState and ActiveState", text.strip().splitlines())
    units = {block["Id"]: block for block in blocks}.values()  # one that was asked for by two names is told of twice
    return {
        "units": {unit["Id"]: unit["ActiveState"] for unit in units},
        "active": [unit["Id"] for unit in units if unit["ActiveState"] in _RUNNING],
        "in_transition": [unit["Id"] for unit in units if unit["ActiveState"] not in (*_RUNNING, *_STOPPED)],
        "missing": [unit["Id"] for unit in units if unit["LoadState"] == "not-found"],
        "masked": [unit["Id"] for unit in units if unit["LoadState"] == "masked"],
    }


def _properties(block: str) -> dict[str, str]:
    return dict(line.split("=", 1) for line in block.splitlines() if "=" in line)


class Systemctl(Adapter):
    """systemctl(1). To start what runs, or stop what does not, is no error and changes nothing.

    That it started a service proves little: one whose program cannot be executed is told as started, too. Look.
    """

    name = "systemctl"
    summary = "Stop or start services of systemd, or read their state (systemctl)"
    schema = fields.arguments(
        {
            "action": fields.choice(
                "Action",
                "`stop` and `start` wait until the services are down or up; `show` only looks.",
                ["stop", "start", "show"],
            ),
            "units": fields.texts(
                "Units",
                "The units' names, without patterns. Where the list may be empty: `when: units`.",
                [["ledger.service"]],
                items={"type": "string", "pattern": _UNIT},
            ),
        },
        required=["action", "units"],
    )

    def read_only(self, arguments: Arguments) -> bool:
        return bool(arguments.get("action") == "show")

    def repeatable(self, arguments: Arguments) -> bool:
        return True

    def default_timeout(self, arguments: Arguments) -> float:
        return self.timeout_seconds if self.read_only(arguments) else 300.0

    def resource(self, arguments: Arguments) -> str | None:
        units = arguments.get("units")
        return f"services {' '.join(sorted(units))}" if isinstance(units, list | tuple) else None

    def command_line(self, arguments: Arguments) -> Command:
        if not arguments["units"]:
            raise ValueError("systemctl: the list of units is empty; let the step or fact depend on it: `when: units`")
        if self.read_only(arguments):
            return Command(("systemctl", "show", f"--property={','.join(_SHOWN)}", *arguments["units"]))
        action = ("--no-ask-password", arguments["action"])
        return Command(("systemctl", *action, *arguments["units"]), needs_root=True)

    def expects(self, arguments: Arguments) -> str:
        if self.read_only(arguments):
            return "A block for each unit; ActiveState=active says that it runs."
        state = "inactive" if arguments["action"] == "stop" else "active"
        return f"It prints nothing. systemctl is-active then tells {state} of every one of them."

    def interpret(self, arguments: Arguments, completed: Completed) -> Outcome:
        if self.read_only(arguments):
            return read_outcome(completed, parse_systemctl)
        said = completed.stderr.strip().splitlines()
        return plain_outcome(completed, reason=said[0] if said else "")  # what follows is advice

    def inverse(self, arguments: Arguments) -> Parts | None:
        other = {"stop": "start", "start": "stop"}.get(str(arguments["action"]))
        return None if other is None else Parts("systemctl", {**arguments, "action": other})

    def probe(self, arguments: Arguments) -> Probe | None:
        if not arguments.get("units") or self.read_only(arguments):
            return None
        here, gone = (_STOPPED, _RUNNING) if arguments.get("action") == "stop" else (_RUNNING, _STOPPED)
        question = {"action": "show", "units": arguments["units"]}
        return Probe("systemctl", question, lambda result: all_are(result["units"], {*here}, {*gone}))
