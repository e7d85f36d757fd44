"""The command line that an action starts, as far as a runbook tells it: `lockfs -w {mount_point}`."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from typing import Any

from svmrun.adapters.base import Adapter
from svmrun.runbook.model import Action
from svmrun.runbook.pieces import Expression, Literal, TemplateError, has_template, pieces

Json = Any
_MARK = 0xE000  # private characters stand for templates: no adapter gives them a meaning


def command_words(action: Action, adapters: Mapping[str, Adapter]) -> str:
    """The command line with `{name}` for what is known only when it runs; else the action as it is written."""
    adapter = adapters[action.adapter]
    if adapter.nests:
        return _polling(action, adapters)
    if adapter.performer == "judge":
        return _judging(action)
    marks: list[str] = []
    try:
        arguments = {k: _marked(adapter, k, v, marks) for k, v in action.arguments.items()}
        argv = adapter.command_line(adapter.complete(arguments)).argv
    except (ValueError, TypeError, LookupError):  # no program, or an argument that must be known first
        return as_written(action)
    return _unmarked(shlex.join(argv), marks)


def _judging(action: Action) -> str:
    that = action.arguments.get("that", "")
    return f"assert {'; '.join(shown(one) for one in (that if isinstance(that, list) else [that]))}"


def _polling(action: Action, adapters: Mapping[str, Adapter]) -> str:
    inner = next(key for key in action.arguments if key in adapters)
    polled = command_words(Action(inner, action.arguments[inner] or {}, action.path), adapters)
    return f"poll {polled} until {shown(action.arguments.get('until', ''))}"


def as_written(action: Action) -> str:
    """`fsck: device=/dev/md/rdsk/d30, answer=yes`."""
    return f"{action.adapter}: {', '.join(f'{key}={shown(value)}' for key, value in action.arguments.items())}"


def shown(value: Json) -> str:
    """A value in one line."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}={shown(member)}" for key, member in value.items()) + "}"
    if isinstance(value, str):
        return " ".join(value.split()) if value.strip() else json.dumps(value)
    return json.dumps(value, ensure_ascii=False)


def _marked(adapter: Adapter, key: str, value: Json, marks: list[str]) -> Json:
    schema = adapter.schema["properties"].get(key, {})
    if isinstance(value, list):
        return [_mark(member, marks) for member in value]
    if not isinstance(value, str) or not has_template(value):
        return value
    if schema.get("type") == "array":
        return [_mark(value, marks)]
    if schema.get("type") != "string":
        raise ValueError("a typed argument must be known first")
    absolute = str(schema.get("pattern", "")).startswith("^/") and value.startswith("{{")
    return ("/" if absolute else "") + _mark(value, marks)


def _mark(text: Json, marks: list[str]) -> Json:
    if not isinstance(text, str) or not has_template(text):
        return text
    try:
        parts = pieces(text)
    except TemplateError:
        return text
    return "".join(part.text if isinstance(part, Literal) else _new_mark(part, marks) for part in parts)


def _new_mark(part: Expression, marks: list[str]) -> str:
    marks.append(" ".join(part.text.split()))
    return chr(_MARK + len(marks) - 1)


def _unmarked(line: str, marks: list[str]) -> str:
    """Quotes that only the marks made necessary go, and so does the slash in front of a whole path."""
    for number, text in enumerate(marks):
        mark = chr(_MARK + number)
        for form in (f"'/{mark}'", f"'{mark}'", mark):
            line = line.replace(form, f"{{{text}}}")
    return line
