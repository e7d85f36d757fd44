"""A question about the runbook to be written, and what is known of the host before any is asked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Json = Any
Answers = Mapping[str, str]
NAME = r"[A-Za-z0-9][A-Za-z0-9._-]*"
PATH = r"/\S+"
WORD = r"[^\s-]\S*"


@dataclass(frozen=True)
class Devices:
    """What is known of the host: volumes as `metastat -p` tells them, and what is mounted.

    `mounts` holds the mount points, `kinds` the types of the file systems, both by the device's canonical name.
    """

    volumes: Mapping[str, Json] = field(default_factory=dict)
    mounts: Mapping[str, str] = field(default_factory=dict)
    kinds: Mapping[str, str] = field(default_factory=dict)
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
            return f"{answer!r} does not do" + (": it must be an absolute path" if self.pattern == PATH else "")
        return None
