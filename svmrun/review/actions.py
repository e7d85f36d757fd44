"""Two actions compared: the command, its arguments, its limits."""

from __future__ import annotations

from difflib import SequenceMatcher
from typing import Any

from svmrun.review.command_words import command_words, shown
from svmrun.review.devices import names_device
from svmrun.review.judgements import compare_judgements
from svmrun.review.ledger import Ledger
from svmrun.review.model import Danger
from svmrun.review.proofs import compare_models
from svmrun.review.side import Deed
from svmrun.runbook.model import Retry
from svmrun.windows import in_words

Json = Any
JUDGE = "assert"
_COSMETIC = {(JUDGE, "message"), ("confirm", "question")}


def compare_actions(ledger: Ledger, where: str, before: Deed, after: Deed, usual: Danger = "changes-command") -> None:
    """`usual` is the class of a change that is no worse than that."""
    if before.adapter != after.adapter:
        _replaced(ledger, where, before, after, usual)
    elif before.adapter == JUDGE:
        _compare_assertions(ledger, where, before, after)
    else:
        _compare_arguments(ledger, where, before, after, usual)
    _compare_limits(ledger, where, before, after)
    compare_models(ledger, where, before, after)


def same_action(ledger: Ledger, before: Deed, after: Deed) -> bool:
    """True when both do the same, whatever time they get."""
    return ledger.before.form_of(before) == ledger.after.form_of(after)


def words_of(ledger: Ledger, before: Deed | None, after: Deed | None) -> tuple[str, str]:
    """The command lines of both sides."""
    was = command_words(before.action, ledger.before.adapters) if before else ""
    return was, command_words(after.action, ledger.after.adapters) if after else ""


def _different(before: Deed, after: Deed) -> list[tuple[str, ...]]:
    ways = dict.fromkeys([*before.leaves, *after.leaves])
    return [way for way in ways if before.forms.get(way) != after.forms.get(way)]


def _replaced(ledger: Ledger, where: str, before: Deed, after: Deed, usual: Danger) -> None:
    worse: dict[str, Danger] = {"changes-handler": "drops-handler"}
    danger: Danger = "removes-check" if before.adapter == JUDGE else worse.get(usual, usual)
    text = f"{before.adapter} is replaced by {after.adapter}"
    was, now = words_of(ledger, before, after)
    ledger.note(danger, where, text, at=(before.path, after.path), shown=(was, now))


def _compare_arguments(ledger: Ledger, where: str, before: Deed, after: Deed, usual: Danger) -> None:
    ways = _different(before, after)
    if not ways:
        return
    was, now = words_of(ledger, before, after)
    in_the_command = was != now
    for way in ways:
        old, new = before.leaves.get(way), after.leaves.get(way)
        danger: Danger = "changes-device" if names_device(way, old, new) else usual
        if (before.adapter, way[0]) in _COSMETIC:
            danger = "cosmetic"
        field = ".".join(way)
        text = f"{field}: {_words(old, new) or f'{_value(way, before)} -> {_value(way, after)}'}"
        show = (was, now) if in_the_command and len(way) == 1 else ("", "")
        at = ((*before.path, *way), (*after.path, *way))
        ledger.note(danger, where, text, at=at, shown=show)


def _words(before: Json, after: Json) -> str:
    """Of two lists of plain values only what differs; empty when they are not lists."""
    if not isinstance(before, list) or not isinstance(after, list):
        return ""
    old, new = ([shown(word) for word in words] for words in (before, after))
    codes = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    parts = [(old[i:i_end], new[j:j_end]) for tag, i, i_end, j, j_end in codes if tag != "equal"]
    return "; ".join(f"{' '.join(was) or 'nothing'} -> {' '.join(now) or 'nothing'}" for was, now in parts)


def _value(way: tuple[str, ...], deed: Deed) -> str:
    return shown(deed.leaves[way]) if way in deed.leaves else "nothing"


def _compare_assertions(ledger: Ledger, where: str, before: Deed, after: Deed) -> None:
    at = ((*before.path, "that"), (*after.path, "that"))
    compare_judgements(ledger, where, _conditions(before), _conditions(after), at)
    if ledger.differ(before.leaves.get(("message",)), after.leaves.get(("message",))):
        ledger.note("cosmetic", where, "says something else", at=(before.path, after.path))


def _conditions(deed: Deed) -> list[str]:
    written = deed.leaves.get(("that",), [])
    return [str(one) for one in written] if isinstance(written, list) else [str(written)]


def _compare_limits(ledger: Ledger, where: str, before: Deed, after: Deed) -> None:
    was, now = before.timeout_seconds, after.timeout_seconds
    at = ((*before.action.path, "timeout"), (*after.action.path, "timeout"))
    if was is not None and now is not None and was != now:
        danger: Danger = "widens-limit" if now > was else "narrows-limit"
        ledger.note(danger, where, f"timeout: {in_words(was)} -> {in_words(now)}", at=at)
    elif (was is None) != (now is None) and ledger.differ(before.action.timeout_seconds, after.action.timeout_seconds):
        ledger.note("widens-limit", where, f"timeout: {_limit(was)} -> {_limit(now)}", at=at)
    if before.retry != after.retry:
        _compare_retries(ledger, where, before, after)


def _limit(seconds: float | None) -> str:
    return "what the command's arguments say" if seconds is None else in_words(seconds)


def _compare_retries(ledger: Ledger, where: str, before: Deed, after: Deed) -> None:
    was, now = before.retry, after.retry
    danger: Danger = "widens-limit" if _total(now) > _total(was) else "narrows-limit"
    at = ((*before.action.path, "retry"), (*after.action.path, "retry"))
    ledger.note(danger, where, f"tries: {_tries(was)} -> {_tries(now)}", at=at)


def _total(retry: Retry) -> tuple[int, float]:
    return retry.attempts, retry.delay_seconds


def _tries(retry: Retry) -> str:
    return "1" if retry.attempts == 1 else f"{retry.attempts}, {in_words(retry.delay_seconds)} apart at first"
