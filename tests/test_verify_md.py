"""The shipped backup of an md mirror: every single failure, in a mirror of three legs and in one of two."""

from __future__ import annotations

from pathlib import Path

from svmrun.verify.kinds import Injection
from svmrun.verify.moments import befallen
from svmrun.verify.story import steps
from tests.verifying import RUNBOOKS, desk, verified

TWO = """
schema: svmrun-world/v1
name: two-legs
like: md
linux_mirrors:
  - {name: /dev/md0, kind: md, size: 976508928, metadata: '1.0', data_offset: 0, legs: [/dev/sdb1, /dev/sdc1]}
"""


def test_the_shipped_backup_of_an_md_mirror_survives_every_single_failure() -> None:
    result = verified(RUNBOOKS / "md-mirror-backup.yaml", "md")
    assert result.ok, result.violations
    assert result.not_modelled == ()
    assert result.stories > 800
    held = {h.step for h in result.handlers if h.rollbacks and h.guard}
    assert held == {"freeze", "take-off", "data", "loop", "view"}


def test_with_two_legs_one_instant_is_left_in_which_the_other_may_break(tmp_path: Path) -> None:
    """Between the last look and the taking off: md then fails all writes, and nothing that a runbook does helps."""
    (tmp_path / "two.yaml").write_text(TWO)
    (only,) = verified(RUNBOOKS / "md-mirror-backup.yaml", str(tmp_path / "two.yaml")).violations
    assert (only.invariant, only.story.partition(":")[2]) == ("whole", "other-fails")
    assert only.message.startswith("/dev/md0 takes no writes any more")


def test_somebodys_check_may_begin_at_every_moment_of_it() -> None:
    told = desk("md-mirror-backup", "md")
    undisturbed = list(steps(told, []))
    checked = [s.before.turn for s in undisturbed if "resync" in dict(befallen(told, s.before))]
    assert len(checked) > len(undisturbed) / 2, "but for the time in which the array works already"
    story = list(steps(told, [Injection(checked[0], "resync")]))
    work = next(s.after.world.linux_mirrors[0].work for s in story if s.injected)
    assert work is not None
    assert work.kind == "check"
