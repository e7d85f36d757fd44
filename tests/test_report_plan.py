"""A plan for a person: every command, limit, hold and handler."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from svmrun.plan.model import PlannedAction, later
from svmrun.report.plan_document import PlanView, plan_markdown, plan_text
from tests.replay_report import read_plan


def argv(action: PlannedAction) -> Sequence[str]:
    """The command lines that are known before the run."""
    words = {"lockfs": ("/usr/sbin/lockfs", action.arguments.get("mode", "?"), "/export home")}
    return words.get(action.adapter, ())


VIEW = PlanView(read_plan(), argv, {"lock": 20.0})


def test_every_command_is_shown_with_its_limits_and_what_undoes_it() -> None:
    text = plan_text(VIEW)
    assert "  1. lock: Lock the file system from writes  (mirror-backup.yaml:20:5)\n" in text
    assert "       $ /usr/sbin/lockfs write '/export home'  (at most 10 s)\n" in text
    assert "       hold: at most 30 s, worst case 20 s, WRITERS WAIT while it lasts\n" in text
    assert "       undo: $ /usr/sbin/lockfs unlock '/export home'  (at most 10 s, 3 attempts)\n" in text
    assert "       hold: at most 12 h\n" in text
    assert text.endswith("\nnothing was changed")


def test_a_release_shows_the_handlers_of_its_hold() -> None:
    text = plan_text(VIEW)
    assert (
        "  3. release-lock  (mirror-backup.yaml:30:5)\n       ends the hold of lock\n       $ /usr/sbin/lockfs" in text
    )


def test_what_is_known_only_later_is_told_as_it_was_written() -> None:
    plan = read_plan()
    dump = plan.step("dump")
    assert dump.action is not None
    action = replace(dump.action, arguments={"level": 0, "device": later("{{ steps.find.result }}")})
    steps = tuple(replace(s, action=action) if s.id == "dump" else s for s in plan.steps)
    text = plan_text(PlanView(replace(plan, steps=steps), argv))
    assert "       ufsdump: level=0, device={{ steps.find.result }} (known later)  (at most 10 h)\n" in text


def test_a_step_that_will_not_be_done_is_told_with_its_release() -> None:
    plan = read_plan()
    steps = tuple(replace(s, when=False) if s.id == "lock" else s for s in plan.steps)
    steps = tuple(replace(s, when="steps.check.ok") if s.id == "dump" else s for s in steps)
    text = plan_text(PlanView(replace(plan, steps=steps), argv))
    assert "skipped: its condition does not hold" in text
    assert "skipped: lock is skipped" in text
    assert "only when steps.check.ok" in text


def test_markdown_holds_the_same_commands() -> None:
    text = plan_markdown(VIEW)
    assert "1. **lock** Lock the file system from writes\n" in text
    assert "   - undo: `/usr/sbin/lockfs unlock '/export home'` (at most 10 s, 3 attempts)\n" in text
    assert "| mount_point | `/export` |\n" in text


@pytest.mark.parametrize(("value", "cell"), [("a`b", "``a`b``"), ("a|b", "`a\\|b`"), ("`", "`` ` ``")])
def test_markdown_is_not_broken_by_values(value: str, cell: str) -> None:
    plan = replace(read_plan(), parameters={"mirror": value})
    assert f"| mirror | {cell} |" in plan_markdown(PlanView(plan, argv))
