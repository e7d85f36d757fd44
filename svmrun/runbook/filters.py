"""The filters of templates: Jinja2's harmless ones, bounded, and those that an administrator of volumes needs."""

from __future__ import annotations

import json
import posixpath
import re
import shlex
from collections.abc import Callable, Mapping
from typing import Any

from jinja2.filters import FILTERS

from svmrun import names
from svmrun.runbook.budget import spend
from svmrun.runbook.pieces import TemplateError

_KINDS: dict[type, str] = {list: "list", tuple: "list", dict: "mapping"}
_WIDTH = re.compile(r"%[^a-zA-Z%]*?(\*|[0-9]{4,})")
_MOST_DIGITS_OF_ROUND = 15


def canonical(value: Any) -> str:
    """`SET/dN`, or `dN` in the local set, whatever form the name had; a device's short name likewise."""
    return names.canonical(as_text(value))


def volume(value: Any, diskset: str = "") -> str:
    """The canonical name of a volume of that disk set: `'d0' | volume('schost-1')` is `schost-1/d0`."""
    return names.volume(as_text(value), as_text(diskset))


def raw_device(value: Any, diskset: str = "") -> str:
    """The raw device of a volume: `/dev/md/SET/rdsk/dN`, or `/dev/md/rdsk/dN` in the local set."""
    return names.raw_device(as_text(value), as_text(diskset))


def block_device(value: Any, diskset: str = "") -> str:
    """The block device of a volume: `/dev/md/SET/dsk/dN`, or `/dev/md/dsk/dN` in the local set."""
    return names.block_device(as_text(value), as_text(diskset))


def basename(value: str) -> str:
    """The last part of a path."""
    return posixpath.basename(as_text(value).rstrip("/"))


def dirname(value: str) -> str:
    """A path without its last part."""
    return posixpath.dirname(as_text(value).rstrip("/")) or ("/" if value.startswith("/") else "")


def shell_quote(value: Any) -> str:
    """The value as one word of a POSIX shell; a list as several words."""
    words = value if isinstance(value, list | tuple) else [value]
    return " ".join(shlex.quote(as_text(word)) for word in words)


def as_text(value: Any) -> str:
    """A plain value as it stands in a text or a command line: `true`, `12`, `d0`.

    Raises TemplateError for null, lists and mappings: their form would be an accident.
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    if value is None:
        raise TemplateError("a value inside a text is null; give it one with `default(..., true)`")
    raise TemplateError(f"a {_KINDS.get(type(value), 'value')} cannot stand inside a text; use `join` or `tojson`")


def replace(value: Any, old: str, new: str, count: int = -1) -> str:
    """The text with `old` replaced by `new`; nothing is replaced for an empty `old`."""
    text = as_text(value)
    if not old:
        raise TemplateError("replace needs a text to look for")
    spend(text.count(old) * len(str(new)))
    return text.replace(old, str(new), count)


def join(value: Any, separator: str = "", attribute: str | None = None) -> str:
    """The members as one text. `attribute` names the member of each to take."""
    members = [member[attribute] for member in value] if attribute else list(value)
    texts = [as_text(member) for member in members]
    spend(len(separator) * len(texts))
    return separator.join(texts)


def format_value(value: str, *arguments: Any) -> str:
    """`'%02d' | format(n)`; widths have at most three digits."""
    if _WIDTH.search(value):
        raise TemplateError("the width of a format must be a number below 1000")
    return value % arguments


def round_value(value: float, precision: int = 0) -> float:
    """Rounded to so many digits after the point."""
    if abs(precision) > _MOST_DIGITS_OF_ROUND:
        raise TemplateError(f"round takes at most {_MOST_DIGITS_OF_ROUND} digits")
    return round(value, precision)


def sum_values(value: Any, attribute: str | None = None) -> float:
    """The sum of numbers. `attribute` names the member of each to take."""
    numbers: list[float] = [member[attribute] for member in value] if attribute else list(value)
    return sum(numbers)


def tojson(value: Any) -> str:
    """The value as JSON in one line."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def split(value: str, separator: str | None = None) -> list[str]:
    """The parts of a text between blanks, or between separators."""
    return as_text(value).split(separator)


_OF_JINJA = (
    "abs",
    "capitalize",
    "count",
    "d",
    "default",
    "dictsort",
    "first",
    "float",
    "int",
    "items",
    "last",
    "length",
    "list",
    "lower",
    "map",
    "max",
    "min",
    "reject",
    "rejectattr",
    "reverse",
    "select",
    "selectattr",
    "sort",
    "title",
    "trim",
    "unique",
    "upper",
)

STORAGE_FILTERS: Mapping[str, Callable[..., Any]] = {
    "basename": basename,
    "dirname": dirname,
    "shell_quote": shell_quote,
    "canonical": canonical,
    "volume": volume,
    "raw_device": raw_device,
    "block_device": block_device,
}
ALL_FILTERS: Mapping[str, Callable[..., Any]] = {
    **{name: FILTERS[name] for name in _OF_JINJA},
    **STORAGE_FILTERS,
    "format": format_value,
    "join": join,
    "replace": replace,
    "round": round_value,
    "split": split,
    "string": as_text,
    "sum": sum_values,
    "tojson": tojson,
}
METHODS: Mapping[type, Mapping[str, Callable[..., Any]]] = {
    str: {
        "replace": replace,
        "join": lambda separator, members: join(members, separator),
        **{
            name: getattr(str, name)
            for name in (
                "count",
                "endswith",
                "find",
                "isdigit",
                "lower",
                "lstrip",
                "removeprefix",
                "removesuffix",
                "rsplit",
                "rstrip",
                "split",
                "splitlines",
                "startswith",
                "strip",
                "title",
                "upper",
            )
        },
    },
    dict: {name: getattr(dict, name) for name in ("get", "items", "keys", "values")},
    list: {name: getattr(list, name) for name in ("count", "index")},
}
