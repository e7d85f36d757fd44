"""`svmrun lsp`, as an editor talks to it: a real process, the protocol over its standard streams."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from svmrun.adapters.registry import REGISTRY
from svmrun.runbook.load import load_runbook
from svmrun.runbook.source import load
from tests.lsp_client import Client, Json
from tests.runbook_mutations import mutations

ROOT = Path(__file__).resolve().parents[1]
GOOD = sorted((ROOT / "tests" / "cases" / "runbooks" / "good").glob("*.yaml"))
SHIPPED = sorted((ROOT / "runbooks").glob("*.yaml"))
RUNBOOK = """\
schema: svmrun/v1
name: small
description: Flush once, and look – ö 𝄞.
parameters:
  mount_point: {type: string, description: Where it is mounted, examples: [/export]}
  kind: {enum: [ufs, raw], default: ufs, description: What lies on it}
facts:
  locks: {lockfs: {mode: status, mount_point: "{{ mount_point }}"}}
checks:
  - that: locks.filesystems[0].lock == 'unlock'
    message: "𝄞 {{ mount_point }} is locked"
steps:
  - id: lock
    name: Lock it
    when: kind == 'ufs'
    lockfs: {mode: write, mount_point: "{{ mount_point }}"}
    rollback:
      lockfs: {mode: unlock, mount_point: "{{ mount_point }}"}
    hold: 30s
  - id: look
    name: Look at the moment
    command: {argv: [date, -u], read_only: true}
    timeout: 5s
  - release: lock
  - id: tell
    name: Tell it
    command: {argv: [echo, "{{ steps.look.result.stdout }}", '{{ steps[''look''].result.stdout }}'], read_only: true}
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with Client([sys.executable, "-m", "svmrun.cli.main", "lsp", "--stdio"], tmp_path_factory.mktemp("lsp")) as client:
        yield client


def edited(text: str, edits: list[Json]) -> str:
    """The text after an editor's edits; columns are units of UTF-16."""
    lines = text.split("\n")

    def key(edit: Json) -> tuple[int, int]:
        return edit["range"]["start"]["line"], edit["range"]["start"]["character"]

    for edit in sorted(edits, key=key, reverse=True):
        start, end = edit["range"]["start"], edit["range"]["end"]
        units = lines[start["line"]].encode("utf-16-le")
        new = units[: 2 * start["character"]] + edit["newText"].encode("utf-16-le") + units[2 * end["character"] :]
        lines[start["line"]] = new.decode("utf-16-le")
    return "\n".join(lines)


def marked(text: str, found: dict[str, dict[str, int]]) -> str:
    """What a range covers."""
    start, end = found["start"], found["end"]
    units = text.split("\n")[start["line"]].encode("utf-16-le")
    return units[2 * start["character"] : 2 * end["character"]].decode("utf-16-le")


@pytest.mark.parametrize("path", GOOD + SHIPPED, ids=lambda path: path.stem)
def test_a_good_runbook_is_found_valid(server: Client, path: Path) -> None:
    found = server.open("good.yaml", path.read_text())
    assert [one for one in found if one.get("code") is None] == []  # lint has its numbers


def test_an_undefined_name_in_a_template_is_marked_while_it_is_typed(server: Client) -> None:
    server.open("typed.yaml", RUNBOOK)
    text = RUNBOOK.replace("𝄞 {{ mount_point }}", "𝄞 {{ mount_pont }}")
    (found,) = server.open("typed.yaml", text)
    assert marked(text, found["range"]) == "mount_pont"
    assert "did you mean 'mount_point'?" in found["message"]


def test_what_lint_finds_is_told_with_the_number_of_its_rule(server: Client) -> None:
    text = RUNBOOK.replace("  kind:", "  spare: {type: string, default: '', description: Never used}\n  kind:")
    found = server.open("lint.yaml", text)
    assert [one["code"] for one in found if marked(text, one["range"]) == "spare"] == ["SR006"]


def test_another_yaml_file_is_none_of_ours(server: Client) -> None:
    assert server.open("other.yaml", "on: push\njobs: {}\n") == []


