"""A runbook that others may change is not run."""

from __future__ import annotations

import grp
import os
import pwd
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from svmrun.effects.permissions import faults
from tests.running import RUNBOOKS, Scene


@pytest.fixture
def private(tmp_path: Path) -> Iterator[Path]:
    """A file in a folder of ours, below folders that are as they are."""
    folder = tmp_path / "private"
    folder.mkdir(mode=0o755)
    path = folder / "runbook.yaml"
    path.write_text("")
    path.chmod(0o644)
    yield path
    folder.chmod(0o755)


def found(path: Path) -> list[str]:
    return list(faults(path, os.geteuid()))


def test_a_file_of_ours_below_a_sticky_folder_is_fine(private: Path) -> None:
    assert found(private) == []


@pytest.mark.parametrize("mode", [0o646, 0o666])
def test_a_file_that_everybody_may_write(private: Path, mode: int) -> None:
    private.chmod(mode)
    assert found(private) == [f"{private} may be written by everybody"]


def test_a_folder_that_everybody_may_write(private: Path) -> None:
    private.parent.chmod(0o777)
    assert found(private) == [f"{private.parent} may be written by everybody"]


def test_a_sticky_folder_that_everybody_may_write_is_fine(private: Path) -> None:
    private.parent.chmod(0o1777)
    assert found(private) == []


def test_a_link_is_followed_and_both_ends_are_looked_at(private: Path) -> None:
    target = private.parent / "elsewhere"
    target.mkdir(mode=0o777)
    target.chmod(0o777)
    (target / "real.yaml").write_text("")
    link = private.parent / "link.yaml"
    link.symlink_to("elsewhere/real.yaml")
    assert found(link) == [f"{target} may be written by everybody"]


def test_links_in_a_circle_end(private: Path) -> None:
    link = private.parent / "link.yaml"
    link.symlink_to("link.yaml")
    assert found(link) == []


def test_a_file_of_somebody_else(private: Path) -> None:
    """Only the superuser can give a file away; anybody else looks at his own with another's eyes."""
    if os.geteuid() == 0:
        os.chown(private, 65534, -1)
    owner, other = private.stat().st_uid, os.geteuid() if os.geteuid() == 0 else os.geteuid() + 1
    assert f"{private} belongs to {pwd.getpwuid(owner).pw_name}" in list(faults(private, other))


def test_a_group_may_write_where_it_is_its_owners_own(private: Path) -> None:
    private.chmod(0o664)
    status = private.stat()
    owner, group = pwd.getpwuid(status.st_uid).pw_name, grp.getgrgid(status.st_gid)
    own = group.gr_name == owner and not set(group.gr_mem) - {owner}
    assert found(private) == ([] if own else [f"{private} may be written by the group {group.gr_name}"])


def test_a_shared_group_may_not_write(private: Path) -> None:
    own = pwd.getpwuid(os.geteuid()).pw_name
    shared = next((g.gr_gid for g in grp.getgrall() if g.gr_name != own and may_give_to(g.gr_gid)), None)
    assert shared is not None or os.geteuid() != 0
    if shared is not None:
        os.chown(private, -1, shared)
        private.chmod(0o664)
        assert found(private) == [f"{private} may be written by the group {grp.getgrgid(shared).gr_name}"]


def may_give_to(group: int) -> bool:
    return os.geteuid() == 0 or group in os.getgroups()


def test_a_run_on_a_real_host_is_refused_and_the_flag_lets_it_go_on(scene: Scene) -> None:
    runbook = Path(shutil.copy(RUNBOOKS / "mirror-status.yaml", scene.folder))
    runbook.chmod(0o666)
    words = ("execute", str(runbook), "-p", "mirror=d0")
    refused = scene.run(*words)
    assert refused.code == 6
    assert f"{runbook} may be written by everybody" in refused.err
    assert "--allow-unsafe-permissions" in refused.err
    assert "may be written" not in scene.run(*words, "--allow-unsafe-permissions").err


def test_a_simulated_run_does_not_ask_who_may_write(scene: Scene) -> None:
    scene.host()
    runbook = Path(shutil.copy(RUNBOOKS / "mirror-status.yaml", scene.folder))
    runbook.chmod(0o666)
    assert scene.execute(runbook).code == 0


def test_a_file_of_parameters_is_looked_at_too(scene: Scene) -> None:
    runbook = Path(shutil.copy(RUNBOOKS / "mirror-status.yaml", scene.folder))
    values = scene.folder / "values.yaml"
    values.write_text("mirror: d0\n")
    values.chmod(0o666)
    refused = scene.run("plan", str(runbook), "--params-file", str(values))
    assert refused.code == 6
    assert f"{values} may be written by everybody" in refused.err
