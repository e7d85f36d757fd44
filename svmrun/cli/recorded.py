"""The recorded runs, as the subcommands that speak of them need them."""

from __future__ import annotations

from svmrun.effects.journal import Journal
from svmrun.effects.state_folder import RunFolder, runs, state_root
from svmrun.errors import StateError, UsageError
from svmrun.report.summary import Record


def recorded_runs() -> list[RunFolder]:
    """All runs in the state folder, the oldest first."""
    return runs(state_root())


def find_run(word: str) -> RunFolder:
    """The run that `word` names: `last`, its name, or the beginning of just one name. Raises UsageError."""
    known = recorded_runs()
    if not known:
        raise UsageError(f"no run was recorded yet in {state_root()}")
    if word == "last":
        return known[-1]
    named = [folder for folder in known if folder.run == word] or [f for f in known if f.run.startswith(word)]
    if len(named) == 1:
        return named[0]
    if not named:
        raise UsageError(f"there is no run {word!r}; svmrun history lists them")
    raise UsageError(f"{word!r} is the beginning of {len(named)} runs: {', '.join(f.run for f in named[:5])}")


def read_record(folder: RunFolder) -> Record:
    """What its journal tells; a damaged one is told, not raised."""
    place = (folder.run, str(folder.path), str(folder.journal))
    try:
        events, _torn = Journal.read(folder.journal)
    except StateError as error:
        return Record(*place, damage=str(error))
    return Record(*place, tuple(events))
