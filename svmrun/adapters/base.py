"""What an adapter is. Everything here is pure: no adapter touches the machine.

An adapter turns rendered arguments into a `Command`, and a `Completed` process into an `Outcome`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from svmrun.values import quick

Json = Any
Arguments = Mapping[str, Json]  # rendered and schema-checked, defaults filled in by `Adapter.complete`
Kind = Literal["succeeded", "failed", "unknown"]


@dataclass(frozen=True)
class Prompt:
    """A question that a program is known to ask.

    `pattern` is a regular expression, searched in what the program printed since the last answer.
    `answer` is typed with a newline, unless `enter` is false; None hands the question to the operator. `fails` ends the
    program with that message instead of answering. `at_most` bounds how often it is answered.
    """

    pattern: str
    answer: str | None = None
    fails: str | None = None
    secret: bool = False
    at_most: int = 100
    name: str = ""
    enter: bool = True


@dataclass(frozen=True)
class Dialogue:
    """How to talk to a program on a pseudo-terminal.

    `silence_seconds` bounds the time without output; the action's timeout bounds the whole. `question` is a
    regular expression for what looks like an unknown prompt: handed to the operator when one is there, else a failure.
    """

    prompts: tuple[Prompt, ...] = ()
    silence_seconds: float | None = None
    question: str = r"(\?|:|>|\]|\)) ?$"


@dataclass(frozen=True)
class Command:
    """The command line of an external program, and how to run and to end it.

    `argv[0]` is the program's plain name (resolved to an absolute path before anything is changed) or a path.
    `stop_signal` goes to the whole process group when the command must end early (a ufsdump stops on INT only).
    """

    argv: tuple[str, ...]
    needs_root: bool = False
    stop_signal: Literal["TERM", "INT"] = "TERM"
    stdin: str | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    directory: str | None = None
    dialogue: Dialogue | None = None


@quick
@dataclass(frozen=True)
class Completed:
    """A command that ended, or was ended. Texts are decoded with replacement and bounded (head and tail kept).

    `status` is None when a signal ended it (`signal` says which) or when it was abandoned.
    `timed_out` and `cancelled` say that svmrun ended it: what it changed is then unknown.
    With a dialogue, `stdout` holds the transcript of the terminal, with line ends as newlines, and `stderr` is empty.
    """

    argv: tuple[str, ...]
    status: int | None
    stdout: str = ""
    stderr: str = ""
    signal: int | None = None
    timed_out: bool = False
    cancelled: bool = False
    abandoned_pid: int | None = None
    failure: str = ""  # said by the effect itself: an unknown prompt, a program that cannot be started
    seconds: float = 0.0

    @property
    def interrupted(self) -> bool:
        """Ended by svmrun before its own end: the outcome is unknown."""
        return self.timed_out or self.cancelled or self.abandoned_pid is not None


@quick
@dataclass(frozen=True)
class Outcome:
    """What became of an action. `result` is the typed result, JSON-shaped; `message` is one line for a person.

    `untouched` is the proof that a failed action changed nothing: what is there is somebody else's, and not undone.
    """

    kind: Kind
    message: str = ""
    result: Json = None
    changed: bool = True
    untouched: bool = False

    @property
    def ok(self) -> bool:
        return self.kind == "succeeded"


def failed(message: str, result: Json = None) -> Outcome:
    return Outcome("failed", message, result, changed=False)


@dataclass(frozen=True)
class Probe:
    """A read-only action that tells whether an effect is there.

    `present(result)` judges the typed result of that action: True, False, or None when it cannot tell.
    """

    adapter: str
    arguments: Arguments
    present: Callable[[Json], bool | None]
    timeout_seconds: float | None = None  # None: as its adapter says


@dataclass(frozen=True)
class ShellProof:
    """How a shell program can tell that an action's work is done: it can neither parse nor reason.

    The action itself must have printed the text `prints`, where there is one: its exit status alone is not believed.
    It is done when one line of `command`'s output has all `words`, in order, as words of its own; or when the action
    itself, though it failed, printed one of the texts in `says` ("is attached").
    """

    command: Command | None = None
    words: tuple[str, ...] = ()
    says: tuple[str, ...] = ()
    prints: str = ""


@dataclass(frozen=True)
class Parts:
    """Another action inside an action (the polled one of `wait_for`)."""

    adapter: str
    arguments: Arguments


@dataclass(frozen=True)
class Before:
    """An action that must have succeeded before another one, and what comes of it otherwise, as a clause."""

    adapter: str
    arguments: Arguments
    otherwise: str


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

    def progress(self, arguments: Arguments, output: str) -> float | None:
        """Percent done, read from the output so far; None when it does not tell."""
        return None


def plain_outcome(
    completed: Completed, result: Json = None, ok_statuses: tuple[int, ...] = (0,), reason: str = ""
) -> Outcome:
    """The outcome of a command that tells the truth by its exit status.

    A message takes `reason`, for a command whose last line is not the one that tells what is wrong; without it the
    last line of stderr (else stdout) that has words in it.
    """
    if completed.interrupted:
        reason = "timed out" if completed.timed_out else "was cancelled" if completed.cancelled else "was abandoned"
        return Outcome("unknown", f"{completed.argv[0]} {reason}{_left_behind(completed)}", result)
    if completed.failure:
        return failed(completed.failure, result)
    if completed.status in ok_statuses:
        return Outcome("succeeded", "", result)
    ending = f"exit {completed.status}" if completed.signal is None else f"killed by signal {completed.signal}"
    if completed.signal is not None:
        return Outcome("unknown", f"{completed.argv[0]}: {ending}", result)
    return failed(f"{reason or last_words(completed) or completed.argv[0]} ({ending})", result)


def _left_behind(completed: Completed) -> str:
    pid = completed.abandoned_pid
    return f"; its process (pid {pid}) does not end, even by KILL, and was left behind" if pid is not None else ""


def last_words(completed: Completed) -> str:
    """The last line with words in it, of stderr or else of stdout."""
    for text in (completed.stderr, completed.stdout):
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        if lines:
            return lines[-1]
    return ""
