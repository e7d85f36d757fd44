"""The simulated md, device-mapper and their tools: real words, real refusals, and what no state word tells."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable

import pytest

from svmrun.adapters.base import Completed
from svmrun.adapters.registry import REGISTRY
from svmrun.simulator import host
from svmrun.simulator.disruptions import disk_fails
from svmrun.simulator.reboot import rebooted
from svmrun.simulator.world import DumpImage, World
from svmrun.values import replace
from tests.simulated_host import after, changed, shipped

LEG, OFFSET, SECTORS = "/dev/sdd1", 264192, 976508928
FREEZE, THAW = "fsfreeze --freeze /srv/data", "fsfreeze --unfreeze /srv/data"
OFF, BACK = f"mdadm /dev/md0 --fail {LEG} --remove {LEG}", f"mdadm /dev/md0 --re-add {LEG}"
DATA = f"dmsetup create data --readonly --table '0 {SECTORS} linear {LEG} {OFFSET}'"
STORE = ("truncate -s 8M /run/store", "losetup /dev/loop0 /run/store")
VIEW = f"dmsetup create view --table '0 {SECTORS} snapshot /dev/mapper/data /dev/loop0 N 8'"
CHECK = "mdadm --action=check /dev/md0"


def run(world: World, command: str, user: str = "root") -> host.Ended:
    return host.run(world, shlex.split(command), user=user)


def later(world: World, seconds: float = 10 * 3600.0) -> World:
    return host.look(replace(world, clock=world.clock + seconds))


def taken_off() -> World:
    return after(shipped("md"), FREEZE, OFF, THAW)


def viewed() -> World:
    return after(taken_off(), DATA, *STORE, VIEW)


def test_a_file_that_is_deleted_stays_behind_its_loop_device() -> None:
    world = after(viewed(), "rm -f /run/store")
    attach = REGISTRY["losetup"].complete({"mode": "attach", "device": "/dev/loop0", "file": "/run/store"})
    probe = REGISTRY["losetup"].probe(attach)
    assert probe is not None
    asked = REGISTRY["losetup"].command_line(probe.arguments)
    told = run(world, shlex.join(asked.argv)).stdout
    assert '"back-file": "/run/store (deleted)"' in told
    outcome = REGISTRY["losetup"].interpret(probe.arguments, Completed(asked.argv, 0, told))
    assert probe.present(outcome.result) is True


def states(world: World) -> list[str]:
    return [leg.state for leg in world.linux_mirrors[0].legs]


def mismatches(world: World) -> int:
    return later(after(later(world), CHECK)).linux_mirrors[0].mismatches


@pytest.mark.parametrize(
    ("command", "status", "said"),
    [
        ("mdadm --detail /dev/md7", 1, "mdadm: cannot open /dev/md7: No such file or directory"),
        (f"mdadm --detail {LEG}", 1, f"mdadm: {LEG} does not appear to be an md device"),
        (BACK, 1, f"mdadm: Cannot open {LEG}: Device or resource busy"),
        (f"mdadm /dev/md0 --remove {LEG}", 1, f"mdadm: hot remove failed for {LEG}: Device or resource busy"),
        (
            "mdadm /dev/md0 --fail /dev/no --remove /dev/no",
            1,
            "mdadm: stat failed for /dev/no: No such file or directory",
        ),
        (f"mdadm /dev/md7 --re-add {LEG}", 1, "mdadm: error opening /dev/md7: No such file or directory"),
        ("mdadm --action=check /dev/md7", 1, "mdadm: Couldn't open /dev/md7: No such file or directory"),
        (f"mdadm --action=check {LEG}", 1, f"mdadm: {LEG} is no an md array"),
        (f"mdadm {LEG} --re-add /dev/sdb1", 1, f"mdadm: {LEG} does not appear to be an md device"),
        ("mdadm --examine /dev/md0", 1, "mdadm: No md superblock detected on /dev/md0."),
        (f"mdadm --zero-superblock {LEG}", 2, f"mdadm: Couldn't open {LEG} for write - not zeroing"),
        ("mdadm --wait /dev/md7", 2, "mdadm: stat failed for /dev/md7: No such file or directory"),
        ("mdadm --wait /dev/md0", 1, ""),
        (DATA, 1, "device-mapper: reload ioctl on data (253:0) failed: Device or resource busy\nCommand failed."),
        ("dmsetup status no", 1, "Device does not exist.\nCommand failed."),
        (
            "dmsetup remove no",
            1,
            "device-mapper: remove ioctl on no  failed: No such device or address\nCommand failed.",
        ),
        ("losetup --detach /dev/loop0", 1, "losetup: /dev/loop0: detach failed: No such device or address"),
        ("losetup /dev/loop0 /no", 1, "losetup: /no: failed to set up loop device: No such file or directory"),
        ("restore -t -f /no", 1, "restore: /no: No such file or directory"),
        ("cat /sys/block/md7/md/mismatch_cnt", 1, "cat: /sys/block/md7/md/mismatch_cnt: No such file or directory"),
        (
            "e2fsck -n /dev/no",
            8,
            "e2fsck 1.47.0 (5-Feb-2023)\ne2fsck: No such file or directory while trying to open /dev/no",
        ),
        ("e2fsck -f -y /dev/md0", 8, "e2fsck 1.47.0 (5-Feb-2023)\ne2fsck: Cannot continue, aborting."),
        (
            f"e2fsck -n {LEG}",
            8,
            f"e2fsck 1.47.0 (5-Feb-2023)\ne2fsck: Bad magic number in super-block while trying to open {LEG}",
        ),
    ],
)
def test_refusals_have_the_words_of_the_real_commands(command: str, status: int, said: str) -> None:
    ended = run(shipped("md"), command)
    assert (ended.status, ended.stderr.strip()) == (status, said)


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("mdadm --detail /dev/md0", "must be super-user to perform this action"),
        (f"mdadm --zero-superblock {LEG}", "must be super-user to perform this action"),
        (OFF, "error opening /dev/md0: Permission denied"),
        (f"mdadm --examine {LEG}", f"cannot open {LEG}: Permission denied"),
    ],
)
def test_who_is_not_root_is_told_so_as_by_mdadm(command: str, said: str) -> None:
    ended = run(shipped("md"), command, user="ada")
    assert (ended.status, ended.stderr) == (1, f"mdadm: {said}\n")


def test_a_leg_that_is_thrown_out_of_a_check_can_be_removed_a_moment_later() -> None:
    checking = after(shipped("md"), CHECK)
    assert run(checking, CHECK).stderr == "mdadm: Count not set action for /dev/md0 to check: Device or resource busy\n"
    ended = run(checking, OFF)
    told = f"mdadm: set {LEG} faulty in /dev/md0\nmdadm: hot remove failed for {LEG}: Device or resource busy\n"
    assert (ended.status, ended.stderr) == (1, told)
    assert states(ended.world) == ["in-sync", "in-sync", "faulty"]
    assert states(after(ended.world, BACK)) == ["in-sync", "in-sync", "recovering"]
    assert states(after(later(ended.world, 1.0), f"mdadm /dev/md0 --remove {LEG}")) == ["in-sync", "in-sync", "out"]


def test_a_device_that_cannot_be_written_to_joins_no_array() -> None:
    read_only = after(taken_off(), f"blockdev --setro {LEG}")
    assert run(read_only, BACK).stderr == f"mdadm: add new device failed for {LEG}: Read-only file system\n"
    forgotten = after(taken_off(), f"mdadm --zero-superblock {LEG}", f"blockdev --setro {LEG}")
    assert run(forgotten, BACK).stderr == f"mdadm: --re-add for {LEG} to /dev/md0 is not possible\n"
    assert run(forgotten, f"mdadm /dev/md0 --add {LEG}").stderr == f"mdadm: Failed to write metadata to {LEG}\n"


def test_a_check_of_what_is_in_use_looks_only_and_says_so() -> None:
    for world, device, used in ((shipped("md"), LEG, "in use"), (viewed(), LEG, "in use")):
        ended = run(world, f"e2fsck -f -y {device}")
        assert (ended.status, ended.stdout) == (8, f"{device} is {used}.\n")
        assert ended.stderr.endswith("e2fsck: Cannot continue, aborting.\n\n\n")
    live = run(shipped("md"), "e2fsck -f -n /dev/md0")
    assert live.stdout.startswith("Warning!  /dev/md0 is mounted.\n")
    arguments = {"device": "/dev/md0", "answer": "no", "force": True}
    outcome = REGISTRY["e2fsck"].interpret(arguments, Completed(("e2fsck",), live.status, live.stdout, live.stderr))
    assert "in use" in outcome.message


def test_a_dump_knows_file_systems_of_its_own_kind_alone() -> None:
    ended = run(shipped("md"), "dump -0 -f /backup/x /dev/mapper/vg-backup")
    assert ended.status == 1
    assert "(an unlisted file system)" in ended.stderr
    assert "/dev/mapper/vg-backup: Bad magic number in super-block while opening filesystem\n" in ended.stderr
    assert run(shipped("md"), "dump -0 -f /backup/x /dev/vda1").status == 0


def test_a_leg_goes_and_comes_back_and_only_what_changed_is_copied() -> None:
    world = taken_off()
    assert states(world) == ["in-sync", "in-sync", "out"]
    assert "No such device" in run(world, OFF).stderr
    back = after(world, BACK)
    assert states(back) == ["in-sync", "in-sync", "recovering"]
    assert states(later(back, back.resync_seconds / 10)) == ["in-sync"] * 3
    assert "Count not set action" in run(back, CHECK).stderr
    assert mismatches(back) == 0


def test_every_report_is_read_by_its_adapter() -> None:
    back = after(viewed(), "dmsetup remove view", "dmsetup remove data", BACK)
    for world, arguments in (
        (shipped("md"), {"mode": "detail", "array": "/dev/md0"}),
        (taken_off(), {"mode": "detail", "array": "/dev/md0"}),
        (back, {"mode": "detail", "array": "/dev/md0"}),
        (after(shipped("md"), CHECK), {"mode": "detail", "array": "/dev/md0"}),
        (taken_off(), {"mode": "examine", "device": LEG}),
    ):
        command = REGISTRY["mdadm"].command_line(arguments)
        ended = host.run(world, command.argv)
        outcome = REGISTRY["mdadm"].interpret(arguments, Completed(command.argv, ended.status, ended.stdout))
        assert outcome.ok, outcome.message
    assert "Data Offset : 264192 sectors" in ended.stdout


def test_a_check_on_the_leg_itself_makes_the_copies_differ_and_no_state_tells() -> None:
    """Through a device that begins where the data begin: the leg is written to, and the bitmap knows nothing."""
    world = after(taken_off(), f"losetup --offset {OFFSET * 512} /dev/loop1 {LEG}", "e2fsck -f -y /dev/loop1")
    world = later(after(world, "losetup --detach /dev/loop1", BACK))
    assert states(world) == ["in-sync"] * 3
    assert "active sync" in run(world, "mdadm --detail /dev/md0").stdout
    assert mismatches(world) > 0
    whole = later(after(world, OFF, f"mdadm --zero-superblock {LEG}", f"mdadm /dev/md0 --add {LEG}"))
    assert mismatches(whole) == 0


def test_an_add_is_no_help_while_the_leg_knows_whose_it_was() -> None:
    world = after(taken_off(), f"losetup --offset {OFFSET * 512} /dev/loop1 {LEG}", "e2fsck -f -y /dev/loop1")
    assert run(world, f"mdadm /dev/md0 --add {LEG}").stderr == f"mdadm: re-added {LEG}\n"
    assert mismatches(after(world, f"mdadm /dev/md0 --add {LEG}")) > 0


def test_a_snapshot_keeps_what_the_check_writes_and_its_dump_is_one_moment() -> None:
    world = after(viewed(), "e2fsck -f -y /dev/mapper/view", "dump -0 -f /backup/x /dev/mapper/view")
    assert [image.consistent for image in world.files] == [True]
    assert "Device or resource busy" in run(world, BACK).stderr
    assert "Device or resource busy" in run(world, "dmsetup remove data").stderr
    world = after(world, "dmsetup remove view", "dmsetup remove data", "losetup --detach /dev/loop0", BACK)
    assert world.views == ()
    assert mismatches(world) == 0


def test_a_leg_taken_off_while_writers_go_on_is_no_moment() -> None:
    world = after(shipped("md"), OFF, DATA, *STORE, VIEW)
    assert run(world, "e2fsck -f -n /dev/mapper/view").status == 4
    mended = after(world, "e2fsck -f -y /dev/mapper/view", "dump -0 -f /backup/x /dev/mapper/view")
    assert [image.consistent for image in mended.files] == [False]
    assert run(mended, "e2fsck -f -n /dev/mapper/view").status == 0


def test_a_read_only_view_and_a_read_only_leg_refuse_to_be_written_to() -> None:
    world = after(taken_off(), DATA)
    assert "Operation not permitted" in run(world, "e2fsck -f -y /dev/mapper/data").stderr
    assert run(world, "blockdev --getro /dev/mapper/data").stdout == "1\n"
    world = after(taken_off(), f"blockdev --setro {LEG}")
    assert "Read-only file system" in run(world, BACK).stderr
    assert states(after(world, f"blockdev --setrw {LEG}", BACK))[2] == "recovering"


def test_a_loop_device_in_use_goes_with_its_last_user() -> None:
    world = after(viewed(), "losetup --detach /dev/loop0")
    assert "/dev/loop0" in run(world, "losetup --list --json").stdout
    assert [view.name for view in after(world, "dmsetup remove view").views] == ["/dev/mapper/data"]


def test_what_begins_elsewhere_is_no_file_system() -> None:
    wrong = f"dmsetup create wrong --table '0 8192 linear {LEG} 8'"
    assert "Bad magic number" in run(after(taken_off(), wrong), "e2fsck -n /dev/mapper/wrong").stderr
    assert "Bad magic number" in run(after(taken_off(), wrong), "dump -0 -f /backup/x /dev/mapper/wrong").stderr


def test_without_a_bitmap_there_is_no_re_add_and_an_add_copies_everything() -> None:
    world = after(changed(shipped("md"), "linux_mirrors", bitmap=False), OFF)
    assert "is not possible" in run(world, BACK).stderr
    added = after(world, f"mdadm /dev/md0 --add {LEG}")
    assert states(later(added, added.resync_seconds / 2))[2] == "recovering"
    assert states(later(added, added.resync_seconds))[2] == "in-sync"


def test_the_last_leg_is_not_thrown_out() -> None:
    world = after(shipped("md"), OFF, OFF.replace("sdd1", "sdc1"))
    refused = run(world, OFF.replace("sdd1", "sdb1"))
    assert (refused.status, "Device or resource busy" in refused.stderr) == (2, True)
    assert refused.world.linux_mirrors[0].broken, "a kernel 6.1 takes no writes any more"
    assert not rebooted(refused.world).linux_mirrors[0].broken


def test_a_broken_leg_is_faulty_and_a_broken_leg_that_is_out_is_gone() -> None:
    faulty = disk_fails(shipped("md"), LEG)
    assert states(faulty)[2] == "faulty"
    assert f"faulty   {LEG}" in run(faulty, "mdadm --detail /dev/md0").stdout
    assert f"re-add {LEG} to md0 succeed" in run(faulty, BACK).stderr
    gone = disk_fails(viewed(), LEG)
    assert "stat failed" in run(gone, BACK).stderr
    assert run(gone, "e2fsck -f -n /dev/mapper/view").status == 8


def test_a_boot_leaves_a_leg_out_and_takes_views_and_locks_away() -> None:
    world = rebooted(after(viewed(), FREEZE))
    assert (states(world)[2], world.views, world.file_systems[1].lock) == ("out", (), "unlock")
    assert mismatches(after(world, BACK)) == 0


def test_a_copy_of_the_mounted_mirror_is_good_only_while_it_is_frozen() -> None:
    def image(world: World) -> DumpImage:
        return after(world, "dump -0 -f /backup/x /dev/md0").files[0]

    assert not image(shipped("md")).consistent
    assert image(after(shipped("md"), FREEZE)).consistent


def test_a_check_asks_on_a_terminal_only_and_one_key_answers() -> None:
    adapter = REGISTRY["e2fsck"]
    arguments = adapter.complete({"device": "/dev/mapper/view", "answer": "ask", "force": True})
    command = adapter.command_line(arguments)
    assert adapter.asks(arguments)
    assert command.dialogue is not None
    (question,) = command.dialogue.prompts
    world = after(shipped("md"), OFF, DATA, *STORE, VIEW)
    assert "need terminal" in host.run(world, command.argv).stderr
    asked: list[str] = []

    def typed(key: str) -> Callable[[str], str]:
        def answer(text: str) -> str:
            asked.append(text)
            return key

        return answer

    for key, status in (("y", 1), ("n", 4)):
        assert host.run(world, command.argv, terminal=True, answer=typed(key)).status == status
    assert all(re.search(question.pattern, text) for text in asked)
    assert not question.enter, "e2fsck reads keys: a newline would answer the next question"
