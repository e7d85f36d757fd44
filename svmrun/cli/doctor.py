"""`svmrun doctor`: look at the host itself: what is locked, off or half whole, who left it, and what ends it."""

from __future__ import annotations

import argparse
from pathlib import Path

from svmrun.cli.parser import Subparsers, add_command

EXAMPLES = [
    ("svmrun doctor", "everything that must not last, who left it so, and the command that ends it"),
    ("svmrun doctor --output json | jq '.findings[] | select(.run == null)'", "only what is not ours"),
    ("svmrun doctor --simulate /tmp/lab", "a simulated host that `svmrun simulate` made"),
]
NOTES = """\
It changes nothing. Whose something is, the journals of this host's runs tell; what nothing can tell is said. Do what it
tells in its order: a view goes before the leg below it can come back. On Linux nothing tells that a file system is
frozen, and doctor does not try it: a freeze that succeeds would stop the writers. A program that is missing there is
not asked.
exit codes: 0 nothing was found that somebody must end or wait for; 1 something was
"""


def add_parser(subparsers: Subparsers) -> None:
    parser = add_command(
        subparsers,
        "doctor",
        "Look at the host itself: locked file systems, sides that are off their mirrors (Solaris Volume Manager, md, "
        "LVM), mirrors that are not whole, views over a side, and what runs have left behind. For each: which run left "
        "it, or that it is not ours, and what ends it.",
        examples=EXAMPLES,
        notes=NOTES,
    )
    parser.add_argument("--simulate", metavar="DIR", help="look at the simulated host in this folder")
    parser.add_argument("--output", choices=("text", "json"), default="text", help="how to print it (default: text)")


def run(options: argparse.Namespace) -> int:
    """Exit 1 when there are findings, but for those that a living run has in hand."""
    from svmrun import target as targets
    from svmrun.cli.consultation import consult
    from svmrun.diagnosis.judge import judge
    from svmrun.diagnosis.model import Diagnosis
    from svmrun.effects.state_folder import state_root
    from svmrun.errors import UsageError
    from svmrun.report.diagnosis_text import diagnosis_text
    from svmrun.report.document import as_json

    if options.simulate and not (Path(options.simulate) / "bin").is_dir():
        raise UsageError(f"{options.simulate} is no folder of a simulated host; make one with: svmrun simulate DIR")
    target = targets.simulated(options.simulate, state_root(), "", None) if options.simulate else targets.local("")
    findings, unseen = consult(target, judge)
    diagnosis = Diagnosis(str(target.facts["name"]), bool(target.simulated), findings, unseen)
    print(as_json(diagnosis) if options.output == "json" else diagnosis_text(diagnosis))
    return 1 if diagnosis.ill else 0
