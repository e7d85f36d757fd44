"""scstat, cldevicegroup, clnode, cluster."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from svmrun.adapters import cluster_tables
from svmrun.adapters.registry import REGISTRY
from svmrun.adapters.scstat_parse import parse_scstat
from tests import adapter_cases
from tests.program_cases import check, read_or_refused

NAMES = st.from_regex(r"[a-z][a-z0-9-]{0,30}", fullmatch=True)


@pytest.mark.parametrize("name", adapter_cases.names("scstat", "cldevicegroup", "clnode", "cluster"))
def test_the_cluster_command_is_built_and_read_as_the_case_says(name: str) -> None:
    check(name)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(NAMES, st.none() | NAMES, st.lists(NAMES, max_size=3)), unique_by=lambda row: row[0]))
def test_scstat_is_read_whatever_the_width_of_its_names(rows: list[tuple[str, str | None, list[str]]]) -> None:
    width = max((len(row[0]) for row in rows), default=0) + 2
    lines = [f"  Device group servers:  {g:{width}}{p or '-':33}{','.join(s) or '-'}" for g, p, s in rows]
    states = [f"  Device group status:        {g:{width}}Online" for g, _, _ in rows]
    text = "\n".join(["-- Device Group Servers --", *lines, "-- Device Group Status --", *states])
    wanted = {g: {"primary": p, "secondary": s, "status": "Online"} for g, p, s in rows}
    assert parse_scstat(text) == {"device_groups": wanted}


@settings(deadline=None, max_examples=100)
@given(st.text() | st.lists(st.sampled_from(["=== A ===", "--- B ---", "X  Y", "-  -", "a  b  c", ""])).map("\n".join))
def test_any_text_is_read_or_refused(text: str) -> None:
    for read in (parse_scstat, cluster_tables.parse_tables):
        read_or_refused(read, text)


def test_a_switched_device_group_is_found_at_its_new_primary() -> None:
    probe = REGISTRY["cldevicegroup"].probe({"action": "switch", "group": "schost-1", "node": "phys-schost-2"})
    assert probe is not None
    assert probe.arguments == {"action": "status", "group": "schost-1"}
    assert probe.present({"device_groups": {"schost-1": {"primary": "phys-schost-2"}}}) is True
    assert probe.present({"device_groups": {"schost-1": {"primary": "phys-schost-1"}}}) is False
    assert probe.present({"device_groups": {"schost-1": {"primary": None}}}) is None
