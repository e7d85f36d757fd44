from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from svmrun.adapters.base import Arguments, Command, Completed, Outcome, Prompt
from svmrun.adapters.registry import REGISTRY
from svmrun.effects.cancel import Cancel
from svmrun.effects.terminal_dialogue import converse
from tests import adapter_cases

DUMP = {"device": "/dev/md/harbour/rdsk/d20"}
YES_OR_NO = '("yes" or "no") '


def command(name: str, arguments: Arguments) -> Command:
    return REGISTRY[name].command_line(REGISTRY[name].complete(arguments))


def asked(name: str, arguments: Arguments, question: str) -> Prompt:
    """The prompt that would answer the question: the first one whose pattern is found."""
    talk = command(name, arguments).dialogue
    assert talk is not None
    return next(prompt for prompt in talk.prompts if re.search(prompt.pattern, question))


@pytest.mark.parametrize("name", adapter_cases.names("lockfs", "fsck", "ufsdump", "ufsrestore"))
def test_an_output_is_read_as_a_person_reads_it(name: str) -> None:
    case = adapter_cases.load(name)
    outcome = case.run()
    assert outcome.kind == case.head["outcome"], outcome.message
    assert case.head.get("message", "") in outcome.message
    assert adapter_cases.holds(case.head.get("result", {}), outcome.result or {})


@pytest.mark.parametrize(
    ("mode", "read_only", "blocks"), [("write", False, True), ("unlock", False, False), ("status", True, False)]
)
def test_only_a_lock_blocks_writers(mode: str, read_only: bool, blocks: bool) -> None:
    lockfs, arguments = REGISTRY["lockfs"], {"mode": mode, "mount_point": "/export/"}
    assert lockfs.read_only(arguments) is read_only
    assert lockfs.blocks_writers(arguments) is blocks
    assert lockfs.resource(arguments) == "file system /export"


@pytest.mark.parametrize(
    ("lock", "locked", "unlocked"),
    [("write", True, False), ("unlock", False, True), ("(write)", None, None), ("name", False, False)],
)
def test_the_status_of_a_file_system_tells_whether_it_is_locked(
    lock: str, locked: bool | None, unlocked: bool | None
) -> None:
    result = {"filesystems": [{"path": "/export", "lock": lock, "comment": None}]}
    for mode, present in (("write", locked), ("unlock", unlocked)):
        probe = REGISTRY["lockfs"].probe({"mode": mode, "mount_point": "/export"})
        assert probe is not None
        assert probe.present(result) is present


def test_a_lock_keeps_its_comment_as_one_argument() -> None:
    arguments = {"mode": "write", "mount_point": "/export", "comment": "by night; rm -rf"}
    assert command("lockfs", arguments).argv == ("lockfs", "-c", "by night; rm -rf", "-w", "/export")


@pytest.mark.parametrize("path", ["/", "//", "export"])
def test_the_root_and_relative_paths_are_never_locked(path: str) -> None:
    with pytest.raises(ValueError, match="must"):
        command("lockfs", {"mode": "write", "mount_point": path})


def test_lock_detach_and_unlock_fit_a_hold_of_half_a_minute() -> None:
    lock = REGISTRY["lockfs"].default_timeout({"mode": "write"})
    assert 2 * lock + REGISTRY["metadetach"].default_timeout({}) <= 30


@pytest.mark.parametrize(
    "target",
    ["/dev/rdsk/c1t9d0s0", "/dev/md/harbour/rdsk/d30", "/dev//dsk/c0t0d0s2", "host:/dev/rdsk/c0t0d0s2", "-", "-v"],
)
def test_a_dump_never_goes_to_a_disk_or_to_standard_output(target: str) -> None:
    with pytest.raises(ValueError, match=r"dump_device|disk"):
        command("ufsdump", {**DUMP, "dump_device": target})


def test_a_dump_onto_itself_is_refused_even_with_force() -> None:
    with pytest.raises(ValueError, match="overwrite itself"):
        command("ufsdump", {**DUMP, "dump_device": "/dev/md/harbour/dsk/d20", "force": True})
    assert command("ufsdump", {**DUMP, "dump_device": "/dev/rdsk/c1t9d0s0", "force": True}).argv[1] == "0f"


def test_a_dump_without_a_list_of_volumes_has_no_terminal_and_nothing_to_read() -> None:
    plain = command("ufsdump", DUMP)
    assert plain.dialogue is None
    assert plain.stdin == ""
    assert plain.stop_signal == "INT"
    assert not REGISTRY["ufsdump"].asks(REGISTRY["ufsdump"].complete(DUMP))


def test_the_operator_is_told_which_volume_to_mount() -> None:
    question = f"Is the new volume (#2) mounted on `node-a:/dev/rmt/0' and ready to go?: {YES_OR_NO}"
    prompt = asked("ufsdump", {**DUMP, "volumes": ["monday-1", "monday-2"]}, f"  DUMP: NEEDS ATTENTION: {question}")
    assert prompt.answer is None
    assert "volume 2 of 2, monday-2" in prompt.name


