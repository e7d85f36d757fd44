"""Orders to the machine itself, not to what runs in it: the kernel's management console (mconsole)."""

from __future__ import annotations

import contextlib
import socket
import struct
from pathlib import Path

MAGIC = 0xCAFEBABE
VERSION = 2
REQUEST = struct.Struct("<III512s")
REPLY_HEAD = struct.Struct("<III")  # an error or 0, whether more follows, the length of the text
PATIENCE_SECONDS = 10.0


class Refused(AssertionError):
    """The machine did not do it, and this is what it says."""


def order(management: Path, command: str) -> str:
    """Send `command` (`stop`, `go`, `config ubd2=FILE`, ...) to the socket; its answer. Raises Refused, OSError."""
    data = command.encode()
    own = management.with_name("answers")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
        line.settimeout(PATIENCE_SECONDS)
        line.bind(str(own))
        try:
            line.sendto(REQUEST.pack(MAGIC, VERSION, len(data), data), str(management))
            error, text = _answer(line)
        finally:
            with contextlib.suppress(FileNotFoundError):
                own.unlink()
    if error:
        raise Refused(f"{command}: {text}")
    return text


def _answer(line: socket.socket) -> tuple[bool, str]:
    text, failed, more = "", False, True
    while more:
        packet = line.recv(REPLY_HEAD.size + 512)
        error, following, length = REPLY_HEAD.unpack_from(packet)
        failed, more = failed or bool(error), bool(following)
        text += packet[REPLY_HEAD.size :][:length].decode(errors="replace").rstrip("\0")
    return failed, text.strip()
