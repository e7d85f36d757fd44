"""What the processes of one ufsdump share, and how they ask the operator."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

from svmrun.simulator.requests import Ask, Call, Look, Pass, Print, Signalled
from svmrun.simulator.ufsdump_keys import Keys
from svmrun.simulator.ufsdump_words import CHOICE, PREFIX, said

PATIENCE_SECONDS = 120.0  # before a question is repeated, and how much longer each time


class Aborted(Exception):
    """The dump ends here, with status 3."""


@dataclass(frozen=True)
class Job:
    """`estimated` and `blocks` (to be written) are blocks of 512 bytes; `date` is the world's clock.

    `moment` and `generation` tell what the device held when the dump began.
    """

    call: Call
    keys: Keys
    device: str  # the raw device
    host: str
    date: float
    since: str
    estimated: int
    blocks: int
    seconds_per_block: float
    generation: int
    moment: bool

    @property
    def output(self) -> str:
        """The path of the output on this host."""
        return self.keys.output.removeprefix(f"{self.host}:")

    @property
    def target(self) -> str:
        return "standard output" if self.output == "-" else self.keys.output

    @property
    def place(self) -> str:
        """The output as questions name it."""
        return f"{self.host}:{self.output}"


def query(job: Job, question: str, *, proceed: bool = False) -> Generator[Any, Any, bool]:
    """Ask the operator for yes or no. Raises Aborted at the end of input, and at once when there is no terminal.

    Without an answer the question is repeated; with `proceed` silence means yes.
    """
    patience = PATIENCE_SECONDS
    while True:
        yield Print(f"{PREFIX}NEEDS ATTENTION: {question}: {CHOICE}", "err")
        if not job.call.terminal:
            raise Aborted
        line: str | None = yield Ask(patience)
        if line is None:
            raise Aborted
        if line.lower() in ("yes", "no"):
            return line.lower() == "yes"
        if line:
            yield Print(f'{PREFIX}"yes" or "no"?\n', "err")
        elif proceed:
            yield Print("YES\n", "err")
            return True
        patience += PATIENCE_SECONDS


def abort_question(job: Job) -> Generator[Any, Any, None]:
    if (yield from query(job, "Do you want to abort dump?")):
        raise Aborted


def patiently(job: Job, seconds: float) -> Generator[Any, Any, None]:
    """Let the time pass, whatever an interrupted operator says but yes. Other signals abort."""
    world = yield Look()
    until = world.clock + seconds
    while world.clock < until:
        try:
            yield Pass(until - world.clock)
            return
        except Signalled as signal:
            if signal.name != "INT":
                raise
            yield said("Interrupt received.")
            yield from abort_question(job)
            world = yield Look()
