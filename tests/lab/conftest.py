"""A test that failed shows what the guests' consoles said last."""

from __future__ import annotations

from collections.abc import Generator

import pytest

from tests.lab.guest import LIVING

SHOWN_CHARACTERS = 3000


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.failed:
        report.sections += [("console of the guest", guest.console()[-SHOWN_CHARACTERS:]) for guest in LIVING]
    return report
