"""The protocol: what an adapter says of its actions, and what is so when it says nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Literal

from svmrun.adapters.base.outcome import Outcome
from svmrun.adapters.base.program import Command, Completed
from svmrun.adapters.base.relations import Arguments, Before, Parts, Probe, ShellProof

Json = Any


class Adapter:
    """One command. Subclass it, set the class variables, and name it in the registry.

    `schema` is the JSON schema of the arguments object: flat `properties`, each with `title`, `description` and
    `examples` (an editor shows them), `required`, `additionalProperties: false`, `default` where there is one.
    `expressions` names the arguments that are bare expressions, evaluated while the action runs (`until`, `that`).
    `performer` says who performs it: `program` starts `command_line(arguments)`; the others are the engine's own.
    """

    name: ClassVar[str]
    summary: ClassVar[str]
    schema: ClassVar[Mapping[str, Json]]
    performer: ClassVar[Literal["program", "session", "operator", "poll", "judge", "notice"]] = "program"
    expressions: ClassVar[tuple[str, ...]] = ()
    nests: ClassVar[bool] = False  # the arguments hold one more adapter key with its own arguments (`wait_for`)
    copies_data: ClassVar[bool] = False  # moves a whole file system or device: never inside a writer-blocking hold
    timeout_seconds: ClassVar[float] = 60.0

    def complete(self, arguments: Arguments) -> dict[str, Json]:
        """The arguments with the schema's defaults filled in."""
        defaults = {k: v["default"] for k, v in self.schema["properties"].items() if "default" in v}
        return {**defaults, **arguments}

    def read_only(self, arguments: Arguments) -> bool:
        """True when the action changes nothing: it may be a fact, a probe, and may be repeated."""
        return False

    def blocks_writers(self, arguments: Arguments) -> bool:
        """True when writers hang from this action on until it is undone."""
        return False

    def locked_path(self, arguments: Arguments) -> str | None:
        """The mount point whose writers hang because of this action."""
        return str(arguments["mount_point"]) if self.blocks_writers(arguments) and "mount_point" in arguments else None

    def split_device(self, arguments: Arguments) -> str | None:
        """The block device of the mirror that this action takes a side off."""
        return None

    def split_side(self, arguments: Arguments) -> tuple[str, str] | None:
        """The mirror that this action takes a side off, and the side, each by its name in a status report."""
        return None

    def writes_device(self, arguments: Arguments) -> str | None:
        """The device whose contents this action may change by itself (a check that repairs, a mount for writing)."""
        return None

    def passes_writes(self, arguments: Arguments) -> tuple[str, str] | None:
        """A device that this action makes, and the one below it that every write to the first one reaches."""
        return None

    def rejoins_device(self, arguments: Arguments) -> str | None:
        """The device that this action gives back to its mirror, which then copies to it only what it knows of."""
        return None

    def preceded_by(self, arguments: Arguments) -> Before | None:
        """What must have been done since the action that this one undoes: without it data are lost, and in silence."""
        return None

    def forgets_device(self, arguments: Arguments) -> str | None:
        """The device that a mirror must copy whole when it comes back, because of this action."""
        return None

    def copies(self, arguments: Arguments) -> bool:
        """True when this call moves a whole file system or device; as `copies_data` says, unless a runbook may say."""
        return self.copies_data

    def asks(self, arguments: Arguments) -> bool:
        """True when a person may have to answer while it runs."""
        return False

    def secret_texts(self, arguments: Arguments) -> Iterator[tuple[tuple[str | int, ...], str]]:
        """What this action types without showing it: where in the arguments it stands, and the text."""
        return iter(())

    def resource(self, arguments: Arguments) -> str | None:
        """The thing on the host that a hold of this action occupies, e.g. `mirror schost-1/d0`; one run at a time."""
        return None

    def default_timeout(self, arguments: Arguments) -> float:
        """Seconds the action may take when the runbook does not say."""
        return self.timeout_seconds

    def check(self, arguments: Arguments) -> None:
        """Raises ValueError with a sentence when complete arguments that fit the schema do not fit together."""
        if self.performer == "program":
            self.command_line(arguments)

    def command_line(self, arguments: Arguments) -> Command:
        """The program to start. Raises ValueError with a sentence when the arguments do not fit together."""
        raise ValueError(f"{self.name} is not a program")

    def interpret(self, arguments: Arguments, completed: Completed) -> Outcome:
        """What became of it. Called also for interrupted commands: those are unknown unless the output proves more."""
        raise ValueError(f"{self.name} is not a program")

    def probe(self, arguments: Arguments) -> Probe | None:
        """How to ask whether this action's effect is there; None when nothing can tell."""
        return None

    def unseen(self, arguments: Arguments) -> str:
        """Why nothing on a host can tell whether the effect is there, as a sentence; empty when something can."""
        return ""

    def done_in_shell(self, arguments: Arguments) -> ShellProof:
        """For a rollback handler: how the guard, a shell program, knows that nothing is left to undo."""
        return ShellProof()

    def inverse(self, arguments: Arguments) -> Parts | None:
        """The action that undoes this one, when it can be known without the runbook."""
        return None

    def repeatable(self, arguments: Arguments) -> bool:
        """True when the action may be done again after it failed half way."""
        return self.read_only(arguments)

    def expects(self, arguments: Arguments) -> str:
        """What a person who types the command sees when it did its work, in a sentence or two; empty: nothing special.

        For documents, so arguments may hold words that stand for what is not known yet.
        """
        return ""

    def goes_on(self, arguments: Arguments) -> str:
        """What goes on by itself after the action, and how to wait for its end, as a sentence; empty: nothing does."""
        return ""

    def users(self, arguments: Arguments) -> str:
        """What a person types to see who uses, and so keeps, what this action is to end; empty: nothing shows it."""
        return ""

    def progress(self, arguments: Arguments, output: str) -> float | None:
        """Percent done, read from the output so far; None when it does not tell."""
        return None
