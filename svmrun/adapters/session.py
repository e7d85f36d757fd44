"""session: a program that stays open across steps, as a database's own shell that keeps its tables quiet.

- session: {open: quiesce, argv: [sqlplus, -S, / as sysdba], prompt: 'SQL> $'}
- session: {send: quiesce, text: ALTER SYSTEM SUSPEND;, fails: '(?m)^ORA-'}
- session: {close: quiesce}

What a database does only as long as its client is connected ends with the session: the end of it is the rollback of
whatever was begun in it. A session that is a hold needs a handler that ends it from outside, for svmrun and with it
this end of the session may be dead (`pg_terminate_backend`, `ALTER SYSTEM KILL SESSION`), and a `proof` that looks
whether the session is there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from svmrun.adapters import fields, programs
from svmrun.adapters.base import Adapter, Arguments, Command, Completed, Outcome, Probe, failed, plain_outcome
from svmrun.adapters.command import PROOF, proof_probe

Json = Any
Deed = Literal["open", "send", "close"]

_NAME = "^[A-Za-z][A-Za-z0-9_-]*$"
_DEEDS: tuple[Deed, ...] = ("open", "send", "close")
_FITS: dict[Deed, frozenset[str]] = {
    "open": frozenset({"argv", "prompt", "fails", "environment", "directory", "needs_root", "private", "proof"}),
    "send": frozenset({"text", "expect", "fails", "secret", "proof"}),
    "close": frozenset({"text"}),
}


def _without_default(schema: fields.Schema) -> fields.Schema:
    """So that it is known whether it was given: it belongs to `open` alone."""
    return {key: value for key, value in schema.items() if key != "default"}


@dataclass(frozen=True)
class SessionRequest:
    """What is asked of the session `name`.

    `text` is typed with a newline (None: nothing is typed, for `close` the input ends). `expect` is the regular
    expression that ends the answer; None means the prompt that the session was opened with.
    """

    deed: Deed
    name: str
    text: str | None = None
    expect: str | None = None
    secret: bool = False


class Session(Adapter):
    """Result: `{"output", "lines"}`, what the program printed until the prompt came again."""

    name = "session"
    summary = "Open a program that stays open across steps, send it lines, close it"
    performer = "session"
    schema = fields.arguments(
        {
            "open": fields.text("Open", "Start the program `argv` under this name.", ["quiesce"], pattern=_NAME),
            "send": fields.text("Send", "Send `text` to the session of this name.", ["quiesce"], pattern=_NAME),
            "close": fields.text(
                "Close",
                "End the session of this name: `text` is sent if given, then its input ends.",
                ["quiesce"],
                pattern=_NAME,
            ),
            "argv": programs.ARGV,
            "prompt": fields.text(
                "Prompt", "A regular expression for what the program prints when it is ready.", ["SQL> $"]
            ),
            "text": fields.text("Text", "The line to type; a newline is added.", ["ALTER SYSTEM SUSPEND;"]),
            "expect": fields.text(
                "Expect", "A regular expression that ends the answer, where it is not the prompt.", ["System altered"]
            ),
            "fails": fields.text(
                "Fails", "A regular expression: an answer that it matches is a failure.", ["(?m)^ORA-"]
            ),
            "secret": fields.flag("Secret", "The text, that of a parameter with `secret: true`, appears nowhere."),
            "environment": {k: v for k, v in programs.ENVIRONMENT.items() if k != "default"},
            "directory": programs.SURROUNDINGS["directory"],
            **{name: _without_default(programs.SURROUNDINGS[name]) for name in ("needs_root", "private")},
            "proof": PROOF,
            **programs.EFFECTS,
        }
    )

    def read_only(self, arguments: Arguments) -> bool:
        return arguments.get("read_only") is True and "send" in arguments

    def blocks_writers(self, arguments: Arguments) -> bool:
        return bool(arguments.get("blocks_writers"))

    def resource(self, arguments: Arguments) -> str | None:
        return arguments.get("resource")

    def secret_texts(self, arguments: Arguments) -> Iterator[tuple[tuple[str | int, ...], str]]:
        if arguments.get("secret") is True and "text" in arguments:
            yield ("text",), arguments["text"]

    def probe(self, arguments: Arguments) -> Probe | None:
        return proof_probe(arguments)

    def check(self, arguments: Arguments) -> None:
        if request(arguments).deed == "open":
            self.command_line(arguments)

    def command_line(self, arguments: Arguments) -> Command:
        """The program of `open`; ValueError for `send` and `close`, which start none."""
        wish = request(arguments)
        if wish.deed != "open":
            raise ValueError(f"session: `{wish.deed}: {wish.name}` starts no program")
        return Command(
            programs.words(self.name, arguments["argv"]),
            needs_root=arguments.get("needs_root", False),
            environment=programs.environment({"environment": arguments.get("environment", {})}),
            directory=arguments.get("directory"),
            private=arguments.get("private", False),
        )

    def interpret(self, arguments: Arguments, completed: Completed) -> Outcome:
        """What became of it. `completed.stdout` is the answer; status 0 means that the session is as it should be."""
        result = {"output": completed.stdout, "lines": completed.stdout.splitlines()}
        outcome = plain_outcome(completed, result)
        if outcome.ok and (match := re.search(arguments.get("fails") or r"(?!)", completed.stdout)):
            line = completed.stdout[match.start() :].splitlines()[0] if completed.stdout[match.start() :] else ""
            return failed(f"session: the answer was a failure: {line.strip()}", result)
        return outcome


def request(arguments: Arguments) -> SessionRequest:
    """The one thing that is asked for. Raises ValueError with a sentence when the arguments do not fit together."""
    deeds = [deed for deed in _DEEDS if arguments.get(deed)]
    if len(deeds) != 1:
        raise ValueError("session: write exactly one of `open`, `send` and `close`")
    deed = deeds[0]
    _check(deed, arguments)
    return SessionRequest(
        deed,
        arguments[deed],
        arguments.get("text"),
        arguments.get("prompt") if deed == "open" else arguments.get("expect"),
        arguments.get("secret", False),
    )


def _check(deed: Deed, arguments: Arguments) -> None:
    needed = {"open": ("argv", "prompt"), "send": ("text",), "close": ()}[deed]
    if missing := [key for key in needed if key not in arguments]:
        raise ValueError(f"session: `{deed}` needs `{missing[0]}`")
    known = _FITS[deed] | {deed} | programs.EFFECTS.keys()
    if strange := sorted(arguments.keys() - known):
        raise ValueError(f"session: `{strange[0]}` does not belong to `{deed}`")
    for key in ("prompt", "expect", "fails"):
        programs.expression("session", key, arguments.get(key) or "")
