"""What is concluded: the verdict with its gates, and the findings a reviewer acts on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from vaeaudit.analysis.results.measures import require_one_of

FINDING_KINDS = ("representation", "region", "outlier", "disparity", "proxy", "duplicate", "latent", "quality")
SEVERITIES = ("high", "medium", "low", "info")
GATE_STATUSES = ("pass", "fail", "inconclusive")


@dataclass(frozen=True)
class Gate:
    """One question of the verdict. `meaning` says in words what was asked and what was found."""

    name: str
    status: str
    value: float | None
    threshold: float | None
    meaning: str

    def __post_init__(self) -> None:
        require_one_of("status", self.status, GATE_STATUSES)


@dataclass(frozen=True)
class Verdict:
    """fail if a gate failed, else inconclusive if one is, else pass."""

    status: str
    sentence: str
    gates: tuple[Gate, ...]

    def __post_init__(self) -> None:
        require_one_of("status", self.status, GATE_STATUSES)


@dataclass(frozen=True)
class Finding:
    """One line that a reviewer acts on. `evidence` holds numbers under plain names, `anchor` the section it is in."""

    id: str
    kind: str
    severity: str
    title: str
    evidence: Mapping[str, Any]
    action: str
    anchor: str

    def __post_init__(self) -> None:
        require_one_of("kind", self.kind, FINDING_KINDS)
        require_one_of("severity", self.severity, SEVERITIES)
