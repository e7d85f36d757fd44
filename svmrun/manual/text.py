"""The document as plain text of 100 columns, for a terminal or a printer; command lines are never broken."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from svmrun.manual.model import Block, Code, Commands, Items, Manual, Section, Sentence, Table, Words
from svmrun.report.words import printable

WIDTH = 100


def manual_text(manual: Manual) -> str:
    lines = [manual.title.upper(), "", *_blocks(manual.blocks)]
    for section in manual.sections:
        lines += [section.title.upper(), "", *_blocks(section.blocks)]
        for inner in section.sections:
            lines += _section(inner, "-")
    return "\n".join(lines).rstrip("\n") + "\n"


def _section(section: Section, line: str) -> Iterator[str]:
    """What stands below another section is underlined with dots."""
    yield printable(section.title)
    yield line * len(section.title)
    yield ""
    yield from _blocks(section.blocks)
    for inner in section.sections:
        yield from _section(inner, ".")


def _blocks(blocks: tuple[Block, ...]) -> Iterator[str]:
    for block in blocks:
        yield from _block(block)
        yield ""


def _block(block: Block) -> Iterator[str]:
    if isinstance(block, Sentence):
        label = f"{block.label}: " if block.label else ""
        yield from _wrapped(label + _plain(block.words), "  " if label else "")
    elif isinstance(block, Commands):
        yield from (f"    {printable(line)}" for line in block.lines)
    elif isinstance(block, Items):
        for number, words in enumerate(block.members, 1):
            mark = f"{number}. " if block.numbered else "- "
            yield from _wrapped(f"  {mark}{_plain(words)}", " " * (2 + len(mark)))
    else:
        yield from _table(block)


def _table(table: Table) -> Iterator[str]:
    """A row in lines of its own: no column can be too narrow."""
    for row in table.rows:
        name, meaning, *values = (_plain(cell) for cell in row)
        yield from _wrapped(f"  {name} = {', '.join(values)}", "      ")
        if meaning:
            yield from _wrapped(f"      {meaning}", "      ")


def _plain(words: Words) -> str:
    return printable("".join(word.text if isinstance(word, Code) else word for word in words))


def _wrapped(text: str, indent: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
