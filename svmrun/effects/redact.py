"""Secrets are taken out of a stream before anything is written or shown."""

from __future__ import annotations

import re
from collections.abc import Sequence

MASK = b"********"


class Redactor:
    """Replaces secrets in a stream of pieces, also where a secret is cut by the end of a piece."""

    def __init__(self, secrets: Sequence[str]) -> None:
        self._secrets = sorted({s.encode() for s in secrets if s}, key=len, reverse=True)
        self._pattern = re.compile(b"|".join(map(re.escape, self._secrets))) if self._secrets else None
        self._held = b""

    def feed(self, data: bytes) -> bytes:
        """What may be shown now. The beginning of a possible secret is held back."""
        if self._pattern is None:
            return data
        text = self._pattern.sub(MASK, self._held + data)
        keep = self._beginning_of_a_secret(text)
        self._held = text[len(text) - keep :]
        return text[: len(text) - keep]

    def finish(self) -> bytes:
        held, self._held = self._held, b""
        return held

    def _beginning_of_a_secret(self, text: bytes) -> int:
        """Length of the longest end of `text` that a secret begins with."""
        longest = min(len(self._secrets[0]) - 1, len(text))
        ends = (n for n in range(longest, 0, -1) if any(s.startswith(text[-n:]) for s in self._secrets))
        return next(ends, 0)
