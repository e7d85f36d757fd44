"""assert: a condition over parameters, facts and results that must hold at this point."""

from __future__ import annotations

from svmrun.adapters import fields
from svmrun.adapters.base import Adapter, Arguments


class Assert(Adapter):
    """The engine evaluates `that`; one false expression fails the step."""

    name = "assert"
    summary = "Fail unless conditions over parameters, facts and earlier results hold"
    performer = "judge"
    expressions = ("that",)
    schema = fields.arguments(
        {
            "that": {
                "type": ["string", "array"],
                "title": "That",
                "description": "A bare expression, or a list of them, all of which must be true.",
                "examples": ["steps.dump.result.done", ["steps.dump.result.written_blocks > 0"]],
                "items": {"type": "string", "minLength": 1},
                "minItems": 1,
                "minLength": 1,
            },
            "message": fields.text(
                "Message",
                "What the operator reads when it does not hold; say what to do.",
                ["The dump is not complete"],
            ),
        },
        required=["that"],
    )

    def read_only(self, arguments: Arguments) -> bool:
        return True


def conditions(arguments: Arguments) -> tuple[str, ...]:
    """The expressions, each to be judged."""
    that = arguments["that"]
    return (that,) if isinstance(that, str) else tuple(that)