def test_every_broken_runbook_is_marked_in_the_member_that_is_broken(server: Client) -> None:
    broken = [(path, m) for path in GOOD for m in mutations(load(path.name, path.read_bytes())[1])]
    for path, mutation in random.Random(7).sample(broken, 200):
        server.open(path.name, path.read_text())
        found = server.open(path.name, mutation.text)
        lines = [one["range"]["start"]["line"] + 1 for one in found]
        begin, end = mutation.lines
        assert any(begin <= line <= end for line in lines), (path.name, mutation.what, found)


@pytest.mark.parametrize(
    ("mark", "offset", "line"),
    [
        ("steps.look", 8, "  - id: look"),
        ("steps[''look", 9, "  - id: look"),
        ("release: lock", 10, "  - id: lock"),
        ("locks.filesystems", 2, "  locks: {"),
        ("kind == 'ufs'", 1, "  kind: {"),
        ("𝄞 {{ mount_point", 8, "  mount_point: {"),
    ],
)
def test_a_name_leads_to_its_declaration(server: Client, mark: str, offset: int, line: str) -> None:
    server.open("definition.yaml", RUNBOOK)
    found = server.at("definition", "definition.yaml", RUNBOOK, mark, offset + mark.count("𝄞") - mark.count("𝄞"))
    assert RUNBOOK.split("\n")[found["range"]["start"]["line"]].startswith(line)


@pytest.mark.parametrize(
    ("mark", "command"),
    [
        ("lockfs: {mode: write", "lockfs -w /export"),
        ("lockfs: {mode: unlock", "lockfs -u /export"),
        ("name: Lock it", "lockfs -w /export"),
        ("lockfs: {mode: status", "lockfs /export"),
        ("- release", "lockfs -u /export"),
        ("locks.filesystems", "lockfs /export"),
        ("argv: [date", "date -u"),
    ],
)
def test_pointing_at_an_action_shows_the_command_line_that_it_will_run(server: Client, mark: str, command: str) -> None:
    server.open("hover.yaml", RUNBOOK)
    told = server.at("hover", "hover.yaml", RUNBOOK, mark, 1)["contents"]["value"]
    assert f"```sh\n{command}\n```" in told


def test_without_examples_a_word_in_capitals_stands_for_the_value(server: Client) -> None:
    text = RUNBOOK.replace(", examples: [/export]", ", pattern: ^/")
    server.open("placeholder.yaml", text)
    told = server.at("hover", "placeholder.yaml", text, "lockfs: {mode: write", 1)["contents"]["value"]
    assert "lockfs -w /MOUNT_POINT" in told


@pytest.mark.parametrize("new", ["glance", "take-off"])
def test_a_renamed_step_is_renamed_everywhere_and_the_runbook_stays_valid(server: Client, new: str) -> None:
    server.open("rename.yaml", RUNBOOK)
    found = server.at("rename", "rename.yaml", RUNBOOK, "id: look", 5, newName=new)
    text = edited(RUNBOOK, next(iter(found["changes"].values())))
    assert text.count("look") == 1  # in the description
    load_runbook("renamed.yaml", text.encode(), REGISTRY)
    assert "steps.glance" in text or "steps['take-off']" in text


def test_a_step_is_renamed_from_its_release_too(server: Client) -> None:
    server.open("rename.yaml", RUNBOOK)
    found = server.at("rename", "rename.yaml", RUNBOOK, "release: lock", 11, newName="still")
    text = edited(RUNBOOK, next(iter(found["changes"].values())))
    assert "- release: still\n" in text
    assert "- id: still\n" in text
    load_runbook("renamed.yaml", text.encode(), REGISTRY)


@pytest.mark.parametrize("new", ["look", "no good", "", "9"])
def test_a_name_that_is_taken_or_impossible_is_refused_with_a_sentence(server: Client, new: str) -> None:
    server.open("rename.yaml", RUNBOOK)
    with pytest.raises(RuntimeError, match=r"is there already|cannot be the name"):
        server.at("rename", "rename.yaml", RUNBOOK, "id: lock", 5, newName=new)


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ('message: "{{ ', {"mount_point", "kind", "locks", "host"}),
        ("message: {{ ", {"mount_point", "locks"}),  # without quotes it is no YAML: the last good state helps
        ('message: "{{ steps.', {"lock", "look", "tell"}),
        ("message: \"{{ steps['", {"look"}),
        ('message: "{{ mount_point | ', {"basename", "volume", "raw_device"}),
        ("when: ", {"kind", "locks"}),
    ],
)
def test_names_are_completed_inside_braces_and_bare_expressions(server: Client, typed: str, offered: set[str]) -> None:
    server.open("completion.yaml", RUNBOOK)
    text = RUNBOOK + f"  - id: new\n    confirm:\n      {typed}\n"
    server.open("completion.yaml", text)
    found = server.at("completion", "completion.yaml", text, f"      {typed}\n", 6 + len(typed))
    assert offered <= {item["label"] for item in found["items"]}


