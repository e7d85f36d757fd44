"""From what was seen to findings: what must not last, who left it, and which command ends it."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import Any

from svmrun.diagnosis import leftovers, linux_arrays, linux_volumes, mirrors
from svmrun.diagnosis.model import Finding, Kind
from svmrun.diagnosis.ownership import Owner, of_run, owner
from svmrun.diagnosis.seen import GuardFolder, KnownHold, KnownRun, Seen

Json = Any

# lockfs(1M): a hard lock cannot be unlocked; an error lock wants the file system repaired.
_LOCKS = {
    "write": "every writer waits",
    "name": "whoever renames or removes a file waits",
    "delete": "whoever removes a file waits",
    "hard": "hard-locked after an inconsistency: every access fails, and only unmounting ends that",
    "EIO": "it cannot be opened, maybe it is hard-locked: only unmounting ends that",
    "error": "error-locked after an inconsistency: unmount it, and check it with fsck",
}
_KINDS: dict[str, Kind] = {"at work": "run at work", "unfinished": "unfinished run", "stuck": "stuck run"}
_UNMOUNT = ("hard", "EIO", "error")


def judge(seen: Seen) -> tuple[Finding, ...]:
    """All findings: first what lets others wait, then lost redundancy, then what runs have left behind."""
    return (
        *(_lock(one, seen) for one in seen.locks if one["lock"] != "unlock"),
        *mirrors.judge(seen),
        *leftovers.judge(seen),
        *linux_arrays.judge(seen),
        *linux_volumes.judge(seen),
        *_commands(seen),
        *(finding for run in seen.runs for finding in _run(run)),
        *(finding for folder in seen.guard_folders for finding in _guard_folder(folder, seen)),
    )


def _lock(one: Json, seen: Seen) -> Finding:
    path, lock = str(one["path"]), str(one["lock"]).strip("()")

    def effect(hold: KnownHold) -> bool:
        return hold.locked_path == path

    comment = f', with the comment "{one["comment"]}"' if one["comment"] else ""
    changing = " (the lock is just being changed)" if one["lock"] != lock else ""
    text = f"{lock} lock{comment}: {_LOCKS.get(lock, 'its effect is not known')}{changing}"
    undo = ("umount", path) if lock in _UNMOUNT else ("lockfs", "-u", path)
    return owner(seen.runs, effect).finding("locked file system", path, text, shlex.join(undo))


def _commands(seen: Seen) -> Iterator[Finding]:
    for left in seen.commands:
        whose = f"left by the run {left.run}, whose runner is dead"
        text = f"still runs, and keeps open what it works on: {left.words}"
        command = f"svmrun recover {left.run}"
        yield Finding("command of a dead run", f"pid {left.pid}", text, left.run, whose, command)


def _run(run: KnownRun) -> Iterator[Finding]:
    if run.condition == "damaged":
        text = f"nothing can tell what it holds, so look at everything else here: {run.damage}"
        yield Finding("damaged journal", run.run, text, run.run, "its own journal", "")
    elif run.condition != "ended":
        yield of_run(run).finding(_KINDS[run.condition], run.run, "; ".join(_state(run)), "")


def _state(run: KnownRun) -> Iterator[str]:
    held = [hold for hold in run.holds if hold.held]
    yield f"by its journal it holds {', '.join(h.words for h in held)}" if held else "by its journal it holds nothing"
    hidden = [hold.words for hold in held if not hold.visible]
    if hidden:
        yield f"no command can tell whether {', '.join(hidden)} is there"
    yield from run.left


def _guard_folder(folder: GuardFolder, seen: Seen) -> Iterator[Finding]:
    """A folder goes away with its run. That of a run that has not ended is for the run's own finding."""
    run = next((run for run in seen.runs if run.run == folder.run), None)
    if run is not None and run.condition != "ended":
        return
    whose = Owner(folder.run, f"left by the run {folder.run}, which has ended")
    if run is None:
        whose = Owner(None, f"not ours: no run {folder.run} is recorded here; maybe in another state folder")
    path = shlex.quote(folder.path)
    if folder.alive:
        text = "its guard is alive: its runner, or what the guard has to release, is not at its end"
        yield whose.finding("guard folder", folder.path, text, f"sh {path}/release.sh")
    elif folder.outstanding:
        text = f"its guard is dead, and by its marks nobody has released {', '.join(folder.outstanding)}"
        yield whose.finding("guard folder", folder.path, text, f"sh {path}/release.sh && rm -r {path}")
    else:
        yield whose.finding("guard folder", folder.path, "its guard is dead and holds nothing", f"rm -r {path}")
