"""`metastat` without options: a block per volume (meta_mirror.c, meta_stripe.c, meta_raid.c, meta_sp.c).

Columns and paddings differ between releases, so every line is known by its first words. A block begins with
`NAME: Mirror`, `NAME: Submirror of PARENT`, `NAME: Concat/Stripe` and so on, and ends where the next one begins.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from svmrun.adapters.output import lines, number, percent, unreadable
from svmrun.names import canonical

Json = Any

_BLOCK = re.compile(
    r"\s*(?P<name>[^\s:]+):\s+(?:(?P<kind>Mirror|Concat/Stripe|RAID5?|Soft Partition|Trans)"
    r"|(?P<child>Submirror|Subdevice) of (?P<parent>\S+)|(?P<log>Logging device) for \S+"
    r"|(?P<pool>is empty|[0-9]+ hot spares?))$",
    re.IGNORECASE,
)
_KINDS = {
    "mirror": "mirror",
    "concat/stripe": "stripe",
    "raid": "raid5",
    "raid5": "raid5",
    "soft partition": "soft-partition",
    "trans": "trans",
}
_END_OF_VOLUMES = re.compile(r"\s*Device Relocation Information:")
_SUBMIRROR = re.compile(r"\s*Submirror\s+[0-9]+:\s*(?P<name>\S+)")
_STATE = re.compile(r"\s*(?:State|Status):\s*(?P<words>.*)$")
# With -t the time of the last change follows; with application based recovery a remark.
_BEHIND_STATE = re.compile(
    r"\s+(?:[A-Z][a-z]{2} [A-Z][a-z]{2}\s+[0-9]{1,2} [0-9:]+ [0-9]{4}|\(invalid time\)|- Application Based Recovery.*)$"
)
_RESYNC = re.compile(r"\s*Resync in progress:\s*(?P<percent>[0-9]{1,3}(?:\.[0-9]{1,3})?)\s*%")
_SIZE = re.compile(r"\s*Size:\s*(?P<blocks>[0-9]{1,18})\s+blocks")
_INNER_SIZE = re.compile(r"\s*(?:Original device|Concatenated Devices):")
_RAID_ONLY = re.compile(r"\s*Interlace:")
_TABLE = re.compile(r"\s*(?:Master |Logging )?Device\s+Start\b(?P<columns>.*)$")
_ROW = re.compile(r"\s*(?P<device>\S+)\s+(?:-|[0-9]+)\s+(?:Yes|No)(?=\s|$)(?P<rest>.*)$")
_COMPONENT_STATE = re.compile(r"Okay|Maintenance|Last Erred|Resyncing|Unavailable|Initializing|Regen\S*|-(?=\s|$)")
_SPARE = re.compile(r"\s*(?P<device>\S+)\s+(?P<status>Available|In use|Broken)\s+[0-9]+\s+blocks")
_OTHER = re.compile(
    r"\s*(?:Pass|Read option|Write option|Resync option|Invoke|Stripe [0-9]+|Hot spare pool|Master Device"
    r"|Logging Device|Extent|Resync cancelled|Initialization in progress|Parity regeneration in progress)\b"
)


@dataclass
class _Block:
    """A volume while its lines are read."""

    kind: str
    parent: str | None = None
    guessed: bool = False  # `Subdevice of`: the kind shows only in the lines that follow
    state: str | None = None
    size: int | None = None
    resync: int | float | None = None
    submirrors: list[dict[str, Json]] = field(default_factory=list)
    components: list[dict[str, Json]] = field(default_factory=list)
    states_in_table: bool = False
    inner: bool = False  # behind `Original device:`, whose size is not the volume's

    def result(self) -> dict[str, Json]:
        return {
            "type": self.kind,
            "state": self.state,
            "submirrors": self.submirrors,
            "resync_percent": self.resync,
            "parent": self.parent,
            "size_blocks": self.size,
            "components": self.components,
        }


def parse_metastat(text: str) -> dict[str, Json]:
    """`{"volumes": {NAME: {"type", "state", "submirrors", "resync_percent", "parent", "size_blocks", "components"}}}`.

    A mirror and a free stripe print no state of their own: None. `resync_percent` is the number of a `Resync in
    progress` line. A volume that is only mentioned has no entry. No text at all is a set without volumes; ParseError
    when there is text but nothing of it is known.
    """
    blocks: dict[str, _Block] = {}
    current: _Block | None = None
    known = False
    body = lines(text)
    for line in body:
        if match := _BLOCK.match(line):
            known, current = True, _new_block(match)
            if current:
                blocks[canonical(match["name"])] = current
        elif _END_OF_VOLUMES.match(line):
            known, current = True, None
        elif current:
            _read_line(current, line)
        else:
            known = known or _belongs_to_a_block(line)
    if body and not known:
        raise unreadable("metastat", "line that begins a volume (`d0: Mirror`)", body)
    return {"volumes": {name: block.result() for name, block in blocks.items()}}


def _new_block(match: re.Match[str]) -> _Block | None:
    """The block that a heading begins; None for the log of a trans device, which is no volume of its own."""
    if match["log"]:
        return None
    if match["pool"]:
        return _Block("hot-spare-pool")
    if match["child"]:
        return _Block("stripe", canonical(match["parent"]), guessed=match["child"].lower() == "subdevice")
    return _Block(_KINDS[match["kind"].lower()])


def _read_line(block: _Block, line: str) -> None:
    if match := _SUBMIRROR.match(line):
        block.submirrors.append({"name": canonical(match["name"]), "state": None})
    elif match := _STATE.match(line):
        _set_state(block, _state_word(match["words"]))
    elif match := _RESYNC.match(line):
        block.resync = percent(match["percent"])
    elif match := _SIZE.match(line):
        block.size = block.size if block.inner or block.size is not None else number(match["blocks"])
    elif _INNER_SIZE.match(line) or _RAID_ONLY.match(line):
        block.kind = "raid5" if block.guessed else block.kind
        block.inner = block.inner or bool(_INNER_SIZE.match(line))
    elif match := _TABLE.match(line):
        block.states_in_table = "State" in match["columns"]
    else:
        _read_row(block, line)


def _set_state(block: _Block, state: str | None) -> None:
    """In a mirror's block a state belongs to the submirror above it; elsewhere the first one is the volume's."""
    if block.kind != "mirror":
        block.state = block.state or state
    elif block.submirrors and block.submirrors[-1]["state"] is None:
        block.submirrors[-1]["state"] = state


def _state_word(words: str) -> str | None:
    word = _BEHIND_STATE.sub("", f" {words}").strip()
    return re.split(r"\s{2,}", word)[0] or None


def _read_row(block: _Block, line: str) -> None:
    if match := _SPARE.match(line):
        block.components.append({"device": canonical(match["device"]), "state": match["status"]})
    elif match := _ROW.match(line):
        state = _component_state(match["rest"].strip(), block.states_in_table)
        block.components.append({"device": canonical(match["device"]), "state": state})


def _component_state(rest: str, column: bool) -> str | None:
    """The word in the State column; the Reloc column of a table without one says `Yes` or `No`."""
    if match := _COMPONENT_STATE.match(rest):
        return match[0]
    first = rest.split(None, 1)[0] if rest else ""
    return first if column and first not in ("Yes", "No", "") else None


def _belongs_to_a_block(line: str) -> bool:
    """True for a line that only metastat prints: a cut output may begin in the middle of a block."""
    forms = (_SUBMIRROR, _RESYNC, _SIZE, _INNER_SIZE, _RAID_ONLY, _TABLE, _ROW, _SPARE, _OTHER)
    return any(form.match(line) for form in forms)
