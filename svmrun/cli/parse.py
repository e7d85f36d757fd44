"""`svmrun parse KIND [FILE]`: what an adapter reads from a command's output, as JSON."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from svmrun.adapters.linux_dmsetup import parse_dmsetup_status
from svmrun.adapters.linux_losetup import parse_losetup
from svmrun.adapters.linux_parse_dump import parse_dump, parse_restore
from svmrun.adapters.linux_parse_e2fsck import parse_e2fsck
from svmrun.adapters.linux_parse_mdadm import parse_mdadm_detail, parse_mdadm_examine
from svmrun.adapters.lvm_parse import parse_lvs
from svmrun.adapters.scstat_parse import parse_scstat
from svmrun.adapters.svm_parse_concise import parse_metastat_c
from svmrun.adapters.svm_parse_md_tab import parse_metastat_p
from svmrun.adapters.svm_parse_metaset import parse_metaset
from svmrun.adapters.svm_parse_report import parse_metastat
from svmrun.adapters.ufs_parse import parse_fsck, parse_lockfs, parse_ufsrestore
from svmrun.adapters.ufs_parse_dump import parse_ufsdump
from svmrun.cli.parser import add_command
from svmrun.errors import InvalidInput, Problem

if TYPE_CHECKING:
    from svmrun.cli.parser import Subparsers

Json = Any

PARSERS: dict[str, Callable[[str], dict[str, Json]]] = {
    "metastat-p": parse_metastat_p,
    "metastat": parse_metastat,
    "metastat-c": parse_metastat_c,
    "metaset": parse_metaset,
    "lockfs": parse_lockfs,
    "fsck": parse_fsck,
    "ufsdump": parse_ufsdump,
    "ufsrestore": parse_ufsrestore,
    "scstat": parse_scstat,
    "lvs": parse_lvs,
    "mdadm-detail": parse_mdadm_detail,
    "mdadm-examine": parse_mdadm_examine,
    "e2fsck": parse_e2fsck,
    "dump": parse_dump,
    "restore": parse_restore,
    "dmsetup-status": parse_dmsetup_status,
    "losetup": parse_losetup,
}
LARGEST_BYTES = 64 * 1024 * 1024

EXAMPLES = [
    ("metastat -s schost-1 -p | svmrun parse metastat-p", "the layout of a disk set's volumes"),
    ("svmrun parse ufsdump dump.log", "level, device, sizes and whether the dump came to its end"),
]


def add_parser(subparsers: Subparsers) -> None:
    parser = add_command(
        subparsers, "parse", "Print what svmrun reads from a command's output, as JSON.", examples=EXAMPLES
    )
    parser.add_argument("kind", choices=list(PARSERS), metavar="KIND", help=f"one of: {', '.join(PARSERS)}")
    parser.add_argument("file", nargs="?", metavar="FILE", help="the output; without it, or as -, standard input")


def run(options: argparse.Namespace) -> int:
    """Exit 0 with the JSON on standard output; InvalidInput when the text is not that command's."""
    name = options.file if options.file not in (None, "-") else "standard input"
    text = _read(options.file).decode("utf-8", errors="replace")
    try:
        result = PARSERS[options.kind](text)
    except ValueError as error:
        raise InvalidInput([Problem(f"{name}: {error}")]) from error
    json.dump(result, sys.stdout, indent=2)
    sys.stdout.write("\n")
    return 0


def _read(file: str | None) -> bytes:
    try:
        if file in (None, "-"):
            content = sys.stdin.buffer.read(LARGEST_BYTES + 1)
        else:
            with Path(str(file)).open("rb") as stream:
                content = stream.read(LARGEST_BYTES + 1)
    except OSError as error:
        raise InvalidInput([Problem(f"cannot read {file or 'standard input'}: {error.strerror}")]) from error
    if len(content) > LARGEST_BYTES:
        raise InvalidInput([Problem(f"{file or 'standard input'} is larger than {LARGEST_BYTES // 1024**2} MB")])
    return content
