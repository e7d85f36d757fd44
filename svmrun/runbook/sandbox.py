"""Jinja2's sandbox, narrowed to expressions that are bounded in time and size.

Item access wins over methods (`d.items` is the member named `items`), methods come from a short list, and every
filter, test, method and operator spends from the budget of the evaluation.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial, wraps
from typing import Any

from jinja2 import StrictUndefined, nodes
from jinja2.exceptions import TemplateSyntaxError
from jinja2.parser import Parser
from jinja2.runtime import Context, Undefined
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.tests import TESTS

from svmrun.runbook.budget import MAXIMUM_COST, MAXIMUM_INTEGER_BITS, spend, spend_on
from svmrun.runbook.filters import ALL_FILTERS, METHODS
from svmrun.runbook.near import did_you_mean
from svmrun.runbook.pieces import TemplateError

_SKIPPED_TESTS = ("callable", "escaped", "filter", "sameas", "test")
_VALUE = "svmrun_value"
_KINDS = {str: "text", dict: "mapping", list: "list", int: "number", float: "number", type(None): "null"}
GLOBALS = frozenset({"range"})


def _bounded(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function with its arguments and its result paid for; what it generates becomes a list."""

    @wraps(function)
    def bounded(*arguments: Any, **options: Any) -> Any:
        for value in (*arguments, *options.values()):
            spend_on(value)
        result = function(*arguments, **options)
        if not isinstance(result, str | bytes | Mapping | Undefined) and hasattr(result, "__iter__"):
            result = list(result)
        spend_on(result)
        return result

    return bounded


def _bounded_range(*arguments: int) -> list[int]:
    numbers = range(*arguments)
    spend(min(len(numbers), MAXIMUM_COST + 1))
    return list(numbers)


def _power(left: Any, right: Any) -> Any:
    if not (isinstance(left, int | float) and isinstance(right, int | float)):
        raise TemplateError("'**' needs two numbers")
    if isinstance(right, int) and isinstance(left, int) and left.bit_length() * abs(right) > MAXIMUM_INTEGER_BITS:
        raise TemplateError("the expression makes a number that is too large")
    return left**right


def _times(left: Any, right: Any) -> Any:
    for value, count in ((left, right), (right, left)):
        if isinstance(value, str | list | tuple) and isinstance(count, int):
            spend_on(value)
            spend(max(count, 0) * (1 + len(value)))
    return left * right


def _modulo(left: Any, right: Any) -> Any:
    if isinstance(left, str):
        raise TemplateError("'%' is for numbers; a text is formatted with the filter `format`")
    return left % right


class Sandbox(ImmutableSandboxedEnvironment):
    """The one environment of all expressions."""

    intercepted_binops = frozenset({"+", "-", "*", "/", "//", "**", "%"})

    def __init__(self) -> None:
        super().__init__(undefined=StrictUndefined, autoescape=False, optimized=False, cache_size=0)
        self.globals = {"range": _bounded_range}
        self.filters = {name: _bounded(function) for name, function in ALL_FILTERS.items()}
        tests: Any = TESTS  # typed as plain functions there
        self.tests = {name: _bounded(test) for name, test in tests.items() if name not in _SKIPPED_TESTS}
        self.binop_table = {**self.binop_table, "**": _power, "*": _times, "%": _modulo}

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:  # noqa: ARG002
        spend_on(left)
        spend_on(right)
        result = self.binop_table[operator](left, right)
        spend_on(result)
        return result

    def getattr(self, obj: Any, attribute: str) -> Any:
        return self.getitem(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        if isinstance(obj, Undefined):
            return obj[argument]  # raises
        try:
            return obj[argument]
        except (TypeError, LookupError):
            return _method(obj, argument) or self.undefined(hint=_nothing_there(obj, argument))

    def parse_expression(self, text: str) -> nodes.Expr:
        """The syntax tree of a bare expression. Raises TemplateSyntaxError."""
        parser = Parser(self, text, state="variable")
        expression = parser.parse_expression()
        if not parser.stream.eos:
            rest = parser.stream.current
            raise TemplateSyntaxError(f"unexpected {rest.value!r} after the expression", rest.lineno)
        if "~" not in text:
            return expression
        whole: Any = _without_concatenation(nodes.Output([expression]))
        changed: nodes.Expr = whole.nodes[0]
        return changed

    def compiled(self, tree: nodes.Expr) -> Callable[[Mapping[str, Any]], Any]:
        """A function from names to the expression's value (maybe an Undefined)."""
        assignment = nodes.Assign(nodes.Name(_VALUE, "store"), tree, lineno=1)
        whole = nodes.Template([assignment], lineno=1)
        whole.set_environment(self)
        template = self.from_string(whole)

        def evaluate(names: Mapping[str, Any]) -> Any:
            context = template.new_context(dict(names))
            for _ in template.root_render_func(context):
                pass
            return context.vars[_VALUE]

        return evaluate


def _without_concatenation(root: nodes.Output) -> nodes.Output:
    """`a ~ b` as `[a, b] | join`, which is bounded and refuses null."""
    for parent in [root, *root.find_all(nodes.Node)]:
        for name, value in parent.iter_fields():
            members = value if isinstance(value, list) else [value]
            changed = [_joined(m) if isinstance(m, nodes.Concat) else m for m in members]
            setattr(parent, name, changed if isinstance(value, list) else changed[0])
    return root


def _joined(node: nodes.Concat) -> nodes.Filter:
    return nodes.Filter(nodes.List(node.nodes, lineno=1), "join", [], [], None, None, lineno=1)


def _nothing_there(value: Any, name: Any) -> str:
    if isinstance(value, Mapping):
        return f"there is no {name!r} here{did_you_mean(str(name), list(value))}"
    if isinstance(value, list) and isinstance(name, int):
        return f"there is no member {name} in a list of {len(value)}"
    return f"a {_KINDS.get(type(value), 'value')} has no {name!r}"


def _method(value: Any, name: Any) -> Callable[..., Any] | None:
    for kind, methods in METHODS.items():
        if isinstance(value, kind) and isinstance(name, str) and name in methods:
            return partial(_bounded(methods[name]), value)
    return None
