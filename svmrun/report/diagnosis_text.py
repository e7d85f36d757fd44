"""What `svmrun doctor` found, as text."""

from __future__ import annotations

from collections.abc import Iterator

from svmrun.diagnosis.model import Diagnosis, Finding
from svmrun.report.words import printable


def diagnosis_text(diagnosis: Diagnosis) -> str:
    host = f"{diagnosis.host} (simulated)" if diagnosis.simulated else diagnosis.host
    blocks = ["\n".join(_finding(finding)) for finding in diagnosis.findings]
    if not blocks:
        blocks = [
            f"{host}: nothing is locked, off or left behind" + (", as far as was seen" if diagnosis.unseen else "")
        ]
    unseen = [f"not looked at: {printable(line)}" for line in diagnosis.unseen]
    return "\n\n".join([*blocks, *(["\n".join(unseen)] if unseen else [])])


def _finding(finding: Finding) -> Iterator[str]:
    mark = " (at work)" if finding.passing else ""
    yield f"{finding.kind}: {printable(finding.what)}{mark}"
    yield f"  {printable(finding.text)}"
    yield f"  whose: {printable(finding.whose)}"
    if finding.command:
        yield f"  next:  {printable(finding.command)}"
