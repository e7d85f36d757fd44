"""Completion scripts, one module per shell, generated from the parsers of the subcommands."""
