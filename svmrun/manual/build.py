"""From a runbook and what is known of its values to the document."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from svmrun.adapters.base import Adapter
from svmrun.manual.actions import Hand
from svmrun.manual.model import Block, Code, Commands, Items, Manual, Section, Table, Words, said
from svmrun.manual.procedure import Procedure
from svmrun.manual.values import Values
from svmrun.review.command_words import shown
from svmrun.runbook.model import Check, Fact, Parameter, Runbook, Step
from svmrun.runbook.order import roots_of
from svmrun.runbook.unroll import unrolled
from svmrun.windows import in_words

Json = Any
_HOW_TO_READ = (
    "This is the procedure for a person who does it by hand. Do the steps in their order, read each one to its end "
    "before typing, and compare what is shown with what is expected. Words in capitals stand for values that are "
    "yours, words in braces for what an earlier command has shown."
)
_ROOT = "Commands that change something need root."


def manual(runbook: Runbook, values: Values, adapters: Mapping[str, Adapter]) -> Manual:
    """The whole document."""
    whole, unknown = unrolled(runbook, values.known, adapters)
    runbook = runbook if unknown else whole  # lists that nobody knows yet are told as what to repeat
    hand = Hand(adapters, values)
    procedure = Procedure(runbook, hand)
    sections = (
        *_parameters(runbook, values),
        _before(runbook, hand),
        Section("Procedure", tuple(_left_out(procedure)), procedure.sections()),
        *_interrupted(procedure),
        *_at_the_end(runbook, values),
    )
    purpose = [said(runbook.description)] if runbook.description else []
    return Manual(runbook.name, (*purpose, said(f"{_HOW_TO_READ} {_ROOT}")), sections)


def _parameters(runbook: Runbook, values: Values) -> Iterator[Section]:
    """Those of a called runbook only where their value has to be found out."""
    told = [p for p in runbook.parameters if not (p.bound and p.name in values.known)]
    if told:
        rows = tuple(_parameter(parameter, values) for parameter in told)
        yield Section("Values", (Table(("Name", "Meaning", "Value"), rows),))


def _parameter(parameter: Parameter, values: Values) -> tuple[Words, ...]:
    return (Code(parameter.name),), (parameter.description,), _value(parameter, values)


def _value(parameter: Parameter, values: Values) -> Words:
    if parameter.secret:
        return ("a secret: ask who keeps it",)
    if parameter.name in values.known:
        return (Code(shown(values.known[parameter.name])),)
    if parameter.bound:
        return (Code(values.text(str(parameter.default))),)
    example = (", for example ", Code(shown(parameter.examples[0]))) if parameter.examples else ()
    word: Words = (Code(values.stand_ins[parameter.name]),) if parameter.name in values.stand_ins else ()
    return (*word, *(example if word else ("yours", *example)))


def _before(runbook: Runbook, hand: Hand) -> Section:
    """What to look at, and what must be true before anything is changed."""
    facts = {fact.name: fact for fact in runbook.facts if hand.values.truth(fact.when) is not False}
    checks = [check for check in runbook.checks if hand.values.truth(check.when) is not False]
    looks = tuple(Section(f"Look {n}: {f.name}", tuple(_fact(hand, f))) for n, f in enumerate(facts.values(), 1))
    blocks: list[Block] = [said("Nothing is changed yet. Stop when one of the conditions does not hold.")]
    as_if_unread = hand.values.without({fact.name for fact in runbook.facts})  # a message speaks of another case
    conditions = tuple(_check(check, list(facts), as_if_unread) for check in checks)
    must_hold = (Section("What must hold", (Items(conditions, numbered=True),)),) if conditions else ()
    return Section("Before you begin", tuple(blocks), (*looks, *must_hold))


def _fact(hand: Hand, fact: Fact) -> Iterator[Block]:
    if fact.when is not None and hand.values.truth(fact.when) is None:
        yield said("Only when ", Code(" ".join(fact.when.split())), ".", label="Condition")
    yield from hand.deed(fact.action)


def _check(check: Check, facts: list[str], values: Values) -> Words:
    used = [f"look {facts.index(name) + 1}" for name in facts if name in roots_of(check.that, bare=True)]
    where = f" ({', '.join(used)})" if used else ""
    condition = () if check.when is None else (", when ", Code(" ".join(check.when.split())))
    return (Code(" ".join(check.that.split())), *condition, f"{where}. Otherwise: {values.text(check.message)}")


def _left_out(procedure: Procedure) -> Iterator[Block]:
    """Steps that these values make needless, so that nobody looks for them."""
    if names := [step.name for step in procedure.left_out]:
        yield said(f"Left out with these values: {'; '.join(names)}.")


def _interrupted(procedure: Procedure) -> Iterator[Section]:
    """For whoever finds the host in the middle of it: how each hold is seen, and what ends it."""
    holds = [step for step in procedure.steps if isinstance(step, Step) and step.hold_seconds is not None]
    if holds:
        first = said("When the connection is lost, or somebody else has to go on: the last one first, look and end it.")
        told = [block for step in reversed(holds) for block in _hold(procedure.hand, step)]
        yield Section("When it was interrupted", (first, *told))


def _hold(hand: Hand, step: Step) -> Iterator[Block]:
    look = hand.look(step.action)
    yield said(f"{step.name}: {'this shows it.' if look else 'nothing shows it.'}")
    if look:
        yield Commands((look,))
    yield said(f"This ends it; it must not last longer than {in_words(step.hold_seconds or 0)}.")
    yield Commands(tuple(hand.command(action) for action in step.rollback))


def _at_the_end(runbook: Runbook, values: Values) -> Iterator[Section]:
    if runbook.invariants:
        told = tuple((Code(" ".join(one.that.split())), f": {values.text(one.message)}") for one in runbook.invariants)
        yield Section("However it ends", (said("This must then be true:"), Items(told)))
