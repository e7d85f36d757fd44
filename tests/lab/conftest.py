"""The tests of a file share its guests; one that failed shows what their consoles said last."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import pytest

from tests.lab.guest import LIVING

SHOWN_CHARACTERS = 3000
HERE = Path(__file__).parent
# Two minutes of disks for each change are enough: the others are tried on demand.
THOROUGH = {
    "btrfs",
    "deaths",
    "dialogues",
    "doctor",
    "legs",
    "lvm_failures",
    "md_bad_disks",
    "md_failures",
    "md_slow_disks",
    "network",
    "refusals",
    "words",
    "xfs",
}


@pytest.hookimpl(tryfirst=True)  # before marks are chosen from
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A guest takes seconds to boot, and a CPU of its own: a file's tests go to one worker."""
    for item in items:
        if item.path.parent == HERE:
            item.add_marker(pytest.mark.xdist_group(item.path.stem))
            if item.path.stem.removeprefix("test_") in THOROUGH:
                item.add_marker(pytest.mark.thorough)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.failed:
        report.sections += [("console of the guest", guest.console()[-SHOWN_CHARACTERS:]) for guest in LIVING]
    return report
