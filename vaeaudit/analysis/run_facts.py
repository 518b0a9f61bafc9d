"""Which run was analysed, and by what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from vaeaudit import __version__
from vaeaudit.statistics.measures import Count, NonNegative


@dataclass(frozen=True)
class SourceFacts:
    """What was audited; `fingerprint` is the SHA-256 of the source."""

    name: str
    kind: str
    fingerprint: str


@dataclass(frozen=True)
class RunFacts:
    """Which run it was: `created` in UTC, all settings as resolved, versions of packages, seconds per phase.

    `commands` make run and report again; empty where nobody was asked for them.
    """

    id: str
    created: str
    seed: Count
    config: Mapping[str, Any]
    data: SourceFacts
    versions: Mapping[str, str]
    timings: Mapping[str, NonNegative]
    commands: str = ""


@dataclass(frozen=True)
class Tool:
    """What wrote the document."""

    name: Literal["vaeaudit"] = "vaeaudit"
    version: str = __version__
