"""`svmrun fmt`: what it writes, what it leaves alone, and its exit codes."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from svmrun.cli.main import main
from svmrun.effects.rewrite import rewrite
from svmrun.errors import InvalidInput

UNTIDY = "name: x\nschema: svmrun/v1\nsteps: [ {id: a, command: {argv: sync}} ]\n"
TIDY = "schema: svmrun/v1\nname: x\n\nsteps: [{id: a, command: {argv: sync}}]\n"
BROKEN = "name: x\nschema: svmrun/v1\nstep: []\n"


@pytest.fixture
def book(tmp_path: Path) -> Path:
    path = tmp_path / "book.yaml"
    path.write_text(UNTIDY)
    return path


def test_a_file_is_rewritten_in_place_and_keeps_its_mode(book: Path, capsys: pytest.CaptureFixture[str]) -> None:
    book.chmod(0o640)
    assert main(["fmt", str(book)]) == 0
    assert book.read_text() == TIDY
    assert stat.S_IMODE(book.stat().st_mode) == 0o640
    assert capsys.readouterr().out == f"{book}: rewritten\n"
    assert os.listdir(book.parent) == [book.name]


def test_a_file_in_canonical_layout_is_not_touched(book: Path) -> None:
    book.write_text(TIDY)
    before = book.stat()
    assert main(["fmt", str(book)]) == 0
    assert (book.stat().st_mtime_ns, book.stat().st_ino) == (before.st_mtime_ns, before.st_ino)


def test_check_names_the_files_and_changes_nothing(book: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (book.parent / "tidy.yaml").write_text(TIDY)
    assert main(["fmt", "--check", str(book.parent)]) == 1
    assert capsys.readouterr().out == f"{book}: not in canonical layout\n"
    assert book.read_text() == UNTIDY


def test_diff_shows_the_change_and_makes_none(book: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fmt", "--diff", str(book)]) == 0
    assert "-steps: [ {id: a, command: {argv: sync}} ]\n+\n+steps: [{id" in capsys.readouterr().out.replace(
        "+schema: svmrun/v1\n+name: x\n", ""
    )
    assert book.read_text() == UNTIDY
    assert main(["fmt", "--diff", "--check", str(book)]) == 1


def test_a_broken_runbook_is_left_alone_and_the_others_are_done(book: Path, capsys: pytest.CaptureFixture[str]) -> None:
    broken = book.parent / "broken.yaml"
    broken.write_text(BROKEN)
    assert main(["fmt", str(book.parent)]) == 3
    assert (broken.read_text(), book.read_text()) == (BROKEN, TIDY)
    assert f"{broken}:3:1: error:" in capsys.readouterr().err


def test_a_link_stays_a_link(book: Path) -> None:
    link = book.parent / "link.yaml"
    link.symlink_to(book)
    assert main(["fmt", str(link)]) == 0
    assert link.is_symlink()
    assert book.read_text() == TIDY


def test_a_link_out_of_a_folder_is_not_followed(book: Path, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "own.yaml").write_text(UNTIDY)
    (folder / "link.yaml").symlink_to(book)
    assert main(["fmt", str(folder)]) == 0
    assert (book.read_text(), (folder / "own.yaml").read_text()) == (UNTIDY, TIDY)


def test_a_file_that_somebody_else_changed_meanwhile_is_left_as_it_is(book: Path) -> None:
    with pytest.raises(InvalidInput, match="changed it meanwhile"):
        rewrite(book, TIDY.encode(), was=b"what was read")
    assert book.read_text() == UNTIDY
    assert os.listdir(book.parent) == [book.name]


@pytest.mark.parametrize("text", [TIDY.replace("\n", "\r\n"), TIDY.removesuffix("\n")])
def test_line_ends_are_part_of_the_layout(book: Path, text: str) -> None:
    book.write_bytes(text.encode())
    assert main(["fmt", "--check", str(book)]) == 1
    assert main(["fmt", str(book)]) == 0
    assert book.read_bytes() == TIDY.encode()


def filtered(text: str, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "svmrun.cli.main", "fmt", *options, "-"]
    return subprocess.run(command, input=text, capture_output=True, text=True, check=False)


def test_standard_input_goes_to_standard_output() -> None:
    assert filtered(UNTIDY).stdout == TIDY
    assert (filtered(BROKEN).returncode, filtered(BROKEN).stdout) == (3, "")
    assert filtered(UNTIDY, "--check").returncode == 1


def test_standard_input_stands_alone(book: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fmt", "-", str(book)]) == 2
    assert "stands alone" in capsys.readouterr().err


def test_a_runbook_that_is_only_found_by_its_name_is_not_rewritten(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fmt", "mirror-backup"]) == 3
    assert "name a file or a folder by its path" in capsys.readouterr().err
