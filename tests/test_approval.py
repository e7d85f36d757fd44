"""A plan's hash, and runs that refuse every plan but the reviewed, the approved one."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from svmrun.adapters.registry import adapters
from svmrun.effects import signatures
from svmrun.plan.digest import plan_hash
from svmrun.plan.model import Plan
from svmrun.runbook import template
from tests.running import Scene

TEXT = """\
schema: svmrun/v1
name: freeze
parameters:
  mount_point: {type: string, default: /global/schost-1}
  level: {type: integer, default: 0}
facts:
  health: {metastat: {diskset: schost-1, volume: d0}}
  locks: {lockfs: {mode: status, mount_point: "{{ mount_point }}"}}
checks:
  - {that: health.volumes, message: there is no mirror}
steps:
  - id: lock
    name: Lock
    lockfs: {mode: write, mount_point: "{{ mount_point }}"}
    rollback: {lockfs: {mode: unlock, mount_point: "{{ mount_point }}"}}
    hold: 40s
  - id: prove
    assert: {that: "locks.filesystems[0].lock == 'unlock'", message: somebody else had locked it}
    timeout: 1s
  - release: lock
    name: Let the writers go on
  - id: dump
    ufsdump: {level: "{{ level }}", device: /dev/md/schost-1/rdsk/d30, dump_device: /dev/rmt/0}
