"""The runbook as a text for people: what other readers would misread, what is missing, what is left over."""

from __future__ import annotations

import re
from collections.abc import Iterator

from svmrun.errors import Position
from svmrun.lint.book import Book
from svmrun.lint.rule import Edit, Found, Rule
from svmrun.runbook.model import Step
from svmrun.runbook.scalars import plain_scalar
from svmrun.runbook.written import Scalar

# Unquoted words that YAML 1.1 reads otherwise than 1.2 does (yaml.org/type/bool.html, int.html, timestamp.html).
_OTHERWISE = re.compile(
    r"y|Y|yes|Yes|YES|n|N|no|No|NO|on|On|ON|off|Off|OFF"
    r"|[-+]?[1-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?"
    r"|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt ].*)?"
    r"|[-+]?[0-9]+_[0-9_]*|[-+]?0b[01_]+|0o[0-7]+|[-+]?[0-9]+[eE][0-9]+|=|<<"
)
_MODE_LINE = re.compile(r"# ?yaml-language-server: *\$schema=")
# A drive without a tape fails: to ask is the check.
_ASKING_IS_CHECKING = ("mt",)


def read_otherwise(book: Book) -> Iterator[Found]:
    for scalar in book.spelled.scalars:
        if scalar.plain and _OTHERWISE.fullmatch(scalar.text):
            message = f"{scalar.text} without quotes is something else to readers of YAML 1.1"
            position = Position(book.runbook.source.file, scalar.line + 1, scalar.column + 1)
            hint = f"'{scalar.text}'" if _is_text(scalar) else "write the number out"
            yield Found(
                message, hint=f"write {hint}" if _is_text(scalar) else hint, position=position, edit=_quote(scalar)
            )


def no_mode_line(book: Book) -> Iterator[Found]:
    if not any(_MODE_LINE.match(note.text) for note in book.spelled.notes):
        message = "an editor does not know that this is a runbook: it neither completes nor checks"
        hint = "first line: # yaml-language-server: $schema=PATH (svmrun schema > PATH makes that file)"
        yield Found(message, ("schema",), hint)


def no_description(book: Book) -> Iterator[Found]:
    if not (book.runbook.is_part or book.runbook.description.strip()):
        yield Found("the runbook does not say what it is for", ("name",), "give it a description")
    for parameter in book.runbook.parameters:
        if not (parameter.bound or parameter.description.strip()):
            message = f"the parameter {parameter.name!r} does not say what it is"
            yield Found(message, parameter.path, "give it a description, and examples")
    for step in book.runbook.steps:
        if isinstance(step, Step) and step.name == step.id:
            yield Found(f"the step {step.id!r} does not say what it does", (*step.path, "id"), "give it a name")


def unused_parameter(book: Book) -> Iterator[Found]:
    for parameter in book.runbook.parameters:
        if parameter.name not in book.used_names and not parameter.bound:
            yield Found(f"the parameter {parameter.name!r} is used nowhere", parameter.path, "leave it away")


def unused_fact(book: Book) -> Iterator[Found]:
    for fact in book.runbook.facts:
        if fact.name not in book.used_names and fact.action.adapter not in _ASKING_IS_CHECKING:
            message = f"the fact {fact.name!r} is used nowhere"
            yield Found(message, fact.path, "judge it in a check, or leave it away")


def _is_text(scalar: Scalar) -> bool:
    return isinstance(plain_scalar(scalar.value), str)


def _quote(scalar: Scalar) -> Edit | None:
    """Quotes change nothing where svmrun reads a text already."""
    if not _is_text(scalar):
        return None
    return Edit(scalar.line + 1, scalar.column, scalar.column + len(scalar.text), f"'{scalar.text}'")


RULES = (
    Rule(
        "SR003",
        "read-otherwise",
        "note",
        "A word that other readers of YAML take for something else",
        read_otherwise,
        of_parts=True,
    ),
    Rule("SR004", "no-mode-line", "note", "No line that tells editors the schema", no_mode_line, of_parts=True),
    Rule("SR005", "no-description", "note", "Something does not say what it is for", no_description, of_parts=True),
    Rule("SR006", "unused-parameter", "warning", "A parameter that nothing uses", unused_parameter),
    Rule("SR007", "unused-fact", "note", "A fact that nothing uses", unused_fact),
)
