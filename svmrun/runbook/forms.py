"""Expressions and templates by what they mean: two that are written differently and do the same have one form."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from jinja2 import nodes

from svmrun.runbook.expression import tree
from svmrun.runbook.pieces import Literal, TemplateError, has_template, lone_expression, pieces

Json = Any
_STEPS = "node=Name(name='steps', ctx='load')"
_STEP_BY_DOT = re.compile(rf"Getattr\({re.escape(_STEPS)}, attr='(\w+)', ctx='load'\)")
_NO_NAMES: Mapping[str, str] = {}


def expression_form(text: str, step_names: Mapping[str, str] = _NO_NAMES) -> str:
    """The form of a bare expression; blanks, quotes and needless parentheses are not in it.

    `step_names` maps steps' ids to those that shall stand for them. One that is wrong in itself is its own form.
    """
    try:
        return _form(tree(text.strip()), step_names)
    except TemplateError:
        return text


def value_form(value: Json, step_names: Mapping[str, str] = _NO_NAMES) -> Json:
    """A value whose texts are templates, by meaning."""
    if isinstance(value, Mapping):
        return {key: value_form(member, step_names) for key, member in value.items()}
    if isinstance(value, list | tuple):
        return [value_form(member, step_names) for member in value]
    return _text_form(value, step_names) if isinstance(value, str) else value


def demands(text: str) -> frozenset[str]:
    """The forms that must all hold for an expression to hold: it is their conjunction."""
    return _parts(text, nodes.And)


def alternatives(text: str) -> frozenset[str]:
    """The forms of which one must hold for an expression to hold: it is their disjunction."""
    return _parts(text, nodes.Or)


def _text_form(text: str, step_names: Mapping[str, str]) -> Json:
    if not has_template(text):
        return text
    try:
        parts = pieces(text)
    except TemplateError:
        return text
    if lone := lone_expression(parts):
        return ["{{", expression_form(lone.text, step_names), "}}"]
    return [
        part.text if isinstance(part, Literal) else ["{{", expression_form(part.text, step_names)] for part in parts
    ]


def _form(node: nodes.Node, step_names: Mapping[str, str]) -> str:
    form = _STEP_BY_DOT.sub(rf"Getitem({_STEPS}, arg=Const(value='\1'), ctx='load')", repr(node))
    for own, other in step_names.items():
        form = form.replace(f"{_STEPS}, arg=Const(value={own!r})", f"{_STEPS}, arg=Const(value={other!r})")
    return form


def _parts(text: str, kind: type[nodes.BinExpr]) -> frozenset[str]:
    try:
        unseen: list[nodes.Node] = [tree(text.strip())]
    except TemplateError:
        return frozenset({text})
    found: set[str] = set()
    while unseen:
        node = unseen.pop()
        if isinstance(node, kind):
            unseen += [node.left, node.right]
        else:
            found.add(repr(node))
    return frozenset(found)
