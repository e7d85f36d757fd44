"""Names in expressions replaced by other names, or by values: what binds a called runbook, and a repeated step.

Works on the text, so that a person who reviews a plan reads expressions as they were written.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from svmrun.runbook.expression import tokens, tree
from svmrun.runbook.pieces import Literal, TemplateError, has_template, pieces

Json = Any
_WORDS = {None: "none", True: "true", False: "false"}


@dataclass(frozen=True)
class Substitution:
    """`names` maps first names to what replaces them, `members` those of the members of `steps` and `before`.

    Raises TemplateError for an expression that is wrong in itself, or that finds such a member only when it runs.
    """

    names: Mapping[str, str]
    members: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def value(self, value: Json) -> Json:
        """A value with templates in its texts."""
        if isinstance(value, Mapping):
            return {key: self.value(member) for key, member in value.items()}
        if isinstance(value, list | tuple):
            return type(value)(self.value(member) for member in value)
        return self.text(value) if isinstance(value, str) else value

    def text(self, text: str) -> str:
        if not has_template(text):
            return text
        parts = pieces(text)
        return "".join(p.text if isinstance(p, Literal) else f"{{{{{self.bare(p.text)}}}}}" for p in parts)

    def bare(self, expression: str) -> str:
        """A bare expression."""
        tree(expression.strip())
        found = tokens(expression)
        words = [text for _, text in found]
        told = [index for index, (kind, _) in enumerate(found) if kind != "whitespace"]
        for place, index in enumerate(told):
            if found[index][0] == "name" and _begins(words, told, place):
                self._replace(found, words, told[place:])
        return "".join(words)

    def _replace(self, found: Sequence[tuple[str, str]], words: list[str], told: Sequence[int]) -> None:
        """`told` are the places of a name and of all that follows it; the new words come into `words`."""
        name = words[told[0]]
        if not self.members.get(name):
            words[told[0]] = self.names.get(name, name)
            return
        dot, (kind, member) = words[told[1]] if told[1:] else "", found[told[2]] if told[2:] else ("", "")
        if (dot, kind) not in ((".", "name"), ("[", "string")):
            raise TemplateError(f"{name!r} must be followed by a name where a runbook is called or steps are repeated")
        new = self.members[name].get(member.strip("'\""))
        if new and dot == ".":
            words[told[1]], words[told[2]] = "", f"[{new!r}]"
        elif new:
            words[told[2]] = repr(new)


def literal(value: Json) -> str:
    """A value as an expression writes it."""
    if isinstance(value, str):
        return ascii(value)
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{literal(key)}: {literal(member)}' for key, member in value.items())}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(literal, value))}]"
    return _WORDS[value] if value is None or isinstance(value, bool) else f"({value!r})"


def _begins(words: Sequence[str], told: Sequence[int], place: int) -> bool:
    """Not the name of a member, a filter, a test, or an option."""
    before = ["", "", *(words[index] for index in told[:place])][-2:]
    after = words[told[place + 1]] if place + 1 < len(told) else ""
    is_test = before[1] == "is" or before == ["is", "not"]
    return before[1] not in (".", "|") and not is_test and after != "="
