"""The backup of an md mirror whose disks break or are flaky under it: it tells the truth, and what is left is whole."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from tests.lab import bad_disks
from tests.lab.bad_disks import Lab
from tests.lab.legs import Leg
from tests.lab.md_scene import MOUNT_POINT
from tests.nursery import Kill

SPEED = "/sys/block/md0/md/sync_speed_max"  # KiB a second
pytestmark = pytest.mark.timeout(300)  # a broken leg is tried to be taken back again and again, beside others
OTHER, TAKEN = 0, 2  # the leg that is taken off is the last one
WRITTEN = f"echo much >{MOUNT_POINT}/more; sync"
# While the file system is frozen: what stands there, once more. The array meets the broken leg, and throws it out.
REWRITTEN = "dd if=/dev/md0 of=/dev/md0 bs=4k count=1 iflag=direct oflag=direct conv=notrunc status=none"


@dataclass(frozen=True)
class Moment:
    """Where svmrun stands still, and how the array then notices that a leg is broken."""

    name: str
    stop: Kill
    noticed: str
    compare: str = "false"


BEFORE = Moment("before the freeze", Kill(1, "before", "stop", "freeze"), WRITTEN)
FROZEN = Moment("while frozen", Kill(1, "before", "stop", "look-at-legs"), REWRITTEN)
PROVEN = Moment("just before it is taken off", Kill(2, "after", "stop", "prove-legs"), REWRITTEN)
UNNOTICED = Moment("in silence, just before it is taken off", PROVEN.stop, "true")
DUMPING = Moment("before the dump", Kill(1, "before", "stop", "dump"), WRITTEN)
TAKEN_BACK = Moment("while it is copied to", Kill(1, "before", "stop", "recovery"), WRITTEN)
COMPARING = Moment("while the copies are compared", Kill(1, "before", "stop", "compared"), WRITTEN, "true")

End = tuple[int, str]  # the exit code, and what is told
WELL = (0, "SUCCEEDED")
NOT_BEGUN = (1, "Not every leg of /dev/md0 is in sync any more")
GONE_BACK = (1, "ROLLED BACK")  # whatever it was that met the leg while it was down
NOT_TAKEN_BACK = (4, "/mdadm /dev/md0 --re-add /dev/")
NOT_WHOLE = (1, "The dump is good, the mirror is not whole: mdadm --detail /dev/md0 says")
NOT_COMPARED = (1, "The dump is good. mdadm --detail /dev/md0 says whether a leg broke")


def is_flaky(leg: Leg) -> None:
    leg.is_flaky(up_seconds=1, down_seconds=2)


Story = tuple[Moment, int, Callable[[Leg], None], tuple[End, ...]]
STORIES: list[Story] = [
    (BEFORE, TAKEN, Leg.breaks, (NOT_BEGUN,)),
    (FROZEN, OTHER, Leg.breaks, (NOT_BEGUN,)),
    (PROVEN, OTHER, Leg.breaks, (NOT_WHOLE,)),
    (PROVEN, TAKEN, Leg.breaks, (NOT_TAKEN_BACK,)),
    (UNNOTICED, TAKEN, Leg.breaks, (NOT_TAKEN_BACK,)),
    (UNNOTICED, TAKEN, is_flaky, (WELL, GONE_BACK, NOT_TAKEN_BACK)),
    (DUMPING, OTHER, Leg.breaks, (NOT_WHOLE,)),
    (DUMPING, TAKEN, Leg.breaks, (NOT_TAKEN_BACK,)),
    (TAKEN_BACK, TAKEN, Leg.breaks, (NOT_WHOLE,)),
    (COMPARING, OTHER, Leg.breaks, (NOT_COMPARED,)),
    (COMPARING, TAKEN, Leg.breaks, (NOT_COMPARED,)),
]


def name(story: Story) -> str:
    moment, leg, becomes, _ends = story
    kind = "breaks" if becomes is Leg.breaks else "is flaky"
    return f"{'the leg taken off' if leg == TAKEN else 'another leg'} {kind} {moment.name}"


@pytest.fixture(scope="module")
def made() -> Iterator[Lab]:
    with bad_disks.made() as made:
        yield made


@pytest.fixture
def lab(made: Lab) -> Iterator[Lab]:
    with bad_disks.left_whole(made):
        yield made


@pytest.mark.parametrize("story", STORIES, ids=name)
def test_a_leg_that_goes_bad_is_told_and_the_mirror_is_whole_when_its_disk_is_well(lab: Lab, story: Story) -> None:
    moment, number, becomes, ends = story
    lab.guest.ok(f"echo 2000 >{SPEED}")  # else all copies are compared when svmrun stands still
    with lab.stands_still(moment.stop, compare=moment.compare) as runner:
        becomes(lab.legs[number])
        lab.guest.ok(f"{moment.noticed}; echo system >{SPEED}")
    done, told = lab.ended(runner)
    assert any((done.status, words in done.said) == (status, True) for status, words in ends), done.said
    assert "The dump is good" not in done.said or lab.has(step="dump", role="forward", outcome="succeeded")
    assert not lab.amiss()  # though the disk is still broken
    lab.heal()
    if told["verdict"] == "stuck":
        # By now somebody else may have frozen it: that is not for a recovery to lift, for its own freeze is long over.
        lab.guest.ok(f"fsfreeze -f {MOUNT_POINT}")
        lab.end_as_told(told)
        lab.guest.ok(f"fsfreeze -u {MOUNT_POINT}")
    lab.take_back()
