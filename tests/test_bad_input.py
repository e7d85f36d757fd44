"""Whatever is wrong before a run begins: the right exit code, a sentence, no traceback, nothing changed."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.running import SVMRUN, Ended, Scene


def refused(ended: Ended, code: int, *says: str) -> None:
    assert ended.code == code, ended.said
    assert "Traceback" not in ended.said
    assert ended.err.strip(), "nothing was said"
    for words in says:
        assert words in ended.err, ended.err


def test_a_runbook_that_is_not_there(scene: Scene) -> None:
    refused(scene.run("execute", "nightly-backup"), 3, "nightly-backup")


def test_a_folder_is_no_runbook(scene: Scene) -> None:
    refused(scene.run("execute", str(scene.folder)), 3, str(scene.folder))


@pytest.mark.parametrize("name", ["", "x" * 300, "backup/", "a\nb"], ids=["empty", "too-long", "slash", "two-lines"])
@pytest.mark.parametrize("command", ["execute", "validate", "lint"])
def test_a_name_that_cannot_be_a_runbook_s(command: str, name: str, scene: Scene) -> None:
    ended = scene.run(command, name)

    assert ended.code == 3
    assert "there is no runbook" in ended.said


@pytest.mark.parametrize("name", [".", "/"])
def test_a_folder_without_a_name_is_no_runbook_either(name: str, scene: Scene) -> None:
    refused(scene.run("execute", name), 3, f"{name} is a folder")


def test_neither_a_pipe_nor_a_device_nor_a_broken_link_is_a_runbook(scene: Scene) -> None:
    os.mkfifo(scene.folder / "pipe.yaml")
    (scene.folder / "link.yaml").symlink_to("nowhere.yaml")

    refused(scene.run("execute", str(scene.folder / "pipe.yaml")), 3, "pipe.yaml is a pipe or a device")
    refused(scene.run("execute", "/dev/zero"), 3, "/dev/zero is a pipe or a device")
    refused(scene.run("execute", str(scene.folder / "link.yaml")), 3, "link.yaml is a link that leads nowhere")


def test_a_binary_file_is_no_runbook(scene: Scene) -> None:
    path = scene.folder / "image.yaml"
    path.write_bytes(bytes(range(256)) * 40)
    refused(scene.run("execute", str(path)), 3, "image.yaml")


@pytest.mark.parametrize(
    ("world", "says"),
    [
        ("other-owner", "does not own the disk set schost-1"),
        ("no-owner", "must be owner of the set for this command"),
        ("maintenance", "Not every submirror of d0 is Okay"),
        ("offline", "Not every submirror of d0 is Okay"),
        ("one-submirror", "d0 has one side only"),
        ("resyncing", "d0 is being resynced"),
        ("unmounted", "d0 is not what is mounted on /global/schost-1"),
        ("mounted-elsewhere", "d0 is not what is mounted on /global/schost-1"),
        ("locked", "/global/schost-1 is locked already"),
        ("node-down", "A node of the cluster is not online"),
    ],
)
def test_a_host_that_is_not_as_it_must_be(world: str, says: str, scene: Scene) -> None:
    scene.host(world)

    refused(scene.execute("mirror-backup"), 6, says)

    assert scene.calls() == ()
    assert scene.world.file_systems == scene.before.file_systems


def test_a_side_that_somebody_left_off_is_noticed_when_the_number_of_sides_is_known(scene: Scene) -> None:
    scene.host("detached")

    refused(scene.execute("mirror-backup", "-p", "sides=3"), 6, "d0 has less than 3 submirrors")

    assert scene.calls() == ()


@pytest.mark.parametrize(
    "words", [["--time-scale", "0"], ["--simulate", "--time-scale", "-1"], ["--simulate", "--time-scale", "inf"]]
)
def test_a_time_scale_without_a_meaning_is_refused(words: list[str], scene: Scene) -> None:
    refused(
        scene.run("execute", "mirror-backup", *words), 2, "--time-scale is a number from 0, and goes with --simulate"
    )


def test_a_simulated_host_that_has_its_own_time_scale_is_not_given_another_one(scene: Scene) -> None:
    scene.host()

    refused(scene.execute("mirror-backup", "--time-scale", "1"), 2, "has a time scale of its own", "svmrun simulate ")


def test_nothing_but_what_does_not_hold_is_said_about_a_mirror_that_is_being_resynced(scene: Scene) -> None:
    scene.host("resyncing")

    assert scene.execute("mirror-backup").out == ""


def test_a_user_without_rights_is_told_at_once(scene: Scene) -> None:
    scene.host(user="operator")

    refused(scene.execute("mirror-backup"), 6, "Run this as root, or give --become")

    assert scene.calls() == ()


def test_a_command_of_a_fact_that_is_missing(scene: Scene) -> None:
    scene.host()
    (scene.folder / "host" / "bin" / "metastat").unlink()

    refused(scene.execute("mirror-backup"), 6, "missing or not executable: metastat")

    assert scene.calls() == ()


GERMAN = """\
schost-1/d0: Spiegel
    Unterspiegel 0: schost-1/d10
      Zustand: In Ordnung
"""


@pytest.mark.parametrize(
    "script",
    ["exit 0", f"/bin/cat <<'E'\n{GERMAN}E", "head -c 20000 /dev/urandom", "echo 'd0: Mirror'; exit 1", "kill -9 $$"],
    ids=["nothing", "german", "garbage", "failure", "killed"],
)
def test_a_fact_that_cannot_be_read(script: str, scene: Scene) -> None:
    scene.host()
    program = scene.folder / "host" / "bin" / "metastat"
    program.write_text(f"#!/bin/sh\n{script}\n")

    refused(scene.execute("mirror-backup"), 6, "the fact health cannot be read: ", "nothing was changed")

    assert scene.calls() == ()


def test_a_file_where_the_state_folder_should_be(scene: Scene) -> None:
    scene.host()
    scene.state.write_text("")

    refused(scene.execute("mirror-backup"), 3, str(scene.state))

    assert scene.calls() == ()


def test_a_state_folder_that_is_full(scene: Scene) -> None:
    """A tiny file system of its own, where this user may mount one; else a folder that takes nothing, as /proc."""
    scene.host()
    execute = f"{SVMRUN} execute mirror-backup --simulate {scene.folder / 'host'}"
    scene.state.mkdir()
    fill = f"mount -t tmpfs -o size=16k none {scene.state} && head -c 1M /dev/zero > {scene.state}/filler"
    may_mount = (
        subprocess.run(["unshare", "-rm", "sh", "-c", f"{fill} 2>&-; true"], capture_output=True).returncode == 0
    )
    if may_mount:
        done = scene.command("unshare", "-rm", "sh", "-c", f"{fill} 2>&-; exec {execute}")
    else:
        done = scene.execute("mirror-backup", SVMRUN_STATE="/proc/svmrun")

    refused(done, 3, "the state folder cannot be used" if not may_mount else "No space left on device")
    assert scene.calls() == ()


def test_a_state_folder_on_the_file_system_that_will_be_locked(scene: Scene) -> None:
    scene.host()

    ended = scene.execute("mirror-backup", SVMRUN_STATE="/global/schost-1/svmrun")

    refused(ended, 6, "/global/schost-1/svmrun", "lies on /global/schost-1 (/dev/md/schost-1/dsk/d0)")
    assert scene.calls() == ()
    assert not Path("/global/schost-1").exists()
