"""What a schema cannot say of a runbook."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from svmrun.adapters.base import Adapter
from svmrun.errors import Problem
from svmrun.runbook.model import Path, Runbook


def meaning_problems(
    runbook: Runbook, document: Any, broken: Collection[Path], registry: Mapping[str, Adapter]
) -> list[Problem]:
    return []
