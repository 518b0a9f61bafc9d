"""The whole of an audit: what was measured, what is concluded from it, and the document that says both."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from vaeaudit.analysis.conclusions import Finding, Verdict
from vaeaudit.analysis.coverage.results import Comparison, Region
from vaeaudit.analysis.duplicates.duplicates import Duplicates
from vaeaudit.analysis.fairness.disparities import Disparity
from vaeaudit.analysis.fairness.proxies import Proxy
from vaeaudit.analysis.images.results import PictureSheets
from vaeaudit.analysis.inputs import RunFacts, Tool
from vaeaudit.analysis.latents.results import LatentMap, LatentSummary, ModelSummary, Traversal
from vaeaudit.analysis.outliers.results import OutlierSummary
from vaeaudit.analysis.quality.columns import ColumnSummary, QuarantinedRecord
from vaeaudit.analysis.representation.representation import Representation
from vaeaudit.data.dataset import RowAccounting
from vaeaudit.statistics.measures import Count


@dataclass(frozen=True, kw_only=True)
class Measurements:
    """Everything that was measured, before anything is concluded from it.

    Attributes
    ----------
    latents, outliers, regions, representation, disparities, proxies, duplicates, model, columns
        Each type says what its fields are.
    regions_tested
        Cells that the search for regions tested.
    comparison
        All rows against the reference; None where none was given.
    """

    latents: tuple[LatentSummary, ...]
    outliers: OutlierSummary
    regions: tuple[Region, ...]
    regions_tested: Count
    representation: tuple[Representation, ...]
    disparities: tuple[Disparity, ...]
    proxies: tuple[Proxy, ...]
    duplicates: Duplicates
    model: ModelSummary
    columns: tuple[ColumnSummary, ...]
    comparison: Comparison | None = None


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
    verdict, findings
        What is concluded, by rank.
    """

    schema_version: Literal["1.0"] = field(default="1.0", init=False)
    tool: Tool = field(default_factory=Tool, init=False)
    run: RunFacts
    rows: RowAccounting
    quarantine: tuple[QuarantinedRecord, ...]
    verdict: Verdict
    findings: tuple[Finding, ...]


@dataclass(frozen=True, kw_only=True)
class ReportDocument(Measurements, Conclusions):
    """Everything in `report.json`. Densities and scores are in nats; higher scores are more atypical.

    Attributes
    ----------
    traversals
        What the decoder expects along each active latent.
    notes
        What a reader should know: what was set aside, not searched, or searched on a sample.
    """

    traversals: tuple[Traversal, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class AuditResults(ReportDocument):
    """Everything that the page shows.

    Attributes
    ----------
    latent_map
        Rows on two latents; None where fewer are active.
    pictures
        What is shown in pictures, where the data is made of them.
    """

    latent_map: LatentMap | None
    pictures: PictureSheets | None = None
