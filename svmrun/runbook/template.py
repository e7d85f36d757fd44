"""Templates: Jinja2 expressions inside texts, evaluated in a bounded sandbox over plain data.

What an expression yields is never read as a template again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache, partial
from typing import Any

from svmrun.runbook.expression import evaluate, names_in, prepare
from svmrun.runbook.filters import as_text
from svmrun.runbook.pieces import CACHED, Expression, Literal, TemplateError, has_template, lone_expression, pieces

__all__ = ["TemplateError", "evaluate", "names_in", "names_used", "prepare", "render", "render_text", "roots", "texts"]

Json = Any
WORDS = "argv"  # the argument whose members are words of a command line: always texts


def render(value: Json, names: Mapping[str, Json]) -> Json:
    """The value with the templates in its texts (not in its keys) evaluated over `names`.

    A text that is exactly one expression keeps the type of its value, except for the words of an `argv`.
    Raises TemplateError, whose `path` leads to the text.
    """
    if isinstance(value, Mapping):
        return {key: _inside(key, _member(key, member, names)) for key, member in value.items()}
    if isinstance(value, list | tuple):
        return [_inside(i, partial(render, member, names)) for i, member in enumerate(value)]
    return _render_text(value, names) if isinstance(value, str) else value


def render_text(text: str, names: Mapping[str, Json]) -> str:
    """The text with its templates evaluated; the result is a text always."""
    return as_text(_render_text(text, names))


def names_used(value: Json) -> frozenset[str]:
    """The dotted chains (`host`, `steps.dump.done`) that the templates in a value use. Raises TemplateError."""
    return frozenset().union(*(_text_names(text) for text, _ in texts(value)))


@lru_cache(CACHED)
def roots(text: str, *, bare: bool) -> frozenset[str]:
    """The first names that a template, or a bare expression, refers to. Raises TemplateError."""
    chains = names_in(text) if bare else names_used(text)
    return frozenset(chain.split(".")[0] for chain in chains)


def texts(value: Json, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str, tuple[str | int, ...]]]:
    """Every text inside a value, with the way to it."""
    if isinstance(value, str):
        yield value, path
    elif isinstance(value, Mapping):
        for key, member in value.items():
            yield from texts(member, (*path, key))
    elif isinstance(value, list | tuple):
        for index, member in enumerate(value):
            yield from texts(member, (*path, index))


def _member(key: str, member: Json, names: Mapping[str, Json]) -> Callable[[], Json]:
    if key == WORDS and isinstance(member, list | tuple):
        return lambda: [_inside(i, partial(_word, word, names)) for i, word in enumerate(member)]
    return partial(render, member, names)


def _word(word: Json, names: Mapping[str, Json]) -> str:
    return render_text(word, names) if isinstance(word, str) else as_text(word)


def _inside(key: str | int, compute: Callable[[], Json]) -> Json:
    try:
        return compute()
    except TemplateError as error:
        raise TemplateError(str(error), (key, *error.path)) from None


def _render_text(text: str, names: Mapping[str, Json]) -> Json:
    if not has_template(text):
        return text
    parts = pieces(text)
    if lone := lone_expression(parts):
        return evaluate(lone.text, names)
    return "".join(p.text if isinstance(p, Literal) else _piece(p, names) for p in parts)


def _piece(piece: Expression, names: Mapping[str, Json]) -> str:
    try:
        return as_text(evaluate(piece.text, names))
    except TemplateError as error:
        if piece.text.strip() in str(error):
            raise
        raise TemplateError(f"{error}, in {piece.text.strip()!r}") from None


@lru_cache(CACHED)
def _text_names(text: str) -> frozenset[str]:
    expressions = [piece.text for piece in pieces(text) if isinstance(piece, Expression)] if has_template(text) else []
    return frozenset().union(*map(names_in, expressions))
