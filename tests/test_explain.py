"""`svmrun explain`: the procedure as a document for a person."""

from __future__ import annotations

import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

from svmrun.adapters.registry import REGISTRY
from svmrun.manual.build import manual
from svmrun.manual.html import manual_html
from svmrun.manual.markdown import manual_markdown
from svmrun.manual.text import manual_text
from svmrun.manual.values import values_of
from svmrun.runbook.load import load_runbook
from svmrun.runbook.model import Runbook
from tests.running import Scene

ROOT = Path(__file__).resolve().parents[1]
RUNBOOKS = sorted((ROOT / "runbooks").glob("*.yaml"))
GOOD = sorted((ROOT / "tests" / "cases" / "runbooks" / "good").glob("*.yaml"))
# The documented procedure ("Online Backups for Mirrors"), in the order of the manual.
DOCUMENTED = (
    "metaset -s schost-1",
    "metastat -s schost-1 d0",
    "lockfs -w /global/schost-1",
    "metastat -s schost-1 -p d0",
    "metadetach -s schost-1 d0 d30",
    "lockfs -u /global/schost-1",
    "fsck -F ufs -y /dev/md/schost-1/rdsk/d30",
    "ufsdump 0uf /dev/rmt/0 /dev/md/schost-1/rdsk/d30",
    "metattach -s schost-1 d0 d30",
    "metastat -s schost-1 d0",
)
COMMAND = re.compile(r"^    (\S.*)$", re.MULTILINE)


def runbook(text: str) -> Runbook:
    head = "schema: svmrun/v1\nname: small\n"
    return load_runbook("small.yaml", (head + text).encode(), REGISTRY)


def shipped(name: str) -> Runbook:
    path = ROOT / "runbooks" / f"{name}.yaml"
    return load_runbook(path.name, path.read_bytes(), REGISTRY)


def text_of(book: Runbook, **given: object) -> str:
    return manual_text(manual(book, values_of(book, given), REGISTRY))


def explain(scene: Scene, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "svmrun.cli.main", "explain", *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=ROOT, env=scene.environment)


def in_order(wanted: tuple[str, ...], lines: list[str]) -> bool:
    rest = iter(lines)
    return all(any(line == one for line in rest) for one in wanted)


def test_the_document_of_the_backup_has_the_documented_commands_in_their_order(scene: Scene) -> None:
    told = explain(scene, "mirror-backup", "--simulate")
    assert (told.returncode, told.stderr) == (0, "")
    assert in_order(DOCUMENTED, COMMAND.findall(told.stdout))


def test_given_values_do_as_well_as_those_of_a_world() -> None:
    given = {"diskset": "schost-1", "mirror": "d0", "submirror": "d30", "mount_point": "/global/schost-1"}
    assert in_order(DOCUMENTED, COMMAND.findall(text_of(shipped("mirror-backup"), **given)))


def test_each_failure_names_what_undoes_everything_so_far_the_last_first() -> None:
    given = {"diskset": "schost-1", "mirror": "d0", "submirror": "d30", "mount_point": "/export"}
    text = text_of(shipped("mirror-backup"), **given)
    steps = dict(re.findall(r"^Step \d+: ([^\n]*)\n-+\n(.*?)(?=^Step |^[A-Z ]+$)", text, re.MULTILINE | re.DOTALL))
    undone = {name: re.findall(r"^  \d\. (.*?) \(undoes", body, re.MULTILINE) for name, body in steps.items()}
    assert undone["Lock the file system from writes"] == ["lockfs -u /export"]
    assert undone["Take one submirror off the mirror"] == ["metattach -s schost-1 d0 d30", "lockfs -u /export"]
    assert undone["Dump it"] == ["metattach -s schost-1 d0 d30"]
    assert undone["Wait until the mirror is whole"] == []
    assert "CAUTION: Writers wait from here on. This must not last longer than 40s." in text


def test_what_is_not_known_is_a_word_in_capitals() -> None:
    lines = COMMAND.findall(text_of(shipped("mirror-backup")))
    assert "lockfs -w /MOUNT_POINT" in lines
    assert "metadetach MIRROR SUBMIRROR" in lines
    assert "ufsdump 0uf /dev/rmt/0 /dev/md/rdsk/SUBMIRROR" in lines


