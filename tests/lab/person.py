"""In a guest: a person at a terminal, who waits for a question, does something about it, and types an answer.

`python -m tests.lab.person STORY.json` runs the story's `argv` on a pseudo-terminal, shows all that it prints, and ends
with its status. `moments` are `[QUESTION, SCRIPT, ANSWER]`: a regular expression, what is done first, what is typed.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pexpect

PATIENCE_SECONDS = 40
Moment = tuple[str, str, str]


def main(argv: Sequence[str], moments: Sequence[Moment]) -> int:
    terminal = pexpect.spawn(argv[0], list(argv[1:]), timeout=PATIENCE_SECONDS, encoding="utf-8", dimensions=(50, 200))
    terminal.logfile_read = sys.stdout
    for question, script, answer in moments:
        terminal.expect(question)
        subprocess.run(["sh", "-ec", script], check=True)
        terminal.sendline(answer)
    terminal.expect(pexpect.EOF)
    terminal.close()
    return terminal.exitstatus if terminal.exitstatus is not None else 70


if __name__ == "__main__":
    story = json.loads(Path(sys.argv[1]).read_text())
    sys.exit(main(story["argv"], story["moments"]))
