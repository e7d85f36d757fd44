"""Devices: what is read, what is overwritten.

Sources: ufsdump(1M), fsck(1M), mtio(7I), and dump's dumpmain.c.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from svmrun.lint.book import Book, argument_place, at
from svmrun.lint.rule import Found, Rule
from svmrun.runbook.model import Action, Path, Step
from svmrun.runbook.pieces import has_template
from svmrun.runbook.template import texts

Json = Any
_NO_REWIND = re.compile(r"/dev/rmt/\d+[a-z]*n$")
_DISK = re.compile(r"^/dev/(md|dsk|rdsk|did|ap|vx|zvol|sd[a-z]|nvme|mapper)\b")
_BLOCK_PATH = re.compile(r"^/dev/(md/([^/]+/)?|did/)?dsk/")
_LONE_NAME = re.compile(r"^\s*\{\{\s*(\w+)\s*\}\}\s*$")
_DEVICE_READERS = ("fsck", "ufsdump")


def no_rewind(book: Book) -> Iterator[Found]:
    """The next dump goes behind this one, and a restore begins wherever the tape stands."""
    for action in _of(book, "ufsdump"):
        for text, path in _values(book, action, "dump_device"):
            if _NO_REWIND.search(text):
                message = f"{text} does not rewind: the dump begins wherever the tape stands"
                yield Found(message, path, f"name the rewinding device: {text[:-1]}", of_key=False)


def over_a_disk(book: Book) -> Iterator[Found]:
    for action in _of(book, "ufsdump"):
        if action.arguments.get("force") is True:
            message = "a disk may be overwritten by the dump (force)"
            yield Found(message, argument_place(action, "force"), "leave it away, and name a tape or a file")
    for place, target in _dd_targets(book):
        if _DISK.search(target):
            yield Found(f"dd overwrites {target}, and asks nothing", place, "write to a tape or a file", of_key=False)


def copy_to_anything(book: Book) -> Iterator[Found]:
    patterns = {
        parameter.name for parameter in book.runbook.parameters if parameter.schema.keys() & {"pattern", "enum"}
    }
    parameters = {parameter.name for parameter in book.runbook.parameters}
    for place, target in _dd_targets(book):
        name = _LONE_NAME.match(target)
        if name and name[1] in parameters - patterns:
            message = f"dd overwrites whatever {name[1]!r} says, a disk too"
            yield Found(message, place, f"give the parameter {name[1]!r} a pattern that no disk fits", of_key=False)


def fsck_without_answer(book: Book) -> Iterator[Found]:
    for action in _of(book, "fsck"):
        if "answer" not in action.arguments:
            message = "fsck is not told what to answer: it then only looks (-n), and mends nothing"
            yield Found(message, at(action), "write answer: yes, or no where looking is meant")
    for action, words in _command_lines(book):
        if words[:1] and _program(words[0]) == "fsck" and not {"-y", "-Y", "-n", "-N", "-m"} & set(words):
            message = "fsck without -y or -n dies at its first question"
            yield Found(message, argument_place(action, "argv"), "use the fsck adapter, or add -y")


def block_device(book: Book) -> Iterator[Found]:
    """Reading a block device goes through the page cache, and fails beyond 2 GB on older releases."""
    for action in (a for name in _DEVICE_READERS for a in _of(book, name)):
        for text, path in _values(book, action, "device"):
            if _BLOCK_PATH.search(text) or re.search(r"\|\s*block_device\b", text):
                message = f"{action.adapter} should read the raw device, this is the block device"
                yield Found(message, path, "write rdsk for dsk, or raw_device for block_device", of_key=False)


def lost_increment(book: Book) -> Iterator[Found]:
    """What is recorded is the name of the dumped device: that of one side, not of the mirror."""
    for action in _of(book, "ufsdump"):
        arguments = book.arguments(action)
        if arguments["update"] is True and arguments["level"] != 0 and not arguments["record_as"]:
            message = (
                "an incremental dump finds its full one only if both were recorded under one name, not this side's"
            )
            yield Found(message, argument_place(action, "update"), "name the mirror's raw device in record_as")


def endless_copy(book: Book) -> Iterator[Found]:
    for _, step in book.steps:
        if book.copies(step.action) and step.action.timeout_seconds is None:
            hours = _default_hours(book, step)
            message = f"how long {step.id!r} may take is not said; it is given {hours}"
            yield Found(message, at(step.action), "give it a timeout: twice what it usually takes")


def _default_hours(book: Book, step: Step) -> str:
    judged = book.judged(step.action)
    return f"{judged[0].default_timeout(judged[1]) / 3600:g} hours" if judged else "the adapter's own"


def _of(book: Book, adapter: str) -> Iterator[Action]:
    return (action for action, _ in book.actions() if action.adapter == adapter)


def _values(book: Book, action: Action, name: str) -> Iterator[tuple[str, Path]]:
    """What an argument may be: its text, or the default and the examples of the parameter that it names alone."""
    written = str(action.arguments.get(name, ""))
    found = _LONE_NAME.match(written)
    parameter = next((p for p in book.runbook.parameters if found and p.name == found[1]), None)
    if parameter is None:
        yield written, at(action, name)
    elif parameter.has_default and not has_template(str(parameter.default)):
        yield str(parameter.default), (*parameter.path, "default")


def _dd_targets(book: Book) -> Iterator[tuple[Path, str]]:
    for action, words in _command_lines(book):
        for word in words:
            if _program(words[0]) == "dd" and word.startswith("of="):
                yield at(action, "argv"), word.removeprefix("of=")


def _command_lines(book: Book) -> Iterator[tuple[Action, list[str]]]:
    for action, _ in book.actions():
        words = [text for text, _ in texts(action.arguments.get("argv"))]
        if words:
            yield action, words


def _program(word: str) -> str:
    return word.rsplit("/", 1)[-1]


RULES = (
    Rule("SR040", "no-rewind", "warning", "A dump to a tape that is not rewound", no_rewind),
    Rule("SR041", "over-a-disk", "error", "A disk is overwritten", over_a_disk),
    Rule("SR042", "copy-to-anything", "warning", "dd writes to whatever it is given", copy_to_anything),
    Rule("SR043", "fsck-without-answer", "warning", "fsck is not told what to answer", fsck_without_answer),
    Rule("SR044", "block-device", "warning", "A block device where the raw one belongs", block_device),
    Rule("SR045", "lost-increment", "warning", "An incremental dump that finds no full one", lost_increment),
    Rule("SR046", "endless-copy", "note", "A copy without a time limit of its own", endless_copy),
)
