"""What a host says of itself."""

from __future__ import annotations

import os
import platform

from svmrun.effects.hostfacts import host_facts


def test_the_host_is_named_as_the_system_names_it() -> None:
    facts = host_facts()
    assert facts.keys() == {"name", "os", "release", "user", "uid"}
    assert (facts["name"], facts["os"], facts["release"]) == (platform.node(), platform.system(), platform.release())


def test_the_user_is_the_effective_one() -> None:
    facts = host_facts()
    assert facts["uid"] == os.geteuid()
    assert facts["user"]
