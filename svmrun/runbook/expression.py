"""Bare expressions: their syntax, the names they use, and their value over plain data."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from functools import cache, lru_cache, partial
from typing import Any

from jinja2 import nodes
from jinja2.exceptions import TemplateError as JinjaError
from jinja2.exceptions import TemplateSyntaxError
from jinja2.runtime import Undefined

from svmrun.runbook.budget import budget, spend_on
from svmrun.runbook.near import did_you_mean
from svmrun.runbook.pieces import CACHED, TemplateError
from svmrun.runbook.sandbox import GLOBALS, Sandbox

Json = Any
MAXIMUM_EXPRESSION = 4000
# What evaluating plain data can raise; anything else is a bug.
_FAILURES = (JinjaError, TypeError, ValueError, LookupError, ArithmeticError, AttributeError, RecursionError)
# Filters that take the name of another filter or test, and in which argument.
_NAMED_IN_ARGUMENT = {
    "map": ("filter", 0),
    "select": ("test", 0),
    "reject": ("test", 0),
    "selectattr": ("test", 1),
    "rejectattr": ("test", 1),
}


def prepare(expression: str) -> None:
    """Spare the first evaluation its longest part. Raises TemplateError when the expression is wrong in itself."""
    _compiled(expression.strip())


def evaluate(expression: str, names: Mapping[str, Json]) -> Json:
    """The plain value of a bare expression over `names`. Raises TemplateError with a sentence."""
    run = _compiled(expression.strip())
    try:
        with budget():
            value = run(names)
            if isinstance(value, Undefined):
                value._fail_with_undefined_error()
            spend_on(value)
            return _plain(value)
    except TemplateError:
        raise
    except _FAILURES as error:
        raise TemplateError(f"{_sentence(error)}, in {expression.strip()!r}") from None


@lru_cache(CACHED)
def names_in(expression: str) -> frozenset[str]:
    """The dotted chains that a bare expression uses. Raises TemplateError when it is wrong in itself."""
    whole = nodes.Output([tree(expression.strip())])
    return frozenset(".".join(_chain(node)) for node in _outermost(whole))


def tokens(expression: str) -> list[tuple[str, str]]:
    """The kind (name, operator, string, whitespace, ...) and the text of each token; the texts make up the whole."""
    return [(kind, text) for _, kind, text in _sandbox().lexer.tokeniter(expression, None, None, "variable")]


def filter_names() -> list[str]:
    """The filters that an expression may use."""
    return sorted(_sandbox().filters)


@cache
def _sandbox() -> Sandbox:
    return Sandbox()


@lru_cache(CACHED)
def _compiled(expression: str) -> Callable[[Mapping[str, Json]], Any]:
    run: Callable[[Mapping[str, Any]], Any] = _guarded(expression, partial(_sandbox().compiled, tree(expression)))
    return run


@lru_cache(CACHED)
def tree(expression: str) -> nodes.Expr:
    """The syntax tree of a bare expression. Raises TemplateError when it is wrong in itself."""
    parsed: nodes.Expr = _guarded(expression, partial(_sandbox().parse_expression, expression))
    _check_functions(parsed, expression)
    return parsed


def _guarded(expression: str, make: Callable[[], Any]) -> Any:
    """What is made of an expression, with failures told of it in sentences."""
    if len(expression) > MAXIMUM_EXPRESSION:
        raise TemplateError(f"the expression is longer than {MAXIMUM_EXPRESSION} characters")
    if expression.startswith("{{"):
        raise TemplateError("this is an expression already; leave the braces away")
    try:
        with budget():
            return make()
    except TemplateError:
        raise
    except TemplateSyntaxError as error:
        message = (error.message or "syntax error").replace("unexpected 'end of template'", "it ends too early")
        raise TemplateError(f"{message}, in {expression!r}") from None
    except (RecursionError, MemoryError, SyntaxError):
        raise TemplateError("the expression is nested too deeply") from None
    except (ValueError, OverflowError) as error:
        raise TemplateError(f"{_sentence(error)}, in {expression[:60]!r}") from None


def _check_functions(tree: nodes.Expr, text: str) -> None:
    """Most expressions have neither: to walk through their trees would take as long as to make them."""
    whole = nodes.Output([tree])
    for test in whole.find_all(nodes.Test) if "is" in text else ():
        _check_known("test", test.name)
    for node in whole.find_all(nodes.Filter) if "|" in text else ():
        _check_known("filter", node.name)
        kind, index = _NAMED_IN_ARGUMENT.get(node.name, ("", 0))
        named = node.args[index] if kind and index < len(node.args) else None
        if isinstance(named, nodes.Const) and isinstance(named.value, str):
            _check_known(kind, named.value)


def _check_known(kind: str, name: str) -> None:
    table = _sandbox().filters if kind == "filter" else _sandbox().tests
    if name not in table:
        raise TemplateError(f"there is no {kind} {name!r}{did_you_mean(name, table)}")


def _outermost(node: nodes.Node) -> Iterator[nodes.Node]:
    """The longest chains `a.b['c']` that begin with a name; what indexes them is looked at too."""
    for child in node.iter_child_nodes():
        if _chain(child):
            if _chain(child)[0] not in GLOBALS:
                yield child
            yield from _inner(child)
        else:
            yield from _outermost(child)


def _inner(node: nodes.Node) -> Iterator[nodes.Node]:
    while isinstance(node, nodes.Getattr | nodes.Getitem):
        if isinstance(node, nodes.Getitem) and not isinstance(node.arg, nodes.Const):
            yield from _outermost(nodes.Output([node.arg]))
        node = node.node


def _chain(node: nodes.Node) -> tuple[str, ...]:
    """The constant beginning of a chain; empty when it does not begin with a name."""
    if isinstance(node, nodes.Name):
        return (node.name,)
    if isinstance(node, nodes.Getattr | nodes.Getitem):
        inner = _chain(node.node)
        step = node.attr if isinstance(node, nodes.Getattr) else _constant(node.arg)
        complete = inner and not _cut(node.node)
        return (*inner, step) if complete and step is not None else inner
    return ()


def _cut(node: nodes.Node) -> bool:
    """True when something in the chain so far is only known when it runs."""
    while isinstance(node, nodes.Getattr | nodes.Getitem):
        if isinstance(node, nodes.Getitem) and _constant(node.arg) is None:
            return True
        node = node.node
    return False


def _constant(node: nodes.Node) -> str | None:
    return node.value if isinstance(node, nodes.Const) and isinstance(node.value, str) else None


def _plain(value: Any) -> Json:
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        if math.isfinite(value):
            return value
        raise TemplateError("the result is not a finite number")
    if isinstance(value, Mapping):
        return {str(key): _plain(member) for key, member in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(member) for member in value]
    if isinstance(value, Undefined):
        value._fail_with_undefined_error()
    raise TemplateError("the result is not a plain value; a method needs parentheses")


def _sentence(error: BaseException) -> str:
    return str(error).splitlines()[0].rstrip(".") if str(error) else type(error).__name__
