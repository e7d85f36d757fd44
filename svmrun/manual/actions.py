"""One action as a person does it: what to type, and what to expect."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from svmrun.adapters.base import Adapter, Command, Probe, Prompt
from svmrun.manual.model import Block, Code, Commands, Items, Words, said
from svmrun.manual.values import Values
from svmrun.review.command_words import command_words
from svmrun.runbook.model import Action

Json = Any
_NOT_YET_KNOWN = (ValueError, TypeError, LookupError)  # what an adapter says of arguments with templates in them


@dataclass(frozen=True)
class Hand:
    """Tells actions with the values that are known."""

    adapters: Mapping[str, Adapter]
    values: Values

    def rendered(self, action: Action) -> Action:
        """The action with what is known filled in; bare expressions and a polled action's arguments too."""
        adapter = self.adapters[action.adapter]
        arguments = {
            key: value if key in adapter.expressions else self.values.rendered(value, key)
            for key, value in (action.arguments or {}).items()
        }
        return replace(action, arguments=arguments)

    def command(self, action: Action) -> str:
        """What to type, in one line; what is no program is told as it is written."""
        return command_words(self.rendered(action), self.adapters)

    def deed(self, action: Action) -> list[Block]:
        """What to do, and what to expect."""
        blocks = list(self._deed(self.rendered(action)))
        expects = self.expects(action)
        return [*blocks, said(expects, label="Expect")] if expects else blocks

    def expects(self, action: Action) -> str:
        """What the adapter says; empty where it depends on what is not known yet."""
        known = self.rendered(action)
        inner = self.polled(known)
        if inner:
            return self.expects(inner)
        adapter = self.adapters[action.adapter]
        try:
            return adapter.expects(adapter.complete(self._worded(known).arguments))
        except _NOT_YET_KNOWN:
            return ""

    def look(self, action: Action) -> str:
        """The command that shows whether the effect of an action is there; empty where nothing can tell."""
        known = self.rendered(action)
        for arguments in (known.arguments, self._worded(known).arguments):  # some adapters take no template apart
            try:
                adapter = self.adapters[action.adapter]
                probe = adapter.probe(adapter.complete(arguments))
            except _NOT_YET_KNOWN:
                continue
            return self._of_probe(probe) if probe else ""
        return ""

    def _of_probe(self, probe: Probe) -> str:
        return command_words(Action(probe.adapter, probe.arguments, ()), self.adapters)

    def _worded(self, action: Action) -> Action:
        """Templates in texts as `{expression}`: a person reads them, nobody evaluates them any more."""
        fields = self.adapters[action.adapter].schema["properties"]
        words: dict[str, Json] = {
            key: self.values.text(value) if isinstance(value, str) else value for key, value in action.arguments.items()
        }
        lists = {k: [v] for k, v in words.items() if isinstance(v, str) and fields.get(k, {}).get("type") == "array"}
        return replace(action, arguments={**words, **lists})

    def polled(self, action: Action) -> Action | None:
        if not self.adapters[action.adapter].nests:
            return None
        key = next(key for key in action.arguments if key in self.adapters)
        return Action(key, action.arguments[key] or {}, action.path)

    def _deed(self, action: Action) -> Iterator[Block]:
        performer = self.adapters[action.adapter].performer
        yield from {
            "program": self._program,
            "poll": self._poll,
            "judge": self._judge,
            "session": self._session,
            "operator": self._operator,
            "notice": self._notice,
        }[performer](action)

    def _program(self, action: Action) -> Iterator[Block]:
        command = self._program_of(action)
        if command and command.private:
            yield said("What this writes nobody else may read. Before it, type ", Code("umask 077"))
        yield Commands((command_words(action, self.adapters),))
        talk = command.dialogue if command else None
        if told := [prompt for prompt in (talk.prompts if talk else ()) if prompt.answer]:
            yield said("It asks. Answer:")
            yield Items(tuple(_typed(prompt) for prompt in told))

    def _program_of(self, action: Action) -> Command | None:
        """None where it depends on what is not known yet."""
        adapter = self.adapters[action.adapter]
        try:
            return adapter.command_line(adapter.complete(self._worded(action).arguments))
        except _NOT_YET_KNOWN:
            return None

    def _poll(self, action: Action) -> Iterator[Block]:
        inner = self.polled(action)
        assert inner, "what polls has something to poll"
        every = self.adapters[action.adapter].complete(action.arguments)["every"]
        yield Commands((command_words(inner, self.adapters),))
        yield said(f"Repeat this every {every} until it shows: ", Code(_line(action.arguments["until"])))
        if failing := action.arguments.get("fails_when"):
            yield said("It has failed as soon as it shows: ", Code(_line(failing)))

    def _judge(self, action: Action) -> Iterator[Block]:
        that = action.arguments["that"]
        yield said("Make sure by what was shown before that this is so:")
        yield Items(tuple((Code(_line(one)),) for one in (that if isinstance(that, list) else [that])))
        if message := action.arguments.get("message"):
            yield said(self.values.text(message), label="Otherwise")

    def _session(self, action: Action) -> Iterator[Block]:
        told = self._worded(action).arguments
        if "open" in told:
            argv = command_words(Action("command", {"argv": told["argv"]}, action.path), self.adapters)
            yield said(f"Start this in a window of its own ({told['open']}), and leave it open:")
            yield Commands((argv,))
        elif "send" in told:
            yield said(f"In the window {told['send']} type:")
            yield Commands((str(told["text"]),))
        else:
            yield said(f"End the program in the window {told['close']}.")
            if told.get("text"):
                yield Commands((str(told["text"]),))

    def _operator(self, action: Action) -> Iterator[Block]:
        yield said("Ask, and go on only when the answer is yes: ", self.values.text(action.arguments["question"]))

    def _notice(self, action: Action) -> Iterator[Block]:
        told = self._worded(action).arguments
        yield said(f"Tell the others ({told.get('to', 'mail')}): {told.get('message', '')}")


def _typed(prompt: Prompt) -> Words:
    """What a person types; Enter behind a single key would answer the next question."""
    end = () if prompt.enter else (", without Enter",)
    return (prompt.name or prompt.pattern, ": ", Code(prompt.answer or ""), *end)


def _line(value: Json) -> str:
    return " ".join(value.split()) if isinstance(value, str) else json.dumps(value)
