"""The schema in the hands of others: yaml-language-server as an editor drives it, and check-jsonschema."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from svmrun.adapters.registry import REGISTRY
from svmrun.errors import InvalidInput
from svmrun.runbook.schema import runbook_schema, schema_text
from svmrun.runbook.source import load, read
from svmrun.runbook.violations import violations
from tests.lsp_client import Client, Json
from tests.runbook_mutations import Mutation, mutations

CASES = Path(__file__).parent / "cases" / "runbooks"
BAD = sorted((CASES / "bad").glob("*.yaml"))
GOOD = sorted((CASES / "good").glob("*.yaml"))
SEVERAL = sorted((CASES.parent / "reuse" / "good").rglob("*.yaml"))
SHIPPED = sorted((Path(__file__).parent.parent / "runbooks").glob("*.yaml"))
MODELINE = "# yaml-language-server: $schema=./runbook.schema.json\n"
SETTINGS = {
    "yaml": {"validate": True, "hover": True, "completion": True, "schemaStore": {"enable": False}},
    "http": {},
    "[yaml]": {},
    "editor": {},
    "files": {},
}
MUTATIONS = 200
LEAST_SHARE = 0.9


def language_server() -> str:
    own = Path(sys.prefix) / "npm" / "node_modules" / ".bin" / "yaml-language-server"
    found = str(own) if own.exists() else shutil.which("yaml-language-server")
    if found is None or shutil.which("node") is None:
        pytest.skip(
            "NOT TESTED: yaml-language-server is not here; install node and npm, then python3 bootstrap.py test"
        )
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("editor")
    (path / "runbook.schema.json").write_text(schema_text(runbook_schema(REGISTRY)))
    return path


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[Client]:
    with Client([language_server(), "--stdio"], folder, SETTINGS) as client:
        yield client


RUNBOOK = f"""{MODELINE}schema: svmrun/v1
name: small
steps:
  - id: lock
    lockfs:
      mode: write
      mount_point: /export
    rollback:
      lockfs: {{mode: unlock, mount_point: /export}}
    hold: 30s
  - release: lock
  - meta
"""


def labels(answer: Json) -> set[str]:
    return {item["label"] for item in (answer["items"] if isinstance(answer, dict) else answer)}


def test_adapter_names_are_completed(server: Client) -> None:
    server.open("names.yaml", RUNBOOK)
    offered = labels(server.at("completion", "names.yaml", RUNBOOK, "  - meta\n", 8))
    assert {"metadetach", "metattach", "metastat", "metaset"} <= offered


def test_fields_of_an_adapter_are_completed(server: Client) -> None:
    text = RUNBOOK.replace("      mode: write\n", "      mode: write\n      c\n")
    server.open("fields.yaml", text)
    assert "comment" in labels(server.at("completion", "fields.yaml", text, "      c\n", 7))


def test_values_of_a_choice_are_completed(server: Client) -> None:
    text = RUNBOOK.replace("mode: write", "mode: ")
    server.open("values.yaml", text)
    assert {"write", "unlock", "status"} <= labels(server.at("completion", "values.yaml", text, "mode: ", 6))


@pytest.mark.parametrize(
    ("mark", "part"),
    [
        ("lockfs:\n", "Lock a UFS file system"),
        ("mount_point: /export\n    roll", "Where the file system is mounted"),
        ("hold:", "must not last longer"),
        ("release:", "Ends the hold"),
    ],
)
def test_what_is_pointed_at_is_described(server: Client, mark: str, part: str) -> None:
    server.open("hover.yaml", RUNBOOK)
    assert part in json.dumps(server.at("hover", "hover.yaml", RUNBOOK, mark, 2))


@pytest.mark.parametrize(
    ("mark", "part"),
    [
        ("include:", "A file with a list of steps"),
        ("runbook:", "Another runbook, by its path"),
        ("parameters: {", "The values of the called runbook's parameters"),
        ("foreach:", "A list that is known before anything is changed"),
        ("as:", "The name of the member"),
    ],
)
def test_what_brings_other_steps_in_is_described(server: Client, mark: str, part: str) -> None:
    more = """\
  - include: parts.yaml
  - runbook: other.yaml
    id: other
    parameters: {a: b}
  - foreach: [a, b]
    as: member
    steps:
      - {id: say, command: {argv: [echo, "{{ member }}"]}}
