"""dialogue: any program that asks questions, on a pseudo-terminal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from svmrun import duration
from svmrun.adapters import fields, programs
from svmrun.adapters.base import Adapter, Arguments, Command, Completed, Dialogue, Outcome, Prompt

Json = Any

_PROMPT = fields.arguments(
    {
        "expect": fields.text(
            "Expect",
            "A regular expression, searched in what the program printed since the last answer.",
            ["Password: ?$"],
        ),
        "answer": fields.text("Answer", "What is typed, with a newline. Left out: the operator is asked.", ["yes"]),
        "enter": fields.flag(
            "Enter",
            "`false` for a program that reads single keys, as e2fsck does: no newline is typed, which would answer its "
            "next question, too.",
            default=True,
        ),
        "secret": fields.flag(
            "Secret", "The answer, that of a parameter with `secret: true`, appears nowhere.", default=False
        ),
        "at_most": fields.count(
            "At most", "How often it is answered; once more is a failure.", [1], minimum=1, default=100
        ),
        "fails": fields.text(
            "Fails", "Instead of an answer: the program is ended, and this is why the step failed.", ["wrong password"]
        ),
    },
    required=["expect"],
)


class RunDialogue(Adapter):
    """Result: `{"status", "transcript", "lines"}`. A prompt that is not listed goes to the operator, or fails."""

    name = "dialogue"
    summary = "Run a program that asks questions, and answer them"
    timeout_seconds = 300.0
    schema = fields.arguments(
        {
            "argv": programs.ARGV,
            "prompts": {
                "type": "array",
                "title": "Prompts",
                "description": "The questions that are known, each with its answer. An unknown one is handed to the "
                "operator, or fails the step where there is none.",
                "examples": [[{"expect": "proceed\\?", "answer": "yes"}]],
                "items": _PROMPT,
                "default": [],
            },
            "silence": fields.duration(
                "Silence", "How long the program may print nothing; the step's timeout bounds the whole.", ["2m"]
            ),
            "exit_codes": programs.EXIT_CODES,
            **programs.SURROUNDINGS,
            **programs.EFFECTS,
        },
        required=["argv"],
    )

    def read_only(self, arguments: Arguments) -> bool:
        return arguments.get("read_only") is True

    def blocks_writers(self, arguments: Arguments) -> bool:
        return bool(arguments.get("blocks_writers"))

    def asks(self, arguments: Arguments) -> bool:
        """Only a prompt that is left to the operator; an unknown one is an accident, not a plan."""
        return any("answer" not in prompt and "fails" not in prompt for prompt in arguments.get("prompts", []))

    def secret_texts(self, arguments: Arguments) -> Iterator[tuple[tuple[str | int, ...], str]]:
        for number, prompt in enumerate(arguments["prompts"]):
            if prompt.get("secret") is True and "answer" in prompt:
                yield ("prompts", number, "answer"), prompt["answer"]

    def writes_device(self, arguments: Arguments) -> str | None:
        return None if self.read_only(arguments) else programs.written_device(arguments.get("argv"))

    def resource(self, arguments: Arguments) -> str | None:
        return arguments.get("resource")

    def command_line(self, arguments: Arguments) -> Command:
        silence = arguments.get("silence")
        talk = Dialogue(
            tuple(_prompt(prompt) for prompt in arguments["prompts"]),
            None if silence is None else duration.seconds(silence),
        )
        return Command(
            programs.words(self.name, arguments["argv"]),
            needs_root=arguments["needs_root"],
            environment=programs.environment(arguments),
            directory=arguments.get("directory"),
            dialogue=talk,
            private=arguments["private"],
        )

    def interpret(self, arguments: Arguments, completed: Completed) -> Outcome:
        transcript = completed.stdout
        result = {"status": completed.status, "transcript": transcript, "lines": transcript.splitlines()}
        return programs.judged(arguments, completed, result)


def _prompt(written: Arguments) -> Prompt:
    if "answer" in written and "fails" in written:
        raise ValueError(f"dialogue: the prompt {written['expect']!r} has an `answer` and a `fails`; keep one of them")
    return Prompt(
        programs.expression("dialogue", "expect", written["expect"]),
        answer=written.get("answer"),
        fails=written.get("fails"),
        secret=written.get("secret", False),
        at_most=written.get("at_most", 100),
        enter=written.get("enter", True),
    )
