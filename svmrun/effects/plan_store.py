"""The plans that people reviewed, kept by their hashes, so that a difference can be shown later."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path

from svmrun.effects.state_folder import make_folder, unusable
from svmrun.errors import Refused
from svmrun.plan.model import Plan

FOLDER = "plans"


def keep(root: Path, plan: Plan) -> Path:
    """Write the plan down for its owner alone. Raises StateError when the state folder cannot be used."""
    folder = make_folder(root / FOLDER)
    path = folder / f"{plan.hash}.json"
    try:
        descriptor, temporary = tempfile.mkstemp(prefix=".new-", dir=folder)  # 0600
        with open(descriptor, "w", encoding="utf-8") as file:
            json.dump(plan.to_json(), file, ensure_ascii=False)
        os.replace(temporary, path)
    except OSError as error:
        raise unusable(path, error) from error
    return path


def known(root: Path, digits: str) -> Plan | None:
    """The kept plan whose hash begins so. Raises Refused when several do, or when it cannot be read."""
    found = sorted((root / FOLDER).glob(f"{digits}*.json"))
    if len(found) > 1:
        raise Refused(f"several plans begin with {digits}: {', '.join(path.stem for path in found)}")
    try:
        return Plan.from_json(json.loads(found[0].read_text(encoding="utf-8"))) if found else None
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise Refused(f"the kept plan {found[0]} cannot be read: {error}") from error
