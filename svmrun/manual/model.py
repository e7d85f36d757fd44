"""The document: sections of blocks. What it looks like is left to who writes it out (text, Markdown, HTML)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Code:
    """Something to type or to compare letter by letter, within a sentence or a cell."""

    text: str


Words = tuple[str | Code, ...]


@dataclass(frozen=True)
class Sentence:
    """A paragraph; `label` stands in front of it (`Expect`, `CAUTION`)."""

    words: Words
    label: str = ""


@dataclass(frozen=True)
class Commands:
    """Command lines to type, one after the other."""

    lines: tuple[str, ...]


@dataclass(frozen=True)
class Items:
    """A list; in `numbered` ones the order matters."""

    members: tuple[Words, ...]
    numbered: bool = False


@dataclass(frozen=True)
class Table:
    head: tuple[str, ...]
    rows: tuple[tuple[Words, ...], ...]


Block = Sentence | Commands | Items | Table


@dataclass(frozen=True)
class Section:
    title: str
    blocks: tuple[Block, ...] = ()
    sections: tuple[Section, ...] = ()


@dataclass(frozen=True)
class Manual:
    title: str
    blocks: tuple[Block, ...]
    sections: tuple[Section, ...]


def said(*words: str | Code, label: str = "") -> Sentence:
    return Sentence(words, label)
