"""The net of a guest that was booted with `network=True`: a port of it is reached from the host, until the net hangs.

slirp4netns(1) stands between the two; it needs no privilege. It takes its orders as JSON on a socket.
"""

from __future__ import annotations

import json
import os
import signal
import socket

from tests.lab.guest import ADDRESS, Guest


def forward(guest: Guest, port: int) -> int:
    """A port of the host's loopback that leads to this one of the guest."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        own = int(free.getsockname()[1])
    ends = {"host_addr": "127.0.0.1", "host_port": own, "guest_addr": ADDRESS, "guest_port": port}
    order = {"execute": "add_hostfwd", "arguments": {"proto": "tcp", **ends}}
    with socket.socket(socket.AF_UNIX) as switch:
        switch.connect(str(guest.hardware.folder / "api"))
        switch.sendall(json.dumps(order).encode())
        switch.shutdown(socket.SHUT_WR)
        answer = json.loads(switch.makefile().read())
    assert "error" not in answer, answer
    return own


def hang(guest: Guest) -> None:
    """Nothing gets through, and nobody is told; connections stay."""
    os.kill(_switch(guest), signal.SIGSTOP)


def go_on(guest: Guest) -> None:
    os.kill(_switch(guest), signal.SIGCONT)


def _switch(guest: Guest) -> int:
    return int((guest.hardware.folder / "switch").read_text())
