"""How a meta* command says no: an exception that carries the words, and the two forms in which they are printed."""

from __future__ import annotations

from svmrun.simulator.attempt import Refused


class Refusal(Refused):
    """What the metadevice library or driver answers instead of doing it (meta_error.c).

    `subject` is the object it speaks of (`SET/d0`, `setname "x"`), empty without one. `plain` messages come from
    the command itself: without the host, and without the empty line that follows every library error.
    """

    def __init__(self, subject: str, text: str, *, plain: bool = False) -> None:
        super().__init__(text)
        self.subject = subject
        self.plain = plain

    def render(self, program: str, host: str) -> str:
        """The complete output on standard error."""
        subject = f"{self.subject}: " if self.subject else ""
        if self.plain:
            return f"{program}: {subject}{self.text}\n"
        return f"{program}: {host}: {subject}{self.text}\n\n"


class Usage(Refused):
    """The command line is not understood, or asks for help: the usage text is printed, after `line` if it is there."""

    def __init__(self, line: str = "", *, status: int = 1) -> None:
        super().__init__(line, status)
        self.line = line
