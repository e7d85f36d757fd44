"""Every step of every shipped runbook fails in some way, and the host is as it was found, or the operator is told."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from svmrun.simulator import state_file
from tests.installed import until
from tests.running import Ended, Scene, differences, with_short_timeouts
from tests.test_runbook_success import CRON, images

LOOK_AT_LOCK = "lockfs /global/schost-1"
LIST = "metastat -s schost-1 -p"


@dataclass(frozen=True)
class Failure:
    """`step` fails because of `fault`; `says` is in the cause that is told."""

    runbook: str
    step: str
    fault: str
    says: str
    arguments: tuple[str, ...] = ()
    world: str = "schost"

    def __str__(self) -> str:
        return f"{self.runbook}:{self.step}:{self.fault}"


WINDOW = Path(__file__).parent / "cases" / "conformance" / "window.yaml"
BACKUP, OFFLINE, RAW = "mirror-backup", "mirror-backup-offline", "raw-volume-backup"
WITH_SERVICE = ("-p", f'services=["{CRON}"]')
BROKEN = """
from svmrun.adapters.base import Adapter, Command

class Broken(Adapter):
    name = "broken"
    summary = "What somebody else wrote, and never tried"
    schema = {"type": "object", "properties": {}}

    def command_line(self, arguments):
        return Command(("true",))

    def interpret(self, arguments, completed):
        raise RuntimeError("nobody thought of that")
