"""What a backup on Linux lays over a leg, and should have taken away: views, their mounts, and their stores.

Nothing in a view tells who made it: a journal may know it, else only its name speaks for it. While a view lies over a
leg, the leg cannot go back to its mirror; so these come first.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

from svmrun.diagnosis.model import Finding, Kind
from svmrun.diagnosis.ownership import owner
from svmrun.diagnosis.seen import Seen

# As the shipped runbooks call them.
_VIEW = re.compile(r"svmrun-.*|.+_backup(-data)?")
_STORE = re.compile(r".*/svmrun-[^/]*")
_MAPPER = "/dev/mapper/"


def judge(seen: Seen) -> Iterator[Finding]:
    """In the order in which they can be ended: `NAME` lies over `NAME-data`."""
    views = sorted(name for name in seen.views if _VIEW.fullmatch(name) or _held(seen, _device(name)))
    for mount in seen.mounts:
        if mount["source"] in map(_path, views):
            yield _mounted(mount["source"], mount["target"], seen)
    yield from (_view(name, seen) for name in views)
    for loop in seen.loop_devices:
        name, file = str(loop["name"]), str(loop["file"])
        if _STORE.fullmatch(file) or _held(seen, f"loop device {name}"):
            yield _loop(name, file, seen)


def _mounted(source: str, target: str, seen: Seen) -> Finding:
    text = f"{source}, a view that a backup made, is mounted there, and cannot be removed before this is ended"
    return _whose(seen, f"mount point {target}", "mounted view", target, text, ("umount", target))


def _view(name: str, seen: Seen) -> Finding:
    text = "named as a backup names its view over a leg: while one is there, the leg cannot go back to its mirror"
    return _whose(seen, _device(name), "view", _path(name), text, ("dmsetup", "remove", "--retry", name))


def _loop(name: str, file: str, seen: Seen) -> Finding:
    text = f"it stands for {file}, which keeps what was written to a view; the file can be removed then"
    return _whose(seen, f"loop device {name}", "loop device", name, text, ("losetup", "--detach", name))


def _whose(seen: Seen, resource: str, kind: Kind, what: str, text: str, words: tuple[str, ...]) -> Finding:
    whose = owner(seen.runs, lambda hold: hold.resource == resource)
    return whose.finding(kind, what, text, shlex.join(words))


def _held(seen: Seen, resource: str) -> bool:
    """By a run that has not come to its end: a name may be anybody's then."""
    open_runs = (run for run in seen.runs if run.condition != "ended")
    return any(hold.held and hold.resource == resource for run in open_runs for hold in run.holds)


def _path(name: str) -> str:
    return f"{_MAPPER}{name}"


def _device(name: str) -> str:
    return f"device {_path(name)}"
