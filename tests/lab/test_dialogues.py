"""Real programs that ask, answered by runbooks: e2fsck, dump and restore with a tape that ends, and su without echo."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest

from tests.lab.guest import Completed, Guest, booted
from tests.lab.tape import DEVICE, MODULES, Drive, make_drive

CARTRIDGE_MB = 4

BOOK = """
schema: svmrun/v1
name: asks
description: One program that asks questions.
parameters:
  password: {type: string, description: Typed unseen, secret: true, default: none}
steps:
  - id: ask
    dialogue:
"""


@pytest.fixture(scope="module")
def guest() -> Iterator[Guest]:
    with booted(disks=2, disk_mb=16, modules=MODULES) as guest:
        yield guest


@pytest.fixture(scope="module")
def drive(guest: Guest) -> Drive:
    return make_drive(guest, "first", CARTRIDGE_MB)


@pytest.fixture(scope="module")
def full(guest: Guest) -> str:
    """An ext4 that does not fit on one cartridge."""
    disk = guest.disks[1]
    guest.ok("head -c 6000000 /dev/urandom >/tmp/large; echo end >/tmp/last")
    guest.ok(f"mkfs.ext4 -q {disk}; mount {disk} /mnt; cp /tmp/large /tmp/last /mnt; umount /mnt")
    return disk


@pytest.fixture
def damaged(guest: Guest) -> str:
    """An ext4 with two names of files that are no more; four counts are wrong for it."""
    disk = guest.disks[0]
    guest.ok(
        f"mkfs.ext4 -q -F {disk}; mount {disk} /mnt; echo 1 >/mnt/one; echo 2 >/mnt/two; umount /mnt\n"
        f'for name in one two; do debugfs -w -R "clri /$name" {disk}; done'
    )
    return disk


def book(guest: Guest, arguments: str) -> str:
    """A runbook of one step, whose `dialogue` has these arguments; its path in the guest."""
    lines = "".join(f"      {line}\n" for line in arguments.strip().splitlines())
    (guest.share / "asks.yaml").write_text(BOOK + lines)
    return "/lab/asks.yaml"


def talk(guest: Guest, arguments: str, environment: Mapping[str, str] | None = None) -> Completed:
    return guest.svmrun("execute", book(guest, arguments), environment=environment)


def transcript(guest: Guest) -> str:
    return max((guest.share / "state" / "runs").glob("*/*ask*.txt")).read_text()


def test_e2fsck_is_answered_key_by_key_and_leaves_a_clean_file_system(guest: Guest, damaged: str) -> None:
    questions = f'argv: [e2fsck, -f, {damaged}]\nprompts: [{{expect: "<y>. $", answer: "y", enter: false}}]'
    assert "exit 1" in talk(guest, questions).said
    assert "FILE SYSTEM WAS MODIFIED" in transcript(guest)
    assert transcript(guest).count("? yes\n") >= 6
    assert guest.run(["e2fsck", "-f", "-n", damaged]).status == 0


def test_each_question_of_e2fsck_gets_its_own_answer(guest: Guest, damaged: str) -> None:
    """A newline behind the key would answer the question after it: with yes, which is the default."""
    one = '{expect: "\'one\'.*Clear<y>. $", answer: "n", enter: false}'
    rest = '{expect: "<y>. $", answer: "y", enter: false}'
    ended = talk(guest, f"argv: [e2fsck, -f, {damaged}]\nprompts: [{one}, {rest}]\nexit_codes: [4]")
    assert ended.status == 0, ended.said
    assert transcript(guest).count("? no\n") == 1
    assert "Entry 'one'" in transcript(guest)


def test_a_question_that_nobody_expected_ends_e2fsck_before_it_writes(guest: Guest, damaged: str) -> None:
    ended = talk(guest, f'argv: [e2fsck, -f, {damaged}]\nprompts: [{{expect: "Salvage<y>. $", answer: "y"}}]')
    assert ended.status == 1
    assert "it asks a question that nobody expected" in ended.said
    assert "Clear" in ended.said


def test_a_prompt_without_echo_gets_its_secret_and_no_output_ever_shows_it(guest: Guest) -> None:
    told = {"SVMRUN_PARAM_PASSWORD": "correct-horse"}
    answer = "answer: '{{ password }}', secret: true"
    assert talk(guest, f"argv: [passwd, root]\nprompts: [{{expect: 'password: $', {answer}}}]", told).status == 0
    become = "argv: [setpriv, --reuid=65534, --regid=65534, --clear-groups, su, root, -c, id -u]"
    become += f"\nprompts: [{{expect: 'Password: $', {answer}}}]"
    right = talk(guest, become, told)
    assert (right.status, transcript(guest).split()[-1]) == (0, "0"), right.said
    wrong = talk(guest, become, {"SVMRUN_PARAM_PASSWORD": "wrong-horse"})
    assert (wrong.status, "Authentication failure" in wrong.said) == (1, True), wrong.said
    kept = [path.read_text(errors="replace") for path in (guest.share / "state").rglob("*") if path.is_file()]
    assert kept
    assert "horse" not in "".join(kept) + right.said + wrong.said


def test_a_tape_drive_rewinds_and_counts_its_files(guest: Guest, drive: Drive) -> None:
    guest.ok(f"for file in 1 2 3; do dd if=/dev/zero of={DEVICE} bs=10k count=2; done")
    assert "File number=3" in drive.status()
    guest.ok(f"mt -f {DEVICE} rewind; mt -f {DEVICE} fsf 1")
    assert "File number=1" in drive.status()
    drive.load("first")
    assert "BOT" in drive.status()


def test_a_dump_goes_on_with_a_second_tape_and_restores_from_both(guest: Guest, drive: Drive, full: str) -> None:
    drive.load("volume-1")
    next_one = '{expect: "Is the new volume mounted and ready to go.*[)] $"}'
    dump = book(guest, f"argv: [dump, -0, -f, {DEVICE}, {full}]\nprompts: [{next_one}]")
    moment = ("mounted and ready to go", drive.loading("volume-2"), "yes")
    dumped = guest.with_person(["svmrun", "execute", dump], moment)
    assert dumped.status == 0, dumped.said
    assert "on 2 volume(s)" in transcript(guest)
    drive.label = "volume-2"
    drive.load("volume-1")
    restore = f"argv: [restore, -r, -f, {DEVICE}]\ndirectory: /tmp/restored"
    prompt = '{expect: "enter tape name.*[)] $"}'
    guest.ok("mkdir /tmp/restored")
    moment = ("enter tape name", drive.loading("volume-2"), DEVICE)
    restored = guest.with_person(["svmrun", "execute", book(guest, f"{restore}\nprompts: [{prompt}]")], moment)
    assert restored.status == 0, restored.said
    guest.ok("for file in large last; do cmp /tmp/$file /tmp/restored/$file; done")


def test_a_dump_that_gets_no_second_tape_ends_and_the_run_has_failed(guest: Guest, drive: Drive, full: str) -> None:
    drive.load("short")
    ended = talk(guest, f"argv: [dump, -0, -f, {DEVICE}, {full}]")
    assert ended.status == 1
    assert "Is the new volume mounted and ready to go" in ended.said
    assert guest.run(["pgrep", "-x", "dump"]).status == 1
