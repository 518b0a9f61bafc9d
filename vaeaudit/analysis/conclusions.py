"""What is concluded from measurements: findings, and the verdict with the gates that it rests on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from vaeaudit.statistics.measures import Interval

FindingKind = Literal["representation", "region", "outlier", "disparity", "proxy", "duplicate", "latent", "quality"]
#: Gravest first.
Severity = Literal["high", "medium", "low", "info"]
GateStatus = Literal["pass", "fail", "inconclusive"]
#: Groups or columns listed in the evidence of a finding.
LISTED = 20


@dataclass(frozen=True)
class Gate:
    """One question of the verdict. `meaning` says in words what was asked and what was found."""

    name: str
    status: GateStatus
    value: float | None
    threshold: float | None
    meaning: str


@dataclass(frozen=True)
class Verdict:
    """fail if a gate failed, else inconclusive if one is, else pass."""

    status: GateStatus
    sentence: str
    gates: tuple[Gate, ...]


@dataclass(frozen=True)
class Finding:
    """One line that a reviewer acts on. `evidence` holds numbers under plain names, `anchor` the section it is in."""

    id: str
    kind: FindingKind
    severity: Severity
    title: str
    evidence: Mapping[str, Any]
    action: str
    anchor: str


def facts(result: object, *names: str) -> dict[str, object]:
    """Return fields of a result under their own names, intervals as their bounds: evidence of a finding."""
    fields = {name: getattr(result, name) for name in names}
    return {name: value.bounds if isinstance(value, Interval) else value for name, value in fields.items()}
