"""What a user sees of a bug: a sentence, and a file with what a developer needs."""

from __future__ import annotations

import os
import platform
import re
import sys
import time
import traceback
from collections.abc import Sequence
from pathlib import Path

from svmrun import __version__
from svmrun.effects.state_folder import state_root

EXIT_CODE = 70


def report_crash(error: BaseException, words: Sequence[str]) -> int:
    """Write the report, say so on standard error; the traceback itself is shown only with SVMRUN_DEBUG=1."""
    trace = _without_secrets("".join(traceback.format_exception(error)), words)
    if os.environ.get("SVMRUN_DEBUG") == "1":
        print(trace, file=sys.stderr)
    path = write_report(_text(trace, words), (state_root(), Path(os.environ.get("TMPDIR") or "/tmp")))
    where = (
        f"The details are in {path}" if path else "No file for the details could be written; SVMRUN_DEBUG=1 shows them"
    )
    told = _without_secrets(str(error), words)
    print(f"svmrun: a bug in svmrun itself: {type(error).__name__}: {told}", file=sys.stderr)
    print(f"{where}. Whether a run is unfinished, and what it holds: svmrun status", file=sys.stderr)
    return EXIT_CODE


def write_report(text: str, folders: Sequence[Path]) -> Path | None:
    """A new file that only its owner can read, in the first folder that takes it; None when none does."""
    name = f"crash-{time.strftime('%Y%m%dT%H%M%S')}-{os.getpid()}.txt"
    for folder in folders:
        try:
            descriptor = os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with open(descriptor, "w", encoding="utf-8", errors="backslashreplace") as file:
                file.write(text)
        except OSError:
            continue
        return folder / name
    return None


def _text(trace: str, words: Sequence[str]) -> str:
    # A value on the command line may be a secret: `-p password=...`.
    masked = [re.sub(r"=.*", "=***", word, flags=re.DOTALL) for word in words]
    return f"svmrun {__version__}, Python {platform.python_version()}, {platform.platform()}\n{masked}\n\n{trace}"


def _without_secrets(text: str, words: Sequence[str]) -> str:
    """An exception may quote what it stumbled over: no value from the command line or for a secret is told."""
    given = [word.partition("=")[2] for word in words]
    given += [value for name, value in os.environ.items() if name.startswith("SVMRUN_PARAM_")]
    for value in sorted(filter(None, given), key=len, reverse=True):
        text = text.replace(value, "***")
    return text
