"""What an adapter is. Everything here is pure: no adapter touches the machine.

An adapter turns rendered arguments into a `Command`, and a `Completed` process into an `Outcome`. This is the door:
who writes an adapter, or calls one, takes all of it from here.
"""

from svmrun.adapters.base.adapter import Adapter
from svmrun.adapters.base.outcome import Outcome, failed, last_words, plain_outcome
from svmrun.adapters.base.program import Command, Completed, Dialogue, Prompt
from svmrun.adapters.base.relations import Arguments, Before, Parts, Probe, ShellProof

__all__ = [
    "Adapter",
    "Arguments",
    "Before",
    "Command",
    "Completed",
    "Dialogue",
    "Outcome",
    "Parts",
    "Probe",
    "Prompt",
    "ShellProof",
    "failed",
    "last_words",
    "plain_outcome",
]
