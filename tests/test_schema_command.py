"""`svmrun schema` and `svmrun validate`, as real processes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from jsonschema import Draft202012Validator

ROOT = Path(__file__).parent.parent
CASES = ROOT / "tests" / "cases" / "runbooks"


def svmrun(*words: str, folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    code = "import sys; from svmrun.cli.main import main; sys.exit(main())"
    command = [sys.executable, "-c", code, *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, cwd=folder)


def test_schema_prints_the_schema() -> None:
    printed = svmrun("schema")
    assert (printed.returncode, printed.stderr) == (0, "")
    assert json.loads(printed.stdout)["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_good_files_and_folders_are_valid() -> None:
    printed = svmrun("validate", str(CASES / "good"), "runbooks")
    assert printed.returncode == 0, printed.stdout
    assert all(line.endswith(": valid") for line in printed.stdout.splitlines())


def test_every_error_of_every_file_is_printed_and_the_exit_code_is_3() -> None:
    names = ["wrong-types.yaml", "latin-1.yaml"]
    printed = svmrun("validate", *names, folder=CASES / "bad")
    expected = [(CASES / "bad" / name).with_suffix(".errors").read_text() for name in names]
    assert printed.stdout == "".join(expected) + "6 errors in 2 files\n"
    assert (printed.returncode, printed.stderr) == (3, "")


def test_json_fits_its_schema() -> None:
    good, bad = str(CASES / "good" / "mirror-backup.yaml"), str(CASES / "bad" / "empty.yaml")
    printed = svmrun("validate", good, bad, "no-such-runbook", "--output", "json")
    document = json.loads(printed.stdout)
    schema = json.loads((ROOT / "schemas" / "validate-v1.schema.json").read_text())
    assert list(Draft202012Validator(schema).iter_errors(document)) == []
    assert [file["ok"] for file in document["files"]] == [True, False, False]
    assert printed.returncode == 3


def test_what_is_no_runbook_is_told(tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(bytes(range(256)))
    (tmp_path / "empty-folder").mkdir()
    (tmp_path / "unreadable.yaml").symlink_to("/proc/self/mem")
    printed = svmrun("validate", "nothing", "binary", "empty-folder", "unreadable.yaml", folder=tmp_path)
    assert (printed.returncode, printed.stderr) == (3, "")
    assert printed.stdout.count("error: ") == 4
    assert "4 errors in 4 files" in printed.stdout
