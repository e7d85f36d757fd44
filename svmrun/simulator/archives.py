"""tar(1) of GNU, --create, and rsync(1) of local folders."""

from __future__ import annotations

import getopt
from collections.abc import Generator
from typing import Any

from svmrun.simulator.file_systems import containing, normal
from svmrun.simulator.linux_copies import copy_files, files_change, other_file_systems
from svmrun.simulator.requests import Call, Look, Print

Run = Generator[Any, Any, int]
TAR_LONG = [
    *("create", "totals", "verbose", "numeric-owner", "acls", "xattrs", "one-file-system", "force-local"),
    *("exclude=", "file=", "directory=", "index-file="),
]
BLOCK_BYTES = 512
RSYNC_ERROR = 23


def tar(call: Call) -> Run:
    """`tar --create --file ARCHIVE --directory FOLDER .`: it notices that somebody writes."""
    try:
        given, members = getopt.gnu_getopt(list(call.argv[1:]), "cf:C:", TAR_LONG)
    except getopt.GetoptError as error:
        yield Print(f"tar: unrecognized option '--{error.opt}'\nTry 'tar --help' for more information.\n", "err")
        return 64
    left_out = {normal(value).strip("/") for name, value in given if name == "--exclude"}
    flags = {name.lstrip("-"): value for name, value in given}
    if "create" not in flags or not members:
        yield Print("tar: Cowardly refusing to create an empty archive\n", "err")
        return 2
    folder, archive = normal(flags["directory"]), flags["file"]
    world = yield Look()
    if containing(world, folder) is None:
        yield Print(f"tar: {folder}: Cannot open: No such file or directory\n", "err")
        yield Print("tar: Error is not recoverable: exiting now\n", "err")
        return 2
    for place in other_file_systems(world, folder) if "verbose" in flags else ():
        if place not in left_out:
            yield Print(f"tar: ./{place}/: file is on a different filesystem; not dumped\n", "err")
    before = yield from copy_files(call.pid, folder, archive)
    changed = files_change(before, folder)
    if changed:
        yield Print("tar: ./table: file changed as we read it\n", "err")
    found = containing(before, folder)
    size = (found.used if found else 0) * BLOCK_BYTES
    if "totals" in flags:
        yield Print(f"Total bytes written: {size} ({size >> 20}MiB, {_rate(size, before.dump_seconds)}MiB/s)\n", "err")
    return 1 if changed else 0


def _rate(size: int, seconds: float) -> int:
    return int((size >> 20) / seconds) if seconds else 0


def rsync(call: Call) -> Run:
    """`rsync [--OPTION]... FOLDER/ TARGET/`: it does not notice who writes."""
    words = [word for word in call.argv[1:] if not word.startswith("-")]
    if len(words) != 2:
        yield Print("rsync error: syntax or usage error (code 1) at main.c(1886) [client=3.5.0]\n", "err")
        return 1
    source, target = normal(words[0]), normal(words[1])
    world = yield Look()
    found = containing(world, source)
    if found is None:
        yield Print(f'rsync: [sender] change_dir "{source}" failed: No such file or directory (2)\n', "err")
        yield Print("rsync error: some files/attrs were not transferred (see previous errors) (code 23)\n", "err")
        return RSYNC_ERROR
    if "--info=mount" in call.argv:
        for place in other_file_systems(world, source):
            yield Print(f"[sender] skipping mount-point dir {place}\n")
    yield from copy_files(call.pid, source, target)
    if "--stats" in call.argv:
        size = found.used * BLOCK_BYTES
        yield Print("\nNumber of files: 4 (reg: 2, dir: 2)\nNumber of regular files transferred: 2\n")
        yield Print(f"Total file size: {size:,} bytes\nTotal transferred file size: {size:,} bytes\n")
    return 0
