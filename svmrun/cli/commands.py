"""The subcommands: name -> (module, one line of help), in the order of a first reading.

A module has `add_parser(subparsers) -> None` and `run(options) -> int`; only the chosen one is imported, so that
`svmrun --help` and a key press of a completion cost nothing.
"""

from __future__ import annotations

COMMANDS: dict[str, tuple[str, str]] = {
    "execute": ("svmrun.cli.execute", "run a runbook: facts, checks, plan, steps, verdict"),
    "plan": ("svmrun.cli.plan", "show every command a run would start; change nothing"),
    "init": ("svmrun.cli.init", "write a new runbook by asking for devices"),
    "validate": ("svmrun.cli.validate", "check the form and meaning of runbooks, without a host"),
    "lint": ("svmrun.cli.lint", "what is valid in a runbook, and yet dangerous or misleading"),
    "fmt": ("svmrun.cli.fmt", "put runbooks in their canonical layout"),
    "diff": ("svmrun.cli.diff", "what changes for the machine between two runbooks, or in a range of commits"),
    "approve": ("svmrun.cli.approve", "sign a plan with an SSH key, so that it may run where approval is required"),
    "verify": ("svmrun.cli.verify", "try every failure of a runbook in memory, before it touches a disk"),
    "git-setup": ("svmrun.cli.git_setup", "let git show what changes for the machine, and guard merges of runbooks"),
    "status": ("svmrun.cli.status", "unfinished runs: what they hold now, and what ends it"),
    "recover": ("svmrun.cli.recover", "finish unfinished runs: release what they hold"),
    "resume": ("svmrun.cli.resume", "go on with a rolled back run after its cause was removed"),
    "doctor": ("svmrun.cli.doctor", "look at the host itself: what is locked or off, who left it, what ends it"),
    "install-units": ("svmrun.cli.install_units", "write units that run a runbook on a schedule and recover at boot"),
    "explain": ("svmrun.cli.explain", "the procedure as a document, for a person who follows it by hand"),
    "history": ("svmrun.cli.history", "past runs and their verdicts"),
    "show": ("svmrun.cli.show", "one run: its steps, times, outcomes and outputs"),
    "schema": ("svmrun.cli.schema", "print the JSON schema of runbooks, for editors"),
    "lsp": ("svmrun.cli.lsp", "a language server for editors: problems, names and commands as you type"),
    "parse": ("svmrun.cli.parse", "what svmrun reads from a command's output, as JSON"),
    "simulate": ("svmrun.cli.simulate", "install simulated Solaris commands in a folder"),
    "world": ("svmrun.cli.world", "build and show the worlds of the simulator"),
    "git-diff": ("svmrun.cli.git_diff", "for git itself: the semantic diff of a file"),
    "git-text": ("svmrun.cli.git_text", "for git itself: what a runbook runs, whatever its layout"),
    "git-merge": ("svmrun.cli.git_merge", "for git itself: merge a runbook, and refuse what does not validate"),
    "completion": ("svmrun.cli.completion", "print a completion script for bash, zsh or fish"),
}
