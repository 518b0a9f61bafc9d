"""All findings of an audit, ranked: what a reviewer acts on, gravest first."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import get_args

from vaeaudit.analysis.audit.results import Measurements
from vaeaudit.analysis.conclusions import Finding, Severity
from vaeaudit.analysis.coverage.findings import comparison_findings, region_findings
from vaeaudit.analysis.duplicates.findings import duplicate_findings
from vaeaudit.analysis.fairness.findings import disparity_findings, proxy_findings
from vaeaudit.analysis.inputs import AuditInputs
from vaeaudit.analysis.latents.findings import latent_findings, quality_findings
from vaeaudit.analysis.outliers.cell_summary import cell_findings
from vaeaudit.analysis.outliers.findings import outlier_findings
from vaeaudit.analysis.representation.findings import representation_findings
from vaeaudit.config import AnalysisConfig
from vaeaudit.data.images.measured_columns import computed_columns


def find(measured: Measurements, inputs: AuditInputs, config: AnalysisConfig) -> tuple[Finding, ...]:
    """Draw the findings from the measurements and rank them.

    A finding is what a test, adjusted for everything tested beside it, or an interval sets apart from noise; plain
    facts of the table (copies, missing cells, columns left out) need no test.
    """
    sensitive = {column.name for column in inputs.schema.sensitive}
    ruled = {condition.column for region in measured.regions for condition in region.rule}
    unnamed = ruled.difference(inputs.schema.names) | computed_columns(inputs.schema)
    return rank(
        [
            *representation_findings(measured.representation, config),
            *region_findings(measured.regions, sensitive, latents=unnamed),
            *comparison_findings(measured.comparison),
            *disparity_findings(measured.disparities, config),
            *outlier_findings(measured.outliers, config, of_pictures=inputs.pictures is not None),
            *cell_findings(measured.outliers.cells, config),
            *proxy_findings(measured.proxies, of_pictures=inputs.pictures is not None),
            *duplicate_findings(measured.duplicates, len(inputs.frame), config),
            *quality_findings(measured.columns, inputs.accounting, config),
            *latent_findings(measured.latents, measured.model),
        ]
    )


def rank(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Sort by severity, keeping the given order among equals, and make the ids unique."""
    ranked = sorted(findings, key=lambda finding: get_args(Severity).index(finding.severity))
    used: set[str] = set()
    unique = []
    for finding in ranked:
        name, count = finding.id, 1
        while name in used:
            count += 1
            name = f"{finding.id}-{count}"
        used.add(name)
        unique.append(finding if name == finding.id else replace(finding, id=name))
    return tuple(unique)
