"""What is asked before a runbook can be written, and what the answers make of it. One question after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from svmrun import names
from svmrun.drafting.linux_questions import arrays, btrfs, linux, lvm, md, postgresql
from svmrun.drafting.question import NAME, Answers, Devices, Question
from svmrun.drafting.svm_questions import svm

Json = Any
FAMILIES: Mapping[str, Callable[[Answers, Devices], Iterator[Question]]] = {
    "svm": svm,
    "md": md,
    "lvm": lvm,
    "btrfs": btrfs,
    "postgresql": postgresql,
    "linux": linux,
}
_WHAT = (
    "What holds the data? svm: Solaris Volume Manager; md, lvm: a mirror of Linux; btrfs: a subvolume; postgresql: a "
    "server's data folder; linux: any other file system that can be frozen"
)
# Which of the shipped runbooks is the pattern, by the answers `family`, `data` and `how`.
PATTERNS: Mapping[tuple[str, ...], str] = {
    ("svm", "ufs", "detach"): "mirror-backup",
    ("svm", "ufs", "offline"): "mirror-backup-offline",
    ("svm", "raw"): "raw-volume-backup",
    ("md", "ext4"): "md-mirror-backup",
    ("md", "xfs"): "xfs-freeze-backup",
    ("lvm",): "lvm-mirror-backup",
    ("btrfs",): "btrfs-snapshot-backup",
    ("postgresql",): "postgresql-raw-backup",
    ("linux",): "freeze-copy-backup",
}
# Answers that are parameters of the runbook by the same name: texts, and whole numbers.
_TEXTS = (
    *("mount_point", "dump_device", "control", "database", "copy_to"),
    *("array", "volume", "dump_to", "subvolume", "send_to"),
)
_NUMBERS = ("legs", "copies_left")


def next_question(answers: Answers, devices: Devices) -> Question | None:
    """The first one that is still open; None when all is known."""
    return next((one for one in _questions(answers, devices) if one.key not in answers), None)


def _questions(answers: Answers, devices: Devices) -> Iterator[Question]:
    """What follows depends on the answers before."""
    yield Question("family", _WHAT, _likely_family(devices), tuple(FAMILIES))
    if "family" in answers:
        yield from FAMILIES[answers["family"]](answers, devices)
    yield Question("name", "Name of the runbook?", _default_name(answers), pattern=NAME)


def _likely_family(devices: Devices) -> str:
    if devices.volumes or not devices.is_linux:
        return "svm"
    return "md" if arrays(devices) else "linux"


def _default_name(answers: Answers) -> str:
    what = next((answers[key] for key in ("mirror", "mount_point", "subvolume") if key in answers), "data")
    return f"backup-{what.strip('/').replace('/', '-')}"


def pattern_of(answers: Answers) -> str:
    """The name of the shipped runbook that does it."""
    way = tuple(answers[key] for key in ("family", "data", "how") if key in answers)
    return PATTERNS[way]


def defaults(answers: Answers, devices: Devices) -> dict[str, Json]:
    """The defaults of the new runbook's parameters."""
    found: dict[str, Json] = {key: answers[key] for key in _TEXTS if key in answers}
    found |= {key: int(answers[key]) for key in _NUMBERS if key in answers}
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
