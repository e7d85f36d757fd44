"""The adapters of the cluster and of the system against the simulated commands: what is said is what is so."""

from __future__ import annotations

from typing import Any

import pytest

from svmrun.adapters.base import Completed, Outcome
from svmrun.adapters.registry import REGISTRY
from svmrun.runbook import source
from svmrun.simulator import host
from svmrun.simulator.world import World
from svmrun.simulator.world_file import load_world

SERVICE = "svc:/network/nfs/server:default"


def world(name: str) -> World:
    return load_world(name, source.load)


def perform(before: World, name: str, **arguments: Any) -> tuple[World, Outcome]:
    adapter = REGISTRY[name]
    complete = adapter.complete(arguments)
    command = adapter.command_line(complete)
    ended = host.run(before, command.argv)
    done = Completed(command.argv, ended.status, ended.stdout, ended.stderr, ended.signal)
    return ended.world, adapter.interpret(complete, done)


def result(before: World, name: str, **arguments: Any) -> Any:
    outcome = perform(before, name, **arguments)[1]
    assert outcome.ok, outcome.message
    return outcome.result


@pytest.mark.parametrize(
    ("name", "owner", "secondary"),
    [("schost", "phys-schost-1", ["phys-schost-2"]), ("node-down", "phys-schost-1", []), ("no-owner", None, [])],
)
def test_old_and_new_cluster_commands_tell_the_same(name: str, owner: str | None, secondary: list[str]) -> None:
    cluster = world(name)
    wanted = {"schost-1": {"primary": owner, "secondary": secondary, "status": "Online" if owner else "Offline"}}
    for reader in ("scstat", "cldevicegroup", "cluster"):
        assert result(cluster, reader)["device_groups"] == wanted
    nodes = {"phys-schost-1": "Online", "phys-schost-2": "Offline" if name == "node-down" else "Online"}
    assert result(cluster, "scstat", show="nodes")["nodes"] == nodes
    assert result(cluster, "clnode")["nodes"] == result(cluster, "cluster")["nodes"] == nodes


def test_a_sick_cluster_fails_its_own_check() -> None:
    assert perform(world("schost"), "cluster", action="check")[1].ok
    assert perform(world("node-down"), "cluster", action="check")[1].kind == "failed"


def test_a_device_group_is_switched_and_found_at_its_new_primary() -> None:
    wish = {"action": "switch", "group": "schost-1", "node": "phys-schost-2"}
    probe = REGISTRY["cldevicegroup"].probe(wish)
    assert probe is not None
    before = world("schost")
    after, outcome = perform(before, "cldevicegroup", **wish)
    assert outcome.ok
    for now, there in ((before, False), (after, True)):
        assert probe.present(result(now, probe.adapter, **probe.arguments)) is there


def test_the_mount_point_is_known_to_be_mounted_from_the_mirror() -> None:
    row = result(world("schost"), "df", path="/global/schost-1")["filesystems"][0]
    assert (row["volume"], row["mount_point"]) == ("schost-1/d0", "/global/schost-1")
    assert result(world("schost"), "df", path="/global/schost-1", show="type")["filesystems"][0]["type"] == "ufs"
    row = result(world("unmounted"), "df", path="/global/schost-1")["filesystems"][0]
    assert (row["volume"], row["mount_point"]) != ("schost-1/d0", "/global/schost-1")


def test_a_tape_drive_tells_where_its_tape_stands() -> None:
    now, outcome = perform(world("schost"), "mt", device="/dev/rmt/0n", operation="rewind")
    assert outcome.ok
    assert result(now, "mt", device="/dev/rmt/0n")["file_number"] == 0
    assert perform(now, "mt", device="/dev/rmt/7n")[1].kind == "failed"


def test_services_are_stopped_and_started_again_as_found() -> None:
    now = world("schost")
    found = result(now, "svcs", services=[SERVICE])["online"]
    assert found == [SERVICE]
    stop = {"action": "disable", "services": found}
    probe = REGISTRY["svcadm"].probe(stop)
    back = REGISTRY["svcadm"].inverse(stop)
    assert probe is not None
    assert back is not None
    seen = []
    for arguments in (stop, back.arguments):
        seen.append(probe.present(result(now, probe.adapter, **probe.arguments)))
        now, outcome = perform(now, "svcadm", **arguments)
        assert outcome.ok
    assert seen == [False, True]
    assert result(now, "svcs", services=[SERVICE])["online"] == found


def test_nobody_uses_a_submirror_of_a_quiet_host() -> None:
    assert result(world("schost"), "fuser", path="/dev/md/schost-1/rdsk/d30") == {"pids": [], "processes": []}
