"""The whole of an audit: what was measured, and what is concluded from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from vaeaudit.analysis.results.comparison import Comparison
from vaeaudit.analysis.results.conclusions import Finding, Verdict
from vaeaudit.analysis.results.duplicates import Duplicates
from vaeaudit.analysis.results.groups import Disparity, Proxy, Representation
from vaeaudit.analysis.results.latents import LatentMap, LatentSummary, Traversal
from vaeaudit.analysis.results.outliers import OutlierSummary
from vaeaudit.analysis.results.pictures import PictureSheets
from vaeaudit.analysis.results.quality import ColumnSummary, ModelSummary
from vaeaudit.analysis.results.regions import Region


@dataclass(frozen=True)
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
    regions_tested: int
    representation: tuple[Representation, ...]
    disparities: tuple[Disparity, ...]
    proxies: tuple[Proxy, ...]
    duplicates: Duplicates
    model: ModelSummary
    columns: tuple[ColumnSummary, ...]
    comparison: Comparison | None = field(default=None, kw_only=True)


@dataclass(frozen=True)
class AuditResults(Measurements):
    """Everything the report shows.

    Attributes
    ----------
    run
        id, created, seed, config, data{name, kind, fingerprint}, versions, timings.
    rows
        read, scored, quarantined, skipped.
    quarantine
        The first records that were left out: file, row, reason.
    verdict, findings
        What is concluded, by rank.
    latents, outliers, regions, representation, disparities, proxies, duplicates, model, columns
        What was measured; each type says what its fields are.
    regions_tested
        Cells that the search for regions tested.
    comparison
        All rows against the reference; None where none was given.
    latent_map, traversals
        For the figures: rows on two latents (None where fewer are active), and what the decoder expects along each.
    notes
        What a reader should know: what was set aside, not searched, or searched on a sample.
    pictures
        What is shown in pictures, where the data is made of them.
    """

    run: Mapping[str, Any]
    rows: Mapping[str, int]
    quarantine: tuple[tuple[str, int, str], ...]
    verdict: Verdict
    findings: tuple[Finding, ...]
    latent_map: LatentMap | None
    traversals: tuple[Traversal, ...]
    notes: tuple[str, ...]
    pictures: PictureSheets | None = None
