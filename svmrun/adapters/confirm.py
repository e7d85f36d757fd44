"""confirm: the operator decides whether the run goes on."""

from __future__ import annotations

from svmrun.adapters import fields
from svmrun.adapters.base import Adapter, Arguments


class Confirm(Adapter):
    """The engine asks; yes goes on, no cancels the run, which then rolls back. `--yes` answers yes."""

    name = "confirm"
    summary = "Ask the operator, who may end the run here"
    performer = "operator"
    timeout_seconds = 3600.0
    schema = fields.arguments(
        {
            "question": fields.text(
                "Question",
                "What the operator is asked; the answer is yes or no.",
                ["Is the right tape in the drive?"],
                minLength=1,
            )
        },
        required=["question"],
    )

    def read_only(self, arguments: Arguments) -> bool:
        return True

    def asks(self, arguments: Arguments) -> bool:
        return True
