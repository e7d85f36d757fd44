"""mount, umount, systemctl, tar, rsync, btrfs, xfs_repair, xfsdump, xfsrestore: what they said on real file systems."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from svmrun.adapters.archive import Rsync, Tar
from svmrun.adapters.base import Adapter, Completed, Outcome
from svmrun.adapters.btrfs import parse_list, parse_subvolume
from svmrun.adapters.registry import REGISTRY
from svmrun.adapters.systemctl import parse_systemctl
from tests import adapter_cases
from tests.program_cases import check, read_or_refused

ADAPTERS = ("mount", "umount", "systemctl", "tar", "rsync", "btrfs", "xfs_repair", "xfsdump", "xfsrestore")
CASES = adapter_cases.names(*ADAPTERS)


@pytest.mark.parametrize("name", CASES)
def test_the_command_is_built_and_read_as_the_case_says(name: str) -> None:
    check(name)


@pytest.mark.parametrize("name", CASES)
def test_a_command_that_was_cut_short_is_unknown_or_failed(name: str) -> None:
    case = adapter_cases.load(name)
    adapter = REGISTRY[case.adapter]
    argv = adapter.command_line(case.arguments).argv
    for size in range(0, 400, 40):
        cut: dict[str, Any] = {stream: text[:size] for stream, text in case.outputs.items()}
        assert adapter.interpret(case.arguments, Completed(argv, None, **cut, timed_out=True)).kind == "unknown"


@pytest.mark.parametrize(
    ("adapter", "arguments", "sentence"),
    [
        ("tar", {"archive": "/srv/data/x.tar", "folder": "/srv/data/"}, "a part of itself"),
        ("rsync", {"folder": "/srv/data", "target": "/srv/data/copy"}, "copy itself"),
        ("xfsdump", {"mount_point": "/mnt", "dump_device": "/mnt/x"}, "lies on the file system"),
        ("xfsrestore", {"dump_device": "/backup/x", "mode": "restore"}, "needs a `folder`"),
        ("xfsrestore", {"dump_device": "/backup/x", "folder": "/srv"}, "`verify` has none"),
        ("btrfs", {"mode": "snapshot", "path": "/srv/s"}, "needs `source`"),
        ("btrfs", {"mode": "delete", "path": "/srv/s", "stream": "/b"}, "does not belong"),
        ("btrfs", {"mode": "send", "path": "/srv/s", "stream": "/srv/s/x"}, "is read-only"),
        ("rsync", {"folder": "/srv/data", "target": "/backup", "delete": True}, "say `other_file_systems: allow`"),
        ("systemctl", {"action": "stop", "units": []}, "is empty"),
    ],
)
def test_arguments_that_do_not_fit_together_are_refused(adapter: str, arguments: Any, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        REGISTRY[adapter].check(REGISTRY[adapter].complete(arguments))


@pytest.mark.parametrize(
    ("adapter", "arguments"),
    [
        ("tar", {"archive": "/backup/x.tar", "folder": "/srv/data"}),
        ("dump", {"device": "/dev/mapper/view", "dump_device": "/backup/x"}),
        ("ufsdump", {"device": "/dev/md/rdsk/d30", "dump_device": "/backup/x"}),
        ("xfsdump", {"mount_point": "/mnt", "dump_device": "/backup/x"}),
        ("btrfs", {"mode": "send", "path": "/srv/s", "stream": "/backup/x"}),
        ("command", {"argv": ["dd", "if=/dev/sda", "of=/backup/x"], "private": True}),
        ("session", {"open": "db", "argv": ["psql"], "prompt": ">", "private": True}),
    ],
)
def test_a_copy_can_be_read_by_its_owner_alone(adapter: str, arguments: Any) -> None:
    assert REGISTRY[adapter].command_line(REGISTRY[adapter].complete(arguments)).private


def present(adapter: str, arguments: Any, result: Any) -> bool | None:
    probe = REGISTRY[adapter].probe(REGISTRY[adapter].complete(arguments))
    assert probe is not None
    return probe.present(result)


MOUNT = {"device": "/dev/mapper/view", "mount_point": "/mnt"}


@pytest.mark.parametrize(
    ("sources", "mounted", "gone"),
    [
        ([], False, True),
        (["/dev/mapper/view"], True, False),
        (["/dev/mapper/view[/sub]"], True, False),
        (["/dev/sda1"], None, False),
        (["/dev/sda1", "/dev/mapper/view"], True, False),
    ],
)
def test_a_mount_is_there_when_its_device_is(sources: list[str], mounted: bool | None, gone: bool) -> None:
    result = {"filesystems": [{"source": source} for source in sources]}
    assert present("mount", MOUNT, result) is mounted
    assert present("umount", {"mount_point": "/mnt"}, result) is gone


def test_what_mount_refused_is_not_to_be_taken_away() -> None:
    outcome = adapter_cases.load("mount/already-mounted").run()
    assert (outcome.kind, outcome.untouched) == ("failed", True)


@pytest.mark.parametrize("name", ["ledger*.service", "tmpl@?.service", "[ab].service", "-H.service", "two words"])
def test_a_pattern_for_units_is_refused(name: str) -> None:
    """What `*` stops `*` does not start again: a pattern means the units that are loaded."""
    pattern = REGISTRY["systemctl"].schema["properties"]["units"]["items"]["pattern"]
    assert not re.search(pattern, name)
    assert re.search(pattern, r"dev-disk-by\x2duuid-1.swap")


def test_a_snapshot_of_somebody_else_is_not_to_be_deleted() -> None:
    assert adapter_cases.load("btrfs/snapshot-that-is-there").run().untouched
    assert not adapter_cases.load("btrfs/snapshot-into-a-folder").run().untouched


@pytest.mark.parametrize(
    ("states", "stopped", "started"),
    [
        (["active"], False, True),
        (["inactive", "failed"], True, False),
        (["active", "inactive"], None, None),
        (["activating"], None, None),
    ],
)
def test_services_are_stopped_when_all_are(states: list[str], stopped: bool | None, started: bool | None) -> None:
    result = {"units": {f"{number}.service": state for number, state in enumerate(states)}}
    units = list(result["units"])
    assert present("systemctl", {"action": "stop", "units": units}, result) is stopped
    assert present("systemctl", {"action": "start", "units": units}, result) is started


@pytest.mark.parametrize(
    ("shown", "there"), [(None, False), ({"subvolume": False}, False), ({"subvolume": True, "uuid": "x"}, True)]
)
def test_a_snapshot_is_there_when_a_subvolume_is(shown: Any, there: bool) -> None:
    snapshot = {"mode": "snapshot", "source": "/srv", "path": "/srv/s"}
    assert present("btrfs", snapshot, shown) is there
    assert present("btrfs", {"mode": "delete", "path": "/srv/s"}, shown) is not there


@pytest.mark.parametrize(
    ("adapter", "arguments", "undoing"),
    [
        ("mount", MOUNT, ("umount", {"mount_point": "/mnt"})),
        ("systemctl", {"action": "stop", "units": ["a"]}, ("systemctl", {"action": "start", "units": ["a"]})),
        (
            "btrfs",
            {"mode": "snapshot", "source": "/srv", "path": "/srv/s"},
            ("btrfs", {"mode": "delete", "path": "/srv/s"}),
        ),
    ],
)
def test_each_knows_what_undoes_it(adapter: str, arguments: Any, undoing: Any) -> None:
    inverse = REGISTRY[adapter].inverse(REGISTRY[adapter].complete(arguments))
    assert inverse is not None
    assert (inverse.adapter, inverse.arguments) == undoing
    REGISTRY[inverse.adapter].check(REGISTRY[inverse.adapter].complete(inverse.arguments))


def really(adapter: Adapter, *before: str, **written: Any) -> Outcome:
    """What the program of this machine does and says, called by its path as svmrun calls it, behind words `before`."""
    arguments = adapter.complete(written)
    argv = adapter.command_line(arguments).argv
    program = shutil.which(argv[0])
    if program is None:
        pytest.skip(f"NOT TESTED: the real {argv[0]} is not on this machine: install it")
    done = subprocess.run(
        [*before, program, *argv[1:]], capture_output=True, text=True, env={"LC_ALL": "C", "PATH": "/usr/bin"}
    )
    return adapter.interpret(arguments, Completed(argv, done.returncode, done.stdout, done.stderr))


@pytest.mark.parametrize(("adapter", "target"), [(Tar(), "archive"), (Rsync(), "target")], ids=["tar", "rsync"])
def test_the_real_program_copies_a_folder_and_tells_of_one_that_is_not_there(
    adapter: Adapter, target: str, tmp_path: Path
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "file").write_text("text")
    copied = really(adapter, folder=str(folder), **{target: str(tmp_path / "copy:1")})
    assert copied.ok, copied.message
    assert copied.result["bytes"] >= len("text")
    missing = really(adapter, folder=str(tmp_path / "nowhere"), **{target: str(tmp_path / "other")})
    assert missing.kind == "failed"
    assert "(exit " in missing.message


@pytest.mark.parametrize(("adapter", "target"), [(Tar(), "archive"), (Rsync(), "target")], ids=["tar", "rsync"])
def test_the_real_program_tells_of_another_file_system_in_the_folder(
    adapter: Adapter, target: str, tmp_path: Path
) -> None:
    other = tmp_path / "folder" / "other"
    other.mkdir(parents=True)
    alone = ("unshare", "-rm", "sh", "-c")
    mounted = f"mount -t tmpfs none {other}"
    if subprocess.run([*alone, mounted], capture_output=True).returncode:
        pytest.skip("NOT TESTED: nobody may mount here, not even alone in a mount namespace (unshare -rm)")
    given = {target: str(tmp_path / "copy"), "folder": str(tmp_path / "folder")}
    before = (*alone, f'{mounted} && exec "$@"', "sh")
    lacking = really(adapter, *before, **given)
    assert lacking.kind == "failed"
    assert "other" in lacking.message
    assert "is on another file system" in lacking.message
    assert really(adapter, *before, **given, other_file_systems="allow").ok


@pytest.mark.parametrize("adapter", [Tar(), Rsync()], ids=lambda one: one.name)
def test_copies_never_stand_where_writers_wait(adapter: Adapter) -> None:
    assert adapter.copies({})


def test_no_text_breaks_the_parsers() -> None:
    for name in CASES:
        for text in adapter_cases.load(name).outputs.values():
            for size in range(0, min(len(text), 1500), 31):
                read_or_refused(parse_subvolume, text[size:])
                read_or_refused(parse_list, text[size:])
                read_or_refused(parse_systemctl, text[size:])
