"""The steps compared: added, removed, renamed, moved, and what changed in those that stayed."""

from __future__ import annotations

from collections.abc import Sequence

from svmrun.review.actions import JUDGE, compare_actions, same_action, words_of
from svmrun.review.command_words import command_words
from svmrun.review.handlers import compare_handlers
from svmrun.review.judgements import compare_conditions
from svmrun.review.ledger import Ledger
from svmrun.review.model import Danger
from svmrun.review.order import moved
from svmrun.review.repeats import compare_loops
from svmrun.review.repeats import in_words as repeated
from svmrun.runbook.model import Release, Step
from svmrun.windows import in_words

Any = Step | Release


def renamed_steps(ledger: Ledger) -> dict[str, str]:
    """New id -> old id, of steps that do the very same under another id."""
    old, new = ({s.id: s for s in side.subject.steps()} for side in (ledger.before, ledger.after))
    gone = [step for name, step in old.items() if name not in new]
    found: dict[str, str] = {}
    for name, step in new.items():
        twin = next((g for g in gone if name not in old and _is_twin(ledger, g, step)), None)
        if twin is not None:
            gone.remove(twin)
            found[name] = twin.id
    return found


def _is_twin(ledger: Ledger, before: Step, after: Step) -> bool:
    return same_action(ledger, ledger.before.deed(before.action), ledger.after.deed(after.action))


def compare_steps(ledger: Ledger) -> None:
    old, new = ledger.before.steps(), ledger.after.steps()
    for name, step in old.items():
        if name not in new:
            _removed(ledger, name, step)
    for name, step in new.items():
        if name not in old:
            _added(ledger, name, step)
        else:
            _compare(ledger, old[name], step)
    _compare_order(ledger, [name for name in old if name in new], [name for name in new if name in old])


def _where(step: Any) -> str:
    return f"step {step.id}" if isinstance(step, Step) else f"release of {step.step}"


def _removed(ledger: Ledger, name: str, step: Any) -> None:
    inside = _within(ledger.before.holds_around()[name])
    if isinstance(step, Release):
        return ledger.note("removes-command", _where(step), f"is gone{inside}", at=(step.path, None))
    danger: Danger = "removes-check" if step.action.adapter == JUDGE else "removes-command"
    text = "is gone, with what undid it" if step.rollback else "is gone"
    command = command_words(step.action, ledger.before.adapters)
    return ledger.note(danger, _where(step), f"{text}{inside}", at=(step.path, None), shown=(command, ""))


def _added(ledger: Ledger, name: str, step: Any) -> None:
    inside = _within(ledger.after.holds_around()[name])
    if isinstance(step, Release):
        return ledger.note("adds-command", _where(step), f"is new{inside}", at=(None, step.path))
    danger: Danger = "adds-check" if step.action.adapter == JUDGE else "adds-command"
    deed = ledger.after.deed(step.action)
    hold = f", held for at most {in_words(step.hold_seconds)}" if step.hold_seconds is not None else ""
    undone = _undone(ledger, step)
    condition = f", only when {' '.join(step.when.split())}" if step.when else ""
    loops = ledger.after.loops(step)
    each = f", {repeated(loops)}" if loops else ""
    text = f"is new{inside}{hold}{undone}{condition}{each}"
    return ledger.note(danger, _where(step), text, at=(None, step.path), shown=words_of(ledger, None, deed))


def _undone(ledger: Ledger, step: Step) -> str:
    commands = [command_words(action, ledger.after.adapters) for action in step.rollback]
    return f", undone by {'; '.join(commands)}" if commands else ""


def _within(holds: Sequence[str]) -> str:
    return f", within the hold of {' and '.join(holds)}" if holds else ""


def _compare(ledger: Ledger, before: Any, after: Any) -> None:
    where = _where(after)
    if before.name != after.name and (before.name, after.name) != (before.id, after.id):
        text = f"name: {before.name or 'none'} -> {after.name or 'none'}"
        ledger.note("cosmetic", where, text, at=((*before.path, "name"), (*after.path, "name")))
    compare_loops(ledger, where, before, after)
    if isinstance(before, Step) and isinstance(after, Step):
        _compare_actions(ledger, where, before, after)


def _compare_actions(ledger: Ledger, where: str, before: Step, after: Step) -> None:
    if before.id != after.id:
        text = f"was called {before.id}"
        ledger.note("cosmetic", where, text, at=((*before.path, "id"), (*after.path, "id")))
    usual: Danger = "changes-check" if before.action.adapter == JUDGE == after.action.adapter else "changes-condition"
    compare_conditions(ledger, where, before.when, after.when, (before.path, after.path), usual)
    if not _same_actions(ledger, before, after):
        compare_actions(ledger, where, ledger.before.deed(before.action), ledger.after.deed(after.action))
        compare_handlers(ledger, where, before, after)
    _compare_hold(ledger, where, before, after)


def _same_actions(ledger: Ledger, before: Step, after: Step) -> bool:
    pairs = zip((before.action, *before.rollback), (after.action, *after.rollback), strict=False)
    return len(before.rollback) == len(after.rollback) and all(ledger.same_action(*pair) for pair in pairs)


def _compare_hold(ledger: Ledger, where: str, before: Step, after: Step) -> None:
    was, now = before.hold_seconds, after.hold_seconds
    if was == now:
        return
    longer = now is None or (was is not None and now > was)
    text = f"limit of the hold: {in_words(was) if was else 'none'} -> {in_words(now) if now else 'none'}"
    text += "; nothing need release it any more" if now is None else ""
    at = ((*before.path, "hold"), (*after.path, "hold"))
    ledger.note("widens-hold" if longer else "narrows-hold", where, text, at=at)


def _compare_order(ledger: Ledger, before: list[str], after: list[str]) -> None:
    """What moved, and what stayed and is now within another hold because that hold or its release moved."""
    old, new = ledger.before.steps(), ledger.after.steps()
    old_around, new_around = ledger.before.holds_around(), ledger.after.holds_around()
    others = moved(before, after)
    for name in after:
        crossed = _crossed(old_around[name], new_around[name], before)
        way = f"from {_behind(name, before)} to {_behind(name, after)}"
        words = [*([f"moved {way}"] if name in others else []), *crossed]
        if words:
            ledger.note("changes-order", _where(new[name]), "; ".join(words), at=(old[name].path, new[name].path))


def _crossed(before: Sequence[str], after: Sequence[str], shared: Sequence[str]) -> list[str]:
    """Holds that are new or gone say so themselves, and not again with every step in them."""
    into = [hold for hold in after if hold not in before and f"release-{hold}" in shared]
    out = [hold for hold in before if hold not in after and f"release-{hold}" in shared]
    words = [f"now within the hold of {' and '.join(into)}"] if into else []
    return [*words, *([f"no longer within the hold of {' and '.join(out)}"] if out else [])]


def _behind(name: str, names: list[str]) -> str:
    index = names.index(name)
    return f"behind {names[index - 1]}" if index else "the beginning"
