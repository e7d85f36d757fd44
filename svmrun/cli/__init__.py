"""The command line: the only wiring, the only catcher."""