"""


@pytest.fixture
def runbook(scene: Scene) -> Path:
    """A small runbook, on a simulated host."""
    scene.host()
    path = scene.folder / "freeze.yaml"
    path.write_text(TEXT)
    return path


def plan(scene: Scene, runbook: Path, *words: str) -> Any:
    done = scene.run("plan", str(runbook), "--simulate", str(scene.folder / "host"), "--output", "json", *words)
    assert done.code == 0, done.err
    return json.loads(done.out)


def hash_of(data: Any) -> str:
    return plan_hash(Plan.from_json(data), adapters(), template)


def edit(runbook: Path, old: str, new: str) -> None:
    text = runbook.read_text()
    assert old in text
    runbook.write_text(text.replace(old, new, 1))


def key(folder: Path, name: str) -> Path:
    path = folder / f"key-{name}"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(path)], check=True)
    return path


def allow(folder: Path, *names: str) -> Path:
    """The file of allowed signers, each with a new key."""
    lines = [f'{name} namespaces="svmrun" {key(folder, name).with_suffix(".pub").read_text()}' for name in names]
    path = folder / "allowed_signers"
    path.write_text("".join(lines))
    return path


def approve(scene: Scene, runbook: Path | str, name: str, *words: str) -> None:
    host = ("--simulate", str(scene.folder / "host"))
    done = scene.run("approve", str(runbook), *host, "--key", str(scene.folder / f"key-{name}"), "--as", name, *words)
    assert done.code == 0, done.err


# -- the hash --------------------------------------------------------------------------------------------------------


def test_the_same_plan_has_the_same_hash_whenever_and_wherever_it_is_made(scene: Scene, runbook: Path) -> None:
    first = plan(scene, runbook)["hash"]
    shutil.rmtree(scene.folder / "host")
    scene.folder = scene.folder / "elsewhere"
    scene.folder.mkdir()
    scene.host()
    assert plan(scene, runbook)["hash"] == first


def test_layout_names_and_comments_are_no_part_of_it(scene: Scene, runbook: Path) -> None:
    first = plan(scene, runbook)["hash"]
    runbook.write_text("# a comment\n" + runbook.read_text())
    edit(runbook, "name: Let the writers go on", "name: Unlock")
    assert plan(scene, runbook)["hash"] == first


def test_what_is_read_before_the_steps_is_part_of_it_only_where_a_step_judges_by_it(
    scene: Scene, runbook: Path
) -> None:
    data = plan(scene, runbook)
    other = {**data, "facts": {**data["facts"], "health": "other"}}
    assert hash_of(other) == hash_of(data)
    assert hash_of({**data, "facts": {**data["facts"], "locks": "other"}}) != hash_of(data)


def test_everything_that_happens_is_part_of_it(scene: Scene, runbook: Path) -> None:
    """Each value of the plan changed on its own."""
    data = plan(scene, runbook)
    first = hash_of(data)
    plain = Plan.from_json(data)
    step = next(index for index, s in enumerate(plain.steps) if s.rollback)
    action = plain.steps[step].action
    assert action is not None
    changed = [
        replace(plain, host={**plain.host, "name": "another"}),
        replace(plain, become="sudo"),
        replace(plain, parameters={**plain.parameters, "mirror": "d1"}),
        replace(plain, programs={**plain.programs, "lockfs": "/tmp/lockfs"}),
        replace(plain, steps=plain.steps[:-1]),
        replace(plain, steps=plain.steps[::-1]),
        with_step(plain, step, hold_seconds=1.0),
        with_step(plain, step, rollback=()),
        with_step(plain, step, when="false"),
        with_step(plain, step, id="another"),
        with_step(plain, step, action=replace(action, timeout_seconds=1.0)),
        with_step(plain, step, action=replace(action, attempts=9)),
        with_step(plain, step, action=replace(action, delay_seconds=9.0)),
        with_step(plain, step, action=replace(action, arguments={**action.arguments, "mount_point": "/other"})),
    ]
    hashes = [plan_hash(one, adapters(), template) for one in changed]
    assert len({first, *hashes}) == len(changed) + 1


def with_step(plan: Plan, number: int, **values: Any) -> Plan:
    steps = [replace(s, **values) if index == number else s for index, s in enumerate(plan.steps)]
    return replace(plan, steps=tuple(steps))


def test_a_journalled_plan_has_the_hash_that_it_says(scene: Scene, runbook: Path) -> None:
    assert scene.execute(runbook).code == 0
    data = scene.events()[0]["plan"]
    assert hash_of(data) == data["hash"]


# -- execute --plan --------------------------------------------------------------------------------------------------


def test_the_reviewed_plan_runs(scene: Scene, runbook: Path) -> None:
    digits = plan(scene, runbook)["hash"][:12]
    assert scene.execute(runbook, "--plan", digits.upper()).code == 0


def test_another_plan_is_refused_with_what_differs(scene: Scene, runbook: Path) -> None:
    digits = plan(scene, runbook)["hash"][:12]
    edit(runbook, "hold: 40s", "hold: 55s")
    done = scene.execute(runbook, "--plan", digits)
    assert done.code == 6
    assert f"not the reviewed one, {digits}" in done.err
    assert "DANGER  widens-hold  step lock: limit of the hold: 40s -> 55s" in done.err
    assert scene.world == scene.before or scene.calls() == ()
    assert scene.events() == []


def test_other_parameters_make_another_plan(scene: Scene, runbook: Path) -> None:
    digits = plan(scene, runbook)["hash"][:12]
    done = scene.execute(runbook, "--plan", digits, "-p", "level=5")
    assert done.code == 6
    assert "changes-command  step dump: level: 0 -> 5" in done.err
    assert "parameter level: 0 -> 5" in done.err


def test_a_plan_that_was_never_seen_here_is_refused_without_a_difference(scene: Scene, runbook: Path) -> None:
    done = scene.execute(runbook, "--plan", "123456789abc")
    assert done.code == 6
    assert "not known on this host" in done.err


@pytest.mark.parametrize("digits", ["1234", "not-a-hash-at-all", "0" * 65])
def test_what_is_no_hash_is_told_before_the_host_is_looked_at(scene: Scene, runbook: Path, digits: str) -> None:
    assert scene.execute(runbook, "--plan", digits).code == 2
    assert scene.world.calls == scene.before.calls


def test_a_reviewed_plan_is_kept_for_its_owner_alone(scene: Scene, runbook: Path) -> None:
    path = scene.state / "plans" / f"{plan(scene, runbook)['hash']}.json"
    assert path.stat().st_mode & 0o777 == 0o600


# -- approvals -------------------------------------------------------------------------------------------------------


def test_an_approved_plan_runs_and_its_journal_names_the_signers(scene: Scene, runbook: Path) -> None:
    allowed = allow(scene.folder, "alice", "bob")
    for name in ("alice", "bob"):
        approve(scene, runbook, name)
    done = scene.execute(runbook, "--require-approval", str(allowed), "--approvals", "2")
    assert done.code == 0, done.err
    assert scene.events()[0]["plan"]["signers"] == ["alice", "bob"]
    assert "signed   alice, bob" in scene.run("show", "last").out


def test_a_plan_without_enough_approvals_is_refused(scene: Scene, runbook: Path) -> None:
    allowed = allow(scene.folder, "alice", "bob")
    refused = scene.execute(runbook, "--require-approval", str(allowed))
    assert refused.code == 6
    assert "0 of 1 approvals" in refused.err
    approve(scene, runbook, "alice")
    refused = scene.execute(runbook, "--require-approval", str(allowed), "--approvals", "2")
    assert refused.code == 6
    assert "alice.sig: signed by alice" in refused.err
    assert scene.events() == []


@dataclass
class Signed:
    """Signatures of one plan's hash, judged as a run judges them."""

    folder: Path
    digits: str = "5" * 64

    def sign(self, name: str, file: str, digits: str = "", namespace: str = "svmrun") -> None:
        target = self.folder / "approvals" / self.digits / f"{file}.sig"
        target.parent.mkdir(parents=True, exist_ok=True)
        words = ("ssh-keygen", "-Y", "sign", "-f", str(self.folder / f"key-{name}"), "-n", namespace)
        text = signatures.message(digits or self.digits)
        target.write_bytes(subprocess.run(words, input=text, capture_output=True, check=True).stdout)

    def judged(self, revoked: Path | None = None) -> list[signatures.Approval]:
        allowed = self.folder / "allowed_signers"
        return signatures.approvals(self.digits, self.folder / "approvals", allowed, revoked)

    def signers(self) -> tuple[str, ...]:
        return signatures.signers(self.judged())


