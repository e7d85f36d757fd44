"""From the tree of a runbook as written to lines."""

from __future__ import annotations

import re

from svmrun.review.fmt_order import SECTIONS
from svmrun.runbook.written import Collection, Member, Scalar, Written

WIDTH = 120
STEP = 2  # blanks of indentation
_DIGIT = re.compile("[0-9]")


def layout(document: Written) -> str:
    """The whole text, with a newline at its end."""
    lines = [*_tidy(document.head), *_mapping(document.top, 0)]
    while lines and not lines[0]:
        del lines[0]
    return "\n".join(lines) + "\n"


def _block(node: Collection, indentation: int) -> list[str]:
    if node.is_mapping:
        return _mapping(node, indentation)
    lines: list[str] = []
    for number, member in enumerate(node.members):
        lines += _item(member, indentation, first=number == 0)
    return lines + _above(node.foot, indentation, first=False)


def _mapping(node: Collection, indentation: int) -> list[str]:
    lines: list[str] = []
    for number, member in enumerate(node.members):
        key = member.key
        assert key is not None, "a member of a mapping has a key"
        if indentation == 0 and number and key.value in SECTIONS:
            member.leading = ["", *member.leading]
        head = f"{' ' * indentation}{key.text}:"
        lines += _above([*member.leading, *member.trailing[:-1]], indentation, first=number == 0)
        lines += _member(head, member, indentation)
    return lines + _above(node.foot, indentation, first=False)


def _item(member: Member, indentation: int, *, first: bool) -> list[str]:
    """A member of a list. Comments above its value's first key stand above the dash: there is no better place."""
    value = member.value
    comments = [*member.leading, *member.trailing[:-1]]
    head = f"{' ' * indentation}-"
    if isinstance(value, Scalar) or (value.flow and _fits(head, value)):
        return [*_above(comments, indentation, first=first), *_member(head, member, indentation)]
    lines = _block(value, indentation + STEP)
    begin = next(number for number, line in enumerate(lines) if line.strip() and not line.lstrip().startswith("#"))
    comments += [*member.trailing[-1:], *(line.strip() for line in lines[:begin])]
    return [
        *_above(comments, indentation, first=first),
        f"{head} {lines[begin][indentation + STEP :]}",
        *lines[begin + 1 :],
    ]


def _member(head: str, member: Member, indentation: int) -> list[str]:
    """The lines of a member from its key or dash on."""
    value, inner = member.value, indentation + STEP
    comment = "".join(f" {text}" for text in member.trailing[-1:])
    if isinstance(value, Scalar):
        return _scalar(head, value, inner, comment, below=member.below and member.key is not None)
    if value.flow and _fits(head, value):
        return [f"{head} {_in_line(value)}{comment}"]
    if value.flow and _fits(" " * (inner - 1), value):
        return [head, f"{' ' * inner}{_in_line(value)}{comment}"]
    return [f"{head}{comment}", *_block(value, inner)]


def _scalar(head: str, value: Scalar, inner: int, comment: str, *, below: bool) -> list[str]:
    if value.body is not None:
        header = _DIGIT.sub(str(STEP), value.text)
        return [f"{head} {header}{comment}", *(f"{' ' * inner}{line}" if line else "" for line in value.body)]
    if not value.text:
        return [f"{head}{comment}"]
    first, *rest = value.text.split("\n")
    lines = [first.rstrip() if rest else first, *(_continued(line, inner) for line in rest)]
    if below and (rest or len(f"{head} {first}") > WIDTH):
        return [head, *_with_comment([" " * inner + lines[0], *lines[1:]], comment)]
    return _with_comment([f"{head} {lines[0]}", *lines[1:]], comment)


def _continued(line: str, inner: int) -> str:
    """A further line of a text: its indentation does not count, nor does a blank at its end, unless it is escaped."""
    line = line.lstrip(" \t")
    line = line if line.rstrip(" \t").endswith("\\") else line.rstrip(" \t")
    return f"{' ' * inner}{line}" if line else ""


def _with_comment(lines: list[str], comment: str) -> list[str]:
    return [*lines[:-1], f"{lines[-1]}{comment}"]


def _fits(head: str, node: Collection) -> bool:
    """Whether a flow collection has room behind `head`, and nothing in it needs a line of its own."""
    return _is_flat(node) and len(f"{head} {_in_line(node)}") <= WIDTH


def _is_flat(node: Collection | Scalar) -> bool:
    if isinstance(node, Scalar):
        return "\n" not in node.text
    members = node.members
    return not node.foot and not any(_has_comment(m) or not _is_flat(m.value) for m in members)


def _has_comment(member: Member) -> bool:
    return bool(member.trailing) or any(member.leading)


def _in_line(node: Collection | Scalar) -> str:
    if isinstance(node, Scalar):
        return node.text or "null"
    inside = ", ".join((f"{m.key.text}: " if m.key else "") + _in_line(m.value) for m in node.members)
    return f"{{{inside}}}" if node.is_mapping else f"[{inside}]"


def _above(comments: list[str], indentation: int, *, first: bool) -> list[str]:
    """Comments and blank lines above a member; a block does not begin with a blank line."""
    lines = [f"{' ' * indentation}{text}" if text else "" for text in _tidy(comments)]
    return lines[1:] if first and lines and not lines[0] else lines


def _tidy(comments: list[str]) -> list[str]:
    """At most one blank line in a row."""
    return [text for number, text in enumerate(comments) if text or number == 0 or comments[number - 1]]
