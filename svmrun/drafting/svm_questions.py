"""What is asked about a mirror of the Solaris Volume Manager."""

from __future__ import annotations

from collections.abc import Iterator

from svmrun.drafting.question import NAME, PATH, WORD, Answers, Devices, Question

TAPE = "/dev/rmt/0"


def svm(answers: Answers, devices: Devices) -> Iterator[Question]:
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
        rf"({NAME}/)?{NAME}",
    )
    sides = devices.sides(answers.get("mirror", ""))
    yield Question(
        "submirror",
        "Which side is taken off? (empty: the last one)",
        sides[-1] if sides else "",
        sides,
        rf"(({NAME}/)?{NAME})?",
    )
    if answers.get("data") == "raw":
        yield Question(
            "control", "The vendor's command that suspends and resumes the database (an absolute path)?", pattern=WORD
        )
        yield Question("database", "What does that command call the database?", pattern=WORD)
        yield Question("copy_to", "Tape drive or file to copy to?", TAPE, pattern=PATH)
        return
    mounted = devices.mounts.get(answers.get("mirror", ""))
    yield Question("mount_point", "Where is it mounted?", mounted, pattern=PATH)
    yield Question("dump_device", "Tape drive (the rewinding name) or file to dump to?", TAPE, pattern=PATH)
