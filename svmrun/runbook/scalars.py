"""Plain scalars, read by the core schema of YAML 1.2 (chapter 10.3 of its specification).

`yes`, `on`, `10:00` and `2024-01-01` are texts. Numbers that other readers take for octal are refused.
"""

from __future__ import annotations

import math
import re

_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_FIRST_OF_NUMBERS = frozenset("+-.0123456789")
_INTEGER = re.compile(r"[-+]?[0-9]+")
_OCTAL = re.compile(r"0o[0-7]+")
_HEXADECIMAL = re.compile(r"0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_LEADING_ZERO = re.compile(r"[-+]?0[0-9]")
_MAXIMUM_DIGITS = 4000  # Python itself refuses integers of more than 4300 digits


def plain_scalar(text: str) -> str | int | float | bool | None:
    """The value of an unquoted scalar. Raises ValueError with a sentence for what must be quoted."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _FIRST_OF_NUMBERS:
        return text
    if _NOT_FINITE.fullmatch(text):
        raise ValueError(f"{text} is not a finite number")
    if not (_FLOAT.fullmatch(text) or _OCTAL.fullmatch(text) or _HEXADECIMAL.fullmatch(text)):
        return text
    return _number(text)


def _number(text: str) -> int | float:
    if len(text) > _MAXIMUM_DIGITS:
        raise ValueError("a number with too many digits")
    if _LEADING_ZERO.match(text) and text[:2] not in ("0o", "0x"):
        raise ValueError(f"the number {text} begins with a zero, which some readers take for octal")
    if _INTEGER.fullmatch(text):
        return int(text)
    if text.startswith(("0o", "0x")):
        return int(text, 0)
    if not math.isfinite(value := float(text)):
        raise ValueError(f"the number {text} is too large")
    return value
