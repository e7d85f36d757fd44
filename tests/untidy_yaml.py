"""A writer of untidy YAML: any spelling of a value that means the same, with comments wherever one may stand."""

from __future__ import annotations

import json
import random
import re
from typing import Any

Json = Any
_PLAIN = re.compile(r"[A-Za-z/][A-Za-z0-9_/.=-]*( [A-Za-z0-9_/.=-]+)*")
_WORDS_OF_YAML = {"null", "true", "false", "Null", "True", "False"}


class Untidy:
    """Writes with the choices of a seed. Every comment is `# c` and a number of its own."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.comments = 0

    def document(self, value: Json) -> str:
        lines = self.block(value, 0)
        if self.chance(0.3):
            lines.insert(0, "---")
        text = "\n".join([*self.noise(0), *lines, *self.noise(0)])
        # Where a text stands last, its own last newline would be missing, too.
        return text if text[-1] in "]}'\"" and self.chance(0.5) else f"{text}\n"

    def chance(self, probability: float) -> bool:
        return self.random.random() < probability

    def comment(self) -> str:
        self.comments += 1
        return f"#{self.random.choice(['', ' '])}c{self.comments}"

    def noise(self, column: int) -> list[str]:
        """Blank lines, and comments that are indented at most like what follows: deeper may be inside a text."""
        blank = [""] * self.random.choice([0, 0, 0, 1, 3])
        more = [" " * self.random.randint(0, column) + self.comment()] if self.chance(0.2) else []
        return [*blank, *more, *([""] if self.chance(0.1) else [])]

    def behind(self) -> str:
        return f"{' ' * self.random.randint(1, 3)}{self.comment()}" if self.chance(0.2) else ""

    def block(self, value: Json, column: int) -> list[str]:
        """The lines of a mapping or list that is not empty."""
        if isinstance(value, list):
            return [line for member in value for line in self.entry(f"{' ' * column}-", member, column, is_item=True)]
        return [line for key, member in value.items() for line in self.pair(key, member, column)]

    def pair(self, key: str, member: Json, column: int) -> list[str]:
        return self.entry(f"{' ' * column}{self.key(key)}:", member, column, is_item=False)

    def key(self, key: str) -> str:
        return self.random.choice([key, key, f"'{key}'", f'"{key}"', f"{key} "])

    def entry(self, head: str, member: Json, column: int, *, is_item: bool) -> list[str]:
        above, gap = self.noise(column), " " * self.random.randint(1, 3)
        deeper = column + self.random.randint(1, 5)
        if not isinstance(member, dict | list):
            return [*above, *self.scalar(head, member, gap, deeper)]
        if not member or self.chance(0.3):
            return [*above, *self.flow_entry(head, member, gap, deeper)]
        if not is_item and isinstance(member, list) and self.chance(0.3):
            deeper = column
        return [*above, head + self.behind(), *self.block(member, deeper)]

    def flow_entry(self, head: str, member: Json, gap: str, deeper: int) -> list[str]:
        if not self.chance(0.4):
            return [f"{head}{gap}{self.flow(member)}{self.behind()}"]
        indentation = " " * deeper
        pairs = member.items() if isinstance(member, dict) else ((None, one) for one in member)
        parts = [("" if key is None else f"{self.key(key)}: ") + self.flow(one) for key, one in pairs]
        lines = [
            f"{indentation}{part}{',' if n + 1 < len(parts) else ''}{self.behind()}" for n, part in enumerate(parts)
        ]
        opening, closing = "{}" if isinstance(member, dict) else "[]"
        return [f"{head}{gap}{opening}{self.behind()}", *lines, f"{indentation}{closing}{self.behind()}"]

    def flow(self, value: Json) -> str:
        pad = self.random.choice(["", " "])
        if isinstance(value, dict):
            return f"{{{pad}{', '.join(f'{self.key(k)}: {self.flow(v)}' for k, v in value.items())}{pad}}}"
        if isinstance(value, list):
            return f"[{pad}{' , '.join(self.flow(one) for one in value)}{pad}]"
        return self.one_line(value)

    def scalar(self, head: str, value: Json, gap: str, deeper: int) -> list[str]:
        if value is None and self.chance(0.5):
            return [head + self.behind()]
        if (
            isinstance(value, str)
            and "\n" in value
            and self.chance(0.7)
            and re.fullmatch(r"[^\x85\u2028\u2029]*", value)
        ):
            return self.literal(head, value, gap, deeper)
        text = self.one_line(value)
        if " " in text.strip("\"' ") and self.chance(0.3) and re.fullmatch(r"\S+( \S+)+", text):
            text = text.replace(" ", f"\n{' ' * self.random.randint(deeper, deeper + 3)}")
        if self.chance(0.1):
            return f"{head}\n{' ' * deeper}{text}{self.behind()}".split("\n")
        return f"{head}{gap}{text}{self.behind()}".split("\n")

    def one_line(self, value: Json) -> str:
        if not isinstance(value, str):
            return json.dumps(value)
        kinds = [json.dumps(value, ensure_ascii=False)]
        if value.isprintable():
            kinds.append("'" + value.replace("'", "''") + "'")
        if _PLAIN.fullmatch(value) and value not in _WORDS_OF_YAML:
            kinds += [value, value]
        return self.random.choice(kinds)

    def literal(self, head: str, value: str, gap: str, deeper: int) -> list[str]:
        body = value.rstrip("\n")
        if not body or body[0] == "\t" or value not in (body, f"{body}\n"):
            return [f"{head}{gap}{json.dumps(value)}"]
        chomp = "-" if value == body else ""
        column = len(head) - len(head.lstrip(" "))
        digit = str(deeper - column) if body[:1] in " \n" or self.chance(0.2) else ""
        lines = [f"{' ' * deeper}{line}" if line else "" for line in body.split("\n")]
        return [f"{head}{gap}|{digit}{chomp}{self.behind()}", *lines]
