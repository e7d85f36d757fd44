"""Text with `{{ expressions }}` in it, cut into pieces. Nothing else of Jinja2's syntax has a meaning here."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

STEP_NAME = "^[A-Za-z_][A-Za-z0-9_]*(-[A-Za-z0-9_]+)*$"
TEMPLATE = {"type": "string", "pattern": r"\{\{"}  # the JSON schema of a text with a template in it
CACHED = 4096  # every pass over a runbook cuts the same texts, and runbooks of one house are alike
_CLOSING = {"(": ")", "[": "]", "{": "}"}


class TemplateError(ValueError):
    """A template or expression is wrong, or cannot be evaluated; the message is a sentence for its author.

    `path` leads from the rendered value to the text that was wrong.
    """

    def __init__(self, message: str, path: tuple[str | int, ...] = ()) -> None:
        super().__init__(message)
        self.path = path


@dataclass(frozen=True)
class Literal:
    text: str


@dataclass(frozen=True)
class Expression:
    """What stands between the braces; `offset` is where it begins in the whole text."""

    text: str
    offset: int


Piece = Literal | Expression


@lru_cache(CACHED)
def pieces(text: str) -> tuple[Piece, ...]:
    """The pieces of a text, in order. Raises TemplateError for an open brace or a Jinja2 statement or comment."""
    found: list[Piece] = []
    start = 0
    while (opening := text.find("{{", start)) >= 0:
        _refuse_statements(text[start:opening])
        if opening > start:
            found.append(Literal(text[start:opening]))
        end = _end(text, opening + 2)
        found.append(_expression(text[opening + 2 : end], opening + 2))
        start = end + 2
    _refuse_statements(text[start:])
    if start < len(text):
        found.append(Literal(text[start:]))
    return tuple(found)


def lone_expression(parts: tuple[Piece, ...]) -> Expression | None:
    """The expression when there is nothing else (a block scalar's final newline does not count)."""
    if len(parts) == 2 and isinstance(parts[1], Literal) and not parts[1].text.strip("\n"):
        parts = parts[:1]
    return parts[0] if len(parts) == 1 and isinstance(parts[0], Expression) else None


def has_template(text: str) -> bool:
    """True when the text is more than plain text: it must be cut into pieces."""
    return "{{" in text or "{%" in text or "{#" in text


def split_command(text: str) -> list[str]:
    """The words of a command line by the shell's rules of quoting, `{{ expressions }}` kept whole.

    Done before rendering, so that a value can never become two words. Raises TemplateError when a quote is open.
    """
    words: list[str] = []
    word: str | None = None
    quote = ""
    position = 0
    while position < len(text):
        character = text[position]
        if text.startswith("{{", position):
            end = _end(text, position + 2) + 2
            word = (word or "") + text[position:end]
            position = end
            continue
        position += 1
        if character == "\\" and quote != "'":
            kept, position = _escaped(text, position, quote)
            word = (word or "") + kept
        elif quote:
            word, quote = (word, "") if character == quote else ((word or "") + character, quote)
        elif character in "'\"":
            word, quote = word or "", character
        elif character.isspace():
            words += [] if word is None else [word]
            word = None
        else:
            word = (word or "") + character
    if quote:
        raise TemplateError(f"the quote {quote} is not closed")
    return words if word is None else [*words, word]


def _escaped(text: str, position: int, quote: str) -> tuple[str, int]:
    if position >= len(text):
        raise TemplateError("nothing follows the last backslash")
    character = text[position]
    return (character if not quote or character in '"\\$`' else "\\" + character), position + 1


def _end(text: str, position: int) -> int:
    """Where the closing braces of an expression stand, minding quotes and nested brackets."""
    start, quote = position, ""
    stack: list[str] = []
    while position < len(text):
        character = text[position]
        if quote:
            position += character == "\\"
            quote = "" if character == quote else quote
        elif not stack and text.startswith("}}", position):
            return position
        elif character in "'\"":
            quote = character
        elif character in _CLOSING:
            stack.append(_CLOSING[character])
        elif stack and character == stack[-1]:
            stack.pop()
        position += 1
    raise TemplateError(f"'{{{{' is not closed in {text[start - 2 : start + 30]!r}")


def _expression(text: str, offset: int) -> Expression:
    if text[:1] in ("-", "+") or text[-1:] in ("-", "+"):
        raise TemplateError("a sign next to the braces would trim blanks in Jinja2; put a blank between them")
    if not text.strip():
        raise TemplateError("there is nothing between '{{' and '}}'")
    return Expression(text, offset)


def _refuse_statements(text: str) -> None:
    for mark, what in (("{%", "statements"), ("{#", "comments")):
        if mark in text:
            raise TemplateError(
                f"template {what} ('{mark}') are not part of the language; as text write {{{{ '{mark}' }}}}"
            )
