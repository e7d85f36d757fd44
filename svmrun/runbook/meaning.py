"""What a schema cannot say of a runbook: the second pass, with the same form of problems."""

from __future__ import annotations

from svmrun.errors import Problem
from svmrun.runbook.meaning_actions import check_actions
from svmrun.runbook.meaning_blocking import check_blocking_holds
from svmrun.runbook.meaning_inputs import check_inputs
from svmrun.runbook.meaning_names import check_names
from svmrun.runbook.meaning_order import check_order
from svmrun.runbook.meaning_reuse import check_reuse
from svmrun.runbook.meaning_secrets import check_secrets
from svmrun.runbook.meaning_steps import check_steps
from svmrun.runbook.meaning_writes import check_writes
from svmrun.runbook.subject import Subject


def meaning_problems(subject: Subject) -> list[Problem]:
    """Everything that is wrong with what fits the schema. What does not counts as declared and is spared."""
    inside = (check_inputs, check_reuse, check_names, check_actions, check_secrets)
    together = (check_steps, check_order, check_writes, check_blocking_holds)
    for check in (*inside, *together):
        check(subject)
    return subject.problems
