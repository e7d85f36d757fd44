"""svcs and svcadm: services of the Service Management Facility, to be stopped while a file system is locked.

    facts:
      found: {svcs: {services: "{{ services }}"}}                  # with `when: services`
    steps:
      - id: quiet
        when: services
        svcadm: {action: disable, services: "{{ found.online }}"}
        rollback: {svcadm: {action: enable, services: "{{ found.online }}"}}

`found.online` holds only what ran before: what was off stays off, on every path.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Set
from typing import Any

from svmrun.adapters import fields
from svmrun.adapters.base import (
    Adapter,
    Arguments,
    Command,
    Completed,
    Outcome,
    Parts,
    Probe,
    plain_outcome,
)
from svmrun.adapters.output import read_outcome, unreadable

Json = Any

_SVCS_ROW = re.compile(r"^(?P<state>[a-z_]+|-)(?P<moving>\*?)\s+(?:\S+\s+)?(?P<fmri>(?:svc|lrc):/\S+)\s*$")
_SERVICES = fields.texts(
    "Services",
    "The services' names (FMRIs), whole or in the short forms that svcs takes.",
    [["svc:/network/http:apache22"]],
    items={"type": "string", "pattern": fields.NO_OPTION},
)


def parse_svcs(text: str) -> dict[str, Json]:
    """`{"services": {FMRI: state}, "online": [FMRI], "in_transition": [FMRI]}`; a `*` marks a state in transition.

    ParseError when there is no row of a service.
    """
    rows = [match for line in text.splitlines() if (match := _SVCS_ROW.match(line.strip()))]
    if not rows:
        raise unreadable("svcs", "row with a state and a service", text.strip().splitlines())
    return {
        "services": {row["fmri"]: row["state"] for row in rows},
        "online": [row["fmri"] for row in rows if row["state"] == "online"],
        "in_transition": [row["fmri"] for row in rows if row["moving"]],
    }


class Svcs(Adapter):
    """svcs(1). A name that matches no instance is a failure: a service that is not there cannot be kept quiet."""

    name = "svcs"
    summary = "Read the state of services (svcs)"
    schema = fields.arguments({"services": _SERVICES}, required=["services"])

    def read_only(self, arguments: Arguments) -> bool:
        return True

    def command_line(self, arguments: Arguments) -> Command:
        return Command(("svcs", *_named(self.name, arguments)))

    def expects(self, arguments: Arguments) -> str:
        return "A line for each service with its state: online when it runs, disabled when it was stopped."

    def interpret(self, arguments: Arguments, completed: Completed) -> Outcome:
        return read_outcome(completed, parse_svcs)


class Svcadm(Adapter):
    """svcadm(1M). To enable what is enabled, or disable what is disabled, is no error and changes nothing."""

    name = "svcadm"
    summary = "Stop or start services (svcadm disable, svcadm enable)"
    timeout_seconds = 300.0
    schema = fields.arguments(
        {
            "action": fields.choice(
                "Action", "`disable` stops the services, `enable` starts them.", ["disable", "enable"]
            ),
            "services": {
                **_SERVICES,
                "description": "The services to stop or start. Where it may be empty: `when: services`.",
            },
            "temporary": fields.flag(
                "Until reboot", "Only until the next boot (-t): after a crash the service comes back.", default=False
            ),
            "wait": fields.flag("Wait", "Wait until every service is really down or up (-s).", default=True),
        },
        required=["action", "services"],
    )

    def repeatable(self, arguments: Arguments) -> bool:
        return True

    def resource(self, arguments: Arguments) -> str | None:
        services = arguments.get("services")
        return f"services {' '.join(sorted(services))}" if isinstance(services, list | tuple) else None

    def command_line(self, arguments: Arguments) -> Command:
        services = _named(self.name, arguments)
        options = "".join(letter for letter, key in (("s", "wait"), ("t", "temporary")) if arguments[key])
        return Command(
            ("svcadm", arguments["action"], *((f"-{options}",) if options else ()), *services), needs_root=True
        )

    def expects(self, arguments: Arguments) -> str:
        state = "disabled" if arguments["action"] == "disable" else "online"
        return f"It prints nothing. svcs then shows every one of them {state}."

    def interpret(self, arguments: Arguments, completed: Completed) -> Outcome:
        return plain_outcome(completed)

    def inverse(self, arguments: Arguments) -> Parts | None:
        other = "enable" if arguments["action"] == "disable" else "disable"
        return Parts("svcadm", {**arguments, "action": other})

    def probe(self, arguments: Arguments) -> Probe | None:
        if not arguments.get("services"):
            return None
        here, gone = ("disabled", "online") if arguments.get("action") == "disable" else ("online", "disabled")

        def present(result: Json) -> bool | None:
            return None if result["in_transition"] else all_are(result["services"], {here}, {gone})

        return Probe("svcs", {"services": arguments["services"]}, present)


def all_are(states: Mapping[str, str], here: Set[str], gone: Set[str]) -> bool | None:
    """All in a wanted state: True. All in another one: False. A mixture cannot be told: act on all."""
    found = set(states.values())
    return True if found <= here else False if found <= gone else None


def _named(program: str, arguments: Arguments) -> tuple[str, ...]:
    if not arguments["services"]:
        raise ValueError(
            f"{program}: the list of services is empty; let the step or fact depend on it: `when: services`"
        )
    return tuple(arguments["services"])
