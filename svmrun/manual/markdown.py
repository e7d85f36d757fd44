"""The document as Markdown, for a wiki or a merge request."""

from __future__ import annotations

from collections.abc import Iterator

from svmrun.manual.model import Block, Code, Commands, Items, Manual, Section, Sentence, Table, Words
from svmrun.report.markdown import code, plain
from svmrun.report.words import printable


def manual_markdown(manual: Manual) -> str:
    lines = [f"# {plain(manual.title)}", "", *_blocks(manual.blocks)]
    for section in manual.sections:
        lines += _section(section, 2)
    return "\n".join(lines).rstrip("\n") + "\n"


def _section(section: Section, level: int) -> Iterator[str]:
    yield f"{'#' * level} {plain(section.title)}"
    yield ""
    yield from _blocks(section.blocks)
    for inner in section.sections:
        yield from _section(inner, level + 1)


def _blocks(blocks: tuple[Block, ...]) -> Iterator[str]:
    for block in blocks:
        yield from _block(block)
        yield ""


def _block(block: Block) -> Iterator[str]:
    if isinstance(block, Sentence):
        yield (f"**{plain(block.label)}:** " if block.label else "") + _words(block.words)
    elif isinstance(block, Commands):
        fence = _fence(block)
        yield fence
        yield from (printable(line) for line in block.lines)
        yield fence
    elif isinstance(block, Items):
        yield from (f"{f'{n}.' if block.numbered else '-'} {_words(words)}" for n, words in enumerate(block.members, 1))
    else:
        yield from _table(block)


def _fence(block: Commands) -> str:
    """Longer than any run of backticks in it."""
    fence = "```"
    while any(fence in line for line in block.lines):
        fence += "`"
    return fence


def _table(table: Table) -> Iterator[str]:
    yield f"| {' | '.join(table.head)} |"
    yield "|---" * len(table.head) + "|"
    yield from (f"| {' | '.join(_words(cell) for cell in row)} |" for row in table.rows)


def _words(words: Words) -> str:
    return "".join(code(printable(word.text)) if isinstance(word, Code) else plain(word) for word in words)
