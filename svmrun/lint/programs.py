"""Programs that are called directly: shells, secrets, and what an adapter does better."""

from __future__ import annotations

import re
from collections.abc import Iterator

from svmrun.lint.book import Book, argument_place, at
from svmrun.lint.rule import Found, Rule
from svmrun.runbook.model import Action
from svmrun.runbook.order import roots_of
from svmrun.runbook.pieces import has_template
from svmrun.runbook.template import texts

_SHELLS = ("sh", "bash", "ksh", "ksh93", "zsh", "csh", "tcsh", "dash")
_COMMANDS = ("command", "dialogue", "session")
_SECRET = re.compile(r"passw(or)?d|passphrase|secret|(^|_)token$|api_?key|private_key|credential", re.IGNORECASE)
_ONE_SHOT_LOCK = re.compile(r"flush\s+tables\s+with\s+read\s+lock|lock\s+instance\s+for\s+backup", re.IGNORECASE)
# Adapters that are no programs of that name have none to offer for it.
_NOT_PROGRAMS = {*_COMMANDS, "confirm", "wait_for", "assert", "notify"}


def adapter_exists(book: Book) -> Iterator[Found]:
    for action, words in _programs(book):
        name = _name(words[0])
        if name in book.registry and name not in _NOT_PROGRAMS:
            message = f"{name} has an adapter, which knows what its output and its exit codes mean"
            yield Found(message, argument_place(action, "argv"), f"write {name}: with its arguments")


def shell(book: Book) -> Iterator[Found]:
    for action, words in _programs(book):
        if _shell_text(words) is not None:
            message = "a shell hides which of its commands failed, and its children outlive it"
            yield Found(message, argument_place(action, "argv"), "name the program itself; one step for each command")


def template_in_shell(book: Book) -> Iterator[Found]:
    for action, words in _programs(book):
        text = _shell_text(words)
        pieces = re.findall(r"\{\{(.*?)\}\}", text or "", re.DOTALL)
        if any(not re.search(r"\|\s*shell_quote\s*$", piece) for piece in pieces):
            message = "a value becomes part of a shell's program: a blank or a semicolon in it is then a command"
            hint = "pass it as an argument behind the text ($1), or through the filter shell_quote"
            yield Found(message, argument_place(action, "argv"), hint)


def secret_in_arguments(book: Book) -> Iterator[Found]:
    secrets = {parameter.name for parameter in book.runbook.parameters if parameter.secret}
    for action, _ in book.actions():
        own = action.arguments if action.adapter not in _COMMANDS else {"argv": action.arguments.get("argv")}
        if book.adapter(action).performer not in ("program", "session"):
            continue
        for name, value in own.items():
            if used := roots_of(value) & secrets:
                message = (
                    f"the secret {sorted(used)[0]!r} stands in a command line, which every user of the host can read"
                )
                hint = "give it on standard input (stdin), as an answer of a dialogue, or in the environment"
                yield Found(message, at(action, name), hint)


def open_secret(book: Book) -> Iterator[Found]:
    for parameter in (one for one in book.runbook.parameters if not one.bound):
        if _SECRET.search(parameter.name) and not parameter.secret:
            message = f"{parameter.name!r} sounds like a secret, and is written to journal and reports as it is"
            yield Found(message, parameter.path, "give it secret: true")


def relative_program(book: Book) -> Iterator[Found]:
    for action, words in _programs(book):
        if "/" in words[0] and not words[0].startswith(("/", "{{")):
            message = f"which program {words[0]} is depends on the folder from which svmrun is started"
            yield Found(message, argument_place(action, "argv"), "write its whole path, or its name alone")


def freeze_around_snapshot(book: Book) -> Iterator[Found]:
    """The device mapper freezes and thaws the file system by itself while it takes a snapshot (lvcreate(8))."""
    for index, step in book.steps:
        words = _words(step.action)
        if words and _name(words[0]) == "lvcreate" and {"-s", "--snapshot"} & set(words):
            for held in book.held_at(index):
                if held.action.adapter == "fsfreeze":
                    message = f"lvcreate freezes the file system itself: {held.id!r} is not needed, and may wait for it"
                    yield Found(message, at(step.action), "leave the fsfreeze away")


def one_shot_lock(book: Book) -> Iterator[Found]:
    for action, words in _programs(book):
        if action.adapter == "command" and any(_ONE_SHOT_LOCK.search(word) for word in words[1:]):
            message = "this lock ends with its client, before the next step begins"
            yield Found(message, argument_place(action, "argv"), "keep the client open in a session step")


def _programs(book: Book) -> Iterator[tuple[Action, list[str]]]:
    for action, _ in book.actions():
        if action.adapter in _COMMANDS and (words := _words(action)):
            yield action, words


def _words(action: Action) -> list[str]:
    return [text for text, _ in texts(action.arguments.get("argv"))]


def _name(word: str) -> str:
    return word if has_template(word) else word.rsplit("/", 1)[-1]


def _shell_text(words: list[str]) -> str | None:
    """The program text that a shell is given with -c."""
    if _name(words[0]) not in _SHELLS:
        return None
    for number, word in enumerate(words[1:-1], 2):
        if re.fullmatch(r"-[a-z]*c", word):
            return words[number]
    return None


RULES = (
    Rule("SR050", "adapter-exists", "warning", "A command that has an adapter", adapter_exists),
    Rule("SR051", "shell", "warning", "A shell's program text as an argument", shell),
    Rule("SR052", "template-in-shell", "error", "A value becomes part of a shell's program", template_in_shell),
    Rule("SR053", "secret-in-arguments", "error", "A secret in a command line", secret_in_arguments),
    Rule("SR054", "open-secret", "warning", "A secret that is not declared as one", open_secret),
    Rule("SR055", "relative-program", "warning", "A program by a relative path", relative_program),
    Rule("SR056", "freeze-around-snapshot", "warning", "A freeze around a snapshot", freeze_around_snapshot),
    Rule("SR057", "one-shot-lock", "error", "A lock that ends with its client", one_shot_lock),
)
