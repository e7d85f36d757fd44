"""mt, df, fuser, svcs, svcadm."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from svmrun.adapters.registry import REGISTRY
from svmrun.adapters.services import parse_svcs
from svmrun.adapters.system import parse_df_space, parse_df_type, parse_fuser
from svmrun.adapters.tape import parse_mt_status
from tests import adapter_cases
from tests.program_cases import check, read_or_refused

WEB, NFS = "svc:/network/http:apache22", "svc:/network/nfs/server:default"


@pytest.mark.parametrize("name", adapter_cases.names("mt", "df", "fuser", "svcs", "svcadm"))
def test_the_system_command_is_built_and_read_as_the_case_says(name: str) -> None:
    check(name)


@settings(deadline=None, max_examples=100)
@given(st.text(), st.text())
def test_any_output_is_read_or_refused(stdout: str, stderr: str) -> None:
    parse_fuser(stdout, stderr)
    for read in (parse_df_space, parse_df_type, parse_mt_status, parse_svcs):
        read_or_refused(read, stdout)


@pytest.mark.parametrize(
    ("states", "disabled"),
    [
        ({WEB: "disabled", NFS: "disabled"}, True),
        ({WEB: "online", NFS: "online"}, False),
        ({WEB: "disabled", NFS: "online"}, None),
        ({WEB: "maintenance", NFS: "maintenance"}, None),
    ],
)
def test_only_services_that_agree_tell_whether_they_were_stopped(states: dict[str, str], disabled: bool | None) -> None:
    result = {"services": states, "online": [], "in_transition": []}
    for action, wanted in (("disable", disabled), ("enable", None if disabled is None else not disabled)):
        probe = REGISTRY["svcadm"].probe({"action": action, "services": [WEB, NFS]})
        assert probe is not None
        assert probe.present(result) is wanted


def test_services_on_their_way_cannot_tell_whether_they_were_stopped() -> None:
    probe = REGISTRY["svcadm"].probe({"action": "disable", "services": [WEB]})
    assert probe is not None
    assert probe.present({"services": {WEB: "online"}, "online": [WEB], "in_transition": [WEB]}) is None


def test_to_start_the_services_again_undoes_to_stop_them() -> None:
    arguments = {"action": "disable", "services": [WEB], "temporary": True, "wait": True}
    inverse = REGISTRY["svcadm"].inverse(arguments)
    assert inverse is not None
    assert inverse.arguments == {**arguments, "action": "enable"}