def test_only_holds_are_offered_for_a_release(server: Client) -> None:
    text = RUNBOOK.replace("release: lock", "release: ")
    server.open("completion.yaml", RUNBOOK)
    server.open("completion.yaml", text)
    found = server.at("completion", "completion.yaml", text, "release: ", 9)
    assert {item["label"] for item in found["items"]} == {"lock"}


def test_outside_of_expressions_nothing_is_offered(server: Client) -> None:
    server.open("completion.yaml", RUNBOOK)
    assert server.at("completion", "completion.yaml", RUNBOOK, "name: small", 8)["items"] == []


def test_without_pygls_a_sentence_says_what_to_install() -> None:
    code = "import sys; sys.modules['pygls'] = None; from svmrun.cli.main import main; sys.exit(main(['lsp']))"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert ended.returncode == 2
    assert "pip install 'svmrun[lsp]'" in ended.stderr
    assert "Traceback" not in ended.stderr


PARTS = {
    "lock.yaml": "schema: svmrun/v1-steps\nsteps:\n"
    + RUNBOOK[RUNBOOK.index("  - id: lock") : RUNBOOK.index("  - id: look")],
    "called.yaml": "schema: svmrun/v1\nname: called\nsteps:\n"
    "  - {id: note, command: {argv: [date], read_only: true}, timeout: 5s}\n",
}
SPLIT = (
    RUNBOOK[: RUNBOOK.index("  - id: lock")]
    + "  - include: lock.yaml\n  - runbook: called.yaml\n    id: called\n"
    + RUNBOOK[RUNBOOK.index("  - id: look") :].replace("echo,", "echo, \"{{ steps['called-note'].result.output }}\",")
)


@pytest.fixture
def parts(server: Client) -> Iterator[None]:
    """Files beside those that are open."""
    for name, text in PARTS.items():
        (server.folder / name).write_text(text)
    yield
    for name in PARTS:
        (server.folder / name).unlink()


@pytest.mark.usefixtures("parts")
@pytest.mark.parametrize(
    ("mark", "offset", "file", "line"),
    [
        ("include: lock", 11, "lock.yaml", 0),
        ("runbook: called", 11, "called.yaml", 0),
        ("release: lock", 10, "lock.yaml", 2),
        ("steps['called-note", 10, "called.yaml", 3),
        ("steps.look", 8, "split.yaml", SPLIT[: SPLIT.index("  - id: look")].count("\n")),
    ],
)
def test_a_name_leads_into_another_file(server: Client, mark: str, offset: int, file: str, line: int) -> None:
    assert [one for one in server.open("split.yaml", SPLIT) if one.get("code") is None] == []
    found = server.at("definition", "split.yaml", SPLIT, mark, offset)
    assert (found["uri"], found["range"]["start"]["line"]) == (server.uri(file), line)


@pytest.mark.usefixtures("parts")
def test_what_is_wrong_in_another_file_is_marked_where_that_one_is_named(server: Client) -> None:
    (server.folder / "lock.yaml").write_text(PARTS["lock.yaml"].replace("mode: unlock", "mode: unlok"))
    (found,) = server.open("split.yaml", SPLIT)
    assert marked(SPLIT, found["range"]) == "lock.yaml"
    assert "lock.yaml:8:22: 'unlok' is not one of the choices" in found["message"]


@pytest.mark.usefixtures("parts")
def test_a_part_is_read_as_it_is_in_the_editor(server: Client) -> None:
    server.open("lock.yaml", PARTS["lock.yaml"].replace("id: lock", "id: other"))
    found = server.open("split.yaml", SPLIT)
    assert any("there is no step 'lock' to release" in one["message"] for one in found)
    server.notify("textDocument/didClose", {"textDocument": {"uri": server.uri("lock.yaml")}})
