"""The document as one HTML file: everything escaped, nothing fetched from anywhere, made to be printed."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from svmrun.manual.model import Block, Code, Commands, Items, Manual, Section, Sentence, Table, Words
from svmrun.report.words import printable

_STYLE = """\
body { font: 11pt/1.45 serif; max-width: 48em; margin: 2em auto; padding: 0 1em; color: #111; background: #fff }
h1, h2, h3 { font-family: sans-serif; line-height: 1.2; break-after: avoid }
h2 { border-bottom: 1px solid #888; margin-top: 2em }
section { break-inside: avoid-page }
pre, code { font-family: monospace; background: #f2f2f2 }
pre { padding: .6em 1em; border-left: 4px solid #888; white-space: pre-wrap }
table { border-collapse: collapse }
th, td { border: 1px solid #aaa; padding: .2em .6em; text-align: left; vertical-align: top }
.caution { border: 2px solid #a00; padding: .5em 1em }"""


def manual_html(manual: Manual) -> str:
    title = _text(manual.title)
    lines = ["<!DOCTYPE html>", '<html lang="en">', "<head>", '<meta charset="utf-8">', f"<title>{title}</title>"]
    lines += [f"<style>\n{_STYLE}\n</style>", "</head>", "<body>", f"<h1>{title}</h1>", *_blocks(manual.blocks)]
    for section in manual.sections:
        lines += _section(section, 2)
    return "\n".join([*lines, "</body>", "</html>"]) + "\n"


def _section(section: Section, level: int) -> Iterator[str]:
    yield "<section>"
    yield f"<h{level}>{_text(section.title)}</h{level}>"
    yield from _blocks(section.blocks)
    for inner in section.sections:
        yield from _section(inner, level + 1)
    yield "</section>"


def _blocks(blocks: tuple[Block, ...]) -> Iterator[str]:
    for block in blocks:
        yield from _block(block)


def _block(block: Block) -> Iterator[str]:
    if isinstance(block, Sentence):
        kind = ' class="caution"' if block.label == "CAUTION" else ""
        label = f"<strong>{_text(block.label)}:</strong> " if block.label else ""
        yield f"<p{kind}>{label}{_words(block.words)}</p>"
    elif isinstance(block, Commands):
        yield f"<pre>{chr(10).join(_text(line) for line in block.lines)}</pre>"
    elif isinstance(block, Items):
        kind = "ol" if block.numbered else "ul"
        members = "".join(f"<li>{_words(words)}</li>" for words in block.members)
        yield f"<{kind}>{members}</{kind}>"
    else:
        yield _table(block)


def _table(table: Table) -> str:
    head = "".join(f"<th>{_text(name)}</th>" for name in table.head)
    rows = "".join(f"<tr>{''.join(f'<td>{_words(cell)}</td>' for cell in row)}</tr>" for row in table.rows)
    return f"<table><tr>{head}</tr>{rows}</table>"


def _words(words: Words) -> str:
    return "".join(f"<code>{_text(w.text)}</code>" if isinstance(w, Code) else _text(w) for w in words)


def _text(text: str) -> str:
    return escape(printable(text))
