"""Parameters, facts and checks compared: what a runbook asks for, reads and demands before it changes anything."""

from __future__ import annotations

from difflib import SequenceMatcher

from svmrun.review.actions import compare_actions, words_of
from svmrun.review.command_words import shown
from svmrun.review.judgements import compare_conditions, compare_judgements
from svmrun.review.ledger import Ledger
from svmrun.review.model import Danger
from svmrun.runbook.model import Check, Fact, Parameter


def compare_parameters(ledger: Ledger) -> None:
    old = {p.name: p for p in ledger.before.runbook.parameters}
    new = {p.name: p for p in ledger.after.runbook.parameters}
    for name in dict.fromkeys([*old, *new]):
        where = f"parameter {name}"
        if name not in new:
            text = "is gone" if old[name].bound else "is gone: giving it is an error now"
            ledger.note("changes-parameter", where, text, at=(old[name].path, None))
        elif name not in old:
            ledger.note("changes-parameter", where, _new_parameter(new[name]), at=(None, new[name].path))
        else:
            _compare_parameter(ledger, where, old[name], new[name])


def _new_parameter(parameter: Parameter) -> str:
    what = "value" if parameter.bound else "default"
    return f"is new; {what} {_default(parameter)}" if parameter.has_default else "is new, and must be given"


def _compare_parameter(ledger: Ledger, where: str, before: Parameter, after: Parameter) -> None:
    _compare_default(ledger, where, before, after)
    for key in dict.fromkeys([*before.schema, *after.schema]):
        was, now = before.schema.get(key), after.schema.get(key)
        if ledger.differ(was, now):
            text = f"{key}: {shown(was) if key in before.schema else 'none'} -> "
            text += shown(now) if key in after.schema else "none"
            ledger.note("changes-parameter", where, text, at=((*before.path, key), (*after.path, key)))
    if before.bound != after.bound:
        text = "is now given by a call, and by nobody else" if after.bound else "can be given now"
        ledger.note("changes-parameter", where, text, at=(before.path, after.path))
    if before.secret != after.secret:
        danger: Danger = "reveals-secret" if before.secret else "changes-parameter"
        text = "is no longer a secret" if before.secret else "is a secret now"
        ledger.note(danger, where, text, at=((*before.path, "secret"), (*after.path, "secret")))
    if before.description != after.description:
        at = ((*before.path, "description"), (*after.path, "description"))
        ledger.note("cosmetic", where, "described in other words", at=at)


def _compare_default(ledger: Ledger, where: str, before: Parameter, after: Parameter) -> None:
    if before.has_default == after.has_default and not ledger.differ(before.default, after.default):
        return
    devices = ledger.before.names_of_devices | ledger.after.names_of_devices
    danger: Danger = "changes-device" if before.name in devices else "changes-parameter"
    text = f"{'value' if after.bound else 'default'}: {_default(before)} -> {_default(after)}"
    ledger.note(danger, where, text, at=((*before.path, "default"), (*after.path, "default")))


def _default(parameter: Parameter) -> str:
    if not parameter.has_default:
        return "none, it must be given"
    return "********" if parameter.secret else shown(parameter.default)


def compare_facts(ledger: Ledger) -> None:
    old = {f.name: f for f in ledger.before.runbook.facts}
    new = {f.name: f for f in ledger.after.runbook.facts}
    for name in dict.fromkeys([*old, *new]):
        where = f"fact {name}"
        if name in old and name in new:
            _compare_fact(ledger, where, old[name], new[name])
        elif name in old:
            was = words_of(ledger, ledger.before.deed(old[name].action), None)[0]
            ledger.note("changes-fact", where, "is gone", at=(old[name].path, None), shown=(was, ""))
        else:
            now = words_of(ledger, None, ledger.after.deed(new[name].action))[1]
            ledger.note("changes-fact", where, "is new", at=(None, new[name].path), shown=("", now))


def _compare_fact(ledger: Ledger, where: str, before: Fact, after: Fact) -> None:
    compare_conditions(ledger, where, before.when, after.when, (before.path, after.path), "changes-fact")
    if not ledger.same_action(before.action, after.action):
        deeds = ledger.before.deed(before.action), ledger.after.deed(after.action)
        compare_actions(ledger, where, *deeds, "changes-fact")


def compare_checks(ledger: Ledger) -> None:
    """Checks have no names: the same condition pairs them, else the same message, else their place between others."""
    old, new = list(ledger.before.runbook.checks), list(ledger.after.runbook.checks)
    pairs = _pairs(ledger, old, new)
    for before, after in pairs:
        _compare_check(ledger, before, after)
    paired = {id(check) for pair in pairs for check in pair}
    for check in old:
        if id(check) not in paired:
            ledger.note("removes-check", _named(check), "is gone", at=(check.path, None), shown=(_condition(check), ""))
    for check in new:
        if id(check) not in paired:
            ledger.note("adds-check", _named(check), "is new", at=(None, check.path), shown=("", _condition(check)))


def _pairs(ledger: Ledger, old: list[Check], new: list[Check]) -> list[tuple[Check, Check]]:
    found: list[tuple[Check, Check]] = []
    taken: set[int] = set()
    for alike in (_same_check, _same_condition, _same_message, _similar):
        for before in old:
            if id(before) in taken:
                continue
            twin = next((check for check in new if id(check) not in taken and alike(ledger, before, check)), None)
            if twin is not None:
                found.append((before, twin))
                taken |= {id(before), id(twin)}
    return found


def _same_condition(ledger: Ledger, before: Check, after: Check) -> bool:
    return ledger.agree(before.that, after.that)


def _same_check(ledger: Ledger, before: Check, after: Check) -> bool:
    return _same_condition(ledger, before, after) and before.when == after.when


def _same_message(_ledger: Ledger, before: Check, after: Check) -> bool:
    return before.message == after.message


def _similar(_ledger: Ledger, before: Check, after: Check) -> bool:
    return SequenceMatcher(None, before.that, after.that, autojunk=False).ratio() > 0.7


def _compare_check(ledger: Ledger, before: Check, after: Check) -> None:
    where = _named(after)
    compare_conditions(ledger, where, before.when, after.when, (before.path, after.path), "changes-check")
    at = ((*before.path, "that"), (*after.path, "that"))
    compare_judgements(ledger, where, [before.that], [after.that], at)
    if ledger.differ(before.message, after.message):
        at = ((*before.path, "message"), (*after.path, "message"))
        ledger.note("cosmetic", where, "says something else", at=at)


def _named(check: Check) -> str:
    return f"check {int(check.path[-1]) + 1}"


def _condition(check: Check) -> str:
    only = f", when {' '.join(check.when.split())}" if check.when else ""
    return " ".join(check.that.split()) + only
