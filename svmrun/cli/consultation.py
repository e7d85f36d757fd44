"""Ask a host how it is: commands that only read, the mount table, and what runs have left. Changes nothing."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from svmrun import names
from svmrun.adapters.output import ParseError
from svmrun.adapters.ufs_parse import parse_lockfs
from svmrun.cli import known_runs
from svmrun.cli.preparing import make_setting
from svmrun.cli.recorded import recorded_runs
from svmrun.diagnosis.seen import KnownRun, Seen
from svmrun.effects.actions import Actions, Call
from svmrun.effects.setting import Nobody, Setting
from svmrun.effects.state_folder import RunFolder
from svmrun.effects.watched import Watched
from svmrun.errors import Refused
from svmrun.refusal import mount_table
from svmrun.report.observer import Silent
from svmrun.target import Target

Json = Any

WHAT = {
    "lockfs": "locks of UFS file systems",
    "metaset": "disk sets",
    "metastat": "mirrors and their sides",
}


@dataclass
class Consultation:
    """`unseen` collects, in sentences, what could not be looked at."""

    target: Target
    folder: Path
    unseen: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._setting: Setting = make_setting(self.target, Silent(), Nobody(), "")
        self._actions = Actions(self._setting)

    def seen(self) -> Seen:
        sets = self._disk_sets()
        layout = self._volumes(sets, "md.tab")
        filled = [diskset for diskset in sets if any(names.disk_set(name) == diskset for name in layout)]
        report = self._volumes(filled, "report")
        concise = self._volumes(filled, "concise") if _may_be_offline(report) else {}
        known = [(folder, run) for folder in recorded_runs() if (run := self._known(folder))]
        dead = [folder for folder, run in known if run.condition in ("unfinished", "stuck")]
        return Seen(
            tuple(self._locks()),
            layout,
            report,
            concise,
            frozenset(names.canonical(mount.source) for mount in mount_table(self.target).mounts),
            tuple(run for _folder, run in known),
            tuple(command for folder in dead for command in known_runs.left_commands(folder)),
            tuple(self._guard_folders({run.run for _folder, run in known})),
        )

    def _known(self, folder: RunFolder) -> KnownRun | None:
        return known_runs.known_run(folder, self.target.simulated)

    def _guard_folders(self, runs: set[str]) -> list[Any]:
        """A guard always runs on this machine: only a run of the simulated host makes its folder one of that host."""
        others = {folder.run for folder in recorded_runs()} - runs
        found = [one for one in known_runs.guard_folders() if one.run not in others]
        return [one for one in found if one.run in runs] if self.target.simulated else found

    # -- asking --------------------------------------------------------------------------------------------------

    def _locks(self) -> list[Json]:
        """Of all file systems that are not unlocked: that is what lockfs without arguments lists."""
        if self.target.facts["os"] == "Linux":
            self.unseen.append(
                "frozen file systems: nothing on Linux tells that one is frozen; only journals were asked"
            )
        asked = self._ask("lockfs", "command", {"argv": ["lockfs"], "read_only": True})
        try:
            return list(parse_lockfs(asked["stdout"])["filesystems"]) if asked else []
        except ParseError as error:
            self.unseen.append(f"{WHAT['lockfs']}: {error}")
            return []

    def _disk_sets(self) -> list[str]:
        """The local set, and those that this host owns."""
        asked = self._ask("metaset", "metaset", {})
        owned = [""]
        for one in asked["sets"] if asked else ():
            if any(host["owner"] for host in one["hosts"]):
                owned.append(one["name"])
            else:
                self.unseen.append(f"disk set {one['name']}: this host does not own it; look on the host that does")
        return owned

    def _volumes(self, sets: list[str], form: str) -> dict[str, Json]:
        found: dict[str, Json] = {}
        for diskset in sets:
            asked = self._ask("metastat", "metastat", {"diskset": diskset, "format": form}, diskset)
            found |= asked["volumes"] if asked else {}
        return found

    def _ask(self, program: str, adapter: str, arguments: dict[str, Json], where: str = "") -> Json:
        """The typed result; None, and a sentence in `unseen`, when there is none."""
        try:
            self._setting.programs.update(self.target.resolve([program]))
        except Refused:
            return self._cannot_see(program, "there is no such command on this host", where)
        chosen = self._setting.adapters[adapter]
        complete = chosen.complete(arguments)
        call = Call(
            "doctor",
            adapter,
            complete,
            chosen.default_timeout(complete),
            Watched(),
            {},
            self.folder / "output.txt",
            quiet=True,
        )
        outcome = self._actions.perform(call)
        return outcome.result if outcome.ok else self._cannot_see(program, outcome.message, where)

    def _cannot_see(self, program: str, why: str, where: str) -> None:
        what = f"{WHAT[program]}{f' of {where}' if where else ''} ({program})"
        sentence = f"{what}: {why}"
        if sentence not in self.unseen:
            self.unseen.append(sentence)


def _may_be_offline(report: dict[str, Json]) -> bool:
    """Only then the concise form has more to tell."""
    return any(side["state"] == "Needs maintenance" for one in report.values() for side in one["submirrors"])


def consult(target: Target, judge: Callable[[Seen], Json]) -> tuple[Json, tuple[str, ...]]:
    """What `judge` makes of what was seen, and what could not be seen."""
    with tempfile.TemporaryDirectory(prefix="svmrun-doctor-") as folder:
        consultation = Consultation(target, Path(folder))
        return judge(consultation.seen()), tuple(consultation.unseen)
