"""What is known of a runbook's names while nobody runs it: given values, examples, a host's facts, or a word."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from svmrun.runbook.model import Parameter, Runbook
from svmrun.runbook.order import in_order, needs, roots_of
from svmrun.runbook.pieces import Expression, Literal, TemplateError, has_template, lone_expression, pieces
from svmrun.runbook.template import WORDS, evaluate, names_in, render, render_text

Json = Any


@dataclass(frozen=True)
class Values:
    """`known` are values by name; `stand_ins` words like `MIRROR` for parameters of which only the name is known."""

    known: Mapping[str, Json]
    stand_ins: Mapping[str, str] = field(default_factory=dict)

    def without(self, names: Collection[str]) -> Values:
        """The same, as if these were not known."""
        return Values({k: v for k, v in self.known.items() if k not in names}, self.stand_ins)

    def truth(self, expression: str | None) -> bool | None:
        """Whether a condition holds; None when that depends on what is not known. No condition always holds."""
        if expression is None:
            return True
        try:
            return bool(evaluate(expression, self.known)) if self._knows(expression, self.known) else None
        except TemplateError:
            return None

    def text(self, text: str) -> str:
        """A text for a person: what is not known stands as `{expression}`."""
        if not has_template(text):
            return " ".join(text.split())
        try:
            parts = pieces(text)
        except TemplateError:
            return text
        written = [part.text if isinstance(part, Literal) else self._piece(part, "{", "}") for part in parts]
        return " ".join("".join(written).split())

    def rendered(self, value: Json, key: str = "") -> Json:
        """An argument with every expression evaluated that can be; the others stay as they are written."""
        if isinstance(value, Mapping):
            return {name: self.rendered(member, name) for name, member in value.items()}
        if isinstance(value, list | tuple):
            return [self.rendered(member, key) for member in value]
        if not isinstance(value, str) or not has_template(value):
            return value
        try:
            return self._rendered_text(value, key)
        except TemplateError:
            return value

    def _rendered_text(self, text: str, key: str) -> Json:
        parts = pieces(text)
        lone = lone_expression(parts)
        if lone and key != WORDS and self._knows(lone.text, self._names):
            return evaluate(lone.text, self._names)
        return "".join(part.text if isinstance(part, Literal) else self._piece(part, "{{", "}}") for part in parts)

    def _piece(self, part: Expression, opening: str, closing: str) -> str:
        unknown = f"{opening}{' ' * (len(opening) - 1)}{part.text.strip()}{' ' * (len(closing) - 1)}{closing}"
        try:
            if not self._knows(part.text, self._names):
                return unknown
            return render_text(f"{{{{ {part.text.strip()} }}}}", self._names)
        except TemplateError:
            return unknown

    @property
    def _names(self) -> Mapping[str, Json]:
        return {**self.stand_ins, **self.known}

    @staticmethod
    def _knows(expression: str, names: Mapping[str, Json]) -> bool:
        return {chain.split(".")[0] for chain in names_in(expression)} <= set(names)


def values_of(runbook: Runbook, given: Mapping[str, Json], *, examples: bool = False) -> Values:
    """Without a host: given values, then the runbook's own examples if they are wanted, then its defaults.

    A secret's value is never shown. A default that needs a fact has no value here.
    """
    known: dict[str, Json] = {}
    parameters = {parameter.name: parameter for parameter in runbook.parameters}
    facts = {fact.name: fact for fact in runbook.facts}
    for name in in_order(needs(runbook), [*parameters, *facts]):
        parameter = parameters.get(name)
        if parameter is None:
            skipped = Values(known).truth(facts[name].when) is False
            known |= {name: None} if skipped else {}  # a skipped fact is null
        elif parameter.secret:
            continue
        elif name in given:
            known[name] = given[name]
        elif examples and parameter.examples and not parameter.bound:
            known[name] = parameter.examples[0]
        elif parameter.has_default and roots_of(parameter.default) <= set(known):
            _take_default(known, parameter)
    bound = {p.name: None for p in runbook.parameters if p.bound}
    words = {p.name: _stand_in(p) for p in runbook.parameters if p.name not in known | bound and _is_text(p)}
    return Values(known, words)


def _take_default(known: dict[str, Json], parameter: Parameter) -> None:
    try:
        known[parameter.name] = render(parameter.default, known)
    except TemplateError:  # it cannot be computed from what is known: a word stands for it
        return


def _stand_in(parameter: Parameter) -> str:
    """The name in capitals, as manual pages write what the reader must fill in; a path looks like one."""
    looks = [value for value in (*parameter.examples, parameter.schema.get("pattern", "")) if isinstance(value, str)]
    is_path = any(look.lstrip("^").startswith("/") for look in looks)
    return f"{'/' if is_path else ''}{parameter.name.upper()}"


def _is_text(parameter: Parameter) -> bool:
    kinds = parameter.schema.get("type", "string")
    return kinds == "string" or "string" in kinds
