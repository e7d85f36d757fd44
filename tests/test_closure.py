"""The closure check, on mount tables of Linux and Solaris and on this very host."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from svmrun.effects import memory_folder, needs
from svmrun.effects.closure import Need, demand, problems
from svmrun.effects.mounts import MountTable, from_mnttab, from_mountinfo, read_mount_table
from svmrun.errors import Refused

MOUNTINFO = r"""22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
23 22 8:2 / /data rw,relatime - ext4 /dev/sda2 rw
24 22 8:2 /log /srv/log rw,relatime - ext4 /dev/sda2 rw
25 22 0:22 / /run rw - tmpfs tmpfs rw,mode=755
26 22 8:3 / /with\040blank rw - xfs /dev/sda3 rw
27 22 0:40 / /merged rw - overlay overlay rw,lowerdir=/opt,upperdir=/data/upper,workdir=/data/work
28 22 8:4 / /usr rw - ext4 /dev/sda4 rw
29 22 7:0 / /image rw - ext4 /dev/loop0 rw,backing-file=/data/image
"""
MNTTAB = "\n".join(
    "\t".join(fields)
    for fields in (
        ("/dev/md/dsk/d0", "/", "ufs", "rw,intr,largefiles,logging,xattr,onerror=panic,dev=1540000", "1081331675"),
        ("/dev/md/dsk/d4", "/var", "ufs", "rw,dev=1540004", "1081331676"),
        ("swap", "/tmp", "tmpfs", "xattr,dev=2", "1081331680"),
        ("/dev/md/oradg/dsk/d30", "/global/ora", "ufs", "rw,global,logging,dev=1540bbe", "1081331700"),
        ("/global/ora/home", "/home", "lofs", "dev=1540bbe", "1081331701"),
    )
)


@pytest.fixture
def linux() -> MountTable:
    return from_mountinfo(MOUNTINFO)


@pytest.fixture
def solaris() -> MountTable:
    return from_mnttab(MNTTAB)


def test_a_run_whose_things_lie_elsewhere_may_lock(solaris: MountTable) -> None:
    elsewhere = [Need("the journal", "/var/svmrun/runs/a"), Need("the guard's folder", "/tmp/svmrun-0/a")]
    assert problems("/global/ora", elsewhere, solaris) == []
    assert problems("/global/ora/", elsewhere, solaris) == []


def test_a_log_on_the_file_system_to_be_locked_is_refused(linux: MountTable) -> None:
    found = problems("/data", [Need("the journal", "/data/state/a/journal")], linux)
    assert found == [
        "the journal (/data/state/a/journal) lies on /data (/dev/sda2), which is to be locked: "
        "the run would wait for itself; move it to another file system"
    ]


@pytest.mark.parametrize("path", ["/srv/log/x", "/merged/x", "/image/x", "/data"])
def test_another_way_to_the_same_file_system_is_seen(linux: MountTable, path: str) -> None:
    assert len(problems("/data", [Need("standard output", path)], linux)) == 1


def test_a_loopback_mount_leads_to_the_file_system_below(solaris: MountTable) -> None:
    (found,) = problems("/global/ora", [Need("the working directory", "/home/admin")], solaris)
    assert "(/home/admin) lies on /home (/global/ora/home)" in found


def test_a_name_that_only_begins_alike_lies_elsewhere(linux: MountTable) -> None:
    assert problems("/data", [Need("the journal", "/database/x")], linux) == []


def test_a_path_that_is_no_mount_point_is_refused_with_the_mount_that_would_freeze(solaris: MountTable) -> None:
    (found,) = problems("/global/other", [], solaris)
    assert found.startswith("/global/other is not a mount point: it lies on / (/dev/md/dsk/d0)")


@pytest.mark.parametrize("path", ["/", "/var"])
def test_what_the_system_needs_is_never_locked_on_solaris(solaris: MountTable, path: str) -> None:
    (found,) = problems(path, [], solaris)
    assert "must never be locked" in found


@pytest.mark.parametrize("path", ["/", "/usr"])
def test_what_the_system_needs_is_never_locked_on_linux(linux: MountTable, path: str) -> None:
    (found,) = problems(path, [], linux)
    assert "must never be locked" in found


def test_blanks_in_a_mount_point_are_read(linux: MountTable) -> None:
    assert problems("/with blank", [], linux) == []
    assert len(problems("/with blank", [Need("the journal", "/with blank/x")], linux)) == 1


def test_all_problems_are_told_at_once(linux: MountTable) -> None:
    with pytest.raises(Refused) as refusal:
        demand("/data", [Need("the journal", "/data/a"), Need("the program dump", "/data/b")], linux)
    assert str(refusal.value).count("to be locked") == 2


def test_this_hosts_table_has_a_root() -> None:
    assert read_mount_table().holding("/proc/self").point == "/proc"


def test_a_script_needs_its_interpreter_and_the_libraries_of_that(tmp_path: Path) -> None:
    script = tmp_path / "lockfs"
    script.write_text("#!/bin/sh\n")
    link = tmp_path / "link"
    link.symlink_to(script)
    found = {(need.what, need.path) for need in needs.of_run([str(link)], {"the journal": tmp_path / "j"})}
    assert ("the program link", str(script)) in found
    assert ("the program link", str(link)) in found
    assert ("the interpreter of link", os.path.realpath("/bin/sh")) in found
    assert any(what == "a library of link" and "libc" in path for what, path in found)
    assert ("the journal", str(tmp_path / "j")) in found
    assert ("the working directory", os.getcwd()) in found
    assert ("Python", os.path.realpath(sys.executable)) in found


def test_a_script_read_by_env_needs_the_program_that_env_finds(tmp_path: Path) -> None:
    script = tmp_path / "command"
    script.write_text("#!/usr/bin/env sh\n")
    paths = {need.path for need in needs.of_run([str(script)], {})}
    assert {os.path.realpath("/usr/bin/env"), os.path.realpath("/bin/sh")} <= paths


def test_a_log_that_standard_output_goes_to_is_needed(tmp_path: Path) -> None:
    code = "from svmrun.effects import needs\nfor n in needs.of_run([], {}): print(n.what, n.path)"
    log = tmp_path / "terminal.log"
    with log.open("w") as file:
        subprocess.run([sys.executable, "-c", code], stdout=file, check=True, timeout=30)
    assert f"standard output {log}" in log.read_text()


def test_the_guards_folder_is_private_and_in_memory(tmp_path: Path) -> None:
    folder = memory_folder.make("a-run", {"SVMRUN_MEMORY": str(tmp_path)})
    assert folder == tmp_path / f"svmrun-{os.getuid()}" / "a-run"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert memory_folder.of_run("a-run", {"SVMRUN_MEMORY": str(tmp_path)}) == folder
    assert memory_folder.of_run("another", {"SVMRUN_MEMORY": str(tmp_path)}) is None


def test_a_folder_that_others_may_enter_is_refused(tmp_path: Path) -> None:
    (tmp_path / f"svmrun-{os.getuid()}").mkdir(mode=0o777)
    (tmp_path / f"svmrun-{os.getuid()}").chmod(0o777)
    with pytest.raises(Refused, match="not a private folder"):
        memory_folder.make("a-run", {"SVMRUN_MEMORY": str(tmp_path)})


def test_a_link_in_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    (tmp_path / f"svmrun-{os.getuid()}").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Refused, match="not a private folder"):
        memory_folder.make("a-run", {"SVMRUN_MEMORY": str(tmp_path)})


def test_a_place_that_does_not_exist_is_refused_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="SVMRUN_MEMORY"):
        memory_folder.make("a-run", {"SVMRUN_MEMORY": str(tmp_path / "missing")})


def test_only_memory_is_taken_unasked() -> None:
    on_disk = from_mountinfo("22 1 8:1 / / rw - ext4 /dev/sda1 rw\n")
    with pytest.raises(Refused, match="no memory-backed storage"):
        memory_folder.root({}, on_disk)