@pytest.fixture
def signed(tmp_path: Path) -> Signed:
    """Alice may sign; nobody has yet."""
    allow(tmp_path, "alice")
    return Signed(tmp_path)


def test_one_person_counts_once(signed: Signed) -> None:
    signed.sign("alice", "alice")
    signed.sign("alice", "bob")
    assert signed.signers() == ("alice",)


def test_a_strangers_signature_does_not_count(signed: Signed) -> None:
    key(signed.folder, "eve")
    signed.sign("eve", "alice")
    assert [approval.fault for approval in signed.judged()] == ["its key is not among the allowed signers"]


def test_a_signature_of_another_plan_does_not_count(signed: Signed) -> None:
    signed.sign("alice", "alice", digits="6" * 64)
    assert signed.signers() == ()
    assert "incorrect signature" in signed.judged()[0].fault


def test_a_signature_for_another_purpose_does_not_count(signed: Signed) -> None:
    signed.sign("alice", "alice", namespace="git")
    assert signed.signers() == ()


def test_what_is_no_signature_does_not_count(signed: Signed) -> None:
    signed.sign("alice", "alice")
    (signed.folder / "approvals" / signed.digits / "alice.sig").write_text("approved, alice")
    assert signed.signers() == ()


def test_a_key_that_stands_under_two_names_counts_under_the_one_that_may_sign(signed: Signed) -> None:
    allowed = signed.folder / "allowed_signers"
    line = allowed.read_text()
    allowed.write_text(line.replace("alice", "alice-of-git", 1).replace('"svmrun"', '"git"') + line)
    signed.sign("alice", "alice")
    assert signed.signers() == ("alice",)


def test_one_key_counts_once_however_its_files_are_named(signed: Signed) -> None:
    allowed = signed.folder / "allowed_signers"
    allowed.write_text(allowed.read_text().replace("alice", "*@example.org", 1))
    signed.sign("alice", "alice@example.org")
    signed.sign("alice", "bob@example.org")
    assert signed.signers() == ("alice@example.org",)


def test_a_revoked_key_does_not_count(signed: Signed) -> None:
    signed.sign("alice", "alice")
    assert signatures.signers(signed.judged(signed.folder / "key-alice.pub")) == ()


def test_an_approval_that_ran_out_does_not_count(signed: Signed) -> None:
    allowed = signed.folder / "allowed_signers"
    allowed.write_text(allowed.read_text().replace('"svmrun"', '"svmrun",valid-before="20200101"'))
    signed.sign("alice", "alice")
    assert signed.signers() == ()


def test_a_plan_that_was_printed_is_approved_by_its_hash(scene: Scene, runbook: Path) -> None:
    allowed = allow(scene.folder, "alice")
    approve(scene, plan(scene, runbook)["hash"][:12], "alice")
    assert scene.execute(runbook, "--require-approval", str(allowed)).code == 0


def test_a_plan_that_was_printed_elsewhere_is_approved_by_all_its_digits(scene: Scene, runbook: Path) -> None:
    allowed = allow(scene.folder, "alice")
    digits = plan(scene, runbook)["hash"]
    shutil.rmtree(scene.state / "plans")
    done = scene.run("approve", digits[:12], "--key", str(scene.folder / "key-alice"))
    assert done.code == 6
    approve(scene, digits, "alice", "--into", str(scene.folder / "sent"))
    words = ("--require-approval", str(allowed), "--approvals-from", str(scene.folder / "sent"))
    assert scene.execute(runbook, *words).code == 0


def test_a_run_is_resumed_by_its_approved_plan_and_by_no_other(scene: Scene, runbook: Path) -> None:
    scene.host("schost", "ufsdump#1-1=fail")
    allowed = allow(scene.folder, "alice")
    approve(scene, runbook, "alice")
    assert scene.execute(runbook, "--require-approval", str(allowed)).code == 1
    edit(runbook, "hold: 40s", "hold: 55s")
    refused = scene.run("resume", "last", "--accept-plan")
    assert refused.code == 6
    assert "alice approved the plan" in refused.err
    edit(runbook, "hold: 55s", "hold: 40s")
    assert scene.run("resume", "last").code == 0
    resumed = next(event for event in scene.events() if event["event"] == "RunResumed")
    assert resumed["plan"]["signers"] == ["alice"]


def test_a_file_of_signers_that_is_not_there_is_told(scene: Scene, runbook: Path) -> None:
    done = scene.execute(runbook, "--require-approval", "nowhere")
    assert done.code == 2
    assert "allowed signers cannot be read: nowhere" in done.err
