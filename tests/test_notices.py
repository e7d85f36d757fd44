"""Messages to the run's log, syslog, by mail and by HTTP; none of them may raise."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from svmrun.effects.notices import LOG_NAME, send


class Hook(HTTPServer):
    """Keeps what it was sent; answers with `status`, and with `location` where it is set."""

    status = 200
    location = ""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.calls: list[tuple[str, str, dict[str, str], bytes]] = []
        self.url = f"http://127.0.0.1:{self.server_address[1]}/hook"


class Answer(BaseHTTPRequestHandler):
    server: Hook

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.calls.append((self.command, self.path, dict(self.headers), body))
        self.send_response(self.server.status)
        if self.server.location:
            self.send_header("Location", self.server.location)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_PUT = do_GET = do_POST

    def log_message(self, format: str, *args: object) -> None:
        return


@pytest.fixture
def hook(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hook]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    server = Hook()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def mailer(folder: Path, script: str) -> str:
    program = folder / "fake-sendmail"
    program.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > "{folder}/arguments"\n{script}\n')
    program.chmod(0o755)
    return str(program)


def not_sent(outcome: Any) -> str:
    """The reason of a message that was not sent, where that is no failure."""
    assert outcome.ok
    assert not outcome.changed
    assert outcome.result["sent"] is False
    assert outcome.result["error"] in outcome.message
    return str(outcome.result["error"])


def test_a_message_stands_in_the_log_of_the_run(tmp_path: Path) -> None:
    assert send({"message": "first\nand more"}, tmp_path).result == {"sent": True, "to": "log", "error": None}
    assert send({"to": "log", "message": "ünd [sda1]"}, tmp_path).ok
    lines = (tmp_path / LOG_NAME).read_text(encoding="utf-8").splitlines()
    assert [line.partition(" ")[2] for line in (lines[0], lines[2])] == ["first", "ünd [sda1]"]
    assert lines[1] == "\tand more"
    assert (tmp_path / LOG_NAME).stat().st_mode & 0o777 == 0o600


def test_a_log_that_cannot_be_written_is_told_and_does_not_raise(tmp_path: Path) -> None:
    assert "No such file" in not_sent(send({"message": "x"}, tmp_path / "gone"))


def test_a_message_that_must_arrive_fails_the_step(tmp_path: Path) -> None:
    outcome = send({"message": "x", "required": True}, tmp_path / "gone")
    assert outcome.kind == "failed"
    assert "could not be sent (log)" in outcome.message


def test_syslog_takes_a_message(tmp_path: Path) -> None:
    assert send({"to": "syslog", "message": "svmrun's own test", "severity": "info"}, tmp_path).ok


def test_a_mail_goes_through_sendmail(tmp_path: Path) -> None:
    program = mailer(tmp_path, f'cat > "{tmp_path}/mail"')
    wish = {"to": "mail", "message": "Gesichert:\n.\nfertig äöü", "recipients": ["a@example.com", "b@example.com"]}
    assert send({**wish, "subject": "schost-1/d0", "program": program}, tmp_path).ok
    assert (tmp_path / "arguments").read_text().split() == ["-oi", "-t"]
    head, _, body = (tmp_path / "mail").read_text(encoding="utf-8").partition("\n\n")
    assert "To: a@example.com, b@example.com" in head
    assert "Subject: schost-1/d0" in head
    assert body == "Gesichert:\n.\nfertig äöü\n"


def test_a_mail_program_that_fails_hangs_or_is_missing_is_told(tmp_path: Path) -> None:
    wish = {"to": "mail", "message": "x", "recipients": ["a@example.com"]}
    refusing = mailer(tmp_path, "echo queue is full; exit 75")
    assert not_sent(send({**wish, "program": refusing}, tmp_path)) == "queue is full (exit 75)"
    hanging = mailer(tmp_path, "exec sleep 30")
    assert "timed out" in not_sent(send({**wish, "program": hanging}, tmp_path, timeout_seconds=0.2))
    assert "No such file" in not_sent(send({**wish, "program": str(tmp_path / "gone")}, tmp_path))


def test_a_line_end_in_a_subject_adds_no_header(tmp_path: Path) -> None:
    program = mailer(tmp_path, f'cat > "{tmp_path}/mail"')
    wish = {"to": "mail", "message": "x", "recipients": ["a@example.com"], "program": program}
    not_sent(send({**wish, "subject": "a\nBcc: everybody@example.com"}, tmp_path))
    not_sent(send({**wish, "recipients": ["a@example.com\nBcc: b@example.com"]}, tmp_path))
    assert not (tmp_path / "mail").exists()


def test_a_message_is_posted_as_json(hook: Hook, tmp_path: Path) -> None:
    wish = {"to": "http", "url": hook.url, "message": "done", "subject": "d0", "headers": {"X-Team": "storage"}}
    assert send(wish, tmp_path).ok
    method, path, headers, body = hook.calls[0]
    assert (method, path, headers["Content-Type"], headers["X-Team"]) == (
        "POST",
        "/hook",
        "application/json",
        "storage",
    )
    assert json.loads(body) == {"subject": "d0", "message": "done"}


@pytest.mark.parametrize(("body", "sent"), [("ready\n", b"ready\n"), ({"text": "ä"}, b'{"text": "\\u00e4"}')])
def test_a_body_is_sent_as_the_runbook_says(hook: Hook, tmp_path: Path, body: Any, sent: bytes) -> None:
    assert send({"to": "http", "url": hook.url, "message": "m", "method": "PUT", "body": body}, tmp_path).ok
    assert (hook.calls[0][0], hook.calls[0][3]) == ("PUT", sent)


def test_a_server_that_refuses_or_redirects_has_not_got_the_message(hook: Hook, tmp_path: Path) -> None:
    wish = {"to": "http", "url": hook.url, "message": "m"}
    hook.status = 503
    assert "503" in not_sent(send(wish, tmp_path))
    hook.status, hook.location = 302, hook.url
    assert "302" in not_sent(send(wish, tmp_path))
    assert [call[0] for call in hook.calls] == ["POST", "POST"]


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/", "file:///etc/passwd", "http://127.0.0.1:port/", "nonsense"])
def test_an_address_that_nobody_answers_is_told(tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    assert not_sent(send({"to": "http", "url": url, "message": "m"}, tmp_path, timeout_seconds=2))


def test_a_message_without_its_goal_is_told(tmp_path: Path) -> None:
    assert "recipients" in not_sent(send({"to": "mail", "message": "m"}, tmp_path))
    assert "url" in not_sent(send({"to": "http", "message": "m"}, tmp_path))
