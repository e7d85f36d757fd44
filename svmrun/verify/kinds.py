"""What can go wrong in a story, each kind with a name and words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Where = Literal["action", "record", "moment", "fact", "check"]
LATE_SECONDS = 3.0  # a command that was killed in the kernel may still take effect; longer is not believed
RECOVERY_SECONDS = 60.0  # how long after the runner's death somebody recovers the run
BOOT_SECONDS = 300.0


@dataclass(frozen=True)
class Kind:
    """`effect` is the simulator's name of the fault of a command. `title` stands over the column of a matrix."""

    name: str
    words: str
    where: Where
    effect: str = ""
    changes: bool = True  # differs from its neighbours only for commands that change something
    title: str = ""


ACTION_KINDS = (
    Kind("fail", "it failed, and nothing happened", "action", "fail", False),
    Kind("fail-after", "it failed, and yet it had its effect", "action", "fail-after"),
    Kind("lie", "it claimed success, and nothing happened", "action", "lie", False),
    Kind("timeout", "it timed out, and nothing happened", "action", "hang", False),
    Kind("timeout-after", "it timed out after it had its effect", "action", "hang-after"),
    Kind("late", f"it timed out, and had its effect {LATE_SECONDS:g} s later", "action", "late"),
    Kind("garbage", "it had its effect and printed rubbish", "action", "garbage", False),
    Kind("prompt", "it asked a question that nobody knew", "action", "prompt", False),
    Kind("cancelled", "the operator interrupted it before it had its effect", "action", "hang", False),
    Kind("cancelled-after", "the operator interrupted it after it had its effect", "action", "hang-after"),
    Kind("disconnected", "the connection was lost before it had its effect", "action", "hang", False),
    Kind("disconnected-after", "the connection was lost after it had its effect", "action", "hang-after"),
    Kind("stopped", "the runner stood still past a limit before it started it", "action", "", False),
)
RECORD_KINDS = (
    Kind("killed", "the runner was killed", "record", title="runner killed"),
    Kind("both-killed", "the runner and its guard were killed", "record", title="both killed"),
    Kind("journal", "the journal could not be written any more", "record", title="journal full"),
)
MOMENT_KINDS = (
    Kind("guard-killed", "the guard was killed", "moment"),
    Kind("stalled", "the runner stood still past a limit", "moment"),
    Kind("interrupt", "the operator pressed Ctrl-C", "moment"),
    Kind("reboot", "the host was rebooted", "moment"),
    Kind("failover", "the disk set went over to the other node", "moment"),
    Kind("other-fails", "a disk of another submirror failed", "moment"),
    Kind("taken-fails", "a disk of the submirror that is taken off failed", "moment"),
    Kind("resync", "a resync, or of md a check (mdcheck by cron), was started by somebody else", "moment"),
    Kind("stranger", "somebody else locked the file system", "moment"),
    Kind("tape-end", "the tape came to its end early", "moment"),
    Kind("tape-error", "the tape has a write error", "moment"),
    Kind("no-tape", "no tape is in the drive", "moment"),
)
CHECK_KINDS = (Kind("false", "it does not hold", "check"),)
KINDS = {k.name: k for k in (*ACTION_KINDS, *RECORD_KINDS, *MOMENT_KINDS, *CHECK_KINDS)}


@dataclass(frozen=True, order=True)
class Injection:
    """One thing that went wrong: at which turn of the story, what, and for records which one and on which side of it.

    `record` counts the records of that turn from 1; `after` tells whether it was durable by then.
    """

    turn: int
    kind: str
    record: int = 0
    after: bool = False

    @property
    def code(self) -> str:
        side = f"-{self.record}{'a' if self.after else 'b'}" if self.record else ""
        return f"{self.turn}:{self.kind}{side}"

    @staticmethod
    def parse(code: str) -> Injection:
        """Raises ValueError for what is no injection."""
        turn, _, rest = code.partition(":")
        kind, _, side = rest, "", ""
        if rest not in KINDS:
            kind, _, side = rest.rpartition("-")
        if kind not in KINDS:
            raise ValueError(f"{code!r} tells of no failure")
        return Injection(int(turn), kind, int(side[:-1] or 0) if side else 0, side.endswith("a"))
