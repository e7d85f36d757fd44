"""What lockfs, fsck and the table of contents of ufsrestore print (lockfs.c; fsck's main.c and setup.c; dirs.c)."""

from __future__ import annotations

import re
from typing import Any

from svmrun.adapters.output import ParseError, lines, number, unreadable
from svmrun.names import canonical

Json = Any

_LOCK = re.compile(r"\s(?P<lock>\(?(?:unlock|write|name|delete|hard|error|unknown|EIO)\)?)(?=\s|$)")
_LOCK_HEADING = re.compile(r"\s*Filesystem\s+Locktype\b")

_DEVICE = re.compile(r"\*\* (?P<device>(?!Phase |Last Mounted |Currently Mounted )\S+)(?P<read_only> \(NO WRITE\))?$")
_MOUNTED = re.compile(r"\*\* (?P<when>Last|Currently) Mounted on(?P<where>.*)$")
_PHASE = re.compile(r"\*\* Phase (?P<phase>\w+)\b")
_SUMMARY = re.compile(r"(?:^|.*\s)(?P<files>[0-9]{1,18}) files, [0-9]+ used|Inodes in use: (?P<inodes>[0-9]{1,18})$")
_CLEAN = re.compile(r"(?:ufs fsck: sanity check: )?(?P<device>/\S+?):? (?:is (?:clean|stable|logging)\.|okay$)")
_PROBLEMS = {
    "bad": re.compile(r"FILE ?SYSTEM IS BAD"),
    "rerun": re.compile(r"PLEASE RERUN FSCK|MAY STILL BE INCONSISTENT"),
    "reboot": re.compile(r"REBOOT NOW"),
}
_MODIFIED = re.compile(r"FILE ?SYSTEM WAS MODIFIED")

_ENTRY = re.compile(r"\s*(?P<inode>[0-9]{1,18})\t\s*(?P<path>\.\S*.*)$|\s*(?P<inode2>[0-9]{1,18}) +(?P<path2>\./?.*)$")
_DUMP_LEVEL = re.compile(r"Level (?P<level>[0-9]) dump of (?P<path>.*) on (?P<source>\S+)$")
_DUMP_DATE = re.compile(r"Dump\s+date:\s*(?P<date>\S.*)$")


def parse_lockfs(text: str) -> dict[str, Json]:
    """`{"filesystems": [{"path", "lock", "comment"}]}`; a change in progress stays in parentheses: `(write)`.

    No text at all means that nothing is locked; ParseError when there is text but neither the heading nor a row.
    """
    found: list[dict[str, Json]] = []
    body = lines(text)
    for line in body:
        match = _LOCK.search(line)
        if match and not _LOCK_HEADING.match(line) and line[: match.start()].strip():
            path, comment = line[: match.start()].strip(), line[match.end() :].strip()
            found.append({"path": path, "lock": match["lock"], "comment": comment or None})
    if body and not found and not any(map(_LOCK_HEADING.match, body)):
        raise unreadable("lockfs", "row of a file system with its lock", body)
    return {"filesystems": found}


def parse_fsck(text: str) -> dict[str, Json]:
    """`{"device", "device_path", "last_mounted", "phases", "files", "modified", "read_only", ...}` of one check.

    Also `mounted` (it is mounted now), `clean` (said without a check) and `problems`: `bad`, `rerun`, `reboot`.
    ParseError when nothing in the text is fsck's.
    """
    result: dict[str, Json] = {
        **dict.fromkeys(("device", "device_path", "last_mounted", "files")),
        **dict.fromkeys(("modified", "read_only", "mounted", "clean"), False),
        "phases": [],
        "problems": [],
    }
    body = [line.strip() for line in text.splitlines() if line.strip()]
    if not body:
        raise ParseError("fsck printed nothing")
    known = [line for line in body if _read_fsck_line(result, line)]
    if not known:
        raise unreadable("fsck", "line `** /dev/...` or `** Phase 1`", body)
    return result


def _read_fsck_line(result: dict[str, Json], line: str) -> bool:
    """Take what one line tells; False when it tells nothing."""
    if match := _MOUNTED.match(line):
        result["last_mounted"] = match["where"].strip() or None
        result["mounted"] = match["when"] == "Currently"
    elif match := _PHASE.match(line):
        result["phases"].append(match["phase"])
    elif match := _DEVICE.match(line):
        _set_device(result, match["device"], bool(match["read_only"]))
    elif match := _SUMMARY.match(line):
        result["files"] = number(match["files"] or match["inodes"])
    elif match := _CLEAN.match(line):
        _set_device(result, match["device"], False)
        result["clean"] = True
    elif _MODIFIED.search(line):
        result["modified"] = True
    else:
        problems = [name for name, form in _PROBLEMS.items() if form.search(line) and name not in result["problems"]]
        result["problems"] += problems
        return bool(problems)
    return True


def _set_device(result: dict[str, Json], path: str, read_only: bool) -> None:
    if result["device_path"] is None:
        result.update(device=canonical(path), device_path=path, read_only=read_only)


def parse_ufsrestore(text: str) -> dict[str, Json]:
    """`{"files", "paths", "level", "source", "date"}` of a table of contents; `files` counts the rows.

    ParseError when there is neither a row nor the head of a dump.
    """
    result: dict[str, Json] = {"files": 0, "paths": [], "level": None, "source": None, "date": None}
    body = lines(text)
    for line in body:
        if match := _ENTRY.match(line):
            result["files"] += 1
            result["paths"].append(match["path"] or match["path2"])
        elif match := _DUMP_LEVEL.match(line):
            result["level"], result["source"] = int(match["level"]), match["source"]
        elif match := _DUMP_DATE.match(line):
            result["date"] = match["date"]
    if not result["files"] and result["level"] is None:
        raise unreadable("ufsrestore t", "row with an inode and a path", body)
    return result
