"""command: any program that ends by itself and asks nothing."""

from __future__ import annotations

from svmrun.adapters import fields, programs
from svmrun.adapters.base import Adapter, Arguments, Command, Completed, Outcome


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
        )

    def interpret(self, arguments: Arguments, completed: Completed) -> Outcome:
        return programs.read_output(arguments, completed)
