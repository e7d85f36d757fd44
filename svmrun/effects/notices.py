"""Sends the messages of `notify`: to a file in the run's folder, to syslog, by mail, by HTTP.

Nothing here raises: a message that cannot be sent is told in the outcome.
"""

from __future__ import annotations

import json
import os
import subprocess
import syslog
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from svmrun.adapters.base import Arguments, Outcome, failed
from svmrun.adapters.notify import Notify

Json = Any

LOG_NAME = "notices.log"
SENDMAIL_PATHS = ("/usr/lib/sendmail", "/usr/sbin/sendmail")
_SYSLOG_PRIORITIES = {
    "info": syslog.LOG_INFO,
    "notice": syslog.LOG_NOTICE,
    "warning": syslog.LOG_WARNING,
    "error": syslog.LOG_ERR,
}


class _NotSent(Exception):
    """A message was not sent; the text says why."""


def send(arguments: Arguments, log_folder: Path, timeout_seconds: float = 30.0) -> Outcome:
    """Send one message. Result: `{"sent": bool, "to": WHERE, "error": TEXT | null}`.

    What could not be sent is a failure only with `required`, else a success that says so in its message.
    """
    adapter = Notify()
    wish = adapter.complete(arguments)
    senders: Mapping[str, Callable[[], None]] = {
        "log": lambda: _log(wish, log_folder),
        "syslog": lambda: _syslog(wish),
        "mail": lambda: _mail(wish, timeout_seconds),
        "http": lambda: _http(wish, timeout_seconds),
    }
    try:
        adapter.check(wish)
        senders[wish["to"]]()
    except (OSError, ValueError, subprocess.SubprocessError, _NotSent) as error:
        return _not_sent(wish, str(error) or type(error).__name__)
    return Outcome("succeeded", "", {"sent": True, "to": wish["to"], "error": None})


def _not_sent(wish: Arguments, reason: str) -> Outcome:
    result = {"sent": False, "to": wish["to"], "error": reason}
    message = f"the message could not be sent ({wish['to']}): {reason}"
    return failed(message, result) if wish["required"] else Outcome("succeeded", message, result, changed=False)


def _log(wish: Arguments, folder: Path) -> None:
    """One entry with its time; further lines of the message are indented, so that entries can be told apart."""
    entry = f"{time.strftime('%Y-%m-%dT%H:%M:%S%z')} {wish['message']}".replace("\n", "\n\t")
    descriptor = os.open(folder / LOG_NAME, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "a", encoding="utf-8", errors="replace") as log:
        log.write(f"{entry}\n")


def _syslog(wish: Arguments) -> None:
    syslog.openlog("svmrun", syslog.LOG_PID, syslog.LOG_DAEMON)
    syslog.syslog(_SYSLOG_PRIORITIES[wish["severity"]], wish["message"])


def _mail(wish: Arguments, timeout_seconds: float) -> None:
    """Hand the mail to sendmail: `-t` takes the recipients from the header, `-oi` lets a lone dot stand in the text."""
    from email.message import EmailMessage
    from email.utils import formatdate

    mail = EmailMessage()
    mail["To"] = ", ".join(wish["recipients"])
    mail["Subject"] = wish["subject"]
    mail["Date"] = formatdate(localtime=True)
    mail.set_content(wish["message"])
    done = subprocess.run(
        [wish.get("program") or _sendmail(), "-oi", "-t"],
        input=mail.as_bytes(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=timeout_seconds,
        start_new_session=True,
        check=False,
    )
    if done.returncode:
        said = done.stdout.decode(errors="replace").strip().splitlines()
        raise _NotSent(f"{said[-1] if said else 'sendmail said nothing'} (exit {done.returncode})")


def _sendmail() -> str:
    for path in SENDMAIL_PATHS:
        if os.access(path, os.X_OK):
            return path
    raise _NotSent(f"no mail program at {' or '.join(SENDMAIL_PATHS)}; name one with `program`")


def _http(wish: Arguments, timeout_seconds: float) -> None:
    """A redirection is not followed: a POST would come out as a GET without its body, and look delivered."""
    from http.client import HTTPException
    from urllib.request import HTTPRedirectHandler, Request, build_opener

    class NoRedirection(HTTPRedirectHandler):
        def redirect_request(self, *_: object) -> None:
            return None

    data, kind = _body(wish)
    headers = {"Content-Type": kind, "User-Agent": "svmrun", **wish["headers"]}
    if not wish["url"].startswith(("http://", "https://")):
        raise _NotSent(f"{wish['url']} is no http or https address")
    call = Request(wish["url"], data=data, headers=headers, method=wish["method"])
    try:
        with build_opener(NoRedirection).open(call, timeout=timeout_seconds) as answer:
            answer.read(65536)
    except HTTPException as error:
        raise _NotSent(f"the server's answer is not HTTP: {error!r}") from error


def _body(wish: Arguments) -> tuple[bytes, str]:
    body: Json = wish.get("body", {"subject": wish["subject"], "message": wish["message"]})
    if isinstance(body, str):
        return body.encode(), "text/plain; charset=utf-8"
    return json.dumps(body).encode(), "application/json"