def test_a_condition_that_depends_on_what_is_not_known_is_told_as_a_condition() -> None:
    book = runbook(
        "parameters: {kind: {enum: [ufs, raw]}}\nsteps: [{id: a, when: kind == 'ufs', command: {argv: [x]}}]"
    )
    assert "Condition: Only when kind == 'ufs'." in text_of(book)
    assert "Left out with these values: a." in text_of(book, kind="raw")
    assert "Condition" not in text_of(book, kind="ufs")


def test_a_list_that_is_not_known_yet_stays_one_thing() -> None:
    text = text_of(shipped("mirror-backup"), services=["svc:/database"], mirror="d0", mount_point="/export")
    lines = COMMAND.findall(text)
    assert "svcs {running.online}" in lines
    assert "svcadm disable -st {running.online}" in lines


def test_a_secret_is_nowhere_in_the_document() -> None:
    book = runbook(
        "parameters: {password: {secret: true, default: hunter2, examples: [hunter3]}}\n"
        "steps: [{id: a, command: {argv: [login, '{{ password }}']}}]"
    )
    for examples in (False, True):
        text = manual_text(manual(book, values_of(book, {"password": "hunter4"}, examples=examples), REGISTRY))
        assert "hunter" not in text


def test_a_secret_of_a_world_is_told_neither_by_itself_nor_by_a_fact(scene: Scene) -> None:
    path = scene.folder / "secret.yaml"
    path.write_text(
        "schema: svmrun/v1\nname: small\n"
        "parameters: {password: {secret: true, default: hunter2x}, again: {default: '{{ password }}!'}}\n"
        "facts: {asked: {command: {argv: [/bin/echo, '{{ password }}'], read_only: true}}}\n"
        "steps: [{id: a, command: {argv: [login, '{{ asked.stdout }}', '{{ again }}']}}]\n"
    )
    told = explain(scene, str(path), "--simulate")
    assert told.returncode == 0, told.stderr
    assert "login" in told.stdout
    assert "hunter2x" not in told.stdout


NASTY = "<script src=http://x/>&\"'`| *b* \\u001b"


def nasty() -> Runbook:
    return runbook(
        f'description: "{NASTY.replace(chr(34), chr(92) + chr(34))}"\n'
        "steps: [{id: a, name: '<b>|`x`', command: {argv: [echo, '<i>', '```']}}]"
    )


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()
        self.references: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        self.references += [name for name, _ in attrs if name in ("src", "href", "style", "onclick")]
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("path", RUNBOOKS + GOOD, ids=lambda path: path.stem)
def test_every_runbook_becomes_one_well_formed_html_file_without_references(path: Path) -> None:
    book = load_runbook(path.name, path.read_bytes(), REGISTRY)
    for examples in (False, True):
        told = manual(book, values_of(book, {}, examples=examples), REGISTRY)
        tags = Tags()
        tags.feed(manual_html(told))
        assert (tags.open, tags.references) == ([], [])
        assert manual_markdown(told).startswith(f"# {book.name}")


def test_nothing_of_a_runbook_becomes_markup() -> None:
    told = manual(nasty(), values_of(nasty(), {}), REGISTRY)
    tags = Tags()
    tags.feed(manual_html(told))
    assert not {"script", "b", "i"} & tags.seen
    assert "\x1b" not in manual_text(told) + manual_markdown(told) + manual_html(told)
    fenced = re.search(r"^(`{4,})\n.*\n\1$", manual_markdown(told), re.MULTILINE)
    assert fenced, "a fence longer than the backticks inside it"


def test_values_that_do_not_fit_are_refused(scene: Scene) -> None:
    told = explain(scene, "mirror-backup", "-p", "sides=one", "-p", "mirorr=d0")
    assert told.returncode == 3
    assert "sides" in told.stderr
    assert "did you mean 'mirror'?" in told.stderr


def test_a_key_that_is_pressed_without_enter_is_told_so() -> None:
    prompts = '[{expect: "Clear", answer: "n", enter: false}, {expect: "Fix", answer: "y"}]'
    told = text_of(runbook(f"steps: [{{id: ask, dialogue: {{argv: [e2fsck, /dev/x], prompts: {prompts}}}}}]\n"))
    assert "- Clear: n, without Enter\n" in told
    assert "- Fix: y\n" in told


def test_who_copies_by_hand_lets_nobody_else_read_it() -> None:
    text = text_of(shipped("md-mirror-backup"))
    assert text.count("umask 077") == 2  # the store of what the check writes, and the dump
    assert re.search(r"umask 077\n\n    dump ", text)
