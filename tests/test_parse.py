from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from svmrun.adapters.output import ParseError
from svmrun.adapters.svm_parse_concise import parse_metastat_c
from svmrun.adapters.svm_parse_md_tab import parse_metastat_p
from svmrun.adapters.svm_parse_metaset import parse_metaset
from svmrun.adapters.svm_parse_report import parse_metastat
from svmrun.adapters.ufs_parse import parse_fsck, parse_lockfs, parse_ufsrestore
from svmrun.adapters.ufs_parse_dump import parse_ufsdump
from svmrun.cli.parse import PARSERS

Json = Any
ROOT = Path(__file__).parent / "cases" / "parse"
CASES = [f"{path.parent.name}/{path.stem}" for path in sorted(ROOT.glob("*/*.txt"))]
OURS: list[Callable[[str], dict[str, Json]]] = [
    *(parse_metastat, parse_metastat_p, parse_metastat_c, parse_metaset),
    *(parse_lockfs, parse_fsck, parse_ufsdump, parse_ufsrestore),
]
EXAMPLES = "".join((ROOT / f"{name}.txt").read_text() for name in CASES).splitlines(keepends=True)

base = st.from_regex(r"[A-Za-z][A-Za-z0-9_.+-]{0,20}", fullmatch=True)
diskset = st.just("") | base.map(lambda name: f"{name}/")
slices = st.from_regex(r"c[0-9]{1,2}(t[0-9A-F]{1,16})?d[0-9]{1,3}s[0-7]", fullmatch=True)
percents = st.integers(0, 99) | st.integers(0, 999).map(lambda one: one / 10)
words = st.sampled_from(["Okay", "Resyncing", "Needs maintenance", "Resync cancelled", "Unavailable"])
quick = settings(deadline=None, max_examples=60)


def svmrun_parse(kind: str, content: bytes) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "svmrun.cli.main", "parse", kind], input=content, capture_output=True, timeout=30
    )


def is_read_or_refused(parse: Callable[[str], dict[str, Json]], text: str) -> bool:
    """True when the result is JSON, or the refusal a sentence; any other error goes through."""
    try:
        return bool(json.dumps(parse(text)))
    except ParseError as error:
        return len(str(error).split()) > 2


@pytest.mark.parametrize("name", CASES)
def test_an_output_is_read_as_a_person_reads_it(name: str) -> None:
    wanted = json.loads((ROOT / f"{name}.json").read_text())
    with (ROOT / f"{name}.txt").open(newline="") as stream:
        assert PARSERS[name.split("/")[0]](stream.read()) == wanted


@pytest.mark.parametrize("name", [name for name in CASES if (ROOT / f"{name}.txt").stat().st_size])
@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.expandtabs(),
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.replace("\n", " \n"),
        lambda text: f"Proxy command to node-b\n{text}",
    ],
    ids=["tabs-expanded", "carriage-returns", "trailing-blanks", "proxied"],
)
def test_blanks_line_ends_and_a_leading_notice_change_nothing(name: str, change: Callable[[str], str]) -> None:
    parse, text = PARSERS[name.split("/")[0]], (ROOT / f"{name}.txt").read_text()
    assert parse(change(text)) == parse(text)


@pytest.mark.parametrize("parse", OURS)
@given(text=st.text() | st.lists(st.sampled_from(EXAMPLES) | st.text()).map("".join))
@example(text="²³ ١٢\x85\x1c\u2028")
@quick
def test_any_text_is_read_or_refused_with_a_sentence(parse: Callable[[str], dict[str, Json]], text: str) -> None:
    assert is_read_or_refused(parse, text)


@pytest.mark.parametrize("name", CASES)
def test_an_output_cut_anywhere_is_read_or_refused(name: str) -> None:
    parse, text = PARSERS[name.split("/")[0]], (ROOT / f"{name}.txt").read_text()
    for length in range(0, len(text), 7):
        assert is_read_or_refused(parse, text[:length])


@pytest.mark.parametrize("kind", list(PARSERS))
@pytest.mark.parametrize("content", [b"\xff\xfe\x00\x00\x1b[2J", "Größe: Spiegel\n".encode("latin-1")])
def test_bytes_that_are_no_output_end_in_a_sentence(kind: str, content: bytes) -> None:
    with pytest.raises(ValueError, match=r"\w+ \w+"):
        PARSERS[kind](content.decode("utf-8", errors="replace"))


def test_the_command_prints_json_or_a_sentence_but_no_traceback() -> None:
    good = svmrun_parse("metastat-p", b"d0 -m d10 1\nd10 1 1 c0t0d0s0\n")
    assert json.loads(good.stdout)["volumes"]["d0"] == {"type": "mirror", "submirrors": ["d10"], "pass": 1}
    bad = svmrun_parse("metastat-p", bytes(range(256)))
    assert bad.returncode == 3
    assert bad.stdout == b""
    assert b"standard input: this is not what metastat -p prints" in bad.stderr


