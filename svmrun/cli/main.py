"""The command line: choose a subcommand, import only its module, and turn every ending into an exit code.

This is the only place that catches everything: what svmrun says on purpose is a SvmrunError, all else is a bug.
"""

from __future__ import annotations

import errno
import importlib
import os
import sys
from collections.abc import Sequence
from types import ModuleType

from svmrun import __version__
from svmrun.cli.commands import COMMANDS
from svmrun.cli.parser import Parser, did_you_mean
from svmrun.errors import InvalidInput, SvmrunError, UsageError

BROKEN_PIPE = 141  # as a shell tells of a program that SIGPIPE ended
INTERRUPTED = 130
CANNOT_PRINT = 1
OUTPUT_ERRORS = (errno.ENOSPC, errno.EDQUOT, errno.EIO)

HELP = """\
usage: svmrun COMMAND [OPTION...] [ARGUMENT...]
       svmrun COMMAND --help
       svmrun --version

Run storage backup procedures written as YAML runbooks, and leave the machine as it was found.

commands:
{commands}

examples:
  svmrun execute mirror-backup --simulate
      try the backup of a mirrored volume on a simulated cluster
  svmrun plan mirror-backup.yaml -p mirror=d0 -p mount_point=/export
      see every command before anything is changed
  svmrun status
      what an interrupted run still holds, and what to type

exit codes:
  0 succeeded             4 stuck: an operator is needed, and is told what to do
  1 a step failed; rolled back: what had to be undone is undone
  2 usage                 5 busy: another run, or an unfinished one to recover first
  3 a runbook, parameters or inventory invalid; nothing ran
  6 a check did not hold; nothing changed
  70 a bug in svmrun      129, 130, 143 cancelled by HUP, INT, TERM; rolled back

environment:
  SVMRUN_STATE   the folder of the journals (root: /var/lib/svmrun)
  SVMRUN_PATH    folders with runbooks, separated by colons
  SVMRUN_DEBUG   1 shows the traceback of a bug
  NO_COLOR       no colours
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line `arguments` (default: the process's own) and return its exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    _open_missing_streams()
    _let_any_text_be_printed()
    try:
        return _ended(_dispatch(words))
    except SystemExit as leaving:  # argparse, after --help
        return _ended(leaving.code if isinstance(leaving.code, int) else 0)
    except BrokenPipeError:
        _close_output()
        return BROKEN_PIPE
    except KeyboardInterrupt:
        return INTERRUPTED
    except SvmrunError as error:
        print(error if isinstance(error, InvalidInput) else f"svmrun: {error}", file=sys.stderr)
        return error.exit_code
    except Exception as error:  # noqa: BLE001 - the one catcher: a traceback is never shown to a user
        return _unexpected(error, words)


def _dispatch(words: list[str]) -> int:
    if words[:1] == ["help"]:
        words = [*words[1:2], "--help"]
    if not words or words[0] in ("-h", "--help"):
        print(HELP.format(commands=_command_lines()), end="", file=sys.stdout if words else sys.stderr)
        return 0 if words else UsageError.exit_code
    if words[0] in ("-V", "--version"):
        print(f"svmrun {__version__}")
        return 0
    if words[0] not in COMMANDS:
        raise UsageError(_unknown(words[0]))
    return _run(words)


def _command_lines() -> str:
    width = max(map(len, COMMANDS))
    return "\n".join(f"  {name:<{width}}  {text}" for name, (_, text) in COMMANDS.items())


def _unknown(word: str) -> str:
    if word.startswith("-"):
        return f"there is no option {word}{did_you_mean(word, ['--help', '--version'])}\ntry: svmrun --help"
    if word.endswith((".yaml", ".yml")):
        return f"there is no command {word!r}\nto run a runbook: svmrun execute {word}"
    return f"there is no command {word!r}{did_you_mean(word, COMMANDS)}\ntry: svmrun --help"


def _run(words: list[str]) -> int:
    name = words[0]
    module: ModuleType = importlib.import_module(COMMANDS[name][0])
    parser = Parser(prog="svmrun")
    subparsers = parser.add_subparsers(dest="command", parser_class=Parser)
    module.add_parser(subparsers)
    options, extras = parser.parse_known_args(words)
    if extras:
        subparsers.choices[name].refuse(extras)
    status: int = module.run(options)
    return status


def _unexpected(error: Exception, words: list[str]) -> int:
    if isinstance(error, OSError) and error.errno in OUTPUT_ERRORS and error.filename is None:
        return _cannot_print(error)
    from svmrun.cli.crash import report_crash

    return report_crash(error, words)


def _open_missing_streams() -> None:
    """A program started without standard streams would give their numbers to the next files it opens: a journal."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest free number
    sys.stdin = sys.stdin or os.fdopen(0)
    sys.stdout = sys.stdout or os.fdopen(1, "w")
    sys.stderr = sys.stderr or os.fdopen(2, "w")


def _let_any_text_be_printed() -> None:
    """A name that the terminal's encoding does not know must not end a run."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def _ended(status: int) -> int:
    """Flush now: what goes wrong later is told by the interpreter, with a traceback."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        return status or _cannot_print(error)
    return status


def _cannot_print(error: OSError) -> int:
    _close_output()
    print(f"svmrun: cannot write the output: {error.strerror}", file=sys.stderr)
    return CANNOT_PRINT


def _close_output() -> None:
    """Send what is still buffered nowhere, so that the interpreter's own last flush says nothing."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    sys.exit(main())
