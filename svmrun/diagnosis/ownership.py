"""Who left an effect on the host: what the journals of the runs tell, and what they do not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from svmrun.diagnosis.model import Finding, Kind
from svmrun.diagnosis.seen import KnownHold, KnownRun


@dataclass(frozen=True)
class Owner:
    """`command` ends the effect by way of the run; empty when the run is not to be asked: it is over, or none is."""

    run: str | None
    sentence: str
    command: str = ""
    at_work: bool = False

    def finding(self, kind: Kind, what: str, text: str, command: str) -> Finding:
        """`command` is what a person types when the effect is not ours."""
        return Finding(kind, what, text, self.run, self.sentence, self.command or command, self.at_work)


def owner(runs: Sequence[KnownRun], effect: Callable[[KnownHold], bool]) -> Owner:
    """Whose hold has this effect. The youngest run that still holds it; a run that has undone it is not its owner."""
    known = [(run, hold) for run in reversed(runs) for hold in run.holds if effect(hold)]
    for run, hold in known:
        if hold.held and run.condition != "ended":
            return of_run(run, f"step {hold.step}")
    if not known:
        return Owner(None, "not ours: no run recorded here did that")
    run, hold = known[0]
    return Owner(None, f"not ours: the run {run.run} did the same (step {hold.step}) and has undone it since")


def who_brought_back(runs: Sequence[KnownRun], mirror: str, sides: Sequence[str]) -> Owner:
    """Whose resync it is: the youngest run's that took one of these sides off this mirror."""
    for run in reversed(runs):
        if any(hold.mirror == mirror and hold.side in sides for hold in run.holds):
            if run.condition == "at work":
                return of_run(run)
            return Owner(run.run, f"the run {run.run} took this side off; since then it was taken back")
    return Owner(None, "not ours: no run recorded here took this side off")


def of_run(run: KnownRun, what: str = "") -> Owner:
    """A run that has not come to its end owns what it did."""
    detail = f" ({what})" if what else ""
    if run.condition == "at work":
        sentence = f"the run {run.run}{detail} is at work, pid {run.runner_pid}: wait for it; this command cancels it"
        return Owner(run.run, sentence, f"kill -INT {run.runner_pid}", at_work=True)
    state = "is stuck" if run.condition == "stuck" else "died"
    return Owner(run.run, f"left by the run {run.run}{detail}, which {state}", f"svmrun recover {run.run}")
