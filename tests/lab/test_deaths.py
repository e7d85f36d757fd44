"""A backup that dies at the worst moments, or whose machine does: nothing stays frozen, every copy is the same."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.lab.deaths import Death, PowerCut, tell
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


@pytest.mark.parametrize(
    "death",
    [
        Kill(TAKING_OFF, "after", "group", "take-off"),
        Kill(TAKING_OFF, "before", "both", "take-off"),  # only the recovery is left
        PowerCut(TAKING_OFF, "after", "take-off"),
    ],
    ids=["its group", "runner and guard", "the power"],
)
def test_death_in_the_frozen_moment_leaves_nothing_frozen_and_a_whole_mirror(guest: Guest, death: Death) -> None:
    story = tell(guest, MIRROR, death)
    assert (story.held, story.frozen) == (("freeze", "take-off"), True)
    assert not story.problems, str(story)
