"""Put the simulated commands in a folder: `bin/NAME` for every command, and the world beside them.

Each program starts an isolated interpreter that imports the models and the standard library, and nothing else. It lives
for a few hundredths of a second: what it spends on rubbish, and on taking itself apart in the end, is saved.
"""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path

import svmrun
from svmrun.errors import UsageError
from svmrun.simulator import commands, state_file
from svmrun.simulator.world import World

PROGRAM = """{start}
import gc, os, sys
gc.disable()
sys.path.append({package!r})
from svmrun.simulator import quick_typing
sys.modules["typing"] = quick_typing
from svmrun.simulator import quick_dataclasses
sys.modules["dataclasses"] = quick_dataclasses
from svmrun.simulator.shim import main
os._exit(main({folder}))
"""
LONGEST_INTERPRETER = 120
FOLDER = "os.path.dirname(os.path.dirname(os.path.abspath(__file__)))"


def install(folder: str | os.PathLike[str], world: World, python: str = sys.executable) -> None:
    """Make or renew the commands in `folder`, with this world. The folder may be moved, but not the package.

    `python` is the interpreter that runs them. Raises UsageError when the folder cannot be written.
    """
    text = PROGRAM.format(start=_start(python), package=str(Path(svmrun.__file__).parent.parent), folder=FOLDER)
    programs = Path(folder) / "bin"
    try:
        programs.mkdir(parents=True, exist_ok=True)
        state_file.write(str(folder), world)
        for name in commands.names():
            _write_program(programs / name, text)
    except OSError as error:
        raise UsageError(f"cannot install the simulated commands in {folder}: {error.strerror}") from None


def _start(python: str) -> str:
    """The first line of a program. One that the kernel cannot read (blanks, length) is read by the shell instead."""
    if " " not in python and len(python) < LONGEST_INTERPRETER:
        return f"#!{python} -ISE"
    return f"#!/bin/sh\n'''exec' {shlex.quote(python)} -ISE \"$0\" \"$@\"\n' '''"


def _write_program(path: Path, text: str) -> None:
    """By rename, since the old one may be running."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_text(text, encoding="utf-8")
    temporary.chmod(0o755)
    temporary.replace(path)
