"""`svmrun diff`: which texts it compares, how it prints them, how it ends."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.git_repository import BASE, BROKEN, NAME, Repository

SCHEMA = json.loads((Path(__file__).parents[1] / "schemas" / "diff-v1.schema.json").read_text())
WIDER = BASE.replace("hold: 30s", "hold: 45s")
TIDIED = "# a comment\n" + BASE.replace("hold: 12h", "hold: 720m")


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """On the branch topic, which widens one runbook, adds one, and changes a file that is none."""
    made = Repository(tmp_path)
    made.commit("level: 1\n", "runbooks/nightly.yaml")
    made.commit(BASE)
    made.git("checkout", "--quiet", "-b", "topic")
    made.commit(WIDER)
    made.commit("level: 2\n", "runbooks/nightly.yaml")
    made.commit(BASE.replace("name: base", "name: second"), "runbooks/second.yaml")
    return made


def document(repository: Repository, *words: str) -> Any:
    done = repository.svmrun("diff", *words, "--output", "json")
    found = json.loads(done.stdout)
    jsonschema.validate(found, SCHEMA)
    return found


def files(found: Any) -> list[tuple[str, str]]:
    return [(one["before"], one["after"]) for one in found["runbooks"]]


def test_a_range_compares_every_runbook_that_changed_in_it(repository: Repository) -> None:
    found = document(repository, "main..topic")
    assert files(found) == [(f"main:{NAME}", f"topic:{NAME}"), ("", "topic:runbooks/second.yaml")]
    assert found["dangers"][0] == "widens-hold"
    assert not found["same"]


def test_two_revisions_are_a_range(repository: Repository) -> None:
    assert files(document(repository, "main", "topic")) == files(document(repository, "main..topic"))


def test_three_dots_compare_with_where_the_branch_began(repository: Repository) -> None:
    repository.git("checkout", "--quiet", "main")
    repository.commit(BASE.replace("timeout: 10h", "timeout: 20h"))
    found = document(repository, "main...topic")
    assert [change["danger"] for change in found["runbooks"][0]["changes"]] == ["widens-hold"]


def test_one_revision_is_compared_with_the_working_tree_and_none_is_the_last_commit(repository: Repository) -> None:
    repository.write(TIDIED)
    assert files(document(repository, "main"))[0] == (f"main:{NAME}", NAME)
    assert files(document(repository)) == [(f"HEAD:{NAME}", NAME)]


def test_a_file_is_compared_with_itself_in_another_revision(repository: Repository) -> None:
    found = document(repository, f"main:{NAME}", NAME)
    change = found["runbooks"][0]["changes"][0]
    assert (change["danger"], change["level"], change["where"]) == ("widens-hold", "danger", "step lock")
    assert change["before_at"] == {"file": f"main:{NAME}", "line": 34, "column": 5}
    assert change["after_at"] == {"file": NAME, "line": 34, "column": 5}


def test_holds_are_told_with_their_limits_and_worst_cases(repository: Repository) -> None:
    hold = document(repository, "main..topic")["runbooks"][0]["holds"][0]
    assert hold == {
        "step": "lock",
        "blocks_writers": True,
        "limit_before": 30.0,
        "limit_after": 45.0,
        "worst_before": 30.0,
        "worst_after": 30.0,
    }


def test_a_renamed_runbook_is_compared_with_what_it_was(repository: Repository) -> None:
    repository.git("mv", NAME, "runbooks/moved.yaml")
    repository.commit(TIDIED, "runbooks/moved.yaml")
    assert files(document(repository, "HEAD~1..HEAD")) == [(f"HEAD~1:{NAME}", "HEAD:runbooks/moved.yaml")]


@pytest.mark.parametrize(
    ("text", "options", "code"),
    [
        (TIDIED, [], 0),
        (TIDIED, ["--exit-code"], 0),
        (WIDER, [], 0),
        (WIDER, ["--exit-code"], 1),
        (WIDER, ["--fail-on", "widens-hold"], 1),
        (WIDER, ["--fail-on", "drops-handler"], 0),
        (WIDER, ["--fail-on", "caution"], 1),
        (BASE.replace("timeout: 10h", "timeout: 20h"), ["--fail-on", "danger"], 0),
        (BASE.replace("timeout: 10h", "timeout: 20h"), ["--fail-on", "caution"], 1),
        (BROKEN, ["--exit-code"], 3),
    ],
)
def test_how_it_ends(tmp_path: Path, text: str, options: list[str], code: int) -> None:
    repository = Repository(tmp_path)
    repository.write(BASE, "a.yaml")
    repository.write(text, "b.yaml")
    assert repository.svmrun("diff", "a.yaml", "b.yaml", *options).returncode == code


def test_the_errors_of_both_sides_are_told_where_they_stand(repository: Repository) -> None:
    repository.commit(BROKEN)
    repository.write(BROKEN.replace("hold: 12h", "hold: later"))
    done = repository.svmrun("diff")
    assert done.returncode == 3
    assert f"HEAD:{NAME}:34:11: error: 'soon'" in done.stdout
    assert f"{NAME}:41:11: error: 'later'" in done.stdout


def test_one_broken_runbook_does_not_hide_the_others(repository: Repository) -> None:
    repository.commit(BROKEN, "runbooks/broken.yaml")
    done = repository.svmrun("diff", "main..topic")
    assert done.returncode == 3
    assert "limit of the hold: 30s -> 45s" in done.stdout
    assert "error: 'soon'" in done.stdout
    assert done.stdout.rstrip().endswith("1 runbook cannot be read")


def test_markdown_is_ready_for_a_merge_request(repository: Repository) -> None:
    shown = repository.svmrun("diff", "main..topic", "--output", "markdown").stdout
    assert "## What changes for the machine" in shown
    assert f"- **DANGER** `widens-hold` step lock: limit of the hold: 30s -\\> 45s (`main:{NAME}:34`" in shown
    assert "  ```diff\n  + lockfs -w {mount_point}\n  ```" in shown
    assert "| lock | 30 s -\\> 45 s | 30 s | writers wait |" in shown


def test_no_text_of_a_runbook_can_steer_the_terminal(repository: Repository) -> None:
    repository.write(BASE.replace("default: nothing", 'default: "\\e[2J"'))
    shown = repository.svmrun("diff").stdout
    assert "\x1b" not in shown
    assert "\\x1b[2J" in shown or "\\u001b[2J" in shown


def test_what_git_does_not_know_is_told(repository: Repository) -> None:
    done = repository.svmrun("diff", "nowhere")
    assert done.returncode == 2
    assert "nowhere is no revision" in done.stderr
    assert repository.svmrun("diff", "main:runbooks/none.yaml", NAME).returncode == 3
    assert repository.svmrun("diff", "a", "b", "c").returncode == 2


def test_nothing_that_changed_is_said_so(repository: Repository) -> None:
    assert repository.svmrun("diff").stdout == "no runbook changed\n"


def test_verify_tells_what_ends_wrong_now_and_did_not_before(tmp_path: Path) -> None:
    shipped = (Path(__file__).parents[1] / "runbooks" / "mirror-backup-offline.yaml").read_text()
    repository = Repository(tmp_path)
    repository.write(shipped, "a.yaml")
    undone = "metaonline: {"
    assert undone in shipped
    lines = [
        line.partition(undone)[0] + "command: {argv: [sync]}" if undone in line else line
        for line in shipped.splitlines()
    ]
    repository.write("\n".join(lines), "b.yaml")
    done = repository.svmrun("diff", "a.yaml", "b.yaml", "--verify", "--fail-on", "fails-verify", "--output", "json")
    found = json.loads(done.stdout)
    jsonschema.validate(found, SCHEMA)
    assert found["dangers"][:2] == ["fails-verify", "drops-handler"]
    assert found["runbooks"][0]["tried_before"]["violating"] == 0
    assert found["runbooks"][0]["tried_after"]["violating"] > 0
    assert done.returncode == 1
