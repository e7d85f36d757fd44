"""ufsrestore(1M): the table of contents of a dump, and its extraction (which changes nothing in the world)."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from typing import Any

from svmrun.simulator.calendar_text import date_text
from svmrun.simulator.image_files import image_file
from svmrun.simulator.requests import Ask, Call, Change, Look, Print
from svmrun.simulator.tape import drive, put_tape, rewinds, tape_error
from svmrun.simulator.world import DumpImage, World

Run = Generator[Any, Any, int]
USAGE = "Usage:\tufsrestore [txhmvyloT:] [-s N] [-f file] [...]\n"
WITH_ARGUMENT = "abfsNT"
ROOT_INODE = 2
MOST_ROWS = 12


def ufsrestore(call: Call) -> Run:
    letters, values = _keys(call.argv[1:])
    if values is None or not set(letters) & set("txrRi"):
        yield Print(USAGE, "err")
        return 1
    device = values.get("f", "/dev/rmt/0")
    world = yield Look()
    error = _open_error(world, device, call.pid)
    if error:
        yield Print(f"{device}: {error}\n", "err")
        return 1
    image = _image(world, device, values.get("s", "1"))
    if image is None or image.blocks == 0:
        yield Print("Volume is not in dump format\n", "err")
        return 1
    if "v" in letters:
        yield Print(_heading(image, world.host), "err")
    if "t" in letters:
        yield Print(_rows(image))
    elif not (yield from _extracted()):
        return 1
    yield Change(lambda now: _moved(now, device, values.get("s", "1")))
    return 0


def _extracted() -> Generator[Any, Any, bool]:
    """The questions of an extraction. False at the end of input."""
    yield Print(
        "You have not read any volumes yet.\nUnless you know which volume your file(s) are on you should start\n"
    )
    yield Print("with the last volume and work towards the first.\nSpecify next volume #: ")
    if (yield Ask()) is None:
        return False
    yield Print("set owner/mode for '.'? [yn] ")
    return (yield Ask()) is not None


def _keys(words: tuple[str, ...]) -> tuple[str, dict[str, str] | None]:
    """The letters of the first word and their arguments; None for a missing argument."""
    letters, rest = (words[0].lstrip("-"), list(words[1:])) if words else ("", [])
    values: dict[str, str] = {}
    for letter in letters:
        if letter in WITH_ARGUMENT:
            if not rest:
                return letters, None
            values[letter] = rest.pop(0)
    return letters, values


def _open_error(world: World, device: str, pid: int) -> str | None:
    if drive(world, device):
        return tape_error(world, device, pid)
    return None if image_file(world, device) else "No such file or directory"


def _image(world: World, device: str, skip: str) -> DumpImage | None:
    """The dump at the place of the tape, `skip` - 1 files further; or the plain file."""
    found = drive(world, device)
    if found is None:
        return image_file(world, device)
    place = found.file_number + (int(skip) - 1 if skip.isdigit() else 0)
    return found.contents[place] if place < len(found.contents) else None


def _moved(world: World, device: str, skip: str) -> World:
    found = drive(world, device)
    if found is None:
        return world
    place = found.file_number + (int(skip) if skip.isdigit() else 1)
    return put_tape(world, replace(found, file_number=0 if rewinds(world, device) else place))


def _heading(image: DumpImage, host: str) -> str:
    return (
        "Verify volume and initialize maps\nMedia block size is 64\n"
        f"Dump   date: {date_text(image.date)}\nDumped from: the epoch\n"
        f"Level {image.level} dump of an unlisted file system on {host}:{image.device}\nLabel: none\n"
        "Extract directories from tape\nInitialize symbol table.\n"
    )


def _rows(image: DumpImage) -> str:
    """Some names for as many files as the image holds; their contents do not exist."""
    names = [".", "lost+found", *(f"data/file{number}" for number in range(min(MOST_ROWS, image.blocks // 64)))]
    rows = [(ROOT_INODE + number, "./" + name if name != "." else ".") for number, name in enumerate(names)]
    return "".join(f"{inode:10d}\t{name}\n" for inode, name in rows)
