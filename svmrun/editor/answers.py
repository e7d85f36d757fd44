"""Answers to an editor's questions: where is it declared, what is it, what else could stand here, call it otherwise."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from svmrun.editor.document import Document
from svmrun.editor.mentions import Mention
from svmrun.editor.places import Range
from svmrun.errors import Position
from svmrun.review.command_words import shown
from svmrun.runbook.expression import filter_names
from svmrun.runbook.meaning_names import HOST, RESULT, STEPS, uses
from svmrun.runbook.model import Action, Fact, Path, Release, Step
from svmrun.runbook.pieces import STEP_NAME
from svmrun.runbook.schema import IDENTIFIER
from svmrun.windows import in_words

_BARE = ("when", "that", "until", "progress", "fails_when")
_AFTER_STEPS = re.compile(r"""(?<![\w.])steps\s*(\.|\[\s*['"]+)[\w-]*$""")
_AFTER_BAR = re.compile(r"\|\s*\w*$")
_AFTER_DOT = re.compile(r"\.\s*\w*$")
_RELEASE = re.compile(r"^\s*-?\s*release:\s*['\"]?[\w-]*$")


@dataclass(frozen=True)
class Edit:
    range: Range
    text: str


@dataclass(frozen=True)
class Offer:
    """Something that could stand at the cursor."""

    name: str
    kind: Literal["parameter", "fact", "step", "filter", "name"]
    about: str = ""


def definition(document: Document, offset: int) -> Range | Position | None:
    """Where the name at that place is declared: in this text, or in a file that it brings in."""
    if link := next((one for one in document.links if one.range.holds(offset)), None):
        return Position(link.file)
    here = document.mention_at(offset)
    if here is None:
        return None
    return next((one.range for one in _same(document, here) if one.declares), None) or _elsewhere(document, here)


def _elsewhere(document: Document, here: Mention) -> Position | None:
    assert document.subject, "what has mentions was read"
    runbook = document.subject.runbook
    named = {
        "step": {step.id: (*step.path, "id") for step in document.subject.steps()},
        "fact": {fact.name: fact.path for fact in runbook.facts},
        "parameter": {parameter.name: parameter.path for parameter in runbook.parameters},
    }
    path = named[here.kind].get(here.name)
    return None if path is None else runbook.source.position(path, of_key=here.kind != "step")


def references(document: Document, offset: int) -> list[Range]:
    here = document.mention_at(offset)
    return [one.range for one in _same(document, here)] if here else []


def _same(document: Document, here: Mention) -> list[Mention]:
    return [one for one in document.mentions if (one.kind, one.name) == (here.kind, here.name)]


# -- rename ----------------------------------------------------------------------------------------------------------


def rename(document: Document, offset: int, new: str) -> list[Edit]:
    """All edits. Raises ValueError with a sentence when nothing here can be renamed, or not to that name."""
    here = document.mention_at(offset)
    if here is None or not any(one.declares for one in _same(document, here)):
        raise ValueError("there is no step, parameter or fact here that could be renamed")
    if not re.fullmatch(STEP_NAME if here.kind == "step" else IDENTIFIER, new):
        raise ValueError(f"{new!r} cannot be the name of a {here.kind}: letters, digits, underscores")
    taken = {one.name for one in document.mentions if one.declares and (one.kind == "step") == (here.kind == "step")}
    if new in taken - {here.name}:
        raise ValueError(f"{new!r} is there already")
    if (file := _spoken_of_in(document, here)) is not None:
        raise ValueError(f"{file} speaks of {here.name!r}, too: rename it in both by hand")
    return [_renamed(document, one, new) for one in dict.fromkeys(_same(document, here))]


def _spoken_of_in(document: Document, here: Mention) -> str | None:
    """The file that this one brings in and that uses the name."""
    assert document.subject, "what has mentions was read"
    source = document.subject.runbook.source
    word = re.compile(rf"(?<![\w-]){re.escape(here.name)}(?![\w-])")
    places = [use.path for use in uses(document.subject) if word.search(use.text)]
    releases = (one for one in document.subject.runbook.steps if isinstance(one, Release) and one.step == here.name)
    found = (source.position(path).file for path in (*places, *(one.path for one in releases)))
    return next((file for file in found if file != source.file), None)


def _renamed(document: Document, mention: Mention, new: str) -> Edit:
    """`steps.lock` cannot take a name with a dash: it becomes `steps['take-off']`."""
    access = document.text.text[mention.access.start : mention.access.end]
    if mention.access == mention.range or "-" not in new or not access.startswith("."):
        return Edit(mention.range, new)
    quote = "''" if _in_single_quotes(document, mention.range.start) else "'"
    return Edit(mention.access, f"[{quote}{new}{quote}]")


def _in_single_quotes(document: Document, offset: int) -> bool:
    """Whether the whole scalar around that place is written in single quotes."""
    assert document.subject, "what has mentions was read"
    position = document.subject.runbook.source.position(document.path_at(offset))
    return document.text.text[document.text.offset_of(position)] == "'"


# -- hover -----------------------------------------------------------------------------------------------------------


def hover(document: Document, offset: int) -> tuple[str, Range | None]:
    """Markdown about what stands there: the command line of an action, or what a name means; empty for nothing."""
    if here := document.mention_at(offset):
        return "\n\n".join(_about(document, here)), here.range
    return "\n\n".join(_action_at(document, document.path_at(offset))), None


def _about(document: Document, here: Mention) -> Iterator[str]:
    assert document.subject, "what has mentions was read"
    runbook = document.subject.runbook
    if here.kind == "step":
        yield from (text for step in document.subject.steps() if step.id == here.name for text in _step(document, step))
    elif here.kind == "fact":
        yield from (text for fact in runbook.facts if fact.name == here.name for text in _fact(document, fact))
    else:
        for parameter in (one for one in runbook.parameters if one.name == here.name):
            kind = shown(parameter.schema.get("type", "string"))
            yield f"**{here.name}** (parameter, {kind}) {parameter.description}"
            if parameter.has_default and not parameter.secret:
                yield f"default: `{shown(parameter.default)}`"
            if parameter.examples and not parameter.secret:
                yield f"for example: `{shown(parameter.examples[0])}`"


def _step(document: Document, step: Step) -> Iterator[str]:
    yield f"**{step.id}** {step.name}"
    yield from _command(document, step.action)
    for handler in step.rollback:
        yield "undone by:"
        yield from _command(document, handler)
    if step.hold_seconds is not None:
        yield f"held for at most {in_words(step.hold_seconds)}"


def _fact(document: Document, fact: Fact) -> Iterator[str]:
    yield f"**{fact.name}** (fact)"
    yield from _command(document, fact.action)


def _action_at(document: Document, path: Path) -> Iterator[str]:
    """The innermost action, or the release, that the path leads into."""
    if document.subject is None:
        return
    inside = [(a, o) for a, o in document.subject.actions() if path[: len(a.path)] == a.path]
    if inside:
        yield from _command(document, max(inside, key=lambda one: len(one[0].path))[0])
        return
    for step in document.subject.runbook.steps:
        if isinstance(step, Release) and path[: len(step.path)] == step.path:
            held = (one for one in document.subject.steps() if one.id == step.step)
            yield from (text for one in held for handler in one.rollback for text in _command(document, handler))


def _command(document: Document, action: Action) -> Iterator[str]:
    assert document.hand, "what has actions was read"
    line = document.hand.command(action)
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", line)), default=0))
    yield f"{fence}sh\n{line}\n{fence}"
    if expects := document.hand.expects(action):
        yield expects


# -- completion ------------------------------------------------------------------------------------------------------


def completion(document: Document, known: Document | None, offset: int) -> list[Offer]:
    """What could stand at the cursor inside an expression, or behind `release:`.

    `known` is the last state of the text that could be read: while somebody types it is often broken.
    """
    readable = document if document.subject else known
    subject = readable.subject if readable else None
    if readable is None or subject is None:
        return []
    before = document.text.text[:offset]
    line = before.rpartition("\n")[2]
    if _RELEASE.match(line):
        return [Offer(one.id, "step", one.name) for one in subject.steps() if one.hold_seconds is not None]
    if not _in_expression(before, line):
        return []
    if _AFTER_STEPS.search(before):
        return [Offer(one.id, "step", one.name) for one in subject.steps()]
    if _AFTER_BAR.search(before):
        return [Offer(name, "filter") for name in filter_names()]
    if _AFTER_DOT.search(before):
        return []  # what a result holds is known only when it is there
    return list(_names(readable))


def _in_expression(before: str, line: str) -> bool:
    opened = before.rfind("{{")
    if opened > before.rfind("}}"):
        return before.count("\n", opened) <= 20
    return bool(re.search(rf"(?:^|[\s{{,-])(?:{'|'.join(_BARE)}):\s+[^#]*$", line))


def _names(document: Document) -> Iterator[Offer]:
    assert document.subject, "one that could be read"
    runbook = document.subject.runbook
    yield from (Offer(one.name, "parameter", one.description) for one in runbook.parameters)
    yield from (Offer(one.name, "fact", one.action.adapter) for one in runbook.facts)
    yield from (Offer(one.name, "name", "the member of the list, in a foreach") for one in runbook.loops)
    yield Offer(HOST, "name", "the host: name, os, release, user")
    yield Offer(STEPS, "name", "results of earlier steps: steps.ID.result")
    yield Offer(RESULT, "name", "in until, progress and fails_when: what was just read")
