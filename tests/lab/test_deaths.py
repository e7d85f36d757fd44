"""A backup that dies at the worst moment, and its guard with it: nothing stays frozen, every copy is the same.

Fifty such stories, and power cuts, are told by `python -m benchmarks.lab`; the deaths of the runner alone, of its group
and of the whole machine have tests of their own.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.lab.deaths import tell
from tests.lab.guest import Guest
from tests.lab.mirrors import MIRRORS
from tests.nursery import Kill

MIRROR = MIRRORS["md-mirror-backup"]
TAKING_OFF = 5  # of the records of that step: mdadm runs, the file system is frozen; three of a look come first
pytestmark = pytest.mark.timeout(300)  # thirty commands each, and others on the same machine


@pytest.fixture(scope="module")
def guest() -> Iterator[Guest]:
    with MIRROR.guest() as guest:
        yield guest


def test_the_death_of_runner_and_guard_while_frozen_leaves_a_whole_mirror_by_the_recovery(guest: Guest) -> None:
    story = tell(guest, MIRROR, Kill(TAKING_OFF, "before", "both", "take-off"))
    assert (story.held, story.frozen) == (("freeze", "take-off"), True)
    assert not story.problems, str(story)
