"""What would mend a violation, in words."""

from __future__ import annotations

MEND = {
    "writable": "give the step that locks a `rollback` that unlocks the same mount point and a `hold`; keep everything "
    "slow out of it",
    "whole": "give the step that takes the side off a `rollback` that attaches the same side, and a `hold`",
    "instruction": "the handler's command does not undo its step: compare mirror, submirror and mount point of both",
    "not-ours": "the handler touches what the step did not: compare their arguments; check the state first",
    "truth": "look at the result before calling it done: a step that asks for the state, and an `assert` over it",
    "consistent": "lock before the side is taken off, prove that the lock stood and that the side is off, then dump",
    "no-way-forward": "this is a bug in svmrun: please report it with the story",
    "once": "do not `retry` a step that may have done its work already",
    "replay": "this is a bug in svmrun: please report it with the story",
    "secret": "declare the parameter with `secret: true`, and pass it where the adapter says `secret`",
    "works": "try it: svmrun execute RUNBOOK --simulate; a time-out, a hold's limit or a step does not fit the world",
    "ends": "this is a bug in svmrun: please report it with the story",
    "untouched": "this is a bug in svmrun: please report it with the story",
    "yours": "your own invariant does not hold: see its message",
}
