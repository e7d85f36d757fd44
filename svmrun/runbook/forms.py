"""Expressions and templates by what they mean: two that are written differently and do the same have one form."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from jinja2 import nodes

from svmrun.runbook.expression import tree
from svmrun.runbook.pieces import Literal, TemplateError, has_template, lone_expression, pieces

Json = Any
_STEPS = "node=Name(name='steps', ctx='load')"
_STEP_BY_DOT = re.compile(rf"Getattr\({re.escape(_STEPS)}, attr='(\w+)', ctx='load'\)")
CACHED = 4096  # both sides of a comparison have most texts in common
_NO_NAMES: Mapping[str, str] = {}


def expression_form(text: str, step_names: Mapping[str, str] = _NO_NAMES) -> str:
    """The form of a bare expression; blanks, quotes and needless parentheses are not in it.

    `step_names` maps steps' ids to those that shall stand for them. One that is wrong in itself is its own form.
    """
    return _renamed(_form(text), step_names)


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
    return [part if isinstance(part, str) else [_renamed(form, step_names) for form in part] for part in _forms(text)]


@lru_cache(CACHED)
def _forms(text: str) -> tuple[str | tuple[str, ...], ...]:
    """The pieces of a text with templates; an expression's form stands in a tuple, with an end where it is alone."""
    try:
        parts = pieces(text)
    except TemplateError:
        return (text,)
    if lone := lone_expression(parts):
        return ((_form(lone.text), ""),)
    return tuple(part.text if isinstance(part, Literal) else (_form(part.text),) for part in parts)


@lru_cache(CACHED)
def _form(text: str) -> str:
    try:
        return _STEP_BY_DOT.sub(rf"Getitem({_STEPS}, arg=Const(value='\1'), ctx='load')", repr(tree(text.strip())))
    except TemplateError:
        return text


def _renamed(form: str, step_names: Mapping[str, str]) -> str:
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
