"""command: any program that ends by itself and asks nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from svmrun.adapters import fields, programs
from svmrun.adapters.base import Adapter, Arguments, Command, Completed, Outcome, Probe, ShellProof

Json = Any
PROOF_SECONDS = 10.0  # a look must fit into the hold that it is about
PROOF: fields.Schema = {
    "type": "object",
    "title": "Proof",
    "description": "How to see whether the effect of this command is there: a command that only looks, the words that "
    "a line of its output then has, in this order, and those that one has otherwise. Before a hold is taken, and "
    "whenever it is undone, svmrun looks; without a proof it must believe the exit code.",
    "examples": [{"argv": ["/opt/ledger/bin/dbctl", "status", "books"], "shows": "suspended", "otherwise": "running"}],
    "properties": {
        "argv": programs.ARGV,
        "shows": fields.text("Shows", "Words of one line when the effect is there.", ["suspended"], minLength=1),
        "otherwise": fields.text("Otherwise", "Words of one line when it is not.", ["running"], minLength=1),
    },
    "required": ["argv", "shows", "otherwise"],
    "additionalProperties": False,
}


class RunCommand(Adapter):
    """Result: `{"status", "stdout", "stderr"}`, with `parse: lines` also `lines`, with `parse: json` also `json`."""

    name = "command"
    summary = "Run any program"
    timeout_seconds = 300.0
    schema = fields.arguments(
        {
            "argv": programs.ARGV,
            "exit_codes": programs.EXIT_CODES,
            "parse": fields.choice(
                "Read the output",
                "`none` keeps it as text; `lines` also as a list of lines; `json` also as the value that it is, and "
                "fails when it is none.",
                ["none", "lines", "json"],
                default="none",
            ),
            **programs.SURROUNDINGS,
            "stdin": fields.text("Standard input", "Text that the program reads; it reads nothing without.", ["yes\n"]),
            **programs.EFFECTS,
            "copies_data": fields.flag(
                "Copies data",
                "It moves a whole file system or device (dd, tar): long, and refused while writers are blocked.",
                default=False,
            ),
            "proof": PROOF,
            "stop_signal": fields.choice(
                "Stop signal", "What ends the program's whole process group early.", ["TERM", "INT"], default="TERM"
            ),
        },
        required=["argv"],
    )

    def read_only(self, arguments: Arguments) -> bool:
        return arguments.get("read_only") is True  # an unrendered template is not yet a promise

    def blocks_writers(self, arguments: Arguments) -> bool:
        return bool(arguments.get("blocks_writers"))

    def copies(self, arguments: Arguments) -> bool:
        return bool(arguments.get("copies_data"))

    def writes_device(self, arguments: Arguments) -> str | None:
        return None if self.read_only(arguments) else programs.written_device(arguments.get("argv"))

    def resource(self, arguments: Arguments) -> str | None:
        return arguments.get("resource")

    def default_timeout(self, arguments: Arguments) -> float:
        return 12 * 3600.0 if self.copies(arguments) else self.timeout_seconds

    def command_line(self, arguments: Arguments) -> Command:
        return Command(
            programs.words(self.name, arguments["argv"]),
            needs_root=arguments["needs_root"],
            stop_signal=arguments["stop_signal"],
            stdin=arguments.get("stdin"),
            environment=programs.environment(arguments),
            directory=arguments.get("directory"),
            private=arguments["private"],
        )

    def interpret(self, arguments: Arguments, completed: Completed) -> Outcome:
        return programs.read_output(arguments, completed)

    def probe(self, arguments: Arguments) -> Probe | None:
        return proof_probe(arguments)

    def done_in_shell(self, arguments: Arguments) -> ShellProof:
        proof: Mapping[str, Json] | None = arguments.get("proof")
        if proof is None:
            return ShellProof()
        argv = programs.words(self.name, proof["argv"])
        return ShellProof(Command(argv, needs_root=arguments["needs_root"]), tuple(str(proof["shows"]).split()))


def proof_probe(arguments: Arguments) -> Probe | None:
    """The look that the argument `proof` describes; None without one."""
    proof = arguments.get("proof")
    if proof is None:
        return None

    def present(result: Json) -> bool | None:
        """What shows both, or neither, proves nothing."""
        there, gone = (_shows(result["lines"], str(proof[key])) for key in ("shows", "otherwise"))
        return there if there != gone else None

    needs_root = arguments.get("needs_root", False)
    look = {"argv": proof["argv"], "parse": "lines", "read_only": True, "needs_root": needs_root}
    return Probe("command", look, present, PROOF_SECONDS)


def _shows(lines: list[str], words: str) -> bool:
    return any(_has(line, words.split()) for line in lines)


def _has(line: str, words: list[str]) -> bool:
    rest = iter(line.split())
    return all(word in rest for word in words)
