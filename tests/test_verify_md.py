"""The shipped backup of an md mirror: every single failure, in a mirror of three legs and in one of two."""

from __future__ import annotations

import pytest

from tests.verifying import RUNBOOKS, verified

TWO = """
schema: svmrun-world/v1
name: two-legs
like: md
linux_mirrors:
  - {name: /dev/md0, kind: md, size: 976508928, metadata: '1.0', data_offset: 0, legs: [/dev/sdb1, /dev/sdc1]}
"""


@pytest.mark.parametrize("world", ["md", "two"])
def test_the_shipped_backup_of_an_md_mirror_survives_every_single_failure(
    world: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    if world == "two":
        path = tmp_path_factory.mktemp("worlds") / "two.yaml"
        path.write_text(TWO)
        world = str(path)
    result = verified(RUNBOOKS / "md-mirror-backup.yaml", world)
    assert result.ok, result.violations
    assert result.not_modelled == ()
    assert result.stories > 800
    held = {h.step for h in result.handlers if h.rollbacks and h.guard}
    assert held == {"freeze", "take-off", "data", "loop", "view"}
