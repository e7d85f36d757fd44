"""The guard of one run: what it must release, and how the performing machine talks to it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

from svmrun.core import events as e
from svmrun.effects import memory_folder
from svmrun.effects.call_book import CallBook
from svmrun.effects.guard import CARD_NAME, Guard, release_body
from svmrun.effects.guard_start import as_root, is_root
from svmrun.effects.rooted import perform_as_root
from svmrun.effects.setting import Setting, same_command
from svmrun.errors import Refused
from svmrun.plan.model import Plan, PlannedAction, PlannedStep
from svmrun.plan.release import Already, HeldRelease, chained, release_program

OF_ANY_USER = frozenset({"PATH", "LC_ALL", "LANG", "TZ"})  # of the environment of the runner's commands


class RunGuard:
    """Armed when the first hold is due. Before that it is nothing."""

    def __init__(self, plan: Plan, setting: Setting, run: str) -> None:
        self._plan, self._setting, self._run = plan, setting, run
        self._armed: Guard | None = None

    @property
    def _guard(self) -> Guard:
        assert self._armed is not None, "armed before the first hold"
        return self._armed

    def arm(self) -> e.GuardArmed:
        """Raises Refused, and leaves nothing behind, when no guard can be had."""
        folder = memory_folder.make(self._run)
        try:
            self._armed = self._as_root(folder) if self._plan.become else self._directly(folder)
        except Refused:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        return self._armed.armed

    def _directly(self, folder: Path) -> Guard:
        return Guard.arm(self._card(folder, self._setting), folder)

    def _as_root(self, folder: Path) -> Guard:
        """Once, now: when it acts nobody may be there to give a password, and a ticket of sudo be out of date.

        sudo and pfexec may allow no shell, but each release by itself: then the guard goes through them as svmrun does.
        """
        try:
            return self._started_as_root(folder)
        except Refused as error:
            if self._plan.become == "su":
                raise
            self._setting.observer.notice(f"{error}; it runs as this user, and releases through {self._plan.become}")
            return self._directly(memory_folder.make(self._run))

    def _started_as_root(self, folder: Path) -> Guard:
        environment = {name: value for name, value in self._setting.environment.items() if name in OF_ANY_USER}
        plain = replace(self._setting, become=same_command, environment=environment)
        output = folder / "starting"
        start = as_root(partial(perform_as_root, self._setting, output))
        guard = Guard.arm(self._card(folder, plain), folder, start=start)
        output.unlink(missing_ok=True)
        if not self._plan.host.get("simulated") and not is_root(guard.pid):
            guard.leave()
            raise Refused(f"{self._plan.become} did not start the guard as root")
        return guard

    def _card(self, folder: Path, setting: Setting) -> str:
        """Raises Refused when a hold of the plan can be ended by svmrun alone."""
        try:
            return release_program(
                self._run,
                str(self._plan.host.get("name", "")),
                list(releases(self._plan, setting)),
                str(folder / CARD_NAME),
                release_body(),
            )
        except ValueError as error:
            raise Refused(f"no guard can release this plan's holds: {error}") from error

    # -- while it is armed ---------------------------------------------------------------------------------------

    def hold(self, step: str) -> None:
        self._guard.hold(step)

    def released(self, step: str) -> None:
        self._guard.released(step)

    def child(self, group: int, signal: str, argv: tuple[str, ...]) -> None:
        if self._armed is not None:
            self._armed.child(group, signal, argv)

    def idle(self) -> None:
        if self._armed is not None:
            self._armed.idle()

    def fenced(self, argv: tuple[str, ...]) -> tuple[str, ...]:
        return self._guard.fenced(argv)

    def ready(self, argv: tuple[str, ...], fenced: bool) -> tuple[str, ...]:
        return self._guard.ready(argv, fenced)

    def news(self) -> e.GuardFired | None:
        return None if self._armed is None else self._armed.news()

    def leave(self) -> None:
        if self._armed is not None:
            self._armed.leave()

    def go_on(self, steps: tuple[str, ...]) -> None:
        """The run ends and leaves these holds: the guard goes on trying to release them, if need be a new one."""
        trying = self._armed.go_on() if self._armed is not None else ()
        try:
            trying = trying or self._anew(steps)
        except Refused as error:
            self._setting.observer.notice(f"nobody goes on trying to release {', '.join(steps)}: {error}")
            return
        self._setting.observer.notice(
            f"the guard (pid {self._guard.pid}) goes on trying to release {', '.join(trying)}; "
            f"svmrun recover {self._run} ends it, and the run"
        )

    def _anew(self, steps: tuple[str, ...]) -> tuple[str, ...]:
        """In the place of one that died, or of one that a recovery has ended."""
        folder = memory_folder.of_run(self._run)
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)
        self.arm()
        for step in steps:
            self._guard.hold(step)
        return self._guard.go_on()


def releases(plan: Plan, setting: Setting) -> Iterator[HeldRelease]:
    """How a guard ends each hold of the plan, in their order. Raises ValueError for one that no shell can end."""
    book = CallBook(plan, setting, {})
    holds = [step for step in plan.steps if step.hold_seconds is not None and step.when is not False]
    # The guard begins with the last one: put there what lets writers hang. Attaching can wait, unlocking cannot.
    return (_release(step, book, setting) for step in sorted(holds, key=_blocks_writers))


def _blocks_writers(step: PlannedStep) -> bool:
    return bool(step.action and step.action.blocks_writers)


def _release(step: PlannedStep, book: CallBook, setting: Setting) -> HeldRelease:
    lines = tuple(book.argv(action.adapter, action.arguments) for action in step.rollback)
    if not lines or not all(lines):
        raise ValueError(f"{step.id}: its handler is no command, so only svmrun itself could run it")
    already, says = _proofs(step.rollback[-1], setting)
    return HeldRelease(
        step.id,
        step.name,
        step.hold_seconds or 0.0,
        lines,
        already,
        says,
        dict(setting.environment),
        max(a.timeout_seconds for a in step.rollback),
        chained(step.rollback),
        dict(_owed(step, setting)),
        _blocks_writers(step),
    )


def _owed(step: PlannedStep, setting: Setting) -> Iterator[tuple[int, str]]:
    for number, action in enumerate(step.rollback, start=1):
        if text := setting.adapters[action.adapter].done_in_shell(action.arguments).prints:
            yield number, text


def _proofs(handler: PlannedAction, setting: Setting) -> tuple[Already | None, tuple[str, ...]]:
    """How a shell can tell that the handler's work is done."""
    proof = setting.adapters[handler.adapter].done_in_shell(handler.arguments)
    if proof.command is None:
        return None, proof.says
    command = setting.become.shown(proof.command)
    return Already((setting.program(command), *command.argv[1:]), proof.words, proof.without), proof.says
