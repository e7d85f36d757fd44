"""verify of the backups of files, snapshots and a database: the shipped runbooks, services as they were found."""

from __future__ import annotations

from pathlib import Path

import pytest

from svmrun.errors import InvalidInput
from tests.verifying import DEFECTS, RUNBOOKS, verified

UNITS = """
schema: svmrun/v1
name: quiet-copy
description: Stop those of some services that run, copy what is then still, start them again.
parameters:
  units: {type: array, items: {type: string}, default: [ledger.service, spare.service]}
facts:
  found: {systemctl: {action: show, units: "{{ units }}"}, when: units}
checks:
  - {that: not found.missing, message: "There is no {{ found.missing | join(', ') }}", when: units}
steps:
  - id: quiet
    when: units and found.active
    systemctl: {action: stop, units: "{{ found.active }}"}
    rollback: {systemctl: {action: start, units: "{{ found.active }}"}}
    hold: 10m
  - id: stopped
    when: units and found.active
    systemctl: {action: show, units: "{{ found.active }}"}
  - id: prove-stopped
    when: units and found.active
    assert: {that: not steps.stopped.result.active, message: They still run}
  - release: quiet
"""


@pytest.mark.parametrize(
    ("name", "world", "holds"),
    [
        ("btrfs-snapshot-backup", "btrfs", ["snapshot"]),
        ("postgresql-raw-backup", "postgresql", ["session"]),
        ("xfs-freeze-backup", "xfs", ["freeze", "take-off", "data", "loop", "view", "replay", "look"]),
    ],
)
def test_the_shipped_backup_survives_every_single_failure(name: str, world: str, holds: list[str]) -> None:
    result = verified(RUNBOOKS / f"{name}.yaml", world)
    assert result.ok, result.violations
    assert not result.not_modelled
    assert [one.step for one in result.handlers if one.rollbacks and one.guard] == holds


def test_services_that_ran_run_again_and_the_others_stay_off_whatever_fails(tmp_path: Path) -> None:
    runbook = tmp_path / "quiet-copy.yaml"
    runbook.write_text(UNITS)
    result = verified(runbook, str(DEFECTS / "files.world"))
    assert result.ok, result.violations
    assert [(one.step, one.rollbacks > 0, one.guard > 0) for one in result.handlers] == [("quiet", True, True)]


def test_a_leg_that_is_mounted_itself_is_not_taken_back_by_its_bitmap(tmp_path: Path) -> None:
    """Even a read-only mount of an xfs replays its log, and so writes past the mirror."""
    written = (RUNBOOKS / "xfs-freeze-backup.yaml").read_text()
    runbook = tmp_path / "leg.yaml"
    runbook.write_text(written.replace('mount: {device: "/dev/mapper/{{ view }}"', 'mount: {device: "{{ leg }}"'))
    with pytest.raises(InvalidInput) as refused:
        verified(runbook, "xfs", depth=0)
    assert "'replay'" in str(refused.value)
    assert "its copies would differ for ever" in str(refused.value)


def test_without_the_mount_that_replays_its_log_an_xfs_looks_damaged(tmp_path: Path) -> None:
    written = (RUNBOOKS / "xfs-freeze-backup.yaml").read_text()
    begin, end = written.index("  # Mounted to be written to"), written.index("  - id: check\n")
    runbook = tmp_path / "without.yaml"
    runbook.write_text(written[:begin] + written[end:])
    result = verified(runbook, "xfs", depth=0)
    assert [(one.invariant, one.step) for one in result.violations] == [("works", "check")]
    assert "has a log to be replayed" in result.violations[0].message
