"""A repository of runbooks as a site with many mirrors has it: those that are shipped, each with its own values.

Every second one also names its facts in its own way: no text with an expression over facts is then like another one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from random import Random

from svmrun.effects.runbook_files import shipped

WORLDS = {  # where each kind can be planned; the weights are how many of ten runbooks are of that kind
    "mirror-backup": ("schost", 4),
    "mirror-backup-offline": ("schost", 2),
    "raw-volume-backup": ("raw-volume", 2),
    "mirror-status": ("schost", 1),
    "freeze-copy-backup": ("linux", 1),
}
APPLICATIONS = "payroll ledger mail wiki orders stock build print archive sensors maps library".split()  # noqa: SIM905
_FACT = re.compile(r"(?<![.\w'-])(layout|health|locks|users|ownership|mounted|source|space)(?=[.:])")
_LAST_STEP = re.compile(r"^  (?:# .*\n  )*- (?:id: (?:check|show|measure)|release: detach)\n", re.MULTILINE)
_EDITS = (  # what a commit changes, in each runbook the first of these that it has, from a place on that turns
    (r"hold: 12h", "hold: 11h"),
    (r"timeout: 10h", "timeout: 9h"),
    (r"(?m)^  - that: .* is none\n    message: .*\n", ""),
    (r"every: 30s", "every: 1m"),
    (r"level: 0", "level: 1"),
    (r"(?m)^    name: Show the mirror$", "    name: Show how the mirror is"),
    (r"timeout: 4m", "timeout: 225s"),
)


@dataclass(frozen=True)
class Written:
    """A runbook of the set: its text, the same after a change, and the world that it can be planned in."""

    name: str
    text: str
    changed: str
    world: str


def runbook_set(count: int) -> list[Written]:
    """So many runbooks, the same ones each time."""
    random = Random(count)
    kinds = [kind for kind, (_world, weight) in WORLDS.items() for _ in range(weight)]
    return [_written(number, random.choice(kinds), random) for number in range(count)]


def _written(number: int, kind: str, random: Random) -> Written:
    application = random.choice(APPLICATIONS)
    name = f"{kind}-{application}-{number:03}"
    text = (shipped("runbooks") / f"{kind}.yaml").read_text(encoding="utf-8")
    text = text.replace(f"name: {kind}\n", f"name: {name}\n").replace("../schemas/", "../../schemas/")
    text = text.replace("examples: [d0]", f"examples: [d{number}0]").replace("/global/schost-1]", f"/{application}]")
    text = text.replace("timeout: 24h", f"timeout: {random.randrange(12, 36)}h")
    if place := _LAST_STEP.search(text):
        looks = "".join(_look(application, index) for index in range(random.randrange(4)))
        text = text[: place.start()] + looks + text[place.start() :]
    if number % 2:
        text = _FACT.sub(rf"\1_of_{application}_{number}", text)
    return Written(name, text, _changed(text, number), WORLDS[kind][0])


def _look(application: str, index: int) -> str:
    return (
        f"  - id: note-{index}\n    name: Note what {application} uses, part {index}\n"
        f"    command: {{argv: [du, -sk, /export/{application}/part{index}], read_only: true}}\n    timeout: 5m\n"
    )


def _changed(text: str, number: int) -> str:
    for turn in range(len(_EDITS)):
        pattern, new = _EDITS[(number + turn) % len(_EDITS)]
        changed = re.sub(pattern, new, text, count=1)
        if changed != text:
            return changed
    return text
