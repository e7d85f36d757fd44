"""Who may change a file that a run goes by: its owner and the superuser, or it is not used; as sshd does with keys."""

from __future__ import annotations

import grp
import os
import pwd
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from svmrun.errors import Refused

FLAG = "--allow-unsafe-permissions"


def refuse_unsafe(paths: Sequence[Path]) -> None:
    """Raises Refused, with every reason, when somebody else may change or replace one of these files."""
    found = list(dict.fromkeys(fault for path in paths for fault in faults(path, os.geteuid())))
    if found:
        listed = "\n".join(f"  - {fault}" for fault in found)
        raise Refused(
            f"others can change what would run; nothing was changed:\n{listed}\n"
            f"mend the permissions (chmod go-w, chown), or give {FLAG} when you know who they are"
        )


def faults(path: Path, user: int) -> Iterator[str]:
    """What a user (by number) cannot trust: the file, each folder above it, and where a link on the way leads."""
    for place in _way(path):
        try:
            status = os.lstat(place)
        except OSError as error:
            yield f"{place}: {error.strerror}"
            continue
        if status.st_uid not in (0, user):
            yield f"{place} belongs to {_user(status.st_uid)}"
        if not stat.S_ISLNK(status.st_mode):  # a link has no permissions of its own
            yield from _writers(place, status)


def _writers(place: Path, status: os.stat_result) -> Iterator[str]:
    """In a folder with the sticky bit others can add files, and change none."""
    if stat.S_ISDIR(status.st_mode) and status.st_mode & stat.S_ISVTX:
        return
    if status.st_mode & stat.S_IWOTH:
        yield f"{place} may be written by everybody"
    elif status.st_mode & stat.S_IWGRP and not _is_private(status):
        yield f"{place} may be written by the group {_group(status.st_gid)}"


def _is_private(status: os.stat_result) -> bool:
    """The owner's own group: it has the owner's name, and nobody else in it."""
    try:
        group, owner = grp.getgrgid(status.st_gid), pwd.getpwuid(status.st_uid)
    except KeyError:
        return False
    return group.gr_name == owner.pw_name and not set(group.gr_mem) - {owner.pw_name}


def _way(path: Path) -> Iterator[Path]:
    """The path, the folders above it, and the same of each link's target: whoever may change one changes the file."""
    unseen, seen = [Path(os.path.abspath(path))], set[Path]()
    while unseen:
        place = unseen.pop()
        if place in seen:
            continue
        seen.add(place)
        yield place
        if place.parent != place:
            unseen.append(place.parent)
        if place.is_symlink():
            unseen.append(Path(os.path.abspath(place.parent / os.readlink(place))))


def _user(number: int) -> str:
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return f"user {number}"


def _group(number: int) -> str:
    try:
        return grp.getgrgid(number).gr_name
    except KeyError:
        return str(number)
