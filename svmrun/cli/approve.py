"""`svmrun approve RUNBOOK|HASH`: sign a plan's hash with an SSH key."""

from __future__ import annotations

import argparse
import re
from typing import TYPE_CHECKING

from svmrun.cli.arguments import add_inputs
from svmrun.cli.parser import add_command

if TYPE_CHECKING:
    from pathlib import Path

    from svmrun.cli.parser import Subparsers
    from svmrun.plan.model import Plan

WHOLE_HASH = 64
_HASH = re.compile(r"[0-9a-fA-F]{12,64}")
EXAMPLES = [
    ("svmrun approve mirror-backup -p mirror=d0 --key ~/.ssh/id_ed25519", "prints the plan, and signs its hash"),
    ("svmrun approve HASH --key ~/.ssh/id_ed25519.pub", "a plan that was reviewed, with a key in the agent"),
    ("svmrun execute mirror-backup -p mirror=d0 --require-approval allowed_signers --approvals 2", "what it is for"),
]
NOTES = """\
The signature is written to approvals/HASH/NAME.sig beside the runbook, or in the folder given: commit it, or send it.
allowed_signers is the file of ssh-keygen(1): a name, maybe namespaces="svmrun", and a public key in each line.
"""


def add_parser(subparsers: Subparsers) -> None:
    parser = add_command(
        subparsers,
        "approve",
        "Sign a plan, so that it may run where approval is required.",
        examples=EXAMPLES,
        notes=NOTES,
    )
    add_inputs(parser)
    parser.add_argument("--key", required=True, metavar="FILE", help="an SSH key: private, or public with an agent")
    parser.add_argument("--into", metavar="FOLDER", help="default: approvals/ beside the runbook")
    parser.add_argument("--as", dest="name", metavar="NAME", help="name of the signature's file (default: your login)")


def run(options: argparse.Namespace) -> int:
    import getpass
    from pathlib import Path

    from svmrun.effects import signatures
    from svmrun.errors import UsageError

    name = options.name or getpass.getuser()
    if not re.fullmatch(r"[\w.@+-]+", name) or name.startswith("."):
        raise UsageError(f"--as {name}: a file's name, of letters, digits and . @ + -")
    digits, folder = _reviewed(options)
    target = folder / digits / f"{name}{signatures.SUFFIX}"
    signatures.sign(digits, Path(options.key).expanduser(), target)
    print(f"approved plan {digits}\n{target}")
    return 0


def _reviewed(options: argparse.Namespace) -> tuple[str, Path]:
    """The hash, and the folder for approvals. A plan that was printed elsewhere is named by all of its digits."""
    from pathlib import Path

    from svmrun.cli.reviewed import APPROVALS, approvals_folder

    if not _is_hash(options.runbook):
        plan = _planned(options)
    elif len(options.runbook) == WHOLE_HASH:
        return options.runbook.lower(), Path(options.into or APPROVALS)
    else:
        plan = _kept(options.runbook)
    return plan.hash, approvals_folder(plan, options.into)


def _is_hash(text: str) -> bool:
    from pathlib import Path

    return bool(_HASH.fullmatch(text)) and not Path(text).exists()


def _kept(digits: str) -> Plan:
    """A plan that `svmrun plan` printed on this host."""
    from svmrun.effects import plan_store
    from svmrun.effects.state_folder import state_root
    from svmrun.errors import Refused

    plan = plan_store.known(state_root(), digits.lower())
    if plan is None:
        raise Refused(
            f"no plan {digits} was printed on this host; give its {WHOLE_HASH} digits, or the runbook and parameters"
        )
    return plan


def _planned(options: argparse.Namespace) -> Plan:
    """Made now, and printed: who signs must see what."""
    from svmrun.cli.plan import document, make_plan

    prepared = make_plan(options)
    print(document(prepared, "text"))
    return prepared.plan
