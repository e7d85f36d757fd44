"""Identities as file systems print them (RFC 4122): always the same for a name, so that outputs can be compared."""

from __future__ import annotations

DIGITS = 32


def uuid_text(name: str) -> str:
    """Of the last sixteen bytes of the name."""
    digits = name.encode().hex().ljust(DIGITS, "0")[-DIGITS:]
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
