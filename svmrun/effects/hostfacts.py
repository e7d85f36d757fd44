"""What the runner's own host says of itself: the fact `host` of a local run."""

from __future__ import annotations

import os
import pwd


def host_facts() -> dict[str, str | int]:
    """`{"name", "os", "release", "user", "uid"}`: node name, `SunOS` or `Linux`, release, and who runs with which uid.

    User and uid are the effective ones, since the meta* commands ask for those. A uid without an account names itself.
    """
    system = os.uname()
    uid = os.geteuid()
    try:
        user = pwd.getpwuid(uid).pw_name
    except KeyError:
        user = str(uid)
    return {"name": system.nodename, "os": system.sysname, "release": system.release, "user": user, "uid": uid}
