"""`svmrun doctor` on simulated hosts with real processes: what is found, whose it is, and that its command ends it."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import replace
from typing import Any

import pytest

from svmrun.simulator.world import World
from tests.installed import until
from tests.running import Scene
from tests.test_report_json import validator

Finding = dict[str, Any]


def doctor(scene: Scene, *arguments: str) -> tuple[int, dict[str, Any]]:
    """Exit code and document, which fits its schema."""
    ended = scene.run("doctor", "--output", "json", *arguments)
    assert ended.code in (0, 1), ended.said
    document: dict[str, Any] = json.loads(ended.out)
    validator("doctor-v1").validate(document)
    return ended.code, document


def found(scene: Scene) -> list[Finding]:
    code, document = doctor(scene, "--simulate", str(scene.folder / "host"))
    assert code == int(any(not one["passing"] for one in document["findings"]))
    findings: list[Finding] = document["findings"]
    return findings


def type_it(scene: Scene, finding: Finding) -> None:
    """Do literally what is told, as a person at the simulated host."""
    path = f"{scene.folder / 'host' / 'bin'}:{os.environ['PATH']}"
    done = subprocess.run(
        ["sh", "-c", finding["command"]], env={**scene.environment, "PATH": path}, capture_output=True
    )
    assert done.returncode == 0, done.stderr.decode()


def silent(world: World) -> World:
    """Without its record of what was called and of the time that passed."""
    return replace(world, calls=(), clock=0.0)


def test_a_sound_host_has_no_findings(scene: Scene) -> None:
    scene.host()
    text = scene.run("doctor", "--simulate", str(scene.folder / "host"))
    assert (text.code, text.out) == (0, "phys-schost-1 (simulated): nothing is locked, off or left behind\n")


@pytest.mark.parametrize(
    ("world", "kind", "what", "command"),
    [
        ("locked", "locked file system", "/global/schost-1", "lockfs -u /global/schost-1"),
        ("detached", "detached submirror", "schost-1/d30", "metattach -s schost-1 d0 d30"),
        ("offline", "offline submirror", "schost-1/d30", "metaonline -s schost-1 d0 d30"),
        ("maintenance", "mirror not whole", "schost-1/d0", "metareplace -s schost-1 -e d0 d6s0"),
        ("resyncing", "resync", "schost-1/d0", "metastat -s schost-1 d0"),
    ],
)
def test_what_no_run_did_is_not_ours_and_its_command_ends_it(
    scene: Scene, world: str, kind: str, what: str, command: str
) -> None:
    scene.host(world, time_scale=1.0)
    before = scene.world
    (finding,) = found(scene)
    assert silent(scene.world) == silent(before), "a look changes nothing"
    assert (finding["kind"], finding["what"], finding["command"]) == (kind, what, command)
    assert finding["run"] is None
    assert finding["whose"].startswith("not ours: ")
    type_it(scene, finding)
    if kind not in ("mirror not whole", "resync"):  # these end later: when the side is copied
        assert kind not in [one["kind"] for one in found(scene)]


def test_free_sides_of_a_mirror_are_told_with_what_can_be_known(scene: Scene) -> None:
    scene.host("one-submirror")
    findings = found(scene)
    kinds = [(one["kind"], one["what"]) for one in findings]
    sides = [("detached submirror", "schost-1/d20"), ("detached submirror", "schost-1/d30")]
    assert kinds == [("mirror not whole", "schost-1/d0"), *sides]
    assert "nothing on the host records that" in findings[1]["text"]


def test_a_disk_set_of_another_host_is_told_as_unseen(scene: Scene) -> None:
    scene.host("other-owner")
    _code, document = doctor(scene, "--simulate", str(scene.folder / "host"))
    assert any("schost-1: this host does not own it" in line for line in document["unseen"])


def test_a_run_that_was_killed_with_its_guard_owns_its_lock_and_its_command(scene: Scene) -> None:
    scene.host("schost", "metadetach=hang")
    runner = scene.start("mirror-backup")
    scene.until_called("metadetach")
    until(lambda: any(e["event"] == "ProcessStarted" and e["step"] == "detach" for e in scene.events()), "its record")
    working = found(scene)
    assert {one["passing"] for one in working} == {True}
    assert {one["command"] for one in working} == {f"kill -INT {runner.pid}"}
    run = scene.kill_with_guard(runner)
    findings = {one["kind"]: one for one in found(scene)}
    assert set(findings) == {"locked file system", "command of a dead run", "unfinished run"}
    assert {one["run"] for one in findings.values()} == {run}
    assert {one["command"] for one in findings.values()} == {f"svmrun recover {run}"}
    assert "metadetach" in findings["command of a dead run"]["text"]
    assert "lock (lockfs /global/schost-1)" in findings["unfinished run"]["text"]
    assert scene.run("recover", run).code == 0
    assert found(scene) == []


def test_a_stuck_run_owns_what_it_could_not_undo(scene: Scene) -> None:
    scene.host("schost", "metattach=fail")
    assert scene.execute("mirror-backup").code == 4
    findings = {one["kind"]: one for one in found(scene)}
    assert set(findings) == {"detached submirror", "stuck run"}
    assert "is stuck" in findings["detached submirror"]["whose"]
    assert "metattach" in findings["stuck run"]["text"]
    assert findings["detached submirror"]["command"] == f"svmrun recover {findings['stuck run']['run']}"


def test_the_folder_of_a_guard_that_was_left_behind_is_found(scene: Scene) -> None:
    folder = scene.memory / f"svmrun-{os.getuid()}" / "20260921-131320-mirror-backup-4711"
    folder.mkdir(parents=True)
    (finding,) = doctor(scene)[1]["findings"]
    assert (finding["kind"], finding["run"]) == ("guard folder", None)
    assert finding["command"] == f"rm -r {folder}"
    type_it(scene, finding)
    assert doctor(scene)[0] == 0


def test_a_journal_that_cannot_be_read_is_a_finding(scene: Scene) -> None:
    scene.host()
    assert scene.execute("mirror-status").code == 0
    (journal,) = (scene.state / "runs").glob("*/journal.jsonl")
    journal.write_text("rubbish\n" + journal.read_text())
    (finding,) = found(scene)
    assert (finding["kind"], finding["run"]) == ("damaged journal", journal.parent.name)
    assert str(journal) in finding["text"]


def test_where_commands_are_missing_it_says_what_it_did_not_see(scene: Scene) -> None:
    scene.host()
    for program in ("lockfs", "metaset", "metastat"):
        (scene.folder / "host" / "bin" / program).unlink()
    code, document = doctor(scene, "--simulate", str(scene.folder / "host"))
    assert (code, document["findings"]) == (0, [])
    for program in ("lockfs", "metaset", "metastat"):
        assert any(f"({program}): there is no such command on this host" in line for line in document["unseen"])
    text = scene.run("doctor", "--simulate", str(scene.folder / "host")).out
    assert "nothing is locked, off or left behind, as far as was seen" in text
    assert "\nnot looked at: disk sets (metaset): " in text


def test_this_host_is_not_asked_for_what_linux_has_not(scene: Scene) -> None:
    code, document = doctor(scene)
    assert (code, document["findings"]) == (0, [])
    assert document["unseen"][0].startswith("frozen file systems: ")
    assert not [line for line in document["unseen"] if "lockfs" in line or "there is no such command" in line]


def test_a_folder_without_a_simulated_host_is_a_usage_error(scene: Scene) -> None:
    ended = scene.run("doctor", "--simulate", str(scene.folder / "nowhere"))
    assert ended.code == 2
    assert "svmrun simulate DIR" in ended.err
