"""findmnt(8), and what df(1) of the GNU coreutils prints instead of Solaris' df."""

from __future__ import annotations

import getopt
import json
from collections.abc import Generator, Iterable
from typing import Any

from svmrun.simulator.file_systems import SIZE_FACTOR, containing, mounted_on, normal
from svmrun.simulator.requests import Call, Look, Print
from svmrun.simulator.world import FileSystem, World

Run = Generator[Any, Any, int]
SHORT = "JlnS:M:T:o:"
LONG = ("json", "list", "noheadings", "source=", "mountpoint=", "target=", "output=")
COLUMNS = ("TARGET", "SOURCE", "FSTYPE", "OPTIONS")
NAMES = {"J": "json", "l": "list", "n": "noheadings", "S": "source", "M": "mountpoint", "T": "target", "o": "output"}


def findmnt(call: Call) -> Run:
    """What is mounted where, as a list. Nothing found is no word and status 1."""
    try:
        given, words = getopt.gnu_getopt(list(call.argv[1:]), SHORT, LONG)
    except getopt.GetoptError as error:
        yield Print(f"findmnt: {_unknown(error)}\nTry 'findmnt --help' for more information.\n", "err")
        return 1
    flags = {NAMES.get(name.lstrip("-"), name.lstrip("-")): value for name, value in given}
    columns = flags.get("output", ",".join(COLUMNS)).upper().split(",")
    for column in columns:
        if column not in COLUMNS:
            yield Print(f"findmnt: unknown column: {column}\n", "err")
            return 1
    world = yield Look()
    found = [f for f in _chosen(world, flags) if not words or words[0] in (f.mount_point, f.special)]
    rows = [dict(zip(COLUMNS, (f.mount_point, f.special, f.kind, _options(f)), strict=True)) for f in found]
    if rows:
        yield Print(_json(rows, columns) if "json" in flags else _table(rows, columns, "noheadings" not in flags))
    return 0 if rows else 1


def _options(found: FileSystem) -> str:
    """Of a journal on another device only xfs tells."""
    return f"{found.options},logdev={found.journal}" if found.kind == "xfs" and found.journal else found.options


def _unknown(error: getopt.GetoptError) -> str:
    kind = "option requires an argument" if "requires argument" in error.msg else "invalid option"
    if len(error.opt) > 1:
        return (
            f"unrecognized option '--{error.opt}'" if kind == "invalid option" else f"option '--{error.opt}' {kind[7:]}"
        )
    return f"{kind} -- '{error.opt}'"


def _chosen(world: World, flags: dict[str, str]) -> Iterable[FileSystem]:
    chosen = list(world.file_systems)
    if "source" in flags:
        chosen = [f for f in chosen if f.special == flags["source"]]
    if "mountpoint" in flags:
        chosen = [f for f in chosen if f is mounted_on(world, normal(flags["mountpoint"]))]
    if "target" in flags:
        chosen = [f for f in chosen if f is containing(world, flags["target"])]
    return chosen


def _json(rows: list[dict[str, str]], columns: list[str]) -> str:
    """With three blanks of indentation, as libsmartcols writes it."""
    shown = [{column.lower(): row[column] for column in columns} for row in rows]
    return json.dumps({"filesystems": shown}, indent=3).replace("}, {", "},{") + "\n"


def _table(rows: list[dict[str, str]], columns: list[str], headings: bool) -> str:
    lines = [columns] * headings + [[row[column] for column in columns] for row in rows]
    widths = [max(len(line[place]) for line in lines) for place in range(len(columns))]
    return "".join(
        " ".join(word.ljust(width) for word, width in zip(line, widths, strict=True)).rstrip() + "\n" for line in lines
    )


def df_table(found: Iterable[FileSystem]) -> str:
    """`df -k` of the GNU coreutils: units of 1024 bytes, columns as wide as their widest word."""
    lines = [["Filesystem", "1K-blocks", "Used", "Available", "Use%", "Mounted on"]]
    for one in found:
        used = one.used // 2
        size = used * SIZE_FACTOR
        share = f"{-(-100 * used // size) if size else 0}%"
        lines.append([one.special, str(size), str(used), str(size - used), share, one.mount_point])
    widths = [max(14, *(len(line[0]) for line in lines))]
    widths += [max(5 if place < 4 else 4, *(len(line[place]) for line in lines)) for place in range(1, 5)]
    return "".join(_df_line(line, widths) for line in lines)


def _df_line(line: list[str], widths: list[int]) -> str:
    numbers = " ".join(word.rjust(width) for word, width in zip(line[1:5], widths[1:], strict=True))
    return f"{line[0]:<{widths[0]}} {numbers} {line[5]}\n"
