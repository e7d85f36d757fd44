"""The release program of a run: a POSIX sh text that ends the run's holds; guard and break-glass card in one file.

The head, generated here, knows the run; the body is fixed text and is handed in. Every value stands in single quotes,
so nothing in it is ever expanded.
"""

from __future__ import annotations

import math
import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from svmrun.plan.model import PlannedAction

LIMIT_MARGIN_SECONDS = 0.5  # the guard comes later than a runner that is well
HURRIED_ROUNDS = 2  # of the guard, in which nothing else is undone while writers wait
GRACE_SECONDS = 2.0  # from the signal that asks a command to end to the one that makes it
_STEP = re.compile(r"[A-Za-z0-9_.][A-Za-z0-9_.-]*")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True)
class Already:
    """A read-only command that tells whether a hold is released.

    It is, when one line of the output has all `words` as words of its own, in this order (others may stand between),
    and none of those in `without`; when there are no `words`, when the command ends with status 0.
    """

    argv: tuple[str, ...]
    words: tuple[str, ...] = ()
    without: tuple[str, ...] = ()


@dataclass(frozen=True)
class HeldRelease:
    """How one hold is ended: `releases` are whole command lines with absolute programs, in the order to run.

    `chained` are the numbers, from 1, of those that are left out when the one before them did not succeed; `owed` has
    by their numbers what those must print that are not believed by their exit status alone.
    `limit_seconds` is the hold's limit, `bound_seconds` how long one command may take before it is killed and repeated.
    While an `urgent` one cannot be ended, because of which writers wait, others wait for some rounds.
    `says` are texts in a failing command's output that prove the hold gone all the same ("is attached").
    """

    step: str
    title: str
    limit_seconds: float
    releases: tuple[tuple[str, ...], ...]
    already: Already | None = None
    says: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    bound_seconds: float = 60.0
    chained: tuple[int, ...] = ()
    owed: Mapping[int, str] = field(default_factory=dict)
    urgent: bool = False


def release_program(
    run: str,
    target: str,
    holds: Sequence[HeldRelease],
    path: str,
    body: str,
    shell: Sequence[str] = ("/bin/sh",),
    grace_seconds: float = GRACE_SECONDS,
) -> str:
    """The text of the program that is placed at `path` (absolute, in a folder of its own) on the target.

    `holds` stand in the order in which they are taken, the last one being ended first. A command that must end is
    killed after `grace_seconds`.
    Raises ValueError for a step, a variable or a command line that cannot be written down.
    """
    for hold in holds:
        _demand_writable(hold)
    functions = (
        _cases("facts", "$1", {h.step: _facts(h) for h in holds}, after="    return 0"),
        _cases("perform", "$1/$2", _commands(holds), after='    exec ${setsid:+"$setsid"} "$@"'),
        _cases("matches", "$1", {h.step: _pattern(h.already) for h in holds if h.already and h.already.words}),
        _cases("says", "$1", {h.step: _saying(h.says) for h in holds if h.says}),
        _cases("printed", "$1/$3", {f"{h.step}/{n}": _saying((text,)) for h in holds for n, text in h.owed.items()}),
    )
    values = {
        "run": run,
        "target": target,
        "card": path,
        "folder": path.rsplit("/", 1)[0],
        "holds": " ".join(h.step for h in holds),
        "hurried_rounds": str(HURRIED_ROUNDS),
        "pauses": " ".join(f"{pause:.3f}" for pause in _pauses(grace_seconds)),
        "whole_pauses": " ".join(["1"] * math.ceil(grace_seconds)),
    }
    variables = (f"{name}={_quoted(value)}" for name, value in values.items())
    start_shell = f'start_shell() {{ exec {_words(shell)} "$@"; }}'
    return "\n".join((*_heading(run, target, path), *variables, start_shell, *functions, body))


def in_turn(lines: Sequence[Sequence[str]], chained: Sequence[int]) -> str:
    """Command lines as a person types them, one after the other; for `chained` see `HeldRelease`."""
    joints = ("" if number == 1 else " && " if number in chained else "; " for number, _ in enumerate(lines, start=1))
    return "".join(joint + shlex.join(argv) for joint, argv in zip(joints, lines, strict=True))


def chained(rollback: Sequence[PlannedAction]) -> tuple[int, ...]:
    """The numbers of the handlers, from 1, that do harm when the one before them did not succeed."""
    return tuple(number for number, action in enumerate(rollback, start=1) if action.needs_previous)


