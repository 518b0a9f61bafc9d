"""What a check is: a question with a stable code, what it needs, and how it is answered from what was measured."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Literal

from vaeaudit.analysis.checks.measurements import Measurements
from vaeaudit.analysis.conclusions import Finding, FindingKind, MutedBy, State
from vaeaudit.analysis.grouping.rules import ConditionRows
from vaeaudit.analysis.inputs import AuditInputs
from vaeaudit.analysis.judged import missing_regions, settled_regions
from vaeaudit.config import AnalysisConfig
from vaeaudit.data.population_shares import Population
from vaeaudit.wording.phrases import listed


@dataclass(frozen=True)
class Seen:
    """What a check may look at: what was measured, the rows and the model behind it, settings, and shares if given."""

    measured: Measurements
    inputs: AuditInputs
    config: AnalysisConfig
    population: Population | None = None

    @cached_property
    def rows_of(self) -> ConditionRows:
        """Which rows satisfy a condition on a column."""
        return ConditionRows(self.inputs.frame)

    @cached_property
    def settled(self) -> Mapping[str, MutedBy]:
        """Regions, by id, that readers judged to be no gaps."""
        return settled_regions(self.inputs.judgements)

    @cached_property
    def missing(self) -> frozenset[str]:
        """Regions, by id, that readers judged to lack rows."""
        return missing_regions(self.inputs.judgements)

    @property
    def of_pictures(self) -> bool:
        """Whether the rows are pictures."""
        return self.inputs.pictures is not None

    @property
    def sensitive(self) -> tuple[str, ...]:
        """Names of the sensitive columns."""
        return tuple(column.name for column in self.inputs.schema.sensitive)


class Need(StrEnum):
    """What a check cannot be asked without."""

    LABEL = "label"
    SENSITIVE = "sensitive"
    POPULATION = "population"
    REFERENCE = "reference"
    SPLIT = "split"
    ANNOTATORS = "annotators"
    UNIFORM = "uniform"
    CONTROL = "control"
    REFITS = "refits"
    TABLE = "table"

    def is_met(self, seen: Seen) -> bool:
        """Whether it was given."""
        return _IS_MET[self](seen)


_IS_MET: dict[Need, Callable[[Seen], bool]] = {
    Need.LABEL: lambda seen: seen.inputs.schema.label is not None,
    Need.SENSITIVE: lambda seen: bool(seen.inputs.schema.sensitive),
    Need.POPULATION: lambda seen: seen.population is not None,
    Need.REFERENCE: lambda seen: seen.inputs.reference is not None,
    Need.SPLIT: lambda seen: bool(seen.measured.duplicates.splits),
    Need.ANNOTATORS: lambda seen: len(seen.inputs.schema.annotators) > 1,
    Need.CONTROL: lambda seen: bool(seen.config.control),
    Need.UNIFORM: lambda seen: seen.config.uniform,
    Need.REFITS: lambda seen: seen.inputs.member_means is not None,
    Need.TABLE: lambda seen: not seen.of_pictures,
}
#: Need -> the option that meets it. What has none cannot be given: the data is of another kind.
GIVE: dict[Need, str] = {
    Need.LABEL: "--label COL",
    Need.SENSITIVE: "--sensitive COL",
    Need.POPULATION: "--population FILE",
    Need.REFERENCE: "--reference DATA",
    Need.SPLIT: "--split COL",
    Need.ANNOTATORS: "--annotator COL twice or more",
    Need.UNIFORM: "--uniform",
    Need.CONTROL: "--control COL",
    Need.REFITS: "--members 1",
}


@dataclass(frozen=True)
class Answer:
    """What a check comes back with; `state` and the rest as in `CheckResult`, `findings` gravest first."""

    state: Literal["finding", "passed", "inconclusive", "not_applicable"]
    why: str
    tested: int | None = None
    detectable: str = ""
    findings: tuple[Finding, ...] = ()
    rests_on: str = ""


def answered(findings: Iterable[Finding], otherwise: str, *, tested: int | None = None, detectable: str = "") -> Answer:
    """Answer with findings, or where there are none that the check passed, in the words of `otherwise`.

    Parameters
    ----------
    findings
        Gravest first.
    otherwise
        One sentence: what was looked at, and that nothing was found.
    tested, detectable
        As in `CheckResult`.
    """
    found = tuple(findings)
    if not found:
        return Answer("passed", otherwise, tested, detectable)
    more = f" And {len(found) - 1} more." if len(found) > 1 else ""
    title = found[0].title
    return Answer("finding", f"{title}{'' if title.endswith(('.', '?')) else '.'}{more}", tested, detectable, found)


@dataclass(frozen=True)
class Check:
    """One question of the audit.

    Attributes
    ----------
    code, name
        `VA101`, and two to five words joined by hyphens; neither ever changes. Plug-ins use letters of their own.
    question
        In words, with a question mark.
    kind
        Of its findings.
    ask
        Answers it; called only where every need is met.
    needs
        What must be given.
    page
        Where it is explained; empty for the checks of vaeaudit, whose pages lie in `pages/` beside this file.
    """

    code: str
    name: str
    question: str
    kind: FindingKind
    ask: Callable[[Seen], Answer]
    needs: tuple[Need, ...] = ()
    page: str = ""


def unmet(check: Check, seen: Seen) -> tuple[State, str] | None:
    """Return why a check cannot be asked, as state and words; None where it can.

    Parameters
    ----------
    check, seen
        What is asked, and what there is to look at.
    """
    missing = [need for need in check.needs if not need.is_met(seen)]
    if any(need not in GIVE for need in missing):
        return "not_applicable", "The data is of another kind."
    if missing:
        return "not_asked", f"Give {listed([GIVE[need] for need in missing], most=9)}."
    return None
