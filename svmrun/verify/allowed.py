"""What a verification granted, each with its number: nothing is let pass that its report does not name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from svmrun.plan.release import GRACE_SECONDS
from svmrun.report.verified import Allowance

PATIENCE_SECONDS = 300.0  # writers that hang longer are given up by their clients and by the monitors of a cluster
RELEASE_SECONDS = 30.0  # that a release may take itself even where the limit is all that writers bear
OBEYING_SECONDS = 600.0  # for one command of a stuck run's instruction, typed by root

WORDS = {
    "guard": "a lock counts as lifted in time when its release begins at most {:g} s after the hold's limit: the guard "
    "comes so much later than a runner that is well",
    "tries": "a try to undo that failed, or the pause after it, kept a lock for {:g} s beyond that at the longest: "
    f"it is granted its own time-out, and no more than {PATIENCE_SECONDS:g} s",
    "release": "a release that began in time went on for {:g} s beyond that at the longest: it is granted what is "
    f"left of the {PATIENCE_SECONDS:g} s that writers bear, or {RELEASE_SECONDS:g} s",
    "patience": "a lock whose hold allows more, or that has no limit, is judged by {:g} s: so long writers wait",
    "recovery": "when nobody was left to release a lock, somebody started svmrun recover {:g} s later; until then the "
    "lock is not judged, from then on it had to be undone at once",
    "boot": "a machine that goes down is up again after {:g} s, and a UFS is writable then",
    "disks": "before a stuck run's instruction is carried out, disks that cannot be reached are mended",
    "obeying": "each command of a stuck run's instruction may take {:g} s",
    "gave-up": "a guard that could not release something was waited for during {:g} rounds",
    "processes": "starting and ending a process takes no time here; on a host the guard gives a command that hangs "
    "{:g} s to end",
}
CONSTANT = {"processes": GRACE_SECONDS}


@dataclass
class Allowed:
    """`seconds` are the largest that was granted of each kind."""

    seconds: dict[str, float] = field(default_factory=dict)

    def note(self, name: str, seconds: float) -> None:
        self.seconds[name] = max(seconds, self.seconds.get(name, 0.0))

    def add(self, other: Mapping[str, float]) -> None:
        for name, seconds in other.items():
            self.note(name, seconds)


def named(seconds: Mapping[str, float]) -> Iterator[Allowance]:
    """Those that were used, in words."""
    used = {**seconds, **CONSTANT}
    for name, words in WORDS.items():
        if name in used:
            yield Allowance(name, round(used[name], 1), words.format(round(used[name], 1)))
