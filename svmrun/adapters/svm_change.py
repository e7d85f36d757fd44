"""metadetach, metattach, metaoffline, metaonline, metasync: the commands that change a mirror.

Each prints one line when it did its work (metadetach.c, metattach.c, metaoffline.c, metaonline.c); metasync is silent.
An exit status alone or a line alone proves nothing: with only one of them the outcome is unknown, and a probe tells.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import replace
from typing import Any, ClassVar

from svmrun import names
from svmrun.adapters import fields, svm_fields
from svmrun.adapters.base import (
    Adapter,
    Arguments,
    Command,
    Completed,
    Outcome,
    Parts,
    Probe,
    ShellProof,
    failed,
    plain_outcome,
)
from svmrun.adapters.copying import still_copied
from svmrun.adapters.output import complaints

Json = Any

_REFUSED = 1  # the exit status of a command that the library or the driver turned down
_NOT_IN_MIRROR = "can't find submirror in mirror"
_WRONG_STATE = "attempt operation on a submirror in illegal state"

_FORCE = fields.flag(
    "Force",
    "Do it although components are in error (-f). Never needed for a backup, and no help against a running resync.",
    default=False,
)


class _SubmirrorChange(Adapter):
    """A command `NAME [-s SET] [-f] MIRROR SUBMIRROR` whose success line ends in `is DONE`."""

    timeout_seconds = 10.0  # lock, detach and unlock together must fit a hold of 30 seconds
    done: ClassVar[str]
    undone_by: ClassVar[str]
    afterwards: ClassVar[str] = ""  # what else a person should know when it is done
    resyncs: ClassVar[bool] = False  # it returns at once, and the mirror copies to the side
    found_so: ClassVar[tuple[str, ...]]  # refusals that prove: somebody else had done it, so it is not ours to undo
    schema = fields.arguments(
        {"diskset": svm_fields.DISKSET, "mirror": svm_fields.MIRROR, "submirror": svm_fields.SUBMIRROR},
        ("mirror", "submirror"),
    )

    def resource(self, arguments: Arguments) -> str | None:
        return svm_fields.resource(arguments)

    def repeatable(self, arguments: Arguments) -> bool:
        return False

    def command_line(self, arguments: Arguments) -> Command:
        mirror, submirror = _pair(arguments)
        if mirror == submirror:
            raise ValueError(f"{mirror} cannot be a submirror of itself")
        force = ("-f",) if arguments.get("force") else ()
        words = (*svm_fields.set_option(mirror), *force, names.base_name(mirror), names.base_name(submirror))
        return Command((self.name, *words), needs_root=True)

    def expects(self, arguments: Arguments) -> str:
        mirror, submirror = _pair(arguments)
        return f"One line: {mirror}: submirror {submirror} is {self.done}.{self.afterwards}"

    def interpret(self, arguments: Arguments, completed: Completed) -> Outcome:
        mirror, submirror = _pair(arguments)
        said = _says(completed.stdout, self.done, mirror, submirror)
        result = {"mirror": mirror, "submirror": submirror}
        outcome = plain_outcome(completed, result)
        if outcome.ok and said:
            return Outcome("succeeded", f"{mirror}: {submirror} is {self.done}", result)
        if outcome.ok:
            return Outcome("unknown", f"{self.name} ended well but did not say that {submirror} is {self.done}", result)
        if said or not svm_fields.outcome_is_known(completed):
            return Outcome("unknown", svm_fields.advised(completed, outcome.message), result)
        if outcome.kind == "failed":
            found_so = any(text in line for text in self.found_so for line in complaints(completed))
            return replace(
                failed(svm_fields.advised(completed, outcome.message), result),
                untouched=found_so and completed.status == _REFUSED,
            )
        return outcome

    def goes_on(self, arguments: Arguments) -> str:
        if not self.resyncs:
            return ""
        mirror, submirror = _pair(arguments)
        look = shlex.join(("metastat", *svm_fields.set_option(mirror), names.base_name(mirror)))
        return still_copied(mirror, submirror, look, "shows it Okay")

    def inverse(self, arguments: Arguments) -> Parts | None:
        kept = {field: arguments[field] for field in ("diskset", "mirror", "submirror") if field in arguments}
        return Parts(self.undone_by, kept)

    def _ask(self, arguments: Arguments, how: str) -> tuple[str, str, dict[str, str]]:
        """Mirror, submirror, and the arguments of the metastat that tells of them."""
        mirror, submirror = _pair(arguments)
        diskset, base = names.split(mirror)
        return mirror, submirror, {"diskset": diskset, "volume": base, "format": how}


class _TakesOff(_SubmirrorChange):
    """A side goes: from then on what it holds is no copy of the mirror."""

    schema = fields.arguments(
        {**_SubmirrorChange.schema["properties"], "force": _FORCE},
        ("mirror", "submirror"),
    )

    def split_device(self, arguments: Arguments) -> str | None:
        return names.block_device(_pair(arguments)[0])

    def split_side(self, arguments: Arguments) -> tuple[str, str] | None:
        return _pair(arguments)


class _Membership(_SubmirrorChange):
    """Its effect shows in `metastat -p`: the submirror is a side of the mirror, or is not."""

    member: ClassVar[bool]

    def probe(self, arguments: Arguments) -> Probe | None:
        mirror, submirror, question = self._ask(arguments, "md.tab")

        def present(result: Json) -> bool | None:
            one = result["volumes"].get(mirror)
            if one is None or one["type"] != "mirror":
                return None
            return (submirror in one["submirrors"]) is self.member

        return Probe("metastat", question, present)


class Metadetach(_TakesOff, _Membership):
    """metadetach(1M). Result: `{"mirror", "submirror"}`. Needs a mirror without a resync."""

    name = "metadetach"
    summary = "Take a submirror out of a mirror; it becomes a volume of its own (metadetach)"
    done, undone_by, member = "detached", "metattach", False
    found_so = (_NOT_IN_MIRROR,)


class Metattach(_Membership):
    """metattach(1M). Result: `{"mirror", "submirror"}`. A full resync starts by itself; the command does not wait."""

    name = "metattach"
    summary = "Attach a submirror to a mirror; a full resync starts (metattach)"
    done, undone_by, member, resyncs = "attached", "metadetach", True, True
    afterwards = " The command does not wait: a full resync now runs, and metastat shows how far it is."
    found_so = ("invalid unit", "metadevice in use")

    def done_in_shell(self, arguments: Arguments) -> ShellProof:
        """What is attached has a parent: the library says `invalid unit`, the kernel `metadevice in use`."""
        return ShellProof(says=("is attached", "invalid unit", "metadevice in use"))


class _Offline(_SubmirrorChange):
    """Its effect shows only in `metastat -c`: the report says `Needs maintenance` of an offline submirror."""

    offline: ClassVar[bool]

    def probe(self, arguments: Arguments) -> Probe | None:
        mirror, submirror, question = self._ask(arguments, "concise")

        def present(result: Json) -> bool | None:
            members = result["volumes"].get(mirror, {}).get("members", ())
            states = [one["state"] for one in members if one["name"] == submirror]
            return (states[0] == "offline") is self.offline if states else None

        return Probe("metastat", question, present)


class Metaoffline(_TakesOff, _Offline):
    """metaoffline(1M). Result: `{"mirror", "submirror"}`. Ends at metaonline or at a reboot; writes are remembered."""

    name = "metaoffline"
    summary = "Stop using a submirror for a while; what is written meanwhile is remembered (metaoffline)"
    done, undone_by, offline = "offlined", "metaonline", True
    afterwards = " A reboot ends it: the submirror is then used again."
    found_so = (_NOT_IN_MIRROR, _WRONG_STATE)


class Metaonline(_Offline):
    """metaonline(1M). Result: `{"mirror", "submirror"}`. Only what was written meanwhile is resynced."""

    name = "metaonline"
    summary = "Use an offline submirror again; only what was written meanwhile is resynced (metaonline)"
    done, undone_by, offline, resyncs = "onlined", "metaoffline", False, True
    found_so = (_NOT_IN_MIRROR, _WRONG_STATE)

    def done_in_shell(self, arguments: Arguments) -> ShellProof:
        """What is not offline is in an illegal state to be onlined (mirror_ioctl.c)."""
        return ShellProof(says=("is onlined", "attempt operation on a submirror in illegal state"))


class Metasync(Adapter):
    """metasync(1M). Prints nothing; result `{"mirror"}`."""

    name = "metasync"
    summary = "Start or continue the resync of a mirror, or cancel it (metasync)"
    schema = fields.arguments(
        {
            "diskset": svm_fields.DISKSET,
            "mirror": svm_fields.MIRROR,
            "cancel": fields.flag("Cancel", "Stop the running resync (-c) instead of starting one.", default=False),
        },
        ("mirror",),
    )

    def resource(self, arguments: Arguments) -> str | None:
        return svm_fields.resource(arguments)

    def repeatable(self, arguments: Arguments) -> bool:
        return True

    def command_line(self, arguments: Arguments) -> Command:
        mirror = svm_fields.volume(arguments, "mirror")
        cancel = ("-c",) if arguments["cancel"] else ()
        return Command(("metasync", *svm_fields.set_option(mirror), *cancel, names.base_name(mirror)), needs_root=True)

    def expects(self, arguments: Arguments) -> str:
        return "It prints nothing."

    def interpret(self, arguments: Arguments, completed: Completed) -> Outcome:
        result = {"mirror": svm_fields.volume(arguments, "mirror")}
        outcome = plain_outcome(completed, result)
        if outcome.ok and completed.stdout.strip():
            return Outcome(
                "unknown", f"metasync is silent when it succeeds, but it said: {completed.stdout.strip()[:200]}"
            )
        if outcome.kind == "failed":
            return failed(svm_fields.advised(completed, outcome.message), result)
        return outcome


def _pair(arguments: Arguments) -> tuple[str, str]:
    """The canonical names of mirror and submirror; one that is named alone lies in the mirror's set."""
    mirror = svm_fields.volume(arguments, "mirror")
    return mirror, names.volume(str(arguments["submirror"]), names.split(mirror)[0])


def _says(text: str, done: str, mirror: str, submirror: str) -> bool:
    """True when a line says that this submirror of this mirror `is DONE`; a set may be left out of the names."""
    diskset = names.split(mirror)[0]
    for match in re.finditer(rf"^\s*(\S+): submirror (\S+) is {done}\s*$", text, re.MULTILINE):
        try:
            if (names.volume(match[1], diskset), names.volume(match[2], diskset)) == (mirror, submirror):
                return True
        except ValueError:
            continue
    return False
