"""Commands that stand ready: while writers wait no process is started that could have been started before.

Each is a shell that waits at a gate, and becomes its command when it is let through. When nobody lets it through any
more, because the runner is gone, it ends.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from svmrun.core.decide import from_hold_to_release
from svmrun.core.events import ActionStarted, Role
from svmrun.effects.child import Child
from svmrun.effects.processes import process_started
from svmrun.plan.model import Plan, PlannedStep

END_SECONDS = 1.0
LOOKS = ("found", "probe")
Key = tuple[str, bool, int]


class Ready:
    """One shell at its gate, which is its standard input. It goes once, or is dismissed; both again do nothing."""

    def __init__(self, child: Child) -> None:
        self._waiting: Child | None = child
        self.pid, self.started = child.pid, process_started(child.pid)

    def go(self) -> Child | None:
        """The process, which now becomes the command; None when it is gone: the command must be started otherwise."""
        child = self._waiting
        try:
            self._open_gate(b"\n")
        except OSError:
            self.dismiss()
            return None
        self._waiting = None
        return child

    def dismiss(self) -> None:
        """It is not needed any more."""
        with suppress(OSError):
            self._open_gate(b"")
        if self._waiting is not None:
            self._waiting.wait_for_end(END_SECONDS)
            self._waiting.close()
        self._waiting = None

    def _open_gate(self, word: bytes) -> None:
        """Raises OSError when nobody stands there any more."""
        if self._waiting is None or self._waiting.popen.stdin is None:
            return
        gate, self._waiting.popen.stdin = self._waiting.popen.stdin, None
        with gate:
            gate.write(word)


class StandingReady:
    """Those of one run. `start` starts one for an action of the plan, where that is a command known by now."""

    def __init__(self, plan: Plan, start: Callable[[str, Role, int], Ready | None]) -> None:
        self._plan, self._start = plan, start
        self._ready: dict[Key, Ready] = {}

    def summon(self, hold: PlannedStep) -> None:
        """All that is to be done from a hold's own command to its release."""
        for step, role, part in from_hold_to_release(self._plan, hold.id):
            key = _key(step, role, part)
            if key not in self._ready and (one := self._start(step, role, part)):
                self._ready[key] = one

    def take(self, intent: ActionStarted) -> Ready | None:
        """The one for an action that is due."""
        return self._ready.get(_key(intent.step, intent.role, intent.part)) if intent.role not in LOOKS else None

    def dismiss(self) -> None:
        while self._ready:
            self._ready.popitem()[1].dismiss()


def _key(step: str, role: Role, part: int) -> Key:
    """A handler is the same command, whether it releases or rolls back."""
    return step, role == "forward", part
