"""The questions that ufsdump asks on a terminal, `NEEDS ATTENTION: ...: ("yes" or "no") ` (dumptape.c, dumpoptr.c)."""

from __future__ import annotations

from collections.abc import Sequence

from svmrun.adapters.base import Dialogue, Prompt

_YES_OR_NO = r'[^\n]*\("yes" or "no"\)\s*$'


def dialogue(volumes: Sequence[str]) -> Dialogue:
    """How to talk to a dump that may use these volumes: the operator mounts them, everything else ends the dump."""
    return Dialogue(prompts=(*_changes(volumes), *_others(len(volumes))), silence_seconds=None)


def _changes(volumes: Sequence[str]) -> list[Prompt]:
    return [
        Prompt(
            rf"Is the new volume \(#{number}\) mounted on {_YES_OR_NO}",
            name=f"mount volume {number} of {len(volumes)}, {name}, and answer yes; no ends the dump",
            at_most=20,
        )
        for number, name in enumerate(volumes[1:], start=2)
    ]


def _others(declared: int) -> list[Prompt]:
    return [
        Prompt(
            rf"Is the new volume \(.*\) mounted on {_YES_OR_NO}",
            fails=f"the dump needs more than the {declared} volumes that are declared for it",
        ),
        # Asked after a no, and after the INT that ends a dump.
        Prompt(rf"Do you want to abort dump\?:? {_YES_OR_NO}", answer="yes", name="abort the dump"),
        Prompt(
            rf"Do you want to retry the open\?:? {_YES_OR_NO}", name="the volume cannot be opened; retry", at_most=20
        ),
        Prompt(rf"Do you want to restart\?:? {_YES_OR_NO}", name="the volume is faulty; write it again on a new one"),
        Prompt(rf"Do you want to rewrite\?:? {_YES_OR_NO}", name="the volume does not verify; write it again"),
        Prompt(
            rf"Do you want to attempt to continue\? ?{_YES_OR_NO}",
            fails="the dump met errors that it could only go on from by leaving something out",
        ),
    ]