def _demand_writable(hold: HeldRelease) -> None:
    if not _STEP.fullmatch(hold.step):
        raise ValueError(f"a hold's step must be a plain word, not {hold.step!r}")
    wrong = [name for name in hold.environment if not _VARIABLE.fullmatch(name)]
    if wrong:
        raise ValueError(f"{hold.step}: {wrong[0]!r} is no name for an environment variable")
    command_lines = (*hold.releases, *((hold.already.argv,) if hold.already else ()))
    if not hold.releases or not all(command_lines):
        raise ValueError(f"{hold.step}: a release has no command")
    for argv in command_lines:
        if not argv[0].startswith("/"):
            raise ValueError(f"{hold.step}: the program {argv[0]!r} is not an absolute path")
        if any("\0" in word for word in argv):
            raise ValueError(f"{hold.step}: a command line holds a NUL character")


def _heading(run: str, target: str, path: str) -> tuple[str, ...]:
    # The shell of Solaris 10 that is called sh knows no $( ): the first lines are written for it, too.
    return (
        "#!/bin/sh",
        f"# Break-glass card of the svmrun run {_one_line(run)} on {_one_line(target)}.",
        "# It releases what the run still holds, the last hold first. By hand, as root:",
        f"#     sh {_one_line(shlex.quote(path))}",
        'if test -z "$SVMRUN_XPG4" && test -x /usr/xpg4/bin/sh; then',
        '    SVMRUN_XPG4=1; export SVMRUN_XPG4; exec /usr/xpg4/bin/sh "$0" ${1+"$@"}',
        "fi",
    )


def _pauses(grace_seconds: float) -> list[float]:
    """Short ones first: most commands end at once."""
    pauses: list[float] = []
    while (left := grace_seconds - sum(pauses)) > 0.001:
        pauses.append(min(left, 0.01 * 2 ** len(pauses), 0.5))
    return pauses


def _facts(hold: HeldRelease) -> str:
    limit = hold.limit_seconds + LIMIT_MARGIN_SECONDS
    kind = "nothing" if hold.already is None else "words" if hold.already.words else "status"
    shown = _quoted(in_turn(hold.releases, hold.chained))
    return (
        f"title={_quoted(hold.title)} shown={shown} parts={len(hold.releases)} tells={kind} "
        f"limit={limit:.3f} whole_limit={math.ceil(limit)} bound={math.ceil(hold.bound_seconds)} "
        f"chained={_numbers(hold.chained)} owed={_numbers(hold.owed)} urgent={'1' if hold.urgent else ''}"
    )


def _numbers(parts: Iterable[int]) -> str:
    return _quoted(" ".join(map(str, parts)))


def _commands(holds: Sequence[HeldRelease]) -> dict[str, str]:
    commands = {}
    for hold in holds:
        exports = "".join(f"{name}={_quoted(value)}; export {name}; " for name, value in hold.environment.items())
        for part, argv in enumerate(hold.releases, start=1):
            commands[f"{hold.step}/{part}"] = f"{exports}set -- {_words(argv)}"
        if hold.already:
            commands[f"{hold.step}/already"] = f"{exports}set -- {_words(hold.already.argv)}"
    return commands


def _pattern(already: Already) -> str:
    """The body doubles the blanks of a line, so that neighbours need not share one."""
    words = [part for word in already.words for part in word.split()]
    unwanted = "|".join(f"*{_quoted(f' {word} ')}*" for word in already.without)
    refusal = f"case $2 in {unwanted}) return 1 ;; esac; " if unwanted else ""
    return refusal + _test("*".join(["", *(_quoted(f" {word} ") for word in words), ""]))


def _saying(texts: Sequence[str]) -> str:
    return _test("|".join(f"*{_quoted(text)}*" for text in texts))


def _test(pattern: str) -> str:
    return f"case $2 in {pattern}) return 0 ;; esac"


def _cases(function: str, subject: str, branches: Mapping[str, str], after: str = "") -> str:
    lines = [f"    {name}) {action} ;;" for name, action in branches.items()]
    return "\n".join((f"{function}() {{", f'    case "{subject}" in', *lines, "    *) return 1 ;;", "    esac",
                      after or "    return 1", "}"))  # fmt: skip


def _words(argv: Sequence[str]) -> str:
    return " ".join(map(_quoted, argv))


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


def _one_line(text: str) -> str:
    return " ".join(text.split())
