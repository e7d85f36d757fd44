"""mdadm(8), as far as mirrors go; and cat(1) of what the kernel tells of an array in /sys."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

from svmrun.simulator import md_arrays
from svmrun.simulator.attempt import Refused, attempt
from svmrun.simulator.linux_lookup import leg_at, linux_mirror
from svmrun.simulator.mdadm_report import detail, examine, mdstat
from svmrun.simulator.requests import Call, Look, Pass, Print
from svmrun.simulator.world import World

Run = Generator[Any, Any, int]
Deed = Callable[[World], tuple[World, str]]
MANAGE = {
    "--fail": md_arrays.fail,
    "-f": md_arrays.fail,
    "--remove": md_arrays.remove,
    "-r": md_arrays.remove,
    "--re-add": md_arrays.re_add,
    "--add": md_arrays.add,
    "-a": md_arrays.add,
}
ACTIONS = {"": "idle", "recovery": "recover", "check": "check"}


def mdadm(call: Call) -> Run:
    """`--detail`, `--examine`, `--action`, `--wait`, `--zero-superblock`; or ARRAY and what shall become of devices."""
    words = list(call.argv[1:])
    if call.user != "root":
        yield Print(f"mdadm: {_not_root(words)}\n", "err")
        return 1
    if not words:
        yield Print("Usage: mdadm --help\n  for help\n", "err")
        return 2
    if words[0] in ("--detail", "-D", "--examine", "-E") and len(words) == 2:
        return (yield from _told(words[0], words[1]))
    if words[0] in ("--wait", "-W") and len(words) == 2:
        return (yield from _wait(words[1]))
    for deed in _deeds(words):
        refused = yield from _do(deed)
        if refused:
            return refused
    return 0


def _not_root(words: list[str]) -> str:
    """Most modes ask who it is; to manage an array, or to look at a device, it is opened first."""
    if words[:1] and not words[0].startswith("-"):
        return f"error opening {words[0]}: Permission denied"
    if len(words) > 1 and words[0] in ("--examine", "-E"):
        return f"cannot open {words[1]}: Permission denied"
    return "must be super-user to perform this action"


def _told(option: str, path: str) -> Run:
    world = yield Look()
    if option in ("--detail", "-D"):
        mirror = linux_mirror(world, path)
        text = detail(mirror, world.host, world.clock) if mirror is not None and mirror.kind == "md" else ""
        found = leg_at(world, path)
    else:
        found = leg_at(world, path)
        known = found is not None and found[1].known and found[1].state != "missing"
        text = examine(*found, world.host, world.clock) if found is not None and known else ""
    if text:
        yield Print(text)
        return 0
    there = linux_mirror(world, path) is not None or (found is not None and found[1].state != "missing")
    wrong = f"{path} does not appear to be an md device" if there else f"cannot open {path}: No such file or directory"
    if option in ("--examine", "-E") and there:
        wrong = f"No md superblock detected on {path}."
    yield Print(f"mdadm: {wrong}\n", "err")
    return 1


def _wait(name: str) -> Run:
    """1 when nothing was under way."""
    world = yield Look()
    mirror = linux_mirror(world, name)
    if mirror is None and leg_at(world, name) is None:
        yield Print(f"mdadm: stat failed for {name}: No such file or directory\n", "err")
        return 2
    if mirror is None or mirror.work is None:
        return 1
    work = mirror.work
    yield Pass(max(0.0, work.since + work.total - work.done - world.clock))
    return 0


def _deeds(words: list[str]) -> list[Deed]:
    """What shall be done, in order. Nothing that is understood is a refusal, too."""
    if words[0] == "--zero-superblock":
        return [_zeroing(device) for device in words[1:]]
    if words[0].startswith("--action=") and len(words) == 2:
        wanted = words[0].removeprefix("--action=")
        return [lambda world: md_arrays.action(world, words[1], wanted)]
    pairs = list(zip(words[1::2], words[2::2], strict=False))
    if len(words) < 3 or len(words) % 2 == 0 or any(option not in MANAGE for option, _ in pairs):
        return [_not_understood]
    return [_managing(words[0], option, device) for option, device in pairs]


def _zeroing(device: str) -> Deed:
    return lambda world: md_arrays.zero_superblock(world, device)


def _managing(name: str, option: str, device: str) -> Deed:
    return lambda world: MANAGE[option](world, name, device)


def _not_understood(_world: World) -> tuple[World, str]:
    raise Refused("these options are not simulated", 2)


def _do(deed: Deed) -> Run:
    try:
        said, status = (yield from attempt(deed)), 0
    except Refused as refused:
        said, status = refused.text, refused.status
    if said:
        yield Print(f"mdadm: {said}\n", "err")
    return status


def cat(call: Call) -> Run:
    """`mismatch_cnt`, `sync_action`, `last_sync_action` and `degraded` in `/sys/block/MD/md`, and /proc/mdstat."""
    world = yield Look()
    status = 0
    for path in call.argv[1:]:
        text = mdstat(world) if path == "/proc/mdstat" else _sysfs(world, path)
        if text is None:
            yield Print(f"cat: {path}: No such file or directory\n", "err")
            status = 1
        else:
            yield Print(f"{text}\n")
    return status


def _sysfs(world: World, path: str) -> str | None:
    parts = path.strip("/").split("/")
    mirror = linux_mirror(world, f"/dev/{parts[2]}") if len(parts) == 5 and parts[:2] == ["sys", "block"] else None
    if mirror is None or mirror.kind != "md" or parts[3] != "md":
        return None
    told = {
        "mismatch_cnt": str(mirror.mismatches),
        "sync_action": ACTIONS[mirror.work.kind if mirror.work else ""],
        "last_sync_action": ACTIONS.get(mirror.last, "none"),
        "degraded": str(sum(leg.state != "in-sync" for leg in mirror.legs)),
    }
    return told.get(parts[4])
