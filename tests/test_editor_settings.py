"""`svmrun schema --install`: the settings of an editor, beside those of others."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from svmrun.cli.main import main

SCHEMA = "schemas/runbook-v1.schema.json"


def install(folder: Path, editor: str, *more: str) -> int:
    return main(["schema", "--install", editor, "--folder", str(folder), *more])


@pytest.mark.parametrize(("editor", "file"), [("vscode", ".vscode/settings.json"), ("vim", ".vim/coc-settings.json")])
def test_settings_are_added_to_those_that_are_there(tmp_path: Path, editor: str, file: str) -> None:
    path = tmp_path / file
    path.parent.mkdir()
    path.write_text('{"editor.tabSize": 2, "yaml.schemas": {"./other.json": ["a/*.yaml"]}}')
    assert install(tmp_path, editor) == 0
    settings = json.loads(path.read_text())
    assert settings["editor.tabSize"] == 2
    assert settings["yaml.schemas"] == {"./other.json": ["a/*.yaml"], f"./{SCHEMA}": ["runbooks/*.yaml"]}
    assert json.loads((tmp_path / SCHEMA).read_text())["title"] == "svmrun runbook, version 1"


def test_it_may_be_done_again_and_changes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for editor in ("vscode", "vim", "emacs"):
        assert install(tmp_path, editor) == 0
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    for editor in ("vscode", "vim", "emacs"):
        assert install(tmp_path, editor) == 0
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before


@pytest.mark.parametrize("theirs", ["// mine\n{}\n", '{"yaml.schemas": []}', "[]", "{"])
def test_settings_that_cannot_be_merged_stay_and_the_lines_to_add_are_printed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], theirs: str
) -> None:
    path = tmp_path / ".vscode" / "settings.json"
    path.parent.mkdir()
    path.write_text(theirs)
    assert install(tmp_path, "vscode", "--files", "procedures/*.yaml") == 1
    assert path.read_text() == theirs
    assert '"procedures/*.yaml"' in capsys.readouterr().out


def test_directory_variables_of_emacs_are_never_touched(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / ".dir-locals.el"
    path.write_text("((nil . ((fill-column . 80))))\n")
    assert install(tmp_path, "emacs") == 1
    assert path.read_text() == "((nil . ((fill-column . 80))))\n"
    assert "eglot-workspace-configuration" in capsys.readouterr().out


def test_a_schema_of_somebody_else_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / SCHEMA
    path.parent.mkdir()
    path.write_text('{"$id": "theirs"}')
    assert install(tmp_path, "vscode") == 3
    assert path.read_text() == '{"$id": "theirs"}'


def test_emacs_reads_what_is_written_for_it(tmp_path: Path) -> None:
    assert install(tmp_path, "emacs") == 0
    text = (tmp_path / ".dir-locals.el").read_text()
    assert text.count("(") == text.count(")")
    if emacs := shutil.which("emacs"):
        code = '(with-temp-buffer (insert-file-contents ".dir-locals.el") (read (current-buffer)))'
        assert subprocess.run([emacs, "--batch", "--eval", code], cwd=tmp_path).returncode == 0
