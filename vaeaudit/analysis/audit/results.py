"""The whole of an audit: what was measured, what is concluded from it, and the document that says both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from vaeaudit.analysis.checks.measurements import Measurements
from vaeaudit.analysis.conclusions import CheckResult, Finding, MutedBy, Verdict
from vaeaudit.analysis.images.results import PictureSheets
from vaeaudit.analysis.inputs import RunFacts, Tool
from vaeaudit.analysis.judged import ListReview
from vaeaudit.analysis.latents.results import LatentMap, Traversal
from vaeaudit.analysis.quality.columns import QuarantinedRecord
from vaeaudit.data.dataset import RowAccounting
from vaeaudit.outputs.judgements import ListName


@dataclass(frozen=True, kw_only=True)
class Conclusions:
    """What a report opens with: which run it is about, which rows, and what is concluded from them.

    Attributes
    ----------
    schema_version
        Raised when a key of `report.json` changes its meaning or goes; additions leave it.
    tool, run, rows
        What wrote the document, about which run; read = scored + quarantined + skipped.
    quarantine
        The first records that were left out.
    verdict, checks, findings
        What is concluded: in all, the state of every check, and the open findings by rank.
    """

    schema_version: Literal["2.0"] = field(default="2.0", init=False)
    tool: Tool = field(default_factory=Tool, init=False)
    run: RunFacts
    rows: RowAccounting
    quarantine: tuple[QuarantinedRecord, ...]
    verdict: Verdict
    checks: tuple[CheckResult, ...]
    findings: tuple[Finding, ...]


@dataclass(frozen=True, kw_only=True)
class ReportDocument(Measurements, Conclusions):
    """Everything in `report.json`. Densities and scores are in nats; higher scores are more atypical.

    Attributes
    ----------
    traversals
        What the decoder expects along each active latent.
    reviews
        What readers judged of suspicious cells, doubted labels, copies and regions; of rows, `outliers.review` says it.
    notes
        What a reader should know: what was set aside, not searched, or searched on a sample.
    """

    traversals: tuple[Traversal, ...]
    reviews: tuple[ListReview, ...] = ()
    notes: tuple[str, ...]

    def review_of(self, of: ListName) -> ListReview | None:
        """Return what readers judged of a list; None where nobody did."""
        return next((review for review in self.reviews if review.of == of), None)


@dataclass(frozen=True, kw_only=True)
class AuditResults(ReportDocument):
    """Everything that the page shows.

    Attributes
    ----------
    latent_map
        Rows on two latents; None where fewer are active.
    pictures
        What is shown in pictures, where the data is made of them.
    ladder_maps
        Rows on the two latents of each model of `ModelSummary.ladder` that tell most.
    settled_regions, missing_regions
        Regions, by id, of which readers say that no rows are missing, and who says so; and that rows are missing.
    """

    latent_map: LatentMap | None
    pictures: PictureSheets | None = None
    ladder_maps: tuple[LatentMap, ...] = ()
    settled_regions: Mapping[str, MutedBy] = field(default_factory=dict)
    missing_regions: frozenset[str] = frozenset()


def answers_of(results: AuditResults) -> dict[str, Any]:
    """Return the verdict and the states of the checks as plain JSON types, as a run keeps them.

    Parameters
    ----------
    results
        Of an audit.
    """
    verdict = results.verdict
    checks = [{name: getattr(each, name) for name in ("code", "name", "state", "why")} for each in results.checks]
    return {"verdict": verdict.status, "sentence": verdict.sentence, "checks": checks}
