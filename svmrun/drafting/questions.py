"""What is asked before a runbook can be written, and what the answers make of it. One question after the other."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from svmrun import names

Json = Any
Answers = Mapping[str, str]
_NAME = r"[A-Za-z0-9][A-Za-z0-9._-]*"
_PATH = r"/\S+"
_WORD = r"[^\s-]\S*"
_TAPE = "/dev/rmt/0"
# Which of the shipped runbooks is the pattern.
PATTERNS: Mapping[tuple[str, ...], str] = {
    ("svm", "ufs", "detach"): "mirror-backup",
    ("svm", "ufs", "offline"): "mirror-backup-offline",
    ("svm", "raw"): "raw-volume-backup",
    ("linux",): "freeze-copy-backup",
}


@dataclass(frozen=True)
class Devices:
    """What is known of the host: volumes as `metastat -p` tells them, and where each is mounted (canonical names)."""

    volumes: Mapping[str, Json] = field(default_factory=dict)
    mounts: Mapping[str, str] = field(default_factory=dict)
    is_linux: bool = False

    @property
    def mirrors(self) -> tuple[str, ...]:
        """Those that can spare a side."""
        return tuple(name for name in self.volumes if len(self.sides(name)) > 1)

    def sides(self, mirror: str) -> tuple[str, ...]:
        one = self.volumes.get(mirror, {})
        return tuple(one["submirrors"]) if one.get("type") == "mirror" else ()


@dataclass(frozen=True)
class Question:
    """`default` is what no answer means; None where one is needed. `pattern` must match the whole answer."""

    key: str
    text: str
    default: str | None = None
    choices: tuple[str, ...] = ()
    pattern: str = ".*"

    def fault(self, answer: str) -> str | None:
        """What is wrong with an answer, in a sentence."""
        if self.choices and answer not in self.choices:
            return f"{answer!r} is none of {', '.join(self.choices)}"
        if not re.fullmatch(self.pattern, answer):
            return f"{answer!r} does not do" + (": it must be an absolute path" if self.pattern == _PATH else "")
        return None


def next_question(answers: Answers, devices: Devices) -> Question | None:
    """The first one that is still open; None when all is known."""
    return next((one for one in _questions(answers, devices) if one.key not in answers), None)


def _questions(answers: Answers, devices: Devices) -> Iterator[Question]:
    """What follows depends on the answers before."""
    yield Question(
        "family",
        "What holds the data? svm: Solaris Volume Manager, linux: a file system on Linux",
        "linux" if devices.is_linux and not devices.volumes else "svm",
        ("svm", "linux"),
    )
    if answers.get("family") == "svm":
        yield from _svm(answers, devices)
    elif answers.get("family") == "linux":
        yield Question("mount_point", "Where is the file system mounted?", pattern=_PATH)
        yield Question("copy_to", "File to copy its image to (on another file system)?", pattern=_PATH)
    yield Question("name", "Name of the runbook?", _default_name(answers), pattern=_NAME)


def _svm(answers: Answers, devices: Devices) -> Iterator[Question]:
    yield Question(
        "data", "What lies on the mirror? ufs: a mounted file system, raw: a database's data", "ufs", ("ufs", "raw")
    )
    if answers.get("data") == "ufs":
        yield Question(
            "how",
            "How is a side taken off? detach: it can be checked and survives a reboot; offline: "
            "only what is written meanwhile is copied back",
            "detach",
            ("detach", "offline"),
        )
    known = devices.mirrors
    yield Question(
        "mirror",
        "Which mirror? (SET/NAME, or NAME in the local set)",
        known[0] if known else None,
        known,
        rf"({_NAME}/)?{_NAME}",
    )
    sides = devices.sides(answers.get("mirror", ""))
    yield Question(
        "submirror",
        "Which side is taken off? (empty: the last one)",
        sides[-1] if sides else "",
        sides,
        rf"(({_NAME}/)?{_NAME})?",
    )
    if answers.get("data") == "raw":
        yield Question(
            "control", "The vendor's command that suspends and resumes the database (an absolute path)?", pattern=_WORD
        )
        yield Question("database", "What does that command call the database?", pattern=_WORD)
        yield Question("copy_to", "Tape drive or file to copy to?", _TAPE, pattern=_PATH)
        return
    mounted = devices.mounts.get(answers.get("mirror", ""))
    yield Question("mount_point", "Where is it mounted?", mounted, pattern=_PATH)
    yield Question("dump_device", "Tape drive (the rewinding name) or file to dump to?", _TAPE, pattern=_PATH)


def _default_name(answers: Answers) -> str:
    what = answers.get("mirror") or answers.get("mount_point") or "data"
    return f"backup-{what.strip('/').replace('/', '-')}"


def pattern_of(answers: Answers) -> str:
    """The name of the shipped runbook that does it."""
    way = tuple(answers[key] for key in ("family", "data", "how") if key in answers)
    return PATTERNS[way]


def defaults(answers: Answers, devices: Devices) -> dict[str, Json]:
    """The defaults of the new runbook's parameters."""
    plain = ("mount_point", "dump_device", "control", "database", "copy_to")
    found: dict[str, Json] = {key: answers[key] for key in plain if key in answers}
    if mirror := answers.get("mirror"):
        sides = devices.sides(mirror)
        found |= {"diskset": names.disk_set(mirror), "mirror": names.base_name(mirror)}
        if answers["submirror"] not in ("", *sides[-1:]):
            found["submirror"] = names.base_name(answers["submirror"])
        if len(sides) > 2 and answers.get("how") == "detach":
            found["sides"] = len(sides)
    return found


def asked(devices: Devices, ask: Callable[[Question], str]) -> dict[str, str]:
    """All answers. `ask` gives one that has no fault."""
    answers: dict[str, str] = {}
    while question := next_question(answers, devices):
        answers[question.key] = ask(question)
    return answers