def test_a_dump_that_needs_more_volumes_than_declared_fails() -> None:
    question = f"Is the new volume (#3) mounted on `node-a:/dev/rmt/0' and ready to go?: {YES_OR_NO}"
    prompt = asked("ufsdump", {**DUMP, "volumes": ["monday-1", "monday-2"]}, question)
    assert prompt.fails is not None
    assert "more than the 2 volumes" in prompt.fails


def test_a_dump_that_is_told_to_end_is_aborted() -> None:
    question = f"NEEDS ATTENTION: Do you want to abort dump?: {YES_OR_NO}"
    assert asked("ufsdump", {**DUMP, "volumes": ["a", "b"]}, question).answer == "yes"


@pytest.mark.parametrize(
    "question",
    [
        "UNREF FILE  I=7  OWNER=root MODE=100644\nSIZE=12 MTIME=Apr 25 16:15 2000\nRECONNECT? ",
        "\nFILE SYSTEM STATE IN SUPERBLOCK IS WRONG; FIX? ",
        "CORRECT BAD CG SUMMARIES FOR CG 12? ",
        "Can't roll the log for /dev/md/rdsk/d20.\nDISCARDING THE LOG MAY DISCARD PENDING TRANSACTIONS.\n"
        "DISCARD THE LOG AND CONTINUE? ",
    ],
)
def test_the_questions_of_fsck_go_to_the_operator(question: str) -> None:
    prompt = asked("fsck", {**DUMP, "answer": "ask"}, question)
    assert prompt.answer is None
    assert prompt.fails is None
    assert prompt.name
    assert REGISTRY["fsck"].asks({"answer": "ask"})


def test_fsck_that_answers_itself_needs_no_terminal() -> None:
    assert command("fsck", {**DUMP, "answer": "yes"}).dialogue is None
    assert REGISTRY["fsck"].read_only({"answer": "no"})


def test_the_last_percentage_of_a_dump_is_its_progress() -> None:
    output = "  DUMP: 3.10% done, finished in 5:12\n  DUMP: 43.74% done, finished in 0:12\n"
    assert REGISTRY["ufsdump"].progress({}, output) == 43.74
    assert REGISTRY["ufsdump"].progress({}, "  DUMP: Tape rewinding\n") is None


def test_what_moves_whole_file_systems_says_so() -> None:
    assert REGISTRY["ufsdump"].copies_data
    assert REGISTRY["ufsrestore"].copies_data
    assert REGISTRY["ufsrestore"].read_only({"dump_device": "/dev/rmt/0"})
    assert not REGISTRY["ufsrestore"].read_only({"dump_device": "/dev/rmt/0n"})


DUMPING = r"""
say() { printf '  DUMP: %s' "$1" >&2; }
ask() { say "NEEDS ATTENTION: Is the new volume (#$1) mounted on \`node-a:/dev/rmt/0' and ready to go?: "
        printf '("yes" or "no") ' >&2
        read answer; [ "$answer" = yes ] || { say 'The ENTIRE dump is aborted.'; exit 3; }; }
say 'Dumping /dev/md/harbour/rdsk/d20 to /dev/rmt/0.
'
say 'Estimated 296644 blocks (144.85MB).
'
for volume in $VOLUMES; do ask $volume; done
say "296224 blocks (144.64MB) on 2 volumes at 424 KB/sec
"
say 'DUMP IS DONE
'
"""


def dump_on_a_terminal(tmp_path: Path, volumes: str, ask: Callable[[str], str | None] | None) -> Outcome:
    ufsdump, arguments = REGISTRY["ufsdump"], REGISTRY["ufsdump"].complete({**DUMP, "volumes": ["one", "two"]})
    script = replace(ufsdump.command_line(arguments), argv=("/bin/sh", "-c", DUMPING))
    ended: Completed = converse(
        script,
        program="/bin/sh",
        timeout_seconds=20.0,
        output=tmp_path / "out",
        cancel=Cancel(),
        environment={"PATH": "/usr/bin:/bin", "VOLUMES": volumes},
        ask=ask,
    )
    return ufsdump.interpret(arguments, ended)


def test_a_dump_goes_on_when_the_operator_has_mounted_the_next_volume(tmp_path: Path) -> None:
    asked: list[str] = []

    def ask(question: str) -> str:
        asked.append(question)
        return "yes"

    outcome = dump_on_a_terminal(tmp_path, "2", ask)

    assert outcome.ok, outcome.message
    assert outcome.result["volumes"] == 2
    assert asked[0].endswith("mount volume 2 of 2, two, and answer yes; no ends the dump:")


@pytest.mark.parametrize(
    ("volumes", "ask", "reason"),
    [
        ("2", lambda tail: "no", "the next one was not mounted"),
        ("2", None, "nobody is there to answer"),
        ("2 3", lambda tail: "yes", "more than the 2 volumes"),
    ],
    ids=["operator-says-no", "no-operator", "too-many-volumes"],
)
def test_a_dump_without_its_next_volume_fails_with_the_reason(
    tmp_path: Path, volumes: str, ask: Callable[[str], str | None] | None, reason: str
) -> None:
    outcome = dump_on_a_terminal(tmp_path, volumes, ask)
    assert outcome.kind == "failed"
    assert reason in outcome.message