@given(st.data(), diskset, st.lists(base, min_size=1, max_size=4, unique=True), st.integers(0, 9), st.booleans())
@quick
def test_a_layout_comes_back_from_both_eras_of_names(
    data: st.DataObject, prefix: str, sides: list[str], pass_number: int, paths: bool
) -> None:
    devices = [data.draw(slices) for _ in sides]
    volume, device = (f"/dev/md/{prefix}rdsk/", "/dev/rdsk/") if paths else (prefix, "")
    options = data.draw(st.sampled_from(["", " -g", " -r", " -S", " -g -S"]))
    lines = [f"{prefix}mirror -m {' '.join(volume + side for side in sides)}{options} {pass_number}"]
    lines += [f"{prefix}{side} 1 1 {device}{one}" for side, one in zip(sides, devices, strict=True)]
    wanted: dict[str, Json] = {
        f"{prefix}{s}": {"type": "stripe", "components": [d]} for s, d in zip(sides, devices, strict=True)
    }
    wanted = {f"{prefix}mirror": {"type": "mirror", "submirrors": [*wanted], "pass": pass_number}} | wanted
    assert parse_metastat_p("\n".join(lines)) == {"volumes": wanted}


@given(diskset, base, st.lists(st.tuples(base, words), min_size=1, max_size=4), st.none() | percents, st.booleans())
@quick
def test_a_mirrors_report_comes_back(
    prefix: str, name: str, sides: list[tuple[str, str]], resync: float | None, times: bool
) -> None:
    time = "Tue Apr 25 16:15:51 2000" if times else ""
    lines = [f"{prefix}{name}: Mirror"]
    for number, (side, state) in enumerate(sides):
        lines += [f"    Submirror {number}: {prefix}{side}", f"      State: {state:<12} {time}"]
    lines += [] if resync is None else [f"    Resync in progress: {resync} % done"]
    lines += ["    Pass: 1", "    Size: 20971520 blocks (10 GB)", ""]
    mirror = parse_metastat("\n".join(lines))["volumes"][f"{prefix}{name}"]
    assert mirror["submirrors"] == [{"name": f"{prefix}{side}", "state": state} for side, state in sides]
    assert (mirror["resync_percent"], mirror["size_blocks"]) == (resync, 20971520)


@given(base, st.lists(st.tuples(base, st.sampled_from([None, "offline", "maint", "resync-42.5%"]))), st.integers(0, 2))
@quick
def test_a_concise_row_comes_back(name: str, members: list[tuple[str, str | None]], level: int) -> None:
    rest = " ".join(f"{member} ({state})" if state else member for member, state in members)
    indent = 4 * level
    row = f"{' ' * indent}{name:<{16 - indent}} m {'10GB':>6} {rest}\n"
    listed = [{"name": member, "state": state} for member, state in members]
    assert parse_metastat_c(row) == {"volumes": {name: {"type": "mirror", "size": "10GB", "members": listed}}}


@given(base, st.integers(1, 99), st.lists(st.tuples(base, st.booleans()), min_size=1), st.booleans(), st.booleans())
@quick
def test_a_disk_set_comes_back(
    name: str, number: int, hosts: list[tuple[str, bool]], multi_owner: bool, drives: bool
) -> None:
    lines = ["", f"Set name = {name}, Set number = {number}", "", f"{'Host':<19} Owner"]
    rows = [f"  {host:<17}  {'Yes' if owner else ''}" for host, owner in hosts]
    if multi_owner:
        lines[1:] = [f"Multi-owner {lines[1]}, Master = {hosts[0][0]}", "", f"{'Host':<19} {'Owner':<14} Member"]
        rows = [f"  {host:<17.17}  {'multi-owner' if owner else '':<12}  Yes " for host, owner in hosts]
    lines += rows + (["", "Driv Dbase", "", "d4   Yes  ", ""] if drives else [])
    found = parse_metaset("\n".join(lines))["sets"][0]
    wanted = [{"name": host[:17] if multi_owner else host, "owner": owner} for host, owner in hosts]
    assert (found["name"], found["number"], found["hosts"]) == (name, number, wanted)
    assert (found["multi_owner"], found["drives"]) == (multi_owner, ["d4"] if drives else [])


@given(
    st.sampled_from(["write", "unlock", "(write)", "name"]), base.map(lambda one: f"/{one}/{one}"), st.just("") | base
)
@quick
def test_a_lock_comes_back(lock: str, path: str, comment: str) -> None:
    text = f"{'Filesystem':<20} {'Locktype':<10} Comment\n{path:<20} {lock:<10} {comment}\n"
    assert parse_lockfs(text) == {"filesystems": [{"path": path, "lock": lock, "comment": comment or None}]}