"""
UNDONE = [
    Failure(BACKUP, "quiet", "svcadm disable=fail-after", "quiet: svcadm: simulated fault", WITH_SERVICE),
    Failure(BACKUP, "lock", "lockfs -w=fail-after", "lock: lockfs: simulated fault"),
    Failure(BACKUP, "lock", "lockfs -w=hang-after", "lock: lockfs timed out"),
    Failure(BACKUP, "prove-still-locked", "lockfs -w=lie", "/global/schost-1 was not locked when d30 was taken off"),
    Failure(BACKUP, "detach", "metadetach=fail-after", "detach: metadetach: simulated fault"),
    Failure(BACKUP, "detach", "metadetach=late:1", "detach: metadetach timed out"),
    Failure(BACKUP, "detach", "metadetach=garbage", "did not say that schost-1/d30 is detached"),
    Failure(BACKUP, "still-locked", f"{LOOK_AT_LOCK}#5=garbage", "still-locked: "),
    Failure(BACKUP, "taken-off", f"{LIST}#3=fail", "taken-off: metastat: simulated fault"),
    Failure(BACKUP, "check", "fsck=fail", "check: fsck: simulated fault"),
    Failure(BACKUP, "dump", "ufsdump=hang", "dump: ufsdump timed out"),
    Failure(BACKUP, "read-back", "ufsrestore=lie", "read-back: ", ("-p", "read_back=true")),
    Failure(BACKUP, "resync", "metastat d0#4-9=fail", "resync: metastat: simulated fault"),
    Failure(OFFLINE, "offline", "metaoffline=lie", "did not say that schost-1/d30 is offlined"),
    Failure(OFFLINE, "dump", "ufsdump=fail-after", "dump: the dump is not good"),
    Failure(RAW, "prove-still-quiet", "svmsim-quiesce suspend=lie", "books_m1 went on writing", world="raw-volume"),
    Failure(RAW, "copy", "dd=fail-after", "copy: dd: simulated fault", world="raw-volume"),
    Failure("mirror-status", "show", "metastat -s schost-1 d0#2=garbage", "show: metastat ended well, but"),
]
STUCK = [
    Failure(BACKUP, "lock", "lockfs -u=fail", "release-lock: lockfs: simulated fault"),
    Failure(BACKUP, "detach", "metattach=lie", "release-detach: metattach ended well but did not say"),
    Failure(BACKUP, "quiet", "svcadm enable=lie", "release-quiet: ", WITH_SERVICE),
    Failure(OFFLINE, "offline", "metaonline=fail", "release-offline: metaonline: simulated fault"),
    Failure(RAW, "quiesce", "svmsim-quiesce resume=fail", "release-quiesce: svmsim-quiesce: ", world="raw-volume"),
]


def run(case: Failure, scene: Scene) -> Ended:
    scene.host(case.world, case.fault)
    slow = case.fault.partition("=")[2].startswith(("hang", "late"))
    runbook = with_short_timeouts(case.runbook, case.step, scene.folder) if slow else case.runbook
    return scene.execute(runbook, *case.arguments)


@pytest.mark.parametrize("case", UNDONE, ids=str)
def test_a_step_fails_and_the_host_is_as_it_was_found(case: Failure, scene: Scene) -> None:
    ended = run(case, scene)

    assert ended.code == 1, ended.said
    assert case.says in ended.said, ended.said
    assert differences(scene.before, scene.world) == []
    assert (scene.events()[-1]["verdict"], scene.events()[-1]["exit_code"]) == ("rolled back", 1)
    assert list(scene.memory.rglob("release.sh")) == []


@pytest.mark.parametrize("case", STUCK, ids=str)
def test_what_cannot_be_undone_is_told_with_the_command_that_ends_it(case: Failure, scene: Scene) -> None:
    ended = run(case, scene)
    assert ended.code == 4, ended.said
    assert case.says in ended.said, ended.said
    assert scene.events()[-1]["verdict"] == "stuck"
    assert len(differences(scene.before, scene.world)) == 1

    state_file.change(str(scene.folder / "host"), lambda world: replace(world, faults=()))  # its cause is removed
    for instruction in ended.instructions():
        done = scene.shell(instruction)
        undone = differences(scene.before, scene.world) == []  # the guard may have been quicker
        assert done.returncode == 0 or undone, instruction

    assert differences(scene.before, scene.world) == []


def test_after_a_stuck_run_its_guard_goes_on_until_the_cause_is_gone(scene: Scene) -> None:
    scene.host("schost", "lockfs -u=fail")
    ended = scene.execute(WINDOW)
    assert ended.code == 4
    assert "goes on trying to release lock" in ended.said
    assert "it acted; pid" in scene.run("status").out
    assert "note:   the guard goes on trying to release this" in scene.run("status").out

    recovered = scene.run("recover")  # too early: what it ends, it leaves behind anew
    assert recovered.code == 4
    assert "goes on trying to release lock" in recovered.said
    assert "note:   the guard goes on trying to release this" in scene.run("status").out

    state_file.change(str(scene.folder / "host"), lambda world: replace(world, faults=()))
    until(lambda: differences(scene.before, scene.world) == [], "the guard unlocks")
    until(lambda: not scene.running(), "the guard has ended")
    assert "note:   the guard has released this since" in scene.run("status").out
    assert scene.run("recover").code == 0
    assert "no unfinished run" in scene.run("status").out


def test_a_bug_in_the_middle_of_a_run_leaves_its_holds_to_the_guard(scene: Scene) -> None:
    scene.host()
    own = scene.folder / "own"
    (own / "broken-1.dist-info").mkdir(parents=True)
    (own / "broken.py").write_text(BROKEN)
    (own / "broken-1.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: broken\nVersion: 1\n")
    (own / "broken-1.dist-info" / "entry_points.txt").write_text("[svmrun.adapters]\nbroken = broken:Broken\n")
    runbook = scene.folder / "window.yaml"
    look = '    lockfs: {mode: status, mount_point: "{{ mount_point }}"}\n'
    step = "  - id: break\n    broken: {}\n    timeout: 1s\n"
    runbook.write_text(
        WINDOW.read_text().replace(f"  - id: still-locked\n{look}", f"{step}  - id: still-locked\n{look}")
    )
    ended = scene.execute(runbook, PYTHONPATH=str(own))
    assert ended.code == 70, ended.said
    assert "goes on trying to release" in ended.said
    until(lambda: differences(scene.before, scene.world) == [], "the guard unlocks and attaches")


def test_a_dump_of_a_side_that_was_never_taken_off_is_not_called_good(scene: Scene) -> None:
    scene.host("schost", "metadetach=lie", "metastat#4-5=lie")

    ended = scene.execute(BACKUP)

    assert ended.code == 1, ended.said
    assert images(scene.world) == []


@pytest.mark.parametrize("fault", ["metattach=fail-after", "lockfs -u=garbage", "metattach#1-2=fail"])
def test_a_release_that_had_its_effect_in_the_end_is_good(fault: str, scene: Scene) -> None:
    scene.host("schost", fault)

    ended = scene.execute(BACKUP)

    assert ended.code == 0, ended.said
    assert differences(scene.before, scene.world) == []
    assert images(scene.world)[0].consistent


def test_a_freeze_that_only_claimed_success_is_found_out_by_its_release(scene: Scene) -> None:
    scene.host("linux", "fsfreeze#1=lie")
    ended = scene.execute("freeze-copy-backup")
    assert ended.code == 1, ended.said
    assert "freeze: it was gone when it was to be released" in ended.said
    assert scene.world.file_systems[1].lock == "unlock"


def test_the_copy_of_a_frozen_file_system_is_one_moment(scene: Scene) -> None:
    scene.host("linux")
    ended = scene.execute("freeze-copy-backup")
    assert ended.code == 0, ended.said
    assert [image.consistent for image in scene.world.files] == [True]
    assert scene.world.file_systems[1].lock == "unlock"


def test_a_wait_for_what_never_comes_ends_after_its_simulated_time(scene: Scene, tmp_path: Path) -> None:
    """The host's time jumps: an hour takes as long as its four looks."""
    book = tmp_path / "patience.yaml"
    book.write_text(
        "schema: svmrun/v1\nname: patience\nsteps:\n  - id: patience\n    timeout: 1h\n    wait_for:\n"
        "      svcs: {services: ['svc:/system/cron:default']}\n      until: 'false'\n      every: 20m\n"
    )
    scene.host()
    ended = scene.execute(book)
    assert ended.code == 1, ended.said
    assert "waited as long as the timeout allows" in ended.said
    assert scene.world.clock - scene.before.clock > 3000
    assert sum(call.startswith("svcs") for call in scene.world.calls) == 4
