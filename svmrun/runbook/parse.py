"""From a document to the typed runbook. What is broken is left out: the schema has told of it already."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from svmrun import duration
from svmrun.adapters.base import Adapter
from svmrun.errors import Problem
from svmrun.runbook.model import (
    Action,
    Check,
    Fact,
    Invariant,
    Loop,
    Model,
    Parameter,
    Path,
    Release,
    Retry,
    Runbook,
    Source,
    Step,
)
from svmrun.runbook.pieces import TemplateError, split_command
from svmrun.runbook.secrecy import with_derived
from svmrun.runbook.template import WORDS

Json = Any
_OF_THE_LANGUAGE = frozenset({"default", "description", "examples", "secret", "title"})
LONGEST_SECONDS = 10 * 366 * 86400.0
_TYPES = {str: "string", bool: "boolean", int: "integer", float: "number", list: "array", dict: "object"}


@dataclass
class Parser:
    """`broken` holds the paths of the members (`("steps", 3)`) that do not fit the schema."""

    source: Source
    registry: Mapping[str, Adapter]
    broken: Collection[Path] = ()
    is_part: bool = False
    problems: list[Problem] = field(default_factory=list)
    loops: list[Loop] = field(default_factory=list)

    def runbook(self, document: Json) -> Runbook:
        """The runbook; what does not fit the schema is missing from it."""
        top = document if isinstance(document, dict) else {}
        return Runbook(
            name=str(top.get("name", "")),
            description=str(top.get("description", "")),
            source=self.source,
            parameters=with_derived(
                tuple(self.parameter(n, p, ("parameters", n)) for n, p in self.members(top, "parameters", dict))
            ),
            facts=tuple(self.fact(n, f, ("facts", n)) for n, f in self.members(top, "facts", dict)),
            checks=tuple(self.check(c, ("checks", i)) for i, c in self.members(top, "checks", list)),
            steps=tuple(self.steps(top.get("steps"), ("steps",))),
            invariants=tuple(self.invariant(v, ("invariants", i)) for i, v in self.members(top, "invariants", list)),
            is_part=self.is_part,
            loops=tuple(self.loops),
        )

    def members(self, top: Json, key: str, kind: type) -> list[tuple[Any, Any]]:
        value: Any = top.get(key)
        pairs: list[tuple[Any, Any]] = []
        if isinstance(value, dict) and kind is dict:
            pairs = list(value.items())
        elif isinstance(value, list) and kind is list:
            pairs = list(enumerate(value))
        return [(name, member) for name, member in pairs if (key, name) not in self.broken]

    def parameter(self, name: str, written: Json, path: Path) -> Parameter:
        schema = {key: value for key, value in written.items() if key not in _OF_THE_LANGUAGE}
        return Parameter(
            name=name,
            schema=with_type(schema),
            path=path,
            description=str(written.get("description") or written.get("title") or ""),
            has_default="default" in written,
            default=written.get("default"),
            secret=bool(written.get("secret", False)),
            examples=tuple(written.get("examples", ())),
        )

    def fact(self, name: str, written: Json, path: Path) -> Fact:
        return Fact(name, self.action(written, path), path, expression(written.get("when")))

    def check(self, written: Json, path: Path) -> Check:
        return Check(str(expression(written["that"])), written["message"], path, expression(written.get("when")))

    def invariant(self, written: Json, path: Path) -> Invariant:
        return Invariant(str(expression(written["that"])), written["message"], path)

    def steps(self, written: Json, path: Path) -> Iterator[Step | Release]:
        """In their order, those that are repeated once."""
        for index, member in enumerate(written if isinstance(written, list) else ()):
            here = (*path, index)
            if here in self.broken:
                continue
            if "foreach" in member:
                self.loops.append(Loop(member["foreach"], member["as"], here))
                yield from self.steps(member["steps"], (*here, "steps"))
            elif "runbook" not in member:  # what is called is put in its place by who reads files
                yield self.step(member, here)
            elif len(path) > 1:
                message, hint = "a runbook is called once, not for each member of a list", "include a list of steps"
                self.problems.append(self.source.problem(message, (*here, "runbook"), hint=hint, of_key=True))

    def step(self, written: Json, path: Path) -> Step | Release:
        if "release" in written:
            return Release(written["release"], path, written.get("name", ""))
        return Step(
            id=written["id"],
            name=written.get("name", written["id"]),
            action=self.action(written, path),
            path=path,
            when=expression(written.get("when")),
            rollback=self.handlers(written.get("rollback"), (*path, "rollback")),
            hold_seconds=self.seconds(written, "hold", path),
        )

    def handlers(self, written: Json, path: Path) -> tuple[Action, ...]:
        if written is None:
            return ()
        if isinstance(written, list):
            return tuple(self.action(handler, (*path, i)) for i, handler in enumerate(written))
        return (self.action(written, path),)

    def action(self, written: Json, path: Path) -> Action:
        adapter = next(key for key in written if key in self.registry)
        arguments = self.split_words(written[adapter], (*path, adapter))
        timeout_seconds = self.seconds(written, "timeout", path)
        retry = self.retry(written.get("retry"), (*path, "retry"))
        model = self.model(written["model"], (*path, "model")) if "model" in written else None
        return Action(adapter, arguments, path, timeout_seconds, retry, model)

    def model(self, written: Json, path: Path) -> Model:
        lines = [self.member(WORDS, line, (*path, "does", i)) for i, line in enumerate(written.get("does", ()))]
        return Model(
            path,
            tuple(tuple(words) for words in lines),
            written.get("sets", {}),
            written.get("prints", ""),
            written.get("errors", ""),
            written.get("status", 0),
            self.seconds(written, "takes", path) or 0.0,
        )

    def retry(self, written: Json, path: Path) -> Retry | None:
        if written is None:
            return None
        return Retry(written["attempts"], self.seconds(written, "delay", path) or Retry().delay_seconds)

    def seconds(self, written: Json, key: str, path: Path) -> float | None:
        """The duration under that key, if there is one. One that cannot be is reported, and counts as the longest."""
        if key not in written:
            return None
        try:
            found = duration.seconds(written[key])
            fault = "a duration of more than ten years" if found > LONGEST_SECONDS else None
        except ValueError as error:
            found, fault = LONGEST_SECONDS, str(error)
        if fault:
            self.problems.append(self.source.problem(fault, (*path, key)))
        return min(found, LONGEST_SECONDS)

    def split_words(self, value: Json, path: Path) -> Json:
        """The arguments with each `argv` as a list of words: split before any template is rendered."""
        if isinstance(value, list):
            return [self.split_words(member, (*path, i)) for i, member in enumerate(value)]
        if not isinstance(value, dict):
            return value
        return {key: self.member(key, member, (*path, key)) for key, member in value.items()}

    def member(self, key: str, value: Json, path: Path) -> Json:
        if key != WORDS or not isinstance(value, str):
            return self.split_words(value, path)
        try:
            return split_command(value)
        except TemplateError as error:
            self.problems.append(self.source.problem(str(error), path, hint="write the command line as a list"))
            return [value]


def with_type(schema: Mapping[str, Json]) -> dict[str, Json]:
    """The schema of a parameter with its type: that of its choices, else string."""
    if "type" in schema:
        return dict(schema)
    choices = schema.get("enum", [schema["const"]] if "const" in schema else [""])
    types = sorted({_TYPES[type(choice)] for choice in choices if type(choice) in _TYPES})
    return {**schema, "type": types[0] if len(types) == 1 else types} if types else dict(schema)


def expression(written: Json) -> str | None:
    """A bare expression as text; YAML's own true and false are ones too."""
    if isinstance(written, bool):
        return "true" if written else "false"
    return written if written is None else str(written)
