"""How it is told that a mirror copies to a side by itself, and how to wait for that."""

from __future__ import annotations


def still_copied(mirror: str, side: str, command: str, sign: str) -> str:
    """`command` is what a person types, and `sign` what it does when the side is whole: `returns`.

    Nobody looks once more at the end of a run, and a copy may be over by then: so it is said that it may go on.
    """
    return f"{mirror} may still be copying to {side}, which is no full copy before {command} {sign}"
