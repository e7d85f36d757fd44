"""The simulated commands without processes: run one against a world, in the world's own time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from svmrun.simulator import commands
from svmrun.simulator.host_process import Answer, Hung, Killed, Left, Process, look, plain
from svmrun.simulator.processes import without
from svmrun.simulator.requests import Call
from svmrun.simulator.world import World

__all__ = ["Ended", "kill", "look", "run"]


@dataclass(frozen=True)
class Ended:
    """What became of a command. `status` is None when a signal ended it, or when it hangs without a time limit.

    On a terminal `stdout` is what the screen shows: both streams and the answers. `seconds` are the world's.
    `timed_out` says that it was stopped at its limit; it may have had its effect or not.
    """

    world: World
    status: int | None
    stdout: str = ""
    stderr: str = ""
    signal: int | None = None
    seconds: float = 0.0
    timed_out: bool = False
    pids: tuple[int, ...] = ()


def run(
    world: World,
    argv: Sequence[str],
    *,
    user: str | None = None,
    terminal: bool = False,
    answer: Answer = lambda _question: None,
    timeout_seconds: float = math.inf,
    stop_signal: str | None = "TERM",
) -> Ended:
    """Run a command to its end. Takes no time but the world's.

    `answer` is given what was printed since the last answer and gives a line, or None for the end of file. At the
    limit the whole group is sent `stop_signal`, and ten seconds later KILL; with None nobody stops it: it stays, with
    its devices open, until `kill`. KeyError for an unknown command; a command that hangs without a limit ends with
    status None at once.
    """
    process = Process(look(world), terminal, answer, world.clock + timeout_seconds, stop_signal)
    pid = process.new_pid()
    call = Call(plain(argv), user or world.user, pid, terminal)
    status: int | None = None
    killed: int | None = None
    try:
        status = process.run(commands.start(call))
    except Killed as end:
        killed = end.number
    except Hung:
        process.stopped = True
    except Left:
        return _ended(process, world, process.world, None, None)
    after = process.buried(died=killed is not None or process.stopped)
    return _ended(process, world, after, status, killed)


def _ended(process: Process, before: World, after: World, status: int | None, killed: int | None) -> Ended:
    stdout, stderr = (("out", "err"), ()) if process.terminal else (("out",), ("err",))
    return Ended(
        world=after,
        status=status,
        stdout=process.shown(*stdout),
        stderr=process.shown(*stderr),
        signal=killed,
        seconds=after.clock - before.clock,
        timed_out=process.stopped,
        pids=tuple(process.pids),
    )


def kill(world: World, ended: Ended) -> World:
    """The world after the end of a command that was left running."""
    return look(without(world, ended.pids))
