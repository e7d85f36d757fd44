"""A guest's network hangs and goes on."""

from __future__ import annotations

import socket

import pytest

from tests.lab.guest import booted
from tests.lab.network import forward, go_on, hang

ECHO = """
import socket
with socket.create_server(("0.0.0.0", 7)) as server:
    line, _peer = server.accept()
    while data := line.recv(100):
        line.sendall(data)
"""


def test_what_is_said_while_the_net_hangs_arrives_when_it_goes_on() -> None:
    with booted(network=True) as guest:
        guest.start(["python3", "-c", ECHO])
        guest.ok("until busybox netstat -ltn | grep -q ':7 '; do sleep 0.1; done")
        with socket.create_connection(("127.0.0.1", forward(guest, 7)), timeout=20) as line:
            line.sendall(b"one")
            assert line.recv(100) == b"one"
            hang(guest)
            line.sendall(b"two")
            line.settimeout(0.5)
            with pytest.raises(TimeoutError):
                line.recv(100)
            assert guest.ok("echo the guest itself lives") == "the guest itself lives"
            go_on(guest)
            line.settimeout(20)
            assert line.recv(100) == b"two"
