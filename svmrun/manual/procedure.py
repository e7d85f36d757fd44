"""The steps of the document: each with its purpose, what to type, what to expect, and what to do when it fails."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby

from svmrun.manual.actions import Hand
from svmrun.manual.model import Block, Code, Commands, Items, Section, Words, said
from svmrun.review.command_words import shown
from svmrun.runbook.meaning_blocking import timeout_seconds
from svmrun.runbook.model import Action, Call, Loop, Release, Runbook, Step
from svmrun.runbook.subject import Subject
from svmrun.windows import in_words

_SEVERAL = "Go on with the next one even if one of them fails, and come back to it."
_ALREADY = "One that says it is so already is done."
HANDLER_ATTEMPTS = 3  # of a rollback handler where the runbook does not say


@dataclass(frozen=True)
class Procedure:
    runbook: Runbook
    hand: Hand

    @cached_property
    def subject(self) -> Subject:
        return Subject(self.runbook, {}, (), self.hand.adapters)

    @cached_property
    def steps(self) -> tuple[Step | Release, ...]:
        """Those that are done with these values; nobody reads about the others."""
        left_out = self.left_out
        skipped = {step.id for step in left_out}
        return tuple(s for s in self.runbook.steps if s not in left_out and getattr(s, "step", None) not in skipped)

    @cached_property
    def left_out(self) -> tuple[Step, ...]:
        return tuple(step for step in self.subject.steps() if self.hand.values.truth(step.when) is False)

    def number(self, step: Step | Release) -> int:
        return self.steps.index(step) + 1

    def sections(self) -> tuple[Section, ...]:
        """The steps; those of a called runbook, and those to repeat, each in a section of their own."""
        return tuple(self._grouped(self.steps, ()))

    def _grouped(self, steps: Sequence[Step | Release], around: tuple[Call | Loop, ...]) -> Iterator[Section]:
        for part, group in groupby(steps, lambda step: self._part(step, len(around))):
            if part is None:
                yield from (self._section(step) for step in group)
            else:
                title, told = self._told(part)
                yield Section(title, (said(told),), tuple(self._grouped(list(group), (*around, part))))

    def _part(self, step: Step | Release, depth: int) -> Call | Loop | None:
        """What the step stands in, `depth` parts further out."""
        parts: list[Call | Loop] = [*self.runbook.calls, *self.runbook.loops]
        around = sorted((one for one in parts if step.path[: len(one.path)] == one.path), key=lambda one: len(one.path))
        return around[depth] if len(around) > depth else None

    def _told(self, part: Call | Loop) -> tuple[str, str]:
        if isinstance(part, Call):
            return f"{part.id}: {part.runbook}", part.description or "A procedure of its own."
        over = self.hand.values.text(part.over) if isinstance(part.over, str) else shown(part.over)
        return f"For each {part.name}", f"Do these steps for each {part.name} of {over}, one after the other."

    def _section(self, step: Step | Release) -> Section:
        title = f"Step {self.number(step)}: {_name(step, self._held(step))}"
        blocks = self._release(step) if isinstance(step, Release) else self._step(step)
        return Section(title, tuple(blocks))

    def _held(self, step: Step | Release) -> Step | None:
        if isinstance(step, Step):
            return None
        return next(one for one in self.subject.steps() if one.id == step.step)

    def _step(self, step: Step) -> Iterator[Block]:
        if step.when is not None and self.hand.values.truth(step.when) is None:
            yield said("Only when ", Code(" ".join(step.when.split())), ".", label="Condition")
        yield from self._caution(step)
        if step.rollback and (look := self.hand.look(step.action)):
            yield said("Look how it is:")
            yield Commands((look,))
            yield said("When this step's effect is there already, somebody else has brought it about: stop here.")
            yield said("Then:")
        yield from self.hand.deed(step.action)
        yield from self._limit(step)
        yield from self.when_it_fails(step)

    def _caution(self, step: Step) -> Iterator[Block]:
        if step.hold_seconds is None:
            return
        end = self.release_of(step)
        until = f" Step {self.number(end)} ends it." if end else ""
        waits = "Writers wait from here on. " if self.subject.blocks_writers(step.action) else ""
        advice = " Type the commands up to there beforehand, in a second window." if waits else ""
        limit = in_words(step.hold_seconds)
        yield said(f"{waits}This must not last longer than {limit}.{until}{advice}", label="CAUTION")

    def _limit(self, step: Step) -> Iterator[Block]:
        seconds = timeout_seconds(self.subject, step.action)
        if seconds is not None and self.hand.adapters[step.action.adapter].performer in ("program", "poll"):
            yield said(f"at most {in_words(seconds)}. After that interrupt it; it has failed.", label="Time")
        if step.action.retry and step.action.retry.attempts > 1:
            pause = in_words(step.action.retry.delay_seconds)
            yield said(f"up to {step.action.retry.attempts} times, {pause} apart.", label="Try")

    def _release(self, release: Release) -> Iterator[Block]:
        held = self._held(release)
        assert held, "a release releases something"
        yield said(f"This undoes step {self.number(held)} ({held.name}).")
        for handler in held.rollback:
            yield from self.hand.deed(handler)
        attempts = max((a.retry.attempts if a.retry else HANDLER_ATTEMPTS) for a in held.rollback)
        yield said(f"When it fails, try again, {attempts} times in all; it must not stay as it is.", label="Try")
        yield from self.when_it_fails(release)

    def release_of(self, step: Step) -> Release | None:
        return next((one for one in self.steps if isinstance(one, Release) and one.step == step.id), None)

    def open_after(self, step: Step | Release) -> list[Step]:
        """What must be undone when the step fails: its own effect and those before it, the last one first."""
        started: list[Step] = []
        for one in self.steps[: self.number(step)]:
            if isinstance(one, Step) and one.rollback:
                started.append(one)
            elif isinstance(one, Release) and one != step:
                started = [other for other in started if other.id != one.step]
        return started[::-1]

    def when_it_fails(self, step: Step | Release) -> Iterator[Block]:
        """The commands that undo everything so far, in their order."""
        handlers = [(held, action) for held in self.open_after(step) for action in held.rollback]
        if not handlers:
            yield said("Stop. Nothing is held, and nothing is left to undo.", label="If it fails")
            return
        several = f" {_SEVERAL}" if len(handlers) > 1 else ""
        yield said(f"Undo, in this order, and then stop.{several} {_ALREADY}", label="If it fails")
        yield Items(tuple(self._undo(held, action) for held, action in handlers), numbered=True)

    def _undo(self, held: Step, action: Action) -> Words:
        return (Code(self.hand.command(action)), f" (undoes step {self.number(held)}, {held.name})")


def _name(step: Step | Release, held: Step | None) -> str:
    return step.name or (f"Undo: {held.name}" if held else step.id)
