"""The staged end of a process tree: asked, killed, given up."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from typing import Literal

from svmrun.effects import clock
from svmrun.effects.group import KillAsRoot, Tree, marker_of
from svmrun.effects.processes import alive

KILL_WAIT_SECONDS = 3.0
POLL_SECONDS = 0.05

Stage = Literal["running", "stopping", "killing", "abandoned"]


class Ending:
    """Follows one tree from its start to its end, without ever waiting itself.

    The owner calls `advance` when `next_deadline` (a time of `clock.steady`) has come. A running tree whose time is
    over gets `stop_signal`; after `grace_seconds` it is killed; what survives KILL is given up after a while.
    """

    def __init__(
        self, tree: Tree, stop_signal: Literal["TERM", "INT"], timeout_seconds: float, grace_seconds: float
    ) -> None:
        self._tree = tree
        self._stop_signal = signal.Signals[f"SIG{stop_signal}"]
        self._grace_seconds = grace_seconds
        self.next_deadline = clock.steady() + timeout_seconds
        self.stage: Stage = "running"
        self.timed_out = False
        self.cancelled = False
        self.abandoned_pid: int | None = None

    def cancel(self) -> None:
        """End it now, because somebody asked."""
        if self.stage == "running":
            self.cancelled = True
            self.stop()

    def time_out(self) -> None:
        """End it now, because it took too long."""
        if self.stage == "running":
            self.timed_out = True
            self.stop()

    def advance(self) -> None:
        """Take the next step when its time has come."""
        if clock.steady() < self.next_deadline:
            return
        steps = {"running": self.time_out, "stopping": self._kill, "killing": self._abandon}
        if self.stage in steps:
            steps[self.stage]()

    def over(self, leader_ended: bool) -> bool:
        """True when nothing of the tree is left, or it was given up. Call it about every `POLL_SECONDS`."""
        if self.stage == "killing":
            self._tree.kill()
        return self.stage == "abandoned" or (leader_ended and not self._tree.members())

    def stop(self) -> None:
        """End it now, for a reason that the owner tells."""
        if self.stage == "running":
            self._enter("stopping", self._grace_seconds)
            self._tree.stop(self._stop_signal)

    def _kill(self) -> None:
        self._enter("killing", min(KILL_WAIT_SECONDS, max(1.0, 2 * self._grace_seconds)))
        self._tree.kill()

    def _abandon(self) -> None:
        left = self._tree.members()
        self._enter("abandoned", float("inf"))
        if left:
            self.abandoned_pid = self._tree.pid if self._tree.pid in left else left[0]

    def _enter(self, stage: Stage, seconds: float) -> None:
        self.stage = stage
        self.next_deadline = clock.steady() + seconds


def end_now(tree: Tree, reap: Callable[[], object]) -> None:
    """Kill a tree whose owner cannot go on, and wait for its end a bounded time."""
    until = clock.steady() + KILL_WAIT_SECONDS
    while True:
        tree.kill()
        reap()
        if not tree.members() or clock.steady() >= until:
            return
        time.sleep(POLL_SECONDS)


def end_orphan(
    pid: int,
    started: str,
    stop_signal: Literal["TERM", "INT"] = "TERM",
    grace_seconds: float = 5.0,
    kill_as_root: KillAsRoot | None = None,
) -> int:
    """End what an earlier runner left running; the pid that would not end, or 0.

    Nothing is signalled when another process has the number by now. When the leader ended and others of its session
    still run, the number cannot have been given again, and they are ended.
    """
    tree = Tree(pid, marker_of(pid), kill_as_root)
    if not alive(pid, started) and pid in tree.members():
        return 0
    ending = Ending(tree, stop_signal, 0.0, grace_seconds)
    while not ending.over(leader_ended=True):
        ending.advance()
        time.sleep(POLL_SECONDS)
    return ending.abandoned_pid or 0
