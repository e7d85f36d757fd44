"""Options that several subcommands share."""

from __future__ import annotations

from svmrun.cli.parser import Parser

DEFAULT_WORLD = "schost"
OWN_WORLD = f"default: the world that names the runbook, else {DEFAULT_WORLD}"


def add_inputs(parser: Parser) -> None:
    """The runbook, its parameters and the host."""
    parser.add_argument("runbook", metavar="RUNBOOK", help="a file, or a name found in runbooks/ and $SVMRUN_PATH")
    parser.add_argument(
        "-p", "--param", metavar="NAME=VALUE", action="append", default=[], help="a parameter (may be repeated)"
    )
    parser.add_argument("--params-file", metavar="FILE", help="parameters as YAML or JSON")
    parser.add_argument(
        "--simulate",
        metavar="WORLD",
        nargs="?",
        const=True,
        help=f"run on a simulated host: a world's name or file, or a folder of `svmrun simulate` ({OWN_WORLD})",
    )
    parser.add_argument(
        "--time-scale",
        type=float,
        metavar="X",
        default=None,
        help="seconds that a second of the simulated host takes (default 0.01; 0: no time at all)",
    )
    parser.add_argument(
        "--become", choices=["pfexec", "sudo", "su"], default="", help="how commands that need root get it"
    )
    parser.add_argument(
        "--allow-unsafe-permissions", action="store_true", help="although others than you and root may write the files"
    )


def add_review_options(parser: Parser) -> None:
    """What a plan must be, and who must have approved it, before it runs."""
    parser.add_argument("--plan", metavar="HASH", help="refuse unless the plan is the one that `svmrun plan` printed")
    parser.add_argument(
        "--require-approval", metavar="FILE", help="refuse unless allowed signers (ssh-keygen(1)) approved the plan"
    )
    parser.add_argument("--approvals", type=int, default=1, metavar="N", help="by how many of them (default: 1)")
    parser.add_argument("--approvals-from", metavar="FOLDER", help="default: approvals/ beside the runbook")
    parser.add_argument("--revoked", metavar="FILE", help="keys that no longer count: a list, or a KRL of ssh-keygen")