"""
    text = RUNBOOK.replace("  - meta\n", more)
    assert server.open("reuse.yaml", text) == []
    assert part in json.dumps(server.at("hover", "reuse.yaml", text, mark, 1))


@pytest.mark.parametrize(
    ("was", "wrong"),
    [("as: member", "sa: member"), ("include: parts.yaml", "include: [parts.yaml]"), ("foreach: [a, b]", "foreach: a")],
)
def test_what_brings_other_steps_in_wrongly_is_marked(server: Client, was: str, wrong: str) -> None:
    text = f"{MODELINE}schema: svmrun/v1-steps\nsteps:\n  - include: parts.yaml\n  - foreach: [a, b]\n    as: member\n"
    text += "    steps:\n      - {id: say, command: {argv: [ls]}}\n"
    assert server.open("parts.yaml", text) == []
    assert server.open("parts.yaml", text.replace(was, wrong)) != []


@pytest.mark.parametrize("path", GOOD + SEVERAL + SHIPPED, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_good_runbook_has_no_diagnostics(server: Client, path: Path) -> None:
    assert server.open("good.yaml", MODELINE + path.read_text()) == []


def broken_runbooks() -> list[tuple[Path, Mutation]]:
    every = []
    for path in GOOD:
        _, source = load(path.name, path.read_bytes())
        every += [(path, mutation) for mutation in mutations(source)]
    return random.Random(7).sample(every, MUTATIONS)


def test_nine_of_ten_broken_runbooks_are_marked_in_the_member_that_is_broken(server: Client) -> None:
    missed = []
    broken = broken_runbooks()
    for number, (_, mutation) in enumerate(broken):  # all at once: it waits a little before it looks at each
        server.show(f"broken-{number}.yaml", MODELINE + mutation.text)
    for number, (path, mutation) in enumerate(broken):
        begin, end = mutation.lines
        found = server.diagnostics_of(f"broken-{number}.yaml")
        lines = [one["range"]["start"]["line"] for one in found]  # from 0, and the schema's line came in above
        if not any(begin <= line <= end for line in lines):
            missed.append(f"{path.name}: {mutation.what}, in lines {begin}-{end}: {lines}")
    share = 1 - len(missed) / MUTATIONS
    print(f"yaml-language-server marks {share:.1%} of {MUTATIONS} broken runbooks at the right place")
    assert share >= LEAST_SHARE, "\n".join(missed)


def check_jsonschema(folder: Path, files: list[Path]) -> set[str]:
    """The names of the files that an independent reader and validator finds invalid."""
    command = [sys.executable, "-m", "check_jsonschema", "--schemafile", str(folder / "runbook.schema.json")]
    ended = subprocess.run(
        [*command, "--output-format", "json", *map(str, files)], capture_output=True, text=True, timeout=120
    )
    told = json.loads(ended.stdout)
    return {Path(one["filename"]).name for one in [*told["errors"], *told.get("parse_errors", ())]}


def test_another_validator_finds_every_good_runbook_valid(folder: Path) -> None:
    assert check_jsonschema(folder, [*GOOD, *SEVERAL, *SHIPPED]) == set()


def test_another_validator_refuses_what_the_loader_refuses_for_its_form(folder: Path, tmp_path: Path) -> None:
    invalid = {path.name: path.read_bytes() for path in BAD if is_of_wrong_form(path.read_bytes())}
    for number, (_, mutation) in enumerate(broken_runbooks()):
        if is_of_wrong_form(mutation.text.encode()):
            invalid[f"{number}.yaml"] = mutation.text.encode()
    for name, data in invalid.items():
        (tmp_path / name).write_bytes(data)
    assert len(invalid) > 50
    assert check_jsonschema(folder, [tmp_path / name for name in invalid]) == set(invalid)


def is_of_wrong_form(data: bytes) -> bool:
    """A document of YAML that breaks the schema."""
    try:
        document, _, problems = read("x.yaml", data)
    except InvalidInput:
        return False
    return not problems and bool(violations(runbook_schema(REGISTRY), document))
