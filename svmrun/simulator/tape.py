"""Tape drives: names of their devices, opens, what is written and read; and mt(1)."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import replace
from typing import Any

from svmrun.simulator.processes import users
from svmrun.simulator.requests import Call, Change, Look, Print
from svmrun.simulator.world import DumpImage, Tape, World

Run = Generator[Any, Any, int]
FOLDER = "/dev/rmt/"
USAGE = "usage: mt [ -f device ] command [ count ]\n"
COMMANDS = (
    "weof",
    "eof",
    "fsf",
    "fsr",
    "bsf",
    "bsr",
    "nbsf",
    "asf",
    "eom",
    "rewind",
    "offline",
    "rewoffl",
    "status",
    "retension",
    "erase",
)


def drive(world: World, device: str) -> Tape | None:
    """The drive behind any of its device names (`/dev/rmt/0`, `/dev/rmt/0cn`); None when there is no such node."""
    if not device.startswith(FOLDER):
        return None
    return next((t for t in world.tapes if _unit(t.device) == _unit(device)), None)


def rewinds(world: World, device: str) -> bool:
    """A drive's name without `n` rewinds the tape when it is closed."""
    return drive(world, device) is not None and "n" not in device.removeprefix(FOLDER)


def put_tape(world: World, changed: Tape) -> World:
    return replace(world, tapes=tuple(changed if t.device == changed.device else t for t in world.tapes))


def tape_error(world: World, device: str, pid: int) -> str | None:
    """Why the drive cannot be opened by the process, in the words of the error number; None when it can."""
    found = drive(world, device)
    if found is None:
        return "No such file or directory"
    if any(o.pid != pid for o in users(world, found.device)):
        return "Device busy"
    return None if found.loaded else "I/O error"


def recorded(world: World, device: str, image: DumpImage) -> World:
    """The world with the dump on the tape, in the place where the tape stands; what came after is lost."""
    found = drive(world, device)
    if found is None:
        return world
    contents = (*found.contents[: found.file_number], image)
    return put_tape(
        world, replace(found, contents=contents, file_number=0 if rewinds(world, device) else len(contents))
    )


def _unit(device: str) -> str:
    name = device.removeprefix(FOLDER)
    return name[: next((i for i, c in enumerate(name) if not c.isdigit()), len(name))]


def mt(call: Call) -> Run:
    device, words = _device_and_words(call.argv[1:])
    if not words:
        yield Print(USAGE, "err")
        return 1
    command = next((name for name in COMMANDS if name.startswith(words[0])), None)
    if command is None:
        yield Print(f"mt: unknown command: {words[0]}\n", "err")
        return 1
    world = yield Look()
    error = tape_error(world, device, call.pid)
    if error:
        text = "no tape loaded or drive offline" if error == "I/O error" else error
        yield Print(f"{device}: {text}\n", "err")
        return 1
    return (yield from _operate(device, command, words[1:]))


def _device_and_words(words: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    if len(words) > 1 and words[0] in ("-f", "-t"):
        return words[1], words[2:]
    return f"{FOLDER}0n", words


def _operate(device: str, command: str, count: tuple[str, ...]) -> Run:
    world = yield Look()
    found = drive(world, device)
    if found is None or (count and not count[0].isdigit()):
        yield Print(USAGE, "err")
        return 1
    if command == "status":
        yield Print(_status(found))
        return 0
    number = int(count[0]) if count else 1
    moved = MOVES.get(command, _stay)(found, number)
    if moved is None:
        yield Print(f"{device} {command} {number} I/O error\n", "err")
        return 2
    yield Change(lambda now: put_tape(now, moved))
    return 0


def _status(found: Tape) -> str:
    return (
        "HP DDS-4 DAT tape drive:\n"
        "   sense key(0x0)= No Additional Sense   residual= 0   retries= 0\n"
        f"   file no= {found.file_number}   block no= 0\n"
    )


def _stay(found: Tape, _count: int) -> Tape | None:
    return found


def _forward(found: Tape, count: int) -> Tape | None:
    target = found.file_number + count
    return replace(found, file_number=target) if target <= len(found.contents) else None


def _back(found: Tape, count: int) -> Tape | None:
    target = found.file_number - count
    return replace(found, file_number=target) if target >= 0 else None


MOVES: dict[str, Callable[[Tape, int], Tape | None]] = {
    "rewind": lambda found, _: replace(found, file_number=0),
    "retension": lambda found, _: replace(found, file_number=0),
    "offline": lambda found, _: replace(found, file_number=0, loaded=False),
    "rewoffl": lambda found, _: replace(found, file_number=0, loaded=False),
    "eom": lambda found, _: replace(found, file_number=len(found.contents)),
    "erase": lambda found, _: replace(found, file_number=0, contents=()),
    "fsf": _forward,
    "bsf": _back,
    "nbsf": _back,
    "asf": lambda found, count: _forward(replace(found, file_number=0), count),
}
